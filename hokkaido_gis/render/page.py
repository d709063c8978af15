"""The sheet that maps and charts are drawn on: heading, caption and credit, and how it is saved.

Lengths on the sheet are inches, font sizes points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hokkaido_gis.errors import RenderError
from hokkaido_gis.io.output import replace_when_complete
from hokkaido_gis.render.fonts import FAINT_INK, INK, drawable, drawing_style, text_width
from hokkaido_gis.render.text import credit_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes

    from hokkaido_gis.render.scene import Lang

DPI = 200.0
MARGIN = 0.35
LINE_SPACING = 1.35
_TITLE_SIZE, _CAPTION_SIZE, _CREDIT_SIZE = 15.0, 9.0, 7.5
_GAP = 0.12
_POINTS_PER_INCH = 72.0
_COMPRESSION = 3

# What must not be torn apart: a word or number, with opening brackets before and closing marks
# after it (Japanese lines neither end with the former nor begin with the latter).
_UNIT = re.compile(
    r"[（「『【〔(\[]*"
    r"(?:[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef（「『【〔(\[]+|\S)?"
    r"[、。，．：；！？）」』】〕)\],.:;!?・ー々ゃゅょっャュョッ%％]*\s*"
)


class Described(Protocol):
    """What has a title and the words that stand below it, such as a scene or a chart."""

    @property
    def title(self) -> str:
        """Heading."""

    @property
    def caption(self) -> str:
        """What the reader should know; nothing is written where it is empty."""

    @property
    def credit(self) -> str:
        """Publishers of the data; nothing is written where it is empty."""

    @property
    def lang(self) -> Lang:
        """Language of the word before the credit."""


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """A figure with its heading and footer written, and the rectangle left for its content.

    Attributes
    ----------
    figure
        The figure.
    left, bottom, width, height
        The content's rectangle [in], from the lower left corner of the sheet.
    """

    figure: Figure
    left: float
    bottom: float
    width: float
    height: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Add axes at a place given in inches from the lower left corner of the content."""
        across, up = self.figure.get_size_inches()
        return self.figure.add_axes(
            ((self.left + left) / across, (self.bottom + bottom) / up, width / across, height / up)
        )


def make_sheet(width: float, height: float, about: Described) -> Sheet:
    """Make a sheet around a content of known size.

    Parameters
    ----------
    width, height
        Size of the content [in].
    about
        The scene or chart, whose title goes above and whose caption and credit go below.
    """
    source = credit_line(about.credit, about.lang)
    heading = wrap_text(about.title, width, _TITLE_SIZE)
    footer = [(line, _CAPTION_SIZE) for line in wrap_text(about.caption, width, _CAPTION_SIZE)]
    footer += [(line, _CREDIT_SIZE) for line in wrap_text(source, width, _CREDIT_SIZE)]
    above = len(heading) * line_height(_TITLE_SIZE) + (_GAP if heading else 0.0)
    below = sum(line_height(size) for _, size in footer) + (_GAP if footer else 0.0)
    sheet_width = width + 2 * MARGIN
    sheet_height = height + above + below + 2 * MARGIN
    figure = Figure(figsize=(sheet_width, sheet_height), facecolor="white")
    FigureCanvasAgg(figure)

    top = sheet_height - MARGIN
    for line in heading:
        _write_line(figure, line, top, _TITLE_SIZE)
        top -= line_height(_TITLE_SIZE)
    top = MARGIN + below - _GAP
    for line, size in footer:
        _write_line(figure, line, top, size, FAINT_INK if size == _CREDIT_SIZE else INK)
        top -= line_height(size)
    return Sheet(figure, MARGIN, MARGIN + below, width, height)


def _write_line(figure: Figure, line: str, top: float, size: float, color: str = INK) -> None:
    across, up = figure.get_size_inches()
    figure.text(MARGIN / across, top / up, line, size=size, color=color, va="top")


def line_height(size: float) -> float:
    """Height of a line of text [in] of a font size [pt]."""
    return size * LINE_SPACING / _POINTS_PER_INCH


def wrap_text(text: str, width: float, size: float) -> list[str]:
    """Break text into lines that fit a width, by the rules of Japanese typesetting.

    Parameters
    ----------
    text
        Text; its own line breaks are kept.
    width
        Room for a line [in].
    size
        Font size [pt].

    Returns
    -------
    list of str
        The lines; none for an empty text. What the fonts lack is replaced by 〓.
    """
    lines = []
    for paragraph in text.splitlines():
        line, taken = "", 0.0
        for unit in _units(drawable(paragraph), width, size):
            needed = text_width(unit.rstrip(), size) / _POINTS_PER_INCH
            if line and taken + needed > width:
                lines.append(line.rstrip())
                line, taken = "", 0.0
            line += unit
            taken += text_width(unit, size) / _POINTS_PER_INCH
        lines.append(line.rstrip())
    return lines


def _units(text: str, width: float, size: float) -> Iterator[str]:
    """Pieces that stay together; a word wider than a line is taken apart into its letters."""
    for unit in _UNIT.findall(text):
        if text_width(unit.rstrip(), size) / _POINTS_PER_INCH > width:
            yield from unit
        else:
            yield unit


def write_picture(path: str | Path, draw: Callable[[], Figure], *, dpi: float) -> Path:
    """Draw and save a figure whole or not at all, with the same bytes on every run.

    Parameters
    ----------
    path
        File ending in ``.png`` or ``.svg``.
    draw
        Draws the figure; it is called in the drawing style of `fonts`.
    dpi
        Pixels per inch of a PNG; an SVG has none.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    RenderError
        If the ending is another.
    """
    target = Path(path)
    if target.suffix.lower() not in {".png", ".svg"}:
        raise RenderError(
            f"A picture is written as .png or .svg; got the ending {target.suffix!r} of "
            f"{target.name!r}."
        )
    # Neither the version of the drawing library nor the time of drawing is part of a picture.
    is_png = target.suffix.lower() == ".png"
    absent = {"Software": None} if is_png else {"Creator": None, "Date": None}
    # Three quarters of the usual time for files that are a hundredth larger.
    packed: dict[str, Any] = {"pil_kwargs": {"compress_level": _COMPRESSION}} if is_png else {}
    with drawing_style():
        figure = draw()
        with replace_when_complete(target) as temporary:
            figure.savefig(temporary, dpi=dpi, metadata=absent, **packed)
    return target
