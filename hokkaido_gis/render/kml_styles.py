"""Shared styles of a KML file: a pair for each class, as it lies there and under the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hokkaido_gis.render.kml_layer import KmlLayer
    from hokkaido_gis.render.scene import LabelStyle, Symbol
    from hokkaido_gis.render.shapes import Indices

_ICON_PIXELS = 32  # drawn by an icon of scale 1
_LABEL_SCALE = 0.8
_BALLOON = (
    "<BalloonStyle><text>&lt;style&gt;th{text-align:left}&lt;/style&gt;$[description]</text>"
    "</BalloonStyle>"
)
_NO_BALLOON = "<BalloonStyle><displayMode>hide</displayMode></BalloonStyle>"


def styles(layer: KmlLayer, dot: str, rows: Indices | None = None) -> Iterator[str]:
    """Write the styles of a layer, or those that some of its features use.

    Discs have a style for each radius that they use, in quarters of a pixel; classes with areas of
    very many vertices have one without outline, which these draw as lines.

    Parameters
    ----------
    layer
        The layer.
    dot
        Address of the picture of a dot.
    rows
        Positions of the features; all classes of the layer where ``None``.
    """
    icon = _icon(layer, dot)
    shown = np.arange(len(layer.shapes)) if rows is None else rows
    for i, line in enumerate(layer.resolved.classes):
        of_class = shown[layer.resolved.index[shown] == i]
        if rows is not None and len(of_class) == 0:
            continue
        for key, symbol in _symbols(layer, i, of_class):
            yield from _pair(layer, key, symbol, icon)
        if layer.long[of_class].any():
            yield from _pair(layer, f"{layer.key}c{i}x", line.symbol, icon, outlined=False)
    if layer.has_labels:
        look = _label_style(layer.source.label_style)
        yield f'<Style id="{layer.key}t"><IconStyle><scale>0</scale></IconStyle>{look}</Style>\n'


def mute_styles(layer: KmlLayer, dot: str, rows: Indices, *, outlined: bool) -> Iterator[str]:
    """Write the styles that features use where they are merged: no balloon, name or highlight.

    Parameters
    ----------
    layer
        The layer.
    dot
        Address of the picture of a dot.
    rows
        Positions of the features.
    outlined
        Whether areas have the outline of their class.
    """
    icon, label = _icon(layer, dot), "<LabelStyle><scale>0</scale></LabelStyle>"
    for i in np.unique(layer.resolved.index[rows]).tolist():
        for key, symbol in _symbols(layer, i, rows[layer.resolved.index[rows] == i]):
            yield _style(key, symbol, icon, label, outlined=outlined, balloon=_NO_BALLOON)


def _icon(layer: KmlLayer, dot: str) -> str:
    return f"<Icon><href>{dot}</href></Icon>" if layer.has_points else ""


def _symbols(layer: KmlLayer, number: int, rows: Indices) -> Iterator[tuple[str, Symbol]]:
    """Symbols of a class by the ids of their styles: one, or one for each radius of its discs."""
    key, symbol = f"{layer.key}c{number}", layer.resolved.classes[number].symbol
    if layer.resolved.radii is None or number > 0:
        yield key, symbol
        return
    for quarters in np.unique(layer.quarters[rows]).tolist():
        yield f"{key}r{quarters}", replace(symbol, radius=quarters / 4)


def _pair(
    layer: KmlLayer, key: str, symbol: Symbol, icon: str, *, outlined: bool = True
) -> Iterator[str]:
    bold = replace(
        symbol,
        fill_opacity=min(1.0, symbol.fill_opacity + 0.2),
        stroke_width=symbol.stroke_width + 2,
    )
    # Names of points stand on the map where asked for, else they show under the mouse only.
    asked = _label_style(layer.source.label_style)
    normal = asked if layer.has_labels else "<LabelStyle><scale>0</scale></LabelStyle>"
    pointed = asked if layer.has_labels else "<LabelStyle><scale>1</scale></LabelStyle>"
    yield _style(f"{key}n", symbol, icon, normal, outlined=outlined)
    yield _style(f"{key}h", bold, icon, pointed, outlined=outlined)
    yield (
        f'<StyleMap id="{key}"><Pair><key>normal</key><styleUrl>#{key}n</styleUrl></Pair>'
        f"<Pair><key>highlight</key><styleUrl>#{key}h</styleUrl></Pair></StyleMap>\n"
    )


def _style(
    key: str, symbol: Symbol, icon: str, label: str, *, outlined: bool, balloon: str = _BALLOON
) -> str:
    fill = colour(symbol.fill, symbol.fill_opacity)
    return (
        f'<Style id="{key}"><IconStyle><color>{fill}</color>'
        f"<scale>{2 * symbol.radius / _ICON_PIXELS:g}</scale>{icon}</IconStyle>{label}"
        f"<LineStyle><color>{colour(symbol.stroke, 1)}</color>"
        f"<width>{symbol.stroke_width:g}</width></LineStyle>"
        f"<PolyStyle><color>{fill}</color>"
        f"<outline>{outlined and symbol.stroke_width > 0:d}</outline></PolyStyle>"
        f"{balloon}</Style>\n"
    )


def _label_style(style: LabelStyle) -> str:
    """Letters are white where no colour is asked for, since the ground is dark."""
    shade = colour(style.colour or "#ffffff", 1)
    scale = f"{_LABEL_SCALE * style.size:g}"
    return f"<LabelStyle><color>{shade}</color><scale>{scale}</scale></LabelStyle>"


def colour(rgb: str, opacity: float) -> str:
    """Turn #rrggbb into KML's aabbggrr.

    Examples
    --------
    >>> colour("#112233", 0.5)
    '80332211'
    """
    return f"{round(opacity * 255):02x}{rgb[5:7]}{rgb[3:5]}{rgb[1:3]}".lower()
