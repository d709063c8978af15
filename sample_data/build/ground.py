"""The ground that the synthetic layers stand on: municipalities, coast, and a made-up relief.

Nothing here is a measurement. Real are the municipal boundaries (``municipalities.geojson``). The
relief is a formula: smooth noise that sinks to the coast, raised along some lines where Hokkaido
has mountains and lowered along others where it has plains, so that farms, dams, lines and wind end
up in plausible places. Its heights are those of no real spot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin
from shapely.geometry import shape as to_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]

BUILD_DIR: Final = Path(__file__).resolve().parent
SAMPLE_DIR: Final = BUILD_DIR.parent
REPORT_DIR: Final = SAMPLE_DIR / "report"

SEED: Final = 20130331
"""Every random number of the sample follows from it, from a name and from nothing else."""

ISLANDS: Final = ("利尻町", "利尻富士町", "礼文町", "奥尻町")
"""Municipalities off the main island."""

_ORIGIN: Final = (143.0, 43.4)
_KM_PER_DEGREE: Final = (111.32 * float(np.cos(np.radians(43.4))), 111.1)

# Lines (longitude, latitude) along which the relief rises, with height [m] and half-width [km].
_RIDGES: Final = (
    (((142.70, 43.42), (142.86, 43.66), (143.05, 43.55)), 1850, 17),
    (((142.87, 43.72), (142.96, 44.05), (142.85, 44.35), (142.50, 44.62)), 850, 19),
    (((142.75, 43.15), (142.70, 42.85), (142.85, 42.50), (143.25, 42.10)), 1500, 15),
    (((142.25, 43.25), (142.27, 42.98), (142.40, 42.70)), 950, 15),
    (((141.50, 43.72), (141.75, 43.80)), 1150, 15),
    (((142.05, 44.05), (142.15, 44.45), (142.05, 44.85), (142.05, 45.15)), 640, 14),
    (((143.15, 43.45), (143.55, 43.62), (143.95, 43.45), (144.02, 43.38)), 1000, 18),
    (((144.35, 43.58), (144.75, 43.75), (145.10, 44.05), (145.28, 44.26)), 1050, 11),
    (((140.70, 42.88), (140.85, 42.82), (141.00, 42.95), (141.10, 42.80)), 1150, 14),
    (((140.45, 43.25), (140.62, 43.05)), 950, 11),
    (((140.15, 42.60), (140.10, 42.25), (140.25, 41.70)), 820, 12),
    (((140.70, 42.05), (140.90, 41.92)), 680, 10),
    (((141.24, 45.18), (141.245, 45.185)), 1650, 5),
    (((139.46, 42.17), (139.47, 42.12)), 480, 6),
    (((143.95, 42.98), (143.75, 43.15)), 380, 13),
)
# Lines along which it sinks, plains and basins, with what is left of the height and half-width.
_PLAINS: Final = (
    (((141.35, 43.15), (141.60, 43.12), (141.80, 43.35), (141.95, 43.65)), 0.06, 15),
    (((141.65, 42.95), (141.75, 42.66)), 0.15, 11),
    (((142.35, 43.80), (142.42, 43.75)), 0.16, 14),
    (((142.40, 43.50), (142.38, 43.30)), 0.25, 7),
    (((142.42, 44.05), (142.45, 44.35), (142.35, 44.55)), 0.25, 8),
    (((143.05, 43.10), (143.25, 42.92), (143.45, 42.75), (143.20, 42.60)), 0.20, 21),
    (((143.75, 43.80), (144.05, 43.85), (144.40, 43.85)), 0.28, 13),
    (((144.40, 43.05), (144.45, 43.20)), 0.06, 12),
    (((144.85, 43.40), (145.05, 43.42), (145.35, 43.30)), 0.30, 24),
    (((141.70, 45.10), (141.75, 44.90)), 0.10, 10),
    (((142.15, 45.25), (142.35, 45.05)), 0.35, 10),
    (((140.05, 42.43), (139.95, 42.45)), 0.20, 6),
    (((140.65, 41.88), (140.68, 41.95)), 0.12, 6),
    (((143.40, 44.15), (143.60, 44.15)), 0.40, 9),
    (((140.75, 43.08), (140.62, 43.00)), 0.25, 5),
    (((142.35, 42.55), (142.10, 42.62)), 0.45, 7),
)


@dataclass(frozen=True)
class Lattice:
    """A grid of square cells in degrees.

    Parameters
    ----------
    west, north
        Outer edges [degrees].
    cell
        Side of a cell [degrees].
    columns, rows
        Numbers of cells.
    """

    west: float
    north: float
    cell: float
    columns: int
    rows: int

    def centres(self) -> tuple[Floats, Floats]:
        """Longitudes and latitudes of the cells' centres, each of shape (rows, columns)."""
        lon = self.west + (np.arange(self.columns) + 0.5) * self.cell
        lat = self.north - (np.arange(self.rows) + 0.5) * self.cell
        grid_lon, grid_lat = np.meshgrid(lon, lat)
        return grid_lon, grid_lat

    def cells_of(self, lonlat: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the cells that points lie in."""
        columns = np.floor((lonlat[..., 0] - self.west) / self.cell).astype(np.intp)
        rows = np.floor((self.north - lonlat[..., 1]) / self.cell).astype(np.intp)
        return np.clip(rows, 0, self.rows - 1), np.clip(columns, 0, self.columns - 1)


FINE: Final = Lattice(west=139.2, north=45.7, cell=0.01, columns=730, rows=450)
"""Grid of the relief, about 0.8 by 1.1 km."""


@dataclass(frozen=True)
class Ground:
    """Municipalities and the relief below them.

    Parameters
    ----------
    codes, names, subprefectures
        One entry a municipality, in the order of the codes.
    shapes
        Their polygons, longitude and latitude.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    subprefectures: tuple[str, ...]
    shapes: tuple[BaseGeometry, ...]

    @cached_property
    def land(self) -> BaseGeometry:
        """All municipalities as one."""
        return shapely.coverage_union_all(list(self.shapes))

    @cached_property
    def owner(self) -> NDArray[np.int16]:
        """Number of the municipality of each cell of `FINE`, -1 at sea."""
        transform = from_origin(FINE.west, FINE.north, FINE.cell, FINE.cell)
        cells: NDArray[np.int16] = rasterize(
            [(shape, number) for number, shape in enumerate(self.shapes)],
            out_shape=(FINE.rows, FINE.columns),
            transform=transform,
            fill=-1,
            dtype="int16",
        )
        return cells

    @cached_property
    def coast_km(self) -> Floats:
        """Distance [km] of each cell of `FINE` to the coast, on land and at sea."""
        lon, lat = FINE.centres()
        return distance_km(np.stack([lon, lat], axis=-1), self.land.boundary)

    @cached_property
    def height(self) -> Floats:
        """Height [m] of each cell of `FINE`, not a number at sea."""
        lon, lat = FINE.centres()
        heights = _relief(to_plane(np.stack([lon, lat], axis=-1)), self.coast_km)
        return np.where(self.owner >= 0, np.round(heights), np.nan)

    @cached_property
    def slope(self) -> Floats:
        """Slope [degrees] of each cell of `FINE`, not a number at sea.

        Cells of a kilometre smooth a hillside away; the gradient is taken three times to make up
        for that.
        """
        filled = np.nan_to_num(self.height, nan=0.0)
        south, east = np.gradient(filled)
        side_x, side_y = FINE.cell * _KM_PER_DEGREE[0], FINE.cell * _KM_PER_DEGREE[1]
        steepness = 3.0 * np.hypot(east / side_x, south / side_y) / 1000.0
        return np.where(self.owner >= 0, np.round(np.degrees(np.arctan(steepness))), np.nan)

    def number_of(self, name: str) -> int:
        """Number of a municipality by its name."""
        return self.names.index(name)

    def height_at(self, lonlat: Floats) -> Floats:
        """Height [m] of the cells that points lie in; 0 where that is sea."""
        return np.nan_to_num(self.height[FINE.cells_of(lonlat)], nan=0.0)


def read_ground(path: Path = SAMPLE_DIR / "municipalities.geojson") -> Ground:
    """Read the municipalities of the sample.

    Parameters
    ----------
    path
        GeoJSON with the properties ``code``, ``name`` and ``subprefecture``.

    Returns
    -------
    ground
        The municipalities; the relief is made when first asked for.
    """
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    features.sort(key=lambda feature: feature["properties"]["code"])
    return Ground(
        codes=tuple(feature["properties"]["code"] for feature in features),
        names=tuple(feature["properties"]["name"] for feature in features),
        subprefectures=tuple(feature["properties"]["subprefecture"] for feature in features),
        shapes=tuple(to_shape(feature["geometry"]) for feature in features),
    )


def random_for(name: str) -> np.random.Generator:
    """Give a source of random numbers of its own to each purpose.

    A layer that asks for one number more then does not change the others.
    """
    return np.random.default_rng([SEED, *name.encode("utf-8")])


def to_plane(lonlat: Floats) -> Floats:
    """Turn longitude and latitude into kilometres east and north of the middle of the island."""
    return (np.asarray(lonlat, dtype=float) - _ORIGIN) * _KM_PER_DEGREE


def to_lonlat(plane: Floats) -> Floats:
    """Turn kilometres back into longitude and latitude."""
    return np.asarray(plane, dtype=float) / _KM_PER_DEGREE + _ORIGIN


def distance_km(lonlat: Floats, target: BaseGeometry) -> Floats:
    """Measure distances from points to the nearest of some lines.

    Parameters
    ----------
    lonlat
        Longitude and latitude, shape (..., 2).
    target
        Lines in longitude and latitude.

    Returns
    -------
    distance
        Distances [km], shape (...).
    """
    flat = to_plane(lonlat).reshape(-1, 2)
    segments = []
    for line in shapely.get_parts(shapely.transform(target, to_plane)):
        corners = shapely.get_coordinates(line)
        segments.append(np.stack([corners[:-1], corners[1:]], axis=1))
    # Single segments are found much faster than one long line.
    lines = np.asarray(shapely.linestrings(np.concatenate(segments)))
    tree = shapely.STRtree(lines)
    _, distances = tree.query_nearest(shapely.points(flat), return_distance=True, all_matches=False)
    measured: Floats = distances.reshape(lonlat.shape[:-1])
    return measured


def noise(plane: Floats, wavelength: float, name: str, *, octaves: int = 3) -> Floats:
    """Make smooth noise, the same at the same place whoever asks.

    Parameters
    ----------
    plane
        Kilometres east and north, shape (..., 2).
    wavelength
        Distance [km] between bumps of the widest octave.
    name
        What the noise is for; another name gives other noise.
    octaves
        Number of layers, each half as wide and half as high as the one before.

    Returns
    -------
    values
        Numbers in -1 to 1, shape (...).
    """
    total, weight = np.zeros(plane.shape[:-1]), 0.0
    for octave, knots in enumerate(_knots(name, octaves)):
        total += 0.5**octave * _between_knots(plane / (wavelength * 0.5**octave), knots)
        weight += 0.5**octave
    return total / weight


def near_line(plane: Floats, lonlat: Sequence[tuple[float, float]], half_width: float) -> Floats:
    """Tell how near points are to a line, from 1 on it to 0 far away."""
    corners = to_plane(np.asarray(lonlat, dtype=float))
    nearest = np.full(plane.shape[:-1], np.inf)
    for start, end in pairwise(corners):
        along = end - start
        share = np.clip(((plane - start) @ along) / (along @ along), 0.0, 1.0)
        foot = start + share[..., None] * along
        nearest = np.minimum(nearest, np.hypot(*np.moveaxis(plane - foot, -1, 0)))
    return np.exp(-((nearest / half_width) ** 2))


@cache
def _knots(name: str, octaves: int) -> Floats:
    """Random values at whole numbers, one sheet an octave."""
    return random_for(f"noise {name}").uniform(-1.0, 1.0, size=(octaves, 256, 256))


def _between_knots(places: Floats, knots: Floats) -> Floats:
    """Interpolate smoothly between random values at whole numbers."""
    whole = np.floor(places).astype(np.intp)
    part = places - whole
    x, y = np.moveaxis(part * part * (3.0 - 2.0 * part), -1, 0)
    column, row = np.moveaxis(whole % len(knots), -1, 0)
    right, below = (column + 1) % len(knots), (row + 1) % len(knots)
    upper = knots[row, column] * (1 - x) + knots[row, right] * x
    lower = knots[below, column] * (1 - x) + knots[below, right] * x
    values: Floats = upper * (1 - y) + lower * y
    return values


def _relief(plane: Floats, coast_km: Floats) -> Floats:
    """Height [m] from noise, ridges, plains and the distance to the coast."""
    # Straight ridges would show as stripes: the places are shifted a little first.
    shift = np.stack([noise(plane, 30, "shift x"), noise(plane, 30, "shift y")], axis=-1)
    bent = plane + 15.0 * shift
    heights = 230.0 * (1.0 + 1.1 * noise(plane, 24, "hills", octaves=5))
    crags = 1.0 + 0.65 * noise(plane, 16, "crags", octaves=5)
    for line, top, half_width in _RIDGES:
        heights = np.maximum(heights, top * crags * near_line(bent, line, 1.2 * half_width))
    for line, left, half_width in _PLAINS:
        heights = heights * (1.0 - (1.0 - left) * near_line(bent, line, 1.25 * half_width))
    return np.maximum(heights * (1.0 - np.exp(-coast_km / 3.5)), 1.0)
