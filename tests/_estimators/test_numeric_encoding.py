"""Piecewise-linear encoding of numbers: what it is, which members see it, what keeps it."""

import numpy as np
import pandas as pd
import pytest
from encoded_nets import FEW, data, each_net
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import KBinsDiscretizer

from skshallow import (
    DeepNetRegressor,
    load,
)
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.inspection import gradient_check

PIECES = {"numeric_encoding": "piecewise_linear"}
FORMS = {"array": np.array, "frame": pd.DataFrame, "float32": np.float32}


def pieces_by_hand(X, columns=(0, 1), n_pieces=8):
    """Return the encoded features, with the borders of scikit-learn's quantile bins."""
    bins = KBinsDiscretizer(n_pieces, quantile_method="inverted_cdf").fit(X[:, columns])
    parts = [X]
    for column, borders in zip(columns, bins.bin_edges_, strict=True):
        share = (X[:, [column]] - borders[:-1]) / np.diff(borders)
        parts.append(np.clip(share, 0, 1))
    return np.hstack(parts)


def rows_of_first_layer(net, encoded, member=None):
    weight, bias = net.coefs_[0], net.intercepts_[0]
    if member is not None:
        weight, bias = weight[member], bias[member]
    return np.maximum(encoded @ weight + bias, 0)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@each_net
def test_pieces_are_cut_at_quantiles_and_rise_from_0_to_1(net_class, form):
    X, y = data()
    net = net_class(**FEW, **PIECES).fit(form(X), y)
    assert net.coefs_[0].shape == (3 + 2 * 8, 4)
    expected = rows_of_first_layer(net, pieces_by_hand(X))
    found = net.hidden_activations(form(X))[0]
    # borders are kept in single precision
    assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    names = net.encoded_feature_names_.tolist()
    assert [name.partition("_")[2] for name in names[3:5]] == ["piece0", "piece1"]


def test_a_linear_model_of_pieces_is_the_piecewise_linear_regression():
    X, _ = data(400)
    y = np.abs(X[:, 0]) + X[:, 2]
    net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=1e-9, max_iter=5000, tol=1e-9)
    net.set_params(**PIECES).fit(X, y)
    encoded = pieces_by_hand(X)
    expected = LinearRegression().fit(encoded, y).predict(encoded)
    assert_allclose(net.predict(X), expected, atol=1e-3)


@each_net
def test_every_member_sees_the_pieces_unless_told_otherwise(net_class):
    X, y = data(300)
    net = net_class(**FEW, n_members=3).fit(X, y)
    assert net.coefs_[0][:, 3:].any(axis=(1, 2)).all()
    assert net.resolved_params_["numeric_encoding"] == ["piecewise_linear"] * 3
    chosen = [None, "piecewise_linear", None]
    net.set_params(numeric_encoding=chosen).fit(X, y)
    assert net.coefs_[0][:, 3:].any(axis=(1, 2)).tolist() == [False, True, False]
    assert net.resolved_params_["numeric_encoding"] == chosen
    assert net.set_params(numeric_encoding=None).fit(X, y).coefs_[0].shape == (3, 3, 4)


AS_THEY_ARE = {
    "too few rows": (255, {}),
    "a linear model": (300, {"activation": "identity"}),
    "unscaled features": (300, {"standardize": False}),
    "a solver that diverges with scaled features": (300, {"solver": "sgd"}),
    "a solver with full batches": (300, {"solver": "lbfgs", "tol": 1.0}),
}


@pytest.mark.parametrize(("n_rows", "params"), AS_THEY_ARE.values(), ids=AS_THEY_ARE)
@each_net
def test_numbers_enter_as_they_are_where_pieces_do_not_suit(net_class, n_rows, params):
    X, y = data(300)
    net = net_class(**FEW | params)
    net.fit(X[:n_rows], y[:n_rows])
    assert net.resolved_params_["numeric_encoding"] == [None]
    assert net.coefs_[0].shape[0] == 3
    net = net_class(**FEW).fit(X, y)
    assert net.resolved_params_["numeric_encoding"] == ["piecewise_linear"]
    assert net.coefs_[0].shape[0] == 3 + 2 * 8


@pytest.mark.parametrize("n_members", [1, 2])
@each_net
def test_gradients_through_pieces_are_exact(net_class, n_members):
    X, y = data()
    net = net_class(3, activation="tanh", random_state=0, n_members=n_members)
    choice = [None, *PIECES.values()] if n_members > 1 else PIECES["numeric_encoding"]
    check = gradient_check(net.set_params(numeric_encoding=choice), X, y)
    assert check.passed
    members = (n_members,) if n_members > 1 else ()
    assert check.parameters[0].shape == (*members, 3 + 16, 3)


