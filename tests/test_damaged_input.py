"""Damaged files of every kind that is read: a clear error or a result, no crash and no hang.

A longer run with other examples: ``HOKKAIDO_GIS_DAMAGE_EXAMPLES=5000 pytest -n 0 -s`` on this file;
it prints how many files were tried and how many of them were refused.
"""

from __future__ import annotations

import faulthandler
import io
import os
import signal
import tempfile
import warnings
import zipfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from hokkaido_gis.codes import normalise_codes, normalise_name
from hokkaido_gis.errors import HokkaidoGisError
from hokkaido_gis.fetch.archive import unpack
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.readers.sheets import read_sheet
from hokkaido_gis.settlement_keys import normalise_keys
from hokkaido_gis.voltage import read_voltages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATED = os.environ.get("HOKKAIDO_GIS_DAMAGE_EXAMPLES")
EXAMPLES = int(STATED) if STATED else 12
LONGEST = 10  # seconds of the processor for one file; past it Python is stopped: a hang is seen
AT_A_STANDSTILL = 300  # seconds by the clock, for what hangs without working

Files = dict[str, bytes]


def layer() -> gpd.GeoDataFrame:
    with_hole = box(142, 43, 143, 44).difference(Point(142.5, 43.5).buffer(0.1))
    return gpd.GeoDataFrame(
        {"code": ["01202", "01203"], "name": ["函館市", "小樽市"], "kw": [1.5, None]},
        geometry=[box(141, 43, 142, 44), with_hole],
        crs="EPSG:6668",
    )


def vector_files(name: str) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        frame = layer().to_crs(4326) if path.suffix == ".kml" else layer()
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        elif path.suffix == ".shp":
            frame.to_file(path, encoding="utf-8")
        else:
            frame.to_file(path, driver="LIBKML" if path.suffix == ".kml" else None)
        return {part.name: part.read_bytes() for part in sorted(Path(folder).iterdir())}


def zipped(files: Files) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def raster_file(**options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        cells = np.arange(600, dtype="float32").reshape(20, 30)
        grid = {"crs": "EPSG:4326", "transform": rasterio.Affine(0.1, 0, 141, 0, -0.1, 45)}
        size = {"width": 30, "height": 20, "count": 1, "dtype": "float32"}
        with rasterio.open(path, "w", driver="GTiff", **grid, **size, **options) as file:
            file.write(cells, 1)
        return path.read_bytes()


def table_file(ending: str, encoding: str = "utf-8") -> bytes:
    table = pd.DataFrame(layer().drop(columns="geometry"))
    packed = io.BytesIO()
    if ending == ".csv":
        return table.to_csv(index=False).encode(encoding)
    table.to_excel(packed, index=False) if ending == ".xlsx" else table.to_parquet(packed)
    return packed.getvalue()


def read_band(path: Path) -> object:
    return open_band(path).read()


def unpack_beside(path: Path) -> object:
    return unpack(path, path.parent / "unpacked")


SHAPEFILE = vector_files("a.shp")
BOUNDARIES: dict[str, tuple[Files, str, Callable[[Path], object]]] = {
    "GeoJSON": (vector_files("a.geojson"), "a.geojson", read_vector),
    "GeoPackage": (vector_files("a.gpkg"), "a.gpkg", read_vector),
    "FlatGeobuf": (vector_files("a.fgb"), "a.fgb", read_vector),
    "GeoParquet": (vector_files("a.parquet"), "a.parquet", read_vector),
    "KML": (vector_files("a.kml"), "a.kml", read_vector),
    "GML": (vector_files("a.gml"), "a.gml", read_vector),
    **{f"shapefile {Path(part).suffix}": (SHAPEFILE, part, read_vector) for part in SHAPEFILE},
    "zip of a shapefile": ({"a.zip": zipped(SHAPEFILE)}, "a.zip", read_vector),
    "KMZ": ({"a.kmz": zipped({"doc.kml": vector_files("a.kml")["a.kml"]})}, "a.kmz", read_vector),
    "fetched zip": ({"a.zip": zipped(SHAPEFILE)}, "a.zip", unpack_beside),
    "GeoTIFF": ({"a.tif": raster_file()}, "a.tif", read_band),
    "GeoTIFF deflated": ({"a.tif": raster_file(compress="deflate")}, "a.tif", read_band),
    "CSV": ({"a.csv": table_file(".csv")}, "a.csv", read_table),
    "CSV in cp932": ({"a.csv": table_file(".csv", "cp932")}, "a.csv", read_table),
    "CSV in UTF-16": ({"a.csv": table_file(".csv", "utf-16")}, "a.csv", read_table),
    "CSV in EUC-JP": ({"a.csv": table_file(".csv", "euc-jp")}, "a.csv", read_table),
    "xlsx": ({"a.xlsx": table_file(".xlsx")}, "a.xlsx", read_table),
    "xlsx as a sheet": ({"a.xlsx": table_file(".xlsx")}, "a.xlsx", read_sheet),
    "CSV as a sheet": ({"a.csv": table_file(".csv")}, "a.csv", read_sheet),
    "Parquet": ({"a.parquet": table_file(".parquet")}, "a.parquet", read_table),
}  # fmt: skip


@contextmanager
def no_hang() -> Iterator[None]:
    """Stop Python if a file takes too long, however busy the machine is."""
    faulthandler.dump_traceback_later(AT_A_STANDSTILL, exit=True)
    if hasattr(signal, "setitimer"):
        # Python itself would not see the signal before the library returns.
        faulthandler.register(signal.SIGPROF, chain=True)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)


