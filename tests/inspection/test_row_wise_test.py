"""The row-wise test against SciPy's paired one, closed forms, and its promise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.model_selection import RepeatedKFold

from skshallow.inspection import corrected_t_test, row_wise_test

LEVEL = 0.05


def folds(n_rows, n_splits=5):
    return np.array_split(np.random.default_rng(1).permutation(n_rows), n_splits)


def in_folds(values, tests):
    return [values[test] for test in tests]


@pytest.fixture
def alike():
    """Differences of rows whose means over the folds are all the same."""
    tests = folds(100)
    values = np.random.default_rng(0).normal(size=100)
    for test in tests:
        values[test] += 0.2 - values[test].mean()
    return values, tests


def test_where_splits_do_not_differ_it_is_the_paired_test_over_all_rows(alike):
    values, tests = alike
    test = row_wise_test(in_folds(values, tests), tests, 1 / 4)
    plain = stats.ttest_1samp(values, 0)
    assert_allclose(test.p_value, plain.pvalue)
    assert_allclose(test.interval, plain.confidence_interval(0.95))


def test_a_repetition_of_the_same_scores_adds_no_evidence(alike):
    values, tests = alike
    other = [test[::-1] for test in tests[::-1]]
    once = row_wise_test(in_folds(values, tests), tests, 1 / 4)
    twice = row_wise_test(in_folds(values, tests + other), tests + other, 1 / 4)
    assert_allclose(twice.interval, once.interval)


def test_where_rows_do_not_differ_within_splits_it_is_the_correction_of_fits():
    means = np.array([0.1, 0.3, 0.2, 0.5, 0.4])
    tests = folds(5000)
    test = row_wise_test(in_folds(np.ones(5000), tests), tests, 1 / 4)
    assert (test.p_value, test.interval) == (0, (1, 1))
    differences = [np.full(1000, mean) for mean in means]
    test = row_wise_test(differences, tests, 1 / 4)
    by_split = corrected_t_test(means, 1 / 4)
    assert_allclose(test.interval, by_split.interval, rtol=0.01)


def test_swapping_the_models_turns_the_sign(alike):
    values, tests = alike
    test, swapped = (
        row_wise_test(in_folds(s * values, tests), tests, 0.25) for s in (1, -1)
    )
    assert_allclose(swapped.difference, -test.difference)
    assert_allclose(swapped.p_value, test.p_value)


def test_equal_scores_leave_no_doubt():
    tests = folds(20)
    test = row_wise_test(in_folds(np.zeros(20), tests), tests, 0.25)
    assert (test.p_value, test.interval, test.detectable) == (1, (0, 0), 0)


def test_a_difference_that_is_just_detectable_is_found_in_four_of_five_samples():
    rng, tests = np.random.default_rng(0), folds(200)
    detectable = row_wise_test(in_folds(rng.normal(size=200), tests), tests, 0).detectable
    samples = detectable + rng.normal(size=(1000, 200))
    found = [stats.ttest_1samp(sample, 0).pvalue < LEVEL for sample in samples]
    assert 0.6 < np.mean(found) < 0.95  # the deviation is estimated from 200 rows


def test_effects_of_splits_are_those_of_a_linear_model_with_rows():
    rng = np.random.default_rng(0)
    tests = folds(20) + [rng.permutation(test) for test in folds(20, 4)]
    differences = [rng.normal(rng.normal(), 1, size=len(test)) for test in tests]
    y, rows = np.concatenate(differences), np.concatenate(tests)
    of_rows = np.eye(20)[rows]
    of_splits = np.repeat(np.eye(9), [len(test) for test in tests], axis=0)

    def unexplained(*effects):
        design = np.hstack(effects)
        return np.sum((y - design @ np.linalg.lstsq(design, y)[0]) ** 2)

    # Henderson's third method, by least squares with and without the effects of splits
    noise = unexplained(of_rows, of_splits) / (40 - 20 - 8)
    annihilator = np.eye(40) - of_rows @ np.linalg.pinv(of_rows)
    trace = np.trace(of_splits.T @ annihilator @ of_splits)
    excess = unexplained(of_rows) - unexplained(of_rows, of_splits) - 8 * noise
    by_fit = (1 / 9 + 1) * excess / trace
    sums = np.bincount(rows, weights=y - y.mean())
    by_row = 20 / 19 * np.sum(sums**2) / 40**2
    degrees = (by_row + by_fit) ** 2 / (by_row**2 / 19 + by_fit**2 / 8)
    t = y.mean() / np.sqrt(by_row + by_fit)
    assert excess > 0
    test = row_wise_test(differences, tests, 1 / 4)
    assert_allclose(test.p_value, 2 * stats.t.sf(abs(t), degrees))


def test_an_interval_has_the_level_that_was_asked_for(alike):
    values, tests = alike
    plain = stats.ttest_1samp(values, 0)
    for confidence in (0.9, 0.975):
        test = row_wise_test(in_folds(values, tests), tests, 1 / 4, confidence=confidence)
        assert_allclose(test.interval, plain.confidence_interval(confidence))
        assert test.is_significant == (plain.pvalue < 1 - confidence)


def ridge(x, y, train):
    """Return what a ridge model of some rows, with a penalty of 1, predicts for all."""
    middle = x[train].mean(axis=0)
    own = x[train] - middle
    coef = np.linalg.solve(own.T @ own + np.eye(x.shape[1]), own.T @ y[train])
    return (x - middle) @ coef + y[train].mean()


def p_values(shift, seed, n_repeats=1, n_rows=100, n_features=5):
    """Return p-values, row-wise and by split, for two ridge models of separate features.

    Both are equally good, by symmetry, if `shift` is 0; it adds to the first's signal.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2, n_rows, n_features))
    y = (1 + shift) * X[0].sum(axis=1) + X[1].sum(axis=1) + rng.normal(size=n_rows)
    cv = RepeatedKFold(n_splits=5, n_repeats=n_repeats, random_state=seed)
    splits = list(cv.split(X[0]))
    differences = []
    for train, test in splits:
        first, second = (-((ridge(x, y, train)[test] - y[test]) ** 2) for x in X)
        differences.append(first - second)
    by_row = row_wise_test(differences, [test for _, test in splits], 1 / 4)
    by_split = corrected_t_test([d.mean() for d in differences], 1 / 4)
    return by_row.p_value, by_split.p_value


@pytest.mark.parametrize("n_repeats", [1, 2])
def test_it_keeps_its_level_for_models_that_are_equally_good(n_repeats):
    n = 100
    rejected = np.mean([p_values(0, seed, n_repeats)[0] < LEVEL for seed in range(n)])
    assert rejected < LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / n)


def test_it_finds_more_than_the_test_by_split():
    p = np.array([p_values(0.5, seed) for seed in range(60)])
    by_row, by_split = (p < LEVEL).mean(axis=0)
    assert by_row > 1.5 * by_split


@pytest.mark.parametrize(
    ("differences", "tests", "message"),
    [
        ([[0.1, 0.2]], [[0, 1]], "at least 2 splits, got 1"),
        ([[0.1], [0.2]], [[0], [1]], "at least 2 test rows"),
        ([[0.1, 0.2], [0.1]], [[0, 1], [2, 3]], "as many rows each"),
        ([[0.1, 0.2]], [[0, 1], [2, 3]], "as many splits"),
        ([[0.1, 0.2], [np.nan, 0.1]], [[0, 1], [2, 3]], "those of split 1 are not"),
    ],
)
def test_what_cannot_be_tested_is_an_error(differences, tests, message):
    with pytest.raises(ValueError, match=message):
        row_wise_test(differences, tests, 0.25)
