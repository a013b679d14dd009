"""Plot of the weights of the first layer as images, one per unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow.inspection._common.drawing import (
    DIVERGING,
    GREY,
    add_colorbar,
    axes_for,
    n_columns,
)
from skshallow.inspection._common.fitted_net import layer_params, names_of_outputs
from skshallow.inspection._common.meta_estimators import find_net

GAP = 0.12  # between images, in their height
SHAPE = 1.2  # width over height of all images together
INCHES = 0.95  # an image and its gap


@dataclass(kw_only=True, eq=False, repr=False)
class WeightsDisplay:
    """Plot of the weights of the first layer's units as images.

    Red weights are positive, blue ones negative; all images share one scale.

    It is recommended to use :meth:`from_estimator` to create a display. All parameters
    are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_images, n_features)
        One row per image.
    image_shape : tuple of int
        Rows and columns of each image.
    labels : sequence of str of length n_images
        Titles of the images.
    name : str or None, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with all images, in rows from the top left.
    figure_ : matplotlib Figure
        Figure with the axes.
    images_ : list of matplotlib AxesImage
        The images.
    colorbar_ : matplotlib Colorbar
        Their common colour bar.

    See Also
    --------
    NetworkDisplay : Plot of all weights of a small net.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import WeightsDisplay
    >>> net = ShallowNetClassifier(32, max_iter=10, numeric_encoding=None, random_state=0)
    >>> net = net.fit(*load_digits(return_X_y=True))
    >>> display = WeightsDisplay.from_estimator(net, units=12)
    >>> len(display.images_), display.image_shape
    (12, (8, 8))
    """

    weights: np.ndarray
    image_shape: tuple[int, int]
    labels: list[str]
    name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        image_shape=None,
        units=16,
        standardized=True,
        member=0,
        ax=None,
        name=None,
        **kwargs,
    ):
        """Plot the weights of a fitted net's first layer.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        image_shape : tuple of two int or None, default=None
            Rows and columns of the image whose pixels are the features, row by row. None
            means a square, if the number of features is a square number.
        units : int >= 1 or sequence of int, default=16
            The number of units to plot, the first ones; or their indices. A maxout unit
            has an image for each of its pieces; without hidden layers the units are the
            outputs.
        standardized : bool, default=True
            Whether to plot the weights for standardised features, as the net uses them
            internally, or `coefs_`, those for features in your units, where pixels that
            rarely vary have far larger weights than others. With ``standardize=False``
            they are the same.
        member : int >= 0, default=0
            Which member of an ensemble to plot, if `n_members` is more than 1.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.imshow` for every image.

        Returns
        -------
        display : WeightsDisplay
            With the drawn images.

        Raises
        ------
        ValueError
            If the features are not the pixels of such an image, or are encoded
            (`numeric_encoding`), or if there is no such unit or member.
        """
        net = find_net(estimator)
        layer = net.network_.layers[0]
        if layer.n_inputs != net.n_features_in_:
            raise ValueError(
                f"The {net.n_features_in_} features of the net are encoded as "
                f"{layer.n_inputs} inputs, so there is not one weight per pixel. Fit it "
                "with numeric_encoding=None."
            )
        n_pieces = layer.activation.n_pieces
        # (n_features, n_pieces, n_units): weights are stored piece by piece
        weight = layer_params(net, standardized, member)[0]["weight"]
        weight = weight.reshape(layer.n_inputs, n_pieces, -1)
        n_units = weight.shape[-1]
        chosen = _chosen(units, n_units)
        deep = len(net.network_.layers) > 1
        names = [str(unit) for unit in range(n_units)] if deep else names_of_outputs(net)
        pieces = [(unit, piece) for unit in chosen for piece in range(n_pieces)]
        display = cls(
            weights=np.array([weight[:, piece, unit] for unit, piece in pieces]),
            image_shape=_checked_shape(image_shape, layer.n_inputs),
            labels=[
                names[unit] + (f", piece {piece + 1}" if n_pieces > 1 else "")
                for unit, piece in pieces
            ],
            name=name,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Plot the images and their colour bar.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes. None takes that of the display.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.imshow` for every image, such as
            `cmap`, or `vmin` and `vmax`.

        Returns
        -------
        display : WeightsDisplay
            The display itself, with `images_` and `colorbar_`.
        """
        ratio = self.image_shape[1] / self.image_shape[0]
        height, width = 1 + 2 * GAP, ratio + GAP
        across = n_columns(len(self.weights), width / height, SHAPE)
        down = math.ceil(len(self.weights) / across)
        size = 1.3 + INCHES * across * width, 0.5 + INCHES * down * height
        largest = float(np.abs(self.weights).max()) or 1.0
        limits = {} if "norm" in kwargs else {"vmin": -largest, "vmax": largest}
        style = {"cmap": DIVERGING} | limits | kwargs
        with axes_for(self, ax, size) as ax:
            self.images_ = []
            for i, (weight, label) in enumerate(
                zip(self.weights, self.labels, strict=True)
            ):
                top, left = i // across * height, i % across * width
                extent = (left, left + ratio, top + 1, top)
                image = weight.reshape(self.image_shape)
                self.images_.append(ax.imshow(image, extent=extent, **style))
                ax.text(left, top - 0.03, label, va="bottom", fontsize="small", color=GREY)
            ax.set(xlim=(0, across * width - GAP), ylim=(down * height - 2 * GAP, -2 * GAP))
            ax.set_axis_off()
            ax.set_title((self.name if name is None else name) or "")
            self.colorbar_ = add_colorbar(
                self.images_[0], ax, label="weight", shrink=0.8, pad=0.02
            )
        return self


def _chosen(units: Any, n_units: int) -> list[int]:
    """Return the indices of the units that `units` asks for."""
    if isinstance(units, int | np.integer):
        if units < 1:
            raise ValueError(f"units must be at least 1, got {units}.")
        return list(range(min(int(units), n_units)))
    chosen = [int(unit) for unit in units]
    missing = [unit for unit in chosen if not 0 <= unit < n_units]
    if missing or not chosen:
        raise ValueError(
            f"units must be a number of units, or indices from 0 to {n_units - 1}; got "
            f"{units!r}."
        )
    return chosen


def _checked_shape(image_shape: Any, n_features: int) -> tuple[int, int]:
    """Return rows and columns of an image of `n_features` pixels."""
    if image_shape is None:
        side = math.isqrt(n_features)
        if side * side != n_features:
            raise ValueError(
                f"The net has {n_features} features, which is not a square number. Pass "
                f"image_shape=(rows, columns) with rows * columns == {n_features}."
            )
        return side, side
    shape = tuple(int(n) for n in image_shape)
    if len(shape) != 2 or min(shape) < 1 or math.prod(shape) != n_features:
        raise ValueError(
            f"image_shape must be (rows, columns) with rows * columns == {n_features}, the "
            f"net's number of features; got {image_shape!r}."
        )
    return shape
