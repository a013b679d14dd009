"""Packaging: four requirements, a light import, complete archives."""

import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skshallow

ROOT = Path(__file__).parent.parent
FOLDERS = [".ci", "docs", "examples", "skshallow", "tests"]
FILES = ["LICENSE", "MANIFEST.in", "README.md", "pyproject.toml"]
MADE = shutil.ignore_patterns("__pycache__", "*.pyc", "_build", "gallery")
# What builds and caches leave in a checkout, and no archive may hold.
LEFT_BEHIND = [
    "docs/_build/html/index.html",
    "docs/api/skshallow.load.rst",
    "docs/gallery/index.rst",
    "skshallow/__pycache__/network.cpython-311.pyc",
    "tests/inspection/__pycache__/test_report.cpython-311.pyc",
    ".coverage",
    ".hypothesis/unicode_data/charmap.json.gz",
    "build/lib/skshallow/gone.py",
]
BUILD = """\
import os, sys
from setuptools import build_meta
os.chdir(sys.argv[2])
getattr(build_meta, f"build_{sys.argv[1]}")(sys.argv[3])
"""


def files_below(folder):
    """Return the files of a folder and its folders, by their relative names."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in paths}


def build(kind, source, target):
    """Build "sdist" or "wheel" of `source`, as pip would; return the archive."""
    command = [sys.executable, "-I", "-c", BUILD, kind, source, target]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (archive,) = target.iterdir()
    return archive


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what is versioned, and the names of its files."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=MADE)
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    for page in (copy / "docs" / "api").glob("*.rst"):
        page.unlink()
    return copy, files_below(copy)


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    """The folder that the source archive unpacks to, built where much was left behind."""
    for name in LEFT_BEHIND:
        path = checkout[0] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left behind")
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(build("sdist", checkout[0], tmp_path_factory.mktemp("sdist"))) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # new in 3.11.4
        tar.extractall(folder)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The folder that a wheel made of the source archive unpacks to."""
    source = shutil.copytree(sdist, tmp_path_factory.mktemp("source") / "copy")
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(build("wheel", source, tmp_path_factory.mktemp("wheel"))) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def distribution(wheel):
    """What an installer and `importlib.metadata` read of it."""
    (folder,) = wheel.glob("*.dist-info")
    return metadata.Distribution.at(folder)


@pytest.fixture(scope="module")
def requirements(distribution):
    return list(map(Requirement, distribution.requires))


@pytest.fixture(scope="module")
def loaded():
    """The modules that the package loads, beyond what a linear model loads already."""
    code = (
        "import sys, sklearn.linear_model\n"
        "before = set(sys.modules)\n"
        "from skshallow import DeepNetClassifier\n"
        "print(*sys.modules.keys() - before)"
    )
    command = [sys.executable, "-P", "-W", "error", "-c", code]
    return set(subprocess.check_output(command, text=True).split())


def test_exactly_five_packages_are_required(requirements):
    required = {each.name for each in requirements if each.marker is None}
    assert required == {"narwhals", "numpy", "scipy", "scikit-learn", "threadpoolctl"}


def test_importing_loads_nothing_beyond_what_a_linear_model_loads(loaded):
    added = {name for name in loaded if name.split(".")[0] != "skshallow"}
    assert {name for name in added if name not in sys.stdlib_module_names} == set()


def test_importing_loads_no_optional_part(loaded):
    used_later = {
        "callbacks",
        "inspection",
        "_estimators.files",
        "_estimators.fit.checkpoint",
    }
    assert "skshallow.engine.network" in loaded
    assert {f"skshallow.{name}" for name in used_later} & loaded == set()


def test_an_editable_install_adds_the_checkout_to_the_path(sdist, tmp_path):
    with zipfile.ZipFile(build("editable", sdist, tmp_path)) as wheel:
        (path_file,) = (name for name in wheel.namelist() if name.endswith(".pth"))
        assert wheel.read(path_file).decode().split() == [str(sdist.resolve())]


