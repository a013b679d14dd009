"""
Out-of-core training: how to read a file that does not fit into memory
======================================================================

``partial_fit`` trains on one chunk of rows after the other, so only one chunk has to be in
memory at a time. The result depends on which rows form a chunk: files are often sorted, in
this example by time, and a network that gets the rows in that order forgets the first ones
while it learns the last (catastrophic forgetting). This example compares three ways of
reading a file, and the memory that they and ``fit`` need.
"""

# %%
# The file
# --------
#
# The file is written block by block, so that the whole data are never in memory. The first
# feature drifts from the first row to the last. The classes, one byte per row, stay in
# memory. The validation rows are drawn from the whole period.

import copy
import tempfile
import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit
from sklearn.metrics import log_loss

from skshallow import DeepNetClassifier

N_ROWS = 160_000
N_FEATURES = 50
BLOCK = 1000
CHUNK = 10 * BLOCK
N_PASSES = 3


def draw_rows(rng, time):
    """Return features (n_rows, N_FEATURES), true probabilities and classes at a time."""
    X = rng.normal(size=(len(time), N_FEATURES)).astype(np.float32)
    X[:, 0] = 6 * (time - 0.5) + 0.3 * X[:, 0]
    p = expit(4 * np.sin(1.5 * X[:, 0]) + 2 * X[:, 1] * X[:, 2])
    return X, p, rng.random(len(time)) < p


folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
path = Path(folder.name) / "table.float32"
rng = np.random.default_rng(0)
on_disk = np.memmap(path, np.float32, "w+", shape=(N_ROWS, N_FEATURES))
y = np.empty(N_ROWS, bool)
for start in range(0, N_ROWS, BLOCK):
    rows = slice(start, start + BLOCK)
    on_disk[rows], _, y[rows] = draw_rows(rng, np.arange(start, start + BLOCK) / N_ROWS)
on_disk.flush()
on_disk = np.memmap(path, np.float32, "r", shape=(N_ROWS, N_FEATURES))
X_val, p_val, y_val = draw_rows(rng, rng.random(2000))
print(f"Size of the file: {path.stat().st_size / 1e6:.0f} MB")

# %%
# Three ways of reading
# ---------------------
#
# In each pass over the file (epoch), every row is read once: from top to bottom; or in
# chunks of consecutive rows, with the chunks in random order; or in chunks that are
# composed of small blocks from all over the file. The last way still reads a thousand
# consecutive rows at a time, which is faster on most disks than reading single rows.

WAYS = {
    "top to bottom": lambda starts, rng: starts,
    "shuffled chunks": lambda starts, rng: rng.permutation(starts),
    "chunks of shuffled blocks": lambda starts, rng: rng.permutation(
        starts.ravel()
    ).reshape(starts.shape),
}
SETTINGS = {"hidden_units": 32, "batch_size": 320, "random_state": 0}


def train_by_chunks(arrange, n_passes=N_PASSES):
    """Return the net with the best validation loss, and the loss after each chunk.

    `arrange` puts the starts of the blocks (n_chunks, blocks per chunk) in order. The
    learning rate decreases to 0 at the last of `max_iter` calls.
    """
    rng = np.random.default_rng(1)
    starts = np.arange(0, N_ROWS, BLOCK).reshape(-1, CHUNK // BLOCK)
    net = DeepNetClassifier(schedule="cosine", max_iter=n_passes * len(starts), **SETTINGS)
    best, losses = net, []
    for _ in range(n_passes):
        for first in arrange(starts, rng):
            rows = (first[:, np.newaxis] + np.arange(BLOCK)).ravel()
            net.partial_fit(on_disk[rows], y[rows], classes=[False, True])
            losses.append(log_loss(y_val, net.predict_proba(X_val)))
            if losses[-1] == min(losses):
                best = copy.deepcopy(net)
    return best, losses


nets, losses = {}, {}
for name, arrange in WAYS.items():
    nets[name], losses[name] = train_by_chunks(arrange)
    print(f"{name:25} validation loss {losses[name][-1]:.3f}, ", end="")
    print(f"best {min(losses[name]):.3f}")
in_memory = DeepNetClassifier(max_iter=N_PASSES, **SETTINGS).fit(np.array(on_disk), y)
loss_in_memory = log_loss(y_val, in_memory.predict_proba(X_val))
print(f"{'fit, all in memory':25} validation loss {loss_in_memory:.3f}")
print(f"{'the true probabilities':25} validation loss {log_loss(y_val, p_val):.3f}")

# %%
# Memory
# ------
#
# Peak memory is the most that Python and NumPy have allocated at the same time. Parts of a
# memory-mapped file that the operating system caches are not counted, since it releases
# them when memory is needed.


def peak_megabytes(call):
    """Return the peak of the memory that a call allocates, in MB."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def fit_once(X):
    """Train for one pass over all rows with `fit`."""
    DeepNetClassifier(max_iter=1, **SETTINGS).fit(X, y)


peaks = {
    "fit, all in memory": peak_megabytes(lambda: fit_once(np.array(on_disk))),
    "fit, mapped file": peak_megabytes(lambda: fit_once(on_disk)),
    "partial_fit, chunks": peak_megabytes(
        lambda: train_by_chunks(WAYS["chunks of shuffled blocks"], n_passes=1)
    ),
}
for name, peak in peaks.items():
    print(f"{name:20} {peak:5.1f} MB at most")

# %%
# Results
# -------
#
# If the file is read from top to bottom, the network forgets the rows that it has seen
# before. Chunks of consecutive rows in random order do not solve this. With chunks from all
# over the file, the final loss is about that of `fit`, with a small part of its memory. A
# memory-mapped file, as here, can also be passed to `fit` directly: it copies only a few
# rows at a time, but it needs the targets of all rows in memory, and reads single rows from
# anywhere in the file. Chunks, in contrast, can come from any source.

COLORS = {
    "top to bottom": "#c1440e",
    "shuffled chunks": "#e0a458",
    "chunks of shuffled blocks": "#1c5d99",
}
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4.5), width_ratios=[2, 1], layout="constrained"
)
passes = np.arange(1, len(losses["top to bottom"]) + 1) * CHUNK / N_ROWS
for name, loss in losses.items():
    left.plot(passes, loss, color=COLORS[name], label=name)
left.axhline(loss_in_memory, color="#555555", linestyle="--", linewidth=1)
left.text(0, 0.93 * loss_in_memory, "fit, all in memory", va="top", color="#555555")
left.set_ylim(bottom=0.25)
left.set_yscale("log")
left.set_xticks(range(N_PASSES + 1))
left.set_yticks([0.3, 0.5, 1, 2, 4], ["0.3", "0.5", "1", "2", "4"])
left.set_yticks([], minor=True)
left.set_xlabel("passes over the file")
left.set_ylabel("validation loss after each chunk")
left.set_title("Which rows form a chunk?")
left.legend(frameon=False, loc="upper right")
bars = right.barh(list(peaks), list(peaks.values()), color=["#999999"] * 2 + ["#1c5d99"])
right.bar_label(bars, fmt="%.0f MB", padding=4)
right.invert_yaxis()
right.set_xlim(0, 1.25 * max(peaks.values()))
right.set_xticks([])
right.tick_params(left=False)
right.set_title(f"Peak memory (file: {path.stat().st_size / 1e6:.0f} MB)")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
right.spines["bottom"].set_visible(False)
plt.show()

folder.cleanup()
