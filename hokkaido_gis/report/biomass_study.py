"""The tables behind chapter 2: heat, outputs, distances and the siting table, on codes.

The report's text lost many digits. What is not known whole is carried as a lower and an upper
bound, and every sum and output is formed of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from hokkaido_gis.analysis.aggregate import with_neighbours
from hokkaido_gis.analysis.proximity import distance_to_point
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.potential.biomass import output_from_heat
from hokkaido_gis.report.kept import kept
from hokkaido_gis.siting import evaluate_siting, explain_siting

if TYPE_CHECKING:
    from hokkaido_gis.analysis.adjacency import Adjacency
    from hokkaido_gis.report.inputs import Inputs

# 札幌市役所 (札幌市中央区北1条西2丁目), longitude and latitude [degrees, JGD2011].
SAPPORO_CITY_HALL = (141.35439, 43.06208)
# 2.1.3: 「同事業所には 道内最大級の木質バイオマスボイラがある」.
LARGE_BOILER = "日本製紙株式会社北海道工場旭川事業所"
RESOURCES = (
    "林地残材", "切捨間伐材", "果樹剪定枝", "公園剪定枝",
    "国産材製材廃材", "外材製材廃材", "建築廃材", "新増築廃材",
)  # fmt: skip
RESOURCES_EN = {
    "林地残材": "Logging residue",
    "切捨間伐材": "Unused thinnings",
    "果樹剪定枝": "Orchard prunings",
    "公園剪定枝": "Park prunings",
    "国産材製材廃材": "Sawmill waste, domestic",
    "外材製材廃材": "Sawmill waste, imported",
    "建築廃材": "Demolition wood",
    "新増築廃材": "Construction wood",
}


class Bounds(NamedTuple):
    """A quantity between two bounds, Series on one index of codes; equal where it is known."""

    low: pd.Series
    high: pd.Series

    @property
    def middle(self) -> pd.Series:
        """Middle of the bounds."""
        return (self.low + self.high) / 2

    @property
    def exact(self) -> pd.Series:
        """Whether the quantity is known."""
        return self.low == self.high


@kept
def own_heat(inputs: Inputs) -> Bounds:
    """Usable heat of each municipality alone [GJ/yr], from table 2-26 and tables 2-18 to 2-25."""
    table = inputs.report("biomass")
    total = _whole_or_thousands(table, "own_heat_gj", "own_heat_thousand_prefix")
    parts = resource_heat(inputs)
    low = pd.concat([total.low, parts.low.groupby("code").sum()], axis=1).max(axis=1)
    high = pd.concat([total.high, parts.high.groupby("code").sum()], axis=1).min(axis=1)
    return Bounds(low.where(~total.exact, total.low), high.where(~total.exact, total.high))


@kept
def resource_heat(inputs: Inputs) -> Bounds:
    """Usable heat of each resource [GJ/yr], on an index of code and resource."""
    table = inputs.report("resource_heat").set_index("resource", append=True)
    return Bounds(to_numbers(table["usable_heat_low"]), to_numbers(table["usable_heat_high"]))


@kept
def resource_amount(inputs: Inputs) -> Bounds:
    """Amount of each resource that arises [dry t/yr], on an index of code and resource."""
    table = inputs.report("resource_heat").set_index("resource", append=True)
    return Bounds(to_numbers(table["available_low"]), to_numbers(table["available_high"]))


def heat_with_neighbours(heat: Bounds, adjacency: Adjacency) -> Bounds:
    """Usable heat with neighbours [GJ/yr]."""
    return Bounds(with_neighbours(heat.low, adjacency), with_neighbours(heat.high, adjacency))


@kept
def own_heat_with_neighbours(inputs: Inputs) -> Bounds:
    """Usable heat of each municipality with its neighbours of table 2-17 [GJ/yr]."""
    return heat_with_neighbours(own_heat(inputs), inputs.listed_adjacency)


def label_heat_with_neighbours(inputs: Inputs) -> Bounds:
    """Bounds of the heat with neighbours [GJ/yr] by the labels of figures 2-4 and 2-5."""
    table = inputs.report("output_with_neighbours")
    return Bounds(to_numbers(table["heat_low"]), to_numbers(table["heat_high"]))


def printed_output_with_neighbours(inputs: Inputs) -> pd.Series:
    """Outputs with neighbours that figure 2-5 prints [kW]; missing where lost."""
    table = inputs.report("output_with_neighbours")
    return to_numbers(table["printed_output_kw"]).reindex(inputs.report("biomass").index)


def output(heat: Bounds) -> Bounds:
    """Output that the heat can sustain [kW]."""
    return Bounds(output_from_heat(heat.low), output_from_heat(heat.high))


@kept
def distance_from_sapporo(inputs: Inputs) -> pd.Series:
    """Straight-line distance from Sapporo City Hall to a point inside each municipality [km].

    The report measured along roads to the town halls; its figures are lost.
    """
    towns = inputs.municipalities
    distance = distance_to_point(towns, SAPPORO_CITY_HALL)
    distance = distance.where(~towns.index.isin(["01100"]), 0.0)
    return distance.rename("distance_from_sapporo_km")


@kept
def siting_table(inputs: Inputs) -> pd.DataFrame:
    """Indicators of the siting study, numbers on codes.

    Output with neighbours is figure 2-5's where it survives, else the middle of its bounds by
    table 2-17's neighbours. Distance is the straight line. The marks of D-4 and C-2 are the
    report's own.
    """
    marks = inputs.report("siting")
    heat = own_heat_with_neighbours(inputs)
    printed = printed_output_with_neighbours(inputs)
    factories = [to_numbers(marks[f"{kind}_factories"]) for kind in ("chip", "pellet")]
    return pd.DataFrame(
        {
            "name": marks["name"],
            "subprefecture": inputs.report("adjacency")["subprefecture"],
            "output_with_neighbours_kw": printed.fillna(output(heat).middle),
            "competing_plants": competing_plants(inputs),
            "plants_with_large_boiler": plants_with_large_boiler(inputs),
            "distance_from_sapporo_km": distance_from_sapporo(inputs),
            "forest_stock_and_density_ge_mean": to_numbers(
                marks["forest_stock_and_density_ge_mean"]
            ),
            "fuel_factories": factories[0] + factories[1],
            "road_density_and_residue_ge_mean": to_numbers(
                marks["road_density_and_residue_ge_mean"]
            ),
        }
    )


def competing_plants(inputs: Inputs) -> pd.Series:
    """Number of competing plants in each municipality, 0 where table 2-9 names none."""
    text = inputs.report("siting")["competing_plants"].fillna("")
    counts = text.str.extractall(r"\s(\d+)(?=\s|$)")[0].astype(int).groupby(level=0).sum()
    return counts.reindex(text.index, fill_value=0).rename("competing_plants")


def plants_with_large_boiler(inputs: Inputs) -> pd.Series:
    """Number of plants of table 2-4 whose boiler the report calls one of the largest."""
    plants = inputs.report("competing_plants")
    counts = plants[plants["company"] == LARGE_BOILER].groupby(level=0).size()
    codes = inputs.report("siting").index
    return counts.reindex(codes, fill_value=0).rename("plants_with_large_boiler")


@kept
def siting_answer(inputs: Inputs) -> pd.DataFrame:
    """Marks, knock-outs and ranks of the siting study, on codes."""
    return evaluate_siting(siting_table(inputs), inputs.criteria, adjacency=inputs.listed_adjacency)


def siting_reasons(inputs: Inputs) -> pd.DataFrame:
    """Value, threshold and margin of each municipality and criterion."""
    return explain_siting(siting_table(inputs), inputs.criteria)


def forest_stock(inputs: Inputs) -> tuple[Bounds, Bounds]:
    """Stock of private forest [1000 m3] and stock per hectare [m3/ha] (table 2-37)."""
    table = inputs.report("private_forest")
    stock = Bounds(to_numbers(table["stock_low"]), to_numbers(table["stock_high"]))
    density = Bounds(to_numbers(table["stock_per_ha_low"]), to_numbers(table["stock_per_ha_high"]))
    return stock, density


def road_density(inputs: Inputs) -> Bounds:
    """Forest-road density of private forest [m/ha] (table 2-38), where both its parts survive."""
    table = inputs.report("forest_roads")
    length = to_numbers(table["road_m"])
    area = to_numbers(table["forest_ha_thousand_prefix"]) * 1000
    return Bounds(length / (area + 999), length / area.replace(0, np.nan))


def residue_and_thinnings(inputs: Inputs) -> Bounds:
    """Logging residue and unused thinnings that arise [dry t/yr]."""
    amount = resource_amount(inputs)
    low, high = (
        part[part.index.get_level_values("resource").isin(RESOURCES[:2])].groupby("code").sum()
        for part in amount
    )
    return Bounds(low, high)


def _whole_or_thousands(table: pd.DataFrame, whole: str, thousands: str) -> Bounds:
    """Read a quantity whole where it survives, else as the thousand its prefix begins."""
    known = to_numbers(table[whole])
    prefix = to_numbers(table[thousands]) * 1000
    return Bounds(known.fillna(prefix), known.fillna(prefix + 999))
