"""Exclusions of land: worked by hand, conserved in total, circles true on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio import Affine
from shapely.geometry import LineString, Point, Polygon, box

from hokkaido_gis import sample_data
from hokkaido_gis.analysis.exclusions import Area, CellsAbove, SmallParts, exclude_land
from hokkaido_gis.crs import GRS80, area_ha
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, ModelInputError
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.readers.settlements import read_settlements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hokkaido_gis.analysis.exclusions import Exclusion, LandLeft

ZONE = "EPSG:6680"


class Cells(NamedTuple):
    """A raster as the exclusions ask for it."""

    array: Any
    transform: Affine
    crs: CRS


def layer(*shapes: Any, crs: str = ZONE) -> gpd.GeoDataFrame:
    names = [f"site {i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"name": names}, geometry=list(shapes), index=names, crs=crs)


# Two farms of 4 and 1 ha, side by side and apart from each other.
LAND = layer(box(0, 0, 200, 200), box(300, 0, 400, 100))
WEST = Area("west", layer(box(-50, -50, 100, 250)))
SOUTH = Area("south", layer(box(-50, -50, 500, 50)))


def assert_conserved(found: LandLeft, land: gpd.GeoDataFrame) -> None:
    """What is removed in order and what is left add up, over all and feature by feature."""
    shapes = land.geometry.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    total = area_ha(land[known]).sum()
    left = found.land["left_ha"].sum()
    assert found.summary["in_order_ha"].sum() + left == pytest.approx(total, rel=1e-6, abs=1e-9)
    rows = found.removed_ha.sum(axis=1) + found.land["left_ha"].fillna(0)
    np.testing.assert_allclose(rows, found.land["area_ha"].fillna(0), rtol=1e-6, atol=1e-9)
    if len(found.summary):
        assert found.summary["left_ha"].iloc[-1] == pytest.approx(left, rel=1e-6, abs=1e-6)


# --- worked by hand -------------------------------------------------------------------------------


def test_alone_and_in_order() -> None:
    found = exclude_land(LAND, [WEST, SOUTH])
    # West takes half of the first farm; south a quarter of it and half of the second.
    np.testing.assert_allclose(found.summary["alone_ha"], [2.0, 1.0 + 0.5], rtol=1e-3)
    np.testing.assert_allclose(found.summary["in_order_ha"], [2.0, 0.5 + 0.5], rtol=1e-3)
    np.testing.assert_allclose(found.summary["left_ha"], [3.0, 2.0], rtol=1e-3)
    np.testing.assert_allclose(found.removed_ha, [[2, 0.5], [0, 0.5]], rtol=1e-3)
    np.testing.assert_allclose(found.land["left_ha"], [1.5, 0.5], rtol=1e-3)
    assert_conserved(found, LAND)


def test_order_changes_who_removes_not_what_is_left() -> None:
    one, other = exclude_land(LAND, [WEST, SOUTH]), exclude_land(LAND, [SOUTH, WEST])
    np.testing.assert_allclose(one.land["left_ha"], other.land["left_ha"])
    assert one.summary.loc["south", "in_order_ha"] < other.summary.loc["south", "in_order_ha"]
    assert one.summary.loc["south", "alone_ha"] == other.summary.loc["south", "alone_ha"]


def test_inverted() -> None:
    outside = Area("outside", WEST.layer, invert=True)
    np.testing.assert_allclose(exclude_land(LAND, [outside]).land["left_ha"], [2, 0], rtol=1e-3)
    both = exclude_land(LAND, [WEST, outside])
    np.testing.assert_allclose(both.land["left_ha"], 0, atol=1e-9)
    assert both.land.geometry.is_empty.all()


def test_nothing_is_excluded() -> None:
    for exclusions in ([], [Area("far", layer(box(9000, 0, 9100, 100)))]):
        found = exclude_land(LAND, exclusions)
        np.testing.assert_allclose(found.land["left_ha"], area_ha(LAND), rtol=1e-9)
        assert found.land.geometry.tolist() == LAND.geometry.tolist()


def test_what_only_touches_removes_nothing() -> None:
    found = exclude_land(LAND, [Area("beside", layer(box(200, 0, 300, 200)))])
    assert found.summary.loc["beside", "in_order_ha"] == pytest.approx(0, abs=1e-6)
    assert found.land["left_ha"].sum() == pytest.approx(5, rel=1e-3)


def test_small_parts() -> None:
    road = Area("road", layer(LineString([(150, -100), (150, 300)])), buffer_m=10)
    found = exclude_land(LAND, [road, SmallParts("below 1.5 ha", 1.5)])
    # 20 m of 200 m go to the road; of the parts of 2.8 and 0.8 ha the second goes, and farm two.
    np.testing.assert_allclose(found.removed_ha["road"], [0.4, 0], rtol=2e-3, atol=1e-9)
    np.testing.assert_allclose(found.removed_ha["below 1.5 ha"], [0.8, 1.0], rtol=2e-3)
    np.testing.assert_allclose(found.land["left_ha"], [2.8, 0], rtol=2e-3)
    assert found.summary.loc["below 1.5 ha", "alone_ha"] == pytest.approx(1.0, rel=2e-3)
    assert_conserved(found, LAND)


def test_cells_of_a_raster_to_their_edges() -> None:
    slope = Cells(
        np.array([[5.0, 20], [30, 8]]), Affine(150, 0, -50, 0, -150, 250), CRS.from_epsg(6680)
    )
    land = layer(box(0, 0, 200, 200))
    found = exclude_land(land, [CellsAbove("steep", slope, 15.0)])
    # Of the farm, 100 x 100 m lie in each cell.
    assert found.land["left_ha"].tolist() == pytest.approx([2.0], rel=1e-3)
    flat = exclude_land(land, [CellsAbove("flat", slope, 15.0, invert=True)])
    assert flat.summary.loc["flat", "alone_ha"] == pytest.approx(found.land["left_ha"].sum())
    assert_conserved(found, land)


def test_land_that_a_raster_does_not_know_stays_and_is_told() -> None:
    slope = Cells(np.array([[50.0, np.nan]]), Affine(100, 0, 0, 0, -200, 200), CRS.from_epsg(6680))
    with pytest.warns(LayerWarning, match="steep: 2 of 2 features lie in whole or in part") as told:
        found = exclude_land(LAND, [CellsAbove("steep", slope, 15.0)])
    assert len(told) == 1
    np.testing.assert_allclose(found.land["left_ha"], [2, 1], rtol=1e-3)


# --- circles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lonlat", [(139.5, 42.1), (142.0, 43.5), (145.6, 44.3)])
@pytest.mark.parametrize("buffer_m", [200.0, 1000.0])
def test_buffers_are_circles_on_the_ground(lonlat: tuple[float, float], buffer_m: float) -> None:
    lon, lat = lonlat
    land = layer(box(lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03), crs="EPSG:6668")
    house = Area("houses", layer(Point(lon, lat), crs="EPSG:6668"), buffer_m=buffer_m)
    found = exclude_land(land, [house])
    hole = np.array(found.land.geometry.iloc[0].interiors[0].coords)
    starts = np.broadcast_to([lon, lat], hole.shape)
    distances = GRS80.inv(*starts.T, *hole.T)[2]
    np.testing.assert_allclose(distances, buffer_m, rtol=1e-3)
    circle = np.pi * buffer_m**2 / 10_000
    assert found.summary.loc["houses", "alone_ha"] == pytest.approx(circle, rel=1e-3)


def test_circles_where_the_land_covers_the_island() -> None:
    land = layer(box(140.0, 41.5, 145.5, 45.5), crs="EPSG:6668")
    houses = layer(*[Point(x, y) for x in (140.3, 145.2) for y in (41.8, 45.2)], crs="EPSG:6668")
    found = exclude_land(land, [Area("houses", houses, buffer_m=500)])
    expected = 4 * np.pi * 500**2 / 10_000
    assert found.summary.loc["houses", "in_order_ha"] == pytest.approx(expected, rel=1e-3)
    for hole in found.land.geometry.iloc[0].interiors:
        ring = np.array(hole.coords)
        near = np.array([[p.x, p.y] for p in houses.geometry])
        far = [GRS80.inv(*np.broadcast_to(p, ring.shape).T, *ring.T)[2] for p in near]
        np.testing.assert_allclose(np.min(far, axis=0), 500, rtol=2e-3)


# --- totals ---------------------------------------------------------------------------------------

corner = st.tuples(st.floats(-100, 400), st.floats(-100, 200))


@settings(max_examples=25)
@given(
    places=st.lists(st.tuples(corner, st.floats(1, 200)), min_size=1, max_size=4),
    buffer_m=st.floats(0, 80),
    least=st.floats(0.01, 3),
    invert=st.booleans(),
)
def test_conservation(
    places: list[tuple[tuple[float, float], float]], buffer_m: float, least: float, invert: bool
) -> None:
    zones = layer(*[box(x, y, x + side, y + side / 2) for (x, y), side in places])
    exclusions: Sequence[Exclusion] = [
        WEST, Area("zones", zones, buffer_m=buffer_m, invert=invert), SmallParts("small", least),
    ]  # fmt: skip
    assert_conserved(exclude_land(LAND, exclusions), LAND)


def test_sample() -> None:
    settlements = read_settlements(sample_data() / "settlements.fgb").iloc[:40]
    parks = gpd.read_file(sample_data() / "protected_areas.geojson")
    band = open_band(sample_data() / "slope.tif")
    west, south, east, north = settlements.total_bounds
    slope = band.read((west - 0.02, south - 0.02, east + 0.02, north + 0.02))
    houses = gpd.GeoDataFrame(geometry=settlements.geometry.representative_point())
    exclusions: Sequence[Exclusion] = [
        CellsAbove("slope above 5", slope, 5.0),
        Area("protected", parks),
        Area("houses", houses, buffer_m=500),
        SmallParts("below 2 ha", 2.0),
    ]
    found = exclude_land(settlements, exclusions)
    assert_conserved(found, settlements)
    assert found.land.index.equals(settlements.index)
    assert found.land.crs == settlements.crs
    again = area_ha(found.land)
    np.testing.assert_allclose(again, found.land["left_ha"], rtol=1e-6, atol=1e-6)
    assert (shapely.is_valid(found.land.geometry.to_numpy())).all()


# --- input ----------------------------------------------------------------------------------------


def test_missing_and_empty_land_stays_and_input_is_untouched() -> None:
    land = layer(box(0, 0, 200, 200), None, Polygon())
    before = land.copy()
    found = exclude_land(land, [WEST, SmallParts("small", 0.5)])
    pd.testing.assert_frame_equal(land, before)
    assert found.land["left_ha"].isna().tolist() == [False, True, False]
    assert found.land["left_ha"].tolist()[::2] == pytest.approx([2, 0], rel=1e-3)
    assert found.land.geometry.iloc[1] is None
    assert_conserved(found, land)


@pytest.mark.parametrize(
    ("exclusions", "message"),
    [
        ([WEST, WEST], "'west' is given twice"),
        ([Area("near", WEST.layer, buffer_m=-5)], "near: buffer must be 0 to 100,000 m; got -5"),
        ([Area("near", WEST.layer, buffer_m=5e5)], "got 500000"),
        ([SmallParts("small", 0)], "small: least area must be above 0"),
        ([SmallParts("small", 2e6)], "Is it in square metres"),
    ],
)
def test_exclusions_that_make_no_sense(exclusions: list[Exclusion], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        exclude_land(LAND, exclusions)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Point(0, 0), "1 rows are no valid polygons .site 1."),
        (Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), "Repair them with make_valid"),
    ],
)
def test_land_that_is_no_land(shape: Any, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        exclude_land(layer(box(0, 0, 9, 9), shape), [WEST])


def test_no_land_at_all() -> None:
    with pytest.raises(LayerError, match="land: it holds no polygon"):
        exclude_land(layer(Polygon()), [WEST])


def test_layers_without_crs() -> None:
    bare = gpd.GeoDataFrame(geometry=[box(0, 0, 9, 9)])
    with pytest.raises(CRSError, match="parks: it has no CRS"):
        exclude_land(LAND, [Area("parks", bare)])
    with pytest.raises(CRSError, match="land: it has no CRS"):
        exclude_land(bare, [WEST])
