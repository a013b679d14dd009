"""Periodic encoding of numbers: which columns and members have it, and what keeps it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from encoded_nets import FEW, data, each_net
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skshallow import (
    DeepNetRegressor,
    load,
)
from skshallow.callbacks import Checkpoint
from skshallow.engine.periodic import RATE
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.inspection import gradient_check, input_gradients, integrated_gradients

PERIODIC = {"numeric_encoding": "periodic"}
VIEWS = [None, "piecewise_linear", "periodic"]
CHOICES = {
    "alone": PERIODIC,
    "members": PERIODIC | {"n_members": 2},
    "views": {"n_members": 3, "numeric_encoding": VIEWS},
}
each_choice = pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)


def mixed(n_rows=80):
    """Return numbers, one of them missing at times, and a category of many levels."""
    X, y = data(n_rows)
    frame = pd.DataFrame(X.copy(), columns=["a", "b", "c"])
    frame["kind"] = np.resize([*"pqrstuvwxyzabcdefghij"], n_rows)
    frame.loc[::7, "a"] = np.nan
    return frame, y


TABLES = {"numbers": data, "mixed": mixed}
each_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def curves_of(net, X, column, member=None):
    """Return the curves (n, 3) of a column, by the formula of the literature."""
    params = net.network_.views(net.theta_)[0]
    names = ("periodic_frequency", "periodic_phase", "periodic_weight", "periodic_bias")
    own = [params[name] if member is None else params[name][member] for name in names]
    frequency, phase, weight, bias = (RATE * each[column] for each in own)
    z = (X[:, [column]] - X[:, column].mean()) / X[:, column].std()
    waves = np.cos(2 * np.pi * z * frequency + phase)
    return net.network_.periodic.gain * (waves @ weight + bias)


@each_net
def test_curves_of_numbers_are_inputs_beside_them(net_class):
    X, y = data()
    net = net_class(**FEW, **PERIODIC).fit(X, y)
    assert net.resolved_params_["numeric_encoding"] == ["periodic"]
    names = [f"x{i}" for i in range(3)]
    names += [f"x{i}_periodic{j}" for i in range(2) for j in range(3)]  # x2 is binary
    assert net.encoded_feature_names_.tolist() == names
    encoded = np.hstack([X, curves_of(net, X, 0), curves_of(net, X, 1)])
    expected = np.maximum(encoded @ net.coefs_[0] + net.intercepts_[0], 0)
    assert_allclose(net.hidden_activations(X)[0], expected, atol=1e-10)


@each_net
def test_members_can_each_have_a_view_of_their_own(net_class):
    X, y = data()
    net = net_class(**FEW, n_members=3, numeric_encoding=VIEWS).fit(X, y)
    assert net.resolved_params_["numeric_encoding"] == VIEWS
    seen = (net.coefs_[0] != 0).any(axis=2)  # (n_members, n_inputs)
    of_pieces, of_curves = seen[:, 3:19], seen[:, 19:]
    assert seen[:, :3].all()
    assert of_pieces.any(axis=1).tolist() == [False, True, False]
    assert of_curves.any(axis=1).tolist() == [False, False, True]
    encoded = np.hstack([X, curves_of(net, X, 0, 2), curves_of(net, X, 1, 2)])
    weight = np.delete(net.coefs_[0][2], np.arange(3, 19), axis=0)
    expected = np.maximum(encoded @ weight + net.intercepts_[0][2], 0)
    assert_allclose(net.hidden_activations(X)[0][2], expected, atol=1e-10)


@each_choice
@each_table
@each_net
def test_gradients_through_curves_are_exact(net_class, table, choice):
    net = net_class(3, activation="tanh", random_state=0, **choice)
    assert gradient_check(net, *table(), n_entries=5).passed


@each_choice
@each_table
def test_nets_with_curves_are_saved_copied_and_trained_on(table, choice, tmp_path):
    X, y = table()
    net = DeepNetRegressor(**FEW, **choice, warm_start=True).fit(X, y)
    net.save(tmp_path / "net.npz")
    for again in (load(tmp_path / "net.npz"), pickle.loads(pickle.dumps(net))):
        assert again.network_ == net.network_
        assert_array_equal(again.predict(X), net.predict(X))
        net_on, again_on = pickle.loads(pickle.dumps(net)).fit(X, y), again.fit(X, y)
        assert_array_equal(again_on.predict(X), net_on.predict(X))
        assert (again_on.predict(X) != net.predict(X)).any()


@each_choice
def test_training_goes_on_with_the_curves_whatever_the_parameters_are_now(choice):
    X, y = data()
    net = DeepNetRegressor(**FEW, **choice, warm_start=True).fit(X, y)
    network = net.network_
    assert net.partial_fit(X, y).network_ == network
    net.set_params(solver="sgd").fit(X, y)  # whose features have no factor in a new fit
    assert net.network_ == network
    views = np.resize(choice["numeric_encoding"], network.n_members)
    seen = net.coefs_[0].reshape(network.n_members, -1, 4)[:, -6:].any(axis=(1, 2))
    assert_array_equal(seen, views == "periodic")


def test_a_checkpoint_goes_on_with_the_curves(tmp_path):
    X, y = data()
    net = DeepNetRegressor(**FEW, **PERIODIC)
    expected = net.fit(X, y).predict(X)
    net.set_callbacks(Checkpoint(tmp_path / "fit.npz"))
    for _ in range(2):  # the second time it reads the file
        assert_array_equal(net.fit(X, y).predict(X), expected)


@each_choice
@each_table
def test_slopes_and_effects_of_columns_go_through_the_curves(table, choice):
    X, y = table(200)
    net = DeepNetRegressor(8, activation="tanh", max_iter=20, random_state=0, **choice)
    net.fit(X, y)
    rows = X[1:7].copy()  # in the range of training, without missing numbers
    if isinstance(rows, pd.DataFrame):
        rows[["a", "b"]] *= 0.99  # at no border of pieces
    else:
        rows[:, :2] *= 0.99
    slopes = input_gradients(net, rows)
    for j, name in enumerate(getattr(X, "columns", range(3))[:2]):
        up, down = rows.copy(), rows.copy()
        for moved, step in ((up, 1e-5), (down, -1e-5)):
            place = (slice(None), name)
            (moved.loc if isinstance(moved, pd.DataFrame) else moved)[place] += step
        rise = (net.predict(up) - net.predict(down)) / 2e-5
        assert_allclose(slopes[:, j], rise, atol=1e-6)
    for background in (None, X[:3]):
        effects = integrated_gradients(net, rows, background=background)
        total = effects.base_values + effects.values.sum(axis=1)
        assert_allclose(total, net.predict(rows), atol=2e-3)


def test_sparse_tables_are_encoded_as_dense_ones():
    X, y = data()
    net = DeepNetRegressor(**FEW, **PERIODIC)
    dense, rows = net.fit(X, y).predict(X), sparse.csr_array(X)
    assert_allclose(net.predict(rows), dense, rtol=1e-12)
    assert_allclose(net.fit(rows, y).predict(X), dense, rtol=1e-9)


def test_a_column_with_a_direction_has_no_curves_and_keeps_it():
    X, _ = data(300)
    y = X[:, 0] + np.sin(4 * X[:, 1])
    net = DeepNetRegressor(16, max_iter=30, random_state=0, monotonic_cst=[1, 0, 0])
    net.set_params(**PERIODIC).fit(X, y)
    assert net.network_.periodic.columns == (1,)
    line = np.zeros((50, 3))
    line[:, 0] = np.linspace(-3, 3, 50)
    assert (np.diff(net.predict(line)) >= 0).all()


def test_a_table_without_numbers_to_bend_has_no_curves():
    X, y = data()
    net = DeepNetRegressor(**FEW, **PERIODIC).fit(X[:, 2:], y)
    assert net.network_.periodic is None
    assert net.coefs_[0].shape == (1, 4)
    net.set_params(warm_start=True).fit(X[:, 2:], y)


def test_missing_numbers_have_the_curves_of_the_mean():
    X, y = data()
    X[::5, 0] = np.nan
    net = DeepNetRegressor(**FEW, **PERIODIC, activation="softplus").fit(X, y)
    assert net.coefs_[0].shape == (3 + 1 + 6, 4)
    rows = np.tile([np.nan, 0.3, 1.0], (2, 1))
    rows[1, 0] = np.nanmean(X[:, 0])
    of_missing, of_mean = net.hidden_activations(rows)[0]
    # the indicator of missing numbers is all that differs
    before = np.log(np.expm1(of_missing)), np.log(np.expm1(of_mean))
    assert_allclose(before[0] - before[1], net.coefs_[0][3], atol=1e-8)


def test_partial_fit_uses_numbers_as_they_are():
    X, y = data()
    part = DeepNetRegressor(4, random_state=0, **PERIODIC)
    with pytest.warns(IneffectiveParameterWarning, match="partial_fit, which knows only"):
        assert part.partial_fit(X, y).coefs_[0].shape == (3, 4)


@pytest.mark.parametrize("choice", ["periodic", ["periodic"]])
def test_numbers_that_are_not_standardised_are_refused(choice):
    X, y = data()
    net = DeepNetRegressor(**FEW, numeric_encoding=choice, standardize=False)
    with pytest.raises(ValueError, match=r"needs standardize=True.*'piecewise_linear'"):
        net.fit(X, y)


def test_waves_that_a_plain_net_needs_longer_for_are_learned():
    X = np.random.default_rng(0).uniform(-2, 2, size=(600, 4))
    y = np.sin(2 * X[:, 0]) + np.cos(2 * X[:, 1])
    quick = {"max_iter": 30, "random_state": 0}
    plain = DeepNetRegressor(**quick, numeric_encoding=None).fit(X[:400], y[:400])
    net = DeepNetRegressor(**quick, **PERIODIC).fit(X[:400], y[:400])
    assert net.score(X[400:], y[400:]) > plain.score(X[400:], y[400:]) + 0.2
