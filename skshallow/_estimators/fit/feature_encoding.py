"""How the columns of a table enter the network: as numbers, indicators, one-hot, embedded.

A category of two levels becomes one 0/1 column, one of a few levels a column per level
(one-hot), and one of more levels a vector that is learned (an embedding). A number is
itself, and with `numeric_encoding` pieces of its range or learned curves as well; one
that is missing somewhere has an indicator beside it. One that is missing in all training
rows is left out: nothing can be learned of it, so that it must not change predictions. A
column without any value, of whatever dtype, is read as such a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import namespace, rows_of, to_numpy
from skshallow._estimators.checks.hyperparameters import PERIODIC, PIECEWISE_LINEAR
from skshallow._estimators.columns import Columns, WithoutValues, has_missing
from skshallow._estimators.columns.problems import listed_columns
from skshallow.engine.encoding import Encoding
from skshallow.engine.units import Units

# Chosen on one half of the tables of the benchmarks; see docs/benchmarks/recipe.md.
MOST_ONE_HOT_LEVELS = 64
LEAST_ROWS_OF_LEVEL = 5  # an embedded level with fewer shares the vector of unseen ones
EMBEDDING_WIDTH = 8
ROWS_PER_COUNT = 1 << 16
MOST_PIECES = 8  # of a number
ROUNDING = 1e-12  # of shares of the weight

# A column, its numbers in the training rows, and which of these have one.
ValuesOf = tuple[int, np.ndarray, np.ndarray]


def encoding_of(
    X: Any,
    columns: Columns | None,
    rows: np.ndarray | None,
    missing: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    most_pieces: float = 0,
    has_curves: bool = False,
    directions: np.ndarray | None = None,
    is_part: bool = False,
    most_one_hot: float = MOST_ONE_HOT_LEVELS,
) -> Encoding | None:
    """Return how a table enters the network; None if its numbers enter as they are.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_columns)
        The table as numbers and codes.
    columns : Columns or None
        What its columns are, None if all are numbers.
    rows : ndarray of int or None
        The training rows, whose levels are counted.
    missing : ndarray of int of shape (n_columns,)
        Number of missing numbers in each column, from `n_missing`.
    weight : ndarray of shape (n_rows,) or None
        The sample weights of all rows.
    most_pieces : float
        How many pieces the numbers may have in all, to be encoded piecewise linearly too.
    has_curves : bool
        Whether curves of numbers are learned too, which need not rise: not of columns
        that have a direction.
    directions : ndarray of shape (n_columns,) or None
        Of each column -1 or 1 if it has one, else 0.
    is_part : bool
        Whether this is the first of several parts of a table, whose other rows may have
        more: no levels of too few rows share a vector, and no column is left out.
    most_one_hot : float
        Categories of more levels are embedded.

    Raises
    ------
    ValueError
        If all columns are numbers that are missing in all training rows.
    """
    n_columns = X.shape[1]
    levels = [0] * n_columns if columns is None else columns.n_levels
    n_levels = np.array(levels)
    is_number = np.ones(n_columns, bool) if columns is None else ~columns.is_categorical
    few = ~is_number & (n_levels != 2) & (n_levels <= most_one_hot)
    embedded = np.flatnonzero(~is_number & (n_levels > max(2, most_one_hot)))
    least = 0 if is_part else LEAST_ROWS_OF_LEVEL
    has_numbers = is_number if is_part else is_number & ~_without_numbers(X, rows, missing)
    if is_number.all() and not has_numbers.any():
        raise ValueError(
            f"All values are missing (NaN) in the training rows of all {n_columns} "
            "columns of X. A net has nothing to learn from."
        )
    borders = _borders(X, np.flatnonzero(has_numbers), rows, weight, most_pieces)
    periodic = np.empty(0, np.int64)
    if has_curves:
        is_free = has_numbers if directions is None else has_numbers & (directions == 0)
        periodic = _of_several_values(X, np.flatnonzero(is_free), rows)
    if columns is None and not missing.any() and not (borders or len(periodic)):
        return None
    return Encoding(
        numbers=np.flatnonzero(has_numbers),
        indicators=np.flatnonzero(has_numbers & (missing > 0)),
        binary=np.flatnonzero(~is_number & (n_levels == 2)),
        one_hot=np.flatnonzero(few),
        n_levels=n_levels[few],
        embedded=embedded,
        left_out=np.flatnonzero(is_number & ~has_numbers),
        pieced=np.array(list(borders), np.int64),
        periodic=periodic,
        borders=tuple(borders.values()),
        rows_of_level=tuple(
            _rows_of_level(_counts(X, int(j), levels[j], rows), least) for j in embedded
        ),
    )


def _borders(
    X: Any,
    columns: np.ndarray,
    rows: np.ndarray | None,
    weight: np.ndarray | None,
    most_pieces: float,
) -> dict[int, np.ndarray]:
    """Return the borders of pieces of numbers, by column: quantiles of the training rows.

    A column with at most two borders would be one piece, and has none: so have constant
    columns, and those of two values. The others share `most_pieces`, at most `MOST_PIECES`
    each; if that were less than two each, none has any.

    References
    ----------
    Gorishniy, Rubachev, Babenko (2022), arXiv:2203.05556, section 3.2.
    """
    if not most_pieces:
        return {}
    weight = weight if rows is None or weight is None else weight[rows]
    if sparse.issparse(X):
        X, rows = _by_columns(X, rows), None
        columns = columns[_may_bend(X, weight)[columns]]
    most_columns = most_pieces / 2
    found = _cut(_values_of(X, columns, rows), weight, MOST_PIECES, most_columns)
    if MOST_PIECES * len(found) > most_pieces:
        n_pieces = int(most_pieces // len(found))
        of_these = _values_of(X, np.array(list(found)), rows)
        found = _cut(of_these, weight, n_pieces, most_columns)
    return found


def _cut(
    values_of: Iterator[ValuesOf],
    weight: np.ndarray | None,
    n_pieces: int,
    most_columns: float,
) -> dict[int, np.ndarray]:
    """Return the borders of those columns that have more than two, none if too many do."""
    found: dict[int, np.ndarray] = {}
    shares = np.linspace(0, 1 - ROUNDING, n_pieces + 1)
    for column, values, present in values_of:
        own_weight = None if weight is None else weight[present]
        quantiles = _quantiles(values, own_weight, shares)
        borders = _in_single_precision(np.unique(quantiles))
        if len(borders) > 2:
            found[column] = borders
        if len(found) > most_columns:
            return {}
    return found


def _may_bend(X: Any, weight: np.ndarray | None) -> np.ndarray:
    """Return which columns (n_columns,) of a sparse table can have more than two borders.

    Not those that have values of one sign only, in fewer rows than a piece has: all
    quantiles are 0 but one. A table of words has nothing else, in many thousand columns.
    """
    weight = np.ones(X.shape[0]) if weight is None else weight
    share_stored = abs(X).sign().T @ weight / weight.sum()
    lowest, highest = (end(axis=0).toarray().ravel() for end in (X.min, X.max))
    has_both_signs = (lowest < 0) & (highest > 0)
    return has_both_signs | (share_stored >= 1 / MOST_PIECES)


def _of_several_values(X: Any, columns: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """Return which of the `columns` have more than two values in the training rows.

    A curve through two points is a line, which the number itself gives.
    """
    values_of = _values_of(X, columns, rows)
    found = [column for column, values, _ in values_of if len(np.unique(values)) > 2]
    return np.array(found, np.int64)


def _values_of(X: Any, columns: np.ndarray, rows: np.ndarray | None) -> Iterator[ValuesOf]:
    """Yield each column, its numbers in training rows, and which of these have one."""
    if sparse.issparse(X):
        X, rows = _by_columns(X, rows), None
    for column in columns.tolist():
        values = _column(X, column)
        values = values if rows is None else values[rows]
        present = ~np.isnan(values)
        yield column, values[present], present


def found_in(encoding: Encoding | None, choice: str | None) -> str | None:
    """Return this `numeric_encoding`, None if no number is encoded so."""
    if encoding is None or choice is None:
        return None
    n_features = {PIECEWISE_LINEAR: encoding.n_pieces, PERIODIC: encoding.n_curves}
    return choice if n_features[choice] else None


def unseen_inputs(choice: str | None, encoding: Encoding) -> slice | None:
    """Return the first layer's inputs that a member of this `numeric_encoding` lacks."""
    return encoding.unseen_inputs(
        pieces=choice == PIECEWISE_LINEAR, curves=choice == PERIODIC
    )


