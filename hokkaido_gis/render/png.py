"""Printed maps: a scene as a PNG or SVG picture.

A map is drawn in a Lambert azimuthal equal-area projection [m] centred on its view. Areas are true
to each other, north is up in the middle, and over the whole of Hokkaido shapes are off by less than
0.1 %, so the island is neither squashed, as in degrees, nor blown up, as in web Mercator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path as Outline
from pyproj import CRS, Geod

from hokkaido_gis.crs import WGS84_CRS, move_bounds, move_shapes, move_xy
from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.classes import Resolved, resolve
from hokkaido_gis.render.map_labels import draw_labels
from hokkaido_gis.render.map_panel import (
    PANEL_WIDTH,
    POINTS_PER_PIXEL,
    draw_legend,
    draw_north_and_scale,
    layer_rows,
    note_unnamed,
    panel_height,
)
from hokkaido_gis.render.page import DPI, make_sheet, write_picture
from hokkaido_gis.render.raster_image import PaintedRaster, paint_raster
from hokkaido_gis.render.scene import RasterLayer
from hokkaido_gis.render.shapes import simple_parts
from hokkaido_gis.render.swatches import edge_colour, face_colour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hokkaido_gis.render.scene import AnyLayer, Bounds, Lang, Layer, Scene, Symbol
    from hokkaido_gis.render.shapes import Indices, Shapes

SEA = "#eaf2f6"
_GAP = 0.22
# With panel and margins the largest map makes an A4 page across.
_MAP_MOST = (8.3, 6.7)
_ASPECT_LEAST, _ASPECT_MOST = 0.6, 1.9
_PADDING = 0.03
_EXTENT_LEAST = 2_000.0


@dataclass(frozen=True, eq=False, slots=True)
class PlacedLayer:
    """A layer in the map's projection, with the class of each feature.

    Attributes
    ----------
    layer
        The layer as the scene describes it.
    shapes
        Its geometries in the map's CRS [m], in its order.
    resolved
        Its classes.
    """

    layer: Layer
    shapes: Shapes
    resolved: Resolved


@dataclass(frozen=True, eq=False, slots=True)
class PlacedRaster:
    """A raster layer painted in the map's projection."""

    layer: RasterLayer
    painted: PaintedRaster

    @property
    def resolved(self) -> Resolved:
        """Its classes."""
        return self.painted.resolved


def write_png(scene: Scene, path: str | Path, *, dpi: float = DPI) -> Path:
    """Draw a scene as a picture.

    Parameters
    ----------
    scene
        What is drawn; layers that are not visible are left out.
    path
        File ending in ``.png`` or ``.svg``.
    dpi
        Pixels per inch of a PNG.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    RenderError
        If the ending is another, or the scene has nothing to show.
    OutputError
        If the file cannot be written; an older one is left as it was.
    """
    return write_picture(path, lambda: draw_scene(scene), dpi=dpi)


def draw_scene(scene: Scene) -> Figure:
    """Draw a scene on a new figure, to be called and saved within `fonts.drawing_style`."""
    scene = scene.placed()
    crs = local_crs(scene.bounds)
    placed = [_place(layer, crs, scene.lang) for layer in scene.layers if layer.visible]
    if not placed:
        raise RenderError(
            f"Scene {scene.title!r} has no visible layer, and a picture cannot switch one on. "
            "Set visible=True on what it shall show."
        )
    view = _view(scene, placed, crs)
    width, height = _map_size(view)
    rows = [row for p in placed for row in layer_rows(p.layer.title, p.resolved)]
    panel = max(panel_height(rows), height)
    sheet = make_sheet(width + _GAP + PANEL_WIDTH, panel, scene)
    axes = sheet.axes(0, panel - height, width, height)
    _prepare_map(axes, view)
    for rank, p in enumerate(placed, start=1):
        if isinstance(p, PlacedRaster):
            _draw_raster(axes, p, rank)
        else:
            _draw_layer(axes, p, view, rank)
    features = [p for p in placed if isinstance(p, PlacedLayer)]
    unnamed = draw_labels(axes, features, scene.lang)
    beside = sheet.axes(width + _GAP, 0, PANEL_WIDTH, panel)
    draw_legend(beside, panel, rows, scene.lang)
    draw_north_and_scale(beside, _ground_length(view, crs) / width)
    if unnamed:
        note_unnamed(beside, unnamed, scene.lang)
    return sheet.figure


