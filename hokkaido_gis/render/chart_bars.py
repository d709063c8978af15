"""Drawing of bars: ranked, overlaid or side by side, and stacked from parts.

A value whose last digits are lost is a solid bar up to the least it can be, and a hatched end up to
the most. A missing value is a cross and never a bar of length zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from hokkaido_gis.render.fonts import FAINT_INK, INK
from hokkaido_gis.render.lettering import size_in_points
from hokkaido_gis.render.text import MISSING_TEXT, WORDS, format_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

    from hokkaido_gis.render.chart_kinds import RankedBars, StackedBars, Threshold
    from hokkaido_gis.render.scene import Lang

    Floats = npt.NDArray[np.floating[Any]]

# Each lightness is used once, so that the series differ in grey print too; crosses are
# darker than light bars, for thin strokes must be seen on white.
SERIES_COLOURS = ("#1f4e79", "#a9cbe6", "#e08e2b", "#8c6bb1")
_CROSS_COLOURS = ("#1f4e79", "#5b93c4", "#b3691a", "#6a4c93")
# Dark and light take turns, so that neighbours in a stack differ in grey print and to the
# colour-blind; the hatched ones are told from unhatched ones of like lightness.
PART_COLOURS = (
    "#0b5d3b", "#a8dba8", "#c77f00", "#ffe9a8", "#08306b", "#6baed6", "#8a1c6b", "#f7bdd6",
)  # fmt: skip
PART_HATCHES = ("", "", "////", "", "", "", "\\\\\\\\", "....")
THRESHOLD_COLOUR = "#b2182b"
_CAP_HATCH = "////////"
_REMAINDER_COLOUR, _REMAINDER_HATCH = "#f0f0f0", "xxxx"
_THICKNESS = 0.8
_BEHIND, _BARS, _FRONT = 0.5, 2, 5


def draw_ranked_bars(axes: Axes, bars: RankedBars) -> None:
    """Draw ranked bars; the legend is `ranked_legend`.

    Parameters
    ----------
    axes
        Where to draw, with its final place and size: letters are fitted to the rows.
    bars
        What is drawn.
    """
    reach = np.zeros(len(bars.index))
    places = list(_places(bars))
    for (name, frame), (shift, thickness), colour, cross in zip(
        bars.ranges.items(), places, SERIES_COLOURS, _CROSS_COLOURS, strict=False
    ):
        rows = np.arange(len(frame)) + shift
        _draw_values(axes, frame, rows, thickness, colour).set_label(name)
        overlaid = bars.arrangement == "overlaid"
        missing = frame["low"].isna().to_numpy()
        _draw_missing(axes, rows[missing], (reach if overlaid else reach * 0)[missing], cross)
        reach = np.fmax(reach, frame["high"].to_numpy())
    if bars.show_values:
        last = bars.ranges[bars.names[-1]]
        shift = places[-1][0]
        _write_values(axes, last, np.arange(len(last)) + shift, reach)
    _finish(axes, bars.index, bars.value_label, bars.threshold)


def _places(bars: RankedBars) -> Iterator[tuple[float, float]]:
    """Shift from the row's middle and thickness of each series, in rows."""
    count = len(bars.series)
    for i in range(count):
        if bars.arrangement == "overlaid":
            yield 0.0, _THICKNESS * (0.55 ** (count - 1 - i))
        else:
            yield _THICKNESS * ((i + 0.5) / count - 0.5), _THICKNESS / count


def ranked_legend(bars: RankedBars, lang: Lang = "ja") -> list[Artist]:
    """Legend entries of ranked bars."""
    entries: list[Artist] = [
        Patch(facecolor=colour, label=name)
        for name, colour in zip(bars.series, SERIES_COLOURS, strict=False)
    ]
    entries += _lost_digits_legend(pd.concat(bars.ranges.values()), lang)
    for (name, frame), colour in zip(bars.ranges.items(), _CROSS_COLOURS, strict=False):
        if frame["low"].isna().any():
            label = f"{name}: {MISSING_TEXT[lang]}" if len(bars.series) > 1 else MISSING_TEXT[lang]
            entries.append(Line2D([], [], label=label, **_cross(colour)))
    return entries + _threshold_legend(bars.threshold)


