"""Nearest lines, substations or other targets of each site, by class, with geodesic lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.analysis.segment_index import (
    box_gaps,
    boxes,
    cut_segments,
    flat_lengths,
    metres_per_degree,
    shortest_links,
)
from hokkaido_gis.analysis.segment_search import SegmentSearch, near_least, ranked, spread
from hokkaido_gis.crs import STORAGE_CRS, to_storage_crs
from hokkaido_gis.errors import LayerError, ModelInputError, name_some
from hokkaido_gis.units import kilometres_to_metres, metres_to_kilometres

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.analysis.segment_index import Links, Segments

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]
    Shapes = npt.NDArray[np.object_]

_SEGMENTS_AT_ONCE = 500_000


class Nearest(NamedTuple):
    """Nearest targets by position, in the order of sites, then groups, then ranks from 1."""

    site: Ints
    target: Ints
    group: Ints
    rank: Ints
    km: Floats


def nearest_features(
    features: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    *,
    groups: str | pd.Series | None = None,
    k: int = 1,
    max_km: float | None = None,
) -> pd.DataFrame:
    """Find the nearest targets of each site, in every group of targets.

    Single segments are indexed, candidates are told apart on the GRS 80 ellipsoid, and the lengths
    are geodesic from border to border: 0 where a target crosses, touches or lies within a site, or
    a site within a target. Edges are straight in longitude and latitude. With numba installed
    (``hokkaido-gis[fast]``) large layers are searched by compiled code, with the same result.

    Parameters
    ----------
    features
        Sites: points, lines or polygons with a CRS.
    targets
        Points, lines or polygons with a CRS, not necessarily the same.
    groups
        Group of each target, such as its voltage class: a column of `targets` or a Series on their
        index. Targets without a group are left out. All are one group ``"all"`` by default.
    k
        How many targets of each group.
    max_km
        Greatest distance [km]; none by default.

    Returns
    -------
    pandas.DataFrame
        A row for each site, group and rank: ``site`` and ``target`` (labels of their indexes),
        ``group``, ``rank`` (from 1; of targets that are equally near to a millimetre the first
        comes first) and ``km`` [km on the ellipsoid], in the order of sites, groups and ranks.
        Missing and empty geometries have no rows.

    Raises
    ------
    LayerError
        If labels are given twice, or the groups are not on the index of the targets.
    CRSError
        If a layer has no CRS, or none that leads to JGD2011.
    ModelInputError
        If `k` or `max_km` is not positive.

    Examples
    --------
    >>> from shapely.geometry import LineString, Point
    >>> farm = gpd.GeoDataFrame(geometry=[Point(143, 43)], index=["farm"], crs=6668)
    >>> lines = gpd.GeoDataFrame(
    ...     {"kv": [66, 187]},
    ...     geometry=[LineString([(143.1, 42), (143.1, 44)]), LineString([(143, 43), (144, 43)])],
    ...     index=["far", "near"], crs=6668,
    ... )
    >>> nearest_features(farm, lines, groups="kv").round(3).to_numpy().tolist()
    [['farm', 'far', 66, 1, 8.154], ['farm', 'near', 187, 1, 0.0]]
    """
    require_labels(features, "features")
    require_labels(targets, "targets")
    of_target = pd.Series("all", index=targets.index) if groups is None else groups
    if isinstance(of_target, str):
        if of_target not in targets.columns:
            fault = f"it has no column {of_target!r}; it has {name_some(list(targets.columns))}."
            raise LayerError("targets", [fault])
        of_target = targets[of_target]
    if not of_target.index.equals(targets.index):
        raise LayerError("groups", ["they must stand on the index of the targets, in its order."])
    code, names = pd.factorize(of_target, sort=True)
    found = nearest_positions(features, targets, code, k=k, max_km=max_km)
    return pd.DataFrame(
        {
            "site": features.index.take(found.site),
            "target": targets.index.take(found.target),
            "group": names.take(found.group),
            "rank": found.rank,
            "km": found.km,
        }
    )


def nearest_positions(
    features: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    group: Ints,
    *,
    k: int = 1,
    max_km: float | None = None,
) -> Nearest:
    """Find what `nearest_features` finds, by position.

    Parameters
    ----------
    features, targets
        As for `nearest_features`.
    group
        Group of each target, from 0; -1 leaves it out.
    k, max_km
        As for `nearest_features`.

    Returns
    -------
    Nearest
        Positions, and lengths [km on the ellipsoid].

    Raises
    ------
    CRSError, ModelInputError
        As for `nearest_features`.
    """
    faults = [f"k must be 1 or more; got {k}."] if k < 1 else []
    if max_km is not None and not max_km > 0:
        faults.append(f"max_km must be more than 0 km; got {max_km:g}.")
    if faults:
        raise ModelInputError(" ".join(faults))
    shapes = to_storage_crs(features, "features").geometry.to_numpy()
    there = to_storage_crs(targets, "targets").geometry.to_numpy()
    reach_m = np.inf if max_km is None else kilometres_to_metres(max_km)
    parts = list(SegmentSearch(shapes, there, np.asarray(group), k, reach_m).run())
    site, target, which, rank, metres = (
        np.concatenate([part[i] for part in parts]) for i in range(5)
    )
    return Nearest(site, target, which, rank, metres_to_kilometres(metres))


def connecting_segments(
    features: gpd.GeoDataFrame, targets: gpd.GeoDataFrame, chosen: pd.Series
) -> gpd.GeoSeries:
    """Draw the shortest connection of each site with the target chosen for it.

    Parameters
    ----------
    features, targets
        As for `nearest_features`.
    chosen
        Label of a target for each label of a site, such as ``connections["line_id"]``; where it is
        missing there is no connection. Several rows may name one site.

    Returns
    -------
    geopandas.GeoSeries
        Lines of two points, on the site and on the target, on the index of `chosen` in EPSG:6668;
        without length where the two meet, None where there is none.

    Raises
    ------
    LayerError
        If labels are given twice or not there.
    CRSError
        If a layer has no CRS, or none that leads to JGD2011.
    """
    require_labels(features, "features")
    require_labels(targets, "targets")
    wanted = np.flatnonzero(chosen.notna())
    site = features.index.get_indexer(chosen.index[wanted])
    target = targets.index.get_indexer(pd.Index(chosen.iloc[wanted].to_list()))
    faults = [
        f"{(place < 0).sum()} labels are not in the {layer}: {name_some(list(asked[place < 0]))}."
        for layer, place, asked in (
            ("features", site, chosen.index[wanted]),
            ("targets", target, chosen.iloc[wanted].to_numpy()),
        )
        if (place < 0).any()
    ]
    if faults:
        raise LayerError("chosen", faults)
    shapes = to_storage_crs(features, "features").geometry.to_numpy()
    there = to_storage_crs(targets, "targets").geometry.to_numpy()
    rows, ends = _link_pairs(shapes[site], there[target])
    lines = np.full(len(chosen), None, dtype=object)
    lines[wanted[rows]] = shapely.linestrings(ends)
    return gpd.GeoSeries(lines, index=chosen.index, crs=STORAGE_CRS, name="connection")


def require_labels(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Check that the rows of a layer can be told apart by their labels.

    Raises
    ------
    LayerError
        Naming the labels that are given twice.
    """
    if frame.index.has_duplicates:
        twice = list(frame.index[frame.index.duplicated()].unique())
        fault = f"labels are given twice in its index: {name_some(twice)}. Call reset_index first."
        raise LayerError(layer, [fault])


