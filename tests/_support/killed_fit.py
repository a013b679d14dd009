"""Fits to kill, with their data; as a program it lives until somebody kills it."""

import sys
import time

import numpy as np

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.callbacks import Checkpoint

LONG = {"max_iter": 60, "batch_size": 16, "random_state": 0}
UNENDING = {"n_iter_no_change": np.inf}
FITS = {
    "dropout": lambda: DeepNetClassifier(12, depth=2, dropout=0.2, **LONG),
    "early_stopping": lambda: ShallowNetClassifier(
        8,
        early_stopping=True,
        scoring="accuracy",
        temperature_scaling=True,
        schedule="constant",
        n_iter_no_change=40,
        **LONG,
    ),
    "plateau": lambda: ShallowNetRegressor(
        8, schedule="plateau", learning_rate=0.1, early_stopping=True, **LONG, **UNENDING
    ),
    "members": lambda: DeepNetRegressor(6, depth=2, n_members=3, dropout=0.1, **LONG),
    "shared": lambda: DeepNetRegressor(
        6, depth=2, n_members=3, share_weights=True, dropout=0.1, **LONG
    ),
    "residual": lambda: DeepNetRegressor(
        6, depth=4, residual=True, normalization="layer", dropout=0.1, **LONG
    ),
    "monotone": lambda: DeepNetRegressor(6, monotonic_cst=[1, 0, 0, -1, 0], **LONG),
    "gamma": lambda: ShallowNetRegressor(8, loss="gamma", dtype="float32", **LONG),
}


def data():
    """Return X (60, 5), and y (60,) of three positive classes that are numbers as well."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)) * [1, 10, 0.1, 3, 1]
    return X, 1 + np.digitize(X[:, 0] + rng.normal(scale=0.5, size=60), [-0.5, 0.5])


class Slow:
    """A callback that says when training begins, and gives time to kill it."""

    def __init__(self, seconds):
        self.seconds = seconds

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is None:
            print("begun", flush=True)

    def on_fit_task_end(self, estimator, context):
        time.sleep(self.seconds)


if __name__ == "__main__":
    name, path, seconds = sys.argv[1:]
    FITS[name]().set_callbacks(Slow(float(seconds)), Checkpoint(path)).fit(*data())
    while True:
        time.sleep(60)
