"""
Why do sigmoid units make descent zig-zag?
==========================================

The gradient of a weight is the gradient of its unit times the activation that comes in. If
all that comes in is positive, as it is from sigmoid units, all weights of a unit have
gradients of one sign: a row can raise them all or lower them all, but never raise one and
lower another. A goal that asks for that is reached in a zig-zag.

Here two hidden units, once sigmoid and once tanh, feed one output unit, and we follow its
two weights from row to row.
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
# The engine itself gives the gradients: a network with one hidden unit a feature, and an
# objective that holds its parameters. The targets are what the network says with the
# goal's weights, so the loss is 0 there, and only the two output weights move.
#
# Both runs take steps of the same size. Since ``tanh(z) = 2 sigmoid(2 z) - 1``, tanh units
# of half the hidden weight are the sigmoid units centred and doubled, and doubled
# activations want a quarter of the learning rate.


class Descent:
    """A run of gradient descent, a row a step, over the weights of the output unit.

    Attributes
    ----------
    path : ndarray of shape (1 + n_steps, 2)
        The two weights, from the start on.
    gradients : ndarray of shape (n_steps, 2)
        Their gradients, each on one row.
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
# The contours are the mean loss over all rows. From the start, the goal lies to the right
# and below. No step of the sigmoid net can go there: each goes into one of the shaded
# quadrants, right and up or left and down. The steps of the tanh net go everywhere.

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
    ax.annotate("goal", GOAL, (10, -12), textcoords="offset points")
    ax.set_title(activation, fontweight="bold")
    ax.set(aspect="equal", xlabel="first output weight")
    ax.spines[:].set_visible(False)
panels[0].set_ylabel("second output weight")
for corner in (2, 2), (-2, -2):
    panels[0].fill_between(
        [START[0], corner[0]], START[1], corner[1], color="#9ec5e8", alpha=0.35, lw=0
    )
panels[0].text(1.9, 1.9, "one step can go here", ha="right", va="top")
panels[0].text(-1.9, -1.9, "or here")
plt.show()

# %%
# In how many of the steps did both weights move the same way, and how long was the path,
# compared with a straight line to the goal?

for activation, run in runs.items():
    same_sign = (run.gradients[:, 0] * run.gradients[:, 1] > 0).mean()
    length = np.linalg.norm(np.diff(run.path, axis=0), axis=1).sum()
    print(
        f"{activation:8} the same way in {same_sign:.0%} of the steps; "
        f"a path {length / np.linalg.norm(GOAL - START):.1f} times as long"
    )

# %%
# A batch averages the gradients of its rows, so its two signs can differ. But the valley
# remains: the loss curves this many times more along its steepest direction than along the
# flattest, and the learning rate has to suit the steepest.

for activation, run in runs.items():
    (a,) = run.objective.network.hidden_activations(X, run.objective.params)
    print(f"{activation:8} {np.linalg.cond(a.T @ a):.1f}")
