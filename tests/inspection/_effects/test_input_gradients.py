"""Derivatives by columns, against finite differences and coefficients."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from varieties import VARIETIES

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.inspection import input_gradients

SMOOTH = {"activation": "tanh"}


def outputs_of(net, X, output):
    """Return what public methods give for an output (n, n_outputs); None if none does."""
    if is_classifier(net):
        if output == "raw":
            found = net.decision_function(X)
        else:
            found = net.predict_proba(X)
            found = found[:, 1:] if net.n_outputs_ == 1 else found
    else:
        found = net.predict(X)
        if output == "raw" and net.loss in ("poisson", "gamma"):
            found = np.log(found)
        elif output == "raw" and net.n_outputs_ != np.atleast_2d(found.T).shape[0]:
            return None
    return found.reshape(X.shape[0], -1)


def inner(X):
    """Return rows inside the range of each column, a little away from the values of `X`.

    At a border of a piece there are two one-sided derivatives, and borders are values.
    """
    is_end = (X.min(axis=0) == X) | (X.max(axis=0) == X)
    return X[~is_end.any(axis=1)] + 1e-3 * X.std(axis=0)


def by_differences(net, X, output):
    """Return the derivatives (n, n_columns, n_outputs) by central differences."""
    found = []
    for j in range(X.shape[1]):
        step = np.zeros(X.shape[1])
        step[j] = 1e-5 * X[:, j].std()
        above, below = (outputs_of(net, X + s * step, output) for s in (1, -1))
        found.append((above - below) / (2 * step[j]))
    return np.stack(found, axis=1)


LOSSES = [name for name in VARIETIES if name.startswith("loss=")]


@pytest.mark.parametrize("output", ["raw", "prediction"])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("name", [*LOSSES, "quantiles", "two targets"])
def test_they_are_the_derivatives_of_what_is_predicted(name, n_members, output):
    variety = VARIETIES[name]
    net = variety.fit(n_members=n_members, **SMOOTH)
    X = inner(variety.data()[0])[:6]
    if outputs_of(net, X, output) is None:
        output = "prediction"  # no public method gives the raw outputs
    expected = by_differences(net, X, output)
    actual = input_gradients(net, X, output=output).reshape(expected.shape)
    scale = np.abs(expected).max(axis=(0, 2), keepdims=True)
    assert_allclose(actual / scale, expected / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_at_a_border_of_pieces_they_are_from_below_and_at_the_least_from_above(
    dtype, standardize
):
    X = np.arange(-8.0, 9).repeat(20)[:, np.newaxis]
    net = DeepNetRegressor(
        8,
        max_iter=20,
        early_stopping=False,
        random_state=0,
        numeric_encoding="piecewise_linear",
        dtype=dtype,
        standardize=standardize,
        **SMOOTH,
    ).fit(X, np.sin(X[:, 0]))
    borders = np.arange(-8.0, 9, 2)[:, np.newaxis]  # of eight pieces of 17 integers
    aside = np.where(borders == -8, 1e-3, -1e-3)
    beside = input_gradients(net, borders + aside)
    assert_allclose(input_gradients(net, borders), beside, rtol=0, atol=0.01)
    beyond = input_gradients(net, borders - aside)
    assert np.median(np.abs(beyond - beside)) > 0.05


@pytest.mark.parametrize(
    "name", ["residual", "layer norm", "residual, layer norm, members"]
)
def test_they_take_both_ways_back_through_residual_layers(name):
    net = VARIETIES[name].fit(**SMOOTH)
    X = inner(VARIETIES[name].data()[0])[:6]
    expected = by_differences(net, X, "prediction")
    actual = input_gradients(net, X, output="prediction").reshape(expected.shape)
    scale = np.abs(expected).max(axis=(0, 2), keepdims=True)
    assert_allclose(actual / scale, expected / scale, rtol=0, atol=1e-5)


@pytest.fixture
def y(y):
    return y > 0


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(
    "as_given", [np.asarray, sparse.csr_array], ids=["dense", "sparse"]
)
def test_numbers_beyond_their_range_in_training_have_none(as_given, n_members):
    variety = VARIETIES["loss=squared_error"]
    net, (X, _) = variety.fit(n_members=n_members, **SMOOTH), variety.data()
    low, high = X.min(axis=0), X.max(axis=0)
    rows = inner(X)[:4].copy()
    rows[0, 0], rows[1, 1], rows[2, 2] = (low - 1)[0], (high + 1)[1], (2 * high)[2]
    is_beyond = (rows < low) | (rows > high)
    expected = by_differences(net, rows, "raw")[..., 0]
    assert_array_equal(expected == 0, is_beyond)
    actual = input_gradients(net, as_given(rows))
    assert_array_equal(actual == 0, is_beyond)
    assert_allclose(actual, expected, rtol=1e-4)
    unclipped = variety.fit(n_members=n_members, clip_features=False, **SMOOTH)
    assert (input_gradients(unclipped, as_given(rows)) != 0).all()


def test_at_the_ends_of_the_range_they_are_those_inside():
    variety = VARIETIES["loss=squared_error"]
    net, (X, _) = variety.fit(**SMOOTH), variety.data()
    row = np.median(X, axis=0)[np.newaxis]
    for end, inwards in ((X.min(axis=0), 1e-9), (X.max(axis=0), -1e-9)):
        for j in range(X.shape[1]):
            at_end, inside = row.copy(), row.copy()
            at_end[0, j] = end[j]
            inside[0, j] = end[j] + inwards * np.ptp(X[:, j])
            found = input_gradients(net, at_end)
            assert_allclose(found, input_gradients(net, inside), rtol=1e-5)
            assert found[0, j] != 0


def test_columns_that_were_constant_in_training_have_none(few):
    X = np.c_[np.random.default_rng(0).normal(size=(40, 2)), np.full(40, 3.0)]
    net = DeepNetRegressor(**few).fit(X, X[:, 0])
    assert_array_equal(input_gradients(net, X + 1)[:, 2], 0)
    assert_array_equal(input_gradients(net, X)[:, 2], 0)


def test_of_a_linear_net_they_are_the_coefficients(X, y, few):
    net = DeepNetClassifier(**few, depth=0).fit(X, y)
    assert_allclose(input_gradients(net, X), np.tile(net.coefs_[0].T, (len(X), 1)))


def test_sparse_rows_have_those_of_dense_ones(X, y, few):
    net = DeepNetClassifier(**few).fit(X, y)
    actual = input_gradients(net, sparse.csr_array(X))
    assert_allclose(actual, input_gradients(net, X), rtol=1e-10)


def test_behind_a_pipeline_they_are_by_its_columns(X, y, few):
    model = make_pipeline(StandardScaler(), DeepNetClassifier(**few)).fit(X, y)
    expected = input_gradients(model[-1], model[:-1].transform(X))
    assert_array_equal(input_gradients(model, X), expected)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(200) < 0.1, np.nan, rng.normal(size=200)),
            "colour": rng.choice(["red", "green", "blue"], 200),
            "town": [f"town {i}" for i in rng.integers(20, size=200)],
        }
    )


def test_missing_numbers_have_none_and_levels_have_effects(table, few):
    y = np.where(table["colour"] == "red", 2.0, -1.0) + table["size"].fillna(3)
    net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=0, max_iter=100).fit(table, y)
    gradients = input_gradients(net, table)
    is_missing = table["size"].isna().to_numpy()
    assert_array_equal(np.isnan(gradients[:, 0]), is_missing)
    assert_allclose(gradients[~is_missing, 0], 1, atol=1e-3)
    is_red = (table["colour"] == "red").to_numpy()
    expected = 3 * (is_red - is_red.mean())
    assert_allclose(gradients[:, 1], expected, atol=0.01)
    unseen = table.assign(colour="pink", town="nowhere")
    assert_allclose(input_gradients(net, unseen)[:, 1], 0, atol=1e-12)


def test_only_numbers_beyond_their_range_have_none_beside_categories(table, few):
    y = np.where(table["colour"] == "red", 2.0, -1.0) + table["size"].fillna(3)
    net = DeepNetRegressor(**few, **SMOOTH).fit(table, y)
    known = table[table["size"].notna()]
    known = known[known["size"].between(*known["size"].quantile([0.2, 0.8]))][:9]
    inside = input_gradients(net, known)
    beyond = input_gradients(net, known.assign(size=known["size"].max() + 100))
    assert (inside != 0).all()
    assert_array_equal(beyond != 0, [[False, True, True]] * 9)


def test_steps_have_no_derivative(X, y, few):
    net = DeepNetClassifier(**few, activation="step").fit(X, y)
    with pytest.raises(ValueError, match="permutation_importance"):
        input_gradients(net, X)


def test_other_outputs_are_refused(X, y, few):
    net = DeepNetClassifier(**few).fit(X, y)
    with pytest.raises(ValueError, match="output must be 'raw' or 'prediction'"):
        input_gradients(net, X, output="log odds")


def test_what_is_no_net_is_refused(X, y):
    with pytest.raises(TypeError, match="Found no net"):
        input_gradients(Ridge().fit(X, y), X)
