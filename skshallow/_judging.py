"""What the user should know of how training ended."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning
from skshallow.health import VANISHING, dying_layers, vanishing_layers
from skshallow.training import Outcome

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
    if outcome.interruption is not None and not outcome.usable:
        raise outcome.interruption
    cause, remedy, more_time = _advice(fit)
    if not outcome.usable:
        raise ValueError(
            f"Training diverged with {cause}: no epoch left weights with a finite "
            f"loss. Try {remedy}."
        )
    if outcome.diverged:
        _warn(
            f"Training diverged in epoch {fit.history.n_epochs + 1} with {cause}; the "
            f"best finite weights, of epoch {fit.history.best_epoch}, are kept. Try "
            f"{remedy}."
        )
        return
    if fit.incremental or outcome.interruption is not None:
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


def _warn(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    warnings.warn(message, category, stacklevel=STACKLEVEL)


def _ends_by_plan(fit: Any) -> bool:
    """Return whether running out of epochs is how this training is meant to end."""
    if fit.estimator.early_stopping:
        return True
    without_end = fit.history.n_iter_no_change > fit.plan.max_iter
    return fit.plan.solver.stochastic and (fit.plan.schedule.needs_end or without_end)


def _advice(fit: Any) -> tuple[str, str, str]:
    """Return what divergence comes from, what helps against it, and slow progress."""
    if fit.plan.solver.stochastic:
        return (
            f"learning_rate={fit.plan.learning_rate:g}",
            "a smaller learning_rate, max_grad_norm, or standardize=True",
            ", or use a schedule that ends there, such as 'cosine'",
        )
    return (
        f"solver={fit.estimator.solver!r}",
        "standardize=True, a larger alpha, or another solver",
        " or tol",
    )


def _complaints(fit: Any) -> Iterator[tuple[str, type[Warning]]]:
    """Yield what the health records say is bad: at most one message of a kind."""
    if not fit.health.records:
        return
    health = fit.health.arrays(len(fit.network.layers))
    n_rows = len(fit.health.sample[1])
    dying = dying_layers(health, n_rows)
    if dying:
        counts = ", ".join(
            f"{health['dead'][-1, i]:.0%} of the {fit.network.layers[i].n_units} units of "
            f"hidden layer {i + 1}"
            for i in dying
        )
        yield (
            f"{counts} are dead: on {n_rows} training rows, no gradient reaches them. Try "
            "init='auto', a smaller learning rate or alpha, or an activation that never "
            "goes flat, such as 'leaky_relu'.",
            DeadUnitsWarning,
        )
        return
    vanishing = vanishing_layers(health)
    if vanishing:
        layers = ", ".join(str(i + 1) for i in vanishing)
        yield (
            f"The gradient of layer {layers} stayed more than {1 / VANISHING:g} times "
            "shorter than the longest of the net: it hardly learns. Try init='auto', "
            "init_scale=1, a smaller depth, or an activation that does not saturate, such "
            "as 'relu'.",
            VanishingGradientWarning,
        )
