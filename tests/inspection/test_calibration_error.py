"""The calibration error against scikit-learn's calibration curve and by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve

from skshallow.inspection import expected_calibration_error

N_ROWS = 600


@pytest.fixture
def probability():
    """Three classes, no two rows of equal confidence."""
    return np.random.default_rng(0).dirichlet([0.5, 1.0, 2.0], size=N_ROWS)


@pytest.fixture
def y(probability):
    """Classes drawn with those probabilities, but for a tenth drawn at random."""
    rng = np.random.default_rng(1)
    drawn = np.array([rng.choice(3, p=p) for p in probability])
    return np.where(rng.random(N_ROWS) < 0.1, rng.integers(3, size=N_ROWS), drawn)


def confidence_and_right(y, probability):
    return probability.max(axis=1), probability.argmax(axis=1) == y


def test_equally_full_bins_are_those_of_the_calibration_curve(y, probability):
    confidence, is_right = confidence_and_right(y, probability)
    curve = calibration_curve(is_right, confidence, n_bins=10, strategy="quantile")
    expected = np.abs(curve[0] - curve[1]).mean()
    assert_allclose(expected_calibration_error(y, probability), expected, rtol=1e-10)


def test_equally_wide_bins_are_those_of_the_calibration_curve(y, probability):
    confidence, is_right = confidence_and_right(y, probability)
    accuracy, mean = calibration_curve(is_right, confidence, n_bins=15, strategy="uniform")
    n_rows = np.histogram(confidence, bins=15, range=(0, 1))[0]
    expected = np.average(np.abs(accuracy - mean), weights=n_rows[n_rows > 0])
    error = expected_calibration_error(y, probability, n_bins=15, strategy="uniform")
    assert_allclose(error, expected, rtol=1e-10)


def test_a_bin_of_four_rows_by_hand():
    probability = np.array([[0.2, 0.8], [0.3, 0.7], [0.6, 0.4], [0.1, 0.9]])
    error = expected_calibration_error([1, 1, 1, 1], probability, labels=[0, 1], n_bins=1)
    assert_allclose(error, abs(3 / 4 - (0.8 + 0.7 + 0.6 + 0.9) / 4), rtol=1e-10)


def test_rows_of_equal_confidence_share_a_bin_so_order_does_not_count():
    y = np.repeat([1, 0], [90, 10])
    probability = np.tile([0.1, 0.9], (100, 1))
    assert_allclose(expected_calibration_error(y, probability), 0, atol=1e-12)


def test_true_probabilities_have_hardly_any_error_and_wrong_ones_theirs():
    rng = np.random.default_rng(0)
    p = rng.random(100_000)
    y = rng.random(100_000) < p
    true = np.stack([1 - p, p], axis=1)
    assert expected_calibration_error(y, true) < 0.01
    always = np.tile([0.0, 1.0], (100_000, 1))
    assert_allclose(expected_calibration_error(y, always), 1 - y.mean())


def test_labels_are_cases_of_two_classes_each():
    rng = np.random.default_rng(0)
    p = rng.random((80, 3))
    y = (rng.random((80, 3)) < p).astype(int)
    flat = np.stack([1 - p.ravel(), p.ravel()], axis=1)
    assert_allclose(
        expected_calibration_error(y, p), expected_calibration_error(y.ravel(), flat)
    )


def test_names_of_classes_do_not_count(y, probability):
    names = np.array(["ant", "bee", "cat"])
    error = expected_calibration_error(y, probability)
    assert expected_calibration_error(names[y], probability) == error
    turned = expected_calibration_error(y, probability[:, ::-1], labels=[2, 1, 0])
    assert_allclose(turned, error)


@pytest.mark.parametrize(
    ("y", "shape", "settings", "message"),
    [
        ([0, 1, 1], (3, 3), {}, r"3 columns for 2 labels, \[0, 1\]; pass labels"),
        ([[0, 1], [1, 1]], (2, 3), {}, r"each label, got probability of shape \(2, 3\)"),
        ([0, 1], (2, 2), {"strategy": "even"}, "'quantile' or 'uniform', got 'even'"),
        ([0, 1, 1], (2, 2), {}, "inconsistent numbers of samples"),
    ],
)
def test_what_does_not_fit_together_is_an_error(y, shape, settings, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(y, np.full(shape, 0.5), **settings)


def test_a_missing_argument_is_named(y, probability):
    for args, name in (((None, probability), "y_true"), ((y, None), "probability")):
        with pytest.raises(ValueError, match=rf"^{name} is None.*predict_proba\(X\)"):
            expected_calibration_error(*args)
