"""Transformer that returns the activations of a hidden layer as features."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skshallow._arrays.namespace import namespace
from skshallow._estimators.base import BaseNet
from skshallow._estimators.checks.array_api import check_same_place


class HiddenFeatures(
    ClassNamePrefixFeaturesOutMixin, MetaEstimatorMixin, TransformerMixin, BaseEstimator
):
    """Train a network, then use the activations of one hidden layer as features.

    ``transform(X)`` returns ``net.hidden_activations(X)[layer]``. With it, a network can
    be a step of a :class:`~sklearn.pipeline.Pipeline` before any other estimator.

    Parameters
    ----------
    net : estimator
        One of the four estimators of this package. `fit` trains a clone of it; a fitted
        one in a :class:`~sklearn.frozen.FrozenEstimator` is used without training.
    layer : int, default=-1
        Index of the hidden layer: 0 is the first, -1 the last.

    Attributes
    ----------
    net_ : estimator
        The trained network.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features. Only if `X` has column names that are all strings.

    Notes
    -----
    For an ensemble (`n_members` above 1), the features of all members are concatenated:
    ``n_members * n_units`` columns. Their mean would be meaningless, because the units of
    different members do not correspond to each other.

    The network is trained on the targets. So the features separate the classes better on
    the training rows than on new rows, and the next model, fitted on the same rows,
    becomes overconfident. To avoid this, fit the two on different rows, with the network
    in a ``FrozenEstimator``.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from skshallow import HiddenFeatures, ShallowNetRegressor
    >>> X, y = make_friedman1(400, n_features=20, random_state=0)
    >>> net = ShallowNetRegressor(16, learning_rate=0.01, max_iter=50, random_state=0)
    >>> neighbours = make_pipeline(HiddenFeatures(net), KNeighborsRegressor(10))
    >>> neighbours = neighbours.fit(X[:300], y[:300])
    >>> neighbours[0].transform(X).shape
    (400, 16)
    >>> alone = KNeighborsRegressor(10).fit(X[:300], y[:300])
    >>> neighbours.score(X[300:], y[300:]) > alone.score(X[300:], y[300:]) + 0.1
    True
    """

    _doc_link_module: ClassVar[str] = "skshallow"
    _doc_link_template: ClassVar[str] = BaseNet._doc_link_template

    def __init__(self, net: Any, layer: int = -1) -> None:
        self.net = net
        self.layer = layer

    def fit(self, X, y=None, **fit_params):
        """Train a clone of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as for the `fit` of the network.
        **fit_params : dict
            Further arguments of the network's `fit`, such as `sample_weight`. If
            scikit-learn's metadata routing is enabled, only those requested by
            ``net.set_fit_request``.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is no such hidden layer, or the network cannot be trained on the data.
        TypeError
            If `net` is not one of the estimators of this package.
        """
        if not hasattr(self.net, "hidden_activations"):
            raise TypeError(
                "net must be an estimator of skshallow, such as DeepNetClassifier(), or a "
                f"fitted one in a FrozenEstimator; got {self.net!r}."
            )
        net = clone(self.net)
        self._check_layer(net)
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).net.fit
        self.net_ = net.fit(X, y, **fit_params)
        self.n_features_in_ = net.n_features_in_
        if hasattr(net, "feature_names_in_"):
            self.feature_names_in_ = net.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_  # of an earlier fit
        return self

    def _check_layer(self, net) -> None:
        """Raise ValueError if the network has no hidden layer of this index."""
        net._validate_params()
        n_layers = len(net._hidden_widths())
        if n_layers == 0:
            raise ValueError(
                "A net with depth=0 has no hidden layer whose activations could be "
                "features. Set depth to 1 or more."
            )
        is_integer = isinstance(self.layer, Integral)
        if not is_integer or not -n_layers <= self.layer < n_layers:
            raise ValueError(
                f"layer must be an int from {-n_layers} to {n_layers - 1} for a net with "
                f"{n_layers} hidden layer{'s' if n_layers > 1 else ''}; got {self.layer!r}."
            )

    def transform(self, X):
        """Return the activations of the hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass through the network.

        Returns
        -------
        features : ndarray of shape (n_samples, n_units)
            If `n_members` is above 1, of shape (n_samples, n_members * n_units).
        """
        check_is_fitted(self)
        check_same_place(X, self.net_.theta_, "HiddenFeatures.transform")
        activations = self.net_.hidden_activations(X)[self.layer]
        if activations.ndim == 2:
            return activations
        members = [activations[i, ...] for i in range(activations.shape[0])]
        return namespace(activations).concat(members, axis=-1)

    @property
    def _n_features_out(self) -> int:
        """Number of columns that `transform` returns."""
        network = self.net_.network_
        return network.n_members * network.layers[:-1][self.layer].n_units

    def get_metadata_routing(self):
        """Return the metadata routing: all metadata of `fit` go to the network.

        Returns
        -------
        routing : MetadataRouter
            As in scikit-learn's guide to metadata routing.
        """
        methods = MethodMapping().add(caller="fit", callee="fit")
        # Pipelines call fit_transform; scikit-learn 1.9.0 does not know that it calls fit.
        methods.add(caller="fit_transform", callee="fit")
        return MetadataRouter(owner=self).add(net=self.net, method_mapping=methods)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_net = get_tags(self.net)
        tags.array_api_support = of_net.array_api_support
        tags.input_tags = of_net.input_tags
        tags.target_tags = of_net.target_tags
        tags.non_deterministic = of_net.non_deterministic
        dtype = getattr(self.net, "dtype", None)
        tags.transformer_tags.preserves_dtype = (
            ["float64", "float32"] if dtype is None else [dtype]
        )
        return tags
