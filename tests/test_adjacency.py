"""Adjacency of polygons: small layers worked by hand, awkward layers, and other routes."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from pandas.testing import assert_frame_equal
from pyproj import Geod
from shapely.affinity import translate

from hokkaido_gis.analysis.adjacency import (
    PAIR_COLUMNS,
    Adjacency,
    adjacency_from_lists,
    find_adjacency,
)
from hokkaido_gis.errors import CRSError, JoinError, LayerError, LayerWarning
from hokkaido_gis.readers.municipalities import read_municipalities

if TYPE_CHECKING:
    from collections.abc import Callable

# Independent of hokkaido_gis.crs: pyproj's own reading of GRS 80.
GEOD = Geod(a=6378137, rf=298.257222101)
SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
SIDE = 0.125
"""Side of a unit square [degrees], exact in binary, so that coordinates may be compared exactly."""
MISSED_BY_THE_REPORT = {
    ("雄武町", "西興部村"),
    ("釧路市", "標茶町"),
    ("小清水町", "美幌町"),
    ("鶴居村", "弟子屈町"),
}
MICROMETRE = 9e-12
"""Some micrometre in degrees of latitude."""


def layer(**shapes: shapely.Geometry | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs="EPSG:6668")


def block(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    """A rectangle on the grid of unit squares."""
    west, south = 141 + column * SIDE, 43 + row * SIDE
    return shapely.box(west, south, west + width * SIDE, south + height * SIDE)


def square(column: float, row: float) -> shapely.Polygon:
    return block(column, row)


def corners(*places: tuple[float, float]) -> shapely.Polygon:
    """A polygon through places of the grid."""
    return shapely.Polygon([(141 + column * SIDE, 43 + row * SIDE) for column, row in places])


def geodesic_m(*places: tuple[float, float]) -> float:
    """Length of a line through places of the grid [m]."""
    lons = [141 + column * SIDE for column, _ in places]
    lats = [43 + row * SIDE for _, row in places]
    return float(GEOD.line_length(lons, lats))


def contacts(adjacency: Adjacency) -> dict[tuple[str, str], str]:
    pairs = adjacency.pairs
    return dict(zip(zip(pairs["code"], pairs["neighbour_code"], strict=True),
                    pairs["contact"], strict=True))  # fmt: skip


def touching_pairs(units: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    """The pairs by the other route: shapely's touches."""
    shapes = units.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="touches")
    codes = units.index.to_numpy()
    return {(a, b) for a, b in zip(codes[one], codes[other], strict=True) if a < b}


