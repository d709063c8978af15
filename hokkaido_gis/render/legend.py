"""The legend as a picture, for every writer that cannot lay out text by itself.

Drawn on a canvas of its own in the common drawing style: no window opens, the caller's settings of
matplotlib neither matter nor change, and equal input gives equal bytes.
"""

from __future__ import annotations

import io
import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.transforms import Affine2D

from hokkaido_gis.render.fonts import drawing_style, font_path
from hokkaido_gis.render.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.scene import Lang, Symbol

Kind = Literal["area", "line", "point"]

_GETA = "〓"  # what Japanese printers set for a character their fonts lack
_SIZE = 13.0  # of class labels [px]
_HEADING_SIZE = 15.0
_LINE = 20.0
_ABOVE_HEADING = 5.0
_PADDING = 10.0
_SWATCH = (24.0, 14.0)
_GAP = 8.0
_WRAP = 36
_MOST_LINES = 3


class LegendBlock(NamedTuple):
    """One layer of the legend: its heading, its classes, and what its features are."""

    title: str
    resolved: Resolved
    kind: Kind = "area"


class _Row(NamedTuple):
    """Lines of text with the symbol in front of them; headings have none."""

    lines: tuple[str, ...]
    size: float
    symbol: Symbol | None = None
    kind: Kind = "area"

    @property
    def height(self) -> float:
        return _LINE * len(self.lines) + (0 if self.symbol else _ABOVE_HEADING)


def draw_legend_png(
    blocks: Sequence[LegendBlock],
    lang: Lang = "ja",
    *,
    scale: float = 1.0,
    most_height: float = 640.0,
) -> bytes:
    """Draw the legend of several layers.

    Characters that the fonts lack are drawn as 〓; long labels are wrapped, and cut after the third
    line.

    Parameters
    ----------
    blocks
        Layers in the order of the legend. A layer of one class named like itself has no heading.
    lang
        Language of the word "legend".
    scale
        Pixels of the picture for one pixel of the layout.
    most_height
        Height of the layout [px] above which a further column begins.

    Returns
    -------
    bytes
        A PNG with a nearly opaque white ground.
    """
    columns = _columns(list(_rows(blocks, lang)), most_height)
    height = max(sum(row.height for row in column) for column in columns) + 2 * _PADDING
    with drawing_style():
        figure = Figure(dpi=72 * scale, facecolor=(1, 1, 1, 0.92))
        FigureCanvasAgg(figure)
        left = _PADDING
        for column in columns:
            left += _draw_column(figure, column, left, height - _PADDING) + 2 * _PADDING
        figure.set_size_inches((left - _PADDING) / 72, height / 72)
        return _png(figure)


def draw_dot_png(size: int = 64) -> bytes:
    """Draw a white disc with a grey rim, to be tinted by the program that shows it.

    Parameters
    ----------
    size
        Width and height [px]; the disc fills them.
    """
    rim = size / 16
    centre = (size / 2, size / 2)
    with drawing_style():
        figure = Figure(figsize=(size / 72, size / 72), dpi=72, facecolor="none")
        FigureCanvasAgg(figure)
        disc = Circle(centre, size / 2 - rim, facecolor="white", edgecolor="0.45", linewidth=rim)
        disc.set_transform(Affine2D())
        figure.add_artist(disc)
        return _png(figure)


@cache
def _glyphs() -> frozenset[int]:
    """Code points that the drawing style's fonts can draw."""
    spare = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return frozenset().union(*(FT2Font(str(p)).get_charmap() for p in (font_path(), spare)))


def _rows(blocks: Sequence[LegendBlock], lang: Lang) -> Iterator[_Row]:
    yield _Row(_lines(WORDS["legend"][lang]), _HEADING_SIZE)
    for title, resolved, kind in blocks:
        if [line.label for line in resolved.classes] != [title] and title:
            yield _Row(_lines(title), _SIZE)
        for line in resolved.classes:
            yield _Row(_lines(line.label), _SIZE, line.symbol, kind)


def _lines(text: str) -> tuple[str, ...]:
    """Make a label drawable: one paragraph, only glyphs of the font, wrapped."""
    plain = " ".join(text.split())
    drawable = "".join(c if ord(c) in _glyphs() else _GETA for c in plain)
    lines = textwrap.wrap(drawable, _WRAP) or [""]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [lines[_MOST_LINES - 1][: _WRAP - 1] + "…"]
    return tuple(lines)


def _columns(rows: list[_Row], most_height: float) -> list[list[_Row]]:
    columns: list[list[_Row]] = [[]]
    height = 0.0
    for row in rows:
        company = 0 if row.symbol else _LINE  # a heading stays with its first class
        if columns[-1] and height + row.height + company > most_height:
            columns.append([])
            height = 0.0
        columns[-1].append(row)
        height += row.height
    return columns


def _draw_column(figure: Figure, rows: list[_Row], left: float, top: float) -> float:
    """Draw rows downwards and return their greatest width [px]."""
    to_pixels = Affine2D().scale(figure.dpi / 72)
    widest = 0.0
    for row in rows:
        indent = 0.0
        bottom = top - row.height
        if row.symbol is not None:
            indent = _SWATCH[0] + _GAP
            artist = _swatch(row.symbol, row.kind, left, top - _LINE / 2)
            artist.set_transform(to_pixels)
            figure.add_artist(artist)
        for i, line in enumerate(row.lines):
            text = figure.text(
                left + indent,
                bottom + _LINE * (len(row.lines) - i - 0.5),
                line,
                transform=to_pixels,
                fontsize=row.size,
                verticalalignment="center_baseline",
            )
            width = text.get_window_extent().width * 72 / figure.dpi
            widest = max(widest, indent + width)
        top = bottom
    return widest


def _swatch(symbol: Symbol, kind: Kind, left: float, middle: float) -> Artist:
    """Draw a symbol as it looks on the map, in a box of one size for all."""
    width, height = _SWATCH
    if kind == "line":
        ends = (left, left + width)
        line_width = max(symbol.stroke_width, 1)
        return Line2D(ends, (middle, middle), color=symbol.stroke, linewidth=line_width)
    face = (symbol.fill, symbol.fill_opacity)
    edge = symbol.stroke if symbol.stroke_width else "none"
    if kind == "point":
        radius = min(symbol.radius, height / 2)
        centre = (left + width / 2, middle)
        return Circle(centre, radius, facecolor=face, edgecolor=edge, linewidth=symbol.stroke_width)
    corner = (left, middle - height / 2)
    return Rectangle(
        corner, width, height, facecolor=face, edgecolor=edge, linewidth=symbol.stroke_width
    )


def _png(figure: Figure) -> bytes:
    """Encode without the program's name and version, which would change the bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
