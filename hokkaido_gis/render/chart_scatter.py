"""Drawing of points of two quantities with their means, named where both reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter

from hokkaido_gis.render.fonts import FAINT_INK, INK, text_width
from hokkaido_gis.render.lettering import label_sizes, size_in_points, write_label
from hokkaido_gis.render.placement import (
    boxes_around,
    boxes_at,
    centres_around,
    centres_further,
    place_labels,
)
from hokkaido_gis.render.text import MISSING_TEXT, WORDS, format_number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from hokkaido_gis.render.chart_kinds import Scatter
    from hokkaido_gis.render.placement import Floats
    from hokkaido_gis.render.scene import Lang

_COLOUR, _OTHER_COLOUR, _SHADE = "#1f4e79", "#a6a6a6", "#e3eef8"
_MARKER = 4.5
_LETTERS = 7.5
_NAMES = 4  # above points and lines
_CLEARANCE = 1.0
_LEADERS = (9.0, 16.0, 24.0, 34.0, 46.0, 60.0)


def reaches_means(scatter: Scatter) -> pd.Series:
    """Whether both values of a point reach their means: ``yes``, ``maybe`` or ``no``.

    ``maybe`` is a point whose lost digits decide it. Without means every point is ``yes``; a point
    with a missing value is ``no``.
    """
    x, y = scatter.ranges
    mean_x, mean_y = scatter.means or (-np.inf, -np.inf)
    certain = (x["low"] >= mean_x) & (y["low"] >= mean_y)
    possible = (x["high"] >= mean_x) & (y["high"] >= mean_y)
    verdict = x["low"].astype(object)
    verdict[:] = np.where(certain, "yes", np.where(possible, "maybe", "no"))
    return verdict


def draw_scatter(axes: Axes, scatter: Scatter, lang: Lang = "ja") -> None:
    """Draw points, means and names; the legend is `scatter_legend`.

    Parameters
    ----------
    axes
        Where to draw, with its final place and size: names are placed by it.
    scatter
        What is drawn.
    lang
        Language of words.
    """
    known = scatter.known.to_numpy()
    x, y = (frame[known] for frame in scatter.ranges)
    verdict = reaches_means(scatter)[known].to_numpy()
    axes.hlines(y.mean(axis=1), x["low"], x["high"], color=FAINT_INK, linewidth=0.7, zorder=2)
    axes.vlines(x.mean(axis=1), y["low"], y["high"], color=FAINT_INK, linewidth=0.7, zorder=2)
    for kind in ("no", "maybe", "yes"):
        chosen = verdict == kind
        axes.plot(x.mean(axis=1)[chosen], y.mean(axis=1)[chosen], gid=kind, **_marker(kind))
    _finish(axes, scatter)
    taken = _draw_means(axes, scatter, lang)
    _name_points(axes, scatter, verdict, taken)


def scatter_legend(scatter: Scatter, lang: Lang = "ja") -> list[Artist]:
    """Legend entries of a scatter: only what occurs in it, and how many points are missing."""
    x, y = scatter.ranges
    verdict = reaches_means(scatter)[scatter.known]
    words = {"yes": "both", "maybe": "maybe_both", "no": "others"}
    entries: list[Artist] = []
    if scatter.means is not None:
        entries += [
            Line2D([], [], label=WORDS[word][lang], **_marker(kind))
            for kind, word in words.items()
            if (verdict == kind).any()
        ]
    if (x["high"] > x["low"]).any() or (y["high"] > y["low"]).any():
        label = WORDS["lost_digits"][lang]
        entries.append(Line2D([], [], color=FAINT_INK, linewidth=0.7, label=label))
    missing = int((~scatter.known).sum())
    if missing:
        entries.append(Patch(facecolor="none", label=f"{MISSING_TEXT[lang]}: {missing}"))
    return entries


def _marker(kind: str) -> dict[str, Any]:
    colour = _OTHER_COLOUR if kind == "no" else _COLOUR
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": _MARKER,
        "markerfacecolor": "white" if kind == "maybe" else colour,
        "markeredgecolor": colour,
        "markeredgewidth": 0.9,
        "zorder": 3,
    }


def _finish(axes: Axes, scatter: Scatter) -> None:
    axes.set_xlabel(scatter.x_label, size=9)
    axes.set_ylabel(scatter.y_label, size=9)
    axes.tick_params(labelsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value)))
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(0.06)
    axes.autoscale_view()
    # The means belong in the picture even where no point is near them.
    if scatter.means is not None:
        axes.update_datalim([scatter.means])
        axes.autoscale_view()
    x, y = scatter.ranges
    axes.set_xlim(*_limits(axes.get_xlim(), x))
    axes.set_ylim(*_limits(axes.get_ylim(), y))


def _limits(limits: tuple[float, float], values: pd.DataFrame) -> tuple[float, float]:
    """Limits of an axis that do not go below zero where no value does, but for half a marker."""
    low, high = limits
    return (max(low, -0.015 * high) if (values["low"].dropna() >= 0).all() else low), high


def _draw_means(axes: Axes, scatter: Scatter, lang: Lang) -> Floats:
    """Draw both means and shade the quarter above them; return the boxes of their words [pt]."""
    if scatter.means is None:
        return np.empty((0, 4))
    mean_x, mean_y = scatter.means
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    quarter = Rectangle((mean_x, mean_y), right - mean_x, top - mean_y, facecolor=_SHADE, zorder=0)
    quarter.set_gid("quarter")
    axes.add_patch(quarter)
    axes.axvline(mean_x, color=INK, linewidth=0.8, linestyle="--", zorder=1).set_gid("mean-x")
    axes.axhline(mean_y, color=INK, linewidth=0.8, linestyle="--", zorder=1).set_gid("mean-y")
    words = scatter.mean_label or WORDS["mean"][lang]
    frame_right, frame_top = size_in_points(axes)
    spots = _in_points(axes, np.array([[mean_x, mean_y]]))[0]
    texts = (f"{words} {format_number(mean_x)}", f"{words} {format_number(mean_y)}")
    wide, tall = (text_width(text, _LETTERS) + 4 for text in texts)
    boxes = np.array(
        [
            [spots[0], frame_top - _LETTERS * 1.5, spots[0] + wide, frame_top],
            [frame_right - tall, spots[1], frame_right, spots[1] + _LETTERS * 1.5],
        ]
    )
    if boxes[0, 2] > frame_right:  # no room right of the line
        boxes[0, [0, 2]] -= wide
    for text, box in zip(texts, boxes, strict=True):
        write_label(axes, text, box, size=_LETTERS, zorder=_NAMES)
    return boxes


def _name_points(
    axes: Axes, scatter: Scatter, verdict: npt.NDArray[np.object_], taken: Floats
) -> None:
    """Name the points, those furthest up and right first; a name with no free place is left out."""
    known = scatter.known.to_numpy()
    names = [str(name) for name in scatter.x.index[known]]
    middles = [frame[known].mean(axis=1).to_numpy() for frame in scatter.ranges]
    spots = _in_points(axes, np.column_stack(middles))
    if scatter.labelled is None:
        wanted = verdict != "no"
    else:
        wanted = scatter.x.index[known].isin(scatter.labelled)
    order = np.flatnonzero(wanted)
    order = order[np.argsort(-spots[order].sum(axis=1), kind="stable")]
    if len(order) == 0:
        return
    reach = _MARKER / 2
    markers = boxes_around(spots, reach)
    texts = [names[i] for i in order]
    sizes = label_sizes(texts, _LETTERS, clearance=_CLEARANCE)
    near = centres_around(spots[order], sizes, reach + 0.5)
    far = centres_further(spots[order], sizes, _LEADERS)
    boxes = boxes_at(np.concatenate([near, far], axis=1), sizes)
    frame = np.array([0.0, 0.0, *size_in_points(axes)])
    chosen = place_labels(boxes, frame=frame, taken=np.vstack([markers, taken]))
    for text, spot, candidates, choice in zip(texts, spots[order], boxes, chosen, strict=True):
        if choice < 0:
            continue
        box = candidates[choice]
        if choice >= near.shape[1]:
            _lead(axes, spot, np.clip(spot, box[:2], box[2:]))
        write_label(axes, text, box, size=_LETTERS, zorder=_NAMES)


def _lead(axes: Axes, spot: Floats, end: Floats) -> None:
    """Draw a hairline from a point to its name [pt from the lower left corner]."""
    axes.annotate(
        "",
        tuple(spot),
        tuple(end),
        xycoords="axes points",
        textcoords="axes points",
        arrowprops={
            "arrowstyle": "-",
            "linewidth": 0.5,
            "color": FAINT_INK,
            "shrinkA": 0,
            "shrinkB": 2,
        },
        zorder=2.5,
    )


def _in_points(axes: Axes, data: Floats) -> Floats:
    """Places of data in points from the lower left corner of the axes."""
    box = axes.get_window_extent()
    pixels = axes.transData.transform(data) - [box.x0, box.y0]
    return np.asarray(pixels * 72 / axes.figure.dpi)
