"""Generation used on the site against generation sold."""

from __future__ import annotations

import pandas as pd

from hokkaido_gis.economics.feed_in import BOUGHT_PRICE_YEN, SOLAR_PRICE_YEN
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.together import require_with

# Wide: prices of a kWh in 銭 or 千円 fall outside.
_PRICE = (1.0, 500.0)


def self_use_and_sale(
    generation_kwh: pd.Series,
    own_use_kwh: float | pd.Series,
    *,
    bought_price_yen: float | pd.Series = BOUGHT_PRICE_YEN,
    sale_price_yen: float | pd.Series = SOLAR_PRICE_YEN,
) -> pd.DataFrame:
    """Share generation between the site's own use and sale, and value both.

    Own use comes first and is never more than is generated in the row's period; the rest is sold.
    With rows of a year this supposes that all of the year's use can be met, as the report does;
    rows of months or hours are nearer to what happens.

    Parameters
    ----------
    generation_kwh
        Generation [kWh] of each row: a site's year, or a period of one site.
    own_use_kwh
        Electricity that the site uses [kWh] in the same period.
    bought_price_yen
        Price of bought electricity that own use saves [円/kWh], 1 to 500.
    sale_price_yen
        Price of sold electricity [円/kWh], 1 to 500.

    Returns
    -------
    pandas.DataFrame
        On the index of `generation_kwh`: ``own_use_kwh`` (of the generation), ``sold_kwh``,
        ``saved_yen``, ``sale_yen``, ``income_yen`` (their sum), ``all_sold_yen`` (were nothing used
        on the site) [円]; missing where the generation is.

    Raises
    ------
    ModelInputError
        If a row has generation without own use or a price, or a value is outside its range.
        Generation in MWh is unguarded.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 5.1.5.

    Examples
    --------
    >>> self_use_and_sale(pd.Series({"白糠": 34_326.0}), 10_000.0)["income_yen"].round().tolist()
    [1266692.0]
    """
    require_with(
        "generation [kWh]",
        generation_kwh,
        {
            "own use [kWh]": own_use_kwh,
            "price of bought electricity [円/kWh]": bought_price_yen,
            "price of sold electricity [円/kWh]": sale_price_yen,
        },
    )
    require_range("generation [kWh]", generation_kwh, 0)
    require_range("own use [kWh]", own_use_kwh, 0)
    require_range("price of bought electricity [円/kWh]", bought_price_yen, *_PRICE)
    require_range("price of sold electricity [円/kWh]", sale_price_yen, *_PRICE)
    used = generation_kwh.clip(upper=own_use_kwh)
    sold = generation_kwh - used
    saved, sale = used * bought_price_yen, sold * sale_price_yen
    return pd.DataFrame(
        {
            "own_use_kwh": used,
            "sold_kwh": sold,
            "saved_yen": saved,
            "sale_yen": sale,
            "income_yen": saved + sale,
            "all_sold_yen": generation_kwh * sale_price_yen,
        }
    )
