"""What a file holds is looked at before it is opened: parts, roots and members that are unusual."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from shapely.geometry import Point

from hokkaido_gis.errors import LayerError, TableError
from hokkaido_gis.io.contents import RefusedError, require_plain_xml, vector_kind
from hokkaido_gis.io.limits import Limits, current_limits
from hokkaido_gis.io.parquet import require_fit_parquet
from hokkaido_gis.io.raster import open_band
from hokkaido_gis.io.workbooks import require_fit_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_table_of_a_shapefile_that_has_hardly_begun_is_told(tmp_path):
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"a": [1]}, geometry=[Point(141, 43)], crs="EPSG:6668").to_file(path)
    assert vector_kind(path) == "shapefile"
    path.with_suffix(".dbf").write_bytes(b"\x03" * 10)
    with pytest.raises(RefusedError, match=r"its \.dbf is too short to be one \(10 bytes\)"):
        vector_kind(path)


def test_code_of_a_crs_may_be_a_number(tmp_path):
    path = tmp_path / "a.geojson"
    text = '{"type": "FeatureCollection", "crs": {"type": "EPSG", "properties": {"code": 6668}}'
    path.write_text(text + ', "features": []}', encoding="utf-8")
    assert vector_kind(path) == "GeoJSON"


@pytest.mark.parametrize("root", ["html", "x:html"])
def test_other_xml_is_told_by_its_root(tmp_path, root):
    path = tmp_path / "a.gml"
    path.write_text(f'<{root} xmlns:x="https://example.org/x"/>', encoding="utf-8")
    with pytest.raises(RefusedError, match=f"root element <{root}> is neither KML, GPX nor GML"):
        require_plain_xml(path)


def test_any_root_that_names_gml_is_gml(tmp_path):
    path = tmp_path / "a.gml"
    path.write_text('<ksj:Dataset xmlns:gml="http://www.opengis.net/gml/3.2"/>', encoding="utf-8")
    assert require_plain_xml(path) is None
    path.with_suffix(".xsd").write_text('<schema><include schemaLocation="b.xsd"/></schema>')
    with pytest.raises(RefusedError, match=r"a\.xsd includes 'b\.xsd'"):
        require_plain_xml(path)


# Workbooks and Parquet


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """A sound workbook with entries added to its archive."""

    def write(**entries: bytes) -> Path:
        path = tmp_path / "a.xlsx"
        pd.DataFrame({"a": [1, 2]}).to_excel(path, index=False)
        with zipfile.ZipFile(path, "a") as archive:
            for name, content in entries.items():
                archive.writestr(name.replace("__", "."), content)
        return path

    return write


def test_part_of_a_workbook_that_is_no_xml_is_named(workbook):
    with pytest.raises(TableError, match=r"notes\.xml is no well-formed XML"):
        require_fit_workbook(workbook(notes__xml=b"<a><b></a>"))


def test_parts_of_a_workbook_that_need_be_no_xml_are_left(workbook):
    path = workbook(printer__bin=b"\x01\x02<", photo__jpeg=b"\xff\xd8\xff\xe0" + bytes(20))
    assert require_fit_workbook(path) is None


def test_parquet_that_unpacks_to_more_than_the_limit_is_told(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": np.zeros(1000)}).to_parquet(path)
    assert require_fit_parquet(path) is None
    monkeypatch.setattr("hokkaido_gis.io.parquet.current_limits", lambda: Limits(max_unpacked=10))
    with pytest.raises(TableError, match=r"it says that it holds \d+ bytes; at most 10 are taken"):
        require_fit_parquet(path)
    monkeypatch.setattr("hokkaido_gis.io.parquet.current_limits", lambda: Limits(max_values=999))
    with pytest.raises(TableError, match=r"1,000 rows of 1 columns; at most 999 values"):
        require_fit_parquet(path)
    assert current_limits().max_values > 999


# Rasters


@pytest.fixture
def raster(tmp_path: Path) -> Callable[..., Path]:
    """A raster of 2 by 2 cells."""

    def write(name: str, driver: str = "GTiff", **options: str) -> Path:
        path = tmp_path / name
        grid = Affine(0.5, 0, 141, 0, -0.5, 44)
        shape = {"height": 2, "width": 2, "count": 1, "dtype": "uint8"}
        with rasterio.open(
            path, "w", driver=driver, crs="EPSG:4326", transform=grid, **shape, **options
        ) as dataset:
            dataset.write(np.array([[[1, 2], [3, 4]]], dtype="uint8"))
        return path

    return write


@pytest.mark.parametrize("beside", ["a.tif.ovr", "a.ovr", "a.tif.msk"])
def test_only_tiff_is_taken_beside_a_raster(raster, tmp_path, beside):
    path = raster("a.tif")
    (tmp_path / beside).write_bytes(raster("b.tif").read_bytes())
    assert open_band(path).read().array.tolist() == [[1, 2], [3, 4]]
    (tmp_path / beside).write_bytes(b"<VRTDataset/>")
    with pytest.raises(LayerError, match=rf"{beside} beside it is no TIFF.*Remove it"):
        open_band(path)


def test_part_of_a_file_that_is_absent_is_told(tmp_path):
    for part in (f"GPKG:{tmp_path}/a.gpkg:one", f'NETCDF:"{tmp_path}/a.nc":speed'):
        with pytest.raises(LayerError, match="there is no such file"):
            open_band(part)


def test_file_of_several_rasters_names_its_parts(raster):
    raster("a.gpkg", "GPKG", RASTER_TABLE="one")
    path = raster("a.gpkg", "GPKG", RASTER_TABLE="two", APPEND_SUBDATASET="YES")
    with pytest.raises(LayerError, match=r"no band of its own but other rasters.*a\.gpkg:one"):
        open_band(path)
    part = open_band(f"GPKG:{path}:two", band=1)
    assert part.read().array.tolist() == [[1, 2], [3, 4]]
