"""The Markdown pages: links lead somewhere, quoted code stands in the code."""

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)[^)]*\)")
# a link to a file of code, then the next block of Python
QUOTE = re.compile(r"^\[`[^\]]*\]\(([^)]+\.py)\)$|^```python\n(.*?)^```$", re.M | re.S)


def local_links(page):
    """Yield the text and the target of each link within the repository."""
    for text, target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            yield text, (page.parent / target).resolve()


def quotes(page):
    """Yield each quoted piece of code and the file that the text says it is from."""
    source = None
    for path, code in QUOTE.findall(page.read_text(encoding="utf-8")):
        if path:
            source = page.parent / path
        elif ">>>" not in code:
            yield code, source


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_file(page):
    dead = [target for _, target in local_links(page) if not target.exists()]
    assert dead == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


def test_tests_named_in_the_notes_exist():
    page = ROOT / "docs" / "notes_to_code.md"
    named = [
        (name, target.name, f"def {name}(" in target.read_text(encoding="utf-8"))
        for text, target in local_links(page)
        for name in re.findall(r"`(test_\w+)`", text)
    ]
    assert len(named) > 15
    assert [name for name in named if not name[-1]] == []


def test_lines_beside_the_six_equations_stand_in_the_code():
    found = list(quotes(ROOT / "docs" / "six_equations.md"))
    assert len(found) > 8
    for code, source in found:
        lines = [line.strip() for line in source.read_text(encoding="utf-8").splitlines()]
        quoted = [line.strip() for line in textwrap.dedent(code).splitlines()]
        starts = [i for i, line in enumerate(lines) if line == quoted[0]]
        assert any(lines[i : i + len(quoted)] == quoted for i in starts), (
            f"{source.name} no longer has these lines, which docs/six_equations.md "
            f"quotes; quote what replaced them:\n{code}"
        )


def test_contributing_names_all_that_lies_in_the_package():
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    _, _, table = text.partition("| in `skshallow/`")
    table, _, _ = table.partition("\n\n")
    links = re.findall(r"\]\(\.\./skshallow/([\w./]+)\)", table)
    named = {path.split("/")[0] for path in links}
    entries = {path.name for path in (ROOT / "skshallow").iterdir()}
    assert named == entries - {"__init__.py", "__pycache__", "py.typed"}
