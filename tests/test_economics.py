"""Cash flow: a plant of three years by hand, and the recovery that the report prints."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from hokkaido_gis.economics import BIOMASS_1000_KW, BIOMASS_2000_KW, Plant, cash_flow
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
    assert flow.columns.tolist() == list(BY_HAND)


@pytest.mark.parametrize(("column", "values"), BY_HAND.items())
def test_three_years_by_hand(column: str, values: list[float]) -> None:
    assert cash_flow(SMALL)[column].to_numpy() == pytest.approx(values, abs=1e-12)


def test_a_loss_bears_no_tax() -> None:
    flow = cash_flow(replace(SMALL, income=50.0))
    assert flow["profit_before_tax"].to_numpy() == pytest.approx([-3, -1.7, -0.4])
    assert flow["corporate_tax"].tolist() == [0, 0, 0]
    assert flow["cash_flow"].to_numpy() == pytest.approx([27, 28.3, 29.6])


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
        ({"loan_years": 0}, "loan_years must be .* or more; got 0"),
    ],
)
def test_values_outside_their_range(change: dict[str, float], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        cash_flow(replace(SMALL, **change))
