"""Print every Python of this machine that the package supports: its version, its path.

One of each minor version, in order; they are looked for under the python that runs this,
on PATH, and in pyenv's folder. A version that pyproject.toml names and the machine lacks
is named on the standard error.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

NEWEST_LOOKED_FOR = 30  # a minor version that nobody will have for years
# Fails where virtual environments cannot be made, and for what is no release.
PROBE = """\
import ensurepip, sys, venv
assert sys.version_info.releaselevel == "final" and sys.implementation.name == "cpython"
print(sys.version_info.major, sys.version_info.minor)
"""


def candidates(oldest):
    """Yield paths that may be a Python, the preferred ones first."""
    yield sys.executable
    for minor in range(oldest, NEWEST_LOOKED_FOR):
        for folder in os.get_exec_path():
            if path := shutil.which(f"python3.{minor}", path=folder):
                yield path
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(root.glob("versions/*/bin/python3"), reverse=True))


def minor_version(path):
    """Return 11 for a Python 3.11 that can make environments, None for what is no such."""
    try:
        run = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    major, minor = run.stdout.split() if run.returncode == 0 else ("", "")
    return int(minor) if major == "3" else None


def main():
    """Print what was found, and say what was not."""
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    oldest = int(re.fullmatch(r">=3\.(\d+)", project["requires-python"])[1])
    found = {}
    for path in candidates(oldest):
        minor = minor_version(path)
        if minor is not None and minor >= oldest:
            found.setdefault(minor, path)
    for minor, path in sorted(found.items()):
        print(f"3.{minor}", path)
    named = re.findall(r":: Python :: 3\.(\d+)$", "\n".join(project["classifiers"]), re.M)
    for minor in map(int, named):
        if minor not in found:
            print(f"Python 3.{minor} is not here: not tested.", file=sys.stderr)


if __name__ == "__main__":
    main()
