"""Drawing of upright columns, with a line of shares where there is one, and of lines.

A missing value is a cross on the axis and never a bar of length zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, PercentFormatter

from hokkaido_gis.render.chart_bars import SERIES_COLOURS
from hokkaido_gis.render.fonts import FAINT_INK, INK, text_width
from hokkaido_gis.render.lettering import size_in_points
from hokkaido_gis.render.text import MISSING_TEXT, format_number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from hokkaido_gis.render.chart_kinds import Columns, Lines
    from hokkaido_gis.render.scene import Lang

_THICKNESS = 0.8
_LETTERS, _LETTERS_LEAST, _LETTERS_UPRIGHT = 8.0, 5.0, 6.5
# Share of its room that the name of a category may fill before it is set on end.
_FULL = 0.95
_SHARE_COLOUR = "#b2182b"
# Series of lines differ in dashes and marks too, for grey print.
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKS = ("o", "s", "^", "D")
# Light colours of bars are too faint for a thin line.
_LINE_COLOURS = ("#1f4e79", "#5b93c4", "#b3691a", "#6a4c93")
_MARKED_POINTS = 40


def draw_columns(axes: Axes, columns: Columns) -> None:
    """Draw columns side by side; the legend is `columns_legend`.

    Parameters
    ----------
    axes
        Where to draw, with its final place and size: letters are fitted to the columns.
    columns
        What is drawn.
    """
    count, thickness = len(columns.series), _THICKNESS / len(columns.series)
    places = np.arange(len(columns.index), dtype=float)
    for i, (name, values) in enumerate(columns.series.items()):
        shift = _shift(i, count)
        known = values.notna().to_numpy()
        heights = values[known].to_numpy(dtype=float)
        axes.bar(
            places[known] + shift, heights, thickness, color=SERIES_COLOURS[i], label=name, zorder=2
        )
        missing = places[~known] + shift
        axes.plot(missing, np.zeros(len(missing)), gid="missing", clip_on=False, **_cross())
    if columns.show_values:
        _write_values(axes, columns)
    _set_categories(axes, columns.index)
    _finish(axes, columns.value_label, columns.category_label)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), max(high, 0.0) * 1.04 if high > 0 else 1.0)
    if columns.share is not None:
        _draw_share(axes, places, columns.share, columns.share_label)


def columns_legend(columns: Columns, lang: Lang = "ja") -> list[Artist]:
    """Legend entries of columns; none where a single series has nothing beside it."""
    entries: list[Artist] = [
        Patch(facecolor=colour, label=name)
        for name, colour in zip(columns.series, SERIES_COLOURS, strict=False)
    ]
    if columns.share is not None:
        entries.append(Line2D([], [], label=columns.share_label, **_share_line()))
    if any(values.isna().any() for values in columns.series.values()):
        entries.append(Line2D([], [], label=MISSING_TEXT[lang], **_cross()))
    return entries if len(entries) > 1 else []


def draw_lines(axes: Axes, lines: Lines) -> None:
    """Draw lines; the legend is `lines_legend`.

    Parameters
    ----------
    axes
        Where to draw, with its final place and size.
    lines
        What is drawn.
    """
    at = lines.index.to_numpy(dtype=float) if lines.is_numeric else np.arange(len(lines.index))
    marked = len(at) <= _MARKED_POINTS
    for i, (name, values) in enumerate(lines.series.items()):
        axes.plot(at, values.to_numpy(dtype=float), label=name, **_line(i, marked=marked))
    if not lines.is_numeric:
        _set_categories(axes, lines.index)
    _finish(axes, lines.value_label, lines.axis_label)
    if lines.zero:
        low, high = axes.get_ylim()
        known = pd.concat(lines.series.values())
        axes.set_ylim(low if known.min() < 0 else 0.0, high if known.max() > 0 else 0.0)
        axes.axhline(0, color=FAINT_INK, linewidth=0.8, zorder=1)


def lines_legend(lines: Lines) -> list[Artist]:
    """Legend entries of lines; none for a single one."""
    marked = len(lines.index) <= _MARKED_POINTS
    entries: list[Artist] = [
        Line2D([], [], label=name, **_line(i, marked=marked)) for i, name in enumerate(lines.series)
    ]
    return entries if len(entries) > 1 else []


def _line(i: int, *, marked: bool) -> dict[str, Any]:
    return {
        "color": _LINE_COLOURS[i],
        "linestyle": _DASHES[i],
        "linewidth": 1.6,
        "marker": _MARKS[i] if marked else None,
        "markersize": 4.5,
        "zorder": 3,
    }


def _draw_share(axes: Axes, places: Any, share: pd.Series, label: str) -> None:
    right = axes.twinx()
    right.plot(places, share.to_numpy(dtype=float), gid="share", **_share_line())
    right.set_ylim(0, 1.04)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    right.set_ylabel(label, size=9)
    right.tick_params(labelsize=8)
    right.spines["top"].set_visible(False)


def _share_line() -> dict[str, Any]:
    return {
        "color": _SHARE_COLOUR,
        "linewidth": 1.3,
        "marker": "o",
        "markersize": 3.2,
        "markerfacecolor": "white",
        "zorder": 4,
    }


def _cross() -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "x",
        "color": FAINT_INK,
        "markersize": 4.5,
        "markeredgewidth": 1.1,
        "zorder": 4,
    }


def _write_values(axes: Axes, columns: Columns) -> None:
    """Write values above their columns, on end where they are wider than these."""
    texts = {
        name: [None if np.isnan(value) else f"{value:,.0f}" for value in values]
        for name, values in columns.series.items()
    }
    written = [text for some in texts.values() for text in some if text is not None]
    widest = max((text_width(text, _LETTERS) for text in written), default=0.0) / _LETTERS
    room = 0.9 * size_in_points(axes)[0] / (len(columns.index) + 0.2)
    room *= _THICKNESS / len(columns.series) if len(columns.series) > 1 else 1.0
    upright = widest * _LETTERS_LEAST > room
    size = _LETTERS_UPRIGHT if upright else min(room / max(widest, 1e-9), _LETTERS)
    for i, (name, values) in enumerate(columns.series.items()):
        for place, (text, height) in enumerate(zip(texts[name], values, strict=True)):
            if text is not None:
                axes.annotate(
                    text,
                    (place + _shift(i, len(columns.series)), max(height, 0.0)),
                    xytext=(0, 2),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    rotation=90 if upright else 0,
                    size=size,
                    color=INK,
                )
    axes.margins(y=0.18 if upright else 0.08)


def _shift(i: int, count: int) -> float:
    """How far the columns of a series stand from the middle of their category."""
    return _THICKNESS * ((i + 0.5) / count - 0.5)


def category_room(index: pd.Index, width: float) -> float:
    """Height that names of categories on end need below an axis [in]; 0 where they lie level.

    Parameters
    ----------
    index
        The categories.
    width
        Width of the axes [in].
    """
    widths = [text_width(str(name), _LETTERS) for name in index]
    upright = max(widths) > width * 72 / len(widths) * _FULL
    return max(widths) / 72 if upright else 0.0


def _set_categories(axes: Axes, index: pd.Index) -> None:
    """Write the categories below the axis, on end where they are wider than their room."""
    names = [str(name) for name in index]
    upright = category_room(index, size_in_points(axes)[0] / 72) > 0
    axes.set_xticks(range(len(names)), names, size=_LETTERS, rotation=90 if upright else 0)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(names) - 0.4)


def _finish(axes: Axes, value_label: str, below: str) -> None:
    axes.set_ylabel(value_label, size=9)
    axes.set_xlabel(below, size=9)
    axes.tick_params(labelsize=_LETTERS)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value)))
    axes.yaxis.grid(visible=True, color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
