"""Regression losses: squared error, absolute error, Huber and quantile (pinball) loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq

from skshallow._arrays.linalg import row_sums
from skshallow._arrays.namespace import as_dtype, asarray_like, dtype_of, namespace
from skshallow._component import OneOrIncreasing, setting
from skshallow.losses._base import Loss, weighted_mean, weighted_quantile
from skshallow.losses._links import IdentityLink, Link, QuantilesLink


class SquaredError(Loss):
    """Half the squared error, ``1/2 (y - raw)^2``; predicts the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import SquaredError
    >>> y, raw = np.array([[0.0], [0.0]]), np.array([[2.0], [-1.0]])
    >>> SquaredError().loss_and_gradient(y, raw)
    (array([2. , 0.5]), array([[ 2.],
           [-1.]]))
    """

    link: ClassVar[Link] = IdentityLink()

    def loss(self, y, raw_prediction):
        residual = raw_prediction - y
        return 0.5 * row_sums(residual * residual)

    def gradient(self, y, raw_prediction):
        return raw_prediction - y

    def fit_intercept_only(self, y, sample_weight=None):
        return weighted_mean(y, sample_weight)


class AbsoluteError(Loss):
    """Absolute error, ``|y - raw|``; predicts the median. The gradient at 0 is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import AbsoluteError
    >>> y, raw = np.array([[0.0], [0.0]]), np.array([[2.0], [-1.0]])
    >>> AbsoluteError().loss_and_gradient(y, raw)
    (array([2., 1.]), array([[ 1.],
           [-1.]]))
    """

    link: ClassVar[Link] = IdentityLink()
    is_robust: ClassVar[bool] = True

    def loss(self, y, raw_prediction):
        return row_sums(abs(raw_prediction - y))

    def gradient(self, y, raw_prediction):
        return namespace(y).sign(raw_prediction - y)

    def fit_intercept_only(self, y, sample_weight=None):
        return weighted_quantile(y, 0.5, sample_weight)


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss: squared error up to `delta`, then linear.

    It is ``1/2 (y - raw)^2`` where ``|y - raw| <= delta``, and beyond
    ``delta (|y - raw| - delta / 2)``.

    Parameters
    ----------
    delta : float, default=1.35
        Absolute error at which the loss becomes linear, in [1e-15, 1e15]. Its unit is that
        of the target inside the net: with ``standardize=True`` 1.4826 times the target's
        median absolute deviation, which is the standard deviation of normal targets and
        hardly depends on outliers.

    Notes
    -----
    The deviation is that of the targets, and not of their residuals as in
    :class:`~sklearn.linear_model.HuberRegressor`. Where features explain most of the
    target, the default therefore stands only a few outliers on one side: single ones among
    300 rows change nothing, but a tenth of the rows, shifted far, lowers an R² of 0.99 to
    0.85 to 0.95, and a fifth to about 0.6. ``Huber(delta=0.1)`` keeps it at 0.99 with a
    tenth and with a fifth, and is no worse without outliers. With three tenths, no
    loss here helps: leave such rows out.

    References
    ----------
    Huber (1964), doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Huber
    >>> y, raw = np.array([[0.0], [0.0]]), np.array([[0.5], [10.0]])
    >>> Huber(delta=1.0).loss_and_gradient(y, raw)
    (array([0.125, 9.5  ]), array([[0.5],
           [1. ]]))
    """

    delta: float = setting(1.35, "[1e-15, 1e15]")  # whose square float32 can hold
    link: ClassVar[Link] = IdentityLink()
    is_robust: ClassVar[bool] = True

    def loss(self, y, raw_prediction):
        residual = raw_prediction - y
        clipped = namespace(y).clip(residual, -self.delta, self.delta)
        return row_sums(clipped * (residual - 0.5 * clipped))

    def gradient(self, y, raw_prediction):
        return namespace(y).clip(raw_prediction - y, -self.delta, self.delta)

    def fit_intercept_only(self, y, sample_weight=None):
        def slope(constant, column):
            clipped = np.clip(constant - column, -self.delta, self.delta)
            return np.average(clipped, weights=sample_weight)

        def best(column, median):
            # no further from the median than delta: there half of the rows pull back with
            # all of delta, and the others cannot pull harder
            low = max(column.min(), median - self.delta)
            high = min(column.max(), median + self.delta)
            if not slope(low, column) < 0 < slope(high, column):
                return low if slope(low, column) >= 0 else high
            return brentq(slope, low, high, args=(column,))

        y = np.asarray(y, np.float64)
        return np.array(list(map(best, y.T, weighted_quantile(y, 0.5, sample_weight))))


