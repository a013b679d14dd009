r"""Losses: what is minimised, each composed with the link its predictions go through.

Conventions
-----------
``y`` and ``raw_prediction`` are arrays (n, n_outputs) of one float dtype; classes come
as 0/1 indicators, or as probabilities after label smoothing. The raw prediction is what
the last affine map gives, before any link. Writing loss and link as one function of it
is what keeps them exact: no ``log(0)``, no overflow, a gradient that never vanishes by
rounding.

``loss_and_gradient(y, raw_prediction)`` returns the loss of each row (n,), summed over
outputs, and its derivative with respect to the raw prediction (n, n_outputs). Rows are
weighted and averaged by the objective, not here. Summing over outputs makes a net of
depth 0 with several outputs the same as one net an output.

A new loss is a class and a line in `REGRESSION_LOSSES` or `CLASSIFICATION_LOSSES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, softmax, xlogy

from skshallow._products import row_sums
from skshallow.links import IdentityLink, Link, LogitLink, LogLink, SoftmaxLink


def _weighted_mean(y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the mean of y (n, m) over its rows (m,)."""
    return np.average(y, axis=0, weights=sample_weight)


def _weighted_quantile(y, quantile: float, sample_weight) -> np.ndarray:
    """Return the `quantile` of each column of y (n, m) as one of its values (m,)."""
    return np.quantile(y, quantile, axis=0, weights=sample_weight, method="inverted_cdf")


