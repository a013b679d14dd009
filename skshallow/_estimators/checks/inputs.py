"""Validation of arrays, groups and sample weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    validate_data,
)

from skshallow._estimators.checks.array_api import in_numpy, namespace_of


def refuse_containers(**arguments: Any) -> None:
    """Raise TypeError or ValueError for arguments that cannot be converted to arrays."""
    for name, value in arguments.items():
        kind = type(value).__name__
        if isinstance(value, Iterator):
            raise TypeError(
                f"{name} is a {kind}, which can be read only once. Pass list({name})."
            )
        if type(value) in (dict, set, frozenset):  # a sparse DOK array is a dict, too
            raise TypeError(
                f"{name} is a {kind}, which is not an array. Pass an array, a list or a "
                "data frame."
            )
        if hasattr(value, "collect") and not hasattr(value, "shape"):
            raise TypeError(f"{name} is a lazy {kind}. Pass {name}.collect().")


def _refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if entries of an array are masked."""
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} has masked entries. Fill them with {name}.filled(value), or leave "
            "their rows out."
        )


def validated(estimator: Any, X: Any, **options: Any) -> Any:
    """Return the result of scikit-learn's `validate_data`: X as floats, dense or CSR."""
    xp = namespace_of(X)
    floats = xp.float64, xp.float32
    return validate_data(estimator, X, accept_sparse="csr", dtype=floats, **options)


def check_weights(sample_weight: Any, X: Any, name: str) -> np.ndarray | None:
    """Return sample weights (n_samples,) in float64, or None.

    They are scaled by a power of 2, which rounds nothing, so that the largest lies in
    [0.5, 1) and their products with other weights do not overflow.
    """
    if sample_weight is None:
        return None
    _refuse_masked(sample_weight, name)
    weight = in_numpy(sample_weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.ndim != 1:
        raise ValueError(f"{name} must be 1-dimensional, got shape {weight.shape}.")
    check_consistent_length(X, weight)
    if (weight < 0).any():
        raise ValueError(f"{name} must not be negative; the smallest is {weight.min()}.")
    if not weight.any():
        raise ValueError(f"{name} is zero for every row; at least one must be positive.")
    return np.ldexp(weight, -np.frexp(weight.max())[1])


def relative(weight: np.ndarray | None) -> np.ndarray | None:
    """Return weights (n_samples,) of which the largest is 1, None of None."""
    return None if weight is None else weight / weight.max()


def check_groups(groups: Any, X: Any) -> np.ndarray | None:
    """Return the groups of rows (n_samples,) as integers, or None."""
    if groups is None:
        return None
    refuse_containers(groups=groups)
    _refuse_masked(groups, "groups")
    groups = check_array(in_numpy(groups), ensure_2d=False, dtype=None, input_name="groups")
    if groups.ndim != 1:
        raise ValueError(f"groups must be 1-dimensional, got shape {groups.shape}.")
    try:
        check_consistent_length(X, groups)
    except ValueError as error:
        raise ValueError(
            f"groups has {len(groups)} entries; give the group of each row of X."
        ) from error
    try:
        return np.unique(groups, return_inverse=True)[1]
    except TypeError as error:  # from sorting
        raise ValueError(
            "groups has entries of several types, or missing ones. Give numbers, or "
            "strings, one for each row of X."
        ) from error
