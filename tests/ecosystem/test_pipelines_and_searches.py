"""Nets in scikit-learn's meta-estimators and inspection tools."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.impute import IterativeImputer
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
    cross_val_predict,
    learning_curve,
)
from sklearn.multioutput import ClassifierChain, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skshallow import DeepNetRegressor

N_ROWS = 160
SETTINGS = {
    "hidden_units": 16,
    "learning_rate": 0.01,
    "schedule": "cosine",
    "max_iter": 40,
    "batch_size": 20,
    "early_stopping": False,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def table():
    """Rows (160, 5) of which only the first three columns count, and real targets."""
    X = np.random.default_rng(0).uniform(size=(N_ROWS, 5))
    return X, np.sin(np.pi * X[:, 0] * X[:, 1]) + 4 * (X[:, 2] - 0.5) ** 2


@pytest.fixture(scope="module")
def labels(table):
    """Three classes of those rows, a third each."""
    y = table[1]
    return np.array(["high", "low", "middle"])[
        np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    ]


@pytest.fixture
def classification(classifier_class, table, labels):
    return classifier_class(**SETTINGS), table[0], labels


@pytest.fixture
def regression(regressor_class, table):
    return regressor_class(**SETTINGS), *table


@pytest.fixture
def task(net_class, table, labels):
    net = net_class(**SETTINGS)
    return net, table[0], labels if is_classifier(net) else table[1]


def output(model, X):
    """Return what a model puts out: probabilities of classes, or predictions."""
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def first_fold(net, X, y):
    """Return the training and the test rows of the first of three folds."""
    folds = StratifiedKFold(3) if is_classifier(net) else KFold(3)
    return next(folds.split(X, y))


# Inspection.


def test_permutation_importance_finds_the_informative_columns(task):
    net, X, y = task
    theta = net.fit(X, y).theta_.copy()
    found = permutation_importance(net, X, y, n_repeats=3, random_state=0)
    assert found.importances_mean[:3].min() > 2 * found.importances_mean[3:].max()
    assert_array_equal(net.theta_, theta)


def test_partial_dependence_is_the_mean_output_at_a_value(task):
    net, X, y = task
    net.fit(X, y)
    found = partial_dependence(net, X, [2], grid_resolution=5)
    assert found["average"].shape[-1] == 5
    for i, value in enumerate(found["grid_values"][0]):
        at_value = X.copy()
        at_value[:, 2] = value
        mean = output(net, at_value).mean(axis=0)
        assert_allclose(found["average"][..., i], np.atleast_1d(mean))


def test_a_display_of_decision_boundaries_shows_predictions(task):
    net, X, y = task
    net.fit(X[:, :2], y)
    display = DecisionBoundaryDisplay.from_estimator(
        net, X[:, :2], grid_resolution=7, response_method="predict"
    )
    plt.close("all")
    expected = net.predict(np.column_stack([display.xx0.ravel(), display.xx1.ravel()]))
    if is_classifier(net):
        expected = np.searchsorted(net.classes_, expected)
    assert_allclose(display.response.ravel(), expected)


# Cross-validation.


def test_cross_val_predict_gives_predictions_of_nets_fitted_without_the_fold(task):
    net, X, y = task
    method = "predict_proba" if is_classifier(net) else "predict"
    predicted = cross_val_predict(net, X, y, cv=3, method=method)
    train, test = first_fold(net, X, y)
    assert_array_equal(predicted[test], output(clone(net).fit(X[train], y[train]), X[test]))


def test_a_learning_curve_may_use_partial_fit(task):
    net, X, y = task
    _, once, _ = learning_curve(net, X, y, train_sizes=[40, 100], cv=3)
    sizes, part_by_part, _ = learning_curve(
        net, X, y, train_sizes=[40, 100], cv=3, exploit_incremental_learning=True
    )
    assert sizes.tolist() == [40, 100]
    train, _ = first_fold(net, X, y)
    classes = {"classes": np.unique(y)} if is_classifier(net) else {}
    for row, (start, stop) in enumerate([(0, 40), (40, 100)]):
        added, seen = train[start:stop], train[:stop]
        net.partial_fit(X[added], y[added], **classes)
        assert_allclose(part_by_part[row, 0], net.score(X[seen], y[seen]))
    assert once[1].mean() > part_by_part[1].mean()


# Several estimators as one.


def test_voting_averages_the_outputs(task):
    net, X, y = task
    nets = [("one", net), ("other", clone(net).set_params(random_state=1))]
    voting = (
        VotingClassifier(nets, voting="soft")
        if is_classifier(net)
        else VotingRegressor(nets)
    )
    voting.fit(X, y)
    mean = np.mean([output(member, X) for member in voting.estimators_], axis=0)
    assert_allclose(output(voting, X), mean)
    assert not np.allclose(output(voting.estimators_[0], X), mean)


def test_stacking_takes_nets_as_base_and_final_estimators(task):
    net, X, y = task
    stacking_class = StackingClassifier if is_classifier(net) else StackingRegressor
    stacked = stacking_class(
        [("net", net)], final_estimator=clone(net).set_params(alpha=0.1), cv=3
    ).fit(X, y)
    method = "predict_proba" if is_classifier(net) else "predict"
    inputs = cross_val_predict(net, X, y, cv=3, method=method).reshape(N_ROWS, -1)
    final = clone(stacked.final_estimator).fit(inputs, y)
    assert_allclose(output(stacked.final_estimator_, inputs), output(final, inputs))
    assert_allclose(
        output(stacked, X), output(final, output(net.fit(X, y), X).reshape(N_ROWS, -1))
    )


def test_bagged_nets_differ_and_their_outputs_are_averaged(task):
    net, X, y = task
    bagging_class = BaggingClassifier if is_classifier(net) else BaggingRegressor
    bagged = bagging_class(net, n_estimators=3, max_features=0.8, random_state=0).fit(X, y)
    outputs = [
        output(member, X[:, columns])
        for member, columns in zip(bagged, bagged.estimators_features_, strict=True)
    ]
    assert np.std(outputs, axis=0).max() > 0.01
    assert_allclose(output(bagged, X), np.mean(outputs, axis=0))


def test_boosting_passes_sample_weights_to_the_next_net(classification):
    net, X, y = classification
    net.set_params(max_iter=10)
    boosted = AdaBoostClassifier(net, n_estimators=2, random_state=0).fit(X, y)
    wrong = boosted[0].predict(X) != y
    odds = np.log((1 - wrong.mean()) / wrong.mean()) + np.log(2)  # of three classes
    second = clone(boosted[1]).fit(X, y, sample_weight=np.exp(odds * wrong))
    assert_allclose(boosted[1].predict_proba(X), second.predict_proba(X), rtol=1e-9)


def test_boosted_regressors_predict_the_weighted_median_of_their_nets(regression):
    net, X, y = regression
    net.set_params(max_iter=10)
    boosted = AdaBoostRegressor(net, n_estimators=5, random_state=0).fit(X, y)
    assert len(boosted) == 5
    predicted = np.array([member.predict(X) for member in boosted])
    assert np.std(predicted, axis=0).max() > 0.01
    order = predicted.argsort(axis=0)
    below = boosted.estimator_weights_[order].cumsum(axis=0)
    middle = (below >= below[-1] / 2).argmax(axis=0)
    columns = np.arange(N_ROWS)
    assert_array_equal(boosted.predict(X), predicted[order[middle, columns], columns])


# Around classifiers.


def test_calibration_holds_nets_fitted_without_a_fold(classification):
    net, X, y = classification
    calibrated = CalibratedClassifierCV(net, method="sigmoid", cv=3).fit(X, y)
    train, _ = first_fold(net, X, y)
    alone = clone(net).fit(X[train], y[train])
    held = calibrated.calibrated_classifiers_[0].estimator
    assert_array_equal(held.predict_proba(X), alone.predict_proba(X))
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_calibration_of_a_frozen_net_leaves_it_unchanged(classification):
    net, X, y = classification
    theta = net.fit(X[:100], y[:100]).theta_.copy()
    frozen = CalibratedClassifierCV(FrozenEstimator(net), method="temperature")
    frozen.fit(X[100:], y[100:])
    assert_array_equal(net.theta_, theta)
    # one temperature for all: which class comes first stays
    assert_array_equal(frozen.predict(X), net.predict(X))


def test_self_training_adds_the_labels_that_are_predicted_confidently(classification):
    net, X, y = classification
    known = np.arange(N_ROWS) % 3 == 0
    codes = np.searchsorted(np.unique(y), y)
    some = np.where(known, codes, -1)
    taught = SelfTrainingClassifier(net, threshold=0.7, max_iter=1).fit(X, some)
    first = clone(net).fit(X[known], some[known])
    sure = known | (first.predict_proba(X).max(axis=1) > 0.7)
    assert known.sum() + 5 < sure.sum() < N_ROWS
    assert_array_equal(taught.transduction_ >= 0, sure)
    last = clone(net).fit(X[sure], taught.transduction_[sure])
    assert_array_equal(taught.predict_proba(X), last.predict_proba(X))


def test_a_classifier_chain_gives_later_nets_the_labels_before(classification):
    net, X, y = classification
    Y = np.column_stack([y == "high", X[:, 0] > 0.5]).astype(int)
    chain = ClassifierChain(net).fit(X, Y)
    second = clone(net).fit(np.column_stack([X, Y[:, 0]]), Y[:, 1])
    assert_array_equal(chain.estimators_[1].theta_, second.theta_)


# Around regressors.


def test_multi_output_regressor_fits_one_net_per_target(regression):
    net, X, y = regression
    Y = np.column_stack([y, X[:, 0]])
    several = MultiOutputRegressor(net).fit(X, Y)
    for i in range(2):
        assert_array_equal(several.predict(X)[:, i], clone(net).fit(X, Y[:, i]).predict(X))


def test_a_regressor_chain_gives_later_nets_the_targets_before(regression):
    net, X, y = regression
    Y = np.column_stack([y, X[:, 0]])
    chain = RegressorChain(net).fit(X, Y)
    second = clone(net).fit(np.column_stack([X, y]), Y[:, 1])
    assert_array_equal(chain.estimators_[1].theta_, second.theta_)


def test_transformed_target_regressor_transforms_the_targets_of_a_net(regression):
    net, X, y = regression
    y = np.exp(y)
    model = TransformedTargetRegressor(net, func=np.log, inverse_func=np.exp).fit(X, y)
    by_hand = np.exp(clone(net).fit(X, np.log(y)).predict(X))
    assert_allclose(model.predict(X), by_hand)


# Features.


def test_a_union_of_features_feeds_the_net(task):
    net, X, y = task
    union = FeatureUnion([("plain", StandardScaler()), ("splines", SplineTransformer())])
    model = make_pipeline(union, net).fit(X, y)
    by_hand = clone(net).fit(union.fit_transform(X), y)
    assert_array_equal(model.predict(X), by_hand.predict(union.transform(X)))


def test_sequential_selection_finds_the_informative_column(task):
    net, X, y = task
    X = X[:, [2, 3, 4]]  # one that counts and two that do not
    selector = SequentialFeatureSelector(net, n_features_to_select=1, cv=2).fit(X, y)
    assert selector.get_support().tolist() == [True, False, False]


def test_missing_values_are_drawn_from_the_predicted_distribution(table):
    X = table[0].copy()
    X[:, 3] = X[:, 0] + X[:, 1] + 0.1 * np.random.default_rng(1).normal(size=N_ROWS)
    holes = X.copy()
    holes[::4, 3] = np.nan
    net = DeepNetRegressor(
        **SETTINGS | {"hidden_units": 4, "max_grad_norm": 1.0}, loss="gaussian"
    )
    draws = []
    for seed in range(4):
        imputer = IterativeImputer(
            net, sample_posterior=True, max_iter=1, random_state=seed
        )
        draws.append(imputer.fit_transform(holes)[::4, 3])
    assert np.std(draws, axis=0).min() > 0
    assert 0.05 < np.std(draws - X[::4, 3]) < 0.2  # the noise has 0.1
