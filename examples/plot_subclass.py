"""
A subclass with a parameter of its own: recent rows count more
==============================================================

A machine may work differently today than a year ago. A network that is fitted to all rows
then predicts a mean of old and new. This example writes a subclass of
:class:`~skshallow.DeepNetRegressor` with a parameter ``half_life``: a row that is this
number of rows older than another counts half as much. The new parameter can be searched
like all others.
"""

# %%
# A subclass
# ----------
#
# The estimators are dataclasses: a field of the subclass is a further parameter. ``fit``
# computes the weights of the rows and leaves the rest to the estimator.

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skshallow import DeepNetRegressor


@dataclass(kw_only=True, eq=False, repr=False)
class Recent(DeepNetRegressor):
    """A network for which recent rows count more; rows are in the order of time."""

    half_life: float = np.inf

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Fit to all rows, with weights that halve every `half_life` rows."""
        age = np.arange(len(y))[::-1]
        weight = 0.5 ** (age / self.half_life)
        if sample_weight is not None:
            weight = weight * sample_weight
        validation = {
            "X_val": X_val,
            "y_val": y_val,
            "sample_weight_val": sample_weight_val,
        }
        return super().fit(X, y, weight, **validation, groups=groups)


# %%
# A machine that changes
# ----------------------
#
# The power that a machine takes depends on its load. Over 2000 measurements this dependence
# changes slowly.

N_ROWS = 2000
N_NEXT = 200
NOISE = 6
HALF_LIVES = [np.inf, 1000, 500, 250, 120, 60, 30, 15]
rng = np.random.default_rng(0)
time = np.arange(N_ROWS + N_NEXT) / N_ROWS
load = rng.uniform(0, 1, len(time))


def true_power(load, time):
    """Return the power at a load; the peak moves with the time."""
    return 50 + 40 * np.exp(-(((load - 0.2 - 0.6 * time) / 0.25) ** 2))


y = true_power(load, time) + NOISE * rng.normal(size=len(time))
X = load[:, np.newaxis]
past, following = slice(0, N_ROWS), slice(N_ROWS, None)

# %%
# ``half_life=numpy.inf`` is the network of the package. A search with
# :class:`~sklearn.model_selection.TimeSeriesSplit` trains on the past only, and chooses the
# half-life with the best predictions of the rows that follow.

net = Recent(32, max_iter=60, early_stopping=False, random_state=0)
search = GridSearchCV(
    net,
    {"half_life": HALF_LIVES},
    cv=TimeSeriesSplit(3, test_size=N_NEXT),
    scoring="neg_root_mean_squared_error",
).fit(X[past], y[past])
chosen = search.best_params_["half_life"]
errors = {}
for half_life in HALF_LIVES:
    fitted = net.set_params(half_life=half_life).fit(X[past], y[past])
    errors[half_life] = root_mean_squared_error(y[following], fitted.predict(X[following]))
print(f"half-life chosen by the search: {chosen} rows")
print(f"error on the next {N_NEXT} rows: {errors[chosen]:.1f}")
print(f"if all rows count the same: {errors[np.inf]:.1f}, of the noise alone: {NOISE:.1f}")

# %%
# On the left, the predictions of both networks and the measurements, of which the last
# hundred are dark. On the right, the error on the rows that follow. If old rows count as
# much as new ones, the network predicts the mean of all peaks that there were. If the
# half-life is too short, few rows are left to learn from.

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#777777"
loads = np.linspace(0, 1, 101)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
left.scatter(load[past], y[past], s=6, color="#dddddd", label="measurements")
left.scatter(load[past][-100:], y[past][-100:], s=10, color=GREY, label="the last 100")
lines = {"all rows count the same": (np.inf, RUST), f"half-life {chosen}": (chosen, BLUE)}
for name, (half_life, color) in lines.items():
    fitted = net.set_params(half_life=half_life).fit(X[past], y[past])
    left.plot(loads, fitted.predict(loads[:, np.newaxis]), color=color, label=name)
left.plot(loads, true_power(loads, 1), color="black", linestyle="--", label="truth, now")
left.set(xlabel="load", ylabel="power")
left.legend(frameon=False, fontsize="small", loc="upper left")
left.set_ylim(top=140)

right.plot(range(len(HALF_LIVES)), errors.values(), "o-", color=BLUE)
right.plot(HALF_LIVES.index(chosen), errors[chosen], "o", color=RUST, markersize=9)
right.annotate(
    "chosen by the search",
    (HALF_LIVES.index(chosen), errors[chosen]),
    (30, 34),
    textcoords="offset points",
    ha="right",
    color=RUST,
)
right.axhline(NOISE, color=GREY, linestyle="--")
right.text(0, NOISE + 0.1, "noise", color=GREY)
right.set_xticks(range(len(HALF_LIVES)), ["∞", *map(str, HALF_LIVES[1:])])
right.set(xlabel="half-life in rows", ylabel=f"error on the next {N_NEXT} rows")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
