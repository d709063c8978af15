"""Potential beside the increase of a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import ModelInputError
from hokkaido_gis.potential.targets import share_of_increase

POTENTIAL = pd.Series({"solar": 56_000.0, "hydro": 7_000.0, "lost": np.nan, "none": 0.0})


def test_shares_worked_by_hand():
    found = share_of_increase(POTENTIAL, 368_000, 396_000)
    assert list(found) == ["potential_kw", "increase_kw", "share", "needed"]
    pd.testing.assert_series_equal(found["potential_kw"], POTENTIAL, check_names=False)
    assert found["increase_kw"].tolist() == [28_000] * 4
    np.testing.assert_array_equal(found["share"], [2.0, 0.25, np.nan, 0.0])
    # Half of the sun would do; of the others even all is not enough, or not known.
    np.testing.assert_array_equal(found["needed"], [0.5, np.nan, np.nan, np.nan])
    assert list(found.index) == list(POTENTIAL.index)


def test_just_enough_needs_all_of_it():
    found = share_of_increase(pd.Series({"solar": 10.0}), 0, 10)
    assert found.loc["solar", ["share", "needed"]].tolist() == [1, 1]


def test_each_resource_may_have_a_target_of_its_own():
    index = ["solar", "wind"]
    now, target = pd.Series([10.0, 20.0], index), pd.Series([20.0, 60.0], index)
    found = share_of_increase(pd.Series([20.0, 20.0], index), now, target)
    assert found["share"].tolist() == [2.0, 0.5]


def test_the_input_stays_as_it_was():
    before = POTENTIAL.copy()
    share_of_increase(POTENTIAL, 0, 1_000)
    pd.testing.assert_series_equal(POTENTIAL, before)


@given(st.floats(0, 1e7), st.floats(0, 1e6), st.floats(11, 1e6))
def test_what_is_needed_gives_the_increase(potential, now, increase):
    found = share_of_increase(pd.Series({"x": potential}), now, now + increase).loc["x"]
    if found["share"] >= 1:
        assert found["needed"] * potential == pytest.approx(found["increase_kw"])
        assert 0 < found["needed"] <= 1
    else:
        assert np.isnan(found["needed"])


@pytest.mark.parametrize(
    ("potential", "now", "target", "told"),
    [
        (-1.0, 0, 10, r"potential \[kW\].*x"),
        (1.0, -1, 10, r"capacity now \[kW\]"),
        (1.0, 10, 10, r"increase to the target \[kW\]"),
        (1.0, 528_000, 474_000, r"increase to the target \[kW\]"),
        (1.0, float("nan"), 10, r"capacity now \[kW\]"),
        (1.0, 0, float("nan"), r"increase to the target \[kW\]"),
    ],
)
def test_what_is_no_plan_is_refused(potential, now, target, told):
    with pytest.raises(ModelInputError, match=told):
        share_of_increase(pd.Series({"x": potential}), now, target)


@pytest.mark.parametrize("plan", [(47.4, 52.8), (36.8, 39.6), (10.6, 13.2)])
def test_the_plan_left_in_ten_thousands_is_caught(plan):
    with pytest.raises(ModelInputError, match="1 万kW is 10,000 kW"):
        share_of_increase(pd.Series({"x": 1.0}), *plan)
