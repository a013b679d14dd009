r"""Scaling: the center and scale of each column, weighted, in one pass, without overflow.

A net trains well on features of mean 0 and deviation 1, whatever their units were. The
estimators measure both here, train in the scaled units and fold them back afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays import rows_of, to_numpy
from skshallow.activations import Params
from skshallow.links import Link

ROWS_AT_ONCE = 4096
VALUES_AT_ONCE = 1 << 20  # where rows are very wide, fewer at once
MOST_ROW_GAIN = 4.0  # the penalty on the first weights weakens by its square
# A rare category is else a jump of 20 deviations, and outweighs all other columns.
MOST_DEVIATIONS = 3.0


class Moments:
    """Weighted mean and mean square of columns, grown chunk by chunk in float64.

    Each column is measured in a power of two near its largest magnitude, so that
    squares neither overflow nor vanish for anything from 1e-300 to 1e300, and a change
    of units by a power of two changes no bit.

    Attributes
    ----------
    total : float
        Sum of the sample weights seen.
    mean, square : ndarray of shape (n_columns,)
        Weighted mean, and weighted mean of squared deviations from it, both in `unit`s.
    unit : ndarray of shape (n_columns,)
        A power of two at least half the column's largest magnitude.
    low, high : ndarray of shape (n_columns,)
        Least and greatest value, among rows that have a weight, for as long as any column
        may be `two_valued`.
    two_valued : ndarray of bool of shape (n_columns,)
        Whether there was no value between them.

    References
    ----------
    Chan, Golub, LeVeque (1983), doi:10.1080/00031305.1983.10483115, for the merging.
    """

    def __init__(self, n_columns: int) -> None:
        self.total = 0.0
        self.mean = np.zeros(n_columns)
        self.square = np.zeros(n_columns)
        self.unit = np.zeros(n_columns)
        self.low = np.zeros(n_columns)
        self.high = np.zeros(n_columns)
        self.two_valued = np.ones(n_columns, dtype=bool)

    def update(
        self,
        X: Any,
        sample_weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
    ) -> Moments:
        """Take in X (n, n_columns), dense or CSR, or only the `rows` named by index.

        Rows of other libraries than NumPy are moved to it, chunk by chunk.
        """
        n_rows = X.shape[0] if rows is None else len(rows)
        rows_at_once = ROWS_AT_ONCE
        if not sparse.issparse(X):
            rows_at_once = max(1, min(rows_at_once, VALUES_AT_ONCE // X.shape[1]))
        for start in range(0, n_rows, rows_at_once):
            some: Any = slice(start, min(start + rows_at_once, n_rows))
            some = some if rows is None else rows[some]
            self._merge(to_numpy(rows_of(X, some)), rows_of(sample_weight, some))
        return self

    def _merge(self, X: Any, sample_weight: np.ndarray | None) -> None:
        """Merge the moments of a chunk (n, n_columns) into these."""
        total = float(X.shape[0] if sample_weight is None else sample_weight.sum())
        if total == 0:
            return
        X = X.astype(np.float64)
        if sparse.issparse(X):
            X.sum_duplicates()
            self._note_values(X, sample_weight)
            self._grow_unit(abs(X).max(axis=0).toarray().ravel())
            X.data /= self.unit[X.indices] + (X.data == 0)  # stored zeros have no unit
            mean, square = _sparse_moments(X, sample_weight)
        else:
            self._note_values(X, sample_weight)
            self._grow_unit(np.abs(X).max(axis=0))
            X /= np.where(self.unit > 0, self.unit, 1)
            mean, square = _dense_moments(X, sample_weight)
        share = total / (self.total + total)
        shift = mean - self.mean
        self.mean += share * shift
        self.square += share * (square - self.square + (1 - share) * shift * shift)
        self.total += total

    def _note_values(self, X: Any, sample_weight: np.ndarray | None) -> None:
        """Take in which values a chunk (n, n_columns) has."""
        if not self.two_valued.any():
            return
        if sample_weight is not None:
            X = X[sample_weight > 0]
        ends = _dense(X.min(axis=0)), _dense(X.max(axis=0))
        seen = [*ends, self.low, self.high] if self.total > 0 else ends
        low, high = np.min(seen, axis=0), np.max(seen, axis=0)
        at_an_end = ((seen == low) | (seen == high)).all(axis=0)
        self.two_valued &= at_an_end & _has_no_value_between(X, low, high)
        self.low, self.high = low, high

    def _grow_unit(self, magnitude: np.ndarray) -> None:
        """Raise the units to hold `magnitude` (n_columns,), re-expressing the moments."""
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
        """Which columns vary by no more than rounding (n_columns,).

        Dividing by their deviation would blow the rounding up.
        """
        rounding = 10 * np.finfo(np.float64).eps * np.abs(self.mean)
        return np.sqrt(self.square) <= rounding

    @property
    def deviation(self) -> np.ndarray:
        """The columns' standard deviations (n_columns,), or magnitudes where constant."""
        magnitude = np.where(self.constant, np.abs(self.mean), np.sqrt(self.square))
        return self._in_units(magnitude)

    @property
    def root_mean_square(self) -> np.ndarray:
        """The columns' root mean squares (n_columns,): the scale without a center."""
        return self._in_units(np.sqrt(self.square + self.mean**2))

    @property
    def least_scale(self) -> np.ndarray:
        """What sets two values `MOST_DEVIATIONS` apart, 0 with a third (n_columns,)."""
        apart = self.high / MOST_DEVIATIONS - self.low / MOST_DEVIATIONS
        return np.where(self.two_valued, apart, 0.0)

    def _in_units(self, scale: np.ndarray) -> np.ndarray:
        """Return `scale` in the user's units, 1 for a column of zeros."""
        scale = scale * self.unit
        return np.where(scale > 0, scale, 1.0)


