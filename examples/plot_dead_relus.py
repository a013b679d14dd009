"""
Do dead ReLU units matter?
==========================

Where the affine map of a ReLU unit is negative, its output and its slope are 0, so no
gradient passes. A unit for which that holds on every row is dead: nothing moves its
weights. Three questions come to mind.

1. Does anything before such a unit still learn?
2. Can a bad start kill a unit for good?
3. Does it hurt the model?

Here nets with two hidden layers of 32 units learn handwritten digits, from starts in which
some units of one layer are dead.
"""

import textwrap
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier
from skshallow.engine import Objective
from skshallow.losses import MultinomialLogLoss

N_UNITS = 32
N_EPOCHS = 25
X_train, X_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True), random_state=0
)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

# %%
# A bad start is He's law with hidden biases so low that the first ``n_dead`` units of a
# layer are negative on every training row.


def bad_start(layer, n_dead):
    """Return weights and biases with `n_dead` dead units in hidden layer 0 or 1."""
    rng = np.random.default_rng(0)
    widths = [X_train.shape[1], N_UNITS, N_UNITS, 10]
    weights = [
        np.sqrt(2 / n_inputs) * rng.standard_normal((n_inputs, n_units))
        for n_inputs, n_units in pairwise(widths)
    ]
    biases = [np.zeros(n_units) for n_units in widths[1:]]
    z = X_train @ weights[0]
    if layer == 1:
        z = np.maximum(z, 0) @ weights[1]
    biases[layer][:n_dead] = -1 - z[:, :n_dead].max(axis=0)
    return weights, biases


def net_from(weights, biases, activation="relu", **settings):
    """Return a net that starts there."""
    settings = {"alpha": 0, "standardize": False, "random_state": 0} | settings
    return DeepNetClassifier.from_weights(
        weights, biases, activation=activation, **settings
    )


# %%
# Question 1
# ----------
#
# We kill ever more units of the second layer, and ask the objective for the gradients of
# two sets of weights: those into the dead units, and those of the whole layer before.


def gradients(net, rows):
    """Return the gradient of each layer's weights over some training rows."""
    objective = Objective(net.network_, MultinomialLogLoss(), alpha=0, theta=net.theta_)
    objective.gradient(X_train[rows], np.eye(10)[y_train[rows]])
    return [layer["weight"] for layer in objective.grads]


numbers_dead = np.arange(0, N_UNITS + 1, 2)
before_dead, into_dead = [], []
for n_dead in numbers_dead:
    first, second, _ = gradients(net_from(*bad_start(1, n_dead)), slice(None))
    before_dead.append(np.linalg.norm(first))
    into_dead.append(np.linalg.norm(second[:, :n_dead]))

# %%
# Units need not be dead to be silent on a row. So how many of the 32 in each layer does a
# row teach, and how many do all rows together?

sound = net_from(*bad_start(0, n_dead=0))
taught = {
    name: [int(layer.any(axis=0).sum()) for layer in gradients(sound, rows)[:2]]
    for name, rows in {"one row": [0], "all rows": slice(None)}.items()
}
for name, (n_first, n_second) in taught.items():
    print(f"{name:8} {n_first} units of the first layer, {n_second} of the second")

# %%
# Question 2
# ----------
#
# Three quarters of a layer start dead. After each epoch we count the units that are
# negative on every row. The last net starts soundly, but its steps are too large.


def is_silent(net, layer):
    """Return which units of a hidden layer are negative on every training row."""
    return (net.hidden_activations(X_train)[layer] <= 0).all(axis=0)


def silent_over_epochs(net, layer):
    """Return the share of silent units before training and after each epoch."""
    shares = [is_silent(net, layer).mean()]
    for _ in range(N_EPOCHS):
        shares.append(is_silent(net.partial_fit(X_train, y_train), layer).mean())
    return shares


N_DEAD = 3 * N_UNITS // 4
silent = {
    "ReLU, first layer": silent_over_epochs(net_from(*bad_start(0, N_DEAD)), 0),
    "ReLU, second layer": silent_over_epochs(net_from(*bad_start(1, N_DEAD)), 1),
    "leaky ReLU, first layer": silent_over_epochs(
        net_from(*bad_start(0, N_DEAD), activation="leaky_relu"), 0
    ),
    "ReLU, second layer, sound start,\nlearning rate 0.1": silent_over_epochs(
        net_from(*bad_start(1, 0), learning_rate=0.1), 1
    ),
}

