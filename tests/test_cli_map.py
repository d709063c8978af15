"""The commands `kml` and `map`: what they write, and what they refuse."""

from __future__ import annotations

import re
import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio import Affine
from shapely.geometry import Point, box

from hokkaido_gis.cli import run

KML = "{http://www.opengis.net/kml/2.2}"
NAMES = [f"区画{i}" for i in range(8)]
SHAPES = [box(143 + 0.02 * i, 43, 143.02 + 0.02 * i, 43.02) for i in range(8)]


@pytest.fixture
def parcels(save):
    kw = ["1,000", "2,000", "3,000", "4,000", "x", "6,000", "7,000", "8,000"]
    return save("parcels.geojson", SHAPES, name=NAMES, 出力kW=kw)


@pytest.fixture
def wind(tmp_path):
    path = tmp_path / "wind.tif"
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, height=3, width=3,
        crs="EPSG:6668", transform=Affine(0.1, 0, 143, 0, -0.1, 43.2),
    ) as file:  # fmt: skip
        file.write(np.arange(9, dtype="float32").reshape(3, 3), 1)
    return path


def call(capsys, *words):
    """Run the command line and give its status, standard output and standard error."""
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def texts_of(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("doc.kml").decode(), archive.namelist()


# --- kml ------------------------------------------------------------------------------------------


def test_kml_has_names_balloons_classes_and_legend(capsys, parcels, tmp_path):
    out = tmp_path / "parcels.kmz"
    status, said, err = call(capsys, "kml", parcels, "--value", "出力kW", "--out", out)
    assert (status, said, err) == (0, f"{out}\n", "")
    text, files = texts_of(out)
    assert {"files/legend.png", "files/caption.png"} <= set(files)
    for name in NAMES:
        assert name in text
    assert "データなし" in text
    read = read_back(text, tmp_path)
    areas = read[read.geom_type.isin(["Polygon", "MultiPolygon"]) & read["Name"].isin(NAMES)]
    assert sorted(areas["Name"]) == NAMES
    for found, given in zip(areas.sort_values("Name").geometry, SHAPES, strict=True):
        assert shapely.force_2d(found).normalize().equals_exact(given.normalize(), 1e-6)


def read_back(text, folder):
    """Features of all layers of a document, as GDAL reads them."""
    path = folder / "back.kml"
    path.write_text(text, encoding="utf-8")
    layers = gpd.list_layers(path)["name"]
    return pd.concat([gpd.read_file(path, layer=layer) for layer in layers], ignore_index=True)


def test_kml_of_small_areas_keeps_them(capsys, save, tmp_path):
    shapes = [box(x, 43, x + 0.0005, 43.0005) for x in (141, 144)]
    out = tmp_path / "small.kmz"
    status, *_ = call(capsys, "kml", save("small.geojson", shapes, name=["a", "b"]), "--out", out)
    text, _ = texts_of(out)
    assert status == 0
    assert "141.000500,43.000500" in text


def test_kml_of_a_raster_is_a_ground_overlay(capsys, wind, tmp_path):
    out = tmp_path / "wind.kmz"
    assert call(capsys, "kml", wind, "--out", out)[0] == 0
    text, _ = texts_of(out)
    assert text.count("<GroundOverlay") == 1
    sides = {
        side: float(re.search(f"<{side}>([^<]+)</{side}>", text)[1])
        for side in ("west", "south", "east", "north")
    }
    expected = {"west": 143, "south": 42.9, "east": 143.3, "north": 43.2}
    assert sides == pytest.approx(expected, abs=1e-3)


def test_two_runs_write_the_same_bytes(capsys, parcels, tmp_path):
    for ending in ("kmz", "html"):
        outs = [tmp_path / f"{n}.{ending}" for n in (1, 2)]
        for out in outs:
            assert call(capsys, "map", parcels, "--out", out)[0] == 0
        assert outs[0].read_bytes() == outs[1].read_bytes()


# --- map ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["html", "png", "svg", "kmz", "kml", "gpkg"])
def test_the_ending_of_the_file_chooses_the_form(capsys, parcels, tmp_path, ending):
    out = tmp_path / f"map.{ending}"
    status, said, _ = call(capsys, "map", parcels, "--out", out)
    assert (status, said) == (0, f"{out}\n")
    begins = {
        "html": b"<!DOCTYPE html>", "png": b"\x89PNG", "svg": b"<?xml",
        "kmz": b"PK", "kml": b"<?xml", "gpkg": b"SQLite format 3",
    }  # fmt: skip
    assert out.read_bytes()[:20].lower().startswith(begins[ending].lower())


def test_the_geopackage_is_coloured_in_qgis(capsys, parcels, tmp_path):
    out = tmp_path / "map.gpkg"
    assert call(capsys, "map", parcels, "--value", "出力kW", "--out", out)[0] == 0
    connection = sqlite3.connect(out)
    styled = connection.execute("select f_table_name from layer_styles").fetchall()
    connection.close()
    assert len(styled) == 2


def test_layers_and_rasters_make_one_page(capsys, parcels, wind, save, tmp_path):
    lines = save("lines.geojson", [SHAPES[0].boundary], name=["幹線"], voltage=["66000"])
    out = tmp_path / "map.html"
    status, said, err = call(capsys, "map", wind, parcels, "--lines", lines, "--out", out)
    assert (status, said, err) == (0, f"{out}\n", "")
    page = out.read_text(encoding="utf-8")
    for words in ("wind", "parcels", "送電線", "66 kV", "市町村", "陸地"):
        assert words in page


def policy(path):
    """Sources of images that the page's policy allows."""
    page = path.read_text(encoding="utf-8")
    return re.search(r"img-src ([^;]+);", page)[1].split()


def test_tiles_open_the_policy_for_the_host_of_gsi_alone(capsys, parcels, tmp_path):
    closed, opened = tmp_path / "closed.html", tmp_path / "opened.html"
    assert call(capsys, "map", parcels, "--out", closed)[0] == 0
    assert call(capsys, "map", parcels, "--tiles", "--out", opened)[0] == 0
    assert policy(closed) == ["data:", "blob:"]
    assert policy(opened) == ["data:", "blob:", "https://cyberjapandata.gsi.go.jp"]
    assert "connect-src &#39;none&#39;" in opened.read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "words"), [("ja", "データなし"), ("en", "no data")])
