"""Base class of losses, and weighted means and quantiles for their best constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from skshallow._component import Component
from skshallow.losses._links import Link


class Loss(Component):
    """Base class of loss functions, each composed with its link.

    See :mod:`skshallow.losses` for the conventions.

    Attributes
    ----------
    link : Link
        Its inverse maps raw predictions to means or probabilities.
    has_dispersion : bool
        Whether its distribution has a dispersion, which is estimated after training.
    is_robust : bool
        Whether its gradient is bounded, so that a few outliers among the targets hardly
        count; their units are then measured in a way that is robust, too.
    takes_codes : bool
        Whether targets are class codes (n, 1), see `MultinomialLoss`, or have a column per
        output.
    takes_order : bool
        Whether it depends on an order of the classes.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from skshallow.losses import IdentityLink, Loss
    >>> @dataclass(frozen=True)
    ... class LogCosh(Loss):
    ...     link = IdentityLink()
    ...
    ...     def loss(self, y, raw_prediction):
    ...         return np.log(np.cosh(raw_prediction - y)).sum(axis=1)
    ...
    ...     def gradient(self, y, raw_prediction):
    ...         return np.tanh(raw_prediction - y)
    >>> LogCosh().loss(np.array([[1.0], [2.0]]), np.array([[1.0], [2.5]])).round(3)
    array([0.  , 0.12])
    """

    link: ClassVar[Link]
    has_dispersion: ClassVar[bool] = False
    is_robust: ClassVar[bool] = False
    takes_codes: ClassVar[bool] = False
    takes_order: ClassVar[bool] = False

    def n_raw_outputs(self, n_targets: int) -> int:
        """Return the number of raw outputs of a net that predicts `n_targets` targets.

        Several outputs per target are ordered by parameter: the first of all targets, then
        the second of all targets, and so on.
        """
        return n_targets

    def n_shared_outputs(self, n_targets: int) -> int:
        """Return how many of the raw outputs, the last ones, are the same in all rows."""
        return 0

    def check_targets(self, y: np.ndarray) -> None:
        """Raise ValueError if a target is outside of the loss's domain."""

    def loss(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the loss of each row (n,), summed over outputs."""
        raise NotImplementedError

    def gradient(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to the raw prediction (n, n_raw_outputs)."""
        raise NotImplementedError

    def loss_and_gradient(
        self, y: np.ndarray, raw_prediction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the losses (n,) and the gradient (n, n_raw_outputs)."""
        return self.loss(y, raw_prediction), self.gradient(y, raw_prediction)

    def dispersion_terms(self, y: np.ndarray, raw_prediction: np.ndarray) -> np.ndarray:
        """Return what averages to the dispersion, of a loss that `has_dispersion`."""
        raise NotImplementedError

    def calibration_loss(self, log_loss: Loss) -> Loss:
        """Return the log loss of what this loss trains.

        It is `log_loss`, that of the logit or softmax link, unless the link is another.
        """
        return log_loss

    def ranked(self, ranks: Sequence[int] | None) -> Loss:
        """Return the loss for classes of these `ranks`; most do not depend on an order."""
        return self

    def start_output_weights(self, weight: np.ndarray) -> None:
        """Adjust the initial weights (n_inputs, n_raw_outputs) of the output layer."""

    def fit_intercept_only(
        self, y: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the constant raw prediction (n_raw_outputs,) that minimises the loss."""
        raise NotImplementedError


def weighted_mean(y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the mean of y (n, m) over its rows (m,)."""
    return np.average(y, axis=0, weights=sample_weight)


def weighted_quantile(y, quantile, sample_weight) -> np.ndarray:
    """Return the `quantile` of each column of y (n, m) as one of its values (m,).

    Several quantiles (k,) give (k, m).
    """
    return np.quantile(y, quantile, axis=0, weights=sample_weight, method="inverted_cdf")
