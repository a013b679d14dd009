r"""Learning rate schedules: constant, step decay, cosine, one-cycle, on plateau and others.

A schedule is a frozen dataclass. ``multiplier(epoch, n_epochs, state)`` returns the factor
on the learning rate; `epoch` is fractional within an epoch. Only `Plateau` has a state:
``update(state, criterion)`` is called at the end of each epoch with the validation loss,
or without validation data the training loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from skshallow._component import Component, setting

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


def __dir__() -> list[str]:
    return __all__


class Schedule(Component):
    """Base class of learning rate schedules; see the module's docstring.

    Attributes
    ----------
    needs_end : bool
        Whether the multiplier depends on the total number of epochs.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from skshallow.schedules import Schedule
    >>> @dataclass(frozen=True)
    ... class Warmup(Schedule):
    ...     def multiplier(self, epoch, n_epochs, state):
    ...         return min(1.0, (1 + epoch) / 10)
    >>> [Warmup().multiplier(epoch, 100, state={}) for epoch in (0, 4, 50)]
    [0.1, 0.5, 1.0]
    """

    needs_end: ClassVar[bool] = False

    def init(self) -> dict[str, Any]:
        """Return the initial state."""
        return {}

    def multiplier(self, epoch: float, n_epochs: int, state: dict[str, Any]) -> float:
        """Return the factor on the learning rate at `epoch` in [0, n_epochs]."""
        raise NotImplementedError

    def update(self, state: dict[str, Any], criterion: float) -> None:
        """Update the state with the `criterion` at the end of an epoch."""

    @property
    def n_idle_epochs(self) -> int:
        """Number of epochs at the start in which it cannot change the learning rate yet.

        A fit of no more epochs warns that the schedule has no effect. 0 by default.
        """
        return 0


class Constant(Schedule):
    """Constant learning rate: the multiplier is 1.

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
    """Inverse scaling: the multiplier is ``(1 + epoch)^-power``.

    Parameters
    ----------
    power : float, default=0.5
        In [0, 10]. In (0.5, 1] the learning rates satisfy the conditions of Robbins and
        Monro (1951), doi:10.1214/aoms/1177729586.

    Examples
    --------
    >>> from skshallow.schedules import InverseScaling
    >>> [InverseScaling(power=0.5).multiplier(epoch, 100, state={}) for epoch in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    power: float = setting(0.5, "[0, 10]")

    def multiplier(self, epoch, n_epochs, state):
        return (1 + epoch) ** -self.power


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Step decay: the multiplier is ``factor^floor(epoch / every)``.

    Parameters
    ----------
    every : int, default=50
        Epochs between drops, in [1, 1e9].
    factor : float, default=0.5
        The factor of each drop, in (0, 1].

    Examples
    --------
    >>> from skshallow.schedules import StepDecay
    >>> drops = StepDecay(every=30, factor=0.1)
    >>> [round(drops.multiplier(epoch, 100, state={}), 4) for epoch in (0, 29, 30, 60)]
    [1.0, 1.0, 0.1, 0.01]
    """

    every: int = setting(50, "[1, 1e9]")
    factor: float = setting(0.5, "(0, 1]")

    def multiplier(self, epoch, n_epochs, state):
        return self.factor ** math.floor(epoch / self.every)

    @property
    def n_idle_epochs(self):
        return self.every


@dataclass(frozen=True)
class Cosine(Schedule):
    """Cosine annealing: the multiplier is ``final + (1 - final) (1 + cos(pi p)) / 2``.

    It falls from 1 to `final` along half a cosine, with ``p = epoch / n_epochs``.

    Parameters
    ----------
    final : float, default=0.0
        The multiplier at the end, in [0, 1].

    References
    ----------
    Loshchilov, Hutter (2017), arXiv:1608.03983.

    Examples
    --------
    >>> from skshallow.schedules import Cosine
    >>> [round(Cosine().multiplier(epoch, 100, state={}), 3) for epoch in (0, 25, 50, 100)]
    [1.0, 0.854, 0.5, 0.0]
    """

    final: float = setting(0.0, "[0, 1]")
    needs_end: ClassVar[bool] = True

    def multiplier(self, epoch, n_epochs, state):
        return _cosine(1.0, self.final, epoch / n_epochs)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """One-cycle policy: up from `initial` to 1, then down to `final`, along half cosines.

    Parameters
    ----------
    warmup : float, default=0.3
        Share of the epochs for the way up, in [0, 1).
    initial, final : float, default=0.04, 0.0001
        The multipliers at the start and at the end, in [0, 1].

    References
    ----------
    Smith, Topin (2018), arXiv:1708.07120.

    Examples
    --------
    >>> from skshallow.schedules import OneCycle
    >>> [round(OneCycle().multiplier(epoch, 100, state={}), 3) for epoch in (0, 30, 100)]
    [0.04, 1.0, 0.0]
    """

    warmup: float = setting(0.3, "[0, 1)")
    initial: float = setting(0.04, "[0, 1]")
    final: float = setting(1e-4, "[0, 1]")
    needs_end: ClassVar[bool] = True

    def multiplier(self, epoch, n_epochs, state):
        progress = epoch / n_epochs
        if progress < self.warmup:
            return _cosine(self.initial, 1.0, progress / self.warmup)
        return _cosine(1.0, self.final, (progress - self.warmup) / (1 - self.warmup))


@dataclass(frozen=True)
class Plateau(Schedule):
    """Reduce on plateau: multiply by `factor` after `patience` epochs without improvement.

    Parameters
    ----------
    factor : float, default=0.2
        The factor of each drop, in (0, 1].
    patience : int, default=5
        Consecutive epochs without improvement before a drop, in [1, 1e9].
    tol : float, default=1e-4
        The least improvement that counts, relative to the absolute value of the best
        loss so far; in [0, 1).

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

    factor: float = setting(0.2, "(0, 1]")
    patience: int = setting(5, "[1, 1e9]")
    tol: float = setting(1e-4, "[0, 1)")

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

    @property
    def n_idle_epochs(self):
        return 1 + self.patience  # the first epoch sets the best loss to improve on


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
