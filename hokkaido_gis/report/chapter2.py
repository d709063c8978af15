"""Chapter 2, woody biomass: its figures. The tables stand in `chapter2_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.crs import to_wgs84
from hokkaido_gis.render.charts import Chart, RankedBars, Scatter, StackedBars, Threshold
from hokkaido_gis.render.scene import Categorical, Category, Layer, Scene, Symbol
from hokkaido_gis.report import biomass_study as study
from hokkaido_gis.report.chapter2_tables import TABLES
from hokkaido_gis.report.map_frame import origins, town_headings
from hokkaido_gis.report.words import MARKS, say

if TYPE_CHECKING:
    import geopandas as gpd

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

SHOWN = 80
EXAMPLE = "01208"  # 北見市, the study's first candidate
OUTPUT_LIMIT_KW = 1000.0
# Figure 2-9 prints this as the mean; see the ledger for what the mean is.
PRINTED_MEAN_RESIDUE_T = 10_275.0
# Table 2-37's printed means of stock [1000 m3] and area [ha] over the municipalities.
PRINTED_MEAN_STOCK, PRINTED_MEAN_AREA_HA = 1927.0, 13_869.0

_CREDIT_NEDO = (
    "バイオマス賦存量・有効利用可能量の推計 (NEDO, 2010年)、報告書 (2013年) より",
    "NEDO (2010) through the report of 2013",
)
_CREDIT_FOREST = (
    "北海道林業統計 (北海道, 2010年度)、NEDO (2010年)、報告書 (2013年) より",
    "Hokkaido forestry statistics (2010), NEDO (2010), the report of 2013",
)
_LOST_DIGITS = (
    "報告書の数値。転記で失われた桁は、残る記載から確かめられる範囲で示す。",
    (
        "Figures of the report. Digits lost in its transcription are shown as the range that the "
        "surviving text allows."
    ),
)


def figure_2_3(inputs: Inputs, lang: Lang, *, code: str | None = None) -> Scene:
    """The two patterns of aggregation, for any chosen municipality.

    By default that is 北見市, and outside Hokkaido the first of those with the most neighbours.
    """
    towns, adjacency = inputs.municipalities, inputs.adjacency
    if code is None:
        counts = [len(adjacency.neighbours(str(town))) for town in towns.index]
        most = str(towns.index[int(np.argmax(counts))])
        code = EXAMPLE if inputs.place.is_of_the_report else most
    near = adjacency.neighbours(code)
    name = str(towns.loc[code, "name"])
    role = np.select([towns.index == code, towns.index.isin(near)], ["own", "near"], "other")
    frame = towns[["name", "subprefecture", "geometry"]].assign(role=role)
    own = say(lang, f"{name} (パターンA: 市町村単独)", f"{name} (pattern A: alone)")
    with_near = say(
        lang,
        f"隣接する {len(near)} 市町村 (パターンB: {name}とあわせて集計)",
        f"{len(near)} that touch it (pattern B: summed with {name})",
    )
    style = Categorical(
        "role",
        (
            Category("own", own, Symbol("#d95f0e", 0.85, "#7f2704", 1.4)),
            Category("near", with_near, Symbol("#fec44f", 0.75, "#8c6d1f", 1.0)),
            Category(
                "other", say(lang, "その他", "others"), Symbol("#f7f5f0", 0.6, "#a9a9a9", 0.5)
            ),
        ),
    )
    shown = frame.assign(label=frame["name"].where(frame["role"] != "other"))
    zone = shown[shown["role"] != "other"]
    return Scene(
        title=say(
            lang, f"図2-3 集計パターン ({name}の例)", f"Figure 2-3 Patterns of aggregation ({name})"
        ),
        layers=[
            Layer(
                shown,
                style,
                title=say(lang, "集計区画", "Area of aggregation"),
                name="name",
                label="label",
                popup=town_headings(inputs, lang, "name", name="municipality"),
            )
        ],
        caption=say(
            lang,
            "隣接は境界線または点で接する市町村。",
            "Neighbours share a border or a point. ",
        )
        + (
            say(lang, "境界は実データ。", "Real boundaries.")
            if inputs.place.is_of_the_report
            else origins(inputs, lang, "municipalities")
        ),
        credit=_boundary_credit(inputs),
        lang=lang,
        view=_widened(zone),
    )


def figure_2_12(inputs: Inputs, lang: Lang, *, number: str = "2-12") -> Scene:
    """Promising sites: the candidates with four positives and what became of them."""
    answer = study.siting_answer(inputs)
    most = answer["positives"].max()
    candidates = answer["positives"] == most
    status = np.select(
        [
            answer["candidate"] == "first",
            answer["candidate"] == "second",
            candidates & (answer["knocked_out_by"] != ""),
            candidates,
            answer["D-2"] == "negative",
        ],
        ["first", "second", "out", "last", "plant"],
        "none",
    )
    why = _why(inputs, lang)
    others = answer.drop(columns=["name", *why.columns])
    frame = inputs.municipalities.join([others.assign(status=status), why])
    frame["label"] = frame["name"].where(frame["status"].isin(["first", "second", "last", "out"]))
    frame["knocked_out_by"] = frame["knocked_out_by"].replace("", say(lang, "なし", "none"))
    frame["place"] = (
        frame["rank"].astype(str).where(frame["rank"].notna(), say(lang, "候補外", "no candidate"))
    )
    headings = {
        "name": say(lang, "市町村", "Municipality"),
        "subprefecture": say(lang, "振興局", "Subprefecture"),
        "positives": say(lang, "positive な要素の数", "Positive marks"),
        "knocked_out_by": say(lang, "除外の理由", "Knocked out by"),
        "place": say(lang, "候補の順位", "Rank"),
        **{
            criterion.id: f"{criterion.id} {say(lang, criterion.title, criterion.title_en)}"
            for criterion in inputs.criteria.criterion
        },
    }
    return Scene(
        title=say(
            lang,
            f"図{number} 木質バイオマス発電の有望立地",
            f"Figure {number} Promising sites for woody-biomass power",
        ),
        layers=[
            Layer(
                frame,
                _siting_style(int(most), lang),
                title=say(lang, "立地評価", "Evaluation"),
                name="name",
                label="label",
                popup=headings,
            )
        ],
        caption=say(
            lang,
            "札幌市役所からの距離は直線距離、林業の指標は報告書の評価による。境界は実データ。",
            "Distance to Sapporo is the straight line; forest indicators are the report's marks. "
            "Real boundaries.",
        ),
        credit=_boundary_credit(inputs) + "; " + say(lang, *_CREDIT_FOREST),
        lang=lang,
    )


def figure_2_4(inputs: Inputs, lang: Lang) -> Chart:
    """Usable heat alone and with neighbours, the 80 municipalities with the most."""
    order, own, near = _ranked_with_neighbours(inputs)
    plot = RankedBars(
        {
            say(lang, "市町村単独", "alone"): _range(own, order),
            say(lang, "隣接市町村込み", "with neighbours"): _range(near, order),
        },
        say(lang, "有効利用熱量 (GJ/年)", "Usable heat (GJ/yr)"),
    )
    title = (
        "図2-4 市町村単独および隣接市町村込みの有効利用熱量 (上位80市町村)",
        "Figure 2-4 Usable heat alone and with neighbours (first 80)",
    )
    return _biomass_chart(title, plot, lang)


def figure_2_5(inputs: Inputs, lang: Lang) -> Chart:
    """Output alone and with neighbours, the 80 municipalities with the most."""
    order, own, near = _ranked_with_neighbours(inputs)
    plot = RankedBars(
        {
            say(lang, "市町村単独", "alone"): _range(study.output(own), order),
            say(lang, "隣接市町村込み", "with neighbours"): _range(study.output(near), order),
        },
        _output_label(lang),
        threshold=_output_limit(lang),
    )
    title = (
        "図2-5 市町村単独および隣接市町村込みの出力ポテンシャル (上位80市町村)",
        "Figure 2-5 Output potential alone and with neighbours (first 80)",
    )
    return _biomass_chart(title, plot, lang)


def figure_2_6(inputs: Inputs, lang: Lang) -> Chart:
    """Output of municipalities alone, the 80 with the most."""
    own = study.output(study.own_heat(inputs))
    order = _names_by(own.middle, inputs)
    plot = RankedBars(
        {say(lang, "市町村単独", "alone"): _range(own, order)},
        _output_label(lang),
        threshold=_output_limit(lang) if own.high.max() > OUTPUT_LIMIT_KW else None,
    )
    title = (
        "図2-6 市町村単独の出力ポテンシャル (上位80市町村)",
        "Figure 2-6 Output potential of municipalities alone (first 80)",
    )
    return _biomass_chart(title, plot, lang)


def figure_2_7(inputs: Inputs, lang: Lang) -> Chart:
    """The 80 municipalities nearest to Sapporo City Hall."""
    distance = study.distance_from_sapporo(inputs)
    nearest = distance.sort_values().head(SHOWN)
    nearest.index = pd.Index(inputs.municipalities.loc[nearest.index, "name"])
    mean = float(distance.mean())
    plot = RankedBars(
        {say(lang, "札幌市役所からの直線距離", "straight line from Sapporo City Hall"): nearest},
        say(lang, "距離 (km)", "Distance (km)"),
        threshold=Threshold(mean, say(lang, f"市町村平均 {mean:.0f} km", f"mean {mean:.0f} km")),
    )
    return Chart(
        say(
            lang,
            "図2-7 札幌市役所からの距離 (近い順80市町村)",
            "Figure 2-7 Distance from Sapporo City Hall (nearest 80)",
        ),
        plot,
        say(
            lang,
            "報告書は役場までの道路距離 (値は失われた)。ここでは各市町村内の一点までの直線距離を"
            "楕円体上で求めた。",
            "The report measured along roads to the town halls (values lost). Here: straight lines "
            "on the ellipsoid to a point inside each municipality.",
        ),
        _boundary_credit(inputs),
        lang,
    )


def figure_2_8(inputs: Inputs, lang: Lang) -> Chart:
    """Private-forest stock against stock per hectare, where both reach the mean."""
    stock, density = study.forest_stock(inputs)
    order = _marked(inputs, "forest_stock_and_density_ge_mean")
    mean_density = PRINTED_MEAN_STOCK * 1000 / PRINTED_MEAN_AREA_HA
    plot = Scatter(
        _range(density, order),
        _range(stock, order),
        say(lang, "民有林1ha当たり森林蓄積 (m³/ha)", "Private-forest stock per hectare (m³/ha)"),
        say(lang, "民有林蓄積 (千m³)", "Private-forest stock (1,000 m³)"),
        means=(mean_density, PRINTED_MEAN_STOCK),
        mean_label=say(lang, "市町村平均", "mean"),
        labelled=list(order.index),
    )
    return Chart(
        say(
            lang,
            "図2-8 民有林蓄積と1ha当たり蓄積がともに市町村平均以上の市町村",
            "Figure 2-8 Municipalities with stock and stock per hectare of at least the mean",
        ),
        plot,
        say(
            lang,
            f"報告書が示す {len(order)} 市町村。{_LOST_DIGITS[0]}"
            "1ha当たりの平均は失われたため、"
            f"平均蓄積÷平均面積 ({mean_density:.0f} m³/ha) で引いた。",
            f"The {len(order)} municipalities that the report marks. {_LOST_DIGITS[1]} The mean "
            f"per hectare is lost; drawn is mean stock by mean area ({mean_density:.0f} m³/ha).",
        ),
        say(lang, *_CREDIT_FOREST),
        lang,
    )


def figure_2_9(inputs: Inputs, lang: Lang) -> Chart:
    """Residue and thinnings against forest-road density, where both reach the mean."""
    residue, density = study.residue_and_thinnings(inputs), study.road_density(inputs)
    order = _marked(inputs, "road_density_and_residue_ge_mean")
    least, most = density.low.mean(), density.high[order.to_numpy()].min()
    plot = Scatter(
        _range(density, order),
        _range(residue, order),
        say(lang, "一般民有林の林道密度 (m/ha)", "Forest-road density (m/ha)"),
        say(
            lang,
            "林地残材+切捨間伐材 賦存量 (DW-t/年)",
            "Logging residue and unused thinnings (dry t/yr)",
        ),
        means=((least + most) / 2, PRINTED_MEAN_RESIDUE_T),
        mean_label=say(lang, "市町村平均 (報告書)", "mean (report)"),
        labelled=list(order.index),
    )
    return Chart(
        say(
            lang,
            "図2-9 林地残材+切捨間伐材賦存量と林道密度がともに市町村平均以上の市町村",
            "Figure 2-9 Municipalities with residue and road density of at least the mean",
        ),
        plot,
        say(
            lang,
            f"{_LOST_DIGITS[0]}林道密度の平均は {least:.2f} – {most:.2f} m/ha の間。"
            f"賦存量の平均として報告書は {PRINTED_MEAN_RESIDUE_T:,.0f} t を示すが、"
            "全市町村の平均はこれより小さい。",
            f"{_LOST_DIGITS[1]} The mean road density lies between {least:.2f} and {most:.2f} "
            f"m/ha. The report's mean of {PRINTED_MEAN_RESIDUE_T:,.0f} t is above the mean of all.",
        ),
        say(lang, *_CREDIT_FOREST),
        lang,
    )


def figure_2_13(inputs: Inputs, lang: Lang) -> Chart:
    """Output of municipalities alone by resource, the 80 with the most."""
    own = study.output(study.own_heat(inputs))
    order = _names_by(own.middle, inputs)
    least = study.output(study.resource_heat(inputs)).low
    parts = pd.DataFrame(
        {
            resource: least.xs(resource, level="resource").loc[order.to_numpy()].to_numpy()
            for resource in study.RESOURCES
        },
        index=order.index,
    )
    if lang == "en":
        parts = parts.rename(columns=study.RESOURCES_EN)
    plot = StackedBars(parts, _output_label(lang), total=_range(own, order))
    return Chart(
        say(
            lang,
            "図2-13 市町村単独の出力ポテンシャル (資源系列区分、上位80市町村)",
            "Figure 2-13 Output potential of municipalities alone by resource (first 80)",
        ),
        plot,
        say(
            lang,
            "各資源は残る記載から確かめられる下限で積み上げ、合計との差は区分できない分として示す。",
            "Each resource is stacked at the least that the surviving text proves; what is left to "
            "the total is shown as not attributable.",
        ),
        say(lang, *_CREDIT_NEDO),
        lang,
    )


RECIPES: dict[str, Recipe] = {
    "fig-2-3": figure_2_3,
    "fig-2-4": figure_2_4,
    "fig-2-5": figure_2_5,
    "fig-2-6": figure_2_6,
    "fig-2-7": figure_2_7,
    "fig-2-8": figure_2_8,
    "fig-2-9": figure_2_9,
    "fig-2-12": figure_2_12,
    "fig-2-13": figure_2_13,
    **TABLES,
}


def _biomass_chart(title: tuple[str, str], plot: RankedBars, lang: Lang) -> Chart:
    """A chart of the report's figures of biomass, with what is lost of them in its caption."""
    return Chart(say(lang, *title), plot, say(lang, *_LOST_DIGITS), say(lang, *_CREDIT_NEDO), lang)


