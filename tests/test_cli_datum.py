"""What the commands say of a layer in the Tokyo datum, which they move by some 400 m."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from shapely.geometry import LineString, box

from hokkaido_gis.cli import run

MOVED = re.compile(r"moved by 4\d\d\.\d m from Tokyo to JGD2011 \(.*Tokyo to JGD2000.*accuracy \d")


@pytest.fixture
def fields(save):
    shapes = [box(143 + x, 43, 143.005 + x, 43.005) for x in (0, 0.02)]
    return save("fields.fgb", shapes, crs="EPSG:4301", name=["甲", "乙"], kw=[3000, 100])


@pytest.fixture
def lines(save):
    shapes = [LineString([(143.05, 42.9), (143.05, 43.1)])]
    return save("lines.geojson", shapes, line_id=["x"], voltage=["66000"])


@pytest.fixture
def slope(tmp_path):
    path = tmp_path / "slope.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=40, width=40, count=1, dtype="float32",
        crs="EPSG:6668", transform=rasterio.Affine(0.005, 0, 142.9, 0, -0.005, 43.1),
    ) as file:  # fmt: skip
        file.write(np.ones((40, 40), dtype="float32"), 1)
    return path


@pytest.fixture
def places(fields, lines, slope):
    return {"FIELDS": str(fields), "LINES": str(lines), "SLOPE": str(slope)}


COMMANDS = {
    "connect": ["connect", "FIELDS", "--lines", "LINES", "--kw", "3000", "--out", "out.gpkg"],
    "connect, area and segments": [
        "connect", "FIELDS", "--lines", "LINES", "--segments", "segments.gpkg", "--out", "out.csv",
    ],
    "route": ["route", "FIELDS", "--lines", "LINES", "--margin", "5", "--out", "out.gpkg"],
    "overlay": ["overlay", "FIELDS", "SLOPE", "--out", "out.csv"],
    "kml": ["kml", "FIELDS", "--out", "out.kmz"],
    "map": ["map", "FIELDS", "--out", "out.html"],
    "picture": ["map", "FIELDS", "--value", "kw", "--out", "out.png"],
}  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_the_move_is_told_once_with_operation_and_accuracy(
    capsys, tmp_path, monkeypatch, places, words
):
    monkeypatch.chdir(tmp_path)
    words = [places.get(word, word) for word in words]
    assert run(words) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "moved by" in line]
    assert len(told) == 1
    assert told[0].startswith("note: ")
    assert MOVED.search(told[0])
    assert run([*words, "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_lengths_are_those_of_the_moved_ground(capsys, tmp_path, fields, lines):
    """The site is moved some 310 m to the west, away from the line east of it."""
    unmoved = tmp_path / "unmoved.fgb"
    gpd.read_file(fields).set_crs("EPSG:6668", allow_override=True).to_file(unmoved)
    km = []
    for number, source in enumerate((fields, unmoved)):
        out = tmp_path / f"{number}.gpkg"
        assert run(["connect", str(source), "--lines", str(lines), "--kw", "3000", "-q",
                    "--out", str(out)]) == 0  # fmt: skip
        km.append(gpd.read_file(out)["line_km"].to_numpy())
    moved = gpd.read_file(fields).to_crs("EPSG:6668").geometry.bounds["maxx"]
    shift = (gpd.read_file(unmoved).geometry.bounds["maxx"] - moved) * 81.5
    assert km[0] - km[1] == pytest.approx(shift.to_numpy(), abs=0.01)
    assert (km[0] - km[1] > 0.25).all()
    capsys.readouterr()


def test_a_geopackage_keeps_the_datum_and_nothing_is_told(capsys, tmp_path, fields):
    out = tmp_path / "out.gpkg"
    assert run(["map", str(fields), "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    kept = gpd.read_file(out, layer="fields")
    assert kept.crs == "EPSG:4301"
    assert kept.total_bounds == pytest.approx(gpd.read_file(fields).total_bounds)