def _link_pairs(shapes: Shapes, targets: Shapes) -> tuple[Ints, Floats]:
    """Shortest connections pair by pair: rows that have one, and their two ends (n, 2, 2)."""
    rows, ends = [np.empty(0, dtype=np.intp)], [np.empty((0, 2, 2))]
    block = np.cumsum(shapely.get_num_coordinates(targets)) // _SEGMENTS_AT_ONCE
    for part in np.split(np.arange(len(shapes)), np.flatnonzero(np.diff(block)) + 1):
        row, links = _link_block(shapes[part], targets[part])
        rows.append(part[row])
        ends.append(np.stack([links.on_site, links.on_target], axis=1))
    return np.concatenate(rows), np.concatenate(ends)


def _link_block(shapes: Shapes, targets: Shapes) -> tuple[Ints, Links]:
    edges, segments = cut_segments(shapes), cut_segments(targets)
    first = edges.first(len(shapes))
    row, segment = _possible(shapes, edges, segments)
    pair, edge = spread(first[row], first[row + 1])
    row, segment = row[pair], segment[pair]
    metres = flat_lengths(edges.take(edge), segments.take(segment))
    best = near_least(row, row, metres)
    links = shortest_links(edges.take(edge[best]), segments.take(segment[best]))
    shortest, _ = ranked(row[best], row[best], links.metres, 1)
    row, links = row[best][shortest], links.take(shortest)
    # Of one within the other the borders lie apart.
    within = shapely.intersects(shapes[row], targets[row]) & (links.metres > 0)
    common = shapely.intersection(shapes[row[within]], targets[row[within]])
    meeting = shapely.get_coordinates(shapely.point_on_surface(common))
    links.on_site[within] = links.on_target[within] = meeting
    links.metres[within] = 0
    return row, links


def _possible(shapes: Shapes, edges: Segments, segments: Segments) -> tuple[Ints, Ints]:
    """Pairs of a site and a segment of its own target that may be the nearest.

    Their boxes are no farther apart than a corner of the site from the nearest of those segments.
    """
    first = edges.first(len(shapes))
    row = segments.owner
    there = np.flatnonzero((first[1:] > first[:-1])[row])
    row = row[there]
    corner, other = edges.start[first[row]], segments.start[there]
    scale = metres_per_degree((corner[:, 1] + other[:, 1]) / 2)
    least = np.full(len(shapes), np.inf)
    np.minimum.at(least, row, np.hypot(*((other - corner) * scale).T))
    gaps = box_gaps(shapely.bounds(shapes[row]), boxes(segments)[there])
    near = gaps <= least[row] * 1.01 + 1
    return row[near], there[near]
