"""Areas of very many vertices, which Google Earth draws wrongly: cut into pieces it can fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.render.shapes import Shapes

MOST_VERTICES = 20_000
"""Vertices of a polygon above which it is cut, and of an outline's longest piece."""
_DECIMALS = 6


def is_long(shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Whether each geometry is or holds a valid polygon of more than `MOST_VERTICES`.

    Polygons that cross themselves cannot be cut without changing them; they stay whole.
    """
    long = shapely.get_num_coordinates(shapes) > MOST_VERTICES
    for i in np.flatnonzero(long):
        parts = shapely.get_parts(shapes[i])
        counts = shapely.get_num_coordinates(parts[shapely.get_type_id(parts) == 3])
        long[i] = (counts > MOST_VERTICES).any() and shapely.is_valid(shapes[i])
    return np.asarray(long, dtype=np.bool_)


def split_areas(polygons: Shapes) -> Shapes:
    """Cut polygons into pieces of at most `MOST_VERTICES`, which together are the same area.

    Cuts run along meridians and parallels of whole millionths of a degree, so that the pieces
    still meet when their coordinates are rounded.

    Parameters
    ----------
    polygons
        Valid polygons [degrees].
    """
    done: list[shapely.Polygon] = []
    waiting = list(polygons)
    while waiting:
        polygon = waiting.pop()
        west, south, east, north = polygon.bounds
        wide, high = east - west, north - south
        if shapely.get_num_coordinates(polygon) <= MOST_VERTICES or max(wide, high) < 2e-6:
            done.append(polygon)
            continue
        middle = round((west + east if wide > high else south + north) / 2, _DECIMALS)
        box = (west, south, middle, north) if wide > high else (west, south, east, middle)
        other = (middle, south, east, north) if wide > high else (west, middle, east, north)
        for half in (box, other):
            pieces = shapely.get_parts(shapely.intersection(polygon, shapely.box(*half)))
            # Where the border runs along the cut, lines and points are left over.
            waiting.extend(pieces[shapely.get_dimensions(pieces) == 2])
    return np.array([*done[::-1], None], dtype=object)[:-1]


def cut_outlines(polygons: Shapes) -> Shapes:
    """Take the rings of polygons as lines of at most `MOST_VERTICES`, end to end."""
    lines = []
    for ring in shapely.get_rings(polygons):
        vertices = shapely.get_coordinates(ring)
        starts = range(0, len(vertices) - 1, MOST_VERTICES - 1)
        lines += [shapely.linestrings(vertices[i : i + MOST_VERTICES]) for i in starts]
    return np.array([*lines, None], dtype=object)[:-1]
