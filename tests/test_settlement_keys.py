"""Keys of farm settlements: every spelling, their parts, totals, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.codes import check_digit
from hokkaido_gis.errors import CodeError
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.settlement_keys import (
    compose_keys,
    find_keys,
    key_levels,
    key_parts,
    normalise_keys,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = "farm-settlement-codes/hokkaido_farm_settlement_codes.csv"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

keys = st.builds(
    "{:02}{:03}{:02}{:03}".format,
    st.integers(1, 47),
    st.integers(100, 799),
    st.integers(0, 99),
    st.integers(1, 999),
)
spellings: list[Callable[[str], object]] = [
    str,
    int,
    float,
    lambda key: str(int(key)),
    lambda key: f" {key}　",
    lambda key: f"'{key}",
    lambda key: key.translate(FULL_WIDTH),
    lambda key: f"{int(key)}.0",
]


def fault_of(*values: object, **options: Any) -> str:
    with pytest.raises(CodeError) as caught:
        normalise_keys(pd.Series(values, name="KEY"), **options)
    return str(caught.value)


# --- spellings ----------------------------------------------------------------------------------


@given(st.lists(keys, min_size=1, max_size=8), st.sampled_from(spellings), st.booleans())
def test_every_spelling_gives_the_key(
    texts: list[str], spell: Callable[[str], object], totals: bool
) -> None:
    written = pd.Series([spell(text) for text in texts], index=range(7, 7 + len(texts)), name="KEY")
    result = normalise_keys(written, totals=totals)
    assert result.tolist() == texts
    assert result.index.equals(written.index)
    assert result.name == "KEY"


@given(st.lists(keys, max_size=8))
def test_keys_come_out_of_their_parts(texts: list[str]) -> None:
    whole = pd.Series(texts, dtype="str")
    parts = key_parts(whole)
    columns = [parts[name] for name in ("prefecture", "municipality_code", "former", "settlement")]
    assert compose_keys(*columns).tolist() == texts
    assert (
        compose_keys(*(column.str.lstrip("0").str.zfill(1) for column in columns)).tolist() == texts
    )
    assert set(key_levels(whole)) <= {"settlement"}


@given(st.lists(keys, max_size=8))
def test_normalising_twice_changes_nothing(texts: list[str]) -> None:
    once = normalise_keys(pd.Series(texts, dtype="str"))
    assert normalise_keys(once).equals(once)


def test_no_rows_give_text() -> None:
    result = normalise_keys(pd.Series([], dtype="str", name="KEY"))
    assert result.empty
    assert result.dtype == "str"


def test_land_outside_settlements_keeps_its_key() -> None:
    result = normalise_keys(pd.Series(["01211-9-99", "0121100001"]))
    assert result.tolist() == ["01211-9-99", "0121100001"]
    assert key_levels(result).tolist() == ["outside", "settlement"]
    assert key_parts(result).iloc[0].tolist() == ["01", "01211", "-9", "-99"]


def test_input_stays_as_it_was() -> None:
    written = pd.Series([120602006, 120602007])
    normalise_keys(written)
    assert written.tolist() == [120602006, 120602007]


# --- totals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key", "level"),
    [
        ("0120602000", "0120602000", "former municipality"),
        ("0120602", "0120602000", "former municipality"),
        ("120602", "0120602000", "former municipality"),
        (120602000, "0120602000", "former municipality"),
        ("0120600000", "0120600000", "municipality"),
        ("01206", "0120600000", "municipality"),
        (1206, "0120600000", "municipality"),
        ("012068", "0120600000", "municipality"),
        ("0100000000", "0100000000", "prefecture"),
        (100000000, "0100000000", "prefecture"),
        ("01", "0100000000", "prefecture"),
        ("１３", "1300000000", "prefecture"),
    ],
)
def test_totals_by_their_keys(written: object, key: str, level: str) -> None:
    result = normalise_keys(pd.Series([written]), totals=True)
    assert result.tolist() == [key]
    assert key_levels(result).tolist() == [level]


@given(keys)
def test_totals_above_a_settlement(key: str) -> None:
    parts = key_parts(pd.Series([key])).iloc[0]
    prefecture, municipality = parts["prefecture"], parts["municipality_code"]
    written = [key, municipality, prefecture, municipality + "00000", prefecture + "00000000"]
    levels = key_levels(normalise_keys(pd.Series(written), totals=True)).tolist()
    assert levels == ["settlement", *["municipality", "prefecture"] * 2]
    assert "is the total of a municipality, no settlement (row 0)" in fault_of(municipality)


def test_total_read_in_two_ways_is_settled_by_the_settlements() -> None:
    # 12203 is 市川市, and 01220 士別市 with its check digit and without its zero.
    short = "12203"
    assert check_digit("01220") == "3"
    assert "'12203' may be 0122000000 or 1220300000; write keys" in fault_of(short, totals=True)
    for key, total in (("0122000001", "0122000000"), ("1220300001", "1220300000")):
        result = normalise_keys(pd.Series([short, key]), totals=True)
        assert result.tolist() == [total, key]


# --- parts --------------------------------------------------------------------------------------


def table(**columns: list[object]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=range(5, 5 + length), dtype=object)


def test_parts_of_every_spelling() -> None:
    frame = table(
        PREF=["01", 1, "０１", 1.0],
        CITY=["206", 1206, "０１２０６", 206.0],
        KCITY=["02", 2, "０２", 2.0],
        RCOM=["006", 6, "６", 6.0],
    )
    assert find_keys(frame).tolist() == ["0120602006"] * 4


def test_blank_parts_make_totals() -> None:
    frame = table(
        PREF=["01", "01", "01", "01"],
        CITY=["206", "206", "206", None],
        KCITY=["02", "02", "", ""],
        RCOM=["006", "", None, ""],
    )
    found = find_keys(frame, totals=True)
    assert found.tolist() == ["0120602006", "0120602000", "0120600000", "0100000000"]
    with pytest.raises(CodeError, match=r"'0120602000' is the total of a former municipality"):
        find_keys(frame)


def test_parts_of_land_outside_settlements() -> None:
    frame = table(PREF=["01"], CITY=["211"], KCITY=["-9"], RCOM=["-99"])
    assert find_keys(frame).tolist() == ["01211-9-99"]


def test_wrong_parts_are_all_named() -> None:
    frame = table(
        PREF=["01", "", "48", "01"],
        CITY=["206", "206", "206", "13206"],
        KCITY=["02", "02", "", "02"],
        RCOM=["6", "1234", "6", "6"],
    )
    with pytest.raises(CodeError) as caught:
        find_keys(frame)
    text = str(caught.value)
    assert "'' in column 'PREF' is no prefecture of 2 digits (row 6)." in text
    assert "'13206' in column 'CITY' is no municipality of 3 digits (row 8)." in text
    assert "'1234' in column 'RCOM' is no settlement of 3 digits (row 6)." in text
    assert "column 'RCOM' is filled below a blank part (row 7)." in text


def test_prefecture_that_cannot_be() -> None:
    frame = table(PREF=["48"], CITY=["206"], KCITY=["02"], RCOM=["6"])
    with pytest.raises(CodeError, match=r"'4820602006' is no key, since 48206 cannot be a munici"):
        find_keys(frame)


@pytest.mark.parametrize("name", ["KEY", "key", "rcom_key", "ＫＥＹ", "農業集落コード"])
def test_column_of_keys_by_any_of_its_names(name: str) -> None:
    assert find_keys(table(**{name: [120602006]})).tolist() == ["0120602006"]


def test_key_and_parts_that_disagree() -> None:
    frame = table(
        KEY=["0120602006", "0120602007"], PREF=["01"] * 2, CITY=["206"] * 2, KCITY=["02"] * 2,
        RCOM=["006", "008"],
    )  # fmt: skip
    with pytest.raises(CodeError, match=r"'KEY' are not what PREF, CITY, KCITY, RCOM .*\(row 6\)"):
        find_keys(frame)


def test_no_column_of_keys() -> None:
    with pytest.raises(CodeError, match=r"no column of settlement keys \(one of key, .* are PREF"):
        find_keys(table(PREF=["01"], RCOM=["1"]))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "a key is missing (row 0)"),
        ("", "a key is missing (row 0)"),
        ("富士見", "'富士見' is no key of 10 digits (row 0)"),
        ("01206020060", "'01206020060' is no key of 10 digits"),
        ("12345678", "'12345678' is no key of 10 digits"),
        ("0001234567", "since 00012 cannot be a municipality"),
        ("4820602006", "since 48206 cannot be a municipality"),
        ("0109902006", "since 01099 cannot be a municipality"),
        ("012060200", "since 00120 cannot be a municipality"),
        ("1.20602E+08", "has lost digits to a spreadsheet; save the column as text"),
        ("0120602000", "is the total of a former municipality, no settlement"),
        ("0100000000", "is the total of a prefecture, no settlement"),
        ("01206-2-006", "is no key of 10 digits"),
    ],
)
def test_no_key(value: object, told: str) -> None:
    assert told in fault_of(value)


def test_all_faults_are_named_with_their_rows() -> None:
    text = fault_of("0120602006", "x", None, "x", "48")
    assert text.startswith("Settlement keys in column 'KEY': 3 faults: ")
    assert "'x' is no key of 10 digits (rows 1, 3)." in text
    assert "a key is missing (row 2)." in text


def test_nine_digits_beside_keys_that_kept_their_zero() -> None:
    assert normalise_keys(pd.Series(["0120602006", "120602007"])).tolist()[1] == "0120602007"
    text = fault_of("0120602006", "220602007")
    assert (
        "'220602007' has 9 digits in a column that keeps its leading zeros: it may be 02206" in text
    )


def test_nine_digits_beside_keys_of_other_prefectures() -> None:
    # All Japan as numbers: the prefectures up to 09 have lost their zero.
    result = normalise_keys(pd.Series([120602006, 1310100001]))
    assert result.tolist() == ["0120602006", "1310100001"]


# --- the official table -------------------------------------------------------------------------


def test_official_keys(real_data: Callable[[str], Path]) -> None:
    written = read_table(real_data(CODES))["key"]
    found = normalise_keys(written)
    assert found.equals(written)
    assert key_levels(found).value_counts().to_dict() == {"settlement": 7784, "outside": 13}
    numbers = found[key_levels(found) == "settlement"].astype(int)
    assert normalise_keys(numbers).tolist() == found[numbers.index].tolist()
