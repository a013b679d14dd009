"""Networks whose settings are chosen on one half of the tables and scored on the other.

Run ``python docs/benchmarks/cross_half.py FOLDER``; it writes ``cross_half.md`` to its own
folder. Tables, splits and contenders are those of ``accuracy.py``, whose options
``--results FILE`` and ``--without NAME`` it has, too: with the same file, nothing is
measured twice.

The tables of each task are halved by the alphabet, every second one. Of the `CANDIDATES`
for one network, and for an ensemble, the one with the lowest mean log loss, or the highest
mean R², on a half is used on the other half, and the other way round. So none is scored on
a table that had a say in its settings; but which settings to try at all was known from all
of these tables.
"""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import TASKS, splits_of
from contenders import left_out, net, numeric_contenders
from environment import versions_and_kernels
from options import contest_parser
from results import Result, measure
from summaries import (
    REFERENCE,
    SCORES,
    comparisons,
    means,
    names,
    of_task,
    shown,
    table,
    table_means,
)
from tables import table_names

HERE = Path(__file__).parent
SETTINGS: dict[str, dict[str, Any]] = {
    "numbers as they are": {"numeric_encoding": None},
    "periodic curves": {"numeric_encoding": "periodic"},
    "`dropout=0`": {"dropout": 0.0},
    "`dropout=0.3`": {"dropout": 0.3},
    "`depth=1`": {"depth": 1},
    "`depth=3`": {"depth": 3},
    "`hidden_units=48`": {"hidden_units": 48},
    "`hidden_units=192`": {"hidden_units": 192},
    "`learning_rate=0.005`": {"learning_rate": 0.005},
    "`learning_rate=0.02`": {"learning_rate": 0.02},
    "`alpha=0.0001`": {"alpha": 1e-4},
    "`alpha=0.01`": {"alpha": 1e-2},
}
SHARING = {"n_members": 8, "share_weights": True}
VIEWS = [None, "piecewise_linear", "periodic", "piecewise_linear"]
ENSEMBLES: dict[str, dict[str, Any]] = {
    "4 members, 60 epochs": {"n_members": 4, "max_iter": 60},
    "4 members, different encodings": {"n_members": 4, "numeric_encoding": VIEWS},
    "8 sharing weights, periodic curves": {**SHARING, "numeric_encoding": "periodic"},
    "8 sharing weights, `learning_rate=0.005`": {**SHARING, "learning_rate": 0.005},
}
ENSEMBLE = "ensemble"
CANDIDATES = {
    REFERENCE: [REFERENCE, *SETTINGS],
    ENSEMBLE: ["net, 4 members", "net, 8 sharing weights", *ENSEMBLES],
}
CRITERIA = {"classification": ("log_loss", 1), "regression": ("score", -1)}  # and its sign
N_HALVES = 2


def half_of(results: list[Result]) -> dict[str, int]:
    """Return the half of each table: 0 or 1, in turn by the alphabet."""
    return {name: i % N_HALVES for i, name in enumerate(sorted(names(results, "table")))}


def by_halves(results: list[Result], task: str, kind: str) -> dict[str, list[float]]:
    """Return the criterion of each candidate on each half, less of which is better."""
    measure_name, sign = CRITERIA[task]
    own = [r for r in of_task(results, task) if r.model in CANDIDATES[kind]]
    half, models = half_of(own), names(own, "model")
    values = sign * table_means(own, measure_name)
    halves = np.array([half[name] for name in names(own, "table")])
    per_half = np.stack([values[halves == i].mean(axis=0) for i in range(N_HALVES)])
    return dict(zip(models, per_half.T.tolist(), strict=True))


def chosen(results: list[Result], task: str, kind: str) -> list[str]:
    """Return the best candidate on each half."""
    values = by_halves(results, task, kind)
    return [min(values, key=lambda name: values[name][half]) for half in range(N_HALVES)]


