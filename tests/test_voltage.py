"""Voltage text as sources write it, and the classes of the report."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import LayerWarning
from hokkaido_gis.voltage import (
    CLASS_LIMITS_KV,
    VOLTAGE_CLASSES,
    VoltageClass,
    classify_voltages,
    parse_voltage,
    read_voltages,
    tell_voltages,
)

if TYPE_CHECKING:
    from hokkaido_gis.voltage import Unit

KILOVOLTS = st.floats(0.1, 1400, allow_nan=False).map(lambda kv: round(kv, 3))


@pytest.mark.parametrize(
    ("text", "kv"),
    [
        ("66000", (66.0,)),
        ("187000;66000", (187.0, 66.0)),
        ("66000;187000", (187.0, 66.0)),
        ("66000;66000", (66.0,)),
        ("66 kV", (66.0,)),
        ("66kv", (66.0,)),
        ("6.6kV", (6.6,)),
        ("66,000", (66.0,)),
        ("6,600 V", (6.6,)),
        ("187,000;66,000", (187.0, 66.0)),
        ("66000,187000", (187.0, 66.0)),
        ("187000, 66000", (187.0, 66.0)),
        ("275,187 kV", (275.0, 187.0)),
        ("６６０００", (66.0,)),
        ("６．６ｋＶ", (6.6,)),
        ("６６，０００Ｖ", (66.0,)),
        ("㎸66", ()),
        ("66㎸", (66.0,)),
        ("66/6.6 kV", (66.0, 6.6)),
        ("187／66kV", (187.0, 66.0)),
        ("66 kV;6600", (66.0, 6.6)),
        ("187000;66 kV", (187.0, 66.0)),
        ("100-110 kV", (110.0, 100.0)),
        ("275kV・187kV", (275.0, 187.0)),
        ("6600;200;100", (6.6, 0.2, 0.1)),
        ("27万5千ボルト", (275.0,)),
        ("18万7千V", (187.0,)),
        ("6.6万V", (66.0,)),
        ("66キロボルト", (66.0,)),
        ("DC 250 kV", (250.0,)),
        ("±250kV", (250.0,)),
        (66000, (66.0,)),
        (187000.0, (187.0,)),
        (np.int64(66000), (66.0,)),
    ],
)
def test_voltage_text(text: object, kv: tuple[float, ...]) -> None:
    assert parse_voltage(text).kv == kv


@pytest.mark.parametrize(
    "value", ["", "  ", "　", "-", "no", "unknown", "不明", "nan", None, np.nan, pd.NA]
)
def test_missing_voltage_is_neither_read_nor_wrong(value: object) -> None:
    assert parse_voltage(value) == ((), (), None)


@pytest.mark.parametrize(
    ("text", "kv", "unread"),
    [
        ("main line", (), ("main line",)),
        ("66000;?", (66.0,), ("?",)),
        ("0", (), ("0",)),
        ("-66000", (), ("-66000",)),
        ("187 000", (), ("187 000",)),
        ("66000 kV", (), ("66000 kv",)),
        ("6.6.0", (), ("6.6.0",)),
        ("99999999", (), ("99999999",)),
    ],
)
def test_what_is_no_voltage_is_told(text: str, kv: tuple[float, ...], unread: object) -> None:
    parsed = parse_voltage(text)
    assert (parsed.kv, parsed.unread) == (kv, unread)


@pytest.mark.parametrize(
    ("value", "unit", "kv"),
    [
        (66, "V", 0.066),
        (66, "kV", 66.0),
        (1499, "kV", 1499.0),
        (1500, "kV", 1.5),
        (66000, "kV", 66.0),
        ("66 kV", "V", 66.0),
        ("6600 V", "kV", 6.6),
    ],
)
def test_bare_numbers_are_in_the_unit_of_the_column(value: object, unit: Unit, kv: float) -> None:
    assert parse_voltage(value, unit=unit).kv == (kv,)


@pytest.mark.parametrize(
    ("text", "direct"),
    [
        ("250000", None),
        ("DC250kV", True),
        ("直流250kV", True),
        ("250 kV DC", True),
        ("AC 275 kV;DC 250 kV", False),
        ("275 kV;DC 250 kV", None),
    ],
)
def test_current_as_far_as_the_text_says(text: str, direct: bool | None) -> None:
    assert parse_voltage(text).direct is direct


@given(st.text(max_size=30))
def test_any_text_gives_voltages_of_a_grid_or_is_told(text: str) -> None:
    parsed = parse_voltage(text)
    assert all(0 < kv < 1500 for kv in parsed.kv)
    assert list(parsed.kv) == sorted(set(parsed.kv), reverse=True)
    assert all(parsed.unread)


@given(st.lists(KILOVOLTS, min_size=1, max_size=4, unique=True), st.sampled_from([";", "/", "; "]))
def test_written_voltages_are_read_back(values: list[float], separator: str) -> None:
    ordered = tuple(sorted(values, reverse=True))
    assert parse_voltage(separator.join(f"{kv} kV" for kv in values)).kv == ordered
    assert parse_voltage(separator.join(f"{kv}" for kv in values) + "kV").kv == ordered
    assert parse_voltage(separator.join(f"{kv}" for kv in values), unit="kV").kv == ordered


@given(st.integers(1500, 1_499_999))
def test_thousands_commas_and_full_width_digits_change_nothing(volts: int) -> None:
    wide = str(volts).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert parse_voltage(wide).kv == parse_voltage(volts).kv == (volts / 1000,)
    rounded = volts // 1000 * 1000
    assert parse_voltage(f"{rounded:,}").kv == (rounded / 1000,)


# --- columns --------------------------------------------------------------------------------------


def test_column_of_volts() -> None:
    source = pd.Series(["66000;187000", "", None, "x;66000", "6600"], index=list("abcde"))
    read = read_voltages(source)
    assert read.table.index.tolist() == list("abcde")
    np.testing.assert_array_equal(read.table["kv"], [187, np.nan, np.nan, 66, 6.6])
    assert read.table["voltages"].fillna("").tolist() == ["187;66", "", "", "66", "6.6"]
    assert read.unread.to_dict() == {"d": "x;66000"}
    assert (read.unit, read.worked_out, len(read.low)) == ("V", False, 0)


def test_column_without_a_number_of_thousands_is_in_kilovolts_and_told() -> None:
    read = read_voltages(pd.Series(["66", "187;66", "275"]))
    assert read.table["kv"].tolist() == [66, 187, 275]
    assert (read.unit, read.worked_out) == ("kV", True)
    with pytest.warns(LayerWarning, match=r"^L: no bare number in 'U' reaches 1,000.*kilovolts"):
        tell_voltages(read, "L", "lines", column="U")


def test_stated_unit_is_believed() -> None:
    read = read_voltages(pd.Series([200, 100]), unit="V")
    assert read.table["kv"].tolist() == [0.2, 0.1]
    assert not read.worked_out


def test_units_in_the_text_do_not_settle_that_of_the_column() -> None:
    assert read_voltages(pd.Series(["66 kV", "6600 V"])).table["kv"].tolist() == [66, 6.6]
    assert not read_voltages(pd.Series(["66 kV"])).worked_out


def test_small_number_among_volts_is_told_by_row() -> None:
    read = read_voltages(pd.Series(["66000", "66", "6600;200"], index=["w1", "w2", "w3"]))
    assert read.table["kv"].tolist() == [66, 0.066, 6.6]
    with pytest.warns(LayerWarning, match=r"of 1 lines are below 1,000 V .*\(w2: '66'\)"):
        tell_voltages(read, "L", "lines", column="U")


def test_unread_and_unknown_are_counted() -> None:
    read = read_voltages(pd.Series(["66000", "x", None], index=["w1", "w2", "w3"]))
    with pytest.warns(LayerWarning) as told:
        tell_voltages(read, "L", "lines", column="U")
    first, second = (str(each.message) for each in told)
    assert first.startswith("L: voltages of 1 lines cannot be read, or only in part (w2: 'x')")
    assert second == "L: the voltage of 2 of 3 lines is unknown and stays missing."


def test_nothing_is_told_of_a_clean_column() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tell_voltages(read_voltages(pd.Series(["66000"])), "L", "lines", column="U")


@pytest.mark.parametrize("values", [[], [None, None], [np.nan]])
def test_column_without_values(values: list[object]) -> None:
    read = read_voltages(pd.Series(values, dtype=object))
    assert read.table["kv"].isna().all()
    assert read.table.dtypes.astype(str).to_dict() == {
        "kv": "float64",
        "voltages": "str",
        "direct": "boolean",
    }


# --- classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kv", "expected"),
    [
        (0.2, "33 kV and less"),
        (6.6, "33 kV and less"),
        (22, "33 kV and less"),
        (33, "33 kV and less"),
        (33.1, "other"),
        (44, "other"),
        (66, "66 kV"),
        (77, "other"),
        (100, "100-110 kV"),
        (110, "100-110 kV"),
        (154, "other"),
        (187, "187 kV"),
        (220, "other"),
        (250, "HVDC"),
        (275, "275 kV"),
        (500, "other"),
    ],
)
def test_class_of_a_voltage(kv: float, expected: str) -> None:
    assert classify_voltages(pd.Series([kv], dtype=float)).tolist() == [expected]


def test_unknown_voltage_has_no_class() -> None:
    classes = classify_voltages(pd.Series([np.nan, 66.0], index=["a", "b"]))
    assert classes.isna().tolist() == [True, False]
    assert classes.index.tolist() == ["a", "b"]
    assert classes.name == "voltage_class"


def test_classes_are_ordered_as_in_the_report() -> None:
    classes = classify_voltages(pd.Series([275.0, 6.6, 187.0, 66.0, 110.0]))
    assert classes.dtype == VOLTAGE_CLASSES
    assert classes.sort_values().tolist() == [
        "33 kV and less", "66 kV", "100-110 kV", "187 kV", "275 kV",
    ]  # fmt: skip
    assert (classes <= VoltageClass.KV_66).tolist() == [False, True, False, True, False]


def test_classes_do_not_overlap_and_ascend() -> None:
    limits = list(CLASS_LIMITS_KV.values())
    assert all(low <= high for low, high in limits)
    assert all(one[1] < other[0] for one, other in pairwise(limits))


def test_current_as_known_goes_before_the_voltage() -> None:
    kv = pd.Series([250.0, 66.0, 250.0, np.nan])
    direct = pd.Series([False, True, pd.NA, True], dtype="boolean")
    assert classify_voltages(kv, direct).tolist() == ["other", "HVDC", "HVDC", "HVDC"]
