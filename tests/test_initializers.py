"""The laws that starting weights are drawn from."""

import numpy as np
import pytest
from scipy import stats

from skshallow.activations import (
    ACTIVATIONS,
    Identity,
    LeakyReLU,
    Maxout,
    PReLU,
    ReLU,
    Tanh,
)
from skshallow.engine.layers import Dense
from skshallow.initializers import INITIALIZERS, Auto, Initializer, VarianceScaling

N_INPUTS, N_UNITS = 400, 300

# name: (variance, shape of the distribution) for a layer of that size
LAWS = {
    "he_normal": (2 / N_INPUTS, "normal"),
    "he_uniform": (2 / N_INPUTS, "uniform"),
    "glorot_normal": (2 / (N_INPUTS + N_UNITS), "normal"),
    "glorot_uniform": (2 / (N_INPUTS + N_UNITS), "uniform"),
    "lecun_normal": (1 / N_INPUTS, "normal"),
    "lecun_uniform": (1 / N_INPUTS, "uniform"),
    "normal": (1.0, "normal"),
    "uniform": (1 / 3, "uniform"),
}
FOURTH_MOMENT = {"normal": 3.0, "uniform": 9 / 5}  # of variance 1

# The published law for each activation: (scale, fan).
AUTO_LAWS = {
    "identity": (1.0, "fan_avg"),
    "step": (1.0, "fan_avg"),
    "sigmoid": (1.0, "fan_avg"),
    "tanh": (1.0, "fan_avg"),
    "relu": (2.0, "fan_in"),
    "leaky_relu": (2 / (1 + 0.01**2), "fan_in"),
    "prelu": (2 / (1 + 0.25**2), "fan_in"),
    "elu": (2.0, "fan_in"),
    "selu": (1.0, "fan_in"),
    "gelu": (2.0, "fan_in"),
    "silu": (2.0, "fan_in"),
    "softplus": (2.0, "fan_in"),
    "mish": (2.0, "fan_in"),
    "maxout": (1.0, "fan_in"),
}
every_initializer = pytest.mark.parametrize("name", INITIALIZERS)


def draw(name, n_inputs=N_INPUTS, n_units=N_UNITS, activation=None, seed=0):
    initializer = INITIALIZERS[name]() if isinstance(name, str) else name
    rng = np.random.default_rng(seed)
    return initializer(rng, n_inputs, n_units, activation or Identity())


def test_every_initializer_has_a_law_here():
    assert LAWS.keys() | {"auto", "orthogonal", "zeros"} == INITIALIZERS.keys()
    assert AUTO_LAWS.keys() == ACTIVATIONS.keys()


@every_initializer
def test_weights_have_the_shape_asked_for_in_float64(name):
    weight = draw(name, 7, 5)
    assert weight.shape == (7, 5)
    assert weight.dtype == np.float64
    assert isinstance(INITIALIZERS[name](), Initializer)


@every_initializer
def test_equal_seeds_give_equal_weights_and_others_give_others(name):
    np.testing.assert_array_equal(draw(name), draw(name))
    if name != "zeros":
        assert (draw(name, seed=1) != draw(name)).all()


@pytest.mark.parametrize("name", LAWS)
def test_mean_and_variance_are_those_of_the_law(name):
    variance, shape = LAWS[name]
    weight = draw(name)
    # five standard errors
    assert abs(weight.mean()) < 5 * np.sqrt(variance / weight.size)
    relative_error = np.sqrt((FOURTH_MOMENT[shape] - 1) / weight.size)
    assert abs(np.mean(weight**2) / variance - 1) < 5 * relative_error


@pytest.mark.parametrize("name", LAWS)
def test_shape_is_that_of_the_law(name):
    variance, shape = LAWS[name]
    deviation = np.sqrt(variance)
    law = {
        "normal": stats.norm(scale=deviation),
        "uniform": stats.uniform(-np.sqrt(3) * deviation, 2 * np.sqrt(3) * deviation),
    }[shape]
    assert stats.kstest(draw(name).ravel(), law.cdf).pvalue > 0.001


@pytest.mark.parametrize("name", [name for name in LAWS if LAWS[name][1] == "uniform"])
def test_uniform_weights_fill_their_bounds_and_stay_within(name):
    limit = np.sqrt(3 * LAWS[name][0])
    weight = draw(name)
    assert np.abs(weight).max() <= limit
    assert weight.max() > 0.999 * limit
    assert weight.min() < -0.999 * limit


