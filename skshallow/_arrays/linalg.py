"""Matrix products of dense and sparse arrays, and sums that BLAS computes like products.

Products of NumPy arrays use `numpy.dot`: for matrices it has less overhead than `matmul`,
and it also uses BLAS for the product of a column and a row. Ensembles have a leading axis
of members k, for which `matmul` is used. NumPy would compute the term of an update in place
in an array of its own; BLAS updates in one pass, by its functions axpy and ger.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import blas

from skshallow._arrays.namespace import as_dtype, asarray_like, namespace

# By the dtype; `get_blas_funcs` takes longer than a small update.
AXPY = {np.dtype(np.float32): blas.saxpy, np.dtype(np.float64): blas.daxpy}
GER = {np.dtype(np.float32): blas.sger, np.dtype(np.float64): blas.dger}
# Entries of a matrix that is made to sum by row, where there are no sparse matrices.
ONES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class ShiftedSparse:
    r"""A sparse matrix plus one row that is added to all of its rows, never made dense.

    With ``x = stored + 1 shift``, where 1 is a column of ones,

        x @ weight   = stored @ weight + 1 (shift @ weight)
        x.T @ grad_z = stored.T @ grad_z + shift.T (sum over rows of grad_z)

    Parameters
    ----------
    stored : CSR array of shape (n, d)
    shift : ndarray of shape (1, d)
        In the dtype of `stored`.
    """

    stored: sparse.csr_array
    shift: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.stored.shape

    def __getitem__(self, rows: Any) -> ShiftedSparse:
        return ShiftedSparse(self.stored[rows], self.shift)

    def toarray(self) -> np.ndarray:
        """Return it as a dense array (n, d)."""
        return self.stored.toarray() + self.shift


def as_dense(x: Any) -> Any:
    """Return `x` (n, d) as a dense array; one that is dense is returned as it is."""
    is_sparse = sparse.issparse(x) or isinstance(x, ShiftedSparse)
    return x.toarray() if is_sparse else x


def product(x: Any, weight: np.ndarray) -> np.ndarray:
    """Return ``x @ weight`` as an array; `x` (n, d) may be sparse."""
    if isinstance(x, ShiftedSparse):
        z = product(x.stored, weight)
        z += x.shift @ weight  # (1, m), or (k, 1, m)
        return z
    if weight.ndim == 2:
        return np.dot(x, weight) if isinstance(x, np.ndarray) else x @ weight
    if sparse.issparse(x):
        return np.stack([x @ of_member for of_member in weight])
    return x @ weight  # (n, d) or (k, n, d), and (k, d, m)


def product_with_transpose(grad_z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return ``grad_z @ weight.T``, for each ensemble member."""
    if isinstance(grad_z, np.ndarray) and weight.ndim == 2:
        return np.dot(grad_z, weight.T)
    if grad_z.shape[-1] == 1:  # of members NumPy gives no such product to BLAS
        return grad_z * weight.mT
    return grad_z @ weight.mT


def transposed_product(x: Any, grad_z: np.ndarray, out: np.ndarray) -> None:
    """Write ``x.T @ grad_z`` into `out` (d, m), contiguous; `x` (n, d) may be sparse."""
    if isinstance(x, ShiftedSparse):
        transposed_product(x.stored, grad_z, out)
        _add_outer(x.shift[0], grad_z.sum(axis=-2), out)
    elif isinstance(x, np.ndarray):
        if grad_z.ndim == 2:
            np.dot(x.T, grad_z, out=out)
        else:
            np.matmul(x.mT, grad_z, out=out)
    elif sparse.issparse(x) and grad_z.ndim > 2:
        out[...] = [x.T @ of_member for of_member in grad_z]
    else:
        out[...] = (x.T if sparse.issparse(x) else x.mT) @ grad_z


def _add_outer(column: np.ndarray, row: np.ndarray, out: np.ndarray) -> None:
    """Add ``column row`` to `out` (d, m) in place; of members, `row` is (k, m)."""
    if out.ndim > 2:
        for of_member, own in zip(row, out, strict=True):
            _add_outer(column, of_member, own)
        return
    # BLAS works on the transpose, since it wants column order, and needs no other memory
    GER[out.dtype](1.0, row, column, a=out.T, overwrite_a=True)


