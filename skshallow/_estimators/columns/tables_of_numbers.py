"""Data frames of pandas and polars, and lists of rows, with numbers only, as arrays.

Their distinct types decide: a look at each column takes longer than to predict a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from skshallow._estimators.columns.values import NUMBERS, kind_of_type

BEYOND_NUMPY = "Int128", "UInt128"  # integers of which NumPy has no dtype
# Names of the classes of dtypes of pandas, which are NumPy's, and of polars.
BOOLEANS = "BoolDType", "Boolean"
SINGLE = {"Float32DType"}, {"Float32"}


def array_of_numbers(X: Any, is_boolean: Sequence[bool] = ()) -> np.ndarray | None:
    """Return a table of NumPy's numbers as an array (n_rows, n_columns), None for all else.

    A frame without columns, or with repeated names, and rows of unequal lengths are left to
    those who refuse them.

    Parameters
    ----------
    X : table
    is_boolean : sequence of bool
        Which columns of a frame are booleans; no others may be, and none if it is empty.
        They are 0 and 1 in the array, whose dtype is that of `Columns.encode`.
    """
    if isinstance(X, np.ndarray):  # narwhals would ask what else it is
        return None
    if isinstance(X, list | tuple):
        array = None if any(is_boolean) else _array_of_rows(X)
    elif nw.dependencies.is_pandas_dataframe(X):
        array = _array_of_frame(X, is_boolean) if X.columns.is_unique else None
    elif nw.dependencies.is_polars_dataframe(X):
        array = _array_of_frame(X, is_boolean)
    else:
        return None
    return array if array is not None and _is_numeric(array.dtype) else None


def _array_of_rows(rows: Sequence[Any]) -> np.ndarray | None:
    """Return rows of numbers, of equal lengths, as an array."""
    are_rows = bool(rows) and all(isinstance(row, list | tuple) for row in rows)
    if not are_rows or len(set(map(len, rows))) != 1 or not rows[0]:
        return None
    types = set(map(type, chain.from_iterable(rows)))
    return np.array(rows) if all(kind_of_type(cls) == NUMBERS for cls in types) else None


def _array_of_frame(X: Any, is_boolean: Sequence[bool]) -> np.ndarray | None:
    """Return a frame of pandas or polars as an array."""
    all_dtypes = list(X.dtypes)
    classes = list(map(type, all_dtypes))
    dtypes = dict(zip(classes, all_dtypes, strict=True))
    booleans = {cls for cls in dtypes if cls.__name__ in BOOLEANS}
    numbers = {cls: dtype for cls, dtype in dtypes.items() if cls not in booleans}
    if not dtypes or not all(map(_is_numeric, numbers.values())):
        return None
    if not booleans:
        return None if any(is_boolean) else X.to_numpy()
    if [cls in booleans for cls in classes] != list(is_boolean):
        return None
    is_single = {cls.__name__ for cls in numbers} in SINGLE
    dtype = np.float32 if is_single else np.float64
    if isinstance(all_dtypes[0], np.dtype):  # without it, pandas makes objects of booleans
        return X.to_numpy(dtype=dtype)
    return X.to_numpy().astype(dtype, copy=False)


def _is_numeric(dtype: Any) -> bool:
    """Return whether a dtype of NumPy, pandas or polars is of NumPy's numbers."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iuf"
    return hasattr(dtype, "is_integer") and is_of_numpy(dtype)  # pandas' own have it not


def is_of_numpy(dtype: Any) -> bool:
    """Return whether a dtype of polars or narwhals is of integers or floats of NumPy."""
    return dtype.is_float() or (dtype.is_integer() and str(dtype) not in BEYOND_NUMPY)
