"""Fitted attributes that only some fits have: what to set, where one is missing."""

from __future__ import annotations

from typing import Any


class KnownAfter:
    """A fitted attribute that says after what it is known, where an estimator lacks it.

    It has no ``__set__``, so that the attribute of an instance comes first.

    Parameters
    ----------
    what : str
        What the attribute is known after, with what to set or to call.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        """Raise AttributeError, as an instance that has the attribute does not get here."""
        raise AttributeError(f"{self.name} is known after {self.what}")
