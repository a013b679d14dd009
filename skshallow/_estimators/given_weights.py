"""`from_weights`: fitted estimators from weights trained elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_array

from skshallow._estimators.checks.typed_sklearn import BaseEstimator
from skshallow._estimators.fit.auto import shares_weights
from skshallow._estimators.fit.components import Components
from skshallow._estimators.fit.monotonic import columns_directions, directions_of
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.hidden_layers import HiddenLayers
from skshallow.engine.health import no_records
from skshallow.engine.history import CURVE_OF_ATTRIBUTE
from skshallow.engine.monotone import are_within
from skshallow.engine.network import Network
from skshallow.engine.shared_outputs import set_output_bias
from skshallow.engine.units import USERS_UNITS
from skshallow.losses import Link, Loss


class GivenWeights(BaseEstimator, HiddenLayers):
    """The constructor of a fitted estimator from given weights."""

    loss: str | Loss
    dropout: float | str
    n_members: int
    _targets_type: ClassVar[type[Targets]]

    @abstractmethod
    def _set_fitted(self, result: FitResult) -> None:
        """Set all fitted attributes from a result, in one step."""

    @classmethod
    def from_weights(
        cls,
        coefs: Any,
        intercepts: Any,
        *,
        classes: Any = None,
        residual_gains: Any = None,
        norm_scales: Any = None,
        norm_shifts: Any = None,
        **params: Any,
    ) -> Self:
        """Return a fitted estimator with weights trained elsewhere.

        Parameters
        ----------
        coefs : sequence of array-like of shape (n_inputs, n_units)
            Weights of each layer, those of the output layer last, for features in the
            units of your data, one row of the first per column: `coefs_` of a net that was
            fitted with ``numeric_encoding=None``. The pieces of a maxout layer are
            concatenated, of shape (n_inputs, pieces * n_units). If `n_members` is above 1,
            with a leading axis of members.
        intercepts : sequence of array-like of shape (n_units,)
            Biases of each layer.
        classes : array-like of shape (n_classes,) or None, default=None
            Class labels of a classifier, in the order of the outputs; for multilabel
            targets one pair of classes per label. None means ``0 .. n_classes - 1``. Two
            outputs for two classes are replaced by one, their difference, which gives
            the same probabilities.
        residual_gains : sequence of array-like of shape (n_units,) or None, default=None
            With ``residual=True``, the gains of each hidden layer after the first. None
            means 1: each layer adds its input to its output as it is.
        norm_scales : sequence of array-like of shape (n_units,) or None, default=None
            With ``normalization="layer"``, the scales of each hidden layer. None means 1.
        norm_shifts : sequence of array-like of shape (n_units,) or None, default=None
            With ``normalization="layer"``, the shifts of each hidden layer. None means 0.
        **params : dict
            Other parameters of the estimator; `hidden_units` and `depth` follow from the
            weights.

        Returns
        -------
        estimator : object
            A fitted estimator. `partial_fit`, or `fit` with ``warm_start=True``, trains
            it further. It does not clip features, whatever `clip_features` is, because
            the range of those it was trained with is not known.

        Raises
        ------
        ValueError
            If the shapes of the arrays do not match, if a weight does not have the sign
            that `monotonic_cst` asks for, as the `coefs_` of a net with the same do, or if
            members are to share weights (`share_weights`).

        Examples
        --------
        >>> import numpy as np
        >>> from skshallow import DeepNetRegressor
        >>> coefs = [np.array([[1.0, -1.0]]), np.array([[1.0], [1.0]])]
        >>> intercepts = [np.zeros(2), np.zeros(1)]
        >>> net = DeepNetRegressor.from_weights(coefs, intercepts, activation="relu")
        >>> net.predict([[-2.0], [3.0]]).tolist()  # relu(x) + relu(-x)
        [2.0, 3.0]
        """
        if len(coefs) == 0:
            raise ValueError("coefs is empty. Pass the weights of at least one layer.")
        floats = (np.float64, np.float32)
        weights = [check_array(w, dtype=floats, allow_nd=True) for w in coefs]
        biases = [
            check_array(b, dtype=weights[0].dtype, ensure_2d=False) for b in intercepts
        ]
        if len(weights) != len(biases):
            raise ValueError(
                f"coefs has {len(weights)} layers, but intercepts has {len(biases)}. Pass "
                "one array per layer in both."
            )
        widths = [weight.shape[-2] for weight in weights[1:]]
        estimator = cls(**cls._shape_parameters(widths), **params)
        given = {
            "residual_gain": residual_gains,
            "norm_scale": norm_scales,
            "norm_shift": norm_shifts,
        }
        further = {
            name: [check_array(v, dtype=weights[0].dtype, ensure_2d=False) for v in vectors]
            for name, vectors in given.items()
            if vectors is not None
        }
        estimator._become_fitted(weights, biases, classes, further)
        return estimator

    def _become_fitted(self, weights, biases, classes, further) -> None:
        """Set weights in the user's units; see `from_weights`."""
        self._validate_params()
        components = Components.of(self)
        n_features = weights[0].shape[-2]
        # the outputs of ordered classes share their weights
        n_outputs = max(weights[-1].shape[-1], biases[-1].shape[-1])
        targets = self._targets_type.of_outputs(n_outputs, self.loss, classes)
        loss = targets.loss(self.loss)
        targets.check_order(loss)
        of_columns = columns_directions(self, components, loss, n_outputs, n_features)
        if shares_weights(self):
            raise ValueError(
                "from_weights takes the weights of each member, and does not know which "
                "part of them is shared. Leave share_weights at False."
            )
        network = Network(
            n_features,
            n_outputs,
            components.hidden_units,
            components.activations,
            0.0 if self.dropout == "auto" else float(self.dropout),
            self.n_members,
            residual=components.residual,
            normalization=components.normalization,
            directions=directions_of(of_columns, loss, n_outputs),
            n_shared=loss.n_shared_outputs(targets.n_outputs),
        )
        theta = _flat(network, weights, biases, further, loss.link)
        _check_signs(network, theta)
        result = FitResult(
            theta=theta,
            network=network,
            units=USERS_UNITS,
            loss=loss,
            targets=targets,
            feature_names=None,
            n_iter=0,
            best_iter=0,
            n_rows_seen=0,
            loss_value=None,
            curves={name: np.array([]) for name in CURVE_OF_ATTRIBUTE},
            health=no_records(len(network.layers)),
            resolved_params={},
            used_params={},
        )
        self._set_fitted(result)


