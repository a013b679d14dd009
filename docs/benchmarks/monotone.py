"""Monotonic constraints: their price in accuracy, and what nets do without them.

Run ``python docs/benchmarks/monotone.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y``, ``task`` and ``feature_names``, and a folder ``mixed`` with
CSV files. It writes ``monotone.md`` to its own folder. The directions in `DIRECTIONS` come
from what the columns mean, not from results. Of each table, at most 4000 training rows and
2000 test rows are used, in several splits (mixed ones: a quarter of 5000 rows for the
test); columns of more than 255 categories are left out, which HistGradientBoosting does not
take. Models have their defaults, and one thread; times are processor times.

A pair is a test row and a copy of it in which one constrained column has the value of
another test row. A counterexample is a pair in which the prediction moves against the
direction, by more than 0.01 % of the standard deviation of all predictions.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from environment import versions_and_kernels
from mixed_tables import read_mixed_tables, split_mixed
from options import folder_parser
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, r2_score
from tables import read_tables, split
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier, DeepNetRegressor

HERE = Path(__file__).parent
N_SPLITS, N_PAIRS = 3, 10_000
MOST_LEVELS = 255
LEAST_MOVE = 1e-4  # of the standard deviation of predictions
# From +1, more is more, to -1, more is less.
DIRECTIONS: dict[str, dict[str, int]] = {
    "abalone": {"length": 1, "diameter": 1, "height": 1, "shell": 1},
    "adult": {"education_num": 1, "capital_gain": 1},
    "ames": {"Gr_Liv_Area": 1, "Total_Bsmt_SF": 1, "Lot_Area": 1, "Year_Built": 1},
    "california_housing": {"median_income": 1},
    "concrete": {"cement": 1, "water": -1, "age": 1},
    "german_credit": {"duration": 1},
    "insurance": {"age": 1, "bmi": 1, "children": 1, "smoker=yes": 1},
    "power_plant": {"AT": -1, "V": -1},
    "telco_churn": {"tenure": -1},
    "yacht": {"Fr": 1},
    "cars": {"year": 1, "km_driven": -1, "max_power": 1},
    "lifeexp": {"Adult Mortality": -1, " HIV/AIDS": -1, "Schooling": 1},
    "seoulbike": {"Rainfall(mm)": -1, "Snowfall (cm)": -1},
    "titanic": {"Pclass": -1, "Fare": 1},
}
NETS = {"classification": DeepNetClassifier, "regression": DeepNetRegressor}
BOOSTING = {
    "classification": HistGradientBoostingClassifier,
    "regression": HistGradientBoostingRegressor,
}
MODELS = {
    "net": (NETS, False),
    "net, constrained": (NETS, True),
    "boosting": (BOOSTING, False),
    "boosting, constrained": (BOOSTING, True),
}
MEASURED = "score", "counterexamples", "seconds"


def splits_of(folder: Path) -> Iterator[tuple[str, str, Iterator[list]]]:
    """Yield the name and the task of each table, and its splits, all as data frames."""
    for task in NETS:
        for name, X, y in read_tables(folder, task, DIRECTIONS):
            with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
                frame = pd.DataFrame(X, columns=file["feature_names"].tolist())
            classifies = task == "classification"
            y = np.unique(y, return_inverse=True)[1] if classifies else y
            seeds = range(N_SPLITS)
            yield name, task, (split(frame, y, i, stratify=classifies) for i in seeds)
    for task, name, frame, y in read_mixed_tables(folder / "mixed"):
        if name in DIRECTIONS:
            is_wide = frame.select_dtypes("category").nunique() > MOST_LEVELS
            frame = frame.drop(columns=is_wide.index[is_wide])
            classifies = task == "classification"
            seeds = range(N_SPLITS)
            yield name, task, (split_mixed(frame, y, i, stratify=classifies) for i in seeds)


def output(model: Any, X: pd.DataFrame) -> np.ndarray:
    """Return what is monotone: the probability of the second class, or the prediction."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)[:, 1].astype(np.float64)
    return model.predict(X).astype(np.float64)


