"""Lines and substations by municipality: lengths, classes that pass, access to the grid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.crs import GRS80
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning
from hokkaido_gis.grid.by_municipality import (
    SUFFIXES,
    grid_access,
    grid_by_municipality,
    has_line_up_to,
    has_transmission_line,
)
from hokkaido_gis.grid.cut import cut_lines
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.substations import read_substations
from hokkaido_gis.voltage import classify_voltages

SIDE = 0.125
WEST, SOUTH = 141.0, 43.0


def at(x: float, y: float) -> tuple[float, float]:
    """A place on the grid of unit squares."""
    return WEST + x * SIDE, SOUTH + y * SIDE


def lines(*courses: list[tuple[float, float]], kv: list[float] | None = None, **columns: list):
    volts = pd.Series(kv or [66.0] * len(courses), dtype=float)
    return gpd.GeoDataFrame(
        {"kv": volts, "voltage_class": classify_voltages(volts), **columns},
        geometry=[shapely.LineString([at(*p) for p in course]) for course in courses],
        crs="EPSG:6668",
    ).set_axis(pd.Index([f"L{i}" for i in range(len(courses))], name="line_id"))


def stations(*places: tuple[float, float], kv: list[float]) -> gpd.GeoDataFrame:
    volts = pd.Series(kv, dtype=float)
    return gpd.GeoDataFrame(
        {"kv": volts, "voltage_class": classify_voltages(volts)},
        geometry=[shapely.Point(at(*p)) for p in places],
        crs="EPSG:6668",
    ).set_axis(pd.Index([f"S{i}" for i in range(len(places))], name="substation_id"))


def km(*course: tuple[float, float]) -> float:
    return GRS80.geometry_length(shapely.LineString([at(*p) for p in course])) / 1000


@pytest.fixture
def pair() -> gpd.GeoDataFrame:
    """Two squares side by side."""
    return gpd.GeoDataFrame(
        {"name": ["函館市", "小樽市"]},
        index=pd.Index(["01202", "01203"], name="code"),
        geometry=[shapely.box(*at(x, 0), *at(x + 1, 1)) for x in (0, 1)],
        crs="EPSG:6668",
    )


def cut(frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> dict[tuple[str, object], float]:
    table = cut_lines(frame, towns)
    codes = table["code"].astype(object).where(table["code"].notna(), None)
    return dict(zip(zip(table["line"], codes, strict=True), table["km"], strict=True))


def test_a_line_through_both_and_into_the_sea(pair) -> None:
    """Half a side in the first, a side in the second, half a side beyond."""
    got = cut(lines([(0.5, 0.5), (2.5, 0.5)]), pair)
    assert got == {
        ("L0", "01202"): pytest.approx(km((0.5, 0.5), (1, 0.5)), rel=1e-6),
        ("L0", "01203"): pytest.approx(km((1, 0.5), (2, 0.5)), rel=1e-6),
        ("L0", None): pytest.approx(km((2, 0.5), (2.5, 0.5)), rel=1e-6),
    }


def test_a_line_that_comes_back_is_counted_once_a_municipality(pair) -> None:
    got = cut(lines([(0.5, 0.2), (1.5, 0.2), (1.5, 0.8), (0.5, 0.8)]), pair)
    assert set(got) == {("L0", "01202"), ("L0", "01203")}
    there_and_back = km((1, 0.2), (1.5, 0.2), (1.5, 0.8), (1, 0.8))
    assert got["L0", "01203"] == pytest.approx(there_and_back, rel=1e-6)


def test_a_line_along_a_border_is_halved(pair) -> None:
    table = cut_lines(lines([(1, 0.25), (1, 0.75), (1.5, 0.75)]), pair).set_index("code")
    border = km((1, 0.25), (1, 0.75))
    assert table["shared_km"].tolist() == [pytest.approx(border / 2)] * 2
    assert table.loc["01202", "km"] == pytest.approx(border / 2)
    assert table.loc["01203", "km"] == pytest.approx(border / 2 + km((1, 0.75), (1.5, 0.75)))


def test_a_line_along_the_coast_is_not_halved(pair) -> None:
    table = cut_lines(lines([(0, 0.25), (0, 0.75)]), pair)
    assert table["code"].tolist() == ["01202"]
    assert table["shared_km"].tolist() == [0]
    assert table["km"].item() == pytest.approx(km((0, 0.25), (0, 0.75)))


def test_half_along_a_border_and_half_at_sea_of_one_segment(pair) -> None:
    """Both halves have the same length, so that shares alone would not show the overlap."""
    table = cut_lines(lines([(1, 0.5), (1, 1.5)]), pair)
    inside, sea = km((1, 0.5), (1, 1)), km((1, 1), (1, 1.5))
    assert table["code"].fillna("sea").tolist() == ["01202", "01203", "sea"]
    assert table["km"].tolist() == pytest.approx([inside / 2, inside / 2, sea], rel=1e-5)


def test_a_line_that_only_touches_is_not_there(pair) -> None:
    got = cut(lines([(-1, 0), (1, 2)], [(0.5, 0.5), (1, 0.5)]), pair)
    assert set(got) == {("L0", None), ("L1", "01202")}


@pytest.mark.parametrize("epsg", [4326, 4612, 6680, 32654])
@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_lengths_do_not_depend_on_the_crs(pair, epsg: int) -> None:
    line = lines([(0.5, 0.5), (1.5, 0.75)])
    moved = cut(line.to_crs(epsg), pair.to_crs(epsg))
    assert moved == {key: pytest.approx(value, rel=1e-5) for key, value in cut(line, pair).items()}


places = st.tuples(st.integers(-4, 12), st.integers(-4, 8)).map(lambda p: (p[0] / 4, p[1] / 4))
courses = st.lists(
    st.lists(places, min_size=2, max_size=6).filter(lambda c: len(set(c)) > 1),
    min_size=1,
    max_size=5,
)


@given(courses)
def test_lengths_add_up_to_those_of_the_lines(drawn) -> None:
    """Also where lines run along borders, cross themselves or leave the land."""
    towns = gpd.GeoDataFrame(
        geometry=[shapely.box(*at(x, 0), *at(x + 1, 1)) for x in (0, 1)],
        index=["a", "b"],
        crs="EPSG:6668",
    )
    frame = lines(*drawn)
    table = cut_lines(frame, towns)
    total = table.groupby("line")["km"].sum().reindex(frame.index)
    assert total.to_numpy() == pytest.approx([km(*course) for course in drawn], rel=1e-6)
    assert (table["km"] > 0).all()
    assert (table["shared_km"] <= table["km"] + 1e-9).all()


def test_classes_and_lengths_by_municipality(pair) -> None:
    frame = lines(
        [(0.25, 0.5), (0.75, 0.5)],
        [(0.5, 0.25), (1.5, 0.25)],
        kv=[275.0, 66.0],
    )
    grid = grid_by_municipality(pair, frame)
    assert grid.index.equals(pair.index)
    assert grid["km_275kv"].tolist() == pytest.approx([km((0.25, 0.5), (0.75, 0.5)), 0])
    assert grid["km_66kv"].tolist() == pytest.approx([km((0.5, 0.25), (1, 0.25))] * 2, rel=1e-6)
    assert grid["passes_275kv"].tolist() == [True, False]
    assert grid["passes_66kv"].tolist() == [True, True]
    assert grid["lowest_line_kv"].tolist() == [66, 66]
    assert not grid[["passes_187kv", "passes_110kv", "passes_33kv"]].any(axis=None)
    assert grid["main_substation"].isna().all()


def test_a_line_of_two_voltages_passes_in_both_classes_and_has_one_length(pair) -> None:
    frame = lines([(0.25, 0.5), (0.75, 0.5)], kv=[187.0], voltages=["187;66"])
    grid = grid_by_municipality(pair, frame).loc["01202"]
    assert grid["passes_187kv"]
    assert grid["passes_66kv"]
    assert grid["lowest_line_kv"] == 66
    assert grid["km_187kv"] == pytest.approx(km((0.25, 0.5), (0.75, 0.5)))
    assert grid["km_66kv"] == 0


def test_direct_current_and_distribution_are_no_access(pair) -> None:
    frame = lines([(0.25, 0.5), (0.75, 0.5)], [(1.25, 0.5), (1.75, 0.5)], kv=[250.0, 6.6])
    grid = grid_by_municipality(pair, frame, stations((0.1, 0.1), (1.9, 0.9), kv=[66.0, 66.0]))
    assert grid["passes_hvdc"].tolist() == [True, False]
    assert grid["passes_distribution"].tolist() == [False, True]
    assert grid["lowest_line_kv"].isna().all()
    assert has_transmission_line(grid).tolist() == [False, False]
    assert grid_access(grid).tolist() == [False, False]
    assert has_line_up_to(grid).tolist() == [False, False]
    wider = grid_by_municipality(pair, frame, distribution_kv=1.0)
    assert has_line_up_to(wider).tolist() == [False, True]


def test_unknown_voltages_stay_unknown(pair) -> None:
    frame = lines([(0.25, 0.5), (0.75, 0.5)], kv=[np.nan])
    with pytest.warns(LayerWarning, match=r"1 of 1 have no known voltage; their 5\.1 km stand"):
        grid = grid_by_municipality(pair, frame, stations((1.5, 0.5), kv=[np.nan]))
    assert grid["passes_unknown"].tolist() == [True, False]
    # A line is there, of whatever voltage; whether a substation is a main one is not known.
    assert grid_access(grid).tolist() == [True, pd.NA]
    assert has_line_up_to(grid).tolist() == [pd.NA, False]


def test_a_known_line_settles_what_an_unknown_one_leaves_open(pair) -> None:
    frame = lines([(0.2, 0.5), (0.8, 0.5)], [(0.2, 0.4), (0.8, 0.4)], kv=[33.0, np.nan])
    with pytest.warns(LayerWarning, match="no known voltage"):
        grid = grid_by_municipality(pair, frame)
    assert has_line_up_to(grid).tolist() == [True, False]
    assert has_line_up_to(grid, kv=22).tolist() == [pd.NA, False]


@pytest.mark.parametrize(("kv", "expected"), [(66, False), (100, False), (110, True), (275, True)])
def test_limit_of_the_line(pair, kv: float, expected: bool) -> None:
    grid = grid_by_municipality(pair, lines([(0.2, 0.5), (0.8, 0.5)], kv=[110.0]))
    assert has_line_up_to(grid, kv)["01202"] == expected


def test_substations_by_class_and_the_main_one(pair) -> None:
    where = stations((0.2, 0.2), (0.8, 0.8), (1.5, 0.5), kv=[187.0, 66.0, 66.0])
    far = lines([(0.2, 0.5), (0.8, 0.5)])
    grid = grid_by_municipality(pair, far, where)
    assert grid["substations"].tolist() == [2, 1]
    assert grid["substations_187kv"].tolist() == [1, 0]
    assert grid["substations_66kv"].tolist() == [1, 1]
    assert grid["main_substation"].tolist() == [True, False]
    assert grid_access(grid).tolist() == [True, False]
    lower = grid_by_municipality(pair, far, where, main_kv=66.0)
    assert lower["main_substation"].tolist() == [True, True]
    assert grid_access(lower).tolist() == [True, True]


def test_premises_count_where_a_point_inside_them_lies(pair) -> None:
    premises = stations((0, 0), kv=[187.0]).set_geometry(
        [shapely.box(*at(0.9, 0.4), *at(1.3, 0.6))]
    )
    grid = grid_by_municipality(pair, lines([(0.2, 0.5), (0.8, 0.5)]), premises)
    assert grid["substations"].tolist() == [0, 1]


def test_a_substation_on_a_border_counts_once(pair) -> None:
    grid = grid_by_municipality(pair, lines([(0.2, 0.5), (0.8, 0.5)]), stations((1, 0.5), kv=[66]))
    assert grid["substations"].tolist() == [1, 0]


def test_a_substation_beyond_the_coast_is_told_or_taken_in(pair) -> None:
    near = lines([(0.2, 0.5), (0.8, 0.5)])
    off = stations((-0.01, 0.5), kv=[66.0])
    with pytest.warns(LayerWarning, match=r"1 of 1 lie outside all municipalities.*\(S0\)"):
        assert grid_by_municipality(pair, near, off)["substations"].sum() == 0
    # A hundredth of an eighth of a degree of longitude at 43 N is 102 m.
    assert grid_by_municipality(pair, near, off, tolerance=110)["substations"].tolist() == [1, 0]


def test_what_is_outside_or_on_a_border_is_told(pair) -> None:
    frame = lines([(1, 0.25), (1, 0.75)], [(3, 0), (3, 1)])
    with pytest.warns(LayerWarning) as told:
        grid_by_municipality(pair, frame)
    messages = [str(each.message) for each in told]
    assert any("lines: 13.9 of 20.8 km (1 lines) lie outside" in message for message in messages)
    assert any("6.9 km run along borders" in m and "(L0)" in m for m in messages)


def test_lines_without_geometry_are_told(pair) -> None:
    frame = lines([(0.2, 0.5), (0.8, 0.5)], [(0.2, 0.4), (0.8, 0.4)])
    frame = frame.set_geometry([frame.geometry.iloc[0], None])
    with pytest.warns(LayerWarning, match=r"1 have no geometry or no length \(L1\)"):
        grid = grid_by_municipality(pair, frame)
    assert grid["km_66kv"].sum() == pytest.approx(km((0.2, 0.5), (0.8, 0.5)))


def test_no_line_at_all(pair) -> None:
    grid = grid_by_municipality(
        pair, lines([(0, 0), (1, 1)]).head(0), stations((1.5, 0.5), kv=[275])
    )
    assert not grid.filter(like="passes_").any(axis=None)
    assert grid_access(grid).tolist() == [False, True]
    assert has_line_up_to(grid).tolist() == [False, False]


def test_the_input_is_left_as_it_was(pair) -> None:
    frame, where = lines([(0.5, 0.5), (1.5, 0.5)]), stations((0.5, 0.5), kv=[66.0])
    before = frame.copy(), where.copy(), pair.copy()
    grid_by_municipality(pair, frame, where)
    for one, other in zip((frame, where, pair), before, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="kv"), r"lines: it has no column kv; it has voltage_class"),
        (lambda f: f.set_geometry(f.centroid), r"lines: 1 features are no LineString or Multi"),
        (lambda f: pd.concat([f, f]), r"lines: ids are given twice: L0"),
    ],
)
@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
def test_bad_lines(pair, change, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        grid_by_municipality(pair, change(lines([(0.2, 0.5), (0.8, 0.5)])))


def test_bad_municipalities_and_limits(pair) -> None:
    line = lines([(0.2, 0.5), (0.8, 0.5)])
    with pytest.raises(LayerError, match="municipalities: 2 features are no MultiPolygon"):
        grid_by_municipality(pair.set_geometry(pair.boundary), line)
    with pytest.raises(CRSError):
        grid_by_municipality(pair, line.set_crs(None, allow_override=True))
    with pytest.raises(LayerError, match=r"main_kv must be above distribution_kv.*got 5 and 7 kV"):
        grid_by_municipality(pair, line, main_kv=5)
    with pytest.raises(LayerError, match="substations: it has no column kv"):
        grid_by_municipality(pair, line, stations((0, 0), kv=[66.0]).drop(columns="kv"))


@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")
def test_real_lines_against_a_vector_overlay(real_data) -> None:
    """An overlay by geopandas, measured piece by piece, is the other route."""
    towns = read_municipalities(real_data("n03-2021-simplified/n03_hokkaido_2021.geojson"))
    frame = read_lines(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
    where = read_substations(real_data("osm-power/hokkaido_substations.geojson"))
    grid = grid_by_municipality(towns, frame, where)
    over = frame[["geometry"]].overlay(towns[["geometry"]].reset_index(), how="intersection")
    pieces = over.geometry.map(GRS80.geometry_length) / 1000
    expected = pieces.groupby(over["code"]).sum().reindex(towns.index, fill_value=0)
    total = grid[[f"km_{suffix}" for suffix in SUFFIXES.values()]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-5, abs=1e-6)
    whole = frame.geometry.map(GRS80.geometry_length).sum() / 1000
    assert cut_lines(frame, towns)["km"].sum() == pytest.approx(whole, rel=1e-9)
    assert grid["substations"].sum() <= len(where)
    assert (grid.filter(like="substations_").sum(axis=1) == grid["substations"]).all()
    # No 275 or 187 kV line reaches the islands.
    assert not grid.loc[["01367", "01517", "01519"], "passes_187kv"].any()