# %%
# Question 3
# ----------
#
# From starts with fewer and fewer live units in the first layer, we train three nets: one
# of ReLU units, one of leaky ones, and one that has the live ReLU units alone.


def accuracy(net):
    """Return the accuracy on the test rows after training."""
    for _ in range(N_EPOCHS):
        net.partial_fit(X_train, y_train)
    return net.score(X_test, y_test)


numbers_alive = [0, 1, 2, 4, 8, 16, 32]
accuracies = {"ReLU": [], "leaky ReLU": [], "ReLU, the live units alone": []}
for n_alive in numbers_alive:
    n_dead = N_UNITS - n_alive
    (first, second, output), (first_bias, *other_biases) = bad_start(0, n_dead)
    whole = [first, second, output], [first_bias, *other_biases]
    accuracies["ReLU"].append(accuracy(net_from(*whole)))
    accuracies["leaky ReLU"].append(accuracy(net_from(*whole, activation="leaky_relu")))
    if n_alive > 0:
        alive = (
            [first[:, n_dead:], second[n_dead:], output],
            [first_bias[n_dead:], *other_biases],
        )
        accuracies["ReLU, the live units alone"].append(accuracy(net_from(*alive)))

# %%
# The answers
# -----------
#
# 1. Yes. A dead unit learns nothing and passes nothing on, but the layer before it gets its
#    gradient through the live units. Only when the whole layer is dead is that gradient 0.
# 2. In the first layer, yes: its input is the table, which stays as it is. In the second
#    layer the input changes while the first one learns, and some units come back. Of leaky
#    units, which are never quite silent, most do. Too large a learning rate kills units
#    that started soundly.
# 3. As much as if the units were not there: a net of the live ones alone learns the same.
#    Where these are enough, nothing is lost; where they are few, much is.

figure, panels = plt.subplots(1, 3, figsize=(11, 5), layout="constrained")
red, blue, amber, grey = "#c1440e", "#1c5d99", "#d9a21b", "#777777"

panels[0].set_title("Does anything before learn?", fontweight="bold")
panels[0].plot(numbers_dead, before_dead, "o-", color=blue, label="of the layer before")
panels[0].plot(numbers_dead, into_dead, "o-", color=red, label="into the dead units")
panels[0].set(xlabel=f"dead units of the second layer, of {N_UNITS}")
panels[0].set(ylabel="norm of the gradient of the weights")

panels[1].set_title("Is it for good?", fontweight="bold")
for (name, shares), color in zip(silent.items(), (red, blue, amber, grey), strict=True):
    panels[1].plot(shares, color=color, linewidth=2, label=name)
panels[1].set(xlabel="epoch", ylabel="units negative on every row", ylim=(-0.03, 1.03))
panels[1].yaxis.set_major_formatter("{x:.0%}")

panels[2].set_title("Does it hurt?", fontweight="bold")
for name, style in {
    "ReLU": {"marker": "o", "color": red},
    "leaky ReLU": {"marker": "o", "color": amber},
    "ReLU, the live units alone": {"marker": "x", "ms": 9, "color": "black", "ls": ""},
}.items():
    shown = accuracies[name]
    places = range(len(numbers_alive) - len(shown), len(numbers_alive))
    panels[2].plot(places, shown, label=name, **style)
panels[2].set_xticks(range(len(numbers_alive)), numbers_alive)
panels[2].set(xlabel=f"live units of the first layer, of {N_UNITS}")
panels[2].set(ylabel="accuracy on test rows", ylim=(-0.03, 1.03))
panels[2].yaxis.set_major_formatter("{x:.0%}")

for ax in panels:
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.14))
plt.show()

# %%
# You need not look for dead units: ``fit`` counts them as it goes, on a sample of rows,
# keeps their share of each layer in ``health_``, and warns if most of a layer is dead.

net = net_from(*bad_start(0, n_dead=28), warm_start=True, max_iter=N_EPOCHS)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net.fit(X_train, y_train)
print("dead at the end of each recorded epoch, in the first and in the second layer:")
for epoch, shares in zip(net.health_["epoch"], net.health_["dead"], strict=True):
    print(f"{epoch:3}", "".join(f"{share:7.1%}" for share in shares))
for warning in caught:
    print(textwrap.fill(f"{warning.category.__name__}: {warning.message}", 80))
