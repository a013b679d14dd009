"""Score and time of fits as the rows grow from 1000 to 1,000,000.

Run ``python docs/benchmarks/large_tables.py FOLDER``; it writes ``large_tables.md`` and
``large_tables.png`` to its own folder. FOLDER holds the ``.npz`` files of `REAL`.
LightGBM takes part where it is installed.

The made tables have 30 correlated features, some of them skewed or binary. The signal is
the sum of 150 random trees of depth 5 and of a random network, so that neither trees nor
networks have it all to themselves. Each number of rows has a signal of its own: compare the
models of one size, and not sizes. The target is the noisy signal, its sign, or one of 7
classes from two such signals. 20,000 further rows are the test set. The real tables keep a
fifth of their rows for the test. The times are processor times of `fit` on one thread, of
float32 features. Fits that would take more than some minutes are left out.

The classes of clusters are those of scikit-learn's `make_classification`: 8 clusters each,
whose borders are smooth and run along no column. Trees are bad at them.

"As before" is a net as the first defaults made it, which did not follow the number of rows:
40 epochs of 128 rows, no pieces of numbers, dropout of .15. Defaults in between are in
``recipe.md``.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from contenders import Model, as_it_is, boosting, lightgbm, mlp, net
from environment import imported, versions_and_kernels
from options import folder_parser
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split
from summaries import table as markdown
from tables import read_tables
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
SIZES = [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
N_TEST, N_FEATURES = 20_000, 30
REAL = ["adult", "bike_hourly", "letter", "magic", "mnist", "protein"]
CLUSTERS = "classes of clusters"
TASKS = {"two classes": True, "seven classes": True, CLUSTERS: True, "numbers": False}
NET, BEFORE = "net", "net, as before"
FIXED = {"batch_size": 128, "max_iter": 40, "numeric_encoding": None, "dropout": 0.15}
LARGE = 100_000


@dataclass(frozen=True)
class Contender:
    """A model, and the most values of X that it is given."""

    model: Model
    most_values: float = np.inf


@dataclass(frozen=True)
class Result:
    """Processor time of a fit in seconds, and its scores on the test rows."""

    seconds: float
    scores: tuple[float, ...]  # log loss and accuracy, or R²


def contenders() -> dict[str, Contender]:
    found = {
        NET: Contender(net("net")),
        BEFORE: Contender(net("", **FIXED)),
        "boosting": Contender(boosting(as_it_is), most_values=4e7),
        "MLP, scaled": Contender(mlp(as_it_is), most_values=1e6),
    }
    if find_spec("lightgbm") is not None:
        found["LightGBM"] = Contender(lightgbm(), most_values=4e7)
    return found


def made_features(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return rows from 8 overlapping clusters; 6 columns are skewed, 4 are binary."""
    centers = 0.7 * rng.normal(size=(8, N_FEATURES))
    mixing = rng.normal(size=(N_FEATURES, N_FEATURES)) / np.sqrt(N_FEATURES)
    rows = centers[rng.integers(8, size=n_rows)] + rng.normal(size=(n_rows, N_FEATURES))
    X = rows @ mixing + 0.5 * rng.normal(size=(n_rows, N_FEATURES))
    X[:, 20:26] = np.exp(X[:, 20:26])
    X[:, 26:] = X[:, 26:] > 0
    return X.astype(np.float32)


def made_signal(
    rng: np.random.Generator, X: np.ndarray, n_trees: int = 150, depth: int = 5
) -> np.ndarray:
    """Return the sum of random trees and of a random network, of equal deviation."""
    n_nodes, rows = 2**depth, np.arange(len(X))
    borders = np.quantile(X[:5000], np.linspace(0.05, 0.95, 19), axis=0)
    trees = np.zeros(len(X))
    for _ in range(n_trees):
        node = np.zeros(len(X), dtype=int)
        feature = rng.integers(N_FEATURES, size=n_nodes)
        border = rng.integers(19, size=n_nodes)
        for _ in range(depth):
            above = X[rows, feature[node]] > borders[border[node], feature[node]]
            node = (2 * node + above) % n_nodes
        trees += rng.normal(size=n_nodes)[node]
    Z = (X - X[:5000].mean(axis=0)) / X[:5000].std(axis=0)
    hidden = np.tanh(Z @ rng.normal(size=(N_FEATURES, 40)) * 1.5 / np.sqrt(N_FEATURES))
    smooth = np.tanh(hidden @ rng.normal(size=(40, 40)) / 4) @ rng.normal(size=40)
    return trees / trees.std() + smooth / smooth.std()


