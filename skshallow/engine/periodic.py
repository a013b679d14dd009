r"""Periodic embedding of numbers: learned curves of each number, forward beside backward.

A number ``x`` becomes a few waves, whose frequencies and phases are learned, and the first
layer sees mixtures of them, the curves, beside the number itself:

    u = 2 pi z frequency + phase
    curves = gain * (cos(u) @ weight + bias)

where ``z = x / gain`` is the standardised number, to which `engine.units` gives a factor,
the gain, that curves get as well. For ``grad``, the derivative with respect to
``curves / gain`` of all rows,

    grad_weight    = cos(u).T @ grad
    grad_bias      = sum over rows of grad
    grad_u         = -sin(u) * (grad @ weight.T)
    grad_phase     = sum over rows of grad_u
    grad_frequency = 2 pi sum over rows of z grad_u

References
----------
Gorishniy, Rubachev, Babenko (2022), arXiv:2203.05556; with a bias, the number beside the
curves, and these constants: Holzmueller, Grinsztajn, Steinwart (2024), arXiv:2407.04491.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.namespace import asarray_like, namespace
from skshallow.activations import Params

N_FREQUENCIES = 16
N_CURVES = 3
FREQUENCY_DEVIATION = 0.1  # of the frequencies at first, in waves per standard deviation
LARGEST_WEIGHT = 0.25  # of the weights and biases at first
# All parameters are stored divided by it. So a step of a solver like Adam, which has the
# same size for all parameters, moves these by a tenth of what it moves weights.
RATE = 0.1


@dataclass(frozen=True)
class PeriodicEmbedding:
    """The curves of some columns of the input, which are numbers.

    Parameters
    ----------
    columns : tuple of int
        The columns of the input.
    gain : float, default=1.0
        The factor that these columns have, and that the curves get.
    """

    columns: tuple[int, ...]
    gain: float = 1.0

    @property
    def n_inputs(self) -> int:
        """Number of values that the curves of one row have."""
        return len(self.columns) * N_CURVES

    @property
    def n_waves(self) -> int:
        """Number of waves of all columns."""
        return len(self.columns) * N_FREQUENCIES

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter."""
        n_columns = len(self.columns)
        return {
            "periodic_frequency": (n_columns, N_FREQUENCIES),
            "periodic_phase": (n_columns, N_FREQUENCIES),
            "periodic_weight": (n_columns, N_FREQUENCIES, N_CURVES),
            "periodic_bias": (n_columns, N_CURVES),
        }

    def initialize(self, params: Params, rng: np.random.Generator) -> None:
        """Fill the parameters of the curves in `params` with random numbers."""
        frequency, phase, weight, bias = (params[name] for name in self.shapes())
        frequency[...] = FREQUENCY_DEVIATION / RATE * rng.standard_normal(frequency.shape)
        phase[...] = rng.uniform(-np.pi, np.pi, phase.shape) / RATE
        for uniform in (weight, bias):
            uniform[...] = LARGEST_WEIGHT / RATE * rng.uniform(-1, 1, uniform.shape)

    def forward(self, x: Any, params: Params) -> tuple[Any, Any]:
        """Return the curves (n, n_inputs) of rows x (n, n_columns), and a cache.

        The curves of a column are side by side; of members they are (k, n, n_inputs).
        """
        xp = namespace(x)
        number = xp.take(x, asarray_like(np.array(self.columns), x), axis=-1).mT / self.gain
        angle = self._angle(number, params)
        cosine = xp.cos(angle)
        curves = cosine @ (self.gain * RATE * params["periodic_weight"])
        curves += self.gain * RATE * params["periodic_bias"][..., np.newaxis, :]
        return self._by_rows(curves), (number, angle, cosine)

    def backward(self, grad_curves: Any, cache: Any, params: Params, grads: Params) -> None:
        """Fill `grads` of the curves from grad_curves (n, n_inputs)."""
        number, angle, cosine = cache
        xp = namespace(angle)
        grad = self.gain * RATE * self._by_columns(grad_curves)
        grads["periodic_weight"][...] = cosine.mT @ grad
        grads["periodic_bias"][...] = xp.sum(grad, axis=-2)
        grad_angle = grad @ params["periodic_weight"].mT
        grad_angle *= xp.sin(angle)
        grads["periodic_phase"][...] = -RATE * xp.sum(grad_angle, axis=-2)
        of_frequency = number[..., np.newaxis, :] @ grad_angle  # (n_columns, 1, 16)
        grads["periodic_frequency"][...] = -2 * math.pi * RATE * of_frequency[..., 0, :]

    def slopes(self, x: Any, params: Params) -> Any:
        """Return the derivatives of the curves (n, n_inputs) by the numbers in x."""
        _, (_, angle, _) = self.forward(x, params)  # both have the gain
        rise = -2 * math.pi * RATE * params["periodic_frequency"][..., np.newaxis, :]
        of_waves = rise * namespace(angle).sin(angle)
        return self._by_rows(of_waves @ (RATE * params["periodic_weight"]))

    def _angle(self, number: Any, params: Params) -> Any:
        """Return ``u`` (n_columns, n, n_frequencies) of numbers (n_columns, n)."""
        frequency = 2 * math.pi * RATE * params["periodic_frequency"]
        angle = number[..., np.newaxis] * frequency[..., np.newaxis, :]
        angle += RATE * params["periodic_phase"][..., np.newaxis, :]
        return angle

    def _by_rows(self, of_columns: Any) -> Any:
        """Return values (n_columns, n, n_curves) as (n, n_inputs)."""
        xp = namespace(of_columns)
        of_rows = xp.moveaxis(of_columns, -3, -2)
        return xp.reshape(of_rows, (*of_rows.shape[:-2], self.n_inputs))

    def _by_columns(self, of_rows: Any) -> Any:
        """Return values (n, n_inputs) as (n_columns, n, n_curves)."""
        xp = namespace(of_rows)
        apart = xp.reshape(of_rows, (*of_rows.shape[:-1], len(self.columns), N_CURVES))
        return xp.moveaxis(apart, -2, -3)
