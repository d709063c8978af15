"""Energy of a wind turbine in a year, from a mean wind speed and a power curve."""

from __future__ import annotations

import difflib
import importlib.util
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, ModelInputError, list_faults, name_some
from hokkaido_gis.potential.ranges import require_range
from hokkaido_gis.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    import numpy.typing as npt

_FASTEST_MEAN_MS = 25.0
_LARGEST_KW = 30_000.0
_LOWEST_CUT_OUT_MS = 20.0


@dataclass(frozen=True)
class PowerCurve:
    """Power of a turbine by wind speed, straight between the points, none outside of them.

    Attributes
    ----------
    name
        What the turbine is called.
    speeds_ms
        Wind speeds [m/s], rising, 0 to 60; a speed given twice is a jump.
    power_kw
        Power at those speeds [kW].
    rated_kw
        Rated power [kW], 0.1 to 30,000.

    Raises
    ------
    ModelInputError
        If the points are no curve; all faults are listed.
    """

    name: str
    speeds_ms: tuple[float, ...]
    power_kw: tuple[float, ...]
    rated_kw: float

    def __post_init__(self) -> None:
        """Check the points."""
        speeds, power = np.array(self.speeds_ms), np.array(self.power_kw)
        faults = []
        if len(speeds) != len(power) or len(speeds) < 2:
            faults.append(f"{len(speeds)} speeds and {len(power)} powers are no curve.")
        elif (np.diff(speeds) < 0).any() or speeds[0] < 0 or speeds[-1] > 60:
            faults.append("speeds must rise from 0 m/s or more to 60 m/s at most.")
        if not 0.1 <= self.rated_kw <= _LARGEST_KW:
            faults.append(
                f"rated power must be 0.1 to {_LARGEST_KW:,.0f} kW; got {self.rated_kw:g}. "
                "Is it in W or MW?"
            )
        if (power < 0).any() or (power > 1.1 * self.rated_kw).any():
            faults.append(
                f"power must be 0 to 1.1 times the rated {self.rated_kw:g} kW; it runs from "
                f"{power.min():g} to {power.max():g} kW."
            )
        if faults:
            raise ModelInputError(f"Power curve {self.name}: " + list_faults(faults))


def turbine_names() -> tuple[str, ...]:
    """Names of the turbines whose power curves windpowerlib carries (no network is needed)."""
    return tuple(_library()[0].index)


def power_curve(turbine: str) -> PowerCurve:
    """Power curve of a turbine, as windpowerlib carries it from the Open Energy Database.

    Parameters
    ----------
    turbine
        Its name, one of `turbine_names`, such as ``E-82/2000`` or ``V80/2000``.

    Returns
    -------
    PowerCurve
        The curve in kW; one that ends before the turbine would stop is told as `LayerWarning`.

    Raises
    ------
    ModelInputError
        If there is no turbine of that name; those of a similar one are named.

    References
    ----------
    .. [1] windpowerlib 0.2, https://windpowerlib.readthedocs.io; turbine data: Open Energy
       Database, supply.wind_turbine_library.

    Examples
    --------
    >>> power_curve("E-82/2000").rated_kw
    2050.0
    """
    curves, rated = _library()
    if turbine not in curves.index:
        near = difflib.get_close_matches(turbine, curves.index, cutoff=0.4) or curves.index
        raise ModelInputError(
            f"There is no power curve of {turbine!r}; there are {len(curves)}, such as "
            f"{name_some(list(near))}. turbine_names() lists all."
        )
    points = pd.Series(curves.loc[turbine]).dropna() / 1000
    speeds = [float(str(speed)) for speed in points.index]
    power: list[float] = (points.to_numpy(dtype=float)).tolist()
    if power[-1] > 0 and speeds[-1] < _LOWEST_CUT_OUT_MS:
        warnings.warn(
            f"Power curve {turbine}: it ends at {speeds[-1]:g} m/s, before any turbine is "
            "taken out of the wind; energy of faster wind is left out.",
            LayerWarning,
            stacklevel=2,
        )
    return PowerCurve(
        name=turbine,
        speeds_ms=tuple(speeds),
        power_kw=tuple(power),
        # Some curves pass what the makers state by a few per cent.
        rated_kw=max(float(rated.to_dict()[turbine]) / 1000, *power),
    )