def _dense(row: Any) -> np.ndarray:
    """Return a row of a dense or a sparse array as a vector."""
    return (row.toarray() if sparse.issparse(row) else np.asarray(row)).ravel()


def _has_no_value_between(X: Any, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which columns of X (n, n_columns), dense or CSR, hold only these values."""
    if not sparse.issparse(X):
        return ((low == X) | (high == X)).all(axis=0)
    between = (X.data != low[X.indices]) & (X.data != high[X.indices])
    n_between = np.bincount(X.indices, between, X.shape[1])
    full = np.bincount(X.indices, minlength=X.shape[1]) == X.shape[0]
    return (n_between == 0) & (full | (low == 0) | (high == 0))


def _dense_moments(X, sample_weight) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and mean squared deviation of columns; X (n, n_columns) is used up."""
    mean = np.average(X, axis=0, weights=sample_weight)
    X -= mean
    # Plain sums of many equal values drift: what is left over belongs to the mean, and
    # a constant column would else seem to vary.
    left_over = np.average(X, axis=0, weights=sample_weight)
    X -= left_over
    return mean + left_over, np.average(X * X, axis=0, weights=sample_weight)


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


@dataclass(frozen=True)
class Units:
    """The units a network works in, and the way back to the user's.

    Features go in as ``(X - center) / scale``, targets are learned as
    ``(y - target_center) / target_scale``, and ``factor * raw + offset`` is the raw
    prediction in the user's units. None leaves a step out.

    Parameters
    ----------
    center, scale : ndarray of shape (n_features,) or None
    target_center, target_scale : ndarray of shape (n_outputs,) or None
    factor, offset : ndarray of shape (n_outputs,) or None
    """

    center: np.ndarray | None = None
    scale: np.ndarray | None = None
    target_center: np.ndarray | None = None
    target_scale: np.ndarray | None = None
    factor: np.ndarray | None = None
    offset: np.ndarray | None = None

    @classmethod
    def measured(
        cls,
        features: Moments,
        targets: Moments,
        link: Link,
        centered: bool,
        row_gain: float | None = None,
    ):
        """Return units in which targets, if `link` allows, and features are standard.

        Features that may not be `centered`, sparse ones, are scaled by their root mean
        square instead of their deviation. With a `row_gain`, for hidden layers, features
        are that much larger; but those of two values are no further apart than
        `MOST_DEVIATIONS` of the others, however rare the one is.
        """
        center = features.center if centered else None
        scale = features.deviation if centered else features.root_mean_square
        if row_gain is not None:
            scale = np.maximum(scale, features.least_scale) / row_gain
        target_units = link.target_units(targets)
        if target_units is None:
            return cls(center, scale)
        return cls(center, scale, *target_units, *link.raw_units(*target_units))

    @property
    def are_users(self) -> bool:
        """Whether these are the units of the user's data, with no step in between."""
        return all(getattr(self, field.name) is None for field in fields(self))

    def scale_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets (n, n_outputs) in the network's units."""
        if self.target_scale is None:
            return y
        return (y - self.target_center) / self.target_scale

    def to_users(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return raw predictions (n, n_outputs) in the user's units."""
        if self.factor is None:
            return raw_prediction
        users = raw_prediction * self.factor + self.offset
        return users.astype(raw_prediction.dtype, copy=False)


USERS_UNITS = Units()


def row_gain(n_features: int, n_units: int) -> float:
    """Return the deviation of features that makes rows as long as hidden activations.

    Standardised rows have a mean square length of `n_features`, the activations of a
    hidden layer one of about its `n_units`. Where a solver moves all weights by steps of
    one size, the first layer's output would move the less, the fewer features there are.
    With features of deviation ``sqrt(n_units / n_features)``, at most 4, it learns at the
    pace of the other layers, as in the neural tangent parametrisation.

    References
    ----------
    Jacot, Gabriel, Hongler (2018), arXiv:1806.07572; for tables Holzmueller, Grinsztajn,
    Steinwart (2024), arXiv:2407.04491.

    Examples
    --------
    >>> row_gain(n_features=32, n_units=128)
    2.0
    """
    return min(math.sqrt(n_units / n_features), MOST_ROW_GAIN)


def re_express(params: list[Params], old: Units, new: Units) -> None:
    """Change the units of a network in place: other numbers, the same function.

    From ``(X - c0) / s0 @ W + b = (X - c1) / s1 @ (s1 / s0 * W) + b + (c1 - c0) / s0 @ W``
    for the first layer, and ``f0 raw0 + o0 = f1 raw1 + o1`` for the last.

    Parameters
    ----------
    params : list of dict
        Views of the network's parameters, a dict a layer.
    old, new : Units
        The units that they are in, and those that they shall be in.
    """
    first, last = params[0], params[-1]
    old_center, old_scale = _or(old.center, 0.0), _or(old.scale, 1.0)
    new_center, new_scale = _or(new.center, 0.0), _or(new.scale, 1.0)
    n_features = first["weight"].shape[-2]
    shift = np.broadcast_to((new_center - old_center) / old_scale, n_features)
    ratio = np.broadcast_to(new_scale / old_scale, n_features)
    # not through BLAS, whose threads would have a say in the last bits
    moved = np.einsum("i,...ij->...j", shift, first["weight"])  # (n_units,), by members
    first["bias"] += moved.reshape(first["bias"].shape)
    first["weight"] *= ratio[:, np.newaxis]
    old_factor, new_factor = _or(old.factor, 1.0), _or(new.factor, 1.0)
    last["weight"] *= old_factor / new_factor
    last["bias"] *= old_factor / new_factor
    last["bias"] += (_or(old.offset, 0.0) - _or(new.offset, 0.0)) / new_factor


def _or(array: np.ndarray | None, default: float) -> np.ndarray:
    """Return `array`, or `default` as an array."""
    return np.asarray(default) if array is None else array
