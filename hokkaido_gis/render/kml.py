"""Google Earth files: a scene as OGC KML 2.2, bare (.kml) or packed with its pictures (.kmz).

The text is written as a stream, a batch of features at a time, so that memory does not grow with
the layer. Every id is counted within its document, and no clock is read: equal scenes give equal
bytes. Characters that XML 1.0 cannot carry are replaced by U+FFFD; all other text arrives as it is.
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hokkaido_gis.errors import OutputError, name_some
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.kml_features import write_layer
from hokkaido_gis.render.kml_geometry import escape_html, escape_xml
from hokkaido_gis.render.kml_layer import KmlLayer
from hokkaido_gis.render.kml_styles import colour, styles
from hokkaido_gis.render.kml_tiles import TILES_FROM, TiledLayer, tile_large
from hokkaido_gis.render.legend import (
    LegendBlock,
    draw_caption_png,
    draw_dot_png,
    draw_legend_png,
)
from hokkaido_gis.render.raster_image import PaintedRaster, paint_raster
from hokkaido_gis.render.scene import RasterLayer
from hokkaido_gis.render.text import WORDS, credit_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.scene import AnyLayer, Bounds, Lang, Scene

_DOT, _LEGEND, _CAPTION = "files/dot.png", "files/legend.png", "files/caption.png"
_VERTICES_OF_2_GB = 50_000_000
_DOT_ONLINE = "http://maps.google.com/mapfiles/kml/shapes/shaded_dot.png"


@dataclass(frozen=True, eq=False, slots=True)
class _Overlay:
    """A raster of the scene as a picture of the archive."""

    key: str
    source: RasterLayer
    painted: PaintedRaster

    @property
    def file(self) -> str:
        return f"files/{self.key}.png"

    @property
    def resolved(self) -> Resolved:
        return self.painted.resolved


_Drawn = KmlLayer | TiledLayer | _Overlay


def write_kmz(scene: Scene, path: str | Path, *, tiles_from: int = TILES_FROM) -> Path:
    """Write a scene for Google Earth.

    A .kmz carries the legend as a picture on the screen; a .kml, which cannot carry pictures, has
    it as text in its description and takes the dot of point layers from Google's icon server.
    Areas of more than 20,000 vertices, which Google Earth draws wrongly, are written in pieces,
    with their outline as lines. Features without geometry keep their place and their attributes.

    A .kmz holds large layers in tiles, which Google Earth loads as it nears them: from far off the
    classes are seen with few vertices, close by every feature whole, with label and balloon.

    Parameters
    ----------
    scene
        What is drawn. Layers may have any CRS; they are written as WGS84 longitude and latitude
        [degrees], without altitude.
    path
        Where to write; the ending, .kmz or .kml, decides the format.
    tiles_from
        Features above which a layer of a .kmz is cut into tiles; 20 times as many vertices count
        the same.

    Returns
    -------
    Path
        The finished file.

    Raises
    ------
    OutputError
        If the ending is another one, a .kml should carry a raster, or the file cannot be written;
        an older file stays untouched.
    RenderError
        If a layer cannot be classified or placed on the earth, or no layer has a geometry.
    """
    target = Path(path)
    form = target.suffix.lower()
    if form not in {".kmz", ".kml"}:
        raise OutputError(f"{target.name!r} must end in .kmz or .kml to be written as KML.")
    if form == ".kml":
        _refuse_rasters(scene, target)
    placed = scene.placed()
    layers = [_drawn(f"l{i}", layer, scene.lang) for i, layer in enumerate(placed.layers)]
    with replace_when_complete(target) as temporary:
        if form == ".kmz":
            cut = [tile_large(x, tiles_from) if isinstance(x, KmlLayer) else x for x in layers]
            _write_archive(temporary, placed, cut)
        else:
            with temporary.open("wb") as out:
                out.writelines(_document(placed, layers, packed=False))
    return target


def _refuse_rasters(scene: Scene, target: Path) -> None:
    rasters = [layer.title for layer in scene.layers if isinstance(layer, RasterLayer)]
    if rasters:
        raise OutputError(
            f"{target.name!r}: a .kml cannot carry the picture of a raster, and the scene has "
            f"{name_some(rasters)}. Write a .kmz."
        )


def _drawn(key: str, layer: AnyLayer, lang: Lang) -> _Drawn:
    if isinstance(layer, RasterLayer):
        return _Overlay(key, layer, paint_raster(layer, "EPSG:4326", lang))
    return KmlLayer(key, layer, resolve(layer, lang), lang)


def _write_archive(path: Path, scene: Scene, layers: Sequence[_Drawn]) -> None:
    # The first level packs three times faster than the usual one, into a third more.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        # Only where it is needed, since few programs that read KML know the large form.
        vertices = sum(int(layer.vertices.sum()) for layer in layers if isinstance(layer, KmlLayer))
        with archive.open("doc.kml", "w", force_zip64=vertices > _VERTICES_OF_2_GB) as out:
            for piece in _document(scene, layers, packed=True):
                out.write(piece)
        for name, picture in _pictures(scene, layers):
            with archive.open(name, "w") as out:
                out.write(picture)
        for layer in layers:
            for name, pieces in layer.documents() if isinstance(layer, TiledLayer) else ():
                with archive.open(name, "w") as out:
                    for piece in pieces:
                        out.write(piece)
        for entry in archive.infolist():  # the same on every system
            entry.create_system = 3
            entry.external_attr = 0o644 << 16


def _pictures(scene: Scene, layers: Sequence[_Drawn]) -> Iterator[tuple[str, bytes]]:
    if any(isinstance(layer, KmlLayer) and layer.has_points for layer in layers):
        yield _DOT, draw_dot_png()
    tiled = (layer.dot for layer in layers if isinstance(layer, TiledLayer))
    yield from ((dot, draw_dot_png()) for dot in tiled if dot)
    blocks = [LegendBlock(layer.source.title, layer.resolved) for layer in layers]
    yield _LEGEND, draw_legend_png(blocks, scene.lang)
    yield _CAPTION, draw_caption_png(scene)
    for layer in layers:
        if isinstance(layer, _Overlay):
            yield layer.file, layer.painted.png()


def _document(scene: Scene, layers: Sequence[_Drawn], *, packed: bool) -> Iterator[bytes]:
    legend = "" if packed else _legend_html(layers, scene.lang)
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
        f"<name>{escape_xml(scene.title)}</name><open>1</open>\n"
        f'<Snippet maxLines="2">{escape_xml(scene.caption[:100])}</Snippet>\n'
        f"<description><![CDATA[{_about(scene)}{legend}]]></description>\n{_look_at(scene.bounds)}"
    ).encode()
    for layer in layers:
        if isinstance(layer, KmlLayer):
            yield "".join(styles(layer, _DOT if packed else _DOT_ONLINE)).encode()
    for order, layer in enumerate(layers):
        if isinstance(layer, KmlLayer):
            yield from write_layer(layer)
        elif isinstance(layer, TiledLayer):
            yield from layer.links()
        else:
            yield _ground_overlay(layer, order).encode()
    if packed:
        yield _screen_overlay(WORDS["legend"][scene.lang], _LEGEND, top=True).encode()
        yield _screen_overlay(WORDS["caption"][scene.lang], _CAPTION, top=False).encode()
    yield b"</Document></kml>\n"


def _about(scene: Scene) -> str:
    texts = (scene.caption, credit_line(scene.credit, scene.lang))
    return "".join(f"<p>{escape_html(text)}</p>" for text in texts if text)


def _legend_html(layers: Sequence[_Drawn], lang: Lang) -> str:
    parts = [f"<h3>{escape_html(WORDS['legend'][lang])}</h3>"]
    for layer in layers:
        parts.append(f"<p>{escape_html(layer.source.title)}</p>")
        for text, symbol in layer.resolved.legend_lines(""):
            if symbol is not None:
                shade = symbol.stroke if layer.resolved.kind == "line" else symbol.fill
                parts.append(f'<div><font color="{shade}">■</font> {escape_html(text)}</div>')
    return "".join(parts)


def _look_at(bounds: Bounds) -> str:
    """Look straight down from where a screen of 16:10 shows all of `bounds`."""
    west, south, east, north = bounds
    latitude = (south + north) / 2
    width = (east - west) * 111_320 * math.cos(math.radians(latitude))
    height = (north - south) * 111_320
    # Google Earth sees 60 degrees across; a tenth of margin, and never nearer than 1 km.
    distance = max(1_000, 1.1 * max(width, 1.6 * height) / 2 / math.tan(math.radians(30)))
    return (
        f"<LookAt><longitude>{(west + east) / 2:.6f}</longitude><latitude>{latitude:.6f}</latitude>"
        f"<heading>0</heading><tilt>0</tilt><range>{distance:.0f}</range></LookAt>\n"
    )


def _ground_overlay(layer: _Overlay, order: int) -> str:
    hidden = "" if layer.source.visible else "<visibility>0</visibility>"
    west, south, east, north = layer.painted.bounds
    return (
        f"<GroundOverlay><name>{escape_xml(layer.source.title)}</name>{hidden}"
        f"<color>{colour('#ffffff', layer.painted.opacity)}</color><drawOrder>{order}</drawOrder>"
        f"<Icon><href>{layer.file}</href></Icon>"
        f"<LatLonBox><north>{north:.8f}</north><south>{south:.8f}</south>"
        f"<east>{east:.8f}</east><west>{west:.8f}</west></LatLonBox></GroundOverlay>\n"
    )


def _screen_overlay(name: str, file: str, *, top: bool) -> str:
    """Lay a picture over the left upper or lower corner of the screen."""
    up, at = ("1", "0.98") if top else ("0", "0.06")
    return (
        f"<ScreenOverlay><name>{name}</name><Icon><href>{file}</href></Icon>"
        f'<overlayXY x="0" y="{up}" xunits="fraction" yunits="fraction"/>'
        f'<screenXY x="0.01" y="{at}" xunits="fraction" yunits="fraction"/>'
        '<size x="-1" y="-1" xunits="pixels" yunits="pixels"/></ScreenOverlay>\n'
    )
