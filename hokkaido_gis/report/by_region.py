"""Recipes that are drawn once for each region: the report's, or those that the data have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hokkaido_gis.report.elsewhere import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hokkaido_gis.report.place import Place
    from hokkaido_gis.report.results import Recipe


@dataclass(frozen=True, slots=True)
class ByRegion:
    """One recipe for many regions.

    Attributes
    ----------
    recipe
        Takes ``figure`` and ``regions``, the names of those it shows, by keyword.
    sheets
        Regions that the report shows, by the id of the figure.
    """

    recipe: Recipe
    sheets: dict[str, tuple[str, ...]]

    def recipes(self, place: Place) -> Iterator[tuple[str, Recipe, str]]:
        """Id, recipe and region of each figure.

        Outside Hokkaido the report's ids are given to the regions in their order. Further regions
        have ids that follow the last, such as ``fig-4-15-15``; ids left over say that there is no
        region for them.
        """
        ids = list(self.sheets)
        if place.is_of_the_report:
            for figure, regions in self.sheets.items():
                yield figure, partial(self.recipe, figure=figure, regions=regions), ""
            return
        for number, region in enumerate(place.regions, start=1):
            figure = ids[number - 1] if number <= len(ids) else f"{ids[-1]}-{number}"
            yield figure, partial(self.recipe, figure=figure, regions=(region,)), region
        count = len(place.regions)
        for figure in ids[count:]:
            yield (
                figure,
                unavailable(
                    (
                        (
                            f"データの地域は{count}つで、報告書の{len(ids)}枚のうちこの図にあたる"
                            "地域がない。"
                        ),
                        (
                            f"The data have {count} regions, so that none is left for this one of "
                            f"the report's {len(ids)} maps."
                        ),
                    )
                ),
                "",
            )
