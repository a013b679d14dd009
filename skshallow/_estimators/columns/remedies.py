"""Code that turns strings into numbers, made for the strings of the column at hand.

No code is made where it would drop a sign, a magnitude or a unit, or give other days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from skshallow._estimators.columns.dates import DateFormats, date_formats
from skshallow._estimators.columns.notation import Notation
from skshallow._estimators.columns.reading import Column
from skshallow._estimators.columns.strings import (
    BOTH_MARKS,
    CLOCK_AS_STRINGS,
    DATES_AS_STRINGS,
    DECIMAL_COMMAS,
    NUMBERS_AS_STRINGS,
    QUANTITIES,
    QUANTITIES_WITH_COMMAS,
    QUOTED_THOUSANDS,
    SEVERAL_UNITS,
    SPACED_THOUSANDS,
    THOUSANDS,
    WITH_UNITS,
)
from skshallow._estimators.columns.values import BOOLEANS, MIXED

NUMBER_LOOKS = (
    *(THOUSANDS, SPACED_THOUSANDS, QUOTED_THOUSANDS, DECIMAL_COMMAS, NUMBERS_AS_STRINGS),
    *(BOTH_MARKS, QUANTITIES, QUANTITIES_WITH_COMMAS, SEVERAL_UNITS),
)
DATE_LOOKS = (DATES_AS_STRINGS, CLOCK_AS_STRINGS)
FRAMES = ("pandas", "polars")  # the code for other containers gives a list
YES_AND_NO = [
    *(("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off")),
    *(("ja", "nein"), ("oui", "non")),
]
DATES_ELSEWHERE = (
    "or let skrub's DatetimeEncoder, or tabular_pipeline(net), take several from each"
)


def strings_of(column: Column) -> list[str]:
    """Return the distinct values as strings, as the code that makes them strings does."""
    return list(map(str, column.distinct[1]))


def advice_for(column: Column, look: str) -> str:
    """Return what to do about strings that are numbers, dates or times of day.

    Parameters
    ----------
    column : Column
        Of strings, or of strings and numbers.
    look : str
        What the strings are, one of `NUMBER_LOOKS` and `DATE_LOOKS`.
    """
    if look in DATE_LOOKS:
        return _advice_for_dates(column, look)
    notation = Notation.of(strings_of(column))
    if look == SEVERAL_UNITS:
        some = ", ".join(map(repr, notation.examples[:3]))
        return (
            f"they have different units, as {some} do: convert them to numbers of one unit"
        )
    if look == BOTH_MARKS:
        comma, point = notation.decimal_marks[","], notation.decimal_marks["."]
        return (
            f"commas are decimal marks in {comma!r}, and points in {point!r}: write all in "
            "one notation, and convert them to numbers"
        )
    code = code_for_numbers(column, notation)
    option = _option_of_read_csv(look, notation)
    if option:
        return f"read the file with pandas.read_csv(..., {option}), or write {code}"
    what = "take the numbers" if look in WITH_UNITS else "convert them"
    return f"{what}{_note(column, notation.unread)}: {code}"


def code_for_numbers(column: Column, notation: Notation) -> str:
    """Return the code that makes numbers of strings in a notation."""
    steps = notation.steps()
    if column.container == "polars":
        code = _source(column)
        for pattern, new in steps:
            new = new.replace(r"\1", "${1}")
            code += f'.str.replace_all({_literal(pattern)}, "{new}")'
        return _assigned(column, f"{code}.cast(pl.Float64, strict=False)")
    code = _source(column) if steps or column.kind == MIXED else column.code
    for pattern, new in steps:
        if pattern == ",":
            code += f'.str.replace(",", "{new}")'
        else:
            new = _literal(new) if "\\" in new else f'"{new}"'
            code += f".str.replace({_literal(pattern)}, {new}, regex=True)"
    return _assigned(column, f'pd.to_numeric({code}, errors="coerce")')


def code_for_strings(column: Column, known: Sequence[str] = ()) -> str:
    """Return the code that makes strings of a column, of `known` ones if there are any.

    Returns
    -------
    code : str
        Empty if none of these is met.
    """
    values = column.distinct[1]
    if not known:
        return _assigned(column, _as_strings(column))
    ways: list[tuple[Callable[[Any], str], str]]
    is_lower = column.kind == BOOLEANS and column.container == "polars"
    ways = [(_in_lower_case if is_lower else str, _as_strings(column))]
    ways += _other_strings(column, known)
    levels = set(known)
    n_met = [sum(make(value) in levels for value in values) for make, _ in ways]
    best = int(np.argmax(n_met))
    return _assigned(column, ways[best][1]) if n_met[best] else ""


def _other_strings(
    column: Column, known: Sequence[str]
) -> Iterator[tuple[Callable[[Any], str], str]]:
    """Yield ways to write booleans or integers as known levels: functions, and code."""
    polars, lists = column.container == "polars", column.container not in FRAMES
    item = "None if x is None or x != x else "
    if column.kind == BOOLEANS:
        for yes, no in _pairs_in(known):
            table = f'{{True: "{yes}", False: "{no}"}}'
            code = f"{column.code}.map({table})"
            if polars:
                code = f"{_source(column)}.replace_strict({table}, default=None)"
            elif lists:
                code = _each(column, f'{item}"{yes}" if x else "{no}"')
            yield {True: yes, False: no}.__getitem__, code
    elif all(float(value).is_integer() for value in column.distinct[1]):
        for width in (0, max(map(len, known))):
            code = f'{column.code}.astype("Int64").astype("string")'
            padded = f".zfill({width})" if width else ""
            if polars:
                code = f"{_source(column)}.cast(pl.Int64).cast(pl.String)"
            if lists:
                code = _each(column, f"{item}str(int(x)){padded}")
            elif width:
                code += ".str" + padded
            yield partial(_as_integer, width), code


def _in_lower_case(value: Any) -> str:
    return str(value).lower()


def _as_integer(width: int, value: Any) -> str:
    return str(int(value)).zfill(width)


def code_for_booleans(column: Column) -> str:
    """Return the code that makes booleans of "yes" and "no" or the like, "" if none are."""
    found = {string.strip().lower() for string in strings_of(column)}
    pair = next((pair for pair in YES_AND_NO if found <= set(pair)), None)
    if pair is None:
        return ""
    yes, no = pair
    if column.container == "polars":
        code = f'{_source(column)}.str.strip_chars().str.to_lowercase() == "{yes}"'
    elif column.container == "pandas":
        table = f'{{"{yes}": 1.0, "{no}": 0.0}}'
        code = f"{column.code}.str.strip().str.lower().map({table})"
    else:
        item = f's if s is None or s != s else s.strip().lower() == "{yes}"'
        code = _each(column, item, "s")
    return _assigned(column, code)


def advice_for_strings_at_numbers(column: Column) -> str:
    """Return what to do about strings of no known kind that stand where numbers were."""
    notation = Notation.of(strings_of(column))
    unread = notation.unread
    if len(unread) == len(notation.strings):
        return (
            f"none of them is a number, such as {notation.strings[0]!r}: convert them as "
            "before fit"
        )
    code = code_for_numbers(column, notation)
    return f"convert them as before fit, or{_note(column, unread)} by {code}"


def _advice_for_dates(column: Column, look: str) -> str:
    """Return how to take a number from each date or time of day."""
    found = date_formats(strings_of(column))
    elsewhere = f", {DATES_ELSEWHERE}" if look == DATES_AS_STRINGS else ""
    if found.contradictory:
        day, month = found.contradictory
        return (
            f"the day is first in {day!r}, and the month in {month!r}: write all dates in "
            "one format" + elsewhere
        )
    if not found.formats:
        return (
            "no few formats read them, so write them in one, such as 2024-01-31 16:30"
            + elsewhere
        )
    code = _code_for_dates(column, look, found)
    utc = ", of the time in UTC" if any("%z" in form for form in found.formats) else ""
    words = f"take a number from each{utc}{_note(column, found.unread)}, such as {code}"
    if found.other_order:
        pairs = zip(found.formats, found.other_order, strict=True)
        old, new = next(pair for pair in pairs if pair[0] != pair[1])
        words += (
            f', or, if the month is first, which no value tells, with "{new}" for "{old}"'
        )
    return words + elsewhere


def _code_for_dates(column: Column, look: str, found: DateFormats) -> str:
    """Return the code that takes the day of the year, or the hour."""
    is_polars = column.container == "polars"
    source = _source(column)
    if any(string != string.strip() for string in strings_of(column)):
        source += ".str.strip_chars()" if is_polars else ".str.strip()"
    # Years of two digits first, since polars takes them as years of four.
    formats = sorted(found.formats, key=lambda form: "%y" not in form)
    part = "dt.day_of_year" if look == DATES_AS_STRINGS else "dt.hour"
    if is_polars:
        read = [_read_by_polars(source, form, look) for form in formats]
        code = read[0] if len(read) == 1 else f"pl.coalesce({', '.join(read)})"
        return _assigned(column, code)
    utc = ", utc=True" if any("%z" in form for form in formats) else ""
    read = [
        f'pd.to_datetime({source}, format="{form}", errors="coerce"{utc})'
        for form in formats
    ]
    code = read[0] + "".join(f".fillna({other})" for other in read[1:])
    return _assigned(column, f"{code}.{part}")


def _read_by_polars(source: str, form: str, look: str) -> str:
    """Return the expression with which polars takes a number from dates of a format."""
    # Its formats are those of Rust's chrono: "%#z" also reads "Z", and "%.f" has the point.
    own = form.replace("%z", "%#z").replace(".%f", "%.f")
    if look == CLOCK_AS_STRINGS:
        return f'{source}.str.to_time("{own}", strict=False).dt.hour()'
    return f'{source}.str.to_datetime("{own}", strict=False).dt.ordinal_day()'


def _option_of_read_csv(look: str, notation: Notation) -> str:
    """Return the arguments with which pandas reads the strings as numbers, "" if none."""
    texts = "".join(notation.strings)
    if notation.unread or notation.has_typeset_signs:
        return ""
    decimal = ', decimal=","' if notation.has_decimal_commas else ""
    if look == SPACED_THOUSANDS:
        if {char for char in texts if char.isspace()} != {" "}:  # pandas takes a byte
            return ""
        return 'thousands=" "' + decimal
    if look == QUOTED_THOUSANDS:
        if not texts.isascii():
            return ""
        return 'thousands="\'"' + decimal
    if look == DECIMAL_COMMAS:
        return 'decimal=","' + (', thousands="."' if "." in texts else "")
    return 'thousands=","' if look == THOUSANDS else ""


def _note(column: Column, indices: Sequence[int]) -> str:
    """Return in words how many values become missing, those of these distinct ones."""
    if not len(indices):
        return ""
    index, values = column.distinct
    counts = np.bincount(index[index >= 0], minlength=len(values))
    n, n_all = int(counts[list(indices)].sum()), int(counts.sum())
    example = str(values[indices[0]])
    become = "becomes" if n == 1 else "become"
    return f" ({n} of {n_all} values, such as {example!r}, {become} missing)"


def _pairs_in(known: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs as "yes" and "no" that known levels are, in their spelling."""
    spelling = {level.strip().lower(): level for level in known}
    return [
        (spelling[yes], spelling[no])
        for yes, no in YES_AND_NO
        if yes in spelling and no in spelling
    ]