def _ranked_with_neighbours(inputs: Inputs) -> tuple[pd.Series, study.Bounds, study.Bounds]:
    """Order of figures 2-4 and 2-5, own heat, and heat with neighbours narrowed by the labels."""
    listed = inputs.report("output_with_neighbours")
    own = study.own_heat(inputs)
    near = study.own_heat_with_neighbours(inputs)
    label = study.label_heat_with_neighbours(inputs)
    near = study.Bounds(
        label.low.fillna(near.low).reindex(own.low.index),
        label.high.fillna(near.high).reindex(own.low.index),
    )
    order = pd.Series(listed.index, index=listed["name"])
    return order, own, near


def _names_by(values: pd.Series, inputs: Inputs) -> pd.Series:
    """Codes of the 80 greatest values in descending order, on an index of names."""
    codes = values.sort_values(ascending=False, kind="stable").head(SHOWN).index
    return pd.Series(codes, index=inputs.municipalities.loc[codes, "name"].to_numpy())


def _marked(inputs: Inputs, mark: str) -> pd.Series:
    """Codes that the report marks in table 2-9, on an index of names."""
    table = inputs.report("siting")
    hits = table[table[mark] == "1"]
    return pd.Series(hits.index, index=hits["name"])


def _range(bounds: study.Bounds, order: pd.Series) -> pd.DataFrame:
    """Bounds in the order given, on names."""
    codes = order.to_numpy()
    low, high = bounds.low.reindex(codes), bounds.high.reindex(codes)
    return pd.DataFrame({"low": low.to_numpy(), "high": high.to_numpy()}, index=order.index)


