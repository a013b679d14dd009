"""What every loss shares: the base class, and constants fitted to weighted targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skshallow.losses._links import Link


@dataclass(frozen=True)
class Loss:
    """A loss composed with its link; see :mod:`skshallow.losses` for the conventions."""

    link: ClassVar[Link]
    has_dispersion: ClassVar[bool] = False

    def n_raw_outputs(self, n_targets: int) -> int:
        """Return how many raw outputs a net needs to predict `n_targets` targets.

        Where a target needs several, they lie parameter by parameter: the first of all
        targets, then the second of all targets, and so on.
        """
        return n_targets

    def check_targets(self, y: np.ndarray) -> None:
        """Raise ValueError if a target lies outside of the loss's domain."""

    def loss(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the loss of each row (n,), summed over outputs."""
        raise NotImplementedError

    def gradient(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return its derivative with respect to the raw prediction (n, n_raw_outputs)."""
        raise NotImplementedError

    def loss_and_gradient(
        self, y: np.ndarray, raw_prediction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return both."""
        return self.loss(y, raw_prediction), self.gradient(y, raw_prediction)

    def dispersion_terms(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return what averages to the dispersion, of a loss that `has_dispersion`."""
        raise NotImplementedError

    def start_output_weights(self, weight: np.ndarray) -> None:
        """Change the initial weights (n_inputs, n_raw_outputs) of the output layer."""

    def fit_intercept_only(
        self, y: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the constant raw prediction (n_raw_outputs,) of least total loss."""
        raise NotImplementedError


def weighted_mean(y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the mean of y (n, m) over its rows (m,)."""
    return np.average(y, axis=0, weights=sample_weight)


def weighted_quantile(y, quantile, sample_weight) -> np.ndarray:
    """Return the `quantile` of each column of y (n, m) as one of its values (m,).

    Several quantiles (k,) give (k, m).
    """
    return np.quantile(y, quantile, axis=0, weights=sample_weight, method="inverted_cdf")
