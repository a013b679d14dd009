"""The kind of a column's values, which of them are missing, and their distinct values."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

NUMBERS, BOOLEANS, STRINGS, EMPTY = "numbers", "booleans", "strings", "missing values"
DATES, DURATIONS, PERIODS = "dates", "durations", "periods"
TIMES_OF_DAY = "times of day"
NESTED, BYTES, OBJECTS = "nested values", "bytes", "objects"
MIXED = "numbers and strings"
TIMES = (DATES, TIMES_OF_DAY, DURATIONS, PERIODS)

KIND_OF_TYPE: dict[type, str] = {
    bool: BOOLEANS,
    np.bool_: BOOLEANS,
    int: NUMBERS,
    float: NUMBERS,
    np.integer: NUMBERS,
    np.floating: NUMBERS,
    Decimal: NUMBERS,
    Fraction: NUMBERS,
    str: STRINGS,
    bytes: BYTES,
    bytearray: BYTES,
    datetime.date: DATES,
    np.datetime64: DATES,
    datetime.time: TIMES_OF_DAY,
    datetime.timedelta: DURATIONS,
    np.timedelta64: DURATIONS,
    **dict.fromkeys((list, tuple, dict, set, frozenset, np.ndarray), NESTED),
}
# Types of pandas, by name, because pandas need not be installed. An interval is what
# `pandas.cut` puts values into; its level is its text, such as "(0, 10]".
KIND_OF_NAME = {
    "Period": PERIODS,
    "Interval": STRINGS,
    "Series": NESTED,
    "DataFrame": NESTED,
}
MISSING_TYPES = {"NoneType", "NAType", "NaTType", "MaskedConstant"}
# Types of which one value, NaN or NaT, is not equal to itself.
MAY_BE_NAN = (float, np.floating, Decimal, np.datetime64, np.timedelta64)


def kind_of_type(cls: type) -> str:
    """Return the kind of the values of a type, OBJECTS where it is none of the tables'."""
    if cls.__name__ in KIND_OF_NAME:
        return KIND_OF_NAME[cls.__name__]
    known = (KIND_OF_TYPE[base] for base in cls.__mro__ if base in KIND_OF_TYPE)
    return next(known, OBJECTS)


def kind_of(values: Iterable[Any]) -> tuple[str, int]:
    """Return the kind of values that are not missing, and how many are of it.

    One value that is neither a number nor a string decides the kind of all, since it must
    be mended first.
    """
    counts: Counter[str] = Counter()
    for cls, count in Counter(map(type, values)).items():
        counts[kind_of_type(cls)] += count
    for kind in (NESTED, OBJECTS, BYTES, *TIMES):
        if counts[kind]:
            return kind, counts[kind]
    if counts[STRINGS] and len(counts) > 1:
        return MIXED, counts.total()
    for kind in (STRINGS, NUMBERS, BOOLEANS):  # of numbers and booleans, numbers
        if counts[kind]:
            return kind, counts.total()
    return EMPTY, 0


def missing_in(values: np.ndarray) -> np.ndarray:
    """Return which values (n,) are missing: NaN, None, NaT, pandas.NA or masked."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype != object:
        return np.zeros(len(values), dtype=bool)
    types = set(map(type, values))
    absent = {cls for cls in types if cls.__name__ in MISSING_TYPES}
    may_be_nan = {cls for cls in types if issubclass(cls, MAY_BE_NAN)}
    if not absent and not may_be_nan:
        return np.zeros(len(values), dtype=bool)
    found = (
        type(value) in absent or (type(value) in may_be_nan and _is_nan(value))
        for value in values
    )
    return np.fromiter(found, bool, len(values))


def _is_nan(value: Any) -> bool:
    """Return whether a value is NaN or NaT; a signalling NaN refuses to be compared."""
    return value.is_nan() if isinstance(value, Decimal) else value != value


def objects(values: Iterable[Any], n: int) -> np.ndarray:
    """Return `n` values as an array of objects (n,), nested ones as they are."""
    return np.fromiter(values, object, n)


def numbers_of(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return numbers (n,) as floats, NaN where `missing`, float32 if they are that."""
    if values.dtype == object:
        numbers = np.full(len(values), np.nan)
        numbers[~missing] = [_as_float(value) for value in values[~missing]]
        return numbers
    numbers = values.astype(np.float32 if values.dtype == np.float32 else np.float64)
    numbers[missing] = np.nan
    return numbers


def _as_float(value: Any) -> float:
    """Return a number as a float, infinite if it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return np.inf


def distinct(values: np.ndarray, missing: np.ndarray) -> tuple[np.ndarray, list]:
    """Return the index (n,) of each value among the distinct values, and these.

    The index is -1 where a value is missing. Values that compare equal are the same, as 1,
    1.0 and True are. Strings and intervals are returned as plain strings.
    """
    present = values[~missing] if missing.any() else values
    found: list
    if values.dtype == object:
        position = {value: i for i, value in enumerate(dict.fromkeys(present))}
        index = np.fromiter(map(position.__getitem__, present), np.intp, len(present))
        found = [as_level(value) for value in position]
    else:
        unique, index = np.unique(present, return_inverse=True)
        found = unique.tolist()
    if present is values:
        return index, found
    everywhere = np.full(len(values), -1, dtype=np.intp)
    everywhere[~missing] = index
    return everywhere, found


def as_level(value: Any) -> Any:
    """Return a value as one that an array stores: a plain string, a number or a boolean.

    Decimals, fractions and integers beyond 64 bits become floats.
    """
    if kind_of_type(type(value)) == STRINGS:
        return str(value)
    is_long = isinstance(value, int) and value.bit_length() > 63
    return _as_float(value) if is_long or isinstance(value, Decimal | Fraction) else value
