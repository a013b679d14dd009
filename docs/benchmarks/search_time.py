"""Time of a whole grid search, compared with the same search with scikit-learn's MLP.

Run ``python docs/benchmarks/search_time.py``; it writes ``search_time.md`` to its own
folder. Both search 60 candidates (activation x penalty x width) on breast cancer with the
same 5 folds and ``n_jobs=2``. Our net trains for 60 epochs, during which its learning rate
decreases to 0. The MLP, on standardised columns, stops by itself within its default of 200
epochs. Neither holds out validation rows. All other parameters have their defaults, except
that dropout, weight averaging and label smoothing are off. The searches take turns, and the
faster of two turns counts.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import ShallowNetClassifier

HERE = Path(__file__).parent
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
WIDTHS = [16, 32, 64, 100, 128]
PENALTIES = [1e-4, 1e-3, 1e-2, 1e-1]
N_TURNS = 2


def searches() -> dict[str, GridSearchCV]:
    """Return the two searches; for the MLP, alpha means alpha / n."""
    as_plain = {"dropout": 0.0, "average_weights": False, "label_smoothing": 0.0}
    ours = GridSearchCV(
        ShallowNetClassifier(max_iter=60, early_stopping=False, random_state=0, **as_plain),
        {
            "activation": ["sigmoid", "tanh", "relu"],
            "hidden_units": WIDTHS,
            "alpha": PENALTIES,
        },
        cv=FOLDS,
        n_jobs=2,
    )
    mlp = GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier(random_state=0)),
        {
            "mlpclassifier__activation": ["logistic", "tanh", "relu"],
            "mlpclassifier__hidden_layer_sizes": [(width,) for width in WIDTHS],
            "mlpclassifier__alpha": [500 * alpha for alpha in PENALTIES],
        },
        cv=FOLDS,
        n_jobs=2,
    )
    return {"skshallow": ours, "MLPClassifier": mlp}


def main() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    seconds: dict[str, float] = {}
    scores: dict[str, float] = {}
    warnings.simplefilter("ignore")
    for _ in range(N_TURNS):
        for name, search in searches().items():
            start = time.perf_counter()
            search.fit(X, y)
            elapsed = time.perf_counter() - start
            seconds[name] = min(elapsed, seconds.get(name, np.inf))
            scores[name] = search.best_score_
    ratio = seconds["MLPClassifier"] / seconds["skshallow"]
    lines = [
        "# Grid search time",
        "",
        "How long does a grid search take, compared with `MLPClassifier`?",
        "`search_time.py` writes this page; its docstring describes the method.",
        "",
        "| estimator | seconds | best accuracy |",
        "|---|---|---|",
        *(f"| {name} | {seconds[name]:.1f} | {scores[name]:.5f} |" for name in seconds),
        "",
        f"The search with MLPClassifier takes {ratio:.1f} times as long.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "search_time.md").write_text(text)


if __name__ == "__main__":
    main()
