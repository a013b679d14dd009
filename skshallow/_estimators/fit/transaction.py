"""Atomic fit: attributes are set all at once, and taken back if something fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

Estimator = TypeVar("Estimator")


def twin_of(estimator: Estimator) -> Estimator:
    """Return an estimator with the same attributes, also those that no pickle keeps."""
    twin = object.__new__(type(estimator))
    twin.__dict__ = vars(estimator).copy()
    return twin


def replace_attributes(
    estimator: Any, names: Iterable[str], new: Mapping[str, Any]
) -> None:
    """Give an estimator the attributes `new` in place of those of these `names`.

    It happens in one step, between which and the next nothing can be interrupted.
    """
    names = frozenset(names)
    kept = {name: value for name, value in vars(estimator).items() if name not in names}
    estimator.__dict__ = {**kept, **new}


@contextmanager
def undone_on_error(estimator: Any, names: Iterable[str]) -> Iterator[None]:
    """Give an estimator its attributes of these `names` back if the block fails.

    Other attributes, which callbacks may have set, stay; so does everything after
    Ctrl-C, which is no failure.
    """
    names = frozenset(names)
    before = {name: value for name, value in vars(estimator).items() if name in names}
    try:
        yield
    except Exception:
        replace_attributes(estimator, names, before)
        raise
