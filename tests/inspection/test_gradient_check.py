"""Gradient checks: right components of any net pass, wrong ones are found and named."""

import copy

import numpy as np
import pytest
from covering import covering
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from same_state import assert_same
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS, PReLU, ReLU, Step, Tanh
from skshallow.engine.layers import ResidualDense
from skshallow.engine.normalization import LayerNorm
from skshallow.inspection import gradient_check
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Quantile

N_ROWS, N_FEATURES = 14, 3
CHECKABLE = {name: g for name, g in ACTIVATIONS.items() if not g.straight_through}


def rows(seed=0, n_rows=N_ROWS):
    return np.random.default_rng(seed).normal(size=(n_rows, N_FEATURES))


def counts(seed=0, n_targets=1):
    """Positive integers, which every loss of a regressor takes."""
    y = 1.0 + np.random.default_rng(seed).poisson(2, (N_ROWS, n_targets))
    return y[:, 0] if n_targets == 1 else y


def labels(n_classes, n_rows=N_ROWS):
    return np.arange(n_rows) % n_classes


def several_labels():
    return np.random.default_rng(1).integers(0, 2, (N_ROWS, 3))


def gradients(check):
    """Return all gradients that were checked, one after the other."""
    return np.array([one.gradient for p in check.parameters for one in p.comparisons])


# Any net of right components passes.


@st.composite
def shared_parameters(draw):
    depth = draw(st.integers(0, 3))
    return {
        "hidden_units": draw(st.lists(st.integers(1, 5), min_size=depth, max_size=depth)),
        "activation": [draw(st.sampled_from(sorted(CHECKABLE))) for _ in range(depth)],
        "init": draw(st.sampled_from(["auto", "normal", "orthogonal"])),
        "n_members": draw(st.integers(1, 2)),
        "alpha": draw(st.sampled_from([0.0, 0.1, 3.0])),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "dtype": draw(st.sampled_from([None, "float32", "float64"])),
        "standardize": draw(st.booleans()),
        "random_state": draw(st.integers(0, 9)),
        "max_iter": 2,
        "schedule": "constant",
        "n_iter_no_change": np.inf,
        "record_health": False,
    }


@st.composite
def classifiers(draw):
    form, y = draw(
        st.sampled_from(
            [
                ("binomial", labels(2)),
                ("multinomial", labels(3)),
                ("binomial", several_labels()),
            ]
        )
    )
    loss = draw(st.sampled_from(list(CLASSIFICATION_LOSSES.values())))[form]()
    net = DeepNetClassifier(
        **draw(shared_parameters()),
        loss=loss,
        label_smoothing=draw(st.sampled_from([0.0, 0.2])),
        class_weight=draw(st.sampled_from([None, "balanced"])),
    )
    return net, y


@st.composite
def regressors(draw):
    losses = [*(loss() for loss in REGRESSION_LOSSES.values()), Quantile([0.1, 0.5, 0.9])]
    net = DeepNetRegressor(**draw(shared_parameters()), loss=draw(st.sampled_from(losses)))
    return net, counts(n_targets=draw(st.integers(1, 2)))


