"""Large layers of a .kmz in tiles, which Google Earth loads as it nears them.

A quadtree holds every feature in one tile, whole and with its attributes. Above these lie tiles
that stand for all features below them with few vertices, without attributes. The main document has
a link to each tile, with the size on the screen between which it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hokkaido_gis.render.kml_features import write_rows
from hokkaido_gis.render.kml_geometry import escape_xml, write_shapes
from hokkaido_gis.render.kml_levels import Features, coarsen
from hokkaido_gis.render.kml_styles import mute_styles, styles
from hokkaido_gis.render.label_points import label_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.kml_layer import KmlLayer
    from hokkaido_gis.render.scene import Bounds, Layer
    from hokkaido_gis.render.shapes import Indices

TILES_FROM = 20_000
"""Features above which a layer is cut into tiles."""
VERTICES_EACH = 20
"""Vertices that count as one feature when it is decided whether a layer is cut."""
MOST_FEATURES, MOST_VERTICES = 2_500, 100_000
"""What a tile of whole features holds at most, unless one feature alone has more vertices."""

# Width on the screen [px] at which a tile gives way to its quarters, then half as wide, and from
# which on these are shown: a little less, since tilted and towards the poles they look smaller.
_GIVES_WAY, _APPEARS = 1024, 448
# Areas of a coarse tile that keep their outline; the topmost one is seen alone.
_MOST_OUTLINES, _MOST_OUTLINES_ON_TOP = 4_000, 8_000
_LEAST_SIDE = 0.001  # of a tile [degrees]: about 100 m
_DOT = "dot.png"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """A file of the archive.

    Attributes
    ----------
    name
        What it is called in its layer; the digits of quarters, from the whole extent downwards.
    rows
        Positions of its features in the layer, ascending.
    box
        West, south, east, north [degrees] of its place in the quadtree.
    least, most
        Width on the screen [px] from which and below which it is shown; -1 for no upper limit.
    """

    name: str
    rows: Indices
    box: Bounds
    least: int
    most: int

    @property
    def is_coarse(self) -> bool:
        """Whether it stands for features that other tiles hold."""
        return self.most >= 0


@dataclass(frozen=True, eq=False, slots=True)
class TiledLayer:
    """A layer and its tiles."""

    layer: KmlLayer
    tiles: tuple[Tile, ...]
    spots: npt.NDArray[np.float64]
    """Longitude and latitude of a point on each feature, by which it belongs to a tile."""

    @property
    def source(self) -> Layer:
        """The layer of the scene."""
        return self.layer.source

    @property
    def resolved(self) -> Resolved:
        """Its classes, for the legend."""
        return self.layer.resolved

    @property
    def dot(self) -> str | None:
        """Where in the archive the tiles look for the picture of a dot, if they need one."""
        return f"files/{self.layer.key}/{_DOT}" if self.layer.has_points else None

    def links(self) -> Iterator[bytes]:
        """Write the folder of the main document that links to the tiles."""
        hidden = "" if self.source.visible else "<visibility>0</visibility>"
        yield (
            f"<Folder><name>{escape_xml(self.source.title)}</name>{hidden}"
            # Nobody looks for a feature in a list of tiles.
            "<Style><ListStyle><listItemType>checkHideChildren</listItemType></ListStyle></Style>\n"
        ).encode()
        for tile in self.tiles:
            yield (
                f"<NetworkLink><name>{tile.name}</name>{hidden}{self._region(tile)}"
                f"<Link><href>{self._path(tile)}</href>"
                "<viewRefreshMode>onRegion</viewRefreshMode></Link></NetworkLink>\n"
            ).encode()
        yield b"</Folder>\n"

    def documents(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Write the tiles: for each, its place in the archive and its text in pieces."""
        # Whoever shows the folder wants to see what is in the tiles, hidden at first or not.
        shown = replace(self.layer, source=replace(self.source, visible=True))
        for tile in self.tiles:
            yield self._path(tile), _document(shown, tile, self.spots)

    def _path(self, tile: Tile) -> str:
        return f"files/{self.layer.key}/{tile.name}.kml"

    def _region(self, tile: Tile) -> str:
        """Write when a tile is shown: its features may hang over its box, never far."""
        extent = shapely.total_bounds(self.layer.shapes[tile.rows])
        west, south, east, north = _pad(
            (*np.fmin(tile.box[:2], extent[:2]), *np.fmax(tile.box[2:], extent[2:]))
        )
        return (
            f"<Region><LatLonAltBox><north>{north:.6f}</north><south>{south:.6f}</south>"
            f"<east>{east:.6f}</east><west>{west:.6f}</west></LatLonAltBox>"
            f"<Lod><minLodPixels>{tile.least}</minLodPixels>"
            f"<maxLodPixels>{tile.most}</maxLodPixels></Lod></Region>"
        )


def tile_large(layer: KmlLayer, tiles_from: int = TILES_FROM) -> KmlLayer | TiledLayer:
    """Cut a layer into tiles where it is large.

    Parameters
    ----------
    layer
        The layer.
    tiles_from
        Features above which it is cut; `VERTICES_EACH` times as many vertices count the same.

    Returns
    -------
    TiledLayer or KmlLayer
        The layer itself where it is small or lies nowhere.
    """
    vertices = int(layer.vertices.sum())
    large = len(layer.shapes) > tiles_from or vertices > VERTICES_EACH * tiles_from
    if not (large and (layer.dimensions >= 0).any()):
        return layer
    tree = _Quadtree(layer)
    return TiledLayer(layer, tuple(tree.tiles()), tree.spots)


