"""Input validation: arrays, frames, labels and weights, with errors that name the column.

Labels of pandas' own types become plain arrays, in which large integers stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    validate_data,
)

from skshallow._estimators.checks.array_api import in_numpy, namespace_of


def refuse_containers(**arguments: Any) -> None:
    """Raise TypeError or ValueError for what can be no array, by the argument's name."""
    for name, value in arguments.items():
        kind = type(value).__name__
        if isinstance(value, Iterator):
            raise TypeError(
                f"{name} is a {kind}, which can be read only once. Pass list({name})."
            )
        if type(value) in (dict, set, frozenset):  # a sparse DOK array is a dict, too
            raise TypeError(
                f"{name} is a {kind}, which is no array. Pass an array, a list or a data "
                "frame."
            )
        if hasattr(value, "collect") and not hasattr(value, "shape"):
            raise TypeError(f"{name} is a {kind}, without values yet: pass its .collect().")
        if np.ma.is_masked(value):
            raise ValueError(
                f"{name} has masked entries, which a net cannot learn from. Fill them, "
                f"{name}.filled(value), or leave their rows out."
            )


def validated(estimator: Any, X: Any, **options: Any) -> Any:
    """Return what scikit-learn's `validate_data` makes of X: floats, dense or CSR.

    If X is a frame with a column that is to blame for an error, that one names it.
    """
    xp = namespace_of(X)
    try:
        return validate_data(
            estimator, X, accept_sparse="csr", dtype=(xp.float64, xp.float32), **options
        )
    except (TypeError, ValueError) as error:
        refuse_columns(X, error)
        raise


def plain_labels(y: Any) -> Any:
    """Return labels without pandas' types and NumPy's strings of variable width.

    scikit-learn reads nullable integers and booleans as floats, where neighbours above
    2^53 are equal; here they keep the type that their name says.
    """
    if isinstance(y, np.ndarray) and y.dtype.kind == "T":
        return y.astype(object)
    if not hasattr(y, "isna") or getattr(y, "ndim", 1) != 1:
        return y
    missing = np.asarray(y.isna())
    if missing.any():
        raise ValueError(
            f"y has {missing.sum()} missing values, the first in row {missing.argmax()} "
            "(counted from 0). Rows without a label cannot train a classifier: leave them "
            "out, y.dropna(), with their rows of X."
        )
    if hasattr(y.dtype, "numpy_dtype"):
        return np.asarray(y, dtype=y.dtype.numpy_dtype)
    return np.asarray(y) if hasattr(y.dtype, "categories") else y


def check_weights(sample_weight: Any, X: Any, name: str) -> np.ndarray | None:
    """Return sample weights (n_samples,) in float64, or None.

    They are scaled by a power of 2, which rounds nothing, so that the largest lies in
    [0.5, 1) and their products with other weights do not overflow.
    """
    if sample_weight is None:
        return None
    weight = in_numpy(sample_weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.ndim != 1:
        raise ValueError(f"{name} must be 1-dimensional, got shape {weight.shape}.")
    check_consistent_length(X, weight)
    if (weight < 0).any():
        raise ValueError(f"{name} must not be negative; the smallest is {weight.min()}.")
    if not weight.any():
        raise ValueError(f"{name} is zero for every row; at least one must be positive.")
    return np.ldexp(weight, -np.frexp(weight.max())[1])


def relative(weight: np.ndarray | None) -> np.ndarray | None:
    """Return weights (n_samples,) of which the largest is 1, None of None."""
    return None if weight is None else weight / weight.max()


def check_groups(groups: Any, X: Any) -> np.ndarray | None:
    """Return the groups of rows (n_samples,) as integers, or None."""
    if groups is None:
        return None
    refuse_containers(groups=groups)
    groups = check_array(in_numpy(groups), ensure_2d=False, dtype=None, input_name="groups")
    if groups.ndim != 1:
        raise ValueError(f"groups must be 1-dimensional, got shape {groups.shape}.")
    try:
        check_consistent_length(X, groups)
    except ValueError as error:
        raise ValueError(
            f"groups has {len(groups)} entries; give the group of each row of X."
        ) from error
    try:
        return np.unique(groups, return_inverse=True)[1]
    except TypeError as error:  # from sorting
        raise ValueError(
            "groups has entries of several types, or missing ones. Give numbers, or "
            "strings, one for each row of X."
        ) from error


def refuse_columns(X: Any, cause: Exception) -> None:
    """Raise ValueError from `cause` if a column of the frame X holds no numbers."""
    if not hasattr(X, "columns"):
        return
    names = list(X.columns)
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"X has {names.count(name)} columns named {name!r}. Give each a name of "
                "its own."
            ) from cause
        column = np.asarray(X[name])
        for value in column:
            if not _is_number(value):
                raise ValueError(
                    f"Column {name!r} of X holds {str(value)!r}, which is no number. "
                    "Encode it, with sklearn.preprocessing.OneHotEncoder before the net "
                    "for instance, or leave the column out."
                ) from cause


def _is_number(value: Any) -> bool:
    """Return whether `value` can be read as a float; a time cannot."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return False
    try:
        np.asarray(value).astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True
