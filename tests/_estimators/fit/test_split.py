"""What trains and what validates: by class, by group, or as a splitter says."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedGroupKFold,
    TimeSeriesSplit,
)

from skshallow import DeepNetClassifier, ShallowNetClassifier, ShallowNetRegressor
from skshallow._estimators.fit.auto import AUTO_EARLY_STOPPING_ROWS
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
    words = (
        r"early_stopping='auto', which means False where it cannot hold .*=0.2 of 256 rows"
    )
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
    words = "which means False where scoring=.* there is no row of class 'cow' among"
    with pytest.warns(IneffectiveParameterWarning, match=words):
        net.fit(X, y)
    assert resolved(net) is False
    # without a scorer one row is no hindrance
    net.set_params(scoring=None).fit(X, y)
    assert resolved(net) is True
    # nor is it for a scorer that needs no row of each class
    net.set_params(scoring="accuracy").fit(X, y)
    assert resolved(net) is True
    assert len(net.validation_scores_) == 2


# Splitters and groups.

SPLITTERS = [
    ShuffleSplit(3, test_size=0.3, random_state=0),
    TimeSeriesSplit(4, gap=2),
    KFold(5),
    PredefinedSplit(np.arange(60) % 3),
    GroupShuffleSplit(2, test_size=0.2, random_state=1),
    StratifiedGroupKFold(3),
]
GROUPS = np.array(list("abcdefghijklmno"))[np.arange(60) // 4]


def groups_for(splitter):
    by_group = "Group" in type(splitter).__name__
    return {"groups": GROUPS} if by_group else {}


def seen_rows(net, X, y, **params):
    """Return the rows that a fit validates on, by a scorer that finds them in X."""
    found = []

    def scorer(estimator, X_val, y_val):
        found.append([int(np.flatnonzero((row == X).all(axis=1))[0]) for row in X_val])
        assert_array_equal(y_val, y[found[-1]])
        return 0.0

    net.set_params(scoring=scorer, early_stopping=True).fit(X, y, **params)
    return found[0]


@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda it: type(it).__name__)
def test_the_last_split_of_a_splitter_trains_and_validates(net_class, X, y, few, splitter):
    groups = groups_for(splitter)
    *_, (train, test) = splitter.split(X, y, **groups)
    params = few | {"shuffle": False, "early_stopping": True}
    net = net_class(**params, validation_fraction=splitter)
    net.fit(X, y, **groups)
    own = net_class(**params).fit(
        X[np.sort(train)], y[np.sort(train)], X_val=X[np.sort(test)], y_val=y[np.sort(test)]
    )
    assert_array_equal(net.theta_, own.theta_)
    assert_array_equal(net.validation_loss_curve_, own.validation_loss_curve_)
    assert_array_equal(seen_rows(net, X, y, **groups), np.sort(test))


@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda it: type(it).__name__)
def test_rows_of_weight_0_are_left_out_before_a_splitter_splits(
    net_class, X, y, few, splitter
):
    if isinstance(splitter, PredefinedSplit):
        splitter = PredefinedSplit(np.arange(50) % 3)
    weight = np.ones(60)
    weight[5::6] = 0
    kept = np.flatnonzero(weight)
    groups = groups_for(splitter)
    own = {name: values[kept] for name, values in groups.items()}
    net = net_class(**few, early_stopping=True, validation_fraction=splitter)
    weighted = net.fit(X, y, weight, **groups).theta_
    assert_array_equal(weighted, net.fit(X[kept], y[kept], **own).theta_)


def test_a_fraction_with_groups_holds_whole_groups_out(net_class, X, y, few):
    net = net_class(**few, early_stopping=True, validation_fraction=0.2)
    rows = seen_rows(net, X, y, groups=GROUPS)
    assert len(rows) == 12
    assert not set(GROUPS[rows]) & set(np.delete(GROUPS, rows))
    split = GroupShuffleSplit(1, test_size=0.2, random_state=np.random.RandomState(0))
    ((_, test),) = split.split(X, y, GROUPS)
    assert_array_equal(rows, np.sort(test))


@pytest.mark.parametrize("kind", [list, pd.Series, pl.Series, pd.Categorical])
def test_groups_come_in_any_container(X, y, few, kind):
    few |= {"early_stopping": True}
    net = ShallowNetClassifier(**few).fit(X, y, groups=GROUPS)
    other = ShallowNetClassifier(**few).fit(X, y, groups=kind(GROUPS.tolist()))
    assert_array_equal(other.theta_, net.theta_)


def test_a_splitter_gets_the_rows_as_the_user_gave_them(X, y, few):
    class ByDay:
        def split(self, X, y=None, groups=None):
            late = np.asarray(X["day"] > 40)
            yield ~late, late  # masks are as good as indices

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    frame = pd.DataFrame(X, columns=list("abcde")).assign(day=np.arange(60))
    net = ShallowNetRegressor(**few, early_stopping=True, validation_fraction=ByDay())
    by_hand = PredefinedSplit(np.where(np.arange(60) > 40, 0, -1))
    other = ShallowNetRegressor(**few, early_stopping=True, validation_fraction=by_hand)
    assert_array_equal(net.fit(frame, y).theta_, other.fit(frame, y).theta_)


def pairs(*splits):
    """Return a splitter that gives these splits."""

    class Splitter:
        def split(self, X, y=None, groups=None):
            return iter(splits)

        def get_n_splits(self, X=None, y=None, groups=None):
            return len(splits)

    return Splitter()


# by the words that the error says: the name of a class of one's own has an address in it
@pytest.mark.parametrize(
    ("splitter", "words"),
    [
        (pairs(), "gives no split"),
        (pairs(([0, 1, 2], [2, 3])), "row 2 both to train and to validate on"),
        (pairs(([0, 1], [58, 60])), "gives rows 58 to 60 to validate on, .* 60 rows"),
        (pairs(([-1, 1], [3])), "gives rows -1 to 1 to train on"),
        (pairs(([0.5, 1], [3])), "gives rows 0.5 to 1.0 to train on"),
        (pairs(([0, 1], [])), "has no rows to validate on"),
        (
            PredefinedSplit(np.arange(70) % 2),
            "gives rows 0 to 68 to train on, but X has 60 rows",
        ),
        (TimeSeriesSplit(100), r"cannot split 60 rows by .*TimeSeriesSplit.*Give more"),
        (GroupShuffleSplit(), r"needs groups: pass fit\(X, y, groups=groups\)"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_splitter_that_does_not_fit_the_rows_is_an_error(
    net_class, X, y, few, splitter, words
):
    net = net_class(**few, early_stopping=True, validation_fraction=splitter)
    with pytest.raises(ValueError, match=words):
        net.fit(X, y)
    assert not hasattr(net, "theta_")


def test_a_splitter_of_all_rows_does_not_fit_those_of_positive_weight(X, y, few):
    splitter = PredefinedSplit(np.arange(60) % 2)
    net = ShallowNetRegressor(**few, early_stopping=True, validation_fraction=splitter)
    with pytest.raises(ValueError, match="X has 59 rows, those of weight 0 left out"):
        net.fit(X, y, np.arange(60))


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (GROUPS[1:], "groups has 59 entries; give the group of each row"),
        (np.ones((60, 2)), "groups must be 1-dimensional"),
        (np.r_[np.nan, np.ones(59)], "groups contains NaN"),
        (np.array([None, *GROUPS[1:]], object), "several types, or missing ones"),
        (np.zeros(60), "cannot split 60 rows of 1 group by validation_fraction=0.1"),
    ],
    ids=str,
)
def test_groups_that_do_not_fit_the_rows_are_an_error(net_class, X, y, few, groups, words):
    net = net_class(**few, early_stopping=True)
    with pytest.raises(ValueError, match=words):
        net.fit(X, y, groups=groups)
    assert not hasattr(net, "theta_")


def test_auto_falls_back_where_there_is_one_group():
    n = AUTO_EARLY_STOPPING_ROWS
    X = np.random.default_rng(0).normal(size=(n, 3))
    net = ShallowNetRegressor(4, max_iter=2, random_state=0)
    with pytest.warns(IneffectiveParameterWarning, match="groups has no effect .* 1 group"):
        net.fit(X, X[:, 0], groups=np.zeros(n))
    assert resolved(net) is False


def test_a_class_that_is_held_out_as_a_whole_is_told(classifier_class, X, few):
    y = np.repeat([0, 1, 2], 20)
    net = classifier_class(**few, early_stopping=True, validation_fraction=KFold(3))
    with pytest.warns(UserWarning, match="holds all rows of class 2 out"):
        net.fit(X, y)
    assert np.isfinite(net.predict_proba(X)).all()


def grouped(n_groups, rng, slope):
    """Return 20 rows of each group, hardly apart, that share one class."""
    effect = rng.normal(size=(n_groups, 10))
    y = rng.random(n_groups) < 1 / (1 + np.exp(-effect @ slope))
    groups = np.repeat(np.arange(n_groups), 20)
    X = effect[groups] + 0.1 * rng.normal(size=(len(groups), 10))
    return X, y[groups].astype(int), groups


def test_whole_groups_tell_what_random_rows_hide():
    losses = []
    for seed in (2, 3):
        rng = np.random.default_rng(seed)
        slope = 0.5 * rng.normal(size=10)
        X, y, groups = grouped(100, rng, slope)
        X_new, y_new, _ = grouped(400, rng, slope)
        net = DeepNetClassifier(random_state=seed, max_iter=40)
        by_row = net.fit(X, y).predict_proba(X_new)
        by_group = net.fit(X, y, groups=groups).predict_proba(X_new)
        constant = np.full(len(y_new), y.mean())
        losses.append([log_loss(y_new, it) for it in (by_row, by_group, constant)])
    by_row, by_group, constant = np.mean(losses, axis=0)
    assert by_group < constant < by_row
