"""Is a neural network better than a linear model? A comparison by cross-validation.

Run it on two data sets of scikit-learn, or on your own table::

    python examples/compare_with_logistic_regression.py
    python examples/compare_with_logistic_regression.py --data FILE.csv --target COLUMN

Separator, decimal mark and encoding of the file are found, or given by --sep, --decimal and
--encoding; --skip-rows skips a title above the header. The program prints what it made of
each column; --drop leaves columns out. It also says how long it will take, after a
rehearsal: on a large table it searches fewer combinations, such that it ends within
--seconds.

The comparison is a nested cross-validation with five folds. In each fold, a grid search
over a pipeline fits every combination of activation, depth and init scale in `GRID` to
three quarters of the training rows, chooses the one with the best score on the remaining
quarter, the validation rows, and fits it to all training rows. The baseline is logistic
regression (ridge regression for a numeric target) on standardised columns; its penalty is
chosen on the same validation rows. The program prints the best models on the validation
rows, and a verdict on the test rows, which were not used for any choice. Beside both stand
a constant prediction and gradient boosted trees with their default settings. It draws all
validation scores.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ParameterGrid,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

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
# a search that must be shorter leaves out the last of these first
PREFERRED = {
    "net__activation": ["relu", "tanh", "sigmoid"],
    "net__depth": [2, 1, 3, 4],
    "net__init_scale": [1.0, 0.1, 3.0, 0.01],
}
PENALTIES = np.logspace(-3, 3, 7)
N_FOLDS = 5
LONGEST = 1.25  # times the seconds that a rehearsal promises; at least half as long
SECONDS_TO_DRAW = 1.0
SHORT = 30  # seconds of a search that does not start further processes
TARGET_SHARE = 0.9  # of the values of a target of quantities
MOST_CLASSES = 10  # a numeric target with more distinct values means regression


# The tables.


@dataclass
class Table:
    """Features, target and preprocessing of a data set."""

    name: str
    X: Any
    y: np.ndarray
    is_classification: bool
    preparation: Any = "passthrough"  # preprocessing that all models need
    scoring: str | None = None  # None: accuracy or R²
    n_repeats: int = 1  # of the folds

    @property
    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Training and test rows of all folds; the test rows give the scores."""
        Folds = StratifiedKFold if self.is_classification else KFold
        return [
            split
            for seed in range(self.n_repeats)
            for split in Folds(N_FOLDS, shuffle=True, random_state=seed).split(
                self.X, self.y
            )
        ]

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


def read_table(path: Path, target: str, options: Any) -> Table:
    """Return the table in a CSV file; ValueError says what is wrong with it."""
    try:
        import csv_table
    except ImportError as error:
        raise ValueError("--data needs pandas: pip install pandas") from error
    frame, notes = csv_table.read_frame(
        path, options.sep, options.encoding, options.skip_rows
    )
    print(*notes, sep="\n", end="\n" if notes else "")
    hint = " ".join(note for note in notes if "--skip-rows" in note)
    frame = without_dropped(frame, options.drop, path, hint)
    target = check_target(target, list(frame.columns), path, hint)
    separator_is_comma = options.sep in (None, ",")
    decimal = options.decimal or csv_table.decimal_mark(frame, separator_is_comma)
    numbers = csv_table.as_numbers(frame[target], decimal)
    if numbers is None and options.task != "classification":
        numbers = csv_table.as_numbers(frame[target], decimal, TARGET_SHARE)
        if numbers is not None and numbers.values.nunique() <= MOST_CLASSES:
            numbers = None  # classes, some of which have names
    frame[target] = as_target(numbers, frame[target])
    frame = with_target(frame, target, path)
    is_classification = is_class_task(frame[target], options.task)
    if len(frame) > options.max_rows:
        n_rows = options.max_rows
        print(f"Using a random sample of {n_rows} of {len(frame)} rows; see --max-rows.")
        frame = frame.sample(n_rows, random_state=0)
    if is_classification:
        frame = drop_rare_classes(frame, target)
    X, lines = csv_table.as_features(frame.drop(columns=target), decimal)
    lines += [f"{name}: left out, as asked" for name in options.drop]
    print("Columns:", *lines, sep="\n  ")
    if X.shape[1] == 0:
        raise ValueError(f"{path} has no column of use except {target!r}.")
    y = frame[target].to_numpy()
    preparation = fill_and_encode(csv_table.MOST_CATEGORIES, csv_table.FREQUENT)
    return Table(
        path.stem, X, y, is_classification, preparation, options.scoring, options.repeats
    )


