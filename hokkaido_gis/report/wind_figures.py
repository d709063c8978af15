"""Chapter 4, wind power over abandoned farmland: the map of wind and farmland, and its tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.potential.wind_rating import GRADE_SPEEDS_MS, JAPANESE, Grade
from hokkaido_gis.render.scene import (
    Categorical,
    Category,
    Layer,
    RasterLayer,
    Scene,
    Single,
    Symbol,
)
from hokkaido_gis.report import wind_study as study
from hokkaido_gis.report.elsewhere import note, report_says
from hokkaido_gis.report.map_frame import (
    credits_of,
    figure_title,
    headings,
    origins,
    place_title,
    town_headings,
)
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

_OUTLINE = Single(Symbol("#ffffff", 0.0, "#8a8a8a", 0.35))
# Those of the grades, and one more on either side [m/s].
_SPEED_BREAKS = (4.5, *sorted(GRADE_SPEEDS_MS), 8.5)
_LAYERS = ("wind", "census", "settlements")
# Dark is windy; the colours differ in lightness from those of the wind below.
_COLOURS = {
    Grade.VERY_HIGH: "#7a0177",
    Grade.HIGH: "#c51b8a",
    Grade.SOME: "#f768a1",
    Grade.LOW: "#fbd3dc",
}


def wind_map(inputs: Inputs, lang: Lang, *, figure: str) -> Scene:
    """Figures 4-48 and 6-3: the wind map below settlements with 2 ha of farmland and more."""
    wind, fields = inputs.wind, study.farms(inputs)
    values = study.settlement_wind(inputs)
    columns = [
        "hub_ms", "max_ms", "coverage", "capacity_kw", "flat_kwh", "capacity_factor",
        "computed_kwh", "margin_some_ms",
    ]  # fmt: skip
    words = pd.Series({str(grade): _grade(grade, lang) for grade in Grade}, name="words")
    frame = fields[["name", "municipality", "abandoned_ha", "geometry"]].join(
        values[[*columns, "grade"]].round(3)
    )
    frame = frame.assign(
        grade_words=frame["grade"].astype(object).map(words),
        line_up_to_66kv=values["line_66kv"].map(
            {True: say(lang, "あり", "yes"), False: say(lang, "なし", "no")}
        ),
    )
    shown = ("name", "municipality", "abandoned_ha", "grade_words", "line_up_to_66kv", *columns)
    height = (
        ""
        if wind.height_m is None
        else say(lang, f" 地上高{wind.height_m:g}m", f" at {wind.height_m:g} m")
    )
    return Scene(
        figure_title(
            figure,
            say(
                lang,
                "風況と2ha以上の耕作放棄地の重ね合わせ",
                "Wind and abandoned farmland of 2 ha and more",
            ),
            place_title(inputs, lang),
            lang,
        ),
        [
            RasterLayer(
                wind.array,
                wind.transform,
                wind.crs,
                title=say(lang, "年平均風速", "Mean wind speed") + height,
                unit="m/s",
                breaks=_SPEED_BREAKS,
                palette="YlGnBu",
                opacity=0.75,
            ),
            Layer(
                inputs.municipalities,
                _OUTLINE,
                title=say(lang, "市町村", "Municipalities"),
                name="name",
                popup=town_headings(inputs, lang, "name"),
            ),
            Layer(
                gpd.GeoDataFrame(frame),
                Categorical(
                    "grade",
                    tuple(
                        Category(
                            str(grade), words[str(grade)], Symbol(colour, 0.85, "#49006a", 0.4)
                        )
                        for grade, colour in _COLOURS.items()
                    ),
                ),
                title=say(lang, "2ha以上の集落の風力評価", "Settlements, rated by wind"),
                name="name",
                popup=headings(lang, *shown, name="feature"),
            ),
        ],
        caption=_rule(lang)
        + note(inputs, lang, "capacity_factor")
        + origins(inputs, lang, *_LAYERS),
        credit=credits_of(inputs, *_LAYERS, "municipalities"),
        lang=lang,
    )


def rating_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 4-24: the conditions, with the speeds that stand for the report's eye."""
    values = study.settlement_wind(inputs)
    limits = [*GRADE_SPEEDS_MS, 0.0]
    counts = values["grade"].astype(object).value_counts()
    hectares = study.farms(inputs)["abandoned_ha"].groupby(values["grade"].astype(object)).sum()
    rows = [
        {
            say(lang, "条件1 (4段階)", "Condition 1 (grade)"): _grade(grade, lang),
            say(lang, "平均風速 (m/s, 地上高80m)", "Mean speed from (m/s at 80 m)"): limit,
            say(lang, "集落数", "Settlements"): int(counts.get(str(grade), 0)),
            say(lang, "耕作放棄地 (ha)", "Farmland (ha)"): round(hectares.get(str(grade), 0.0), 1),
        }
        for grade, limit in zip(Grade, limits, strict=True)
    ]
    return Table(
        say(
            lang,
            "表4-24 風力発電導入可能性評価基準",
            "Table 4-24 Conditions of wind power over farmland",
        ),
        pd.DataFrame(rows),
        _rule(lang)
        + say(
            lang,
            "条件2: 送電線 (6万V以下) が市町村内にある。",
            "Condition 2: a line of 66 kV or less in the municipality. ",
        )
        + note(inputs, lang, "connection", "capacity_factor")
        + origins(inputs, lang, *_LAYERS),
    )


