"""Comparison of the final training loss with that of the best constant prediction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.fit.auto import AUTO_STEPS_OF_LOG_LOSS
from skshallow._estimators.fit.run import FitRun
from skshallow.engine.objective import row_weight
from skshallow.engine.state import Outcome
from skshallow.engine.trainer import ROWS_PER_LOSS, START_SAMPLE, VALUES_PER_LOSS

MARGIN = 0.05  # what trained on noise, or with a strong penalty, ends up to 3 % above
# Networks start above the constant, and short fits may end there. These are long enough: it
# is the fewest steps that max_iter="auto" comes to.
ENOUGH_STEPS = AUTO_STEPS_OF_LOG_LOSS
# Far fewer steps show a pace, and training is fastest at the start: a fit is too slow if
# `ENOUGH_STEPS` at the pace so far would not reach the constant.
FEW_STEPS = 20
# A net that a tiny learning rate leaves where it began ends within this share of the first
# loss after so many steps; a curve that fell by more than `FALL` needs no closer look.
HARDLY_MOVED = 0.02
STEPS_TO_MOVE = 100
FALL = 0.1
ROWS_TO_JUDGE = 8192  # on which the loss hardly moved; all take a tenth of a large fit


class AboveConstant(NamedTuple):
    """A final loss that is above that of the best constant prediction.

    Parameters
    ----------
    loss, constant : float
        The two losses on the training rows, without penalty.
    too_slow : bool
        Whether the loss fell, or stayed, in all of training: it never jumped up.
    """

    loss: float
    constant: float
    too_slow: bool


def loss_above_constant(run: FitRun, outcome: Outcome) -> AboveConstant | None:
    """Return the losses if training never came near the best constant, else None.

    A fit is judged if it ended because its training loss fell no further or, after several
    epochs, if `ENOUGH_STEPS` would not have reached the constant at its pace. An epoch
    below the constant shows that training works, unless the weights grew without end
    afterwards: where early stopping then prefers an earlier one, there is nothing to learn,
    as in noise.
    """
    history, tol = run.history, run.config.plan.tol
    n_steps = history.n_epochs * run.rows.n_batches(run.config.plan.batch_size)
    gave_up = outcome.converged and not (history.stopped or history.early_stopping)
    if not (gave_up or (history.n_epochs > 1 and n_steps >= FEW_STEPS)):
        return None
    objective = run.objective
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        constant = _loss_of_constant(run)
        ended_low = not history.loss[-1] > 2 * history.start_loss + tol
        if ended_low and not min(history.loss) > constant:
            return None
        loss, penalty = _training_loss(run), objective.penalty()
        with objective.at(history.start_theta):
            start, start_penalty = _training_loss(run), objective.penalty()
            curve_start = _objective_on_sample(run)
    on_its_way = (start - loss) * ENOUGH_STEPS >= (start - constant) * n_steps
    if not (gave_up or n_steps >= ENOUGH_STEPS) and on_its_way:
        return None
    # the constant of an almost exact loss is near 0, and no measure by itself
    margin = MARGIN * max(constant, start - constant)
    # weights that grew without end, and left dead units, may end just at the constant
    grew = loss + penalty > 2 * (start + start_penalty) + tol
    least = constant - margin if grew else constant + margin
    if not loss > least + max(tol, float(np.finfo(run.config.dtype).eps)):
        return None
    if not (grew or min(history.loss) > constant):
        return None
    jumped = max(history.loss) > 2 * curve_start + tol or loss > start + tol
    return AboveConstant(loss, constant, not jumped)


def has_hardly_moved(run: FitRun) -> bool:
    """Return whether many steps left the loss of the first weights as it was.

    Random weights that happen to be better than the constant would hide this else. Losses
    near the constant are left to `loss_above_constant`: they may be all there is to learn.
    """
    n_steps = run.history.n_epochs * run.rows.n_batches(run.config.plan.batch_size)
    if run.last is not None or n_steps < STEPS_TO_MOVE:
        return False
    if not run.config.plan.solver.stochastic or run.history.stopped:
        return False
    if run.history.loss[-1] < (1 - FALL) * run.history.loss[0]:
        return False  # which is seen without another pass over rows
    some = [run.rows.sample(ROWS_TO_JUDGE)]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        loss = run.objective.mean_loss(some)
        with run.objective.at(run.history.start_theta):
            start = run.objective.mean_loss(some)
        if not 0 <= start - loss < HARDLY_MOVED * start:
            return False
        return 0 < loss < (1 - MARGIN) * _loss_of_constant(run)


def _training_loss(run: FitRun) -> float:
    """Return the loss on the training rows, without penalty and dropout."""
    return run.objective.mean_loss(run.rows.batches(run.config.plan.batch_size))


def _objective_on_sample(run: FitRun) -> float:
    """Return the objective on a sample of the rows, with dropout, as in the loss curve."""
    X, y, weight = run.rows.sample(START_SAMPLE)
    rng = np.random.default_rng(0)  # that of the fit goes on in the next call
    raw_prediction, _ = run.network.forward(X, run.objective.params_of(), rng)
    return run.objective.loss_of(y, raw_prediction, weight) + run.objective.penalty()


def _loss_of_constant(run: FitRun) -> float:
    """Return the loss of the best constant prediction on the training rows."""
    data, rows = run.data, run.rows
    y = data.training_part(to_numpy(rows.y))
    weight = data.training_part(to_numpy(row_weight(rows.sample_weight)))
    constant = data.targets.best_constant(data.loss, y, weight)[np.newaxis]
    n_rows = max(1, min(ROWS_PER_LOSS, VALUES_PER_LOSS // constant.shape[1]))
    total = 0.0
    for start in range(0, len(y), n_rows):
        part = slice(start, start + n_rows)
        raw_prediction = np.repeat(constant, len(y[part]), axis=0)
        part_weight = None if weight is None else weight[part]
        loss = run.objective.loss_of(y[part], raw_prediction, part_weight)
        total += len(y[part]) * loss
    return total / len(y)