def without_dropped(frame, names: list[str], path: Path, hint: str):
    """Return the frame without the columns of --drop."""
    for name in names:
        if name not in frame.columns:
            raise ValueError(no_such_column(name, list(frame.columns), path, hint))
    return frame.drop(columns=names)


def check_target(name: str, columns: list[str], path: Path, hint: str) -> str:
    """Return the name of the target's column, or raise ValueError."""
    target = name.strip()
    if target not in columns:
        raise ValueError(no_such_column(name, columns, path, hint))
    if f"{target} (2)" in columns:
        raise ValueError(
            f"{path} has several columns {target!r}. Leave out all but one, for instance "
            f"--drop '{target} (2)'."
        )
    return target


def no_such_column(name: str, columns: list[str], path: Path, hint: str) -> str:
    close = difflib.get_close_matches(name, columns, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    known = f"It has: {', '.join(columns)}."
    return f"{path} has no column {name!r}. {meant}{known} {hint}".strip()


def as_target(numbers: Any, texts):
    """Return the target's numbers if it has any, else its texts."""
    if numbers is None:
        return texts
    if numbers.strays:
        n, first = len(numbers.strays), numbers.strays[0]
        print(
            f"Values of the target that are no number count as missing: {n}, such as "
            f"{first!r}."
        )
    return numbers.values


def with_target(frame, target: str, path: Path):
    """Return the rows with a target, and say how many have none."""
    kept = frame.dropna(subset=[target])
    n_all, n_missing = len(frame), len(frame) - len(kept)
    if n_missing > 0:
        print(f"Leaving out {n_missing} of {n_all} rows without a value in {target!r}.")
    if len(kept) < 4 * N_FOLDS:
        raise ValueError(
            f"{path}: {len(kept)} of {n_all} rows have a value in {target!r}; {N_FOLDS} "
            f"folds need at least {4 * N_FOLDS}."
        )
    return kept


def is_number(column) -> bool:
    return column.dtype.kind == "f"


def is_class_task(column, task: str) -> bool:
    """Return whether the target's values are classes, and say so.

    They are if they are texts, or whole numbers of at most `MOST_CLASSES` values.
    """
    n_values = column.nunique()
    if task == "regression" and not is_number(column):
        raise ValueError(
            f"column {column.name!r} is not numeric: it has values such as "
            f"{column.iloc[0]!r}. For fractions such as 3,5 pass --decimal ,"
        )
    is_few = (
        n_values <= MOST_CLASSES and is_number(column) and bool((column % 1 == 0).all())
    )
    is_classification = task == "classification" or (
        task == "auto" and (is_few or not is_number(column))
    )
    if is_classification:
        hint = "; if they are quantities, pass --task regression" if is_few else ""
        print(
            f"Task: classification, {n_values} different values in {column.name!r}{hint}."
        )
    else:
        print(
            f"Task: regression, {column.name!r} has {n_values} values from "
            f"{column.min():g} to {column.max():g}; if they name classes, pass "
            "--task classification."
        )
    return is_classification


def drop_rare_classes(frame, target: str):
    """Remove classes with too few rows to be in every fold."""
    counts = frame[target].value_counts()
    rare = counts.index[counts < N_FOLDS]
    if len(counts) - len(rare) < 2:
        raise ValueError(
            f"column {target!r} does not have two classes of at least {N_FOLDS} rows. "
            "If its values are quantities, pass --task regression."
        )
    if len(rare) > 0:
        names = ", ".join(map(str, rare))
        print(f"Removing the classes with fewer than {N_FOLDS} rows: {names}.")
    return frame[~frame[target].isin(rare)]


def fill_and_encode(most_categories: int, frequent: int) -> ColumnTransformer:
    """Impute missing values and mark them in binary columns; one-hot encode categories."""
    numbers = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=most_categories,
            min_frequency=frequent,
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


def search_nets(table: Table, grid: dict[str, list], n_jobs: int) -> GridSearchCV:
    """Return a grid search over nets, which standardise the features themselves."""
    Net = DeepNetClassifier if table.is_classification else DeepNetRegressor
    pipeline = Pipeline([("prepare", table.preparation), ("net", Net(**NET_SETTINGS))])
    search = GridSearchCV(
        pipeline, grid, scoring=table.scoring, cv=table.validation, n_jobs=n_jobs
    )
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
    return GridSearchCV(
        pipeline, grid, scoring=table.scoring, cv=table.validation, n_jobs=n_jobs
    )


def trees(table: Table) -> Pipeline:
    """Return gradient boosted trees with their default settings."""
    Trees = (
        HistGradientBoostingClassifier
        if table.is_classification
        else HistGradientBoostingRegressor
    )
    return make_pipeline(table.preparation, Trees(random_state=0))


def compare(
    table: Table, n_jobs: int, grid: dict[str, list] | None = None
) -> BaselineComparison:
    """Run both searches on the training rows of each fold; score them on its test rows."""
    return compare_with_baseline(
        search_nets(table, GRID if grid is None else grid, n_jobs),
        table.X,
        table.y,
        baseline=search_baseline(table, n_jobs),
        cv=table.splits,
        scoring=table.scoring,
    )


def score_trees(table: Table, n_jobs: int, splits: list | None = None) -> np.ndarray:
    """Return the scores of gradient boosted trees on the same folds (n_folds,), or some."""
    return cross_val_score(
        trees(table),
        table.X,
        table.y,
        scoring=table.scoring,
        cv=table.splits if splits is None else splits,
        n_jobs=n_jobs,
        error_score="raise",
    )


def check_score(table: Table) -> None:
    """Raise ValueError if the score is not one of this target, before any long fit."""
    if table.scoring is None:
        return
    model = DummyClassifier() if table.is_classification else DummyRegressor()
    train, test = table.splits[0]
    model.fit(rows_of(table.X, train), table.y[train])
    try:
        with warnings.catch_warnings():
            # some scores are undefined for a constant prediction
            warnings.simplefilter("ignore")
            get_scorer(table.scoring)(model, rows_of(table.X, test), table.y[test])
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"--scoring {table.scoring} does not suit this target: {error}"
        ) from error


