"""Charts for print: a plain description, drawn on a sheet with caption and credit, and written.

The kinds are described in `chart_kinds` and drawn on any axes by the functions of `chart_bars`,
`chart_columns` and `chart_scatter`; here they become a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.chart_bars import (
    draw_ranked_bars,
    draw_stacked_bars,
    ranked_legend,
    stacked_legend,
)
from hokkaido_gis.render.chart_columns import (
    category_room,
    columns_legend,
    draw_columns,
    draw_lines,
    lines_legend,
)
from hokkaido_gis.render.chart_kinds import (
    Columns,
    Lines,
    RankedBars,
    Scatter,
    StackedBars,
    Threshold,
    Values,
)
from hokkaido_gis.render.chart_scatter import draw_scatter, scatter_legend
from hokkaido_gis.render.fonts import text_width
from hokkaido_gis.render.page import DPI, make_sheet, write_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hokkaido_gis.render.scene import Lang

__all__ = [
    "Chart",
    "Columns",
    "Lines",
    "RankedBars",
    "Scatter",
    "StackedBars",
    "Threshold",
    "Values",
    "draw_chart",
    "write_chart",
]

Plot = RankedBars | StackedBars | Scatter | Columns | Lines

# With the margins an A4 page upright for bars, and about a half of one for points.
_BARS_WIDTH, _SCATTER_SIZE, _UPRIGHT_SIZE = 7.57, (9.0, 6.0), (8.0, 4.2)
_ROW_LEAST, _ROW_MOST, _ROWS_MOST = 0.125, 0.26, 10.2
_BELOW, _BESIDE = 0.45, 0.65
_ABOVE, _THRESHOLD_LABEL = 0.1, 0.15
_LEGEND_SIZE, _LEGEND_ROW, _HANDLE = 8.0, 0.165, 0.62


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart and what stands around it.

    Parameters
    ----------
    title
        Heading.
    plot
        What is shown.
    caption
        What the reader should know: how much is real, published or synthetic.
    credit
        Publishers of the data.
    lang
        Language of legends.
    """

    title: str
    plot: Plot
    caption: str = ""
    credit: str = ""
    lang: Lang = "ja"

    def __post_init__(self) -> None:
        if not isinstance(self.plot, Plot):
            raise RenderError(
                f"Chart {self.title!r} needs RankedBars, StackedBars, Scatter, Columns or Lines; "
                f"got {type(self.plot).__name__}."
            )


def write_chart(chart: Chart, path: str | Path, *, dpi: float = DPI) -> Path:
    """Draw a chart as a picture.

    Parameters
    ----------
    chart
        What is drawn.
    path
        File ending in ``.png`` or ``.svg``.
    dpi
        Pixels per inch of a PNG.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    RenderError
        If the ending is another.
    OutputError
        If the file cannot be written; an older one is left as it was.
    """
    return write_picture(path, lambda: draw_chart(chart), dpi=dpi)


def draw_chart(chart: Chart) -> Figure:
    """Draw a chart on a new figure, to be called and saved within `fonts.drawing_style`."""
    entries = _legend(chart)
    width, height, left = _measures(chart.plot)
    columns = _legend_columns(entries, width)
    legend_height = -(-len(entries) // columns) * _LEGEND_ROW
    above = _ABOVE + (_THRESHOLD_LABEL if getattr(chart.plot, "threshold", None) else 0.0)
    right = _BESIDE if getattr(chart.plot, "share", None) is not None else 0.0
    below = _BELOW + _category_room(chart.plot, width - left - right)
    sheet = make_sheet(width, below + height + above + legend_height, chart)
    if entries:
        strip = sheet.axes(0, below + height + above, width, legend_height)
        strip.set_axis_off()
        strip.legend(
            handles=entries,
            loc="upper left",
            ncols=columns,
            fontsize=_LEGEND_SIZE,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            labelspacing=0.4,
        )
    _draw_plot(sheet.axes(left, below, width - left - right, height), chart)
    return sheet.figure


def _draw_plot(axes: Axes, chart: Chart) -> None:
    axes.set_gid("plot")
    plot = chart.plot
    if isinstance(plot, RankedBars):
        draw_ranked_bars(axes, plot)
    elif isinstance(plot, StackedBars):
        draw_stacked_bars(axes, plot, chart.lang)
    elif isinstance(plot, Columns):
        draw_columns(axes, plot)
    elif isinstance(plot, Lines):
        draw_lines(axes, plot)
    else:
        draw_scatter(axes, plot, chart.lang)


def _legend(chart: Chart) -> list[Artist]:
    plot = chart.plot
    if isinstance(plot, RankedBars):
        return ranked_legend(plot, chart.lang)
    if isinstance(plot, StackedBars):
        return stacked_legend(plot, chart.lang)
    if isinstance(plot, Columns):
        return columns_legend(plot, chart.lang)
    if isinstance(plot, Lines):
        return lines_legend(plot)
    return scatter_legend(plot, chart.lang)


def _measures(plot: Plot) -> tuple[float, float, float]:
    """Width of the content, height of the axes, and room for the names left of them [in]."""
    if isinstance(plot, Scatter):
        return *_SCATTER_SIZE, _BESIDE
    if isinstance(plot, Columns | Lines):
        return *_UPRIGHT_SIZE, _BESIDE
    rows = len(plot.index)
    row = float(np.clip(_ROWS_MOST / rows, _ROW_LEAST, _ROW_MOST))
    letters = min(row * 72 * 0.78, 9.0)
    names = max(text_width(str(name), letters) for name in plot.index) / 72
    return _BARS_WIDTH, max(rows * row, 1.0), names + 0.12


def _category_room(plot: Plot, width: float) -> float:
    """Height below the axes for names of categories that stand on end [in]."""
    if isinstance(plot, Columns) or (isinstance(plot, Lines) and not plot.is_numeric):
        return category_room(plot.index, width)
    return 0.0


def _legend_columns(entries: Sequence[Artist], width: float) -> int:
    """How many columns of the legend fit a width [in]."""
    widths = [text_width(str(entry.get_label()), _LEGEND_SIZE) / 72 + _HANDLE for entry in entries]
    return max(1, int(width // max(widths, default=width)))
