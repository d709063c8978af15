"""Time the nearest line of every voltage class against geopandas on a made-up island.

    python benchmarks/nearest.py [--rounds 3] [--only first farms] [--many]

Every way is run in turn within one round (A B A B ...), so that a machine that slows down slows all
of them. The table gives the median over the rounds, and the first call in a process of its own.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import tempfile
import time
import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from peak_memory import CLEAR_REFS, high_water_mb

from hokkaido_gis.analysis.nearest import nearest_features
from hokkaido_gis.crs import local_metric_crs
from hokkaido_gis.grid.connect import connect_to_grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import SimpleQueue

LOW, HIGH = np.array([140.0, 41.5]), np.array([145.5, 45.5])
KV = (33.0, 66.0, 110.0, 187.0)
SIZES = {"first": (7_000, 500), "farms": (100_000, 5_000)}
RULES = pd.DataFrame(
    {
        "from_kw": [0],
        "to_kw": [None],
        "required_kv": [33],
        "classes": ["33 kV and less;66 kV;100-110 kV;187 kV"],
    }
)


def farms(count: int, *, seed: int = 2013) -> gpd.GeoDataFrame:
    """Polygons of a few hundred metres with 13 corners, all over the island."""
    random = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 13, endpoint=False)
    around = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * [0.004, 0.003]
    corners = random.uniform(LOW, HIGH, (count, 1, 2))
    corners = corners + around * random.uniform(0.4, 1, (count, 13, 1))
    return gpd.GeoDataFrame(geometry=shapely.polygons(corners), crs="EPSG:6668")


def power_lines(count: int, *, seed: int = 187) -> gpd.GeoDataFrame:
    """Lines of 50 spans of some 300 m that keep their direction, of four voltages."""
    random = np.random.default_rng(seed)
    bearing = random.uniform(0, 2 * np.pi, (count, 1)) + random.normal(0, 0.1, (count, 50)).cumsum(
        1
    )
    steps = np.stack([np.cos(bearing) * 0.0035, np.sin(bearing) * 0.0027], axis=-1)
    xy = random.uniform(LOW, HIGH, (count, 1, 2)) + steps.cumsum(axis=1)
    return gpd.GeoDataFrame(
        {"kv": random.choice(KV, count)}, geometry=shapely.linestrings(xy), crs="EPSG:6668"
    )


Layers = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]


def ours(layers: Layers) -> np.ndarray:
    """`nearest_features`, every class."""
    return nearest_features(*layers, groups="kv")["km"].to_numpy()


def connect(layers: Layers) -> np.ndarray:
    """`connect_to_grid` with every class allowed, and so the cheapest of them."""
    return connect_to_grid(*layers, capacity_kw=5000.0, rules=RULES)["line_km"].to_numpy()


def sjoin_nearest(layers: Layers) -> np.ndarray:
    """`geopandas.sjoin_nearest` class by class in a projection."""
    metric = local_metric_crs(layers[1])
    sites, lines = (layer.to_crs(metric) for layer in layers)
    found = [gpd.sjoin_nearest(sites, lines[lines["kv"] == kv], distance_col="m")["m"] for kv in KV]
    km = [each[~each.index.duplicated()].sort_index().to_numpy() / 1000 for each in found]
    return np.stack(km, axis=1).ravel()


WAYS: tuple[Callable[[Layers], np.ndarray], ...] = (ours, connect, sjoin_nearest)


def measure(name: str, rounds: int) -> pd.DataFrame:
    """Median time, first call and peak memory of every way on layers of one size."""
    size = SIZES[name]
    layers = farms(size[0]), power_lines(size[1])
    seconds: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
    km = {}
    for _ in range(rounds):
        for way in WAYS:
            gc.collect()
            start = time.perf_counter()
            km[way.__name__] = way(layers)
            seconds[way.__name__].append(time.perf_counter() - start)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    apart = np.abs(km["ours"] - km["sjoin_nearest"]) / np.maximum(km["ours"], 0.1)
    firsts, peaks = zip(*(_in_new_process(way, size) for way in WAYS), strict=True)
    return pd.DataFrame(
        {
            "layers": name,
            "sites": size[0],
            "lines": size[1],
            "way": list(medians),
            "first_s": np.round(firsts, 2),
            "median_s": [round(t, 3) for t in medians.values()],
            "sjoin_over_it": [round(medians["sjoin_nearest"] / t, 1) for t in medians.values()],
            "peak_mb": np.round(peaks),
            "apart_percent": [round(100 * apart.max(), 4), np.nan, np.nan],
        }
    )


def measure_many(rounds: int) -> pd.DataFrame:
    """Growth from 100,000 to 1,000,000 sites, and the memory they add."""
    lines = power_lines(5_000)
    rows = []
    for count in (100_000, 1_000_000):
        layers = farms(count), lines
        for way in (ours, connect):
            times = []
            for _ in range(rounds):
                start = time.perf_counter()
                way(layers)
                times.append(time.perf_counter() - start)
            peak = _in_new_process(way, (count, 5_000))[1]
            rows.append([way.__name__, count, round(statistics.median(times), 2), round(peak)])
    return pd.DataFrame(rows, columns=["way", "sites", "median_s", "peak_mb"])


def _in_new_process(
    way: Callable[[Layers], np.ndarray], size: tuple[int, int]
) -> tuple[float, float]:
    """Seconds of the first call, nothing compiled before, and memory it takes [MB] (Linux only)."""
    context = multiprocessing.get_context("spawn")
    taken = context.SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        process = context.Process(target=_put_first, args=(way, size, taken))
        process.start()
        process.join()
        del os.environ["NUMBA_CACHE_DIR"]
    return taken.get()


def _put_first(
    way: Callable[[Layers], np.ndarray],
    size: tuple[int, int],
    taken: SimpleQueue[tuple[float, float]],
) -> None:
    layers = farms(size[0]), power_lines(size[1])
    gc.collect()
    before = np.nan
    if CLEAR_REFS.exists():
        CLEAR_REFS.write_text("5")  # the peak begins anew from what is in use
        before = high_water_mb()
    start = time.perf_counter()
    way(layers)
    seconds = time.perf_counter() - start
    taken.put((seconds, high_water_mb() - before if CLEAR_REFS.exists() else np.nan))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--many", action="store_true", help="Also 1,000,000 sites.")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = [measure(name, chosen.rounds) for name in chosen.only]
    print(pd.concat(tables).to_string(index=False))
    if chosen.many:
        print(measure_many(chosen.rounds).to_string(index=False))


if __name__ == "__main__":
    main()
