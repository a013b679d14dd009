"""Time to predict one row, as a web service does for each request.

Run ``python docs/benchmarks/single_rows.py``; it writes ``single_rows.md`` to its own
folder. Each model is fitted once, to rows in one container, and then predicts the
probabilities of one row again and again, in the container that it was fitted to, with one
BLAS thread. Contenders take turns of a few predictions, and the fastest of many turns
counts, since other load on the machine can only make a turn slower.

All have their defaults. `MLPClassifier` and `LogisticRegression` have no scaler here, which
would add to their times. On the table with categories they follow a `ColumnTransformer` of
`OneHotEncoder` and `StandardScaler`. onnxruntime runs the converted `DeepNetClassifier`, on
an array of float32, or on one array for each column of the table with categories: what it
takes to make these of a data frame is not counted.

It needs pandas, polars and ``pip install "skshallow[onnx]"``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from environment import imported, versions_and_kernels
from options import publish, turns_parser
from scipy.sparse import csr_array
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from summaries import table
from threadpoolctl import threadpool_limits
from turns import least_seconds

import skshallow.onnx
from skshallow import DeepNetClassifier, ShallowNetClassifier

HERE = Path(__file__).parent
PER_TURN = 20  # predictions
LOADERS = {"iris": load_iris, "breast cancer": load_breast_cancer, "digits": load_digits}
CONVERTED = "NumPy", "pandas"  # what onnxruntime is compared with: it takes arrays anyway
NETS = {
    "DeepNetClassifier": DeepNetClassifier(random_state=0),
    "ShallowNetClassifier": ShallowNetClassifier(random_state=0),
}
OTHERS = {
    "MLPClassifier": MLPClassifier(random_state=0),
    "LogisticRegression": LogisticRegression(),
}


def in_polars(frame: pd.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(frame.to_dict("list"))


def with_a_boolean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose first column says whether its numbers are above their mean."""
    first = frame.iloc[:, 0]
    return frame.assign(**{frame.columns[0]: first > first.mean()})


CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "NumPy": lambda frame: frame.to_numpy(),
    "pandas": lambda frame: frame,
    "polars": in_polars,
    "pandas, one boolean": with_a_boolean,
    "polars, one boolean": lambda frame: in_polars(with_a_boolean(frame)),
    "lists": lambda frame: frame.to_numpy().tolist(),
    "CSR": lambda frame: csr_array(frame.to_numpy()),
}


def with_categories() -> tuple[pd.DataFrame, np.ndarray]:
    """Return a table of six numbers and eight categories of eight levels, and classes."""
    rng = np.random.default_rng(0)
    numbers = {f"number{i}": rng.normal(size=2000) for i in range(6)}
    levels = np.array(list("abcdefgh"))
    categories = {f"category{i}": rng.choice(levels, 2000) for i in range(8)}
    y = numbers["number0"] + (categories["category0"] < "e") > 0.5
    return pd.DataFrame(numbers | categories), y.astype(int)


def encoded(model: Any) -> Any:
    """Return a model of scikit-learn that takes a data frame with categories."""
    of_numbers = make_column_selector(dtype_include="number")
    of_categories = make_column_selector(dtype_exclude="number")
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = (encoder, of_categories), (StandardScaler(), of_numbers)
    return make_pipeline(make_column_transformer(*columns), model)


def in_onnxruntime(net: DeepNetClassifier, row: pd.DataFrame) -> Callable[[], object]:
    """Return a function that predicts a row by the converted net, in one thread."""
    onnxruntime = imported("onnxruntime", '"skshallow[onnx]"')
    skl2onnx = imported("skl2onnx", '"skshallow[onnx]"')
    types = skshallow.onnx.initial_types(net)
    model = skl2onnx.to_onnx(net, initial_types=types, options={"zipmap": False})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    values = [_column(row[name].to_numpy()) for name in row.columns]
    if len(types) == 1:
        values = [np.concatenate(values, axis=1)]
    inputs = dict(zip([name for name, _ in types], values, strict=True))
    return lambda: session.run(["probabilities"], inputs)


def _column(values: np.ndarray) -> np.ndarray:
    """Return values as a column (1, 1) of float32, or of strings."""
    is_number = values.dtype.kind == "f"
    return values.astype(np.float32 if is_number else object).reshape(-1, 1)


def times(
    X: Any, y: np.ndarray, models: dict[str, Any], n_turns: int, *, converts: bool
) -> dict[str, float]:
    """Return microseconds of each model for the first row of X, of onnxruntime too."""
    row, fitted = X[:1], {name: model.fit(X, y) for name, model in models.items()}
    predictions = {name: _predicting(model, row) for name, model in fitted.items()}
    if converts:
        predictions["onnxruntime"] = in_onnxruntime(
            fitted["DeepNetClassifier"], pd.DataFrame(row)
        )
    least = least_seconds({n: _a_turn(run) for n, run in predictions.items()}, n_turns)
    return {name: 1e6 * seconds / PER_TURN for name, seconds in least.items()}


def _predicting(model: Any, row: Any) -> Callable[[], object]:
    """Return a function that predicts the probabilities of a row."""
    return lambda: model.predict_proba(row)


def _a_turn(predict: Callable[[], object]) -> Callable[[], object]:
    """Return a function that predicts `PER_TURN` times."""

    def turn() -> None:
        for _ in range(PER_TURN):
            predict()

    return turn


def section(title: str, found: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines for one table, with a row for each container."""
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    columns = {
        name: [f"{each[name]:.0f}" if name in each else "" for each in found.values()]
        for name in names
    }
    net, other = next(iter(NETS)), next(iter(OTHERS))
    columns[f"{net} / {other}"] = [
        f"{each[net] / each[other]:.2f}" for each in found.values()
    ]
    return ["", f"## {title}", "", *table("rows of", list(found), columns)]


def main() -> None:
    options = turns_parser(__doc__, n_turns=200).parse_args()
    lines = [
        "# Single rows",
        "",
        "How long does it take to predict the probabilities of one row, compared with",
        "`MLPClassifier`, `LogisticRegression` and onnxruntime? `single_rows.py` writes",
        "this page; its docstring describes the method.",
        "",
        "Times are microseconds. onnxruntime runs the converted `DeepNetClassifier` on",
        "arrays. A boolean is a category to a net and a number to the others.",
    ]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 200 epochs of MLPClassifier often do not suffice
        for title, load in LOADERS.items():
            X, y = load(return_X_y=True, as_frame=True)
            found = {
                name: times(
                    convert(X),
                    y.to_numpy(),
                    NETS | OTHERS,
                    options.turns,
                    converts=name in CONVERTED,
                )
                for name, convert in CONTAINERS.items()
            }
            lines += section(f"{title}, {X.shape[1]} features", found)
        X, y = with_categories()
        models = NETS | {name: encoded(model) for name, model in OTHERS.items()}
        found = {"pandas": times(X, y, models, options.turns, converts=True)}
        lines += section("6 numbers and 8 categories of 8 levels", found)
    lines += ["", versions_and_kernels("pandas", "polars", "onnxruntime")]
    text = "\n".join(lines) + "\n"
    publish(text, HERE / "single_rows.md", options)


if __name__ == "__main__":
    main()
