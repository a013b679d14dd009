"""
Why do sigmoid units make gradient descent zig-zag?
===================================================

The gradient of a weight is the gradient of its unit times the activation that is its input.
The outputs of sigmoid units are always positive. So for a unit whose inputs are sigmoid
units, the gradients of all weights have the same sign: one row of data can increase all of
them or decrease all of them, but not increase one and decrease another. If the optimum
requires that, gradient descent reaches it only in a zig-zag.

In this example, a network has two hidden units, either sigmoid or tanh, and one output
unit. We follow the two weights of the output unit from row to row.
"""

import matplotlib.pyplot as plt
import numpy as np

from skshallow.activations import Sigmoid, Tanh
from skshallow.engine import Network, Objective
from skshallow.losses import SquaredError

START, GOAL = np.array([-1.0, 1.0]), np.array([1.0, -1.0])
N_STEPS = 40
X = np.random.default_rng(0).normal(size=(400, 2))

# %%
# The gradients come from the package's engine: a network with one hidden unit per feature,
# and an objective that holds its parameters. The targets are the outputs of the network
# with the optimal weights, so the loss is 0 there. Only the two output weights are trained.
#
# Both runs take steps of comparable size. Since ``tanh(z) = 2 sigmoid(2 z) - 1``, tanh
# units with half the hidden weight have the outputs of the sigmoid units, centred and
# multiplied by 2. With activations twice as large, the learning rate has to be a quarter.


class Descent:
    """Gradient descent over the weights of the output unit, one row per step.

    Attributes
    ----------
    path : ndarray of shape (1 + n_steps, 2)
        The two weights, initially and after each step.
    gradients : ndarray of shape (n_steps, 2)
        Their gradients in each step.
    """

    def __init__(self, activation, hidden_weight, learning_rate):
        network = Network(2, 1, [2], [activation])
        self.objective = Objective(
            network, SquaredError(), alpha=0, theta=np.zeros(network.layout.size)
        )
        hidden, output = self.objective.params
        hidden["weight"][...] = hidden_weight * np.eye(2)
        self.weight = output["weight"]
        self.weight[:, 0] = GOAL
        self.y, _ = network.forward(X, self.objective.params)
        self.weight[:, 0] = START
        path, gradients = [START], []
        for i in range(N_STEPS):
            self.objective.gradient(X[i : i + 1], self.y[i : i + 1])
            gradients.append(self.objective.grads[1]["weight"][:, 0].copy())
            self.weight[:, 0] -= learning_rate * gradients[-1]
            path.append(self.weight[:, 0].copy())
        self.path, self.gradients = np.array(path), np.array(gradients)

    def loss_at(self, first, second):
        """Return the mean loss over all rows with these output weights."""
        self.weight[:, 0] = first, second
        return self.objective.mean_loss([(X, self.y, None)])


runs = {
    "sigmoid": Descent(Sigmoid(), hidden_weight=2, learning_rate=1.5),
    "tanh": Descent(Tanh(), hidden_weight=1, learning_rate=1.5 / 4),
}

# %%
# The contours show the mean loss over all rows. The optimum is to the right of the start
# and below it. No single step of the network with sigmoid units can go in that direction:
# every step goes into one of the shaded quadrants, right and up or left and down. The steps
# of the network with tanh units go in all directions.

figure, panels = plt.subplots(
    1, 2, figsize=(9.6, 5), layout="constrained", sharex=True, sharey=True
)
axis = np.linspace(-2, 2, 81)
for ax, (activation, run) in zip(panels, runs.items(), strict=True):
    loss = [[run.loss_at(first, second) for first in axis] for second in axis]
    ax.contour(axis, axis, np.sqrt(loss), levels=10, colors="#bbbbbb", linewidths=0.7)
    ax.plot(*run.path.T, "o-", color="#1c5d99", markersize=3.5, linewidth=1)
    ax.plot(*START, "o", color="black", markersize=8)
    ax.plot(*GOAL, "*", color="#c1440e", markersize=16)
    ax.annotate("start", START, (-8, 6), textcoords="offset points", ha="right")
    ax.annotate("optimum", GOAL, (10, -12), textcoords="offset points")
    ax.set_title(activation, fontweight="bold")
    ax.set(aspect="equal", xlabel="first output weight")
    ax.spines[:].set_visible(False)
panels[0].set_ylabel("second output weight")
for corner in (2, 2), (-2, -2):
    panels[0].fill_between(
        [START[0], corner[0]], START[1], corner[1], color="#9ec5e8", alpha=0.35, lw=0
    )
panels[0].text(1.9, 1.9, "a step can go here", ha="right", va="top")
panels[0].text(-1.9, -1.9, "or here")
plt.show()

# %%
# In how many steps did both weights change in the same direction, and how long was the
# path, compared with a straight line to the optimum?

for activation, run in runs.items():
    same_sign = (run.gradients[:, 0] * run.gradients[:, 1] > 0).mean()
    length = np.linalg.norm(np.diff(run.path, axis=0), axis=1).sum()
    print(
        f"{activation:8} same direction in {same_sign:.0%} of the steps; path "
        f"{length / np.linalg.norm(GOAL - START):.1f} times as long as a straight line"
    )

# %%
# In a minibatch, the gradients of several rows are averaged, so the signs for the two
# weights can differ. But the problem remains badly conditioned: with sigmoid units the loss
# is much more curved in one direction than in the other, and the learning rate has to be
# small enough for the larger curvature. This is the ratio of the largest to the smallest
# curvature (the condition number):

for activation, run in runs.items():
    (a,) = run.objective.network.hidden_activations(X, run.objective.params)
    print(f"{activation:8} {np.linalg.cond(a.T @ a):.1f}")