def local_crs(bounds: Bounds) -> CRS:
    """Projection of a map: equal-area, centred on its bounds [degrees], in metres."""
    west, south, east, north = bounds
    return CRS.from_dict(
        {
            "proj": "laea",
            "lon_0": round((west + east) / 2, 4),
            "lat_0": round((south + north) / 2, 4),
            "datum": "WGS84",
            "units": "m",
        }
    )


def _place(layer: AnyLayer, crs: CRS, lang: Lang) -> PlacedLayer | PlacedRaster:
    if isinstance(layer, RasterLayer):
        return PlacedRaster(layer, paint_raster(layer, crs, lang))
    shapes = move_shapes(layer.frame.geometry.to_numpy(), WGS84_CRS, crs, layer.title)
    return PlacedLayer(layer, shapes, resolve(layer, lang))


def _view(scene: Scene, placed: Sequence[PlacedLayer | PlacedRaster], crs: CRS) -> Bounds:
    """West, south, east, north of the map [m of its CRS], in a shape that suits a page."""
    if scene.view is None:
        shapes = np.concatenate([_extent(p) for p in placed])
        shown = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
        if len(shown) == 0:
            raise RenderError(f"Scene {scene.title!r}: every visible layer is empty.")
        low, high = np.split(shapely.total_bounds(shown), 2)
        span = np.maximum((high - low) * (1 + 2 * _PADDING), _EXTENT_LEAST)
    else:
        box = move_bounds(scene.view, WGS84_CRS, crs, scene.title)
        low, high = np.array(box[:2]), np.array(box[2:])
        span = high - low
    centre = (low + high) / 2
    # Narrow extents are widened, so that the map is no strip beside its legend.
    span[0] = max(span[0], span[1] * _ASPECT_LEAST)
    span[1] = max(span[1], span[0] / _ASPECT_MOST)
    west, south = centre - span / 2
    east, north = centre + span / 2
    return float(west), float(south), float(east), float(north)


def _extent(placed: PlacedLayer | PlacedRaster) -> Shapes:
    """Shapes that the view should hold."""
    if isinstance(placed, PlacedLayer):
        return placed.shapes
    return np.array([shapely.box(*placed.painted.bounds)], dtype=object)


def _map_size(view: Bounds) -> tuple[float, float]:
    """Width and height of the map [in], as large as the page allows."""
    west, south, east, north = view
    scale = min(_MAP_MOST[0] / (east - west), _MAP_MOST[1] / (north - south))
    return (east - west) * scale, (north - south) * scale


def _ground_length(view: Bounds, crs: CRS) -> float:
    """Length on the ellipsoid of a map's width at its centre [m]."""
    west, south, east, north = view
    reach = (east - west) / 8
    x, y = (west + east) / 2, (south + north) / 2
    (west, south), (east, north) = move_xy(
        np.array([[x - reach, y], [x + reach, y]]), crs, WGS84_CRS
    )
    length = Geod(ellps="WGS84").inv(west, south, east, north)[2]
    return float(length) * 4


def _prepare_map(axes: Axes, view: Bounds) -> None:
    west, south, east, north = view
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=SEA)
    axes.set_gid("map")


def _draw_raster(axes: Axes, placed: PlacedRaster, rank: int) -> None:
    west, south, east, north = placed.painted.bounds
    rgba = placed.painted.rgba
    rgba[..., 3] = np.rint(rgba[..., 3] * placed.painted.opacity)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(
        rgba,
        extent=(west, east, south, north),
        interpolation="nearest",
        aspect="auto",
        zorder=rank,
    )
    axes.set(xlim=limits[0], ylim=limits[1])


