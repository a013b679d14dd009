"""What "auto" comes to depends on what a parameter means, not on how it is spelt."""

import numpy as np
import pytest
from callbacks import StopsAfterAnEpoch
from names import called
from numpy.testing import assert_array_equal

from skshallow import DeepNetRegressor
from skshallow.losses import (
    BinomialLogLoss,
    BinomialSquaredError,
    MultinomialLogLoss,
    MultinomialSquaredError,
)
from skshallow.schedules import Cosine
from skshallow.solvers import Adam

LOSSES = [
    ("log_loss", MultinomialLogLoss(), 3),
    ("log_loss", BinomialLogLoss(), 2),
    ("squared_error", MultinomialSquaredError(), 3),
    ("squared_error", BinomialSquaredError(), 2),
]


def assert_same_fit(net, other, X, y):
    """Assert that two nets resolve every "auto" equally, and fit equal weights."""
    net.fit(X, y)
    other.fit(X, y)
    assert repr(net.resolved_params_) == repr(other.resolved_params_)
    assert_array_equal(net.theta_, other.theta_)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("name", "instance", "n_classes"), LOSSES, ids=called)
def test_a_loss_by_name_and_as_an_instance_give_the_same_fit(
    classifier_class, X, name, instance, n_classes, early_stopping
):
    params = {"max_iter": 3, "early_stopping": early_stopping, "random_state": 0}
    nets = [classifier_class(4, loss=loss, **params) for loss in (name, instance)]
    assert_same_fit(*nets, X, np.arange(len(X)) % n_classes)
    resolved = nets[0].resolved_params_
    is_log_loss = name == "log_loss"
    assert resolved["label_smoothing"] == (0.05 if is_log_loss else 0.0)
    assert resolved["temperature_scaling"] in (None, early_stopping and is_log_loss)


def test_a_solver_or_schedule_by_name_and_as_an_instance_give_the_same_fit(net_class, X, y):
    params = {"max_iter": 3, "random_state": 0}
    by_name = net_class(4, solver="adam", schedule="cosine", **params)
    assert_same_fit(by_name, net_class(4, solver=Adam(), schedule=Cosine(), **params), X, y)


def resolved_plan(solver, n_rows):
    """Return the batch size and the number of epochs of a fit that one epoch ends."""
    X = np.linspace(-1, 1, n_rows)[:, np.newaxis].astype(np.float32)
    net = DeepNetRegressor(
        1, solver=solver, early_stopping=False, record_health=False, random_state=0
    )
    with pytest.raises(KeyboardInterrupt):
        net.set_callbacks(StopsAfterAnEpoch()).fit(X, X[:, 0])
    assert net.n_iter_ == 1
    return net.resolved_params_["batch_size"], net.resolved_params_["max_iter"]


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "max_iter"),
    [
        (100, 100, 500),  # short epochs
        (2000, 128, 120),
        (10_000, 128, 50),
        (20_000, 128, 40),  # 800 000 rows
        (25_599, 128, 31),
        (25_600, 256, 31),
        (51_199, 256, 15),
        (51_200, 512, 20),  # 2000 steps
        (204_799, 512, 5),
        (204_800, 1024, 10),
        (819_199, 1024, 3),
        (819_200, 2048, 5),
    ],
)
def test_batches_and_epochs_follow_the_size_of_the_table(n_rows, batch_size, max_iter):
    assert resolved_plan("adam", n_rows) == (batch_size, max_iter)


@pytest.mark.parametrize(
    ("solver", "n_rows", "batch_size", "max_iter"),
    [
        ("sgd", 20_000, 128, 40),
        ("momentum", 100_000, 128, 26),
        ("nesterov", 1_000_000, 128, 3),
        ("rmsprop", 100_000, 512, 11),
        ("adamw", 100_000, 512, 11),
    ],
)
def test_solvers_that_do_not_scale_their_steps_take_more_of_them_on_large_tables(
    solver, n_rows, batch_size, max_iter
):
    assert resolved_plan(solver, n_rows) == (batch_size, max_iter)


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "alpha"),
    [
        (60, 20, 1 / 64),  # no more for fewer than 256 rows and more than ten columns
        (255, 2, 0.2 / 64),
        (1_024, 20, 1 / 512),
        (1_024, 1, 5e-4),  # the least
        (10_000, 20, 5e-4),
    ],
)
def test_the_penalty_falls_with_the_rows_and_fewer_columns_to_a_least(
    n_rows, n_columns, alpha
):
    X = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    net = DeepNetRegressor(4, max_iter=1, early_stopping=False, random_state=0)
    assert net.fit(X, X[:, 0]).resolved_params_["alpha"] == pytest.approx(alpha)
    own = net.set_params(alpha=0.5).fit(X, X[:, 0])
    assert own.resolved_params_["alpha"] == 0.5


def test_linear_models_and_parts_of_a_table_have_the_least_penalty():
    X = np.random.default_rng(0).normal(size=(60, 20))
    for net in (DeepNetRegressor(depth=0), DeepNetRegressor(4)):
        net.partial_fit(X, X[:, 0])
        assert net.resolved_params_["alpha"] == 5e-4
    linear = DeepNetRegressor(depth=0, solver="lbfgs").fit(X, X[:, 0])
    assert linear.resolved_params_["alpha"] == 5e-4


def test_a_column_without_a_number_leaves_the_penalty_as_it_is():
    X = np.random.default_rng(0).normal(size=(60, 3))
    net = DeepNetRegressor(4, max_iter=1, random_state=0)
    alpha = net.fit(X, X[:, 0]).resolved_params_["alpha"]
    wider = np.column_stack([X, np.full(60, np.nan)])
    assert net.fit(wider, X[:, 0]).resolved_params_["alpha"] == alpha