def towns_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 4-25: wind over farmland by municipality, flat rule and computed."""
    towns = study.town_wind(inputs)
    frame = inputs.municipalities[["name"]].join(
        towns[
            ["settlements", "kept_ha", "hub_ms", "grade", "line_66kv", "holds", "capacity_kw",
             "flat_kwh", "capacity_factor", "computed_kwh"]
        ],
        how="inner",
    )  # fmt: skip
    yes = {True: say(lang, "あり", "yes"), False: say(lang, "なし", "no")}
    met = {True: say(lang, "満たす", "met"), False: say(lang, "満たさない", "not met")}
    frame = frame.assign(
        grade=frame["grade"].astype(object).map({str(g): _grade(g, lang) for g in Grade}),
        line_66kv=frame["line_66kv"].map(yes),
        holds=frame["holds"].map(met),
    ).round({"kept_ha": 2, "hub_ms": 2, "capacity_factor": 3, "flat_kwh": 0, "computed_kwh": 0})
    frame = frame.rename(columns={"grade": "grade_words", "line_66kv": "line_up_to_66kv"})
    frame = frame.reset_index()
    return Table(
        say(
            lang,
            "表4-25 風力発電導入可能性評価一覧 (市町村別)",
            "Table 4-25 Wind power over farmland by municipality",
        ),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        report_says(
            inputs,
            lang,
            "報告書の表4-25の評価は失われており、すべてこの実行のレイヤから計算した値。",
            "The marks of the report's table 4-25 are lost; all follow from the layers of this "
            "run. ",
        )
        + _rule(lang)
        + note(inputs, lang, "connection", "capacity_factor")
        + origins(inputs, lang, *_LAYERS),
    )


def _grade(grade: Grade, lang: Lang) -> str:
    return say(lang, JAPANESE[grade], str(grade))


def _rule(lang: Lang) -> str:
    speeds = "/".join(f"{speed:g}" for speed in GRADE_SPEEDS_MS)
    return say(
        lang,
        f"評価は集落内の平均風速 (地上高{study.HUB_M:g}m、セルの面積割合で平均) が {speeds} m/s "
        f"以上かによる (閾値はこのライブラリのもの。報告書は目視)。1,000kW/ha、設備利用率は"
        f"一律 26.3% と、{study.TURBINE} の出力曲線・ワイブル分布 (k=2)・損失 {study.LOSSES:.0%} に"
        "よる計算値。",
        f"Grades: mean speed under the settlement at {study.HUB_M:g} m, by exact shares of cells, "
        f"from {speeds} m/s (these speeds are ours; the report judged by eye). 1,000 kW/ha; energy "
        f"at the flat 26.3 %, and by the curve of an {study.TURBINE}, Weibull with k = 2, losses "
        f"of {study.LOSSES:.0%}. ",
    )


RECIPES: dict[str, Recipe] = {
    "fig-4-48": partial(wind_map, figure="fig-4-48"),
    "fig-6-3": partial(wind_map, figure="fig-6-3"),
    "table-4-24": rating_table,
    "table-4-25": towns_table,
}
