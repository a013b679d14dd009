r"""The training loop: minibatch gradient descent, or L-BFGS on the whole training set.

An epoch is one pass over the rows, or one iteration of L-BFGS. After each epoch, the
validation loss is computed, the history recorded, the schedule updated and the watcher
called; then training continues or stops. Without improvement, a schedule that has an end
is first passed quickly to its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from scipy.linalg import norm

from skshallow._arrays.freed_memory import keep_freed_memory
from skshallow._arrays.namespace import (
    all_finite,
    asarray_like,
    dtype_of,
    namespace,
    to_numpy,
    without_overflow_warnings,
)
from skshallow._arrays.threads import threads_for
from skshallow.engine.batches import Rows
from skshallow.engine.health import HealthRecorder
from skshallow.engine.history import History
from skshallow.engine.objective import Objective
from skshallow.engine.state import Outcome, Plan, Progress

OUT_OF_ITERATIONS = 1  # SciPy's status of an L-BFGS that ran out of them
STEPS_BETWEEN_FLUSHES = 32  # of what is almost 0, see `Solver.flush`
START_SAMPLE = 256  # rows on which the loss before the first step is computed
# As soon as so many rows wait, or so many values of many outputs, their loss is evaluated.
ROWS_PER_LOSS = 4096
VALUES_PER_LOSS = 1 << 18

# Takes the parameters, the training loss and the learning rate of an epoch; returns its
# validation loss, or one per member, and, if there is a scorer, its score.
Validate = Callable[[np.ndarray, float, float], tuple[Any, float | None]]


class Watcher(Protocol):
    """What is called before and after each epoch; it may set `History.stopped`."""

    def begin_epoch(self) -> None:
        """Act before an epoch."""

    def end_epoch(self, theta: np.ndarray) -> None:
        """Act after an epoch that ended with the parameters `theta` (P,)."""


class Diverged(ArithmeticError):
    """The loss or the parameters are no longer finite."""


class RunningLoss:
    """The mean loss over the steps of an epoch, computed for many batches at once.

    Steps only need the gradient; the loss is needed once per epoch.
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
        """Add a batch (n, n_outputs); raise Diverged if the loss is not finite."""
        batch = (y, raw_prediction)
        self._pending.append(batch if sample_weight is None else (*batch, sample_weight))
        self._n_pending += y.shape[0]
        values_per_row = math.prod(raw_prediction.shape) // y.shape[0]
        if self._n_pending >= min(ROWS_PER_LOSS, VALUES_PER_LOSS // values_per_row):
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


class Trainer:
    """Minimises an objective on training rows; changes ``objective.theta`` in place.

    Parameters
    ----------
    objective : Objective
        The function to minimise.
    rows : Rows
        The standardised training rows.
    plan : Plan
        Settings of solver, schedule, batches and epochs.
    progress : Progress
        State of solver, schedule and random generator.
    history : History
        Records the epochs. Training continues after those that it already has.
    health : HealthRecorder
        Records diagnostics of the layers.
    watcher : Watcher
        Called before and after each epoch.
    validate : callable or None
        Returns the validation loss and score, called once per epoch; see `Validate`.
    """

    def __init__(
        self,
        objective: Objective,
        rows: Rows,
        plan: Plan,
        progress: Progress,
        history: History,
        health: HealthRecorder,
        watcher: Watcher,
        validate: Validate | None = None,
    ) -> None:
        self.objective = objective
        self.rows = rows
        self.plan = plan
        self.progress = progress
        self.history = history
        self.health = health
        self.watcher = watcher
        self.validate = validate

    def train(self) -> Outcome:
        """Train, and set ``objective.theta`` to the final parameters.

        With early stopping they are those of the best epoch, otherwise of the last one.
        After divergence they are those of the best epoch or, if these are worse, the
        initial ones.
        """
        objective, history = self.objective, self.history
        run = self._descend if self.plan.solver.stochastic else self._minimize
        rows_per_step = min(self.plan.batch_size, len(self.rows))
        outcome = Outcome()
        widest = objective.network.widest(self.rows.values_per_row)
        keep_freed_memory(rows_per_step * widest * dtype_of(objective.theta).itemsize)
        threads = threads_for(rows_per_step * objective.network.multiply_adds_per_row)
        with threads, without_overflow_warnings():
            if history.n_epochs == 0:
                history.start_loss = self._loss_of_sample()
            try:
                outcome.converged = self.has_ended or run()
                if self.progress.average is not None:
                    objective.theta[...] = self.progress.average
                if not (history.early_stopping or math.isfinite(self._loss_of_sample())):
                    raise Diverged  # in the last step, after the loss was computed
            except Diverged:
                outcome.diverged = True
            outcome.usable = history.has_best
            if (outcome.diverged or history.early_stopping) and outcome.usable:
                objective.theta[...] = history.best_theta
                outcome.restored = True
            if outcome.diverged and outcome.usable:
                self._fall_back()
            elif outcome.usable and self.plan.n_epochs > 1:
                outcome.exploded = self._ended_above_start()
        return outcome

    @property
    def has_ended(self) -> bool:
        """Whether training has ended before the last planned epoch."""
        return has_ended(self.plan, self.progress, self.history)

    def _descend(self) -> bool:
        """Take gradient steps, minibatch by minibatch; return whether they converged."""
        objective, plan, progress = self.objective, self.plan, self.progress
        theta, grad, history = objective.theta, objective.grad, self.history
        n_batches = self.rows.n_batches(plan.batch_size)
        shuffler = progress.rng if plan.shuffle else None
        for _ in range(history.n_epochs, plan.n_epochs):
            self.watcher.begin_epoch()
            running_loss = RunningLoss(objective)
            for i, batch in enumerate(self.rows.batches(plan.batch_size, shuffler)):
                multiplier = plan.schedule.multiplier(
                    progress.epoch + progress.pace * i / n_batches,
                    plan.max_iter,
                    progress.schedule_state,
                )
                raw_prediction = objective.gradient(
                    *batch, rng=progress.rng, dropout_share=min(multiplier, 1.0)
                )
                objective.average_over_members()
                running_loss.add(raw_prediction, *batch[1:])
                if plan.max_grad_norm is not None:
                    n_members = objective.network.n_members
                    clip(grad, plan.max_grad_norm * math.sqrt(n_members))
                if i == n_batches - 1:
                    self.health.before_last_step(history.n_epochs + 1, theta)
                plan.solver.step(
                    theta, grad, progress.solver_state, multiplier * plan.learning_rate
                )
                objective.project()
                if (history.n_epochs * n_batches + i) % STEPS_BETWEEN_FLUSHES == 0:
                    plan.solver.flush(theta, progress.solver_state)
                if plan.average_weights:
                    progress.add_to_average(theta)
            progress.advance(plan.max_iter)
            value = running_loss.mean() + objective.penalty()
            if not (math.isfinite(value) and all_finite(theta)):
                raise Diverged
            with objective.at(progress.average):
                criterion = self._record(value, multiplier * plan.learning_rate)
            plan.schedule.update(progress.schedule_state, criterion)
            if history.stalled and plan.schedule.needs_end:
                progress.cool_down(plan.max_iter)
            self.health.end_epoch(history.n_epochs, objective)
            self.watcher.end_epoch(theta if progress.average is None else progress.average)
            if self.has_ended:
                return True
        return False

    def _minimize(self) -> bool:
        """Run L-BFGS on all rows at once; return whether it converged."""
        objective, history, health = self.objective, self.history, self.health
        X, y, sample_weight = self.rows.whole()
        in_iteration = False

        def value_and_gradient(theta):
            nonlocal in_iteration
            if not in_iteration:
                self.watcher.begin_epoch()
                in_iteration = True
            objective.theta[...] = self._as_parameters(theta)
            loss = objective.value_and_gradient(X, y, sample_weight)
            return loss, to_numpy(objective.grad).astype(np.float64)

        def record(result):  # its function value is summed over members
            self._record(float(result.fun) / objective.network.n_members, math.nan)

        def after_iteration(result):
            nonlocal in_iteration
            if not math.isfinite(result.fun):
                raise Diverged
            objective.theta[...] = self._as_parameters(result.x)
            record(result)
            health.end_epoch(history.n_epochs, objective)
            health.before_last_step(history.n_epochs + 1, objective.theta)
            in_iteration = False
            self.watcher.end_epoch(objective.theta)
            if self.has_ended:
                raise StopIteration

        bounds = objective.network.bounds
        health.before_last_step(1, objective.theta)
        result = self.plan.solver.minimize(
            value_and_gradient,
            to_numpy(objective.theta).astype(np.float64),
            max_iter=self.plan.n_epochs,
            tol=self.plan.tol,
            callback=after_iteration,
            **({} if bounds is None else {"bounds": bounds}),
        )
        if not math.isfinite(result.fun):
            raise Diverged
        objective.theta[...] = self._as_parameters(result.x)
        if in_iteration:  # optimal from the start, or the last line search failed
            record(result)
            health.end_epoch(history.n_epochs, objective)
            self.watcher.end_epoch(objective.theta)
        # a failed line search, at a kink or for rounding in float32, counts as convergence
        return self.has_ended or result.status != OUT_OF_ITERATIONS

    def _as_parameters(self, theta: np.ndarray) -> np.ndarray:
        """Return a vector (P,) of SciPy in the dtype and library of the parameters."""
        own = self.objective.theta
        return asarray_like(theta.astype(dtype_of(own)), own)

    def _record(self, loss: float, learning_rate: float) -> float:
        """Compute validation loss and score, record the epoch, return its criterion."""
        theta = self.objective.theta
        validation: tuple[Any, ...] = ()
        if self.validate is not None:
            validation = self.validate(theta, loss, learning_rate)
        return self.history.record(theta, loss, learning_rate, *validation)

    def _loss_of_sample(self) -> float:
        """Return the loss on a sample of the rows."""
        return self.objective.mean_loss([self.rows.sample(START_SAMPLE)])

    def _loss_at(self, theta: np.ndarray | None) -> float:
        """Return the loss on all rows at `theta` (P,)."""
        with self.objective.at(theta):
            return self.objective.mean_loss(self.rows.batches(self.plan.batch_size))

    def _fall_back(self) -> None:
        """Restore the best epoch before divergence, or the initial parameters if better.

        They are compared by their losses now: the recorded loss of an epoch is a mean over
        its steps, and can be low although the last step diverged.
        """
        history = self.history
        best_loss = self._loss_at(history.best_theta)
        start_loss = self._loss_at(history.start_theta)
        if not start_loss > best_loss:
            history.best_epoch, history.best_theta = 0, history.start_theta
            history.start_loss = start_loss
        self.objective.theta[...] = history.best_theta

    def _ended_above_start(self) -> bool:
        """Return whether the final loss is clearly above the initial loss.

        It is computed on all rows only if the loss curve suggests so.
        """
        if not self.history.loss[-1] > 2 * self.history.start_loss + self.plan.tol:
            return False
        start_loss = self._loss_at(self.history.start_theta)
        return self._loss_at(self.objective.theta) > 2 * start_loss + self.plan.tol


def has_ended(plan: Plan, progress: Progress, history: History) -> bool:
    """Return whether training has ended before the last planned epoch.

    A callback ends it at once; a lack of improvement ends it after the cooldown of a
    schedule that has an end.
    """
    if plan.solver.stochastic and plan.schedule.needs_end:
        cooled_down = progress.pace > 1 and progress.epoch >= plan.max_iter
        return history.stopped or cooled_down
    return history.stopped or history.stalled


def clip(grad: np.ndarray, max_norm: float) -> None:
    """Scale `grad` (P,) down to Euclidean norm `max_norm` if it is longer."""
    if isinstance(grad, np.ndarray):
        size = float(norm(grad, check_finite=False))  # BLAS nrm2: squares never overflow
    else:
        size = float(namespace(grad).linalg.vector_norm(grad))
    if size > max_norm:
        grad *= max_norm / size