def crossed(results: list[Result], task: str) -> list[Result]:
    """Return the results of *net* and *ensemble*, chosen on the other half, and of others.

    The network with its defaults is called "net, defaults" instead.
    """
    own = of_task(results, task)
    half, found = half_of(own), []
    for kind in CANDIDATES:
        best = chosen(own, task, kind)
        found += [
            replace(r, model=kind)
            for r in own
            if r.model == best[1 - half[r.table]]  # chosen on the other half
        ]
    others = [
        replace(r, model="net, defaults") if r.model == REFERENCE else r
        for r in own
        if r.model not in SETTINGS and r.model not in ENSEMBLES
    ]
    return found + others


def settings_table(results: list[Result], task: str, kind: str) -> list[str]:
    """Return the lines of a table with a row per candidate, the best of a half in bold."""
    values, best = by_halves(results, task, kind), chosen(results, task, kind)
    _, sign = CRITERIA[task]
    columns = {}
    for half, title in enumerate(("first half", "second half")):
        cells = shown(sign * np.array([own[half] for own in values.values()]), 4)
        columns[title] = [
            f"**{cell}**" if name == best[half] else cell
            for name, cell in zip(values, cells, strict=True)
        ]
    rows = [
        "defaults" if name == REFERENCE else name.removeprefix(f"{REFERENCE}, ")
        for name in values
    ]
    return table(kind, rows, columns)


def on_task(results: list[Result], task: str) -> list[str]:
    criterion, _ = CRITERIA[task]
    title = SCORES[task] if criterion == "score" else "log loss"
    halves = half_of(of_task(results, task))
    listed = [
        ", ".join(name for name, own in halves.items() if own == half)
        for half in range(N_HALVES)
    ]
    own = crossed(results, task)
    return [
        "",
        f"## {task.capitalize()}: {len(halves)} tables",
        "",
        *textwrap.wrap(
            f"Mean {title} by setting. The first half are {listed[0]}; the second half are "
            f"{listed[1]}."
        ),
        "",
        *settings_table(results, task, REFERENCE),
        "",
        *settings_table(results, task, ENSEMBLE),
        "",
        "*net* and *ensemble* have on each half what is best on the other one:",
        "",
        *means(own, task),
        "",
        "Compared with *net*:",
        "",
        *comparisons(own, task),
        "",
        "Compared with *ensemble*:",
        "",
        *comparisons(own, task, ENSEMBLE),
    ]


def report(results: list[Result], last: list[str]) -> str:
    lines = [
        "# Settings chosen on other tables",
        "",
        "How good are networks on tables that had no say in their settings?",
        "`cross_half.py` writes this page; its docstring describes the method.",
        "",
        "The defaults were [chosen on these tables](recipe.md), so their scores on",
        "[Accuracy](accuracy.md) may be a little too good. Here the settings of *net*, and",
        "of an *ensemble* of several networks, are chosen on one half of the tables and",
        "scored on the other half, and the other way round. Other models have their",
        "defaults. Columns are those of [Accuracy](accuracy.md). Different encodings are",
        "numbers as they are, piecewise-linear (twice) and periodic.",
    ]
    for task in TASKS:
        lines += on_task(results, task)
    return "\n".join([*lines, *last]) + "\n"


def main() -> None:
    options = contest_parser(__doc__).parse_args()
    warnings.simplefilter("ignore")
    found = table_names(options.folder)
    tables = [name for name in found if name not in options.without]
    models = [m for m in numeric_contenders() if m.name not in options.without]
    candidates = {**SETTINGS, **ENSEMBLES}
    models += [net(name, **settings) for name, settings in candidates.items()]
    results = measure(splits_of(options.folder, tables), models, options.results)
    packages = dict.fromkeys(model.package for model in models)
    omitted = left_out(models, [name for name in found if name not in tables])
    text = report(results, [*omitted, "", versions_and_kernels(*packages)])
    print(text)
    (HERE / "cross_half.md").write_text(text)


if __name__ == "__main__":
    main()
