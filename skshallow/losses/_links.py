r"""Link functions: identity, log, logit and softmax, between predictions and raw outputs.

A network ends in an affine map; its raw prediction is any real number. The inverse link
maps it to a mean or a probability. Losses are functions of raw predictions, and each has
its link.

Each link also knows how the target's units change the raw prediction: with
``y = center + scale * y_standard``, the raw prediction in the user's units is
``offset + factor * raw``. With these, the standardisation of the target is folded into the
last layer's weights.

Several raw outputs per target are ordered by parameter: the first of all targets, then the
second of all targets.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skshallow._arrays.namespace import as_dtype, namespace
from skshallow._arrays.special import expit, log_expit, log_softmax, logsumexp, softmax


def positive_exp(raw_prediction: np.ndarray) -> np.ndarray:
    """Return the exponential, above 0 also where that rounds to 0."""
    exponential = np.exp(raw_prediction)
    return np.maximum(exponential, np.finfo(exponential.dtype).tiny)


class Link:
    """Base class of link functions.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Link, Poisson
    >>> link = Poisson().link
    >>> isinstance(link, Link)
    True
    >>> link.inverse(np.array([[0.0], [1.0]])).round(3)
    array([[1.   ],
           [2.718]])
    """

    def inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Map raw predictions (n, m) to means or probabilities (n, m)."""
        raise NotImplementedError

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of `inverse`, of a link that gives probabilities."""
        raise NotImplementedError

    def is_usable(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return which raw predictions are finite and have a finite inverse (n, m)."""
        return np.isfinite(raw_prediction)

    def combine(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the ensemble's raw prediction (n, m) from those of its members (k, n, m).

        Its inverse is the mean of theirs. Those of a single network (n, m) are returned
        unchanged.
        """
        if raw_prediction.ndim == 2:
            return raw_prediction
        return as_dtype(self._combine(raw_prediction), raw_prediction.dtype)

    def _combine(self, raw_prediction: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def increases_in(self, n_raw_outputs: int) -> np.ndarray | None:
        """Return in which raw outputs what is predicted increases (n_raw_outputs,).

        It must not depend on the others. None, the default, means that it is no such
        function, or not known to be one; `monotonic_cst` is then refused.
        """
        return None

    def scores(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return what a classifier decides by, one column per class: the raw prediction."""
        return raw_prediction

    def at_temperature(self, raw_prediction: np.ndarray, temperature: float) -> np.ndarray:
        """Return raw predictions of log odds that are divided by a temperature."""
        return raw_prediction / temperature

    def temperature_slope(self, scaled: np.ndarray) -> np.ndarray:
        """Return the derivative of `at_temperature` by the logarithm of the temperature.

        It is a function of its result, `scaled`.
        """
        return -scaled

    def intercepts(self, output_bias: np.ndarray) -> np.ndarray:
        """Return what the last affine map adds, as users read it (..., n_raw_outputs)."""
        return output_bias

    def output_bias(self, intercepts: np.ndarray) -> np.ndarray:
        """Return the argument of `intercepts` that gives these."""
        return intercepts

    # The backward passes: from the gradient of a function of the result to that of its
    # argument.

    def inverse_backward(self, grad: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the gradient (n, m) with respect to the argument of `inverse`."""
        raise NotImplementedError

    def scores_backward(self, grad: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the gradient (n, m) with respect to the argument of `scores`."""
        return grad

    def combine_backward(self, grad: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the gradient (k, n, m) with respect to the argument of `combine`.

        That of a single network (n, m) is `grad` itself.
        """
        if raw_prediction.ndim == 2:
            return grad
        return self._combine_backward(grad, raw_prediction)

    def _combine_backward(self, grad: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def target_units(self, moments: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the (center, scale) to standardise targets with; None for no scaling.

        `moments` has the targets' ``center`` and ``deviation``, each (m,).
        """
        return None

    def raw_units(
        self, center: np.ndarray, scale: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the (factor, offset) that convert raw predictions to the user's units."""
        raise NotImplementedError


class IdentityLink(Link):
    """Identity link, ``mean = raw``; the target may be centred and scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import IdentityLink
    >>> IdentityLink().inverse(np.array([[-1.5], [2.0]]))
    array([[-1.5],
           [ 2. ]])
    """

    def inverse(self, raw_prediction):
        return raw_prediction

    def increases_in(self, n_raw_outputs):
        return np.ones(n_raw_outputs, bool)

    def inverse_backward(self, grad, raw_prediction):
        return grad

    def _combine(self, raw_prediction):
        return namespace(raw_prediction).mean(raw_prediction, axis=0)

    def _combine_backward(self, grad, raw_prediction):
        return np.broadcast_to(grad / len(raw_prediction), raw_prediction.shape)

    def target_units(self, moments):
        return moments.center, moments.deviation

    def raw_units(self, center, scale):
        return scale, center


class LogLink(Link):
    """Log link, ``mean = exp(raw)``; the target may be scaled, never centred.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import LogLink
    >>> LogLink().inverse(np.array([[-1.0], [0.0], [1.0]])).round(3)
    array([[0.368],
           [1.   ],
           [2.718]])
    """

    def inverse(self, raw_prediction):
        return positive_exp(raw_prediction)

    def inverse_backward(self, grad, raw_prediction):
        return grad * np.exp(raw_prediction)

    def increases_in(self, n_raw_outputs):
        return np.ones(n_raw_outputs, bool)

    def is_usable(self, raw_prediction):
        fits = raw_prediction < np.log(np.finfo(raw_prediction.dtype).max)
        return fits & np.isfinite(raw_prediction)

    def _combine(self, raw_prediction):
        return logsumexp(raw_prediction, axis=0) - math.log(raw_prediction.shape[0])

    def _combine_backward(self, grad, raw_prediction):
        return grad * softmax(raw_prediction, axis=0)

    def target_units(self, moments):
        mean = moments.center
        return np.zeros_like(mean), np.where(mean > 0, mean, 1.0)

    def raw_units(self, center, scale):
        return np.ones_like(scale), np.log(scale)


class GaussianLink(IdentityLink):
    """``mean = raw`` and ``scale = exp(raw)``, of two raw outputs; predicts the mean.

    ``y = center + scale * y_standard`` multiplies the predicted scale by `scale`, that is,
    adds its logarithm to the raw output.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import GaussianLink
    >>> GaussianLink().inverse(np.array([[3.0, -1.0]]))  # a mean and a log scale
    array([[3.]])
    """

    def inverse(self, raw_prediction):
        return raw_prediction[..., : raw_prediction.shape[-1] // 2]

    def inverse_backward(self, grad, raw_prediction):
        return np.concatenate([grad, np.zeros_like(grad)], axis=-1)

    def increases_in(self, n_raw_outputs):
        return np.arange(n_raw_outputs) < n_raw_outputs // 2

    def is_usable(self, raw_prediction):
        """Return which are finite, and for log scales have a finite exponential (n, m)."""
        usable = np.isfinite(raw_prediction)
        log_scales = raw_prediction[..., raw_prediction.shape[-1] // 2 :]
        # scales are computed in float64
        most = np.log(np.finfo(np.float64).max)
        usable[..., raw_prediction.shape[-1] // 2 :] &= log_scales < most
        return usable

    def _combine(self, raw_prediction):
        """Return mean and log scale of the mixture of the members' distributions.

        Its variance is the mean of theirs plus that of their means, summed as logarithms:
        squares would overflow, or round to 0, where the numbers themselves do not.
        """
        xp = namespace(raw_prediction)
        n_targets = raw_prediction.shape[-1] // 2
        means, log_scales = raw_prediction[..., :n_targets], raw_prediction[..., n_targets:]
        mean = xp.mean(means, axis=0)
        with np.errstate(divide="ignore"):  # members that agree add nothing: log(0)
            log_distances = xp.log(xp.abs(means - mean))
        log_parts = xp.concat([log_scales, log_distances], axis=0)  # (2k, n, n_targets)
        log_sum = logsumexp(2 * log_parts, axis=0)
        log_scale = 0.5 * (log_sum - math.log(raw_prediction.shape[0]))
        return xp.concat([mean, log_scale], axis=-1)

    def _combine_backward(self, grad, raw_prediction):
        """Return the gradient by means and log scales of the members.

        The log scale is ``log(v) / 2`` with the variance ``v`` of the mixture, see
        `_combine`. Distances of means to their mean sum to 0, so that the derivative of
        that mean drops out.
        """
        n_members, n_targets = len(raw_prediction), raw_prediction.shape[-1] // 2
        means, log_scales = raw_prediction[..., :n_targets], raw_prediction[..., n_targets:]
        combined = self.combine(raw_prediction)
        mean, log_scale = combined[..., :n_targets], combined[..., n_targets:]
        of_mean, of_log_scale = grad[..., :n_targets], grad[..., n_targets:]
        with np.errstate(over="ignore"):  # of scales near 0, checked in the result
            distance = (means - mean) / np.exp(log_scale) / np.exp(log_scale)
        by_means = (of_mean + of_log_scale * distance) / n_members
        by_scales = of_log_scale * np.exp(2 * (log_scales - log_scale)) / n_members
        return np.concatenate([by_means, by_scales], axis=-1)

    def raw_units(self, center, scale):
        factor = np.concatenate([scale, np.ones_like(scale)])
        return factor, np.concatenate([center, np.log(scale)])


class QuantilesLink(IdentityLink):
    """The sorted raw outputs of a target are its quantiles; predicts the central one.

    Parameters
    ----------
    levels : tuple of float
        Probability levels of the quantiles, in increasing order. The quantile whose level
        is nearest to 0.5 is predicted, of two such the lower.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import QuantilesLink
    >>> link = QuantilesLink((0.1, 0.5, 0.9))
    >>> raw = np.array([[4.0, 7.0, 6.0]])
    >>> link.quantiles(raw)
    array([[[4.],
            [6.],
            [7.]]])
    >>> link.inverse(raw)
    array([[6.]])
    """

    def __init__(self, levels: tuple[float, ...]) -> None:
        self.levels = levels

    def quantiles(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return all quantiles (n, n_levels, n_targets) of raw (n, n_raw_outputs)."""
        xp = namespace(raw_prediction)
        shape = *raw_prediction.shape[:-1], len(self.levels), -1
        return xp.sort(xp.reshape(raw_prediction, shape), axis=-2)

    def _combine(self, raw_prediction):
        """Return the mean of each quantile over the members (n, n_levels * n_targets)."""
        xp = namespace(raw_prediction)
        quantiles = xp.mean(self.quantiles(raw_prediction), axis=0)
        return xp.reshape(quantiles, raw_prediction.shape[1:])

    def _combine_backward(self, grad, raw_prediction):
        grad = grad.reshape(*grad.shape[:-1], len(self.levels), -1) / len(raw_prediction)
        return self._quantiles_backward(grad, raw_prediction)

    def _quantiles_backward(self, grad, raw_prediction):
        """Return the gradient by raw, from that by `quantiles` (n, n_levels, n_targets)."""
        levels = raw_prediction.reshape(*raw_prediction.shape[:-1], len(self.levels), -1)
        ranks = levels.argsort(axis=-2).argsort(axis=-2)
        grad = np.broadcast_to(grad, ranks.shape)
        grad_levels = np.take_along_axis(grad, ranks, axis=-2)
        return grad_levels.reshape(raw_prediction.shape)

    @property
    def _central(self) -> int:
        """Index of the quantile that is predicted."""
        return int(np.abs(np.array(self.levels) - 0.5).round(12).argmin())

    def inverse(self, raw_prediction):
        return self.quantiles(raw_prediction)[..., self._central, :]

    def inverse_backward(self, grad, raw_prediction):
        n_levels = len(self.levels)
        by_quantiles = np.zeros((*grad.shape[:-1], n_levels, grad.shape[-1]), grad.dtype)
        by_quantiles[..., self._central, :] = grad
        return self._quantiles_backward(by_quantiles, raw_prediction)

    def raw_units(self, center, scale):
        n_levels = len(self.levels)
        return np.tile(scale, n_levels), np.tile(center, n_levels)


class LogitLink(Link):
    """Logit link, ``probability = 1 / (1 + exp(-raw))``, for each output separately.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import LogitLink
    >>> LogitLink().inverse(np.array([[-2.0], [0.0], [2.0]])).round(3)
    array([[0.119],
           [0.5  ],
           [0.881]])
    """

    def inverse(self, raw_prediction):
        return expit(raw_prediction)

    def increases_in(self, n_raw_outputs):
        return np.ones(n_raw_outputs, bool)

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability, finite for every finite raw."""
        return log_expit(raw_prediction)

    def inverse_backward(self, grad, raw_prediction):
        return grad * expit(raw_prediction) * expit(-raw_prediction)

    def _combine(self, raw_prediction):
        yes = logsumexp(log_expit(raw_prediction), axis=0)
        return yes - logsumexp(log_expit(-raw_prediction), axis=0)

    def _combine_backward(self, grad, raw_prediction):
        """Return the gradient, in which the slope ``p (1 - p)`` of each member counts."""
        combined = self.combine(raw_prediction)
        log_slopes = log_expit(raw_prediction) + log_expit(-raw_prediction)
        log_slope = log_expit(combined) + log_expit(-combined)
        return grad * np.exp(log_slopes - log_slope) / len(raw_prediction)


class SoftmaxLink(Link):
    """Softmax, ``probability_k = exp(raw_k) / sum_j exp(raw_j)``, over the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import SoftmaxLink
    >>> SoftmaxLink().inverse(np.array([[0.0, 1.0, 2.0]])).round(3)
    array([[0.09 , 0.245, 0.665]])
    """

    def inverse(self, raw_prediction):
        return softmax(raw_prediction)

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probabilities, finite for every finite raw."""
        return log_softmax(raw_prediction)

    def inverse_backward(self, grad, raw_prediction):
        p = softmax(raw_prediction)
        return p * (grad - (grad * p).sum(axis=-1, keepdims=True))

    def _combine(self, raw_prediction):
        log_probabilities = log_softmax(raw_prediction)
        return logsumexp(log_probabilities, axis=0) - math.log(raw_prediction.shape[0])

    def _combine_backward(self, grad, raw_prediction):
        log_p = log_softmax(raw_prediction)
        by_log_p = grad * softmax(log_p, axis=0)
        return by_log_p - np.exp(log_p) * by_log_p.sum(axis=-1, keepdims=True)
