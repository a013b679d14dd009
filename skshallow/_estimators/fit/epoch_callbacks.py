"""Callbacks, verbose output and checkpoints after each epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow._estimators.checks.sklearn_private import callbacks_of
from skshallow._estimators.fit.checkpoint import TrainingFile
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.run import FitRun


class EpochCallbacks:
    """Tells callbacks and the terminal about each epoch; see `trainer.Watcher`.

    Parameters
    ----------
    run : FitRun
        Before its first epoch.
    context : CallbackContext
        Of the whole fit; each epoch gets a subcontext.
    told : dict
        What every callback is given: the user's own estimator, X, y and metadata.
    as_fitted : callable
        From a result to a fitted estimator.
    training_file : TrainingFile or None
        Where the training is kept.
    """

    def __init__(
        self,
        run: FitRun,
        context: Any,
        told: dict[str, Any],
        as_fitted: Callable[[FitResult], Any],
        training_file: TrainingFile | None,
    ) -> None:
        self._run = run
        self._context = context if callbacks_of(told["estimator"]) else None
        self._told = told
        self._as_fitted = as_fitted
        self._training_file = training_file
        self._every = run.config.verbose
        self._start = time.perf_counter()
        if self._every and run.history.n_epochs == 0:
            print(_settings_line(run))

    def begin_epoch(self) -> None:
        """Open the subcontext of the epoch."""
        if self._context is not None:
            self._epoch = self._context.subcontext(
                task_name=f"epoch {self._run.history.n_epochs}"
            )
            self._epoch.call_on_fit_task_begin(**self._told)

    def end_epoch(self, theta: np.ndarray) -> None:
        """Print a line if it is time to, close the subcontext, stop if it says so.

        A checkpoint comes last, when all that it keeps has been decided.
        """
        run = self._run
        if self._every and run.history.n_epochs % self._every == 0:
            print(_epoch_line(run, time.perf_counter() - self._start))
        if self._context is not None:
            run.history.stopped = self._epoch.call_on_fit_task_end(
                **self._told, reconstruction_attributes=lambda: self._attributes_at(theta)
            )
        if self._training_file is not None:
            self._training_file.end_epoch(run)

    def _attributes_at(self, theta: np.ndarray) -> dict[str, Any]:
        """Return what makes a copy of the estimator one fitted up to here.

        As a whole `__dict__`, so that nothing of an earlier fit is left in it.
        """
        return {"__dict__": vars(self._as_fitted(self._run.result_at(theta)))}


def _settings_line(run: FitRun) -> str:
    """Return a line with what the parameters that can be "auto" came to."""
    resolved = run.resolved_params.items()
    parts = [f"{name}={value}" for name, value in resolved if name != "init"]
    return "  ".join([f"{run.network}", *parts])


def _epoch_line(run: FitRun, seconds: float) -> str:
    """Return a line about the last epoch."""
    history = run.history
    parts = [
        f"epoch {history.n_epochs:4d}/{run.config.plan.max_iter}",
        f"loss {history.loss[-1]:.6g}",
    ]
    if history.validation_loss:
        parts.append(f"validation loss {history.validation_loss[-1]:.6g}")
    if history.validation_score:
        parts.append(f"validation score {history.validation_score[-1]:.6g}")
    if np.isfinite(history.learning_rate[-1]):
        parts.append(f"learning rate {history.learning_rate[-1]:.3g}")
    parts.append(f"{seconds:.2f} s")
    return "  ".join(parts)
