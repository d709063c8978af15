"""Search of a tree of segments for the nearest of each site, compiled by numba.

All that is compiled stands in this one file, by whose date numba knows what it keeps to be stale.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np

from hokkaido_gis.analysis.segment_index import RADIUS_M, SLACK, TIE_M
from hokkaido_gis.crs import GRS80

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from hokkaido_gis.analysis.segment_tree import Tree

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]
    Scales = tuple[float, float, float, float, float, float, float, float, float]
    Scale = tuple[float, float]
    Link = tuple[float, float, float, float]
    Found = tuple[Floats, Ints]
    Edges = tuple[Floats, npt.NDArray[np.bool_], Ints]
    Site = tuple[Floats, npt.NDArray[np.bool_], Floats, Scales, float]

Function = TypeVar("Function", bound="Callable[..., Any]")

FAN = 8
"""Children of a node."""
_A, _E2 = GRS80.a, GRS80.es
# What may be reordered for speed; infinity and what is no number keep their meaning.
_FAST = {"contract", "arcp", "reassoc", "nsz"}
_TURN = np.pi / 180
# Square of a foot's move, to that of the length, from which on no other is needed: of the move some
# 2 % is left at 100 km, which lengthens the connection by half of the square of that.
_SETTLED = 1e-7
_DEPTH = 32 * FAN


def _compiled(function: Function) -> Function:
    """Compile what compiled code calls."""
    return cast("Function", numba.njit(nogil=True, error_model="numpy", fastmath=_FAST)(function))


def _kept(function: Function) -> Function:
    """Compile what Python calls, and keep the machine code for the next time if it can be kept."""
    plain = numba.njit(nogil=True, error_model="numpy", fastmath=_FAST)(function)
    try:
        made = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_FAST)(function)
    except RuntimeError:  # no folder to keep it in
        return cast("Function", plain)

    @wraps(function)
    def run(*values: Any) -> Any:
        try:
            return made(*values)
        except Exception:  # noqa: BLE001
            # It was compiled but could not be kept, or what was kept is damaged, by which anything
            # may be raised. A fault of the values comes again.
            return (made if made.signatures else plain)(*values)

    return cast("Function", run)


@_compiled
def _scales(latitude: float) -> Scales:
    """Metres to a degree of longitude and latitude as series about a latitude, and its sine."""
    sine, cosine = np.sin(latitude * _TURN), np.cos(latitude * _TURN)
    root = 1 - _E2 * sine * sine
    normal = _A / np.sqrt(root)
    meridian = normal * (1 - _E2) / root
    bend = 3 * meridian * _E2 * sine * cosine / root
    return (
        latitude,
        _TURN * normal * cosine,
        -(_TURN**2) * meridian * sine,
        -(_TURN**3) * (bend * sine + meridian * cosine) / 2,
        _TURN**4 * meridian * sine / 6,
        _TURN * meridian,
        _TURN**2 * bend,
        sine,
        cosine,
    )


@_compiled
def _scale_at(latitude: float, scales: Scales) -> tuple[float, float]:
    off = latitude - scales[0]
    east = ((scales[4] * off + scales[3]) * off + scales[2]) * off + scales[1]
    return east, scales[5] + scales[6] * off


@_compiled
def _point_gap(x: float, y: float, a: Floats, scales: Scales) -> tuple[float, float, float]:
    """Distance [m] of a point to a segment, found as `segment_index` describes, and its foot."""
    dx, dy = a[2] - a[0], a[3] - a[1]
    along_x, along_y = dx * scales[1], dy * scales[5]
    square = along_x * along_x + along_y * along_y
    share = 0.0
    if square > 0:
        ahead = (x - a[0]) * scales[1] * along_x + (y - a[1]) * scales[5] * along_y
        share = min(1.0, max(0.0, ahead / square))
    foot_x, foot_y = (a[2], a[3]) if share == 1 else (a[0] + share * dx, a[1] + share * dy)
    for _ in range(3):
        middle = (y + foot_y) / 2
        east, north = _scale_at(middle, scales)
        to_x, to_y = (x - foot_x) * east, (y - foot_y) * north
        off = (middle - scales[0]) * _TURN
        sine = scales[7] * (1 - off * off / 2) + scales[8] * off
        turn = (x - foot_x) * _TURN / 2 * sine
        east, north = _scale_at(foot_y, scales)
        along_x, along_y = dx * east, dy * north
        square = along_x * along_x + along_y * along_y
        if square == 0:
            break
        ahead = to_x * along_x + to_y * along_y + turn * (to_x * along_y - to_y * along_x)
        before = share
        share += ahead / square
        if share <= 0:
            share, foot_x, foot_y = 0.0, a[0], a[1]
        elif share >= 1:
            share, foot_x, foot_y = 1.0, a[2], a[3]
        else:
            foot_x, foot_y = a[0] + share * dx, a[1] + share * dy
        if (share - before) ** 2 * square < _SETTLED * (to_x * to_x + to_y * to_y):
            break
    east, north = _scale_at((y + foot_y) / 2, scales)
    to_x, to_y = (x - foot_x) * east, (y - foot_y) * north
    turn_x, turn_y = ((x - foot_x) * _TURN) ** 2, ((y - foot_y) * _TURN) ** 2
    square = to_x * to_x * (1 - turn_x / 12) + to_y * to_y * (1 - turn_y / 12) * (1 - turn_x / 4)
    return np.sqrt(square * (1 + square / (12 * RADIUS_M * RADIUS_M))), foot_x, foot_y


@_compiled
def _rough_way(x: float, y: float, a: Floats, scale: Scale) -> Scale:
    """Way [m] east and north from a point to a segment, by the metres of a degree."""
    east, north = scale
    dx, dy = (a[2] - a[0]) * east, (a[3] - a[1]) * north
    to_x, to_y = (a[0] - x) * east, (a[1] - y) * north
    square = dx * dx + dy * dy
    if square > 0:
        share = min(1.0, max(0.0, -(to_x * dx + to_y * dy) / square))
        to_x, to_y = to_x + share * dx, to_y + share * dy
    return to_x, to_y


@_compiled
def _sure(gap: float, far: float, span: float, scales: Scales) -> float:
    """What of a length in a plane is sure, by the reasons of `segment_index.rough_margin`."""
    steep = 1 + abs(scales[7]) / max(scales[8], 1e-3)
    share = steep * span * _TURN + (steep * far / RADIUS_M) ** 2
    return float(gap - far * share - TIE_M)


@_compiled
def _least_gap(site: Site, a: Floats, is_close: bool) -> float:
    """Less than the distance [m] of a segment to a site, found from the middle of the site.

    Of that the site's radius is left out, or how far it reaches towards the segment.
    """
    ends, ring, box, scales, _ = site
    x, y, radius = box[4], box[5], box[6]
    scale = _scale_at((2 * y + a[1] + a[3]) / 4, scales)
    to_x, to_y = _rough_way(x, y, a, scale)
    gap = np.sqrt(to_x * to_x + to_y * to_y)
    reach = radius
    if is_close and gap > 0:
        east, north = to_x / gap * scale[0], to_y / gap * scale[1]
        reach = -radius
        for i in range(len(ends)):
            reach = max(reach, (ends[i, 0] - x) * east + (ends[i, 1] - y) * north)
            if not ring[i]:
                reach = max(reach, (ends[i, 2] - x) * east + (ends[i, 3] - y) * north)
    return _sure(gap - reach, gap + radius, box[3] - box[1] + abs(a[3] - a[1]), scales)


@_compiled
def _least_edge_gap(edge: Floats, a: Floats, scales: Scales, is_ring: bool) -> float:
    """Less than the distance [m] of two segments that do not cross."""
    scale = _scale_at((edge[1] + a[1]) / 2, scales)
    least = np.inf
    for way in range(4):
        if way == 1 and is_ring:
            continue
        one, other = (edge, a) if way < 2 else (a, edge)
        at = 2 * (way % 2)
        to_x, to_y = _rough_way(one[at], one[at + 1], other, scale)
        least = min(least, to_x * to_x + to_y * to_y)
    least = np.sqrt(least)
    return _sure(least, least, abs(edge[3] - edge[1]) + abs(a[3] - a[1]), scales)


@_compiled
def _is_crossing(a: Floats, b: Floats) -> bool:
    ax, ay, bx, by = a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1]
    cross = ax * by - ay * bx
    if cross == 0:
        return False
    gx, gy = b[0] - a[0], b[1] - a[1]
    turned = 1.0 if cross > 0 else -1.0
    one, other = (gx * by - gy * bx) * turned, (gx * ay - gy * ax) * turned
    return bool(0 < one < cross * turned and 0 < other < cross * turned)


@_compiled
def _edge_gap(edge: Floats, a: Floats, scales: Scales, is_ring: bool) -> tuple[float, Link]:
    """Distance [m] between two segments, the least from an end of one to the other, and its ends.

    The end of an edge of a ring is left to the edge that starts there.
    """
    is_point = edge[0] == edge[2] and edge[1] == edge[3]
    least, link = np.inf, (edge[0], edge[1], edge[0], edge[1])
    if not is_point and _is_crossing(edge, a):
        return 0.0, link
    # One call in a loop, since every further one would be compiled anew.
    for way in range(1 if is_point else 4):
        if way == 1 and is_ring:
            continue
        one, other = (edge, a) if way < 2 else (a, edge)
        at = 2 * (way % 2)
        gap, x, y = _point_gap(one[at], one[at + 1], other, scales)
        if gap < least:
            least, link = gap, (one[at], one[at + 1], x, y)
    return least, link


@_compiled
def _is_within(x: float, y: float, ends: Floats, ring: npt.NDArray[np.bool_]) -> bool:
    """Whether a point lies within the rings of a site, holes left out."""
    inside = False
    for i in range(len(ends)):
        south, north = ends[i, 1], ends[i, 3]
        if ring[i] and (south > y) != (north > y):
            at = ends[i, 0] + (y - south) / (north - south) * (ends[i, 2] - ends[i, 0])
            if x < at:
                inside = not inside
    return inside


@_compiled
def _box_gap(a: Floats, b: Floats, east: float, north: float) -> float:
    """Less than the distance [m] between two boxes, so many metres to a degree at least."""
    dx = max(0.0, a[0] - b[2], b[0] - a[2]) * east
    dy = max(0.0, a[1] - b[3], b[1] - a[3]) * north
    # A hundredth less, since geodesics are shorter than parallels and degrees grow polewards.
    return float(0.99 * np.sqrt(dx * dx + dy * dy))


@_compiled
def _nearest_corner(ends: Floats, a: Floats, east: float, north: float) -> int:
    """The edge that starts nearest to the middle of a segment, roughly."""
    x, y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
    least, nearest = np.inf, 0
    for i in range(len(ends)):
        dx, dy = (ends[i, 0] - x) * east, (ends[i, 1] - y) * north
        square = dx * dx + dy * dy
        if square < least:
            least, nearest = square, i
    return nearest


@_compiled
def _site_gap(site: Site, a: Floats, east: float, most: float) -> tuple[float, int]:
    """Distance [m] of a segment to a site and the edge it is from; -1 for one within the site."""
    ends, ring, box, scales, _ = site
    least, nearest, bound = np.inf, 0, most
    west, south = min(a[0], a[2]), min(a[1], a[3])
    east_end, north_end = max(a[0], a[2]), max(a[1], a[3])
    # Edges are taken in turn from one that is likely to be the nearest, which spares the others.
    first = _nearest_corner(ends, a, east, scales[5]) if len(ends) > 1 else 0
    for step in range(len(ends)):
        i = first + step
        if i >= len(ends):
            i -= len(ends)
        x, y, other_x, other_y = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
        dx = max(0.0, west - max(x, other_x), min(x, other_x) - east_end) * east
        dy = max(0.0, south - max(y, other_y), min(y, other_y) - north_end) * scales[5]
        square = 0.98 * (dx * dx + dy * dy)
        if square > bound * bound:
            continue
        if square > 0 and _least_edge_gap(ends[i], a, scales, ring[i]) > bound:
            continue
        gap, _ = _edge_gap(ends[i], a, scales, ring[i])
        if gap < least or (gap == least and i < nearest):
            least, nearest, bound = gap, i, min(gap, most)
        if least == 0:
            return least, nearest
    is_near = box[0] <= a[0] <= box[2] and box[1] <= a[1] <= box[3]
    if is_near and _is_within(a[0], a[1], ends, ring):
        return 0.0, -1
    return least, nearest


@_compiled
def _comes_before(gap: float, target: int, other_gap: float, other: int) -> bool:
    """Whether a target is nearer than another, or as near and earlier."""
    rounded, other_rounded = np.rint(gap / TIE_M), np.rint(other_gap / TIE_M)
    return bool(rounded < other_rounded or (rounded == other_rounded and target < other))


@_compiled
def _keep(best: Found, gap: float, target: int, segment: int, edge: int) -> None:
    """Put a candidate among the best, each target once, the least first."""
    gaps, found = best
    at = len(gaps) - 1
    for rank in range(len(gaps)):
        if found[rank, 0] == target:
            at = rank
    is_known = found[at, 0] == target
    if is_known and gaps[at] <= gap:
        return
    if not is_known and not _comes_before(gap, target, gaps[at], found[at, 0]):
        return
    while at > 0 and _comes_before(gap, target, gaps[at - 1], found[at - 1, 0]):
        gaps[at] = gaps[at - 1]
        for part in range(3):
            found[at, part] = found[at - 1, part]
        at -= 1
    gaps[at], found[at, 0], found[at, 1], found[at, 2] = gap, target, segment, edge


@_compiled
def _widened(metres: float) -> float:
    """Greatest length [m] that may yet be as short, as `slack` has it."""
    return metres + metres * SLACK * (metres / RADIUS_M) ** 2 + TIE_M


@_compiled
def _frame(shape: Floats, box: Floats) -> None:
    """West, south, east and north of a site and the middle of these [degrees]."""
    box[0] = box[1] = np.inf
    box[2] = box[3] = -np.inf
    for i in range(len(shape)):
        box[0] = min(box[0], shape[i, 0], shape[i, 2])
        box[1] = min(box[1], shape[i, 1], shape[i, 3])
        box[2] = max(box[2], shape[i, 0], shape[i, 2])
        box[3] = max(box[3], shape[i, 1], shape[i, 3])
    box[4], box[5] = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


@_compiled
def _look_at_leaf(
    tree: Tree, node: int, site: Site, best: Found, limits: tuple[int, float]
) -> float:
    """Keep what a leaf has that is near enough, and give the limit [m] from then on."""
    k, limit = limits
    narrow = min(site[4], tree.scales[node, 0])
    start, stop = node * FAN, min((node + 1) * FAN, len(tree.ends))
    least = np.empty(FAN)
    for i in range(start, stop):
        least[i - start] = _least_gap(site, tree.ends[i], False)
    # The nearest first, which spares most of the others.
    for _ in range(start, stop):
        at = 0
        for i in range(1, stop - start):
            if least[i] < least[at]:
                at = i
        if least[at] > limit:
            break
        least[at] = np.inf
        a = tree.ends[start + at]
        if _least_gap(site, a, True) > limit:
            continue
        gap, edge = _site_gap(site, a, narrow, limit)
        if gap <= limit:
            _keep(best, gap, tree.owner[start + at], start + at, edge)
            limit = min(limit, _widened(best[0][k - 1]))
    return limit


@_compiled
def _branch(tree: Tree, at: tuple[int, int], site: Site, limit: float, stack: Found) -> int:
    """Put the children of a node that are near enough on the stack, the nearest on top."""
    bounds, nodes = stack
    _, _, box, scales, east = site
    depth, node = at
    level = nodes[depth, 0] - 1
    below = tree.levels[level]
    base = depth
    for child in range(node * FAN, min((node + 1) * FAN, tree.levels[level + 1] - below)):
        narrow = min(east, tree.scales[below + child, 0])
        bound = _box_gap(box, tree.boxes[below + child], narrow, scales[5])
        if bound > limit:
            continue
        place = depth
        while place > base and bounds[place - 1] < bound:
            bounds[place] = bounds[place - 1]
            nodes[place, 0], nodes[place, 1] = nodes[place - 1, 0], nodes[place - 1, 1]
            place -= 1
        bounds[place], nodes[place, 0], nodes[place, 1] = bound, level, child
        depth += 1
    return depth


@_compiled
def _search_one(
    tree: Tree, site: Site, limits: tuple[int, float], best: Found, stack: Found
) -> float:
    """Find the nearest targets of one site, the nearest branch first."""
    bounds, nodes = stack
    nodes[0, 0], nodes[0, 1], bounds[0] = len(tree.levels) - 2, 0, 0.0
    k, limit = limits
    for rank in range(len(best[0])):
        best[0][rank], best[1][rank, 0] = np.inf, -1
    depth = 1
    while depth > 0:
        depth -= 1
        if bounds[depth] > limit:
            continue
        level, node = nodes[depth, 0], nodes[depth, 1]
        if level == 0:
            limit = _look_at_leaf(tree, node, site, best, (k, limit))
        else:
            depth = _branch(tree, (depth, node), site, limit, stack)
    return limit


@_kept
def search(
    tree: Tree, edges: Edges, wanted: tuple[int, float], segment: Ints, links: Floats
) -> None:
    """Fill `segment` and `links` of every site; links have no length where they meet."""
    ends, ring, first = edges
    k, reach = wanted
    kept = segment.shape[1]
    gaps, found = np.empty(kept), np.empty((kept, 3), dtype=np.intp)
    stack = np.empty(_DEPTH), np.empty((_DEPTH, 2), dtype=np.intp)
    box = np.empty(7)
    for site in range(len(first) - 1):
        start, stop = first[site], first[site + 1]
        if start == stop:
            continue
        shape = ends[start:stop]
        _frame(shape, box)
        scales = _scales((box[1] + box[3]) / 2)
        east = _scales(max(abs(box[1]), abs(box[3])))[1]
        wide, high = (box[2] - box[0]) * scales[1], (box[3] - box[1]) * scales[5]
        # A hundredth more, since degrees grow towards the equator.
        box[6] = 0.505 * np.sqrt(wide * wide + high * high)
        own = shape, ring[start:stop], box, scales, east
        limit = _search_one(tree, own, (k, _widened(reach)), (gaps, found), stack)
        for rank in range(kept):
            if found[rank, 0] >= 0 and gaps[rank] <= limit:
                segment[site, rank] = found[rank, 1]
                links[site, rank] = 0
                if found[rank, 2] >= 0:
                    at, a = start + found[rank, 2], tree.ends[found[rank, 1]]
                    _, link = _edge_gap(ends[at], a, scales, ring[at])
                    for part in range(4):
                        links[site, rank, part] = link[part]
