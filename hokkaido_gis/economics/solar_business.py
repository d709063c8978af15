"""What a solar plant costs and earns in a year, as the report's tables of income and expenses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hokkaido_gis.economics.cash_flow import MAN_YEN, Plant, cash_flow
from hokkaido_gis.economics.feed_in import BOUGHT_PRICE_YEN, SOLAR_PRICE_YEN
from hokkaido_gis.economics.measures import simple_payback
from hokkaido_gis.economics.self_use import self_use_and_sale
from hokkaido_gis.potential.ranges import require_range

# Wide: they tell units and not sites.
_SYSTEM = (5.0, 500.0)
_YIELD = (300.0, 2_500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarBusiness:
    """A solar plant and its terms; money in 万円 unless a name says yen.

    Attributes
    ----------
    output_kw
        Output [kW], above 0.
    generation_kwh
        Generation [kWh/yr].
    system_man_yen_per_kw
        Cost of the system [万円/kW], 5 to 500.
    ground_man_yen_per_kw
        Cost of preparing the ground [万円/kW].
    lease_man_yen
        Lease of the ground [万円/yr].
    labour_man_yen
        Labour [万円/yr].
    upkeep
        Repairs and sundry (修繕費, 諸費) a year as a share of the construction cost [0-1].
    overhead
        Overhead (一般管理費) as a share of upkeep [0-1].
    life
        Years of operation and of depreciation.
    own_use_kwh
        Electricity that the site uses [kWh/yr]; the rest is sold.
    bought_price_yen, sale_price_yen
        Prices of bought and of sold electricity [円/kWh].
    source
        Where the figures come from, and which of them are fitted.
    """

    output_kw: float
    generation_kwh: float
    system_man_yen_per_kw: float
    ground_man_yen_per_kw: float = 0.0
    lease_man_yen: float = 0.0
    labour_man_yen: float = 0.0
    upkeep: float
    overhead: float = 0.0
    life: int = 20
    own_use_kwh: float = 0.0
    bought_price_yen: float = BOUGHT_PRICE_YEN
    sale_price_yen: float = SOLAR_PRICE_YEN
    source: str = ""


def solar_plant(business: SolarBusiness) -> Plant:
    """Give a solar business to the cash-flow engine, without loan or taxes as the report has it.

    Parameters
    ----------
    business
        The case.

    Returns
    -------
    Plant
        Money in 万円; running items 土地賃借料, 修繕費・諸費, 一般管理費, 人件費 [万円/yr].

    Raises
    ------
    ModelInputError
        If a value is outside its range. Output in MW or W, or generation in MWh or Wh, is refused
        by the yield, 300 to 2,500 kWh/kW; cost in 円 or 億円 by the cost of a kW.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 5.1.5.
    """
    require_range("output [kW]", business.output_kw, 1e-3)
    require_range("cost of the system [万円/kW]", business.system_man_yen_per_kw, *_SYSTEM)
    for what in ("ground_man_yen_per_kw", "lease_man_yen", "labour_man_yen"):
        require_range(what, getattr(business, what), 0)
    for what in ("upkeep", "overhead"):
        require_range(f"{what} [0-1]", getattr(business, what), 0, 1)
    specific = business.generation_kwh / business.output_kw
    require_range("generation of a kW [kWh/kW]", specific, *_YIELD)
    cost = business.output_kw * (business.system_man_yen_per_kw + business.ground_man_yen_per_kw)
    upkeep = business.upkeep * cost
    return Plant(
        cost=cost,
        life=business.life,
        income=float(_shared(business)["income_yen"].iloc[0]) / MAN_YEN,
        running=(
            ("土地賃借料", business.lease_man_yen),
            ("修繕費・諸費", upkeep),
            ("一般管理費", business.overhead * upkeep),
            ("人件費", business.labour_man_yen),
        ),
        unit_yen=MAN_YEN,
        source=business.source,
    )


def solar_statement(business: SolarBusiness) -> pd.Series:
    """Income and expenses of a solar plant in a year, line by line as tables 4-16 and 5-18.

    Nothing is rounded here. The report carries fractions through and rounds half up when it prints:
    so 1632.5 is printed 1,633, and 1632.5 + 1195.5 is 2,828, not 2,829; `round_half_up` does that.

    Parameters
    ----------
    business
        The case.

    Returns
    -------
    pandas.Series
        ``initial_cost``; ``depreciation``, ``lease``, ``upkeep``, ``overhead``, ``labour``,
        ``running`` (the four), ``expenses`` (with depreciation), ``saved`` by own use, ``sale``,
        ``income`` (the two), ``profit`` [万円, 万円/yr]; ``payback_years``.

    Raises
    ------
    ModelInputError
        As of `solar_plant`.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 5.1.5.
    """
    plant = solar_plant(business)
    year = cash_flow(plant).iloc[0]
    shared = _shared(business).iloc[0]
    lease, upkeep, overhead, labour = (amount for _, amount in plant.running)
    return pd.Series(
        {
            "initial_cost": plant.cost,
            "depreciation": year["depreciation"],
            "lease": lease,
            "upkeep": upkeep,
            "overhead": overhead,
            "labour": labour,
            "running": year["running"],
            "expenses": year["depreciation"] + year["running"],
            "saved": shared["saved_yen"] / MAN_YEN,
            "sale": shared["sale_yen"] / MAN_YEN,
            "income": year["income"],
            "profit": year["profit_before_tax"],
            "payback_years": simple_payback(plant),
        },
        name="man_yen",
        dtype=float,
    )


def round_half_up(values: pd.Series) -> pd.Series:
    """Round to whole units, halves upward, as the report prints its money and years.

    Python's own rounding takes 1632.5 to the even 1632. What lies beyond the ninth decimal is
    dropped first, since a half must not be missed by the last bit of a product.

    Parameters
    ----------
    values
        Numbers, missing ones too.

    Returns
    -------
    pandas.Series
        Whole numbers, as floats, on the index of `values`.

    Examples
    --------
    >>> round_half_up(pd.Series([1632.5, -0.5, 2828.04])).tolist()
    [1633.0, 0.0, 2828.0]
    """
    return pd.Series(np.floor(values.round(9) + 0.5), index=values.index)


def _shared(business: SolarBusiness) -> pd.DataFrame:
    """Own use and sale of the year, one row [kWh, 円]."""
    return self_use_and_sale(
        pd.Series([business.generation_kwh]),
        business.own_use_kwh,
        bought_price_yen=business.bought_price_yen,
        sale_price_yen=business.sale_price_yen,
    )
