"""Losses against scikit-learn's metrics, SciPy and central differences."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from finite_differences import assert_gradients_agree, central_differences
from scipy import special, stats
from scipy.optimize import minimize_scalar
from sklearn import metrics

from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    AbsoluteError,
    BinomialLogLoss,
    BinomialSquaredError,
    Gamma,
    Gaussian,
    GaussianLink,
    Huber,
    LogLink,
    MultinomialLogLoss,
    MultinomialSquaredError,
    OrdinalLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)

LOSSES = [
    *(kind() for kind in REGRESSION_LOSSES.values()),
    *(kind() for kinds in CLASSIFICATION_LOSSES.values() for kind in kinds.values()),
    Huber(0.3),
    Quantile(0.1),
    Quantile(0.9),
    Quantile([0.1, 0.5, 0.9]),
    Gaussian(0),
    Gaussian(0.5, floor=0.1),
]
SOFTMAX = (MultinomialLogLoss, MultinomialSquaredError)
MULTINOMIAL = (*SOFTMAX, OrdinalLogLoss)
BINOMIAL = (BinomialLogLoss, BinomialSquaredError)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def proper_score(loss, y, raw):
    """Return the score of a mean and a variance from its entropy, a concave function."""
    mean, variance = raw[:, 0], np.exp(2 * raw[:, 1])
    square, least, beta = (y - mean) ** 2 + loss.floor**2, loss.floor**2, loss.beta

    def entropy(variance):
        return np.log(variance) / 2 if beta == 0 else variance**beta / (2 * beta)

    slope = variance ** (beta - 1) / 2
    score = entropy(variance) + slope * (square - variance)
    return np.mean(score - entropy(least))


def mean_pinball_loss(loss, y, raw):
    if len(loss.levels) == 1:
        return metrics.mean_pinball_loss(y, raw, alpha=loss.quantile)
    return sum(
        metrics.mean_pinball_loss(y, column, alpha=level)
        for level, column in zip(loss.levels, np.sort(raw, axis=1).T, strict=True)
    )


def proportional_odds(raw):
    """Return probabilities as differences, with thresholds one after the other."""
    thresholds = np.cumsum(np.logaddexp(0, raw[:, 1:]), axis=1)
    law = stats.logistic(loc=raw[:, :1])
    below = [law.cdf(0), law.cdf(thresholds), np.ones((len(raw), 1))]
    return np.diff(np.hstack(below), axis=1, prepend=0)


# The mean loss of one target, or of one classification into several.
ORACLES = {
    SquaredError: lambda loss, y, raw: metrics.mean_squared_error(y, raw) / 2,
    AbsoluteError: lambda loss, y, raw: metrics.mean_absolute_error(y, raw),
    Huber: lambda loss, y, raw: np.mean(special.huber(loss.delta, y - raw)),
    Quantile: mean_pinball_loss,
    Gaussian: proper_score,
    Poisson: lambda loss, y, raw: metrics.mean_poisson_deviance(y, np.exp(raw)) / 2,
    Gamma: lambda loss, y, raw: metrics.mean_gamma_deviance(y, np.exp(raw)) / 2,
    BinomialLogLoss: lambda loss, y, raw: metrics.log_loss(y, special.expit(raw)),
    BinomialSquaredError: lambda loss, y, raw: (
        metrics.brier_score_loss(y, special.expit(raw)) / 2
    ),
    MultinomialLogLoss: lambda loss, y, raw: metrics.log_loss(
        y[:, 0], special.softmax(raw, axis=1)
    ),
    MultinomialSquaredError: lambda loss, y, raw: (
        metrics.brier_score_loss(y[:, 0], special.softmax(raw, axis=1), scale_by_half=False)
        / 2
    ),
    OrdinalLogLoss: lambda loss, y, raw: metrics.log_loss(y[:, 0], proportional_odds(raw)),
}


def targets(loss, n=40, n_outputs=3, seed=0, smoothing=0.0):
    """Return targets in the loss's domain: (n, n_outputs), or class codes (n, 1)."""
    rng = np.random.default_rng(seed)
    if isinstance(loss, Poisson):
        return rng.poisson(1.5, (n, n_outputs)).astype(float)
    if isinstance(loss, Gamma):
        return rng.gamma(2, size=(n, n_outputs))
    if isinstance(loss, MULTINOMIAL):
        return rng.integers(n_outputs, size=(n, 1))
    if isinstance(loss, BINOMIAL):
        y = (rng.random((n, n_outputs)) < [0.3, 0.5, 0.8][:n_outputs]).astype(float)
        return (1 - smoothing) * y + smoothing / 2
    return rng.normal(1, 2, (n, n_outputs))


