"""Write a scene as one HTML file: a map to pan, click and search that asks no network for anything.

folium makes the map. Its own way of writing features, a script for each, is far too large for whole
layers, so ours stand on it as one piece: the data packed by column, drawn by `web/` on one canvas.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import numpy as np
import shapely
from branca.element import Element
from pyproj import CRS

from hokkaido_gis.crs import WGS84_CRS, move_xy
from hokkaido_gis.errors import RenderError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.html_page import OfflinePage, children_of, load_template, read_web
from hokkaido_gis.render.html_payload import (
    TOLERANCE,
    encode_columns,
    encode_shapes,
    pack,
    thin_out,
)
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.raster_image import paint_raster
from hokkaido_gis.render.scene import RasterLayer
from hokkaido_gis.render.text import MISSING_TEXT, WORDS, format_column, format_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hokkaido_gis.render.classes import LegendClass, Resolved
    from hokkaido_gis.render.scene import AnyLayer, Lang, Layer, Scene, Symbol
    from hokkaido_gis.render.shapes import Kind

GSI_TILES = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
"""The pale map of the Geospatial Information Authority of Japan (地理院タイル 淡色地図)."""
GSI_CREDIT = '<a href="https://maps.gsi.go.jp/development/ichiran.html">地理院タイル</a>'

_METRES_PER_DEGREE = 111_000
_WORLD = 256  # width of the world at zoom level 0 [px], as in the script
_SCRIPTS = ("data.js", "canvas.js", "measure.js", "map.js")
_SCRIPT_WORDS = (
    *("close", "matches", "no_match", "too_old", "tiles"),
    *("measure_how", "distance", "area"),
)


def write_html(scene: Scene, path: str | Path, *, tiles: bool = False) -> Path:
    """Write a scene as one self-contained HTML file.

    The same scene always gives the same bytes.

    Parameters
    ----------
    scene
        What to draw.
    path
        Where the file shall stand; an older file is replaced once the new one is complete.
    tiles
        Whether the tiles of the Geospatial Information Authority of Japan lie below the scene.
        Readers with a network then ask its host for them; without one the scene is drawn alone.

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
    page = build_page(scene, tiles=tiles).encode("utf-8", errors="replace")
    with replace_when_complete(path) as temporary:
        temporary.write_bytes(page)
    return Path(path)


def build_page(scene: Scene, *, tiles: bool = False) -> str:
    """Build the text of the HTML page that `write_html` writes."""
    made = to_folium(scene)
    if tiles:
        _GsiTiles().add_to(made)
    page: str = made.get_root().render()
    return page


def to_folium(scene: Scene, m: folium.Map | None = None) -> folium.Map:
    """Put a scene on a folium map, to which further pieces of folium can be added.

    Parameters
    ----------
    scene
        What to draw. A map holds one scene.
    m
        Map to add it to, with folium's own page, which needs a network. By default a new map, whose
        page, written by ``m.save(path)``, is as closed as that of `write_html`: it takes markers,
        vectors, tooltips and tiles, and refuses pieces that need more than Leaflet.

    Returns
    -------
    folium.Map
        `m`, or the new map.

    Raises
    ------
    RenderError
        If a layer cannot be classified or placed on the earth, no layer has a geometry, or `m` has
        a scene already.
    """
    if m is None:
        m = _SceneMap(scene)
        OfflinePage(scene).add_child(m)
    if any(isinstance(child, _ScenePiece) for child in children_of(m)):
        raise RenderError("This map holds a scene already. Put all layers into one scene.")
    m.add_child(_ScenePiece(scene, m.get_name()))
    return m


# --- Pieces of folium -------------------------------------------------------------------------


class _Verbatim(Element):
    """Text for the page. folium would read it as a template, and data may hold braces."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_kwargs: Any) -> str:
        return self.text


class _SceneMap(folium.Map):
    """A folium map without folium's files, in the room that `OfflinePage` has for it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(
            location=(0, 0), tiles=None, zoom_control=False, attribution_control=False,
            max_zoom=19, track_resize=False, zoom_snap=0.25,
        )  # fmt: skip
        self.default_js, self.default_css = [], []  # The page holds what is needed.
        self.scene = scene

    def get_name(self) -> str:
        return "map"  # of its element and variable; folium's own is random

    def render(self, **kwargs: Any) -> str:
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        lang = self.scene.lang
        label = f"{WORDS['map'][lang]}: {self.scene.title}"
        # In the place of folium's, whose style fills the window and forbids readers to zoom.
        stage = load_template("stage.html").render(label=label)
        _put(self, header="", html=stage)
        return ""


class _GsiTiles(folium.TileLayer):
    """Background tiles under a name that is always the same; folium's own is random."""

    def __init__(self) -> None:
        super().__init__(GSI_TILES, attr=GSI_CREDIT, min_zoom=5, max_zoom=19, max_native_zoom=18)

    def get_name(self) -> str:
        return "tiles"