def counterexamples(
    model: Any, X: pd.DataFrame, directions: Mapping[str, int], seed: int
) -> float:
    """Return the share of pairs in which the prediction moves against a direction."""
    rng = np.random.default_rng(seed)
    n_pairs = N_PAIRS // len(directions)
    least = LEAST_MOVE * output(model, X).std()
    found = []
    for name, direction in directions.items():
        rows = X.iloc[rng.integers(len(X), size=n_pairs)]
        other = X[name].to_numpy()[rng.integers(len(X), size=n_pairs)]
        step = direction * (other - rows[name].to_numpy())
        move = output(model, rows.assign(**{name: other})) - output(model, rows)
        against = np.where(step > 0, -move, move)
        differs = (step != 0) & ~np.isnan(step)
        found.append((against[differs] > least).mean())
    return float(np.mean(found))


def measure(task: str, parts: list, name: str, seed: int) -> np.ndarray:
    """Return score, share of counterexamples and seconds of each model."""
    X_train, X_test, y_train, y_test = parts
    found = []
    for classes, constrained in MODELS.values():
        cst = DIRECTIONS[name] if constrained else None
        model = classes[task](monotonic_cst=cst, random_state=seed)
        start = time.process_time()
        model.fit(X_train, y_train)
        seconds = time.process_time() - start
        predicted = output(model, X_test)
        score = (log_loss if task == "classification" else r2_score)(y_test, predicted)
        share = counterexamples(model, X_test, DIRECTIONS[name], seed)
        found.append([score, share, seconds])
    return np.array(found)


def report(results: dict[str, tuple[str, np.ndarray]]) -> str:
    """Return the page; results are (n_models, 3) by table, with its task."""
    lines = [
        "# Monotonic constraints",
        "",
        "What do monotonic constraints cost in accuracy, and how often do models without",
        "them move against the directions that one expects? `monotone.py` writes this",
        "page, by `python docs/benchmarks/monotone.py FOLDER`; its docstring describes the",
        f"method. Means over {N_SPLITS} splits.",
        "",
    ]
    tasks = (
        ("regression", "R², larger is better"),
        (
            "classification",
            "Log loss, smaller is better",
        ),
    )
    for task, title in tasks:
        own = {name: values for name, (kind, values) in results.items() if kind == task}
        lines += [f"{title}:", "", "| table | " + " | ".join(MODELS) + " |"]
        lines += ["|---" * (len(MODELS) + 1) + "|"]
        mean = {"mean": np.mean(list(own.values()), axis=0)}
        for name, values in (own | mean).items():
            cells = " | ".join(f"{value:.4f}" for value in values[:, 0])
            lines.append(f"| {name} | {cells} |")
        lines.append("")
    lines += ["Share of pairs that are counterexamples:", ""]
    lines += ["| table | constrained columns | " + " | ".join(MODELS) + " |"]
    lines += ["|---" * (len(MODELS) + 2) + "|"]
    for name, (_, values) in results.items():
        cells = " | ".join(f"{value:.1%}" for value in values[:, 1])
        columns = ", ".join(
            f"{'+' if way > 0 else '-'} {column.strip()}"
            for column, way in DIRECTIONS[name].items()
        )
        lines.append(f"| {name} | {columns} | {cells} |")
    ratio = np.exp(
        np.mean([np.log(values[1, 2] / values[0, 2]) for _, values in results.values()])
    )
    lines += ["", "The geometric mean over tables of the time of a fit of a net with"]
    lines += [f"constraints, relative to one without, is {ratio:.2f}.", ""]
    return "\n".join([*lines, versions_and_kernels("pandas")]) + "\n"


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")
    results = {}
    for name, task, parts in splits_of(folder):
        with threadpool_limits(1):
            found = [measure(task, each, name, seed) for seed, each in enumerate(parts)]
        results[name] = task, np.mean(found, axis=0)
        print(name, np.round(results[name][1], 4).tolist(), flush=True)
    (HERE / "monotone.md").write_text(report(results))


if __name__ == "__main__":
    main()
