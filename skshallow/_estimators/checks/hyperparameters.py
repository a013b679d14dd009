"""Validation of hyperparameters: allowed values, and lookup of components by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np

from skshallow._estimators.checks.sklearn_private import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from skshallow._estimators.checks.unknown_parameters import about_value
from skshallow.activations import Activation
from skshallow.engine.normalization import NORMALIZATIONS
from skshallow.initializers import Initializer
from skshallow.losses import Loss
from skshallow.schedules import Schedule
from skshallow.solvers import Solver

Component = TypeVar("Component")

_at_least_one = Interval(Integral, 1, None, closed="left")
_not_negative = Interval(Real, 0, None, closed="left")
_not_negative_integer = Interval(Integral, 0, None, closed="left")
_positive = Interval(Real, 0, None, closed="neither")
_splitter = HasMethods(["split", "get_n_splits"])  # a string has a method "split", too

PIECEWISE_LINEAR = "piecewise_linear"  # the encoding of numbers in pieces
PERIODIC = "periodic"  # that by learned curves

# Allowed values of each parameter, for scikit-learn's parameter validation.
CONSTRAINTS: dict[str, list] = {
    "hidden_units": [_at_least_one, "array-like"],
    "depth": [None, _not_negative_integer],
    "residual": ["boolean"],
    "normalization": [None, StrOptions(set(NORMALIZATIONS))],
    "activation": [str, Activation, "array-like"],
    "init": [str, Initializer],
    "init_scale": [_not_negative],
    "loss": [str, Loss],
    "solver": [str, Solver],
    "learning_rate": [StrOptions({"auto"}), _positive],
    "schedule": [str, Schedule],
    "n_members": [_at_least_one],
    "share_weights": ["boolean"],
    "alpha": [StrOptions({"auto"}), _not_negative],
    "dropout": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
    "max_grad_norm": [StrOptions({"auto"}), None, _positive],
    "average_weights": [StrOptions({"auto"}), "boolean"],
    "batch_size": [StrOptions({"auto"}), None, _at_least_one],
    "max_iter": [StrOptions({"auto"}), _at_least_one],
    "shuffle": ["boolean"],
    "tol": [_not_negative],
    "n_iter_no_change": [StrOptions({"auto"}), _at_least_one, Options(Real, {np.inf})],
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "cross_fit": [StrOptions({"auto"}), "boolean"],
    "validation_fraction": [
        StrOptions({"auto"}),
        Interval(Real, 0, 1, closed="neither"),
        _splitter,
    ],
    "scoring": [None, str, callable],
    "standardize": ["boolean"],
    "clip_features": ["boolean"],
    "numeric_encoding": [
        None,
        StrOptions({"auto", PIECEWISE_LINEAR, PERIODIC}),
        "array-like",
    ],
    "categorical_features": [StrOptions({"auto"}), "array-like", None],
    "monotonic_cst": ["array-like", dict, None],
    "dtype": [None, StrOptions({"float32", "float64"})],
    "record_health": ["boolean"],
    "warm_start": ["boolean"],
    "random_state": ["random_state", np.random.Generator],
    "verbose": ["verbose"],
    "class_weight": [None, dict, list, StrOptions({"balanced"})],
    "label_smoothing": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
    "temperature_scaling": [StrOptions({"auto"}), "boolean"],
}
SHALLOW_CONSTRAINTS = {**CONSTRAINTS, "hidden_units": [_at_least_one]}


def is_auto(value: Any) -> bool:
    """Return whether a value, which may be an array, leaves the choice to the estimator."""
    return isinstance(value, str) and value == "auto"


def parameters_of(net: Any) -> dict[str, Any]:
    """Return all parameters, also those that the ``__init__`` of a subclass leaves out."""
    return {field.name: getattr(net, field.name) for field in fields(net)}


def refuse_classes(net: Any) -> None:
    """Raise ValueError if a parameter is a class where an instance of it belongs."""
    for name, value in parameters_of(net).items():
        if isinstance(value, type) and name != "dtype":
            raise ValueError(
                f"The {name!r} parameter of {type(net).__name__} is the class "
                f"{value.__name__}, and must be an instance. Write "
                f"{name}={value.__name__}(), with its settings in the brackets, if any."
            )


def refuse_unknown_scorer(scoring: Any) -> None:
    """Raise ValueError if a scorer's name is none of scikit-learn's.

    It does so for every fit: also for one that holds no rows out, and so would not notice.
    """
    if not isinstance(scoring, str):
        return
    from sklearn.metrics import get_scorer, get_scorer_names  # slow to import, rarely used

    try:
        get_scorer(scoring)
    except ValueError as error:
        names = get_scorer_names()
        close = [name for name in names if scoring in name][:3]
        close = close or get_close_matches(scoring, names)
        nearest = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(
            f"scoring={scoring!r} is none of the names of "
            f"sklearn.metrics.get_scorer_names().{nearest}"
        ) from error


def hidden_widths(hidden_units: Any, depth: int | None) -> list[int]:
    """Return the width of each hidden layer.

    Parameters
    ----------
    hidden_units : int or sequence of int
        The width of all hidden layers, or one width for each.
    depth : int or None
        The number of hidden layers; None means 2, or the length of the sequence. With 0,
        `hidden_units` is not used.
    """
    if isinstance(hidden_units, Integral):
        return [int(hidden_units)] * (2 if depth is None else int(depth))
    widths = list(hidden_units)
    if not all(isinstance(width, Integral) and int(width) >= 1 for width in widths):
        raise ValueError(
            f"hidden_units must hold integers of at least 1, got {hidden_units!r}."
        )
    if depth == 0:
        return []
    if depth is not None and depth != len(widths):
        raise ValueError(
            f"depth={depth} and hidden_units={hidden_units!r} disagree about the number "
            "of hidden layers. Give hidden_units as one int, or leave depth at None."
        )
    return [int(width) for width in widths]


def resolve(
    parameter: str,
    choice: Any,
    table: Mapping[str, Callable[[], Component]],
    base: type[Component],
) -> Component:
    """Return a component, given by name or as an instance.

    Parameters
    ----------
    parameter : str
        The parameter's name, for the error message.
    choice : str or instance of `base`
        A key of `table`, or a component with settings of its own.
    table : mapping of str to zero-argument callable
        The components by name.
    base : type
        The base class of these components.

    Raises
    ------
    ValueError
        If `choice` is neither a name nor an instance; the message lists the names.

    Examples
    --------
    >>> from skshallow.activations import ACTIVATIONS, Activation
    >>> resolve("activation", "tanh", ACTIVATIONS, Activation)
    Tanh()
    """
    if isinstance(choice, base):
        return choice
    if isinstance(choice, str) and choice in table:
        return table[choice]()
    names = ", ".join(repr(name) for name in table)
    module = base.__module__.partition("._")[0]  # the public one
    advice = about_value(parameter, choice, table)
    raise ValueError(
        f"The {parameter!r} parameter must be one of {names}, or an instance of "
        f"{module}.{base.__name__}. Got {choice!r} instead. {advice}".rstrip()
    )
