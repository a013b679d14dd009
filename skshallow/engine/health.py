"""Diagnostics of layers: dead units, saturation, vanishing gradients, update size.

They are computed on the same training rows each time, at most `SAMPLE`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.linalg import norm

from skshallow._arrays.namespace import to_numpy
from skshallow.activations import Params
from skshallow.engine.batches import Batch
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.engine.shared_weights import SHARED

SAMPLE = 256
# A record costs about two passes over its sample. With this many passes between two
# records, that is a few per cent of the training time.
PASSES_BETWEEN_RECORDS = 64
MOST_RECORDS = 100

SATURATED_BELOW = 0.01
# A larger fraction of dead units in a layer gives a warning. ReLU networks work well with
# many dead units, but a layer with few live units loses most of its input.
MANY_DEAD = 0.75
# On fewer rows than this, a ReLU can be 0 for all of them by chance.
ROWS_TO_CALL_DEAD = 32
# A layer whose gradient norm is smaller than this fraction of the largest hardly learns.
VANISHING = 1e-3

# Records with one column per hidden layer, and with one column per layer.
OF_UNITS = "dead", "zero", "saturated"
OF_WEIGHTS = "gradient_norm", "update_ratio"

# The parameters whose gradients tell whether a layer learns. Weights of a residual layer
# have none as long as its gains are 0, which then learn first.
WEIGHTS = "weight", SHARED
OF_GRADIENT = *WEIGHTS, "residual_gain"


def outputs_and_slopes(
    network: Network, params: Sequence[Params], x: Any
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield outputs and slopes ``|da/dz|`` (n, n_units) of each layer's activation.

    Of residual layers they do not contain the input, which is added. For an ensemble both
    arrays have a leading axis of members.
    """
    for layer, layer_params in zip(network.layers[:-1], params, strict=False):
        x, cache = layer.forward(x, layer_params)
        yield layer.outputs_and_slopes(x, cache, layer_params)


def unit_health(network: Network, params: Sequence[Params], x: Any) -> dict[str, list]:
    """Return fractions of dead units, zero outputs and saturated outputs per hidden layer.

    With ``slope = da/dz``: a unit is dead if its slope is 0 for every row, so that its
    weights have no gradient; an output is saturated if it is not 0 and ``|slope| < 0.01``.

    Parameters
    ----------
    network : Network
    params : sequence of dict
        From `Network.member_params`.
    x : ndarray or sparse matrix of shape (n, n_features)
        Standardised rows.

    Returns
    -------
    shares : dict of str to list of float
        "dead", "zero" and "saturated", each with one value per hidden layer.
    """
    shares: dict[str, list[float]] = {name: [] for name in OF_UNITS}
    for a, slopes in outputs_and_slopes(network, params, x):
        shares["dead"].append(1 - float(slopes.any(axis=-2).mean()))
        shares["zero"].append(float((a == 0).mean()))
        shares["saturated"].append(float(is_saturated(a, slopes).mean()))
    return shares


