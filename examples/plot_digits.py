"""
Handwritten digits: pretrained weights and what units respond to
================================================================

This example loads weights that were trained elsewhere from a file, predicts digits with
them, one image at a time and in batches, and continues their training. The weights of a
hidden unit have the shape of the images, so they can be drawn as an image: red where ink
activates the unit, blue where ink inhibits it.

By default the data are the 1797 digits of scikit-learn, 8 by 8 pixels, and nothing is
downloaded. To use the 70 000 digits of MNIST, 28 by 28 pixels, change one line:
``SOURCE = "openml"`` lets scikit-learn download them, ``SOURCE = "mnist.npz"`` reads them
from a file.
"""

# %%
# The digits
# ----------
#
# A file holds either `x_train`, `y_train`, `x_test` and `y_test`, or `X` and `y`.

import tempfile
from pathlib import Path
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_openml, load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from skshallow import ShallowNetClassifier
from skshallow.inspection import WeightsDisplay

SOURCE = "scikit-learn"


def read_digits(source):
    """Return images (n, n_pixels) and digits (n,) from `source`."""
    if source == "scikit-learn":
        return load_digits(return_X_y=True)
    if source == "openml":
        X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
        return X, y.astype(int)
    with np.load(source) as file:
        arrays = dict(file)
    if {"x_train", "y_train", "x_test", "y_test"} <= arrays.keys():
        X = np.concatenate([arrays["x_train"], arrays["x_test"]])
        y = np.concatenate([arrays["y_train"], arrays["y_test"]])
    elif {"X", "y"} <= arrays.keys():
        X, y = arrays["X"], arrays["y"]
    else:
        raise ValueError(
            f"{source} holds {sorted(arrays)}; it must hold X and y, or x_train, y_train, "
            "x_test and y_test."
        )
    return X.reshape(len(X), -1), y


X, y = read_digits(SOURCE)
X = (X / X.max()).astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{len(X)} images of {X.shape[1]} pixels, from {SOURCE}")

# %%
# Loading pretrained weights
# --------------------------
#
# Here the weights come from scikit-learn's ``MLPClassifier``, trained for a few epochs.
# They are written to a file of arrays and read from it.

N_UNITS = 32

elsewhere = MLPClassifier(N_UNITS, learning_rate_init=0.005, random_state=0)
for _ in range(5):
    elsewhere.partial_fit(X_train, y_train, classes=np.unique(y))

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "weights.npz"
    (W1, W2), (b1, b2) = elsewhere.coefs_, elsewhere.intercepts_
    np.savez(path, W1=W1, b1=b1, W2=W2, b2=b2)

    with np.load(path) as file:
        net = ShallowNetClassifier.from_weights(
            [file["W1"], file["W2"]],
            [file["b1"], file["b2"]],
            activation="relu",
            standardize=False,
            max_iter=40,
            warm_start=True,
            random_state=0,
        )

difference = np.abs(net.predict_proba(X_test) - elsewhere.predict_proba(X_test)).max()
accuracy_loaded = net.score(X_test, y_test)
print(f"probabilities differ by at most {difference:.1e} from those of MLPClassifier")
print(f"accuracy with the loaded weights: {accuracy_loaded:.1%}")

# %%
# Predicting one image at a time, or in batches
# ---------------------------------------------
#
# The predictions are the same, but each call of `predict` takes some time in addition to
# the computation, so batches are faster. However many rows `predict` gets, it processes
# them in batches of limited memory.

some = X_test[:400]
seconds, answers = {}, {}
for size in (1, 100, len(some)):
    start = process_time()
    parts = [net.predict(some[i : i + size]) for i in range(0, len(some), size)]
    seconds[size] = process_time() - start
    answers[size] = np.concatenate(parts)
for size in (100, len(some)):
    same = "the same" if np.array_equal(answers[size], answers[1]) else "different"
    ratio = seconds[1] / seconds[size]
    print(f"{size} at a time: {same} predictions, {ratio:.0f} times as fast as one by one")

# %%
# Continuing the training
# -----------------------
#
# With ``warm_start=True``, `fit` continues from the current weights. All pixels have the
# same scale, so they need not be standardised.

net.fit(X_train, y_train)
accuracy_further = net.score(X_test, y_test)
print(f"accuracy after further training: {accuracy_further:.1%}")

# %%
# The weights of the hidden units
# -------------------------------
#
# On the left are the weights from the file, still close to their random initial values; on
# the right those of the same units after further training. Many units now respond to a
# pattern of strokes: ink in some places, and none in others. The L2 penalty has reduced
# weights that are not needed to nearly 0: those of pixels that are always empty, and those
# of some units.

loaded = ShallowNetClassifier.from_weights(elsewhere.coefs_, elsewhere.intercepts_)
limit = np.abs(net.coefs_[0]).max()
figure, panels = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
figure.get_layout_engine().set(wspace=0.06)
titles = {
    f"From the file: accuracy {accuracy_loaded:.1%}": loaded,
    f"After further training: accuracy {accuracy_further:.1%}": net,
}
for ax, (title, drawn) in zip(panels, titles.items(), strict=True):
    display = WeightsDisplay.from_estimator(
        drawn, units=28, ax=ax, name=title, vmin=-limit, vmax=limit
    )
    if ax is panels[0]:  # one key is enough for both
        display.colorbar_.remove()
plt.show()
