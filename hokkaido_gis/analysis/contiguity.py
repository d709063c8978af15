"""Where polygons meet: shared segments, shared corners, overlaps and gaps, as plain arrays.

Segments between two vertices are matched by their coordinates, which is exact and several times
faster than intersecting boundaries. What no segment of a neighbour matches (coasts, and borders
whose vertices differ) is compared geometrically, so that a corner on the middle of a long edge is
found too. `adjacency` turns these arrays into a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hokkaido_gis.analysis.equal_places import equal_keys
from hokkaido_gis.analysis.pairs import Pairs, as_pairs, least_pairs, sum_pairs
from hokkaido_gis.analysis.rings import Segments
from hokkaido_gis.analysis.short_lengths import segment_lengths

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from hokkaido_gis.analysis.rings import Rings

    Hashes = npt.NDArray[np.uint64]
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    ToLonLat = Callable[[Floats], Floats]

# Segments looked at under one box when those near other polygons are sought.
_RUN = 32
_EARTH_RADIUS_M = 6_371_000.0
# What a segment has in place of its one mate.
_NONE, _SEVERAL = -1, -2
# Bits of a filter for vertices, few enough for the processor's cache.
_MARKS = np.uint64(1 << 20)


@dataclass(frozen=True, eq=False, slots=True)
class Matches:
    """Segments that two polygons have in common.

    Attributes
    ----------
    borders
        Pairs with their interiors on different sides, and the length of the common border [m].
    overlaps
        Pairs with their interiors on the same side: polygons that cover one another.
    mate
        For each segment the position of the one across the border; -1 where there is none, -2 where
        there are several.
    """

    borders: Pairs
    overlaps: Pairs
    mate: Ints


def match_segments(rings: Rings, keys: Hashes, to_lonlat: ToLonLat) -> Matches:
    """Find pairs of polygons that share whole segments.

    Parameters
    ----------
    rings
        The rings of the layer.
    keys
        Their vertices as `hash_places` has them.
    to_lonlat
        Turns coordinates (n, 2) of the layer into longitude and latitude.
    """
    owner, xy, after = rings.owner, rings.vertices, rings.next()
    one, other = equal_keys(keys + keys[after])
    against, along = _sides(rings, one, other)
    overlaps = as_pairs(owner[one[along]], owner[other[along]])
    one, other = one[against], other[against]
    mate = np.full(len(owner), _NONE)
    mate[one], mate[other] = other, one
    several = (mate[one] != other) | (mate[other] != one)
    mate[one[several]] = mate[other[several]] = _SEVERAL
    lonlat = to_lonlat(xy)
    lengths = segment_lengths(lonlat[one], lonlat[after[one]])
    return Matches(sum_pairs(owner[one], owner[other], lengths), overlaps, mate)


def shared_corners(rings: Rings, keys: Hashes, mate: Ints) -> tuple[Pairs, Segments]:
    """Find pairs of polygons that share a vertex, and the corners where open boundaries end.

    Around a vertex where two or three polygons share all their segments there is no room for
    another, so that only the other vertices are compared, and what is drawn over them.

    Parameters
    ----------
    rings
        The rings of the layer.
    keys
        Their vertices as `hash_places` has them.
    mate
        For each segment the one across the border, as in `Matches`.

    Returns
    -------
    pairs
        Pairs that share such a vertex (no measure).
    corners
        Corners whose own two segments are both matched, while an unmatched segment of another
        polygon ends there: what the open boundary meets there, this polygon meets too.
    """
    turns = _not_surrounded(rings, keys, mate)
    owner, vertices = rings.owner[turns], rings.vertices[turns]
    one, other = equal_keys(keys[turns])
    same = (vertices[one] == vertices[other]).all(axis=1) & (owner[one] != owner[other])
    one, other = one[same], other[same]
    is_open = (mate[turns] == _NONE) | (mate[rings.before()[turns]] == _NONE)
    ends_open = np.concatenate([other[is_open[one]], one[is_open[other]]])
    closed = np.unique(ends_open[~is_open[ends_open]])
    corners = Segments(
        owner[closed],
        rings.ring[turns[closed]],
        np.hstack([vertices[closed], vertices[closed]]),
        np.ones(len(closed), dtype=bool),
    )
    return as_pairs(owner[one], owner[other]), corners


def open_boundary(rings: Rings, mate: Ints, corners: Segments) -> Segments:
    """Join the segments that no neighbour shares and the corners where they end."""
    loose = rings.segments(np.flatnonzero(mate == _NONE))
    return Segments(
        np.concatenate([loose.owner, corners.owner]),
        np.concatenate([loose.ring, corners.ring]),
        np.vstack([loose.ends, corners.ends]),
        np.concatenate([loose.forward, corners.forward]),
    )


def open_contacts(loose: Segments, to_lonlat: ToLonLat) -> tuple[Pairs, Pairs, Pairs]:
    """Compare segments that no neighbour shares whole.

    Parameters
    ----------
    loose
        The open boundary.
    to_lonlat
        Turns coordinates (n, 2) of the layer into longitude and latitude.

    Returns
    -------
    borders
        Pairs whose segments run along one another, with the common length [m].
    points
        Pairs where an end of one lies on the other (no measure).
    overlaps
        Pairs whose boundaries cross, or run along one another with both interiors on one side (no
        measure).
    """
    one, other = _close_pairs(loose.ends, loose.owner, 0.0)
    near, far = _lines(loose.ends[one]), _lines(loose.ends[other])
    left, right = loose.owner[one], loose.owner[other]
    along = shapely.relate_pattern(near, far, "1********")
    opposite = loose.forward[one] != loose.forward[other]
    corner = loose.is_corner()
    crossing = shapely.relate_pattern(near, far, "0********") & ~corner[one] & ~corner[other]
    border, overlap, point = along & opposite, crossing | (along & ~opposite), ~along & ~crossing
    common = shapely.get_coordinates(shapely.intersection(near[border], far[border]))
    return (
        sum_pairs(left[border], right[border], _lengths(common.reshape(-1, 4), to_lonlat)),
        as_pairs(left[point], right[point]),
        as_pairs(left[overlap], right[overlap]),
    )


def contained(loose: Segments, polygons: npt.NDArray[np.object_]) -> Pairs:
    """Find pairs where an open ring of one lies in the interior of the other (no measure).

    One vertex a ring is looked at: rings that lie there only in part cross the other's boundary,
    and a polygon's own lie on its boundary.
    """
    _, first = np.unique(loose.ring, return_index=True)
    tree = shapely.STRtree(np.asarray(shapely.points(loose.starts()[first])))
    outer, inner = tree.query(polygons, predicate="contains")
    return as_pairs(outer, loose.owner[first][inner])


def overlapping(pairs: Pairs, polygons: npt.NDArray[np.object_]) -> Pairs:
    """Select the pairs whose interiors meet (no measure)."""
    meet = shapely.relate_pattern(polygons[pairs.first], polygons[pairs.second], "T********")
    return pairs.take(meet)


def near_contacts(loose: Segments, to_lonlat: ToLonLat, tolerance: float) -> Pairs:
    """Find pairs of polygons whose open boundaries come within a tolerance.

    Segments stay straight in the layer's own plane, which is stretched to metres; a projection
    would bend them, so that a long edge and a vertex on its middle parted by metres.

    Parameters
    ----------
    loose
        The open boundary.
    to_lonlat
        Turns coordinates (n, 2) of the layer into longitude and latitude.
    tolerance
        Greatest gap [m].

    Returns
    -------
    Pairs
        Pairs with the width of the narrowest gap on the ellipsoid [m]; 0 where they overlap.
    """
    if len(loose.owner) == 0:
        return as_pairs(loose.owner, loose.owner)
    scales = _metres_per_unit(_sample(loose.starts()), to_lonlat)
    scale = np.median(scales, axis=0)
    # Far enough for the places where the plane is longest; the exact test follows.
    reach = tolerance * 1.05 * float((scale / scales).max())
    one, other = _close_pairs(loose.ends * np.tile(scale, 2), loose.owner, reach)
    origin = np.tile(loose.ends[one, :2], 2)
    local = np.tile(_metres_per_unit(loose.ends[one, :2], to_lonlat), 2)
    near, far = ((loose.ends[side] - origin) * local for side in (one, other))
    links = shapely.get_coordinates(shapely.shortest_line(_lines(near), _lines(far)))
    widths = _lengths(links.reshape(-1, 4) / local + origin, to_lonlat)
    within = widths <= tolerance
    return least_pairs(loose.owner[one[within]], loose.owner[other[within]], widths[within])


def _sides(rings: Rings, one: Ints, other: Ints) -> tuple[Bools, Bools]:
    """Whether segments of different polygons run against one another, or the same way."""
    xy, after = rings.vertices, rings.next()
    differ = rings.owner[one] != rings.owner[other]
    against = differ & _equal(xy, one, after[other]) & _equal(xy, after[one], other)
    along = np.zeros(len(one), dtype=bool)
    rest = np.flatnonzero(differ & ~against)
    one, other = one[rest], other[rest]
    along[rest] = _equal(xy, one, other) & _equal(xy, after[one], after[other])
    return against, along


def _equal(xy: Floats, one: Ints, other: Ints) -> Bools:
    x, y = xy.T
    return np.asarray((x[one] == x[other]) & (y[one] == y[other]))


def _not_surrounded(rings: Rings, keys: Hashes, mate: Ints) -> Ints:
    """Positions of the vertices around which two or three polygons do not close.

    With them those that lie where such a vertex does, and a few others.
    """
    place = np.arange(len(mate))
    # From a polygon over its segment to the next one around the vertex; -1 leads to -1.
    around = np.append(np.where(mate >= 0, rings.next()[mate], -1), -1)
    turn = around[around[:-1]]
    turns = np.flatnonzero(turn != place)
    turns = turns[around[turn[turns]] != turns]
    marked = np.zeros(_MARKS, dtype=bool)
    marked[keys[turns] % _MARKS] = True
    return np.flatnonzero(marked[keys % _MARKS])


def _lines(ends: Floats) -> npt.NDArray[np.object_]:
    """Line strings of segments, and points of corners."""
    lines = np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)))
    corner = (ends[:, :2] == ends[:, 2:]).all(axis=1)
    lines[corner] = shapely.points(ends[corner, :2])
    return lines


def _lengths(ends: Floats, to_lonlat: ToLonLat) -> Floats:
    """Lengths [m] on the ellipsoid between the two ends of each row."""
    lonlat = to_lonlat(ends.reshape(-1, 2)).reshape(-1, 4)
    return segment_lengths(lonlat[:, :2], lonlat[:, 2:])


def _close_pairs(ends: Floats, owner: Ints, reach: float) -> tuple[Ints, Ints]:
    """Positions of pairs of segments, of different owners, that come within `reach`."""
    kept = _near_others(ends, owner, reach)
    lines = _lines(ends[kept])
    tree = shapely.STRtree(lines)
    if reach > 0:
        one, other = tree.query(lines, predicate="dwithin", distance=reach)
    else:
        one, other = tree.query(lines, predicate="intersects")
    one, other = kept[one], kept[other]
    apart = (owner[one] != owner[other]) & (one < other)
    return one[apart], other[apart]


def _near_others(ends: Floats, owner: Ints, reach: float) -> Ints:
    """Positions of segments in runs whose box comes within `reach` of a run of another owner.

    Of a long coast only the few runs beside other polygons are left.
    """
    position = np.arange(len(owner))
    start = np.flatnonzero((np.diff(owner, prepend=-1) != 0) | (position % _RUN == 0))
    low = np.minimum.reduceat(np.minimum(ends[:, :2], ends[:, 2:]), start) - reach / 2
    high = np.maximum.reduceat(np.maximum(ends[:, :2], ends[:, 2:]), start) + reach / 2
    boxes = np.asarray(shapely.box(*low.T, *high.T))
    one, other = shapely.STRtree(boxes).query(boxes)
    close = np.zeros(len(start), dtype=bool)
    close[one[owner[start[one]] != owner[start[other]]]] = True
    return np.flatnonzero(np.repeat(close, np.diff(start, append=len(owner))))


def _sample(xy: Floats) -> Floats:
    """About a thousand of the places, the outermost among them."""
    outermost = np.concatenate([xy.argmin(axis=0), xy.argmax(axis=0)])
    return np.vstack([xy[:: max(1, len(xy) // 1000)], xy[outermost]])


def _metres_per_unit(xy: Floats, to_lonlat: ToLonLat) -> Floats:
    """Metres that a unit of x and one of y measure at each place (to 0.5 %), shape (n, 2)."""
    if len(xy) == 0:
        return np.empty((0, 2))
    step = 1e-6 * max(1.0, float(np.abs(xy).max()))
    here = np.radians(to_lonlat(xy))
    moved = [np.radians(to_lonlat(xy + shift)) - here for shift in ([step, 0.0], [0.0, step])]
    arcs = [np.hypot(move[:, 0] * np.cos(here[:, 1]), move[:, 1]) for move in moved]
    return np.column_stack(arcs) * (_EARTH_RADIUS_M / step)
