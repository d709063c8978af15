"""Values as text: numbers a reader can take back, and missing ones that say so."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from hokkaido_gis.render.text import (
    WORDS,
    credit_line,
    format_column,
    format_names,
    format_number,
    format_value,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (5, "5"), (-1234.0, "-1,234"), (1234567, "1,234,567"),
        (0.5, "0.5"), (-0.5, "-0.5"), (0.1 + 0.2, "0.3"), (0.00012345, "0.0001234"),
        (-0.0012349, "-0.001235"), (12.3456, "12.35"), (999.94, "999.9"), (999.96, "1,000"),
        (-9.99996, "-10"), (0.99996, "1"), (1234.5678, "1,235"), (-98765.4, "-98,765"),
        (1e-6, "0.000001"), (9e-7, "9e-07"), (-1.23456e-300, "-1.235e-300"), (5e-324, "4.941e-324"),
        (999_999_999_999_999.0, "999,999,999,999,999"), (1e15, "1e+15"), (-1.7e308, "-1.7e+308"),
        (2**60 + 1, "1,152,921,504,606,846,977"), (np.int64(-1234), "-1,234"),
        (float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert format_number(value) == text


@given(value=FINITE, digits=st.integers(1, 9))
def test_number_is_read_back_within_its_digits(value: float, digits: int) -> None:
    read = Decimal(format_number(value, digits=digits).replace(",", ""))
    exact = Decimal(value)
    size = abs(exact)
    is_plain = size >= 10 ** (digits - 1) and size < Decimal(10) ** 15
    last = Decimal(1) if is_plain else Decimal(10) ** (exact.adjusted() - digits + 1)
    assert abs(read - exact) <= last / 2


@given(value=st.integers())
def test_whole_number_is_read_back_exactly(value: int) -> None:
    assert int(format_number(value).replace(",", "")) == value


@given(value=FINITE)
def test_sign_changes_nothing_else(value: float) -> None:
    assume(value > 0)
    assert format_number(-value) == "-" + format_number(value)


@given(value=st.floats(1e-6, 1e6))
def test_numbers_have_no_needless_decimals(value: float) -> None:
    whole, _, decimals = format_number(value).partition(".")
    assert not decimals.endswith("0")
    assert not decimals or len((whole + decimals).lstrip("0")) <= 4


@given(values=st.lists(st.floats(allow_nan=False) | st.floats(1e-7, 1e4)))
def test_column_of_doubles_is_written_like_each_of_them(values: list[float]) -> None:
    column = pd.Series(values, dtype=float)
    assert format_column(column) == [format_number(value) for value in values]


MISSING = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"),
           Decimal("NaN")]  # fmt: skip


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_missing_values_say_so(value: object) -> None:
    assert format_value(value) == "データなし"
    assert format_value(value, "en") == "no data"
    assert format_column(pd.Series([value], dtype=object)) == ["データなし"]


@pytest.mark.parametrize("text", ["NaT", "<NA>", "nan", "None", "", "01202", "1234"])
def test_text_stays_as_it_is(text: str) -> None:
    assert format_value(text) == text
    for dtype in (object, "str", "category"):
        assert format_column(pd.Series([text], dtype=dtype)) == [text]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "はい"),
        (np.False_, "いいえ"),
        (1202, "1,202"),
        (np.int64(2**53 + 1), "9,007,199,254,740,993"),
        (np.float32(0.5), "0.5"),
        (Fraction(1, 2), "0.5"),
        (Decimal("1.50"), "1.50"),
        (dt.date(2021, 1, 1), "2021-01-01"),
        (pd.Timestamp("2021-01-01"), "2021-01-01 00:00:00"),
        ([1, None], "[1, None]"),
        (shapely.Point(1, 2), "POINT (1 2)"),
    ],
    ids=repr,
)
def test_values(value: object, text: str) -> None:
    assert format_value(value) == text


COLUMNS: dict[str, list[Any]] = {
    "int64": [1202, -5, 0],
    "uint8": [0, 255],
    "Int64": [2**60 + 1, None, 3],
    "float64": [0.5, np.nan, 1234.0, -np.inf],
    "float32": [0.1, np.nan, 2],
    "Float64": [0.5, None],
    "bool": [True, False],
    "boolean": [True, None, False],
    "str": ["札幌市", None, "NaT"],
    "object": ["札幌市", None, 1234, 0.25, True, pd.NaT, "<NA>", (1, 2)],
    "datetime64[ns]": ["2021-01-01", None],
    "category": ["甲", None, "乙", "甲"],
}


@pytest.mark.parametrize("dtype", COLUMNS)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_column_is_written_like_its_values(dtype: str, lang: Any) -> None:
    column = pd.Series(COLUMNS[dtype], dtype=dtype, index=range(5, 5 + len(COLUMNS[dtype])))
    assert format_column(column, lang) == [format_value(value, lang) for value in column]
    assert format_column(column.iloc[:0], lang) == []


@pytest.mark.parametrize("values", [[3, 1, None], [True, False, None], [0.25, None, 1234.0]])
def test_categories_are_written_like_what_they_are(values: list[object]) -> None:
    column = pd.Series(pd.Categorical(values))
    assert format_column(column) == [format_value(value) for value in values]


def test_missing_values_of_a_column_may_be_left_blank() -> None:
    assert format_column(pd.Series(["a", None, "c"]), missing="") == ["a", "", "c"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([1202.0, np.nan, 0.5], ["1202", "", "0.5"]),
        ([1202, 1203], ["1202", "1203"]),
        (["01202", None, "NaT"], ["01202", "", "NaT"]),
        (pd.Categorical([1202, None]), ["1202", ""]),
        (pd.array([1202, None], dtype="Int64"), ["1202", ""]),
    ],
)
def test_names_take_no_commas(values: Any, names: list[str]) -> None:
    assert format_names(pd.Series(values)) == names
    assert format_names(pd.Series(values), "無") == [name or "無" for name in names]


def test_words_stand_in_both_languages() -> None:
    assert all(set(words) == {"ja", "en"} for words in WORDS.values())
    assert credit_line("国土地理院", "ja") == "出典: 国土地理院"
    assert credit_line("", "en") == ""