def made_table(task: str, n_rows: int) -> list[np.ndarray]:
    """Return X_train, X_test, y_train, y_test, of `n_rows` and `N_TEST` rows."""
    if task == CLUSTERS:
        X, y = make_classification(
            n_rows + N_TEST,
            N_FEATURES,
            n_informative=15,
            n_clusters_per_class=8,
            class_sep=0.8,
            flip_y=0.05,
            random_state=0,
        )
        return train_test_split(X.astype(np.float32), y, test_size=N_TEST, random_state=0)
    rng = np.random.default_rng(0)
    X = made_features(rng, n_rows + N_TEST)
    signal = made_signal(rng, X)
    if task == "numbers":
        y = signal + 0.5 * rng.normal(size=len(X))
    elif task == "two classes":
        y = signal + 0.5 * rng.logistic(size=len(X)) > 0
    else:
        other = made_signal(rng, X) + 0.3 * rng.normal(size=len(X)) > 0.2
        level = np.digitize(signal + 0.3 * rng.normal(size=len(X)), [-1.5, 0.0, 1.5])
        y = np.minimum(2 * level + other, 6)
    return [X[:n_rows], X[n_rows:], y[:n_rows], y[n_rows:]]


def fit(contender: Contender, classifies: bool, data: list[np.ndarray]) -> Result | None:
    X_train, X_test, y_train, y_test = data
    if X_train.size > contender.most_values:
        return None
    task = "classification" if classifies else "regression"
    model = contender.model.make(task, 0)
    start = time.process_time()
    model.fit(X_train, y_train)
    seconds = time.process_time() - start
    if not classifies:
        return Result(seconds, (r2_score(y_test, model.predict(X_test)),))
    probability = model.predict_proba(X_test)
    predicted = model.classes_[probability.argmax(axis=1)]
    loss = log_loss(y_test, probability)
    return Result(seconds, (loss, accuracy_score(y_test, predicted)))


def fit_all(classifies: bool, data: list[np.ndarray]) -> dict[str, Result]:
    results = {}
    for name, contender in contenders().items():
        result = fit(contender, classifies, data)
        if result is not None:
            results[name] = result
            print(f"  {name}: {result.seconds:.2f} s, {result.scores}", flush=True)
    return results


def on_made_tables() -> dict[str, dict[int, dict[str, Result]]]:
    results: dict[str, dict[int, dict[str, Result]]] = {}
    for task, classifies in TASKS.items():
        results[task] = {}
        for n_rows in SIZES:
            print(f"{task}, {n_rows} rows", flush=True)
            results[task][n_rows] = fit_all(classifies, made_table(task, n_rows))
    return results


def on_real_tables(folder: Path) -> dict[str, dict[str, Result]]:
    results = {}
    for task in ("classification", "regression"):
        classifies = task == "classification"
        for name, X, y in read_tables(folder, task, REAL):
            data = train_test_split(
                X, y, test_size=0.2, stratify=y if classifies else None, random_state=0
            )
            print(f"{name}, {len(data[0])} rows", flush=True)
            results[f"{name}, {len(data[0])} x {X.shape[1]}"] = fit_all(classifies, data)
    return results


def cell(result: Result | None) -> str:
    if result is None:
        return "-"
    scores = ", ".join(f"{score:.4f}" for score in result.scores)
    return f"{scores}; {result.seconds:.2f} s"


