"""The net inside of pipelines, searches and transformed targets, and what it gets."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array, issparse
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, StandardScaler

from skshallow import DeepNetRegressor
from skshallow.inspection._common.meta_estimators import (
    find_net,
    given_chain,
    innermost_name,
    input_names,
    net_and_input,
    steps_before,
)


@pytest.fixture
def net(few):
    return DeepNetRegressor(**few)


def search(estimator, parameter="hidden_units", **settings):
    return GridSearchCV(estimator, {parameter: [2, 3]}, cv=2, **settings)


def pipeline(estimator):
    return Pipeline([("scale", StandardScaler()), ("pca", PCA(3)), ("net", estimator)])


def transformed(estimator):
    return TransformedTargetRegressor(estimator, transformer=StandardScaler())


WRAPPED = {
    "net": lambda net: net,
    "pipeline": pipeline,
    "pipeline_of_one_step": make_pipeline,
    "pipeline_that_passes_through": lambda net: make_pipeline("passthrough", net),
    "grid_search": search,
    "random_search": lambda net: RandomizedSearchCV(
        net, {"hidden_units": [2, 3]}, n_iter=2, cv=2
    ),
    "transformed_target": transformed,
    "pipeline_in_search": lambda net: search(pipeline(net), "net__hidden_units"),
    "search_in_pipeline": lambda net: pipeline(search(net)),
    "pipeline_in_pipeline": lambda net: make_pipeline(MaxAbsScaler(), pipeline(net)),
    "pipeline_in_target_in_search": lambda net: search(
        transformed(pipeline(net)), "regressor__net__hidden_units"
    ),
    "target_in_pipeline_in_pipeline": lambda net: make_pipeline(
        MaxAbsScaler(), pipeline(transformed(net))
    ),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_the_net_predicts_from_its_input_what_the_whole_predicts(name, net, X, y):
    model = WRAPPED[name](net).fit(X, y)
    found, X_net = net_and_input(model, X)
    assert found is find_net(model)
    assert isinstance(found, DeepNetRegressor)
    assert X_net.shape == (len(X), found.n_features_in_)
    prediction = found.predict(X_net)
    if "target" in name:  # the net learned the standardised one
        prediction = prediction * y.std() + y.mean()
    assert_allclose(prediction, model.predict(X), rtol=1e-10, atol=1e-12)


def test_a_frozen_estimator_is_looked_into(net, X, y):
    model = pipeline(net).fit(X, y)
    assert find_net(FrozenEstimator(model)) is model[-1]
    _, X_net = net_and_input(FrozenEstimator(model), X)
    assert_allclose(X_net, model[:-1].transform(X))


def test_without_steps_before_the_net_its_input_is_the_given_one(net, X, y):
    for model in (net.fit(X, y), search(net).fit(X, y), make_pipeline(net).fit(X, y)):
        assert net_and_input(model, X)[1] is X


def test_sparse_rows_stay_sparse(net, X, y):
    rows = csr_array(X)
    model = make_pipeline(MaxAbsScaler(), net).fit(rows, y)
    assert issparse(net_and_input(model, rows)[1])


@pytest.mark.parametrize("name", WRAPPED)
def test_the_net_as_given_is_at_the_end_of_the_chain_fitted_or_not(name, net, X, y):
    model = WRAPPED[name](net)
    assert given_chain(model)[-1] is net
    assert given_chain(model.fit(X, y))[-1] is net
    assert innermost_name(model) == "DeepNetRegressor"


def test_a_forest_is_called_a_forest():
    assert innermost_name(RandomForestRegressor()) == "RandomForestRegressor"


def test_steps_before_the_net_are_those_of_all_pipelines_in_order(net):
    model = search(make_pipeline(MaxAbsScaler(), pipeline(make_pipeline(net))))
    steps = [[name for name, _ in p.steps] for p in steps_before(given_chain(model))]
    assert steps == [["maxabsscaler"], ["scale", "pca"]]


# What the inputs are called.


@pytest.fixture
def table(X):
    return pd.DataFrame(X, columns=list("abcde"))


def test_inputs_have_the_names_of_the_net_itself(net, table, y):
    assert list(input_names(search(net).fit(table, y))) == list("abcde")


def test_inputs_have_the_names_that_the_steps_before_give_out(net, table, y):
    scaled = make_pipeline(StandardScaler(), net)
    assert list(input_names(scaled.fit(table, y))) == list("abcde")
    chosen = ColumnTransformer([("s", StandardScaler(), ["d", "b"])])
    assert list(input_names(make_pipeline(chosen, net).fit(table, y))) == ["s__d", "s__b"]


def test_names_pass_through_nested_pipelines(net, table, y):
    inner = make_pipeline(FeatureUnion([("u", MaxAbsScaler())]), net)
    model = make_pipeline(StandardScaler(), inner).fit(table, y)
    assert list(input_names(model)) == [f"u__{name}" for name in "abcde"]


def test_inputs_without_known_names_have_none(net, X, table, y):
    assert input_names(net.fit(X, y)) is None
    nameless = FunctionTransformer(np.sqrt)
    assert input_names(make_pipeline(MaxAbsScaler(), nameless, net).fit(X**2, y)) is None
    swapped = FunctionTransformer(
        lambda X: X.to_numpy()[:, :2], feature_names_out=lambda _, names: names
    )
    assert input_names(make_pipeline(swapped, net).fit(table, y)) is None


# What is refused.


@pytest.mark.parametrize(
    "unfitted",
    [
        lambda net: net,
        pipeline,
        search,
        transformed,
        lambda net: search(pipeline(net), "net__alpha"),
        lambda net: search(transformed(net), "regressor__alpha"),
    ],
)
def test_what_is_not_fitted_is_refused(unfitted, net):
    with pytest.raises(NotFittedError, match=r"(?i)not fitted yet"):
        find_net(unfitted(net))


def test_a_search_without_refit_is_refused_by_its_reason(net, X, y):
    with pytest.raises(NotFittedError, match=r"GridSearchCV, which was .* refit=False"):
        find_net(search(net, refit=False).fit(X, y))


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (lambda: Ridge(), "Found no net of skshallow: Ridge"),
        (lambda: make_pipeline(StandardScaler(), Ridge()), "Pipeline, containing Ridge"),
        (
            lambda: make_pipeline(StandardScaler(), "passthrough"),
            "containing 'passthrough'",
        ),
        (lambda: search(Ridge(), "alpha"), "GridSearchCV"),
        (lambda: DeepNetRegressor, "the class DeepNetRegressor, not an instance"),
        (lambda: {"estimator": None}, "dict"),
        (lambda: None, "NoneType"),
    ],
)
def test_what_holds_no_net_is_refused_by_name(other, found):
    with pytest.raises(TypeError, match=found):
        find_net(other())


def test_a_fitted_search_over_something_else_names_both(X, y):
    with pytest.raises(TypeError, match="GridSearchCV, containing Ridge"):
        net_and_input(search(Ridge(), "alpha").fit(X, y), X)


def test_several_nets_are_refused_with_where_to_find_one(net, X, y):
    bag = BaggingRegressor(net, n_estimators=2).fit(X, y)
    with pytest.raises(TypeError, match=r"single net.*BaggingRegressor.*estimators_"):
        find_net(bag)
    assert find_net(bag.estimators_[0]) is bag.estimators_[0]
