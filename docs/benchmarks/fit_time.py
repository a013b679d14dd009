"""Time of `fit`, compared with scikit-learn's MLP, PyTorch, JAX, and products alone.

Run ``python docs/benchmarks/fit_time.py``; it writes ``fit_time.md`` and
``fit_time.png`` to its own folder. Every contender trains the same net on the same rows
for the same number of Adam steps. What only this package does is switched off:
standardisation, clipping of features to their range, dropout, label smoothing, averages of
the weights and early stopping. There are at least two epochs, of rows that can be learned:
if the loss does not fall from one epoch to another, this package looks for the reason.

Contenders take turns within one run, and the fastest of several turns counts, since other
load on the machine can only make a turn slower. It is the processor time of one thread, and
the time by the clock of several. PyTorch and JAX are included if they are installed.

JAX compiles a whole epoch, which takes another .5 to 3 seconds: that happens before the
clock starts. It runs in one thread, and so only beside the others that do.
"""

from __future__ import annotations

import itertools
import math
import os
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from environment import (
    LIBRARIES,
    XLA_ONE_THREAD,
    imported,
    versions_and_kernels,
    without_missing,
)
from options import at_least_one, publish, turns_parser
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from turns import least_seconds

from skshallow import DeepNetClassifier
from skshallow.solvers import Adam

HERE = Path(__file__).parent
STEPS = 400  # about as many per turn, in whole epochs, at least two


