"""Solar power that fits on a site, and its energy in a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.together import require_one_index

if TYPE_CHECKING:
    import pandas as pd

FARMLAND_KW_PER_HA = 500.0
"""Capacity on abandoned farmland [kW/ha]: 1,000 kW on 2 ha (報告書 4.1.2)."""

PLOT_KW_PER_M2 = 10.0 / 120.0
"""Capacity on plots of dams and ports [kW/m2]: 10 kW on 120 m2 (報告書 3.2; 5.1.2 prints 0.083)."""

# What a year of 1 kW can give in Japan; wide, since it tells units and not weather [kWh/kW].
_YIELD = (300.0, 2500.0)


@overload
def capacity_on_area(area: float, density: float, *, usable: float = ...) -> float: ...
@overload
def capacity_on_area(area: pd.Series, density: float, *, usable: float = ...) -> pd.Series: ...
def capacity_on_area(
    area: float | pd.Series, density: float, *, usable: float = 1.0
) -> float | pd.Series:
    """Capacity that fits on an area.

    Parameters
    ----------
    area
        Area, 0 or more [ha or m2].
    density
        Capacity on a unit of that area [kW/ha or kW/m2], such as `FARMLAND_KW_PER_HA` with hectares
        or `PLOT_KW_PER_M2` with square metres. Units that do not go together are not told here;
        `solar_of_settlements` and `solar_of_ports`, which know theirs, do.
    usable
        Share of the area that can be used [0-1].

    Returns
    -------
    float or pandas.Series
        Capacity [kW], of the kind and on the index of `area`.

    Raises
    ------
    ModelInputError
        If an area or the density is negative, or the share is outside 0-1.

    Examples
    --------
    >>> capacity_on_area(8_221.68, FARMLAND_KW_PER_HA)  # farmland of the whole island
    4110840.0
    >>> round(capacity_on_area(590_686, PLOT_KW_PER_M2))  # plots of all ports
    49224
    """
    require_range("area", area, 0, hint="An area cannot be negative.")
    require_range("density of capacity", density, 0)
    require_range("usable share [0-1]", usable, 0, 1, hint="8 % is 0.08.")
    return area * (density * usable)


@overload
def annual_energy(capacity_kw: float, yield_per_kw: float) -> float: ...
@overload
def annual_energy(capacity_kw: pd.Series, yield_per_kw: float | pd.Series) -> pd.Series: ...
def annual_energy(
    capacity_kw: float | pd.Series, yield_per_kw: float | pd.Series
) -> float | pd.Series:
    """Energy of plants in a year.

    Parameters
    ----------
    capacity_kw
        Capacity [kW], 0 or more. A capacity in MW or W is not told from one in kW.
    yield_per_kw
        Energy of 1 kW in a year [kWh/kW], 300 to 2,500; see `specific_yield`.

    Returns
    -------
    float or pandas.Series
        Energy [kWh/yr], of the kind and on the index of `capacity_kw`; missing where one of its
        parts is.

    Raises
    ------
    ModelInputError
        If a value is outside its range, as a yield in MWh/kW or Wh/kW or of a whole plant, or
        Series are not on one index.

    Examples
    --------
    >>> round(annual_energy(23_940, 1_143.9))
    27384966
    """
    require_range("capacity [kW]", capacity_kw, 0)
    hint = "It is the energy of 1 kW, not of the plant, and in kWh."
    require_range("yield in a year [kWh/kW]", yield_per_kw, *_YIELD, hint=hint)
    require_one_index(capacity_kw, yield_per_kw)
    return capacity_kw * yield_per_kw
