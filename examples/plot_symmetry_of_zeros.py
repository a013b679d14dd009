"""
Why not start at zero?
======================

Units of a layer that start with the same weights see the same input and get the same
gradient, so each step moves them alike and they stay the same for ever. A layer of eight
such units is one unit, eight times. Random weights, however small, make them differ from
the start, and training drives them apart.

Here a net with eight hidden units learns two moons from four starts.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay

from skshallow import ShallowNetClassifier

N_UNITS, N_EPOCHS = 8, 100
X, y = make_moons(300, noise=0.15, random_state=0)
X -= X.mean(axis=0)

# %%
# Each start is a net built from its weights. ``partial_fit`` trains it, an epoch a call,
# and after each we keep the weights that lead into the hidden units.


def train_from(activation, hidden, output):
    """Train from weights (2, n_units) and (n_units, 1).

    Returns the net, and its hidden weights (1 + n_epochs, 2, n_units) after each epoch.
    """
    net = ShallowNetClassifier.from_weights(
        [hidden, output],
        [np.zeros(N_UNITS), np.zeros(1)],
        activation=activation,
        learning_rate=0.05,
        alpha=1e-5,
        batch_size=100,
        random_state=0,
    )
    weights = [net.coefs_[0]]
    for _ in range(N_EPOCHS):
        weights.append(net.partial_fit(X, y).coefs_[0])
    return net, np.array(weights)


zeros = np.zeros((2, N_UNITS)), np.zeros((N_UNITS, 1))
rng = np.random.default_rng(2)
runs = {
    "tanh from zero": train_from("tanh", *zeros),
    "sigmoid from zero": train_from("sigmoid", *zeros),
    "tanh from 0.5": train_from("tanh", *(weights + 0.5 for weights in zeros)),
    "tanh from random": train_from(
        "tanh", *(0.01 * rng.standard_normal(weights.shape) for weights in zeros)
    ),
}

# %%
# Above, the weight that leads from the first feature to each of the eight units; below,
# what the net has learned. From zero the weights of tanh units do not move at all: a unit
# that puts out 0 gives its output weight no gradient, and an output weight of 0 gives its
# unit none. Sigmoid units put out 1/2 at zero, so theirs move, as do those of tanh units
# from 0.5, but as one: the boundary is as straight as that of a single unit. From random
# weights of deviation 0.01 the units go together for a while, but then some of them come
# apart, and the boundary bends.

figure, panels = plt.subplots(
    2,
    len(runs),
    figsize=(9.6, 5),
    layout="constrained",
    sharey="row",
    height_ratios=[4, 5],
)
colors = plt.colormaps["viridis"](np.linspace(0, 0.9, N_UNITS))
for (start, (net, weights)), (above, below) in zip(runs.items(), panels.T, strict=True):
    for unit in range(N_UNITS):
        above.plot(weights[:, 0, unit], color=colors[unit])
    if np.ptp(weights, axis=2).max() < 1e-6:  # BLAS may round units differently
        above.text(N_EPOCHS / 2, 1.5, "eight lines, one\non the other", ha="center")
    above.set_title(start, fontweight="bold")
    above.set(xlabel="epoch", xlim=(0, N_EPOCHS))
    above.spines[["top", "right"]].set_visible(False)
    DecisionBoundaryDisplay.from_estimator(
        net,
        X,
        ax=below,
        eps=0.3,
        grid_resolution=200,
        response_method="predict_proba",
        plot_method="pcolormesh",
        cmap="RdBu",
        vmin=-0.6,
        vmax=1.6,
        rasterized=True,
    )
    below.scatter(*X.T, c=np.where(y, "#1c5d99", "#c1440e"), s=8, ec="white", lw=0.3)
    below.set(xticks=[], yticks=[], xlabel=f"{net.score(X, y):.1%} right", ylabel="")
    below.spines[:].set_visible(False)
panels[0, 0].set_ylabel("weight of the first feature")
plt.show()

# %%
# The largest difference between two units, at any epoch, in any weight:

for start, (_, weights) in runs.items():
    print(f"{start:20} {np.ptp(weights, axis=2).max():.2g}")
