r"""Robust moments: median and median absolute deviation of each column, weighted."""

from __future__ import annotations

from typing import Any

import numpy as np

from skshallow._arrays.namespace import rows_of, to_numpy

MOST_KEPT = 1024  # values a column that later parts are merged with
# Of the median absolute deviation: that of a normal distribution is its standard deviation.
NORMAL_FACTOR = 1.4826
ROUNDING = 10 * np.finfo(np.float64).eps


class RobustMoments:
    """Center and deviation of columns that a few outliers, however far, hardly move.

    They are those of all rows so far. Of many rows in several parts only `MOST_KEPT`
    quantiles are kept between the parts, which the next part is merged with: each merge
    moves the ranks of median and deviation by at most ``1 / (2 * MOST_KEPT)``.

    Attributes
    ----------
    values : ndarray of shape (n_kept, n_columns)
        The rows so far or, of many, quantiles of each column in increasing order.
    weight : ndarray of shape (n_kept,)
        The sample weight that each of them stands for.
    center : ndarray of shape (n_columns,)
        The columns' weighted medians.
    deviation : ndarray of shape (n_columns,)
        1.4826 times the weighted median absolute deviation; of a column most of whose
        values are equal, that of the others; of a constant column its magnitude, or 1.

    References
    ----------
    Hampel (1974), doi:10.1080/01621459.1974.10482962, on the median absolute deviation.

    Examples
    --------
    >>> moments = RobustMoments(1).update(np.array([[1.0], [2], [3], [4], [1e6]]))
    >>> moments.center, moments.deviation
    (array([3.]), array([1.4826]))
    """

    def __init__(self, n_columns: int) -> None:
        self.values = np.zeros((0, n_columns))
        self.weight = np.zeros(0)
        self.center = np.zeros(n_columns)
        self.deviation = np.ones(n_columns)

    def update(
        self,
        y: Any,
        sample_weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
    ) -> RobustMoments:
        """Take in y (n, n_columns), or only the `rows` named by index."""
        if rows is None:
            rows = np.arange(y.shape[0])
        new = to_numpy(rows_of(y, rows)).astype(np.float64)
        weight = rows_of(sample_weight, rows)
        weight = np.ones(len(new)) if weight is None else weight.astype(np.float64)
        weighs = weight > 0
        self.values = np.concatenate([self.values, new[weighs]])
        self.weight = np.concatenate([self.weight, weight[weighs]])
        if not len(self.values):
            return self
        each = [_center_and_deviation(column, self.weight) for column in self.values.T]
        self.center, self.deviation = np.array(each).reshape(-1, 2).T.copy()
        if len(self.values) > 2 * MOST_KEPT:
            self._thin_out()
        return self

    def _thin_out(self) -> None:
        """Keep `MOST_KEPT` quantiles of each column, all of the same weight."""
        share = self.weight.sum() / MOST_KEPT
        ranks = share * (np.arange(MOST_KEPT) + 0.5)
        self.values = np.stack(
            [_at_ranks(column, self.weight, ranks) for column in self.values.T], axis=1
        )
        self.weight = np.full(MOST_KEPT, share)


def _center_and_deviation(column: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the robust center and deviation of a column (n,)."""
    center = _median(column, weight)
    # in halves: the distance of two large numbers of different signs overflows
    half_away = np.abs(0.5 * column - 0.5 * center)
    half = _median(half_away, weight)
    rounding = 0.5 * ROUNDING * abs(center)
    if not half > rounding:
        others = half_away > rounding
        if not others.any():
            return center, abs(center) or 1.0
        half = _median(half_away[others], weight[others])
    return center, min(NORMAL_FACTOR * half, np.finfo(np.float64).max / 4) * 2


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted median of values (n,), between two of them their middle."""
    half = 0.5 * weight.sum()
    slack = half * len(weight) * np.finfo(np.float64).eps  # of a sum that was rounded
    low, high = _at_ranks(values, weight, np.array([half - slack, half + slack]))
    return float(low if low == high else 0.5 * low + 0.5 * high)


def _at_ranks(values: np.ndarray, weight: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return the values below which so much of the weight lies, in increasing order."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    at = np.searchsorted(below, ranks)
    return values[order[np.minimum(at, len(order) - 1)]]
