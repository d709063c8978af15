"""The legend as a picture, for every writer that cannot lay out text by itself.

Drawn on a canvas of its own in the common drawing style: no window opens, the caller's settings of
matplotlib neither matter nor change, and equal input gives equal bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from matplotlib.transforms import Affine2D

from hokkaido_gis.render.fonts import drawing_style
from hokkaido_gis.render.page import wrap_text
from hokkaido_gis.render.swatches import Box, make_swatch
from hokkaido_gis.render.text import WORDS, credit_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.page import Described
    from hokkaido_gis.render.scene import Lang, Symbol
    from hokkaido_gis.render.shapes import Kind

_SIZE = 13.0  # of class labels [px]
_HEADING_SIZE = 15.0
_LINE = 20.0
_ABOVE_HEADING = 5.0
_PADDING = 10.0
_SWATCH = (24.0, 14.0)
_GAP = 8.0
_WIDTH = 340.0
_MOST_LINES = 3


class LegendBlock(NamedTuple):
    """One layer of the legend: its heading and its classes."""

    title: str
    resolved: Resolved


class _Row(NamedTuple):
    """Lines of text with the symbol in front of them; headings have none.

    Of proportional discs, `room` is the diameter of the largest one, which all swatches have.
    """

    lines: tuple[str, ...]
    size: float
    symbol: Symbol | None = None
    kind: Kind = "area"
    room: float = 0.0

    @property
    def swatch(self) -> tuple[float, float]:
        """Width and height of the swatch."""
        if self.symbol is None:
            return 0.0, 0.0
        disc = 2 * self.symbol.radius + 2 if self.room else 0.0
        return max(_SWATCH[0], self.room), max(_SWATCH[1], disc)

    @property
    def height(self) -> float:
        text = _LINE * len(self.lines) + (0 if self.symbol else _ABOVE_HEADING)
        return max(text, self.swatch[1])


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


def draw_caption_png(about: Described, *, scale: float = 1.0) -> bytes:
    """Draw the title and credit of a scene beside an arrow to the north.

    The arrow is a picture on the screen and does not turn with the globe, so its words say that it
    holds for the view the file opens with.

    Parameters
    ----------
    about
        Whose title, credit and language are written.
    scale
        Pixels of the picture for one pixel of the layout.

    Returns
    -------
    bytes
        A PNG with a nearly opaque white ground.
    """
    texts = [(about.title, _HEADING_SIZE), (credit_line(about.credit, about.lang), _SIZE)]
    rows = [_Row(_lines(text), size) for text, size in texts if text]
    rows.append(_Row((WORDS["north_up"][about.lang],), _SIZE))
    height = sum(row.height for row in rows) + 2 * _PADDING
    with drawing_style():
        figure = Figure(dpi=72 * scale, facecolor=(1, 1, 1, 0.92))
        FigureCanvasAgg(figure)
        to_pixels = Affine2D().scale(figure.dpi / 72)
        left, tip = _PADDING + 7, height - _PADDING - 14
        for side, ink in ((-1, "0.15"), (1, "white")):
            corners = [(left, tip), (left + side * 7, tip - 24), (left, tip - 19)]
            half = Polygon(corners, facecolor=ink, edgecolor="0.15", linewidth=0.8)
            half.set_transform(to_pixels)
            figure.add_artist(half)
        figure.text(left, tip + 2, "N", transform=to_pixels, fontsize=10, ha="center")
        indent = left + 7 + _PADDING
        width = indent + _draw_column(figure, rows, indent, height - _PADDING) + _PADDING
        figure.set_size_inches(width / 72, height / 72)
        return _png(figure)


def _rows(blocks: Sequence[LegendBlock], lang: Lang) -> Iterator[_Row]:
    yield _Row(_lines(WORDS["legend"][lang]), _HEADING_SIZE)
    for title, resolved in blocks:
        for text, symbol in resolved.legend_lines(title):
            yield _Row(_lines(text), _SIZE, symbol, resolved.kind, 2 * resolved.legend_radius)


def _lines(text: str) -> tuple[str, ...]:
    """Wrap a label as one paragraph, and cut it where it is too long."""
    lines = wrap_text(" ".join(text.split()), _WIDTH / 72, _SIZE) or [""]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [lines[_MOST_LINES - 1][:-1] + "…"]
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
        spare = (row.height - _LINE * len(row.lines)) / 2 if row.symbol else 0.0
        if row.symbol is not None:
            width, height = row.swatch
            indent = width + _GAP
            box = Box(left, top - (max(_LINE, height) + height) / 2, width, height)
            swatch = make_swatch(row.symbol, row.kind, box, radius=row.symbol.radius)
            swatch.set_transform(to_pixels)
            figure.add_artist(swatch)
        for i, line in enumerate(row.lines):
            text = figure.text(
                left + indent,
                bottom + spare + _LINE * (len(row.lines) - i - 0.5),
                line,
                transform=to_pixels,
                fontsize=row.size,
                verticalalignment="center_baseline",
            )
            width = text.get_window_extent().width * 72 / figure.dpi
            widest = max(widest, indent + width)
        top = bottom
    return widest


def _png(figure: Figure) -> bytes:
    """Encode without the program's name and version, which would change the bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
