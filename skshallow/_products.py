"""Products of dense and sparse operands.

Dense products go through `numpy.dot`: for matrices it is `matmul` with less overhead,
and, unlike that, it hands products of a column and a row to BLAS too. Several networks
side by side have a leading axis of members k, over which `matmul` goes.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


def product(x: Any, weight: np.ndarray) -> np.ndarray:
    """Return ``x @ weight`` as an array; `x` (n, d) may be a sparse row matrix."""
    if weight.ndim == 2:
        return np.dot(x, weight) if isinstance(x, np.ndarray) else x @ weight
    if isinstance(x, np.ndarray):
        return np.matmul(x, weight)  # (n, d) or (k, n, d), and (k, d, m)
    return np.stack([x @ of_member for of_member in weight])


def product_with_transpose(grad_z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return ``grad_z @ weight.T``, member by member."""
    if weight.ndim == 2:
        return np.dot(grad_z, weight.T)
    return np.matmul(grad_z, weight.swapaxes(-1, -2))


def transposed_product(x: Any, grad_z: np.ndarray, out: np.ndarray) -> None:
    """Write ``x.T @ grad_z`` into `out` (d, m); `x` (n, d) may be sparse."""
    if grad_z.ndim > 2:
        if isinstance(x, np.ndarray):
            np.matmul(x.swapaxes(-1, -2), grad_z, out=out)
        else:
            out[...] = [x.T @ of_member for of_member in grad_z]
    elif isinstance(x, np.ndarray):
        np.dot(x.T, grad_z, out=out)
    else:
        out[...] = x.T @ grad_z


def column_sums(a: np.ndarray, out: np.ndarray) -> None:
    """Write the sum of `a` (n, m) over its rows into `out` (m,).

    As a product with ones, which BLAS does several times faster than NumPy a reduction.
    """
    ones = _ones(a.shape[-2], a.dtype.char)
    if a.ndim == 2:
        np.dot(ones, a, out=out)
    else:
        np.matmul(ones[np.newaxis], a, out=out)  # (1, n) @ (k, n, m) -> (k, 1, m)


def row_sums(a: np.ndarray) -> np.ndarray:
    """Return the sum of `a` (n, m) over its columns (n,), as a product with ones."""
    if a.shape[-1] == 1:
        return a[..., 0]
    return np.dot(a, _ones(a.shape[-1], a.dtype.char))


@functools.lru_cache(maxsize=32)
def _ones(n: int, dtype: str) -> np.ndarray:
    """Return a read-only vector of ones (n,)."""
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones
