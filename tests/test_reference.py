"""The reference describes every public name once, and names where nothing has moved."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

import hokkaido_gis as hg

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
DESCRIBED = Counter(
    name
    for page in sorted((DOCS / "reference").glob("*.md"))
    for name in re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
)


def stub_names():
    tree = ast.parse((ROOT / "hokkaido_gis" / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname for node in imports for alias in node.names}


def taught_names():
    """Names that pages and notebooks import from within the package."""
    pages = [*DOCS.glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    text = "\n".join(page.read_text(encoding="utf-8").replace("\\n", "\n") for page in pages)
    found = re.findall(r"from hokkaido_gis\.[\w.]+ import (?:\(([^)]+)\)|([\w, ]+))", text)
    return set(re.findall(r"\w+", " ".join(several or few for several, few in found)))


def test_every_public_name_is_described_once():
    described = Counter(path.rpartition(".")[2] for path in DESCRIBED.elements())
    assert [name for name, times in described.items() if times > 1] == []
    assert stub_names() - set(described) == set(), "put them on a page of docs/reference"


def test_nothing_else_is_described_but_what_pages_teach():
    described = {path.rpartition(".")[2] for path in DESCRIBED}
    assert described - stub_names() <= taught_names()


@pytest.mark.parametrize("path", sorted(DESCRIBED))
def test_a_description_is_taken_from_where_the_name_is_defined(path):
    module, _, name = path.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    assert getattr(value, "__module__", module) == module or not callable(value)
    if name in stub_names():
        assert value is getattr(hg, name)


def test_every_page_of_the_reference_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r": ((?:reference/)?\w+\.md)$", text, re.MULTILINE))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert named == there


def test_marks_of_numpydoc_become_markdown():
    pytest.importorskip("griffe")
    to_markdown = runpy.run_path(str(DOCS / "numpydoc_markdown.py"))["to_markdown"]
    text = "By [1]_, for :math:`k`:\n\n.. math:: a = b\n    + c\n\nthen\n\n.. [1] Somewhere."
    assert to_markdown(text) == "By [1], for $k$:\n\n$$ a = b + c $$\n\nthen\n\n1. Somewhere."
