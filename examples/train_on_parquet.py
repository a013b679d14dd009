"""
Trains a net on a table of Parquet files that need not fit into memory.

Run ``python examples/train_on_parquet.py``. It needs pyarrow:
``pip install "skshallow[bigdata]"``. It writes 10 million generated rows to 40 files,
sorted by time, as is common for such files, and trains for one pass over them with
``partial_fit``. Several files are read at a time, in random order, and their rows are
shuffled before the net gets them. The net with the lowest loss on validation rows is kept.
``--in-order`` reads one file after the other instead, and ``--in-memory`` reads all rows
at once and calls ``fit``. The program prints the rows processed per second of processor
time, and the peak memory.
"""

from __future__ import annotations

import argparse
import copy
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
from scipy.special import expit
from sklearn.metrics import log_loss

from skshallow import DeepNetClassifier

N_FEATURES = 20
BATCH = 4096  # rows that are read from one file at a time
CHUNK = 8 * BATCH  # rows that the net is given at a time
N_OPEN = 8  # files that are read at the same time
CHUNKS_A_CHECK = 10  # chunks between two computations of the validation loss


def draw(rng: np.random.Generator, time: np.ndarray) -> pa.Table:
    """Return rows at given times in [0, 1]; the last two columns are p and y."""
    X = rng.normal(size=(len(time), N_FEATURES)).astype(np.float32)
    X[:, 0] = 6 * (time - 0.5) + 0.3 * X[:, 0]
    p = expit(4 * np.sin(1.5 * X[:, 0]) + 2 * X[:, 1] * X[:, 2])
    columns = {f"x{j}": column for j, column in enumerate(X.T)}
    return pa.table({**columns, "p": p, "y": rng.random(len(time)) < p})


def write_files(folder: Path, n_rows: int, n_files: int) -> tuple[list[Path], Path]:
    """Write training files, sorted by time, and one with validation rows of all times."""
    rng = np.random.default_rng(0)
    files = [folder / f"part-{i:03}.parquet" for i in range(n_files)]
    bounds = np.linspace(0, n_rows, n_files + 1).astype(int)
    for path, first, last in zip(files, bounds[:-1], bounds[1:], strict=True):
        rows = draw(rng, np.arange(first, last) / n_rows)
        pa.parquet.write_table(rows, path, row_group_size=8 * BATCH)
    validation = folder / "validation.parquet"
    pa.parquet.write_table(draw(rng, rng.random(20_000)), validation)
    return files, validation


def features_and_targets(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, N_FEATURES) in float32 and classes (n,)."""
    X = np.empty((len(table), N_FEATURES), np.float32)
    for j in range(N_FEATURES):
        X[:, j] = table[f"x{j}"].to_numpy()
    return X, table["y"].to_numpy()


def batches_side_by_side(files: list[Path]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some files, one batch of each file in turn.

    Without pre-buffering, only one row group of each file is in memory.
    """
    scan = pa.dataset.ParquetFragmentScanOptions(pre_buffer=False)
    readers = [
        pa.dataset.dataset(path).to_batches(
            batch_size=BATCH,
            batch_readahead=1,
            fragment_readahead=0,
            fragment_scan_options=scan,
            use_threads=False,
        )
        for path in files
    ]
    for batches in zip_longest(*readers):
        yield from (batch for batch in batches if batch is not None and len(batch))


