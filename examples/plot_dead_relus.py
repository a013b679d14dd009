"""
Do dead ReLU units matter?
==========================

If the input of a ReLU unit is negative, its output and its slope are 0, and it passes no
gradient on. A unit whose input is negative on every row is dead: its weights no longer
change. This raises three questions:

1. Do the layers before a dead unit still learn?
2. Can a bad initialisation kill a unit permanently?
3. Do dead units harm the model?

In this example, networks with two hidden layers of 32 units learn handwritten digits, from
initial weights for which some units of one layer are dead.
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
# The bad initialisation is He initialisation with such low biases that the inputs of the
# first ``n_dead`` units of a layer are negative on every training row.


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
    """Return a net with these initial weights and biases."""
    settings = {"alpha": 0, "standardize": False, "random_state": 0} | settings
    return DeepNetClassifier.from_weights(
        weights, biases, activation=activation, **settings
    )


# %%
# Question 1
# ----------
#
# We increase the number of dead units in the second layer, and compute the gradients of two
# sets of weights: those of the dead units, and those of the whole layer before.


def gradients(net, rows):
    """Return the gradient of each layer's weights over some training rows."""
    objective = Objective(net.network_, MultinomialLogLoss(), alpha=0, theta=net.theta_)
    objective.gradient(X_train[rows], y_train[rows, np.newaxis])
    return [layer["weight"] for layer in objective.grads]


numbers_dead = np.arange(0, N_UNITS + 1, 2)
before_dead, into_dead = [], []
for n_dead in numbers_dead:
    first, second, _ = gradients(net_from(*bad_start(1, n_dead)), slice(None))
    before_dead.append(np.linalg.norm(first))
    into_dead.append(np.linalg.norm(second[:, :n_dead]))

# %%
# Units that are not dead can still be inactive on a given row. How many of the 32 units per
# layer get a gradient from one row, and how many from all rows together?

sound = net_from(*bad_start(0, n_dead=0))
taught = {
    name: [int(layer.any(axis=0).sum()) for layer in gradients(sound, rows)[:2]]
    for name, rows in {"one row": [0], "all rows": slice(None)}.items()
}
for name, (n_first, n_second) in taught.items():
    print(f"{name:8} {n_first} units in the first layer, {n_second} in the second")

# %%
# Question 2
# ----------
#
# Initially three quarters of a layer are dead. After each epoch we count the units that are
# inactive on every row. The last network has a good initialisation, but too large a
# learning rate.


def is_silent(net, layer):
    """Return which units of a hidden layer are inactive on every training row."""
    return (net.hidden_activations(X_train)[layer] <= 0).all(axis=0)


def silent_over_epochs(net, layer):
    """Return the share of such units before training and after each epoch."""
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
    "ReLU, second layer, good initialisation,\nlearning rate 0.1": silent_over_epochs(
        net_from(*bad_start(1, 0), learning_rate=0.1), 1
    ),
}

# %%
# Question 3
# ----------
#
# For several numbers of live units (units that are not dead) in the first layer, we train
# three networks: one of ReLU units, one of leaky ReLU units, and one that consists of the
# live ReLU units alone.


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
# 1. Yes. A dead unit learns nothing and passes no gradient on, but the layer before it gets
#    its gradient through the live units. That gradient is 0 only if the whole layer is
#    dead.
# 2. In the first layer, yes, because its inputs are the data, which do not change. In the
#    second layer the inputs change while the first layer learns, and some units recover.
#    Most leaky ReLU units recover, since their slope is never 0. Too large a learning rate
#    can kill units even after a good initialisation.
# 3. Dead units have the same effect as if they were missing: a network of the live units
#    alone learns the same. If enough units are alive, nothing is lost; if few are, much
#    accuracy is lost.

figure, panels = plt.subplots(1, 3, figsize=(11, 5), layout="constrained")
red, blue, amber, grey = "#c1440e", "#1c5d99", "#d9a21b", "#777777"

panels[0].set_title("Does the layer before learn?", fontweight="bold")
panels[0].plot(numbers_dead, before_dead, "o-", color=blue, label="layer before")
panels[0].plot(numbers_dead, into_dead, "o-", color=red, label="dead units")
panels[0].set(xlabel=f"dead units of the second layer, of {N_UNITS}")
panels[0].set(ylabel="norm of the gradient of the weights")

panels[1].set_title("Is it permanent?", fontweight="bold")
for (name, shares), color in zip(silent.items(), (red, blue, amber, grey), strict=True):
    panels[1].plot(shares, color=color, linewidth=2, label=name)
panels[1].set(xlabel="epoch", ylabel="units inactive on every row", ylim=(-0.03, 1.03))
panels[1].yaxis.set_major_formatter("{x:.0%}")

panels[2].set_title("Does it harm the model?", fontweight="bold")
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
# You need not search for dead units yourself: ``fit`` counts them during training on a
# sample of the rows, records their share of each layer in ``health_``, and warns if most of
# a layer is dead.

net = net_from(*bad_start(0, n_dead=28), warm_start=True, max_iter=N_EPOCHS)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net.fit(X_train, y_train)
print("share of dead units after each recorded epoch, first and second layer:")
for epoch, shares in zip(net.health_["epoch"], net.health_["dead"], strict=True):
    print(f"{epoch:3}", "".join(f"{share:7.1%}" for share in shares))
for warning in caught:
    print(textwrap.fill(f"{warning.category.__name__}: {warning.message}", 80))
