"""
How sure is a regressor, and where?
===================================

Three answers to noise that grows. Every net learns the same rows of one feature, whose
noise is small on the left and large on the right, and draws the band that shall hold nine
targets out of ten:

- squared error predicts a mean alone; calibrated on rows that it has not seen, its band
  covers as promised, but has one width for all rows;
- the Gaussian loss learns a mean and a scale;
- three quantiles are learned at once, without any assumption on the noise.

The second and the third are calibrated on the same rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skshallow import DeepNetRegressor
from skshallow.losses import Quantile

COVERAGE = 0.9
N_TRAIN, N_CAL, N_TEST = 600, 1000, 20_000
LOSSES = {
    "squared error": "squared_error",
    "Gaussian": "gaussian",
    "three quantiles": Quantile([0.05, 0.5, 0.95]),
}
SETTINGS = {
    "hidden_units": 32,
    "depth": 2,
    "activation": "silu",
    "alpha": 2e-4,
    "random_state": 0,
}
BAND, LINE, DOTS, TRUTH = "#9ec5e8", "#1c5d99", "#555555", "#c1440e"

# %%
# The target is a wave whose noise is known, so that the bands can be compared with the
# truth.


def true_mean(x: np.ndarray) -> np.ndarray:
    """Return the mean of the target at `x`."""
    return np.sin(x) + 0.2 * x


def true_scale(x: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the noise at `x`, between 0 and 10."""
    return 0.05 + 0.9 * (x / 10) ** 2


def draw_rows(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a feature (n_rows, 1), even over 0 to 10, and its noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n_rows)
    return x[:, np.newaxis], true_mean(x) + true_scale(x) * rng.normal(size=n_rows)


# %%
# Each net is trained on 600 rows and calibrated on 1000 others. How often its band covers
# is counted on 20 000 new rows, on the left and on the right by themselves.


def fit_calibrated(loss) -> DeepNetRegressor:
    """Return a net that is trained on some rows and calibrated on others."""
    net = DeepNetRegressor(loss=loss, **SETTINGS).fit(*draw_rows(N_TRAIN, seed=0))
    return net.conformalize(*draw_rows(N_CAL, seed=1))


def coverage_by_half(net: DeepNetRegressor) -> tuple[float, float]:
    """Return the share of new targets within the band, on the left and on the right."""
    X, y = draw_rows(N_TEST, seed=2)
    lower, upper = net.predict_interval(X, COVERAGE).T
    within = (lower <= y) & (y <= upper)
    left = X[:, 0] < 5
    return float(within[left].mean()), float(within[~left].mean())


# %%
# One panel a net, with the band that the noise itself has as dashed lines.


def draw_band(axes: Axes, net: DeepNetRegressor, title: str) -> None:
    """Draw the rows, the net's prediction and its band."""
    X, y = draw_rows(N_TRAIN, seed=0)
    grid = np.linspace(0, 10, 400)
    lower, upper = net.predict_interval(grid[:, np.newaxis], COVERAGE).T
    axes.plot(X[:, 0], y, ".", color=DOTS, markersize=2.5, alpha=0.6, label="training rows")
    axes.fill_between(
        grid, lower, upper, color=BAND, alpha=0.7, linewidth=0, label="band of the net"
    )
    axes.plot(grid, net.predict(grid[:, np.newaxis]), color=LINE, label="prediction")
    for side in -1, 1:
        axes.plot(
            grid,
            true_mean(grid) + side * 1.6449 * true_scale(grid),
            color=TRUTH,
            linestyle="--",
            linewidth=1,
            label="true 5% and 95% quantiles" if side > 0 else None,
        )
    left, right = coverage_by_half(net)
    axes.set_title(f"{title}\ncovers {left:.0%} on the left, {right:.0%} on the right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("feature")


def draw(nets: dict[str, DeepNetRegressor]) -> Figure:
    """Return one picture with a panel a net."""
    figure = plt.figure(figsize=(12, 4.4), layout="constrained")
    panels = figure.subplots(1, len(nets), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, net) in zip(panels, nets.items(), strict=True):
        draw_band(axes, net, title)
    panels[0].set_ylabel("target")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(f"Bands that shall hold {COVERAGE:.0%} of the targets")
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, print how often each band covers, and draw."""
    parser = argparse.ArgumentParser(description="Bands of three regressors.")
    parser.add_argument("--output", type=Path, help="save the picture there")
    options = parser.parse_args(arguments)
    nets = {title: fit_calibrated(loss) for title, loss in LOSSES.items()}
    for title, net in nets.items():
        left, right = coverage_by_half(net)
        print(f"{title:16} covers {left:.1%} on the left, {right:.1%} on the right")
    figure = draw(nets)
    if options.output is None:
        plt.show()
    else:
        figure.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
