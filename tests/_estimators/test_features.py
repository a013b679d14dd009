"""HiddenFeatures: the activations of a hidden layer as a scikit-learn transformer."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    HiddenFeatures,
    ShallowNetClassifier,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::skshallow.exceptions.DeadUnitsWarning",
)


@pytest.fixture
def net(few):
    return DeepNetClassifier(**few | {"hidden_units": [4, 3]})


@pytest.mark.parametrize(
    "net",
    [
        ShallowNetClassifier(3, max_iter=3, random_state=0),
        DeepNetRegressor(3, max_iter=3, n_members=2, random_state=0),
    ],
    ids=["a layer", "members"],
)
def test_check_estimator_passes_with_nothing_failed(net):
    results = check_estimator(HiddenFeatures(net), on_fail=None, on_skip=None)
    assert len(results) > 40
    left = [result for result in results if result["status"] != "passed"]
    # array libraries, or devices, that are not here
    assert all(result["check_name"].startswith("check_array_api") for result in left)
    assert all(result["status"] == "skipped" for result in left)
    names = {result["check_name"] for result in results}
    assert {"check_transformer_general", "check_estimator_sparse_array"} <= names


@pytest.mark.parametrize("layer", [0, 1, -1, -2])
def test_features_are_the_activations_of_a_net_fitted_equally(net, X, y, layer):
    features = HiddenFeatures(net, layer=layer).fit(X, y)
    alone = clone(net).fit(X, y)
    assert_array_equal(features.transform(X), alone.hidden_activations(X)[layer])
    assert not hasattr(net, "theta_")


def test_activations_of_members_are_concatenated(few, X, y):
    features = HiddenFeatures(DeepNetClassifier(**few, n_members=3)).fit(X, y)
    columns = features.transform(X)
    assert columns.shape == (len(X), 3 * 4)
    by_member = features.net_.hidden_activations(X)[-1]
    for member in range(3):
        assert_array_equal(columns[:, 4 * member : 4 * (member + 1)], by_member[member])
    assert len(features.get_feature_names_out()) == 12


def test_the_output_layer_on_top_gives_the_nets_own_prediction(few, X, y):
    net = DeepNetRegressor(**few, standardize=False).fit(X, y)
    features = HiddenFeatures(FrozenEstimator(net)).fit(X, y).transform(X)
    top = features @ net.coefs_[-1] + net.intercepts_[-1]
    assert_allclose(top.ravel(), net.predict(X), rtol=1e-12)


def test_a_pipeline_with_a_linear_model_learns_what_the_linear_model_cannot():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(200, 2))
    y = X[:, 0] * X[:, 1] > 0
    net = ShallowNetClassifier(16, learning_rate=0.05, max_iter=60, random_state=0)
    model = make_pipeline(HiddenFeatures(net), LogisticRegression(C=100))
    assert LogisticRegression().fit(X, y).score(X, y) < 0.7
    assert model.fit(X, y).score(X, y) > 0.95


def test_parameters_of_the_net_can_be_searched(net, X, y):
    model = make_pipeline(HiddenFeatures(net), LogisticRegression())
    grid = {"hiddenfeatures__net__hidden_units": [2, 5], "hiddenfeatures__layer": [0]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    n_units = search.best_params_["hiddenfeatures__net__hidden_units"]
    assert search.best_estimator_[:-1].transform(X).shape == (len(X), n_units)


def test_a_frozen_net_is_not_fitted_again(net, X, y):
    net.fit(X, y)
    before = net.theta_.copy()
    model = make_pipeline(HiddenFeatures(FrozenEstimator(net), 0), LogisticRegression())
    model.fit(X[:20], y[:20])
    assert_array_equal(net.theta_, before)
    assert_array_equal(model[0].transform(X), net.hidden_activations(X)[0])


# Names, containers, types.


def test_output_has_feature_names_and_the_container_that_was_set(net, X, y):
    table = pd.DataFrame(X, columns=list("abcde"))
    features = HiddenFeatures(net).set_output(transform="pandas").fit(table, y)
    assert_array_equal(features.feature_names_in_, list("abcde"))
    assert features.n_features_in_ == 5
    out = features.transform(table)
    assert list(out.columns) == [f"hiddenfeatures{i}" for i in range(3)]
    assert_array_equal(out.columns, features.get_feature_names_out())
    with pytest.raises(ValueError, match="feature names should match"):
        features.transform(table[list("edcba")])
    features.fit(X, y)
    assert not hasattr(features, "feature_names_in_")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_keep_the_precision_of_the_rows(net, X, y, dtype):
    features = HiddenFeatures(net).fit_transform(X.astype(dtype), y)
    assert features.dtype == dtype


def test_sparse_rows_give_dense_features(net, X, y):
    rows = csr_array(X)
    features = HiddenFeatures(net).fit_transform(rows, y)
    assert_array_equal(features, clone(net).fit(rows, y).hidden_activations(rows)[-1])


# Metadata.


@pytest.mark.parametrize("routing", [False, True])
def test_sample_weights_reach_the_net(net, X, y, weight, routing):
    alone = clone(net).fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=routing):
        if routing:
            net.set_fit_request(sample_weight=True)
        model = make_pipeline(HiddenFeatures(net), LogisticRegression())
        name = "sample_weight" if routing else "hiddenfeatures__sample_weight"
        if routing:
            model[-1].set_fit_request(sample_weight=False)
        model.fit(X, y, **{name: weight})
    assert_array_equal(model[0].net_.theta_, alone.theta_)


def test_metadata_without_a_request_is_an_error(net, X, y, weight):
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="sample_weight"),
    ):
        HiddenFeatures(net).fit(X, y, sample_weight=weight)


def test_validation_rows_reach_the_net(net, X, y):
    net.set_params(early_stopping=True)
    features = HiddenFeatures(net).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    alone = clone(net).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert_array_equal(features.net_.theta_, alone.theta_)


# Errors.


@pytest.mark.parametrize("layer", [2, -3, 0.0, "last"])
def test_a_layer_out_of_range_is_refused_before_the_data_are_read(net, layer):
    features = HiddenFeatures(net, layer=layer)
    with pytest.raises(ValueError, match=r"layer must be an int from -2 to 1 .* 2 hidden"):
        features.fit(None, None)
    assert not hasattr(features, "net_")


def test_a_net_without_hidden_layers_is_refused(few, X, y):
    with pytest.raises(ValueError, match="depth=0 has no hidden layer"):
        HiddenFeatures(DeepNetClassifier(**few, depth=0)).fit(X, y)


def test_other_estimators_than_nets_are_refused(X, y):
    with pytest.raises(TypeError, match="an estimator of skshallow"):
        HiddenFeatures(LogisticRegression()).fit(X, y)


def test_parameters_of_the_net_are_checked_first(net, X, y):
    with pytest.raises(ValueError, match="'alpha' parameter of DeepNetClassifier"):
        HiddenFeatures(net.set_params(alpha=-1), layer=7).fit(X, y)


def test_transform_needs_a_fit(net, X):
    with pytest.raises(NotFittedError):
        HiddenFeatures(net).transform(X)
