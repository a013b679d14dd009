"""Do nets of 50 hidden layers train, with every activation? Accuracy on digits and spirals.

Run ``python docs/benchmarks/depth.py``. It writes ``depth.md`` to its own folder.

Every net has hidden layers of 32 units, and everything else but the number of epochs is at
its default. The digits are those of scikit-learn, of which 30% of the rows are for testing;
the two spirals are 1200 points that turn one and a half times around each other, half of
which are for testing. BLAS uses one thread.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from environment import versions_and_kernels
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier
from skshallow.activations import ACTIVATIONS

HERE = Path(__file__).parent
N_UNITS = 32
NETS = {
    "plain, 3": {"depth": 3},
    "plain, 50": {"depth": 50},
    "residual, 50": {"depth": 50, "residual": True},
    "residual and layer norm, 50": {
        "depth": 50,
        "residual": True,
        "normalization": "layer",
    },
}


def two_spirals(n_rows: int = 1200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n_rows, 2) on two spiral arms, with a little noise, and the arm."""
    rng = np.random.default_rng(seed)
    radius = np.sqrt(rng.uniform(0.02, 1, n_rows))
    arm = rng.integers(2, size=n_rows)
    angle = 3 * np.pi * radius + np.pi * arm
    points = radius * np.array([np.cos(angle), np.sin(angle)])
    return points.T + 0.025 * rng.standard_normal((n_rows, 2)), arm


# Name of the table: its rows, the share for testing, and the number of epochs.
TABLES = {
    "digits": (load_digits(return_X_y=True), 0.3, 30),
    "two spirals": (two_spirals(), 0.5, 150),
}


def accuracy(table: str, activation: str, params: dict) -> float:
    """Return the accuracy on test rows."""
    (X, y), test_size, max_iter = TABLES[table]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, random_state=0, stratify=y
    )
    net = DeepNetClassifier(
        N_UNITS, activation=activation, max_iter=max_iter, random_state=0, **params
    )
    return net.fit(X_train, y_train).score(X_test, y_test)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    warnings.simplefilter("ignore")  # of vanishing gradients and dead units
    lines = [
        "# Networks of 50 hidden layers",
        "",
        "Do {ref}`residual connections and layer normalisation <residual>` make deep",
        "networks train, whatever their activation? `depth.py` writes this page; its",
        "docstring describes the method. The tables show the accuracy on test rows.",
    ]
    start = time.perf_counter()
    for table, (_, _, max_iter) in TABLES.items():
        lines += [
            "",
            f"## {table.capitalize()}, {max_iter} epochs",
            "",
            "| activation | " + " | ".join(NETS) + " |",
            "|---" * (len(NETS) + 1) + "|",
        ]
        for activation in ACTIVATIONS:
            with threadpool_limits(1):
                scores = [accuracy(table, activation, each) for each in NETS.values()]
            cells = " | ".join(f"{score:.1%}" for score in scores)
            lines.append(f"| {activation} | {cells} |")
            print(lines[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    lines += [
        "",
        "Networks of identities are linear models, which cannot tell spirals apart. Layer",
        "normalisation divides by a deviation that depends on the row, which makes them",
        "non-linear.",
        "",
        versions_and_kernels(),
    ]
    (HERE / "depth.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
