"""A house with floors: a module imports from floors below its own, and no other."""

import ast
from pathlib import Path

import pytest

import skshallow

FLOORS = [
    {"_arrays", "_docs", "_resolve", "_threads", "_version"},
    {"_products", "_special", "exceptions", "parameters", "schedules"},
    {"links"},
    {"_archive", "_loss", "activations", "batches", "history", "solvers"},
    {"likelihoods"},
    {"losses"},
    {"calibration", "initializers", "scaling"},
    {"layers"},
    {"network"},
    {"objective"},
    {"health", "progress"},
    {"training"},
    {"_consistency", "_describe", "_dispatch", "_limits", "_sklearn"},
    {"_input"},
    {"_saving"},
    {
        "_data",
        "_draft",
        "_fitted",
        "_judging",
        "_recording",
        "_settings",
        "_uncertainty",
        "_watching",
    },
    {"_fingerprint", "callbacks"},
    {"_checkpoint"},
    {"_fitting"},
    {"_base"},
    {"classifier", "features", "regressor"},
    {"inspection", "onnx", "persistence"},
    {"__init__"},
]
FIRST_FLOOR_WITH_SCIKIT_LEARN = 12
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
ROOT = Path(skshallow.__file__).parent


def module_of(path):
    """Return the first name below the package: a module's, or a subpackage's."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """Yield all names that a file imports, dotted, the name itself included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = sorted(ROOT.rglob("*.py"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: module_of(path))


def test_every_module_lives_on_a_floor():
    assert {module_of(path) for path in FILES} <= FLOOR_OF.keys()


@every_file
def test_modules_import_only_from_floors_below(path):
    module = module_of(path)
    own = [f"{name}.".split(".") for name in imports(path)]
    # what is no module comes from the package itself, on the top floor
    used = {
        name[1] if name[1] in FLOOR_OF else "__init__"
        for name in own
        if name[0] == "skshallow" and name[1] != module
    }
    not_below = {name for name in used if FLOOR_OF[name] >= FLOOR_OF[module]}
    assert not not_below, f"{module} stands on no higher floor than {not_below}"


@every_file
def test_scikit_learn_is_imported_on_the_top_floors_only(path):
    uses_scikit_learn = any(name.split(".")[0] == "sklearn" for name in imports(path))
    assert FLOOR_OF[module_of(path)] >= FIRST_FLOOR_WITH_SCIKIT_LEARN or not (
        uses_scikit_learn
    )


@every_file
def test_private_parts_of_scikit_learn_are_touched_in_one_module(path):
    names = [name for name in imports(path) if name.split(".")[0] == "sklearn"]
    private = [name for name in names if any(part[0] == "_" for part in name.split("."))]
    assert module_of(path) == "_sklearn" or private == []
