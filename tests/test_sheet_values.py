"""What a sheet of Excel cannot hold: written so that nothing is lost, or told, with its rows."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import LayerWarning, TableError
from hokkaido_gis.io import sheet_values
from hokkaido_gis.io.cells import LONGEST_CELL, excel_text, has_excel_length
from hokkaido_gis.io.sheet_values import MOST_COLUMNS, MOST_ROWS, fit_sheet
from hokkaido_gis.io.tables import read_table, write_table
from hokkaido_gis.report.registry import registry
from hokkaido_gis.report.workbook import Sheet, column_kinds, write_workbook

JST = timezone(timedelta(hours=9))
HELD = [
    7, -999_999_999_999_999, 10**15 - 1, np.int32(3), np.uint8(255), 1.5, 1e300, -0.1,
    np.float32(0.5), True, False, np.True_, "札幌市", "", "two\nlines", "x" * LONGEST_CELL,
    datetime(2013, 3, 1, 12, 30), datetime(1900, 1, 1), datetime(1900, 2, 28), datetime(1900, 3, 1),
    datetime(9999, 12, 31), date(2013, 3, 1), pd.Timestamp("2013-03-01 06:00"),
]  # fmt: skip
"""What a cell holds as it is."""
AS_TEXT = [
    (10**15, "1000000000000000", "15 digits"),
    (2**53 + 1, "9007199254740993", "15 digits"),
    (-(10**20), "-100000000000000000000", "15 digits"),
    (np.uint64(2**64 - 1), "18446744073709551615", "15 digits"),
    (np.int64(-(2**63)), "-9223372036854775808", "15 digits"),
    (Decimal("0.12345678901234567"), "0.12345678901234567", "15 digits"),
    (float("inf"), "inf", "without end"),
    (-np.inf, "-inf", "without end"),
    (Decimal("-Infinity"), "-inf", "without end"),
    (Decimal("1e400"), "1E+400", "15 digits"),
    (datetime(2013, 3, 1, 12, tzinfo=JST), "2013-03-01T12:00:00+09:00", "time zone"),
    (datetime(2013, 3, 1, tzinfo=UTC), "2013-03-01T00:00:00+00:00", "time zone"),
    (time(12, 30, tzinfo=JST), "12:30:00+09:00", "time zone"),
    (pd.Timestamp("2013-03-01", tz="Asia/Tokyo"), "2013-03-01T00:00:00+09:00", "time zone"),
    (datetime(1899, 12, 31), "1899-12-31T00:00:00", "years 1900 to 9999"),
    (date(1869, 8, 15), "1869-08-15", "years 1900 to 9999"),
    (pd.Timestamp(np.datetime64("12013-03-01", "s")), "12013-03-01T00:00:00", "years 1900 to 9999"),
    (timedelta(days=1, hours=12), "1 days 12:00:00", "length of time"),
    ("x" * LONGEST_CELL + "y", "x" * LONGEST_CELL, "32,767 characters, cut off there"),
    ("♨" + "🌋" * 16_384, "♨" + "🌋" * 16_383, "32,767 characters, cut off there"),
    ("bell\x07", "bell\ufffd", "characters that Excel cannot hold"),
]
"""What a cell does not hold, what is written instead, and what is told of it."""
PLAIN = [
    (time(12, 30), "12:30:00"), (["a", 1], "['a', 1]"), (shapely.Point(1, 2), "POINT (1 2)"),
    (pd.Period("2013-03"), "2013-03"), ("a\r\nb\rc", "a\nb\nc"), (None, None), (np.nan, None),
    (pd.NA, None), (pd.NaT, None), (Decimal("1.25"), 1.25),
]  # fmt: skip
"""What is written in other words that say the same."""


def cells(path, column="A"):
    return [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][column][1:]]


def columns_with(value):
    """Columns that end in a value: one of any values, and one of its own kind."""
    return [pd.Series(["other", value], dtype=object), pd.Series([value])]


@pytest.mark.parametrize("value", HELD, ids=lambda value: ascii(value)[:20])
def test_what_a_cell_holds_stays_what_it_is(tmp_path, value):
    for values in columns_with(value):
        table = pd.DataFrame({"v": values})
        pd.testing.assert_frame_equal(fit_sheet(table), table, check_dtype=False)
    found = cells(write_table(table, tmp_path / "t.xlsx"))[-1]
    expected = pd.Timestamp(value) if isinstance(value, date) else value
    assert found == (expected or None if isinstance(value, str) else expected)
    assert isinstance(found, bool) == isinstance(value, bool | np.bool_)


@pytest.mark.parametrize(("value", "text", "told"), AS_TEXT, ids=lambda value: ascii(value)[:20])
def test_what_no_cell_holds_is_text_and_told_with_its_rows(tmp_path, value, text, told):
    for values in columns_with(value):
        table = pd.DataFrame({"before": range(len(values)), "v": values})
        with pytest.warns(LayerWarning) as caught:
            path = write_table(table, tmp_path / "t.xlsx")
        (message,) = [str(each.message) for each in caught]
        assert message.startswith("t.xlsx: column 'v' has 1 value ")
        assert told in message
        assert f"(row {len(values) + 1}). Write .csv" in message
        assert cells(path, "B")[-1] == text
        assert cells(path, "A") == list(range(len(values)))


@pytest.mark.parametrize(("value", "text"), PLAIN, ids=lambda value: ascii(value)[:20])
def test_what_is_said_in_other_words_is_not_told(tmp_path, value, text):
    table = pd.DataFrame({"v": pd.Series(["other", value], dtype=object)})
    assert cells(write_table(table, tmp_path / "t.xlsx"))[1] == text


@given(
    st.integers()
    | st.floats()
    | st.text()
    | st.datetimes()
    | st.decimals(allow_nan=False)
    | st.booleans()
)
def test_no_value_is_lost_in_silence(value):
    with warnings.catch_warnings(record=True, action="always") as told:
        (fitted,) = fit_sheet(pd.DataFrame({"v": pd.Series([value], dtype=object)}))["v"]
    if told or pd.isna(value):
        return
    if isinstance(value, str):
        assert fitted == value.replace("\r\n", "\n").replace("\r", "\n")
    else:
        assert (Decimal(str(fitted)) if isinstance(value, Decimal) else fitted) == value


def test_columns_of_one_kind_are_looked_at_as_such():
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 10**16], dtype="Int64"),
            "real": pd.array([1.5, None, np.inf], dtype="Float64"),
            "kind": pd.Categorical(["a", None, "b\x07"]),
            "day": pd.to_datetime(["1899-01-01", None, "2013-01-01"]),
            "zone": pd.to_datetime(["2013-01-01", None, "2013-01-01"]).tz_localize("Asia/Tokyo"),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "arrow": pd.array(["a", None, "x" * 40_000], dtype="str"),
        }
    )
    before = table.copy()
    with pytest.warns(LayerWarning) as caught:
        fitted = fit_sheet(table, sheet="table-3-3")
    pd.testing.assert_frame_equal(table, before)
    message = str(caught[0].message)
    assert message.startswith("table-3-3: column 'whole' has 1 value of more than 15 digits, ")
    for name, rows in (("whole", "row 4"), ("real", "row 4"), ("kind", "row 4"), ("day", "row 2"),
                       ("zone", "rows 2, 4"), ("arrow", "row 4")):  # fmt: skip
        assert any(f"'{name}'" in part and f"({rows})" in part for part in message.split("; "))
    assert "'yes'" not in message
    assert fitted["whole"].tolist() == [1, pd.NA, str(10**16)]
    assert fitted.isna().to_numpy().tolist() == table.isna().to_numpy().tolist()


def test_many_rows_and_columns_are_counted_and_a_few_named():
    table = pd.DataFrame({f"c{i}": [np.inf] * 8 for i in range(13)})
    with pytest.warns(
        LayerWarning, match=r"c0' has 8 values .* \(rows 2, 3, 4, 5, 6 and 3 more\)"
    ) as (caught):
        fit_sheet(table)
    assert "; 3 more like these. Write" in str(caught[0].message)


def test_headings_are_told_too(tmp_path):
    table = pd.DataFrame([[1, 2, 3]], columns=["a\x07", "b" * 40_000, 3])
    with pytest.warns(LayerWarning, match=r"headings are not as they were: 'a\ufffd', 'bbb"):
        path = write_table(table, tmp_path / "t.xlsx")
    assert [len(name) for name in read_table(path).columns] == [2, LONGEST_CELL, 1]


def test_two_columns_of_one_name_and_the_index_are_looked_at(tmp_path):
    table = pd.DataFrame([[np.inf, "b"]], columns=["a", "a"], index=pd.Index([10**16], name="a"))
    with pytest.warns(LayerWarning, match=r"'a' has 1 value of more .*'a' has 1 value without end"):
        path = write_table(table, tmp_path / "t.xlsx", index=True)
    assert [cells(path, column) for column in "ABC"] == [[str(10**16)], ["inf"], ["b"]]
    with pytest.warns(LayerWarning) as caught:
        write_table(table, tmp_path / "t.xlsx")
    assert "digits" not in str(caught[0].message)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((MOST_ROWS, 1), r"it has 1,048,577 rows with that of the headings; .* 1,048,576\. Write"),
        ((1, MOST_COLUMNS + 1), r"it has 16,385 columns; a sheet of Excel holds 16,384\. Write"),
        ((MOST_ROWS, MOST_COLUMNS + 1), r"t\.xlsx: 2 faults"),
    ],
)
def test_a_table_beyond_a_sheet_is_refused_and_an_older_file_stays(tmp_path, shape, told):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"older")
    one = np.broadcast_to(np.int8(1), shape)
    with pytest.raises(TableError, match=told):
        write_table(pd.DataFrame(one, copy=False), path)
    assert path.read_bytes() == b"older"
    fitting = pd.DataFrame(np.broadcast_to(np.int8(1), (MOST_ROWS - 1, 1)), copy=False)
    assert len(fit_sheet(fitting)) == MOST_ROWS - 1


def test_the_workbook_of_the_report_tells_its_sheets(tmp_path):
    table = pd.DataFrame({"id": [10**16, 5], "t": ["bell\x07", "x" * 40_000], "n": [1.5, np.inf]})
    file = write_table(table, tmp_path / "t.csv")
    sheet = Sheet("table-3-3", "表", "注", file, column_kinds(table))
    told = r"^table-3-3: .*'id' has 1 .*row 2.*'t' has 1 .*row 2.*'t' has 1 .*row 3"
    with pytest.warns(LayerWarning, match=told):
        write_workbook([sheet], tmp_path / "t.xlsx", "ja")
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["table-3-3"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert rows == [[str(10**16), "bell\ufffd", 1.5], [5, "x" * LONGEST_CELL, "inf"]]


def test_a_table_of_the_report_beyond_a_sheet_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet_values, "MOST_ROWS", 2)
    table = pd.DataFrame({"a": [1, 2]})
    sheet = Sheet("table-3-3", "", "", write_table(table, tmp_path / "t.csv"), column_kinds(table))
    with pytest.raises(TableError, match="table-3-3: it has 3 rows"):
        write_workbook([sheet], tmp_path / "t.xlsx", "ja")
    assert not (tmp_path / "t.xlsx").exists()


def test_ids_of_the_report_are_names_of_sheets():
    """Excel takes 31 characters, few signs, and does not tell small letters from capitals."""
    names = ["目次", "contents", *registry()]
    assert max(map(len, names)) <= 31
    assert not [name for name in names if set(name) & set("[]:*?/\\'") or name == "history"]
    assert len({name.casefold() for name in names}) == len(names)


@given(st.text(alphabet="a♨🌋\n", min_size=1, max_size=9), st.integers(20_000, 40_000))
def test_a_text_is_cut_where_excel_ends_it(text, length):
    long = text * (length // len(text))
    cut = excel_text(long)
    assert long.startswith(cut)
    units = len(cut.encode("utf-16-le")) // 2
    assert units <= LONGEST_CELL
    assert has_excel_length(long) == (cut == long)
    assert cut == long or units >= LONGEST_CELL - 1
