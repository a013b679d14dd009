"""The import rule: a module imports only from floors below its own, without cycles."""

import ast
import functools
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skshallow

# The folders and modules of the package, bottom to top. What stands on one floor imports
# nothing from its neighbours; scikit-learn is known from `_estimators` up only.
FLOORS = [
    ["_arrays", "_component", "callbacks", "exceptions"],
    ["activations", "losses", "schedules", "solvers"],
    ["initializers"],
    ["engine"],
    ["_estimators/checks"],
    ["_estimators/columns"],
    ["_estimators/files"],
    ["_estimators/fit"],
    ["_estimators"],
    ["persistence"],
    ["inspection/_common"],
    ["inspection/_effects"],
    ["inspection/_displays"],
    ["inspection", "onnx"],
    ["__init__"],
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FIRST_WITH_SCIKIT_LEARN = FLOOR_OF["_estimators/checks"]
PRIVATE_PARTS_OF_SCIKIT_LEARN = "_estimators/checks/sklearn_private"
ROOT = Path(skshallow.__file__).parent


def name_of(path):
    """Return a module's path below the package, without its ending."""
    return path.relative_to(ROOT).as_posix().removesuffix(".py").removesuffix("/__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def room_of(module):
    """Return the innermost room of FLOORS that a module lies in."""
    parts = module.split("/")
    paths = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next(path for path in paths if path in FLOOR_OF)


@functools.cache
def imports(module):
    """Return all names that a module imports, dotted, the name itself included."""
    found = []
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def own_modules(module):
    """Return which modules of the package a module imports."""
    found = set()
    for name in imports(module):
        parts = name.split(".")
        if parts[0] != "skshallow" or parts[1:] == ["__version__"]:
            continue
        paths = ("/".join(parts[1:n]) for n in range(len(parts), 1, -1))
        found.add(next((path for path in paths if path in MODULES), "__init__"))
    return found - {module}


@every_module
def test_modules_import_from_floors_below_or_from_their_own_room(module):
    room = room_of(module)
    used = {room_of(other) for other in own_modules(module)} - {room}
    not_below = {other for other in used if FLOOR_OF[other] >= FLOOR_OF[room]}
    assert not not_below, f"{room} stands on no higher floor than {not_below}"


def test_imports_have_no_cycles():
    # `engine/__init__` hands on what its modules hold; asking one of these loads it first
    graph = {module: own_modules(module) for module in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@every_module
def test_scikit_learn_is_imported_on_the_upper_floors_only(module):
    uses_scikit_learn = any(name.split(".")[0] == "sklearn" for name in imports(module))
    is_above = FLOOR_OF[room_of(module)] >= FIRST_WITH_SCIKIT_LEARN
    assert is_above or not uses_scikit_learn


@every_module
def test_private_parts_of_scikit_learn_are_used_in_one_module(module):
    names = [name for name in imports(module) if name.split(".")[0] == "sklearn"]
    private = [name for name in names if any(part[0] == "_" for part in name.split("."))]
    assert module == PRIVATE_PARTS_OF_SCIKIT_LEARN or private == []


def test_the_package_has_at_most_sixteen_entries():
    entries = [path.name for path in ROOT.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 16
