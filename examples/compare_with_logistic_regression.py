"""Is a neural network better than a linear model? A comparison by cross-validation.

Run it on two data sets of scikit-learn, or on your own table::

    python examples/compare_with_logistic_regression.py
    python examples/compare_with_logistic_regression.py --data FILE.csv --target COLUMN

The comparison is a nested cross-validation with five folds. In each fold, a grid search
over a pipeline fits every combination of activation, depth and init scale in `GRID` to
three quarters of the training rows, chooses the one with the best score on the remaining
quarter, the validation rows, and fits it to all training rows. The baseline is logistic
regression (ridge regression for a numeric target) on standardised columns; its penalty is
chosen on the same validation rows. The program prints the best models on the validation
rows, and a verdict on the test rows, which were not used for any choice. It draws all
validation scores.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.inspection import (
    BaselineComparison,
    CrossValidated,
    compare_with_baseline,
)

GRID = {
    "net__activation": ["sigmoid", "tanh", "relu"],
    "net__depth": [1, 2, 3, 4],
    "net__init_scale": [0.01, 0.1, 1.0, 3.0],
}
NET_SETTINGS = {
    "hidden_units": 32,
    "solver": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "batch_size": 64,
    "max_iter": 30,
    "alpha": 1e-3,
    "random_state": 0,
    "record_health": False,  # no warnings: the grid contains bad initialisations on purpose
}
PENALTIES = np.logspace(-3, 3, 7)
N_FOLDS = 5
MOST_CLASSES = 20  # a numeric target with more distinct values means regression
MOST_CATEGORIES = 30  # per column; rarer categories share a binary column


# The tables.


@dataclass
class Table:
    """Features, target and preprocessing of a data set."""

    name: str
    X: Any
    y: np.ndarray
    is_classification: bool
    preparation: Any = "passthrough"  # preprocessing that both models need

    @property
    def folds(self) -> StratifiedKFold | KFold:
        """The folds whose test rows give the scores."""
        Folds = StratifiedKFold if self.is_classification else KFold
        return Folds(N_FOLDS, shuffle=True, random_state=0)

    @property
    def validation(self) -> StratifiedShuffleSplit | ShuffleSplit:
        """The split of each fold's training rows into training and validation rows."""
        Split = StratifiedShuffleSplit if self.is_classification else ShuffleSplit
        return Split(1, test_size=0.25, random_state=0)

    def __str__(self) -> str:
        target = "a numeric target"
        if self.is_classification:
            target = f"{len(np.unique(self.y))} classes"
        n_rows, n_columns = self.X.shape
        return f"{self.name}: {n_rows} rows, {n_columns} columns, {target}"


def bundled_tables() -> list[Table]:
    loaders = {"breast cancer": load_breast_cancer, "digits": load_digits}
    return [
        Table(name, *load(return_X_y=True), is_classification=True)
        for name, load in loaders.items()
    ]


def read_table(path: Path, target: str, task: str, max_rows: int) -> Table:
    """Return the table in a CSV file; ValueError says what is wrong with it."""
    frame = read_frame(path)
    if target not in frame.columns:
        raise ValueError(no_such_column(target, list(frame.columns), path))
    frame = frame.dropna(subset=[target])
    is_classification = task == "classification" or (
        task == "auto" and names_classes(frame[target])
    )
    if len(frame) > max_rows:
        print(f"Using a random sample of {max_rows} of {len(frame)} rows; see --max-rows.")
        frame = frame.sample(max_rows, random_state=0)
    if len(frame) < 4 * N_FOLDS:
        raise ValueError(
            f"{path} has {len(frame)} rows with a value in {target!r}; {N_FOLDS} folds "
            f"need at least {4 * N_FOLDS}."
        )
    if is_classification:
        frame = drop_rare_classes(frame, target)
    y = as_target(frame[target], is_classification)
    X = as_features(frame.drop(columns=target))
    if X.shape[1] == 0:
        raise ValueError(f"{path} has no column with values except {target!r}.")
    return Table(path.stem, X, y, is_classification, fill_and_encode())


def read_frame(path: Path):
    try:
        import pandas as pd
    except ImportError as error:
        raise ValueError("--data needs pandas: pip install pandas") from error
    try:
        return pd.read_csv(path, low_memory=False)
    except OSError as error:
        raise ValueError(f"cannot open {path}: {error.strerror}") from error
    except ValueError as error:  # what pandas raises for a file that is not a table
        raise ValueError(f"cannot read {path} as CSV: {error}") from error


