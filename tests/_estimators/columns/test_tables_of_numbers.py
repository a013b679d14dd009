"""Frames and lists of numbers only are read as the arrays that they hold, no others are."""

import copy
import decimal
import importlib.util

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import check_array

from skshallow import DeepNetRegressor
from skshallow._estimators.columns.columns import learn_columns
from skshallow._estimators.columns.tables_of_numbers import array_of_numbers

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FLOATS = {"a": [0.5, np.nan, 2.0], "b": [1.0, -1.0, 0.0]}
NUMBERS = {
    "floats": pd.DataFrame(FLOATS),
    "integers": pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}),
    "various": pd.DataFrame({"a": np.arange(3, dtype=np.uint8), "b": [0.5, 1.5, np.nan]}),
    "names that are numbers": pd.DataFrame([[1.0, 2.0]]),
    "an index": pd.DataFrame(FLOATS, index=["x", "y", "z"]),
    "part of a frame": pd.DataFrame(FLOATS).iloc[1:2],
    "polars floats": pl.DataFrame(FLOATS),
    "polars integers": pl.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}),
    "polars nulls": pl.DataFrame({"a": [1, None, 3], "b": [0.5, None, 1.5]}),
    "polars various": pl.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
    "integers of 64 bits": pd.DataFrame({"a": np.uint64([2**63]), "b": [-1]}),
    "no rows": pd.DataFrame(FLOATS).iloc[:0],
    "lists": [[0.5, np.nan], [1, 2.5]],
    "lists of integers": [[1, 2], [3, 4]],
    "tuples": ((1.0, 2.0),),
    "lists of NumPy's numbers": [list(np.float32([0.5, 1.5]))],
    "lists with None": [[1, None], [0.5, 2.0]],
    "list of arrays": [np.float32([0.5, 1.5]), np.array([1, 2])],
    "integers with missing values": pd.DataFrame({"a": [1, None]}, dtype="Int64"),
    "dtypes with missing values": pd.DataFrame({"a": [1, 2], "b": [0.5, None]}).astype(
        {"a": "Int8", "b": "Float64"}
    ),
}
SINGLE = {
    "single": pd.DataFrame(FLOATS, dtype=np.float32),
    "single and small integers": pd.DataFrame(
        {"a": np.float32([0.5, 1.5]), "b": np.int8([1, 2])}
    ),
    "single with missing values": pd.DataFrame(FLOATS, dtype="Float32"),
    "polars single": pl.DataFrame(FLOATS).cast(pl.Float32),
    "list of arrays of single": [np.ones(2, np.float32), np.zeros(2, np.float32)],
}
OTHERS = {
    "booleans": pd.DataFrame({"a": [True, False], "b": [1, 2]}),
    "only booleans": pd.DataFrame({"a": [True, False]}),
    "strings": pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
    "categories of numbers": pd.DataFrame({"a": [1, 2]}).astype("category"),
    "objects": pd.DataFrame({"a": [1, 2]}, dtype=object),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
    "booleans with missing values": pd.DataFrame({"a": [True, None]}, dtype="boolean"),
    "times": pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}),
    "repeated names": pd.DataFrame([[1, 2]], columns=["x", "x"]),
    "no columns": pd.DataFrame(index=[0, 1]),
    "complex": pd.DataFrame({"a": [1j]}),
    "polars booleans": pl.DataFrame({"a": [True, False], "b": [1, 2]}),
    "polars strings": pl.DataFrame({"a": ["x"]}),
    "polars categories": pl.DataFrame({"a": ["x"]}, schema={"a": pl.Categorical}),
    "polars decimals": pl.DataFrame({"a": [decimal.Decimal("0.5")]}),
    "polars times": pl.DataFrame({"a": np.array(["2020-01-01"], "datetime64[us]")}),
    "polars without columns": pl.DataFrame(),
    "array": np.ones((2, 2)),
    "lists with booleans": [[True, 2.0]],
    "lists with strings": [[1.0, "2"]],
    "lists of huge integers": [[1, 2**70]],
    "lists of decimals": [[decimal.Decimal("0.5")]],
    "lists of complex numbers": [[1j]],
    "lists of several lengths": [[1.0], [1.0, 2.0]],
    "lists of lists": [[[1.0]]],
    "list of arrays of several lengths": [np.ones(2), np.ones(1)],
    "list of arrays of objects": [np.ones(2, dtype=object)],
    "list of matrices": [np.ones((2, 2))],
    "lists of integers beyond floats": [[10**400, 1.0]],
    "list of numbers": [1.0, 2.0],
    "list of empty lists": [[], []],
    "empty list": [],
    "series": pd.Series([1.0]),
}
if importlib.util.find_spec("pyarrow"):
    import pyarrow as pa

    single = pa.table({"a": pa.array([0.5, None], pa.float32())})
    NUMBERS["arrow"] = pa.table({"a": [1, None, 3], "b": [0.5, None, np.nan]})
    NUMBERS["arrow integers"] = pa.table({"a": [1, 2], "b": pa.array([3, 4], pa.uint8())})
    NUMBERS["of arrow"] = pd.DataFrame({"a": [1, None]}, dtype="int64[pyarrow]")
    SINGLE["arrow single"] = single
    OTHERS["arrow booleans"] = pa.table({"a": [True, False], "b": [1, 2]})
    OTHERS["arrow strings"] = pa.table({"a": ["x"]})
    OTHERS["arrow decimals"] = pa.table({"a": [decimal.Decimal("0.5")]})
    OTHERS["arrow repeated names"] = pa.table([[1.0], [2.0]], names=["a", "a"])
    OTHERS["arrow without columns"] = pa.table({})
    OTHERS["booleans of arrow"] = pd.DataFrame({"a": [True]}, dtype="bool[pyarrow]")


