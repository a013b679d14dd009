"""The user guide: its tables name all that there is, by its true default."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from numpydoc_sections import entries, sections
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
    activations,
    initializers,
    losses,
    schedules,
    solvers,
)
from skshallow.activations import ACTIVATIONS
from skshallow.initializers import INITIALIZERS
from skshallow.losses import REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
OURS = [ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor]
THEIRS = [MLPClassifier, MLPRegressor]
COMPONENTS = {
    name: thing
    for module in (activations, initializers, losses, solvers, schedules)
    for name, thing in vars(module).items()
    if inspect.isclass(thing)
}


def tables(page):
    """Return the rows of each table of a page of the guide, by headings."""
    found, headings = {}, {}
    for line in (GUIDE / page).read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"(#+) (.*)", line):
            level = len(heading[1])
            headings = {n: text for n, text in headings.items() if n < level}
            headings[level] = heading[2]
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(" / ".join(list(headings.values())[1:]), []).append(cells)
    return {title: rows[2:] for title, rows in found.items()}


PAGES = sorted(path.name for path in GUIDE.glob("*.md") if path.name != "index.md")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_a_figure(page):
    text = (GUIDE / page).read_text(encoding="utf-8")
    assert re.search(r"^(```\{figure\} |!\[.+\]\(|\.\. plot::$)", text, re.M)


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


def arguments(cells):
    """Return what each ``name=value`` in some cells evaluates to, all values a name."""
    found = {}
    for cell in cells:
        for code in codes(cell):
            name, _, value = code.partition("=")
            found.setdefault(name, []).append(eval(value, dict(COMPONENTS)))
    return found


def defaults(classes):
    """Return the defaults that each parameter has in `classes`."""
    found = {}
    for cls in classes:
        for name, parameter in inspect.signature(cls).parameters.items():
            found.setdefault(name, []).append(parameter.default)
    return found


def attributes(classes):
    return {
        name
        for cls in classes
        for name in entries(sections(cls.__doc__)["Attributes"])
        if not name.startswith("_")
    }


def methods(cls):
    return {
        name
        for name, _ in inspect.getmembers(cls, callable)
        if re.fullmatch(r"[a-z][a-z_]*[a-z]", name)
        if not re.fullmatch(r"set_\w+_request", name)
    }


@pytest.fixture(scope="module")
def from_mlp():
    return tables("from_mlp.md")


def test_every_parameter_of_mlp_is_in_the_table_with_its_default(from_mlp):
    named = arguments(row[0] for row in from_mlp["Parameters"])
    actual = defaults(THEIRS)
    assert set(named) == set(actual)
    for name, values in named.items():
        assert values == actual[name][:1], name


def test_what_stands_beside_a_parameter_of_mlp_can_be_set_here(from_mlp):
    actual = defaults(OURS)
    for name, values in arguments(row[1] for row in from_mlp["Parameters"]).items():
        for value in values:
            is_component = type(value) in COMPONENTS.values()
            assert is_component or value in actual[name], name


def test_every_parameter_that_mlp_has_not_is_in_the_table_with_its_default(from_mlp):
    named = arguments(row[0] for row in from_mlp["Parameters / Only here"])
    actual = defaults(OURS)
    assert set(named) == set(actual) - set(defaults(THEIRS))
    for name, values in named.items():
        assert len(values) == 1, name
        assert values[0] in actual[name], name


def test_every_attribute_of_mlp_is_in_the_table(from_mlp):
    rows = from_mlp["Attributes"]
    assert sorted(codes(row[0])[0] for row in rows) == sorted(attributes(THEIRS))
    here = {name for row in rows for name in codes(row[1])}
    assert here <= attributes(OURS)


def test_every_attribute_that_mlp_has_not_is_in_the_table(from_mlp):
    named = sorted(codes(row[0])[0] for row in from_mlp["Attributes / Only here"])
    assert named == sorted(attributes(OURS) - attributes(THEIRS))


def test_every_method_that_mlp_has_not_is_in_the_table(from_mlp):
    named = sorted(codes(row[0])[0] for row in from_mlp["Methods"])
    new = set()
    for ours, theirs in zip(OURS, 2 * [MLPClassifier] + 2 * [MLPRegressor], strict=True):
        assert methods(theirs) <= methods(ours)
        new |= methods(ours) - methods(theirs)
    assert named == sorted(new)


@pytest.mark.parametrize(
    ("title", "table"),
    [
        ("Activation function", ACTIVATIONS),
        ("Weight initialisation", INITIALIZERS),
        ("Loss function", REGRESSION_LOSSES),
        ("Solver (optimiser)", SOLVERS),
        ("Learning rate schedule", SCHEDULES),
    ],
)
def test_every_choice_is_in_the_guide(title, table):
    named = {
        ast.literal_eval(code)
        for row in tables("choosing.md")[title]
        for code in codes(row[0])
        if code.startswith('"')
    }
    assert named == set(table) - {"auto"}