def no_such_column(name: str, columns: list[str], path: Path) -> str:
    if len(columns) == 1:
        return (
            f"{path} has no column {name!r}. It has a single column, {columns[0]!r}: are "
            "its values separated by commas?"
        )
    close = difflib.get_close_matches(name, columns, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{path} has no column {name!r}. {hint}It has: {', '.join(columns)}."


def is_number(column) -> bool:
    return column.dtype.kind in "iuf"


def names_classes(column) -> bool:
    """Return whether the values are class labels: no numbers, or only a few integers."""
    if not is_number(column):
        return True
    return column.nunique() <= MOST_CLASSES and bool((column % 1 == 0).all())


def drop_rare_classes(frame, target: str):
    """Remove classes with too few rows to be in every fold."""
    counts = frame[target].value_counts()
    rare = counts.index[counts < N_FOLDS]
    if len(counts) - len(rare) < 2:
        raise ValueError(
            f"column {target!r} does not have two classes of at least {N_FOLDS} rows. "
            "For a numeric target, pass --task regression."
        )
    if len(rare) > 0:
        names = ", ".join(map(str, rare))
        print(f"Removing the classes with fewer than {N_FOLDS} rows: {names}.")
    return frame[~frame[target].isin(rare)]


def as_target(column, is_classification: bool) -> np.ndarray:
    if is_classification:
        return column.to_numpy() if is_number(column) else column.astype(str).to_numpy()
    try:
        return column.to_numpy(float)
    except ValueError as error:
        raise ValueError(f"column {column.name!r} is not numeric: {error}") from error


def as_features(frame):
    """Return numbers as floats and all other values as strings, without empty columns."""
    frame = frame.dropna(axis="columns", how="all")
    kinds = {name: float if is_number(frame[name]) else str for name in frame.columns}
    return frame.astype(kinds).replace([np.inf, -np.inf], np.nan)


def fill_and_encode() -> ColumnTransformer:
    """Impute missing values and mark them in binary columns; one-hot encode categories."""
    numbers = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MOST_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("categories", categories, make_column_selector(dtype_exclude="number")),
        ]
    )


# The searches.


def search_nets(table: Table, n_jobs: int) -> GridSearchCV:
    """Return a grid search over `GRID`. The nets standardise the features themselves."""
    Net = DeepNetClassifier if table.is_classification else DeepNetRegressor
    pipeline = Pipeline([("prepare", table.preparation), ("net", Net(**NET_SETTINGS))])
    search = GridSearchCV(pipeline, GRID, cv=table.validation, n_jobs=n_jobs)
    return search.set_callbacks(ProgressBar(max_propagation_depth=0))


def search_baseline(table: Table, n_jobs: int) -> GridSearchCV:
    """Return a grid search over the penalty of the linear model, on the same rows."""
    if table.is_classification:
        model, grid = LogisticRegression(max_iter=5000), {"model__C": PENALTIES}
    else:
        model, grid = Ridge(), {"model__alpha": PENALTIES}
    pipeline = Pipeline(
        [("prepare", table.preparation), ("scale", StandardScaler()), ("model", model)]
    )
    return GridSearchCV(pipeline, grid, cv=table.validation, n_jobs=n_jobs)


def compare(table: Table, n_jobs: int) -> BaselineComparison:
    """Run both searches on the training rows of each fold; score them on its test rows."""
    return compare_with_baseline(
        search_nets(table, n_jobs),
        table.X,
        table.y,
        baseline=search_baseline(table, n_jobs),
        cv=table.folds,
    )


# The results.


def describe(params: dict[str, Any]) -> str:
    """Return parameters as text: ``activation tanh, depth 2, ...``."""
    return ", ".join(
        f"{name.split('__')[1]} {value:g}"
        if isinstance(value, float)
        else f"{name.split('__')[1]} {value}"
        for name, value in params.items()
    )


def validation_scores(model: CrossValidated) -> np.ndarray:
    """Return the validation scores of all candidates (n_candidates, n_folds)."""
    return np.stack([e.cv_results_["mean_test_score"] for e in model.estimators], axis=1)


def leaders(model: CrossValidated, name: str, n: int) -> list[tuple]:
    """Return (mean score, standard deviation, fit time, name) of the best candidates."""
    scores = validation_scores(model)
    means = scores.mean(axis=1)
    results = [search.cv_results_ for search in model.estimators]
    return [
        (
            means[i],
            scores[i].std(),
            np.mean([result["mean_fit_time"][i] for result in results]),
            f"{name}, {describe(results[0]['params'][i])}",
        )
        for i in np.argsort(-means, kind="stable")[:n]
    ]


def leader_table(comparison: BaselineComparison, n: int = 5) -> str:
    """Return the best nets and the best baseline as text, best first."""
    rows = leaders(comparison.net, "net", n)
    rows += leaders(comparison.baseline, comparison.baseline.name, 1)
    rows.sort(key=lambda row: -row[0])
    width = max(len(row[-1]) for row in rows)
    lines = [f"{'':{width}}  {comparison.score_name:>8}     std  fit time"]
    lines += [
        f"{description:{width}}  {mean:8.4f}  {deviation:6.4f}  {seconds:6.3f} s"
        for mean, deviation, seconds, description in rows
    ]
    return "\n".join(lines)


# The figure.


