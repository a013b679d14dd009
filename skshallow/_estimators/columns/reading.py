"""Tables of any container as columns: data frames, arrays of objects, lists of rows.

Data frames (pandas, polars, Arrow and others) are read through narwhals, so that the same
rows give the same columns from each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from skshallow._estimators.columns.shape import are_rows, refuse_repeated_names
from skshallow._estimators.columns.tables_of_numbers import (
    array_of_numbers,
    is_of_numpy,
    is_row_of_numbers,
)
from skshallow._estimators.columns.values import (
    DATES,
    DURATIONS,
    EMPTY,
    NUMBERS,
    STRINGS,
    TIMES_OF_DAY,
    as_level,
    distinct,
    kind_of,
    kind_of_type,
    missing_in,
    objects,
)

ARRAY, LIST = "array", "list"  # the containers of columns without names
# Python code that gives a column of a container; of other data frames, their column.
CODE_OF_COLUMN = {
    ARRAY: "{table}[:, {key}]",
    LIST: "[row[{key}] for row in {table}]",
    "pyarrow": "{table}[{key}].to_pylist()",
}
CATEGORICAL_DTYPES = (nw.String, nw.Boolean, nw.Categorical, nw.Enum)
KIND_OF_DTYPE = {
    nw.Date: DATES,
    nw.Datetime: DATES,
    nw.Duration: DURATIONS,
    nw.Time: TIMES_OF_DAY,
}


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table, as the user gave it.

    Parameters
    ----------
    table : str
        The name of the argument, "X".
    key : str
        Python code for the column's name, or its index if the table has no names.
    container : str
        "pandas", "polars", "pyarrow", another that narwhals reads, "array" or "list".
    kind : str
        What all values are that are not missing.
    n_of_kind : int
        How many are, 0 if all are missing. Of times, nested values and objects: how many of
        these there are.
    values : ndarray of shape (n_rows,)
        Numbers, booleans or objects; arbitrary where missing.
    missing : ndarray of bool of shape (n_rows,)
        Which values are missing.
    is_categorical : bool
        Whether the dtype says so: strings, booleans, categories, enumerations.
    declared : tuple or None
        All levels of a dtype that lists them.
    """

    table: str
    key: str
    container: str
    kind: str
    n_of_kind: int
    values: np.ndarray
    missing: np.ndarray
    is_categorical: bool = False
    declared: tuple | None = None

    def emptied(self) -> Column:
        """Return the column with all values missing."""
        n_rows = len(self.values)
        values, missing = np.full(n_rows, None), np.ones(n_rows, dtype=bool)
        return replace(self, kind=EMPTY, n_of_kind=0, values=values, missing=missing)

    @cached_property
    def distinct(self) -> tuple[np.ndarray, list]:
        """The index (n_rows,) of each value among the distinct ones, and these."""
        return distinct(self.values, self.missing)

    @property
    def label(self) -> str:
        """The column for messages: its quoted name, or "column 3"."""
        return label_of(self.key)

    @property
    def code(self) -> str:
        """Python code that gives the column, such as ``X['day']``."""
        template = CODE_OF_COLUMN.get(self.container, "{table}[{key}]")
        return template.format(table=self.table, key=self.key)


def label_of(key: str) -> str:
    """Return a column's quoted name as it is, and anything else as in "column 3"."""
    return key if key.startswith(("'", '"')) else f"column {key}"


def unbatched(X: Any) -> Any:
    """Return a record batch of Arrow as a table of it, and all else as it is."""
    cls = type(X)
    if cls.__name__ != "RecordBatch" or cls.__module__.partition(".")[0] != "pyarrow":
        return X
    return sys.modules["pyarrow"].Table.from_batches([X])


def with_lists(X: Any) -> Any:
    """Return a list of rows with lists for rows of other kinds, and all else as it is.

    So strings, missing values and booleans are read alike, whatever holds a row. Plain
    arrays of numbers are left, if all rows are.
    """
    if not isinstance(X, list | tuple) or all(isinstance(row, list | tuple) for row in X):
        return X
    return X if all(map(is_row_of_numbers, X)) else list(map(_as_list, X))


def _as_list(row: Any) -> Any:
    """Return an array or a series as a list, and all else as it is."""
    is_array = isinstance(row, np.ndarray) and row.ndim == 1
    if is_array and row.dtype.kind in "mM":  # of which tolist() makes integers
        return list(row)
    if is_array or (hasattr(row, "to_list") and getattr(row, "ndim", 1) == 1):
        return row.tolist() if is_array else row.to_list()
    return row