def ignoring_layer_warnings(units: gpd.GeoDataFrame) -> Adjacency:
    """Adjacency of a random layer, which may hold nothing that touches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return find_adjacency(units)


def test_contacts(squares: gpd.GeoDataFrame) -> None:
    assert contacts(find_adjacency(squares)) == {
        ("01202", "01203"): "border",
        ("01203", "01204"): "point",
    }


def test_columns_names_and_measures(squares: gpd.GeoDataFrame) -> None:
    border = geodesic_m((1, 0), (1, 1))
    expected = pd.DataFrame(
        [
            ("01202", "函館市", "01203", "小樽市", "border", border, 0.0),
            ("01203", "小樽市", "01204", "旭川市", "point", 0.0, 0.0),
        ],
        columns=PAIR_COLUMNS,
    )
    assert_frame_equal(find_adjacency(squares).pairs, expected, check_dtype=False, rtol=1e-12)


def test_neighbours_and_counts_keep_the_island(squares: gpd.GeoDataFrame) -> None:
    adjacency = find_adjacency(squares)
    assert adjacency.neighbours("01203") == ["01202", "01204"]
    assert adjacency.neighbours("01205") == []
    assert adjacency.counts().to_dict() == {"01202": 1, "01203": 2, "01204": 1, "01205": 0}


def test_unknown_code_is_told_with_the_range_of_codes(squares: gpd.GeoDataFrame) -> None:
    with pytest.raises(JoinError, match=r"no unit '01999' .* of 4; codes run from 01202 to 012"):
        find_adjacency(squares).neighbours("01999")


def test_input_is_unchanged(squares: gpd.GeoDataFrame) -> None:
    before = squares.copy(deep=True)
    find_adjacency(squares, tolerance=10)
    assert_geodataframe_equal(squares, before)


def test_index_stands_in_for_names(squares: gpd.GeoDataFrame) -> None:
    nameless = find_adjacency(squares[["geometry"]])
    assert nameless.pairs["name"].tolist() == nameless.pairs["code"].tolist()
    assert nameless.names.name == find_adjacency(squares).names.name == "name"


@pytest.mark.parametrize("tolerance", [0.0, 5.0])
def test_order_of_rows_does_not_matter(squares: gpd.GeoDataFrame, tolerance: float) -> None:
    expected = find_adjacency(squares, tolerance=tolerance).pairs
    turned = find_adjacency(squares.iloc[[2, 0, 3, 1]], tolerance=tolerance).pairs
    assert_frame_equal(turned, expected)


def test_directed_is_symmetric(squares: gpd.GeoDataFrame) -> None:
    both = find_adjacency(squares).directed
    ways = set(zip(both["code"], both["neighbour_code"], strict=True))
    assert ways == {(b, a) for a, b in ways}
    assert both.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("rows", [["a", "b"], ["b", "a"]])
def test_collinear_borders_whose_vertices_differ(rows: list[str]) -> None:
    """A's long side bears no vertex where B's side begins and ends."""
    units = layer(a=block(0, 0, 3, 1), b=block(0.5, 1, 1.5, 1)).loc[rows]
    pairs = find_adjacency(units).pairs
    assert pairs["contact"].tolist() == ["border"]
    assert pairs["border_m"].item() == pytest.approx(geodesic_m((0.5, 1), (2, 1)), rel=1e-9)


def test_corner_on_the_middle_of_a_long_side() -> None:
    units = layer(a=block(0, 0, 2, 1), b=corners((1, 1), (1.5, 2), (0.5, 2)))
    assert contacts(find_adjacency(units)) == {("a", "b"): "point"}


def test_corner_between_two_others_meets_the_long_side_they_stand_on() -> None:
    """M's two sides are both shared with A and B; only its tip is on C's side."""
    units = layer(
        a=corners((0, 0), (1, 1), (0, 1)),
        b=corners((2, 0), (2, 1), (1, 1)),
        c=block(0, 1, 2, 1),
        m=corners((0, 0), (2, 0), (1, 1)),
    )
    assert contacts(find_adjacency(units)) == {
        ("a", "b"): "point",
        ("a", "c"): "border",
        ("a", "m"): "border",
        ("b", "c"): "border",
        ("b", "m"): "border",
        ("c", "m"): "point",
    }


def test_t_junction_of_three() -> None:
    units = layer(a=block(0, 0, 2, 1), b=block(0, 1), c=block(1, 1))
    pairs = find_adjacency(units).pairs.set_index(["code", "neighbour_code"])["border_m"]
    assert pairs["a", "b"] == pytest.approx(geodesic_m((0, 1), (1, 1)), rel=1e-9)
    assert pairs["a", "c"] == pytest.approx(geodesic_m((1, 1), (2, 1)), rel=1e-9)
    assert pairs["b", "c"] == pytest.approx(geodesic_m((1, 1), (1, 2)), rel=1e-9)


def test_enclave_fills_a_hole_exactly() -> None:
    hole = block(1, 1)
    around = shapely.Polygon(block(0, 0, 3, 3).exterior, [hole.exterior])
    pairs = find_adjacency(layer(around=around, within=hole)).pairs
    ring = geodesic_m((1, 1), (2, 1), (2, 2), (1, 2), (1, 1))
    assert pairs["contact"].tolist() == ["border"]
    assert pairs["border_m"].item() == pytest.approx(ring, rel=1e-9)


def test_parts_that_touch_in_several_places_make_one_pair() -> None:
    """A stands left and right of B, and another part of it meets B's corner."""
    a = shapely.MultiPolygon([block(0, 0), block(2, 0, 1, 2), block(0, 3)])
    b = shapely.MultiPolygon([block(1, 0), block(1, 2, 0.5, 1)])
    pairs = find_adjacency(layer(a=a, b=b)).pairs
    both_sides = geodesic_m((1, 0), (1, 1)) + geodesic_m((2, 0), (2, 1))
    assert pairs["contact"].tolist() == ["border"]
    assert pairs["border_m"].item() == pytest.approx(both_sides, rel=1e-9)


