"""Whether an argument is a table at all: rows of the same length, in two dimensions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse


def check_is_table(X: Any, input_name: str) -> None:
    """Raise ValueError if X is one column, rows of several lengths, or no table.

    What scikit-learn says well itself, of sparse matrices and arrays of other libraries, is
    left to it.
    """
    if isinstance(X, np.ndarray):  # narwhals takes longer than a small net's prediction
        if X.ndim != 2:
            raise ValueError(_of_dimensions(X.ndim, input_name))
        return
    if isinstance(X, list | tuple):
        _check_rows(X, input_name)
        return
    if sparse.issparse(X):
        return
    if nw.dependencies.is_into_series(X):
        remedy = f"{input_name}.to_frame()"
        if not hasattr(X, "to_frame"):  # a column of Arrow
            remedy = f'pyarrow.table({{"{input_name}": {input_name}}})'
        of_row = ""
        if hasattr(X, "iloc"):  # of pandas, where it may be a row
            of_row = " For a table with one row of df, pass df.iloc[[0]], not df.iloc[0]."
        raise ValueError(
            f"{input_name} is a {type(X).__name__}, a single column, and must be a table. "
            f"For a table with this column, pass {remedy}.{of_row}"
        )
    if X is None or isinstance(X, str | bytes | int | float):
        raise ValueError(
            f"Expected 2D array, got scalar instead: {input_name} is {repr(X)[:60]}, "
            "and must be a table: a data frame, an array with two dimensions, or a list of "
            "rows of the same length."
        )
    if nw.dependencies.is_into_dataframe(X):
        refuse_repeated_names(X, input_name)
        if not X.shape[1]:
            raise ValueError(f"{input_name} is a data frame without columns; it needs one.")


def refuse_repeated_names(frame: Any, input_name: str) -> None:
    """Raise ValueError if several columns of a data frame have the same name."""
    of_arrow = hasattr(frame, "column_names")  # whose columns are not their names
    names = frame.column_names if of_arrow else frame.columns
    repeated = {name: count for name, count in Counter(names).items() if count > 1}
    if repeated:
        listed = [f"{count} columns named {name!r}" for name, count in repeated.items()]
        raise ValueError(
            f"{input_name} has {', '.join(listed)}. Rename them, so that each has a "
            "different name."
        )


def _of_dimensions(n: int, name: str) -> str:
    """Return that an array has not two dimensions, and how it gets them.

    After the name it begins as scikit-learn's own error does.
    """
    if n < 2:
        return (
            f"{name}: Expected 2D array, got {n}D array instead. Reshape your data: "
            f"{name}.reshape(-1, 1) is one column, {name}.reshape(1, -1) one row."
        )
    return (
        f"{name}: Found array with dim {n}, while dim <= 2 is required. Reshape your data: "
        f"{name}.reshape(len({name}), -1) has one row for each of its entries."
    )


def are_rows(rows: list | tuple) -> bool:
    """Return whether a list consists of rows of the same length."""
    is_nested = all(isinstance(row, list | tuple) for row in rows)
    return is_nested and len(set(map(len, rows))) == 1


def _check_rows(rows: list | tuple, name: str) -> None:
    """Raise ValueError if a list is not one of rows of the same length."""
    if not rows:
        raise ValueError(f"{name} is an empty list, and needs at least one row.")
    if all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{name} is a list of dicts. Pass pandas.DataFrame({name}).")
    if any(isinstance(row, set | frozenset) for row in rows):
        raise ValueError(f"{name} has sets as rows, which have no order. Give lists.")
    lengths = [_length(row) for row in rows]
    if not any(n is not None for n in lengths):
        raise ValueError(
            f"{name} is a list of values, and must be a list of rows. Reshape your data: "
            f"[[x] for x in {name}] is one column, [{name}] one row."
        )
    i = next((i for i, n in enumerate(lengths) if n != lengths[0]), None)
    if i is None:
        return
    counts = ("is no row" if n is None else f"has {n}" for n in (lengths[0], lengths[i]))
    first, other = counts
    raise ValueError(
        f"{name} is a list of rows of different lengths, an inhomogeneous shape: row 0 "
        f"{first}, row {i} {other}. Give each row a value for every column, None where one "
        "is missing."
    )


def _length(row: Any) -> int | None:
    """Return the number of values of a row, None if it is a single value."""
    is_value = isinstance(row, str | bytes) or not hasattr(row, "__len__")
    return None if is_value or getattr(row, "ndim", 1) == 0 else len(row)