# The time.


def rows_of(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


@dataclass
class Pace:
    """How long the parts of a comparison take, as measured in a rehearsal."""

    per_net: dict[int, float]  # of a search, by depth
    per_split: float  # everything else in a split: refits, baseline, start and end
    once: float  # trees of all splits, and the figure
    n_splits: int

    def seconds(self, grid: dict[str, list]) -> float:
        """Return the seconds of the whole comparison."""
        depths = [params["net__depth"] for params in ParameterGrid(grid)]
        nets = np.interp(depths, list(self.per_net), list(self.per_net.values())).sum()
        return self.n_splits * (float(nets) + self.per_split) + self.once


def rehearse(table: Table, n_jobs: int) -> Pace:
    """Run a few nets, the baseline and trees as they will run, and measure the time.

    So it counts what only such a run shows: processes that share busy cores, scores, the
    start of a search. The processes themselves are started before, since they stay.
    """
    splits = table.splits
    n_processes = effective_n_jobs(n_jobs)
    train, _ = splits[0]
    X, y = rows_of(table.X, train), table.y[train]
    depths = [min(GRID["net__depth"]), max(GRID["net__depth"])]
    few = {name: values[:1] for name, values in PREFERRED.items()}
    sample = {**few, "net__depth": depths, "net__init_scale": GRID["net__init_scale"][-2:]}
    # progress bars take time, but would be mistaken for those of the search
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        start_processes([search_nets(table, few, n_jobs), trees(table)], n_jobs)
        search, seconds = timed(search_nets(table, sample, n_jobs).fit, X, y)
        _, of_baseline = timed(search_baseline(table, n_jobs).fit, X, y)
        some = splits[:n_processes]
        _, of_trees = timed(score_trees, table, n_jobs, some)
    results = search.cv_results_
    per_fit = (results["mean_fit_time"] + results["mean_score_time"]) / n_processes
    of_depth = np.array(results["param_net__depth"], dtype=int)
    per_net = {depth: float(per_fit[of_depth == depth].mean()) for depth in depths}
    others = max(seconds - float(per_fit.sum()), search.refit_time_) + of_baseline
    n_rounds = -(-len(splits) // len(some))
    return Pace(per_net, others, n_rounds * of_trees + SECONDS_TO_DRAW, len(splits))


def start_processes(estimators: list, n_jobs: int) -> None:
    """Start all processes, with the libraries that the estimators need."""
    n_processes = effective_n_jobs(n_jobs)
    for _ in range(50):
        tasks = [delayed(process_of)(estimators) for _ in range(n_processes)]
        if len(set(Parallel(n_jobs)(tasks))) == n_processes:
            return


def process_of(estimators: list) -> int:
    """Return the process that this runs in; the estimators have been sent to it."""
    time.sleep(0.1)  # such that the others take a task, too
    return os.getpid()


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Return what a call returns, and its seconds."""
    start = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - start


def plan(table: Table, seconds: float, n_jobs: int) -> tuple[dict[str, list], float, int]:
    """Return the largest grid that ends in time, its seconds, and how many processes.

    The grid has at least one net. One process does for a short search, since others take
    seconds to start. Planning is part of the time.
    """
    start = time.perf_counter()
    net = search_nets(table, GRID, 1).estimator
    train, _ = table.splits[0]
    _, per_net = timed(net.fit, rows_of(table.X, train), table.y[train])
    all_nets = per_net * len(ParameterGrid(GRID)) * len(table.splits)
    n_jobs = 1 if min(all_nets, seconds) < SHORT else n_jobs
    pace = rehearse(table, n_jobs)
    left = seconds - (time.perf_counter() - start)
    grid = GRID
    while LONGEST * pace.seconds(grid) > left and len(ParameterGrid(grid)) > 1:
        grid = smaller(grid)
    return grid, pace.seconds(grid), n_jobs


def smaller(grid: dict[str, list]) -> dict[str, list]:
    """Return the grid without the least preferred value of its longest list."""
    name = max(grid, key=lambda name: len(grid[name]))
    least = max(grid[name], key=PREFERRED[name].index)
    return {**grid, name: [value for value in grid[name] if value != least]}


def announce(grid: dict[str, list], seconds: float, spent: float, limit: float) -> None:
    """Print how many nets are searched and how long it takes; `spent` are over already.

    It is a range, since other work on the machine comes and goes.
    """
    n_nets, n_all = len(ParameterGrid(grid)), len(ParameterGrid(GRID))
    longest = LONGEST * seconds
    print(
        f"Searching {n_nets} of {n_all} nets; about {longest / 2:.0f} to {longest:.0f} s "
        "with the models that they are compared with."
    )
    if n_nets == 1 and spent + longest > limit:
        print(f"No search is shorter, but it may take longer than --seconds {limit:g}.")
    if n_nets < n_all:
        print("For a larger search, raise --seconds.")


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


def searched(model: CrossValidated) -> dict[str, list]:
    """Return the grid that was searched."""
    return model.estimators[0].param_grid


def score_grid(model: CrossValidated, activation: str) -> np.ndarray:
    """Return the mean scores for one activation (n_depths, n_init_scales)."""
    grid = searched(model)
    candidates = model.estimators[0].cv_results_["params"]
    means = validation_scores(model).mean(axis=1)
    scores = {
        (params["net__activation"], params["net__depth"], params["net__init_scale"]): score
        for params, score in zip(candidates, means, strict=True)
    }
    return np.array(
        [
            [scores[activation, depth, scale] for scale in grid["net__init_scale"]]
            for depth in grid["net__depth"]
        ]
    )


def draw_scores(ax, grid, scores: np.ndarray, baseline: float, limit: float):
    """Draw scores (n_depths, n_init_scales), coloured by difference from the baseline."""
    image = ax.imshow(
        scores - baseline, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto"
    )
    for (i, j), score in np.ndenumerate(scores):
        is_pale = abs(score - baseline) < 0.6 * limit
        color = "black" if is_pale else "white"
        text = f"{score:.3f}" if abs(score) < 1 else f"{score:.3g}"
        ax.text(j, i, text, ha="center", va="center", color=color, fontsize=9)
    scales, depths = grid["net__init_scale"], grid["net__depth"]
    ax.set_xticks(range(len(scales)), [f"{scale:g}" for scale in scales])
    ax.set_yticks(range(len(depths)), depths)
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
    most = max(len(searched(c.net)["net__activation"]) for c in comparisons.values())
    figure = Figure(figsize=(3 * most + 1, 3.1 * len(comparisons)), layout="constrained")
    rows = figure.subfigures(len(comparisons), 1, squeeze=False)[:, 0]
    for row, (name, comparison) in zip(rows, comparisons.items(), strict=True):
        grid, n_folds = searched(comparison.net), len(comparison.net.scores)
        activations = grid["net__activation"]
        score_name, baseline_name = comparison.score_name, comparison.baseline.name
        baseline = validation_scores(comparison.baseline).mean(axis=1).max()
        grids = [score_grid(comparison.net, activation) for activation in activations]
        distances = np.abs(np.nan_to_num(np.array(grids)) - baseline)
        limit = max(0.02, round(2 * float(np.median(distances)), 2))
        axes = row.subplots(1, len(activations), sharey=True, squeeze=False)[0]
        for ax, activation, scores in zip(axes, activations, grids, strict=True):
            image = draw_scores(ax, grid, scores, baseline, limit)
            ax.set_title(activation, fontsize=10)
            ax.set_xlabel("init scale")
        outline_best(axes, grids)
        axes[0].set_ylabel("depth")
        row.suptitle(
            f"{name}: mean validation {score_name} of the nets over {n_folds} folds; "
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


def separator(text: str) -> str:
    """Return the separator that was given, "\\t" and "tab" for tabs."""
    given = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(given) != 1 or given in '"\r\n':
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a separator: pass a single character, or tab for tabs."
        )
    return given


def parse(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description="Compare nets with a linear model by cross-validation."
    )
    parser.add_argument("--data", type=Path, metavar="FILE.csv", help="your own table")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="left out")
    parser.add_argument(
        "--task", choices=["auto", "classification", "regression"], default="auto"
    )
    parser.add_argument("--scoring", help="scorer of scikit-learn, such as neg_log_loss")
    parser.add_argument("--repeats", type=int, default=1, help="of the folds, for --data")
    parser.add_argument("--sep", type=separator, help="separator; found by default")
    parser.add_argument("--decimal", choices=[".", ","], help="found by default")
    parser.add_argument("--encoding", help="found by default")
    parser.add_argument(
        "--skip-rows", type=int, default=0, metavar="N", help="lines above the header"
    )
    parser.add_argument("--max-rows", type=int, default=10_000, help="maximum for --data")
    parser.add_argument("--seconds", type=float, default=90, help="maximum for --data")
    parser.add_argument("--picture", type=Path, default=Path("compare.png"))
    parser.add_argument("--jobs", type=int, default=2, help="number of processes")
    options = parser.parse_args(arguments)
    if (options.data is None) != (options.target is None):
        parser.error("--data and --target go together")
    if options.target in options.drop:
        parser.error(f"--drop leaves out {options.target!r}, which is the --target")
    if options.skip_rows < 0:
        parser.error("--skip-rows must be at least 0")
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    if not options.picture.absolute().parent.is_dir():
        parser.error(f"--picture: there is no folder {options.picture.parent}")
    return parser, options


def report(table: Table, options: argparse.Namespace) -> BaselineComparison:
    """Search, compare and print the results for one table."""
    print(table, flush=True)
    grid, n_jobs = GRID, options.jobs
    if options.data is not None:
        print("Measuring how long a search takes ...", flush=True)
        planned, spent = timed(plan, table, options.seconds, n_jobs)
        grid, seconds, n_jobs = planned
        announce(grid, seconds, spent, options.seconds)
    comparison = compare(table, n_jobs, grid)
    print(f"\nBest models on validation rows:\n{leader_table(comparison)}\n")
    print(f"Comparison on test rows:\n{comparison}\n")
    if options.data is not None and comparison.winner is None:
        print("To find smaller differences, repeat the folds: --repeats 2\n")
    scores = score_trees(table, n_jobs)
    print(
        f"Gradient boosted trees on the same test rows: {comparison.score_name} "
        f"{scores.mean():.4f}, std {scores.std(ddof=1):.4f}\n"
    )
    return comparison


def main(arguments: Sequence[str] | None = None) -> None:
    parser, options = parse(arguments)
    tables = bundled_tables()
    if options.data is not None:
        try:
            if options.scoring is not None:
                get_scorer(options.scoring)
            tables = [read_table(options.data, options.target, options)]
            check_score(tables[0])
        except ValueError as error:
            parser.exit(2, f"{parser.prog}: error: {error}\n")  # without the usage
    # On a machine with other work, trees of several threads wait for the one that waits for
    # a core: with one of two cores busy, a fit of seconds takes minutes.
    with threadpool_limits(1, "openmp"):
        comparisons = {table.name: report(table, options) for table in tables}
    draw(comparisons, options.picture)
    print(f"Figure of all scores by depth and init scale: {options.picture}")


if __name__ == "__main__":
    main()
