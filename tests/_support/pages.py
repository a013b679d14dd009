"""Runs the code of a page of the guide that needs an extra, and so is no doctest."""

import re
from pathlib import Path
from types import SimpleNamespace

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def run_page(name, *, first=0, last=None, **names):
    """Return what some of a page's blocks leave, run in order where `names` are known."""
    text = (GUIDE / f"{name}.md").read_text(encoding="utf-8")
    blocks = [code for code in BLOCK.findall(text) if ">>>" not in code][first:last]
    assert blocks, f"{name}.md has no such blocks of code"
    names = {"__name__": f"page_{name}", **names}
    for code in blocks:
        exec(compile(code, f"{name}.md", "exec"), names)
    return SimpleNamespace(**names)
