r"""Dense layers with activation and dropout: forward pass and backpropagation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skshallow._arrays.linalg import (
    as_dense,
    column_sums,
    product,
    product_with_transpose,
    transposed_product,
)
from skshallow._arrays.namespace import asarray_like, dtype_of, namespace
from skshallow.activations import Activation, Identity, Params
from skshallow.initializers import Initializer

LEVELS = 1 << 16  # 16 random bits per entry: one draw of 64 bits is enough for four


def _random_levels(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return random integers of 0 to LEVELS - 1, in an array of that shape."""
    size = math.prod(shape)
    draws = rng.integers(1 << 64, size=-(-size // 4), dtype=np.uint64)
    return draws.view(np.uint16)[:size].reshape(shape)


@dataclass(frozen=True)
class Dropout:
    """In training, set each entry to 0 with probability `rate` and scale up the others.

    The division by ``1 - rate`` preserves the expectation, so that prediction needs no
    dropout. `rate` is rounded to multiples of 1/65536.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), JMLR 15.
    """

    rate: float = 0.0

    def forward(
        self, a: np.ndarray, rng: np.random.Generator | None, share: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return a (n, n_units) with dropout, and the mask; without `rng` return a itself.

        `share` multiplies the rate.
        """
        dropped = min(round(share * self.rate * LEVELS), LEVELS - 1)
        if rng is None or dropped == 0:
            return a, None
        kept = _random_levels(rng, a.shape) >= dropped
        mask = asarray_like(kept * dtype_of(a).type(LEVELS / (LEVELS - dropped)), a)
        return a * mask, mask

    def backward(self, grad_a: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Return the derivative with respect to the input of `forward`."""
        return grad_a if mask is None else grad_a * mask


@dataclass(frozen=True)
class Dense:
    """``a = dropout(activation(x @ weight + bias))``.

    Parameters
    ----------
    n_inputs, n_units : int
        Width of the input and of the output.
    activation : Activation
        The activation function.
    dropout : Dropout
        Dropout of the activations, in training.
    unseen : tuple of slice or None
        For each ensemble member the inputs that it does not see: their weights stay 0.
        Empty if all members see all inputs.
    """

    n_inputs: int
    n_units: int
    activation: Activation = field(default_factory=Identity)
    dropout: Dropout = field(default_factory=Dropout)
    unseen: tuple[slice | None, ...] = ()

    @property
    def n_preactivations(self) -> int:
        """Number of outputs of the affine map: units times pieces per unit (maxout)."""
        return self.n_units * self.activation.n_pieces

    @property
    def n_columns(self) -> int:
        """Number of columns of the input."""
        return self.n_inputs

    @property
    def widest(self) -> int:
        """The largest number of values that one row takes, besides the input."""
        return self.n_preactivations

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter."""
        own = self.activation.initial_params(self.n_units)
        return {
            "weight": (self.n_inputs, self.n_preactivations),
            "bias": (self.n_preactivations,),
        } | {name: value.shape for name, value in own.items()}

    def initialize(
        self,
        params: Params,
        initializer: Initializer,
        scale: float,
        rng: np.random.Generator,
    ) -> None:
        """Fill `params`: weights from `initializer` times `scale`, biases 0."""
        weight = params["weight"]
        for of_member in weight.reshape(-1, self.n_inputs, self.n_preactivations):
            of_member[...] = scale * initializer(
                rng, self.n_inputs, self.n_preactivations, self.activation
            )
        params["bias"][...] = 0
        for name, value in self.activation.initial_params(self.n_units).items():
            params[name][...] = value

    def forget_unseen(self, weight: np.ndarray) -> None:
        """Set weights (n_members, n_inputs, ...), or their gradients, to 0 if unseen."""
        for member, inputs in enumerate(self.unseen):
            if inputs is not None:
                weight[member, inputs, ...] = 0

    def forward(
        self,
        x: Any,
        params: Params,
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
    ) -> tuple[np.ndarray, Any]:
        """Map x (n, n_inputs) to (n, n_units); dropout acts if there is an `rng`."""
        z = product(x, params["weight"])
        z += params["bias"]
        a, activation_cache = self.activation.forward(z, params)
        a, mask = self.dropout.forward(a, rng, dropout_share)
        return a, (x, activation_cache, mask)

    def backward(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Fill `grads` from grad_a (n, n_units); return grad_z (n, n_preactivations)."""
        x, _, _ = cache
        grad_z = self.backward_to_preactivation(grad_a, cache, params, grads)
        transposed_product(x, grad_z, out=grads["weight"])
        self.forget_unseen(grads["weight"])
        column_sums(grad_z, out=grads["bias"])
        return grad_z

    def backward_to_preactivation(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Return grad_z (n, n_preactivations); fill `grads` of the activation only."""
        _, activation_cache, mask = cache
        grad_a = self.dropout.backward(grad_a, mask)
        return self.activation.backward(grad_a, activation_cache, params, grads)

    def backward_to_input(self, grad_z: np.ndarray, params: Params) -> np.ndarray:
        """Return the derivative with respect to x (n, n_inputs)."""
        return product_with_transpose(grad_z, params["weight"])

    def inputs(self, x: Any, params: Params) -> Any:
        """Return what the affine map takes (n, n_inputs), dense: here x itself."""
        return as_dense(x)

    def unused_grads(self, params: Params) -> Params:
        """Return arrays for the gradients of the activation's own parameters."""
        own = self.activation.initial_params(self.n_units)
        return {name: namespace(params[name]).empty_like(params[name]) for name in own}
