"""Windows and columns of vector files: the same of every format."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import LineString, Point, box

from hokkaido_gis.errors import LayerError
from hokkaido_gis.io.vector import read_vector, write_vector

WINDOW = (141.0, 42.0, 143.0, 44.0)
FORMATS = ("geojson", "gpkg", "fgb", "parquet", "shp", "zip", "bare.parquet")


@pytest.fixture(scope="module")
def layer():
    """Triangles, some of whose boxes touch the window while they do not."""
    random = np.random.default_rng(8)
    corners = random.uniform([139.5, 41], [145, 46], (300, 1, 2)) + random.uniform(
        0, 2, (300, 3, 2)
    )
    shapes = np.array([shapely.convex_hull(each) for each in shapely.multipoints(corners)])
    rows = range(len(shapes))
    return gpd.GeoDataFrame(
        {"id": rows, "name": [f"農地{row}" for row in rows], "kw": 1.5}, geometry=shapes,
        crs="EPSG:6668",
    )  # fmt: skip


@pytest.fixture(scope="module", params=FORMATS)
def path(request, layer, tmp_path_factory):
    home = tmp_path_factory.mktemp("layers")
    path = home / f"layer.{request.param}"
    if request.param in {"shp", "zip"}:
        layer.to_file(home / "layer.shp", encoding="utf-8", engine="pyogrio")
        if request.param == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                for file in home.glob("layer.[!z]*"):
                    archive.write(file, file.name)
    elif request.param == "bare.parquet":
        layer.to_parquet(path)  # as written by others: no boxes beside the shapes
    else:
        write_vector(layer, path)
    return path


def by_id(frame):
    """FlatGeobuf puts its features into an order of its own."""
    return frame.sort_values("id", ignore_index=True)


def test_a_window_holds_what_touches_it(path, layer):
    expected = layer[layer.intersects(box(*WINDOW))].reset_index(drop=True)
    boxes = layer[shapely.intersects(shapely.box(*layer.bounds.to_numpy().T), box(*WINDOW))]
    assert 0 < len(expected) < len(boxes) < len(layer)
    found = read_vector(path, bbox=WINDOW)
    assert_geodataframe_equal(by_id(found), expected, check_dtype=False)
    assert found.index.tolist() == list(range(len(expected)))


def test_columns_in_the_order_asked_for(path, layer):
    found = read_vector(path, columns=["name", "id"], bbox=WINDOW)
    assert list(found.columns) == ["name", "id", "geometry"]
    whole = read_vector(path, columns=["id"])
    assert by_id(whole)["id"].tolist() == layer["id"].tolist()
    assert list(read_vector(path, columns=[]).columns) == ["geometry"]


def test_an_empty_window_has_columns_and_crs(path, layer):
    nothing = read_vector(path, bbox=(0, 0, 1, 1))
    assert isinstance(nothing, gpd.GeoDataFrame)
    assert (len(nothing), list(nothing.columns)) == (0, list(layer.columns))
    assert nothing.crs.to_epsg() == 6668


def test_a_column_that_is_not_there_is_named(path):
    with pytest.raises(LayerError, match="no column 'mw'"):
        read_vector(path, columns=["id", "mw"])


def test_a_column_called_bbox_is_kept(tmp_path):
    layer = gpd.GeoDataFrame({"bbox": ["mine"]}, geometry=[Point(143, 43)], crs="EPSG:6668")
    written = write_vector(layer, tmp_path / "layer.parquet")
    assert_geodataframe_equal(read_vector(written), layer)
    assert read_vector(written, bbox=WINDOW)["bbox"].tolist() == ["mine"]


def test_what_has_no_geometry_lies_in_no_window(tmp_path):
    shapes = [None, LineString([(140, 43), (145, 43)])]
    layer = gpd.GeoDataFrame({"id": [1, 2]}, geometry=shapes, crs="EPSG:6668")
    for ending in ("parquet", "gpkg", "geojson"):
        written = write_vector(layer, tmp_path / f"layer.{ending}")
        assert len(read_vector(written)) == 2
        assert read_vector(written, bbox=WINDOW)["id"].tolist() == [2]
