"""The public API does not change unnoticed: it is what `tests/public_api.txt` records."""

from __future__ import annotations

import difflib
import inspect

import griffe
import pytest
from make_public_api import RECORD, describe, describe_api, public_names

import hokkaido_gis as hg


@pytest.fixture(scope="module")
def api() -> str:
    return describe_api()


def test_the_public_api_is_the_recorded_one(api):
    recorded = RECORD.read_text(encoding="utf-8")
    difference = "\n".join(
        difflib.unified_diff(
            recorded.splitlines(), api.splitlines(), "recorded", "now", n=0, lineterm=""
        )
    )
    assert not difference, (
        f"The public API changed:\n{difference}\nIf that is meant, run `python "
        "tests/make_public_api.py`, commit the record, and tell it in CHANGELOG.md."
    )


def test_the_record_names_what_the_package_offers(api):
    lines = [line for line in api.splitlines() if not line.startswith(" ")]
    words = [line.removeprefix("class ").removeprefix("module ").split(" ")[-1] for line in lines]
    assert len(words) >= len(hg.__all__)
    assert set(public_names()) == set(hg.__all__)


@pytest.mark.parametrize(
    "name", [name for name in sorted(hg.__all__) if inspect.isfunction(getattr(hg, name))]
)
def test_every_parameter_and_result_of_a_public_function_is_typed(name):
    signature = inspect.signature(getattr(hg, name))
    bare = [key for key, one in signature.parameters.items() if one.annotation is one.empty]
    assert bare == []
    assert signature.return_annotation is not signature.empty


def recorded(tmp_path, source: str) -> list[str]:
    (tmp_path / "sample.py").write_text(source, encoding="utf-8")
    module = griffe.load("sample", search_paths=[tmp_path])
    return list(describe("sample", module))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(a: int, /, b: str = 'x', *, c=1) -> None: ...",
         "f(a: int, /, b: str = 'x', *, c = 1) -> None"),
        ("def f(*a: int, c: float, **d: str) -> int: ...",
         "f(*a: int, c: float, **d: str) -> int"),
        ("def f(a, /): ...", "f(a, /)"),
        ("X: int = 3", "X: int = 3"),
        ("X = make_it(1)", "X"),
        ("class A(B):\n    def _f(self): ...", "class A() of B"),
    ],
)  # fmt: skip
def test_a_line_tells_parameters_types_and_defaults(tmp_path, source, line):
    assert recorded(tmp_path, source) == ["module sample", f"    {line}"]


def test_members_of_a_class_are_told_once(tmp_path):
    source = """
from dataclasses import dataclass
@dataclass
class A:
    x: int = 0
    @property
    def y(self) -> str: ...
    @classmethod
    def make(cls, n: int) -> "A": ...
"""
    assert recorded(tmp_path, source) == [
        "module sample",
        "    class A(x: int = 0)",
        "        @classmethod make(n: int) -> A",
        "        y: str",
    ]
