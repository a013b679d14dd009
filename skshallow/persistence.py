"""Loading saved models safely: `load`, and `TRUSTED_TYPES` for skops.

:meth:`~skshallow.DeepNetClassifier.save` writes one estimator to a file, :func:`load`
reads it. For a whole :class:`~sklearn.pipeline.Pipeline` use skops with `TRUSTED_TYPES`.
"""

from __future__ import annotations

import os
from typing import Any

from skshallow._estimators.classifier import DeepNetClassifier, ShallowNetClassifier
from skshallow._estimators.columns import Columns
from skshallow._estimators.features import HiddenFeatures
from skshallow._estimators.files.archive import check_path, read, reading
from skshallow._estimators.files.codec import component_types
from skshallow._estimators.files.model import restore_estimator
from skshallow._estimators.regressor import DeepNetRegressor, ShallowNetRegressor
from skshallow.engine.embedding import EmbeddedDense, Embedding
from skshallow.engine.encoding import Encoding
from skshallow.engine.layers import Dense, Dropout, ResidualDense
from skshallow.engine.moments import Moments
from skshallow.engine.monotone import Directions
from skshallow.engine.network import Network
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.periodic import PeriodicEmbedding
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.shared_outputs import SharedOutputs
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.exceptions import UnreadableModel

__all__ = ["TRUSTED_TYPES", "UnreadableModel", "load"]


def __dir__() -> list[str]:
    return __all__


ESTIMATORS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ShallowNetClassifier,
        DeepNetClassifier,
        ShallowNetRegressor,
        DeepNetRegressor,
    )
}

# The types of this package that ``skops.io.load(file, trusted=TRUSTED_TYPES)`` may
# create: every type that a fitted estimator can contain, by its full name.
TRUSTED_TYPES: list[str] = sorted(
    f"{cls.__module__}.{cls.__qualname__}"
    for cls in {
        *ESTIMATORS.values(),
        *component_types(),
        *(HiddenFeatures, Network, Directions, Dense, Dropout, Units, Progress),
        *(SharedOutputs, Moments, RobustMoments),
        *(Columns, Encoding, Embedding, PeriodicEmbedding, EmbeddedDense),
        *(ResidualDense, LayerNorm),
    }
)


def load(path: str | os.PathLike) -> Any:
    """Load an estimator from a file that :meth:`~skshallow.DeepNetClassifier.save` wrote.

    This is safe for files from untrusted sources: nothing in the file is executed,
    imported or unpickled. The file has only data, which are checked before they are used:
    their sizes do not exceed the file, names are those of the package's own components,
    shapes and values are consistent.

    Parameters
    ----------
    path : str or path-like
        The file to read.

    Returns
    -------
    estimator : object
        The estimator as it was saved. It gives the same predictions, and further training
        with `partial_fit`, or `fit` with ``warm_start=True``, the same result bit for bit.

    Raises
    ------
    UnreadableModel
        A ValueError: if the file is not a saved estimator, is damaged, or was written by a
        newer version in a format that this version cannot read.
    OSError
        If the file does not exist or cannot be read, or if the path is that of a folder, a
        named pipe, a socket or a device.
    TypeError
        If `path` is not a path, but an open file for example.

    Notes
    -----
    A successful load does not say who trained the network, or on which data: a file can
    have any weights.

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
    check_path(path)
    with reading(path):
        return restore_estimator(*read(path), ESTIMATORS)
