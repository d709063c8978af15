"""Output from heat, and the range checks that models share."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.biomass import output_from_heat
from hokkaido_gis.potential.ranges import require_range


@pytest.mark.parametrize(
    ("heat_gj", "options", "kw"),
    [
        (93_643, {}, 801.7),  # 北斗市 with its neighbours
        (0, {}, 0.0),
        (3.6 * 8760, {"efficiency": 1.0}, 1000.0),  # 3.6 GJ are 1,000 kWh
        (3.6 * 4380, {"efficiency": 0.5, "hours": 4380}, 500.0),
    ],
)
def test_by_hand(heat_gj: float, options: dict[str, float], kw: float) -> None:
    assert output_from_heat(heat_gj, **options) == pytest.approx(kw, abs=0.05)


def test_series_agrees_with_scalars_on_its_index() -> None:
    heat = pd.Series([93_643.0, None, 0.0], index=pd.Index(["01236", "01202", "01203"]))
    before = heat.copy()
    output = output_from_heat(heat)
    assert output.index.equals(heat.index)
    assert output["01236"] == output_from_heat(93_643.0)
    assert output.isna().tolist() == [False, True, False]
    assert_series_equal(heat, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"efficiency": 27}, r"efficiency \[0-1\] must be between 0 and 1; got 27. Is the unit"),
        ({"efficiency": -0.1}, "efficiency .* got -0.1"),
        ({"hours": 0}, "hours of operation in a year must be between 1 and 8784; got 0"),
        ({"hours": 8785}, "hours .* got 8785"),
    ],
)
def test_options_outside_their_range(options: dict[str, float], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        output_from_heat(1000.0, **options)


@pytest.mark.parametrize(
    ("heat", "message"),
    [
        (-1.0, r"heat \[GJ/yr\] must be 0 or more; got -1"),
        (pd.Series({"01202": -5.0, "01203": 2.0, "01204": -7.5}), "row 01202: -5, row 01204: -7.5"),
    ],
)
def test_negative_heat(heat: float | pd.Series, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        output_from_heat(heat)


@pytest.mark.parametrize("value", [0, 1, 0.5, pd.Series([0.0, 1.0, None])])
def test_both_ends_of_a_range_and_missing_values_pass(value: float | pd.Series) -> None:
    before = value.copy() if isinstance(value, pd.Series) else value
    require_range("share [0-1]", value, 0, 1)
    assert pd.Series(value).equals(pd.Series(before))


def test_many_rows_outside_are_counted() -> None:
    with pytest.raises(ModelInputError, match=r"row 4: 9 and 3 more. Is the unit right"):
        require_range("share", pd.Series([9.0] * 8), 0, 1)
