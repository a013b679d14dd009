"""What trains and what validates: rows of every class, and when rows are held out."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier
from skshallow._estimators.fit.auto import AUTO_EARLY_STOPPING_ROWS


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
