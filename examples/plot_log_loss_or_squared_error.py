"""
Why log loss, not squared error, for classification?
====================================================

Logistic regression predicts a probability, ``sigmoid(x @ weight + bias)``. Instead of the
log loss (cross-entropy), one could minimise the squared difference between this probability
and the class, 0 or 1: ``loss="squared_error"``. This example shows why that is worse: the
squared error is not convex, and it is flat where the model is wrong and confident, so that
gradient descent makes hardly any progress there.
"""

# %%
# Both losses along a line in weight space
# ----------------------------------------
#
# Logistic regression is a network without hidden layers. We multiply its fitted weights by
# a number `t`. At `t` = 1 we have the fitted model, and at 0 all probabilities are equal.
# For `t` below 0 the predictions are reversed, and the further below 0, the more confident
# the model is in its wrong predictions.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
fitted = DeepNetClassifier(depth=0, solver="lbfgs", alpha=0.01).fit(X, y)


def net_on_the_line(t, **params):
    """Return the net with `t` times the fitted weights."""
    coefs = [t * weight for weight in fitted.coefs_]
    intercepts = [t * bias for bias in fitted.intercepts_]
    return DeepNetClassifier.from_weights(coefs, intercepts, **params)


line = np.linspace(-3.5, 2.5, 121)
log_probabilities = np.array(
    [net_on_the_line(t).predict_log_proba(X)[np.arange(len(y)), y] for t in line]
)
costs = {
    "log_loss": -log_probabilities.mean(axis=1),
    "squared_error": 0.5 * ((1 - np.exp(log_probabilities)) ** 2).mean(axis=1),
}

# %%
# A function is convex if its second differences are never negative. The log loss is convex,
# on this line and on any other. The squared error is not: where the model is wrong and
# confident it becomes flat, since its gradient has a factor ``p * (1 - p)``, which is close
# to 0 there.

for loss, cost in costs.items():
    not_convex = (np.diff(cost, 2) < -1e-9).mean()
    print(f"{loss:14} is not convex on {not_convex:4.0%} of the line")

# %%
# Gradient descent from bad initial weights
# -----------------------------------------
#
# We start plain gradient descent from three points on this line at which the model is
# wrong, with the same learning rate for both losses, and measure the accuracy during
# training.

STARTS = [-1, -2, -3]
N_STEPS = 3000
checkpoints = np.unique(np.geomspace(1, N_STEPS, 45).astype(int))


def accuracies_on_the_way(loss, start, learning_rate):
    """Return the accuracy after each number of steps in `checkpoints`."""
    net = net_on_the_line(
        start,
        loss=loss,
        solver="sgd",
        batch_size=None,
        learning_rate=learning_rate,
        schedule="constant",
        alpha=0.0,
        n_iter_no_change=np.inf,
        warm_start=True,
    )
    accuracies = []
    for n_steps in np.diff(checkpoints, prepend=0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # bad starts
            net.set_params(max_iter=n_steps).fit(X, y)
        accuracies.append(net.score(X, y))
    return np.array(accuracies)


def steps_to(accuracies, enough=0.9):
    """Return the first checkpoint with `enough` accuracy; infinity if there is none."""
    return min(checkpoints[accuracies > enough], default=np.inf)


descents = {
    (loss, start): accuracies_on_the_way(loss, start, learning_rate=1.0)
    for loss in costs
    for start in STARTS
}
for (loss, start), accuracies in descents.items():
    print(f"{loss:14} from {start}: {steps_to(accuracies):4} steps to an accuracy of 90%")

# %%
# With a larger learning rate, the squared error needs fewer steps, but their number still
# depends strongly on the initial weights:

for start in STARTS:
    n_steps = steps_to(accuracies_on_the_way("squared_error", start, learning_rate=10.0))
    print(f"squared_error, learning rate times ten, from {start}: {n_steps:4} steps")

# %%
# Results
# -------
#
# The dots on the left are the initial weights. The log loss is steep at all of them: a
# few steps are enough from each. The squared error is flat there: from each further point,
# gradient descent needs more than twice as many steps.

COLORS = {"log_loss": "#1c5d99", "squared_error": "#c1440e"}
NAMES = {"log_loss": "log loss", "squared_error": "squared error"}
DASHES = {-1: "-", -2: "--", -3: ":"}

figure, panels = plt.subplot_mosaic(
    [["log_loss", "descent"], ["squared_error", "descent"]],
    figsize=(10, 4.8),
    width_ratios=[1, 1.25],
    layout="constrained",
)
for loss, cost in costs.items():
    panel = panels[loss]
    panel.plot(line, cost, color=COLORS[loss])
    panel.plot(STARTS, np.interp(STARTS, line, cost), "o", color=COLORS[loss])
    panel.plot(1, np.interp(1, line, cost), "*", color="black", markersize=10)
    panel.set_ylabel(NAMES[loss], color=COLORS[loss])
    panel.set_ylim(bottom=-0.06 * cost.max())
panels["log_loss"].set_title("Loss along a line in weight space")
panels["log_loss"].tick_params(labelbottom=False)
panels["squared_error"].annotate(
    "the fitted model", (1, 0.01), (0.2, 0.2), arrowprops={"arrowstyle": "-"}
)
panels["squared_error"].set_xlabel("t: multiple of the fitted weights")
descent = panels["descent"]
for (loss, start), accuracies in descents.items():
    descent.plot(checkpoints, accuracies, DASHES[start], color=COLORS[loss])
for start in STARTS:
    descent.plot([], [], DASHES[start], color="#555555", label=f"{start}")
descent.legend(title="initial t", frameon=False, loc="lower right")
descent.text(5, 0.8, "log loss", color=COLORS["log_loss"])
descent.text(38, 0.42, "squared\nerror", color=COLORS["squared_error"])
descent.set_xscale("log")
descent.set_xlim(0.8, 3 * N_STEPS)
descent.set_title("Gradient descent from three initial points")
descent.set_xlabel("steps")
descent.set_ylabel("accuracy")
for panel in panels.values():
    panel.spines[["top", "right"]].set_visible(False)
plt.show()
