"""Maps of the layers as they are: dams, fishing ports, farm settlements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.matching import match_ports
from hokkaido_gis.potential.solar_sites import LEAST_FARMLAND_HA
from hokkaido_gis.render.scene import Categorical, Category, Graduated, Layer, Scene, Symbol
from hokkaido_gis.report.map_frame import (
    BUREAUS,
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    in_bureaus,
    origins,
)
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

_INLAND = ("上川総合振興局", "空知総合振興局")
# Map classes of abandoned farmland [a] (4.1.2).
_AREA_BREAKS = (1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0, 9000.0)


def port_map(inputs: Inputs, lang: Lang, *, figure: str, bureau: str | None = None) -> Scene:
    """Fishing ports, those with a plot for solar panels set off, of the island or of one bureau."""
    ports = inputs.ports
    match = match_ports(ports, inputs.report("ports").reset_index(), inputs.municipalities)
    usable = ports.index.isin(match.frame["port_id"].dropna())
    frame = ports.assign(usable=np.where(usable, "yes", "no"))
    found = int(match.frame["port_id"].notna().sum())
    style = Categorical(
        "usable",
        (
            Category("yes", say(lang, "導入可能性あり", "with a plot"), _dot("#ffd92f")),
            Category("no", say(lang, "その他の漁港", "others"), _dot("#ffffff")),
        ),
    )
    shown = None if bureau is None else in_bureaus(inputs, (bureau,))
    return Scene(
        figure_title(
            figure,
            say(lang, "太陽光導入可能性のある漁港", "Fishing ports fit for solar panels"),
            bureau or "",
            lang,
        ),
        [
            ground_layer(inputs, lang, label=bureau is not None),
            Layer(
                frame,
                style,
                title=say(lang, "漁港", "Fishing ports"),
                name="name",
                label=None if bureau is None else "name",
                popup=headings(lang, "name", "class", "administrator", name="feature"),
            ),
        ],
        caption=say(
            lang,
            f"報告書の194漁港のうち {found} 港が位置と結びついた。",
            f"{found} of the report's 194 ports are found among the points. ",
        )
        + origins(inputs, lang, "ports"),
        credit=credits_of(inputs, "ports", "municipalities"),
        lang=lang,
        view=None if shown is None else extent_of(shown),
    )


def farmland_map(inputs: Inputs, lang: Lang, *, figure: str, bureau: str | None = None) -> Scene:
    """Abandoned farmland of settlements with 2 ha and more, of the island or of one bureau."""
    farms = inputs.settlements
    shown = None if bureau is None else in_bureaus(inputs, (bureau,))
    if shown is not None:
        farms = farms[farms["municipality_code"].isin(shown.index)]
    kept = farms[farms["abandoned_ha"] >= LEAST_FARMLAND_HA]
    kept = kept.assign(abandoned_a=kept["abandoned_ha"] * 100)
    withheld = int((farms["status"] == "withheld").sum())
    return Scene(
        figure_title(
            figure,
            say(lang, "2ha以上の耕作放棄地", "Abandoned farmland of 2 ha and more"),
            bureau or "",
            lang,
        ),
        [
            ground_layer(inputs, lang, label=bureau is not None),
            Layer(
                kept,
                farmland_style("abandoned_a"),
                title=say(lang, "耕作放棄地 (農業集落)", "Abandoned farmland by settlement"),
                name="name",
                popup=headings(lang, "name", "municipality", "abandoned_ha", name="feature"),
            ),
        ],
        caption=say(
            lang,
            f"{len(kept):,} 集落、計 {kept['abandoned_ha'].sum():,.0f} ha。"
            f"秘匿 {withheld:,} 集落は含まない (ゼロではない)。",
            f"{len(kept):,} settlements, {kept['abandoned_ha'].sum():,.0f} ha in all; "
            f"{withheld:,} withheld ones are left out (they are not zero). ",
        )
        + origins(inputs, lang, "settlements", "census"),
        credit=credits_of(inputs, "settlements", "census", "municipalities"),
        lang=lang,
        view=None if shown is None else extent_of(shown),
    )


def farmland_style(column: str) -> Graduated:
    """Colours of abandoned farmland in a column of areas [a], by the report's classes."""
    return Graduated(
        column,
        breaks=_AREA_BREAKS,
        palette="YlOrRd",
        unit="a",
        opacity=0.9,
        stroke="#8c6d31",
        stroke_width=0.3,
    )


def _recipes() -> dict[str, Recipe]:
    recipes: dict[str, Recipe] = {}
    recipes["fig-4-1"] = partial(farmland_map, figure="fig-4-1")
    recipes["fig-6-1"] = partial(farmland_map, figure="fig-6-1")
    for number, bureau in enumerate(BUREAUS, 2):
        figure = f"fig-4-{number}"
        recipes[figure] = partial(farmland_map, figure=figure, bureau=bureau)
    recipes["fig-5-1"] = partial(port_map, figure="fig-5-1")
    coastal = [bureau for bureau in BUREAUS if bureau not in _INLAND]
    for number, bureau in enumerate(coastal, 2):
        figure = f"fig-5-{number}"
        recipes[figure] = partial(port_map, figure=figure, bureau=bureau)
    return recipes


RECIPES = _recipes()


def _dot(fill: str) -> Symbol:
    return Symbol(fill, 1.0, "#4d4d4d", 0.9, 4.0)
