"""Fitted attributes that only some fits have say what to set, where they are missing."""

import numpy as np
import pytest

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor

X = np.random.default_rng(0).normal(size=(80, 2))
SETTINGS = {"hidden_units": 4, "max_iter": 2, "early_stopping": True, "random_state": 0}
# The net without the attribute, and the parameters by which it gets it.
MISSING = [
    ("oof_prediction_", DeepNetRegressor, {"n_members": 8}),
    ("oof_prediction_", DeepNetClassifier, {"n_members": 8}),
    ("temperature_", DeepNetClassifier, {"temperature_scaling": True}),
    ("dispersion_", ShallowNetRegressor, {"loss": "gamma"}),
]


@pytest.mark.parametrize(("name", "net_class", "advised"), MISSING)
def test_an_attribute_that_a_fit_does_not_have_says_what_to_set(name, net_class, advised):
    y = 1 + (X[:, 0] > 0)
    without = {"temperature_scaling": False} if net_class is DeepNetClassifier else {}
    for net in (net_class(), net_class(**SETTINGS, **without).fit(X, y)):
        assert not hasattr(net, name)
        with pytest.raises(AttributeError, match=f"^{name} is known after ") as error:
            getattr(net, name)
        for parameter, value in advised.items():
            assert f"{parameter}={value!r}" in str(error.value)
    assert name in vars(net_class(**SETTINGS, **advised).fit(X, y))
    assert not hasattr(net_class, name)
