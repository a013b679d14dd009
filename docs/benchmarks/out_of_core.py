"""Rows per second, peak memory and loss of out-of-core training, compared with `fit`.

Run ``python docs/benchmarks/out_of_core.py``; it writes ``out_of_core.md`` to its own
folder. It needs pyarrow, ``pip install "skshallow[bigdata]"``, and 2 GB of disk.

For each line of the table, ``examples/train_on_parquet.py`` runs in a process of its own;
its docstring describes the data, how the files are read and how time is measured. Every
method makes one pass over the same Parquet files with the same net, of 32 hidden units, in
batches of 512 rows and with one thread. Peak memory is that of the whole process, including
Python and its libraries; the files are written before, by another process.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import imported, versions_and_kernels

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "train_on_parquet.py"
N_ROWS = [1_000_000, 10_000_000]
WAYS = {
    "`partial_fit`, 8 files at a time, rows shuffled": [],
    "`partial_fit`, one file after the other": ["--in-order"],
    "`fit`, all rows in memory": ["--in-memory"],
}
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run(folder: Path, n_rows: int, arguments: list[str]) -> dict[str, float]:
    """Return what the example prints, by name."""
    command = [sys.executable, str(EXAMPLE), "--folder", str(folder), "--rows", str(n_rows)]
    done = subprocess.run(
        [*command, *arguments],
        env=ENVIRONMENT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(n_rows, arguments, done.stdout, sep="\n", flush=True)
    lines = re.findall(r"^(.+?) {2,}([\d.,]+)$", done.stdout, re.M)
    return {name: float(value.replace(",", "")) for name, value in lines}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    imported("pyarrow", '"skshallow[bigdata]"')
    rows = []
    for n_rows in N_ROWS:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), n_rows, ["--write-only"])
            for name, arguments in WAYS.items():
                found = run(Path(folder), n_rows, arguments)
                rows.append(
                    f"| {n_rows:,} | {name} | {found['rows per second']:,.0f} "
                    f"| {found['peak memory, MB']:,.0f} "
                    f"| {found['validation loss']:.4f} |"
                )
        rows.append(
            f"| {n_rows:,} | the true probabilities | | "
            f"| {found['validation loss of the true probabilities']:.4f} |"
        )
    lines = [
        "# Out-of-core training",
        "",
        "How fast is training on Parquet files that are read in chunks, how much",
        "memory does it need, and what is lost by reading the files in order?",
        "`out_of_core.py` writes this page; its docstring describes the method.",
        "",
        "| rows | method | rows per second | peak memory, MB | validation loss |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "The true probabilities have the lowest loss that a model can reach.",
        f"Memory before training: {found['memory before training, MB']:,.0f} MB.",
        f"Features of {N_ROWS[-1]:,} rows: {found['size of the table, MB']:,.0f} MB. `fit`",
        "needs them as one array. Before it begins, the columns that pyarrow reads are in",
        "memory beside it: the peak is already "
        f"{found['memory once all is read, MB']:,.0f} MB then.",
        "",
        versions_and_kernels("pyarrow"),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "out_of_core.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
