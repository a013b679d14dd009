"""Classification losses: log loss (cross-entropy) and squared error (Brier score).

Each has a binomial form, for two classes and for each label of a multilabel target, and a
multinomial form for more than two classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import logit

from skshallow._arrays.linalg import row_sums
from skshallow._arrays.namespace import largest, namespace, smallest
from skshallow._arrays.special import expit, softmax
from skshallow.losses._base import Loss, weighted_mean
from skshallow.losses._links import Link, LogitLink, SoftmaxLink


def _mean_probability(y, sample_weight) -> np.ndarray:
    """Return each class's frequency (m,), a class without rows counted as half a row.

    The optimal raw prediction of such a class is minus infinity; half a row keeps it
    finite, so that later batches that do contain the class can still change it.
    """
    half_a_row = 0.5 / len(y)
    return np.clip(weighted_mean(y, sample_weight), half_a_row, 1 - half_a_row)


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


@dataclass(frozen=True)
class BinomialLogLoss(Loss):
    """Binary cross-entropy, ``log(1 + exp(raw)) - y raw``, summed over outputs.

    There is one output for two classes, and one per label of a multilabel target.

    Examples
    --------
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
class MultinomialLogLoss(Loss):
    """Softmax cross-entropy, ``log(sum_j exp(raw_j)) - sum_k y_k raw_k``.

    The rows of ``y`` sum to 1.

    Examples
    --------
    >>> from skshallow.losses import MultinomialLogLoss
    >>> y, raw = np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 0.0, 0.0]])
    >>> loss, gradient = MultinomialLogLoss().loss_and_gradient(y, raw)
    >>> loss.round(3), gradient.round(3)
    (array([1.099]), array([[ 0.333, -0.667,  0.333]]))
    """

    link: ClassVar[Link] = SoftmaxLink()

    def loss(self, y, raw_prediction):
        xp, shifted = namespace(y), _shift(raw_prediction)
        return xp.log(row_sums(xp.exp(shifted))) - row_sums(y * shifted)

    def gradient(self, y, raw_prediction):
        probability = namespace(y).exp(_shift(raw_prediction))
        probability /= row_sums(probability)[..., np.newaxis]
        probability -= y
        return probability

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(_mean_probability(y, sample_weight))


@dataclass(frozen=True)
class BinomialSquaredError(Loss):
    """Squared error of the probability, ``1/2 (y - p)^2`` with ``p = sigmoid(raw)``.

    The gradient ``(p - y) p (1 - p)`` vanishes where the prediction is confident and wrong,
    which is why the log loss is the better choice; and the loss is not convex in ``raw``.

    Examples
    --------
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


@dataclass(frozen=True)
class MultinomialSquaredError(Loss):
    """Half the Brier score, ``1/2 sum_k (y_k - p_k)^2`` with ``p = softmax(raw)``.

    Examples
    --------
    >>> from skshallow.losses import MultinomialSquaredError
    >>> y, raw = np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]])
    >>> MultinomialSquaredError().loss_and_gradient(y, raw)
    (array([0.25]), array([[ 0.25, -0.25]]))
    """

    link: ClassVar[Link] = SoftmaxLink()

    def loss(self, y, raw_prediction):
        residual = softmax(raw_prediction) - y
        return 0.5 * row_sums(residual * residual)

    def gradient(self, y, raw_prediction):
        p = softmax(raw_prediction)
        residual = p - y
        return p * (residual - row_sums(p * residual)[..., np.newaxis])

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(_mean_probability(y, sample_weight))
