"""Sigmoid, softmax and logsumexp for arrays of any library; for NumPy most are SciPy's.

Whether SciPy's own functions support other libraries depends on its version; some convert
to NumPy, which fails for arrays on a GPU.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from skshallow._arrays.namespace import namespace


def expit(z: np.ndarray) -> np.ndarray:
    """Return the sigmoid 1 / (1 + exp(-z)), exact to rounding also if it is tiny."""
    if isinstance(z, np.ndarray):
        return special.expit(z)
    xp = namespace(z)
    small = xp.exp(-xp.abs(z))  # in (0, 1]: never overflows
    return xp.where(z > 0, xp.ones_like(z), small) / (1 + small)


def log_expit(z: np.ndarray) -> np.ndarray:
    """Return log(1 / (1 + exp(-z))), finite for every finite z."""
    if isinstance(z, np.ndarray):
        return special.log_expit(z)
    xp = namespace(z)
    return xp.minimum(z, 0.0) - xp.log1p(xp.exp(-xp.abs(z)))


def logsumexp(z: np.ndarray, axis: int, keepdims: bool = False) -> np.ndarray:
    """Return log(sum(exp(z))) over an axis, without overflow.

    For few values, SciPy's takes twenty times as long.
    """
    xp = namespace(z)
    peak = xp.max(z, axis=axis, keepdims=True)
    result = peak + xp.log(xp.sum(xp.exp(z - peak), axis=axis, keepdims=True))
    return result if keepdims else xp.squeeze(result, axis=axis)


def log_softmax(z: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax over the last axis, finite for finite z."""
    if isinstance(z, np.ndarray):
        return special.log_softmax(z, axis=-1)
    return z - logsumexp(z, axis=-1, keepdims=True)


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return exp(z) over its sum along an axis, without overflow.

    For few values, SciPy's takes twice as long.
    """
    xp = namespace(z)
    e = xp.exp(z - xp.max(z, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return x * log(y), 0 where x is 0; neither is negative."""
    if isinstance(x, np.ndarray):
        return special.xlogy(x, y)
    xp = namespace(x)
    return x * xp.log(xp.where(x > 0, y, xp.ones_like(y)))
