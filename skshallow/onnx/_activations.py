"""Activations as operators, of those that onnxruntime has in float32 and in float64.

Its CPU kernels of ``Elu``, ``Gelu``, ``LeakyRelu``, ``Mish``, ``PRelu``, ``Selu`` and
``Softplus`` take float32 only, so what they compute is composed of others here.

None ends in a product with one number: onnxruntime would fuse that into the next layer's
``MatMul``, where the number is kept in float32, whatever the graph computes in.
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
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)
from skshallow.onnx._formulas import normal_cdf, softplus
from skshallow.onnx._graph import Tensor, check_class

Params = dict[str, np.ndarray]
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
    # through tanh: releases before 1.31 fuse z * Sigmoid(z) into what takes float32 only
    return z * (0.5 * (0.5 * z).op("Tanh") + 0.5)


def _softplus(z, params, activation):
    return softplus(z)


def _mish(z, params, activation):
    return z * softplus(z).op("Tanh")


def _maxout(z, params, activation):
    n_pieces = activation.pieces
    first, *others = z.ops("Split", axis=-1, num_outputs=n_pieces, n_outputs=n_pieces)
    return first.op("Max", *others)


FORMS: dict[type[Activation], ActivationForm] = {
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
}


def register_activation(activation_class: type[Activation], form: ActivationForm) -> None:
    """Say how an activation of your own is written in ONNX.

    Parameters
    ----------
    activation_class : type
        Your subclass of :class:`~skshallow.activations.Activation`.
    form : callable
        ``form(z, params, activation)`` returns the activation of the pre-activations
        `z`, a :class:`Tensor`. `params` holds the activation's own learned arrays by
        name, with a leading axis of members if there are several, and `activation` its
        settings.

    Raises
    ------
    TypeError
        If `activation_class` is no such class, an instance say.

    Notes
    -----
    ``z + 1``, ``z * z``, ``z > 0`` and so on are written as they are computed;
    ``z.op("Exp")`` is any operator by its name.

    In float64, take operators that onnxruntime has there: ``Abs``, ``Exp``, ``Log``,
    ``Max``, ``Min``, ``Relu``, ``Sigmoid``, ``Sqrt``, ``Tanh``, ``Where``, not ``Erf`` or
    ``Softplus``. And do not end in a product with one number: onnxruntime fuses that
    into the next layer's ``MatMul``, and keeps it in float32.

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
    check_class("activation_class", activation_class, Activation)
    FORMS[activation_class] = form


def apply(activation: Activation, z: Tensor, params: Params) -> Tensor:
    """Return what the activation puts out for pre-activations z (n, n_preactivations)."""
    name = type(activation).__name__
    if type(activation) not in FORMS:
        raise ValueError(
            f"{name} has no form in ONNX yet. Say how it is written with "
            f"skshallow.onnx.register_activation({name}, form), where "
            "form(z, params, activation) returns the activation of z."
        )
    return FORMS[type(activation)](z, params, activation)
