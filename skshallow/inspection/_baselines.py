"""The linear model that a net is compared with, where no other one is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import type_of_target

# Far more than scaled features need, so that a baseline which stops early says so.
MAX_ITER = 10_000
RIDGE_PENALTIES = np.logspace(-3, 3, 13)


class Standardizer(TransformerMixin, BaseEstimator):
    """Columns of mean 0 and variance 1; sparse ones are scaled only, to stay sparse."""

    def fit(self, X, y=None):
        """Measure the columns of X (n_samples, n_features)."""
        self.scaler_ = StandardScaler(with_mean=not sparse.issparse(X)).fit(X)
        return self

    def transform(self, X):
        """Return X in units of the rows seen in `fit`."""
        return self.scaler_.transform(X)


def wrapped(estimator: Any) -> Iterator[Any]:
    """Yield `estimator` and what it wraps in turn: a search's, a pipeline's last step."""
    while estimator is not None:
        yield estimator
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        else:
            inner = getattr(estimator, "estimator", None)
            estimator = getattr(estimator, "regressor", None) if inner is None else inner


def innermost_name(estimator: Any) -> str:
    """Return the class of the model itself, inside pipelines and searches."""
    return type(list(wrapped(estimator))[-1]).__name__


def default_baseline(estimator: Any, y: Any) -> Pipeline:
    """Return `estimator` with a scaled linear model in the place of the net.

    Steps that a pipeline takes before the net are taken before the linear model too.
    """
    preparation = [
        step
        for outer in wrapped(estimator)
        if isinstance(outer, Pipeline)
        for _, step in outer.steps[:-1]
    ]
    model: Any = RidgeCV(RIDGE_PENALTIES)
    if is_classifier(estimator):
        model = LogisticRegression(max_iter=MAX_ITER)
        if type_of_target(y) == "multilabel-indicator":
            model = OneVsRestClassifier(model)
    steps = [step if isinstance(step, str) else clone(step) for step in preparation]
    return make_pipeline(*steps, Standardizer(), model)