def _in_single_precision(borders: np.ndarray) -> np.ndarray:
    """Return borders rounded to float32 if that keeps them apart, else as they are.

    Then a net and its model in float32 cut columns at the same places: differences from
    numbers that are near to each other show every digit of both.
    """
    with np.errstate(over="ignore"):
        rounded = borders.astype(np.float32).astype(np.float64)
    distinct = np.isfinite(rounded).all() and (np.diff(rounded) > 0).all()
    return rounded if distinct else borders.astype(np.float64)


def _by_columns(X: Any, rows: np.ndarray | None) -> Any:
    """Return these rows of a sparse table, None for all, as CSC."""
    return (X if rows is None else X[rows]).tocsc()


def _column(X: Any, column: int) -> np.ndarray:
    """Return a column (n_rows,) of a dense or CSC table, as NumPy's."""
    if sparse.issparse(X):
        return X[:, [column]].toarray().ravel()
    return to_numpy(X[:, column])


def _quantiles(
    values: np.ndarray, weight: np.ndarray | None, shares: np.ndarray
) -> np.ndarray:
    """Return the least values that reach these `shares` of the weight.

    A row of weight 2 counts as two rows, which `numpy.quantile` gives up to rounding only.
    """
    if weight is None:
        values, reached = np.sort(values), np.arange(1, len(values) + 1)
    else:
        order = np.argsort(values, kind="stable")
        values, reached = values[order], np.cumsum(weight[order])
    return values[np.searchsorted(reached, shares * reached[-1])]


