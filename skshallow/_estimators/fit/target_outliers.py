"""Outliers of the target, and what to do if the loss is the squared error."""

from __future__ import annotations

import numpy as np

from skshallow._estimators.columns.problems import count_of
from skshallow._estimators.fit.run import FitRun
from skshallow.engine.robust_moments import RobustMoments
from skshallow.losses import SquaredError

# Robust standard deviations from the median. Two of the 18 tables of the benchmarks have
# targets farther away than 20: one at 102, where the Huber loss is better, and one at 32,
# where it is worse.
FAR = 50.0
# Of the weight of all rows: more than that is a part of the distribution, unless the tail
# is so heavy that so few rows have nearly all of the sum of squares.
MOST_OUTLIERS, MOST_SQUARES = 0.05, 0.9


def about_target_outliers(run: FitRun) -> str | None:
    """Return which targets are far out and what to try, None if there are none.

    Only the squared error is that sensitive to them.
    """
    if not isinstance(run.config.loss, SquaredError):
        return None
    y, weight = run.data.y, run.data.weight
    moments = RobustMoments(y.shape[1]).update(y, weight)
    shares = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
    with np.errstate(over="ignore"):  # in halves, as in `RobustMoments`
        away = np.abs(0.5 * y - 0.5 * moments.center)
        distance = away / (0.5 * moments.deviation)
    is_far = distance > FAR
    concerned = np.array(
        [
            far.any() and (shares @ far <= MOST_OUTLIERS or _has_heavy_tail(own, shares))
            for far, own in zip(is_far.T, away.T, strict=True)
        ]
    )
    if not concerned.any():
        return None
    column = int(np.where(concerned, distance.max(axis=0), 0).argmax())
    farthest = int(distance[:, column].argmax())
    name = "y" if y.shape[1] == 1 else f"y[:, {column}]"
    values, far, center = y[:, column], is_far[:, column], moments.center[column]
    row = run.data.users_row(farthest)
    return (
        f"{name} has {count_of(int(far.sum()), 'value')} more than {FAR:g} robust standard "
        f"deviations ({moments.deviation[column]:.3g}) from the median, {center:.3g}; the "
        f"farthest is {values[farthest]:.6g}, in row {row} (counted from 0). They make up "
        f"{_share_of_squares(away[:, column], shares, far):.0%} of the sum of squares that "
        "loss='squared_error' is to explain. Check them; if they are right, try "
        f"{_what_to_try(values)}."
    )


def _has_heavy_tail(away: np.ndarray, shares: np.ndarray) -> bool:
    """Return whether the few rows farthest out have nearly all of the squares."""
    order = np.argsort(-away)
    few = order[np.cumsum(shares[order]) <= MOST_OUTLIERS]
    return _share_of_squares(away, shares, few) > MOST_SQUARES


def _share_of_squares(away: np.ndarray, shares: np.ndarray, rows: np.ndarray) -> float:
    """Return the share of some `rows` in the sum of squared deviations `away` (n,)."""
    squares = shares * (away / away.max()) ** 2
    return float(squares[rows].sum() / squares.sum())


def _what_to_try(values: np.ndarray) -> str:
    """Return which losses and transform suit the target (n,), and what they predict."""
    typical = "for typical values instead of the mean, loss='huber'"
    if values.min() < 0:
        return typical
    typical += (
        ", or the logarithm of y: TransformedTargetRegressor(net, func=np.log1p, "
        "inverse_func=np.expm1)"
    )
    is_count = (values == np.floor(values)).all()
    if not is_count and values.min() == 0:
        return typical
    return f"loss={'poisson' if is_count else 'gamma'!r} for the mean or, {typical}"
