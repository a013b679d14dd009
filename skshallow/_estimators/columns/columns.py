"""What each column of a table is, and the table as one matrix of numbers and codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from skshallow._estimators.columns.problems import (
    BOOLEANS_AS_STRINGS,
    INFINITE,
    NOT_NAMED,
    NUMBERS_FOR_STRINGS,
    STRINGS_FOR_NOTHING,
    STRINGS_FOR_NUMBERS,
    Problem,
    count_of,
    doubt,
    refuse,
    unreadable,
)
from skshallow._estimators.columns.reading import (
    Column,
    names_of,
    needs_columns,
    read_columns,
)
from skshallow._estimators.columns.remedies import code_for_booleans
from skshallow._estimators.columns.selection import categorical_mask, dtypes_decide
from skshallow._estimators.columns.strings import (
    IDENTIFIERS,
    doubtful_categories,
    not_categories,
    resemblance,
)
from skshallow._estimators.columns.tables_of_numbers import is_single
from skshallow._estimators.columns.values import (
    BOOLEANS,
    MIXED,
    STRINGS,
    numbers_of,
)


class WithoutValues(NamedTuple):
    """Columns of which a fitted net has not had a value so far, by their indices.

    Parameters
    ----------
    left_out : sequence of int
        Those that do not enter the network: whatever they hold has no effect.
    undecided : sequence of int
        Those that enter as numbers since parts of a table, of `partial_fit`, had none.
    """

    left_out: Sequence[int] = ()
    undecided: Sequence[int] = ()


ALL_HAVE_VALUES = WithoutValues()


@dataclass(frozen=True, eq=False)
class Columns:
    """What each column of a table is: a number, or a category with its levels.

    Levels are the same if they compare equal: 1 and 1.0 are one level, and so are True and
    1 where a column of booleans comes as numbers, but not 1 and "1".

    Parameters
    ----------
    names : tuple of str or None
        The names of the columns, None if they have none, or not all are strings.
    levels : tuple of {ndarray of shape (n_levels,), None}
        The known levels of each category: strings as objects, or integers, floats or
        booleans. They are sorted, whatever the order of a dtype, so that the same rows give
        the same model from each container. None for a number.
    missing_level : tuple of bool
        Whether missing values are a further level of the category, behind these.
    n_missing : tuple of int
        How many values of each column were missing.
    resembles : tuple of {str, None}
        What the strings of a category look like if not like names: "numbers", "dates" or
        "numbers with a unit".
    """

    names: tuple[str, ...] | None
    levels: tuple[np.ndarray | None, ...]
    missing_level: tuple[bool, ...]
    n_missing: tuple[int, ...]
    resembles: tuple[str | None, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Columns):
            return NotImplemented
        simple = (field.name for field in fields(self) if field.name != "levels")
        return (
            all(getattr(self, name) == getattr(other, name) for name in simple)
            and len(self.levels) == len(other.levels)
            and all(map(_are_same_levels, self.levels, other.levels))
        )

    @classmethod
    def of_numbers(cls, n_columns: int) -> Columns:
        """Return the description of columns that are all numbers, none of them missing."""
        nothing = (None,) * n_columns
        return cls(None, nothing, (False,) * n_columns, (0,) * n_columns, nothing)

    @property
    def is_categorical(self) -> np.ndarray:
        """Which columns (n_columns,) are categories."""
        return np.array([levels is not None for levels in self.levels], dtype=bool)

    @property
    def is_boolean(self) -> np.ndarray:
        """Which columns (n_columns,) are categories of booleans, or of one of them."""
        found = [levels is not None and levels.dtype == bool for levels in self.levels]
        return np.array(found, dtype=bool)

    @cached_property
    def booleans_beside_numbers(self) -> tuple[bool, ...]:
        """Which columns are booleans, if all others are numbers; () if not, or none is."""
        is_boolean = self.is_boolean
        are_all = (is_boolean == self.is_categorical).all() and is_boolean.any()
        return tuple(is_boolean.tolist()) if are_all else ()

    @cached_property
    def _constant_booleans(self) -> dict[int, bool]:
        """The only known value of each column of booleans that has one, by its index."""
        of_each = enumerate(self.levels) if self.booleans_beside_numbers else ()
        levels_of = {j: levels for j, levels in of_each if levels is not None}
        return {j: bool(levels[0]) for j, levels in levels_of.items() if len(levels) == 1}

    @property
    def n_levels(self) -> tuple[int, ...]:
        """Number of levels of each category, with that of missing values; 0 for numbers."""
        return tuple(
            0 if levels is None else len(levels) + missing
            for levels, missing in zip(self.levels, self.missing_level, strict=True)
        )

    def encode(
        self,
        X: Any,
        *,
        dtype: Any = None,
        without_values: WithoutValues = ALL_HAVE_VALUES,
        input_name: str = "X",
    ) -> np.ndarray:
        """Return a table as numbers and codes, C-ordered, (n_rows, n_columns).

        Numbers are as they are, NaN where missing. Categories are codes from 0 to
        n_levels - 1, or -1 for a level that is not known, and for a missing value if there
        is no level for these.

        Parameters
        ----------
        X : {data frame, array-like} of shape (n_rows, n_columns)
            With the same columns in the same order.
        dtype : dtype or None, default=None
            Of the result. None means float32 if all numbers are that, else float64.
        without_values : WithoutValues
            Columns without a value so far. What those hold that are left out is missing.
        input_name : str, default="X"
            The name of the argument, for errors.

        Raises
        ------
        ValueError, TypeError
            If a column holds something else than before. The error names all of these.
        """
        columns = read_columns(X, input_name)
        for j in without_values.left_out:
            if j < len(columns):
                columns[j] = columns[j].emptied()
        undecided = without_values.undecided
        return self._matrix(columns, dtype, input_name, undecided)

    def encode_booleans(self, matrix: np.ndarray) -> np.ndarray:
        """Return a table with 0 and 1 for booleans as `encode` returns it.

        The `matrix` (n_rows, n_columns) has numbers beside them, all of them finite. The
        code of a boolean is the same, unless only one of the two is known.
        """
        if self._constant_booleans:
            matrix = matrix.copy()
        for j, known in self._constant_booleans.items():
            matrix[:, j] = np.where(matrix[:, j] == known, 0, -1)
        return matrix

    def of_rows(self, matrix: np.ndarray) -> tuple[Columns, np.ndarray]:
        """Return what the columns are in these rows only, and the rows in their codes.

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_columns)
            Some of the rows that `encode` returned for the table that was learned.
        """
        levels, missing_level = list(self.levels), list(self.missing_level)
        n_missing, matrix = np.isnan(matrix).sum(axis=0), matrix.copy()
        for j, own in enumerate(self.levels):
            if own is None:
                continue
            if (matrix[:, j] == len(own)).all():  # as if these rows were all there are
                levels[j], missing_level[j] = None, False
                n_missing[j], matrix[:, j] = len(matrix), np.nan
                continue
            codes = matrix[:, j].astype(np.int64)
            counts = np.bincount(codes, minlength=len(own) + 1)
            is_present = counts > 0
            levels[j], missing_level[j] = own[is_present[:-1]], bool(is_present[-1])
            n_missing[j] = counts[-1]
            matrix[:, j] = (np.cumsum(is_present) - 1)[codes]
        columns = replace(
            self,
            levels=tuple(levels),
            missing_level=tuple(missing_level),
            n_missing=tuple(n_missing.tolist()),
        )
        return columns, matrix

    def names_of_levels(self) -> dict[int, list[str]]:
        """Return the names of the levels of each category, by the column's index.

        That of missing values is "nan". Whole numbers are named as integers, as which other
        containers hold them beside missing values.
        """
        return {
            j: [*map(str, _whole(levels)), *["nan"] * self.missing_level[j]]
            for j, levels in enumerate(self.levels)
            if levels is not None
        }

    def describe(self) -> list[str]:
        """Return what each column is in words, one line per column."""
        return list(self._descriptions())

    def _matrix(
        self,
        columns: Sequence[Column],
        dtype: Any,
        input_name: str,
        undecided: Sequence[int] = (),
    ) -> np.ndarray:
        """Return columns as one matrix, after they have been compared with these."""
        if len(columns) != len(self.levels):
            raise ValueError(
                f"{input_name} has {count_of(len(columns), 'column')}, and the net was "
                f"fitted with {len(self.levels)}. Give the same columns as to fit."
            )
        pairs = list(zip(columns, self.levels, strict=True))
        is_undecided = [j in undecided for j in range(len(columns))]
        refuse(map(_mismatch, columns, self.levels, is_undecided), input_name)
        n_rows = len(columns[0].values) if columns else 0
        matrix = np.empty((n_rows, len(columns)), dtype or self._dtype(columns))
        with np.errstate(over="ignore"):  # what overflows is refused below, as infinity is
            for j, (column, levels) in enumerate(pairs):
                if levels is None:
                    matrix[:, j] = numbers_of(column.values, column.missing)
                else:
                    matrix[:, j] = _codes(column, levels, self.missing_level[j])
        infinite = np.isinf(matrix).sum(axis=0)
        refuse(map(_infinite, columns, infinite.tolist()), input_name)
        return matrix

    def _dtype(self, columns: Sequence[Column]) -> np.dtype:
        """Return float32 if it holds the numbers of all columns, and all codes.

        A column of numbers that are all missing counts, so that a row alone is encoded as
        it is in its table.
        """
        numbers = {
            column.values.dtype
            for column, levels in zip(columns, self.levels, strict=True)
            if levels is None and (column.n_of_kind or column.values.dtype != object)
        }
        largest = 2 ** np.finfo(np.float32).nmant
        has_room = max(self.n_levels) <= largest
        return np.dtype(np.float32 if has_room and is_single(numbers) else np.float64)

    def _descriptions(self) -> Iterator[str]:
        """Yield what each column is."""
        names = self.names or [f"column {j}" for j in range(len(self.levels))]
        for j, (name, levels) in enumerate(zip(names, self.levels, strict=True)):
            parts = [f"{name}: number"]
            if levels is not None:
                parts = [f"{name}: category of {count_of(len(levels), 'level')}"]
            if self.resembles[j]:
                parts.append(f"which look like {self.resembles[j]}")
            if self.n_missing[j]:
                parts.append(f"{count_of(self.n_missing[j], 'value')} missing")
            yield ", ".join(parts)


def has_columns(
    X: Any, categorical_features: Any = "auto", *, input_name: str = "X"
) -> bool:
    """Return whether a table must be read column by column, else it is plain numbers.

    Arrays of numbers or booleans, sparse matrices, and data frames whose columns are all
    numbers or sparse are plain unless `categorical_features` names one of their columns.
    """
    is_named = not (dtypes_decide(categorical_features) or categorical_features is None)
    return (is_named and np.size(categorical_features) > 0) or needs_columns(X, input_name)


def learn_columns(
    X: Any,
    categorical_features: Any = "auto",
    *,
    unused_levels: bool = False,
    input_name: str = "X",
) -> Columns:
    """Return what each column of a table is.

    Parameters
    ----------
    X : {data frame, array-like} of shape (n_rows, n_columns)
    categorical_features : "auto", None, or array-like of str, int or bool
        The columns that are categories, by name, index or mask; the others are numbers.
        "auto" means all with strings, booleans, or a dtype of categories; strings that
        look like something else are refused or, in doubt, warned of. One without any value
        is a number.
    unused_levels : bool, default=False
        Whether levels that a dtype lists are known without a row that has them. So it is
        for the first of several parts of a table, of which a category may lack any value.
    input_name : str, default="X"
        The name of the argument, for errors.

    Raises
    ------
    ValueError, TypeError
        If a column is neither. The error names all of these and what to do about each.
    """
    columns = read_columns(X, input_name)
    return _learned(columns, names_of(X), categorical_features, unused_levels, input_name)


def learn_and_encode(
    X: Any,
    categorical_features: Any = "auto",
    *,
    unused_levels: bool = False,
    dtype: Any = None,
    input_name: str = "X",
) -> tuple[Columns, np.ndarray]:
    """Return what each column is, and the table as a matrix, having read it only once.

    See `learn_columns` and `Columns.encode`.
    """
    read = read_columns(X, input_name)
    columns = _learned(read, names_of(X), categorical_features, unused_levels, input_name)
    return columns, columns._matrix(read, dtype, input_name)


def _learned(
    columns: Sequence[Column],
    names: tuple[str, ...] | None,
    categorical_features: Any,
    unused_levels: bool,
    input_name: str,
) -> Columns:
    """Return what each of these columns is; see `learn_columns`."""
    mask = categorical_mask(columns, names, categorical_features)
    is_chosen = not dtypes_decide(categorical_features)
    for j, column in enumerate(columns):
        has_levels = unused_levels and (is_chosen or column.declared)
        mask[j] &= bool(column.n_of_kind or has_levels)
    refuse(map(_unlearnable, columns, mask, [is_chosen] * len(columns)), input_name)
    if not is_chosen:
        is_part = [unused_levels] * len(columns)
        doubt(map(_doubtful, columns, mask, is_part), input_name)
    levels = tuple(
        _levels(column, unused_levels) if is_category else None
        for column, is_category in zip(columns, mask, strict=True)
    )
    n_missing = tuple(int(column.missing.sum()) for column in columns)
    return Columns(
        names,
        levels,
        tuple(bool(n) for n in mask * n_missing),
        n_missing,
        tuple(map(_resemblance, levels)),
    )


def _unlearnable(column: Column, is_category: bool, is_chosen: bool) -> Problem | None:
    """Return the problem of a column that is read as a number or as a category.

    `is_chosen` says that the user named the categories. Strings are then not looked at for
    numbers and text, and neither are those of a categorical dtype.
    """
    problem = unreadable(column)
    if problem or column.kind != STRINGS or not column.n_of_kind:
        return problem
    if not is_category:
        return Problem(column, NOT_NAMED, column.n_of_kind)
    if is_chosen or column.declared is not None:
        return None
    kind = not_categories(column.distinct[1], column.n_of_kind)
    return None if kind is None else Problem(column, kind, column.n_of_kind)


def _doubtful(column: Column, is_category: bool, is_part: bool) -> Problem | None:
    """Return why a column of strings may be no category although it is read as one.

    In a part of a table, few rows have the same level anyway.
    """
    if not is_category or column.kind != STRINGS or column.declared is not None:
        return None
    kind = doubtful_categories(column.distinct[1], column.n_of_kind)
    if kind is None or (is_part and kind == IDENTIFIERS):
        return None
    return Problem(column, kind, column.n_of_kind)


def _mismatch(
    column: Column, levels: np.ndarray | None, is_undecided: bool
) -> Problem | None:
    """Return the problem of a column that holds something else than the known levels."""
    if column.kind == MIXED and levels is None and not is_undecided:
        n_strings = sum(isinstance(value, str) for value in column.values)
        return Problem(column, STRINGS_FOR_NUMBERS, n_strings)
    problem = unreadable(column)
    if problem or not column.n_of_kind or (levels is not None and not len(levels)):
        return problem
    was_strings = levels is not None and levels.dtype == object
    if was_strings == (column.kind == STRINGS):
        return None
    kind = NUMBERS_FOR_STRINGS
    if is_undecided:
        kind = STRINGS_FOR_NOTHING
    elif not was_strings:
        are_booleans = code_for_booleans(column) != ""
        kind = BOOLEANS_AS_STRINGS if are_booleans else STRINGS_FOR_NUMBERS
    known = levels.tolist() if levels is not None and kind == NUMBERS_FOR_STRINGS else ()
    return Problem(column, kind, column.n_of_kind, known)


def _infinite(column: Column, count: int) -> Problem | None:
    """Return the problem of a column of numbers of which `count` are infinite."""
    return Problem(column, INFINITE, count) if count else None


def _levels(column: Column, unused: bool) -> np.ndarray:
    """Return the levels (n_levels,) of a category, those without a row if `unused`.

    Of booleans both are known then, also of those that no dtype says are booleans.
    """
    found = set(column.distinct[1])
    if unused:
        found.update((False, True) if column.kind == BOOLEANS else column.declared or ())
    is_text = column.kind == STRINGS or not found
    return np.array(sorted(found), dtype=object if is_text else None)


def _whole(levels: np.ndarray) -> np.ndarray:
    """Return levels (n_levels,) as integers if they are floats without fractions."""
    if levels.dtype.kind != "f" or not (np.abs(levels) < 2**53).all():
        return levels
    whole = levels.astype(np.int64)
    return whole if (whole == levels).all() else levels


def _codes(column: Column, levels: np.ndarray, missing_level: bool) -> np.ndarray:
    """Return the code (n_rows,) of each value of a category."""
    index, found = column.distinct
    if levels.dtype.kind == "f":  # to which integers may have been rounded
        found = list(map(float, found))
    code = {level: i for i, level in enumerate(levels.tolist())}
    of_missing = len(levels) if missing_level else -1
    return np.array([*(code.get(level, -1) for level in found), of_missing])[index]


def _resemblance(levels: np.ndarray | None) -> str | None:
    """Return what the strings of a category look like, None if like names."""
    if levels is None or levels.dtype != object:
        return None
    return resemblance(levels.tolist())


def _are_same_levels(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Return whether two columns are both numbers, or have the same levels."""
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and np.array_equal(a, b)
