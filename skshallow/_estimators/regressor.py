"""Regressors: real targets in, predictions of them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.utils.metaestimators import available_if

from skshallow._estimators.base import BaseNet, Deep, Shallow, takes_minibatches
from skshallow._estimators.checks.array_api import follows_X
from skshallow._estimators.checks.resolve import resolve
from skshallow._estimators.docstrings import documented
from skshallow._estimators.uncertainty import Uncertainty, needs_positive_targets
from skshallow.losses import REGRESSION_LOSSES, Loss


@dataclass(kw_only=True, eq=False, repr=False)
class NetRegressor(RegressorMixin, Uncertainty, BaseNet):
    """What both regressors share."""

    @available_if(takes_minibatches)
    @with_callbacks
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on a part of the data, from where the net is.

        The first call measures the units of features and targets, later ones refine
        them; after a `fit` they stay as they are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Some training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which only the ratios within this call count.

        Returns
        -------
        self : object
            The estimator, trained further.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    @follows_X
    def predict(self, X):
        """Return what the loss makes the net predict: a mean, a median, a quantile.

        With ``Quantile`` of several levels it is the one nearest to 0.5.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of the training targets.

        Raises
        ------
        ValueError
            If the output for a row is not finite; the message names the row.
        """
        raw = self._raw_predict(X)
        prediction = self._loss.link.inverse(raw)
        return prediction[:, 0] if self._target_ndim == 1 else prediction

    @follows_X
    def predict_members(self, X):
        """Return what each member predicts; the net predicts the mean of theirs.

        How far they spread tells how little the training rows say of a row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict for.

        Returns
        -------
        y : ndarray of shape (n_members, n_samples) or (n_members, n_samples, n_outputs)
            In the units of the training targets.
        """
        raw = self._raw_by_members(X)
        raw = raw.reshape(self.network_.n_members, -1, raw.shape[-1])
        prediction = self._loss.link.inverse(raw)
        return prediction[..., 0] if self._target_ndim == 1 else prediction

    # Targets.

    def _start_targets(self, y, classes):
        self._target_ndim = y.ndim
        self._n_targets = 1 if y.ndim == 1 else y.shape[1]

    def _start_outputs(self, n_outputs, classes):
        if classes is not None:
            raise ValueError("A regressor has no classes; leave classes at None.")
        a_target = self._resolve_loss().n_raw_outputs(1)
        if n_outputs % a_target != 0:
            raise ValueError(
                f"loss={self.loss!r} takes {a_target} outputs a target; an output layer of "
                f"{n_outputs} units is no multiple of that."
            )
        self._n_targets = n_outputs // a_target
        self._target_ndim = 1 if self._n_targets == 1 else 2

    def _resolve_loss(self):
        return resolve("loss", self.loss, REGRESSION_LOSSES, Loss)

    def _check_targets(self, y):
        n_targets = 1 if y.ndim == 1 else y.shape[1]
        if n_targets != self._n_targets:
            raise ValueError(
                f"y has {n_targets} targets a row, but the net was trained on "
                f"{self._n_targets}."
            )

    def _encode_targets(self, y):
        targets = y.reshape(len(y), -1).astype(np.float64)
        self._loss.check_targets(targets)
        return targets

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = needs_positive_targets(self)
        return tags


@documented
@dataclass(kw_only=True, eq=False, repr=False)
class ShallowNetRegressor(Shallow, NetRegressor):
    """Regressor with one hidden layer.

    The network computes ``raw = activation(X @ W1 + b1) @ W2 + b2``, and predicts it or,
    with the losses ``"poisson"`` and ``"gamma"``, its exponential. Training minimises
    the weighted mean loss plus ``alpha/2`` times the sum of squared weights.

    {parameters}

    {attributes}

    See Also
    --------
    DeepNetRegressor : The same with any number of hidden layers.

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
@dataclass(kw_only=True, eq=False, repr=False)
class DeepNetRegressor(Deep, NetRegressor):
    """Regressor with any number of hidden layers; with none, a generalised linear model.

    Each hidden layer computes ``a = activation(a_before @ W + b)``; the prediction is
    the last affine map or, with the losses ``"poisson"`` and ``"gamma"``, its
    exponential. Training minimises the weighted mean loss plus ``alpha/2`` times the sum
    of squared weights.

    {parameters}

    {attributes}

    See Also
    --------
    ShallowNetRegressor : The same with exactly one hidden layer.

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
