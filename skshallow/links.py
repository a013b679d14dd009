r"""Links: the maps between a network's raw predictions and what they predict.

A network ends in an affine map; its raw prediction is any real number. The link's
inverse takes it to the scale of the target: a mean, a probability. Losses are written
in raw predictions and carry their link with them.

Each link also knows how a change of the target's units moves the raw prediction: with
``y = center + scale * y_standard``, the raw prediction in the user's units is
``offset + factor * raw``. That is what folds a standardised target back into the last
layer's weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax


class Link:
    """What a loss and an estimator ask of a link."""

    def inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Map raw predictions (n, m) to the scale of the target (n, m)."""
        raise NotImplementedError

    def target_units(self, moments: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the (center, scale) to standardise targets with; None for as is.

        `moments` holds the targets' ``center`` and ``deviation``, each (m,).
        """
        return None

    def raw_units(
        self, center: np.ndarray, scale: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the (factor, offset) that take raw predictions to the user's units."""
        raise NotImplementedError


class IdentityLink(Link):
    """``mean = raw``; the target may be centred and scaled."""

    def inverse(self, raw_prediction):
        return raw_prediction

    def target_units(self, moments):
        return moments.center, moments.deviation

    def raw_units(self, center, scale):
        return scale, center


class LogLink(Link):
    """``mean = exp(raw)``; the target may be scaled, never centred."""

    def inverse(self, raw_prediction):
        return np.exp(raw_prediction)

    def target_units(self, moments):
        mean = moments.center
        return np.zeros_like(mean), np.where(mean > 0, mean, 1.0)

    def raw_units(self, center, scale):
        return np.ones_like(scale), np.log(scale)


class LogitLink(Link):
    """``probability = 1 / (1 + exp(-raw))``, for every output by itself."""

    def inverse(self, raw_prediction):
        return expit(raw_prediction)

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability, finite for every finite raw."""
        return log_expit(raw_prediction)


class SoftmaxLink(Link):
    """``probability_k = exp(raw_k) / sum_j exp(raw_j)``, over the last axis."""

    def inverse(self, raw_prediction):
        return softmax(raw_prediction, axis=-1)

    def log_inverse(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probabilities, finite for every finite raw."""
        return log_softmax(raw_prediction, axis=-1)
