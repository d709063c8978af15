"""The smallest pieces of a KML file: geometries with their coordinates, and escaped text."""

from __future__ import annotations

import html
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hokkaido_gis.render.kml_rings import cut_outlines, is_long, split_areas
from hokkaido_gis.render.shapes import simple_parts, split_rings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.shapes import Shapes

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Most text holds none of these.
_SPECIAL = re.compile("[\x00-\x1f&<>\"'$\ud800-\udfff\ufffe\uffff]")
_MICRO = 1_000_000  # coordinates have 6 decimals of a degree: 0.1 m
_POLYGON = (
    b"<Polygon><tessellate>1</tessellate><outerBoundaryIs><LinearRing><coordinates>",
    b"</coordinates></LinearRing></outerBoundaryIs>",
    b"</Polygon>",
)
_HOLE = (
    b"<innerBoundaryIs><LinearRing><coordinates>",
    b"</coordinates></LinearRing></innerBoundaryIs>",
)
_LINE = (
    b"<LineString><tessellate>1</tessellate><coordinates>",
    b"</coordinates></LineString>",
)
_POINT = (b"<Point><coordinates>", b"</coordinates></Point>")


def write_shapes(shapes: Shapes) -> list[bytes]:
    """Write geometries as elements of KML.

    Parameters
    ----------
    shapes
        Geometries of any type [degrees]; of their coordinates the first two are written.

    Returns
    -------
    list of bytes
        One text for each; empty where there is nothing to draw.
    """
    if ((shapely.get_type_id(shapes) == 3) & ~shapely.is_empty(shapes)).all():
        return _parts(shapes)  # nothing is to be taken apart
    parts, owners = simple_parts(shapes)
    texts = [b""] * len(shapes)
    for owner, text in zip(owners.tolist(), _parts(parts), strict=True):
        texts[owner] += text
    for i in np.flatnonzero(shapely.get_type_id(shapes) >= 4).tolist():
        texts[i] = b"<MultiGeometry>%b</MultiGeometry>" % texts[i] if texts[i] else b""
    return texts


def write_long_areas(shapes: Shapes, *, outlined: bool) -> list[bytes]:
    """Write areas of very many vertices in pieces, to be filled without outline.

    Parameters
    ----------
    shapes
        Geometries, some with polygons that `kml_rings.is_long`.
    outlined
        Whether their outlines are drawn, which then follow as lines of their own.
    """
    texts = []
    for shape in shapes:
        parts, _ = simple_parts(np.array([shape], dtype=object))
        long = is_long(parts)
        drawn = [parts[~long], split_areas(parts[long])]
        if outlined:  # of all polygons, since the style of the feature draws no outline
            drawn.append(cut_outlines(parts[shapely.get_type_id(parts) == 3]))
        texts.append(b"<MultiGeometry>%b</MultiGeometry>" % b"".join(_parts(np.concatenate(drawn))))
    return texts


def _parts(parts: Shapes) -> list[bytes]:
    """Write points, lines and polygons; outer rings run counter-clockwise, as KML wants them."""
    rings, owners = split_rings(parts)
    types = shapely.get_type_id(parts)
    is_shell = np.diff(owners, prepend=-1) > 0
    wrong = (types[owners] == 3) & (shapely.is_ccw(rings) != is_shell)
    rings[wrong] = shapely.reverse(rings[wrong])
    texts = _coordinates(rings)
    if (types == 3).all() and len(rings) == len(parts):  # no holes
        start, middle, end = _POLYGON
        end = middle + end
        return [start + text + end for text in texts]
    sequences: list[list[bytes]] = [[] for _ in parts]
    for owner, text in zip(owners.tolist(), texts, strict=True):
        sequences[owner].append(text)
    pairs = zip(types.tolist(), sequences, strict=True)
    return [_part(type_id, texts) for type_id, texts in pairs]


def _part(type_id: int, texts: list[bytes]) -> bytes:
    if type_id == 3:
        start, middle, end = _POLYGON
        holes = b"".join(_HOLE[0] + text + _HOLE[1] for text in texts[1:])
        return start + texts[0] + middle + holes + end
    # Bare rings are lines too, since GDAL reads no LinearRing outside a polygon.
    start, end = _LINE if type_id in {1, 2} else _POINT
    return start + texts[0] + end


def _coordinates(sequences: Shapes) -> list[bytes]:
    """Write the vertices of points, lines or rings; one call formats them all."""
    degrees = shapely.get_coordinates(sequences)
    text, lengths = format_degrees(degrees)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    ends = ends[np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(sequences))])].tolist()
    # Without the space after the last pair.
    return [text[a : max(a, b - 1)] for a, b in pairwise(ends)]


def format_degrees(degrees: npt.NDArray[np.float64]) -> tuple[bytes, npt.NDArray[np.intp]]:
    """Write pairs of degrees with 6 decimals, each as ``lon,lat`` and a space.

    Every number is looked up in three pieces (whole degrees, thousandths, millionths), for all
    pairs at once; pieces are padded with zero bytes, which are taken out at the end.

    Parameters
    ----------
    degrees
        Shape (n, 2), of at most 180 degrees.

    Returns
    -------
    text
        All pairs.
    lengths
        Bytes of each pair.

    Examples
    --------
    >>> format_degrees(np.array([[141.3543763, -0.5]]))
    (b'141.354376,-0.500000 ', array([21]))
    """
    whole, sizes, thirds = _pieces()
    micro = np.rint(degrees * _MICRO).astype(np.int32)
    size = np.abs(micro)
    head = size // _MICRO
    rest = size - head * _MICRO
    middle = rest // 1000
    head += (micro < 0) * (len(whole) // 2)
    row = np.empty((len(degrees), 2), dtype=[("head", "u8"), ("middle", "u4"), ("end", "u4")])
    row["head"] = whole[head]
    row["middle"] = thirds[0][middle]
    rest -= middle * 1000
    row["end"][:, 0] = thirds[1][rest[:, 0]]
    row["end"][:, 1] = thirds[2][rest[:, 1]]
    return row.tobytes().translate(None, b"\0"), sizes[head].sum(axis=1)


@cache
def _pieces() -> tuple[
    npt.NDArray[np.uint64], npt.NDArray[np.intp], tuple[npt.NDArray[np.uint32], ...]
]:
    """Texts of whole degrees by size and then sign, bytes of numbers, texts of three digits."""
    heads = [f"{sign}{degree}." for sign in ("", "-") for degree in range(181)]
    whole = np.array([text.encode() for text in heads], dtype="S8").view("u8")
    sizes = np.array([len(text) + 7 for text in heads], dtype=np.intp)
    thirds = tuple(
        np.array([f"{number:03d}{after}".encode() for number in range(1000)], dtype="S4").view("u4")
        for after in ("", ",", " ")
    )
    return whole, sizes, thirds


def escape_all(texts: Sequence[str], escape: Callable[[str], str]) -> Sequence[str]:
    """Escape many texts, where mostly none needs it.

    Parameters
    ----------
    texts
        Texts, such as a column's.
    escape
        `escape_xml` or `escape_html`.
    """
    return [escape(text) for text in texts] if _SPECIAL.search(",".join(texts)) else texts


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
