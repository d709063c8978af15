"""Google Earth files: a scene as OGC KML 2.2, bare (.kml) or packed with its pictures (.kmz).

The text is written as a stream, a batch of features at a time, so that memory does not grow with
the layer. Every id is counted within its document, and no clock is read: equal scenes give equal
bytes. Characters that XML 1.0 cannot carry are replaced by U+FFFD; all other text arrives as it is.
"""

from __future__ import annotations

import html
import io
import math
import re
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.classes import Resolved, resolve
from hokkaido_gis.render.legend import Kind, LegendBlock, draw_dot_png, draw_legend_png
from hokkaido_gis.render.scene import Bounds, Lang, Layer, Scene, Symbol, to_wgs84
from hokkaido_gis.render.text import WORDS, format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    Rows = npt.NDArray[np.intp]
    Geometries = npt.NDArray[np.object_]

_BATCH = 4096
_DECIMALS = 6  # of a degree: 0.1 m
_DOT, _LEGEND = "files/dot.png", "files/legend.png"
_DOT_ONLINE = "http://maps.google.com/mapfiles/kml/shapes/shaded_dot.png"
_ICON_PIXELS = 32  # drawn by an icon of scale 1
_LABEL_STYLE = (
    '<Style id="label"><IconStyle><scale>0</scale></IconStyle>'
    "<LabelStyle><color>ffffffff</color><scale>0.8</scale></LabelStyle></Style>\n"
)
_BALLOON_STYLE = "<BalloonStyle><text>$[description]</text></BalloonStyle>"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile(f"{_ILLEGAL.pattern}|[&<>\"'$\t\n\r]")  # most text holds none of these
_TYPES = {
    "integer": "int",
    "floating": "double",
    "mixed-integer-float": "double",
    "boolean": "bool",
}


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
    layers = [
        _KmlLayer(f"l{i}", layer, resolve(layer, scene.lang), scene.lang)
        for i, layer in enumerate(_place(layer) for layer in scene.layers)
    ]
    placed = replace(scene, layers=[layer.source for layer in layers])
    with replace_when_complete(target) as temporary:
        if form == ".kmz":
            _write_archive(temporary, placed, layers)
        else:
            with temporary.open("w", encoding="utf-8", newline="\n") as out:
                _write_document(out, placed, layers, packed=False)
    return target


def _place(layer: Layer) -> Layer:
    """Move a layer to longitude and latitude; points at NaN count as missing."""
    frame = to_wgs84(layer.frame)
    geometries = np.array(frame.geometry.array, dtype=object)
    lost = (shapely.get_type_id(geometries) == 0) & np.isnan(shapely.bounds(geometries)).any(axis=1)
    if lost.any():
        frame = frame.set_geometry(frame.geometry.mask(lost))
        geometries[lost] = None
    # A comparison with NaN is false, so that it is refused too.
    if not (np.abs(shapely.get_coordinates(geometries)) <= (180, 90)).all():
        raise RenderError(
            f"Layer {layer.title!r} has coordinates that are no longitude and latitude. Check that "
            f"its CRS ({layer.frame.crs}) is the one its coordinates were measured in."
        )
    return replace(layer, frame=frame)


