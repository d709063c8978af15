"""What chapter 3 prints, recomputed: output of dams, money by months of operation, 10 kW of sun."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hokkaido_gis.economics.cases import HYDRO_CASES
from hokkaido_gis.economics.hydro_business import (
    hydro_initial_cost,
    hydro_running_cost,
    income_by_months,
)
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.potential.hydro import (
    IRRIGATION_UTILISATION,
    hydro_generation,
    output_from_generation,
)
from hokkaido_gis.potential.solar_sites import DAM_KW
from hokkaido_gis.report import dam_study as study
from hokkaido_gis.report.comparison import Check, add, numbered, of, why
from hokkaido_gis.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

# 3.1 (3), p. 3-3 [%]; 表 6-1 [MWh/yr, thousand kW].
SHARE_UP_TO_500_KW = 64
TOTAL_MWH = 93_104
TOTAL_THOUSAND_KW = 32
# 表 3-11: sum of all dams [kWh/yr]; 3.2: 設備利用率 [%].
SOLAR_KWH = 687_019
SOLAR_USE = (10, 14)
# 表 3-11: what is left of values that are lost [kWh/yr]: 上湯内 kept its last three digits (010),
# the others their thousands.
SOLAR_LEFT = {
    15: (9_010, 11_010),
    16: (9_000, 9_999),
    19: (9_000, 9_999),
    38: (9_000, 9_999),
    42: (9_000, 9_999),
    50: (9_000, 9_999),
    54: (10_000, 10_999),
}
# 羽幌二股 (表 3-4) kept the thousands of its generation at 33 % [MWh].
THOUSAND_MWH_33 = {29: 1}

# 表 3-10 [千円, 千円/yr], what follows from other items: whole, and as thousands or last three
# digits where the rest is lost. The totals to ten 千円 are those of the text, p. 3-12.
COSTS = {
    "ケースI": {"other": 11_770, "upkeep": 874, "running": 1_659},
    "ケースII": {"other": 19_396, "upkeep": 1_407, "running": 2_697},
    "ケースIII": {"other": 66_711, "upkeep": 5_566},
}
COST_THOUSANDS = {("ケースI", "total"): 135, ("ケースIII", "running"): 10}
COST_ENDINGS = {
    ("ケースIII", "total"): 517,
    ("ケースIII", "labour"): 310,
    ("ケースIII", "water"): 389,
}
INITIAL_COSTS = {"ケースI": 135_940, "ケースII": 224_030, "ケースIII": 770_520}

# 図 3-6 [千円/yr] by months of operation: whole, and what is left of those that are lost.
INCOMES = {
    "ケースI": {6: 1_386, 7: 1_856, 8: 2_325, 9: 2_793, 10: 3_263, 11: 3_732, 12: 4_202},
    "ケースII": dict(
        enumerate(
            (1_818, 5_951, 10_085, 14_219, 18_353, 22_486,
             26_620, 30_754, 34_888, 39_022, 43_155, 47_290),
            start=1,
        )
    ),
    "ケースIII": {1: 13_519, 2: 35_818, 3: 58_117},
}  # fmt: skip
INCOME_THOUSANDS = {("ケースIII", 4): 80}
INCOME_ENDINGS = {("ケースIII", 12): 804}
# 図 3-7 [千円/yr]: labels of its lines.
LINE_INCOMES = {"ケースII": {4: 14_219, 12: 47_290}}
LINE_THOUSANDS = {("ケースI", 12): 4, ("ケースIII", 4): 80}
LINE_ENDINGS = {("ケースIII", 12): 804}
# Text, p. 3-12: incomes to ten 千円, and the months in which case I earns nothing.
TEXT_INCOMES = {
    "ケースI": {4: 450, 6: 1_390},
    "ケースII": {4: 14_220, 6: 22_490},
    "ケースIII": {4: 80_420, 6: 125_010},
}
MONTHS_WITHOUT_INCOME = "1 2"

_NO_CAUSE = ("", "")
_FITTED = (
    "出力と費目の一部は失われ、印字された収益と費用に合わせて定めた",
    "outputs and some items are lost and were fitted to the printed incomes and costs",
)
_ITEMS: dict[str, Words] = {
    "other": ("その他 [千円]", "other costs [1,000 yen]"),
    "total": ("建設費合計 [千円]", "construction with tax [1,000 yen]"),
    "upkeep": ("点検修繕費 [千円/年]", "upkeep [1,000 yen/yr]"),
    "labour": ("人件費 [千円/年]", "labour [1,000 yen/yr]"),
    "water": ("水利使用料・諸費 [千円/年]", "water and sundry [1,000 yen/yr]"),
    "running": ("維持管理費合計 [千円/年]", "running costs [1,000 yen/yr]"),
}
_THOUSANDS = ("(千の位まで)", "(thousands only)")
_ENDING = ("(下3桁)", "(last three digits)")
_TEXT = ("(本文、十の位まで)", "(text, to ten)")
_SHEETS = {"table-3-3": range(1, 25), "table-3-4": range(25, 49), "table-3-5": range(49, 71)}


def checks(inputs: Inputs) -> Iterator[Check]:
    """Check every figure of chapter 3 that can be recomputed."""
    yield from _dams(inputs)
    yield from _distribution(inputs)
    yield from _incomes()
    yield from _costs()
    yield from _solar(inputs)


def _dams(inputs: Inputs) -> Iterator[Check]:
    """Output and generation at 33 % from the generation at 55 %."""
    dams = study.dam_outputs(inputs)
    listed = inputs.report("dams")
    printed = to_numbers(listed["annual_mwh_at_33pct"]).set_axis(dams.index)
    for table, numbers in _SHEETS.items():
        for number in numbers:
            dam = {column: dams[column][number] for column in ("name", "printed_kw", "output_kw")}
            mwh = float(dams["kwh_33"][number]) / 1000
            words = ("年間発電量 33% [MWh]", "energy at 33 % [MWh]")
            if number in THOUSAND_MWH_33:
                thousand = THOUSAND_MWH_33[number] * 1000.0
                yield Check(table, of(dam["name"], add(words, _THOUSANDS)), thousand, mwh,
                            unit_of_print=1000)  # fmt: skip
            elif not math.isnan(printed[number]) and not math.isnan(mwh):
                yield Check(table, of(dam["name"], words), float(printed[number]), mwh)
            if not math.isnan(dam["printed_kw"]):
                yield Check(
                    table,
                    of(dam["name"], ("試算出力 [kW]", "output [kW]")),
                    float(dam["printed_kw"]),
                    float(dam["output_kw"]),
                )


def _distribution(inputs: Inputs) -> Iterator[Check]:
    """Share of small dams, and what all of them give."""
    dams = study.dam_outputs(inputs)
    low, high = (100 * float((dams[end] <= 500).mean()) for end in ("output_high", "output_low"))
    yield Check(
        "fig-3-1",
        ("500kW 以下のダムの割合 [%]", "dams of 500 kW or less [%]"),
        float(SHARE_UP_TO_500_KW),
        low,
        high,
        cause=(
            (
                "誤植: 表3-3~3-5 の70ダムでは48ダム (68.6%) が500kW以下。64% は45ダム、"
                "または48を75で割った値に当たり、数え方は不明"
            ),
            (
                "misprint: of the 70 dams of tables 3-3 to 3-5, 48 have 500 kW or less (68.6 %); "
                "64 % would be 45 of them, or 48 of 75, and how it was counted is not known"
            ),
        ),
    )
    least, most = (
        hydro_generation(float(dams[end].sum()), utilisation=IRRIGATION_UTILISATION) / 1000
        for end in ("output_low", "output_high")
    )
    lost = (
        "38ダムの値の桁が転記で失われた",
        "digits of 38 dams are lost in the surviving text",
    )
    yield Check(
        "table-3-5",
        ("70ダムの年間発電量 33% の合計 [MWh]", "sum of the 70 dams at 33 % [MWh]"),
        float(TOTAL_MWH),
        round(least, 1),
        round(most, 1),
        cause=lost,
    )
    yield Check(
        "table-3-5",
        add(("70ダムの発電容量の合計 [kW]", "sum of the outputs of the 70 dams [kW]"), _THOUSANDS),
        TOTAL_THOUSAND_KW * 1000.0,
        float(output_from_generation(TOTAL_MWH * 1000.0, utilisation=IRRIGATION_UTILISATION)),
        unit_of_print=1000,
        cause=(
            "印字された合計発電量 93,104MWh から逆算した",
            "from the printed sum of the generation, 93,104 MWh",
        ),
    )


def _incomes() -> Iterator[Check]:
    """Incomes by months of operation."""
    for figure, whole, thousands, endings in (
        ("fig-3-6", INCOMES, INCOME_THOUSANDS, INCOME_ENDINGS),
        ("fig-3-7", LINE_INCOMES, LINE_THOUSANDS, LINE_ENDINGS),
    ):
        for case, incomes in whole.items():
            for months, value in incomes.items():
                yield Check(figure, _income(case, months), value, _earned(case, months),
                            cause=_FITTED)  # fmt: skip
        for (case, months), thousand in thousands.items():
            yield Check(
                figure,
                add(_income(case, months), _THOUSANDS),
                thousand * 1000.0,
                _earned(case, months),
                unit_of_print=1000,
                cause=_FITTED,
            )
        for (case, months), ending in endings.items():
            yield Check(
                figure,
                add(_income(case, months), _ENDING),
                float(ending),
                _earned(case, months) % 1000,
                cause=_FITTED,
            )
    for case, incomes in TEXT_INCOMES.items():
        for months, value in incomes.items():
            yield Check(
                "fig-3-6",
                add(_income(case, months), _TEXT),
                float(value),
                round(_earned(case, months), -1),
                cause=_FITTED,
            )
    first = income_by_months(HYDRO_CASES["ケースI"])["net_income_thousand_yen"]
    yield Check(
        "fig-3-6",
        ("ケースI で収益が出ない発電期間 [月]", "case I: months of operation without income"),
        MONTHS_WITHOUT_INCOME,
        " ".join(str(months) for months in first.index[first < 0]),
        cause=(
            (
                "誤植: 本文は 1~2ヶ月とするが、図3-6 の6ヶ月と12ヶ月の印字を結ぶと"
                "3ヶ月でもわずかに負になる"
            ),
            (
                "misprint: the text says 1 to 2 months, but the line through the prints of 6 and "
                "12 months in figure 3-6 is a little below nothing at 3 as well"
            ),
        ),
    )


def _costs() -> Iterator[Check]:
    """Items of table 3-10 that follow from others."""
    costs = {
        name: hydro_initial_cost(case).to_dict()
        | hydro_running_cost(case).rename({"total": "running"}).to_dict()
        for name, case in HYDRO_CASES.items()
    }
    for case, items in COSTS.items():
        for item, value in items.items():
            yield Check("table-3-10", _item(case, item), float(value), costs[case][item],
                        cause=_FITTED)  # fmt: skip
    for (case, item), thousand in COST_THOUSANDS.items():
        yield Check(
            "table-3-10",
            add(_item(case, item), _THOUSANDS),
            thousand * 1000.0,
            costs[case][item],
            unit_of_print=1000,
            cause=_FITTED,
        )
    for (case, item), ending in COST_ENDINGS.items():
        yield Check(
            "table-3-10",
            add(_item(case, item), _ENDING),
            float(ending),
            costs[case][item] % 1000,
            cause=_FITTED,
        )
    for case, value in INITIAL_COSTS.items():
        yield Check(
            "table-3-10",
            add(_item(case, "total"), _TEXT),
            float(value),
            round(costs[case]["total"], -1),
            cause=_FITTED,
        )


def _solar(inputs: Inputs) -> Iterator[Check]:
    """10 kW at each dam, the sum, and the share of the year at full output."""
    dams = study.dam_outputs(inputs)
    printed = to_numbers(inputs.report("dams")["solar_10kw_annual_kwh"]).set_axis(dams.index)
    try:
        found = study.dam_solar(inputs)["annual_kwh"]
    except MissingInputError:
        found = printed * math.nan
    embedded = (
        "標本の日射量は報告書の発電量から逆算したもの",
        "the irradiation of the sample was worked out from the report's energies",
    )
    for number, value in numbered(printed.dropna()):
        here = float(found[number])
        yield Check(
            "table-3-11",
            of(dams["name"][number], ("10kW 年間発電量 [kWh]", "energy of 10 kW [kWh]")),
            value,
            here,
            cause=why(inputs, here, "irradiation", embedded),
        )
    total = float(found.sum(skipna=False))
    yield Check(
        "table-3-11",
        ("70ダムの年間発電量の合計 [kWh]", "energy of 10 kW at all 70 dams [kWh]"),
        float(SOLAR_KWH),
        total,
        cause=why(
            inputs,
            total,
            "irradiation",
            (
                "データ: 値が失われた7ダムの日射量は、標本では周囲から補間した合成データ",
                (
                    "data: of the seven dams whose values are lost, the sample's irradiation is "
                    "synthetic, interpolated from around them"
                ),
            ),
        ),
    )
    low, high = _left(printed, dams["municipality_code"])
    yield Check(
        "table-3-11",
        (
            "印字された63ダムと失われた7ダムの範囲の合計 [kWh]",
            "63 dams as printed and the bounds of the seven lost [kWh]",
        ),
        float(SOLAR_KWH),
        low,
        high,
        cause=(
            "7ダムの桁が失われた。うち5ダムは同じ市町村のダムの値とした",
            (
                "digits of seven dams are lost; five of them have the value of the other dams of "
                "their municipality"
            ),
        ),
    )
    for value, here, words in (
        (SOLAR_USE[0], found.min(), ("設備利用率の最小 [%]", "least use of the capacity [%]")),
        (SOLAR_USE[1], found.max(), ("設備利用率の最大 [%]", "greatest use of the capacity [%]")),
    ):
        percent = 100 * float(here) / (DAM_KW * HOURS_PER_YEAR)
        yield Check("table-3-11", words, float(value), percent,
                    cause=why(inputs, percent, "irradiation", embedded))  # fmt: skip


def _left(printed: pd.Series, towns: pd.Series) -> tuple[float, float]:
    """Least and most that the dams can sum to, by what is left of the values that are lost."""
    same = printed.groupby(towns)
    low, high = printed.fillna(same.transform("min")), printed.fillna(same.transform("max"))
    least = {number: bounds[0] for number, bounds in SOLAR_LEFT.items()}
    most = {number: bounds[1] for number, bounds in SOLAR_LEFT.items()}
    return float(low.fillna(least).sum()), float(high.fillna(most).sum())


def _earned(case: str, months: int) -> float:
    income = income_by_months(HYDRO_CASES[case], [months])["net_income_thousand_yen"]
    return float(income[months])


def _income(case: str, months: int) -> Words:
    return (
        f"{case} 発電期間 {months}ヶ月の収益 [千円/年]",
        f"{_english(case)} income of {months} months of operation [1,000 yen/yr]",
    )


def _item(case: str, item: str) -> Words:
    japanese, english = _ITEMS[item]
    return f"{case} {japanese}", f"{_english(case)} {english}"


def _english(case: str) -> str:
    return case.replace("ケース", "case ")
