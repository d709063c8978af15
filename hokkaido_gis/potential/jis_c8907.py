"""Energy of a solar plant in a month by JIS C 8907, as the report uses it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, overload

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.potential.together import require_one_index

if TYPE_CHECKING:
    import pandas as pd

# 報告書 3.2, 4.1.2 (2): みずほ情報総研 (2009); JIS C 8907.
PANEL_AREA_M2_PER_KW = 7.2
LOSS_FACTOR = 0.76
LOSS_PER_DEGREE = 0.005
_RATED_TEMPERATURE = 25.0
_RATED_IRRADIANCE = 1.0

# What a month's value can be in Japan; wide, since they tell units and not weather.
IRRADIATION_RANGE = (0.2, 9.0)
IRRADIATION_HINT = "MJ/m2 day are divided by 3.6, W/m2 multiplied by 0.024, Wh divided by 1000."
AIR_RANGE = (-40.0, 40.0)
AIR_HINT = "Kelvin? Subtract 273.15."


class Mounting(StrEnum):
    """How modules are mounted, which says how much warmer than the air they are.

    Rises of the module temperature weighted by irradiance from JIS C 8907: 架台設置形 18.4 K and
    屋根置き形 21.5 K.
    """

    GROUND = "ground rack"
    ROOF = "roof"

    @property
    def temperature_rise(self) -> float:
        """How much warmer than the monthly mean of the air a module is [K]."""
        return {Mounting.GROUND: 18.4, Mounting.ROOF: 21.5}[self]


@overload
def module_temperature(air_temperature: float, *, mounting: Mounting | str = ...) -> float: ...
@overload
def module_temperature(
    air_temperature: pd.Series, *, mounting: Mounting | str = ...
) -> pd.Series: ...
def module_temperature(
    air_temperature: float | pd.Series, *, mounting: Mounting | str = Mounting.GROUND
) -> float | pd.Series:
    r"""Mean temperature of modules while the sun shines.

    .. math:: T_m = T_a + \Delta T

    Parameters
    ----------
    air_temperature
        Monthly mean :math:`T_a` of the air [deg C], -40 to 40.
    mounting
        ``ground rack`` (:math:`\Delta T` = 18.4 K) or ``roof`` (21.5 K).

    Returns
    -------
    float or pandas.Series
        Module temperature :math:`T_m` [deg C], of the kind and on the index of `air_temperature`.

    Raises
    ------
    ModelInputError
        If a temperature is outside its range, as in kelvin, or the mounting is not known.

    References
    ----------
    .. [1] JIS C 8907, 太陽光発電システムの発電電力量推定方法.
    .. [2] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2).

    Examples
    --------
    >>> round(module_temperature(-5.5), 1)
    12.9
    """
    require_range("air temperature [deg C]", air_temperature, *AIR_RANGE, hint=AIR_HINT)
    return air_temperature + _mounting(mounting).temperature_rise


@overload
def design_factor(air_temperature: float, *, mounting: Mounting | str = ...) -> float: ...
@overload
def design_factor(air_temperature: pd.Series, *, mounting: Mounting | str = ...) -> pd.Series: ...
def design_factor(
    air_temperature: float | pd.Series, *, mounting: Mounting | str = Mounting.GROUND
) -> float | pd.Series:
    r"""Share of the rated output that a plant gives (総合設計係数).

    .. math:: K = 0.76\,(1 - 0.005\,(T_m - 25))

    Parameters
    ----------
    air_temperature
        Monthly mean of the air [deg C], -40 to 40; see `module_temperature`.
    mounting
        ``ground rack`` or ``roof``.

    Returns
    -------
    float or pandas.Series
        Factor :math:`K`, of the kind and on the index of `air_temperature`.

    Raises
    ------
    ModelInputError
        If a temperature is outside its range, or the mounting is not known.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2).

    Examples
    --------
    >>> round(design_factor(6.6), 3)
    0.76
    """
    warmer = module_temperature(air_temperature, mounting=mounting) - _RATED_TEMPERATURE
    return LOSS_FACTOR * (1 - LOSS_PER_DEGREE * warmer)


@overload
def panel_area(capacity_kw: float) -> float: ...
@overload
def panel_area(capacity_kw: pd.Series) -> pd.Series: ...
def panel_area(capacity_kw: float | pd.Series) -> float | pd.Series:
    """Area of the modules of a plant, 7.2 m2 a kW.

    Parameters
    ----------
    capacity_kw
        Capacity [kW], 0 or more. A capacity in MW or W is not told from one in kW.

    Returns
    -------
    float or pandas.Series
        Area of modules [m2], of the kind and on the index of `capacity_kw`.

    Raises
    ------
    ModelInputError
        If a capacity is negative.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2).
    """
    require_range("capacity [kW]", capacity_kw, 0)
    return capacity_kw * PANEL_AREA_M2_PER_KW


@overload
def monthly_energy(
    irradiation: float,
    air_temperature: float,
    days: float,
    *,
    capacity_kw: float = ...,
    mounting: Mounting | str = ...,
) -> float: ...
@overload
def monthly_energy(
    irradiation: pd.Series,
    air_temperature: float | pd.Series,
    days: float | pd.Series,
    *,
    capacity_kw: float = ...,
    mounting: Mounting | str = ...,
) -> pd.Series: ...
def monthly_energy(
    irradiation: float | pd.Series,
    air_temperature: float | pd.Series,
    days: float | pd.Series,
    *,
    capacity_kw: float = 1.0,
    mounting: Mounting | str = Mounting.GROUND,
) -> float | pd.Series:
    r"""Energy of a plant in a month.

    .. math:: E = A\,\eta\,H\,d\,K, \qquad A = 7.2\,P, \qquad \eta = 1 / 7.2

    The efficiency :math:`\eta` is 1 kW from 7.2 m2 at 1 kW/m2.

    Parameters
    ----------
    irradiation
        Monthly mean :math:`H` on the plane of the modules [kWh/m2 day], 0.2 to 9. A month in
        MJ/m2 below 9 is not told from one in kWh/m2; a whole year's table is, in summer.
    air_temperature
        Monthly mean of the air [deg C], -40 to 40.
    days
        Days :math:`d` of the month, 1 to 31.
    capacity_kw
        Capacity :math:`P` [kW], 0 or more. A capacity in MW or W is not told from one in kW.
    mounting
        ``ground rack`` or ``roof``; sets the factor :math:`K`, see `design_factor`.

    Returns
    -------
    float or pandas.Series
        Energy :math:`E` [kWh], of the kind and on the index of `irradiation`; missing where one of
        its parts is.

    Raises
    ------
    ModelInputError
        If a value is outside its range, or Series are not on one index.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.2 (2).

    Examples
    --------
    >>> round(monthly_energy(4.0, 6.6, 30))  # 25 deg C on the module: 0.76 x 4 x 30
    91
    """
    require_range(
        "irradiation [kWh/m2 day]", irradiation, *IRRADIATION_RANGE, hint=IRRADIATION_HINT
    )
    require_range("days of the month", days, 1, 31, hint="Monthly values are asked for.")
    require_one_index(irradiation, air_temperature, days)
    efficiency = 1 / PANEL_AREA_M2_PER_KW / _RATED_IRRADIANCE
    factor = design_factor(air_temperature, mounting=mounting)
    return panel_area(capacity_kw) * efficiency * irradiation * days * factor


def _mounting(mounting: Mounting | str) -> Mounting:
    try:
        return Mounting(mounting)
    except ValueError as error:
        known = " or ".join(repr(str(each)) for each in Mounting)
        raise ModelInputError(f"mounting is {mounting!r}; expected {known}.") from error
