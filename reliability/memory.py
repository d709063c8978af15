"""Greatest memory of the whole report on the sample, and on twice the layers.

    python reliability/memory.py [--jobs 2] [--results FOLDER]

Twice the layers: settlements halved and each half with a key and a census row of its own, lines,
substations, stations and protected areas beside copies of themselves, every shape with a vertex
more on each side, rasters of twice the cells. Municipalities, and dams and ports that the report of
2013 names, stay as many. Memory is that of all processes at one moment, shared pages once, looked
at ten times a second. Linux only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from keeping import be_kind, keep
from machine import memory_of_tree_mb
from tables import as_markdown

from hokkaido_gis.datasets import sample_data

if TYPE_CHECKING:
    from collections.abc import Sequence

GOAL = 2.0
LOOK_EVERY = 0.1  # seconds
SHIFT = 0.01  # degrees
SECOND = 500  # added to the number of a settlement, for its second half
HEADING = 3  # lines above the rows of the census
COPIED = {
    "lines": ("id", "from_substation", "to_substation"),
    "substations": ("id",),
    "stations": ("station_id",),
    "protected_areas": ("id",),
}


def double(source: Path, target: Path) -> dict[str, tuple[int, int]]:
    """Make a folder of twice the layers, and give the rows or cells of each before and after."""
    shutil.copytree(source, target)
    counts = {"settlements": _double_settlements(target / "settlements.fgb")}
    counts["settlements_census"] = _double_census(target / "settlements_census.csv")
    for layer, ids in COPIED.items():
        counts[layer] = _double_places(target / f"{layer}.geojson", ids)
    counts["stations_normals"] = _double_normals(target / "stations_normals.csv")
    for layer in ("municipalities", "dams", "ports"):
        path = target / f"{layer}.geojson"
        frame = gpd.read_file(path)
        frame.set_geometry(_with_midpoints(frame.geometry)).to_file(path)
        counts[layer] = (len(frame), len(frame))
    for path in sorted(target.glob("*.tif")):
        counts[path.stem] = _double_raster(path)
    return counts


def _double_settlements(path: Path) -> tuple[int, int]:
    frame = gpd.read_file(path)
    bounds = frame.bounds
    middle = (bounds["minx"] + bounds["maxx"]).to_numpy() / 2
    west, south, east, north = bounds.to_numpy().T
    halves = []
    for side, key in (((west, middle), frame["key"]), ((middle, east), _second(frame["key"]))):
        half = shapely.box(side[0], south, side[1], north)
        part = gpd.GeoSeries(shapely.intersection(frame.geometry.array, half), crs=frame.crs)
        halves.append(frame.assign(key=key).set_geometry(_with_midpoints(part)))
    both = pd.concat(halves, ignore_index=True)
    both[both.geom_type.isin(["Polygon", "MultiPolygon"])].to_file(path)
    return len(frame), len(both)


def _double_census(path: Path) -> tuple[int, int]:
    heading = path.read_text(encoding="cp932").splitlines()[:HEADING]
    table = pd.read_csv(path, skiprows=HEADING, header=None, dtype=str, encoding="cp932")
    # Neither totals nor notes at the end.
    is_row = table[0].str.fullmatch(r"\d{10}") & ~table[0].str.endswith("000")
    again, notes = table[is_row].copy(), table[~is_row]
    again[0], again[4] = _second(again[0]), _second(again[4])  # key, number of the settlement
    rows = pd.concat([table[is_row], again, notes]).to_csv(
        index=False, header=False, lineterminator="\n"
    )
    text = "\n".join([*heading, rows])
    path.write_text(text, encoding="cp932", newline="\n")
    return len(again), 2 * len(again)


def _second(keys: pd.Series) -> pd.Series:
    """Keys of second halves: the last three digits are the number of the settlement."""
    return keys.str[:-3] + (keys.str[-3:].astype(int) + SECOND).map("{:03d}".format)


def _double_places(path: Path, ids: Sequence[str]) -> tuple[int, int]:
    frame = gpd.read_file(path)
    again = frame.set_geometry(frame.translate(0, SHIFT))
    for column in ids:
        again[column] = frame[column] + "b"
    both = pd.concat([frame, again], ignore_index=True)
    both.set_geometry(_with_midpoints(both.geometry)).to_file(path)
    return len(frame), len(both)


def _double_normals(path: Path) -> tuple[int, int]:
    table = pd.read_csv(path, dtype=str)
    both = pd.concat([table, table.assign(station_id=table["station_id"] + "b")])
    both.to_csv(path, index=False)
    return len(table), len(both)


def _with_midpoints(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Shapes with a further vertex in the middle of each side."""

    def ring(points: np.ndarray) -> np.ndarray:
        every = np.empty((2 * len(points) - 1, 2))
        every[::2], every[1::2] = points, (points[1:] + points[:-1]) / 2
        return every

    def polygon(shape: shapely.Polygon) -> shapely.Polygon:
        holes = [ring(shapely.get_coordinates(hole)) for hole in shape.interiors]
        return shapely.Polygon(ring(shapely.get_coordinates(shape.exterior)), holes)

    def finer(shape: shapely.Geometry) -> shapely.Geometry:
        match shape:
            case shapely.LineString():
                return shapely.LineString(ring(shapely.get_coordinates(shape)))
            case shapely.Polygon() if not shape.is_empty:
                return polygon(shape)
            case shapely.MultiPolygon() | shapely.MultiLineString():
                return type(shape)([finer(part) for part in shape.geoms])
        return shape

    return gpd.GeoSeries([finer(shape) for shape in shapes], index=shapes.index, crs=shapes.crs)