def raw_predictions(loss, n=40, n_outputs=3, seed=1):
    shape = n, loss.n_raw_outputs(n_outputs)
    return np.random.default_rng(seed).normal(scale=2, size=shape)


def one_hot(codes, n_classes=3):
    """Return indicators (n, n_classes) of class codes (n, 1)."""
    return np.eye(n_classes)[codes[:, 0]]


def evaluate(loss, y, raw):
    """Return copies of the loss's results for copies of its arguments."""
    value, gradient = loss.loss_and_gradient(y.copy(), raw.copy())
    return value.copy(), gradient.copy()


def total(loss, y, raw):
    return float(evaluate(loss, y, raw)[0].sum())


def weighted_constant_loss(loss, y, constant, sample_weight):
    raw = np.broadcast_to(constant, (len(y), len(np.atleast_1d(constant))))
    return float(evaluate(loss, y, raw)[0] @ sample_weight / sample_weight.sum())


def test_every_loss_has_an_oracle_here():
    assert ORACLES.keys() == {type(loss) for loss in LOSSES}


@every_loss
def test_loss_equals_scikit_learns_metric(loss):
    y, raw = targets(loss), raw_predictions(loss)
    if isinstance(loss, MULTINOMIAL):
        expected = ORACLES[type(loss)](loss, y, raw)
    else:  # summed over outputs
        oracle = ORACLES[type(loss)]
        expected = sum(oracle(loss, y[:, j], raw[:, j::3].squeeze()) for j in range(3))
    assert evaluate(loss, y, raw)[0].shape == (40,)
    assert evaluate(loss, y, raw)[0].mean() == pytest.approx(expected, rel=1e-12)


@every_loss
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_gradient_equals_central_differences(loss, n_outputs):
    if isinstance(loss, MULTINOMIAL):
        n_outputs += 1  # one class is no choice
    y = targets(loss, n_outputs=n_outputs)
    raw = raw_predictions(loss, n_outputs=n_outputs)
    expected = central_differences(lambda raw: total(loss, y, raw), raw)
    assert_gradients_agree(evaluate(loss, y, raw)[1], expected)


@pytest.mark.parametrize("kinds", CLASSIFICATION_LOSSES.values(), ids=CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("kind", ["binomial", "multinomial"])
def test_label_smoothed_gradient_equals_central_differences(kinds, kind):
    loss = kinds[kind]()
    y, raw = targets(loss, smoothing=0.2), raw_predictions(loss)
    if isinstance(loss, MULTINOMIAL):
        loss = loss.smoothed(0.2)
    expected = central_differences(lambda raw: total(loss, y, raw), raw)
    assert_gradients_agree(evaluate(loss, y, raw)[1], expected)


def test_log_losses_of_smoothed_labels_are_cross_entropies():
    raw = raw_predictions(BinomialLogLoss())
    y = targets(BinomialLogLoss(), smoothing=0.2)
    expected = -y * special.log_expit(raw) - (1 - y) * special.log_expit(-raw)
    actual = evaluate(BinomialLogLoss(), y, raw)[0]
    np.testing.assert_allclose(actual, expected.sum(axis=1), rtol=1e-13)
    y = targets(MultinomialLogLoss())
    expected = special.log_softmax(raw, axis=1) * (0.8 * one_hot(y) + 0.2 / 3)
    actual = evaluate(MultinomialLogLoss().smoothed(0.2), y, raw)[0]
    np.testing.assert_allclose(actual, -expected.sum(axis=1), rtol=1e-13)


@pytest.mark.parametrize("share", [0.0, 0.2])
@pytest.mark.parametrize("shape", [(40, 5), (3, 40, 5)], ids=["one net", "members"])
@both_dtypes
def test_codes_have_the_loss_and_gradient_of_indicators(shape, share, dtype):
    """Softmax cross-entropy and half the Brier score, as formulas of a table y."""
    raw = np.random.default_rng(0).normal(scale=2, size=shape).astype(dtype)
    raw = np.asfortranarray(raw)  # any order of memory
    codes = targets(MultinomialLogLoss(), n_outputs=5)
    y = (1 - share) * one_hot(codes, 5) + share / 5
    p = special.softmax(raw.astype(float), axis=-1)
    to_raw = p[..., np.newaxis] * (np.eye(5) - p[..., np.newaxis, :])  # dp/draw
    expected = {
        MultinomialLogLoss(): (-(y * np.log(p)).sum(axis=-1), p - y),
        MultinomialSquaredError(): (
            ((y - p) ** 2).sum(axis=-1) / 2,
            np.einsum("...i,...ij->...j", p - y, to_raw),
        ),
    }
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12}
    for loss, (value, gradient) in expected.items():
        results = evaluate(loss.smoothed(share), codes, raw)
        np.testing.assert_allclose(results[0], value, **tolerance)
        np.testing.assert_allclose(results[1], gradient, **{"atol": 1e-15} | tolerance)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint8, np.int64])
