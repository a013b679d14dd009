"""Shared weights against products by hand, networks without sharing, and differences."""

import copy
import pickle

import numpy as np
import pytest
from finite_differences import assert_objective_gradient_is_exact
from numpy.testing import assert_allclose, assert_array_equal
from objectives import assert_gives_numpys_gradients
from scipy import sparse

from skshallow.activations import ACTIVATIONS, Maxout, PReLU, ReLU, Tanh
from skshallow.engine.embedding import Embedding
from skshallow.engine.monotone import Directions, are_within
from skshallow.engine.network import Network
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.objective import Objective
from skshallow.engine.periodic import PeriodicEmbedding
from skshallow.engine.units import Units, re_express
from skshallow.initializers import Auto
from skshallow.losses import SquaredError

N_FEATURES, N_ROWS, MEMBERS = 4, 9, 3
SHARED = {"n_members": MEMBERS, "shares_weights": True}
KINDS = {
    "shallow": ([5], {}),
    "deep": ([5, 3], {}),
    "residual, layer norm": ([5, 5], {"residual": True, "normalization": LayerNorm()}),
    "codes": ([5, 3], {"embedding": Embedding((3,), 2)}),
    "curves": ([5], {"periodic": PeriodicEmbedding((2, 0), gain=1.7)}),
    "views": ([5, 3], {"unseen": [None, slice(1, 3), slice(0, 1)]}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
BY_DIFFERENCES = [name for name, cls in ACTIVATIONS.items() if not cls().straight_through]


def rows(kind="deep"):
    """Return rows, with codes in the last column of some, and targets."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N_ROWS, N_FEATURES)), rng.normal(size=(N_ROWS, 2))
    if kind == "codes":
        X[:, -1] = rng.integers(3, size=N_ROWS)
    return X, y


def build(kind="deep", activation=None, **options):
    """Return a network whose members share weights, and random parameters."""
    hidden, of_kind = KINDS[kind]
    activations = [Tanh() if activation is None else activation] * len(hidden)
    network = Network(N_FEATURES, 2, hidden, activations, **SHARED | of_kind | options)
    theta = 0.6 * np.random.default_rng(1).normal(size=network.layout.size)
    network.layers[0].forget_unseen(network.views(theta)[0])
    return network, theta


def without_sharing(network, theta, kind):
    """Return a network with weights of each member that computes the same, and these."""
    hidden, of_kind = KINDS[kind]
    activations = [layer.activation for layer in network.layers[:-1]]
    plain = Network(N_FEATURES, 2, hidden, activations, n_members=MEMBERS, **of_kind)
    own = np.empty(plain.layout.size)
    for params, given in zip(plain.views(own), network.member_params(theta), strict=True):
        assert params.keys() == given.keys()
        for name, value in params.items():
            value[...] = given[name]
    return plain, own


def test_a_member_multiplies_the_shared_weight_by_factors_of_inputs_and_units():
    network, theta = build()
    for stored, params in zip(
        network.views(theta), network.member_params(theta), strict=True
    ):
        if "shared_weight" not in stored:
            continue
        for m in range(MEMBERS):
            of_inputs, of_units = stored["input_factor"][m, 0], stored["unit_factor"][m, 0]
            expected = np.diag(of_inputs) @ stored["shared_weight"] @ np.diag(of_units)
            assert_allclose(params["weight"][m], expected, rtol=1e-13)


def test_hidden_layers_share_their_weight_and_nothing_else_is_shared():
    network, theta = build()
    *hidden, last = network.views(theta)
    for stored, shape in zip(hidden, [(4, 5), (5, 3)], strict=True):
        assert stored["shared_weight"].shape == shape
        assert stored["input_factor"].shape == (MEMBERS, 1, shape[0])
        assert stored["unit_factor"].shape == (MEMBERS, 1, shape[1])
        assert stored["bias"].shape == (MEMBERS, 1, shape[1])
    assert last.keys() == {"weight", "bias"}
    assert last["weight"].shape == (MEMBERS, 3, 2)


@every_kind
def test_members_predict_what_they_would_with_these_weights_of_their_own(kind):
    network, theta = build(kind)
    plain, own = without_sharing(network, theta, kind)
    X, _ = rows(kind)
    raw, _ = network.forward(X, network.member_params(theta))
    assert_array_equal(raw, plain.forward(X, plain.member_params(own))[0])


@every_kind
def test_the_gradient_is_that_of_members_by_the_chain_rule(kind):
    network, theta = build(kind)
    plain, own = without_sharing(network, theta, kind)
    X, y = rows(kind)
    together = Objective(network, SquaredError(), 0.0, theta)
    alone = Objective(plain, SquaredError(), 0.0, own)
    together.gradient(X, y)
    alone.gradient(X, y)
    for stored, found, grads in zip(
        together.params, together.grads, alone.grads, strict=True
    ):
        for name in found.keys() & grads.keys():
            assert_allclose(found[name], grads[name], rtol=1e-12, atol=1e-15)
        if "shared_weight" not in stored:
            continue
        of_inputs, of_units = stored["input_factor"][:, 0], stored["unit_factor"][:, 0]
        expected = np.einsum("mi,mj,mij->ij", of_inputs, of_units, grads["weight"])
        assert_allclose(found["shared_weight"], expected, rtol=1e-11, atol=1e-14)


@every_kind
@pytest.mark.parametrize("activation", [Tanh(), PReLU(), Maxout(2)], ids=str)
def test_the_gradient_is_exact_for_every_kind_of_layer(kind, activation):
    network, theta = build(kind, activation)
    X, y = rows(kind)
    weight = np.random.default_rng(2).exponential(size=N_ROWS)
    assert_objective_gradient_is_exact(
        Objective(network, SquaredError(), 0.3, theta), X, y, weight
    )


@pytest.mark.parametrize("name", BY_DIFFERENCES)
def test_the_gradient_is_exact_with_every_activation(name):
    network, theta = build(activation=ACTIVATIONS[name](), dropout=0.3)
    objective = Objective(network, SquaredError(), 0.1, theta)
    assert_objective_gradient_is_exact(objective, *rows())


def test_the_gradient_is_exact_on_sparse_rows():
    X, y = rows()
    X = sparse.random_array(X.shape, density=0.4, rng=0, format="csr")
    network, theta = build()
    assert_objective_gradient_is_exact(Objective(network, SquaredError(), 0.1, theta), X, y)


@every_kind
def test_other_libraries_give_numpys_gradients(kind, library):
    network, theta = build(kind)
    assert_gives_numpys_gradients(library, network, theta, *rows(kind))


def test_the_penalty_counts_the_shared_weight_once_for_each_member():
    network, theta = build()
    X, y = rows()
    values = [
        Objective(network, SquaredError(), alpha, theta).value_and_gradient(X, y)
        for alpha in (0.0, 0.3)
    ]
    *hidden, last = network.views(theta)
    shared = sum(np.sum(own["shared_weight"] ** 2) for own in hidden)
    expected = 0.3 / 2 * (MEMBERS * shared + np.sum(last["weight"] ** 2))
    assert values[1] - values[0] == pytest.approx(expected, rel=1e-12)


def test_with_equal_factors_members_have_the_penalty_of_as_many_networks():
    network, theta = build()
    for own in network.views(theta)[:-1]:
        own["input_factor"][...] = own["unit_factor"][...] = 1
    plain, own = without_sharing(network, theta, "deep")
    penalties = [
        Objective(net, SquaredError(), 0.3, values).penalty()
        for net, values in ((network, theta), (plain, own))
    ]
    assert penalties[0] == pytest.approx(penalties[1], rel=1e-12)


def test_inputs_of_the_first_layer_start_with_signs_and_all_else_with_ones():
    network, theta = build("deep", ReLU())
    output_bias = np.array([1.0, 2.0])
    network.initialize(theta, Auto(), 1.0, output_bias, np.random.default_rng(0))
    first, second, last = network.views(theta)
    assert_array_equal(np.unique(first["input_factor"]), [-1, 1])
    assert not np.array_equal(first["input_factor"][0], first["input_factor"][1])
    for factors in (first["unit_factor"], second["input_factor"], second["unit_factor"]):
        assert_array_equal(factors, np.ones_like(factors))
    assert np.std(last["weight"], axis=0).min() > 0
    assert_array_equal(last["bias"], np.tile(output_bias, (MEMBERS, 1, 1)))
    assert first["shared_weight"].std() > 0


@every_kind
def test_unseen_inputs_have_no_effect_and_no_gradient(kind):
    network, theta = build(kind)
    X, y = rows(kind)
    objective = Objective(network, SquaredError(), 0.3, theta)
    objective.gradient(X, y)
    for m, inputs in enumerate(network.layers[0].unseen):
        if inputs is not None:
            assert not network.member_params(theta)[0]["weight"][m, inputs].any()
            assert not objective.grads[0]["input_factor"][m, 0, inputs].any()
    assert objective.grads[0]["input_factor"].any()


@pytest.mark.parametrize("hidden", [[5], [5, 3]], ids=str)
def test_other_units_of_the_features_and_targets_keep_the_predictions(hidden):
    network = Network(N_FEATURES, 2, hidden, [Tanh()] * len(hidden), **SHARED)
    rng = np.random.default_rng(0)
    theta, (X, _) = rng.normal(size=network.layout.size), rows()
    center, scale = rng.normal(size=N_FEATURES), rng.uniform(0.5, 2, N_FEATURES)
    factor, offset = rng.uniform(0.5, 2, 2), rng.normal(size=2)
    units = Units(center, scale, factor=factor, offset=offset)
    before = factor * network.forward((X - center) / scale, network.member_params(theta))[0]
    for params in (network.views(moved := theta.copy()), network.member_params(theta)):
        re_express(params, units, Units())
        after, _ = network.forward(X, network.of_members(params))
        assert_allclose(after, before + offset, rtol=1e-10, atol=1e-12)
    assert not np.array_equal(moved, theta)


def test_of_equal_members_the_mean_gradient_is_that_of_one_network():
    network = Network(N_FEATURES, 2, [5, 3], [Tanh()] * 2, **SHARED)
    one = Network(N_FEATURES, 2, [5, 3], [Tanh()] * 2)
    theta = np.random.default_rng(0).normal(size=one.layout.size)
    alone = Objective(one, SquaredError(), 0.3, theta)
    together = Objective(network, SquaredError(), 0.3, np.ones(network.layout.size))
    for own, single in zip(together.params, alone.params, strict=True):
        for name in own.keys() - {"input_factor", "unit_factor"}:
            own[name][...] = single[name.removeprefix("shared_")]
    X, y = rows()
    for objective in (alone, together):
        objective.gradient(X, y)
        objective.average_over_members()
    for own, single in zip(together.grads, alone.grads, strict=True):
        for name in own.keys() - {"input_factor", "unit_factor"}:
            expected = np.broadcast_to(
                single[name.removeprefix("shared_")], own[name].shape
            )
            assert_allclose(own[name], expected, rtol=1e-12, atol=1e-15)


def test_monotone_members_start_with_different_magnitudes_of_factors():
    directions = Directions((1, 1, -1, 1), (True, True))
    network = Network(4, 2, [6], [ReLU()], **SHARED, directions=directions)
    theta = np.empty(network.layout.size)
    network.initialize(theta, Auto(), 1.0, np.zeros(2), np.random.default_rng(0))
    factors = network.views(theta)[0]["input_factor"]
    assert_array_equal(np.unique(factors), [0.5, 1.5])
    assert not np.array_equal(factors[0], factors[1])


@pytest.mark.parametrize("name", ["relu", "maxout", "prelu"])
def test_monotone_members_keep_the_directions_of_inputs(name):
    directions = Directions((1, 0, -1, 0), (True, True))
    network = Network(
        *(4, 2, [6, 5], [ACTIVATIONS[name]()] * 2), **SHARED, directions=directions
    )
    rng = np.random.default_rng(0)
    theta = np.empty(network.layout.size)
    network.initialize(theta, Auto(), 1.0, np.zeros(2), rng)
    assert are_within(theta, network.bounds).all()
    objective = Objective(network, SquaredError(), 0.0, theta)
    low = rng.normal(size=(200, 4))
    high = low + rng.exponential(size=low.shape) * directions.inputs
    for _ in range(20):
        theta += rng.normal(size=theta.shape)
        objective.project()
        params = network.member_params(theta)
        rise = network.forward(high, params)[0] - network.forward(low, params)[0]
        assert rise.min() >= -1e-9 * np.abs(rise).max()
    assert rise.max() > 0


@pytest.mark.parametrize(("n_members", "hidden"), [(1, [5]), (3, [])], ids=str)
def test_where_nothing_can_be_shared_the_network_is_the_plain_one(n_members, hidden):
    arguments = N_FEATURES, 2, hidden, [ReLU()] * len(hidden), 0.0, n_members
    network = Network(*arguments, shares_weights=True)
    assert not network.shares_weights
    assert network == Network(*arguments)


def test_networks_that_share_differ_from_those_that_do_not_also_as_copies():
    network, _ = build()
    assert network != Network(N_FEATURES, 2, [5, 3], [Tanh()] * 2, n_members=MEMBERS)
    assert "shares_weights=True" in repr(network)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert other == network
        assert other.layout.size == network.layout.size


def test_parameters_of_one_member_are_those_of_a_single_network():
    network, theta = build()
    X, _ = rows()
    objective = Objective(network, SquaredError(), 0.0, theta)
    raw, _ = network.forward(X, objective.params_of())
    for m in range(MEMBERS):
        of_member, _ = network.forward(X, objective.params_of(m))
        assert_allclose(of_member, raw[m], rtol=1e-12)
