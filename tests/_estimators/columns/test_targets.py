"""Targets that cannot be learned are refused with what mends them."""

import datetime
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from covering import covering
from sklearn.metrics import r2_score

from skshallow import ShallowNetClassifier, ShallowNetRegressor
from skshallow.inspection import compare_with_baseline

FEW = {"hidden_units": 2, "max_iter": 2, "random_state": 0, "batch_size": 4}
N = 12
DAYS = np.datetime64("2026-03-01") + np.arange(N)
NAMES = ["a", "b", "c"] * 4
NAN = float("nan")


def without(values, *rows, missing=None):
    """Return a list with a missing value in these rows."""
    return [missing if i in rows else value for i, value in enumerate(values)]


def features(container=np.array):
    return container(np.random.default_rng(0).normal(size=(N, 2)).tolist())


def rows_of_polars(rows):
    return pl.DataFrame(rows, orient="row")


MISSING_LABELS = {
    "None in a list": without(NAMES, 3, 8),
    "NaN in a list of strings": without(NAMES, 3, 8, missing=NAN),
    "NaN in floats": np.array(without([0.0, 1.0, 2.0] * 4, 3, 8, missing=NAN)),
    "NaN in objects": np.array(without(NAMES, 3, 8, missing=NAN), object),
    "NA in objects": np.array(without(NAMES, 3, 8, missing=pd.NA), object),
    "NaT in datetime64": np.array(without(DAYS, 3, 8, missing="NaT"), "M8[D]"),
    "NaT in timedelta64": np.array(without(DAYS, 3, 8, missing="NaT"), "M8[D]") - DAYS[0],
    "NaT in objects": np.array(
        without(NAMES, 3, 8, missing=np.datetime64("NaT", "D")), object
    ),
    "masked strings": np.ma.array(NAMES, mask=np.isin(np.arange(N), [3, 8])),
    "masked integers": np.ma.array([0, 1, 2] * 4, mask=np.isin(np.arange(N), [3, 8])),
    "pandas strings": pd.Series(without(NAMES, 3, 8)),
    "pandas integers": pd.Series(without([0, 1, 2] * 4, 3, 8), dtype="Int64"),
    "pandas booleans": pd.Series(without([True, False] * 6, 3, 8), dtype="boolean"),
    "pandas categories": pd.Series(without(NAMES, 3, 8), dtype="category"),
    "pandas shuffled index": pd.Series(without(NAMES, 3, 8), index=range(N)[::-1]),
    "pandas times": pd.Series(without(DAYS, 3, 8, missing=pd.NaT)),
    "a categorical": pd.Categorical(without(NAMES, 3, 8)),
    "polars strings": pl.Series(without(NAMES, 3, 8)),
    "polars integers": pl.Series(without([0, 1, 2] * 4, 3, 8)),
}
MISSING_NUMBERS = {
    "None in a list": without(range(N), 3, 8),
    "NaN in a list": without(range(N), 3, 8, missing=NAN),
    "NA in a list": without(range(N), 3, 8, missing=pd.NA),
    "None in objects": np.array(without(range(N), 3, 8), object),
    "NaN in float32": np.array(without(range(N), 3, 8, missing=NAN), np.float32),
    "masked": np.ma.array(np.arange(N), mask=np.isin(np.arange(N), [3, 8])),
    "pandas floats": pd.Series(without(range(N), 3, 8), dtype=float),
    "pandas Int64": pd.Series(without(range(N), 3, 8), dtype="Int64"),
    "pandas objects": pd.Series(without(range(N), 3, 8), dtype=object),
    "polars": pl.Series(without(range(N), 3, 8)),
    "polars with NaN": pl.Series(without(map(float, range(N)), 3, 8, missing=NAN)),
    "rows": [[value, 1.0] for value in without(range(N), 3, 8)],
    "masked rows": np.ma.array(
        np.ones((N, 2)), mask=np.isin(np.arange(2 * N), [6, 16]).reshape(N, 2)
    ),
    "pandas frame": pd.DataFrame({"a": without(range(N), 3, 8), "b": 1.0}),
    "polars frame": pl.DataFrame({"a": without(range(N), 3, 8), "b": 1.0}),
}
MISSING = {
    **{f"labels: {name}": (ShallowNetClassifier, y) for name, y in MISSING_LABELS.items()},
    **{f"numbers: {name}": (ShallowNetRegressor, y) for name, y in MISSING_NUMBERS.items()},
}
each_kind_of_missing = pytest.mark.parametrize("kind", MISSING)


