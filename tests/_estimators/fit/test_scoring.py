"""Scorers of early stopping: what they are given, and what they may not return."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import clone, config_context
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, get_scorer, log_loss, make_scorer
from sklearn.model_selection import KFold

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning


@pytest.fixture
def own(X, y):
    """Validation rows with weights."""
    weight = np.random.default_rng(3).uniform(0.1, 4, size=20)
    return {"X_val": X[40:], "y_val": y[40:], "sample_weight_val": weight}


def scores(net, X, y, own):
    net.set_params(early_stopping=True).fit(X[:40], y[:40], **own)
    return net.validation_scores_


# Weights.


def test_a_plain_function_gets_no_weights(net_class, X, y, weight, few, own):
    def score(estimator, X, y):
        return -float(np.square(estimator.predict(X) - y).mean())

    net = net_class(**few, scoring=score)
    assert len(scores(net, X, y, own)) == 3
    net.fit(X, y, sample_weight=weight)
    assert len(net.validation_scores_) == 3


def test_class_weights_give_a_plain_function_no_weights(classifier_class, X, y, few):
    def score(estimator, X, y):
        return estimator.score(X, y)

    params = few | {"early_stopping": True, "class_weight": "balanced"}
    net = classifier_class(**params, scoring=score).fit(X, y)
    assert len(net.validation_scores_) == 3


def test_a_function_that_names_weights_gets_them(net_class, X, y, few, own):
    seen = []

    def score(estimator, X, y, sample_weight=None):
        seen.append(sample_weight)
        return 0.0

    scores(net_class(**few, scoring=score), X, y, own)
    expected = own["sample_weight_val"] / own["sample_weight_val"].max()
    assert_allclose(seen, [expected] * 3)
    seen.clear()
    with config_context(enable_metadata_routing=True):  # where a function requests nothing
        scores(net_class(**few, scoring=score), X, y, own)
    assert seen == [None] * 3


@pytest.mark.parametrize("scoring", ["neg_max_error", "neg_mean_absolute_error"])
def test_a_metric_gets_weights_if_it_takes_them(regressor_class, X, y, few, own, scoring):
    net = regressor_class(**few, scoring=scoring)
    last = scores(net, X, y, own)[net.best_iter_ - 1]
    weighted = {"sample_weight": own["sample_weight_val"]}
    weighted = {} if scoring == "neg_max_error" else weighted
    assert_allclose(last, get_scorer(scoring)(net, X[40:], y[40:], **weighted))


def test_a_scorer_gets_the_weights_that_it_requests(classifier_class, X, y, few, own):
    seen = []

    def metric(y_true, y_predicted, sample_weight=None):
        seen.append(sample_weight)
        return accuracy_score(y_true, y_predicted, sample_weight=sample_weight)

    with config_context(enable_metadata_routing=True):
        for requested in (None, False, True):
            seen.clear()
            scorer = make_scorer(metric).set_score_request(sample_weight=requested)
            scores(classifier_class(**few, scoring=scorer), X, y, own)
            assert len(seen) == 3
            assert all((it is not None) == bool(requested) for it in seen)
        seen.clear()  # metadata of another name, which `fit` does not have
        scorer = make_scorer(metric).set_score_request(sample_weight="importance")
        scores(classifier_class(**few, scoring=scorer), X, y, own)
        assert seen == [None] * 3
        scores(classifier_class(**few, scoring="accuracy"), X, y, own)


def test_without_weights_nobody_is_given_any(net_class, X, y, few):
    def score(estimator, X, y, **metadata):
        assert metadata == {}
        return 0.0

    own = {"X_val": X[40:], "y_val": y[40:]}
    assert_array_equal(scores(net_class(**few, scoring=score), X, y, own), 0)


# Scores that are none.


@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc_ovr", "top_k_accuracy"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_the_error_names_a_class_without_a_validation_row(
    classifier_class, X, y, few, scoring
):
    labels = np.array(["ant", "bee", "cow"])[y]
    seen = labels != "bee"
    net = classifier_class(**few, early_stopping=True, scoring=scoring)
    words = rf"scoring='{scoring}' .* no row of class 'bee' among .*make_scorer"
    with pytest.raises(ValueError, match=words):
        net.fit(X, labels, X_val=X[seen], y_val=labels[seen])
    assert not hasattr(net, "theta_")
    once = np.append(np.flatnonzero(seen), np.flatnonzero(~seen)[:1])
    with pytest.raises(ValueError, match=words):
        net.fit(X[once], labels[once])


def test_a_scorer_that_is_told_the_classes_does_without_rows_of_each(
    classifier_class, X, y, few
):
    scorer = make_scorer(
        log_loss, greater_is_better=False, response_method="predict_proba", labels=[0, 1, 2]
    )
    net = classifier_class(**few, early_stopping=True, scoring=scorer)
    net.fit(X, y, X_val=X[y > 0], y_val=y[y > 0])
    assert np.isfinite(net.validation_scores_).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_the_error_names_a_label_that_all_validation_rows_have(classifier_class, few):
    X, Y = make_multilabel_classification(60, 5, n_classes=3, random_state=0)
    rows = Y[:, 1] == 1
    net = classifier_class(**few, early_stopping=True, scoring="roc_auc")
    words = "there are no rows both with and without label 1 among"
    with pytest.raises(ValueError, match=words):
        net.fit(X, Y, X_val=X[rows], y_val=Y[rows])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_score_that_is_only_recorded_may_be_nan(X, y, few):
    net = ShallowNetClassifier(**few, early_stopping=False, scoring="roc_auc")
    net.fit(X, y > 0, X_val=X[y > 0], y_val=y[y > 0] > 0)
    assert_array_equal(net.validation_scores_, [np.nan] * 3)


def test_the_error_names_a_scorer_that_always_returns_nan(X, y, few):
    def undefined(estimator, X, y):
        return np.nan

    net = ShallowNetRegressor(**few, early_stopping=True, scoring=undefined)
    with pytest.raises(ValueError, match=r"scoring=<function .*undefined.* is nan on 6"):
        net.fit(X, y)


def test_epochs_whose_score_is_nan_are_never_the_best(X, y, few):
    values = iter([np.nan, -5.0, np.nan])

    def score(estimator, X, y):
        return next(values)

    net = ShallowNetRegressor(**few, early_stopping=True, scoring=score)
    with pytest.warns(UndefinedMetricWarning, match="2 of 3 epochs: none of these is the"):
        net.fit(X, y)
    assert net.best_iter_ == 2
    assert net.best_validation_score_ == -5.0


@pytest.mark.parametrize("value", ["x", None, {}, 1j, np.zeros(2), [0.5]], ids=repr)
def test_the_error_names_a_scorer_that_returns_no_number(X, y, few, value):
    def score(estimator, X, y):
        return value

    net = ShallowNetClassifier(**few, early_stopping=True, scoring=score)
    words = r"scoring=<function .* returned .*, which is not a number"
    with pytest.raises(TypeError, match=words):
        net.fit(X, y)
    assert not hasattr(net, "theta_")


def test_the_scorers_own_errors_pass_through(X, y, few):
    def score(estimator, X, y):
        raise ValueError("mine")

    net = ShallowNetClassifier(**few, early_stopping=True, scoring=score)
    with pytest.raises(ValueError, match=r"^mine\n") as raised:
        net.fit(X, y)
    (note,) = raised.value.__notes__
    assert re.fullmatch(r"It is of scoring=<function .*>, on 6 validation rows\.", note)


# Scorers without a value for some predictions.

BOUNDED = ("neg_mean_squared_log_error", -1.0), ("neg_mean_gamma_deviance", 0.0)


@pytest.mark.parametrize("early_stopping", [True, "auto"])
@pytest.mark.parametrize(("scoring", "least"), BOUNDED)
def test_an_epoch_whose_predictions_a_scorer_refuses_is_never_the_best(
    early_stopping, scoring, least
):
    X = np.random.default_rng(0).normal(size=(300, 1))
    y = 5 + np.tanh(X[:, 0])
    net = DeepNetRegressor.from_weights([[[0.0]]], [[-20.0]])  # rises to 5 from below
    net.set_params(solver="sgd", learning_rate=0.3, schedule="constant", max_iter=60)
    net.set_params(batch_size=200, standardize=False, warm_start=True)
    net.set_params(early_stopping=early_stopping, scoring=scoring)
    own = {"X_val": X[200:], "y_val": y[200:]}
    with pytest.warns(UndefinedMetricWarning, match=rf"scoring='{scoring}' .* epochs? "):
        net.fit(X[:200], y[:200], **own)
    n_refused = np.isnan(net.validation_scores_).sum()
    assert_array_equal(np.isnan(net.validation_scores_[:n_refused]), True)
    assert 0 < n_refused < net.best_iter_
    assert net.predict(X[200:]).min() > least
    best = net.validation_scores_[net.best_iter_ - 1]
    assert_allclose(best, get_scorer(scoring)(net, X[200:], y[200:]))


# They raise an error for what a net predicts at first, and later not.


def below_zero(estimator, X, y):
    return get_scorer("neg_mean_poisson_deviance")(estimator, X, y)


def on_some_rows(estimator, X, y):
    return below_zero(estimator, X[::2], y[::2]) - 1e-9 * estimator.n_iter_


def too_flat(estimator, X, y):
    if np.ptp(estimator.predict_proba(X)[:, 0]) < 0.05:
        raise ValueError("too flat")
    return 0.0


REFUSING = {
    below_zero: (-20.0, "strictly positive y_pred"),  # of counts with zeros
    on_some_rows: (-20.0, "strictly positive y_pred"),
    too_flat: (0.0, "too flat"),
}


@pytest.mark.parametrize("scoring", REFUSING)
def test_any_scorer_may_refuse_predictions(scoring):
    X = np.arange(40.0)[:, np.newaxis] / 40
    y = (X[:, 0] > 0.5).astype(int) if scoring is too_flat else np.r_[0, [3] * 39]
    intercept, words = REFUSING[scoring]
    cls = DeepNetClassifier if scoring is too_flat else DeepNetRegressor
    net = cls.from_weights([[[0.0]]], [[intercept]], warm_start=True, scoring=scoring)
    if scoring is too_flat:
        net.set_params(temperature_scaling=False)  # which stretches what is flat
    net.set_params(solver="sgd", learning_rate=1e-9, schedule="constant", max_iter=1)
    net.set_params(standardize=False, n_iter_no_change=np.inf)
    own = {"X_val": X, "y_val": y}
    for early_stopping in ("auto", False):
        net.set_params(early_stopping=early_stopping)
        with pytest.warns(UndefinedMetricWarning, match=rf"1 of 1 epoch \(.*{words}"):
            net.fit(X, y, **own)
        assert np.isnan(net.best_validation_score_)
    n_before = net.n_iter_
    with pytest.raises(ValueError, match=words) as raised:
        net.set_params(early_stopping=True).fit(X, y, **own)
    assert raised.value.__notes__[0].endswith("on 40 validation rows.")
    assert net.n_iter_ == n_before
    net.set_params(learning_rate=0.5, max_iter=60, batch_size=40)
    with pytest.warns(UndefinedMetricWarning, match="none of these is the best"):
        net.fit(X, y, **own)
    assert np.isnan(net.validation_scores_[n_before])
    assert np.isfinite(net.validation_scores_[net.best_iter_ - 1])


def test_the_last_weights_stay_if_a_scorer_has_no_value_for_the_targets(X, y, few):
    net = ShallowNetRegressor(**few, scoring="neg_mean_squared_log_error")
    own = {"X_val": X[40:], "y_val": -2.0 - y[40:]}
    with pytest.warns(UndefinedMetricWarning, match="3 of 3 epochs .*: the last weights"):
        net.fit(X[:40], y[:40], **own)
    last = clone(net).set_params(early_stopping=False, scoring=None).fit(X[:40], y[:40])
    assert_array_equal(net.theta_, last.theta_)
    assert np.isnan(net.best_validation_score_)


def test_what_a_checkpoint_has_refused_is_told_again(X, y, few, tmp_path):
    net = ShallowNetRegressor(**few, scoring="neg_mean_squared_log_error")
    own = {"X_val": X[40:], "y_val": -2.0 - y[40:]}
    for _ in range(2):
        net.set_callbacks(Checkpoint(tmp_path / "fit.npz"))
        with pytest.warns(UndefinedMetricWarning, match="3 of 3 epochs"):
            net.fit(X[:40], y[:40], **own)


# Scorers without a value on the validation rows, and early_stopping="auto".

MANY = 300
ROWS = np.random.default_rng(5).normal(size=(MANY, 4))
THREE = np.sort(np.arange(MANY) % 3)
LABELS = np.column_stack([ROWS[:, 0] > 0, np.arange(MANY) < MANY - 75]).astype(int)


def not_scored(net, y, **own):
    """Return the warning about the scorer of a fit that was to stop early."""
    with pytest.warns(IneffectiveParameterWarning) as caught:
        net.fit(ROWS, y, **own)
    assert net.resolved_params_["early_stopping"] is False
    assert len(net.validation_scores_) == 0
    plain = clone(net).set_params(
        early_stopping=False, scoring=None, validation_fraction="auto"
    )
    own.pop("groups", None)
    assert_array_equal(net.theta_, plain.fit(ROWS, y, **own).theta_)
    (words,) = [str(it.message) for it in caught if str(it.message).startswith("scoring=")]
    return words


@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc_ovr", "top_k_accuracy"])
def test_auto_does_not_stop_early_where_the_rows_that_validate_lack_a_class(
    classifier_class, few, scoring
):
    net = classifier_class(**few, scoring=scoring)
    groups = 10 * THREE + np.arange(MANY) % 7  # of one class each
    words = not_scored(net, THREE, groups=groups)
    assert re.search(r"which means False where .* on \d+ validation rows: there", words)
    net.set_params(validation_fraction=KFold(4))
    assert "there is no row of classes 0, 1 among them" in not_scored(net, THREE)
    net.set_params(validation_fraction="auto")
    own = {"X_val": ROWS[THREE > 0], "y_val": THREE[THREE > 0]}
    assert "there is no row of class 0 among them" in not_scored(net, THREE, **own)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_auto_does_not_stop_early_where_all_rows_that_validate_have_a_label(
    classifier_class, few
):
    net = classifier_class(**few, scoring="roc_auc", validation_fraction=KFold(4))
    words = not_scored(net, LABELS)
    assert "is nan on 75 validation rows" in words
    assert "there are no rows both with and without label 1 among them" in words
    # what a scorer can do without them is used
    net.set_params(scoring="accuracy").fit(ROWS, LABELS)
    assert net.resolved_params_["early_stopping"] is True


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_auto_does_not_stop_early_by_the_r2_of_a_single_row(regressor_class, few):
    net = regressor_class(**few, scoring="r2", validation_fraction=1 / MANY)
    assert "scoring='r2' is nan on 1 validation row," in not_scored(net, ROWS[:, 0])
