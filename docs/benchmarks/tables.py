"""Reads the tables of the benchmarks from their folder, and splits them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

N_TRAIN, N_TEST, N_SPLITS = 4000, 2000, 2


def table_names(folder: Path) -> list[str]:
    """Return the names of the ``.npz`` files in the folder."""
    return sorted(path.stem for path in folder.glob("*.npz"))


def read_tables(
    folder: Path, task: str, names: Iterable[str] | None = None
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, features and target of each ``.npz`` file with this `task`.

    If `names` are given, only of the files with these names.
    """
    found = table_names(folder)
    if not found:
        raise FileNotFoundError(f"There are no tables, files named *.npz, in {folder}.")
    for name in found:
        if names is not None and name not in names:
            continue
        with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
            if str(file["task"]) == task:
                yield name, file["X"].astype(np.float32), file["y"]


def split(
    X: np.ndarray, y: np.ndarray, seed: int, *, stratify: bool, n_train: int = N_TRAIN
) -> list[np.ndarray]:
    """Return X_train, X_test, y_train, y_test of at most `n_train` and `N_TEST` rows."""
    n_test = min(N_TEST, len(y) // 4)
    n_train = min(n_train, len(y) - n_test)
    return train_test_split(
        X,
        y,
        train_size=n_train,
        test_size=n_test,
        stratify=y if stratify else None,
        random_state=seed,
    )
