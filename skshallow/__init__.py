"""Shallow and deep neural networks for tables, as scikit-learn estimators."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skshallow._arrays.versions import show_versions
    from skshallow._estimators.classifier import DeepNetClassifier, ShallowNetClassifier
    from skshallow._estimators.features import HiddenFeatures
    from skshallow._estimators.regressor import DeepNetRegressor, ShallowNetRegressor
    from skshallow.persistence import load

__version__ = "0.1.0"

__all__ = [
    "DeepNetClassifier",
    "DeepNetRegressor",
    "HiddenFeatures",
    "ShallowNetClassifier",
    "ShallowNetRegressor",
    "__version__",
    "load",
    "show_versions",
]

# What is imported on first use: where each name comes from, and the public modules.
_HOME_OF = {
    "DeepNetClassifier": "skshallow._estimators.classifier",
    "DeepNetRegressor": "skshallow._estimators.regressor",
    "HiddenFeatures": "skshallow._estimators.features",
    "ShallowNetClassifier": "skshallow._estimators.classifier",
    "ShallowNetRegressor": "skshallow._estimators.regressor",
    "load": "skshallow.persistence",
    "show_versions": "skshallow._arrays.versions",
}
_MODULES = {
    "activations",
    "callbacks",
    "engine",
    "exceptions",
    "initializers",
    "inspection",
    "losses",
    "persistence",
    "schedules",
    "solvers",
}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
