"""Which station stands for a municipality or a site: by hand, and against brute force."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Point, Polygon, box

from hokkaido_gis.analysis.stations import mean_of_stations, nearest_station, station_of
from hokkaido_gis.errors import CRSError, LayerError, LayerWarning
from hokkaido_gis.readers.climate import monthly, read_normals
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.readers.stations import read_stations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GEOD = Geod(ellps="GRS80")


def points(**places: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        index=pd.Index(list(places), name="station_id"),
        geometry=[Point(place) for place in places.values()],
        crs="EPSG:6668",
    )


@pytest.fixture
def municipalities() -> gpd.GeoDataFrame:
    """Three squares in a row, of half a degree."""
    return gpd.GeoDataFrame(
        {"name": ["函館市", "小樽市", "旭川市"]},
        index=pd.Index(["01202", "01203", "01204"], name="code"),
        geometry=[box(141 + i / 2, 43, 141.5 + i / 2, 43.5) for i in range(3)],
        crs="EPSG:6668",
    )


@pytest.fixture
def stations() -> gpd.GeoDataFrame:
    """Two stations in the first square, one in the second, none in the third, one far off."""
    return points(s1=(141.2, 43.2), s2=(141.3, 43.2), s3=(141.75, 43.25), s4=(145, 43))


# --- by hand --------------------------------------------------------------------------------------


def test_rules_of_the_report(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> None:
    chosen = station_of(municipalities, stations)
    assert chosen.index.equals(municipalities.index)
    assert chosen["station_ids"].tolist() == ["s1;s2", "s3", "s3"]
    assert chosen["rule"].tolist() == ["mean of own", "own", "nearest"]
    third = municipalities.geometry.iloc[2].point_on_surface()
    by_hand = GEOD.inv(third.x, third.y, 141.75, 43.25)[2] / 1000
    assert chosen["distance_km"].iloc[2] == pytest.approx(by_hand, rel=1e-12)
    assert (chosen["distance_km"] < 50).all()


def test_values_by_the_rules(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> None:
    values = pd.DataFrame({"m01": [-4.0, -8, -5, 0], "m02": [1, np.nan, 3, 0]}, stations.index)
    means = mean_of_stations(station_of(municipalities, stations), values)
    assert means.index.equals(municipalities.index)
    np.testing.assert_array_equal(means["m01"], [-6, -5, -5])
    np.testing.assert_array_equal(means["m02"], [np.nan, 3, 3])


def test_values_that_lack_a_station_are_refused(
    municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame
) -> None:
    chosen = station_of(municipalities, stations)
    values = pd.DataFrame({"m01": [1.0]}, ["s3"])
    with pytest.raises(LayerError, match=r"2 stations chosen have no row in the values \(s1, s2\)"):
        mean_of_stations(chosen, values)


def test_station_on_a_border_is_of_both(municipalities: gpd.GeoDataFrame) -> None:
    chosen = station_of(municipalities, points(s1=(141.5, 43.25)))
    assert chosen["rule"].tolist() == ["own", "own", "nearest"]


def test_station_off_the_coast(municipalities: gpd.GeoDataFrame) -> None:
    stations = points(cape=(141.75, 43.502), inland=(141.75, 43.25), sea=(141.75, 44))
    with pytest.warns(LayerWarning, match=r"1 lie outside .* within 1 km of one .*\(cape\)"):
        chosen = station_of(municipalities, stations)
    assert chosen["station_ids"].iloc[1] == "inland"
    chosen = station_of(municipalities, stations, tolerance=300)
    assert chosen["station_ids"].iloc[1] == "cape;inland"
    assert chosen["rule"].iloc[1] == "mean of own"


def test_municipality_without_a_shape_has_no_station(
    municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame
) -> None:
    municipalities.loc["01203", "geometry"] = Polygon()
    chosen = station_of(municipalities, stations)
    assert chosen.loc["01203"].isna().all()
    assert chosen.loc["01202", "station_ids"] == "s1;s2"
    values = pd.DataFrame({"m01": [-4.0, -8, -5, 0]}, stations.index)
    assert mean_of_stations(chosen, values)["m01"].isna().tolist() == [False, True, False]


def test_all_have_their_own(municipalities: gpd.GeoDataFrame) -> None:
    own = {f"s{i}": (141.25 + i / 2, 43.25) for i in range(3)}
    assert station_of(municipalities, points(**own))["rule"].tolist() == ["own"] * 3


def test_nearest_on_the_ellipsoid() -> None:
    sites = gpd.GeoDataFrame(
        index=["a", "b"], geometry=[Point(141, 43), box(142, 43, 143, 44)], crs="EPSG:6668"
    )
    found = nearest_station(sites, points(s1=(141.1, 43), s2=(142.5, 44.1)))
    assert found.index.tolist() == ["a", "b"]
    assert found["station_id"].tolist() == ["s1", "s2"]
    assert found["distance_km"].iloc[0] == pytest.approx(GEOD.inv(141, 43, 141.1, 43)[2] / 1000)


def test_degrees_of_longitude_are_shorter() -> None:
    """0.1 degree to the east is 8.2 km at 43 degrees north, 0.08 to the north 8.9 km."""
    sites = points(site=(141, 43))
    found = nearest_station(sites, points(north=(141, 43.08), east=(141.1, 43)))
    assert found["station_id"].tolist() == ["east"]


def test_equally_near_the_first_in_order() -> None:
    found = nearest_station(points(x=(141, 43)), points(east=(141.1, 43), west=(140.9, 43)))
    assert found["station_id"].tolist() == ["east"]


def test_site_without_a_shape_has_no_station(stations: gpd.GeoDataFrame) -> None:
    sites = gpd.GeoDataFrame(geometry=[Point(), None, Point(141, 43)], crs="EPSG:6668")
    found = nearest_station(sites, stations)
    assert found["station_id"].isna().tolist() == [True, True, False]
    assert found["distance_km"].isna().tolist() == [True, True, False]


def test_layers_in_other_crs(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> None:
    expected = station_of(municipalities, stations)
    found = station_of(municipalities.to_crs("EPSG:6680"), stations.to_crs("EPSG:6679"))
    pd.testing.assert_frame_equal(found[["station_ids", "rule"]], expected[["station_ids", "rule"]])


def test_inputs_stay_as_they_are(
    municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame
) -> None:
    before = municipalities.copy(), stations.copy()
    station_of(municipalities, stations)
    nearest_station(municipalities, stations)
    pd.testing.assert_frame_equal(municipalities, before[0])
    pd.testing.assert_frame_equal(stations, before[1])


# --- wrong input ----------------------------------------------------------------------------------


def test_no_station(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> None:
    with pytest.raises(LayerError, match="no station with a place"):
        station_of(municipalities, stations.iloc[:0])
    with pytest.raises(LayerError, match="no station with a place"):
        nearest_station(municipalities, stations.iloc[:0])


def test_faults_of_stations_are_listed_at_once(municipalities: gpd.GeoDataFrame) -> None:
    stations = gpd.GeoDataFrame(
        index=["a", "a"], geometry=[Point(141, 43), box(141, 43, 142, 44)], crs="EPSG:6668"
    )
    with pytest.raises(LayerError) as caught:
        nearest_station(municipalities, stations)
    assert caught.value.faults == ("ids are given twice: a.", "stations must be points.")


def test_layers_without_crs(municipalities: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> None:
    with pytest.raises(CRSError, match=r"^stations: it has no CRS"):
        station_of(municipalities, stations.set_crs(None, allow_override=True))
    with pytest.raises(CRSError, match=r"^sites: it has no CRS"):
        nearest_station(municipalities.set_crs(None, allow_override=True), stations)


# --- another route, and real extracts -------------------------------------------------------------


def test_nearest_as_by_brute_force() -> None:
    random = np.random.default_rng(1)
    there = random.uniform((140, 41.5), (145.5, 45.5), (225, 2))
    sites = random.uniform((139.5, 41.3), (146, 45.6), (400, 2))
    stations = points(**{f"s{i}": tuple(xy) for i, xy in enumerate(there)})
    found = nearest_station(
        gpd.GeoDataFrame(geometry=list(shapely.points(sites)), crs="EPSG:6668"), stations
    )
    metres = np.array(
        [GEOD.inv(np.full(225, x), np.full(225, y), there[:, 0], there[:, 1])[2] for x, y in sites]
    )
    assert found["station_id"].tolist() == [f"s{i}" for i in metres.argmin(axis=1)]
    np.testing.assert_allclose(found["distance_km"], metres.min(axis=1) / 1000, rtol=1e-12)


def test_stations_of_the_179(real_data: Callable[[str], Path]) -> None:
    municipalities = read_municipalities(real_data("n03-2021-simplified/n03_hokkaido_2021.geojson"))
    stations = read_stations(real_data("amedas/hokkaido_amedas_stations.csv"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        normals = read_normals(real_data("amedas/hokkaido_climate_normals_1991_2020.csv"))
    temperatures = monthly(normals, "temperature")
    with pytest.warns(LayerWarning, match="2 lie outside all municipalities but within 1 km"):
        every = station_of(municipalities, stations)
    assert every["rule"].value_counts().to_dict() == {"own": 100, "mean of own": 49, "nearest": 30}
    chosen = station_of(municipalities, stations.loc[temperatures.index], tolerance=300)
    assert chosen["rule"].value_counts().to_dict() == {"own": 102, "nearest": 47, "mean of own": 30}
    assert mean_of_stations(chosen, temperatures).notna().all(axis=None)
