"""Models to compare with: a linear one on standardised features, and a constant."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import type_of_target

from skshallow._estimators.columns import read_matrix
from skshallow._estimators.fit.feature_encoding import (
    encoding_of,
    n_missing,
    without_values,
)
from skshallow.inspection._common.meta_estimators import given_chain, steps_before

# Far more than standardised features need: reaching it is worth the warning it gives.
MAX_ITER = 10_000
RIDGE_PENALTIES = np.logspace(-3, 3, 13)


class Standardizer(TransformerMixin, BaseEstimator):
    """Scale columns to mean 0 and variance 1; sparse ones are not centred.

    Categories are one-hot encoded and missing numbers filled with the mean, beside an
    indicator, as in the networks.
    """

    def fit(self, X, y=None):
        """Learn what the columns of X (n_samples, n_features) are, and their moments."""
        matrix, self.columns_ = read_matrix(
            self, X, categorical_features="auto", reset=True
        )
        self.encoding_ = encoding_of(
            matrix, self.columns_, None, n_missing(matrix), most_one_hot=np.inf
        )
        encoded = self._encoded(matrix)
        self.scaler_ = StandardScaler(with_mean=not sparse.issparse(X)).fit(encoded)
        return self

    def transform(self, X):
        """Return X encoded, and standardised by the moments seen in `fit`."""
        nothing = without_values(self.encoding_)
        matrix, _ = read_matrix(self, X, self.columns_, without_values=nothing)
        scaled = self.scaler_.transform(self._encoded(matrix))
        return scaled if sparse.issparse(scaled) else np.nan_to_num(scaled, nan=0.0)

    def _encoded(self, matrix):
        """Return the features of a matrix of numbers and codes."""
        return matrix if self.encoding_ is None else self.encoding_.forward(matrix)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


def default_baseline(estimator: Any, y: Any) -> Pipeline:
    """Return `estimator` with a linear model on standardised features in place of the net.

    The steps of its pipelines before the net come before the linear model too.
    """
    model: Any = RidgeCV(RIDGE_PENALTIES)
    if is_classifier(estimator):
        model = LogisticRegression(max_iter=MAX_ITER)
        if type_of_target(y) == "multilabel-indicator":
            model = OneVsRestClassifier(model)
    preparation = [
        step if isinstance(step, str) else clone(step)
        for pipeline in steps_before(given_chain(estimator))
        for _, step in pipeline.steps
    ]
    return make_pipeline(*preparation, Standardizer(), model)


def constant_model(estimator: Any) -> DummyClassifier | DummyRegressor:
    """Return the model whose prediction is the same for all rows."""
    return DummyClassifier() if is_classifier(estimator) else DummyRegressor()
