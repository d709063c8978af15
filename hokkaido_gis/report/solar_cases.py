"""The report's model plants: 1,000 kW on farmland and 30 kW on a port's roof, months and money."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.codes import find_code
from hokkaido_gis.economics import cases
from hokkaido_gis.economics.effects import (
    NON_RESIDENTIAL,
    RESIDENTIAL,
    ContractingModel,
    regional_effect,
)
from hokkaido_gis.economics.solar_business import SolarBusiness, round_half_up, solar_statement
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.potential.emissions import avoided_co2
from hokkaido_gis.potential.jis_c8907 import Mounting, design_factor, module_temperature
from hokkaido_gis.potential.solar_yield import DAYS, MONTHS
from hokkaido_gis.render.charts import Chart, Columns
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.map_frame import credits_of, figure_title, origins
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

_SUN = ("irradiation", "normals")


@dataclass(frozen=True, slots=True)
class Case:
    """One model plant.

    Attributes
    ----------
    town
        Municipality, whose station gives sun and temperature.
    site
        Name of the plant's place in the report's tables of months.
    capacity_kw
        Capacity [kW].
    mounting
        On the ground or on a roof.
    business
        Its economics.
    effect
        Multipliers of its construction.
    """

    town: str
    site: str
    capacity_kw: float
    mounting: Mounting
    business: SolarBusiness
    effect: ContractingModel


ABASHIRI = Case(
    "網走市", "網走市", 1000.0, Mounting.GROUND, cases.SOLAR_1000_KW_ABASHIRI, NON_RESIDENTIAL
)
SHIRANUKA = Case(
    "白糠町", "白糠町", 1000.0, Mounting.GROUND, cases.SOLAR_1000_KW_SHIRANUKA, NON_RESIDENTIAL
)
NOTORO = Case("網走市", "能取漁港", 30.0, Mounting.ROOF, cases.ROOF_30_KW_NOTORO, RESIDENTIAL)
SHIRANUKA_PORT = Case(
    "白糠町", "白糠漁港", 30.0, Mounting.ROOF, cases.ROOF_30_KW_SHIRANUKA, RESIDENTIAL
)


def monthly_energy(inputs: Inputs, case: Case) -> pd.DataFrame:
    """Energy of a case by month from the layers of the run, beside what the report prints.

    Returns
    -------
    pandas.DataFrame
        On months 1 to 12: ``days``, ``irradiation`` [kWh/m2 day], ``air`` and ``module`` [deg C],
        ``factor`` (総合設計係数), ``kwh`` and ``printed_kwh`` (missing where lost) [kWh].

    Raises
    ------
    MissingInputError
        If the irradiation does not come by month.
    """
    if not study.has_months(inputs):
        raise MissingInputError(
            f"{inputs.folder} has only the year's mean of irradiation; months are needed.",
            f"{inputs.folder.name} の日射量は年平均だけで、月別の値がない。",
        )
    chosen = study.stations_of_towns(inputs).loc[find_code(case.town)]
    ids = str(chosen["station_ids"]).split(";")
    sun = inputs.irradiation.loc[ids, list(MONTHS)].mean()
    air = inputs.temperatures.loc[ids].mean()
    kwh = study.yields(inputs, case.mounting).loc[ids, list(MONTHS)].mean() * case.capacity_kw
    months = pd.RangeIndex(1, 13, name="month")
    table = pd.DataFrame(
        {
            "days": DAYS,
            "irradiation": sun.to_numpy(),
            "air": air.to_numpy(),
            "module": module_temperature(air, mounting=case.mounting).to_numpy(),
            "factor": design_factor(air, mounting=case.mounting).to_numpy(),
            "kwh": kwh.to_numpy(),
        },
        index=months,
    )
    return table.assign(printed_kwh=printed_months(inputs, case))


def printed_months(inputs: Inputs, case: Case) -> pd.Series:
    """What the report prints for the months of a case [kWh], missing where lost."""
    name = "monthly_30kw" if case.mounting is Mounting.ROOF else "monthly_1000kw"
    table = inputs.report(name)
    rows = table[table["site"] == case.site]
    printed = to_numbers(rows["kwh"]).set_axis(rows["month"].astype(int))
    return printed.reindex(pd.RangeIndex(1, 13, name="month"))


def irradiation_chart(inputs: Inputs, lang: Lang, *, figure: str, case: Case) -> Chart:
    """Figures 4-44, 4-46, 5-18 and 5-20: irradiation on the tilted plane by month."""
    table = monthly_energy(inputs, case)
    values = pd.Series(table["irradiation"].to_numpy(), index=_months(lang))
    return Chart(
        figure_title(
            figure,
            say(lang, "傾斜面日射量", "Irradiation on the optimal tilt,"),
            say(lang, f"({case.town})", case.town),
            lang,
        ),
        Columns(
            {say(lang, "日射量", "irradiation"): values},
            heading("irradiation", lang),
            say(lang, "月", "month"),
        ),
        caption=say(
            lang,
            "報告書の月別値は失われ、この図は30kWの月別発電量から逆算した値またはデータの値。",
            "The report's months are lost; these follow from its energy of 30 kW, or are the "
            "data's own. ",
        )
        + origins(inputs, lang, *_SUN),
        credit=credits_of(inputs, *_SUN),
        lang=lang,
    )


def energy_chart(inputs: Inputs, lang: Lang, *, figure: str, case: Case) -> Chart:
    """Figures 4-45, 4-47, 5-19 and 5-21: energy by month, computed beside printed."""
    table = monthly_energy(inputs, case)
    series = {
        say(lang, "計算値", "computed"): table["kwh"],
        say(lang, "報告書", "the report"): table["printed_kwh"],
    }
    return Chart(
        figure_title(
            figure,
            say(
                lang,
                f"{case.capacity_kw:,.0f}kW の月別発電量",
                f"Energy of {case.capacity_kw:,.0f} kW,",
            ),
            say(lang, f"({case.site})", case.site),
            lang,
        ),
        Columns(
            {name: values.set_axis(_months(lang)) for name, values in series.items()},
            say(lang, "発電量 (kWh/月)", "energy (kWh/month)"),
            say(lang, "月", "month"),
            show_values=True,
        ),
        caption=_energy_caption(inputs, lang, case, table),
        credit=credits_of(inputs, *_SUN),
        lang=lang,
    )


def energy_table(inputs: Inputs, lang: Lang, *, number: str, case: Case) -> Table:
    """Tables 4-13, 4-18, 5-15 and 5-20: months with temperature, factor and energy."""
    table = monthly_energy(inputs, case)
    frame = table.round({"irradiation": 2, "air": 1, "module": 1, "factor": 3, "kwh": 0})
    frame.insert(0, "month", _months(lang))
    total = {
        "month": say(lang, "合計", "sum"),
        "days": table["days"].sum(),
        "kwh": round(table["kwh"].sum()),
        "printed_kwh": case.business.generation_kwh,
    }
    frame = pd.concat([frame, pd.DataFrame([total])], ignore_index=True)
    return Table(
        _table_title(number, say(lang, "発電量試算結果", "Energy of"), case, lang),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        _energy_caption(inputs, lang, case, table),
    )


def statement_table(inputs: Inputs, lang: Lang, *, number: str, case: Case) -> Table:  # noqa: ARG001
    """Tables 4-16, 4-21, 5-18 and 5-23: income and expenses of a year."""
    exact = solar_statement(case.business)
    rounded = round_half_up(exact)
    lines = {
        "initial_cost": ("イニシャルコスト (万円)", "Initial cost (10,000 yen)"),
        "depreciation": ("減価償却費 (万円/年)", "Depreciation (10,000 yen/yr)"),
        "lease": ("土地賃借料 (万円/年)", "Lease (10,000 yen/yr)"),
        "upkeep": ("修繕費・諸費 (万円/年)", "Repairs and sundry (10,000 yen/yr)"),
        "overhead": ("一般管理費 (万円/年)", "Overhead (10,000 yen/yr)"),
        "labour": ("人件費 (万円/年)", "Labour (10,000 yen/yr)"),
        "running": ("支出小計 (万円/年)", "Running expenses (10,000 yen/yr)"),
        "expenses": ("支出合計 (万円/年)", "All expenses (10,000 yen/yr)"),
        "saved": ("代替による電力削減費 (万円/年)", "Saved by own use (10,000 yen/yr)"),
        "sale": ("電力の買い取り (万円/年)", "Sale (10,000 yen/yr)"),
        "income": ("収入合計 (万円/年)", "Income (10,000 yen/yr)"),
        "profit": ("事業性 (万円/年)", "Profit (10,000 yen/yr)"),
        "payback_years": ("ペイバック年数 (年)", "Payback (years)"),
    }
    shown = [line for line in lines if exact[line] != 0]
    frame = pd.DataFrame(
        {
            say(lang, "項目", "Item"): [say(lang, *lines[line]) for line in shown],
            say(lang, "報告書の丸め", "Rounded as printed"): rounded[shown].astype(int).to_numpy(),
            say(lang, "計算値", "Exact"): exact[shown].round(2).to_numpy(),
        }
    )
    tonnes = avoided_co2(case.business.generation_kwh)
    return Table(
        _table_title(number, say(lang, "支出・収入試算", "Income and expenses of"), case, lang),
        frame,
        say(
            lang,
            f"発電量 {case.business.generation_kwh:,.0f}kWh/年 (報告書)。"
            f"二酸化炭素削減量 {tonnes:,.1f}t/年。設定: {case.business.source}。",
            f"Energy of the report, {case.business.generation_kwh:,.0f} kWh/yr. CO2 avoided: "
            f"{tonnes:,.1f} t/yr. Terms: {case.business.source}.",
        ),
    )


def effect_table(inputs: Inputs, lang: Lang, *, number: str, case: Case) -> Table:  # noqa: ARG001
    """Table 4-17: effect of construction orders by the share of local builders."""
    cost = solar_statement(case.business)["initial_cost"]
    found = regional_effect(cost, model=case.effect, local_shares=(1.0, 0.5, 0.25))
    words = {
        "cost": ("単位事業費 (万円)", "Project (10,000 yen)"),
        "equipment": ("設備機器購入費 (万円)", "Equipment (10,000 yen)"),
        "construction": ("工事費 (万円)", "Construction (10,000 yen)"),
        "local_construction": ("地元工事費 (万円)", "Local construction (10,000 yen)"),
        "circulation": ("地域内循環効果 (万円)", "Circulation in the region (10,000 yen)"),
        "total": ("地域経済波及効果 (万円)", "Effect on the region (10,000 yen)"),
        "jobs": ("雇用効果 (人)", "Jobs"),
    }
    frame = found.round(1).T.reindex(list(words))
    frame.columns = [
        say(lang, f"地元請負率 {share:.0%}", f"local builders {share:.0%}") for share in found.index
    ]
    frame.insert(0, say(lang, "項目", "Item"), [say(lang, *words[row]) for row in frame.index])
    return Table(
        _table_title(number, say(lang, "建設請負効果", "Effect of construction,"), case, lang),
        frame.reset_index(drop=True),
        say(
            lang,
            f"報告書にあるのは100%だけで、他の率は比例とした。{case.effect.source}。",
            f"The report has 100 % alone; other shares are in proportion. {case.effect.source}.",
        ),
    )


def _energy_caption(inputs: Inputs, lang: Lang, case: Case, table: pd.DataFrame) -> str:
    known = table["printed_kwh"].notna()
    printed = case.business.generation_kwh
    return say(
        lang,
        f"年間: 計算値 {table['kwh'].sum():,.0f}kWh、報告書 {printed:,.0f}kWh。"
        f"報告書の月別値は12か月のうち {int(known.sum())} か月が残る。",
        f"In the year: computed {table['kwh'].sum():,.0f} kWh, the report {printed:,.0f} kWh. Of "
        f"the report's months {int(known.sum())} of 12 survive. ",
    ) + origins(inputs, lang, *_SUN)


def _table_title(number: str, words: str, case: Case, lang: Lang) -> str:
    number = number.removeprefix("table-")
    size = f"{case.capacity_kw:,.0f}kW"
    return say(
        lang,
        f"表{number} {size} 出力の発電施設における{words} ({case.site})",
        f"Table {number} {words} {size} at {case.site}",
    )


def _months(lang: Lang) -> pd.Index:
    return pd.Index([say(lang, f"{month}月", str(month)) for month in range(1, 13)])


RECIPES: dict[str, Recipe] = {
    **{
        figure: partial(make, figure=figure, case=case)
        for figure, make, case in (
            ("fig-4-44", irradiation_chart, ABASHIRI),
            ("fig-4-45", energy_chart, ABASHIRI),
            ("fig-4-46", irradiation_chart, SHIRANUKA),
            ("fig-4-47", energy_chart, SHIRANUKA),
            ("fig-5-18", irradiation_chart, NOTORO),
            ("fig-5-19", energy_chart, NOTORO),
            ("fig-5-20", irradiation_chart, SHIRANUKA_PORT),
            ("fig-5-21", energy_chart, SHIRANUKA_PORT),
        )
    },
    **{
        number: partial(make, number=number, case=case)
        for number, make, case in (
            ("table-4-13", energy_table, ABASHIRI),
            ("table-4-16", statement_table, ABASHIRI),
            ("table-4-17", effect_table, ABASHIRI),
            ("table-4-18", energy_table, SHIRANUKA),
            ("table-4-21", statement_table, SHIRANUKA),
            ("table-5-15", energy_table, NOTORO),
            ("table-5-18", statement_table, NOTORO),
            ("table-5-20", energy_table, SHIRANUKA_PORT),
            ("table-5-23", statement_table, SHIRANUKA_PORT),
        )
    },
}
