"""Nearest targets: hand-worked lengths, brute force by geodesic, and two ways that must agree."""

from __future__ import annotations

import warnings
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import Geod
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from hokkaido_gis.analysis import segment_search
from hokkaido_gis.analysis.nearest import connecting_segments, nearest_features
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, ModelInputError
from hokkaido_gis.readers.lines import read_lines

GRS80 = Geod(ellps="GRS80")


def layer(shapes, index=None, crs="EPSG:6668", **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs=crs)


@pytest.fixture(params=["shapely", "compiled"])
def way(request, monkeypatch) -> str:
    """Search by shapely's tree or by the compiled one, whatever the size of the work."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    large = 0 if request.param == "compiled" else 10**12
    monkeypatch.setattr(segment_search, "LARGE", large)
    return request.param


def brute_force_km(point: Point, line: LineString) -> float:
    """Least geodesic length from a point to a line that is straight in longitude and latitude."""
    xy = shapely.get_coordinates(line)
    least = np.inf
    for start, end in pairwise(xy):
        low, high = 0.0, 1.0
        for _ in range(7):
            share = np.linspace(low, high, 17)
            lon, lat = (start + share[:, None] * (end - start)).T
            metres = GRS80.inv(np.full(17, point.x), np.full(17, point.y), lon, lat)[2]
            best, step = share[metres.argmin()], share[1] - share[0]
            low, high = max(0.0, best - step), min(1.0, best + step)
            least = min(least, metres.min())
    return least / 1000


def test_a_degree_of_longitude_and_of_latitude(way):
    sites = layer([Point(143, 43)], ["site"])
    targets = layer([Point(143.1, 43), Point(143, 43.1)], ["east", "north"])
    found = nearest_features(sites, targets, k=2)
    east = GRS80.inv(143, 43, 143.1, 43)[2] / 1000
    north = GRS80.inv(143, 43, 143, 43.1)[2] / 1000
    assert found["target"].tolist() == ["east", "north"]
    assert found["rank"].tolist() == [1, 2]
    np.testing.assert_allclose(found["km"], [east, north], rtol=1e-12)


@pytest.mark.parametrize(
    ("site", "target"),
    [
        (box(143, 43, 144, 44), LineString([(142, 43.5), (145, 43.5)])),
        (box(143, 43, 144, 44), LineString([(143.4, 43.4), (143.6, 43.6)])),
        (box(143, 43, 144, 44), LineString([(144, 43), (144, 44)])),
        (box(143, 43, 144, 44), Point(143.5, 43.5)),
        (LineString([(143, 43), (144, 44)]), LineString([(143, 44), (144, 43)])),
        (Point(143.5, 43.5), box(143, 43, 144, 44)),
        (MultiPolygon([box(0, 43, 1, 44), box(143.4, 43.4, 143.6, 43.6)]), box(143, 43, 144, 44)),
        (box(143.4, 43.4, 143.6, 43.6), box(143, 43, 144, 44)),
        (shapely.GeometryCollection([Point(1, 43), box(143, 43, 144, 44)]), Point(143.2, 43.2)),
    ],
)
def test_what_crosses_or_lies_within_is_at_no_distance(way, site, target):
    sites, targets = layer([site], ["a"]), layer([target], ["b"])
    assert nearest_features(sites, targets)["km"].tolist() == [0]
    (line,) = connecting_segments(sites, targets, pd.Series(["b"], ["a"]))
    assert shapely.get_num_coordinates(line) == 2
    assert GRS80.geometry_length(line) == 0
    assert site.distance(Point(line.coords[0])) == pytest.approx(0, abs=1e-9)
    assert target.distance(Point(line.coords[0])) == pytest.approx(0, abs=1e-9)


def test_a_point_just_within_a_polygon_is_found(way):
    corners = [(143, 43), (143.3, 42.9), (143.6, 43.3), (143.2, 43.1), (142.9, 43.4)]
    site = Polygon(corners)
    inside = [
        Point(x, y) for x in np.linspace(142.9, 143.6, 15) for y in np.linspace(42.9, 43.4, 15)
    ]
    inside = [point for point in inside if site.contains(point)]
    assert len(inside) > 20
    for point in inside:
        found = nearest_features(layer([site]), layer([point, Point(150, 43)]))
        assert found[["target", "km"]].to_numpy().tolist() == [[0, 0]]


def test_a_line_in_a_hole_is_outside(way):
    ring = Polygon(
        box(143, 43, 144, 44).exterior.coords, [box(143.2, 43.2, 143.8, 43.8).exterior.coords]
    )
    found = nearest_features(layer([ring]), layer([LineString([(143.3, 43.5), (143.4, 43.5)])]))
    # Along the parallel the geodesic bows towards the pole, so that the shortest is slightly less.
    along = GRS80.inv(143.2, 43.5, 143.3, 43.5)[2] / 1000
    assert found["km"].item() == pytest.approx(along, rel=1e-6)


def test_groups_ranks_and_ties(way):
    sites = layer([Point(143, 43), Point(144, 43)], ["s1", "s2"])
    shapes = [Point(143.2, 43), Point(142.8, 43), Point(143.1, 43), Point(150, 43), Point(143, 43)]
    targets = layer(shapes, ["b", "a", "near", "far", "none"], kv=["66", "66", "66", "187", None])
    found = nearest_features(sites, targets, groups="kv", k=2)
    assert found.drop(columns="km").to_numpy().tolist() == [
        ["s1", "far", "187", 1], ["s1", "near", "66", 1], ["s1", "b", "66", 2],
        ["s2", "far", "187", 1], ["s2", "b", "66", 1], ["s2", "near", "66", 2],
    ]  # fmt: skip


def test_max_km_leaves_out_what_is_farther(way):
    sites = layer([Point(141.24, 45.18), Point(143, 43)], ["rishiri", "inland"])
    targets = layer([LineString([(143.1, 42.9), (143.1, 43.1)])], ["line"])
    assert nearest_features(sites, targets, max_km=10)["site"].tolist() == ["inland"]
    assert nearest_features(sites, targets)["site"].tolist() == ["rishiri", "inland"]


def random_layers(seed: int, sites: int = 150) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    random = np.random.default_rng(seed)
    centres = random.uniform([139.4, 41.4], [145.8, 45.5], (sites, 2))
    shapes = [
        Point(c) if i % 3 == 0 else (box(*(c - 0.01), *(c + 0.01)) if i % 3 == 1 else
        LineString([c, c + random.uniform(-0.05, 0.05, 2)]))
        for i, c in enumerate(centres)
    ]  # fmt: skip
    starts = random.uniform([139.4, 41.4], [145.8, 45.5], (60, 1, 2))
    walks = starts + random.normal(0, 0.03, (60, 8, 2)).cumsum(axis=1)
    lines = [LineString(walk) for walk in walks[:50]] + [Polygon(walk[:3]) for walk in walks[50:]]
    return layer(shapes), layer(lines, group=random.integers(0, 3, 60))


@pytest.mark.parametrize("k", [1, 3])
def test_two_ways_agree(monkeypatch, k):
    pytest.importorskip("numba")
    sites, targets = random_layers(k)
    found = []
    for large in (0, 10**12):
        monkeypatch.setattr(segment_search, "LARGE", large)
        found.append(nearest_features(sites, targets, groups="group", k=k))
    assert len(found[0]) == len(sites) * 3 * k
    assert_frame_equal(*found, rtol=1e-9)


def test_many_chunks_give_what_one_gives(way, monkeypatch):
    sites, targets = random_layers(5)
    whole = nearest_features(sites, targets, k=2)
    monkeypatch.setattr(segment_search, "_CHUNK", 40)
    assert_frame_equal(nearest_features(sites, targets, k=2), whole)


coordinates = st.integers(0, 12).map(lambda i: i / 8)
pairs = st.tuples(coordinates, coordinates)


@settings(max_examples=25)
@given(
    st.lists(pairs, min_size=1, max_size=4),
    st.lists(st.lists(pairs, min_size=2, max_size=4, unique=True), min_size=1, max_size=5),
)
def test_points_and_lines_against_brute_force(points, walks):
    sites = layer([Point(140 + x, 42 + y) for x, y in points])
    lines = layer([LineString([(140 + x, 42 + y) for x, y in walk]) for walk in walks])
    found = nearest_features(sites, lines)
    for row in found.itertuples():
        every = [brute_force_km(sites.geometry[row.site], line) for line in lines.geometry]
        assert row.km == pytest.approx(min(every), rel=1e-6, abs=2e-5)
        assert every[row.target] == pytest.approx(min(every), rel=1e-6, abs=2e-5)


def test_the_real_lines_against_brute_force(way, real_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        lines = read_lines(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
    random = np.random.default_rng(2013)
    # The whole island with its ends, across three zones.
    xy = random.uniform([139.4, 41.3], [145.9, 45.6], (2000, 2))
    found = nearest_features(layer(list(shapely.points(xy))), lines)
    assert found["site"].tolist() == list(range(2000))
    ends = np.concatenate([[a[:-1], a[1:]] for a in map(shapely.get_coordinates, lines.geometry)],
                          axis=1)  # fmt: skip
    owner = np.repeat(np.arange(len(lines)), shapely.get_num_coordinates(lines.geometry) - 1)
    start, end = ends
    least = np.full((2000, len(lines)), np.inf)
    middle, half = (start + end) / 2, GRS80.inv(*start.T, *end.T)[2] * 0.51 + 1
    for i, point in enumerate(xy):
        metres = GRS80.inv(*np.broadcast_to(point, middle.shape).T, *middle.T)[2]
        # Of the others no point can be as near as the middle of the nearest.
        near = np.flatnonzero(metres - half <= metres.min())
        np.minimum.at(least[i], owner[near], _shortest(point, start[near], end[near]))
    km = least.min(axis=1) / 1000
    np.testing.assert_allclose(found["km"], km, rtol=1e-4)
    chosen = lines.index.get_indexer(found["target"])
    np.testing.assert_allclose(least[np.arange(2000), chosen] / 1000, km, rtol=1e-4)


def _shortest(point, start, end):
    """Geodesic lengths to segments, by golden section."""
    low, high = np.zeros(len(start)), np.ones(len(start))

    def metres(share):
        lon, lat = (start + share[:, None] * (end - start)).T
        return GRS80.inv(np.full(len(lon), point[0]), np.full(len(lon), point[1]), lon, lat)[2]

    for _ in range(25):
        one, other = low + 0.381966 * (high - low), low + 0.618034 * (high - low)
        is_first = metres(one) < metres(other)
        low, high = np.where(is_first, low, one), np.where(is_first, other, high)
    return metres((low + high) / 2)


def test_connecting_segments_are_as_long_as_said(way):
    sites, targets = random_layers(9)
    found = nearest_features(sites, targets).set_index("site")
    drawn = connecting_segments(sites, targets, found["target"])
    assert drawn.crs.to_epsg() == 6668
    lengths = [GRS80.geometry_length(line) / 1000 for line in drawn]
    np.testing.assert_allclose(lengths, found["km"], rtol=1e-9, atol=1e-9)
    for (start, end), site, target in zip(
        (line.coords for line in drawn), sites.geometry, targets.geometry[found["target"]],
        strict=True,
    ):  # fmt: skip
        assert site.distance(Point(start)) < 1e-9
        assert target.distance(Point(end)) < 1e-9


def test_no_connection_is_drawn_where_none_is_chosen():
    sites = layer([Point(143, 43), Point(144, 43), None], ["a", "b", "c"])
    targets = layer([Point(143, 44)], ["t"])
    drawn = connecting_segments(sites, targets, pd.Series(["t", None, "t"], ["a", "b", "c"]))
    assert drawn.isna().tolist() == [False, True, True]
    for chosen, message in (
        (pd.Series(["t", "x"], ["a", "b"]), r"^chosen: 1 labels are not in the targets: x\.$"),
        (pd.Series(["t", "t"], ["a", "z"]), r"^chosen: 1 labels are not in the features: z\.$"),
    ):
        with pytest.raises(LayerError, match=message):
            connecting_segments(sites, targets, chosen)
    with pytest.raises(LayerError, match=r"^features: labels are given twice in its index: a\."):
        connecting_segments(sites.set_axis(["a", "a", "c"]), targets, pd.Series(["t"], ["c"]))
    with pytest.raises(LayerError, match=r"^targets: labels are given twice in its index: t\."):
        connecting_segments(sites, targets.loc[["t", "t"]], pd.Series(["t"], ["a"]))
    nowhere = targets.set_crs(None, allow_override=True)
    with pytest.raises(CRSError, match=r"^targets: it has no CRS"):
        connecting_segments(sites, nowhere, pd.Series(["t"], ["a"]))


def test_missing_and_empty_geometries_are_passed_over(way):
    sites = layer([None, Point(), Point(143, 43)])
    targets = layer([None, LineString(), Point(143, 44)], ["x", "y", "z"])
    found = nearest_features(sites, targets, k=3)
    assert found[["site", "target"]].to_numpy().tolist() == [[2, "z"]]


@pytest.mark.parametrize(("sites", "targets"), [(0, 1), (1, 0), (0, 0)])
def test_empty_layers_give_no_rows(way, sites, targets):
    found = nearest_features(layer([Point(143, 43)] * sites), layer([Point(143, 44)] * targets))
    assert len(found) == 0
    assert found.columns.tolist() == ["site", "target", "group", "rank", "km"]


def test_crs_may_differ_and_must_be_stated():
    sites, targets = random_layers(3, 20)
    found = nearest_features(sites.to_crs(6680), targets.to_crs(32654), groups="group")
    expected = nearest_features(sites, targets, groups="group")
    assert_frame_equal(found, expected, rtol=1e-6)
    with pytest.raises(CRSError, match=r"^features: it has no CRS"):
        nearest_features(sites.set_crs(None, allow_override=True), targets)
    with pytest.raises(CRSError, match=r"^targets: it has no CRS"):
        nearest_features(sites, targets.set_crs(None, allow_override=True))


def test_wrong_options_and_labels_are_refused():
    sites, targets = layer([Point(143, 43)] * 2, ["a", "a"]), layer([Point(143, 44)], ["t"])
    with pytest.raises(LayerError, match="features: labels are given twice in its index: a"):
        nearest_features(sites, targets)
    with pytest.raises(ModelInputError, match=r"k must be 1 or more; got 0. max_km .* got -1"):
        nearest_features(targets, targets, k=0, max_km=-1)
    with pytest.raises(LayerError, match=r"^targets: it has no column 'kv'; it has geometry\.$"):
        nearest_features(targets, targets, groups="kv")
    with pytest.raises(LayerError, match="on the index of the targets"):
        nearest_features(targets, targets, groups=pd.Series([1, 2]))
