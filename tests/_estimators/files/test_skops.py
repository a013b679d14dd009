"""Across modules: pipelines saved with skops, for which the trusted types suffice."""

import copy
import importlib
import pickle

import numpy as np
import pandas as pd
import pytest
from same_state import assert_same
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from small_nets import (
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    ROWS,
    MyReLU,
    every_component,
    small_net,
    train,
    train_on,
    trained,
)

from skshallow import DeepNetClassifier, DeepNetRegressor, HiddenFeatures
from skshallow._estimators.files.codec import component_types
from skshallow.activations import Activation
from skshallow.initializers import Initializer
from skshallow.losses import Loss
from skshallow.persistence import ESTIMATORS, TRUSTED_TYPES
from skshallow.schedules import Schedule
from skshallow.solvers import Solver

sio = pytest.importorskip("skops.io")
exceptions = pytest.importorskip("skops.io.exceptions")


def pipeline_with(net):
    return Pipeline([("scaler", StandardScaler().fit(ROWS)), ("net", net)])


@every_component(*CLASSIFIERS, *REGRESSORS, fitted_by_class=True)
def test_a_pipeline_through_skops_is_equal_and_trains_on_equally(i, further):
    pipeline = pipeline_with(trained(i, further))
    data = sio.dumps(pipeline)
    assert set(sio.get_untrusted_types(data=data)) <= set(TRUSTED_TYPES)
    loaded = sio.loads(data, trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(loaded.predict(ROWS), pipeline.predict(ROWS))
    assert_same(loaded["net"], pipeline["net"])
    if further:
        assert_same(train_on(loaded["net"]), train_on(copy.deepcopy(pipeline["net"])))


PARAMETERS = {
    Activation: "activation",
    Initializer: "init",
    Loss: "loss",
    Schedule: "schedule",
    Solver: "solver",
}


def test_every_trusted_type_occurs_in_some_net():
    nets = [small_net(cls) for cls in ESTIMATORS.values()]
    for component in component_types():
        (parameter,) = (
            PARAMETERS[base] for base in PARAMETERS if issubclass(component, base)
        )
        nets.append(small_net(**{parameter: component()}))
    nets.append(small_net(residual=True, normalization="layer").fit(ROWS, LABELS))
    monotone = small_net(DeepNetRegressor, monotonic_cst=[1, 0, 0])
    nets.append(monotone.fit(ROWS, ROWS[:, 0]))
    nets.append(HiddenFeatures(small_net()))
    piecewise = small_net(max_iter="auto")
    nets.append(piecewise.partial_fit(ROWS, LABELS, classes=np.unique(LABELS)))
    nets.append(DeepNetRegressor(2, loss="huber").partial_fit(ROWS, ROWS[:, 0]))
    few = {"max_iter": 2, "random_state": 0, "record_health": False}
    nets.append(DeepNetRegressor(4, **few).fit(*mixed_table()))
    periodic = DeepNetRegressor(4, numeric_encoding="periodic", **few)
    nets.append(periodic.fit(*mixed_table()))
    ordered = DeepNetClassifier(4, loss="ordinal", **few)
    nets.append(ordered.fit(ROWS, np.arange(len(ROWS)) % 3))
    assert set(sio.get_untrusted_types(data=sio.dumps(nets))) == set(TRUSTED_TYPES)


def mixed_table(n_rows=300):
    """Return a table with a number, a category of many levels, and a target."""
    number = np.random.default_rng(0).normal(size=n_rows)
    city = [f"city {i % 70}" for i in range(n_rows)]
    return pd.DataFrame({"number": number, "city": city}), number


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_net_of_a_mixed_table_through_skops_is_equal(n_members):
    table, y = mixed_table()
    few = {"max_iter": 2, "random_state": 0, "record_health": False}
    net = DeepNetRegressor(4, n_members=n_members, **few).fit(table, y)
    loaded = sio.loads(sio.dumps(net), trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(loaded.predict(table), net.predict(table))
    np.testing.assert_array_equal(loaded.fit(table, y).theta_, net.fit(table, y).theta_)


def test_trusted_types_exist_and_are_sorted():
    assert sorted(set(TRUSTED_TYPES)) == TRUSTED_TYPES
    for name in TRUSTED_TYPES:
        module, _, cls = name.rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), cls), type)


def test_components_of_users_must_be_trusted_by_name():
    data = sio.dumps(pipeline_with(train(small_net(activation=MyReLU()))))
    own = f"{MyReLU.__module__}.MyReLU"
    with pytest.raises(exceptions.UntrustedTypesFoundException, match="MyReLU"):
        sio.loads(data, trusted=TRUSTED_TYPES)
    loaded = sio.loads(data, trusted=[*TRUSTED_TYPES, own])
    assert loaded["net"].activation == MyReLU()


def test_a_net_of_another_version_warns_in_skops_too(monkeypatch):
    net = train(small_net())
    state = net.__getstate__() | {"_skshallow_version": "0.0.1"}
    monkeypatch.setattr(type(net), "__getstate__", lambda self: state)
    data = sio.dumps(net)
    with pytest.warns(InconsistentVersionWarning, match=r"skshallow 0\.0\.1"):
        assert_same(sio.loads(data, trusted=TRUSTED_TYPES).theta_, net.theta_)


def test_skops_and_pickle_agree():
    net = train(small_net(warm_start=True))
    through_skops = sio.loads(sio.dumps(net), trusted=TRUSTED_TYPES)
    assert_same(through_skops, pickle.loads(pickle.dumps(net)))
