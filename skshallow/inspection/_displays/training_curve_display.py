"""Plot of training and validation curves, and of the learning rate, over the epochs."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow.engine.history import CURVE_OF_ATTRIBUTE
from skshallow.inspection._common.drawing import (
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    axes_for,
    grid_in_place_of,
    hide_frame,
    mark_whole_numbers,
    one_axes_each,
    style,
)
from skshallow.inspection._common.fitted_net import (
    has_best_epoch_per_member,
    validation_decides,
)
from skshallow.inspection._common.meta_estimators import find_net

# A loss that falls by more than this factor is drawn on a logarithmic axis.
RANGE_FOR_LOG_AXIS = 10
PROPER_NAMES = "gaussian", "huber", "poisson"
LEGEND_WIDTH = 24  # characters per line
HEIGHTS = {"loss": 3.0, "score": 1.5, "learning_rate": 1.0}


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingCurveDisplay:
    """Plot of training loss, validation loss or score, and learning rate per epoch.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters
    are stored as attributes.

    Parameters
    ----------
    loss : ndarray of shape (n_epochs,)
        Training loss of each epoch, as in `loss_curve_`.
    validation_loss : ndarray of shape (n_epochs,) or None, default=None
        Loss on the validation data; None without validation data.
    validation_score : ndarray of shape (n_epochs,) or None, default=None
        Score on the validation data; None without `scoring`.
    learning_rate : ndarray of shape (n_epochs,) or None, default=None
        Learning rate of the last step of each epoch; None for a solver without one, whose
        epochs are called iterations.
    best_epoch : int or None, default=None
        The best epoch, counted from 1. None marks none.
    best_by : {"loss", "validation_loss", "validation_score"}, default="loss"
        The curve by which it was chosen; a dot marks it there.
    best_name : str, default="best epoch"
        Its label in the legend. Of cross-fitted members, which each have one, it is the
        latest.
    loss_name, score_name : str, default="loss", "score"
        Labels of the axes.
    training_name : str, default="training"
        Label of the training loss in the legend. That of an estimator says what it
        contains in addition to the loss of the data.
    name : str or None, default=None
        Prefix of the labels in the legend, to distinguish nets on the same axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The panel of the losses.
    axes_ : ndarray of matplotlib Axes, of shape (n_panels,)
        All panels from top to bottom: losses, score if there is one, learning rate if
        there is one.
    lines_ : dict of str to matplotlib Line2D
        The curves, by the name of the parameter.
    figure_ : matplotlib Figure
        Figure with the panels.

    See Also
    --------
    HealthDisplay : Heat map of dead units or gradient norms by layer.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import TrainingCurveDisplay
    >>> net = DeepNetClassifier(8, max_iter=20, early_stopping=True, random_state=0)
    >>> net = net.fit(*load_iris(return_X_y=True))
    >>> display = TrainingCurveDisplay.from_estimator(net)
    >>> len(display.lines_["validation_loss"].get_xdata())
    20
    """

    loss: np.ndarray
    validation_loss: np.ndarray | None = None
    validation_score: np.ndarray | None = None
    learning_rate: np.ndarray | None = None
    best_epoch: int | None = None
    best_by: str = "loss"
    best_name: str = "best epoch"
    loss_name: str = "loss"
    score_name: str = "score"
    training_name: str = "training"
    name: str | None = None

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, name=None, **kwargs):
        """Plot the training of a fitted net.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        ax : matplotlib Axes, sequence of them or None, default=None
            See :meth:`plot`.
        name : str or None, default=None
            Prefix of the labels in the legend.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for every curve.

        Returns
        -------
        display : TrainingCurveDisplay
            With the drawn curves.

        Raises
        ------
        ValueError
            If the net has not been trained.
        """
        net = find_net(estimator)
        if net.n_iter_ == 0:
            raise ValueError(
                f"This {type(net).__name__} was built from given weights and has not been "
                "trained, so there are no curves to plot."
            )
        curves, each = _curves(net), has_best_epoch_per_member(net)
        display = cls(
            **curves,
            best_epoch=net.best_iter_ or None,
            best_by=_decided_by(net, curves),
            best_name="latest best epoch of a member" if each else "best epoch",
            loss_name=_loss_name(net),
            score_name=_score_name(net.scoring),
            training_name=_training_name(net),
            name=name,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Plot the curves, in panels one below the other.

        Parameters
        ----------
        ax : matplotlib Axes, sequence of them or None, default=None
            Axes whose place the panels share, or one per panel, such as the `axes_` of
            another display. None makes a figure.
        name : str or None, default=None
            Prefix of the labels in the legend. None takes that of the display.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for every curve.

        Returns
        -------
        display : TrainingCurveDisplay
            The display itself, with `axes_` and `lines_`.

        Raises
        ------
        ValueError
            If there are several axes, but not one per panel.
        """
        titles = self._panel_titles()
        size = (6.4, 1.4 + 0.8 * sum(HEIGHTS[panel] for panel in titles))
        given = one_axes_each(ax, list(titles))
        with axes_for(self, given[0] if given else ax, size) as top:
            axes = given or _panels_in_place_of(top, list(titles))
            panels = dict(zip(titles, axes, strict=True))
            self.axes_ = np.array(axes, dtype=object)
            self._draw_curves(panels, self.name if name is None else name, kwargs)
            for panel, title in titles.items():
                _dress(panels[panel], title)
            axes[-1].set_xlabel("iteration" if self.learning_rate is None else "epoch")
            if self._fall_far():
                _make_logarithmic(axes[0])
            _add_legend(axes[0])
            top.figure.align_ylabels(axes)
        return self

    def _panel_titles(self) -> dict[str, str]:
        """Return the axis label of each panel that there is."""
        titles = {"loss": self.loss_name}
        if self.validation_score is not None:
            titles["score"] = self.score_name
        if self.learning_rate is not None:
            titles["learning_rate"] = "learning\nrate"
        return titles

    def _fall_far(self) -> bool:
        """Return whether all losses are positive and span a wide range."""
        curves = [c for c in (self.loss, self.validation_loss) if c is not None]
        losses = np.concatenate(curves)
        losses = losses[np.isfinite(losses)]
        return len(losses) > 0 and 0 < RANGE_FOR_LOG_AXIS * losses.min() < losses.max()

    def _draw_curves(self, panels: dict[str, Any], name: str | None, kwargs: dict) -> None:
        """Plot every curve in its panel, and mark the best epoch in all panels."""
        from matplotlib.lines import Line2D

        styles = {
            "loss": ("loss", self.training_name, BLUE, "-"),
            "validation_loss": ("loss", "validation", VERMILLION, "--"),
            "validation_score": ("score", "validation", VERMILLION, "--"),
            "learning_rate": ("learning_rate", "learning rate", GREEN, "-"),
        }
        prefix = "" if name is None else f"{name}: "
        epochs = np.arange(1, len(self.loss) + 1)
        own: dict[str, Any] = {
            "linewidth": 1.6,
            "marker": "o" if len(epochs) == 1 else None,
        }
        self.lines_ = {}
        for curve, (panel, label, color, dashes) in styles.items():
            values = getattr(self, curve)
            if values is not None:
                own |= {"label": prefix + label, "color": color, "linestyle": dashes}
                (line,) = panels[panel].plot(epochs, values, **style(Line2D, own, kwargs))
                self.lines_[curve] = line
        if self.best_epoch is not None:
            self._mark_best(panels, f"{prefix}{self.best_name}, {self.best_epoch}")

    def _mark_best(self, panels: dict[str, Any], label: str) -> None:
        """Mark the best epoch in all panels, with a dot on the curve it was chosen by."""
        epoch: Any = self.best_epoch
        curve = self.lines_[self.best_by]
        dot = {"marker": "o", "markersize": 5, "color": curve.get_color()}
        curve.axes.plot(epoch, curve.get_ydata()[epoch - 1], clip_on=False, **dot)
        for panel in panels.values():
            panel.axvline(epoch, color=GREY, linestyle=":", linewidth=1.2)
        (in_legend,) = panels["loss"].plot([], [], linestyle=":", label=label, **dot)
        in_legend.set(
            color=GREY, markerfacecolor=dot["color"], markeredgecolor=dot["color"]
        )


