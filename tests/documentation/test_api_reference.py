"""The reference: every public object has a place in it, and an example."""

import importlib
import inspect
import re
from pathlib import Path

import pytest
from public_objects import public_objects

import skshallow

REFERENCE = Path(__file__).parents[2] / "docs" / "api"


def in_the_reference():
    """Return the dotted names that the reference lists, each as often as it does."""
    names = []
    for page in sorted(REFERENCE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^```{eval-rst}\n(.*?)^```", text, re.M | re.S):
            (module,) = re.findall(r"^\.\. (?:current)?module:: (\S+)$", block, re.M)
            names += [f"{module}.{name}" for name in re.findall(r"^   (\w+)$", block, re.M)]
    return names


def test_every_public_object_is_in_the_reference():
    assert set(public_objects()) - set(in_the_reference()) == set()


def test_the_reference_lists_what_there_is_once():
    names = in_the_reference()
    assert len(names) == len(set(names))
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


@pytest.mark.parametrize("name", sorted(public_objects()))
def test_every_public_object_has_an_example(name):
    _, heading, example = inspect.getdoc(public_objects()[name]).partition(
        "Examples\n--------\n"
    )
    assert heading
    assert ">>> " in example


def test_the_documentation_link_that_releasing_configures_leads_to_the_pages(monkeypatch):
    text = (REFERENCE.parent / "releasing.md").read_text(encoding="utf-8")
    template = re.search(r"`(https://\S*\{estimator_name\}\S*)`", text)[1]
    pages = in_the_reference()
    estimators = [getattr(skshallow, name) for name in skshallow.__all__]
    for thing in filter(inspect.isclass, estimators):
        monkeypatch.setattr(thing, "_doc_link_template", template)
        address = thing._get_doc_link(thing.__new__(thing))  # some need arguments
        assert address.endswith(f"/api/skshallow.{thing.__name__}.html")
        assert f"skshallow.{thing.__name__}" in pages
