r"""Shared weights of ensemble members (BatchEnsemble): forward beside backward.

All members share one matrix ``W`` per hidden layer. Member ``m`` has a factor for each
input, ``r_m``, and one for each unit, ``s_m``, so that its weights are

    W_m = r_m[:, None] * W * s_m

From ``G_m``, the gradient with respect to ``W_m``, backpropagation computes

    grad_W   = sum over m of r_m[:, None] * G_m * s_m
    grad_r_m = (W * G_m) @ s_m
    grad_s_m = r_m @ (W * G_m)

The output layer, all biases and what activations learn are each member's own.

References
----------
Wen, Tran, Ba (2020), arXiv:2002.06715; of tables, with signs in the first layer only:
Gorishniy, Kotelnikov, Babenko (2024), arXiv:2410.24210.
"""

from __future__ import annotations

import numpy as np

from skshallow._arrays.namespace import namespace
from skshallow.activations import Params

# What the factors of the first layer's inputs start with, at random, so that members start
# as different networks: magnitudes where the signs of weights are bounded. Those of all
# other layers start with ones.
SIGNS, MAGNITUDES, ONES = (-1.0, 1.0), (0.5, 1.5), (1.0, 1.0)
SHARED = "shared_weight"
OF_INPUTS, OF_UNITS = "input_factor", "unit_factor"
NAMES = SHARED, OF_INPUTS, OF_UNITS

Shapes = dict[str, tuple[int, ...]]


def shapes_shared(shapes: Shapes) -> Shapes:
    """Return the parameters of a layer whose weight is shared: their names and shapes."""
    own = dict(shapes)
    n_inputs, n_units = shape = own.pop("weight")
    return {SHARED: shape, OF_INPUTS: (n_inputs,), OF_UNITS: (n_units,), **own}


def stored_weight(params: Params) -> np.ndarray:
    """Return the weight that a layer stores, its own or the shared one, without factors."""
    return params[SHARED] if SHARED in params else params["weight"]


def start_factors(
    params: Params, rng: np.random.Generator, choices: tuple[float, float]
) -> None:
    """Fill the factors of units with 1, those of inputs with random ones of `choices`."""
    params[OF_INPUTS][...] = rng.choice(choices, size=params[OF_INPUTS].shape)
    params[OF_UNITS][...] = 1


def forward(params: Params) -> Params:
    """Return the parameters of a layer with a weight (k, n_inputs, n_units) by members.

    They are `params` themselves if nothing is shared.
    """
    if SHARED not in params:
        return params
    weight = params[SHARED] * params[OF_UNITS]
    weight *= params[OF_INPUTS].mT
    return {"weight": weight, **_others(params)}


def grads_of_members(grads: Params, n_members: int) -> Params:
    """Return the gradients that the backward pass of a layer fills.

    They are `grads` themselves if nothing is shared; else views of them, beside a new
    array for the gradient of the weight by members.
    """
    if SHARED not in grads:
        return grads
    shared = grads[SHARED]
    shape, device = (n_members, *shared.shape), getattr(shared, "device", None)
    weight = namespace(shared).empty(shape, dtype=shared.dtype, device=device)
    return {"weight": weight, **_others(grads)}


def backward(of_members: Params, params: Params, grads: Params) -> None:
    """Fill `grads` of the shared weight and the factors.

    `of_members`, what `grads_of_members` returned, has the gradient of the weight by
    members, which is overwritten.
    """
    if SHARED not in params:
        return
    shared, of_inputs, of_units = (params[name] for name in NAMES)
    grad = of_members["weight"]
    by_factors = shared * grad
    grads[OF_INPUTS][...] = (by_factors @ of_units.mT).mT
    grads[OF_UNITS][...] = of_inputs @ by_factors
    grad *= of_units
    grad *= of_inputs.mT
    grads[SHARED][...] = namespace(grad).sum(grad, axis=0)


def _others(params: Params) -> Params:
    """Return all parameters but the shared weight and the factors."""
    return {name: value for name, value in params.items() if name not in NAMES}
