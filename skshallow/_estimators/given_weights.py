"""`from_weights`: fitted estimators from weights trained elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_array

from skshallow._estimators.checks.typed_sklearn import BaseEstimator
from skshallow._estimators.fit.config import Components
from skshallow._estimators.fit.results import CURVE_OF_ATTRIBUTE, FitResult
from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.hidden_layers import HiddenLayers
from skshallow.engine.health import no_records
from skshallow.engine.network import Network
from skshallow.engine.units import USERS_UNITS
from skshallow.losses import Loss


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
        cls, coefs: Any, intercepts: Any, *, classes: Any = None, **params: Any
    ) -> Self:
        """Return a fitted estimator with weights trained elsewhere.

        Parameters
        ----------
        coefs : sequence of array-like of shape (n_inputs, n_units)
            Weights of each layer, those of the output layer last, for features in the
            units of your data. The pieces of a maxout layer are concatenated, of shape
            (n_inputs, pieces * n_units). If `n_members` is above 1, with a leading axis
            of members.
        intercepts : sequence of array-like of shape (n_units,)
            Biases of each layer.
        classes : array-like of shape (n_classes,) or None, default=None
            Class labels of a classifier, in the order of the outputs; for multilabel
            targets one pair of classes per label. None means ``0 .. n_classes - 1``. Two
            outputs for two classes are replaced by one, their difference, which gives
            the same probabilities.
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
            If the shapes of the arrays do not match.
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
        estimator._become_fitted(weights, biases, classes)
        return estimator

    def _become_fitted(self, weights, biases, classes) -> None:
        """Set weights in the user's units; see `from_weights`."""
        self._validate_params()
        components = Components.of(self)
        n_features, n_outputs = weights[0].shape[-2], weights[-1].shape[-1]
        network = Network(
            n_features,
            n_outputs,
            components.hidden_units,
            components.activations,
            0.0 if self.dropout == "auto" else float(self.dropout),
            self.n_members,
        )
        targets = self._targets_type.of_outputs(n_outputs, self.loss, classes)
        result = FitResult(
            theta=_flat(network, weights, biases),
            network=network,
            units=USERS_UNITS,
            loss=targets.loss(self.loss),
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
    network: Network, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the parameter vector (P,) of a network from the arrays of its layers."""
    members = (network.n_members,) if network.n_members > 1 else ()
    theta = np.empty(network.layout.size, weights[0].dtype)
    params = network.views(theta)
    for i, layer in enumerate(network.layers):
        shapes = layer.shapes()
        for name, array in {"weight": weights[i], "bias": biases[i]}.items():
            if array.shape != (*members, *shapes[name]):
                raise ValueError(
                    f"The {name} of layer {i} has shape {array.shape}; in this net, "
                    f"{network}, it must be {(*members, *shapes[name])}."
                )
            params[i][name][...] = array.reshape(params[i][name].shape)
        for name, array in layer.activation.initial_params(layer.n_units).items():
            params[i][name][...] = array
    return theta
