"""Data flow one way: no module imports from a step that comes after its own."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "hokkaido_gis"
ROOT = Path(__file__).resolve().parents[1] / PACKAGE

# First part of a module's name within the package, by step from left to right.
STEPS = (
    (
        "_version",
        "errors",
        "units",
        "voltage",
        "datasets",
        "codes",
        "names",
        "datum",
        "crs",
        "places",
    ),
    ("io",),
    ("fetch",),
    ("normalise", "settlement_keys", "keys"),
    ("readers",),
    ("audit", "join", "matching"),
    ("analysis", "potential", "criteria", "economics", "grid", "overlay", "siting"),
    ("cluster",),
    ("render",),
    ("report",),
    ("doctor",),
    ("cli", "__main__"),
)
RANKS = {part: rank for rank, parts in enumerate(STEPS) for part in parts}

# What a part must not import although it stands to its left, or is no part of the package.
FORBIDDEN = {
    "render": {"analysis", "potential", "economics", "grid", "siting"},
    "analysis": {"io", "readers", "matplotlib", "folium"},
    "grid": {"io", "readers", "matplotlib", "folium"},
}
# Parts that only some may import.
RESERVED = {"criteria": {"criteria", "siting", "report", "cli"}}


def modules() -> dict[str, Path]:
    """Modules of the package by dotted name; `__init__.py` of the package only re-exports."""
    paths = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
    return {dotted_name(path): path for path in paths}


def dotted_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(module: str, source: str, *, is_package: bool = False) -> Iterator[str]:
    """Dotted names that a module imports anywhere: at the top, in functions, for type checkers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package]
            origin = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            # `from hokkaido_gis import io` names a part only beside the package.
            beside = origin == PACKAGE
            yield from (f"{origin}.{alias.name}" if beside else origin for alias in node.names)


def part_of(name: str) -> str:
    """The part of the package a name belongs to, or the package outside."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == PACKAGE else first


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Imports of a module that break the order, each with its reason."""
    part, found = part_of(module), []
    for name in imported(module, source, is_package=is_package):
        other = part_of(name)
        if name.startswith(f"{PACKAGE}.") and RANKS[other] > RANKS[part]:
            found.append(f"{module} imports {name}, which comes after it")
        if other in FORBIDDEN.get(part, ()):
            found.append(f"{module} imports {name}, which {part} must do without")
        if name.startswith(f"{PACKAGE}.") and part not in RESERVED.get(other, {part}):
            found.append(f"{module} imports {name}, which is not for {part}")
    return found


def test_modules_are_found() -> None:
    names = modules()
    assert {"hokkaido_gis.errors", "hokkaido_gis.io", "hokkaido_gis.io.vector"} <= set(names)
    assert "hokkaido_gis" not in names


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_step(module: str) -> None:
    assert part_of(module) in RANKS, f"give {module} a place in STEPS"


@pytest.mark.parametrize("module", modules())
def test_no_module_imports_from_a_later_step(module: str) -> None:
    path = modules()[module]
    source = path.read_text(encoding="utf-8")
    assert violations(module, source, is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize("module", [name for name in modules() if part_of(name) == "io"])
def test_the_search_sees_what_the_modules_import(module: str) -> None:
    names = set(imported(module, modules()[module].read_text(encoding="utf-8")))
    assert module == "hokkaido_gis.io" or "hokkaido_gis.errors" in names


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("errors", "import hokkaido_gis.io.tables", "comes after"),
        ("io.vector", "from hokkaido_gis.readers.municipalities import COLUMNS", "comes after"),
        ("io.vector", "from hokkaido_gis import normalise", "comes after"),
        ("io.vector", "from ..report import inputs", "comes after"),
        ("io.vector", "from .. import report", "comes after"),
        ("analysis.adjacency", "def f():\n    from hokkaido_gis.render import kml", "comes after"),
        (
            "readers.municipalities",
            "if TYPE_CHECKING:\n    from hokkaido_gis.siting import evaluate_siting",
            "comes after",
        ),
        ("report.inputs", "from hokkaido_gis.cli import main", "comes after"),
        ("render.kml", "from hokkaido_gis.analysis.adjacency import Adjacency", "must do without"),
        ("analysis.adjacency", "from hokkaido_gis.io.vector import read_vector", "must do without"),
        ("analysis.adjacency", "import matplotlib.pyplot as plt", "must do without"),
        ("analysis.adjacency", "from folium import Map", "must do without"),
        ("render.kml", "from hokkaido_gis.criteria import Criteria", "is not for render"),
        ("analysis.adjacency", "import hokkaido_gis.criteria", "is not for analysis"),
    ],
)
def test_violations_are_found(module: str, source: str, reason: str) -> None:
    (found,) = violations(f"{PACKAGE}.{module}", source)
    assert reason in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("io.vector", "from hokkaido_gis.errors import LayerError\nimport geopandas"),
        ("io.vector", "from .output import replace_when_complete"),
        ("siting", "from hokkaido_gis.criteria import Criteria"),
        ("render.kml", "from hokkaido_gis import errors\nimport matplotlib"),
        ("cli.maps", "from hokkaido_gis.report.own_map import own_map"),
        ("cli.program", "from . import report"),
    ],
)
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert violations(f"{PACKAGE}.{module}", source) == []


def test_the_command_line_is_the_last_step_and_nothing_imports_it() -> None:
    shell = {part for part, rank in RANKS.items() if rank == max(RANKS.values())}
    assert shell == {"cli", "__main__"}
    outside = {name: path for name, path in modules().items() if part_of(name) not in shell}
    importing = [
        name
        for name, path in outside.items()
        if {part_of(other) for other in imported(name, path.read_text(encoding="utf-8"))
            if other.startswith(f"{PACKAGE}.")} & shell
    ]  # fmt: skip
    assert importing == []
    assert len(modules()) - len(outside) > 2


def test_relative_imports_of_a_package_start_at_itself() -> None:
    assert list(imported("hokkaido_gis.io", "from .output import f", is_package=True)) == [
        "hokkaido_gis.io.output"
    ]
