"""Scores of single rows, for the scores that are means over rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

TINY = np.finfo(np.float64).eps  # as in scikit-learn's log_loss

# score(y, predicted) -> (n_rows,)
RowScore = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class RowScorer:
    """How the score of a row is computed from its target and its prediction.

    Attributes
    ----------
    score : callable
        Returns the scores of rows, higher is better, given targets and predictions.
    uses_probabilities : bool
        Whether predictions are probabilities (n_rows, n_classes), and targets codes of
        classes.
    """

    score: RowScore
    uses_probabilities: bool = False


def row_scorer(scoring: Any, y: np.ndarray, *, multilabel: bool) -> RowScorer | None:
    """Return the scorer of rows that belongs to a score, None if the score has none.

    R² is a mean over rows in units of the variance of all targets `y`.
    """
    if not isinstance(scoring, str):
        return None
    if scoring == "r2":
        return RowScorer(_explained(y.astype(np.float64)))
    if multilabel and scoring in OF_PROBABILITIES:
        return None
    return ROW_SCORERS.get(scoring)


def _accuracy(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return 1 where all labels of a row are right, else 0."""
    is_right = np.asarray(_columns(y == predicted).all(axis=1))
    return is_right.astype(np.float64)


def _squared_error(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return -np.mean(_columns(np.subtract(y, predicted, dtype=np.float64)) ** 2, axis=1)


def _absolute_error(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    errors = np.abs(np.subtract(y, predicted, dtype=np.float64))
    return -np.mean(_columns(errors), axis=1)


def _explained(y: np.ndarray) -> RowScore:
    """Return the score of rows whose mean over all rows is R², the mean over outputs."""
    variance = _columns(y).var(axis=0)
    variance[variance == 0] = 1

    def score(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        errors = _columns(np.subtract(y, predicted, dtype=np.float64))
        return 1 - np.mean(errors**2 / variance, axis=1)

    return score


def _log_probability(codes: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the log of the probability of each row's class."""
    return np.log(np.clip(p[np.arange(len(p)), codes], TINY, 1))


def _brier_score(codes: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the squared distance from certainty; half of it for two classes."""
    errors = p - np.eye(p.shape[1])[codes]
    scale = 0.5 if p.shape[1] == 2 else 1.0
    return -scale * np.sum(errors**2, axis=1)


def _columns(values: np.ndarray) -> np.ndarray:
    """Return values (n_rows,) or (n_rows, n_outputs) as (n_rows, n_outputs)."""
    return values.reshape(len(values), -1)


OF_PROBABILITIES = {
    "neg_log_loss": RowScorer(_log_probability, uses_probabilities=True),
    "neg_brier_score": RowScorer(_brier_score, uses_probabilities=True),
}
ROW_SCORERS = {
    "accuracy": RowScorer(_accuracy),
    "neg_mean_squared_error": RowScorer(_squared_error),
    "neg_mean_absolute_error": RowScorer(_absolute_error),
    **OF_PROBABILITIES,
}
