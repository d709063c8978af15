"""Sums with neighbours: by hand, conserved, and as the report prints them."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from hokkaido_gis.analysis.adjacency import Adjacency, adjacency_from_lists, find_adjacency
from hokkaido_gis.analysis.aggregate import explain_sums, with_neighbours
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import JoinError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.readers.municipalities import read_municipalities
from hokkaido_gis.report.inputs import Inputs


@pytest.fixture
def chain() -> Adjacency:
    """A row of three and an island: a - b - c, d."""
    names = pd.Series({"a": "甲", "b": "乙", "c": "丙", "d": "島"}, name="name")
    lists = pd.Series({"a": ["乙"], "b": ["甲", "丙"], "c": ["乙"], "d": []})
    return adjacency_from_lists(names, lists)


@pytest.fixture(scope="module")
def table_2_17() -> Adjacency:
    return Inputs().listed_adjacency


@pytest.fixture(scope="module")
def biomass() -> pd.DataFrame:
    """Heats of biomass.csv as numbers [GJ/yr], on codes."""
    table = Inputs().report("biomass")
    numbers = table.drop(columns=["report_code", "name"]).apply(to_numbers)
    return numbers.assign(name=table["name"])


def test_sums_by_hand_and_the_island_keeps_its_own(chain: Adjacency) -> None:
    heat = pd.Series({"a": 1.0, "b": 20.0, "c": 300.0, "d": 4000.0}, name="heat")
    expected = pd.Series(
        {"a": 21.0, "b": 321.0, "c": 320.0, "d": 4000.0}, name="heat_with_neighbours"
    )
    assert_series_equal(with_neighbours(heat, chain), expected)


def test_index_order_and_name_are_those_of_the_values(chain: Adjacency) -> None:
    values = pd.Series([4000, 20, 1, 300], index=pd.Index(["d", "b", "a", "c"], name="code"))
    sums = with_neighbours(values, chain)
    assert sums.index.equals(values.index)
    assert sums.index.name == "code"
    assert sums.name == "with_neighbours"
    assert sums.dtype == float
    assert sums.tolist() == [4000, 321, 21, 320]


def test_rows_of_the_explanation_are_in_the_order_of_the_units() -> None:
    names = pd.Series({"c": "丙", "a": "甲", "b": "乙"}, name="name")
    units = adjacency_from_lists(names, pd.Series({"c": ["乙"], "a": [], "b": ["丙"]}))
    table = explain_sums(pd.Series({"a": 1.0, "b": 20.0, "c": 300.0}), units)
    assert table.index.tolist() == units.names.index.tolist()
    assert table["with_neighbours"].to_dict() == {"c": 320.0, "a": 1.0, "b": 320.0}


@pytest.mark.parametrize("given", [[1.0, None, 300.0, 4000.0], [1.0, 300.0, 4000.0]])
def test_a_missing_part_makes_the_sum_missing(chain: Adjacency, given: list[float | None]) -> None:
    """Whether the value is empty or its row is not there at all."""
    codes = ["a", "b", "c", "d"] if len(given) == 4 else ["a", "c", "d"]
    sums = with_neighbours(pd.Series(given, index=codes), chain)
    assert sums.index[sums.isna()].tolist() == [code for code in codes if code != "d"]
    assert sums["d"] == 4000


def test_explanation_names_what_is_missing(chain: Adjacency) -> None:
    table = explain_sums(pd.Series({"c": 300.0, "a": 1.0}), chain)
    assert table.index.tolist() == ["a", "b", "c", "d"]
    assert table["name"].tolist() == ["甲", "乙", "丙", "島"]
    assert table["neighbours"].tolist() == [1, 2, 1, 0]
    assert table["neighbour_names"].tolist() == ["乙", "甲 丙", "乙", ""]
    assert table["missing"].tolist() == ["乙", "乙", "乙", "島"]
    assert table["known_sum"].tolist() == [1, 301, 300, 0]
    assert table["with_neighbours"].isna().all()


def test_explanation_agrees_with_the_sums(chain: Adjacency) -> None:
    values = pd.Series({"a": 1.0, "b": 20.0, "c": 300.0, "d": 4000.0})
    table = explain_sums(values, chain)
    expected = with_neighbours(values, chain)
    assert_series_equal(table["with_neighbours"], expected)
    assert_series_equal(table["known_sum"], expected, check_names=False)
    assert_series_equal(table["value"], values, check_names=False)
    assert table["missing"].tolist() == [""] * 4


@pytest.mark.parametrize("measure", [with_neighbours, explain_sums])
@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (["a", "b", "b", "a"], "more than once for b, a"),
        (["a", "x", "y"], "2 codes have a value but no polygon: x, y"),
    ],
)
def test_wrong_codes(measure: object, codes: list[str], message: str, chain: Adjacency) -> None:
    with pytest.raises(JoinError, match=message):
        measure(pd.Series(1.0, index=codes), chain)  # type: ignore[operator]


def test_sums_conserve_each_value_once_and_once_a_neighbour() -> None:
    adjacency = find_adjacency(read_municipalities(sample_data() / "municipalities.geojson"))
    values = pd.Series(range(1, 180), index=adjacency.names.index)
    total = (values * (1 + adjacency.counts())).sum()
    assert with_neighbours(values, adjacency).sum() == total


@pytest.mark.parametrize(
    ("name", "heat"), [("北斗市", 93_643), ("七飯町", 75_081), ("森町", 74_426)]
)
def test_heat_with_neighbours_of_the_report(
    name: str, heat: int, biomass: pd.DataFrame, table_2_17: Adjacency
) -> None:
    sums = with_neighbours(biomass["own_heat_gj"], table_2_17)
    assert sums[biomass["name"] == name].tolist() == [heat]


def test_printed_sums_follow_from_the_printed_neighbours(
    biomass: pd.DataFrame, table_2_17: Adjacency
) -> None:
    """All that can be formed of whole numbers agree but 斜里町, where 清里町 is counted twice."""
    sums = with_neighbours(biomass["own_heat_gj"], table_2_17).dropna()
    whole = biomass["with_neighbours_heat_gj"].reindex(sums.index)
    thousands = biomass["with_neighbours_heat_thousand_prefix"].reindex(sums.index)
    comparable = sums[whole.notna() | thousands.notna()]
    assert len(comparable) == 47
    agrees = (sums - whole).abs().le(1) | ((sums // 1000) == thousands)
    wrong = comparable.index[~agrees[comparable.index]]
    assert biomass.loc[wrong, "name"].tolist() == ["斜里町"]
    assert whole[comparable.index].notna().sum() == 4

    own = biomass.set_index("name")["own_heat_gj"]
    assert sums[wrong].tolist() == [40_380]
    assert thousands[wrong].tolist() == [59]
    assert own["清里町"] == 18_944
    assert (40_380 + own["清里町"]) // 1000 == 59
