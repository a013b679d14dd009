r"""Nested parameters of an estimator's components, such as ``solver__beta_2``.

In a sequence of components, the settings of an entry have its index before them:
``activation__0__slope``. scikit-learn changes nested estimators in place. Components are
frozen dataclasses, so `set_params` replaces the instance, and the sequence that holds it,
by one with the new settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, Self

import numpy as np
from sklearn.base import is_classifier

from skshallow._component import Component, settings_of
from skshallow._estimators.checks.typed_sklearn import BaseEstimator
from skshallow._estimators.checks.unknown_parameters import about_parameter
from skshallow.activations import ACTIVATIONS
from skshallow.initializers import INITIALIZERS
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

Table = Mapping[str, Callable[[], Component]]
Composition = list | tuple | np.ndarray
# The named components, for each parameter that takes one. Losses of classifiers have no
# settings, in the binomial as in the multinomial form.
TABLES: dict[str, Table] = {
    "activation": ACTIVATIONS,
    "init": INITIALIZERS,
    "loss": REGRESSION_LOSSES,
    "schedule": SCHEDULES,
    "solver": SOLVERS,
}
OF_CLASSIFIERS: dict[str, Table] = TABLES | {
    "loss": {name: forms["multinomial"] for name, forms in CLASSIFICATION_LOSSES.items()}
}
MODULES = {
    "activation": "skshallow.activations",
    "init": "skshallow.initializers",
    "loss": "skshallow.losses",
    "schedule": "skshallow.schedules",
    "solver": "skshallow.solvers",
}


class NestedParams(BaseEstimator):
    """An estimator whose `get_params` and `set_params` reach into its components."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the parameters of components that are instances, such as
            ``solver__beta_2``, or ``activation__0__slope`` in a sequence.

        Returns
        -------
        params : dict
            Parameter names mapped to their values.
        """
        params = super().get_params(deep=deep)
        return _with_nested(params) if deep else params

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters of the estimator, or of components that are instances:
            ``solver__beta_2=0.8`` replaces the solver by one that differs in `beta_2`.
            Entries of a sequence of them are numbered: ``activation__0__slope=0.1``, or
            ``activation__0="tanh"``.

        Returns
        -------
        self : object
            The estimator.

        Examples
        --------
        >>> from skshallow import DeepNetClassifier
        >>> from skshallow.solvers import Adam
        >>> net = DeepNetClassifier(16, solver=Adam(beta_2=0.99))
        >>> net.set_params(hidden_units=32, solver__beta_2=0.9).solver.beta_2
        0.9
        """
        tables = OF_CLASSIFIERS if is_classifier(self) else TABLES
        values = self.get_params(deep=False)
        for name in (key.partition("__")[0] for key in params):
            if name not in values:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"{about_parameter(name, values)}"
                )
        return super().set_params(**_merged(values, params, tables))


