"""Every figure and table of the report by its id, and the recipe that makes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import HokkaidoGisError, name_some
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.report import (
    chapter2,
    chapter3,
    chapter4,
    chapter5,
    chapter6,
    flow_figures,
    grid_maps,
    grid_overlay,
    grid_tables,
    layer_maps,
    solar_cases,
    wind_figures,
)

if TYPE_CHECKING:
    from hokkaido_gis.report.results import Recipe

_FIELDS = ("id", "kind", "title", "layer", "region")
_MODULES = (
    chapter2,
    chapter3,
    chapter4,
    chapter5,
    chapter6,
    flow_figures,
    grid_maps,
    grid_overlay,
    grid_tables,
    layer_maps,
    solar_cases,
    wind_figures,
)
_RECIPES: dict[str, Recipe] = {
    name: recipe for module in _MODULES for name, recipe in module.RECIPES.items()
}
# What the report has not got: the plan for Kushiro and Nemuro, a second document.
_BEYOND_THE_REPORT = (
    ("fig-7-1", "map", "釧路・根室連携地域の再生可能エネルギー資源", "plan", "釧路・根室"),
    ("table-7-1", "table", "釧路・根室連携地域の目標と導入ポテンシャル", "plan", "釧路・根室"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure or table.

    Attributes
    ----------
    id
        Such as ``fig-2-12`` or ``table-2-26``.
    kind
        ``map``, ``chart``, ``diagram`` or ``table``.
    title, layer, region
        As the report has them.
    recipe
        What makes it; ``None`` while there is none.
    """

    id: str
    kind: str
    title: str
    layer: str
    region: str
    recipe: Recipe | None

    @property
    def chapter(self) -> int:
        """Chapter of the report."""
        return int(self.id.split("-")[1])


@cache
def registry() -> dict[str, Entry]:
    """All entries by id, in the report's order within each chapter, and the plan as chapter 7."""
    listed = read_table(sample_data() / "report" / "figures.csv").fillna("")
    entries = [
        Entry(**{field: str(row[field]) for field in _FIELDS}, recipe=_RECIPES.get(row["id"]))
        for row in listed.to_dict("records")
    ]
    entries += [Entry(*fields, recipe=_RECIPES[fields[0]]) for fields in _BEYOND_THE_REPORT]
    return {entry.id: entry for entry in sorted(entries, key=_place)}


def select(*, chapter: int | None = None, only: str | None = None) -> list[Entry]:
    """Entries of one chapter, or one entry, or all.

    Raises
    ------
    HokkaidoGisError
        If there is no such chapter or entry.
    """
    entries = list(registry().values())
    if only is not None:
        if only not in registry():
            near = [e.id for e in entries if e.id.split("-")[:2] == only.split("-")[:2]]
            choices = near or [e.id for e in entries]
            raise HokkaidoGisError(
                f"There is no figure or table {only!r}. Ids look like {name_some(choices)}; "
                "`hokkaido-gis list` shows them all."
            )
        return [registry()[only]]
    chapters = sorted({entry.chapter for entry in entries})
    if chapter is not None and chapter not in chapters:
        raise HokkaidoGisError(
            f"There is no chapter {chapter}; there are {', '.join(map(str, chapters))}."
        )
    return [entry for entry in entries if chapter in (None, entry.chapter)]


def _place(entry: Entry) -> tuple[int, bool, int]:
    kind, chapter, number = re.split("-", entry.id)
    return int(chapter), kind == "table", int(number)