def draw_stacked_bars(axes: Axes, bars: StackedBars, lang: Lang = "ja") -> None:
    """Draw stacked bars; the legend is `stacked_legend`.

    A missing part is within the remainder where the total is known.

    Parameters
    ----------
    axes
        Where to draw, with its final place and size.
    bars
        What is drawn.
    lang
        Language of words.
    """
    rows = np.arange(len(bars.index), dtype=float)
    left = np.zeros(len(rows))
    for (name, part), colour, hatch in zip(
        bars.parts.items(), PART_COLOURS, PART_HATCHES, strict=False
    ):
        lengths = part.fillna(0.0).to_numpy(dtype=float)
        axes.barh(
            rows, lengths, _THICKNESS, left, label=str(name), zorder=_BARS, **_part(colour, hatch)
        )
        left = left + lengths
    total = bars.totals
    low = np.fmax(total["low"].to_numpy(), left)
    known = np.isfinite(total["low"].to_numpy())
    if bars.total is not None:
        axes.barh(
            rows[known],
            (low - left)[known],
            _THICKNESS,
            left[known],
            label=bars.remainder_label or WORDS["remainder"][lang],
            zorder=_BARS,
            **_part(_REMAINDER_COLOUR, _REMAINDER_HATCH),
        )
    high = np.fmax(total["high"].to_numpy(), low)
    ends = pd.DataFrame({"low": low, "high": high}, index=total.index)[known]
    _draw_caps(axes, ends, rows[known], _THICKNESS, FAINT_INK)
    _draw_missing(axes, rows[~known], left[~known], FAINT_INK)
    _write_values(axes, total, rows, np.fmax(left, high))
    _finish(axes, bars.index, bars.value_label, bars.threshold)


def stacked_legend(bars: StackedBars, lang: Lang = "ja") -> list[Artist]:
    """Legend entries of stacked bars; the remainder only where there is one."""
    entries: list[Artist] = [
        Patch(label=str(name), **_part(colour, hatch))
        for name, colour, hatch in zip(bars.parts, PART_COLOURS, PART_HATCHES, strict=False)
    ]
    total = bars.totals
    if (total["low"] > bars.parts.sum(axis=1) * (1 + 1e-9)).any():
        label = bars.remainder_label or WORDS["remainder"][lang]
        entries.append(Patch(label=label, **_part(_REMAINDER_COLOUR, _REMAINDER_HATCH)))
    entries += _lost_digits_legend(total, lang)
    if total["low"].isna().any():
        entries.append(Line2D([], [], label=MISSING_TEXT[lang], **_cross(FAINT_INK)))
    return entries + _threshold_legend(bars.threshold)


def _part(colour: str, hatch: str) -> dict[str, Any]:
    """Look of a part: its hatching is light on dark colours and dark on light ones."""
    dark = int(colour[1:3], 16) * 0.3 + int(colour[3:5], 16) * 0.6 + int(colour[5:], 16) * 0.1 < 140
    edge = "#ffffff" if dark else "#8c8c8c"
    return {"facecolor": colour, "hatch": hatch, "edgecolor": edge, "linewidth": 0.0}


def _draw_values(
    axes: Axes, frame: pd.DataFrame, rows: Floats, thickness: float, colour: str
) -> BarContainer:
    known = frame["low"].notna().to_numpy()
    frame, rows = frame[known], rows[known]
    # Up to the end that is nearer to zero a bar is certain.
    certain = np.clip(0.0, frame["low"], frame["high"])
    _draw_caps(axes, frame, rows, thickness, colour)
    return axes.barh(rows, certain, thickness, color=colour, zorder=_BARS - thickness)


def _draw_caps(
    axes: Axes, frame: pd.DataFrame, rows: Floats, thickness: float, colour: str
) -> None:
    wide = (frame["high"] > frame["low"]).to_numpy()
    caps = axes.barh(
        rows[wide],
        (frame["high"] - frame["low"])[wide],
        thickness,
        frame["low"][wide],
        color="white",
        edgecolor=colour,
        hatch=_CAP_HATCH,
        linewidth=0.4,
        zorder=_BARS - thickness + 0.01,
    )
    caps.set_label("_caps")


