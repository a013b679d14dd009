"""Training settings (`Plan`), state (`Progress`, with weight averaging) and `Outcome`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skshallow._arrays.linalg import add_scaled
from skshallow._arrays.namespace import copy_of
from skshallow.schedules import Schedule
from skshallow.solvers import Solver, State

AVERAGE_MEMORY = 8  # averages over about the last ninth of the steps; if larger, fewer
COOLDOWN = 8  # a schedule that is cut short ends within this fraction of its epochs


class Plan(NamedTuple):
    """Settings of the training loop, which do not change during training.

    Parameters
    ----------
    solver : Solver
        The solver that updates the parameters.
    learning_rate : float
        The learning rate, which the schedule multiplies.
    schedule : Schedule
        The learning rate schedule.
    batch_size : int
        Rows per step.
    shuffle : bool
        Whether to shuffle the rows in each epoch.
    n_epochs : int
        Largest number of epochs to run.
    max_iter : int
        The epoch in which the schedule ends; above `n_epochs` in `partial_fit`.
    max_grad_norm : float or None
        Gradients with a larger Euclidean norm are scaled down to this norm.
    tol : float
        An improvement of the loss counts if it is larger; L-BFGS stops when no entry of the
        gradient is larger.
    average_weights : bool
        Whether to average the parameters over the steps; see `add_to_average`.
    dropout : float
        The dropout rate, which the schedule multiplies.
    """

    solver: Solver
    learning_rate: float
    schedule: Schedule
    batch_size: int
    shuffle: bool
    n_epochs: int
    max_iter: int
    max_grad_norm: float | None
    tol: float
    average_weights: bool = False
    dropout: float = 0.0


@dataclass
class Progress:
    """The state of training, from which it can be resumed with the same result.

    Parameters
    ----------
    rng : Generator
        Random generator for shuffling and dropout masks.
    solver, schedule : Solver, Schedule
        The solver and schedule of the states below.
    solver_state, schedule_state : dict
        State of the solver, such as moments, and of the schedule.
    epoch : int or float
        Number of epochs of the schedule so far.
    pace : int or float
        Epochs of the schedule that pass in an epoch of training; more than 1 in a cooldown.
    average : ndarray of shape (P,) or None
        Average of the parameters over the steps of this fit, if `Plan.average_weights`.
    n_averaged : int
        Number of steps in the average.
    """

    rng: np.random.Generator
    solver: Solver
    schedule: Schedule
    solver_state: State
    schedule_state: dict[str, Any]
    epoch: float = 0
    pace: float = 1
    average: np.ndarray | None = None
    n_averaged: int = 0

    def advance(self, end: int) -> None:
        """Count an epoch; a cooldown arrives exactly at the `end` of the schedule."""
        self.epoch += self.pace
        if self.pace > 1 and self.epoch > end - self.pace / 2:
            self.epoch = end

    def cool_down(self, end: int) -> None:
        """Pass the rest of the schedule quickly: in an eighth of all its epochs.

        References
        ----------
        Hägele et al. (2024), arXiv:2405.18392: a short cooldown of the learning rate gives
        what a schedule of that length would have given.
        """
        self.pace = max(self.pace, (end - self.epoch) / max(1, end // COOLDOWN))

    def add_to_average(self, theta: np.ndarray) -> None:
        """Update the average by `theta` (P,) after a step; late steps have more weight.

        With step number ``t`` and ``m = AVERAGE_MEMORY``::

            average += (1 + m) / (t + m) * (theta - average)

        The average is over about the last ninth of all steps.

        References
        ----------
        Shamir, Zhang (2013), ICML, section 4, "polynomial-decay averaging".
        """
        if self.average is None:
            self.average = copy_of(theta)
        self.n_averaged += 1
        share = (1 + AVERAGE_MEMORY) / (self.n_averaged + AVERAGE_MEMORY)
        add_scaled(theta - self.average, share, out=self.average)

    def forget_average(self) -> None:
        """Remove the average, so that the next step begins a new one."""
        self.average, self.n_averaged = None, 0


@dataclass
class Outcome:
    """How training ended.

    Attributes
    ----------
    converged : bool
        Whether training stopped before the last planned epoch.
    diverged : bool
        Whether the loss or the parameters became infinite or NaN.
    exploded : bool
        Whether the final loss is finite but far above the initial loss.
    restored : bool
        Whether the parameters are those of the best epoch instead of the last one.
    usable : bool
        Whether an epoch had a finite criterion, or its weights are kept all the same.
    """

    converged: bool = False
    diverged: bool = False
    exploded: bool = False
    restored: bool = False
    usable: bool = True
