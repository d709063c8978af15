"""Tables: encodings found out, codes left whole, missing values never zero, rows named."""

from __future__ import annotations

import math
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import LayerError, OutputError, TableError
from hokkaido_gis.io.tables import read_table, require_columns, to_numbers, write_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = 'code,市町村名,熱量\n01202,函館市,"1,234"\n01345,森町,x\n'
ENDINGS = [".csv", ".xlsx", ".parquet"]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write text in an encoding, or bytes as they are, to a file and return its path."""

    def write_file(content: str | bytes, *, encoding: str = "utf-8", name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write_file


@pytest.fixture
def write_cells(tmp_path: Path) -> Callable[..., Path]:
    """Write rows of cells to the first sheet of a workbook and return its path."""

    def write_workbook(*rows: list[object]) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / "t.xlsx"
        book.save(path)
        return path

    return write_workbook


# --- CSV ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "shift_jis"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_in_every_usual_encoding(
    write: Callable[..., Path], encoding: str, newline: str
) -> None:
    table = read_table(write(TEXT.replace("\n", newline), encoding=encoding))
    assert table.columns.tolist() == ["code", "市町村名", "熱量"]
    assert table["code"].tolist() == ["01202", "01345"]
    assert table["市町村名"].tolist() == ["函館市", "森町"]
    assert table["熱量"].tolist() == ["1,234", "x"]


@pytest.mark.parametrize("name", ["髙橋", "①", "㈱", "~", "―", "ソ表能"])
def test_cp932_beyond_shift_jis_and_with_a_backslash_as_second_byte(
    write: Callable[..., Path], name: str
) -> None:
    assert read_table(write(f"name\n{name}\n", encoding="cp932"))["name"].tolist() == [name]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [TEXT, "code,name\n1202,Hakodate\n"], ids=["Japanese", "ASCII"])
def test_other_encodings_are_refused(write: Callable[..., Path], encoding: str, text: str) -> None:
    expected = r"t\.csv: its text is neither UTF-8 nor cp932 \(Shift_JIS\)\. Save it as 'CSV UTF-8'"
    with pytest.raises(TableError, match=expected):
        read_table(write(text, encoding=encoding))


def test_values_stay_as_they_are_written(write: Callable[..., Path]) -> None:
    row = read_table(write("a,b,c,d,e\n01202,NA,1e3,TRUE,\n")).iloc[0]
    assert row[["a", "b", "c", "d"]].tolist() == ["01202", "NA", "1e3", "TRUE"]
    assert pd.isna(row["e"])


def test_rows_are_counted_as_a_spreadsheet_does(write: Callable[..., Path]) -> None:
    assert read_table(write("v\n1\n2\n")).index.tolist() == [2, 3]


def test_blank_rows_are_left_out_but_counted(write: Callable[..., Path]) -> None:
    table = read_table(write("code,v\n1202,1\n\n,\n1203,2\n\n"))
    assert table["v"].to_dict() == {2: "1", 5: "2"}


def test_blank_lines_above_the_heading_are_counted(write: Callable[..., Path]) -> None:
    assert read_table(write("\r\n\r\nv\r\n1\r\n"))["v"].to_dict() == {4: "1"}


def test_line_break_within_a_cell_makes_no_row(write: Callable[..., Path]) -> None:
    table = read_table(write('v,w\n"a\nb",1\nc,2\n'))
    assert table["v"].to_dict() == {2: "a\nb", 3: "c"}


def test_blanks_around_names_of_columns_are_dropped(write: Callable[..., Path]) -> None:
    assert read_table(write(" code , v\u3000\n1202,1\n")).columns.tolist() == ["code", "v"]


def test_comma_at_the_end_of_every_row_shifts_nothing(write: Callable[..., Path]) -> None:
    table = read_table(write("code,name\n1202,函館市,\n1203,小樽市,\n"))
    assert table["code"].tolist() == ["1202", "1203"]
    assert table["name"].tolist() == ["函館市", "小樽市"]


@pytest.mark.parametrize(
    "text",
    ["code,v\n1202,1\n1203,2,3\n", "code,v\n1202,1,2\n1203,2,3\n", 'code,v\n"1202,1\n'],
    ids=["one row too long", "all rows too long", "open quote"],
)
def test_rows_that_do_not_fit_the_heading(write: Callable[..., Path], text: str) -> None:
    with pytest.raises(TableError, match=r"t\.csv: it is no well-formed CSV \(.+\)\.$"):
        read_table(write(text))


# --- Excel and Parquet --------------------------------------------------------------------------


def test_excel_keeps_numbers_and_text_apart(write_cells: Callable[..., Path]) -> None:
    table = read_table(write_cells(["code", "text"], [1202, "01202"], [12025, "012025"]))
    assert table["code"].tolist() == [1202, 12025]
    assert table["text"].tolist() == ["01202", "012025"]
    assert table.index.tolist() == [2, 3]


def test_excel_counts_blank_rows(write_cells: Callable[..., Path]) -> None:
    table = read_table(write_cells(["code", "v"], [1202, 1], [], [1203, 2]))
    assert table["code"].to_dict() == {2: 1202, 4: 1203}


def test_excel_reads_the_first_sheet(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({"b": [2]}).to_excel(book, sheet_name="two", index=False)
    assert read_table(tmp_path / "t.xlsx").columns.tolist() == ["a"]


@pytest.mark.parametrize("index", [None, "code"])
def test_parquet_keeps_a_named_index_as_a_column(tmp_path: Path, index: str | None) -> None:
    table = pd.DataFrame({"code": ["01202", "01203"], "v": [1.5, None]})
    (table.set_index(index) if index else table).to_parquet(tmp_path / "t.parquet")
    result = read_table(tmp_path / "t.parquet")
    assert result["code"].to_dict() == {2: "01202", 3: "01203"}
    assert result["v"].iloc[0] == 1.5
    assert pd.isna(result["v"].iloc[1])


def test_parquet_of_chosen_rows_gains_no_column(tmp_path: Path) -> None:
    pd.DataFrame({"v": [1, 2, 3]}).iloc[[2, 0]].to_parquet(tmp_path / "t.parquet")
    result = read_table(tmp_path / "t.parquet")
    assert result["v"].to_dict() == {2: 3, 3: 1}
    assert result.columns.tolist() == ["v"]


# --- files that are none ------------------------------------------------------------------------


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"absent\.csv: there is no such file"):
        read_table(tmp_path / "absent.csv")


@pytest.mark.parametrize("name", ["t.xls", "t.txt", "t"])
def test_unknown_ending(write: Callable[..., Path], name: str) -> None:
    with pytest.raises(TableError, match=r"read from \.csv, \.xlsx, \.parquet; this ends in '"):
        read_table(write("v\n1\n", name=name))


def test_ending_in_capitals(write: Callable[..., Path]) -> None:
    assert read_table(write("v\n1\n", name="T.CSV"))["v"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("t.xlsx", "cannot be read as an Excel file"), ("t.parquet", "cannot be read as Parquet")],
)
@pytest.mark.parametrize("content", [b"", b"no table at all"], ids=["empty", "text"])
def test_damaged_file(write: Callable[..., Path], name: str, message: str, content: bytes) -> None:
    with pytest.raises(TableError, match=message):
        read_table(write(content, name=name))


@pytest.mark.parametrize("content", ["", "\n\n", " \n", "\ufeff"])
def test_empty_csv(write: Callable[..., Path], content: str) -> None:
    with pytest.raises(TableError, match="it is empty"):
        read_table(write(content))


def test_empty_workbook(write_cells: Callable[..., Path]) -> None:
    with pytest.raises(TableError, match="it is empty"):
        read_table(write_cells())


@pytest.mark.parametrize("content", ["code,v\n", "code,v", "code,v\n,\n\n"])
def test_heading_without_rows(write: Callable[..., Path], content: str) -> None:
    with pytest.raises(TableError, match="it has a heading but no rows"):
        read_table(write(content))


def test_heading_without_rows_in_excel(write_cells: Callable[..., Path]) -> None:
    with pytest.raises(TableError, match="it has a heading but no rows"):
        read_table(write_cells(["code", "v"]))


def test_table_error_is_a_layer_error() -> None:
    assert issubclass(TableError, LayerError)


# --- columns ------------------------------------------------------------------------------------


def test_required_columns_that_are_there() -> None:
    table = pd.DataFrame({"code": [1], "v": [2]})
    assert require_columns(table, ["v", "code"], what="t.csv") is None


def test_missing_columns_are_named_with_those_that_are_there() -> None:
    table = pd.DataFrame({"code": [1], "v": [2]})
    expected = r"^t\.csv: it has no column 'heat', 'area'; it has code, v\.$"
    with pytest.raises(TableError, match=expected):
        require_columns(table, ["heat", "v", "area"], what="t.csv")


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1234", 1234.0),
        ("1,234,567", 1_234_567.0),
        ("１，２３４．５", 1234.5),
        (" 5.5\u3000", 5.5),
        ("1 234", 1234.0),
        ("-3", -3.0),
        ("－３", -3.0),
        ("1e3", 1000.0),
        ("0", 0.0),
        (7, 7.0),
    ],
)
def test_numbers_however_written(written: object, number: float) -> None:
    assert to_numbers(pd.Series([written, "x"], dtype=object)).iloc[0] == number


@pytest.mark.parametrize(
    "mark",
    ["", "-", "－", "―", "…", "...", "x", "X", "ｘ", "NA", "N/A", "データなし", " - ", None,
     float("nan"), pd.NA],
)  # fmt: skip
def test_withheld_and_missing_are_never_zero(mark: object) -> None:
    result = to_numbers(pd.Series(["1", mark, "0"], dtype=object))
    assert result.iloc[[0, 2]].tolist() == [1.0, 0.0]
    assert math.isnan(result.iloc[1])


@pytest.mark.parametrize("dtype", ["object", "str"])
def test_column_of_nothing_but_missing_values(dtype: str) -> None:
    result = to_numbers(pd.Series([None, None], dtype=dtype))
    assert result.dtype == float
    assert result.isna().all()


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "Float64"])
def test_columns_of_numbers_become_floats(dtype: str) -> None:
    result = to_numbers(pd.Series([1, 2], dtype=dtype))
    assert result.dtype == float
    assert result.tolist() == [1.0, 2.0]


def test_missing_of_a_nullable_column_is_kept() -> None:
    assert np.isnan(to_numbers(pd.Series([1, None], dtype="Int64")).iloc[1])


@pytest.mark.parametrize("wrong", ["abc", "1.2.3", "12kg", "inf", "-inf", "0x1F", True, "▲3"])
def test_what_is_no_number_is_named_with_its_row(wrong: object) -> None:
    values = pd.Series(["1", wrong], index=[2, 3], name="熱量", dtype=object)
    with pytest.raises(TableError, match=rf"^column '熱量': row 3: {wrong!r} is no number\.$"):
        to_numbers(values)


def test_wrong_numbers_are_listed_up_to_ten() -> None:
    with pytest.raises(TableError, match=r"row 2: 'a'.*row 11: 'a'.*2 more rows") as caught:
        to_numbers(pd.Series(["a"] * 12, index=range(2, 14), name="v"))
    assert len(caught.value.faults) == 11


@given(
    numbers=st.lists(
        st.one_of(st.none(), st.floats(-1e9, 1e9).map(lambda x: round(x, 3))), min_size=1
    )
)
def test_numbers_survive_being_written_for_people(numbers: list[float | None]) -> None:
    written = pd.Series([None if n is None else f"{n:,.3f}" for n in numbers], name="v")
    written.index = pd.Index(range(5, 5 + len(numbers)))
    result = to_numbers(written)
    assert result.index.equals(written.index)
    assert result.name == "v"
    expected = [np.nan if n is None else n for n in numbers]
    np.testing.assert_allclose(result.to_numpy(), expected, rtol=0, atol=1e-9)


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame({"code": ["01202", "01345"], "名": ["函館市", None], "v": [1.5, 2.25]})
    path = write_table(table, tmp_path / f"t{ending}")
    result = read_table(path)
    assert path == tmp_path / f"t{ending}"
    assert result["code"].tolist() == ["01202", "01345"]
    assert result["名"].iloc[0] == "函館市"
    assert pd.isna(result["名"].iloc[1])
    assert to_numbers(result["v"]).tolist() == [1.5, 2.25]


@pytest.mark.parametrize("ending", ENDINGS)
def test_index_is_written_when_asked_for(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame({"v": ["a"]}, index=pd.Index(["01202"], name="code"))
    path = write_table(table, tmp_path / f"t{ending}", index=True)
    assert read_table(path)["code"].tolist() == ["01202"]
    assert read_table(write_table(table, path)).columns.tolist() == ["v"]


def test_csv_opens_in_excel_and_is_the_same_everywhere(tmp_path: Path) -> None:
    path = write_table(pd.DataFrame({"名": ["森町"]}), tmp_path / "t.csv")
    assert path.read_bytes() == b"\xef\xbb\xbf" + "名\n森町\n".encode()


def test_unknown_ending_leaves_nothing_behind(tmp_path: Path) -> None:
    expected = r"written as \.csv, \.xlsx or \.parquet; this ends in '\.ods'"
    with pytest.raises(OutputError, match=expected):
        write_table(pd.DataFrame({"v": [1]}), tmp_path / "t.ods")
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_another_program_holds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "open.xlsx"
    path.touch()
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(TableError, match="it may not be read"):
        read_table(path)
