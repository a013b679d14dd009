"""
How large should the initial weights be?
========================================

In the forward and the backward pass, each layer scales the signal by the size of its
weights. Over twenty layers, a factor of 1/2 per layer becomes one millionth and a factor of
2 becomes one million. If the initial weights are too small, signals and gradients vanish;
if they are too large, they explode or the units saturate. The deeper the network, the
narrower the range in between.

In this example, networks with three activation functions learn handwritten digits for ten
epochs, with initial weights of nine different scales. With ``init_scale=1``, the
initialisation is the one that suits the activation: Glorot for sigmoid and tanh, He for
ReLU.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skshallow import DeepNetClassifier
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning

ACTIVATIONS = ["sigmoid", "tanh", "relu"]
DEPTHS = [1, 2, 3, 5, 10, 20]
SCALES = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
X, y = load_digits(return_X_y=True)
X, y = X[:500], y[:500]

# %%
# A network that can learn reaches a training accuracy close to 1 in this time. Many
# networks of this grid cannot, and ``fit`` warns about their vanishing gradients and dead
# units. We ignore these warnings, since this is what the example is about.


def accuracy_after_training(activation, depth, init_scale):
    """Return the accuracy on the training rows after ten epochs."""
    net = DeepNetClassifier(
        hidden_units=32,
        depth=depth,
        activation=activation,
        init_scale=init_scale,
        learning_rate=0.005,
        batch_size=50,
        max_iter=10,
        alpha=0,
        average_weights=False,
        numeric_encoding=None,  # the pixels as they are, not in pieces too
        dtype="float32",
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VanishingGradientWarning)
        warnings.simplefilter("ignore", DeadUnitsWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        return net.fit(X, y).score(X, y)


accuracy = np.array(
    [
        [
            [accuracy_after_training(activation, depth, scale) for scale in SCALES]
            for depth in DEPTHS
        ]
        for activation in ACTIVATIONS
    ]
)

# %%
# Each cell shows the training accuracy of one network in percent. Deep networks of tanh and
# ReLU units learn only if the scale is close to 1, that is, with the suitable
# initialisation; networks with one hidden layer fail only at the largest scales. Ten layers
# of sigmoid units fail at every scale: the slope of the sigmoid is at most 1/4, so no scale
# of the weights keeps the gradient from vanishing without saturating the units.

figure, panels = plt.subplots(
    1, len(ACTIVATIONS), figsize=(9.6, 3.4), layout="constrained", sharey=True
)
for ax, activation, grid in zip(panels, ACTIVATIONS, accuracy, strict=True):
    image = ax.imshow(grid, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (row, column), value in np.ndenumerate(grid):
        color = "white" if value > 0.6 else "black"
        text = f"{100 * value:.0f}"
        ax.text(column, row, text, color=color, ha="center", va="center", size=8)
    ax.set_title(activation, fontweight="bold")
    labels = [f"{scale:g}" if scale >= 1 else f"1/{1 / scale:g}" for scale in SCALES]
    ax.set_xticks(range(0, len(SCALES), 2), labels[::2])
    ax.set_yticks(range(len(DEPTHS)), DEPTHS)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("init_scale")
panels[0].set_ylabel("depth")
bar = figure.colorbar(image, ax=panels, format="{x:.0%}")
bar.set_label("accuracy on the training rows")
bar.outline.set_visible(False)
plt.show()

# %%
# For how many of the nine scales does the network learn, that is, reach an accuracy above
# 50 %?

print("depth    ", "".join(f"{depth:5}" for depth in DEPTHS))
for activation, grid in zip(ACTIVATIONS, accuracy, strict=True):
    learn = (grid > 0.5).sum(axis=1)
    print(f"{activation:9}", "".join(f"{n:5}" for n in learn))
