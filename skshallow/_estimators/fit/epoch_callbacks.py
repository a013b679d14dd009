"""What others see of a fit while it runs: callbacks, printed lines, checkpoints."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from skshallow._estimators.checks.sklearn_private import callbacks_of


class EpochWatcher:
    """Tell callbacks and the terminal about each epoch; see `training.Watcher`.

    Parameters
    ----------
    fit : Fit
        Before its first epoch.
    context : CallbackContext
        Of the whole fit; each epoch gets a subcontext.
    for_callbacks : dict
        What every callback gets: the user's own estimator, X, y and metadata.
    """

    def __init__(self, fit: Any, context: Any, for_callbacks: dict[str, Any]) -> None:
        self._fit = fit
        self._history = fit.history
        self._context = context if callbacks_of(fit.estimator) else None
        self._for_callbacks = for_callbacks
        self._every = int(fit.estimator.verbose)
        self._start = time.perf_counter()

    def begin_epoch(self) -> None:
        """Open the epoch's subcontext."""
        if self._context is not None:
            self._epoch = self._context.subcontext(
                task_name=f"epoch {self._history.n_epochs}"
            )
            self._epoch.call_on_fit_task_begin(**self._for_callbacks)

    def end_epoch(self, theta: np.ndarray) -> None:
        """Print a line if it is time to, close the subcontext, stop if it says so.

        A checkpoint comes last, when all that it is to keep has been decided.
        """
        if self._every and self._history.n_epochs % self._every == 0:
            print(self._line())
        if self._context is not None:
            self._history.stopped = self._epoch.call_on_fit_task_end(
                **self._for_callbacks,
                reconstruction_attributes=lambda: self._fit.as_if_ended(theta),
            )
        if self._fit.checkpoint is not None:
            self._fit.checkpoint.end_epoch()

    def _line(self) -> str:
        """Return one readable line about the last epoch."""
        history = self._history
        parts = [
            f"epoch {history.n_epochs:4d}/{self._fit.plan.max_iter}",
            f"loss {history.loss[-1]:.6g}",
        ]
        if history.validation_loss:
            parts.append(f"validation loss {history.validation_loss[-1]:.6g}")
        if history.validation_score:
            parts.append(f"validation score {history.validation_score[-1]:.6g}")
        if np.isfinite(history.learning_rate[-1]):
            parts.append(f"learning rate {history.learning_rate[-1]:.3g}")
        parts.append(f"{time.perf_counter() - self._start:.2f} s")
        return "  ".join(parts)
