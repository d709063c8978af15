"""Chapter 5, fishing ports: tables. The maps stand in `layer_maps`, months in `solar_cases`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.codes import find_code
from hokkaido_gis.potential.jis_c8907 import Mounting
from hokkaido_gis.potential.solar import PLOT_KW_PER_M2, capacity_on_area
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.chapter4_tables import solar_conditions
from hokkaido_gis.report.map_frame import origins
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

SURVEYED_PORTS = (
    ("網走市", "鱒浦", 2_933.0, 0.0),
    ("網走市", "能取", 6_977.0, 980.0),
    ("白糠町", "白糠", 5_141.0, 400.0),
    ("北斗市", "茂辺地", 8_097.0, 700.0),
)
"""Ports surveyed: municipality, port, plots and roof found usable [m2] (tables 5-4 to 5-14)."""


def ports_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 5-2: the usable ports, printed generation beside the capacity it stands for."""
    listed = inputs.report("ports")
    bounds = study.printed_port_kwh(listed.reset_index()).set_axis(listed.index)
    conditions = solar_conditions(inputs)
    roof = study.yields_of_towns(inputs, Mounting.ROOF)
    per_kw = roof.reindex(listed.index)
    table = pd.DataFrame(
        {
            "name": listed["municipality"],
            "port": listed["port"],
            "kwh_low": bounds["printed_kwh"],
            "kwh_high": bounds["printed_kwh_below"],
            "kw_low": (bounds["printed_kwh"] / per_kw).round(1),
            "kw_high": (bounds["printed_kwh_below"] / per_kw).round(1),
            "m2_low": (bounds["printed_kwh"] / per_kw / PLOT_KW_PER_M2).round(),
            "m2_high": (bounds["printed_kwh_below"] / per_kw / PLOT_KW_PER_M2).round(),
            "specific_yield": per_kw.round(1),
            "max_snow_cm": conditions["max_snow_cm"].reindex(listed.index).round(),
            "line_up_to_66kv": conditions["line_up_to_66kv"]
            .reindex(listed.index)
            .map({1.0: say(lang, "あり", "yes"), 0.0: say(lang, "なし", "no")}),
        }
    ).reset_index()
    return Table(
        say(
            lang,
            "表5-2 太陽光発電導入可能性に係るデータ一覧 (漁港別)",
            "Table 5-2 Solar power of fishing ports",
        ),
        table.rename(columns={c: heading(c, lang) for c in table.columns}),
        say(
            lang,
            f"報告書の194漁港。年間発電量は報告書の値 (下3桁が失われたものは範囲)。容量と用地面積は"
            f"失われ、市町村の観測所の1kW当たり発電量で逆算した値。合計 "
            f"{bounds['printed_kwh'].sum():,.0f}～{bounds['printed_kwh_below'].sum():,.0f}kWh/年 "
            "(報告書 49,115,243)。",
            f"The report's 194 ports. Energies are the report's, bounds where the last three "
            f"digits are lost; capacities and plots are lost and follow from the energy of 1 kW at "
            f"the municipality's station. In all {bounds['printed_kwh'].sum():,.0f} to "
            f"{bounds['printed_kwh_below'].sum():,.0f} kWh/yr (printed 49,115,243). ",
        )
        + origins(inputs, lang, "irradiation", "normals"),
    )


def surveyed_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 5-4: the ports surveyed, from their plots, and what the survey left of them."""
    roof = study.yields_of_towns(inputs, Mounting.ROOF)
    listed = inputs.report("ports")
    bounds = study.printed_port_kwh(listed.reset_index()).set_axis(listed.index)
    rows = []
    for town, port, plots, usable in SURVEYED_PORTS:
        code = find_code(town)
        kw = capacity_on_area(plots, PLOT_KW_PER_M2)
        (printed,) = bounds[(listed.index == code) & (listed["port"] == port)].to_numpy()
        rows.append(
            {
                "name": town,
                "port": port,
                "plot_m2": plots,
                "capacity_kw": round(kw, 1),
                "annual_kwh": round(kw * float(roof.get(code, float("nan"))), 0),
                "kwh_low": printed[0],
                "kwh_high": printed[1],
                "usable_m2": usable,
                "usable_share": round(usable / plots, 3),
            }
        )
    frame = pd.DataFrame(rows)
    share = frame["usable_share"].mean()
    return Table(
        say(lang, "表5-4 調査漁港のデータ", "Table 5-4 The ports surveyed"),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        say(
            lang,
            f"用地面積と現地調査の屋根面積は報告書の値。屋根の割合の平均は {share:.1%} "
            "(報告書は「8%程度」)。",
            f"Plots and usable roofs are the report's. The mean of the shares is {share:.1%} (the "
            "report says about 8 %). ",
        )
        + origins(inputs, lang, "irradiation", "normals"),
    )


RECIPES: dict[str, Recipe] = {"table-5-2": ports_table, "table-5-4": surveyed_table}
