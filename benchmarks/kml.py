"""Time the writing of 100,000 polygons as KML and KMZ against the usual ways.

    python benchmarks/kml.py [--polygons 100000] [--rounds 3] [--only ours_kml gdal_kml ...]

Every way is run in turn within one round (A B C A B C ...), so that a machine that slows down slows
all of them. The table gives the median over the rounds.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import re
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import simplekml
from adjacency import CLEAR_REFS, Island, _high_water_mb, coverage
from fastkml import KML, Data, Document, ExtendedData, Placemark
from fastkml.enums import Verbosity

from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Graduated, Layer, Scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.queues import SimpleQueue

    import geopandas as gpd

VERTICES_PER_POLYGON = 15


def farmland(polygons: int, *, seed: int = 2013) -> gpd.GeoDataFrame:
    """Made-up settlements: an oval of cells with winding borders, and four attributes."""
    frame = coverage(Island("farmland", polygons, polygons * VERTICES_PER_POLYGON))
    random, count = np.random.default_rng(seed), len(frame)
    frame = frame.reset_index(drop=True).to_crs("EPSG:4326").drop(columns="name")
    frame["集落コード"] = [f"01{i:09d}" for i in range(count)]
    frame["Name"] = [f"集落{i}" for i in range(count)]
    frame["面積_ha"] = np.round(random.gamma(2, 20, count), 2)
    frame["出力_kW"] = np.where(random.random(count) < 0.02, np.nan, random.gamma(2, 400, count))
    return frame


def ours_kml(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """Styles, names, balloons and typed attributes."""
    return write_kmz(_scene(frame), folder / "ours.kml")


def ours_kmz(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """The same, packed with its legend, in one document."""
    return write_kmz(_scene(frame), folder / "ours.kmz", tiles_from=len(frame) * 1_000)


def ours_tiled_kmz(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """The same in tiles, coarse far off and whole close by."""
    return write_kmz(_scene(frame), folder / "ours_tiled.kmz", tiles_from=0)


def _scene(frame: gpd.GeoDataFrame) -> Scene:
    style = Graduated("出力_kW", breaks=(100, 300, 600, 1200), unit="kW")
    return Scene("農地", [Layer(frame, style, title="集落", name="Name")])


def gdal_kml(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """GDAL's KML driver: names and attributes, no styles, no balloons."""
    return _write_with_gdal(frame, folder / "gdal.kml", "KML")


def libkml_kml(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """GDAL's LIBKML driver: the same."""
    return _write_with_gdal(frame, folder / "libkml.kml", "LIBKML")


def libkml_kmz(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """GDAL's LIBKML driver, packed."""
    return _write_with_gdal(frame, folder / "libkml.kmz", "LIBKML")


def _write_with_gdal(frame: gpd.GeoDataFrame, path: Path, driver: str) -> Path:
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, driver=driver)
    return path


def simplekml_kml(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """simplekml: shared styles, names and attributes."""
    document = simplekml.Kml()
    styles = [simplekml.Style() for _ in range(5)]
    for number, style in enumerate(styles):
        style.polystyle.color = f"99{40 * number:02x}8040"
    index = np.searchsorted((100, 300, 600, 1200), frame["出力_kW"].fillna(0))
    rows = zip(
        frame.drop(columns="geometry").to_dict("records"), frame.geometry, index, strict=True
    )
    for row, shape, number in rows:
        placed = document.newpolygon(name=row["Name"], outerboundaryis=list(shape.exterior.coords))
        placed.style = styles[number]
        for key, value in row.items():
            placed.extendeddata.newdata(key, value)
    path = folder / "simplekml.kml"
    document.save(str(path))
    return path


def fastkml_kml(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """fastkml: names and attributes, no styles."""
    rows = zip(frame.drop(columns="geometry").to_dict("records"), frame.geometry, strict=True)
    features = [
        Placemark(
            name=row["Name"],
            geometry=shape,
            extended_data=ExtendedData(
                elements=[Data(name=key, value=str(value)) for key, value in row.items()]
            ),
        )
        for row, shape in rows
    ]
    path = folder / "fastkml.kml"
    KML(features=[Document(features=features)]).write(path, verbosity=Verbosity.terse)
    return path


WAYS: tuple[Callable[[gpd.GeoDataFrame, Path], Path], ...] = (
    ours_kml,
    ours_kmz,
    ours_tiled_kmz,
    gdal_kml,
    libkml_kml,
    libkml_kmz,
    simplekml_kml,
    fastkml_kml,
)


def measure(polygons: int, rounds: int, only: list[str]) -> pd.DataFrame:
    """Median time, size of the file and peak memory of every way."""
    frame = farmland(polygons)
    ways = [way for way in WAYS if not only or way.__name__ in only]
    seconds: dict[str, list[float]] = {way.__name__: [] for way in ways}
    sizes, opens = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for way in ways:
                gc.collect()
                start = time.perf_counter()
                path = way(frame, Path(folder))
                seconds[way.__name__].append(time.perf_counter() - start)
                sizes[way.__name__] = path.stat().st_size / 1e6
                opens[way.__name__] = _first_mb(path)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    base = {name: medians.get(f"ours_{name[-3:]}", np.nan) for name in medians}
    return pd.DataFrame(
        {
            "way": list(medians),
            "polygons": len(frame),
            "median_s": [round(t, 2) for t in medians.values()],
            "times_ours": [round(t / base[name], 2) for name, t in medians.items()],
            "file_mb": [round(size, 1) for size in sizes.values()],
            "opens_mb": [round(size, 1) for size in opens.values()],
            "peak_mb": [_peak_mb(way, frame) for way in ways],
        }
    )


def _first_mb(path: Path) -> float:
    """Text that a viewer reads before it shows the whole layer [MB, unpacked]."""
    if path.suffix == ".kml":
        return path.stat().st_size / 1e6
    with zipfile.ZipFile(path) as archive:
        main = archive.read("doc.kml")
        # Links without a least size on the screen are followed at once.
        links = re.findall(rb"<minLodPixels>0<.*?<href>(.*?)</href>", main)
        read = sum(archive.getinfo(link.decode()).file_size for link in links)
    return (len(main) + read) / 1e6


def _peak_mb(way: Callable[[gpd.GeoDataFrame, Path], Path], frame: gpd.GeoDataFrame) -> float:
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
    way: Callable[[gpd.GeoDataFrame, Path], Path],
    frame: gpd.GeoDataFrame,
    taken: SimpleQueue[float],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        way(frame.iloc[:50], Path(folder))  # what is loaded when first used is no cost of it
        gc.collect()
        CLEAR_REFS.write_text("5")  # the peak begins anew from what is in use
        before = _high_water_mb()
        way(frame, Path(folder))
        taken.put(_high_water_mb() - before)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polygons", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], choices=[way.__name__ for way in WAYS])
    options = parser.parse_args()
    table = measure(options.polygons, options.rounds, options.only)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
