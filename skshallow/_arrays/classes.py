"""Columns that class codes name: what a one-hot table would do, without the table.

Codes are integers (n, 1), the number of each row's class; values (..., n, n_classes) have a
column per class and may have a leading axis of members.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skshallow._arrays.namespace import namespace


def of_own_class(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the value of each row's own class (..., n)."""
    if isinstance(values, np.ndarray):
        return values[_own_columns(codes)]
    xp = namespace(values)
    own = xp.where(_one_hot(values, codes), values, xp.zeros_like(values))
    return xp.sum(own, axis=-1)


def subtract_per_class(
    values: np.ndarray, codes: np.ndarray, own: float, other: float
) -> None:
    """Subtract in place `own` from the value of each row's own class, `other` elsewhere."""
    if isinstance(values, np.ndarray):
        columns = _own_columns(codes)
        of_own = values[columns] - own
        if other:
            values -= other
        values[columns] = of_own
        return
    xp = namespace(values)
    one_hot = _one_hot(values, codes)
    values -= xp.where(one_hot, xp.full_like(values, own), xp.full_like(values, other))


def _own_columns(codes: np.ndarray) -> tuple:
    """Return the index of each row's own class in values (..., n, n_classes)."""
    return ..., np.arange(codes.shape[0]), codes[:, 0]


def _one_hot(values: Any, codes: Any) -> Any:
    """Return where the columns of values (..., n, n_classes) are the rows' own class."""
    xp = namespace(values)
    columns = xp.arange(values.shape[-1], dtype=codes.dtype, device=values.device)
    return xp.broadcast_to(codes == columns, values.shape)
