"""Files that the scripts in ``docs/reliability`` name exist, and pages link to them."""

import ast
import json
import re
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reliability"
LINK = re.compile(r"\[`([^`]*)`\]\(\.\./\.\./tests/([^)]*)\)")


@pytest.fixture(scope="module")
def measure():
    spec = spec_from_file_location("measure", FOLDER / "measure.py")
    module = sys.modules["measure"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["measure"]


@pytest.fixture(scope="module")
def mutation():
    """The constants of ``mutation.py``, which itself needs Cosmic Ray."""
    tree = ast.parse((FOLDER / "mutation.py").read_text(encoding="utf-8"))
    wanted = ["EFFECTS", "DOCUMENTED", "DEFAULTS", "RATES", "TESTS", "MEASURED"]
    body = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id in wanted
    ]
    names = {}
    exec(compile(ast.Module(body, type_ignores=[]), "mutation.py", "exec"), names)
    assert set(wanted) <= set(names)
    return SimpleNamespace(**names)


def is_module(name):
    return (ROOT / "skshallow" / f"{name}.py").is_file()


def test_every_promise_names_tests_that_exist(measure):
    named = [test for promise in measure.PROMISES for test in promise.tests]
    assert len(named) >= len(measure.PROMISES) > 5
    assert [test for test in named if not (ROOT / "tests" / test).is_file()] == []


def test_the_page_links_every_promise_to_its_tests(measure):
    page = (FOLDER / "index.md").read_text(encoding="utf-8")
    for promise in measure.PROMISES:
        (row,) = re.findall(rf"^\| {promise.name} \|.*$", page, re.M)
        expected = [(Path(test).name, test) for test in promise.tests]
        assert LINK.findall(row) == expected


def test_mutated_modules_and_their_tests_exist(mutation):
    assert set(mutation.MEASURED) <= set(mutation.TESTS)
    assert [name for name in mutation.TESTS if not is_module(name)] == []
    for test in {test for tests in mutation.TESTS.values() for test in tests}:
        path, _, function = test.partition("::")
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {function}(" in text or not function, test


def test_modules_of_mutants_exist():
    groups = tomllib.loads((FOLDER / "survivors.toml").read_text(encoding="utf-8"))["group"]
    explained = {module for group in groups for module, *_ in group["mutants"]}
    results = json.loads((FOLDER / "mutation.json").read_text(encoding="utf-8"))["results"]
    tried = {name for names in results for name in names.split(", ")}
    survived = {mutant[0] for result in results.values() for mutant in result["survived"]}
    assert len(tried) > 3
    assert [name for name in explained | tried | survived if not is_module(name)] == []


def test_the_page_of_mutants_has_a_row_for_each_result():
    page = (FOLDER / "mutation.md").read_text(encoding="utf-8")
    results = json.loads((FOLDER / "mutation.json").read_text(encoding="utf-8"))["results"]
    rows = re.findall(r"^\| `(.*?)` \| (\d+) \| (\d+) \|", page, re.M)
    expected = [(name, str(own["all"]), str(own["tried"])) for name, own in results.items()]
    assert rows == expected
