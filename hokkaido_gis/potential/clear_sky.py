"""Irradiation for want of a table: clear skies by pvlib, and what hours of sunshine leave of them.

The estimates stand in for measured tables and are marked as such in a column ``estimate``.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pvlib
import shapely

from hokkaido_gis.crs import to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, ModelInputError, name_some
from hokkaido_gis.potential.ranges import require_range, require_table_range
from hokkaido_gis.potential.solar_yield import DAYS, MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

CLOUDED = 0.25 / 0.75
"""Share of a clear sky's irradiation that an overcast one lets through (Allen et al. 1998)."""

# Day of each month whose sun stands as in the month's mean (Klein 1977), in a common year.
_MEAN_DAYS = (17, 16, 16, 15, 15, 11, 17, 16, 15, 15, 14, 10)
_YEAR = 2023
_JAPAN_TIME = "Etc/GMT-9"
_STEPS_PER_HOUR = 6
# What a sunshine recorder counts as sunshine [W/m2 of direct light] (WMO, JMA).
_SUNSHINE_W_M2 = 120.0
# Hours of sunshine in a month; the darkest of Hokkaido have some 15, the longest day's month 472.
_SUNSHINE_H = (5.0, 480.0)
# Recorded sunshine may surpass the clear day of the model by some of its rounding.
_MOST_SHARE = 1.1


class _Sky(NamedTuple):
    """Sun and clear sky over a site on the mean day of each month: arrays of months x steps."""

    zenith: Floats
    azimuth: Floats
    direct: Floats
    diffuse: Floats
    level: Floats
    beyond: Floats


class _Plane(NamedTuple):
    """What a plane has in common at all sites."""

    azimuth: float
    albedo: float


def clear_sky_irradiation(
    sites: gpd.GeoDataFrame,
    *,
    tilt: float | pd.Series | None = None,
    azimuth: float = 180.0,
    sunshine: pd.DataFrame | None = None,
    clearness: float | None = None,
    albedo: float = 0.2,
) -> pd.DataFrame:
    r"""Estimate the mean daily irradiation of the months on a plane.

    Without `sunshine` or `clearness` every day is clear: an upper bound, far above what is
    measured. With the sunshine of the months, skies are clear for a share :math:`s` of the time and
    else overcast, when the fraction :math:`c` = 1/3 of the clear sky's irradiation comes through,
    all of it diffuse:

    .. math:: H = s\,H_{clear} + (1 - s)\,H_{overcast}, \qquad s = S / (N d)

    with the sunshine :math:`S` of a month, that of a clear day :math:`N` (direct light of 120 W/m2
    or more) and the days :math:`d`. On a level plane this is Angstrom's formula :math:`H =
    H_{clear}\,(c + (1 - c)\,s)`.

    Parameters
    ----------
    sites
        Points with a CRS, such as weather stations, in the time zone of Japan. A column
        ``elevation_m`` [m above sea level] is used where there is one; sea level elsewhere.
    tilt
        Tilt of the plane from the level [degrees], 0 to 90, for all sites or by site; None takes
        `optimal_tilt` under the same sky.
    azimuth
        Where the plane looks [degrees clockwise from north], 0 to 360; 180 is due south.
    sunshine
        Hours of sunshine [h a month] in columns ``m01`` to ``m12``, by site, as from
        ``monthly(normals, "sunshine")``: an estimate of the typical year. Sites that it lacks stay
        missing, and are told as `LayerWarning`.
    clearness
        Share of the clear sky's irradiation that is left [0-1], instead of `sunshine`.
    albedo
        Share of light that the ground throws back [0-1]: 0.2 for grass, 0.7 for snow.

    Returns
    -------
    pandas.DataFrame
        On the index of `sites`: ``tilt`` [degrees], ``irradiation`` (year's mean) and ``m01`` to
        ``m12`` [kWh/m2 day], which `yield_by_month` takes, and ``estimate``: ``clear sky``,
        ``clear sky x clearness`` or ``clear sky and sunshine``.

    Raises
    ------
    LayerError
        If sites are not points or have no CRS.
    ModelInputError
        If a value is outside its range, as sunshine in minutes or in hours a day, or both
        `sunshine` and `clearness` are given.

    References
    ----------
    .. [1] P. Ineichen, R. Perez, "A new airmass independent formulation for the Linke turbidity
       coefficient", Solar Energy 73 (2002); turbidity by month and place as pvlib brings it.
    .. [2] J. E. Hay, J. A. Davies, "Calculations of the solar radiation incident on an inclined
       surface" (1980).
    .. [3] A. Angstrom, "Solar and terrestrial radiation", Q. J. R. Meteorol. Soc. 50 (1924), with
       the coefficients 0.25 (overcast) and 0.75 (clear) of R. Allen et al., "Crop
       evapotranspiration", FAO 56 (1998), eq. 35.
    .. [4] S. A. Klein, "Calculation of monthly average insolation on tilted surfaces", Solar Energy
       19 (1977): the mean day of each month.
    """
    if sunshine is not None and clearness is not None:
        raise ModelInputError("sunshine and clearness both bring a clear sky down; give one.")
    left = 1.0 if clearness is None else clearness
    require_range("clearness [0-1]", left, 0, 1)
    plane = _checked_plane(azimuth, albedo)
    tilts = None if tilt is None else _by_site(tilt, sites.index)
    rows = []
    for i, sky, sunny in _skies(sites, sunshine):
        lean = _best_tilt(sky, sunny, plane) if tilts is None else float(tilts.iloc[i])
        rows.append([lean, *left * _daily(sky, sunny, np.array([lean]), plane)[0]])
    table = pd.DataFrame(rows, index=sites.index, columns=["tilt", *MONTHS], dtype=float)
    year = table[list(MONTHS)].to_numpy() @ np.array(DAYS) / sum(DAYS)
    table.insert(1, "irradiation", year)
    return table.assign(estimate=_kind(sunshine, clearness))


