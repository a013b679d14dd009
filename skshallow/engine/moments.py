r"""Weighted mean and standard deviation of columns, in one pass and without overflow."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.linalg import as_dense
from skshallow._arrays.namespace import rows_of, to_numpy
from skshallow.engine.encoding import Encoding

ROWS_PER_CHUNK = 4096
VALUES_PER_CHUNK = 1 << 17  # 1 MB in float64, which caches hold; fewer rows then
# Otherwise a rare category is 20 standard deviations away and dominates other columns.
MOST_DEVIATIONS = 3.0

Average = Callable[[np.ndarray], np.ndarray]  # of each column of (n, n_columns)


class Moments:
    """Weighted mean and variance of columns, updated chunk by chunk in float64.

    Each column is divided by a power of two near its largest magnitude, so that squares
    neither overflow nor underflow for values from 1e-300 to 1e300, and rescaling the data
    by a power of two does not change a bit.

    In dense columns NaN is a missing value, which is left out. A column without any value
    has mean 0 and deviation 1.

    Attributes
    ----------
    total : float, or ndarray of shape (n_columns,)
        Sum of the sample weights so far; one for each column as soon as a value is missing.
    mean, square : ndarray of shape (n_columns,)
        Weighted mean and weighted variance, divided by `unit` and its square.
    unit : ndarray of shape (n_columns,)
        A power of two, at least half of the largest magnitude in the column.
    minimum, maximum : ndarray of shape (n_columns,)
        Smallest and largest value in rows of positive weight.
    two_valued : ndarray of bool of shape (n_columns,)
        Whether there was no value between the two: a binary column.

    References
    ----------
    Chan, Golub, LeVeque (1983), doi:10.1080/00031305.1983.10483115, for the merging.
    """

    def __init__(self, n_columns: int) -> None:
        self.total: Any = 0.0
        self.mean = np.zeros(n_columns)
        self.square = np.zeros(n_columns)
        self.unit = np.zeros(n_columns)
        self.minimum = np.zeros(n_columns)
        self.maximum = np.zeros(n_columns)
        self.two_valued = np.ones(n_columns, dtype=bool)

    def update(
        self,
        X: Any,
        sample_weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        encoding: Encoding | None = None,
    ) -> Moments:
        """Update by X (n, n_columns), dense or CSR, or only by rows with indices `rows`.

        Arrays of other libraries are converted to NumPy arrays chunk by chunk. With an
        `encoding` the columns are its features, of X (n, n_columns_of_table) made dense.
        """
        n_rows = X.shape[0] if rows is None else len(rows)
        rows_per_chunk = ROWS_PER_CHUNK
        if not sparse.issparse(X):
            rows_per_chunk = max(1, min(rows_per_chunk, VALUES_PER_CHUNK // len(self.mean)))
        for start in range(0, n_rows, rows_per_chunk):
            some: Any = slice(start, min(start + rows_per_chunk, n_rows))
            some = some if rows is None else rows[some]
            chunk = to_numpy(rows_of(X, some))
            chunk = chunk if encoding is None else encoding.forward(as_dense(chunk))
            self._merge(chunk, rows_of(sample_weight, some))
        return self

    def _merge(self, X: Any, sample_weight: np.ndarray | None) -> None:
        """Merge the moments of a chunk (n, n_columns) into these."""
        total: Any = float(X.shape[0] if sample_weight is None else sample_weight.sum())
        if total == 0:
            return
        if sparse.issparse(X):
            X = X.astype(np.float64)
            X.sum_duplicates()
            self._note_values(X, sample_weight)
            self._grow_unit(abs(X).max(axis=0).toarray().ravel())
            X.data /= self.unit[X.indices] + (X.data == 0)  # stored zeros have no unit
            mean, square = _sparse_moments(X, sample_weight)
        else:
            X = X.astype(np.float64, order="C")  # else the bits of sums depend on layout
            magnitude = np.abs(X).max(axis=0)
            average: Average = partial(np.average, axis=0, weights=sample_weight)
            if math.isnan(magnitude.max()):
                total, average = _average_of_present(np.isnan(X), sample_weight, total)
                self._fill_missing(X, sample_weight)
                magnitude = np.abs(X).max(axis=0)
            self._note_values(X, sample_weight)
            self._grow_unit(magnitude)
            X /= np.where(self.unit > 0, self.unit, 1)
            mean, square = _dense_moments(X, average)
        merged = self.total + total
        share = total / np.where(merged > 0, merged, 1)
        shift = mean - self.mean
        self.mean += share * shift
        self.square += share * (square - self.square + (1 - share) * shift * shift)
        self.total = merged

    def _fill_missing(self, X: np.ndarray, sample_weight: np.ndarray | None) -> None:
        """Replace each NaN of X (n, n_columns) by a value of the column: no new value."""
        weighs = X if sample_weight is None else X[sample_weight > 0]
        value = np.fmax.reduce(weighs, axis=0)  # NaN if there is none
        value = np.where(np.isnan(value), self.minimum, value)
        np.copyto(X, value, where=np.isnan(X))

    def _note_values(self, X: Any, sample_weight: np.ndarray | None) -> None:
        """Update the range and `two_valued` by a chunk (n, n_columns)."""
        if sample_weight is not None:
            X = X[sample_weight > 0]
        ends = _dense(X.min(axis=0)), _dense(X.max(axis=0))
        before = np.where(self.total > 0, [self.minimum, self.maximum], ends)
        seen = np.array([*ends, *before])
        low, high = np.min(seen, axis=0), np.max(seen, axis=0)
        if self.two_valued.any():
            at_an_end = ((seen == low) | (seen == high)).all(axis=0)
            self.two_valued &= at_an_end & _has_no_value_between(X, low, high)
        self.minimum, self.maximum = low, high

    def _grow_unit(self, magnitude: np.ndarray) -> None:
        """Increase the units for `magnitude` (n_columns,), and rescale the moments."""
        _, exponent = np.frexp(magnitude)
        unit = np.where(magnitude > 0, np.ldexp(1.0, exponent - 1), 0)
        unit = np.maximum(unit, self.unit)
        ratio = np.divide(self.unit, unit, out=np.zeros_like(unit), where=unit > 0)
        self.mean *= ratio
        self.square *= ratio * ratio
        self.unit = unit

    @property
    def center(self) -> np.ndarray:
        """The columns' means (n_columns,) in the user's units."""
        return self.mean * self.unit

    @property
    def constant(self) -> np.ndarray:
        """Which columns (n_columns,) are constant up to rounding errors.

        Division by their standard deviation would amplify the rounding errors.
        """
        rounding = 10 * np.finfo(np.float64).eps * np.abs(self.mean)
        return np.sqrt(self.square) <= rounding

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviations (n_columns,); for constant columns the magnitude."""
        magnitude = np.where(self.constant, np.abs(self.mean), np.sqrt(self.square))
        return self._in_units(magnitude)

    @property
    def least_scale(self) -> np.ndarray:
        """Scale (n_columns,) that puts binary values `MOST_DEVIATIONS` apart; else 0."""
        apart = self.maximum / MOST_DEVIATIONS - self.minimum / MOST_DEVIATIONS
        return np.where(self.two_valued, apart, 0.0)

    def _in_units(self, scale: np.ndarray) -> np.ndarray:
        """Return `scale` in the user's units, 1 for a column of zeros."""
        scale = scale * self.unit
        return np.where(scale > 0, scale, 1.0)


