"""The values of the columns of a table, as one array beside their effects."""

from __future__ import annotations

from typing import Any

import numpy as np

from skshallow._arrays.linalg import as_dense
from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.columns import read_matrix
from skshallow._estimators.columns.reading import read_columns


def values_of_columns(net: Any, X: Any) -> np.ndarray:
    """Return the table X, as the net takes it, as an array (n_samples, n_columns).

    It is of numbers, or of objects if there are categories; NaN where missing.
    """
    known = net._columns
    matrix, _ = read_matrix(net, X, known, without_values=net._without_values)
    matrix = as_dense(to_numpy(matrix))
    categories = [] if known is None else np.flatnonzero(known.n_levels).tolist()
    if not categories:
        return matrix
    values, columns = matrix.astype(object), read_columns(X, "X")
    for j in categories:
        values[:, j] = columns[j].values
        values[columns[j].missing, j] = np.nan
    return values