def table(rows: dict[str, dict[str, Result]], first: str) -> list[str]:
    columns = {
        name: [cell(results.get(name)) for results in rows.values()]
        for name in contenders()
    }
    return markdown(first, list(rows), columns)


def ratios(made: dict[str, dict[int, dict[str, Result]]]) -> list[str]:
    """Return the time of the net, relative to that of the one as before."""
    sizes = [n_rows for n_rows in SIZES if n_rows >= LARGE]
    columns = {}
    for task in TASKS:
        pairs = [[made[task][n][name].seconds for name in (NET, BEFORE)] for n in sizes]
        columns[task] = [f"{now / before:.2f}" for now, before in pairs]
    return markdown("rows", list(map(str, sizes)), columns)


def comparison(made: dict[str, dict[int, dict[str, Result]]]) -> list[str]:
    """Return on how many large tables the net has the better first score, and its time."""
    large = [each for own in made.values() for n, each in own.items() if n >= LARGE]
    names = [name for name in contenders() if name != NET and name in large[0]]
    columns: dict[str, list[str]] = {"the net's score is better": [], "time of the net": []}
    for name in names:
        better = sum(is_better(each[NET], each[name]) for each in large)
        shares = [each[NET].seconds / each[name].seconds for each in large]
        columns["the net's score is better"].append(f"{better} of {len(large)}")
        columns["time of the net"].append(f"{min(shares):.2f} to {max(shares):.2f}")
    return markdown("compared with", names, columns)


def is_better(result: Result, other: Result) -> bool:
    """Return whether the log loss is lower, or R² higher."""
    (score, *others), (than, *_) = result.scores, other.scores
    return score < than if others else score > than


def report(made: dict[str, Any], real: dict[str, dict[str, Result]]) -> str:
    lines = [
        "# Large tables",
        "",
        "What do the defaults take and give as the rows grow from 1000 to 1,000,000?",
        "`large_tables.py` writes this page; its docstring describes the method.",
        "",
        "![Score against time](large_tables.png)",
        "",
        'With `batch_size="auto"` and `max_iter="auto"`, large tables get larger batches',
        "and fewer epochs. The time of such a fit, as a multiple of the time as before:",
        "",
        *ratios(made),
        "",
        f"The made tables of {LARGE:,} rows or more, log loss or R², and the time of the",
        "net as a multiple of the other model's:",
        "",
        *comparison(made),
        "",
        "Each cell has the log loss and the accuracy, or R², on the test rows, and the",
        "processor time of the fit. A dash stands for a slow model that was left out, as",
        "the MLP is above a million numbers, rows times columns.",
    ]
    for task, by_size in made.items():
        rows = {str(n_rows): results for n_rows, results in by_size.items()}
        lines += ["", f"## Made tables, {task}", "", *table(rows, "rows")]
    lines += ["", "## Real tables", "", *table(real, "table")]
    return "\n".join([*lines, "", versions_and_kernels("lightgbm")]) + "\n"


def draw(made: dict[str, Any], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
    for ax, (task, by_size) in zip(axes.flat, made.items(), strict=True):
        for name in contenders():
            results = [each[name] for each in by_size.values() if name in each]
            seconds = [result.seconds for result in results]
            ax.semilogx(seconds, [r.scores[0] for r in results], "o-", ms=4, label=name)
        if TASKS[task]:
            ax.invert_yaxis()
        ax.set_title(task)
        ax.set_ylabel("log loss, lower is better (axis inverted)" if TASKS[task] else "R²")
        ax.set_xlabel("processor time of fit, seconds")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.suptitle("One point per number of rows: " + ", ".join(f"{n:,}" for n in SIZES))
    figure.savefig(path, dpi=110)


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    imported("matplotlib", '"skshallow[plots]"')
    warnings.simplefilter("ignore")  # MLP's 200 epochs often end before it has converged
    with threadpool_limits(1):
        real = on_real_tables(folder)
        made = on_made_tables()
    (HERE / "large_tables.md").write_text(report(made, real))
    draw(made, HERE / "large_tables.png")


if __name__ == "__main__":
    main()