def _without_numbers(X: Any, rows: np.ndarray | None, missing: np.ndarray) -> np.ndarray:
    """Return which columns (n_columns,) have only missing numbers in the training rows."""
    n_training = X.shape[0] if rows is None else len(rows)
    is_empty = missing >= n_training
    if rows is not None and is_empty.any():
        return n_missing(rows_of(X, rows)) == n_training
    return is_empty


def without_values(encoding: Encoding | None, moments: Any = None) -> WithoutValues:
    """Return the columns of which no value came so far.

    `moments` is the pair of those of features and targets, if `partial_fit` goes on.
    """
    if encoding is None:
        return WithoutValues()
    total = np.empty(0) if moments is None else np.asarray(moments[0].total)
    if not total.ndim:  # none was missing
        return WithoutValues(encoding.left_out.tolist())
    has_none = total[: len(encoding.numbers)] == 0
    undecided = encoding.numbers[: len(has_none)][has_none]
    return WithoutValues(encoding.left_out.tolist(), undecided.tolist())


def filling(
    X: Any, encoding: Encoding | None, units: Units, names: np.ndarray | None
) -> Encoding | None:
    """Return an encoding that fills missing numbers of X also where training had none.

    Raises
    ------
    ValueError
        If numbers are missing and the `units` have no mean to fill them with. Columns are
        called by their `names`, if they have any.
    """
    if sparse.issparse(X) or (encoding is None and not has_missing(X)):
        return encoding
    if units.center is None:
        _refuse_missing(X, encoding, names)
    return Encoding(numbers=np.arange(X.shape[1])) if encoding is None else encoding


def _refuse_missing(X: Any, encoding: Encoding | None, names: np.ndarray | None) -> None:
    """Raise ValueError if numbers of X (n_rows, n_columns) are missing.

    Those of columns that do not enter the network are not needed.
    """
    n_per_column = n_missing(X)
    if encoding is not None:
        n_per_column[encoding.left_out] = 0
    columns = np.flatnonzero(n_per_column)
    if not len(columns):
        return
    imputer = "SimpleImputer()"
    if encoding is not None and len(encoding.numbers) < X.shape[1]:  # of these columns
        own = columns.tolist() if names is None else [str(names[j]) for j in columns]
        imputer = f'make_column_transformer(({imputer}, {own}), remainder="passthrough")'
    are = "number is" if n_per_column.sum() == 1 else "numbers are"
    raise ValueError(
        f"{n_per_column.sum()} {are} missing (NaN): "
        f"{listed_columns(names, n_per_column)}. A net fills them with means, "
        "which it only knows with standardize=True. Set this, or impute them before the "
        f"net, with these functions of scikit-learn:\n    make_pipeline({imputer}, net)"
    )


def n_missing(X: Any) -> np.ndarray:
    """Return the number of NaN in each column (n_columns,)."""
    total = np.zeros(X.shape[1], int)
    if not has_missing(X):
        return total
    for start in range(0, X.shape[0], ROWS_PER_COUNT):
        some = rows_of(X, slice(start, start + ROWS_PER_COUNT))
        xp = namespace(some)
        total += to_numpy(xp.sum(xp.astype(xp.isnan(some), xp.int64), axis=0))
    return total


def _counts(X: np.ndarray, column: int, n_levels: int, rows: np.ndarray | None):
    """Return how many of the `rows` have each level of a column (n_levels,)."""
    codes = X[:, column] if rows is None else X[rows, column]
    return np.bincount(codes[codes >= 0].astype(np.int64), minlength=n_levels)


def _rows_of_level(counts: np.ndarray, least: int) -> np.ndarray:
    """Return the row in the embedding of each level, and at last that of unseen ones.

    Levels with fewer rows than `least` share that last row, which learns from them.
    """
    is_rare = counts < least
    n_own = int((~is_rare).sum())
    own = np.cumsum(~is_rare) - 1
    return np.append(np.where(is_rare, n_own, own), n_own)