@pytest.mark.filterwarnings(
    "ignore::skshallow.exceptions.IneffectiveParameterWarning"  # at depth 0
)
@given(
    net_and_y=st.one_of(classifiers(), regressors()),
    dtype=st.sampled_from([np.float32, np.float64]),
    is_sparse=st.booleans(),
    is_weighted=st.booleans(),
    is_fitted=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_right_components_pass(net_and_y, dtype, is_sparse, is_weighted, is_fitted):
    net, y = net_and_y
    X = rows().astype(dtype)
    X = sparse.csr_array(X * (X > 0)) if is_sparse else X
    weight = np.random.default_rng(2).exponential(size=N_ROWS) if is_weighted else None
    if is_fitted:
        net.fit(X, y, weight)
    check = gradient_check(net, X, y, weight, n_entries=8)
    assert check.suspect is None, str(check)
    assert len(gradients(check)) > 0


@pytest.mark.parametrize("name", CHECKABLE)
def test_every_activation_passes(name):
    net = DeepNetClassifier([5, 4], activation=name, random_state=0)
    gradient_check(net, rows(), labels(3)).raise_unless_passed()


# A wrong component is found, and named.


def wrong(cls, method, factor=1.01):
    """Return a subclass whose `method` returns a little more than it should."""

    def off(self, *args):
        return factor * getattr(cls, method)(self, *args)

    return type(f"Wrong{cls.__name__}", (cls,), {method: off})


@pytest.mark.parametrize(
    ("name", "layer", "n_members"), covering(CHECKABLE, [0, 2], [1, 2])
)
def test_a_wrong_backward_pass_is_found(name, layer, n_members):
    activation = wrong(CHECKABLE[name], "backward")()
    activations = ["tanh", "tanh", "tanh"]
    activations[layer] = activation
    net = DeepNetClassifier(
        [4, 5, 4], activation=activations, n_members=n_members, random_state=0
    )
    check = gradient_check(net, rows(), labels(3), n_entries=5)
    assert not check.passed
    assert check.suspect == f"hidden layer {layer + 1}, the backward pass of {activation}"


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_a_wrong_gradient_of_a_regression_loss_is_found(name, depth):
    loss = wrong(REGRESSION_LOSSES[name], "gradient")()
    net = DeepNetRegressor(4, depth=depth, loss=loss, random_state=0)
    check = gradient_check(net, rows(), counts())
    assert check.suspect == f"output layer, the gradient of {loss}"


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFICATION_LOSSES)
def test_a_wrong_gradient_of_a_classification_loss_is_found(name, n_classes):
    form = "binomial" if n_classes == 2 else "multinomial"
    loss = wrong(CLASSIFICATION_LOSSES[name][form], "gradient")()
    net = DeepNetClassifier(4, loss=loss, label_smoothing=0.1, random_state=0)
    check = gradient_check(net, rows(), labels(n_classes))
    assert check.suspect == f"output layer, the gradient of {loss}"


class WrongSlope(PReLU):
    def backward(self, grad_a, cache, params, grads):
        grad_z = super().backward(grad_a, cache, params, grads)
        grads["slope"] *= 1.01
        return grad_z


class ForgottenSlope(PReLU):
    def backward(self, grad_a, cache, params, grads):
        return super().backward(grad_a, cache, params, {"slope": grads["slope"].copy()})


@pytest.mark.parametrize("fault", [WrongSlope, ForgottenSlope])
def test_a_wrong_derivative_of_an_activations_own_parameter_is_found(fault):
    net = DeepNetRegressor(4, depth=2, activation=["tanh", fault()], random_state=0)
    check = gradient_check(net, rows(), counts())
    assert check.suspect == (
        f"hidden layer 2, what the backward pass of {fault()} writes into grads['slope']"
    )


def test_a_derivative_that_is_wrong_in_one_row_of_many_is_found():
    class WrongOnce(Tanh):
        def backward(self, grad_a, cache, params, grads):
            grad_z = super().backward(grad_a, cache, params, grads)
            grad_z[..., 0, :] *= 1.01
            return grad_z

    net = ShallowNetRegressor(4, activation=WrongOnce(), random_state=0)
    check = gradient_check(net, rows(), counts())
    assert "WrongOnce" in check.suspect


# Kinks, and derivatives that are meant to be of something else.


def relu_with(at_kink):
    """Return a ReLU that takes its derivative at 0 to be `at_kink`."""

    class Kinked(ReLU):
        def forward(self, z, params):
            derivative = np.where(z == 0, at_kink, z > 0)
            return np.maximum(z, 0), derivative

    return Kinked()