def _draw_layer(axes: Axes, placed: PlacedLayer, view: Bounds, rank: int) -> None:
    """Draw the features within the view, areas below lines below points."""
    parts, owners = _visible_parts(placed, view)
    dimensions = shapely.get_dimensions(parts)
    for dimension, draw in ((2, _draw_areas), (1, _draw_lines), (0, _draw_points)):
        chosen = dimensions == dimension
        if chosen.any():
            draw(axes, parts[chosen], _symbols(placed.resolved, owners[chosen]), rank)


def _symbols(resolved: Resolved, features: Indices) -> list[Symbol]:
    """Symbol of each feature, discs with their own radius."""
    symbols = [resolved.classes[i].symbol for i in resolved.index[features]]
    if resolved.radii is None:
        return symbols
    pairs = zip(symbols, resolved.radii[features].tolist(), strict=True)
    return [replace(symbol, radius=radius) for symbol, radius in pairs]


def _visible_parts(placed: PlacedLayer, view: Bounds) -> tuple[Shapes, Indices]:
    """Single-part geometries within the view, and the features they belong to.

    They are thinned to a quarter of a pixel, which no eye can see and keeps SVG files small.
    """
    pixel = (view[2] - view[0]) / (_map_size(view)[0] * DPI)
    parts, owners = simple_parts(placed.shapes)
    near = shapely.intersects(shapely.envelope(parts), shapely.box(*view))
    thinned = shapely.simplify(parts[near], pixel / 4)
    return thinned, owners[near]


def _draw_areas(axes: Axes, parts: Shapes, symbols: Sequence[Symbol], rank: int) -> None:
    collection = PathCollection(
        _outlines(parts),
        facecolors=[face_colour(s) for s in symbols],
        edgecolors=[edge_colour(s) for s in symbols],
        linewidths=[s.stroke_width for s in symbols],
        joinstyle="round",
        zorder=rank,
    )
    axes.add_collection(collection, autolim=False)


def _outlines(polygons: Shapes) -> list[Outline]:
    """Paths of polygons; holes run against their shell, which is how a filled path knows them."""
    oriented = shapely.orient_polygons(polygons)
    _, points, (ring_starts, polygon_starts) = shapely.to_ragged_array(oriented)
    codes = np.full(len(points), Outline.LINETO, dtype=Outline.code_type)
    codes[ring_starts[1:] - 1] = Outline.CLOSEPOLY
    codes[ring_starts[:-1]] = Outline.MOVETO
    starts = ring_starts[polygon_starts]
    return [Outline(points[a:b], codes[a:b]) for a, b in pairwise(starts)]


def _draw_lines(axes: Axes, parts: Shapes, symbols: Sequence[Symbol], rank: int) -> None:
    points, owner = shapely.get_coordinates(parts, return_index=True)
    collection = LineCollection(
        np.split(points, np.flatnonzero(np.diff(owner)) + 1),
        colors=[s.stroke for s in symbols],
        linewidths=[s.stroke_width for s in symbols],
        capstyle="round",
        joinstyle="round",
        zorder=rank,
    )
    axes.add_collection(collection, autolim=False)


def _draw_points(axes: Axes, parts: Shapes, symbols: Sequence[Symbol], rank: int) -> None:
    # Large ones lie lowest, so that none is hidden.
    order = np.argsort([-s.radius for s in symbols], kind="stable")
    parts, symbols = parts[order], [symbols[i] for i in order]
    axes.scatter(
        shapely.get_x(parts),
        shapely.get_y(parts),
        s=[(2 * s.radius * POINTS_PER_PIXEL) ** 2 for s in symbols],
        c=[face_colour(s) for s in symbols],
        edgecolors=[edge_colour(s) for s in symbols],
        linewidths=[s.stroke_width for s in symbols],
        zorder=rank,
    )