def mended(message, **variables):
    """Return the variables after the code at the end of a message."""
    scope = {"np": np, "pd": pd, "pl": pl, **variables}
    code = [line[4:] for line in message.splitlines() if line.startswith("    ")]
    exec("\n".join(code), scope)
    return scope


@pytest.mark.parametrize(
    ("kind", "container"),
    covering(MISSING, [list, np.array, pd.DataFrame, rows_of_polars], apart=[(0, 1)]),
)
def test_missing_targets_are_counted_and_the_code_leaves_their_rows_out(kind, container):
    net_class, y = MISSING[kind]
    X = features(container)
    net = net_class(**FEW)
    with pytest.raises(
        ValueError, match=r"^y has 2 missing values, the first in row 3 "
    ) as info:
        net.fit(X, y)
    scope = mended(str(info.value), X=X, y=y)
    assert len(scope["X"]) == len(scope["y"]) == N - 2
    net.fit(scope["X"], scope["y"])


@each_kind_of_missing
def test_missing_targets_for_validation_are_named_by_their_argument(kind):
    net_class, y = MISSING[kind]
    X = features()
    with pytest.raises(ValueError, match=r"y has 2 missing values") as info:
        net_class(**FEW).fit(X, y)
    complete = mended(str(info.value), X=X, y=y)
    with pytest.raises(ValueError, match=r"^y_val has 2 missing") as info:
        net_class(**FEW).fit(complete["X"], complete["y"], X_val=X, y_val=y)
    scope = mended(str(info.value), X_val=X, y_val=y)
    assert len(scope["X_val"]) == len(scope["y_val"]) == N - 2


def test_missing_targets_of_the_calibration_rows_are_named_by_their_argument():
    X, y = features(), np.arange(N, dtype=float)
    net = ShallowNetRegressor(**FEW).fit(X, y)
    with pytest.raises(ValueError, match=r"^y_cal has 1 missing value, .* row 5") as info:
        net.conformalize(X, without(y, 5))
    scope = mended(str(info.value), X_cal=X, y_cal=without(y, 5))
    net.conformalize(scope["X_cal"], scope["y_cal"])


@pytest.mark.parametrize("missing", [None, NAN, pd.NA, pd.NaT])
def test_missing_values_are_no_classes(missing):
    with pytest.raises(ValueError, match="has a missing value, which is not a label"):
        ShallowNetClassifier(**FEW).partial_fit(
            features(), NAMES, classes=["a", "b", "c", missing]
        )


@pytest.mark.parametrize("classes", ["abc", b"abc", {"a"}, {"a": 1, "b": 2}], ids=repr)
def test_classes_that_are_no_list_are_refused_with_what_to_pass(classes):
    net = ShallowNetClassifier(**FEW)
    with pytest.raises(ValueError, match=r"^classes=.* is a .*such as np\.unique\(y\)"):
        net.partial_fit(features(), NAMES, classes=classes)


