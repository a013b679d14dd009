"""Products of dense and sparse operands.

Dense products go through `numpy.dot`: for matrices it is `matmul` with less overhead,
and, unlike that, it hands products of a column and a row to BLAS too.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


def product(x: Any, weight: np.ndarray) -> np.ndarray:
    """Return ``x @ weight`` as an array; `x` (n, d) may be a sparse row matrix."""
    return np.dot(x, weight) if isinstance(x, np.ndarray) else x @ weight


def transposed_product(x: Any, grad_z: np.ndarray, out: np.ndarray) -> None:
    """Write ``x.T @ grad_z`` into `out` (d, m); `x` (n, d) may be sparse."""
    if isinstance(x, np.ndarray):
        np.dot(x.T, grad_z, out=out)
    else:
        out[...] = x.T @ grad_z


def column_sums(a: np.ndarray, out: np.ndarray) -> None:
    """Write the sum of `a` (n, m) over its rows into `out` (m,).

    As a product with ones, which BLAS does several times faster than NumPy a reduction.
    """
    np.dot(_ones(a.shape[0], a.dtype.char), a, out=out)


def row_sums(a: np.ndarray) -> np.ndarray:
    """Return the sum of `a` (n, m) over its columns (n,), as a product with ones."""
    if a.shape[1] == 1:
        return a[:, 0]
    return np.dot(a, _ones(a.shape[1], a.dtype.char))


@functools.lru_cache(maxsize=32)
def _ones(n: int, dtype: str) -> np.ndarray:
    """Return a read-only vector of ones (n,)."""
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones
