"""Accuracy of nets and other models: scores, log loss, calibration, fit time, ranks.

Run ``python docs/benchmarks/accuracy.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``, with one-hot encoded categories. It writes
``accuracy.md`` to its own folder and the picture of it, which the README shows as well, to
``docs/images/accuracy_time.png``. ``--quick`` uses only the tables of `QUICK`.
``--results FILE`` stores every measurement as a line of JSON: an interrupted run is
resumed, and measurements that the file contains are not repeated.

Of each table, at most 4500 training rows and 2000 test rows are used, in two splits that
are the same for all models. Everything runs in one thread. The time of a fit is its
processor time, which hardly depends on the other load of the machine.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from contenders import Model, contenders
from scipy.stats import rankdata
from sklearn.metrics import accuracy_score, log_loss, r2_score
from tables import read_tables, split
from threadpoolctl import threadpool_limits

from skshallow.inspection import expected_calibration_error

HERE = Path(__file__).parent
N_TRAIN, N_SPLITS = 4500, 2
LEAST_GAP, N_BOOTSTRAP = 0.005, 2000
QUICK = {
    "classification": (
        "adult",
        "covtype10k",
        "letter",
        "magic",
        "phoneme",
        "satimage",
        "spambase",
    ),
    "regression": (
        "abalone",
        "bike_hourly",
        "california_housing",
        "concrete",
        "kin8nm",
        "pol",
        "power_plant",
    ),
}
TASKS = tuple(QUICK)
SCORES = {"classification": "accuracy", "regression": "R²"}
PICTURE = HERE.parent / "images" / "accuracy_time.png"
OURS, THEIRS = "#1c5d99", "#666666"
# What the picture calls the models that it shows, and where the name stands: right, up.
DRAWN = {
    "net": ("network", (-1, 1)),
    "net, 10 epochs": ("network, 10 epochs", (-1, 0)),
    "net, 4 members": ("ensemble of 4", (0, 1)),
    "linear": ("linear model", (1, 0)),
    "boosting": ("HistGradientBoosting", (-1, 0)),
    "MLP, scaled": ("scikit-learn's MLP,\nscaled columns", (0, -1)),
    "RealMLP-TD-S": ("RealMLP", (0, -1)),
}


@dataclass(frozen=True)
class Result:
    """One fit. `score` is the accuracy or R²; regressors have no log loss (NaN)."""

    table: str
    task: str
    seed: int
    model: str
    settings: str
    version: str
    score: float
    log_loss: float
    calibration_error: float
    seconds: float

    @property
    def key(self) -> tuple:
        return self.table, self.seed, self.model, self.settings, self.version


def tables_of(
    folder: Path, names: Iterable[str] | None
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield task, name, features and targets of each table, or of those with `names`."""
    for task in TASKS:
        for name, X, y in read_tables(folder, task, names):
            if task == "classification":
                y = np.unique(y, return_inverse=True)[1]
            yield task, name, X, y


def fit_and_score(model: Model, task: str, name: str, seed: int, rows: list) -> Result:
    """Return the result of `model` on ``rows = X_train, X_test, y_train, y_test``."""
    X_train, X_test, y_train, y_test = rows
    estimator = model.make(task, seed)
    start = time.process_time()
    estimator.fit(X_train, y_train)
    seconds = time.process_time() - start
    loss = error = np.nan
    if task == "classification":
        probability = np.asarray(estimator.predict_proba(X_test), dtype=np.float64)
        labels = np.arange(probability.shape[1])
        score = accuracy_score(y_test, probability.argmax(axis=1))
        loss = log_loss(y_test, probability, labels=labels)
        error = expected_calibration_error(y_test, probability, labels=labels)
    else:
        score = r2_score(y_test, np.ravel(estimator.predict(X_test)))
    return Result(
        name,
        task,
        seed,
        model.name,
        model.settings,
        model.version,
        float(score),
        float(loss),
        float(error),
        seconds,
    )