@dataclass(frozen=True)
class Case:
    """A table and a net for it."""

    n_samples: int
    n_features: int
    hidden_units: tuple[int, ...]
    n_classes: int
    batch_size: int

    @property
    def name(self) -> str:
        widths = "-".join(map(str, self.hidden_units))
        return (
            f"{self.n_samples} x {self.n_features}, ({widths}), "
            f"{self.n_classes} classes, batch {self.batch_size}"
        )

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(self.n_samples / self.batch_size)

    @property
    def n_epochs(self) -> int:
        return max(2, round(STEPS / self.steps_per_epoch))

    @property
    def n_steps(self) -> int:
        return self.n_epochs * self.steps_per_epoch

    def data(self, dtype: str) -> tuple[np.ndarray, np.ndarray]:
        """Return rows, and classes that a linear model can learn."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.n_samples, self.n_features))
        y = (X @ rng.standard_normal((self.n_features, self.n_classes))).argmax(axis=1)
        return X.astype(dtype), y


CASES = [
    Case(150, 4, (10,), 3, 32),
    Case(1000, 20, (100,), 2, 200),
    Case(1797, 64, (100,), 10, 200),
    Case(10_000, 30, (64, 64), 2, 256),
    Case(60_000, 784, (128,), 10, 128),
    Case(20_000, 100, (512, 512, 512), 10, 256),
]


def fit_skshallow(case: Case, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    net = DeepNetClassifier(
        case.hidden_units,
        solver=Adam(beta_2=0.999),
        learning_rate=1e-3,
        schedule="constant",
        activation="relu",
        alpha=1e-4,
        batch_size=case.batch_size,
        max_iter=case.n_epochs,
        n_iter_no_change=np.inf,
        dropout=0.0,
        label_smoothing=0.0,
        early_stopping=False,
        standardize=False,
        clip_features=False,
        random_state=0,
    )
    return lambda: net.fit(X, y)


def fit_mlp(case: Case, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    net = MLPClassifier(
        case.hidden_units,
        batch_size=case.batch_size,
        max_iter=case.n_epochs,
        tol=0,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    return lambda: net.fit(X, y)


def fit_torch(case: Case, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    import torch
    from torch_loop import train

    X_there, y_there = torch.as_tensor(X), torch.as_tensor(y)
    widths = [case.n_features, *case.hidden_units, case.n_classes]
    return lambda: train(X_there, y_there, widths, case.batch_size, case.n_epochs)


def fit_jax(case: Case, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    os.environ["XLA_FLAGS"] = XLA_ONE_THREAD
    import jax
    from jax_loop import trainer

    jax.config.update("jax_enable_x64", True)
    widths = [case.n_features, *case.hidden_units, case.n_classes]
    train = trainer(X, y, widths, case.batch_size)
    train(1)  # compiles the epoch
    return lambda: train(case.n_epochs)


def multiply(case: Case, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Return a function that computes only the matrix products of all steps."""
    rng = np.random.default_rng(0)
    n_outputs = case.n_classes if case.n_classes > 2 else 1
    widths = [case.n_features, *case.hidden_units, n_outputs]

    def array(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(X.dtype)

    layers = [
        (array(case.batch_size, a), array(a, b), array(case.batch_size, b))
        for a, b in itertools.pairwise(widths)
    ]

    def products() -> None:
        for _ in range(case.n_steps):
            for i, (x, weight, grad_z) in enumerate(layers):
                np.dot(x, weight)
                np.dot(x.T, grad_z)
                if i > 0:
                    np.dot(grad_z, weight.T)

    return products


CONTENDERS = {
    "skshallow": fit_skshallow,
    "MLPClassifier": fit_mlp,
    "PyTorch": fit_torch,
    "JAX": fit_jax,
    "products": multiply,
}


def measure(
    contenders: Iterable[str], case: Case, dtype: str, n_threads: int, n_turns: int
) -> dict[str, float]:
    """Return microseconds per step of each contender: the least of `n_turns` turns.

    With several threads there is no time of JAX.
    """
    X, y = case.data(dtype)
    names = [name for name in contenders if n_threads == 1 or name != "JAX"]
    fits = {name: CONTENDERS[name](case, X, y) for name in names}
    clock = time.process_time if n_threads == 1 else time.perf_counter
    with threadpool_limits(n_threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "PyTorch" in fits:
            import torch

            torch.set_num_threads(n_threads)
        least = least_seconds(fits, n_turns, clock)
    return {name: 1e6 * seconds / case.n_steps for name, seconds in least.items()}


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def table(results: dict[tuple[int, str], list[dict[str, float]]]) -> str:
    """Return the results as Markdown: microseconds per step, then the ratios."""
    lines = [
        "# Fit time",
        "",
        "How long does a training step take, compared with `MLPClassifier`, PyTorch and",
        "an epoch that JAX has compiled? `fit_time.py` writes this page; its docstring",
        "describes the method.",
        "",
        "Times are those of the whole `fit`, in microseconds per training step: processor",
        "time with one thread, and time by the clock with more.",
        "Products is the time of the matrix products alone. The last columns are ratios:",
        "how many times longer the other libraries take than skshallow, and how many times",
        "longer skshallow takes than the matrix products.",
        "",
        "![Ratios](fit_time.png)",
    ]
    for (n_threads, dtype), rows in results.items():
        names = list(rows[0])
        others = [name for name in names if name not in ("skshallow", "products")]
        lines += ["", f"## {dtype}, BLAS threads: {n_threads}", ""]
        header = ["case", *names, *(f"{name} / skshallow" for name in others)]
        header.append("skshallow / products")
        lines += ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
        for case, row in zip(CASES, rows, strict=True):
            cells = [case.name, *(f"{row[name]:.0f}" for name in names)]
            cells += [f"{row[name] / row['skshallow']:.2f}" for name in others]
            cells.append(f"{row['skshallow'] / row['products']:.2f}")
            lines.append("| " + " | ".join(cells) + " |")
        ratios = {name: [row[name] / row["skshallow"] for row in rows] for name in others}
        means = [f"{name} {geometric_mean(own):.2f}" for name, own in ratios.items()]
        lines += ["", "Geometric mean of the ratios: " + ", ".join(means) + "."]
        lines += [line for name in others for line in _faster(name, ratios[name])]
    return "\n".join([*lines, "", versions_and_kernels(*LIBRARIES.values())]) + "\n"


def _faster(name: str, ratios: list[float]) -> list[str]:
    """Return a line that names the cases in which another library is faster, if any."""
    cases = [case.name for case, ratio in zip(CASES, ratios, strict=True) if ratio < 1]
    if not cases:
        return []
    if len(cases) == len(CASES):
        return [f"{name} is faster than skshallow in all of them."]
    return [f"{name} is faster than skshallow in {len(cases)}: {'; '.join(cases)}."]


def draw(results: dict[tuple[int, str], list[dict[str, float]]], path: Path) -> None:
    """Draw one bar per case and contender: its time relative to skshallow."""
    import matplotlib.pyplot as plt

    others = [name for name in CONTENDERS if name != "skshallow"]
    figure, axes = plt.subplots(
        2, len(results) // 2, figsize=(11, 8), sharey=True, layout="constrained"
    )
    for ax, ((n_threads, dtype), rows) in zip(axes.flat, results.items(), strict=True):
        for i, name in enumerate(others):
            if name in rows[0]:
                ratios = [row[name] / row["skshallow"] for row in rows]
                positions = np.arange(len(rows)) + 0.21 * (i - 1.5)
                ax.bar(positions, ratios, width=0.2, color=f"C{i}", label=name)
        ax.axhline(1, color="black", linewidth=1)
        ax.set_title(f"{dtype}, BLAS threads: {n_threads}")
        labels = [
            f"{c.n_samples} x {c.n_features}\n{'-'.join(map(str, c.hidden_units))}"
            for c in CASES
        ]
        ax.set_xticks(range(len(rows)), labels, fontsize=8)
        ax.set_ylabel("time / time of skshallow")
    axes.flat[0].legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = turns_parser(__doc__, n_turns=7)
    parser.add_argument("--threads", type=at_least_one, nargs="+", default=[1, 2])
    numbers = range(len(CASES))
    parser.add_argument("--cases", type=int, nargs="+", choices=numbers, default=numbers)
    options = parser.parse_args()
    imported("matplotlib", '"skshallow[plots]"')
    CASES[:] = [CASES[i] for i in options.cases]
    installed = without_missing(CONTENDERS)
    results = {
        (n_threads, dtype): [
            measure(installed, case, dtype, n_threads, options.turns) for case in CASES
        ]
        for n_threads in options.threads
        for dtype in ("float32", "float64")
    }
    text = table(results)
    publish(text, HERE / "fit_time.md", options)
    if not options.dry:
        draw(results, HERE / "fit_time.png")


if __name__ == "__main__":
    main()
