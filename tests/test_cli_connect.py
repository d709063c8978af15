"""The command `connect`: columns, formats, exit statuses."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

from hokkaido_gis.cli import run
from hokkaido_gis.grid.connect import COLUMNS


def call(capsys, *words):
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def farms(save):
    shapes = [box(143, 43, 143.01, 43.01), box(143.2, 43, 143.201, 43.001)]
    return save("farms.geojson", shapes, farm=["A", "B"], kw=["1,500", "2500"])


@pytest.fixture
def lines(save):
    shapes = [LineString([(143.1, 42), (143.1, 44)]), LineString([(143.3, 42), (143.3, 44)])]
    return save("lines.geojson", shapes, line_id=["x", "y"], voltage=["66000", "187000"])


@pytest.fixture
def stations(save):
    return save("stations.geojson", [Point(143.21, 43)], substation_id=["s"], voltage=["66000"])


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "parquet", "csv", "xlsx"])
def test_columns_of_the_features_and_of_the_result(
    capsys, tmp_path, farms, lines, stations, ending
):
    out = tmp_path / f"out.{ending}"
    words = ("connect", farms, "--lines", lines, "--substations", stations, "--capacity", "kw")
    status, said, err = call(capsys, *words, "--out", out)
    assert (status, said, err) == (0, f"{out}\n", "")
    readers = {"parquet": gpd.read_parquet, "csv": pd.read_csv, "xlsx": pd.read_excel}
    table = readers.get(ending, gpd.read_file)(out)
    shape = [] if ending in {"csv", "xlsx"} else ["geometry"]
    assert set(table.columns) == {"farm", "kw", *COLUMNS, *shape}
    # FlatGeobuf puts its features into an order of its own.
    table = table.set_index("farm").sort_index()
    assert table["required_kv"].tolist() == [6.6, 33]
    assert table["connects_to"].tolist() == ["distribution", "substation"]
    assert table.loc["B", ["line_id", "substation_id"]].tolist() == ["x", "s"]
    assert table["note"].fillna("").tolist() == ["配電線が近くにあると仮定", ""]


def test_notes_in_english_and_solar_on_the_area(capsys, tmp_path, farms, lines):
    out = tmp_path / "out.csv"
    words = ("connect", farms, "--lines", lines, "--out", out, "--max-km", 9, "--lang", "en")
    status, _, err = call(capsys, *words)
    assert status == 0
    assert "capacities are solar of 500 kW/ha" in err
    table = pd.read_csv(out, encoding="utf-8-sig")
    # Some 90 ha, and 0.9 ha.
    assert table["required_kv"].tolist() == [33, 6.6]
    assert table["note"].isna().tolist() == [True, False]
    assert table["note"][1] == "distribution network taken as present"


def test_rules_costs_and_segments(capsys, tmp_path, farms, lines):
    rules, costs = tmp_path / "rules.csv", tmp_path / "costs.csv"
    rules.write_text("from_kw,to_kw,required_kv,classes\n0,,66,66 kV;187 kV\n", encoding="utf-8")
    costs.write_text("voltage_class,million_yen_per_km\n66 kV,50\n187 kV,1\n", encoding="utf-8")
    out, drawn = tmp_path / "out.csv", tmp_path / "drawn.gpkg"
    words = ("connect", farms, "--lines", lines, "--kw", 100, "--out", out, "--rules", rules,
             "--costs", costs, "--segments", drawn)  # fmt: skip
    status, said, _ = call(capsys, *words)
    assert (status, said) == (0, f"{out}\n{drawn}\n")
    table = pd.read_csv(out, encoding="utf-8-sig")
    assert table["line_id"].tolist() == ["y", "y"]
    segments = gpd.read_file(drawn)
    assert segments["target"].tolist() == ["y", "y"]
    assert segments["km"].tolist() == pytest.approx(table["line_km"].tolist())


def test_distribution_lines_take_the_place_of_the_assumption(capsys, tmp_path, save, farms, lines):
    near = save("near.geojson", [LineString([(143.02, 42.9), (143.02, 43.1)])], line_id=["d"],
                voltage=["6600"])  # fmt: skip
    out = tmp_path / "out.csv"
    words = ("connect", farms, "--lines", lines, "--kw", 100, "--distribution", near)
    status, said, _ = call(capsys, *words, "--out", out)
    assert (status, said) == (0, f"{out}\n")
    table = pd.read_csv(out, encoding="utf-8-sig")
    assert table["connects_to"].tolist() == ["distribution", "distribution"]
    assert table["note"].isna().all()
    # From 143.01 E to 143.02 E, and from 143.2 E on, along the parallel of 43 N.
    assert table["line_km"].tolist() == pytest.approx([0.815, 14.67], abs=0.01)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--capacity", "mw"), "it has no column 'mw'"),
        (("--capacity", "farm"), "'A' is no number"),
        (("--capacity", "kw", "--kw", "5"), "Give --capacity or --kw, not both"),
        (("--kw", "-5"), "-5 kW is negative"),
        (("--kw", "5", "--max-km", "0"), "max_km must be more than 0 km"),
        (("--kw", "5", "--rules", "absent.csv"), "there is no such file"),
    ],
)
def test_wrong_options_leave_the_older_file(capsys, tmp_path, farms, lines, words, message):
    out = tmp_path / "out.geojson"
    out.write_text("older", encoding="utf-8")
    status, said, err = call(capsys, "connect", farms, "--lines", lines, *words, "--out", out)
    assert (status, said) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert out.read_text(encoding="utf-8") == "older"


def test_points_have_no_area_to_work_a_capacity_out_from(capsys, tmp_path, save, lines):
    dams = save("dams.geojson", [Point(143, 43)], name=["ダム"])
    status, _, err = call(capsys, "connect", dams, "--lines", lines, "--out", tmp_path / "o.csv")
    assert status == 2
    assert "no polygons and have no area" in err
