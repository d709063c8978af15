"""Maps of the power grid: lines and substations by voltage class."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hokkaido_gis.grid.by_municipality import MAIN_SUBSTATION_KV
from hokkaido_gis.render.scene import Categorical, Category, LabelStyle, Layer, Scene, Symbol
from hokkaido_gis.report.by_region import ByRegion
from hokkaido_gis.report.elsewhere import note, report_says
from hokkaido_gis.report.map_frame import (
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    in_bureaus,
    origins,
    place_title,
)
from hokkaido_gis.report.words import say
from hokkaido_gis.voltage import VoltageClass

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

UNKNOWN = "unknown"
# Colour and width by voltage: the higher, the wider and, printed in grey too, the darker.
SYMBOLS: dict[str, tuple[str, float]] = {
    VoltageClass.KV_275: ("#67000d", 2.8),
    VoltageClass.KV_187: ("#cb181d", 2.2),
    VoltageClass.KV_100_110: ("#b8620f", 1.7),
    VoltageClass.KV_66: ("#4aa3df", 1.3),
    VoltageClass.UP_TO_33: ("#86c98a", 1.0),
    VoltageClass.HVDC: ("#542788", 2.4),
    VoltageClass.OTHER: ("#737373", 1.2),
}
_UNKNOWN = ("#8c8983", 0.8)
# The report cuts the island into six sheets; where it cuts is lost.
_SHEETS = (
    ("宗谷総合振興局", "留萌振興局", "上川総合振興局"),
    ("オホーツク総合振興局",),
    ("空知総合振興局", "石狩振興局", "後志総合振興局"),
    ("檜山振興局", "渡島総合振興局"),
    ("胆振総合振興局", "日高振興局"),
    ("十勝総合振興局", "釧路総合振興局", "根室振興局"),
)
_GRID = ("送電網マップ", "Transmission lines")
_TOWN_NAMES = LabelStyle(size=0.9, colour="#8a877f")
_CLASS_NAMES: dict[str, tuple[str, str]] = {
    VoltageClass.UP_TO_33: ("33 kV以下", "33 kV and less"),
    VoltageClass.HVDC: ("直流", "HVDC"),
    VoltageClass.OTHER: ("その他の電圧", "other voltages"),
    UNKNOWN: ("電圧不明", "unknown voltage"),
}


def grid_map(inputs: Inputs, lang: Lang, *, figure: str, title: tuple[str, str] = _GRID) -> Scene:
    """Transmission lines and substations of all regions, with the names of main substations."""
    return Scene(
        figure_title(figure, say(lang, *title), place_title(inputs, lang), lang),
        [
            ground_layer(inputs, lang),
            lines_layer(inputs.lines, lang),
            stations_layer(inputs, lang, named=inputs.substations["kv"] >= MAIN_SUBSTATION_KV),
        ],
        caption=say(
            lang,
            f"名称は{MAIN_SUBSTATION_KV:g} kV以上の変電所。",
            f"Named are substations of {MAIN_SUBSTATION_KV:g} kV and above. ",
        )
        + note(inputs, lang, "voltage")
        + origins(inputs, lang, "lines", "substations"),
        credit=credits_of(inputs, "lines", "substations", "municipalities"),
        lang=lang,
    )


def sheet_map(inputs: Inputs, lang: Lang, *, figure: str, regions: tuple[str, ...]) -> Scene:
    """Transmission lines and substations of one sheet, with names; in Hokkaido there are six."""
    towns = in_bureaus(inputs, regions)
    here = inputs.substations.intersects(towns.union_all())
    title = say(lang, "系統連系図", "Power grid")
    if regions in _SHEETS:
        number = _SHEETS.index(regions) + 1
        title += say(lang, f" 地域{number}", f", sheet {number}")
    return Scene(
        figure_title(figure, title, place_title(inputs, lang, regions), lang),
        [
            named_ground(inputs, lang, towns.index),
            lines_layer(inputs.lines, lang),
            stations_layer(inputs, lang, named=here),
        ],
        caption=report_says(
            inputs,
            lang,
            "6分割の境は報告書から失われたため、振興局で分けた。",
            "Where the report cuts its six sheets is lost; these go by subprefectures. ",
        )
        + note(inputs, lang, "voltage")
        + origins(inputs, lang, "lines", "substations"),
        credit=credits_of(inputs, "lines", "substations", "municipalities"),
        lang=lang,
        view=extent_of(towns),
    )


def by_voltage(frame: gpd.GeoDataFrame, lang: Lang, *, points: bool = False) -> Categorical:
    """Style of lines or substations: one class for each voltage class that the layer has.

    Parameters
    ----------
    frame
        Features with a column ``voltage_class``. They are drawn by `drawn_class`, which the layer
        must hold as a column.
    lang
        Language of the legend.
    points
        Whether they are points, whose size grows instead of their width.
    """
    present = set(drawn_class(frame))
    looks = {**SYMBOLS, UNKNOWN: _UNKNOWN}
    return Categorical(
        "drawn_class",
        tuple(
            Category(str(each), _class_name(each, lang), _symbol(*look, points=points))
            for each, look in looks.items()
            if str(each) in present
        ),
    )


def drawn_class(frame: gpd.GeoDataFrame) -> pd.Series:
    """Voltage class that each feature is drawn in; unknown ones have a class of their own."""
    return frame["voltage_class"].astype(object).fillna(UNKNOWN).rename("drawn_class")


def _symbol(colour: str, width: float, *, points: bool) -> Symbol:
    if points:
        return Symbol(colour, 1.0, "#ffffff", 0.7, 1.4 + 1.3 * width)
    return Symbol(colour, 1.0, colour, width)


def _class_name(each: str, lang: Lang) -> str:
    return say(lang, *_CLASS_NAMES.get(each, (str(each), str(each))))


def lines_layer(lines: gpd.GeoDataFrame, lang: Lang) -> Layer:
    """Lines as `read_lines` gives them by voltage, the highest on top."""
    lines = lines.sort_values("kv", na_position="first", kind="stable")
    return Layer(
        lines.assign(drawn_class=drawn_class(lines)),
        by_voltage(lines, lang),
        title=say(lang, "送電線", "Transmission lines"),
        name="name",
        popup=headings(lang, "name", "voltage_class", "kv", "circuits", "operator", name="feature"),
    )


def stations_layer(inputs: Inputs, lang: Lang, *, named: pd.Series | None = None) -> Layer:
    """Substations, the highest voltages on top; those of a mask with their names."""
    stations = inputs.substations
    stations = stations.assign(drawn_class=drawn_class(stations))
    if named is not None:
        stations = stations.assign(label=stations["name"].where(named))
    stations = stations.sort_values("kv", na_position="first", kind="stable")
    return Layer(
        stations,
        by_voltage(stations, lang, points=True),
        title=say(lang, "変電所", "Substations"),
        name="name",
        label=None if named is None else "label",
        popup=headings(lang, "name", "voltage_class", "kv", "operator", name="feature"),
    )


def named_ground(inputs: Inputs, lang: Lang, here: pd.Index | None = None) -> Layer:
    """Municipalities with names in a colour that leaves the foreground to the grid."""
    return replace(ground_layer(inputs, lang, label=True, here=here), label_style=_TOWN_NAMES)


def system_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 2-10: the grid of the whole prefecture, under the report's title."""
    name = ("北海道", " of Hokkaido") if inputs.place.is_of_the_report else ("", "")
    title = (f"{name[0]}系統連系図", f"Power grid{name[1]}")
    return grid_map(inputs, lang, figure="fig-2-10", title=title)


RECIPES: dict[str, Recipe] = {
    "fig-2-10": system_map,
    "fig-4-34": partial(grid_map, figure="fig-4-34"),
    "fig-6-8": partial(grid_map, figure="fig-6-8"),
}
BY_REGION = (ByRegion(sheet_map, {f"fig-2-{n}": bureaus for n, bureaus in enumerate(_SHEETS, 14)}),)
