"""Code in tables breaks on narrow screens, between its words.

``hidden_layer_sizes`` may break after an underscore, ``DeepNetClassifier`` before a capital
letter. The breaks are put into the pages, not into the text that the search indexes.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CELL = re.compile(r"<(t[dh])\b.*?</\1>", re.DOTALL)
CODE = re.compile(r'(?<=<span class="pre">)[^<]+(?=</span>)')
AFTER_MARK = r"(?<=\w[_=,/(\[])(?=\w)|(?<=\w\.)(?=[a-z])"
BEFORE_MARK = r"(?<=\w)(?=[=(\[].)"
BEFORE_CAPITAL = r"(?<=[a-z]{2})(?=[A-Z])"
BETWEEN_WORDS = re.compile("|".join([AFTER_MARK, BEFORE_MARK, BEFORE_CAPITAL]))
LONGEST_WORD = 12  # characters; longer ones may break in the middle


def parts(code: str) -> list[str]:
    """Return the parts of a code between which it may break."""
    words = BETWEEN_WORDS.split(code)
    halves = [
        (word[: len(word) // 2], word[len(word) // 2 :])
        if len(word) > LONGEST_WORD
        else (word,)
        for word in words
    ]
    return [part for pair in halves for part in pair]


def with_breaks(code: re.Match[str]) -> str:
    """Return code with a place to break between its parts."""
    return "<wbr>".join(escape(part) for part in parts(unescape(code[0])))


def in_cell(cell: re.Match[str]) -> str:
    """Return a cell of a table whose code may break."""
    return CODE.sub(with_breaks, cell[0])


def change(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let the code in all tables of a page break."""
    if "body" in context:
        context["body"] = CELL.sub(in_cell, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Change each page before it is written."""
    app.connect("html-page-context", change)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
