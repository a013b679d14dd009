"""Fingerprints: equal for equal fits, and different for whatever makes a difference."""

import numpy as np
import pytest
from scipy import sparse

from skshallow._estimators.files.codec import NotData
from skshallow._estimators.fit.fingerprint import (
    CONSEQUENCES,
    START,
    differences,
    fingerprint_entry,
)

TABLE = np.arange(12.0).reshape(4, 3)
OTHERS = {
    "a value": TABLE + np.eye(4, 3) * 1e-15,
    "the sign of zero": np.where(TABLE == 0, -0.0, TABLE),
    "the shape": TABLE.reshape(3, 4),
    "the number of rows": TABLE[:3],
    "the dtype": TABLE.astype(np.float32),
    "the order of rows": TABLE[::-1],
    "being sparse": sparse.csr_array(TABLE),
    "being absent": None,
}


@pytest.mark.parametrize("what", OTHERS)
def test_any_difference_of_a_table_changes_its_hash(what):
    assert fingerprint_entry(OTHERS[what])["sha256"] != fingerprint_entry(TABLE)["sha256"]


def test_a_hash_is_of_values_and_not_of_how_they_lie_in_memory():
    wide = np.zeros((4, 6))
    wide[:, ::2] = TABLE
    for same in (np.asfortranarray(TABLE), wide[:, ::2], TABLE[::-1].copy()[::-1]):
        assert fingerprint_entry(same) == fingerprint_entry(TABLE)


def test_the_hash_of_a_sparse_table_is_of_all_its_parts():
    X = sparse.csr_array(np.eye(3))
    moved, longer = X.copy(), sparse.csr_array(np.eye(3, 4))
    moved.indices = moved.indices[::-1]
    assert len({fingerprint_entry(it)["sha256"] for it in (X, moved, longer)}) == 3
    assert fingerprint_entry(X.copy()) == fingerprint_entry(X)


@pytest.mark.parametrize("value", [0.1, "adam", [3, 4], {0: 1.0}, None, np.float64(0.1)])
def test_parameters_are_told_by_their_repr(value):
    assert fingerprint_entry(value)["words"] == repr(value)
    assert fingerprint_entry(value) == fingerprint_entry(value)


def test_a_table_is_told_by_its_shape():
    assert fingerprint_entry(TABLE)["words"] == "float64 of shape (4, 3)"


def test_code_is_no_data():
    with pytest.raises(NotData):
        fingerprint_entry(lambda: None)


def test_differences_are_told_in_words():
    then = {
        "alpha": fingerprint_entry(0.1),
        "X": fingerprint_entry(TABLE),
        START: fingerprint_entry([1], "numbers"),
    }
    assert differences(then, then) == []
    assert differences(then, then | {"alpha": fingerprint_entry(0.2)}) == [
        "alpha was 0.1, now it is 0.2"
    ]
    other = fingerprint_entry(TABLE + 1)
    assert differences(then, then | {"X": other}) == [
        "X has other values (float64 of shape (4, 3))"
    ]
    assert differences(then, {"X": then["X"], START: then[START]}) == [
        "alpha was 0.1, now it is nothing"
    ]


@pytest.mark.parametrize("what", CONSEQUENCES)
def test_what_follows_is_told_of_only_if_nothing_else_is_different(what):
    then = {"alpha": fingerprint_entry(0.1), what: fingerprint_entry([1], "numbers")}
    other = {what: fingerprint_entry([2], "numbers")}
    assert differences(then, then | other) == [f"{what} has other values (numbers)"]
    assert differences(then, other | {"alpha": fingerprint_entry(1)}) == [
        "alpha was 0.1, now it is 1"
    ]
