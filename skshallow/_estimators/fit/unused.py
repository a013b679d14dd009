"""Which parameters a fit does not use, and why: for warnings and `resolved_params_`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np

from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.start import has_settled_units
from skshallow._estimators.fit.training_data import TrainingData
from skshallow.initializers import Zeros

# Parameters that are used only by some fits, grouped by what uses them: a solver that
# trains on minibatches, and one that leaves the step length to the user.
OF_MINIBATCHES = "batch_size", "shuffle", "dropout", "average_weights"
OF_STEP_LENGTHS = "learning_rate", "schedule", "max_grad_norm"
# A fit of several epochs; one that holds out rows; one with validation data; one with
# hidden layers; one that starts from new weights.
OF_SEVERAL_EPOCHS = "early_stopping", "average_weights", "tol", "n_iter_no_change"
OF_HELD_OUT_ROWS = "validation_fraction", "groups", "cross_fit"
OF_VALIDATION = "scoring", "temperature_scaling"
OF_HIDDEN_LAYERS = (
    *("hidden_units", "activation", "dropout", "clip_features"),
    *("residual", "normalization", "share_weights"),
)
OF_NEW_WEIGHTS = "init", "init_scale", "categorical_features", "numeric_encoding"
NOT_ALWAYS_USED = {
    *OF_MINIBATCHES,
    *OF_STEP_LENGTHS,
    *OF_SEVERAL_EPOCHS,
    *OF_HELD_OUT_ROWS,
    *OF_VALIDATION,
    *OF_NEW_WEIGHTS,
    "activation",
    "clip_features",
    "max_iter",
    "random_state",
    "standardize",
}

Reasons = Iterator[tuple[tuple[str, ...], str]]


def unused_params(
    params: Mapping[str, Any],
    config: FitConfig,
    data: TrainingData,
    last: FitResult | None,
) -> dict[str, str]:
    """Return the parameters that this fit does not use, each with the reason.

    `groups`, an argument of `fit`, may be among them. Parameters are listed whether the
    user set them or left them at their defaults. Of several reasons, the first is given.

    Parameters
    ----------
    params : mapping of str to object
        The estimator's parameters, as the user gave them.
    config, data, last
        Of the fit; see `FitRun`.
    """
    unused: dict[str, str] = {}
    for names, reason in (
        *_by_solver(params, config, data),
        *_by_network(params, config),
        *_by_last_call(config, data, last),
        *_by_method(params, config),
        *_by_length(params, config),
        *_by_validation(params, config, data),
    ):
        unused = dict.fromkeys(names, reason) | unused
    return unused


def used_params(
    params: Mapping[str, Any], unused: Mapping[str, str], last: FitResult | None
) -> dict[str, str] | None:
    """Return the values of `NOT_ALWAYS_USED` that this call, or an earlier one, used.

    Each value is in words, which can be compared and saved whatever its type.
    """
    earlier = {} if last is None else last.used_params
    if earlier is None:
        return None
    names = (params.keys() & NOT_ALWAYS_USED) - unused.keys()
    return {**earlier, **{name: _in_words(params[name]) for name in sorted(names)}}


def was_used(name: str, value: Any, last: FitResult) -> bool:
    """Return whether an earlier call used this value; True if that is not known."""
    return last.used_params is None or last.used_params.get(name) == _in_words(value)


def _in_words(value: Any) -> str:
    """Return the `repr` without addresses, so that it is the same in every process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _by_solver(params: Mapping[str, Any], config: FitConfig, data: TrainingData) -> Reasons:
    """Yield the parameters that solver, schedule or a single batch have no use for."""
    plan = config.plan
    if not plan.solver.stochastic:
        solver = f"solver={params['solver']!r}"
        yield OF_MINIBATCHES, f"{solver}, which trains on all rows in each step"
        yield OF_STEP_LENGTHS, f"{solver}, which chooses the length of each step itself"
    elif plan.batch_size >= data.n_training:
        batch_size = f"batch_size={params['batch_size']!r}"
        yield ("shuffle",), f"{batch_size} on {data.n_training} rows, a single batch"
    if plan.solver.stochastic and config.n_iter_no_change == np.inf:
        yield ("tol",), _why_nothing_stalls(params)


