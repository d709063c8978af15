"""The command `overlay`: statistics of a raster beside the columns of features."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio import Affine
from shapely.geometry import LineString, box

from hokkaido_gis.cli import run


@pytest.fixture
def raster(tmp_path):
    path = tmp_path / "wind.tif"
    values = np.array([[1, 2], [3, 4]], dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, height=2, width=2,
        crs="EPSG:6668", transform=Affine(0.1, 0, 143, 0, -0.1, 43.2),
    ) as file:  # fmt: skip
        file.write(values, 1)
    return path


@pytest.fixture
def farms(save):
    # In the cell of 1; over 1 and 2, which are of one size.
    return save(
        "farms.geojson", [box(143.01, 43.15, 143.02, 43.16), box(143.05, 43.15, 143.15, 43.16)],
        name=["一", "二"],
    )  # fmt: skip


def call(capsys, *words):
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "parquet"])
def test_layers(capsys, farms, raster, tmp_path, ending) -> None:
    out = tmp_path / f"out.{ending}"
    status, said, err = call(
        capsys, "overlay", farms, raster, "--stats", "mean, max,share_above_1.5", "--out", out
    )
    assert (status, said, err) == (0, f"{out}\n", "")
    found = gpd.read_parquet(out) if ending == "parquet" else gpd.read_file(out)
    found = found.sort_values("name")
    assert found["name"].tolist() == ["一", "二"]
    np.testing.assert_allclose(
        found[["mean", "max", "share_above_1.5", "coverage"]], [[1, 1, 0, 1], [1.5, 2, 0.5, 1]],
        atol=1e-5,
    )  # fmt: skip


def test_tables(capsys, farms, raster, tmp_path) -> None:
    out = tmp_path / "out.csv"
    assert call(capsys, "overlay", farms, raster, "--out", out)[0] == 0
    found = pd.read_csv(out)
    assert found.columns.tolist() == ["name", "mean", "coverage"]
    np.testing.assert_allclose(found["mean"], [1, 1.5], atol=1e-5)


def test_kmh(capsys, farms, raster, tmp_path) -> None:
    out = tmp_path / "out.csv"
    assert call(capsys, "overlay", farms, raster, "--units", "km/h", "--out", out)[0] == 0
    np.testing.assert_allclose(pd.read_csv(out)["mean"], [1 / 3.6, 1.5 / 3.6], rtol=1e-5)


def test_what_has_no_value_is_noted(capsys, save, raster, tmp_path) -> None:
    away = save("away.geojson", [box(143.01, 43.01, 143.02, 43.02), box(140, 43, 140.1, 43.1)])
    out = tmp_path / "out.geojson"
    status, _, err = call(capsys, "overlay", away, raster, "--out", out)
    assert status == 0
    assert "of 2 features, 1 lie wholly where the raster has no value (coverage 0): 1." in err
    assert gpd.read_file(out)["mean"].isna().tolist() == [False, True]
    assert call(capsys, "overlay", away, raster, "--out", out, "-q")[2] == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stats", "mode"), "'mode' is no statistic"),
        (("--stats", "mean,mean"), "'mean' is given twice"),
        (("--band", "3"), "it has 1 bands"),
        (("--units", "mph"), "'mph' is not one of"),
    ],
)
def test_wrong_options(capsys, farms, raster, tmp_path, words, message) -> None:
    out = tmp_path / "out.geojson"
    status, said, err = call(capsys, "overlay", farms, raster, *words, "--out", out)
    assert (status, said) == (2, "")
    assert message in err
    assert not out.exists()


def test_lines_are_refused(capsys, save, raster, tmp_path) -> None:
    lines = save("lines.geojson", [LineString([(143, 43), (143.1, 43.1)])])
    status, _, err = call(capsys, "overlay", lines, raster, "--out", tmp_path / "out.geojson")
    assert status == 2
    assert "neither polygons nor points (row 0: LineString)" in err


def test_columns_of_the_same_name(capsys, save, raster, tmp_path) -> None:
    farms = save("farms.geojson", [box(143.01, 43.15, 143.02, 43.16)], mean=[5])
    status, _, err = call(capsys, "overlay", farms, raster, "--out", tmp_path / "out.geojson")
    assert status == 2
    assert "it has columns mean already" in err
