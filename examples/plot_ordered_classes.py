"""
Ordered classes: the log loss or the ordinal loss?
==================================================

Stages of a disease, grades and ratings are classes with an order. The log loss does not use
the order: it makes no difference whether a mild case is predicted as moderate or as severe.
With ``loss="ordinal"`` the network computes one number per row and learns thresholds
between the classes. The data of this example are generated, so the true probabilities are
known.
"""

# %%
# Stages of a disease
# -------------------
#
# The stage depends on the age and on the value of a blood test, of which low and high
# values are bad. Two further columns have no effect.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import cohen_kappa_score

from skshallow import DeepNetClassifier

STAGES = ["none", "mild", "moderate", "severe"]
THRESHOLDS = np.array([-1.0, 0.8, 2.4])
N_ROWS = 600
rng = np.random.default_rng(0)


def patients(n_rows):
    """Return a table of patients."""
    table = pd.DataFrame(
        {"age": rng.uniform(20, 90, n_rows), "test": rng.uniform(-3, 3, n_rows)}
    )
    return table.join(pd.DataFrame(rng.normal(size=(n_rows, 2))).add_prefix("other_"))


def true_probabilities(X):
    """Return the probability of each stage, for each row."""
    severity = 0.03 * (X["age"] - 55) + 0.6 * X["test"] ** 2 - 1
    above = expit(severity.to_numpy()[:, np.newaxis] - THRESHOLDS)
    above = np.column_stack([np.ones(len(X)), above, np.zeros(len(X))])
    return above[:, :-1] - above[:, 1:]


def draw_stages(X):
    """Return a stage for each row, as an index into STAGES."""
    below = true_probabilities(X).cumsum(axis=1)[:, :-1]
    return (below < rng.random((len(X), 1))).sum(axis=1)


X, X_test = patients(N_ROWS), patients(20_000)
y, y_test = draw_stages(X), draw_stages(X_test)

# %%
# Two networks
# ------------
#
# They differ only in the loss. The columns act smoothly here, so they need no pieces.
# Numbers are ordered by their size; of names, an ordered categorical of pandas states the
# order.

nets = {
    loss: DeepNetClassifier(32, loss=loss, numeric_encoding=None, random_state=0).fit(X, y)
    for loss in ("log_loss", "ordinal")
}
truth = true_probabilities(X_test)
print("on new rows  error of probabilities  quadratic kappa")
scores = {}
for loss, net in nets.items():
    stages = net.predict(X_test)
    scores[loss] = {
        "error": np.abs(net.predict_proba(X_test) - truth).mean(),
        "kappa": cohen_kappa_score(y_test, stages, weights="quadratic"),
    }
    error, kappa = scores[loss].values()
    print(f"{loss:11}  {error:22.3f}  {kappa:15.3f}")

# %%
# The figure shows the probabilities of the four stages against the blood test, for patients
# of 55 years, averaged over the other columns. The network with the ordinal loss is closer
# to the true probabilities: one function and three thresholds are easier to learn from few
# rows than one function per stage.

values = np.linspace(-3, 3, 61)


def over_the_test(probabilities):
    """Return the mean probabilities at each of `values`, if all rows had it."""
    rows = pd.concat([X.assign(age=55.0)] * len(values))
    rows = rows.assign(test=np.repeat(values, len(X)))
    return probabilities(rows).reshape(len(values), len(X), -1).mean(axis=1)


shown = {
    "true probabilities": over_the_test(true_probabilities),
    'loss="log_loss"': over_the_test(nets["log_loss"].predict_proba),
    'loss="ordinal"': over_the_test(nets["ordinal"].predict_proba),
}
colors = ["#dfeaf5", "#8fb8de", "#1c5d99", "#c1440e"]
figure, panels = plt.subplots(
    1, 3, figsize=(9.6, 3.6), sharex=True, sharey=True, layout="constrained"
)
for ax, (title, probabilities) in zip(panels, shown.items(), strict=True):
    ax.stackplot(values, probabilities.T, labels=STAGES, colors=colors)
    for border in shown["true probabilities"].cumsum(axis=1).T[:-1]:
        ax.plot(values, border, color="black", linewidth=1, linestyle="--")
    ax.set(title=title, xlabel="blood test", xlim=(-3, 3), ylim=(0, 1))
    ax.set_xticks([-2, 0, 2])
panels[0].set_ylabel("probability of the stages")
handles, labels = panels[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
plt.show()
