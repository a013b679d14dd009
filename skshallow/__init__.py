"""Shallow and deep neural networks for tables, as scikit-learn estimators."""

from skshallow.classifier import DeepNetClassifier, ShallowNetClassifier
from skshallow.regressor import DeepNetRegressor, ShallowNetRegressor

__version__ = "0.1.0"

__all__ = [
    "DeepNetClassifier",
    "DeepNetRegressor",
    "ShallowNetClassifier",
    "ShallowNetRegressor",
    "__version__",
]
