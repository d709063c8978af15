"""Distances to one point."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_series_equal

from hokkaido_gis.analysis.proximity import distance_to_point
from hokkaido_gis.errors import CRSError

SAPPORO, ASAHIKAWA = (141.35439, 43.06208), (142.36489, 43.77063)


def places(*points: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shapely.Point(p) for p in points], crs="EPSG:6668")


def test_a_degree_of_the_equator() -> None:
    """2 pi a / 360 with a = 6,378,137 m."""
    assert distance_to_point(places((1, 0)), (0, 0)).item() == pytest.approx(111.319491, abs=1e-6)


def test_a_quarter_of_a_meridian() -> None:
    """10,001.966 km on GRS 80 (Moritz 2000)."""
    assert distance_to_point(places((0, 90)), (0, 0)).item() == pytest.approx(10001.96573, abs=1e-4)


def test_series_on_the_index_in_kilometres() -> None:
    towns = places(ASAHIKAWA, SAPPORO).set_axis(pd.Index(["01204", "01100"], name="code"))
    distance = distance_to_point(towns, SAPPORO)
    assert distance.name == "distance_km"
    assert distance.index.equals(towns.index)
    assert distance["01100"] == 0
    assert distance["01204"] == pytest.approx(113.8, abs=0.5)


@pytest.mark.parametrize("epsg", [6680, 3857, 4612])
def test_distance_does_not_depend_on_the_plane(epsg: int) -> None:
    towns = places(ASAHIKAWA)
    assert_series_equal(
        distance_to_point(towns.to_crs(epsg), SAPPORO), distance_to_point(towns, SAPPORO), rtol=1e-9
    )


def test_polygons_are_measured_to_a_point_inside() -> None:
    """Of a horseshoe the centroid would lie outside."""
    horseshoe = shapely.Polygon(
        [(140, 42), (143, 42), (143, 45), (140, 45), (140, 44.8), (142.8, 44.8), (142.8, 42.2),
         (140, 42.2)]
    )  # fmt: skip
    frame = gpd.GeoDataFrame(geometry=[horseshoe], crs="EPSG:6668")
    inside = horseshoe.point_on_surface()
    assert horseshoe.contains(inside)
    assert distance_to_point(frame, (inside.x, inside.y)).item() == 0


def test_missing_and_empty_geometries_have_no_distance() -> None:
    frame = gpd.GeoDataFrame(
        geometry=[None, shapely.Polygon(), shapely.Point(SAPPORO)], crs="EPSG:6668"
    )
    assert distance_to_point(frame, SAPPORO).isna().tolist() == [True, True, False]


def test_no_crs() -> None:
    with pytest.raises(CRSError, match="features: it has no CRS"):
        distance_to_point(places(SAPPORO).set_crs(None, allow_override=True), SAPPORO)
