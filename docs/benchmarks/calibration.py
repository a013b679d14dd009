"""Calibration of classifiers: log loss, Brier score and expected calibration error.

Run ``python docs/benchmarks/calibration.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``. It writes ``calibration.md`` to its own
folder. Of each table, at most 4000 training rows and 2000 test rows are used, in several
splits. The baseline is LogisticRegression on standardised columns. BLAS uses one thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from environment import versions_and_kernels
from options import folder_parser
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import N_SPLITS, read_tables, split
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier
from skshallow.inspection import expected_calibration_error

HERE = Path(__file__).parent
N_BINS = 15

MODELS: dict[str, Callable] = {
    "LogisticRegression": lambda seed: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=2000)
    ),
    "net": lambda seed: DeepNetClassifier(random_state=seed),
    "net, no dropout": lambda seed: DeepNetClassifier(dropout=0.0, random_state=seed),
    "net, no temperature": lambda seed: DeepNetClassifier(
        temperature_scaling=False, random_state=seed
    ),
    "net, no early stopping": lambda seed: DeepNetClassifier(
        early_stopping=False, random_state=seed
    ),
}


def calibration_error(y: np.ndarray, probability: np.ndarray) -> float:
    """Return the expected calibration error in equally wide bins."""
    labels = np.arange(probability.shape[1])
    return expected_calibration_error(
        y, probability, labels=labels, n_bins=N_BINS, strategy="uniform"
    )


def brier(y: np.ndarray, probability: np.ndarray) -> float:
    """Return the mean squared distance of probabilities from the indicator of y."""
    indicator = np.eye(probability.shape[1])[y]
    return float(((probability - indicator) ** 2).sum(axis=1).mean())


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": lambda y, p: accuracy_score(y, p.argmax(axis=1)),
    "log loss": lambda y, p: log_loss(y, p, labels=range(p.shape[1])),
    "Brier": brier,
    "calibration error": calibration_error,
}


def measure(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean over splits of each metric for each model."""
    results = np.empty((N_SPLITS, len(MODELS), len(METRICS)))
    for seed in range(N_SPLITS):
        X_train, X_test, y_train, y_test = split(X, y, seed, stratify=True)
        for i, make in enumerate(MODELS.values()):
            probability = make(seed).fit(X_train, y_train).predict_proba(X_test)
            probability = probability.astype(np.float64)
            for j, metric in enumerate(METRICS.values()):
                results[seed, i, j] = metric(y_test, probability)
    return results.mean(axis=0)


def report(results: dict[str, np.ndarray]) -> str:
    stacked = np.stack(list(results.values()))
    lines = [
        "# Calibration of classifiers",
        "",
        "Are the predicted probabilities calibrated, and what do dropout, temperature",
        "scaling and early stopping contribute? `calibration.py` writes this page; its",
        "docstring describes the method. Smaller is better, except for accuracy.",
        f"Means over {len(results)} tables and {N_SPLITS} splits.",
        "",
        "| model | "
        + " | ".join(METRICS)
        + " | tables with log loss 2 % above the baseline |",
        "|---" * (len(METRICS) + 2) + "|",
    ]
    baseline = stacked[:, 0, 1]
    for i, name in enumerate(MODELS):
        cells = [f"{value:.4f}" for value in stacked[:, i].mean(axis=0)]
        worse = int((stacked[:, i, 1] > 1.02 * baseline).sum())
        lines.append(f"| {name} | {' | '.join(cells)} | {worse} |")
    lines += ["", "Log loss on each table:", ""]
    lines += ["| table | " + " | ".join(MODELS) + " |", "|---" * (len(MODELS) + 1) + "|"]
    for table, values in results.items():
        lines.append(f"| {table} | " + " | ".join(f"{v:.3f}" for v in values[:, 1]) + " |")
    return "\n".join([*lines, "", versions_and_kernels()]) + "\n"


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")
    results = {}
    for name, X, y in read_tables(folder, "classification"):
        with threadpool_limits(1):
            results[name] = measure(X, np.unique(y, return_inverse=True)[1])
        print(name, np.round(results[name][:, 1], 3), flush=True)
    text = report(results)
    print(text)
    (HERE / "calibration.md").write_text(text)


if __name__ == "__main__":
    main()
