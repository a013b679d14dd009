"""
Prediction intervals for noise that varies
==========================================

How well do prediction intervals adapt to noise that is not constant? Three networks learn
the same data with one feature, where the noise is small on the left and large on the right.
Their intervals are meant to contain 90 % of the targets:

- with the squared error, a network predicts only the mean; its interval, calibrated on rows
  that were not used in training, has the right coverage on average, but the same width for
  all rows;
- with the Gaussian loss, a network learns the mean and the standard deviation;
- with quantile regression, a network learns three quantiles, without any assumption on the
  noise.

The second and the third network are calibrated on the same rows as the first.
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
    "numeric_encoding": None,  # the column as it is: the curve is smooth
    "random_state": 0,
}
BAND, LINE, DOTS, TRUTH = "#9ec5e8", "#1c5d99", "#555555", "#c1440e"

# %%
# The data are generated: the target is a wave plus noise of known standard deviation, so
# that the intervals can be compared with the true quantiles.


def true_mean(x: np.ndarray) -> np.ndarray:
    """Return the mean of the target at `x`."""
    return np.sin(x) + 0.2 * x


def true_scale(x: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the noise at `x`, between 0 and 10."""
    return 0.05 + 0.9 * (x / 10) ** 2


def draw_rows(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a feature (n_rows, 1), uniform on 0 to 10, and its noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n_rows)
    return x[:, np.newaxis], true_mean(x) + true_scale(x) * rng.normal(size=n_rows)


# %%
# Each network is trained on 600 rows and calibrated on 1000 other rows. Its coverage is
# measured on 20 000 new rows, separately for the left and the right half.


def fit_calibrated(loss) -> DeepNetRegressor:
    """Return a net that is trained on some rows and calibrated on others."""
    net = DeepNetRegressor(loss=loss, **SETTINGS).fit(*draw_rows(N_TRAIN, seed=0))
    return net.conformalize(*draw_rows(N_CAL, seed=1))


def coverage_by_half(net: DeepNetRegressor) -> tuple[float, float]:
    """Return the coverage on new rows, on the left and on the right."""
    X, y = draw_rows(N_TEST, seed=2)
    lower, upper = net.predict_interval(X, COVERAGE).T
    within = (lower <= y) & (y <= upper)
    left = X[:, 0] < 5
    return float(within[left].mean()), float(within[~left].mean())


# %%
# The figure has one panel per network. Dashed lines are the true 5 % and 95 % quantiles.


def draw_band(axes: Axes, net: DeepNetRegressor, title: str) -> None:
    """Draw the rows, the net's prediction and its prediction interval."""
    X, y = draw_rows(N_TRAIN, seed=0)
    grid = np.linspace(0, 10, 400)
    lower, upper = net.predict_interval(grid[:, np.newaxis], COVERAGE).T
    axes.plot(X[:, 0], y, ".", color=DOTS, markersize=2.5, alpha=0.6, label="training rows")
    axes.fill_between(
        grid, lower, upper, color=BAND, alpha=0.7, linewidth=0, label="prediction interval"
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
    coverage = f"coverage {left:.0%} on the left, {right:.0%} on the right"
    axes.set_title(f"{title}\n{coverage}", fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("feature")


def draw(nets: dict[str, DeepNetRegressor]) -> Figure:
    """Return one figure with a panel per net."""
    figure = plt.figure(figsize=(12, 4.4), layout="constrained")
    panels = figure.subplots(1, len(nets), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, net) in zip(panels, nets.items(), strict=True):
        draw_band(axes, net, title)
    panels[0].set_ylabel("target")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(f"Prediction intervals with a nominal coverage of {COVERAGE:.0%}")
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, print the coverage of each interval, and draw."""
    parser = argparse.ArgumentParser(description="Intervals of three regressors.")
    parser.add_argument("--output", type=Path, help="file to save the figure to")
    options = parser.parse_args(arguments)
    nets = {title: fit_calibrated(loss) for title, loss in LOSSES.items()}
    for title, net in nets.items():
        left, right = coverage_by_half(net)
        print(f"{title:16} coverage {left:.1%} on the left, {right:.1%} on the right")
    figure = draw(nets)
    if options.output is None:
        plt.show()
    else:
        figure.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
