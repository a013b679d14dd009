r"""Training: epochs of minibatches, one step each; or L-BFGS on the whole objective.

An epoch is one pass over the rows, or one iteration of L-BFGS. After each, the history
takes note, the schedule is told, the watcher is asked, and training goes on or stops.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from scipy.linalg import norm

from skshallow._arrays.namespace import (
    all_finite,
    beside,
    copy_of,
    dtype_of,
    namespace,
    to_numpy,
)
from skshallow._arrays.threads import threads_for
from skshallow.engine.batches import Rows
from skshallow.engine.health import HealthRecorder
from skshallow.engine.history import History
from skshallow.engine.objective import Objective
from skshallow.engine.state import Outcome, Plan, Progress

OUT_OF_ITERATIONS = 1  # how SciPy's L-BFGS says so
START_SAMPLE = 256  # rows that tell the loss before the first step
ROWS_A_LOSS = 4096  # rows whose loss is evaluated at once


class Watcher(Protocol):
    """Who is told when an epoch begins and ends; `History.stopped` is theirs to set."""

    def begin_epoch(self) -> None:
        """Be told that an epoch begins."""

    def end_epoch(self, theta: np.ndarray) -> None:
        """Be told that an epoch left the parameters at `theta`."""


class Diverged(ArithmeticError):
    """The loss or the parameters are no longer finite."""


class RunningLoss:
    """The mean loss over the steps of an epoch, evaluated many batches at a time.

    No step needs its loss, only the epoch's record does.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._pending: list[tuple[np.ndarray, ...]] = []
        self._n_pending = self._n_rows = 0
        self._total = 0.0

    def add(
        self,
        raw_prediction: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None,
    ) -> None:
        """Take note of a batch (n, n_outputs); raise Diverged if a loss is not finite."""
        batch = (y, raw_prediction)
        self._pending.append(batch if sample_weight is None else (*batch, sample_weight))
        self._n_pending += y.shape[0]
        if self._n_pending >= ROWS_A_LOSS:
            self._evaluate()

    def mean(self) -> float:
        """Return the mean over all rows so far."""
        if self._pending:
            self._evaluate()
        return self._total / self._n_rows

    def _evaluate(self) -> None:
        y, raw_predictions, *weights = zip(*self._pending, strict=True)
        concat = namespace(y[0]).concat
        self._total += self._n_pending * self._objective.loss_of(
            concat(y), concat(raw_predictions, axis=-2), *map(concat, weights)
        )
        self._n_rows += self._n_pending
        self._pending, self._n_pending = [], 0
        if not math.isfinite(self._total):
            raise Diverged


def train(
    objective: Objective,
    rows: Rows,
    plan: Plan,
    progress: Progress,
    history: History,
    health: HealthRecorder,
    watcher: Watcher,
) -> Outcome:
    """Minimise `objective` over `rows`, moving ``objective.theta`` in place.

    With early stopping the parameters are in the end those of the best epoch; else those
    of the last. After divergence they are those of the best epoch or, if these are worse,
    those of the start. With a `history` that has begun, training goes on from there.
    """
    run = _descend if plan.solver.stochastic else _minimize
    rows_at_once = min(plan.batch_size, len(rows))
    outcome = Outcome()
    threads = threads_for(rows_at_once * objective.network.multiply_adds_per_row)
    with threads, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if history.n_epochs == 0:
            history.start_loss = objective.mean_loss([rows.sample(START_SAMPLE)])
        try:
            outcome.converged = history.ended or run(
                objective, rows, plan, progress, history, health, watcher
            )
            if progress.average is not None:
                objective.theta[...] = progress.average
            end_loss = objective.mean_loss([rows.sample(START_SAMPLE)])
            if not (history.early_stopping or math.isfinite(end_loss)):
                raise Diverged  # in the very last step
        except Diverged:
            outcome.diverged = True
        outcome.usable = history.best_theta is not None
        if (outcome.diverged or history.early_stopping) and outcome.usable:
            objective.theta[...] = history.best_theta
            outcome.restored = True
        if outcome.diverged and outcome.usable:
            _fall_back(objective, rows, plan, history)
        elif outcome.usable and plan.n_epochs > 1:
            outcome.exploded = _ended_above_start(objective, rows, plan, history)
    return outcome


def _fall_back(objective, rows, plan, history) -> None:
    """Go back to the start if it is better than the best epoch before divergence.

    An epoch's loss is a mean over its steps; the last of them may have gone astray.
    """
    best_loss = objective.mean_loss(rows.batches(plan.batch_size))
    objective.theta[...] = history.start_theta
    start_loss = objective.mean_loss(rows.batches(plan.batch_size))
    if start_loss > best_loss:
        objective.theta[...] = history.best_theta
    else:
        history.best_epoch, history.best_theta = 0, history.start_theta
        history.start_loss = start_loss


