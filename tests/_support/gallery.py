"""How the examples of the gallery are run in tests: as they are, but for some constants."""

import ast
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import matplotlib.pyplot as plt

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(name, **constants):
    """Return what an example leaves, run with some of its constants replaced."""
    tree = ast.parse((EXAMPLES / f"{name}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in constants:
            value = constants.pop(ast.unparse(node.targets[0]))
            node.value = ast.parse(repr(value), mode="eval").body
    assert not constants, f"{name} has no constants {list(constants)}"
    plt.switch_backend("agg")
    names = {"__name__": "__main__"}
    with mock.patch.object(plt, "show"):
        exec(compile(ast.fix_missing_locations(tree), name, "exec"), names)
    plt.close("all")
    return SimpleNamespace(**names)
