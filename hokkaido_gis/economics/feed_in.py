"""Prices of sold and bought electricity that the report uses: feed-in tariff of fiscal 2012."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from hokkaido_gis.potential.ranges import require_range

# 表 3-6 (税込, 調達期間 20 年). The middle price is lost in the surviving text; it is that of the
# published tariff, 29 円 and 5 % consumption tax.
HYDRO_PRICES_YEN: tuple[tuple[float, float], ...] = (
    (0.0, 35.7),
    (200.0, 30.45),
    (1_000.0, 25.2),
)
"""Least output of a class, itself included [kW], and price [円/kWh, with tax] of small hydro."""

HYDRO_MOST_KW = 30_000.0
"""Greatest output that has a price [kW]."""

SOLAR_PRICE_YEN = 42.0
"""Price of solar power [円/kWh, with tax], 10 kW and more (報告書 4.1.5)."""

BOUGHT_PRICE_YEN = 24.5
"""Price of electricity that a fishing port buys [円/kWh] (報告書 5.1.5)."""

PRICE_YEARS = 20
"""Years for which a price holds (調達期間)."""


@overload
def hydro_feed_in_price(output_kw: float) -> float: ...
@overload
def hydro_feed_in_price(output_kw: pd.Series) -> pd.Series: ...
def hydro_feed_in_price(output_kw: float | pd.Series) -> float | pd.Series:
    """Feed-in price of small hydro by output.

    A plant on a limit has the price of the greater class, as the tariff says 以上 and 未満. Output
    in MW is unguarded; in W it is refused above 30,000 W.

    Parameters
    ----------
    output_kw
        Output [kW], 0 to 30,000.

    Returns
    -------
    float or pandas.Series
        Price [円/kWh, with tax], of the kind and on the index of `output_kw`.

    Raises
    ------
    ModelInputError
        If an output is negative or above 30,000 kW, which has no price.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 3-6.

    Examples
    --------
    >>> hydro_feed_in_price(200.0)
    30.45
    """
    require_range("output with a feed-in price [kW]", output_kw, 0, HYDRO_MOST_KW)
    least = np.array([limit for limit, _ in HYDRO_PRICES_YEN])
    prices = np.array([price for _, price in HYDRO_PRICES_YEN])
    outputs = np.asarray(output_kw, dtype=float)
    chosen = prices[np.searchsorted(least, outputs, side="right") - 1]
    if isinstance(output_kw, pd.Series):
        by_row = np.where(np.isnan(outputs), np.nan, chosen)
        return pd.Series(by_row, index=output_kw.index, name="price_yen")
    return float(chosen)
