"""Warnings that point at the user's line of code, at any depth of the call stack."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import sklearn
from sklearn.exceptions import ConvergenceWarning

LIBRARIES = tuple(
    str(folder) + os.sep
    for folder in (Path(__file__).parents[2], Path(sklearn.__file__).parent)
)


def warn_user(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn with the innermost line outside of this package and scikit-learn."""
    frame, stacklevel = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARIES):
        frame, stacklevel = frame.f_back, stacklevel + 1
    warnings.warn(message, category, stacklevel=stacklevel)