@pytest.mark.parametrize("table", SINGLE.values(), ids=SINGLE)
def test_single_precision_stays_single(table):
    array = array_of_numbers(table)
    assert array.dtype == np.float32
    net = DeepNetRegressor(4, max_iter=1, random_state=0)
    assert net.fit(table, np.arange(len(array))).theta_.dtype == np.float32


@pytest.mark.parametrize("frame", (NUMBERS | SINGLE).values(), ids=NUMBERS | SINGLE)
def test_a_frame_of_numbers_is_the_array_that_scikit_learn_makes_of_it(frame):
    array = array_of_numbers(frame)
    expected = check_array(
        frame,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        ensure_min_samples=0,
    )
    assert_array_equal(array, expected)


WIDE = [name for name in ("Int128", "UInt128") if hasattr(pl, name)]  # in newer versions


@pytest.mark.parametrize("dtype", WIDE)
def test_integers_that_numpy_has_no_dtype_for_are_numbers_like_others(dtype):
    frame = pl.DataFrame({"a": range(300), "b": range(300)})
    wide = frame.with_columns(pl.col("a").cast(getattr(pl, dtype)))
    assert array_of_numbers(wide) is None
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(wide, np.arange(300.0))
    expected = DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, np.arange(300.0))
    assert_array_equal(net.predict(wide), expected.predict(frame))
    assert_array_equal(net.predict(wide[:1]), expected.predict(frame[:1]))


@pytest.mark.parametrize("table", OTHERS.values(), ids=OTHERS)
def test_all_else_is_left_to_those_who_read_columns(table):
    assert array_of_numbers(table) is None


BESIDE_BOOLEANS = {
    "floats": {"a": [True, False, True], "b": [0.5, np.nan, 2.0]},
    "single": {"b": np.float32([0.5, 1.5, 2.5]), "a": [True, False, True]},
    "single and integers": {"b": np.float32([0.5]), "i": np.int8([3]), "a": [True]},
    "integers": {"a": [True], "b": [2**60 + 1]},
    "only booleans": {"a": [True, False], "c": [False, False]},
}


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("table", BESIDE_BOOLEANS.values(), ids=BESIDE_BOOLEANS)
def test_booleans_beside_numbers_are_the_codes_that_they_have_column_by_column(
    library, table
):
    frame = library(table)
    both = library({name: [*values[:1], *values[:1]] for name, values in table.items()})
    columns = learn_columns(both, unused_levels=True)
    is_boolean = columns.booleans_beside_numbers
    assert is_boolean == tuple(name in ("a", "c") for name in table)
    array, expected = array_of_numbers(frame, is_boolean), columns.encode(frame)
    assert_array_equal(array, expected)
    assert array.dtype == expected.dtype


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("known", [True, False])
def test_a_boolean_that_was_not_seen_is_an_unknown_level(library, known):
    columns = learn_columns(library({"a": [known, known], "b": [0.5, 1.5]}))
    frame = library({"b": [0.5, 1.5], "a": [True, False]})[["a", "b"]]
    array = array_of_numbers(frame, columns.booleans_beside_numbers)
    before = array.copy()
    encoded = columns.encode_booleans(array)
    assert_array_equal(encoded, columns.encode(frame))
    assert encoded[:, 0].tolist() == ([0, -1] if known else [-1, 0])
    assert_array_equal(array, before)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    "table",
    [
        {"a": [1.0], "b": [0.5]},
        {"a": [0.5], "b": [True]},
        {"a": [True], "b": [True]},
        {"a": [True], "b": ["x"]},
        {"a": [True]},
    ],
)
def test_booleans_elsewhere_than_in_fit_are_left_to_those_who_read_columns(library, table):
    assert array_of_numbers(library(table), (True, False)) is None


