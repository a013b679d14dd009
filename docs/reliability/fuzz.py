"""Fuzz testing: random estimators on random data give finite outputs or a clear error.

    python docs/reliability/fuzz.py --cases 2000

Each case draws an estimator, its parameters from the package's tables of components, rows
and targets of any magnitude and container, weights, and the training calls. It passes if

- every call returns, or raises one of the `EXPLANATIONS` and leaves the net as it was;
- there are no warnings but those of the package's own classes;
- all outputs are finite, probabilities sum to 1, and the inputs are unchanged;
- after saving and loading, the net predicts the same values bit by bit.

A case that fails is reduced to a minimal one, which is printed; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import skshallow
from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS, LeakyReLU
from skshallow.exceptions import (
    DeadUnitsWarning,
    IneffectiveParameterWarning,
    VanishingGradientWarning,
)
from skshallow.initializers import INITIALIZERS
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Gaussian,
    Huber,
    Quantile,
)
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS, Adam

NAMED_WARNINGS = (
    ConvergenceWarning,
    DeadUnitsWarning,
    IneffectiveParameterWarning,
    VanishingGradientWarning,
)

# What a call may say instead of doing its work: a name in the report, and the words.
EXPLANATIONS = {
    "diverged": r"diverged with (learning_rate|solver)=.*Try",
    "no start": r"The loss is .* before the first step.*Check the units",
    "no best epoch": r"Early stopping found no best epoch.*Check",
    "target beyond dtype": r"The largest magnitude in y is .*(Pass|Rescale)",
    "row beyond dtype": r"net's output overflows .*Check the units of such rows",
    "combination": r"has no effect (with|in)|needs all rows at once|Give max_iter",
    "end of schedule": r"ends after max_iter=",
    "target domain": r"loss='(poisson|gamma)' needs (targets|at least one target) y >",
    "one class": r"needs at least 2 classes",
    "unknown label": r"not among the classes",
    "too few to hold out": r"cannot hold out validation_fraction=",
    "too few rows": r"Found array with 1 sample\(s\)",
    "weights beyond dtype": r"weights of layer \d in the units of your data overflow",
    "weights": r"sample_weight.* (is zero|must not be negative)|inconsistent numbers",
    "other net": r"another net|of a loss with a \w+Link|changed between|targets per row",
    "magnitude of X": r"contains infinity or a value too large",
}


def magnitudes(lowest: int = -300, highest: int = 300) -> st.SearchStrategy[float]:
    """Draw a power of ten, mostly an ordinary one."""
    ordinary = st.sampled_from([1.0, 1.0, 1.0, 0.01, 100.0])
    return ordinary | st.integers(lowest, highest).map(lambda power: 10.0**power)


def named(table: dict[str, Any], *instances: Any) -> st.SearchStrategy:
    """Draw a component's name, or an instance with settings of its own."""
    return st.sampled_from([*table, *instances])


