"""Maps of the layers as they are: the power grid, dams, fishing ports, farm settlements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.matching import match_ports
from hokkaido_gis.render.scene import (
    Categorical,
    Category,
    Graduated,
    Layer,
    Scene,
    Single,
    Symbol,
)
from hokkaido_gis.report.words import say
from hokkaido_gis.voltage import VoltageClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from hokkaido_gis.render.scene import Bounds, Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

_GROUND = Single(Symbol("#f1f1ec", 0.95, "#b4b1a8", 0.5))
# Colour and width of lines by voltage: the higher, the darker and the wider.
_GRID = {
    VoltageClass.KV_275: ("#7f0000", 2.6),
    VoltageClass.KV_187: ("#d7301f", 2.0),
    VoltageClass.KV_100_110: ("#e08214", 1.6),
    VoltageClass.KV_66: ("#2166ac", 1.2),
    VoltageClass.UP_TO_33: ("#67a9cf", 0.9),
    VoltageClass.HVDC: ("#542788", 2.4),
    VoltageClass.OTHER: ("#737373", 1.0),
}
# The report cuts the island into six sheets; where it cuts is lost.
_SHEETS = (
    ("宗谷総合振興局", "留萌振興局", "上川総合振興局"),
    ("オホーツク総合振興局",),
    ("空知総合振興局", "石狩振興局", "後志総合振興局"),
    ("檜山振興局", "渡島総合振興局"),
    ("胆振総合振興局", "日高振興局"),
    ("十勝総合振興局", "釧路総合振興局", "根室振興局"),
)
# Figures 4-2 to 4-15 in their order, and 5-2 to 5-13, which leave out the two without a coast.
_BUREAUS = (
    "宗谷総合振興局", "留萌振興局", "上川総合振興局", "空知総合振興局", "石狩振興局",
    "後志総合振興局", "檜山振興局", "渡島総合振興局", "胆振総合振興局", "日高振興局",
    "十勝総合振興局", "釧路総合振興局", "根室振興局", "オホーツク総合振興局",
)  # fmt: skip
_INLAND = ("上川総合振興局", "空知総合振興局")
# Map classes of abandoned farmland [a] (4.1.2), and the least area that is kept.
_AREA_BREAKS = (1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0, 9000.0)
KEPT_HA = 2.0


def grid_map(
    inputs: Inputs, lang: Lang, *, figure: str, sheet: tuple[str, ...] | None = None
) -> Scene:
    """Transmission lines and substations by voltage class, of the island or of one sheet."""
    title = say(lang, "系統連系図 (送電線・変電所)", "Transmission lines and substations")
    shown = inputs.municipalities if sheet is None else _of(inputs, sheet)
    lines, substations = inputs.lines, inputs.substations
    return Scene(
        _title(figure, title, "" if sheet is None else "・".join(sheet), lang),
        [
            _ground(inputs, lang, label=sheet is not None),
            Layer(
                lines,
                _by_voltage(lines, lang, area=False),
                title=say(lang, "送電線", "Transmission lines"),
                name="name",
                popup=_headings(lang, "name", "voltage_class", "kv", "circuits"),
            ),
            Layer(
                substations,
                _by_voltage(substations, lang, area=True),
                title=say(lang, "変電所", "Substations"),
                name="name",
                popup=_headings(lang, "name", "voltage_class", "kv"),
            ),
        ],
        caption=_caption(inputs, lang, "lines", "substations"),
        credit=_credit(inputs, "lines", "substations", "municipalities"),
        lang=lang,
        view=None if sheet is None else _extent(shown),
    )


def dam_map(inputs: Inputs, lang: Lang, *, figure: str) -> Scene:
    """Irrigation dams."""
    dams = inputs.dams
    return Scene(
        _title(figure, say(lang, "農業用ダム", "Irrigation dams"), "", lang),
        [
            _ground(inputs, lang),
            Layer(
                dams,
                Single(Symbol("#2171b5", 0.9, "#08306b", 0.8, 4.5), say(lang, "ダム", "dam")),
                title=say(lang, "ダム", "Dams"),
                name="name",
                label="name",
                popup=_headings(lang, "name", "height_m", "purposes", "address"),
            ),
        ],
        caption=_caption(inputs, lang, "dams"),
        credit=_credit(inputs, "dams", "municipalities"),
        lang=lang,
    )


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
    shown = None if bureau is None else _of(inputs, (bureau,))
    return Scene(
        _title(
            figure,
            say(lang, "太陽光導入可能性のある漁港", "Fishing ports fit for solar panels"),
            bureau or "",
            lang,
        ),
        [
            _ground(inputs, lang, label=bureau is not None),
            Layer(
                frame,
                style,
                title=say(lang, "漁港", "Fishing ports"),
                name="name",
                label=None if bureau is None else "name",
                popup=_headings(lang, "name", "class", "administrator"),
            ),
        ],
        caption=say(
            lang,
            f"報告書の194漁港のうち {found} 港が位置と結びついた。",
            f"{found} of the report's 194 ports are found among the points. ",
        )
        + _caption(inputs, lang, "ports"),
        credit=_credit(inputs, "ports", "municipalities"),
        lang=lang,
        view=None if shown is None else _extent(shown),
    )


def farmland_map(inputs: Inputs, lang: Lang, *, figure: str, bureau: str | None = None) -> Scene:
    """Abandoned farmland of settlements with 2 ha and more, of the island or of one bureau."""
    farms = inputs.settlements
    shown = None if bureau is None else _of(inputs, (bureau,))
    if shown is not None:
        farms = farms[farms["municipality_code"].isin(shown.index)]
    kept = farms[farms["abandoned_ha"] >= KEPT_HA]
    kept = kept.assign(abandoned_a=kept["abandoned_ha"] * 100)
    withheld = int((farms["status"] == "withheld").sum())
    return Scene(
        _title(
            figure,
            say(lang, "2ha以上の耕作放棄地", "Abandoned farmland of 2 ha and more"),
            bureau or "",
            lang,
        ),
        [
            _ground(inputs, lang, label=bureau is not None),
            Layer(
                kept,
                Graduated(
                    "abandoned_a",
                    breaks=_AREA_BREAKS,
                    palette="YlOrRd",
                    unit="a",
                    opacity=0.9,
                    stroke="#8c6d31",
                    stroke_width=0.3,
                ),
                title=say(lang, "耕作放棄地 (農業集落)", "Abandoned farmland by settlement"),
                name="name",
                popup=_headings(lang, "name", "municipality", "abandoned_ha"),
            ),
        ],
        caption=say(
            lang,
            f"{len(kept):,} 集落、計 {kept['abandoned_ha'].sum():,.0f} ha。"
            f"秘匿 {withheld:,} 集落は含まない (ゼロではない)。",
            f"{len(kept):,} settlements, {kept['abandoned_ha'].sum():,.0f} ha in all; "
            f"{withheld:,} withheld ones are left out (they are not zero). ",
        )
        + _caption(inputs, lang, "settlements", "census"),
        credit=_credit(inputs, "settlements", "census", "municipalities"),
        lang=lang,
        view=None if shown is None else _extent(shown),
    )


def _recipes() -> dict[str, Recipe]:
    recipes: dict[str, Recipe] = {}
    for figure in ("fig-2-10", "fig-4-34", "fig-6-8"):
        recipes[figure] = partial(grid_map, figure=figure)
    for number, sheet in enumerate(_SHEETS, 14):
        recipes[f"fig-2-{number}"] = partial(grid_map, figure=f"fig-2-{number}", sheet=sheet)
    recipes["fig-3-5"] = partial(dam_map, figure="fig-3-5")
    recipes["fig-4-1"] = partial(farmland_map, figure="fig-4-1")
    recipes["fig-6-1"] = partial(farmland_map, figure="fig-6-1")
    for number, bureau in enumerate(_BUREAUS, 2):
        figure = f"fig-4-{number}"
        recipes[figure] = partial(farmland_map, figure=figure, bureau=bureau)
    recipes["fig-5-1"] = partial(port_map, figure="fig-5-1")
    coastal = [bureau for bureau in _BUREAUS if bureau not in _INLAND]
    for number, bureau in enumerate(coastal, 2):
        figure = f"fig-5-{number}"
        recipes[figure] = partial(port_map, figure=figure, bureau=bureau)
    return recipes


RECIPES = _recipes()

_COLUMNS = {
    "name": ("名称", "Name"),
    "voltage_class": ("電圧階級", "Voltage class"),
    "kv": ("電圧 (kV)", "Voltage (kV)"),
    "circuits": ("回線数", "Circuits"),
    "height_m": ("堤高 (m)", "Height (m)"),
    "purposes": ("目的", "Purposes"),
    "address": ("所在地", "Address"),
    "class": ("種別", "Class"),
    "administrator": ("管理者", "Administrator"),
    "municipality": ("市町村", "Municipality"),
    "abandoned_ha": ("耕作放棄地 (ha)", "Abandoned farmland (ha)"),
}
_CLASS_NAMES = {
    VoltageClass.UP_TO_33: ("33 kV以下", "33 kV and less"),
    VoltageClass.HVDC: ("直流", "HVDC"),
    VoltageClass.OTHER: ("その他の電圧", "other voltages"),
}


def _headings(lang: Lang, *columns: str) -> dict[str, str]:
    return {column: say(lang, *_COLUMNS[column]) for column in columns}


def _by_voltage(frame: gpd.GeoDataFrame, lang: Lang, *, area: bool) -> Categorical:
    """One class for each voltage class that the layer has; unknown voltages are named so."""
    present = set(frame["voltage_class"].dropna())
    return Categorical(
        "voltage_class",
        tuple(
            Category(
                str(each),
                say(lang, *_CLASS_NAMES.get(each, (str(each), str(each)))),
                Symbol(colour, 0.95, "#333333" if area else colour, 0.6 if area else width,
                       1.5 + width),
            )
            for each, (colour, width) in _GRID.items()
            if str(each) in present
        ),
        missing=Symbol("#bdbdbd", 0.8, "#969696", 0.7, 2.0),
    )  # fmt: skip


def _ground(inputs: Inputs, lang: Lang, *, label: bool = False) -> Layer:
    return Layer(
        inputs.municipalities,
        _GROUND,
        title=say(lang, "市町村", "Municipalities"),
        name="name",
        label="name" if label else None,
        popup={
            "name": say(lang, "市町村", "Municipality"),
            "subprefecture": say(lang, "振興局", "Subprefecture"),
        },
    )


def _dot(fill: str) -> Symbol:
    return Symbol(fill, 1.0, "#4d4d4d", 0.9, 4.0)


def _of(inputs: Inputs, bureaus: Sequence[str]) -> gpd.GeoDataFrame:
    towns = inputs.municipalities
    return towns[towns["subprefecture"].isin(list(bureaus))]


def _extent(frame: gpd.GeoDataFrame) -> Bounds:
    west, south, east, north = frame.total_bounds
    margin = 0.04 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def _title(figure: str, title: str, place: str, lang: Lang) -> str:
    number = figure.removeprefix("fig-")
    return f"{say(lang, '図', 'Figure ')}{number} {title}" + (f" {place}" if place else "")


def _caption(inputs: Inputs, lang: Lang, *layers: str) -> str:
    titles = {
        "lines": ("送電線", "lines"),
        "substations": ("変電所", "substations"),
        "dams": ("ダム", "dams"),
        "ports": ("漁港", "ports"),
        "settlements": ("集落", "settlements"),
        "census": ("耕作放棄地", "areas"),
    }
    told = [inputs.origin(layer).caption(say(lang, *titles[layer]), lang) for layer in layers]
    return say(lang, "。", ". ").join(told) + say(lang, "。", ".")


def _credit(inputs: Inputs, *layers: str) -> str:
    """Credit lines of several layers, each said once, whatever it stands for."""
    parts = [part for layer in layers for part in inputs.origin(layer).credit.split("; ")]
    said = [part.removeprefix("市町村界: ").removeprefix("位置: ") for part in parts]
    return "; ".join(dict.fromkeys(said))
