"""
How sparse are ReLU activations?
================================

The output of a ReLU unit is exactly 0 if its input is negative, so for any given row many
units of a layer are inactive: the activations are sparse. The outputs of sigmoid, tanh and
leaky ReLU units can be small, but are practically never 0.

In this example, networks with four hidden layers learn handwritten digits, one network for
each activation function.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skshallow import DeepNetClassifier

ACTIVATIONS = ["relu", "leaky_relu", "sigmoid", "tanh"]
DEPTH = 4
X_train, X_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True), random_state=0
)

# %%
# ``hidden_activations`` returns the outputs of each hidden layer, here for the test rows.

nets = {
    activation: DeepNetClassifier(
        hidden_units=48,
        depth=DEPTH,
        activation=activation,
        max_iter=20,
        numeric_encoding=None,  # the pixels as they are, not in pieces too
        random_state=0,
    ).fit(X_train, y_train)
    for activation in ACTIVATIONS
}
outputs = {activation: net.hidden_activations(X_test) for activation, net in nets.items()}
zeros = {
    activation: [float(np.mean(a == 0)) for a in layers]
    for activation, layers in outputs.items()
}

# %%
# Each panel shows the outputs of one layer. Its rows are images of digits, sorted from 0
# (top) to 9 (bottom); its columns are units, sorted by the digit for which their outputs
# are largest. Outputs that are exactly 0 are white. In every layer, about half of the
# outputs of ReLU units are 0, and none of the others.


def in_order(a):
    """Return a (n_rows, n_units), rows sorted by digit, units by their strongest digit."""
    loudness = [np.abs(a[y_test == digit]).mean(axis=0) for digit in range(10)]
    units = np.argsort(np.argmax(loudness, axis=0), kind="stable")
    return a[np.argsort(y_test, kind="stable")][:, units]


colors = LinearSegmentedColormap.from_list("", ["#c1440e", "#dcdcdc", "#1c5d99"])
figure, panels = plt.subplots(
    len(ACTIVATIONS), DEPTH, figsize=(9.6, 8.4), layout="constrained"
)
for row, activation in zip(panels, ACTIVATIONS, strict=True):
    for ax, a, share in zip(row, outputs[activation], zeros[activation], strict=True):
        limit = np.quantile(np.abs(a), 0.99)
        image = ax.imshow(
            np.ma.masked_equal(in_order(a), 0),
            cmap=colors.with_extremes(bad="white"),
            vmin=-limit,
            vmax=limit,
            aspect="auto",
            interpolation="nearest",
        )
        ax.set(xticks=[], yticks=[], xlabel=f"{share:.0%} zeros")
    digits, counts = np.unique(y_test, return_counts=True)
    row[0].set_yticks(counts.cumsum() - counts / 2, digits, fontsize="x-small")
    row[0].tick_params(length=0)
    row[0].set_ylabel(activation, fontsize="large", fontweight="bold")
for layer, ax in enumerate(panels[0], 1):
    ax.set_title(f"layer {layer}", fontweight="bold")
bar = figure.colorbar(image, ax=panels[-1], location="bottom", fraction=0.1, aspect=60)
bar.set_ticks([-limit, 0, limit], labels=["negative", "near 0", "positive"])
bar.outline.set_visible(False)
plt.show()

# %%
# How much information is in the pattern of active and inactive units? We train a logistic
# regression on these binary patterns alone, for each layer of the ReLU network. It still
# recognises most of the digits:

relu_net = nets["relu"]
print(f"accuracy of the network           {relu_net.score(X_test, y_test):.1%}")
patterns_train = [a > 0 for a in relu_net.hidden_activations(X_train)]
patterns_test = [a > 0 for a in outputs["relu"]]
pattern_scores = []
for layer in range(DEPTH):
    model = LogisticRegression(max_iter=1000).fit(patterns_train[layer], y_train)
    pattern_scores.append(model.score(patterns_test[layer], y_test))
    print(f"accuracy with patterns of layer {layer + 1} {pattern_scores[-1]:.1%}")
