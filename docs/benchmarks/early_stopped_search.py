"""Searches that stop bad candidates early, compared with a full grid search.

Run ``python docs/benchmarks/early_stopped_search.py``; it writes
``early_stopped_search.md`` to its own folder. It needs Optuna:
``pip install "skshallow[searching]"``.

All searches choose among the same 81 nets for the digits data, by the log loss on the
same 450 validation rows, and train one net at a time. The full grid trains each of them
for 54 epochs. The other searches can stop a candidate earlier: halving after a complete
training of 6 or 18 epochs; Optuna if the loss of a trial is above the median of the
earlier trials at the same epoch, or not among the best third at epochs 4, 12 and 36.
Optuna's grid sampler takes every candidate once, in random order; its TPE sampler draws
81 times, possibly the same candidate more than once.

Time is the processor time of this process, with one thread, which does not depend on the
other load of the machine. It includes what halving and Optuna do besides training. Every
search is run with three seeds, for the net, the order and the sampler.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from environment import imported, versions_and_kernels
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    HalvingGridSearchCV,
    ParameterGrid,
    PredefinedSplit,
    train_test_split,
)
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier

optuna = imported("optuna", '"skshallow[searching]"')
HERE = Path(__file__).parent
EPOCHS = 54
SEEDS = [0, 1, 2]
GRID = {
    "activation": ["relu", "tanh", "sigmoid"],
    "init_scale": [0.1, 1.0, 10.0],
    "learning_rate": [1e-3, 1e-2, 1e-1],
    "alpha": [1e-4, 1e-2, 1.0],
}
CANDIDATES = list(ParameterGrid(GRID))


@dataclass
class Run:
    """One search: losses (n,) of fully trained nets, and the seconds when they ended."""

    losses: np.ndarray
    seconds: np.ndarray
    total_seconds: float
    epochs: int


class PruneTrial:
    """Report the validation loss of each epoch to a trial, and stop it if it is bad."""

    def __init__(self, trial):
        self.trial = trial
        self.n_epochs = 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.max_subtasks:  # the whole fit, not one of its epochs
            return
        self.n_epochs = fitted_estimator.n_iter_
        self.trial.report(fitted_estimator.validation_loss_curve_[-1], step=self.n_epochs)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def net_of(seed: int, **params) -> DeepNetClassifier:
    return DeepNetClassifier(
        32, max_iter=EPOCHS, early_stopping=False, random_state=seed, **params
    )


def full_grid(train, validation, seed: int) -> Run:
    """Train all candidates for all epochs, in a random order."""
    losses, seconds = [], []
    start = time.process_time()
    for i in np.random.default_rng(seed).permutation(len(CANDIDATES)):
        net = net_of(seed, **CANDIDATES[i]).fit(*train)
        losses.append(log_loss(validation[1], net.predict_proba(validation[0])))
        seconds.append(time.process_time() - start)
    return Run(np.array(losses), np.array(seconds), seconds[-1], EPOCHS * len(losses))


def halving(train, validation, seed: int) -> Run:
    """Search with scikit-learn's halving; its last iteration trains for all epochs."""
    X, y = (np.concatenate(parts) for parts in zip(train, validation, strict=True))
    is_validation = np.repeat([-1, 0], [len(train[0]), len(validation[0])])
    search = HalvingGridSearchCV(
        net_of(seed),
        GRID,
        resource="max_iter",
        min_resources=6,
        max_resources=EPOCHS,
        factor=3,
        scoring="neg_log_loss",
        cv=PredefinedSplit(is_validation),
        refit=False,
        random_state=seed,
    )
    start = time.process_time()
    search.fit(X, y)
    total = time.process_time() - start
    results = search.cv_results_
    last = results["iter"] == results["iter"].max()
    losses = -results["mean_test_score"][last]
    epochs = int(np.dot(search.n_resources_, search.n_candidates_))
    return Run(losses, np.full(len(losses), total), total, epochs)