def without_biases(weights, activation):
    """Return a net for which a row of zeros lies at z = 0, all through."""
    biases = [np.zeros(weight.shape[1]) for weight in weights]
    return DeepNetRegressor.from_weights(
        weights, biases, activation=activation, standardize=False
    )


@pytest.mark.parametrize("at_kink", [0, 0.3, 1, 2])
def test_at_a_kink_any_derivative_passes(at_kink):
    rng = np.random.default_rng(0)
    X = rows()
    X[0] = 0
    weights = [rng.normal(size=shape) for shape in [(3, 4), (4, 2), (2, 1)]]
    net = without_biases(weights, [relu_with(at_kink), "elu"])
    check = gradient_check(net, X, counts())
    check.raise_unless_passed()
    kinks = {(p.layer, p.name): p.n_kinks for p in check.parameters}
    assert kinks.pop((0, "bias")) == 4
    assert set(kinks.values()) == {0}


def test_where_kinks_meet_the_slopes_to_both_sides_are_no_bounds():
    # relu(b) - relu(-b) / 2 has slopes 1/2 and 1 at b = 0; backpropagation gives 0
    weights = [np.ones((1, 1)), np.array([[1.0, -1.0]]), np.array([[1.0], [-0.5]])]
    net = without_biases(weights, ["identity", "relu"])
    check = gradient_check(net, np.zeros((4, 1)), np.ones(4))
    check.raise_unless_passed()
    (of_bias,) = check.parameters[1].comparisons
    assert of_bias.at_kink
    assert of_bias.gradient == 0
    assert_allclose(of_bias.difference, -0.75, rtol=1e-6)


def test_what_lies_before_a_straight_through_activation_is_left_out():
    activations = ["tanh", "step", "prelu"]
    net = DeepNetClassifier(4, activation=activations, depth=3, random_state=0)
    check = gradient_check(net, rows(), labels(2))
    check.raise_unless_passed()
    for parameter in check.parameters:
        expected = "not checked" if parameter.layer < 2 else "right"
        assert parameter.verdict(check.rtol) == expected
    assert "hidden layer 2, whose activation Step()" in str(check)


def test_a_straight_through_activation_that_does_not_say_so_is_found():
    class Quiet(Step):
        straight_through = False

    net = ShallowNetClassifier(4, activation=Quiet(), random_state=0)
    assert "Quiet" in gradient_check(net, rows(), labels(2)).suspect


def test_a_layer_without_a_derivative_is_not_called_right():
    weights, biases = [np.ones((3, 2)), np.ones((2, 1))], [np.full(2, -100.0), np.zeros(1)]
    net = ShallowNetRegressor.from_weights(
        weights, biases, activation=wrong(ReLU, "backward")(), standardize=False, alpha=0
    )
    check = gradient_check(net, rows(), counts())
    assert [p.verdict(check.rtol) for p in check.parameters] == ["all zero"] * 3 + ["right"]
    assert "hidden layer 1, weight; hidden layer 1, bias" in " ".join(str(check).split())


# What is checked: the objective of a fit, at which weights, on which entries.


@pytest.fixture
def linear():
    """A linear net of given weights, and its gradient by the formula, without a net."""
    rng = np.random.default_rng(3)
    X, y, weight = rows(), counts(), rng.exponential(size=N_ROWS)
    coef, intercept, alpha = rng.normal(size=(N_FEATURES, 1)), np.array([0.3]), 0.7
    net = DeepNetRegressor.from_weights([coef], [intercept], alpha=alpha, standardize=False)
    residual = (X @ coef + intercept)[:, 0] - y
    residual *= weight / weight.sum()
    expected = [*(X.T @ residual + alpha * coef[:, 0]), residual.sum()]
    return net, X, y, weight, expected


def test_a_fitted_net_is_checked_at_its_weights(linear):
    net, X, y, weight, expected = linear
    check = gradient_check(net, X, y, weight)
    check.raise_unless_passed()
    assert_allclose(gradients(check), expected, rtol=1e-12)


