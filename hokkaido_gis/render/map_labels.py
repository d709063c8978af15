"""Names on a printed map: upon areas and lines, beside points, never one over another.

The larger features are named first and in larger letters. Where no place is free even for the
smallest letters a name is left out, and the map says how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hokkaido_gis.render.fonts import drawable, text_width
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.lettering import label_sizes, size_in_points, write_label
from hokkaido_gis.render.map_panel import POINTS_PER_PIXEL
from hokkaido_gis.render.placement import (
    boxes_at,
    centres_around,
    centres_upon,
    place_labels,
)
from hokkaido_gis.render.text import format_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes

    from hokkaido_gis.render.placement import Floats
    from hokkaido_gis.render.png import PlacedLayer
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.render.shapes import Indices, Shapes

# Large letters only where an area has room for them; the smallest for whatever has no place yet.
_LARGE, _MIDDLE, _SMALL = _SIZES = (9.0, 7.0, 5.6)
_CLEARANCE = 0.8
_ZORDER = 1_000


@dataclass(frozen=True, eq=False, slots=True)
class _Names:
    """Texts of a layer with the shapes they name [pt of the map], the larger first.

    `radii` are those of the points' symbols [pt].
    """

    texts: tuple[str, ...]
    shapes: Shapes
    radii: Floats

    @property
    def is_point(self) -> npt.NDArray[np.bool_]:
        return np.asarray(shapely.get_dimensions(self.shapes) == 0)

    def fit(self, size: float, factor: float) -> npt.NDArray[np.bool_]:
        """Whether a name of `factor` times a size is no wider than a circle of its area."""
        if size == _SMALL:
            return np.ones(len(self.texts), dtype=np.bool_)
        widths = np.array([text_width(text, size * factor) for text in self.texts], dtype=float)
        diameters = 2 * np.sqrt(shapely.area(self.shapes) / np.pi)
        is_area = shapely.get_dimensions(self.shapes) == 2
        return np.where(is_area, diameters >= widths, size == _MIDDLE)


def draw_labels(axes: Axes, placed: Sequence[PlacedLayer], lang: Lang) -> int:
    """Write the label column of every layer, that of the topmost layer first.

    Parameters
    ----------
    axes
        The map, with its final limits and place on the sheet.
    placed
        The layers drawn.
    lang
        Language of values.

    Returns
    -------
    int
        Number of names that found no free place.
    """
    frame = np.array([0.0, 0.0, *size_in_points(axes)])
    taken = _marker_boxes(axes, placed)
    left_out = 0
    for p in reversed(placed):
        if p.layer.label is None:
            continue
        names = _names(axes, p, lang)
        look = p.layer.label_style
        waiting = np.ones(len(names.texts), dtype=np.bool_)
        for usual in _SIZES:
            size = usual * look.size
            tried = np.flatnonzero(waiting & names.fit(usual, look.size))
            boxes, chosen = _place(names, tried, size, frame, taken)
            found = chosen >= 0
            spots = boxes[np.flatnonzero(found), chosen[found]]
            for i, box in zip(tried[found], spots, strict=True):
                write_label(axes, names.texts[i], box, size=size, zorder=_ZORDER, look=look)
            taken = np.vstack([taken, spots])
            waiting[tried[found]] = False
        left_out += int(waiting.sum())
    return left_out


def _names(axes: Axes, placed: PlacedLayer, lang: Lang) -> _Names:
    """Texts and the parts in view of the features they name; the missing ones are not written."""
    column = placed.layer.table[placed.layer.label]
    texts = [drawable(text) for text in format_column(column, lang, missing="")]
    shapes = _seen(axes, placed.shapes)
    named = np.array([text != "" for text in texts], dtype=np.bool_)
    chosen = np.flatnonzero(named & ~shapely.is_empty(shapes) & ~shapely.is_missing(shapes))
    extent = shapely.area(shapes) + shapely.length(shapes) * 1e-6
    chosen = chosen[np.argsort(-extent[chosen], kind="stable")]
    return _Names(tuple(texts[i] for i in chosen), shapes[chosen], _reach(placed)[chosen])


def _seen(axes: Axes, shapes: Shapes) -> Shapes:
    """Shapes cut to the view and moved to points from its lower left corner."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    frame = shapely.box(west, south, east, north)
    shapely.prepare(frame)
    seen = shapes.copy()
    cut = ~shapely.covers(frame, shapes) & ~shapely.is_missing(shapes)
    # A buffer of nothing mends rings that cross themselves, which cannot be cut.
    areas = cut & (shapely.get_dimensions(shapes) == 2)
    seen[areas] = shapely.buffer(seen[areas], 0)
    seen[cut] = shapely.intersection(seen[cut], frame)
    factor = size_in_points(axes)[0] / (east - west)
    moved: Shapes = shapely.transform(seen, lambda xy: (xy - [west, south]) * factor)
    return moved


def _place(
    names: _Names, tried: Indices, size: float, frame: Floats, taken: Floats
) -> tuple[Floats, Indices]:
    """Boxes of all candidates of the names tried, and the one chosen for each."""
    sizes = label_sizes([names.texts[i] for i in tried], size, clearance=_CLEARANCE)
    anchors = shapely.get_coordinates(label_points(names.shapes[tried]))
    upon = centres_upon(anchors, sizes)
    beside = centres_around(anchors, sizes + 2 * names.radii[tried, None], 0.5)
    shared = max(upon.shape[1], beside.shape[1])
    beside = np.pad(beside, ((0, 0), (0, shared - beside.shape[1]), (0, 0)), constant_values=np.nan)
    centres = np.where(names.is_point[tried][:, None, None], beside, upon)
    boxes = boxes_at(centres, sizes)
    allowed = _on_own_ground(centres, tried, names.shapes)
    return boxes, place_labels(boxes, frame=frame, taken=taken, allowed=allowed)


def _on_own_ground(centres: Floats, owner: Indices, shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Candidates whose middle is not on another area, whose name a reader would take them for."""
    count, places, _ = centres.shape
    spots = shapely.points(centres.reshape(-1, 2))
    grounds = shapes.copy()
    grounds[shapely.get_dimensions(shapes) != 2] = None
    tree = shapely.STRtree(grounds)
    spot, ground = tree.query(spots, predicate="intersects")
    foreign = ground != owner[spot // places]
    allowed = np.ones(count * places, dtype=np.bool_)
    allowed[spot[foreign]] = False
    return allowed.reshape(count, places)


def _marker_boxes(axes: Axes, placed: Sequence[PlacedLayer]) -> Floats:
    """Boxes of the point symbols, which no name may cover."""
    (west, east), (south, _) = axes.get_xlim(), axes.get_ylim()
    factor = size_in_points(axes)[0] / (east - west)
    boxes = [np.empty((0, 4))]
    for p in placed:
        is_point = shapely.get_dimensions(p.shapes) == 0
        points, owners = shapely.get_coordinates(p.shapes[is_point], return_index=True)
        centres = (points - [west, south]) * factor
        reach = _reach(p)[is_point][owners, None]
        boxes.append(np.hstack([centres - reach, centres + reach]))
    return np.vstack(boxes)


def _reach(placed: PlacedLayer) -> Floats:
    """Radius of each feature's point symbol [pt]; of a layer without sizes, its largest one."""
    if placed.resolved.radii is not None:
        return placed.resolved.radii * POINTS_PER_PIXEL
    radius = max((c.symbol.radius for c in placed.resolved.classes), default=0.0)
    return np.full(len(placed.shapes), radius * POINTS_PER_PIXEL)
