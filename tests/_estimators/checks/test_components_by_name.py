"""Components by name or as instances."""

import importlib
import re

import pytest

from skshallow._estimators.checks.hyperparameters import resolve
from skshallow.activations import ACTIVATIONS, Activation, LeakyReLU
from skshallow.initializers import INITIALIZERS, Initializer
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Loss
from skshallow.schedules import SCHEDULES, Schedule
from skshallow.solvers import SOLVERS, Adam, Solver

KINDS = {
    "activation": (ACTIVATIONS, Activation),
    "init": (INITIALIZERS, Initializer),
    "loss": (REGRESSION_LOSSES, Loss),
    "schedule": (SCHEDULES, Schedule),
    "solver": (SOLVERS, Solver),
}
NAMES = [(kind, name) for kind, (table, _) in KINDS.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_names_resolve_to_components_and_components_to_themselves(kind, name):
    table, base = KINDS[kind]
    component = resolve(kind, name, table, base)
    assert isinstance(component, base)
    assert component == table[name]()
    assert resolve(kind, component, table, base) is component


@pytest.mark.parametrize("kinds", CLASSIFICATION_LOSSES.values(), ids=CLASSIFICATION_LOSSES)
def test_losses_of_classifiers_are_losses(kinds):
    assert all(isinstance(kind(), Loss) for kind in kinds.values())


def test_settings_of_an_instance_are_kept():
    assert resolve("activation", LeakyReLU(0.3), ACTIVATIONS, Activation).slope == 0.3


@pytest.mark.parametrize("choice", ["Relu", "", None, 3, LeakyReLU, Adam(), ["relu"], {}])
def test_the_error_for_an_invalid_choice_lists_all_names(choice):
    with pytest.raises(ValueError, match="The 'activation' parameter must be") as caught:
        resolve("activation", choice, ACTIVATIONS, Activation)
    message = str(caught.value)
    assert all(repr(name) in message for name in ACTIVATIONS)
    assert "an instance of skshallow.activations.Activation" in message
    assert re.search(re.escape(f"Got {choice!r} instead."), message)


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_names_the_class_of_instances_by_its_public_path(kind):
    table, base = KINDS[kind]
    with pytest.raises(ValueError, match="must be one of") as caught:
        resolve(kind, "no such name", table, base)
    path = re.search(r"an instance of (\S+)\.(\w+)\. Got", str(caught.value))
    module, name = path.groups()
    assert not any(part.startswith("_") for part in module.split("."))
    assert getattr(importlib.import_module(module), name) is base
