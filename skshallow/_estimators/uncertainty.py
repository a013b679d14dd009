"""Uncertainty of regressors: predictive distributions, quantiles, conformal intervals."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Real
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
from skshallow._estimators.checks.missing_attributes import KnownAfter
from skshallow._estimators.checks.typed_sklearn import (
    available_if,
)
from skshallow._estimators.columns import check_targets
from skshallow._estimators.conformal import Band, calibrated
from skshallow._estimators.fit.out_of_fold import checksum, together
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
    """Return that the loss of `net` gives quantiles, or raise AttributeError."""
    if isinstance(_loss_of(net), Likelihood | Quantile):
        return True
    raise AttributeError(
        "predict_quantiles needs a loss that knows them: loss='gaussian', 'poisson', "
        "'gamma' or Quantile([0.05, 0.5, 0.95]) (from skshallow.losses)."
    )


def _gives_intervals(loss: Loss | None) -> bool:
    """Return whether `loss` gives intervals without calibration."""
    several = isinstance(loss, Quantile) and len(loss.levels) > 1
    return several or isinstance(loss, Likelihood)


def has_intervals(net: Any) -> bool:
    """Return that `net` gives intervals, or raise AttributeError.

    They come from its loss or from `conformalize`, whose calibration further training
    discards.
    """
    if _gives_intervals(_loss_of(net)) or net._calibration is not None:
        return True
    raise AttributeError(
        "predict_interval is known after conformalize: call net.conformalize(X_cal, y_cal) "
        "after each fit or partial_fit, or use loss='gaussian' or Quantile([0.05, 0.95]) "
        "(from skshallow.losses)."
    )


class Uncertainty(FittedNet):
    """Methods of regressors for predictive distributions, quantiles and intervals.

    Attributes
    ----------
    dispersion_ : ndarray of shape (n_targets,)
        The variance divided by the squared mean. Only if `loss` is "gamma".
    """

    dispersion_ = KnownAfter("training with loss='gamma'.")
    _n_targets: int
    _target_ndim: int
    _dispersion_weight: float
    # raw predictions and targets of the calibration rows, in the user's units; if members
    # held these rows out, also the fold of each row and that of each member
    _calibration: tuple[np.ndarray, ...] | None = None
    # raw predictions for the rows that members held out, the fold of each row of X (-1 for
    # none), that of each member, and the checksum of the targets
    _held_out: tuple[np.ndarray, np.ndarray, np.ndarray, int]

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

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(16, loss="gaussian", random_state=0).fit(X, y)
        >>> distribution = net.predict_proba(X)
        >>> np.allclose(distribution.mean(), net.predict(X))
        True
        >>> distribution.logpdf(y).shape
        (442,)
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

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(16, loss="gaussian", random_state=0).fit(X, y)
        >>> quantiles = net.predict_quantiles(X, [0.1, 0.5, 0.9])
        >>> quantiles.shape
        (442, 3)
        >>> bool((quantiles[:, 0] < quantiles[:, 2]).all())
        True
        """
        try:
            levels = np.asarray(q, dtype=np.float64)
        except (TypeError, ValueError):  # of strings, or of lists of several lengths
            levels = np.array(np.nan)
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
        Without :meth:`conformalize` the coverage is as good as the model. After it with new
        rows, the coverage is guaranteed for any model; after it with the rows of the fit,
        it is what to expect.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(16, loss="gaussian", random_state=0).fit(X, y)
        >>> lower, upper = net.predict_interval(X, coverage=0.8).T
        >>> lower.shape
        (442,)
        >>> bool((lower < upper).all())
        True
        """
        if not (isinstance(coverage, Real) and 0 < coverage < 1):
            raise ValueError(f"coverage must be a number in (0, 1), got {coverage!r}.")
        if self._calibration is None:
            tails = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
            quantiles = self._quantiles(self._raw_predict(X), tails)
            lower, upper = np.moveaxis(quantiles, -1, 0)
        else:
            lower, upper = self._calibrated(X, coverage, *self._calibration)
        interval = np.stack([lower, upper], axis=-1)
        return interval[:, 0] if self._target_ndim == 1 else interval

    def conformalize(self, X_cal: Any = None, y_cal: Any = None) -> Self:
        r"""Calibrate prediction intervals on new rows, or on those that members held out.

        Parameters
        ----------
        X_cal : {array-like, sparse} of shape (n_cal, n_features) or None, default=None
            Rows that were used neither for training nor for the choice of
            hyperparameters (split conformal prediction). None means the rows of the last
            `fit`, by their out-of-fold predictions (CV+): with `cross_fit`, no rows need to
            be kept back.
        y_cal : array-like of shape (n_cal,) or (n_cal, n_targets)
            Their targets; without `X_cal` those that `fit` was given.

        Returns
        -------
        self : object
            The estimator. Its :meth:`predict_interval` now contains the target of a new
            row with a probability of at least `coverage`; without `X_cal` this is what to
            expect, but not guaranteed. Calling `fit` or `partial_fit` removes the
            calibration.

        Raises
        ------
        ValueError
            If targets are invalid; without `X_cal` also if members held out no rows of
            their own, or if `y_cal` are not the targets of the fit.

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
        and separately for each target. Every row counts once, whatever its sample weight
        was in the fit; rows of weight 0 do not count.

        Without `X_cal`, the score :math:`s_i` of a row is that of the members that held it
        out, which give the interval :math:`[l_{k(i)}, u_{k(i)}]` and the unit
        :math:`\sigma_{k(i)}` of its fold :math:`k(i)`. The new interval of a row :math:`x`
        is, with the `n` rows that were held out and the rank
        :math:`r = \lceil (n + 1) \cdot \text{coverage} \rceil`,

        .. math::

            \left[\,-Q_r\{-l_{k(i)}(x) + s_i\,\sigma_{k(i)}(x)\},\;
            Q_r\{u_{k(i)}(x) + s_i\,\sigma_{k(i)}(x)\}\right]

        where :math:`Q_r` is the r-th smallest of the `n` values. For predictions without an
        interval of their own this is CV+ of Barber et al., for the others its extension to
        nested intervals (Gupta et al.). With disjoint folds of equal size it contains a new
        target with a probability of at least ``1 - 2 * alpha - sqrt(2 / n)``, where
        ``alpha = 1 - coverage``; in practice it is ``1 - alpha`` or more. The theorem is
        for members that learn nothing from their fold. Here each chooses its best epoch on
        it, and standardisation comes from all rows, so that the guarantee is not exact.

        References
        ----------
        Lei, G'Sell, Rinaldo, Tibshirani, Wasserman (2018), "Distribution-free predictive
        inference for regression", doi:10.1080/01621459.2017.1307116.

        Romano, Patterson, Candes (2019), "Conformalized quantile regression",
        arXiv:1905.03222.

        Barber, Candes, Ramdas, Tibshirani (2021), "Predictive inference with the
        jackknife+", doi:10.1214/20-AOS1965.

        Gupta, Kuchibhotla, Ramdas (2022), "Nested conformal prediction and quantile
        out-of-bag ensemble methods", doi:10.1016/j.patcog.2021.108496.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.model_selection import train_test_split
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> X, X_cal, y, y_cal = train_test_split(X, y, random_state=0)
        >>> net = DeepNetRegressor(16, max_iter=20, random_state=0).fit(X, y)
        >>> lower, upper = net.conformalize(X_cal, y_cal).predict_interval(X_cal, 0.9).T
        >>> bool(((lower <= y_cal) & (y_cal <= upper)).mean() >= 0.9)
        True
        """
        check_is_fitted(self)
        if X_cal is not None and y_cal is None:
            raise ValueError(
                "y_cal is None, and conformalize needs targets. Call conformalize(X_cal, "
                "y_cal) with rows that the net was not trained on or, if its members held "
                "out rows, conformalize(y_cal=y) with y, the targets of the fit."
            )
        if X_cal is None:
            self._calibration = self._of_held_out_rows(y_cal)
            return self
        raw = self._raw_predict(X_cal, "X_cal")
        y = self._checked_calibration_targets(y_cal, X_cal)
        check_lengths({"X_cal": raw, "y_cal": y})
        self._calibration = raw, self._encoded_calibration_targets(y)
        return self

    def _of_held_out_rows(self, y_cal: Any) -> tuple[np.ndarray, ...]:
        """Return the calibration on the rows of folds; `y_cal` has the fit's targets."""
        if not hasattr(self, "_held_out"):
            raise ValueError(
                "conformalize without X_cal needs out-of-fold predictions, and this net "
                "has none. Fit it anew with several members that each hold rows out, "
                f"{type(self).__name__}(n_members=8, early_stopping=True), without "
                "share_weights and warm_start, or pass rows that it was not trained on as "
                "X_cal, and their targets as y_cal."
            )
        if y_cal is None:
            raise ValueError(
                "y_cal is None, and the net does not keep its targets. Pass y_cal=y, the "
                "targets of the fit."
            )
        raw, fold_of_row, fold_of_member, of_targets = self._held_out
        y = self._checked_calibration_targets(y_cal, None)
        rows = np.flatnonzero(fold_of_row >= 0)
        if len(y) == len(fold_of_row):
            targets = self._encoded_calibration_targets(y)[rows]
            if checksum(targets) == of_targets:
                return raw, targets, fold_of_row[rows], fold_of_member
        raise ValueError(
            "y_cal are not the targets that the net was fitted with, which conformalize "
            f"without X_cal needs: those of {len(fold_of_row)} rows, in their order and "
            f"without rounding to another dtype. y_cal has {len(y)} rows of dtype "
            f"{y.dtype}. Pass the y that was given to fit, or X_cal as well."
        )

    def _checked_calibration_targets(self, y_cal: Any, X_cal: Any) -> np.ndarray:
        """Return `y_cal` as a dense array; with `X_cal`, missing targets are refused."""
        refuse_containers(y_cal=y_cal)
        y = in_numpy(y_cal)
        if X_cal is not None:  # else they are those of the fit, which has checked them
            check_targets(X_cal, y, names=("X_cal", "y_cal"), numeric=True)
        y = checked_targets(self, y, "y_cal", numeric=True)
        return y.toarray() if sparse.issparse(y) else y

    def _encoded_calibration_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets (n, n_targets) of calibration rows, as the loss takes them."""
        self._targets.check(y, "y_cal")
        with naming("y_cal"):
            return self._targets.encode(y, self._loss)

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

    def _band(self, raw, coverage) -> Band:
        """Return intervals before calibration, and the unit of their scores."""
        loss = self._loss
        if not _gives_intervals(loss):
            prediction = loss.link.inverse(raw).astype(np.float64)
            return Band(prediction, prediction, np.ones_like(prediction))
        tails = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
        quantiles = self._quantiles(raw, tails, at_most_outermost=True)
        unit = np.ones(quantiles.shape[:2])
        if isinstance(loss, Likelihood):
            unit = self._deviation(raw)
        return Band(quantiles[..., 0], quantiles[..., 1], unit)

    def _calibrated(
        self, X, coverage, raw_cal, y_cal, fold_of_row=None, fold_of_member=None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return calibrated lower and upper ends (n, n_targets); see `conformalize`.

        Without folds, all members are the network of all calibration rows.
        """
        by_members, link = self._raw_by_members(X), self._loss.link
        scores = self._band(raw_cal, coverage).scores(y_cal)
        if fold_of_row is None:
            bands, of_folds = [self._band(link.combine(by_members), coverage)], [scores]
        else:
            folds = np.unique(fold_of_row)
            raw = [together(by_members[fold_of_member == fold], link) for fold in folds]
            bands = [self._band(own, coverage) for own in raw]
            of_folds = [scores[fold_of_row == fold] for fold in folds]
        lower, upper = calibrated(bands, of_folds, coverage)
        return (np.maximum(lower, 0) if isinstance(link, LogLink) else lower), upper
