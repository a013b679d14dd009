"""Plot of a network: its units as nodes, its weights as edges coloured by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from skshallow.engine.layers import AS_THEY_ARE
from skshallow.inspection._common.drawing import (
    GREY,
    INK,
    PALE_DIVERGING,
    add_colorbar,
    axes_for,
    style,
)
from skshallow.inspection._common.fitted_net import (
    activation_title,
    layer_names,
    layer_params,
    names_of_outputs,
)
from skshallow.inspection._common.meta_estimators import find_net, input_names
from skshallow.inspection._displays.network_nodes import NodeColumn, node_columns

THINNEST_EDGE, WIDEST_EDGE = 0.3, 3.0  # points
COLUMN_INCHES, NODE_INCHES = 1.8, 0.36


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkDisplay:
    """Plot of a net as nodes and edges, from the inputs on the left to the outputs.

    Colour and width of an edge show its weight, the colour of a node its bias, both
    divided by the largest magnitude in their layer: red is positive, blue negative, pale
    small. A maxout layer has a column for its affine pieces, and one for its units, which
    take the largest piece.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters
    are stored as attributes.

    Parameters
    ----------
    coefs : list of ndarray of shape (n_inputs, n_pieces * n_units)
        Weights of each layer.
    intercepts : list of ndarray of shape (n_pieces * n_units,)
        Biases of each layer.
    n_pieces : list of int
        Pre-activations per unit of each layer: 1, except for maxout.
    layer_names : list of str
        Titles of the layers.
    feature_names : sequence of str of shape (n_features,)
        Labels of the inputs.
    output_names : sequence of str of shape (n_outputs,)
        Labels of the outputs.
    name : str or None, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the net.
    figure_ : matplotlib Figure
        Figure with the axes.
    edges_ : list of matplotlib LineCollection
        The edges of each layer, the largest weights drawn last.
    nodes_ : list of matplotlib PathCollection
        The nodes of each column.
    colorbar_ : matplotlib Colorbar
        The colour bar of the weights.

    See Also
    --------
    WeightsDisplay : The weights of the first layer as images.

    Notes
    -----
    `coefs_` are for features in your units, where a feature of small values has large
    weights. ``standardized=True`` plots the weights for standardised features, which can
    be compared with each other.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import NetworkDisplay
    >>> net = ShallowNetClassifier(3, max_iter=20, random_state=0)
    >>> net = net.fit(*load_iris(return_X_y=True))
    >>> display = NetworkDisplay.from_estimator(net)
    >>> [len(edges.get_segments()) for edges in display.edges_]
    [12, 9]
    """

    coefs: list[np.ndarray]
    intercepts: list[np.ndarray]
    n_pieces: list[int]
    layer_names: list[str]
    feature_names: Sequence[str]
    output_names: Sequence[str]
    name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        max_units=32,
        standardized=False,
        member=0,
        feature_names=None,
        output_names=None,
        ax=None,
        name=None,
        **kwargs,
    ):
        """Plot a fitted net.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        max_units : int >= 1, default=32
            The most nodes that a column may have. A plot of more can hardly be read.
        standardized : bool, default=False
            Whether to plot weights and biases for standardised features and targets, as
            the net uses them internally, instead of `coefs_` and `intercepts_`, those for
            your units. With ``standardize=False`` they are the same.
        feature_names, output_names : sequence of str or None, default=None
            Labels of inputs and outputs. None means the feature names that the net was
            fitted with, or that the steps before it give, else "x0", "x1", ..., as they
            enter the first layer (`encoded_feature_names_`), and the classes or the kind
            of prediction.
        member : int >= 0, default=0
            Which member of an ensemble to plot, if `n_members` is more than 1.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes.
        **kwargs : dict
            `edge_kw` and `node_kw`, see :meth:`plot`.

        Returns
        -------
        display : NetworkDisplay
            With the drawn net.

        Raises
        ------
        ValueError
            If there is no such member, if a column has more than `max_units` nodes, or if
            there are too few or too many names.
        """
        net = find_net(estimator)
        layers = net.network_.layers
        _check_size(layers, max_units)
        known = net._encoded_names(input_names(estimator))
        params = layer_params(net, standardized, member)
        titles = layer_names(net)
        for i, layer in enumerate(layers[:-1]):
            titles[i] += f"\n{_what_units_do(layer)}"
        display = cls(
            coefs=[own["weight"] for own in params],
            intercepts=[own["bias"] for own in params],
            n_pieces=[layer.activation.n_pieces for layer in layers],
            layer_names=titles,
            feature_names=_names("feature_names", feature_names, known),
            output_names=_names("output_names", output_names, names_of_outputs(net)),
            name=name,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, edge_kw=None, node_kw=None):
        """Plot the net.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes. None takes that of the display.
        edge_kw, node_kw : dict or None, default=None
            Passed to :class:`matplotlib.collections.LineCollection` for the edges of
            each layer, and to :meth:`matplotlib.axes.Axes.scatter` for the nodes of each
            column.

        Returns
        -------
        display : NetworkDisplay
            The display itself, with `edges_` and `nodes_`.
        """
        columns = node_columns(self.coefs, self.intercepts, self.n_pieces, self.layer_names)
        most = max(column.n_nodes for column in columns)
        lines = 1 + max(column.title.count("\n") for column in columns)
        size = (2.2 + COLUMN_INCHES * len(columns), 1.3 + NODE_INCHES * max(most, 3))
        with axes_for(self, ax, size) as ax:
            self.edges_, self.nodes_ = [], []
            for i, (before, column) in enumerate(pairwise(columns)):
                ends = before.heights(most), column.heights(most)
                self._draw_edges(ax, i, ends, column, edge_kw)
            for i, column in enumerate(columns):
                self._draw_nodes(ax, i, column.heights(most), column, node_kw)
                _write(ax, (i, 0.5 * most), (0, 6), column.title, "center", "bottom")
            for i, names, side in (
                (0, self.feature_names, -1),
                (len(columns) - 1, self.output_names, 1),
            ):
                align = "right" if side < 0 else "left"
                for y, text in zip(columns[i].heights(most), names, strict=True):
                    _write(ax, (i, y), (10 * side, 0), text, align, "center")
            ax.set(xlim=(-0.15, len(columns) - 0.85), ylim=(-0.5 * most, 0.5 * most))
            ax.set_axis_off()
            ax.set_title((self.name if name is None else name) or "", pad=12 + 11 * lines)
            self.colorbar_ = add_colorbar(
                self.edges_[-1],
                ax,
                location="bottom",
                shrink=0.4,
                aspect=30,
                pad=0.03,
                ticks=[-1, 0, 1],
                label="weight (edge), bias (node), over the layer's largest",
            )
        return self

    def _draw_edges(self, ax, i: int, ends, column: NodeColumn, edge_kw) -> None:
        """Draw the edges between heights `ends` in the columns `i` and ``i + 1``."""
        from matplotlib.collections import LineCollection

        start, stop = column.edges().T
        heights = zip(ends[0][start], ends[1][stop], strict=True)
        segments = [[(i, y_start), (i + 1, y_stop)] for y_start, y_stop in heights]
        if not column.weighted:
            ax.add_collection(LineCollection(segments, color=GREY, linewidth=1, zorder=1))
            return
        strength = column.strength[start, stop]
        widths = THINNEST_EDGE + (WIDEST_EDGE - THINNEST_EDGE) * np.abs(strength)
        own = {"cmap": PALE_DIVERGING, "linewidths": widths, "zorder": 1}
        edges = LineCollection(
            segments, array=strength, clim=(-1, 1), **style(LineCollection, own, edge_kw)
        )
        self.edges_.append(ax.add_collection(edges))

    def _draw_nodes(self, ax, i: int, heights, column: NodeColumn, node_kw) -> None:
        """Draw the nodes of column `i` at their `heights`."""
        from matplotlib.collections import PathCollection

        own = {"s": 110, "linewidths": 0.9, "edgecolors": INK, "zorder": 2}
        if column.shade is None:
            own |= {"facecolors": "white"}
        else:
            own |= {"c": column.shade, "cmap": PALE_DIVERGING, "vmin": -1, "vmax": 1}
        x = np.full(len(heights), i)
        nodes = ax.scatter(x, heights, **style(PathCollection, own, node_kw))
        self.nodes_.append(nodes)


def _write(ax, place, shift, text: str, across: str, along: str) -> None:
    """Write `text` at `place` shifted by `shift` points, with this alignment."""
    ax.annotate(
        text, place, shift, textcoords="offset points", ha=across, va=along, fontsize=9
    )


def _what_units_do(layer: Any) -> str:
    """Return the name of a hidden layer's activation, and what else the layer does."""
    normed = "" if layer.normalization == AS_THEY_ARE else "layer norm, "
    added = " + input" if layer.adds_input else ""
    return f"{normed}{activation_title(layer.activation)}{added}"


def _check_size(layers: Sequence[Any], max_units: int) -> None:
    """Raise ValueError if a column would have too many nodes."""
    widths = {"input": layers[0].n_inputs}
    for i, layer in enumerate(layers, start=1):
        widths[f"hidden layer {i}" if i < len(layers) else "output"] = (
            layer.n_preactivations
        )
    widest = max(widths, key=lambda name: widths[name])
    if widths[widest] > max_units:
        raise ValueError(
            f"The {widest} of this net takes {widths[widest]} nodes, more than max_units="
            f"{max_units} in a column. Plot a smaller net, or raise max_units. A net with "
            "numeric_encoding=None has one input per number."
        )


def _names(parameter: str, given: Any, known: Sequence[str]) -> list[str]:
    """Return the names `given`, None means those `known`; check how many they are."""
    names = [str(name) for name in (known if given is None else given)]
    if len(names) != len(known):
        raise ValueError(f"{parameter} has {len(names)} names; {len(known)} are needed.")
    return names
