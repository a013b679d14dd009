"""Checkpoint files: write the training state after epochs, and resume from it.

Training changes the parameter vector, Progress, History and HealthRecorder. Everything
else is recomputed from the estimator's parameters and the data.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any

from skshallow import __version__
from skshallow._estimators.checks.sklearn_private import callbacks_of
from skshallow._estimators.files.archive import (
    check_folder_of,
    check_path,
    read,
    reading,
    remove_old_drafts,
    write,
)
from skshallow._estimators.files.codec import Arrays, describe, rebuild
from skshallow._estimators.files.integrity import check_training
from skshallow._estimators.files.lock import Locked, locked
from skshallow._estimators.fit.fingerprint import Fingerprint, differences, fingerprint
from skshallow._estimators.fit.run import FitRun
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import UnreadableModel

WHAT = "a training"
ADVICE = (
    "Use another path for this fit, or a folder, in which each fit has its own file; or "
    "run this fit again when the other one has ended."
)


def checkpoint_of(net: Any, run: FitRun) -> Checkpoint | None:
    """Return the `Checkpoint` among the callbacks of `net`, None if there is none.

    Raises
    ------
    ValueError
        If this fit cannot be resumed.
    """
    config = run.config
    checkpoints = [it for it in callbacks_of(net) if isinstance(it, Checkpoint)]
    if not checkpoints:
        return None
    if len(checkpoints) > 1:
        raise ValueError(
            f"set_callbacks must be given at most one Checkpoint, got {checkpoints}."
        )
    if config.incremental:
        raise ValueError(
            "A Checkpoint has no use in partial_fit, because the loop is your own: call "
            "net.save(path) after partial_fit, and resume the loop from load(path). Remove "
            "the Checkpoint with set_callbacks()."
        )
    if not config.plan.solver.stochastic:
        raise ValueError(
            f"solver={config.components.given['solver']!r} cannot resume in the middle of "
            "a fit, so a Checkpoint has no use. Use another solver, or remove the "
            "Checkpoint with set_callbacks()."
        )
    if not isinstance(config.random_state, Integral):
        raise ValueError(
            f"With random_state={config.random_state!r} a repeated fit differs from the "
            "first one, so no Checkpoint can resume it. Set random_state to an int."
        )
    splitter = config.validation_fraction
    shuffles = run.data.draws_held_out and getattr(splitter, "shuffle", True)
    if shuffles and not isinstance(getattr(splitter, "random_state", 0), Integral):
        raise ValueError(
            f"validation_fraction={splitter!r} gives other rows in a repeated fit, so no "
            "Checkpoint can resume it. Set its random_state to an int."
        )
    return checkpoints[0]


class TrainingFile:
    """The file with the training state of one fit.

    Parameters
    ----------
    path : Path
        The path of the file.
    every : int
        Number of epochs between two writes.
    fingerprint : dict
        Identifies the fit.
    """

    def __init__(self, path: Path, every: int, fingerprint: Fingerprint) -> None:
        self.path = path
        self._every = every
        self._fingerprint = fingerprint
        self._version: tuple[int, ...] | None = None  # of the file that this fit knows

    @classmethod
    def of(cls, net: Any, run: FitRun) -> TrainingFile | None:
        """Return the file for a run of `net`, before its first epoch; None without one."""
        checkpoint = checkpoint_of(net, run)
        if checkpoint is None:
            return None
        own = fingerprint(net, run)
        path = Path(os.path.abspath(checkpoint.path))
        if path.is_dir():
            text = json.dumps(own, sort_keys=True).encode()
            path /= f"{hashlib.sha256(text).hexdigest()[:32]}.npz"
        return cls(path, checkpoint.every, own)

    @contextmanager
    def resumed(self, run: FitRun) -> Iterator[None]:
        """Restore the run, and keep the file for this fit until the context ends.

        Raises
        ------
        RuntimeError
            If another fit has the file.
        """
        check_folder_of(self.path, "the Checkpoint")
        check_path(self.path)
        try:
            with locked(self.path):
                self._restore(run)
                yield
        except Locked as error:
            raise RuntimeError(
                f"Another fit is running with the Checkpoint {str(self.path)!r}. {ADVICE}"
            ) from error

    def _restore(self, run: FitRun) -> None:
        """Restore the run from the file, or create the file if it does not exist."""
        remove_old_drafts(self.path)
        if not self.path.exists():
            self._write(run)  # a path that cannot be written must fail before training
            return
        self._version = version_of(self.path)
        run.restore(self._read(run))
        if run.config.verbose:
            print(f"resumes after epoch {run.history.n_epochs}, from {self.path}")

    def end_epoch(self, run: FitRun) -> None:
        """Write the state of the run after an epoch, if a write is due."""
        last = run.has_ended or run.n_epochs_left == 0
        if last or run.history.n_epochs % self._every == 0:
            self._write(run)

    def _write(self, run: FitRun) -> None:
        """Write the state of the run to the file, unless another fit has written there.

        That can happen only where the file system has no locks.
        """
        if version_of(self.path) not in (None, self._version):
            raise RuntimeError(
                f"Another fit has written to the Checkpoint {str(self.path)!r} during this "
                f"one, which ends here. {ADVICE}"
            )
        arrays: Arrays = {}
        state = describe(run.state(), "state", arrays)
        content = {"skshallow": __version__, "fit": self._fingerprint, "training": state}
        write(self.path, content, arrays)
        self._version = version_of(self.path)

    def _read(self, run: FitRun) -> dict[str, Any]:
        """Return the state in the file; raise ValueError if it is of another fit."""
        with reading(self.path, WHAT):
            header, arrays = read(self.path)
            if "training" not in header:
                raise UnreadableModel("it holds no training.")
            different = differences(header["fit"], self._fingerprint)
        if different:
            raise ValueError(
                f"{str(self.path)!r} has the training state of another fit: "
                f"{'; '.join(different)}. Use another path for this fit, or a folder, in "
                "which each fit has its own file; or delete the file if you do not need it."
            )
        with reading(self.path, WHAT):
            state = rebuild(header["training"], arrays)
            if arrays:
                raise UnreadableModel(f"Nothing uses the array {min(arrays)!r}.")
            check_training(state, run.state(), run.network.layout.n_weights)
        return state


def version_of(path: Path) -> tuple[int, ...] | None:
    """Return numbers that change with each write of a file, None if there is no file.

    The file is opened, since a network file system may else tell of an older one.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
