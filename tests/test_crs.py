"""Coordinate reference systems: what moves, by how much, and what is told about it."""

from __future__ import annotations

import math
import re
import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from shapely.geometry import Point, Polygon, box

from hokkaido_gis.analysis.exclusions import Area, exclude_land
from hokkaido_gis.crs import (
    STORAGE_CRS,
    area_ha,
    geodesic_lengths,
    is_same_crs,
    local_metric_crs,
    lonlat,
    require_crs,
    to_storage_crs,
)
from hokkaido_gis.errors import CRSError, HokkaidoGisError, LayerWarning

SAPPORO = (141.35, 43.06)
# Semi-major axis [m] and flattening of GRS 80, from its definition.
A, F = 6_378_137.0, 1 / 298.257222101


def layer(*shapes: object, crs: object = "EPSG:6668") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": range(len(shapes))}, geometry=list(shapes), crs=crs)


def distance_m(one: Point, other: Point) -> float:
    return float(Geod(ellps="GRS80").inv(one.x, one.y, other.x, other.y)[2])


def quadrangle_ha(west: float, south: float, east: float, north: float) -> float:
    """Area between parallels and meridians, in closed form (Snyder 1987, equation 3-12)."""
    e2 = F * (2 - F)
    e = math.sqrt(e2)

    def authalic(lat: float) -> float:
        s = math.sin(math.radians(lat))
        return (1 - e2) * (s / (1 - e2 * s * s) + math.atanh(e * s) / e)

    width = math.radians(east - west)
    return A * A / 2 * width * (authalic(north) - authalic(south)) / 10_000


# --- datum --------------------------------------------------------------------------------------


def test_tokyo_datum_moves_sapporo_by_406_m() -> None:
    with pytest.warns(LayerWarning, match=r"^old map: moved by 406\.\d m from Tokyo to JGD2011"):
        moved = to_storage_crs(layer(Point(SAPPORO), crs="EPSG:4301"), "old map")
    assert distance_m(Point(SAPPORO), moved.geometry.iloc[0]) == pytest.approx(406.6, abs=1)
    assert moved.crs.to_epsg() == 6668


def test_tokyo_datum_moves_sapporo_north_west() -> None:
    with pytest.warns(LayerWarning, match="moved by"):
        moved = to_storage_crs(layer(Point(SAPPORO), crs="EPSG:4301"), "old map").geometry.iloc[0]
    assert moved.x < SAPPORO[0]
    assert moved.y > SAPPORO[1]


def test_datum_move_is_told_with_operation_and_accuracy() -> None:
    with pytest.warns(LayerWarning) as told:
        to_storage_crs(layer(Point(SAPPORO), crs="EPSG:4301"), "old map")
    (message,) = [str(warning.message) for warning in told]
    assert "Tokyo to JGD2000" in message
    assert re.search(r"accuracy \d+(\.\d+)? m\)\.$", message)


@pytest.mark.parametrize("code", [4301, 30172, 3092], ids=["degrees", "plane XII", "UTM 53"])
def test_no_null_transformation_in_any_crs_of_the_tokyo_datum(code: int) -> None:
    old = layer(Point(SAPPORO), crs="EPSG:4301").to_crs(code)
    with pytest.warns(LayerWarning, match=r"moved by 406\.\d m"):
        moved = to_storage_crs(old, "old map").geometry.iloc[0]
    assert distance_m(Point(SAPPORO), moved) == pytest.approx(406.6, abs=1)


@pytest.mark.parametrize("code", [4612, 2454], ids=["degrees", "plane XII"])
def test_jgd2000_is_told_though_nothing_moves(code: int) -> None:
    source = layer(Point(SAPPORO), crs="EPSG:4612").to_crs(code)
    with pytest.warns(LayerWarning, match=r"x: taken from JGD2000 to JGD2011 without a move"):
        moved = to_storage_crs(source, "x").geometry.iloc[0]
    assert distance_m(Point(SAPPORO), moved) < 0.01


@pytest.mark.parametrize("code", [6668, 4326, 6680, 6679, 32654, 6692, 3857])
def test_what_does_not_move_the_ground_is_not_told(code: int) -> None:
    source = layer(Point(SAPPORO)).to_crs(code)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moved = to_storage_crs(source, "x")
    assert moved.crs.to_epsg() == 6668
    assert distance_m(Point(SAPPORO), moved.geometry.iloc[0]) < 0.01


