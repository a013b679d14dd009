"""Scores of the validation rows: what a scorer is given, and what it may not return."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skshallow._estimators.checks.sklearn_private import asks_for_weights
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.training_data import TrainingData, ValidationData


@dataclass(frozen=True)
class ValidationScore:
    """From a fitted estimator to its score on the validation rows.

    Parameters
    ----------
    scoring : str or callable
        As the user gave it.
    scorer : callable
        What scikit-learn makes of it.
    validation : ValidationData
        The rows.
    metadata : dict of str to ndarray
        Their weights, if there are any and the scorer asks for them.
    missing : str or None
        Which classes have no validation row, in words.
    decides : bool
        Whether the score decides which epoch is the best.
    """

    scoring: Any
    scorer: Callable[..., Any]
    validation: ValidationData
    metadata: dict[str, Any]
    missing: str | None
    decides: bool

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
            config.scoring, scorer, validation, metadata, missing, config.early_stopping
        )

    def __call__(self, fitted: Any) -> float:
        """Return the score of an estimator.

        Raises
        ------
        ValueError
            What the scorer raises; it names the classes that are missing, if any are.
        """
        X, y = self.validation.users_X, self.validation.labels
        try:
            score = float(self.scorer(fitted, X, y, **self.metadata))
        except ValueError as error:
            if self.missing is None:
                raise
            raise ValueError(
                self._about_missing(f"cannot be computed ({error})")
            ) from error
        if math.isnan(score) and self.missing is not None and self.decides:
            raise ValueError(self._about_missing("is nan"))
        return score

    def _about_missing(self, outcome: str) -> str:
        """Return that the score came to nothing, and what to do about it."""
        return (
            f"scoring={self.scoring!r} {outcome} on {len(self.validation.labels)} "
            f"validation rows: there is {self.missing} among them. Give fit at least two "
            "rows of each class, or X_val and y_val with rows of each, or take another "
            "scorer; sklearn.metrics.make_scorer hands labels=[...] on to metrics that "
            "take all classes in this way."
        )