@dataclass(frozen=True)
class Quantile(Loss):
    """Pinball loss, ``max(q (y - raw), (q - 1) (y - raw))``; predicts the q-quantile.

    At ``raw = y`` the gradient is the left one, ``-q``.

    Parameters
    ----------
    quantile : float or sequence of float, default=0.5
        In (0, 1); 0.5 is half the absolute error. A sequence, in increasing order, gives
        several quantiles that are learned together, with one raw output each: for all
        targets the first quantile, then for all targets the second. The net predicts the
        quantile that is nearest to 0.5.

    Notes
    -----
    Several quantiles are the sorted raw outputs of a target, and the loss is the sum of
    their pinball losses. So quantiles never cross, no minimum distance between them is
    imposed, and a change of the target's units changes all raw outputs alike. Sorting
    estimates never increases their loss.

    References
    ----------
    Koenker, Bassett (1978), doi:10.2307/1913643.

    Chernozhukov, Fernandez-Val, Galichon (2010), "Quantile and probability curves
    without crossing", doi:10.3982/ECTA7880.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Quantile
    >>> y, raw = np.array([[0.0], [0.0]]), np.array([[2.0], [-2.0]])
    >>> Quantile(0.75).loss_and_gradient(y, raw)
    (array([0.5, 1.5]), array([[ 0.25],
           [-0.75]]))
    >>> Quantile([0.05, 0.5, 0.95]).n_raw_outputs(n_targets=1)
    3
    """

    quantile: float | Sequence[float] = setting(0.5, OneOrIncreasing("(0, 1)"))
    is_robust: ClassVar[bool] = True

    @property
    def levels(self) -> tuple[float, ...]:
        """The probability levels of the quantiles."""
        if isinstance(self.quantile, Sequence):
            return tuple(self.quantile)
        return (self.quantile,)

    @property
    def link(self) -> Link:  # type: ignore[override]
        """The identity for one quantile; for several, the sorted raw outputs."""
        several = isinstance(self.quantile, Sequence)
        return QuantilesLink(self.levels) if several else IdentityLink()

    def n_raw_outputs(self, n_targets):
        return len(self.levels) * n_targets

    def loss(self, y, raw_prediction):
        residual, slope, _ = self._ordered(y, raw_prediction)
        return namespace(y).sum(residual * slope, axis=(-2, -1))

    def gradient(self, y, raw_prediction):
        xp = namespace(y)
        _, slope, order = self._ordered(y, raw_prediction)
        gradient = xp.take_along_axis(slope, xp.argsort(order, axis=-2), axis=-2)
        return xp.reshape(gradient, raw_prediction.shape)

    def _ordered(self, y, raw_prediction):
        """Return ``raw - y`` and the loss's slope for each level (n, levels, n_targets).

        The raw outputs are sorted; `order` has the index that each one had before.
        """
        xp = namespace(y)
        shape = *raw_prediction.shape[:-1], len(self.levels), y.shape[-1]
        values = xp.reshape(raw_prediction, shape)
        order = xp.argsort(values, axis=-2, stable=True)
        residual = xp.take_along_axis(values, order, axis=-2) - y[..., np.newaxis, :]
        slope = as_dtype(residual > 0, residual.dtype)
        levels = np.array(self.levels, dtype_of(slope))
        slope -= asarray_like(levels, slope)[:, np.newaxis]
        return residual, slope, order

    def start_output_weights(self, weight):
        """Start with the same distances between a target's quantiles in every row."""
        by_level = weight.reshape(*weight.shape[:-1], len(self.levels), -1)
        by_level[...] = by_level[..., :1, :]

    def fit_intercept_only(self, y, sample_weight=None):
        return weighted_quantile(y, self.quantile, sample_weight).ravel()
