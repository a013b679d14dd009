"""The data of the playground, recorded when the site is built, beside its script.

A page opened from a file cannot fetch, so each file is a script that hands its data over. A
recording is made again only if the package or the recorder has changed.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import playground_recorder
from sphinx.application import Sphinx
from sphinx.util import logging

import skshallow

FOLDER = Path("_static", "playground")
MOST_BYTES = 3_000_000
logger = logging.getLogger(__name__)


def fingerprint() -> str:
    """Return a digest of all code that a recording depends on."""
    digest = hashlib.sha256(Path(playground_recorder.__file__).read_bytes())
    for path in sorted(Path(skshallow.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def script(function: str, data: dict[str, Any], mark: str) -> str:
    """Return a script that calls a function of the playground with the data."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"// {mark}\nplayground.{function}({text});\n"


def outdated(folder: Path, mark: str) -> Iterator[tuple[Path, str]]:
    """Yield path and table of each recording that is not of this mark."""
    for table in playground_recorder.TABLES:
        path = folder / f"{table}.js"
        if not path.exists() or not path.read_text("utf-8").startswith(f"// {mark}"):
            yield path, table


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the grid, and the recordings of tables that are outdated."""
    if exception is not None or app.builder.format != "html":
        return
    folder, mark = Path(app.outdir) / FOLDER, fingerprint()
    folder.mkdir(parents=True, exist_ok=True)
    grid = (
        "var playground = {};\nplayground.setGrid = grid => { playground.grid = grid; };\n"
    )
    grid += script("setGrid", playground_recorder.grid(), mark)
    (folder / "grid.js").write_text(grid, "utf-8")
    for path, table in outdated(folder, mark):
        logger.info("recording the trainings of the playground: %s", table)
        path.write_text(script("add", playground_recorder.record(table), mark), "utf-8")
    size = sum(path.stat().st_size for path in folder.glob("*.js"))
    if size > MOST_BYTES:
        logger.warning("the playground has %d bytes, more than %d", size, MOST_BYTES)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
