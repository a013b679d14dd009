"""The curves of activations and of their derivatives."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.activations import (
    ACTIVATIONS,
    ELU,
    Activation,
    LeakyReLU,
    Maxout,
    PReLU,
    ReLU,
)
from skshallow.inspection import ActivationDisplay

pytestmark = pytest.mark.usefixtures("pyplot")

STEP_STOPS = 1.0  # the surrogate of the step is flat beyond


def line(panel, label):
    (found,) = [line for line in panel.lines if line.get_label() == label]
    return found


def without_gaps(drawn):
    x, y = drawn.get_data()
    assert_array_equal(np.isnan(x), np.isnan(y))
    return x[~np.isnan(x)], y[~np.isnan(y)]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_drawn_with_the_derivative_of_what_is_drawn(name):
    display = ActivationDisplay.from_activation(name)
    z, a = without_gaps(line(display.ax_, "activation"))
    _, derivative = without_gaps(line(display.ax_, "derivative"))
    assert len(z) == len(a) == len(derivative) == len(display.z)
    assert_array_equal(a, display.functions[name])
    assert display.ax_.get_title() == name
    if name == "step":
        assert_array_equal(a, z > 0)
        a = np.clip(z, -STEP_STOPS, STEP_STOPS)
    slopes = np.diff(a) / np.diff(z)
    between = 0.5 * (derivative[1:] + derivative[:-1])
    off = np.abs(slopes - between) > 1e-3
    assert off.sum() <= 2  # the steps over a kink or two
    assert np.isfinite(derivative).all()


def test_lines_have_gaps_where_they_jump():
    display = ActivationDisplay.from_activation("step")
    x, _ = line(display.ax_, "activation").get_data()
    gap = np.flatnonzero(np.isnan(x))
    assert len(gap) == 1
    assert x[gap[0] - 1] == 0
    x, _ = line(display.ax_, "derivative").get_data()
    assert np.isnan(x).sum() == 2
    smooth = ActivationDisplay.from_activation("tanh")
    assert not any(np.isnan(line.get_ydata()).any() for line in smooth.ax_.lines)


def test_settings_of_instances_are_drawn_and_named():
    display = ActivationDisplay.from_activation([LeakyReLU(0.2), ReLU(), ELU(alpha=2.0)])
    assert list(display.functions) == ["LeakyReLU(slope=0.2)", "relu", "ELU(alpha=2.0)"]
    for panel, title in zip(display.axes_, display.functions, strict=True):
        assert panel.get_title() == title
        _, a = without_gaps(line(panel, "activation"))
        assert_array_equal(a, display.functions[title])
    assert_allclose(display.functions["LeakyReLU(slope=0.2)"][0], -0.8)
    assert_allclose(display.functions["ELU(alpha=2.0)"][0], 2 * np.expm1(-4))


def test_the_table_fits_on_one_figure_with_the_axis_named_below():
    display = ActivationDisplay.from_activation(list(ACTIVATIONS))
    assert len(display.axes_) == len(ACTIVATIONS)
    display.figure_.draw_without_rendering()
    boxes = [panel.get_window_extent() for panel in display.axes_]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    lowest = min(box.y0 for box in boxes)
    for panel, box in zip(display.axes_, boxes, strict=True):
        assert (panel.get_xlabel() == "pre-activation z") == (box.y0 < lowest + 1)


@pytest.mark.parametrize("pieces", [2, 3, 4, 5])
def test_each_maxout_piece_is_the_largest_somewhere(pieces):
    (title,) = (display := ActivationDisplay.from_activation(Maxout(pieces))).pieces
    drawn = display.pieces[title]
    assert drawn.shape == (len(display.z), pieces)
    assert set(drawn.argmax(axis=1)) == set(range(pieces))
    assert_array_equal(display.functions[title], drawn.max(axis=1))
    grey = [line for line in display.ax_.lines if len(line.get_xdata()) == len(display.z)]
    for piece in drawn.T:
        assert any(np.array_equal(piece, line.get_ydata()) for line in grey)
    assert set(np.round(display.derivatives[title], 12)) == set(
        np.round(np.linspace(-1, 1, pieces), 12)
    )


def test_two_maxout_pieces_make_the_magnitude():
    display = ActivationDisplay.from_activation("maxout")
    assert_allclose(display.functions["maxout"], np.abs(display.z))


def test_a_name_is_the_title_of_one_panel_or_stands_above_several():
    display = ActivationDisplay.from_activation("relu", name="A rectifier")
    assert display.ax_.get_title() == "A rectifier"
    display = ActivationDisplay.from_activation(["relu", "tanh"], name="Two")
    assert display.ax_.get_title() == "Two"
    assert [panel.get_title() for panel in display.axes_] == ["relu", "tanh"]


def test_limits_are_those_asked_for():
    display = ActivationDisplay.from_activation("elu", limits=(-1, 9))
    assert display.z[[0, -1]].tolist() == [-1, 9]
    assert display.ax_.get_xlim() == (-1, 9)


def test_an_activation_of_ones_own_is_drawn():
    @dataclass(frozen=True)
    class Square(Activation):
        def forward(self, z, params):
            return z * z, z

        def backward(self, grad_a, z, params, grads):
            return 2 * z * grad_a

    display = ActivationDisplay.from_activation(Square())
    (title,) = display.functions
    assert_allclose(display.functions[title], display.z**2)
    assert_allclose(display.derivatives[title], 2 * display.z)


def test_an_unknown_activation_is_refused_with_the_known_ones(pyplot):
    with pytest.raises(ValueError, match=r"'relu'.*Got 'softmin'"):
        ActivationDisplay.from_activation(["relu", "softmin"])
    with pytest.raises(ValueError, match="empty sequence; give at least one"):
        ActivationDisplay.from_activation([])
    assert pyplot.get_fignums() == []


def test_lines_can_be_styled():
    display = ActivationDisplay.from_activation(
        "relu", function_kw={"c": "black", "lw": 5}, derivative_kw={"label": "slope"}
    )
    assert line(display.ax_, "activation").get_color() == "black"
    assert line(display.ax_, "activation").get_linewidth() == 5
    assert line(display.ax_, "slope").get_linestyle() == "--"


# Of a fitted net.


def test_layers_with_one_activation_share_a_panel(X, y, few):
    few |= {"hidden_units": 3, "depth": 3}
    net = DeepNetRegressor(**few, activation=["tanh", "gelu", "tanh"]).fit(X, y)
    display = ActivationDisplay.from_estimator(net)
    titles = ["tanh\nhidden 1, hidden 3", "gelu\nhidden 2"]
    assert [panel.get_title() for panel in display.axes_] == titles
    assert_allclose(display.functions[titles[0]], np.tanh(display.z))


def test_prelu_is_drawn_with_the_mean_of_its_learned_slopes(X, y, few):
    net = DeepNetClassifier(**few, depth=2, activation="prelu").fit(X, y)
    display = ActivationDisplay.from_estimator(net)
    slopes = [own["slope"] for own in net.network_.views(net.theta_)[:-1]]
    assert slopes[0].std() > 0
    assert len(display.functions) == 2
    for (title, a), slope in zip(display.functions.items(), slopes, strict=True):
        assert title.startswith(f"prelu, mean slope {slope.mean():.3g}\nhidden")
        assert_allclose(a, np.where(display.z > 0, 1, slope.mean()) * display.z)
        assert_allclose(display.derivatives[title][0], slope.mean())


def test_before_training_prelu_is_drawn_where_its_slope_starts():
    display = ActivationDisplay.from_activation(PReLU(0.5))
    assert_allclose(display.functions["PReLU(slope=0.5)"][0], -2)


def test_maxout_of_a_float32_net_is_drawn(X, y, few):
    net = DeepNetRegressor(**few, activation="maxout", dtype="float32").fit(X, y)
    display = ActivationDisplay.from_estimator(net)
    assert_allclose(display.functions["maxout\nhidden 1, hidden 2"], np.abs(display.z))


def test_a_net_without_hidden_layers_has_no_activation_to_draw(X, y, few):
    net = DeepNetRegressor(**few, depth=0).fit(X, y)
    with pytest.raises(ValueError, match="no hidden layer, so no activation"):
        ActivationDisplay.from_estimator(net)
