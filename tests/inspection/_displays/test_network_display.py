"""Nets drawn as nodes and edges."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor
from skshallow.inspection import NetworkDisplay
from skshallow.losses import Quantile

pytestmark = pytest.mark.usefixtures("pyplot")


@pytest.fixture
def net(X, y, few):
    table = pd.DataFrame(X, columns=["age", "height", "x", "y", "z"])
    few |= {"hidden_units": [4, 3]}
    return DeepNetClassifier(**few).fit(table, np.array(["low", "mid", "high"])[y])


def test_titles_tell_what_a_hidden_layer_does(X, y, few):
    few |= {"depth": 2, "residual": True, "normalization": "layer"}
    display = NetworkDisplay.from_estimator(DeepNetClassifier(**few).fit(X, y))
    assert "hidden 1\nlayer norm, relu" in texts(display)
    assert "hidden 2\nlayer norm, relu + input" in texts(display)


@pytest.mark.parametrize("choice", ["piecewise_linear", "periodic"])
def test_inputs_are_what_enters_the_first_layer(few, choice):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(size=60), "kind": ["a", "b", "c"] * 20})
    net = DeepNetRegressor(**few | {"numeric_encoding": choice})
    display = NetworkDisplay.from_estimator(net.fit(table, table["age"]))
    assert set(net.encoded_feature_names_) <= set(texts(display))
    assert "kind_b" in texts(display)


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def edges_by_ends(display, layer):
    """Return colour value and width of each edge of a layer by the two nodes it joins."""
    edges = display.edges_[layer]
    start, stop = (display.nodes_[i].get_offsets()[:, 1] for i in (layer, layer + 1))
    found = {}
    parts = edges.get_segments(), edges.get_array(), edges.get_linewidths()
    for segment, value, width in zip(*parts, strict=True):
        assert_array_equal(segment[:, 0], [layer, layer + 1])
        i = int(np.argmin(np.abs(start - segment[0, 1])))
        j = int(np.argmin(np.abs(stop - segment[1, 1])))
        assert_allclose([start[i], stop[j]], segment[:, 1])
        found[i, j] = value, width
    return found


def test_every_weight_is_an_edge_coloured_and_as_wide_as_it_is_large(net):
    display = NetworkDisplay.from_estimator(net)
    for layer, weight in enumerate(net.coefs_):
        edges = edges_by_ends(display, layer)
        assert set(edges) == set(np.ndindex(weight.shape))
        relative = weight / np.abs(weight).max()
        for ends, (value, width) in edges.items():
            assert_allclose(value, relative[ends])
            assert_allclose(width, 0.3 + 2.7 * abs(relative[ends]))
    assert all(edges.get_clim() == (-1, 1) for edges in display.edges_)


def test_the_heaviest_edges_are_drawn_last(net):
    for edges in NetworkDisplay.from_estimator(net).edges_:
        assert (np.diff(np.abs(edges.get_array())) >= 0).all()


def test_nodes_are_coloured_by_their_biases_and_inputs_are_white(net):
    inputs, *layers = NetworkDisplay.from_estimator(net).nodes_
    assert_array_equal(inputs.get_facecolors(), [to_rgba("white")])
    for nodes, bias in zip(layers, net.intercepts_, strict=True):
        assert_allclose(nodes.get_array(), bias / np.abs(bias).max())
        assert nodes.get_clim() == (-1, 1)


def test_columns_stand_side_by_side_centred_with_the_first_node_on_top(net):
    display = NetworkDisplay.from_estimator(net)
    for i, nodes in enumerate(display.nodes_):
        x, height = nodes.get_offsets().T
        assert_array_equal(x, i)
        assert (np.diff(height) < 0).all()
        assert_allclose(height.mean(), 0, atol=1e-12)
    assert [len(nodes.get_offsets()) for nodes in display.nodes_] == [5, 4, 3, 3]


def test_features_classes_and_layers_are_named(net):
    display = NetworkDisplay.from_estimator(net)
    names = [*net.feature_names_in_, *net.classes_, "inputs", "output"]
    assert sorted(texts(display)) == sorted([*names, "hidden 1\nrelu", "hidden 2\nrelu"])
    heights = {text.get_text(): text.xy for text in display.ax_.texts}
    for name, offset in zip(
        net.feature_names_in_, display.nodes_[0].get_offsets(), strict=True
    ):
        assert_allclose(heights[name], offset)
    for name, offset in zip(net.classes_, display.nodes_[-1].get_offsets(), strict=True):
        assert_allclose(heights[name], offset)


def test_names_that_a_pipeline_knows_are_taken_and_others_numbered(X, y, few):
    net = make_pipeline(StandardScaler(), DeepNetRegressor(**few))
    table = pd.DataFrame(X, columns=list("abcde"))
    assert NetworkDisplay.from_estimator(net.fit(table, y)).feature_names == list("abcde")
    net = DeepNetRegressor(**few).fit(X, y)
    display = NetworkDisplay.from_estimator(net)
    assert display.feature_names == ["x0", "x1", "x2", "x3", "x4"]


def test_encoded_inputs_have_the_names_of_their_columns(y, few):
    table = pd.DataFrame({"age": np.arange(len(y)), "city": np.resize(list("abc"), len(y))})
    net = DeepNetRegressor(**few, numeric_encoding="piecewise_linear")
    model = make_pipeline("passthrough", net).fit(table, y)
    display = NetworkDisplay.from_estimator(model)
    names = ["age", "city_a", "city_b", "city_c", *(f"age_piece{i}" for i in range(8))]
    assert display.feature_names == names == net.encoded_feature_names_.tolist()
    with pytest.raises(ValueError, match=r"input .* 12 nodes.*numeric_encoding=None"):
        NetworkDisplay.from_estimator(model, max_units=11)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["prediction"]),
        ({"loss": "poisson"}, ["log prediction"]),
        ({"loss": "gaussian"}, ["mean", "log scale"]),
        ({"loss": Quantile([0.1, 0.9])}, ["quantile 0.1", "quantile 0.9"]),
        ({"loss": Quantile(0.9)}, ["prediction"]),
    ],
)
def test_outputs_of_regressors_are_named_by_what_they_predict(settings, names, X, y, few):
    net = DeepNetRegressor(**few, **settings).fit(X, y)
    assert NetworkDisplay.from_estimator(net).output_names == names


def test_outputs_for_several_targets_are_numbered(X, y, few):
    net = DeepNetRegressor(**few, loss="gaussian").fit(X, np.column_stack([y, y]))
    names = ["mean 0", "mean 1", "log scale 0", "log scale 1"]
    assert NetworkDisplay.from_estimator(net).output_names == names


def test_the_one_output_for_two_classes_names_both(X, y, few):
    net = DeepNetClassifier(**few).fit(X, np.where(y > 0, "yes", "no"))
    assert NetworkDisplay.from_estimator(net).output_names == ["yes vs no"]


def test_the_outputs_for_several_labels_are_numbered(X, y, few):
    net = DeepNetClassifier(**few).fit(X, np.column_stack([y > 0, y > 1]).astype(int))
    assert NetworkDisplay.from_estimator(net).output_names == ["0", "1"]


def test_names_can_be_given_if_they_are_as_many(net):
    display = NetworkDisplay.from_estimator(
        net, feature_names=list("vwxyz"), output_names=[1, 2, 3]
    )
    assert {"v", "w", "1", "3"} <= set(texts(display))
    with pytest.raises(ValueError, match="feature_names has 1 names; 5 are needed"):
        NetworkDisplay.from_estimator(net, feature_names=["a"])
    with pytest.raises(ValueError, match="output_names has 4 names; 3 are needed"):
        NetworkDisplay.from_estimator(net, output_names=list("abcd"))


def test_standardized_weights_are_those_the_net_works_with(net):
    display = NetworkDisplay.from_estimator(net, standardized=True)
    for own, weight, bias in zip(
        net.network_.views(net.theta_), display.coefs, display.intercepts, strict=True
    ):
        assert_array_equal(weight, own["weight"])
        assert_array_equal(bias, own["bias"])
    assert not np.allclose(display.coefs[0], net.coefs_[0])


def test_without_hidden_layers_inputs_lead_to_outputs(X, y, few):
    net = DeepNetClassifier(**few, depth=0).fit(X, y)
    display = NetworkDisplay.from_estimator(net)
    assert len(display.edges_) == 1
    assert set(edges_by_ends(display, 0)) == set(np.ndindex(5, 3))


def test_a_maxout_net_is_drawn_with_a_column_more(X, y, few):
    net = ShallowNetRegressor(**few, activation="maxout").fit(X, y)
    display = NetworkDisplay.from_estimator(net)
    assert [len(nodes.get_offsets()) for nodes in display.nodes_] == [5, 8, 4, 1]
    assert len(display.edges_) == 2
    assert "largest\npiece" in texts(display)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"hidden_units": 33}, "hidden layer 1 of this net takes 33 nodes"),
        ({"hidden_units": [3, 40]}, "hidden layer 2 of this net takes 40 nodes"),
        (
            {"hidden_units": 17, "activation": "maxout"},
            "hidden layer 1 of this net takes 34 nodes",
        ),
    ],
)
def test_nets_too_large_to_draw_are_refused_with_how_to_draw_them(
    shape, message, X, y, few, pyplot
):
    net = DeepNetRegressor(**few | shape).fit(X, y)
    with pytest.raises(ValueError, match=message + r", more than max_units=32 in a column"):
        NetworkDisplay.from_estimator(net)
    assert pyplot.get_fignums() == []
    display = NetworkDisplay.from_estimator(net, max_units=40)
    assert max(len(nodes.get_offsets()) for nodes in display.nodes_) > 32


def test_too_many_inputs_or_outputs_are_refused_by_name(X, y, few):
    net = DeepNetClassifier(**few).fit(X, y)
    with pytest.raises(ValueError, match="The input of this net takes 5 nodes"):
        NetworkDisplay.from_estimator(net, max_units=4)
    net = DeepNetRegressor(**few).fit(X, np.column_stack([y] * 6))
    with pytest.raises(ValueError, match="The output of this net takes 6 nodes"):
        NetworkDisplay.from_estimator(net, max_units=5)


def test_edges_and_nodes_can_be_styled(net):
    display = NetworkDisplay.from_estimator(
        net, edge_kw={"cmap": "PuOr", "lw": 1}, node_kw={"s": 7, "edgecolors": "red"}
    )
    assert display.edges_[0].get_cmap().name == "PuOr"
    assert_array_equal(display.edges_[0].get_linewidths(), [1])
    assert_array_equal(display.nodes_[1].get_sizes(), [7])
    assert_array_equal(display.nodes_[1].get_edgecolors(), [to_rgba("red")])


def test_weights_that_are_all_0_can_be_drawn():
    net = DeepNetRegressor.from_weights([np.zeros((2, 1))], [np.zeros(1)])
    display = NetworkDisplay.from_estimator(net)
    assert_array_equal(display.edges_[0].get_array(), [0, 0])