def _source(column: Column) -> str:
    """Return the code for a column of strings that has their methods."""
    if column.container == "polars":
        return _as_strings(column) if column.kind == MIXED else f"pl.col({column.key})"
    if column.kind == MIXED:
        return _as_strings(column, with_methods=True)
    return column.code if column.container == "pandas" else f"pd.Series({column.code})"


def _as_strings(column: Column, with_methods: bool = False) -> str:
    """Return the code that makes strings of a column, missing ones excepted."""
    if column.container == "pandas":
        return f'{column.code}.astype("string")'
    if column.container == "polars" and column.kind != MIXED:
        return f"pl.col({column.key}).cast(pl.String)"
    each = _each(column, "None if x is None or x != x else str(x)")
    if column.container == "polars":  # of objects, which it does not cast
        return f"pl.Series({column.key}, {each})"
    return f"pd.Series({each})" if with_methods else each


def _each(column: Column, item: str, name: str = "x") -> str:
    """Return the code for a list of something of each value of a column."""
    return f"[{item} for {name} in {column.code}]"


def _assigned(column: Column, code: str) -> str:
    """Return the code that puts a new column in the place of the old one."""
    if column.container == "pandas":
        return f"{column.code} = {code}"
    if column.container == "polars":
        return f"{column.table} = {column.table}.with_columns({code})"
    return code


def _literal(pattern: str) -> str:
    """Return a regular expression as Python code."""
    return repr(pattern) if '"' in pattern else f'r"{pattern}"'
