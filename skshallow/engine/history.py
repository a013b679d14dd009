"""Training history: loss curves, best epoch, and early stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skshallow._arrays.namespace import copy_of

CURVES = "loss", "validation_loss", "validation_score", "learning_rate"
NUMBERS = "best_criterion", "best_epoch", "n_stalled", "start_loss", "stopped"


@dataclass
class History:
    """Loss curves, the parameters of the best epoch, and the stopping rule.

    Parameters
    ----------
    tol : float
        An improvement counts only if it is larger than this.
    n_iter_no_change : int or float
        Number of consecutive epochs without improvement after which training stops.
    early_stopping : bool
        Whether the best epoch, and when to stop, is decided by the validation loss or
        score instead of the training loss.
    start_theta : ndarray or None
        A copy of the initial parameters, to which `train` may return.

    Attributes
    ----------
    loss, validation_loss, validation_score, learning_rate : list of float
        One value per epoch.
    best_theta : ndarray or None
        A copy of the parameters at the best epoch.
    best_epoch : int
        The best epoch, counted from 1; 0 means that no epoch was better than the start.
    start_loss : float
        Loss on a sample of the rows before the first step.
    stopped : bool
        Whether a callback has stopped training.
    """

    tol: float
    n_iter_no_change: float
    early_stopping: bool = False
    start_theta: np.ndarray | None = None
    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    best_theta: np.ndarray | None = None
    best_criterion: float = math.inf
    best_epoch: int = 0
    n_stalled: int = 0
    start_loss: float = math.nan
    stopped: bool = False

    @property
    def n_epochs(self) -> int:
        """Number of epochs recorded."""
        return len(self.learning_rate)

    @property
    def stalled(self) -> bool:
        """Whether there was no improvement in `n_iter_no_change` consecutive epochs."""
        return self.n_stalled >= self.n_iter_no_change

    @property
    def ended(self) -> bool:
        """Whether to stop before the last planned epoch."""
        return self.stopped or self.stalled

    def record(
        self,
        theta: np.ndarray,
        loss: float,
        learning_rate: float,
        validation_loss: float | None = None,
        validation_score: float | None = None,
    ) -> float:
        """Record an epoch that ended with the parameters `theta`.

        Returns
        -------
        criterion : float
            The value to minimise: training loss, validation loss or minus the score.
        """
        if validation_loss is not None:
            self.validation_loss.append(validation_loss)
        if validation_score is not None:
            self.validation_score.append(validation_score)
        criterion = loss
        if self.early_stopping and validation_loss is not None:
            criterion = validation_loss if validation_score is None else -validation_score
        self.loss.append(loss)
        self.learning_rate.append(learning_rate)  # the last curve: it defines n_epochs
        self.n_stalled += 1
        if criterion < self.best_criterion - self.tol:
            self.n_stalled = 0
        if criterion < self.best_criterion:
            best = criterion, self.n_epochs, copy_of(theta)
            self.best_criterion, self.best_epoch, self.best_theta = best
        return criterion

    def ahead(self, loss: float, learning_rate: float, validation_loss: float) -> History:
        """Return the curves with one more epoch, whose score is yet to be computed."""
        return replace(
            self,
            loss=[*self.loss, loss],
            validation_loss=[*self.validation_loss, validation_loss],
            validation_score=[*self.validation_score, math.nan],
            learning_rate=[*self.learning_rate, learning_rate],
        )

    def curve(self, name: str) -> np.ndarray:
        """Return a curve (n_epochs,), or (0,) if it was not recorded."""
        return np.array(getattr(self, name)[: self.n_epochs], np.float64)

    def state(self) -> dict[str, Any]:
        """Return everything that changes during training."""
        curves = {name: self.curve(name) for name in CURVES}
        others = {name: getattr(self, name) for name in (*NUMBERS, "best_theta")}
        return curves | others

    def restore(self, state: dict[str, Any]) -> None:
        """Set everything that changes during training to a `state`."""
        vars(self).update(state, **{name: state[name].tolist() for name in CURVES})
