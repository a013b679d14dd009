"""The corrected t-test against SciPy's plain one, the paper's formula, and its promise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skshallow.inspection import corrected_t_test

LEVEL = 0.05
N_REPEATS = 1500


@pytest.fixture
def differences():
    return np.random.default_rng(0).normal(0.02, 0.03, size=10)


def test_it_is_the_formula_of_the_paper(differences):
    n_splits, n_train, n_test = 10, 90, 10
    mean = sum(differences) / n_splits
    variance = sum((d - mean) ** 2 for d in differences) / (n_splits - 1)
    t = mean / np.sqrt((1 / n_splits + n_test / n_train) * variance)
    test = corrected_t_test(differences, n_test / n_train)
    assert_allclose(test.difference, mean)
    assert_allclose(test.p_value, 2 * (1 - stats.t(n_splits - 1).cdf(abs(t))))


def test_without_shared_rows_it_is_the_plain_paired_test(differences):
    plain = stats.ttest_1samp(differences, 0)
    test = corrected_t_test(differences, 0)
    assert_allclose(test.p_value, plain.pvalue)
    assert_allclose(test.interval, plain.confidence_interval(0.95))


def test_the_correction_widens_the_interval_around_the_same_mean(differences):
    plain = np.ptp(corrected_t_test(differences, 0).interval)
    wide = corrected_t_test(differences, 1 / 4)
    assert_allclose(np.ptp(wide.interval) / plain, np.sqrt((1 / 10 + 1 / 4) / (1 / 10)))
    assert_allclose(np.mean(wide.interval), differences.mean())


@pytest.mark.parametrize("shift", [0.01, 0.02, 0.03, 0.04])
def test_the_interval_leaves_0_out_exactly_where_the_p_value_is_below_the_level(shift):
    differences = shift + np.array([0.02, -0.02, 0.01, -0.01, 0.0])
    test = corrected_t_test(differences, 1 / 4)
    assert (test.interval[0] > 0) == (test.p_value < LEVEL)


def test_swapping_the_models_turns_the_sign(differences):
    test, swapped = (corrected_t_test(s * differences, 0.25) for s in (1, -1))
    assert swapped.difference == -test.difference
    assert swapped.p_value == test.p_value
    assert_allclose(swapped.interval, np.negative(test.interval)[::-1])


def test_equal_differences_leave_no_doubt():
    same = corrected_t_test([0.0, 0.0, 0.0], 0.5)
    assert (same.p_value, same.interval) == (1.0, (0.0, 0.0))
    apart = corrected_t_test([0.25, 0.25, 0.25], 0.5)
    assert (apart.p_value, apart.interval) == (0.0, (0.25, 0.25))


def share_rejected(n_splits, test_to_train, correction):
    """Return how often a difference of 0 is called one.

    Differences are correlated as the paper assumes: ``n_test / (n_test + n_train)``.
    """
    rng = np.random.default_rng(0)
    shared = test_to_train / (1 + test_to_train)
    common = np.sqrt(shared) * rng.normal(size=(N_REPEATS, 1))
    own = np.sqrt(1 - shared) * rng.normal(size=(N_REPEATS, n_splits))
    p_values = [corrected_t_test(row, correction).p_value for row in common + own]
    return np.mean(np.array(p_values) < LEVEL)


@pytest.mark.parametrize(("n_splits", "test_to_train"), [(5, 1 / 4), (20, 1 / 9)])
def test_it_keeps_its_level_where_the_plain_test_does_not(n_splits, test_to_train):
    too_small = np.sqrt(1 + n_splits * test_to_train)  # by this, the plain error is
    limit = stats.t.isf(LEVEL / 2, n_splits - 1)
    plain_level = 2 * stats.t.sf(limit / too_small, n_splits - 1)
    assert plain_level > 2.5 * LEVEL
    for correction, level in [(test_to_train, LEVEL), (0, plain_level)]:
        error = np.sqrt(level * (1 - level) / N_REPEATS)
        assert abs(share_rejected(n_splits, test_to_train, correction) - level) < 3 * error


@pytest.mark.parametrize(
    ("differences", "message"),
    [([0.1], "at least 2 differences, got 1"), ([0.1, np.nan], "finite"), ([], "got 0")],
)
def test_what_cannot_be_tested_is_an_error(differences, message):
    with pytest.raises(ValueError, match=message):
        corrected_t_test(differences, 0.25)