def add_scaled(vector: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Add ``scale * vector`` to `out` in place; BLAS does it for vectors (P,)."""
    if _is_updated_by_blas(out):
        AXPY[out.dtype](vector, out, a=scale)
    else:
        out += scale * vector


def _is_updated_by_blas(out: Any) -> bool:
    """Return whether BLAS can change `out` in place; of other arrays it changes a copy.

    That it is writeable has to be asked: BLAS does not.
    """
    is_vector = isinstance(out, np.ndarray) and out.ndim == 1 and out.size > 0
    return is_vector and out.flags.carray and out.dtype in AXPY


def largest_magnitude(x: Any) -> float:
    """Return the maximum of ``|x|``; `x` (n, d) may be sparse."""
    if isinstance(x, ShiftedSparse):
        rows = (x.stored[[i]].toarray() + x.shift for i in range(x.shape[0]))
        return max(largest_magnitude(row) for row in rows)
    return float(abs(x).max())


def column_sums(a: np.ndarray, out: np.ndarray) -> None:
    """Write the sum of `a` (n, m) over its rows into `out` (m,).

    For NumPy it is a product with ones, which BLAS computes several times faster than a
    reduction. For an ensemble, `a` is (k, n, m) and `out` (k, 1, m).
    """
    if not isinstance(a, np.ndarray):
        out[...] = namespace(a).sum(a, axis=-2, keepdims=a.ndim > 2)
    elif a.ndim == 2:
        np.dot(_ones(a.shape[0], a.dtype.char), a, out=out)
    else:
        np.matmul(_ones(a.shape[-2], a.dtype.char)[np.newaxis], a, out=out)


def row_sums(a: np.ndarray) -> np.ndarray:
    """Return the sum of `a` (n, m) over its columns (n,); for NumPy a product with ones."""
    if a.shape[-1] == 1:
        return a[..., 0]
    if isinstance(a, np.ndarray):
        return np.dot(a, _ones(a.shape[-1], a.dtype.char))
    return namespace(a).sum(a, axis=-1)


def cumulative_sums(a: np.ndarray) -> np.ndarray:
    """Return the sums (n, m) of the columns of `a` (n, m) up to each one."""
    if isinstance(a, np.ndarray):
        return np.cumsum(a, axis=-1)
    return namespace(a).cumulative_sum(a, axis=-1)


def sums_by_row(rows: Any, values: np.ndarray, out: np.ndarray) -> None:
    """Write into each row of `out` (d, m) the sum of the `values` (n, m) that go there.

    They go to `rows` (n,) of `out`; where none goes, 0 is written. For NumPy it is the
    product with a sparse matrix of ones. Of members, `values` is (k, n, m) and `out`
    (k, d, m).
    """
    if not isinstance(out, np.ndarray):
        _sums_by_row_elsewhere(rows, values, out)
        return
    n = len(rows)
    ones = sparse.csc_array(
        (_ones(n, out.dtype.char), rows, np.arange(n + 1)), shape=(out.shape[-2], n)
    )
    if out.ndim == 2:
        out[...] = ones @ values
        return
    for of_member, own in zip(values, out, strict=True):
        own[...] = ones @ of_member


def _sums_by_row_elsewhere(rows: Any, values: Any, out: Any) -> None:
    """Write these sums for arrays of other libraries, whose standard has no sum by index.

    They are products with a dense matrix of ones and zeros, for some rows of `out` each.
    """
    n_at_once = max(1, ONES_AT_ONCE // rows.shape[0])
    for start in range(0, out.shape[-2], n_at_once):
        stop = min(start + n_at_once, out.shape[-2])
        some = asarray_like(np.arange(start, stop), rows)
        goes_there = some[:, np.newaxis] == rows
        out[..., start:stop, :] = as_dtype(goes_there, out.dtype) @ values


@functools.lru_cache(maxsize=32)
def _ones(n: int, dtype: str) -> np.ndarray:
    """Return a read-only vector of ones (n,)."""
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones
