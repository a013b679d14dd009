"""What trains and what validates: rows are held out from each class its share."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier
from skshallow._estimators.fit.config import AUTO_EARLY_STOPPING_ROWS
from skshallow._estimators.fit.training_data import rows_to_hold_out

CLASSES = np.repeat(["a", "b", "c", "d"], [1, 2, 97, 200])


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_each_class_is_held_out_by_its_share(fraction):
    rng = np.random.RandomState(0)
    rows = rows_to_hold_out(CLASSES, round(300 * fraction), rng)
    assert_array_equal(np.unique(rows), rows)
    assert len(rows) == 300 * fraction
    assert abs(np.sum(CLASSES[rows] == "c") - 97 * fraction) <= 1
    assert abs(np.sum(CLASSES[rows] == "d") - 200 * fraction) <= 1


def test_every_row_but_one_of_a_class_may_be_held_out_and_all_are_in_turn():
    rng = np.random.RandomState(0)
    draws = [rows_to_hold_out(CLASSES, 75, rng) for _ in range(200)]
    times = np.bincount(np.concatenate(draws), minlength=300)
    assert times[0] == 0  # the only row of its class
    assert times[1:].min() > 20
    assert times[3:].max() < 90
    assert all(len(np.setdiff1d([1, 2], rows)) >= 1 for rows in draws)


def test_no_rows_are_held_out_where_each_class_has_but_one():
    rng = np.random.RandomState(0)
    assert len(rows_to_hold_out(np.arange(5), 1, rng)) == 0
    assert len(rows_to_hold_out(np.zeros(1), 1, rng)) == 0
    assert len(rows_to_hold_out(np.zeros(2), 1, rng)) == 1


def test_a_class_of_one_row_is_trained_on():
    y = np.r_[np.zeros(299, int), 1]
    X = np.random.default_rng(0).normal(size=(300, 2)) + 3 * y[:, np.newaxis]
    for _ in range(3):
        net = ShallowNetClassifier(4, max_iter=2).fit(X, y)
        assert len(net.validation_loss_curve_) == 2
        assert_array_equal(net.classes_, [0, 1])


def test_more_classes_than_rows_to_hold_out_are_no_hindrance():
    y = np.arange(300) % 60
    X = np.eye(60)[y]
    net = ShallowNetClassifier(4, max_iter=2, random_state=0).fit(X, y)
    assert len(net.validation_loss_curve_) == 2


@pytest.mark.parametrize("net_class", [DeepNetClassifier, DeepNetRegressor])
def test_enough_rows_or_rows_of_ones_own_stop_a_fit_early_by_default(net_class):
    n = AUTO_EARLY_STOPPING_ROWS
    X, y = make_classification(n_samples=n, random_state=0)
    net = net_class(4, max_iter=2, random_state=0)
    assert len(net.fit(X, y).validation_loss_curve_) == 2
    assert len(net.fit(X[1:], y[1:]).validation_loss_curve_) == 0
    assert len(net.fit(X[:50], y[:50], X_val=X, y_val=y).validation_loss_curve_) == 2
    assert len(net.set_params(early_stopping=False).fit(X, y).validation_loss_curve_) == 0
    start = {"classes": [0, 1]} if hasattr(net, "decision_function") else {}
    lbfgs = net_class(4, tol=0.1, solver="lbfgs")
    assert len(lbfgs.fit(X, y).validation_loss_curve_) == 0
    assert len(net_class(4).partial_fit(X, y, **start).validation_loss_curve_) == 0


def test_probabilities_are_calibrated_by_default_where_validation_decides():
    X, y = make_classification(n_samples=AUTO_EARLY_STOPPING_ROWS, random_state=0)
    net = DeepNetClassifier(4, max_iter=2, random_state=0)
    assert net.fit(X, y).temperature_ > 0
    assert not hasattr(net.fit(X[1:], y[1:]), "temperature_")
    assert not hasattr(net.set_params(loss="squared_error").fit(X, y), "temperature_")