def _dense(row: Any) -> np.ndarray:
    """Return a row of a dense or a sparse array as a vector."""
    return (row.toarray() if sparse.issparse(row) else np.asarray(row)).ravel()


def _has_no_value_between(X: Any, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which columns of X (n, n_columns), dense or CSR, have only these values."""
    if not sparse.issparse(X):
        return ((low == X) | (high == X)).all(axis=0)
    between = (X.data != low[X.indices]) & (X.data != high[X.indices])
    n_between = np.bincount(X.indices, between, X.shape[1])
    full = np.bincount(X.indices, minlength=X.shape[1]) == X.shape[0]
    return (n_between == 0) & (full | (low == 0) | (high == 0))


def _average_of_present(
    missing: np.ndarray, sample_weight: np.ndarray | None, total: float
) -> tuple[np.ndarray, Average]:
    """Return each column's weight of values not `missing`, and what averages those.

    The average has the bits of `numpy.average` in columns without a missing value.
    """
    weight = np.ones(len(missing)) if sample_weight is None else sample_weight
    present = (weight[:, np.newaxis] * ~missing).sum(axis=0)
    present = np.where(missing.any(axis=0), present, total)
    has_some = present > 0
    lift = np.where(has_some, total / np.where(has_some, present, 1), 0)

    def average(X: np.ndarray) -> np.ndarray:
        np.copyto(X, 0, where=missing)
        return lift * np.average(X, axis=0, weights=sample_weight)

    return present, average


def _dense_moments(X: np.ndarray, average: Average) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of columns; X (n, n_columns) is overwritten."""
    mean = average(X)
    X -= mean
    # Sums of many equal values have rounding errors: the remainder belongs to the mean,
    # otherwise a constant column would seem to vary.
    left_over = average(X)
    X -= left_over
    return mean + left_over, average(X * X)


def _sparse_moments(X, sample_weight) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for a CSR matrix (n, n_columns), from its stored entries alone."""
    n_rows, n_columns = X.shape
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    weight = np.repeat(weight / weight.sum(), np.diff(X.indptr))

    def total(values: np.ndarray | None) -> np.ndarray:
        return np.bincount(X.indices, values, n_columns)

    not_stored = np.where(total(None) == n_rows, 0, 1 - total(weight))
    mean = total(weight * X.data)
    away = X.data - mean[X.indices]
    left_over = total(weight * away) - not_stored * mean
    mean += left_over
    away -= left_over[X.indices]
    return mean, total(weight * away * away) + not_stored * mean * mean
