"""Layout of the parameter vector: all weights and biases as views of one flat array."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from skshallow._arrays.namespace import reshaped
from skshallow.engine.shared_weights import SHARED

PENALIZED = {"weight", SHARED}  # biases, embeddings, factors and slopes have no penalty


class Layout:
    """Positions of the parameters of each layer in the flat vector ``theta``.

    All weights come first, layer by layer, then all other parameters. So the penalty on
    the weights is one product of a slice, the best parameters are saved by one copy, and
    solvers do not loop over layers.

    Parameters
    ----------
    layers : sequence of mappings from name to shape
        One mapping per layer, each with a ``"weight"`` or a ``"shared_weight"``.
    n_members : int, default=1
        Number of networks in the ensemble. If above 1, each view has a leading axis of
        members, except of shared weights, and vectors become rows, which broadcast to
        (n_members, n_rows, n_columns).

    Attributes
    ----------
    n_members : int
        Number of networks in the ensemble.
    size : int
        Length of ``theta``.
    n_weights : int
        Length of its leading slice of weights.
    n_shared_weights : int
        Length of the leading slice of these that all members share.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.engine import Layout
    >>> layout = Layout([{"weight": (2, 3), "bias": (3,)}, {"weight": (3, 1)}])
    >>> layout.size, layout.n_weights
    (12, 9)
    >>> theta = np.zeros(layout.size)
    >>> layout.views(theta)[1]["weight"][...] = 1
    >>> theta
    array([0., 0., 0., 0., 0., 0., 1., 1., 1., 0., 0., 0.])
    """

    def __init__(
        self, layers: Sequence[Mapping[str, tuple[int, ...]]], n_members: int = 1
    ) -> None:
        names = [(i, name) for i, shapes in enumerate(layers) for name in shapes]
        # weights move first, and of these the shared ones, which the output layer has not
        names.sort(key=lambda item: item[1] not in PENALIZED)  # stable
        self._places: list[dict[str, tuple[slice, tuple[int, ...]]]] = [{} for _ in layers]
        self.n_members = n_members
        self.size = 0
        self.n_weights = 0
        self.n_shared_weights = 0
        for i, name in names:
            shape = layers[i][name]
            if n_members > 1 and name != SHARED:
                shape = (n_members, *(shape if len(shape) > 1 else (1, *shape)))
            stop = self.size + math.prod(shape)
            self._places[i][name] = slice(self.size, stop), shape
            self.size = stop
            if name in PENALIZED:
                self.n_weights = stop
            if name == SHARED:
                self.n_shared_weights = stop

    def views(self, theta: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return each layer's parameters as views of `theta` (size,)."""
        return [
            {name: reshaped(theta[part], shape) for name, (part, shape) in places.items()}
            for places in self._places
        ]

    def copy_members(
        self, source: np.ndarray, target: np.ndarray, which: np.ndarray
    ) -> None:
        """Copy the parameters of the members `which` (n_members,), a mask, to `target`.

        Members must not share any.
        """
        members = np.flatnonzero(which)
        for of_source, of_target in zip(
            self.views(source), self.views(target), strict=True
        ):
            for name, parameter in of_target.items():
                for member in members:
                    parameter[int(member), ...] = of_source[name][int(member), ...]