@pytest.mark.parametrize(("n_inputs", "n_units"), [(30, 30), (50, 20), (20, 50), (1, 4)])
def test_orthogonal_weights_are_orthonormal(n_inputs, n_units):
    weight = draw("orthogonal", n_inputs, n_units)
    gram = weight.T @ weight if n_inputs >= n_units else weight @ weight.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-14)


def test_orthogonal_weights_prefer_no_direction():
    # without the correction of its signs, a QR factor has a first entry below zero
    firsts = np.array([draw("orthogonal", 6, 6, seed=seed)[0, 0] for seed in range(400)])
    n_positive = int((firsts > 0).sum())
    assert stats.binomtest(n_positive, len(firsts)).pvalue > 0.001
    # the square of an entry of a random unit vector is Beta(1/2, 5/2) in 6 dimensions
    assert stats.kstest(firsts**2, stats.beta(0.5, 2.5).cdf).pvalue > 0.001


def test_zeros_are_zero():
    assert not draw("zeros").any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_auto_is_the_law_that_fits_the_activation(name):
    scale, fan = AUTO_LAWS[name]
    activation = ACTIVATIONS[name]()
    expected = draw(VarianceScaling(scale, fan), activation=activation)
    np.testing.assert_allclose(draw("auto", activation=activation), expected, rtol=1e-14)


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("kind", [LeakyReLU, PReLU])
def test_auto_takes_the_slope_into_account(kind, slope):
    expected = draw(VarianceScaling(2 / (1 + slope**2), "fan_in"))
    np.testing.assert_allclose(draw("auto", activation=kind(slope)), expected, rtol=1e-15)


@every_initializer
def test_init_scale_multiplies_whatever_the_law(name):
    layer = Dense(20, 10, ReLU())
    params = {key: np.empty(shape) for key, shape in layer.shapes().items()}
    layer.initialize(params, INITIALIZERS[name](), 0.3, np.random.default_rng(0))
    expected = 0.3 * draw(name, 20, 10, ReLU())
    np.testing.assert_allclose(params["weight"], expected, rtol=1e-15)
    assert not params["bias"].any()


@pytest.mark.parametrize("pieces", [2, 3, 5, 10, 30])
def test_auto_takes_the_number_of_pieces_into_account(pieces):
    largest = stats.norm.ppf(stats.beta(pieces, 1).ppf((np.arange(1e5) + 0.5) / 1e5))
    second_moment = np.mean(largest**2)
    assert Maxout(pieces).variance_scale == pytest.approx(1 / second_moment, rel=1e-3)


def sizes_through_layers(activation, n_layers=10, width=256):
    """Return the root mean square of what each of `n_layers` layers puts out."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, width))
    sizes = []
    for _ in range(n_layers):
        z = x @ Auto()(rng, width, width * activation.n_pieces, activation)
        x, _ = activation.forward(z, activation.initial_params(width))
        sizes.append(np.sqrt(np.mean(x**2)))
    return np.array(sizes)


@pytest.mark.parametrize(
    "activation",
    [ReLU(), LeakyReLU(0.2), PReLU(), ACTIVATIONS["selu"](), Maxout(2)],
    ids=str,
)
def test_auto_keeps_the_size_of_activations_over_ten_layers(activation):
    sizes = sizes_through_layers(activation)
    assert sizes.min() > 0.5
    assert sizes.max() < 2


@pytest.mark.parametrize("activation", [kind() for kind in ACTIVATIONS.values()], ids=str)
def test_auto_lets_no_activation_explode_or_vanish_over_ten_layers(activation):
    sizes = sizes_through_layers(activation)
    assert sizes.min() > 0.1
    assert sizes.max() < 10


def test_tanh_under_auto_does_not_saturate():
    assert sizes_through_layers(Tanh()).max() < 0.7


@pytest.mark.parametrize(
    "params", [{"fan": "fan_out"}, {"distribution": "cauchy"}], ids=str
)
def test_variance_scaling_takes_only_what_it_knows(params):
    ((name, value),) = params.items()
    with pytest.raises(ValueError, match=f"'{name}' parameter .* Got '{value}'"):
        VarianceScaling(**params)
