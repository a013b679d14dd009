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

from skshallow.inspection._common.meta_estimators import given_chain, steps_before

# Far more than standardised features need: reaching it is worth the warning it gives.
MAX_ITER = 10_000
RIDGE_PENALTIES = np.logspace(-3, 3, 13)


class Standardizer(TransformerMixin, BaseEstimator):
    """Scale columns to mean 0 and variance 1; sparse ones are not centred."""

    def fit(self, X, y=None):
        """Learn mean and variance of the columns of X (n_samples, n_features)."""
        self.scaler_ = StandardScaler(with_mean=not sparse.issparse(X)).fit(X)
        return self

    def transform(self, X):
        """Return X standardised by the mean and variance seen in `fit`."""
        return self.scaler_.transform(X)


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
