"""What the doctor says of rare troubles: lost samples, lost formats, wrong transformations."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pytest

from hokkaido_gis.doctor import folders, formats, layers, projections, unclaimed
from hokkaido_gis.doctor.findings import without_home
from hokkaido_gis.errors import LayerWarning


def test_sample_without_its_layers_is_mended_by_installing_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "sample_data", lambda: tmp_path)
    (tmp_path / "municipalities.geojson").touch()
    (finding,) = folders.check_sample("標本", "en")
    assert finding.level == "mend"
    assert finding.found.endswith("lacks layers.toml")
    assert "install it anew" in finding.advice


@pytest.mark.parametrize(
    ("vectors", "raster", "lacking", "owners"),
    [
        ({"SOSI": (("SOSI",), False)}, "GTiff", "no SOSI;", "pyogrio"),
        ({"GeoJSON": (("GeoJSON",), True)}, "ECW", "no GeoTIFF;", "rasterio"),
        ({"SOSI": (("SOSI",), True)}, "ECW", "no SOSI, GeoTIFF;", "pyogrio and rasterio"),
    ],
)
def test_format_that_is_lacking_names_the_package_to_install(
    monkeypatch, vectors, raster, lacking, owners
):
    monkeypatch.setattr(formats, "_VECTORS", vectors)
    monkeypatch.setattr(formats, "_RASTER", raster)
    (finding,) = formats.check_formats("formats", "en")
    assert finding.level == "mend"
    assert finding.found.startswith(lacking)
    assert finding.advice.startswith(f"Install {owners} of PyPI again")


def test_home_that_is_the_root_is_not_shortened(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert without_home("/data/a.csv") == "/data/a.csv"
    monkeypatch.setattr(Path, "home", lambda: Path("/data"))
    assert without_home("/data/a.csv") == str(Path("~/a.csv"))


@pytest.fixture
def moved_by(monkeypatch):
    """Have the transformation move 札幌 so far to the north [degrees], and say this."""

    def move(degrees: float, told: str) -> None:
        def to_storage(old: gpd.GeoDataFrame, _: str) -> gpd.GeoDataFrame:
            warnings.warn(told, LayerWarning, stacklevel=2)
            return old.set_crs("EPSG:6668", allow_override=True).translate(0, degrees).to_frame()

        monkeypatch.setattr(projections, "to_storage_crs", to_storage)

    return move


def test_datum_that_moves_nothing_is_to_be_mended(moved_by):
    moved_by(0.0, "moved")
    (finding,) = projections.check_datum("datum", "en")
    assert (finding.level, finding.found) == (
        "mend", "Tokyo datum (EPSG:4301) to JGD2011: 0.0 m at 札幌",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "end"), [("(accuracy 0.2 m)", "m at 札幌, accuracy 0.2 m"), ("moved", "m at 札幌")]
)
def test_accuracy_of_the_datum_is_told_where_it_is_known(moved_by, told, end):
    moved_by(0.0036, told)  # 400 m
    (finding,) = projections.check_datum("datum", "en")
    assert finding.level == "ok"
    assert finding.found.endswith(end)
    assert "399.9 m" in finding.found  # 111.1 km a degree at 43 degrees


def test_library_that_gives_another_system_back_is_told(monkeypatch):
    back = SimpleNamespace(crs=gpd.GeoSeries([], crs="EPSG:4301").crs)
    monkeypatch.setattr(projections.pyogrio, "read_dataframe", lambda _: back)
    assert projections._fault_of(projections._ask_pyogrio).startswith("EPSG:6668 came back as")
    back.crs = None
    assert projections._fault_of(projections._ask_pyogrio) == "EPSG:6668 came back as None"


def test_message_of_a_reader_comes_as_it_is_in_english():
    finding = layers._told(
        "mend", "dams: a.csv", "/data/a.csv: no rows.", Path("/data/a.csv"), "en"
    )
    assert (finding.found, finding.advice) == ("no rows.", "")


@pytest.mark.parametrize(("most", "read"), [(4, True), (3, False)])
def test_values_of_large_rasters_are_not_read(monkeypatch, most, read):
    seen = []
    wind = SimpleNamespace(shape=(2, 2), read=lambda: seen.append("read"))
    monkeypatch.setattr(layers, "read_wind", lambda _: wind)
    monkeypatch.setattr(layers, "_MOST_CELLS", most)
    assert layers._read(SimpleNamespace(), "wind", Path("wind.tif")) is wind
    assert bool(seen) is read


def test_file_of_another_kind_tells_no_layer(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dam,lat,lon\n")
    assert unclaimed.guess_layer(path) is None
