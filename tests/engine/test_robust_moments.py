"""Robust moments against NumPy and SciPy, in one part and in many."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import median_abs_deviation

from skshallow.engine.robust_moments import MOST_KEPT, RobustMoments


@pytest.fixture
def columns():
    """Three columns (501, 3) of different laws and units."""
    rng = np.random.default_rng(0)
    columns = [rng.normal(5, 2, 501), rng.gamma(2, 1e6, 501), rng.integers(0, 9, 501)]
    return np.column_stack(columns)


def expected_of(columns):
    """Return SciPy's median and median absolute deviation of each column."""
    deviation = [1.4826 * median_abs_deviation(column) for column in columns.T]
    return np.median(columns, axis=0), deviation


@pytest.mark.parametrize("n_rows", [501, 500, 2])
def test_center_and_deviation_are_those_of_scipy(columns, n_rows):
    columns = columns[:n_rows]
    moments = RobustMoments(3).update(columns)
    center, deviation = expected_of(columns)
    assert_allclose(moments.center, center, rtol=1e-14)
    assert_allclose(moments.deviation, deviation, rtol=1e-14)


def test_only_the_named_rows_count(columns):
    rows = np.arange(0, 501, 7)
    moments = RobustMoments(3).update(columns, None, rows)
    assert_array_equal(moments.center, RobustMoments(3).update(columns[rows]).center)


@pytest.mark.parametrize("factor", [1.0, 1 / 3, 1e-9])
def test_weights_equal_repetition(columns, factor):
    weight = np.random.default_rng(1).integers(0, 4, 501)
    once = RobustMoments(3).update(np.repeat(columns, weight, axis=0))
    weighted = RobustMoments(3).update(columns, factor * weight)
    assert_array_equal(weighted.center, once.center)
    assert_array_equal(weighted.deviation, once.deviation)


@pytest.mark.parametrize("outlier", [1e6, -1e300, 1.7e308])
def test_outliers_hardly_move_center_and_deviation(columns, outlier):
    clean = RobustMoments(3).update(columns)
    columns[:5] = outlier
    spoilt = RobustMoments(3).update(columns)
    assert_allclose(spoilt.center, clean.center, rtol=0.05)
    assert_allclose(spoilt.deviation, clean.deviation, rtol=0.1)


def test_most_values_equal_are_measured_by_the_others():
    rng = np.random.default_rng(0)
    others = rng.normal(0, 3, 100)
    column = np.concatenate([np.zeros(300), others])[:, np.newaxis]
    moments = RobustMoments(1).update(column)
    assert moments.center == 0
    assert_allclose(moments.deviation, 1.4826 * np.median(abs(others)), rtol=1e-12)
    column[-1] = 1e9
    assert_allclose(RobustMoments(1).update(column).deviation, moments.deviation, rtol=0.1)


@pytest.mark.parametrize(("value", "unit"), [(0.0, 1.0), (-7.0, 7.0), (1e300, 1e300)])
def test_a_constant_column_has_its_magnitude_as_deviation(value, unit):
    rounding = 1 + np.finfo(float).eps * np.arange(5)
    for column in np.full(5, value), value * rounding:
        moments = RobustMoments(1).update(column[:, np.newaxis])
        assert_allclose(moments.center, value, rtol=1e-14)
        assert_allclose(moments.deviation, unit, rtol=1e-14)


@pytest.mark.parametrize("exponent", [-1000, -100, 100, 1000])
def test_a_power_of_two_as_unit_changes_no_bit(columns, exponent):
    moments = RobustMoments(3).update(columns)
    other = RobustMoments(3).update(np.ldexp(columns, exponent))
    assert_array_equal(other.center, np.ldexp(moments.center, exponent))
    assert_array_equal(other.deviation, np.ldexp(moments.deviation, exponent))


def test_no_distance_overflows():
    moments = RobustMoments(1).update(np.array([[-1.7e308], [1.7e308]] * 4))
    assert np.isfinite(moments.center).all()
    assert np.isfinite(moments.deviation).all()


def test_few_rows_in_parts_equal_one_part(columns):
    parts = RobustMoments(3)
    for part in np.array_split(columns, [1, 2, 40, 400]):
        parts.update(part)
    whole = RobustMoments(3).update(columns)
    assert_array_equal(parts.center, whole.center)
    assert_array_equal(parts.deviation, whole.deviation)


@pytest.mark.parametrize("n_parts", [3, 50, 2000])
def test_many_rows_in_parts_are_kept_in_bounds_and_measured_closely(n_parts):
    rng = np.random.default_rng(0)
    columns = np.column_stack([rng.normal(size=20_000), rng.lognormal(size=20_000)])
    columns = columns[np.argsort(columns[:, 0] + rng.normal(size=20_000))]  # it drifts
    parts = RobustMoments(2)
    for part in np.array_split(columns, n_parts):
        parts.update(part, np.ones(len(part)))
        assert len(parts.values) <= 2 * MOST_KEPT
    center, deviation = expected_of(columns)
    assert_allclose(parts.center, center, atol=0.01)
    assert_allclose(parts.deviation, deviation, rtol=0.01)
    assert_allclose(parts.weight.sum(), 20_000, rtol=1e-9)


def test_rows_without_weight_leave_nothing_behind(columns):
    moments = RobustMoments(3).update(columns[:0]).update(columns, np.zeros(501))
    assert_array_equal(moments.center, 0)
    assert_array_equal(moments.deviation, 1)
