"""Ordered classes: the loss of proportional odds and its link of ordered thresholds."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from skshallow.losses import BinomialLogLoss, CumulativeLink, OrdinalLogLoss

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def raw_predictions(shape=(40, 4), scale=2.0):
    return np.random.default_rng(0).normal(scale=scale, size=shape)


def cumulative(raw):
    """Return the log odds of a class above each threshold, threshold by threshold."""
    logits = [raw[..., 0]]
    for gap in np.moveaxis(raw[..., 1:], -1, 0):
        logits.append(logits[-1] - np.logaddexp(0, gap))
    return np.stack(logits, axis=-1)


def exact_log_probability(logits, gaps, k):
    """Return the log probability of class k, which no subtraction rounds away."""
    upper = math.inf if k == 0 else logits[k - 1]
    lower = -math.inf if k == len(logits) else logits[k]
    between = 0.0 if k in (0, len(logits)) else -np.logaddexp(0, -gaps[k - 1])
    return stats.logistic.logcdf(upper) + stats.logistic.logsf(lower) + between


def test_probabilities_are_differences_of_the_logistic_distribution():
    raw = raw_predictions()
    above = stats.logistic.cdf(cumulative(raw))
    expected = -np.diff(above, axis=1, prepend=1, append=0)
    probability = CumulativeLink().inverse(raw)
    np.testing.assert_allclose(probability, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-14)


@both_dtypes
def test_log_probabilities_are_finite_and_exact_far_out(dtype):
    corners = [-1e3, -30.0, 0.0, 30.0, 1e3]
    raw = np.array(list(itertools.product(corners, repeat=3)), dtype)
    log_probability = CumulativeLink().log_inverse(raw)
    assert log_probability.dtype == dtype
    assert np.isfinite(log_probability).all()
    for row, own in zip(raw.astype(float), log_probability, strict=True):
        logits = cumulative(row)
        expected = [exact_log_probability(logits, row[1:], k) for k in range(4)]
        rounding = 8 * np.finfo(dtype).eps  # of thresholds up to 1000
        np.testing.assert_allclose(own, expected, rtol=rounding, atol=1e3 * rounding)


@pytest.mark.parametrize("share", [0.0, 0.2])
@both_dtypes
def test_no_slope_of_the_loss_is_steeper_than_the_number_of_thresholds(share, dtype):
    raw = raw_predictions((400, 4), scale=200).astype(dtype)
    y = np.arange(400)[:, np.newaxis] % 5
    gradient = OrdinalLogLoss().smoothed(share).gradient(y, raw)
    assert gradient.dtype == dtype
    assert (np.abs(gradient) <= 4).all()


def test_thresholds_are_in_order_whatever_the_raw_outputs():
    logits = CumulativeLink().cumulative_logits(raw_predictions(scale=5.0))
    assert (np.diff(logits, axis=1) < 0).all()


def test_two_classes_have_the_log_loss():
    raw, y = raw_predictions((40, 1)), np.arange(40)[:, np.newaxis] % 2
    ordinal = OrdinalLogLoss().loss_and_gradient(y, raw)
    expected = BinomialLogLoss().loss_and_gradient(y.astype(float), raw)
    for ours, theirs in zip(ordinal, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_the_net_learns_one_number_per_row_and_shares_the_others():
    loss = OrdinalLogLoss()
    for n_classes in (2, 3, 6):
        n_raw, n_shared = loss.n_raw_outputs(n_classes), loss.n_shared_outputs(n_classes)
        assert (n_raw, n_raw - n_shared) == (n_classes - 1, 1)


def test_ranks_order_classes_that_are_sorted_otherwise():
    raw, ranks = raw_predictions((40, 2)), (2, 0, 1)  # "high", "low", "mid"
    in_order, renamed = OrdinalLogLoss(), OrdinalLogLoss(ranks)
    np.testing.assert_array_equal(
        renamed.link.inverse(raw), in_order.link.inverse(raw)[:, ranks]
    )
    y = np.arange(40)[:, np.newaxis] % 3
    for ours, theirs in zip(
        renamed.smoothed(0.1).loss_and_gradient(y, raw),
        in_order.smoothed(0.1).loss_and_gradient(np.array(ranks)[y], raw),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("ranks", [None, (2, 0, 3, 1)])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_best_constant_has_the_frequencies_of_the_classes(ranks, share):
    codes = np.array([[0], [2], [2], [3]])
    weight = np.array([1.0, 2.0, 0.5, 0.5])
    expected = (1 - share) * np.array([1.0, 0.0, 2.5, 0.5]) / 4 + share / 4
    expected = np.maximum(expected, 0.5 / 4)  # no class has less than half a row
    loss = OrdinalLogLoss(ranks).smoothed(share)
    constant = loss.fit_intercept_only(codes, weight, n_classes=4)
    found = loss.link.inverse(constant)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 3.0, 20.0])
@both_dtypes
def test_a_temperature_divides_all_cumulative_log_odds(temperature, dtype):
    raw = np.array(
        list(itertools.product([-90.0, -29.0, -1.0, 0.5, 70.0], repeat=3)), dtype
    )
    link = CumulativeLink()
    warmer = link.at_temperature(raw, temperature)
    assert warmer.dtype == dtype
    eps = np.finfo(dtype).eps
    expected = cumulative(raw.astype(float)) / temperature
    logits = cumulative(warmer.astype(float))
    largest = np.abs(expected).max()
    np.testing.assert_allclose(logits, expected, rtol=8 * eps, atol=8 * eps * largest)
    # steps too small for the sum of thresholds are divided, too
    steps, divided = (np.logaddexp(0, each[:, 1:].astype(float)) for each in (raw, warmer))
    np.testing.assert_allclose(divided, steps / temperature, rtol=256 * eps)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_the_slope_of_a_temperature_is_a_derivative_also_for_small_steps(temperature):
    raw = np.array(list(itertools.product([-90.0, -29.0, -1.0, 0.5, 70.0], repeat=3)))
    link, eps = CumulativeLink(), 1e-5

    def at(log_factor):
        return link.at_temperature(raw, temperature * np.exp(log_factor))

    actual = link.temperature_slope(at(0.0))
    np.testing.assert_allclose(actual, (at(eps) - at(-eps)) / (2 * eps), rtol=1e-6)


@both_dtypes
def test_members_far_apart_combine_to_ordered_thresholds(dtype):
    raw = raw_predictions((3, 50, 4), scale=30.0).astype(dtype)
    combined = CumulativeLink().combine(raw)
    assert np.isfinite(combined).all()
    mean = CumulativeLink().inverse(raw.astype(float)).mean(axis=0)
    ours = CumulativeLink().inverse(combined.astype(float))
    np.testing.assert_allclose(ours, mean, rtol=1e3 * np.finfo(dtype).eps)


def test_intercepts_are_the_thresholds_with_a_minus_and_give_back_the_bias():
    bias = np.array([0.7, -3.0, 2.0])
    link = CumulativeLink()
    intercepts = link.intercepts(bias)
    np.testing.assert_allclose(intercepts, cumulative(bias), rtol=1e-14)
    np.testing.assert_allclose(link.output_bias(intercepts), bias, rtol=1e-12)
    for order in ([2, 1, 0], [0, 2, 1], [0, 1, 1]):
        with pytest.raises(ValueError, match=r"must decrease"):
            link.output_bias(intercepts[order])


@pytest.mark.parametrize("ranks", ["210", [0, 0, 1], [1, 2], [0.0, 1.0], [], 3, [True, 0]])
def test_ranks_are_each_number_once(ranks):
    with pytest.raises(ValueError, match=r"'ranks' .* must be None or a sequence"):
        OrdinalLogLoss(ranks)


def test_ranks_of_any_sequence_are_plain_integers():
    assert OrdinalLogLoss(np.array([2, 0, 1])) == OrdinalLogLoss([2, 0, 1])
    assert OrdinalLogLoss([2, 0, 1]).ranks == (2, 0, 1)


def test_ranks_in_order_are_none():
    assert CumulativeLink((0, 1, 2)).ranks is None
    assert str(CumulativeLink([0, 1, 2])) == "CumulativeLink()"
    assert str(CumulativeLink([2, 0, 1])) == "CumulativeLink((2, 0, 1))"


def test_a_subclass_stays_itself_when_the_classes_get_their_ranks():
    class Mine(OrdinalLogLoss):
        pass

    ranked = Mine().smoothed(0.1).ranked([1, 0])
    assert type(ranked) is Mine
    assert ranked.ranks == (1, 0)
    assert ranked.label_smoothing == 0.1
    assert ranked.ranked((0, 1)) is ranked
