"""Made-up islands, farms, power lines and wind, the same on every call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio import Affine
from rasterio.windows import Window
from scipy.spatial import Voronoi

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SEED = 2013
WEST, SOUTH, EAST, NORTH = 140.0, 41.5, 145.5, 45.5
LOW, HIGH = np.array([WEST, SOUTH]), np.array([EAST, NORTH])
# How far borders wind [degrees] and how often over the island; too slow a bend to fold a border.
WINDINGS = ((0.02, 11.0), (0.004, 67.0), (0.001, 311.0))
KV = (33.0, 66.0, 110.0, 187.0)
# A box as large as Hokkaido, in zone 12 of the plane rectangular system [m].
LEFT, TOP, WIDTH, HEIGHT = -250_000, 190_000, 500_000, 475_000


@dataclass(frozen=True)
class Island:
    """A made-up island, cut into polygons that share their vertices."""

    name: str
    polygons: int
    vertices: int


TOWNS = Island("towns", 170, 1_000_000)
FARMS = Island("farms", 7_000, 700_000)


def settlement_island(polygons: int) -> Island:
    """As many settlements with some fifteen vertices each."""
    return Island("settlements", polygons, 15 * polygons)


def coverage(island: Island, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Cut an oval island into cells with winding borders.

    Every edge is subdivided from its lower end on, whichever cell asks for it, and all vertices
    are bent by one function, so that neighbours share their vertices bit for bit.
    """
    corners, cell = _oval_cells(round(island.polygons / (np.pi / 4)), np.random.default_rng(seed))
    xy, owner = _subdivide(corners, cell, island.vertices)
    polygons = shapely.polygons(shapely.linearrings(_wind(xy), indices=owner))
    codes = [f"{i:06d}" for i in range(len(polygons))]
    return gpd.GeoDataFrame({"name": codes}, geometry=polygons, index=codes, crs="EPSG:6668")


def kept_coverage(folder: Path, island: Island) -> gpd.GeoDataFrame:
    """`coverage`, cut once and then read from the folder; no digit differs."""
    path = folder / f"{island.name}-{island.polygons}.parquet"
    if not path.exists():
        coverage(island).to_parquet(path)
    return gpd.read_parquet(path)


def kept_settlements(folder: Path, island: Island) -> gpd.GeoDataFrame:
    """`settlements`, made once and then read from the folder; no digit differs."""
    path = folder / f"{island.name}-{island.polygons}-table.parquet"
    if not path.exists():
        settlements(kept_coverage(folder, island)).to_parquet(path)
    return gpd.read_parquet(path)


def settlements(frame: gpd.GeoDataFrame, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Give the polygons of an island the attributes of a table of settlements."""
    frame = frame.reset_index(drop=True).drop(columns="name")
    random, count = np.random.default_rng(seed), len(frame)
    return frame.assign(
        集落コード=[f"01{i:09d}" for i in range(count)],
        Name=[f"集落{i}" for i in range(count)],
        町=random.choice([f"第{i}町" for i in range(170)], count),
        面積_ha=random.gamma(2, 20, count).round(2),
        出力_kW=np.where(random.random(count) < 0.02, np.nan, random.gamma(2, 400, count).round(1)),
    )


def farms(count: int, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Polygons of a few hundred metres with 13 corners, all over the island, in degrees."""
    random = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 13, endpoint=False)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * [0.004, 0.003]
    corners = random.uniform(LOW, HIGH, (count, 1, 2))
    corners = corners + around * random.uniform(0.4, 1, (count, 13, 1))
    return gpd.GeoDataFrame(geometry=shapely.polygons(corners), crs="EPSG:6668")


def power_lines(count: int, *, seed: int = 187) -> gpd.GeoDataFrame:
    """Lines of 50 spans of some 300 m that keep their direction, of four voltages."""
    random = np.random.default_rng(seed)
    turns = random.normal(0, 0.1, (count, 50)).cumsum(axis=1)
    bearing = random.uniform(0, 2 * np.pi, (count, 1)) + turns
    steps = np.stack([np.cos(bearing) * 0.0035, np.sin(bearing) * 0.0027], axis=-1)
    xy = random.uniform(LOW, HIGH, (count, 1, 2)) + steps.cumsum(axis=1)
    return gpd.GeoDataFrame(
        {"kv": random.choice(KV, count)}, geometry=shapely.linestrings(xy), crs="EPSG:6668"
    )


