"""Models on disk: files of data that run nothing, and what skops needs to be told.

:meth:`~skshallow.DeepNetClassifier.save` and :func:`load` write and read one net. For a
whole :class:`~sklearn.pipeline.Pipeline` use skops with `TRUSTED_TYPES`.
"""

from __future__ import annotations

import os
from typing import Any

from skshallow._estimators.classifier import DeepNetClassifier, ShallowNetClassifier
from skshallow._estimators.features import HiddenFeatures
from skshallow._estimators.files.archive import read, reading
from skshallow._estimators.files.codec import component_types
from skshallow._estimators.files.model import restore_estimator
from skshallow._estimators.regressor import DeepNetRegressor, ShallowNetRegressor
from skshallow.engine.layers import Dense, Dropout
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.exceptions import UnreadableModel

__all__ = ["TRUSTED_TYPES", "UnreadableModel", "load"]

ESTIMATORS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ShallowNetClassifier,
        DeepNetClassifier,
        ShallowNetRegressor,
        DeepNetRegressor,
    )
}

# What ``skops.io.load(file, trusted=TRUSTED_TYPES)`` may build of this package: every
# type that a fitted estimator can hold, by its full name.
TRUSTED_TYPES: list[str] = sorted(
    f"{cls.__module__}.{cls.__qualname__}"
    for cls in {
        *ESTIMATORS.values(),
        *component_types(),
        *(HiddenFeatures, Network, Dense, Dropout, Units, Progress),
        *(Moments, RobustMoments),
    }
)


def load(path: str | os.PathLike) -> Any:
    """Return the net that :meth:`~skshallow.DeepNetClassifier.save` wrote to a file.

    Nothing in the file is run, imported or unpickled, whoever wrote it. It is data, and
    all of them are checked before they are used: sizes against the file, names against
    the package's own tables, shapes and numbers against each other.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : object
        As it was saved: it predicts the same, and `partial_fit`, or `fit` with
        ``warm_start=True``, trains it further to the same bits.

    Raises
    ------
    UnreadableModel
        A ValueError: the file is no saved net, is damaged, or was written in a format
        that this version does not know yet.
    OSError
        If there is no such file, or it may not be read.

    Notes
    -----
    That a net loads says nothing about who trained it on what: a file can hold any
    weights.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier, load
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DeepNetClassifier(8, max_iter=5, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "iris.npz")
    ...     net.save(path)
    ...     same = load(path)
    >>> bool((same.predict_proba(X) == net.predict_proba(X)).all())
    True
    """
    with reading(path):
        return restore_estimator(*read(path), ESTIMATORS)
