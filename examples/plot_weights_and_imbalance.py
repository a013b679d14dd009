"""
Imbalanced classes: class weights or decision threshold?
========================================================

If only 5 % of the rows belong to the positive class, a classifier can have a high accuracy
and still detect few of them. There are two common remedies. ``class_weight="balanced"``
gives the rare class a larger weight in training. Lowering the decision threshold predicts
the rare class already at a smaller probability. Both increase the recall of the rare class,
at about the same cost in precision. They differ in the predicted probabilities: class
weights distort them, a different threshold does not.
"""

# %%
# Three networks
# --------------
#
# The two classes overlap, and 5% of the rows belong to the rare class. Class weights are
# equivalent to sample weights: training with either gives the same network.

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
print(f"class weights and sample weights differ by at most {difference:.1e}")

# %%
# Decisions
# ---------
#
# Balanced class weights multiply the odds of the rare class by ``(1 - share) / share``,
# where ``share`` is the proportion of the rare class in the training data. So a threshold
# of 1/2 for the balanced network corresponds to a threshold of ``share`` for the plain
# network. Dividing the odds by that factor corrects the probabilities.

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
    print(f"{name:20} recall {recall:.0%} and precision {precision:.0%} for the rare class")

# %%
# Probabilities
# -------------
#
# The outputs of the balanced network are not calibrated probabilities; after the correction
# they nearly are, and their mean is the true share. The correction does not change
# the ranking of the rows, which the average precision measures.

for name, p in probabilities.items():
    print(
        f"{name:24} average precision {average_precision_score(y_test, p):.3f}, log loss "
        f"{log_loss(y_test, p):.3f}, mean {p.mean():.3f} (true share {y_test.mean():.3f})"
    )

# %%
# Results
# -------
#
# On the left, class weights and the lower threshold lead to about the same point: most of
# the rare class is detected, and most detections are false. The precision-recall curves
# show all other thresholds. Near this point they nearly meet; where high precision is
# needed, the plain network is better. On the right, the probabilities of the balanced
# network are far too high until their odds are corrected; those of the plain network are
# close to the observed shares, though too cautious above 1/2. So in this example lowering
# the threshold has the same effect as class weights, without distorting the probabilities.

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
    xlabel="recall: share of the rare class that is detected",
    ylabel="precision: share of the detections that are correct",
    xlim=(0, 1.02),
    ylim=(0, 1.02),
    title="Precision and recall",
)
left.legend(frameon=False, loc="lower left")

right.plot([0, 1], [0, 1], color="#555555", linestyle=":", linewidth=1)
for name, p in probabilities.items():
    observed, predicted = calibration_curve(y_test, p, n_bins=10)
    right.plot(predicted, observed, "o-", color=COLORS[name], markersize=4, label=name)
right.set(
    xlabel="predicted probability of the rare class",
    ylabel="observed share of the rare class",
    title="Calibration of the probabilities",
)
right.legend(frameon=False, loc="upper left")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
