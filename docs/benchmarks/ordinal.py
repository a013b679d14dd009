"""Ordered classes: proportional odds against log loss, for nets and for linear models.

Run ``python docs/benchmarks/ordinal.py FOLDER``; the folder holds tables as ``.npz`` files
with arrays ``X``, ``y`` and ``task``, and in ``mixed`` the table ``student.csv``. It writes
``ordinal.md`` to its own folder.

The classes of ``car`` (unacceptable, acceptable, good, very good) and of ``student`` (final
grades, in the five levels of their source) are ordered by nature. The other tables are
regressions whose targets are cut into grades at the quantiles of the whole table: into
five, and abalone also into three and at most ten. Of each table, at most 2000 training rows
and 2000 test rows are used.

The models are `LogisticRegression`, proportional odds without hidden layers, and the net of
the defaults with both losses. Classes are the most probable ones and, in columns called
"median", the medians of the predicted distributions. The error is the mean absolute
difference of the class indices, kappa is Cohen's with quadratic weights. BLAS uses one
thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from environment import versions_and_kernels
from options import folder_parser
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    log_loss,
    mean_absolute_error,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tables import N_TEST, read_tables
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier

HERE = Path(__file__).parent
N_TRAIN, N_SPLITS = 2000, 5
REGRESSIONS = "abalone", "california_housing", "concrete", "insurance", "kin8nm", "stock"
LEVELS_OF_GRADES = [9.5, 11.5, 13.5, 15.5]  # Cortez and Silva (2008)
LINEAR = {"depth": 0, "loss": "ordinal", "solver": "lbfgs", "early_stopping": False}

MODELS: dict[str, Callable] = {
    "LogisticRegression": lambda seed: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000)
    ),
    "proportional odds, linear": lambda seed: DeepNetClassifier(**LINEAR),
    "net, log loss": lambda seed: DeepNetClassifier(random_state=seed),
    "net, ordinal": lambda seed: DeepNetClassifier(loss="ordinal", random_state=seed),
}


def mode(probability: np.ndarray) -> np.ndarray:
    """Return the most probable class of each row."""
    return probability.argmax(axis=1)


def median(probability: np.ndarray) -> np.ndarray:
    """Return the first class with a cumulative probability of at least 1/2."""
    return (probability.cumsum(axis=1) < 0.5).sum(axis=1).clip(max=probability.shape[1] - 1)


def kappa(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights."""
    return cohen_kappa_score(y, predicted, weights="quadratic")


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "log loss": lambda y, p: log_loss(y, p, labels=range(p.shape[1])),
    "accuracy": lambda y, p: accuracy_score(y, mode(p)),
    "error": lambda y, p: mean_absolute_error(y, mode(p)),
    "kappa": lambda y, p: kappa(y, mode(p)),
    "accuracy, median": lambda y, p: accuracy_score(y, median(p)),
    "error, median": lambda y, p: mean_absolute_error(y, median(p)),
    "kappa, median": lambda y, p: kappa(y, median(p)),
}
LARGER_IS_BETTER = {name for name in METRICS if name.startswith(("accuracy", "kappa"))}


def grades(y: np.ndarray, n_grades: int) -> np.ndarray:
    """Return the grade of each target, of about equal frequencies."""
    inner = np.quantile(y, np.arange(1, n_grades) / n_grades)
    return np.digitize(y, np.unique(inner))


def students(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the table of students, encoded, and their levels, from the worst."""
    frame = pd.read_csv(folder / "mixed" / "student.csv")
    level = np.digitize(frame.pop("G3"), LEVELS_OF_GRADES)
    names = frame.select_dtypes(exclude="number").columns
    encoder = OneHotEncoder(sparse_output=False).fit(frame[names])
    X = np.hstack([frame.drop(columns=names), encoder.transform(frame[names])])
    return X.astype(np.float32), level


def tables(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield the name, the features and the class indices of each table."""
    yield from read_tables(folder, "classification", ["car"])
    yield "student", *students(folder)
    for name, X, y in read_tables(folder, "regression", REGRESSIONS):
        for n_grades in (5, 3, 10) if name == "abalone" else (5,):
            yield f"{name}, {n_grades} grades", X, grades(y, n_grades)


def measure(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each metric for each split and model (N_SPLITS, n_models, n_metrics)."""
    results = np.empty((N_SPLITS, len(MODELS), len(METRICS)))
    n_test = min(N_TEST, len(y) // 4)
    sizes: dict[str, Any] = {"train_size": min(N_TRAIN, len(y) - n_test)}
    for seed in range(N_SPLITS):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=n_test, stratify=y, random_state=seed, **sizes
        )
        for i, make in enumerate(MODELS.values()):
            net = make(seed).fit(X_train, y_train)
            probability = net.predict_proba(X_test).astype(np.float64)
            results[seed, i] = [metric(y_test, probability) for metric in METRICS.values()]
    return results


def table_of(rows: dict[str, np.ndarray], header: list[str]) -> list[str]:
    """Return the lines of a table of numbers."""
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for name, values in rows.items():
        lines.append(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |")
    return lines


def comparison(results: dict[str, np.ndarray], ours: int, other: int) -> list[str]:
    """Return, by metric, on how many tables one model is better than another."""
    names = list(MODELS)
    lines = [
        f"| metric | {names[ours]} better | worse |",
        "|---|---|---|",
    ]
    for j, metric in enumerate(METRICS):
        means = np.stack([values[:, :, j].mean(axis=0) for values in results.values()])
        sign = 1 if metric in LARGER_IS_BETTER else -1
        gain = sign * (means[:, ours] - means[:, other])
        lines.append(f"| {metric} | {(gain > 0).sum()} | {(gain < 0).sum()} |")
    return lines


def report(results: dict[str, np.ndarray]) -> str:
    """Return the page."""
    stacked = np.stack([values.mean(axis=0) for values in results.values()])
    lines = [
        "# Ordered classes",
        "",
        'Is `loss="ordinal"` better than the log loss where classes are ordered, and is',
        "the median of the predicted distribution a better class than the most probable",
        "one? `python docs/benchmarks/ordinal.py FOLDER` writes this page; the docstring",
        "of the script describes tables, models and metrics. Smaller log losses and errors",
        "are better, and larger accuracies and kappas.",
        "",
        f"Means over {len(results)} tables and {N_SPLITS} splits:",
        "",
        *table_of(
            dict(zip(MODELS, stacked.mean(axis=0), strict=True)), ["model", *METRICS]
        ),
        "",
        "On how many tables the net with the ordinal loss is better than the one with the",
        "log loss:",
        "",
        *comparison(results, 3, 2),
    ]
    for j, metric in enumerate(METRICS):
        if "median" not in metric:
            rows = dict(zip(results, stacked[:, :, j], strict=True))
            title = f"{metric[0].upper()}{metric[1:]} on each table:"
            lines += ["", title, "", *table_of(rows, ["table", *MODELS])]
    return "\n".join([*lines, "", versions_and_kernels("pandas")]) + "\n"


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")
    results = {}
    for name, X, y in tables(folder):
        with threadpool_limits(1):
            results[name] = measure(X, y)
        print(name, results[name].mean(axis=0).round(3).tolist(), flush=True)
    text = report(results)
    print(text)
    (HERE / "ordinal.md").write_text(text)


if __name__ == "__main__":
    main()
