"""The order of shapes along a Hilbert curve, on which neighbours lie near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_AT_ONCE = 1_000_000
# Distances are 32-bit numbers; what has no place comes after them all.
_NOWHERE = 2**33


def centres(shapes: npt.NDArray[np.object_]) -> Floats:
    """Centres of the boxes around shapes, shape (n, 2); not a number for missing and empty ones."""
    west, south, east, north = shapely.bounds(shapes).T
    return np.column_stack([(west + east) / 2, (south + north) / 2])


def hilbert_order(xy: Floats) -> npt.NDArray[np.intp]:
    """Order of points along a Hilbert curve through the box around them.

    Parameters
    ----------
    xy
        Coordinates, shape (n, 2); rows that are not a number come last, in their order.

    Returns
    -------
    numpy.ndarray
        Positions, each once; points in one cell of the curve stay in their order.
    """
    distance = np.full(len(xy), _NOWHERE, dtype=np.int64)
    placed = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if len(placed):
        box = np.concatenate([xy[placed].min(axis=0), xy[placed].max(axis=0)])
        flat = box[2:] == box[:2]
        box[2:][flat] += 1  # points in one line lie in a box of some width
        for start in range(0, len(placed), _AT_ONCE):
            rows = placed[start : start + _AT_ONCE]
            points = gpd.GeoSeries(shapely.points(xy[rows]))
            distance[rows] = points.hilbert_distance(total_bounds=box).to_numpy()
    return np.argsort(distance, kind="stable")
