"""Google Earth files: a scene as OGC KML 2.2, bare (.kml) or packed with its pictures (.kmz).

The text is written as a stream, a batch of features at a time, so that memory does not grow with
the layer. Every id is counted within its document, and no clock is read: equal scenes give equal
bytes. Characters that XML 1.0 cannot carry are replaced by U+FFFD; all other text arrives as it is.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.kml_geometry import escape_html, escape_xml, write_shapes
from hokkaido_gis.render.kml_layer import KmlLayer
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.legend import LegendBlock, draw_dot_png, draw_legend_png
from hokkaido_gis.render.text import WORDS, credit_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hokkaido_gis.render.scene import Bounds, Lang, Scene, Symbol
    from hokkaido_gis.render.shapes import Indices

_BATCH = 4096
_DOT, _LEGEND = "files/dot.png", "files/legend.png"
_DOT_ONLINE = "http://maps.google.com/mapfiles/kml/shapes/shaded_dot.png"
_ICON_PIXELS = 32  # drawn by an icon of scale 1
_LABEL_STYLE = (
    '<Style id="label"><IconStyle><scale>0</scale></IconStyle>'
    "<LabelStyle><color>ffffffff</color><scale>0.8</scale></LabelStyle></Style>\n"
)
_BALLOON_STYLE = "<BalloonStyle><text>$[description]</text></BalloonStyle>"


def write_kmz(scene: Scene, path: str | Path) -> Path:
    """Write a scene for Google Earth.

    A .kmz carries the legend as a picture on the screen; a .kml, which cannot carry pictures, has
    it as text in its description and takes the dot of point layers from Google's icon server.
    Features without geometry keep their place and their attributes.

    Parameters
    ----------
    scene
        What is drawn. Layers may have any CRS; they are written as WGS84 longitude and latitude
        [degrees], without altitude.
    path
        Where to write; the ending, .kmz or .kml, decides the format.

    Returns
    -------
    Path
        The finished file.

    Raises
    ------
    OutputError
        If the ending is another one or the file cannot be written; an older file stays untouched.
    RenderError
        If a layer cannot be classified or placed on the earth, or no layer has a geometry.
    """
    target = Path(path)
    form = target.suffix.lower()
    if form not in {".kmz", ".kml"}:
        raise OutputError(f"{target.name!r} must end in .kmz or .kml to be written as KML.")
    placed = scene.placed()
    layers = [
        KmlLayer(f"l{i}", layer, resolve(layer, scene.lang), scene.lang)
        for i, layer in enumerate(placed.layers)
    ]
    with replace_when_complete(target) as temporary:
        if form == ".kmz":
            _write_archive(temporary, placed, layers)
        else:
            with temporary.open("w", encoding="utf-8", newline="\n") as out:
                _write_document(out, placed, layers, packed=False)
    return target


def _write_archive(path: Path, scene: Scene, layers: Sequence[KmlLayer]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        with (
            archive.open(_entry("doc.kml"), "w") as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as out,
        ):
            _write_document(out, scene, layers, packed=True)
        if any(layer.has_points for layer in layers):
            archive.writestr(_entry(_DOT), draw_dot_png())
        blocks = [LegendBlock(layer.source.title, layer.resolved) for layer in layers]
        archive.writestr(_entry(_LEGEND), draw_legend_png(blocks, scene.lang))


def _entry(name: str) -> zipfile.ZipInfo:
    """Describe a file of the archive the same on every day and system."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _write_document(out: TextIO, scene: Scene, layers: Sequence[KmlLayer], *, packed: bool) -> None:
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write('<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n')
    out.write(f"<name>{escape_xml(scene.title)}</name><open>1</open>\n")
    out.write(f'<Snippet maxLines="2">{escape_xml(scene.caption[:100])}</Snippet>\n')
    legend = "" if packed else _legend_html(layers, scene.lang)
    out.write(f"<description><![CDATA[{_about(scene)}{legend}]]></description>\n")
    out.write(_look_at(scene.bounds))
    out.write(_LABEL_STYLE)
    for layer in layers:
        out.writelines(_styles(layer, _DOT if packed else _DOT_ONLINE))
    for layer in layers:
        _write_layer(out, layer)
    if packed:
        out.write(_legend_overlay(scene.lang))
    out.write("</Document></kml>\n")


def _about(scene: Scene) -> str:
    texts = (scene.caption, credit_line(scene.credit, scene.lang))
    return "".join(f"<p>{escape_html(text)}</p>" for text in texts if text)


def _legend_html(layers: Sequence[KmlLayer], lang: Lang) -> str:
    parts = [f"<h3>{escape_html(WORDS['legend'][lang])}</h3>"]
    for layer in layers:
        parts.append(f"<p>{escape_html(layer.source.title)}</p>")
        for line in layer.resolved.classes:
            is_line = layer.resolved.kind == "line"
            colour = line.symbol.stroke if is_line else line.symbol.fill
            parts.append(f'<div><font color="{colour}">■</font> {escape_html(line.label)}</div>')
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


def _legend_overlay(lang: Lang) -> str:
    return (
        f"<ScreenOverlay><name>{WORDS['legend'][lang]}</name>"
        f"<Icon><href>{_LEGEND}</href></Icon>"
        '<overlayXY x="0" y="1" xunits="fraction" yunits="fraction"/>'
        '<screenXY x="0.01" y="0.98" xunits="fraction" yunits="fraction"/>'
        '<size x="-1" y="-1" xunits="pixels" yunits="pixels"/></ScreenOverlay>\n'
    )


