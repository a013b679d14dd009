"""Tables with dates and free text, which skrub converts, as in docs/guide/workflow.md."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pages import run_page
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

skrub = pytest.importorskip("skrub", reason='pip install "skshallow[tables]"')

N_ROWS = 600
MISHAPS = ["broken arm", "cut finger", "sprained ankle", "burnt hand"]
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(365), "D")


def table(n_rows=N_ROWS, seed=0):
    """Return visits to a hospital, and the bill that follows from each column."""
    rng = np.random.default_rng(seed)
    day, mishap = rng.integers(365, size=n_rows), rng.integers(4, size=n_rows)
    age = np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(40, 15, n_rows))
    ward = rng.choice(["A", "B", "C"], n_rows)
    notes = [
        f"patient {i} came on foot and alone with a {MISHAPS[m]} after work"
        for i, m in enumerate(mishap)
    ]
    visits = pd.DataFrame(
        {
            "day": DAYS[day],
            "booked": DAYS[day].strftime("%Y-%m-%d"),
            "notes": notes,
            "ward": ward,
            "age": age,
        }
    )
    bill = np.cos(2 * np.pi * day / 365) + mishap + (ward == "B") + np.nan_to_num(age) / 40
    return visits, bill + 0.1 * rng.normal(size=n_rows)


def halves():
    visits, bill = table()
    return train_test_split(visits, bill, test_size=0.5, random_state=0)


@pytest.mark.parametrize(
    "cls", [DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier, ShallowNetRegressor]
)
def test_a_net_behind_tabular_pipeline_learns_from_every_column(cls):
    train, test, y_train, y_test = halves()
    if "Classifier" in cls.__name__:
        y_train, y_test = y_train > 3, y_test > 3
    model = skrub.tabular_pipeline(cls(random_state=0)).fit(train, y_train)
    assert model.score(test, y_test) > 0.8


def test_the_same_table_without_skrub_is_refused_with_its_name():
    visits, bill = table()
    with pytest.raises(ValueError, match="X has 3 columns") as error:
        DeepNetRegressor().fit(visits, bill)
    for found in ("dates in 'day'", "strings in 'booked'", "free text in 'notes'"):
        assert found in str(error.value)
    assert str(error.value).count("tabular_pipeline(net)") == 3


def test_missing_numbers_reach_the_net_as_missing():
    visits, bill = table()
    model = skrub.tabular_pipeline(DeepNetRegressor(max_iter=5, random_state=0))
    net = model.fit(visits, bill)[-1]
    assert [type(step).__name__ for step in model][:2] == [
        "TableVectorizer",
        "SquashingScaler",
    ]
    assert net.n_missing_.sum() == visits["age"].isna().sum()


def test_tables_of_polars_are_learned_from_too():
    train, test, y_train, y_test = halves()
    model = skrub.tabular_pipeline(DeepNetRegressor(random_state=0))
    assert model.fit(polars(train), y_train).score(polars(test), y_test) > 0.8


def polars(visits):
    """Return the same table in polars, which needs no Arrow for these columns."""
    columns = {name: column.tolist() for name, column in visits.items()}
    columns["day"] = visits["day"].dt.to_pydatetime().tolist()
    return pl.DataFrame(columns).with_columns(pl.col("age").fill_nan(None))


def test_a_seed_for_strings_makes_fits_repeatable():
    visits, bill = table()
    model = skrub.tabular_pipeline(DeepNetRegressor(max_iter=5, random_state=0))
    model.set_params(tablevectorizer__high_cardinality__random_state=0)
    expected = model.fit(visits, bill).predict(visits)
    assert_allclose(model.fit(visits, bill).predict(visits), expected, rtol=1e-6)


def test_pipelines_are_pickled_and_searched():
    visits, bill = table()
    model = skrub.tabular_pipeline(DeepNetRegressor(max_iter=5, random_state=0))
    search = GridSearchCV(model, {"deepnetregressor__alpha": [0.0, 0.01]}, cv=2)
    search.fit(visits, bill)
    copy = pickle.loads(pickle.dumps(search))
    assert_array_equal(copy.predict(visits), search.predict(visits))


def test_categories_left_to_the_net_stay_categories():
    visits, bill = table()
    vectorizer = skrub.TableVectorizer(low_cardinality=skrub.ToCategorical())
    model = make_pipeline(vectorizer, DeepNetRegressor(max_iter=5, random_state=0))
    net = model.fit(visits, bill)[-1]
    assert net.resolved_params_["categorical_features"] == ["ward"]
    assert "age" in net.feature_names_in_


def test_the_code_of_the_guide_runs_and_learns():
    train, test, y_train, y_test = halves()
    page = run_page("workflow", visits=train, bill=y_train)
    assert page.model.score(test, y_test) > 0.8
