"""The command `join`: attributes onto geometry, and what did not match on stdout."""

from __future__ import annotations

import io

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, box

from hokkaido_gis.cli import run
from hokkaido_gis.datasets import sample_data


@pytest.fixture
def boundaries(tmp_path):
    towns = gpd.read_file(sample_data() / "municipalities.geojson")
    path = tmp_path / "towns.geojson"
    towns[towns["code"].isin(["01395", "01396", "01398"])].to_file(path)
    return path


def table(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding=encoding)
    return path


def call(capsys, *words):
    """Run the command line and give its status, standard output and standard error."""
    status = run([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def audit(said: str) -> list[list]:
    return pd.read_csv(io.StringIO(said), dtype=str).fillna("").to_numpy().tolist()


def joined(path, column: str) -> list:
    frame = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    return frame[column].fillna(-1).tolist()


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet", "fgb"])
def test_municipalities_by_code(capsys, boundaries, tmp_path, ending) -> None:
    rows = table(tmp_path, '市町村コード,熱量\n1398,30\n1395,"1,000"\n合計,1030\n1399,x\n', "cp932")
    out = tmp_path / f"out.{ending}"
    status, said, err = call(capsys, "join", boundaries, rows, "--out", out)
    assert status == 0
    assert sorted(joined(out, "熱量")) == [-1, 30, 1000]
    assert audit(said) == [
        ["layer", "1", "01396", "no such key in the table"],
        ["table", "4", "合計", "'合計' is no code of 4, 5 or 6 digits"],
        ["table", "5", "1399", "no such key in the layer"],
    ]
    assert err == (
        f"note: {out}: 2 of 3 rows of the layer matched (code 2); 2 rows of the table are left "
        "over and 0 matched more than once.\n"
    )


def test_municipalities_by_name(capsys, boundaries, tmp_path) -> None:
    rows = table(tmp_path, "町,kw\n北海道虻田郡ニセコ町,1.5\n真狩村,2\n喜茂別町,3\n")
    out = tmp_path / "out.geojson"
    status, said, err = call(capsys, "join", boundaries, rows, "--key", "町", "--out", out, "-q")
    assert (status, audit(said), err) == (0, [], "")
    assert said == "side,row,key,note\n"
    assert joined(out, "kw") == [1.5, 2, 3]


def test_everything_of_the_layer_is_kept(capsys, boundaries, tmp_path) -> None:
    rows = table(tmp_path, "code,kw\n1395,5\n")
    out = tmp_path / "out.geojson"
    assert call(capsys, "join", boundaries, rows, "--out", out)[0] == 0
    before, after = gpd.read_file(boundaries), gpd.read_file(out)
    assert after[list(before.columns)].equals(before)
    assert after.crs == before.crs


def test_settlements_by_their_key(capsys, save, tmp_path) -> None:
    layer = save(
        "settlements.gpkg", [box(144, 43, 144.1, 43.1), box(144.1, 43, 144.2, 43.1)],
        KEY=["0120602006", "0120602007"], CITY_NAME=["釧路市", "釧路市"],
    )  # fmt: skip
    rows = table(tmp_path, "key,ha\n120602007,2.5\n120602008,3\n")
    out = tmp_path / "out.gpkg"
    status, said, _ = call(capsys, "join", layer, rows, "--out", out)
    assert status == 0
    assert joined(out, "ha") == [-1, 2.5]
    assert [row[:3] for row in audit(said)] == [
        ["layer", "0", "0120602006"], ["table", "3", "120602008"],
    ]  # fmt: skip


@pytest.mark.parametrize("words", [("--key", "site"), ("--key", "id", "--layer-key", "site")])
def test_any_text_both_have(capsys, save, tmp_path, words) -> None:
    layer = save("sites.geojson", [Point(142, 43), Point(143, 43)], site=["A-1", "B-2"])
    rows = table(tmp_path, f"{words[1]},kw\nB-2,5\nC-3,6\n")
    out = tmp_path / "out.geojson"
    status, said, _ = call(capsys, "join", layer, rows, *words, "--out", out)
    assert status == 0
    assert joined(out, "kw") == [-1, 5]
    assert [row[2] for row in audit(said)] == ["A-1", "C-3"]


def test_several_features_may_share_a_row(capsys, save, tmp_path) -> None:
    layer = save("farms.geojson", [Point(142, 43), Point(143, 43)], code=["01202", "01202"])
    out = tmp_path / "out.geojson"
    assert call(capsys, "join", layer, table(tmp_path, "code,kw\n1202,5\n"), "--out", out)[0] == 0
    assert joined(out, "kw") == [5, 5]


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("code,kw\n1395,1\n01395,2\n", (), "'01395' in rows 2, 3. Sum or select the rows first"),
        ("kw\n1\n", (), "which column is the key of a row? It has kw"),
        ("code,kw\n1395,1\n", ("--key", "cod"), "no column 'cod'"),
        ("name,kw\nいろは,1\n", (), "'いろは' is no municipality of Hokkaido"),
    ],
)
def test_what_cannot_be_joined_is_refused(
    capsys, boundaries, tmp_path, text, words, message
) -> None:
    out = tmp_path / "out.geojson"
    out.write_text("older", encoding="utf-8")
    rows = table(tmp_path, text)
    status, said, err = call(capsys, "join", boundaries, rows, *words, "--out", out)
    assert (status, said) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert out.read_text(encoding="utf-8") == "older"


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_layer_without_crs_is_refused(capsys, save, tmp_path) -> None:
    layer = save("farms.shp", [Point(142, 43)], crs=None, code=["01202"])
    rows, out = table(tmp_path, "code,kw\n1202,5\n"), tmp_path / "out.geojson"
    status, _, err = call(capsys, "join", layer, rows, "--out", out)
    assert status == 2
    assert "it has no CRS" in err
    assert call(capsys, "join", layer, rows, "--out", out, "--crs", "EPSG:6668")[0] == 0


