"""What stands packed in an HTML map, read back without the page's own script."""

from __future__ import annotations

import base64
import json
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Any

import lxml.html
import numpy as np
from shapely.geometry import LineString, Point, Polygon

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_layers(page: str) -> list[dict[str, Any]]:
    """Layers of a page: its own entries, with texts and geometry in the place of their packs."""
    root = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(huge_tree=True))
    layers = json.loads(root.get_element_by_id("scene").text)["layers"]
    for layer in layers:
        if "shapes" not in layer:
            continue
        columns = decode_columns(unpack(root.get_element_by_id(layer["table"]).text))
        for role in ("name", "label"):
            layer[f"{role}s"] = None if layer[role] is None else columns[layer[role]]
        layer["values"] = [columns[number] for number in layer["values"]]
        layer.update(decode_shapes(unpack(root.get_element_by_id(layer["shapes"]).text)))
    return layers


def unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def decode_columns(data: bytes) -> list[list[str]]:
    return [
        column if isinstance(column, list) else [column["words"][row] for row in column["rows"]]
        for column in json.loads(data)
    ]


def decode_shapes(data: bytes) -> dict[str, Any]:
    """Classes, anchors and parts of each feature: of every part its dimension and its rings."""
    numbers = varints(data)

    def read(count: int) -> list[int]:
        return list(islice(numbers, count))

    digits, features, parts, rings, vertices = read(5)
    classes, parts_of_feature = read(features), read(features)
    kinds, rings_of_part, sizes = read(parts), read(parts), iter(read(rings))
    units = np.cumsum([read(vertices), read(vertices)], axis=1).T
    leads = np.array([read(features), read(features)]).T
    assert next(numbers, None) is None
    places = iter((units / 10**digits).tolist())
    drawn = [
        (kind, [list(islice(places, next(sizes))) for _ in range(count)])
        for kind, count in zip(kinds, rings_of_part, strict=True)
    ]
    taken = iter(drawn)
    shapes = [list(islice(taken, count)) for count in parts_of_feature]
    first = [feature[0][1][0][0] for feature in shapes]
    anchors = np.reshape(first, (-1, 2)) + leads.reshape(-1, 2) / 10**digits
    return {
        "digits": digits,
        "classes": classes,
        "kinds": kinds,
        "anchors": anchors,
        "parts": shapes,
    }


def varints(data: bytes) -> Iterator[int]:
    code = shift = 0
    for byte in data:
        code |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield (code >> 1) ^ -(code & 1)
            code = shift = 0


def rebuild(kind: int, rings: list[list[list[float]]]) -> Point | LineString | Polygon:
    """Make the geometry of a decoded part."""
    if kind == 0:
        return Point(rings[0][0])
    return LineString(rings[0]) if kind == 1 else Polygon(rings[0], rings[1:])
