"""Minibatches: shuffled, standardised batches of rows, without a copy of the data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.linalg import ShiftedSparse, as_dense
from skshallow._arrays.namespace import (
    as_dtype,
    asarray_like,
    dtype_like,
    dtype_of,
    namespace,
    numpy_dtype,
    rows_of,
)
from skshallow.engine.encoding import Encoding

# Number of values that are gathered at once, counted after encoding: many small batches
# share one gather, and X is never copied as a whole.
VALUES_PER_GATHER = 1 << 18
# A table of so many values, counted after encoding, is kept as it is standardised from the
# second epoch on. 16 MB in float64.
VALUES_TO_KEEP = 1 << 21
# A center this many scales away would cost digits, were it subtracted from a product. Such
# a column has hardly a zero, and all of its values are stored.
FARTHEST_CENTER = 8.0

Batch = tuple[Any, np.ndarray, np.ndarray | None]
Bounds = tuple[np.ndarray, np.ndarray]  # least and greatest value, each (n_features,)


def evenly_spaced(n_rows: int, most: int) -> np.ndarray:
    """Return the indices of at most so many of `n_rows` rows, from first to last."""
    return np.linspace(0, n_rows - 1, min(most, n_rows)).astype(np.intp)


class Rows:
    """A data set, or some rows of it, divided into batches of standardised features.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        In the user's units; never changed and, unless one batch has all rows, never copied
        as a whole.
    y : ndarray of shape (n_samples, n_outputs)
        Targets as the loss wants them.
    sample_weight : ndarray of shape (n_samples,) or None
        Passed on as it is. Like `y` in the library of `X`, and on its device.
    center, scale : NumPy's ndarray of shape (n_features,) or None
        Batches hold ``(X - center) / scale``. None leaves the step out. Sparse batches
        stay sparse: with a center they are `ShiftedSparse`.
    bounds : tuple of two of NumPy's ndarray of shape (n_features,), or None
        Least and greatest value of each feature, to which others are clipped before that.
    rows : ndarray of int or None
        Which rows to use; None means all.
    dtype : dtype or None
        NumPy's name of the dtype to compute in, which the batches of `X` have. None means
        that of `y`.
    encoding : Encoding or None
        Encodes the rows of `X`, made dense, before they are standardised. Afterwards
        each NaN is replaced by 0, the mean in standard units. `center`, `scale` and
        `bounds` are of the encoded features.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        center: np.ndarray | None = None,
        scale: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        *,
        bounds: Bounds | None = None,
        dtype: Any = None,
        encoding: Encoding | None = None,
    ) -> None:
        self.X = X
        self.y = y
        self.dtype = y.dtype if dtype is None else dtype_like(dtype, X)
        self._widest = np.promote_types(dtype_of(X), numpy_dtype(self.dtype))
        self.sample_weight = sample_weight
        if encoding is not None:
            center, scale, bounds = encoding.scaling_of_whole(center, scale, bounds)
        self.center = self._of_features(center)
        self.scale = self._of_features(scale)
        self.bounds = None
        if bounds is not None:
            self.bounds = self._of_features(bounds[0]), self._of_features(bounds[1])
        self.rows = rows
        self.encoding = encoding
        if sparse.issparse(X) and encoding is None:
            self._shift, self._far = self._implicit_center()
        self._whole: Batch | None = None
        self._kept: Rows | None = None
        self._n_passes = 0

    def _of_features(self, values: np.ndarray | None) -> Any:
        """Return values per feature (n_features,) to scale X with, in its library."""
        if values is None:
            return None
        return asarray_like(values.astype(self._widest, copy=False), self.X)

    def _implicit_center(self) -> tuple[np.ndarray | None, np.ndarray]:
        """Return what centers all rows (1, n_features), and the columns beyond that.

        These are also the columns whose zeros are clipped to another value.
        """
        is_far = np.zeros(self.X.shape[1], bool)
        if self.bounds is not None:
            low, high = self.bounds
            is_far |= (low > 0) | (high < 0)
        if self.center is None:
            return None, np.flatnonzero(is_far)
        shift = -self.center if self.scale is None else -self.center / self.scale
        is_far |= ~(np.abs(shift) <= FARTHEST_CENTER)
        shift = np.where(is_far, 0, shift).astype(self.dtype, copy=False)
        return shift[np.newaxis], np.flatnonzero(is_far)

    @property
    def values_per_row(self) -> int:
        """How many values a row has: once encoded, and of a sparse table on average."""
        if self.encoding is not None:
            return self.encoding.n_encoded
        if sparse.issparse(self.X):
            return 1 + self.X.nnz // self.X.shape[0]
        return self.X.shape[1]

    def __len__(self) -> int:
        return self.X.shape[0] if self.rows is None else len(self.rows)

    def n_batches(self, batch_size: int) -> int:
        """Return the number of batches, and so of steps, in an epoch."""
        return math.ceil(len(self) / batch_size)

    def whole(self) -> Batch:
        """Return all rows as one batch, which is cached."""
        if self._whole is None:
            self._whole = self._gather(slice(None) if self.rows is None else self.rows)
        return self._whole

    def sample(self, n: int) -> Batch:
        """Return at most `n` rows, evenly spaced, as one batch."""
        rows = evenly_spaced(len(self), n)
        return self._gather(rows if self.rows is None else self.rows[rows])

    def batches(
        self, batch_size: int, rng: np.random.Generator | None = None
    ) -> Iterator[Batch]:
        """Return batches (X, y, sample_weight) of `batch_size` rows; `rng` shuffles them.

        A single batch of all rows is not shuffled, because the order has no effect.
        """
        if batch_size >= len(self):
            return iter([self.whole()])
        self._n_passes += 1
        is_kept = self._n_passes > 1 and self._is_small
        return (self._standardised() if is_kept else self)._gathered(batch_size, rng)

    def _gathered(
        self, batch_size: int, rng: np.random.Generator | None
    ) -> Iterator[Batch]:
        """Yield these batches, of which one gather serves many."""
        order = self.rows
        if rng is not None:
            order = rng.permutation(len(self)) if order is None else rng.permutation(order)
        per_gather = max(1, VALUES_PER_GATHER // (batch_size * self.values_per_row))
        per_gather *= batch_size
        for start in range(0, len(self), per_gather):
            some = slice(start, min(start + per_gather, len(self)))
            X, y, sample_weight = self._gather(some if order is None else order[some])
            n = y.shape[0]
            for first in range(0, n, batch_size):
                part = slice(first, min(first + batch_size, n))
                weight = None if sample_weight is None else sample_weight[part, ...]
                yield X[part, ...], y[part, ...], weight

    @cached_property
    def _is_small(self) -> bool:
        """Whether to keep the rows as they are standardised."""
        is_sparse = sparse.issparse(self.X)
        if is_sparse or len(self) * self.values_per_row > VALUES_TO_KEEP:
            return False
        steps = self.encoding, self.bounds, self.center, self.scale
        return any(step is not None for step in steps)

    def _standardised(self) -> Rows:
        """Return these rows as a data set that needs no more standardisation."""
        if self._kept is None:
            batch = self._gather(slice(None) if self.rows is None else self.rows)
            self._kept = Rows(*batch, dtype=dtype_of(batch[0]))
        return self._kept

    def _gather(self, rows: slice | np.ndarray) -> Batch:
        """Return the batch of these rows, scaled, in the dtype to compute in."""
        X = rows_of(self.X, rows)
        return self._scaled(X), rows_of(self.y, rows), rows_of(self.sample_weight, rows)

    def _scaled(self, X: Any) -> Any:
        """Return rows of the table X as standardised rows."""
        if self.encoding is None:
            return self._scale_sparse(X) if sparse.issparse(X) else self._scale_dense(X)
        X = self._scale_dense(self.encoding.forward_whole(as_dense(X)))
        X[namespace(X).isnan(X)] = 0
        return X

    def _scale_dense(self, X: np.ndarray) -> np.ndarray:
        """Return (X - center) / scale; a division, so that no unit overflows.

        It is computed in the more precise dtype of X and of what follows: a network of
        float64 predicts the same from rows of float32 and of float64.
        """
        if isinstance(X, np.ndarray):
            X = np.ascontiguousarray(X)  # else the bits of products depend on the layout
        if dtype_of(X) != self._widest:
            X = as_dtype(X, dtype_like(self._widest, X))
        if self.bounds is not None:
            xp, (low, high) = namespace(X), self.bounds
            X = xp.maximum(X, low)  # both together are faster than clip; NaN stays NaN
            X = xp.minimum(X, high)
        if self.center is not None:
            X = X - self.center
        if self.scale is not None:
            X = X / self.scale
        return as_dtype(X, self.dtype)

    def _scale_sparse(self, X: Any) -> Any:
        """Return (X - center) / scale, of which only what X stores is stored."""
        if self.bounds is not None and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()  # a sum of clipped parts is not the clipped sum
        data, columns = X.data.astype(self._widest, copy=False), X.indices
        if self.bounds is not None:
            low, high = self.bounds
            data = np.clip(data, low[columns], high[columns])
        if self.scale is not None:
            data = data / self.scale[columns]
        data = data.astype(self.dtype, copy=False)
        scaled = sparse.csr_array((data, columns, X.indptr), shape=X.shape)
        if len(self._far):
            scaled = self._with_far_columns(scaled, X)
        return scaled if self._shift is None else ShiftedSparse(scaled, self._shift)

    def _with_far_columns(self, scaled: Any, X: Any) -> Any:
        """Return `scaled` with each value of the columns in `_far`, centered and scaled."""
        far, n_rows, n_far = self._far, X.shape[0], len(self._far)
        columns = X[:, far].toarray().astype(self._widest, copy=False)
        if self.bounds is not None:
            low, high = self.bounds
            columns = np.clip(columns, low[far], high[far])
        if self.center is not None:
            columns = columns - self.center[far]
        if self.scale is not None:
            columns = columns / self.scale[far]
        values = columns.astype(scaled.dtype, copy=False).ravel()
        places = np.tile(far, n_rows), n_far * np.arange(n_rows + 1)
        others = np.where(np.isin(scaled.indices, far), 0, scaled.data)
        scaled = sparse.csr_array((others, scaled.indices, scaled.indptr), shape=X.shape)
        return scaled + sparse.csr_array((values, *places), shape=X.shape)