SHARED = {
    "init": named(INITIALIZERS) | st.just("auto"),
    "init_scale": magnitudes(),
    "solver": named(SOLVERS, Adam(beta_2=0.9)),
    "learning_rate": magnitudes(-12, 12) | st.just("auto"),
    "schedule": named(SCHEDULES),
    "n_members": st.integers(1, 3),
    "alpha": magnitudes() | st.just(0.0),
    "dropout": st.sampled_from(["auto", 0.0, 0.3, 0.9, 1 - 1e-16]),
    "max_grad_norm": magnitudes(),
    "average_weights": st.sampled_from(["auto", True, False]),
    "batch_size": st.sampled_from([None, "auto", 1, 2, 7, 10**20]),
    "max_iter": st.integers(1, 4),
    "shuffle": st.booleans(),
    "tol": magnitudes(-300, 10) | st.just(0.0),
    "n_iter_no_change": st.sampled_from([1, 2, np.inf]),
    "early_stopping": st.booleans(),
    "validation_fraction": st.sampled_from([0.01, 0.3, 0.9]),
    "standardize": st.booleans(),
    "dtype": st.sampled_from(["float32", "float64"]),
    "record_health": st.booleans(),
    "warm_start": st.booleans(),
}
OF_CLASSIFIERS = {
    "loss": named(CLASSIFICATION_LOSSES),
    "class_weight": st.sampled_from(["balanced"]),
    "label_smoothing": st.sampled_from([0.0, 0.1, 1 - 1e-16]),
    "temperature_scaling": st.booleans(),
}
SEVERAL_QUANTILES = Quantile([0.1, 0.5, 0.9])
OF_REGRESSORS = {
    "loss": named(REGRESSION_LOSSES, Huber(0.1), Gaussian(beta=0), SEVERAL_QUANTILES),
}
WIDTHS = {
    ShallowNetClassifier: st.integers(1, 6),
    ShallowNetRegressor: st.integers(1, 6),
    DeepNetClassifier: st.lists(st.integers(1, 6), max_size=3),
    DeepNetRegressor: st.lists(st.integers(1, 6), max_size=3),
}
CONTAINERS = {
    "array": np.array,
    "float32": lambda X: np.clip(X, -3e38, 3e38).astype(np.float32),
    "Fortran order": np.asfortranarray,
    "big-endian": lambda X: X.astype(">f8"),
    "strided": lambda X: X.repeat(2, axis=0)[::2],
    "lists": lambda X: X.tolist(),
    "CSR": lambda X: sparse.csr_array(np.where(X > 0, X, 0)),
    "CSC": sparse.csc_array,
    "pandas": lambda X: pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])]),
    "polars": lambda X: pl.DataFrame(X, schema=[f"x{j}" for j in range(X.shape[1])]),
}
TARGETS = {
    "two classes": lambda z, unit: z > 0,
    "names": lambda z, unit: np.array(["ant", "bee", "cow"])[np.digitize(z, [-0.5, 0.5])],
    "huge integers": lambda z, unit: 2**62 + np.digitize(z, [-1, 0, 1]),
    "one class": lambda z, unit: np.zeros(len(z), int),
    "nullable": lambda z, unit: pd.Series(z > 0, dtype="boolean"),
    "labels": lambda z, unit: np.column_stack([z > 0, z > 9, z < 9]).astype(int),
    "numbers": lambda z, unit: z * unit,
    "positive numbers": lambda z, unit: np.exp(z) * unit,
    "counts": lambda z, unit: np.floor(np.exp(z)),
    "a constant": lambda z, unit: np.full(len(z), unit),
    "two targets": lambda z, unit: np.column_stack([np.exp(z) * unit, np.exp(-z)]),
}
CLASSES = ["two classes", "names", "huge integers", "nullable", "labels", "one class"]
NUMBERS = [name for name in TARGETS if name not in CLASSES]
CALLS = [["fit"], ["fit", "fit"], ["partial_fit"] * 3, ["fit", "partial_fit"]]
OF_STOCHASTIC_SOLVERS = [
    "batch_size", "learning_rate", "schedule", "shuffle", "dropout", "max_grad_norm",
    "average_weights",
]  # fmt: skip
OF_VALIDATION = ["validation_fraction", "temperature_scaling"]


