"""Figures keep a size on narrow screens at which their text can be read.

A phone is narrower than most figures. Their pages say how many inches each was drawn for,
so that site.css can keep it at a readable size, in a box that scrolls. A figure that is no
link otherwise leads to its file, which a browser shows at full size.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# A picture, with the link that it is in, if any.
FIGURE = re.compile(r'(<a [^>]*>\s*)?(<img [^>]*?\bsrc="([^"]+)"[^>]*>)(?(1)\s*</a>)')
SHARPEST = re.compile(r'([^\s",]+) 2\.00x"')
FITS = 6.5  # inches; so much can be read on a phone without scrolling


def inches(path: Path) -> float | None:
    """Return the width that a figure was drawn for; None for thumbnails and others."""
    if path.suffix != ".png" or path.stem.endswith("_thumb"):
        return None
    with Image.open(path) as picture:
        dots_per_inch = picture.info.get("dpi")
        return dots_per_inch and picture.width / float(dots_per_inch[0])


def framed(figure: str, width: float) -> str:
    """Return the HTML of a figure in a box that scrolls where it has to."""
    kind = "figure-box wide" if width > FITS else "figure-box"
    return f'<span class="{kind}" style="--inches: {width:.1f}">{figure}</span>'


def as_link(picture: str, address: str) -> str:
    """Return the HTML of a picture as a link to its sharpest file."""
    sharpest = SHARPEST.search(picture)
    href = sharpest[1] if sharpest else address
    return f'<a href="{href}" title="Full size">{picture}</a>'


def change(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Frame all figures of a page."""
    sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    folder = posixpath.dirname(app.builder.get_target_uri(page))

    def frame(found: re.Match[str]) -> str:
        link, picture, address = found.groups()
        # Sphinx copies pictures when all pages are written, sphinx-gallery before.
        copied = Path(app.outdir, posixpath.normpath(posixpath.join(folder, address)))
        width = inches(sources.get(copied.name, copied))
        if width is None:
            return found[0]
        return framed(found[0] if link else as_link(picture, address), width)

    if "body" in context:
        context["body"] = FIGURE.sub(frame, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Change each page before it is written."""
    app.connect("html-page-context", change)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
