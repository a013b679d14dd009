"""Errors about arrays call an argument what the user wrote: X_val, y_val, X_cal, y_cal."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skshallow import DeepNetClassifier, ShallowNetRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
MIXED = FRAME.assign(c=["p", "q"] * 20)
NUMBERS = X[:, 0]
LABELS = np.arange(40) % 2
INFINITE = np.where(np.arange(40) == 7, np.inf, NUMBERS)
OTHER_NAMES = {"a": "z"}

# The X that fit is given, other rows that do not fit it, and words of the error.
OTHER_ROWS = {
    "fewer columns": (X, X[:, :2], "{X} has 2 features"),
    "fewer columns of a frame": (FRAME, FRAME[["a", "b"]], "features of.*missing:\n- c"),
    "other names": (FRAME, FRAME.rename(columns=OTHER_NAMES), "{X} must have the features"),
    "other names, mixed": (MIXED, MIXED.rename(columns=OTHER_NAMES), "{X} must have the"),
    "infinity": (
        X,
        np.c_[INFINITE, X[:, 1:]],
        "{X} has 1 column .*infinity .* column 0",
    ),
    "strings": (X, X.astype(str), "{X} has 3 columns that a net cannot read"),
    "too few rows": (X, X[:9], "{X} has 9, {y} has 40"),
    "one dimension": (X, NUMBERS, "{X}: Expected 2D array"),
    "no rows": (X, X[:0], "{X}: Found array with 0 sample"),
    "complex": (X, X * 1j, "{X}: Complex data not supported"),
    "ragged": (X, [[1, 2], [1]] * 20, "^{X} is a list of rows of different lengths"),
    "a name twice": (FRAME, pd.concat([FRAME, FRAME], axis=1), "{X} has 2 columns named"),
}
# Targets of a classifier, or of a regressor, that do not fit those before.
OTHER_LABELS = {
    "a new class": (LABELS + 1, "{y} contains the label 2"),
    "real values": (NUMBERS, "Unknown label type: continuous values in {y}"),
    "several labels": (np.eye(40, 2, dtype=int), "{y} and the y of the first fit differ"),
    "several types": (np.array([1, "a"] * 20, object), "{y} has objects of type int, str"),
    "too few": (LABELS[:9], "{X} has 40, {y} has 9"),
    "two targets": (np.tile([1, 2, 3], (40, 1)), "{y} has several targets of several"),
}
OTHER_NUMBERS = {
    "infinity": (INFINITE, "{y} contains infinity: . values?, the first in row"),
    "strings": (["a"] * 40, "{y} has the value 'a'"),
    "objects": (np.array([1, "a"] * 20, object), "{y} has the value 'a'"),
    "several targets": (X, "{y} has 3 targets per row"),
    "too few": (NUMBERS[:9], "{X} has 40, {y} has 9"),
    "missing": (np.where(NUMBERS > 1, np.nan, NUMBERS), "{y} has . missing values"),
    "a scalar": (3.0, "^{y} is the single value 3.0; it needs one for each row"),
    "a scalar array": (np.array(3.0), r"^{y} is the single value array\(3\.\)"),
    "complex": (X[:, 0] * 1j, "^{y}: Complex data not supported"),
    "a complex object": (np.array([1, 1j] * 20, object), "{y} has the value 1j"),
    "a huge integer": ([1, 10**400] * 20, "{y} has the value 1000"),
    "three dimensions": (X[:, None], "{y}: Found array with dim 3"),
}


def refused(words, X, y):
    """Return the context in which an error with these words is raised."""
    pattern = "(?s)" + words.format(X=X, y=y)
    return pytest.raises(ValueError, match=pattern)


@pytest.mark.parametrize(("given", "other", "words"), OTHER_ROWS.values(), ids=OTHER_ROWS)
def test_errors_about_other_rows_call_them_what_the_user_does(given, other, words):
    net = ShallowNetRegressor(2, max_iter=1)
    with refused(words, "X_val", "y_val"):
        net.fit(given, NUMBERS, X_val=other, y_val=NUMBERS)
    net.fit(given, NUMBERS)
    with refused(words, "X_cal", "y_cal"):
        net.conformalize(other, NUMBERS)


@pytest.mark.parametrize(("other", "words"), OTHER_LABELS.values(), ids=OTHER_LABELS)
def test_errors_about_labels_for_validation_speak_of_y_val(other, words):
    net = DeepNetClassifier(2, max_iter=1)
    with refused(words, "X_val", "y_val"):
        net.fit(X, LABELS, X_val=X, y_val=other)


@pytest.mark.parametrize(("other", "words"), OTHER_NUMBERS.values(), ids=OTHER_NUMBERS)
def test_errors_about_other_numbers_call_them_what_the_user_does(other, words):
    net = ShallowNetRegressor(2, max_iter=1)
    with refused(words, "X_val", "y_val"):
        net.fit(X, NUMBERS, X_val=X, y_val=other)
    net.fit(X, NUMBERS)
    with refused(words, "X_cal", "y_cal"):
        net.conformalize(X, other)


@pytest.mark.parametrize("value", ["nan", "-inf", Decimal("Infinity"), np.inf], ids=repr)
def test_targets_that_become_infinite_or_missing_numbers_are_told_of_by_row(value):
    """Strings and objects are numbers only once they are converted."""
    kind = str if isinstance(value, str) else object
    other = np.array([*map(kind if kind is str else float, NUMBERS)], object)
    other[7] = value
    net = ShallowNetRegressor(2, max_iter=1)
    words = r"^{y} (has the value .*(nan|inf|Inf)|contains infinity).* row 7 \(counted from"
    for given in (other, other.tolist()):
        with refused(words, "X", "y"):
            net.fit(X, given)
        assert not hasattr(net, "theta_")
        with refused(words, "X_val", "y_val"):
            net.fit(X, NUMBERS, X_val=X, y_val=given)
        with refused(words, "X_cal", "y_cal"):
            ShallowNetRegressor(2, max_iter=1).fit(X, NUMBERS).conformalize(X, given)


DAYS = np.datetime64("2020-01-01") + np.arange(40)


@pytest.mark.parametrize("times", [DAYS, DAYS - DAYS[0], pd.Series(DAYS)], ids=type)
@pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val"])
def test_times_are_no_weights(name, times):
    given = {"X_val": X, "y_val": LABELS, name: times}
    with pytest.raises(ValueError, match=f"^{name} has times. Weights are numbers"):
        DeepNetClassifier(2).fit(X, LABELS, **given)


def test_missing_times_are_no_groups():
    groups = DAYS.copy()
    groups[3] = "NaT"
    net = DeepNetClassifier(2, max_iter=1, early_stopping=True)
    with pytest.raises(ValueError, match=r"^groups has missing times \(NaT\)"):
        net.fit(X, LABELS, groups=groups)


@pytest.mark.parametrize("names", ["X sample_weight", "X_val sample_weight_val"])
def test_too_few_weights_are_told_of_by_name(names):
    table, weight = names.split()
    given = {"X_val": X, "y_val": LABELS, weight: np.ones(9)}
    message = f"inconsistent numbers of samples: {table} has 40, {weight} has 9."
    with pytest.raises(ValueError, match=re.escape(message)):
        DeepNetClassifier(2).fit(X, LABELS, **given)


def test_a_loss_that_refuses_targets_is_told_which():
    net = ShallowNetRegressor(2, max_iter=1, loss="poisson")
    with pytest.raises(ValueError, match=r"y_val: loss='poisson' needs targets y >= 0"):
        net.fit(X, NUMBERS**2, X_val=X, y_val=NUMBERS)
    net.fit(X, NUMBERS**2)
    with pytest.raises(ValueError, match=r"y_cal: loss='poisson' needs targets y >= 0"):
        net.conformalize(X, NUMBERS)
    for forgotten, name in ((None, "y_cal is None"), (iter(NUMBERS), "y_cal is a ")):
        with pytest.raises((TypeError, ValueError), match=name):
            net.conformalize(X, forgotten)


@pytest.mark.parametrize("weight", ["a", 1j, {}, 10**400])
@pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val"])
def test_weights_that_are_no_numbers_are_told_of_by_name(weight, name):
    given = {"X_val": X, "y_val": LABELS, name: [1] * 39 + [weight]}
    message = f"^{name} has the value {repr(weight)[:9]}"
    with pytest.raises(ValueError, match=message) as error:
        DeepNetClassifier(2).fit(X, LABELS, **given)
    assert str(error.value).count(name) == 1


@pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val", "groups"])
def test_one_number_is_not_an_entry_for_each_row(name):
    given = {name: 3} if name == "groups" else {"X_val": X, "y_val": LABELS, name: 3}
    with pytest.raises(ValueError, match=f"^{name} is the single value 3; it needs one"):
        DeepNetClassifier(2, early_stopping=name == "groups").fit(X, LABELS, **given)


def test_sparse_weights_are_told_how_they_become_dense():
    weight = sparse.csr_array(np.ones((40, 1)))
    with pytest.raises(TypeError, match="Sparse data was passed for sample_weight"):
        DeepNetClassifier(2).fit(X, LABELS, sample_weight=weight)


def test_rows_without_a_target_are_left_out_of_the_arguments_that_go_with_them():
    missing = np.where(NUMBERS > 1, np.nan, NUMBERS)
    net = ShallowNetRegressor(2, max_iter=1).fit(X, NUMBERS)
    with pytest.raises(ValueError, match="Leave them out, and in sample_weight and groups"):
        net.fit(X, missing)
    with pytest.raises(ValueError, match="Leave them out, and in sample_weight_val, too"):
        net.fit(X, NUMBERS, X_val=X, y_val=missing)
    with pytest.raises(ValueError, match="Leave them out:"):
        net.conformalize(X, missing)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_rows_are_predicted_even_if_their_sum_is_not_finite(dtype):
    net = DeepNetClassifier(max_iter=2, random_state=0).fit(X.astype(dtype), LABELS)
    large = np.full((4, 3), np.finfo(dtype).max, dtype)
    large[2:] *= -1
    large[0, 0] = 0
    assert np.isfinite(net.predict_proba(large)).all()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_a_validation_set_without_the_names_of_columns_is_warned_of_by_name(form):
    net = ShallowNetRegressor(2, max_iter=2, random_state=0)
    words = "^X_val does not have valid feature names, but ShallowNetRegressor was fitted"
    with pytest.warns(UserWarning, match=words):
        net.fit(FRAME, NUMBERS, X_val=form(X), y_val=NUMBERS)
