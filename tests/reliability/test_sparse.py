"""Sparse tables: the model of the same dense table to rounding, in the memory they take."""

import tracemalloc

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from varieties import N_ROWS, STOCHASTIC, VARIETIES, Variety, features, predictions, targets

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier
from skshallow.activations import ACTIVATIONS
from skshallow.inspection import gradient_check

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
]

FORMATS = ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]
# Where rounding decides which side of a jump a value is on.
SMOOTH = {
    name: variety
    for name, variety in VARIETIES.items()
    if not variety.sparse and variety.params.get("activation") != "step"
}


def made(name):
    """Return a net; of the further columns, too, monotonic constraints need directions."""
    directions = SMOOTH[name].params.get("monotonic_cst")
    if directions is None:
        return SMOOTH[name].make()
    return SMOOTH[name].make(monotonic_cst=[*directions, 0, 1, 0, -1])


def thin_rows(n_rows=N_ROWS):
    """Return rows (n_rows, 9): sparse columns, rare ones, full ones far from 0, zeros."""
    rng = np.random.default_rng(4)
    X = features(n_rows)
    X[:, 1:] *= rng.random((n_rows, 4)) > 0.6
    rare = np.arange(n_rows) % 15 == 2
    rare_and_never_else = np.column_stack([rare, 3.0 * (rng.random(n_rows) > 0.5)])
    return np.column_stack(
        [X, rare_and_never_else, 1e4 + rng.normal(size=n_rows), np.zeros(n_rows)]
    )


def assert_alike(actual, expected, X, rtol=1e-6):
    """Assert that two nets are one but for rounding, in what they hold and predict."""
    assert actual.n_iter_ == expected.n_iter_
    for name in ("loss_curve_", "validation_loss_curve_", "validation_scores_"):
        assert_allclose(getattr(actual, name), getattr(expected, name), rtol=rtol)
    # weights in the user's units: as large as their column is small
    scale = np.maximum(np.abs(X).max(axis=0), 1)[:, np.newaxis]
    for i, (own, others) in enumerate(zip(actual.coefs_, expected.coefs_, strict=True)):
        others_of_first = ((0, own.shape[-2] - len(scale)), (0, 0))  # pieces of numbers
        unit = np.pad(scale, others_of_first, constant_values=1) if i == 0 else 1
        assert_allclose(own * unit, others * unit, rtol=rtol, atol=10 * rtol)
    rows = sparse.csr_array(X)
    expected_predictions = predictions(expected, X)
    least = rtol * np.abs(expected_predictions).max()
    for net, there in [(actual, X), (actual, rows), (expected, rows)]:
        assert_allclose(
            predictions(net, there), expected_predictions, rtol=rtol, atol=least
        )
    for own, others in zip(
        actual.hidden_activations(rows), expected.hidden_activations(X), strict=True
    ):
        assert_allclose(own, others, rtol=rtol, atol=100 * rtol)


@pytest.mark.parametrize("name", SMOOTH)
def test_every_net_learns_sparse_rows_as_dense_ones(name):
    X = thin_rows()
    y = targets(X, SMOOTH[name].target)
    weight = np.random.default_rng(5).integers(0, 3, N_ROWS) / 2
    dense = made(name).fit(X, y, weight)
    actual = made(name).fit(sparse.csr_array(X), y, weight)
    rtol = 1e-4 if SMOOTH[name].params.get("dtype") == "float32" else 1e-6
    assert_alike(actual, dense, X, rtol)