@dataclass(frozen=True, eq=False)
class _KmlLayer:
    """A placed layer with its classes; `key` begins the ids of its styles and schemas."""

    key: str
    source: Layer
    resolved: Resolved
    lang: Lang

    @cached_property
    def geometries(self) -> Geometries:
        return np.asarray(self.source.frame.geometry.array, dtype=object)

    @cached_property
    def dimensions(self) -> npt.NDArray[np.intp]:
        """0, 1, 2 for points, lines, areas; -1 where there is nothing to draw."""
        found = shapely.get_dimensions(self.geometries)
        return np.where(shapely.is_empty(self.geometries), -1, found).astype(np.intp)

    @cached_property
    def kind(self) -> Kind:
        """What most features are."""
        known = self.dimensions[self.dimensions >= 0]
        kinds: tuple[Kind, ...] = ("point", "line", "area")
        return kinds[int(np.bincount(known).argmax())] if len(known) else "area"

    @cached_property
    def has_points(self) -> bool:
        return bool(np.isin(shapely.get_type_id(self.geometries), (0, 4, 7)).any())

    @cached_property
    def columns(self) -> list[_Column]:
        headings = {str(name): heading for name, heading in self.source.fields.items()}
        return [_Column(name, text, self.series(name)) for name, text in headings.items()]

    def series(self, name: str) -> pd.Series:
        """Find a column by its name as text, the first where several share it."""
        position = [str(c) for c in self.source.frame.columns].index(str(name))
        column = self.source.frame.iloc[:, position]
        is_categorical = isinstance(column.dtype, pd.CategoricalDtype)
        return column.astype(object) if is_categorical else column

    def texts(self, name: str | None, rows: Rows) -> list[str]:
        """Write a column as names; missing ones and those of no column are empty."""
        if name is None:
            return [""] * len(rows)
        values = self.series(name).iloc[rows]
        known = values.notna().to_numpy()
        return [_name(v) if k else "" for v, k in zip(values.tolist(), known, strict=True)]


def _name(value: object) -> str:
    """Write a name: numbers used as names, such as codes, take no commas."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True, eq=False)
class _Column:
    """An attribute on its way to balloons and to other programs."""

    name: str
    heading: str
    series: pd.Series

    @cached_property
    def type(self) -> str:
        """Type of KML's SimpleField; whole numbers beyond its 32 bits become doubles or text."""
        found = _TYPES.get(pd.api.types.infer_dtype(self.series, skipna=True), "string")
        if found == "int":
            largest = max((abs(value) for value in self.series.dropna().tolist()), default=0)
            found = "int" if largest < 2**31 else "double" if largest <= 2**53 else "string"
        return found


