"""The public classes and functions of the package, and their docstrings."""

import functools
import importlib
import inspect
import pkgutil

import skshallow

MODULES = ["skshallow"] + [
    f"skshallow.{module.name}"
    for module in pkgutil.iter_modules(skshallow.__path__)
    if not module.name.startswith("_")
]


def public_objects():
    """Return every public class and function by its dotted name, each once."""
    found = {}
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                found.setdefault(thing, f"{module.__name__}.{name}")
    return {name: thing for thing, name in found.items()}


@functools.cache
def public_docstrings():
    """Return the docstrings of public objects and of their public methods."""
    found = set()
    for thing in public_objects().values():
        found.add(thing.__doc__)
        for name, method in inspect.getmembers(thing, inspect.isroutine):
            if not name.startswith("_"):
                found.add(method.__doc__)
    return found - {None}
