"""Accuracy of nets and other models: scores, log loss, calibration, fit time, ranks.

Run ``python docs/benchmarks/accuracy.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``, with one-hot encoded categories. It writes
``accuracy.md`` to its own folder and the picture of it, which the README shows as well, to
``docs/images/accuracy_time.png``. ``--quick`` uses only the tables of `QUICK`.
``--results FILE`` stores every measurement as a line of JSON: an interrupted run is
resumed, and measurements that the file contains are not repeated, those of networks only if
the code of the package is the same. ``--without NAME`` leaves a model or a table out; the
page says which.

Of each table, at most 4500 training rows and 2000 test rows are used, in two splits that
are the same for all models. All models have their defaults, and everything runs in one
thread. The time of a fit is its processor time, which hardly depends on the other load of
the machine. Models of packages that are not installed are left out. The PyTorch networks,
which take the most time, are measured on the tables of `QUICK`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from contenders import left_out, numeric_contenders, slow_contenders
from environment import imported, versions_and_kernels
from options import contest_parser, publish
from results import Result, Split, measure
from summaries import (
    SCORES,
    by_table,
    comparisons,
    means,
    n_tables,
    names,
    normalised,
    of_task,
    seconds_per_fit,
    table_means,
)
from tables import read_tables, split, table_names

HERE = Path(__file__).parent
N_TRAIN, N_SPLITS = 4500, 2
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
QUICK_NAMES = [name for task in TASKS for name in QUICK[task]]
PICTURE = HERE.parent / "images" / "accuracy_time.png"
OURS, THEIRS = "#1c5d99", "#666666"
# What the picture calls the models that it shows, and where the name stands in the picture
# of each task: right, up.
DRAWN = {
    "net": ("network", [(0, -1), (0, -1)]),
    "net, 10 epochs": ("network, 10 epochs", [(-1, 0), (-1, 0)]),
    "net, 4 members": ("ensemble of 4", [(0, 1), (0, -1)]),
    "net, 8 sharing weights": ("8 that share\nweights", [(0, 1), (0, 1)]),
    "linear": ("linear model", [(1, 0), (1, 0)]),
    "HistGradientBoosting": ("HistGradientBoosting", [(1, 0), (1, -1)]),
    "LightGBM": ("LightGBM", [(1, 0), (-1, 0)]),
    "XGBoost": ("XGBoost", [(1, 0), (-1, 0)]),
    "CatBoost": ("CatBoost", [(0, -1), (-1, 0)]),
    "MLP, scaled": ("scikit-learn's MLP,\nscaled columns", [(0, -1), (0, -1)]),
}


def splits_of(folder: Path, chosen: Iterable[str]) -> Iterator[Split]:
    """Yield the splits of each table whose name is `chosen`."""
    for task in TASKS:
        for name, X, y in read_tables(folder, task, chosen):
            stratify = task == "classification"
            if stratify:
                y = np.unique(y, return_inverse=True)[1]
            for seed in range(N_SPLITS):
                rows = split(X, y, seed, stratify=stratify, n_train=N_TRAIN)
                yield Split(name, task, seed, rows)


def on_all_tables(results: list[Result]) -> list[str]:
    """Return the lines of the sections about all tables, one per task."""
    lines = []
    for task in TASKS:
        n = n_tables(of_task(results, task))
        lines += ["", f"## {task.capitalize()}: {n} tables", ""]
        lines += [*means(results, task), "", *comparisons(results, task)]
        lines += ["", f"{SCORES[task].capitalize()} on each table:", ""]
        lines += by_table(results, task, "score")
        if task == "classification":
            lines += ["", "Log loss on each table:", ""]
            lines += by_table(results, task, "log_loss")
    return lines


def on_some_tables(results: list[Result], slow: list[str]) -> list[str]:
    """Return the lines of the section about the `slow` models, and others beside them."""
    if not slow:
        return []
    lines = [
        "",
        f"## PyTorch networks: {n_tables(results)} of the tables",
        "",
        "[RealMLP](https://arxiv.org/abs/2407.04491), with defaults that its authors tuned",
        "on other tables, takes much more time. It was measured on these tables only, and",
        "the other models are shown on the same ones.",
    ]
    for task in TASKS:
        n = n_tables(of_task(results, task))
        lines += ["", f"{task.capitalize()}, {n} tables:", ""]
        lines += [*means(results, task), "", *comparisons(results, task)]
        beside = [r for r in results if r.model in {"net", "net, 4 members", *slow}]
        lines += ["", f"{SCORES[task].capitalize()} on each table:", ""]
        lines += by_table(beside, task, "score")
    return lines


def report(
    results: list[Result], some: list[Result], slow: list[str], last: list[str]
) -> str:
    lines = [
        "# Accuracy",
        "",
        "How accurate are neural networks, compared with gradient boosting, linear",
        "models and other neural networks, and how long do they take? `accuracy.py`",
        "writes this page; its docstring describes the method.",
        "",
        "The tables consist of numbers, with categories one-hot encoded;",
        "[Tables with categories and missing values](mixed.md) has the others. The",
        "defaults of the networks were [chosen on these tables](recipe.md), those of the",
        "other models were not; [Settings chosen on other tables](cross_half.md) tells",
        "what that is worth.",
        "",
        "The normalised score is 0 for the linear model (LogisticRegression; RidgeCV)",
        "and 1 for the best model on a table. It and the ranks are of accuracy or R². In",
        "parentheses: 95 % confidence intervals, by bootstrap over the tables.",
        "*Better : worse* counts the tables on which a model is better, and worse, than",
        "*net*, the network with default settings; *p* is that of Wilcoxon's signed-rank",
        "test of the same differences. Seconds per fit are geometric means over the",
        "tables, of processor time, with one thread.",
        "",
        "![Score against time of fit](../images/accuracy_time.png)",
        *on_all_tables(results),
        *on_some_tables(some, slow),
    ]
    return "\n".join([*lines, *last]) + "\n"


def draw(results: list[Result], path: Path) -> None:
    """Draw the mean normalised score of the models in `DRAWN` against their fit time."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for ax, task in zip(axes, TASKS, strict=True):
        draw_task(ax, of_task(results, task), task)
    axes[0].set_ylabel("score: 0 linear model, 1 best model\nbetter →")
    figure.supxlabel("← faster   seconds per fit, one thread", fontsize="medium")
    figure.savefig(path, dpi=160)