def test_the_census_as_published_joins_with_no_row_unaccounted_for(capsys, tmp_path) -> None:
    census = tmp_path / "census.csv"
    census.write_text(
        "農業集落別耕作放棄地面積,,\nKEY,集落,耕作放棄地\n農業集落コード,集落名,面積（ａ）\n"
        "０１２０２０１００１,赤川,１，２３４\n0120201002,石川,x\n0120201003,亀田,-\n"
        "「x」は秘匿したもの,,\n「-」は事実のないもの,,\n",
        encoding="cp932",
    )
    keys = ["0120201001", "0120201002", "0120201003", "0120201004"]
    layer = gpd.GeoDataFrame(
        {"KEY": keys}, geometry=[box(i, 41, i + 1, 42) for i in range(140, 144)], crs="EPSG:6668"
    )
    layer.to_file(tmp_path / "settlements.geojson")
    out = tmp_path / "out.parquet"
    status, said, err = call(
        capsys, "join", tmp_path / "settlements.geojson", census, "--census", "--out", out
    )
    assert status == 0
    frame = gpd.read_parquet(out).set_index("KEY")
    assert frame["status"].fillna("").tolist() == ["stated", "withheld", "none", ""]
    assert frame.loc["0120201001", "abandoned_ha"] == 12.34
    assert frame["abandoned_ha"].isna().tolist() == [False, True, False, True]
    assert frame.loc["0120201002", "abandoned_ha_low"] == 0
    assert audit(said) == [["layer", "3", "0120201004", "no such key in the table"]]
    assert "3 settlements (1 with an area, 1 without, 1 withheld, 0 unknown)" in err
    assert "0 unaccounted for" in err


def test_a_key_that_the_table_has_not_names_what_it_has(capsys, boundaries, tmp_path) -> None:
    rows = table(tmp_path, "市町村コード,熱量\n1398,30\n")
    out = tmp_path / "out.gpkg"
    status, said, err = call(capsys, "join", boundaries, rows, "--key", "町", "--out", out)
    assert (status, said) == (2, "")
    assert err == f"error: {rows}: it has no column '町'; it has 市町村コード, 熱量.\n"
    assert not out.exists()