@pytest.mark.parametrize("code", [6680, 32654, 3857])
@settings(max_examples=20)
@given(places=st.lists(st.tuples(st.floats(139.3, 145.9), st.floats(41.3, 45.6)), min_size=1))
def test_projected_input_comes_back_within_a_centimetre(
    code: int, places: list[tuple[float, float]]
) -> None:
    source = layer(*map(Point, places))
    back = to_storage_crs(source.to_crs(code), "x")
    moved = geodesic_lengths(np.array(places), shapely.get_coordinates(back.geometry.to_numpy()))
    assert moved.max() < 0.01


def test_other_columns_index_and_input_stay() -> None:
    source = layer(Point(SAPPORO), Point(142, 44)).to_crs(6680).set_index("id")
    source["name"] = ["a", "b"]
    source = source.rename_geometry("shape")
    before = source.copy(deep=True)
    moved = to_storage_crs(source, "x")
    assert moved.columns.tolist() == ["shape", "name"]
    assert moved.geometry.name == "shape"
    assert moved["name"].tolist() == ["a", "b"]
    assert moved.index.equals(source.index)
    assert source.equals(before)
    assert source.crs.to_epsg() == 6680


def test_layer_already_in_storage_crs_is_a_copy() -> None:
    source = layer(Point(SAPPORO))
    result = to_storage_crs(source, "x")
    result.loc[0, "id"] = 99
    assert source["id"].tolist() == [0]


@pytest.mark.parametrize("code", [6668, 4326, 4301])
def test_layer_without_any_place_passes(code: int) -> None:
    moved = to_storage_crs(layer(None, Point(), crs=code), "x")
    assert moved.crs.to_epsg() == 6668
    assert moved.geometry.isna().tolist() == [True, False]
    assert moved.geometry.is_empty.tolist() == [False, True]


def test_the_operation_from_the_tokyo_datum_is_pinned() -> None:
    # EPSG:15483 after EPSG:1612: three shifts between Bessel's ellipsoid and GRS 80, 10 m; or the
    # grid of the Geospatial Information Authority where it is installed.
    with pytest.warns(LayerWarning) as told:
        moved = to_storage_crs(layer(Point(SAPPORO), crs="EPSG:4301"), "old map").geometry.iloc[0]
    (message,) = [str(warning.message) for warning in told]
    by_shifts = "Tokyo to JGD2000 (1) + JGD2000 to JGD2011 (2)" in message
    assert by_shifts == message.endswith("accuracy 10 m).")
    assert by_shifts or "Tokyo to JGD2011" in message
    assert distance_m(moved, Point(by_three_shifts(*SAPPORO))) < (0.01 if by_shifts else 10)


def by_three_shifts(lon: float, lat: float) -> tuple[float, float]:
    """Tokyo datum to JGD2000 by geocentric translation, with nothing of PROJ's choosing."""
    bessel_a, bessel_f = 6_377_397.155, 1 / 299.1528128
    e2 = bessel_f * (2 - bessel_f)
    lam, phi = math.radians(lon), math.radians(lat)
    n = bessel_a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    x = n * math.cos(phi) * math.cos(lam) - 146.414
    y = n * math.cos(phi) * math.sin(lam) + 507.337
    z = n * (1 - e2) * math.sin(phi) + 680.507
    e2 = F * (2 - F)
    across = math.hypot(x, y)
    phi = math.atan2(z, across * (1 - e2))
    for _ in range(10):
        n = A / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + e2 * n * math.sin(phi), across)
    return math.degrees(math.atan2(y, x)), math.degrees(phi)


def test_an_operation_without_a_choice_is_told_too() -> None:
    bound = "+proj=longlat +ellps=bessel +towgs84=-146.414,507.337,680.507 +type=crs"
    with pytest.warns(LayerWarning, match=r"moved by 406\.\d m .*accuracy .+\)\.$"):
        moved = to_storage_crs(layer(Point(SAPPORO), crs=bound), "x").geometry.iloc[0]
    assert distance_m(moved, Point(by_three_shifts(*SAPPORO))) < 2


def test_jgd2000_is_told_with_operation_and_accuracy() -> None:
    with pytest.warns(LayerWarning, match=r"JGD2000 to JGD2011 \(\d\).*accuracy [\d.]+ m\)"):
        to_storage_crs(layer(Point(SAPPORO), crs="EPSG:4612"), "x")


