"""Mutation testing: which small changes of the code do its tests detect?

Each mutant is one module with one change: an operator, a number, a statement, an argument.
It is killed if the module's own tests fail, or run several times as long as without the
change; doctests do not count. Annotations are not mutated, since they are never evaluated.
``survivors.toml`` lists mutants that survive for a known reason.

    pip install -e ".[mutation]"
    python docs/reliability/mutation.py --sample 50

writes ``mutation.json``, and from it ``mutation.md``. The interpreter is forked for every
mutant after it has imported the libraries, so that a mutant takes about a second; this
needs a system with ``os.fork``.
"""

import argparse
import compileall
import gc
import importlib
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from mutation_operators import OPERATORS
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("mutation.md")
RESULTS = Path(__file__).with_name("mutation.json")
KNOWN = Path(__file__).with_name("survivors.toml")
DOCUMENTED = "documentation/test_docstrings.py::"
DEFAULTS = (
    DOCUMENTED + "test_every_setting_of_a_component_is_documented_with_its_true_default"
)
RATES = DOCUMENTED + "test_what_auto_means_is_documented"
EFFECTS = "inspection/_effects/"
TESTS = {
    "activations": ["test_activations.py", "test_initializers.py", DEFAULTS],
    "losses/_regression": ["losses/test_losses.py", DEFAULTS],
    "losses/_classification": ["losses/test_losses.py", DEFAULTS],
    "losses/_likelihoods": ["losses/test_losses.py", DEFAULTS],
    "losses/_ordinal": [
        "losses/test_ordinal.py",
        "losses/test_losses.py",
        "losses/test_links.py",
        DEFAULTS,
    ],
    "losses/_links": ["losses/test_links.py"],
    "solvers": ["test_solvers.py", DEFAULTS, RATES],
    "engine/objective": ["engine/test_objective.py"],
    "engine/layers": ["engine/test_layers.py"],
    "engine/normalization": ["engine/test_normalization.py"],
    "engine/monotone": ["engine/test_monotone.py"],
    "engine/shared_outputs": ["engine/test_shared_outputs.py"],
    "inspection/_effects/path_integrals": [EFFECTS + "test_integrated_gradients.py"],
    "inspection/_effects/explained": [
        EFFECTS + "test_integrated_gradients.py",
        EFFECTS + "test_input_gradients.py",
    ],
    "schedules": ["test_schedules.py", DEFAULTS],
}
MEASURED = [
    "activations",
    "losses/_regression",
    "losses/_classification",
    "losses/_likelihoods",
    "solvers",
    "engine/objective",
    "losses/_ordinal",
    "engine/layers",
    "engine/normalization",
    "engine/shared_outputs",
    "engine/monotone",
]
HEAD = """# Mutation testing

Would the tests detect an error in the code? Mutation testing makes one small change to a
module, a mutant: an operator is replaced, a number is changed by one, a comparison is
reversed, a statement or an argument is removed. The mutant is killed if the tests of that
module fail; `TESTS` in [`mutation.py`](mutation.py) lists them. Doctests and the tests of
other modules do not count.

```sh
pip install -e ".[mutation]"
{command}
```

These commands write this page. The mutants tried are a random sample of all possible ones,
drawn with a fixed seed; the tests were improved on other samples. An equivalent mutant
computes the same results as the original code, so that no test can kill it. The last column
is the percentage killed of the mutants that are not equivalent.
"""
FOOT = """
## Surviving mutants

These mutants were not killed, for the reasons given. Lines are quoted as they were when the
mutants were tried."""
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "-o", "addopts="]


class Mutant(NamedTuple):
    """One change of one module: the line, as it was and as it is."""

    module: str
    number: int
    before: str
    after: str


def annotation_spans(tree):
    """Return the (start, end) of every annotation in a module."""
    spans = []
    for node in ast_nodes(tree):
        if node.type in ("param", "funcdef"):
            annotation = node.annotation
        elif node.type == "annassign":
            annotation = node.children[1]
        else:
            continue
        if annotation is not None:
            spans.append((annotation.start_pos, annotation.end_pos))
    return spans


def places(source):
    """Return (operator, occurrence, position) of every change that a module admits."""
    tree = get_ast(source)
    spans, nodes = annotation_spans(tree), list(ast_nodes(tree))
    found = []
    for operator in OPERATORS:
        starts = [
            start for node in nodes for start, _ in operator().mutation_positions(node)
        ]
        found += [
            (operator, occurrence, start)
            for occurrence, start in enumerate(starts)
            if not any(first <= start < last for first, last in spans)
        ]
    return found


def mutants_of(folder, module, n_mutants, seed):
    """Return a sample of a module's mutants with their code, and how many there are."""
    source = (folder / "skshallow" / f"{module}.py").read_text()
    lines, codes = source.splitlines(), {}
    all_places = places(source)
    random.Random(seed).shuffle(all_places)
    for operator, occurrence, (number, _) in all_places[:n_mutants]:
        code = mutate_code(source, operator(), occurrence)
        changed = code.splitlines()
        after = changed[number - 1].strip() if len(changed) == len(lines) else ""
        codes[Mutant(module, number, lines[number - 1].strip(), after)] = code
    return codes, len(all_places)


