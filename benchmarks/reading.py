"""Reading a layer of polygons, against pyogrio and geopandas alone.

    python benchmarks/reading.py [--sizes 1x 10x 100x] [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio
from goals import Goal
from islands import kept_settlements, settlement_island
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.io.vector import read_vector

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from islands import Island

FORMATS = {
    "GeoJSON": ".geojson", "GPKG": ".gpkg", "FlatGeobuf": ".fgb", "GeoParquet": ".parquet",
}  # fmt: skip


def ours(path: Path) -> gpd.GeoDataFrame:
    """`read_vector`, with its checks."""
    return read_vector(path)


def pyogrio_arrow(path: Path) -> gpd.GeoDataFrame:
    """`pyogrio` by Arrow."""
    return pyogrio.read_dataframe(path, use_arrow=True)


def geopandas_file(path: Path) -> gpd.GeoDataFrame:
    """`geopandas.read_file` as it comes."""
    return gpd.read_file(path)


def geopandas_parquet(path: Path) -> gpd.GeoDataFrame:
    """`geopandas.read_parquet`."""
    return gpd.read_parquet(path)


BY_GDAL = (Way(ours), Way(pyogrio_arrow), Way(geopandas_file))
PARQUET = (Way(ours), Way(geopandas_parquet))


def file_of(folder: Path, *, island: Island, ending: str) -> Path:
    """File of an island with its attributes, written once."""
    path = folder / f"reading-{island.polygons}{ending}"
    if not path.exists():
        frame = kept_settlements(folder, island)
        if ending == ".parquet":
            frame.to_parquet(path)
        else:
            pyogrio.write_dataframe(frame, path)
    return path


def describe(frame: gpd.GeoDataFrame) -> Row:
    """Number of rows and columns."""
    return {"rows": len(frame), "columns": frame.shape[1]}


def case(size: str, island: Island, kind: str) -> Case:
    """One format of one island."""
    build = partial(file_of, island=island, ending=FORMATS[kind])
    ways: Sequence[Way] = PARQUET if kind == "GeoParquet" else BY_GDAL
    name = f"{kind}, {island.polygons:,} polygons"
    return Case(name, size, island.polygons, build, ways, describe)


TRIED = (
    "before GDAL sees a GeoJSON its text is searched for links that would make GDAL ask a server; "
    "the layers of files that hold one only are no longer listed, and text is validated by Arrow, "
    "not as objects. What is left is that search and the look at the first bytes."
)
# Times of equal work differ by as much from one run to the next.
NO_SLOWER = 0.95
MANY = settlement_island(100_000)

SUBJECT = Subject(
    name="reading",
    title="Reading polygons with five attributes",
    about=(
        "`ours` is `hokkaido_gis.io.vector.read_vector`, which all readers and commands use: it "
        "looks at what a file is before GDAL does, and makes sure that its text can be read. A "
        f"goal of {NO_SLOWER} stands for 'no slower', within what two runs of equal work differ."
    ),
    cases=(
        *(case("1x", settlement_island(10_000), kind) for kind in FORMATS),
        *(case("10x", MANY, kind) for kind in FORMATS),
        *(
            case("100x", settlement_island(1_000_000), kind)
            for kind in ("FlatGeobuf", "GeoParquet")
        ),
    ),
    goals=tuple(
        Goal(
            f"{kind}, 100,000 polygons", "ours", NO_SLOWER,
            ("geopandas_parquet",) if kind == "GeoParquet" else ("pyogrio_arrow",), tried=TRIED,
        )
        for kind in FORMATS
    ),
)  # fmt: skip
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
