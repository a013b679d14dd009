"""Validation of class labels: their kind, their types, and the classes that they belong to.

Labels with pandas dtypes are converted to NumPy arrays without rounding large integers.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils.multiclass import type_of_target


def plain_labels(y: Any) -> Any:
    """Return labels without pandas dtypes and without NumPy's variable-width strings.

    scikit-learn converts nullable integers and booleans to floats, which rounds integers
    above 2^53; here they become integers and booleans.
    """
    if isinstance(y, np.ndarray) and y.dtype.kind == "T":
        return y.astype(object)
    if not hasattr(y, "isna") or getattr(y, "ndim", 1) != 1:
        return y
    if hasattr(y.dtype, "numpy_dtype"):
        return np.asarray(y, dtype=y.dtype.numpy_dtype)
    return np.asarray(y) if hasattr(y.dtype, "categories") else y


def ordered_categories(y: Any) -> list | None:
    """Return the categories of labels whose dtype orders them, lowest first, or None.

    These are ordered categoricals of pandas, Enums of polars, ordered dictionaries of
    Arrow, and tables with one such column.
    """
    column = nw.from_native(y, allow_series=True, pass_through=True)
    if isinstance(column, nw.DataFrame):
        if column.shape[1] != 1:
            return None
        column = column[:, 0]
    if isinstance(column, nw.Series):
        is_ordered = nw.is_ordered_categorical(column)
        return column.cat.get_categories().to_list() if is_ordered else None
    # no series: a Categorical of pandas, or an Array of Arrow
    if getattr(getattr(y, "dtype", None), "ordered", False) is True:
        return list(y.dtype.categories)
    if getattr(getattr(y, "type", None), "ordered", False) is True:
        return y.dictionary.to_pylist()
    return None


def kind_of_target(y: np.ndarray, name: str = "y") -> str:
    """Return "binary", "multiclass" or "multilabel-indicator"; raise for other kinds."""
    try:
        kind = type_of_target(y, input_name=name)
    except TypeError as error:  # from sorting, or from bytes
        if _types_in(y) == "bytes":
            raise ValueError(
                f"{name} has labels that are bytes. Make strings of them, for example "
                f"[label.decode() for label in {name}]."
            ) from error
        raise ValueError(
            f"{name} has labels of types {_types_in(y)}, which cannot be sorted. Convert "
            f"them to one type, for example {name}.astype(str)."
        ) from error
    if kind == "unknown" and y.dtype == object:
        raise ValueError(
            f"Unknown label type: {name} has objects of type {_types_in(y)}. Labels must "
            "be numbers, booleans or strings; convert them, for example "
            f"{name}.astype(int) or {name}.astype(str)."
        )
    if kind == "multiclass-multioutput":
        raise ValueError(
            f"{name} has several targets of several classes each, which is not supported: "
            "wrap the net in sklearn.multioutput.MultiOutputClassifier."
        )
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        raise ValueError(
            f"Unknown label type: {kind} values in {name}, and a classifier needs classes. "
            "Use a regressor for numbers, or make classes of them."
        )
    return kind


def check_sortable(classes: np.ndarray) -> None:
    """Raise ValueError if the `classes` (n_classes,) are not comparable."""
    try:
        np.unique(classes)
    except TypeError as error:  # from sorting
        raise ValueError(
            f"classes={classes.tolist()} cannot be sorted: give labels of one type."
        ) from error


def _types_in(y: np.ndarray) -> str:
    """Return the names of the types in an array of objects."""
    return ", ".join(sorted({type(label).__name__ for label in y.ravel().tolist()}))


def are_among(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return which labels of y (n,) are classes; the string "1" is not the number 1.

    NumPy compares large integers of two dtypes as floats, which makes different ones
    equal. So a label must also be exactly representable in the dtype of the classes.
    """
    if "O" in (y.dtype.kind, classes.dtype.kind):
        return np.isin(y.astype(object), classes.astype(object))
    if (y.dtype.kind in "UST") != (classes.dtype.kind in "UST"):
        return np.zeros(len(y), bool)
    with np.errstate(invalid="ignore"):
        labels = y.astype(classes.dtype)
        exact = (labels == y) & (labels.astype(y.dtype) == y)
    return exact & np.isin(labels, classes)
