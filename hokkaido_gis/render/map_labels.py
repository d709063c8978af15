"""Names on a printed map: upon areas and lines, beside points, never one over another.

The larger features are named first and in larger letters. Where no place is free even for the
smallest letters a name is left out, and the map says how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.patheffects import withStroke

from hokkaido_gis.render.fonts import INK, text_width
from hokkaido_gis.render.map_panel import POINTS_PER_PIXEL
from hokkaido_gis.render.placement import boxes_at, centres_around, centres_upon, place_labels
from hokkaido_gis.render.text import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes

    from hokkaido_gis.render.png import PlacedLayer
    from hokkaido_gis.render.scene import Lang

    Floats = npt.NDArray[np.float64]
    Shapes = npt.NDArray[np.object_]

LABEL_GID = "label"
# Large letters only where an area has room for them; the smallest for whatever has no place yet.
_LARGE, _MIDDLE, _SMALL = _SIZES = (9.0, 7.0, 5.6)
_CENTRE_TOLERANCE = 1.0
_HALO = 1.6
_CLEARANCE = 0.8
_ZORDER = 1_000


@dataclass(frozen=True, eq=False, slots=True)
class _Names:
    """Texts of a layer with the shapes they name [pt of the map], the larger first."""

    texts: tuple[str, ...]
    shapes: Shapes
    radius: float

    @property
    def is_point(self) -> npt.NDArray[np.bool_]:
        return np.asarray(shapely.get_dimensions(self.shapes) == 0)

    def fit(self, size: float) -> npt.NDArray[np.bool_]:
        """Whether a name of a font size is no wider than a circle as large as its area."""
        if size == _SMALL:
            return np.ones(len(self.texts), dtype=np.bool_)
        widths = np.array([text_width(text, size) for text in self.texts], dtype=float)
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
    width, height = _size_in_points(axes)
    frame = np.array([0.0, 0.0, width, height])
    taken = _marker_boxes(axes, placed)
    left_out = 0
    for p in reversed(placed):
        if p.layer.label is None:
            continue
        names = _names(axes, p, lang)
        waiting = np.ones(len(names.texts), dtype=np.bool_)
        for size in _SIZES:
            tried = np.flatnonzero(waiting & names.fit(size))
            boxes, chosen = _place(names, tried, size, frame, taken)
            found = chosen >= 0
            spots = boxes[np.flatnonzero(found), chosen[found]]
            _write(axes, [names.texts[i] for i in tried[found]], spots, size)
            taken = np.vstack([taken, spots])
            waiting[tried[found]] = False
        left_out += int(waiting.sum())
    return left_out


def _names(axes: Axes, placed: PlacedLayer, lang: Lang) -> _Names:
    """Texts and the parts in view of the features they name; the missing ones are not written."""
    column = placed.layer.frame[placed.layer.label]
    shapes = _seen(axes, placed.shapes)
    named = column.notna().to_numpy() & (column.astype(str) != "").to_numpy()
    chosen = np.flatnonzero(named & ~shapely.is_empty(shapes) & ~shapely.is_missing(shapes))
    extent = shapely.area(shapes) + shapely.length(shapes) * 1e-6
    chosen = chosen[np.argsort(-extent[chosen], kind="stable")]
    values = column.to_numpy(dtype=object)
    radius = max((c.symbol.radius for c in placed.resolved.classes), default=0.0)
    texts = tuple(format_value(values[i], lang) for i in chosen)
    return _Names(texts, shapes[chosen], radius * POINTS_PER_PIXEL)


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
    factor = _size_in_points(axes)[0] / (east - west)
    moved: Shapes = shapely.transform(seen, lambda xy: (xy - [west, south]) * factor)
    return moved


def _place(
    names: _Names, tried: npt.NDArray[np.intp], size: float, frame: Floats, taken: Floats
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Boxes of all candidates of the names tried, and the one chosen for each."""
    sizes = np.array([(text_width(names.texts[i], size), size * 1.05) for i in tried])
    sizes = sizes.reshape(-1, 2) + 2 * _CLEARANCE
    shapes = names.shapes[tried]
    anchors = _anchors(shapes)
    upon = centres_upon(anchors, sizes)
    beside = centres_around(anchors, sizes, names.radius + 0.5)
    shared = max(upon.shape[1], beside.shape[1])
    beside = np.pad(beside, ((0, 0), (0, shared - beside.shape[1]), (0, 0)), constant_values=np.nan)
    centres = np.where(names.is_point[tried][:, None, None], beside, upon)
    boxes = boxes_at(centres, sizes)
    allowed = _on_own_ground(centres, tried, names.shapes)
    return boxes, place_labels(boxes, frame=frame, taken=taken, allowed=allowed)


def _anchors(shapes: Shapes) -> Floats:
    """Points inside the largest part of each shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    extent = shapely.area(parts) + shapely.length(parts) * 1e-6
    order = np.lexsort((-extent, owner))
    largest = parts[order[np.unique(owner[order], return_index=True)[1]]]
    inside = shapely.point_on_surface(largest)
    areas = shapely.get_dimensions(largest) == 2
    # The middle of the widest place; the circle comes as a line from its centre to its rim.
    widest = shapely.maximum_inscribed_circle(largest[areas], tolerance=_CENTRE_TOLERANCE)
    inside[areas] = shapely.get_point(widest, 0)
    return np.column_stack([shapely.get_x(inside), shapely.get_y(inside)]).reshape(-1, 2)


def _on_own_ground(
    centres: Floats, owner: npt.NDArray[np.intp], shapes: Shapes
) -> npt.NDArray[np.bool_]:
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
    factor = _size_in_points(axes)[0] / (east - west)
    boxes = [np.empty((0, 4))]
    for p in placed:
        points = p.shapes[shapely.get_dimensions(p.shapes) == 0]
        radius = max((c.symbol.radius for c in p.resolved.classes), default=0.0)
        centres = (shapely.get_coordinates(points) - [west, south]) * factor
        reach = radius * POINTS_PER_PIXEL
        boxes.append(np.hstack([centres - reach, centres + reach]))
    return np.vstack(boxes)


def _write(axes: Axes, texts: Sequence[str], boxes: Floats, size: float) -> None:
    for text, (left, bottom, right, top) in zip(texts, boxes, strict=True):
        label = axes.annotate(
            text,
            ((left + right) / 2, (bottom + top) / 2),
            xycoords="axes points",
            size=size,
            color=INK,
            ha="center",
            va="center",
            zorder=_ZORDER,
            path_effects=[withStroke(linewidth=_HALO, foreground="white")],
        )
        label.set_gid(LABEL_GID)


def _size_in_points(axes: Axes) -> tuple[float, float]:
    box = axes.get_window_extent()
    scale = 72 / axes.figure.dpi
    return float(box.width * scale), float(box.height * scale)