class _ScenePiece(folium.MacroElement):
    """All layers of a scene with their legend, search and tools."""

    def __init__(self, scene: Scene, map_name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.map_name = map_name
        scene = scene.placed()
        layers = [_draw(layer, n, scene.lang) for n, layer in enumerate(scene.layers)]
        self.panels = load_template("panels.html").render(
            layers=layers,
            searchable=any(layer.data.get("name") is not None for layer in layers),
            word=lambda key: WORDS[key][scene.lang],
            head=_to_json(_head(scene, layers)),
            packs=[pack for layer in layers for pack in layer.packs],
        )

    def get_name(self) -> str:
        return "scene"

    def render(self, **_kwargs: Any) -> str:
        code = f"<style>{read_web('map.css')}</style>\n<script>{_code()}</script>"
        start = f"showScene({self.map_name});"
        _put(self, header=code, html=self.panels, script=start)
        return ""


def _put(piece: Element, **texts: str) -> None:
    """Put texts of a piece into the header, html or script of its page, instead of older ones."""
    for part, text in texts.items():
        getattr(piece.get_root(), part).add_child(_Verbatim(text), name=piece.get_name())


@cache
def _code() -> str:
    """Scripts of ours as one, with no name outside but ``showScene``."""
    return "\n".join(["(() => {", "'use strict';", *map(read_web, _SCRIPTS), "})();"])


# --- The data ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _DrawnLayer:
    """A layer's legend entry and what the script needs to draw it."""

    title: str
    kind: Kind
    legend: list[tuple[str, Symbol | None]]
    visible: bool
    data: dict[str, Any]
    opacity: float | None = None
    notes: list[str] = field(default_factory=list)
    packs: list[tuple[str, str]] = field(default_factory=list)


def _head(scene: Scene, layers: Sequence[_DrawnLayer]) -> dict[str, Any]:
    west, south, east, north = scene.bounds
    return {
        "bounds": [[south, west], [north, east]],
        "words": {key: WORDS[key][scene.lang] for key in _SCRIPT_WORDS},
        "layers": [
            {"title": layer.title, "visible": layer.visible, **layer.data} for layer in layers
        ],
    }


def _to_json(value: object) -> str:
    """Write JSON that may stand in a script element and survive any reader of lines."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def _draw(layer: AnyLayer, number: int, lang: Lang) -> _DrawnLayer:
    title = layer.title or f"{WORDS['layer'][lang]} {number + 1}"
    if isinstance(layer, RasterLayer):
        return _draw_raster(layer, title, lang)
    return _draw_features(layer, title, number, lang)


def _draw_features(layer: Layer, title: str, number: int, lang: Lang) -> _DrawnLayer:
    resolved = resolve(layer, lang)
    shapes = layer.frame.geometry.to_numpy()
    placed = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    shapes = shapes[placed]
    drawn, is_thinned = thin_out(shapes)
    columns, places = _columns(layer, placed, lang)
    look = layer.label_style
    data = {
        "shapes": f"shapes-{number}",
        "table": f"table-{number}",
        "symbols": [_symbol(entry) for entry in resolved.classes],
        "radii": _radii(resolved, placed),
        "labelLook": {"size": look.size, "colour": look.colour, "halo": look.halo},
        "fields": list(layer.fields.values()),
        **places,
    }
    notes = []
    if len(placed) < len(layer.frame):
        unplaced = len(layer.frame) - len(placed)
        notes.append(WORDS["unplaced"][lang].format(count=f"{unplaced:,}"))
    if is_thinned:
        metres = round(TOLERANCE * _METRES_PER_DEGREE)
        notes.append(WORDS["thinned"][lang].format(metres=metres))
    code = encode_shapes(drawn, resolved.index[placed], label_points(shapes))
    return _DrawnLayer(
        title=title,
        kind=resolved.kind,
        legend=resolved.legend_lines(title),
        visible=layer.visible,
        data=data,
        notes=notes,
        packs=[(data["shapes"], pack(code)), (data["table"], pack(encode_columns(columns)))],
    )


def _columns(
    layer: Layer, placed: np.ndarray[Any, np.dtype[np.intp]], lang: Lang
) -> tuple[list[list[str]], dict[str, Any]]:
    """Columns of text, each once, and which of them are names, labels and attributes."""
    table = layer.table.iloc[placed]
    columns: list[list[str]] = []

    def place(column: list[str]) -> int:
        if column not in columns:
            columns.append(column)
        return columns.index(column)

    values = [place(format_column(table[name], lang)) for name in layer.fields]
    name = label = None
    if layer.name is not None:
        name = place(format_names(table[layer.name], MISSING_TEXT[lang]))
    if layer.label is not None:
        label = place(format_column(table[layer.label], lang, missing=""))
    return columns, {"name": name, "label": label, "values": values}


def _radii(resolved: Resolved, placed: np.ndarray[Any, np.dtype[np.intp]]) -> list[float] | None:
    return None if resolved.radii is None else resolved.radii[placed].round(2).tolist()


def _symbol(entry: LegendClass) -> dict[str, str | float]:
    symbol = entry.symbol
    return {
        "fill": symbol.fill,
        "opacity": symbol.fill_opacity,
        "stroke": symbol.stroke,
        "width": symbol.stroke_width,
        "radius": symbol.radius,
    }


def _draw_raster(layer: RasterLayer, title: str, lang: Lang) -> _DrawnLayer:
    """Draw a raster as a picture in the projection of the map, which only stretches it."""
    painted = paint_raster(layer, "EPSG:3857", lang)
    west, south, east, north = painted.bounds
    ((half, _),) = move_xy(np.array([[180.0, 0.0]]), WGS84_CRS, CRS("EPSG:3857"))
    box = [(side / (2 * half) + 0.5) * _WORLD for side in (west, -north, east, -south)]
    image = base64.b64encode(painted.png()).decode("ascii")
    return _DrawnLayer(
        title=title,
        kind=painted.resolved.kind,
        legend=painted.resolved.legend_lines(title),
        visible=layer.visible,
        data={
            "image": f"data:image/png;base64,{image}",
            "box": box,
            "opacity": painted.opacity,
        },
        opacity=painted.opacity,
    )
