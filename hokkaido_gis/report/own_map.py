"""A map of any files of one's own, with good looks and no options."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from hokkaido_gis.crs import WGS84_CRS, area_ha, require_crs, to_wgs84
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import (
    LayerError,
    LayerWarning,
    OutputError,
    RenderError,
    name_some,
)
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.vector import Source, read_vector
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import (
    Layer,
    RasterLayer,
    Scene,
    Single,
    Symbol,
    shapes_on_the_map,
)
from hokkaido_gis.render.shapes import main_kind
from hokkaido_gis.report.grid_maps import lines_layer
from hokkaido_gis.report.layer_files import origin_of
from hokkaido_gis.report.map_frame import GROUND, join_credits, with_margin
from hokkaido_gis.report.own_style import even_breaks, name_column, style_by_values
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from hokkaido_gis.render.scene import AnyLayer, Bounds, Lang, Style
    from hokkaido_gis.render.shapes import Kind, Shapes

_RASTERS = (".tif", ".tiff")
_HTML = (".html", ".htm")
# Colours of layers in turn: they differ in lightness, and for the colour-blind.
_COLOURS = ("#1b7837", "#d95f0e", "#2166ac", "#8c510a", "#762a83", "#b2182b")
# Names on the map where there is room: upon areas, beside points.
_MOST_LABELS: dict[Kind, int] = {"area": 300, "point": 40, "line": 0}
_SOME, _MANY = 100, 1_000
_LAND = Single(Symbol("#f1f1ec", 0.95, "#b4b1a8", 0.0))
_BORDERS = Single(Symbol("#ffffff", 0.0, "#6f6b63", 0.5))
# Of boundaries such as those of municipalities: the least median area, and share of their extent.
_LEAST_TOWN_HA, _LEAST_COVER = 3_000.0, 0.25
_ALL_LAND = 0.9
_AROUND_HOKKAIDO = 2.0
_LONE_POINT = 0.15  # degrees on each side
# A feature smaller than this share of the view is some three pixels of a screen.
_LEAST_SEEN = 0.003


def own_map(
    files: Sequence[str],
    *,
    value: str | None = None,
    name: str | None = None,
    lines: str | None = None,
    crs: str | None = None,
    lang: Lang = "ja",
) -> Scene:
    """Describe a map of layers in files, with styles chosen by what is in them.

    Parameters
    ----------
    files
        Vector files (``FILE:LAYER`` picks a layer) and rasters (.tif; ``FILE:BAND`` picks a band by
        its number or description), the first lowest.
    value
        Column that colours the vector layers that have it: numbers in classes of about as many
        features each, a few words or numbers by a colour each (`own_style.style_by_values`).
    name
        Column that names features; found by its name where ``None``.
    lines
        File of transmission lines, drawn by voltage class above everything else.
    crs
        CRS of files that state none.
    lang
        Language of legend and controls.

    Returns
    -------
    Scene
        All layers, above the municipalities where they lie in Hokkaido.

    Raises
    ------
    LayerError, CRSError
        If a file cannot be read, holds nothing to draw or has no CRS.
    RenderError
        If no layer has a column `value` or `name`.
    """
    layers: list[AnyLayer] = []
    for number, file in enumerate(files):
        colour = _COLOURS[number % len(_COLOURS)]
        if Source.parse(file).path.suffix.lower() in _RASTERS:
            layers.append(_raster(file, crs))
        else:
            frame = _read(file, crs)
            layers.append(_vector(frame, file, value, name, colour=colour, lang=lang))
    _require_columns(layers, value=value, name=name)
    title = say(lang, "・", ", ").join(layer.title for layer in layers)
    if lines is not None:
        layers.append(lines_layer(read_lines(lines, crs=crs), lang))
    credit = _credits([*files, *([lines] if lines else [])])
    return _above_municipalities(Scene(title, layers, credit=credit, lang=lang))


def write_own_map(scene: Scene, path: Path, *, tiles: bool = False) -> Path:
    """Write a map in the form that the ending of its file asks for.

    Areas that would be a few pixels small, such as buildings on a map of the island, are drawn as
    points in pictures and with a point inside in HTML; the other forms, in which a reader moves
    close, keep them as they are.

    Parameters
    ----------
    scene
        What is drawn.
    path
        File ending in .html, .kmz, .kml, .png, .svg or .gpkg.
    tiles
        Whether an HTML map asks for tiles of GSI where there is a network. The municipalities are
        then drawn by their borders alone.

    Raises
    ------
    OutputError
        If the ending is another, tiles are asked for in another form than HTML, or the file cannot
        be written.
    """
    ending = path.suffix.lower()
    writers: dict[str, Callable[[Scene, Path], Path]] = {
        ".kmz": write_kmz, ".kml": write_kmz, ".png": write_png, ".svg": write_png,
        ".gpkg": write_gpkg,
    }  # fmt: skip
    if ending not in (*_HTML, *writers):
        raise OutputError(
            f"{path}: a map is written as .html, {', '.join(writers)}; got {ending or 'no ending'}."
        )
    if tiles and ending not in _HTML:
        raise OutputError(f"{path}: tiles (--tiles) are for .html maps; leave them out for others.")
    if ending in _HTML:
        seen = _with_small_areas(scene, _and_points)
        return write_html(_over_tiles(seen) if tiles else seen, path, tiles=tiles)
    if writers[ending] is write_png:
        scene = _with_small_areas(scene, label_points)
    return writers[ending](scene, path)


# --- Layers ---------------------------------------------------------------------------------------


def _read(file: str, crs: str | None) -> gpd.GeoDataFrame:
    """Features of a file; those without a place are told."""
    frame = read_vector(file, crs=crs)
    require_crs(frame, file)
    nowhere = int((frame.geometry.isna() | frame.geometry.is_empty).sum())
    if nowhere == len(frame):
        raise LayerError(file, ["none of its features has a place; there is nothing to draw."])
    if nowhere:
        warnings.warn(
            f"{file}: {nowhere:,} of {len(frame):,} features have no place and are not drawn.",
            LayerWarning,
            stacklevel=2,
        )
    return frame


def _vector(
    frame: gpd.GeoDataFrame,
    file: str,
    value: str | None,
    name: str | None,
    *,
    colour: str,
    lang: Lang,
) -> Layer:
    columns = [column for column in frame.columns if column != frame.geometry.name]
    named = name if name in columns else name_column(columns)
    title = _title(file)
    kind = main_kind(frame.geometry.to_numpy())
    symbol = _symbol(colour, kind, len(frame))
    style: Style = Single(symbol)
    if value in columns:
        values, style = style_by_values(frame[value], symbol, what=title, lang=lang)
        frame = frame.assign(**{value: values})
        title = f"{title}: {value}"
    labelled = named if len(frame) <= _MOST_LABELS[kind] else None
    return Layer(frame, style, title=title, name=named, label=labelled)


def _symbol(colour: str, kind: Kind, count: int) -> Symbol:
    """How features of a layer are drawn: areas light enough for names, many of them finely."""
    radius = 4.5 if count <= _SOME else 3.5 if count <= _MANY else 2.5
    if kind == "area":
        return Symbol(colour, 0.5, colour, 0.9 if count <= _MANY else 0.4, radius)
    return Symbol(colour, 0.75, colour, 1.4 if kind == "line" else 1.0, radius)


def _raster(file: str, crs: str | None) -> RasterLayer:
    path, chosen = Source.parse(file)
    number = int(chosen) if chosen is not None and chosen.isdecimal() else chosen
    band = open_band(path, band=number, crs=crs)
    grid = band.read()
    if not np.isfinite(grid.array).any():
        raise LayerError(file, ["none of its cells has a value; there is nothing to draw."])
    return RasterLayer(
        grid.array,
        grid.transform,
        band.crs,
        title=band.description or path.stem,
        unit=band.unit,
        breaks=even_breaks(grid.array),
    )


def _require_columns(layers: Sequence[AnyLayer], **asked: str | None) -> None:
    """Refuse a column that none of the layers has."""
    there = [c for layer in layers if isinstance(layer, Layer) for c in layer.table.columns]
    absent = [column for column in asked.values() if column is not None and column not in there]
    if absent:
        has = f"there are {name_some(there, most=20)}" if there else "there are none"
        raise RenderError(f"No layer has a column {name_some(absent)}; {has}.")


def _title(file: str) -> str:
    """Name of a file without its folder and endings, or of the layer asked for."""
    path, layer = Source.parse(file)
    return layer or re.sub(r"\.(shp|geojson|gpkg|fgb|gml|kml)$", "", path.stem, flags=re.IGNORECASE)


def _credits(files: Sequence[str]) -> str:
    """Credits of files whose publisher is known."""
    paths = [Source.parse(file).path for file in files]
    found = [origin_of(path).credit for path in paths]
    # Of a file whose publisher is not known the credit is but its name.
    return join_credits(credit for credit in found if credit not in {p.name for p in paths})


# --- What lies below ------------------------------------------------------------------------------


def _surroundings(bounds: Bounds) -> Bounds:
    """Widen a box by a margin; a lone point, which has no extent, by some kilometres."""
    west, south, east, north = bounds
    if west < east or south < north:
        return with_margin(bounds)
    return west - _LONE_POINT, south - _LONE_POINT, east + _LONE_POINT, north + _LONE_POINT


def _above_municipalities(scene: Scene) -> Scene:
    """Put the municipalities of Hokkaido below a scene that lies there, and above its rasters.

    Below boundaries of the scene's own the land lies without its borders, and not at all where they
    cover it.
    """
    file = sample_data() / "municipalities.geojson"
    towns = read_municipalities(file)
    view = _surroundings(scene.bounds)
    share = _share_of_land(scene, view, to_wgs84(towns, "municipalities"))
    if share is None or share > _ALL_LAND:
        return scene
    title = say(scene.lang, "市町村", "Municipalities")
    popup = {"name": say(scene.lang, "市町村", "Municipality")}
    land = Layer(towns, _LAND, title=say(scene.lang, "陸地", "Land"), popup={})
    layers = list(scene.layers)
    rasters = [place for place, layer in enumerate(layers) if isinstance(layer, RasterLayer)]
    if share:
        layers.insert(0, land)
    elif rasters:
        borders = Layer(towns, _BORDERS, title=title, name="name", popup=popup)
        layers.insert(rasters[-1] + 1, borders)
        layers.insert(0, land)
    else:
        layers.insert(0, Layer(towns, GROUND, title=title, name="name", popup=popup))
    credit = join_credits([scene.credit, origin_of(file).credit])
    return replace(scene, layers=layers, credit=credit, view=view)


def _share_of_land(scene: Scene, view: Bounds, towns: gpd.GeoDataFrame) -> float | None:
    """Share of the land in view that boundaries of a scene's own cover; 0 where it has none.

    ``None`` where no land of Hokkaido is in view, or so much else that it would look cut off.
    """
    seen = shapely.intersection(towns.geometry.to_numpy(), shapely.box(*view))
    land = float(shapely.area(seen).sum())
    (west, south, east, north), (a, b, c, d) = scene.bounds, towns.total_bounds
    reach = _AROUND_HOKKAIDO
    near = a - reach <= west and b - reach <= south and east <= c + reach and north <= d + reach
    if not near or land == 0:
        return None
    own = [_boundaries(layer) for layer in scene.layers if isinstance(layer, Layer)]
    return max((float(shapely.area(shapes).sum()) / land for shapes in own), default=0.0)


def _boundaries(layer: Layer) -> Shapes:
    """Areas of a layer as large as municipalities that cover much of their extent, or none."""
    shapes = shapes_on_the_map(layer)
    areas: Shapes = shapes[shapely.get_dimensions(shapes) == 2]
    none: Shapes = areas[:0]
    if len(areas) == 0:
        return none
    median_ha = np.median(area_ha(gpd.GeoDataFrame(geometry=areas, crs=WGS84_CRS)))
    extent = shapely.area(shapely.box(*shapely.total_bounds(areas)))
    is_large = median_ha >= _LEAST_TOWN_HA
    return areas if is_large and shapely.area(areas).sum() > _LEAST_COVER * extent else none


def _over_tiles(scene: Scene) -> Scene:
    """Leave the land to the tiles below it."""
    layers: list[AnyLayer] = []
    for layer in scene.layers:
        if isinstance(layer, RasterLayer) or layer.style not in (GROUND, _LAND):
            layers.append(layer)
        elif layer.style == GROUND:
            layers.append(replace(layer, style=_BORDERS))
    return replace(scene, layers=layers)


# --- Areas too small to be seen -------------------------------------------------------------------


def _with_small_areas(scene: Scene, change: Callable[[Shapes], Shapes]) -> Scene:
    """Change the geometries of layers whose areas are too small to be seen on the whole map."""
    west, south, east, north = scene.bounds
    least = _LEAST_SEEN * max(
        (east - west) * np.cos(np.radians((south + north) / 2)), north - south
    )
    return replace(scene, layers=[_enlarged(layer, least, change) for layer in scene.layers])


def _enlarged(layer: AnyLayer, least: float, change: Callable[[Shapes], Shapes]) -> AnyLayer:
    if isinstance(layer, RasterLayer):
        return layer
    shapes = shapes_on_the_map(layer)
    if main_kind(shapes) != "area" or np.nanmedian(_heights(shapes)) >= least:
        return layer
    frame = to_wgs84(layer.frame, layer.title)
    shapes = change(frame.geometry.to_numpy())
    return replace(layer, frame=frame.set_geometry(gpd.GeoSeries(shapes, frame.index, WGS84_CRS)))


def _heights(shapes: Shapes) -> npt.NDArray[np.float64]:
    """From south to north of each shape [degrees]."""
    bounds = shapely.bounds(shapes)
    return bounds[:, 3] - bounds[:, 1]


def _and_points(shapes: Shapes) -> Shapes:
    """Shapes together with a point inside each."""
    pairs = zip(label_points(shapes), shapes, strict=True)
    return np.array(
        [None if point is None else shapely.geometrycollections([point, s]) for point, s in pairs],
        dtype=object,
    )
