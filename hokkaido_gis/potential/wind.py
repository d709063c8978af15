"""Wind over farmland: the report's flat rule, and speed and air at the height of a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

# 報告書 4.2.3: 1 ha あたり 1,000 kW; 年間設備利用率 26.3 % (平成 21 年度全道平均).
DENSITY_KW_PER_HA = 1000.0
CAPACITY_FACTOR = 0.263
STANDARD_DENSITY = 1.225
"""Density of air at 15 degrees C and 1,013.25 hPa [kg/m3], to which power curves refer."""

# Ranges that a value a thousand times too large or too small leaves.
_FASTEST_MEAN_MS = 25.0
_LOWEST_M, _HIGHEST_M = 2.0, 300.0
_GAS_CONSTANT, _GRAVITY, _PRESSURE, _LAPSE = 287.05, 9.80665, 101_325.0, 0.0065


@overload
def wind_capacity(area_ha: float, *, density_kw_per_ha: float = ...) -> float: ...
@overload
def wind_capacity(area_ha: pd.Series, *, density_kw_per_ha: float = ...) -> pd.Series: ...
def wind_capacity(
    area_ha: float | pd.Series, *, density_kw_per_ha: float = DENSITY_KW_PER_HA
) -> float | pd.Series:
    """Capacity of wind turbines on an area of land, by the report's flat rule.

    Parameters
    ----------
    area_ha
        Land [ha], 0 or more. Ares or square metres given for hectares are not noticed.
    density_kw_per_ha
        Capacity on a hectare [kW/ha], 10 to 5,000. The report's 1,000 puts a turbine of 2,000 kW on
        2 ha; with the distances that turbines need in a wind farm, some 50 to 100 is usual.

    Returns
    -------
    float or pandas.Series
        Capacity [kW], of the kind and on the index of `area_ha`.

    Raises
    ------
    ModelInputError
        If an area is negative or the density outside its range.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.2.3.

    Examples
    --------
    >>> f"{wind_capacity(8221.68):,.0f} kW"
    '8,221,680 kW'
    """
    require_range("land [ha]", area_ha, 0)
    require_range("density [kW/ha]", density_kw_per_ha, 10, 5000)
    return area_ha * density_kw_per_ha


@overload
def wind_generation(
    capacity_kw: float, *, capacity_factor: float = ..., hours: float = ...
) -> float: ...
@overload
def wind_generation(
    capacity_kw: pd.Series, *, capacity_factor: float | pd.Series = ..., hours: float = ...
) -> pd.Series: ...
def wind_generation(
    capacity_kw: float | pd.Series,
    *,
    capacity_factor: float | pd.Series = CAPACITY_FACTOR,
    hours: float = HOURS_PER_YEAR,
) -> float | pd.Series:
    r"""Generation of a year by a capacity factor.

    .. math:: E = P \, t \, u

    The report's sum follows from 8,760 h exactly: 8,221,680 kW x 8,760 h x 0.263 is
    18,941,764,118.4 kWh, printed as 18,941,764,118.

    Parameters
    ----------
    capacity_kw
        Capacity :math:`P` [kW], 0 or more. MW or W given for kW are not noticed.
    capacity_factor
        Share :math:`u` of the year at full capacity [0-1], the mean of Hokkaido in the fiscal year
        2009 unless given.
    hours
        Hours :math:`t` of a year [h], up to 8,784.

    Returns
    -------
    float or pandas.Series
        Generation :math:`E` [kWh/yr], of the kind and on the index of `capacity_kw`.

    Raises
    ------
    ModelInputError
        If a value is outside its range, such as a capacity factor in percent.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.2.3, 表 6-1.

    Examples
    --------
    >>> f"{wind_generation(wind_capacity(8221.68)):,.0f} kWh"
    '18,941,764,118 kWh'
    """
    require_range("capacity [kW]", capacity_kw, 0)
    require_range("capacity factor [0-1]", capacity_factor, 0, 1)
    require_range("hours of a year [h]", hours, 1, 8784)
    return capacity_kw * hours * capacity_factor


@overload
def speed_by_log_law(
    speed_ms: float, *, height_m: float, hub_m: float, roughness_m: float = ...
) -> float: ...
@overload
def speed_by_log_law(
    speed_ms: pd.Series, *, height_m: float, hub_m: float, roughness_m: float = ...
) -> pd.Series: ...
def speed_by_log_law(
    speed_ms: float | pd.Series, *, height_m: float, hub_m: float, roughness_m: float = 0.1
) -> float | pd.Series:
    r"""Mean wind speed at the height of a hub, by the logarithmic law of a neutral atmosphere.

    .. math:: v_h = v_r \frac{\ln(h / z_0)}{\ln(r / z_0)}

    Parameters
    ----------
    speed_ms
        Mean speed :math:`v_r` [m/s], 0 to 25.
    height_m
        Height :math:`r` above ground that it is known at [m], 2 to 300.
    hub_m
        Height :math:`h` of the hub [m], 2 to 300.
    roughness_m
        Roughness length :math:`z_0` [m], 0.0001 to 2: some 0.03 for grass, 0.1 for fields with
        few trees, 0.5 for woods.

    Returns
    -------
    float or pandas.Series
        Speed :math:`v_h` [m/s], of the kind and on the index of `speed_ms`.

    Raises
    ------
    ModelInputError
        If a value is outside its range. Speeds in km/h up to 25 are not noticed.

    References
    ----------
    .. [1] J. F. Manwell, J. G. McGowan, A. L. Rogers: Wind Energy Explained, 2nd ed., Wiley 2009,
       2.3.3.1.

    Examples
    --------
    >>> round(speed_by_log_law(5.0, height_m=10, hub_m=80, roughness_m=0.1), 3)
    7.258
    """
    _require_speed_and_heights(speed_ms, height_m, hub_m)
    require_range("roughness length [m]", roughness_m, 1e-4, 2.0)
    require_range("height above the roughness length [m]", min(height_m, hub_m) - roughness_m, 0.1)
    return speed_ms * float(np.log(hub_m / roughness_m) / np.log(height_m / roughness_m))


@overload
def speed_by_power_law(
    speed_ms: float, *, height_m: float, hub_m: float, exponent: float = ...
) -> float: ...
@overload
def speed_by_power_law(
    speed_ms: pd.Series, *, height_m: float, hub_m: float, exponent: float = ...
) -> pd.Series: ...
def speed_by_power_law(
    speed_ms: float | pd.Series, *, height_m: float, hub_m: float, exponent: float = 1 / 7
) -> float | pd.Series:
    r"""Mean wind speed at the height of a hub, by the power law.

    .. math:: v_h = v_r \left(\frac{h}{r}\right)^\alpha

    Parameters
    ----------
    speed_ms
        Mean speed :math:`v_r` [m/s], 0 to 25.
    height_m
        Height :math:`r` above ground that it is known at [m], 2 to 300.
    hub_m
        Height :math:`h` of the hub [m], 2 to 300.
    exponent
        :math:`\alpha`, 0 to 0.6; 1/7 over open and level land, 0.2 in IEC 61400-1's normal profile.

    Returns
    -------
    float or pandas.Series
        Speed :math:`v_h` [m/s], of the kind and on the index of `speed_ms`.

    Raises
    ------
    ModelInputError
        If a value is outside its range. Speeds in km/h up to 25 are not noticed.

    References
    ----------
    .. [1] J. F. Manwell, J. G. McGowan, A. L. Rogers: Wind Energy Explained, 2nd ed., Wiley 2009,
       2.3.3.2.
    .. [2] IEC 61400-1:2019, 6.3.2.2 (normal wind profile model).

    Examples
    --------
    >>> round(speed_by_power_law(5.0, height_m=10, hub_m=80), 3)
    6.73
    """
    _require_speed_and_heights(speed_ms, height_m, hub_m)
    require_range("exponent of the power law", exponent, 0, 0.6)
    return speed_ms * float((hub_m / height_m) ** exponent)


@overload
def air_density(height_m: float, temperature_c: float) -> float: ...
@overload
def air_density(height_m: pd.Series, temperature_c: float | pd.Series) -> pd.Series: ...
def air_density(height_m: float | pd.Series, temperature_c: float | pd.Series) -> float | pd.Series:
    r"""Density of air from height above the sea and temperature.

    .. math:: \rho = \frac{p}{R\,T}, \qquad
        p = p_0 \left(\frac{T}{T + \Gamma z}\right)^{g / (R\,\Gamma)}

    Parameters
    ----------
    height_m
        Height :math:`z` of the hub above the sea [m], -100 to 4,000.
    temperature_c
        Mean temperature at that height [degrees C], -40 to 45.

    Returns
    -------
    float or pandas.Series
        Density :math:`\rho` of dry air [kg/m3].

    Raises
    ------
    ModelInputError
        If a value is outside its range, such as a temperature in kelvin.

    References
    ----------
    .. [1] ISO 2533:1975, Standard Atmosphere (R = 287.05 J/(kg K), :math:`\Gamma` = 6.5 K/km).

    Examples
    --------
    >>> round(air_density(0.0, 15.0), 3)
    1.225
    """
    require_range("height above the sea [m]", height_m, -100, 4000)
    require_range(
        "temperature [degrees C]", temperature_c, -40, 45, hint="Is it in kelvin? Subtract 273.15."
    )
    kelvin: Any = temperature_c + 273.15
    pressure = _PRESSURE * (kelvin / (kelvin + _LAPSE * height_m)) ** (
        _GRAVITY / (_GAS_CONSTANT * _LAPSE)
    )
    density: float | pd.Series = pressure / (_GAS_CONSTANT * kelvin)
    return density


@overload
def speed_at_standard_density(speed_ms: float, density: float) -> float: ...
@overload
def speed_at_standard_density(speed_ms: pd.Series, density: float | pd.Series) -> pd.Series: ...
def speed_at_standard_density(
    speed_ms: float | pd.Series, density: float | pd.Series
) -> float | pd.Series:
    r"""Speed that gives the same power in air of standard density.

    .. math:: v_n = v \left(\frac{\rho}{\rho_0}\right)^{1/3}

    For turbines that pitch their blades. It scales every speed of a year alike, so that a mean
    speed may be corrected, and the power curve be read as it is published.

    Parameters
    ----------
    speed_ms
        Speed :math:`v` [m/s], 0 to 25.
    density
        Density :math:`\rho` of the air [kg/m3], 0.7 to 1.5; :math:`\rho_0` is 1.225.

    Returns
    -------
    float or pandas.Series
        Speed :math:`v_n` [m/s].

    Raises
    ------
    ModelInputError
        If a value is outside its range.

    References
    ----------
    .. [1] IEC 61400-12-1:2017, 9.1.5 (normalisation to a reference air density).

    Examples
    --------
    >>> round(speed_at_standard_density(7.0, 1.325), 3)
    7.186
    """
    require_range("mean wind speed [m/s]", speed_ms, 0, _FASTEST_MEAN_MS)
    require_range("density of air [kg/m3]", density, 0.7, 1.5)
    corrected: float | pd.Series = speed_ms * (density / STANDARD_DENSITY) ** (1 / 3)
    return corrected


def _require_speed_and_heights(speed_ms: float | pd.Series, height_m: float, hub_m: float) -> None:
    hint = "Is it in km/h? Divide by 3.6."
    require_range("mean wind speed [m/s]", speed_ms, 0, _FASTEST_MEAN_MS, hint=hint)
    require_range("height of the wind speed [m]", height_m, _LOWEST_M, _HIGHEST_M)
    require_range("height of the hub [m]", hub_m, _LOWEST_M, _HIGHEST_M)
