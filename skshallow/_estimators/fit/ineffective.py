"""Warnings about parameters that were set, but that the fit does not use."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow._estimators.checks.hyperparameters import is_auto
from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.fit.run import FitRun
from skshallow._estimators.fit.unused import was_used
from skshallow.exceptions import IneffectiveParameterWarning


def _is_off(value: Any, run: FitRun) -> bool:
    """Return whether the value switches the parameter off."""
    return value is None or value == 0


def _is_width(value: Any, run: FitRun) -> bool:
    """Return whether `hidden_units` leaves the number of hidden layers to `depth`."""
    return np.ndim(value) == 0 or np.size(value) == 0


def _encodes_numbers(run: FitRun) -> bool:
    """Return whether numbers enter any member in another way than as they are."""
    return any(run.config.numeric_encoding)


# A fit may not use a parameter and still do what its value asks for: with "lbfgs", no
# dropout is used, as dropout=0 asks. There is no warning then. From the value to whether
# this is so:
IS_SO_ANYWAY: dict[str, Callable[[Any, FitRun], bool]] = {
    **dict.fromkeys(("scoring", "temperature_scaling", "early_stopping"), _is_off),
    "numeric_encoding": lambda value, run: value is None and not _encodes_numbers(run),
    **dict.fromkeys(("average_weights", "max_grad_norm", "dropout", "shuffle"), _is_off),
    **dict.fromkeys(("residual", "normalization"), _is_off),
    "hidden_units": _is_width,
    "activation": lambda value, run: np.size(value) == 0,
    "batch_size": lambda value, run: value is None or value >= run.data.n_training,
    "n_iter_no_change": lambda value, run: value == np.inf,
}


def _is_switched_on(name: str, value: Any, run: FitRun) -> bool:
    """Return whether the parameter is on now and was off in an earlier call."""
    return value is True and run.last is not None and was_used(name, False, run.last)


def warn_of_ineffective_params(net: Any, run: FitRun, groups: Any) -> None:
    """Warn about each parameter that the user set but that the run does not use.

    The same holds for `groups`. There is no warning for a parameter that is

    - at its default value, or "auto", unless an earlier call had it off,
    - off, or asks for what the fit does anyway,
    - used by an earlier call from which this one continues, such as `init` before
      `partial_fit`,
    - an int as `hidden_units` with ``depth=0``, because a grid over `depth` sets it for
      the other depths.
    """
    given = {**run.params, "groups": groups}
    defaults = {**_defaults(net.__class__), "groups": None}
    for name, reason in run.unused.items():
        if name not in defaults:
            continue
        value, default = given[name], defaults[name]
        as_default = value is default or np.array_equal(value, default)
        if is_auto(value) or (as_default and not _is_switched_on(name, value, run)):
            continue
        if name in IS_SO_ANYWAY and IS_SO_ANYWAY[name](value, run):
            continue
        if run.last is not None and was_used(name, value, run.last):
            continue
        shown = "groups" if name == "groups" else f"{name}={value!r}"
        has_other_default = not as_default and default is not inspect.Parameter.empty
        leave = (
            f", or leave {name} at its default, {default!r}" if has_other_default else ""
        )
        warn_user(
            f"{shown} has no effect with {reason}. Change one of them{leave}.",
            IneffectiveParameterWarning,
        )


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    """Return the default of each parameter, as the signature of the class has it."""
    parameters = inspect.signature(cls).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}
