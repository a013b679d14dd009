r"""Schedules: the learning rate's multiplier over the epochs of a fit.

A schedule is a frozen set of settings. ``multiplier(epoch, n_epochs, state)`` gives the
factor on the learning rate, `epoch` counting in fractions as minibatches pass. Only
`Plateau` has a state; ``update(state, criterion)`` tells it at the end of an epoch what
is to be minimised: the validation loss, or without one the training loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "InverseScaling",
    "OneCycle",
    "Plateau",
    "Schedule",
    "StepDecay",
]


@dataclass(frozen=True)
class Schedule:
    """What every schedule shares; see the module's text.

    Attributes
    ----------
    needs_end : bool
        Whether the multiplier depends on how many epochs there will be.
    """

    needs_end: ClassVar[bool] = False

    def init(self) -> dict[str, Any]:
        """Return a new state."""
        return {}

    def multiplier(self, epoch: float, n_epochs: int, state: dict[str, Any]) -> float:
        """Return the factor on the learning rate at `epoch` in [0, n_epochs]."""
        raise NotImplementedError

    def update(self, state: dict[str, Any], criterion: float) -> None:
        """Take note of the `criterion` that an epoch ended with."""


@dataclass(frozen=True)
class Constant(Schedule):
    """``1``.

    Examples
    --------
    >>> from skshallow.schedules import Constant
    >>> [Constant().multiplier(epoch, 100, state={}) for epoch in (0, 50, 100)]
    [1.0, 1.0, 1.0]
    """

    def multiplier(self, epoch, n_epochs, state):
        return 1.0


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """``(1 + epoch)^-power``.

    Parameters
    ----------
    power : float, default=0.5
        Above 0.5 and up to 1 the steps satisfy the conditions of Robbins and Monro
        (1951), doi:10.1214/aoms/1177729586.

    Examples
    --------
    >>> from skshallow.schedules import InverseScaling
    >>> [InverseScaling(power=0.5).multiplier(epoch, 100, state={}) for epoch in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    power: float = 0.5

    def multiplier(self, epoch, n_epochs, state):
        return (1 + epoch) ** -self.power


@dataclass(frozen=True)
class StepDecay(Schedule):
    """``factor^floor(epoch / every)``.

    Parameters
    ----------
    every : int, default=50
        Epochs between drops.
    factor : float, default=0.5
        What each drop multiplies by.

    Examples
    --------
    >>> from skshallow.schedules import StepDecay
    >>> drops = StepDecay(every=30, factor=0.1)
    >>> [round(drops.multiplier(epoch, 100, state={}), 4) for epoch in (0, 29, 30, 60)]
    [1.0, 1.0, 0.1, 0.01]
    """

    every: int = 50
    factor: float = 0.5

    def multiplier(self, epoch, n_epochs, state):
        return self.factor ** math.floor(epoch / self.every)


@dataclass(frozen=True)
class Cosine(Schedule):
    """From 1 to `final` along half a cosine: ``final + (1 - final) (1 + cos(pi p)) / 2``.

    Here ``p = epoch / n_epochs`` is the progress.

    Parameters
    ----------
    final : float, default=0.0
        The multiplier at the end.

    References
    ----------
    Loshchilov, Hutter (2017), arXiv:1608.03983.

    Examples
    --------
    >>> from skshallow.schedules import Cosine
    >>> [round(Cosine().multiplier(epoch, 100, state={}), 3) for epoch in (0, 25, 50, 100)]
    [1.0, 0.854, 0.5, 0.0]
    """

    final: float = 0.0
    needs_end: ClassVar[bool] = True

    def multiplier(self, epoch, n_epochs, state):
        return _cosine(1.0, self.final, epoch / n_epochs)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from `initial` to 1, then down to `final`, each along half a cosine.

    Parameters
    ----------
    warmup : float, default=0.3
        Share of the epochs that the way up takes.
    initial, final : float, default=0.04, 0.0001
        The multipliers at the start and at the end.

    References
    ----------
    Smith, Topin (2018), arXiv:1708.07120.

    Examples
    --------
    >>> from skshallow.schedules import OneCycle
    >>> [round(OneCycle().multiplier(epoch, 100, state={}), 3) for epoch in (0, 30, 100)]
    [0.04, 1.0, 0.0]
    """

    warmup: float = 0.3
    initial: float = 0.04
    final: float = 1e-4
    needs_end: ClassVar[bool] = True

    def multiplier(self, epoch, n_epochs, state):
        progress = epoch / n_epochs
        if progress < self.warmup:
            return _cosine(self.initial, 1.0, progress / self.warmup)
        return _cosine(1.0, self.final, (progress - self.warmup) / (1 - self.warmup))


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiplied by `factor` each time the criterion has not improved for a while.

    Parameters
    ----------
    factor : float, default=0.2
        What each drop multiplies by.
    patience : int, default=5
        Epochs without improvement before a drop.
    tol : float, default=1e-4
        What counts as an improvement, relative to the best criterion's magnitude.

    Examples
    --------
    >>> from skshallow.schedules import Plateau
    >>> schedule = Plateau(factor=0.5, patience=2)
    >>> state = schedule.init()
    >>> for loss in (1.0, 1.0, 1.0):  # two epochs without improvement
    ...     schedule.update(state, loss)
    >>> schedule.multiplier(3, 100, state)
    0.5
    """

    factor: float = 0.2
    patience: int = 5
    tol: float = 1e-4

    def init(self):
        return {"multiplier": 1.0, "best": math.inf, "n_waited": 0}

    def multiplier(self, epoch, n_epochs, state):
        return state["multiplier"]

    def update(self, state, criterion):
        best = state["best"]
        if best == math.inf or criterion < best - self.tol * abs(best):
            state["best"], state["n_waited"] = criterion, 0
            return
        state["n_waited"] += 1
        if state["n_waited"] >= self.patience:
            state["multiplier"] *= self.factor
            state["n_waited"] = 0


def _cosine(start: float, end: float, progress: float) -> float:
    """Return the point at `progress` in [0, 1] from `start` to `end` on half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "inverse_scaling": InverseScaling,
    "step": StepDecay,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "plateau": Plateau,
}
