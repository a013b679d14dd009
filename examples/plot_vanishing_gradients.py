"""
Vanishing gradients in deep networks
====================================

In the backward pass, each layer multiplies the gradient by the slope of its activation
function. The slope of the sigmoid is at most 1/4, so after ten layers of sigmoid units the
gradient is nearly 0 when it reaches the first layer: it vanishes. The slope of tanh is 1 at
0, and that of ReLU is 1 for all active units, so with these activations the gradient keeps
its size.

In this example, networks with ten hidden layers learn handwritten digits with stochastic
gradient descent (SGD). Then networks with fifty do, by residual connections.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier
from skshallow.activations import ReLU, Sigmoid, Tanh
from skshallow.engine import Network, Objective
from skshallow.exceptions import VanishingGradientWarning
from skshallow.initializers import Auto
from skshallow.losses import MultinomialLogLoss

DEPTH, N_UNITS = 10, 32
N_EPOCHS = 30
X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)

# %%
# An :class:`~skshallow.engine.Objective` keeps the parameters of a network in one vector
# and writes their gradient into another; its attribute ``grads`` has the parts for each
# layer.


def gradient_norms(network, theta):
    """Return the norm of the gradient of each layer's weights, over all rows."""
    objective = Objective(network, MultinomialLogLoss(), alpha=0, theta=theta.copy())
    objective.gradient(X, y[:, np.newaxis])
    return np.array([np.linalg.norm(grads["weight"]) for grads in objective.grads])


# %%
# Each network gets the initialisation that suits its activation, Glorot or He. We create an
# estimator from these weights and train it.

nets, norms, accuracy = {}, {}, {}
for name, activation in {"sigmoid": Sigmoid(), "tanh": Tanh(), "relu": ReLU()}.items():
    network = Network(64, 10, [N_UNITS] * DEPTH, [activation] * DEPTH)
    theta = np.empty(network.layout.size)
    network.initialize(theta, Auto(), 1.0, np.zeros(10), np.random.default_rng(0))
    params = network.views(theta)
    net = nets[name] = DeepNetClassifier.from_weights(
        [layer["weight"] for layer in params],
        [layer["bias"] for layer in params],
        activation=activation,
        solver="sgd",
        learning_rate=0.05,
        batch_size=64,
        alpha=0,
        standardize=False,
        random_state=0,
    )
    norms[name, "at the start"] = gradient_norms(network, theta)
    for _ in range(N_EPOCHS):
        net.partial_fit(X, y)
    norms[name, f"after {N_EPOCHS} epochs"] = gradient_norms(network, net.theta_)
    accuracy[name] = net.score(X, y)

# %%
# The figure shows the gradient norm of each layer, divided by that of the output layer. In
# the network of sigmoid units it shrinks from layer to layer towards the input, before and
# after training: this network has learned nothing. In the networks of tanh and ReLU units,
# the gradient norms of all layers are similar.

figure, panels = plt.subplots(
    1, 2, figsize=(9.6, 4.2), layout="constrained", sharex=True, sharey=True
)
colors = {"sigmoid": "#c1440e", "tanh": "#1c5d99", "relu": "#d9a21b"}
layers = np.arange(1, DEPTH + 2)
moments = ["at the start", f"after {N_EPOCHS} epochs"]
for ax, moment in zip(panels, moments, strict=True):
    for name, color in colors.items():
        relative = norms[name, moment] / norms[name, moment][-1]
        label = name if ax is panels[0] else f"{name}, accuracy {accuracy[name]:.1%}"
        ax.semilogy(layers, relative, "o-", color=color, label=label)
    ax.set_title(moment, fontweight="bold")
    ax.set_xticks(layers, [*map(str, layers[:-1]), "out"])
    ax.set(xlabel="layer")
    ax.grid(axis="y", color="#dddddd")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(which="both", length=0)
    ax.legend(frameon=False, loc="lower right")
panels[0].set_ylabel("gradient norm,\nrelative to the output layer")
plt.show()

# %%
# The factor by which the gradient norm changes from one layer to the layer before, at the
# start (geometric mean over the hidden layers):

for name in colors:
    start = norms[name, "at the start"]
    print(f"{name:8} {(start[0] / start[-2]) ** (1 / (DEPTH - 1)):.2f}")

# %%
# An estimator records these norms, on a sample of the rows and for some of the epochs, in
# its attribute ``health_``. These are the last ones for the network of sigmoid units,
# relative to the output layer:

recorded = nets["sigmoid"].health_["gradient_norm"][-1]
print("  ".join(f"{norm:.0e}" for norm in recorded / recorded[-1]))

# %%
# Fifty layers: residual connections
# ----------------------------------
# With fifty hidden layers even tanh and ReLU do not help: each layer changes the size of
# the gradient a little, and the product of fifty such factors is nearly 0, or huge. A
# *residual* layer adds its input to its output:
#
# .. math:: A_{l+1} = A_l + g \odot f(Z_l), \quad Z_l = A_l W_l + b_l
#
# In the backward pass the gradient then takes two ways, and one of them passes it on as it
# is, whatever the slope of the activation:
#
# .. math:: \nabla_{A_l} = \nabla_{Z_l} W_l^\top + \nabla_{A_{l+1}}
#
# The gains :math:`g` are learned and start at 0, so that training starts with a shallow
# network. ``normalization="layer"`` also brings the pre-activations of each row to mean 0
# and variance 1, which keeps sigmoid units from saturating.

DEEPER = 50
kinds = {
    "plain": {},
    "residual": {"residual": True},
    "residual, layer norm": {"residual": True, "normalization": "layer"},
}
deep_nets = {}
for name, params in kinds.items():
    net = DeepNetClassifier(
        N_UNITS,
        depth=DEEPER,
        activation="sigmoid",
        max_iter=10,
        numeric_encoding=None,  # the pixels as they are, as in the networks before
        random_state=0,
        **params,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VanishingGradientWarning)  # of the plain one
        deep_nets[name] = net.fit(X, y)

figure, panels = plt.subplots(
    1, 2, figsize=(9.6, 4.2), layout="constrained", sharex=True, sharey=True
)
colors_of_kinds = dict(zip(kinds, ["#c1440e", "#1c5d99", "#d9a21b"], strict=True))
layers = np.arange(1, DEEPER + 2)
for ax, record, moment in zip(
    panels, [0, -1], ["after the first epoch", "after the last epoch"], strict=True
):
    for name, color in colors_of_kinds.items():
        of_layers = deep_nets[name].health_["gradient_norm"][record]
        label = f"{name}, accuracy {deep_nets[name].score(X, y):.1%}"
        relative = np.maximum(of_layers / of_layers[-1], 1e-20)
        ax.semilogy(layers, relative, color=color, label=label)
    ax.set_title(moment, fontweight="bold")
    ax.set_xticks([1, 10, 20, 30, 40, 51], ["1", "10", "20", "30", "40", "out"])
    ax.set(xlabel="layer")
    ax.grid(axis="y", color="#dddddd")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(which="both", length=0)
panels[0].set_ylabel("gradient norm,\nrelative to the output layer")
panels[1].legend(frameon=False, loc="center left")
plt.show()

# %%
# In the plain network nothing arrives at the first layers; the line is cut off below
# :math:`10^{-20}`. In the residual networks all layers get gradients of similar size. The
# benchmarks have the :doc:`accuracy of fifty layers with every activation
# </benchmarks/depth>`.
