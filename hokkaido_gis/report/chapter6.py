"""Chapter 6: everything side by side, and what the regions can connect; and the regional plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.grid.regions import SENDING_CAPACITY_MW, SHARES, connectable_mw
from hokkaido_gis.render.scene import Graduated, Layer, Scene, Single, Symbol
from hokkaido_gis.report import dam_study, solar_study, summary_study
from hokkaido_gis.report.chapter2 import figure_2_12
from hokkaido_gis.report.elsewhere import note
from hokkaido_gis.report.layer_maps import farmland_style
from hokkaido_gis.report.map_frame import (
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    in_bureaus,
    origins,
)
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.summary_study import RESOURCES
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

# Table 6-1 as printed: capacity [kW] and generation [kWh/yr]; missing where lost or not given.
PRINTED = {
    "farmland_solar": (4_110_840.0, 4_255_137_709.0),
    "farmland_wind": (8_221_680.0, 18_941_764_118.0),
    "dam_hydro": (None, 93_104_000.0),
    "dam_solar": (None, 687_019.0),
    "biomass": (None, None),
    "port_solar": (49_224.0, 49_115_243.0),
}

# 釧路・根室連携地域 政策展開方針, 「ゼロカーボン北海道」への貢献プロジェクト: 新エネルギー発電
# 設備容量, R1 and R7 [kW], and 植林面積, R2 and R7 [ha].
PLAN_BUREAUS = ("釧路総合振興局", "根室振興局")
PLAN_KW = {
    PLAN_BUREAUS: (474_000.0, 528_000.0),
    PLAN_BUREAUS[:1]: (368_000.0, 396_000.0),
    PLAN_BUREAUS[1:]: (106_000.0, 132_000.0),
}
PLANTED_HA = (1_201.0, 1_734.0)
_DAM_COLUMNS = ("output_low", "output_high")
_PORT_COLUMNS = ("printed_kwh", "printed_kwh_below")


def summary_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 6-1: capacity and generation of every resource, printed beside computed."""
    if not inputs.place.is_of_the_report:
        return _summary_of_the_layers(inputs, lang)
    found = summary_study.totals(inputs)
    printed = pd.DataFrame(PRINTED, index=["printed_kw", "printed_kwh"]).T.astype(float)
    frame = found.round(0).join(printed)
    frame.insert(0, "resource", [say(lang, *RESOURCES[name]) for name in frame.index])
    return Table(
        say(lang, "表6-1 試算結果のまとめ", "Table 6-1 Summary of the estimates"),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}).reset_index(drop=True),
        say(
            lang,
            "下限と上限は、報告書の桁が転記で失われた分の幅。木質バイオマスは市町村単独の合計で、"
            "報告書は空欄。中小水力は設備利用率33%。",
            "Least and most differ where digits of the report are lost. Woody biomass is the sum "
            "of the municipalities alone, which the report leaves blank; hydro at 33 %. ",
        )
        + origins(inputs, lang, "census", "irradiation", "normals", "dams", "ports"),
    )


def _summary_of_the_layers(inputs: Inputs, lang: Lang) -> Table:
    """Table 6-1 outside Hokkaido: what the layers tell; nothing stands for the rest."""
    found = summary_study.totals(inputs)[["kw_low", "kwh_low"]].round(0)
    found.columns = ["capacity_kw", "annual_kwh"]
    missing = [say(lang, *RESOURCES[name]) for name in found.index[found["capacity_kw"].isna()]]
    found.insert(0, "resource", [say(lang, *RESOURCES[name]) for name in found.index])
    return Table(
        say(lang, "表6-1 試算結果のまとめ", "Table 6-1 Summary of the estimates"),
        found.rename(columns={c: heading(c, lang) for c in found.columns}).reset_index(drop=True),
        say(
            lang,
            f"太陽光500kW/ha、風力1,000kW/ha。レイヤから求められないもの: {'、'.join(missing)}。",
            "Solar power at 500 kW/ha, wind at 1,000 kW/ha. Not to be had from the layers: "
            f"{', '.join(missing)}. ",
        )
        + note(inputs, lang, "capacity_factor"),
    )


def connectable_table(inputs: Inputs, lang: Lang) -> Table:  # noqa: ARG001
    """Table 6-2: renewable output that can be connected at shares of the sending capacity."""
    total = say(lang, "全道計", "Hokkaido")
    found = connectable_mw(pd.Series({total: SENDING_CAPACITY_MW})).round(0)
    found.columns = [
        say(lang, "想定送電能力 (MW)", "Sending capacity (MW)"),
        *(
            say(lang, f"送電能力の{share:.0%}の場合 (MW)", f"At {share:.0%} of it (MW)")
            for share in SHARES
        ),
    ]
    frame = found.rename_axis(say(lang, "地域名", "Region")).reset_index()
    return Table(
        say(
            lang,
            "表6-2 地域ごとの再生可能エネルギー導入可能量 (推計値)",
            "Table 6-2 Renewable output that can be connected",
        ),
        frame,
        say(
            lang,
            "地域ごとの想定送電能力は転記で失われ、残るのは計 7,509MW だけ。割合を掛けた値を示す。",
            "The sending capacities of the regions are lost; only their sum of 7,509 MW survives, "
            "here times the shares.",
        ),
    )


