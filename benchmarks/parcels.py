"""A million parcels end to end: nearest line of every class, wind and settlement of each.

From GeoParquet to GeoParquet, in one process and by two workers of Dask over parts, one of which is
killed in one run. Rows that differ in any digit from those of one process are counted, and the most
that lengths are apart. Memory is that of all processes together.

    python benchmarks/parcels.py [--parcels 10000 100000 1000000] [--sizing]

`--sizing` works out what larger layers take, and writes it to docs/cluster.md.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from distributed import Client, LocalCluster
from islands import coverage, farms, power_lines, settlement_island, write_wind
from machine import machine, memory_of_tree_mb
from tables import as_markdown

import hokkaido_gis as hg
from hokkaido_gis.overlay import add_statistics

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]

PARCELS = (10_000, 100_000, 1_000_000)
LINES, SETTLEMENTS, CELL_M = 5_000, 7_000, 250
WORKERS = 2
# Rows of layers in the table of sizes, and workers with a core each.
SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000)
CORES = (2, 8, 32)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "cluster.md"
BEGIN, END = "<!-- sizing -->", "<!-- end of sizing -->"


def described(
    part: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame, wind: str
) -> gpd.GeoDataFrame:
    """Parcels with the nearest line of every class, mean wind and settlement."""
    near = hg.nearest_features(part, lines, groups="kv").pivot_table(
        index="site", columns="group", values=["target", "km"]
    )
    near.columns = [f"{what}_{kv:g}_kv" for what, kv in near.columns]
    statistics = hg.zonal_stats(part, wind, stats=["mean"])
    settlement = hg.containing_area(part, settlements)
    return add_statistics(part, statistics.join(near).assign(settlement=settlement))


def in_one_process(folder: Path, count: int) -> None:
    """The whole layer at once, with no engine."""
    parcels = gpd.read_parquet(folder / f"{count}.parquet")
    described(parcels, *_shared(folder)).to_parquet(folder / f"{count}_alone.parquet")


def cut(folder: Path, count: int) -> None:
    """Only cut into parts, which is done once for a layer."""
    hg.write_parts(folder / f"{count}.parquet", folder / f"{count}_parts",
                   rows_per_part=_rows_per_part(count))  # fmt: skip


def two_workers(folder: Path, count: int) -> None:
    """Over parts by two workers."""
    _over_parts(folder, count, "two", hg.Engine(workers=WORKERS))


def two_workers_one_killed(folder: Path, count: int) -> None:
    """The same, and a worker is killed when a third of the parts is done."""
    made = folder / ".killed.unfinished" / "made"
    third = math.ceil(count / _rows_per_part(count) / 3)
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, host="127.0.0.1",
                     dashboard_address="127.0.0.1:0", silence_logs="CRITICAL") as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        before = set(client.run(os.getpid).values())
        killer = threading.Thread(target=_kill, args=(max(before), made, third), daemon=True)
        killer.start()
        _over_parts(folder, count, "killed", hg.Engine(scheduler=cluster.scheduler_address))
        client.wait_for_workers(WORKERS)
        if set(client.run(os.getpid).values()) == before:
            raise RuntimeError("No worker was killed.")


WAYS: tuple[Callable[[Path, int], None], ...] = (
    in_one_process, cut, two_workers, two_workers_one_killed,
)  # fmt: skip


def _over_parts(folder: Path, count: int, name: str, engine: hg.Engine) -> None:
    hg.map_parts(folder / f"{count}_parts", described, *_shared(folder), out=folder / name,
                 engine=engine)  # fmt: skip


def _shared(folder: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, str]:
    settlements = gpd.read_parquet(folder / "settlements.parquet")
    return gpd.read_parquet(folder / "lines.parquet"), settlements, str(folder / "wind.tif")


def _rows_per_part(count: int) -> int:
    return min(50_000, max(1, count // 10))


def _kill(process: int, made: Path, parts: int) -> None:
    while len(list(made.glob("*.notes"))) < parts:
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)


def measured(way: Callable[[Path, int], None], folder: Path, count: int) -> tuple[float, float]:
    """Seconds of a way in a new process, and the most memory it and its children had [MB]."""
    process = get_context("spawn").Process(target=_quietly, args=(way, folder, count))
    start, peak = time.perf_counter(), 0.0
    process.start()
    while process.is_alive():
        peak = max(peak, memory_of_tree_mb(process.pid or 0))
        process.join(0.2)
    if process.exitcode:
        raise RuntimeError(f"{way.__name__} of {count:,} parcels ended with {process.exitcode}.")
    return time.perf_counter() - start, peak


def _quietly(way: Callable[[Path, int], None], folder: Path, count: int) -> None:
    warnings.simplefilter("ignore")
    way(folder, count)


def write_layers(folder: Path) -> None:
    """Lines, settlements and wind that every size has in common."""
    power_lines(LINES).to_parquet(folder / "lines.parquet")
    coverage(settlement_island(SETTLEMENTS)).to_parquet(folder / "settlements.parquet")
    write_wind(folder / "wind.tif", CELL_M)


def differences(folder: Path, count: int, name: str) -> Row:
    """Rows of parts that differ in any digit from those of one process, and the most in length."""
    alone = gpd.read_parquet(folder / f"{count}_alone.parquet")
    parts = hg.read_parts(folder / name)
    same = np.asarray(parts.geometry.geom_equals(alone.geometry))
    for column in alone.columns.drop("geometry"):
        one, other = parts[column], alone[column]
        same = same & np.asarray((one == other) | (one.isna() & other.isna()))
    km = [column for column in alone.columns if column.startswith("km_")]
    apart = (parts[km] - alone[km]).abs().max(axis=None)
    return {"differing_rows": int((~same).sum()), "lengths_apart_mm": float(apart) * 1e6}


def rows_of(counts: tuple[int, ...]) -> list[Row]:
    """Measure every way at every size."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        write_layers(folder)
        for count in counts:
            farms(count).to_parquet(folder / f"{count}.parquet")
            for way in WAYS:
                seconds, peak = measured(way, folder, count)
                row = {"case": "parcels", "way": way.__name__, "parcels": count, "amount": count,
                       "median_s": round(seconds, 1), "peak_mb": round(peak)}  # fmt: skip
                before = [r for r in rows if r["way"] == way.__name__]
                if before:
                    times = seconds / before[-1]["median_s"]
                    row["slope"] = round(math.log(times, count / before[-1]["parcels"]), 2)
                written = {two_workers: "two", two_workers_one_killed: "killed"}.get(way)
                if written:
                    row |= differences(folder, count, written)
                rows.append(row)
                print(row, file=sys.stderr, flush=True)
    return rows


