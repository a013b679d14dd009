"""What trains and what validates: rows are held out from each class its share."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skshallow import ShallowNetClassifier
from skshallow._estimators.fit.config import AUTO_EARLY_STOPPING_ROWS
from skshallow._estimators.fit.split import rows_to_hold_out
from skshallow.exceptions import IneffectiveParameterWarning

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


def test_each_class_of_two_rows_is_held_out_where_a_scorer_needs_it():
    classes = np.repeat(["a", "b", "c", "d"], [1, 2, 3, 294])
    for seed in range(20):
        shares = rows_to_hold_out(classes, 30, np.random.RandomState(seed))
        rows = rows_to_hold_out(classes, 30, np.random.RandomState(seed), each=True)
        assert_array_equal(np.unique(rows), rows)
        assert np.isin(shares, rows).all()
        added = np.setdiff1d(rows, shares)
        assert_array_equal(
            np.sort(classes[added]), np.setdiff1d(["b", "c", "d"], classes[shares])
        )
        left = np.delete(classes, rows)
        assert_array_equal(np.unique(left), ["a", "b", "c", "d"])


# Where rows cannot be held out.


def resolved(net):
    return net.resolved_params_["early_stopping"]


def test_auto_falls_back_to_no_early_stopping_where_each_class_has_one_row():
    n = AUTO_EARLY_STOPPING_ROWS
    X, y = np.random.default_rng(0).normal(size=(n, 3)), np.arange(n)
    net = ShallowNetClassifier(4, max_iter=2, random_state=0).fit(X, y)
    assert resolved(net) is False
    assert len(net.validation_loss_curve_) == 0
    plain = ShallowNetClassifier(4, max_iter=2, random_state=0, early_stopping=False)
    assert_array_equal(net.theta_, plain.fit(X, y).theta_)
    net = ShallowNetClassifier(4, max_iter=2, validation_fraction=0.2, random_state=0)
    words = r"early_stopping='auto', which is False where it cannot hold .*=0.2 of 256 rows"
    with pytest.warns(IneffectiveParameterWarning, match=words):
        net.fit(X, y)
    with pytest.raises(ValueError, match=r"early_stopping cannot hold .* Give more rows"):
        net.set_params(early_stopping=True).fit(X, y)


SCORES_OF_ALL_CLASSES = ["neg_log_loss", "roc_auc_ovr", "top_k_accuracy"]


def three_classes(*n_rows):
    """Return rows of three classes, so many of each."""
    y = np.repeat(["ant", "bee", "cow"], n_rows)
    X = np.random.default_rng(0).normal(size=(len(y), 3)) + (y == "bee")[:, np.newaxis]
    return X, y


@pytest.mark.parametrize("scoring", SCORES_OF_ALL_CLASSES)
def test_a_rare_class_has_a_validation_row_for_a_scorer(classifier_class, scoring):
    X, y = three_classes(150, 148, 2)
    for seed in range(5):
        net = classifier_class(4, max_iter=2, scoring=scoring, random_state=seed).fit(X, y)
        assert resolved(net) is True
        assert np.isfinite(net.validation_scores_).all()


@pytest.mark.parametrize("scoring", SCORES_OF_ALL_CLASSES)
def test_auto_does_not_score_without_a_row_to_spare_of_each_class(
    classifier_class, scoring
):
    X, y = three_classes(150, 149, 1)
    net = classifier_class(4, max_iter=2, scoring=scoring, random_state=0)
    words = r"which is False where there is no row of class 'cow' both .*scoring="
    with pytest.warns(IneffectiveParameterWarning, match=words):
        net.fit(X, y)
    assert resolved(net) is False
    # without a scorer one row is no hindrance
    net.set_params(scoring=None).fit(X, y)
    assert resolved(net) is True
    # nor is it for a scorer that needs no row of each class
    net.set_params(scoring="accuracy", early_stopping=True).fit(X, y)
    assert len(net.validation_scores_) == 2
