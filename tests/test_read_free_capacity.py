"""Tables of free capacity in the shape that network companies publish, and plain ones."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hokkaido_gis.errors import LayerWarning, TableError
from hokkaido_gis.grid.facilities import join_free_capacity
from hokkaido_gis.readers.free_capacity import read_free_capacity
from hokkaido_gis.readers.lines import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

# Made up in the published shape; no figure is of a real line.
LINES = """送電線の空容量一覧表（見本）,,,,,,,,,,,
,,,,,,,,,,,
No,送電線名,"電圧
（kV）",回線数,"設備容量
(100%)
(MW)","運用容量値
(MW)",運用容量制約要因,予想潮流(MW),空容量(MW),,N-1電制適用可否,備考
,,,,,,,,当該設備,上位系等考慮,,
1,甲幹線,187,2,"1,200",600,熱容量,100,500,0,可,
2,乙幹線,187,2,800,400,熱容量,100,300,250.5,可,工事中
3,丙線,66,1,40,40,熱容量,10,▲5,-,不可,
4,丁線,66,1,40,40,熱容量,10,０．２(※1),5,不可,
5,戊線,66,1,40,40,熱容量,10,30,※2,不可,
"""

BANKS = """変電所の空容量
No.,変電所名,電圧(kV),,台数,設備容量×台数(MW),運用容量値(MW),空容量(MW)_当該設備,空容量(MW)_上位系等考慮,備考
,,一次,二次,,,,,,
1,甲変電所,187,66,2,100×2,180,55,60,
2,甲変電所,66,6.6,1,20,20,-3,10,
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def save(text: str, encoding: str = "utf-8-sig", name: str = "room.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return save


def quiet(path: Path, **options: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return read_free_capacity(path, **options)  # type: ignore[arg-type]


def told(path: Path) -> tuple[pd.DataFrame, str]:
    """A table and all that is said of it."""
    with pytest.warns(LayerWarning) as warned:
        table = read_free_capacity(path)
    return table, " ".join(str(each.message) for each in warned)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp932"])
def test_lines_as_published(write: Callable[..., Path], encoding: str) -> None:
    table = quiet(write(LINES, encoding))
    assert table.index.tolist() == ["甲幹線", "乙幹線", "丙線", "丁線", "戊線"]
    assert table.index.name == "facility"
    assert set(table["kind"]) == {"line"}
    assert table["kv"].tolist() == [187, 187, 66, 66, 66]
    assert table["capacity_kw"].tolist() == [1_200_000, 800_000, 40_000, 40_000, 40_000]
    assert table["operating_kw"].tolist() == [600_000, 400_000, 40_000, 40_000, 40_000]
    # The smaller counts; what is full already stays so, though the network above is not stated.
    np.testing.assert_array_equal(table["free_kw"], [0, 250_500, -5_000, 200, np.nan])
    assert table["remarks"].fillna("").tolist() == ["", "工事中", "", "※1", "※2"]
    assert table["row"].tolist() == [5, 6, 7, 8, 9]
    assert table["voltage_class"].iloc[0] == "187 kV"


def test_what_is_not_stated_is_told(write: Callable[..., Path]) -> None:
    with pytest.warns(LayerWarning, match=r"1 of 5 facilities is not stated .*\(rows 9\)"):
        read_free_capacity(write(LINES))


def test_banks_as_published(write: Callable[..., Path]) -> None:
    path = write(BANKS, "cp932")
    with pytest.warns(LayerWarning, match=r"1 ids occur before .*\(甲変電所 as 甲変電所-2\)"):
        table = read_free_capacity(path)
    assert set(table["kind"]) == {"substation"}
    assert table["voltages"].tolist() == ["187;66", "66;6.6"]
    assert table["capacity_kw"].tolist() == [200_000, 20_000]
    assert table["free_kw"].tolist() == [55_000, -3_000]


def test_flat_heading_in_full_width(write: Callable[..., Path]) -> None:
    text = (
        "送電線No,送電線名,電圧（ｋＶ）,空容量（当該設備）（ＭＷ）,空容量（上位系等考慮）（ＭＷ）\n"
        "1,甲線,66,７,3\n"
    )
    table = quiet(write(text))
    assert table.loc["甲線", ["free_own_kw", "free_upper_kw", "free_kw"]].tolist() == [
        7_000, 3_000, 3_000,
    ]  # fmt: skip


def test_plain_tables(write: Callable[..., Path]) -> None:
    text = "substation_id,name,kv,free_kw\nw1,甲,187,1500\nw2,乙,66,0\n"
    with pytest.warns(LayerWarning, match="no free capacity with the network above"):
        table = read_free_capacity(write(text))
    assert table.index.tolist() == ["w1", "w2"]
    assert table["free_kw"].tolist() == [1500, 0]
    assert set(table["kind"]) == {"substation"}
    table = quiet(write("name,kind,free_mw\n甲,line,2\n乙,substation,3\n"))
    assert table["kind"].tolist() == ["line", "substation"]
    assert table["free_kw"].tolist() == [2000, 3000]
    table = quiet(write("line_id,free_kw\n0012,2\n"))
    assert table.index.tolist() == ["0012"]
    assert table["kind"].tolist() == ["line"]


def test_excel_with_merged_names(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["変電所名", "電圧(kV)", "空容量(MW)", None],
        [None, None, "当該設備", "上位系等考慮"],
        ["甲", 187, 5, 4],
        [None, 66, 3, 9],
    ):
        sheet.append(row)
    for cells in ("A1:A2", "B1:B2", "C1:D1", "A3:A4"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "room.xlsx")
    table = quiet(tmp_path / "room.xlsx")
    assert table["name"].tolist() == ["甲", "甲"]
    assert table["free_kw"].tolist() == [4_000, 3_000]


@pytest.mark.parametrize(("unit", "kw"), [("kW", 3), ("MW", 3_000), ("万kW", 30_000)])
def test_units(write: Callable[..., Path], unit: str, kw: float) -> None:
    stated = quiet(write(f"送電線名,空容量({unit})\n甲線,3\n"))
    assert stated["free_kw"].tolist() == [kw]
    told = quiet(write("送電線名,空容量\n甲線,3\n"), unit=unit)
    assert told["free_kw"].tolist() == [kw]


def test_unit_that_is_not_stated_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(TableError, match="the unit of '空容量' is not stated"):
        read_free_capacity(write("送電線名,空容量\n甲線,3\n"))


def test_equipment_in_another_unit_stays_missing(write: Callable[..., Path]) -> None:
    path = write("変電所名,設備容量(MVA),空容量(MW)\n甲,100,3\n")
    table, said = told(path)
    assert "heading of capacity states no unit of kW or MW" in said
    assert table["capacity_kw"].isna().all()


def test_columns_named_by_the_user(write: Callable[..., Path]) -> None:
    path = write("線路,余裕(MW),上の余裕(MW)\n甲線,3,2\n")
    with pytest.raises(TableError, match=r"no heading with a name .*begins with 線路, 余裕\(MW\)"):
        read_free_capacity(path)
    named = {"name": "線路", "free_own": "余裕(MW)", "free_upper": "上の余裕(MW)"}
    with pytest.raises(TableError, match="kind='line' or kind='substation'"):
        read_free_capacity(path, columns=named)
    table = quiet(path, columns=named, kind="line")
    assert table["free_kw"].tolist() == [2_000]
    with pytest.raises(TableError, match="columns names owner"):
        read_free_capacity(path, columns={"owner": "x"})
    with pytest.raises(TableError, match="no column '備考2' for remarks"):
        read_free_capacity(path, columns={**named, "remarks": "備考2"}, kind="line")


def test_several_columns_of_one_meaning_are_refused(write: Callable[..., Path]) -> None:
    path = write("送電線名,空容量(MW)夏,空容量(MW)冬\n甲線,3,2\n")
    with pytest.raises(TableError, match="several columns may be free_own: 空容量"):
        read_free_capacity(path)
    assert quiet(path, columns={"free_own": "空容量(MW)冬"})["free_kw"].tolist() == [2_000]


def test_rows_that_are_no_facility_are_told(write: Callable[..., Path]) -> None:
    text = LINES + "合計,,,,,,,,800,200,,\n,,66,,,,,,5,5,,\n※1 試算による,,,,,,,,,,,\n"
    table, said = told(write(text))
    assert "3 rows below the heading" in said
    assert "set aside (rows 10, 11, 12)" in said
    assert len(table) == 5


def test_unreadable_and_repeated_rows_are_told(write: Callable[..., Path]) -> None:
    text = LINES + "6,戊線,66,1,40,40,熱容量,10,調整中,多,不可,\n"
    table, said = told(write(text))
    assert "1 values of free_own cannot be read and stay missing (row 10: '調整中')" in said
    assert "戊線 in row 9, 戊線 in row 10" in said
    assert table.index.tolist()[-2:] == ["戊線", "戊線-2"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "empty"),
        ("送電線名,空容量(MW)\n", "has rows below it"),
        ("a,b\n1,2\n", "no heading with a name"),
        (
            LINES[: LINES.index("1,甲")] + "1,合計,187,2,,,,,1,1,,\n",
            "no row with a name and a value",
        ),
        ("name,kind,free_kw\n甲,cable,3\n", "kind must be 'line' or 'substation'; got row 2"),
    ],
)
def test_bad_tables_are_refused(write: Callable[..., Path], text: str, match: str) -> None:
    with pytest.raises(TableError, match=match):
        quiet(write(text))


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"must be \.csv or \.xlsx; this ends in '\.pdf'"):
        read_free_capacity(tmp_path / "room.pdf")
    with pytest.raises(TableError, match="no such file"):
        read_free_capacity(tmp_path / "room.csv")


def test_onto_real_lines(real_data: Callable[[str], Path], write: Callable[..., Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        lines = read_lines(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
    table = quiet(write(LINES.replace("甲幹線", "名寄幹線").replace("乙幹線", "十勝幹線")))
    joined = join_free_capacity(lines, table, kind="line")
    found = joined.frame[joined.frame["facility"].notna()]
    assert set(found["facility"]) == {"名寄幹線", "十勝幹線"}
    assert found.groupby("facility")["free_kw"].nunique().tolist() == [1, 1]
    assert joined.audit.counts["right only"] == 3
    assert joined.frame.index.equals(lines.index)
