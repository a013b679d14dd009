"""Data frames of pandas and polars with numbers only, as arrays."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

BEYOND_NUMPY = "Int128", "UInt128"  # integers of which NumPy has no dtype


def array_of_numeric_frame(X: Any) -> np.ndarray | None:
    """Return a frame of NumPy's numbers as an array (n_rows, n_columns), None for all else.

    Its distinct dtypes decide: a look at each column takes longer than to predict a row.
    One without columns, or with repeated names, is left to those who refuse it.
    """
    if isinstance(X, np.ndarray | list | tuple):  # narwhals would ask what else it is
        return None
    if nw.dependencies.is_pandas_dataframe(X):
        is_numeric = X.columns.is_unique and all(map(_is_numeric, set(X.dtypes)))
    elif nw.dependencies.is_polars_dataframe(X):
        is_numeric = all(map(is_of_numpy, {type(own): own for own in X.dtypes}.values()))
    else:
        return None
    if not is_numeric or not X.shape[1]:
        return None
    array = X.to_numpy()
    return array if _is_numeric(array.dtype) else None


def is_of_numpy(dtype: Any) -> bool:
    """Return whether a dtype of polars or narwhals is of integers or floats of NumPy."""
    return dtype.is_float() or (dtype.is_integer() and str(dtype) not in BEYOND_NUMPY)


def _is_numeric(dtype: Any) -> bool:
    """Return whether a dtype is one of NumPy's, of integers or floats."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"
