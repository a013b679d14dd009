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
from skshallow.engine.periodic import PeriodicEmbedding

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
    """A dense layer that puts learned values behind its input before the affine map.

    They are the curves of numbers, and the vectors of categories, whose codes are the last
    columns of the input. `n_inputs`, the rows of the weight, are the columns before the
    codes, then the values of the curves, and then those of the vectors.

    Parameters
    ----------
    embedding : Embedding or None
        Of as many columns as there are codes; None if there are none.
    periodic : PeriodicEmbedding or None
        Of numbers, which are inputs themselves as well.
    """

    embedding: Embedding | None = field(default=None, kw_only=True)
    periodic: PeriodicEmbedding | None = field(default=None, kw_only=True)

    @property
    def n_curves(self) -> int:
        """Number of values that the curves of one row have."""
        return 0 if self.periodic is None else self.periodic.n_inputs

    @property
    def n_dense(self) -> int:
        """Number of columns of the input that are not codes."""
        n_of_vectors = 0 if self.embedding is None else self.embedding.n_inputs
        return self.n_inputs - self.n_curves - n_of_vectors

    @property
    def n_columns(self) -> int:
        """Number of columns of the input, codes included."""
        n_codes = 0 if self.embedding is None else self.embedding.n_columns
        return self.n_dense + n_codes

    @property
    def widest(self) -> int:
        """The largest number of values that one row takes."""
        n_waves = 0 if self.periodic is None else self.periodic.n_waves
        return max(self.n_inputs, self.n_preactivations, n_waves)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter."""
        of_curves = {} if self.periodic is None else self.periodic.shapes()
        of_vectors = {} if self.embedding is None else {"embedding": self.embedding.shape}
        return super().shapes() | of_curves | of_vectors

    def initialize_learned(self, params: Params, rng: np.random.Generator) -> None:
        """Fill the parameters of curves and vectors in `params`."""
        if self.periodic is not None:
            self.periodic.initialize(params, rng)
        if self.embedding is not None:
            self.embedding.initialize(params["embedding"], rng)

    def forward(
        self,
        x: Any,
        params: Params,
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
    ) -> tuple[np.ndarray, Any]:
        """Map x (n, n_columns), dense, to (n, n_units)."""
        joined, *caches = self._join(x, params)
        a, (_, *others) = super().forward(joined, params, rng, dropout_share)
        return a, ((joined, *caches), *others)

    def inputs(self, x: Any, params: Params) -> Any:
        """Return x with curves, and with vectors in place of the codes (n, n_inputs).

        Of members, (k, n, n_inputs), since each has curves and vectors of its own.
        """
        return self._join(x, params)[0]

    def _join(self, x: Any, params: Params) -> tuple[Any, Any, Any]:
        """Return x with curves and vectors, and what the backward passes of these need."""
        xp = namespace(params["weight"])
        learned, cache, rows = [], None, None
        if self.periodic is not None:
            curves, cache = self.periodic.forward(x, params)
            learned.append(curves)
        if self.embedding is not None:
            vectors, rows = self.embedding.forward(
                x[:, self.n_dense :], params["embedding"]
            )
            learned.append(vectors)
        shape = (*learned[0].shape[:-1], self.n_dense)
        dense = xp.broadcast_to(x[:, : self.n_dense], shape)
        return xp.concat([dense, *learned], axis=-1), cache, rows

    def backward(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Fill `grads` from grad_a (n, n_units); return grad_z (n, n_preactivations)."""
        (joined, of_curves, rows), *others = cache
        grad_z = super().backward(grad_a, (joined, *others), params, grads)
        weight = params["weight"][..., self.n_dense :, :]
        grad_learned = product_with_transpose(grad_z, weight)
        if self.periodic is not None:
            grad_curves = grad_learned[..., : self.n_curves]
            self.periodic.backward(grad_curves, of_curves, params, grads)
        if self.embedding is not None:
            grad_vectors = grad_learned[..., self.n_curves :]
            self.embedding.backward(grad_vectors, rows, out=grads["embedding"])
        return grad_z


def with_embedding(
    layer: Dense, embedding: Embedding | None, periodic: PeriodicEmbedding | None = None
) -> EmbeddedDense:
    """Return a layer like `layer` with vectors of the last columns, which are codes.

    With `periodic`, it has curves of numbers as well.
    """
    n_inputs = layer.n_inputs
    if embedding is not None:
        n_inputs += embedding.n_inputs - embedding.n_columns
    if periodic is not None:
        n_inputs += periodic.n_inputs
    return EmbeddedDense(
        n_inputs,
        layer.n_units,
        layer.activation,
        layer.dropout,
        normalization=layer.normalization,
        embedding=embedding,
        periodic=periodic,
    )
