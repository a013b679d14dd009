"""Data frames with categories and missing values: nets and other models, by table.

Run ``python docs/benchmarks/mixed.py FOLDER``; the folder holds the CSV files of
`mixed_tables.TABLES`. It writes ``mixed.md`` to its own folder. Models of packages that are
not installed are left out. ``--results FILE`` stores every measurement as a line of JSON,
as in `accuracy.py`.

Of each table, at most 5000 rows are used, in six splits that are the same for all models; a
quarter of the rows are the test. Nets, LightGBM, XGBoost and CatBoost take the categories
as they are, the other models behind one-hot encoding and imputation (gradient boosting of
scikit-learn refuses categories of more than 255 levels). All have their defaults, and one
thread. The time of a fit is its processor time.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from contenders import left_out, mixed_contenders
from environment import versions_and_kernels
from mixed_tables import read_mixed_tables, split_mixed
from results import Result, Split, measure
from scipy.stats import rankdata
from summaries import (
    against_reference,
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
from tables import folder_parser

HERE = Path(__file__).parent
N_SPLITS = 6


def splits_of(folder: Path) -> Iterator[Split]:
    """Yield the splits of each table."""
    for task, name, X, y in read_mixed_tables(folder):
        for seed in range(N_SPLITS):
            rows = split_mixed(X, y, seed, stratify=task == "classification")
            yield Split(name, task, seed, rows)


def main_scores(results: list[Result]) -> tuple[list[str], np.ndarray]:
    """Return a name and scores (n_tables, n_models) by table: minus the log loss, or R²."""
    classes, numbers = of_task(results, "classification"), of_task(results, "regression")
    rows = [f"{name}, log loss" for name in names(classes, "table")]
    rows += [f"{name}, R²" for name in names(numbers, "table")]
    score = [-table_means(classes, "log_loss"), table_means(numbers, "score")]
    return rows, np.concatenate(score)


def report(results: list[Result], last: list[str]) -> str:
    models = names(results, "model")
    rows, score = main_scores(results)
    counts, chances = against_reference(score, models)
    summary = {
        "mean rank": with_intervals(rankdata(-score, axis=1)),
        "better : worse": counts,
        "p": chances,
        "seconds per fit": shown(seconds_per_fit(results), 2),
    }
    is_loss = np.array([row.endswith("log loss") for row in rows])
    values = np.where(is_loss[:, np.newaxis], -score, score)
    cells = {name: shown(values[:, i], 3) for i, name in enumerate(models)}
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
        *table("model", models, summary),
        "",
        *by_model(rows, cells),
        "",
        f"## Classification: {n_tables(classes)} tables",
        "",
        *means(results, "classification"),
    ]
    return "\n".join([*lines, *last]) + "\n"


def main() -> None:
    parser = folder_parser(__doc__)
    parser.add_argument("--results", type=Path, help="JSON lines to resume from")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    models = mixed_contenders()
    results = measure(splits_of(options.folder), models, options.results)
    packages = dict.fromkeys(model.package for model in models)
    versions = versions_and_kernels("pandas", *packages)
    last = [*left_out(models), "", versions]
    text = report(results, last)
    print(text)
    (HERE / "mixed.md").write_text(text)


if __name__ == "__main__":
    main()
