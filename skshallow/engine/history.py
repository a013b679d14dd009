"""Training history: loss curves, best epoch, and early stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skshallow._arrays.namespace import copy_of
from skshallow.engine.layout import Layout

# Each curve, by the fitted attribute of an estimator that holds it.
CURVE_OF_ATTRIBUTE = {
    "loss_curve_": "loss",
    "learning_rate_curve_": "learning_rate",
    "validation_loss_curve_": "validation_loss",
    "validation_scores_": "validation_score",
}
CURVE_NAMES = tuple(CURVE_OF_ATTRIBUTE.values())
STATE_FIELDS = "best_criterion", "best_epoch", "n_stalled", "start_loss", "stopped"


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
    layout : Layout or None
        Where the parameters of each member are, if each has a best epoch of its own.

    Attributes
    ----------
    loss, validation_loss, validation_score, learning_rate : list of float
        One value per epoch.
    best_theta : ndarray or None
        A copy of the parameters at the best epoch; of a member that has none yet, those of
        some epoch.
    best_criterion : float or ndarray of shape (n_members,)
        The value that was minimal there: training loss, validation loss or minus the score.
    best_epoch : int or ndarray of int of shape (n_members,)
        The best epoch, counted from 1; 0 means that no epoch was better than the start.
    n_stalled : int
        Number of epochs since the last improvement.
    start_loss : float
        Loss on a sample of the rows before the first step.
    stopped : bool
        Whether a callback has stopped training.
    """

    tol: float
    n_iter_no_change: float
    early_stopping: bool = False
    start_theta: np.ndarray | None = None
    layout: Layout | None = None
    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    best_theta: np.ndarray | None = None
    best_criterion: Any = math.inf
    best_epoch: Any = 0
    n_stalled: int = 0
    start_loss: float = math.nan
    stopped: bool = False

    def __post_init__(self) -> None:
        if self.layout is not None and np.ndim(self.best_epoch) == 0:
            self.best_criterion = np.full(self.layout.n_members, self.best_criterion)
            self.best_epoch = np.full(self.layout.n_members, self.best_epoch)

    @property
    def n_epochs(self) -> int:
        """Number of epochs recorded."""
        return len(self.learning_rate)

    @property
    def stalled(self) -> bool:
        """Whether there was no improvement in `n_iter_no_change` consecutive epochs."""
        return self.n_stalled >= self.n_iter_no_change

    def record(
        self,
        theta: np.ndarray,
        loss: float,
        learning_rate: float,
        validation_loss: Any = None,
        validation_score: float | None = None,
    ) -> float:
        """Record an epoch that ended with the parameters `theta`.

        Parameters
        ----------
        theta : ndarray of shape (P,)
        loss, learning_rate : float
        validation_loss : float or ndarray of shape (n_members,)
            Several members may each have a validation set of their own.
        validation_score : float

        Returns
        -------
        criterion : float
            The value to minimise: training loss, validation loss or minus the score; of
            members their mean.
        """
        if validation_loss is not None:
            self.validation_loss.append(_mean(validation_loss))
        if validation_score is not None:
            self.validation_score.append(validation_score)
        criterion: Any = loss
        if self.early_stopping and validation_loss is not None:
            criterion = validation_loss if validation_score is None else -validation_score
        self.loss.append(loss)
        self.learning_rate.append(learning_rate)  # the last curve: it defines n_epochs
        self.n_stalled += 1
        if _any(criterion < self.best_criterion - self.tol):
            self.n_stalled = 0
        self._keep_if_better(criterion, theta)
        return _mean(criterion)

    def _keep_if_better(self, criterion: Any, theta: np.ndarray) -> None:
        """Keep the parameters if the epoch is the best so far; of members, each its own."""
        is_better = criterion < self.best_criterion
        if not _any(is_better):
            return
        best_theta = self.best_theta
        if self.layout is None or best_theta is None or np.all(is_better):
            best_theta = copy_of(theta)
        else:
            self.layout.copy_members(theta, best_theta, is_better)
        best_criterion = _either(is_better, criterion, self.best_criterion)
        best_epoch = _either(is_better, self.n_epochs, self.best_epoch)
        best = best_theta, best_criterion, best_epoch
        # In one step: they belong together after Ctrl-C, too.
        self.best_theta, self.best_criterion, self.best_epoch = best

    @property
    def has_best(self) -> bool:
        """Whether an epoch was the best; of several members, for each of them."""
        return self.best_theta is not None and bool(np.all(self.best_criterion < math.inf))

    @property
    def has_no_score(self) -> bool:
        """Whether there is a scorer, but no epoch in which its score is a number."""
        scores = self.validation_score
        return bool(scores) and all(map(math.isnan, scores))

    @property
    def last_best_epoch(self) -> int:
        """The epoch in which the last part of `best_theta` was the best."""
        return int(np.max(self.best_epoch))

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
        curves = {name: self.curve(name) for name in CURVE_NAMES}
        others = {name: getattr(self, name) for name in (*STATE_FIELDS, "best_theta")}
        return curves | others

    def restore(self, state: dict[str, Any]) -> None:
        """Set everything that changes during training to a `state`."""
        vars(self).update(state, **{name: state[name].tolist() for name in CURVE_NAMES})


# NumPy's functions take 5 to 10 microseconds for a number, which small nets would notice in
# every epoch.


def _mean(values: Any) -> float:
    """Return the mean of a number, or of (n_members,)."""
    return float(values.mean() if isinstance(values, np.ndarray) else values)


def _any(condition: Any) -> bool:
    """Return whether a condition holds: of a number, or for any of (n_members,)."""
    return bool(condition.any() if isinstance(condition, np.ndarray) else condition)


def _either(condition: Any, yes: Any, no: Any) -> Any:
    """Return `yes` where the condition holds, else `no`: a number, or (n_members,)."""
    return np.where(condition, yes, no) if np.ndim(condition) else yes