def with_optuna(train, validation, seed: int, sampler, pruner) -> Run:
    """Search with an Optuna study whose trials report each epoch."""
    losses, seconds, n_epochs = [], [], []

    def objective(trial):
        params = {name: trial.suggest_categorical(name, GRID[name]) for name in GRID}
        callback = PruneTrial(trial)
        net = net_of(seed, **params).set_callbacks(callback)
        try:
            net.fit(*train, X_val=validation[0], y_val=validation[1])
        finally:
            n_epochs.append(callback.n_epochs)
        losses.append(net.validation_loss_curve_[-1])
        seconds.append(time.process_time() - start)
        return losses[-1]

    study = optuna.create_study(sampler=sampler, pruner=pruner)
    start = time.process_time()
    study.optimize(objective, n_trials=len(CANDIDATES))
    total = time.process_time() - start
    return Run(np.array(losses), np.array(seconds), total, sum(n_epochs))


def searches(seed: int) -> dict[str, tuple]:
    """Return by name a search function, and its arguments after data and seed."""
    median = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=5)
    rungs = optuna.pruners.SuccessiveHalvingPruner(min_resource=4, reduction_factor=3)
    return {
        "full grid": (full_grid,),
        "HalvingGridSearchCV": (halving,),
        "Optuna, grid, no pruning": (
            with_optuna,
            optuna.samplers.GridSampler(GRID, seed=seed),
            optuna.pruners.NopPruner(),
        ),
        "Optuna, grid, median pruner": (
            with_optuna,
            optuna.samplers.GridSampler(GRID, seed=seed),
            median,
        ),
        "Optuna, grid, halving pruner": (
            with_optuna,
            optuna.samplers.GridSampler(GRID, seed=seed),
            rungs,
        ),
        "Optuna, TPE, median pruner": (
            with_optuna,
            optuna.samplers.TPESampler(seed=seed),
            median,
        ),
    }


def seconds_to(run: Run, loss: float) -> float:
    """Return when a fully trained candidate reached that loss; infinity if none did."""
    reached = run.losses <= loss
    return run.seconds[reached.argmax()] if reached.any() else np.inf


def shares(values: list[float]) -> str:
    """Return the median and range of shares, in per cent."""
    if not values:
        return ""
    low, middle, high = (
        f"{value:.0%}" for value in (min(values), np.median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def measure() -> dict[str, list[tuple[float, ...]]]:
    """Return for each search and seed its best loss and costs, relative to the grid."""
    X, y = load_digits(return_X_y=True)
    X, X_val, y, y_val = train_test_split(X, y, test_size=450, stratify=y, random_state=0)
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in SEEDS:
        for name, (search, *settings) in searches(seed).items():
            run = search((X, y), (X_val, y_val), seed, *settings)
            if name == "full grid":
                full = run
            best = full.losses.min()
            found.setdefault(name, []).append(
                (
                    run.losses.min() / best,
                    run.epochs / full.epochs,
                    run.total_seconds / full.total_seconds,
                    seconds_to(run, best * (1 + 1e-9)) / full.total_seconds,
                )
            )
            print(seed, name, [f"{value:.3f}" for value in found[name][-1]], flush=True)
    return found


def report(found: dict[str, list[tuple[float, ...]]]) -> str:
    """Return the page."""
    lines = [
        "# Successive halving and pruning",
        "",
        "How much do successive halving and pruning save, compared with a full grid",
        "search, and do they find the same model? `early_stopped_search.py` writes",
        "this page; its docstring describes the method.",
        "",
        f"The full grid trains {len(CANDIDATES)} nets for {EPOCHS} epochs each. Epochs and",
        f"times are percentages of these: the median over {len(SEEDS)} seeds, with",
        "minimum and maximum in parentheses. The best loss is given for each seed, as",
        "a multiple of the best loss of the full grid. The last column is the time",
        "until the best net of the full grid, or one as good, was trained to the end,",
        "for the seeds where that happened. A search only knows at its end that this",
        "net was the best.",
        "",
        "| search | epochs | time | best loss | finds the best net | time to find it |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in found.items():
        losses, epochs, times, until = (list(column) for column in zip(*rows, strict=True))
        reached = [value for value in until if np.isfinite(value)]
        each = ", ".join(f"{loss:.2f}" for loss in losses)
        lines.append(
            f"| {name} | {shares(epochs)} | {shares(times)} | {each} "
            f"| {len(reached)} of {len(rows)} | {shares(reached)} |"
        )
    return "\n".join([*lines, "", versions_and_kernels("optuna")]) + "\n"


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    warnings.simplefilter("ignore")  # fit warns about candidates that cannot learn
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with threadpool_limits(1):
        text = report(measure())
    print(text)
    (HERE / "early_stopped_search.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
