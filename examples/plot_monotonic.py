"""
Directions that are known: monotonic constraints
================================================

A larger flat does not cost less, all else being equal, and a longer way to the centre does
not make it more expensive. A network that learns from few and noisy rows does not know this
and may predict the opposite in places. ``monotonic_cst`` tells it, and the network then
keeps these directions everywhere, not only on average. The data of this example are
generated, so the true rents are known.
"""

# %%
# Rents
# -----
#
# The rent rises with the area, but less and less, and falls with the distance from the
# centre. It depends on the year of construction as well, without a direction: old and new
# houses are expensive, those of the 1960s are not.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from skshallow import DeepNetRegressor

N_ROWS = 150
rng = np.random.default_rng(0)


def flats(n_rows):
    return pd.DataFrame(
        {
            "area": rng.uniform(15, 120, n_rows).round(),
            "distance": rng.gamma(2, 3, n_rows).clip(0, 20).round(1),
            "year": rng.integers(1900, 2025, n_rows).astype(float),
        }
    )


def true_rent(X):
    location = 1 + np.exp(-X["distance"] / 4)
    age = 1 + 0.3 * ((X["year"] - 1965) / 60) ** 2
    return 130 * np.sqrt(X["area"]) * location * age / 2


X = flats(N_ROWS)
y = true_rent(X) + 250 * rng.normal(size=N_ROWS)
X_new = flats(2000)

# %%
# Two networks
# ------------
#
# Both have the same layers. The first may do anything; the second must not decrease with
# the area, must not increase with the distance, and is free in the year.

params = {"hidden_units": 64, "max_iter": 300, "random_state": 0}
nets = {
    "without constraints": DeepNetRegressor(**params),
    "with constraints": DeepNetRegressor(
        **params, monotonic_cst={"area": 1, "distance": -1}
    ),
}
scores = {}
for title, net in nets.items():
    net.fit(X, y)
    scores[title] = r2_score(true_rent(X_new), net.predict(X_new))
    print(f"R2 of the true rents of new flats, {title}: {scores[title]:.3f}")

# %%
# Counterexamples
# ---------------
#
# How often does the predicted rent fall if a flat grows by ten square metres, or rise if it
# is one kilometre further out? The constrained network has no such case, by construction.

larger = X_new.assign(area=X_new["area"] + 10)
further = X_new.assign(distance=X_new["distance"] + 1)
shares = {}
for title, net in nets.items():
    rent = net.predict(X_new)
    shares[title] = (
        np.mean(net.predict(larger) < rent),
        np.mean(net.predict(further) > rent),
    )
    print(
        f"{title}: {shares[title][0]:.0%} of the flats are cheaper if larger, "
        f"{shares[title][1]:.0%} more expensive further out"
    )

# %%
# Pictures
# --------
#
# Each line is the rent of flats that differ only in their area, or only in their distance;
# dashed lines are the true rents. The constrained network need not be convex or concave,
# and the free column can change how steep its lines are.

LINES = {"area": np.arange(15, 121), "distance": np.linspace(0, 20, 101)}
OTHERS = {
    "area": [("distance", 1), ("distance", 5), ("distance", 15)],
    "distance": [("year", 1905), ("year", 1965), ("year", 2020)],
}
TYPICAL = {"area": 60, "distance": 5, "year": 1980}
LABELS = {"area": "area (m²)", "distance": "distance (km)", "year": "year"}

figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharey="row", layout="constrained")
for row, (column, values) in zip(axes, LINES.items(), strict=True):
    for ax, (title, net) in zip(row, nets.items(), strict=True):
        for i, (other, value) in enumerate(OTHERS[column]):
            line = pd.DataFrame({**TYPICAL, other: value, column: values})[list(X)]
            line = line.astype(float)
            ax.plot(values, true_rent(line), f"C{i}--", linewidth=1, alpha=0.7)
            label = f"{LABELS[other]}: {value}"
            ax.plot(values, net.predict(line), f"C{i}", linewidth=2, label=label)
        ax.set(xlabel=LABELS[column], title=title)
    row[0].set_ylabel("rent")
    row[1].legend(frameon=False)
plt.show()
