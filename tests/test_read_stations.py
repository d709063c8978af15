"""The readers of stations, normals and irradiation, on real extracts and on what may be wrong."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from shapely.geometry import Point, box

from hokkaido_gis.errors import CRSError, LayerError, LayerWarning, TableError
from hokkaido_gis.readers.climate import MONTHS, monthly, read_irradiation, read_normals
from hokkaido_gis.readers.stations import read_stations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

STATIONS = "amedas/hokkaido_amedas_stations.csv"
NORMALS = "amedas/hokkaido_climate_normals_1991_2020.csv"
IRRADIATION = "solar-irradiation/hokkaido_irradiation_points.csv"
HEAD = f"id,element,{','.join(MONTHS)},year"
TEMPERATURES = [-8, -7, -3, 4, 10, 14, 18, 20, 16, 10, 3, -5]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines of CSV."""

    def save(*lines: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return save


def row(station: str, element: str, values: Sequence[object], year: object = "") -> str:
    return ",".join(map(str, [station, element, *values, year]))


# --- real extracts --------------------------------------------------------------------------------


def test_amedas_stations(real_data: Callable[[str], Path]) -> None:
    stations = read_stations(real_data(STATIONS))
    assert len(stations) == 225
    assert stations.index.name == "station_id"
    assert stations.index.str.fullmatch(r"\d{5}").all()
    assert stations.columns.tolist() == ["name", "kind", "elevation_m", "max_snow_cm", "geometry"]
    assert stations.loc["11001", "name"] == "宗谷岬"
    assert stations.loc["11001", "geometry"] == Point(141.935, 45.52)
    assert stations.loc["11001", "elevation_m"] == 26
    assert stations.crs.to_epsg() == 6668
    assert stations.drop(columns="max_snow_cm").notna().all(axis=None)
    assert stations["max_snow_cm"].isna().all()


def test_climate_normals(real_data: Callable[[str], Path]) -> None:
    with pytest.warns(LayerWarning, match=r"8 of 560 rows lack months.*: 11061 precipitation \(m0"):
        normals = read_normals(real_data(NORMALS))
    assert len(normals) == 560
    counts = {"temperature": 173, "precipitation": 225, "sunshine": 162}
    for element, count in counts.items():
        months = monthly(normals, element)
        assert len(months) == count
        assert months.columns.tolist() == list(MONTHS)
        assert months.index.name == "station_id"
    assert normals.loc[("11001", "temperature"), "m08"] == 18.7
    assert normals.loc[("11001", "sunshine"), "year"] == 1490.5
    assert monthly(normals, "precipitation").isna().any(axis=1).sum() == 8


def test_normals_and_irradiation_are_of_the_stations(real_data: Callable[[str], Path]) -> None:
    stations = read_stations(real_data(STATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        normals = read_normals(real_data(NORMALS))
    assert set(normals.index.get_level_values("station_id")) == set(stations.index)
    assert set(read_irradiation(real_data(IRRADIATION)).index) <= set(stations.index)


def test_irradiation(real_data: Callable[[str], Path]) -> None:
    points = read_irradiation(real_data(IRRADIATION))
    assert len(points) == 162
    assert points.columns.tolist() == ["name", "irradiation", "geometry"]
    assert (points["irradiation"].min(), points["irradiation"].max()) == (3.0, 3.57)
    assert points.crs.to_epsg() == 6668


# --- stations -------------------------------------------------------------------------------------


def test_table_of_stations(write: Callable[..., Path]) -> None:
    path = write(
        "観測所番号,観測所名,緯度,経度,標高,最大積雪深",
        "01234,甲,43.5,141.25,１２,98",
        "11,乙,44,142,-,-",
    )
    stations = read_stations(path)
    assert stations.index.tolist() == ["01234", "11"]
    assert stations["name"].tolist() == ["甲", "乙"]
    assert stations["elevation_m"].fillna(-1).tolist() == [12, -1]
    assert stations["max_snow_cm"].fillna(-1).tolist() == [98, -1]
    assert stations["kind"].isna().all()
    assert stations.geometry.tolist() == [Point(141.25, 43.5), Point(142, 44)]


def test_numbers_of_excel_are_ids_as_text(tmp_path: Path) -> None:
    path = tmp_path / "stations.xlsx"
    pd.DataFrame({"id": [11001.0, 11016.0], "lat": [43, 44], "lon": [141, 142]}).to_excel(path)
    assert read_stations(path).index.tolist() == ["11001", "11016"]


def test_layer_of_points(save: Callable[..., Path]) -> None:
    path = save("stations.gpkg", [Point(141, 43)], station_id=["11001"], name=["甲"])
    stations = read_stations(path)
    assert stations.index.tolist() == ["11001"]
    assert stations.geometry.tolist() == [Point(141, 43)]


def test_crs_of_a_table_may_be_given(write: Callable[..., Path]) -> None:
    path = write("id,lat,lon", "1,43.06,141.35")
    with pytest.warns(LayerWarning, match=r"moved by 40\d\.\d m from Tokyo"):
        stations = read_stations(path, crs="EPSG:4301")
    assert stations.crs.to_epsg() == 6668
    with pytest.raises(CRSError, match="no known CRS"):
        read_stations(path, crs="EPSG:1")


def test_stations_in_metres_are_brought_to_degrees(save: Callable[..., Path]) -> None:
    path = save("stations.gpkg", [Point(0, 0)], crs="EPSG:6680", id=["11001"])
    (place,) = read_stations(path).geometry
    # The origin of zone XII of the plane coordinates.
    assert (place.x, place.y) == (pytest.approx(142.25, abs=1e-9), pytest.approx(44, abs=1e-9))


def test_all_faults_of_stations_are_listed_at_once(write: Callable[..., Path]) -> None:
    path = write(
        "id,lat,lon,alt_m", "1,141,43,5", "1,,142,5", ",44,142,high", "4,35,-120,5", "5,43,141,5"
    )
    outside = "is outside Japan (122 to 154, 20 to 46.5)."
    with pytest.raises(LayerError) as caught:
        read_stations(path)
    assert caught.value.faults == (
        "1 station ids are missing (rows 4).",
        "1 stations stand there more than once (1 in row 2, 1 in row 3).",
        "1 stations have no place (rows 3).",
        f"row 2: longitude 43, latitude 141 {outside} Longitude and latitude are swapped.",
        f"row 5: longitude -120, latitude 35 {outside}",
        "column 'alt_m': row 4: 'high' is no number.",
    )


def test_columns_that_are_not_there_are_named(write: Callable[..., Path]) -> None:
    with pytest.raises(LayerError, match=r"no column lon \(one of lon, longitude, 経度\).*x, lat"):
        read_stations(write("x,lat", "1,43"))
    with pytest.raises(LayerError, match=r"no column station_id \(one of station_id, id"):
        read_stations(write("lat,lon", "43,141"))


def test_coordinates_that_are_no_numbers(write: Callable[..., Path]) -> None:
    with pytest.raises(LayerError, match=r"2 faults: .*'lon': row 2: 'E'.*'lat': row 3: 'N'"):
        read_stations(write("id,lat,lon", "1,43,E", "2,N,141"))


def test_polygons_are_no_stations(save: Callable[..., Path]) -> None:
    with pytest.raises(LayerError, match="features are Polygon; stations must be points"):
        read_stations(save("a.gpkg", [box(141, 43, 142, 44)], id=["1"]))


def test_long_lists_of_faults_are_cut(write: Callable[..., Path]) -> None:
    path = write("id,lat,lon", *(f"{i},0,0" for i in range(13)))
    with pytest.raises(LayerError) as caught:
        read_stations(path)
    assert len(caught.value.faults) == 11
    assert caught.value.faults[-1] == "3 more rows like these."


# --- normals --------------------------------------------------------------------------------------


def test_table_of_normals(write: Callable[..., Path]) -> None:
    path = write(
        HEAD, row("01001", "temperature", TEMPERATURES, 6), row("01001", "降水量", [50] * 12)
    )
    normals = read_normals(path)
    assert normals.index.tolist() == [("01001", "temperature"), ("01001", "precipitation")]
    assert normals.index.names == ["station_id", "element"]
    assert normals.columns.tolist() == [*MONTHS, "year"]
    assert monthly(normals, "temperature").loc["01001"].tolist() == TEMPERATURES
    assert normals["year"].fillna(-1).tolist() == [6, -1]


def test_element_that_is_not_there(write: Callable[..., Path]) -> None:
    normals = read_normals(write(HEAD, row("1", "temperature", TEMPERATURES)))
    with pytest.raises(TableError, match="no element 'snow'; there are temperature"):
        monthly(normals, "snow")


def test_other_elements_are_set_aside_and_told(write: Callable[..., Path]) -> None:
    path = write(HEAD, row("1", "temperature", TEMPERATURES), row("1", "wind", [5] * 12))
    with pytest.warns(LayerWarning, match=r"1 rows of other elements are set aside: wind \(1\)"):
        assert len(read_normals(path)) == 1
    with pytest.raises(TableError, match=r"its elements are wind \(1\); expected temperature"):
        read_normals(write(HEAD, row("1", "wind", [5] * 12)))


def test_missing_months_stay_missing_and_are_told(write: Callable[..., Path]) -> None:
    path = write(HEAD, row("1", "sunshine", ["", "－", *[150] * 10]))
    with pytest.warns(LayerWarning, match=r"1 of 1 rows lack months.*: 1 sunshine \(m01, m02\)"):
        months = monthly(read_normals(path), "sunshine")
    assert months.loc["1"].isna().tolist() == [True, True, *[False] * 10]


@pytest.mark.parametrize(
    ("element", "value", "message"),
    [
        ("temperature", 268.5, r"m01 is 268.5 deg C; expected -40 to 40. It looks like kelvin"),
        ("temperature", 50, r"m01 is 50 deg C; expected -40 to 40\.$"),
        ("temperature", -60, r"m01 is -60 deg C; expected -40 to 40\.$"),
        ("precipitation", -1, r"m01 is -1 mm; expected 0 to 3000\.$"),
        ("sunshine_duration", 500, r"m01 is 500 h; expected 0 to 480\.$"),
    ],
)
def test_values_out_of_range_are_named_by_row(
    write: Callable[..., Path], element: str, value: float, message: str
) -> None:
    path = write(HEAD, row("7", "temperature", TEMPERATURES), row("8", element, [value, *[1] * 11]))
    with pytest.raises(TableError, match=r"row 3 \(8 \w+\): " + message):
        read_normals(path)


def test_all_faults_of_normals_are_listed_at_once(write: Callable[..., Path]) -> None:
    kelvin = [t + 273.15 for t in TEMPERATURES]
    path = write(
        HEAD.replace("m12", "dec"),
        row("1", "temperature", kelvin),
        row("1", "temperature", ["cold", *TEMPERATURES[1:]]),
    )
    with pytest.raises(TableError) as caught:
        read_normals(path)
    absent, twice, no_number, kelvins = caught.value.faults
    assert absent.startswith("it has no column m12 (one of m12, 12月)")
    assert twice == (
        "1 stations stand there more than once (1 temperature in row 2, 1 temperature in row 3)."
    )
    assert no_number == "column 'm01': row 3: 'cold' is no number."
    assert "kelvin" in kelvins


def test_normals_without_elements(write: Callable[..., Path]) -> None:
    path = write(HEAD.replace("element", "kind"), row("1", "temperature", TEMPERATURES))
    with pytest.raises(TableError) as caught:
        read_normals(path)
    (fault,) = caught.value.faults
    assert fault.startswith("it has no column element (one of element, 要素); it has id, kind, m01")


# --- irradiation ----------------------------------------------------------------------------------


def test_table_with_months(write: Callable[..., Path]) -> None:
    path = write(f"id,lat,lon,{','.join(MONTHS)}", "1,43,141," + ",".join(["3.5"] * 12))
    points = read_irradiation(path)
    assert points.columns.tolist() == ["name", "irradiation", *MONTHS, "geometry"]
    assert points["irradiation"].isna().all()
    assert points.loc["1", list(MONTHS)].tolist() == [3.5] * 12


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("12.6", r"irradiation is 12.6 kWh/m2 day; expected 0.2 to 9. It looks like MJ/m2 day"),
        ("1200", r"irradiation is 1200 .* It looks like a year's sum: divide by 365"),
        ("0", r"irradiation is 0 kWh/m2 day; expected 0.2 to 9\.$"),
        ("", r"1 irradiation are missing \(rows 3\)"),
        ("high", r"row 3: 'high' is no number"),
    ],
)
def test_irradiation_out_of_range(write: Callable[..., Path], value: str, message: str) -> None:
    path = write("id,lat,lon,irradiation", "1,43,141,3.5", f"2,43,141,{value}")
    with pytest.raises(LayerError, match=message):
        read_irradiation(path)


def test_irradiation_without_values_or_months(write: Callable[..., Path]) -> None:
    with pytest.raises(LayerError, match="no column irradiation"):
        read_irradiation(write("id,lat,lon", "1,43,141"))
    with pytest.raises(LayerError, match=r"no column m02 \(one of m02, 2月\)"):
        read_irradiation(write("id,lat,lon,m01", "1,43,141,3"))
