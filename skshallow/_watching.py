"""What others see of a fit while it runs: scikit-learn callbacks and printed lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow._sklearn import has_callbacks
from skshallow.history import History


class EpochWatcher:
    """Tell callbacks and the terminal about each epoch; see `training.Watcher`.

    Parameters
    ----------
    estimator : estimator
        The one that is being fitted.
    context : CallbackContext
        Of the whole fit; each epoch gets a subcontext.
    data : dict
        The user's X, y and metadata, handed on to callbacks.
    fitted_attributes : callable
        From parameters to the attributes that let a copy of `estimator` predict, with
        the curves up to now.
    history : History
        Where the numbers to print are.
    max_iter : int
        How many epochs there may be.
    """

    def __init__(
        self,
        estimator: Any,
        context: Any,
        data: dict[str, Any],
        fitted_attributes: Callable[[np.ndarray], dict[str, Any]],
        history: History,
        max_iter: int,
    ) -> None:
        self._estimator = estimator
        self._context = context if has_callbacks(estimator) else None
        self._data = data
        self._fitted_attributes = fitted_attributes
        self._history = history
        self._max_iter = max_iter
        self._every = int(estimator.verbose)
        self._start = time.perf_counter()

    def begin_epoch(self) -> None:
        """Open the epoch's subcontext."""
        if self._context is not None:
            self._epoch = self._context.subcontext(
                task_name=f"epoch {self._history.n_epochs}"
            )
            self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def end_epoch(self, theta: np.ndarray) -> bool:
        """Print a line if it is time to, close the subcontext, return what it says."""
        if self._every and self._history.n_epochs % self._every == 0:
            print(self._line())
        if self._context is None:
            return False
        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator,
            **self._data,
            reconstruction_attributes=lambda: self._fitted_attributes(theta.copy()),
        )

    def _line(self) -> str:
        """Return one readable line about the last epoch."""
        history = self._history
        parts = [
            f"epoch {history.n_epochs:4d}/{self._max_iter}",
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
