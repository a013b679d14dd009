"""Errors that name every column that cannot be read, with the code that changes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.columns.reading import Column, label_of
from skshallow._estimators.columns.strings import (
    CLOCK_AS_STRINGS,
    DATES_AS_STRINGS,
    DECIMAL_COMMAS,
    FREE_TEXT,
    IDENTIFIERS,
    INTEGERS,
    NUMBERS_AS_STRINGS,
    QUANTITIES,
    QUANTITIES_WITH_COMMAS,
    SPACED_THOUSANDS,
    THOUSANDS,
    date_format,
)
from skshallow._estimators.columns.values import (
    BYTES,
    DATES,
    DURATIONS,
    MIXED,
    NESTED,
    OBJECTS,
    PERIODS,
    TIMES,
    TIMES_OF_DAY,
)
from skshallow.exceptions import DoubtfulCategoryWarning

INFINITE = "infinity or numbers too large"
NOT_NAMED = "strings that are not named in categorical_features"
STRINGS_FOR_NUMBERS = "strings where fit had numbers or booleans"
STRINGS_FOR_NOTHING = "strings where earlier parts had only missing values"
BOOLEANS_AS_STRINGS = "booleans as strings where fit had numbers or booleans"
NUMBERS_FOR_STRINGS = "numbers or booleans where fit had strings"
# Kinds of values that are neither numbers nor categories, whatever is said of the column.
UNREADABLE = (*TIMES, NESTED, OBJECTS, BYTES, MIXED)
WRONG_TYPES = (NESTED, OBJECTS)
MOST_LISTED = 5  # columns in a sentence
PLURALS = {"entry": "entries"}  # all others end in s

ANY = ""  # any container that has no line of its own
# The code that changes a column, by kind and container. {c} stands for the column, such as
# X['day'], {X} for the table, {name} for the column's name or index and {format} for the
# format of its dates.
TO_NUMBERS = {
    "pandas": '{c} = pd.to_numeric({c}, errors="coerce")',
    "polars": "{X} = {X}.with_columns(pl.col({name}).cast(pl.Float64, strict=False))",
    ANY: 'pd.to_numeric({c}, errors="coerce")',
}
TO_STRINGS = {
    "pandas": "{c} = {c}.astype(str)",
    "polars": "{X} = {X}.with_columns(pl.col({name}).cast(pl.String))",
    ANY: "[x if x is None else str(x) for x in {c}]",
}
LEFT_OUT = {
    "pandas": "{X} = {X}.drop(columns={name})",
    "polars": "{X} = {X}.drop({name})",
    "pyarrow": "{X} = {X}.drop_columns({name})",
    ANY: "{X} = np.delete(np.array({X}, dtype=object), {name}, axis=1)",
}
ALL_LEVELS = ", where levels lists all that any part has"
CATEGORIES = {
    "pandas": "{c} = {c}.astype(pd.CategoricalDtype(levels))" + ALL_LEVELS,
    "polars": "{X} = {X}.with_columns(pl.col({name}).cast(pl.Enum(levels)))" + ALL_LEVELS,
    ANY: "pass data frames with a categorical dtype that lists all levels of any part",
}
NUMBER = r'"([-+]?\d+\.?\d*)"'
CODE = {
    DATES: {
        "pandas": "{c} = pd.to_datetime({c}).dt.day_of_year",
        "polars": "{X} = {X}.with_columns(pl.col({name}).dt.ordinal_day())",
        ANY: '(np.array({c}, "M8[s]") - np.datetime64("2000-01-01")) '
        '/ np.timedelta64(1, "D")',
    },
    TIMES_OF_DAY: {
        "pandas": '{c} = pd.to_timedelta({c}.astype(str), errors="coerce")'
        ".dt.total_seconds()",
        "polars": "{X} = {X}.with_columns(pl.col({name}).dt.hour())",
        ANY: "[np.nan if t is None else t.hour + t.minute / 60 for t in {c}]",
    },
    DURATIONS: {
        "pandas": "{c} = pd.to_timedelta({c}).dt.total_seconds()",
        "polars": "{X} = {X}.with_columns(pl.col({name}).dt.total_seconds())",
        ANY: 'np.array({c}, "m8[s]") / np.timedelta64(1, "s")',
    },
    PERIODS: {ANY: "{c} = {c}.dt.day_of_year"},
    BYTES: {
        "pandas": '{c} = {c}.str.decode("utf-8")',
        "polars": "{X} = {X}.with_columns(pl.col({name}).cast(pl.String))",
        ANY: '[b if b is None else b.decode("utf-8") for b in {c}]',
    },
    MIXED: TO_STRINGS,
    THOUSANDS: {
        "pandas": '{c} = {c}.str.replace(",", "").astype(float)',
        "polars": '{X} = {X}.with_columns(pl.col({name}).str.replace_all(",", "")'
        ".cast(pl.Float64))",
        ANY: '[s if s is None else float(s.replace(",", "")) for s in {c}]',
    },
    SPACED_THOUSANDS: {
        "pandas": r'{c} = {c}.str.replace(r"\s", "", regex=True).str.replace(",", ".")'
        ".astype(float)",
        "polars": r'{X} = {X}.with_columns(pl.col({name}).str.replace_all(r"\s", "")'
        '.str.replace(",", ".").cast(pl.Float64))',
        ANY: '[s if s is None else float("".join(s.split()).replace(",", ".")) '
        "for s in {c}]",
    },
    DECIMAL_COMMAS: {
        "pandas": '{c} = {c}.str.replace(".", "").str.replace(",", ".").astype(float)',
        "polars": '{X} = {X}.with_columns(pl.col({name}).str.replace_all(".", "", '
        'literal=True).str.replace(",", ".").cast(pl.Float64))',
        ANY: '[s if s is None else float(s.replace(".", "").replace(",", ".")) '
        "for s in {c}]",
    },
    DATES_AS_STRINGS: {
        "pandas": '{c} = pd.to_datetime({c}, format={format}, errors="coerce")'
        ".dt.day_of_year",
        "polars": "{X} = {X}.with_columns(pl.col({name}).str.to_datetime({format}, "
        "strict=False).dt.ordinal_day())",
        ANY: 'pd.to_datetime({c}, format={format}, errors="coerce").day_of_year',
    },
    CLOCK_AS_STRINGS: {
        "pandas": '{c} = pd.to_datetime({c}, format={format}, errors="coerce").dt.hour',
        "polars": "{X} = {X}.with_columns(pl.col({name}).str.to_time({format}, "
        "strict=False).dt.hour())",
        ANY: 'pd.to_datetime({c}, format={format}, errors="coerce").hour',
    },
    QUANTITIES: {
        "pandas": '{c} = {c}.str.replace(",", "").str.extract(r' + NUMBER + ")[0]"
        ".astype(float)",
        "polars": '{X} = {X}.with_columns(pl.col({name}).str.replace_all(",", "")'
        ".str.extract(r" + NUMBER + ").cast(pl.Float64))",
        ANY: 'pd.Series({c}).str.replace(",", "").str.extract(r' + NUMBER + ")[0]"
        ".astype(float)",
    },
    QUANTITIES_WITH_COMMAS: {
        "pandas": '{c} = {c}.str.replace(".", "").str.replace(",", ".")'
        ".str.extract(r" + NUMBER + ")[0].astype(float)",
        "polars": '{X} = {X}.with_columns(pl.col({name}).str.replace_all(".", "", '
        'literal=True).str.replace(",", ".").str.extract(r' + NUMBER + ")"
        ".cast(pl.Float64))",
        ANY: 'pd.Series({c}).str.replace(".", "").str.replace(",", ".")'
        ".str.extract(r" + NUMBER + ")[0].astype(float)",
    },
    FREE_TEXT: LEFT_OUT,
    IDENTIFIERS: LEFT_OUT,
    INTEGERS: TO_NUMBERS,
    INFINITE: {
        "pandas": "{c} = {c}.replace([np.inf, -np.inf], np.nan)",
        "polars": "{X} = {X}.with_columns(pl.when(pl.col({name}).is_finite())"
        ".then(pl.col({name})))",
        ANY: "[np.nan if x in (np.inf, -np.inf) else x for x in {c}]",
    },
    NUMBERS_AS_STRINGS: TO_NUMBERS,
    STRINGS_FOR_NOTHING: CATEGORIES,
    STRINGS_FOR_NUMBERS: TO_NUMBERS,
    BOOLEANS_AS_STRINGS: {
        "pandas": '{c} = {c}.str.lower().map({{"true": 1.0, "false": 0.0}})',
        "polars": "{X} = {X}.with_columns(pl.col({name}).str.to_lowercase() == 'true')",
        ANY: '[s if s is None else s.lower() == "true" for s in {c}]',
    },
    NUMBERS_FOR_STRINGS: TO_STRINGS,
}
DATES_ELSEWHERE = (
    "or let skrub's DatetimeEncoder, or tabular_pipeline(net), take several from each"
)
IS_CATEGORY = (
    "or, if its values are names, give the column a categorical dtype, or name all "
    "categories in categorical_features"
)
# What to do about each kind; {code} is the column's code from above.
ADVICE = {
    **dict.fromkeys(TIMES, "take a number from each, such as {code}, " + DATES_ELSEWHERE),
    NESTED: "in {X}, each entry of the argument must be one string or one number; make a "
    "column of each part, or leave the column out",
    OBJECTS: "in {X}, each entry of the argument must be one string or one number; convert "
    "them, or leave the column out",
    BYTES: "decode them: {code}",
    MIXED: "make them all strings, {code}, or all numbers",
    THOUSANDS: 'read the file with pandas.read_csv(..., thousands=","), or write {code}, '
    + IS_CATEGORY,
    SPACED_THOUSANDS: 'read the file with pandas.read_csv(..., thousands=" "), or write '
    "{code}, " + IS_CATEGORY,
    DECIMAL_COMMAS: 'read the file with pandas.read_csv(..., decimal=","), or write '
    "{code}, " + IS_CATEGORY,
    NUMBERS_AS_STRINGS: "convert them, other strings to missing values: {code}, "
    + IS_CATEGORY,
    DATES_AS_STRINGS: "take a number from each, such as {code}, "
    + DATES_ELSEWHERE
    + ", "
    + IS_CATEGORY,
    CLOCK_AS_STRINGS: "take a number from each, such as {code}, " + IS_CATEGORY,
    **dict.fromkeys(
        (QUANTITIES, QUANTITIES_WITH_COMMAS),
        "take the numbers, {code}, " + IS_CATEGORY,
    ),
    INTEGERS: "if they are quantities, convert them, {code}; if they are names, such as "
    "postcodes, give the column a categorical dtype, which needs no warning",
    IDENTIFIERS: "if they name single rows, as identifiers do, leave the column out, "
    "{code}; else give it a categorical dtype, which needs no warning",
    FREE_TEXT: "leave the column out, {code}, or encode it with scikit-learn's "
    "TfidfVectorizer, skrub's StringEncoder, or skrub.tabular_pipeline(net), "
    + IS_CATEGORY,
    INFINITE: "make them missing values: {code}",
    NOT_NAMED: "name the column there, or set categorical_features='auto'",
    STRINGS_FOR_NOTHING: "the first part of a table decides what its columns are. Start "
    "anew, with the column as a category in each part: {code}",
    STRINGS_FOR_NUMBERS: "convert them: {code}",
    BOOLEANS_AS_STRINGS: "convert them: {code}",
    NUMBERS_FOR_STRINGS: "convert them as before fit, such as by {code}",
}


@dataclass(frozen=True)
class Problem:
    """Why a column cannot be read: what it has, and how many values are that."""

    column: Column
    kind: str
    count: int

    @property
    def remedy(self) -> str:
        """What to do about it, with the code for this column."""
        column = self.column
        codes = CODE.get(self.kind, {ANY: ""})
        template = codes.get(column.container, codes.get(ANY, ""))
        code = template.format(
            c=column.code, X=column.table, name=column.key, format=self._format
        )
        return ADVICE[self.kind].format(code=code, X=column.table)

    @property
    def _format(self) -> str:
        """Python code for the format of dates that are strings, else nothing."""
        if self.kind not in (DATES_AS_STRINGS, CLOCK_AS_STRINGS):
            return ""
        form = date_format(self.column.distinct[1])
        is_inferred = form == "mixed" and self.column.container == "polars"
        return "None" if is_inferred else f'"{form}"'


def unreadable(column: Column) -> Problem | None:
    """Return the problem of a column of times, nested values, objects or bytes."""
    if column.kind not in UNREADABLE:
        return None
    return Problem(column, column.kind, column.n_of_kind)


def refuse(problems: Iterable[Problem | None], input_name: str) -> None:
    """Raise an error that names all columns with problems, grouped by what they have.

    Raises
    ------
    TypeError
        If one has values that are neither strings nor numbers nor times.
    ValueError
        If they have other problems.
    """
    groups = _grouped(problems)
    if not groups:
        return
    n = sum(map(len, groups.values()))
    they = "it is" if n == 1 else "they are"
    summary = f"{input_name} has {count_of(n, 'column')} that a net cannot read as {they}:"
    lines = [_line(kind, group) for kind, group in groups.items()]
    error = TypeError if groups.keys() & set(WRONG_TYPES) else ValueError
    raise error("\n".join([summary, *lines]))


def doubt(problems: Iterable[Problem | None], input_name: str) -> None:
    """Warn of all columns that are read as categories, and may be something else."""
    groups = _grouped(problems)
    if not groups:
        return
    n = sum(map(len, groups.values()))
    are = "column of strings that is" if n == 1 else "columns of strings that are"
    as_what = "a category" if n == 1 else "categories"
    summary = f"{input_name} has {n} {are} read as {as_what}, and may not be:"
    lines = [_line(kind, group) for kind, group in groups.items()]
    warn_user("\n".join([summary, *lines]), DoubtfulCategoryWarning)


def _grouped(problems: Iterable[Problem | None]) -> dict[str, list[Problem]]:
    """Return problems by their kind."""
    groups: dict[str, list[Problem]] = {}
    for problem in filter(None, problems):
        groups.setdefault(problem.kind, []).append(problem)
    return groups


def _line(kind: str, group: list[Problem]) -> str:
    """Return the columns with one kind of problem, and the remedy for the first."""
    columns = ", ".join(
        f"{problem.column.label} ({count_of(problem.count, 'value')})" for problem in group
    )
    return f"- {kind} in {columns}: {group[0].remedy}."


def count_of(n: int, thing: str) -> str:
    """Return a number of things in words, as "1 value" or "2 values"."""
    return f"{n} {thing if n == 1 else PLURALS.get(thing, thing + 's')}"


def listed_columns(names: Iterable[Any] | None, counts: Iterable[int]) -> str:
    """Return the columns with a count above 0, of many the first ones, with these.

    Parameters
    ----------
    names : iterable or None
        The names of all columns, None if they have none.
    counts : iterable of int
        How many values of each column it is about.
    """
    keys = map(str, itertools.count()) if names is None else map(repr, names)
    found = [(key, n) for key, n in zip(keys, counts, strict=False) if n]
    shown = ", ".join(
        f"{label_of(key)} ({count_of(n, 'value')})" for key, n in found[:MOST_LISTED]
    )
    n_more = len(found) - MOST_LISTED
    return f"{shown} and {count_of(n_more, 'more column')}" if n_more > 0 else shown
