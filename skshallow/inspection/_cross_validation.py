"""Cross-validation of one model: scores, also of single rows, times, and log loss."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_validate
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.parallel import Parallel, delayed

from skshallow._estimators.checks.sklearn_private import take_rows
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.inspection._calibration_error import expected_calibration_error
from skshallow.inspection._row_scores import RowScorer, row_scorer

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
    row_scores : list of ndarray of shape (n_test,) or None
        The score of each test row, one array per split, if the score is a mean over rows:
        accuracy, R², and the scorers of mean squared and absolute error, log loss and
        Brier score. R² is in units of the variance of all targets.
    row_log_loss : list of ndarray of shape (n_test,) or None
        The log loss of each test row, one array per split, where `log_loss` is not None
        and targets are not multilabel.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> net = ShallowNetClassifier(8, max_iter=20, random_state=0)
    >>> comparison = compare_with_baseline(net, *load_iris(return_X_y=True), cv=3)
    >>> comparison.baseline.name, comparison.baseline.scores.shape
    ('LogisticRegression', (6,))
    """

    name: str
    scores: np.ndarray
    fit_time: np.ndarray
    predict_time: np.ndarray
    log_loss: np.ndarray | None
    calibration_error: float | None
    estimators: list[Any]
    row_scores: list[np.ndarray] | None
    row_log_loss: list[np.ndarray] | None


def cross_validated(
    name: str,
    estimator: Any,
    X: Any,
    y: Any,
    splits: Splits,
    scoring: Any,
    *,
    n_jobs: Any = None,
    error_score: Any = "raise",
    fit_params: dict[str, Any] | None = None,
) -> CrossValidated:
    """Fit clones of `estimator`, each with its own seed, on each split and measure them.

    If scoring fails, `error_score` is the score, or the error is raised. Of what `fit` is
    given beside X and y, the `fit_params`, each split has its rows.
    """
    with nullcontext() if fit_params is None else _handed_on():
        of_splits = Parallel(n_jobs=n_jobs)(
            delayed(cross_validate)(
                _reseeded(estimator, number),
                X,
                y,
                cv=[split],
                scoring=scoring,
                return_estimator=True,
                error_score=error_score,
                params=fit_params,
            )
            for number, split in enumerate(splits)
        )
    estimators = [of_split["estimator"][0] for of_split in of_splits]
    tests, targets = [test for _, test in splits], _Targets.of(y)
    predictions, seconds = _predictions(estimators, X, tests)
    probabilities = _probabilities(estimators, X, tests, targets)
    losses, error = _quality_of_probabilities(probabilities, tests, targets)
    scorer = row_scorer(scoring, targets.y, multilabel=targets.multilabel)
    return CrossValidated(
        name=name,
        scores=np.concatenate([of_split["test_score"] for of_split in of_splits]),
        fit_time=np.concatenate([of_split["fit_time"] for of_split in of_splits]),
        predict_time=seconds,
        log_loss=losses,
        calibration_error=error,
        estimators=estimators,
        row_scores=_row_scores(scorer, predictions, probabilities, tests, targets),
        row_log_loss=_row_log_loss(probabilities, tests, targets),
    )


def _reseeded(estimator: Any, number: int) -> Any:
    """Return a clone whose integer seeds are raised by the number of the split.

    With one seed for all splits, a lucky or unlucky start would pass for the merit of the
    model: no two splits could tell.
    """
    seeds = {
        name: (int(value) + number) % 2**32
        for name, value in estimator.get_params().items()
        if name.split("__")[-1] == "random_state" and isinstance(value, Integral)
    }
    return clone(estimator).set_params(**seeds)


@contextmanager
def _handed_on() -> Iterator[None]:
    """Hand groups to each fit, without requests, and without a word if it needs none."""
    with config_context(enable_metadata_routing=False), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="groups has no effect", category=IneffectiveParameterWarning
        )
        yield


@dataclass(frozen=True, eq=False)
class _Targets:
    """Targets `y`, the sorted `labels` in them, and whether they are multilabel."""

    y: np.ndarray
    labels: np.ndarray
    multilabel: bool

    @classmethod
    def of(cls, y: Any) -> _Targets:
        y = _column_or_rows(y)
        return cls(y, np.unique(y), type_of_target(y) == "multilabel-indicator")

    def in_splits(self, tests: list[np.ndarray]) -> list[np.ndarray]:
        """Return the targets of the test rows of each split."""
        return [self.y[test] for test in tests]