@dataclass
class Case:
    """An estimator's class and parameters, what it learns from, and by which calls."""

    cls: type
    params: dict[str, Any]
    container: str
    target: str
    calls: list[str]
    n_rows: int
    columns: list[float]  # the magnitude of each feature
    target_unit: float
    weight_units: list[float] | None
    validates: bool  # on rows of its own, in the calls of fit
    far: float  # how far the rows to predict lie from those of the training
    seed: int

    def rows(self, i: int) -> np.ndarray:
        """Return the rows of the `i`-th call (n_rows, n_features)."""
        rng = np.random.default_rng([self.seed, i])
        return rng.normal(size=(self.n_rows, len(self.columns))) * self.columns

    def targets(self, i: int) -> Any:
        """Return their targets."""
        z = np.random.default_rng([self.seed, i, 1]).normal(size=self.n_rows)
        return TARGETS[self.target](z, self.target_unit)

    def weight(self, i: int) -> np.ndarray | None:
        """Return their weights (n_rows,), or None."""
        if self.weight_units is None:
            return None
        rng = np.random.default_rng([self.seed, i, 2])
        return rng.random(self.n_rows) * rng.choice(self.weight_units, self.n_rows)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case; what is drawn first shrinks first."""
    cls = draw(st.sampled_from(list(WIDTHS)))
    classifies = hasattr(cls, "decision_function")
    widths = draw(WIDTHS[cls])
    activation = named(ACTIVATIONS, LeakyReLU(0.3))
    optional = SHARED | (OF_CLASSIFIERS if classifies else OF_REGRESSORS)
    chosen = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=7))
    params = {name: draw(optional[name]) for name in chosen}
    params |= {"hidden_units": widths, "random_state": draw(st.integers(0, 3))}
    params["activation"] = draw(activation)
    if isinstance(widths, list) and draw(st.booleans()):
        params["activation"] = [draw(activation) for _ in widths]
    params.setdefault("max_iter", 3)
    calls = draw(st.sampled_from(CALLS))
    if draw(st.integers(0, 9)) > 0:
        params = without_conflicts(params, calls)
    return Case(
        cls,
        params,
        container=draw(st.sampled_from(list(CONTAINERS))),
        target=draw(st.sampled_from(CLASSES if classifies else NUMBERS)),
        calls=calls,
        n_rows=draw(st.sampled_from([1, 2, 3, 5]) | st.integers(8, 40)),
        columns=draw(st.lists(magnitudes() | st.just(0.0), min_size=1, max_size=4)),
        target_unit=draw(magnitudes()),
        weight_units=draw(st.none() | st.lists(magnitudes() | st.just(0.0), min_size=1)),
        validates=draw(st.booleans()),
        far=draw(st.sampled_from([1.0, 1.0, 1e3, 1e10, 1e300])),
        seed=draw(st.integers(0, 2**16)),
    )


def without_conflicts(params: dict[str, Any], calls: list[str]) -> dict[str, Any]:
    """Return `params` without most of what the package would refuse to combine."""
    params = dict(params)
    useless = []
    if params.get("solver") == "lbfgs":
        useless += [*OF_STOCHASTIC_SOLVERS, "n_iter_no_change"]
    elif params.get("n_iter_no_change", np.inf) == np.inf:
        useless += ["tol"]
    if "partial_fit" in calls:
        useless += ["early_stopping", "class_weight"]
    if "early_stopping" in useless or not params.get("early_stopping"):
        useless += OF_VALIDATION
    return {name: value for name, value in params.items() if name not in useless}


# Running a case.


def explanation(error: Exception) -> str:
    """Return the name of what `error` explains; raise it if that is nothing."""
    for name, words in EXPLANATIONS.items():
        if isinstance(error, ValueError | TypeError) and re.search(
            words, str(error), re.DOTALL
        ):
            return name
    raise error


def fingerprint(data: Any) -> Any:
    """Return the bytes of what `data` consists of."""
    if sparse.issparse(data):
        return data.data.tobytes(), data.indices.tobytes(), data.indptr.tobytes()
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    if isinstance(data, np.ndarray) and data.dtype != object:
        return data.tobytes(), data.strides
    return None if data is None else repr(data)


def state(net: Any) -> dict[str, Any]:
    """Return what a failed call must leave as it is."""
    return {name: copy.copy(value) for name, value in vars(net).items()}


def outputs(net: Any, X: Any) -> dict[str, np.ndarray]:
    """Return all that the net predicts for X, by name."""
    found = {"predict": net.predict(X)}
    if hasattr(net, "classes_"):
        for name in ("decision_function", "predict_proba", "predict_log_proba"):
            found[name] = getattr(net, name)(X)
        return found
    found["members"] = net.predict_members(X)
    if hasattr(net, "predict_interval"):
        found["interval"] = net.predict_interval(X, 0.8)
    if hasattr(net, "predict_quantiles"):
        found["quantiles"] = net.predict_quantiles(X, [0.5])
    return found


def check_outputs(net: Any, found: dict[str, np.ndarray]) -> None:
    """Assert that outputs are finite, and probabilities are some."""
    for name, output in found.items():
        if output.dtype.kind == "f":
            assert np.isfinite(output).all(), f"{name} is not finite"
    if "predict_proba" in found and not net._is_multilabel:
        assert np.allclose(found["predict_proba"].sum(axis=1), 1, atol=1e-5)


def check_file(net: Any, X: Any, found: dict[str, np.ndarray]) -> None:
    """Assert that the net in a file predicts the same bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.npz"
        net.save(path)
        loaded = skshallow.load(path)
    again = outputs(loaded, X)
    for name, output in found.items():
        assert np.array_equal(output, again[name]), f"{name} changed in the file"


