"""Time of `fit` on PyTorch tensors, compared with NumPy and a plain PyTorch loop.

Run ``python docs/benchmarks/array_libraries.py``; it writes ``array_libraries.md`` to its
own folder. It measures the two largest cases of ``fit_time.py`` in float32, on the CPU and,
if there is one, on a GPU. Contenders take turns, and the fastest of several turns counts.
It needs PyTorch, and ``pip install "skshallow[array-api]"``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["SCIPY_ARRAY_API"] = "1"  # read once, when SciPy is imported

from environment import imported, versions_and_kernels
from fit_time import CASES, Case, fit_skshallow, fit_torch
from options import publish, turns_parser
from sklearn import config_context
from threadpoolctl import threadpool_limits
from turns import least_seconds

torch = imported("torch", "torch")
HERE = Path(__file__).parent


def contenders(case: Case) -> dict[str, Callable[[], object]]:
    """Return what to time: name and fit."""
    X, y = case.data("float32")
    fits = {"net, NumPy": fit_skshallow(case, X, y)}
    for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
        there = torch.asarray(X, device=device), torch.asarray(y, device=device)
        fits[f"net, tensors on {device}"] = fit_skshallow(case, *there)
        fits[f"PyTorch loop on {device}"] = fit_torch(case, *there)
    return fits


def measure(case: Case, n_turns: int) -> dict[str, float]:
    """Return microseconds per step of each contender: the least of `n_turns` turns."""
    fits = {name: _to_its_end(fit) for name, fit in contenders(case).items()}
    least = least_seconds(fits, n_turns)
    return {name: 1e6 * seconds / case.n_steps for name, seconds in least.items()}


def _to_its_end(fit: Callable[[], object]) -> Callable[[], object]:
    """Return a fit that waits for the GPU, if there is one."""

    def fit_and_wait() -> None:
        fit()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return fit_and_wait


def table(results: dict[str, dict[str, float]]) -> str:
    """Return the results as Markdown: microseconds per step, and the ratio to NumPy."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    lines = [
        "# Fit time on PyTorch tensors",
        "",
        "Time of the whole `fit` in microseconds per training step, with one thread.",
        "In parentheses: time relative to the net on NumPy arrays.",
        "`array_libraries.py` writes this page; its docstring describes the method.",
        f"GPU: {gpu}.",
        "",
    ]
    names = next(iter(results.values()))
    lines += ["| case | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for case, times in results.items():
        ours = times["net, NumPy"]
        cells = [f"{time:.0f} ({time / ours:.2f})" for time in times.values()]
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", versions_and_kernels("array-api-compat", "torch")]) + "\n"


def main() -> None:
    options = turns_parser(__doc__, n_turns=5).parse_args()
    torch.set_num_threads(1)
    with (
        warnings.catch_warnings(action="ignore"),
        threadpool_limits(1),
        config_context(array_api_dispatch=True),
    ):
        results = {case.name: measure(case, options.turns) for case in CASES[-2:]}
    text = table(results)
    publish(text, HERE / "array_libraries.md", options)


if __name__ == "__main__":
    main()
