"""Chapter 3, irrigation dams: small hydro and 10 kW of solar power. Flow charts stand apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from hokkaido_gis.economics.cases import HYDRO_CASES
from hokkaido_gis.economics.hydro_business import (
    hydro_initial_cost,
    hydro_running_cost,
    income_by_months,
)
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.potential.hydro import effective_head, output_histogram
from hokkaido_gis.render.charts import Chart, Columns, Lines, Scatter
from hokkaido_gis.render.scene import Categorical, Category, Layer, Scene, Symbol
from hokkaido_gis.report import dam_study as study
from hokkaido_gis.report.dam_layer import dam_solar_style, layer_solar_map, layer_solar_table
from hokkaido_gis.report.map_frame import (
    credits_of,
    figure_title,
    ground_layer,
    headings,
    origins,
)
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

_CREDIT = ("報告書 (2013年)", "the report of 2013")
# Limits of the outputs that are told apart on the map [kW]: those of the feed-in prices, and
# the classes of efficiency above.
_OUTPUT_CLASSES = (
    ("small", -np.inf, 0.0, "#deebf7", 3.5),
    ("middle", 0.0, 500.0, "#9ecae1", 4.5),
    ("large", 500.0, 1000.0, "#4292c6", 6.0),
    ("larger", 1000.0, 2000.0, "#2171b5", 8.0),
    ("largest", 2000.0, np.inf, "#08306b", 10.0),
)
# The tables list the dams in three sheets.
_SHEETS = {"table-3-3": (1, 24), "table-3-4": (25, 48), "table-3-5": (49, 70)}


def histogram(inputs: Inputs, lang: Lang, *, figure: str, step_kw: float) -> Chart:
    """Figures 3-1 and 3-2: dams by class of output, with the cumulative share.

    A dam whose digits are lost is counted where its bounds lie within one class; the others stand
    in a column of their own, first.
    """
    dams = study.dam_outputs(inputs)
    low, high = (dams[bound].to_numpy() for bound in ("output_low", "output_high"))
    limits = output_histogram(dams["output_high"], step_kw=step_kw)["up_to_kw"].to_numpy()
    classes = [np.searchsorted(limits, ends) for ends in (low, high)]
    sure = classes[0] == classes[1]
    counts = np.bincount(classes[0][sure], minlength=len(limits))
    labels = [f"{upper - step_kw:,.0f}–{upper:,.0f}" for upper in limits]
    unsure = int((~sure).sum())
    if unsure:
        most = limits[classes[1][~sure].max()]
        labels.insert(0, say(lang, f"0–{most:,.0f} (桁不明)", f"0–{most:,.0f} (lost)"))
        counts = np.insert(counts, 0, unsure)
    frequency = pd.Series(counts, index=pd.Index(labels))
    share = frequency.cumsum() / len(dams)
    return Chart(
        figure_title(
            figure,
            say(
                lang,
                f"発電容量の度数分布 ({step_kw:,.0f}kW区切り)",
                f"Dams by output, steps of {step_kw:,.0f} kW",
            ),
            "",
            lang,
        ),
        Columns(
            {say(lang, "頻度", "dams"): frequency},
            say(lang, "箇所数", "dams"),
            say(lang, "試算出力 (kW)", "output (kW)"),
            share=share,
            share_label=say(lang, "累積割合", "cumulative share"),
            show_values=True,
        ),
        caption=say(
            lang,
            f"報告書の70ダムのうち {int(dams['output_kw'].notna().sum())} は年間発電量から出力を"
            f"再計算した値。桁が失われた {int(dams['output_kw'].isna().sum())} は、残るコンマから"
            f"1,000MWh未満か以上かが分かり、一つの階級に収まるものはそこで数えた"
            + (f" (残る {unsure} は「桁不明」)。" if unsure else "。"),
            f"Of the report's 70 dams {int(dams['output_kw'].notna().sum())} have their output "
            f"from the generation printed. The digits of {int(dams['output_kw'].isna().sum())} are "
            "lost; "
            "the commas left tell whether they were below 1,000 MWh, and those that lie within one "
            "class are counted there" + (f" ({unsure} stand as lost)." if unsure else "."),
        ),
        credit=say(lang, *_CREDIT),
        lang=lang,
    )


def flow_scatter(inputs: Inputs, lang: Lang) -> Chart:  # noqa: ARG001
    """Figure 3-3: flow and output.

    Raises
    ------
    MissingInputError
        Always: the irrigation flows of tables 3-3 to 3-5 are lost in the transcription.
    """
    raise MissingInputError(
        "The irrigation flows of tables 3-3 to 3-5 are lost in the text of the report.",
        "表3-3～3-5のかんがい流量は報告書の転記で失われている。",
    )


def head_scatter(inputs: Inputs, lang: Lang) -> Chart:
    """Figure 3-4: effective head and output, where the layer of dams has heights.

    Raises
    ------
    MissingInputError
        If the layer has no heights; those of the report are lost.
    """
    dams = study.placed_dams(inputs).join(study.dam_outputs(inputs)[["name", "output_kw"]])
    layer = inputs.dams.reindex(dams["dam_id"].to_numpy())
    height = pd.Series(layer["height_m"].to_numpy(dtype=float), index=dams.index)
    both = height.notna() & dams["output_kw"].notna()
    if not both.any():
        raise MissingInputError(
            f"{inputs.folder}: no dam of the layer has a height, and those of the report are lost. "
            "Use dams of W01 (国土数値情報).",
            f"{inputs.folder.name} のダムに堤高がない (報告書の堤高は失われている)。",
        )
    flood = pd.Series(layer["flood_control"].to_numpy(), index=dams.index).fillna(value=False)
    head = effective_head(height[both], flood_control=flood[both].astype(bool))
    names = pd.Index(dams.loc[both, "name"])
    return Chart(
        figure_title(
            "fig-3-4", say(lang, "有効落差と出力の比較", "Effective head and output"), "", lang
        ),
        Scatter(
            head.set_axis(names),
            dams.loc[both, "output_kw"].set_axis(names),
            say(lang, "有効落差 (m)", "effective head (m)"),
            say(lang, "出力 (kW)", "output (kW)"),
        ),
        caption=say(
            lang,
            f"出力は報告書の年間発電量から ({int(both.sum())} ダム)、有効落差はレイヤの堤高の "
            "80% (治水目的があれば 65%)。",
            f"Outputs from the report's generation ({int(both.sum())} dams); heads are 80 % of the "
            "heights of the layer, 65 % with flood control.",
        ),
        credit=credits_of(inputs, "dams"),
        lang=lang,
    )


def output_map(inputs: Inputs, lang: Lang, *, figure: str) -> Scene:
    """Figures 3-5 and 6-4: output of small hydro at each dam."""
    dams = study.dam_outputs(inputs)
    known = dams["output_kw"].fillna(-1.0)
    limits = [upper for _, _, upper, _, _ in _OUTPUT_CLASSES[:-1]]
    keys = np.array([key for key, *_ in _OUTPUT_CLASSES])
    frame = _placed(inputs, dams.assign(size=keys[np.searchsorted(limits, known)]))
    lost = int(dams["output_kw"].isna().sum())
    words = {
        "small": say(lang, "桁が失われた (345kW 以下)", "digits lost (345 kW or less)"),
        "middle": say(lang, "500kW 以下", "500 kW or less"),
        "large": "500–1,000kW",
        "larger": "1,000–2,000kW",
        "largest": say(lang, "2,000kW 超", "over 2,000 kW"),
    }
    style = Categorical(
        "size",
        tuple(
            Category(key, words[key], Symbol(colour, 0.9, "#08306b", 0.7, radius))
            for key, _, _, colour, radius in _OUTPUT_CLASSES
        ),
    )
    columns = ("name", "municipality", "output_kw", "output_low", "output_high", "kwh_33", "kwh_55")
    return _dam_scene(
        inputs,
        lang,
        figure_title(
            figure,
            say(lang, "農業用ダムの未利用水力", "Unused water power of irrigation dams"),
            "",
            lang,
        ),
        Layer(
            frame,
            style,
            title=say(lang, "中小水力 出力", "Small hydro, output"),
            name="name",
            label="name",
            popup=headings(lang, *columns, name="feature"),
        ),
        say(
            lang,
            f"出力は報告書の年間発電量から再計算 ({len(dams) - lost} ダム)。残る {lost} ダムは"
            "桁が失われ、範囲だけが分かる。",
            f"Outputs from the report's generation ({len(dams) - lost} dams); of the other {lost} "
            "only bounds are known. ",
        ),
    )


def solar_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 6-5: energy of 10 kW of solar power at each dam."""
    if not inputs.place.is_of_the_report:
        return layer_solar_map(inputs, lang)
    energy = study.dam_solar(inputs)
    shown = energy["printed_kwh"].fillna(energy["annual_kwh"])
    dams = study.dam_outputs(inputs)[["name", "municipality"]]
    frame = _placed(inputs, dams.assign(annual_kwh=shown, printed_kwh=energy["printed_kwh"]))
    lost = int(energy["printed_kwh"].isna().sum())
    return _dam_scene(
        inputs,
        lang,
        figure_title(
            "fig-6-5",
            say(lang, "農業用ダムの太陽光発電 (10kW)", "10 kW of solar power at irrigation dams"),
            "",
            lang,
        ),
        Layer(
            frame,
            dam_solar_style(lang),
            title=say(lang, "太陽光 年間発電量", "Solar power, energy in a year"),
            name="name",
            label="name",
            popup=headings(
                lang, "name", "municipality", "annual_kwh", "printed_kwh", name="feature"
            ),
        ),
        say(
            lang,
            f"報告書の値。失われた {lost} ダムは観測所の日射量と気温から計算した値。",
            f"The report's values; those lost ({lost}) are computed from the stations. ",
        ),
    )


