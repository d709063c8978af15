"""Where labels go so that they cover neither each other nor what else must stay readable.

Boxes are rows of left, bottom, right, top in any one unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Right of a point reads best, then left, then above and below, then the corners.
AROUND = np.array(
    [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)], dtype=float
)
# Upon an inside point first, then shifted step by step out of its neighbours' way; names are wide
# and low, so a shift across counts double.
UPON = np.array(
    sorted(
        ((x, y) for x in np.linspace(-0.6, 0.6, 9) for y in np.linspace(-1.5, 1.5, 11)),
        key=lambda shift: (round(2 * abs(shift[0]) + abs(shift[1]), 9), shift),
    )
)


def centres_around(anchors: Floats, sizes: Floats, clearance: float) -> Floats:
    """Centres of labels standing beside points.

    Parameters
    ----------
    anchors
        Points, shape (n, 2).
    sizes
        Width and height of the labels, shape (n, 2).
    clearance
        Free space between point and label.

    Returns
    -------
    numpy.ndarray
        Candidates in order of liking, shape (n, 8, 2).
    """
    reach = sizes[:, None, :] / 2 + clearance
    return anchors[:, None, :] + AROUND[None] * reach


def centres_further(anchors: Floats, sizes: Floats, distances: Sequence[float]) -> Floats:
    """Centres of labels at distances from points, for use with a line that leads to the point.

    Parameters
    ----------
    anchors
        Points, shape (n, 2).
    sizes
        Width and height of the labels, shape (n, 2).
    distances
        Free space between point and label, ascending.

    Returns
    -------
    numpy.ndarray
        Candidates in sixteen directions for each distance, shape (n, 16 x distances, 2).
    """
    angles = np.radians(np.arange(0, 360, 22.5))
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    rings = [
        anchors[:, None, :] + ways[None] * (sizes[:, None, :] / 2 + distance)
        for distance in distances
    ]
    return np.concatenate(rings, axis=1)


def centres_upon(anchors: Floats, sizes: Floats) -> Floats:
    """Centres of labels standing upon inside points; shape (n, k, 2), in order of liking."""
    return anchors[:, None, :] + UPON[None] * sizes[:, None, :]


def boxes_at(centres: Floats, sizes: Floats) -> Floats:
    """Boxes of labels at candidate centres.

    Parameters
    ----------
    centres
        Shape (n, k, 2).
    sizes
        Width and height, shape (n, 2).

    Returns
    -------
    numpy.ndarray
        Shape (n, k, 4).
    """
    half = sizes[:, None, :] / 2
    return np.concatenate([centres - half, centres + half], axis=-1)


def boxes_around(points: Floats, reach: float) -> Floats:
    """Boxes of symbols that reach so far from their points; shape (n, 4)."""
    return np.hstack([points - reach, points + reach])


def place_labels(
    candidates: Floats,
    *,
    frame: Floats,
    taken: Floats,
    allowed: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.intp]:
    """Choose a place for each label, the earlier ones first.

    Parameters
    ----------
    candidates
        Boxes each label may take, in order of liking, shape (n, k, 4).
    frame
        Box that labels must not leave, shape (4,).
    taken
        Boxes that must stay free, shape (m, 4).
    allowed
        Candidates to be considered, shape (n, k); all where ``None``.

    Returns
    -------
    numpy.ndarray
        The candidate chosen for each label, -1 where none is free.
    """
    corners = np.stack([candidates[..., :2] - frame[:2], frame[2:] - candidates[..., 2:]])
    inside: npt.NDArray[np.bool_] = np.all(corners >= 0, axis=(0, -1))
    possible = inside if allowed is None else inside & allowed
    chosen = np.full(len(candidates), -1, dtype=np.intp)
    occupied = np.empty((len(taken) + len(candidates), 4))
    occupied[: len(taken)] = taken
    count = len(taken)
    for i, boxes in enumerate(candidates):
        tried = np.flatnonzero(possible[i])
        free = tried[~overlap(boxes[tried], occupied[:count])]
        if len(free):
            chosen[i] = free[0]
            occupied[count] = boxes[chosen[i]]
            count += 1
    return chosen


def overlap(boxes: Floats, others: Floats) -> npt.NDArray[np.bool_]:
    """Whether each box shares an area with any of the others."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((low < high).all(axis=-1).any(axis=-1), dtype=np.bool_)
