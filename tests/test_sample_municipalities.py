"""The municipal boundaries of the sample against the report's table 2-17.

The comparison with the official boundaries needs a file that is not part of the repository; it is
skipped where that is not at hand.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import os
import subprocess
import sys
import zipfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Point, Polygon, box

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

Pair = tuple[str, str]
Predicate = Literal["touches", "intersects"]

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
BOUNDARIES = SAMPLE / "municipalities.geojson"
REGISTER = SAMPLE / "report" / "adjacency.csv"
SCRIPT = SAMPLE / "build" / "municipalities.py"

GRS80 = Geod(ellps="GRS80")
HOKKAIDO_KM2 = 78_421.0

OFFICIAL_BUT_NOT_IN_TABLE = {
    ("雄武町", "西興部村"),
    ("釧路市", "標茶町"),
    ("小清水町", "美幌町"),
    ("鶴居村", "弟子屈町"),
}
"""Borders that exist and that the report's table leaves out."""

SUMMIT_OF_YOTEI = {"倶知安町", "京極町", "喜茂別町", "真狩村", "ニセコ町"}


def order(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def read_register() -> list[dict[str, str]]:
    with REGISTER.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def find_pairs(shapes: Mapping[str, Any], predicate: Predicate) -> set[Pair]:
    """Pairs of codes whose geometries fulfil a predicate."""
    codes, geometries = list(shapes), np.asarray(list(shapes.values()))
    left, right = shapely.STRtree(geometries).query(geometries, predicate=predicate)
    return {order(codes[i], codes[j]) for i, j in zip(left, right, strict=True) if i != j}


def find_vertex_owners(shapes: Mapping[str, Any]) -> dict[tuple[float, float], frozenset[str]]:
    """Which codes have a vertex at each position."""
    owners: defaultdict[tuple[float, float], set[str]] = defaultdict(set)
    for code, shape in shapes.items():
        for x, y in shapely.get_coordinates(shape):
            owners[float(x), float(y)].add(code)
    return {position: frozenset(codes) for position, codes in owners.items()}


def area_km2(shape: Any) -> float:
    area, _ = GRS80.geometry_area_perimeter(shape)
    return abs(float(area)) / 1e6


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return gpd.read_file(BOUNDARIES)


@pytest.fixture(scope="module")
def shapes(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    return dict(zip(frame["code"], frame.geometry, strict=True))


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return {row["jis_code"]: row["name"] for row in read_register()}


@pytest.fixture(scope="module")
def table_pairs(names: dict[str, str]) -> set[Pair]:
    """Pairs of table 2-17; 湧別町 stands among its own neighbours there."""
    codes = {name: code for code, name in names.items()}
    return {
        order(row["jis_code"], codes[neighbour])
        for row in read_register()
        for neighbour in row["neighbours"].split()
        if neighbour != row["name"]
    }


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """The build script, imported from where it lies."""
    spec = importlib.util.spec_from_file_location("build_municipalities", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def test_columns_and_crs(frame: gpd.GeoDataFrame) -> None:
    assert frame.columns.to_list() == ["code", "name", "subprefecture", "geometry"]
    assert frame.crs == "EPSG:6668"


def test_rows_are_those_of_the_register(frame: gpd.GeoDataFrame) -> None:
    rows = frame[["code", "name", "subprefecture"]].itertuples(index=False, name=None)
    wanted = [(row["jis_code"], row["name"], row["subprefecture"]) for row in read_register()]
    assert len(wanted) == 179
    assert list(rows) == sorted(wanted)


def test_wards_are_dissolved_and_northern_islands_left_out(frame: gpd.GeoDataFrame) -> None:
    codes = set(frame["code"])
    assert "01100" in codes
    assert not codes & {f"011{ward:02d}" for ward in range(1, 11)}
    assert not codes & {f"01{village}" for village in range(695, 701)}


def test_small_enough_to_travel_with_the_wheel() -> None:
    assert BOUNDARIES.stat().st_size < 500_000


def test_valid_polygons(frame: gpd.GeoDataFrame) -> None:
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}
    assert frame.is_valid.all()


def test_valid_coverage(frame: gpd.GeoDataFrame) -> None:
    assert shapely.coverage_is_valid(frame.geometry.to_numpy())


def test_no_holes(frame: gpd.GeoDataFrame) -> None:
    """No municipality encloses another, and lagoons count as theirs."""
    parts = shapely.get_parts(frame.geometry.to_numpy())
    assert shapely.get_num_interior_rings(parts).sum() == 0


def test_vertices_lie_on_the_grid_of_the_source(frame: gpd.GeoDataFrame) -> None:
    scaled = shapely.get_coordinates(frame.geometry.to_numpy()) * 1e4
    np.testing.assert_allclose(scaled, scaled.round(), rtol=0, atol=1e-6)


def test_total_area(frame: gpd.GeoDataFrame) -> None:
    assert sum(map(area_km2, frame.geometry)) == pytest.approx(HOKKAIDO_KM2, rel=0.0025)


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [
        ("01100", 141.354, 43.062),
        ("01202", 140.729, 41.769),
        ("01206", 144.070, 43.434),  # 阿寒, a part of its own in the source
        ("01346", 140.266, 42.256),
        ("01346", 140.020, 42.130),  # 熊石, on the other coast
        ("01484", 141.318, 44.418),  # 天売島
        ("01601", 142.163, 42.482),  # 門別, apart from the rest of 日高町
        ("01601", 142.442, 42.873),
    ],
)
def test_known_places(shapes: dict[str, Any], code: str, lon: float, lat: float) -> None:
    assert [c for c, s in shapes.items() if shapely.contains_xy(s, lon, lat)] == [code]


def test_table_is_complete(table_pairs: set[Pair]) -> None:
    assert len(table_pairs) == 448


@pytest.mark.parametrize("predicate", ["touches", "intersects"])
def test_pairs_are_the_table_and_four_more(
    shapes: dict[str, Any],
    names: dict[str, str],
    table_pairs: set[Pair],
    predicate: Predicate,
) -> None:
    pairs = find_pairs(shapes, predicate)
    assert table_pairs <= pairs
    codes = {name: code for code, name in names.items()}
    more = {order(codes[one], codes[other]) for one, other in OFFICIAL_BUT_NOT_IN_TABLE}
    assert pairs - table_pairs == more


def test_shared_vertices_give_the_same_pairs(shapes: dict[str, Any]) -> None:
    by_vertex = {
        order(one, other)
        for owners in find_vertex_owners(shapes).values()
        for one, other in combinations(owners, 2)
    }
    assert by_vertex == find_pairs(shapes, "touches")


def test_five_meet_at_the_summit_of_yotei(shapes: dict[str, Any], names: dict[str, str]) -> None:
    owners = find_vertex_owners(shapes)
    (summit,) = [position for position, codes in owners.items() if len(codes) == 5]
    assert {names[code] for code in owners[summit]} == SUMMIT_OF_YOTEI
    assert summit == pytest.approx((140.811, 42.827), abs=0.01)


def test_islands(shapes: dict[str, Any]) -> None:
    pairs = find_pairs(shapes, "intersects")
    assert not [pair for pair in pairs if {"01517", "01367"} & set(pair)]  # 礼文町, 奥尻町
    rishiri = [pair for pair in pairs if {"01518", "01519"} & set(pair)]
    assert rishiri == [("01518", "01519")]


def test_two_builds_give_the_bytes_of_the_sample(tmp_path: Path) -> None:
    pytest.importorskip("reversejp")
    builds = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.geojson"
        done = subprocess.run(
            [sys.executable, str(SCRIPT), "--out", str(out)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == str(out)
        builds.append(out.read_bytes())
    assert builds[0] == builds[1] == BOUNDARIES.read_bytes()


def test_member_is_found_among_other_archives(builder: ModuleType) -> None:
    archives = []
    for name in ("a.json", "b.json"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, f"contents of {name}")
        archives.append(stream.getvalue())
    binary = b"b.json, named in code" + b"\0".join(archives) + b"tail"
    assert builder.extract_member(binary, "b.json") == b"contents of b.json"
    with pytest.raises(builder.BuildError, match=r"no embedded archive with c\.json"):
        builder.extract_member(binary, "c.json")


def test_unknown_municipality_is_reported(builder: ModuleType) -> None:
    contents = b'{"type":"FeatureCollection","features":[]}'
    with pytest.raises(builder.BuildError, match="no area for 01100"):
        builder.parse_rings(contents, ["01100"])


def test_even_odd_rule(builder: ModuleType) -> None:
    square = np.array([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)], dtype=float)
    twisted = np.array([(0, 0), (4, 4), (4, 0), (0, 4), (0, 0)], dtype=float)
    points = np.array([(1, 2), (3, 2), (2, 3.5), (5, 2), (-1, 2)], dtype=float)
    assert builder.is_inside(square, points).tolist() == [True, True, True, False, False]
    assert builder.is_inside(twisted, points).tolist() == [True, True, False, False, False]


def test_faces_share_the_vertices_of_a_crossing(builder: ModuleType) -> None:
    rings = [
        builder.AreaRing("a", np.asarray(box(0, 0, 2, 2).exterior.coords)),
        builder.AreaRing("b", np.asarray(box(1, 1, 3, 3).exterior.coords)),
    ]
    faces = builder.build_faces(rings)
    assert shapely.coverage_is_valid(faces)
    claims = builder.find_claims(faces, rings)
    assert sorted(map(sorted, claims)) == [["a"], ["a", "b"], ["b"]]


def test_slivers_go_to_the_longest_border(builder: ModuleType) -> None:
    """A sliver 0.003 degrees long and 11 m wide between a long and a short border."""
    west, east = box(140.9, 43.0, 141.0, 43.003), box(141.0001, 43.0, 141.1, 43.001)
    sliver = Polygon([(141, 43), (141.0001, 43), (141.0001, 43.001), (141, 43.003)])
    claims = [frozenset({"west"}), frozenset({"east"})]
    unclaimed = builder.assign_faces([west, east, sliver], [*claims, frozenset()])
    assert unclaimed == {"west": [west, sliver], "east": [east]}
    contested = builder.assign_faces([west, east, sliver], [*claims, frozenset({"west", "east"})])
    assert contested == unclaimed


def test_large_faces_are_no_slivers(builder: ModuleType) -> None:
    land, lake = box(140, 43, 141, 44), box(141, 43, 142, 44)
    owner = frozenset({"a"})
    assert builder.assign_faces([land, lake], [owner, frozenset()]) == {"a": [land]}
    with pytest.raises(builder.BuildError, match="a, b overlap by"):
        builder.assign_faces([land, lake], [owner, frozenset({"a", "b"})])


def test_failed_build_leaves_the_older_file(
    builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "municipalities.geojson"
    out.write_text("older", encoding="utf-8")
    monkeypatch.setattr(builder, "SOURCE_MODULE", "no_such_package.module")
    assert builder.main(["--out", str(out)]) == 1
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text(encoding="utf-8") == "older"


@pytest.fixture(scope="module")
def official(real_data: Callable[[str], Path]) -> dict[str, Any]:
    """MLIT's N03 of Hokkaido, with its column N03_007, if it is at hand."""
    frame = gpd.read_file(real_data("n03-2021-simplified/n03_hokkaido_2021.geojson"))
    codes = frame["N03_007"].astype(str).str.zfill(5)
    codes = codes.mask(codes.between("01101", "01110"), "01100")
    frame = frame.assign(code=codes)[~codes.between("01695", "01700")]
    dissolved = frame.dissolve("code", method="coverage").geometry
    return dict(zip(dissolved.index, dissolved, strict=True))


def test_official_pairs_are_the_same(shapes: dict[str, Any], official: dict[str, Any]) -> None:
    assert find_pairs(shapes, "touches") == find_pairs(official, "touches")


def test_official_areas_agree(shapes: dict[str, Any], official: dict[str, Any]) -> None:
    for code, shape in shapes.items():
        assert area_km2(shape) == pytest.approx(area_km2(official[code]), rel=0.025)


def test_official_junctions_agree(shapes: dict[str, Any], official: dict[str, Any]) -> None:
    """Where three or more meet, both agree to the 10 m grid; so the datum is the same."""
    ours, theirs = find_vertex_owners(shapes), find_vertex_owners(official)
    junctions = np.array([p for p, codes in ours.items() if len(codes) >= 3])
    targets = np.array([p for p, codes in theirs.items() if len(codes) >= 3])
    assert len(junctions) == len(targets) == 273
    tree = shapely.STRtree([Point(target) for target in targets])
    nearest = targets[tree.nearest([Point(junction) for junction in junctions])]
    azimuth, _, distance = GRS80.inv(*junctions.T, *nearest.T)
    assert distance.max() < 10.0
    angle = np.radians(azimuth)
    shift = np.array([distance * np.sin(angle), distance * np.cos(angle)]).mean(axis=1)
    assert np.abs(shift).max() < 1.0
