"""Polygons cut into the vertices and segments of their rings, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Segments:
    """Straight segments of polygon rings.

    Attributes
    ----------
    owner
        Position of the polygon each belongs to, shape (n,).
    ring
        Position of the ring each belongs to, over all polygons, shape (n,).
    ends
        x0, y0, x1, y1 with the two ends in ascending order, shape (n, 4). A corner that is looked
        at without its segments has two equal ends.
    forward
        Whether the ring ran from the first to the second of these ends, the interior on its left.
    """

    owner: Ints
    ring: Ints
    ends: Floats
    forward: Bools

    def starts(self) -> Floats:
        """Vertices where the segments start in the sense of their rings, shape (n, 2)."""
        return np.where(self.forward[:, None], self.ends[:, :2], self.ends[:, 2:])

    def is_corner(self) -> Bools:
        """Whether each is a corner, which has no length."""
        return np.asarray((self.ends[:, :2] == self.ends[:, 2:]).all(axis=1))


@dataclass(frozen=True, eq=False, slots=True)
class Rings:
    """Vertices of polygon rings, each the start of the segment to the next of its ring.

    Attributes
    ----------
    vertices
        Coordinates in the order of the polygons and their rings, the interior on the left, shape
        (n, 2). No two that follow one another are equal.
    owner
        Position of the polygon each belongs to, shape (n,).
    ring
        Position of the ring each belongs to, over all polygons, shape (n,).
    first
        Position of the first vertex of each ring that has any.
    """

    vertices: Floats
    owner: Ints
    ring: Ints
    first: Ints

    @property
    def last(self) -> Ints:
        """Position of the last vertex of each ring that has any."""
        return np.append(self.first[1:], len(self.ring))[: len(self.first)] - 1

    def next(self) -> Ints:
        """Position of the vertex after each one in its ring."""
        after = np.arange(1, len(self.ring) + 1)
        after[self.last] = self.first
        return after

    def before(self) -> Ints:
        """Position of the vertex before each one in its ring."""
        back = np.arange(-1, len(self.ring) - 1)
        back[self.first] = self.last
        return back

    def segments(self, which: Ints) -> Segments:
        """Some of the segments, by the position of their start."""
        start, end = self.vertices[which], self.vertices[self.next()[which]]
        west, east = start[:, 0], end[:, 0]
        forward = (west < east) | ((west == east) & (start[:, 1] < end[:, 1]))
        ends = np.where(forward[:, None], np.hstack([start, end]), np.hstack([end, start]))
        return Segments(self.owner[which], self.ring[which], ends, forward)


def cut_rings(polygons: npt.NDArray[np.object_]) -> Rings:
    """Cut polygons into the vertices of their rings.

    Parameters
    ----------
    polygons
        Polygons or multipolygons, shape (n,); missing and empty ones have no vertices.

    Returns
    -------
    Rings
        Of equal vertices that follow one another only one is kept.
    """
    oriented = shapely.orient_polygons(polygons)
    sizes, owner = _ring_sizes(oriented)
    xy = shapely.get_coordinates(oriented)
    # Turns -0.0 into 0.0, so that equal numbers have equal bits.
    xy += 0.0
    kept = np.ones(len(xy), dtype=bool)
    np.not_equal(xy[1:, 0], xy[:-1, 0], out=kept[:-1])
    kept[:-1] |= xy[1:, 1] != xy[:-1, 1]
    # The last vertex of a ring is its first.
    begins = np.cumsum(sizes) - sizes
    kept[begins + sizes - 1] = False
    counts = np.add.reduceat(kept, begins, dtype=np.int64) if len(sizes) else sizes
    ring = np.repeat(np.arange(len(sizes)), counts)
    first = (np.cumsum(counts) - counts)[counts > 0]
    return Rings(xy[kept], np.repeat(owner, counts), ring, first)


def _ring_sizes(polygons: npt.NDArray[np.object_]) -> tuple[Ints, Ints]:
    """Number of coordinates of each ring that has any, in their order, and its polygon."""
    sizes = shapely.get_num_coordinates(polygons)
    is_one = (shapely.get_type_id(polygons) == 3) & (shapely.get_num_interior_rings(polygons) == 0)
    one, several = np.flatnonzero(is_one & (sizes > 0)), np.flatnonzero(~is_one & (sizes > 0))
    parts, part_owner = shapely.get_parts(polygons[several], return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    sizes = np.concatenate([sizes[one], shapely.get_num_coordinates(rings)])
    owner = np.concatenate([one, several[part_owner[ring_part]]])
    order = np.argsort(owner, kind="stable")
    order = order[sizes[order] > 0]
    return sizes[order].astype(np.int64), owner[order].astype(np.int64)
