"""What a small hydro plant costs and earns by the months it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.economics.cash_flow import THOUSAND_YEN, Plant, cash_flow
from hokkaido_gis.economics.feed_in import PRICE_YEARS
from hokkaido_gis.economics.measures import simple_payback
from hokkaido_gis.potential.ranges import require_range

if TYPE_CHECKING:
    from collections.abc import Iterable

# 報告書 3.1 (5): 表 3-7, 表 3-8 and 5).
GRID_LINE_THOUSAND_YEN_PER_KM = 12_000.0
"""Line of one circuit [千円/km]: 0.12 億円/km."""
GRID_LINE_KM = 0.5
"""Line to the nearest pole that the report supposes [km]."""
OTHER_SHARE = 0.10
"""その他 (一般管理費) as a share of turbine, electrical equipment and civil works."""
CONSUMPTION_TAX = 0.05
LABOUR_SHARE = 0.0017
"""人件費 of a year as a share of the construction cost with tax."""
WATER_SHARE = 0.0031
"""水利使用料・諸費 of a year as a share of the construction cost with tax."""
UPKEEP_SHARE = 0.01
"""点検修繕費 of a year as a share of turbine and electrical equipment without the line."""
OVERHEAD_SHARE = 0.12
"""一般管理費 as a share of upkeep and labour."""
DAYS_PER_MONTH = 30
OUTAGE = 0.05
"""Share of the running time that a plant stands still (設備停止率)."""

_COST_PER_KW = (50.0, 100_000.0)
_PRICE = (1.0, 500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HydroBusiness:
    """A small hydro plant and what its parts cost; money in 千円 unless a name says yen.

    Attributes
    ----------
    output_kw
        Output [kW].
    price_yen
        Feed-in price [円/kWh].
    turbine_thousand_yen
        水車・発電機 [千円].
    electrical_thousand_yen
        電気設備, the line to the grid among it [千円].
    civil_thousand_yen
        土木・建築 [千円].
    line_thousand_yen
        Of the electrical equipment, the line to the grid [千円]; it has no upkeep here.
    source
        Where the figures come from, and which of them are fitted.
    """

    output_kw: float
    price_yen: float
    turbine_thousand_yen: float
    electrical_thousand_yen: float
    civil_thousand_yen: float
    line_thousand_yen: float = GRID_LINE_THOUSAND_YEN_PER_KM * GRID_LINE_KM
    source: str = ""


def hydro_initial_cost(business: HydroBusiness) -> pd.Series:
    """Construction cost by item, as table 3-10.

    Parameters
    ----------
    business
        The case.

    Returns
    -------
    pandas.Series
        ``turbine``, ``electrical``, ``civil``, ``other`` (10 % of the three), ``total`` with 5 %
        consumption tax [千円].

    Raises
    ------
    ModelInputError
        If an amount is negative, the line costs more than the equipment it is part of, or the total
        is not between 50 and 100,000 千円/kW, as with 円 or 百万円, or output in MW.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 3-7, 表 3-10.
    """
    parts = pd.Series(
        {
            "turbine": business.turbine_thousand_yen,
            "electrical": business.electrical_thousand_yen,
            "civil": business.civil_thousand_yen,
        },
        dtype=float,
    )
    require_range("construction cost [千円]", parts, 0)
    require_range(
        "line to the grid within the electrical equipment [千円]",
        business.line_thousand_yen,
        0,
        business.electrical_thousand_yen,
    )
    require_range("output [kW]", business.output_kw, 1e-3)
    net = float(parts.sum()) * (1 + OTHER_SHARE)
    cost = parts.to_dict() | {"other": net - parts.sum(), "total": net * (1 + CONSUMPTION_TAX)}
    require_range("construction cost [千円/kW]", cost["total"] / business.output_kw, *_COST_PER_KW)
    return pd.Series(cost, name="thousand_yen")


def hydro_running_cost(business: HydroBusiness) -> pd.Series:
    """Running expenses of a year by item, as table 3-10.

    The report says overhead is 12 % "of the above" and upkeep 1 % of the electro-mechanical cost.
    All three printed totals come out with overhead on upkeep and labour alone, and upkeep on
    turbine and electrical equipment less the line to the grid.

    Parameters
    ----------
    business
        The case.

    Returns
    -------
    pandas.Series
        ``upkeep``, ``labour``, ``water``, ``overhead``, ``total`` [千円/yr].

    Raises
    ------
    ModelInputError
        As of `hydro_initial_cost`.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 3-8, 表 3-10.
    """
    construction = hydro_initial_cost(business)["total"]
    machines = business.turbine_thousand_yen + business.electrical_thousand_yen
    upkeep = UPKEEP_SHARE * (machines - business.line_thousand_yen)
    labour = LABOUR_SHARE * construction
    water = WATER_SHARE * construction
    overhead = OVERHEAD_SHARE * (upkeep + labour)
    return pd.Series(
        {
            "upkeep": upkeep,
            "labour": labour,
            "water": water,
            "overhead": overhead,
            "total": upkeep + labour + water + overhead,
        },
        name="thousand_yen",
    )


def hydro_generation_of_months(output_kw: float, months: float) -> float:
    """Generation of months of 30 days at full output, 5 % of them standing still.

    Parameters
    ----------
    output_kw
        Output [kW].
    months
        Months of operation, 0 to 12.

    Returns
    -------
    float
        Generation [kWh/yr].

    Raises
    ------
    ModelInputError
        If the months are outside 0-12, or the output is negative.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 3.1 (5) 5).

    Examples
    --------
    >>> hydro_generation_of_months(200.0, 4)
    547200.0
    """
    require_range("months of operation", months, 0, 12)
    require_range("output [kW]", output_kw, 0)
    return output_kw * 24 * DAYS_PER_MONTH * months * (1 - OUTAGE)


def hydro_plant(business: HydroBusiness, months: float, *, labour: bool = True) -> Plant:
    """Give a hydro business to the cash-flow engine, without loan or taxes as the report has it.

    Parameters
    ----------
    business
        The case.
    months
        Months of operation in a year, 0 to 12.
    labour
        Whether labour is among the running expenses. The incomes of figures 3-6 and 3-7 come out
        only without, though table 3-10 adds it to the total.

    Returns
    -------
    Plant
        Money in 千円, over the 20 years for which the price holds.

    Raises
    ------
    ModelInputError
        As of `hydro_initial_cost`, or if the price or the months are outside their range.
    """
    require_range("feed-in price [円/kWh]", business.price_yen, *_PRICE)
    running = hydro_running_cost(business).drop("total")
    if not labour:
        running = running.drop("labour")
    sale = hydro_generation_of_months(business.output_kw, months) * business.price_yen
    return Plant(
        cost=float(hydro_initial_cost(business)["total"]),
        life=PRICE_YEARS,
        income=sale / THOUSAND_YEN,
        running=tuple((str(item), float(amount)) for item, amount in running.items()),
        unit_yen=THOUSAND_YEN,
        source=business.source,
    )


def income_by_months(
    business: HydroBusiness, months: Iterable[float] = range(1, 13), *, labour: bool = False
) -> pd.DataFrame:
    """Income of a hydro plant by the months it runs, as figures 3-6 and 3-7.

    Parameters
    ----------
    business
        The case.
    months
        Months of operation in a year, each above 0 and up to 12.
    labour
        Whether labour is among the running expenses; the report's figures are without.

    Returns
    -------
    pandas.DataFrame
        On an index ``months``: ``generation_kwh`` [kWh/yr], ``sale_thousand_yen``,
        ``running_thousand_yen``, ``net_income_thousand_yen`` (収益, sale less running) [千円/yr],
        ``payback_years`` (infinite where running eats the sale).

    Raises
    ------
    ModelInputError
        As of `hydro_plant`.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 図 3-6, 図 3-7.
    """
    rows = {}
    for number in months:
        plant = hydro_plant(business, number, labour=labour)
        year = cash_flow(plant).iloc[0]
        rows[number] = {
            "generation_kwh": hydro_generation_of_months(business.output_kw, number),
            "sale_thousand_yen": year["income"],
            "running_thousand_yen": year["running"],
            "net_income_thousand_yen": year["income"] - year["running"],
            "payback_years": simple_payback(plant),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("months")
