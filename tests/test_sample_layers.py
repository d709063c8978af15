"""The sample's layers: what the report says of them, and that they fit together.

Rebuilding all of them takes a minute; it runs where ``HOKKAIDO_GIS_REBUILD`` is set.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from pyproj import Geod

from hokkaido_gis.readers.census import read_abandoned_farmland

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
BUILD = SAMPLE / "build"
GRS80 = Geod(ellps="GRS80")
VECTORS = (
    "municipalities.geojson", "settlements.fgb", "lines.geojson", "substations.geojson",
    "dams.geojson", "ports.geojson", "stations.geojson", "protected_areas.geojson",
)  # fmt: skip
RASTERS = {"wind.tif": "m/s", "height.tif": "m", "slope.tif": "degree"}
BUILT = (
    *VECTORS[1:], *RASTERS, "settlements_census.csv", "stations_normals.csv", "population.csv",
    "layers.toml",
)  # fmt: skip
ISLANDS = {"利尻町", "利尻富士町", "礼文町", "奥尻町"}
ON_THE_LAGOON = "佐呂間町"
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTHS = [f"m{month:02d}" for month in range(1, 13)]


@cache
def layer(file: str) -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / file, engine="pyogrio")


@cache
def municipalities() -> gpd.GeoDataFrame:
    return layer("municipalities.geojson").set_index("code")


@cache
def census() -> pd.DataFrame:
    return read_abandoned_farmland(SAMPLE / "settlements_census.csv").settlements


def report(name: str) -> list[dict[str, str]]:
    with (SAMPLE / "report" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def data_files() -> set[str]:
    """Everything but the build scripts, notes, and the catalogue itself."""
    return {
        path.relative_to(SAMPLE).as_posix()
        for path in SAMPLE.rglob("*")
        if path.is_file()
        and BUILD not in path.parents
        and path.name not in {"README.md", "layers.toml"}
    }


def metres(lonlat: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(GRS80.inv(lonlat[:, 0], lonlat[:, 1], other[:, 0], other[:, 1])[2])


# --- all files ---------------------------------------------------------------------------------


def test_sample_is_small() -> None:
    total = sum(
        path.stat().st_size for path in SAMPLE.rglob("*") if "__pycache__" not in path.parts
    )
    assert total < 5_000_000


def test_catalogue_names_every_file_and_no_other() -> None:
    entries = tomllib.loads((SAMPLE / "layers.toml").read_text(encoding="utf-8"))["layer"]
    files = [entry["file"] for entry in entries]
    assert len(files) == len(set(files))
    assert set(files) == data_files()


def test_catalogue_says_what_each_file_is() -> None:
    entries = tomllib.loads((SAMPLE / "layers.toml").read_text(encoding="utf-8"))["layer"]
    for entry in entries:
        members = {"title_ja", "title_en", "kind", "source", "terms", "credit", "made"}
        assert all(entry[member].strip() for member in members), entry["file"]
        assert entry["kind"] in {"real", "report", "mixed", "synthetic"}
        if entry["kind"] in {"mixed", "synthetic"}:
            assert "合成" in entry["credit"]


@pytest.mark.parametrize("file", VECTORS)
def test_vector_layer_is_in_jgd2011_and_valid(file: str) -> None:
    frame = layer(file)
    assert frame.crs is not None
    assert frame.crs.to_epsg() == 6668
    assert frame.is_valid.all()
    assert not frame.is_empty.any()


@pytest.mark.parametrize("file", [file for file in VECTORS[2:] if file.endswith(".geojson")])
def test_geojson_says_in_itself_what_it_is(file: str) -> None:
    head = (SAMPLE / file).read_text(encoding="utf-8")[:1000]
    assert '"kind":"synthetic"' in head or '"kind":"mixed"' in head


# --- settlements -------------------------------------------------------------------------------


def test_settlement_keys() -> None:
    frame = layer("settlements.fgb")
    assert len(frame) == 4000
    assert frame["key"].is_unique
    assert frame["key"].str.fullmatch(r"01\d{8}").all()
    assert (frame["key"].str[:5] == frame["municipality_code"]).all()
    assert (frame["key"].str[5:7] > "00").all()
    assert (frame["key"].str[7:] > "000").all()
    assert set(frame["municipality_code"]) == set(municipalities().index)
    assert not frame.duplicated(["municipality_code", "name"]).any()


def test_settlements_do_not_overlap() -> None:
    assert shapely.coverage_is_valid(layer("settlements.fgb").geometry.to_numpy())


def test_settlements_lie_in_their_municipality() -> None:
    frame = layer("settlements.fgb")
    homes = municipalities().geometry.loc[frame["municipality_code"]].to_numpy()
    # Noding on a grid of 0.00001 degrees moves a border by less than that.
    assert shapely.covers(shapely.buffer(homes, 1e-5), frame.geometry.to_numpy()).all()


def test_census_has_every_settlement_once() -> None:
    assert sorted(census().index) == sorted(layer("settlements.fgb")["key"])


def test_census_has_two_rows_of_headings_in_cp932() -> None:
    data = (SAMPLE / "settlements_census.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    title, codes, labels = data.decode("cp932").splitlines()[:3]
    assert "合成" in title
    assert codes.startswith("KEY,PREF,CITY,KCITY,RCOM")
    assert "耕作放棄地面積" in labels


def test_abandoned_farmland_adds_up_to_the_published_totals() -> None:
    area = census()["abandoned_ha"]
    assert area.sum() == pytest.approx(11_107.0)
    assert area[area >= 2.0].sum() == pytest.approx(8_221.68)
    assert area.max() < 100.0
    assert 200 < (census()["status"] == "withheld").sum() < 400
    assert (census()["status"] == "none").sum() > 100


def test_settlements_of_the_report_keep_name_and_area() -> None:
    frame = layer("settlements.fgb").set_index("key").join(census()["abandoned_ha"])
    ours = frame[frame["name_kind"] == "report"]
    found = {(row.municipality, row.name_): row.abandoned_ha for row in
             ours.rename(columns={"name": "name_"}).itertuples()}  # fmt: skip
    rows = report("settlements")
    printed = {
        (row["municipality"], row["settlement"]): float(row["abandoned_farmland_a"]) / 100.0
        for row in rows
    }
    assert found == pytest.approx(printed)
    of_three = frame[frame["municipality"].isin([row["municipality"] for row in rows])]
    assert (of_three["abandoned_ha"] >= 2.0).sum() == len(rows) == 18


# --- power grid --------------------------------------------------------------------------------


def test_all_voltage_classes_are_there() -> None:
    assert set(layer("lines.geojson")["voltage"]) == {
        "275000",
        "187000",
        "110000",
        "66000",
        "33000",
    }


def test_lines_end_at_substations_of_their_voltage() -> None:
    substations = layer("substations.geojson").set_index("id")
    assert substations.index.is_unique
    assert layer("lines.geojson")["id"].is_unique
    for line in layer("lines.geojson").itertuples():
        ends = shapely.get_coordinates(line.geometry)[[0, -1]]
        for end, substation in zip(ends, (line.from_substation, line.to_substation), strict=True):
            assert tuple(end) == substations.geometry[substation].coords[0]
        lower = substations["voltage"][line.to_substation].split(";")
        upper = substations["voltage"][line.from_substation].split(";")
        assert line.voltage in lower or line.voltage in upper


def test_grid_is_one_network() -> None:
    frame = layer("lines.geojson")
    group = {name: name for name in layer("substations.geojson")["id"]}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for one, other in zip(frame["from_substation"], frame["to_substation"], strict=True):
        group[root(one)] = root(other)
    assert len({root(name) for name in group}) == 1


def test_every_municipality_but_the_islands_has_a_substation() -> None:
    homes = gpd.sjoin(layer("substations.geojson"), municipalities()[["name", "geometry"]])
    assert len(homes) == len(layer("substations.geojson"))
    assert set(homes["name_right"]) == set(municipalities()["name"]) - ISLANDS


def test_lines_keep_to_land() -> None:
    land = shapely.buffer(shapely.union_all(municipalities().geometry.to_numpy()), 0.03)
    lines = layer("lines.geojson").geometry.to_numpy()
    at_sea = shapely.length(shapely.difference(lines, land))
    assert at_sea.sum() < 0.01 * shapely.length(lines).sum()


# --- dams, ports, stations ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "id_column"),
    [("dams.geojson", "dam_id"), ("ports.geojson", "port_id"), ("stations.geojson", "station_id")],
)
def test_points_lie_in_their_municipality(file: str, id_column: str) -> None:
    frame = layer(file)
    assert frame[id_column].is_unique
    assert not frame.geometry.duplicated().any()
    homes = municipalities().loc[frame["municipality_code"]]
    assert shapely.covers(homes.geometry.to_numpy(), frame.geometry.to_numpy()).all()
    assert (homes["name"].to_numpy() == frame["municipality"].to_numpy()).all()


def test_dams_are_those_of_the_report() -> None:
    frame = layer("dams.geojson")
    rows = report("dams")
    assert frame["name"].tolist() == [row["dam"] for row in rows]
    assert frame["municipality"].tolist() == [row["municipality"] for row in rows]
    for column in ("output_kw", "annual_mwh_at_55pct", "solar_10kw_annual_kwh"):
        printed = pd.to_numeric(pd.Series([row[column] for row in rows]))
        np.testing.assert_array_equal(frame[column].astype(float), printed)


def test_ports_are_those_of_the_report() -> None:
    frame = layer("ports.geojson")
    rows = report("ports")
    assert len(frame) == 194
    assert frame["name"].tolist() == [row["port"] for row in rows]
    assert frame["municipality_code"].tolist() == [f"0{row['report_code']}" for row in rows]
    assert frame["plot_area_m2"].sum() == 590_686
    assert frame["plot_area_m2"].min() > 120
    assert (frame["plot_area_kind"] == "report").sum() == 3


def test_ports_lie_on_the_coast() -> None:
    frame = layer("ports.geojson")
    frame = frame[frame["municipality"] != ON_THE_LAGOON]
    coast = shapely.union_all(municipalities().geometry.to_numpy()).boundary
    lines = shapely.shortest_line(frame.geometry.to_numpy(), coast)
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    assert metres(ends[:, 0], ends[:, 1]).max() < 1000.0


def test_ports_of_a_municipality_are_spread() -> None:
    for name, group in layer("ports.geojson").groupby("municipality"):
        points = shapely.get_coordinates(group.geometry.to_numpy())
        for one in range(len(points)):
            others = np.delete(points, one, axis=0)
            same = np.repeat(points[one : one + 1], len(others), axis=0)
            assert len(others) == 0 or metres(same, others).min() > 200.0, name


def roof_kwh(code: str) -> np.ndarray:
    """Monthly generation of 1 kW on a roof at the station of a municipality [kWh]."""
    station = layer("stations.geojson").set_index("municipality_code").loc[code]
    normals = pd.read_csv(SAMPLE / "stations_normals.csv").set_index("station_id")
    air = normals.loc[station["station_id"], MONTHS].to_numpy(dtype=float)
    factor = 0.76 * (1.0 - 0.005 * (air + 21.5 - 25.0))
    return np.asarray(station[MONTHS].to_numpy(dtype=float) * DAYS * factor)


@pytest.mark.parametrize(("code", "site"), [("01211", "能取漁港"), ("01668", "白糠漁港")])
def test_stations_give_the_months_of_the_report(code: str, site: str) -> None:
    printed = [float(row["kwh"]) for row in report("monthly_30kw") if row["site"] == site]
    np.testing.assert_allclose(30.0 * roof_kwh(code), printed, atol=0.5)


def test_stations_give_the_years_of_the_report() -> None:
    printed = {
        f"0{row['report_code']}": float(row["solar_10kw_annual_kwh"])
        for row in report("dams")
        if row["solar_10kw_annual_kwh"]
    }
    for code, kwh in printed.items():
        assert 10.0 * roof_kwh(code).sum() == pytest.approx(kwh, abs=1.0), code


def test_weather_is_that_of_hokkaido() -> None:
    frame = layer("stations.geojson")
    assert frame["irradiation"].between(3.0, 4.6).all()
    assert frame["max_snow_cm"].between(20, 280).all()
    snow = frame.set_index("municipality")["max_snow_cm"]
    # The report chose its survey sites where it is 60 cm at most.
    assert (snow[["網走市", "白糠町", "浜中町"]] <= 60).all()
    west, east = frame[frame.geometry.x < 142.5], frame[frame.geometry.x > 143.5]
    assert west["irradiation"].mean() < east["irradiation"].mean()
    normals = pd.read_csv(SAMPLE / "stations_normals.csv")
    assert normals["station_id"].tolist() == frame["station_id"].tolist()
    assert normals["m01"].between(-15, 0).all()
    assert normals["m08"].between(13, 24).all()


# --- rasters and protected areas ---------------------------------------------------------------


@pytest.mark.parametrize(("file", "unit"), RASTERS.items())
def test_raster_opens_with_nodata_and_unit(file: str, unit: str) -> None:
    with rasterio.open(SAMPLE / file) as raster:
        assert raster.crs.to_epsg() == 6668
        assert raster.units == (unit,)
        assert raster.nodata is not None
        assert raster.tags()["kind"] == "synthetic"
        assert "TIFFTAG_DATETIME" not in raster.tags()
        values = raster.read(1, masked=True)
        west, south, east, north = municipalities().total_bounds
        assert raster.bounds.left < west
        assert raster.bounds.bottom < south
        assert raster.bounds.right > east
        assert raster.bounds.top > north
    assert 0.2 < values.mask.mean() < 0.95


def test_wind_is_known_on_all_land_and_stronger_at_the_coast() -> None:
    points = municipalities().geometry.representative_point()
    with rasterio.open(SAMPLE / "wind.tif") as raster:
        assert "80 m" in raster.descriptions[0]
        speeds = np.array(
            [value[0] for value in raster.sample(zip(points.x, points.y, strict=True))]
        )
    assert ((speeds > 2.5) & (speeds < 10.5)).all()
    by_name = pd.Series(speeds, index=municipalities()["name"])
    windy = by_name[["稚内市", "えりも町", "留萌市", "江差町", "根室市"]].mean()
    sheltered = by_name[["旭川市", "富良野市", "帯広市", "北見市"]].mean()
    assert windy > sheltered + 1.0


def test_protected_areas_do_not_overlap() -> None:
    frame = layer("protected_areas.geojson")
    assert frame["id"].is_unique
    assert set(frame["category"]) == {"special", "ordinary"}
    shapes = frame.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert shapely.area(shapely.intersection(shapes[left], shapes[right])).sum() < 1e-9


# --- building again ----------------------------------------------------------------------------


def rebuild(script: str, code: str, folder: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(BUILD)!r}); {code}"
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}: {done.stderr}"


@pytest.mark.parametrize(
    ("script", "file"),
    [("catalogue", "layers.toml"), ("protected_areas", "protected_areas.geojson")],
)
def test_quick_layer_is_built_again_to_the_byte(script: str, file: str, tmp_path: Path) -> None:
    code = f"import pathlib, {script}; {script}.build(pathlib.Path(sys.argv[1]))"
    rebuild(script, code, tmp_path)
    assert (tmp_path / file).read_bytes() == (SAMPLE / file).read_bytes()


@pytest.mark.skipif(
    "HOKKAIDO_GIS_REBUILD" not in os.environ,
    reason="building all layers takes a minute; set HOKKAIDO_GIS_REBUILD to do it",
)
def test_all_layers_are_built_again_to_the_byte(tmp_path: Path) -> None:
    code = "import importlib; importlib.import_module('all').main(['--out', sys.argv[1]])"
    rebuild("all", code, tmp_path)
    different = [
        file for file in BUILT if (tmp_path / file).read_bytes() != (SAMPLE / file).read_bytes()
    ]
    assert different == []