OTHER_CATEGORIES = {
    "no category": {"b": [0.5, 1.5]},
    "strings": {"a": [True, False], "b": ["x", "y"]},
    "categories of 0 and 1": {"a": pd.Categorical([0, 1]), "b": [0.5, 1.5]},
}


@pytest.mark.parametrize("table", OTHER_CATEGORIES.values(), ids=OTHER_CATEGORIES)
def test_a_table_with_other_categories_has_no_booleans_beside_numbers(table):
    assert learn_columns(pd.DataFrame(table)).booleans_beside_numbers == ()


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_booleans_predict_the_same_from_every_container(library):
    rng = np.random.default_rng(0)
    b = rng.normal(size=60)
    frame = library({"a": rng.random(60) < 0.5, "b": b})
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, b)
    rows = [list(row) for row in zip(frame["a"].to_list(), b.tolist(), strict=True)]
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        expected = net.predict(rows)
    assert_array_equal(net.predict(frame), expected)
    missing = library({"a": [True], "b": [np.nan]})
    assert np.isfinite(net.predict(missing)).all()
    with pytest.raises(ValueError, match=r"'b'.*1"):
        net.predict(library({"a": [True], "b": [np.inf]}))


def test_a_row_with_missing_numbers_predicts_alone_what_it_does_in_its_table():
    rng = np.random.default_rng(0)
    table = {
        "a": np.where(np.arange(60) % 5 == 0, np.nan, rng.normal(size=60)),
        "b": rng.random(60) < 0.5,
        "c": rng.normal(size=60).astype(np.float32),
    }
    frame = pd.DataFrame(table)
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, np.arange(60.0))
    assert net.theta_.dtype == np.float64
    alone = np.concatenate([net.predict(frame[i : i + 1]) for i in range(60)])
    assert_allclose(alone, net.predict(frame), rtol=0, atol=1e-13)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, list])
def test_missing_numbers_and_booleans_of_every_container_predict_the_same(library):
    rows = [[bool(i % 2), None if i % 5 == 0 else i / 60, i % 7] for i in range(60)]
    table = dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))
    X = rows if library is list else library(table)
    columns = learn_columns(X)
    assert columns.booleans_beside_numbers == (True, False, False)
    assert_array_equal(columns.encode(X), columns.encode(pd.DataFrame(table)))
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(X, np.arange(60.0))
    alone = np.concatenate([net.predict(X[i : i + 1]) for i in range(60)])
    assert_allclose(alone, net.predict(X), rtol=1e-12)


def of_objects(row):
    return np.array(row, dtype=object)


@pytest.mark.parametrize("make", [tuple, of_objects, pd.Series])
@pytest.mark.parametrize("second", [True, None, "x", 2])
def test_a_row_is_read_alike_whatever_holds_it(make, second):
    rows = [[0.5, second]] * 30 + [[1.5, second]] * 30
    expected = DeepNetRegressor(4, max_iter=3, random_state=0).fit(rows, np.arange(60.0))
    others = list(map(make, rows))
    for held in (others, [rows[0], *others[1:]]):
        net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(held, np.arange(60.0))
        assert_array_equal(net.theta_, expected.theta_)
        assert_array_equal(expected.predict(held), expected.predict(rows))


def test_masked_values_of_rows_are_missing():
    table = np.ma.masked_equal([[i % 9, i] for i in range(60)], 4).astype(float)
    table.data[table.mask] = 1e6
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(table, np.arange(60.0))
    assert_array_equal(net.predict(list(table)), net.predict(table))


@pytest.mark.parametrize("unit", ["D", "ns"])
def test_rows_of_dates_are_refused_as_columns_of_dates_are(unit):
    rows = [np.array([i, i % 7], f"M8[{unit}]") for i in range(60)]
    with pytest.raises(ValueError, match="dates in column 0"):
        DeepNetRegressor(4, max_iter=3).fit(rows, np.arange(60.0))


def test_small_integers_with_missing_values_are_computed_in_double_precision():
    numbers = [None, *(30_000 + i % 10 for i in range(59))]
    frame = pl.DataFrame({"a": pl.Series(numbers, dtype=pl.Int16)})
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, np.arange(60.0))
    assert net.theta_.dtype == np.float64
    assert net.predict(frame)[5] == net.predict(frame[5:6])[0]


