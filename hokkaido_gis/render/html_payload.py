"""Geometry and attributes of a layer as the few bytes that the HTML map unpacks for itself.

Coordinates are integers, each the step from the one before, as variable-length bytes; attributes
are texts by column. Both are deflated and written in base64. `web/data.js` reads them.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hokkaido_gis.render.shapes import is_polygon, simple_parts, split_rings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.shapes import Indices, Shapes

    Integers = npt.NDArray[np.int64]

FINE, COARSE = 6, 5
"""Decimals of a degree that are kept: about 0.1 m, and about 1 m in large layers."""
LARGE_LAYER = 200_000
"""Vertices from which a layer counts as large."""
TOLERANCE = 5e-5
"""How finely large layers are simplified [degrees]: about 5 m, a pixel at zoom level 15."""

_LEVEL = 6  # of zlib; higher ones gain nothing on coordinates
_SEVEN_BITS = np.uint64(127)


def thin_out(shapes: Shapes) -> tuple[Shapes, bool]:
    """Drop vertices that no screen can show, where a large layer is drawn that finely.

    Neighbours keep their common border: a valid coverage is simplified as one.

    Parameters
    ----------
    shapes
        Geometries in longitude and latitude, none missing or empty.

    Returns
    -------
    thinned
        The geometries, none of them empty.
    is_thinned
        Whether any vertex was dropped.
    """
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    mean_step = shapely.length(shapes).sum() / max(vertices, 1)
    if vertices < LARGE_LAYER or not 0 < mean_step <= 2 * TOLERANCE:
        return shapes, False
    areal = bool((shapely.get_dimensions(shapes) == 2).all())
    simple_type = np.isin(shapely.get_type_id(shapes), [3, 6]).all()
    if areal and simple_type and shapely.coverage_is_valid(shapes):
        thinned = shapely.coverage_simplify(shapes, TOLERANCE)
    else:
        thinned = shapely.simplify(shapes, TOLERANCE, preserve_topology=True)
    thinned = np.where(shapely.is_empty(thinned), shapes, thinned)
    return thinned, bool(shapely.get_num_coordinates(thinned).sum() < vertices)


def encode_shapes(shapes: Shapes, classes: Indices, anchors: Shapes) -> bytes:
    """Write geometries, their classes and label points as variable-length integers.

    Parameters
    ----------
    shapes
        Geometries in longitude and latitude, none missing or empty; heights are dropped.
    classes
        Class of each.
    anchors
        Point of each at which its label and popup stand.

    Returns
    -------
    bytes
        Decimals of a degree; numbers of features, parts, rings and vertices. Of each feature: its
        class, its number of parts. Of each part: its dimension, its number of rings. Of each ring:
        its number of vertices, without the closing one of polygons. Then the steps in x of all
        vertices, those in y, and the steps from the first vertex of each feature to its anchor.
    """
    parts, owners = simple_parts(shapes)
    rings, of_part = split_rings(shapely.orient_polygons(parts))
    coordinates, of_ring = shapely.get_coordinates(rings, return_index=True)
    last = np.diff(of_ring, append=len(rings)) > 0
    kept = ~(last & is_polygon(parts)[of_part][of_ring])
    digits = FINE if len(coordinates) < LARGE_LAYER else COARSE
    xy = _to_units(coordinates[kept], digits)
    first = np.searchsorted(owners[of_part][of_ring[kept]], np.arange(len(shapes)))
    lead = _to_units(shapely.get_coordinates(anchors), digits) - xy[first]
    counts = [digits, len(shapes), len(parts), len(rings), len(xy)]
    return write_varints(
        np.concatenate(
            [
                counts,
                classes,
                np.bincount(owners, minlength=len(shapes)),
                shapely.get_dimensions(parts),
                np.bincount(of_part, minlength=len(parts)),
                np.bincount(of_ring[kept], minlength=len(rings)),
                *np.diff(xy, axis=0, prepend=np.zeros((1, 2), np.int64)).T,
                *lead.T,
            ]
        ).astype(np.int64)
    )


def _to_units(degrees: npt.NDArray[np.float64], digits: int) -> Integers:
    units: Integers = np.rint(degrees * 10**digits).astype(np.int64)
    return units


def write_varints(values: Integers) -> bytes:
    """Write signed integers below 2^34 in size, seven bits a byte, small ones in one byte.

    Examples
    --------
    >>> write_varints(np.array([0, -1, 1, 64])).hex(" ")
    '00 01 02 80 01'
    """
    codes = ((values << 1) ^ (values >> 63)).astype(np.uint64)  # small negatives stay small
    longest = max(1, math.ceil(int(codes.max(initial=0)).bit_length() / 7))
    written = np.empty((len(codes), longest), np.uint8)
    used = np.ones((len(codes), longest), bool)
    for place in range(longest):
        written[:, place] = codes & _SEVEN_BITS
        used[:, place] = codes > 0
        codes >>= np.uint64(7)
    used[:, 0] = True  # a nought too
    written[:, :-1] |= used[:, 1:].view(np.uint8) << 7  # tells that another byte follows
    return written[used].tobytes()


def encode_columns(columns: Sequence[Sequence[str]]) -> bytes:
    """Write texts by column as JSON; a column that repeats itself as its words and their numbers.

    Halves of surrogate pairs, which UTF-8 cannot hold, are written as JSON escapes and survive.

    Examples
    --------
    >>> encode_columns([["甲", "乙"], ["x"] * 4]).decode()
    '[["甲","乙"],{"words":["x"],"rows":[0,0,0,0]}]'
    """
    text = json.dumps(
        [_fold(column) for column in columns], ensure_ascii=False, separators=(",", ":")
    )
    return text.encode("utf-8", "backslashreplace")


def _fold(column: Sequence[str]) -> object:
    texts = np.empty(len(column), dtype=object)
    texts[:] = column
    rows, words = pd.factorize(texts)
    if 2 * len(words) > len(column):
        return list(column)
    return {"words": words.tolist(), "rows": rows.tolist()}


def pack(data: bytes) -> str:
    """Deflate bytes and write them in base64, which may stand in a script element."""
    return base64.b64encode(zlib.compress(data, _LEVEL)).decode("ascii")
