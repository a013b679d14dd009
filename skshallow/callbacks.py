"""Callbacks for `set_callbacks`, beside those of :mod:`sklearn.callback`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from numbers import Integral
from typing import Any

__all__ = ["Checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """Keep the training in a file, so that a fit that was killed goes on where it stopped.

    Run the same script again, and `fit` finds the file, goes on after the last epoch in
    it, and ends with the same bits as a fit that nobody stopped. There is no switch for
    it: whoever starts a killed program again, often no human, starts it as before.

    Parameters
    ----------
    path : str or path-like
        A file, ``"training.npz"`` say, for one fit. Or a folder that exists: each fit then
        has a file of its own there, which is what searches and cross-validation need.
    every : int, default=1
        How many epochs lie between two writes. The last epoch is always written.

    Raises
    ------
    ValueError
        From `fit`, if the file keeps the training of another fit, or none
        (:class:`~skshallow.exceptions.UnreadableModel`), if it is damaged, or if there is
        nothing to resume: with ``solver="lbfgs"``, whose memory is SciPy's own, in
        `partial_fit`, and unless `random_state` is an int. The file stays as it is.
    TypeError
        From `fit`, if a parameter is code, such as a component of your own: whether it is
        still the same cannot be told.

    Notes
    -----
    What makes a fit the same: the class of the net, its parameters but `verbose`, every
    bit of `X`, `y`, weights and validation data, what `warm_start` goes on from, and the
    version of the package. Anything else is refused, with the difference in words. A
    finished fit that is run again takes its result out of the file, since it would only
    come to the same bits. Delete the file when the result is safe.

    The bits are the same on the same machine with the same libraries; on another one, sums
    may be rounded in another order.

    Each write is atomic, a new file on the disk that takes the old one's place: at any
    moment the file is whole. It takes the room of four copies of the weights with
    ``solver="adam"``. Each write waits for the disk; `every` spares that where epochs are
    short. Nothing in the file is ever run.

    It belongs on a net, also where that is a step of a pipeline or the estimator of a
    search. Other callbacks are told of the epochs that are left, not of those before.

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
            raise TypeError(f"path must be a path, got {self.path!r}.")
        is_count = isinstance(self.every, Integral) and not isinstance(self.every, bool)
        if not is_count or self.every < 1:
            raise ValueError(f"every must be an int of at least 1, got {self.every!r}.")

    # The hooks of scikit-learn's protocol. They cannot put a training back where it was,
    # so that `fit` looks for a Checkpoint among the callbacks and does the work.

    def setup(self, estimator: Any, context: Any) -> None:
        if not getattr(estimator, "_takes_checkpoints", False):
            raise TypeError(
                "Checkpoint keeps the training of a net, not of a "
                f"{type(estimator).__name__}: call set_callbacks on the net inside of it."
            )

    def teardown(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        pass

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        pass