def draw_task(ax: Any, results: list[Result], task: str) -> None:
    """Draw one point with its name per model; a line joins the nets of this package."""
    models = names(results, "model")
    score = table_means(results, "score")
    shares = normalised(score, models.index("linear")).mean(axis=0)
    seconds = seconds_per_fit(results)
    points = dict(zip(models, zip(seconds, shares, strict=True), strict=True))
    drawn = {model: points[model] for model in DRAWN if model in points}
    nets = sorted(point for model, point in drawn.items() if model.startswith("net"))
    ax.plot(*zip(*nets, strict=True), color=OURS, alpha=0.4)
    for model, point in drawn.items():
        name, places = DRAWN[model]
        right, up = places[TASKS.index(task)]
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
    ax.set(xscale="log", title=f"{task.capitalize()}: mean of {n_tables(results)} tables")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0.15, y=0.15)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.2)


def main() -> None:
    parser = contest_parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="only the tables of QUICK")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    imported("matplotlib", '"skshallow[plots]"')
    warnings.simplefilter("ignore")
    models = [m for m in numeric_contenders() if m.name not in options.without]
    slow = [m for m in slow_contenders() if m.name not in options.without]
    found = table_names(options.folder)
    chosen = [name for name in found if name not in options.without]
    quick = [name for name in chosen if name in QUICK_NAMES]
    tables = splits_of(options.folder, quick if options.quick else chosen)
    results = measure(tables, models, options.results)
    everything = [*models, *slow]
    some = measure(splits_of(options.folder, quick), everything, options.results)
    packages = dict.fromkeys(model.package for model in everything)
    omitted = left_out(everything, [name for name in found if name not in chosen])
    last = [*omitted, "", versions_and_kernels(*packages)]
    text = report(results, some, [model.name for model in slow], last)
    publish(text, HERE / "accuracy.md", options)
    if not options.dry:
        draw(results, PICTURE)


if __name__ == "__main__":
    main()