def measure(
    folder: Path,
    models: list[Model],
    names: Iterable[str] | None,
    path: Path | None,
) -> list[Result]:
    """Return the results of all models on all tables, including those stored at `path`."""
    kept = {}
    if path is not None and path.exists():
        found = [Result(**json.loads(line)) for line in path.read_text().splitlines()]
        kept = {result.key: result for result in found}
    results = []
    for task, name, X, y in tables_of(folder, names):
        for seed in range(N_SPLITS):
            stratify = task == "classification"
            rows = split(X, y, seed, stratify=stratify, n_train=N_TRAIN)
            for model in models:
                key = name, seed, model.name, model.settings, model.version
                if key not in kept:
                    with threadpool_limits(1):
                        kept[key] = fit_and_score(model, task, name, seed, rows)
                    if path is not None:
                        with path.open("a") as file:
                            file.write(json.dumps(asdict(kept[key])) + "\n")
                results.append(kept[key])
        line = [f"{r.model} {r.score:.3f}" for r in results if r.table == name]
        print(name, "; ".join(line), flush=True)
    return results


def table_means(results: list[Result], task: str, measure: str) -> np.ndarray:
    """Return the mean over splits of a measure: (n_tables, n_models)."""
    chosen = [r for r in results if r.task == task]
    tables, models = names(chosen, "table"), names(chosen, "model")
    means = np.zeros((len(tables), len(models)))
    for r in chosen:
        means[tables.index(r.table), models.index(r.model)] += getattr(r, measure)
    return means / N_SPLITS


def names(results: list[Result], field: str) -> list[str]:
    """Return the different values of a field, in their order."""
    return list(dict.fromkeys(getattr(result, field) for result in results))


def normalised(score: np.ndarray, linear: int) -> np.ndarray:
    """Return scores (n_tables, n_models), scaled to 0 for the linear model, 1 for the best.

    Scores are cut off at -1. Tables on which the best model is less than 0.005 better
    than the linear one are left out, since the scaling would magnify random differences.
    """
    gap = score.max(axis=1) - score[:, linear]
    told = gap >= LEAST_GAP
    share = (score[told] - score[told][:, [linear]]) / gap[told, np.newaxis]
    return np.maximum(share, -1)


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean over tables (n_tables, n_models), and its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    rows = rng.integers(len(values), size=(N_BOOTSTRAP, len(values)))
    low, high = np.quantile(values[rows].mean(axis=1), [0.025, 0.975], axis=0)
    return values.mean(axis=0), low, high


def cells(values: np.ndarray, digits: int) -> list[str]:
    """Return one cell per model: the mean, and its interval over other tables."""
    return [
        f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
        for mean, low, high in zip(*interval(values), strict=True)
    ]