@dataclass(frozen=True)
class Loss:
    """What every loss shares; see the module's conventions."""

    link: ClassVar[Link]

    def check_targets(self, y: np.ndarray) -> None:
        """Raise ValueError if a target lies outside of the loss's domain."""

    def loss_and_gradient(
        self, y: np.ndarray, raw_prediction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each row (n,) and its gradient (n, n_outputs)."""
        raise NotImplementedError

    def fit_intercept_only(
        self, y: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the constant raw prediction (n_outputs,) of least total loss."""
        raise NotImplementedError


@dataclass(frozen=True)
class SquaredError(Loss):
    """``1/2 (y - raw)^2``; predicts the mean."""

    link: ClassVar[Link] = IdentityLink()

    def loss_and_gradient(self, y, raw_prediction):
        gradient = raw_prediction - y
        return 0.5 * row_sums(gradient * gradient), gradient

    def fit_intercept_only(self, y, sample_weight=None):
        return _weighted_mean(y, sample_weight)


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """``|y - raw|``; predicts the median. At the kink the gradient is 0."""

    link: ClassVar[Link] = IdentityLink()

    def loss_and_gradient(self, y, raw_prediction):
        residual = raw_prediction - y
        return row_sums(np.abs(residual)), np.sign(residual)

    def fit_intercept_only(self, y, sample_weight=None):
        return _weighted_quantile(y, 0.5, sample_weight)


@dataclass(frozen=True)
class Huber(Loss):
    """Squared error up to `delta`, then linear: ``delta (|y - raw| - delta / 2)``.

    Parameters
    ----------
    delta : float, default=1.35
        Where it turns linear, in the units of the target that the net sees: standard
        deviations with ``standardize=True``.

    References
    ----------
    Huber (1964), doi:10.1214/aoms/1177703732.
    """

    delta: float = 1.35
    link: ClassVar[Link] = IdentityLink()

    def loss_and_gradient(self, y, raw_prediction):
        residual = raw_prediction - y
        gradient = np.clip(residual, -self.delta, self.delta)
        return row_sums(gradient * (residual - 0.5 * gradient)), gradient

    def fit_intercept_only(self, y, sample_weight=None):
        def slope(constant, column):
            clipped = np.clip(constant - column, -self.delta, self.delta)
            return np.average(clipped, weights=sample_weight)

        return np.array(
            [
                # the slope rises from <= 0 at the least target to >= 0 at the largest
                brentq(slope, column.min(), column.max(), args=(column,))
                if column.min() < column.max()
                else column[0]
                for column in np.asarray(y, np.float64).T
            ]
        )


@dataclass(frozen=True)
class Quantile(Loss):
    """Pinball loss: ``max(q (y - raw), (q - 1) (y - raw))``; predicts the q-quantile.

    At the kink the gradient is ``-q``, the one from below.

    Parameters
    ----------
    quantile : float, default=0.5
        In (0, 1); 0.5 is half the absolute error.

    References
    ----------
    Koenker, Bassett (1978), doi:10.2307/1913643.
    """

    quantile: float = 0.5
    link: ClassVar[Link] = IdentityLink()

    def __post_init__(self):
        if not 0 < self.quantile < 1:
            raise ValueError(f"quantile must lie in (0, 1), got {self.quantile}.")

    def loss_and_gradient(self, y, raw_prediction):
        gradient = np.empty_like(raw_prediction)
        np.greater(raw_prediction, y, out=gradient, casting="unsafe")
        gradient -= self.quantile
        return row_sums(gradient * (raw_prediction - y)), gradient

    def fit_intercept_only(self, y, sample_weight=None):
        return _weighted_quantile(y, self.quantile, sample_weight)


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance: ``y log(y / mean) - y + mean``, ``mean = exp(raw)``."""

    link: ClassVar[Link] = LogLink()

    def check_targets(self, y):
        if (y < 0).any():
            raise ValueError(
                f"loss='poisson' needs targets y >= 0; got a smallest of {y.min():g}. "
                "Use loss='squared_error' for targets of any sign."
            )

    def loss_and_gradient(self, y, raw_prediction):
        mean = np.exp(raw_prediction)
        gradient = mean - y
        return row_sums(xlogy(y, y) - y * raw_prediction + gradient), gradient

    def fit_intercept_only(self, y, sample_weight=None):
        mean = _weighted_mean(y, sample_weight)
        if not (mean > 0).all():
            raise ValueError(
                "loss='poisson' needs at least one target y > 0; all are 0, whose "
                "optimum, a mean of 0, lies at a raw prediction of minus infinity."
            )
        return np.log(mean)


@dataclass(frozen=True)
class Gamma(Loss):
    """Half the gamma deviance: ``log(mean / y) + y / mean - 1``, ``mean = exp(raw)``."""

    link: ClassVar[Link] = LogLink()

    def check_targets(self, y):
        if (y <= 0).any():
            raise ValueError(
                f"loss='gamma' needs targets y > 0; got a smallest of {y.min():g}. Use "
                "loss='poisson' if there are zeros, or loss='squared_error' for "
                "targets of any sign."
            )

    def loss_and_gradient(self, y, raw_prediction):
        ratio = y * np.exp(-raw_prediction)
        return row_sums(raw_prediction - np.log(y) + ratio - 1), 1 - ratio

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(_weighted_mean(y, sample_weight))


def _mean_probability(y, sample_weight) -> np.ndarray:
    """Return each class's share (m,), a class without rows counted as half a row.

    The optimum of such a class is a raw prediction of minus infinity; half a row keeps
    it where a later batch that does contain the class can still move it.
    """
    half_a_row = 0.5 / len(y)
    return np.clip(_weighted_mean(y, sample_weight), half_a_row, 1 - half_a_row)


# Raw predictions this close together need no shift of their own a row: the smallest
# exponential is e^-60, far above what float32 rounds to 0.
SAFE_SPREAD = 60


def _shift(raw_prediction: np.ndarray) -> np.ndarray:
    """Return raw predictions (n, m), each row less a constant, safe to exponentiate.

    The constant is the row's maximum or, where all rows lie close together, the
    maximum of all: softmax and log loss do not depend on it, and one maximum is much
    faster than one a row.
    """
    peak = raw_prediction.max()
    if not raw_prediction.min() > peak - SAFE_SPREAD:
        peak = raw_prediction.max(axis=-1, keepdims=True)
    return raw_prediction - peak


@dataclass(frozen=True)
class BinomialLogLoss(Loss):
    """``log(1 + exp(raw)) - y raw`` an output: one for two classes, one a label."""

    link: ClassVar[Link] = LogitLink()

    def loss_and_gradient(self, y, raw_prediction):
        small = np.abs(raw_prediction)
        np.exp(np.negative(small, out=small), out=small)  # in (0, 1]: never overflows
        loss = np.log1p(small)
        loss += np.maximum(raw_prediction, 0)
        loss -= y * raw_prediction
        probability = np.where(raw_prediction >= 0, 1, small)
        small += 1
        probability /= small
        probability -= y
        return row_sums(loss), probability

    def fit_intercept_only(self, y, sample_weight=None):
        return logit(_mean_probability(y, sample_weight))


@dataclass(frozen=True)
class MultinomialLogLoss(Loss):
    """``log(sum_j exp(raw_j)) - sum_k y_k raw_k``, for rows of y that sum to 1."""

    link: ClassVar[Link] = SoftmaxLink()

    def loss_and_gradient(self, y, raw_prediction):
        shifted = _shift(raw_prediction)
        probability = np.exp(shifted)
        total = row_sums(probability)
        loss = np.log(total)
        loss -= row_sums(y * shifted)
        probability /= total[..., np.newaxis]
        probability -= y
        return loss, probability

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(_mean_probability(y, sample_weight))


@dataclass(frozen=True)
class BinomialSquaredError(Loss):
    """``1/2 (y - p)^2`` with ``p = sigmoid(raw)``; not convex in the weights.

    The gradient ``(p - y) p (1 - p)`` vanishes where the net is surely wrong, which is
    why the log loss is the better choice.
    """

    link: ClassVar[Link] = LogitLink()

    def loss_and_gradient(self, y, raw_prediction):
        p = expit(raw_prediction)
        residual = p - y
        return 0.5 * row_sums(residual * residual), residual * p * (1 - p)

    def fit_intercept_only(self, y, sample_weight=None):
        return logit(_mean_probability(y, sample_weight))


@dataclass(frozen=True)
class MultinomialSquaredError(Loss):
    """``1/2 sum_k (y_k - p_k)^2`` with ``p = softmax(raw)``, half the Brier score."""

    link: ClassVar[Link] = SoftmaxLink()

    def loss_and_gradient(self, y, raw_prediction):
        p = softmax(raw_prediction, axis=-1)
        residual = p - y
        expected = row_sums(p * residual)[..., np.newaxis]
        return 0.5 * row_sums(residual * residual), p * (residual - expected)

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(_mean_probability(y, sample_weight))


REGRESSION_LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
}

# The loss of a classifier depends on what it classifies: two classes or several labels
# at once are binomial, one of several classes is multinomial.
CLASSIFICATION_LOSSES: dict[str, dict[str, type[Loss]]] = {
    "log_loss": {"binomial": BinomialLogLoss, "multinomial": MultinomialLogLoss},
    "squared_error": {
        "binomial": BinomialSquaredError,
        "multinomial": MultinomialSquaredError,
    },
}
