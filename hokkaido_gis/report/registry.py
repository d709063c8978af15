"""Every figure and table of the report by its id, and the recipe that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from hokkaido_gis.report.elsewhere import ABOUT_HOKKAIDO, unavailable
from hokkaido_gis.report.place import THE_REPORT, Place

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
_BY_REGION = (*layer_maps.BY_REGION, *chapter4.BY_REGION, *grid_maps.BY_REGION)
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
        As the report has them; outside Hokkaido the region is one of the data's own.
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

    @property
    def place(self) -> tuple[int, ...]:
        """What sorts entries as the report has them: chapter, figures before tables, numbers."""
        kind, chapter, *numbers = self.id.split("-")
        return int(chapter), int(kind == "table"), *map(int, numbers)


@cache
def registry(place: Place = THE_REPORT) -> dict[str, Entry]:
    """All entries by id, in the report's order within each chapter, and the plan as chapter 7.

    Parameters
    ----------
    place
        Prefecture and regions of a run. Outside Hokkaido maps by subprefecture go by its regions,
        and what is about Hokkaido alone says so instead of being made.
    """
    listed = read_table(sample_data() / "report" / "figures.csv").fillna("")
    rows = [[str(row[field]) for field in _FIELDS] for row in listed.to_dict("records")]
    recipes = dict(_RECIPES)
    if not place.is_of_the_report:
        recipes |= {name: unavailable(why) for name, why in ABOUT_HOKKAIDO.items()}
    entries = [
        Entry(name, kind, title, layer, region, recipes.get(name))
        for name, kind, title, layer, region in (*rows, *_BEYOND_THE_REPORT)
    ]
    known = {entry.id: entry for entry in entries}
    for series in _BY_REGION:
        last = known[list(series.sheets)[-1]]
        for name, recipe, region in series.recipes(place):
            entry = known.get(name, replace(last, id=name))
            known[name] = replace(entry, recipe=recipe, region=region or entry.region)
    return {entry.id: entry for entry in sorted(known.values(), key=lambda entry: entry.place)}


def select(
    *, chapter: int | None = None, only: str | None = None, place: Place = THE_REPORT
) -> list[Entry]:
    """Entries of one chapter, or one entry, or all.

    Parameters
    ----------
    chapter, only
        Which; all where neither is given.
    place
        Prefecture and regions of the run.

    Raises
    ------
    HokkaidoGisError
        If there is no such chapter or entry.
    """
    entries = list(registry(place).values())
    if only is not None:
        if only not in registry(place):
            near = [e.id for e in entries if e.id.split("-")[:2] == only.split("-")[:2]]
            choices = near or [e.id for e in entries]
            raise HokkaidoGisError(
                f"There is no figure or table {only!r}. Ids look like {name_some(choices)}; "
                "`hokkaido-gis list` shows them all."
            )
        return [registry(place)[only]]
    chapters = sorted({entry.chapter for entry in entries})
    if chapter is not None and chapter not in chapters:
        raise HokkaidoGisError(
            f"There is no chapter {chapter}; there are {', '.join(map(str, chapters))}."
        )
    return [entry for entry in entries if chapter in (None, entry.chapter)]
