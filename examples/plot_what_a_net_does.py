"""
What does a network do to a table?
==================================

A table with two columns is a set of points in the plane. Here they lie on two spirals, one
per class, and no straight line separates the classes. A network separates them in two
steps: its hidden layers move the points until a straight line is enough, and its output
layer draws that line.

The last hidden layer in this example has two units, so that its outputs can be drawn as
well.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from skshallow import DeepNetClassifier

BLUE, RED = "#1c5d99", "#c1440e"


def make_spirals(n_rows, seed):
    """Return points (n_rows, 2) on two arms that wind around each other, and their arm."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n_rows) % 2
    radius = np.sqrt(rng.uniform(0.02, 1, n_rows))
    angle = 3 * np.pi * radius + np.pi * arm
    points = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return points + rng.normal(scale=0.03, size=(n_rows, 2)), arm


# %%
# Four lines train the network, predict probabilities, and return what the last hidden
# layer makes of each row. The network sees the two columns as they are, not in pieces too.

X, y = make_spirals(400, seed=0)
layers = {"hidden_units": [24, 24, 2], "activation": ["silu", "silu", "identity"]}
net = DeepNetClassifier(**layers, numeric_encoding=None, random_state=4)
net.fit(X, y)
probability = net.predict_proba(X)
moved = net.hidden_activations(X)[-1]

X_new, y_new = make_spirals(400, seed=1)
print(f"Accuracy on new rows: {net.score(X_new, y_new):.1%}")

# %%
# Left: the two columns of the table, the predicted probability as the colour, and the
# decision boundary. Right: the same rows, the same boundary and the same grid after the
# hidden layers. They have bent the plane so far that the boundary is a straight line.


def draw_probability(ax, probability_at, center, reach):
    """Draw a probability over a square, and the line where it is 1/2."""
    ticks = np.linspace(-reach, reach, 300)
    points = center + np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    p = probability_at(points).reshape(300, 300)
    across, up = center[0] + ticks, center[1] + ticks
    ax.imshow(
        p,
        extent=(across[0], across[-1], up[0], up[-1]),
        origin="lower",
        cmap="RdBu",
        vmin=-0.8,
        vmax=1.8,
        interpolation="bilinear",
    )
    ax.contour(across, up, p, levels=[0.5], colors="black", linewidths=1.8)


def draw_grid(ax, through):
    """Draw lines of the plane within a circle, each after `through` maps its points."""
    fine = np.linspace(-1.15, 1.15, 400)
    for level in np.linspace(-1.1, 1.1, 23):
        fixed = np.full_like(fine, level)
        for x1, x2 in ((fine, fixed), (fixed, fine)):
            line = np.column_stack([x1, x2])[np.hypot(x1, x2) < 1.15]
            ax.plot(*through(line).T, color="white", lw=0.7, alpha=0.8)


def draw_rows(ax, points):
    """Draw the rows of the table at `points` (n, 2), coloured by class."""
    colors = np.where(y == 1, BLUE, RED)
    ax.scatter(*points.T, c=colors, s=17, ec="white", lw=0.5, zorder=3)
    ax.set(xticks=[], yticks=[], box_aspect=1)
    ax.spines[:].set_visible(False)


def output_layer(points):
    """Return the probability that the output layer gives to `points` (n, 2)."""
    return expit(points @ net.coefs_[-1] + net.intercepts_[-1])


figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 5.1), layout="constrained")
draw_probability(left, lambda points: net.predict_proba(points)[:, 1], np.zeros(2), 1.25)
draw_grid(left, lambda points: points)
draw_rows(left, X)
left.set_title("The table", fontsize="x-large")
center = (moved.min(axis=0) + moved.max(axis=0)) / 2
draw_probability(right, output_layer, center, 0.6 * np.ptp(moved, axis=0).max())
right.autoscale(False)
draw_grid(right, lambda points: net.hidden_activations(points)[-1])
draw_rows(right, moved)
right.set_title("The same table after the hidden layers", fontsize="x-large")
plt.show()

# %%
# The output layer is logistic regression on two columns. How well does logistic regression
# do on the table itself, and on the outputs of the hidden layers?

linear = DeepNetClassifier(depth=0, random_state=0)
for name, columns in {"the table": X, "the hidden layers": moved}.items():
    print(f"Accuracy on {name}: {linear.fit(columns, y).score(columns, y):.1%}")