def plan_table(inputs: Inputs, lang: Lang) -> Table:
    """Targets of the plan for Kushiro and Nemuro beside the potential in their municipalities."""
    parts = []
    for bureaus, (now, target) in PLAN_KW.items():
        codes = in_bureaus(inputs, bureaus).index
        found = summary_study.plan_shares(inputs, codes, now, target)
        region = "・".join(bureaus)
        parts.append(
            found.assign(
                region=region,
                resource=[say(lang, *RESOURCES[name]) for name in found.index],
                now_kw=now,
                target_kw=target,
            )
        )
    columns = ["region", "resource", "now_kw", "target_kw", "increase_kw", "kw_low", "kw_high",
               "share", "needed", "kwh_low", "kwh_high"]  # fmt: skip
    frame = pd.concat(parts)[columns].round({"kw_low": 0, "kw_high": 0, "share": 3, "needed": 3})
    frame = frame.round({"kwh_low": 0, "kwh_high": 0})
    return Table(
        say(
            lang,
            "表7-1 釧路・根室連携地域の目標と導入ポテンシャル",
            "Table 7-1 Targets of Kushiro and Nemuro beside the potential",
        ),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}).reset_index(drop=True),
        say(
            lang,
            "目標は新エネルギー発電設備容量 (令和元年度→7年度)。「増分に対する比」が1以上の資源は"
            "単独で増分を賄え、「必要な割合」はそのとき使う割合。植林面積の目標は "
            f"{PLANTED_HA[0]:,.0f}→{PLANTED_HA[1]:,.0f}ha。",
            "Targets are the capacity of new energy, FY2019 to FY2025. A resource whose share is 1 "
            "or more could give the whole increase alone; the part needed says how much of it. "
            f"Planted area: {PLANTED_HA[0]:,.0f} to {PLANTED_HA[1]:,.0f} ha. ",
        )
        + origins(inputs, lang, "census", "irradiation", "normals", "dams", "ports"),
    )


def plan_map(inputs: Inputs, lang: Lang) -> Scene:
    """Every resource of Kushiro and Nemuro on one map."""
    towns = in_bureaus(inputs, PLAN_BUREAUS)
    farms = inputs.settlements[["name", "municipality", "municipality_code", "geometry"]].join(
        solar_study.settlement_energy(inputs)[["abandoned_ha", "kept", "capacity_kw", "annual_kwh"]]
    )
    inside = farms["municipality_code"].isin(towns.index) & farms["kept"].fillna(value=False)
    farms = farms[inside.astype(bool)]
    dams = dam_study.placed_dams(inputs).join(dam_study.dam_outputs(inputs))
    dams = dams[dams["municipality_code"].isin(towns.index) & dams["dam_id"].notna()]
    energy = solar_study.port_energy(inputs)[["printed_kwh", "printed_kwh_below"]]
    ports = inputs.ports.join(energy)
    ports = ports[ports["municipality_code"].isin(towns.index) & ports["printed_kwh"].notna()]
    output = summary_study.resources_by_town(inputs).loc["biomass", ["kw_low", "kw_high"]]
    layers = [
        ground_layer(inputs, lang, label=True),
        Layer(
            towns[["name", "geometry"]].join(output),
            Graduated(
                "kw_low", breaks=(50.0, 100.0, 200.0), palette="Greens", unit="kW", opacity=0.45
            ),
            title=say(lang, "木質バイオマス (市町村)", "Woody biomass (municipalities)"),
            name="name",
            popup=headings(lang, "name", "kw_low", "kw_high"),
        ),
        Layer(
            farms.assign(abandoned_a=farms["abandoned_ha"] * 100),
            farmland_style("abandoned_a"),
            title=say(lang, "耕作放棄地 (太陽光・風力)", "Abandoned farmland (solar, wind)"),
            name="name",
            popup=headings(
                lang,
                "name",
                "municipality",
                "abandoned_ha",
                "capacity_kw",
                "annual_kwh",
                name="feature",
            ),
        ),
    ]
    points = (
        (dams, ("ダム (中小水力)", "Dams (small hydro)"), "#2171b5", _DAM_COLUMNS),
        (ports, ("漁港 (太陽光)", "Ports (solar)"), "#ffd92f", _PORT_COLUMNS),
    )
    layers += [
        Layer(
            frame,
            Single(Symbol(colour, 1.0, "#333333", 0.9, 5.0), say(lang, *words)),
            title=say(lang, *words),
            name="name",
            popup=headings(lang, "name", *columns, name="feature"),
        )
        for frame, words, colour, columns in points
        if len(frame)
    ]
    used = ("census", "settlements", "irradiation", "normals", "dams", "ports")
    return Scene(
        figure_title(
            "fig-7-1",
            say(
                lang,
                "釧路・根室連携地域の再生可能エネルギー資源",
                "Resources of Kushiro and Nemuro",
            ),
            "",
            lang,
        ),
        layers,
        caption=origins(inputs, lang, *used),
        credit=credits_of(inputs, *used, "municipalities"),
        lang=lang,
        view=extent_of(towns),
    )


RECIPES: dict[str, Recipe] = {
    "fig-6-6": partial(figure_2_12, number="6-6"),
    "table-6-1": summary_table,
    "table-6-2": connectable_table,
    "fig-7-1": plan_map,
    "table-7-1": plan_table,
}