def score_grid(model: CrossValidated, activation: str) -> np.ndarray:
    """Return the mean scores for one activation (n_depths, n_init_scales)."""
    candidates = model.estimators[0].cv_results_["params"]
    means = validation_scores(model).mean(axis=1)
    scores = {
        (params["net__activation"], params["net__depth"], params["net__init_scale"]): score
        for params, score in zip(candidates, means, strict=True)
    }
    return np.array(
        [
            [scores[activation, depth, scale] for scale in GRID["net__init_scale"]]
            for depth in GRID["net__depth"]
        ]
    )


def draw_scores(ax, scores: np.ndarray, baseline: float, limit: float):
    """Draw scores (n_depths, n_init_scales), coloured by difference from the baseline."""
    image = ax.imshow(
        scores - baseline, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto"
    )
    for (i, j), score in np.ndenumerate(scores):
        is_pale = abs(score - baseline) < 0.6 * limit
        color = "black" if is_pale else "white"
        text = f"{score:.3f}" if abs(score) < 1 else f"{score:.3g}"
        ax.text(j, i, text, ha="center", va="center", color=color, fontsize=9)
    scales = GRID["net__init_scale"]
    ax.set_xticks(range(len(scales)), [f"{scale:g}" for scale in scales])
    ax.set_yticks(range(len(GRID["net__depth"])), GRID["net__depth"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def outline_best(axes, grids: list[np.ndarray]) -> None:
    """Draw a frame around the best score of all panels."""
    best = np.nanmax(grids)
    for ax, scores in zip(axes, grids, strict=True):
        for i, j in np.argwhere(scores == best):
            frame = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, linewidth=2)
            frame.set_clip_on(False)
            ax.add_patch(frame)


def draw(comparisons: Mapping[str, BaselineComparison], path: Path) -> None:
    """Draw one row of panels per table and one panel per activation."""
    activations = GRID["net__activation"]
    figure = Figure(
        figsize=(3 * len(activations) + 1, 3.1 * len(comparisons)), layout="constrained"
    )
    rows = figure.subfigures(len(comparisons), 1, squeeze=False)[:, 0]
    for row, (name, comparison) in zip(rows, comparisons.items(), strict=True):
        score_name, baseline_name = comparison.score_name, comparison.baseline.name
        baseline = validation_scores(comparison.baseline).mean(axis=1).max()
        grids = [score_grid(comparison.net, activation) for activation in activations]
        distances = np.abs(np.nan_to_num(np.array(grids)) - baseline)
        limit = max(0.02, round(2 * float(np.median(distances)), 2))
        axes = row.subplots(1, len(activations), sharey=True, squeeze=False)[0]
        for ax, activation, scores in zip(axes, activations, grids, strict=True):
            image = draw_scores(ax, scores, baseline, limit)
            ax.set_title(activation, fontsize=10)
            ax.set_xlabel("init scale")
        outline_best(axes, grids)
        axes[0].set_ylabel("depth")
        row.suptitle(
            f"{name}: mean validation {score_name} of the nets over {N_FOLDS} folds; "
            f"{baseline_name}: {baseline:.3f}",
            fontsize=11,
            fontweight="bold",
        )
        bar = row.colorbar(
            image, ax=axes, extend="both", ticks=[-limit, 0, limit], format="%+.2f"
        )
        bar.set_label(f"{score_name} minus {baseline_name}")
        bar.outline.set_visible(False)
    figure.savefig(path, dpi=110)


# The command.


def parse(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description="Compare nets with a linear model by cross-validation."
    )
    parser.add_argument("--data", type=Path, metavar="FILE.csv", help="your own table")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument(
        "--task", choices=["auto", "classification", "regression"], default="auto"
    )
    parser.add_argument("--max-rows", type=int, default=10_000, help="maximum for --data")
    parser.add_argument("--picture", type=Path, default=Path("compare.png"))
    parser.add_argument("--jobs", type=int, default=2, help="number of processes")
    options = parser.parse_args(arguments)
    if (options.data is None) != (options.target is None):
        parser.error("--data and --target go together")
    if not options.picture.absolute().parent.is_dir():
        parser.error(f"--picture: there is no folder {options.picture.parent}")
    return parser, options


def main(arguments: Sequence[str] | None = None) -> None:
    parser, options = parse(arguments)
    if options.data is None:
        tables = bundled_tables()
    else:
        try:
            tables = [
                read_table(options.data, options.target, options.task, options.max_rows)
            ]
        except ValueError as error:
            parser.error(str(error))
    comparisons = {}
    for table in tables:
        print(table, flush=True)
        comparison = comparisons[table.name] = compare(table, options.jobs)
        print(f"\nBest models on validation rows:\n{leader_table(comparison)}\n")
        print(f"Comparison on test rows:\n{comparison}\n")
    draw(comparisons, options.picture)
    print(f"Figure of all scores by depth and init scale: {options.picture}")


if __name__ == "__main__":
    main()