def test_extras_named_in_errors_exist(distribution):
    modules = (ROOT / "skshallow").rglob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in modules)
    named = set(map(canonicalize_name, re.findall(r"skshallow\[([\w-]+)\]", code)))
    assert named >= {"frames", "plots"}
    offered = distribution.metadata.get_all("Provides-Extra")
    assert named <= set(map(canonicalize_name, offered))


def test_the_version_is_defined_once(distribution):
    assert distribution.version == skshallow.__version__
    modules = (ROOT / "skshallow").rglob("*.py")
    written = [
        path.name
        for path in (*modules, ROOT / "pyproject.toml", ROOT / "docs" / "conf.py")
        if skshallow.__version__ in path.read_text(encoding="utf-8")
    ]
    assert written == ["__init__.py"]


def in_docs(name, pattern):
    """Return what a pattern finds in a file of the documentation."""
    return re.findall(pattern, (ROOT / "docs" / name).read_text(encoding="utf-8"), re.M)


def test_the_recipe_and_the_citation_have_the_version_of_the_package():
    assert in_docs("recipe.yaml", r'^  version: "(.*)"$') == [skshallow.__version__]
    assert in_docs("CITATION.cff", r"^version: (.*)$") == [skshallow.__version__]
    assert in_docs("citing.md", r"^  version = {(.*)},$") == [skshallow.__version__]


def test_the_recipe_requires_what_the_metadata_requires(requirements, distribution):
    needed = {str(each) for each in requirements if each.marker is None}
    lines = in_docs("recipe.yaml", r"^    - ([\w-]+) (>=[\d.]+)$")
    named = {f"{name}{bound}" for name, bound in lines}
    (build_requirement,) = named - needed
    assert named >= needed
    assert build_requirement in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (python,) = in_docs("recipe.yaml", r'^  python_min: "(.*)"$')
    assert distribution.metadata["Requires-Python"] == f">={python}"
    assert in_docs("recipe.yaml", "^  summary: (.*)$") == [distribution.metadata["Summary"]]


def test_every_extra_of_a_feature_is_on_the_page_of_the_installation(distribution):
    for_developers = {"dev", "docs", "mutation", "test"}
    offered = set(distribution.metadata.get_all("Provides-Extra"))
    assert set(in_docs("installation.md", r"^\| `([\w-]+)` ")) == offered - for_developers


def test_the_sdist_holds_exactly_the_versioned_files(sdist, checkout):
    added = {"PKG-INFO", "setup.cfg"}
    added |= {name for name in files_below(sdist) if name.startswith("skshallow.egg-info/")}
    assert files_below(sdist) - added == checkout[1]


def test_a_wheel_of_the_sdist_holds_the_package_and_its_licence(wheel, checkout):
    info = f"skshallow-{skshallow.__version__}.dist-info"
    described = {"METADATA", "RECORD", "WHEEL", "licenses/LICENSE", "top_level.txt"}
    package = {name for name in checkout[1] if name.startswith("skshallow/")}
    assert "skshallow/py.typed" in package
    assert files_below(wheel) == package | {f"{info}/{name}" for name in described}


@pytest.fixture(scope="module")
def constraints():
    return runpy.run_path(str(ROOT / ".ci" / "oldest.py"))["constraints"]


def test_the_oldest_versions_are_the_bounds_of_the_metadata(constraints, requirements):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bounds = {
        f"{each.name}{each.specifier}".replace(">=", "==")
        for each in requirements
        if each.name != "skshallow"
    }
    assert set(constraints(text)) == bounds


@pytest.mark.parametrize(
    ("requirements", "message"),
    [
        ('["numpy"]', "Write 'numpy' as name>=version"),
        ('["numpy<3"]', "Write 'numpy<3' as name>=version"),
        ('["numpy>=2,<3"]', "Write 'numpy>=2,<3' as name>=version"),
        ('["numpy>=2", "numpy>=2.1"]', "numpy has two bounds: >=2 and >=2.1"),
    ],
)
def test_a_requirement_without_one_lower_bound_is_an_error(
    constraints, requirements, message
):
    text = f'[project]\nname = "some"\ndependencies = {requirements}'
    with pytest.raises(ValueError, match=message):
        constraints(text)
