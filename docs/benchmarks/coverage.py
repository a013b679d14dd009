"""Coverage of conformal prediction intervals, averaged over many splits of each table.

Run ``python docs/benchmarks/coverage.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``. It writes ``coverage.md`` to its own
folder. The guarantee of conformal intervals holds on average over calibration rows and test
rows, so one split says little about it. Nets and splits are those of
``uncertainty.py``, but there are more splits.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from tables import read_tables, split
from uncertainty import COVERAGES, LEVELS, LOWER, conformalised

from skshallow.losses import Quantile

HERE = Path(__file__).parent
N_SPLITS = 10
MODELS = {
    "gaussian": conformalised("gaussian"),
    "quantiles": conformalised(Quantile(LEVELS)),
}


def coverage(model, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the share of test rows inside each interval, one row per split."""
    shares = []
    for seed in range(N_SPLITS):
        X_train, X_test, y_train, y_test = split(X, y, seed, stratify=False)
        quantiles, _ = model(X_train, y_train, X_test, y_test, seed)
        lower, upper = quantiles[:, : len(LOWER)], quantiles[:, : len(LOWER) : -1]
        target = y_test[:, np.newaxis]
        shares.append(((lower <= target) & (target <= upper)).mean(axis=0))
    return np.array(shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    warnings.simplefilter("ignore")
    lines = [
        "# Coverage of conformal prediction intervals",
        "",
        "How close is the coverage of intervals after `conformalize` to the nominal",
        "coverage? `coverage.py` writes this page; its docstring describes the",
        "method. The table shows the difference between actual and nominal coverage,",
        f"in percentage points: the mean over {N_SPLITS} splits and its standard error.",
        "",
        "| table | loss | " + " | ".join(f"{c:.0%}" for c in COVERAGES) + " |",
        "|---" * (len(COVERAGES) + 2) + "|",
    ]
    worst = 0.0
    for name, X, y in read_tables(folder, "regression"):
        for loss, model in MODELS.items():
            misses = 100 * (coverage(model, X, y) - COVERAGES)
            means, errors = misses.mean(axis=0), misses.std(axis=0) / N_SPLITS**0.5
            worst = max(worst, abs(means).max())
            cells = [f"{m:+.1f} ± {e:.1f}" for m, e in zip(means, errors, strict=True)]
            lines.append(f"| {name} | {loss} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    lines += ["", f"The largest mean difference is {worst:.1f} percentage points."]
    (HERE / "coverage.md").write_text("\n".join(lines) + "\n")
    print(lines[-1])


if __name__ == "__main__":
    main()