def _output_label(lang: Lang) -> str:
    return say(lang, "出力ポテンシャル (kW)", "Output potential (kW)")


def _output_limit(lang: Lang) -> Threshold:
    words = say(lang, "D-1 の閾値 1,000 kW", "threshold of D-1, 1,000 kW")
    return Threshold(OUTPUT_LIMIT_KW, words)


def _why(inputs: Inputs, lang: Lang) -> pd.DataFrame:
    """Mark of each criterion with value, threshold and margin, one column a criterion."""
    reasons = study.siting_reasons(inputs)
    marks = reasons["mark"].map(lambda mark: MARKS[mark][lang])
    reasons["words"] = [
        f"{mark} ({_figures(reason, lang)})"
        for mark, (_, reason) in zip(marks, reasons.iterrows(), strict=True)
    ]
    return reasons.pivot_table(
        index="code", columns="criterion", values="words", aggfunc=" / ".join
    )


def _figures(reason: pd.Series, lang: Lang) -> str:
    """Value, threshold and margin of a test; a test on the report's own mark has none."""
    if not reason["unit"]:
        return say(lang, "報告書の評価", "the report's mark")
    return say(
        lang,
        f"{reason['value']:,.0f} {reason['unit']}、閾値 {reason['op']} {reason['threshold']:,.0f}、"
        f"余裕 {reason['margin']:+,.0f}",
        f"{reason['value']:,.0f} {reason['unit']}, threshold {reason['op']} "
        f"{reason['threshold']:,.0f}, margin {reason['margin']:+,.0f}",
    )