def optimal_tilt(
    sites: gpd.GeoDataFrame,
    *,
    azimuth: float = 180.0,
    sunshine: pd.DataFrame | None = None,
    albedo: float = 0.2,
) -> pd.Series:
    """Tilt at which a plane receives most in the year.

    Parameters
    ----------
    sites, azimuth, sunshine, albedo
        As for `clear_sky_irradiation`. Clouded skies, which `sunshine` tells of, ask for less of a
        tilt than clear ones where the winter is dark.

    Returns
    -------
    pandas.Series
        ``tilt`` from the level [degrees], to 0.1, on the index of `sites`.

    Raises
    ------
    LayerError, ModelInputError
        As `clear_sky_irradiation` does.
    """
    plane = _checked_plane(azimuth, albedo)
    tilts = [_best_tilt(sky, sunny, plane) for _, sky, sunny in _skies(sites, sunshine)]
    return pd.Series(tilts, index=sites.index, dtype=float, name="tilt")


def _kind(sunshine: pd.DataFrame | None, clearness: float | None) -> str:
    if sunshine is not None:
        return "clear sky and sunshine"
    return "clear sky" if clearness is None else "clear sky x clearness"


def _checked_plane(azimuth: float, albedo: float) -> _Plane:
    require_range("azimuth [degrees clockwise from north]", azimuth, 0, 360, hint="South is 180.")
    require_range("albedo [0-1]", albedo, 0, 1)
    return _Plane(azimuth, albedo)


def _by_site(tilt: float | pd.Series, index: pd.Index) -> pd.Series:
    hint = "Degrees from the level, not a gradient."
    require_range("tilt [degrees]", tilt, 0, 90, hint=hint)
    if not isinstance(tilt, pd.Series):
        return pd.Series(float(tilt), index=index)
    tilts = tilt.reindex(index)
    without = list(index[tilts.isna()])
    if without:
        raise ModelInputError(f"{len(without)} sites have no tilt: {name_some(without)}.")
    return tilts


def _skies(
    sites: gpd.GeoDataFrame, sunshine: pd.DataFrame | None
) -> Iterator[tuple[int, _Sky, Floats]]:
    """Position of each site, the clear sky over it, and the share of time it is clear by month."""
    points = to_storage_crs(sites, "sites")
    known = ~(points.geometry.isna() | points.geometry.is_empty)
    if not points.geom_type[known].eq("Point").all():
        raise LayerError("sites", ["sites must be points; take points inside them."])
    height = pd.Series(0.0, index=points.index)
    if "elevation_m" in points.columns:
        height = pd.Series(points["elevation_m"]).astype(float).fillna(0.0)
    require_range("elevation [m]", height, -10, 4000)
    hours = _checked_sunshine(sunshine, points.index)
    lacking = ~known | hours.isna().any(axis=1)
    if lacking.any():
        warnings.warn(
            f"irradiation: {int(lacking.sum())} of {len(points)} sites have no place or not all "
            f"months of sunshine, and lack months: {name_some(list(points.index[lacking]))}.",
            LayerWarning,
            stacklevel=3,
        )
    there = points.geometry.where(known, None).to_numpy()
    lons, lats = shapely.get_x(there), shapely.get_y(there)
    for i in range(len(points)):
        sky = _sky(lons[i], lats[i], height.iloc[i]) if known.iloc[i] else _nowhere()
        share = np.ones(12)
        if sunshine is not None and known.iloc[i]:
            share = hours.iloc[i].to_numpy() / _clear_hours(sky)
            _require_possible(share, points.index[i])
        yield i, sky, np.minimum(share, 1.0)


