"""Checkpoints: where a fit's training stands, in a file, and back.

What training changes is its parameters, Progress, History and HealthRecorder; the rest of
a fit is made anew from its own parameters and data.
"""

from __future__ import annotations

import hashlib
import json
import os
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from skshallow import __version__
from skshallow._arrays.namespace import beside, to_numpy
from skshallow._estimators.checks.sklearn_private import callbacks_of
from skshallow._estimators.files.archive import read, reading, remove_old_drafts, write
from skshallow._estimators.files.codec import Arrays, describe, rebuild
from skshallow._estimators.files.integrity import check_training
from skshallow._estimators.fit.fingerprint import differences, fingerprint
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import UnreadableModel

WHAT = "a training"


def checkpoint_of(fit: Any) -> TrainingFile | None:
    """Return where the training of a `fit` is kept, None without a `Checkpoint`.

    Raises
    ------
    ValueError
        If there is nothing in this fit to go on from.
    """
    estimator = fit.estimator
    checkpoints = [it for it in callbacks_of(estimator) if isinstance(it, Checkpoint)]
    if not checkpoints:
        return None
    if len(checkpoints) > 1:
        raise ValueError(f"A fit takes one Checkpoint, got {checkpoints}.")
    if fit.incremental:
        raise ValueError(
            "A Checkpoint has no use in partial_fit, whose loop is yours: save the net "
            "after a call, net.save(path), and start the loop from load(path). Take the "
            "Checkpoint off with set_callbacks()."
        )
    if not fit.plan.solver.stochastic:
        raise ValueError(
            f"solver={estimator.solver!r} cannot go on from the middle of a fit, so a "
            "Checkpoint has no use. Use another solver, or take the Checkpoint off with "
            "set_callbacks()."
        )
    if not isinstance(estimator.random_state, Integral):
        raise ValueError(
            f"With random_state={estimator.random_state!r} a fit that is run again is "
            "another fit, which no Checkpoint can resume. Set random_state to an int."
        )
    return TrainingFile(fit, *checkpoints)


class TrainingFile:
    """The file that keeps the training of one fit.

    Parameters
    ----------
    fit : Fit
        Before its first epoch.
    checkpoint : Checkpoint
        Names the file, or a folder.
    """

    def __init__(self, fit: Any, checkpoint: Checkpoint) -> None:
        self._fit = fit
        self._fingerprint = fingerprint(fit)
        self._every = checkpoint.every
        self.path = Path(os.path.abspath(checkpoint.path))
        if self.path.is_dir():
            text = json.dumps(self._fingerprint, sort_keys=True).encode()
            self.path /= f"{hashlib.sha256(text).hexdigest()[:32]}.npz"

    def resume(self) -> None:
        """Put the fit where the file's training stands; begin the file if there is none."""
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {str(self.path.parent)!r}.")
        remove_old_drafts(self.path)
        if not self.path.exists():
            self._write()  # a path that cannot be written fails before training
            return
        state = self._read()
        fit = self._fit
        theta, progress, history = fit.objective.theta, state["progress"], state["history"]
        theta[...] = beside(state["theta"], theta)
        for name, value in progress.solver_state.items():
            if isinstance(value, np.ndarray):
                progress.solver_state[name] = beside(value, theta)
        progress.average = beside(progress.average, theta)
        history["best_theta"] = beside(history["best_theta"], theta)
        fit.progress = progress
        fit.history.restore(history)
        fit.health.restore(state["health"])
        if fit.estimator.verbose:
            print(f"goes on after epoch {fit.history.n_epochs}, from {self.path}")

    def end_epoch(self) -> None:
        """Write where the fit stands after an epoch, if it is due."""
        history = self._fit.history
        last = history.ended or history.n_epochs == self._fit.plan.n_epochs
        if last or history.n_epochs % self._every == 0:
            self._write()

    def _state(self) -> dict[str, Any]:
        """Return all of the fit that training changes."""
        fit = self._fit
        return {
            "theta": to_numpy(fit.objective.theta),
            "progress": fit.progress,
            "history": fit.history.state(),
            "health": fit.health.arrays(len(fit.network.layers)),
        }

    def _write(self) -> None:
        """Replace the file by one with the state of the fit."""
        arrays: Arrays = {}
        state = describe(self._state(), "state", arrays)
        content = {"skshallow": __version__, "fit": self._fingerprint, "training": state}
        write(self.path, content, arrays)

    def _read(self) -> dict[str, Any]:
        """Return the state in the file, which must be of this fit."""
        with reading(self.path, WHAT):
            header, arrays = read(self.path)
            if "training" not in header:
                raise UnreadableModel("it holds no training.")
            different = differences(header["fit"], self._fingerprint)
        if different:
            raise ValueError(
                f"{str(self.path)!r} keeps the training of another fit: "
                f"{'; '.join(different)}. Give this fit a file of its own, or a folder, "
                "where each fit gets one; or delete the file, if nobody needs it."
            )
        with reading(self.path, WHAT):
            state = rebuild(header["training"], arrays)
            if arrays:
                raise UnreadableModel(f"Nothing uses the array {min(arrays)!r}.")
            check_training(state, self._state(), self._fit.network.layout.n_weights)
        return state
