"""
Why not initialise all weights with zero?
=========================================

Units of a layer that have the same initial weights get the same inputs and the same
gradients. So every step changes them in the same way, and they stay equal for ever: a layer
of eight such units computes the same as a single unit. Random initial weights, however
small, break this symmetry, and during training the units become more and more different.

In this example, a network with eight hidden units learns two classes in the shape of moons,
from four different initialisations.
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
# Each network is created from its initial weights. Each call of ``partial_fit`` trains for
# one epoch, and after each epoch we store the weights of the hidden units.


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
# The upper row shows, for each of the eight units, its weight for the first feature; the
# lower row shows the decision boundary after training. If all weights are initially 0, the
# weights of tanh units do not change at all: the output of the unit is 0, so the gradient
# of its output weight is 0, and the output weight is 0, so the gradient of the unit is 0.
# The output of sigmoid units is 1/2 for weights of 0, so their weights change. They stay
# equal, though, like those of tanh units that all start at 0.5, and the decision boundary
# is a straight line, as for a single unit. With random initial weights of standard
# deviation 0.01, the units are similar in the first epochs, but then they become different,
# and the decision boundary becomes curved.

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
        above.text(N_EPOCHS / 2, 1.5, "eight identical\nlines", ha="center")
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
    below.set(xticks=[], yticks=[], xlabel=f"accuracy {net.score(X, y):.1%}", ylabel="")
    below.spines[:].set_visible(False)
panels[0, 0].set_ylabel("weight for the first feature")
plt.show()

# %%
# The largest difference between the weights of two units, over all epochs and features:

for start, (_, weights) in runs.items():
    print(f"{start:20} {np.ptp(weights, axis=2).max():.2g}")