def _siting_style(most: int, lang: Lang) -> Categorical:
    """From the strongest colour for the first candidate down to the plain background."""
    return Categorical(
        "status",
        (
            Category(
                "first",
                say(lang, "有望立地 第1候補", "first candidate"),
                Symbol("#b30000", 0.85, "#5c0000", 1.4),
            ),
            Category(
                "second",
                say(lang, "有望立地 第2候補", "second candidates"),
                Symbol("#fc8d59", 0.85, "#7f3b1f", 1.2),
            ),
            Category(
                "last",
                say(lang, f"positive {most}項目、出力が低い", f"{most} positives, lower output"),
                Symbol("#fdcc8a", 0.8, "#8c6d3f", 1.0),
            ),
            Category(
                "out",
                say(
                    lang, f"positive {most}項目、燃料競合により除外", f"{most} positives, ruled out"
                ),
                Symbol("#7b6aa8", 0.75, "#3f3560", 1.0),
            ),
            Category(
                "plant",
                say(lang, "燃料調達の競合施設あり", "competing plant"),
                Symbol("#c9c5dc", 0.7, "#7d7a8c", 0.6),
            ),
            Category("none", say(lang, "その他", "others"), Symbol("#f7f5f0", 0.6, "#a9a9a9", 0.5)),
        ),
    )


def _boundary_credit(inputs: Inputs) -> str:
    return inputs.origin("municipalities").credit


def _widened(frame: gpd.GeoDataFrame, share: float = 0.12) -> tuple[float, float, float, float]:
    """Extent of a layer with a margin, west, south, east, north [degrees]."""
    west, south, east, north = to_wgs84(frame, "layer").total_bounds
    dx, dy = (east - west) * share, (north - south) * share
    return west - dx, south - dy, east + dx, north + dy