def test_five_meet_in_one_point() -> None:
    """As on the summit of 羊蹄山: each touches all the others."""
    rim = [(2, 0), (1, 2), (-1, 2), (-2, 0), (0, -2)]
    wedges = {
        f"w{i}": corners((0, 0), rim[i], rim[(i + 1) % 5]) for i in range(5)
    }  # fmt: skip
    kinds = contacts(find_adjacency(layer(**wedges)))
    assert len(kinds) == 10
    assert sorted(kinds.values()) == ["border"] * 5 + ["point"] * 5


def test_negative_zero_is_zero() -> None:
    west = shapely.box(-1.0, 0.0, -0.0, 1.0)
    east = shapely.Polygon([(0.0, -0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    assert contacts(find_adjacency(layer(a=west, b=east))) == {("a", "b"): "border"}


def test_heights_do_not_matter() -> None:
    units = layer(a=shapely.force_3d(square(0, 0), 7.0), b=square(1, 0))
    assert contacts(find_adjacency(units)) == {("a", "b"): "border"}


def test_repeated_vertices_do_not_matter() -> None:
    doubled = corners((0, 0), (1, 0), (1, 0), (1, 1), (0, 1))
    units = layer(a=doubled, b=square(1, 0))
    assert contacts(find_adjacency(units)) == {("a", "b"): "border"}


OVERLAPS = {
    "the same polygon twice": (square(0, 0), square(0, 0)),
    "the same polygon with more vertices": (square(0, 0), square(0, 0).segmentize(SIDE / 4)),
    "sides cross": (block(0, 0, 2, 2), block(1, 1, 2, 2)),
    "one in the other": (block(0, 0, 3, 3), block(1, 1)),
    "one in the other, flush with a side": (block(0, 0, 3, 3), block(0, 1)),
    "one in the other, from a vertex": (block(0, 0, 2, 2), corners((1, 2), (0.5, 1), (1.5, 1))),
    "one in the other, from a corner": (block(0, 0, 2, 2), corners((0, 0), (1, 0.5), (0.5, 1))),
}


@pytest.mark.parametrize(("one", "other"), OVERLAPS.values(), ids=OVERLAPS.keys())
def test_are_told_and_are_no_contact(one: shapely.Polygon, other: shapely.Polygon) -> None:
    message = r"1 pairs of polygons overlap \(such as a and b\)"
    with pytest.warns(LayerWarning, match=message) as told:
        adjacency = find_adjacency(layer(a=one, b=other))
    assert told[0].filename == __file__  # warnings are shown where the library was called
    assert adjacency.pairs.empty
    assert not shapely.touches(one, other)


def test_with_a_border_elsewhere_stay_neighbours_and_are_told() -> None:
    """B's notch runs into A, but along the rest they share their border."""
    a = block(0, 0, 1, 4)
    b = corners((1, 0), (2, 0), (2, 4), (1, 4), (1, 3), (0.5, 2.5), (1, 2))
    with pytest.warns(LayerWarning, match="1 pairs of polygons overlap"):
        pairs = find_adjacency(layer(a=a, b=b)).pairs
    ends = geodesic_m((1, 0), (1, 2)) + geodesic_m((1, 3), (1, 4))
    assert pairs["contact"].tolist() == ["border"]
    assert pairs["border_m"].item() == pytest.approx(ends, rel=1e-9)


def test_neighbours_of_a_polygon_given_twice_are_found_for_both() -> None:
    with pytest.warns(LayerWarning, match="1 pairs of polygons overlap"):
        adjacency = find_adjacency(layer(a=square(0, 0), b=square(1, 0), c=square(1, 0)))
    assert contacts(adjacency) == {("a", "b"): "border", ("a", "c"): "border"}


def test_a_slight_overlap_is_a_gap_of_no_width_within_a_tolerance() -> None:
    units = layer(a=square(0, 0), b=translate(square(1, 0), -1e-6, 0))
    pairs = find_adjacency(units, tolerance=0.5).pairs
    assert pairs[["contact", "gap_m"]].to_numpy().tolist() == [["gap", 0.0]]


@pytest.fixture
def shifted() -> gpd.GeoDataFrame:
    """A row of five squares, each moved up by a micrometre more than the one before it."""
    pulled = {f"s{i}": translate(square(i, 0), i * MICROMETRE, 0) for i in range(5)}
    return layer(**pulled)


def test_nothing_touches_without_one(shifted: gpd.GeoDataFrame) -> None:
    message = "None of the 5 polygons touches .* give a tolerance"
    with pytest.warns(LayerWarning, match=message) as told:
        assert find_adjacency(shifted).pairs.empty
    assert told[0].filename == __file__


def test_all_pairs_are_gaps_with_their_widths(shifted: gpd.GeoDataFrame) -> None:
    pairs = find_adjacency(shifted, tolerance=0.001).pairs
    ends = shifted.bounds
    widths = [
        GEOD.inv(ends["maxx"].iloc[i], 43 + SIDE, ends["minx"].iloc[i + 1], 43 + SIDE)[2]
        for i in range(4)
    ]
    assert pairs["contact"].tolist() == ["gap"] * 4
    assert pairs["neighbour_code"].tolist() == ["s1", "s2", "s3", "s4"]
    # Degrees of longitude in double precision are good to some nanometres.
    assert pairs["gap_m"].to_numpy() == pytest.approx(widths, abs=5e-9)
    assert pairs["gap_m"].between(0.5e-6, 1e-6).all()


@pytest.mark.parametrize("latitude", [0.0, 24.0, 43.0, 45.5, 70.0])
@pytest.mark.parametrize("direction", ["east", "north", "diagonal"])
@pytest.mark.parametrize("gap", [0.01, 5.0, 300.0])
def test_gap_just_below_and_above(latitude: float, direction: str, gap: float) -> None:
    """The gap is measured on the ellipsoid from the north-east corner of A."""
    a = shapely.box(140.9, latitude - 0.1, 141.0, latitude)
    azimuth = {"east": 90, "north": 0, "diagonal": 45}[direction]
    lon, lat, _ = GEOD.fwd(141.0, latitude, azimuth, gap)
    west, south = (140.95, lat) if direction == "north" else (lon, lat)
    if direction == "east":
        south = latitude - 0.05
        lon = GEOD.fwd(141.0, latitude, 90, gap)[0]
        # The narrowest place of two meridians is their end away from the equator.
        gap = GEOD.inv(141.0, latitude, lon, latitude)[2]
    b = shapely.box(west, south, west + 0.1, south + 0.1)
    units = layer(a=a, b=b)

    wide = find_adjacency(units, tolerance=gap * 1.0001).pairs
    assert wide["contact"].tolist() == ["gap"]
    assert wide["gap_m"].item() == pytest.approx(gap, rel=1e-5)
    assert find_adjacency(units, tolerance=gap * 0.9999).pairs.empty


def test_latitudes_far_apart_in_one_layer() -> None:
    """Japan's length: the plane of the search is stretched differently at either end."""
    pairs_of = {
        f"{latitude}{side}": shapely.box(x, latitude - 0.01, x + 0.01, latitude)
        for latitude, lon in ((24, 123.0), (45, 141.0))
        for side, x in (("a", lon), ("b", GEOD.fwd(lon + 0.01, latitude, 90, 9.99)[0]))
    }
    found = find_adjacency(layer(**pairs_of), tolerance=10).pairs
    assert found["code"].tolist() == ["24a", "45a"]
    assert found["gap_m"].to_numpy() == pytest.approx([9.99, 9.99], rel=1e-4)


def test_vertices_along_a_long_side() -> None:
    """A side of 80 km is straight in degrees; in a projection it would bend by 100 m."""
    a = shapely.box(141, 43, 142, 44)
    b = shapely.box(141, 44 + 1e-7, 141.5, 45)
    c = shapely.box(141.5, 44 + 1e-7, 142, 45)
    pairs = find_adjacency(layer(a=a, b=b, c=c), tolerance=1).pairs
    assert pairs["contact"].tolist() == ["gap", "gap", "border"]
    width = GEOD.inv(141, 44, 141, 44 + 1e-7)[2]
    assert pairs["gap_m"].to_numpy() == pytest.approx([width, width, 0], abs=1e-6)


def test_corner_between_two_others_within_a_tolerance() -> None:
    """The tip of M meets A and B on both its sides; C, above the three, is moved away."""
    units = layer(
        a=corners((0, 0), (1, 1), (0, 1)),
        b=corners((2, 0), (2, 1), (1, 1)),
        c=translate(block(0, 1, 2, 1), 0, 1e-7),
        m=corners((0, 0), (2, 0), (1, 1)),
    )
    found = contacts(find_adjacency(units, tolerance=1))
    assert [pair for pair, kind in found.items() if kind == "gap"] == [
        ("a", "c"),
        ("b", "c"),
        ("c", "m"),
    ]


def test_nothing_is_within_a_tolerance_of_what_lies_apart() -> None:
    apart = find_adjacency(layer(a=square(0, 0), b=square(3, 0)), tolerance=100)
    assert apart.pairs.empty
    assert apart.pairs.columns.tolist() == list(PAIR_COLUMNS)
    assert apart.counts().to_dict() == {"a": 0, "b": 0}


def test_the_greatest_gap_is_one_of_them() -> None:
    units = layer(a=square(0, 0), b=translate(square(1, 0), 1e-5, 0))
    width = find_adjacency(units, tolerance=5).pairs["gap_m"].item()
    assert find_adjacency(units, tolerance=width).pairs["gap_m"].tolist() == [width]
    assert find_adjacency(units, tolerance=np.nextafter(width, 0)).pairs.empty


def test_touching_pairs_keep_their_contact(squares: gpd.GeoDataFrame) -> None:
    exact = find_adjacency(squares).pairs
    assert_frame_equal(find_adjacency(squares, tolerance=1.0).pairs, exact)


def test_no_crs(squares: gpd.GeoDataFrame) -> None:
    with pytest.raises(CRSError, match="municipalities: it has no CRS"):
        find_adjacency(squares.set_crs(None, allow_override=True))


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
def test_tolerance(squares: gpd.GeoDataFrame, tolerance: float) -> None:
    with pytest.raises(LayerError, match=f"0 m or more; got {tolerance}"):
        find_adjacency(squares, tolerance=tolerance)


def test_all_faults_at_once() -> None:
    units = gpd.GeoDataFrame(
        geometry=[square(0, 0), square(1, 0), None, shapely.Polygon(), shapely.Point(141, 43)],
        index=["a", "a", "b", "c", "d"],
        crs="EPSG:6668",
    )
    with pytest.raises(LayerError, match="4 faults") as caught:
        find_adjacency(units, tolerance=-2)
    repeated, absent, kind, tolerance = caught.value.faults
    assert repeated.startswith("codes stand more than once in the index (a);")
    assert absent == "no geometry for b, c."
    assert kind == "no polygons: d."
    assert tolerance.endswith("got -2.")


@pytest.mark.parametrize("epsg", [6680, 6691, 3857])
def test_same_pairs_and_lengths(epsg: int) -> None:
    """Lengths are on the ellipsoid, whatever plane the layer is in."""
    degrees = read_municipalities(SAMPLE / "municipalities.geojson")
    expected = find_adjacency(degrees).pairs
    pairs = find_adjacency(degrees.to_crs(epsg)).pairs
    exact = ["code", "name", "neighbour_code", "neighbour_name", "contact"]
    assert_frame_equal(pairs[exact], expected[exact])
    assert pairs["border_m"].to_numpy() == pytest.approx(expected["border_m"], rel=1e-6)


def test_tolerance_is_in_metres_where_the_plane_is_not_true() -> None:
    """Web Mercator lengthens by 1.37 at 43° N."""
    gap = translate(square(1, 0), 1e-5, 0)
    units = layer(a=square(0, 0), b=gap)
    width = find_adjacency(units, tolerance=2).pairs["gap_m"].item()
    mercator = find_adjacency(units.to_crs(3857), tolerance=2).pairs["gap_m"].item()
    assert mercator == pytest.approx(width, rel=1e-5)
    expected = GEOD.inv(141 + SIDE, 43 + SIDE, 141 + SIDE + 1e-5, 43 + SIDE)[2]
    assert width == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def sample() -> gpd.GeoDataFrame:
    return read_municipalities(SAMPLE / "municipalities.geojson")


@pytest.fixture(scope="module")
def n03(real_data: Callable[[str], Path]) -> gpd.GeoDataFrame:
    return read_municipalities(real_data("n03-2021-simplified/n03_hokkaido_2021.geojson"))


@pytest.fixture(scope="module", params=["sample", "n03"])
def towns(request: pytest.FixtureRequest) -> gpd.GeoDataFrame:
    return request.getfixturevalue(request.param)


def test_same_pairs_as_touches(towns: gpd.GeoDataFrame) -> None:
    found = set(contacts(find_adjacency(towns)))
    assert len(found) == 452
    assert found == touching_pairs(towns)


def test_same_kinds_as_relate(towns: gpd.GeoDataFrame) -> None:
    pairs = find_adjacency(towns).pairs
    one, other = (towns.geometry[pairs[c]].to_numpy() for c in ("code", "neighbour_code"))
    dimension = [matrix[4] for matrix in shapely.relate(one, other)]
    assert pairs["contact"].map({"border": "1", "point": "0"}).tolist() == dimension


def test_same_lengths_as_the_intersection_of_boundaries(towns: gpd.GeoDataFrame) -> None:
    pairs = find_adjacency(towns).pairs
    one, other = (
        towns.boundary[pairs[c]].to_numpy() for c in ("code", "neighbour_code")
    )  # fmt: skip
    lengths = [GEOD.geometry_length(line) for line in shapely.intersection(one, other)]
    assert pairs["border_m"].to_numpy() == pytest.approx(lengths, rel=1e-9, abs=1e-6)


def test_a_tolerance_adds_no_pair_to_a_clean_layer(towns: gpd.GeoDataFrame) -> None:
    assert_frame_equal(
        find_adjacency(towns, tolerance=0.5).pairs, find_adjacency(towns).pairs
    )  # fmt: skip


def test_the_report_misses_four(towns: gpd.GeoDataFrame) -> None:
    found = find_adjacency(towns).pairs
    with (SAMPLE / "report" / "adjacency.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = pd.Series({row["jis_code"]: row["name"] for row in rows})
    lists = pd.Series({row["jis_code"]: row["neighbours"].split() for row in rows})
    message = "neighbours of themselves, and passed over: 湧別町"
    with pytest.warns(LayerWarning, match=message) as told:
        listed = adjacency_from_lists(names, lists).pairs
    assert told[0].filename == __file__
    found_names, listed_names = (
        {frozenset(pair) for pair in table[["name", "neighbour_name"]].to_numpy()}
        for table in (found, listed)
    )
    assert listed.index.tolist() == list(range(448))
    assert len(listed_names) == 448
    assert listed_names < found_names
    assert found_names - listed_names == {frozenset(pair) for pair in MISSED_BY_THE_REPORT}


def test_islands_of_hokkaido(towns: gpd.GeoDataFrame) -> None:
    counts = find_adjacency(towns).counts()
    islands = towns.loc[counts[counts == 0].index, "name"]
    assert islands.tolist() == ["奥尻町", "礼文町"]


def test_equals_libpysal() -> None:
    towns = read_municipalities(SAMPLE / "municipalities.geojson")
    graph = find_adjacency(towns).to_graph()
    assert graph.equals(Graph.build_contiguity(towns, rook=False))


def test_isolates_and_order(squares: gpd.GeoDataFrame) -> None:
    turned = squares.iloc[[3, 1, 0, 2]]
    graph = find_adjacency(turned).to_graph()
    assert graph.isolates.tolist() == ["01205"]
    assert graph.unique_ids.tolist() == turned.index.tolist()
    assert graph["01203"].to_dict() == {"01202": 1, "01204": 1}


NAMES = pd.Series({"01202": "函館市", "01236": "北斗市", "01337": "七飯町"})


def test_pairs() -> None:
    lists = pd.Series(
        {"01236": ["函館市", "七飯町"], "01202": ["北斗市"], "01337": ["北斗市"]}
    )  # fmt: skip
    pairs = adjacency_from_lists(NAMES, lists).pairs
    assert pairs.columns.tolist() == list(PAIR_COLUMNS)
    assert pairs[["code", "neighbour_code"]].to_numpy().tolist() == [
        ["01202", "01236"],
        ["01236", "01337"],
    ]
    assert pairs["contact"].tolist() == ["listed", "listed"]
    assert pairs[["border_m", "gap_m"]].isna().all(axis=None)


def test_no_lists_make_islands() -> None:
    empty = pd.Series([[], [], []], index=NAMES.index)
    adjacency = adjacency_from_lists(NAMES, empty)
    assert adjacency.counts().tolist() == [0, 0, 0]


def test_one_way_is_told_and_taken_both_ways() -> None:
    lists = pd.Series({"01202": ["七飯町"], "01236": [], "01337": []})
    with pytest.warns(LayerWarning, match="one way only, .*: 函館市 lists 七飯町") as told:
        adjacency = adjacency_from_lists(NAMES, lists)
    assert told[0].filename == __file__
    assert adjacency.neighbours("01337") == ["01202"]


def test_unknown_name() -> None:
    with pytest.raises(JoinError, match="not among the units: 札幌市"):
        adjacency_from_lists(NAMES, pd.Series({"01202": ["札幌市"]}))


@st.composite
def merged_grids(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Cells of a small grid, dealt out to units at random; some cells are sea.

    Units may have several parts, holes and corners on the sides of others. GEOS' union takes
    vertices out of straight sides, so that those of neighbours need not agree.
    """
    columns, rows = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    owners = draw(
        st.lists(st.integers(0, 5), min_size=columns * rows, max_size=columns * rows)
    )  # fmt: skip
    cells = [square(i % columns, i // columns) for i in range(columns * rows)]
    frame = gpd.GeoDataFrame({"code": owners}, geometry=cells, crs="EPSG:6668")
    land = frame[frame["code"] > 0]
    merged = land.assign(code=land["code"].map("u{}".format)).dissolve("code")
    return merged.assign(geometry=merged.simplify(0)) if draw(st.booleans()) else merged


@st.composite
def merged_voronoi(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Voronoi cells of random places, some merged."""
    place = st.tuples(st.integers(0, 40), st.integers(0, 40))
    places = draw(st.lists(place, min_size=3, max_size=12, unique=True))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(places)))
    codes = draw(st.lists(st.integers(0, 6), min_size=len(cells), max_size=len(cells)))
    frame = gpd.GeoDataFrame({"code": codes}, geometry=cells, crs="EPSG:6668")
    return frame.assign(code=frame["code"].map("u{}".format)).dissolve("code", method="coverage")


@given(merged_grids())
@settings(max_examples=60)
def test_grid_agrees_with_touches(units: gpd.GeoDataFrame) -> None:
    assert set(contacts(ignoring_layer_warnings(units))) == touching_pairs(units)


@given(merged_voronoi())
@settings(max_examples=40)
def test_voronoi_agrees_with_touches(units: gpd.GeoDataFrame) -> None:
    assert set(contacts(ignoring_layer_warnings(units))) == touching_pairs(units)


@given(merged_grids())
@settings(max_examples=30)
def test_border_lengths_agree_with_intersections(units: gpd.GeoDataFrame) -> None:
    pairs = ignoring_layer_warnings(units).pairs
    one, other = (units.boundary[pairs[c]].to_numpy() for c in ("code", "neighbour_code"))
    lengths = [GEOD.geometry_length(line) for line in shapely.intersection(one, other)]
    assert np.array(pairs["border_m"]) == pytest.approx(lengths, rel=1e-9, abs=1e-6)
