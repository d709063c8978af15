"""The range checks that models share: both ends, missing values, text, infinities, many rows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.ranges import require_range, require_table_range


@pytest.mark.parametrize(
    "value",
    [
        0,
        1,
        np.float64(0.5),
        pd.Series([0.0, 1.0, None]),
        pd.Series([0, None], dtype="Int64"),
        pd.Series([], dtype=float),
        pd.Series([None, None], dtype=object),
    ],
)
def test_values_within_and_missing_rows_pass(value: float | pd.Series) -> None:
    assert require_range("share [0-1]", value, 0, 1) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "got nan"),
        (math.inf, "got inf"),
        (-math.inf, "got -inf"),
        (pd.NA, "got <NA>"),
        (None, "got None"),
        ("many", "got 'many'"),
    ],
)
def test_a_number_alone_that_is_none_is_refused(value: object, told: str) -> None:
    with pytest.raises(ModelInputError, match=f"efficiency must be 0 or more; {told}"):
        require_range("efficiency", value, 0)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (pd.Series({"01202": 1.0, "01203": math.inf}), "got row 01203: inf. "),
        (pd.Series({"01202": "x", "01203": 0.5}, dtype=object), "got row 01202: 'x'. "),
        (
            pd.Series([0.5, -1], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
            "row b 2: -1",
        ),
        (pd.Series([3, None], dtype="Int64"), "got row 0: 3. "),
    ],
)
def test_rows_are_named(values: pd.Series, told: str) -> None:
    with pytest.raises(ModelInputError, match=told):
        require_range("share [0-1]", values, 0, 1)


def test_rows_of_one_label_are_each_named() -> None:
    with pytest.raises(ModelInputError, match="row a: 2, row a: 3"):
        require_range("share", pd.Series([2.0, 0.5, 3.0], index=["a", "a", "a"]), 0, 1)


def test_hint_is_the_last_sentence() -> None:
    with pytest.raises(ModelInputError, match=r"between -40 and 40; got 290\. Kelvin\?$"):
        require_range("air", 290, -40, 40, hint="Kelvin?")


def test_a_table_names_row_and_column_and_passes_what_is_missing() -> None:
    table = pd.DataFrame({"m01": [4.0, None], "m02": [40.0, -1.0]}, index=["11016", "17341"])
    with pytest.raises(ModelInputError, match=r"got row 11016 m02: 40, row 17341 m02: -1\. "):
        require_table_range("irradiation", table, 0, 9)
    assert require_table_range("irradiation", table, -1, 40) is None


def test_a_table_of_words_names_them_as_they_came_and_bears_a_hint() -> None:
    table = pd.DataFrame({"m01": ["4", "x"], "m02": [40, 5]}, index=["a", "b"])
    with pytest.raises(ModelInputError, match=r"got row a m02: 40, row b m01: 'x'\. In kWh\?$"):
        require_table_range("irradiation", table, 0, 9, hint="In kWh?")
    empty = pd.DataFrame({"m01": []}, dtype=float)
    assert require_table_range("irradiation", empty, 0, 9) is None


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8))
def test_series_is_refused_just_where_a_value_is(values: list[float]) -> None:
    outside = [v for v in values if not math.isnan(v) and not 0 <= v <= 10]
    try:
        require_range("quantity", pd.Series(values, dtype=float), 0, 10)
    except ModelInputError:
        assert outside
    else:
        assert not outside
