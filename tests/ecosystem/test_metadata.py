"""Metadata routing: sample weights, validation rows and column names reach the net."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)

FOLDS = KFold(3)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def validation(X, y):
    """Fewer validation rows than training rows, with weights of their own."""
    rows = slice(0, 20)
    weight = np.linspace(1, 2, 20)
    return {"X_val": X[rows] * 1.1, "y_val": y[rows], "sample_weight_val": weight}


def requesting(net):
    """Return `net` with requests for all that `fit` and `score` take."""
    net.set_fit_request(sample_weight=True, X_val=True, y_val=True, sample_weight_val=True)
    return net.set_score_request(sample_weight=True)


# Weights and validation rows.


@pytest.mark.usefixtures("routing")
def test_a_search_over_a_pipeline_routes_all_metadata(
    net_class, X, y, weight, validation, few
):
    net = requesting(net_class(**few))
    pipeline = make_pipeline(MaxAbsScaler(), net, transform_input=["X_val"])
    grid = {f"{net_class.__name__.lower()}__alpha": [1e-3, 1.0]}
    search = GridSearchCV(pipeline, grid, cv=FOLDS, error_score="raise")
    search.fit(X, y, sample_weight=weight, **validation)

    scores = []
    for train, test in FOLDS.split(X):
        scaler = MaxAbsScaler().fit(X[train])
        scaled = {**validation, "X_val": scaler.transform(validation["X_val"])}
        direct = net_class(**few, alpha=1.0)
        direct.fit(scaler.transform(X[train]), y[train], weight[train], **scaled)
        scores.append(direct.score(scaler.transform(X[test]), y[test], weight[test]))
    found = [search.cv_results_[f"split{i}_test_score"][1] for i in range(3)]
    assert_array_equal(found, scores)

    scaler = MaxAbsScaler().fit(X)
    scaled = {**validation, "X_val": scaler.transform(validation["X_val"])}
    best = clone(search.best_estimator_[-1]).fit(scaler.transform(X), y, weight, **scaled)
    assert_array_equal(search.best_estimator_[-1].theta_, best.theta_)
    curve = search.best_estimator_[-1].validation_loss_curve_
    assert len(curve) == few["max_iter"]
    assert_array_equal(curve, best.validation_loss_curve_)


@pytest.mark.usefixtures("routing")
def test_early_stopping_in_each_fold_uses_the_given_validation_rows(net_class, X, y, few):
    net = net_class(**few, early_stopping=True).set_fit_request(X_val=True, y_val=True)
    own = {"X_val": X[40:], "y_val": y[40:]}
    results = cross_validate(
        net, X[:40], y[:40], params=own, cv=FOLDS, return_estimator=True
    )
    for fitted, (train, _) in zip(results["estimator"], FOLDS.split(X[:40]), strict=True):
        direct = clone(net).fit(X[train], y[train], **own)
        assert_array_equal(fitted.validation_loss_curve_, direct.validation_loss_curve_)


@pytest.mark.usefixtures("routing")
def test_as_many_validation_rows_as_training_rows_are_cut_into_folds(net_class, X, y, few):
    # scikit-learn's doing, which docs/guide/searching.md warns of
    net = net_class(**few).set_fit_request(X_val=True, y_val=True)
    results = cross_validate(
        net, X, y, params={"X_val": X, "y_val": y}, cv=FOLDS, return_estimator=True
    )
    train, _ = next(FOLDS.split(X))
    direct = clone(net).fit(X[train], y[train], X_val=X[train], y_val=y[train])
    fitted = results["estimator"][0]
    assert_array_equal(fitted.validation_loss_curve_, direct.validation_loss_curve_)


@pytest.mark.usefixtures("routing")
def test_weights_are_scored_with_where_requested(net_class, X, y, weight, few):
    net = net_class(**few)
    net.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    found = cross_validate(net, X, y, params={"sample_weight": weight}, cv=FOLDS)
    expected = [
        clone(net)
        .fit(X[train], y[train], weight[train])
        .score(X[test], y[test], weight[test])
        for train, test in FOLDS.split(X)
    ]
    assert_array_equal(found["test_score"], expected)
    plain = cross_validate(net_class(**few), X, y, cv=FOLDS)
    assert not np.allclose(found["test_score"], plain["test_score"])


@pytest.mark.usefixtures("routing")
def test_metadata_that_nobody_requested_are_refused(net_class, X, y, weight, few):
    search = RandomizedSearchCV(net_class(**few), {"alpha": [0.1]}, n_iter=1)
    with pytest.raises(ValueError, match=r"sample_weight\] are passed but are not"):
        search.fit(X, y, sample_weight=weight)


@pytest.mark.usefixtures("routing")
def test_wrappers_of_classifiers_route_sample_weights(classifier_class, X, y, weight, few):
    net = classifier_class(**few).set_fit_request(sample_weight=True)
    direct = clone(net).fit(X, y, sample_weight=weight)
    voting = VotingClassifier([("net", net)]).fit(X, y, sample_weight=weight)
    stacked = StackingClassifier([("net", net)], final_estimator=clone(net), cv=2)
    stacked.fit(X, y, sample_weight=weight)
    several = MultiOutputClassifier(net).fit(X, y[:, np.newaxis], sample_weight=weight)
    for model in (voting, stacked, several):
        assert_array_equal(model.estimators_[0].theta_, direct.theta_)


@pytest.mark.usefixtures("routing")
def test_wrappers_of_regressors_route_sample_weights(regressor_class, X, y, weight, few):
    net = regressor_class(**few).set_fit_request(sample_weight=True)
    direct = clone(net).fit(X, y, sample_weight=weight)
    several = MultiOutputRegressor(net).fit(X, y[:, np.newaxis], sample_weight=weight)
    assert_array_equal(several.estimators_[0].theta_, direct.theta_)
    model = TransformedTargetRegressor(net).fit(X, y, sample_weight=weight)
    assert_allclose(model.predict(X), direct.predict(X))


# Groups.

GROUPS = np.arange(60) // 4


def fits_by_group(net, X, y, folds):
    """Return the curves of fits that are given the groups of each fold's rows."""
    return [
        clone(net).fit(X[train], y[train], groups=GROUPS[train]).validation_loss_curve_
        for train, _ in folds.split(X, y, GROUPS)
    ]


