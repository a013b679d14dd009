r"""Layer normalisation of pre-activations, forward beside backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow._arrays.linalg import column_sums, row_sums
from skshallow._component import Component
from skshallow.activations import Params

# Added to the variance, so that a row of equal pre-activations is not divided by 0.
EPSILON = 1e-5


def _row_means(z: np.ndarray) -> np.ndarray:
    """Return the mean of each row (n, 1) of z (n, m), for each ensemble member."""
    return row_sums(z)[..., np.newaxis] * (1 / z.shape[-1])


class LayerNorm(Component):
    r"""Layer normalisation of the pre-activations of each row, over the units of a layer.

    With the mean and the variance of the row ``z`` over its ``m`` pre-activations,

        normed = (z - mean) / sqrt(variance + 1e-5)
        out    = norm_scale * normed + norm_shift

    and the learned scales and shifts of each unit start at 1 and 0. As mean and variance
    depend on ``z`` as well, the backward pass removes from the gradient what moves them:

        grad_normed = grad_out * norm_scale
        grad_z      = (grad_normed - mean(grad_normed)
                       - normed * mean(grad_normed * normed)) / sqrt(variance + 1e-5)

    References
    ----------
    Ba, Kiros, Hinton (2016), arXiv:1607.06450.
    """

    def initial_params(self, n_preactivations: int) -> Params:
        """Return the initial scales and shifts."""
        return {
            "norm_scale": np.ones(n_preactivations),
            "norm_shift": np.zeros(n_preactivations),
        }

    def forward(self, z: np.ndarray, params: Params) -> tuple[np.ndarray, Any]:
        """Return z (n, m) normalised, and what `backward` needs; z is overwritten."""
        z -= _row_means(z)
        per_deviation = (_row_means(z * z) + EPSILON) ** -0.5  # (n, 1)
        z *= per_deviation
        out = z * params["norm_scale"]
        out += params["norm_shift"]
        return out, (z, per_deviation)

    def backward(
        self, grad_out: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Return the gradient by z (n, m); fill `grads` of scale and shift."""
        normed, per_deviation = cache
        column_sums(grad_out, out=grads["norm_shift"])
        column_sums(grad_out * normed, out=grads["norm_scale"])
        grad_z = grad_out * params["norm_scale"]
        along = _row_means(grad_z * normed)
        grad_z -= _row_means(grad_z)
        grad_z -= normed * along
        grad_z *= per_deviation
        return grad_z


NORMALIZATIONS: dict[str, Callable[[], LayerNorm]] = {"layer": LayerNorm}
