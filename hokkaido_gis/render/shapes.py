"""Geometries as every writer needs them: in simple parts, by their rings, and what most are."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

Shapes = npt.NDArray[np.object_]
Indices = npt.NDArray[np.intp]

Kind = Literal["point", "line", "area"]
KINDS: tuple[Kind, ...] = ("point", "line", "area")
"""Kinds of geometry by their dimension."""

_POLYGON = 3


def main_kind(shapes: Shapes) -> Kind:
    """Say what most of some geometries are; areas where there is nothing to draw."""
    drawn = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    counts = np.bincount(shapely.get_dimensions(drawn), minlength=len(KINDS))
    return KINDS[int(counts.argmax())] if len(drawn) else "area"


def simple_parts(shapes: Shapes) -> tuple[Shapes, Indices]:
    """Take collections apart, however deep, and drop what is missing or empty.

    Parameters
    ----------
    shapes
        Geometries of any type.

    Returns
    -------
    parts
        Points, lines, rings and polygons.
    owners
        For each part, ascending, the position of the geometry it belongs to.
    """
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts, taken = shapely.get_parts(parts, return_index=True)
        owners = owners[taken]
    kept = ~shapely.is_empty(parts)
    return parts[kept], owners[kept]


def split_rings(parts: Shapes) -> tuple[Shapes, Indices]:
    """Take polygons apart into their rings, shells before holes; other parts stay as they are.

    Parameters
    ----------
    parts
        Simple parts.

    Returns
    -------
    rings
        One sequence of vertices each, in the order of the parts.
    owners
        For each of them, the position of its part.
    """
    rings, owners = shapely.get_rings(parts, return_index=True)
    others = np.flatnonzero(~is_polygon(parts))
    owners = np.concatenate([owners, others])
    order = np.argsort(owners, kind="stable")
    return np.concatenate([rings, parts[others]])[order], owners[order]


def is_polygon(parts: Shapes) -> npt.NDArray[np.bool_]:
    """Whether each simple part is a polygon."""
    return np.asarray(shapely.get_type_id(parts) == _POLYGON)
