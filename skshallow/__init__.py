"""Shallow and deep neural networks for tables, as scikit-learn estimators."""

from skshallow._version import __version__
from skshallow.classifier import DeepNetClassifier, ShallowNetClassifier
from skshallow.features import HiddenFeatures
from skshallow.persistence import load
from skshallow.regressor import DeepNetRegressor, ShallowNetRegressor

__all__ = [
    "DeepNetClassifier",
    "DeepNetRegressor",
    "HiddenFeatures",
    "ShallowNetClassifier",
    "ShallowNetRegressor",
    "__version__",
    "load",
]
