"""The features of a KML file as a stream of text, a batch at a time, so that memory stays small.

What a batch has in common is put into one template, and its columns are formatted and escaped as
columns: per feature only the template is filled and the vertices are cut out.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.render.kml_geometry import (
    escape_all,
    escape_html,
    escape_xml,
    write_long_areas,
    write_shapes,
)
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hokkaido_gis.render.kml_layer import KmlLayer
    from hokkaido_gis.render.shapes import Indices

# Features and vertices of a batch; more are no faster and take more memory.
_FEATURES, _VERTICES = 2_000, 100_000


def write_layer(layer: KmlLayer) -> Iterator[bytes]:
    """Write a folder with one folder for each class, and one of labels.

    The folder of a class is a nested Document, which Google Earth lists as a folder too: inside a
    .kmz, GDAL finds the attributes' schema in the Document that holds the features or nowhere.
    """
    hidden = "" if layer.source.visible else "<visibility>0</visibility>"
    title = escape_xml(layer.source.title)
    yield f"<Folder><name>{title}</name>{hidden}<open>1</open>\n".encode()
    for i, line in enumerate(layer.resolved.classes):
        key = f"{layer.key}c{i}"
        schema = _schema(layer, f"{key}s")
        head = f"<Document><name>{escape_xml(line.label)}</name>{hidden}\n{schema}"
        yield head.encode()
        rows = np.flatnonzero(layer.resolved.index == i)
        yield from _placemarks(layer, rows, f"{key}s", hidden)
        yield b"</Document>\n"
    yield from _label_folder(layer, np.arange(len(layer.shapes)), hidden)
    yield b"</Folder>\n"


def write_rows(layer: KmlLayer, rows: Indices) -> Iterator[bytes]:
    """Write some features of a layer with their schema and their labels, for a Document of theirs.

    Parameters
    ----------
    layer
        The layer.
    rows
        Positions of the features.
    """
    key = f"{layer.key}s"
    yield _schema(layer, key).encode()
    yield from _placemarks(layer, rows, key, "")
    yield from _label_folder(layer, rows, "")


def _label_folder(layer: KmlLayer, rows: Indices, hidden: str) -> Iterator[bytes]:
    named = rows[layer.dimensions[rows] > 0]
    if layer.has_labels and len(named):
        yield f"<Folder><name>{WORDS['labels'][layer.lang]}</name>{hidden}\n".encode()
        yield from (_labels(layer, batch, hidden) for batch in _batches(layer, named))
        yield b"</Folder>\n"


def _schema(layer: KmlLayer, key: str) -> str:
    fields = "".join(
        f'<SimpleField type="{c.type}" name="{escape_xml(c.name)}">'
        f"<displayName>{escape_xml(c.heading)}</displayName></SimpleField>"
        for c in layer.columns
    )
    return f'<Schema name="{key}" id="{key}">{fields}</Schema>\n'


def _batches(layer: KmlLayer, rows: Indices) -> list[Indices]:
    weights = np.cumsum(layer.vertices[rows] + _VERTICES // _FEATURES)
    cuts = np.flatnonzero(np.diff(weights // _VERTICES)) + 1
    return [batch for batch in np.split(rows, cuts) if len(batch)]


def _placemarks(layer: KmlLayer, rows: Indices, schema: str, hidden: str) -> Iterator[bytes]:
    return (_batch(layer, batch, schema, hidden) for batch in _batches(layer, rows))


def _batch(layer: KmlLayer, rows: Indices, schema: str, hidden: str) -> bytes:
    """Write features; points are named by their label, since the map shows names."""
    titles = layer.titles(rows)
    names = titles
    if layer.has_labels:
        pairs = zip(titles, layer.labels(rows), layer.dimensions[rows] == 0, strict=True)
        names = [label if is_point else title for title, label, is_point in pairs]
    slots: list[tuple[str, Sequence[str] | None]] = [
        ("<Placemark>", None),
        _slot("<name>", escape_all(names, escape_xml), "</name>"),
        (f'{hidden}<Snippet maxLines="0"/><description><![CDATA[', None),
        _slot("<h3>", escape_all(titles, escape_html), "</h3>"),
        ("<table>", None),
    ]
    data: list[tuple[str, Sequence[str] | None]] = []
    for column in layer.columns:
        cells, texts, all_known = column.texts(rows, layer.lang)
        head = f"<tr><th>{escape_html(column.heading)}<td>"
        slots.append((_plain(head) + "%s", cells))
        data.append((_plain(column.data_head) + "%s</SimpleData>" if all_known else "%s", texts))
    slots += [
        (f"</table>]]></description><styleUrl>#{layer.key}c", None),
        ("%s", _style_endings(layer, rows)),
        (f'</styleUrl><ExtendedData><SchemaData schemaUrl="#{schema}">', None),
        *data,
    ]
    slots.append(("</SchemaData></ExtendedData>", None))
    template = "".join(form for form, _ in slots)
    columns = [texts for _, texts in slots if texts is not None]
    heads = [(template % values).encode() for values in zip(*columns, strict=True)]
    shapes = _shapes(layer, rows)
    return b"".join(chain.from_iterable(zip(heads, shapes, repeat(b"</Placemark>\n"))))


def _slot(before: str, texts: Sequence[str], after: str) -> tuple[str, Sequence[str]]:
    """Put texts between tags; an empty text has none."""
    if all(texts):
        return f"{before}%s{after}", texts
    return "%s", [f"{before}{text}{after}" if text else "" for text in texts]


def _plain(text: str) -> str:
    return text.replace("%", "%%")


def _style_endings(layer: KmlLayer, rows: Indices) -> Sequence[str]:
    """Name the style of each feature by its class, and by what sets it apart within this."""
    classes = layer.resolved.index[rows].tolist()
    cut = layer.long[rows].tolist()
    texts = [f"{i}x" if is_cut else f"{i}" for i, is_cut in zip(classes, cut, strict=True)]
    if layer.resolved.radii is None:
        return texts
    discs = zip(classes, texts, layer.quarters[rows].tolist(), strict=True)
    return [text if i else f"{i}r{quarters}" for i, text, quarters in discs]


def _shapes(layer: KmlLayer, rows: Indices) -> list[bytes]:
    texts = write_shapes(layer.shapes[rows])
    for i in np.flatnonzero(layer.long[rows]).tolist():
        symbol = layer.resolved.classes[layer.resolved.index[rows[i]]].symbol
        outlined = symbol.stroke_width > 0
        (texts[i],) = write_long_areas(layer.shapes[rows[i : i + 1]], outlined=outlined)
    return texts


def _labels(layer: KmlLayer, rows: Indices, hidden: str) -> bytes:
    """Write the labels of lines and areas as points without icon."""
    points = write_shapes(label_points(layer.shapes[rows]))
    names = escape_all(layer.labels(rows), escape_xml)
    end = f"</name>{hidden}<styleUrl>#{layer.key}t</styleUrl>".encode()
    return b"".join(
        b"<Placemark><name>%b%b%b</Placemark>\n" % (name.encode(), end, point)
        for name, point in zip(names, points, strict=True)
        if name and point
    )
