"""Validation of a table, and its conversion to one matrix of numbers and codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import all_finite, total
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.inputs import (
    check_arrays,
    check_features,
    validated,
)
from skshallow._estimators.columns.columns import (
    ALL_HAVE_VALUES,
    Columns,
    WithoutValues,
    has_columns,
    learn_and_encode,
)
from skshallow._estimators.columns.problems import count_of, listed_columns
from skshallow._estimators.columns.reading import unbatched, with_lists
from skshallow._estimators.columns.shape import check_is_table
from skshallow._estimators.columns.sparse_frames import matrix_of_sparse_frame
from skshallow._estimators.columns.tables_of_numbers import array_of_numbers


def read_matrix(
    estimator: Any,
    X: Any,
    known: Columns | None = None,
    *,
    categorical_features: Any = None,
    unused_levels: bool = False,
    reset: bool = False,
    without_values: WithoutValues = ALL_HAVE_VALUES,
    input_name: str = "X",
    y_name: str = "y",
    **options: Any,
) -> tuple[Any, Columns | None]:
    """Return X as a matrix (n_rows, n_columns), and what its columns are.

    The second is None for plain numbers: arrays, sparse matrices and data frames without
    categories. Missing numbers are NaN; categories are codes, see `Columns.encode`. With
    `y` among the `options`, the first is the pair of X and y.

    Parameters
    ----------
    estimator : estimator
        On which scikit-learn sets the number and names of the features if `reset`, or
        checks them.
    X : {data frame, array-like, sparse matrix} of shape (n_rows, n_columns)
    known : Columns or None
        What the columns were when they were learned.
    categorical_features, unused_levels
        As for `learn_columns`; used if `reset`.
    reset : bool
        Whether to learn what the columns are.
    without_values : WithoutValues
        Unless `reset`, the columns of which the estimator had no value so far.
    input_name, y_name : str
        The names of X and y, for errors.
    **options
        For `check_arrays`.
    """
    X = with_lists(unbatched(X))
    is_boolean = () if known is None or reset else known.booleans_beside_numbers
    numbers = array_of_numbers(X, is_boolean) if known is None or is_boolean else None
    if numbers is None:
        check_is_table(X, input_name)
    options["ensure_all_finite"] = "allow-nan"
    names = input_name, y_name
    X = _unmasked(X)
    chosen = categorical_features if reset else None
    table = X if numbers is None else numbers
    if known is None and not has_columns(table, chosen, input_name=input_name):
        matrix = matrix_of_sparse_frame(X, input_name) if numbers is None else numbers
        if not reset and without_values.left_out:
            matrix = _emptied(X if matrix is None else matrix, without_values.left_out)
        with _naming_infinite(X, matrix, input_name):
            found = validated(
                estimator, X, matrix=matrix, reset=reset, names=names, **options
            )
        _refuse_missing_in_sparse(found[0] if "y" in options else found, input_name)
        return found, None
    if reset:
        known, matrix = learn_and_encode(
            X,
            categorical_features,
            unused_levels=unused_levels,
            input_name=input_name,
        )
        check_features(estimator, X, reset=True, input_name=input_name)
    else:
        check_features(estimator, X, reset=False, input_name=input_name)  # names first
        columns = known or Columns.of_numbers(estimator.n_features_in_)
        if numbers is not None and all_finite(numbers):
            matrix = columns.encode_booleans(numbers)
        else:
            matrix = columns.encode(X, without_values=without_values, input_name=input_name)
    return check_arrays(estimator, matrix, names=names, dtype=None, **options), known


@contextmanager
def _naming_infinite(X: Any, matrix: Any, input_name: str) -> Iterator[None]:
    """Name the columns with infinity in the error of scikit-learn, which names none.

    The `matrix` is that of a data frame X of numbers or of sparse columns, else None.
    """
    try:
        yield
    except ValueError as error:
        if not str(error).startswith(f"Input {input_name} contains infinity"):
            raise
        if sparse.issparse(X) or sparse.issparse(matrix):
            found = X.tocsr() if matrix is None else matrix
            names = None if matrix is None else X.columns
            raise ValueError(_what_is_infinite(found, names, input_name)) from error
        table = _with_columns(X)
        n_columns = len(table[0]) if isinstance(table, list | tuple) else table.shape[1]
        Columns.of_numbers(n_columns).encode(table, input_name=input_name)  # raises
        raise


def _with_columns(X: Any) -> Any:
    """Return a data frame or a list of lists as it is, all else as an array."""
    if isinstance(X, list | tuple) and all(isinstance(row, list | tuple) for row in X):
        return X
    return X if nw.dependencies.is_into_dataframe(X) else np.asanyarray(in_numpy(X))


def _what_is_infinite(matrix: Any, names: Any, input_name: str) -> str:
    """Return which columns of a CSR matrix have infinity, and what to do about it.

    It holds a data frame if the columns have `names`.
    """
    infinite = ~np.isfinite(matrix.data)
    per_column = np.bincount(matrix.indices[infinite], minlength=matrix.shape[1])
    remedy = "{X}.data[~np.isfinite({X}.data)] = 0"
    if names is not None:
        remedy = "{X} = {X}.sparse.to_dense().replace([np.inf, -np.inf], np.nan)"
    return (
        f"{input_name} is sparse and has infinity or numbers too large: "
        f"{listed_columns(names, per_column)}. Leave their rows out, or replace them:\n"
        f"    {remedy.format(X=input_name)}"
    )


def _emptied(X: Any, columns: Sequence[int]) -> Any:
    """Return an array of numbers with these columns missing, and all else as it is."""
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "iuf":
        return X
    X = X.astype(np.float32 if X.dtype == np.float32 else np.float64)
    X[:, [j for j in columns if j < X.shape[1]]] = np.nan
    return X


def _unmasked(X: Any) -> Any:
    """Return numbers with NaN where X is masked; all else as it is."""
    if not np.ma.is_masked(X) or X.dtype.kind not in "biuf":
        return X
    dtype = np.float32 if X.dtype == np.float32 else np.float64
    return np.ma.filled(X.astype(dtype), np.nan)


def has_missing(matrix: Any) -> bool:
    """Return whether some entries of a matrix may be NaN; certain if the answer is no.

    The sum of finite numbers is NaN only if partial sums overflow in both directions.
    """
    if sparse.issparse(matrix):
        return False  # refused before
    return math.isnan(total(matrix))


def _refuse_missing_in_sparse(matrix: Any, input_name: str) -> None:
    """Raise ValueError if stored entries of a sparse matrix are NaN."""
    if not sparse.issparse(matrix):
        return
    missing = np.isnan(matrix.data)
    if missing.any():
        per_column = np.bincount(matrix.indices[missing], minlength=matrix.shape[1])
        raise ValueError(
            f"{input_name} is sparse and has {count_of(missing.sum(), 'missing value')} "
            f"(NaN): {listed_columns(None, per_column)}. Missing values are filled "
            "only in dense tables: pass "
            f"{input_name}.toarray(), or a sklearn.impute.SimpleImputer before the net."
        )