def train(net: Any, case: Case, i: int) -> str:
    """Make the `i`-th call of `case`; return what came of it."""
    X, y, weight = CONTAINERS[case.container](case.rows(i)), case.targets(i), case.weight(i)
    inputs = [fingerprint(data) for data in (X, y, weight)]
    before = state(net)
    method = getattr(net, case.calls[i])
    given_classes = case.calls[i] == "partial_fit" and hasattr(net, "decision_function")
    arguments = {}
    if given_classes and np.ndim(y) == 1:
        # all that any call brings, and one more
        every = [np.asarray(case.targets(k)) for k in range(3)]
        arguments["classes"] = getattr(net, "classes_", np.unique(np.concatenate(every)))
    if case.validates and case.calls[i] == "fit":
        arguments |= {"X_val": CONTAINERS[case.container](case.rows(9))}
        arguments |= {"y_val": case.targets(9)}
    try:
        method(X, y, sample_weight=weight, **arguments)
        outcome = "trained"
    except (ValueError, TypeError) as error:
        outcome = explanation(error)
        after = vars(net)
        assert before.keys() == after.keys(), "a failed call left attributes"
        for name, value in before.items():
            if isinstance(value, np.ndarray | float | int | str):
                same = after[name] is value or np.array_equal(after[name], value)
                assert same, f"a failed call changed {name}"
    assert inputs == [fingerprint(data) for data in (X, y, weight)], "inputs changed"
    return outcome


def run_case(case: Case) -> list[str]:
    """Return what came of each step of `case`; raise what nothing explains."""
    net = case.cls(**case.params)
    if not hasattr(net, "partial_fit") and "partial_fit" in case.calls:
        return ["no minibatches"]
    outcomes = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for category in NAMED_WARNINGS:
            warnings.simplefilter("ignore", category)
        for i in range(len(case.calls)):
            outcomes.append(train(net, case, i))
        if hasattr(net, "theta_"):
            outcomes.append(predict(net, case))
    return outcomes


def predict(net: Any, case: Case) -> str:
    """Predict near rows and far ones, and save the net; return what came of it."""
    near = CONTAINERS[case.container](case.rows(0))
    with np.errstate(over="ignore"):
        far = np.clip(case.rows(0) * case.far, -1.7e308, 1.7e308)
    outcome = "predicted"
    try:
        assert all(np.isfinite(weight).all() for weight in net.coefs_)
    except ValueError as error:
        outcome = explanation(error)
    for X in (near, CONTAINERS[case.container](far)):
        try:
            found = outputs(net, X)
        except ValueError as error:
            outcome = explanation(error)
        else:
            check_outputs(net, found)
            check_file(net, X, found)
    if hasattr(net, "conformalize") and case.n_rows >= 4:
        try:
            interval = net.conformalize(near, case.targets(0)).predict_interval(near, 0.8)
        except ValueError as error:
            outcome = explanation(error)
        else:
            assert np.isfinite(interval).all(), "a conformal interval is not finite"
    return outcome


def fuzz(n_cases: int, seed_of_draws: int) -> Counter:
    """Run `n_cases` drawn cases; return how often each outcome was met."""
    tally: Counter = Counter()

    @seed(seed_of_draws)
    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def holds(case: Case) -> None:
        outcomes = run_case(case)
        tally["cases"] += 1
        tally.update(outcomes)

    holds()
    return tally


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tally = fuzz(arguments.cases, arguments.seed)
    for outcome, count in tally.most_common():
        print(f"{count:7d}  {outcome}")
    print(f"{tally['cases']} cases hold; nothing was left unexplained.")


if __name__ == "__main__":
    sys.exit(main())
