"""Cash flow and what it is worth: plants by hand, and the recovery that the report prints."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from hokkaido_gis.economics import BIOMASS_1000_KW, BIOMASS_2000_KW, Plant, cash_flow
from hokkaido_gis.economics.cash_flow import MILLION_YEN, THOUSAND_YEN
from hokkaido_gis.economics.measures import (
    capital_flows,
    internal_rate_of_return,
    levelised_cost,
    net_present_value,
    payback_from_cumulative,
    simple_payback,
)
from hokkaido_gis.errors import ModelInputError

SMALL = Plant(
    cost=200.0,
    subsidy=0.5,
    life=3,
    residual=0.1,
    interest=0.02,
    loan_years=2,
    property_tax=0.01,
    corporate_tax=0.4,
    income=60.0,
    running=(("fuel", 15.0), ("labour", 5.0)),
)
BY_HAND = {
    "income": [60, 60, 60],
    "running": [20, 20, 20],
    "depreciation": [30, 30, 30],
    "interest": [2, 1, 0],
    "property_tax": [1.0, 0.7, 0.4],
    "profit_before_tax": [7.0, 8.3, 9.6],
    "corporate_tax": [2.8, 3.32, 3.84],
    "profit_after_tax": [4.2, 4.98, 5.76],
    "cash_flow": [34.2, 34.98, 35.76],
    "cumulative": [34.2, 69.18, 104.94],
    "recovery": [0.342, 0.6918, 1.0494],
}


def test_years_and_columns() -> None:
    flow = cash_flow(SMALL)
    assert flow.index.equals(pd.RangeIndex(1, 4, name="year"))
    assert flow.index.name == "year"
    assert flow.columns.tolist() == list(BY_HAND)


def test_a_plant_that_earns_nothing_costs_what_it_costs() -> None:
    flow = cash_flow(Plant(cost=100.0, life=2, income=(0.0, 60.0), running=()))
    assert flow["cash_flow"].tolist() == [0, 60]
    assert flow["recovery"].tolist() == [0, 0.6]
    assert Plant(cost=100.0, life=2, income=0.0, running=()).source == ""


@pytest.mark.parametrize(("column", "values"), BY_HAND.items())
def test_three_years_by_hand(column: str, values: list[float]) -> None:
    assert cash_flow(SMALL)[column].to_numpy() == pytest.approx(values, abs=1e-12)


def test_a_loss_bears_no_tax() -> None:
    flow = cash_flow(replace(SMALL, income=50.0))
    assert flow["profit_before_tax"].to_numpy() == pytest.approx([-3, -1.7, -0.4])
    assert flow["corporate_tax"].tolist() == [0, 0, 0]
    assert flow["cash_flow"].to_numpy() == pytest.approx([27, 28.3, 29.6])


def test_amounts_by_year_agree_with_the_same_amount_every_year() -> None:
    by_year = replace(SMALL, income=(60.0,) * 3, running=(("fuel", (15.0,) * 3), ("labour", 5.0)))
    assert_frame_equal(cash_flow(by_year), cash_flow(SMALL))


def test_income_and_running_by_year_by_hand() -> None:
    plant = Plant(
        cost=90.0, life=3, income=(50.0, 0.0, 70.0), running=(("a", 5.0), ("b", (1.0, 2.0, 3.0)))
    )
    flow = cash_flow(plant)
    assert flow["running"].tolist() == [6, 7, 8]
    assert flow["cash_flow"].tolist() == [44, -7, 62]
    assert flow["recovery"].to_numpy() == pytest.approx([44 / 90, 37 / 90, 99 / 90])


def test_a_part_borrowed_bears_its_part_of_the_interest() -> None:
    half = cash_flow(replace(SMALL, borrowed=0.5))
    assert half["interest"].tolist() == [1, 0.5, 0]
    assert cash_flow(replace(SMALL, borrowed=0.0))["interest"].tolist() == [0, 0, 0]


def test_parts_sum_to_their_whole() -> None:
    flow = cash_flow(BIOMASS_1000_KW)
    spent = ["running", "interest", "property_tax", "corporate_tax"]
    assert (flow["income"] - flow[spent].sum(axis=1)).to_numpy() == pytest.approx(
        flow["cash_flow"].to_numpy()
    )
    net = BIOMASS_1000_KW.net_cost
    assert flow["depreciation"].sum() + net * BIOMASS_1000_KW.residual == pytest.approx(net)


@pytest.mark.parametrize(
    ("plant", "printed"),
    [
        (
            BIOMASS_1000_KW,
            [16, 32, 48, 64, 80, 97, 113, 130, 147, 164, 182, 199, 217, 234, 252],
        ),
        (BIOMASS_2000_KW, [-2, -3, -4, -4, -5, -5, -5, -4, -4, -3, -1, 0, 2, 3, 5]),
    ],
    ids=["case 1", "case 2"],
)
def test_recovery_of_the_report(plant: Plant, printed: list[int]) -> None:
    recovery = cash_flow(plant)["recovery"] * 100
    assert recovery.round().astype(int).tolist() == printed
    assert "fitted" in plant.source


@pytest.mark.parametrize(
    ("plant", "table", "cost", "running"),
    [
        (BIOMASS_1000_KW, "表 2-11", 1180, [68.25, 23.6, 70, 4.875, 7]),
        (BIOMASS_2000_KW, "表 2-14", 1780, [102.2, 35.6, 70, 7.3, 7]),
    ],
    ids=["case 1", "case 2"],
)
def test_terms_that_tables_2_11_and_2_14_state(
    plant: Plant, table: str, cost: float, running: list[float]
) -> None:
    """19,500 and 29,200 t of fuel at 3,500 円/t, 2 % of the cost, 7,000 万円 of labour, ..."""
    assert plant.source.startswith(
        f"農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), {table};"
    )
    terms = ("subsidy", "life", "residual", "interest", "property_tax", "corporate_tax")
    assert plant.cost == cost
    assert [getattr(plant, term) for term in terms] == [0.5, 15, 0.10, 0.02, 0.014, 0.4087]
    names = ["ユーティリティ費", "メンテナンス費", "人件費", "灰処理費", "一般管理費"]
    assert [name for name, _ in plant.running] == names
    assert [amount for _, amount in plant.running] == pytest.approx(running)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subsidy": 1.1}, r"subsidy \[0-1\] must be between 0 and 1; got 1.1"),
        ({"residual": -0.1}, r"residual \[0-1\] must be between 0 and 1; got -0.1"),
        ({"interest": 2.0}, r"interest \[0-1\] must be between 0 and 1; got 2"),
        ({"property_tax": 1.4}, r"property_tax \[0-1\] must be between 0 and 1; got 1.4"),
        ({"corporate_tax": 40.87}, r"corporate_tax \[0-1\] must be between .*got 40.87.*the unit"),
        ({"cost": 0.0}, "net_cost must be .* or more; got 0"),
        ({"subsidy": 1.0}, "net_cost must be .* or more; got 0"),
        ({"life": 0}, "life must be .* or more; got 0"),
        ({"borrowed": 50}, r"borrowed \[0-1\] must be between 0 and 1; got 50"),
        ({"unit_yen": 0}, "unit_yen must be .* or more; got 0"),
        ({"income": -1.0}, "income must be 0 or more; got year 1: -1, year 2: -1"),
        ({"income": (60.0, math.nan, 60.0)}, "income is missing in year 2"),
        ({"income": (60.0, 60.0)}, "income is stated for 2 years, the life is 3"),
        ({"running": (("fuel", (0.0, -2.0, 3.0)),)}, "fuel must be 0 or more; got year 2: -2"),
        (
            {"income": -1.0, "running": (("fuel", (1.0, 2.0)),)},
            "2 faults: .1. income must be .* .2. fuel is stated for 2 years",
        ),
        # 千円 and 円 beside a cost in 百万円, and the reverse.
        ({"income": 60e3}, "income of a year as a share of the cost .* got 300. Is the unit"),
        ({"income": 60e6}, "income of a year as a share of the cost .* got 300000"),
        ({"income": 60e-3}, "income of a year as a share of the cost .* got 0.0003"),
        ({"cost": 200e3}, "income of a year as a share of the cost .* got 0.0003"),
        ({"cost": 200e-3}, "income of a year as a share of the cost .* got 300"),
        ({"running": (("fuel", 20e3),)}, "running expenses of a year as a share .* got 100"),
        ({"running": (("fuel", 20e-3),)}, "running expenses of a year as a share .* got 0.0001"),
        ({"loan_years": 0}, "loan_years must be .* or more; got 0"),
    ],
)
def test_values_outside_their_range(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        cash_flow(replace(SMALL, **change))


PLAIN = Plant(cost=100.0, life=20, income=15.0, running=(("upkeep", 5.0),))


def test_without_loan_and_taxes_both_paybacks_agree() -> None:
    assert simple_payback(PLAIN) == pytest.approx(10)
    assert payback_from_cumulative(PLAIN) == pytest.approx(10)


def test_paybacks_by_hand() -> None:
    # 100 at 40 a year; of the cash 34.2, 34.98, 35.76 the third brings what lacks, 30.82.
    assert simple_payback(SMALL) == pytest.approx(2.5)
    assert payback_from_cumulative(SMALL) == pytest.approx(2 + 30.82 / 35.76)


def test_what_never_pays_back() -> None:
    assert simple_payback(replace(PLAIN, income=5.0)) == math.inf
    assert payback_from_cumulative(replace(PLAIN, income=9.0)) == math.inf
    assert simple_payback(replace(PLAIN, income=9.0)) == pytest.approx(25)


def test_capital_flows_by_hand() -> None:
    # Cash flow and interest: 34.2 + 2, 34.98 + 1, 35.76; at the end a tenth of 100 is left.
    assert capital_flows(SMALL).tolist() == pytest.approx([-100, 36.2, 35.98, 45.76])
    assert capital_flows(SMALL).index.tolist() == [0, 1, 2, 3]
    assert capital_flows(SMALL).index.name == "year"


def test_present_value_by_hand() -> None:
    by_hand = -100 + 36.2 / 1.1 + 35.98 / 1.1**2 + 45.76 / 1.1**3
    assert net_present_value(SMALL, rate=0.1) == pytest.approx(by_hand)
    assert net_present_value(SMALL, rate=0.0) == pytest.approx(17.94)


def test_a_loan_changes_who_earns_not_what_is_there_before_tax() -> None:
    untaxed = replace(SMALL, corporate_tax=0.0)
    own = replace(untaxed, borrowed=0.0)
    assert capital_flows(untaxed).tolist() == pytest.approx(capital_flows(own).tolist())


@given(
    st.floats(min_value=2, max_value=60),
    st.integers(min_value=2, max_value=40),
    st.floats(min_value=0, max_value=1),
)
def test_present_value_is_nil_at_the_internal_rate(
    income: float, life: int, residual: float
) -> None:
    plant = Plant(cost=100.0, life=life, income=income, running=(), residual=residual)
    rate = internal_rate_of_return(plant)
    flows = capital_flows(plant)
    assert sum(flow / (1 + rate) ** year for year, flow in flows.items()) == pytest.approx(
        0, abs=1e-6
    )
    if rate >= 0:
        assert net_present_value(plant, rate=rate) == pytest.approx(0, abs=1e-6)


def test_cost_of_a_kwh_by_hand() -> None:
    # 100 百万円 and 5 a year over 20 years are 200; 1 million kWh a year.
    assert levelised_cost(PLAIN, generation_kwh=1e6, rate=0.0) == pytest.approx(10)
    # One year: 100 and 5 a year later, of which the same kWh are a year away too.
    one = replace(PLAIN, life=1, income=110.0)
    assert levelised_cost(one, generation_kwh=1e7, rate=0.1) == pytest.approx(11.5)
    left = replace(one, residual=0.2)
    assert levelised_cost(left, generation_kwh=1e7, rate=0.1) == pytest.approx(9.5)
    # Three years of 20, property tax of 1, 0.7 and 0.4, and a tenth of the 100 left at the end.
    assert levelised_cost(SMALL, generation_kwh=1e6, rate=0.0) == pytest.approx(152.1 / 3)


def test_payback_in_the_very_last_year() -> None:
    # 10 x 0.1 is a last bit short of 1.
    tenths = Plant(cost=1.0, life=10, income=0.1, running=())
    assert payback_from_cumulative(tenths) == pytest.approx(10)


@given(st.floats(min_value=0, max_value=0.3))
def test_sold_at_its_cost_a_kwh_leaves_nothing(rate: float) -> None:
    energy = 1e6
    price = levelised_cost(PLAIN, generation_kwh=energy, rate=rate)
    sold = replace(PLAIN, income=price * energy / MILLION_YEN)
    assert net_present_value(sold, rate=rate) == pytest.approx(0, abs=1e-6)


def test_cost_of_a_kwh_does_not_depend_on_the_unit_of_money() -> None:
    thousands = replace(
        PLAIN, cost=1e5, income=15e3, running=(("upkeep", 5e3),), unit_yen=THOUSAND_YEN
    )
    assert levelised_cost(thousands, generation_kwh=1e6, rate=0.03) == pytest.approx(
        levelised_cost(PLAIN, generation_kwh=1e6, rate=0.03)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: net_present_value(PLAIN, rate=3), r"discount rate \[0-1\] .* got 3"),
        (lambda: levelised_cost(PLAIN, generation_kwh=1e6, rate=3), "discount rate .* got 3"),
        (lambda: levelised_cost(PLAIN, generation_kwh=0, rate=0), "generation .* got 0"),
        # MWh and Wh for kWh.
        (lambda: levelised_cost(PLAIN, generation_kwh=1e3, rate=0), "円/kWh.* got 10000"),
        (lambda: levelised_cost(PLAIN, generation_kwh=1e9, rate=0), "円/kWh.* got 0.01"),
        (lambda: levelised_cost(PLAIN, generation_kwh=9_995, rate=0), "円/kWh.* got 1000.5"),
    ],
)
def test_measures_outside_their_range(call, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        call()
