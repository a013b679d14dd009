"""Constant targets: predicted exactly, and by an output that training leaves alone.

Beside other targets, a constant one would share the hidden layers' noise: solvers whose
steps have one size would move its weights, however small their gradient.
"""

from __future__ import annotations

import numpy as np

from skshallow.engine.network import Network
from skshallow.losses import Loss

ROUNDING = 20 * np.finfo(np.float64).eps  # of a column that was computed, not given


def constant_columns(y: np.ndarray) -> np.ndarray:
    """Return which columns of targets (n, n_targets) vary by no more than rounding.

    A single row does not tell.
    """
    if len(y) < 2:
        return np.zeros(y.shape[1], dtype=bool)
    low, high = y.min(axis=0), y.max(axis=0)
    with np.errstate(over="ignore"):  # infinitely far apart is apart
        return high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))


def start_at_constants(
    theta: np.ndarray, network: Network, loss: Loss, y: np.ndarray, constant: np.ndarray
) -> None:
    """Let `theta` (P,) predict the `constant` ones of targets y (n, n_targets)."""
    if not constant.any():
        return
    outputs, params = _outputs_of(constant, network), network.views(theta)[-1]
    params["weight"][..., outputs] = 0
    params["bias"][..., outputs] = _exact_fit(loss, y, constant)


def known_outputs(
    theta: np.ndarray, network: Network, loss: Loss, y: np.ndarray, constant: np.ndarray
) -> np.ndarray | None:
    """Return which raw outputs (n_raw_outputs,) need no training, None for none.

    They are those of constant targets that `theta` (P,) predicts already, whatever the
    hidden layers put out.
    """
    if not constant.any():
        return None
    outputs, params = _outputs_of(constant, network), network.views(theta)[-1]
    weight = params["weight"][..., outputs]
    weight = weight.reshape(-1, weight.shape[-1])  # of all members
    bias = params["bias"][..., outputs].reshape(-1, weight.shape[-1])
    best = _exact_fit(loss, y, constant)
    rounding = 1e3 * np.finfo(theta.dtype).eps * np.maximum(np.abs(best), 1)
    known = (weight == 0).all(axis=0) & (np.abs(bias - best) <= rounding).all(axis=0)
    outputs[outputs] = known
    return outputs if outputs.any() else None


def _outputs_of(targets: np.ndarray, network: Network) -> np.ndarray:
    """Return which raw outputs (n_raw_outputs,) belong to the marked `targets`."""
    return np.tile(targets, network.layers[-1].n_units // len(targets))


def _exact_fit(loss: Loss, y: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Return the raw outputs that fit the constant columns of y (n, n_targets).

    Those of one row: a mean over rows would be rounded, and not quite equal to them.
    """
    return loss.fit_intercept_only(y[:1, constant])
