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
from skshallow._estimators.checks.unknown_parameters import (
    NO_PARAMETERS,
    NO_VALUES,
    PARAMETERS,
    VALUES,
)

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


@pytest.mark.parametrize(("name", "advice"), NO_PARAMETERS.items())
@each_net
def test_what_is_no_parameter_here_is_told_where_it_is_set(net_class, name, advice):
    assert name not in net_class().get_params()
    with pytest.raises(TypeError, match=re.escape(f"no parameter {name!r}. {advice}")):
        net_class(**{name: 1})
    with pytest.raises(ValueError, match=re.escape(advice)):
        net_class().set_params(**{name: 1})


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("epochs", "It is a parameter of the estimator. Here it is max_iter, "),
        ("batch_size", "It is a parameter of the estimator: set_params(batch_size=...)."),
        ("validation_data", "fit(X, y, X_val=X_val, y_val=y_val)."),
        ("validation_split", "Here it is validation_fraction."),
        ("callbacks", "net.set_callbacks(callback, ...)."),
        ("sample_weights", "Did you mean sample_weight?"),
        ("zzz", "The arguments are X, y, sample_weight, "),
    ],
)
@each_net
def test_an_argument_that_fit_does_not_have_is_told_what_to_write(net_class, name, advice):
    net = net_class()
    words = f"{re.escape(f'fit() has no argument {name!r}. ')}.*{re.escape(advice)}"
    with pytest.raises(TypeError, match=words):
        net.fit(X, Y, **{name: 1})
    assert not hasattr(net, "theta_")


@each_net
def test_partial_fit_explains_its_arguments_too(net_class):
    with pytest.raises(TypeError, match=r"partial_fit\(\) has no argument 'epochs'\. "):
        net_class().partial_fit(X, Y, epochs=3)
    with pytest.raises(TypeError, match=r"^partial_fit\(\) missing 1 required"):
        net_class().partial_fit(X)


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


FOREIGN = [
    (name, value)
    for name, table in VALUES.items()
    for value, (target, called) in table.items()
    if (name, value) != (target, called)  # some values are for one kind of net only
]


@pytest.mark.filterwarnings(
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.filterwarnings("ignore:The loss was still improving:UserWarning")
@pytest.mark.parametrize(("name", "value"), FOREIGN)
def test_values_of_other_libraries_are_told_the_value_here(name, value):
    target, called = VALUES[name][value]
    found = []
    for net_class in (DeepNetClassifier, DeepNetRegressor):
        with pytest.raises(ValueError, match=re.escape(f"{name!r} parameter")) as info:
            net_class(**{name: value}).fit(X, Y)
        if f"Write {target}={called!r}." in str(info.value):
            found.append(net_class)
            net_class(max_iter=1, **{target: called}).fit([[0.0], [1.0]], [1, 2])
    assert found


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [(name, *item) for name, table in NO_VALUES.items() for item in table.items()],
)
@each_net
def test_values_that_do_not_exist_here_are_told_what_does(net_class, name, value, advice):
    for word in (value, value.title().replace("_", "")):
        with pytest.raises(ValueError, match=re.escape(f"Got {word!r} instead. {advice}")):
            net_class(**{name: word}).fit(X, Y)


@pytest.mark.parametrize("word", ["log_loss", "BCELoss", "cross_entropy", "multi:softmax"])
def test_losses_for_classes_are_told_to_be_for_a_classifier(word):
    with pytest.raises(ValueError, match=r"is for classes, and .*: use a classifier"):
        DeepNetRegressor(loss=word).fit(X, Y)


@pytest.mark.parametrize("word", ["absolute_error", "mae", "L1Loss", "Huber", "reg:gamma"])
def test_losses_for_numbers_are_told_to_be_for_a_regressor(word):
    with pytest.raises(ValueError, match=r"is for numbers, and .*: use a regressor"):
        DeepNetClassifier(loss=word).fit(X, Y)


def test_a_loss_with_or_without_the_word_loss_is_the_same():
    for word in ("MSELoss", "mse_loss", "squared_loss", "MSE", "mean-squared-error"):
        with pytest.raises(ValueError, match=r"Write loss='squared_error'\.$"):
            DeepNetRegressor(loss=word).fit(X, Y)


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32"), "single"])
def test_a_dtype_of_numpy_is_told_its_name(dtype):
    with pytest.raises(ValueError, match=r"Write dtype='float32'\.$"):
        DeepNetRegressor(dtype=dtype).fit(X, Y)


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
        ("loss", "squarederor", "squared_error"),
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
