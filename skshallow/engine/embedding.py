r"""Embedding of categories: a learned vector for each level, forward beside backward.

The codes ``c_1 .. c_m`` of a row choose one vector each, and the first layer computes

    x = [x_dense, E_1[c_1], .., E_m[c_m]]
    a = activation(x @ weight + bias)

The gradient with respect to the vector of a level is the sum of the gradients with respect
to ``x`` at all places that the vector was copied to.

References
----------
Guo, Berkhahn (2016), arXiv:1604.06737.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skshallow._arrays.linalg import product_with_transpose, sums_by_row
from skshallow._arrays.namespace import as_dtype, asarray_like, namespace
from skshallow.activations import Params
from skshallow.engine.layers import Dense

# Of the vectors at first. Levels that start near each other generalise better to rows of
# rare ones than with 1; with 0.1 they do no better.
DEVIATION = 0.3


@dataclass(frozen=True)
class Embedding:
    """The vectors of the levels of all embedded columns, as the rows of one table.

    Parameters
    ----------
    n_rows : tuple of int
        Number of vectors of each column, the last of which is that of unseen levels.
    width : int
        Length of the vectors.
    """

    n_rows: tuple[int, ...]
    width: int

    @property
    def n_columns(self) -> int:
        """Number of embedded columns."""
        return len(self.n_rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the table: the vectors of all columns, one below the other."""
        return sum(self.n_rows), self.width

    @property
    def n_inputs(self) -> int:
        """Number of values that the vectors of one row have."""
        return self.n_columns * self.width

    def initialize(self, table: np.ndarray, rng: np.random.Generator) -> None:
        """Fill the `table` with small normal numbers, of unseen levels with their mean.

        Nothing moves the vector of unseen levels, unless rare ones share it.
        """
        table[...] = DEVIATION * rng.standard_normal(table.shape)
        table[..., np.cumsum(self.n_rows) - 1, :] = 0

    def forward(self, codes: Any, table: Any) -> tuple[Any, Any]:
        """Return the vectors of the codes (n, n_columns), and their rows in the table.

        The vectors are side by side, (n, n_inputs); of members, (k, n, n_inputs).
        """
        xp = namespace(table)
        starts = np.cumsum([0, *self.n_rows[:-1]])
        rows = as_dtype(codes, xp.int64) + asarray_like(starts, codes)
        rows = xp.reshape(rows, (-1,))
        vectors = xp.take(table, rows, axis=-2)
        return xp.reshape(vectors, (*table.shape[:-2], -1, self.n_inputs)), rows

    def backward(self, grad_vectors: Any, rows: Any, out: Any) -> None:
        """Write the gradient of the table into `out`, from that of what `forward` gives."""
        reshape = namespace(out).reshape
        sums_by_row(rows, reshape(grad_vectors, (*out.shape[:-2], -1, self.width)), out=out)


@dataclass(frozen=True)
class EmbeddedDense(Dense):
    """A dense layer that looks up the vectors of categories before the affine map.

    The last columns of its input are codes. `n_inputs`, the rows of its weight, are the
    columns before them and then the values of the vectors.

    Parameters
    ----------
    embedding : Embedding
        Of as many columns as there are codes.
    """

    embedding: Embedding = field(kw_only=True)

    @property
    def n_dense(self) -> int:
        """Number of columns of the input that are not codes."""
        return self.n_inputs - self.embedding.n_inputs

    @property
    def n_columns(self) -> int:
        """Number of columns of the input, codes included."""
        return self.n_dense + self.embedding.n_columns

    @property
    def widest(self) -> int:
        """The largest number of values that one row takes."""
        return max(self.n_inputs, self.n_preactivations)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter."""
        return super().shapes() | {"embedding": self.embedding.shape}

    def forward(
        self,
        x: Any,
        params: Params,
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
    ) -> tuple[np.ndarray, Any]:
        """Map x (n, n_columns), dense, to (n, n_units)."""
        joined, rows = self._look_up(x, params["embedding"])
        a, (_, *others) = super().forward(joined, params, rng, dropout_share)
        return a, ((joined, rows), *others)

    def inputs(self, x: Any, params: Params) -> Any:
        """Return x with the vectors in place of the codes (n, n_inputs).

        Of members, (k, n, n_inputs), since each has vectors of its own.
        """
        return self._look_up(x, params["embedding"])[0]

    def _look_up(self, x: Any, table: Any) -> tuple[Any, Any]:
        """Return x with the vectors in place of the codes, and their rows in the table."""
        xp = namespace(table)
        vectors, rows = self.embedding.forward(x[:, self.n_dense :], table)
        dense = xp.broadcast_to(x[:, : self.n_dense], (*vectors.shape[:-1], self.n_dense))
        return xp.concat([dense, vectors], axis=-1), rows

    def backward(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Fill `grads` from grad_a (n, n_units); return grad_z (n, n_preactivations)."""
        (joined, rows), *others = cache
        grad_z = super().backward(grad_a, (joined, *others), params, grads)
        weight = params["weight"][..., self.n_dense :, :]
        grad_vectors = product_with_transpose(grad_z, weight)
        self.embedding.backward(grad_vectors, rows, out=grads["embedding"])
        return grad_z


def with_embedding(layer: Dense, embedding: Embedding) -> EmbeddedDense:
    """Return a layer like `layer` in whose input the last columns are codes."""
    n_inputs = layer.n_inputs - embedding.n_columns + embedding.n_inputs
    n_units, activation, dropout = layer.n_units, layer.activation, layer.dropout
    return EmbeddedDense(n_inputs, n_units, activation, dropout, embedding=embedding)
