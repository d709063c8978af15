"""Names written into maps and charts: how much room they take, and their white halo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke

from hokkaido_gis.render.fonts import INK, text_width
from hokkaido_gis.render.styles import LabelStyle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from hokkaido_gis.render.placement import Floats

LABEL_GID = "label"
_HEIGHT = 1.05  # of a line, by its font size
_HALO = 1.5
_USUAL = LabelStyle()


def size_in_points(axes: Axes) -> Floats:
    """Width and height of axes [pt]."""
    box = axes.get_window_extent()
    return np.array([box.width, box.height]) * 72 / axes.figure.dpi


def label_sizes(texts: Sequence[str], size: float, *, clearance: float) -> Floats:
    """Width and height that labels take [pt].

    Parameters
    ----------
    texts
        One line each.
    size
        Font size [pt].
    clearance
        Free space around each [pt].

    Returns
    -------
    numpy.ndarray
        Shape (n, 2).
    """
    sizes = [(text_width(text, size), size * _HEIGHT) for text in texts]
    return np.array(sizes, dtype=float).reshape(-1, 2) + 2 * clearance


def write_label(
    axes: Axes,
    text: str,
    box: Floats,
    *,
    size: float,
    zorder: float,
    look: LabelStyle = _USUAL,
) -> None:
    """Write a label in the middle of a box [pt from the lower left corner of the axes]."""
    left, bottom, right, top = box
    label = axes.annotate(
        text,
        ((left + right) / 2, (bottom + top) / 2),
        xycoords="axes points",
        size=size,
        color=look.colour or INK,
        ha="center",
        va="center",
        zorder=zorder,
        path_effects=[withStroke(linewidth=_HALO, foreground=look.halo)],
    )
    label.set_gid(LABEL_GID)