def _with_nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters, and the settings of components under ``name__setting``."""
    found = dict(params)
    for name, value in params.items():
        parts = _with_nested(_parts_of(name, value))
        found |= {f"{name}__{part}": it for part, it in parts.items()}
    return found


def _is_composition(name: str, value: Any) -> bool:
    """Return whether the value of a parameter is a sequence of components."""
    return name in TABLES and isinstance(value, Composition)


def _parts_of(name: str, value: Any) -> dict[str, Any]:
    """Return the settings of a component, or the entries of a sequence by their index."""
    if _is_composition(name, value):
        return {str(i): entry for i, entry in enumerate(value)}
    return settings_of(value) if isinstance(value, Component) else {}


def _merged(
    values: Mapping[str, Any],
    params: Mapping[str, Any],
    tables: Mapping[str, Table],
    prefix: str = "",
) -> dict[str, Any]:
    """Return the values to set, with nested settings merged into their components.

    Parameters
    ----------
    values : mapping of str to object
        The current values. Names in `params` that are not among them are returned as
        they are.
    params : mapping of str to object
        The new values. A nested setting applies to the new value of its parameter.
    tables : mapping of str to Table
        The named components of each parameter, for the error messages.
    prefix : str
        What the names have before them where the user gives them, for the error messages.
    """
    merged: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = defaultdict(dict)
    for key, value in params.items():
        name, is_nested, setting = key.partition("__")
        if is_nested and name in values:
            nested[name][setting] = value
        else:
            merged[key] = value
    for name, settings in nested.items():
        value, table = merged.get(name, values[name]), tables.get(name, {})
        numbered = all(setting.partition("__")[0].isdigit() for setting in settings)
        if isinstance(value, Component):
            merged[name] = _with_settings(value, settings)
        elif _is_composition(name, value) and numbered:
            merged[name] = _with_entries(name, value, settings, table)
        else:
            raise ValueError(_advice(f"{prefix}{name}", value, settings, table))
    return merged


def _with_settings(component: Component, settings: Mapping[str, Any]) -> Component:
    """Return a component that differs in these settings."""
    values = settings_of(component)
    merged = _merged(values, settings, {})
    for name in merged:
        if name not in values:
            raise ValueError(_invalid(name, repr(component), [*values]))
    return replace(component, **merged)


def _with_entries(
    name: str, sequence: Composition, settings: Mapping[str, Any], table: Table
) -> Composition:
    """Return the sequence of components of a parameter with other entries or settings."""
    entries = _parts_of(name, sequence)
    for index in (setting.partition("__")[0] for setting in settings):
        if index not in entries:
            raise ValueError(_invalid(index, f"{name}={sequence!r}", [*entries]))
    merged = _merged(entries, settings, dict.fromkeys(entries, table), f"{name}__")
    changed = (entries | merged).values()
    if isinstance(sequence, np.ndarray):
        return np.fromiter(changed, dtype=object)  # strings may be longer than before
    return type(sequence)(changed)


# Error messages.


def _invalid(setting: str, owner: str, valid: list[str]) -> str:
    """Return scikit-learn's message for a parameter that does not exist."""
    what = f"Invalid parameter {setting!r} for {owner}"
    if not valid:
        return f"{what}, which has no settings."
    return f"{what}. Valid parameters are: {valid!r}."


def _advice(name: str, value: Any, settings: Mapping[str, Any], table: Table) -> str:
    """Return the message for a `value` without settings, and what to pass instead."""
    setting = next(iter(settings))
    if not table:
        what = f"Invalid parameter {setting!r} for {name}={value!r}"
        return f"{what}: {name} has no nested parameters. Set {name} itself."
    module = MODULES[name.partition("__")[0]]
    if isinstance(value, Iterable) and not isinstance(value, str):
        what = "a sequence, with one entry for each hidden layer"
        codes = [_code(entry, settings, table) for entry in value]
        texts = [code or repr(entry) for code, entry in zip(codes, value, strict=True)]
        line = f"[{', '.join(texts)}]"
        if not any(codes):
            codes = [_code(choice, settings, table) for choice in table]
            line = f"[{next(filter(None, codes), '')}, ...]"
    else:
        what = "not an instance"
        codes = [_code(choice, settings, table) for choice in (value, *table)]
        line = next(filter(None, codes), "")
    if not any(codes):
        return _no_such_setting(name, value, setting, table)
    return (
        f"Cannot set {name}__{setting}, because {name}={value!r} is {what}. Pass "
        f"{name}={line} (from {module}) instead."
    )


def _no_such_setting(name: str, value: Any, setting: str, table: Table) -> str:
    """Return the message for a setting that no component for the parameter has."""
    module = MODULES[name.partition("__")[0]]
    what = f"Invalid parameter {setting!r} for {name}={value!r}: "
    if not (isinstance(value, str) and value in table):
        return f"{what}no component of {module} has a setting of that name."
    component = table[value]()
    settings = settings_of(component)
    if not settings:
        return f"{what}{value!r} has no settings."
    return (
        f"{what}the settings of {value!r} are {[*settings]!r}. To change one, pass an "
        f"instance, such as {name}={component!r} (from {module})."
    )


def _code(choice: Any, settings: Mapping[str, Any], table: Table) -> str | None:
    """Return the code of a component with these settings, None if it lacks one of them."""
    is_name = isinstance(choice, str) and choice in table
    component = table[choice]() if is_name else choice
    if not isinstance(component, Component) or settings.keys() - settings_of(component):
        return None
    component = _with_settings(component, settings)
    shown = [
        f"{it.name}={getattr(component, it.name)!r}"
        for it in fields(component)
        if it.name in settings or getattr(component, it.name) != it.default
    ]
    return f"{type(component).__name__}({', '.join(shown)})"
