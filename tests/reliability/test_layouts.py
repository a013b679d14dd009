"""Row order, column order, strides, frames and memory maps: one model, one memory."""

import tracemalloc
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from same_state import assert_same
from varieties import VARIETIES, Variety, predictions

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def memory_map(X, folder, order="C"):
    """Return X (n, d) as a read-only file in that order."""
    path = folder / f"table of {X.dtype} {order}"
    there = np.memmap(path, X.dtype, "w+", shape=X.shape, order=order)
    there[...] = X
    there.flush()
    return np.memmap(path, X.dtype, "r", shape=X.shape, order=order)


LAYOUTS = {
    "column order": lambda X, _: np.asfortranarray(X),
    "rows of a wider table": lambda X, _: np.tile(X, 2)[:, : X.shape[1]],
    "every second column": lambda X, _: X.repeat(2, axis=1)[:, ::2],
    "every second row": lambda X, _: X.repeat(2, axis=0)[::2],
    "every second row in column order": lambda X, _: X.T.repeat(2, axis=1).T[::2],
    "backwards": lambda X, _: X[::-1, ::-1].copy()[::-1, ::-1],
    "frame": lambda X, _: pd.DataFrame(X),
    "frame of columns": lambda X, _: pd.DataFrame(dict(enumerate(X.T))),
    "memory map": memory_map,
    "memory map in column order": lambda X, folder: memory_map(X, folder, "F"),
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


@pytest.fixture
def arrange(layout, tmp_path):
    """Return a function from a table in row order to one of the layout."""
    return lambda X: LAYOUTS[layout](np.ascontiguousarray(X), tmp_path)


NETS = {
    "adam": Variety(DeepNetClassifier, {}, "three classes"),
    "lbfgs": Variety(DeepNetRegressor, {"solver": "lbfgs"}),
    "one batch": VARIETIES["whole batch"],
    "early stopping": VARIETIES["early stopping"],
    "temperature": VARIETIES["temperature"],
    "members": VARIETIES["members"],
    "float32": VARIETIES["float32"],
    "as they are": VARIETIES["as they are"],
    "two targets": VARIETIES["two targets"],
    "labels": Variety(DeepNetClassifier, {}, "labels"),
    "absolute error": VARIETIES["loss=absolute_error"],
    "poisson": VARIETIES["loss=poisson"],
}
every_net = pytest.mark.parametrize("name", NETS)


def the_same(actual, expected, X, arranged):
    """Assert that two nets equal bit by bit, and predict so, the one for `arranged`."""
    for net in (actual, expected):
        vars(net).pop("feature_names_in_", None)
    assert_same(vars(actual), vars(expected))
    assert_array_equal(predictions(actual, arranged), predictions(expected, X))


def weights_of(X):
    return np.random.default_rng(0).integers(0, 3, len(X)) / 2


@cache
def fitted_in_row_order(name):
    X, y = NETS[name].data()
    return NETS[name].make().fit(X, y, weights_of(X))


@cache
def taught_in_row_order(name):
    net = NETS[name].make()
    for part in NETS[name].parts()[:5]:  # the last one has been seen
        net.partial_fit(**part)
    return net


@every_layout
@every_net
def test_every_layout_gives_the_model_of_row_order_bit_by_bit(name, arrange):
    X, y = NETS[name].data()
    weight = weights_of(X)
    rows = arrange(X)
    targets = y if y.ndim == 1 else np.asfortranarray(y)
    net = NETS[name].make().fit(rows, targets, weight)
    the_same(net, fitted_in_row_order(name), X, rows)
    for own, others in zip(
        net.hidden_activations(rows), net.hidden_activations(X), strict=True
    ):
        assert_array_equal(own, others)


@every_layout
@pytest.mark.parametrize("x_dtype", [np.float32, np.int64])
def test_every_dtype_and_validation_rows_of_ones_own_do_too(arrange, x_dtype):
    variety = NETS["adam"]
    X, y = variety.data()
    X = X.astype(x_dtype)
    rows = arrange(X)
    net = variety.make().fit(rows, y, X_val=rows[:20], y_val=y[:20])
    the_same(net, variety.make().fit(X, y, X_val=X[:20], y_val=y[:20]), X, rows)


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@every_layout
@pytest.mark.parametrize("name", ["adam", "two targets", "members"])
def test_partial_fit_gives_one_model_in_every_layout(name, arrange):
    net = NETS[name].make()
    for part in NETS[name].parts()[:5]:
        net.partial_fit(**{**part, "X": arrange(part["X"])})
    X, _ = NETS[name].data()
    the_same(net, taught_in_row_order(name), X, arrange(X))


CALLS = {
    "fit": lambda net, X, y: net.set_params(early_stopping=False).fit(X, y),
    "early stopping": lambda net, X, y: net.set_params(early_stopping=True).fit(X, y),
    "partial_fit": lambda net, X, y: net.partial_fit(X, y),
    "predict": lambda net, X, y: net.predict(X),
}


@cache
def large_table():
    """Return a read-only table of 8 MB."""
    X = np.random.default_rng(0).normal(size=(4000, 250))
    X.flags.writeable = False
    return X


def peak_of(call, rows):
    """Return the most memory that a call on the large table holds at a time, in bytes."""
    X = large_table()
    y = X[:, 0]
    net = ShallowNetRegressor(2, max_iter=1).fit(X[:100], y[:100])
    tracemalloc.start()
    CALLS[call](net, rows, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@cache
def peak_in_row_order(call):
    return peak_of(call, large_table())


@every_layout
@pytest.mark.parametrize("call", CALLS)
def test_every_layout_takes_the_memory_of_row_order(call, arrange):
    rows = arrange(large_table())
    if isinstance(rows, pd.DataFrame):
        rows = rows.copy()  # as one block, which pandas has to make of several
    assert peak_of(call, rows) < peak_in_row_order(call) + rows.size * 8 / 6
