"""Monotonic constraints: the directions that columns must have, and whether they can."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

from skshallow._estimators.columns import Columns
from skshallow._estimators.fit.components import Components
from skshallow.activations import ACTIVATIONS
from skshallow.engine.encoding import Encoding
from skshallow.engine.layers import AS_THEY_ARE
from skshallow.engine.monotone import Directions
from skshallow.losses import Loss
from skshallow.solvers import Solver

VALUES = [-1, 0, 1]
MOST_SHOWN = 5


def columns_directions(
    net: Any,
    components: Components,
    loss: Loss,
    n_raw_outputs: int,
    n_columns: int,
    names: Iterable[str] | None = None,
    columns: Columns | None = None,
) -> np.ndarray | None:
    """Return the direction of each column (n_columns,), None if `net` constrains none.

    Parameters
    ----------
    net : estimator
        Of whose `monotonic_cst` it is.
    components, loss
        Of the fit.
    n_raw_outputs : int
        Number of the network's outputs.
    n_columns : int
        Number of columns of X.
    names : iterable of str or None
        Their names, if they have any.
    columns : Columns or None
        What they are, None if all are numbers.

    Raises
    ------
    ValueError
        If `monotonic_cst` is invalid for these columns, or cannot be guaranteed.
    """
    choice = net.monotonic_cst
    if choice is None:
        return None
    _check_loss(net.loss, loss, n_raw_outputs)
    if isinstance(choice, dict):
        found = _of_names(choice, names, type(net).__name__)
    else:
        found = _of_all(choice, n_columns)
    if not found.any():
        return None
    if columns is not None:
        _check_categories(found, columns)
        has_one = [levels is not None and len(levels) == 1 for levels in columns.levels]
        found = np.where(has_one, 0, found)  # only False, or only True, was seen
    _check_layers(components)
    _check_solver(components.solver)
    return found


def _of_names(choice: dict, names: Iterable[str] | None, estimator_name: str) -> np.ndarray:
    """Return the directions of all columns (n_columns,) from those of some names."""
    if names is None:
        raise ValueError(
            f"{estimator_name} was not fitted on data with feature names. Pass "
            "monotonic_cst as an integer array instead."
        )
    unexpected = sorted(set(choice) - set(names), key=str)
    if unexpected:
        shown = unexpected[:MOST_SHOWN] + ["..."] * (len(unexpected) > MOST_SHOWN)
        raise ValueError(
            f"monotonic_cst contains {len(unexpected)} unexpected feature names: {shown}."
        )
    for name, direction in choice.items():
        if direction not in VALUES:
            raise ValueError(
                f"monotonic_cst[{name!r}] must be either -1, 0 or 1. Got {direction!r}."
            )
    return np.array([int(choice.get(name, 0)) for name in names])


def _of_all(choice: Any, n_columns: int) -> np.ndarray:
    """Return the directions of all columns (n_columns,), given one by one."""
    given = np.asarray(choice)
    unexpected = [value for value in given.ravel().tolist() if value not in VALUES]
    if unexpected:
        raise ValueError(
            "monotonic_cst must be an array-like of -1, 0 or 1. Observed values: "
            f"{list(dict.fromkeys(unexpected))}."
        )
    found = given.astype(np.int64)
    if found.shape != (n_columns,):
        raise ValueError(
            f"monotonic_cst has shape {found.shape} but the input data X has {n_columns} "
            "features."
        )
    return found


def _check_loss(choice: Any, loss: Loss, n_raw_outputs: int) -> None:
    """Raise ValueError if what is predicted is no increasing function of raw outputs."""
    if loss.link.increases_in(n_raw_outputs) is not None:
        return
    if loss.takes_codes:
        raise ValueError(
            "monotonic constraints are not supported for multiclass classification. Leave "
            "monotonic_cst at None, or merge the classes to two."
        )
    raise ValueError(
        f"monotonic constraints are not supported with loss={choice!r}: its "
        f"{type(loss.link).__name__} does not tell in which raw outputs it increases. "
        "Leave monotonic_cst at None, or define increases_in in your link."
    )


def _check_categories(found: np.ndarray, columns: Columns) -> None:
    """Raise ValueError if a column with a direction has categories, not booleans."""
    is_wrong = columns.is_categorical & ~columns.is_boolean
    wrong = np.flatnonzero((found != 0) & is_wrong)
    if len(wrong):
        names = columns.names
        first = wrong[0] if names is None else repr(names[wrong[0]])
        raise ValueError(
            f"Categorical features cannot have monotonic constraints, but column {first} "
            "has one and is categorical. Set its direction in monotonic_cst to 0, or, if "
            "its categories have an order, make them numbers before the fit."
        )


def _check_solver(solver: Solver) -> None:
    """Raise ValueError if a solver that minimises the whole objective takes no bounds."""
    if solver.stochastic:
        return
    taken = inspect.signature(solver.minimize).parameters
    takes_all = any(own.kind is own.VAR_KEYWORD for own in taken.values())
    if "bounds" not in taken and not takes_all:
        raise ValueError(
            f"monotonic_cst cannot be guaranteed with solver={solver!r}: its minimize "
            "takes no bounds. Add the argument bounds=None to it, and keep each parameter "
            "between bounds[0] and bounds[1], or use another solver, such as 'lbfgs'."
        )


def _check_layers(components: Components) -> None:
    """Raise ValueError if what hidden layers compute does not increase."""
    if components.hidden_units and components.normalization != AS_THEY_ARE:
        raise ValueError(
            "monotonic_cst cannot be guaranteed with normalization="
            f"{components.normalization!r}: each normalised unit decreases in the other "
            "units. Leave normalization at None."
        )
    for activation in components.activations:
        if not activation.is_increasing:
            increasing = (name for name, own in ACTIVATIONS.items() if own().is_increasing)
            raise ValueError(
                f"monotonic_cst cannot be guaranteed with the activation {activation!r}, "
                "which does not increase everywhere. Use one of "
                f"{', '.join(map(repr, increasing))}. If it is your own and increases, set "
                "is_increasing = True in its class."
            )


def directions_of(
    of_columns: np.ndarray | None,
    loss: Loss,
    n_raw_outputs: int,
    encoding: Encoding | None = None,
) -> Directions | None:
    """Return the directions of the network's inputs and outputs, from those of columns."""
    if of_columns is None:
        return None
    inputs = of_columns if encoding is None else encoding.directions(of_columns)
    outputs = loss.link.increases_in(n_raw_outputs)
    assert outputs is not None
    return Directions(tuple(inputs.tolist()), tuple(outputs.tolist()))
