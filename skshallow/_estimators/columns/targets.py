"""Errors for targets that cannot be learned: missing or nested ones, times."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._estimators.columns.problems import ANY, CODE, count_of
from skshallow._estimators.columns.reading import ARRAY, CODE_OF_COLUMN, LIST
from skshallow._estimators.columns.values import (
    DATES,
    DURATIONS,
    NESTED,
    PERIODS,
    TIMES,
    TIMES_OF_DAY,
    kind_of,
    kind_of_type,
    missing_in,
)

# Code for an array of booleans: which targets `y` are present, by dtype.
PRESENT = {
    "f": "~np.isnan(np.asarray({y}))",
    "M": "~np.isnat(np.asarray({y}))",
    "m": "~np.isnat(np.asarray({y}))",
    "O": "pd.notna(np.asarray({y}, dtype=object))",
}
PRESENT_IF_MASKED = "~np.ma.getmaskarray({y})"
# Code for the present rows, by container.
PRESENT_ROWS = {
    "polars": "{0}.filter(present)",
    "pyarrow": "{0}.filter(present)",
    LIST: "[row for row, is_present in zip({0}, present) if is_present]",
    ANY: "{0}[present]",
}
# Code that makes times numbers, as in `CODE`, but so that their order and distances stay.
TIMES_AS_NUMBERS = {
    DATES: {
        "pandas": "(pd.to_datetime({c}) - pd.to_datetime({c}).min()) "
        "/ pd.Timedelta(days=1)",
        "polars": "({c} - {c}.min()).dt.total_seconds() / 86400",
        ANY: CODE[DATES][ANY],
    },
    DURATIONS: {
        "pandas": CODE[DURATIONS]["pandas"].removeprefix("{c} = "),
        "polars": "{c}.dt.total_seconds()",
        ANY: CODE[DURATIONS][ANY],
    },
    TIMES_OF_DAY: {ANY: "[3600 * t.hour + 60 * t.minute + t.second for t in {c}]"},
    PERIODS: {ANY: "[p.ordinal for p in {c}]"},
}


def check_targets(
    X: Any,
    y: Any,
    *,
    names: tuple[str, str] = ("X", "y"),
    beside: tuple[str, ...] = (),
    numeric: bool,
    use: str = "learn from",
) -> None:
    """Raise ValueError if targets are missing, infinite, nested or, to be numbers, times.

    Parameters
    ----------
    X : {array-like, sparse matrix}
        The features, for the code that leaves rows out.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets, as the user gave them.
    names : tuple of str
        The names of both arguments.
    beside : tuple of str
        The names of other arguments with an entry per row.
    numeric : bool
        Whether the targets are to be numbers.
    use : str, default="learn from"
        What a net is to do with the rows, for the errors.
    """
    values = _as_array(y)
    if values is None:
        return
    missing = missing_in(values.ravel()).reshape(values.shape)
    if np.ma.is_masked(y):
        missing = missing | np.ma.getmaskarray(y)
    if missing.any():
        kind = values.dtype.kind
        raise ValueError(_what_is_missing(missing, kind, X, y, names, beside, use))
    _refuse_infinite(values, names[1], use)
    _refuse_nested(values, names[1], numeric)
    if numeric:
        _refuse_times(y, values, names[1])


def check_classes(classes: Any) -> None:
    """Raise ValueError unless `classes` (n_classes,) are labels, none of them missing."""
    if isinstance(classes, str | bytes | Set | Mapping):
        raise ValueError(
            f"classes={classes!r} is a {type(classes).__name__}. Pass an array or a list "
            "of all labels, such as np.unique(y)."
        )
    values = _as_array(classes)
    if values is not None and missing_in(values.ravel()).any():
        raise ValueError(
            f"classes={list(classes)} has a missing value, which is not a label. Leave it "
            "out."
        )


def _as_array(y: Any) -> np.ndarray | None:
    """Return targets as an array (n,) or (n, n_outputs), with missing ones as they are.

    None if there are no such targets; scikit-learn says what is wrong with others.
    """
    if sparse.issparse(y) or not (hasattr(y, "__array__") or isinstance(y, list | tuple)):
        return None
    try:
        values = np.asarray(y)
    except ValueError:  # rows of different lengths
        return None
    if values.dtype.kind in "UT":  # a list with one string: so None and NaN become strings
        values = np.array(y, dtype=object)
    return values if values.ndim in (1, 2) else None


def _what_is_missing(
    missing: np.ndarray,
    dtype_kind: str,
    X: Any,
    y: Any,
    names: tuple[str, str],
    beside: tuple[str, ...],
    use: str,
) -> str:
    """Return how many targets are `missing`, and the code that leaves their rows out."""
    rows = missing if missing.ndim == 1 else missing.any(axis=1)
    present = PRESENT_IF_MASKED if np.ma.is_masked(y) else PRESENT[dtype_kind]
    if missing.ndim == 2:
        present = f"({present}).all(axis=1)"
    parts = [
        PRESENT_ROWS.get(_container(table), PRESENT_ROWS[ANY]).format(name)
        for table, name in zip((X, y), names, strict=True)
    ]
    also = f", and in {' and '.join(beside)}, too, if given" if beside else ""
    return (
        f"{names[1]} has {count_of(int(missing.sum()), 'missing value')}, the first in row "
        f"{rows.argmax()} (counted from 0). A net cannot {use} rows without a target. "
        f"Leave them out{also}:\n"
        f"    present = {present.format(y=names[1])}\n"
        f"    {', '.join(names)} = {', '.join(parts)}"
    )


def _refuse_infinite(values: np.ndarray, name: str, use: str) -> None:
    """Raise ValueError if targets (n,) or (n, n_outputs) have infinity."""
    if values.dtype.kind != "f" or not np.isinf(values).any():
        return
    infinite = np.isinf(values)
    rows = infinite if infinite.ndim == 1 else infinite.any(axis=1)
    raise ValueError(
        f"{name} contains infinity: {count_of(int(infinite.sum()), 'value')}, the first in "
        f"row {rows.argmax()} (counted from 0). A net cannot {use} such rows. Leave "
        f"them out: those where np.isfinite({name}) is False."
    )


def _refuse_nested(values: np.ndarray, name: str, numeric: bool) -> None:
    """Raise ValueError if an entry of the targets has several values, such as a list."""
    if values.dtype != object or kind_of(values.ravel())[0] != NESTED:
        return
    kinds = [kind_of_type(type(value)) for value in values.ravel()]
    first = values.ravel()[kinds.index(NESTED)]
    one, table = "number", "a table with a column for each"
    if not numeric:
        one, table = "label", "what sklearn.preprocessing.MultiLabelBinarizer makes of sets"
    raise ValueError(
        f"{name} has nested values ({count_of(kinds.count(NESTED), 'value')}), such as "
        f"{repr(first)[:60]}, and each entry must be one {one}. For several targets, pass "
        f"{table}."
    )


def _refuse_times(y: Any, values: np.ndarray, name: str) -> None:
    """Raise ValueError if a column of the targets has times, from which numbers follow."""
    for j, column in enumerate(np.atleast_2d(values.T)):
        kind, n = _kind_of(column)
        if kind not in TIMES:
            continue
        container = _container(y)
        code, where = name, ""
        if values.ndim == 2:
            names = getattr(y, "column_names", getattr(y, "columns", None))  # Arrow's first
            key = str(j) if names is None else repr(names[j])
            template = CODE_OF_COLUMN.get(container, "{table}[{key}]")
            code, where = template.format(table=name, key=key), f" in column {key}"
        codes = TIMES_AS_NUMBERS[kind]
        remedy = codes.get(container, codes[ANY]).format(c=code)
        raise ValueError(
            f"{name} has {kind}{where} ({count_of(n, 'value')}), and a regressor predicts "
            "numbers. Convert them to numbers of a unit, such as days or seconds:\n"
            f"    {remedy}"
        )


def _kind_of(column: np.ndarray) -> tuple[str, int]:
    """Return the kind of the values of a column (n,), and how many are of it."""
    if column.dtype == object:
        return kind_of(column)
    return kind_of_type(column.dtype.type), len(column)


def _container(table: Any) -> str:
    """Return "list", "array", or the library of a table or column, such as "polars"."""
    if isinstance(table, list | tuple):
        return LIST
    library = type(table).__module__.partition(".")[0]
    return ARRAY if isinstance(table, np.ndarray) else library
