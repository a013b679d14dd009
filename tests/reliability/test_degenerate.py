"""Unusual and degenerate data: the model of clean data, or an error with the reason."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from covering import covering, with_slow
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_score

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

CLASSIFIERS = [ShallowNetClassifier, DeepNetClassifier]
NETS = [*CLASSIFIERS, ShallowNetRegressor, DeepNetRegressor]
FEW = {"hidden_units": 4, "max_iter": 3, "random_state": 0, "batch_size": 16}
N_ROWS = 40

each_net = pytest.mark.parametrize("net_class", NETS, ids=lambda cls: cls.__name__)
# The long tables pass through one gate: ordinary runs try them with one net of each kind.
each_net_if_slow = pytest.mark.parametrize(
    "net_class",
    with_slow(
        DeepNetClassifier,
        ShallowNetRegressor,
        slow=[ShallowNetClassifier, DeepNetRegressor],
    ),
    ids=lambda cls: cls.__name__,
)
each_classifier = pytest.mark.parametrize(
    "net_class", CLASSIFIERS, ids=lambda cls: cls.__name__
)


def rows(n_rows=N_ROWS, n_features=3):
    return np.random.default_rng(0).normal(size=(n_rows, n_features))


def codes(X):
    """Return three classes as 0, 1, 2."""
    return np.digitize(X[:, 0], [-0.5, 0.5])


def targets(net_class, X):
    return codes(X) if hasattr(net_class, "decision_function") else X[:, 0] ** 2


# Labels.

HUGE = [2**62, 2**62 + 1, 2**62 + 2]  # one float for all
NAMES = np.array(["ant", "bee", "cow"])
LABELS = {
    "int8": np.array([-1, 0, 1], np.int8),
    "int64 above 2^53": np.array(HUGE),
    "uint64 above 2^63": np.array(HUGE, np.uint64) + np.uint64(2**63),
    "big-endian": np.array([3, 5, 9], ">i4"),
    "whole floats": np.array([-1.0, 0.0, 1e17]),
    "strings": NAMES,
    "strings that look like numbers": np.array(["1", "10", "2"]),
    "objects": NAMES.astype(object),
    "strings of variable width": NAMES.astype(np.dtypes.StringDType()),
    "days": np.array(["2020-01-01", "2020-01-02", "2021-01-01"], "datetime64[D]"),
}
BOXES = {
    "pandas Int64": (HUGE, lambda y: pd.Series(y, dtype="Int64")),
    "pandas UInt64": (HUGE, lambda y: pd.Series(y, dtype="UInt64")),
    "pandas array": (HUGE, lambda y: pd.array(y, dtype="Int64")),
    "pandas boolean": ([False, True], lambda y: pd.Series(y, dtype="boolean")),
    "pandas Float64": ([0.0, 1.0, 2.0], lambda y: pd.Series(y, dtype="Float64")),
    "pandas string": (NAMES, lambda y: pd.Series(y, dtype="string")),
    "pandas objects": (NAMES, lambda y: pd.Series(y, dtype=object)),
    "pandas categories": (NAMES, lambda y: pd.Series(y, dtype="category")),
    "pandas categories of integers": (HUGE, lambda y: pd.Series(y, dtype="category")),
    "pandas categories of booleans": ([False, True], pd.Categorical),
    "pandas index": (NAMES, pd.Index),
    "polars integers": (HUGE, pl.Series),
    "polars booleans": ([False, True], pl.Series),
    "polars strings": (NAMES, pl.Series),
    "polars categories": (NAMES, lambda y: pl.Series(y, dtype=pl.Categorical)),
    "polars enum": (NAMES, lambda y: pl.Series(y, dtype=pl.Enum(["cow", "bee", "ant"]))),
    "list": (HUGE, list),
    "tuple of strings": (NAMES, lambda y: tuple(map(str, y))),
}


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("kind", LABELS)
@each_classifier
def test_labels_of_any_type_are_distinguished(net_class, kind):
    X = rows()
    labels = LABELS[kind]
    plain = net_class(**FEW).fit(X, codes(X))
    net = net_class(**FEW).fit(X, labels[codes(X)])
    assert net.classes_.tolist() == sorted(labels.tolist())
    assert_array_equal(net.theta_, plain.theta_)
    assert net.predict(X).tolist() == labels[plain.predict(X)].tolist()
    parts = net_class(**FEW).partial_fit(X, labels[codes(X)], classes=labels[::-1])
    expected = net_class(**FEW).partial_fit(X, codes(X), classes=[0, 1, 2])
    assert_array_equal(parts.theta_, expected.theta_)
    assert parts.predict(X).tolist() == labels[expected.predict(X)].tolist()


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("box", BOXES)
@each_classifier
def test_labels_in_any_container_keep_their_values(net_class, box):
    """A nullable integer is an integer, a nullable boolean a boolean."""
    X = rows()
    labels, boxed = BOXES[box]
    y = np.asarray(labels)[codes(X) % len(labels)]
    plain = net_class(**FEW).fit(X, y)
    net = net_class(**FEW).fit(X, boxed(y))
    assert net.classes_.tolist() == plain.classes_.tolist()
    assert {type(label) for label in net.classes_.tolist()} == {type(y.tolist()[0])}
    assert_array_equal(net.theta_, plain.theta_)
    assert net.predict(X).tolist() == plain.predict(X).tolist()
    parts = net_class(**FEW).partial_fit(X, boxed(y), classes=boxed(np.unique(y)))
    assert parts.classes_.tolist() == plain.classes_.tolist()
    again = parts.partial_fit(X, y)
    assert np.isfinite(again.predict_proba(X)).all()


SAME_OR_NOT = [
    (np.array(HUGE, np.uint64), np.array(HUGE), True),
    (np.array(HUGE), np.array(HUGE, np.uint64), True),
    (np.array([0.0, 1.0, 2.0]), np.array([0, 1, 2]), True),
    (np.array([0, 1, 2], np.int8), np.array([0.0, 1.0, 2.0]), True),
    (np.array([False, True, True]), np.array([0, 1, 2]), True),
    (NAMES.astype(object), NAMES, True),
    (NAMES, NAMES.astype(object), True),
    (np.array(HUGE) + 3, np.array(HUGE, np.float64)[:1], False),
    (np.array([2**63], np.uint64), np.array([-(2**63), 0]), False),
    (np.array([2**64 - 1], np.uint64), np.array([-1, 0]), False),
    (np.array([2**53 + 1]), np.array([2.0**53, 0.0]), False),
    (np.array(["0", "1", "2"]), np.array([0, 1, 2]), False),
    (np.array([0, 1, 2]), np.array(["0", "1", "2"]), False),
    (np.array(["antelope"]), np.array(["ant", "bee"]), False),
    (np.array([0, 300]), np.array([0, 44], np.uint8), False),  # 300 wraps to 44
]


@pytest.mark.parametrize(("y", "classes", "known"), SAME_OR_NOT)
def test_labels_are_classes_only_if_exactly_equal(y, classes, known):
    net = ShallowNetClassifier(4, random_state=0)
    y = np.resize(y, N_ROWS)
    if len(np.unique(classes)) < 2:
        classes = np.append(classes, 0).astype(classes.dtype)
    if known:
        net.partial_fit(rows(), y, classes=classes)
        assert net.classes_.dtype == np.asarray(classes).dtype
        return
    with pytest.raises(ValueError, match="not among the classes"):
        net.partial_fit(rows(), y, classes=classes)
    assert not hasattr(net, "classes_")


REFUSED_LABELS = {
    "numbers and strings": (np.array([1, "a", 2.5], object), "types float, int, str"),
    "strings and None": (np.array(["a", None, "b"], object), "missing values, the first"),
    "integers as objects": (np.array([1, 5, 7], object), r"type int.*y\.astype\(int\)"),
    "integers beyond 64 bits": (np.array([2**70, 2**71, 3], object), r"y\.astype\(str\)"),
    "bytes": (np.array([b"a", b"b", b"c"]), r"bytes.*label\.decode\(\)"),
    "bytes as objects": (np.array([b"a", b"b", b"c"], object), r"label\.decode\(\)"),
    "fractions": (np.array([0.5, 1.5, 2.5]), "Unknown label type: continuous"),
    "complex numbers": (np.array([1j, 2j, 3j]), "Complex data not supported"),
    "a missing float": (np.array([0, 1, np.nan]), "missing values"),
    "infinity": (np.array([0, 1, np.inf]), "contains infinity"),
    "intervals": (np.array(pd.cut([1, 2, 3], 3)), "type Interval"),
}


@pytest.mark.parametrize("kind", REFUSED_LABELS)
@each_classifier
def test_unusable_labels_are_refused_with_the_reason(net_class, kind):
    X = rows()
    labels, message = REFUSED_LABELS[kind]
    net = net_class(**FEW)
    with pytest.raises(ValueError, match=message):
        net.fit(X, labels[codes(X)])
    assert not hasattr(net, "classes_")


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "string", "category", "object"])
@each_classifier
def test_missing_labels_of_pandas_are_refused_with_their_row(net_class, dtype):
    X = rows()
    y = pd.Series((codes(X) > 0) if dtype == "boolean" else codes(X)).astype(dtype)
    y[[3, 8]] = pd.NA
    with pytest.raises(ValueError, match=r"y has 2 missing values, the first in row 3"):
        net_class(**FEW).fit(X, y)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 1, np.nan], "has a missing value"),
        ([0, 1, None], "has a missing value"),
        (np.array([0, 1, "a"], object), "cannot be sorted"),
        ([0, 1, "2"], "not among the classes"),
        ([1], "at least 2 classes"),
        ([0, 1], "label 2, which is not among"),
    ],
)
def test_invalid_classes_are_refused(classes, message):
    X = rows()
    net = ShallowNetClassifier(**FEW)
    with pytest.raises(ValueError, match=message):
        net.partial_fit(X, codes(X), classes=classes)
    assert vars(net).keys() == vars(ShallowNetClassifier(**FEW)).keys()


# Features in any container.


def memory_mapped(X, tmp_path):
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


class OnlyAnArray:
    """Rows that NumPy can read, and nobody can take."""

    def __init__(self, X):
        self.X = X

    def __array__(self, dtype=None, copy=None):
        return np.array(self.X, dtype)

    def __repr__(self):
        return f"OnlyAnArray({self.X!r})"


CONTAINERS = {
    "__array__": lambda X, _: OnlyAnArray(X),
    "read-only": lambda X, _: read_only(X),
    "memory-mapped": memory_mapped,
    "Fortran order": lambda X, _: np.asfortranarray(X),
    "every second row and column": lambda X, _: X.repeat(2, 0).repeat(3, 1)[::2, ::3],
    "backwards": lambda X, _: X[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda X, _: X.T.copy().T,
    "big-endian": lambda X, _: X.astype(">f8"),
    "long double": lambda X, _: X.astype(np.longdouble),
    "objects": lambda X, _: X.astype(object),
    "masked without a mask": lambda X, _: np.ma.array(X),
    "lists": lambda X, _: X.tolist(),
    "tuples": lambda X, _: tuple(map(tuple, X)),
    "arrays in a list": lambda X, _: list(X),
    "pandas": lambda X, _: pd.DataFrame(X),
    "pandas Float64": lambda X, _: pd.DataFrame(X).astype("Float64"),
    "pandas objects": lambda X, _: pd.DataFrame(X).astype(object),
    "pandas, shuffled index": lambda X, _: pd.DataFrame(X, index=np.arange(len(X))[::-1]),
    "polars": lambda X, _: pl.DataFrame(X),
}


def fingerprint(data):
    """Return the bytes of all that `data` consists of."""
    if sparse.issparse(data) and hasattr(data, "indptr"):
        return [
            a.tobytes() + a.dtype.str.encode()
            for a in (data.data, data.indices, data.indptr)
        ]
    if isinstance(data, np.ndarray) and data.dtype != object:
        return data.tobytes(), data.dtype.str, data.strides, data.flags.writeable
    return repr(data)


@pytest.mark.parametrize("container", CONTAINERS)
@each_net_if_slow
def test_containers_of_rows_give_the_model_of_the_plain_array(
    net_class, container, tmp_path
):
    X = rows()
    y = targets(net_class, X)
    plain = net_class(**FEW).fit(X, y)
    data = CONTAINERS[container](X, tmp_path)
    before = fingerprint(data)
    net = net_class(**FEW).fit(data, y)
    assert_array_equal(net.theta_, plain.theta_)
    assert_array_equal(raw_prediction(net, data), raw_prediction(plain, X))
    assert fingerprint(data) == before


WHOLE = {
    "booleans": lambda X: X > 0,
    "bytes": lambda X: X.astype(np.uint8),
    "pandas boolean": lambda X: pd.DataFrame(X > 0).astype("boolean"),
    "pandas Int64": lambda X: pd.DataFrame(X).astype("Int64"),
    "polars integers": lambda X: pl.DataFrame(X),
    "polars booleans": lambda X: pl.DataFrame(X > 0),
    "float16": lambda X: X.astype(np.float16),
    "sparse booleans": lambda X: sparse.csr_array(X > 0),
}


@pytest.mark.parametrize("kind", WHOLE)
@each_net_if_slow
def test_integers_and_booleans_of_any_type_equal_floats(net_class, kind):
    X = np.random.default_rng(0).integers(0, 4, size=(N_ROWS, 3))
    y = targets(net_class, rows())
    data = WHOLE[kind](X)
    values = np.asarray((X > 0) if "bool" in kind else X, float)
    values = sparse.csr_array(values) if sparse.issparse(data) else values
    net, plain = net_class(**FEW).fit(data, y), net_class(**FEW).fit(values, y)
    assert_allclose(raw_prediction(net, data), raw_prediction(plain, values), rtol=1e-9)


def reversed_within_rows(S):
    S = S.copy()
    for start, end in zip(S.indptr[:-1], S.indptr[1:], strict=True):
        S.indices[start:end] = S.indices[start:end][::-1].copy()
        S.data[start:end] = S.data[start:end][::-1].copy()
    S.has_sorted_indices = False
    return S


def with_halves(S):
    """Return S with every entry as two of half the value."""
    data, indices = S.data.repeat(2) / 2, S.indices.repeat(2)
    return sparse.csr_array((data, indices, S.indptr * 2), shape=S.shape)


def with_stored_zeros(S):
    full = sparse.csr_array(np.where(S.toarray() == 0, np.inf, S.toarray()))
    full.data[np.isinf(full.data)] = 0
    return full


def with_long_indices(S):
    S = S.copy()
    S.indices, S.indptr = S.indices.astype(np.int64), S.indptr.astype(np.int64)
    return S


def thin(X):
    return sparse.csr_array(np.where(np.abs(X) > 0.7, X, 0))


SPARSE = {
    "64-bit indices": with_long_indices,
    "unsorted": reversed_within_rows,
    "entries stored twice": with_halves,
    "stored zeros": with_stored_zeros,
    "big-endian": lambda S: sparse.csr_array(
        (S.data.astype(">f8"), S.indices, S.indptr), shape=S.shape
    ),
    "csc": sparse.csc_array,
    "coo": sparse.coo_array,
    "bsr": sparse.bsr_array,
    "lil": sparse.lil_array,
    "dok": sparse.dok_array,
    "dia": sparse.dia_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "coo_matrix": sparse.coo_matrix,
    "bsr_matrix": sparse.bsr_matrix,
    "lil_matrix": sparse.lil_matrix,
    "dok_matrix": sparse.dok_matrix,
    "dia_matrix": sparse.dia_matrix,
    "pandas": lambda S: pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(S)),
}


@pytest.mark.parametrize(
    ("net_class", "form", "standardize"),
    covering(NETS, SPARSE, [True, False], apart=[(0, 1)]),
)
def test_sparse_rows_of_any_format_give_the_model_of_canonical_csr(
    net_class, form, standardize
):
    X = rows()
    S = thin(X)
    data = SPARSE[form](S)
    for name in ("data", "indices", "indptr"):
        if isinstance(getattr(data, name, None), np.ndarray) and hasattr(data, "indptr"):
            getattr(data, name).flags.writeable = False
    before = fingerprint(data)
    net = net_class(**FEW, standardize=standardize)
    plain = net_class(**FEW, standardize=standardize).fit(S, targets(net_class, X))
    net.fit(data, targets(net_class, X))
    assert_allclose(net.theta_, plain.theta_, rtol=1e-9, atol=1e-12)
    assert_allclose(
        raw_prediction(net, data), raw_prediction(plain, S), rtol=1e-9, atol=1e-12
    )
    assert fingerprint(data) == before


def held_out(net, data, y, weight):
    return net.set_params(early_stopping=True).fit(data, y)


def held_out_and_weighted(net, data, y, weight):
    return net.set_params(early_stopping=True).fit(data, y, weight)


def of_ones_own(net, data, y, weight):
    return net.fit(data, y, X_val=data, y_val=y, sample_weight_val=weight)


# From the plain table, and from any other, made of that.
OF_ANY_FORM = {
    **{name: (lambda X: X, make) for name, make in CONTAINERS.items()},
    **{
        f"sparse, {name}": (thin, lambda S, _, make=make: make(S))
        for name, make in SPARSE.items()
    },
}


@pytest.mark.parametrize(
    ("form", "validate", "scored"),
    covering(
        OF_ANY_FORM,
        [held_out, held_out_and_weighted, of_ones_own],
        [False, True],
    ),
)
def test_validation_rows_come_from_every_container(scored, validate, form, tmp_path):
    X = rows()
    weight = np.arange(N_ROWS) % 3 / 2.0
    y = targets(DeepNetRegressor, X)
    make_plain, convert = OF_ANY_FORM[form]
    plain = make_plain(X)
    data = convert(plain, tmp_path)
    net = DeepNetRegressor(**FEW, scoring="r2" if scored else None)
    expected = validate(clone(net), plain, y, weight)
    validate(net, data, y, weight)
    assert len(net.validation_scores_) == (net.n_iter_ if scored else 0)
    for name in ("loss_curve_", "validation_loss_curve_", "validation_scores_", "theta_"):
        actual = getattr(net, name)
        assert_allclose(actual, getattr(expected, name), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scored", [False, True])
def test_only_a_scorer_gets_rows_of_the_users(scored):
    taken = []

    class Rows(OnlyAnArray):
        def __getitem__(self, rows):
            taken.append(rows)
            return self.X[rows]

    X = rows()
    net = DeepNetRegressor(**FEW, early_stopping=True, scoring="r2" if scored else None)
    net.fit(Rows(X), X[:, 0], np.arange(N_ROWS) % 3)
    assert bool(taken) == scored


@each_net
def test_a_sparse_table_without_entries_equals_a_table_of_zeros(net_class):
    y = targets(net_class, rows())
    nothing = sparse.csr_array((N_ROWS, 3))
    net = net_class(**FEW, activation="leaky_relu", record_health=False).fit(nothing, y)
    dense = net_class(**FEW, activation="leaky_relu", record_health=False)
    dense.fit(np.zeros((N_ROWS, 3)), y)
    assert_allclose(
        raw_prediction(net, nothing), raw_prediction(dense, nothing), rtol=1e-12
    )


@each_net
def test_targets_and_weights_may_be_read_only(net_class):
    X = rows()
    y, weight = read_only(targets(net_class, X)), read_only(np.linspace(0, 2, N_ROWS))
    before = fingerprint(y), fingerprint(weight)
    validation = {"X_val": read_only(X), "y_val": y, "sample_weight_val": weight}
    watched = net_class(**FEW, early_stopping=False)
    net = watched.fit(read_only(X), y, sample_weight=weight, **validation)
    backwards = net_class(**FEW).fit(X, y[::-1].copy()[::-1], weight[::-1].copy()[::-1])
    assert_array_equal(net.theta_, backwards.theta_)
    series = net_class(**FEW).fit(X, y, pd.Series(weight, dtype="Float64"))
    assert_array_equal(net.theta_, series.theta_)
    assert (fingerprint(y), fingerprint(weight)) == before


# What is refused, and in which words.

REFUSED = {
    "a generator": (lambda X: (row for row in X), TypeError, r"a generator.*list\(X\)"),
    "a map": (lambda X: map(list, X), TypeError, "X is a map"),
    "a set": (lambda X: {1, 2}, TypeError, "X is a set"),
    "a dict": (lambda X: {"a": X[:, 0]}, TypeError, "X is a dict.*data frame"),
    "a lazy frame": (lambda X: pl.DataFrame(X).lazy(), TypeError, r"LazyFrame.*collect"),
    "None": (lambda X: None, ValueError, "Expected 2D array, got scalar"),
    "one dimension": (lambda X: X[:, 0], ValueError, "Expected 2D array, got 1D"),
    "three dimensions": (lambda X: X[..., None], ValueError, "dim 3"),
    "ragged lists": (lambda X: [[1, 2], [3]] * 20, ValueError, "inhomogeneous"),
    "complex numbers": (lambda X: X * 1j, ValueError, "Complex data not supported"),
    "no rows": (lambda X: X[:0], ValueError, r"0 sample\(s\)"),
    "no columns": (lambda X: X[:, :0], ValueError, r"0 feature\(s\)"),
    "infinity": (lambda X: np.where(X > 2, np.inf, X), ValueError, "infinity .* in column"),
    "NaN in a sparse matrix": (
        lambda X: sparse.csr_array(np.where(X > 2, np.nan, X)), ValueError, "X is sparse"
    ),
    "numbers as strings": (lambda X: X.astype(str), ValueError, "pd.to_numeric"),
    "dates": (
        lambda X: pd.DataFrame({"day": pd.date_range("2020", periods=len(X)), "a": 1}),
        ValueError, "dates in 'day'.*day_of_year",
    ),
    "a name twice": (
        lambda X: pd.DataFrame(X, columns=["a", "b", "a"]), ValueError, "2 columns named"
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:X has feature names, but")
@pytest.mark.parametrize("kind", REFUSED)
@each_net_if_slow
def test_unreadable_rows_are_refused_with_the_reason(net_class, kind):
    X = rows()
    y = targets(net_class, X)
    make, error, message = REFUSED[kind]
    net = net_class(**FEW)
    with pytest.raises(error, match=re.compile(message, re.DOTALL)):
        net.fit(make(X), y)
    assert not hasattr(net, "theta_")
    if kind in ("no columns", "one dimension", "None"):
        return
    net.fit(X, y)
    with pytest.raises(error):
        net.predict(make(X))


@pytest.mark.parametrize("argument", ["y", "sample_weight"])
@each_net
def test_generators_of_targets_or_weights_are_refused(net_class, argument):
    X = rows()
    given = {"y": targets(net_class, X)} | {argument: (1.0 for _ in X)}
    with pytest.raises(TypeError, match=f"{argument} is a generator"):
        net_class(**FEW).fit(X, **given)


# Few rows, few columns, few classes.


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@each_net
def test_one_row_is_too_few_for_fit_and_enough_for_partial_fit(net_class):
    X = rows()
    y = targets(net_class, X)
    with pytest.raises(ValueError, match=r"1 sample\(s\)"):
        net_class(**FEW).fit(X[:1], y[:1])
    net = net_class(**FEW)
    classes = {"classes": [0, 1, 2]} if hasattr(net, "decision_function") else {}
    for i in range(5):
        net.partial_fit(X[[i]], y[[i]], **classes)
    assert np.isfinite(raw_prediction(net, X)).all()


@pytest.mark.parametrize(
    ("net_class", "early_stopping"),
    [*((net_class, False) for net_class in NETS), *((cls, True) for cls in NETS[2:])],
)
def test_two_rows_are_enough(net_class, early_stopping):
    X, y = rows(2), np.array([0, 1])
    net = net_class(**FEW, early_stopping=early_stopping, activation="leaky_relu")
    assert np.isfinite(raw_prediction(net.fit(X, y), rows())).all()


@each_classifier
def test_one_class_is_refused_by_its_name(net_class):
    with pytest.raises(ValueError, match="only one class: 'ant'"):
        net_class(**FEW).fit(rows(), np.full(N_ROWS, "ant"))
    weight = (codes(rows()) == 1).astype(float)
    with pytest.raises(ValueError, match="only one class: 1"):
        net_class(**FEW).fit(rows(), codes(rows()), sample_weight=weight)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@each_net
def test_one_feature_is_enough(net_class, solver):
    X = rows(n_features=1)
    few = FEW | {"max_iter": 200} if solver == "adam" else {"hidden_units": 4}
    net = net_class(**few | {"solver": solver, "random_state": 0})
    assert net.fit(X, targets(net_class, X)).score(X, targets(net_class, X)) > 0.6


@pytest.mark.filterwarnings(
    "ignore:No column of X tells training rows apart:sklearn.exceptions.ConvergenceWarning"
)
@each_net
def test_copies_of_one_row_are_predicted_by_a_constant(net_class):
    X = np.broadcast_to(rows(1), (N_ROWS, 3))
    y = targets(net_class, rows())
    net = net_class(**FEW | {"max_iter": 100}).fit(X, y)
    if hasattr(net, "classes_"):
        shares = np.bincount(y) / N_ROWS
        assert_allclose(net.predict_proba(X), np.tile(shares, (N_ROWS, 1)), atol=0.03)
    else:
        assert_allclose(net.predict(X), y.mean(), rtol=0.1)


@each_net
def test_duplicate_rows_equal_rows_of_weight_two(net_class):
    X = rows()
    few = FEW | {"batch_size": None}
    y = targets(net_class, X)
    twice = net_class(**few).fit(np.tile(X, (2, 1)), np.tile(y, 2))
    assert_allclose(twice.theta_, net_class(**few).fit(X, y).theta_, rtol=1e-8, atol=1e-10)


@each_net
def test_a_batch_size_above_the_number_of_rows_is_the_full_batch(net_class):
    X = rows()
    y = targets(net_class, X)
    whole = net_class(**FEW | {"batch_size": None}).fit(X, y)
    larger = net_class(**FEW | {"batch_size": 10**30}).fit(X, y)
    assert_array_equal(larger.theta_, whole.theta_)


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@each_classifier
def test_classes_may_be_missing_from_batches(net_class, loss):
    X = rows()
    y = np.sort(codes(X))
    few = FEW | {"batch_size": 4, "shuffle": False, "max_iter": 60, "loss": loss}
    net = net_class(**few, learning_rate=0.02).fit(np.sort(X, axis=0), y)
    assert net.score(np.sort(X, axis=0), y) > 0.7


@each_classifier
def test_a_class_may_be_missing_from_folds(net_class):
    X = rows()
    y = codes(X)
    y[y == 2] = 1
    y[[0, -1]] = 2
    scores = cross_val_score(net_class(**FEW), X, y, cv=KFold(4), error_score="raise")
    assert np.isfinite(scores).all()
    net = net_class(**FEW).fit(X[1:-1], y[1:-1])
    assert net.classes_.tolist() == [0, 1]


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@each_classifier
def test_classes_may_be_missing_from_every_call_but_one(net_class):
    X = rows()
    y = codes(X)
    net = net_class(**FEW, learning_rate=0.02)
    for call in range(30):
        part = y == call % 3
        net.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert np.isfinite(net.predict_log_proba(X)).all()
    never = net_class(**FEW).partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
    assert (never.predict_proba(X)[:, 2] > 0).all()


@each_classifier
def test_classes_too_rare_to_be_held_out_are_refused_with_a_remedy(net_class):
    X, y = rows(3), ["ant", "bee", "cow"]
    net = net_class(**FEW, early_stopping=True)
    words = r"early_stopping cannot hold .* of 3 rows .* X_val and y_val"
    with pytest.raises(ValueError, match=words):
        net.fit(X, y)
    assert not hasattr(net, "classes_")
    assert net.fit(X, y, X_val=X, y_val=y).classes_.tolist() == y


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@each_classifier
def test_a_class_of_one_row_among_ten_thousand_is_kept(net_class, class_weight):
    X = np.random.default_rng(0).normal(size=(10_001, 2))
    y = np.zeros(10_001, int)
    y[17], X[17] = 1, 8
    net = net_class(8, max_iter=2, random_state=0, class_weight=class_weight)
    probability = net.fit(X, y).predict_proba(X)
    assert np.isfinite(net.predict_log_proba(X)).all()
    if class_weight is None:
        assert 0 < probability[:, 1].mean() < 1e-3
    else:
        assert probability[17, 1] >= np.quantile(probability[:, 1], 0.99)


@pytest.mark.parametrize("n_rows", [3, 6, 20])
def test_temperatures_and_intervals_of_few_rows_are_defined(n_rows):
    X = rows()
    net = ShallowNetClassifier(**FEW, temperature_scaling=True)
    net.fit(X, codes(X), X_val=X[:n_rows], y_val=codes(X)[:n_rows])
    assert 0 < net.temperature_ < np.inf
    regressor = ShallowNetRegressor(**FEW).fit(X, X[:, 0])
    interval = regressor.conformalize(X[:n_rows], X[:n_rows, 0]).predict_interval(X, 0.9)
    assert not np.isnan(interval).any()
    assert np.isinf(interval).all() == (n_rows < 9)  # too few for 0.9: all or nothing


@pytest.mark.parametrize("value", [0, 1])
@each_classifier
def test_a_constant_label_among_others_stays_finite(net_class, value):
    X = rows()
    Y = np.column_stack([codes(X) > 0, np.full(N_ROWS, value)]).astype(int)
    net = net_class(**FEW).fit(X, Y)
    assert np.isfinite(net.predict_log_proba(X)).all()
    assert (net.predict(X)[:, 1] == value).all()
