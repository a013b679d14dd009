"""Inputs that are the same in all training rows, from which nothing can be learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.linalg import ShiftedSparse
from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.fit.feature_encoding import LEAST_ROWS_OF_LEVEL
from skshallow._estimators.fit.run import FitRun

ROWS_AT_ONCE = 4096
MOST_LISTED = 5


def about_constant_inputs(run: FitRun) -> str | None:
    """Return what to say of a table whose columns are all constant inputs, else None."""
    if not _are_constant(run):
        return None
    return (
        f"No column of X tells training rows apart: {_why(run)}. The net can predict only "
        "a constant. Give it columns that vary."
    )


def _are_constant(run: FitRun) -> bool:
    """Return whether all inputs of the network are the same in all training rows."""
    if run.health.sample is None or len(run.rows) < 2:
        return False
    lowest, highest = _ends(run.health.sample[0])
    if not (lowest == highest).all():
        return False
    batches = run.rows.batches(ROWS_AT_ONCE)
    return all((end == lowest).all() for X, *_ in batches for end in _ends(X))


def _ends(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest value of each input in rows (n, n_inputs)."""
    X = X.stored if isinstance(X, ShiftedSparse) else X  # the shift is that of all rows
    if sparse.issparse(X):
        return X.min(axis=0).toarray().ravel(), X.max(axis=0).toarray().ravel()
    values = to_numpy(X)
    return values.min(axis=0), values.max(axis=0)


def _why(run: FitRun) -> str:
    """Return which columns are constant, and which have rare levels only."""
    data = run.data
    n_columns, names = data.X.shape[1], data.feature_names
    rare = [] if data.encoding is None else data.encoding.embedded.tolist()
    single = [j for j in range(n_columns) if j not in rare]
    parts = []
    if single:
        have = "has" if len(single) == 1 else "have"
        parts.append(f"{_listed(single, names)} {have} at most one value")
    if rare:
        have = "has" if len(rare) == 1 else "have"
        parts.append(
            f"{_listed(rare, names)} {have} levels of fewer than {LEAST_ROWS_OF_LEVEL} "
            "rows each, which enter as one"
        )
    return ", and ".join(parts)


def _listed(columns: list[int], names: np.ndarray | None) -> str:
    """Return columns by name, or by index without names; of many the first ones."""
    shown = ", ".join(
        f"column {j}" if names is None else repr(str(names[j]))
        for j in columns[:MOST_LISTED]
    )
    n_more = len(columns) - MOST_LISTED
    return f"{shown} and {n_more} more" if n_more > 0 else shown
