"""Names of methods in Python's own error messages: "fit()" instead of "BaseNet.fit()".

If an argument is missing, Python's TypeError names the class that defines the method, such
as "BaseNet.fit() missing 1 required positional argument", which users do not know.
"""

from __future__ import annotations

from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)


def called_by_name(cls: Class) -> Class:
    """Let errors about the arguments of the public methods of an estimator say "fit()"."""
    package = __name__.partition(".")[0]
    for owner in cls.__mro__:
        if owner.__module__.partition(".")[0] == package:
            for name, method in vars(owner).items():
                if not name.startswith("_"):
                    _rename(method, name)
    return cls


def _rename(method: Any, name: str) -> None:
    """Set the name in errors of a function, and of those that it wraps."""
    # a class method and a method of `available_if` have the function in an attribute
    for inner in ("__func__", "__wrapped__", "fn"):
        if hasattr(method, inner):
            _rename(getattr(method, inner), name)
    if hasattr(method, "__code__"):
        method.__qualname__ = name
