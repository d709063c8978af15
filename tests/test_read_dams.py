"""The reader of dams: official fields, plain tables, and all that may be wrong."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from hokkaido_gis.errors import CRSError, LayerError, LayerWarning
from hokkaido_gis.readers.dams import OPERATORS, PURPOSES, TYPES, read_dams

W01 = "dams-w01/hokkaido_dams_w01_14.geojson"
AT = [Point(141.05, 43.05), Point(141.2, 43.05)]


def faults_of(source, **options) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        read_dams(source, **options)
    assert str(caught.value).startswith(f"{source}: ")
    return caught.value.faults


@pytest.fixture(scope="module")
def official(real_data) -> gpd.GeoDataFrame:
    return read_dams(real_data(W01))


def test_official_dams_are_all_there(official, real_data) -> None:
    raw = gpd.read_file(real_data(W01))
    assert len(official) == len(raw) == 190
    assert official["name"].tolist() == raw["W01_001"].tolist()
    assert official.index.is_unique
    assert official.index.name == "dam_id"
    assert official.crs.to_epsg() == 6668
    assert official.geom_equals(raw.geometry.set_axis(official.index)).all()


def test_official_fields_have_our_names_and_units(official, real_data) -> None:
    raw = gpd.read_file(real_data(W01))
    assert official["height_m"].tolist() == raw["W01_007"].tolist()
    assert official["height_m"].between(15, 120).all()  # a dam is one from 15 m on
    known = (raw["W01_010"] >= 0).to_numpy()
    assert official["storage_m3"][known].tolist() == (raw["W01_010"][known] * 1000.0).tolist()
    assert official["storage_m3"][~known].isna().all()
    assert official["completed"].isna().sum() == (raw["W01_012"] == "-").sum() > 0
    assert official["address"].str.startswith("北海道").all()


def test_official_codes_are_words(official) -> None:
    assert official["type"].notna().all()
    assert set(official["type"]) <= {word.ja for word in TYPES.values()}
    assert set(official["type_en"]) <= {word.en for word in TYPES.values()}
    assert official["irrigation"].sum() == official["purposes_en"].str.contains("irrigation").sum()
    assert official["flood_control"].notna().all()


def test_words_of_every_list_differ() -> None:
    for words in (TYPES, PURPOSES, OPERATORS):
        assert list(words) == [str(number) for number in range(1, len(words) + 1)]
        assert len({word.ja for word in words.values()}) == len(words)
        assert len({word.en for word in words.values()}) == len(words)
        assert not any(";" in part for word in words.values() for part in word)


def test_codes_are_decoded_by_hand(save) -> None:
    path = save(
        "dams.geojson", AT, W01_001=["甲", "乙"], W01_002=[7, 8], W01_005=["12", "３"],
        W01_006=["1,3", "-"], W01_007=[32.0, -9999.0], W01_009=[332, -9999], W01_010=[6700, 0],
        W01_011=["1,10", ""], W01_012=["1980", "-"],
    )  # fmt: skip
    dams = read_dams(path)
    assert dams.index.tolist() == ["7", "8"]
    one, other = dams.loc["7"], dams.loc["8"]
    assert (one["type"], one["type_en"], other["type_en"]) == (
        "ロックフィルダム", "rockfill", "earthfill",
    )  # fmt: skip
    assert one["purposes"] == "洪水調節、農地防災;灌漑、特定(新規)灌漑用水"
    assert one["purposes_en"] == "flood control;irrigation"
    assert (one["irrigation"], one["flood_control"]) == (True, True)
    assert other[["irrigation", "purposes", "height_m", "body_m3", "completed"]].isna().all()
    assert (one["body_m3"], one["storage_m3"], other["storage_m3"]) == (332e3, 6.7e6, 0.0)
    assert (one["operator_en"], one["completed"]) == (
        "Ministry of Land (MLIT);electric power company", 1980,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_plain_table_with_coordinates(tmp_path, encoding) -> None:
    path = tmp_path / "dams.csv"
    path.write_text(
        'ダム名,経度,緯度,堤高(m),storage_m3,目的\n東郷,１４２.5,43.3,"1,0.5",1000,灌漑\n'
        "西郷,142.6,43.4,-,,発電;レクリエーション\n",
        encoding=encoding,
    )
    dams = read_dams(path)
    assert dams.index.tolist() == ["2", "3"]
    assert [(p.x, p.y) for p in dams.geometry] == [(142.5, 43.3), (142.6, 43.4)]
    assert dams["height_m"].tolist()[0] == 10.5
    assert dams["purposes"].tolist() == ["灌漑", "発電;レクリエーション"]
    assert dams["purposes_en"].tolist()[1] == "power;recreation"
    assert dams.crs.to_epsg() == 6668


def test_excel_keeps_names_and_numbers(tmp_path) -> None:
    path = tmp_path / "dams.xlsx"
    pd.DataFrame({"name": ["東郷"], "lon": [142.5], "lat": [43.3], "竣工年": [1980]}).to_excel(
        path, index=False
    )
    assert read_dams(path)["completed"].tolist() == [1980]


def test_a_table_in_another_crs_is_moved(tmp_path) -> None:
    path = tmp_path / "dams.csv"
    path.write_text("name,lon,lat\n東郷,141.347,43.062\n", encoding="utf-8")
    with pytest.warns(LayerWarning, match=r"moved by 4\d\d\.\d m from Tokyo"):
        read_dams(path, crs="EPSG:4301")


def test_columns_may_be_named(save) -> None:
    path = save("dams.gpkg", AT, DAM_NM=["甲", "乙"], h=[20, 30])
    dams = read_dams(path, columns={"name": "DAM_NM", "height_m": "h"})
    assert dams["name"].tolist() == ["甲", "乙"]
    assert dams["height_m"].tolist() == [20, 30]


def test_points_outside_are_set_aside_and_told(save, squares) -> None:
    path = save("dams.geojson", [*AT, Point(130.4, 33.6)], name=["甲", "乙", "福岡"])
    with pytest.warns(
        LayerWarning,
        match=r"1 of 3 dams lie farther than 2000 m from .*福岡 \(row 2 at 130.4000, 33.6000\)",
    ):
        dams = read_dams(path, municipalities=squares)
    assert dams["name"].tolist() == ["甲", "乙"]
    assert dams["municipality"].tolist() == ["函館市", "小樽市"]
    assert dams["municipality_code"].tolist() == ["01202", "01203"]
    assert dams["municipality_m"].tolist() == [0, 0]


def test_a_dam_on_a_border_is_kept(save, squares) -> None:
    path = save("dams.geojson", [Point(141.125, 43.05)], name=["甲"])
    assert read_dams(path, municipalities=squares)["municipality_code"].tolist() == ["01202"]


def test_nothing_left_is_an_error(save, squares) -> None:
    path = save("dams.geojson", [Point(130.4, 33.6)], name=["福岡"])
    assert faults_of(path, municipalities=squares)[0].startswith("nothing is left: all 1 dams lie")


def test_rows_without_a_place_are_told(tmp_path) -> None:
    path = tmp_path / "dams.csv"
    path.write_text("name,lon,lat\n東郷,142.5,43.3\n西郷,,\n", encoding="utf-8")
    with pytest.warns(
        LayerWarning, match=r"1 of 2 dams have no place .* set aside: 西郷 \(row 3\)"
    ):
        assert read_dams(path)["name"].tolist() == ["東郷"]


def test_the_same_dam_twice_is_told_and_a_namesake_is_not_the_same(save) -> None:
    path = save("dams.geojson", [AT[0], AT[0], AT[1]], name=["芦別", "芦別", "芦別"])
    with pytest.warns(LayerWarning, match=r"1 of 3 dams are written twice.*芦別 \(row 1 "):
        assert len(read_dams(path)) == 2


def test_ids_given_twice_are_numbered_and_told(save) -> None:
    path = save("dams.geojson", AT, name=["甲", "乙"], W01_002=[7, 7])
    with pytest.warns(LayerWarning, match="7 as 7-2"):
        assert read_dams(path).index.tolist() == ["7", "7-2"]


def test_all_faults_are_listed_at_once(tmp_path) -> None:
    path = tmp_path / "dams.csv"
    path.write_text(
        "dam_nm,経度,緯度,W01_005,W01_006,堤高,竣工年\n甲,43.3,142.5,77,3,高い,1980.5\n",
        encoding="utf-8",
    )
    faults = faults_of(path)
    assert len(faults) == 5
    for part in (
        "no column of names", "Longitude and latitude are swapped",
        "codes that are not on the list", "'高い' is no number", "must hold whole numbers",
    ):  # fmt: skip
        assert sum(part in fault for fault in faults) == 1, part


def test_tables_without_coordinates_say_what_they_have(tmp_path) -> None:
    path = tmp_path / "dams.csv"
    path.write_text("name,緯度\n甲,43\n", encoding="utf-8")
    assert faults_of(path) == (
        "it has no column lon (one of lon, longitude, lng, 経度, x); it has name, 緯度.",
    )


def test_lines_are_no_dams(save) -> None:
    path = save("dams.gpkg", [LineString(AT)], name=["甲"])
    assert "dams must be Point" in faults_of(path)[0]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_layer_without_crs_is_not_guessed(save) -> None:
    path = save("dams.shp", AT, crs=None, name=["A", "B"])
    assert "it has no CRS" in faults_of(path)[0]
    assert len(read_dams(path, crs="EPSG:6668")) == 2
    with pytest.raises(CRSError, match="no known CRS"):
        read_dams(path, crs="EPSG:nothing")


def test_a_file_that_is_not_there(tmp_path) -> None:
    for name in ("no.csv", "no.gpkg"):
        assert "there is no such file" in faults_of(tmp_path / name)[0]
