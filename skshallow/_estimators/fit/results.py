"""The result of a fit: what predicts, what was recorded, and what a next call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.fit.targets import Targets
from skshallow.engine.history import History
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.losses import Loss

# The curves of the history, by the name of the estimator's attribute.
CURVES = {
    "loss_curve_": "loss",
    "learning_rate_curve_": "learning_rate",
    "validation_loss_curve_": "validation_loss",
    "validation_scores_": "validation_score",
}


@dataclass(frozen=True)
class FitResult:
    """All that a fit leaves on its estimator.

    Parameters
    ----------
    theta : ndarray of shape (P,)
        The parameters, in `units`.
    network, units, loss, targets : Network, Units, Loss, Targets
        What turns them into predictions.
    feature_names : ndarray of shape (n_features,) or None
        If the features have names.
    n_iter, best_iter : int
        Epochs so far, and the best of them.
    loss_value : float or None
        The objective at the epoch whose weights these are.
    curves : dict of str to ndarray
        By attribute, over all epochs so far; see `CURVES`.
    health : dict of str to ndarray
        See `engine.health`.
    resolved_params : dict of str to object
        What parameters that can be "auto" came to.
    temperature : float or None
        What the output layer was divided by.
    dispersion : ndarray of shape (n_targets,) or None
        Of a loss that has one.
    dispersion_weight : float
        The number of rows that it is the mean over.
    progress : Progress or None
        State of solver, schedule and random numbers, for a next call.
    moments : tuple of Moments and RobustMoments, or None
        Of features and targets, for the next call of `partial_fit`.
    """

    theta: Any
    network: Network
    units: Units
    loss: Loss
    targets: Targets
    feature_names: np.ndarray | None
    n_iter: int
    best_iter: int
    loss_value: float | None
    curves: Mapping[str, np.ndarray]
    health: Mapping[str, np.ndarray]
    resolved_params: Mapping[str, Any]
    temperature: float | None = None
    dispersion: np.ndarray | None = None
    dispersion_weight: float = 0.0
    progress: Progress | None = None
    moments: tuple[Moments, Moments | RobustMoments] | None = None


def joined_curves(last: FitResult | None, history: History) -> dict[str, np.ndarray]:
    """Return the curves of earlier calls and of this one, one after the other."""
    if last is None:
        return {attribute: history.curve(name) for attribute, name in CURVES.items()}
    return {
        attribute: _one_after_the_other(
            to_numpy(last.curves[attribute]),
            last.n_iter,
            history.curve(name),
            history.n_epochs,
        )
        for attribute, name in CURVES.items()
    }


def _one_after_the_other(earlier, n_before: int, later, n_epochs: int) -> np.ndarray:
    """Return both curves (n_before + n_epochs,), NaN where one was not recorded."""
    if len(earlier) == len(later) == 0:
        return later
    parts = ((earlier, n_before), (later, n_epochs))
    return np.concatenate(
        [curve if len(curve) else np.full(n, np.nan) for curve, n in parts]
    )
