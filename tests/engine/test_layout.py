"""The layout of the flat parameter vector, and its views by layer."""

import numpy as np
import pytest

from skshallow.engine.layout import Layout

LAYERS = {
    "linear": [{"weight": (4, 1), "bias": (1,)}],
    "deep": [
        {"weight": (4, 3), "bias": (3,)},
        {"weight": (3, 5), "bias": (5,)},
        {"weight": (5, 2), "bias": (2,)},
    ],
    "own parameters": [
        {"weight": (4, 6), "bias": (6,), "slope": (6,)},
        {"slope": (2,), "bias": (2,), "weight": (6, 2)},  # whatever the order
    ],
}
every_layout = pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)


@every_layout
def test_every_parameter_has_its_shape_and_a_place_of_its_own(layers):
    layout = Layout(layers)
    theta = np.zeros(layout.size)
    for shapes, views in zip(layers, layout.views(theta), strict=True):
        assert {name: view.shape for name, view in views.items()} == shapes
        for view in views.values():
            view += 1
    np.testing.assert_array_equal(theta, 1)  # all covered, none twice


@every_layout
def test_weights_of_all_layers_come_first(layers):
    layout = Layout(layers)
    views = layout.views(np.arange(layout.size))
    weights = np.concatenate([layer["weight"].ravel() for layer in views])
    np.testing.assert_array_equal(weights, np.arange(layout.n_weights))
    assert layout.n_weights == sum(np.prod(shapes["weight"]) for shapes in layers)
    others = [layer[name].min() for layer in views for name in layer if name != "weight"]
    assert min(others) == layout.n_weights


@every_layout
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_share_memory_with_the_vector(layers, dtype):
    layout = Layout(layers)
    theta = np.zeros(layout.size, dtype)
    views = layout.views(theta)
    for layer in views:
        for view in layer.values():
            assert np.shares_memory(view, theta)
            assert view.flags.c_contiguous
            assert view.dtype == dtype
    theta[...] = 7  # what a solver does
    assert all((view == 7).all() for layer in views for view in layer.values())
    views[-1]["bias"][...] = 3  # what an initialisation does
    assert (theta == 3).sum() == views[-1]["bias"].size


@every_layout
def test_parameters_and_gradients_have_one_layout(layers):
    layout = Layout(layers)
    theta, grad = np.zeros(layout.size), np.zeros(layout.size)
    for layer, grad_layer in zip(layout.views(theta), layout.views(grad), strict=True):
        for name, grad_view in grad_layer.items():
            grad_view[...] = np.random.default_rng(len(name)).normal(size=grad_view.shape)
            layer[name][...] = grad_view
    np.testing.assert_array_equal(theta, grad)


def test_members_are_copied_without_the_others():
    layout = Layout([{"weight": (2, 3), "bias": (3,)}, {"weight": (3, 1)}], n_members=3)
    source, target = np.ones(layout.size), np.zeros(layout.size)
    layout.copy_members(source, target, np.array([True, False, True]))
    for own in layout.views(target):
        for parameter in own.values():
            assert parameter[0].all()
            assert not parameter[1].any()
            assert parameter[2].all()
