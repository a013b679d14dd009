"""What "auto" comes to depends on what a parameter means, not on how it is spelt."""

import numpy as np
import pytest
from names import called
from numpy.testing import assert_array_equal

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