@each_net
def test_pieces_are_saved_and_trained_on(net_class, tmp_path):
    X, y = data(300)
    choice = [None, "piecewise_linear"]
    net = net_class(**FEW, n_members=2, warm_start=True, numeric_encoding=choice).fit(X, y)
    net.save(tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    assert again.network_ == net.network_
    for each in (net, again):
        each.fit(X, y)
        assert not each.coefs_[0][0, 3:].any()
    assert_array_equal(again.predict(X), net.predict(X))


def test_partial_fit_uses_numbers_as_they_are():
    X, y = data()
    part = DeepNetRegressor(4, random_state=0, **PIECES)
    with pytest.warns(IneffectiveParameterWarning, match="partial_fit, which knows only"):
        assert part.partial_fit(X, y).coefs_[0].shape == (3, 4)


@pytest.mark.parametrize("n_members", [1, 2])
def test_sparse_tables_are_encoded_as_dense_ones(n_members):
    X, y = data()
    net = DeepNetRegressor(**FEW, **PIECES, n_members=n_members)
    dense, rows = net.fit(X, y).predict(X), sparse.csr_array(X)
    assert_allclose(net.predict(rows), dense, rtol=1e-12)
    assert_allclose(net.fit(rows, y).predict(X), dense, rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_same_columns_of_sparse_and_of_dense_tables_have_pieces(weighted):
    rng = np.random.default_rng(0)
    n_stored = np.repeat([0, 1, 31, 32, 33, 64, 256], 3)  # an eighth of the rows is 32
    X = np.zeros((256, len(n_stored)))
    for j, n in enumerate(n_stored):  # in turn above 0, below, and on both sides of it
        sign = rng.choice([-1, 1], size=n) if j % 3 == 2 else (1, -1)[j % 3]
        X[:n, j] = sign * rng.uniform(1, 2, size=n)
    weight = rng.integers(0, 3, size=256) if weighted else None
    net = DeepNetRegressor(4, max_iter=1, early_stopping=False, **PIECES)
    dense = net.fit(X, X[:, -1], weight).encoded_feature_names_
    assert 22 < len(dense) < 22 + 8 * 21
    found = net.fit(sparse.csr_array(X), X[:, -1], weight).encoded_feature_names_
    assert_array_equal(found, dense)


@pytest.mark.parametrize(("n_columns", "n_pieced"), [(1000, 2), (1001, 0)])
def test_wide_sparse_tables_stay_sparse_unless_pieces_are_asked_for(n_columns, n_pieced):
    X = sparse.random_array((300, n_columns), density=0.01, rng=np.random.default_rng(0))
    X = X.tolil()
    X[:, [0, 5]] = np.random.default_rng(1).normal(size=(300, 2))
    X = X.tocsr()
    net = DeepNetRegressor(**FEW).fit(X, X[:, [0]].toarray().ravel())
    assert net.coefs_[0].shape[0] == n_columns + 8 * n_pieced
    net.set_params(**PIECES).fit(X, X[:, [0]].toarray().ravel())
    assert net.coefs_[0].shape[0] == n_columns + 8 * 2


def test_wide_tables_have_no_pieces_unless_asked_for():
    X = np.random.default_rng(0).normal(size=(1024, 129)).astype(np.float32)
    net = DeepNetRegressor(**FEW | {"max_iter": 1}, n_members=2).fit(X, X[:, 0])
    assert net.coefs_[0].shape == (2, 129, 4)
    assert net.resolved_params_["numeric_encoding"] == [None, None]
    assert net.fit(X[:, :32], X[:, 0]).coefs_[0].shape[1] == 9 * 32
    net.set_params(**PIECES).fit(X, X[:, 0])
    assert net.coefs_[0].shape[1] == 9 * 129


SHARED = [
    *[(1024, 33, 7), (1024, 64, 4), (1024, 86, 2), (1024, 128, 2), (2000, 128, 2)],
    *[(1023, 32, 7), (400, 13, 7), (400, 50, 2), (256, 8, 8), (256, 9, 7), (256, 32, 2)],
]


@pytest.mark.parametrize(("n_rows", "n_columns", "n_pieces"), SHARED)
def test_the_columns_share_a_piece_per_four_rows(n_rows, n_columns, n_pieces):
    X = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    X = np.hstack([X, X[:, :9] > 0])
    net = DeepNetRegressor(**FEW | {"max_iter": 1}).fit(X, X[:, 0])
    expected = rows_of_first_layer(net, pieces_by_hand(X, range(n_columns), n_pieces))
    assert_allclose(net.hidden_activations(X)[0], expected, rtol=1e-5, atol=1e-5)


LIMITS = {
    "a tenth held out": (284, {"early_stopping": True}),
    "folds held out in turn": (256, {"early_stopping": True, "n_members": 2}),
    "all rows train": (256, {}),
}


@pytest.mark.parametrize(("fewest", "params"), LIMITS.values(), ids=LIMITS)
def test_rows_that_train_decide_on_pieces(fewest, params):
    X = np.random.default_rng(0).normal(size=(fewest, 1))
    net = DeepNetRegressor(**FEW | {"max_iter": 1} | params)

    def first_layer(n_rows):
        return net.fit(X[:n_rows], X[:n_rows, 0]).coefs_[0].shape[-2]

    assert [first_layer(n) for n in (fewest - 1, fewest)] == [1, 9]


def test_rows_of_weight_0_do_not_train_and_do_not_count():
    X = np.random.default_rng(0).normal(size=(256, 1))
    net, weight = DeepNetRegressor(**FEW), np.ones(256)
    assert net.fit(X, X[:, 0], weight).coefs_[0].shape == (9, 4)
    weight[0] = 0
    assert net.fit(X, X[:, 0], weight).coefs_[0].shape == (1, 4)


def test_columns_of_two_values_have_no_pieces_and_do_not_count(net_class):
    X, y = data(300)
    binary = np.random.default_rng(1).integers(2, size=(300, 200)).astype(float)
    net = net_class(**FEW)
    assert net.fit(np.hstack([X, binary]), y).coefs_[0].shape[0] == 203 + 2 * 8
    net.fit(binary, y)
    assert net.coefs_[0].shape[0] == 200
    assert net.resolved_params_["numeric_encoding"] == [None]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ([None], "numeric_encoding has 1 entries, and n_members=2"),
        ([None, "splines"], "has the entry 'splines'"),
        ("splines", "numeric_encoding"),
    ],
)
def test_other_encodings_are_refused(choice, words):
    X, y = data()
    with pytest.raises(ValueError, match=words):
        DeepNetRegressor(**FEW, n_members=2, numeric_encoding=choice).fit(X, y)


