"""Callbacks, verbose output and checkpoints, called before and after each epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from skshallow._estimators.checks.sklearn_private import callbacks_of
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.run import FitRun
from skshallow.initializers import INITIALIZERS, Initializer

if TYPE_CHECKING:
    from skshallow._estimators.fit.checkpoint import TrainingFile


class EpochCallbacks:
    """Calls callbacks and prints progress in each epoch; implements `trainer.Watcher`.

    Parameters
    ----------
    run : FitRun
        The run, before its first epoch.
    context : CallbackContext
        Callback context of the whole fit; each epoch has a subcontext.
    arguments : dict
        The arguments of every callback: the user's estimator, X, y and metadata.
    as_fitted : callable
        Returns a fitted estimator for a result.
    training_file : TrainingFile or None
        The checkpoint file.
    """

    def __init__(
        self,
        run: FitRun,
        context: Any,
        arguments: dict[str, Any],
        as_fitted: Callable[[FitResult], Any],
        training_file: TrainingFile | None,
    ) -> None:
        self._run = run
        self._context = context if callbacks_of(arguments["estimator"]) else None
        self._arguments = arguments
        self._as_fitted = as_fitted
        self._training_file = training_file
        self._every = run.config.verbose
        self._start = time.perf_counter()
        if self._every and run.history.n_epochs == 0:
            print(_settings_line(run))

    def begin_epoch(self) -> None:
        """Open the subcontext of the epoch, and call its callbacks."""
        if self._context is not None:
            self._epoch = self._context.subcontext(
                task_name=f"epoch {self._run.history.n_epochs}"
            )
            self._epoch.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self, theta: np.ndarray) -> None:
        """Print progress, call the callbacks, stop if one says so, write a checkpoint.

        The checkpoint is written last, so that it includes whether training stops.
        """
        run = self._run
        if self._every and run.history.n_epochs % self._every == 0:
            print(_epoch_line(run, time.perf_counter() - self._start))
        if self._context is not None:
            run.history.stopped = self._epoch.call_on_fit_task_end(
                **self._arguments,
                reconstruction_attributes=lambda: self._attributes_at(theta),
            )
        if self._training_file is not None:
            self._training_file.end_epoch(run)

    def _attributes_at(self, theta: np.ndarray) -> dict[str, Any]:
        """Return the attributes of the estimator as fitted up to this epoch.

        As a whole `__dict__`, so that no attribute of an earlier fit is left.
        """
        return {"__dict__": vars(self._as_fitted(self._run.result_at(theta)))}


def _settings_line(run: FitRun) -> str:
    """Return a line with the values used for parameters that can be "auto"."""
    used = {k: value for k, value in run.resolved_params.items() if k not in run.unused}
    if "init" in used:
        used["init"] = list(map(_name_of, used["init"]))
    return "  ".join([f"{run.network}", *(f"{name}={used[name]}" for name in used)])


def _name_of(initializer: Initializer) -> str:
    """Return the name that `init` has for an initializer or, if none, its settings."""
    names = (name for name, make in INITIALIZERS.items() if make() == initializer)
    return next(names, repr(initializer))


def _epoch_line(run: FitRun, seconds: float) -> str:
    """Return the progress line for the last epoch."""
    history = run.history
    last = "" if "max_iter" in run.unused else f"/{run.config.plan.max_iter}"
    parts = [
        f"epoch {history.n_epochs:4d}{last}",
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
