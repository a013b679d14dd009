"""What the user should know of how training ended."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.fit.health_advice import (
    AGAINST_DEAD_UNITS,
    AGAINST_VANISHING_GRADIENT,
    applicable_remedies,
    in_words,
)
from skshallow.engine.health import VANISHING, dying_layers, vanishing_layers
from skshallow.engine.state import Outcome
from skshallow.engine.trainer import START_SAMPLE
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning

STACKLEVEL = 7  # from `_warn` up to the line where the user called `fit`


def judge(fit: Any, outcome: Outcome) -> None:
    """Raise if nothing usable came out, warn of what the user should know.

    Parameters
    ----------
    fit : Fit
        After its training.
    outcome : Outcome
        How that ended.
    """
    cause, remedy, more_time = _advice(fit)
    if not outcome.usable:
        raise ValueError(
            _why_not_to_start(fit)
            or _why_none_is_best(fit)
            or f"Training diverged with {cause}: no epoch left weights with a finite "
            f"loss. Try {remedy}."
        )
    if outcome.diverged:
        epoch = min(fit.history.n_epochs + 1, fit.plan.n_epochs)
        _warn(
            f"Training diverged in epoch {epoch} with {cause}; the "
            f"best finite weights, of epoch {fit.history.best_epoch}, are kept. Try "
            f"{remedy}."
        )
        return
    if fit.incremental:
        return
    if outcome.exploded:
        _warn(
            f"The loss ended far above where it started, with {cause}: the fit is of "
            f"no use. Try {remedy}."
        )
        return
    if not (outcome.converged or _ends_by_plan(fit)):
        _warn(
            f"The loss was still improving after max_iter={fit.plan.max_iter} "
            f"epochs. Raise max_iter{more_time}."
        )
    for message, category in _complaints(fit):
        _warn(message, category)


def _why_not_to_start(fit: Any) -> str | None:
    """Return why the loss was beyond measure before the first step, if so it was."""
    loss = fit.history.start_loss
    if loss < math.sqrt(np.finfo(fit.dtype).max):  # its gradient can be squared
        return None
    X, y, _ = map(to_numpy, fit.rows.sample(START_SAMPLE))
    reach = f"features reach {abs(X).max():.3g} and targets {abs(y).max():.3g}"
    growth = _growth_of_units(fit)
    grown = f", which grew {growth:.3g}-fold since earlier calls" if growth > 1e3 else ""
    remedies = {
        "standardize=True": not fit.estimator.standardize,
        "dtype='float64'": fit.dtype == np.float32,
        "a smaller init_scale": fit.estimator.init_scale > 1,
    }
    tries = "".join(f", or try {remedy}" for remedy, fits in remedies.items() if fits)
    return (
        f"The loss is {loss:.3g} in {fit.dtype} before the first step: {reach}, in the "
        f"net's units{grown}. Check the units of X and y{tries}."
    )


def _growth_of_units(fit: Any) -> float:
    """Return how much the largest of a feature grew since the earlier calls."""
    old, new = fit.last_units.scale, fit.units.scale
    return 1.0 if old is None or new is None else float((new / old).max())


def _why_none_is_best(fit: Any) -> str | None:
    """Return why no epoch is the best one, if only their validation tells none."""
    history = fit.history
    if not (history.early_stopping and history.loss and math.isfinite(history.loss[-1])):
        return None
    scores = history.validation_score
    name, last = "score", scores[-1:] or history.validation_loss[-1:]
    if not scores:
        name = "loss"
    return (
        f"Early stopping found no best epoch among {history.n_epochs}: the validation "
        f"{name} is {last[0]:g} on {len(fit.data.scoring_data[1])} rows. Check their "
        "number, their units, and scoring."
    )


def _warn(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    warnings.warn(message, category, stacklevel=STACKLEVEL)


def _ends_by_plan(fit: Any) -> bool:
    """Return whether running out of epochs is how this training is meant to end."""
    if fit.history.early_stopping:
        return True
    without_end = fit.history.n_iter_no_change > fit.plan.max_iter
    return fit.plan.solver.stochastic and (fit.plan.schedule.needs_end or without_end)


def _advice(fit: Any) -> tuple[str, str, str]:
    """Return what divergence comes from, what helps against it, and slow progress."""
    alpha = fit.estimator.alpha
    if fit.plan.solver.stochastic:
        cause = f"learning_rate={fit.plan.learning_rate:g}"
        remedy = "a smaller learning_rate, max_grad_norm, or standardize=True"
        more_time = ", or use a schedule that ends there, such as 'cosine'"
        too_strong = fit.plan.learning_rate * alpha > 1 < alpha  # steps beyond 0
    else:
        cause = f"solver={fit.estimator.solver!r}"
        remedy = "standardize=True, a larger alpha, or another solver"
        more_time, too_strong = " or tol", alpha > 1
    if too_strong:
        cause, remedy = f"{cause} and alpha={alpha:g}", f"a smaller alpha, or {remedy}"
    return cause, remedy, more_time


def _complaints(fit: Any) -> Iterator[tuple[str, type[Warning]]]:
    """Yield what the health records say is bad: at most one message of a kind."""
    if not fit.health.records:
        return
    health = fit.health.arrays(len(fit.network.layers))
    n_rows = fit.health.sample[1].shape[0]
    has_learning_rate = fit.plan.solver.stochastic
    remedies = applicable_remedies(fit.estimator, fit.network, has_learning_rate)
    dying = dying_layers(health, n_rows)
    if dying:
        counts = ", ".join(
            f"{health['dead'][-1, i]:.0%} of the {fit.network.layers[i].n_units} units of "
            f"hidden layer {i + 1}"
            for i in dying
        )
        yield (
            f"{counts} are dead: on {n_rows} training rows, no gradient reaches them. Try "
            f"{in_words(remedies, AGAINST_DEAD_UNITS)}.",
            DeadUnitsWarning,
        )
        return
    vanishing = vanishing_layers(health)
    if vanishing:
        layers = ", ".join(str(i + 1) for i in vanishing)
        yield (
            f"The gradient norm of layer {layers} stayed more than {1 / VANISHING:g} times "
            "smaller than the largest of the net: it hardly learns. Try "
            f"{in_words(remedies, AGAINST_VANISHING_GRADIENT)}.",
            VanishingGradientWarning,
        )
