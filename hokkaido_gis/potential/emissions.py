"""Carbon dioxide that renewable generation avoids."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from hokkaido_gis.potential.ranges import require_range

if TYPE_CHECKING:
    import pandas as pd

# 報告書 4.1.5 (1): 2011 年度の北海道電力公表値.
CO2_KG_PER_KWH = 0.485
"""CO2 of the electricity that is replaced [kg/kWh]: Hokkaido Electric Power, fiscal year 2011."""


@overload
def avoided_co2(generation_kwh: float, *, kg_per_kwh: float = ...) -> float: ...
@overload
def avoided_co2(generation_kwh: pd.Series, *, kg_per_kwh: float = ...) -> pd.Series: ...
def avoided_co2(
    generation_kwh: float | pd.Series, *, kg_per_kwh: float = CO2_KG_PER_KWH
) -> float | pd.Series:
    """Carbon dioxide avoided by generation in place of the grid's electricity.

    Generation in MWh or Wh is unguarded; an emission factor in g or t per kWh is refused.

    Parameters
    ----------
    generation_kwh
        Generation [kWh/yr], 0 or more.
    kg_per_kwh
        Emission factor of the electricity that is replaced [kg/kWh], 0.005 to 3.

    Returns
    -------
    float or pandas.Series
        CO2 [t/yr], of the kind and on the index of `generation_kwh`.

    Raises
    ------
    ModelInputError
        If a generation is negative, or the factor outside its range.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 5.1.5.

    Examples
    --------
    >>> round(avoided_co2(1_143_900), 1)
    554.8
    """
    require_range("emission factor [kg/kWh]", kg_per_kwh, 0.005, 3)
    require_range("generation [kWh/yr]", generation_kwh, 0)
    return generation_kwh * (kg_per_kwh / 1000)
