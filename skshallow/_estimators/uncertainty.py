"""Uncertainty of regressors: predictive distributions, quantiles, conformal intervals."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Self

import numpy as np
from scipy import sparse, stats
from scipy.special import ndtri
from sklearn.utils.validation import check_is_fitted

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.checks.array_api import follows_X, in_numpy
from skshallow._estimators.checks.hyperparameters import resolve
from skshallow._estimators.checks.inputs import (
    check_lengths,
    checked_targets,
    naming,
    refuse_containers,
)
from skshallow._estimators.checks.typed_sklearn import (
    available_if,
)
from skshallow._estimators.columns import check_targets
from skshallow._estimators.fit.targets import RealTargets
from skshallow._estimators.prediction import FittedNet
from skshallow.losses import REGRESSION_LOSSES, Likelihood, LogLink, Loss, Quantile


def _loss_of(net: Any) -> Loss | None:
    """Return the loss that `net` was, or would be, fitted with; None if it is invalid."""
    if hasattr(net, "_loss"):
        return net._loss
    try:
        return resolve("loss", net.loss, REGRESSION_LOSSES, Loss)
    except ValueError:
        return None


def needs_positive_targets(net: Any) -> bool:
    """Return whether the loss of `net` needs targets that are not negative."""
    loss = _loss_of(net)
    return loss is not None and isinstance(loss.link, LogLink)


def has_distribution(net: Any) -> bool:
    """Return whether the loss of `net` is a likelihood."""
    return isinstance(_loss_of(net), Likelihood)


def has_quantiles(net: Any) -> bool:
    """Return whether the loss of `net` gives quantiles."""
    return isinstance(_loss_of(net), Likelihood | Quantile)


def _gives_intervals(loss: Loss | None) -> bool:
    """Return whether `loss` gives intervals without calibration."""
    several = isinstance(loss, Quantile) and len(loss.levels) > 1
    return several or isinstance(loss, Likelihood)


def has_intervals(net: Any) -> bool:
    """Return whether `net` gives intervals, by its loss or by `conformalize`."""
    return _gives_intervals(_loss_of(net)) or net._calibration is not None


class Uncertainty(FittedNet):
    """Methods of regressors for predictive distributions, quantiles and intervals.

    Attributes
    ----------
    dispersion_ : ndarray of shape (n_targets,)
        The variance divided by the squared mean. Only if `loss` is "gamma".
    """

    dispersion_: np.ndarray
    _n_targets: int
    _target_ndim: int
    _dispersion_weight: float
    # raw predictions and targets of the calibration rows, in the user's units
    _calibration: tuple[np.ndarray, np.ndarray] | None = None

    @property
    @abstractmethod
    def _targets(self) -> RealTargets:
        """The kind of target that the fitted network predicts."""

    @available_if(has_distribution)
    @follows_X
    def predict_proba(self, X: Any) -> Any:
        """Return the predictive distribution of the target of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.

        Returns
        -------
        distribution : scipy.stats frozen distribution
            Normal, Poisson or gamma, depending on the loss, for all rows at once: its
            methods ``mean``, ``std``, ``ppf``, ``logpdf`` (``logpmf``) and so on return
            arrays of shape (n_samples,) or (n_samples, n_targets), and take arrays that
            broadcast with this shape.

        Notes
        -----
        :meth:`conformalize` does not change it. The dispersion of the gamma distribution
        is ``dispersion_``, the mean of ``(y / mean - 1)^2`` over the training rows; if
        the network overfits, it is too small. With `partial_fit` it is the mean over all
        calls so far, computed for each call after its own step.
        """
        parameters = self._distribution_parameters(self._raw_predict(X))
        if self._target_ndim == 1:
            parameters = {name: value[:, 0] for name, value in parameters.items()}
        return self._frozen(parameters)

    @available_if(has_quantiles)
    @follows_X
    def predict_quantiles(self, X: Any, q: Any) -> np.ndarray:
        """Return quantiles of the target of each row; they never cross.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.
        q : float or array-like of shape (n_quantiles,)
            Levels of the quantiles, in (0, 1).

        Returns
        -------
        quantiles : ndarray of shape (n_samples, n_quantiles)
            Quantiles in the units of the training targets; of shape
            (n_samples, n_targets, n_quantiles) for several targets, and without the last
            axis if `q` is a single level.

        Raises
        ------
        ValueError
            If a level is below the lowest, or above the highest, that ``Quantile`` was
            trained on.

        Notes
        -----
        With a likelihood they are the quantiles of :meth:`predict_proba`. With
        ``Quantile`` the network outputs the trained levels; levels in between are
        interpolated linearly in the quantiles of the standard normal distribution.
        :meth:`conformalize` does not change them.
        """
        levels = np.asarray(q, dtype=np.float64)
        if levels.ndim > 1 or not ((levels > 0) & (levels < 1)).all():
            raise ValueError(f"q must be one level in (0, 1) or a list of them, got {q!r}.")
        raw = self._raw_predict(X)
        quantiles = self._quantiles(raw, levels.ravel())
        quantiles = quantiles[:, 0] if self._target_ndim == 1 else quantiles
        return quantiles[..., 0] if levels.ndim == 0 else quantiles

    @available_if(has_intervals)
    @follows_X
    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Return a central prediction interval for the target of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.
        coverage : float in (0, 1), default=0.9
            The fraction of targets that the intervals should contain. On each side the
            same fraction of targets lies outside.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2)
            Lower and upper ends in the units of the training targets; of shape
            (n_samples, n_targets, 2) for several targets.

        Raises
        ------
        ValueError
            If `coverage` needs levels outside of those that ``Quantile`` was trained on,
            and :meth:`conformalize` has not been called.

        Notes
        -----
        Without :meth:`conformalize` the coverage is as good as the model. After it, the
        coverage is guaranteed for any model.
        """
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie in (0, 1), got {coverage!r}.")
        raw = self._raw_predict(X)
        calibration = self._calibration
        if calibration is None:
            tails = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
            lower, upper = np.moveaxis(self._quantiles(raw, tails), -1, 0)
        else:
            lower, upper = self._calibrated(raw, coverage, *calibration)
        interval = np.stack([lower, upper], axis=-1)
        return interval[:, 0] if self._target_ndim == 1 else interval

    def conformalize(self, X_cal: Any, y_cal: Any) -> Self:
        """Calibrate prediction intervals on new rows (split conformal prediction).

        Parameters
        ----------
        X_cal : {array-like, sparse matrix} of shape (n_cal, n_features)
            Rows that were used neither for training nor for the choice of
            hyperparameters.
        y_cal : array-like of shape (n_cal,) or (n_cal, n_targets)
            Their targets.

        Returns
        -------
        self : object
            The estimator. Its :meth:`predict_interval` now contains the target of a new
            row with a probability of at least `coverage`. Calling `fit` or
            `partial_fit` removes the calibration.

        Notes
        -----
        The estimator keeps the raw predictions and the targets of all calibration rows,
        because the scores below depend on `coverage`. They are in every pickle and file of
        it: whoever gets the model gets these targets. It does not keep `X_cal`.

        The conformity score of a calibration row is the distance of its target from the
        interval of the uncalibrated network, negative if the target is inside:
        ``max(lower - y, y - upper) / unit``. New intervals are widened on both sides by
        `unit` times the score of rank ``ceil((n_cal + 1) * coverage)``; they are infinite
        if there are fewer calibration rows than this rank. Interval and unit depend on
        the loss:

        - a likelihood: the central interval of its distribution; the unit is the standard
          deviation for this row. For ``"gaussian"`` this ranks ``|y - mean| / scale``.
        - ``Quantile`` with several levels: the interval between two of them, or
          between the outermost two if `coverage` needs more (conformalised quantile
          regression); the unit is 1.
        - any other loss: the prediction itself as an interval of width 0; the unit is 1,
          so the scores are absolute residuals.

        The only assumption is that calibration rows and new rows are exchangeable. The
        guarantee is marginal: it holds on average over rows and over calibration sets,
        and separately for each target.

        References
        ----------
        Lei, G'Sell, Rinaldo, Tibshirani, Wasserman (2018), "Distribution-free predictive
        inference for regression", doi:10.1080/01621459.2017.1307116.

        Romano, Patterson, Candes (2019), "Conformalized quantile regression",
        arXiv:1905.03222.
        """
        check_is_fitted(self)
        raw = self._raw_predict(X_cal, "X_cal")
        refuse_containers(y_cal=y_cal)
        y = in_numpy(y_cal)
        check_targets(X_cal, y, names=("X_cal", "y_cal"), numeric=True)
        y = checked_targets(self, y, "y_cal", numeric=True)
        y = y.toarray() if sparse.issparse(y) else y
        check_lengths({"X_cal": raw, "y_cal": y})
        self._targets.check(y, "y_cal")
        with naming("y_cal"):
            self._calibration = raw, self._targets.encode(y, self._loss)
        return self

    # Computed from raw predictions (n, n_raw_outputs) in the user's units.

    def _distribution_parameters(self, raw: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parameters of the predictive distributions, each (n, n_targets)."""
        dispersion = None
        if self._loss.has_dispersion:
            if not hasattr(self, "dispersion_"):
                raise ValueError(
                    "A net from given weights has no dispersion_, which the distribution "
                    "needs. Train it further, or set net.dispersion_ to an array with one "
                    "entry per target."
                )
            dispersion = to_numpy(self.dispersion_)
        return self._loss.parameters(  # type: ignore[attr-defined]
            raw.astype(np.float64), dispersion
        )

    def _check_has_deviation(self) -> None:
        """Raise ValueError unless the loss of the fit predicts a distribution."""
        if not has_distribution(self):
            raise ValueError(
                "return_std=True needs a loss that predicts a distribution, 'gaussian', "
                f"'poisson' or 'gamma'; the net was fitted with {self._loss}. Fit "
                "it with one of these, or use conformalize and predict_interval."
            )

    def _deviation(self, raw: np.ndarray) -> np.ndarray:
        """Return the standard deviations (n, n_targets), above 0, of a likelihood."""
        assert isinstance(self._loss, Likelihood)
        deviation = self._loss.deviation(self._distribution_parameters(raw))
        return np.maximum(deviation, np.finfo(np.float64).tiny)

    def _frozen(self, parameters: dict[str, np.ndarray]) -> Any:
        """Return the loss's distribution with these parameters."""
        return getattr(stats, self._loss.family)(**parameters)  # type: ignore[attr-defined]

    def _quantiles(self, raw, levels, *, at_most_outermost=False) -> np.ndarray:
        """Return quantiles (n, n_targets, n_levels) of `levels` (n_levels,)."""
        loss = self._loss
        if isinstance(loss, Likelihood):
            parameters = self._distribution_parameters(raw)
            columns = {name: value[..., np.newaxis] for name, value in parameters.items()}
            return loss.quantiles(columns, levels)
        assert isinstance(loss, Quantile)
        trained = np.array(loss.levels)
        # in floating point, (1 - 0.9) / 2 is not exactly 0.05
        nearest = trained[np.abs(levels[:, np.newaxis] - trained).argmin(axis=1)]
        levels = np.where(np.isclose(levels, nearest, rtol=0, atol=1e-12), nearest, levels)
        if at_most_outermost:
            levels = np.clip(levels, trained[0], trained[-1])
        beyond = (levels < trained[0]) | (levels > trained[-1])
        if beyond.any():
            raise ValueError(
                f"The quantile {levels[beyond][0]:g} lies outside of those that the net "
                f"was trained on, {', '.join(f'{level:g}' for level in trained)}. Train "
                f"with loss=Quantile([..., {levels[beyond][0]:g}, ...]); for "
                "predict_interval you can also call conformalize first."
            )
        values = raw.reshape(len(raw), len(trained), -1)
        values = np.sort(values.astype(np.float64), axis=1)
        above = np.clip(np.searchsorted(trained, levels), 1, max(len(trained) - 1, 1))
        below = above - 1
        above = np.minimum(above, len(trained) - 1)
        gap = ndtri(trained[above]) - ndtri(trained[below])
        share = (ndtri(levels) - ndtri(trained[below])) / np.where(gap > 0, gap, 1)
        share = share[:, np.newaxis]
        between = (1 - share) * values[:, below] + share * values[:, above]
        # rounding must not make quantiles of close levels cross
        between = np.clip(between, values[:, below], values[:, above])
        return np.moveaxis(between, 1, -1)

    def _band(self, raw, coverage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return lower end, upper end and unit of scores, each (n, n_targets)."""
        loss = self._loss
        if not _gives_intervals(loss):
            prediction = loss.link.inverse(raw).astype(np.float64)
            return prediction, prediction, np.ones_like(prediction)
        tails = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
        quantiles = self._quantiles(raw, tails, at_most_outermost=True)
        unit = np.ones(quantiles.shape[:2])
        if isinstance(loss, Likelihood):
            unit = self._deviation(raw)
        return quantiles[..., 0], quantiles[..., 1], unit

    def _calibrated(self, raw, coverage, raw_cal, y_cal) -> tuple[np.ndarray, np.ndarray]:
        """Return calibrated lower and upper ends (n, n_targets); see `conformalize`."""
        lower, upper, unit = self._band(raw_cal, coverage)
        scores = np.sort(np.maximum(lower - y_cal, y_cal - upper) / unit, axis=0)
        # rounding may put a product that is an integer just above it
        rank = math.ceil((len(scores) + 1) * coverage - 1e-9)
        margin = scores[rank - 1] if rank <= len(scores) else np.inf
        lower, upper, unit = self._band(raw, coverage)
        center = 0.5 * (lower + upper)
        # a negative margin narrows the interval, at most to a point
        lower = np.minimum(lower - margin * unit, center)
        upper = np.maximum(upper + margin * unit, center)
        if isinstance(self._loss.link, LogLink):
            lower = np.maximum(lower, 0)
        return lower, upper
