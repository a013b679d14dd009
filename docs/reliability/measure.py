"""Runs the tests of all guarantees and collects their measurements.

Run ``python docs/reliability/measure.py``; it runs the tests of every guarantee, the slow
ones included, as many modules at a time as there are processors, and writes the tables of
``index.md`` in the same folder. It writes nothing if a test fails. ``--deselect TEST``
leaves a test out, and the page says so.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = HERE / "index.md"


@dataclass(frozen=True)
class Promise:
    """A guarantee, the test modules that check it, and what these measure.

    `measured` names properties that tests record, each with a function that summarises
    the recorded values and with the text that its result is put into.
    """

    name: str
    tests: tuple[str, ...]
    measured: tuple[tuple[str, Callable[[list], Any], str], ...] = ()


PROMISES = [
    Promise(
        "Determinism",
        ("reliability/test_determinism.py",),
    ),
    Promise(
        "Weights",
        ("reliability/test_weights.py",),
    ),
    Promise(
        "Concurrency",
        ("reliability/test_concurrency.py", "_arrays/test_threads.py"),
    ),
    Promise(
        "Memory and size",
        ("reliability/test_leaks.py",),
        (
            ("kilobytes_grown", max, "{:.0f} kB more memory after 1000 fits"),
            ("bytes_beside", max, "at most {:,} bytes beside the parameters"),
        ),
    ),
    Promise(
        "Magnitudes",
        ("reliability/test_extremes.py",),
    ),
    Promise(
        "Unusual data",
        (
            "reliability/test_degenerate.py",
            "reliability/test_layouts.py",
            "reliability/test_sparse.py",
        ),
    ),
    Promise(
        "Interruption",
        ("_estimators/fit/test_transaction.py", "_estimators/fit/test_checkpoint.py"),
        (("interruptions", sum, "interrupted at {:,} lines of code"),),
    ),
    Promise(
        "Persistence",
        (
            "_estimators/files/test_model.py",
            "_estimators/files/test_integrity.py",
            "_estimators/files/test_skops.py",
        ),
        (("altered_files", sum, "{:,} randomly altered files"),),
    ),
    Promise(
        "Gradients",
        ("inspection/test_gradient_check.py", "engine/test_objective.py"),
    ),
    Promise(
        "Packaging",
        ("test_packaging.py",),
    ),
]


class Cases:
    """A pytest plugin that counts the tests that passed and collects what they recorded."""

    def __init__(self) -> None:
        self.passed = 0
        self.recorded: list[tuple[str, Any]] = []
        self.others: list[str] = []

    def pytest_runtest_logreport(self, report) -> None:
        if not report.passed:
            self.others.append(f"{report.outcome}: {report.nodeid}")
        elif report.when == "call":
            self.passed += 1
            self.recorded += report.user_properties


def run_module(module: str, left_out: list[str]) -> dict[str, Any]:
    """Return the results of a test module, as values that JSON can hold."""
    import pytest

    os.chdir(ROOT)
    cases, output = Cases(), io.StringIO()
    options = ["-p", "no:cacheprovider", "-m", "slow or not slow"]
    options += [f"--deselect={test}" for test in left_out]
    with contextlib.redirect_stdout(output):
        status = pytest.main([*options, f"tests/{module}"], plugins=[cases])
    return {**vars(cases), "status": int(status), "output": output.getvalue()}


def run_tests(left_out: list[str], n_jobs: int) -> dict[str, dict[str, Any]]:
    """Return the results of each test module; exit if a test fails."""
    modules = [module for promise in PROMISES for module in promise.tests]

    def run(module: str) -> dict[str, Any]:
        command = [sys.executable, __file__, "--module", module]
        command += [f"--deselect={test}" for test in left_out]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        cases = json.loads(found.stdout)
        print(f"{module}: {cases['passed']} passed", *cases["others"], sep="\n  ")
        return cases

    with ThreadPoolExecutor(n_jobs) as pool:
        found = dict(zip(modules, pool.map(run, modules), strict=True))
    failed = [cases["output"] for cases in found.values() if cases["status"] != 0]
    if failed:
        sys.exit("\n".join([*failed, "A test failed; the page was not changed."]))
    return found


def table_of_promises(cases: dict[str, dict[str, Any]], left_out: list[str]) -> list[str]:
    """Return the lines of the table, and of the note on tests that were left out."""
    lines = ["| guarantee | tests | measured |", "|---|---|---|"]
    for promise in PROMISES:
        links = [
            f"[`{path.rpartition('/')[2]}`](../../tests/{path})" for path in promise.tests
        ]
        recorded = [pair for module in promise.tests for pair in cases[module]["recorded"]]
        words = []
        for name, summary, text in promise.measured:
            values = [value for recorded_name, value in recorded if recorded_name == name]
            words.append(text.format(summary(values)))
        lines.append(f"| {promise.name} | {', '.join(links)} | {'; '.join(words)} |")
    lines += ["", "All of these tests passed."]
    if left_out:
        names = ", ".join(f"`{test.rpartition('::')[2]}`" for test in left_out)
        lines.append(f"Left out of this run because it takes long: {names}.")
    return lines


# Processors: unless there are too many threads, sharing work takes no more processor time.

N_FITS, N_PREDICTIONS, N_THREADS = 8, 160, 16


def fit(seed: int):
    """Fit a network of a typical size on the digits."""
    from sklearn.datasets import load_digits

    from skshallow import DeepNetClassifier

    warnings.simplefilter("ignore")
    X, y = load_digits(return_X_y=True)
    return DeepNetClassifier(128, max_iter=30, random_state=seed).fit(X, y)


def predict(net, _):
    """Predict all the digits."""
    from sklearn.datasets import load_digits

    return net.predict(load_digits(return_X_y=True)[0])


def in_turn(work, n_times):
    return list(map(work, range(n_times)))


def in_threads(n_threads, work, n_times):
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, range(n_times)))


def in_processes(n_processes, work, n_times):
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        return list(pool.map(work, range(n_times)))


def time_of(run, work, n_times) -> tuple[float, float]:
    """Return elapsed seconds, and seconds of processor time."""
    before = os.times()
    run(work, n_times)
    after = os.times()
    return after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4])


def measure_processors() -> list[tuple[str, float, float]]:
    """Return for each way: its name, processors in use, relative processor time."""
    n_cores = os.cpu_count() or 1
    net = fit(0)
    works = [
        (f"{N_FITS} fits", fit, N_FITS, n_cores),
        (f"{N_PREDICTIONS} predictions", partial(predict, net), N_PREDICTIONS, N_THREADS),
    ]
    rows = []
    for name, work, n_times, n_threads in works:
        ways = {
            "one after the other": in_turn,
            f"in {n_threads} threads": partial(in_threads, n_threads),
            f"in {n_cores} forked processes": partial(in_processes, n_cores),
        }
        alone = 0.0
        for way, run in ways.items():
            elapsed, busy = time_of(run, work, n_times)
            alone = alone or busy
            rows.append((f"{name} {way}", busy / elapsed, busy / alone))
    return rows


def table_of_processors() -> list[str]:
    """Return the table, measured without limits to the number of threads."""
    free = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    command = [sys.executable, __file__, "--processors"]
    found = subprocess.run(command, env=free, check=True, capture_output=True, text=True)
    lines = [
        "| work | processors in use | processor time, relative |",
        "|---|---|---|",
        *(
            f"| {name} | {in_use:.2f} | {against:.2f} |"
            for name, in_use, against in json.loads(found.stdout)
        ),
    ]
    machine = f"{os.cpu_count()} processors, {platform.system()}"
    return [*lines, "", f"On {machine}, Python {platform.python_version()}."]


def write(name: str, lines: list[str]) -> None:
    """Put lines between the two marks of this name on the page."""
    text = PAGE.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    body = "\n" + "\n".join(lines) + "\n\n"
    PAGE.write_text(head + start + body + end + tail, encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deselect", action="append", default=[], metavar="TEST")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--module", help="print the results of one module only")
    parser.add_argument("--processors", action="store_true", help="print these times only")
    options = parser.parse_args()
    if options.processors:
        print(json.dumps(measure_processors()))
        return
    if options.module:
        print(json.dumps(run_module(options.module, options.deselect)))
        return
    cases = run_tests(options.deselect, options.jobs)
    processors = table_of_processors()
    write("promises", table_of_promises(cases, options.deselect))
    write("processors", processors)


if __name__ == "__main__":
    main()
