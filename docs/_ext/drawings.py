"""The drawings of the user guide: boxes that say what lies where, and arrows between them.

They are narrow, such that their text can be read on a phone.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#5a5a5a"
PALE = {BLUE: "#dfeaf5", RUST: "#f8e4db", GREY: "#f5f7f9"}
# In inches, but for the text, which is in points.
WIDTH, HALF, EDGE = 5.4, 2.5, 0.1
TEXT = {"fontsize": 9.5, "linespacing": 1.3}
LINE, PADDING = 0.18, 0.09


def canvas(height: float) -> Axes:
    """Return axes in inches, with the origin in the lower left corner."""
    figure, ax = plt.subplots(figsize=(WIDTH, height))
    figure.subplots_adjust(left=0, right=1, bottom=0, top=1)
    ax.set(xlim=(0, WIDTH), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def height_of(lines: Sequence[str]) -> float:
    """Return the height of a box with a title and these lines."""
    return 2 * PADDING + LINE * (1 + len(lines)) + 0.04


def box(
    ax: Axes,
    x: float,
    top: float,
    width: float,
    title: str,
    lines: Sequence[str],
    color: str = GREY,
    height: float | None = None,
) -> float:
    """Draw a box with a title and lines below it; return where it ends below."""
    height = height_of(lines) if height is None else height
    ax.add_patch(
        FancyBboxPatch(
            (x, top - height),
            width,
            height,
            "round,pad=0,rounding_size=0.06",
            facecolor=PALE[color],
            edgecolor=color,
        )
    )
    x, y = x + PADDING, top - PADDING
    ax.text(x, y, title, color=color, fontweight="bold", va="top", **TEXT)
    ax.text(x, y - LINE - 0.03, "\n".join(lines), va="top", **TEXT)
    return top - height


def arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = GREY
) -> None:
    """Draw an arrow that leaves a little room at both ends."""
    style = {
        "arrowstyle": "-|>",
        "color": color,
        "linewidth": 1.3,
        "shrinkA": 3,
        "shrinkB": 3,
    }
    ax.annotate("", end, start, arrowprops=style)


def of_clusters() -> None:
    """Draw what a search sends to the workers, and what comes back."""
    ax = canvas(3.7)
    lines = [
        "A search over 4 candidates with cv=2 has 8 fits.",
        "joblib hands them to Dask or Ray.",
        "cv_results_ has the same scores as a serial search.",
    ]
    sent = box(ax, EDGE, 3.6, WIDTH - 2 * EDGE, "Your process", lines, BLUE)
    workers = sent - 0.75
    shared = 0.1 + height_of([""])
    for number, x in enumerate((EDGE, WIDTH - EDGE - HALF), start=1):
        arrow(ax, (x + 0.2, sent), (x + 0.2, workers))
        label = "a clone of the net,\nits callbacks,\nthe data"
        ax.text(x + 0.28, (sent + workers) / 2, label, va="center", **TEXT)
        arrow(ax, (x + 1.75, workers), (x + 1.75, sent), BLUE)
        ax.text(x + 1.83, (sent + workers) / 2, "scores,\ntimes", va="center", **TEXT)
        lines = ["some of the 8 fits;", "what a callback keeps", "in memory stays here"]
        end = box(ax, x, workers, HALF, f"Worker {number}", lines)
        arrow(ax, (x + HALF / 2, end), (x + HALF / 2, shared), RUST)
    title = "A file, a database or MLflow"
    box(ax, EDGE, shared, WIDTH - 2 * EDGE, title, ["what callbacks write"], RUST)


def of_onnx() -> None:
    """Draw what an ONNX model contains, and what stays in Python."""
    ax = canvas(5.1)
    middle, width = WIDTH / 2, WIDTH - 2 * EDGE
    lines = ["as one matrix, or one input per column of a table"]
    end = box(ax, EDGE, 5.0, width, "Rows, which are not checked", lines)
    top = end - 0.3
    arrow(ax, (middle, end), (middle, top))
    steps = {
        "Columns": "categories, missing values, standardisation",
        "Hidden layers": "weights, biases, activation functions",
        "Output layer": "mean of an ensemble, scale of the target",
        "Classes": "temperature, probabilities, labels",
    }
    height = 0.4 + len(steps) * (height_of([""]) + 0.06)
    box(ax, EDGE, top, width, "The ONNX model", [], GREY, height)
    y = top - 0.34
    for title, line in steps.items():
        y = box(ax, EDGE + 0.12, y, width - 0.24, title, [line], BLUE) - 0.06
    last = 0.1 + height_of(["", ""])
    arrow(ax, (EDGE + HALF / 2, top - height), (EDGE + HALF / 2, last))
    lines = ["predictions, in C++, C#,", "Java, JavaScript, Python"]
    box(ax, EDGE, last, HALF, "Output", lines)
    lines = ["fit, intervals, quantiles,", "distributions"]
    box(ax, WIDTH - EDGE - HALF, last, HALF, "Only in the estimator", lines, RUST)


def of_devices() -> None:
    """Draw what is computed in NumPy, and what where the data are."""
    ax = canvas(3.65)
    numpy = {
        "at the start": ["encoding of targets,", "means, scales,", "initial weights"],
        "each step": ["which rows are next,", "dropout masks"],
        "at the end": ["coefs_, intercepts_,", "classes_, temperature_,", "saved models"],
    }
    device = {
        "at the start": ["standardisation", "of the rows"],
        "each step": ["matrix products, loss,", "gradients, step of", "the solver"],
        "at the end": ["theta_, loss_curve_,", "predictions of rows", "on this device"],
    }
    top, height = 3.55, height_of([""] * 3)
    left, right, width = EDGE, WIDTH - EDGE - HALF + 0.1, HALF - 0.1
    for when in numpy:
        end = box(ax, left, top, width, f"NumPy, {when}", numpy[when], GREY, height)
        box(ax, right, top, width, f"Device of X, {when}", device[when], BLUE, height)
        middle = (top + end) / 2
        sides = [(left + width, middle), (right, middle)]
        if when == "at the end":
            arrow(ax, *reversed(sides), BLUE)
        else:
            arrow(ax, *sides)
        top = end - 0.3
