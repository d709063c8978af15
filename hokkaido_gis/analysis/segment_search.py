"""Search for the nearest segments of the targets of each site, in chunks and by one of two ways."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from hokkaido_gis.analysis.segment_index import (
    RADIUS_M,
    TIE_M,
    as_lines,
    contact_lengths,
    cut_segments,
    flat_lengths,
    rough_lengths,
    rough_margin,
    shortest_links,
    slack,
)
from hokkaido_gis.crs import STORAGE_CRS, local_metric_crs, move_shapes, move_xy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from pyproj import CRS

    from hokkaido_gis.analysis.segment_index import Segments
    from hokkaido_gis.analysis.segment_tree import Tree

    Ints = npt.NDArray[np.intp]
    Floats = npt.NDArray[np.float64]
    Shapes = npt.NDArray[np.object_]

LARGE = 100_000
"""Sites times groups times `k` squared from which the compiled tree has earned its start."""
_WHOLE: ContextVar[int] = ContextVar("sites of the whole layer", default=0)
# Sites searched at a time: at most, since each needs much memory for a while, and at least,
# to be worth a thread.
_CHUNK = 5_000
_LEAST = 500
_THREADS = 4
# How the circle around a site grows while it holds too few targets.
_WIDER = 1.6


class _Near(NamedTuple):
    """Pairs of a site and a target's segment, and how far apart they are at most [m]."""

    site: Ints
    segment: Ints
    most: Floats


class _Trees(NamedTuple):
    """Index of the segments of a group, and of their starts alone."""

    lines: shapely.STRtree
    starts: shapely.STRtree


class _Candidates(NamedTuple):
    """Pairs of a site's edge (-1: the segment lies within the site) and a target's segment."""

    site: Ints
    edge: Ints
    segment: Ints


class _Measured(NamedTuple):
    """Pairs of a site and a target with the geodesic length between them [m]."""

    site: Ints
    target: Ints
    metres: Floats


@contextmanager
def as_part_of(sites: int) -> Iterator[None]:
    """Search sites the way that their whole layer of so many sites is searched.

    The two ways find the same targets, and lengths within nanometres of each other; so that parts
    give what the whole gives to the last digit, the way goes by the whole.
    """
    before = _WHOLE.set(sites)
    try:
        yield
    finally:
        _WHOLE.reset(before)


