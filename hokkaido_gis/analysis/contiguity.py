"""Where polygons meet: shared segments, shared points, crossings and gaps, as plain arrays.

Segments between two vertices are matched by their coordinates, which is exact and several times
faster than intersecting boundaries. What no segment of a neighbour matches (coasts, and borders
whose vertices differ) is compared geometrically, so that a corner on the middle of a long edge is
found too. `adjacency` turns these arrays into a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from hokkaido_gis.crs import GRS80, geodesic_lengths

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    ToLonLat = Callable[[Floats], Floats]


class Pairs(NamedTuple):
    """Pairs of polygons by position, first < second, each with a measure.

    ``value`` is a border length [m], a gap [m] or unused, by the function that made it.
    """

    first: Ints
    second: Ints
    value: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Segments:
    """Straight segments of polygon rings.

    Attributes
    ----------
    owner
        Position of the polygon each belongs to, shape (n,).
    ends
        x0, y0, x1, y1 with the two ends in ascending order, shape (n, 4).
    forward
        Whether the ring ran from the first to the second of these ends, the interior on its left.
    """

    owner: Ints
    ends: Floats
    forward: npt.NDArray[np.bool_]

    def take(self, which: npt.NDArray[np.bool_] | Ints) -> Segments:
        """Select some of the segments."""
        return Segments(self.owner[which], self.ends[which], self.forward[which])

    def lines(self) -> npt.NDArray[np.object_]:
        """Build a line string of each segment, in its own CRS."""
        return np.asarray(shapely.linestrings(self.ends.reshape(-1, 2, 2)))


def ring_segments(polygons: npt.NDArray[np.object_]) -> Segments:
    """Cut the rings of polygons into segments.

    Parameters
    ----------
    polygons
        Polygons or multipolygons, shape (n,); missing and empty ones have no segments.

    Returns
    -------
    Segments
        In the order of the polygons and their rings; segments of no length are left out.
    """
    parts, part_owner = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    # Adding 0.0 turns -0.0 into 0.0, so that equal numbers have equal bits.
    xy = xy + 0.0
    start, end = xy[:-1], xy[1:]
    kept = (ring[:-1] == ring[1:]) & (start != end).any(axis=1)
    start, end, ring = start[kept], end[kept], ring[:-1][kept]
    forward = (start[:, 0] < end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] < end[:, 1]))
    ends = np.where(forward[:, None], np.hstack([start, end]), np.hstack([end, start]))
    return Segments(part_owner[ring_part[ring]].astype(np.int64), ends, forward)


def shared_borders(segments: Segments, to_lonlat: ToLonLat) -> tuple[Pairs, npt.NDArray[np.bool_]]:
    """Find pairs of polygons that share whole segments, and the length they share.

    Parameters
    ----------
    segments
        All segments of the layer.
    to_lonlat
        Turns coordinates (n, 2) of the layer into longitude and latitude.

    Returns
    -------
    pairs
        Pairs with the length of their common border on the ellipsoid [m]. Only segments with the
        two interiors on different sides count: polygons that cover one another share no border.
    matched
        For each segment, whether another polygon has it too.
    """
    one, other = _equal_rows(segments.ends, segments.owner)
    matched = np.zeros(len(segments.owner), dtype=bool)
    matched[one] = matched[other] = True
    opposite = segments.forward[one] != segments.forward[other]
    one, other = one[opposite], other[opposite]
    lonlat = to_lonlat(segments.ends[one].reshape(-1, 2)).reshape(-1, 4)
    lengths = geodesic_lengths(lonlat[:, :2], lonlat[:, 2:])
    return _sum_pairs(segments.owner[one], segments.owner[other], lengths), matched


def shared_points(segments: Segments) -> Pairs:
    """Find pairs of polygons that share at least one vertex (no measure)."""
    vertices = np.vstack([segments.ends[:, :2], segments.ends[:, 2:]])
    owner = np.concatenate([segments.owner, segments.owner])
    one, other = _equal_rows(vertices, owner)
    return _sum_pairs(owner[one], owner[other], np.zeros(len(one)))


def unmatched_contacts(loose: Segments, to_lonlat: ToLonLat) -> tuple[Pairs, Pairs, Pairs]:
    """Compare segments that no neighbour shares whole.

    Parameters
    ----------
    loose
        Segments without a match.
    to_lonlat
        Turns coordinates (n, 2) of the layer into longitude and latitude.

    Returns
    -------
    borders
        Pairs whose segments run along one another, with the common length [m].
    points
        Pairs where an end of one lies on the other (no measure).
    crossings
        Pairs whose boundaries cross, hence polygons that overlap (no measure).
    """
    lines = loose.lines()
    one, other = shapely.STRtree(lines).query(lines, predicate="intersects")
    apart = (loose.owner[one] != loose.owner[other]) & (one < other)
    one, other = one[apart], other[apart]
    left, right = loose.owner[one], loose.owner[other]

    along = shapely.relate_pattern(lines[one], lines[other], "1********")
    crossing = shapely.relate_pattern(lines[one], lines[other], "0********")
    common = shapely.get_coordinates(shapely.intersection(lines[one[along]], lines[other[along]]))
    lonlat = to_lonlat(common).reshape(-1, 4)
    lengths = geodesic_lengths(lonlat[:, :2], lonlat[:, 2:])
    point = ~along & ~crossing
    return (
        _sum_pairs(left[along], right[along], lengths),
        _sum_pairs(left[point], right[point], np.zeros(int(point.sum()))),
        _sum_pairs(left[crossing], right[crossing], np.zeros(int(crossing.sum()))),
    )


def near_contacts(
    loose: Segments, to_metric: ToLonLat, metric_to_lonlat: ToLonLat, tolerance: float
) -> Pairs:
    """Find pairs of polygons whose unshared segments come within a tolerance.

    Parameters
    ----------
    loose
        Segments without a match.
    to_metric, metric_to_lonlat
        Turn coordinates (n, 2) of the layer into metres near by, and those into longitude and
        latitude.
    tolerance
        Greatest gap [m].

    Returns
    -------
    Pairs
        Pairs with the width of the narrowest gap on the ellipsoid [m]; 0 where they overlap.
    """
    metric = Segments(
        loose.owner, to_metric(loose.ends.reshape(-1, 2)).reshape(-1, 4), loose.forward
    )
    lines = metric.lines()
    # The plane is true to some parts in ten thousand; the exact test follows on the ellipsoid.
    reach = tolerance * 1.01
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=reach)
    apart = (loose.owner[one] != loose.owner[other]) & (one < other)
    one, other = one[apart], other[apart]
    links = shapely.get_coordinates(shapely.shortest_line(lines[one], lines[other]))
    lonlat = metric_to_lonlat(links).reshape(-1, 4)
    widths = np.asarray(GRS80.inv(*lonlat.T)[2], dtype=float)
    within = widths <= tolerance
    return _least_pairs(loose.owner[one[within]], loose.owner[other[within]], widths[within])


def _equal_rows(rows: Floats, owner: Ints) -> tuple[Ints, Ints]:
    """Positions of all pairs of equal rows that belong to different owners."""
    order = _order_equal(rows)
    same = (rows[order][1:] == rows[order][:-1]).all(axis=1)
    run = np.concatenate([[0], np.cumsum(~same)])
    ones, others = [], []
    step = 1
    # Rows equal to their neighbour, then to the second next, until no run is that long.
    while step < len(order):
        equal = np.flatnonzero(run[step:] == run[:-step])
        if len(equal) == 0:
            break
        one, other = order[equal], order[equal + step]
        differ = owner[one] != owner[other]
        ones.append(one[differ])
        others.append(other[differ])
        step += 1
    if not ones:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(ones), np.concatenate(others)


def _order_equal(rows: Floats) -> Ints:
    """Order in which equal rows stand together."""
    keys = _hash_rows(rows)
    order = np.argsort(keys, kind="stable")
    collides = (keys[order][1:] == keys[order][:-1]) & (rows[order][1:] != rows[order][:-1]).any(
        axis=1
    )
    # Different rows with one hash may stand between equal ones; sorting by value is slow but exact.
    return np.lexsort(rows.T) if collides.any() else order


def _hash_rows(rows: Floats) -> npt.NDArray[np.uint64]:
    """Mix the bits of each row into 64 (multiply and shift, as in splitmix64)."""
    bits = np.ascontiguousarray(rows).view(np.uint64)
    keys = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _sum_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and add up the values of equal ones."""
    first, second, place = _unique_pairs(one, other)
    sums = np.zeros(len(first))
    np.add.at(sums, place, value)
    return Pairs(first, second, sums)


def _least_pairs(one: Ints, other: Ints, value: Floats) -> Pairs:
    """Bring pairs into first < second and keep the least value of equal ones."""
    first, second, place = _unique_pairs(one, other)
    least = np.full(len(first), np.inf)
    np.minimum.at(least, place, value)
    return Pairs(first, second, least)


def _unique_pairs(one: Ints, other: Ints) -> tuple[Ints, Ints, Ints]:
    low, high = np.minimum(one, other), np.maximum(one, other)
    keys, place = np.unique(low << 32 | high, return_inverse=True)
    return keys >> 32, keys & 0xFFFFFFFF, place
