"""The state of a training: its plan, its progress, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.namespace import copy_of
from skshallow.schedules import Schedule
from skshallow.solvers import Solver, State

AVERAGE_MEMORY = 8  # the average spans about the last ninth of the steps; larger: less


@dataclass(frozen=True)
class Plan:
    """How to train: the settings that do not change while it goes on.

    Parameters
    ----------
    solver : Solver
        What moves the parameters.
    learning_rate : float
        Multiplied by the schedule.
    schedule : Schedule
        The multiplier over the epochs.
    batch_size : int
        Rows per step.
    shuffle : bool
        Whether each epoch takes the rows in a new order.
    n_epochs : int
        Epochs to run, at most.
    max_iter : int
        Epochs that the schedule spreads over; more than `n_epochs` in partial_fit.
    max_grad_norm : float or None
        Longer gradients are scaled down to this Euclidean norm.
    tol : float
        L-BFGS stops when no entry of the gradient exceeds it.
    average : bool
        Whether each epoch ends at the average of the steps so far; see `add_to_average`.
    dropout : float
        The network's share of dropped activations, multiplied by the schedule.
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
    average: bool = False
    dropout: float = 0.0


@dataclass
class Progress:
    """Where training stands: what it needs to go on as if it had never stopped.

    Parameters
    ----------
    rng : Generator
        Shuffles rows and draws dropout masks.
    solver, schedule : Solver, Schedule
        Whose states these are.
    solver_state, schedule_state : dict
        What they remember.
    epoch : int
        How many epochs of the schedule have passed.
    average : ndarray of shape (P,) or None
        Of the parameters after each step of this fit, if it averages.
    n_averaged : int
        Over how many steps.
    """

    rng: np.random.Generator
    solver: Solver
    schedule: Schedule
    solver_state: State
    schedule_state: dict[str, Any]
    epoch: int = 0
    average: np.ndarray | None = None
    n_averaged: int = 0

    def add_to_average(self, theta: np.ndarray) -> None:
        """Take a step's `theta` (P,) into the average, which forgets the first ones.

        With step number ``t`` and ``m = AVERAGE_MEMORY``::

            average += (1 + m) / (t + m) * (theta - average)

        Its memory grows with the steps, to about a ninth of them.

        References
        ----------
        Shamir, Zhang (2013), ICML, section 4, "polynomial-decay averaging".
        """
        if self.average is None:
            self.average = copy_of(theta)
        self.n_averaged += 1
        share = (1 + AVERAGE_MEMORY) / (self.n_averaged + AVERAGE_MEMORY)
        self.average += share * (theta - self.average)


@dataclass
class Outcome:
    """How training ended.

    Attributes
    ----------
    converged : bool
        Whether it ended for a reason other than running out of epochs.
    diverged : bool
        Whether the loss or the parameters became infinite or NaN.
    exploded : bool
        Whether the loss stayed finite but ended well above where it started.
    restored : bool
        Whether the parameters are those of the best epoch, not of the last.
    usable : bool
        Whether an epoch was finished, and the parameters give a finite loss.
    """

    converged: bool = False
    diverged: bool = False
    exploded: bool = False
    restored: bool = False
    usable: bool = True
