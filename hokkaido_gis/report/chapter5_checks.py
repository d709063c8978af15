"""What chapter 5 prints, recomputed: plots of fishing ports, their sun, and 30 kW on a roof."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hokkaido_gis.economics.effects import regional_effect
from hokkaido_gis.economics.solar_business import solar_statement
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.potential.solar import PLOT_KW_PER_M2, capacity_on_area
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.chapter4_checks import (
    EFFECT_WORDS,
    JOBS_FITTED,
    MONTHS_FROM_ROOF,
    business,
    co2,
    computed_months,
)
from hokkaido_gis.report.comparison import Check, known, numbered, of, why
from hokkaido_gis.report.solar_cases import (
    NOTORO,
    SHIRANUKA_PORT,
    printed_months,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.solar_cases import Case

# 5.1.2: ports, those that can be used and their share in tenths, plots [m2], [kW], [kWh/yr].
PORTS = 282
USABLE_PORTS = 194
USABLE_TENTHS = 7
PLOTS_M2 = 590_686
CAPACITY_KW = 49_224
ENERGY_KWH = 49_115_243
# 表 5-4 and 5.1.3: plots [m2], thousands of the energy [kWh/yr], roof found to be usable [m2].
SURVEYED = {
    "鱒浦": (2_933, 275, 0),
    "能取": (6_977, 654, 980),
    "白糠": (5_141, 490, 400),
    "茂辺地": (8_097, 656, 700),
}
# 表 5-5 to 5-8: rows that survive, and the most that the one lost can have been [m2]: no comma of
# it is left, but 表 5-6 writes none.
PLOTS = {
    "鱒浦": ("5-5", (2_231, 360), 999),
    "能取": ("5-6", (3_707, 1_056, 736), 9_999),
    "白糠": ("5-7", (353, 1_913, 854, 1_960, 1_488, 378), 999),
    "茂辺地": ("5-8", (3_858, 2_175, 224, 993), 999),
}
# 5.1.4: usable roof as a share of the plots [%].
USABLE_PERCENT = 8
# 表 5-2: thousands of the capacity [kW] of ports that have 1,000 kW and more.
THOUSAND_KW = {
    "栄浦": 1,
    "歯舞": 1,
    "余市河口": 1,
    "苫前": 2,
    "遠別": 1,
    "富武士": 1,
    "尾岱沼": 1,
}
# 5.1.5: CO2 [t/yr], money [万円, years], what is sold [kWh/yr], effect [万円] and jobs.
CO2_T = {"能取漁港": 16.4, "白糠漁港": 16.6}
STATEMENTS = {
    "能取漁港": {"initial_cost": 1_398, "upkeep": 14, "saved": 24, "profit": 40,
                 "payback_years": 13},
    "白糠漁港": {"initial_cost": 1_398, "upkeep": 14, "saved": 25, "profit": 43,
                 "payback_years": 12},
}  # fmt: skip
SOLD_KWH = {"能取漁港": 23_796, "白糠漁港": 24_326}
EFFECT_MAN_YEN = 1_314
JOBS = 0.5

_STATED_PRICE = (
    "誤植: 自家消費の10,000kWhは記載の24.5円では25万円、事業性は41万円。印字に合う24.0円を用いた",
    (
        "misprint: 10,000 kWh of own use at the stated 24.5 yen are 25, and the profit 41, in "
        "10,000 yen; 24.0 yen, which gives the print, is used"
    ),
)
_EFFECT_FITTED = (
    "内訳は失われ、波及効果の倍率は印字された1,314万円に合わせて定めた",
    "its parts are lost, and the multiplier was fitted to the printed 1,314",
)


def checks(inputs: Inputs) -> Iterator[Check]:
    """Check every figure of chapter 5 that can be recomputed."""
    yield from _ports(inputs)
    yield from _thousands(inputs)
    yield from _survey(inputs)
    for figure, table, case in (
        ("fig-5-19", "table-5-15", NOTORO),
        ("fig-5-21", "table-5-20", SHIRANUKA_PORT),
    ):
        yield from _months(inputs, figure, table, case)
        yield from co2(table, case.site, case.business.generation_kwh, CO2_T[case.site])
    for table, case in (("table-5-18", NOTORO), ("table-5-23", SHIRANUKA_PORT)):
        causes = dict.fromkeys(("saved", "profit"), _STATED_PRICE) if case is NOTORO else {}
        yield from business(table, case, STATEMENTS[case.site], causes=causes)
        yield from _sold_and_effect(table, case)


def plots_kw() -> float:
    """Capacity on the printed area of all plots [kW]."""
    return float(capacity_on_area(float(PLOTS_M2), PLOT_KW_PER_M2))


def _ports(inputs: Inputs) -> Iterator[Check]:
    """Numbers, capacity and energy of all ports."""
    listed = inputs.report("ports")
    yield Check(
        "table-5-2",
        ("太陽光導入可能性のある漁港の数", "ports that can be used"),
        float(USABLE_PORTS),
        float(len(listed)),
        unit_of_print=0,
    )
    placed = known(lambda: study.port_energy(inputs)["printed_kwh"].notna().sum())
    yield Check(
        "fig-5-1",
        ("そのうちレイヤにある漁港の数", "of these, ports that the layer has"),
        float(USABLE_PORTS),
        placed,
        unit_of_print=0,
        cause=why(
            inputs,
            placed,
            "ports",
            (
                "標本の漁港は表5-2 の漁港に合成した位置を与えたもの",
                "the sample's ports are those of table 5-2 on made-up places",
            ),
        ),
    )
    yield Check(
        "fig-5-1",
        ("導入可能性のある漁港の割合 [割]", "share of the ports that can be used [tenths]"),
        float(USABLE_TENTHS),
        10 * USABLE_PORTS / PORTS,
    )
    yield Check(
        "table-5-2", ("発電容量の合計 [kW]", "capacity of all ports [kW]"), float(CAPACITY_KW),
        plots_kw(),
    )  # fmt: skip
    printed = study.printed_port_kwh(listed).sum()
    yield Check(
        "table-5-2",
        ("印字された漁港別発電量の合計 [kWh]", "sum of the energies printed by port [kWh]"),
        float(ENERGY_KWH),
        float(printed["printed_kwh"]),
        float(printed["printed_kwh_below"]),
        cause=(
            "187漁港は千の位までしか残らない",
            "of 187 ports only the thousands survive",
        ),
    )
    area = known(lambda: _plots_of_layer(inputs))
    energy = known(lambda: _energy_of_layer(inputs))
    made = (
        "データ: 標本の用地面積は印字された発電量と合計から作り、観測所間の日射量は合成データ",
        (
            "data: the sample's plots were made from the printed energies and their sum, and the "
            "irradiation between the report's places is synthetic"
        ),
    )
    for words, published, here in (
        (("用地面積の合計 (レイヤから) [m2]", "plots of all ports (from the layer) [m2]"),
         PLOTS_M2, area),
        (("年間発電量の合計 (レイヤから) [kWh]", "energy of all ports (from the layers) [kWh]"),
         ENERGY_KWH, energy),
    ):  # fmt: skip
        yield Check("table-5-2", words, float(published), here,
                    cause=why(inputs, here, "ports", made))  # fmt: skip


def _plots_of_layer(inputs: Inputs) -> float:
    return float(inputs.ports["plot_area_m2"].sum(min_count=1))


def _energy_of_layer(inputs: Inputs) -> float:
    if math.isnan(_plots_of_layer(inputs)):
        return math.nan
    return float(study.port_energy(inputs)["annual_kwh"].sum())


def _thousands(inputs: Inputs) -> Iterator[Check]:
    """Capacity of the greatest ports, from their energy and the yield of their station."""
    try:
        ports = study.port_energy(inputs).join(inputs.ports["name"])
    except MissingInputError:
        ports = None
    for name, thousand in THOUSAND_KW.items():
        here = math.nan
        if ports is not None:
            found = ports[(ports["name"] == name) & ports["printed_kwh"].notna()]
            here = float((found["printed_kwh"] / found["specific_yield"]).mean())
        yield Check(
            "table-5-2",
            of(name, ("発電容量 [kW] (千の位まで)", "capacity [kW] (thousands only)")),
            thousand * 1000.0,
            here,
            unit_of_print=1000,
            cause=why(
                inputs,
                here,
                "irradiation",
                (
                    "標本の日射量の一部は周囲から補間した合成データ",
                    "some of the sample's irradiation is synthetic, interpolated",
                ),
            ),
        )


def _survey(inputs: Inputs) -> Iterator[Check]:
    """The ports surveyed: energy by the report's own yields, plots, and usable roof."""
    dams = inputs.report("dams").set_index("dam")
    kamiiso = float(to_numbers(dams["solar_10kw_annual_kwh"])["上磯"])
    yields = {
        "鱒浦": NOTORO.business.generation_kwh / NOTORO.capacity_kw,
        "能取": NOTORO.business.generation_kwh / NOTORO.capacity_kw,
        "白糠": SHIRANUKA_PORT.business.generation_kwh / SHIRANUKA_PORT.capacity_kw,
        "茂辺地": kamiiso / 10,
    }
    other_station: Words = (
        (
            "算定方法: 同じ北斗市の上磯ダム (10kWで9,698kWh) の値では合わない。"
            "報告書は別の観測所を用いたとみられる"
        ),
        (
            "rule: the yield of 上磯 dam in the same 北斗市 (9,698 kWh of 10 kW) does not give it; "
            "the report seems to have taken another station"
        ),
    )
    for name, (area, thousand, _) in SURVEYED.items():
        kw = float(capacity_on_area(float(area), PLOT_KW_PER_M2))
        yield Check(
            "table-5-4",
            of(name, ("年間発電量 [kWh] (千の位まで)", "energy in a year [kWh] (thousands only)")),
            thousand * 1000.0,
            round(kw * yields[name]),
            unit_of_print=1000,
            cause=other_station if name == "茂辺地" else ("", ""),
        )
    for name, (table, rows, most) in PLOTS.items():
        least = sum(rows)
        yield Check(
            "table-5-4",
            of(
                name,
                (
                    f"用地面積の内訳 (表{table}) の合計 [m2]",
                    f"sum of the plots of table {table} [m2]",
                ),
            ),
            float(SURVEYED[name][0]),
            float(least),
            float(least + most),
            cause=_plots_cause(name),
        )
    shares = [100 * roof / area for area, _, roof in SURVEYED.values()]
    yield Check(
        "table-5-4",
        ("利用可能な屋根面積の割合の平均 [%]", "mean share of usable roof [%]"),
        float(USABLE_PERCENT),
        sum(shares) / len(shares),
        cause=(
            "4漁港の割合の単純平均。面積の合計どうしでは9.0%",
            "mean of the four ports' shares; the sums of areas give 9.0 %",
        ),
    )


