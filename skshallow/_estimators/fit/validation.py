"""Validation of a network: of all members on the same rows, or of each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skshallow._arrays.namespace import dtype_of, to_numpy
from skshallow._estimators.fit.temperature import Optimum, TemperatureScaling
from skshallow.engine.batches import Rows
from skshallow.engine.objective import Objective
from skshallow.losses import Loss


class Part(NamedTuple):
    """Rows that validate the network.

    Parameters
    ----------
    rows : Rows
        Standardised rows that did not train it.
    member : int or None
        The ensemble member that they validate; None means all of them together.
    temperature : TemperatureScaling or None
        On these rows, if probabilities are calibrated.
    """

    rows: Rows
    member: int | None = None
    temperature: TemperatureScaling | None = None


class Validation:
    """The validation loss of an objective where it is, and its best temperature.

    Parameters
    ----------
    objective : Objective
    loss : Loss
        To validate with; it need not smooth labels as that of the objective does.
    parts : sequence of Part
        One for the whole network, or one for each member.
    batch_size : int
        Rows to predict at once.
    temperature : TemperatureScaling or None
        On the rows of all parts, one part after the other.
    """

    def __init__(
        self,
        objective: Objective,
        loss: Loss,
        parts: Sequence[Part],
        batch_size: int,
        temperature: TemperatureScaling | None,
    ) -> None:
        self._objective = objective
        self._loss = loss
        self._parts = parts
        self._batch_size = batch_size
        self._temperature = temperature

    def loss(self) -> Any:
        """Return the loss, (n_members,) if each has rows of its own.

        Where probabilities are calibrated, it is the loss at the best temperature.
        """
        losses = [self._loss_of(part) for part in self._parts]
        return losses[0] if self._parts[0].member is None else np.array(losses)

    def _loss_of(self, part: Part) -> float:
        if part.temperature is not None:
            return part.temperature.refined_loss(self.raw_prediction(part))
        batches = part.rows.batches(self._batch_size)
        return self._objective.mean_loss(batches, self._loss, part.member)

    def best_temperature(self) -> float | None:
        """Return the best temperature on the rows of all parts; None without scaling."""
        if self._temperature is None:
            return None
        found = self.raw_predictions()
        joined = found[0] if len(found) == 1 else np.concatenate(found)
        return self._temperature.best(joined)

    @property
    def optima(self) -> np.ndarray:
        """Where the last searches for temperatures ended (n_parts, 2); see `Optimum`."""
        scalings = [part.temperature for part in self._parts if part.temperature]
        return np.array([one.last for one in scalings], np.float64).reshape(-1, 2)

    @optima.setter
    def optima(self, optima: np.ndarray) -> None:
        for part, optimum in zip(self._parts, optima.tolist(), strict=False):
            assert part.temperature is not None
            part.temperature.last = Optimum(*optimum)

    def raw_predictions(self) -> list[np.ndarray]:
        """Return the raw predictions for each part."""
        return [self.raw_prediction(part) for part in self._parts]

    def raw_prediction(self, part: Part) -> np.ndarray:
        """Return raw predictions for a part, by members unless it is of one, as NumPy's."""
        network, n_rows, start = self._objective.network, len(part.rows), 0
        is_whole = part.member is None and network.n_members > 1
        leading = (network.n_members, n_rows) if is_whole else (n_rows,)
        n_units, dtype = network.layers[-1].n_units, dtype_of(self._objective.theta)
        raw_prediction = np.empty((*leading, n_units), dtype)
        batches = part.rows.batches(self._batch_size)
        for some in self._objective.raw_predictions(batches, part.member):
            stop = start + some.shape[-2]
            raw_prediction[..., start:stop, :] = to_numpy(some)
            start = stop
        return raw_prediction