def _checked_sunshine(sunshine: pd.DataFrame | None, index: pd.Index) -> pd.DataFrame:
    if sunshine is None:
        return pd.DataFrame(1.0, index=index, columns=list(MONTHS))
    absent = [month for month in MONTHS if month not in sunshine.columns]
    if absent:
        raise ModelInputError(f"the table of sunshine has no column {name_some(absent, most=12)}.")
    if sunshine.index.has_duplicates:
        twice = list(sunshine.index[sunshine.index.duplicated()].unique())
        raise ModelInputError(f"sites stand twice in the table of sunshine: {name_some(twice)}.")
    hours = sunshine[list(MONTHS)].reindex(index)
    hint = "Hours a month are expected, not minutes or hours a day."
    require_table_range("sunshine [h a month]", hours, *_SUNSHINE_H, hint=hint)
    return hours.astype(float)


def _require_possible(share: Floats, site: object) -> None:
    """Sunshine cannot last longer than that of clear days."""
    told = [f"{MONTHS[i]}: {share[i]:.2f}" for i in np.flatnonzero(share > _MOST_SHARE)]
    if told:
        raise ModelInputError(
            f"sunshine at {site} is longer than that of a month of clear days, by a factor of "
            f"{name_some(told)}. Hours a month are expected."
        )


def _sky(lon: float, lat: float, metres: float) -> _Sky:
    """Clear sky by Ineichen and Perez with the turbidity that pvlib brings."""
    location = pvlib.location.Location(lat, lon, tz=_JAPAN_TIME, altitude=metres)
    times = _times()
    with warnings.catch_warnings():
        # pvlib 0.16 asks pandas 3.1 by a name that pandas means to drop.
        warnings.filterwarnings("ignore", "DatetimeIndex.dayofyear is deprecated")
        sun = location.get_solarposition(times)
        clear = location.get_clearsky(times, model="ineichen", solar_position=sun)
        beyond = pvlib.irradiance.get_extra_radiation(times)
    parts = (
        sun["apparent_zenith"], sun["azimuth"], clear["dni"], clear["dhi"], clear["ghi"], beyond,
    )  # fmt: skip
    return _Sky(*(part.to_numpy(dtype=float).reshape(12, -1) for part in parts))


def _times() -> pd.DatetimeIndex:
    """Middle of each step of the mean day of each month."""
    step = pd.Timedelta(hours=1) / _STEPS_PER_HOUR
    days = [pd.Timestamp(_YEAR, month, day) for month, day in enumerate(_MEAN_DAYS, 1)]
    steps = np.arange(24 * _STEPS_PER_HOUR) * step + step / 2
    return pd.DatetimeIndex([day + each for day in days for each in steps]).tz_localize(_JAPAN_TIME)


def _nowhere() -> _Sky:
    return _Sky(*np.full((6, 12, 24 * _STEPS_PER_HOUR), np.nan))


def _clear_hours(sky: _Sky) -> Floats:
    """Hours of sunshine in each month if every day were clear."""
    hours = (sky.direct >= _SUNSHINE_W_M2).sum(axis=1) / _STEPS_PER_HOUR
    return np.asarray(hours * np.array(DAYS), dtype=float)


def _daily(sky: _Sky, sunny: Floats, tilt: Floats, plane: _Plane) -> Floats:
    """Irradiation of the mean day of each month [kWh/m2 day]: a row for each tilt."""
    lean = tilt[:, None, None]
    clear = pvlib.irradiance.get_total_irradiance(
        lean,
        plane.azimuth,
        sky.zenith,
        sky.azimuth,
        sky.direct,
        sky.level,
        sky.diffuse,
        dni_extra=sky.beyond,
        albedo=plane.albedo,
        model="haydavies",
    )["poa_global"]
    seen = (1 + np.cos(np.radians(lean))) / 2
    overcast = CLOUDED * sky.level * (seen + plane.albedo * (1 - seen))
    watts = sunny[:, None] * clear + (1 - sunny[:, None]) * overcast
    return np.asarray(watts.sum(axis=-1) / _STEPS_PER_HOUR / 1000, dtype=float)


def _best_tilt(sky: _Sky, sunny: Floats, plane: _Plane) -> float:
    """Tilt of most irradiation in the year [degrees], to 0.1; missing for a missing sky."""
    if np.isnan(sky.level).any() or np.isnan(sunny).any():
        return float("nan")
    low, high = 0.0, 90.0
    # The year's sum has one maximum, so that a search on ever finer steps does not miss it.
    for step in (10.0, 1.0, 0.1):
        tilts = np.arange(low, high + step / 2, step)
        best = float(tilts[(_daily(sky, sunny, tilts, plane) @ np.array(DAYS)).argmax()])
        low, high = max(best - step, 0.0), min(best + step, 90.0)
    return round(best, 1)