@cache
def _library() -> tuple[pd.DataFrame, pd.Series]:
    """Power [W] by turbine and wind speed, and rated power [W], out of windpowerlib's files.

    Read without windpowerlib's own code: that takes half a second to load and warns of pandas'
    coming ways.
    """
    package = importlib.util.find_spec("windpowerlib")
    if package is None or not package.submodule_search_locations:
        raise ModelInputError(
            "Power curves come with windpowerlib, which is not installed: pip install windpowerlib."
        )
    folder = Path(package.submodule_search_locations[0]) / "oedb"
    curves = pd.read_csv(folder / "power_curves.csv", index_col="turbine_type").sort_index()
    data = pd.read_csv(folder / "turbine_data.csv", index_col="turbine_type")
    rated = data["nominal_power"].groupby(level=0).first()
    curves.columns = curves.columns.astype(float)
    return curves[curves.index.isin(rated.index)].sort_index(axis=1), rated


@overload
def mean_power(mean_speed_ms: float, curve: PowerCurve, *, shape: float = ...) -> float: ...
@overload
def mean_power(mean_speed_ms: pd.Series, curve: PowerCurve, *, shape: float = ...) -> pd.Series: ...
def mean_power(
    mean_speed_ms: float | pd.Series, curve: PowerCurve, *, shape: float = 2.0
) -> float | pd.Series:
    r"""Mean power of a turbine where wind speeds follow a Weibull distribution.

    .. math:: \bar P = \int_0^\infty P(v)\, \mathrm{d}F(v)
        = \sum_i \frac{\Delta P_i}{\Delta v_i} \int_{v_i}^{v_{i+1}} S(v)\, \mathrm{d}v
        + P_0 S(v_0) - P_n S(v_n), \qquad S(v) = e^{-(v/c)^k}

    with :math:`c = \bar v / \Gamma(1 + 1/k)`. The integral of :math:`S` is an incomplete gamma
    function, so that the result is exact for a curve of straight pieces, however coarse.

    Parameters
    ----------
    mean_speed_ms
        Mean speed :math:`\bar v` at the height of the hub [m/s], 0 to 25.
    curve
        Power curve :math:`P(v)`.
    shape
        Shape :math:`k`, 1 to 5; 2 is the Rayleigh distribution.

    Returns
    -------
    float or pandas.Series
        Mean power [kW], of the kind and on the index of `mean_speed_ms`.

    Raises
    ------
    ModelInputError
        If a value is outside its range.

    References
    ----------
    .. [1] J. F. Manwell, J. G. McGowan, A. L. Rogers: Wind Energy Explained, 2nd ed., Wiley 2009,
       2.4.3 and 2.5.
    .. [2] IEC 61400-12-1:2017, 9.3 (annual energy production, Rayleigh distribution).

    Examples
    --------
    A turbine that gives 1,000 kW at 10 m/s and more, and nothing below, in winds of 8 m/s on
    average: :math:`1000\, e^{-(\pi/4)(10/8)^2}`.

    >>> step = PowerCurve("step", (10, 10, 60), (0, 1000, 1000), rated_kw=1000)
    >>> round(mean_power(8.0, step), 3)
    293.117
    """
    require_range(
        "mean wind speed [m/s]",
        mean_speed_ms,
        0,
        _FASTEST_MEAN_MS,
        hint="Is it in km/h? Divide by 3.6.",
    )
    require_range("shape of the Weibull distribution", shape, 1, 5)
    speeds = np.atleast_1d(np.asarray(mean_speed_ms, dtype=float))
    power = _mean_power(speeds, curve, shape)
    if isinstance(mean_speed_ms, pd.Series):
        return pd.Series(power, index=mean_speed_ms.index, name="mean_power_kw")
    return float(power[0])