def is_saturated(a: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return which outputs (n, n_units) are saturated: not 0, and with a small slope."""
    return (slopes < SATURATED_BELOW) & (a != 0)


def norms(layers: Sequence[Params], names: Sequence[str] = WEIGHTS) -> list[float]:
    """Return the Euclidean norm of these parameters, or their gradients, of each layer."""
    return [
        math.hypot(*(norm(own[name], check_finite=False) for name in names if name in own))
        for own in layers
    ]


@dataclass
class HealthRecorder:
    """Records diagnostics of every layer after the first, the last and some other epochs.

    Parameters
    ----------
    sample : Batch or None
        Standardised rows to compute them on; None records nothing.
    n_rows : int
        Number of rows per epoch.
    n_before : int, default=0
        Number of epochs of earlier fits that this one continues; added to "epoch".
    n_epochs : int or None, default=None
        Largest number of epochs of this fit; None if more calls follow.

    Attributes
    ----------
    records : list of dict
        An "epoch", counted from 1, and a list of values for each name in `OF_UNITS` and
        `OF_WEIGHTS`.
    """

    sample: Batch | None
    n_rows: int
    n_before: int = 0
    n_epochs: int | None = None
    records: list[dict[str, Any]] = field(default_factory=list)
    _before: np.ndarray | None = None

    def before_last_step(self, epoch: int, theta: np.ndarray) -> None:
        """Save the parameters before the last step of an `epoch`, if a record is due."""
        due = self.sample is not None and self._is_due(epoch)
        self._before = to_numpy(theta).copy() if due else None

    def _is_due(self, epoch: int) -> bool:
        if epoch == self.n_epochs or epoch + self.n_before == 1:
            return True
        passes = PASSES_BETWEEN_RECORDS * self.sample[1].shape[0]  # type: ignore[index]
        every = math.ceil(max(passes / self.n_rows, (self.n_epochs or 1) / MOST_RECORDS))
        return (epoch + self.n_before) % every == 0

    def end_epoch(self, epoch: int, objective: Objective) -> None:
        """Make the record, if one is due; overwrites the gradient of the objective."""
        if self._before is None or self.sample is None:
            return
        network, theta = objective.network, to_numpy(objective.theta)
        views, params = network.views, network.member_params(theta)
        record = unit_health(network, params, to_numpy(self.sample[0]))
        objective.gradient(*self.sample, penalized=False)
        record["gradient_norm"] = norms(views(to_numpy(objective.grad)), OF_GRADIENT)
        moves = norms(views(theta - self._before))
        starts = norms(views(self._before))
        record["update_ratio"] = [
            move / start if start else 0.0 if move == 0 else math.inf
            for move, start in zip(moves, starts, strict=True)
        ]
        self.records.append({"epoch": epoch + self.n_before, **record})
        self._before = None

    def arrays(self, n_layers: int) -> dict[str, np.ndarray]:
        """Return the records as arrays: "epoch" (n_records,), others with layer columns."""
        epochs = [record["epoch"] for record in self.records]
        health: dict[str, np.ndarray] = {"epoch": np.array(epochs, dtype=np.int64)}
        for names, n_columns in ((OF_UNITS, n_layers - 1), (OF_WEIGHTS, n_layers)):
            for name in names:
                values = [record[name] for record in self.records]
                with np.errstate(over="ignore"):  # a norm beyond float32 is infinite
                    array = np.array(values, np.float64).astype(np.float32)
                health[name] = array.reshape(len(values), n_columns)
        return health

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set the records to those in `arrays`."""
        self.records = [
            dict(zip(arrays, record, strict=True))
            for record in zip(*arrays.values(), strict=True)
        ]


def no_records(n_layers: int) -> dict[str, np.ndarray]:
    """Return empty records for a network with `n_layers` layers."""
    return HealthRecorder(None, 0).arrays(n_layers)


def joined(
    earlier: Mapping[str, np.ndarray], later: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the joined records; if there are too many, only every second one."""
    health = {name: np.concatenate([earlier[name], later[name]]) for name in later}
    while len(health["epoch"]) > 2 * MOST_RECORDS:
        health = {name: values[::-2][::-1] for name, values in health.items()}  # the last
    return health


def dying_layers(dead: Sequence[float], n_rows: int) -> list[int]:
    """Return the hidden layers in which most units are `dead`, the share in each of them.

    On fewer than `ROWS_TO_CALL_DEAD` rows only layers with all units dead count.
    """
    enough = n_rows >= ROWS_TO_CALL_DEAD
    is_bad = [share > MANY_DEAD if enough else share == 1 for share in dead]
    return [i for i, bad in enumerate(is_bad) if bad]


def vanishing_layers(health: Mapping[str, np.ndarray]) -> list[int]:
    """Return the layers whose gradient norm was relatively tiny in all records."""
    gradient_norm = health["gradient_norm"]
    if len(gradient_norm) == 0:
        return []
    largest = gradient_norm.max(axis=1, keepdims=True)
    vanished = (gradient_norm < VANISHING * largest).all(axis=0)
    return [int(i) for i in np.flatnonzero(vanished)]
