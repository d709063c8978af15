"""What chapter 4 prints, recomputed: farmland, its solar and wind power, and 1,000 kW plants."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hokkaido_gis.codes import find_code
from hokkaido_gis.economics.effects import regional_effect
from hokkaido_gis.economics.solar_business import round_half_up, solar_statement
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.potential.emissions import avoided_co2
from hokkaido_gis.potential.solar import FARMLAND_KW_PER_HA, capacity_on_area
from hokkaido_gis.potential.wind import wind_capacity, wind_generation
from hokkaido_gis.report import grid_tables
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.chapter4_tables import SURVEYED
from hokkaido_gis.report.comparison import Check, known, numbered, of, why
from hokkaido_gis.report.solar_cases import (
    ABASHIRI,
    NOTORO,
    SHIRANUKA,
    SHIRANUKA_PORT,
    monthly_energy,
    printed_months,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from hokkaido_gis.report.comparison import Verdict, Words
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.solar_cases import Case

# 4.1.2 (1), (3), 4.1.6: all farmland and that of settlements with 2 ha and more [ha], solar power.
FARMLAND_HA = 11_107
KEPT_HA = 8_222
SOLAR_KW = 4_110_840
SOLAR_KWH = 4_255_137_709
# 4.2.3.
WIND_KW = 8_221_680
WIND_KWH = 18_941_764_118
# p. 4-11 [ha]: abandoned land of 2011, and its parts that can and cannot be fields again.
LAND_2011 = (10_979, 5_779, 5_199)
# 表 4-6: 浜中町 [thousand kWh/yr], last digits lost.
HAMANAKA_THOUSAND_KWH = 115_956

# 表 4-13, 4-18 [kWh]: last three digits of the months that have no whole label in 図 4-45, 4-47.
MONTH_ENDINGS = {"網走市": (973, 956, 809, 548, 706), "白糠町": (915, 436, 162, 661, 600)}
# 4.1.5: CO2 [t/yr].
CO2_T = {"網走市": 554.8, "白糠町": 564.0}
# 表 4-16, 4-21 [万円, 万円/yr, years].
STATEMENT = {
    "initial_cost": 32_650,
    "depreciation": 1_633,
    "lease": 300,
    "upkeep": 522,
    "overhead": 73,
    "labour": 300,
    "running": 1_196,
    "expenses": 2_828,
    "payback_years": 9,
}
SALES = {"網走市": (4_804, 1_976), "白糠町": (4_884, 2_056)}
# 表 4-17 and 4-22, at 100 % local builders [万円, persons]; 4.1.6 [億円].
EFFECT = {
    "cost": 32_650,
    "equipment": 20_570,
    "construction": 12_081,
    "local_construction": 12_081,
    "circulation": 21_876,
    "total": 33_956,
    "jobs": 13,
}
EFFECT_OKU_YEN = 3.4

# The year of 1,000 kW is a sum of twelve months in whole kWh.
_ROUNDED_YEAR_KWH = 12 * 0.5
_MAN_PER_OKU = 10_000

STATEMENT_WORDS: dict[str, Words] = {
    "initial_cost": ("イニシャルコスト [万円]", "initial cost [10,000 yen]"),
    "depreciation": ("減価償却費 [万円/年]", "depreciation [10,000 yen/yr]"),
    "lease": ("土地賃借料 [万円/年]", "lease [10,000 yen/yr]"),
    "upkeep": ("修繕費・諸費 [万円/年]", "repairs and sundry [10,000 yen/yr]"),
    "overhead": ("一般管理費 [万円/年]", "overhead [10,000 yen/yr]"),
    "labour": ("人件費 [万円/年]", "labour [10,000 yen/yr]"),
    "running": ("支出小計 [万円/年]", "running expenses [10,000 yen/yr]"),
    "expenses": ("支出合計 [万円/年]", "all expenses [10,000 yen/yr]"),
    "saved": ("代替による電力削減費 [万円/年]", "saved by own use [10,000 yen/yr]"),
    "sale": ("電力の買い取り [万円/年]", "sale [10,000 yen/yr]"),
    "profit": ("事業性 [万円/年]", "profit [10,000 yen/yr]"),
    "payback_years": ("ペイバック年数 [年]", "payback [years]"),
}
EFFECT_WORDS: dict[str, Words] = {
    "cost": ("単位事業費 [万円]", "project [10,000 yen]"),
    "equipment": ("設備機器購入費 [万円]", "equipment [10,000 yen]"),
    "construction": ("工事費 [万円]", "construction [10,000 yen]"),
    "local_construction": ("地元工事費 [万円]", "local construction [10,000 yen]"),
    "circulation": ("地域内循環効果 [万円]", "circulation in the region [10,000 yen]"),
    "total": ("地域経済波及効果 [万円]", "effect on the region [10,000 yen]"),
    "jobs": ("雇用効果 [人]", "jobs"),
}
JOBS_FITTED = (
    "百万円当たり雇用の原単位は失われ、印字された人数に合わせて定めた",
    "the jobs for a million yen are lost and were fitted to the printed number",
)
MONTHS_FROM_ROOF = (
    "標本の日射量は報告書の30kWの月別発電量から逆算したもの",
    "the irradiation of the sample was worked out from the report's months of 30 kW",
)
TOTALS_OF_SAMPLE = (
    "標本の集落別面積は合計が報告書に合うよう作った合成データ",
    "the sample's farmland by settlement is synthetic and was made to sum to the report's",
)
SHARED_OUT = (
    (
        "データ: 標本で報告書の値なのは耕作放棄地の合計だけで、集落別の面積と観測所間の日射量は"
        "合成データ"
    ),
    (
        "data: of the sample only the sums of farmland are the report's; which settlement has how "
        "much, and the irradiation between the report's places, are synthetic"
    ),
)
_ROUNDED_FACTOR = (
    (
        "端数処理: 地上と屋根の発電量の比は印字では月により1.010~1.011と1.019~1.023に跳ね、"
        "端数のない式の1.015~1.017にならない。報告書は温度補正係数を小数2桁に丸めたとみられる"
    ),
    (
        "rounding: the printed ratio of ground to roof leaps between 1.010 to 1.011 and 1.019 to "
        "1.023 from month to month, where the formula without rounding gives 1.015 to 1.017; the "
        "report seems to have rounded its correction for temperature to two decimals"
    ),
)
_NO_CAUSE = ("", "")


class _OfRounded(Check):
    """A figure made from rounded ones: its bounds are what rounding leaves, not digits lost."""

    __slots__ = ()

    @property
    def verdict(self) -> Verdict:
        found = super().verdict
        is_known = not any(math.isnan(end) for end in self._bounds)
        return "within rounding" if found == "input lost" and is_known else found


def checks(inputs: Inputs) -> Iterator[Check]:
    """Check every figure of chapter 4 that can be recomputed."""
    yield from _farmland(inputs)
    yield from grid_tables.checks(inputs)
    yield from _surveyed(inputs)
    for figure, table, case in (
        ("fig-4-45", "table-4-13", ABASHIRI),
        ("fig-4-47", "table-4-18", SHIRANUKA),
    ):
        yield from _months(inputs, figure, case)
        yield from _year(inputs, table, case)
    yield from _roof_and_ground(inputs)
    for table, case in (("table-4-16", ABASHIRI), ("table-4-21", SHIRANUKA)):
        sale, profit = SALES[case.town]
        yield from business(table, case, STATEMENT | {"sale": sale, "profit": profit})
    for table, case, number in (
        ("table-4-17", ABASHIRI, "4-17"),
        ("table-4-21", SHIRANUKA, "4-22"),
    ):
        yield from _effects(table, case, number)
    yield from _wind(inputs)


def farmland(inputs: Inputs, column: str) -> float:
    """Sum of a column of `towns_energy`, missing where a layer is."""
    return known(lambda: float(study.towns_energy(inputs)[column].sum()))


def _farmland(inputs: Inputs) -> Iterator[Check]:
    """Areas, capacity and energy of all farmland."""
    whole, area, kw, kwh = (
        farmland(inputs, column)
        for column in ("abandoned_ha", "kept_ha", "capacity_kw", "annual_kwh")
    )
    for figure, words, published, here, sample in (
        ("fig-4-1", ("耕作放棄地の合計 [ha]", "all abandoned farmland [ha]"), FARMLAND_HA, whole,
         TOTALS_OF_SAMPLE),
        ("fig-4-1", ("2ha以上の集落の合計 [ha]", "settlements with 2 ha and more [ha]"), KEPT_HA,
         area, TOTALS_OF_SAMPLE),
        ("fig-4-19", ("発電容量の合計 [kW]", "capacity [kW]"), SOLAR_KW, kw, TOTALS_OF_SAMPLE),
        ("fig-4-19", ("年間発電量の合計 [kWh]", "energy in a year [kWh]"), SOLAR_KWH, kwh,
         SHARED_OUT),
    ):  # fmt: skip
        yield Check(
            figure, words, float(published), here, cause=why(inputs, here, "census", sample)
        )
    yield Check(
        "fig-4-19",
        (
            "風力の発電容量 8,221,680kW から求めた太陽光の発電容量 [kW]",
            "capacity from the land under the printed 8,221,680 kW of wind [kW]",
        ),
        float(SOLAR_KW),
        float(capacity_on_area(WIND_KW / wind_capacity(1.0), FARMLAND_KW_PER_HA)),
    )
    whole_2011, usable, lost = LAND_2011
    yield Check(
        "fig-4-16",
        ("荒廃農地の内訳の合計 (2011年) [ha]", "sum of the parts of abandoned land, 2011 [ha]"),
        float(whole_2011),
        float(usable + lost),
    )


def _surveyed(inputs: Inputs) -> Iterator[Check]:
    """The towns of table 4-6, from the labels of figures 4-37 to 4-39 and from the layers."""
    labels = inputs.report("settlements")
    hectares = (
        to_numbers(labels["abandoned_farmland_a"]).groupby(labels["municipality"]).sum() / 100
    )
    energy = ("年間発電量 [kWh]", "energy in a year [kWh]")
    capacity = ("発電容量 [kW]", "capacity [kW]")
    for case in (ABASHIRI, SHIRANUKA):
        kwh, kw = SURVEYED[case.town]
        labelled = float(capacity_on_area(hectares[case.town], FARMLAND_KW_PER_HA))
        yield Check("table-4-6", of(case.town, capacity), float(kw), round(labelled, 6))
        year = case.business.generation_kwh
        plants = labelled / case.capacity_kw
        yield _OfRounded(
            "table-4-6",
            of(case.town, energy),
            float(kwh),
            plants * (year - _ROUNDED_YEAR_KWH),
            plants * (year + _ROUNDED_YEAR_KWH),
            cause=(
                f"1,000kW の年間発電量 {year:,.0f}kWh は12か月の丸めた値の合計",
                f"the year of 1,000 kW, {year:,.0f} kWh, is a sum of twelve rounded months",
            ),
        )
        here = _of_town(inputs, case.town, "annual_kwh")
        yield Check(
            "table-4-6",
            of(case.town, (f"{energy[0]} (レイヤから)", f"{energy[1]} (from the layers)")),
            float(kwh),
            here,
            cause=why(inputs, here, "irradiation", _ROUNDED_FACTOR),
        )
    town = "浜中町"
    labelled = float(capacity_on_area(hectares[town], FARMLAND_KW_PER_HA))
    per_kw = _of_town(inputs, town, "kwh_per_kw")
    printed_yield = (HAMANAKA_THOUSAND_KWH * 1000 + 500) / labelled
    yield Check(
        "table-4-6",
        of(town, (f"{energy[0]} (千の位まで)", f"{energy[1]} (thousands only)")),
        HAMANAKA_THOUSAND_KWH * 1000.0,
        labelled * per_kw,
        unit_of_print=1000,
        cause=(
            (
                f"誤植: 図4-39 の10集落の面積 {hectares[town]:,.2f}ha では1kW当たり"
                f"{printed_yield:,.0f}kWhとなり、選定条件の1,010以上に届かない。面積の一つが誤り"
            ),
            (
                f"misprint: on the {hectares[town]:,.2f} ha of the ten labels of figure 4-39 a kW "
                f"would give {printed_yield:,.0f} kWh, though the town was chosen for 1,010 and "
                "more; one of the labels is wrong"
            ),
        ),
    )


def _of_town(inputs: Inputs, town: str, column: str) -> float:
    """Value of a municipality from the layers, missing where a layer is."""
    return known(lambda: float(study.towns_energy(inputs)[column][find_code(town)]))


def _months(inputs: Inputs, figure: str, case: Case) -> Iterator[Check]:
    """Months of 1,000 kW that survive whole."""
    found = computed_months(inputs, case)
    for month, value in numbered(printed_months(inputs, case).dropna()):
        here = math.nan if found is None else float(found[month])
        yield Check(
            figure,
            of(case.town, (f"1,000kW {month}月 [kWh]", f"1,000 kW, month {month} [kWh]")),
            value,
            here,
            cause=why(inputs, here, "irradiation", _ROUNDED_FACTOR),
        )


def _year(inputs: Inputs, table: str, case: Case) -> Iterator[Check]:
    """Year of 1,000 kW, the digits that its months leave, and CO2."""
    year = case.business.generation_kwh
    found = computed_months(inputs, case)
    here = math.nan if found is None else float(found.sum())
    yield Check(
        table,
        of(case.town, ("1,000kW 年間発電量 [kWh]", "1,000 kW, the year [kWh]")),
        year,
        here,
        cause=why(inputs, here, "irradiation", _ROUNDED_FACTOR),
    )
    whole = printed_months(inputs, case).dropna().sum()
    yield Check(
        table,
        of(
            case.town,
            (
                "1,000kW 印字された12か月の合計の下3桁 [kWh]",
                "1,000 kW, last three digits of the sum of the printed months [kWh]",
            ),
        ),
        year % 1000,
        float(whole + sum(MONTH_ENDINGS[case.town])) % 1000,
        unit_of_print=0,
    )
    yield from co2(table, case.town, year, CO2_T[case.town])


def _roof_and_ground(inputs: Inputs) -> Iterator[Check]:
    """Energy of a kW on a roof to that on the ground, which temperatures alone decide."""
    for table, ground, roof in (
        ("table-4-13", ABASHIRI, NOTORO),
        ("table-4-18", SHIRANUKA, SHIRANUKA_PORT),
    ):
        years = [computed_months(inputs, case) for case in (roof, ground)]
        here = math.nan
        if years[0] is not None and years[1] is not None:
            here = years[0].sum() / roof.capacity_kw / (years[1].sum() / ground.capacity_kw)
        printed = [case.business.generation_kwh / case.capacity_kw for case in (roof, ground)]
        yield Check(
            table,
            of(
                ground.town,
                (
                    "屋根と地上の発電量の比 (0.002 以内)",
                    "energy on a roof to that on the ground (within 0.002)",
                ),
            ),
            round(printed[0] / printed[1], 4),
            here,
            unit_of_print=0.002,
            cause=why(inputs, here, "irradiation", MONTHS_FROM_ROOF),
        )


def computed_months(inputs: Inputs, case: Case) -> pd.Series | None:
    """Months of a case from the layers; nothing where they do not give them."""
    try:
        return monthly_energy(inputs, case)["kwh"]
    except MissingInputError:
        return None


def co2(table: str, place: str, year_kwh: float, published: float) -> Iterator[Check]:
    """CO2 that a plant avoids."""
    yield Check(
        table,
        of(place, ("二酸化炭素削減量 [t/年]", "CO2 avoided [t/yr]")),
        published,
        round(avoided_co2(year_kwh), 1),
        unit_of_print=0 if published % 1 else 1,
    )


def business(
    table: str, case: Case, printed: dict[str, int], *, causes: dict[str, Words] | None = None
) -> Iterator[Check]:
    """Lines of a table of income and expenses, rounded as the report rounds.

    Parameters
    ----------
    table
        Id of the table.
    case
        The plant.
    printed
        What is printed for the lines of `solar_statement` [万円, years].
    causes
        What is to be said of some of them.
    """
    found = round_half_up(solar_statement(case.business))
    for line, value in printed.items():
        yield Check(
            table,
            of(case.site, STATEMENT_WORDS[line]),
            float(value),
            float(found[line]),
            unit_of_print=0,
            cause=(causes or {}).get(line, _NO_CAUSE),
        )


def _effects(table: str, case: Case, number: str) -> Iterator[Check]:
    """Effect of building 1,000 kW on the region."""
    cost = solar_statement(case.business)["initial_cost"]
    exact = regional_effect(cost, model=case.effect).iloc[0]
    found = round_half_up(exact)
    for row, value in EFFECT.items():
        japanese, english = EFFECT_WORDS[row]
        yield Check(
            table,
            of(case.town, (f"{japanese} (表{number})", f"{english} (table {number})")),
            float(value),
            float(found[row]),
            unit_of_print=0,
            cause=JOBS_FITTED if row == "jobs" else _NO_CAUSE,
        )
    if case is ABASHIRI:
        yield Check(
            table,
            (
                "地域経済波及効果 (本文、およそ) [億円]",
                "effect on the region (text, about) [100 M yen]",
            ),
            EFFECT_OKU_YEN,
            float(exact["total"]) / _MAN_PER_OKU,
            unit_of_print=0.1,
        )


def _wind(inputs: Inputs) -> Iterator[Check]:
    """Wind power by the flat rule."""
    area = farmland(inputs, "kept_ha")
    kw = math.nan if math.isnan(area) else wind_capacity(area)
    yield Check(
        "fig-4-48",
        ("風力の発電容量 [kW]", "wind, capacity [kW]"),
        float(WIND_KW),
        round(kw, 3),
        cause=why(inputs, kw, "census", TOTALS_OF_SAMPLE),
    )
    yield Check(
        "fig-4-48",
        ("風力の年間発電量 [kWh]", "wind, energy in a year [kWh]"),
        float(WIND_KWH),
        round(wind_generation(float(WIND_KW)), 1),
    )
