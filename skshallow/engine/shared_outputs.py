"""Raw outputs that are the same in all rows: numbers that are learned, without weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skshallow._arrays.linalg import column_sums
from skshallow._arrays.namespace import namespace
from skshallow.activations import Activation, Params


@dataclass(frozen=True)
class SharedOutputs(Activation):
    """``a = (z, shared)``: appends learned numbers to the outputs of the affine map.

    It is the last layer's, where a loss has parameters that no feature changes, such as the
    distances of ordered thresholds. Like biases they have no penalty.

    Parameters
    ----------
    n_shared : int
        How many outputs, the last ones, are the same in all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.engine.shared_outputs import SharedOutputs
    >>> z, params = np.array([[1.0], [2.0]]), {"shared": np.array([0.5, 0.25])}
    >>> SharedOutputs(2).forward(z, params)[0]
    array([[1.  , 0.5 , 0.25],
           [2.  , 0.5 , 0.25]])
    """

    n_shared: int

    def n_preactivations(self, n_units):
        return n_units - self.n_shared

    def initial_params(self, n_units):
        return {"shared": np.zeros(self.n_shared)}

    def forward(self, z, params):
        xp, shape = namespace(z), (*z.shape[:-1], self.n_shared)
        return xp.concat([z, xp.broadcast_to(params["shared"], shape)], axis=-1), None

    def backward(self, grad_a, cache, params, grads):
        column_sums(grad_a[..., -self.n_shared :], out=grads["shared"])
        return grad_a[..., : -self.n_shared]


def output_bias(last: Params) -> np.ndarray:
    """Return the bias of each raw output (..., n_outputs), from the last layer's params."""
    parts = [last[name] for name in ("bias", "shared") if name in last]
    return namespace(last["bias"]).concat(parts, axis=-1)


def set_output_bias(last: Params, bias: np.ndarray) -> None:
    """Set the bias of each raw output to `bias` (..., n_outputs)."""
    n_own = last["bias"].shape[-1]
    last["bias"][...] = bias[..., :n_own]
    if "shared" in last:
        last["shared"][...] = bias[..., n_own:]
