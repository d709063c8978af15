"""Which weather station stands for a municipality or a site, by the rules of the report (ch. 4)."""

from __future__ import annotations

import warnings
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.crs import (
    STORAGE_CRS,
    geodesic_lengths,
    local_metric_crs,
    move_shapes,
    move_xy,
    to_storage_crs,
)
from hokkaido_gis.errors import LayerError, LayerWarning, name_some
from hokkaido_gis.units import kilometres_to_metres, metres_to_kilometres

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

# Distances in the search's projection are right to a fraction of this.
_SEARCH_MARGIN = 0.01
# Stations this near to a municipality without being in it are worth a word: a simplified coast
# leaves the capes outside.
_NOTABLE_GAP_KM = 1.0


class Rule(StrEnum):
    """How a station was chosen for a municipality."""

    OWN = "own"
    MEAN = "mean of own"
    NEAREST = "nearest"


def station_of(
    municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, *, tolerance: float = 0.0
) -> pd.DataFrame:
    """Choose the stations that stand for each municipality.

    Its own station, all of them when it has several, of whose values `mean_of_stations` takes the
    mean, or the nearest to a point inside it when it has none. Stations that do not measure what is
    wanted are left out beforehand: ``stations.loc[monthly(normals, "temperature").index]``.

    Parameters
    ----------
    municipalities
        Polygons with a CRS.
    stations
        Points with a CRS, their ids in the index.
    tolerance
        Distance [m] up to which a station outside all municipalities belongs to the nearest, for
        boundaries whose coast was simplified. Stations left out within 1 km are told as
        `LayerWarning`.

    Returns
    -------
    pandas.DataFrame
        On the index of `municipalities`: ``station_ids`` (text, several separated by ``;`` in the
        order of `stations`), ``rule`` (``own``, ``mean of own``, ``nearest``), ``distance_km`` from
        a point inside the municipality to the nearest of its stations [km on the ellipsoid].

    Raises
    ------
    LayerError
        If there are no stations, ids are given twice, or a layer has no CRS.
    """
    units, points = to_storage_crs(municipalities, "municipalities"), _points(stations)
    shapes = units.geometry.to_numpy()
    tree = shapely.STRtree(points.geometry.to_numpy())
    unit, station = tree.query(shapes, predicate="intersects")
    unit, station = _with_those_near_by(units, points, (unit, station), tolerance)
    inside = _lonlat(shapely.point_on_surface(shapes))
    own = pd.Series(station).groupby(unit).apply(sorted)
    rest = np.setdiff1d(np.arange(len(units)), own.index)
    nearest, _ = _nearest(inside[rest], points)
    chosen = own.to_dict() | {
        i: [j] for i, j in zip(rest.tolist(), nearest.tolist(), strict=True) if j >= 0
    }
    rules = {i: Rule.OWN if len(js) == 1 else Rule.MEAN for i, js in own.items()}
    rules |= {i: Rule.NEAREST for i in chosen if i not in rules}
    there = _lonlat(points.geometry.to_numpy())
    rows = range(len(units))
    return pd.DataFrame(
        {
            "station_ids": pd.array(
                [";".join(points.index[chosen[i]]) if i in chosen else None for i in rows],
                dtype="str",
            ),
            "rule": pd.array([str(rules[i]) if i in rules else None for i in rows], dtype="str"),
            "distance_km": [
                _shortest_km(inside[i], there[chosen[i]]) if i in chosen else np.nan for i in rows
            ],
        },
        index=municipalities.index,
    )