@pytest.mark.parametrize("splitter", [0.25, GroupShuffleSplit(random_state=0)], ids=str)
@pytest.mark.usefixtures("routing")
def test_groups_reach_the_net_through_pipelines_and_searches(
    net_class, X, y, few, splitter
):
    net = net_class(**few, early_stopping=True, validation_fraction=splitter)
    expected = fits_by_group(net, X, y, GroupKFold(3))
    direct = clone(net).fit(X, y, groups=GROUPS)
    by_row = clone(net).set_params(validation_fraction=0.25).fit(X, y)
    assert not np.allclose(direct.validation_loss_curve_, by_row.validation_loss_curve_)

    net.set_fit_request(groups=True)
    pipeline = Pipeline([("same", FunctionTransformer()), ("net", net)])
    routed = clone(pipeline).fit(X, y, groups=GROUPS)
    assert_array_equal(routed[-1].theta_, direct.theta_)
    results = cross_validate(
        pipeline, X, y, params={"groups": GROUPS}, cv=GroupKFold(3), return_estimator=True
    )
    for fitted, curve in zip(results["estimator"], expected, strict=True):
        assert_array_equal(fitted[-1].validation_loss_curve_, curve)
    grid = {"net__alpha": [few.get("alpha", "auto")]}
    search = GridSearchCV(pipeline, grid, cv=GroupKFold(3), error_score="raise")
    search.fit(X, y, groups=GROUPS)
    assert_array_equal(search.best_estimator_[-1].theta_, direct.theta_)


def test_groups_reach_the_net_in_a_pipeline_without_routing(net_class, X, y, few):
    net = net_class(**few, early_stopping=True)
    direct = clone(net).fit(X, y, groups=GROUPS)
    pipeline = Pipeline([("same", FunctionTransformer()), ("net", net)])
    pipeline.fit(X, y, net__groups=GROUPS)
    assert_array_equal(pipeline[-1].theta_, direct.theta_)


def test_splitters_are_candidates_of_a_search(net_class, X, y, few):
    candidates = [0.2, TimeSeriesSplit(3), ShuffleSplit(1, random_state=0)]
    net = net_class(**few, early_stopping=True)
    search = GridSearchCV(net, {"validation_fraction": candidates}, cv=2, n_jobs=2)
    assert np.isfinite(search.fit(X, y).cv_results_["mean_test_score"]).all()


# Frames.


def frame_of(X, kind):
    """Return X (n, 5) as a frame with a column of categories beside it."""
    columns = dict(zip("abcde", X.T, strict=True)) | {
        "kind": np.array(list("uvw"))[[0, 1, 2] * 20]
    }
    return pd.DataFrame(columns) if kind == "pandas" else pl.DataFrame(columns)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_pipeline_set_to_frames_gives_the_net_their_names(net_class, X, y, few, kind):
    columns = make_column_transformer(
        (StandardScaler(), list("abcde")),
        (OneHotEncoder(sparse_output=False), ["kind"]),
        verbose_feature_names_out=False,
    )
    model = make_pipeline(columns, net_class(**few)).set_output(transform=kind)
    frame = frame_of(X, kind)
    model.fit(frame, y)
    names = [*"abcde", "kind_u", "kind_v", "kind_w"]
    assert model[-1].feature_names_in_.tolist() == names
    plain = make_pipeline(clone(columns).set_output(transform="default"), net_class(**few))
    assert_allclose(model.predict(frame), plain.fit(frame, y).predict(frame))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.usefixtures("routing")
def test_validation_frames_go_through_the_pipeline(net_class, X, y, few, kind):
    columns = make_column_transformer(
        (StandardScaler(), list("abcde")), (OneHotEncoder(sparse_output=False), ["kind"])
    )
    net = net_class(**few).set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(columns, net, transform_input=["X_val"]).set_output(
        transform=kind
    )
    frame = frame_of(X, kind)
    model.fit(frame, y, X_val=frame[:30], y_val=y[:30])
    inside = clone(columns).set_output(transform="default").fit(frame)
    direct = net_class(**few).fit(
        inside.transform(frame), y, X_val=inside.transform(frame[:30]), y_val=y[:30]
    )
    assert_allclose(
        model[-1].validation_loss_curve_, direct.validation_loss_curve_, rtol=1e-9
    )
