"""Data frames of pandas with sparse columns only, as sparse matrices."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from skshallow._estimators.columns.problems import count_of, listed_columns
from skshallow._estimators.columns.reading import is_sparse


def matrix_of_sparse_frame(X: Any, input_name: str) -> sparse.csr_array | None:
    """Return a frame of sparse columns as floats (n_rows, n_columns), None for all else.

    Booleans become 0 and 1. A column that leaves out other values than 0 has them all
    stored; one that leaves out NaN has often none.

    Raises
    ------
    ValueError
        If values are missing: they are filled in dense tables only.
    """
    if isinstance(X, np.ndarray | list | tuple):
        return None
    if not (nw.dependencies.is_pandas_dataframe(X) and X.shape[1]):
        return None
    if not all(map(is_sparse, X.dtypes)):
        return None
    columns = [series for _, series in X.items()]
    parts = [_stored(series.array) for series in columns]
    missing = [int(np.isnan(values).sum()) for _, values in parts]
    if any(missing):
        names = listed_columns(X.columns, missing)
        raise ValueError(
            f"{input_name} is a data frame of sparse columns and has "
            f"{count_of(sum(missing), 'missing value')} (NaN): {names}. Missing values are "
            "filled only in dense tables:\n"
            f"    {input_name} = {input_name}.sparse.to_dense()"
        )
    is_single = all(series.dtype.subtype == np.float32 for series in columns)
    dtype = np.float32 if is_single else np.float64
    starts = np.cumsum([0, *(len(rows) for rows, _ in parts)])
    rows = np.concatenate([rows for rows, _ in parts])
    values = np.concatenate([values.astype(dtype) for _, values in parts])
    return sparse.csc_array((values, rows, starts), shape=X.shape).tocsr()


def _stored(array: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a sparse column's values that are not 0, and these."""
    if array.fill_value == 0:  # False, too
        rows, values = array.sp_index.to_int_index().indices, np.asarray(array.sp_values)
    else:
        values = np.asarray(array)
        rows = np.arange(len(values), dtype=np.int32)
    is_stored = values != 0
    return rows[is_stored], values[is_stored]
