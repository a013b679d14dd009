r"""Proportional odds: the loss of ordered classes, with its link of ordered thresholds.

With one number ``f`` per row and ordered thresholds ``theta_1 < ... < theta_{K-1}``,

    P(y > k | x) = sigmoid(f(x) - theta_k)

The raw prediction has ``f - theta_1``, the log odds of a class above the lowest, and then a
number for each step from one threshold to the next, the same in all rows:

    theta_{k+1} = theta_k + softplus(gap_k)

So the thresholds are in order whatever the raw outputs are, and nothing is lost by
rounding: with ``c_k = f - theta_k``, and because ``1 - exp(-softplus(gap))`` is
``sigmoid(gap)``, the probability of a class between two thresholds is a product,

    P(y = k) = sigmoid(c_k) - sigmoid(c_{k+1})
             = sigmoid(c_k) sigmoid(-c_{k+1}) sigmoid(gap_k)

whose logarithm is finite for all raw outputs, and each of whose slopes is between -1 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skshallow._arrays.linalg import cumulative_sums
from skshallow._arrays.namespace import asarray_like, dtype_of, namespace
from skshallow._arrays.special import expit, log_expit, logsumexp
from skshallow._component import setting
from skshallow.losses._base import Loss
from skshallow.losses._classification import MultinomialLoss
from skshallow.losses._links import Link, LogitLink

SMALL_GAP = -30.0  # below, softplus is the exponential up to rounding


class Ranks:
    """None, or the ranks of the classes: each number from 0 once."""

    notation = "None or a permutation of 0, 1, ..."

    def take(self, value: Any) -> tuple[int, ...] | None:
        """Return ranks as a tuple of int."""
        if value is None:
            return None
        if hasattr(value, "tolist") and not isinstance(value, type):
            value = value.tolist()
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError
        ranks = tuple(value)
        if any(type(rank) is not int for rank in ranks):
            raise ValueError
        if sorted(ranks) != list(range(len(ranks))) or not ranks:
            raise ValueError
        return ranks

    def __str__(self) -> str:
        return "None or a sequence that has each of the ranks 0, 1, ... once"


class CumulativeLink(Link):
    """Cumulative logit link: one number per row, compared with ordered thresholds.

    Raw outputs are the log odds of a class above the lowest, and for each step from one
    threshold to the next a number whose softplus is the step. The log odds of a class above
    the second are the first ones less the first step, and so on.

    Parameters
    ----------
    ranks : tuple of int or None, default=None
        The rank of each class, 0 for the lowest. None means that they are in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import CumulativeLink
    >>> raw = np.array([[2.0, 1.0, 1.0], [-2.0, 1.0, 1.0]])  # of four classes
    >>> CumulativeLink().cumulative_logits(raw).round(2)
    array([[ 2.  ,  0.69, -0.63],
           [-2.  , -3.31, -4.63]])
    >>> CumulativeLink().inverse(raw).round(2)
    array([[0.12, 0.22, 0.32, 0.35],
           [0.88, 0.08, 0.03, 0.01]])
    """

    def __init__(self, ranks: Sequence[int] | None = None) -> None:
        given = tuple(ranks or ())
        self.ranks = None if given == tuple(range(len(given))) else given

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.ranks is None else self.ranks})"

    def cumulative_logits(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the log odds of a class above each but the highest (n, n_classes - 1)."""
        first, steps = raw_prediction[..., :1], -log_expit(-raw_prediction[..., 1:])
        xp = namespace(raw_prediction)
        return xp.concat([first, first - cumulative_sums(steps)], axis=-1)

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probabilities, finite for every finite raw."""
        xp, logits = namespace(raw_prediction), self.cumulative_logits(raw_prediction)
        certain = xp.zeros_like(logits[..., :1])  # the logarithm of 1
        above = xp.concat([certain, log_expit(logits)], axis=-1)  # the class below
        below = xp.concat([log_expit(-logits), certain], axis=-1)  # the class above
        between = [certain, log_expit(raw_prediction[..., 1:]), certain]
        return self._by_class(above + below + xp.concat(between, axis=-1))

    def log_inverse_backward(
        self, grad: np.ndarray, raw_prediction: np.ndarray
    ) -> np.ndarray:
        """Return the gradient (n, m) with respect to the argument of `log_inverse`."""
        xp, logits = namespace(raw_prediction), self.cumulative_logits(raw_prediction)
        grad = self._by_rank(grad)
        by_logits = grad[..., 1:] * expit(-logits) - grad[..., :-1] * expit(logits)
        gaps = raw_prediction[..., 1:]
        after = _sums_from(by_logits)  # a step moves all thresholds after it
        by_gaps = grad[..., 1:-1] * expit(-gaps) - after[..., 1:] * expit(gaps)
        return xp.concat([after[..., :1], by_gaps], axis=-1)

    def inverse(self, raw_prediction):
        return namespace(raw_prediction).exp(self.log_inverse(raw_prediction))

    def inverse_backward(self, grad, raw_prediction):
        return self.log_inverse_backward(
            grad * self.inverse(raw_prediction), raw_prediction
        )

    def scores(self, raw_prediction):
        """Return the logarithm of the probabilities, whose softmax they are."""
        return self.log_inverse(raw_prediction)

    def scores_backward(self, grad, raw_prediction):
        return self.log_inverse_backward(grad, raw_prediction)

    def intercepts(self, output_bias):
        """Return the thresholds with a minus, as the affine map adds them."""
        return self.cumulative_logits(output_bias)

    def output_bias(self, intercepts):
        """Return the bias of thresholds; raise ValueError if they are not in order."""
        steps = intercepts[..., :-1] - intercepts[..., 1:]
        if not (steps > 0).all():
            raise ValueError(
                "The last intercepts of loss='ordinal' are the thresholds with a minus, "
                f"which must decrease; got {intercepts.tolist()}."
            )
        gaps = steps + np.log(-np.expm1(-steps))
        return np.concatenate([intercepts[..., :1], gaps], axis=-1)

    def at_temperature(self, raw_prediction, temperature):
        """Divide the distances of a row's number to all thresholds, and so the steps."""
        xp = namespace(raw_prediction)
        gaps = raw_prediction[..., 1:]
        step = -log_expit(-xp.maximum(gaps, SMALL_GAP)) / temperature
        gap = xp.where(
            gaps > SMALL_GAP,
            step + xp.log(-xp.expm1(-step)),  # of which softplus is the step
            gaps - math.log(temperature),
        )
        return xp.concat([raw_prediction[..., :1] / temperature, gap], axis=-1)

    def temperature_slope(self, scaled):
        xp, gaps = namespace(scaled), namespace(scaled).maximum(scaled[..., 1:], SMALL_GAP)
        by_gaps = log_expit(-gaps) / expit(gaps)  # a step changes by -step
        return xp.concat([-scaled[..., :1], by_gaps], axis=-1)

    def _combine(self, raw_prediction):
        """Return the raw output whose probabilities are the mean of the members'."""
        logits = self.cumulative_logits(raw_prediction)
        above = logsumexp(log_expit(logits), axis=0)
        below = logsumexp(log_expit(-logits), axis=0)
        between = logsumexp(self._log_between(logits, raw_prediction), axis=0)
        return _raw_output(above, below, between)

    def _combine_backward(self, grad, raw_prediction):
        """Return the gradient, through the cumulative logits of members and ensemble."""
        xp, combined = namespace(raw_prediction), self.combine(raw_prediction)
        slopes = expit(combined[..., 1:])  # those of equal thresholds round to 0
        by_steps = grad[..., 1:] / xp.maximum(slopes, np.finfo(dtype_of(slopes)).tiny)
        by_logits = xp.concat([grad[..., :1], xp.zeros_like(by_steps)], axis=-1)
        by_logits[..., :-1] += by_steps  # a step is the difference of two logits
        by_logits[..., 1:] -= by_steps
        by_logits = LogitLink().combine_backward(
            by_logits, self.cumulative_logits(raw_prediction)
        )
        after = _sums_from(by_logits)
        by_gaps = -after[..., 1:] * expit(raw_prediction[..., 1:])
        return xp.concat([after[..., :1], by_gaps], axis=-1)

    def _log_between(self, logits: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return log probabilities of the classes between two thresholds."""
        sides = log_expit(logits[..., :-1]) + log_expit(-logits[..., 1:])
        return sides + log_expit(raw_prediction[..., 1:])

    def _by_class(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., n_classes), given by rank, in the order of the classes."""
        return values if self.ranks is None else _columns(values, self.ranks)

    def _by_rank(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., n_classes), given by class, in the order of the ranks."""
        return values if self.ranks is None else _columns(values, np.argsort(self.ranks))


def _sums_from(values: np.ndarray) -> np.ndarray:
    """Return the sums (..., m) of each column and those after it."""
    xp = namespace(values)
    return xp.flip(cumulative_sums(xp.flip(values, axis=-1)), axis=-1)


def _columns(values: np.ndarray, which: Any) -> np.ndarray:
    """Return these columns of the last axis."""
    columns = asarray_like(np.asarray(which, np.int64), values)
    return namespace(values).take(values, columns, axis=-1)


def _raw_output(above: np.ndarray, below: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Return the raw output that gives probabilities, all up to the same factor.

    Given are the logarithms of those of a class above each threshold and of one below
    (..., n_classes - 1), and of the classes between two thresholds (..., n_classes - 2).
    ``exp(step) = sigmoid(c) sigmoid(-c') / (sigmoid(-c) sigmoid(c'))`` is a product of
    ``1 + p / sigmoid(c')`` and ``1 + p / sigmoid(-c)`` with the probability ``p`` between,
    so that a small step is not a difference of large numbers.
    """
    xp = namespace(above)
    to_above, to_below = between - above[..., 1:], between - below[..., :-1]
    gap = logsumexp(xp.stack([to_above, to_below, to_above + to_below]), axis=0)
    return xp.concat([above[..., :1] - below[..., :1], gap], axis=-1)


@dataclass(frozen=True)
class OrdinalLogLoss(MultinomialLoss):
    """Log loss of ordered classes, ``-log P(y)`` with proportional odds.

    The network learns one number per row, and thresholds that are the same for all rows:
    the odds of a class above the k-th are ``exp(raw_1)`` for the first, and for the others
    less by a factor that no feature changes. Without hidden layers it is the model of
    McCullagh, also called ordered or cumulative logit. Of two classes it is the log loss.

    Targets are class codes, see `MultinomialLoss`. There are ``n_classes - 1`` raw outputs,
    see `CumulativeLink`.

    Parameters
    ----------
    ranks : None or a permutation of 0, 1, ..., default=None
        The rank of each class of ``classes_``, which scikit-learn sorts: ``(2, 0, 1)`` if
        the classes "high", "low" and "mid" are ranked low, mid, high. None means the order
        of an ordered Categorical of pandas, an Enum of polars or an ordered dictionary of
        Arrow, if `y` is one, and otherwise the sorted order.

    References
    ----------
    McCullagh (1980), "Regression models for ordinal data",
    doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import OrdinalLogLoss
    >>> y, raw = np.array([[0], [2]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    >>> loss, gradient = OrdinalLogLoss().loss_and_gradient(y, raw)
    >>> loss.round(3), gradient.round(3)
    (array([0.693, 1.551]), array([[ 0.5  ,  0.   ],
           [-0.788,  0.576]]))
    """

    ranks: Sequence[int] | None = setting(None, Ranks())
    takes_order: ClassVar[bool] = True

    @property
    def link(self) -> Link:  # type: ignore[override]
        """The cumulative logit link, which knows the ranks."""
        return self._link

    @property
    def _link(self) -> CumulativeLink:
        return CumulativeLink(self.ranks)

    def n_raw_outputs(self, n_targets):
        return n_targets - 1

    def n_shared_outputs(self, n_targets):
        return n_targets - 2

    def ranked(self, ranks: Sequence[int] | None) -> Loss:
        """Return the same loss with these `ranks`, unless it has its own."""
        if self.ranks is not None or ranks is None:
            return self
        return replace(self, ranks=ranks).smoothed(self.label_smoothing)

    def calibration_loss(self, log_loss):
        return OrdinalLogLoss(self.ranks)

    def loss(self, y, raw_prediction):
        return -self.expectation(y, self._link.log_inverse(raw_prediction))

    def gradient(self, y, raw_prediction):
        xp = namespace(raw_prediction)
        shape = *raw_prediction.shape[:-1], raw_prediction.shape[-1] + 1
        dtype, device = raw_prediction.dtype, raw_prediction.device
        minus_target = xp.zeros(shape, dtype=dtype, device=device)
        self.subtract_target(y, minus_target)
        return self._link.log_inverse_backward(minus_target, raw_prediction)

    def fit_intercept_only(self, y, sample_weight=None, n_classes=None):
        """Return the constant raw prediction (n_classes - 1,) that minimises the loss.

        A class without rows counts as half a row, as in the other losses of classes.
        """
        frequency = np.exp(super().fit_intercept_only(y, sample_weight, n_classes))
        frequency = self._link._by_rank(frequency / frequency.sum())
        above = np.log(np.cumsum(frequency[::-1])[::-1][1:])
        below = np.log(np.cumsum(frequency)[:-1])
        return _raw_output(above, below, np.log(frequency[1:-1]))
