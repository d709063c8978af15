"""Chapter 4, solar power on abandoned farmland: its maps. Wind and the model cases stand apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.analysis.stations import Rule
from hokkaido_gis.codes import find_code
from hokkaido_gis.crs import area_ha
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.solar_sites import LEAST_FARMLAND_HA
from hokkaido_gis.render.scene import Graduated, Layer, Scene
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.by_region import ByRegion
from hokkaido_gis.report.chapter4_tables import TABLES
from hokkaido_gis.report.layer_maps import farmland_style
from hokkaido_gis.report.map_frame import (
    BUREAUS,
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    in_bureaus,
    origins,
    place_title,
    town_headings,
)
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang, Style
    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

# Map classes of generation [kWh/yr] (4.1.2).
_ENERGY_BREAKS = (0.5e6, 5e6, 10e6, 20e6, 30e6, 40e6, 50e6)
# Farmland of a municipality [ha]; the first class is the municipalities without any.
_TOWN_AREA_BREAKS = (0.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_SUN_BREAKS = (3.4, 3.6, 3.8, 4.0, 4.2, 4.4)
_SNOW_BREAKS = (40.0, 60.0, 80.0, 100.0, 120.0, 150.0)
_DENSITY_BREAKS = (5.0, 10.0, 20.0, 50.0, 100.0, 500.0)
_HA_PER_KM2 = 100.0
# Figures 4-37 to 4-39, whose labels survive.
_SURVEYED = {"fig-4-37": "網走市", "fig-4-38": "白糠町", "fig-4-39": "浜中町"}

_FARMLAND_LAYERS = ("census", "settlements", "municipalities")
_SUN_LAYERS = ("irradiation", "normals")


def town_map(  # noqa: PLR0913
    inputs: Inputs,
    lang: Lang,
    figure: str,
    *,
    words: Words,
    values: pd.DataFrame,
    style: Style,
    layers: tuple[str, ...],
    note: Words = ("", ""),
) -> Scene:
    """Municipalities coloured by a value.

    Parameters
    ----------
    inputs
        Layers of the run.
    lang
        Language of what a reader sees.
    figure
        Id of the figure.
    words
        Title of the map and name of the quantity.
    values
        What is shown by municipality; its columns are the lines of the balloon.
    style
        Colours, by one of those columns.
    layers
        Layers that the values come from, for caption and credit.
    note
        What else the caption says.
    """
    towns = inputs.municipalities
    frame = towns[["name", "subprefecture", "geometry"]].join(values)
    return Scene(
        figure_title(figure, say(lang, *words), place_title(inputs, lang), lang),
        [
            Layer(
                frame,
                style,
                title=say(lang, *words),
                name="name",
                popup=town_headings(inputs, lang, "name", *values.columns),
            )
        ],
        caption=say(lang, *note) + origins(inputs, lang, *layers),
        credit=credits_of(inputs, *layers, "municipalities"),
        lang=lang,
    )


def town_farmland_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 4-16: abandoned farmland of settlements with 2 ha and more, by municipality."""
    towns = study.towns_energy(inputs)
    withheld = int(towns["withheld"].sum())
    style = Graduated("kept_ha", breaks=_TOWN_AREA_BREAKS, palette="YlOrRd", unit="ha", opacity=0.9)
    return town_map(
        inputs,
        lang,
        "fig-4-16",
        words=(
            "2ha以上の耕作放棄地 (市町村)",
            "Abandoned farmland in settlements of 2 ha and more, by municipality",
        ),
        values=towns[["kept_ha", "abandoned_ha", "capacity_kw"]],
        style=style,
        layers=("census",),
        note=(
            f"センサスで秘匿された {withheld} 集落を含まない。",
            f"Without {withheld} settlements withheld in the census. ",
        ),
    )