def sizing(rows: list[Row]) -> list[Row]:
    """Work out what larger layers take from the costs of a parcel in the largest run measured.

    Cutting is done by one process; parts are shared out evenly, a core to a worker. The memory of a
    worker is its share of that of the run, and does not grow with the layer.
    """
    most = max(row["parcels"] for row in rows)
    cost = {row["way"]: row for row in rows if row["parcels"] == most}
    of_part = cost["two_workers"]["median_s"] * WORKERS / most
    of_cut = cost["cut"]["median_s"] / most
    return [
        {
            "parcels": count,
            "parts": math.ceil(count / _rows_per_part(count)),
            "cut_min": round(count * of_cut / 60, 1),
            **{f"{n}_workers_min": round(count * of_part / n / 60, 1) for n in CORES},
            "worker_gb": round(cost["two_workers"]["peak_mb"] / 1024 / (WORKERS + 1), 1),
            "cut_gb": round(cost["cut"]["peak_mb"] / 1024 + (count - most) * 40 / 2**30, 1),
        }
        for count in SIZES
    ]


def write_sizing(rows: list[Row]) -> None:
    """Put the table of sizes, and what it was worked out from, in its place in the page."""
    most = max(row["parcels"] for row in rows)
    at = machine()
    told = (
        f"From {most:,} parcels by {WORKERS} workers, {datetime.now(tz=UTC).date()}, "
        f"{at['processor']}, {at['memory']}, load {at['load']} (made by "
        "`python benchmarks/parcels.py --sizing`):"
    )
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{mark}\n{told}\n\n{as_markdown(sizing(rows))}{END}{after}"
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE)


def main() -> list[Row]:
    """Print the table, and give its rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--parcels", nargs="+", type=int, default=list(PARCELS))
    parser.add_argument("--sizing", action="store_true", help="write the table of sizes too")
    chosen = parser.parse_args()
    rows = rows_of(tuple(chosen.parcels))
    print(as_markdown(rows))
    if chosen.sizing:
        write_sizing(rows)
    return rows


if __name__ == "__main__":
    main()
