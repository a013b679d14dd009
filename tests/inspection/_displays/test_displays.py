"""What all displays share: nets inside of others, axes, errors, tidy figures."""

import ast
import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
from covering import covering
from few_epochs import FEW_EPOCHS
from numpy.testing import assert_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor, inspection
from skshallow.inspection import (
    ActivationDisplay,
    EffectsDisplay,
    HealthDisplay,
    NetworkDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)

pytestmark = pytest.mark.usefixtures("pyplot")

ROWS = np.random.default_rng(0).normal(size=(20, 5))
DISPLAYS = {
    TrainingCurveDisplay: {},
    HealthDisplay: {"which": "gradient_norm"},
    ActivationDisplay: {},
    NetworkDisplay: {},
    WeightsDisplay: {"image_shape": (1, 5)},
    EffectsDisplay: {"X": ROWS},
}
every_display = pytest.mark.parametrize("display_class", DISPLAYS, ids=lambda c: c.__name__)


def draw(display_class, estimator, **kwargs):
    return display_class.from_estimator(estimator, **DISPLAYS[display_class] | kwargs)


@pytest.fixture(scope="module")
def net(X, y):
    """Return a net of two hidden layers with an activation each."""
    held_out = {"early_stopping": True, "scoring": "accuracy"}
    net = DeepNetClassifier([4, 3], activation=["relu", "prelu"], **FEW_EPOCHS, **held_out)
    return net.fit(X, y)


def grid(estimator, parameter):
    return GridSearchCV(estimator, {parameter: [3]}, cv=2)


@pytest.fixture(scope="module")
def of_others(X, y):
    """Return fitted models that hold a net, and the net in each."""
    search = grid(DeepNetRegressor(4, **FEW_EPOCHS), "hidden_units").fit(X, y)
    target = TransformedTargetRegressor(DeepNetRegressor(4, **FEW_EPOCHS))
    pipeline = make_pipeline(StandardScaler(), target)
    parameter = "transformedtargetregressor__regressor__hidden_units"
    deep = grid(pipeline, parameter).fit(X, y)
    return {
        "search": (search, search.best_estimator_),
        "target_in_pipeline_in_search": (deep, deep.best_estimator_[-1].regressor_),
    }


@pytest.mark.parametrize(
    "display_class",
    [display for display in DISPLAYS if "X" not in DISPLAYS[display]],
    ids=lambda c: c.__name__,
)
@pytest.mark.parametrize("place", ["search", "target_in_pipeline_in_search"])
def test_a_net_inside_of_others_is_drawn_like_the_net_itself(
    display_class, place, of_others
):
    of_whole, of_net = (draw(display_class, model) for model in of_others[place])
    for field in dataclasses.fields(display_class):
        assert_equal(getattr(of_whole, field.name), getattr(of_net, field.name))


@every_display
def test_without_axes_one_figure_is_made(display_class, net, pyplot):
    display = draw(display_class, net)
    assert pyplot.get_fignums() == [display.figure_.number]
    assert display.ax_ in display.figure_.axes


@every_display
def test_given_axes_are_drawn_on_and_others_left_alone(display_class, net, pyplot):
    figure, (left, right) = pyplot.subplots(1, 2, layout="constrained")
    display = draw(display_class, net, ax=right)
    assert display.figure_ is figure
    assert display.ax_ is right
    assert pyplot.get_fignums() == [figure.number]
    figure.draw_without_rendering()
    assert not left.has_data()
    assert left.get_position().x1 < right.get_position().x0


@pytest.mark.parametrize(
    ("display_class", "layout"), covering(DISPLAYS, [None, "tight"], apart=[(0, 1)])
)
def test_pictures_are_drawn_under_other_layouts_too(display_class, net, layout, pyplot):
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), layout=layout)
    draw(display_class, net, ax=axes[0])
    figure.draw_without_rendering()  # warnings are errors


