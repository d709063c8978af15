"""Time zonal statistics of made-up farms against exactextract and rasterstats.

    python benchmarks/zonal.py [--rounds 3] [--farms 7000 100000] [--cells 250 50] [--rasterstats]

Every way is run in turn within one round (A B C A B C ...), so that a machine that slows down slows
all of them. The table gives the median over the rounds.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import statistics
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from peak_memory import CLEAR_REFS, high_water_mb
from rasterio import Affine
from rasterio.windows import Window

from hokkaido_gis.overlay import zonal_stats

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import SimpleQueue

# A box as large as Hokkaido, in zone 12 of the plane rectangular system [m].
WEST, NORTH, WIDTH, HEIGHT = -250_000, 190_000, 500_000, 475_000
STATISTICS = ("mean", "max")


def farms(number: int, *, seed: int = 2013) -> gpd.GeoDataFrame:
    """Uneven polygons of 16 corners, half of them below 1.6 ha, scattered at random."""
    random = np.random.default_rng(seed)
    middle = np.column_stack(
        [
            random.uniform(WEST + 5000, WEST + WIDTH - 5000, number),
            random.uniform(NORTH - HEIGHT + 5000, NORTH - 5000, number),
        ]
    )
    angles = np.sort(random.uniform(0, 2 * np.pi, (number, 16)), axis=1)
    reach = np.exp(random.normal(np.log(75), 0.4, (number, 1))) * random.uniform(
        0.7, 1.3, angles.shape
    )
    rings = middle[:, None] + np.dstack([reach * np.cos(angles), reach * np.sin(angles)])
    return gpd.GeoDataFrame(geometry=shapely.make_valid(shapely.polygons(rings)), crs="EPSG:6680")


def write_wind(path: Path, cell: int, *, seed: int = 2013) -> None:
    """Wind with waves and noise in tiles of 256 cells, a strip at a time."""
    random = np.random.default_rng(seed)
    columns, rows = WIDTH // cell, HEIGHT // cell
    x, y = np.linspace(0, 40, columns), np.linspace(0, 38, rows)
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "width": columns, "height": rows,
        "crs": "EPSG:6680", "transform": Affine(cell, 0, WEST, 0, -cell, NORTH), "nodata": -9999,
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


def ours(frame: gpd.GeoDataFrame, path: Path) -> float:
    """`zonal_stats` as it is."""
    return float(zonal_stats(frame, path, stats=STATISTICS)["mean"].sum())


def feature_sequential(frame: gpd.GeoDataFrame, path: Path) -> float:
    """Exactextract feature by feature."""
    return _exactextract(frame, path, "feature-sequential")


def raster_sequential(frame: gpd.GeoDataFrame, path: Path) -> float:
    """Exactextract raster by raster."""
    return _exactextract(frame, path, "raster-sequential")


def _exactextract(frame: gpd.GeoDataFrame, path: Path, strategy: str) -> float:
    table = exact_extract(str(path), frame, list(STATISTICS), strategy=strategy, output="pandas")
    return float(table["mean"].sum())


def rasterstats(frame: gpd.GeoDataFrame, path: Path) -> float:
    """rasterstats, which takes the cells whose middle is in a polygon."""
    from rasterstats import zonal_stats as centre_stats  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = centre_stats(frame.geometry, str(path), stats=list(STATISTICS))
    return float(pd.Series([row["mean"] for row in rows], dtype=float).sum())


Way = "Callable[[gpd.GeoDataFrame, Path], float]"


def measure(number: int, cell: int, path: Path, ways: list[Way], rounds: int) -> pd.DataFrame:
    """Median time, peak memory and the sum of means of every way."""
    frame = farms(number)
    seconds: dict[str, list[float]] = {way.__name__: [] for way in ways}
    sums = {}
    for _ in range(rounds):
        for way in ways:
            gc.collect()
            start = time.perf_counter()
            sums[way.__name__] = way(frame, path)
            seconds[way.__name__].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return pd.DataFrame(
        {
            "farms": number,
            "cell_m": cell,
            "way": list(medians),
            "sum_of_means": [round(s, 2) for s in sums.values()],
            "median_s": [round(t, 2) for t in medians.values()],
            "times_ours": [round(t / medians["ours"], 2) for t in medians.values()],
            "peak_mb": [_peak_mb(partial(way, path=path), number) for way in ways],
        }
    )


def _peak_mb(way: Callable[[gpd.GeoDataFrame], float], number: int) -> float:
    """Memory that a way takes on top of the layer [MB], in a process of its own (Linux only)."""
    if not CLEAR_REFS.exists():
        return np.nan
    context = multiprocessing.get_context("spawn")
    taken = context.SimpleQueue()
    process = context.Process(target=_put_peak, args=(way, number, taken))
    process.start()
    process.join()
    return round(taken.get())


def _put_peak(
    way: Callable[[gpd.GeoDataFrame], float], number: int, taken: SimpleQueue[float]
) -> None:
    frame = farms(number)
    way(frame.iloc[:5])  # what is loaded when first used is no cost of it
    gc.collect()
    CLEAR_REFS.write_text("5")  # the peak begins anew from what is in use
    before = high_water_mb()
    way(frame)
    taken.put(high_water_mb() - before)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--farms", type=int, nargs="+", default=[7000, 100_000])
    parser.add_argument("--cells", type=int, nargs="+", default=[250, 50], help="sides in m")
    parser.add_argument("--rasterstats", action="store_true", help="if it is installed")
    chosen = parser.parse_args()
    ways = [ours, feature_sequential, raster_sequential]
    ways += [rasterstats] if chosen.rasterstats else []
    with tempfile.TemporaryDirectory() as folder:
        tables = []
        for cell in chosen.cells:
            path = Path(folder) / f"wind_{cell}.tif"
            write_wind(path, cell)
            tables += [measure(n, cell, path, ways, chosen.rounds) for n in chosen.farms]
        print(pd.concat(tables).to_string(index=False))


if __name__ == "__main__":
    main()
