"""Units: standardised features and targets, and the same function in other units."""

from dataclasses import replace

import numpy as np
import pytest

from skshallow.activations import Maxout, Tanh
from skshallow.engine.embedding import Embedding
from skshallow.engine.moments import MOST_DEVIATIONS, Moments
from skshallow.engine.network import Network
from skshallow.engine.units import USERS_UNITS, Units, re_express, row_gain
from skshallow.losses import IdentityLink, LogitLink, LogLink

MAGNITUDES = np.array([1e-6, 1, 10, 1e6])  # of the features

# Measured


def measured(link, n_outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.gamma(2, size=(30, 4)) * MAGNITUDES
    y = rng.gamma(2, size=(30, n_outputs)) * [1e3, 1e-3][:n_outputs]
    features, targets = Moments(4).update(X), Moments(n_outputs).update(y)
    return X, y, Units.measured(features, targets, link)


def test_measured_units_standardise_features_and_target():
    X, y, units = measured(IdentityLink())
    z = (X - units.center) / units.scale
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-13)
    y_z = units.scale_targets(y)
    np.testing.assert_allclose(y_z.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(y_z.std(axis=0), 1, rtol=1e-13)
    np.testing.assert_allclose(units.to_users(y_z), y, rtol=1e-12)


def test_targets_with_a_log_link_are_scaled_and_not_centered():
    _, y, units = measured(LogLink())
    np.testing.assert_allclose(units.scale_targets(y).mean(axis=0), 1, rtol=1e-13)
    raw = np.log(units.scale_targets(y))
    np.testing.assert_allclose(np.exp(units.to_users(raw)), y, rtol=1e-12)


def test_targets_of_classifiers_are_not_scaled():
    _, y, units = measured(LogitLink())
    assert units.scale_targets(y) is y
    raw = np.ones((3, 2))
    assert units.to_users(raw) is raw


def test_raw_predictions_keep_their_dtype_in_the_users_units():
    _, _, units = measured(IdentityLink())
    assert units.to_users(np.ones((3, 2), np.float32)).dtype == np.float32


# The gain of rows


def test_the_row_gain_scales_features_and_bounds_rare_binary_values():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=900), np.arange(900) % 300 == 0]) + 0.0
    targets = Moments(1).update(rng.normal(size=(900, 1)))
    features = Moments(2).update(X)
    scale = Units.measured(features, targets, IdentityLink(), 2.0).scale
    standard = Units.measured(features, targets, IdentityLink()).scale
    np.testing.assert_allclose(scale, [standard[0] / 2, 1 / MOST_DEVIATIONS / 2])
    assert standard[1] < 0.06


def test_the_row_gain_is_the_root_of_units_per_feature_up_to_four():
    assert row_gain(32, 128) == 2
    assert row_gain(512, 128) == 0.5
    assert row_gain(1, 128) == 4


# Other units, the same function


ALL_UNITS = {
    "the user's": USERS_UNITS,
    "standard": measured(IdentityLink())[2],
    "not centered": replace(measured(IdentityLink())[2], center=None),
    "log": measured(LogLink(), seed=1)[2],
    "features only": measured(LogitLink(), seed=2)[2],
}


@pytest.mark.parametrize("old", ALL_UNITS.values(), ids=ALL_UNITS)
@pytest.mark.parametrize("new", ALL_UNITS.values(), ids=ALL_UNITS)
@pytest.mark.parametrize("hidden_units", [[], [3], [5, 3]], ids=str)
def test_re_expressed_parameters_compute_the_same_function(old, new, hidden_units):
    activations = [Maxout(), Tanh()][: len(hidden_units)]
    network = Network(4, 2, hidden_units, activations)
    rng = np.random.default_rng(0)
    theta = rng.normal(size=network.layout.size)
    X = rng.gamma(2, size=(20, 4)) * MAGNITUDES

    def predict(theta, units):
        center = 0 if units.center is None else units.center
        scale = 1 if units.scale is None else units.scale
        raw, _ = network.forward((X - center) / scale, network.views(theta))
        return units.to_users(raw)

    if old is USERS_UNITS:  # weights of a size that fits features of all magnitudes
        network.views(theta)[0]["weight"][...] /= MAGNITUDES[:, np.newaxis]
    before = predict(theta, old)
    re_express(network.views(theta), old, new)
    scale = np.abs(before).max(axis=0)
    np.testing.assert_allclose(predict(theta, new) / scale, before / scale, atol=1e-10)


@pytest.mark.parametrize("old", ALL_UNITS.values(), ids=ALL_UNITS)
@pytest.mark.parametrize("new", ALL_UNITS.values(), ids=ALL_UNITS)
@pytest.mark.parametrize("width", [1, 3])
def test_re_expressed_networks_with_embeddings_compute_the_same_function(old, new, width):
    network = Network(6, 2, [5], [Tanh()], embedding=Embedding((3, 4), width))
    rng = np.random.default_rng(0)
    theta = rng.normal(size=network.layout.size)
    numbers = rng.gamma(2, size=(20, 4)) * MAGNITUDES
    X = np.column_stack([numbers, rng.integers(3, size=(20, 2))])

    def with_codes(units):
        columns = {"center": (units.center, 0), "scale": (units.scale, 1)}
        return replace(
            units,
            **{
                name: None if values is None else np.append(values, [code, code])
                for name, (values, code) in columns.items()
            },
        )

    def predict(units):
        center = 0 if units.center is None else units.center
        scale = 1 if units.scale is None else units.scale
        raw, _ = network.forward((X - center) / scale, network.views(theta))
        return units.to_users(raw)

    old, new = with_codes(old), with_codes(new)
    if old.scale is None:  # weights of a size that fits features of all magnitudes
        network.views(theta)[0]["weight"][:4] /= MAGNITUDES[:, np.newaxis]
    before = predict(old)
    re_express(network.views(theta), old, new)
    scale = np.abs(before).max(axis=0)
    np.testing.assert_allclose(predict(new) / scale, before / scale, atol=1e-10)


def test_re_expressing_there_and_back_gives_the_same_parameters():
    network = Network(4, 2, [5], [Tanh()])
    theta = np.random.default_rng(0).normal(size=network.layout.size)
    before = theta.copy()
    standard = ALL_UNITS["standard"]
    re_express(network.views(theta), standard, USERS_UNITS)
    assert not np.allclose(theta, before)
    re_express(network.views(theta), USERS_UNITS, standard)
    np.testing.assert_allclose(theta, before, rtol=1e-9, atol=1e-9)


def test_units_of_other_features_are_refused():
    network = Network(5, 2, [3], [Tanh()])
    params = network.views(np.ones(network.layout.size))
    with pytest.raises(ValueError, match=r"operand|shape"):
        re_express(params, USERS_UNITS, ALL_UNITS["standard"])