def irradiation_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 4-17: irradiation of each municipality, the mean of its stations or the nearest."""
    climate = study.town_climate(inputs)
    return town_map(
        inputs,
        lang,
        "fig-4-17",
        words=("日射量 (最適傾斜角, 年平均)", "Irradiation on the optimal tilt, mean of the year"),
        values=climate[["irradiation", "specific_yield"]],
        style=Graduated(
            "irradiation",
            breaks=_SUN_BREAKS,
            palette="YlOrRd",
            unit="kWh/m²・日" if lang == "ja" else "kWh/m² day",
            opacity=0.9,
        ),
        layers=_SUN_LAYERS[:1],
        note=_station_note(inputs),
    )


def snow_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 4-18: greatest snow depth of each municipality."""
    climate = study.town_climate(inputs)
    if climate["max_snow_cm"].isna().all():
        raise MissingInputError(
            f"{inputs.folder}: no station tells its greatest snow depth. Add a column max_snow_cm "
            "[cm] to the table of stations.",
            f"{inputs.folder.name} の観測所に最大積雪深 (列 max_snow_cm) がない。",
        )
    return town_map(
        inputs,
        lang,
        "fig-4-18",
        words=("最大積雪深", "Greatest snow depth"),
        values=climate[["max_snow_cm"]],
        style=Graduated("max_snow_cm", breaks=_SNOW_BREAKS, palette="PuBu", unit="cm", opacity=0.9),
        layers=("stations",),
        note=_station_note(inputs),
    )


def density_map(inputs: Inputs, lang: Lang, *, figure: str) -> Scene:
    """Figures 4-49 and 6-9: population density."""
    towns = inputs.municipalities
    people = inputs.population
    density = people / (area_ha(towns) / _HA_PER_KM2)
    return town_map(
        inputs,
        lang,
        figure,
        words=("人口密度", "Population density"),
        values=pd.DataFrame({"people_per_km2": density, "population": people}),
        style=Graduated(
            "people_per_km2",
            breaks=_DENSITY_BREAKS,
            palette="BuPu",
            unit="人/km²" if lang == "ja" else "people/km²",
            opacity=0.9,
        ),
        layers=("population",),
    )


def energy_map(
    inputs: Inputs, lang: Lang, *, figure: str, regions: tuple[str, ...] | None = None
) -> Scene:
    """Figures 4-19 to 4-33: energy of solar power on the farmland of settlements, by settlement."""
    farms = inputs.settlements
    energy = study.settlement_energy(inputs)
    shown = None if regions is None else in_bureaus(inputs, regions)
    codes = None if shown is None else shown.index
    if shown is not None:
        farms = farms[farms["municipality_code"].isin(shown.index)]
    columns = ["abandoned_ha", "capacity_kw", "specific_yield", "annual_kwh", "station"]
    chosen = farms[["name", "municipality", "geometry"]].join(energy[["kept", *columns]])
    chosen = chosen[chosen["kept"].fillna(value=False).astype(bool)]
    total = chosen["annual_kwh"].sum()
    return Scene(
        figure_title(
            figure,
            say(lang, "太陽光発電の年間発電量", "Solar power on abandoned farmland"),
            place_title(inputs, lang, regions),
            lang,
        ),
        [
            ground_layer(inputs, lang, label=shown is not None, here=codes),
            Layer(
                gpd.GeoDataFrame(chosen),
                Graduated(
                    "annual_kwh",
                    breaks=_ENERGY_BREAKS,
                    palette="YlOrRd",
                    unit="kWh/年" if lang == "ja" else "kWh/yr",
                    opacity=0.9,
                    stroke_width=0.3,
                ),
                title=say(lang, "年間発電量 (農業集落)", "Energy in a year, by settlement"),
                name="name",
                popup=headings(lang, "name", "municipality", *columns, name="feature"),
            ),
        ],
        caption=say(
            lang,
            f"耕作放棄地 2ha 以上の {len(chosen):,} 集落、1ha当たり500kW、"
            f"合計 {total / 1e6:,.1f} 百万kWh/年。",
            f"{len(chosen):,} settlements with 2 ha and more at 500 kW/ha, "
            f"{total / 1e6:,.1f} million kWh/yr in all. ",
        )
        + _sun_caption(inputs, lang),
        credit=credits_of(inputs, *_FARMLAND_LAYERS, *_SUN_LAYERS),
        lang=lang,
        view=None if shown is None else extent_of(shown),
    )


