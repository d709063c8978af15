"""The nearest line of every voltage class, against geopandas and an STRtree of segments.

    python benchmarks/nearest.py [--sizes goal 1x 10x 100x] [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from goals import Goal
from islands import KV, farms, power_lines
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.analysis.nearest import nearest_features
from hokkaido_gis.crs import local_metric_crs
from hokkaido_gis.grid.connect import connect_to_grid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Layers = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]
    Floats = npt.NDArray[np.float64]

RULES = pd.DataFrame(
    {
        "from_kw": [0],
        "to_kw": [None],
        "required_kv": [33],
        "classes": ["33 kV and less;66 kV;100-110 kV;187 kV"],
    }
)
EVERY = 50


def ours(layers: Layers) -> Floats:
    """`nearest_features`: km to the nearest line of every class."""
    return nearest_features(*layers, groups="kv")["km"].to_numpy()


def ours_connect(layers: Layers) -> Floats:
    """`connect_to_grid` with every class allowed, and so the cheapest of them."""
    return connect_to_grid(*layers, capacity_kw=5000.0, rules=RULES)["line_km"].to_numpy()


def sjoin_nearest(layers: Layers) -> Floats:
    """`geopandas.sjoin_nearest` class by class in a projection, with the time to project."""
    metric = local_metric_crs(layers[1])
    sites, lines = (layer.to_crs(metric) for layer in layers)
    found = [gpd.sjoin_nearest(sites, lines[lines["kv"] == kv], distance_col="m")["m"] for kv in KV]
    km = [each[~each.index.duplicated()].sort_index().to_numpy() / 1000 for each in found]
    return np.stack(km, axis=1).ravel()


def sjoin_nearest_every_50th(layers: Layers) -> Floats:
    """The same for every 50th site; its seconds are multiplied by 50."""
    sites, lines = layers
    return sjoin_nearest((sites.iloc[::EVERY], lines))


def strtree_segments(layers: Layers) -> Floats:
    """`shapely`'s STRtree over single segments, class by class in a projection."""
    metric = local_metric_crs(layers[1])
    sites, lines = (layer.to_crs(metric) for layer in layers)
    shapes, km = sites.geometry.to_numpy(), []
    for kv in KV:
        segments = _segments(lines.geometry.to_numpy()[lines["kv"] == kv])
        (at, _), metres = shapely.STRtree(segments).query_nearest(
            shapes, all_matches=False, return_distance=True
        )
        km.append(metres[np.argsort(at)] / 1000)
    return np.stack(km, axis=1).ravel()


def _segments(lines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[:-1] == line[1:]
    return shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1))


OURS = (Way(ours), Way(ours_connect))
PEERS = (Way(sjoin_nearest), Way(strtree_segments))


def layers_of(folder: Path, *, sites: int, lines: int) -> Layers:  # noqa: ARG001  (made at once)
    """Farms and lines."""
    return farms(sites), power_lines(lines)


def describe(km: Floats) -> Row:
    """Mean length, in which the ways but `ours_connect` agree to the error of the projection."""
    return {"mean_km": round(float(np.mean(km)), 4)}


def case(size: str, sites: int, lines: int, ways: Sequence[Way] = (*OURS, *PEERS)) -> Case:
    """Nearest of so many lines to so many sites."""
    build = partial(layers_of, sites=sites, lines=lines)
    return Case(f"{sites:,} farms x {lines:,} lines", size, sites, build, ways, describe)


FEW, MANY, MILLION = (
    f"{sites} farms x {lines} lines"
    for sites, lines in (("7,000", "500"), ("100,000", "5,000"), ("1,000,000", "5,000"))
)

TRIED_FEW = (
    "so few sites are searched by shapely's tree of segments, since compiled code would take "
    "longer to load than to search; unlike the peers it measures on the ellipsoid."
)
TRIED_MANY = (
    "compiled search on two threads, which loses most where both cores are busy with other work; "
    "a first call also compiles."
)

SUBJECT = Subject(
    name="nearest",
    title="Nearest line of each of four classes",
    about=(
        "`ours` is `nearest_features`, on the ellipsoid; `ours_connect` is `connect_to_grid` with "
        "every class allowed, which also picks the cheapest (its mean is of that one). "
        "`sjoin_nearest` is geopandas', `strtree_segments` what a careful user of shapely writes; "
        "both in a projection whose error towards the corners of the square is 0.04 %."
    ),
    cases=(
        case("goal", 7_000, 500),
        case("1x", 10_000, 5_000),
        case("10x", 100_000, 5_000),
        case(
            "100x", 1_000_000, 5_000, (*OURS, Way(sjoin_nearest_every_50th, times=EVERY), PEERS[1])
        ),
    ),
    goals=(
        Goal(FEW, "ours", 3.0, ("sjoin_nearest",), tried=TRIED_FEW),
        Goal(FEW, "ours", 3.0, ("sjoin_nearest",), column="first_s", tried=TRIED_FEW),
        Goal(MANY, "ours", 12.0, ("sjoin_nearest",), tried=TRIED_MANY),
        Goal(MANY, "ours", 12.0, ("sjoin_nearest",), column="first_s", tried=TRIED_MANY),
        Goal(MILLION, "ours", 50.0, ("sjoin_nearest_every_50th",), tried=TRIED_MANY),
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
