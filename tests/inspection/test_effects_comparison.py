"""Where a net and a linear model use columns differently."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.inspection import compare_with_baseline


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "bent": rng.normal(size=300),
            "straight": rng.normal(size=300),
            "noise": rng.normal(size=300),
            "colour": rng.choice(["red", "green", "blue"], 300),
        }
    )


@pytest.fixture
def net():
    return DeepNetRegressor(16, max_iter=60, learning_rate=0.01, random_state=0)


def test_the_first_row_is_where_they_disagree(table, net):
    y = 2 * np.abs(table["bent"]) + table["straight"] + 2 * (table["colour"] == "red")
    comparison = compare_with_baseline(net, table, y, cv=3, n_repeats=1).effects(table)
    rows, *_ = comparison.columns()
    verdicts = dict(zip(rows.values, comparison.verdicts, strict=True))
    assert rows.values[0] == "bent"
    assert verdicts["bent"] == "the net uses it, the linear model hardly"
    assert verdicts["straight"] == verdicts["colour"] == "alike"
    assert np.isnan(comparison.slopes[3, 0])
    assert "correlation" in str(comparison)


def test_a_linear_net_has_the_coefficients_of_ridge(table):
    y = table["bent"] - 3 * table["straight"]
    net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=0, max_iter=200)
    comparison = compare_with_baseline(net, table, y, cv=3).effects(table)
    assert_allclose(comparison.slopes[:3], comparison.coefficients[:3], atol=0.02)
    assert_allclose(comparison.net_effects, comparison.linear_effects, atol=0.05)
    assert sorted(comparison.verdicts) == ["alike", "alike", "hardly used", "hardly used"]


def test_coefficients_are_those_of_logistic_regression(X, y, few):
    net = DeepNetClassifier(**few)
    result = compare_with_baseline(net, X, y > 0, cv=3)
    expected = np.mean([m[-1].coef_[0] for m in result.baseline.estimators], axis=0)
    assert_allclose(result.effects(X).coefficients[:, 0], expected)


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_several_outputs_have_a_row_each(kind, X, y, few):
    targets = y if kind == "classes" else np.column_stack([y > 0, y > 1]).astype(int)
    comparison = compare_with_baseline(DeepNetClassifier(**few), X, targets, cv=3)
    found = comparison.effects(X)
    assert len(found.verdicts) == 5 * len(found.output_names)
    assert found.net_effects.shape == found.linear_effects.shape
    if kind == "classes":
        assert_allclose(found.net_effects.sum(axis=-1), 0, atol=1e-9)


def test_searches_and_pipelines_are_compared_too(X, y, few):
    model = make_pipeline(StandardScaler(), DeepNetClassifier(**few))
    search = GridSearchCV(model, {"deepnetclassifier__alpha": [0.1]}, cv=2)
    found = compare_with_baseline(search, X, y > 0, cv=3).effects(X)
    assert found.coefficients.shape == (5, 1)


def test_other_baselines_are_refused(X, y, few):
    result = compare_with_baseline(
        DeepNetClassifier(**few), X, y, baseline=LogisticRegression(max_iter=10_000), cv=3
    )
    with pytest.raises(ValueError, match="default baseline only"):
        result.effects(X)