def surveyed_map(inputs: Inputs, lang: Lang, *, figure: str) -> Scene:
    """Figures 4-37 to 4-39: farmland of the settlements of one municipality, with name and area."""
    town = _SURVEYED[figure]
    code = find_code(town)
    farms = inputs.settlements
    farms = farms[
        (farms["municipality_code"] == code) & (farms["abandoned_ha"] >= LEAST_FARMLAND_HA)
    ]
    if farms.empty:
        raise MissingInputError(
            f"{inputs.folder} has no settlement of {town} with 2 ha of abandoned farmland.",
            f"{inputs.folder.name} に{town}の 2ha 以上の集落がない。",
        )
    area = farms["abandoned_ha"] * 100
    printed = inputs.report("settlements")
    printed = printed[printed["municipality"] == town]
    shown = inputs.municipalities.loc[[code]]
    return Scene(
        figure_title(
            figure, say(lang, "2ha以上の耕作放棄地面積", "Abandoned farmland"), town, lang
        ),
        [
            ground_layer(inputs, lang, here=shown.index),
            Layer(
                farms.assign(
                    abandoned_a=area, label=farms["name"] + " " + area.map("{:,.0f}a".format)
                ),
                farmland_style("abandoned_a"),
                title=say(lang, "耕作放棄地 (農業集落)", "Abandoned farmland (settlements)"),
                name="name",
                label="label",
                popup=headings(lang, "name", "municipality", "abandoned_a", name="feature"),
            ),
        ],
        caption=say(
            lang,
            f"報告書の図に残る {len(printed)} 集落の面積の合計は "
            f"{pd.to_numeric(printed['abandoned_farmland_a']).sum():,.0f}a、この図は "
            f"{len(farms)} 集落 {area.sum():,.0f}a。",
            f"The report's figure names {len(printed)} settlements of "
            f"{pd.to_numeric(printed['abandoned_farmland_a']).sum():,.0f} a in all; this one has "
            f"{len(farms)} of {area.sum():,.0f} a. ",
        )
        + origins(inputs, lang, "census", "settlements"),
        credit=credits_of(inputs, *_FARMLAND_LAYERS),
        lang=lang,
        view=extent_of(shown),
    )


def _station_note(inputs: Inputs) -> Words:
    rules = study.stations_of_towns(inputs)["rule"].value_counts()
    own, mean, near = (int(rules.get(rule, 0)) for rule in (Rule.OWN, Rule.MEAN, Rule.NEAREST))
    return (
        f"市町村内の観測所 (1地点 {own}、複数の平均 {mean})、なければ最寄り ({near})。",
        (
            f"From the station in the municipality ({own}), the mean of several ({mean}), or the "
            f"nearest ({near}). "
        ),
    )


def _sun_caption(inputs: Inputs, lang: Lang) -> str:
    estimate = say(
        lang,
        "月別日射量がないため年平均からの推定。",
        "Estimated from the year's mean, since there is no irradiation by month. ",
    )
    return ("" if study.has_months(inputs) else estimate) + origins(
        inputs, lang, "census", "settlements", *_SUN_LAYERS
    )


RECIPES: dict[str, Recipe] = {
    "fig-4-16": town_farmland_map,
    "fig-4-17": irradiation_map,
    "fig-4-18": snow_map,
    "fig-4-19": partial(energy_map, figure="fig-4-19"),
    "fig-6-2": partial(energy_map, figure="fig-6-2"),
    "fig-4-49": partial(density_map, figure="fig-4-49"),
    "fig-6-9": partial(density_map, figure="fig-6-9"),
    **{figure: partial(surveyed_map, figure=figure) for figure in _SURVEYED},
    **TABLES,
}
BY_REGION = (
    ByRegion(
        energy_map, {f"fig-4-{number}": (bureau,) for number, bureau in enumerate(BUREAUS, 20)}
    ),
)
