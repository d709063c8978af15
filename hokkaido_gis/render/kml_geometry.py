"""The smallest pieces of a KML file: geometries with their coordinates, and escaped text."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hokkaido_gis.render.shapes import simple_parts, split_rings

if TYPE_CHECKING:
    from hokkaido_gis.render.shapes import Shapes

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile(f"{_ILLEGAL.pattern}|[&<>\"'$\t\n\r]")  # most text holds none of these
_DECIMALS = 6  # of a degree: 0.1 m


def write_shapes(shapes: Shapes) -> list[str]:
    """Write geometries as elements of KML.

    Parameters
    ----------
    shapes
        Geometries of any type [degrees]; of their coordinates the first two are written.

    Returns
    -------
    list of str
        One text for each; empty where there is nothing to draw.
    """
    parts, owners = simple_parts(shapes)
    texts = [""] * len(shapes)
    for owner, text in zip(owners.tolist(), _parts(parts), strict=True):
        texts[owner] += text
    for i in np.flatnonzero(shapely.get_type_id(shapes) >= 4):
        texts[i] = f"<MultiGeometry>{texts[i]}</MultiGeometry>" if texts[i] else ""
    return texts


def _parts(parts: Shapes) -> list[str]:
    """Write points, lines and polygons; outer rings run counter-clockwise, as KML wants them."""
    rings, owners = split_rings(shapely.orient_polygons(parts))
    sequences: list[list[str]] = [[] for _ in parts]
    for owner, text in zip(owners.tolist(), _coordinates(rings), strict=True):
        sequences[owner].append(text)
    types = shapely.get_type_id(parts).tolist()
    return [_part(type_id, texts) for type_id, texts in zip(types, sequences, strict=True)]


def _part(type_id: int, texts: list[str]) -> str:
    if type_id == 3:
        holes = "".join(f"<innerBoundaryIs>{_ring(text)}</innerBoundaryIs>" for text in texts[1:])
        outer = f"<outerBoundaryIs>{_ring(texts[0])}</outerBoundaryIs>"
        return f"<Polygon><tessellate>1</tessellate>{outer}{holes}</Polygon>"
    if type_id in {1, 2}:  # bare rings too, since GDAL reads no LinearRing outside a polygon
        line = f"<coordinates>{texts[0]}</coordinates>"
        return f"<LineString><tessellate>1</tessellate>{line}</LineString>"
    return f"<Point><coordinates>{texts[0]}</coordinates></Point>"


def _ring(text: str) -> str:
    return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"


def _coordinates(sequences: Shapes) -> list[str]:
    """Write the vertices of points, lines or rings; one call formats them all."""
    degrees = np.round(shapely.get_coordinates(sequences), _DECIMALS) + 0.0  # no -0
    pairs = ("%.6f,%.6f " * len(degrees) % tuple(degrees.ravel().tolist())).split(" ")
    ends = np.cumsum(shapely.get_num_coordinates(sequences)).tolist()
    return [" ".join(pairs[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


def escape_xml(text: str) -> str:
    """Escape text for elements and attributes; what XML cannot carry becomes U+FFFD."""
    if not _SPECIAL.search(text):
        return text
    # As references, breaks and tabs survive the white-space rules of XML readers.
    escaped = html.escape(_ILLEGAL.sub("\ufffd", text))
    return escaped.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def escape_html(text: str) -> str:
    """Escape text for balloons; no ``]]>`` is left that could end their CDATA section.

    Google Earth fills in ``$[...]``, so the dollar sign of such text is written as a reference.
    """
    if not _SPECIAL.search(text):
        return text
    return html.escape(_ILLEGAL.sub("\ufffd", text)).replace("$[", "&#36;[")