@pytest.mark.parametrize(
    ("solver", "kind", "form"),
    covering(["adam", "sgd", "lbfgs"], ["array", "matrix"], FORMATS),
)
def test_every_format_gives_the_model_of_the_dense_table(solver, kind, form):
    X = thin_rows()
    y = targets(X, "three classes")
    net = Variety(DeepNetClassifier, {"solver": solver}).make()
    rows = getattr(sparse, f"{form}_{kind}")(X)
    assert_alike(
        net.fit(rows, y, X_val=rows, y_val=y),
        Variety(DeepNetClassifier, {"solver": solver}).make().fit(X, y, X_val=X, y_val=y),
        X,
    )


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("n_members", [1, 2])
def test_partial_fit_takes_dense_and_sparse_parts_in_turn(n_members, solver):
    X = thin_rows()
    y = targets(X, "positive")
    params = {"solver": solver, "n_members": n_members}
    nets = [Variety(DeepNetRegressor, params).make() for _ in "abc"]
    for i, start in enumerate(range(0, N_ROWS, N_ROWS // 4)):
        part = slice(start, start + N_ROWS // 4)
        rows, thin = X[part], sparse.csr_array(X[part])
        for net, given in zip(nets, [rows, thin, thin if i % 2 else rows], strict=True):
            net.partial_fit(given, y[part])
    for net in nets[1:]:
        assert_alike(net, nets[0], X)


def test_columns_that_thin_out_after_training_are_predicted_as_dense_ones():
    """A column without a zero in training, far from 0, may have many later."""
    X = thin_rows()
    net = DeepNetRegressor(4, max_iter=3, random_state=0)
    net.fit(sparse.csr_array(X), targets(X, "positive"))
    later = X.copy()
    later[::2, -2] = 0
    assert_allclose(net.predict(sparse.csr_array(later)), net.predict(later), rtol=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "prelu", "maxout"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_gradients_on_centered_sparse_rows_equal_finite_differences(n_members, activation):
    X = thin_rows()
    net = DeepNetClassifier(
        3, activation=ACTIVATIONS[activation](), n_members=n_members, random_state=0
    )
    check = gradient_check(net, sparse.csr_array(X), targets(X, "three classes"))
    check.raise_unless_passed()


# scikit-learn's linear models on the standardised dense table.

EXACT = {"depth": 0, "solver": "lbfgs", "tol": 1e-9, "max_iter": 10_000, "alpha": 0.01}


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil"])
def test_depth_zero_equals_logistic_regression_on_standardised_rows(form):
    X = thin_rows(300)
    y = targets(X, "two classes")
    weight = np.random.default_rng(6).uniform(0.1, 3, 300)
    net = DeepNetClassifier(**EXACT, early_stopping=False)
    rows = sparse.coo_array(X).asformat(form)
    net.fit(rows, y, weight)
    Z = StandardScaler().fit(X, sample_weight=weight).transform(X)
    theirs = LogisticRegression(C=1 / (0.01 * weight.sum()), tol=1e-10, max_iter=10_000)
    theirs.fit(Z, y, weight)
    assert_allclose(net.predict_proba(rows), theirs.predict_proba(Z), atol=1e-5)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil"])
def test_depth_zero_equals_ridge_on_standardised_rows(form):
    X = thin_rows(300)
    y = targets(X, "two targets")
    net = DeepNetRegressor(**EXACT, early_stopping=False)
    rows = sparse.coo_array(X).asformat(form)
    net.fit(rows, y)
    Z, y_z = StandardScaler().fit_transform(X), StandardScaler().fit(y)
    theirs = Ridge(alpha=0.01 * 300, tol=1e-12).fit(Z, y_z.transform(y))
    expected = y_z.inverse_transform(theirs.predict(Z))
    assert_allclose(net.predict(rows), expected, rtol=1e-4, atol=1e-4)


# Memory.


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_wide_sparse_table_is_never_made_dense(solver):
    n_rows, n_features = 2000, 100_000
    X = sparse.random_array(
        (n_rows, n_features), density=2e-4, rng=np.random.default_rng(0), format="csr"
    )
    y = np.arange(n_rows) % 2
    net = ShallowNetClassifier(2, max_iter=2, solver=solver, early_stopping=True)
    tracemalloc.start()
    net.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80e6  # dense 1.6 GB; the parameters alone 1.6 MB, lbfgs keeps 20 of them


@pytest.mark.skipif(
    "sparse_interface" not in get_config(), reason="scikit-learn 1.9.1 or later"
)
@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_nets_learn_in_pipelines_from_both_interfaces_of_sparse_tables(interface):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 5, size=(120, 3)), rng.normal(size=120)
    net = DeepNetRegressor(4, max_iter=3, random_state=0)
    dense = make_pipeline(OneHotEncoder(sparse_output=False), net).fit(X, y).predict(X)
    with config_context(sparse_interface=interface):
        table = OneHotEncoder().fit_transform(X)
        assert sparse.isspmatrix(table) == (interface == "spmatrix")
        model = make_pipeline(OneHotEncoder(), clone(net)).fit(X, y)
        assert_allclose(model.predict(X), dense, rtol=1e-7)
