"""
Rare classes: what do class weights change?
===========================================

Where one row in twenty is positive, a classifier that is often right may hardly ever say
"positive". ``class_weight="balanced"`` counts the rare rows more, and moving the threshold
says "positive" at a smaller probability. Both find more of the rare class, at about the
same price in false alarms; they differ in what is left of the probabilities.
"""

# %%
# Three nets
# ----------
#
# The two classes overlap, and 5% of the rows are of the rarer one. Class weights are
# nothing but sample weights: a net that is given either learns the same.

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_classification
from sklearn.metrics import (
    average_precision_score,
    log_loss,
    precision_recall_curve,
    precision_score,
    recall_score,
)
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from skshallow import ShallowNetClassifier

X, y = make_classification(
    30_000,
    n_features=10,
    n_informative=6,
    n_clusters_per_class=3,
    weights=[0.95],
    flip_y=0,
    class_sep=0.8,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=10_000, stratify=y, random_state=0
)
settings = {"hidden_units": 32, "alpha": 3e-4, "max_iter": 40, "random_state": 0}
plain = ShallowNetClassifier(**settings).fit(X_train, y_train)
balanced = ShallowNetClassifier(class_weight="balanced", **settings).fit(X_train, y_train)
weighted = ShallowNetClassifier(**settings).fit(
    X_train, y_train, sample_weight=compute_sample_weight("balanced", y_train)
)
difference = np.abs(balanced.predict_proba(X_test) - weighted.predict_proba(X_test)).max()
print(f"class weights and sample weights differ by {difference:.1e} at most")

# %%
# Decisions
# ---------
#
# Weights that make the classes equal multiply the odds of the rare class by
# ``(1 - share) / share``, so a balanced net that says 1/2 means what a plain one means
# with the rare class's share. Dividing the odds by that number again gives probabilities
# back.

share = y_train.mean()
probabilities = {
    "plain": plain.predict_proba(X_test)[:, 1],
    "balanced": balanced.predict_proba(X_test)[:, 1],
}
probabilities["balanced, odds corrected"] = expit(
    logit(probabilities["balanced"]) + logit(share)
)
decisions = {
    "plain, above 1/2": probabilities["plain"] > 0.5,
    f"plain, above {share:.2g}": probabilities["plain"] > share,
    "balanced, above 1/2": probabilities["balanced"] > 0.5,
}
points = {
    name: (recall_score(y_test, decision), precision_score(y_test, decision))
    for name, decision in decisions.items()
}
for name, (recall, precision) in points.items():
    print(
        f"{name:20} finds {recall:.0%} of the rare class, and {precision:.0%} of its "
        "finds are right"
    )

# %%
# Probabilities
# -------------
#
# Whoever reads the balanced net's number as a probability is misled; the correction mends
# that. It does not mend the order of the rows, which the average precision judges.

for name, p in probabilities.items():
    print(
        f"{name:24} average precision {average_precision_score(y_test, p):.3f}, log loss "
        f"{log_loss(y_test, p):.3f}, mean {p.mean():.3f} where {y_test.mean():.3f} are rare"
    )

# %%
# The picture
# -----------
#
# On the left, balancing moves the decision to where the other threshold has moved it too:
# most of the rare class is found, and most finds are false. The curves are what other
# thresholds would do: they nearly meet there, and the plain net's is the better one where
# few finds shall be false. On the right, the balanced net's probabilities are far too high
# until their odds are corrected. So here the threshold does what the weights do, and the
# probabilities stay.

COLORS = {
    "plain": "#1c5d99",
    "balanced": "#c1440e",
    "balanced, odds corrected": "#e0a458",
}
MARKERS = ["o", "s", "D"]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.7), layout="constrained")
for name in ("plain", "balanced"):
    precision, recall, _ = precision_recall_curve(y_test, probabilities[name])
    left.plot(recall, precision, color=COLORS[name], linewidth=1.2)
for (name, point), marker in zip(points.items(), MARKERS, strict=True):
    color = COLORS[name.split(",")[0]]
    left.plot(*point, marker, color=color, markersize=9, mec="white", label=name)
left.set(
    xlabel="recall: share of the rare class that is found",
    ylabel="precision: share of the finds that are right",
    xlim=(0, 1.02),
    ylim=(0, 1.02),
    title="Where the decision lies",
)
left.legend(frameon=False, loc="lower left")

right.plot([0, 1], [0, 1], color="#555555", linestyle=":", linewidth=1)
for name, p in probabilities.items():
    observed, predicted = calibration_curve(y_test, p, n_bins=10)
    right.plot(predicted, observed, "o-", color=COLORS[name], markersize=4, label=name)
right.set(
    xlabel="predicted probability of the rare class",
    ylabel="its share among these rows",
    title="What the probabilities are worth",
)
right.legend(frameon=False, loc="upper left")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
