"""Deep nets of one width: residual connections and normalisation through the estimators."""

import re
import warnings

import numpy as np
import pytest
from covering import with_slow
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.datasets import load_digits

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import Tanh
from skshallow.engine.normalization import EPSILON
from skshallow.exceptions import (
    DeadUnitsWarning,
    IneffectiveParameterWarning,
    VanishingGradientWarning,
)
from skshallow.inspection import health_report

BOTH = {"residual": True, "normalization": "layer"}


# Fifty layers.


@pytest.fixture(scope="module")
def digits():
    """Return the digits 0 to 4: 600 rows, of which the last 200 are for testing."""
    X, y = load_digits(n_class=5, return_X_y=True)
    return X[:400], y[:400], X[400:600], y[400:600]


def fit_digits(digits, **params):
    """Return a net of 16 units in each hidden layer, and its accuracy on test rows."""
    X, y, X_test, y_test = digits
    net = DeepNetClassifier(16, max_iter=12, batch_size=40, random_state=0, **params)
    return net.fit(X, y), net.score(X_test, y_test)


@pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning")
@pytest.mark.parametrize(
    "activation", with_slow("relu", "sigmoid", slow=["softplus", "step", "maxout"])
)
def test_fifty_layers_train_as_well_as_three(digits, activation):
    _, of_three = fit_digits(digits, depth=3, activation=activation)
    _, of_fifty = fit_digits(digits, depth=50, activation=activation, **BOTH)
    assert of_fifty > 0.9
    assert of_fifty > of_three - 0.02


def test_residual_connections_alone_train_fifty_layers(digits):
    _, accuracy = fit_digits(digits, depth=50, residual=True)
    assert accuracy > 0.9


def test_the_health_report_tells_why_fifty_plain_layers_do_not_train(digits):
    with pytest.warns(VanishingGradientWarning, match="residual=True"):
        plain, accuracy = fit_digits(digits, depth=50, activation="sigmoid")
    assert accuracy < 0.5
    norms = plain.health_["gradient_norm"][-1]
    assert norms[0] < 1e-6 * norms[-1]
    assert "try residual=True" in health_report(plain).verdicts[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", VanishingGradientWarning)
        warnings.simplefilter("error", DeadUnitsWarning)
        residual, accuracy = fit_digits(digits, depth=50, activation="sigmoid", **BOTH)
    norms = residual.health_["gradient_norm"][-1]
    assert norms.min() > 1e-3 * norms.max()


# What is learned, and weights from elsewhere.


@pytest.mark.parametrize("n_members", [1, 3])
def test_gains_scales_and_shifts_are_attributes(deep_class, few, X, y, n_members):
    net = deep_class(**few, depth=3, n_members=n_members, **BOTH).fit(X, y)
    members = (n_members,) if n_members > 1 else ()
    assert [gains.shape for gains in net.residual_gains_] == 2 * [(*members, 4)]
    for name, start in {"norm_scales_": 1, "norm_shifts_": 0}.items():
        assert [vector.shape for vector in getattr(net, name)] == 3 * [(*members, 4)]
        assert all((vector != start).any() for vector in getattr(net, name))
    assert all(gains.any() for gains in net.residual_gains_)
    net.residual_gains_[0][...] = 7  # copies
    assert (net.residual_gains_[0] != 7).all()


@pytest.mark.parametrize("name", ["residual_gains_", "norm_scales_", "norm_shifts_"])
def test_nets_without_them_do_not_have_these_attributes(deep_class, few, X, y, name):
    assert not hasattr(deep_class(), name)
    net = deep_class(**few).fit(X, y)
    with pytest.raises(AttributeError, match=f"{name} is known after a fit with (res|nor)"):
        getattr(net, name)


def by_hand(X, net):
    """Return the raw prediction by the fitted attributes of a net of tanh units."""
    a = X
    hidden = zip(net.coefs_[:-1], net.intercepts_[:-1], strict=True)
    for i, (weight, bias) in enumerate(hidden):
        z = a @ weight + bias
        z = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1) + EPSILON)[:, None]
        change = np.tanh(z * net.norm_scales_[i] + net.norm_shifts_[i])
        a = a + net.residual_gains_[i - 1] * change if i else change
    return a @ net.coefs_[-1] + net.intercepts_[-1]


def test_predictions_follow_the_equations_of_the_fitted_attributes(few, X, y):
    net = DeepNetRegressor(**few, depth=4, activation="tanh", **BOTH).fit(X, y)
    assert_allclose(net.predict(X), by_hand(X, net).ravel(), rtol=1e-9)


