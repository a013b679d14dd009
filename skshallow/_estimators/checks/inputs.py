"""Validation of arrays, groups and sample weights."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    validate_data,
)

from skshallow._arrays.namespace import without_overflow_warnings
from skshallow._estimators.checks.array_api import in_numpy, namespace_of
from skshallow._estimators.checks.user_warnings import warn_user

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
NOT_GIVEN = object()  # None is a target that was forgotten


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Begin errors about an argument with its `name`, if they do not contain it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error


def checked(array: Any, name: str, **options: Any) -> Any:
    """Return what scikit-learn's `check_array` returns; each error has the `name`."""
    if np.isscalar(array) or getattr(array, "ndim", None) == 0:
        raise ValueError(
            f"{name} is the single value {repr(array)[:60]}; it needs one for each row."
        )
    with naming(name):
        return check_array(array, input_name=name, **options)


def refuse_containers(**arguments: Any) -> None:
    """Raise TypeError or ValueError for arguments that cannot be converted to arrays."""
    for name, value in arguments.items():
        kind = type(value).__name__
        if isinstance(value, Iterator):
            raise TypeError(
                f"{name} is a {kind}, which can be read only once. Pass list({name})."
            )
        if type(value) in (dict, set, frozenset):  # a sparse DOK array is a dict, too
            raise TypeError(
                f"{name} is a {kind}, which is not an array. Pass an array, a list or a "
                "data frame."
            )
        if hasattr(value, "collect") and not hasattr(value, "shape"):
            raise TypeError(f"{name} is a lazy {kind}. Pass {name}.collect().")


def _refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if entries of an array are masked."""
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} has masked entries. Fill them with {name}.filled(value), or leave "
            "their rows out."
        )


def validated(
    estimator: Any,
    X: Any,
    *,
    matrix: Any = None,
    reset: bool,
    names: tuple[str, str] = ("X", "y"),
    **options: Any,
) -> Any:
    """Return X as floats, dense or CSR; with `y` among the `options`, X and y.

    This is scikit-learn's `validate_data` with errors that say what the arguments, X and y,
    are called: `names`. If there is a `matrix` of what X holds, it is returned, and only
    the number and names of the features are those of X.
    """
    matrix = X if matrix is None else matrix
    xp = namespace_of(matrix)
    floats: dict[str, Any] = {"accept_sparse": "csr", "dtype": (xp.float64, xp.float32)}
    found = check_arrays(estimator, matrix, names=names, **floats, **options)
    check_features(estimator, X, reset=reset, input_name=names[0])
    return found


def check_features(estimator: Any, X: Any, *, reset: bool, input_name: str) -> None:
    """Set the number and names of the features on the estimator if `reset`, or check them.

    scikit-learn, which does both, speaks of X. Other arguments are called `input_name`.
    """
    # scikit-learn would find this, too, but takes longer for it than to predict a row.
    if not reset and _has_its_names(estimator, X):
        return
    if not reset and _has_its_columns(estimator, X):
        if not hasattr(estimator, "feature_names_in_"):
            return
        if input_name != "X":
            warn_user(
                f"{input_name} does not have valid feature names, but "
                f"{type(estimator).__name__} was fitted with feature names",
                UserWarning,
            )
            return
    try:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    except ValueError as error:
        if input_name == "X":
            raise
        what = str(error).replace("X has", f"{input_name} has", 1)
        raise ValueError(
            f"{input_name} must have the features of the X that fit was given. {what}"
        ) from error


def _has_its_names(estimator: Any, X: Any) -> bool:
    """Return whether X is a frame of pandas or polars with the names that a fit had."""
    known = getattr(estimator, "feature_names_in_", None)
    if known is None or isinstance(X, np.ndarray):
        return False
    if nw.dependencies.is_pandas_dataframe(X):
        return X.columns.tolist() == known.tolist()
    return nw.dependencies.is_polars_dataframe(X) and X.columns == known.tolist()


def _has_its_columns(estimator: Any, X: Any) -> bool:
    """Return whether X, checked and without names, has as many columns as a fit had."""
    n_columns = getattr(estimator, "n_features_in_", None)
    if isinstance(X, list | tuple):
        has_rows = bool(X) and isinstance(X[0], list | tuple | np.ndarray)
        return has_rows and len(X[0]) == n_columns
    is_array = type(X) is np.ndarray or sparse.issparse(X)
    return is_array and X.shape[1:] == (n_columns,)


def check_arrays(
    estimator: Any,
    X: Any,
    y: Any = NOT_GIVEN,
    *,
    names: tuple[str, str],
    y_numeric: bool = False,
    **options: Any,
) -> Any:
    """Return X, or X and y, as scikit-learn's `check_array` does with these `options`.

    `y` may have several columns. Errors call the arguments by their `names`.
    """
    X = _in_floats(X)
    allow_nan = options.get("ensure_all_finite") == "allow-nan"
    if _is_valid(X, options.get("ensure_min_samples", 1), allow_nan):
        matrix = X
    else:
        matrix = checked(X, names[0], estimator=estimator, **options)
    if y is NOT_GIVEN:
        return matrix
    targets = checked_targets(estimator, y, names[1], numeric=y_numeric)
    check_lengths({names[0]: matrix, names[1]: targets})
    return matrix, targets


def _in_floats(X: Any) -> Any:
    """Return a table of numbers or booleans as native floats, all else as it is.

    Single precision stays; all other numbers become double.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or X.dtype.kind not in "iubf":
        return X
    is_single = X.dtype.kind == "f" and X.dtype.itemsize == 4
    return X.astype(np.float32 if is_single else np.float64, copy=False)


