"""Exact mean and greatest wind under farms, against exactextract and rasterstats.

    python benchmarks/zonal.py [--sizes goal 1x 10x 100x] [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
from exactextract import exact_extract
from goals import Goal
from islands import small_farms, write_wind
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.overlay import zonal_stats

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    Layers = tuple[gpd.GeoDataFrame, Path]

STATISTICS = ("mean", "max")


def ours(layers: Layers) -> pd.DataFrame:
    """`zonal_stats` as it is."""
    return zonal_stats(*layers, stats=STATISTICS)[list(STATISTICS)]


def exactextract_by_feature(layers: Layers) -> pd.DataFrame:
    """Exactextract feature by feature."""
    return _exactextract(layers, "feature-sequential")


def exactextract_by_raster(layers: Layers) -> pd.DataFrame:
    """Exactextract raster by raster."""
    return _exactextract(layers, "raster-sequential")


def _exactextract(layers: Layers, strategy: str) -> pd.DataFrame:
    frame, path = layers
    table: pd.DataFrame = exact_extract(
        str(path), frame, list(STATISTICS), strategy=strategy, output="pandas"
    )
    return table


def rasterstats_centres(layers: Layers) -> pd.DataFrame:
    """rasterstats, which takes the cells whose middle is in a polygon."""
    from rasterstats import zonal_stats as centre_stats  # noqa: PLC0415

    frame, path = layers
    rows = centre_stats(frame.geometry, str(path), stats=list(STATISTICS))
    return pd.DataFrame(rows, columns=list(STATISTICS), dtype=float)


EXACT = (Way(ours), Way(exactextract_by_feature), Way(exactextract_by_raster))
CENTRES = Way(rasterstats_centres, ("rasterstats",))


def layers_of(folder: Path, *, count: int, cell: int) -> Layers:
    """Farms, and a raster of wind that is written once."""
    path = folder / f"wind_{cell}.tif"
    if not path.exists():
        write_wind(path, cell)
    return small_farms(count), path


def describe(table: pd.DataFrame) -> Row:
    """Mean of the means, in which the exact ways agree, and polygons without a value."""
    mean = table["mean"].astype(float)
    known = round(float(mean.mean()), 4) if mean.notna().any() else None
    return {"mean_m_s": known, "empty": int(mean.isna().sum())}


def case(size: str, count: int, cell: int, ways: Sequence[Way] = (*EXACT, CENTRES)) -> Case:
    """Wind under so many farms, on cells of so many metres."""
    build = partial(layers_of, count=count, cell=cell)
    return Case(f"{count:,} farms on {cell} m", size, count, build, ways, describe)


GOAL_CASES = tuple(f"{n} farms on {cell} m" for cell in (250, 50) for n in ("7,000", "100,000"))
BETTER = ("exactextract_by_feature", "exactextract_by_raster")

TRIED = (
    "the raster is read once in tiles and its cells are handed to exactextract in memory, farm by "
    "farm; with few farms on 50 m the reading itself, which all ways share, weighs most."
)

SUBJECT = Subject(
    name="zonal",
    title="Exact zonal mean and greatest value",
    about=(
        "Farms of 16 corners, half of them below 1.6 ha, over a compressed raster of 500 x 475 km "
        "with 2,000 x 1,900 cells of 250 m or 10,000 x 9,500 cells of 50 m. `ours` is "
        "`zonal_stats`, first and later calls alike; exactextract's two strategies give a frame. "
        "`rasterstats_centres` takes the cells whose middle lies in a farm and leaves many empty."
    ),
    cases=(
        case("goal", 7_000, 250),
        case("goal", 100_000, 250),
        case("goal", 7_000, 50),
        case("1x", 10_000, 50, EXACT),
        case("10x", 100_000, 50),
        case("100x", 1_000_000, 50, EXACT[:1]),
    ),
    goals=tuple(
        Goal(name, "ours", limit, BETTER, column=column, tried=TRIED)
        for name in GOAL_CASES
        for limit, column in ((1.0, "first_s"), (2.0, "median_s"))
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
