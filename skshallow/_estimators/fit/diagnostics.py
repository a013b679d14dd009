"""Warnings after training: divergence, no convergence, outliers, dead units and so on."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import norm
from sklearn.exceptions import UndefinedMetricWarning

from skshallow._arrays.linalg import largest_magnitude
from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.columns.problems import count_of
from skshallow._estimators.fit.constant_inputs import about_constant_inputs
from skshallow._estimators.fit.constant_prediction import (
    has_hardly_moved,
    loss_above_constant,
)
from skshallow._estimators.fit.feature_outliers import about_feature_outliers
from skshallow._estimators.fit.health_advice import (
    AGAINST_DEAD_UNITS,
    AGAINST_VANISHING_GRADIENT,
    applicable_remedies,
    in_words,
)
from skshallow._estimators.fit.run import FitRun
from skshallow._estimators.fit.target_outliers import about_target_outliers
from skshallow._estimators.fit.training_data import joined_folds
from skshallow.engine.health import (
    VANISHING,
    dying_layers,
    unit_health,
    vanishing_layers,
)
from skshallow.engine.state import Outcome
from skshallow.engine.trainer import START_SAMPLE
from skshallow.exceptions import (
    DeadUnitsWarning,
    FeatureOutlierWarning,
    TargetOutlierWarning,
    VanishingGradientWarning,
)

# For standardised features it is below 1 as a rule, below 100 with Adam at a rate of 10.
LARGE_WEIGHTS = 1e3
# What tells of values far out, and the category of its warning.
ABOUT_OUTLIERS = {
    about_target_outliers: TargetOutlierWarning,
    about_feature_outliers: FeatureOutlierWarning,
}


def diagnose(run: FitRun, outcome: Outcome) -> None:
    """Raise ValueError if training failed, and warn of problems that the user can solve."""
    _tell_outcome(run, outcome)
    _tell_missing_scores(run)


def _tell_outcome(run: FitRun, outcome: Outcome) -> None:
    """Raise ValueError if training failed, and warn of what its outcome lacks."""
    cause, remedy, more_time, faster = _advice(run)
    if not outcome.usable:
        if run.history.has_no_score and not outcome.diverged:
            run.check_scorer()
        raise ValueError(
            _why_not_to_start(run)
            or (None if outcome.diverged else _why_none_is_best(run))
            or f"Training diverged with {cause}: no epoch left weights with a finite "
            f"loss. Try {remedy}."
        )
    if outcome.diverged:
        epoch = min(run.history.n_epochs + 1, run.config.plan.n_epochs)
        warn_user(
            f"Training diverged in epoch {epoch} with {cause}; the best finite weights, of "
            f"epoch {run.history.last_best_epoch}, are kept. Try {remedy}."
        )
        return
    if run.config.incremental:
        size = _size_of_weights(run)
        if size > LARGE_WEIGHTS and run.config.standardize:
            warn_user(
                f"The weights have grown to {size:.2g} (root mean square, for standardised "
                f"features) with {cause}: the net is of no use. Start anew, and try "
                f"{remedy}."
            )
        return
    if outcome.exploded:
        warn_user(
            f"The loss ended far above its initial value, with {cause}: the fit is of no "
            f"use. Try {remedy}."
        )
        return
    constant = about_constant_inputs(run)
    if constant is not None:  # to which no other advice applies
        warn_user(constant)
        return
    above = loss_above_constant(run, outcome)
    if above is not None:
        warn_user(
            f"Training ended in epoch {run.history.n_epochs} with {cause} at a loss of "
            f"{above.loss:.3g} on the training rows, and the best constant prediction has "
            f"{above.constant:.3g}: the fit is of no use. Try "
            f"{faster if above.too_slow else remedy}."
        )
        return
    if has_hardly_moved(run):
        warn_user(
            f"Training ended in epoch {run.history.n_epochs} with {cause} at the loss of "
            f"the first weights, which are random: the fit is of no use. Try {faster}."
        )
        return
    if not (outcome.converged or _ends_by_plan(run)):
        warn_user(
            f"The loss was still improving after max_iter={run.config.plan.max_iter} "
            f"epochs. Raise max_iter{more_time}."
        )
    for about, category in ABOUT_OUTLIERS.items():
        outliers = about(run)
        if outliers is not None:
            warn_user(outliers, category)
    of_layers = _about_layers(run)
    if of_layers is not None:
        warn_user(*of_layers)


def _tell_missing_scores(run: FitRun) -> None:
    """Warn of epochs without a score, and say what follows from it."""
    scores = run.history.validation_score
    n_missing = sum(map(math.isnan, scores))
    if not n_missing:
        return
    why = f" ({run.refusals[0]})" if run.refusals else ""
    then = "the score is nan there"
    if run.history.early_stopping:
        last = "the last weights are kept"
        then = last if run.history.has_no_score else "none of these is the best"
    warn_user(
        f"scoring={run.config.scoring!r} has no value for the predictions of "
        f"{n_missing} of {count_of(len(scores), 'epoch')}{why}: {then}.",
        UndefinedMetricWarning,
    )


def _size_of_weights(run: FitRun) -> float:
    """Return the root mean square of the parameters."""
    theta = to_numpy(run.objective.theta)
    return float(norm(theta, check_finite=False)) / math.sqrt(theta.size)


def _why_not_to_start(run: FitRun) -> str | None:
    """Return the message for a loss that was too large before the first step, or None."""
    config, loss = run.config, run.history.start_loss
    if loss < math.sqrt(np.finfo(config.dtype).max):  # its gradient can be squared
        return None
    X, y, _ = map(to_numpy, run.rows.sample(START_SAMPLE))
    if run.rows.encoding is not None:
        X = X[:, : run.rows.encoding.n_dense]  # codes of categories follow
    reach = f"features reach {largest_magnitude(X) if X.size else 0:.3g}"
    if run.data.targets.numeric:
        reach += f" and targets {largest_magnitude(y):.3g}"
    remedies = {
        "standardize=True": not config.standardize,
        "dtype='float64'": config.dtype == np.float32,
        "a smaller init_scale": config.init_scale > 1,
    }
    tries = "".join(f", or try {remedy}" for remedy, fits in remedies.items() if fits)
    checks = "Check the units of X and y"
    if run.last is not None:
        checks = (
            "Earlier calls may have trained with too large a learning_rate: start anew "
            "with a smaller one; or check the units of X and y"
        )
    return (
        f"The loss is {loss:.3g} in {config.dtype} before the first step: {reach}, in the "
        f"net's units. {checks}{tries}."
    )


def _why_none_is_best(run: FitRun) -> str | None:
    """Return the message if only the validation loss or score is not finite, or None."""
    history = run.history
    if not (history.early_stopping and history.loss and math.isfinite(history.loss[-1])):
        return None
    validation = joined_folds(run.data.held_out)
    scores = history.validation_score
    name, last = "validation loss", history.validation_loss[-1:]
    if scores:
        name, last = f"score by scoring={run.config.scoring!r}", scores[-1:]
    n_rows = len(validation.part(validation.labels))
    return (
        f"Early stopping found no best epoch among {history.n_epochs}: the {name} is "
        f"{last[0]:g} on {n_rows} validation rows. Check their number, "
        "their units, and scoring."
    )


def _ends_by_plan(run: FitRun) -> bool:
    """Return whether training is meant to run to `max_iter`, so that no warning is due."""
    if run.history.early_stopping:
        return True
    plan = run.config.plan
    without_end = run.history.n_iter_no_change > plan.max_iter
    return plan.solver.stochastic and (plan.schedule.needs_end or without_end)


def _advice(run: FitRun) -> tuple[str, str, str, str]:
    """Return the cause of a failure, its remedy, and what gives more time, or speed."""
    plan, step = run.config.plan, 1.0
    if plan.solver.stochastic:
        step, cause = plan.learning_rate, f"learning_rate={plan.learning_rate:g}"
        remedy = "a smaller learning_rate, max_grad_norm, or standardize=True"
        more_time = ", or use a schedule that ends there, such as 'cosine'"
        faster = "a larger learning_rate, a larger max_iter, or standardize=True"
    else:
        cause = f"solver={run.config.components.given['solver']!r}"
        remedy = "standardize=True, a larger alpha, or another solver"
        more_time = " or tol"
        faster = "a smaller tol, standardize=True, or another solver"
    decay = getattr(plan.solver, "weight_decay", 0.0)
    for name, strength in {"alpha": run.config.alpha, "weight_decay": decay}.items():
        if step * strength > 1 < strength:  # steps overshoot 0
            cause = f"{cause} and {name}={strength:g}"
            remedy = f"a smaller {name}, or {remedy}"
    return cause, remedy, more_time, faster


def _about_layers(run: FitRun) -> tuple[str, type[Warning]] | None:
    """Return the warning of dead units, or of vanishing gradients, None if all is well."""
    if run.health.sample is None or not run.health.records:
        return None
    rows, y, _ = run.health.sample
    params, n_rows = run.network.member_params(to_numpy(run.objective.theta)), y.shape[0]
    dead = unit_health(run.network, params, to_numpy(rows))["dead"]  # with what is kept
    has_learning_rate = run.config.plan.solver.stochastic
    remedies = applicable_remedies(run.params, run.network, has_learning_rate)
    dying = dying_layers(dead, n_rows)
    if dying:
        counts = ", ".join(
            f"{dead[i]:.0%} of the {run.network.layers[i].n_units} units of "
            f"hidden layer {i + 1}"
            for i in dying
        )
        return (
            f"{counts} are dead: on {n_rows} training rows, their gradient is 0. Try "
            f"{in_words(remedies, AGAINST_DEAD_UNITS)}.",
            DeadUnitsWarning,
        )
    vanishing = vanishing_layers(run.health.arrays(len(run.network.layers)))
    if vanishing:
        layers = ", ".join(str(i + 1) for i in vanishing)
        return (
            f"The gradient norm of layer {layers} stayed more than {1 / VANISHING:g} times "
            "smaller than the largest of the net: it hardly learns. Try "
            f"{in_words(remedies, AGAINST_VANISHING_GRADIENT)}.",
            VanishingGradientWarning,
        )
    return None
