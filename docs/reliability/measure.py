"""Which promises are kept, by how many cases, and what was measured on the way.

Run ``python docs/reliability/measure.py``; it runs the tests of every promise, the slow
ones included, and writes the tables of ``index.md`` beside itself. It writes nothing if a
test fails.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
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
    """A promise, the test modules that keep it, and what they measure on the way.

    `measured` names properties that tests record, each with a function of all values and
    with the words that its result goes into.
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
        ("reliability/test_concurrency.py", "test_threads.py"),
    ),
    Promise(
        "Memory and size",
        ("reliability/test_leaks.py",),
        (
            ("kilobytes_grown", max, "{:.0f} kB more after 1000 fits"),
            ("bytes_beside", max, "at most {:,} bytes beside the parameters"),
        ),
    ),
    Promise(
        "Magnitudes",
        ("reliability/test_extremes.py",),
    ),
    Promise(
        "Odd data",
        ("reliability/test_degenerate.py",),
    ),
    Promise(
        "Interruption",
        ("test_draft.py",),
        (("interruptions", sum, "{:,} lines interrupted"),),
    ),
    Promise(
        "Persistence",
        (
            "test_persistence.py",
            "test_persistence_damage.py",
            "test_persistence_skops.py",
        ),
        (("altered_files", sum, "{:,} files altered at random"),),
    ),
    Promise(
        "Gradients",
        ("inspection/test_gradient_check.py", "test_objective.py"),
    ),
    Promise(
        "Supply",
        ("test_packaging.py",),
    ),
]


class Cases:
    """A plugin of pytest that counts, by module, what passed and what it recorded."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.recorded: defaultdict[tuple[str, str], list] = defaultdict(list)
        self.others: list[str] = []

    def pytest_runtest_logreport(self, report) -> None:
        module = report.nodeid.partition("::")[0].removeprefix("tests/")
        if not report.passed:
            self.others.append(f"{report.outcome}: {report.nodeid}")
        elif report.when == "call":
            self.passed[module] += 1
            for name, value in report.user_properties:
                self.recorded[module, name].append(value)


def run_tests() -> Cases:
    """Return what came of the tests of all promises; exit if one fails."""
    import pytest

    cases = Cases()
    modules = [f"tests/{module}" for promise in PROMISES for module in promise.tests]
    os.chdir(ROOT)
    options = ["-p", "no:cacheprovider", "-m", "slow or not slow"]
    status = pytest.main([*options, *modules], plugins=[cases])
    print("\n".join(cases.others))
    if status != pytest.ExitCode.OK:
        sys.exit("A promise is broken; the page is left as it was.")
    return cases


def table_of_promises(cases: Cases) -> list[str]:
    lines = ["| promise | kept by | cases | measured |", "|---|---|---|---|"]
    for promise in PROMISES:
        links = [
            f"[`{path.rpartition('/')[2]}`](../../tests/{path})" for path in promise.tests
        ]
        n_cases = sum(cases.passed[module] for module in promise.tests)
        words = []
        for name, summary, text in promise.measured:
            values = [v for module in promise.tests for v in cases.recorded[module, name]]
            words.append(text.format(summary(values)))
        lines.append(
            f"| {promise.name} | {', '.join(links)} | {n_cases:,} | {'; '.join(words)} |"
        )
    total = sum(cases.passed.values())
    return [*lines, "", f"Together {total:,} cases, all of which passed."]


# Processors: without too many threads, work costs the same time of them however shared.

N_FITS, N_PREDICTIONS, N_THREADS = 8, 160, 16


def fit(seed: int):
    """Fit a net as large as many are, on the digits."""
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
    """Return seconds on the clock, and seconds that processors were busy."""
    before = os.times()
    run(work, n_times)
    after = os.times()
    return after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4])


def measure_processors() -> list[tuple[str, float, float]]:
    """Return what was run, processors in use, and their time against that in turn."""
    n_cores = os.cpu_count() or 1
    net = fit(0)
    works = [
        (f"{N_FITS} fits", fit, N_FITS, n_cores),
        (f"{N_PREDICTIONS} predictions", partial(predict, net), N_PREDICTIONS, N_THREADS),
    ]
    rows = []
    for name, work, n_times, n_threads in works:
        ways = {
            "in turn": in_turn,
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
    """Return the table, measured where nothing but the machine limits threads."""
    free = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    command = [sys.executable, __file__, "--processors"]
    found = subprocess.run(command, env=free, check=True, capture_output=True, text=True)
    lines = [
        "| work | processors in use | their time, against in turn |",
        "|---|---|---|",
        *(
            f"| {name} | {in_use:.2f} | {against:.2f} |"
            for name, in_use, against in json.loads(found.stdout)
        ),
    ]
    machine = f"{os.cpu_count()} processors, {platform.system()}"
    return [*lines, "", f"On {machine}, Python {platform.python_version()}."]


def write(name: str, lines: list[str]) -> None:
    """Put lines between the marks of the page that bear this name."""
    text = PAGE.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    body = "\n" + "\n".join(lines) + "\n\n"
    PAGE.write_text(head + start + body + end + tail, encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    if sys.argv[1:] == ["--processors"]:
        print(json.dumps(measure_processors()))
        return
    cases = run_tests()
    processors = table_of_processors()
    write("promises", table_of_promises(cases))
    write("processors", processors)


if __name__ == "__main__":
    main()
