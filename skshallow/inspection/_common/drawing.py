"""Matplotlib helpers: axes and panels, given or new, styles, colour bars, colours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

# From the palette of Okabe and Ito (2008), which colour-blind readers can tell apart.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, GREY, LIGHT_GREY = "#222222", "#666666", "#D0D0D0"
DIVERGING, SEQUENTIAL, SHARES = "RdBu_r", "viridis", "YlOrBr"
PALE_DIVERGING = "coolwarm"  # its middle, a light grey, is visible on white


@contextmanager
def axes_for(display: Any, ax: Any, size: tuple[float, float]) -> Iterator[Any]:
    """Yield `ax`, or the axes of a new figure; set `ax_` and `figure_` of `display`.

    The new figure, `size` inches wide and high, is closed again if the block raises.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} draws with matplotlib, which is not installed. "
            'Install it with: pip install "skshallow[plots]"'
        ) from error
    figure = None
    if ax is None:
        figure, ax = plt.subplots(figsize=size, layout="constrained")
    try:
        yield ax
    except BaseException:
        if figure is not None:
            plt.close(figure)
        raise
    display.ax_, display.figure_ = ax, ax.figure


def one_axes_each(ax: Any, panels: list[str]) -> list[Any] | None:
    """Return the axes in a sequence `ax`, one per panel; None if it is no sequence."""
    if not isinstance(ax, Sequence | np.ndarray):
        return None
    given = list(np.ravel(ax))
    if len(given) != len(panels):
        raise ValueError(
            f"ax holds {len(given)} axes, but there are {len(panels)} panels: "
            f"{', '.join(panels)}. Pass one per panel, or a single one for all to share."
        )
    return given


def grid_in_place_of(ax: Any, n_rows: int, n_columns: int, **ratios: Any) -> Any:
    """Return a grid (n_rows, n_columns) of panels that fill the place of `ax`."""
    place = ax.get_subplotspec()
    if place is not None:
        return place.subgridspec(n_rows, n_columns, **ratios)
    box = ax.get_position()
    return ax.figure.add_gridspec(
        n_rows, n_columns, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1, **ratios
    )


def n_columns(n_panels: int, panel: float, whole: float) -> int:
    """Return how many columns to arrange `n_panels` in, with few places empty.

    `panel` is the aspect ratio, width over height, of each, `whole` the desired one of all.
    """

    def badness(columns: int) -> float:
        rows = math.ceil(n_panels / columns)
        empty = (rows * columns - n_panels) / n_panels
        return abs(math.log(columns * panel / (rows * whole))) + 3 * empty

    return min(range(1, n_panels + 1), key=badness)


def style(artist: Any, defaults: dict[str, Any], given: dict | None) -> dict[str, Any]:
    """Return an artist's style: `given`, and `defaults` for the rest; aliases count."""
    from matplotlib.cbook import normalize_kwargs

    return normalize_kwargs(defaults, artist) | normalize_kwargs(given or {}, artist)


def add_colorbar(artist: Any, ax: Any, **options: Any) -> Any:
    """Draw the colour bar of an artist beside `ax`, without a frame; return it."""
    colorbar = ax.figure.colorbar(artist, ax=ax, **options)
    colorbar.outline.set_visible(False)
    return colorbar


def hide_frame(ax: Any) -> None:
    """Hide the upper and the right edge of the frame of `ax`."""
    ax.spines[["top", "right"]].set_visible(False)


def mark_whole_numbers(axis: Any) -> None:
    """Place the ticks of an axis at round integers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
