"""Parameters and values of other libraries, and misspelt ones, are told the right name."""

import inspect
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow._estimators.checks.unknown_parameters import PARAMETERS, VALUES

NETS = [DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier, ShallowNetRegressor]
each_net = pytest.mark.parametrize("net_class", NETS)
X = np.random.default_rng(0).normal(size=(12, 2))
Y = np.arange(12) % 2


@pytest.mark.parametrize("name", PARAMETERS)
@each_net
def test_parameters_of_other_libraries_are_told_the_name_here(net_class, name):
    called, advice = net_class.__name__, f"Here it is {PARAMETERS[name]}."
    words = re.escape(f"{called} has no parameter {name!r}. {advice}")
    with pytest.raises(TypeError, match=words):
        net_class(**{name: 1})
    words = re.escape(f"Invalid parameter {name!r} for estimator {called}(). {advice}")
    with pytest.raises(ValueError, match=words):
        net_class().set_params(**{name: 1})


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_advice_for_a_parameter_names_one_that_exists(name):
    valid = DeepNetClassifier().get_params()
    assert name not in valid
    assert set(re.findall(r"\w+", PARAMETERS[name])) & valid.keys()


@pytest.mark.parametrize("mlp", [MLPClassifier, MLPRegressor])
def test_every_parameter_of_scikit_learns_networks_is_known(mlp):
    ours = DeepNetClassifier().get_params().keys()
    assert mlp().get_params().keys() <= ours | PARAMETERS.keys()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("max_iters", "max_iter"), ("hiden_units", "hidden_units"), ("Solver", "solver")],
)
@each_net
def test_a_misspelt_parameter_is_told_the_closest_one(net_class, name, meant):
    with pytest.raises(TypeError, match=rf"{name!r}\. Did you mean {meant}\?"):
        net_class(**{name: 1})
    with pytest.raises(ValueError, match=rf"{name!r} for .*\. Did you mean {meant}\?"):
        net_class().set_params(**{name: 1})


@each_net
def test_a_parameter_like_no_other_is_told_all(net_class):
    with pytest.raises(TypeError, match=r"'zzz'\. The parameters are hidden_units, "):
        net_class(zzz=1)


@each_net
def test_the_signature_is_that_of_the_parameters(net_class):
    names = [*inspect.signature(net_class).parameters]
    assert names[0] == "hidden_units"
    assert set(names) == net_class().get_params(deep=False).keys()
    assert clone(net_class(7)).hidden_units == 7


FOREIGN = [(name, value) for name, table in VALUES.items() for value in table]


@pytest.mark.filterwarnings(
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize(("name", "value"), FOREIGN)
def test_values_of_other_libraries_are_told_the_value_here(name, value):
    target, called = VALUES[name][value]
    found = []
    for net_class in (DeepNetClassifier, DeepNetRegressor):
        with pytest.raises(ValueError, match=re.escape(f"{name!r} parameter")) as info:
            net_class(**{name: value}).fit(X, Y)
        if f"Write {target}={called!r}." in str(info.value):
            found.append(net_class)
            net_class(max_iter=1, **{target: called}).fit([[0.0], [1.0]], [0, 1])
    assert found


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("activation", "ReLU", "relu"),
        ("activation", "SiLU", "silu"),
        ("activation", "LeakyReLU", "leaky_relu"),
        ("activation", "sigmiod", "sigmoid"),
        ("solver", "AdamW", "adamw"),
        ("solver", "L-BFGS", "lbfgs"),
        ("schedule", "OneCycle", "one_cycle"),
        ("loss", "squared-error", "squared_error"),
    ],
)
@each_net
def test_a_misspelt_value_is_told_the_closest_one(net_class, name, value, meant):
    with pytest.raises(
        ValueError, match=rf"Got {value!r} instead\. Did you mean {meant!r}"
    ):
        net_class(**{name: value}).fit(X, Y)


def test_the_error_for_a_loss_names_the_public_module():
    with pytest.raises(ValueError, match=r"instance of skshallow\.losses\.Loss\."):
        DeepNetRegressor(loss="none").fit(X, Y)