@pytest.mark.parametrize("code", [4301, 30172])
def test_the_way_there_and_back_over_the_local_plane_is_no_null_transformation(code: int) -> None:
    old = layer(Point(SAPPORO), Point(142, 44), crs="EPSG:4301").to_crs(code)
    plane = local_metric_crs(old)
    with pytest.warns(LayerWarning, match="moved by"):
        true = to_storage_crs(old, "old map").to_crs(plane)
    back, there = true.to_crs(code), old.to_crs(plane)
    apart = shapely.distance(back.geometry.to_numpy(), old.geometry.to_numpy())
    assert apart.max() < (1e-5 if code == 4301 else 1)  # degrees, or metres
    assert shapely.distance(there.geometry.to_numpy(), true.geometry.to_numpy()).max() < 1


def test_land_left_of_a_layer_in_the_tokyo_datum_stays_in_it() -> None:
    land = layer(box(141.3, 43.0, 141.4, 43.1), crs="EPSG:4301")
    pond = layer(box(141.3, 43.0, 141.35, 43.05), crs="EPSG:4301")
    with pytest.warns(LayerWarning, match="moved by"):
        left = exclude_land(land, [Area("pond", pond)]).land.geometry.iloc[0]
    expected = land.geometry.iloc[0].difference(pond.geometry.iloc[0])
    assert left.symmetric_difference(expected).area < 1e-3 * expected.area


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "looks"), [((141, 43), "longitude and latitude"), ((5e5, 4.7e6), "metres of some")]
)
def test_no_crs_is_never_guessed(point: tuple[float, float], looks: str) -> None:
    expected = rf"^ports: it has no CRS \(no \.prj file\?\)\..*looks like {looks}.*EPSG:4301"
    with pytest.raises(CRSError, match=expected):
        to_storage_crs(layer(Point(point), crs=None), "ports")


def test_require_crs_gives_the_crs_or_raises() -> None:
    assert require_crs(layer(Point(SAPPORO)), "x") == CRS.from_epsg(6668)
    with pytest.raises(CRSError, match="x: it has no CRS"):
        require_crs(layer(Point(SAPPORO), crs=None), "x")


@pytest.mark.parametrize(
    "crs",
    ['LOCAL_CS["site grid",UNIT["metre",1]]', "EPSG:27700"],
    ids=["engineering", "British National Grid"],
)
def test_crs_that_does_not_lead_to_japan(crs: str) -> None:
    expected = r"no operation of known accuracy leads from its CRS \("
    shapes = layer(Point(100, 100).buffer(1), crs=crs)
    for move in (lambda: to_storage_crs(shapes, "x"), lambda: area_ha(shapes)):
        with pytest.raises(CRSError, match=expected):
            move()
    with pytest.raises(CRSError, match=expected):
        local_metric_crs(shapes)


def test_coordinates_outside_their_projection() -> None:
    with pytest.raises(CRSError, match="WGS 84 / UTM zone 54N"):
        to_storage_crs(layer(Point(1e12, 43), crs="EPSG:32654"), "x")


@pytest.mark.parametrize("code", [6668, 4326, 4612, 4301])
def test_metres_that_pass_for_degrees(code: int) -> None:
    expected = r"x: its CRS \(.+\) is in degrees, but its coordinates run from 500000, .*metres"
    with pytest.raises(CRSError, match=expected):
        to_storage_crs(layer(Point(500_000, 4_700_000), crs=code), "x")


def test_crs_error_is_an_error_of_the_input() -> None:
    assert issubclass(CRSError, HokkaidoGisError)


# --- which CRS is which -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["JGD2024", "anything"])
def test_crs_are_compared_by_code_not_by_name(name: str) -> None:
    renamed = CRS.from_wkt(STORAGE_CRS.to_wkt().replace('"JGD2011"', f'"{name}"'))
    assert renamed.name == name
    assert is_same_crs(renamed, STORAGE_CRS)


def test_equal_names_make_no_equal_crs() -> None:
    tokyo = CRS.from_wkt(CRS.from_epsg(4301).to_wkt().replace('"Tokyo"', '"JGD2011"'))
    assert tokyo.name == STORAGE_CRS.name
    assert not is_same_crs(tokyo, STORAGE_CRS)


def test_crs_without_a_code_is_the_same_as_none() -> None:
    own = CRS.from_proj4("+proj=laea +lon_0=143 +lat_0=43 +ellps=GRS80")
    assert not is_same_crs(own, own)


