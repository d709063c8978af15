"""Cash flow of a plant over its life: subsidy, loan, depreciation, taxes, recovery of the cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hokkaido_gis.errors import ModelInputError, list_faults, name_some
from hokkaido_gis.potential.ranges import require_range

THOUSAND_YEN = 1_000.0
MAN_YEN = 10_000.0
MILLION_YEN = 1_000_000.0

Yearly = float | tuple[float, ...]
"""The same amount every year, or one amount for each year of a plant's life."""

# What a plant takes or spends in its greatest year lies between a thousandth and five times what it
# cost. The report's cases lie between 0.003 and 0.35, so that a wrong unit falls outside.
_SHARE_OF_COST = (0.001, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What a plant costs and earns; money in one unit throughout, as `unit_yen` says.

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
        Rate of the loan [1/yr].
    loan_years
        Term of the loan [yr], paid back in equal parts of principal.
    borrowed
        Share of the cost after subsidy that is borrowed [0-1].
    property_tax
        Rate on the book value at the start of a year [1/yr].
    corporate_tax
        Rate on a positive profit [0-1].
    income
        Income in a year, or one amount for each year.
    running
        Expenses in a year by item, without depreciation, interest and property tax; each the same
        every year or one amount for each.
    unit_yen
        Yen in the unit of money: 1e6 (百万円) unless stated, 1e4 for 万円, 1e3 for 千円.
    source
        Where the figures come from, and which of them are fitted.
    """

    cost: float
    life: int
    income: Yearly
    running: tuple[tuple[str, Yearly], ...]
    subsidy: float = 0.0
    residual: float = 0.0
    interest: float = 0.0
    loan_years: int = 1
    borrowed: float = 1.0
    property_tax: float = 0.0
    corporate_tax: float = 0.0
    unit_yen: float = MILLION_YEN
    source: str = ""

    @property
    def net_cost(self) -> float:
        """Construction cost after the subsidy, in the money of the plant."""
        return self.cost * (1 - self.subsidy)

    @property
    def depreciation(self) -> float:
        """Depreciation in a year, in the money of the plant: equal parts over its life."""
        return self.net_cost * (1 - self.residual) / self.life


def cash_flow(plant: Plant) -> pd.DataFrame:
    r"""Follow a plant year by year.

    Profit is income less running expenses, depreciation, interest and property tax; cash flow is
    profit after corporate tax plus depreciation:

    .. math:: CF_t = (1 - \tau\,[\Pi_t > 0])\,\Pi_t + D, \qquad
        R_t = \frac{\sum_{s \le t} CF_s}{C (1 - \sigma)}

    Principal is not taken off: the report's recovery compares what is earned with what was put in.

    Income or expenses a factor of 1,000 off against the cost (cost in 百万円, income in 千円) are
    refused: what a plant takes or spends in its greatest year must lie between 0.001 and 5 times
    its cost. All amounts in one wrong unit are unguarded, since only their ratios count.

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
        If a share or rate is outside 0-1, a cost or a term is not positive, or an amount is
        negative, missing, not stated for every year, or out of proportion to the cost.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 2-11.

    Examples
    --------
    >>> plant = Plant(cost=100.0, life=2, income=(80.0, 60.0), running=(("upkeep", 10.0),))
    >>> cash_flow(plant)["recovery"].round(2).tolist()
    [0.7, 1.2]
    """
    for what in ("subsidy", "residual", "interest", "borrowed", "property_tax", "corporate_tax"):
        require_range(f"{what} [0-1]", getattr(plant, what), 0, 1)
    for what in ("net_cost", "life", "loan_years", "unit_yen"):
        require_range(what, getattr(plant, what), 1e-9)
    year = pd.RangeIndex(1, plant.life + 1, name="year")
    income, running = _amounts(plant, year)
    depreciation = plant.depreciation
    still_owed = np.clip(1 - (year - 1) / plant.loan_years, 0, None)
    flow = pd.DataFrame(
        {
            "income": income,
            "running": running,
            "depreciation": depreciation,
            "interest": plant.net_cost * plant.borrowed * still_owed * plant.interest,
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


def _amounts(plant: Plant, year: pd.RangeIndex) -> tuple[pd.Series, pd.Series]:
    """Income and running expenses of every year, checked, all faults told at once."""
    items = [("income", plant.income), *plant.running]
    faults = []
    for what, amount in items:
        if isinstance(amount, tuple) and len(amount) != len(year):
            faults.append(
                f"{what} is stated for {len(amount)} years, the life is {len(year)}; give one "
                "amount, or one for each year."
            )
            continue
        by_year = _by_year(amount, year)
        if by_year.isna().any():
            faults.append(f"{what} is missing in year {name_some(year[by_year.isna()].tolist())}.")
        if (by_year < 0).any():
            told = [f"year {i}: {v:g}" for i, v in by_year[by_year < 0].items()]
            faults.append(f"{what} must be 0 or more; got {name_some(told)}.")
    if faults:
        raise ModelInputError(list_faults(faults))
    income = _by_year(plant.income, year)
    running = sum((_by_year(amount, year) for _, amount in plant.running), pd.Series(0.0, year))
    for what, by_year in (("income", income), ("running expenses", running)):
        if by_year.max() > 0:
            share = float(by_year.max() / plant.cost)
            require_range(f"{what} of a year as a share of the cost", share, *_SHARE_OF_COST)
    return income, running


def _by_year(amount: Yearly, year: pd.RangeIndex) -> pd.Series:
    return pd.Series(amount, index=year, dtype=float)