def income_chart(inputs: Inputs, lang: Lang, *, figure: str) -> Chart:  # noqa: ARG001
    """Figures 3-6 and 3-7: income by months of operation of the three cases."""
    months = range(1, 13)
    names = pd.Index([say(lang, f"{month}ヶ月", str(month)) for month in months])
    series = {
        name if lang == "ja" else name.replace("ケース", "case "): income_by_months(case, months)[
            "net_income_thousand_yen"
        ].set_axis(names)
        for name, case in HYDRO_CASES.items()
    }
    titles = {
        "fig-3-6": ("発電期間ごとの年間収益の比較", "Income by months of operation"),
        "fig-3-7": ("発電期間ごとの採算性の比較", "Profit by months of operation"),
    }
    labels = (
        say(lang, "収益 (収入－支出) (千円/年)", "income less expenses (1,000 yen/yr)"),
        say(lang, "発電期間", "months of operation"),
    )
    plot = Columns(series, *labels) if figure == "fig-3-6" else Lines(series, *labels)
    fitted = "、".join(f"{name} {case.output_kw:,.1f}kW" for name, case in HYDRO_CASES.items())
    return Chart(
        figure_title(figure, say(lang, *titles[figure]), "", lang),
        plot,
        caption=say(
            lang,
            f"出力は失われ、報告書の収益に合うよう定めた値 ({fitted})。1か月30日、設備停止率5%。",
            "The outputs are lost and fitted to the report's incomes ("
            + ", ".join(f"{case.output_kw:,.1f} kW" for case in HYDRO_CASES.values())
            + "). Months of 30 days, 5 % standing still.",
        ),
        credit=say(lang, *_CREDIT),
        lang=lang,
    )


