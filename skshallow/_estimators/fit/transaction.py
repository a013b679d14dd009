"""A fit is drafted on a copy, which the estimator then becomes: whole, or not at all."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Draft:
    """A copy of an estimator to fit, and then the estimator itself, in one step.

    Whatever is raised meanwhile, wherever, leaves the estimator as it was.

    Parameters
    ----------
    original : estimator
        The user's own.

    Attributes
    ----------
    estimator : estimator
        The copy, with attributes of its own.
    """

    def __init__(self, original: Any) -> None:
        self.original = original
        self.estimator = copy.copy(original)
        self._before = vars(original).copy()

    @contextmanager
    def taking_over(self) -> Iterator[None]:
        """Give the original the draft's attributes; take them back if the block fails.

        An interruption is no failure: a whole fit is there, and stays.
        """
        missing = object()
        meanwhile = {  # scikit-learn keeps the state of callbacks on the original
            name: value
            for name, value in vars(self.original).items()
            if self._before.get(name, missing) is not value
        }
        self.original.__dict__ = vars(self.estimator) | meanwhile
        try:
            yield
        except Exception:
            self.original.__dict__ = self._before | meanwhile
            raise