def chunks(
    files: list[Path], rng: np.random.Generator | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield all rows of `files` once, CHUNK at a time; without `rng` in their order."""
    if rng is None:
        groups = [[path] for path in files]
    else:
        shuffled = [files[i] for i in rng.permutation(len(files))]
        groups = [shuffled[i : i + N_OPEN] for i in range(0, len(files), N_OPEN)]
    waiting: list[pa.RecordBatch] = []
    n_waiting = 0
    for group in groups:
        for batch in batches_side_by_side(group):
            waiting.append(batch)
            n_waiting += len(batch)
            if n_waiting >= CHUNK:
                table = pa.Table.from_batches(waiting)
                yield mixed(table[:CHUNK], rng)
                waiting = table[CHUNK:].to_batches()
                n_waiting -= CHUNK
    if n_waiting:
        yield mixed(pa.Table.from_batches(waiting), rng)


def mixed(
    table: pa.Table, rng: np.random.Generator | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return features and targets, in random order if there is a generator."""
    X, y = features_and_targets(table)
    if rng is None:
        return X, y
    order = rng.permutation(len(X))
    return X[order], y[order]


def new_net(max_iter: int) -> DeepNetClassifier:
    return DeepNetClassifier(
        32,
        schedule="cosine",
        max_iter=max_iter,
        batch_size=512,
        early_stopping=False,
        numeric_encoding=None,  # as in partial_fit, which does not know the quantiles
        random_state=0,
    )


def train_by_chunks(
    files: list[Path], validation: Path, n_passes: int, rng: np.random.Generator | None
) -> tuple[DeepNetClassifier, list[float]]:
    """Return the net with the lowest validation loss, and all validation losses.

    The learning rate decreases to 0 at `max_iter`, which is the total number of chunks.
    """
    n_rows = sum(pa.parquet.read_metadata(path).num_rows for path in files)
    net = new_net(max_iter=n_passes * -(-n_rows // CHUNK))
    X_val, y_val = features_and_targets(pa.parquet.read_table(validation))
    best, losses = net, []
    for _ in range(n_passes):
        for X, y in chunks(files, rng):
            net.partial_fit(X, y, classes=[False, True])
            if net.n_iter_ % CHUNKS_A_CHECK == 0 or net.n_iter_ == net.max_iter:
                losses.append(log_loss(y_val, net.predict_proba(X_val)))
                if losses[-1] == min(losses):
                    best = copy.deepcopy(net)
    return best, losses


def fit_in_memory(files: list[Path], n_passes: int) -> tuple[DeepNetClassifier, float]:
    """Return a net that is fitted to all rows at once, and the peak memory before that.

    The columns that are read and the array made of them are in memory at the same time.
    """
    X, y = features_and_targets(pa.dataset.dataset(files).to_table())
    once_read = peak_megabytes()
    return new_net(max_iter=n_passes).fit(X, y), once_read


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="folder of the files")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write-only", action="store_true", help="no training")
    how.add_argument("--in-order", action="store_true", help="one file after the other")
    how.add_argument("--in-memory", action="store_true", help="all rows at once, by fit")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Write the files if there are none, train, and return the measurements."""
    files = sorted(folder.glob("part-*.parquet"))
    validation = folder / "validation.parquet"
    if not files:
        files, validation = write_files(folder, options.rows, options.files)
    if options.write_only:
        return {}
    memory = {"memory before training, MB": peak_megabytes()}
    start = time.process_time()
    if options.in_memory:
        net, once_read = fit_in_memory(files, options.passes)
        memory["memory once all is read, MB"] = once_read
    else:
        rng = None if options.in_order else np.random.default_rng(1)
        net, _ = train_by_chunks(files, validation, options.passes, rng)
    seconds = time.process_time() - start
    table = pa.parquet.read_table(validation)
    X_val, y_val = features_and_targets(table)
    n_rows = sum(pa.parquet.read_metadata(path).num_rows for path in files)
    return {
        "rows": n_rows,
        "rows per second": n_rows * options.passes / seconds,
        **memory,
        "peak memory, MB": peak_megabytes(),
        "size of the table, MB": n_rows * N_FEATURES * 4 / 1e6,
        "validation loss": log_loss(y_val, net.predict_proba(X_val)),
        "validation loss of the true probabilities": log_loss(y_val, table["p"].to_numpy()),
    }


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parse(arguments)
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        found = run(options, options.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = run(options, Path(folder))
    for name, value in found.items():
        print(f"{name:42} {value:14,.{4 if 'loss' in name else 0}f}")
    return found


if __name__ == "__main__":
    main()
