"""Use the installed package as far as its requirements alone carry it, and no further.

For an environment into which nothing else was installed: run it with
``python -I -W error``. Whoever lacks an extra must be told which one to install.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes, load_iris

import skshallow
from skshallow import inspection

OPTIONAL = ["matplotlib", "pandas", "polars", "pytest", "rich", "skops"]
FEW_EPOCHS = {"max_iter": 20, "n_iter_no_change": np.inf, "random_state": 0}


def check_surroundings():
    """Refuse to pass where the package is not installed, or something optional is."""
    if not Path(skshallow.__file__).is_relative_to(sys.prefix):
        sys.exit(f"{skshallow.__file__} is not in this environment.")
    present = [name for name in OPTIONAL if importlib.util.find_spec(name)]
    if present:
        sys.exit(f"This environment is not empty: {', '.join(present)}.")


def fit_save_load(net_class, X, y):
    """Return a fitted net that predicts the same when it comes back from a file."""
    net = net_class(8, **FEW_EPOCHS).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.npz")
        net.save(path)
        np.testing.assert_array_equal(skshallow.load(path).predict(X), net.predict(X))
    return net


def check_error_names(extra, use):
    """Call `use`, which needs an extra that is not here."""
    try:
        use()
    except ImportError as error:
        if f"skshallow[{extra}]" not in str(error):
            raise
    else:
        sys.exit(f"What needs the extra {extra!r} did not miss it.")


def main():
    """Fit, save, load, inspect; then ask for pictures and frames."""
    check_surroundings()
    iris, diabetes = load_iris(return_X_y=True), load_diabetes(return_X_y=True)
    for net_class in (skshallow.ShallowNetClassifier, skshallow.DeepNetClassifier):
        net = fit_save_load(net_class, *iris)
    for net_class in (skshallow.ShallowNetRegressor, skshallow.DeepNetRegressor):
        fit_save_load(net_class, *diabetes)
    print(inspection.compare_with_baseline(net, *iris))
    report = inspection.health_report(net)
    print(report)
    display = inspection.TrainingCurveDisplay.from_estimator
    check_error_names("plots", lambda: display(net))
    check_error_names("frames", report.to_frame)


if __name__ == "__main__":
    main()
