"""
Does successive halving find the same model as a full grid search?
==================================================================

A grid over activation, scale of the initial weights and depth quickly becomes large, and
most of its candidates are bad. Successive halving trains all candidates for a few epochs,
keeps the best third, trains these for three times as many epochs, and so on. In
scikit-learn, :class:`~sklearn.model_selection.HalvingGridSearchCV` does so with
``resource="max_iter"``. This example shows that the score matters: with the log loss,
halving finds the best candidate of the full grid; with the accuracy, it does not.
"""

# %%
# Data and grid
# -------------
#
# The data are two classes on the arms of a spiral; the grid has 27 candidates. The learning
# rate always decreases to 0 at `max_iter`, so each training is complete, even if it is
# short.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, StratifiedKFold

from skshallow import DeepNetClassifier
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning

SEED = 0
GRID = {
    "activation": ["relu", "tanh", "sigmoid"],
    "init_scale": [0.1, 1, 10],
    "depth": [1, 2, 4],
}
FEWEST_EPOCHS, EPOCHS, FACTOR = 10, 90, 3

rng = np.random.default_rng(SEED)
n_rows = 384
y = np.arange(n_rows) % 2
radius = np.sqrt(rng.uniform(0.04, 1, n_rows))
angle = 3 * np.pi * radius + np.pi * y
X = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
X += rng.normal(scale=0.05, size=X.shape)

# %%
# The searches
# ------------
#
# The full grid search trains every candidate for all epochs and computes both log loss and
# accuracy. Halving selects by one score, so we run it once for each. Some candidates of
# this grid cannot learn, and `fit` warns about them; we ignore the warnings, since the
# scores show it as well.

SCORES = {"log loss": "neg_log_loss", "accuracy": "accuracy"}

net = DeepNetClassifier(32, max_iter=EPOCHS, random_state=SEED)
folds = StratifiedKFold(3, shuffle=True, random_state=SEED)
full = GridSearchCV(net, GRID, cv=folds, scoring=list(SCORES.values()), refit=False)
halving = {
    name: HalvingGridSearchCV(
        net,
        GRID,
        resource="max_iter",
        min_resources=FEWEST_EPOCHS,
        max_resources=EPOCHS,
        factor=FACTOR,
        cv=folds,
        scoring=scoring,
        refit=False,
        random_state=SEED,
    )
    for name, scoring in SCORES.items()
}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeadUnitsWarning)
    warnings.simplefilter("ignore", VanishingGradientWarning)
    for search in (full, *halving.values()):
        search.fit(X, y)


def key_of(params):
    """Return the values of the grid's parameters, which identify a candidate."""
    return tuple(params[name] for name in GRID)


candidates = [key_of(params) for params in full.cv_results_["params"]]
epochs_of_full = EPOCHS * len(candidates)
best_of_full, best_of_halving, rungs = {}, {}, {}
print(f"Candidates are written as ({', '.join(GRID)}).")
for name, search in halving.items():
    scores = full.cv_results_[f"mean_test_{SCORES[name]}"]
    best_of_full[name] = candidates[scores.argmax()]
    best_of_halving[name] = key_of(search.best_params_)
    place = 1 + sum(scores > scores[candidates.index(best_of_halving[name])])
    # the score of each candidate in each iteration of halving that it reached
    rungs[name] = {candidate: [] for candidate in candidates}
    results = search.cv_results_
    for params, score in zip(results["params"], results["mean_test_score"], strict=True):
        rungs[name][key_of(params)].append(score)
    early = rungs[name][best_of_full[name]][0]
    early_place = 1 + sum(reached[0] > early for reached in rungs[name].values())
    epochs = np.dot(search.n_candidates_, search.n_resources_)
    print(f"Score {name}: the full grid search chooses {best_of_full[name]}.")
    print(f"  Halving chooses {best_of_halving[name]}, with rank {place} in the full grid,")
    print(f"  in {epochs / epochs_of_full:.0%} of the epochs. The best candidate of the")
    print(f"  full grid had rank {early_place} after {FEWEST_EPOCHS} epochs.")

# %%
# Results
# -------
#
# Each line is a candidate (a net), until halving eliminates it; the dots on the right are
# the full grid search. Stars mark the best candidate of the full grid. With the log loss,
# halving keeps it to the end. With the accuracy, halving eliminates it: after few epochs
# the accuracies of the candidates are close together, and the later winner is not yet among
# the best. In both cases halving needs the same share of the epochs of the full grid
# search.

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#aaaaaa"
LIMITS = {"log loss": (0, 0.8), "accuracy": (0.45, 1.03)}
figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
for ax, (name, search) in zip(panels, halving.items(), strict=True):
    sign = -1 if name == "log loss" else 1
    n_rungs = len(search.n_resources_)
    for scores in rungs[name].values():
        ax.plot(sign * np.array(scores), ".-", color=GREY, linewidth=0.8)
    at_the_end = sign * full.cv_results_[f"mean_test_{SCORES[name]}"]
    ax.plot(np.full(len(candidates), n_rungs - 0.4), at_the_end, ".", color=GREY)
    chosen = sign * np.array(rungs[name][best_of_halving[name]])
    ax.plot(chosen, "o-", color=BLUE, linewidth=2.5, label="chosen by halving")
    best = best_of_full[name]
    n_reached = len(rungs[name][best])
    ax.plot(
        [*range(n_reached), n_rungs - 0.4],
        [*(sign * np.array(rungs[name][best])), at_the_end[candidates.index(best)]],
        "*",
        color=RUST,
        markersize=13,
        zorder=3,
        label="chosen by the full grid",
    )
    ticks = [
        f"{n_epochs} epochs,\n{n_nets} nets"
        for n_epochs, n_nets in zip(search.n_resources_, search.n_candidates_, strict=True)
    ]
    full_tick = f"full grid:\n{EPOCHS} epochs,\n{len(candidates)} nets"
    ax.set_xticks([*range(n_rungs), n_rungs - 0.4], [*ticks, full_tick])
    ax.set_ylim(LIMITS[name])
    n_outside = sum(at_the_end > LIMITS[name][1])
    if n_outside:
        ax.text(n_rungs - 0.4, 0.78, f"{n_outside} above", ha="center", color="#555555")
    ax.set_ylabel(f"{name}, mean of {folds.n_splits} folds")
    ax.set_title(f"Successive halving by {name}")
    ax.spines[["top", "right"]].set_visible(False)
panels[1].legend(frameon=False, loc="upper left")
plt.show()
