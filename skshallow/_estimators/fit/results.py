"""What a fit wrote down, as attributes of its estimator: curves, health, the best epoch.

A fit that goes on from an earlier one adds to what that one left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow.engine.health import joined
from skshallow.engine.state import Outcome

CURVES = {
    "loss_curve_": "loss",
    "learning_rate_curve_": "learning_rate",
    "validation_loss_curve_": "validation_loss",
    "validation_scores_": "validation_score",
}


def curves_so_far(fit: Any) -> dict[str, Any]:
    """Return the curves of a `Fit` up to now, and over how many epochs they go."""
    n_before, n_epochs = _n_before(fit), fit.history.n_epochs
    recorded: dict[str, Any] = {"n_iter_": n_before + n_epochs}
    for attribute, name in CURVES.items():
        earlier = to_numpy(getattr(fit.estimator, attribute)) if fit.goes_on else ()
        curve = fit.history.curve(name)
        recorded[attribute] = _one_after_the_other(earlier, n_before, curve, n_epochs)
    return recorded


def records(fit: Any, outcome: Outcome) -> dict[str, Any]:
    """Return all that a `Fit` recorded, after its training."""
    history = fit.history
    n_before, recorded = _n_before(fit), curves_so_far(fit)
    epoch = history.best_epoch if outcome.restored else history.n_epochs
    recorded["loss_"] = history.loss[epoch - 1] if epoch else history.start_loss
    recorded["best_iter_"] = (
        n_before + history.best_epoch
        if outcome.restored
        else int(recorded["loss_curve_"].argmin()) + 1
    )
    health = fit.health.arrays(len(fit.network.layers))
    recorded["health_"] = joined(fit.estimator.health_, health) if fit.goes_on else health
    return recorded


def _n_before(fit: Any) -> int:
    """Return over how many epochs the net had trained before this fit."""
    return fit.estimator.n_iter_ if fit.goes_on else 0


def _one_after_the_other(earlier, n_before: int, later, n_epochs: int) -> np.ndarray:
    """Return both curves (n_before + n_epochs,), NaN where one was not recorded."""
    if len(earlier) == len(later) == 0:
        return later
    parts = ((earlier, n_before), (later, n_epochs))
    return np.concatenate(
        [curve if len(curve) else np.full(n, np.nan) for curve, n in parts]
    )
