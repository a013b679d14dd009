"""
Does a halving search find what the full grid finds?
====================================================

A grid over the activation, the scale of the starting weights and the depth soon holds many
nets, most of which are no good. Successive halving gives all of them a few epochs, keeps
the better third, gives these three times as many, and so on:
:class:`~sklearn.model_selection.HalvingGridSearchCV` does so with
``resource="max_iter"``. Whether it ends with the best net of the full grid depends on what
it judges by after a few epochs.
"""

# %%
# Data and grid
# -------------
#
# Two classes on the arms of a spiral, and 27 nets. The learning rate falls to 0 at
# `max_iter`, whatever that is, so each budget is a short but complete training.

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
# The full grid trains every net for all epochs, and is scored by the log loss and by the
# accuracy at once. Halving has one score to choose by, so it runs once for each. Some nets
# of such a grid cannot learn, and `fit` warns of them; here the score tells.

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
    """Return what tells one candidate from the others."""
    return tuple(params[name] for name in GRID)


candidates = [key_of(params) for params in full.cv_results_["params"]]
epochs_of_full = EPOCHS * len(candidates)
best_of_full, best_of_halving, rungs = {}, {}, {}
print(f"A net is written as ({', '.join(GRID)}).")
for name, search in halving.items():
    scores = full.cv_results_[f"mean_test_{SCORES[name]}"]
    best_of_full[name] = candidates[scores.argmax()]
    best_of_halving[name] = key_of(search.best_params_)
    place = 1 + sum(scores > scores[candidates.index(best_of_halving[name])])
    # the score of each candidate at each rung that it reached, and in the full grid
    rungs[name] = {candidate: [] for candidate in candidates}
    results = search.cv_results_
    for params, score in zip(results["params"], results["mean_test_score"], strict=True):
        rungs[name][key_of(params)].append(score)
    early = rungs[name][best_of_full[name]][0]
    early_place = 1 + sum(reached[0] > early for reached in rungs[name].values())
    epochs = np.dot(search.n_candidates_, search.n_resources_)
    print(f"By {name}, the full grid chooses {best_of_full[name]}, and halving")
    print(f"  {best_of_halving[name]}, number {place} of the full grid, with")
    print(f"  {epochs / epochs_of_full:.0%} of its epochs. The full grid's best net was")
    print(f"  number {early_place} of {len(candidates)} after {FEWEST_EPOCHS} epochs.")

# %%
# The picture
# -----------
#
# Each line is a net, as long as halving keeps it; the dots on the right are the full grid.
# Stars mark the best net of the full grid wherever it was scored. By log loss, halving
# keeps it to the end. By accuracy it drops it: as long as nets have learned little, their
# accuracies lie in a crowd, and the later winner is not yet in front. Either way halving
# costs the same share of the full grid's epochs.

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#aaaaaa"
LIMITS = {"log loss": (0.1, 0.8), "accuracy": (0.45, 1)}
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
        ax.text(
            n_rungs - 0.4, 0.78, f"{n_outside} nets above", ha="center", color="#555555"
        )
    ax.set_ylabel(f"{name}, mean of {folds.n_splits} folds")
    ax.set_title(f"Halving by {name}")
    ax.spines[["top", "right"]].set_visible(False)
panels[1].legend(frameon=False, loc="upper left")
plt.show()
