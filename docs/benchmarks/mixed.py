"""Data frames with categories and missing values: nets and other models, by table.

Run ``python docs/benchmarks/mixed.py FOLDER``; the folder holds the CSV files of
`mixed_tables.TABLES`. It writes ``mixed.md`` to its own folder. CatBoost and LightGBM are
compared if they are installed.

Of each table, at most 5000 rows are used, in two splits that are the same for all models.
Nets, LightGBM and CatBoost take the categories as they are, the other models behind one-hot
encoding and imputation (gradient boosting of scikit-learn refuses categories of more than
255 levels). All have their defaults, and one thread. The time of a fit is its processor
time.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mixed_tables import read_mixed_tables, split_mixed, versions_and_kernels
from scipy.stats import rankdata
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.compose import make_column_selector as columns_of
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, r2_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier, DeepNetRegressor

HERE = Path(__file__).parent
N_SPLITS = 2
Make = Callable[[bool, int], Any]  # whether it classifies, and the seed


def dense(model: Any) -> Any:
    """Return `model` behind one-hot encoding, imputation and scaling."""
    encoder = make_column_transformer(
        (SimpleImputer(add_indicator=True), columns_of(dtype_include="number")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=5),
            columns_of(dtype_include="category"),
        ),
    )
    return make_pipeline(encoder, StandardScaler(), model)


def net(**params: Any) -> Make:
    def make(classifies: bool, seed: int) -> Any:
        cls = DeepNetClassifier if classifies else DeepNetRegressor
        return cls(random_state=seed, **params)

    return make


def linear(classifies: bool, seed: int) -> Any:
    ridge = RidgeCV(np.logspace(-3, 4, 15))
    return dense(LogisticRegression(max_iter=2000) if classifies else ridge)


def mlp(classifies: bool, seed: int) -> Any:
    if classifies:
        return dense(MLPClassifier(random_state=seed))
    return TransformedTargetRegressor(
        dense(MLPRegressor(random_state=seed)), transformer=StandardScaler()
    )


def one_per_target(model: Any) -> Any:
    """Return a regressor that fits one model per target if there are several."""

    class PerTarget(MultiOutputRegressor):
        def fit(self, X: Any, y: np.ndarray) -> Any:
            self.is_single = y.ndim == 1
            return super().fit(X, y.reshape(len(y), -1))

        def predict(self, X: Any) -> np.ndarray:
            predicted = super().predict(X)
            return predicted.ravel() if self.is_single else predicted

    return PerTarget(model)


def boosting(classifies: bool, seed: int) -> Any:
    if classifies:
        return dense(HistGradientBoostingClassifier(random_state=seed))
    return dense(one_per_target(HistGradientBoostingRegressor(random_state=seed)))


def lightgbm(classifies: bool, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    params = {"random_state": seed, "n_jobs": 1, "verbose": -1}
    return (
        LGBMClassifier(**params) if classifies else one_per_target(LGBMRegressor(**params))
    )


class CatBoost:
    """CatBoost, which wants categories as strings."""

    def __init__(self, classifies: bool, seed: int) -> None:
        self.classifies, self.seed = classifies, seed

    def _rows(self, X: Any) -> Any:
        return X.assign(
            **{c: [str(v) for v in X[c].astype(object)] for c in self.categories}
        )

    def fit(self, X: Any, y: np.ndarray) -> CatBoost:
        from catboost import CatBoostClassifier, CatBoostRegressor

        self.categories = list(X.select_dtypes("category"))
        cls = CatBoostClassifier if self.classifies else CatBoostRegressor
        several = {"loss_function": "MultiRMSE"} if y.ndim == 2 else {}
        self.model = cls(
            random_seed=self.seed,
            verbose=0,
            thread_count=1,
            cat_features=self.categories,
            allow_writing_files=False,
            **several,
        )
        self.model.fit(self._rows(X), y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self.model.predict(self._rows(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.model.predict_proba(self._rows(X))


def models() -> dict[str, Make]:
    """Return the models by name, those of other packages where these are installed."""
    found: dict[str, Make] = {
        "net": net(),
        "net, 4 members": net(n_members=4),
        "net behind one-hot": lambda classifies, seed: dense(net()(classifies, seed)),
        "linear": linear,
        "MLP": mlp,
        "boosting": boosting,
    }
    for name, package, make in (
        ("LightGBM", "lightgbm", lightgbm),
        ("CatBoost", "catboost", CatBoost),
    ):
        if importlib.util.find_spec(package) is not None:
            found[name] = make
    return found


def measure(folder: Path) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Return tables, models, scores and seconds (n_tables, n_models), means over splits.

    The score of a classifier is minus the log loss, that of a regressor R².
    """
    makers, names, scores, seconds = models(), [], [], []
    for task, name, X, y in read_mixed_tables(folder):
        classifies = task == "classification"
        names.append(f"{name}, {'log loss' if classifies else 'R²'}")
        score, time_taken = np.zeros(len(makers)), np.zeros(len(makers))
        for seed in range(N_SPLITS):
            X_train, X_test, y_train, y_test = split_mixed(X, y, seed, stratify=classifies)
            for i, make in enumerate(makers.values()):
                start = time.process_time()
                with threadpool_limits(1):
                    model = make(classifies, seed).fit(X_train, y_train)
                time_taken[i] += time.process_time() - start
                if classifies:
                    score[i] -= log_loss(y_test, model.predict_proba(X_test))
                else:
                    score[i] += r2_score(y_test, model.predict(X_test))
        scores.append(score / N_SPLITS)
        seconds.append(time_taken / N_SPLITS)
        print(names[-1], np.abs(scores[-1]).round(4), flush=True)
    return names, list(makers), np.array(scores), np.array(seconds)


def report(names: list[str], makers: list[str], scores: np.ndarray, seconds: np.ndarray):
    head = f"| table | {' | '.join(makers)} |\n" + "|---" * (len(makers) + 1) + "|"
    lines = [
        "# Tables with categories and missing values",
        "",
        "How good are networks on data frames as people have them? `mixed.py` writes this",
        "page; its docstring describes the method.",
        "",
        head,
    ]
    for name, row in zip(names, scores, strict=True):
        shown = np.abs(row) if "log loss" in name else row
        lines.append(f"| {name} | {' | '.join(f'{v:.3f}' for v in shown)} |")
    ranks = rankdata(-scores, axis=1).mean(axis=0)
    lines.append(f"| mean rank | {' | '.join(f'{v:.2f}' for v in ranks)} |")
    times = np.exp(np.log(seconds).mean(axis=0))
    lines.append(f"| seconds per fit | {' | '.join(f'{v:.2f}' for v in times)} |")
    packages = ("scikit-learn", "lightgbm", "catboost")
    return "\n".join([*lines, "", versions_and_kernels(packages)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = report(*measure(options.folder))
    print(text)
    (HERE / "mixed.md").write_text(text)


if __name__ == "__main__":
    main()
