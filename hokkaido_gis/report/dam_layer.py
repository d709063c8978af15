"""10 kW of solar power at the irrigation dams of a layer, where the report lists none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.render.scene import Graduated, Layer, Scene
from hokkaido_gis.report.map_frame import (
    credits_of,
    figure_title,
    ground_layer,
    headings,
    origins,
    place_title,
)
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.solar_study import dam_energy, dams_for_solar
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

_LAYERS = ("dams", "irradiation", "normals")
# Energy of 10 kW in a year [kWh].
_BREAKS = (9_200.0, 9_600.0, 10_000.0, 10_600.0, 11_200.0)


def layer_solar_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 6-5 outside Hokkaido: energy of 10 kW of solar power at each dam of the layer."""
    dams = solar_of_layer(inputs)
    title = say(lang, "農業用ダムの太陽光発電 (10kW)", "10 kW of solar power at irrigation dams")
    columns = ("name", "municipality", "specific_yield", "annual_kwh", "station")
    return Scene(
        figure_title("fig-6-5", title, place_title(inputs, lang), lang),
        [
            ground_layer(inputs, lang),
            Layer(
                dams,
                dam_solar_style(lang),
                title=say(lang, "太陽光 年間発電量", "Solar power, energy in a year"),
                name="name",
                label="name",
                popup=headings(lang, *columns, name="feature"),
            ),
        ],
        caption=_caption(inputs, dams, lang),
        credit=credits_of(inputs, *_LAYERS, "municipalities"),
        lang=lang,
    )


def layer_solar_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 3-11 outside Hokkaido: energy of 10 kW of solar power at each dam of the layer."""
    dams = solar_of_layer(inputs)
    columns = ["name", "municipality", "specific_yield", "annual_kwh"]
    frame = pd.DataFrame(dams[columns]).round({"specific_yield": 1, "annual_kwh": 0})
    return Table(
        say(
            lang,
            "表3-11 農業用ダムの太陽光発電 (10kW)",
            "Table 3-11 10 kW of solar power at irrigation dams",
        ),
        frame.rename(columns=headings(lang, *columns, name="feature")),
        _caption(inputs, dams, lang),
    )


def solar_of_layer(inputs: Inputs) -> gpd.GeoDataFrame:
    """Irrigation dams of the layer with the columns of `solar_study.dam_energy`."""
    dams = dams_for_solar(inputs)
    return gpd.GeoDataFrame(dams.join(dam_energy(inputs)))


def dam_solar_style(lang: Lang) -> Graduated:
    """Colours of the energy of 10 kW at a dam, in a column ``annual_kwh``."""
    return Graduated(
        "annual_kwh",
        breaks=_BREAKS,
        palette="YlOrRd",
        unit=say(lang, "kWh/年", "kWh/yr"),
        opacity=0.95,
    )


def _caption(inputs: Inputs, dams: gpd.GeoDataFrame, lang: Lang) -> str:
    which = (
        ("レイヤのダム", "dams of the layer")
        if len(dams) == len(inputs.dams)
        else ("レイヤのダムのうち、かんがいを目的とする", "dams of the layer that serve irrigation")
    )
    total = float(dams["annual_kwh"].sum())
    return say(
        lang,
        f"{which[0]} {len(dams)} 基、1基10kW、合計 {total:,.0f}kWh/年。",
        f"{len(dams)} {which[1]}, 10 kW each, {total:,.0f} kWh/yr in all. ",
    ) + origins(inputs, lang, *_LAYERS)