def _column_or_rows(y: Any) -> np.ndarray:
    """Return targets as (n_rows,), or (n_rows, n_outputs) if there are several."""
    y = np.asarray(y)
    return y if y.ndim == 2 and y.shape[1] > 1 else y.ravel()


def _predictions(
    estimators: list, X: Any, tests: list[np.ndarray]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the predictions for the test rows of each split, and the seconds they took."""
    predictions, seconds = [], []
    for estimator, test in zip(estimators, tests, strict=True):
        rows = take_rows(X, test)
        start = time.perf_counter()
        predictions.append(_column_or_rows(estimator.predict(rows)))
        seconds.append(time.perf_counter() - start)
    return predictions, np.array(seconds)


def _probabilities(
    estimators: list, X: Any, tests: list[np.ndarray], targets: _Targets
) -> list[np.ndarray] | None:
    """Return the probabilities of the test rows of each split, None without any."""
    if not all(is_classifier(e) and hasattr(e, "predict_proba") for e in estimators):
        return None
    return [
        _probability(estimator, take_rows(X, test), targets)
        for estimator, test in zip(estimators, tests, strict=True)
    ]


def _quality_of_probabilities(
    probabilities: list[np.ndarray] | None, tests: list[np.ndarray], targets: _Targets
) -> tuple[np.ndarray | None, float | None]:
    """Return log losses (n_splits,) and calibration error; None without probabilities."""
    if probabilities is None:
        return None, None
    labels, truths = targets.labels, targets.in_splits(tests)
    # each of several labels is a case of two classes
    losses = [
        log_loss(truth.ravel(), p.ravel() if targets.multilabel else p, labels=labels)
        for truth, p in zip(truths, probabilities, strict=True)
    ]
    error = expected_calibration_error(
        np.concatenate(truths), np.concatenate(probabilities), labels=labels
    )
    return np.array(losses), error


def _row_scores(
    scorer: RowScorer | None,
    predictions: list[np.ndarray],
    probabilities: list[np.ndarray] | None,
    tests: list[np.ndarray],
    targets: _Targets,
) -> list[np.ndarray] | None:
    """Return the scores of the test rows of each split, None if the score has none."""
    if scorer is None:
        return None
    truths, predicted = targets.in_splits(tests), predictions
    if scorer.uses_probabilities:
        # the score is finite, so there are probabilities
        assert probabilities is not None
        truths = [np.searchsorted(targets.labels, truth) for truth in truths]
        predicted = probabilities
    return [scorer.score(t, p) for t, p in zip(truths, predicted, strict=True)]


def _row_log_loss(
    probabilities: list[np.ndarray] | None, tests: list[np.ndarray], targets: _Targets
) -> list[np.ndarray] | None:
    """Return the log loss of the test rows of each split, None if rows have none."""
    scorer = row_scorer("neg_log_loss", targets.y, multilabel=targets.multilabel)
    if probabilities is None or scorer is None:
        return None
    scores = _row_scores(scorer, [], probabilities, tests, targets)
    return None if scores is None else [-of_split for of_split in scores]


def _probability(estimator: Any, X: Any, targets: _Targets) -> np.ndarray:
    """Return probabilities (n, n_classes) in the order of the labels, or (n, n_labels).

    A class that is missing from the training rows of a split has probability 0.
    """
    given = estimator.predict_proba(X)
    if targets.multilabel:
        if isinstance(given, list):  # one array per label, as forests return it
            columns = zip(given, estimator.classes_, strict=True)
            given = np.stack([p[:, c == 1].sum(axis=1) for p, c in columns], axis=1)
        return np.asarray(given, dtype=np.float64)
    probability = np.zeros((len(given), len(targets.labels)))
    probability[:, np.searchsorted(targets.labels, estimator.classes_)] = given
    # in single precision, sums are not as close to 1 as log_loss requires
    return probability / probability.sum(axis=1, keepdims=True)