# --- lengths and areas --------------------------------------------------------------------------


def test_one_degree_of_latitude() -> None:
    # Helmert's series for the meridian at 43.5 degrees: 111 132.95 - 559.85 cos 2φ + 1.17 cos 4φ.
    length = geodesic_lengths(np.array([[141.0, 43.0]]), np.array([[141.0, 44.0]]))
    assert length[0] == pytest.approx(111_102.49, abs=0.05)


def test_one_degree_of_the_equator_is_a_360th_of_its_circle() -> None:
    length = geodesic_lengths(np.array([[141.0, 0.0]]), np.array([[142.0, 0.0]]))
    assert length[0] == pytest.approx(2 * math.pi * A / 360, abs=1e-6)


@given(
    ends=st.tuples(
        st.tuples(st.floats(139, 146), st.floats(41, 46)),
        st.tuples(st.floats(139, 146), st.floats(41, 46)),
    )
)
def test_length_does_not_depend_on_direction(ends: tuple[tuple[float, float], ...]) -> None:
    one, other = (np.array([end]) for end in ends)
    assert geodesic_lengths(one, other) == pytest.approx(geodesic_lengths(other, one), abs=1e-6)


def test_lengths_of_no_segments() -> None:
    assert geodesic_lengths(np.empty((0, 2)), np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("bounds", [(141, 43, 142, 44), (139.5, 41.25, 145.75, 45.5)])
def test_area_of_a_quadrangle_in_closed_form(bounds: tuple[float, float, float, float]) -> None:
    # With a vertex every 1/100 degree its sides follow the parallels of the formula.
    shape = shapely.segmentize(box(*bounds), 0.01)
    assert area_ha(layer(shape))[0] == pytest.approx(quadrangle_ha(*bounds), rel=1e-7)


OUTER = [(141, 43), (142, 43), (142, 44), (141, 44)]
INNER = [(141.25, 43.25), (141.75, 43.25), (141.75, 43.75), (141.25, 43.75)]


@pytest.mark.parametrize("outer", [OUTER, OUTER[::-1]], ids=["outer left", "outer right"])
@pytest.mark.parametrize("inner", [INNER, INNER[::-1]], ids=["inner left", "inner right"])
def test_holes_are_left_out_whatever_way_their_ring_runs(
    outer: list[tuple[float, float]], inner: list[tuple[float, float]]
) -> None:
    whole, hole = area_ha(layer(Polygon(outer), Polygon(inner)))
    assert area_ha(layer(Polygon(outer, [inner])))[0] == pytest.approx(whole - hole)


def test_parts_add_up_whatever_way_their_rings_run() -> None:
    east = [(x + 2, y) for x, y in reversed(OUTER)]
    parts = shapely.MultiPolygon([Polygon(OUTER), Polygon(east)])
    assert area_ha(layer(parts))[0] == pytest.approx(2 * area_ha(layer(Polygon(OUTER)))[0])


def test_areas_keep_the_order_of_the_layer_and_do_not_depend_on_its_crs() -> None:
    shapes = layer(box(141, 43, 141.5, 43.5), box(141, 43, 141.1, 43.1))
    big, small = area_ha(shapes)
    assert big > 20 * small
    assert area_ha(shapes.to_crs(6680)) == pytest.approx([big, small], rel=1e-9)


def test_local_metric_crs_measures_metres_about_its_centre() -> None:
    shapes = layer(box(141, 43, 142, 44))
    crs = local_metric_crs(shapes)
    centre, north = layer(Point(141.5, 43.5), Point(141.5, 43.51)).to_crs(crs).geometry
    assert (centre.x, centre.y) == pytest.approx((0, 0), abs=1e-6)
    truth = distance_m(Point(141.5, 43.5), Point(141.5, 43.51))
    assert centre.distance(north) == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize("code", [6680, 30172, 3857])
def test_lonlat_stays_in_its_own_datum(code: int) -> None:
    crs = CRS.from_epsg(code)
    native = layer(Point(SAPPORO), crs=crs.geodetic_crs).to_crs(crs).geometry.iloc[0]
    assert lonlat(crs, np.array([[native.x, native.y]])) == pytest.approx(
        np.array([SAPPORO]), abs=1e-8
    )


def test_lonlat_of_degrees_is_what_it_was() -> None:
    xy = np.array([SAPPORO])
    assert lonlat(STORAGE_CRS, xy) is xy