def test_a_step_that_a_plain_net_needs_many_units_for_is_learned():
    X = np.random.default_rng(0).uniform(size=(600, 2))
    y = np.sign(np.sin(25 * X[:, 0]))
    quick = {"max_iter": 40, "random_state": 0}
    plain = DeepNetRegressor(**quick, numeric_encoding=None).fit(X[:400], y[:400])
    net = DeepNetRegressor(**quick).fit(X[:400], y[:400])
    assert net.score(X[400:], y[400:]) > plain.score(X[400:], y[400:]) + 0.1


@each_net
def test_a_net_starts_without_the_pieces(net_class):
    X, y = data()
    params = FEW | PIECES | {"learning_rate": 1e-9, "max_iter": 1}
    net = net_class(**params).fit(X, y)
    scale = X.std(axis=0)[:, np.newaxis]
    of_numbers, of_pieces = net.coefs_[0][:3] * scale, net.coefs_[0][3:]
    assert np.abs(of_numbers).mean() > 0.01
    assert np.abs(of_pieces).max() < 1e-6


@each_net
def test_missing_numbers_are_as_the_mean_of_each_feature(net_class):
    X, y = data()
    X[::5, 0] = np.nan
    net = net_class(**FEW, **PIECES).fit(X, y)
    assert net.coefs_[0].shape == (3 + 1 + 16, 4)
    encoded = pieces_by_hand(X[1::5])[:, 3:11]  # of the first column, not all of its rows
    assert np.isfinite(encoded).all()
    assert np.isfinite(net.hidden_activations(X)[0]).all()


@each_net
def test_without_clipping_numbers_beyond_the_range_follow_their_own_weight(net_class):
    X, y = data()
    net = net_class(**FEW, **PIECES, clip_features=False).fit(X, y)
    far = X + np.array([50, 0, 0])
    slope = (
        net.hidden_activations(far + np.array([9, 0, 0]))[0]
        - net.hidden_activations(far)[0]
    )
    on = (net.hidden_activations(far)[0] > 0) & (slope > 0)
    expected = np.broadcast_to(9 * net.coefs_[0][0], slope.shape)
    assert on.any()
    assert_allclose(slope[on], expected[on], rtol=1e-6)


def test_integer_weights_cut_pieces_as_repetition_does():
    X, _ = data()
    y = np.abs(X[:, 0])
    times = np.resize([1, 2, 3], len(X))
    net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=1e-9, max_iter=5000, tol=1e-9)
    weighted = net.set_params(**PIECES).fit(X, y, times).predict(X)
    repeated = net.fit(X.repeat(times, axis=0), y.repeat(times)).predict(X)
    assert_allclose(weighted, repeated, atol=1e-3)


@each_net
def test_partial_fit_goes_on_with_the_pieces_of_the_fit(net_class):
    X, y = data(300)
    choice = [None, "piecewise_linear"]
    net = net_class(**FEW, n_members=2, numeric_encoding=choice).fit(X, y)
    before = net.coefs_[0].copy()
    net.partial_fit(X[:100], y[:100])  # of fewer rows than "auto" asks for
    assert net.coefs_[0].shape == before.shape == (2, 19, 4)
    assert (net.coefs_[0][1, 3:] != before[1, 3:]).any()
    assert not net.coefs_[0][0, 3:].any()
