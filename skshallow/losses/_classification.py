"""Classification losses: log loss (cross-entropy) and squared error (Brier score).

Each has a binomial form, for two classes and for each label of a multilabel target, and a
multinomial form for more than two classes. Binomial losses take probabilities, a column per
output; multinomial losses take class codes, as a column per class would be a large table.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from scipy.special import logit

from skshallow._arrays.classes import of_own_class, subtract_per_class
from skshallow._arrays.linalg import row_sums
from skshallow._arrays.namespace import copy_of, largest, namespace, smallest
from skshallow._arrays.special import expit, softmax
from skshallow.losses._base import Loss, weighted_mean
from skshallow.losses._links import Link, LogitLink, SoftmaxLink


def _with_half_a_row(frequency: np.ndarray, n_rows: int) -> np.ndarray:
    """Return class frequencies (m,), a class without rows counted as half a row.

    The optimal raw prediction of such a class is minus infinity; half a row keeps it
    finite, so that later batches that do contain the class can still change it.
    """
    half_a_row = 0.5 / n_rows
    return np.clip(frequency, half_a_row, 1 - half_a_row)


def _mean_probability(y, sample_weight) -> np.ndarray:
    """Return the frequency of each label of y (n, m), see `_with_half_a_row`."""
    return _with_half_a_row(weighted_mean(y, sample_weight), len(y))


# Raw predictions this close together need no shift per row: the smallest exponential is
# e^-60, far above what float32 rounds to 0.
SAFE_SPREAD = 60


def _shift(raw_prediction: np.ndarray) -> np.ndarray:
    """Return raw predictions (n, m), each row less a constant, safe to exponentiate.

    The constant is the row's maximum or, where all values are close together, the maximum
    of all rows: softmax and log loss do not depend on it, and one maximum is much faster
    than one per row.
    """
    peak = largest(raw_prediction)
    if not smallest(raw_prediction) > peak - SAFE_SPREAD:
        peak = namespace(raw_prediction).max(raw_prediction, axis=-1, keepdims=True)
    return raw_prediction - peak


class BinomialLogLoss(Loss):
    """Binary cross-entropy, ``log(1 + exp(raw)) - y raw``, summed over outputs.

    There is one output for two classes, and one per label of a multilabel target.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import BinomialLogLoss
    >>> y, raw = np.array([[1.0], [1.0]]), np.array([[0.0], [-1000.0]])
    >>> loss, gradient = BinomialLogLoss().loss_and_gradient(y, raw)
    >>> loss.round(1).tolist(), gradient.ravel().tolist()
    ([0.7, 1000.0], [-0.5, -1.0])
    """

    link: ClassVar[Link] = LogitLink()

    def loss(self, y, raw_prediction):
        xp = namespace(y)
        small = xp.exp(-abs(raw_prediction))  # in (0, 1]: never overflows
        loss = xp.log1p(small)
        loss += xp.maximum(raw_prediction, 0)
        loss -= y * raw_prediction
        return row_sums(loss)

    def gradient(self, y, raw_prediction):
        return expit(raw_prediction) - y

    def fit_intercept_only(self, y, sample_weight=None):
        return logit(_mean_probability(y, sample_weight))


@dataclass(frozen=True)
class MultinomialLoss(Loss):
    """Base class of losses of one class per row, out of several.

    Targets are class codes (n, 1), integers from 0 to ``n_classes - 1``. The formulas of
    the losses have probabilities (n, n_classes) in their place, with label smoothing

        y = (1 - label_smoothing) * one_hot(code) + label_smoothing / n_classes

    Only `expectation` and `subtract_target` know them; no table of them is ever made.

    Attributes
    ----------
    label_smoothing : float
        The share of each target that is spread evenly over all classes: 0, except in what
        `smoothed` returns.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import MultinomialLogLoss, MultinomialLoss
    >>> loss = MultinomialLogLoss()
    >>> isinstance(loss, MultinomialLoss), loss.takes_codes
    (True, True)
    >>> loss.loss(np.array([[0], [2]]), np.zeros((2, 3))).round(3)  # log(3)
    array([1.099, 1.099])
    """

    takes_codes: ClassVar[bool] = True
    label_smoothing: float = field(default=0.0, init=False, repr=False)

    def smoothed(self, share: float) -> Self:
        """Return the same loss with a `share` of each target spread over all classes."""
        loss = copy.copy(self)
        object.__setattr__(loss, "label_smoothing", share)
        return loss

    def expectation(self, y: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the mean (..., n) of values (..., n, n_classes) under the target."""
        own, share = of_own_class(values, y), self.label_smoothing
        if not share:
            return own
        return (1 - share) * own + (share / values.shape[-1]) * row_sums(values)

    def subtract_target(self, y: np.ndarray, probability: np.ndarray) -> None:
        """Turn probabilities (..., n, n_classes) into ``probability - y``, in place."""
        other = self.label_smoothing / probability.shape[-1]
        subtract_per_class(probability, y, (1 - self.label_smoothing) + other, other)

    def fit_intercept_only(self, y, sample_weight=None, n_classes=None):
        """Return the constant raw prediction (n_classes,) that minimises the loss.

        `n_classes` is for classes without rows; None means the largest code plus 1.
        """
        n_classes = int(y.max()) + 1 if n_classes is None else n_classes
        total = len(y) if sample_weight is None else sample_weight.sum()
        frequency = np.bincount(y[:, 0], sample_weight, n_classes) / total
        share = self.label_smoothing
        frequency = (1 - share) * frequency + share / n_classes
        return np.log(_with_half_a_row(frequency, len(y)))


