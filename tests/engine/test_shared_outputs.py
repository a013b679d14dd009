"""Raw outputs that are the same in all rows."""

import numpy as np
import pytest
from finite_differences import assert_gradients_agree, central_differences
from numpy.testing import assert_allclose, assert_array_equal

from skshallow.activations import Tanh
from skshallow.engine import Network
from skshallow.engine.shared_outputs import SharedOutputs, output_bias, set_output_bias
from skshallow.initializers import INITIALIZERS


def network(n_members=1, hidden=(3,)):
    return Network(2, 4, hidden, [Tanh()] * len(hidden), n_members=n_members, n_shared=3)


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("hidden", [(), (3,)])
def test_shared_outputs_are_learned_numbers_that_no_row_changes(n_members, hidden):
    net = network(n_members, hidden)
    theta = np.empty(net.layout.size)
    bias = np.array([0.5, 1.0, 2.0, 3.0])
    net.initialize(
        theta, INITIALIZERS["glorot_uniform"](), 1.0, bias, np.random.default_rng(0)
    )
    params = net.views(theta)
    raw, _ = net.forward(np.random.default_rng(1).normal(size=(5, 2)), params)
    assert raw.shape == ((n_members,) if n_members > 1 else ()) + (5, 4)
    assert_array_equal(raw[..., 1:], np.broadcast_to(bias[1:], (*raw.shape[:-1], 3)))
    assert params[-1]["weight"].shape[-1] == 1
    assert_array_equal(output_bias(params[-1]).reshape(n_members, -1), [bias] * n_members)
    assert net.n_shared == net.without_embedding.n_shared == 3
    assert net.layout.n_weights == n_members * (2 * 1 if not hidden else 2 * 3 + 3 * 1)


@pytest.mark.parametrize("n_members", [1, 2])
def test_their_gradient_is_that_of_central_differences(n_members):
    net, rng = network(n_members), np.random.default_rng(0)
    theta, x = rng.normal(size=net.layout.size), rng.normal(size=(5, 2))
    raw, caches = net.forward(x, net.views(theta))
    direction = rng.normal(size=raw.shape)
    grad = np.empty_like(theta)
    net.backward(direction.copy(), caches, net.views(theta), net.views(grad))

    def value(theta):
        return float((net.forward(x, net.views(theta))[0] * direction).sum())

    assert_gradients_agree(grad, central_differences(value, theta))


def test_a_bias_of_outputs_that_are_not_shared_is_the_layers_own():
    last = {"weight": np.zeros((2, 3)), "bias": np.zeros(3)}
    set_output_bias(last, np.array([1.0, 2.0, 3.0]))
    assert_allclose(output_bias(last), last["bias"])


def test_all_other_outputs_are_those_of_the_affine_map():
    net = Network(2, 6, (3,), [Tanh()], n_shared=2)
    params = net.views(np.arange(net.layout.size, dtype=float))
    assert params[-1]["weight"].shape == (3, 4)
    x = np.ones((1, 2))
    hidden = np.tanh(x @ params[0]["weight"] + params[0]["bias"])
    expected = hidden @ params[1]["weight"] + params[1]["bias"]
    assert_allclose(net.forward(x, params)[0][:, :4], expected)


def test_networks_that_share_other_outputs_differ():
    assert network() != Network(2, 4, (3,), [Tanh()])
    assert network() == network()
    assert SharedOutputs(3) != SharedOutputs(2)
