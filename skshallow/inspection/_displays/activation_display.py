"""Plot of activations and their derivatives, by name or as learned by a fitted net."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._estimators.checks.hyperparameters import resolve
from skshallow.activations import ACTIVATIONS, Activation, Params
from skshallow.inspection._common.drawing import (
    BLUE,
    GREY,
    LIGHT_GREY,
    VERMILLION,
    axes_for,
    grid_in_place_of,
    hide_frame,
    n_columns,
    one_axes_each,
    style,
)
from skshallow.inspection._common.fitted_net import (
    activation_title,
    learned_activations,
)
from skshallow.inspection._common.meta_estimators import find_net

N_POINTS = 801  # odd, so that 0 is one of them
PANEL_SHAPES = 1.2, 1.5  # aspect ratio, width over height, of a panel and of all together
HEADING = 0.02  # height of the axes that bear the title, in panels
STEEPEST = 10.0  # a steeper line is drawn as a jump


@dataclass(kw_only=True, eq=False, repr=False)
class ActivationDisplay:
    """Plot of activations ``a(z)`` and their derivatives, one panel each.

    It is recommended to use :meth:`from_activation` or :meth:`from_estimator` to create
    a display. All parameters are stored as attributes.

    Parameters
    ----------
    z : ndarray of shape (n_points,)
        Pre-activations.
    functions, derivatives : dict of str to ndarray of shape (n_points,)
        Values at `z` and their derivatives, by the titles of the panels.
    pieces : dict of str to ndarray of shape (n_points, n_pieces)
        The pre-activations of those activations that choose between several.
    name : str or None, default=None
        Title of the figure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes given or made: the only panel, or the title above several.
    axes_ : ndarray of matplotlib Axes, of shape (n_panels,)
        The panels.
    figure_ : matplotlib Figure
        Figure with the panels.

    Notes
    -----
    A derivative is what `backward` returns for a gradient of ones, which is what training
    uses: for "step" that of its surrogate, and at a kink the left one.

    A maxout unit is a function of several pre-activations. They are drawn, as thin lines,
    as affine functions ``z_k = m_k z + 1 - m_k^2`` of one number z, with slopes `m_k`
    evenly spaced from -1 to 1: tangents of a parabola, each of which is the largest
    somewhere. Two pieces make ``|z|``. The derivative is the one with respect to z, the
    slope of the largest piece.

    Examples
    --------
    >>> from skshallow.activations import LeakyReLU
    >>> from skshallow.inspection import ActivationDisplay
    >>> display = ActivationDisplay.from_activation(["relu", LeakyReLU(0.1), "gelu"])
    >>> list(display.functions)
    ['relu', 'LeakyReLU(slope=0.1)', 'gelu']
    >>> float(display.derivatives["LeakyReLU(slope=0.1)"][0])
    0.1
    """

    z: np.ndarray
    functions: dict[str, np.ndarray]
    derivatives: dict[str, np.ndarray]
    pieces: dict[str, np.ndarray]
    name: str | None = None

    @classmethod
    def from_activation(
        cls, activation, *, limits=(-4.0, 4.0), ax=None, name=None, **kwargs
    ):
        """Plot activations, by name or instance.

        Parameters
        ----------
        activation : str, Activation or sequence of them
            A name in :data:`skshallow.activations.ACTIVATIONS`, or an instance. Learned
            parameters are drawn where they start.
        limits : tuple of float, default=(-4.0, 4.0)
            The smallest and the largest pre-activation.
        ax : matplotlib Axes, sequence of them or None, default=None
            See :meth:`plot`.
        name : str or None, default=None
            Title of the figure.
        **kwargs : dict
            `function_kw` and `derivative_kw`, see :meth:`plot`.

        Returns
        -------
        display : ActivationDisplay
            With the drawn curves.

        Raises
        ------
        ValueError
            If there is no such activation, or none is given.
        """
        one = isinstance(activation, str | Activation)
        resolved = [
            resolve("activation", choice, ACTIVATIONS, Activation)
            for choice in ([activation] if one else activation)
        ]
        if not resolved:
            raise ValueError("activation is an empty sequence; give at least one.")
        drawn = {
            activation_title(choice): (choice, choice.initial_params(1))
            for choice in resolved
        }
        return cls._draw(drawn, limits, name, ax, kwargs)

    @classmethod
    def from_estimator(cls, estimator, *, limits=(-4.0, 4.0), ax=None, name=None, **kwargs):
        """Plot the activations of a fitted net's hidden layers, as learned.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        limits : tuple of float, default=(-4.0, 4.0)
            The smallest and the largest pre-activation.
        ax : matplotlib Axes, sequence of them or None, default=None
            See :meth:`plot`.
        name : str or None, default=None
            Title of the figure.
        **kwargs : dict
            `function_kw` and `derivative_kw`, see :meth:`plot`.

        Returns
        -------
        display : ActivationDisplay
            With a panel for each activation; layers with the same one share it. Learned
            parameters, such as the slopes of "prelu", are drawn at their mean over the
            units of a layer.

        Raises
        ------
        ValueError
            If the net has no hidden layer.
        """
        net = find_net(estimator)
        drawn = {
            f"{title}\n{', '.join(layers)}": (activation, params)
            for title, (layers, activation, params) in learned_activations(net).items()
        }
        if not drawn:
            raise ValueError(
                f"This {type(net).__name__} has no hidden layer, so no activation to plot."
            )
        return cls._draw(drawn, limits, name, ax, kwargs)

    @classmethod
    def _draw(cls, drawn, limits, name, ax, kwargs) -> ActivationDisplay:
        """Evaluate and plot the (activation, parameters) in `drawn`, by title."""
        display = cls(
            z=np.linspace(limits[0], limits[1], N_POINTS),
            functions={},
            derivatives={},
            pieces={},
            name=name,
        )
        for title, (activation, params) in drawn.items():
            a, derivative, pieces = _evaluate(activation, params, display.z)
            display.functions[title], display.derivatives[title] = a, derivative
            if activation.n_pieces > 1:
                display.pieces[title] = pieces
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, function_kw=None, derivative_kw=None):
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes, sequence of them or None, default=None
            Axes whose place the panels share, or one per panel. None makes a figure.
        name : str or None, default=None
            Title of the figure. None takes that of the display.
        function_kw, derivative_kw : dict or None, default=None
            Passed to :meth:`matplotlib.axes.Axes.plot` for the activations and for
            their derivatives.

        Returns
        -------
        display : ActivationDisplay
            The display itself, with `axes_`.

        Raises
        ------
        ValueError
            If there are several axes, but not one per panel.
        """
        n_panels = len(self.functions)
        given = one_axes_each(ax, list(self.functions))
        across = n_columns(n_panels, *PANEL_SHAPES)
        down = math.ceil(n_panels / across)
        size = (4.8, 3.6) if n_panels == 1 else (0.5 + 2.5 * across, 0.5 + 2.1 * down)
        name = self.name if name is None else name
        with axes_for(self, given[0] if given else ax, size) as place:
            axes, lowest = given, given
            if axes is None:
                axes, lowest = _panels_in_place_of(place, n_panels, name)
            self.axes_ = np.array(axes, dtype=object)
            for panel, title in zip(axes, self.functions, strict=True):
                self._draw_panel(panel, title, function_kw, derivative_kw)
            for panel in lowest:
                panel.set_xlabel("pre-activation z")
            if n_panels == 1 and name is not None:
                axes[0].set_title(name)
            axes[0].legend(
                fontsize="small" if n_panels > 1 else None, framealpha=0.8, edgecolor="none"
            )
        return self

    def _draw_panel(self, panel: Any, title: str, function_kw, derivative_kw) -> None:
        """Plot one activation, its pieces if it has any, and its derivative."""
        from matplotlib.lines import Line2D
        from matplotlib.ticker import MaxNLocator

        for line in (panel.axhline, panel.axvline):
            line(0, color=LIGHT_GREY, linewidth=0.8, zorder=0)
        for k, piece in enumerate(self.pieces.get(title, np.empty((0, 0))).T):
            label = "its pieces" if k == 0 else None
            panel.plot(self.z, piece, color=GREY, linewidth=0.8, label=label)
        own = {"color": BLUE, "linewidth": 2.2, "label": "activation"}
        function = _broken_at_jumps(self.z, self.functions[title])
        panel.plot(*function, **style(Line2D, own, function_kw))
        own = {"color": VERMILLION, "linewidth": 1.6, "label": "derivative"}
        derivative = _broken_at_jumps(self.z, self.derivatives[title])
        panel.plot(*derivative, **style(Line2D, own | {"linestyle": "--"}, derivative_kw))
        hide_frame(panel)
        panel.margins(x=0)
        panel.set_title(title, fontsize="medium")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))


