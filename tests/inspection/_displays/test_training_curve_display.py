"""The picture of a training: curves, panels, the best epoch."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.inspection import TrainingCurveDisplay
from skshallow.losses import Quantile

pytestmark = pytest.mark.usefixtures("pyplot")


def lines_with_label(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def dots(ax):
    """Return x and y of each single marker."""
    lines = [
        line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())
    ]
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines]


CURVES = {
    "loss": "loss_curve_",
    "validation_loss": "validation_loss_curve_",
    "validation_score": "validation_scores_",
    "learning_rate": "learning_rate_curve_",
}


@pytest.fixture
def net(X, y, few):
    few |= {"max_iter": 6, "early_stopping": True}
    return DeepNetClassifier(**few, scoring="neg_log_loss").fit(X, y)


def test_every_curve_of_the_net_is_drawn_over_its_epochs(net):
    display = TrainingCurveDisplay.from_estimator(net)
    assert list(display.lines_) == list(CURVES)
    for name, attribute in CURVES.items():
        line = display.lines_[name]
        assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5, 6])
        assert_array_equal(line.get_ydata(), getattr(net, attribute))


def test_losses_score_and_learning_rate_have_a_panel_each(net):
    losses, score, rate = TrainingCurveDisplay.from_estimator(net).axes_
    titles = [panel.get_ylabel() for panel in (losses, score, rate)]
    assert titles == ["log loss", "negative log loss", "learning\nrate"]
    assert rate.get_xlabel() == "epoch"
    assert losses.get_shared_x_axes().joined(losses, rate)
    heights = [panel.get_position().height for panel in (losses, score, rate)]
    assert heights == sorted(heights, reverse=True)


def test_without_validation_and_learning_rate_there_is_one_panel(X, y):
    net = DeepNetClassifier(4, solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0)
    display = TrainingCurveDisplay.from_estimator(net.fit(X, y))
    assert list(display.lines_) == ["loss"]
    assert display.ax_.get_xlabel() == "iteration"
    assert len(display.figure_.axes) == 1


@pytest.mark.parametrize(
    ("settings", "panel", "curve"),
    [
        ({}, 0, "loss_curve_"),
        ({"early_stopping": True}, 0, "validation_loss_curve_"),
        ({"early_stopping": True, "scoring": "accuracy"}, 1, "validation_scores_"),
    ],
    ids=["training_loss", "validation_loss", "score"],
)
def test_the_best_epoch_is_marked_on_the_curve_that_decided_it(
    settings, panel, curve, X, y, few
):
    net = DeepNetClassifier(**few | {"max_iter": 8} | settings).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(net)
    values = getattr(net, curve)
    best = values.max() if "scores" in curve else values.min()
    assert dots(display.axes_[panel]) == [(net.best_iter_, best)]
    assert sum(len(dots(other)) for other in display.axes_) == 1
    for axes in display.axes_:
        assert any(list(line.get_xdata()) == [net.best_iter_] * 2 for line in axes.lines)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[-1] == f"best epoch, {net.best_iter_}"


def test_the_loss_decides_for_lbfgs_whatever_is_validated(X, y):
    net = DeepNetRegressor(4, solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0)
    display = TrainingCurveDisplay.from_estimator(net.fit(X, y, X_val=X, y_val=y))
    assert display.best_by == "loss"
    assert display.validation_loss is not None


def test_no_best_epoch_marks_none():
    display = TrainingCurveDisplay(loss=np.array([3.0, 2.0])).plot()
    assert dots(display.ax_) == []
    assert len(display.ax_.lines) == 1


def test_a_single_epoch_can_be_seen():
    display = TrainingCurveDisplay(loss=np.array([3.0])).plot()
    assert dots(display.ax_) == [(1, 3)]


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.05], "log"),
        ([1.0, 0.5], "linear"),
        ([1.0, 0.0], "linear"),
        ([100.0, -0.1], "linear"),
        ([np.nan, np.nan], "linear"),
    ],
)
def test_losses_that_fall_far_get_a_logarithmic_axis(losses, scale):
    display = TrainingCurveDisplay(loss=np.array(losses)).plot()
    assert display.ax_.get_yscale() == scale


def test_ticks_of_a_logarithmic_axis_are_plain_numbers():
    display = TrainingCurveDisplay(loss=np.array([0.5, 0.02])).plot()
    display.figure_.draw_without_rendering()
    texts = {text.get_text() for text in display.ax_.get_yticklabels()}
    assert {"0.02", "0.05", "0.1", "0.2", "0.5"} <= texts


@pytest.mark.parametrize(
    ("loss", "standardize", "title"),
    [
        ("squared_error", False, "squared error loss"),
        ("squared_error", True, "squared error loss\n(standard units)"),
        ("gaussian", False, "Gaussian loss"),
        (Quantile(0.9), False, "quantile loss"),
    ],
)
def test_the_axis_names_the_loss_and_its_units(loss, standardize, title, X, y, few):
    net = DeepNetRegressor(**few, loss=loss, standardize=standardize).fit(X[:, :1], y)
    assert TrainingCurveDisplay.from_estimator(net).ax_.get_ylabel() == title


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({}, "training"),
        ({"alpha": 0.1}, "training (with penalty)"),
        (
            {"label_smoothing": 0.1, "dropout": 0.5},
            "training (with label smoothing, dropout)",
        ),
    ],
    ids=str,
)
def test_the_legend_tells_what_the_training_loss_contains(settings, label, X, y, few):
    plain = {"alpha": 0.0, "label_smoothing": 0.0, "dropout": 0.0}
    net = DeepNetClassifier(**few | plain | settings).fit(X, y)
    line = TrainingCurveDisplay.from_estimator(net).lines_["loss"]
    assert line.get_label() == label


def test_a_scorer_without_a_name_is_called_score(X, y, few):
    few |= {"early_stopping": True}

    class Scorer:
        def __call__(self, net, X, y):
            return net.score(X, y)

    net = DeepNetRegressor(**few, scoring=Scorer()).fit(X, y)
    assert TrainingCurveDisplay.from_estimator(net).axes_[1].get_ylabel() == "score"


def test_two_trainings_share_axes_and_keep_their_names(net, X, y, few):
    first = TrainingCurveDisplay.from_estimator(net, name="a", color="black", lw=3)
    second = TrainingCurveDisplay.from_estimator(net, name="b", ax=first.axes_)
    assert list(second.axes_) == list(first.axes_)
    for name in "ab":
        label = f"{name}: training (with label smoothing, penalty)"
        assert len(lines_with_label(first.ax_, label)) == 1
    assert first.lines_["loss"].get_color() == "black"
    assert first.lines_["learning_rate"].get_linewidth() == 3


def test_labels_of_any_length_leave_the_curves_their_room(net, pyplot):
    figure, axes = pyplot.subplots(1, 2, layout="constrained")
    widths = []
    for name in ("a", "a name that is much longer than " + 9 * "what fits in one line "):
        display = TrainingCurveDisplay.from_estimator(net, name=name, ax=axes[1])
        figure.draw_without_rendering()  # warnings are errors
        widths.append(display.ax_.get_position().width)
        axes[1] = figure.add_subplot(1, 2, 2)
        for panel in display.axes_:
            panel.remove()
    assert widths[1] == pytest.approx(widths[0])


def test_a_net_that_was_not_trained_has_no_curves_to_draw():
    net = DeepNetRegressor.from_weights([np.ones((2, 1))], [np.zeros(1)])
    with pytest.raises(ValueError, match=r"built from given weights .* no curves"):
        TrainingCurveDisplay.from_estimator(net)


def test_calls_without_validation_leave_a_gap(X, y, few):
    net = DeepNetClassifier(**few).fit(X, y, X_val=X[:9], y_val=y[:9])
    net.partial_fit(X, y)
    display = TrainingCurveDisplay.from_estimator(net)
    drawn = display.lines_["validation_loss"].get_ydata()
    assert np.isfinite(drawn).tolist() == [True, True, True, False]
