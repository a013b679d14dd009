"""Constant targets: the network predicts them exactly, and does not train their outputs.

A target that is constant in all training rows needs only the bias of its output, with
weights of 0. Training would move these weights away from 0: Adam and similar solvers take
steps of about the same size for all weights, however small the gradient is.
"""

from __future__ import annotations

import numpy as np

from skshallow.engine.network import Network
from skshallow.losses import Loss

# Relative rounding error of a constant column that was computed, such as a mean of columns.
ROUNDING = 20 * np.finfo(np.float64).eps


def constant_columns(y: np.ndarray) -> np.ndarray:
    """Return which columns of targets (n, n_targets) are constant up to rounding.

    With a single row no column counts as constant.
    """
    if len(y) < 2:
        return np.zeros(y.shape[1], dtype=bool)
    low, high = y.min(axis=0), y.max(axis=0)
    with np.errstate(over="ignore"):  # a difference of infinity is not constant either
        return high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))


def start_at_constants(
    theta: np.ndarray, network: Network, loss: Loss, y: np.ndarray, constant: np.ndarray
) -> None:
    """Set the outputs of constant targets in `theta` (P,) so that it predicts them exactly.

    `constant` (n_targets,) marks them among the columns of y (n, n_targets).
    """
    if not constant.any():
        return
    outputs, params = _outputs_of(constant, network), network.views(theta)[-1]
    params["weight"][..., outputs] = 0
    params["bias"][..., outputs] = _exact_fit(loss, y, constant)


def known_outputs(
    theta: np.ndarray, network: Network, loss: Loss, y: np.ndarray, constant: np.ndarray
) -> np.ndarray | None:
    """Return which raw outputs (n_raw_outputs,) need no training, or None if all do.

    They are the outputs of constant targets that `theta` (P,) already predicts exactly and
    for every row, because their weights are 0.
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

    They are computed from one row, because a mean over all rows has rounding errors.
    """
    return loss.fit_intercept_only(y[:1, constant])
