"""Importances as bars, and effects against the values of a column."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.inspection import EffectsDisplay, integrated_gradients

pytestmark = pytest.mark.usefixtures("pyplot")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(80) < 0.1, np.nan, rng.normal(size=80)),
            "colour": rng.choice(["red", "green", "blue"], 80),
            "age": rng.normal(size=80),
        }
    )


@pytest.fixture
def effects(table, few):
    y = table["size"].fillna(1) + (table["colour"] == "red")
    return integrated_gradients(DeepNetRegressor(**few).fit(table, y), table)


def points(display):
    return np.concatenate([part.get_offsets() for part in display.ax_.collections])


def test_bars_are_the_mean_absolute_effects_the_largest_on_top(effects):
    display = EffectsDisplay.from_effects(effects)
    lengths = [bar.get_width() for bar in display.ax_.patches]
    assert_allclose(lengths, np.sort(effects.importances)[::-1])
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == [effects.feature_names[j] for j in effects.by_importance]


def test_bars_of_several_outputs_are_stacked(X, y, few):
    net = DeepNetClassifier(**few).fit(X, y)
    effects = integrated_gradients(net, X)
    display = EffectsDisplay.from_effects(effects)
    ends = [bar.get_x() + bar.get_width() for bar in display.ax_.patches[-5:]]
    assert_allclose(ends, np.sort(effects.importances.sum(axis=1))[::-1])
    of_one = EffectsDisplay.from_effects(effects, target=1)
    lengths = [bar.get_width() for bar in of_one.ax_.patches]
    assert_allclose(lengths, np.sort(effects.importances[:, 1])[::-1])


def test_points_are_effects_against_values(effects, table):
    display = EffectsDisplay.from_effects(effects, column="age")
    drawn = points(display)
    assert_array_equal(drawn[:, 0], table["age"])
    assert_array_equal(drawn[:, 1], effects.values[:, 2])


def test_rows_without_a_number_are_left_of_the_others(effects, table):
    x = points(EffectsDisplay.from_effects(effects, column="size"))[:, 0]
    missing = table["size"].isna().to_numpy()
    assert len(set(x[missing])) == 1
    assert x[missing].max() < x[~missing].min()


@pytest.mark.parametrize("color_by", ["size", "colour", 2])
def test_points_are_coloured_by_another_column(color_by, effects):
    display = EffectsDisplay.from_effects(effects, column="colour", color_by=color_by)
    assert len(points(display)) == 80
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == [
        "blue",
        "green",
        "red",
    ]
    if color_by == "colour":
        title = display.ax_.get_legend().get_title().get_text()
        assert title == "colour"
    else:
        assert len(display.figure_.axes) == 2


def test_pipelines_are_drawn_too(X, y, few):
    model = make_pipeline(StandardScaler(), DeepNetClassifier(**few)).fit(X, y > 0)
    display = EffectsDisplay.from_estimator(model, X, background=X[:5], output="prediction")
    expected = integrated_gradients(model, X, background=X[:5], output="prediction")
    assert_array_equal(display.values[..., 0], expected.values)


def test_choices_that_are_not_there_are_refused(X, y, few, effects, pyplot):
    with pytest.raises(ValueError, match="column='weight' is none of size, colour, age"):
        EffectsDisplay.from_effects(effects, column="weight")
    net = DeepNetClassifier(**few).fit(X, y)
    with pytest.raises(ValueError, match=r"3 outputs; choose one.*target='0'"):
        EffectsDisplay.from_estimator(net, X, column=0)
    assert pyplot.get_fignums() == []


def test_the_style_can_be_chosen(effects):
    bars = EffectsDisplay.from_effects(effects, color="red", height=0.3).ax_.patches
    assert bars[0].get_height() == 0.3
    display = EffectsDisplay.from_effects(effects, column="age", color="red", s=30)
    assert display.ax_.collections[0].get_sizes().tolist() == [30]