def _panels_in_place_of(
    ax: Any, n_panels: int, name: str | None
) -> tuple[list[Any], list[Any]]:
    """Return the panels, `ax` or several below it, and those of the lowest row."""
    if n_panels == 1:
        return [ax], [ax]
    box = ax.get_window_extent()
    across = n_columns(n_panels, PANEL_SHAPES[0], box.width / box.height)
    down = math.ceil(n_panels / across)
    place = grid_in_place_of(ax, 2, 1, height_ratios=[HEADING, down])
    ax.set_axis_off()
    ax.set_subplotspec(place[0])
    ax.set_title(name or "")
    grid = place[1].subgridspec(down, across)
    panels = [ax.figure.add_subplot(grid[i]) for i in range(n_panels)]
    return panels, panels[(down - 1) * across :]


def _evaluate(
    activation: Activation, params: Params, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a (n,), its derivative (n,) and the pre-activations (n, n_pieces) along z."""
    slopes, offsets = np.ones(1), np.zeros(1)
    if activation.n_pieces > 1:
        slopes = np.linspace(-1, 1, activation.n_pieces)
        offsets = 1 - slopes**2
    pieces = z[:, np.newaxis] * slopes + offsets
    a, cache = activation.forward(pieces.copy(), params)  # it may overwrite its input
    a = a.copy()
    grads = {name: np.empty_like(value) for name, value in params.items()}
    grad_z = activation.backward(np.ones_like(a), cache, params, grads)
    return a[:, 0], grad_z @ slopes, pieces


def _broken_at_jumps(z: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points (x, y) of a line along z (n,), with NaN where `values` jump."""
    jumps = np.flatnonzero(np.abs(np.diff(values)) > STEEPEST * np.diff(z)) + 1
    return np.insert(z, jumps, np.nan), np.insert(values, jumps, np.nan)