def _double_raster(path: Path) -> tuple[int, int]:
    with rasterio.open(path) as source:
        cells, profile = source.read(), source.profile
        tags, told, units = source.tags(), source.descriptions, source.units
    wide = np.repeat(cells, 2, axis=2)
    transform = profile["transform"] * rasterio.Affine.scale(0.5, 1)
    with rasterio.open(
        path, "w", **{**profile, "width": wide.shape[2], "transform": transform}
    ) as target:
        target.write(wide)
        target.update_tags(**tags)
        target.descriptions, target.units = told, units
    return cells.size, wide.size


def peak_of_report(data: Path, folder: Path, jobs: int) -> dict[str, float]:
    """Make the whole report; its greatest memory [MB], time [s] and number of files."""
    began = time.monotonic()
    out = folder / "out"
    command = [sys.executable, "-m", "hokkaido_gis", "report", "-q", "--jobs", str(jobs)]
    peak = 0.0
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            [*command, "--data", str(data), "--out", str(out)], stdout=log, stderr=log
        )
        while process.poll() is None:
            peak = max(peak, memory_of_tree_mb(process.pid))
            time.sleep(LOOK_EVERY)
    if process.returncode:
        raise RuntimeError((folder / "log.txt").read_text(encoding="utf-8", errors="replace"))
    files = sum(path.is_file() for path in out.rglob("*"))
    return {"peak_mb": peak, "seconds": time.monotonic() - began, "files": files}


def measure(jobs: int) -> dict[str, Any]:
    """Make both reports, and give a row for each, the ratio and what was doubled."""
    with tempfile.TemporaryDirectory() as base:
        counts = double(sample_data(), Path(base, "twice"))
        rows = []
        for name, data in (("sample", sample_data()), ("twice the layers", Path(base, "twice"))):
            folder = Path(base, name)
            folder.mkdir()
            rows.append({"layers": name, **peak_of_report(data, folder, jobs)})
            print(as_markdown(rows[-1:]), file=sys.stderr, flush=True)
    ratio = rows[1]["peak_mb"] / rows[0]["peak_mb"]
    doubled = [{"layer": layer, "sample": a, "twice": b} for layer, (a, b) in counts.items()]
    return {"jobs": jobs, "ratio": ratio, "goal": GOAL, "rows": rows, "layers": doubled}


def main() -> int:
    """Measure, print and keep it; 1 if the goal is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes that draw")
    parser.add_argument("--results", type=Path, help="folder to keep it in; none if not")
    chosen = parser.parse_args()
    be_kind()
    result = measure(chosen.jobs)
    if chosen.results:
        keep("memory", result, chosen.results)
    print(as_markdown(result["rows"]), f"ratio {result['ratio']:.2f}", sep="\n")
    return int(result["ratio"] > GOAL)


if __name__ == "__main__":
    sys.exit(main())