@st.composite
def damages(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes changed, left out, doubled, put in or cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        # Much of what steers a reader stands at the beginning or the end.
        near = st.integers(0, min(200, len(data) - 1))
        place = draw(st.integers(0, len(data) - 1) | near | near.map(lambda n: len(data) - 1 - n))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(["change", "leave out", "double", "put in", "cut off"])):
            case "change":
                data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
            case "leave out":
                del data[place : place + length]
            case "double":
                data[place:place] = data[place : place + length]
            case "put in":
                data[place:place] = draw(st.binary(min_size=1, max_size=16))
            case "cut off":
                del data[place:]
    return bytes(data)


@pytest.fixture(scope="module")
def tried() -> Iterator[Counter[str]]:
    """Files tried and refused by kind, printed after a longer run."""
    counts: Counter[str] = Counter()
    yield counts
    if STATED:
        for kind in sorted({name.partition(": ")[0] for name in counts}):
            print(f"{kind}: {counts[f'{kind}: tried']} tried, {counts[f'{kind}: refused']} refused")


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_damaged_file_is_read_or_refused(kind: str, tried: Counter[str]) -> None:
    files, part, read = BOUNDARIES[kind]

    @settings(max_examples=EXAMPLES, derandomize=STATED is None, database=None)
    @given(damages(files[part]))
    def check(damaged: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, content in files.items():
                (Path(folder) / name).write_bytes(damaged if name == part else content)
            main = next((name for name in files if name.endswith(".shp")), part)
            tried[f"{kind}: tried"] += 1
            try:
                with no_hang():
                    result = read(Path(folder) / main)
            except HokkaidoGisError:
                tried[f"{kind}: refused"] += 1
            else:
                assert result is not None

    check()
    assert tried[f"{kind}: tried"] >= EXAMPLES // 2


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_whole_file_is_read(kind: str, tmp_path: Path) -> None:
    files, part, read = BOUNDARIES[kind]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    main = next((name for name in files if name.endswith(".shp")), part)
    if kind == "CSV in UTF-16":
        with pytest.raises(HokkaidoGisError, match=r"UTF-8|cp932"):
            read(tmp_path / main)
    else:
        assert read(tmp_path / main) is not None


@pytest.mark.parametrize(
    "read",
    [
        normalise_codes,
        normalise_keys,
        lambda column: read_voltages(column).table,
    ],
    ids=["codes", "keys", "voltages"],
)
def test_half_a_character_is_no_fault_of_the_program(
    read: Callable[[pd.Series], pd.DataFrame | pd.Series],
) -> None:
    """Text of another program may hold half of a pair of code units, which no column can."""
    column = pd.Series(["66000", "a\ud800"], dtype=object)
    try:
        result = read(column)
    except HokkaidoGisError as error:
        assert "a?" in str(error)  # noqa: PT017  (either is right)
    else:
        assert len(result) == len(column)


def test_a_plain_name_is_plain_whatever_stood_between() -> None:
    """A letter and its accent, apart by a blank, are one letter once the blank is gone."""
    plain = normalise_name("C \u0327町")
    assert plain == normalise_name(plain) == "\u00c7町"