@pytest.mark.parametrize("dtype", [">f4", ">f8", "<f4", "<f8", ">i4", "f2"])
def test_the_order_of_bytes_has_no_effect(dtype):
    X = np.arange(120.0).reshape(60, 2)
    native = X.astype(np.dtype(dtype).newbyteorder("="))
    net = DeepNetRegressor(4, max_iter=3, random_state=0)
    expected = net.fit(native, X[:, 0]).theta_
    for table in (X.astype(dtype), pd.DataFrame(X.astype(dtype))):
        assert_array_equal(net.fit(table, X[:, 0]).theta_, expected)


WHATEVER = {
    "infinity in a list": [[0.5, np.inf]],
    "an integer beyond floats": [[0.5, 10**400]],
    "a string": [[0.5, "x"]],
    "infinity in an array": np.array([[0.5, np.inf]]),
    "infinity in single precision": np.float32([[0.5, np.inf]]),
    "infinity in pandas": pd.DataFrame([[0.5, np.inf]]),
    "infinity in polars": pl.DataFrame({"a": [0.5], "b": [np.inf]}),
}


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("row", WHATEVER.values(), ids=WHATEVER)
def test_nothing_in_a_column_that_is_left_out_has_an_effect(row):
    X = np.random.default_rng(0).normal(size=(60, 2))
    X[:, 1] = np.nan
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(X, X[:, 0])
    before = copy.deepcopy(row)
    assert_array_equal(net.predict(row), net.predict([[0.5, np.nan]]))
    assert str(row) == str(before)


def test_lists_predict_what_their_array_does():
    X = np.random.default_rng(0).normal(size=(60, 3))
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(X.tolist(), X[:, 0])
    assert_array_equal(net.predict(X.tolist()), net.predict(X))
    with pytest.raises(ValueError, match=r"2 features.*3 features"):
        net.predict([[1.0, 2.0]])
    for beyond in (np.inf, 10**400):
        with pytest.raises(ValueError, match=r"column 1.*\[row\[1\] for row in X\]"):
            net.predict([[1.0, beyond, 2.0]])
    missing = [[1.0, None, 2.0], [0.5, 1.0, np.nan]]
    assert_array_equal(net.predict(missing), net.predict(np.array(missing, float)))
    assert_array_equal(net.predict([X[0], X[1]]), net.predict(X[:2]))
    with pytest.raises(ValueError, match="column 0"):
        net.fit([[10**400, 1.0], [1.0, 2.0]], [0.0, 1.0])


LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.fixture(params=LIBRARIES)
def frame(request, rng_table):
    return LIBRARIES[request.param](rng_table)


@pytest.fixture
def rng_table():
    values = np.random.default_rng(0).normal(size=(60, 3))
    return dict(zip("abc", values.T, strict=True))


@pytest.fixture
def net(frame):
    y = np.arange(60.0)
    return DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, y)


def test_a_frame_predicts_what_its_array_does(net, frame):
    assert net.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        expected = net.predict(frame.to_numpy())
    assert_array_equal(net.predict(frame), expected)
    assert_array_equal(net.predict(frame[:1]), expected[:1])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["b", "a", "c"], "order"),
        (["a", "b"], "missing"),
        (["a", "b", "d"], "unseen"),
    ],
)
def test_other_names_than_those_of_fit_are_refused(net, frame, rng_table, names, message):
    table = {name: rng_table.get(name, rng_table["a"]) for name in names}
    with pytest.raises(ValueError, match=message):
        net.predict(type(frame)(table))


def test_single_precision_of_a_frame_is_kept(frame):
    columns = {name: frame[name].to_numpy().astype(np.float32) for name in frame.columns}
    net = DeepNetRegressor(4, max_iter=3, random_state=0)
    net.fit(type(frame)(columns), np.arange(60.0))
    assert net.theta_.dtype == np.float32


def test_infinity_in_a_frame_of_numbers_names_its_column(net, frame, rng_table):
    rng_table["b"][7] = np.inf
    with pytest.raises(ValueError, match=r"'b'.*1"):
        net.predict(type(frame)(rng_table))


def test_a_frame_of_numbers_is_left_as_it_is(frame):
    before = frame.to_numpy().copy()
    DeepNetRegressor(4, max_iter=3, random_state=0).fit(frame, np.arange(60.0))
    assert_array_equal(frame.to_numpy(), before)
