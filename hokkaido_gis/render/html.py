"""Write a scene as one HTML file: a map to pan, click and search that asks no network for anything.

Leaflet stands in the file, the features are JSON beside it, and a Content-Security-Policy of hashes
forbids the page to run anything else or to fetch at all. `web/map.js` draws what is encoded here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import shapely

from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.shapes import is_polygon, simple_parts, split_rings
from hokkaido_gis.render.text import (
    MISSING_TEXT,
    WORDS,
    credit_line,
    format_column,
    format_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.classes import LegendClass
    from hokkaido_gis.render.scene import Lang, Layer, Scene, Symbol
    from hokkaido_gis.render.shapes import Kind, Shapes

UNITS_PER_DEGREE = 100_000
"""Integer coordinates are this fine: 1e-5 degrees, about a metre."""


@dataclass(frozen=True, slots=True)
class _DrawnLayer:
    """A layer's legend entry and what the script needs to draw it."""

    title: str
    kind: Kind
    legend: list[tuple[str, Symbol | None]]
    unplaced: int
    visible: bool
    data: dict[str, Any]


def write_html(scene: Scene, path: str | Path) -> Path:
    """Write a scene as one self-contained HTML file.

    The same scene always gives the same bytes.

    Parameters
    ----------
    scene
        What to draw.
    path
        Where the file shall stand; an older file is replaced once the new one is complete.

    Returns
    -------
    target
        The path of the written file.

    Raises
    ------
    RenderError
        If a layer cannot be classified or placed on the earth, or no layer has a geometry.
    OutputError
        If the file cannot be written.
    """
    # Text may hold halves of surrogate pairs, which UTF-8 cannot write.
    page = build_page(scene).encode("utf-8", errors="replace")
    with replace_when_complete(path) as temporary:
        temporary.write_bytes(page)
    return Path(path)


def build_page(scene: Scene) -> str:
    """Build the text of the HTML page that `write_html` writes."""
    scene = scene.placed()
    layers = [_draw_layer(layer, number, scene.lang) for number, layer in enumerate(scene.layers)]
    style, scripts = _style(), _scripts()
    return _template().render(
        scene=scene,
        credit=credit_line(scene.credit, scene.lang),
        layers=layers,
        searchable=any(layer.data["names"] for layer in layers),
        word=lambda key: WORDS[key][scene.lang],
        policy=_policy(style, scripts),
        notice=_web("leaflet-license.txt"),
        style=style,
        scripts=scripts,
        payload=_to_json(_payload(scene, layers)),
    )


# --- The page ---------------------------------------------------------------------------------


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string(_web("page.html"))


@cache
def _style() -> str:
    """Style sheets of Leaflet and the page, with the images of the former inside."""
    leaflet = re.sub(r"url\(images/([\w.-]+)\)", _image_url, _leaflet("leaflet.css").decode())
    return leaflet.replace("\r\n", "\n") + _web("page.css")


@cache
def _scripts() -> tuple[str, str]:
    """Leaflet, without the link to its source map, and the script of the page."""
    leaflet = _leaflet("leaflet.js").decode().replace("\r\n", "\n")
    return leaflet.split("\n//# sourceMappingURL=")[0], _web("map.js")


def _image_url(match: re.Match[str]) -> str:
    image = base64.b64encode(_leaflet(f"images/{match[1]}")).decode()
    return f"url(data:image/png;base64,{image})"


def _leaflet(name: str) -> bytes:
    return files("js_lib_leaflet").joinpath(f"static/js_lib_leaflet/{name}").read_bytes()


def _web(name: str) -> str:
    return files("hokkaido_gis.render").joinpath(f"web/{name}").read_text(encoding="utf-8")


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Content-Security-Policy that lets run what we wrote and nothing else.

    Hashes rather than a nonce, since a nonce would make every file different.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_source_hash, scripts))}",
            f"style-src {_source_hash(style)}",
            "img-src data: blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


# --- The data ---------------------------------------------------------------------------------


def _payload(scene: Scene, layers: Sequence[_DrawnLayer]) -> dict[str, Any]:
    west, south, east, north = scene.bounds
    return {
        "bounds": [[south, west], [north, east]],
        "words": {key: WORDS[key][scene.lang] for key in ("close", "matches", "no_match")},
        "layers": [layer.data for layer in layers],
    }


def _to_json(value: object) -> str:
    """Write JSON that may stand in a script element and survive any reader of lines."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_UNSAFE = re.compile("[<>&\u2028\u2029]")


def _draw_layer(layer: Layer, number: int, lang: Lang) -> _DrawnLayer:
    resolved = resolve(layer, lang)
    shapes = layer.frame.geometry.to_numpy()
    placed = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    shapes, table = shapes[placed], layer.table.iloc[placed]
    title = layer.title or f"{WORDS['layer'][lang]} {number + 1}"
    names = None if layer.name is None else table[layer.name]
    labels = None if layer.label is None else table[layer.label]
    data = {
        "title": title,
        "visible": layer.visible,
        "symbols": [_symbol(entry) for entry in resolved.classes],
        "classes": resolved.index[placed].tolist(),
        "names": None if names is None else format_names(names, MISSING_TEXT[lang]),
        "labels": None if labels is None else format_column(labels, lang, missing=""),
        "fields": list(layer.fields.values()),
        "values": [format_column(table[column], lang) for column in layer.fields],
        "anchors": _to_units(shapely.get_coordinates(label_points(shapes))).ravel().tolist(),
        "parts": _encode_parts(shapes),
    }
    return _DrawnLayer(
        title=title,
        kind=resolved.kind,
        legend=resolved.legend_lines(title),
        unplaced=len(layer.frame) - len(placed),
        visible=layer.visible,
        data=data,
    )


def _symbol(entry: LegendClass) -> dict[str, str | float]:
    symbol = entry.symbol
    return {
        "fill": symbol.fill,
        "opacity": symbol.fill_opacity,
        "stroke": symbol.stroke,
        "width": symbol.stroke_width,
        "radius": symbol.radius,
    }


def _to_units(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.rint(degrees * UNITS_PER_DEGREE).astype(np.int64)


def _encode_parts(shapes: Shapes) -> dict[str, list[int]]:
    """Write geometries as integers, each vertex as the step from the one before.

    Returns
    -------
    encoded
        ``xy``: steps in x and y, interleaved, through all rings of the layer. ``sizes``: vertices
        of each ring; the closing one of polygons is left out. ``rings``, ``kinds``, ``owners``: of
        each simple part, its number of rings, its dimension, and the step to the position of the
        feature it belongs to.
    """
    parts, owners = simple_parts(shapes)
    rings, of_part = split_rings(parts)
    coordinates, of_ring = shapely.get_coordinates(rings, return_index=True)
    last = np.diff(of_ring, append=len(rings)) > 0
    kept = ~(last & is_polygon(parts)[of_part][of_ring])
    steps = np.diff(_to_units(coordinates[kept]), axis=0, prepend=np.zeros((1, 2), np.int64))
    return {
        "xy": steps.ravel().tolist(),
        "sizes": np.bincount(of_ring[kept], minlength=len(rings)).tolist(),
        "rings": np.bincount(of_part, minlength=len(parts)).tolist(),
        "kinds": shapely.get_dimensions(parts).tolist(),
        "owners": np.diff(owners, prepend=0).tolist(),
    }