def _styles(layer: KmlLayer, dot: str) -> Iterator[str]:
    """Write a pair of styles for each class: as it lies there, and under the mouse."""
    icon = f"<Icon><href>{dot}</href></Icon>" if layer.has_points else ""
    for i, line in enumerate(layer.resolved.classes):
        key = f"{layer.key}c{i}"
        bold = replace(
            line.symbol,
            fill_opacity=min(1.0, line.symbol.fill_opacity + 0.2),
            stroke_width=line.symbol.stroke_width + 2,
        )
        # Names of points stand on the map where asked for, else they show under the mouse only.
        yield _style(f"{key}n", line.symbol, icon, 0.8 if layer.has_labels else 0)
        yield _style(f"{key}h", bold, icon, 1)
        yield (
            f'<StyleMap id="{key}"><Pair><key>normal</key><styleUrl>#{key}n</styleUrl></Pair>'
            f"<Pair><key>highlight</key><styleUrl>#{key}h</styleUrl></Pair></StyleMap>\n"
        )


def _style(key: str, symbol: Symbol, icon: str, label_scale: float) -> str:
    fill = _colour(symbol.fill, symbol.fill_opacity)
    return (
        f'<Style id="{key}"><IconStyle><color>{fill}</color>'
        f"<scale>{2 * symbol.radius / _ICON_PIXELS:g}</scale>{icon}</IconStyle>"
        f"<LabelStyle><scale>{label_scale:g}</scale></LabelStyle>"
        f"<LineStyle><color>{_colour(symbol.stroke, 1)}</color>"
        f"<width>{symbol.stroke_width:g}</width></LineStyle>"
        f"<PolyStyle><color>{fill}</color><outline>{symbol.stroke_width > 0:d}</outline>"
        f"</PolyStyle>{_BALLOON_STYLE}</Style>\n"
    )


def _colour(rgb: str, opacity: float) -> str:
    """Turn #rrggbb into KML's aabbggrr."""
    return f"{round(opacity * 255):02x}{rgb[5:7]}{rgb[3:5]}{rgb[1:3]}".lower()


def _schema(layer: KmlLayer, key: str) -> str:
    fields = "".join(
        f'<SimpleField type="{c.type}" name="{escape_xml(c.name)}">'
        f"<displayName>{escape_xml(c.heading)}</displayName></SimpleField>"
        for c in layer.columns
    )
    return f'<Schema name="{key}s" id="{key}s">{fields}</Schema>\n'


def _write_layer(out: TextIO, layer: KmlLayer) -> None:
    """Write a folder with one folder for each class, and one of labels.

    The folder of a class is a nested Document, which Google Earth lists as a folder too: inside a
    .kmz, GDAL finds the attributes' schema in the Document that holds the features or nowhere.
    """
    hidden = "" if layer.source.visible else "<visibility>0</visibility>"
    out.write(f"<Folder><name>{escape_xml(layer.source.title)}</name>{hidden}<open>1</open>\n")
    for i, line in enumerate(layer.resolved.classes):
        key = f"{layer.key}c{i}"
        out.write(f"<Document><name>{escape_xml(line.label)}</name>{hidden}\n{_schema(layer, key)}")
        for rows in _batches(np.flatnonzero(layer.resolved.index == i)):
            out.writelines(_placemarks(layer, rows, key, hidden))
        out.write("</Document>\n")
    if layer.has_labels and (layer.dimensions > 0).any():
        out.write(f"<Folder><name>{WORDS['labels'][layer.lang]}</name>{hidden}\n")
        for rows in _batches(np.flatnonzero(layer.dimensions > 0)):
            out.writelines(_labels(layer, rows, hidden))
        out.write("</Folder>\n")
    out.write("</Folder>\n")


def _batches(rows: Indices) -> Iterator[Indices]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _placemarks(layer: KmlLayer, rows: Indices, key: str, hidden: str) -> Iterator[str]:
    """Write features; points show their label as their name, since the map shows names."""
    titles = layer.titles(rows)
    labels = layer.labels(rows) if layer.has_labels else titles
    on_map = (layer.dimensions[rows] == 0).tolist()
    names = [b if point else a for a, b, point in zip(titles, labels, on_map, strict=True)]
    # The empty first column keeps a text for each feature where the layer shows no field.
    blank = [""] * len(rows)
    tables = _join([blank, *(column.cells(rows, layer.lang) for column in layer.columns)])
    data = _join([blank, *(column.data(rows) for column in layer.columns)])
    shapes = write_shapes(layer.shapes[rows])
    for name, title, table, values, shape in zip(names, titles, tables, data, shapes, strict=True):
        heading = f"<h3>{escape_html(title)}</h3>" if title else ""
        yield (
            "<Placemark>"
            + (f"<name>{escape_xml(name)}</name>" if name else "")
            + f'{hidden}<Snippet maxLines="0"/><description><![CDATA[{heading}<table>{table}'
            f"</table>]]></description><styleUrl>#{key}</styleUrl><ExtendedData>"
            f'<SchemaData schemaUrl="#{key}s">{values}</SchemaData></ExtendedData>'
            f"{shape}</Placemark>\n"
        )


def _join(columns: list[list[str]]) -> list[str]:
    return ["".join(cells) for cells in zip(*columns, strict=True)]


def _labels(layer: KmlLayer, rows: Indices, hidden: str) -> Iterator[str]:
    """Write the labels of lines and areas as points without icon."""
    points = write_shapes(label_points(layer.shapes[rows]))
    for text, point in zip(layer.labels(rows), points, strict=True):
        if text and point:
            yield (
                f"<Placemark><name>{escape_xml(text)}</name>{hidden}"
                f"<styleUrl>#label</styleUrl>{point}</Placemark>\n"
            )
