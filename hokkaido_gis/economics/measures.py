"""Whether a plant pays: payback, net present value, internal rate of return, cost of a kWh."""

from __future__ import annotations

import math

import numpy as np
import numpy_financial as npf
import pandas as pd

from hokkaido_gis.economics.cash_flow import Plant, cash_flow
from hokkaido_gis.potential.ranges import require_range


def simple_payback(plant: Plant) -> float:
    r"""Years until income less running expenses has paid the cost, taxes and loan left aside.

    .. math:: T = \frac{C(1 - \sigma)}{\bar I - \bar E}

    The report's ペイバック年数. Where income or expenses change, their means over the life stand.

    Parameters
    ----------
    plant
        The case.

    Returns
    -------
    float
        Years; infinite where expenses eat the income.

    Raises
    ------
    ModelInputError
        As of `cash_flow`.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 4.1.5, 5.1.5.

    Examples
    --------
    >>> plant = Plant(cost=100.0, life=20, income=15.0, running=(("upkeep", 5.0),))
    >>> simple_payback(plant)
    10.0
    """
    flow = cash_flow(plant)
    left = float((flow["income"] - flow["running"]).mean())
    return plant.net_cost / left if left > 0 else math.inf


def payback_from_cumulative(plant: Plant) -> float:
    """Years until the cumulative cash flow first reaches the cost after subsidy.

    Within a year the cash is taken to come in evenly.

    Parameters
    ----------
    plant
        The case.

    Returns
    -------
    float
        Years; infinite where the cost is not recovered within the life.

    Raises
    ------
    ModelInputError
        As of `cash_flow`.

    Examples
    --------
    >>> plant = Plant(cost=100.0, life=5, income=(20.0, 60.0, 80.0, 80.0, 80.0), running=())
    >>> payback_from_cumulative(plant)
    2.25
    """
    flow = cash_flow(plant)
    reached = flow.index[flow["recovery"] >= 1 - 1e-12]
    if reached.empty:
        return math.inf
    year = int(reached[0])
    lacking = plant.net_cost - float(flow["cumulative"][year] - flow["cash_flow"][year])
    return year - 1 + lacking / float(flow["cash_flow"][year])


def capital_flows(plant: Plant) -> pd.Series:
    """What flows between a plant and all who put money into it, lenders among them.

    The cost after subsidy goes in at year 0. Each year brings the cash flow and the interest, which
    goes to the lenders; the last year brings the residual value too.

    Parameters
    ----------
    plant
        The case.

    Returns
    -------
    pandas.Series
        In the money of `plant`, on an index of years 0 to ``plant.life``.

    Raises
    ------
    ModelInputError
        As of `cash_flow`.

    Examples
    --------
    >>> capital_flows(Plant(cost=100.0, life=2, income=60.0, running=())).tolist()
    [-100.0, 60.0, 60.0]
    """
    flow = cash_flow(plant)
    *years, last = flow["cash_flow"] + flow["interest"]
    index = pd.RangeIndex(0, plant.life + 1, name="year")
    flows = [-plant.net_cost, *years, last + plant.net_cost * plant.residual]
    return pd.Series(flows, index=index, name="capital_flow")


def net_present_value(plant: Plant, *, rate: float) -> float:
    """Value today of all that flows between a plant and those who put money into it.

    Parameters
    ----------
    plant
        The case.
    rate
        Discount rate [1/yr], 0 to 1; payments stand at the ends of years.

    Returns
    -------
    float
        Net present value, in the money of `plant`.

    Raises
    ------
    ModelInputError
        As of `cash_flow`, or if the rate is outside its range, as in percent.

    Examples
    --------
    >>> net_present_value(Plant(cost=100.0, life=1, income=110.0, running=()), rate=0.0)
    10.0
    """
    require_range("discount rate [0-1]", rate, 0, 1)
    return float(npf.npv(rate, capital_flows(plant).to_numpy()))


def internal_rate_of_return(plant: Plant) -> float:
    """Discount rate at which the net present value is nil.

    Parameters
    ----------
    plant
        The case.

    Returns
    -------
    float
        Rate [1/yr]; below 0 where less comes back than went in, missing (NaN) where nothing does.

    Raises
    ------
    ModelInputError
        As of `cash_flow`.

    Examples
    --------
    >>> round(internal_rate_of_return(Plant(cost=100.0, life=1, income=110.0, running=())), 6)
    0.1
    """
    return float(npf.irr(capital_flows(plant).to_numpy()))


def levelised_cost(plant: Plant, *, generation_kwh: float, rate: float) -> float:
    r"""Cost of a kWh over the life of a plant (LCOE), before corporate tax.

    .. math:: \frac{C(1-\sigma) + \sum_t (E_t + p_t)(1+r)^{-t} - S(1+r)^{-n}}
        {\sum_t W (1+r)^{-t}}

    with running expenses :math:`E`, property tax :math:`p`, residual value :math:`S` and
    generation :math:`W`. Interest is in the discount rate.

    Parameters
    ----------
    plant
        The case.
    generation_kwh
        Generation :math:`W` of each year [kWh/yr], above 0.
    rate
        Discount rate :math:`r` [1/yr], 0 to 1.

    Returns
    -------
    float
        Cost [円/kWh], whatever the money of `plant`. Generation in MWh makes it 1,000 times too
        great, which is refused above 1,000 円/kWh; in Wh it is refused below 0.1 円/kWh.

    Raises
    ------
    ModelInputError
        As of `cash_flow`, or if the rate, the generation or the cost of a kWh is outside its range.

    Examples
    --------
    >>> plant = Plant(cost=20.0, life=20, income=2.0, running=(("upkeep", 1.0),))
    >>> levelised_cost(plant, generation_kwh=100_000, rate=0.0)
    20.0
    """
    require_range("discount rate [0-1]", rate, 0, 1)
    require_range("generation [kWh/yr]", generation_kwh, 1)
    flow = cash_flow(plant)
    *yearly, last = flow["running"] + flow["property_tax"]
    costs = float(npf.npv(rate, [plant.net_cost, *yearly, last - plant.net_cost * plant.residual]))
    energy = float(npf.npv(rate, [0.0, *np.full(plant.life, generation_kwh)]))
    cost = costs * plant.unit_yen / energy
    require_range("cost of generation [円/kWh]", cost, 0.1, 1_000)
    return cost
