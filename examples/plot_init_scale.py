"""
How large should weights start?
===============================

Each layer multiplies what passes through it, forward and backward, by the size of its
weights. Over twenty layers a factor of a half is a millionth and a factor of two a million:
too small a start and the signal fades, too large and the units saturate or the net's first
guesses are wild. The deeper the net, the less room there is between the two.

Here nets of three activations learn handwritten digits for ten epochs, from starts of
nine sizes. ``init_scale=1`` is the law that fits the activation: Glorot's for sigmoid and
tanh, He's for ReLU.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skshallow import DeepNetClassifier
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning

ACTIVATIONS = ["sigmoid", "tanh", "relu"]
DEPTHS = [1, 2, 3, 5, 10, 20]
SCALES = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
X, y = load_digits(return_X_y=True)
X, y = X[:500], y[:500]

# %%
# A net that learns brings its accuracy on the training rows near to 1 in that time. Many
# nets of this grid cannot, and ``fit`` warns of their vanishing gradients and dead units,
# which are what we came to see.


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
        average=False,
        dtype="float32",
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VanishingGradientWarning)
        warnings.simplefilter("ignore", DeadUnitsWarning)
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
# Each cell is a net, with the share of rows that it gets right in percent. Deep nets of
# tanh and ReLU units learn only in a narrow band around their law, which shallow nets
# hardly need. Ten layers of sigmoids fail from every start: their slope is at most 1/4, so
# no size of the weights keeps the gradient alive without saturating the units.

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
# How many of the nine starts learn, that is, get more than half of the rows right?

print("depth    ", "".join(f"{depth:5}" for depth in DEPTHS))
for activation, grid in zip(ACTIVATIONS, accuracy, strict=True):
    learn = (grid > 0.5).sum(axis=1)
    print(f"{activation:9}", "".join(f"{n:5}" for n in learn))
