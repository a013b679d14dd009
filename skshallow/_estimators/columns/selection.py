"""The parameter `categorical_features`: which columns of a table are categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skshallow._estimators.columns.reading import Column

FORMS = (
    "categorical_features must be 'auto', None, or an array of column names, of indices "
    "of columns, or of one boolean for each column"
)


def dtypes_decide(categorical_features: Any) -> bool:
    """Return whether the dtypes of the columns decide; another text is an error."""
    if isinstance(categorical_features, str) and categorical_features != "auto":
        raise ValueError(
            f"{FORMS}; got {categorical_features!r}. For one column, write "
            f"categorical_features=[{categorical_features!r}]."
        )
    return isinstance(categorical_features, str)


def categorical_mask(
    columns: Sequence[Column], names: tuple[str, ...] | None, categorical_features: Any
) -> np.ndarray:
    """Return which columns (n_columns,) are categories.

    Parameters
    ----------
    columns : sequence of Column
    names : tuple of str or None
        Their names, None if they have none.
    categorical_features : "auto", None, or array-like of str, int or bool
    """
    n = len(columns)
    if dtypes_decide(categorical_features):
        return np.array([column.is_categorical for column in columns], dtype=bool)
    if categorical_features is not None and not np.iterable(categorical_features):
        raise ValueError(f"{FORMS}; got {categorical_features!r}.")
    chosen = [] if categorical_features is None else list(categorical_features)
    types = {type(item) for item in chosen}
    mask = np.zeros(n, dtype=bool)
    if all(issubclass(cls, bool | np.bool_) for cls in types) and chosen:
        if len(chosen) != n:
            raise ValueError(
                f"categorical_features has {len(chosen)} booleans, and X has {n} columns. "
                "Give one for each column, or the names or indices of the categories."
            )
        mask[:] = chosen
    elif all(issubclass(cls, str) for cls in types):
        mask[_positions(chosen, names)] = True
    elif all(issubclass(cls, int | np.integer) and cls is not bool for cls in types):
        outside = [index for index in chosen if not 0 <= index < n]
        if outside:
            raise ValueError(
                f"categorical_features has the indices {_list(outside)}, and X has {n} "
                f"columns, counted from 0 to {n - 1}."
            )
        mask[chosen] = True
    else:
        kinds = ", ".join(sorted(cls.__name__ for cls in types))
        raise ValueError(f"{FORMS}; got items of the types {kinds}.")
    return mask


def _positions(chosen: Sequence[str], names: tuple[str, ...] | None) -> list[int]:
    """Return the indices of columns with these names."""
    if names is None and chosen:
        raise ValueError(
            f"categorical_features has the names {_list(chosen)}, and the columns of X "
            "have none, or not all are strings. Give their indices, or pass a data frame."
        )
    position = {name: j for j, name in enumerate(names or ())}
    unknown = [name for name in chosen if name not in position]
    if unknown:
        raise ValueError(
            f"categorical_features has {_list(unknown)}, and X has no such columns. Its "
            f"columns are {_list(position)}."
        )
    return [position[name] for name in chosen]


def _list(items: Any) -> str:
    """Return items as in a sentence."""
    return ", ".join(repr(str(i)) if isinstance(i, str) else str(i) for i in items)
