"""From what a user writes to a component: a name from a table, or a ready instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Component = TypeVar("Component")


def resolve(
    parameter: str,
    choice: Any,
    table: Mapping[str, Callable[[], Component]],
    base: type[Component],
) -> Component:
    """Return the component that `choice` names or already is.

    Parameters
    ----------
    parameter : str
        The parameter's name, for the error message.
    choice : str or instance of `base`
        A key of `table`, or a ready component with settings of its own.
    table : mapping of str to zero-argument callable
        The components that have a name.
    base : type
        What every component of this kind is an instance of.

    Raises
    ------
    ValueError
        If `choice` is neither; the message lists the names.

    Examples
    --------
    >>> from skshallow.activations import ACTIVATIONS, Activation
    >>> resolve("activation", "tanh", ACTIVATIONS, Activation)
    Tanh()
    """
    if isinstance(choice, base):
        return choice
    if isinstance(choice, str) and choice in table:
        return table[choice]()
    names = ", ".join(repr(name) for name in table)
    raise ValueError(
        f"The {parameter!r} parameter must be one of {names}, or an instance of "
        f"{base.__module__}.{base.__name__}. Got {choice!r} instead."
    )
