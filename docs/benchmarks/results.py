"""Fits contenders on tables, scores them, and stores each result as a line of JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from contenders import Model
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
from threadpoolctl import threadpool_limits

from skshallow.inspection import expected_calibration_error


@dataclass(frozen=True)
class Split:
    """The rows of a table for training and for the test, the same for all contenders."""

    table: str
    task: str
    seed: int
    rows: list[Any]  # X_train, X_test, y_train, y_test; classes are 0, 1, ...


@dataclass(frozen=True)
class Result:
    """One fit. `score` is the accuracy or R²; what a table does not have is NaN."""

    table: str
    task: str
    seed: int
    model: str
    settings: str
    version: str
    score: float
    auc: float
    log_loss: float
    calibration_error: float
    seconds: float

    @property
    def key(self) -> tuple:
        return self.table, self.seed, self.model, self.settings, self.version


def scores_of(estimator: Any, split: Split) -> dict[str, float]:
    """Return the scores of a fitted estimator; regressors have no log loss (NaN)."""
    _, X_test, _, y_test = split.rows
    scores = dict.fromkeys(("auc", "log_loss", "calibration_error"), np.nan)
    if split.task == "regression":
        predicted = np.reshape(estimator.predict(X_test), y_test.shape)
        return scores | {"score": r2_score(y_test, predicted)}
    probability = np.asarray(estimator.predict_proba(X_test), dtype=np.float64)
    labels = np.arange(probability.shape[1])
    scores["score"] = accuracy_score(y_test, probability.argmax(axis=1))
    scores["log_loss"] = log_loss(y_test, probability, labels=labels)
    error = expected_calibration_error(y_test, probability, labels=labels)
    scores["calibration_error"] = error
    if len(labels) == 2:
        scores["auc"] = roc_auc_score(y_test, probability[:, 1])
    return scores


def fit_and_score(model: Model, split: Split) -> Result:
    X_train, _, y_train, _ = split.rows
    estimator = model.make(split.task, split.seed)
    start = time.process_time()
    estimator.fit(X_train, y_train)
    seconds = time.process_time() - start
    scores = {name: float(score) for name, score in scores_of(estimator, split).items()}
    return Result(
        split.table,
        split.task,
        split.seed,
        model.name,
        model.settings,
        model.version,
        **scores,
        seconds=seconds,
    )


def stored(path: Path | None) -> dict[tuple, Result]:
    """Return the results at `path` by their key; none if there is no such file."""
    if path is None or not path.exists():
        return {}
    found = [Result(**json.loads(line)) for line in path.read_text().splitlines()]
    return {result.key: result for result in found}


def measure(
    splits: Iterable[Split], models: list[Model], path: Path | None
) -> list[Result]:
    """Return the results of all models on all splits, including those stored at `path`."""
    kept, results = stored(path), []
    for split in splits:
        for model in models:
            key = split.table, split.seed, model.name, model.settings, model.version
            if key not in kept:
                with threadpool_limits(1):
                    kept[key] = fit_and_score(model, split)
                if path is not None:
                    with path.open("a") as file:
                        file.write(json.dumps(asdict(kept[key])) + "\n")
            results.append(kept[key])
        shown = [f"{r.model} {r.score:.3f}" for r in results[-len(models) :]]
        print(split.table, split.seed, "; ".join(shown), flush=True)
    return results
