"""Pages that show the source: what links from the text and the reference lead to.

A Markdown page links to a file as it lies in the repository,
``../skshallow/engine/layers.py``.
On the site that becomes a page with the file's highlighted lines, or for an example its
page in the gallery.
"""

import inspect
import posixpath
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).resolve().parents[2]
SHOWN = (
    "skshallow/**/*.py",
    "tests/**/*.py",
    "examples/[!p]*.py",
    "docs/benchmarks/*.py",
    "docs/reliability/*.py",
    "docs/*.py",
    "docs/_ext/playground*.py",
    ".ci/*.py",
    "pyproject.toml",
)


def files() -> Iterator[str]:
    """Yield the path of each file that is shown, from the root of the repository."""
    for pattern in SHOWN:
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix()


def page_of(path: str) -> str | None:
    """Return the name of the page that shows the file at `path`, None if none does."""
    name = posixpath.splitext(path)[0]
    if name.startswith("examples/plot_"):
        return name.replace("examples/", "gallery/")
    return f"code/{name}" if path in set(files()) else None


def address_of(module: str, name: str) -> str | None:
    """Return page and line where an object is defined, None if it is not ours."""
    try:
        thing = reduce(getattr, name.split("."), sys.modules[module])
        thing = inspect.unwrap(getattr(thing, "fget", thing))
        path = Path(inspect.getsourcefile(thing) or "").resolve()
        _, line = inspect.getsourcelines(thing)
    except (TypeError, OSError, AttributeError):
        return None
    if not path.is_relative_to(Path(sys.modules["skshallow"].__file__).resolve().parent):
        return None
    page = page_of("skshallow/" + path.as_posix().rsplit("/skshallow/", 1)[1])
    return f"{page}.html#line-{line}"


class LinksToSource(SphinxTransform):
    """Turn links to a file into links to the page that shows it."""

    default_priority = 10

    def apply(self, **kwargs: Any) -> None:
        here = posixpath.dirname(self.env.docname)
        for node in list(self.document.findall(addnodes.download_reference)):
            path = posixpath.normpath(posixpath.join("docs", here, node["reftarget"]))
            page = page_of(path)
            if page is not None:
                link = nodes.reference("", "", *node.children, internal=True)
                link["refuri"] = posixpath.relpath(f"{page}.html", here or ".")
                node.replace_self(link)


class WithoutBlankEnds(SphinxTransform):
    """Drop the blank line that a doctest in Markdown needs before its fence."""

    default_priority = 10

    def apply(self, **kwargs: Any) -> None:
        for block in self.document.findall(nodes.literal_block):
            text = block.astext().rstrip()
            block.rawsource = text
            block.children = [nodes.Text(text)]


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield a page with the highlighted lines of each file."""
    for path in files():
        source = (ROOT / path).read_text(encoding="utf-8")
        formatter = HtmlFormatter(
            linenos="inline", lineanchors="line", anchorlinenos=True, cssclass="highlight"
        )
        lines = highlight(source, get_lexer_for_filename(path), formatter)
        body = f'<h1>{path}</h1>\n<div class="source-page">{lines}</div>'
        yield page_of(path), {"title": path, "body": body}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_transform(LinksToSource)
    app.add_transform(WithoutBlankEnds)
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
