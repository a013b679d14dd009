"""Time and result of a whole grid search, compared with the same search with scikit-learn.

Run ``python docs/benchmarks/search_time.py FOLDER``; it writes ``search_time.md`` to its
own folder. FOLDER holds the ``.npz`` files of `TABLES` that scikit-learn does not bring.

A search of `MLPClassifier` behind a `StandardScaler` is converted as the guide says: the
same widths, activations and penalties, 24 candidates on the same 3 folds, in one process.
Everything else is left at the defaults of each library, so the two do not train equally
long: `MLPClassifier` stops within 200 epochs when its training loss hardly improves;
`DeepNetClassifier` holds a tenth of the rows out, decreases its learning rate to 0, and
computes in the float64 of the tables, as `MLPClassifier` does. The third search leaves
numbers as they are, without the pieces that are the default, and the last one is that of
`DeepNetClassifier` by successive halving of `max_iter`.

The best candidate, by log loss in halving and else by accuracy, is fitted anew, and scored
on a quarter of the rows that the search did not see. The times are processor times of the
search on one thread.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from environment import versions_and_kernels
from options import folder_parser
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedKFold,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import read_tables
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier

HERE = Path(__file__).parent
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
TABLES = ["phoneme", "waveform"]
WIDTHS = [(50,), (100,), (100, 50)]
ACTIVATIONS = ["relu", "tanh"]
PENALTIES = [1e-5, 1e-4, 1e-3, 1e-2]
ROWS_PER_BATCH = 200  # of MLPClassifier, which divides alpha by it


def searches() -> dict[str, Any]:
    mlp = make_pipeline(StandardScaler(), MLPClassifier(random_state=0))
    before = {
        "mlpclassifier__hidden_layer_sizes": WIDTHS,
        "mlpclassifier__activation": ACTIVATIONS,
        "mlpclassifier__alpha": [ROWS_PER_BATCH * alpha for alpha in PENALTIES],
    }
    net = DeepNetClassifier(random_state=0)
    as_they_are = DeepNetClassifier(numeric_encoding=None, random_state=0)
    after = {"hidden_units": WIDTHS, "activation": ACTIVATIONS, "alpha": PENALTIES}
    halving = HalvingGridSearchCV(
        net,
        after,
        resource="max_iter",
        min_resources=10,
        max_resources=90,
        scoring="neg_log_loss",
        cv=FOLDS,
        random_state=0,
    )
    return {
        "MLPClassifier": GridSearchCV(mlp, before, cv=FOLDS),
        "DeepNetClassifier": GridSearchCV(net, after, cv=FOLDS),
        "the same, numeric_encoding=None": GridSearchCV(as_they_are, after, cv=FOLDS),
        "DeepNetClassifier, halving": halving,
    }


def tables(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {
        "breast cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
    }
    for name, X, y in read_tables(folder, "classification", TABLES):
        found[name] = X.astype(np.float64), y
    return found


def rows_of(name: str, X: np.ndarray, y: np.ndarray) -> list[str]:
    """Return the rows of the page for one table, one for each search."""
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    lines, first = [], None
    for search_name, search in searches().items():
        start = time.process_time()
        search.fit(X, y)
        seconds = time.process_time() - start
        first = first or seconds
        probability = search.predict_proba(X_test)
        scores = (
            accuracy_score(y_test, search.predict(X_test)),
            log_loss(y_test, probability),
        )
        lines.append(
            f"| {name}, {X.shape[0]} x {X.shape[1]} | {search_name} | {seconds:.1f} | "
            f"{seconds / first:.2f} | {scores[0]:.4f} | {scores[1]:.4f} |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")  # 200 epochs of MLPClassifier often do not suffice
    lines = [
        "# Grid search time",
        "",
        "How long does a converted grid search take, compared with `MLPClassifier`, and",
        "what does it find? `search_time.py` writes this page; its docstring describes the",
        "method.",
        "",
        "24 candidates on 3 folds and the fit of the best one, and how good this one is on",
        "rows that the search did not see. Halving chooses by log loss, the others by",
        "accuracy. Relative is the time as a multiple of that of `MLPClassifier`.",
        "",
        "| table | search | seconds | relative | accuracy | log loss |",
        "|---|---|---|---|---|---|",
    ]
    with threadpool_limits(1):
        for name, (X, y) in tables(folder).items():
            lines += rows_of(name, X, y)
    lines += ["", versions_and_kernels()]
    (HERE / "search_time.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
