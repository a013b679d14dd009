"""The command lines of the scripts, as far as several of them have the same options."""

from __future__ import annotations

import argparse
from pathlib import Path


def folder_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the argument `folder`, the folder of the tables."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    return parser


def contest_parser(description: str | None) -> argparse.ArgumentParser:
    """Return one with the options of pages on which many models are compared, too."""
    parser = folder_parser(description)
    parser.add_argument("--results", type=Path, help="JSON lines to resume from")
    parser.add_argument("--without", nargs="*", default=[], help="what to leave out")
    return parser


def turns_parser(description: str | None, n_turns: int) -> argparse.ArgumentParser:
    """Return a parser of pages of times, for which contenders take turns."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--turns", type=at_least_one, default=n_turns)
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    return parser


def publish(text: str, page: Path, options: argparse.Namespace) -> None:
    """Print the text of a page and, unless it is a dry run, write the page."""
    print(text)
    if not options.dry:
        page.write_text(text)


def at_least_one(text: str) -> int:
    """Return a number of turns, threads or rows."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)
