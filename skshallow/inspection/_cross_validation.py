"""Cross-validation of one model: scores, times, log loss and calibration error."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_validate
from sklearn.utils.multiclass import type_of_target

from skshallow._estimators.checks.sklearn_private import take_rows
from skshallow.inspection._calibration_error import expected_calibration_error

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidated:
    """Cross-validation results of one model.

    Attributes
    ----------
    name : str
        Class of the model.
    scores : ndarray of shape (n_splits,)
        Scores on the test rows of each split; higher is better.
    fit_time, predict_time : ndarray of shape (n_splits,)
        Seconds to fit, and to predict the test rows.
    log_loss : ndarray of shape (n_splits,) or None
        Log loss of classifiers with `predict_proba`; the mean over labels for multilabel
        targets.
    calibration_error : float or None
        The :func:`~skshallow.inspection.expected_calibration_error` of classifiers with
        `predict_proba`, over the test rows of all splits.
    estimators : list of estimator
        The fitted models, one per split.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> net = ShallowNetClassifier(8, max_iter=20, random_state=0)
    >>> comparison = compare_with_baseline(net, *load_iris(return_X_y=True), cv=3)
    >>> comparison.baseline.name, comparison.baseline.scores.shape
    ('LogisticRegression', (3,))
    """

    name: str
    scores: np.ndarray
    fit_time: np.ndarray
    predict_time: np.ndarray
    log_loss: np.ndarray | None
    calibration_error: float | None
    estimators: list[Any]


def cross_validated(
    name: str, estimator: Any, X: Any, y: Any, splits: Splits, scoring: Any, n_jobs: Any
) -> CrossValidated:
    """Fit clones of `estimator` on each split and measure them."""
    results = cross_validate(
        estimator,
        X,
        y,
        cv=splits,
        scoring=scoring,
        n_jobs=n_jobs,
        return_estimator=True,
        error_score="raise",
    )
    scores, estimators = results["test_score"], list(results["estimator"])
    if not np.isfinite(scores).all():
        split = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise ValueError(
            f"The score of {name} on split {split} is {scores[split]}. Choose a scoring "
            "and a cv that give a finite score on every split."
        )
    tests = [test for _, test in splits]
    losses, error = _quality_of_probabilities(estimators, X, y, tests)
    return CrossValidated(
        name=name,
        scores=scores,
        fit_time=results["fit_time"],
        predict_time=_predict_times(estimators, X, tests),
        log_loss=losses,
        calibration_error=error,
        estimators=estimators,
    )


def _predict_times(estimators: list, X: Any, tests: list[np.ndarray]) -> np.ndarray:
    """Return the seconds that each estimator takes to predict its test rows."""
    seconds = []
    for estimator, test in zip(estimators, tests, strict=True):
        rows = take_rows(X, test)
        start = time.perf_counter()
        estimator.predict(rows)
        seconds.append(time.perf_counter() - start)
    return np.array(seconds)


def _quality_of_probabilities(
    estimators: list, X: Any, y: Any, tests: list[np.ndarray]
) -> tuple[np.ndarray | None, float | None]:
    """Return log losses (n_splits,) and calibration error; None without probabilities."""
    if not all(is_classifier(e) and hasattr(e, "predict_proba") for e in estimators):
        return None, None
    labels = np.unique(y)
    multilabel = type_of_target(y) == "multilabel-indicator"
    y = np.asarray(y) if multilabel else np.ravel(y)
    targets = [y[test] for test in tests]
    probabilities = [
        _probability(estimator, take_rows(X, test), labels, multilabel=multilabel)
        for estimator, test in zip(estimators, tests, strict=True)
    ]
    # each of several labels is a case of two classes
    losses = [
        log_loss(target.ravel(), p.ravel() if multilabel else p, labels=labels)
        for target, p in zip(targets, probabilities, strict=True)
    ]
    error = expected_calibration_error(
        np.concatenate(targets), np.concatenate(probabilities), labels=labels
    )
    return np.array(losses), error


def _probability(
    estimator: Any, X: Any, labels: np.ndarray, *, multilabel: bool
) -> np.ndarray:
    """Return probabilities (n, n_classes) in the order of `labels`, or (n, n_labels).

    A class that is missing from the training rows of a split has probability 0.
    """
    given = estimator.predict_proba(X)
    if multilabel:
        if isinstance(given, list):  # one array per label, as forests return it
            columns = zip(given, estimator.classes_, strict=True)
            given = np.stack([p[:, c == 1].sum(axis=1) for p, c in columns], axis=1)
        return np.asarray(given, dtype=np.float64)
    probability = np.zeros((len(given), len(labels)))
    probability[:, np.searchsorted(labels, estimator.classes_)] = given
    # in single precision, sums are not as close to 1 as log_loss requires
    return probability / probability.sum(axis=1, keepdims=True)