def test_the_legend_speaks_the_language_asked_for(capsys, parcels, tmp_path, lang, words):
    out = tmp_path / "map.html"
    words_given = ("map", parcels, "--value", "出力kW", "--lang", lang, "--out", out)
    assert call(capsys, *words_given)[0] == 0
    assert words in out.read_text(encoding="utf-8")


def test_a_layer_outside_hokkaido_stands_alone(capsys, save, tmp_path):
    squares = [box(130.5 + i, 32, 131.5 + i, 33) for i in range(2)]
    out = tmp_path / "map.html"
    source = save("kyushu.geojson", squares, name=["熊本", "大分"])
    assert call(capsys, "map", source, "--out", out)[0] == 0
    assert "市町村" not in out.read_text(encoding="utf-8").split("<script")[0]


# --- what is refused ------------------------------------------------------------------------------


def bad(kind, save, tmp_path):
    """A file that is no layer for a map."""
    if kind == "empty":
        return save("empty.gpkg", [], name=[])
    if kind == "no places":
        return save("nowhere.gpkg", [None, None], name=["a", "b"])
    if kind == "no CRS":
        return save("nocrs.fgb", [Point(141, 43)], crs=None, name=["a"])
    if kind == "wrong CRS":
        return save("metres.geojson", [Point(500_000, 4_800_000)], crs="EPSG:6668", name=["a"])
    if kind == "table":
        path = tmp_path / "table.csv"
        path.write_text("市町村名,値\n札幌市,3\n", encoding="cp932")
        return path
    return tmp_path / "nowhere.geojson"


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("form", ["kml.kmz", "map.html", "map.png"])
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("empty", "it holds no features"),
        ("no places", "map layer is needed"),
        ("no CRS", "it has no CRS"),
        ("wrong CRS", "no longitude and latitude"),
        ("table", "a table without geometry; a map layer is needed"),
        ("absent", "there is no such file"),
    ],
)
def test_bad_files_get_status_2_and_leave_the_older_output(
    capsys, save, tmp_path, form, kind, told
):
    out = tmp_path / form
    out.write_text("older", encoding="utf-8")
    status, said, err = call(capsys, out.stem, bad(kind, save, tmp_path), "--out", out)
    assert (status, said) == (2, "")
    assert err.startswith("error: ")
    assert told in err
    assert "Traceback" not in err
    assert out.read_text(encoding="utf-8") == "older"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--value", "面積"], "No layer has a column 面積; there are name, 出力kW"),
        (["--name", "名"], "No layer has a column 名"),
        (["--lines", "nowhere.geojson"], "there is no such file"),
    ],
)
def test_wrong_options_get_status_2(capsys, parcels, tmp_path, options, told):
    for command, ending in (("kml", "kmz"), ("map", "html")):
        out = tmp_path / f"out.{ending}"
        status, said, err = call(capsys, command, parcels, *options, "--out", out)
        assert (status, said) == (2, "")
        assert told in err
        assert not out.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["kml", "--out", "a.html"], "must end in .kmz or .kml"),
        (["map", "--out", "a.docx"], "got .docx"),
        (["map", "--tiles", "--out", "a.png"], "tiles (--tiles) are for .html maps"),
    ],
)
def test_forms_that_a_command_does_not_write(capsys, parcels, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    status, said, err = call(capsys, words[0], parcels, *words[1:])
    assert (status, said) == (2, "")
    assert told in err
    assert not (tmp_path / words[-1]).exists()


def test_a_layer_must_be_named(capsys, tmp_path):
    status, _, err = call(capsys, "map", "--out", tmp_path / "a.html")
    assert status == 2
    assert "Missing argument 'LAYER...'" in err