TIMES = {
    "datetime64": (DAYS, "dates", None),
    "timedelta64": (DAYS - DAYS[0], "durations", None),
    "dates in a list": (DAYS.tolist(), "dates", None),
    "dates in objects": (DAYS.astype(object), "dates", None),
    "times of day": ([datetime.time(hour) for hour in range(N)], "times of day", None),
    "pandas": (pd.Series(DAYS), "dates", None),
    "pandas with a zone": (pd.Series(DAYS).dt.tz_localize("Asia/Tokyo"), "dates", None),
    "pandas objects": (pd.Series(DAYS.astype(object)), "dates", None),
    "pandas durations": (pd.Series(DAYS - DAYS[0]), "durations", None),
    "pandas periods": (pd.Series(pd.period_range("2026", periods=N)), "periods", None),
    "polars": (pl.Series(DAYS), "dates", None),
    "polars times": (pl.Series(DAYS.astype("M8[us]")), "dates", None),
    "polars durations": (pl.Series((DAYS - DAYS[0]).astype("m8[us]")), "durations", None),
    "rows": (np.array([DAYS, DAYS]).T, "dates", "column 0"),
    "pandas frame": (pd.DataFrame({"a": 1.0, "day": DAYS}), "dates", "column 'day'"),
    "polars frame": (pl.DataFrame({"day": DAYS}), "dates", "column 'day'"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_a_regressor_refuses_times_with_the_code_that_makes_them_numbers(kind):
    y, words, column = TIMES[kind]
    where = f" in {column}" if column else ""
    net = ShallowNetRegressor(**FEW)
    with pytest.raises(ValueError, match=rf"^y has {words}{where} \(12 values\)") as info:
        net.fit(features(), y)
    code = str(info.value).splitlines()[-1].strip()
    numbers = np.asarray(mended(f"    numbers = {code}", y=y)["numbers"], dtype=float)
    steps = np.diff(numbers)
    assert steps[0] > 0
    np.testing.assert_allclose(steps, steps[0])
    net.fit(features(), numbers)


@pytest.mark.parametrize("labels", [DAYS[[0, 1] * 6], (DAYS - DAYS[0])[[0, 1] * 6]])
def test_a_classifier_takes_times_as_labels(labels):
    net = ShallowNetClassifier(**FEW).fit(features(), labels)
    np.testing.assert_array_equal(net.classes_, np.unique(labels))


NESTED = {
    "lists of polars": pl.Series([[0, 1]] * N),
    "lists of different lengths in objects": pd.Series([[0], [0, 1]] * 6).to_numpy(),
    "sets in a list": [{0}, {0, 1}] * 6,
    "a column of lists": pl.DataFrame({"a": [[0, 1]] * N}),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize(
    ("net_class", "words"),
    [(ShallowNetClassifier, "label.*MultiLabelBinarizer"), (ShallowNetRegressor, "number")],
)
def test_targets_with_several_values_in_one_entry_are_refused(net_class, words, kind):
    with pytest.raises(ValueError, match=rf"^y has nested values \(12 .*one {words}"):
        net_class(**FEW).fit(features(), NESTED[kind])


@pytest.mark.parametrize("net_class", [ShallowNetClassifier, ShallowNetRegressor])
@pytest.mark.parametrize("y", [np.empty(0), np.empty((0, 2)), []])
def test_no_rows_are_refused_as_no_rows(net_class, y):
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        net_class(**FEW).fit(np.empty((0, 2)), y)


# Scores and comparisons.

SCORED = np.random.default_rng(0).normal(size=(60, 3))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_score_names_the_row_without_a_target(missing):
    classifier = ShallowNetClassifier(2, max_iter=1, record_health=False).fit(
        SCORED, SCORED[:, 0] > 0
    )
    regressor = ShallowNetRegressor(2, max_iter=1, record_health=False).fit(
        SCORED, SCORED[:, 0]
    )
    for net, y in ((classifier, SCORED[:, 0] > 0), (regressor, SCORED[:, 0])):
        y = y.astype(object)
        y[[3, 7]] = missing
        words = r"y has 2 missing values, the first in row 3 .* cannot be scored on rows"
        with pytest.raises(ValueError, match=words) as error:
            net.score(SCORED, y)
        names = {"X": SCORED, "y": y, "np": np, "pd": pd}
        exec(re.sub(r"(?m)^    ", "", str(error.value).split(":\n")[1]), names)
        assert len(names["y"]) == len(names["X"]) == 58
    y = np.where(SCORED[:, 0] > 2, np.inf, SCORED[:, 0])
    with pytest.raises(ValueError, match="y contains infinity: 2 values, the first in row"):
        regressor.score(SCORED, np.where(np.isin(np.arange(60), [5, 9]), np.inf, y))


def test_scores_with_all_targets_are_those_of_scikit_learn():
    weight = np.arange(60.0)
    net = ShallowNetRegressor(2, max_iter=5, random_state=0).fit(SCORED, SCORED[:, 0])
    expected = r2_score(SCORED[:, 0], net.predict(SCORED), sample_weight=weight)
    assert net.score(SCORED, SCORED[:, 0], sample_weight=weight) == expected


def test_a_comparison_names_the_row_without_a_target():
    y = SCORED[:, 0].copy()
    y[4] = np.nan
    with pytest.raises(ValueError, match="y has 1 missing value, the first in row 4 "):
        compare_with_baseline(ShallowNetRegressor(2, max_iter=1), SCORED, y)
