r"""Dense and residual layers, and dropout: forward pass and backpropagation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

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
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.shared_weights import OF_INPUTS, stored_weight
from skshallow.initializers import Initializer

LEVELS = 1 << 8  # 8 random bits per entry: one draw of 64 bits is enough for eight
AS_THEY_ARE = Identity()  # of pre-activations that are not normalised
# Of residual layers at first. With 50 layers on digits and on spirals, 0 and 0.02 did
# equally well, 1/sqrt(50) and 1 worse.
FIRST_GAIN = 0.0


def _random_levels(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return random integers of 0 to LEVELS - 1, in an array of that shape.

    All 64 bits of a raw draw are random in PCG64, the bit generator of `default_rng`.
    """
    size = math.prod(shape)
    draws = rng.bit_generator.random_raw(-(-size // 8))
    return draws.view(np.uint8)[:size].reshape(shape)


@dataclass(frozen=True)
class Dropout:
    """In training, set each entry to 0 with probability `rate` and scale up the others.

    The division by ``1 - rate`` preserves the expectation, so that prediction needs no
    dropout. In each pass the rate is a multiple of 1/256, `rate` rounded up or down at
    random such that it is exact on average; it is at most 255/256.

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
        if rng is None or share * self.rate == 0:
            return a, None
        dropped = min(int(share * self.rate * LEVELS + rng.random()), LEVELS - 1)
        mask = (_random_levels(rng, a.shape) >= dropped).astype(dtype_of(a))
        mask *= LEVELS / (LEVELS - dropped)
        mask = asarray_like(mask, a)
        return a * mask, mask

    def backward(self, grad_a: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Return the derivative with respect to the input of `forward`, in `grad_a`."""
        if mask is not None:
            grad_a *= mask
        return grad_a


@dataclass(frozen=True)
class Dense:
    """``a = dropout(activation(normalization(x @ weight + bias)))``.

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
    normalization : Identity or LayerNorm
        What is done to the pre-activations before the activation function.

    Attributes
    ----------
    adds_input : bool
        Whether the layer adds its input to its output, as a residual one does.
    """

    adds_input: ClassVar[bool] = False

    n_inputs: int
    n_units: int
    activation: Activation = field(default_factory=Identity)
    dropout: Dropout = field(default_factory=Dropout)
    unseen: tuple[slice | None, ...] = ()
    normalization: Identity | LayerNorm = AS_THEY_ARE

    @property
    def n_preactivations(self) -> int:
        """Number of outputs of the affine map: units times pieces per unit (maxout)."""
        return self.activation.n_preactivations(self.n_units)

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
        return {
            "weight": (self.n_inputs, self.n_preactivations),
            "bias": (self.n_preactivations,),
        } | {name: value.shape for name, value in self.initial_params().items()}

    def initial_params(self) -> Params:
        """Return the initial values of all parameters besides weights and biases."""
        of_normalization = self.normalization.initial_params(self.n_preactivations)
        return of_normalization | self.activation.initial_params(self.n_units)

    def initialize(
        self,
        params: Params,
        initializer: Initializer,
        scale: float,
        rng: np.random.Generator,
    ) -> None:
        """Fill `params`: weights from `initializer` times `scale`, biases 0.

        A weight that members share is drawn once.
        """
        weight = stored_weight(params)
        for of_member in weight.reshape(-1, self.n_inputs, self.n_preactivations):
            of_member[...] = scale * initializer(
                rng, self.n_inputs, self.n_preactivations, self.activation
            )
        params["bias"][...] = 0
        for name, value in self.initial_params().items():
            params[name][...] = value

    def forget_unseen(self, params: Params) -> None:
        """Set to 0 the weights of unseen inputs or, if they are shared, their factors."""
        weight = params["weight"] if "weight" in params else params[OF_INPUTS].mT
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
        z, normalization_cache = self.normalization.forward(z, params)
        a, activation_cache = self.activation.forward(z, params)
        a, mask = self.dropout.forward(a, rng, dropout_share)
        return a, (x, normalization_cache, activation_cache, mask)

    def backward(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Fill `grads` from grad_a (n, n_units); return grad_z (n, n_preactivations)."""
        x, *_ = cache
        grad_z = self.backward_to_preactivation(grad_a, cache, params, grads)
        transposed_product(x, grad_z, out=grads["weight"])
        self.forget_unseen(grads)
        column_sums(grad_z, out=grads["bias"])
        return grad_z

    def backward_to_preactivation(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Return grad_z (n, n_preactivations); fill `grads` of all but weight and bias."""
        _, normalization_cache, activation_cache, mask = cache
        grad_a = self.dropout.backward(grad_a, mask)
        grad_z = self.activation.backward(grad_a, activation_cache, params, grads)
        return self.normalization.backward(grad_z, normalization_cache, params, grads)

    def backward_to_input(
        self, grad_z: np.ndarray, params: Params, grad_a: np.ndarray
    ) -> np.ndarray:
        """Return the derivative with respect to x (n, n_inputs).

        `grad_a` (n, n_units) matters only for layers that add their input.
        """
        return product_with_transpose(grad_z, params["weight"])

    def inputs(self, x: Any, params: Params) -> Any:
        """Return what the affine map takes (n, n_inputs), dense: here x itself."""
        return as_dense(x)

    def unused_grads(self, params: Params) -> Params:
        """Return arrays for the gradients of all parameters but weights and biases."""
        return {
            name: namespace(params[name]).empty_like(params[name])
            for name in self.initial_params()
        }

    def outputs_and_slopes(
        self, a: np.ndarray, cache: Any, params: Params
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what the activation gives, and its slopes ``|da/dz|`` (n, n_units).

        `a` and `cache` are what `forward` returned, without dropout. For a unit with
        several pieces (maxout) it is the largest slope.
        """
        _, _, activation_cache, _ = cache
        ones, unused = np.ones_like(a), self.unused_grads(params)
        slopes = np.abs(self.activation.backward(ones, activation_cache, params, unused))
        return a, slopes.reshape(*a.shape[:-1], -1, self.n_units).max(axis=-2)


class ResidualDense(Dense):
    """``a = x + residual_gain * dropout(activation(normalization(x @ weight + bias)))``.

    The input is added to what a dense layer makes of it, each unit of which has a gain. The
    gradient takes both ways back,

        grad_x = grad_z @ weight.T + grad_a

    so that it reaches the first layer whatever the layers between do to it. The gains start
    at 0: the network starts as one without these layers, and each grows into it.

    References
    ----------
    He, Zhang, Ren, Sun (2016), arXiv:1512.03385; gains that start at 0: Bachlechner et
    al. (2021), arXiv:2003.04887; one small gain per unit: Touvron et al. (2021),
    arXiv:2103.17239.
    """

    adds_input: ClassVar[bool] = True

    def initial_params(self) -> Params:
        """Return the initial values of all parameters besides weights and biases."""
        return super().initial_params() | {
            "residual_gain": np.full(self.n_units, FIRST_GAIN)
        }

    def forward(
        self,
        x: Any,
        params: Params,
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
    ) -> tuple[np.ndarray, Any]:
        """Map x (n, n_units) to (n, n_units); dropout acts if there is an `rng`."""
        change, cache = super().forward(x, params, rng, dropout_share)
        return x + params["residual_gain"] * change, (*cache, change)

    def backward_to_preactivation(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Return grad_z (n, n_preactivations); fill `grads` of all but weight and bias."""
        *cache, change = cache
        column_sums(grad_a * change, out=grads["residual_gain"])
        grad_change = grad_a * params["residual_gain"]
        return super().backward_to_preactivation(grad_change, cache, params, grads)

    def backward_to_input(
        self, grad_z: np.ndarray, params: Params, grad_a: np.ndarray
    ) -> np.ndarray:
        """Return the derivative with respect to x (n, n_units): by both ways."""
        return super().backward_to_input(grad_z, params, grad_a) + grad_a

    def outputs_and_slopes(
        self, a: np.ndarray, cache: Any, params: Params
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what the activation gives, and its slopes ``|da/dz|`` (n, n_units)."""
        *cache, change = cache
        return super().outputs_and_slopes(change, cache, params)
