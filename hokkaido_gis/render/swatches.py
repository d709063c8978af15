"""How matplotlib paints a symbol: its colours on the map, and its swatch in a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from hokkaido_gis.render.scene import Symbol
    from hokkaido_gis.render.shapes import Kind


class Box(NamedTuple):
    """Where a swatch stands, in the units of its transform."""

    left: float
    bottom: float
    width: float
    height: float


def face_colour(symbol: Symbol) -> tuple[float, float, float, float]:
    """Colour of areas and points with its opacity."""
    return to_rgba(symbol.fill, symbol.fill_opacity)


def edge_colour(symbol: Symbol) -> str:
    """Colour of outlines; matplotlib would draw a hairline for a width of 0."""
    return symbol.stroke if symbol.stroke_width else "none"


def make_swatch(symbol: Symbol, kind: Kind, box: Box, *, radius: float) -> Artist:
    """Make a sample of a symbol as it looks on the map, to be added to axes or a figure.

    Parameters
    ----------
    symbol
        What is shown.
    kind
        A line across the box, a disc in its middle, or the box filled.
    box
        Where it stands.
    radius
        Radius of the symbol's points in the units of the box, whose height they never exceed: a
        class is told by its colour.
    """
    left, bottom, width, height = box
    middle = bottom + height / 2
    if kind == "line":
        ends = (left, left + width)
        return Line2D(ends, (middle, middle), color=symbol.stroke, linewidth=symbol.stroke_width)
    shape = (
        Circle((left + width / 2, middle), min(radius, height / 2))
        if kind == "point"
        else Rectangle((left, bottom), width, height)
    )
    shape.set(
        facecolor=face_colour(symbol),
        edgecolor=edge_colour(symbol),
        linewidth=symbol.stroke_width,
    )
    return shape