def _plots_cause(name: str) -> Words:
    if name != "白糠":
        return ("1行の面積が失われた", "the area of one row is lost")
    return (
        (
            "誤植: 残る6行だけで合計を1,805m2超える。荷捌所 (1,913) または漁船保管修理施設 "
            "(1,960) を除けば合う"
        ),
        (
            "misprint: the six rows that survive exceed the sum by 1,805 m2 already; without "
            "荷捌所 (1,913) or 漁船保管修理施設 (1,960) they would fit"
        ),
    )


def _months(inputs: Inputs, figure: str, table: str, case: Case) -> Iterator[Check]:
    """Months and year of 30 kW."""
    printed = printed_months(inputs, case)
    found = computed_months(inputs, case)
    for month, value in numbered(printed.dropna()):
        here = math.nan if found is None else float(found[month])
        yield Check(
            figure,
            of(case.site, (f"30kW {month}月 [kWh]", f"30 kW, month {month} [kWh]")),
            value,
            here,
            cause=why(inputs, here, "irradiation", MONTHS_FROM_ROOF),
        )
    year = case.business.generation_kwh
    yield Check(
        table,
        of(
            case.site,
            ("30kW 印字された12か月の合計 [kWh]", "30 kW, sum of the printed months [kWh]"),
        ),
        year,
        float(printed.sum()),
        unit_of_print=0,
    )
    here = math.nan if found is None else float(found.sum())
    yield Check(
        table,
        of(case.site, ("30kW 年間発電量 [kWh]", "30 kW, the year [kWh]")),
        year,
        here,
        cause=why(inputs, here, "irradiation", MONTHS_FROM_ROOF),
    )


def _sold_and_effect(table: str, case: Case) -> Iterator[Check]:
    """What is sold, and the effect of building 30 kW on the region."""
    plant = case.business
    yield Check(
        table,
        of(case.site, ("余剰電力 [kWh]", "electricity sold [kWh]")),
        float(SOLD_KWH[case.site]),
        plant.generation_kwh - plant.own_use_kwh,
        unit_of_print=0,
    )
    cost = solar_statement(plant)["initial_cost"]
    effect = regional_effect(cost, model=case.effect).iloc[0]
    for row, published, digits, cause in (
        ("total", EFFECT_MAN_YEN, 0, _EFFECT_FITTED),
        ("jobs", JOBS, 1, JOBS_FITTED),
    ):
        yield Check(
            table,
            of(case.site, EFFECT_WORDS[row]),
            float(published),
            round(float(effect[row]), digits),
            unit_of_print=0,
            cause=cause,
        )