def _ended_above_start(objective, rows, plan, history) -> bool:
    """Return whether the parameters are clearly worse than those of the start.

    The curve tells, at no cost, that they hardly can be; only else is it measured.
    """
    if not history.loss[-1] > 2 * history.start_loss + plan.tol:
        return False
    end = copy_of(objective.theta)
    end_loss = objective.mean_loss(rows.batches(plan.batch_size))
    objective.theta[...] = history.start_theta
    start_loss = objective.mean_loss(rows.batches(plan.batch_size))
    objective.theta[...] = end
    return end_loss > 2 * start_loss + plan.tol


def _descend(objective, rows, plan, progress, history, health, watcher) -> bool:
    """Take gradient steps, minibatch by minibatch; return whether they converged."""
    theta, grad = objective.theta, objective.grad
    n_batches = math.ceil(len(rows) / plan.batch_size)
    for _ in range(history.n_epochs, plan.n_epochs):
        watcher.begin_epoch()
        running_loss = RunningLoss(objective)
        shuffler = progress.rng if plan.shuffle else None
        for i, batch in enumerate(rows.batches(plan.batch_size, shuffler)):
            multiplier = plan.schedule.multiplier(
                progress.epoch + i / n_batches,
                plan.max_iter,
                progress.schedule_state,
            )
            raw_prediction = objective.gradient(
                *batch, rng=progress.rng, dropout_share=min(multiplier, 1.0)
            )
            running_loss.add(raw_prediction, *batch[1:])
            if plan.max_grad_norm is not None:
                _clip(grad, plan.max_grad_norm * math.sqrt(objective.network.n_members))
            if i == n_batches - 1:
                health.before_last_step(history.n_epochs + 1, theta)
            plan.solver.step(
                theta, grad, progress.solver_state, multiplier * plan.learning_rate
            )
            if plan.average:
                progress.add_to_average(theta)
        progress.epoch += 1
        value = running_loss.mean() + objective.penalty()
        if not (math.isfinite(value) and all_finite(theta)):
            raise Diverged
        with _at(theta, progress.average):
            criterion = history.record(theta, value, multiplier * plan.learning_rate)
        plan.schedule.update(progress.schedule_state, criterion)
        health.end_epoch(history.n_epochs, objective)
        watcher.end_epoch(theta if progress.average is None else progress.average)
        if history.ended:
            return True
    return False


@contextmanager
def _at(theta: np.ndarray, average: np.ndarray | None) -> Iterator[None]:
    """Let `theta` (P,), and all views of it, be at the average for a while."""
    if average is None:
        yield
        return
    walker = copy_of(theta)
    theta[...] = average
    try:
        yield
    finally:
        theta[...] = walker


def _minimize(objective, rows, plan, progress, history, health, watcher) -> bool:
    """Run L-BFGS on all rows at once; return whether it converged."""
    X, y, sample_weight = rows.whole()
    in_iteration = False

    def value_and_gradient(theta):
        nonlocal in_iteration
        if not in_iteration:
            watcher.begin_epoch()
            in_iteration = True
        objective.theta[...] = _as_parameters(theta, objective)
        loss = objective.value_and_gradient(X, y, sample_weight)
        return loss, to_numpy(objective.grad).astype(np.float64)

    def after_iteration(result):
        nonlocal in_iteration
        if not math.isfinite(result.fun):
            raise Diverged
        objective.theta[...] = _as_parameters(result.x, objective)
        history.record(objective.theta, float(result.fun), math.nan)
        health.end_epoch(history.n_epochs, objective)
        health.before_last_step(history.n_epochs + 1, objective.theta)
        in_iteration = False
        watcher.end_epoch(objective.theta)
        if history.ended:
            raise StopIteration

    health.before_last_step(1, objective.theta)
    result = plan.solver.minimize(
        value_and_gradient,
        to_numpy(objective.theta).astype(np.float64),
        max_iter=plan.n_epochs,
        tol=plan.tol,
        callback=after_iteration,
    )
    if not math.isfinite(result.fun):
        raise Diverged
    objective.theta[...] = _as_parameters(result.x, objective)
    if in_iteration:  # already optimal, or no lower point along the last direction
        history.record(objective.theta, float(result.fun), math.nan)
        health.end_epoch(history.n_epochs, objective)
        watcher.end_epoch(objective.theta)
    # kinks and float32 end the descent before the gradient vanishes: no lack of epochs
    return history.ended or result.status != OUT_OF_ITERATIONS


def _clip(grad: np.ndarray, max_norm: float) -> None:
    """Scale `grad` (P,) down to Euclidean norm `max_norm` if it is longer."""
    if isinstance(grad, np.ndarray):
        length = float(norm(grad, check_finite=False))  # BLAS nrm2: squares never overflow
    else:
        length = float(namespace(grad).linalg.vector_norm(grad))
    if length > max_norm:
        grad *= max_norm / length


def _as_parameters(theta: np.ndarray, objective: Objective) -> np.ndarray:
    """Return SciPy's vector (P,) as one like the objective's."""
    return beside(theta.astype(dtype_of(objective.theta)), objective.theta)