class MultinomialLogLoss(MultinomialLoss):
    """Softmax cross-entropy, ``log(sum_j exp(raw_j)) - sum_k y_k raw_k``.

    Targets are class codes, see `MultinomialLoss`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import MultinomialLogLoss
    >>> y, raw = np.array([[1]]), np.array([[0.0, 0.0, 0.0]])
    >>> loss, gradient = MultinomialLogLoss().loss_and_gradient(y, raw)
    >>> loss.round(3), gradient.round(3)
    (array([1.099]), array([[ 0.333, -0.667,  0.333]]))
    """

    link: ClassVar[Link] = SoftmaxLink()

    def loss(self, y, raw_prediction):
        xp, shifted = namespace(raw_prediction), _shift(raw_prediction)
        return xp.log(row_sums(xp.exp(shifted))) - self.expectation(y, shifted)

    def gradient(self, y, raw_prediction):
        probability = namespace(raw_prediction).exp(_shift(raw_prediction))
        probability /= row_sums(probability)[..., np.newaxis]
        self.subtract_target(y, probability)
        return probability


class BinomialSquaredError(Loss):
    """Squared error of the probability, ``1/2 (y - p)^2`` with ``p = sigmoid(raw)``.

    The gradient ``(p - y) p (1 - p)`` vanishes where the prediction is confident and wrong,
    which is why the log loss is the better choice; and the loss is not convex in ``raw``.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import BinomialSquaredError
    >>> y, raw = np.array([[1.0], [1.0]]), np.array([[0.0], [-1000.0]])
    >>> loss, gradient = BinomialSquaredError().loss_and_gradient(y, raw)
    >>> loss, gradient.ravel()
    (array([0.125, 0.5  ]), array([-0.125, -0.   ]))
    """

    link: ClassVar[Link] = LogitLink()

    def loss(self, y, raw_prediction):
        residual = expit(raw_prediction) - y
        return 0.5 * row_sums(residual * residual)

    def gradient(self, y, raw_prediction):
        p = expit(raw_prediction)
        return (p - y) * p * (1 - p)

    def fit_intercept_only(self, y, sample_weight=None):
        return logit(_mean_probability(y, sample_weight))


class MultinomialSquaredError(MultinomialLoss):
    """Half the Brier score, ``1/2 sum_k (y_k - p_k)^2`` with ``p = softmax(raw)``.

    Targets are class codes, see `MultinomialLoss`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import MultinomialSquaredError
    >>> y, raw = np.array([[1]]), np.array([[0.0, 0.0]])
    >>> MultinomialSquaredError().loss_and_gradient(y, raw)
    (array([0.25]), array([[ 0.25, -0.25]]))
    """

    link: ClassVar[Link] = SoftmaxLink()

    def loss(self, y, raw_prediction):
        residual = softmax(raw_prediction)
        self.subtract_target(y, residual)
        return 0.5 * row_sums(residual * residual)

    def gradient(self, y, raw_prediction):
        p = softmax(raw_prediction)
        residual = copy_of(p)
        self.subtract_target(y, residual)
        return p * (residual - row_sums(p * residual)[..., np.newaxis])
