"""Clipping of features: predictions are bounded outside of the range of training."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

CLASSIFIERS = ShallowNetClassifier, DeepNetClassifier
NETS = *CLASSIFIERS, ShallowNetRegressor, DeepNetRegressor
each_net = pytest.mark.parametrize("net_class", NETS)
FEW = {"hidden_units": 4, "max_iter": 5, "random_state": 0, "early_stopping": False}


def rows(n=60, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3)) * [1, 10, 0.1] + [0, 50, 0]


def targets(net_class, X):
    y = X[:, 0] + 0.1 * X[:, 1]
    return (y > np.median(y)).astype(int) if net_class in CLASSIFIERS else y


def output(net, X):
    return net.predict_proba(X) if hasattr(net, "predict_proba") else net.predict(X)


def fitted(net_class, X, **params):
    return net_class(**FEW | params).fit(X, targets(net_class, X))


def at_the_edge(X_new, X):
    return np.clip(X_new, X.min(axis=0), X.max(axis=0))


@pytest.mark.parametrize("form", [np.array, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize("standardize", [True, False])
@each_net
def test_rows_outside_are_predicted_as_at_the_edge_of_the_range(
    net_class, standardize, form
):
    X = rows()
    net = net_class(**FEW, standardize=standardize).fit(form(X), targets(net_class, X))
    far = rows(200, seed=1) * 7
    assert_allclose(output(net, form(far)), output(net, form(at_the_edge(far, X))))
    hidden, at_edge = (
        net.hidden_activations(form(each)) for each in (far, at_the_edge(far, X))
    )
    assert_allclose(hidden[0], at_edge[0])


@each_net
def test_without_clipping_the_slope_at_the_edge_goes_on(net_class):
    X = rows()
    net = fitted(net_class, X, clip_features=False)
    far = X.copy()
    far[:, 0] = 1e3
    assert not np.allclose(output(net, far), output(net, at_the_edge(far, X)))
    copy = net_class.from_weights(net.coefs_, net.intercepts_)
    assert_allclose(net.hidden_activations(far)[0], copy.hidden_activations(far)[0])


@pytest.mark.parametrize("net_class", [DeepNetClassifier, DeepNetRegressor])
def test_a_net_without_hidden_layers_is_linear_everywhere(net_class):
    X = rows()
    net = net_class(depth=0, max_iter=5, random_state=0).fit(X, targets(net_class, X))
    far = 1e3 * X
    raw = net.decision_function(far) if net_class in CLASSIFIERS else net.predict(far)
    assert_allclose(raw, far @ net.coefs_[0].ravel() + net.intercepts_[0])


@each_net
def test_the_range_is_that_of_the_training_rows_not_of_held_out_ones(net_class):
    X = rows(300)
    y = targets(net_class, X)
    outside = np.vstack([X, X[:1] * [1, 100, 1]])
    validated = net_class(**FEW | {"early_stopping": True})
    validated.fit(X, y, X_val=outside, y_val=np.append(y, y[0]))
    assert_allclose(
        output(validated, outside[-1:]), output(validated, at_the_edge(outside, X)[-1:])
    )


@pytest.mark.parametrize("standardize", [True, False])
@each_net
def test_partial_fit_widens_the_range(net_class, standardize):
    X = rows()
    y = targets(net_class, X)
    net = net_class(hidden_units=4, random_state=0, standardize=standardize)
    kinds = {"classes": [0, 1]} if net_class in CLASSIFIERS else {}
    for part in np.array_split(np.argsort(X[:, 1]), 3):
        net.partial_fit(X[part], y[part], **kinds)
    far = rows(50, seed=1) * 5
    assert_allclose(output(net, far), output(net, at_the_edge(far, X)))
    assert len(np.unique(output(net, X), axis=0)) > 50


@each_net
def test_a_warm_start_widens_the_range(net_class):
    X = rows()
    y = targets(net_class, X)
    net = fitted(net_class, X[:30], warm_start=True)
    net.fit(X[30:], y[30:])
    far = rows(50, seed=1) * 5
    assert_allclose(output(net, far), output(net, at_the_edge(far, X)))


def test_a_column_that_was_constant_or_missing_has_no_influence():
    X = rows()
    X[:, 1] = 3
    X[:, 2] = np.nan
    net = DeepNetRegressor(**FEW).fit(X, X[:, 0])
    other = X.copy()
    other[:, 1], other[:, 2] = 99, 7
    assert_array_equal(net.predict(other), net.predict(X))


def test_a_level_without_a_training_row_has_no_influence():
    frame = pd.DataFrame({"size": rows()[:, 0], "kind": ["a", "b", "c"] * 20})
    y = frame["size"]
    own = pd.DataFrame({"size": [0.1, 0.1], "kind": ["d", None]})
    net = DeepNetRegressor(**FEW).fit(frame, y, X_val=own, y_val=[0.1, 0.1])
    assert np.ptp(net.predict(own)) == 0