class _Quadtree:
    """Where each feature of a layer belongs."""

    def __init__(self, layer: KmlLayer) -> None:
        bounds = shapely.bounds(layer.shapes)
        self.vertices = layer.vertices
        self.extents = bounds[:, 2:] - bounds[:, :2]
        self.spots: npt.NDArray[np.float64] = np.full((len(bounds), 2), np.nan)
        self.placed = np.flatnonzero(layer.dimensions >= 0)
        points = label_points(layer.shapes[self.placed])
        self.spots[self.placed] = shapely.get_coordinates(points)
        west, south, east, north = shapely.total_bounds(layer.shapes).tolist()
        self.box = _pad((west, south, east, north))

    def tiles(self) -> Iterator[Tile]:
        """Cut the layer; features without place are always loaded, since none is near them."""
        lost = np.setdiff1d(np.arange(len(self.spots)), self.placed)
        yield from self._whole("n", lost, self.box, 0)
        yield from self._cut("r", self.placed, self.box)

    def _cut(self, name: str, rows: Indices, box: Bounds) -> Iterator[Tile]:
        west, south, east, north = box
        half = np.array([(east - west) / 2, (north - south) / 2])
        least = 0 if name == "r" else _APPEARS
        small = len(rows) <= MOST_FEATURES and self.vertices[rows].sum() <= MOST_VERTICES
        if small or half.max() < _LEAST_SIDE:
            yield from self._whole(name, rows, box, least)
            return
        fits = (self.extents[rows] <= half).all(axis=1)
        yield from self._whole(name, rows[~fits], box, least)
        below = rows[fits]
        if len(below) == 0:
            return
        yield Tile(f"{name}-far", below, box, least, _GIVES_WAY)
        x, y = west + half[0], south + half[1]
        quarter = (self.spots[below] >= (x, y)) @ (1, 2)
        boxes = ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
        for digit, part in enumerate(boxes):
            inside = below[quarter == digit]
            if len(inside):
                yield from self._cut(f"{name}{digit}", inside, part)

    def _whole(self, name: str, rows: Indices, box: Bounds, least: int) -> Iterator[Tile]:
        """Give tiles of whole features, in more than one file where they are too many for one."""
        before = np.cumsum(self.vertices[rows]) - self.vertices[rows]
        parts = np.stack([np.arange(len(rows)) // MOST_FEATURES, before // MOST_VERTICES])
        cuts = np.flatnonzero((np.diff(parts) != 0).any(axis=0)) + 1
        for number, part in enumerate(np.split(rows, cuts)):
            if len(part):
                yield Tile(f"{name}-{number}" if number else name, part, box, least, -1)


def _pad(box: Bounds) -> Bounds:
    """Widen a box so far that the earth has room for it and quarters are not nothing."""
    low, high = np.array(box[:2], dtype=float), np.array(box[2:], dtype=float)
    more = np.maximum(0, _LEAST_SIDE - (high - low)) / 2
    west, south = np.maximum(low - more, (-180, -90)).tolist()
    east, north = np.minimum(high + more, (180, 90)).tolist()
    return west, south, east, north


def _document(layer: KmlLayer, tile: Tile, spots: npt.NDArray[np.float64]) -> Iterator[bytes]:
    yield f"{_HEAD}<Document><name>{escape_xml(layer.source.title)} {tile.name}</name>\n".encode()
    if tile.is_coarse:
        yield from _far(layer, tile, spots[tile.rows])
    else:
        yield "".join(styles(layer, _DOT, tile.rows)).encode()
        yield from write_rows(layer, tile.rows)
    yield b"</Document></kml>\n"


def _far(layer: KmlLayer, tile: Tile, spots: npt.NDArray[np.float64]) -> Iterator[bytes]:
    """Write a placemark for each class of areas and lines, and one for each point."""
    most = _MOST_OUTLINES_ON_TOP if tile.name == "r-far" else _MOST_OUTLINES
    outlined = len(tile.rows) <= most
    radii = layer.resolved.radii
    sizes = np.zeros(len(tile.rows)) if radii is None else radii[tile.rows]
    classes = layer.resolved.index[tile.rows]
    features = Features(layer.shapes[tile.rows], classes, spots, sizes)
    drawn, owners = coarsen(features, box=tile.box, outlined=outlined)
    owners = tile.rows[owners]
    yield "".join(mute_styles(layer, _DOT, np.unique(owners), outlined=outlined)).encode()
    is_point = shapely.get_dimensions(drawn) == 0
    for number in np.unique(layer.resolved.index[owners]).tolist():
        of_class = layer.resolved.index[owners] == number
        merged = write_shapes(drawn[of_class & ~is_point])
        if merged:
            name = escape_xml(layer.resolved.classes[number].label)
            yield (
                f"<Placemark><name>{name}</name><styleUrl>#{layer.key}c{number}</styleUrl>"
                f"<MultiGeometry>{b''.join(merged).decode()}</MultiGeometry></Placemark>\n"
            ).encode()
        discs = radii is not None and number == 0
        points = np.flatnonzero(of_class & is_point)
        for row, text in zip(owners[points].tolist(), write_shapes(drawn[points]), strict=True):
            ending = f"r{layer.quarters[row]}" if discs else ""
            style = f"<styleUrl>#{layer.key}c{number}{ending}</styleUrl>".encode()
            yield b"<Placemark>" + style + text + b"</Placemark>\n"