def _panels_in_place_of(ax: Any, panels: list[str]) -> list[Any]:
    """Return `ax`, shrunk in height, and axes below it for the other `panels`."""
    heights = [HEIGHTS[panel] for panel in panels]
    grid = grid_in_place_of(ax, len(panels), 1, height_ratios=heights, hspace=0.08)
    ax.set_subplotspec(grid[0])
    below = [ax.figure.add_subplot(grid[i], sharex=ax) for i in range(1, len(panels))]
    for panel in [ax, *below][:-1]:
        panel.tick_params(labelbottom=False)
    return [ax, *below]


def _dress(panel: Any, title: str) -> None:
    """Label the vertical axis of a panel, and put ticks at whole epochs."""
    hide_frame(panel)
    panel.set_ylabel(title)
    panel.margins(x=0.02)
    mark_whole_numbers(panel.xaxis)


def _add_legend(panel: Any) -> None:
    """Add a legend with wrapped labels inside a panel, whose size it does not change."""
    legend = panel.legend(frameon=False)
    for text in legend.get_texts():
        text.set_text(textwrap.fill(text.get_text(), LEGEND_WIDTH))
    legend.set_in_layout(False)


def _make_logarithmic(panel: Any) -> None:
    """Make the vertical axis logarithmic, with plain numbers at its ticks."""
    from matplotlib.ticker import LogLocator, NullLocator

    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(NullLocator())


def _curves(net: Any) -> dict[str, Any]:
    """Return the curves of `net` (n_iter_,) by name, None for those it did not record."""
    curves = {
        name: to_numpy(getattr(net, attribute))
        for attribute, name in CURVE_OF_ATTRIBUTE.items()
    }
    empty = {name for name, curve in curves.items() if len(curve) == 0}
    if np.isnan(curves["learning_rate"]).all():  # of a solver without a learning rate
        empty.add("learning_rate")
    return {name: None if name in empty else curve for name, curve in curves.items()}


def _decided_by(net: Any, curves: dict[str, Any]) -> str:
    """Return the name of the curve by which the best epoch of `net` was chosen."""
    by_validation = "validation_score", "validation_loss"
    candidates = by_validation if validation_decides(net) else ()
    return next((name for name in candidates if curves[name] is not None), "loss")


def _loss_name(net: Any) -> str:
    """Return the name of the loss of `net`, and that its target is standardised, if so."""
    loss = net.loss if isinstance(net.loss, str) else type(net.loss).__name__
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", loss).lower()
    words = words.capitalize() if words in PROPER_NAMES else words
    words = words if "loss" in words else f"{words} loss"
    return words if net._units.target_scale is None else f"{words}\n(standard units)"


def _training_name(net: Any) -> str:
    """Return a label for the training loss of `net`, with what it also contains."""
    contained = {
        "label smoothing": net.resolved_params_.get("label_smoothing"),
        "dropout": net.resolved_params_.get("dropout"),
        "penalty": net.resolved_params_.get("alpha"),
    }
    words = [name for name, strength in contained.items() if strength]
    return f"training (with {', '.join(words)})" if words else "training"


def _score_name(scoring: Any) -> str:
    """Return the name of a scorer, "score" if it has none."""
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    return re.sub("^neg ", "negative ", name.replace("_", " "))
