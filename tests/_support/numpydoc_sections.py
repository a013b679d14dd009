"""Sections and entries of numpydoc docstrings."""

import inspect
import re


def sections(doc):
    """Return the numpydoc sections of a docstring by their titles."""
    parts = re.split(r"^(\w[\w ]*)\n-+$", inspect.cleandoc(doc), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section, name=r"\*{0,2}\w+"):
    """Return the type and the text of each ``name : type`` entry of a section."""
    found = re.findall(
        rf"^({name})(?: : (.*))?\n((?:(?:    .*)?\n)*)", section + "\n", re.M
    )
    return {name: (kind, text) for name, kind, text in found}
