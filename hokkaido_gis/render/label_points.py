"""The point of each feature at which its name stands, the same in every output."""

from __future__ import annotations

import numpy as np
import shapely

from hokkaido_gis.render.shapes import Shapes, simple_parts


def label_points(shapes: Shapes) -> Shapes:
    """Find a point on each geometry where a label may stand.

    It lies in the largest part of the highest dimension: at the centroid of an area, or elsewhere
    inside where the centroid is not; half-way along a line; at a point itself.

    Parameters
    ----------
    shapes
        Geometries of any type, in plane coordinates.

    Returns
    -------
    numpy.ndarray
        One point for each geometry; ``None`` where that is missing or empty.
    """
    parts, owners = simple_parts(shapes)
    dimensions = shapely.get_dimensions(parts)
    sizes = np.where(dimensions == 2, shapely.area(parts), shapely.length(parts))
    order = np.lexsort((sizes, dimensions, owners))
    largest = order[np.flatnonzero(np.diff(owners[order], append=-1))]
    points = np.full(len(shapes), None, dtype=object)
    points[owners[largest]] = _inner_points(parts[largest])
    return points


def _inner_points(parts: Shapes) -> Shapes:
    points = parts.copy()
    lines = shapely.get_dimensions(parts) == 1
    points[lines] = shapely.line_interpolate_point(parts[lines], 0.5, normalized=True)
    areas = np.flatnonzero(shapely.get_dimensions(parts) == 2)
    points[areas] = shapely.centroid(parts[areas])
    outside = areas[~shapely.contains_properly(parts[areas], points[areas])]
    points[outside] = shapely.point_on_surface(parts[outside])
    return points