def outputs_table(inputs: Inputs, lang: Lang, *, number: str) -> Table:
    """Tables 3-3 to 3-5: output and generation of each dam, printed beside computed."""
    first, last = _SHEETS[number]
    dams = study.dam_outputs(inputs).loc[first:last]
    listed = inputs.report("dams").set_index("number")
    rows = [str(n) for n in dams.index]
    frame = dams[["name", "municipality", "printed_kw"]].assign(
        output_low=dams["output_low"].round(1),
        output_high=dams["output_high"].round(1),
        printed_mwh_55=pd.to_numeric(listed.loc[rows, "annual_mwh_at_55pct"]).to_numpy(),
        printed_mwh_33=pd.to_numeric(listed.loc[rows, "annual_mwh_at_33pct"]).to_numpy(),
        mwh_33=(dams["kwh_33"] / 1000).round(1),
    )
    frame = frame.reset_index()
    part = list(_SHEETS).index(number) + 1
    return Table(
        say(
            lang,
            f"表{number.removeprefix('table-')} 発電容量及び年間発電量の算出 ({part})",
            f"Table {number.removeprefix('table-')} Output and generation of dams ({part})",
        ),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        say(
            lang,
            "堤高・有効落差・かんがい流量は失われた。出力は残る年間発電量 (55%、33%) から逆算し、"
            "桁が失われたものは範囲で示す。",
            "Heights, heads and flows are lost. Outputs follow from the generation that survives; "
            "where its digits are lost, they are bounds.",
        ),
    )


