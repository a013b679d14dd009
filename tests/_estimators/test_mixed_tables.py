"""Data frames with categories and missing values: every method, every container."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from callbacks import Silent
from containers import CONTAINERS
from numpy.testing import assert_allclose, assert_array_equal
from same_state import assert_same
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    HiddenFeatures,
    ShallowNetClassifier,
    ShallowNetRegressor,
    load,
)
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.inspection import compare_with_baseline, gradient_check, health_report

pytestmark = pytest.mark.filterwarnings(
    "ignore::skshallow.exceptions.DeadUnitsWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)
N_ROWS = 400
CITIES = [f"city {i:02}" for i in range(70)]


def columns(n_rows=N_ROWS, seed=0):
    """Return columns by name: two numbers, categories of 2, 4 and 70 levels."""
    rng = np.random.default_rng(seed)
    age = [None if rng.random() < 0.1 else float(rng.normal(40, 10)) for _ in range(n_rows)]
    return {
        "age": age,
        "income": rng.normal(size=n_rows).tolist(),
        "sex": rng.choice(["f", "m"], n_rows).tolist(),
        "size": rng.choice(["S", "M", "L", None], n_rows).tolist(),
        "city": rng.choice(CITIES, n_rows).tolist(),
    }


def frame(n_rows=N_ROWS, seed=0):
    return pd.DataFrame(columns(n_rows, seed))


def target(X, seed=0):
    """Return a number that depends on each column."""
    rng = np.random.default_rng(seed)
    worth = dict(
        zip(CITIES, np.random.default_rng(9).normal(size=len(CITIES)), strict=True)
    )
    y = X["income"] + (X["sex"] == "m") + 2.0 * (X["size"] == "L") + X["age"].isna()
    return (y + X["city"].map(worth) + 0.1 * rng.normal(size=len(X))).to_numpy()


def net(cls=DeepNetRegressor, **params):
    return cls(**{"hidden_units": 16, "max_iter": 20, "random_state": 0, **params})


def fitted(cls=DeepNetRegressor, **params):
    X = frame()
    y = target(X)
    return net(cls, **params).fit(
        X, y > np.median(y) if "Classifier" in cls.__name__ else y
    )


@pytest.mark.parametrize(
    "cls", [DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier, ShallowNetRegressor]
)
def test_a_raw_data_frame_is_taken_as_it_is(cls):
    X, X_new = frame(1500), frame(seed=1)
    y, y_new = target(X), target(X_new, seed=1)
    if "Classifier" in cls.__name__:
        y, y_new = y > np.median(y), y_new > np.median(y)
    own = cls(max_iter=40, random_state=0).fit(X, y)
    assert own.n_features_in_ == 5
    assert_array_equal(own.feature_names_in_, X.columns)
    assert own.score(X_new, y_new) > 0.85


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_rows_give_the_same_model_from_each_container(container):
    make, X = CONTAINERS[container], frame()
    own = net().fit(make(columns()), target(X))
    assert_array_equal(own.theta_, fitted().theta_)
    assert_array_equal(own.predict(make(columns(seed=1))), fitted().predict(frame(seed=1)))


@pytest.mark.parametrize("names", [["income", "city"], ["income"]], ids=len)
def test_a_record_batch_of_arrow_is_a_table(names):
    X, y = frame()[names], target(frame())
    (batch,) = pytest.importorskip("pyarrow").table(X).to_batches()
    params = {"early_stopping": True, "scoring": "r2"}
    own, expected = net(**params).fit(batch, y), net(**params).fit(X, y)
    assert own.feature_names_in_.tolist() == names
    assert_array_equal(own.predict(batch), expected.predict(X))
    own.fit(batch, y, X_val=batch, y_val=y)
    assert own.score(batch, y) == own.fit(X, y, X_val=X, y_val=y).score(X, y)


def test_missing_values_are_learned_from_and_predicted_for():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    X[rng.random((1000, 3)) < 0.2] = np.nan
    y = 3.0 * np.isnan(X[:, 0]) + np.nan_to_num(X[:, 1])
    own = DeepNetRegressor(random_state=0).fit(X[:800], y[:800])
    assert own.score(X[800:], y[800:]) > 0.95


def test_a_number_missing_only_at_prediction_is_the_mean_of_training():
    X = np.random.default_rng(0).normal(5, 2, size=(100, 2))
    own = net().fit(X, X.sum(axis=1))
    at_mean = own.predict([[X[:, 0].mean(), 4.0]])
    assert_allclose(own.predict([[np.nan, 4.0]]), at_mean, rtol=1e-12)


@pytest.mark.parametrize("value", ["elsewhere", None])
def test_levels_that_training_had_not_are_predicted_for(value):
    own = fitted()
    X = frame().assign(city=value, sex=value)
    assert np.isfinite(own.predict(X)).all()
    first = own.predict(X[:1].assign(city="nowhere", sex="none"))
    assert_allclose(own.predict(X[:1]), first, rtol=1e-12)


def test_without_hidden_layers_categories_are_as_in_a_one_hot_encoded_ridge_model():
    X = frame()[["age", "income", "sex", "size"]]
    y = target(frame())
    encoded = make_column_transformer(
        (SimpleImputer(add_indicator=True), ["age", "income"]),
        (OneHotEncoder(sparse_output=False), ["sex", "size"]),
    ).fit_transform(X)
    params = {"depth": 0, "solver": "lbfgs", "alpha": 0.0, "tol": 1e-9, "max_iter": 5000}
    expected = DeepNetRegressor(**params).fit(encoded, y).predict(encoded)
    assert_allclose(DeepNetRegressor(**params).fit(X, y).predict(X), expected, atol=1e-5)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_members": 3},
        {"depth": 0},
        {"dtype": "float32"},
        {"solver": "lbfgs"},
        {"standardize": False},
        {"activation": "maxout"},
    ],
    ids=str,
)
def test_saved_and_pickled_nets_predict_the_same(params, tmp_path):
    X = frame(seed=1)
    if "standardize" in params:
        X = X.drop(columns="age")
        own = net(**params).fit(frame().drop(columns="age"), target(frame()))
    else:
        own = fitted(**params)
    own.save(tmp_path / "net.npz")
    expected = own.predict(X)
    assert_array_equal(load(tmp_path / "net.npz").predict(X), expected)
    assert_array_equal(pickle.loads(pickle.dumps(own)).predict(X), expected)


def test_a_resumed_fit_equals_one_that_was_not_interrupted(tmp_path):
    X = frame()
    y = target(X)
    expected = net().fit(X, y)
    path = tmp_path / "fit.npz"
    with pytest.raises(Stop):
        net().set_callbacks(Checkpoint(path), Stopping()).fit(X, y)
    resumed = net().set_callbacks(Checkpoint(path)).fit(X, y)
    assert_array_equal(resumed.theta_, expected.theta_)
    renamed = X.assign(city=X["city"].str.upper())
    with pytest.raises(ValueError, match="another fit: the levels of X has other values"):
        net().set_callbacks(Checkpoint(path)).fit(renamed, y)


class Stop(Exception):
    """Stands for what ends a process."""


class Stopping(Silent):
    """A callback that ends the fit in its fifth epoch."""

    n_epochs = 0

    def on_fit_task_end(self, estimator, context):
        self.n_epochs += context.parent is not None
        if self.n_epochs == 5:
            raise Stop


@pytest.mark.parametrize("n_members", [1, 2])
def test_warm_start_goes_on_with_the_same_levels(n_members):
    X = frame()
    y = target(X)
    params = {"warm_start": True, "schedule": "constant", "max_iter": 3}
    params |= {"early_stopping": False, "n_members": n_members}
    twice = net(**params).fit(X, y).fit(X, y)
    assert_same(twice.theta_, net(**params | {"max_iter": 6}).fit(X, y).theta_)


def test_partial_fit_knows_the_levels_of_the_dtype():
    X = frame(1200)
    y = target(X)
    X["city"] = X["city"].astype(pd.CategoricalDtype(CITIES))
    own = net(hidden_units=32, max_iter="auto")
    for _ in range(20):
        for start in range(0, 1200, 120):
            own.partial_fit(X[start : start + 120], y[start : start + 120])
    assert own.score(frame(seed=1), target(frame(seed=1), seed=1)) > 0.8


def test_weights_of_zero_are_rows_left_out():
    X = frame()
    y, weight = target(X), np.ones(N_ROWS)
    weight[300:] = 0
    weighted = net().fit(X, y, sample_weight=weight)
    assert_array_equal(weighted.predict(X), net().fit(X[:300], y[:300]).predict(X))


def test_levels_and_gaps_of_rows_of_weight_zero_are_not_learned():
    X = frame().astype({"sex": "str"})
    X.loc[300:, "sex"] = "x"
    X.loc[300:, "city"] = "elsewhere"
    X.loc[300:, "income"] = np.nan
    X["flag"] = [None if i >= 300 else "yes" if i % 3 else "no" for i in range(N_ROWS)]
    y, weight = target(frame()), (np.arange(N_ROWS) < 300).astype(float)
    weighted, alone = net().fit(X, y, sample_weight=weight), net().fit(X[:300], y[:300])
    assert_array_equal(weighted.encoded_feature_names_, alone.encoded_feature_names_)
    assert_array_equal(weighted.n_missing_, alone.n_missing_)
    assert_array_equal(weighted.predict(X), alone.predict(X))


def test_classes_of_weight_zero_have_no_levels():
    X = frame()
    y = np.where(X["size"] == "L", "rare", np.where(X["income"] > 0, "high", "low"))
    params = {"class_weight": {"rare": 0, "high": 1, "low": 1}}
    weighted = net(DeepNetClassifier, **params).fit(X, y)
    alone = net(DeepNetClassifier).fit(X[y != "rare"], y[y != "rare"])
    assert_array_equal(weighted.encoded_feature_names_, alone.encoded_feature_names_)
    assert_array_equal(weighted.predict_proba(X), alone.predict_proba(X))


@pytest.mark.parametrize("container", ["array", "frame", "beside categories"])
def test_numbers_that_training_never_had_have_no_influence(container, tmp_path):
    X = frame()[["age", "income"]].assign(never=np.nan)
    if container == "beside categories":
        X["sex"] = frame()["sex"]
    X_new = X.assign(never=5.0)
    if container == "array":
        X, X_new = X.to_numpy(), X_new.to_numpy()
    y = target(frame())
    own = net().fit(X, y)
    assert own.n_missing_[2] == N_ROWS
    assert own.n_features_in_ == X.shape[1]
    assert not [name for name in own.encoded_feature_names_ if "never" in name]
    assert_array_equal(own.predict(X_new), own.predict(X))
    own.save(tmp_path / "net.npz")
    assert_array_equal(load(tmp_path / "net.npz").predict(X_new), own.predict(X))
    without = np.delete(X, 2, axis=1) if container == "array" else X.drop(columns="never")
    assert_array_equal(own.predict(X), net().fit(without, y).predict(without))


def test_numbers_that_only_validation_rows_have_have_no_influence():
    X, y = frame()[["age", "income"]].assign(late=np.nan), target(frame())
    X.loc[300:, "late"] = 1.0
    held_out = np.arange(N_ROWS) >= 300
    own = net(early_stopping=True, validation_fraction=PredefinedSplit(held_out - 1))
    own.fit(X, y)
    assert "late" not in own.encoded_feature_names_
    assert_array_equal(own.predict(X), own.predict(X.assign(late=7.0)))


def test_a_table_without_any_value_is_refused():
    with pytest.raises(ValueError, match=r"missing .* of all 2 columns of X"):
        net().fit(np.full((20, 2), np.nan), np.arange(20.0))


NEVER = {
    "float": np.nan,
    "object": pd.Series([None] * N_ROWS, dtype=object),
    "string": pd.Series([None] * N_ROWS, dtype="string"),
    "boolean": pd.Series([None] * N_ROWS, dtype="boolean"),
    "category": pd.Series([None] * N_ROWS, dtype=pd.CategoricalDtype(["a", "b"])),
    "date": pd.NaT,
}


@pytest.mark.parametrize("beside", ["income", "city"])
@pytest.mark.parametrize("kind", NEVER)
def test_columns_that_training_never_had_have_no_influence_whatever_they_hold(kind, beside):
    X, y = frame()[[beside]], target(frame())
    own, expected = net().fit(X.assign(never=NEVER[kind]), y), net().fit(X, y)
    assert not [name for name in own.encoded_feature_names_ if "never" in name]
    for value in (NEVER[kind], 5.0, "a", True, pd.Timestamp("2020-01-01")):
        assert_array_equal(own.predict(X.assign(never=value)), expected.predict(X))


def test_validation_rows_may_have_what_training_never_had():
    X, y = frame()[["income"]], target(frame())
    expected = net().fit(X, y, X_val=X, y_val=y)
    never = X.assign(never=np.nan)
    own = net(warm_start=True).fit(never, y, X_val=X.assign(never="a"), y_val=y)
    assert_array_equal(own.validation_loss_curve_, expected.validation_loss_curve_)
    own.fit(X.assign(never="b"), y)
    assert own.n_iter_ == 40


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_rows_of_weight_zero_take_no_level_of_a_dtype_from_later_parts(container):
    y, weight = np.arange(20.0), np.r_[0, np.ones(19)]
    X = pd.DataFrame({"k": ["z", *["a", "b"] * 9, "a"], "flag": [True] * 20})
    X = X.assign(dtype=pd.Categorical(["a"] * 20, ["a", "b", "c"]))
    if container == "polars":
        dtypes = {"dtype": pl.Enum(["a", "b", "c"])}
        X = pl.DataFrame(X.astype(object).to_dict("list"), schema_overrides=dtypes)
    own = net(max_iter="auto").partial_fit(X, y, sample_weight=weight)
    expected = net(max_iter="auto").partial_fit(X[1:], y[1:])
    assert_array_equal(own.theta_, expected.theta_)
    assert set(own.encoded_feature_names_) == {
        *("k_b", "flag_True", "dtype_a", "dtype_b", "dtype_c")
    }


def test_levels_of_rows_of_weight_zero_alone_make_no_category():
    X, y = frame()[["income"]], target(frame())
    weight = (np.arange(N_ROWS) > 9).astype(float)
    late = X.assign(kind=pd.Series(["a", "b"] * 5, dtype="string").reindex(X.index))
    own = net().fit(late, y, sample_weight=weight)
    assert_array_equal(own.theta_, net().fit(late[10:], y[10:]).theta_)
    assert not [name for name in own.encoded_feature_names_ if "kind" in name]


@pytest.mark.parametrize("frame_class", [pd.DataFrame, pl.DataFrame])
def test_strings_after_a_first_part_without_values_need_a_dtype_with_levels(frame_class):
    x, y = np.arange(6.0), np.arange(6.0)
    nothing = frame_class({"x": x, "note": [None] * 6})
    strings = frame_class({"x": x, "note": ["a", "b"] * 3})
    own = net(max_iter="auto").partial_fit(nothing, y)
    words = r"strings where earlier parts had only missing values in 'note' \(6 values\)"
    for act in (own.predict, lambda X: own.partial_fit(X, y)):
        with pytest.raises(ValueError, match=words) as error:
            act(strings)
    code = re.search(r"each part: (.+), where levels", str(error.value)).group(1)
    new = net(max_iter="auto")
    for part in (nothing, strings):
        names = {"X": part, "pd": pd, "pl": pl, "levels": ["a", "b"]}
        exec(code, names)
        new.partial_fit(names["X"], y)
    assert {"note_a", "note_b"} <= set(new.encoded_feature_names_)
    assert len(set(new.predict(names["X"])[:2] - own.predict(nothing)[:2])) == 2


def test_strings_after_a_part_of_numbers_are_told_as_such():
    X = pd.DataFrame({"x": [1.0, np.nan], "note": [np.nan, np.nan]})
    own = net(max_iter="auto").partial_fit(X, [0.0, 1.0])
    own.partial_fit(X.assign(note=[3.0, 4.0]), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"strings where fit had numbers .* in 'note'"):
        own.partial_fit(X.assign(note=["a", "b"]), [0.0, 1.0])


def test_a_first_part_without_values_of_a_column_leaves_it_to_later_parts():
    X, y = frame()[["age", "income"]], target(frame())
    own = (
        net(max_iter="auto")
        .partial_fit(X[:100].assign(age=np.nan), y[:100])
        .partial_fit(X, y)
    )
    assert "age" in own.encoded_feature_names_
    assert own.n_missing_.tolist() == [100, 0]


def test_validation_data_scorers_and_searches_take_frames():
    X, X_val = frame(), frame(100, seed=1)
    own = net(scoring="r2").fit(X, target(X), X_val=X_val, y_val=target(X_val, seed=1))
    assert len(own.validation_scores_) == 20
    search = GridSearchCV(net(), {"alpha": [0.0, 0.01]}, cv=2).fit(X, target(X))
    assert search.best_score_ > 0
    assert np.isfinite(cross_val_score(make_pipeline(net()), X, target(X), cv=2)).all()


def test_inspection_works_on_frames():
    X = frame()
    own = fitted()
    assert health_report(own)
    assert gradient_check(own, X, target(X)).passed
    importance = permutation_importance(own, X, target(X), n_repeats=2, random_state=0)
    assert (importance.importances_mean > 0).all()
    found = partial_dependence(own, X, ["city"], categorical_features=["city"])
    assert found["average"].shape == (1, 70)
    features = HiddenFeatures(net()).set_output(transform="pandas").fit(X, target(X))
    assert features.transform(X).shape == (N_ROWS, 16)


NO_CHOICE = {
    "constant": "one",
    "one level of two": pd.Categorical(["one"] * N_ROWS, ["one", "two"]),
    "all missing": pd.array([None] * N_ROWS, "string"),
}


@pytest.mark.parametrize("kind", NO_CHOICE)
def test_a_category_without_a_choice_is_taken_too(kind, tmp_path):
    X = frame().assign(none=NO_CHOICE[kind])
    own = net().fit(X, target(X))
    assert len(own.encoded_feature_names_) == len(own.coefs_[0])
    assert "none" in own._repr_html_()
    own.save(tmp_path / "net.npz")
    assert_array_equal(load(tmp_path / "net.npz").predict(X), own.predict(X))


def test_columns_in_another_order_or_missing_are_named():
    own, X = fitted(), frame()
    with pytest.raises(ValueError, match="should match those that were passed during fit"):
        own.predict(X[["sex", "age", "income", "size", "city"]])
    with pytest.raises(ValueError, match=r"missing:\n- city"):
        own.predict(X.drop(columns="city"))


def test_booleans_with_gaps_are_categories_in_every_dtype():
    flag = [[True, False, None][i % 3] for i in range(N_ROWS)]
    X, y = frame()[["income"]], target(frame())
    of_objects = net().fit(X.assign(flag=pd.Series(flag, dtype=object)), y)
    of_booleans = net().fit(X.assign(flag=pd.Series(flag, dtype="boolean")), y)
    assert_array_equal(of_objects.theta_, of_booleans.theta_)


@pytest.mark.parametrize("gap", [True, np.nan], ids=["whole", "with gaps"])
def test_booleans_give_the_same_model_from_each_container(gap):
    flag = [[True, False, gap][i % 3] for i in range(N_ROWS)]
    X, y = frame()[["income"]].assign(flag=flag), target(frame())
    nulls = [None if value is np.nan else value for value in flag]
    of_polars = pl.DataFrame({"income": X["income"].tolist(), "flag": nulls})
    expected = net().fit(X, y)
    assert expected.resolved_params_["categorical_features"] == ["flag"]
    for table in (of_polars, X.convert_dtypes(), X.astype(object), X.to_numpy(object)):
        own = net().fit(table, y)
        assert_array_equal(own.theta_, expected.theta_)
        assert_array_equal(own.predict(table), expected.predict(X))


def test_parts_may_lack_one_of_two_booleans():
    X, y = frame()[["income"]].assign(flag=np.arange(N_ROWS) % 2 == 0), target(frame())
    own = net(max_iter="auto").partial_fit(X[::2], y[::2]).partial_fit(X, y)
    assert own.predict(X[:1]) != own.predict(X[:1].assign(flag=False))


def test_other_categories_have_no_effect_on_a_warm_start():
    X, y = frame()[["income"]].assign(grade=np.arange(N_ROWS) % 3), target(frame())
    own = net(warm_start=True).fit(X, y).set_params(categorical_features=["grade"])
    with pytest.warns(IneffectiveParameterWarning, match="categorical_features="):
        own.fit(X, y)


def test_the_default_baseline_takes_the_same_frames():
    comparison = compare_with_baseline(net(max_iter=5), frame(), target(frame()), cv=2)
    assert "RidgeCV" in str(comparison)


def test_categories_can_be_named():
    X = np.random.default_rng(0).integers(0, 70, size=(1400, 2)).astype(float)
    worth = np.random.default_rng(1).normal(size=70)
    y = worth[X[:, 1].astype(int)]
    own = DeepNetRegressor(max_iter=40, random_state=0, categorical_features=[1])
    own.fit(X, y)
    assert own.network_.embedding.n_rows[0] > 20
    assert own.score(X, y) > 0.9
    with pytest.raises(ValueError, match=r"'city'.*categorical_features"):
        net(categorical_features=None).fit(frame(), target(frame()))


def code_below(error):
    """Return the code in the last line of an error."""
    return str(error.value).splitlines()[-1].strip()


@pytest.mark.parametrize("container", ["pandas", "polars", "array", "numbers"])
def test_missing_numbers_without_standardisation_are_refused(container):
    X = frame()[["age", "sex", "income"]]
    y, n_missing = target(frame()), X["age"].isna().sum()
    tables = {
        "pandas": X,
        "polars": pl.DataFrame(X.astype(object).where(X.notna(), None).to_dict("list")),
        "array": X.to_numpy(object),
        "numbers": X[["age", "income"]].to_numpy(),
    }
    label = "'age'" if container in ("pandas", "polars") else "column 0"
    words = rf"{n_missing} numbers are .*: {label} \({n_missing} values\)\. .*standardize=T"
    own = net(standardize=False)
    with pytest.raises(ValueError, match=words) as error:
        own.fit(tables[container], y)
    names = {"make_pipeline": make_pipeline, "SimpleImputer": SimpleImputer, "net": own}
    names["make_column_transformer"] = make_column_transformer
    eval(code_below(error), names).fit(tables[container], y).predict(tables[container])


def test_missing_numbers_only_at_prediction_are_named_without_standardisation():
    X = frame()[["income", "city"]]
    own = net(standardize=False).fit(X, target(frame()))
    X_new = X.assign(income=X["income"].where(np.arange(N_ROWS) > 0))
    with pytest.raises(ValueError, match=r"1 number is .*: 'income' \(1 value\)\."):
        own.predict(X_new)


def test_columns_without_values_need_no_standardisation():
    X, y = frame()[["income", "city"]], target(frame())
    own = net(standardize=False).fit(X.assign(never=np.nan), y)
    expected = net(standardize=False).fit(X, y).predict(X)
    assert_array_equal(own.predict(X.assign(never=np.nan)), expected)


def test_the_fit_says_which_columns_are_categories_and_what_was_missing():
    own = fitted()
    assert own.resolved_params_["categorical_features"] == ["sex", "size", "city"]
    n_missing = frame()[["age", "size"]].isna().sum().tolist()
    assert own.n_missing_.tolist() == [n_missing[0], 0, 0, n_missing[1], 0]
    names = own.encoded_feature_names_
    assert len(names) == len(own.coefs_[0])
    assert names[:4].tolist() == ["age", "income", "missingindicator_age", "sex_m"]
    assert names[-1] == "city_embedding7"


def test_weights_of_numbers_are_in_the_units_of_the_table():
    X = frame()
    small = net(depth=0).fit(X, target(X))
    large = net(depth=0).fit(X.assign(income=1000 * X["income"]), target(X))
    assert_allclose(small.coefs_[0][1], 1000 * large.coefs_[0][1], rtol=1e-6)
