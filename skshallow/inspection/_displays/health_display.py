"""What happened in each layer while training: one of the health records as a heat map."""

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

# What the colours mean, by the name of the record.
SHARES_OF_UNITS = {
    "dead": "dead units",
    "zero": "outputs that are 0",
    "saturated": "saturated outputs",
}
NORMS = {
    "gradient_norm": "length of the gradient",
    "update_ratio": "length of a step / of the weights",
}
RECORDS = SHARES_OF_UNITS | NORMS


@dataclass(kw_only=True, eq=False, repr=False)
class HealthDisplay:
    """Heat map of a health record: layers downwards, epochs to the right.

    Shares of units are drawn from 0 to 100 %, lengths on a logarithmic scale. Cells
    without a colour on that scale, lengths of 0 or infinity, are grey. A record fills
    the epochs that are nearer to it than to another.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters
    are stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_records, n_layers)
        What was recorded.
    epoch : ndarray of shape (n_records,)
        After which epochs, counted from 1 and rising.
    which : {"dead", "zero", "saturated", "gradient_norm", "update_ratio"}
        Which record it is.
    layer_names : sequence of str of length n_layers
        What to call the layers.
    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the heat map.
    figure_ : matplotlib Figure
        Figure with the axes.
    image_ : matplotlib QuadMesh
        The heat map, a row a layer.
    colorbar_ : matplotlib Colorbar
        Its key; None if no cell has a colour.

    See Also
    --------
    TrainingCurveDisplay : Losses over the same epochs.

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
            raise ValueError(f"which must be one of {names}; got {self.which!r}.")

    @classmethod
    def from_estimator(cls, estimator, which="dead", *, ax=None, name=None, **kwargs):
        """Draw a health record of a fitted net.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        which : str, default="dead"
            The record to draw, an entry of `health_`: "dead", "zero", "saturated",
            "gradient_norm" or "update_ratio".
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a figure.
        name : str, default=None
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
            If there is no such record, or none of any layer.
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
                f"{type(net).__name__} has none; draw one of {', '.join(NORMS)}."
            )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Draw the heat map and its key.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a figure.
        name : str, default=None
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
        """Return the values (n_records, n_layers), those without a colour masked."""
        colored = np.isfinite(self.values)
        if self.which in NORMS:
            colored &= self.values > 0
        return np.ma.masked_array(self.values, ~colored)

    def _colors(self, norm_is_given: bool) -> dict[str, Any]:
        """Return the colours, and unless given the scale, that suit the record."""
        if self.which in NORMS:
            return {"cmap": SEQUENTIAL, "norm": "log"}
        return {"cmap": SHARES} | ({} if norm_is_given else {"vmin": 0, "vmax": 1})

    def _draw_key(self, ax: Any, shown: np.ma.MaskedArray) -> None:
        """Draw the colour bar, and what grey means if a cell is grey."""
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
    """Return which kinds of number without a logarithm there are in `values` (n,)."""
    return {
        "0": bool((values <= 0).any()),
        "infinite": bool(np.isposinf(values).any()),
        "not a number": bool(np.isnan(values).any()),
    }


def _edges(epoch: np.ndarray) -> np.ndarray:
    """Return the borders (n + 1,) between `epoch` (n,) and half an epoch around them."""
    between = 0.5 * (epoch[:-1] + epoch[1:])
    return np.concatenate([[epoch[0] - 0.5], between, [epoch[-1] + 0.5]])
