"""Maps of farmland over the power grid, with the lines that would connect the one to the other."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.analysis.nearest import connecting_segments
from hokkaido_gis.errors import LayerWarning, MissingInputError
from hokkaido_gis.grid.connect import connect_to_grid
from hokkaido_gis.potential.solar import FARMLAND_KW_PER_HA, capacity_on_area
from hokkaido_gis.render.scene import Graduated, Layer, Scene, Single, Symbol
from hokkaido_gis.report.elsewhere import note, report_says
from hokkaido_gis.report.grid_maps import lines_layer, named_ground, stations_layer
from hokkaido_gis.report.kept import kept
from hokkaido_gis.report.map_frame import (
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    origins,
    place_title,
)
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

LEAST_HA = 4.0
"""Farmland of a settlement [ha] from which on solar power needs a transmission line (4.1.2)."""

_TITLE = (
    "4ha以上の耕作放棄地と送電網の重ね合わせ",
    "Abandoned farmland of 4 ha and more over the grid",
)
_LAYERS = ("settlements", "census", "lines", "substations", "municipalities")
_CONNECTION = Symbol("#1a1a1a", 1.0, "#1a1a1a", 0.9)
_KM_BREAKS = (1.0, 2.0, 5.0, 10.0)
_SHOWN = (
    "name", "municipality", "abandoned_ha", "capacity_kw", "required_kv", "line_name", "line_kv",
    "line_km", "cost_million_yen",
)  # fmt: skip


@kept
def connected_farmland(inputs: Inputs) -> gpd.GeoDataFrame:
    """Settlements with farmland for 2,000 kW of solar power and more, and their nearest line.

    Parameters
    ----------
    inputs
        Layers of a run.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `Inputs.settlements`, ``capacity_kw`` [kW], those of `connect_to_grid`, and
        ``line_name``, which is the line's id where it has no name.
    """
    farms = inputs.settlements
    farms = farms[farms["abandoned_ha"] >= LEAST_HA]
    capacity = capacity_on_area(farms["abandoned_ha"], FARMLAND_KW_PER_HA)
    # How many find no line is said in the caption.
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        found = connect_to_grid(farms, inputs.lines, capacity_kw=capacity)
    names = inputs.lines["name"].fillna(inputs.lines.index.to_series())
    told = found.assign(capacity_kw=capacity, line_name=found["line_id"].map(names))
    return gpd.GeoDataFrame(farms.join(told))


def overlay_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 4-35: farmland of 4 ha and more over the grid, with what would connect it."""
    farms = connected_farmland(inputs)
    return Scene(
        figure_title("fig-4-35", say(lang, *_TITLE), place_title(inputs, lang), lang),
        [ground_layer(inputs, lang), *_layers(inputs, lang, farms)],
        caption=_reach(farms, lang)
        + note(inputs, lang, "connection", "voltage")
        + origins(inputs, lang, *_LAYERS[:-1]),
        credit=credits_of(inputs, *_LAYERS),
        lang=lang,
    )


def enlarged_map(inputs: Inputs, lang: Lang, *, code: str | None = None) -> Scene:
    """Figure 4-36: the same in one municipality.

    By default that with the most such settlements, and of several the one with the most farmland;
    the report's own example is lost.
    """
    farms = connected_farmland(inputs)
    chosen = _with_most(farms, inputs) if code is None else code
    here = farms[farms["municipality_code"] == chosen]
    town = inputs.municipalities.loc[[chosen]]
    name = str(town["name"].iloc[0])
    seen = pd.concat([town.geometry, _segments(inputs, here).geometry])
    why = report_says(
        inputs,
        lang,
        "報告書の拡大例がどこかは失われたため、",
        "Where the report's example lies is lost; ",
    ) + say(
        lang,
        "該当する集落の最も多い市町村を示す。",
        "this is the municipality with the most such settlements. ",
    )
    shown = place_title(inputs, lang, (say(lang, f"拡大例 {name}", name),))
    return Scene(
        figure_title("fig-4-36", say(lang, *_TITLE), shown, lang),
        [
            named_ground(inputs, lang),
            *_layers(inputs, lang, here, label="name"),
        ],
        caption=(why if code is None else "")
        + _reach(here, lang)
        + note(inputs, lang, "connection", "voltage")
        + origins(inputs, lang, *_LAYERS[:-1]),
        credit=credits_of(inputs, *_LAYERS),
        lang=lang,
        view=extent_of(gpd.GeoDataFrame(geometry=seen)),
    )


def _with_most(farms: gpd.GeoDataFrame, inputs: Inputs) -> str:
    """Municipality with the most of the settlements, then with the most farmland in them."""
    known = farms[farms["municipality_code"].isin(inputs.municipalities.index)]
    if known.empty:
        raise MissingInputError(
            f"no settlement of {inputs.folder.name} with {LEAST_HA:g} ha of abandoned farmland "
            "lies in its municipalities.",
            f"{inputs.folder.name} に耕作放棄地 {LEAST_HA:g} ha以上の集落がない。",
        )
    towns = known.groupby("municipality_code")["abandoned_ha"].agg(["size", "sum"])
    return str(towns.sort_values(["size", "sum"], kind="stable").index[-1])


def _layers(
    inputs: Inputs, lang: Lang, farms: gpd.GeoDataFrame, *, label: str | None = None
) -> list[Layer]:
    popup = headings(lang, *_SHOWN, name="settlement", capacity_kw="solar_kw")
    return [
        Layer(
            farms,
            Graduated(
                "line_km",
                breaks=_KM_BREAKS,
                palette="Purples",
                unit="km",
                opacity=0.9,
                stroke="#54278f",
                stroke_width=0.5,
            ),
            title=say(lang, "耕作放棄地4ha以上の集落 (送電線まで)", "Settlements, km to a line"),
            name="name",
            label=label,
            popup=popup,
        ),
        lines_layer(inputs.lines, lang),
        Layer(
            _segments(inputs, farms),
            Single(_CONNECTION),
            title=say(lang, "送電線への接続 (直線)", "Connection to the line (straight)"),
            name="name",
            popup=popup,
        ),
        stations_layer(inputs, lang),
    ]


def _segments(inputs: Inputs, farms: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Straight connections of settlements with their lines; none where a line crosses the land."""
    drawn = connecting_segments(farms, inputs.lines, farms["line_id"])
    connected = gpd.GeoDataFrame(farms.drop(columns="geometry"), geometry=drawn)
    return gpd.GeoDataFrame(connected[farms["line_km"] > 0])


def _reach(farms: gpd.GeoDataFrame, lang: Lang) -> str:
    """How many settlements find a line, and how far it is."""
    km, count = farms["line_km"].dropna(), len(farms)
    capacity = f"{LEAST_HA * FARMLAND_KW_PER_HA:,.0f} kW"
    told = say(
        lang,
        f"太陽光{capacity}以上となる {count:,} 集落のうち {len(km):,} 集落に、連系できる電圧の"
        "送電線がある。",
        f"Of {count:,} settlements with room for {capacity} of solar power or more, {len(km):,} "
        "find a line of a voltage that can take it. ",
    )
    if km.empty:
        return told
    return told + say(
        lang,
        f"距離は集落の境界からの直線で (海や山も越える)、中央値 {km.median():,.1f} km、"
        f"最大 {km.max():,.1f} km。",
        f"Distances are straight lines from the border, over sea and mountains: median "
        f"{km.median():,.1f} km, greatest {km.max():,.1f} km. ",
    )


RECIPES: dict[str, Recipe] = {"fig-4-35": overlay_map, "fig-4-36": enlarged_map}
