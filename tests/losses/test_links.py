"""Links against SciPy, and the units of the target."""

import numpy as np
import pytest
from finite_differences import central_differences
from scipy import stats
from scipy.special import expit, log_expit, log_softmax, softmax

from skshallow.engine.moments import Moments
from skshallow.losses import (
    CumulativeLink,
    GaussianLink,
    IdentityLink,
    LogitLink,
    LogLink,
    QuantilesLink,
    SoftmaxLink,
)

INVERSES = {
    IdentityLink: lambda raw: raw,
    LogLink: np.exp,
    LogitLink: expit,
    SoftmaxLink: lambda raw: softmax(raw, axis=1),
}
LOG_INVERSES = {LogitLink: log_expit, SoftmaxLink: lambda raw: log_softmax(raw, axis=1)}
MEAN_LINKS = [IdentityLink, LogLink]


N_OUTPUTS = 4
INCREASING = {
    IdentityLink(): np.ones(N_OUTPUTS, bool),
    LogLink(): np.ones(N_OUTPUTS, bool),
    LogitLink(): np.ones(N_OUTPUTS, bool),
    QuantilesLink((0.2, 0.9)): np.ones(N_OUTPUTS, bool),
    GaussianLink(): np.array([True, True, False, False]),
    SoftmaxLink(): None,
}


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("link", INCREASING, ids=lambda link: type(link).__name__)
def test_what_is_predicted_increases_in_the_outputs_that_are_said(link, n_members):
    expected = INCREASING[link]
    increases = link.increases_in(N_OUTPUTS)
    if expected is None:
        assert increases is None
        return
    np.testing.assert_array_equal(increases, expected)
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(n_members, 500, N_OUTPUTS))
    step = rng.exponential(size=raw.shape)
    up = link.inverse(link.combine(raw + np.where(expected, step, 0)))
    here = link.inverse(link.combine(raw))
    assert (up >= here).all()
    others = link.inverse(link.combine(raw + np.where(expected, 0, step)))
    np.testing.assert_array_equal(others, here)


