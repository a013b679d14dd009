"""Atomic changes of fitted attributes: set in one step, restored after an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

Estimator = TypeVar("Estimator")


def twin_of(estimator: Estimator) -> Estimator:
    """Return a shallow copy of an estimator, also of attributes that pickle leaves out."""
    twin = object.__new__(type(estimator))
    twin.__dict__ = vars(estimator).copy()
    return twin


def replace_attributes(
    estimator: Any, names: Iterable[str], new: Mapping[str, Any]
) -> None:
    """Replace the attributes of these `names` by those in `new`.

    This is one assignment, so that an interruption cannot leave half of the attributes.
    """
    names = frozenset(names)
    kept = {name: value for name, value in vars(estimator).items() if name not in names}
    estimator.__dict__ = {**kept, **new}


@contextmanager
def undone_on_error(estimator: Any, names: Iterable[str]) -> Iterator[None]:
    """Restore the attributes of these `names` if the block raises an error.

    Other attributes, which callbacks may have set, are kept. After Ctrl-C, which is not an
    error, everything is kept.
    """
    names = frozenset(names)
    before = {name: value for name, value in vars(estimator).items() if name in names}
    try:
        yield
    except Exception:
        replace_attributes(estimator, names, before)
        raise