def working_copy(folder):
    """Copy package and tests, compile them, and import what they import but not them."""
    for name in ("skshallow", "tests"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    compileall.compile_dir(folder, quiet=1)
    for module in TESTS:  # read from source: a mutant may have its original's size and time
        path = folder / "skshallow" / module
        for compiled in (path.parent / "__pycache__").glob(f"{path.name}.*"):
            compiled.unlink()
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder), str(folder / "tests"), str(folder / "tests" / "_support")]
    importlib.import_module("conftest")
    files = {file.split(".")[0] for files in TESTS.values() for file in files}
    for path in sorted(map(Path, files)):
        sys.path.insert(0, str(folder / "tests" / path.parent))
        importlib.import_module(path.name)
        sys.path.pop(0)
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()
    gc.freeze()  # else every fork walks all that is imported


def passes(folder, tests, seconds):
    """Tell in a fork whether the tests pass within so many seconds of its processor."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os.chdir(folder)
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        code = 1
        try:
            with threadpool_limits(1):
                code = int(pytest.main([*PYTEST, *(f"tests/{name}" for name in tests)]))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def seconds_needed(folder, module):
    """Return how long the tests of the unchanged module take; exit if they fail."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    if not passes(folder, TESTS[module], 600):
        sys.exit(f"Without a change, {' '.join(TESTS[module])} does not pass.")
    return int(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)


def survivors(folder, module, codes, seconds):
    """Return the mutants of a module whose tests pass within so many seconds."""
    path = folder / "skshallow" / f"{module}.py"
    original, survived = path.read_text(), []
    for count, (mutant, code) in enumerate(codes.items(), start=1):
        path.write_text(code)
        if passes(folder, TESTS[module], seconds):
            survived.append(mutant)
            print(f"{count}/{len(codes)}", *mutant, sep="  ", flush=True)
    path.write_text(original)
    return survived


def run(modules, n_mutants, seed):
    """Return, of each module, how many mutants there are, were tried, and survived."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        working_copy(folder)
        limits = {module: 10 + 4 * seconds_needed(folder, module) for module in modules}
        for module, limit in limits.items():
            codes, n_all = mutants_of(folder, module, n_mutants, seed)
            survived = survivors(folder, module, codes, limit)
            results[module] = {"all": n_all, "tried": len(codes), "survived": survived}
    return results


def known_survivors():
    """Return {(module, before, after): group} for what survives for a reason."""
    groups = tomllib.loads(KNOWN.read_text())["group"]
    return {tuple(mutant): group for group in groups for mutant in group["mutants"]}


def group_of(mutant, known):
    """Return the group that tells why a mutant survives."""
    key = mutant.module, mutant.before, mutant.after
    return known.get(key, {"equivalent": False, "reason": "No test notices."})


def table(results, known):
    """Return the rows of the table: a module each, and all of them."""
    lines = [
        "| module | possible | tried | equivalent | killed | survived | killed, % |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    totals = [0] * 5
    for module, result in results.items():
        survived = result["survived"]
        n_equivalent = sum(group_of(mutant, known)["equivalent"] for mutant in survived)
        n_killed, n_survived = result["tried"] - len(survived), len(survived) - n_equivalent
        row = [result["all"], result["tried"], n_equivalent, n_killed, n_survived]
        totals = [total + entry for total, entry in zip(totals, row, strict=True)]
        lines.append(table_row(f"`{module}`", row))
    return [*lines, table_row("all", totals)]


def table_row(name, row):
    *_, n_killed, n_survived = row
    share = 100 * n_killed / max(1, n_killed + n_survived)
    return f"| {name} | {' | '.join(map(str, row))} | {share:.1f} |"


def explained(results, known):
    """Return the survivors as Markdown, each group under its reason."""
    by_reason = {}
    for mutant in [mutant for result in results.values() for mutant in result["survived"]]:
        group = group_of(mutant, known)
        by_reason.setdefault((not group["equivalent"], group["reason"]), []).append(mutant)
    lines = []
    for (counted, reason), mutants in sorted(by_reason.items(), key=lambda item: item[0]):
        kind = "Survived" if counted else "Equivalent"
        lines += ["", f"**{kind}.** {reason}", "", "```text"]
        for module, number, before, after in mutants:
            lines += [f"{module}.py:{number}", f"  - {before}", f"  + {after}"]
        lines += ["```"]
    return lines


def page(results, known, command):
    """Return the page (Markdown) that tells what was found."""
    lines = [HEAD.format(command=command), *table(results, known), FOOT]
    return "\n".join([*lines, *explained(results, known), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--modules",
        nargs="+",
        choices=TESTS,
        default=MEASURED,
        help="the results of others, if they are of the same sample and seed, are kept",
    )
    parser.add_argument("--sample", type=int, help="mutants of each module; default: all")
    parser.add_argument("--seed", type=int, default=0, help="draws them")
    parser.add_argument("--page", action="store_true", help="only write the page anew")
    args = parser.parse_args()
    if not args.page:
        sample = "" if args.sample is None else f" --sample {args.sample}"
        command = f"python docs/reliability/mutation.py{sample} --seed {args.seed}"
        before = json.loads(RESULTS.read_text())
        kept = before["results"] if before["command"] == command else {}
        results = kept | run(args.modules, args.sample, args.seed)
        found = {"command": command, "results": results}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    found = json.loads(RESULTS.read_text())
    for result in found["results"].values():
        result["survived"] = [Mutant(*mutant) for mutant in result["survived"]]
    PAGE.write_text(page(found["results"], known_survivors(), found["command"]))


if __name__ == "__main__":
    main()
