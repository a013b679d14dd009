"""
How does depth change the decision boundary?
============================================

Without hidden layers, a network is logistic regression, and its decision boundary is a
straight line. A network of ReLU units is piecewise linear, so its decision boundary
consists of straight pieces. With more hidden layers it can have more pieces, even if each
layer has the same number of units.

In this example, networks with six units per hidden layer learn three data sets with two
classes.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles, make_moons
from sklearn.inspection import DecisionBoundaryDisplay

from skshallow import DeepNetClassifier

DEPTHS = [0, 1, 2, 3]


def make_spirals(n_rows, seed):
    """Return points (n_rows, 2) on two arms that wind around each other, and their arm."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n_rows) % 2
    radius = np.sqrt(rng.uniform(0.04, 1, n_rows))
    angle = 3 * np.pi * radius + np.pi * arm
    points = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return points + rng.normal(scale=0.035, size=(n_rows, 2)), arm


TABLES = {
    "moons": lambda seed: make_moons(300, noise=0.15, random_state=seed),
    "circles": lambda seed: make_circles(300, noise=0.1, factor=0.5, random_state=seed),
    "spirals": lambda seed: make_spirals(300, seed),
}

# %%
# We train one network per data set and depth, all with the same hyperparameters. The
# accuracy is measured on test data, drawn with another seed.

nets, accuracy = {}, {}
for table, draw_rows in TABLES.items():
    for depth in DEPTHS:
        net = DeepNetClassifier(
            hidden_units=6,
            depth=depth,
            learning_rate=0.02,
            alpha=1e-4,
            batch_size=50,
            max_iter=150,
            numeric_encoding=None,  # the two columns as they are, not in pieces too
            random_state=0,
        )
        nets[table, depth] = net.fit(*draw_rows(seed=0))
        accuracy[table, depth] = net.score(*draw_rows(seed=1))

# %%
# The colour shows the predicted probability of the blue class. The black line is the
# decision boundary, where that probability is 1/2. At depth 0 it is straight for every data
# set. One hidden layer is enough for the circles; the spirals need three.


def draw_boundary(ax, net, X, y):
    """Draw rows, probabilities and the boundary; return points (n, 2) of the latter."""
    view = {"X": X, "ax": ax, "grid_resolution": 200, "eps": 0.25}
    DecisionBoundaryDisplay.from_estimator(
        net,
        response_method="predict_proba",
        plot_method="pcolormesh",
        cmap="RdBu",
        vmin=-0.6,
        vmax=1.6,
        rasterized=True,
        **view,
    )
    line = DecisionBoundaryDisplay.from_estimator(
        net,
        response_method="decision_function",
        plot_method="contour",
        levels=[0],
        colors="black",
        linewidths=1.5,
        **view,
    )
    ax.scatter(*X.T, c=np.where(y, "#1c5d99", "#c1440e"), s=8, ec="white", lw=0.3)
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="", box_aspect=1)
    ax.spines[:].set_visible(False)
    return line.surface_.get_paths()[0].vertices


figure, panels = plt.subplots(
    len(TABLES), len(DEPTHS), figsize=(9.6, 7.9), layout="constrained"
)
boundaries = {}
for (table, depth), ax in zip(nets, panels.flat, strict=True):
    X, y = TABLES[table](seed=0)
    boundaries[table, depth] = draw_boundary(ax, nets[table, depth], X, y)
    ax.set_xlabel(f"accuracy {accuracy[table, depth]:.1%}")
for ax, depth in zip(panels[0], DEPTHS, strict=True):
    ax.set_title(f"depth {depth}", fontweight="bold")
for ax, table in zip(panels[:, 0], TABLES, strict=True):
    ax.set_ylabel(table, fontsize="large", fontweight="bold")
plt.show()

# %%
# How straight are the boundaries? First we measure the largest distance between the
# boundary and the straight line that fits it best. At depth 0 it is 0 up to rounding.


def distance_from_line(points):
    """Return how far the farthest of the points (n, 2) is from their best line."""
    centered = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centered, full_matrices=False)
    return np.abs(centered @ directions[1]).max()


for table in TABLES:
    distances = [distance_from_line(boundaries[table, depth]) for depth in DEPTHS]
    print(f"{table:8}", "".join(f"{distance:10.1e}" for distance in distances))

# %%
# Second we count the straight pieces. As long as the same ReLU units are active, the
# network is an affine map, so a piece ends where a unit becomes active or inactive. Some of
# the corners are too flat to be visible.


def count_pieces(net, points):
    """Return how many different sets of units are active along the points (n, 2)."""
    if net.depth == 0:
        return 1
    at_work = np.hstack(net.hidden_activations(points)) > 0
    return len(np.unique(at_work, axis=0))


for table in TABLES:
    pieces = [count_pieces(nets[table, d], boundaries[table, d]) for d in DEPTHS]
    print(f"{table:8}", "".join(f"{n:10}" for n in pieces))