def costs_table(inputs: Inputs, lang: Lang) -> Table:  # noqa: ARG001
    """Table 3-10: initial and running costs of the three cases."""
    words = {
        "turbine": ("水車発電機 (千円)", "Turbine and generator (1,000 yen)"),
        "electrical": ("電気設備 (千円)", "Electrical equipment (1,000 yen)"),
        "civil": ("土木建築 (千円)", "Civil works (1,000 yen)"),
        "other": ("その他 (千円)", "Other (1,000 yen)"),
        "total": ("建設費合計 税込 (千円)", "Construction with tax (1,000 yen)"),
        "upkeep": ("点検修繕費 (千円/年)", "Upkeep (1,000 yen/yr)"),
        "labour": ("人件費 (千円/年)", "Labour (1,000 yen/yr)"),
        "water": ("水利使用料・諸費 (千円/年)", "Water and sundry (1,000 yen/yr)"),
        "overhead": ("一般管理費 (千円/年)", "Overhead (1,000 yen/yr)"),
        "running": ("維持管理費合計 (千円/年)", "Running costs (1,000 yen/yr)"),
    }
    columns = {}
    for name, case in HYDRO_CASES.items():
        running = hydro_running_cost(case).rename({"total": "running"})
        columns[name] = pd.concat([hydro_initial_cost(case), running])
    frame = pd.DataFrame(columns).loc[list(words)].round(0).astype(int)
    frame.insert(0, say(lang, "項目", "Item"), [say(lang, *words[row]) for row in frame.index])
    return Table(
        say(
            lang,
            "表3-10 イニシャルコスト・ランニングコスト推計結果",
            "Table 3-10 Initial and running costs of small hydro",
        ),
        frame.reset_index(drop=True),
        say(
            lang,
            "水車発電機・土木建築の一部の桁は失われ、他の費目から定めた。",
            "Some digits of turbine and civil works are lost and follow from the other items.",
        )
        + " ".join(case.source for case in HYDRO_CASES.values()),
    )


def solar_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 3-11: 10 kW of solar power at each dam, printed beside computed."""
    if not inputs.place.is_of_the_report:
        return layer_solar_table(inputs, lang)
    energy = study.dam_solar(inputs)
    dams = study.dam_outputs(inputs)[["name", "municipality"]]
    frame = dams.join(energy.round(0)).reset_index()
    return Table(
        say(
            lang,
            "表3-11 農業用ダムの太陽光発電 (10kW)",
            "Table 3-11 10 kW of solar power at irrigation dams",
        ),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        say(
            lang,
            f"報告書の合計 687,019kWh/年、残る {int(energy['printed_kwh'].notna().sum())} ダムの"
            f"合計 {energy['printed_kwh'].sum():,.0f}kWh/年、計算値の合計 "
            f"{energy['annual_kwh'].sum():,.0f}kWh/年。",
            f"The report's sum is 687,019 kWh/yr; its {int(energy['printed_kwh'].notna().sum())} "
            f"values that survive sum to {energy['printed_kwh'].sum():,.0f}, the computed ones to "
            f"{energy['annual_kwh'].sum():,.0f}. ",
        )
        + origins(inputs, lang, "irradiation", "normals"),
    )


def _placed(inputs: Inputs, values: pd.DataFrame) -> gpd.GeoDataFrame:
    """Values of the report's dams at the places of the layer; those without one are left out."""
    placed = study.placed_dams(inputs)
    return gpd.GeoDataFrame(placed.join(values)[placed["dam_id"].notna()])


def _dam_scene(inputs: Inputs, lang: Lang, title: str, layer: Layer, caption: str) -> Scene:
    unplaced = int(study.placed_dams(inputs)["dam_id"].isna().sum())
    missing = say(
        lang,
        f"位置のデータがない {unplaced} ダムは描かない。",
        f"{unplaced} dams that the layer has not got are not drawn. ",
    )
    return Scene(
        title,
        [ground_layer(inputs, lang), layer],
        caption=caption + (missing if unplaced else "") + origins(inputs, lang, "dams"),
        credit=credits_of(inputs, "dams", "municipalities"),
        lang=lang,
    )


RECIPES: dict[str, Recipe] = {
    "fig-3-1": partial(histogram, figure="fig-3-1", step_kw=500.0),
    "fig-3-2": partial(histogram, figure="fig-3-2", step_kw=100.0),
    "fig-3-3": flow_scatter,
    "fig-3-4": head_scatter,
    "fig-3-5": partial(output_map, figure="fig-3-5"),
    "fig-6-4": partial(output_map, figure="fig-6-4"),
    "fig-6-5": solar_map,
    "fig-3-6": partial(income_chart, figure="fig-3-6"),
    "fig-3-7": partial(income_chart, figure="fig-3-7"),
    **{number: partial(outputs_table, number=number) for number in _SHEETS},
    "table-3-10": costs_table,
    "table-3-11": solar_table,
}
