"""Data frames with dates, units and free text: nets behind skrub, by table.

Run ``python docs/benchmarks/raw_tables.py FOLDER``; the folder holds the CSV files of
`mixed_tables.TABLES`. It writes ``raw_tables.md`` to its own folder. It needs skrub:
``pip install "skshallow[tables]"``.

Tables, rows and splits are those of `mixed.py`. There, dates and numbers with units were
converted by hand, and free text was left out. Here, the models of skrub get every column as
``pandas.read_csv`` returns it: `tabular_pipeline` with its defaults around a net and around
scikit-learn's gradient boosting, and a `TableVectorizer` that leaves categories of up to 40
levels to the net and takes the weekday and the day of the year from dates. The time of a
fit is its processor time.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contenders import one_per_target
from environment import imported, versions_and_kernels
from mixed_tables import prepared, read_raw_tables, split_mixed
from options import folder_parser
from sklearn.metrics import log_loss, r2_score
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from skshallow import DeepNetClassifier, DeepNetRegressor

skrub = imported("skrub", '"skshallow[tables]"')
HERE = Path(__file__).parent
N_SPLITS = 2
Make = Callable[[bool, int], Any]  # whether it classifies, and the seed


def net(classifies: bool, seed: int) -> Any:
    cls = DeepNetClassifier if classifies else DeepNetRegressor
    return cls(random_state=seed)


def with_seed(pipeline: Any, seed: int) -> Any:
    """Return the pipeline with a seed for the encoder of strings of many levels."""
    name = "tablevectorizer__high_cardinality__random_state"
    return pipeline.set_params(**{name: seed})


def behind_defaults(classifies: bool, seed: int) -> Any:
    return with_seed(skrub.tabular_pipeline(net(classifies, seed)), seed)


def behind_vectorizer(classifies: bool, seed: int) -> Any:
    dates = skrub.DatetimeEncoder(
        add_weekday=True, add_day_of_year=True, periodic_encoding="spline"
    )
    vectorizer = skrub.TableVectorizer(
        low_cardinality=skrub.ToCategorical(), datetime=dates, cardinality_threshold=40
    )
    return with_seed(make_pipeline(vectorizer, net(classifies, seed)), seed)


def boosting(classifies: bool, seed: int) -> Any:
    if classifies:
        return with_seed(skrub.tabular_pipeline("classifier"), seed)
    return one_per_target(with_seed(skrub.tabular_pipeline("regressor"), seed))


MODELS: dict[str, Make] = {
    "net, table prepared by hand": net,
    "tabular_pipeline(net)": behind_defaults,
    "TableVectorizer, net": behind_vectorizer,
    "tabular_pipeline of boosting": boosting,
}


def measure(folder: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return tables, scores and seconds (n_tables, n_models), means over splits.

    The score of a classifier is the log loss, that of a regressor R².
    """
    names, scores, seconds = [], [], []
    for task, name, raw, y in read_raw_tables(folder):
        classifies = task == "classification"
        names.append(f"{name}, {'log loss' if classifies else 'R²'}")
        score, time_taken = np.zeros(len(MODELS)), np.zeros(len(MODELS))
        for seed in range(N_SPLITS):
            for i, make in enumerate(MODELS.values()):
                X = prepared(name, raw) if make is net else raw
                train, test, y_train, y_test = split_mixed(X, y, seed, stratify=classifies)
                start = time.process_time()
                with threadpool_limits(1):
                    model = make(classifies, seed).fit(train, y_train)
                time_taken[i] += time.process_time() - start
                if classifies:
                    score[i] += log_loss(y_test, model.predict_proba(test))
                else:
                    score[i] += r2_score(y_test, model.predict(test))
        scores.append(score / N_SPLITS)
        seconds.append(time_taken / N_SPLITS)
        print(names[-1], scores[-1].round(4), flush=True)
    return names, np.array(scores), np.array(seconds)


def report(names: list[str], scores: np.ndarray, seconds: np.ndarray) -> str:
    lines = [
        "# Tables with dates and free text",
        "",
        "How good are networks behind skrub, which converts dates, text and numbers with",
        "units, compared with conversions by hand? `raw_tables.py` writes this page; its",
        "docstring describes the method.",
        "",
        f"| table | {' | '.join(MODELS)} |",
        "|---" * (len(MODELS) + 1) + "|",
    ]
    for name, row in zip(names, scores, strict=True):
        lines.append(f"| {name} | {' | '.join(f'{v:.3f}' for v in row)} |")
    times = np.exp(np.log(seconds).mean(axis=0))
    lines.append(f"| seconds per fit | {' | '.join(f'{v:.2f}' for v in times)} |")
    return "\n".join([*lines, "", versions_and_kernels("pandas", "skrub")]) + "\n"


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    warnings.simplefilter("ignore")
    text = report(*measure(folder))
    print(text)
    (HERE / "raw_tables.md").write_text(text)


if __name__ == "__main__":
    main()