def small_farms(count: int, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Uneven polygons of 16 corners, half of them below 1.6 ha, scattered at random, in metres."""
    random = np.random.default_rng(seed)
    middle = np.column_stack(
        [
            random.uniform(LEFT + 5000, LEFT + WIDTH - 5000, count),
            random.uniform(TOP - HEIGHT + 5000, TOP - 5000, count),
        ]
    )
    angles = np.sort(random.uniform(0, 2 * np.pi, (count, 16)), axis=1)
    size = np.exp(random.normal(np.log(75), 0.4, (count, 1)))
    reach = size * random.uniform(0.7, 1.3, angles.shape)
    rings = middle[:, None] + np.dstack([reach * np.cos(angles), reach * np.sin(angles)])
    return gpd.GeoDataFrame(geometry=shapely.make_valid(shapely.polygons(rings)), crs="EPSG:6680")


def write_wind(path: Path, cell: int, *, seed: int = SEED) -> None:
    """Wind with waves and noise in tiles of 256 cells of `cell` metres, a strip at a time."""
    random = np.random.default_rng(seed)
    columns, rows = WIDTH // cell, HEIGHT // cell
    x, y = np.linspace(0, 40, columns), np.linspace(0, 38, rows)
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "width": columns, "height": rows,
        "crs": "EPSG:6680", "transform": Affine(cell, 0, LEFT, 0, -cell, TOP), "nodata": -9999,
        "tiled": True, "compress": "deflate", "predictor": 3,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.units = ["m/s"]
        for top in range(0, rows, 512):
            strip = y[top : top + 512]
            values = 6 + 2 * np.sin(x)[None] * np.cos(strip)[:, None]
            values += random.normal(0, 0.3, values.shape).clip(-3, 3)
            window = Window(0, top, columns, len(strip))
            file.write(values.round(2).astype("float32"), 1, window=window)


def _oval_cells(seeds: int, random: np.random.Generator) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Voronoi cells of random seeds that lie in an oval: corners in order, and whose they are."""
    points = random.uniform(LOW, HIGH, size=(seeds, 2))
    # Mirrored over the four sides where near to them, so that every cell of a true seed is bounded.
    near = 8 * (HIGH - LOW) / np.sqrt(seeds)
    mirrored = [
        np.where([k == 0, k == 1], 2 * side - points, points)[abs(side - points)[:, k] < near[k]]
        for side in (LOW, HIGH)
        for k in (0, 1)
    ]
    voronoi = Voronoi(np.vstack([points, *mirrored]))
    inside = np.flatnonzero(np.hypot(*((points - (LOW + HIGH) / 2) / ((HIGH - LOW) / 2)).T) < 1)
    regions = [voronoi.regions[voronoi.point_region[i]] for i in inside]
    cell = np.repeat(np.arange(len(regions)), [len(region) for region in regions])
    return voronoi.vertices[np.concatenate(regions)], cell


def _subdivide(
    corners: Floats, cell: npt.NDArray[np.intp], vertices: int
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Put vertices on the edges of cells, evenly; the same ones from either side."""
    last = np.flatnonzero(np.append(np.diff(cell) != 0, True))
    follows = np.arange(1, len(cell) + 1)
    follows[last] = np.concatenate([[0], last[:-1] + 1])
    start, end = corners, corners[follows]
    length = np.hypot(*(end - start).T)
    count = np.maximum(1, np.round(length / (length.sum() / vertices))).astype(int)
    edge = np.repeat(np.arange(len(cell)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    ahead = np.where(start[:, 0] == end[:, 0], start[:, 1] < end[:, 1], start[:, 0] < end[:, 0])
    low, high = np.where(ahead[:, None], [start, end], [end, start])
    share = np.where(ahead[edge], step, count[edge] - step)[:, None] / count[edge][:, None]
    return low[edge] * (1 - share) + high[edge] * share, cell[edge]


def _wind(xy: Floats) -> Floats:
    x, y = xy.T
    for width, bends in WINDINGS:
        x, y = x + width * np.sin(bends * y), y + width * np.sin(bends * x)
    return np.column_stack([x, y])
