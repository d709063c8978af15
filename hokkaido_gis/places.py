"""Which shape a point lies in or next to, with distances on the ellipsoid."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.crs import (
    STORAGE_CRS,
    geodesic_lengths,
    local_metric_crs,
    lonlat,
    move_shapes,
    to_storage_crs,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS

# Candidates are searched on an equal-area plane and measured on the ellipsoid. The plane errs by
# less than this over the island; a share of it and a metre more keep the true nearest among them.
_SEARCH_MARGIN, _SEARCH_MARGIN_M = 1.01, 1.0
# Shapes that are equally near to a micrometre, such as two that share a border, count as equal.
_SAME_DISTANCE_M = 1e-6
# An edge is straight in longitude and latitude, not on the plane. Cut into pieces of this length it
# strays from its course by less than a centimetre.
_PIECE_DEGREES = 0.005


def shapes_near(
    points: gpd.GeoDataFrame, shapes: gpd.GeoDataFrame, *, limit_m: float
) -> pd.DataFrame:
    """List every shape within a distance of every point.

    Parameters
    ----------
    points
        Points with a CRS; of a polygon or line, a point on it is taken.
    shapes
        Any geometries with a CRS.
    limit_m
        Greatest distance [m] on the ellipsoid; 0 lists the shapes that a point lies in.

    Returns
    -------
    pandas.DataFrame
        One row a pair: ``point`` and ``shape`` (rows, from 0) and ``distance_m`` (0 inside), in
        order of point, distance and shape.

    Raises
    ------
    CRSError
        If a layer has no CRS, or no known way leads from it to JGD2011.
    """
    search = _Search(points, shapes)
    inside = search.inside()
    if not limit_m > 0:
        return inside
    near = search.near(np.full(len(points), limit_m))
    both = pd.concat([inside, near[near["distance_m"] <= limit_m]], ignore_index=True)
    both = both.drop_duplicates(["point", "shape"])  # inside comes first, at no distance
    return both.sort_values(["point", "distance_m", "shape"], ignore_index=True)


def nearest_shape(
    points: gpd.GeoDataFrame, shapes: gpd.GeoDataFrame, *, limit_m: float = np.inf
) -> pd.DataFrame:
    """Find the shape that a point lies in, else the nearest one.

    Parameters
    ----------
    points
        Points with a CRS; of a polygon or line, a point on it is taken.
    shapes
        Any geometries with a CRS.
    limit_m
        Greatest distance [m] on the ellipsoid.

    Returns
    -------
    pandas.DataFrame
        On the index of `points`: ``position`` (row of `shapes`, from 0; missing where none is that
        near or several are equally near), ``distance_m`` (0 inside; missing where none is near) and
        ``candidates`` (rows of the shapes at that distance, a tuple).

    Raises
    ------
    CRSError
        If a layer has no CRS, or no known way leads from it to JGD2011.
    """
    search = _Search(points, shapes)
    pairs = search.inside()
    if limit_m > 0:
        outside = np.setdiff1d(np.arange(len(points)), pairs["point"])
        near = search.near(search.least_distances(outside, limit_m))
        pairs = pd.concat([pairs, near[near["distance_m"] <= limit_m]], ignore_index=True)
    rows = range(len(points))
    least = pairs.groupby("point")["distance_m"].transform("min")
    ties = pairs[pairs["distance_m"] <= least + _SAME_DISTANCE_M]
    candidates = ties.groupby("point")["shape"].agg(sorted).reindex(rows)
    tuples = [tuple(given) if isinstance(given, list) else () for given in candidates]
    return pd.DataFrame(
        {
            "position": pd.array([t[0] if len(t) == 1 else None for t in tuples], dtype="Int64"),
            "distance_m": least.groupby(pairs["point"]).first().reindex(rows).array,
            "candidates": pd.Series(tuples, dtype=object).array,
        },
        index=points.index,
    )


class _Search:
    """Two layers in degrees, where shapes are what they are, and on a plane for what is near."""

    def __init__(self, points: gpd.GeoDataFrame, shapes: gpd.GeoDataFrame) -> None:
        places = to_storage_crs(points, "points").geometry.to_numpy()
        self.points = shapely.point_on_surface(places)
        self.around = to_storage_crs(shapes, "shapes")

    def inside(self) -> pd.DataFrame:
        """Pairs of points and the shapes that they lie in or on."""
        # The shapes are the ones to ask with, since GEOS prepares those for many questions.
        tree = shapely.STRtree(self.points)
        shape, point = tree.query(self.around.geometry.to_numpy(), predicate="intersects")
        pairs = pd.DataFrame({"point": point, "shape": shape, "distance_m": 0.0})
        return pairs.sort_values(["point", "shape"], ignore_index=True)

    def least_distances(
        self, asked: npt.NDArray[np.intp], limit_m: float
    ) -> npt.NDArray[np.float64]:
        """Distance on the plane to the nearest shape [m]; missing where none is found."""
        least = np.full(len(self.points), np.nan)
        reach = limit_m * _SEARCH_MARGIN + _SEARCH_MARGIN_M if np.isfinite(limit_m) else None
        (found, _), metres = self.tree.query_nearest(
            self.starts[asked], max_distance=reach, return_distance=True, all_matches=False
        )
        least[asked[found]] = metres
        return least

    def near(self, radii: npt.NDArray[np.float64]) -> pd.DataFrame:
        """Pairs within a radius of each point on the plane and a margin, truly measured."""
        asked = np.flatnonzero(np.isfinite(radii))
        within = radii[asked] * _SEARCH_MARGIN + _SEARCH_MARGIN_M
        row, shape = self.tree.query(self.starts[asked], predicate="dwithin", distance=within)
        point = asked[row]
        lines = shapely.shortest_line(self.starts[point], self.targets[shape])
        ends = lonlat(self.plane, shapely.get_coordinates(lines))
        # A hair's breadth outside is not inside.
        metres = np.maximum(geodesic_lengths(ends[::2], ends[1::2]), _SAME_DISTANCE_M)
        return pd.DataFrame({"point": point, "shape": shape, "distance_m": metres})

    @cached_property
    def plane(self) -> CRS:
        return local_metric_crs(self.around)

    @cached_property
    def starts(self) -> npt.NDArray[np.object_]:
        return self._on_plane(self.points)

    @cached_property
    def targets(self) -> npt.NDArray[np.object_]:
        return self._on_plane(shapely.segmentize(self.around.geometry.to_numpy(), _PIECE_DEGREES))

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.targets)

    def _on_plane(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        return move_shapes(shapes, STORAGE_CRS, self.plane)
