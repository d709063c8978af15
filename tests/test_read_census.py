"""The reader of abandoned farmland: headings, marks, totals, bounds, and no row unaccounted for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from hokkaido_gis.errors import LayerWarning, TableError
from hokkaido_gis.join import join_by_settlement
from hokkaido_gis.readers.census import AbandonedFarmland, read_abandoned_farmland
from hokkaido_gis.readers.settlements import read_settlement_codes, read_settlements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = "farm-settlement-codes/hokkaido_farm_settlement_codes.csv"
# A municipality of 1,000 a: 600 a in 阿寒町, of which two settlements are withheld, and the rest in
# 釧路市, of which one is withheld.
TABLE = """\
表１　農業集落別耕作放棄地,,,,,,
（単位：ａ）,,,,,,
KEY,CITY_NAME,KCITY_NAME,RCOM_NAME,総農家数,耕作放棄地,
,,,,,農家数,面積
0120600000,釧路市,,,10,5,"１，０００"
0120602000,釧路市,阿寒町,,10,5,600
120602006,釧路市,阿寒町,富士見,2,x,x
０１２０６０２００７,釧路市,阿寒町,上徹別,5,2,"２００"
0120602008,釧路市,阿寒町,中徹別,5,2,－
0120602009,釧路市,阿寒町,下徹別,1,Ｘ,***
0120601001,釧路市,釧路市,鳥取,1,1,150
0120601002,釧路市,釧路市,大楽毛,1,1,χ
,,,,,,
注：「－」は事実のないもの、「ｘ」は秘匿措置を施したもの,,,,,,
"""
COLUMNS = [
    "name", "municipality_code", "municipality", "former_municipality", "abandoned_ha",
    "abandoned_ha_low", "abandoned_ha_high", "status", "row",
]  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_csv(text: str, *, encoding: str = "cp932") -> Path:
        path = tmp_path / "census.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_csv


@pytest.fixture
def write_rows(write: Callable[..., Path]) -> Callable[..., Path]:
    """Rows of key and area under a plain heading, in a."""

    def write_pairs(*rows: tuple[str, str]) -> Path:
        return write("\n".join(["KEY,耕作放棄地面積（ａ）", *(f'{k},"{v}"' for k, v in rows)]))

    return write_pairs


def faults_of(path: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(TableError) as caught:
        read_abandoned_farmland(path, **options)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.faults


def high(found: AbandonedFarmland) -> dict[str, float]:
    return found.settlements["abandoned_ha_high"].to_dict()


# --- the table as it is published ---------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_two_rows_of_headings_marks_and_totals(write: Callable[..., Path], encoding: str) -> None:
    text = TABLE if encoding == "cp932" else TABLE.replace("ｘ", "x")
    found = read_abandoned_farmland(write(text, encoding=encoding))
    frame = found.settlements
    assert frame.index.tolist() == [
        "0120602006", "0120602007", "0120602008", "0120602009", "0120601001", "0120601002",
    ]  # fmt: skip
    assert frame.index.name == "key"
    assert frame.columns.tolist() == COLUMNS
    assert frame["name"].tolist()[:2] == ["富士見", "上徹別"]
    assert set(frame["municipality_code"]) == {"01206"}
    assert frame["status"].tolist() == [
        "withheld", "stated", "none", "withheld", "stated", "withheld",
    ]  # fmt: skip
    np.testing.assert_array_equal(frame["abandoned_ha"], [np.nan, 2, 0, np.nan, 1.5, np.nan])
    assert frame["abandoned_ha_low"].tolist() == [0, 2, 0, 0, 1.5, 0]
    # 阿寒町 leaves 600 - 200 a for either; the rest of the municipality 1,000 - 600 - 150 a.
    assert frame["abandoned_ha_high"].tolist() == [4, 2, 0, 4, 1.5, 2.5]
    assert frame["row"].tolist() == [7, 8, 9, 10, 11, 12]


def test_totals_are_set_aside_and_summed(write: Callable[..., Path]) -> None:
    found = read_abandoned_farmland(write(TABLE))
    assert found.set_aside["level"].to_dict() == {
        "0120600000": "municipality",
        "0120602000": "former municipality",
    }
    assert found.set_aside["abandoned_ha"].tolist() == [10, 6]
    sums = found.sums.loc["0120600000"]
    assert (sums["stated_ha"], sums["sum_ha"], sums["missing"]) == (10, 3.5, 3)
    assert sums["remainder_ha"] == 6.5
    assert found.sums["agrees"].all()


def test_every_row_is_accounted_for(write: Callable[..., Path]) -> None:
    counts = read_abandoned_farmland(write(TABLE)).audit.to_series()
    assert counts.to_dict() == {
        "rows_read": 14,
        "above": 2,
        "headings": 2,
        "repeated_headings": 0,
        "blank": 1,
        "notes": 1,
        "totals": 2,
        "outside": 0,
        "settlements": 6,
        "stated": 2,
        "none": 1,
        "withheld": 3,
        "unknown": 0,
        "dash": "none",
        "unaccounted": 0,
    }


def test_workbook_with_merged_headings(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["この表の見方"])
    sheet = book.create_sheet("表1")
    for row in [
        ["表１　耕作放棄地"],
        [],
        ["農業集落", None, None, "耕作放棄地"],
        ["コード", "市区町村名", "農業集落名", "農家数", "面積"],
        [None, None, None, "戸", "ａ"],
        [120602006, "釧路市", "富士見", 3, 1234],
        ["0120602007", None, "上徹別", "x", "x"],
        ["0120600000", None, "計", 5, 2000.0],
    ]:
        sheet.append(row)
    for cells in ("A1:E1", "A3:C3", "D3:E3", "A4:A5", "B4:B5", "C4:C5", "B6:B7"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "census.xlsx")
    found = read_abandoned_farmland(tmp_path / "census.xlsx")
    assert found.settlements["abandoned_ha"].iloc[0] == 12.34
    assert high(found) == {"0120602006": 12.34, "0120602007": 7.66}
    assert found.settlements["name"].tolist() == ["富士見", "上徹別"]
    assert found.audit.headings == 3
    assert found.audit.unaccounted == 0


def test_merged_areas_are_not_counted_twice(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["KEY", "耕作放棄地面積(ha)"], ["0120602006", 5], ["0120602007", None]]:
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.save(tmp_path / "census.xlsx")
    found = read_abandoned_farmland(tmp_path / "census.xlsx")
    assert found.settlements["status"].tolist() == ["stated", "unknown"]
    assert found.settlements["abandoned_ha"].sum() == 5


def test_keys_in_parts_with_blank_parts_for_totals(write: Callable[..., Path]) -> None:
    text = (
        "PREF,CITY,KCITY,RCOM,RCOM_NAME,耕作放棄地面積（ha）\n"
        "01,206,,,釧路市,9\n1,206,2,,阿寒町,5\n1,206,2,6,富士見,5\n1,206,1,1,鳥取,x\n"
    )
    found = read_abandoned_farmland(write(text))
    assert found.settlements["abandoned_ha"].iloc[0] == 5
    assert high(found) == {"0120602006": 5, "0120601001": 4}
    assert found.audit.totals == 2


@pytest.mark.parametrize(
    ("head", "factor"),
    [
        ("耕作放棄地面積（ａ）", 0.01),
        ("耕作放棄地面積(a)", 0.01),
        ("耕作放棄地面積（アール）", 0.01),
        ("耕作放棄地 面積 ha", 1),
        ("耕作放棄地面積（ｈａ）", 1),
        ("耕作放棄地面積[ヘクタール]", 1),
    ],
)
def test_unit_of_the_heading(write: Callable[..., Path], head: str, factor: float) -> None:
    found = read_abandoned_farmland(write(f"KEY,{head}\n0120602006,700\n"))
    assert found.settlements["abandoned_ha"].tolist() == [pytest.approx(700 * factor)]


def test_unit_and_column_by_name(write: Callable[..., Path]) -> None:
    text = "KEY,耕作放棄地面積,荒廃農地\n0120602006,700,50\n"
    assert read_abandoned_farmland(write(text), unit="a").settlements["abandoned_ha"].tolist() == [
        7
    ]
    found = read_abandoned_farmland(write(text), unit="ha", area="荒廃農地")
    assert found.settlements["abandoned_ha"].tolist() == [50]


def test_heading_by_its_rows(write: Callable[..., Path]) -> None:
    text = "2010,,\n1,2,3\nKEY,名,耕作放棄地面積(ha)\n0120602006,富士見,7\n"
    found = read_abandoned_farmland(write(text), heading=(3, 3))
    assert found.settlements["abandoned_ha"].tolist() == [7]
    assert (found.audit.above, found.audit.unaccounted) == (2, 0)


def test_repeated_heading_of_another_page(write: Callable[..., Path]) -> None:
    head = "KEY,名,耕作放棄地面積(ha)\n"
    found = read_abandoned_farmland(write(f"{head}0120602006,甲,7\n{head}0120602007,乙,8\n"))
    assert found.settlements["abandoned_ha"].tolist() == [7, 8]
    assert found.audit.repeated_headings == 1


def test_land_outside_settlements_counts_in_the_sums(write_rows: Callable[..., Path]) -> None:
    found = read_abandoned_farmland(
        write_rows(("01211", "500"), ("0121100001", "x"), ("01211-9-99", "100"))
    )
    assert high(found) == {"0121100001": 4}
    assert found.set_aside["level"].tolist() == ["municipality", "outside"]
    assert (found.audit.outside, found.audit.unaccounted) == (1, 0)


# --- marks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["x", "X", "ｘ", "Ｘ", "χ", "Χ", "***", "＊＊＊", "*", " x "])
def test_withheld_is_missing_and_never_zero(write: Callable[..., Path], mark: str) -> None:
    path = write(f"KEY,耕作放棄地面積(a)\n0120602006,{mark}\n", encoding="utf-8")
    (row,) = read_abandoned_farmland(path).settlements.to_dict("records")
    assert row["status"] == "withheld"
    assert np.isnan(row["abandoned_ha"])
    assert row["abandoned_ha_low"] == 0
    assert np.isnan(row["abandoned_ha_high"])


@pytest.mark.parametrize("mark", ["…", "...", "", "nan", "・・・"])
def test_unknown_has_no_bounds(write: Callable[..., Path], mark: str) -> None:
    path = write(f"KEY,耕作放棄地面積(a)\n0120602006,{mark}\n01206,500\n", encoding="utf-8")
    found = read_abandoned_farmland(path)
    (row,) = found.settlements.to_dict("records")
    assert row["status"] == "unknown"
    assert np.isnan([row["abandoned_ha"], row["abandoned_ha_low"], row["abandoned_ha_high"]]).all()


@pytest.mark.parametrize("mark", ["-", "－", "―", "‐", "–", "—", "−", "ー"])
@pytest.mark.parametrize("dash", ["none", "withheld", "unknown"])
def test_dash_is_what_the_caller_says(write: Callable[..., Path], mark: str, dash: Any) -> None:
    path = write(f"KEY,耕作放棄地面積(a)\n0120602006,{mark}\n", encoding="utf-8")
    found = read_abandoned_farmland(path, dash=dash)
    assert found.settlements["status"].tolist() == [dash]
    assert found.settlements["abandoned_ha"].fillna(-1).tolist() == [0 if dash == "none" else -1]
    assert found.audit.dash == dash


@pytest.mark.parametrize(
    ("note", "status"),
    [
        ("「-」：調査は行ったが事実のないもの", "none"),
        ("注1：「0」は単位に満たないもの、「－」は該当数値なし、「x」は秘匿", "none"),
        ("「－」は秘密保護のため公表しないもの。「…」は不詳", "withheld"),
        ("(-) 不詳", "unknown"),
        ("「-」は下の注を見よ。「-」は皆無", "none"),
    ],
)
@pytest.mark.parametrize("place", ["above", "below"])
def test_dash_is_what_the_notes_say(
    write: Callable[..., Path], note: str, status: str, place: str
) -> None:
    rows = ["KEY,耕作放棄地面積(a)", "0120602006,-"]
    rows = [note, *rows] if place == "above" else [*rows, note]
    found = read_abandoned_farmland(write("\n".join(rows), encoding="utf-8"))
    assert found.settlements["status"].tolist() == [status]
    assert found.audit.unaccounted == 0


def test_dash_that_no_note_explains_is_told(write_rows: Callable[..., Path]) -> None:
    with pytest.warns(
        LayerWarning, match=r"do not say what '-' stands for; taken as unknown\. Say"
    ):
        found = read_abandoned_farmland(write_rows(("0120602006", "-")))
    assert found.settlements["status"].tolist() == ["unknown"]


def test_written_zero_is_an_area_of_zero(write_rows: Callable[..., Path]) -> None:
    found = read_abandoned_farmland(write_rows(("0120602006", "0")))
    assert found.settlements["status"].tolist() == ["stated"]
    assert found.settlements[["abandoned_ha", "abandoned_ha_high"]].iloc[0].tolist() == [0, 0]


# --- bounds and sums ----------------------------------------------------------------------------


def test_bound_by_the_prefecture_takes_other_totals_off(write_rows: Callable[..., Path]) -> None:
    found = read_abandoned_farmland(
        write_rows(
            ("01", "1000"),
            ("01206", "700"), ("0120602006", "x"), ("0120602007", "x"),
            ("0120700001", "50"), ("0120700002", "x"),
        )
    )  # fmt: skip
    # 帯広市 states no total: 1,000 a less 700 of 釧路市 less its own 50.
    assert high(found) == {
        "0120602006": 7, "0120602007": 7, "0120700001": 0.5, "0120700002": 2.5,
    }  # fmt: skip


def test_withheld_total_bounds_nothing(write_rows: Callable[..., Path]) -> None:
    found = read_abandoned_farmland(write_rows(("01206", "x"), ("0120602006", "x")))
    assert np.isnan(high(found)["0120602006"])
    assert found.sums.empty


def test_totals_that_do_not_agree_are_told(write_rows: Callable[..., Path]) -> None:
    path = write_rows(
        ("01206", "1000"), ("0120602006", "500"), ("0120602007", "400"),
        ("01207", "10"), ("0120700001", "500"), ("0120700002", "x"),
    )  # fmt: skip
    told = (
        r"2 totals do not agree with their settlements: 0120600000 \(municipality\) states 10 ha, "
        r"its settlements sum to 9 ha, 0120700000 \(municipality\) states 0\.1 ha, .* sum to 5 ha"
    )
    with pytest.warns(LayerWarning, match=told):
        found = read_abandoned_farmland(path)
    assert found.sums["agrees"].tolist() == [False, False]
    assert high(found)["0120700002"] == 0


def test_rounding_explains_small_differences(write: Callable[..., Path]) -> None:
    # 1.4 + 1.4 is 2.8: rounded 1 + 1 and 3.
    found = read_abandoned_farmland(
        write("KEY,耕作放棄地面積(ha)\n01206,3\n0120602006,1\n0120602007,1\n")
    )
    assert found.sums["tolerance_ha"].tolist() == [1.5]
    assert found.sums["agrees"].tolist() == [True]


areas = st.integers(0, 10_000)
settlements = st.dictionaries(
    st.tuples(st.integers(100, 103), st.integers(0, 2), st.integers(1, 5)),
    st.tuples(areas, st.booleans()),
    min_size=1,
    max_size=20,
)
units = ["01", *(f"01{m}{former}" for m in range(100, 104) for former in ("", "01", "02"))]
stated_totals = st.sets(st.sampled_from(units))


@given(settlements, stated_totals)
def test_bounds_hold_what_is_withheld(
    tmp_path: Path, truth: dict[tuple[int, int, int], tuple[int, bool]], totals: set[str]
) -> None:
    """Hide areas from a table of true sums: each lies between its bounds, and no row is lost."""
    keys = {f"01{m:03}{f:02}{s:03}": value for (m, f, s), value in truth.items()}
    sums = {t: sum(a for key, (a, _) in keys.items() if key.startswith(t)) for t in totals}
    rows = [f"{total:0<10},{area}" for total, area in sums.items()]
    rows += [f"{key},{'x' if hidden else area}" for key, (area, hidden) in keys.items()]
    path = tmp_path / "census.csv"
    path.write_text("\n".join(["KEY,耕作放棄地面積（ａ）", *rows]), encoding="utf-8")
    found = read_abandoned_farmland(path)
    assert found.sums["agrees"].all()
    assert found.audit.unaccounted == 0
    assert found.audit.settlements == len(keys)
    for key, (area, hidden) in keys.items():
        row = found.settlements.loc[key]
        assert row["abandoned_ha_low"] <= area / 100 + 1e-9
        above = any(key.startswith(total) for total in totals)
        assert pd.notna(row["abandoned_ha_high"]) == (above or not hidden)
        if above or not hidden:
            assert row["abandoned_ha_high"] >= area / 100 - 1e-9


# --- what is refused ----------------------------------------------------------------------------


def test_all_faults_come_at_once(write: Callable[..., Path]) -> None:
    text = (
        "KEY,名,耕作放棄地面積,\n0120602006,甲,-5\n0120602006,乙,many\n"
        "012O602007,丙,5\n,丁,6\n0120602008,戊,1234567..8\n"
    )
    keys, unit, *cells = faults_of(write(text))
    assert "'012O602007' is no key of 10 digits (row 4)" in keys
    assert "a key is missing (row 5)" in keys
    assert unit.startswith(
        "no unit stands in the heading '耕作放棄地面積' or above it. Say it with"
    )
    assert cells == [
        "row 3: 'many' in column '耕作放棄地面積' is no area.",
        "row 6: '1234567..8' in column '耕作放棄地面積' is no area.",
        "row 2: '-5' in column '耕作放棄地面積' is no area.",
    ]


def test_keys_in_several_rows(write_rows: Callable[..., Path]) -> None:
    path = write_rows(("0120602006", "5"), ("120602006", "6"), ("0120602007", "1"))
    assert faults_of(path) == (
        "keys stand in more than one row: 0120602006 in rows 2, 3. Leave one row for each.",
    )


def test_unit_against_the_heading(write_rows: Callable[..., Path]) -> None:
    (fault,) = faults_of(write_rows(("0120602006", "5")), unit="ha")
    assert fault == "unit='ha', but its heading says a. Leave unit out."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("KEY,経営耕地面積(ha)\n0120602006,5\n", "no column holds the area of abandoned farmland"),
        (
            "KEY,耕作放棄地面積(ha),耕作放棄地面積(田)\n0120602006,5,5\n",
            "several columns may be the area: '耕作放棄地面積(ha)', '耕作放棄地面積(田)'. Name one",
        ),
        ("名,耕作放棄地面積(ha)\n甲,5\n", "no heading with settlement keys is found (one of key, "),
        ("KEY,耕作放棄地面積(ha)\n", "it has a heading but no rows."),
        ("", "it is empty."),
        (",,\n,,\n", "it is empty."),
    ],
)
def test_tables_that_cannot_be_used(write: Callable[..., Path], text: str, told: str) -> None:
    (fault,) = faults_of(write(text))
    assert fault.startswith(told)


@pytest.mark.parametrize("heading", [(0, 1), (2, 1), (1, 9)])
def test_heading_that_is_not_there(write: Callable[..., Path], heading: tuple[int, int]) -> None:
    (fault,) = faults_of(write("KEY,耕作放棄地面積(ha)\n0120602006,5\n"), heading=heading)
    assert fault.startswith(f"heading={heading} is no first and last row of a sheet of 2")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", "a,b".encode("utf-16"), "its text is neither UTF-8 nor cp932"),
        ("t.xlsx", b"no workbook", "it cannot be read as an Excel file"),
        ("t.pdf", b"%PDF", "it must be .csv or .xlsx; this ends in '.pdf'."),
        ("absent.csv", None, "there is no such file"),
    ],
)
def test_files_that_are_no_table(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (fault,) = faults_of(tmp_path / name)
    assert fault.startswith(told)


# --- onto boundaries ----------------------------------------------------------------------------


def test_table_joins_boundaries_with_no_row_unaccounted_for(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    keys = ["0120602006", "0120602007", "0120602008", "0120601001", "0120601009"]
    gpd.GeoDataFrame(
        {"KEY": keys, "CITY_NAME": "釧路市"},
        geometry=[box(141 + i, 43, 142 + i, 44) for i in range(5)],
        crs="EPSG:6668",
    ).to_file(tmp_path / "settlements.gpkg")
    layer = read_settlements(tmp_path / "settlements.gpkg")
    found = read_abandoned_farmland(write(TABLE))
    result = join_by_settlement(layer, found.settlements)
    counts = result.audit.counts
    assert counts["matched"] == 4
    assert counts["left only"] == 1  # 0120601009 has no row in the table
    assert counts["right only"] == 2  # 0120602009 and 0120601002 have no boundary
    assert counts["matched"] + counts["left only"] == len(layer)
    assert counts["matched"] + counts["right only"] == len(found.settlements)
    audit = found.audit
    assert audit.rows_read == counts["matched"] + counts["right only"] + (
        audit.above + audit.headings + audit.blank + audit.notes + audit.totals
    )
    assert result.frame.loc["0120602006", "status"] == "withheld"
    assert pd.isna(result.frame.loc["0120602006", "abandoned_ha"])
    assert result.frame.loc["0120602006", "abandoned_ha_high"] == 4


def test_table_of_all_real_settlements(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Every settlement of Hokkaido in a table of the awkward kind: the sums and counts agree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        codes = read_settlement_codes(real_data(CODES))
    area = pd.Series(range(len(codes)), index=codes.index) * 37 % 5000
    hidden = area % 7 == 0
    wide = str.maketrans("0123456789,", "０１２３４５６７８９，")
    rows = [
        f'{int(key)},"{"x" if hidden[key] else f"{a:,}".translate(wide)}"'
        for key, a in area.items()
    ]
    totals = area.groupby(codes.index.str[:5]).sum()
    rows += [f'{code}00000,"{total:,}"' for code, total in totals.items()]
    path = tmp_path / "census.csv"
    text = "\n".join(["農業集落コード,耕作放棄地", ",面積（ａ）", *rows])
    path.write_bytes(text.encode("cp932"))
    found = read_abandoned_farmland(path)
    assert found.settlements.index.tolist() == codes.index.tolist()
    assert found.audit.withheld == hidden.sum()
    assert found.audit.stated == (~hidden).sum()
    assert found.audit.totals == len(totals)
    assert found.audit.unaccounted == 0
    assert found.sums["agrees"].all()
    assert found.sums["stated_ha"].sum() == pytest.approx(area.sum() / 100)
    stated = found.settlements["abandoned_ha"].dropna()
    assert stated.sum() == pytest.approx(area[~hidden].sum() / 100)
    assert (found.settlements["abandoned_ha_high"] >= area / 100 - 1e-9).all()
    counts = join_by_settlement(codes[["names"]], found.settlements).audit.counts
    assert counts[["matched", "left only", "right only"]].tolist() == [len(codes), 0, 0]