def test_rows_of_weight_zero_are_as_if_absent(linear):
    net, X, y, weight, _ = linear
    weight[::3] = 0
    kept = weight > 0
    check = gradient_check(net, X, y, weight)
    without = gradient_check(net, X[kept], y[kept], weight[kept])
    assert_allclose(gradients(check), gradients(without), rtol=1e-12)


def test_sparse_rows_are_checked_as_dense_ones_are():
    X = rows() * (rows(1) > 0)
    net = ShallowNetClassifier(4, random_state=0)
    dense = gradient_check(net, X, labels(3))
    for make in [sparse.csr_array, sparse.csc_matrix, sparse.coo_array]:
        check = gradient_check(net, make(X), labels(3))
        assert check.passed
        assert_allclose(gradients(check), gradients(dense), rtol=1e-9, atol=1e-14)


def test_the_check_computes_in_float64_whatever_the_net_does():
    X, y = rows(), labels(3)
    nets = [
        ShallowNetClassifier(4, dtype=d, random_state=0) for d in ("float32", "float64")
    ]
    single, double = [gradient_check(net, X, y) for net in nets]
    assert single.passed
    assert_allclose(gradients(single), gradients(double), rtol=0)


def test_dropout_is_part_of_what_is_checked():
    X, y = rows(), labels(3)
    found = []
    for rate in [0.0, 0.5]:
        net = ShallowNetClassifier(8, dropout=rate, random_state=0)
        found.append(gradient_check(net, X, y))
        found[-1].raise_unless_passed()
    assert not np.allclose(*map(gradients, found))


def test_all_entries_are_checked_if_asked():
    net = ShallowNetClassifier(20, random_state=0)
    for n_entries in [None, 7, np.int64(7)]:
        check = gradient_check(net, rows(), labels(3), n_entries=n_entries)
        for parameter in check.parameters:
            size = np.prod(parameter.shape)
            assert len(parameter.entries) == (size if n_entries is None else min(size, 7))
            assert len(np.unique(parameter.entries)) == len(parameter.entries)


def test_a_generous_tolerance_lets_a_small_error_pass():
    net = ShallowNetClassifier(4, activation=wrong(Tanh, "backward")(), random_state=0)
    assert not gradient_check(net, rows(), labels(2), rtol=1e-3).passed
    assert gradient_check(net, rows(), labels(2), rtol=0.1).passed


def test_what_validates_a_fit_plays_no_part():
    net = DeepNetClassifier(
        4, early_stopping=True, scoring="accuracy", temperature_scaling=True, random_state=0
    )
    plain = DeepNetClassifier(4, random_state=0)
    checks = [gradient_check(each, rows(), labels(2)) for each in (net, plain)]
    assert_allclose(*map(gradients, checks), rtol=0)


@pytest.mark.parametrize("own", [None, 0])
@pytest.mark.parametrize(
    "given", [0, np.random.RandomState(3), np.random.default_rng(3)], ids=type
)
def test_a_check_can_be_repeated(own, given):
    net = ShallowNetClassifier(30, dropout=0.5, random_state=own)
    checks = [
        gradient_check(net, rows(), labels(2), random_state=given, n_entries=5)
        for _ in range(2)
    ]
    assert_allclose(*map(gradients, checks), rtol=0)


def test_an_unfitted_net_stays_unfitted(net_class, few, X, y):
    net = net_class(**few)
    before = copy.deepcopy(vars(net))
    assert gradient_check(net, X, y).passed
    assert vars(net) == before
    with pytest.raises(NotFittedError):
        check_is_fitted(net)


def test_a_fitted_net_stays_as_it_is(net_class, few, X, y, weight):
    net = net_class(**few, warm_start=True).fit(X, y)
    before = copy.deepcopy(net)
    assert gradient_check(net, X, y, weight).passed
    assert_same(net, before)


