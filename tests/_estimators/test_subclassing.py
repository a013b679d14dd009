"""Subclasses of the estimators: defaults, parameters and attributes of their own."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skshallow import DeepNetRegressor


class Shifted(DeepNetRegressor):
    """Learns targets that are moved by `offset`, and notes the number of rows."""

    def fit(self, X, y, sample_weight=None):
        self.n_seen_ = len(y)
        return super().fit(X, np.asarray(y) + self.offset, sample_weight)

    def predict(self, X):
        return super().predict(X) - self.offset


@dataclass(kw_only=True, eq=False, repr=False)
class AsDataclass(Shifted):
    """A dataclass, as the estimators are: one more parameter, other defaults."""

    max_iter: int | str = 4
    offset: float = 0.0


class WithInit(Shifted):
    """An ``__init__`` of its own: only what it names can be set."""

    def __init__(self, hidden_units=4, *, offset=0.0, random_state=None):
        super().__init__(hidden_units, max_iter=4, random_state=random_state)
        self.offset = offset


class WithoutCache(DeepNetRegressor):
    """Leaves an attribute out of its pickle, as one would a cache or an open file."""

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("cache", None)
        return state


each_recipe = pytest.mark.parametrize("cls", [AsDataclass, WithInit])


@each_recipe
def test_a_parameter_of_ones_own_is_set_cloned_and_searched(cls, X, y):
    net = clone(cls(4, offset=2.0, random_state=0)).set_params(offset=3.0)
    assert net.get_params()["offset"] == 3.0
    assert "offset=3.0" in repr(net)
    search = GridSearchCV(net, {"offset": [0.0, 1.0]}, cv=2).fit(X, y)
    assert search.best_estimator_.n_seen_ == len(y)


@each_recipe
def test_fit_and_predict_go_through_the_methods_of_the_subclass(cls, X, y):
    shifted = cls(4, offset=5.0, random_state=0).fit(X, y)
    plain = DeepNetRegressor(4, max_iter=4, random_state=0).fit(X, y + 5.0)
    assert isinstance(shifted, cls)
    assert shifted.n_seen_ == len(y)
    assert_array_equal(shifted.predict(X), plain.predict(X) - 5.0)


@each_recipe
def test_a_subclass_is_pickled_with_all_that_it_holds(cls, X, y):
    net = cls(4, offset=5.0, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(net))
    assert again.n_seen_ == net.n_seen_
    assert_array_equal(again.predict(X), net.predict(X))


def test_other_defaults_are_those_of_the_signature():
    assert AsDataclass().max_iter == 4
    assert AsDataclass().get_params()["max_iter"] == 4
    assert WithInit().hidden_units == 4
    assert set(WithInit().get_params()) == {"hidden_units", "offset", "random_state"}


@pytest.mark.parametrize("warm_start", [False, True])
def test_fit_keeps_an_attribute_that_is_left_out_of_the_pickle(X, y, warm_start):
    net = WithoutCache(4, max_iter=2, random_state=0, warm_start=warm_start)
    net.cache = cache = object()
    net.fit(X, y).fit(X, y).partial_fit(X, y)
    assert net.cache is cache
    assert not hasattr(pickle.loads(pickle.dumps(net)), "cache")
