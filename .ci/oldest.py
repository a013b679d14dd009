"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

The bounds are written there and nowhere else; `pip install -c` takes what this prints.
"""

import re
import tomllib
from itertools import chain
from pathlib import Path

BOUND = re.compile(r"(?P<name>[\w.-]+)>=(?P<version>[\d.]+)")


def constraints(pyproject):
    """Return ``name==version`` for each requirement, an extra's too, in order of name.

    Parameters
    ----------
    pyproject : str
        The text of a pyproject.toml.

    Raises
    ------
    ValueError
        If a requirement has no lower bound, more than that, or two different ones.
    """
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {}).values()
    found = {}
    for requirement in chain(project["dependencies"], *extras):
        if requirement.startswith(f"{project['name']}["):
            continue
        bound = BOUND.fullmatch(requirement)
        if bound is None:
            raise ValueError(f"Write {requirement!r} as name>=version, the oldest tested.")
        name, version = bound["name"], bound["version"]
        if found.setdefault(name, version) != version:
            raise ValueError(f"{name} has two bounds: >={found[name]} and >={version}.")
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    print(*constraints(text), sep="\n")
