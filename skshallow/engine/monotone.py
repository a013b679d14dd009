r"""Monotone networks: which signs of the weights guarantee the direction of an effect.

Each input has a direction: 1 if the output must not decrease in it, -1 if it must not
increase, 0 if it is free. Each hidden unit has a direction, too: where constrained inputs
move in their directions, a unit of direction 1 must not decrease, one of direction -1 must
not increase, and a free unit does not depend on constrained inputs at all. With increasing
activations this holds if the weight ``W_ij`` from an input or a unit of direction ``s_i``
to a unit of direction ``s_j`` has

    W_ij >= 0   where s_i s_j = 1
    W_ij <= 0   where s_i s_j = -1
    W_ij = 0    where s_i is not 0, but s_j is
    any W_ij    where s_i is 0

since a sum of functions of one direction has this direction, and so has an increasing
function of it. Outputs have direction 1.

A decreasing unit acts on the output through negative weights, as ``-a(-z)``. So of the
constrained inputs, an increasing ReLU makes a convex function, a decreasing one a concave
function. With units of one direction only, the network would be convex. With both kinds,
networks of several layers approximate every monotone function.

These ranges of the parameters are a convex set: averages of parameters that lie in it lie
in it, and so do parameters that are multiplied by positive numbers.

References
----------
Daniels, Velikova (2010), doi:10.1109/TNN.2010.2044803, for partially monotone networks;
Runje, Shankaranarayana (2023), arXiv:2205.11775, for units of both kinds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skshallow.engine.layers import Dense
from skshallow.engine.layout import Layout
from skshallow.engine.shared_weights import OF_INPUTS, OF_UNITS, SHARED, stored_weight

# The share of free units in a layer is that of free inputs, but at most this. All others
# have a direction: at least so many, or all units of a narrower layer.
MOST_FREE_UNITS = 0.75
LEAST_DIRECTED_UNITS = 4

Bounds = tuple[np.ndarray, np.ndarray]  # least and greatest value of each parameter


@dataclass(frozen=True)
class Directions:
    """The directions of inputs, and which outputs they are guaranteed for.

    Parameters
    ----------
    inputs : tuple of {-1, 0, 1}
        Of each feature.
    outputs : tuple of bool
        Of each raw output, whether it has these directions; the others are free of any
        constraint.
    """

    inputs: tuple[int, ...]
    outputs: tuple[bool, ...]

    def __str__(self) -> str:
        """Return the direction of each input as a sign, or as 0."""
        return "".join("-0+"[direction + 1] for direction in self.inputs)


def directions_of_units(n_units: int, share_of_free: float) -> np.ndarray:
    """Return the direction of each unit of a hidden layer (n_units,).

    Layers of one width agree unit by unit. Of the units that are not free, every second
    one decreases.
    """
    n_free = min(math.floor(share_of_free * n_units), n_units - LEAST_DIRECTED_UNITS)
    n_free = max(n_free, 0)
    directed = np.where(np.arange(n_units - n_free) % 2 == 0, 1, -1)
    return np.concatenate([np.zeros(n_free, np.int64), directed])


def weight_bounds(inputs: np.ndarray, units: np.ndarray) -> Bounds:
    """Return the least and greatest weights from `inputs` to `units` (n_inputs, n_units).

    Both are directions, (n_inputs,) and (n_units,).
    """
    signs = inputs[:, np.newaxis] * units
    is_free = (inputs == 0)[:, np.newaxis]
    least = np.where(is_free | (signs < 0), -np.inf, 0)
    greatest = np.where(is_free | (signs > 0), np.inf, 0)
    return least, greatest


def parameter_bounds(
    directions: Directions, layers: Sequence[Dense], layout: Layout
) -> Bounds:
    """Return the least and the greatest value of each parameter of `layers` (P,).

    Curves and the vectors of an embedding, the last inputs of the first layer, are free.
    Learned parameters of activations are at least 0, see `Activation.is_increasing`, and so
    are the gains of residual layers, whose inputs and units agree in their directions, and
    members' factors of shared weights that have a sign.
    """
    inputs = np.zeros(layers[0].n_inputs, np.int64)
    of_numbers = np.trim_zeros(directions.inputs, "b")  # without codes of categories
    inputs[: len(of_numbers)] = of_numbers
    share_of_free = min(MOST_FREE_UNITS, float((inputs == 0).mean()))
    hidden = [directions_of_units(layer.n_units, share_of_free) for layer in layers[:-1]]
    of_units = [*hidden, np.ones(layers[-1].n_units, np.int64)]
    least, greatest = np.full(layout.size, -np.inf), np.full(layout.size, np.inf)
    views = zip(layout.views(least), layout.views(greatest), strict=True)
    for layer, units, (low, high) in zip(layers, of_units, views, strict=True):
        of_pieces = np.tile(units, layer.activation.n_pieces)
        of_weights = weight_bounds(inputs, of_pieces)
        stored_weight(low)[...], stored_weight(high)[...] = of_weights
        if SHARED in low:  # factors keep the signs of the weights that have one
            low[OF_INPUTS][..., inputs != 0] = 0
            low[OF_UNITS][..., of_pieces != 0] = 0
        for name in {*layer.activation.initial_params(layer.n_units), "residual_gain"}:
            if name in low:
                low[name][...] = 0
        inputs = units
    unbounded = ~np.array(directions.outputs)
    low["weight"][..., unbounded], high["weight"][..., unbounded] = -np.inf, np.inf
    return least, greatest


def reflected(theta: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Return `theta` (P,) with parameters of a wrong sign negated, or 0 if they must be."""
    least, greatest = bounds
    is_outside = (theta < least) | (theta > greatest)
    return np.clip(np.where(is_outside, -theta, theta), least, greatest)


def are_within(theta: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Return which parameters of `theta` (P,) lie within the bounds."""
    least, greatest = bounds
    return (least <= theta) & (theta <= greatest)
