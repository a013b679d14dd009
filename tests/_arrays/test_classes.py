"""Columns that class codes name, against tables of indicators, for every array library."""

import numpy as np
import pytest
from array_libraries import strict, strict_elsewhere, strict_without_float64, torch
from numpy.testing import assert_allclose

from skshallow._arrays.classes import of_own_class, subtract_per_class
from skshallow._arrays.namespace import same_place, to_numpy

LIBRARIES = [
    np.asarray, np.asfortranarray, strict, strict_elsewhere, strict_without_float64, torch,
]  # fmt: skip
every_library = pytest.mark.parametrize("library", LIBRARIES)
one_net_or_members = pytest.mark.parametrize("shape", [(7, 4), (3, 7, 4)], ids=str)
CODES = np.array([[0], [3], [1], [1], [2], [0], [3]])
INDICATORS = np.eye(4)[CODES[:, 0]]


def values_of(shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@every_library
@one_net_or_members
def test_the_value_of_the_own_class_is_that_under_its_indicator(library, shape):
    values = values_of(shape)
    own = of_own_class(library(values), library(CODES))
    assert same_place(own, library(values))
    assert_allclose(to_numpy(own), (values * INDICATORS).sum(axis=-1))


@every_library
@one_net_or_members
@pytest.mark.parametrize("other", [0.0, 0.25])
def test_subtracting_per_class_is_subtracting_indicators(library, shape, other):
    values = values_of(shape)
    expected = values - np.where(INDICATORS, 0.75, other)
    ours = library(values.copy())
    subtract_per_class(ours, library(CODES), 0.75, other)
    assert to_numpy(ours).dtype == np.float32
    assert_allclose(to_numpy(ours), expected, rtol=1e-6)