@every_display
def test_axes_placed_by_hand_are_drawn_on(display_class, net, pyplot):
    ax = pyplot.figure().add_axes((0.2, 0.2, 0.6, 0.6))
    display = draw(display_class, net, ax=ax)
    ax.figure.draw_without_rendering()
    for panel in getattr(display, "axes_", [ax]):
        box = panel.get_position()
        assert min(box.x0, box.y0) >= 0.2 - 1e-9
        assert max(box.x1, box.y1) <= 0.8 + 1e-9


@every_display
def test_nothing_sticks_out_of_a_figure_made_for_it(display_class, net, pyplot):
    figure = draw(display_class, net, name="A name").figure_
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02
    assert box.y0 > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


@every_display
def test_a_display_can_be_drawn_again(display_class, net):
    display = draw(display_class, net)
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first
    assert len(display.figure_.axes) == len(first.axes)


@every_display
def test_the_name_is_written_on_the_picture(display_class, net):
    display = draw(display_class, net, name="Some name")
    texts = [text.get_text() for text in display.figure_.findobj(match=_is_text)]
    assert any(text.startswith("Some name") for text in texts)
    display.plot(name="Another")
    texts = [text.get_text() for text in display.figure_.findobj(match=_is_text)]
    assert any(text.startswith("Another") for text in texts)


def _is_text(artist):
    return hasattr(artist, "get_text")


@every_display
def test_a_picture_that_fails_leaves_no_figure_open(
    display_class, net, pyplot, monkeypatch
):
    from matplotlib.axes import Axes

    def fail(*args, **kwargs):
        raise RuntimeError("no title")

    for method in ("set_title", "set_ylabel"):
        monkeypatch.setattr(Axes, method, fail)
    with pytest.raises(RuntimeError, match="no title"):
        draw(display_class, net)
    assert pyplot.get_fignums() == []
    given = pyplot.figure()
    with pytest.raises(RuntimeError, match="no title"):
        draw(display_class, net, ax=given.add_subplot())
    assert pyplot.get_fignums() == [given.number]


@every_display
def test_without_matplotlib_the_error_names_the_extra(display_class, net, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skshallow\[plots\]"') as error:
        draw(display_class, net)
    assert display_class.__name__ in str(error.value)


def test_matplotlib_is_imported_within_functions_only():
    paths = list(Path(inspection.__file__).parent.rglob("*.py"))
    assert len(paths) > 15
    for path in paths:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert "matplotlib" not in ast.unparse(node) or not isinstance(
                node, ast.Import | ast.ImportFrom
            ), path


@every_display
def test_what_is_no_fitted_net_is_refused(display_class, X, y, pyplot):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        draw(display_class, DeepNetRegressor())
    with pytest.raises(TypeError, match="Found no net"):
        draw(display_class, Ridge().fit(X, y))
    assert pyplot.get_fignums() == []


@every_display
def test_drawing_changes_nothing_in_the_net(display_class, net, X):
    before = net.theta_.copy(), net.predict_proba(X), net.loss_curve_.copy()
    draw(display_class, net)
    after = net.theta_, net.predict_proba(X), net.loss_curve_
    for old, new in zip(before, after, strict=True):
        assert_equal(old, new)


@pytest.mark.parametrize("n_axes", [1, 4])
@pytest.mark.parametrize("display_class", [TrainingCurveDisplay, ActivationDisplay])
def test_axes_for_panels_must_be_as_many(display_class, net, n_axes, pyplot):
    axes = np.ravel(pyplot.subplots(1, n_axes, squeeze=False)[1])
    with pytest.raises(
        ValueError, match=rf"ax holds {n_axes} axes, but there are \d panels"
    ):
        draw(display_class, net, ax=axes)
    n_panels = len(draw(display_class, net).axes_)
    axes = list(pyplot.subplots(n_panels)[1])
    assert list(draw(display_class, net, ax=axes).axes_) == axes
