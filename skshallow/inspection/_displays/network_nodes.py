"""Nodes and edges of a network drawing: columns of nodes, their places and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# The largest distance of nodes, in units of that in the column of the most nodes.
MOST_SPREAD = 1.8


@dataclass(frozen=True)
class NodeColumn:
    """A column of nodes, and the edges that lead to them from the column before.

    Parameters
    ----------
    title : str
        What to write above.
    strength : ndarray of shape (n_nodes_before, n_nodes)
        Weights of the edges divided by the largest magnitude in their layer, in [-1, 1];
        NaN between nodes without an edge.
    shade : ndarray of shape (n_nodes,) or None
        Biases of the nodes divided by the largest magnitude in their layer; None for
        nodes without a bias.
    weighted : bool, default=True
        Whether the edges have weights; if not, they lead to a maximum from what it is
        taken of.
    """

    title: str
    strength: np.ndarray
    shade: np.ndarray | None = None
    weighted: bool = True

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return self.strength.shape[1]

    def heights(self, most: int) -> np.ndarray:
        """Return the nodes' heights (n_nodes,), the first on top; `most` fill a column."""
        apart = min(MOST_SPREAD, most / self.n_nodes)
        return apart * (0.5 * (self.n_nodes - 1) - np.arange(self.n_nodes))

    def edges(self) -> np.ndarray:
        """Return the edges (n_edges, 2) as pairs (from, to), by increasing strength."""
        joined = np.argwhere(np.isfinite(self.strength))
        return joined[np.argsort(np.abs(self.strength[tuple(joined.T)]), kind="stable")]


def node_columns(
    coefs: Sequence[np.ndarray],
    intercepts: Sequence[np.ndarray],
    n_pieces: Sequence[int],
    titles: Sequence[str],
) -> list[NodeColumn]:
    """Return the columns of a net, the inputs first.

    Parameters
    ----------
    coefs : sequence of ndarray of shape (n_inputs, n_pieces * n_units)
    intercepts : sequence of ndarray of shape (n_pieces * n_units,)
    n_pieces : sequence of int
        A layer with several has two columns: its pieces, those of a unit one below the
        other, and its units.
    titles : sequence of str
        One per layer.
    """
    columns = [NodeColumn("inputs", np.empty((0, len(coefs[0]))))]
    for weight, bias, pieces, title in zip(
        coefs, intercepts, n_pieces, titles, strict=True
    ):
        # pieces lie piece by piece in the weights, and unit by unit in the drawing
        order = np.arange(len(bias)).reshape(pieces, -1).T.ravel()
        strength, shade = relative(weight[:, order]), relative(bias[order])
        if pieces == 1:
            columns.append(NodeColumn(title, strength, shade))
            continue
        unit_of = np.arange(len(bias)) // pieces
        is_taken = unit_of[:, np.newaxis] == np.arange(len(bias) // pieces)
        columns.append(NodeColumn(f"{title}\npieces", strength, shade))
        columns.append(
            NodeColumn("largest\npiece", np.where(is_taken, 1.0, np.nan), None, False)
        )
    return columns


def relative(values: np.ndarray) -> np.ndarray:
    """Return `values` divided by the largest magnitude among them, 0 if all are 0."""
    largest = np.abs(values).max()
    return values / largest if largest > 0 else np.zeros_like(values)
