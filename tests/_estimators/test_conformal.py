"""Ranks among the shifted scores of all folds, against sorting all of them."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skshallow._estimators.conformal import Band, calibrated


def plain(bands, scores, coverage):
    """Return the ends by sorting all values of each row and target, as in the papers."""
    shape = bands[0].low.shape
    ends = np.empty((2, *shape))
    for row, target in np.ndindex(shape):
        lower, upper = [], []
        for band, own in zip(bands, scores, strict=True):
            wider = own[:, target] * band.unit[row, target]
            lower.extend(band.low[row, target] - wider)
            upper.extend(band.high[row, target] + wider)
        n = len(lower)
        alpha = 1 - coverage
        last, first = (
            math.ceil(coverage * (n + 1) - 1e-9),
            math.floor(alpha * (n + 1) + 1e-9),
        )
        ends[:, row, target] = (
            -np.inf if first < 1 else np.sort(lower)[first - 1],
            np.inf if last > n else np.sort(upper)[last - 1],
        )
    return ends


def drawn(seed, sizes=(7, 1, 12, 5), n_rows=30, magnitudes=1.0, wide=0.0):
    """Return bands and scores of folds of these sizes, for two targets."""
    rng = np.random.default_rng(seed)
    bands, scores = [], []
    for size in sizes:
        low = rng.normal(size=(n_rows, 2)) * magnitudes
        width = wide * rng.uniform(size=low.shape)
        bands.append(Band(low, low + width, rng.uniform(0.5, 2, low.shape) * magnitudes))
        scores.append(rng.standard_cauchy((size, 2)) + 3)
    return bands, scores


@pytest.mark.parametrize("coverage", [0.96, 0.9, 0.5, 0.77])
@pytest.mark.parametrize("seed", range(4))
def test_ends_are_the_ranked_values_of_all_folds(seed, coverage):
    bands, scores = drawn(seed)
    expected = plain(bands, scores, coverage)
    assert (expected[0] <= expected[1]).all()
    assert_allclose(calibrated(bands, scores, coverage), expected, rtol=1e-12)


@pytest.mark.parametrize("power", [-300, -100, 100, 300])
def test_ranks_are_found_at_any_magnitude(power):
    bands, scores = drawn(0, magnitudes=10.0**power)
    expected = plain(bands, scores, 0.9)
    assert_allclose(calibrated(bands, scores, 0.9), expected, rtol=1e-12)


def test_ranks_are_found_among_scores_of_very_different_magnitudes():
    bands, scores = drawn(1, sizes=(40, 40))
    rng = np.random.default_rng(2)
    scores = [own * 10.0 ** rng.uniform(-200, 200, own.shape) for own in scores]
    for coverage in (0.3, 0.6, 0.9):
        lower, upper = calibrated(bands, scores, coverage)
        expected = plain(bands, scores, coverage)
        assert_allclose(upper, expected[1], rtol=1e-12)
        assert_allclose(lower, expected[0], rtol=1e-12)


def test_equal_scores_count_each():
    bands, _ = drawn(3, sizes=(6, 6))
    scores = [np.full((6, 2), 2.0), np.repeat([[1.0], [2.0]], 3, axis=0) * np.ones(2)]
    for coverage in (0.6, 0.7, 0.9):
        expected = plain(bands, scores, coverage)
        assert_allclose(calibrated(bands, scores, coverage), expected, rtol=1e-12)


def test_one_fold_is_split_conformal_prediction_to_the_last_bit():
    (band,), (scores,) = drawn(4, sizes=(49,), wide=1.0)
    margin = np.sort(scores, axis=0)[44]
    lower, upper = calibrated([band], [scores], 0.9)
    assert_array_equal(lower, band.low - margin * band.unit)
    assert_array_equal(upper, band.high + margin * band.unit)


def test_too_few_scores_give_infinite_intervals():
    bands, scores = drawn(5, sizes=(4, 4))
    lower, upper = calibrated(bands, scores, 0.9)
    assert (lower == -np.inf).all()
    assert (upper == np.inf).all()
    assert np.isfinite(calibrated(bands, scores, 0.88)).all()


@pytest.mark.parametrize("sizes", [(20,), (9, 11)])
def test_bands_that_are_too_wide_shrink_to_a_point_at_most(sizes):
    bands, scores = drawn(6, sizes, wide=1e-3)
    lower, upper = calibrated(bands, [own - 1e3 for own in scores], 0.5)
    assert_array_equal(lower, upper)
    expected = np.mean([0.5 * (band.low + band.high) for band in bands], axis=0)
    assert_allclose(lower, expected, rtol=1e-12)


def test_scores_are_distances_from_the_interval_in_its_unit():
    band = Band(*(np.array([[value]]) for value in (1.0, 3.0, 2.0)))
    found = [band.scores(np.array([[y]])).item() for y in (0.0, 1.5, 3.0, 7.0)]
    assert found == [0.5, -0.25, 0.0, 2.0]
