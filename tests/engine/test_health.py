"""Health records: the shares they hold, the epochs they are of, the warnings they raise."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor
from skshallow.activations import ACTIVATIONS, ReLU
from skshallow.engine.health import (
    MOST_RECORDS,
    SAMPLE,
    HealthRecorder,
    dying_layers,
    joined,
    no_records,
    unit_health,
    vanishing_layers,
)
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning
from skshallow.losses import SquaredError

UNIT_RECORDS = "dead", "zero", "saturated"
WEIGHT_RECORDS = "gradient_norm", "update_ratio"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def relu_layer(bias):
    """Return one ReLU layer, an identity map but for its bias, with its parameters."""
    n = len(bias)
    network = Network(n, 1, [n], [ReLU()])
    params = network.views(np.ones(network.layout.size))
    params[0]["weight"][...] = np.eye(n)
    params[0]["bias"][...] = bias
    return network, params


def test_units_with_zero_slope_on_all_rows_are_dead(rng):
    x = rng.uniform(-1, 1, size=(50, 4))
    network, params = relu_layer(np.array([0.0, -2.0, 2.0, -1.0001]))
    health = unit_health(network, params, x)
    assert health["dead"] == [0.5]
    assert_allclose(
        health["zero"], [np.maximum(x + params[0]["bias"], 0).ravel() == 0][0].mean()
    )
    assert health["saturated"] == [0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shares_agree_with_slopes_by_finite_differences(name, rng):
    activation = ACTIVATIONS[name]()
    if name == "step":
        pytest.skip("its gradient is a surrogate on purpose")
    network = Network(3, 1, [5], [activation])
    theta = 6 * rng.standard_normal(network.layout.size)
    params = network.views(theta)
    x = rng.standard_normal((40, 3))

    def output(shift):
        z = x @ params[0]["weight"] + params[0]["bias"] + shift
        return activation.forward(z, params[0])[0]

    a = output(0.0)
    slopes = np.zeros_like(a)
    for piece in range(activation.n_pieces):
        shift = np.zeros(5 * activation.n_pieces)
        shift[5 * piece : 5 * (piece + 1)] = 1e-6
        slopes = np.maximum(slopes, np.abs(output(shift) - output(-shift)) / 2e-6)
    health = unit_health(network, params, x)
    assert_allclose(health["zero"], [(a == 0).mean()])
    least, most = (((slopes < 0.01 + e) & (a != 0)).mean() for e in (-1e-5, 1e-5))
    assert least <= health["saturated"][0] <= most
    # a difference of 0 may hide a slope below rounding, never the other way round
    assert health["dead"][0] <= (slopes == 0).all(axis=0).mean()


def test_sigmoids_of_large_inputs_are_saturated(rng):
    net = DeepNetClassifier(
        16, activation="sigmoid", init_scale=200, learning_rate=1e-12, max_iter=1,
        random_state=0,
    ).fit(rng.standard_normal((100, 5)), np.arange(100) % 2)  # fmt: skip
    assert (net.health_["saturated"] > 0.5).all()
    assert (net.health_["dead"] == 0).all()


def test_records_have_a_column_per_layer_from_the_first_to_the_last_epoch(
    net_class, X, y, few
):
    net = net_class(**few).fit(X, y)
    epoch = net.health_["epoch"]
    assert epoch[0] == 1
    assert epoch[-1] == net.n_iter_
    assert (np.diff(epoch) > 0).all()
    n_layers = len(net.network_.layers)
    for name in UNIT_RECORDS:
        assert net.health_[name].shape == (len(epoch), n_layers - 1)
        assert ((net.health_[name] >= 0) & (net.health_[name] <= 1)).all()
    for name in WEIGHT_RECORDS:
        assert net.health_[name].shape == (len(epoch), n_layers)
        assert (net.health_[name] >= 0).all()


def test_the_last_record_describes_the_fitted_net(X, y):
    net = DeepNetRegressor(
        8, solver="sgd", learning_rate=0.01, batch_size=None, max_iter=3, alpha=0.1,
        random_state=0, n_iter_no_change=np.inf,
    ).fit(X, y)  # fmt: skip
    hidden = net.hidden_activations(X)
    assert_allclose(net.health_["zero"][-1], [(a == 0).mean() for a in hidden], rtol=1e-6)
    dead = [(a == 0).all(axis=0).mean() for a in hidden]
    assert_allclose(net.health_["dead"][-1], dead, rtol=1e-6)


def test_the_update_ratio_of_gradient_descent_is_rate_times_gradient(X, y):
    """``update_ratio = learning_rate * gradient_norm / norm(weight)``, an epoch before."""
    settings = {"solver": "sgd", "learning_rate": 0.01, "batch_size": None}
    settings |= {
        "random_state": 0,
        "n_iter_no_change": np.inf,
        "hidden_units": 8,
        "alpha": 0,
    }
    one = DeepNetRegressor(**settings, schedule="constant", max_iter=1).fit(X, y)
    two = DeepNetRegressor(**settings, schedule="constant", max_iter=2).fit(X, y)
    length = [np.linalg.norm(p["weight"]) for p in one.network_.views(one.theta_)]
    expected = 0.01 * one.health_["gradient_norm"][-1] / length
    assert_allclose(two.health_["update_ratio"][-1], expected, rtol=1e-5)


def test_recording_does_not_change_the_fit(net_class, X, y, few):
    with_health = net_class(**few).fit(X, y)
    without = net_class(**few, record_health=False).fit(X, y)
    assert_array_equal(with_health.theta_, without.theta_)
    assert_array_equal(with_health.loss_curve_, without.loss_curve_)
    assert all(len(values) == 0 for values in without.health_.values())


def test_lbfgs_records_iterations_as_epochs(X, y):
    net = DeepNetRegressor(4, solver="lbfgs", max_iter=1000, random_state=0, tol=0.1)
    net.fit(X, y)
    assert net.health_["epoch"][0] == 1
    assert np.isfinite(net.health_["gradient_norm"]).all()
    assert (net.health_["update_ratio"] > 0).all()


def test_records_of_sparse_rows_equal_those_of_dense_rows(X, y, few):
    from scipy import sparse

    dense = ShallowNetRegressor(**few).fit(X, y)
    thin = ShallowNetRegressor(**few).fit(sparse.csr_array(X), y)
    for name, values in dense.health_.items():
        assert_allclose(thin.health_[name], values, rtol=1e-5)


def test_warm_starts_and_partial_fits_continue_the_epoch_count(X, y, few):
    few |= {"warm_start": True, "max_iter": 3, "schedule": "constant"}
    net = ShallowNetRegressor(**few).fit(X, y).fit(X, y)
    assert net.health_["epoch"].tolist() == [1, 3, 6]
    net = ShallowNetRegressor(hidden_units=4, random_state=0)
    for _ in range(130):
        net.partial_fit(X, y)
    assert net.health_["epoch"][0] == 1
    assert (np.diff(net.health_["epoch"])[1:] == 64).all()


def test_the_number_of_records_is_bounded():
    sample = np.ones((5, 1)), np.ones((5, 1)), None
    recorder = HealthRecorder(sample, 10**6, 0, 10_000)
    network = Network(1, 1, [], [])
    objective = Objective(network, SquaredError(), 0.0, np.ones(network.layout.size))
    for epoch in range(1, 10_001):
        recorder.before_last_step(epoch, objective.theta)
        recorder.end_epoch(epoch, objective)
    assert 90 < len(recorder.records) <= MOST_RECORDS + 2
    many = no_records(2)
    for epoch in range(3 * MOST_RECORDS):
        one = {name: np.zeros((1, *values.shape[1:])) for name, values in many.items()}
        many = joined(many, one | {"epoch": np.array([epoch])})
        assert many["epoch"][-1] == epoch
        assert len(many["epoch"]) <= 2 * MOST_RECORDS


def test_records_use_a_sample_of_the_rows():
    X = np.repeat(np.arange(1000.0), 2)[:, np.newaxis]
    recorder = []

    class Spy(ReLU):
        def forward(self, z, params):
            recorder.append(len(z))
            return super().forward(z, params)

    DeepNetRegressor(
        2,
        activation=Spy(),
        max_iter=1,
        batch_size=2000,
        solver="sgd",
        early_stopping=False,
        random_state=0,
    ).fit(X, X[:, 0])
    assert sorted(set(recorder)) == [SAMPLE, 2000]


# Warnings.


def test_dying_layers_have_most_units_dead_and_on_few_rows_all():
    assert dying_layers([0.3, 0.9], 100) == [1]
    assert dying_layers([0.3, 0.9], 10) == []
    assert dying_layers([0.0, 1.0], 10) == [1]


def test_a_gradient_vanishes_if_it_is_small_in_every_record():
    norms = np.array([[1e-5, 0.1, 1.0], [1e-9, 1e-9, 1e-4]])
    always = {"gradient_norm": norms}
    assert vanishing_layers(always) == [0]
    assert vanishing_layers(no_records(3)) == []


def test_one_warning_names_the_layers_with_dead_units(rng):
    X = rng.standard_normal((200, 3))
    net = DeepNetRegressor([20, 10], init="zeros", max_iter=2)
    with pytest.warns(DeadUnitsWarning) as record:
        net.fit(X, X[:, 0])
    (message,) = [str(warning.message) for warning in record]
    assert "100% of the 20 units of hidden layer 1" in message
    assert "100% of the 10 units of hidden layer 2" in message
    assert "leaky_relu" in message
    assert record[0].filename == __file__


def test_gains_of_residual_layers_count_as_what_they_learn(few):
    X = np.random.default_rng(0).normal(size=(60, 3))
    few |= {"max_iter": 1, "batch_size": None}
    net = DeepNetRegressor(**few, depth=4, residual=True).fit(X, X[:, 0])
    by_layer = net.health_["gradient_norm"][0]
    assert (by_layer > 1e-3 * by_layer.max()).all()


def test_one_warning_names_the_layers_whose_gradients_vanish(rng):
    X = rng.standard_normal((200, 3))
    net = DeepNetClassifier(10, depth=10, activation="sigmoid", max_iter=3, random_state=0)
    with pytest.warns(VanishingGradientWarning, match="layer 1, 2") as record:
        net.fit(X, X[:, 0] > 0)
    assert len(record) == 1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_healthy_net_gives_no_warning(activation, rng):
    X = rng.standard_normal((300, 4))
    net = DeepNetRegressor(32, activation=activation, max_iter=30, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, np.sin(X[:, 0]) + X[:, 1])


def test_without_records_there_are_no_warnings(rng):
    X = rng.standard_normal((50, 3))
    DeepNetRegressor(8, init="zeros", max_iter=2, record_health=False).fit(X, X[:, 0])
