"""Outliers of a column, beside which all its other values are almost the same."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import rows_of, to_numpy
from skshallow._estimators.columns.problems import count_of
from skshallow._estimators.fit.run import FitRun
from skshallow.engine.batches import evenly_spaced

ROWS = 256  # evenly spaced, from which robust deviations are computed
# The middle nine tenths of the other values, and how many standard deviations of a normal
# distribution they span.
MIDDLE, SPAN = (0.05, 0.95), 3.29
# Standard deviations in those of the middle. Codes for missing values did not matter at 44,
# and cost nearly everything at 91; columns of the benchmarks' 37 tables have at most 15.
FAR = 50.0


def about_feature_outliers(run: FitRun) -> str | None:
    """Return which column has values far out and what to try, None if there are none.

    Columns in pieces are left out: a piece has its own scale.
    """
    data, moments = run.data, run.measured.moments
    if not run.config.standardize or moments is None or sparse.issparse(data.X):
        return None
    columns = np.arange(data.X.shape[1]) if data.encoding is None else data.encoding.numbers
    deviation = moments[0].deviation[: len(columns)]
    if data.encoding is not None:
        plain = ~np.isin(columns, data.encoding.pieced)
        columns, deviation = columns[plain], deviation[plain]
    if not len(columns):
        return None
    trained = np.arange(len(data.y)) if data.train_rows is None else data.train_rows
    some = trained[evenly_spaced(len(trained), ROWS)]
    robust = _deviations_of_middle(to_numpy(rows_of(data.X, some))[:, columns])
    times = np.divide(deviation, robust, out=np.zeros_like(deviation), where=robust > 0)
    is_far = times > FAR
    if not is_far.any():
        return None
    worst = int(times.argmax())
    column = int(columns[worst])
    values = to_numpy(data.X[:, column]).astype(np.float64)[trained]
    farthest = int(np.nanargmax(np.abs(0.5 * values - 0.5 * np.nanmedian(values))))
    row = data.users_row(trained[farthest])
    names, n_more = data.feature_names, int(is_far.sum()) - 1
    name = f"Column {column}" if names is None else f"Column {str(names[column])!r}"
    more = f", and {count_of(n_more, 'more column')} like it" if n_more else ""
    return (
        f"{name} has values so far out that all others are almost the same to the net: the "
        f"farthest is {values[farthest]:.6g}, in row {row} (counted from 0), and the "
        f"standard deviation, by which the net divides, is {times[worst]:.3g} times that "
        f"of most others, {robust[worst]:.3g}{more}. Check them. If they stand "
        "for missing values, replace them by NaN; if they are right, clip or transform the "
        "column, or set numeric_encoding='piecewise_linear'."
    )


def _deviations_of_middle(X: np.ndarray) -> np.ndarray:
    """Return standard deviations of columns (n_columns,) without the values far out.

    They are those of normal distributions with the quantiles of `MIDDLE`. The value that
    is the farthest from the median is left out, as often as it occurs: a code for missing
    values is in many rows. 0 where no others are left.
    """
    X = np.sort(X.astype(np.float64), axis=0)
    low, median, high = (_quantile(X, share) for share in (0, 0.5, 1))
    is_high = 0.5 * high - 0.5 * median > 0.5 * median - 0.5 * low
    X[np.where(is_high, high, low) == X] = np.nan
    X.sort(axis=0)
    low, high = (_quantile(X, share) for share in MIDDLE)
    return np.nan_to_num(high / SPAN - low / SPAN)


def _quantile(X: np.ndarray, share: float) -> np.ndarray:
    """Return quantiles (n_columns,) of sorted columns, at whose ends NaN are left out."""
    count = np.sum(~np.isnan(X), axis=0)
    place = (share * np.maximum(count - 1, 0)).astype(np.intp)
    return np.take_along_axis(X, place[np.newaxis], axis=0)[0]
