"""Scores of the validation rows: what a scorer is given, and what it may not return."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skshallow._estimators.checks.sklearn_private import asks_for_weights
from skshallow._estimators.columns.problems import count_of
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.training_data import TrainingData, ValidationData


class ValidationScore(NamedTuple):
    """From the result of a fit to its score on the validation rows.

    Parameters
    ----------
    as_fitted : callable
        Returns the fitted estimator of a result.
    scoring : str or callable
        As the user gave it.
    scorer : callable
        What scikit-learn makes of it.
    validation : ValidationData
        The rows.
    metadata : dict of str to ndarray
        Their weights, if there are any and the scorer asks for them.
    missing : str or None
        That classes have no validation row, in a sentence without its end.
    decides : bool
        Whether the score decides which epoch is the best.
    refusals : list of str
        What the scorer said of predictions that it has no value for, filled by calls.
    """

    as_fitted: Callable[[FitResult], Any]
    scoring: Any
    scorer: Callable[..., Any]
    validation: ValidationData
    metadata: dict[str, Any]
    missing: str | None
    decides: bool
    refusals: list[str]

    @classmethod
    def of(cls, net: Any, config: FitConfig, data: TrainingData) -> ValidationScore:
        """Return the score that `net` asks for, on the validation rows of `data`."""
        from sklearn.metrics import check_scoring  # slow to import, rarely used

        validation = data.validation
        assert validation is not None
        scorer = check_scoring(net, scoring=config.scoring)
        weight, metadata = validation.weight, {}
        if weight is not None and asks_for_weights(scorer):
            metadata["sample_weight"] = weight
        missing = data.targets.missing(validation.labels)
        return cls(
            net._as_fitted,
            config.scoring,
            scorer,
            validation,
            metadata,
            missing,
            decides=config.early_stopping,
            refusals=[],
        )

    def why_undefined(self, result: FitResult) -> str | None:
        """Return why the rows have no score, in words that follow "where", None if they do.

        It depends on which rows these are only if a class has none, or if there is just
        one: a scorer that fails on other rows fails on all, and its error tells the user.
        """
        if self.missing is None and self._n_rows > 1:
            return None
        try:
            score = self._score_of(result)
        except ValueError as error:
            return self._undefined(f"cannot be computed ({error})")
        return self._undefined("is nan") if math.isnan(score) else None

    def __call__(self, result: FitResult) -> float:
        """Return the score of a result, nan where the scorer raises a ValueError.

        The mean squared logarithmic error, for example, has no value for predictions below
        -1, where a net can be in its first epochs.

        Raises
        ------
        ValueError
            If classes are missing, which no further epoch will mend; it names them.
        """
        try:
            score = self._score_of(result)
        except ValueError as error:
            if self.missing is None:
                self.refusals.append(str(error))
                return math.nan
            raise ValueError(
                self._about_missing(f"cannot be computed ({error})")
            ) from error
        if math.isnan(score) and self.missing is not None and self.decides:
            raise ValueError(self._about_missing("is nan"))
        return score

    def check(self, result: FitResult) -> None:
        """Raise the scorer's own error for a result, if it has one."""
        try:
            self._score_of(result)
        except ValueError as error:
            rows = count_of(self._n_rows, "validation row")
            error.add_note(f"It is of scoring={self.scoring!r}, on {rows}.")
            raise

    @property
    def _n_rows(self) -> int:
        """Number of validation rows."""
        return len(self.validation.labels)

    def _score_of(self, result: FitResult) -> float:
        """Return what the scorer says."""
        X, y = self.validation.users_X, self.validation.labels
        score = self.scorer(self.as_fitted(result), X, y, **self.metadata)
        try:
            number = float(score)
        except (TypeError, ValueError):
            number = None
        if number is None or np.ndim(score):
            raise TypeError(
                f"scoring={self.scoring!r} returned {repr(score)[:60]}, which is not a "
                "number. A scorer returns one, greater for better nets."
            )
        return number

    def _undefined(self, outcome: str) -> str:
        """Return that the score came to nothing, and on which rows."""
        rows = count_of(self._n_rows, "validation row")
        why = "" if self.missing is None else f": {self.missing} among them"
        return f"scoring={self.scoring!r} {outcome} on {rows}{why}"

    def _about_missing(self, outcome: str) -> str:
        """Return that the score came to nothing, and what to do about it."""
        return (
            f"{self._undefined(outcome)}. Give fit at least two rows of each class, or "
            "X_val and y_val with rows of each, or take another scorer; "
            "sklearn.metrics.make_scorer hands labels=[...] on to metrics that take all "
            "classes in this way."
        )