def _write_archive(path: Path, scene: Scene, layers: Sequence[_KmlLayer]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        with (
            archive.open(_entry("doc.kml"), "w") as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as out,
        ):
            _write_document(out, scene, layers, packed=True)
        if any(layer.has_points for layer in layers):
            archive.writestr(_entry(_DOT), draw_dot_png())
        blocks = [LegendBlock(x.source.title, x.resolved, x.kind) for x in layers]
        archive.writestr(_entry(_LEGEND), draw_legend_png(blocks, scene.lang))


def _entry(name: str) -> zipfile.ZipInfo:
    """Describe a file of the archive the same on every day and system."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _write_document(
    out: TextIO, scene: Scene, layers: Sequence[_KmlLayer], *, packed: bool
) -> None:
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write('<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n')
    out.write(f"<name>{_xml(scene.title)}</name><open>1</open>\n")
    out.write(f'<Snippet maxLines="2">{_xml(scene.caption[:100])}</Snippet>\n')
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
    credit = f"{WORDS['credit'][scene.lang]}: {scene.credit}" if scene.credit else ""
    return "".join(f"<p>{_html(text)}</p>" for text in (scene.caption, credit) if text)


def _legend_html(layers: Sequence[_KmlLayer], lang: Lang) -> str:
    parts = [f"<h3>{_html(WORDS['legend'][lang])}</h3>"]
    for layer in layers:
        parts.append(f"<p>{_html(layer.source.title)}</p>")
        for line in layer.resolved.classes:
            colour = line.symbol.stroke if layer.kind == "line" else line.symbol.fill
            parts.append(f'<div><font color="{colour}">■</font> {_html(line.label)}</div>')
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


def _styles(layer: _KmlLayer, dot: str) -> Iterator[str]:
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
        yield _style(f"{key}n", line.symbol, icon, 0.8 if layer.source.label else 0)
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


def _schema(layer: _KmlLayer, key: str) -> str:
    fields = "".join(
        f'<SimpleField type="{c.type}" name="{_xml(c.name)}">'
        f"<displayName>{_xml(c.heading)}</displayName></SimpleField>"
        for c in layer.columns
    )
    return f'<Schema name="{key}s" id="{key}s">{fields}</Schema>\n'


def _write_layer(out: TextIO, layer: _KmlLayer) -> None:
    """Write a folder with one folder for each class, and one of labels.

    The folder of a class is a nested Document, which Google Earth lists as a folder too: inside a
    .kmz, GDAL finds the attributes' schema in the Document that holds the features or nowhere.
    """
    hidden = "" if layer.source.visible else "<visibility>0</visibility>"
    out.write(f"<Folder><name>{_xml(layer.source.title)}</name>{hidden}<open>1</open>\n")
    for i, line in enumerate(layer.resolved.classes):
        key = f"{layer.key}c{i}"
        out.write(f"<Document><name>{_xml(line.label)}</name>{hidden}\n{_schema(layer, key)}")
        for rows in _batches(np.flatnonzero(layer.resolved.index == i)):
            out.writelines(_placemarks(layer, rows, key, hidden))
        out.write("</Document>\n")
    if layer.source.label is not None and (layer.dimensions > 0).any():
        out.write(f"<Folder><name>{WORDS['labels'][layer.lang]}</name>{hidden}\n")
        for rows in _batches(np.flatnonzero(layer.dimensions > 0)):
            out.writelines(_labels(layer, rows, hidden))
        out.write("</Folder>\n")
    out.write("</Folder>\n")


def _batches(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _placemarks(layer: _KmlLayer, rows: Rows, key: str, hidden: str) -> Iterator[str]:
    """Write features; points show their label as their name, since the map shows names."""
    source = layer.source
    titles = layer.texts(source.name or source.label, rows)
    labels = layer.texts(source.label or source.name, rows)
    on_map = (layer.dimensions[rows] == 0).tolist()
    names = [b if point else a for a, b, point in zip(titles, labels, on_map, strict=True)]
    tables, data = _attributes(layer, rows)
    shapes = _geometries(layer.geometries[rows])
    for name, title, table, values, shape in zip(names, titles, tables, data, shapes, strict=True):
        heading = f"<h3>{_html(title)}</h3>" if title else ""
        yield (
            "<Placemark>"
            + (f"<name>{_xml(name)}</name>" if name else "")
            + f'{hidden}<Snippet maxLines="0"/><description><![CDATA[{heading}<table>{table}'
            f"</table>]]></description><styleUrl>#{key}</styleUrl><ExtendedData>"
            f'<SchemaData schemaUrl="#{key}s">{values}</SchemaData></ExtendedData>'
            f"{shape}</Placemark>\n"
        )


def _attributes(layer: _KmlLayer, rows: Rows) -> tuple[list[str], list[str]]:
    """Write the balloons' table rows and the SimpleData of features, column by column."""
    # The empty first column keeps a text for each feature where the layer shows no field.
    tables, data = [[""] * len(rows)], [[""] * len(rows)]
    for column in layer.columns:
        head = f'<tr><th align="left">{_html(column.heading)}</th><td>'
        open_tag = f'<SimpleData name="{_xml(column.name)}">'
        plain = _PLAIN[column.type]
        batch = column.series.iloc[rows]
        values = list(zip(batch.tolist(), batch.notna().tolist(), strict=True))
        tables.append(
            [
                f"{head}{_html(format_value(value if known else None, layer.lang))}</td></tr>"
                for value, known in values
            ]
        )
        data.append(
            [f"{open_tag}{plain(value)}</SimpleData>" if known else "" for value, known in values]
        )
    return _join(tables), _join(data)


def _join(columns: list[list[str]]) -> list[str]:
    return ["".join(cells) for cells in zip(*columns, strict=True)]


def _labels(layer: _KmlLayer, rows: Rows, hidden: str) -> Iterator[str]:
    """Write the labels of lines and areas as points without icon."""
    texts = layer.texts(layer.source.label, rows)
    points, owners = _label_points(layer.geometries[rows])
    for owner, point in zip(owners, _geometries(points), strict=True):
        if texts[owner]:
            yield (
                f"<Placemark><name>{_xml(texts[owner])}</name>{hidden}"
                f"<styleUrl>#label</styleUrl>{point}</Placemark>\n"
            )


def _label_points(geometries: Geometries) -> tuple[Geometries, Rows]:
    """Find a point within the largest part of each area, or half-way along the longest line."""
    parts, owners = _simple_parts(geometries)
    size = np.where(shapely.get_dimensions(parts) == 2, shapely.area(parts), shapely.length(parts))
    order = np.lexsort((size, shapely.get_dimensions(parts), owners))
    largest = order[np.flatnonzero(np.diff(owners[order], append=-1))]
    chosen = parts[largest]
    is_line = shapely.get_type_id(chosen) == 1
    points = shapely.point_on_surface(chosen)
    points[is_line] = shapely.line_interpolate_point(chosen[is_line], 0.5, normalized=True)
    return points, owners[largest]


def _geometries(geometries: Geometries) -> list[str]:
    """Write geometries; empty and missing ones are empty text."""
    parts, owners = _simple_parts(geometries)
    texts = [""] * len(geometries)
    for owner, text in zip(owners.tolist(), _parts(parts), strict=True):
        texts[owner] += text
    for i in np.flatnonzero(shapely.get_type_id(geometries) >= 4):
        texts[i] = f"<MultiGeometry>{texts[i]}</MultiGeometry>" if texts[i] else ""
    return texts


def _simple_parts(geometries: Geometries) -> tuple[Geometries, Rows]:
    """Take collections apart, however deep, into drawable parts and the row each belongs to."""
    parts, owners = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    drawable = ~shapely.is_empty(parts)
    return shapely.orient_polygons(parts[drawable]), owners[drawable]


def _parts(parts: Geometries) -> list[str]:
    """Write points, lines and polygons."""
    rings, owners = shapely.get_rings(parts, return_index=True)
    others = np.flatnonzero(shapely.get_type_id(parts) != 3)
    coordinates = _coordinates(np.concatenate([rings, parts[others]]))
    sequences: list[list[str]] = [[] for _ in parts]
    for owner, text in zip(np.concatenate([owners, others]).tolist(), coordinates, strict=True):
        sequences[owner].append(text)
    kinds = shapely.get_type_id(parts).tolist()
    return [_part(kind, texts) for kind, texts in zip(kinds, sequences, strict=True)]


def _part(kind: int, texts: list[str]) -> str:
    if kind == 3:
        holes = "".join(f"<innerBoundaryIs>{_ring(text)}</innerBoundaryIs>" for text in texts[1:])
        outer = f"<outerBoundaryIs>{_ring(texts[0])}</outerBoundaryIs>"
        return f"<Polygon><tessellate>1</tessellate>{outer}{holes}</Polygon>"
    if kind in {1, 2}:  # bare rings as lines too, since GDAL reads no LinearRing outside a polygon
        line = f"<coordinates>{texts[0]}</coordinates>"
        return f"<LineString><tessellate>1</tessellate>{line}</LineString>"
    return f"<Point><coordinates>{texts[0]}</coordinates></Point>"


def _ring(text: str) -> str:
    return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"


def _coordinates(sequences: Geometries) -> list[str]:
    """Write the vertices of points, lines or rings; one call formats them all."""
    degrees = np.round(shapely.get_coordinates(sequences), _DECIMALS) + 0.0  # no -0
    pairs = ("%.6f,%.6f " * len(degrees) % tuple(degrees.ravel().tolist())).split(" ")
    ends = np.cumsum(shapely.get_num_coordinates(sequences)).tolist()
    return [" ".join(pairs[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


def _xml(text: str) -> str:
    """Escape text for elements and attributes."""
    if not _SPECIAL.search(text):
        return text
    # As references, breaks and tabs survive the white-space rules of XML readers.
    escaped = html.escape(_ILLEGAL.sub("\ufffd", text))
    return escaped.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def _html(text: str) -> str:
    """Escape text for balloons; no ``]]>`` is left that could end their CDATA section.

    Google Earth fills in ``$[...]``, so the dollar sign of such text is written as a reference.
    """
    if not _SPECIAL.search(text):
        return text
    return html.escape(_ILLEGAL.sub("\ufffd", text)).replace("$[", "&#36;[")


_PLAIN: dict[str, Callable[[Any], str]] = {
    "string": lambda value: _xml(str(value)),
    "double": lambda value: repr(float(value)).replace("inf", "INF"),
    "int": str,
    "bool": lambda value: str(int(value)),
}