def _by_network(params: Mapping[str, Any], config: FitConfig) -> Reasons:
    """Yield the parameters that the layers or the initializer have no use for."""
    if not config.components.hidden_units:
        yield OF_HIDDEN_LAYERS, "a net without hidden layers (depth=0)"
    if config.n_members == 1:
        yield ("share_weights",), "n_members=1"
    if len(config.components.hidden_units) == 1:
        yield ("residual",), "a single hidden layer, to whose output nothing is added"
    if isinstance(config.components.initializer, Zeros):
        yield ("init_scale",), f"init={params['init']!r}"


def _by_method(params: Mapping[str, Any], config: FitConfig) -> Reasons:
    """Yield the parameters that `partial_fit` has no use for."""
    if not config.incremental:
        return
    method = "partial_fit, which runs one epoch per call"
    yield OF_SEVERAL_EPOCHS, method
    yield ("numeric_encoding",), "partial_fit, which knows only some of the rows"
    if not config.plan.schedule.needs_end:
        yield ("max_iter",), f"{method}, and schedule={params['schedule']!r} has no end"


def _by_length(params: Mapping[str, Any], config: FitConfig) -> Reasons:
    """Yield the parameters that could act only after `max_iter` has ended training."""
    plan, patience = config.plan, config.n_iter_no_change
    length = f"max_iter={params['max_iter']!r}"
    if params["max_iter"] == "auto":
        length = f"{length}, here {plan.max_iter} epochs"
    n_idle = plan.schedule.n_idle_epochs
    if not config.keeps_state and n_idle >= plan.max_iter:  # later calls run more epochs
        why = f"the schedule first changes the learning rate, after {n_idle} epochs"
        yield ("schedule",), f"{length}, which ends training before {why}"
    if patience == np.inf or patience < plan.max_iter:
        return
    yield ("n_iter_no_change",), f"{length}, which ends training first"
    if plan.solver.stochastic:
        chosen = f"n_iter_no_change={params['n_iter_no_change']!r}"
        yield ("tol",), f"{length}, which ends training before {chosen} can"


def _by_validation(
    params: Mapping[str, Any], config: FitConfig, data: TrainingData
) -> Reasons:
    """Yield what is not used by a fit without held-out rows, or without validation."""
    if config.n_members == 1:
        yield ("cross_fit",), "n_members=1"
    if data.folds is not None:
        yield ("scoring",), "cross_fit=True, which stops each member by its own loss"
    if data.draws_held_out:
        return
    if data.validation is not None:
        yield OF_HELD_OUT_ROWS, "X_val and y_val"
        if config.scoring is None and params["scoring"] is not None:
            yield ("scoring",), _why_nothing_validates(params, config)
        return
    words = _why_nothing_validates(params, config)
    yield OF_HELD_OUT_ROWS, words
    yield OF_VALIDATION, f"{words}, unless fit is given X_val and y_val"


def _by_last_call(config: FitConfig, data: TrainingData, last: FitResult | None) -> Reasons:
    """Yield what a fit that continues from an earlier call has no use for."""
    if last is None:
        return
    call = "partial_fit" if config.incremental else "warm_start=True"
    yield OF_NEW_WEIGHTS, f"{call}, which continues from the weights of the last call"
    if config.clips_features and last.units.bounds is None:
        reason = f"{call}, which continues from a call that did not note the ranges"
        yield ("clip_features",), reason
    if has_settled_units(config, last):
        yield ("standardize",), f"{call}, which keeps the standardisation of the last call"
    if last.progress is not None and not _draws_rows(config, data):
        reason = f"{call}, which continues with the random numbers of the last call"
        yield ("random_state",), reason


def _draws_rows(config: FitConfig, data: TrainingData) -> bool:
    """Return whether early stopping holds rows out at random, without a splitter."""
    return data.draws_held_out and isinstance(config.validation_fraction, Real)


def _why_nothing_stalls(params: Mapping[str, Any]) -> str:
    """Return why training does not stop for lack of improvement."""
    if params["n_iter_no_change"] != "auto":
        return f"n_iter_no_change={params['n_iter_no_change']!r}"
    return (
        f"schedule={params['schedule']!r} and n_iter_no_change='auto', with which training "
        "runs to max_iter without early stopping"
    )


def _why_nothing_validates(params: Mapping[str, Any], config: FitConfig) -> str:
    """Return why early stopping is off."""
    if config.incremental:
        return "partial_fit, which holds no rows out"
    words = f"early_stopping={params['early_stopping']!r}"
    if config.why_no_early_stopping is None:
        return words
    return f"{words}, which means False {config.why_no_early_stopping}"
