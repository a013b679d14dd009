"""Heat map of a health record: dead units or gradient norms, by layer and epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow.inspection._common.drawing import (
    LIGHT_GREY,
    SEQUENTIAL,
    SHARES,
    add_colorbar,
    axes_for,
    mark_whole_numbers,
)
from skshallow.inspection._common.fitted_net import layer_names
from skshallow.inspection._common.meta_estimators import find_net

# Labels of the colour bar, by the name of the record.
SHARES_OF_UNITS = {
    "dead": "dead units",
    "zero": "outputs that are 0",
    "saturated": "saturated outputs",
}
NORMS = {
    "gradient_norm": "gradient norm",
    "update_ratio": "norm of a step / of the weights",
}
RECORDS = SHARES_OF_UNITS | NORMS


@dataclass(kw_only=True, eq=False, repr=False)
class HealthDisplay:
    """Heat map of a health record: one row per layer, epochs from left to right.

    Shares of units are drawn from 0 to 100 %, norms on a logarithmic scale, on which those
    that are 0 or infinite are grey. A record fills the epochs that are nearer to it than
    to another.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters
    are stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_records, n_layers)
        The records.
    epoch : ndarray of shape (n_records,)
        The epochs after which they were taken, counted from 1, in increasing order.
    which : {"dead", "zero", "saturated", "gradient_norm", "update_ratio"}
        Name of the record.
    layer_names : sequence of str of length n_layers
        Names of the layers.
    name : str or None, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the heat map.
    figure_ : matplotlib Figure
        Figure with the axes.
    image_ : matplotlib QuadMesh
        The heat map, one row per layer.
    colorbar_ : matplotlib Colorbar
        Its colour bar; None if all cells are grey.

    See Also
    --------
    TrainingCurveDisplay : Plot of the losses over the same epochs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import HealthDisplay
    >>> net = DeepNetClassifier(8, depth=3, max_iter=20, random_state=0)
    >>> net = net.fit(*load_iris(return_X_y=True))
    >>> display = HealthDisplay.from_estimator(net, which="gradient_norm")
    >>> display.layer_names
    ['hidden 1', 'hidden 2', 'hidden 3', 'output']
    """

    values: np.ndarray
    epoch: np.ndarray
    which: str
    layer_names: list[str]
    name: str | None = None

    def __post_init__(self):
        if self.which not in RECORDS:
            names = ", ".join(repr(record) for record in RECORDS)
            raise ValueError(f"which must be one of {names}, got {self.which!r}.")

    @classmethod
    def from_estimator(cls, estimator, which="dead", *, ax=None, name=None, **kwargs):
        """Plot a health record of a fitted net.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        which : str, default="dead"
            The record to plot, an entry of `health_`: "dead", "zero", "saturated",
            "gradient_norm" or "update_ratio".
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.pcolormesh`.

        Returns
        -------
        display : HealthDisplay
            With the drawn heat map.

        Raises
        ------
        ValueError
            If there is no such record, or the net has no layer that it is taken of.
        """
        net = find_net(estimator)
        names = layer_names(net)
        display = cls(
            values=net.health_.get(which, np.empty((0, 0))),
            epoch=net.health_["epoch"],
            which=which,
            layer_names=names[:-1] if which in SHARES_OF_UNITS else names,
            name=name,
        )
        if len(display.epoch) == 0:
            raise ValueError(
                f"This {type(net).__name__} has no health records. Fit it with "
                "record_health=True."
            )
        if not display.layer_names:
            raise ValueError(
                f"which={which!r} is recorded for hidden layers, and this "
                f"{type(net).__name__} has none; choose one of {', '.join(NORMS)}."
            )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Plot the heat map and its colour bar.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes. None takes that of the display.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.pcolormesh`, such as `cmap` or `norm`.

        Returns
        -------
        display : HealthDisplay
            The display itself, with `image_` and `colorbar_`.
        """
        n_layers = len(self.layer_names)
        with axes_for(self, ax, (6.4, 1.3 + 0.45 * min(max(n_layers, 2), 16))) as ax:
            shown = self._shown()
            across, down = _edges(self.epoch), np.arange(n_layers + 1) + 0.5
            colors = self._colors("norm" in kwargs) | kwargs
            self.image_ = ax.pcolormesh(across, down, shown.T, **colors)
            ax.set_facecolor(LIGHT_GREY)
            ax.invert_yaxis()  # the first layer on top
            ax.set_yticks(np.arange(n_layers) + 1, self.layer_names)
            ax.tick_params(axis="y", length=0)
            ax.hlines(np.arange(1, n_layers) + 0.5, *ax.get_xlim(), color="white")
            mark_whole_numbers(ax.xaxis)
            ax.set(xlabel="epoch", title=(self.name if name is None else name) or "")
            self._draw_key(ax, shown)
        return self

    def _shown(self) -> np.ma.MaskedArray:
        """Return the values (n_records, n_layers), masked where the cell is grey."""
        colored = np.isfinite(self.values)
        if self.which in NORMS:
            colored &= self.values > 0
        return np.ma.masked_array(self.values, ~colored)

    def _colors(self, norm_is_given: bool) -> dict[str, Any]:
        """Return the colour map of the record, and unless given its scale."""
        if self.which in NORMS:
            return {"cmap": SEQUENTIAL, "norm": "log"}
        return {"cmap": SHARES} | ({} if norm_is_given else {"vmin": 0, "vmax": 1})

    def _draw_key(self, ax: Any, shown: np.ma.MaskedArray) -> None:
        """Draw the colour bar, and a legend if a cell is grey."""
        from matplotlib.patches import Patch
        from matplotlib.ticker import PercentFormatter

        self.colorbar_ = None
        if shown.count() > 0:
            shares = PercentFormatter(1) if self.which in SHARES_OF_UNITS else None
            options = {"format": shares, "label": RECORDS[self.which]}
            self.colorbar_ = add_colorbar(self.image_, ax, pad=0.02, **options)
        if shown.count() < shown.size:
            without = self.values[np.ma.getmaskarray(shown)]
            label = " or ".join(kind for kind, there in _kinds(without).items() if there)
            if self.colorbar_ is None:
                label = f"{RECORDS[self.which]}: {label}"
            grey = Patch(color=LIGHT_GREY, label=label)
            ax.legend(
                handles=[grey], loc="lower right", bbox_to_anchor=(1, 1), frameon=False
            )


def _kinds(values: np.ndarray) -> dict[str, bool]:
    """Return which values without a finite logarithm are among `values` (n,)."""
    return {
        "0": bool((values <= 0).any()),
        "infinite": bool(np.isposinf(values).any()),
        "not a number": bool(np.isnan(values).any()),
    }


def _edges(epoch: np.ndarray) -> np.ndarray:
    """Return the edges (n + 1,) of cells: midway between `epoch` (n,), 0.5 outside."""
    between = 0.5 * (epoch[:-1] + epoch[1:])
    return np.concatenate([[epoch[0] - 0.5], between, [epoch[-1] + 0.5]])
