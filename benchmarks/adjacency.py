"""Adjacency with the length of every border, against touch, intersection and libpysal.

    python benchmarks/adjacency.py [--sizes goal 1x 10x 100x] [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from goals import Goal
from islands import FARMS, TOWNS, kept_coverage, settlement_island
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.analysis.adjacency import find_adjacency
from hokkaido_gis.crs import GRS80

if TYPE_CHECKING:
    from collections.abc import Sequence

    from islands import Island


def ours(frame: gpd.GeoDataFrame) -> int:
    """Pairs, kind of contact and length of the border."""
    return len(find_adjacency(frame).pairs)


def ours_tolerance_10_m(frame: gpd.GeoDataFrame) -> int:
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
    xy, line = shapely.get_coordinates(parts, return_index=True)
    same = line[:-1] == line[1:]
    metres = GRS80.inv(*xy[:-1][same].T, *xy[1:][same].T)[2]
    # A point contact keeps length 0.
    return len(np.bincount(pair[line[:-1][same]], metres, minlength=len(one)))


def libpysal_perimeter(frame: gpd.GeoDataFrame) -> int:
    """`libpysal`'s rook graph weighted by the shared border; contacts in a point are left out."""
    from libpysal.graph import Graph  # noqa: PLC0415

    graph = Graph.build_contiguity(frame, rook=True, by_perimeter=True)
    return int((graph.adjacency > 0).sum()) // 2


OURS = (Way(ours), Way(ours_tolerance_10_m))
PEERS = (Way(touches), Way(boundary_intersection), Way(libpysal_perimeter, ("libpysal.graph",)))


def describe(pairs: int) -> Row:
    """Number of pairs, in which the ways must agree."""
    return {"pairs": pairs}


def case(name: str, size: str, island: Island, ways: Sequence[Way] = (*OURS, *PEERS)) -> Case:
    """Adjacency of one island."""
    build = partial(kept_coverage, island=island)
    return Case(name, size, island.polygons, build, ways, describe)


TOWNS_CASE = "170 towns of 1 M vertices"
FARMS_CASE = "7,000 polygons of 100 vertices"
MANY_CASE = "100,000 polygons of 15 vertices"

TRIED = (
    "segments are hashed; what is left goes to geodesics, to sorting hashes and to cutting rings."
)

SUBJECT = Subject(
    name="adjacency",
    title="Adjacency with border length",
    about=(
        "`ours` is `find_adjacency`: pairs, kind of contact and geodesic border length. `touches` "
        "gives pairs only; `libpysal_perimeter` planar lengths without contacts in a point. With "
        "a tolerance a few pairs more are found across gaps."
    ),
    cases=(
        case(TOWNS_CASE, "goal", TOWNS),
        case(FARMS_CASE, "goal", FARMS),
        case("10,000 polygons of 15 vertices", "1x", settlement_island(10_000)),
        case(MANY_CASE, "10x", settlement_island(100_000)),
        case("1,000,000 polygons of 15 vertices", "100x", settlement_island(1_000_000), OURS[:1]),
    ),
    goals=tuple(
        Goal(name, *goal, tried=TRIED)
        for name in (TOWNS_CASE, FARMS_CASE, MANY_CASE)
        for goal in (
            ("ours", 4.0, ("boundary_intersection",)),
            ("ours", 1.0, ("touches",)),
            ("ours_tolerance_10_m", 1 / 3, ("ours",)),
        )
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