def _mean_power(
    mean_speeds: npt.NDArray[np.float64], curve: PowerCurve, shape: float
) -> npt.NDArray[np.float64]:
    from scipy.special import gamma, gammainc  # type: ignore[import-untyped]  # noqa: PLC0415

    points, power = np.array(curve.speeds_ms), np.array(curve.power_kw)
    # No wind at all is the limit of little wind.
    scale = np.maximum(mean_speeds, 1e-9)[:, None] / gamma(1 + 1 / shape)
    beyond = (points / scale) ** shape
    exceeded = np.exp(-beyond)
    integral = scale * gamma(1 + 1 / shape) * gammainc(1 / shape, beyond)
    steps, widths = np.diff(power), np.diff(points)
    jumps = widths == 0
    slopes = np.where(jumps, 0.0, steps / np.where(jumps, 1.0, widths))
    pieces = np.diff(integral, axis=1) @ slopes + exceeded[:, 1:] @ np.where(jumps, steps, 0.0)
    ends = power[0] * exceeded[:, 0] - power[-1] * exceeded[:, -1]
    total: npt.NDArray[np.float64] = pieces + ends
    return total


@overload
def wind_energy(
    mean_speed_ms: float, curve: PowerCurve, *, shape: float = ..., losses: float = ...
) -> float: ...
@overload
def wind_energy(
    mean_speed_ms: pd.Series, curve: PowerCurve, *, shape: float = ..., losses: float = ...
) -> pd.Series: ...
def wind_energy(
    mean_speed_ms: float | pd.Series, curve: PowerCurve, *, shape: float = 2.0, losses: float = 0.0
) -> float | pd.Series:
    """Energy that one turbine gives in a year.

    Parameters
    ----------
    mean_speed_ms
        Mean speed at the height of the hub [m/s], corrected for the density of the air if wanted
        (`speed_at_standard_density`).
    curve
        Power curve.
    shape
        Shape of the Weibull distribution, 1 to 5.
    losses
        Share lost to standstill, wakes and cables [0-1]; of several shares, one less the product of
        what each leaves: 1 - (1 - a)(1 - b).

    Returns
    -------
    float or pandas.Series
        Energy [kWh/yr] in 8,760 h.

    Raises
    ------
    ModelInputError
        If a value is outside its range.

    References
    ----------
    .. [1] IEC 61400-12-1:2017, 9.3.

    Examples
    --------
    >>> round(wind_energy(7.0, power_curve("E-82/2000"), losses=0.1) / 1e6, 2)
    5.7
    """
    power: Any = mean_power(mean_speed_ms, curve, shape=shape)
    require_range("losses [0-1]", losses, 0, 1)
    energy: float | pd.Series = power * (1 - losses) * HOURS_PER_YEAR
    return energy.rename("energy_kwh") if isinstance(energy, pd.Series) else energy


@overload
def wind_capacity_factor(
    mean_speed_ms: float, curve: PowerCurve, *, shape: float = ..., losses: float = ...
) -> float: ...
@overload
def wind_capacity_factor(
    mean_speed_ms: pd.Series, curve: PowerCurve, *, shape: float = ..., losses: float = ...
) -> pd.Series: ...
def wind_capacity_factor(
    mean_speed_ms: float | pd.Series, curve: PowerCurve, *, shape: float = 2.0, losses: float = 0.0
) -> float | pd.Series:
    """Share of the energy that a turbine would give at its rated power all year.

    To be set beside the report's flat 26.3 %, or in its place in `wind_generation`.

    Parameters
    ----------
    mean_speed_ms, curve, shape, losses
        As for `wind_energy`.

    Returns
    -------
    float or pandas.Series
        Capacity factor [0-1].

    Raises
    ------
    ModelInputError
        If a value is outside its range.

    Examples
    --------
    >>> round(wind_capacity_factor(7.0, power_curve("E-82/2000"), losses=0.1), 3)
    0.318
    """
    energy: Any = wind_energy(mean_speed_ms, curve, shape=shape, losses=losses)
    factor: float | pd.Series = energy / (curve.rated_kw * HOURS_PER_YEAR)
    return factor.rename("capacity_factor") if isinstance(factor, pd.Series) else factor
