"""Floating-point overflow: errors that name the rows or columns, and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import to_numpy, without_overflow_warnings


def check_targets_fit(y: np.ndarray, dtype: np.dtype) -> None:
    """Raise ValueError if a column of y (n, m) overflows or underflows in `dtype`."""
    largest = np.abs(y).max(axis=0)
    limits = np.finfo(dtype)
    lost = (largest > limits.max) | ((largest > 0) & (largest < limits.tiny))
    if lost.any():
        wider = " Pass dtype='float64', or rescale y." if dtype == np.float32 else ""
        raise ValueError(
            f"The largest magnitude in y is {largest[lost][0]:g}, but {dtype}, in which "
            f"the net computes, has a range of {limits.tiny:.1g} to {limits.max:.1g}."
            + (wider or " Rescale y.")
        )


def check_outputs(output: np.ndarray, finite: np.ndarray, X: Any, net: Any) -> None:
    """Raise ValueError if the `output` for a row of X overflows.

    Parameters
    ----------
    output, finite : ndarray of shape (..., n, n_outputs)
        The output of the network, and where it is finite and usable.
    X : ndarray or CSR matrix of shape (n, n_features)
        The rows, not standardised.
    net : BaseNet
        The estimator, for its standardisation and feature names.
    """
    if finite.all():
        return
    rows = np.flatnonzero(~finite.reshape(-1, *finite.shape[-2:]).all(axis=(0, -1)))
    row = int(rows[0])
    x = X[[row]].toarray()[0] if sparse.issparse(X) else to_numpy(X[row, :])
    units, encoding = net._units, net._encoding
    # Encoded features begin with the numbers; what they are encoded as is bounded.
    numbers = np.arange(len(x)) if encoding is None else encoding.numbers
    first = slice(len(numbers))
    with without_overflow_warnings():
        center = 0.0 if units.center is None else units.center[first]
        scale = 1.0 if units.scale is None else units.scale[first]
        distance = np.abs((x[numbers].astype(np.float64) - center) / scale)
    farthest = int(np.nanargmax(distance))
    j = int(numbers[farthest])
    wider = " fit with dtype='float64'," if output.dtype == np.float32 else ""
    raise ValueError(
        f"The net's output overflows {output.dtype} for {len(rows)} of {X.shape[0]} rows; "
        f"in the first, row {row} counted from 0, {column_name(net, j)} is {x[j]:g}, "
        f"{distance[farthest]:.3g} in the net's units. Check the units of such "
        f"rows,{wider} or leave them out."
    )


def check_weights_fit(params: list[dict[str, np.ndarray]], net: Any) -> None:
    """Raise ValueError if weights for features in the user's units overflow."""
    for i, layer in enumerate(params):
        if all(np.isfinite(array).all() for array in layer.values()):
            continue
        dtype = net.theta_.dtype
        wider = "fit with dtype='float64', or " if dtype == np.float32 else ""
        column = ""
        if i == 0:
            weight = layer["weight"]
            finite = np.isfinite(weight).reshape(-1, *weight.shape[-2:]).all(axis=(0, -1))
            j = int(net._columns_of_inputs()[finite.argmin()])
            column = f", for {column_name(net, j)}"
        raise ValueError(
            f"The weights of layer {i} in the units of your data overflow {dtype}{column}. "
            f"Predictions do not need them; to see them, {wider}rescale the data."
        )


def column_name(net: Any, j: int) -> str:
    """Return the name of feature `j`, or its index, for messages."""
    names = getattr(net, "feature_names_in_", None)
    return f"feature {j}" if names is None else f"feature {names[j]!r}"
