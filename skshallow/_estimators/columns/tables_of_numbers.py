"""Data frames of pandas, polars and Arrow, and lists of rows, with numbers only, as arrays.

Their distinct types decide: a look at each column takes longer than to predict a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from skshallow._estimators.columns.shape import are_rows
from skshallow._estimators.columns.values import NUMBERS, kind_of_type

BEYOND_NUMPY = "Int128", "UInt128"  # integers of which NumPy has no dtype
BOOLEAN = np.dtype(bool)
ARROW_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def array_of_numbers(X: Any, is_boolean: Sequence[bool] = ()) -> np.ndarray | None:
    """Return a table of NumPy's numbers as an array (n_rows, n_columns), None for all else.

    A frame without columns, or with repeated names, and rows of unequal lengths are left to
    those who refuse them. A missing number is NaN.

    Parameters
    ----------
    X : table
    is_boolean : sequence of bool
        Which columns are booleans; no others may be, and none if it is empty. They are 0
        and 1 in the array, whose dtype is that of `Columns.encode`.
    """
    if isinstance(X, np.ndarray):  # narwhals would ask what else it is
        return None
    if isinstance(X, list | tuple):
        array = _array_of_lists(X, is_boolean)
    elif nw.dependencies.is_pandas_dataframe(X):
        array = _array_of_pandas(X, is_boolean)
    elif nw.dependencies.is_polars_dataframe(X):
        array = _array_of_polars(X, is_boolean)
    elif nw.dependencies.is_pyarrow_table(X) and not any(is_boolean):
        array = _array_of_arrow(X)
    else:
        return None
    return array if array is not None and _is_numeric(array.dtype) else None


def _array_of_lists(rows: list | tuple, is_boolean: Sequence[bool]) -> np.ndarray | None:
    """Return rows of numbers, of equal lengths, as an array."""
    if rows and all(map(is_row_of_numbers, rows)):
        is_table = len(set(map(len, rows))) == 1 and not any(is_boolean)
        return np.array(rows) if is_table else None
    if not are_rows(rows) or not rows[0]:
        return None
    types = set(map(type, chain.from_iterable(rows)))
    others = types & {bool, type(None)}
    if bool in types or any(is_boolean):
        found = ([type(value) is bool for value in row] for row in rows)
        if not all(_are_as_expected(each, is_boolean) for each in found):
            return None
    if not all(kind_of_type(cls) == NUMBERS for cls in types - others):
        return None
    try:
        return np.array(rows, dtype=np.float64 if others else None)
    except OverflowError:  # of an integer that no float holds
        return None


def _array_of_pandas(X: Any, is_boolean: Sequence[bool]) -> np.ndarray | None:
    """Return a frame of pandas as an array."""
    all_dtypes = list(X.dtypes)
    dtypes = set(all_dtypes) - {BOOLEAN}
    numbers = {getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes}
    if not all_dtypes or not X.columns.is_unique or not all(map(_is_numeric, numbers)):
        return None
    if not _are_as_expected([dtype == BOOLEAN for dtype in all_dtypes], is_boolean):
        return None
    if not any(is_boolean) and dtypes == numbers:
        return X.to_numpy()
    missing = {} if dtypes == numbers else {"na_value": np.nan}  # which NumPy's have not
    return X.to_numpy(dtype=np.float32 if is_single(numbers) else np.float64, **missing)


def _array_of_polars(X: Any, is_boolean: Sequence[bool]) -> np.ndarray | None:
    """Return a frame of polars as an array."""
    all_dtypes = X.dtypes
    names = [type(dtype).__name__ for dtype in all_dtypes]
    dtypes = dict(zip(names, all_dtypes, strict=True))
    dtypes.pop("Boolean", None)
    if not names or not all(map(is_of_numpy, dtypes.values())):
        return None
    if not _are_as_expected([name == "Boolean" for name in names], is_boolean):
        return None
    array = X.to_numpy()
    if any(is_boolean) or array.dtype.kind == "f":  # also of integers, some of them missing
        is_single = array.dtype == np.float32 and "Float32" in names
        array = array.astype(np.float32 if is_single else np.float64, copy=False)
    return array


def _array_of_arrow(X: Any) -> np.ndarray | None:
    """Return a table of Arrow as an array."""
    names = {str(dtype) for dtype in X.schema.types}
    names = {ARROW_FLOATS.get(name, name) for name in names}
    are_numbers = all(name.startswith(("int", "uint", "float")) for name in names)
    if not names or not are_numbers or len(set(X.column_names)) != X.num_columns:
        return None
    return np.stack([column.to_numpy() for column in X.columns], axis=1)


def _are_as_expected(found: list[bool], is_boolean: Sequence[bool]) -> bool:
    """Return whether the columns that were found to be booleans are those expected."""
    return found == (list(is_boolean) or [False] * len(found))


def is_row_of_numbers(row: Any) -> bool:
    """Return whether a row is a plain array of numbers."""
    return type(row) is np.ndarray and row.ndim == 1 and _is_numeric(row.dtype)


def is_single(dtypes: set[np.dtype]) -> bool:
    """Return whether single precision holds numbers of all these dtypes of NumPy.

    If some are floats: integers alone are computed with in double precision.
    """
    return bool(dtypes) and np.result_type(*dtypes) == np.float32


def is_of_numpy(dtype: Any) -> bool:
    """Return whether a dtype of polars or narwhals is of integers or floats of NumPy."""
    return dtype.is_float() or (dtype.is_integer() and str(dtype) not in BEYOND_NUMPY)


def _is_numeric(dtype: Any) -> bool:
    """Return whether a dtype is one of NumPy's, of integers or floats."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"
