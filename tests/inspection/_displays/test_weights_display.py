"""First-layer weights as images."""

import numpy as np
import pytest
from matplotlib.colors import Normalize
from numpy.testing import assert_allclose, assert_array_equal

from skshallow import DeepNetClassifier, ShallowNetRegressor
from skshallow.inspection import WeightsDisplay

pytestmark = pytest.mark.usefixtures("pyplot")


@pytest.fixture
def images():
    """Return rows of 12 pixels in units of their own, and classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 12)) * np.linspace(0.1, 10, 12)
    return X, rng.integers(3, size=40)


@pytest.fixture
def net(images, few):
    return DeepNetClassifier(**few | {"hidden_units": [5, 4]}).fit(*images)


def labels(display):
    return [text.get_text() for text in display.ax_.texts]


def drawn(display):
    return np.array([image.get_array() for image in display.images_])


def test_images_are_the_weights_row_by_row(net):
    display = WeightsDisplay.from_estimator(net, image_shape=(3, 4), standardized=False)
    assert labels(display) == list("01234")
    assert_array_equal(drawn(display), net.coefs_[0].T.reshape(5, 3, 4))


def test_standardized_weights_are_those_of_features_of_one_deviation(net, images):
    display = WeightsDisplay.from_estimator(net, image_shape=(3, 4))
    deviation = np.sqrt(5 / 12)  # as long rows as those of 5 hidden units, from 12 pixels
    in_users_units = display.weights * deviation / images[0].std(axis=0)
    assert_allclose(in_users_units, net.coefs_[0].T)
    assert_array_equal(drawn(display), display.weights.reshape(5, 3, 4))


def test_all_images_share_one_scale_around_0(net):
    display = WeightsDisplay.from_estimator(net, image_shape=(3, 4))
    largest = np.abs(display.weights).max()
    assert {image.get_clim() for image in display.images_} == {(-largest, largest)}
    assert display.colorbar_.mappable is display.images_[0]
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-largest, largest)


def test_images_stand_in_rows_and_do_not_overlap(net):
    display = WeightsDisplay.from_estimator(net, image_shape=(3, 4))
    display.figure_.draw_without_rendering()
    boxes = [image.get_window_extent() for image in display.images_]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert_allclose(box.width / box.height, 4 / 3)
        whole = display.ax_.get_window_extent()
        assert whole.x0 - 1 <= box.x0 < box.x1 <= whole.x1 + 1
        assert whole.y0 - 1 <= box.y0 < box.y1 <= whole.y1 + 1
    reading_order = sorted(range(5), key=lambda i: (-round(boxes[i].y0), boxes[i].x0))
    assert reading_order == list(range(5))


@pytest.mark.parametrize(
    ("units", "chosen"), [(2, [0, 1]), (99, [0, 1, 2, 3, 4]), ([4, 1], [4, 1])]
)
def test_units_are_a_number_or_a_choice(units, chosen, net):
    display = WeightsDisplay.from_estimator(
        net, image_shape=(3, 4), units=units, standardized=False
    )
    assert_array_equal(display.weights, net.coefs_[0].T[chosen])
    assert labels(display) == [str(unit) for unit in chosen]


@pytest.mark.parametrize("units", [0, -1, [], [0, 5], [-1]])
def test_units_that_are_not_there_are_refused(units, net, pyplot):
    with pytest.raises(ValueError, match="units must be"):
        WeightsDisplay.from_estimator(net, image_shape=(3, 4), units=units)
    assert pyplot.get_fignums() == []


def test_a_square_number_of_features_is_a_square_image(few, images):
    net = ShallowNetRegressor(**few).fit(images[0][:, :9], images[1])
    assert WeightsDisplay.from_estimator(net).image_shape == (3, 3)


def test_a_number_that_is_no_square_asks_for_the_shape(net):
    with pytest.raises(
        ValueError, match=r"12 features, which is not a square.*columns == 12"
    ):
        WeightsDisplay.from_estimator(net)


@pytest.mark.parametrize("shape", [(4, 4), (12,), (3, 4, 1), (-3, -4)])
def test_shapes_that_do_not_hold_the_features_are_refused(shape, net):
    with pytest.raises(ValueError, match=r"rows \* columns == 12"):
        WeightsDisplay.from_estimator(net, image_shape=shape)


def test_encoded_features_are_no_pixels(images, few, pyplot):
    net = ShallowNetRegressor(**few, numeric_encoding="piecewise_linear").fit(*images)
    with pytest.raises(ValueError, match=r"12 features .* 108 inputs.*encoding=None"):
        WeightsDisplay.from_estimator(net, image_shape=(9, 12))
    assert pyplot.get_fignums() == []


def test_a_maxout_unit_has_an_image_for_each_piece(images, few):
    net = ShallowNetRegressor(**few, activation="maxout").fit(*images)
    display = WeightsDisplay.from_estimator(
        net, image_shape=(3, 4), units=[2, 0], standardized=False
    )
    titles = ["2, piece 1", "2, piece 2", "0, piece 1", "0, piece 2"]
    assert labels(display) == titles
    assert_array_equal(display.weights, net.coefs_[0].T[[2, 6, 0, 4]])


def test_without_hidden_layers_images_are_named_by_the_outputs(images, few):
    X, y = images
    net = DeepNetClassifier(**few, depth=0).fit(X, np.array(["a", "b", "c"])[y])
    assert labels(WeightsDisplay.from_estimator(net, image_shape=(3, 4))) == list("abc")


def test_colours_can_be_chosen(net):
    display = WeightsDisplay.from_estimator(
        net, image_shape=(3, 4), cmap="PuOr", norm=Normalize(-2, 2)
    )
    assert display.images_[0].get_cmap().name == "PuOr"
    assert display.images_[0].get_clim() == (-2, 2)
    narrow = WeightsDisplay.from_estimator(net, image_shape=(3, 4), vmin=-1, vmax=3)
    assert narrow.images_[0].get_clim() == (-1, 3)


def test_weights_that_are_all_0_can_be_drawn():
    display = WeightsDisplay(
        weights=np.zeros((1, 4)), image_shape=(2, 2), labels=["0"]
    ).plot()
    assert display.images_[0].get_clim() == (-1, 1)