def needs_columns(X: Any, input_name: str) -> bool:
    """Return whether X has something other than plain numbers: strings, booleans, times.

    A data frame of numbers needs no columns, and neither do arrays of numbers or of
    booleans, sparse matrices and data frames, arrays of other libraries, and what is no
    table at all.
    """
    if isinstance(X, np.ndarray):
        is_table = X.ndim == 2 and not isinstance(X, np.matrix)
        return is_table and not _is_plain_array(X)
    if isinstance(X, list | tuple):
        return are_rows(X) and bool(X[0]) and array_of_numbers(X) is None
    if sparse.issparse(X):  # narwhals would ask what else it is
        return False
    if nw.dependencies.is_into_dataframe(X):
        frame = _frame(X, input_name)
        return not all(map(_is_plain_series, frame.iter_columns()))
    return False


def read_columns(X: Any, input_name: str) -> list[Column]:
    """Return the columns of a table with at least two dimensions."""
    X = unbatched(X)
    if nw.dependencies.is_into_dataframe(X):
        frame = _frame(X, input_name)
        container = frame.implementation.value
        return [
            _column_of_series(name, native, input_name, container)
            for name, native in _native_columns(frame)
        ]
    if sparse.issparse(X):
        raise TypeError(
            f"{input_name} is sparse, and columns of a sparse matrix cannot be categories. "
            f"Pass {input_name}.toarray(), or a data frame."
        )
    is_list = isinstance(X, list | tuple)
    if not (are_rows(X) if is_list else getattr(X, "ndim", 0) == 2):
        raise ValueError(
            f"{input_name} must be a table: a data frame, an array with two dimensions, or "
            "a list of rows of the same length."
        )
    if is_list:
        return list(_columns_of_array(_array_of_rows(X), input_name, LIST))
    return list(_columns_of_array(X, input_name, ARRAY))


def names_of(X: Any) -> tuple[str, ...] | None:
    """Return the names of the columns if all are strings, else None."""
    if not nw.dependencies.is_into_dataframe(X):
        return None
    names = _frame(X, "X").columns
    return tuple(names) if all(isinstance(name, str) for name in names) else None


# Data frames.


def _frame(X: Any, input_name: str) -> Any:
    """Return a data frame of narwhals; names that are repeated are an error."""
    refuse_repeated_names(X, input_name)
    return nw.from_native(X, eager_only=True)


def _is_plain_series(series: Any) -> bool:
    """Return whether a column has only numbers, or is sparse."""
    if series.dtype.is_numeric():
        return is_of_numpy(series.dtype) or series.dtype.is_decimal()
    if series.dtype in (nw.Object, nw.Unknown):
        dtype = getattr(series.to_native(), "dtype", None)
        return is_sparse(dtype) or _is_plain_array(series.to_numpy())
    return False


def is_sparse(dtype: Any) -> bool:
    """Return whether a dtype is a sparse one of pandas, of numbers or booleans."""
    return type(dtype).__name__ == "SparseDtype" and dtype.subtype.kind in "biuf"


