"""Effects as a table, and for shap."""

import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skshallow import DeepNetClassifier
from skshallow.inspection import integrated_gradients


@pytest.fixture
def y(y):
    return y > 0


def test_the_table_lists_columns_by_their_mean_absolute_effects(X, y, few):
    effects = integrated_gradients(DeepNetClassifier(**few).fit(X, y), X)
    first, sizes = effects.columns()
    assert_allclose(sizes.values, np.sort(np.abs(effects.values).mean(axis=0))[::-1])
    assert first.values[0] == f"x{effects.by_importance[0]}"
    assert "base value" in str(effects)


def test_shap_gets_all_of_it(X, y, few, monkeypatch):
    shap = types.SimpleNamespace(Explanation=lambda **given: given)
    monkeypatch.setitem(sys.modules, "shap", shap)
    effects = integrated_gradients(DeepNetClassifier(**few).fit(X, y), X)
    given = effects.to_shap()
    assert given["values"] is effects.values
    assert given["base_values"].shape == (len(X),)
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(ImportError, match="pip install shap"):
        effects.to_shap()
