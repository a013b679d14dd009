"""Tables in Markdown of results: means, ranks, wins against the net, scores by table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from results import Result
from scipy.stats import rankdata, wilcoxon

REFERENCE = "net"
IN_MEANS_ONLY = "net, 10 epochs", "MLP"
LEAST_GAP, N_BOOTSTRAP = 0.005, 2000
SCORES = {"classification": "accuracy", "regression": "R²"}


def names(results: list[Result], field: str) -> list[str]:
    """Return the different values of a field, in their order."""
    return list(dict.fromkeys(getattr(result, field) for result in results))


def of_task(results: list[Result], task: str) -> list[Result]:
    return [result for result in results if result.task == task]


def table_means(results: list[Result], measure: str) -> np.ndarray:
    """Return the mean over splits of a measure: (n_tables, n_models)."""
    tables, models = names(results, "table"), names(results, "model")
    means = np.zeros((len(tables), len(models)))
    for r in results:
        means[tables.index(r.table), models.index(r.model)] += getattr(r, measure)
    return (means / len(names(results, "seed"))).round(12)  # equal scores tie exactly


def seconds_per_fit(results: list[Result]) -> np.ndarray:
    """Return the geometric mean over tables of the time of a fit: (n_models,)."""
    return np.exp(np.log(table_means(results, "seconds")).mean(axis=0))


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


def with_intervals(values: np.ndarray) -> list[str]:
    """Return one cell per model: the mean, and its interval over other tables."""
    return [
        f"{mean:.2f} ({low:.2f} to {high:.2f})"
        for mean, low, high in zip(*interval(values), strict=True)
    ]


def shown(values: np.ndarray, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def against(
    reference: str, score: np.ndarray, models: list[str]
) -> tuple[list[str], list[str]]:
    """Return wins and losses of each model against the `reference`, and Wilcoxon's p.

    `score`, of shape (n_tables, n_models), is better where it is higher.
    """
    counts, chances = [], []
    for i, name in enumerate(models):
        difference = score[:, i] - score[:, models.index(reference)]
        won, lost = np.sum(difference > 0), np.sum(difference < 0)
        counts.append("" if name == reference else f"{won} : {lost}")
        p = wilcoxon(difference).pvalue if won + lost else 1.0
        told = f"{p:.3f}" if p >= 0.001 else "< 0.001"
        chances.append("" if name == reference else told)
    return counts, chances


def table(first: str, rows: list[str], columns: dict[str, list[str]]) -> list[str]:
    """Return the lines of a table with one named row per cell of the columns."""
    lines = [f"| {first} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, *cells in zip(rows, *columns.values(), strict=True):
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def by_model(rows: list[str], columns: dict[str, list[str]]) -> list[str]:
    """Return the lines of a table with a row per data set and a column per model.

    It fits on a screen without the models of `IN_MEANS_ONLY`.
    """
    kept = {
        name.replace("GradientBoosting", "Gradient&shy;Boosting"): cells
        for name, cells in columns.items()
        if name not in IN_MEANS_ONLY
    }
    return table("table", rows, kept)


def means(results: list[Result], task: str) -> list[str]:
    """Return the lines of a table of mean scores and of the time, with a row per model."""
    own = of_task(results, task)
    columns = {SCORES[task]: shown(table_means(own, "score").mean(axis=0), 4)}
    if task == "classification":
        auc = table_means(own, "auc")
        is_binary = ~np.isnan(auc).any(axis=1)
        columns[f"AUC, {is_binary.sum()} binary tables"] = shown(
            auc[is_binary].mean(axis=0), 4
        )
        for measure in ("log_loss", "calibration_error"):
            values = table_means(own, measure).mean(axis=0)
            columns[measure.replace("_", " ")] = shown(values, 4)
    columns["seconds per fit"] = shown(seconds_per_fit(own), 2)
    return table("model", names(own, "model"), columns)


def comparisons(results: list[Result], task: str, reference: str = REFERENCE) -> list[str]:
    """Return the lines of a table of ranks and of wins against a `reference`, by model."""
    own = of_task(results, task)
    models, score = names(own, "model"), table_means(own, "score")
    columns = {
        "mean rank": with_intervals(rankdata(-score, axis=1)),
        "normalised": with_intervals(normalised(score, models.index("linear"))),
    }
    better = {SCORES[task]: score}
    if task == "classification":
        better["log loss"] = -table_means(own, "log_loss")
    for measure, values in better.items():
        counts, chances = against(reference, values, models)
        columns |= {f"better : worse, {measure}": counts, f"p, {measure}": chances}
    return table("model", models, columns)


def by_table(results: list[Result], task: str, measure: str) -> list[str]:
    """Return the lines of a table with one row per data set."""
    own = of_task(results, task)
    columns = zip(names(own, "model"), table_means(own, measure).T, strict=True)
    cells = {model: shown(values, 3) for model, values in columns}
    return by_model(names(own, "table"), cells)


def n_tables(results: Iterable[Result]) -> int:
    return len({result.table for result in results})
