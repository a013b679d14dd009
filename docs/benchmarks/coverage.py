"""Coverage of conformal prediction intervals, averaged over many splits of each table.

Run ``python docs/benchmarks/coverage.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``. It writes ``coverage.md`` to its own
folder. The guarantee of conformal intervals holds on average over calibration rows and test
rows, so one split says little about it. Nets and splits are those of
``uncertainty.py``, but there are more splits: one net and a quarter of the training rows
held out or, for CV+, five members and no rows held out.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from environment import versions_and_kernels
from options import folder_parser
from summaries import table
from tables import read_tables, split
from threadpoolctl import threadpool_limits
from uncertainty import (
    COVERAGES,
    FIVE,
    LEVELS,
    LOWER,
    conformalised,
    cross_conformalised,
)

from skshallow.losses import Quantile

HERE = Path(__file__).parent
N_SPLITS = 10
MODELS = {
    "gaussian": conformalised("gaussian"),
    "gaussian, CV+": cross_conformalised("gaussian", **FIVE),
    "quantiles": conformalised(Quantile(LEVELS)),
    "quantiles, CV+": cross_conformalised(Quantile(LEVELS), **FIVE),
}
HEADER = [*(f"{coverage:.0%}" for coverage in COVERAGES), "width of 90%"]


def measure(model, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what `HEADER` names, for each split (N_SPLITS, n_coverages + 1).

    For each coverage the share of test rows inside the interval less the coverage, in
    percentage points, and a mean width in standard deviations of the target.
    """
    found = []
    for seed in range(N_SPLITS):
        X_train, X_test, y_train, y_test = split(X, y, seed, stratify=False)
        quantiles, _ = model(X_train, y_train, X_test, y_test, seed)
        lower, upper = quantiles[:, : len(LOWER)], quantiles[:, : len(LOWER) : -1]
        target = y_test[:, np.newaxis]
        shares = ((lower <= target) & (target <= upper)).mean(axis=0)
        width = (upper - lower)[:, COVERAGES.index(0.9)].mean() / y.std()
        found.append([*(100 * (shares - COVERAGES)), width])
    return np.array(found)


def columns_of(rows: list[list[str]], header: list[str]) -> dict[str, list[str]]:
    """Return the cells of each column by its name."""
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def summary(results: dict[str, dict[str, np.ndarray]]) -> list[str]:
    """Return the lines of a table of means over tables, with a row per model."""
    rows = []
    for name in MODELS:
        by_table = np.stack([found[name].mean(axis=0) for found in results.values()])
        *misses, width = by_table.mean(axis=0)
        worst = abs(by_table[:, :-1]).max()
        rows.append([*(f"{miss:+.1f}" for miss in misses), f"{width:.2f}", f"{worst:.1f}"])
    header = [*HEADER, "largest difference on a table"]
    return table("intervals", list(MODELS), columns_of(rows, header))


def each_table(results: dict[str, dict[str, np.ndarray]]) -> list[str]:
    """Return the lines of a table with a row per table and model."""
    names, rows = [], []
    for name, found in results.items():
        for model, values in found.items():
            *misses, width = values.mean(axis=0)
            *errors, _ = values.std(axis=0) / N_SPLITS**0.5
            cells = [f"{m:+.1f} ± {e:.1f}" for m, e in zip(misses, errors, strict=True)]
            names.append(name)
            rows.append([model, *cells, f"{width:.2f}"])
    return table("table", names, columns_of(rows, ["intervals", *HEADER]))


def report(results: dict[str, dict[str, np.ndarray]]) -> str:
    lines = [
        "# Coverage of conformal prediction intervals",
        "",
        "How close is the coverage of intervals after `conformalize` to the nominal",
        "coverage? `coverage.py` writes this page; its docstring describes the",
        "method. The tables show the difference between actual and nominal coverage,",
        "in percentage points. The width of the 90 % interval is in standard deviations",
        "of the target.",
        "",
        f"Means over {len(results)} tables:",
        "",
        *summary(results),
        "",
        f"The mean over {N_SPLITS} splits of each table, and its standard error:",
        "",
        *each_table(results),
        "",
        versions_and_kernels(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")
    results = {}
    for name, X, y in read_tables(folder, "regression"):
        with threadpool_limits(1):
            results[name] = {kind: measure(model, X, y) for kind, model in MODELS.items()}
        shown = {kind: found.mean(axis=0).round(2) for kind, found in results[name].items()}
        print(name, shown, flush=True)
    text = report(results)
    print(text)
    (HERE / "coverage.md").write_text(text)


if __name__ == "__main__":
    main()
