"""Encodings against scikit-learn's encoders, imputer and scaler, and by hand."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skshallow._arrays.namespace import to_numpy
from skshallow.engine.batches import Rows
from skshallow.engine.embedding import Embedding
from skshallow.engine.encoding import Encoding
from skshallow.engine.moments import Moments
from skshallow.engine.units import Units
from skshallow.losses import IdentityLink

NAMES = ["age", "sex", "height", "city", "colour", "street", "weight"]
LEVELS = {1: ["f", "m"], 3: ["Bern", "Oslo", "Paris"], 4: ["red", "blue", "green", "grey"]}
ENCODING = Encoding(
    numbers=[0, 2, 6],
    indicators=[0, 6],
    binary=[1],
    one_hot=[3, 4],
    n_levels=[3, 4],
    embedded=[5],
    rows_of_level=[[0, 1, 4, 2, 4, 3, 4]],  # six levels, of which two are rare
)


def table(n_rows=200, dtype=np.float64, seed=0):
    """Return numbers, a few of them missing, and codes of every level."""
    rng = np.random.default_rng(seed)
    X = rng.normal(5, 3, size=(n_rows, 7))
    X[:, [0, 6]] = np.where(rng.random((n_rows, 2)) < 0.2, np.nan, X[:, [0, 6]])
    for column, n_levels in [(1, 2), (3, 3), (4, 4), (5, 6)]:
        X[:, column] = rng.permutation(np.arange(n_rows) % n_levels)
    return X.astype(dtype)


def encoders(X):
    """Return scikit-learn's encoders, as fitted to the rows of X."""
    one_hot = OneHotEncoder(
        categories=[np.arange(2.0), np.arange(3.0), np.arange(4.0)],
        drop="if_binary",
        sparse_output=False,
        handle_unknown="error",
    )
    return SimpleImputer().fit(X[:, [0, 2, 6]]), one_hot.fit(X[:, [1, 3, 4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_are_those_of_scikit_learns_encoders(dtype):
    X = table(dtype=dtype)
    _, one_hot = encoders(X)
    missing = MissingIndicator().fit_transform(X[:, [0, 6]])
    encoded = ENCODING.forward(X)
    assert encoded.dtype == dtype
    assert encoded.shape == (200, ENCODING.n_encoded)
    expected = np.column_stack(
        [X[:, [0, 2, 6]], missing, one_hot.transform(X[:, [1, 3, 4]])]
    )
    np.testing.assert_array_equal(encoded[:, :-1], expected)
    assert ENCODING.n_dense == expected.shape[1]


def test_names_are_those_of_scikit_learns_encoders():
    one_hot = OneHotEncoder(
        categories=[LEVELS[1], LEVELS[3], LEVELS[4]], drop="if_binary"
    ).fit([["f", "Oslo", "red"], ["m", "Oslo", "red"]])
    indicator = MissingIndicator().fit(table()[:, [0, 6]])
    expected = [
        *(NAMES[i] for i in [0, 2, 6]),
        *indicator.get_feature_names_out(["age", "weight"]),
        *one_hot.get_feature_names_out(["sex", "city", "colour"]),
        *(f"street_embedding{i}" for i in range(3)),
    ]
    names = ENCODING.feature_names(NAMES, LEVELS, width=3)
    assert names.dtype == object
    assert names.tolist() == expected
    assert len(ENCODING.feature_names(NAMES, LEVELS)) == ENCODING.n_encoded
    columns = [NAMES[j] for j in ENCODING.columns_of_inputs(width=3)]
    assert len(columns) == len(names)
    assert all(column in name for column, name in zip(columns, names, strict=True))


def test_codes_become_rows_of_the_embedding_which_rare_levels_share_with_unseen_ones():
    X = table(7)
    X[:, 5] = [0, 1, 2, 3, 4, 5, -1]
    assert ENCODING.forward(X)[:, -1].tolist() == [0, 1, 4, 2, 4, 3, 4]
    assert ENCODING.embedding(3) == Embedding((5,), 3)
    assert Encoding(numbers=[0]).embedding(3) is None


def test_an_unseen_level_is_nan_in_all_its_features():
    X = table(1)
    X[:, [1, 3, 4, 5]] = -1
    encoded = ENCODING.forward(X)[0]
    assert np.isnan(encoded[5:-1]).all()
    assert encoded[-1] == 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_codes_of_a_million_levels_are_exact(dtype):
    n = 1_000_000
    rows = np.arange(n + 1)[::-1]
    rows = np.append(rows[1:], n)
    encoding = Encoding(embedded=[0], rows_of_level=[rows])
    codes = np.array([[n - 1], [n - 2], [1], [0], [-1]], dtype)
    assert encoding.forward(codes)[:, 0].tolist() == [0, 1, n - 2, n - 1, n]


def test_rows_are_encoded_each_by_itself_and_the_table_stays_as_it_is():
    X = table()
    before, whole = X.copy(), ENCODING.forward(X)
    alone = [ENCODING.forward(X[[i]])[0] for i in range(len(X))]
    np.testing.assert_array_equal(alone, whole)
    np.testing.assert_array_equal(X, before)
    assert ENCODING.forward(X[:0]).shape == (0, ENCODING.n_encoded)


def test_arrays_of_other_libraries_are_encoded_alike(library):
    X = table()
    X[3, [1, 3, 4, 5]] = -1
    for encoding in ENCODING, Encoding(numbers=[2, 0]), Encoding(one_hot=[3], n_levels=[3]):
        expected = encoding.forward(X)
        np.testing.assert_array_equal(to_numpy(encoding.forward(library(X))), expected)


def test_directions_of_columns_are_those_of_their_numbers_pieces_and_two_levels():
    pieced = replace(ENCODING, pieced=[2], borders=([0.0, 1.0, 3.0],))
    names = pieced.feature_names(NAMES, LEVELS)

    def directions(**of_columns):
        values = np.array([of_columns.get(name, 0) for name in NAMES])
        found = dict(zip(names, pieced.directions(values), strict=True))
        return {name: way for name, way in found.items() if way}

    of_numbers = {"age": 1, "height": -1, "height_piece0": -1, "height_piece1": -1}
    assert directions(age=1, height=-1) == of_numbers
    assert directions(sex=1) == {"sex_m": 1}
    assert directions(city=-1) == {"city_Bern": 1, "city_Oslo": -1}
    assert directions(street=1) == {}


def test_curves_of_numbers_are_inputs_behind_all_features_but_vectors():
    X = table()
    plain = replace(ENCODING, pieced=[2], borders=([0.0, 1.0, 3.0],))
    curved = replace(plain, periodic=[2, 6])
    np.testing.assert_array_equal(curved.forward(X), plain.forward(X))
    names = curved.feature_names(NAMES, LEVELS, 2).tolist()
    columns = curved.columns_of_inputs(2)
    assert len(names) == len(columns) == curved.n_dense + 2 * 3 + 2
    assert names[curved.curve_inputs] == [
        f"{name}_periodic{i}" for name in ("height", "weight") for i in range(3)
    ]
    assert columns[curved.curve_inputs].tolist() == [2, 2, 2, 6, 6, 6]
    assert names[-2:] == ["street_embedding0", "street_embedding1"]
    assert curved.periodic_embedding(2.0).columns == (1, 2)  # among the numbers
    assert plain.periodic_embedding(2.0) is None


def test_members_do_not_see_pieces_or_curves_that_are_not_theirs():
    pieces = replace(ENCODING, pieced=[2], borders=([0.0, 1.0, 3.0],))
    curves, both = replace(ENCODING, periodic=[2]), replace(pieces, periodic=[2])

    def unseen(encoding, **seen):
        names = encoding.feature_names(NAMES, LEVELS)
        inputs = encoding.unseen_inputs(**{"pieces": False, "curves": False} | seen)
        return [] if inputs is None else names[inputs].tolist()

    of_pieces = ["height_piece0", "height_piece1"]
    of_curves = ["height_periodic0", "height_periodic1", "height_periodic2"]
    assert unseen(both) == of_pieces + of_curves
    assert unseen(both, pieces=True) == of_curves
    assert unseen(both, curves=True) == of_pieces
    assert unseen(pieces) == of_pieces
    assert unseen(curves) == of_curves
    for all_seen in (
        unseen(ENCODING),
        unseen(pieces, pieces=True),
        unseen(curves, curves=True),
    ):
        assert not all_seen


def test_encodings_are_equal_by_value_and_can_be_pickled():
    for twin in copy.deepcopy(ENCODING), pickle.loads(pickle.dumps(ENCODING)):
        assert twin == ENCODING
    assert replace(ENCODING, numbers=np.array([0, 2, 6])) == ENCODING
    for other in [
        replace(ENCODING, numbers=[2, 0, 6]),
        replace(ENCODING, indicators=[]),
        replace(ENCODING, periodic=[2]),
        replace(ENCODING, binary=[], one_hot=[1, 3, 4], n_levels=[2, 3, 4]),
        replace(ENCODING, rows_of_level=[[0, 1, 2, 3, 4, 5, 6]]),
        "an encoding",
    ]:
        assert other != ENCODING


# Batches and units


def standard_rows(X, rows=None, dtype=np.float64, row_gain=None):
    """Return standardised rows, with units measured on the same rows."""
    features = Moments(ENCODING.n_encoded).update(X, rows=rows, encoding=ENCODING)
    targets = Moments(1).update(np.zeros((2, 1)))
    units = Units.measured(features, targets, IdentityLink(), row_gain, ENCODING)
    y = np.zeros((len(X), 1))
    center, scale = units.center, units.scale
    return Rows(X, y, None, center, scale, rows, dtype=dtype, encoding=ENCODING), units


@pytest.mark.parametrize("has_bounds", [False, True])
@pytest.mark.parametrize("steps", ["both", "center", "scale", "none"])
def test_numbers_scaled_as_a_whole_are_scaled_shares_of_pieces(steps, has_bounds):
    borders = ([0.0, 1.0, 3.0, 9.0], [-2.0, 4.0, 5.0])
    encoding = replace(ENCODING, pieced=[2, 6], borders=borders)
    X, n = table(), encoding.n_encoded
    rng = np.random.default_rng(1)
    center = rng.normal(size=n) if steps in ("both", "center") else None
    scale = rng.uniform(0.5, 2, n) if steps in ("both", "scale") else None
    bounds = (rng.uniform(0, 0.3, n), rng.uniform(0.6, 0.9, n)) if has_bounds else None
    shares = encoding.forward(X)
    expected = shares if bounds is None else np.clip(shares, *bounds)
    expected = (expected - (0 if center is None else center)) / (
        1 if scale is None else scale
    )
    rows = Rows(X, X[:, :1], None, center, scale, bounds=bounds, encoding=encoding)
    actual, _, _ = rows.whole()
    np.testing.assert_allclose(actual, np.nan_to_num(expected), rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [7, 200])
def test_batches_are_those_of_scikit_learns_encoders_imputer_and_scaler(batch_size, dtype):
    X = table(dtype=dtype)
    imputer, one_hot = encoders(X)
    rows, _ = standard_rows(X, dtype=dtype)
    batches = np.vstack([batch for batch, _, _ in rows.batches(batch_size)])
    assert batches.dtype == dtype
    # of numbers the deviation of present values, before the mean fills the others
    numbers = StandardScaler().fit(X[:, [0, 2, 6]])
    others = np.column_stack(
        [np.isnan(X[:, [0, 6]]), one_hot.transform(X[:, [1, 3, 4]])]
    ).astype(dtype)
    expected = np.column_stack(
        [
            numbers.transform(imputer.transform(X[:, [0, 2, 6]])),
            StandardScaler().fit_transform(others),
        ]
    )
    atol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(batches[:, :-1], expected, rtol=0, atol=atol)
    np.testing.assert_array_equal(batches[:, -1], ENCODING.forward(X)[:, -1])


def test_missing_numbers_and_unseen_levels_are_at_the_mean():
    X = table()
    rows, units = standard_rows(X)
    X[0, [1, 3, 4]] = -1
    X[0, [0, 2, 6]] = np.nan
    batch, _, _ = rows.sample(1)
    of_numbers, of_categories = batch[0, :3], batch[0, 5:-1]
    np.testing.assert_array_equal(of_numbers, 0)
    np.testing.assert_array_equal(of_categories, 0)
    expected = (1 - units.center[[3, 4]]) / units.scale[[3, 4]]
    np.testing.assert_allclose(batch[0, [3, 4]], expected, rtol=1e-15)


def test_codes_are_not_scaled_with_a_row_gain_either():
    _, units = standard_rows(table(), row_gain=3.0)
    assert (units.center[-1], units.scale[-1]) == (0, 1)
    assert (units.scale[:-1] != 1).all()


def test_only_the_given_rows_are_encoded_and_measured():
    X, chosen = table(), np.array([4, 4, 17, 3, 199, 60, 61, 62])
    of_rows, units = standard_rows(X, chosen)
    of_table, same = standard_rows(X[chosen])
    np.testing.assert_array_equal(units.center, same.center)
    np.testing.assert_array_equal(units.scale, same.scale)
    np.testing.assert_array_equal(of_rows.whole()[0], of_table.whole()[0])
    np.testing.assert_array_equal(of_rows.whole()[0][[0, 7]], of_rows.sample(2)[0])


def test_batches_of_other_libraries_are_numpys(library):
    X = table()
    expected, units = standard_rows(X)
    y = library(np.zeros((200, 1)))
    rows = Rows(library(X), y, None, units.center, units.scale, encoding=ENCODING)
    order = np.random.default_rng(0), np.random.default_rng(0)
    pairs = zip(rows.batches(7, order[0]), expected.batches(7, order[1]), strict=True)
    for (batch, _, _), (of_numpy, _, _) in pairs:
        np.testing.assert_allclose(to_numpy(batch), of_numpy, rtol=1e-15)


def test_rows_of_sparse_tables_are_encoded_as_dense_ones():
    X, y = np.eye(5, 7), np.zeros((5, 1))
    of_sparse = Rows(sparse.csr_array(X), y, encoding=ENCODING)
    batches = zip(
        of_sparse.batches(2), Rows(X, y, encoding=ENCODING).batches(2), strict=True
    )
    for (found, *_), (expected, *_) in batches:
        np.testing.assert_array_equal(found, expected)


def test_names_of_features_are_distinct():
    encoding = Encoding(
        numbers=[0], one_hot=[1, 2], n_levels=[3, 3], embedded=[3], rows_of_level=[[0, 1]]
    )
    levels = {1: ["c", "d", "c (2)"], 2: ["b_c", "b_d", "x"]}
    names = encoding.feature_names(["a_x", "a_b", "a", "e"], levels)
    assert names.tolist() == [
        *("a_x", "a_b_c", "a_b_d", "a_b_c (2)"),
        *("a_b_c (3)", "a_b_d (2)", "a_x (2)", "e_embedding0"),
    ]


def test_columns_that_are_left_out_are_columns_of_the_table():
    encoding = Encoding(numbers=[0, 2], left_out=[1])
    assert (encoding.n_columns, encoding.n_encoded) == (3, 2)
    assert encoding.forward(np.array([[1.0, np.nan, 3.0]])).tolist() == [[1.0, 3.0]]
