"""Errors that name every column that cannot be read, with the code that changes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.columns.notation import NEARLY_ALL, Notation
from skshallow._estimators.columns.reading import Column, label_of
from skshallow._estimators.columns.remedies import (
    DATE_LOOKS,
    DATES_ELSEWHERE,
    NUMBER_LOOKS,
    advice_for,
    advice_for_strings_at_numbers,
    code_for_booleans,
    code_for_strings,
    strings_of,
)
from skshallow._estimators.columns.strings import (
    FREE_TEXT,
    IDENTIFIERS,
    INTEGERS,
    NUMBERS_AS_STRINGS,
    look_of_values,
    not_categories,
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
# X['day'], {X} for the table and {name} for the column's name or index. What strings need
# depends on their values, see `remedies`.
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
    FREE_TEXT: LEFT_OUT,
    IDENTIFIERS: LEFT_OUT,
    INFINITE: {
        "pandas": "{c} = {c}.replace([np.inf, -np.inf], np.nan)",
        "polars": "{X} = {X}.with_columns(pl.when(pl.col({name}).is_finite())"
        ".then(pl.col({name})))",
        ANY: "[np.nan if x in (np.inf, -np.inf) else x for x in {c}]",
    },
    STRINGS_FOR_NOTHING: CATEGORIES,
}
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
    IDENTIFIERS: "if they name single rows, as identifiers do, leave the column out, "
    "{code}; else give it a categorical dtype, which needs no warning",
    FREE_TEXT: "leave the column out, {code}, or encode it with scikit-learn's "
    "TfidfVectorizer, skrub's StringEncoder, or skrub.tabular_pipeline(net), "
    + IS_CATEGORY,
    INFINITE: "make them missing values: {code}",
    STRINGS_FOR_NOTHING: "the first part of a table decides what its columns are. Start "
    "anew, with the column as a category in each part: {code}",
}


@dataclass(frozen=True)
class Problem:
    """Why a column cannot be read: what it has, and how many values are that.

    Parameters
    ----------
    column : Column
    kind : str
    count : int
    known : sequence of str, default=()
        The levels that fit had, where numbers stand for strings.
    """

    column: Column
    kind: str
    count: int
    known: Sequence[str] = ()

    @cached_property
    def remedy(self) -> str:
        """What to do about it, with the code for this column."""
        column = self.column
        if self.kind in OWN_ADVICE:
            return OWN_ADVICE[self.kind](self)
        if self.kind in (*NUMBER_LOOKS, *DATE_LOOKS):
            return f"{advice_for(column, self.kind)}, {IS_CATEGORY}"
        codes = CODE.get(self.kind, {ANY: ""})
        template = codes.get(column.container, codes.get(ANY, ""))
        code = template.format(c=column.code, X=column.table, name=column.key)
        return ADVICE[self.kind].format(code=code, X=column.table)

    @property
    def group(self) -> str:
        """What columns have in common that one remedy mends."""
        if self.kind not in (*NUMBER_LOOKS, *DATE_LOOKS, *OWN_ADVICE):
            return self.kind
        column = self.column
        place = f"pl.col({column.key})" if column.container == "polars" else column.code
        return self.kind + self.remedy.replace(place, "")


def _of_mixed(problem: Problem) -> str:
    """Return what to do about a column of numbers and strings."""
    column = problem.column
    strings = strings_of(column)
    look = not_categories(strings, problem.count)
    if Notation.of(strings).units[""] >= NEARLY_ALL * len(strings):
        look = look or look_of_values(strings)
    to_strings = code_for_strings(column)
    if look in (*NUMBER_LOOKS, *DATE_LOOKS):
        return f"{advice_for(column, look)}, {IS_CATEGORY}, after {to_strings}"
    if look is not None:
        return Problem(column, look, problem.count).remedy
    return f"make them all strings, {to_strings}, or all numbers"


def _of_not_named(problem: Problem) -> str:
    """Return what to do about strings where other columns are named as categories."""
    column = problem.column
    look = not_categories(column.distinct[1], problem.count)
    if look in (*NUMBER_LOOKS, *DATE_LOOKS):
        return f"{advice_for(column, look)}, or name the column there"
    if look is not None:
        return f"name the column there, or leave it out: it has {look}"
    return "name the column there, or set categorical_features='auto'"


def _of_integers(problem: Problem) -> str:
    """Return what to do about strings that are integers."""
    return (
        f"if they are quantities, {advice_for(problem.column, NUMBERS_AS_STRINGS)}; if "
        "they are names, such as postcodes, give the column a categorical dtype, which "
        "needs no warning"
    )


def _of_booleans(problem: Problem) -> str:
    """Return what to do about strings that stand for booleans."""
    return f"convert them: {code_for_booleans(problem.column)}"


def _of_strings_for_numbers(problem: Problem) -> str:
    """Return what to do about strings where fit had numbers, all or some of them."""
    look = look_of_values(strings_of(problem.column))
    if look is not None:
        return advice_for(problem.column, look)
    return advice_for_strings_at_numbers(problem.column)


def _of_numbers_for_strings(problem: Problem) -> str:
    """Return what to do about numbers where fit had strings."""
    code = code_for_strings(problem.column, problem.known)
    if code:
        return f"convert them as before fit, such as by {code}"
    return f"convert them as before fit, to strings such as {problem.known[0]!r}"


OWN_ADVICE: dict[str, Callable[[Problem], str]] = {
    MIXED: _of_mixed,
    NOT_NAMED: _of_not_named,
    INTEGERS: _of_integers,
    BOOLEANS_AS_STRINGS: _of_booleans,
    STRINGS_FOR_NUMBERS: _of_strings_for_numbers,
    NUMBERS_FOR_STRINGS: _of_numbers_for_strings,
}


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
    lines = list(map(_line, groups.values()))
    kinds = {group[0].kind for group in groups.values()}
    error = TypeError if kinds & set(WRONG_TYPES) else ValueError
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
    lines = list(map(_line, groups.values()))
    warn_user("\n".join([summary, *lines]), DoubtfulCategoryWarning)


def _grouped(problems: Iterable[Problem | None]) -> dict[str, list[Problem]]:
    """Return problems by their kind and remedy."""
    groups: dict[str, list[Problem]] = {}
    for problem in filter(None, problems):
        groups.setdefault(problem.group, []).append(problem)
    return groups


def _line(group: list[Problem]) -> str:
    """Return the columns with one kind of problem, and the remedy for the first."""
    columns = ", ".join(
        f"{problem.column.label} ({count_of(problem.count, 'value')})" for problem in group
    )
    return f"- {group[0].kind} in {columns}: {group[0].remedy}."


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