def test_codes_of_every_integer_type_are_one_target(dtype):
    raw = raw_predictions(MultinomialLogLoss())
    codes = targets(MultinomialLogLoss())
    for loss in (MultinomialLogLoss().smoothed(0.1), MultinomialSquaredError()):
        for ours, expected in zip(
            evaluate(loss, codes.astype(dtype), raw),
            evaluate(loss, codes, raw),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, expected)


def test_a_smoothed_loss_is_another_one_and_leaves_the_first_alone():
    loss = MultinomialLogLoss()
    assert loss.smoothed(0.2) != loss == loss.smoothed(0.2).smoothed(0.0)
    assert loss.label_smoothing == 0


@pytest.mark.parametrize("kind", SOFTMAX)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_best_constant_of_codes_is_the_logarithm_of_class_frequencies(kind, share):
    codes = np.array([[0], [2], [2], [3]])
    weight = np.array([1.0, 2.0, 0.5, 0.5])
    frequency = np.array([1.0, 0.0, 2.5, 0.5, 0.0]) / 4
    expected = np.maximum((1 - share) * frequency + share / 5, 0.5 / 4)
    constant = kind().smoothed(share).fit_intercept_only(codes, weight, n_classes=5)
    np.testing.assert_allclose(np.exp(constant), expected, rtol=1e-14)


def extreme_cases(loss, dtype):
    """Return targets and raw predictions far out, as far as an exp of them is finite."""
    far = 1e3
    if isinstance(loss.link, LogLink):
        far = 700.0 if dtype == np.float64 else 80.0
    if isinstance(loss.link, GaussianLink):
        far = 300.0 if dtype == np.float64 else 35.0
    n_targets = 1 if loss.n_raw_outputs(1) > 1 else 3
    corners = [-far, -30.0, 0.0, 30.0, far]
    grid = np.meshgrid(*[corners] * loss.n_raw_outputs(n_targets))
    raw = np.stack([values.ravel() for values in grid], axis=1)
    raw += 0.1 * np.arange(raw.shape[1])  # equal raw outputs are a kink
    return in_dtype(targets(loss, len(raw), n_targets), dtype), raw.astype(dtype)


def in_dtype(y, dtype):
    """Return targets in a precision, codes as they are."""
    return y if y.dtype.kind == "i" else y.astype(dtype)


@both_dtypes
@every_loss
def test_extreme_raw_predictions_stay_finite_without_a_warning(loss, dtype):
    y, raw = extreme_cases(loss, dtype)
    value, gradient = evaluate(loss, y, raw)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert (value >= 0).all()


@every_loss
def test_gradient_is_exact_at_extreme_raw_predictions(loss):
    y, raw = extreme_cases(loss, np.float64)
    _, gradient = evaluate(loss, y, raw)
    for i in range(len(raw)):
        expected = central_differences(
            lambda row, i=i: total(loss, y[i : i + 1], row[np.newaxis]), raw[i].copy(), 1e-4
        )
        # a difference of values holds this much of them, and no more
        value = evaluate(loss, y[i : i + 1], raw[i : i + 1])[0].item()
        atol = 1e-8 + 4 * np.finfo(float).eps * value / 1e-4
        np.testing.assert_allclose(gradient[i], expected, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=str)
