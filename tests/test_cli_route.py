"""The command `route`: what it writes, what it says, and its exit status."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import LineString, Point, box

from hokkaido_gis.cli import run

COLUMNS = ["farm", "line_id", "line_km", "cost_million_yen", "note"]


def call(capsys, *words):
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def words(save):
    """A site 0.1 degrees west of a line of 66 kV, and 0.02 degrees east of one of 187 kV."""
    sites = save("sites.geojson", [Point(143, 43)], farm=["A"])
    lines = save(
        "lines.geojson",
        [LineString([(x, 42.9), (x, 43.1)]) for x in (143.1, 142.98)],
        line_id=["x", "y"], voltage=["66000", "187000"],
    )  # fmt: skip
    return ["route", sites, "--lines", lines, "--cell", 500, "--margin", 15]


@pytest.fixture
def wall(save):
    """Land between the site and the line of 66 kV, with ways around it."""
    return save("wall.geojson", [box(143.04, 42.95, 143.06, 43.05)])


def routes(capsys, out, words):
    status, said, err = call(capsys, *words, "--out", out)
    assert (status, said) == (0, f"{out}\n")
    return gpd.read_file(out).iloc[0], err


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "parquet", "csv", "xlsx"])
def test_routes_with_the_columns_of_the_sites(capsys, tmp_path, words, ending):
    out = tmp_path / f"out.{ending}"
    status, said, err = call(capsys, *words, "--out", out)
    assert (status, said, err) == (0, f"{out}\n", "")
    readers = {"parquet": gpd.read_parquet, "csv": pd.read_csv, "xlsx": pd.read_excel}
    table = readers.get(ending, gpd.read_file)(out)
    assert list(table.columns) == COLUMNS + ([] if ending in {"csv", "xlsx"} else ["geometry"])
    assert table["line_id"].tolist() == ["x"]
    # A degree of longitude is some 81.5 km there; 12 million yen/km.
    assert table["line_km"][0] == pytest.approx(8.15, abs=0.5)
    assert table["cost_million_yen"][0] == pytest.approx(12 * table["line_km"][0])


def test_classes_that_may_be_reached(capsys, tmp_path, words):
    near, _ = routes(capsys, tmp_path / "a.gpkg", [*words, "--class", "187 kV"])
    assert near["line_id"] == "y"
    assert near["line_km"] == pytest.approx(1.63, abs=0.5)
    both, _ = routes(
        capsys, tmp_path / "b.gpkg", [*words, "--class", "66 kV", "--class", "187 kV", "--cost", 3]
    )
    assert both["line_id"] == "y"
    assert both["cost_million_yen"] == pytest.approx(3 * both["line_km"])


def test_what_is_closed_or_dear_is_gone_around(capsys, tmp_path, words, wall):
    straight, _ = routes(capsys, tmp_path / "a.gpkg", words)
    closed, _ = routes(capsys, tmp_path / "b.gpkg", [*words, "--area", wall, "inf"])
    land = box(143.041, 42.951, 143.059, 43.049)
    assert straight.geometry.intersects(land)
    assert not closed.geometry.intersects(land)
    assert closed["line_km"] > straight["line_km"] + 1
    dear, _ = routes(capsys, tmp_path / "c.gpkg", [*words, "--area", wall, 1.5])
    assert straight["cost_million_yen"] < dear["cost_million_yen"] <= closed["cost_million_yen"]


def test_a_corridor_leads_through_what_is_closed(capsys, tmp_path, save, words, wall):
    road = save("road.geojson", [LineString([(143, 43), (143.1, 43)])])
    more = ["--area", wall, "inf", "--corridor", road, 0.5]
    found, _ = routes(capsys, tmp_path / "a.gpkg", [*words, *more])
    assert found.geometry.intersects(box(143.041, 42.951, 143.059, 43.049))
    assert found["cost_million_yen"] == pytest.approx(6 * found["line_km"], rel=0.1)


def test_classes_of_a_raster(capsys, tmp_path, words):
    slope = tmp_path / "slope.tif"
    with rasterio.open(
        slope, "w", driver="GTiff", height=40, width=80, count=1, dtype="float32",
        crs="EPSG:6668", transform=rasterio.Affine(0.025, 0, 142, 0, -0.025, 43.5),
    ) as file:  # fmt: skip
        file.write(np.full((40, 80), 15, dtype="float32"), 1)
    plain, _ = routes(capsys, tmp_path / "a.gpkg", words)
    dear, _ = routes(capsys, tmp_path / "b.gpkg", [*words, "--raster", slope, "10:1,20:1.5"])
    assert dear["cost_million_yen"] == pytest.approx(1.5 * plain["cost_million_yen"])
    out = tmp_path / "c.gpkg"
    none, err = routes(capsys, out, [*words, "--raster", slope, "10:1"])
    assert none["note"] == "計算範囲内に到達可能な送電線なし"
    assert none.geometry is None
    assert "1 of 1 sites have no route; the column note says why" in err


def test_no_route_in_english(capsys, tmp_path, words):
    words[words.index("--margin") + 1] = 1
    found, err = routes(capsys, tmp_path / "a.gpkg", [*words, "--lang", "en"])
    assert found["note"] == "no line lies on the cost surface where a line may pass"
    assert "--margin 1 is how far lines were looked for" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--class", "66kV"], "no voltage class '66kV'; classes to choose from are 33 kV and less"),
        (["--class", "275 kV"], "none has a voltage of the classes 275 kV; they have 187, 66 kV"),
        (["--raster", "a.tif", "10,20"], "'10,20' is no list of limits, each with its factor"),
        (["--raster", "a.tif", "10:x"], "'10:x' is no list of limits"),
        (["--raster", "a.tif", "10:1"], "a.tif"),
        (["--area", "WALL", "x"], "'x' is not a valid float"),
        (["--area", "WALL", "0"], "must be above 0, or infinite to forbid; got 0"),
        (["--area", "nowhere.gpkg", "2"], "there is no such file"),
        (["--corridor", "WALL", "inf"], "The factor of a corridor must be finite"),
        (["--cell", "0"], "0.0 is not in the range x>0"),
        (["--cell", "0.5"], "Use larger ones"),
        (["--margin", "-1"], "-1.0 is not in the range x>=0"),
        (["--cost", "nan"], "base cost"),
    ],
)
def test_wrong_options_leave_the_older_file(capsys, tmp_path, words, wall, more, message):
    out = tmp_path / "out.csv"
    out.write_text("older", encoding="utf-8")
    more = [wall if word == "WALL" else word for word in more]
    status, said, err = call(capsys, *words, *more, "--out", out)
    assert (status, said) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert out.read_text(encoding="utf-8") == "older"
