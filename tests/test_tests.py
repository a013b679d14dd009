"""The rules of the tests themselves: where they lie, what they import and what they see."""

import ast
import functools
from collections import Counter
from pathlib import Path

import pytest

import skshallow

TESTS, PACKAGE = Path(__file__).parent, Path(skshallow.__file__).parent
FILES = {path.relative_to(TESTS).as_posix(): path for path in sorted(TESTS.rglob("*.py"))}
TEST_FILES = [file for file in FILES if Path(file).name.startswith("test_")]
MODULES = {
    path.relative_to(PACKAGE).as_posix().removesuffix(".py"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# `engine/layers.py` is tested by `engine/test_layers.py`, `losses/_links.py` by
# `losses/test_links.py`.
# What is tested where it can be seen, for modules and whole folders.
TESTED_BY = {
    # what an import loads, and what not
    "__init__": "test_packaging.py",
    # which names a module offers
    "engine/__init__": "test_public_names.py",
    "exceptions": "test_public_names.py",
    "inspection/__init__": "test_public_names.py",
    "losses/__init__": "test_public_names.py",
    # every fit of every estimator passes through them
    "_estimators/base": "_estimators/test_estimators.py",
    "_estimators/checks/array_api": "_estimators/test_array_api.py",
    "_estimators/checks/labels": "_estimators/test_classifier.py",
    "_estimators/checks/random_state": "_estimators/test_estimators.py",
    "_estimators/checks/typed_sklearn": "_estimators/test_subclassing.py",
    # what every fit and prediction does with a data frame
    "_estimators/columns/matrix": "_estimators/test_mixed_tables.py",
    "_estimators/fit/feature_encoding": "_estimators/test_mixed_tables.py",
    "_estimators/given_weights": "_estimators/test_prediction.py",
    "_estimators/checks/overflow": "reliability/test_extremes.py",
    "_estimators/fit/diagnostics": "engine/test_trainer.py",
    "_estimators/fit/components": "_estimators/fit/test_auto.py",
    "_estimators/fit/config": "_estimators/fit/test_auto.py",
    "_estimators/fit/preparation": "_estimators/fit/test_run.py",
    "_estimators/fit/results": "_estimators/fit/test_run.py",
    "_estimators/fit/start": "_estimators/fit/test_run.py",
    "_estimators/fit/targets": "_estimators/test_classifier.py",
    "_estimators/checks/user_warnings": "_estimators/fit/test_ineffective.py",
    # the docstrings that come out are compared with the code
    "_estimators/docstrings": "documentation/test_docstrings.py",
    # one file format: what is written is read back, or refused where it was altered
    "_estimators/checks/sklearn_private": "_estimators/files/test_model.py",
    "_estimators/files/archive": "_estimators/files/test_integrity.py",
    "_estimators/files/codec": "_estimators/files/test_model.py",
    "persistence": "_estimators/files/test_model.py",
    # the parts of one function for users
    "inspection/_compare_with_baseline": "inspection/test_baseline_comparison.py",
    "inspection/_default_baseline": "inspection/test_baseline_comparison.py",
    "inspection/_cross_validation": "inspection/test_baseline_comparison.py",
    "inspection/_row_scores": "inspection/test_baseline_comparison.py",
    "inspection/_paired_test": "inspection/test_row_wise_test.py",
    # two functions for users share what they compute with
    "inspection/_effects/explained": "inspection/_effects/test_input_gradients.py",
    "inspection/_effects/path_integrals": (
        "inspection/_effects/test_integrated_gradients.py"
    ),
    # members with validation rows of their own
    "_estimators/fit/out_of_fold": "_estimators/test_cross_fitting.py",
    "_estimators/fit/validation": "_estimators/test_cross_fitting.py",
    # what all displays share
    "inspection/_common/drawing": "inspection/_displays/test_displays.py",
    "inspection/_common/fitted_net": "inspection/_displays/test_displays.py",
    # every loss passes the same tests
    "losses/_base": "losses/test_losses.py",
    "losses/_classification": "losses/test_losses.py",
    "losses/_likelihoods": "losses/test_losses.py",
    "losses/_regression": "losses/test_losses.py",
    # a converter is right if onnxruntime computes what the net does
    "onnx": "test_onnx.py",
}
# Tests of no single module, and the folders of such tests.
ACROSS_MODULES = {
    "_estimators/checks/test_components_by_name.py",
    "_estimators/files/test_skops.py",
    "_estimators/test_clipping.py",
    "_estimators/test_cross_conformal.py",
    "_estimators/test_exactness.py",
    "_estimators/test_members.py",
    "_estimators/test_ordered_classes.py",
    "_estimators/test_mixed_tables.py",
    "_estimators/test_numeric_encoding.py",
    "_estimators/test_periodic_encoding.py",
    "_estimators/test_subclassing.py",
    "_estimators/fit/test_memory.py",
    "documentation",
    "ecosystem",
    "reliability",
    "test_floors.py",
    "test_packaging.py",
    "test_public_names.py",
    "test_tests.py",
}
# Private attributes of objects that a test was given or made.
PRIVATE = {
    # what a fit measures and remembers, of which not all has a public name
    "_estimators/fit/test_epoch_callbacks.py": {"_skl_callbacks"},
    "_estimators/fit/test_run.py": {"_units"},
    # scikit-learn has no public link to the documentation
    "documentation/test_api_reference.py": {"_get_doc_link"},
}


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree):
    """Yield the dotted name of each import of a module, and the name it is known by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", alias.asname or alias.name


def has_logic(path):
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree_of(path)))


def in_table(name, table):
    """Return whether a file or module, or a folder that it lies in, is in a table."""
    return any(path.as_posix() in table for path in [Path(name), *Path(name).parents])


def counterpart(module):
    """Return the file that tests a module by the rule of names."""
    folder, _, name = module.rpartition("/")
    pattern = f"{folder}/test_{{}}.py".removeprefix("/")
    return pattern.format(name.removeprefix("_"))


WITH_LOGIC = [module for module, path in MODULES.items() if has_logic(path)]


@pytest.mark.parametrize("file", FILES)
def test_no_file_imports_a_test_module_or_a_conftest(file):
    parts = [part for name, _ in imported(tree_of(FILES[file])) for part in name.split(".")]
    assert not [part for part in parts if part.startswith("test_") or part == "conftest"]


def test_names_of_test_files_are_unique():
    counts = Counter(Path(file).name for file in TEST_FILES)
    assert not [name for name, count in counts.items() if count > 1]


@pytest.mark.parametrize("module", WITH_LOGIC)
def test_every_module_has_the_tests_of_its_name_or_is_listed_with_others(module):
    assert (counterpart(module) in FILES) != in_table(module, TESTED_BY)


def test_the_tests_that_are_listed_exist():
    tests = {*FILES, *(path.name for path in TESTS.iterdir() if path.is_dir())}
    assert {*TESTED_BY.values(), *ACROSS_MODULES, *PRIVATE} <= tests
    modules = {*MODULES, *(Path(module).parent.as_posix() for module in MODULES)}
    assert TESTED_BY.keys() <= modules


@pytest.mark.parametrize("file", TEST_FILES)
def test_every_test_file_has_a_module_or_is_listed_as_across_modules(file):
    of_modules = {*map(counterpart, WITH_LOGIC), *TESTED_BY.values()}
    assert file in of_modules or in_table(file, ACROSS_MODULES)


def private_attributes(tree):
    """Return the private attributes of what is neither `self` nor imported."""
    names = {name for _, name in imported(tree)}
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        is_imported = isinstance(root, ast.Name) and root.id in names
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        # names with an underscore at both ends are protocols, such as `_repr_html_`
        is_private = node.attr.startswith("_") and not node.attr.endswith("_")
        if is_private and not is_imported and not is_own:
            found.add(node.attr)
    return found


@pytest.mark.parametrize("file", FILES)
def test_private_attributes_are_used_only_where_they_are_listed(file):
    assert private_attributes(tree_of(FILES[file])) == PRIVATE.get(file, set())


@pytest.mark.parametrize("file", FILES)
def test_no_tests_share_a_generator_of_random_numbers(file):
    """Else what a test draws depends on the tests that ran before it."""
    tree = tree_of(FILES[file])
    generators = {
        ast.unparse(node.targets[0])
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "np.random.default_rng"
    }
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = {
        node.id
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
    }
    assert not generators & names
