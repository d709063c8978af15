"""Readers of farm settlements: boundaries, and the table of codes and names."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Point, Polygon, box

from hokkaido_gis.errors import LayerError, LayerWarning, TableError
from hokkaido_gis.readers.settlements import read_settlement_codes, read_settlements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = "farm-settlement-codes/hokkaido_farm_settlement_codes.csv"
SIDE = 0.125
BOW_TIE = Polygon([(142, 44), (143, 45), (143, 44), (142, 45)])


def square(column: float, row: float = 0) -> Polygon:
    west, south = 141 + column * SIDE, 43 + row * SIDE
    return box(west, south, west + SIDE, south + SIDE)


def boundaries(**changes: list[Any]) -> gpd.GeoDataFrame:
    """Three settlements of 釧路市 in the layout of 農林水産省."""
    columns = {
        "KEY": ["0120602006", "0120602007", "0120601001"],
        "PREF": ["01"] * 3,
        "CITY": ["206"] * 3,
        "KCITY": ["02", "02", "01"],
        "RCOM": ["006", "007", "001"],
        "PREF_NAME": ["北海道"] * 3,
        "CITY_NAME": ["釧路市"] * 3,
        "KCITY_NAME": ["阿寒町", "阿寒町", "釧路市"],
        "RCOM_NAME": ["富士見", "中徹別", "鳥取"],
    } | changes
    return gpd.GeoDataFrame(columns, geometry=[square(i) for i in range(3)], crs="EPSG:6668")


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        read_settlements(path)
    return caught.value.faults


def check(result: gpd.GeoDataFrame) -> None:
    assert result.index.tolist() == ["0120601001", "0120602006", "0120602007"]
    assert result.index.name == "key"
    assert result.columns.tolist() == [
        "name", "municipality_code", "municipality", "former_municipality", "geometry",
    ]  # fmt: skip
    assert result["name"].tolist() == ["鳥取", "富士見", "中徹別"]
    assert set(result["municipality_code"]) == {"01206"}
    assert set(result["municipality"]) == {"釧路市"}
    assert result["former_municipality"].tolist() == ["釧路市", "阿寒町", "阿寒町"]
    assert result.geometry.iloc[0].equals(square(2))
    assert result.crs.to_epsg() == 6668


# --- what layers look like ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
@pytest.mark.parametrize("stated", [False, True], ids=["no cpg", "cpg"])
def test_zipped_shapefile_as_downloaded(tmp_path: Path, encoding: str, stated: bool) -> None:
    folder = tmp_path / "MA0001_2020_2020_01"
    folder.mkdir()
    pyogrio.write_dataframe(boundaries(), folder / "農業集落境界.shp", encoding=encoding)
    if not stated:
        (folder / "農業集落境界.cpg").unlink()
    with zipfile.ZipFile(tmp_path / "ma.zip", "w") as archive:
        for part in folder.iterdir():
            archive.write(part, f"{folder.name}/{part.name}")
    check(read_settlements(tmp_path / "ma.zip"))


@pytest.mark.parametrize("dropped", [["KEY"], ["PREF", "CITY", "KCITY", "RCOM"]])
def test_key_or_its_parts(tmp_path: Path, dropped: list[str]) -> None:
    path = tmp_path / "a.gpkg"
    boundaries().drop(columns=dropped).to_file(path)
    check(read_settlements(path))


def test_keys_as_numbers(tmp_path: Path) -> None:
    frame = boundaries()[["KEY", "RCOM_NAME", "CITY_NAME", "KCITY_NAME", "geometry"]]
    frame.assign(KEY=frame["KEY"].astype(int)).to_file(tmp_path / "a.gpkg")
    check(read_settlements(tmp_path / "a.gpkg"))


def test_own_output_is_read_again(tmp_path: Path) -> None:
    boundaries().to_file(tmp_path / "a.gpkg")
    first = read_settlements(tmp_path / "a.gpkg")
    first.to_parquet(tmp_path / "b.parquet")
    check(read_settlements(tmp_path / "b.parquet"))


def test_keys_without_names(save: Callable[..., Path]) -> None:
    result = read_settlements(save("a.gpkg", [square(0)], rcom_key=["1310100001"]))
    assert result.drop(columns="geometry").iloc[0].isna().tolist() == [True, False, True, True]
    assert result["municipality_code"].tolist() == ["13101"]


@pytest.mark.parametrize(
    ("key", "given", "code", "name"),
    [
        ("0110101001", "中央区", "01100", "札幌市"),
        ("1410100001", "鶴見区", "14100", "横浜市"),
        ("1310100001", "千代田区", "13101", "千代田区"),
        ("0143900001", "幌加内町", "01472", "幌加内町"),
        ("0148800001", "幌延町", "01520", "幌延町"),
        ("3820101001", "松山市", "38201", "松山市"),
    ],
)
def test_municipality_is_that_of_the_boundaries(
    save: Callable[..., Path], key: str, given: str, code: str, name: str
) -> None:
    result = read_settlements(save("a.gpkg", [square(0)], KEY=[key], CITY_NAME=[given]))
    assert result.loc[key, ["municipality_code", "municipality"]].tolist() == [code, name]


def test_parts_become_one_row(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0), square(1), square(4)], KEY=["0120602006"] * 3)
    result = read_settlements(path)
    assert len(result) == 1
    assert len(result.geometry.iloc[0].geoms) == 2
    assert result.geometry.iloc[0].area == pytest.approx(3 * SIDE**2)


# --- what is told -------------------------------------------------------------------------------


def test_renamed_settlement_is_told(save: Callable[..., Path]) -> None:
    keys = ["0120602006", "0120602006", "0120602007"]
    path = save(
        "a.gpkg",
        [square(0), square(0), square(1)],
        KEY=keys,
        RCOM_NAME=["新富士見", "富士見", "中"],
    )
    told = (
        r"1 keys stand for several names, .*: 0120602006 \(新富士見 / 富士見\)\. Were they renamed"
    )
    with pytest.warns(LayerWarning, match=told):
        result = read_settlements(path)
    assert result["name"].tolist() == ["新富士見", "中"]
    assert result.geometry.iloc[0].equals(square(0))


def test_bow_tie_is_repaired_and_told(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [BOW_TIE, square(0)], KEY=["0120602006", "0120602007"], name=["甲", None])
    with pytest.warns(LayerWarning, match=r"1 invalid polygons were repaired: 甲 \(Self-inter"):
        result = read_settlements(path)
    assert result.geometry.iloc[0].area == pytest.approx(0.5)


def test_land_outside_and_pieces_without_a_key_are_set_aside_and_told(
    save: Callable[..., Path],
) -> None:
    keys = ["01211-9-99", "0121100001", None, " "]
    path = save("a.gpkg", [square(i) for i in range(4)], KEY=keys)
    told = r"rows set aside: 1 outside all settlements \(-9-99\) and 2 without a key\."
    with pytest.warns(LayerWarning, match=told):
        assert read_settlements(path).index.tolist() == ["0121100001"]


def test_tokyo_datum_is_moved_and_told(tmp_path: Path) -> None:
    boundaries().set_crs(4301, allow_override=True).to_file(tmp_path / "a.gpkg")
    with pytest.warns(LayerWarning, match=r"moved by \d{3}\.\d m from Tokyo to JGD2011"):
        read_settlements(tmp_path / "a.gpkg")


# --- what is refused ----------------------------------------------------------------------------


def test_all_faults_come_at_once(save: Callable[..., Path]) -> None:
    path = save(
        "a.parquet",
        [square(0), Point(141, 43), None],
        crs=None,
        KEY=["0120602006", "x", "48"],
        CITY_NAME=["蜃ｽ鬢ｨ蟶"] * 3,
    )
    crs, kinds, empty, names, keys = faults_of(path)
    assert "it has no CRS" in crs
    assert kinds == "1 features are Point; boundaries must be polygons."
    assert empty == "1 features have no geometry (rows 2)."
    assert "column 'CITY_NAME' holds no names of municipalities. Is its text in another" in names
    assert "'x' is no key of 10 digits (row 1)." in keys
    assert "'48' is no key of 10 digits (row 2)." in keys


def test_no_column_of_keys(save: Callable[..., Path]) -> None:
    (fault,) = faults_of(save("a.gpkg", [square(0)], code=["01206"]))
    assert fault.startswith("There is no column of settlement keys")
    assert fault.endswith("the columns are code.")


def test_no_key_at_all(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [square(0)], KEY=pd.Series([" "], dtype="str"))
    assert faults_of(path) == ("it holds no settlement key at all.",)


def test_only_land_outside(save: Callable[..., Path]) -> None:
    assert faults_of(save("a.gpkg", [square(0)], KEY=["01211-9-99"])) == (
        "all of it is land outside settlements (-9-99).",
    )


def test_polygon_without_area(save: Callable[..., Path]) -> None:
    flat = Polygon([(141, 43), (142, 44), (141, 43)])
    path = save("a.gpkg", [flat, square(5)], KEY=["0120602006", "0120602007"])
    with pytest.warns(LayerWarning, match="1 invalid polygons were repaired: 0120602006"):
        assert faults_of(path) == ("polygons of 0120602006 cover no area.",)


# --- codes and names ----------------------------------------------------------------------------


@pytest.fixture
def codes(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: str) -> Path:
        path = tmp_path / "codes.csv"
        text = "\n".join(["key,city_name,kcity_name,rcom_name,boundary_years", *rows])
        path.write_bytes(text.replace("rcom_name", "RCOM_NAME").encode("cp932"))
        return path

    return write


def test_one_row_a_settlement_with_all_its_names(codes: Callable[..., Path]) -> None:
    result = read_settlement_codes(
        codes(
            "0120602006,釧路市,阿寒町,富士見,2020",
            "0120602006,釧路市,阿寒町,新富士見,2010 2015",
            "0120602007,釧路市,阿寒町,中徹別,2010 2015 2020",
            "0120602008,釧路市,阿寒町,上徹別,2010",
            "0120602009,釧路市,阿寒町,西徹別,2020",
            "0120602010,釧路市,阿寒町,,2010 2020",
        )
    )
    assert result.index.tolist() == [f"01206020{i:02}" for i in range(6, 11)]
    assert result["name"].tolist()[:4] == ["富士見", "中徹別", "上徹別", "西徹別"]
    assert pd.isna(result["name"].iloc[4])
    assert result["names"].tolist()[:2] == [
        "新富士見 (2010 2015); 富士見 (2020)",
        "中徹別 (2010 2015 2020)",
    ]
    assert result["years"].iloc[0] == "2010 2015 2020"
    assert result["renamed"].tolist() == [True, False, False, False, False]
    assert result["began"].tolist() == [False, False, False, True, False]
    assert result["ended"].tolist() == [False, False, True, False, False]
    assert result["first_year"].tolist() == [2010, 2010, 2010, 2020, 2010]
    assert result["last_year"].tolist() == [2020, 2020, 2010, 2020, 2020]


def test_table_without_years(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("KEY,RCOM_NAME\n120602006,甲\n120602006,乙\n", encoding="utf-8")
    (row,) = read_settlement_codes(path).to_dict("records")
    assert (row["name"], row["names"], row["years"], row["renamed"]) == ("乙", "甲; 乙", "", True)
    assert pd.isna(row["last_year"])
    assert not row["ended"]


def test_faults_of_codes_come_at_once(codes: Callable[..., Path]) -> None:
    path = codes("0120602006,釧路市,阿寒町,富士見,Heisei 22", "x,釧路市,阿寒町,富士見,2010")
    with pytest.raises(TableError) as caught:
        read_settlement_codes(path)
    years, keys = caught.value.faults
    assert years.startswith("row 2: 'Heisei 22' in column 'boundary_years' is no list of years")
    assert "'x' is no key of 10 digits (row 3)." in keys


def test_official_codes(real_data: Callable[[str], Path]) -> None:
    with pytest.warns(LayerWarning, match=r"rows set aside: 13 outside all settlements") as told:
        result = read_settlement_codes(real_data(CODES))
    assert len(told) == 1
    # 7,797 rows less 13 outside settlements are 7,784, of 7,659 keys.
    assert result.index.is_unique
    assert len(result) == 7659
    assert result["municipality_code"].nunique() == 179
    assert result["municipality"].notna().all()
    assert result["renamed"].sum() == 121
    assert result["began"].sum() == 135
    assert result["ended"].sum() == 123
    # Every settlement without a name is one that is not recognised (999).
    assert set(result.index[result["name"].isna()].str[7:]) == {"999"}


def test_codes_leave_no_other_warning(codes: Callable[..., Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_settlement_codes(codes("0120602006,釧路市,阿寒町,富士見,2020"))
