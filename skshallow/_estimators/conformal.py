r"""Conformal intervals from the predictions of one network, or of one for each fold.

A row ``i`` of fold ``k(i)`` has a conformity score ``s_i`` by the network of its fold,
which did not train on it. For a new row ``x`` this network predicts the interval from
``low_k(x)`` to ``high_k(x)``, with scores in units of ``unit_k(x)``. The calibrated
interval is, with ``r = ceil((n + 1) * coverage)``, from minus the r-th smallest of
``-low_k(i)(x) + s_i * unit_k(i)(x)`` to the r-th smallest of
``high_k(i)(x) + s_i * unit_k(i)(x)`` over the ``n`` rows ``i``. This is CV+. With a single
fold it is split conformal prediction: ``low``, ``high`` and ``unit`` are the same for every
``i``, and both ends are moved by the r-th smallest score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skshallow._arrays.namespace import without_overflow_warnings

LEAST_INTEGER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Band:
    """Intervals of a network before calibration, and the unit of their scores.

    Parameters
    ----------
    low, high, unit : ndarray of shape (n, n_targets)
        The ends of the intervals, and positive units.
    """

    low: np.ndarray
    high: np.ndarray
    unit: np.ndarray

    def scores(self, y: np.ndarray) -> np.ndarray:
        """Return the distances (n, n_targets) of `y` from the intervals, inside below 0."""
        return np.maximum(self.low - y, y - self.high) / self.unit


@without_overflow_warnings()
def calibrated(
    bands: Sequence[Band], scores: Sequence[np.ndarray], coverage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper ends (n, n_targets) of conformal intervals.

    Parameters
    ----------
    bands : sequence of Band
        Of the network of each fold, for the same new rows.
    scores : sequence of ndarray of shape (n_fold, n_targets)
        Of the rows of each fold, at least one, by the network of the fold.
    coverage : float
        In (0, 1).
    """
    sorted_scores = [np.sort(own, axis=0) for own in scores]
    low, high, unit = (
        np.stack([getattr(band, name) for band in bands])
        for name in ("low", "high", "unit")
    )
    ends = np.empty((2, *low.shape[1:]))
    for target in range(low.shape[2]):
        of_target = [own[:, target] for own in sorted_scores]
        units = unit[..., target]
        for end, start in zip(ends, (-low[..., target], high[..., target]), strict=True):
            end[:, target] = _ranked(start, units, of_target, coverage)
    lower, upper = -ends[0], ends[1]
    # negative scores narrow the intervals, at most to a point
    center = (0.5 * (low + high)).mean(axis=0)
    crossed = lower > upper
    return np.where(crossed, center, lower), np.where(crossed, center, upper)


def _ranked(
    start: np.ndarray, unit: np.ndarray, scores: Sequence[np.ndarray], coverage: float
) -> np.ndarray:
    """Return the value of rank ``ceil((n + 1) * coverage)``, for each row (n_rows,).

    The values are ``start[k] + unit[k] * scores[k]`` of all folds `k`, with `start` and
    `unit` (n_folds, n_rows) and sorted scores (n_fold,); infinity if there are fewer.
    To sort them would need (n_rows, n) numbers. Bisection needs (n_folds, n_rows): it
    counts the values up to the middle of two floats that the result lies between.
    """
    n_scores = sum(map(len, scores))
    # rounding may put a product that is an integer just above it
    rank = max(1, math.ceil((n_scores + 1) * coverage - 1e-9))
    if rank > n_scores:
        return np.full(start.shape[1], np.inf)
    # of the values of these ranks, one per fold, the least is at most the result, as each
    # fold has less than its share of the rank below it; the greatest is at least the result
    own_ranks = [-(-rank * len(own) // n_scores) for own in scores]
    values = [
        begin + width * own[own_rank - 1]
        for begin, width, own, own_rank in zip(start, unit, scores, own_ranks, strict=True)
    ]
    below, above = (
        _as_integers(np.min(values, axis=0)),
        _as_integers(np.max(values, axis=0)),
    )
    while (below < above).any():
        middle = (below >> 1) + (above >> 1) + (below & above & 1)  # no sum may overflow
        count = np.zeros(start.shape[1], np.int64)
        for begin, width, own in zip(start, unit, scores, strict=True):
            count += np.searchsorted(own, (_as_floats(middle) - begin) / width, "right")
        enough = count >= rank
        above = np.where(enough, middle, above)
        below = np.where(enough, below, np.minimum(middle + 1, above))
    return _as_floats(above)


def _as_integers(floats: np.ndarray) -> np.ndarray:
    """Return integers in the order of the `floats`, neighbours of which differ by 1."""
    bits = floats.view(np.int64)
    return np.where(bits >= 0, bits, LEAST_INTEGER - bits)


def _as_floats(integers: np.ndarray) -> np.ndarray:
    """Return the argument of `_as_integers` that gives these."""
    bits = np.where(integers >= 0, integers, LEAST_INTEGER - integers)
    return bits.view(np.float64)