@pytest.fixture
def raw():
    return np.random.default_rng(0).normal(scale=5, size=(50, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("link", INVERSES)
def test_inverse_equals_formula_and_keeps_the_dtype(link, dtype, raw):
    actual = link().inverse(raw.astype(dtype))
    assert actual.dtype == dtype
    expected = INVERSES[link](raw.astype(dtype).astype(np.float64))
    np.testing.assert_allclose(actual, expected, rtol=16 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("link", LOG_INVERSES)
def test_log_inverse_equals_formula_and_keeps_the_dtype(link, dtype, raw):
    actual = link().log_inverse(raw.astype(dtype))
    assert actual.dtype == dtype
    expected = LOG_INVERSES[link](raw.astype(dtype).astype(np.float64))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(actual, expected, rtol=16 * eps, atol=16 * eps)


@pytest.mark.parametrize("link", LOG_INVERSES)
def test_log_probability_is_finite_where_the_probability_is_zero(link):
    raw = np.array([[-1e3, 0, 1e3], [1e6, -1e6, 1e300], [0, 0, 0]])
    log_probability = link().log_inverse(raw)
    assert np.isfinite(log_probability).all()
    assert (log_probability <= 0).all()
    assert link().inverse(raw).min() == 0


@pytest.mark.parametrize("link", [LogitLink, SoftmaxLink])
def test_probabilities_lie_between_zero_and_one(link):
    raw = np.array([[-1e3, 0, 1e3], [-30, 30, 0]])
    probability = link().inverse(raw)
    assert ((probability >= 0) & (probability <= 1)).all()
    if link is SoftmaxLink:
        np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize("link", [LogitLink, SoftmaxLink])
def test_targets_that_are_classes_are_not_scaled(link):
    assert link().target_units(Moments(2).update(np.eye(2))) is None


@pytest.mark.parametrize("link", MEAN_LINKS)
def test_raw_units_undo_the_scaling_of_the_target(link, raw):
    y = np.random.default_rng(1).gamma(2, size=(40, 3)) * [1e-6, 1, 1e6]
    center, scale = link().target_units(Moments(3).update(y))
    factor, offset = link().raw_units(center, scale)
    np.testing.assert_allclose(
        link().inverse(factor * raw + offset),
        center + scale * link().inverse(raw),
        rtol=1e-12,
    )


def test_identity_link_standardises_the_target():
    y = np.random.default_rng(0).normal(5, 3, (40, 2))
    center, scale = IdentityLink().target_units(Moments(2).update(y))
    np.testing.assert_allclose(center, y.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(scale, y.std(axis=0), rtol=1e-14)


def test_log_link_scales_the_target_by_its_mean_and_never_shifts_it():
    y = np.array([[1.0, 0], [4, 0], [7, 0]])
    center, scale = LogLink().target_units(Moments(2).update(y))
    np.testing.assert_array_equal(center, 0)
    np.testing.assert_allclose(scale, [4, 1], rtol=1e-15)


SEVERAL = [GaussianLink(), QuantilesLink((0.1, 0.6, 0.9))]


@pytest.mark.parametrize("link", SEVERAL, ids=lambda link: type(link).__name__)
def test_raw_units_of_several_raw_outputs_undo_the_scaling_of_the_target(link, raw):
    y = np.random.default_rng(1).gamma(2, size=(40, 2)) * [1e-6, 1e6]
    center, scale = link.target_units(Moments(2).update(y))
    raw = np.hstack([raw, raw])[:, : 4 if isinstance(link, GaussianLink) else 6]
    factor, offset = link.raw_units(center, scale)
    users = factor * raw + offset
    assert link.inverse(users).shape == (50, 2)
    np.testing.assert_allclose(
        link.inverse(users), center + scale * link.inverse(raw), rtol=1e-12
    )
    if isinstance(link, GaussianLink):
        np.testing.assert_allclose(
            np.exp(users[:, 2:]), scale * np.exp(raw[:, 2:]), rtol=1e-10
        )
    else:
        expected = center + scale * link.quantiles(raw)
        np.testing.assert_allclose(link.quantiles(users), expected, rtol=1e-12)


def test_quantiles_are_in_order_and_the_central_one_is_predicted(raw):
    link = QuantilesLink((0.1, 0.6, 0.9))
    quantiles = link.quantiles(raw)
    np.testing.assert_array_equal(quantiles[:, :, 0], np.sort(raw, axis=1))
    np.testing.assert_array_equal(link.inverse(raw)[:, 0], np.median(raw, axis=1))
    two = QuantilesLink((0.05, 0.95))
    np.testing.assert_array_equal(two.inverse(raw[:, :2])[:, 0], raw[:, :2].min(axis=1))


# What several members predict together

ORDERED = [CumulativeLink(), CumulativeLink((3, 0, 5, 6, 1, 2, 4))]
EVERY_LINK = [*(kind() for kind in INVERSES), *SEVERAL, *ORDERED]
every_link = pytest.mark.parametrize("link", EVERY_LINK, ids=lambda x: type(x).__name__)


@pytest.fixture
def of_members():
    """Four members, five rows, six raw outputs: of six targets, of three or of two."""
    return np.random.default_rng(0).normal(scale=2, size=(4, 5, 6))


@every_link
def test_the_inverse_goes_member_by_member(link, of_members):
    alone = [link.inverse(raw) for raw in of_members]
    np.testing.assert_array_equal(link.inverse(of_members), alone)


@every_link
def test_the_combined_raw_prediction_stands_for_the_mean_of_the_members(link, of_members):
    combined = link.combine(of_members)
    assert combined.shape == of_members.shape[1:]
    mean = link.inverse(of_members).mean(axis=0)
    np.testing.assert_allclose(link.inverse(combined), mean, rtol=1e-10)


@every_link
def test_combining_keeps_the_dtype_and_leaves_a_single_prediction_alone(link, of_members):
    assert link.combine(of_members.astype(np.float32)).dtype == np.float32
    single = of_members[0]
    assert link.combine(single) is single


@pytest.mark.parametrize(
    ("link", "raw", "expected"),
    [
        (LogLink(), [900, 1000], 1000 - np.log(2)),
        (LogLink(), [-900, -1000], -900 - np.log(2)),
        (LogitLink(), [900, 1000], 900 + np.log(2)),
        (LogitLink(), [-900, -1000], -900 - np.log(2)),
    ],
)
def test_means_of_members_far_out_neither_overflow_nor_vanish(link, raw, expected):
    combined = link.combine(np.reshape(raw, (2, 1, 1)).astype(float))
    np.testing.assert_allclose(combined, [[expected]], rtol=1e-14)


def test_members_of_two_classes_combine_alike_as_log_odds_and_as_softmax():
    raw = 300 * np.random.default_rng(0).normal(size=(4, 5, 1))
    both = SoftmaxLink().combine(np.concatenate([np.zeros_like(raw), raw], axis=-1))
    np.testing.assert_allclose(
        both[:, [1]] - both[:, [0]], LogitLink().combine(raw), rtol=1e-12, atol=1e-15
    )


def test_gaussian_members_are_a_mixture(of_members):
    mean, log_scale = np.split(GaussianLink().combine(of_members), 2, axis=-1)
    law = stats.norm(of_members[..., :3], np.exp(of_members[..., 3:]))
    np.testing.assert_allclose(mean, law.moment(1).mean(axis=0), rtol=1e-12)
    second_moment = mean**2 + np.exp(2 * log_scale)
    np.testing.assert_allclose(second_moment, law.moment(2).mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-300, -150, -35, -23, 0, 22, 35, 150, 300])
def test_the_mixture_of_gaussian_members_is_exact_at_any_magnitude(
    of_members, dtype, exponent
):
    of_members, finfo = of_members.copy(), np.finfo(dtype)
    if not np.log10(finfo.tiny) < exponent - 2 < exponent + 2 < np.log10(finfo.max):
        pytest.skip("numbers that the dtype does not hold")
    of_members[..., :3] *= 10.0**exponent
    of_members[..., 3:] += exponent * np.log(10.0)
    of_members = of_members.astype(dtype)
    mean, log_scale = np.split(GaussianLink().combine(of_members), 2, axis=-1)
    means, log_scales = np.split(of_members.astype(np.float64), 2, axis=-1)
    unit = 10.0**exponent  # in units of which float64 holds the squares
    scales = np.exp(log_scales - np.log(unit))
    variance = np.mean(scales**2, axis=0) + np.var(means / unit, axis=0)
    # a log scale of some hundreds is itself rounded to so many eps
    eps = finfo.eps * (1 + abs(np.log(unit)))
    np.testing.assert_allclose(mean / unit, means.mean(axis=0) / unit, atol=8 * eps)
    np.testing.assert_allclose(
        log_scale - np.log(unit), 0.5 * np.log(variance), rtol=0, atol=8 * eps
    )


def test_gaussian_members_that_agree_have_their_own_scale():
    raw = np.tile(np.float32([[3.0, -60.0]]), (5, 1, 1))
    np.testing.assert_allclose(GaussianLink().combine(raw), raw[0], rtol=1e-6)


def test_each_quantile_of_members_together_is_the_mean_of_theirs(of_members):
    link = QuantilesLink((0.1, 0.6, 0.9))
    expected = np.mean([link.quantiles(raw) for raw in of_members], axis=0)
    combined = link.combine(of_members)
    np.testing.assert_allclose(link.quantiles(combined), expected, rtol=1e-14)
    np.testing.assert_allclose(combined, expected.reshape(5, 6), rtol=1e-14)


# The backward passes, against differences.

LINKS = [
    IdentityLink(),
    LogLink(),
    LogitLink(),
    SoftmaxLink(),
    GaussianLink(),
    QuantilesLink((0.1, 0.5)),
    CumulativeLink(),
    CumulativeLink((2, 0, 4, 1, 3)),
]
every_link = pytest.mark.parametrize("link", LINKS, ids=lambda link: type(link).__name__)


@every_link
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("step", ["inverse", "combine", "scores"])
def test_backward_passes_are_the_derivatives(step, n_members, link):
    rng = np.random.default_rng(0)
    members = (n_members,) if step == "combine" and n_members > 1 else ()
    raw = rng.normal(size=(*members, 5, 4))
    grad = rng.normal(size=getattr(link, step)(raw).shape)
    actual = getattr(link, f"{step}_backward")(grad, raw)
    expected = central_differences(
        lambda x: float((getattr(link, step)(x) * grad).sum()), raw
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-8)


def test_the_weights_of_certain_members_are_finite():
    raw = np.array([[[800.0]], [[-800.0]], [[790.0]]])
    for link in (LogitLink(), SoftmaxLink(), LogLink()):
        assert np.isfinite(link.combine_backward(np.ones((1, 1)), raw)).all()
