"""Subclasses of the estimators: defaults, parameters and attributes of their own."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV

from skshallow import DeepNetRegressor


class Recent(DeepNetRegressor):
    """Weights recent rows more, predicts nothing too low, and notes the number of rows."""

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        self.n_seen_ = len(y)
        weight = recency(y, self.half_life)
        if sample_weight is not None:
            weight = weight * sample_weight
        own = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        return super().fit(X, y, weight, **own, groups=groups)

    def predict(self, X, return_std=False):
        if return_std:
            mean, std = super().predict(X, return_std=True)
            return np.maximum(mean, self.lowest), std
        return np.maximum(super().predict(X), self.lowest)


def recency(y, half_life):
    """Return weights that halve with every `half_life` rows back from the last."""
    return 0.5 ** (np.arange(len(y))[::-1] / half_life)


@dataclass(kw_only=True, eq=False, repr=False)
class AsDataclass(Recent):
    """A dataclass, as the estimators are: more parameters, other defaults."""

    hidden_units: int | Sequence[int] = field(default=4, kw_only=False)
    max_iter: int | str = 4
    half_life: float = 20.0
    lowest: float = 0.0


class WithInit(Recent):
    """An ``__init__`` of its own: only what it names can be set."""

    def __init__(
        self,
        hidden_units=4,
        *,
        half_life=20.0,
        lowest=0.0,
        loss="squared_error",
        scoring=None,
        random_state=None,
    ):
        super().__init__(
            hidden_units, max_iter=4, loss=loss, scoring=scoring, random_state=random_state
        )
        self.half_life = half_life
        self.lowest = lowest


class WithoutCache(DeepNetRegressor):
    """Leaves an attribute out of its pickle, as one would a cache or an open file."""

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("cache", None)
        return state


each_recipe = pytest.mark.parametrize("cls", [AsDataclass, WithInit])


@each_recipe
def test_a_parameter_of_ones_own_is_set_cloned_and_searched(cls, X, y):
    net = clone(cls(4, half_life=2.0, random_state=0)).set_params(half_life=3.0)
    assert net.get_params()["half_life"] == 3.0
    assert "half_life=3.0" in repr(net)
    search = GridSearchCV(net, {"half_life": [1.0, 10.0]}, cv=2).fit(X, y)
    assert search.best_estimator_.n_seen_ == len(y)


@each_recipe
def test_fit_and_predict_go_through_the_methods_of_the_subclass(cls, X, y):
    net = cls(half_life=9.0, lowest=0.5, random_state=0).fit(X, y, np.arange(len(y)))
    plain = DeepNetRegressor(4, max_iter=4, random_state=0)
    plain.fit(X, y, recency(y, 9.0) * np.arange(len(y)))
    assert isinstance(net, cls)
    assert net.n_seen_ == len(y)
    assert_array_equal(net.predict(X), np.maximum(plain.predict(X), 0.5))


@each_recipe
def test_the_methods_of_the_subclass_keep_the_arguments_of_the_estimator(cls, X, y):
    net = cls(loss="gaussian", random_state=0).fit(X, y, X_val=X[:20], y_val=y[:20])
    assert len(net.validation_loss_curve_) == 4
    mean, std = net.predict(X, return_std=True)
    assert_array_equal(mean, net.predict(X))
    assert (std > 0).all()
    with config_context(enable_metadata_routing=True):
        clone(net).set_fit_request(groups=True, X_val=True)


@each_recipe
def test_a_scorer_in_early_stopping_scores_what_the_subclass_predicts(cls, X, y):
    net = cls(scoring="r2", lowest=0.9, random_state=0).fit(X, y, X_val=X, y_val=y)
    assert net.best_validation_score_ == pytest.approx(r2_score(y, net.predict(X)))


@each_recipe
def test_a_subclass_is_pickled_with_all_that_it_holds(cls, X, y):
    net = cls(4, lowest=0.5, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(net))
    assert again.n_seen_ == net.n_seen_
    assert_array_equal(again.predict(X), net.predict(X))


def test_other_defaults_are_those_of_the_signature():
    assert AsDataclass().max_iter == 4
    assert AsDataclass().get_params()["max_iter"] == 4
    assert AsDataclass().hidden_units == WithInit().hidden_units == 4
    assert AsDataclass(5).hidden_units == WithInit(5).hidden_units == 5
    assert WithInit().get_params().keys() == {
        "hidden_units", "half_life", "lowest", "loss", "scoring", "random_state",
    }  # fmt: skip


@pytest.mark.parametrize("warm_start", [False, True])
def test_fit_keeps_an_attribute_that_is_left_out_of_the_pickle(X, y, warm_start):
    net = WithoutCache(4, max_iter=2, random_state=0, warm_start=warm_start)
    net.cache = cache = object()
    net.fit(X, y).fit(X, y).partial_fit(X, y)
    assert net.cache is cache
    assert not hasattr(pickle.loads(pickle.dumps(net)), "cache")
