r"""Feedforward network: forward pass and backpropagation through all layers.

With ``a_0 = x``, layer ``l = 1 .. L`` computes

    z_l = a_{l-1} @ weight_l + bias_l
    a_l = activation_l(z_l)

and the raw prediction is ``a_L = z_L``. From ``grad_a_L``, the derivative of the loss with
respect to the raw prediction, backpropagation computes

    grad_z_l      = activation_l.backward(grad_a_l)
    grad_weight_l = a_{l-1}.T @ grad_z_l
    grad_bias_l   = sum over rows of grad_z_l
    grad_a_{l-1}  = grad_z_l @ weight_l.T

A residual layer adds ``a_{l-1}`` to its ``a_l``, and ``grad_a_l`` to its ``grad_a_{l-1}``.
Members of an ensemble can share the weights of hidden layers, see `engine.shared_weights`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from skshallow.activations import Activation, Identity, Params
from skshallow.engine import shared_weights
from skshallow.engine.embedding import EmbeddedDense, Embedding, with_embedding
from skshallow.engine.layers import AS_THEY_ARE, Dense, Dropout, ResidualDense
from skshallow.engine.layout import Layout
from skshallow.engine.monotone import Bounds, Directions, parameter_bounds, reflected
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.periodic import PeriodicEmbedding
from skshallow.engine.shared_outputs import SharedOutputs, set_output_bias
from skshallow.initializers import Initializer


class Network:
    """A sequence of dense layers, of which the last one is linear.

    It has no parameters itself: they are in a flat vector, and `views` returns the
    parameters of each layer as views of it, `member_params` those of each member where
    members share weights.

    Parameters
    ----------
    n_features, n_outputs : int
        Width of the input and of the raw prediction.
    hidden_units : sequence of int
        Width of each hidden layer; empty for the linear model.
    activations : sequence of Activation
        One per hidden layer.
    dropout : float, default=0.0
        Dropout rate of each hidden layer in training.
    n_members : int, default=1
        Number of networks in the ensemble. If above 1, every array except the input has
        a leading axis of members, and each matrix product is computed for all at once.
    embedding : Embedding or None, default=None
        How the last columns of the input, codes of categories, become vectors.
    unseen : sequence of slice or None, default=()
        For each ensemble member the inputs of the first affine map that it does not see,
        such as curves. Empty if all members see all of them.
    directions : Directions or None, default=None
        The directions in which outputs must not move with inputs; see `engine.monotone`.
        The parameters must then lie within `bounds`.
    residual : bool, default=False
        Whether each hidden layer after the first adds its input to its output. All hidden
        layers must then have the same width.
    normalization : Identity or LayerNorm, default=AS_THEY_ARE
        What is done to the pre-activations of hidden layers.
    n_shared : int, default=0
        How many of the outputs, the last ones, are the same in all rows: numbers that are
        learned, without weights.
    periodic : PeriodicEmbedding or None, default=None
        The numbers of the input that enter as learned curves as well.
    shares_weights : bool, default=False
        Whether the members of an ensemble share the weights of hidden layers, up to
        factors of their own; see `engine.shared_weights`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import ReLU
    >>> from skshallow.engine import Network
    >>> network = Network(2, 1, [3], [ReLU()])
    >>> params = network.views(np.ones(network.layout.size))
    >>> raw_prediction, caches = network.forward(np.ones((4, 2)), params)
    >>> raw_prediction.ravel()
    array([10., 10., 10., 10.])
    """

    directions: Directions | None = None  # pickles of earlier versions have none
    shares_weights: bool = False  # nor this

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        hidden_units: Sequence[int],
        activations: Sequence[Activation],
        dropout: float = 0.0,
        n_members: int = 1,
        embedding: Embedding | None = None,
        unseen: Sequence[slice | None] = (),
        directions: Directions | None = None,
        residual: bool = False,
        normalization: Identity | LayerNorm = AS_THEY_ARE,
        n_shared: int = 0,
        periodic: PeriodicEmbedding | None = None,
        shares_weights: bool = False,
    ) -> None:
        self.n_members = n_members
        self.directions = directions
        self.shares_weights = shares_weights and n_members > 1 and len(hidden_units) > 0
        output = SharedOutputs(n_shared) if n_shared else Identity()
        widths = [n_features, *hidden_units]
        further = ResidualDense if residual else Dense
        kinds = [Dense, *[further] * len(hidden_units)]
        self.layers = [
            kind(n_inputs, n_units, activation, Dropout(dropout), (), normalization)
            for kind, n_inputs, n_units, activation in zip(
                kinds[:-1], widths[:-1], hidden_units, activations, strict=True
            )
        ]
        self.layers.append(Dense(widths[-1], n_outputs, output))
        if embedding is not None or periodic is not None:
            self.layers[0] = with_embedding(self.layers[0], embedding, periodic)
        self.layers[0] = replace(self.layers[0], unseen=tuple(unseen))

    @property
    def n_features(self) -> int:
        """Width of the input, codes included."""
        return self.layers[0].n_columns

    @property
    def embedding(self) -> Embedding | None:
        """The embedding of the input's last columns, if they are codes of categories."""
        first = self.layers[0]
        return first.embedding if isinstance(first, EmbeddedDense) else None

    @property
    def vector_width(self) -> int:
        """Width of the vectors of categories; 1 if there are none."""
        return 1 if self.embedding is None else self.embedding.width

    @property
    def periodic(self) -> PeriodicEmbedding | None:
        """The numbers of the input that enter as learned curves as well."""
        first = self.layers[0]
        return first.periodic if isinstance(first, EmbeddedDense) else None

    @property
    def learns_inputs(self) -> bool:
        """Whether `inputs` depend on parameters, so that each member has its own."""
        return isinstance(self.layers[0], EmbeddedDense)

    @property
    def residual(self) -> bool:
        """Whether there are layers that add their input to their output."""
        return any(layer.adds_input for layer in self.layers)

    @property
    def normalization(self) -> Identity | LayerNorm:
        """What is done to the pre-activations of hidden layers; the last layer has none."""
        return self.layers[0].normalization

    @property
    def n_shared(self) -> int:
        """How many outputs, the last ones, are the same in all rows."""
        return self.layers[-1].n_units - self.layers[-1].n_preactivations

    @cached_property
    def layout(self) -> Layout:
        """Positions of the parameters in the flat vector."""
        *hidden, last = [layer.shapes() for layer in self.layers]
        if self.shares_weights:
            hidden = [shared_weights.shapes_shared(shapes) for shapes in hidden]
        return Layout([*hidden, last], self.n_members)

    @cached_property
    def bounds(self) -> Bounds | None:
        """Least and greatest value of each parameter (P,), None without `directions`."""
        if self.directions is None:
            return None
        return parameter_bounds(self.directions, self.layers, self.layout)

    def __getstate__(self) -> dict[str, Any]:
        state = {"layers": self.layers, "n_members": self.n_members}
        rare = {"directions": self.directions, "shares_weights": self.shares_weights}
        return state | {name: value for name, value in rare.items() if value}

    def __eq__(self, other: object) -> bool:
        """Whether two networks predict the same with the same parameters.

        Dropout is not compared, as it acts only in training.
        """
        return isinstance(other, Network) and self._shape() == other._shape()

    def _shape(self) -> list[tuple]:
        """Return everything that predictions depend on, except the parameters."""
        whole = (
            self.n_members,
            self.embedding,
            self.periodic,
            self.layers[0].unseen,
            self.residual,
            self.directions,
            self.shares_weights,
        )
        layers = [
            (own.n_inputs, own.n_units, own.normalization, own.activation)
            for own in self.layers
        ]
        return [whole, *layers]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        widths = [layer.n_inputs for layer in self.layers] + [self.layers[-1].n_units]
        activations = [str(layer.activation) for layer in self.layers[:-1]]
        members = f", n_members={self.n_members}" if self.n_members > 1 else ""
        members += ", shares_weights=True" if self.shares_weights else ""
        embedding = "" if self.embedding is None else f", embedding={self.embedding}"
        periodic = "" if self.periodic is None else f", periodic={self.periodic}"
        residual = ", residual=True" if self.residual else ""
        plain = self.normalization == AS_THEY_ARE
        normalization = "" if plain else f", normalization={self.normalization}"
        layers = f"{'-'.join(map(str, widths))}, [{', '.join(activations)}]"
        directions = "" if self.directions is None else f", directions={self.directions}"
        hidden = f"{residual}{normalization}{directions}"
        return f"Network({layers}{members}{embedding}{periodic}{hidden})"

    @cached_property
    def multiply_adds_per_row(self) -> int:
        """Multiply-adds of the largest matrix product, per row."""
        return max(layer.n_inputs * layer.n_preactivations for layer in self.layers)

    def widest(self, values_per_row: int) -> int:
        """Return the largest number of values that one row takes anywhere in the network.

        `values_per_row` are those of the input: all features or, of sparse rows, those
        that are stored.
        """
        return max(self.n_members * values_per_row, self.widest_layer)

    @cached_property
    def widest_layer(self) -> int:
        """The largest number of values that one row takes in any layer."""
        return self.n_members * max(layer.widest for layer in self.layers)

    def views(self, theta: np.ndarray) -> list[Params]:
        """Return each layer's parameters, as they are stored, as views of `theta` (P,)."""
        return self.layout.views(theta)

    def member_params(self, theta: np.ndarray) -> list[Params]:
        """Return each layer's parameters as `forward` takes them, views where that can be.

        Where members share weights, they are the weights of each.
        """
        return self.of_members(self.views(theta))

    def of_members(self, params: list[Params]) -> list[Params]:
        """Return the parameters of members, from those that are stored."""
        if not self.shares_weights:
            return params
        return [shared_weights.forward(own) for own in params]

    def grads_of_members(self, grads: list[Params]) -> list[Params]:
        """Return the arrays that `backward` fills, from views of a flat gradient."""
        return [shared_weights.grads_of_members(own, self.n_members) for own in grads]

    def gather(
        self, of_members: list[Params], params: list[Params], grads: list[Params]
    ) -> None:
        """Fill `grads` of what members share, from the gradients `of_members`."""
        if self.shares_weights:
            for each in zip(of_members, params, grads, strict=True):
                shared_weights.backward(*each)

    def initialize(
        self,
        theta: np.ndarray,
        initializer: Initializer,
        scale: float,
        output_bias: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Fill `theta` (P,) with initial parameters, the last biases with `output_bias`."""
        params = self.views(theta)
        bounded = self.bounds is not None
        factors = shared_weights.MAGNITUDES if bounded else shared_weights.SIGNS
        for layer, own in zip(self.layers, params, strict=True):
            layer.initialize(own, initializer, scale, rng)
            if shared_weights.SHARED in own:
                shared_weights.start_factors(own, rng, factors)
                factors = shared_weights.ONES  # of all layers after the first
        set_output_bias(params[-1], output_bias)
        first = self.layers[0]
        if isinstance(first, EmbeddedDense):
            first.initialize_learned(params[0], rng)
        if self.bounds is not None:
            theta[...] = reflected(theta, self.bounds)

    def forward(
        self,
        x: Any,
        params: list[Params],
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
    ) -> tuple[np.ndarray, list[Any]]:
        """Return the raw prediction (n, n_outputs) and what `backward` needs.

        For an ensemble it is of shape (n_members, n, n_outputs).

        Parameters
        ----------
        x : ndarray, sparse matrix or ShiftedSparse of shape (n, n_features)
            Rows, already in the units that the network was trained in.
        params : list of dict
            From `views` or, if members share weights, from `member_params`.
        rng : Generator or None, default=None
            Draws the dropout masks in training; None means no dropout.
        dropout_share : float, default=1.0
            Multiplies the dropout rates.
        """
        caches = []
        for layer, layer_params in zip(self.layers, params, strict=True):
            x, cache = layer.forward(x, layer_params, rng, dropout_share)
            caches.append(cache)
        return x, caches

    def backward(
        self,
        grad_raw: np.ndarray,
        caches: list[Any],
        params: list[Params],
        grads: list[Params],
    ) -> None:
        """Fill `grads`, arrays like `params`, from the raw prediction's gradient."""
        grad_a = grad_raw
        for i in reversed(range(len(self.layers))):
            layer = self.layers[i]
            grad_z = layer.backward(grad_a, caches[i], params[i], grads[i])
            if i > 0:
                grad_a = layer.backward_to_input(grad_z, params[i], grad_a)

    def inputs(self, x: Any, params: list[Params]) -> Any:
        """Return the rows of x as the first affine map takes them (n, n_inputs), dense.

        Curves are among them, and vectors in the place of codes, so that the network is
        differentiable by all of it: `without_embedding` takes it. If any of it is learned,
        members have an array each.
        """
        return self.layers[0].inputs(x, params[0])

    @property
    def without_embedding(self) -> Network:
        """The same network for what `inputs` returns; it takes the same `params`."""
        *hidden, last = self.layers
        return Network(
            self.layers[0].n_inputs,
            last.n_units,
            [layer.n_units for layer in hidden],
            [layer.activation for layer in hidden],
            n_members=self.n_members,
            residual=self.residual,
            normalization=self.normalization,
            n_shared=self.n_shared,
        )

    def backward_to_input(
        self, grad_raw: np.ndarray, caches: list[Any], params: list[Params]
    ) -> np.ndarray:
        """Return the derivative with respect to x (n, n_features), of no parameters.

        Of members it is (k, n, n_features). Activations may overwrite the `caches`, which
        serve for one backward pass.
        """
        grad = grad_raw
        layers = list(zip(self.layers, caches, params, strict=True))
        for layer, cache, own in reversed(layers):
            unused = layer.unused_grads(own)
            grad_z = layer.backward_to_preactivation(grad, cache, own, unused)
            grad = layer.backward_to_input(grad_z, own, grad)
        return grad

    def hidden_activations(self, x: Any, params: list[Params]) -> list[np.ndarray]:
        """Return the activations (n, n_units) of each hidden layer for the rows of x."""
        activations = []
        for layer, layer_params in zip(self.layers[:-1], params[:-1], strict=True):
            x, _ = layer.forward(x, layer_params)
            activations.append(x)
        return activations
