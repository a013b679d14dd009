"""Rows a second, peak memory and loss of training on files, against `fit` in memory.

Run ``python docs/benchmarks/out_of_core.py``; it writes ``out_of_core.md`` beside itself.
It needs pyarrow: ``pip install "skshallow[bigdata]"``, and 2 GB of disk for a while.

``examples/train_on_parquet.py`` does the work, once in a process of its own for each line:
it says what the table is, how files are read and what is counted as time. Every way makes
one pass over the same Parquet files with the same net, of 32 hidden units, in batches of
512 rows and with one thread. The peak is that of the whole process, Python and its
libraries included; the files are written before, by another process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "train_on_parquet.py"
N_ROWS = [1_000_000, 10_000_000]
WAYS = {
    "`partial_fit`, 8 files side by side, rows mixed": [],
    "`partial_fit`, one file after the other": ["--in-order"],
    "`fit`, all rows in memory": ["--in-memory"],
}
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run(folder: Path, n_rows: int, arguments: list[str]) -> dict[str, float]:
    """Return what the example prints, by name."""
    command = [sys.executable, str(EXAMPLE), "--folder", str(folder), "--rows", str(n_rows)]
    done = subprocess.run(
        [*command, *arguments], env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    print(n_rows, arguments, done.stdout, sep="\n", flush=True)
    lines = re.findall(r"^(.+?) {2,}([\d.,]+)$", done.stdout, re.M)
    return {name: float(value.replace(",", "")) for name, value in lines}


def main() -> None:
    rows = []
    for n_rows in N_ROWS:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), n_rows, ["--write-only"])
            for name, arguments in WAYS.items():
                found = run(Path(folder), n_rows, arguments)
                rows.append(
                    f"| {n_rows:,} | {name} | {found['rows a second']:,.0f} "
                    f"| {found['peak memory, MB']:,.0f} "
                    f"| {found['validation loss']:.4f} |"
                )
        rows.append(
            f"| {n_rows:,} | the true probabilities | | | "
            f"| {found['validation loss of the true probabilities']:.4f} |"
        )
    lines = [
        "# Data larger than memory",
        "",
        "`out_of_core.py` writes this page; it says how things are measured.",
        "",
        "| rows | way | rows a second | peak memory, MB | validation loss |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"Before training a process holds {found['memory before training, MB']:,.0f} MB.",
        f"Features of {N_ROWS[-1]:,} rows are {found['size of the table, MB']:,.0f} MB.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "out_of_core.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
