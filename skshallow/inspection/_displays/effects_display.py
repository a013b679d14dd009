"""Plot of effects: importances of the columns, or effects against the values of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow.inspection._common.drawing import (
    BLUE,
    GREY,
    LIGHT_GREY,
    SEQUENTIAL,
    add_colorbar,
    axes_for,
    hide_frame,
    style,
)
from skshallow.inspection._effects import Effects, integrated_gradients

MOST_COLUMNS = 20
MOST_COLORS = 10  # of the colour cycle; further levels share the last one
JITTER = 0.15  # of the positions of categories
MARGIN = 0.08  # left of the numbers, where rows without one are drawn


@dataclass(kw_only=True, eq=False, repr=False)
class EffectsDisplay:
    """Plot of the effects of columns on the output of a net.

    Without a `column`, bars show the mean absolute effect of each. With one, points show
    its effect on each row against its value; rows with the same value differ in their
    effects if the column acts together with others. The points follow a curve that bends at
    the borders of pieces, in which numbers enter by default from 256 training rows on (see
    `numeric_encoding`), and at the kinks of ReLU units. A smooth activation with
    ``numeric_encoding=None`` or "periodic" makes it smooth.

    It is recommended to use :meth:`from_estimator` or :meth:`from_effects` to create a
    display. All parameters are stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns, n_outputs)
        Effects.
    data : ndarray of shape (n_samples, n_columns)
        Values of the columns.
    feature_names, output_names : list of str
        Names of the columns, and of the outputs shown.
    column : int or None, default=None
        Index of the column whose effects are plotted; None for bars of all.
    color_by : int or None, default=None
        Index of the column that the points are coloured by; None for one colour.
    name : str or None, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure with the axes.

    See Also
    --------
    integrated_gradients : How the effects are computed.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import EffectsDisplay
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> net = DeepNetClassifier(16, max_iter=20, random_state=0).fit(X, y)
    >>> display = EffectsDisplay.from_estimator(net, X[:100])
    >>> len(display.ax_.patches)
    20
    >>> display = EffectsDisplay.from_estimator(
    ...     net, X[:100], column="mean texture", color_by="mean area"
    ... )
    >>> display.ax_.get_xlabel()
    'mean texture'
    """

    values: np.ndarray
    data: np.ndarray
    feature_names: list[str]
    output_names: list[str]
    column: int | None = None
    color_by: int | None = None
    name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        column=None,
        color_by=None,
        target=None,
        background=None,
        output="raw",
        ax=None,
        name=None,
        **kwargs,
    ):
        """Compute effects with `integrated_gradients`, and plot them.

        Parameters
        ----------
        estimator : estimator
            Fitted net, or a pipeline, a search or transformed targets around one.
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows, as `estimator` takes them.
        column : str, int or None, default=None
            Name or index of the column whose effects to plot against its values. None
            plots the mean absolute effects of all.
        color_by : str, int or None, default=None
            Name or index of the column to colour the points by.
        target : str, int or None, default=None
            Name or index of the output, such as a class. None means all, in bars of
            several colours; with a `column`, it is needed if there are several.
        background, output
            See :func:`integrated_gradients`.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes.
        **kwargs : dict
            See :meth:`plot`.

        Returns
        -------
        display : EffectsDisplay
            With the drawn bars or points.

        Raises
        ------
        ValueError
            If there is no such column or output, or one must be chosen.
        """
        effects = integrated_gradients(estimator, X, background=background, output=output)
        return cls.from_effects(
            effects,
            column=column,
            color_by=color_by,
            target=target,
            ax=ax,
            name=name,
            **kwargs,
        )

    @classmethod
    def from_effects(
        cls,
        effects,
        *,
        column=None,
        color_by=None,
        target=None,
        ax=None,
        name=None,
        **kwargs,
    ):
        """Plot effects that have been computed before.

        Parameters
        ----------
        effects : Effects
            From :func:`integrated_gradients`.
        column, color_by, target, ax, name
            See :meth:`from_estimator`.
        **kwargs : dict
            See :meth:`plot`.

        Returns
        -------
        display : EffectsDisplay
            With the drawn bars or points.

        Raises
        ------
        ValueError
            If there is no such column or output, or one must be chosen.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> from skshallow.inspection import EffectsDisplay, integrated_gradients
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> net = DeepNetRegressor(16, max_iter=20, random_state=0).fit(X, y)
        >>> effects = integrated_gradients(net, X[:100])
        >>> EffectsDisplay.from_effects(effects, column="bmi").ax_.get_xlabel()
        'bmi'
        """
        columns, outputs = effects.feature_names, effects.output_names
        column = _index("column", column, columns)
        chosen = _index("target", target, outputs)
        if chosen is None and column is not None and len(outputs) > 1:
            raise ValueError(
                f"The net has {len(outputs)} outputs; choose one for the effects of a "
                f"column: target={outputs[0]!r}, or another of {', '.join(outputs)}."
            )
        shown = slice(None) if chosen is None else slice(chosen, chosen + 1)
        display = cls(
            values=_with_outputs(effects)[..., shown],
            data=effects.data,
            feature_names=columns,
            output_names=outputs[shown],
            column=column,
            color_by=_index("color_by", color_by, columns),
            name=name,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Plot the bars or the points.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        name : str or None, default=None
            Title of the axes. None takes that of the display.
        **kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.barh` or, with a column, to
            :meth:`matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : EffectsDisplay
            The display itself.
        """
        n_bars = min(len(self.feature_names), MOST_COLUMNS)
        size = (6, 1.2 + 0.26 * n_bars) if self.column is None else (6, 4)
        with axes_for(self, ax, size) as ax:
            if self.column is None:
                self._draw_bars(ax, n_bars, kwargs)
            else:
                self._draw_points(ax, self.column, kwargs)
            ax.set_title((self.name if name is None else name) or "")
            hide_frame(ax)
        return self

    def _draw_bars(self, ax: Any, n_bars: int, kwargs: dict) -> None:
        """Draw the mean absolute effects of the columns, the largest on top."""
        sizes = np.abs(self.values).mean(axis=0)  # (n_columns, n_outputs)
        order = np.argsort(-sizes.sum(axis=1), kind="stable")[:n_bars]
        left = np.zeros(n_bars)
        for sizes_of_output, label in zip(sizes[order].T, self.output_names, strict=True):
            own = {"label": label, "height": 0.7}
            if len(self.output_names) == 1:
                own["color"] = BLUE
            ax.barh(np.arange(n_bars), sizes_of_output, left=left, **own | kwargs)
            left = left + sizes_of_output
        ax.set_yticks(np.arange(n_bars), [self.feature_names[j] for j in order])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        several = len(self.output_names) > 1
        on = "" if several else f" on {self.output_names[0]}"
        ax.set_xlabel(f"mean absolute effect{on}")
        if several:
            ax.legend(frameon=False, loc="lower right")

    def _draw_points(self, ax: Any, column: int, kwargs: dict) -> None:
        """Draw the effect of a column on each row against its value."""
        from matplotlib.collections import PathCollection

        x = self._positions(ax, column)
        y = self.values[:, column, 0]
        ax.axhline(0, color=LIGHT_GREY, linewidth=0.8, zorder=0)
        own = style(PathCollection, {"alpha": 0.8, "linewidths": 0}, kwargs) | {"s": 14}
        if self.color_by is None:
            ax.scatter(x, y, **{"color": BLUE} | own | kwargs)
        else:
            self._draw_in_colors(ax, self.color_by, x, y, own | kwargs)
        ax.set_xlabel(self.feature_names[column])
        ax.set_ylabel(f"effect on {self.output_names[0]}")

    def _positions(self, ax: Any, column: int) -> np.ndarray:
        """Return where the values of a column are drawn (n,); label what is no number."""
        values = self.data[:, column]
        numbers = _numbers(values)
        if numbers is None:
            levels, codes = _levels(values)
            ax.set_xticks(np.arange(len(levels)), levels)
            spread = np.random.default_rng(0).uniform(-JITTER, JITTER, len(codes))
            return codes + spread
        missing = np.isnan(numbers)
        if missing.any() and not missing.all():
            low, high = np.nanmin(numbers), np.nanmax(numbers)
            place = low - MARGIN * ((high - low) or 1)
            ax.axvline(place, color=LIGHT_GREY, linewidth=0.8, zorder=0)
            ax.annotate(
                "missing",
                (place, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3, -2),
                textcoords="offset points",
                va="top",
                fontsize="small",
                color=GREY,
            )
            numbers = np.where(missing, place, numbers)
        return np.where(missing, 0, numbers) if missing.all() else numbers

    def _draw_in_colors(self, ax: Any, color_by: int, x: Any, y: Any, own: dict) -> None:
        """Draw points in the colours of a column: a scale of numbers, or one per level."""
        values, title = self.data[:, color_by], self.feature_names[color_by]
        numbers = _numbers(values)
        if numbers is None:
            levels, codes = _levels(values)
            for code, level in enumerate(levels):
                has = codes == code
                color = f"C{min(code, MOST_COLORS - 1)}"
                ax.scatter(x[has], y[has], **{"color": color, "label": level} | own)
            ax.legend(title=title, frameon=False, fontsize="small")
            return
        missing = np.isnan(numbers)
        if missing.any():
            ax.scatter(x[missing], y[missing], **own | {"color": LIGHT_GREY})
        there = ~missing
        points = ax.scatter(
            x[there], y[there], c=numbers[there], **{"cmap": SEQUENTIAL} | own
        )
        add_colorbar(points, ax, label=title, pad=0.02)


def _with_outputs(effects: Effects) -> np.ndarray:
    """Return the effects with an axis of outputs (n_samples, n_columns, n_outputs)."""
    return effects.values.reshape(*effects.values.shape[:2], -1)


def _index(argument: str, chosen: Any, names: list[str]) -> int | None:
    """Return the index of a name, or an index itself; None stays None."""
    if chosen is None:
        return None
    if isinstance(chosen, int | np.integer) and 0 <= chosen < len(names):
        return int(chosen)
    if chosen in names:
        return names.index(chosen)
    raise ValueError(
        f"{argument}={chosen!r} is none of {', '.join(map(str, names))}. Pass one of "
        f"these, or an index from 0 to {len(names) - 1}."
    )


def _numbers(values: np.ndarray) -> np.ndarray | None:
    """Return values (n,) as floats, None if some are no numbers."""
    if values.dtype == object:
        is_number = (isinstance(value, int | float | np.number) for value in values)
        if not all(is_number) or any(isinstance(value, bool) for value in values):
            return None
    return values.astype(float)


def _levels(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the distinct values (n_levels,) as text, sorted, and which each is (n,)."""
    levels, codes = np.unique([str(value) for value in values], return_inverse=True)
    return levels.tolist(), codes
