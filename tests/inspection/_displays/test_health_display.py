"""The heat map of a health record."""

import numpy as np
import pytest
from matplotlib.colors import LogNorm, Normalize
from numpy.testing import assert_allclose, assert_array_equal

from skshallow import DeepNetClassifier
from skshallow.engine.health import OF_UNITS, OF_WEIGHTS
from skshallow.inspection import HealthDisplay

pytestmark = pytest.mark.usefixtures("pyplot")

EPOCH = np.array([1, 4, 8, 10])
SHARES = np.array([[0.0, 0.5], [0.25, 0.5], [0.5, 0.75], [1.0, 0.75]])


@pytest.fixture
def net(X, y, few):
    return DeepNetClassifier(**few, depth=3).fit(X, y)


def of_norms(values, **kwargs):
    return HealthDisplay(
        values=np.asarray(values, dtype=np.float64),
        epoch=EPOCH[: len(values)],
        which="gradient_norm",
        layer_names=[f"layer {i}" for i in range(np.shape(values)[1])],
    ).plot(**kwargs)


def legend_of(display):
    legend = display.ax_.get_legend()
    return None if legend is None else [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("which", [*OF_UNITS, *OF_WEIGHTS])
def test_every_record_of_a_net_is_drawn_with_a_row_a_layer(which, net):
    display = HealthDisplay.from_estimator(net, which)
    drawn = display.image_.get_array()
    assert drawn.shape == (3 if which in OF_UNITS else 4, len(net.health_["epoch"]))
    assert_array_equal(drawn.filled(0), net.health_[which].T)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == ["hidden 1", "hidden 2", "hidden 3", "output"][: len(drawn)]


def test_cells_lie_around_their_epochs_and_the_first_layer_is_on_top():
    display = HealthDisplay(
        values=SHARES, epoch=EPOCH, which="dead", layer_names=["first", "second"]
    ).plot()
    corners = display.image_.get_coordinates()
    assert_allclose(corners[0, :, 0], [0.5, 2.5, 6, 9, 10.5])
    assert_allclose(corners[:, 0, 1], [0.5, 1.5, 2.5])
    assert display.ax_.yaxis_inverted()
    heights = display.ax_.get_yticks()
    assert_array_equal(heights, [1, 2])


def test_shares_are_drawn_from_0_to_100_percent():
    display = HealthDisplay(
        values=0.1 * SHARES, epoch=EPOCH, which="zero", layer_names=["a", "b"]
    ).plot()
    assert type(display.image_.norm) is Normalize
    assert display.image_.get_clim() == (0, 1)
    display.figure_.draw_without_rendering()
    ticks = [text.get_text() for text in display.colorbar_.ax.get_yticklabels()]
    assert ticks[0] == "0%"
    assert ticks[-1] == "100%"
    assert legend_of(display) is None


def test_lengths_are_drawn_on_a_logarithmic_scale():
    display = of_norms([[1e-3, 1.0], [1e-2, 10.0]])
    assert isinstance(display.image_.norm, LogNorm)
    assert display.image_.get_clim() == (1e-3, 10)
    assert legend_of(display) is None


def test_lengths_without_a_logarithm_are_grey_and_the_legend_says_so():
    display = of_norms([[0.0, 1.0], [np.inf, 10.0]])
    drawn = display.image_.get_array()
    assert_array_equal(drawn.mask, [[True, True], [False, False]])
    assert display.image_.get_clim() == (1, 10)
    (patch,) = display.ax_.get_legend().get_patches()
    assert patch.get_facecolor() == display.ax_.get_facecolor() != (1, 1, 1, 1)
    assert legend_of(display) == ["0 or infinite"]
    assert legend_of(of_norms([[np.nan, 1.0]])) == ["not a number"]


def test_lengths_that_are_all_0_have_no_colours_but_a_legend():
    display = of_norms([[0.0, 0.0], [0.0, 0.0]])
    display.figure_.draw_without_rendering()
    assert display.colorbar_ is None
    assert legend_of(display) == ["gradient norm: 0"]


def test_a_single_value_can_be_drawn():
    display = of_norms([[0.3]])
    display.figure_.draw_without_rendering()
    low, high = display.image_.get_clim()
    assert low <= 0.3 <= high
    assert display.colorbar_ is not None


def test_colours_can_be_chosen():
    display = of_norms([[1e-3, 1.0]], vmin=1e-6, vmax=100, cmap="magma")
    assert display.image_.get_clim() == (1e-6, 100)
    assert display.image_.get_cmap().name == "magma"
    shares = HealthDisplay(
        values=SHARES, epoch=EPOCH, which="dead", layer_names=["a", "b"]
    ).plot(norm=Normalize(0, 0.5))
    assert shares.image_.get_clim() == (0, 0.5)


def test_an_unknown_record_is_refused_with_the_known_ones(net, pyplot):
    with pytest.raises(ValueError, match=r"one of 'dead', .*'update_ratio', got 'epoch'"):
        HealthDisplay.from_estimator(net, "epoch")
    assert pyplot.get_fignums() == []


def test_a_net_without_records_is_refused_with_what_to_do(X, y, few):
    net = DeepNetClassifier(**few, record_health=False).fit(X, y)
    with pytest.raises(ValueError, match=r"no health records.*record_health=True"):
        HealthDisplay.from_estimator(net)
    given = DeepNetClassifier.from_weights(net.coefs_, net.intercepts_)
    with pytest.raises(ValueError, match="no health records"):
        HealthDisplay.from_estimator(given)


def test_units_of_a_net_without_hidden_layers_are_refused(X, y, few):
    net = DeepNetClassifier(**few, depth=0).fit(X, y)
    with pytest.raises(ValueError, match="has none; choose one of gradient_norm, update"):
        HealthDisplay.from_estimator(net, "dead")
    display = HealthDisplay.from_estimator(net, "gradient_norm")
    assert display.image_.get_array().shape == (1, len(net.health_["epoch"]))
