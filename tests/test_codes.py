"""Municipality codes and names: every spelling leads to the same 5-digit text, none is guessed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.codes import (
    check_digit,
    codes_from_names,
    find_code,
    normalise_codes,
    normalise_name,
    ward_to_city,
)
from hokkaido_gis.datasets import municipality_codes, register
from hokkaido_gis.errors import CodeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODES = sorted(register())
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def congruent_digit(code: str) -> int:
    """The check digit as what makes the weighted sum divisible by 11, found by trying."""
    weighted = sum(weight * int(digit) for weight, digit in enumerate(reversed(code), start=2))
    (completing,) = (rest for rest in range(1, 12) if (weighted + rest) % 11 == 0)
    return completing % 10


def checked(code: str) -> str:
    return f"{code}{congruent_digit(code)}"


SPELLINGS: dict[str, Callable[[str], object]] = {
    "5-digit text": str,
    "4-digit text": lambda code: code[1:],
    "4-digit integer": int,
    "4-digit numpy integer": lambda code: np.int64(int(code)),
    "4-digit float": float,
    "4-digit float as text": lambda code: f"{int(code)}.0",
    "full-width": lambda code: code.translate(FULL_WIDTH),
    "blanks around": lambda code: f" {code}\u3000",
    "apostrophe of a spreadsheet": lambda code: f"'{code}",
    "6-digit text": checked,
    "6-digit full-width": lambda code: checked(code).translate(FULL_WIDTH),
}

lists_of_codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=8)


def test_check_digit_agrees_with_the_congruence_for_all_195_codes() -> None:
    assert len(CODES) == 195
    assert {code: check_digit(code) for code in CODES} == {
        code: str(congruent_digit(code)) for code in CODES
    }


@pytest.mark.parametrize(
    ("code", "digit"),
    [("01100", "2"), ("01202", "5"), ("13101", "6"), ("27100", "4"), ("47201", "8")],
)
def test_check_digit_published_codes(code: str, digit: str) -> None:
    assert check_digit(code) == digit


def test_check_digit_agrees_with_the_codes_of_the_census(real_data: Callable[[str], Path]) -> None:
    path = real_data("farm-settlement-codes/hokkaido_farm_settlement_codes.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        published = {row["local_government_cd"] for row in csv.DictReader(file)}
    assert len(published) > 150
    assert {code[:5] + check_digit(code[:5]) for code in published} == published


def test_check_digit_sum_that_leaves_exactly_11() -> None:
    weighted = {
        code: sum(w * int(d) for w, d in zip((6, 5, 4, 3, 2), code, strict=True)) for code in CODES
    }
    assert [code for code, total in weighted.items() if total == 11] == ["01101"]
    assert check_digit("01101") == "1"


@pytest.mark.parametrize("code", ["1202", "012025", "", "0120x", "０１２０２"])
def test_check_digit_refuses_what_has_not_five_digits(code: str) -> None:
    with pytest.raises(CodeError, match="belongs to a 5-digit code"):
        check_digit(code)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_codes_every_code(spell: Callable[[str], object]) -> None:
    written = pd.Series([spell(code) for code in CODES])
    assert normalise_codes(written).tolist() == CODES


def test_codes_integers_with_check_digit_settled_by_the_column() -> None:
    written = pd.Series([int(checked(code)) for code in CODES])
    assert normalise_codes(written).tolist() == CODES


@pytest.mark.parametrize(
    ("written", "code"), [(12025, "01202"), (11002, "01100"), (11011, "01101")]
)
@pytest.mark.parametrize("kind", [int, float, str])
def test_codes_lost_zero_that_looks_like_another_prefecture(
    written: int, code: str, kind: type
) -> None:
    assert normalise_codes(pd.Series([kind(written)])).tolist() == [code]


@pytest.mark.parametrize(
    ("written", "code"), [(13101, "13101"), (131016, "13101"), ("472018", "47201")]
)
def test_codes_other_prefectures(written: object, code: str) -> None:
    assert normalise_codes(pd.Series([written])).tolist() == [code]


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "str", "object", "category"])
def test_codes_result_is_text_whatever_the_column(dtype: str) -> None:
    result = normalise_codes(pd.Series([1202, 1203, 1202]).astype(dtype))
    assert result.tolist() == ["01202", "01203", "01202"]
    assert result.dtype == pd.Series(["01202"], dtype="str").dtype


def test_codes_empty_column_stays_text() -> None:
    result = normalise_codes(pd.Series([], dtype="float64", name="code"))
    assert result.empty
    assert result.dtype == pd.Series(["01202"], dtype="str").dtype
    assert result.name == "code"


# 12203 is 市川市 of Chiba, and 士別市 01220 with check digit 3 and without its zero.


@pytest.mark.parametrize("written", [12203, 12203.0, "12203", "１２２０３"])
def test_two_readings_alone_is_refused(written: object) -> None:
    expected = r"'12203' may be 12203 or 01220 士別市 with a check digit.*5-digit text.*row 7"
    with pytest.raises(CodeError, match=expected):
        normalise_codes(pd.Series([written], index=[7]))


@pytest.mark.parametrize(
    ("witness", "code"),
    [
        (12025, "01220"),
        ("012025", "01220"),
        ("01202", "12203"),
        (1202, "12203"),
        (13101, "12203"),
    ],
)
def test_two_readings_settled_by_the_rest_of_the_column(witness: object, code: str) -> None:
    assert normalise_codes(pd.Series([witness, 12203])).iloc[1] == code
    assert normalise_codes(pd.Series([12203, witness])).iloc[0] == code


def test_two_readings_column_with_both_forms_settles_nothing() -> None:
    with pytest.raises(CodeError, match="'12203' may be"):
        normalise_codes(pd.Series(["01202", "012033", "12203"]))


def test_one_reading_stands_in_a_column_with_both_forms() -> None:
    # The check digit of 01310 is not 1, so that 13101 is a JIS code whatever the column holds.
    written = pd.Series(["01202", "012033", "13101"])
    assert normalise_codes(written).tolist() == ["01202", "01203", "13101"]


@pytest.mark.parametrize(("form", "code"), [("jis", "12203"), ("checked", "01220")])
def test_two_readings_settled_by_the_caller(form: str, code: str) -> None:
    assert normalise_codes(pd.Series([12203]), form=form).tolist() == [code]


@pytest.mark.parametrize("form", ["jis", "checked"])
def test_two_readings_form_does_not_touch_other_lengths(form: str) -> None:
    written = pd.Series(["1202", "01203", "012041"])
    assert normalise_codes(written, form=form).tolist() == ["01202", "01203", "01204"]


def test_two_readings_checked_form_refuses_a_wrong_check_digit() -> None:
    with pytest.raises(CodeError, match="'12204' has check digit 4 where 3 belongs"):
        normalise_codes(pd.Series([12204]), form="checked")


def test_two_readings_jis_form_refuses_what_is_no_jis_code() -> None:
    with pytest.raises(CodeError, match="'12025' cannot be the JIS code of a municipality"):
        normalise_codes(pd.Series([12025]), form="jis")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("012024", "'012024' has check digit 4 where 5 belongs"),
        ("12", "'12' is no code of 4, 5 or 6 digits"),
        ("0120250", "'0120250' is no code of 4, 5 or 6 digits"),
        ("函館市", "'函館市' is no code of 4, 5 or 6 digits"),
        ("1202.5", "'1202.5' is no code of 4, 5 or 6 digits"),
        (-1202, "'-1202' is no code of 4, 5 or 6 digits"),
        ("١٢٠٢", "is no code of 4, 5 or 6 digits"),
        (True, "'True' is no code of 4, 5 or 6 digits"),
        ("00000", "'00000' cannot be the code of a municipality"),
        ("48201", "'48201' cannot be the code of a municipality"),
        ("01000", "'01000' cannot be the code of a municipality"),
        ("01800", "'01800' cannot be the code of a municipality"),
        ("01900", "'01900' cannot be the code of a municipality"),
        ("", "a code is missing"),
        ("\u3000", "a code is missing"),
        (None, "a code is missing"),
        (float("nan"), "a code is missing"),
        (pd.NA, "a code is missing"),
    ],
)
def test_fault_single_value(written: object, message: str) -> None:
    codes = pd.Series(["01202", written], index=["good", "bad"], dtype=object)
    with pytest.raises(CodeError, match=rf"{message} \(row bad\)"):
        normalise_codes(codes)


def test_fault_all_faults_come_at_once_with_column_and_rows() -> None:
    codes = pd.Series(["x", "01202", None, "x", "012024"], index=range(2, 7), name="市町村")
    with pytest.raises(CodeError) as caught:
        normalise_codes(codes)
    assert str(caught.value) == (
        "Municipality codes in column '市町村': 3 faults: "
        "(1) 'x' is no code of 4, 5 or 6 digits (rows 2, 5). "
        "(2) a code is missing (row 4). "
        "(3) '012024' has check digit 4 where 5 belongs (row 6)."
    )


def test_fault_many_rows_are_counted() -> None:
    with pytest.raises(CodeError, match=r"rows 0, 1, 2, 3, 4 and 3 more"):
        normalise_codes(pd.Series(["x"] * 8))


@given(codes=lists_of_codes, data=st.data())
def test_property_round_trip_of_mixed_spellings(codes: list[str], data: st.DataObject) -> None:
    spells = [data.draw(st.sampled_from(sorted(SPELLINGS))) for _ in codes]
    written = pd.Series(
        [SPELLINGS[spell](code) for spell, code in zip(spells, codes, strict=True)],
        dtype=object,
    )
    assert normalise_codes(written).tolist() == codes


@given(codes=lists_of_codes)
def test_property_round_trip_of_integers_with_check_digit(codes: list[str]) -> None:
    written = pd.Series([int(checked(code)) for code in codes])
    assert normalise_codes(written, form="checked").tolist() == codes


@given(codes=lists_of_codes)
def test_property_result_is_its_own_fixed_point(codes: list[str]) -> None:
    once = normalise_codes(pd.Series(codes))
    pd.testing.assert_series_equal(normalise_codes(once), once)


@given(codes=lists_of_codes, labels=st.data())
def test_property_index_and_name_are_kept_and_input_untouched(
    codes: list[str], labels: st.DataObject
) -> None:
    index = labels.draw(st.lists(st.integers(-5, 5), min_size=len(codes), max_size=len(codes)))
    written = pd.Series([int(code) for code in codes], index=index, name="code")
    before = written.copy(deep=True)
    result = normalise_codes(written)
    assert result.index.tolist() == index
    assert result.name == "code"
    pd.testing.assert_series_equal(written, before)


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(CODES), st.booleans()), min_size=1, max_size=8
    ).flatmap(lambda pairs: st.tuples(st.just(pairs), st.permutations(range(len(pairs)))))
)
def test_property_order_of_rows_does_not_matter(
    pairs: tuple[list[tuple[str, bool]], list[int]],
) -> None:
    chosen, order = pairs
    written = pd.Series([int(checked(c)) if with_digit else int(c) for c, with_digit in chosen])
    assert read_or_refuse(written.iloc[order]) == read_or_refuse(written)


def read_or_refuse(written: pd.Series) -> dict[int, str] | None:
    try:
        return dict(sorted(normalise_codes(written).items()))
    except CodeError:
        return None


@pytest.mark.parametrize(
    ("ward", "city"),
    [
        ("01101", "01100"),
        ("01110", "01100"),
        ("01100", "01100"),
        ("01202", "01202"),
        ("04105", "04100"),
        ("14118", "14100"),
        ("14130", "14130"),
        ("14132", "14130"),
        ("14153", "14150"),
        ("22138", "22130"),
        ("11101", "11100"),
        ("12101", "12100"),
        ("15101", "15100"),
        ("22101", "22100"),
        ("23101", "23100"),
        ("26101", "26100"),
        ("27128", "27100"),
        ("27141", "27140"),
        ("28101", "28100"),
        ("33101", "33100"),
        ("34101", "34100"),
        ("40101", "40100"),
        ("40137", "40130"),
        ("43101", "43100"),
        ("13101", "13101"),
        ("13123", "13123"),
        ("14201", "14201"),
    ],
)
def test_ward_to_city_known_wards(ward: str, city: str) -> None:
    assert ward_to_city(pd.Series([ward])).tolist() == [city]


def test_ward_to_city_all_wards_of_the_register_and_nothing_else() -> None:
    codes = pd.Series(CODES)
    changed = codes[ward_to_city(codes) != codes]
    assert changed.tolist() == [u.code for u in register().values() if u.kind == "ward"]
    assert len(changed) == 10


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_ward_to_city_index_name_and_input_are_kept(dtype: str) -> None:
    codes = pd.Series(["01101", "01202"], index=["b", "a"], name="code", dtype=dtype)
    before = codes.copy(deep=True)
    result = ward_to_city(codes)
    assert result.to_dict() == {"b": "01100", "a": "01202"}
    assert result.name == "code"
    pd.testing.assert_series_equal(codes, before)


def test_ward_to_city_empty() -> None:
    assert ward_to_city(pd.Series([], dtype="str")).tolist() == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("北海道空知郡奈井江町", "奈井江町"),
        ("空知郡　奈井江町", "奈井江町"),
        ("北海道 函館市", "函館市"),
        ("ﾆｾｺ町", "ニセコ町"),
        ("余市郡余市町", "余市町"),
        ("北海道余市郡赤井川村", "赤井川村"),
        ("二海郡八雲町", "八雲町"),
        ("赤穂郡上郡町", "上郡町"),
        ("上郡町", "上郡町"),
        ("郡山市", "郡山市"),
        ("蒲郡市", "蒲郡市"),
        ("龍ヶ崎市", "龍ケ崎市"),
        ("天鹽町", "天塩町"),
    ],
)
def test_normalise_name_known_spellings(written: str, name: str) -> None:
    assert normalise_name(written) == name


def test_normalise_name_names_of_the_register_are_in_that_spelling() -> None:
    names = {unit.name for unit in register().values()}
    assert {normalise_name(name) for name in names} == names


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("森町", "01345"),
        ("泊村", "01403"),
        ("北海道古宇郡泊村", "01403"),
        ("池田町", "01644"),
        ("余市郡仁木町", "01407"),
        ("札幌市", "01100"),
        ("札幌市中央区", "01101"),
        ("北海道札幌市 北区", "01102"),
        ("色丹村", "01695"),
    ],
)
def test_codes_from_names_names_that_exist_elsewhere_or_twice(name: str, code: str) -> None:
    assert codes_from_names(pd.Series([name])).tolist() == [code]


@pytest.mark.parametrize("prefix", ["", "北海道", "北海道　"])
def test_codes_from_names_all_179(prefix: str) -> None:
    codes = municipality_codes()
    names = pd.Series([prefix + register()[code].name for code in codes])
    assert codes_from_names(names).tolist() == codes


def test_codes_from_names_district_before_every_town_and_village() -> None:
    units = [register()[code] for code in municipality_codes()]
    rural = [unit for unit in units if unit.name[-1] in "町村"]
    names = pd.Series([f"北海道某郡{unit.name}" for unit in rural])
    assert len(rural) == 144
    assert codes_from_names(names).tolist() == [unit.code for unit in rural]


def test_codes_from_names_index_name_and_input_are_kept() -> None:
    names = pd.Series(["森町", "泊村", "森町"], index=[5, 3, 5], name="市町村")
    before = names.copy(deep=True)
    result = codes_from_names(names)
    assert list(result.items()) == [(5, "01345"), (3, "01403"), (5, "01345")]
    assert result.name == "市町村"
    pd.testing.assert_series_equal(names, before)


def test_codes_from_names_unknown_name_with_proposal_and_rows() -> None:
    expected = r"column '市町村': '函館' is no municipality of Hokkaido; did you mean 函館市\? "
    with pytest.raises(CodeError, match=expected + r"\(rows 2, 4\)"):
        codes_from_names(pd.Series(["函館", "森町", "函館"], index=[2, 3, 4], name="市町村"))


def test_codes_from_names_nothing_comes_close() -> None:
    with pytest.raises(CodeError, match=r"'Atlantis' is no municipality of Hokkaido \(row 0\)"):
        codes_from_names(pd.Series(["Atlantis"]))


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_codes_from_names_missing_name_is_named_beside_the_others(missing: object) -> None:
    names = pd.Series(["森町", missing, "存在町", missing], dtype=object)
    with pytest.raises(CodeError) as caught:
        codes_from_names(names)
    assert "2 faults: (1) '存在町' is no municipality" in str(caught.value)
    assert "(2) a name is missing (rows 1, 3)." in str(caught.value)


def test_codes_from_names_empty() -> None:
    assert codes_from_names(pd.Series([], dtype="str")).tolist() == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("釧路市", "01206"),
        (" 北海道釧路市", "01206"),
        ("釧路郡釧路町", "01661"),
        ("1206", "01206"),
        ("０１２０６", "01206"),
        ("012068", "01206"),
        ("札幌市中央区", "01101"),
    ],
)
def test_find_code_by_code_or_name(written: str, code: str) -> None:
    assert find_code(written) == code


@pytest.mark.parametrize(
    ("written", "proposed"),
    [("函館", "; did you mean 函館市?"), ("13101", ""), ("12", ""), ("Atlantis", "")],
)
def test_find_code_says_what_came_and_what_was_expected(written: str, proposed: str) -> None:
    with pytest.raises(CodeError) as caught:
        find_code(written)
    assert str(caught.value) == (
        f"{written!r} is no municipality of Hokkaido{proposed}. Give its name, such as 釧路市, or "
        "its code, such as 01206."
    )


def test_register_counts() -> None:
    kinds = pd.Series([unit.kind for unit in register().values()]).value_counts()
    assert kinds.to_dict() == {"municipality": 179, "ward": 10, "northern village": 6}


def test_register_keys_are_the_codes_in_order() -> None:
    assert [unit.code for unit in register().values()] == CODES
    assert municipality_codes() == [c for c in CODES if register()[c].kind == "municipality"]


def test_register_fourteen_subprefectures() -> None:
    assert len({unit.subprefecture for unit in register().values()}) == 14


def test_a_mistyped_code_among_codes_that_lost_their_zero_is_refused():
    with pytest.raises(CodeError, match="'12201' has check digit 1 where 3 belongs"):
        normalise_codes(pd.Series([12025, 12201]))