def nearest_station(sites: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> pd.DataFrame:
    """Choose the station nearest to each site.

    Parameters
    ----------
    sites
        Any geometries with a CRS; distances are from a point inside each.
    stations
        Points with a CRS, their ids in the index.

    Returns
    -------
    pandas.DataFrame
        On the index of `sites`: ``station_id`` (text; the first in the order of `stations` when two
        are equally near) and ``distance_km`` [km on the ellipsoid]; missing for empty geometries.

    Raises
    ------
    LayerError
        If there are no stations, ids are given twice, or a layer has no CRS.
    """
    points = _points(stations)
    shapes = to_storage_crs(sites, "sites").geometry.to_numpy()
    nearest, kilometres = _nearest(_lonlat(shapely.point_on_surface(shapes)), points)
    ids = [points.index[i] if i >= 0 else None for i in nearest]
    return pd.DataFrame(
        {"station_id": pd.array(ids, dtype="str"), "distance_km": kilometres}, index=sites.index
    )


def mean_of_stations(chosen: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Values of each municipality: those of its station, the mean where it has several.

    Parameters
    ----------
    chosen
        As `station_of` gives it.
    values
        Numbers by station id, such as one element's months.

    Returns
    -------
    pandas.DataFrame
        Columns of `values` on the index of `chosen`; missing where any of the stations has no
        value, since a mean over other stations in other months would not compare.

    Raises
    ------
    LayerError
        If a station chosen is not in `values`.
    """
    ids = [str(each).split(";") for each in chosen["station_ids"].dropna()]
    absent = sorted({each for some in ids for each in some} - set(values.index))
    if absent:
        fault = (
            f"{len(absent)} stations chosen have no row in the values ({name_some(absent)}). "
            "Choose among those that have: stations.loc[values.index]."
        )
        raise LayerError("stations", [fault])
    means = [values.loc[some].mean(skipna=False) for some in ids]
    known = chosen.index[chosen["station_ids"].notna()]
    return pd.DataFrame(means, index=known, columns=values.columns).reindex(chosen.index)


def _points(stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Stations in the CRS of storage, ids as text; those without a place are no candidates."""
    points = to_storage_crs(stations, "stations")
    points.index = points.index.astype(str)
    faults = []
    if points.index.has_duplicates:
        twice = list(points.index[points.index.duplicated()].unique())
        faults.append(f"ids are given twice: {name_some(twice)}.")
    empty = points.geometry.isna() | points.geometry.is_empty
    if empty.all():
        faults.append("there is no station with a place to choose from.")
    if not points.geom_type[~empty].eq("Point").all():
        faults.append("stations must be points.")
    if faults:
        raise LayerError("stations", faults)
    return points[~empty]


def _lonlat(points: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Longitude and latitude of points, not a number for empty and missing ones."""
    # GEOS refuses to give the coordinates of an empty point.
    points = points.copy()
    points[shapely.is_empty(points)] = None
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


def _nearest(
    sites: npt.NDArray[np.float64], stations: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Position of the nearest station (-1 for no site) and its distance [km on the ellipsoid].

    Candidates are found in a projection and told apart on the ellipsoid, which a projection alone
    would get wrong where two stations are almost equally near.
    """
    nearest, kilometres = np.full(len(sites), -1, dtype=np.intp), np.full(len(sites), np.nan)
    known = np.flatnonzero(np.isfinite(sites).all(axis=1))
    if len(known) == 0:
        return nearest, kilometres
    metric = local_metric_crs(stations)
    there = _lonlat(stations.geometry.to_numpy())
    flat = shapely.points(move_xy(sites[known], STORAGE_CRS, metric))
    tree = shapely.STRtree(move_shapes(stations.geometry.to_numpy(), STORAGE_CRS, metric))
    (one, _), least = tree.query_nearest(flat, return_distance=True, all_matches=False)
    reach = least[np.argsort(one)] * (1 + _SEARCH_MARGIN) + 1
    site, station = tree.query(flat, predicate="dwithin", distance=reach)
    metres = geodesic_lengths(sites[known][site], there[station])
    order = np.lexsort((station, metres, site))
    _, first = np.unique(site[order], return_index=True)
    best = order[first]
    nearest[known] = station[best]
    kilometres[known] = metres_to_kilometres(metres[best])
    return nearest, kilometres


def _with_those_near_by(
    units: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    pairs: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    tolerance: float,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Add stations outside all municipalities but within the tolerance of one; tell of others."""
    outside = np.setdiff1d(np.arange(len(points)), pairs[1])
    metric = local_metric_crs(points)
    tree = shapely.STRtree(move_shapes(units.geometry.to_numpy(), STORAGE_CRS, metric))
    flat = move_shapes(points.geometry.to_numpy()[outside], STORAGE_CRS, metric)
    reach = max(tolerance, kilometres_to_metres(_NOTABLE_GAP_KM))
    (station, unit), gaps = tree.query_nearest(
        flat, max_distance=reach, return_distance=True, all_matches=False
    )
    taken = gaps <= tolerance
    left = [str(points.index[i]) for i in outside[station[~taken]]]
    if left:
        warnings.warn(
            f"stations: {len(left)} lie outside all municipalities but within "
            f"{metres_to_kilometres(reach):g} km of one and stand for none ({name_some(left)}). "
            "tolerance [m] takes them in.",
            LayerWarning,
            stacklevel=3,
        )
    return (
        np.concatenate([pairs[0], unit[taken]]),
        np.concatenate([pairs[1], outside[station[taken]]]),
    )


def _shortest_km(site: npt.NDArray[np.float64], stations: npt.NDArray[np.float64]) -> float:
    starts = np.broadcast_to(site, stations.shape)
    return metres_to_kilometres(float(geodesic_lengths(starts, stations).min()))
