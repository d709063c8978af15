"""The panel beside a printed map: legend, north arrow and a scale bar that is true to length.

It stands outside the map, so it hides nothing. Lengths on the sheet are inches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.patches import Polygon, Rectangle

from hokkaido_gis.render.classes import round_down
from hokkaido_gis.render.fonts import FAINT_INK, INK
from hokkaido_gis.render.page import line_height, wrap_text
from hokkaido_gis.render.swatches import Box, make_swatch
from hokkaido_gis.render.text import WORDS, format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.scene import Lang, Symbol
    from hokkaido_gis.render.shapes import Kind

PANEL_WIDTH = 2.45
# A point of a screen's pixel: symbols keep on paper the size they have on a screen of 96 dpi.
POINTS_PER_PIXEL = 0.75
_INCHES_PER_PIXEL = POINTS_PER_PIXEL / 72
_SWATCH_LEFT, _SWATCH_WIDTH, _SWATCH_HEIGHT = 0.02, 0.3, 0.16
_TEXT_GAP = 0.1
_TEXT_SIZE, _HEADING_SIZE, _LEGEND_SIZE = 8.5, 9.0, 10.5
_ROW_GAP, _BLOCK_GAP = 0.05, 0.1
_BAR_MOST, _BAR_HEIGHT = 1.7, 0.06
_FOOT_HEIGHT, _NOTE_HEIGHT = 1.0, 0.3


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A line of the legend; a heading where it has no symbol."""

    lines: tuple[str, ...]
    symbol: Symbol | None = None
    kind: Kind = "area"
    room: float = 0.0
    """Of proportional discs, the diameter of the largest one in the legend [in]."""

    @property
    def swatch(self) -> tuple[float, float]:
        """Width and height of the swatch [in]."""
        disc = 2 * self.symbol.radius * _INCHES_PER_PIXEL if self.symbol and self.room else 0.0
        return max(_SWATCH_WIDTH, self.room), max(_SWATCH_HEIGHT, disc)

    @property
    def size(self) -> float:
        """Font size [pt]."""
        return _HEADING_SIZE if self.symbol is None else _TEXT_SIZE

    @property
    def height(self) -> float:
        """Height it takes, with the gap below it [in]."""
        return max(len(self.lines) * line_height(self.size), self.swatch[1]) + _ROW_GAP


def layer_rows(title: str, resolved: Resolved) -> list[LegendRow]:
    """Rows of one layer; a class without a text has none.

    Parameters
    ----------
    title
        Name of the layer.
    resolved
        Its classes.
    """
    return [
        _heading(text) if symbol is None else _class_row(text, symbol, resolved)
        for text, symbol in resolved.legend_lines(title)
        if text
    ]


def _heading(text: str) -> LegendRow:
    return LegendRow(tuple(wrap_text(text, PANEL_WIDTH, _HEADING_SIZE)))


def _class_row(text: str, symbol: Symbol, resolved: Resolved) -> LegendRow:
    room = 2 * resolved.legend_radius * _INCHES_PER_PIXEL
    left = _SWATCH_LEFT + max(_SWATCH_WIDTH, room) + _TEXT_GAP
    lines = wrap_text(text, PANEL_WIDTH - left, _TEXT_SIZE)
    return LegendRow(tuple(lines), symbol, resolved.kind, room)


def panel_height(rows: Sequence[LegendRow]) -> float:
    """Height the whole panel needs [in]."""
    return _legend_height(rows) + _NOTE_HEIGHT + _FOOT_HEIGHT


def _legend_height(rows: Sequence[LegendRow]) -> float:
    if not rows:
        return 0.0
    headings = sum(row.symbol is None for row in rows[1:])
    text = sum(row.height for row in rows) + headings * _BLOCK_GAP
    return line_height(_LEGEND_SIZE) + _BLOCK_GAP + text


def draw_legend(axes: Axes, height: float, rows: Sequence[LegendRow], lang: Lang) -> None:
    """Make axes a panel measured in inches, and write the legend from its top.

    Parameters
    ----------
    axes
        Axes of the panel.
    height
        Their height [in].
    rows
        Rows of the legend.
    lang
        Language of the heading.
    """
    axes.set(xlim=(0, PANEL_WIDTH), ylim=(0, height))
    axes.set_axis_off()
    if not rows:
        return
    axes.text(0, height, WORDS["legend"][lang], size=_LEGEND_SIZE, va="top")
    top = height - line_height(_LEGEND_SIZE) - _BLOCK_GAP
    for i, row in enumerate(rows):
        if row.symbol is None:
            top -= _BLOCK_GAP if i else 0.0
        else:
            width, swatch = row.swatch
            bottom = top - (max(line_height(row.size), swatch) + swatch) / 2
            box = Box(_SWATCH_LEFT, bottom, width, swatch)
            radius = row.symbol.radius * _INCHES_PER_PIXEL
            axes.add_artist(make_swatch(row.symbol, row.kind, box, radius=radius))
        left = 0.0 if row.symbol is None else _SWATCH_LEFT + row.swatch[0] + _TEXT_GAP
        spare = max(0.0, row.height - _ROW_GAP - len(row.lines) * line_height(row.size)) / 2
        for j, line in enumerate(row.lines):
            middle = top - spare - (j + 0.5) * line_height(row.size)
            axes.text(left, middle, line, size=row.size, va="center")
        top -= row.height


def note_unnamed(axes: Axes, count: int, lang: Lang) -> None:
    """Say how many features have no name on the map because there was no room for it."""
    note = WORDS["unnamed"][lang].format(count=count)
    axes.text(0, _FOOT_HEIGHT + 0.08, note, size=7, color=FAINT_INK, va="bottom")


def draw_north_and_scale(axes: Axes, scale: float) -> None:
    """Draw an arrow to the north and a scale bar at the foot of the panel.

    Parameters
    ----------
    axes
        Axes of the panel, measured in inches.
    scale
        Ground length that an inch of the map shows at its centre [m].
    """
    _draw_north(axes)
    _draw_scale_bar(axes, scale)


def _draw_north(axes: Axes) -> None:
    """Draw an arrow to the north; half of it is dark, so that it stays an arrow in print."""
    x, foot, tip = 0.16, 0.52, 0.84
    for side, colour in ((-1, INK), (1, "white")):
        corners = [(x, tip), (x + side * 0.09, foot), (x, foot + 0.08)]
        axes.add_patch(Polygon(corners, facecolor=colour, edgecolor=INK, linewidth=0.6))
    axes.text(x, tip + 0.02, "N", size=8, ha="center", va="bottom")


def _draw_scale_bar(axes: Axes, scale: float) -> None:
    length = round_down(scale * _BAR_MOST)
    inches = length / scale
    left, bottom = 0.06, 0.06
    for i, colour in enumerate((INK, "white")):
        half = Rectangle(
            (left + i * inches / 2, bottom),
            inches / 2,
            _BAR_HEIGHT,
            facecolor=colour,
            edgecolor=INK,
            linewidth=0.6,
        )
        half.set_gid(f"scale-bar-{i}")
        axes.add_patch(half)
    for part in (0.0, 0.5, 1.0):
        text = format_number(length * part / 1000) + (" km" if part == 1 else "")
        axes.text(left + inches * part, bottom + 0.09, text, size=7.5, ha="center", va="bottom")
