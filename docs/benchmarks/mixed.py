"""Data frames with categories and missing values: nets and other models, by table.

Run ``python docs/benchmarks/mixed.py FOLDER``; the folder holds the CSV files of
`mixed_tables.TABLES`. It writes ``mixed.md`` to its own folder. Models of packages that are
not installed are left out. ``--results FILE`` stores every measurement as a line of JSON,
and ``--without NAME`` leaves a model out, as in `accuracy.py`.

Of each table, at most 5000 rows are used, in six splits that are the same for all models; a
quarter of the rows are the test. Nets, LightGBM, XGBoost and CatBoost take the categories
as they are, the other models behind one-hot encoding and imputation (gradient boosting of
scikit-learn refuses categories of more than 255 levels). All have their defaults, and one
thread. The time of a fit is its processor time. The PyTorch networks, which refuse missing
numbers, take categories as they are behind imputation; they take the most time, and are
measured in the first two splits.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from contenders import left_out, mixed_contenders, slow_mixed_contenders
from environment import versions_and_kernels
from mixed_tables import read_mixed_tables, split_mixed
from options import contest_parser
from results import Result, Split, measure
from scipy.stats import rankdata
from summaries import (
    REFERENCE,
    against,
    by_model,
    means,
    n_tables,
    names,
    of_task,
    seconds_per_fit,
    shown,
    table,
    table_means,
    with_intervals,
)

HERE = Path(__file__).parent
N_SPLITS, N_SPLITS_OF_SLOW = 6, 2


def splits_of(folder: Path, n_splits: int) -> Iterator[Split]:
    """Yield the first splits of each table."""
    for task, name, X, y in read_mixed_tables(folder):
        for seed in range(n_splits):
            rows = split_mixed(X, y, seed, stratify=task == "classification")
            yield Split(name, task, seed, rows)


def main_scores(results: list[Result]) -> tuple[list[str], np.ndarray]:
    """Return a name and scores (n_tables, n_models) by table: minus the log loss, or R²."""
    classes, numbers = of_task(results, "classification"), of_task(results, "regression")
    rows = [f"{name}, log loss" for name in names(classes, "table")]
    rows += [f"{name}, R²" for name in names(numbers, "table")]
    score = [-table_means(classes, "log_loss"), table_means(numbers, "score")]
    return rows, np.concatenate(score)


def by_main_score(results: list[Result]) -> list[str]:
    """Return the lines of two tables: all models in short, and their scores by table."""
    models = names(results, "model")
    rows, score = main_scores(results)
    counts, chances = against(REFERENCE, score, models)
    summary = {
        "mean rank": with_intervals(rankdata(-score, axis=1)),
        "better : worse": counts,
        "p": chances,
        "seconds per fit": shown(seconds_per_fit(results), 2),
    }
    is_loss = np.array([row.endswith("log loss") for row in rows])
    values = np.where(is_loss[:, np.newaxis], -score, score)
    cells = {name: shown(values[:, i], 3) for i, name in enumerate(models)}
    return [*table("model", models, summary), "", *by_model(rows, cells)]


def of_slow_models(results: list[Result], slow: list[str]) -> list[str]:
    """Return the lines of the section about the `slow` models, and others beside them."""
    if not slow:
        return []
    return [
        "",
        f"## PyTorch networks: {N_SPLITS_OF_SLOW} of the splits",
        "",
        "[RealMLP](https://arxiv.org/abs/2407.04491) and",
        "[TabM](https://arxiv.org/abs/2410.24210), whose authors tuned the defaults on",
        "other tables, take much more time. They were measured in these splits only, and",
        "the other models are shown in the same ones.",
        "",
        *by_main_score(results),
    ]


def report(
    results: list[Result], some: list[Result], slow: list[str], last: list[str]
) -> str:
    rows, _ = main_scores(results)
    classes = of_task(results, "classification")
    lines = [
        "# Tables with categories and missing values",
        "",
        "How good are networks on data frames as people have them? `mixed.py` writes this",
        "page; its docstring describes the method.",
        "",
        f"## All {len(rows)} tables",
        "",
        "By log loss or R². *Better : worse* counts the tables on which a model is better,",
        "and worse, than the network with default settings; *p* is that of Wilcoxon's",
        "signed-rank test of the same differences. In parentheses: 95 % confidence",
        "intervals, by bootstrap over the tables. Seconds per fit are geometric means.",
        "",
        *by_main_score(results),
        "",
        f"## Classification: {n_tables(classes)} tables",
        "",
        *means(results, "classification"),
        *of_slow_models(some, slow),
    ]
    return "\n".join([*lines, *last]) + "\n"


def main() -> None:
    options = contest_parser(__doc__).parse_args()
    warnings.simplefilter("ignore")
    models = [m for m in mixed_contenders() if m.name not in options.without]
    slow = [m for m in slow_mixed_contenders() if m.name not in options.without]
    results = measure(splits_of(options.folder, N_SPLITS), models, options.results)
    everything = [*models, *slow]
    some_splits = splits_of(options.folder, N_SPLITS_OF_SLOW)
    some = measure(some_splits, everything, options.results)
    packages = dict.fromkeys(model.package for model in everything)
    versions = versions_and_kernels("pandas", *packages)
    last = [*left_out(everything), "", versions]
    text = report(results, some, [model.name for model in slow], last)
    print(text)
    (HERE / "mixed.md").write_text(text)


if __name__ == "__main__":
    main()
