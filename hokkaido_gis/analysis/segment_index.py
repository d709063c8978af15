"""Shapes cut into single segments, and the shortest connections between segments on the ellipsoid.

Edges are straight in longitude and latitude, as GeoJSON has them. Connections are found in the
plane for the latitude half way, with the terms that a sphere adds to it; what is reported is the
geodesic length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from hokkaido_gis.crs import GRS80, geodesic_lengths

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

RADIUS_M = GRS80.a
# Longer edges are divided, so that the boxes of an index stay small.
LONGEST_DEGREES = 0.1
# Lengths that differ by less are told apart by the order of the targets.
TIE_M = 1e-3
# Lengths found in a plane are right to a quarter of this times the square of their angle [rad].
SLACK = 2e-3
# Of Newton's method, each of which leaves some 2 % of the error at 100 km.
_STEPS = 3
_TOUCHING_M = 1e-6


class Segments(NamedTuple):
    """Segments of shapes, in the order of the shapes; a point is a segment without length.

    ``start`` and ``end`` are longitude and latitude [degrees], shape (n, 2); ``owner`` is the
    position of the shape; ``ring`` tells edges that bound an area.
    """

    start: Floats
    end: Floats
    owner: Ints
    ring: Bools

    def take(self, which: Ints) -> Segments:
        """Some of the segments by position."""
        return Segments(self.start[which], self.end[which], self.owner[which], self.ring[which])

    def first(self, shapes: int) -> Ints:
        """Position of the first segment of each of `shapes` shapes, and the end of the last."""
        return np.searchsorted(self.owner, np.arange(shapes + 1))


class Links(NamedTuple):
    """Shortest connections: geodesic length [m], and their ends on the site and on the target."""

    metres: Floats
    on_site: Floats
    on_target: Floats

    def take(self, which: Ints) -> Links:
        """Some of the connections by position."""
        return Links(*(each[which] for each in self))


def cut_segments(shapes: npt.NDArray[np.object_]) -> Segments:
    """Cut points, lines and polygons into their segments; missing and empty shapes have none.

    Parameters
    ----------
    shapes
        Any geometries in longitude and latitude.
    """
    parts, owner = shapes.copy(), np.arange(len(shapes))
    west, south, east, north = shapely.bounds(shapes).T
    wide = np.fmax(east - west, north - south) > LONGEST_DEGREES
    parts[wide] = shapely.segmentize(shapes[wide], LONGEST_DEGREES)
    while (np.isin(shapely.get_type_id(parts), (4, 5, 6, 7))).any():
        parts, place = shapely.get_parts(parts, return_index=True)
        owner = owner[place]
    kind = shapely.get_type_id(parts)
    area, line, point = kind == 3, np.isin(kind, (1, 2)), kind == 0
    rings, place = shapely.get_rings(parts[area], return_index=True)
    strings = np.concatenate([rings, parts[line]])
    string_owner = np.concatenate([owner[area][place], owner[line]])
    xy, string = shapely.get_coordinates(strings, return_index=True)
    same = string[:-1] == string[1:]
    points, which = shapely.get_coordinates(parts[point], return_index=True)
    cut = Segments(
        np.concatenate([xy[:-1][same], points]),
        np.concatenate([xy[1:][same], points]),
        np.concatenate([string_owner[string[:-1][same]], owner[point][which]]),
        np.concatenate([string[:-1][same] < len(rings), np.zeros(len(points), dtype=bool)]),
    )
    if (np.diff(cut.owner) >= 0).all():
        return cut
    return cut.take(np.argsort(cut.owner, kind="stable"))


def as_lines(start: Floats, end: Floats) -> npt.NDArray[np.object_]:
    """Lines of two points, and points where a segment has no length."""
    lines = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))
    # GEOS finds no line without length within a distance of a polygon.
    is_point = (start == end).all(axis=1)
    lines[is_point] = shapely.points(start[is_point])
    return lines


def metres_per_degree(latitude: Floats) -> Floats:
    """Length of a degree of longitude and of latitude [m] on the ellipsoid, shape (n, 2)."""
    sine = np.sin(np.radians(latitude))
    root = 1 - GRS80.es * sine**2
    normal = GRS80.a / np.sqrt(root)
    east = normal * np.cos(np.radians(latitude))
    north = normal * (1 - GRS80.es) / root
    return np.column_stack([np.radians(east), np.radians(north)])


def boxes(segments: Segments) -> Floats:
    """West, south, east and north of segments, shape (n, 4)."""
    start, end = segments.start, segments.end
    return np.column_stack([np.minimum(start, end), np.maximum(start, end)])


def box_gaps(one: Floats, other: Floats) -> Floats:
    """Less than the distance [m] of what lies in two boxes, pair by pair."""
    gap = np.maximum(0, np.maximum(one[:, :2] - other[:, 2:], other[:, :2] - one[:, 2:]))
    farthest = np.abs(np.column_stack([one[:, 1::2], other[:, 1::2]])).max(axis=1)
    # A hundredth less, since geodesics are shorter than parallels and degrees grow polewards.
    metres: Floats = np.hypot(*(gap * metres_per_degree(farthest) * 0.99).T)
    return metres


def slack(metres: Floats) -> Floats:
    """How much longer than the least a length found in a plane may be [m] and yet be the least."""
    return metres * SLACK * (metres / RADIUS_M) ** 2 + TIE_M


def rough_lengths(edges: Segments, targets: Segments) -> Floats:
    """Lengths between pairs of segments [m], in a plane for each pair: soon found, and not exact.

    Where segments cross they are not 0. `rough_margin` says how far they may be off.
    """
    scale = metres_per_degree((edges.start[:, 1] + targets.start[:, 1]) / 2)
    origin = edges.start
    a, b, c = (((p - origin) * scale).T for p in (edges.end, targets.start, targets.end))
    start = np.zeros_like(a)
    # The end of an edge of a ring is where another starts.
    ways = [(start, b, c), (b, start, a), (c, start, a)]
    square = np.min([_squares(*way) for way in ways], axis=0)
    last = np.flatnonzero(~edges.ring)
    square[last] = np.minimum(square[last], _squares(a[:, last], b[:, last], c[:, last]))
    metres: Floats = np.sqrt(square)
    return metres


def rough_margin(metres: Floats, edges: Segments, targets: Segments) -> Floats:
    """How far `rough_lengths` between some of the segments may be from the truth [m].

    The latitude half way between two points of a pair is as far as half their spans from the one
    its plane is for, and degrees of longitude shorten with the tangent of the latitude; what a
    plane leaves out grows with the square of the length.
    """
    spans = [np.abs(each.end - each.start)[:, 1].max(initial=0) for each in (edges, targets)]
    latitude = max(np.abs(each.start[:, 1]).max(initial=0) for each in (edges, targets))
    steep = 1 + np.tan(np.radians(min(latitude, 89)))
    share = steep * np.radians(sum(spans)) + (steep * metres / RADIUS_M) ** 2
    margin: Floats = metres * np.minimum(1, share) + TIE_M
    return margin


def flat_lengths(edges: Segments, targets: Segments) -> Floats:
    """Shortest lengths between pairs of segments [m], in the plane for the latitude half way."""
    lengths: Floats = np.min([_foot(*each, steps=2)[1] for each in _ends(edges, targets)], axis=0)
    lengths[_crossings(edges, targets)[0]] = 0
    return lengths


def shortest_links(edges: Segments, targets: Segments) -> Links:
    """Shortest connections between pairs of segments, with geodesic lengths.

    Parameters
    ----------
    edges, targets
        Segments of sites and of targets, pair by pair.
    """
    ways = _ends(edges, targets)
    best = np.argmin([_foot(*each, steps=2)[1] for each in ways], axis=0)
    rows = np.arange(len(best))
    fixed, one, other = (np.stack([way[i] for way in ways])[best, rows] for i in range(3))
    foot = _between(one, other, _foot(fixed, one, other)[0])
    metres = contact_lengths(fixed, foot)
    from_site = (best < 2)[:, None]
    on_site, on_target = np.where(from_site, fixed, foot), np.where(from_site, foot, fixed)
    crossing, where = _crossings(edges, targets)
    metres[crossing] = 0
    on_site[crossing] = on_target[crossing] = where
    return Links(metres, on_site, on_target)


def contact_lengths(one: Floats, other: Floats) -> Floats:
    """Geodesic lengths [m] between places, 0 where they touch but for rounding."""
    metres = geodesic_lengths(one, other)
    metres[metres < _TOUCHING_M] = 0
    return metres


def _ends(edges: Segments, targets: Segments) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """The four ways in which a connection starts at an end of one segment to meet the other."""
    return (
        (edges.start, targets.start, targets.end),
        (edges.end, targets.start, targets.end),
        (targets.start, edges.start, edges.end),
        (targets.end, edges.start, edges.end),
    )


def _between(one: Floats, other: Floats, share: Floats) -> Floats:
    """Points on segments; the ends themselves at 0 and 1, without rounding."""
    part = share[:, None]
    return np.where(part >= 1, other, one + part * (other - one))


def _foot(
    point: Floats, one: Floats, other: Floats, *, steps: int = _STEPS
) -> tuple[Floats, Floats]:
    """Where on a segment the nearest place to a point is [share of it], and how far [m].

    Newton's method on half the square of the length, whose slope along the segment is the length
    times the cosine of the angle between the two. The azimuth at the foot differs from that half
    way by half the convergence of the meridians.
    """
    span, share = other - one, np.full(len(one), 0.5)
    for _ in range(steps):
        foot = _between(one, other, share)
        towards = _towards(foot, point)
        turn = np.radians(point[:, 0] - foot[:, 0]) / 2
        turn *= np.sin(np.radians(point[:, 1] + foot[:, 1]) / 2)
        along = span * metres_per_degree(foot[:, 1])
        ahead = (towards * along).sum(axis=1)
        ahead += turn * (towards[:, 0] * along[:, 1] - towards[:, 1] * along[:, 0])
        square = (along**2).sum(axis=1)
        share = np.clip(share + ahead / np.where(square > 0, square, 1), 0, 1)
    foot = _between(one, other, share)
    towards = _towards(foot, point)
    turns = np.radians(point - foot) ** 2
    # The analogies of Gauss for a sphere, of half the longitudes' and latitudes' difference.
    square = towards[:, 0] ** 2 * (1 - turns[:, 0] / 12)
    square += towards[:, 1] ** 2 * (1 - turns[:, 1] / 12) * (1 - turns[:, 0] / 4)
    return share, np.sqrt(square * (1 + square / (12 * RADIUS_M**2)))


def _squares(point: Floats, one: Floats, other: Floats) -> Floats:
    """Squares of the distances of points to segments in a plane, all of shape (2, n)."""
    span, ahead = other - one, point - one
    square = (span**2).sum(axis=0)
    share = (ahead * span).sum(axis=0) / np.where(square > 0, square, 1)
    squares: Floats = ((ahead - np.clip(share, 0, 1) * span) ** 2).sum(axis=0)
    return squares


def _towards(one: Floats, other: Floats) -> Floats:
    """Way east and north [m] in the plane for the latitude half way."""
    return (other - one) * metres_per_degree((one[:, 1] + other[:, 1]) / 2)


def _crossings(edges: Segments, targets: Segments) -> tuple[Ints, Floats]:
    """Pairs of segments that cross, by position, and where."""
    span, other = edges.end - edges.start, targets.end - targets.start
    between = targets.start - edges.start
    # A pair that is parallel divides by zero, and compares as not crossing.
    with np.errstate(divide="ignore", invalid="ignore"):
        on_edge = _cross(between, other) / _cross(span, other)
        on_target = _cross(between, span) / _cross(span, other)
    crossing = np.flatnonzero((on_edge > 0) & (on_edge < 1) & (on_target > 0) & (on_target < 1))
    return crossing, _between(edges.start[crossing], edges.end[crossing], on_edge[crossing])


def _cross(one: Floats, other: Floats) -> Floats:
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