def summary(results: list[Result], task: str) -> list[str]:
    """Return the lines of a table with one row per model."""
    models = names(results, "model")
    score = table_means(results, task, "score")
    seconds = table_means(results, task, "seconds")
    columns = {
        SCORES[task]: [f"{value:.4f}" for value in score.mean(axis=0)],
        "mean rank": cells(rankdata(-score, axis=1), 2),
        "normalised": cells(normalised(score, models.index("linear")), 2),
    }
    if task == "classification":
        for measure in ("log_loss", "calibration_error"):
            values = table_means(results, task, measure)
            columns[measure.replace("_", " ")] = [f"{v:.4f}" for v in values.mean(axis=0)]
    columns["seconds per fit"] = [f"{v:.2f}" for v in np.exp(np.log(seconds).mean(axis=0))]
    lines = [f"| model | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, *row in zip(models, *columns.values(), strict=True):
        lines.append(f"| {name} | {' | '.join(row)} |")
    return lines


def by_table(results: list[Result], task: str, measure: str) -> list[str]:
    """Return the lines of a table with one row per data set."""
    models = names(results, "model")
    lines = [f"| table | {' | '.join(models)} |", "|---" * (len(models) + 1) + "|"]
    tables = names([r for r in results if r.task == task], "table")
    for table, row in zip(tables, table_means(results, task, measure), strict=True):
        lines.append(f"| {table} | {' | '.join(f'{v:.3f}' for v in row)} |")
    return lines


def report(results: list[Result]) -> str:
    versions = {r.model: r.version for r in results}
    lines = [
        "# Accuracy",
        "",
        "How accurate are neural networks, compared with gradient boosting, linear",
        "models and other neural networks, and how long do they take? `accuracy.py`",
        "writes this page; its docstring describes the method.",
        "",
        "The normalised score is 0 for the linear model (LogisticRegression; RidgeCV)",
        "and 1 for the best model on a table. In parentheses: 95 % confidence",
        "intervals, by bootstrap over the tables. Seconds per fit are geometric means",
        "over the tables, with one thread.",
        "",
        "![Score against time of fit](../images/accuracy_time.png)",
    ]
    for task in TASKS:
        n_tables = len(names([r for r in results if r.task == task], "table"))
        lines += ["", f"## {task.capitalize()}: {n_tables} tables", ""]
        lines += summary(results, task)
        lines += ["", f"{SCORES[task].capitalize()} on each table:", ""]
        lines += by_table(results, task, "score")
        if task == "classification":
            lines += ["", "Log loss on each table:", ""]
            lines += by_table(results, task, "log_loss")
    told = ", ".join(f"{model} {version}" for model, version in versions.items())
    return "\n".join([*lines, "", f"Versions: {told}."]) + "\n"


def draw(results: list[Result], path: Path) -> None:
    """Draw the mean normalised score of the models in `DRAWN` against their fit time."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for ax, task in zip(axes, TASKS, strict=True):
        draw_task(ax, [r for r in results if r.task == task], task)
    axes[0].set_ylabel("score: 0 linear model, 1 best model\nbetter →")
    figure.supxlabel("← faster   seconds per fit, one thread", fontsize="medium")
    figure.savefig(path, dpi=160)


def draw_task(ax: Any, results: list[Result], task: str) -> None:
    """Draw one point with its name per model; a line joins the nets of this package."""
    models = names(results, "model")
    score = table_means(results, task, "score")
    shares = normalised(score, models.index("linear")).mean(axis=0)
    logs = np.log(table_means(results, task, "seconds")).mean(axis=0)
    points = dict(zip(models, zip(np.exp(logs), shares, strict=True), strict=True))
    drawn = {model: points[model] for model in DRAWN if model in points}
    nets = sorted(point for model, point in drawn.items() if model.startswith("net"))
    ax.plot(*zip(*nets, strict=True), color=OURS, alpha=0.4)
    for model, point in drawn.items():
        name, (right, up) = DRAWN[model]
        color = OURS if model.startswith("net") else THEIRS
        ax.plot(*point, "o", color=color, markersize=8)
        ax.annotate(
            name,
            point,
            (9 * right, 7 * up),
            textcoords="offset points",
            ha={-1: "right", 0: "center", 1: "left"}[right],
            va={-1: "top", 0: "center", 1: "bottom"}[up],
            color=color,
            fontsize="small",
        )
    n_tables = len(names(results, "table"))
    ax.set(xscale="log", title=f"{task.capitalize()}: mean of {n_tables} tables")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0.15, y=0.15)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="only the tables of QUICK")
    parser.add_argument("--results", type=Path, help="JSON lines to resume from")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    chosen = [name for task in TASKS for name in QUICK[task]] if options.quick else None
    results = measure(options.folder, contenders(), chosen, options.results)
    text = report(results)
    print(text)
    if not options.dry:
        (HERE / "accuracy.md").write_text(text)
        draw(results, PICTURE)


if __name__ == "__main__":
    main()