@dataclass(frozen=True)
class SegmentSearch:
    """One search, cut into chunks of sites that are searched side by side."""

    shapes: Shapes
    targets: Shapes
    group: Ints
    k: int
    reach_m: float

    def run(self) -> Iterator[tuple[Ints, Ints, Ints, Ints, Floats]]:
        """Give site, target, group, rank and metres of each chunk."""
        threads = min(_THREADS, os.cpu_count() or 1)
        # As many sites to each, and enough chunks for every thread if there are sites for them.
        chunks = max(-(-len(self.shapes) // _CHUNK), min(threads, len(self.shapes) // _LEAST), 1)
        parts = np.array_split(self.shapes, chunks)
        starts = np.cumsum([0, *map(len, parts[:-1])])
        self.prepare()
        if chunks == 1:
            yield self.chunk(0, self.shapes)
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(self.chunk, starts, parts)

    def prepare(self) -> None:
        """Build the indexes before several threads ask for them."""
        _ = self.segments, self.places, self.areas
        if self.is_large:
            _ = self.compiled
        elif self.places:
            _ = self.trees

    @cached_property
    def is_large(self) -> bool:
        """Whether the compiled tree is worth its start."""
        work = max(len(self.shapes), _WHOLE.get()) * len(self.places) * self.k**2
        return work >= LARGE and find_spec("numba") is not None

    @cached_property
    def segments(self) -> Segments:
        """Segments of the targets."""
        return cut_segments(self.targets)

    @cached_property
    def places(self) -> dict[int, Ints]:
        """Segments of each group that has any, by position."""
        of_segment = self.group[self.segments.owner]
        used = np.unique(of_segment[of_segment >= 0])
        return {int(each): np.flatnonzero(of_segment == each) for each in used}

    @cached_property
    def areas(self) -> tuple[shapely.STRtree, Ints]:
        """Targets that a site may lie within."""
        area = np.flatnonzero(np.isin(shapely.get_type_id(self.targets), (3, 6)))
        return shapely.STRtree(self.targets[area]), area

    @cached_property
    def metric(self) -> CRS:
        """A projection [m] about the targets."""
        corners = np.concatenate([self.segments.start, self.segments.end])
        frame = shapely.box(*corners.min(axis=0), *corners.max(axis=0))
        return local_metric_crs(gpd.GeoDataFrame(geometry=[frame], crs=STORAGE_CRS))

    @cached_property
    def trees(self) -> dict[int, _Trees]:
        """Index of the segments of each group in the projection."""
        start, end = (
            move_xy(each, STORAGE_CRS, self.metric)
            for each in (self.segments.start, self.segments.end)
        )
        lines, starts = as_lines(start, end), np.asarray(shapely.points(start))
        return {
            each: _Trees(shapely.STRtree(lines[place]), shapely.STRtree(starts[place]))
            for each, place in self.places.items()
        }

    @cached_property
    def compiled(self) -> dict[int, Tree]:
        """Index of the segments of each group for compiled code."""
        from hokkaido_gis.analysis.segment_tree import build_tree  # noqa: PLC0415

        return {each: build_tree(self.segments, place) for each, place in self.places.items()}

    def chunk(self, start: int, shapes: Shapes) -> tuple[Ints, Ints, Ints, Ints, Floats]:
        """Search for some sites, of which the first stands at `start`."""
        edges = cut_segments(shapes)
        look = self._by_compiled_tree if self.is_large else self._by_tree
        found = []
        for each, measured in look(shapes, edges):
            inside, around = self._meeting_areas(shapes, each)
            site = np.concatenate([measured.site, inside])
            target = np.concatenate([measured.target, around])
            metres = np.concatenate([measured.metres, np.zeros(len(inside))])
            rows, rank = ranked(site, target, metres, self.k)
            rows, rank = rows[metres[rows] <= self.reach_m], rank[metres[rows] <= self.reach_m]
            found.append((site[rows], target[rows], np.full(len(rows), each), rank, metres[rows]))
        if not found:
            nothing = np.empty(0, dtype=np.intp)
            return nothing, nothing, nothing, nothing, np.empty(0)
        site, target, group, rank, metres = (
            np.concatenate(each) for each in zip(*found, strict=True)
        )
        order = np.lexsort((rank, group, site))
        return site[order] + start, target[order], group[order], rank[order], metres[order]

    def _by_compiled_tree(self, shapes: Shapes, edges: Segments) -> Iterator[tuple[int, _Measured]]:
        from hokkaido_gis.analysis.segment_tree import nearest_in_tree  # noqa: PLC0415

        for each, tree in self.compiled.items():
            site, segment, links = nearest_in_tree(
                tree, edges, len(shapes), k=self.k, reach_m=self.reach_m
            )
            metres = contact_lengths(links[:, :2], links[:, 2:])
            yield each, _Measured(site, self.segments.owner[segment], metres)

    def _by_tree(self, shapes: Shapes, edges: Segments) -> Iterator[tuple[int, _Measured]]:
        if not self.places:
            return
        flat = move_shapes(shapes, STORAGE_CRS, self.metric)
        known = np.flatnonzero(~(shapely.is_missing(flat) | shapely.is_empty(flat)))
        if len(known) == 0:
            return
        margin = _Margin.of(edges, self.segments)
        for each, trees in self.trees.items():
            place = self.places[each]
            owner = self.segments.owner[place]
            site, segment, most = self._near(flat[known], trees, owner, margin)
            near = _Near(known[site], place[segment], most)
            found = self._with_edges(shapes, edges, near, margin)
            yield each, self._measured(found, edges)

    def _near(self, flat: Shapes, trees: _Trees, owner: Ints, margin: _Margin) -> _Near:
        """Pairs of site and segment that may be among the nearest, found by widening circles."""
        wanted = min(self.k, len(np.unique(owner)))
        most = margin.widen(np.array([self.reach_m]))[0]
        # From one point of a site to the start of a segment it is sooner found, and no nearer.
        tree, point = trees.lines, shapely.point_on_surface(flat)
        one, nearest = trees.starts.query_nearest(point, all_matches=False)
        least = np.empty(len(point))
        least[one] = shapely.distance(point[one], tree.geometries[nearest])
        reach = np.minimum(margin.widen(least), most)
        corners = shapely.bounds(flat).reshape(-1, 2, 2) - shapely.get_coordinates(point)[:, None]
        radius = np.hypot(*np.abs(corners).max(axis=1).T)
        pending = np.arange(len(flat))
        found = [_Near(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))]
        while len(pending):
            # A circle about the point that holds that about the site is quicker to search.
            small = radius[pending] < reach[pending]
            probe = np.where(small, point[pending], flat[pending])
            wide = reach[pending] + np.where(small, radius[pending], 0)
            site, segment = tree.query(probe, predicate="dwithin", distance=wide)
            metres = shapely.distance(flat[pending[site]], tree.geometries[segment])
            rows, rank = ranked(site, owner[segment], metres, wanted)
            last = np.full(len(pending), np.inf)
            last[site[rows[rank == wanted]]] = metres[rows[rank == wanted]]
            needed = np.minimum(margin.widen(last), most)
            done = needed <= reach[pending]
            taken = done[site] & (metres <= needed[site])
            longest = margin.widen(metres[taken])
            found.append(_Near(pending[site[taken]], segment[taken], longest))
            reach[pending] = np.where(np.isfinite(needed), needed, _WIDER * reach[pending])
            pending = pending[~done]
        return _Near(*(np.concatenate(each) for each in zip(*found, strict=True)))

    def _with_edges(
        self, shapes: Shapes, edges: Segments, near: _Near, margin: _Margin
    ) -> _Candidates:
        """The edges of the sites that may be nearest to the segments."""
        site, segment, most = near
        meeting = most <= margin.widen(margin.widen(np.zeros(1)))
        touched = self.segments.take(segment[meeting])
        lines = as_lines(touched.start, touched.end)
        meeting[meeting] = shapely.intersects(shapes[site[meeting]], lines)
        within = _Candidates(site[meeting], np.full(meeting.sum(), -1), segment[meeting])
        site, segment = site[~meeting], segment[~meeting]
        pair, edge = self._near_edges(site, segment, edges, edges.first(len(shapes)))
        site, segment = site[pair], segment[pair]
        target = self.segments.owner[segment]
        metres = flat_lengths(edges.take(edge), self.segments.take(segment))
        best = near_least(site, target, metres)
        last = last_of(site[best], target[best], metres[best], self.k)
        best = best[metres[best] <= last + slack(last)]
        found = _Candidates(site[best], edge[best], segment[best])
        return _Candidates(*(np.concatenate(each) for each in zip(found, within, strict=True)))

    def _near_edges(
        self, site: Ints, segment: Ints, edges: Segments, first: Ints
    ) -> tuple[Ints, Ints]:
        """Of pairs of a site and a segment those that may be nearest, by position, with edges."""
        pair, edge = spread(first[site], first[site + 1])
        metres = rough_lengths(edges.take(edge), self.segments.take(segment[pair]))
        start = np.flatnonzero(np.diff(pair, prepend=-1))
        least = np.minimum.reduceat(metres, start) if len(start) else metres
        most = least + rough_margin(least, edges, self.segments)
        target = self.segments.owner[segment]
        limit = np.minimum(last_of(site, target, most, self.k), least_of(site, target, most))
        near = metres - rough_margin(metres, edges, self.segments) <= limit[pair]
        return pair[near], edge[near]

    def _measured(self, found: _Candidates, edges: Segments) -> _Measured:
        """Geodesic length [m] of every candidate."""
        metres = np.zeros(len(found.site))
        apart = np.flatnonzero(found.edge >= 0)
        links = shortest_links(
            edges.take(found.edge[apart]), self.segments.take(found.segment[apart])
        )
        metres[apart] = links.metres
        return _Measured(found.site, self.segments.owner[found.segment], metres)

    def _meeting_areas(self, shapes: Shapes, group: int) -> tuple[Ints, Ints]:
        """Sites that meet a target of area, which they may lie within."""
        tree, area = self.areas
        if len(area) == 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        site, target = tree.query(shapes, predicate="intersects")
        own = self.group[area[target]] == group
        return site[own], area[target[own]]


class _Margin(NamedTuple):
    """How far lengths in a projection may be from those on the ellipsoid.

    An azimuthal equal-area projection errs by an eighth of the square of the angle from its centre
    either way, and an edge that is straight in longitude and latitude bows in it.
    """

    share: float
    metres: float

    @classmethod
    def of(cls, edges: Segments, targets: Segments) -> _Margin:
        corners = np.concatenate([targets.start, targets.end, edges.start, edges.end])
        centre = (
            np.concatenate([targets.start, targets.end]).min(axis=0)
            + np.concatenate([targets.start, targets.end]).max(axis=0)
        ) / 2
        angle = np.radians(np.hypot(*(np.abs(corners - centre).max(axis=0))))
        spans = np.concatenate([targets.end - targets.start, edges.end - edges.start])
        longest = np.hypot(*(np.abs(spans) * 111_700).T).max(initial=0)
        return cls(0.3 * angle**2 + 1e-6, longest**2 / (4 * RADIUS_M) * 2 + 10 * TIE_M)

    def widen(self, metres: Floats) -> Floats:
        return metres * (1 + self.share) + self.metres


def ranked(site: Ints, target: Ints, metres: Floats, k: int) -> tuple[Ints, Ints]:
    """Rows of the `k` nearest targets of each site, each target once, and their ranks from 1."""
    order = np.lexsort((metres, target, site))
    s, t = site[order], target[order]
    order = order[np.r_[True, (s[1:] != s[:-1]) | (t[1:] != t[:-1])][: len(order)]]
    order = order[np.lexsort((target[order], np.rint(metres[order] / TIE_M), site[order]))]
    s = site[order]
    rank = np.arange(len(s)) - np.searchsorted(s, s) + 1
    return order[rank <= k], rank[rank <= k]


def last_of(site: Ints, target: Ints, metres: Floats, k: int) -> Floats:
    """For each row how far the `k`-th nearest target of its site is; infinite if there is none."""
    last = np.full(site.max(initial=-1) + 1, np.inf)
    if k == 1:
        np.minimum.at(last, site, metres)
        return last[site]
    rows, rank = ranked(site, target, metres, k)
    last[site[rows[rank == k]]] = metres[rows[rank == k]]
    return last[site]


def least_of(site: Ints, target: Ints, metres: Floats) -> Floats:
    """For each row the least length between its site and its target."""
    _, pair = np.unique(site.astype(np.int64) << 32 | target, return_inverse=True)
    least = np.full(pair.max(initial=-1) + 1, np.inf)
    np.minimum.at(least, pair, metres)
    return least[pair]


def near_least(site: Ints, target: Ints, metres: Floats) -> Ints:
    """Rows that may be the shortest of their site and target."""
    least = least_of(site, target, metres)
    return np.flatnonzero(metres <= least + slack(least))


def spread(first: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Every number of every range, with the position of its range."""
    count = stop - first
    place = np.repeat(np.arange(len(first)), count)
    return place, np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[place]