def _native_columns(frame: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the name of each column of a frame of narwhals, and the column of its library.

    pandas and polars give their own in a tenth of the time.
    """
    if frame.implementation.is_pandas():
        yield from frame.to_native().items()
    elif frame.implementation.is_polars():
        yield from ((column.name, column) for column in frame.to_native().iter_columns())
    else:
        for series in frame.iter_columns():
            yield series.name, series.to_native()


def _column_of_series(name: Any, native: Any, input_name: str, container: str) -> Column:
    """Return one column of a data frame, from the column of its library."""
    place = input_name, repr(name), container
    if _holds_an_array(native):  # what follows takes several times as long
        values = native.to_numpy()
        return _column(*place, values, missing_in(values))
    is_numpy, native_dtype = _is_numpy(native), getattr(native, "dtype", None)
    series = nw.from_native(native, series_only=True)
    dtype = series.dtype
    if dtype.is_numeric():
        return _column(*place, *_values_of_series(series))
    for temporal, kind in KIND_OF_DTYPE.items():
        if dtype == temporal:
            missing = series.is_null().to_numpy()
            values = np.empty(len(series), dtype=object)
            return _column_of_times(*place, kind, values, missing)
    series = _with_levels(series)
    declared = _declared_levels(series)
    if series.implementation.is_pyarrow() and kind_of(declared or ())[0] == STRINGS:
        series = series.cast(nw.String())  # of a dictionary, lists are slow
    values, missing = _values_of_series(series)
    # The values decide for NumPy's dtypes: narwhals calls objects of only None strings.
    is_categorical = not is_numpy and dtype in CATEGORICAL_DTYPES
    column = _column(*place, values, missing, is_categorical, declared)
    return replace(column, is_categorical=False) if is_sparse(native_dtype) else column


def _holds_an_array(native: Any) -> bool:
    """Return whether a column of pandas or polars is an array of numbers or booleans."""
    dtype: Any = getattr(native, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biuf"
    is_polars = nw.dependencies.is_polars_series(native)
    return is_polars and is_of_numpy(dtype) and not native.null_count()


def _is_numpy(series: Any) -> bool:
    """Return whether a column has a dtype of NumPy."""
    return isinstance(getattr(series, "dtype", None), np.dtype)


def _values_of_series(series: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the values (n_rows,) and which are missing."""
    dtype = series.dtype
    if dtype.is_numeric() and not is_of_numpy(dtype):
        series = series.cast(nw.Float64())
    if series.dtype.is_float():
        values = series.to_numpy()
        return values, missing_in(values)
    if dtype.is_integer() or dtype == nw.Boolean:
        missing = series.is_null().to_numpy()
        if missing.any():
            series = series.fill_null(False if dtype == nw.Boolean else 0)
        return series.to_numpy(), missing
    if dtype == nw.Unknown:  # sparse columns, extended floats, periods, only missing values
        values = series.to_numpy()
        if values.dtype.kind in "biuf":
            return values, missing_in(values)
    values = objects(series.to_list(), len(series))
    return values, missing_in(values)


def _with_levels(series: Any) -> Any:
    """Return a dictionary of Arrow inside of pandas as one of Arrow, which has levels."""
    dtype = getattr(series.to_native(), "dtype", None)
    if series.dtype != nw.Categorical or not hasattr(dtype, "pyarrow_dtype"):
        return series
    table = nw.from_native(series.to_frame().to_arrow(), eager_only=True)
    return next(table.iter_columns())


def _declared_levels(series: Any) -> tuple | None:
    """Return the levels that a categorical dtype lists, else None.

    A category of polars has such a dtype, but this lists none. A dtype of booleans has two.
    """
    if series.dtype == nw.Boolean and not _is_numpy(series.to_native()):
        return (False, True)
    if series.dtype == nw.Enum:
        return tuple(map(as_level, series.dtype.categories))
    if series.dtype != nw.Categorical:
        return None
    if series.implementation.is_polars():
        return ()
    return tuple(map(as_level, series.cat.get_categories().drop_nulls().to_list()))


# Arrays and lists.


def _is_plain_array(values: np.ndarray) -> bool:
    """Return whether an array has a dtype of numbers or booleans, or objects of numbers.

    None must be masked. Objects with booleans are read column by column.
    """
    if np.ma.is_masked(values):
        return False
    if values.dtype == object:
        return _are_numbers(values.ravel().tolist())
    return values.dtype.kind not in "OUTSmM"


def _are_numbers(values: Iterable[Any]) -> bool:
    """Return whether all values are numbers, NaN among them, and none is a boolean."""
    return all(kind_of_type(cls) == NUMBERS for cls in set(map(type, values)))


def _array_of_rows(rows: list | tuple) -> np.ndarray:
    """Return rows of the same length as an array of objects (n_rows, n_columns)."""
    flat = objects(chain.from_iterable(rows), len(rows) * len(rows[0]))
    return flat.reshape(len(rows), -1)


def _columns_of_array(X: np.ndarray, input_name: str, container: str) -> Iterator[Column]:
    """Yield the columns of an array (n_rows, n_columns)."""
    masks = np.ma.getmaskarray(X) if isinstance(X, np.ma.MaskedArray) else None
    data = np.asarray(X)
    is_objects = data.dtype.kind not in "biufmM"
    for j in range(data.shape[1]):
        values = objects(data[:, j].tolist(), len(data)) if is_objects else data[:, j]
        mask = np.zeros(len(data), dtype=bool) if masks is None else masks[:, j]
        place = input_name, str(j), container
        if data.dtype.kind in "mM":
            kind = DATES if data.dtype.kind == "M" else DURATIONS
            yield _column_of_times(*place, kind, values, np.isnat(values) | mask)
        else:
            yield _column(*place, values, missing_in(values) | mask)


def _column_of_times(
    table: str, key: str, container: str, kind: str, values: np.ndarray, missing: np.ndarray
) -> Column:
    """Return a column of dates or durations; without any it is one of missing values."""
    column = Column(table, key, container, kind, int((~missing).sum()), values, missing)
    return column if column.n_of_kind else column.emptied()


def _column(
    table: str,
    key: str,
    container: str,
    values: np.ndarray,
    missing: np.ndarray,
    is_categorical: bool = False,
    declared: tuple | None = None,
) -> Column:
    """Return a column with the kind of its values, and of the levels of its dtype."""
    kind, n = _kind_of_array(values, missing)
    if declared:
        kind = kind_of(declared)[0]
    is_categorical = is_categorical or kind not in (NUMBERS, EMPTY)
    return Column(table, key, container, kind, n, values, missing, is_categorical, declared)


def _kind_of_array(values: np.ndarray, missing: np.ndarray) -> tuple[str, int]:
    """Return the kind of the values (n_rows,) that are not missing, and their number."""
    n = int(len(values) - missing.sum())
    if n == 0:
        return EMPTY, 0
    if values.dtype == object:
        return kind_of(values[~missing].tolist())
    return kind_of_type(values.dtype.type), n
