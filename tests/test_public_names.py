"""Public modules: `__all__` names their own classes, functions and tables, nothing else."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import skshallow

MODULES = [
    f"skshallow.{module.name}"
    for module in pkgutil.iter_modules(skshallow.__path__)
    if not module.name.startswith("_")
]


@pytest.fixture(params=MODULES)
def module(request):
    if request.param == "skshallow.onnx":
        pytest.importorskip("skl2onnx")
    return importlib.import_module(request.param)


def test_public_names_are_those_of_the_package(module):
    assert len(set(module.__all__)) == len(module.__all__) > 0
    for name in module.__all__:
        public = getattr(module, name)
        home = getattr(public, "__module__", module.__name__)  # tables have none
        assert home.startswith("skshallow."), name
        assert not inspect.ismodule(public), name


def test_every_public_class_and_function_of_a_module_is_among_them(module):
    own = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
        if inspect.isclass(value) or inspect.isfunction(value)
    }
    assert own <= set(module.__all__)


def test_completion_offers_public_names_only(module):
    assert set(dir(module)) == set(module.__all__)
    private = {name for name in dir(skshallow) if name.startswith("_")}
    assert private == {"__version__"}


FIRST_USES = """
import sys
for name in sys.argv[1:]:
    for loaded in [it for it in sys.modules if it.partition(".")[0] == "skshallow"]:
        del sys.modules[loaded]
    import skshallow
    assert eval(name).__all__, name
"""


def test_each_module_is_there_after_the_package_is_imported():
    names = [name for name in MODULES if not name.endswith("onnx")]
    assert len(names) > 5
    subprocess.run([sys.executable, "-W", "error", "-c", FIRST_USES, *names], check=True)


def test_a_star_import_brings_public_names_only(module):
    names = {}
    exec(f"from {module.__name__} import *", names)
    assert set(names) - {"__builtins__"} == set(module.__all__)
