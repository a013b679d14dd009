"""Neural network regressors: predictions of real-valued targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skshallow._arrays.namespace import asarray_like
from skshallow._estimators.base import BaseNet, takes_minibatches
from skshallow._estimators.checks.array_api import follows_X
from skshallow._estimators.checks.method_names import called_by_name
from skshallow._estimators.checks.typed_sklearn import (
    RegressorMixin,
    available_if,
    with_callbacks,
)
from skshallow._estimators.checks.unknown_parameters import (
    explains_arguments,
    explains_parameters,
)
from skshallow._estimators.docstrings import documented
from skshallow._estimators.fit.out_of_fold import checksum
from skshallow._estimators.fit.targets import RealTargets, Targets
from skshallow._estimators.hidden_layers import Deep, Shallow
from skshallow._estimators.uncertainty import Uncertainty, needs_positive_targets


@dataclass(kw_only=True, eq=False, repr=False)
class NetRegressor(RegressorMixin, Uncertainty, BaseNet):
    """Methods and parameters of both regressors."""

    _targets_type: ClassVar[type[Targets]] = RealTargets

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R², the coefficient of determination; of several targets, their mean.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights.

        Returns
        -------
        score : float
            1 for exact predictions, 0 for the mean of `y`.

        Raises
        ------
        ValueError
            If targets are missing or infinite; the error says in which row.
        """
        self._check_scored(X, y)
        return super().score(X, y, sample_weight)

    @available_if(takes_minibatches)
    @explains_arguments
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on a part of the data, from the current weights.

        The first call computes the mean and standard deviation of features and targets
        for `standardize`, and later calls update them, with the weights as they are.
        After a `fit`, or for given weights after the first call, they do not change.
        For the targets of a robust loss these are the median and the median absolute
        deviation; about a thousand quantiles are kept between the calls.

        "auto" means no dropout, no averaging, an `alpha` of 0.0005, a `batch_size` of 128
        and a constant schedule here, also after a `fit`, whatever it meant there. With
        `warm_start` the solver's state and the random numbers of that `fit` go on, else
        they begin anew.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights; only their ratios within this call matter.

        Returns
        -------
        self : object
            The fitted estimator.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(32, random_state=0)
        >>> for rows in np.array_split(np.random.default_rng(0).permutation(len(X)), 4):
        ...     net = net.partial_fit(X[rows], y[rows])
        >>> net.t_ == len(X)
        True
        """
        return self._fit(X, y, sample_weight, incremental=True)

    @follows_X
    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return the prediction for each row: by the loss a mean, a median or a quantile.

        With ``Quantile`` of several levels it is the quantile nearest to 0.5.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.
        return_std : bool, default=False
            Whether to return the standard deviation of the predictive distribution too,
            with ``loss="gaussian"``, ``"poisson"`` or ``"gamma"``.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions in the units of the training targets.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Standard deviation of each target, that of :meth:`predict_proba`. Only with
            `return_std`.

        Raises
        ------
        ValueError
            If the output for a row is not finite; the message names the row. With
            `return_std` also if the loss predicts no distribution.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(16, loss="gaussian", random_state=0).fit(X, y)
        >>> mean, std = net.predict(X, return_std=True)
        >>> mean.shape, std.shape
        ((442,), (442,))
        >>> bool((std > 0).all())
        True
        """
        if return_std:
            check_is_fitted(self)
            self._check_has_deviation()
        raw = self._raw_predict(X)
        prediction = self._targets.decode(self._loss.link.inverse(raw))
        if not return_std:
            return prediction
        return prediction, self._targets.decode(self._deviation(raw))

    @follows_X
    def predict_members(self, X: Any) -> np.ndarray:
        """Return the predictions of each ensemble member; their mean is `predict`.

        The more the members disagree on a row, the less the training data determine its
        prediction (epistemic uncertainty).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.

        Returns
        -------
        y : ndarray of shape (n_members, n_samples) or (n_members, n_samples, n_outputs)
            Predictions in the units of the training targets.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DeepNetRegressor(16, n_members=4, max_iter=20, random_state=0).fit(X, y)
        >>> of_members = net.predict_members(X)
        >>> of_members.shape
        (4, 442)
        >>> np.allclose(of_members.mean(axis=0), net.predict(X))
        True
        """
        raw = self._raw_by_members(X)
        raw = raw.reshape(self.network_.n_members, -1, raw.shape[-1])
        return self._targets.decode(self._loss.link.inverse(raw))

    # Targets.

    @property
    def _targets(self) -> RealTargets:
        return RealTargets(self._n_targets, self._target_ndim)

    def _attributes_of_targets(self, targets, result):
        attributes = {
            "_n_targets": targets.n_targets,
            "_target_ndim": targets.ndim,
            "_calibration": None,
        }
        held_out = result.out_of_fold
        if held_out is not None:
            prediction = targets.decode(result.loss.link.inverse(held_out.raw_prediction))
            attributes["oof_prediction_"] = asarray_like(
                held_out.spread(prediction), result.theta
            )
            attributes["_held_out"] = (
                held_out.raw_prediction,
                held_out.spread(held_out.fold, -1),
                held_out.fold_of_member,
                checksum(held_out.y),
            )
        if result.dispersion is not None:
            attributes["dispersion_"] = result.dispersion
            attributes["_dispersion_weight"] = result.dispersion_weight
        return attributes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = needs_positive_targets(self)
        return tags


@documented
@called_by_name
@explains_parameters
@dataclass(kw_only=True, eq=False, repr=False)
class ShallowNetRegressor(NetRegressor, Shallow):
    """Regressor with one hidden layer.

    The network computes ``raw = activation(X @ W1 + b1) @ W2 + b2``, and predicts it or,
    with the losses ``"poisson"`` and ``"gamma"``, its exponential. Training minimises
    the weighted mean loss plus ``alpha/2`` times the sum of squared weights.

    {parameters}

    {attributes}

    See Also
    --------
    DeepNetRegressor : Regressor with any number of hidden layers.

    References
    ----------
    Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating
    errors", doi:10.1038/323533a0.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from skshallow import ShallowNetRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ShallowNetRegressor(16, random_state=0)
    >>> bool(cross_val_score(net, X, y).mean() > 0.4)
    True
    """


@documented
@called_by_name
@explains_parameters
@dataclass(kw_only=True, eq=False, repr=False)
class DeepNetRegressor(NetRegressor, Deep):
    """Regressor with any number of hidden layers; with none, a generalised linear model.

    Each hidden layer computes ``a = activation(a_before @ W + b)``; the prediction is
    the last affine map or, with the losses ``"poisson"`` and ``"gamma"``, its
    exponential. Training minimises the weighted mean loss plus ``alpha/2`` times the sum
    of squared weights.

    {parameters}

    {attributes}

    See Also
    --------
    ShallowNetRegressor : Regressor with exactly one hidden layer.

    References
    ----------
    Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating
    errors", doi:10.1038/323533a0.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> X = np.linspace(-3, 3, 200)[:, np.newaxis]
    >>> y = np.sin(X).ravel()
    >>> net = DeepNetRegressor(32, learning_rate=0.01, schedule="cosine", random_state=0)
    >>> net = net.fit(X, y)
    >>> net.score(X, y) > 0.95
    True
    """
