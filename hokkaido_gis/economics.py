"""Cash flow of a plant over its life: subsidy, loan, depreciation, taxes, recovery of the cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hokkaido_gis.potential.ranges import require_range


@dataclass(frozen=True, slots=True)
class Plant:
    """What a plant costs and earns; money in one unit throughout (the report's is 百万円).

    Attributes
    ----------
    cost
        Construction cost before the subsidy.
    subsidy
        Share of the cost that is subsidised [0-1].
    life
        Years of operation and of depreciation.
    residual
        Share of the cost after subsidy that is left at the end [0-1].
    interest
        Rate of the loan [1/yr]; the cost after subsidy is borrowed whole.
    loan_years
        Term of the loan [yr], paid back in equal parts of principal.
    property_tax
        Rate on the book value at the start of a year [1/yr].
    corporate_tax
        Rate on a positive profit.
    income
        Income in a year.
    running
        Expenses in a year by item, without depreciation, interest and property tax.
    source
        Where the figures come from, and which of them are fitted.
    """

    cost: float
    subsidy: float
    life: int
    residual: float
    interest: float
    loan_years: int
    property_tax: float
    corporate_tax: float
    income: float
    running: tuple[tuple[str, float], ...]
    source: str = ""

    @property
    def net_cost(self) -> float:
        """Construction cost after the subsidy."""
        return self.cost * (1 - self.subsidy)


_REPORT = "農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013)"


def _running(cost: float, fuel_t: float) -> tuple[tuple[str, float], ...]:
    """Running expenses that tables 2-11 and 2-14 state [百万円/yr] for `fuel_t` of fuel [t/yr]."""
    labour = 70.0
    return (
        ("ユーティリティ費", 3_500 * fuel_t / 1e6),
        ("メンテナンス費", 0.02 * cost),
        ("人件費", labour),
        ("灰処理費", 250 / 10 * 1000 * (0.01 * fuel_t) / 1e6),
        ("一般管理費", 0.10 * labour),
    )


# 表 2-11, 表 2-14 [百万円]. The term of the loan and the income are not stated there: with ten
# years and these incomes the printed recovery of every year comes out (case 2: less fuel).
BIOMASS_1000_KW = Plant(
    cost=1180.0,
    subsidy=0.5,
    life=15,
    residual=0.10,
    interest=0.02,
    loan_years=10,
    property_tax=0.014,
    corporate_tax=0.4087,
    income=325.8,
    running=_running(1180.0, 19_500),
    source=f"{_REPORT}, 表 2-11; loan term and income fitted to the printed recovery",
)
BIOMASS_2000_KW = replace(
    BIOMASS_1000_KW,
    cost=1780.0,
    income=238.7,
    running=_running(1780.0, 29_200),
    source=f"{_REPORT}, 表 2-14; loan term and income less fuel fitted to the printed recovery",
)


def cash_flow(plant: Plant) -> pd.DataFrame:
    r"""Follow a plant year by year.

    Profit is income less running expenses, depreciation, interest and property tax; cash flow is
    profit after corporate tax plus depreciation:

    .. math:: CF_t = (1 - \tau\,[\Pi_t > 0])\,\Pi_t + D, \qquad
        R_t = \frac{\sum_{s \le t} CF_s}{C (1 - \sigma)}

    Principal is not taken off: the report's recovery compares what is earned with what was put in.

    Parameters
    ----------
    plant
        The case.

    Returns
    -------
    pandas.DataFrame
        On an index of years 1 to ``plant.life``: ``income``, ``running``, ``depreciation``,
        ``interest``, ``property_tax``, ``profit_before_tax``, ``corporate_tax``,
        ``profit_after_tax``, ``cash_flow``, ``cumulative`` (in the money of `plant`) and
        ``recovery`` (share of the cost after subsidy).

    Raises
    ------
    ModelInputError
        If a share or rate is outside 0-1, or a cost or a term is not positive.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 2-11.
    """
    for what in ("subsidy", "residual", "interest", "property_tax", "corporate_tax"):
        require_range(f"{what} [0-1]", getattr(plant, what), 0, 1)
    for what in ("net_cost", "life", "loan_years"):
        require_range(what, getattr(plant, what), 1e-9)
    year = pd.RangeIndex(1, plant.life + 1, name="year")
    depreciation = plant.net_cost * (1 - plant.residual) / plant.life
    still_owed = np.clip(1 - (year - 1) / plant.loan_years, 0, None)
    flow = pd.DataFrame(
        {
            "income": plant.income,
            "running": sum(amount for _, amount in plant.running),
            "depreciation": depreciation,
            "interest": plant.net_cost * still_owed * plant.interest,
            "property_tax": (plant.net_cost - depreciation * (year - 1)) * plant.property_tax,
        },
        index=year,
    )
    expenses = flow[["running", "depreciation", "interest", "property_tax"]].sum(axis=1)
    flow["profit_before_tax"] = flow["income"] - expenses
    flow["corporate_tax"] = flow["profit_before_tax"].clip(lower=0) * plant.corporate_tax
    flow["profit_after_tax"] = flow["profit_before_tax"] - flow["corporate_tax"]
    flow["cash_flow"] = flow["profit_after_tax"] + flow["depreciation"]
    flow["cumulative"] = flow["cash_flow"].cumsum()
    flow["recovery"] = flow["cumulative"] / plant.net_cost
    return flow
