"""
Each epoch on record: which run is best, and when?
==================================================

Experiment trackers such as MLflow store the parameters of each run and its losses after
each epoch, so that runs can be compared later, or while they train. A callback delivers
these numbers. This example writes them to an SQLite file, so it needs no tracker; with
MLflow, only the statement that writes is different.
"""

# %%
# A callback that writes each epoch
# ---------------------------------
#
# A callback of :mod:`sklearn.callback` is called after each epoch with the estimator as
# fitted so far. Its learning curves go up to this epoch; the callback writes their last
# values.

import sqlite3
import tempfile
import warnings
from contextlib import closing
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skshallow import DeepNetClassifier


class LogEpochs:
    """Write the loss of each epoch of a fit to a file."""

    def __init__(self, path, run):
        self.path = path
        self.run = run

    def setup(self, estimator, context):
        """Create the table, if this run is the first one."""
        self.write("CREATE TABLE IF NOT EXISTS epochs (run, epoch, loss, validation_loss)")

    def teardown(self, estimator, context):
        """Leave the file as it is."""

    def on_fit_task_begin(self, estimator, context):
        """Write nothing before an epoch."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Write the numbers of an epoch that has ended."""
        if context.max_subtasks:  # the whole fit, not one of its epochs
            return
        row = (
            self.run,
            fitted_estimator.n_iter_,
            fitted_estimator.loss_curve_[-1],
            fitted_estimator.validation_loss_curve_[-1],
        )
        self.write("INSERT INTO epochs VALUES (?, ?, ?, ?)", row)

    def write(self, statement, values=()):
        """Execute one statement of SQL."""
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(statement, values)


# %%
# Three runs
# ----------
#
# They differ in the learning rate. All have the same validation rows, so that their losses
# can be compared.

LEARNING_RATES = [0.0003, 0.003, 0.1]
N_EPOCHS = 40
X, y = load_digits(return_X_y=True)
X, X_val, y, y_val = train_test_split(X, y, random_state=0)

records = {}
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "runs.db")
    for learning_rate in LEARNING_RATES:
        net = DeepNetClassifier(
            32,
            learning_rate=learning_rate,
            max_iter=N_EPOCHS,
            schedule="constant",
            label_smoothing=0,
            early_stopping=False,
            random_state=0,
        )
        net.set_callbacks(LogEpochs(path, learning_rate))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 40 epochs are few
            net.fit(X, y, X_val=X_val, y_val=y_val)
    with closing(sqlite3.connect(path)) as database:
        for learning_rate in LEARNING_RATES:
            query = "SELECT epoch, loss, validation_loss FROM epochs WHERE run = ?"
            rows = database.execute(query, [learning_rate]).fetchall()
            records[learning_rate] = list(zip(*rows, strict=True))

# %%
# The figure is drawn from the file alone. It shows what a score at the end of a run does
# not. With the smallest learning rate the loss is still falling: this run needs more
# epochs. With the largest one it jumps up and down, until training ends because the loss of
# the training rows has not improved for several epochs.

colors = ["#d9a21b", "#1c5d99", "#c1440e"]
figure, panels = plt.subplots(
    1, 2, figsize=(9.6, 3.8), sharex=True, sharey=True, layout="constrained"
)
for (learning_rate, record), color in zip(records.items(), colors, strict=True):
    epochs, *losses = record
    for ax, loss in zip(panels, losses, strict=True):
        ax.semilogy(epochs, loss, color=color, label=f"learning_rate={learning_rate}")
    best = min(range(len(epochs)), key=losses[1].__getitem__)
    panels[1].plot(epochs[best], losses[1][best], "o", color=color)
    print(f"{learning_rate}: validation loss {losses[1][best]:.3f} in epoch {epochs[best]}")
panels[0].set(title="loss of the training rows", xlabel="epoch", ylabel="loss")
panels[1].set(title="loss of the validation rows, and its minimum", xlabel="epoch")
panels[0].legend(frameon=False)
for ax in panels:
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
