"""`connect --free-capacity`: sites connect in turn where there is room."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from hokkaido_gis.cli import run
from hokkaido_gis.grid.connect import COLUMNS


def call(capsys, *words):
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def words(save):
    """Two sites of 3,000 kW, two lines of 66 kV: the nearer one is the cheaper for both."""
    sites = save("sites.geojson", [Point(143, 43), Point(143.02, 43)], farm=["A", "B"])
    lines = save(
        "lines.geojson",
        [LineString([(x, 42), (x, 44)]) for x in (143.03, 143.3)],
        line_id=["x", "y"], name=["甲線", "乙線"], voltage=["66000", "66000"],
    )  # fmt: skip
    return ["connect", sites, "--lines", lines, "--kw", 3000]


@pytest.fixture
def table(tmp_path):
    """As it is published, in a heading of two rows and in MW; 丙線 is on no map."""
    path = tmp_path / "room.csv"
    path.write_text(
        "送電線の空容量（見本）,,,,\nNo,送電線名,電圧(kV),空容量(MW),\n,,,当該設備,上位系等考慮\n"
        "1,甲線,66,5,4\n2,乙線,66,9,9\n3,丙線,66,1,1\n",
        encoding="cp932",
    )
    return path


def test_sites_in_turn_and_what_is_left(capsys, tmp_path, words, table):
    out, left, drawn = tmp_path / "out.csv", tmp_path / "left.csv", tmp_path / "drawn.gpkg"
    words += ["--free-capacity", table, "--left", left, "--segments", drawn, "--out", out]
    status, said, err = call(capsys, *words)
    assert (status, said) == (0, f"{out}\n{drawn}\n{left}\n")
    assert "note: 2 of 2 rows of the lines matched" in err
    assert "1 rows of the table of free capacity are left over" in err
    found = pd.read_csv(out, encoding="utf-8-sig").set_index("farm")
    assert list(found.columns) == [*COLUMNS, "choice", "served"]
    assert found["line_id"].to_dict() == {"A": "y", "B": "x"}
    assert found["served"].to_dict() == {"A": 2, "B": 1}
    assert found.loc["A", "note"] == "空容量不足で次点: 送電線 甲線"
    rest = pd.read_csv(left, encoding="utf-8-sig").set_index("target")
    assert rest["left_kw"].to_dict() == {"甲線": 1000, "乙線": 6000}
    segments = gpd.read_file(drawn).set_index("site")
    assert segments["target"].to_dict() == {0: "y", 1: "x"}
    assert segments["km"].tolist() == pytest.approx(found["line_km"].tolist())


def test_the_largest_first_and_notes_in_english(capsys, tmp_path, save, table, words):
    sites = save("sized.geojson", [Point(143, 43), Point(143.02, 43)], farm=["A", "B"],
                 kw=[3500, 3000])  # fmt: skip
    out = tmp_path / "out.gpkg"
    words[1], words[4:] = sites, ["--capacity", "kw", "--order", "capacity", "--lang", "en"]
    status, _, _ = call(capsys, *words, "--free-capacity", table, "--out", out)
    assert status == 0
    found = gpd.read_file(out).set_index("farm")
    assert found["line_id"].to_dict() == {"A": "x", "B": "y"}
    assert found["note"].fillna("").to_dict() == {"A": "", "B": "turned away by line 甲線"}


def test_only_the_nearest_are_tried(capsys, tmp_path, table, words):
    out = tmp_path / "out.csv"
    words += ["--free-capacity", table, "--nearest", 1, "--out", out]
    assert call(capsys, *words)[0] == 0
    found = pd.read_csv(out, encoding="utf-8-sig")
    assert found["line_id"].isna().tolist() == [True, False]
    assert found["note"][0] == "空容量なし: 送電線 甲線"


def test_tables_of_lines_and_of_substations(capsys, tmp_path, save, table, words):
    place = save("stations.geojson", [Point(143, 43.005)], substation_id=["s"], voltage=["66000"])
    banks, out = tmp_path / "banks.csv", tmp_path / "out.csv"
    banks.write_text("substation_id,free_kw\ns,3000\n", encoding="utf-8")
    words += ["--substations", place, "--out", out, "--free-capacity", table]
    status, _, err = call(capsys, *words)
    assert status == 0
    assert "has no substations, and none is taken to have room" in err
    assert pd.read_csv(out, encoding="utf-8-sig")["connects_to"].tolist() == ["line", "line"]
    status, _, err = call(capsys, *words, "--free-capacity", banks, "-q")
    assert (status, err) == (0, "")
    assert pd.read_csv(out, encoding="utf-8-sig")["connects_to"].tolist() == ["substation", "line"]


def test_room_that_is_not_stated(capsys, tmp_path, words):
    rest, out = tmp_path / "rest.csv", tmp_path / "out.csv"
    rest.write_text("line_id,free_kw\ny,0\n", encoding="utf-8")
    words += ["--free-capacity", rest, "--out", out]
    status, _, err = call(capsys, *words)
    assert status == 0
    assert "no room" in err
    assert pd.read_csv(out, encoding="utf-8-sig")["line_id"].isna().all()
    assert call(capsys, *words, "--unknown", "unlimited")[0] == 0
    assert pd.read_csv(out, encoding="utf-8-sig")["line_id"].tolist() == ["x", "x"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--order", "capacity"], "--order belongs to --free-capacity"),
        (["--left", "left.csv"], "--left belongs to --free-capacity"),
        (["--nearest", "2", "--unknown", "none"], "--unknown belongs to --free-capacity"),
        (["--free-capacity", "TABLE", "--engine", "dask"], "not for --engine"),
        (["--free-capacity", "TABLE", "--nearest", "0"], "0 is not in the range x>=1"),
        (["--free-capacity", "TABLE", "--free-capacity", "TABLE"], "facilities stand in it more"),
        (["--free-capacity", "nowhere.csv"], "there is no such file"),
        (["--free-capacity", "SITES"], "sites.geojson"),
    ],
)
def test_wrong_options_leave_the_older_file(capsys, tmp_path, table, words, more, message):
    out = tmp_path / "out.csv"
    out.write_text("older", encoding="utf-8")
    places = {"TABLE": table, "SITES": words[1]}
    more = [places.get(word, word) for word in more]
    status, said, err = call(capsys, *words, *more, "--out", out)
    assert (status, said) == (2, "")
    assert message in err
    assert out.read_text(encoding="utf-8") == "older"