def _flat(
    network: Network,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    further: Mapping[str, Any],
    link: Link,
) -> np.ndarray:
    """Return the parameter vector (P,) of a network from the arrays of its layers.

    `further` has the arrays of parameters that only some layers have, if they are given.
    """
    theta = np.empty(network.layout.size, weights[0].dtype)
    params = network.views(theta)
    for layer, own in zip(network.layers, params, strict=True):
        for name, array in layer.initial_params().items():
            own[name][...] = 1 if name == "residual_gain" else array
    *of_hidden, of_outputs = biases
    given = {"weight": weights, "bias": of_hidden, **further}
    for name, arrays in given.items():
        places = [i for i, own in enumerate(params) if name in own]
        places = places[: len(of_hidden)] if name == "bias" else places
        if len(arrays) != len(places):
            raise ValueError(
                f"{name}s has {len(arrays)} arrays; in this net, {network}, there are "
                f"{len(places)} layers that have one."
            )
        for i, array in zip(places, arrays, strict=True):
            _check_shape(array, network.layers[i].shapes()[name], network, i, name)
            params[i][name][...] = array.reshape(params[i][name].shape)
    last, n_outputs = params[-1], network.layers[-1].n_units
    _check_shape(of_outputs, (n_outputs,), network, len(of_hidden), "bias")
    bias = link.output_bias(of_outputs)
    set_output_bias(last, bias.reshape(*last["bias"].shape[:-1], n_outputs))
    return theta


def _check_shape(
    array: np.ndarray, shape: tuple[int, ...], network: Network, layer: int, name: str
) -> None:
    """Raise ValueError unless an array has this shape, after an axis of members."""
    members = (network.n_members,) if network.n_members > 1 else ()
    if array.shape != (*members, *shape):
        raise ValueError(
            f"The {name} of layer {layer} has shape {array.shape}; in this net, "
            f"{network}, it must be {(*members, *shape)}."
        )


def _check_signs(network: Network, theta: np.ndarray) -> None:
    """Raise ValueError if weights in `theta` (P,) do not guarantee the directions."""
    if network.bounds is None:
        return
    fits = network.views(are_within(theta, network.bounds))
    for i, of_layer in enumerate(fits):
        n_wrong = sum(int((~fitting).sum()) for fitting in of_layer.values())
        if n_wrong:
            raise ValueError(
                f"{n_wrong} weights or gains of layer {i} do not have the signs with which "
                "monotonic_cst is guaranteed. Pass the coefs_ of a net that was fitted "
                "with the same monotonic_cst, or leave monotonic_cst at None."
            )
