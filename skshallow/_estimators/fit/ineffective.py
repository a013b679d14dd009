"""Warnings about parameters that have no effect because of another parameter."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.training_data import TrainingData
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.initializers import Zeros

# Parameters that a solver without minibatches does not use.
OF_MINIBATCHES = (
    "batch_size",
    "learning_rate",
    "schedule",
    "shuffle",
    "dropout",
    "max_grad_norm",
    "average",
)
# What is off at None or False, and asks for nothing then.
SWITCHES = "scoring", "temperature_scaling", "early_stopping", "average", "max_grad_norm"
# What asks for validation, unless it is off.
OF_VALIDATION = "scoring", "temperature_scaling"


def warn_of_ineffective_params(net: Any, config: FitConfig, data: TrainingData) -> None:
    """Warn about each parameter that was set but has no effect because of another one.

    There is no warning for a parameter at its default value, nor for one that is off.
    """
    defaults = _defaults(net.__class__)
    for names, reason in _reasons(net, config, data):
        for name in names:
            if name not in defaults:
                continue
            value, default = getattr(net, name), defaults[name]
            off = value is None or value is False
            if name in SWITCHES and off:
                continue
            if value is default or np.array_equal(value, default):
                continue
            warn_user(
                f"{name}={value!r} has no effect with {reason}. Change one of the two, or "
                f"leave {name} at its default, {default!r}.",
                IneffectiveParameterWarning,
            )


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    """Return the default of each parameter, as the signature of the class has it."""
    parameters = inspect.signature(cls).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}


def _reasons(
    net: Any, config: FitConfig, data: TrainingData
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield names of parameters that have no effect, with the reason."""
    components, plan = config.components, config.plan
    solver = f"solver={net.solver!r}"
    early_stopping = f"early_stopping={net.early_stopping!r}"
    if not plan.solver.stochastic:
        yield OF_MINIBATCHES, f"{solver}, which uses all rows in every step"
        if not config.early_stopping:
            yield ("n_iter_no_change",), f"{solver} and {early_stopping}"
    else:
        if config.n_iter_no_change == np.inf:
            yield ("tol",), _why_nothing_stalls(net)
        if plan.batch_size >= data.n_training:
            batch_size = f"batch_size={net.batch_size!r}"
            yield ("shuffle",), f"{batch_size} on {data.n_training} rows, a single batch"
    if not components.hidden_units:
        words = "a net without hidden layers (depth=0)"
        yield ("activation", "dropout"), words
    if isinstance(components.initializer, Zeros):
        yield ("init_scale",), f"init={net.init!r}"
    if config.incremental:
        yield ("early_stopping", "average"), "partial_fit, which runs one epoch per call"
    if data.train_rows is None:
        if data.validation is not None:
            yield ("validation_fraction",), "X_val and y_val"
        else:
            words = _why_nothing_validates(early_stopping, config)
            yield ("validation_fraction",), words
            yield OF_VALIDATION, f"{words} and no X_val"


def _why_nothing_stalls(net: Any) -> str:
    """Return why training does not stop for lack of improvement."""
    if net.n_iter_no_change != "auto":
        return f"n_iter_no_change={net.n_iter_no_change!r}"
    return (
        f"schedule={net.schedule!r}, which runs to max_iter as long as n_iter_no_change is "
        "'auto'"
    )


def _why_nothing_validates(words: str, config: FitConfig) -> str:
    """Return why early stopping is off."""
    if config.incremental:
        return "partial_fit, which holds no rows out"
    if config.why_no_early_stopping is None:
        return words
    return f"{words}, which is False {config.why_no_early_stopping}"