@pytest.mark.parametrize("n_members", [1, 2])
def test_from_weights_takes_gains_scales_and_shifts(deep_class, few, X, y, n_members):
    few |= {"depth": 3, "activation": "maxout", "n_members": n_members} | BOTH
    few |= {"temperature_scaling": False} if deep_class is DeepNetClassifier else {}
    net = deep_class(**few).fit(X, y)
    same = deep_class.from_weights(
        net.coefs_,
        net.intercepts_,
        residual_gains=net.residual_gains_,
        norm_scales=net.norm_scales_,
        norm_shifts=net.norm_shifts_,
        activation="maxout",
        n_members=n_members,
        **BOTH,
    )
    for a, b in zip(same.hidden_activations(X), net.hidden_activations(X), strict=True):
        assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_from_weights_adds_the_input_as_it_is_unless_gains_are_given():
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=shape) for shape in ((2, 3), (3, 3), (3, 1))]
    intercepts = [np.zeros(3), np.zeros(3), np.zeros(1)]
    net = DeepNetRegressor.from_weights(coefs, intercepts, residual=True, activation=Tanh())
    X = rng.normal(size=(5, 2))
    first = np.tanh(X @ coefs[0])
    expected = (first + np.tanh(first @ coefs[1])) @ coefs[2]
    assert_allclose(net.predict(X), expected.ravel(), rtol=1e-12)


def test_from_weights_refuses_vectors_that_do_not_fit():
    coefs = [np.ones((2, 3)), np.ones((3, 3)), np.ones((3, 1))]
    intercepts = [np.zeros(3), np.zeros(3), np.zeros(1)]
    build = DeepNetRegressor.from_weights
    with pytest.raises(ValueError, match=r"residual_gains has 2 arrays.* 1 layer"):
        build(coefs, intercepts, residual=True, residual_gains=[np.ones(3)] * 2)
    with pytest.raises(ValueError, match=r"residual_gain of layer 1 has shape"):
        build(coefs, intercepts, residual=True, residual_gains=[np.ones(4)])
    with pytest.raises(ValueError, match=r"norm_scales has 2 arrays.* 0 layers"):
        build(coefs, intercepts, norm_scales=[np.ones(3)] * 2)


# Other ways to train.


def test_sparse_rows_train_a_normalised_net_as_dense_ones(deep_class, few, X, y):
    few |= {"depth": 3} | BOTH
    dense = deep_class(**few).fit(X, y)
    assert_allclose(deep_class(**few).fit(csr_array(X), y).theta_, dense.theta_, rtol=1e-6)


def test_two_fits_in_succession_are_one(deep_class, few, X, y):
    few |= {"depth": 3, "average_weights": False, "early_stopping": False} | BOTH
    whole = deep_class(**few | {"max_iter": 6}).fit(X, y)
    parts = deep_class(**few, warm_start=True).fit(X, y).fit(X, y)
    assert_array_equal(parts.theta_, whole.theta_)


def test_training_does_not_go_on_as_another_kind_of_net(deep_class, few, X, y):
    net = deep_class(**few, warm_start=True, residual=True).fit(X, y)
    with pytest.raises(ValueError, match=r"residual=True.*now it is"):
        net.set_params(residual=False).fit(X, y)
    with pytest.raises(ValueError, match=r"normalization=LayerNorm\(\)"):
        net.set_params(residual=True, normalization="layer").fit(X, y)


def test_weight_decay_leaves_gains_alone(few, X, y):
    decayed = DeepNetRegressor(**few | {"alpha": 1e3}, depth=3, **BOTH).fit(X, y)
    assert np.abs(decayed.norm_scales_[0] - 1).max() < 0.5


# Errors, and what has no effect.


def test_unequal_widths_name_the_layer_and_the_line_to_write(deep_class, X, y):
    net = deep_class([8, 8, 5], residual=True)
    line = "hidden layer 3 has 5 and hidden layer 1 has 8. Write hidden_units=8, depth=3"
    with pytest.raises(ValueError, match=re.escape(line)):
        net.fit(X, y)
    with pytest.raises(ValueError, match=re.escape(line)):
        deep_class.from_weights(
            [np.ones((5, 8)), np.ones((8, 8)), np.ones((8, 5)), np.ones((5, 1))],
            [np.ones(8), np.ones(8), np.ones(5), np.ones(1)],
            residual=True,
        )


@pytest.mark.filterwarnings("ignore")  # of what comes of an epoch
def test_a_normalised_layer_of_one_unit_is_refused(deep_class, X, y):
    with pytest.raises(ValueError, match="of hidden layer 2, which has one unit"):
        deep_class([4, 1], normalization="layer").fit(X, y)
    deep_class([4, 1], normalization="layer", activation="maxout", max_iter=1).fit(X, y)


def test_unknown_normalisations_are_told_the_known_one(deep_class, X, y):
    with pytest.raises(ValueError, match=r"Write normalization='layer'\."):
        deep_class(normalization="LayerNorm").fit(X, y)


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"depth": 1, "residual": True}, "residual=True"),
        ({"depth": 0, "residual": True}, "residual=True"),
        ({"depth": 0, "normalization": "layer"}, "normalization='layer'"),
    ],
)
def test_without_layers_to_act_on_they_warn(deep_class, few, X, y, params, name):
    with pytest.warns(IneffectiveParameterWarning, match=f"{name} has no effect"):
        deep_class(**few, **params).fit(X, y)


@pytest.mark.parametrize("cls", [ShallowNetClassifier, ShallowNetRegressor])
def test_nets_of_one_hidden_layer_have_no_such_parameters(cls):
    assert not {"residual", "normalization"} & cls().get_params().keys()
