"""
Which columns matter, and how? Effects of a network
====================================================

A linear model has coefficients to read; a network does not. Integrated gradients are the
counterpart: for each row, they divide the network's output among the columns. Their mean
magnitudes show which columns matter (feature importance), and plotted against the values
of a column they show how it acts: non-linearly, or differently for different categories
(interactions). The data of this example are generated, so the true effects are known.
"""

# %%
# Customers of a gym
# ------------------
#
# The task is to predict whether customers will leave. Those with a monthly plan tend to
# leave in the first months, those with a yearly plan later. Frequent visitors stay,
# whatever their plan. Age has no effect. The network takes the table as it is, with a
# category and missing values. Its numbers enter as they are (``numeric_encoding=None``):
# in pieces, the default for so many rows, it can bend at the border of each piece, and here
# the effect of visits, in truth a line, came out bent.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier
from skshallow.inspection import EffectsDisplay, integrated_gradients

rng = np.random.default_rng(0)
N_ROWS = 4000
X = pd.DataFrame(
    {
        "plan": rng.choice(["monthly", "yearly"], N_ROWS),
        "months": rng.uniform(0, 24, N_ROWS).round(1),
        "visits": rng.gamma(2, 3, N_ROWS).round(1),
        "age": rng.normal(40, 12, N_ROWS).clip(16, 90).round(),
    }
)
direction = np.where(X["plan"] == "monthly", -1, 1)
log_odds = direction * (X["months"] - 12) / 4 - 0.2 * (X["visits"] - 6)
y = np.where(rng.random(N_ROWS) < expit(log_odds), "leaves", "is staying")
X["age"] = X["age"].mask(rng.random(N_ROWS) < 0.1)

net = DeepNetClassifier(32, max_iter=60, numeric_encoding=None, random_state=0)
net.fit(X, y)
print(f"accuracy on the training rows: {net.score(X, y):.3f}")

# %%
# Importances
# -----------
#
# The effects of each row add up to its log odds, minus the mean log odds of the background
# rows. The bars are means of their magnitudes.

effects = integrated_gradients(net, X[:1000], background=X[1000:1050])
total = effects.base_values + effects.values.sum(axis=1)
print(
    f"largest error of the sums: {abs(total - net.decision_function(X[:1000])).max():.4f}"
)
EffectsDisplay.from_effects(effects)
plt.show()

# %%
# Effects against values
# ----------------------
#
# The months act in opposite directions for the two plans: the points form two curves, one
# that falls and one that rises. The effect of visits is the same for both plans: the points
# lie about a single line, scattered most where customers are few. Its true slope is -0.2
# per visit; that of the network is flatter.

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, column in zip(axes, ["months", "visits"], strict=True):
    EffectsDisplay.from_effects(effects, column=column, color_by="plan", ax=ax)
slope = np.polyfit(X["visits"][:1000], effects.values[:, 2], 1)[0]
print(f"slope of the effects of visits: {slope:.2f}")

# %%
# The coefficients of logistic regression
# ---------------------------------------
#
# A linear model has one slope for all rows. Here the two directions of the months cancel,
# and their coefficient is close to zero, as if they did not matter.

table = pd.get_dummies(X.assign(age=X["age"].fillna(X["age"].mean())), dtype=float)
linear = LogisticRegression().fit(StandardScaler().fit_transform(table), y)
coefficients = dict(zip(table, linear.coef_[0], strict=True))
for name, coefficient in coefficients.items():
    print(f"{name:14} {coefficient:6.2f}")
plt.show()
