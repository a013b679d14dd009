"""Look-up of ONNX forms: how an activation or a link is written, by its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def register_form(
    forms: dict[type, Callable], argument: str, given: Any, base: type, form: Callable
) -> None:
    """Add the `form` of the class `given` to `forms`.

    Raise TypeError, with the name of the `argument`, if it does not derive from `base`.
    """
    if not (isinstance(given, type) and issubclass(given, base)):
        package = base.__module__.partition("._")[0]  # where it is public
        raise TypeError(
            f"{argument} must be a subclass of {package}.{base.__name__}; got {given!r}."
        )
    forms[given] = form


def form_of(forms: dict[type, Callable], component: Any, register: str) -> Callable:
    """Return the form of a component; without one raise ValueError, which says `register`.

    A subclass may compute something else, so forms are not inherited.
    """
    name = type(component).__name__
    if type(component) not in forms:
        raise ValueError(
            f"{name} has no form in ONNX yet. Register one with "
            f"skshallow.onnx.{register.format(name)}."
        )
    return forms[type(component)]
