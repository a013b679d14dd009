"""Time to the first answer: a new process, import, fit, and a prediction for one row.

Run ``python docs/benchmarks/first_answer.py``; it writes ``first_answer.md`` to its own
folder. Each turn is a new Python process with one BLAS thread, which reads the training
rows from a file, imports the estimator, fits it with its defaults and predicts the
probabilities of one row. Contenders take turns, and the median of several turns is shown.

Time is the processor time of that process since it began, which does not depend on the
other load of the machine: the start of Python and NumPy is part of it. All contenders find
their Python files compiled, as after a first use. `MLPClassifier` has its defaults behind
a `StandardScaler`. PyTorch and JAX, if they are installed, train a net of the same size for
as many epochs as `MLPClassifier` at most, see `torch_loop.py` and `jax_loop.py`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from environment import (
    LIBRARIES,
    XLA_ONE_THREAD,
    versions_and_kernels,
    without_missing,
)
from options import turns_parser
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.model_selection import train_test_split
from summaries import table

HERE = Path(__file__).parent
CONTENDERS = {
    "DeepNetClassifier": (
        "from skshallow import DeepNetClassifier",
        "DeepNetClassifier(random_state=0)",
    ),
    "ShallowNetClassifier": (
        "from skshallow import ShallowNetClassifier",
        "ShallowNetClassifier(random_state=0)",
    ),
    "MLPClassifier": (
        "from sklearn.neural_network import MLPClassifier\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler",
        "make_pipeline(StandardScaler(), MLPClassifier(random_state=0))",
    ),
    "LogisticRegression": (
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler",
        "make_pipeline(StandardScaler(), LogisticRegression())",
    ),
    "PyTorch": ("from torch_loop import TorchNet", "TorchNet()"),
    "JAX": ("from jax_loop import JaxNet", "JaxNet()"),
}
# What a new process runs. It prints the seconds when it has imported, fitted and answered,
# and the accuracy.
SCRIPT = """
import sys, time, warnings
import numpy as np
with np.load(sys.argv[1]) as file:
    X, X_test, y, y_test = (file[name] for name in ("X", "X_test", "y", "y_test"))
{imports}
imported = time.process_time()
warnings.simplefilter("ignore")  # 200 epochs of MLPClassifier often do not suffice
model = {model}.fit(X, y)
fitted = time.process_time()
model.predict_proba(X_test[:1])
print(imported, fitted, time.process_time(), model.score(X_test, y_test))
"""


@dataclass(frozen=True)
class Turn:
    """Processor seconds since the process began, and the accuracy."""

    imported: float
    fitted: float
    answered: float
    accuracy: float


def tables() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return X and y by the name of a table, before the split."""
    generated = make_classification(6000, 40, n_informative=15, flip_y=0.1, random_state=0)
    return {
        "iris": load_iris(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "generated": generated,
    }


def split_to(path: Path, X: np.ndarray, y: np.ndarray) -> str:
    """Write training and test rows to a file; return the shape of the training rows."""
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    np.savez(path, X=X, X_test=X_test, y=y, y_test=y_test)
    return f"{X.shape[0]} x {X.shape[1]}"


def run(name: str, path: Path) -> Turn:
    """Return what a new process says."""
    imports, model = CONTENDERS[name]
    code = SCRIPT.format(imports=imports, model=model)
    limits = "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"
    own = dict.fromkeys(limits, "1") | {"XLA_FLAGS": XLA_ONE_THREAD}
    folders = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    own["PYTHONPATH"] = os.pathsep.join(folders)
    own["PYTHONPYCACHEPREFIX"] = str(path.parent)  # compiled files, from the first turn on
    own["PYTHONDONTWRITEBYTECODE"] = ""
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | own,
        check=True,
        capture_output=True,
        text=True,
    )
    return Turn(*map(float, found.stdout.split()))


def measure(contenders: Iterable[str], path: Path, n_turns: int) -> dict[str, Turn]:
    """Return the medians of `n_turns` turns of each contender, after one that is not told.

    The first turn compiles Python files.
    """
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(1 + n_turns):
        for name, found in turns.items():
            found.append(run(name, path))
    return {name: median_of(found[1:]) for name, found in turns.items()}


def median_of(turns: list[Turn]) -> Turn:
    """Return the median of each number."""
    numbers = zip(*map(astuple, turns), strict=True)
    return Turn(*map(statistics.median, numbers))


def section(title: str, medians: dict[str, Turn]) -> list[str]:
    """Return the lines for one table."""
    columns = {
        "start and import": [f"{turn.imported:.2f}" for turn in medians.values()],
        "fit": [f"{turn.fitted - turn.imported:.2f}" for turn in medians.values()],
        "one row": [f"{turn.answered - turn.fitted:.4f}" for turn in medians.values()],
        "in all": [f"{turn.answered:.2f}" for turn in medians.values()],
        "accuracy": [f"{turn.accuracy:.3f}" for turn in medians.values()],
    }
    return ["", f"## {title}", "", *table("model", list(medians), columns)]


def main() -> None:
    options = turns_parser(__doc__, n_turns=7).parse_args()
    contenders = without_missing(CONTENDERS)
    lines = [
        "# Time to the first answer",
        "",
        "How long does a new process take until its first prediction, import and fit",
        "included? `first_answer.py` writes this page; its docstring describes the method.",
        "",
        "Times are seconds of processor time: until the import is done, of the fit, of the",
        "first prediction, of one row, and the sum.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.npz")
        for name, (X, y) in tables().items():
            shape = split_to(path, X, y)
            lines += section(f"{name}, {shape}", measure(contenders, path, options.turns))
            print("\n".join(lines[-3 - len(contenders) :]), flush=True)
    lines += ["", versions_and_kernels(*LIBRARIES.values())]
    text = "\n".join(lines) + "\n"
    if not options.dry:
        (HERE / "first_answer.md").write_text(text)


if __name__ == "__main__":
    main()
