"""A hidden layer as a transformer: what a net has learned to see, for another model."""

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
    """Train a net, then hand on what one of its hidden layers puts out.

    ``transform(X)`` is ``net.hidden_activations(X)[layer]``, so that a net can be the
    first step of a :class:`~sklearn.pipeline.Pipeline` and any estimator the last.

    Parameters
    ----------
    net : estimator
        One of the four nets of this package. A clone of it is trained; within
        :class:`~sklearn.frozen.FrozenEstimator` it is used as it is.
    layer : int, default=-1
        Which hidden layer, counted as Python counts: 0 is the first, -1 the last.

    Attributes
    ----------
    net_ : estimator
        The trained net.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X had names that are all strings.

    Notes
    -----
    Of a net with several members the features of all stand side by side, member by
    member: ``n_members * n_units`` columns. Their mean would say nothing, since the
    units of two members have nothing to do with each other.

    In training the net has seen the targets. So the features of training rows separate
    the classes better than those of new rows do, and the model that follows is too sure
    of them; fit the two on different rows where that matters, with the net in a
    ``FrozenEstimator``.

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
        """Train a clone of the net.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as the net wants them.
        **fit_params : dict
            What else the net's `fit` is to get, `sample_weight` say. With scikit-learn's
            metadata routing switched on, only what the net requests by
            ``set_fit_request``.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is no such hidden layer, or the net cannot be trained on the data.
        TypeError
            If `net` is none of this package's nets.
        """
        if not hasattr(self.net, "hidden_activations"):
            raise TypeError(
                "net must be one of skshallow's nets, DeepNetClassifier() say, or such a "
                f"net in a FrozenEstimator; got {self.net!r}."
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
        """Raise ValueError if the net will not have that hidden layer."""
        net._validate_params()
        n_layers = len(net._hidden_widths())
        if n_layers == 0:
            raise ValueError(
                "A net of depth=0 has no hidden layer whose activations could be features."
            )
        is_integer = isinstance(self.layer, Integral)
        if not is_integer or not -n_layers <= self.layer < n_layers:
            raise ValueError(
                f"layer must be an int from {-n_layers} to {n_layers - 1} for a net with "
                f"{n_layers} hidden layer{'s' if n_layers > 1 else ''}; got {self.layer!r}."
            )

    def transform(self, X):
        """Return what the hidden layer puts out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass through the net.

        Returns
        -------
        features : ndarray of shape (n_samples, n_units)
            Of several members (n_samples, n_members * n_units).
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
        """Return where metadata go: all of `fit` to the net.

        Returns
        -------
        routing : MetadataRouter
            As in scikit-learn's guide to metadata routing.
        """
        methods = MethodMapping().add(caller="fit", callee="fit")
        # A pipeline calls this; scikit-learn 1.9.0 does not see that it calls fit.
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