def _draw_missing(axes: Axes, rows: Floats, reach: Floats, colour: str) -> None:
    """Mark missing values with a cross just right of whatever bar the row has."""
    if len(rows) == 0:
        return
    aside = ScaledTranslation(5 / 72, 0, axes.figure.dpi_scale_trans)
    (crosses,) = axes.plot(reach, rows, transform=axes.transData + aside, **_cross(colour))
    crosses.set_gid("missing")


def _cross(colour: str) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "x",
        "color": colour,
        "markersize": 3.6,
        "markeredgewidth": 1.1,
        "zorder": _FRONT,
    }


def _write_values(axes: Axes, frame: pd.DataFrame, rows: Floats, reach: Floats) -> None:
    size = _letter_size(axes, len(frame)) * 0.85
    decimals = _decimals(frame.to_numpy())
    for low, high, row, end in zip(frame["low"], frame["high"], rows, reach, strict=True):
        if np.isnan(low):
            continue
        least, most = f"{low:,.{decimals}f}", f"{high:,.{decimals}f}"
        written = axes.annotate(
            least if least == most else f"{least}–{most}",
            (max(end, 0.0), row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center_baseline",
            size=size,
            color=FAINT_INK,
            zorder=_FRONT + 1,
        )
        # The line of a threshold may run behind the figures.
        written.set_path_effects([withStroke(linewidth=2.0, foreground="white")])


def _decimals(values: Floats) -> int:
    """Decimals for a whole column: as few as are exact, at most three figures of the largest."""
    known = np.abs(values[np.isfinite(values)])
    largest = known.max(initial=0.0)
    most = int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0
    exact = (d for d in range(most) if np.allclose(known, known.round(d), rtol=0, atol=1e-9))
    return next(exact, most)


def _letter_size(axes: Axes, rows: int) -> float:
    """Font size [pt] of the names: as large as the rows allow, no larger than body text."""
    height = size_in_points(axes)[1]
    return float(np.clip(height / max(rows, 1) * 0.78, 3.0, 9.0))


def _finish(axes: Axes, names: pd.Index, value_label: str, threshold: Threshold | None) -> None:
    size = _letter_size(axes, len(names))
    axes.set_yticks(range(len(names)), [str(name) for name in names], size=size)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel(value_label, size=9)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value)))
    axes.xaxis.grid(visible=True, color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for row in range(10, len(names), 10):  # the eye counts by tens
        axes.axhline(row - 0.5, color="#c4c4c4", linewidth=0.4, zorder=_BEHIND)
    west, east = axes.get_xlim()
    # Room for the figures written behind the longest bar.
    axes.set_xlim(min(west * 1.08, 0), east * 1.08)
    if threshold is not None:
        _draw_threshold(axes, threshold)


def _draw_threshold(axes: Axes, threshold: Threshold) -> None:
    if axes.get_xlim()[1] < threshold.value:
        axes.set_xlim(right=threshold.value * 1.08)
    line = axes.axvline(threshold.value, **_threshold_line())
    line.set_gid("threshold")
    axes.annotate(
        threshold.label,
        (threshold.value, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        size=8,
        color=THRESHOLD_COLOUR,
    )


def _threshold_line() -> dict[str, Any]:
    return {"color": THRESHOLD_COLOUR, "linewidth": 1.0, "linestyle": (0, (4, 2)), "zorder": _FRONT}


def _lost_digits_legend(frame: pd.DataFrame, lang: Lang) -> list[Artist]:
    if not (frame["high"] > frame["low"]).any():
        return []
    label = WORDS["lost_digits"][lang]
    return [Patch(facecolor="white", edgecolor=INK, hatch=_CAP_HATCH, linewidth=0.4, label=label)]


def _threshold_legend(threshold: Threshold | None) -> list[Artist]:
    if threshold is None:
        return []
    return [Line2D([], [], label=threshold.label, **_threshold_line())]
