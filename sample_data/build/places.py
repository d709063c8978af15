"""Where the synthetic points of a municipality stand: its town, its hills, its coast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from ground import FINE, distance_km, noise, to_lonlat, to_plane
from shapely.geometry import LineString, MultiLineString, Point

if TYPE_CHECKING:
    from ground import Floats, Ground
    from shapely.geometry.base import BaseGeometry

_INLAND_KM = 0.15


def find_town(ground: Ground, number: int) -> Floats:
    """Find a low and level place for the town, off the border.

    Parameters
    ----------
    ground
        Municipalities and relief.
    number
        The municipality.

    Returns
    -------
    town
        Longitude and latitude, rounded as in the files.
    """
    lonlat, height = _cells(ground, number)
    if len(lonlat) == 0:
        return _rounded(shapely.get_coordinates(ground.shapes[number].point_on_surface())[0])
    border = np.minimum(distance_km(lonlat, ground.shapes[number].boundary), 4.0)
    score = border / 4.0 - height / 200.0 + 0.4 * noise(to_plane(lonlat), 9, "towns")
    return _rounded(lonlat[int(np.argmax(score))])


def place_apart(ground: Ground, number: int, count: int, random: np.random.Generator) -> Floats:
    """Find places on the higher ground of a municipality, far from each other.

    Parameters
    ----------
    ground
        Municipalities and relief.
    number
        The municipality.
    count
        How many.
    random
        Source of random numbers.

    Returns
    -------
    places
        Longitude and latitude, shape (count, 2).
    """
    lonlat, height = _cells(ground, number)
    border = distance_km(lonlat, ground.shapes[number].boundary)
    # Reservoirs lie in the hills above the fields, not on the summits.
    low, high = np.quantile(height, [0.5, 0.85])
    open_to = np.flatnonzero((height >= low) & (height <= high) & (border > 1.0))
    if len(open_to) < count:
        open_to = np.argsort(-height, kind="stable")[: 4 * count]
    order = random.permutation(open_to)
    chosen = [int(order[0])]
    plane = to_plane(lonlat)
    for _ in range(count - 1):
        away = np.min([np.hypot(*(plane[order] - plane[one]).T) for one in chosen], axis=0)
        # Not the farthest at all, which would always be a corner.
        far = order[away >= 0.7 * away.max()]
        chosen.append(int(far[0]))
    return _rounded(lonlat[chosen])


def place_on_coast(ground: Ground, number: int, count: int, random: np.random.Generator) -> Floats:
    """Find places along the coast of a municipality, at about even distances.

    Parameters
    ----------
    ground
        Municipalities and relief.
    number
        The municipality.
    count
        How many.
    random
        Source of random numbers.

    Returns
    -------
    places
        Longitude and latitude, shape (count, 2), just inside the municipality. Where it has no
        coast, as 佐呂間町 on its lagoon, they are on its border nearest to the sea.
    """
    shape = shapely.transform(ground.shapes[number], to_plane)
    shapely.prepare(shape)
    shore = shapely.transform(_shore(ground, number), to_plane)
    lines = [line for line in shapely.get_parts(shore) if isinstance(line, LineString)]
    lengths = np.array([line.length for line in lines])
    steps = (np.arange(count) + 0.5 + random.uniform(-0.25, 0.25, count)) / count
    places = []
    for distance in steps * lengths.sum():
        line = int(np.searchsorted(np.cumsum(lengths), distance))
        along = float(distance - lengths[:line].sum())
        places.append(_just_inside(shape, lines[line], along))
    return _rounded(to_lonlat(np.array(places)))


def _cells(ground: Ground, number: int) -> tuple[Floats, Floats]:
    """Centres and heights of the cells of a municipality."""
    rows, columns = np.nonzero(ground.owner == number)
    lon, lat = FINE.centres()
    lonlat = np.column_stack([lon[rows, columns], lat[rows, columns]])
    return lonlat, ground.height[rows, columns]


def _shore(ground: Ground, number: int) -> MultiLineString:
    """Coast of the largest part of a municipality that has one; nobody lands on its rocks."""
    coast = ground.land.boundary
    parts = sorted(shapely.get_parts(ground.shapes[number]), key=lambda part: -part.area)
    for part in parts:
        pieces = shapely.get_parts(shapely.intersection(part.boundary, coast))
        lines = [piece for piece in pieces if isinstance(piece, LineString) and not piece.is_empty]
        if lines:
            return _long_ones(lines)
    corners = shapely.get_coordinates(parts[0].boundary)
    away = distance_km(corners, coast)
    return MultiLineString([LineString(corners[away <= away.min() + 3.0])])


def _long_ones(lines: list[LineString]) -> MultiLineString:
    """Merge lines and leave out short ones, in a fixed order from south to north."""
    merged = shapely.get_parts(shapely.line_merge(MultiLineString(lines)))
    longest = max(line.length for line in merged)
    kept: list[LineString] = [line for line in merged if line.length >= 0.1 * longest]
    kept.sort(key=lambda line: (line.centroid.y, line.centroid.x))
    return MultiLineString(kept)


def _just_inside(shape: BaseGeometry, line: LineString, along: float) -> tuple[float, float]:
    """Step off the shore to the side where the land is."""
    at = line.interpolate(along)
    ahead = line.interpolate(min(along + 0.05, line.length))
    back = line.interpolate(max(along - 0.05, 0.0))
    run = np.array([ahead.x - back.x, ahead.y - back.y])
    across = np.array([-run[1], run[0]]) / np.hypot(*run)
    for step in (_INLAND_KM, -_INLAND_KM, _INLAND_KM / 3, -_INLAND_KM / 3):
        place = Point(at.x + step * across[0], at.y + step * across[1])
        if shapely.contains(shape, place):
            return place.x, place.y
    inner = shapely.buffer(shape, -0.02)
    nearest = shapely.shortest_line(inner, at).coords[0]
    return nearest[0], nearest[1]


def _rounded(lonlat: Floats) -> Floats:
    return np.round(lonlat, 5)
