"""Geodesic lengths of very many segments, most of them short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.crs import GRS80, geodesic_lengths

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SHORT_DEGREES = 0.02
"""Greatest difference in longitude or latitude at which a segment is measured by series."""
# Rows at a time, so that what lies between stays in the processor's cache.
_BLOCK = 8192


def segment_lengths(start: Floats, end: Floats) -> Floats:
    """Lengths of segments on the ellipsoid, ten times sooner than geodesics where they are short.

    Up to `SHORT_DEGREES` (2.2 km) lengths are those of great circles, for which
    sin²(s/2) = sin²(Δφ/2) cos²(Δλ/2) + cos²φ sin²(Δλ/2) with φ half way, stretched by the two radii
    of curvature there (Gauss's mid-latitude formula, to the terms of the third order). They are
    within 2e-10 of the geodesic and 10 nm; longer segments are geodesics.

    Parameters
    ----------
    start, end
        Longitude and latitude [degrees], shape (n, 2).

    Returns
    -------
    numpy.ndarray
        Lengths [m], shape (n,).

    Examples
    --------
    >>> degree = np.array([[143.0, 43.0]])
    >>> segment_lengths(degree, degree + [0.01, 0.0]).round(3).tolist()
    [815.41]
    >>> segment_lengths(degree, degree + [1.0, 0.0]).round(3).tolist()
    [81540.486]
    """
    metres = np.empty(len(start))
    for at in range(0, len(start), _BLOCK):
        block = slice(at, at + _BLOCK)
        metres[block] = _by_series(start[block], end[block])
    long = np.flatnonzero(np.isnan(metres))
    metres[long] = geodesic_lengths(start[long], end[long])
    return metres


def _by_series(start: Floats, end: Floats) -> Floats:
    """Lengths of short segments; missing for the others."""
    x, y = np.radians(end[:, 0] - start[:, 0]), np.radians(end[:, 1] - start[:, 1])
    sine = np.sin(np.radians(start[:, 1] + end[:, 1]) / 2) ** 2
    root = 1 - GRS80.es * sine
    # Of the radius across the meridian the one along it is this part.
    along = (1 - GRS80.es) / root
    x2, y2 = x * x, y * y
    square = x2 * (1 - sine) * (1 - x2 / 12)
    square += y2 * along * along * (1 - y2 / 12) * (1 - x2 / 4)
    metres: Floats = GRS80.a * np.sqrt(square * (1 + square / 12) / root)
    limit = np.radians(SHORT_DEGREES) ** 2
    metres[~((x2 <= limit) & (y2 <= limit))] = np.nan
    return metres
