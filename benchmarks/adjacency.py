"""Time the adjacency of three made-up islands against the usual ways of shapely.

    python benchmarks/adjacency.py [--rounds 5] [--only towns farms settlements]

Every way is run in turn within one round (A B C A B C ...), so that a machine that slows down slows
all of them. The table gives the median over the rounds.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from peak_memory import CLEAR_REFS, high_water_mb
from scipy.spatial import Voronoi

from hokkaido_gis.analysis.adjacency import find_adjacency
from hokkaido_gis.crs import GRS80

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import SimpleQueue

WEST, SOUTH, EAST, NORTH = 140.0, 41.5, 145.5, 45.5
# How far borders wind [degrees] and how often over the island; too slow a bend to fold a border.
WINDINGS = ((0.02, 11.0), (0.004, 67.0), (0.001, 311.0))


@dataclass(frozen=True)
class Island:
    """A made-up island, cut into polygons that share their vertices."""

    name: str
    polygons: int
    vertices: int


ISLANDS = (
    Island("towns", 170, 1_000_000),
    Island("farms", 7_000, 700_000),
    Island("settlements", 98_000, 1_500_000),
)


def coverage(island: Island, *, seed: int = 2013) -> gpd.GeoDataFrame:
    """Cut an oval island into cells with winding borders.

    Every edge is subdivided from its lower end on, whichever cell asks for it, and all vertices
    are bent by one function, so that neighbours share their vertices bit for bit.
    """
    cells = _oval_cells(round(island.polygons / (np.pi / 4)), np.random.default_rng(seed))
    length = sum(np.hypot(*np.diff(cell, axis=0, append=cell[:1]).T).sum() for cell in cells)
    step = length / island.vertices
    rings = [_subdivide(cell, step) for cell in cells]
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    polygons = shapely.polygons(shapely.linearrings(_wind(np.vstack(rings)), indices=owner))
    codes = [f"{i:06d}" for i in range(len(polygons))]
    return gpd.GeoDataFrame({"name": codes}, geometry=polygons, index=codes, crs="EPSG:6668")


def _oval_cells(seeds: int, random: np.random.Generator) -> list[np.ndarray]:
    """Voronoi cells of random seeds whose seed lies in an oval, each as its corners (n, 2)."""
    low, high = np.array([WEST, SOUTH]), np.array([EAST, NORTH])
    points = random.uniform(low, high, size=(seeds, 2))
    # Mirrored over the four sides, so that every cell of a true seed is bounded.
    mirrored = [np.where([k == 0, k == 1], 2 * side - points, points)
                for side in (low, high) for k in (0, 1)]  # fmt: skip
    voronoi = Voronoi(np.vstack([points, *mirrored]))
    inside = np.flatnonzero(np.hypot(*((points - (low + high) / 2) / ((high - low) / 2)).T) < 1)
    regions = (voronoi.regions[voronoi.point_region[i]] for i in inside)
    return [voronoi.vertices[region] for region in regions]


def _subdivide(cell: np.ndarray, step: float) -> np.ndarray:
    """Put vertices on the edges of a cell, `step` apart; the same ones from either side."""
    pieces = []
    for start, end in zip(cell, np.roll(cell, -1, axis=0), strict=True):
        low, high = sorted([tuple(start), tuple(end)])
        count = max(1, round(float(np.hypot(*(end - start))) / step))
        share = np.arange(count + 1)[:, None] / count
        edge = np.array(low) * (1 - share) + np.array(high) * share
        pieces.append((edge if tuple(start) == low else edge[::-1])[:-1])
    return np.vstack(pieces)


def _wind(xy: np.ndarray) -> np.ndarray:
    x, y = xy.T
    for width, bends in WINDINGS:
        x, y = x + width * np.sin(bends * y), y + width * np.sin(bends * x)
    return np.column_stack([x, y])


def ours(frame: gpd.GeoDataFrame) -> int:
    """Pairs, kind of contact and length of the border."""
    return len(find_adjacency(frame).pairs)


def ours_with_tolerance(frame: gpd.GeoDataFrame) -> int:
    """The same with gaps of up to 10 m."""
    return len(find_adjacency(frame, tolerance=10.0).pairs)


def touches(frame: gpd.GeoDataFrame) -> int:
    """`geopandas.sjoin` by touch: pairs only."""
    joined = gpd.sjoin(frame[["geometry"]], frame[["geometry"]], predicate="touches")
    return len(joined) // 2


def boundary_intersection(frame: gpd.GeoDataFrame) -> int:
    """Meeting pairs by STRtree, then the length of the boundaries' intersection."""
    shapes = frame.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    boundaries = shapely.boundary(shapes)
    common = shapely.intersection(boundaries[one], boundaries[other])
    parts, pair = shapely.get_parts(common, return_index=True)
    start, end, line = _segments(parts)
    lengths = np.bincount(
        pair[line], GRS80.inv(*start.T, *end.T)[2], minlength=len(one)
    )  # a point contact keeps length 0
    return len(lengths)


def _segments(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[:-1] == line[1:]
    return xy[:-1][same], xy[1:][same], line[:-1][same]


WAYS: tuple[Callable[[gpd.GeoDataFrame], int], ...] = (
    ours,
    ours_with_tolerance,
    touches,
    boundary_intersection,
)


def measure(island: Island, rounds: int) -> pd.DataFrame:
    """Median time, peak memory and number of pairs of every way on one island."""
    frame = coverage(island)
    vertices = int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum())
    seconds: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
    pairs = {}
    for _ in range(rounds):
        for way in WAYS:
            gc.collect()
            start = time.perf_counter()
            pairs[way.__name__] = way(frame)
            seconds[way.__name__].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return pd.DataFrame(
        {
            "island": island.name,
            "polygons": len(frame),
            "vertices": vertices,
            "way": list(medians),
            "pairs": list(pairs.values()),
            "median_s": [round(t, 3) for t in medians.values()],
            "times_ours": [round(t / medians["ours"], 2) for t in medians.values()],
            "peak_mb": [_peak_mb(way, frame) for way in WAYS],
        }
    )


def _peak_mb(way: Callable[[gpd.GeoDataFrame], int], frame: gpd.GeoDataFrame) -> float:
    """Memory that a way takes on top of the layer [MB], in a process of its own (Linux only)."""
    if not CLEAR_REFS.exists():
        return np.nan
    context = multiprocessing.get_context("spawn")
    taken = context.SimpleQueue()
    process = context.Process(target=_put_peak, args=(way, frame, taken))
    process.start()
    process.join()
    return round(taken.get())


def _put_peak(
    way: Callable[[gpd.GeoDataFrame], int], frame: gpd.GeoDataFrame, taken: SimpleQueue[float]
) -> None:
    way(coverage(Island("warm-up", 20, 200)))  # what is loaded when first used is no cost of it
    gc.collect()
    CLEAR_REFS.write_text("5")  # the peak begins anew from what is in use
    before = high_water_mb()
    way(frame)
    taken.put(high_water_mb() - before)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    names = [island.name for island in ISLANDS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    chosen = parser.parse_args()
    tables = [measure(i, chosen.rounds) for i in ISLANDS if i.name in chosen.only]
    print(pd.concat(tables).to_string(index=False))


if __name__ == "__main__":
    main()
