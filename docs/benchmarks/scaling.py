"""How the time of a fit grows with rows, features, width and depth; its peak memory.

Run ``python docs/benchmarks/scaling.py``; it writes ``scaling.md`` and ``scaling.png`` to
its own folder. Each sweep changes one size and leaves the others as in `MIDDLE`. The
exponent is the slope of a line fitted to the logarithms of the size and of the time per
sample and epoch (a time that does not depend on the size has exponent 0). Times are the
least processor times of several turns, on one thread. Memory is the peak of a separate
process, less what it held after its data were created.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from environment import imported, versions_and_kernels
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier

HERE = Path(__file__).parent
MIDDLE = {"rows": 20_000, "features": 64, "width": 64, "depth": 2}
SWEEPS = {
    "rows": [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000],
    "features": [4, 16, 64, 256, 1024],
    "width": [8, 32, 128, 512],
    "depth": [1, 2, 4, 8, 16],
}
N_TURNS = 3
MEMORY_ROWS, MEMORY_FEATURES = 1_000_000, 100


def make_data(n_rows: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 features and two classes, created chunk by chunk."""
    rng = np.random.default_rng(0)
    X = np.empty((n_rows, n_features), np.float32)
    for start in range(0, n_rows, 10_000):
        chunk = X[start : start + 10_000]
        rng.standard_normal(dtype=np.float32, out=chunk)
    return X, (X[:, 0] > 0).astype(np.int64)


def seconds_per_sample(rows: int, features: int, width: int, depth: int) -> float:
    """Return the least processor time per epoch of several turns, divided by the rows."""
    X, y = make_data(rows, features)
    n_epochs = max(1, 20_000 // rows)
    net = DeepNetClassifier(
        width,
        depth=depth,
        max_iter=n_epochs,
        dropout=0.0,
        average_weights=False,
        early_stopping=False,
        standardize=False,
        random_state=0,
    )
    turns = []
    for _ in range(N_TURNS):
        start = time.process_time()
        net.fit(X, y)
        turns.append(time.process_time() - start)
    return min(turns) / n_epochs / rows


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Return the slope of log time against log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_memory(dtype: str, standardize: bool) -> None:
    """Print the peak memory of fit and predict in addition to the data, relative to X."""
    X, y = make_data(MEMORY_ROWS, MEMORY_FEATURES)
    X = X.astype(dtype, copy=False)
    DeepNetClassifier(max_iter=1).fit(X[:500], y[:500]).predict(X[:500])  # loads all
    held = peak_kilobytes()
    net = DeepNetClassifier(max_iter=1, standardize=standardize, random_state=0)
    net.fit(X, y)
    after_fit = peak_kilobytes()
    net.predict(X)
    shares = {
        "`fit`": 1024 * (after_fit - held) / X.nbytes,
        "`predict`, on top of that": 1024 * (peak_kilobytes() - after_fit) / X.nbytes,
    }
    print(json.dumps(shares))


def memory_shares(standardize: bool) -> dict[str, float]:
    """Return the results of `measure_memory` in a separate process."""
    command = [sys.executable, __file__, "--memory", "float32"]
    command += ["--standardize"] if standardize else []
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def report(times: dict[str, list[float]], memory: dict[bool, dict[str, float]]) -> str:
    others = ", ".join(f"{name} {value}" for name, value in MIDDLE.items())
    lines = [
        "# Scaling of time and memory",
        "",
        "How do the time and memory of a fit grow with the number of rows, features,",
        "units and layers? `scaling.py` writes this page; its docstring describes the",
        "method.",
        "",
        f"Each sweep changes one size; the others are {others}.",
        "The exponent is the slope of the logarithm of the time per sample and epoch",
        "against the logarithm of the size.",
        "",
        "![Time against size](scaling.png)",
        "",
        "| sweep | sizes | microseconds per sample and epoch | exponent |",
        "|---|---|---|---|",
    ]
    for name, sizes in SWEEPS.items():
        microseconds = ", ".join(f"{1e6 * t:.2f}" for t in times[name])
        slope = exponent(sizes, times[name])
        lines.append(
            f"| {name} | {', '.join(map(str, sizes))} | {microseconds} | {slope:.2f} |"
        )
    lines += [
        "",
        f"Peak memory in addition to X, {MEMORY_ROWS} x {MEMORY_FEATURES} in float32, as a "
        "fraction of the size of X:",
        "",
        "| `standardize` | " + " | ".join(memory[False]) + " |",
        "|---|---|---|",
    ]
    for standardize, shares in memory.items():
        cells = " | ".join(f"{share:.2f}" for share in shares.values())
        lines.append(f"| {standardize} | {cells} |")
    return "\n".join([*lines, "", versions_and_kernels()]) + "\n"


def draw(times: dict[str, list[float]], path: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = plt.subplots(
        1, len(SWEEPS), figsize=(13, 3.6), sharey=True, layout="constrained"
    )
    for ax, (name, sizes) in zip(axes, SWEEPS.items(), strict=True):
        ax.loglog(sizes, [1e6 * t for t in times[name]], "o-")
        ax.set_xlabel(name)
        ax.set_title(f"exponent {exponent(sizes, times[name]):.2f}")
    axes[0].set_ylabel("microseconds per sample and epoch")
    axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--memory", choices=["float32", "float64"], help="print the memory shares only"
    )
    parser.add_argument("--standardize", action="store_true")
    options = parser.parse_args()
    if options.memory:
        measure_memory(options.memory, options.standardize)
        return
    imported("matplotlib", '"skshallow[plots]"')
    with threadpool_limits(1):
        times = {
            name: [seconds_per_sample(**MIDDLE | {name: size}) for size in sizes]
            for name, sizes in SWEEPS.items()
        }
    memory = {standardize: memory_shares(standardize) for standardize in (False, True)}
    text = report(times, memory)
    print(text)
    (HERE / "scaling.md").write_text(text)
    draw(times, HERE / "scaling.png")


if __name__ == "__main__":
    main()