@without_overflow_warnings()
def _is_valid(X: Any, n_rows: int, allow_nan: bool) -> bool:
    """Return whether X is a table of finite floats, of at least `n_rows` rows.

    It is dense or CSR, and may have NaN if these are allowed. scikit-learn returns it as it
    is, but takes longer for that than to predict a row.
    """
    is_dense = type(X) is np.ndarray
    is_table = (is_dense or getattr(X, "format", "") == "csr") and X.ndim == 2
    if not is_table or X.dtype not in FLOATS or X.shape[0] < n_rows or X.shape[1] == 0:
        return False
    values = X if is_dense else X.data
    if math.isfinite(values.sum()):
        return True
    return allow_nan and not np.isinf(values).any()  # else it is left to scikit-learn


def checked_targets(estimator: Any, y: Any, name: str, *, numeric: bool) -> Any:
    """Return targets (n,) or (n, n_outputs), as floats if `numeric`; `name` is for errors.

    They may be sparse.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the "
            f"target {name} is None."
        )
    y = checked(
        y, name, accept_sparse="csr", ensure_2d=False, dtype=None, estimator=estimator
    )
    return as_numbers(y, name) if numeric else y


def check_lengths(arrays: Mapping[str, Any]) -> None:
    """Raise ValueError unless all arrays, by their names, have the same number of rows."""
    lengths = {name: array.shape[0] for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {shown}."
        )


def as_numbers(y: Any, name: str) -> Any:
    """Return targets as floats if they are objects or strings, else as they are.

    Raises ValueError if they are not finite then: strings may say "nan".
    """
    if getattr(y.dtype, "kind", "") not in ("O", "U", "S", "T"):
        return y
    why = "a regressor predicts numbers. Use a classifier for labels."
    with _telling_of_others(y, name, why):
        numbers = y.astype(np.float64)
    if sparse.issparse(y):  # which scikit-learn has found to be finite
        return numbers
    is_finite = np.isfinite(numbers)
    if not is_finite.all():
        row, *_ = np.argwhere(~is_finite)[0]
        raise ValueError(
            f"{name} has the value {repr(y[~is_finite][0])[:60]} in row {row} "
            "(counted from 0), which is not a finite number. A net cannot learn from such "
            "rows: leave them out."
        )
    return numbers


@contextmanager
def _telling_of_others(values: Any, name: str, why: str) -> Iterator[None]:
    """Name the first of the `values` that is not a real number, if one causes an error."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        entries = np.asarray(values, dtype=object)
        rows = entries.ravel().tolist() if entries.ndim else []  # a sparse matrix has none
        others = [value for value in rows if not _is_number(value)]
        if not others:
            raise
        raise ValueError(
            f"{name} has the value {repr(others[0])[:60]}, which cannot be converted to a "
            f"number, and {why}"
        ) from error


def check_weights(
    sample_weight: Any, X: Any, name: str, X_name: str = "X"
) -> np.ndarray | None:
    """Return sample weights (n_samples,) in float64, or None.

    They are scaled by a power of 2, which rounds nothing, so that the largest lies in
    [0.5, 1) and their products with other weights do not overflow.
    """
    if sample_weight is None:
        return None
    _refuse_masked(sample_weight, name)
    weight = in_numpy(sample_weight)
    if np.asarray(weight).dtype.kind in "mM":
        raise ValueError(f"{name} has times. Weights are numbers, 0 or greater.")
    with _telling_of_others(weight, name, "weights are numbers, 0 or greater."):
        weight = checked(weight, name, ensure_2d=False, dtype=np.float64)
    if weight.ndim != 1:
        raise ValueError(f"{name} must be 1-dimensional, got shape {weight.shape}.")
    check_lengths({X_name: X, name: weight})
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
    _refuse_masked(groups, "groups")
    groups = checked(in_numpy(groups), "groups", ensure_2d=False, dtype=None)
    if groups.ndim != 1:
        raise ValueError(f"groups must be 1-dimensional, got shape {groups.shape}.")
    if groups.dtype.kind in "mM" and np.isnat(groups).any():
        raise ValueError("groups has missing times (NaT). Give the group of each row of X.")
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


def _is_number(value: Any) -> bool:
    """Return whether `value` can become a float; times and complex numbers cannot."""
    if isinstance(value, np.datetime64 | np.timedelta64 | complex | np.complexfloating):
        return False
    try:
        np.asarray(value).astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
