"""Time of an ensemble's fit, as a multiple of that of as many single fits.

Run ``python docs/benchmarks/members.py``; it writes ``members.md`` to its own folder.
Networks of two layers of 96 units train for the same number of epochs, in batches of 128
rows, alone and as 4 and 8 members of one net. All else is at the defaults. Contenders take
turns, and the fastest of several turns counts: of its processor time with one BLAS thread,
of the time by the clock with two.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
from environment import versions_and_kernels
from options import publish, turns_parser
from sklearn.datasets import make_classification
from summaries import table
from threadpoolctl import threadpool_limits
from turns import least_seconds

from skshallow import DeepNetClassifier

HERE = Path(__file__).parent
SIZES = (1000, 20), (4500, 40)  # rows and columns
DTYPES = "float32", "float64"
CLOCKS = {1: time.process_time, 2: time.perf_counter}  # by the number of threads
ENSEMBLES = {
    f"{k} members, {kind}": {"n_members": k, **settings}
    for k in (4, 8)
    for kind, settings in {
        "the same rows held out": {"cross_fit": False},
        "each its own": {},
        "shared weights": {"share_weights": True},
    }.items()
}


def net(**settings: object) -> DeepNetClassifier:
    return DeepNetClassifier(
        (96, 96),
        batch_size=128,
        max_iter=40,
        n_iter_no_change=np.inf,
        random_state=0,
        **settings,
    )


def ratios(
    n_rows: int, n_columns: int, dtype: str, n_threads: int, n_turns: int
) -> list[float]:
    """Return the time of each of `ENSEMBLES`, divided by that of as many single fits."""
    X, y = make_classification(n_rows, n_columns, n_informative=10, random_state=0)
    X = X.astype(dtype)
    nets = {"one": net()} | {name: net(**own) for name, own in ENSEMBLES.items()}
    runs = {name: lambda each=each: each.fit(X, y) for name, each in nets.items()}
    with threadpool_limits(n_threads):
        seconds = least_seconds(runs, n_turns, CLOCKS[n_threads])
    return [
        seconds[name] / (settings["n_members"] * seconds["one"])
        for name, settings in ENSEMBLES.items()
    ]


def main() -> None:
    options = turns_parser(__doc__, n_turns=3).parse_args()
    warnings.simplefilter("ignore")  # of 40 epochs that do not suffice
    lines = [
        "# Members",
        "",
        "How long do several members take, compared with as many single fits?",
        "`members.py` writes this page; its docstring describes the method.",
        "",
        "Each cell is the time of an ensemble, divided by that of as many single fits of",
        "as many epochs. By default an ensemble may train for more epochs than one net:",
        "it stops when its members together no longer improve.",
    ]
    for n_threads in CLOCKS:
        columns = {
            f"{n_rows} x {n_columns}, {dtype}": [
                f"{ratio:.2f}"
                for ratio in ratios(n_rows, n_columns, dtype, n_threads, options.turns)
            ]
            for n_rows, n_columns in SIZES
            for dtype in DTYPES
        }
        lines += ["", f"## BLAS threads: {n_threads}", ""]
        lines += table("ensemble", list(ENSEMBLES), columns)
    lines += ["", versions_and_kernels()]
    text = "\n".join(lines) + "\n"
    publish(text, HERE / "members.md", options)


if __name__ == "__main__":
    main()