# What is refused.


def test_of_a_pipeline_the_last_step_is_asked_for():
    pipeline = make_pipeline(StandardScaler(), ShallowNetClassifier(4, random_state=0))
    with pytest.raises(
        TypeError, match=r"got a Pipeline\. Pass its last step, pipeline\[-1\]"
    ):
        gradient_check(pipeline, rows(), labels(2))
    X = pipeline[:-1].fit_transform(rows())
    assert gradient_check(pipeline[-1], X, labels(2)).passed


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Ridge(), "Ridge"),
        (ShallowNetRegressor, "the class ShallowNetRegressor, not an instance"),
        (3, "int"),
    ],
)
def test_what_is_no_net_is_refused(thing, name):
    with pytest.raises(TypeError, match=f"takes a net of skshallow, got {name}\\."):
        gradient_check(thing, rows(), counts())


@pytest.mark.parametrize(
    ("params", "options", "error", "message"),
    [
        ({"alpha": -1}, {}, ValueError, "'alpha' parameter"),
        ({"loss": "no such"}, {}, ValueError, "no such"),
        ({}, {"n_entries": 0}, ValueError, "n_entries == 0, must be >= 1"),
        ({}, {"n_entries": 2.5}, TypeError, "n_entries must be an instance of"),
        ({}, {"rtol": 0.0}, ValueError, "rtol == 0.0, must be > 0"),
        ({}, {"rtol": 1.0}, ValueError, "rtol == 1.0, must be < 1"),
        ({}, {"sample_weight": -np.ones(N_ROWS)}, ValueError, "must not be negative"),
    ],
)
def test_unusable_arguments_are_refused(params, options, error, message):
    net = ShallowNetRegressor(4, **params)
    with pytest.raises(error, match=message):
        gradient_check(net, rows(), counts(), **options)


def test_labels_that_a_fitted_net_does_not_know_are_refused(few, X, y):
    net = ShallowNetClassifier(**few).fit(X, y)
    with pytest.raises(ValueError, match="label 8, which is not among the classes"):
        gradient_check(net, X, y + 7)


def test_an_objective_that_is_not_finite_is_refused():
    class Overflows(Tanh):
        def forward(self, z, params):
            return np.full_like(z, np.inf), z

    net = ShallowNetRegressor(4, activation=Overflows(), random_state=0)
    with pytest.raises(ValueError, match="no derivative to check"):
        gradient_check(net, rows(), counts())


# Residual layers and their normalisation.

DEEP = {"depth": 3, "residual": True, "normalization": "layer", "random_state": 0}


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("name", CHECKABLE)
def test_deep_nets_of_every_activation_pass(name, n_members):
    net = DeepNetRegressor(5, activation=name, n_members=n_members, **DEEP)
    check = gradient_check(net, rows(), counts(), n_entries=5)
    check.raise_unless_passed()
    assert {"residual_gain", "norm_scale", "norm_shift"} <= {
        p.name for p in check.parameters
    }


@pytest.mark.parametrize(
    ("cls", "method", "parameter", "part"),
    [
        (LayerNorm, "backward", "norm_scale", "LayerNorm()"),
        (
            ResidualDense,
            "backward_to_preactivation",
            "residual_gain",
            "the residual connection",
        ),
    ],
    ids=["scale", "gain"],
)
def test_a_wrong_gradient_of_a_scale_or_a_gain_is_traced_to_its_part(
    monkeypatch, cls, method, parameter, part
):
    backward = getattr(cls, method)

    def wrong(self, grad_out, cache, params, grads):
        grad_z = backward(self, grad_out, cache, params, grads)
        grads[parameter] *= 1.01
        return grad_z

    monkeypatch.setattr(cls, method, wrong)
    check = gradient_check(DeepNetRegressor(5, activation="tanh", **DEEP), rows(), counts())
    assert check.suspect == f"hidden layer 3, the backward pass of {part}"
