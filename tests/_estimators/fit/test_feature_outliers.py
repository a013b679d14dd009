"""The warning of a few values beside which the others of a column are almost the same."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import r2_score

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.exceptions import FeatureOutlierWarning

N_ROWS = 120
FEW = {"hidden_units": 4, "max_iter": 2, "random_state": 0}
PIECES = {"numeric_encoding": "piecewise_linear"}


def rows(value=999999.0, row=7):
    """Return features, one of which is far out in a row, and targets."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 3))
    y = X[:, 0] + X[:, 1] + 0.2 * rng.normal(size=N_ROWS)
    X[row, 1] = value
    return X, y


def warning_of(X, y, *args, net_class=DeepNetRegressor, **params):
    """Return the warning of a fit."""
    with pytest.warns(FeatureOutlierWarning) as caught:
        net_class(**FEW | params).fit(X, y, *args)
    assert len(caught) == 1
    return str(caught[0].message)


def assert_silent(X, y, *args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("error", FeatureOutlierWarning)
        return DeepNetRegressor(**FEW | params).fit(X, y, *args)


@pytest.mark.parametrize("net_class", [DeepNetRegressor, DeepNetClassifier])
def test_the_warning_names_column_row_and_value(net_class):
    X, y = rows()
    y = y > 0 if net_class is DeepNetClassifier else y
    message = warning_of(X, y, net_class=net_class)
    assert message.startswith("Column 1 has values so far out")
    assert "the farthest is 999999, in row 7 (counted from 0)" in message
    others = np.delete(X[:, 1], 7)
    middle = np.diff(np.quantile(others, [0.05, 0.95], method="lower"))[0] / 3.29
    times = X[:, 1].std() / middle
    assert f"is {times:.3g} times that of most others, {middle:.3g}." in message
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(d=np.resize(["x", "y"], N_ROWS))
    named = warning_of(frame, y, net_class=net_class, categorical_features=["d"])
    assert named.startswith("Column 'b' has values")


def test_what_the_warning_advises_helps():
    X, y = rows()
    test = np.random.default_rng(1).normal(size=(500, 3))
    fits = {
        "as it is": (X, {}),
        "missing": (np.where(X == 999999, np.nan, X), {}),
        "clipped": (X.clip(-5, 5), {}),
        "in pieces": (X, PIECES),
    }
    scores = {}
    for name, (values, params) in fits.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FeatureOutlierWarning)
            net = DeepNetRegressor(32, random_state=0, **params).fit(values, y)
        scores[name] = r2_score(test[:, 0] + test[:, 1], net.predict(test))
        assert len(caught) == (name == "as it is")
    assert scores.pop("as it is") < 0.5 < 0.9 < min(scores.values())


def test_rows_are_those_of_X_where_some_have_no_weight_or_validate():
    X, y = rows()
    weight = np.ones(N_ROWS)
    weight[:5] = 0
    assert "in row 7 (" in warning_of(X, y, weight)
    held_out = {"early_stopping": True, "validation_fraction": 0.2}
    for seed in range(3):
        params = held_out | {"random_state": seed, "n_members": 2}
        assert "in row 7 (" in warning_of(X, y, weight, **params)


@pytest.mark.parametrize("value", [1e30, 1e200, -1e300])
def test_however_far_it_is(value):
    assert "Column 1 has" in warning_of(*rows(value))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("code", [-9999, 1e6])
def test_a_code_for_missing_values_may_be_in_many_rows(code, share):
    X, y = rows(0.5)
    X[: round(share * N_ROWS), 1] = code
    assert warning_of(X, y).startswith("Column 1 has")


def test_several_columns_are_counted():
    X, y = rows()
    X[9, 2] = -1e7
    assert warning_of(X, y).startswith("Column 2 has")
    assert ", and 1 more column like it. Check them." in warning_of(X, y)


def test_missing_values_beside_it_are_no_obstacle():
    X, y = rows()
    X[::3, 1] = np.nan
    X[7, 1] = 999999
    X[:, 2] = np.nan
    assert "in row 7 (" in warning_of(X, y)


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).standard_cauchy(size=(N_ROWS, 1)),
        np.random.default_rng(0).lognormal(sigma=2, size=(N_ROWS, 1)),
        np.random.default_rng(0).poisson(0.2, size=(N_ROWS, 1)) * 1e6,
        np.where(np.arange(N_ROWS) < 40, 1e4, 0)[:, np.newaxis]
        + np.arange(N_ROWS)[:, np.newaxis],
        np.arange(N_ROWS)[:, np.newaxis] == 3,
        np.resize([0] * 8 + [1, 1, 9], N_ROWS)[:, np.newaxis],
        (np.where(np.arange(N_ROWS) % 5, 1e-9, 1) * np.arange(N_ROWS))[:, np.newaxis],
    ],
    ids=["Cauchy", "lognormal", "counts", "two modes", "one 1", "levels", "mostly 0"],
)
def test_columns_of_other_shapes_have_no_warning(X):
    assert_silent(X.astype(float), np.arange(N_ROWS) % 7)


def test_pieces_sparse_rows_parts_and_rows_of_weight_0_have_no_warning():
    X, y = rows()
    assert_silent(X, y, **PIECES)
    assert_silent(sparse.csr_array(X), y)
    assert_silent(X, y, np.where(np.arange(N_ROWS) == 7, 0, 1))
    assert_silent(X, y, standardize=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FeatureOutlierWarning)
        DeepNetRegressor(4).partial_fit(X, y)
