"""Export to ONNX: activations, in operators that onnxruntime has in float32 and float64.

Its CPU kernels of ``Elu``, ``Gelu``, ``LeakyRelu``, ``Mish``, ``PRelu``, ``Selu`` and
``Softplus`` take float32 only, so these functions are composed of other operators here.

None ends in a product with a scalar: onnxruntime would fuse that into the next layer's
``MatMul``, where the scalar is kept in float32, whatever the graph computes in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    Maxout,
    Mish,
    Params,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)
from skshallow.engine.normalization import EPSILON, LayerNorm
from skshallow.engine.shared_outputs import SharedOutputs
from skshallow.onnx._graph import Tensor
from skshallow.onnx._registry import form_of, register_form
from skshallow.onnx._special import normal_cdf, softplus

ActivationForm = Callable[[Tensor, Params, Any], Tensor]


def _identity(z, params, activation):
    return z


def _step(z, params, activation):
    return (z > 0).cast(z.graph.dtype)


def _sigmoid(z, params, activation):
    return z.op("Sigmoid")


def _tanh(z, params, activation):
    return z.op("Tanh")


def _relu(z, params, activation):
    return z.op("Relu")


def _leaky_relu(z, params, activation):
    return z.op("Relu") + activation.slope * z.op("Min", 0)


def _prelu(z, params, activation):
    return z.op("Relu") + params["slope"] * z.op("Min", 0)


def _elu(z, params, activation):
    lowest = activation.scale * activation.alpha
    negative_part = lowest * z.op("Min", 0).op("Exp") - lowest
    return activation.scale * z.op("Relu") + negative_part


def _gelu(z, params, activation):
    return z * normal_cdf(z)


def _silu(z, params, activation):
    # by tanh: releases before 1.31 fuse z * Sigmoid(z) into a kernel for float32 only
    return z * (0.5 * (0.5 * z).op("Tanh") + 0.5)


def _softplus(z, params, activation):
    return softplus(z)


def _mish(z, params, activation):
    return z * softplus(z).op("Tanh")


def _maxout(z, params, activation):
    n_pieces = activation.pieces
    first, *others = z.ops("Split", axis=-1, num_outputs=n_pieces, n_outputs=n_pieces)
    return first.op("Max", *others)


def _layer_norm(z, params, normalization):
    last = np.array([-1])
    z = z - z.op("ReduceMean", last, keepdims=1)
    variance = (z * z).op("ReduceMean", last, keepdims=1)
    normed = z / (variance + EPSILON).op("Sqrt")
    return normed * params["norm_scale"] + params["norm_shift"]


def _shared_outputs(z, params, activation):
    zero = z.op("Slice", np.array([0]), np.array([1]), np.array([-1])) * 0
    return z.op("Concat", zero + params["shared"], axis=-1)


FORMS: dict[type, ActivationForm] = {
    Identity: _identity,
    Step: _step,
    Sigmoid: _sigmoid,
    Tanh: _tanh,
    ReLU: _relu,
    LeakyReLU: _leaky_relu,
    PReLU: _prelu,
    ELU: _elu,
    SELU: _elu,
    GELU: _gelu,
    SiLU: _silu,
    Softplus: _softplus,
    Mish: _mish,
    Maxout: _maxout,
    LayerNorm: _layer_norm,  # maps pre-activations, as activations do
    SharedOutputs: _shared_outputs,
}


def register_activation(activation_class: type[Activation], form: ActivationForm) -> None:
    """Register the ONNX form of a custom activation.

    Parameters
    ----------
    activation_class : type
        Your subclass of :class:`~skshallow.activations.Activation`.
    form : callable
        ``form(z, params, activation)`` returns the activation of the pre-activations
        `z`, a :class:`Tensor`. `params` holds the activation's learned parameters by
        name, with a leading axis of members if there are several, and `activation` is
        the instance with its settings.

    Raises
    ------
    TypeError
        If `activation_class` is not such a class, but an instance, for example.

    Notes
    -----
    Arithmetic and comparisons such as ``z + 1``, ``z * z``, ``z > 0`` are written as in
    NumPy; ``z.op("Exp")`` applies any ONNX operator by its name.

    For float64, use operators that onnxruntime supports in it: ``Abs``, ``Exp``, ``Log``,
    ``Max``, ``Min``, ``Relu``, ``Sigmoid``, ``Sqrt``, ``Tanh``, ``Where``, not ``Erf`` or
    ``Softplus``. And do not end in a product with a scalar: onnxruntime fuses that into
    the next layer's ``MatMul``, and keeps it in float32.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from skshallow.activations import Activation
    >>> from skshallow.onnx import register_activation
    >>> @dataclass(frozen=True)
    ... class Softsign(Activation):
    ...     def forward(self, z, params):
    ...         return z / (1 + abs(z)), z
    ...     def backward(self, grad_a, z, params, grads):
    ...         return grad_a / (1 + abs(z)) ** 2
    >>> register_activation(Softsign, lambda z, params, activation: z / (1 + abs(z)))
    """
    register_form(FORMS, "activation_class", activation_class, Activation, form)


def apply(activation: Activation | LayerNorm, z: Tensor, params: Params) -> Tensor:
    """Return the activation, or the normalisation, of pre-activations z (n, m)."""
    form = form_of(
        FORMS,
        activation,
        "register_activation({}, form), where form(z, params, activation) returns the "
        "activation of z",
    )
    return form(z, params, activation)
