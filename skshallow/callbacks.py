"""Callbacks for `set_callbacks`: `Checkpoint`, to resume an interrupted `fit`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from numbers import Integral
from typing import Any

__all__ = ["Checkpoint"]


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True)
class Checkpoint:
    """Save the training state to a file, so that an interrupted `fit` can be resumed.

    To resume, run the same script again: `fit` finds the file, continues after the last
    epoch in it, and returns bit for bit the result of a fit without interruption. No
    parameter has to be changed, so that a job scheduler can restart the program.

    Parameters
    ----------
    path : str or path-like
        A file for one fit, for example ``"training.npz"``, or an existing folder, in which
        each fit has its own file. Use a folder for searches and cross-validation.
    every : int >= 1, default=1
        Number of epochs between two writes. The last epoch is always written.

    Raises
    ------
    ValueError
        From `fit`, if the file has the training state of another fit; if it has none or
        is damaged (:class:`~skshallow.exceptions.UnreadableModel`); or if the fit cannot
        be resumed, because ``solver="lbfgs"``, because it is a `partial_fit`, or because
        `random_state` is not an int. The file is not changed.
    RuntimeError
        From `fit`, if another fit is running with the same file, in this process or in
        another one. That fit goes on.
    TypeError
        From `fit`, if a parameter cannot be compared with that of the first run, such as a
        component of your own.

    Notes
    -----
    A fit is resumed only if the following are the same: the class of the estimator, its
    parameters except `verbose`, every bit of `X`, `y`, sample weights and validation data,
    the weights that `warm_start` continues from, and the version of the package.
    Otherwise `fit` raises an error that states the difference. If a finished fit is run
    again, its result is read from the file. Delete the file when you have saved the
    result.

    Results are bit for bit equal on the same machine with the same libraries. On
    another machine, sums may be rounded in another order.

    While a fit runs, its file is locked, by an empty file ``.NAME.lock`` beside it, so that
    no second fit can write there. The lock ends with the process, also if it is killed. On
    file systems without locks, each write first checks that the file is as this fit left
    it, and raises the error otherwise.

    Each write is atomic: a complete new file replaces the old one. With
    ``solver="adam"`` the file has the size of four copies of the weights. Each write waits
    for the disk; if epochs are short, increase `every`. Nothing in the file is executed.

    Set the callback on the network itself, also if it is a step of a pipeline or the
    estimator of a search. Other callbacks are called only for the remaining epochs.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.callbacks import Checkpoint
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "iris.npz")
    ...     net = DeepNetClassifier(8, max_iter=5, random_state=0)
    ...     net = net.set_callbacks(Checkpoint(path)).fit(X, y)
    ...     kept = os.listdir(folder)
    >>> kept
    ['iris.npz']
    """

    path: str | os.PathLike
    every: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"path must be a str or a path-like, got {self.path!r}.")
        if not os.fspath(self.path):
            raise ValueError("path is an empty string. Pass that of a file or a folder.")
        is_count = isinstance(self.every, Integral) and not isinstance(self.every, bool)
        if not is_count or self.every < 1:
            raise ValueError(f"every must be an int of at least 1, got {self.every!r}.")

    # The hooks of scikit-learn's callback protocol. They cannot restore a training state,
    # so `fit` itself looks for a Checkpoint among the callbacks and does the work.

    def setup(self, estimator: Any, context: Any) -> None:
        if not getattr(estimator, "_takes_checkpoints", False):
            raise TypeError(
                "A Checkpoint saves the training of a net, not of a "
                f"{type(estimator).__name__}. Call set_callbacks on the net inside of it."
            )

    def teardown(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        pass
