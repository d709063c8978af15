"""Irradiation from clear skies and sunshine: limits by hand, pvlib day by day, real places."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pvlib
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from shapely.geometry import Point, box

from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, ModelInputError
from hokkaido_gis.potential import clear_sky
from hokkaido_gis.potential.clear_sky import CLOUDED, clear_sky_irradiation, optimal_tilt
from hokkaido_gis.potential.solar_yield import DAYS, MONTHS, specific_yield
from hokkaido_gis.readers.climate import monthly, read_irradiation, read_normals
from hokkaido_gis.readers.stations import read_stations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ABASHIRI, SHIRANUKA = "17341", "19416"


@pytest.fixture(scope="module")
def sites() -> gpd.GeoDataFrame:
    """Two places on the sea of Okhotsk and the Pacific."""
    return gpd.GeoDataFrame(
        index=pd.Index([ABASHIRI, SHIRANUKA], name="station_id"),
        geometry=[Point(144.279, 44.018), Point(144.068, 42.953)],
        crs="EPSG:6668",
    )


@pytest.fixture(scope="module")
def real_normals(real_data: Callable[[str], Path]) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)  # months without precipitation
        return read_normals(real_data("amedas/hokkaido_climate_normals_1991_2020.csv"))


@pytest.fixture(scope="module")
def real_stations(real_data: Callable[[str], Path]) -> gpd.GeoDataFrame:
    return read_stations(real_data("amedas/hokkaido_amedas_stations.csv"))


def hours(value: float, *sites: str) -> pd.DataFrame:
    return pd.DataFrame(value, index=list(sites), columns=list(MONTHS))


def months(table: pd.DataFrame) -> pd.DataFrame:
    return table[list(MONTHS)]


# --- limits and relations -------------------------------------------------------------------------


def test_result_is_marked_and_on_the_index_of_the_sites(sites: gpd.GeoDataFrame) -> None:
    before = sites.copy()
    clear = clear_sky_irradiation(sites, tilt=40.0)
    assert clear.columns.tolist() == ["tilt", "irradiation", *MONTHS, "estimate"]
    assert clear.index.equals(sites.index)
    assert (clear["estimate"] == "clear sky").all()
    assert (clear["tilt"] == 40.0).all()
    np.testing.assert_allclose(clear["irradiation"], months(clear) @ np.array(DAYS) / 365)
    assert_frame_equal(sites, before)


def test_mean_days_agree_with_pvlib_day_by_day(sites: gpd.GeoDataFrame) -> None:
    # On a level plane there is nothing to transpose: the mean of the clear sky over every day.
    place = pvlib.location.Location(44.018, 144.279, tz="Etc/GMT-9", altitude=0)
    times = pd.date_range("2023-01-01 00:15", "2023-12-31 23:45", freq="30min", tz="Etc/GMT-9")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about pvlib
        level = place.get_clearsky(times)["ghi"]
    every_day = level.groupby(times.month).sum() / 2 / 1000 / np.array(DAYS)
    clear = clear_sky_irradiation(sites.iloc[:1], tilt=0.0)
    np.testing.assert_allclose(months(clear).iloc[0], every_day, rtol=0.02)


def test_mean_days_are_kleins() -> None:
    """Days of the year as Klein (1977) numbers them; each step stands for ten minutes around it."""
    times = clear_sky._times()
    days = [17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344]
    assert times.day_of_year.unique().tolist() == days
    assert len(times) == 12 * 144
    assert times[:2].strftime("%H:%M %z").tolist() == ["00:05 +0900", "00:15 +0900"]


def test_sunshine_on_a_level_plane_is_angstroms_formula(sites: gpd.GeoDataFrame) -> None:
    clear = months(clear_sky_irradiation(sites, tilt=0.0))
    some, more = (
        months(clear_sky_irradiation(sites, tilt=0.0, sunshine=hours(h, *sites.index)))
        for h in (60.0, 120.0)
    )
    np.testing.assert_allclose(2 * some - more, CLOUDED * clear, rtol=1e-5)  # no sunshine at all
    assert (some < more).all(axis=None)
    assert (more < clear).all(axis=None)


def test_most_sunshine_gives_the_clear_sky_and_more_is_refused(sites: gpd.GeoDataFrame) -> None:
    clear = months(clear_sky_irradiation(sites, tilt=35.0))
    some, more = (
        months(clear_sky_irradiation(sites, tilt=35.0, sunshine=hours(h, *sites.index)))
        for h in (60.0, 120.0)
    )
    most = 60.0 + 60.0 * (clear - some) / (more - some)
    # Nearly the whole of a day is bright enough to be recorded; steps are of ten minutes.
    lat = np.radians(sites.geometry.y.to_numpy())[:, None]
    tilt_of_sun = np.radians(23.45 * np.sin(2 * np.pi * (np.arange(12) * 30.4 + 15 - 81) / 365))
    day_length = 24 / np.pi * np.arccos(-np.tan(lat) * np.tan(tilt_of_sun))
    assert (most / (day_length * np.array(DAYS)) < 1.04).all(axis=None)
    assert (most / (day_length * np.array(DAYS)) > 0.9).all(axis=None)
    full = months(clear_sky_irradiation(sites, tilt=35.0, sunshine=1.05 * most))
    np.testing.assert_allclose(full, clear)
    with pytest.raises(ModelInputError, match=r"sunshine at 17341 is longer .* m01: 1\.20"):
        clear_sky_irradiation(sites, tilt=35.0, sunshine=(1.2 * most).clip(upper=475))


def test_clearness_is_a_share(sites: gpd.GeoDataFrame) -> None:
    clear = clear_sky_irradiation(sites, tilt=30.0)
    half = clear_sky_irradiation(sites, tilt=30.0, clearness=0.5)
    np.testing.assert_allclose(months(half), months(clear) / 2)
    assert (half["estimate"] == "clear sky x clearness").all()


def test_planes_to_the_south_receive_most_and_to_east_and_west_alike(
    sites: gpd.GeoDataFrame,
) -> None:
    year = {
        azimuth: clear_sky_irradiation(sites, tilt=40.0, azimuth=azimuth)["irradiation"]
        for azimuth in (0.0, 90.0, 180.0, 270.0)
    }
    assert (year[180.0] > year[90.0]).all()
    assert (year[90.0] > year[0.0]).all()
    np.testing.assert_allclose(year[90.0], year[270.0], rtol=0.01)


@pytest.mark.parametrize("albedo", [0.0, 0.2])
def test_optimal_tilt_is_better_than_those_beside_it(
    albedo: float, sites: gpd.GeoDataFrame
) -> None:
    best = optimal_tilt(sites, albedo=albedo)
    assert best.name == "tilt"
    most = clear_sky_irradiation(sites, albedo=albedo)
    assert_series_equal(most["tilt"], best)
    for aside in (-2.0, -0.1, 0.1, 2.0):
        other = clear_sky_irradiation(sites, tilt=best + aside, albedo=albedo)
        assert (other["irradiation"] < most["irradiation"]).all()
    assert best.tolist() == best.round(1).tolist()


def test_snow_asks_for_a_steeper_plane_and_a_plane_to_the_north_for_none(
    sites: gpd.GeoDataFrame,
) -> None:
    assert (optimal_tilt(sites, albedo=0.7) > optimal_tilt(sites)).all()
    assert (optimal_tilt(sites, azimuth=0.0) == 0.0).all()


def test_higher_places_are_brighter(sites: gpd.GeoDataFrame) -> None:
    high = clear_sky_irradiation(sites.assign(elevation_m=[1000.0, np.nan]), tilt=0.0)
    low = clear_sky_irradiation(sites, tilt=0.0)
    assert high["irradiation"].iloc[0] > low["irradiation"].iloc[0]
    assert high["irradiation"].iloc[1] == low["irradiation"].iloc[1]


def test_projected_sites_give_the_same(sites: gpd.GeoDataFrame) -> None:
    one = clear_sky_irradiation(sites.to_crs("EPSG:6681"), tilt=30.0)
    np.testing.assert_allclose(months(one), months(clear_sky_irradiation(sites, tilt=30.0)))


def test_estimates_go_into_the_yield(sites: gpd.GeoDataFrame) -> None:
    estimate = clear_sky_irradiation(sites, sunshine=hours(150.0, *sites.index))
    assert specific_yield(estimate, hours(5.0, *sites.index)).between(800, 1500).all()


# --- real places ----------------------------------------------------------------------------------


def test_against_irradiation_points(
    real_data: Callable[[str], Path],
    real_normals: pd.DataFrame,
    real_stations: gpd.GeoDataFrame,
) -> None:
    # Which plane the points are for is not stated; they agree with the level one.
    sunshine = monthly(real_normals, "sunshine")
    known = read_irradiation(real_data("solar-irradiation/hokkaido_irradiation_points.csv"))
    ids = known.index.intersection(sunshine.index)[::4]
    stations, stated = real_stations.loc[ids], known.loc[ids, "irradiation"]
    assert len(ids) > 30
    ratio = clear_sky_irradiation(stations, tilt=0.0, sunshine=sunshine)["irradiation"] / stated
    assert ratio.median() == pytest.approx(1.0, abs=0.05)
    assert ratio.between(0.9, 1.1).all()
    bound = clear_sky_irradiation(stations, tilt=0.0)["irradiation"] / stated
    assert (bound > 1.4).all()


@pytest.mark.parametrize(
    ("station", "tilt", "kwh_per_kw"), [(ABASHIRI, 38.7, 1143.9), (SHIRANUKA, 42.1, 1162.968)]
)
def test_against_the_report(
    station: str,
    tilt: float,
    kwh_per_kw: float,
    real_normals: pd.DataFrame,
    real_stations: gpd.GeoDataFrame,
) -> None:
    # 報告書 表 4-13, 4-18: optimal tilt and 1,000 kW at 網走 and 白糠.
    site = real_stations.loc[[station]]
    estimate = clear_sky_irradiation(site, sunshine=monthly(real_normals, "sunshine"))
    assert estimate.loc[station, "tilt"] == pytest.approx(tilt, abs=1.0)
    assert (estimate["estimate"] == "clear sky and sunshine").all()
    year = specific_yield(estimate, monthly(real_normals, "temperature"))[station]
    assert year == pytest.approx(kwh_per_kw, rel=0.06)


# --- what is missing or wrong ---------------------------------------------------------------------


def test_sites_without_place_or_sunshine_stay_missing_and_are_told(
    sites: gpd.GeoDataFrame,
) -> None:
    third = gpd.GeoDataFrame(index=["nowhere"], geometry=[None], crs=sites.crs)
    fourth = gpd.GeoDataFrame(index=["void"], geometry=[Point()], crs=sites.crs)
    layer = pd.concat([sites, third, fourth])
    with pytest.warns(LayerWarning, match="3 of 4 sites .* 19416, nowhere, void") as told:
        result = clear_sky_irradiation(layer, sunshine=hours(150.0, ABASHIRI, "nowhere"))
    assert told[0].filename == __file__  # shown where the library was called
    assert months(result).notna().all(axis=1).tolist() == [True, False, False, False]
    with pytest.warns(LayerWarning, match="2 of 4 sites"):
        assert optimal_tilt(layer).notna().tolist() == [True, True, False, False]


def test_a_missing_month_of_sunshine(sites: gpd.GeoDataFrame) -> None:
    sunshine = hours(150.0, *sites.index)
    sunshine.loc[SHIRANUKA, "m05"] = np.nan
    with pytest.warns(LayerWarning, match="1 of 2 sites .*: 19416"):
        result = clear_sky_irradiation(sites, tilt=30.0, sunshine=sunshine)
    assert np.isnan(result.loc[SHIRANUKA, ["m05", "irradiation"]].astype(float)).all()
    assert result.loc[SHIRANUKA, "m04"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sunshine": hours(150.0, ABASHIRI), "clearness": 0.5}, "give one"),
        ({"clearness": 55.0}, "clearness .* got 55"),
        ({"albedo": 20.0}, "albedo .* got 20"),
        ({"azimuth": -10.0}, "azimuth .* South is 180"),
        ({"tilt": 120.0}, "tilt .* got 120"),
        ({"tilt": pd.Series({ABASHIRI: 30.0})}, "1 sites have no tilt: 19416"),
        ({"tilt": pd.Series({ABASHIRI: 30.0, SHIRANUKA: -1.0})}, "row 19416: -1"),
        ({"sunshine": hours(4.5, ABASHIRI)}, "row 17341 m01: 4.5.* not minutes or hours a day"),
        ({"sunshine": hours(9000.0, ABASHIRI)}, "row 17341 m01: 9000"),
        ({"sunshine": hours(450.0, ABASHIRI)}, "sunshine at 17341 is longer .* m01: 1"),
        ({"sunshine": hours(150.0, ABASHIRI, ABASHIRI)}, "twice in the table of sunshine: 17341"),
        ({"sunshine": hours(150.0, ABASHIRI).drop(columns="m03")}, "no column m03"),
    ],
)
@pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")  # one site has no sunshine
def test_values_out_of_range(
    options: dict[str, object], message: str, sites: gpd.GeoDataFrame
) -> None:
    with pytest.raises(ModelInputError, match=message):
        clear_sky_irradiation(sites, **options)


def test_heights_in_feet_or_millimetres(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(ModelInputError, match=r"elevation \[m\] .* row 19416: 12000"):
        clear_sky_irradiation(sites.assign(elevation_m=[3.0, 12_000.0]), tilt=0.0)


def test_sites_must_be_points_with_a_crs(sites: gpd.GeoDataFrame) -> None:
    polygons = gpd.GeoDataFrame(geometry=[box(144, 43, 145, 44)], crs="EPSG:6668")
    with pytest.raises(LayerError, match="must be points"):
        clear_sky_irradiation(polygons)
    with pytest.raises(CRSError, match=r"^sites: it has no CRS"):
        optimal_tilt(sites.set_crs(None, allow_override=True))


def test_no_sites(sites: gpd.GeoDataFrame) -> None:
    assert clear_sky_irradiation(sites.iloc[:0]).shape == (0, 15)
    assert optimal_tilt(sites.iloc[:0]).empty