def test_a_mean_beyond_all_numbers_gives_an_infinite_loss_and_never_nan(loss):
    y = np.array([[0.0], [2.0]]) + isinstance(loss, Gamma)
    raw = np.full((2, 1), 1e3 if isinstance(loss, Poisson) else -1e3)
    with np.errstate(over="ignore"):
        value, gradient = evaluate(loss, y, raw)
    assert (value == np.inf).all()
    assert np.isinf(gradient).all()


def test_log_loss_of_a_sure_and_wrong_prediction_is_its_distance():
    value, gradient = evaluate(BinomialLogLoss(), np.array([[0.0]]), np.array([[1e3]]))
    assert value.item() == 1e3
    assert gradient.item() == 1
    value, gradient = evaluate(
        MultinomialLogLoss(), np.array([[0]]), np.array([[-1e3, 1e3]])
    )
    assert value.item() == 2e3
    np.testing.assert_array_equal(gradient, [[-1, 1]])


@both_dtypes
@every_loss
def test_dtype_is_kept_and_the_targets_are_left_alone(loss, dtype):
    y, raw = in_dtype(targets(loss), dtype), raw_predictions(loss).astype(dtype)
    before = y.copy()
    value, gradient = loss.loss_and_gradient(y, raw)
    assert value.dtype == gradient.dtype == dtype
    gradient *= 2  # as the objective does
    np.testing.assert_array_equal(y, before)
    exact, exact_gradient = evaluate(loss, in_dtype(y, float), raw.astype(float))
    np.testing.assert_allclose(value, exact, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(gradient / 2, exact_gradient, rtol=1e-5, atol=1e-5)


@every_loss
def test_rows_are_independent(loss):
    y, raw = targets(loss), raw_predictions(loss)
    value, gradient = evaluate(loss, y, raw)
    for i in range(len(y)):
        row_value, row_gradient = evaluate(loss, y[i : i + 1], raw[i : i + 1])
        np.testing.assert_allclose(row_value, value[i], rtol=1e-14)
        np.testing.assert_allclose(row_gradient[0], gradient[i], rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(
    "loss", [loss for loss in LOSSES if not isinstance(loss, MULTINOMIAL)], ids=str
)
def test_several_outputs_are_the_sum_of_one_output_each(loss):
    y, raw = targets(loss), raw_predictions(loss)
    value, gradient = evaluate(loss, y, raw)
    alone = [evaluate(loss, y[:, [j]], raw[:, j::3]) for j in range(3)]
    np.testing.assert_allclose(value, sum(one[0] for one in alone), rtol=1e-13)
    for j in range(3):
        np.testing.assert_array_equal(gradient[:, j::3], alone[j][1])


@pytest.mark.parametrize("loss", [MultinomialLogLoss(), MultinomialSquaredError()], ids=str)
def test_a_shift_of_all_raw_predictions_changes_no_multinomial_loss(loss):
    y, raw = targets(loss), raw_predictions(loss)
    value, gradient = evaluate(loss, y, raw)
    shifted_value, shifted_gradient = evaluate(loss, y, raw + 1000)
    np.testing.assert_allclose(shifted_value, value, rtol=1e-10)
    np.testing.assert_allclose(shifted_gradient, gradient, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)


def test_two_classes_are_the_same_binomial_or_multinomial():
    y = targets(BinomialLogLoss(), n_outputs=1)
    raw = raw_predictions(BinomialLogLoss(), n_outputs=1)
    both_y, both_raw = y.astype(int), np.hstack([np.zeros_like(raw), raw])
    value, gradient = evaluate(BinomialLogLoss(), y, raw)
    both_value, both_gradient = evaluate(MultinomialLogLoss(), both_y, both_raw)
    np.testing.assert_allclose(both_value, value, rtol=1e-13)
    np.testing.assert_allclose(both_gradient[:, [1]], gradient, rtol=1e-13)


@every_loss
def test_members_side_by_side_have_the_loss_and_gradient_of_each_alone(loss):
    y = targets(loss)
    raw = np.stack([raw_predictions(loss, seed=seed) for seed in range(4)])
    value, gradient = evaluate(loss, y, raw)
    assert value.shape == (4, 40)
    for i in range(4):
        alone, gradient_alone = evaluate(loss, y, raw[i])
        np.testing.assert_allclose(value[i], alone, rtol=1e-13)
        np.testing.assert_allclose(gradient[i], gradient_alone, rtol=1e-13, atol=1e-15)


# Kinks


def test_absolute_error_has_no_gradient_at_its_kink():
    value, gradient = evaluate(AbsoluteError(), np.array([[2.0]]), np.array([[2.0]]))
    assert value.item() == gradient.item() == 0


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantile_takes_the_gradient_from_below_at_its_kink(quantile):
    value, gradient = evaluate(Quantile(quantile), np.array([[2.0]]), np.array([[2.0]]))
    assert value.item() == 0
    assert gradient.item() == -quantile


def test_median_loss_is_half_the_absolute_error():
    y, raw = targets(Quantile()), raw_predictions(Quantile())
    for half, whole in zip(
        evaluate(Quantile(0.5), y, raw), evaluate(AbsoluteError(), y, raw), strict=True
    ):
        np.testing.assert_allclose(2 * half, whole, rtol=1e-14)


def test_huber_is_half_the_square_up_to_delta_and_linear_beyond():
    raw = np.array([[0.0], [1.9], [2.0], [5.0], [-5.0]])
    value, gradient = evaluate(Huber(2.0), np.zeros((5, 1)), raw)
    np.testing.assert_allclose(value, [0, 1.9**2 / 2, 2, 8, 8], rtol=1e-15)
    np.testing.assert_array_equal(gradient[:, 0], [0, 1.9, 2, 2, -2])


@pytest.mark.parametrize("quantile", [-0.1, 0, 1, 1.1, np.nan])
def test_quantile_refuses_levels_outside_of_zero_to_one(quantile):
    with pytest.raises(ValueError, match=r"a float in the range \(0, 1\), or a sequence"):
        Quantile(quantile)


# Several raw outputs a target


def test_gaussian_without_beta_is_the_likelihood():
    loss = Gaussian(0, floor=1e-9)
    y, raw = targets(loss), raw_predictions(loss)
    expected = -stats.norm(raw[:, :3], np.exp(raw[:, 3:])).logpdf(y)
    difference = evaluate(loss, y, raw)[0] - expected.sum(axis=1)
    np.testing.assert_allclose(difference, difference[0], rtol=1e-10)


@pytest.mark.parametrize("beta", [0, 0.3, 0.8])
def test_gaussian_scores_no_other_distribution_better_than_the_true_one(beta):
    """The expected loss, a sum over the nodes of Gauss and Hermite, is exact."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    loss = Gaussian(beta, floor=1e-9)
    mean, log_scale = 0.7, -0.4
    y = mean + np.exp(log_scale) * nodes[:, np.newaxis]

    def expected_loss(mean, log_scale):
        raw = np.tile([mean, log_scale], (8, 1))
        return evaluate(loss, y, raw)[0] @ weights / weights.sum()

    least = expected_loss(mean, log_scale)
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        for size in [0.01, 0.3, 2.0]:
            moved = mean + size * np.cos(angle), log_scale + size * np.sin(angle)
            assert expected_loss(*moved) > least


@pytest.mark.parametrize("beta", [0.3, 0.5, 0.8])
def test_gaussian_pulls_as_the_likelihood_times_a_power_of_the_variance(beta):
    loss, likelihood = Gaussian(beta), Gaussian(0)
    y, raw = targets(loss), raw_predictions(loss)
    gradient = evaluate(loss, y, raw)[1]
    power = np.exp(2 * beta * raw[:, 3:])
    expected = evaluate(likelihood, y, raw)[1]
    np.testing.assert_allclose(gradient[:, :3], power * expected[:, :3], rtol=1e-12)
    scaled = (1 - beta) * power * expected[:, 3:]
    np.testing.assert_allclose(gradient[:, 3:], scaled, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"beta": 1}, r"'beta' .* must be 0 or a float in the range \[0.001, 1\)"),
     ({"beta": -0.1}, "'beta' .* must be 0 or"), ({"beta": 1e-9}, "'beta' .* must be 0 or"),
     ({"floor": 0}, r"'floor' .* must be a float in the range \[1e-15, 1e15\]"),
     ({"floor": np.nan}, "'floor' .* must be a float")],
)  # fmt: skip
def test_gaussian_refuses_settings_without_a_minimum(settings, message):
    with pytest.raises(ValueError, match=message):
        Gaussian(**settings)


def test_quantiles_are_the_raw_outputs_in_order_whatever_that_is():
    loss = Quantile([0.1, 0.5, 0.9])
    y, raw = targets(loss), raw_predictions(loss)
    value, gradient = evaluate(loss, y, raw)
    turned = np.roll(raw, 3, axis=1)
    turned_value, turned_gradient = evaluate(loss, y, turned)
    np.testing.assert_allclose(turned_value, value, rtol=1e-14)
    np.testing.assert_array_equal(turned_gradient, np.roll(gradient, 3, axis=1))
    alone = sum(evaluate(Quantile(q), y, raw[:, 3 * i : 3 * i + 3])[0]
                for i, q in enumerate(loss.levels))  # fmt: skip
    assert (value <= alone + 1e-12).all()
    assert (value < alone - 0.1).any()


def test_equal_raw_outputs_take_the_levels_in_order():
    levels = np.arange(1, 41) / 41
    raw = np.resize([0.0, 1.0], (1, 40))  # both below the target: the slope is -level
    _, gradient = evaluate(Quantile(levels), np.array([[2.0]]), raw)
    np.testing.assert_array_equal(gradient[0, ::2], -levels[:20])
    np.testing.assert_array_equal(gradient[0, 1::2], -levels[20:])


@pytest.mark.parametrize("levels", [[], [0.5, 0.5], [0.9, 0.1], [0.1, 0.9, 0.5]])
def test_quantile_refuses_levels_that_do_not_rise(levels):
    with pytest.raises(ValueError, match="a sequence of such floats in increasing order"):
        Quantile(levels)
    with pytest.raises(ValueError, match=r"in the range \(0, 1\)"):
        Quantile([0.1, 1.0])


@pytest.mark.parametrize("shape", [(9,), (3, 9)], ids=["one net", "members"])
def test_scales_start_alike_in_all_rows_and_means_as_they_were(shape):
    weight = np.random.default_rng(0).normal(size=(*shape, 4))
    before = weight.copy()
    Gaussian().start_output_weights(weight)
    np.testing.assert_array_equal(weight[..., 2:], 0)
    np.testing.assert_array_equal(weight[..., :2], before[..., :2])


@pytest.mark.parametrize("shape", [(9,), (3, 9)], ids=["one net", "members"])
def test_quantiles_of_a_target_start_at_one_distance_in_all_rows(shape):
    weight = np.random.default_rng(0).normal(size=(*shape, 6))
    before = weight.copy()
    Quantile([0.1, 0.5, 0.9]).start_output_weights(weight)
    low, middle, high = np.split(weight, 3, axis=-1)  # as many columns a quantile
    np.testing.assert_array_equal(low, before[..., :2])
    np.testing.assert_array_equal(middle, low)
    np.testing.assert_array_equal(high, low)


@pytest.mark.parametrize("loss", [SquaredError(), Poisson(), Quantile(0.3)], ids=str)
def test_weights_of_one_raw_output_a_target_start_as_drawn(loss):
    weight = np.random.default_rng(0).normal(size=(5, 2))
    before = weight.copy()
    loss.start_output_weights(weight)
    np.testing.assert_array_equal(weight, before)


# The distributions that likelihoods predict


def distribution(loss, raw, dispersion):
    return getattr(stats, loss.family)(**loss.parameters(raw, dispersion))


LIKELIHOODS = [Gaussian(0, floor=1e-9), Poisson(), Gamma()]
every_likelihood = pytest.mark.parametrize("loss", LIKELIHOODS, ids=str)


@every_likelihood
def test_the_loss_is_minus_the_log_likelihood_but_for_a_constant_of_the_target(loss):
    """Of a family that has a dispersion, times that dispersion."""
    y, dispersion = targets(loss, n_outputs=1), np.array([0.4])
    one, other = (raw_predictions(loss, n_outputs=1, seed=seed) for seed in (1, 2))
    law, other_law = (distribution(loss, raw, dispersion) for raw in (one, other))
    log = "logpmf" if loss.family == "poisson" else "logpdf"
    expected = getattr(other_law, log)(y) - getattr(law, log)(y)
    if loss.has_dispersion:
        expected = expected * dispersion
    difference = evaluate(loss, y, one)[0] - evaluate(loss, y, other)[0]
    np.testing.assert_allclose(difference, expected[:, 0], rtol=1e-9, atol=1e-9)


@every_likelihood
@pytest.mark.parametrize("shape", [(5, 3), (4, 5, 3)], ids=["one net", "members"])
def test_the_mean_of_the_distribution_is_what_the_link_predicts(loss, shape):
    *leading, n_targets = shape
    raw = np.random.default_rng(0).normal(size=(*leading, loss.n_raw_outputs(n_targets)))
    law = distribution(loss, raw, np.array([0.2, 1.0, 3.0]))
    np.testing.assert_allclose(law.mean(), loss.link.inverse(raw), rtol=1e-12)
    assert law.mean().shape == shape
    if loss.has_dispersion:
        expected = np.array([0.2, 1.0, 3.0]) * law.mean() ** 2
        np.testing.assert_allclose(law.var(), expected, rtol=1e-12)
    assert loss.has_dispersion == isinstance(loss, Gamma)


LEVELS = np.array([1e-4, 0.01, 0.1, 0.3, 0.5, 0.77, 0.9, 0.99, 0.9999])


@every_likelihood
def test_deviations_and_quantiles_are_those_of_the_distribution(loss):
    dispersion, raw = np.array([0.4]), raw_predictions(loss, n_outputs=1)
    law = distribution(loss, raw, dispersion)
    parameters = loss.parameters(raw, dispersion)
    np.testing.assert_allclose(loss.deviation(parameters), law.std(), rtol=1e-12)
    quantiles = loss.quantiles(parameters, LEVELS)
    assert quantiles.shape == (40, len(LEVELS))
    np.testing.assert_array_equal(quantiles, law.ppf(LEVELS))


def test_quantiles_of_large_counts_are_scipys_as_long_as_it_has_them():
    mean = np.array([[0.7], [1e6], [9e8], [1e9], [1.1e9], [3e9], [1e10]])
    quantiles = Poisson().quantiles({"mu": mean}, LEVELS)
    scipys = stats.poisson(mean).ppf(LEVELS)
    np.testing.assert_array_equal(quantiles[:3], scipys[:3])
    # SciPy before 1.17 misses one of these counts by one
    np.testing.assert_allclose(quantiles[3:], scipys[3:], rtol=0, atol=1)


def test_counts_beyond_scipys_quantiles_have_those_of_the_normal_limit():
    mean = np.array([[1e13], [1e15]])
    quantiles = Poisson().quantiles({"mu": mean}, LEVELS)
    limit = stats.norm(mean, np.sqrt(mean)).ppf(LEVELS)
    np.testing.assert_allclose(quantiles, limit, rtol=0, atol=4)


def test_the_dispersion_is_the_mean_of_its_terms():
    """The mean over a gamma distribution, a sum over the nodes of Gauss and Laguerre."""
    nodes, weights = special.roots_genlaguerre(8, 2.5 - 1)
    dispersion, raw = 1 / 2.5, np.full((8, 1), 0.7)
    y = dispersion * np.exp(raw) * nodes[:, np.newaxis]
    terms = Gamma().dispersion_terms(y, raw)
    assert terms.shape == (8, 1)
    assert weights @ terms[:, 0] / weights.sum() == pytest.approx(dispersion, rel=1e-12)


# The best constant


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_best_constant_has_no_better_neighbour(loss, weighted):
    y = targets(loss, 60)
    sample_weight = np.random.default_rng(2).exponential(size=60) if weighted else None
    constant = loss.fit_intercept_only(y, sample_weight)
    n_raw = loss.n_raw_outputs(3)
    assert constant.shape == (n_raw,)
    weight = np.ones(60) if sample_weight is None else sample_weight
    least = weighted_constant_loss(loss, y, constant, weight)
    for size in [1e-3, 0.1, 1.0]:
        for direction in [*np.eye(n_raw), *-np.eye(n_raw), np.resize([1, -1, 0.5], n_raw)]:
            moved = constant + size * direction
            assert weighted_constant_loss(loss, y, moved, weight) >= least * (1 - 1e-14)


@pytest.mark.parametrize(
    "loss",
    [
        loss
        for loss in LOSSES
        if not isinstance(loss, MULTINOMIAL) and loss.n_raw_outputs(1) == 1
    ],
    ids=str,
)
def test_best_constant_equals_scipys_minimum(loss):
    y = targets(loss, 60, n_outputs=1)
    weight = np.random.default_rng(2).exponential(size=60)
    found = minimize_scalar(
        lambda constant: weighted_constant_loss(loss, y, constant, weight),
        bracket=(-1.0, 2.0),
        tol=1e-10,
    )
    constant = loss.fit_intercept_only(y, weight)
    assert weighted_constant_loss(loss, y, constant, weight) <= found.fun * (1 + 1e-14)
    assert constant.item() == pytest.approx(found.x, abs=1e-6)


@every_loss
def test_a_weight_of_three_is_a_row_three_times(loss):
    y = targets(loss, 30)
    times = np.random.default_rng(2).integers(1, 5, size=30)
    repeated = loss.fit_intercept_only(np.repeat(y, times, axis=0))
    weighted = loss.fit_intercept_only(y, times.astype(float))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12, atol=1e-12)


@every_loss
def test_best_constant_of_equal_targets_is_their_value(loss):
    y = np.tile(targets(loss, 1, seed=3) + isinstance(loss, Poisson), (5, 1))
    constant = loss.fit_intercept_only(y)
    assert np.isfinite(constant).all()
    if not isinstance(loss, MULTINOMIAL + BINOMIAL):
        np.testing.assert_allclose(loss.link.inverse(constant), y[0], rtol=1e-14)


@pytest.mark.parametrize("kinds", CLASSIFICATION_LOSSES.values(), ids=CLASSIFICATION_LOSSES)
def test_a_class_without_rows_counts_as_half_a_row(kinds):
    constant = kinds["binomial"]().fit_intercept_only(np.array([[0.0, 1]] * 10))
    np.testing.assert_allclose(special.expit(constant), [0.05, 0.95], rtol=1e-14)
    loss = kinds["multinomial"]()
    constant = loss.fit_intercept_only(np.zeros((10, 1), int), None, 2)
    np.testing.assert_allclose(loss.link.inverse(constant), [0.95, 0.05], rtol=1e-14)


# Domains


def test_poisson_takes_zeros_and_refuses_negative_targets():
    Poisson().check_targets(np.array([[0.0], [3.0]]))
    with pytest.raises(ValueError, match=r"loss='poisson' needs targets y >= 0.* -2"):
        Poisson().check_targets(np.array([[1.0], [-2.0]]))


@pytest.mark.parametrize("smallest", [0.0, -1.0])
def test_gamma_refuses_targets_of_zero_or_less(smallest):
    Gamma().check_targets(np.array([[1e-300], [3.0]]))
    with pytest.raises(
        ValueError, match=f"loss='gamma' needs targets y > 0.* {smallest:g}"
    ):
        Gamma().check_targets(np.array([[1.0], [smallest]]))


@pytest.mark.parametrize("of_other_target", [[], [1.0]])
def test_poisson_refuses_targets_that_are_all_zero(of_other_target):
    y = np.tile([0.0, *of_other_target], (4, 1))
    with pytest.raises(ValueError, match="needs at least one target y > 0"):
        Poisson().fit_intercept_only(y)


@every_loss
def test_losses_with_equal_settings_are_equal(loss):
    assert loss == replace(loss)
    assert hash(loss) == hash(replace(loss))


@every_loss
def test_settings_of_a_loss_are_fixed_and_no_others_can_be_added(loss):
    for setting in ["new", *vars(loss)]:
        with pytest.raises(FrozenInstanceError):
            setattr(loss, setting, 1)
