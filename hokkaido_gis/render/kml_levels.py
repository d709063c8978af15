"""Many features drawn with few vertices, for a map seen from so far that no one of them is told.

Areas are snapped to a fine grid, or, where there are too many, sampled at the centres of coarse
cells; lines are snapped; points are thinned. The cost is bounded by the grid, not by the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.render.kml_rings import is_long, split_areas
from hokkaido_gis.render.shapes import simple_parts

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.render.scene import Bounds
    from hokkaido_gis.render.shapes import Indices, Shapes

FINE, COARSE, SPARSE = 512, 128, 64
"""Cells across a box: of outlines, of a mosaic of areas too many for outlines, of points."""


@dataclass(frozen=True, eq=False, slots=True)
class Features:
    """What is drawn.

    Attributes
    ----------
    shapes
        Geometries in longitude and latitude, none missing or empty.
    classes
        Class of each; features of two classes are never merged.
    spots
        Longitude and latitude of a point on each, shape (n, 2).
    sizes
        Size of each as a disc; of points too close together the largest stays.
    """

    shapes: Shapes
    classes: Indices
    spots: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.float64]

    def __getitem__(self, rows: Indices) -> Features:
        """Take some of the features."""
        return Features(self.shapes[rows], self.classes[rows], self.spots[rows], self.sizes[rows])


def coarsen(features: Features, *, box: Bounds, outlined: bool) -> tuple[Shapes, Indices]:
    """Draw features with few vertices.

    Parameters
    ----------
    features
        What is drawn.
    box
        West, south, east, north [degrees] of the grid, over which the features may hang.
    outlined
        Whether each area keeps its own outline. If not, every coarse cell takes the class of the
        area at its centre, or else of the largest area that has its point in it.

    Returns
    -------
    drawn
        Points, lines and areas.
    owners
        For each of them, the position of a feature of its class; of points, the very feature.
    """
    dimensions = shapely.get_dimensions(features.shapes)
    areas, lines, points = (np.flatnonzero(dimensions == n) for n in (2, 1, 0))
    step = min(box[2] - box[0], box[3] - box[1]) / (FINE if outlined else COARSE)
    if outlined:
        drawn_areas, of_area = _snap_areas(features[areas], step)
    else:
        drawn_areas, of_area = _sample_areas(features[areas], box)
    drawn_lines, of_line = _snap_lines(features[lines], step)
    dots = features[points]
    of_dot = _first_in_cells(dots.spots, box, SPARSE, dots.sizes, dots.classes)
    drawn = np.concatenate([drawn_areas, drawn_lines, shapely.points(dots.spots[of_dot])])
    return drawn, np.concatenate([areas[of_area], lines[of_line], points[of_dot]])


def _snap_areas(features: Features, step: float) -> tuple[Shapes, Indices]:
    """Move vertices to a grid, the same for neighbours; areas that vanish leave one cell."""
    sound = features.shapes.copy()
    wrong = ~shapely.is_valid(sound)
    sound[wrong] = shapely.make_valid(sound[wrong])
    snapped, owners = simple_parts(shapely.set_precision(sound, step))
    kept = shapely.get_dimensions(snapped) == 2
    snapped, owners = snapped[kept], owners[kept]
    long = np.flatnonzero(is_long(snapped))
    cut = [split_areas(snapped[[i]]) for i in long.tolist()]
    of_cut = np.repeat(owners[long], [len(pieces) for pieces in cut])
    lost = np.setdiff1d(np.arange(len(sound)), owners)
    sizes = shapely.area(sound[lost])
    lost = lost[_first_in_cells(features.spots[lost], (0.0, 0.0, step, step), 1, sizes)]
    west, south = step * np.floor(features.spots[lost].T / step)
    squares = shapely.box(west, south, west + step, south + step)
    drawn = np.concatenate([np.delete(snapped, long), *cut, squares])
    return drawn, np.concatenate([np.delete(owners, long), of_cut, lost])


def _sample_areas(features: Features, box: Bounds) -> tuple[Shapes, Indices]:
    """Colour each cell by the area at its centre, and merge cells of a class to rectangles."""
    if len(features.shapes) == 0:
        return features.shapes, np.zeros(0, dtype=np.intp)
    corner, size = _cells(box, COARSE)
    extent = shapely.total_bounds(features.shapes).reshape(2, 2)
    first, last = np.floor((extent - corner) / size).astype(np.intp)
    rows, columns = np.indices((last - first + 1)[::-1]) + first[::-1, None, None]
    centres = corner + (np.column_stack([columns.ravel(), rows.ravel()]) + 0.5) * size
    cell, found = shapely.STRtree(features.shapes).query(shapely.points(centres), "intersects")
    owner = np.full(rows.shape, -1, dtype=np.intp)
    np.maximum.at(owner.ravel(), cell, found)  # the last is drawn on top
    largest = _first_in_cells(features.spots, box, COARSE, shapely.area(features.shapes))
    column, row = (_cell_of(features.spots[largest], box, COARSE) - first).T
    owner[row, column] = np.where(owner[row, column] < 0, largest, owner[row, column])
    start, stop, kinds = _rectangles(np.where(owner < 0, -1, features.classes[owner]))
    low, high = corner + (first + start) * size, corner + (first + stop) * size
    known, of_kind = np.unique(features.classes, return_index=True)
    return shapely.box(*low.T, *high.T), of_kind[np.searchsorted(known, kinds)]


def _rectangles(kinds: Indices) -> tuple[Indices, Indices, Indices]:
    """Merge equal cells along rows, and equal runs in rows that follow each other.

    Gives the first and the next column and row of each rectangle, and its kind; -1 is left out.
    """
    edges = np.pad(kinds, ((0, 0), (1, 1)), constant_values=-1)
    changes = np.diff(edges, axis=1) != 0
    row, start = np.nonzero(changes[:, :-1] & (kinds >= 0))
    stop = np.nonzero(changes[:, 1:] & (kinds >= 0))[1] + 1
    runs = np.stack([start, stop, kinds[row, start], row])
    runs = runs[:, np.lexsort(runs[::-1])]
    start, stop, kind, row = runs
    steps = np.diff(runs, prepend=-2)
    opens = np.flatnonzero((steps != np.array([[0], [0], [0], [1]])).any(axis=0))
    closes = np.append(opens[1:], len(row)) - 1
    low = np.column_stack([start[opens], row[opens]])
    return low, np.column_stack([stop[opens], row[closes] + 1]), kind[opens]


def _snap_lines(features: Features, step: float) -> tuple[Shapes, Indices]:
    """Move vertices to a grid; of lines that coincide then one of each class stays."""
    snapped, owners = simple_parts(shapely.set_precision(features.shapes, step))
    kept = shapely.get_dimensions(snapped) == 1
    snapped, owners = snapped[kept], owners[kept]
    texts = shapely.to_wkb(shapely.normalize(snapped))
    drawn = pd.DataFrame({"class": features.classes[owners], "line": texts})
    once = ~drawn.duplicated().to_numpy()
    return snapped[once], owners[once]


def _first_in_cells(
    spots: npt.NDArray[np.float64],
    box: Bounds,
    cells: int,
    sizes: npt.NDArray[np.float64],
    classes: Indices | None = None,
) -> Indices:
    """Positions of the largest in each cell, of each class where these are given; ascending."""
    keys = _cell_of(spots, box, cells)
    if classes is not None:
        keys = np.column_stack([keys, classes])
    order = np.lexsort((-sizes, *keys.T))
    keys = keys[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (np.diff(keys, axis=0) != 0).any(axis=1)
    return np.sort(order[first])


def _cells(box: Bounds, cells: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """South-west corner of a box, and width and height of its cells."""
    corner = np.array(box[:2])
    return corner, (np.array(box[2:]) - corner) / cells


def _cell_of(spots: npt.NDArray[np.float64], box: Bounds, cells: int) -> Indices:
    """Column and row of the cell of each point, shape (n, 2)."""
    corner, size = _cells(box, cells)
    return np.floor((spots - corner) / size).astype(np.intp)
