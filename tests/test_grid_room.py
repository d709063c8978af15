"""Sites compete for free capacity: three sites and two substations by hand, and what must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from hokkaido_gis.errors import LayerWarning, ModelInputError
from hokkaido_gis.grid.room import Allocation, allocate_room

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn


def options(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Options at substations: site, target, cost."""
    return pd.DataFrame(
        [(site, "substation", target, 66.0, cost / 12, cost) for site, target, cost in rows],
        columns=["site", "kind", "target", "kv", "km", "cost_million_yen"],
    )


def room(**free: float) -> pd.Series:
    return pd.concat({"substation": pd.Series(free)})


# Three sites of 3, 2 and 4 MW; the first two lie nearer to S, the third to T.
THREE = options(
    ("a", "S", 12), ("a", "T", 60), ("b", "S", 24), ("b", "T", 36), ("c", "T", 20), ("c", "S", 80)
)
KW = pd.Series({"a": 3000.0, "b": 2000.0, "c": 4000.0})


# --- by hand --------------------------------------------------------------------------------------


def test_room_for_all_is_everyones_cheapest() -> None:
    found = allocate_room(THREE, KW, room(S=5000, T=4000))
    assert found.sites["target"].tolist() == ["S", "S", "T"]
    assert found.sites["choice"].tolist() == [1, 1, 1]
    assert found.sites["reason"].tolist() == ["", "", ""]
    # 4, 12 and 5 thousand yen a kW.
    assert found.sites["served"].tolist() == [1, 3, 2]
    assert found.sites["cost_million_yen"].tolist() == [12, 24, 20]
    assert found.room["left_kw"].tolist() == [0, 0]
    assert found.room["turned_away"].tolist() == [0, 0]


def test_full_substation_turns_the_last_away_to_its_next_best() -> None:
    found = allocate_room(THREE, KW, room(S=4000, T=6000))
    assert found.sites["target"].tolist() == ["S", "T", "T"]
    assert found.sites["choice"].tolist() == [1, 2, 1]
    assert found.sites["reason"]["b"] == "turned away by substation S"
    assert found.sites["cost_million_yen"]["b"] == 36
    expected = pd.DataFrame(
        {
            "free_kw": [4000.0, 6000.0],
            "granted_kw": [3000.0, 6000.0],
            "left_kw": [1000.0, 0.0],
            "sites": [1, 2],
            "turned_away": [1, 0],
        }
    )
    assert_frame_equal(found.room.reset_index(drop=True), expected)


def test_site_without_room_anywhere_stays_unconnected() -> None:
    found = allocate_room(THREE, KW, room(S=3000, T=5000))
    assert found.sites["reason"]["b"] == "no room: substation S, substation T"
    assert found.sites.loc["b", ["target", "km", "cost_million_yen", "choice"]].isna().all()
    assert found.room["turned_away"].tolist() == [1, 1]
    assert found.room["left_kw"].tolist() == [0, 1000]


def test_largest_first() -> None:
    found = allocate_room(THREE, KW, room(S=4000, T=4000), order="capacity")
    assert found.sites["served"].tolist() == [2, 3, 1]
    assert found.sites["target"].tolist()[::2] == ["S", "T"]
    assert found.sites["reason"]["b"].startswith("no room")


def test_order_given() -> None:
    found = allocate_room(THREE, KW, room(S=4000, T=6000), order=["b", "a", "c"])
    assert found.sites["served"].tolist() == [2, 1, 3]
    # b takes 2 MW of S, so that a goes to T, where c then finds 3 MW and S 2 MW.
    assert found.sites["target"].tolist()[:2] == ["T", "S"]
    assert found.sites["reason"].tolist() == [
        "turned away by substation S", "", "no room: substation T, substation S",
    ]  # fmt: skip
    again = allocate_room(THREE, KW, room(S=4000, T=6000), order=pd.Series(["b", "a", "c"]))
    assert_frame_equal(again.sites, found.sites)


def test_place_in_the_order_is_kept_when_turned_away() -> None:
    """The second site is dear once turned away, and still comes before the third."""
    rows = options(("a", "S", 1), ("b", "S", 2), ("b", "T", 500), ("c", "T", 3))
    found = allocate_room(rows, pd.Series({"a": 1.0, "b": 1.0, "c": 1.0}), room(S=1, T=1))
    assert found.sites["target"].tolist()[:2] == ["S", "T"]
    assert found.sites["reason"]["c"] == "no room: substation T"


def test_equal_costs_keep_the_order_of_the_sites() -> None:
    rows = options(("b", "S", 5), ("a", "S", 5))
    found = allocate_room(rows, pd.Series({"a": 1.0, "b": 1.0}), room(S=1))
    assert found.sites["served"].tolist() == [1, 2]
    assert found.sites["target"].notna().tolist() == [True, False]


def test_tenths_fill_a_place_exactly() -> None:
    sites = [f"s{i}" for i in range(3)]
    rows = options(*((site, "S", 1.0) for site in sites))
    found = allocate_room(rows, pd.Series(0.1, index=sites), room(S=0.3))
    assert found.sites["target"].tolist() == ["S"] * 3
    assert found.room["left_kw"].tolist() == [0]


def test_sites_that_ask_for_nothing_or_have_nowhere_to_go() -> None:
    kw = pd.Series({"a": np.nan, "b": 0.0, "c": 4000.0, "d": 5.0})
    found = allocate_room(THREE, kw, room(S=9000, T=9000))
    assert found.sites["reason"].tolist() == [
        "capacity is missing", "capacity is 0", "", "no option",
    ]  # fmt: skip
    assert found.sites["served"].tolist() == [2, 3, 1, 4]
    assert found.room["granted_kw"].sum() == 4000
    assert found.sites["choice"].dtype == "Int64"


# --- what limits ----------------------------------------------------------------------------------


def test_line_and_the_substation_that_it_leads_to() -> None:
    rows = options(("a", "L", 1), ("b", "S", 2), ("c", "L", 3)).assign(
        kind=["line", "substation", "line"]
    )
    kw = pd.Series({"a": 3.0, "b": 3.0, "c": 3.0})
    free = pd.concat({"line": pd.Series({"L": 9.0}), "substation": pd.Series({"S": 7.0})})
    alone = allocate_room(rows, kw, free)
    assert alone.sites["target"].notna().all()
    leads = {("line", "L"): [("substation", "S")]}
    both = allocate_room(rows, kw, free, also_uses=leads)
    assert both.sites["reason"]["c"] == "no room: substation S"
    assert both.room["granted_kw"].to_dict() == {("line", "L"): 3, ("substation", "S"): 6}
    assert both.room["turned_away"].to_dict() == {("line", "L"): 0, ("substation", "S"): 1}
    # A line whose own room is not stated is limited by the substation alone.
    only = allocate_room(rows, kw, free.drop(("line", "L")), also_uses=leads)
    assert_series_equal(only.sites["reason"], both.sites["reason"])


def test_distribution_has_room_unless_stated() -> None:
    rows = options(("a", "S", 1), ("b", "S", 2)).assign(kind="distribution", target=None)
    kw = pd.Series({"a": 30.0, "b": 30.0})
    found = allocate_room(rows, kw, room(S=1))
    assert found.sites["kind"].tolist() == ["distribution"] * 2
    assert np.isnan(found.room["left_kw"].iloc[-1])
    stated = allocate_room(rows, kw, pd.concat({"distribution": pd.Series({None: 40.0})}))
    assert stated.sites["reason"]["b"] == "no room: distribution"


def test_room_that_is_not_stated_is_none_and_told() -> None:
    with pytest.warns(LayerWarning, match=r"1 lines or .* \(substation T\).*no room.*'unlimited'"):
        found = allocate_room(THREE, KW, room(S=9000))
    assert found.sites["target"].tolist()[:2] == ["S", "S"]
    assert found.sites.loc["c", "choice"] == 2
    with pytest.warns(LayerWarning, match="room for all"):
        found = allocate_room(THREE, KW, room(S=9000, T=np.nan), unknown="unlimited")
    assert found.sites["target"].tolist() == ["S", "S", "T"]
    assert found.room.loc[("substation", "T"), "granted_kw"] == 4000
    assert np.isnan(found.room.loc[("substation", "T"), "left_kw"])


def test_overbooked_place_has_no_room() -> None:
    found = allocate_room(THREE, KW, room(S=-500, T=np.inf))
    assert found.sites["target"].tolist() == ["T"] * 3
    assert found.room["left_kw"].tolist() == [-500, np.inf]


def test_options_without_a_cost_are_set_aside() -> None:
    rows = THREE.assign(cost_million_yen=THREE["cost_million_yen"].where(THREE["target"] != "T"))
    with pytest.warns(LayerWarning, match=r"3 options have no cost .*sites a, b, c"):
        found = allocate_room(rows, KW, room(S=9000, T=9000))
    assert found.sites["target"].tolist() == ["S"] * 3


def test_bad_input_is_told_at_once() -> None:
    kw = pd.Series([-1.0, 2.0, 3.0], index=["a", "b", "b"])
    with pytest.raises(ModelInputError) as told:
        allocate_room(THREE, kw, pd.Series({"S": 1.0}), order=["a", "z"])
    for part in (
        "1 sites of the options have no row in capacity_kw: c",
        "sites stand more than once in capacity_kw: b",
        "capacity [kW] must be 0 or more; got a: -1",
        "must be on kind and target",
        "leaves out 2 sites: b, b",
        "names sites that are not there: z",
    ):
        assert part in str(told.value)
    with pytest.raises(ModelInputError, match=r"no column kind; they have site, target"):
        allocate_room(THREE.drop(columns="kind"), KW, room(S=1))
    with pytest.raises(ModelInputError, match="order='cheap' is not known"):
        allocate_room(THREE, KW, room(S=1, T=1), order="cheap")  # type: ignore[arg-type]
    with pytest.raises(ModelInputError, match="stated more than once"):
        allocate_room(THREE, KW, pd.concat([room(S=1), room(S=2)]))


def test_no_site_and_no_option() -> None:
    found = allocate_room(THREE[:0], KW[:0], room(S=1))
    assert found.sites.empty
    assert found.room["left_kw"].tolist() == [1]
    found = allocate_room(THREE[:0], KW, room(S=1))
    assert found.sites["reason"].tolist() == ["no option"] * 3


# --- what must hold -------------------------------------------------------------------------------


@st.composite
def cases(draw: DrawFn) -> tuple[pd.DataFrame, pd.Series, pd.Series, str]:
    sites = draw(st.integers(1, 7))
    kw = pd.Series(draw(st.lists(st.integers(1, 9), min_size=sites, max_size=sites)), dtype=float)
    places = st.sampled_from([("line", 1), ("line", 2), ("substation", 1), ("substation", "x")])
    rows = draw(st.lists(st.tuples(st.integers(0, sites - 1), places, st.integers(1, 50))))
    table = pd.DataFrame(
        [(site, kind, target, float(cost)) for site, (kind, target), cost in rows],
        columns=["site", "kind", "target", "cost_million_yen"],
    )
    free = draw(st.lists(st.integers(-3, 20), min_size=4, max_size=4))
    index = pd.MultiIndex.from_tuples(
        [("line", 1), ("line", 2), ("substation", 1), ("substation", "x")]
    )
    order = draw(st.sampled_from(["cost_per_kw", "capacity"]))
    return table, kw, pd.Series(free, index=index, dtype=float), order


LEADS = {("line", 1): [("substation", 1)], ("line", 2): [("substation", 1)]}


@given(cases(), st.booleans())
def test_nothing_is_granted_twice_or_in_excess(
    case: tuple[pd.DataFrame, pd.Series, pd.Series, str], leads: bool
) -> None:
    table, kw, free, order = case
    also = LEADS if leads else {}
    found = allocate_room(table, kw, free, order=order, also_uses=also)  # type: ignore[arg-type]
    assert (found.room["granted_kw"] <= found.room["free_kw"].clip(lower=0)).all()
    np.testing.assert_allclose(
        found.room["left_kw"], found.room["free_kw"] - found.room["granted_kw"]
    )
    connected = found.sites[found.sites["kind"].notna()]
    own = connected.groupby(["kind", "target"])["capacity_kw"].sum()
    assert own.sum() == kw[connected.index].sum()
    assert sorted(found.sites["served"]) == list(range(1, len(kw) + 1))
    replay(table, kw, free, also, found)


def replay(
    table: pd.DataFrame,
    kw: pd.Series,
    free: pd.Series,
    also: dict[tuple[str, object], list[tuple[str, object]]],
    found: Allocation,
) -> None:
    """Walk through the turns again: each site has the first of its options with room then."""
    left = free.to_dict()
    for site in found.sites.sort_values("served").index:
        mine = table[table["site"] == site].sort_values("cost_million_yen", kind="stable")
        expected = None
        for place, (kind, target) in enumerate(mine[["kind", "target"]].to_numpy().tolist(), 1):
            needed = {(kind, target), *also.get((kind, target), [])}
            if all(left[each] >= kw[site] for each in needed):
                for each in needed:
                    left[each] -= kw[site]
                expected = place
                break
        choice = found.sites.loc[site, "choice"]
        assert (None if pd.isna(choice) else choice) == expected


def test_input_is_left_alone() -> None:
    table, kw, free = THREE.copy(), KW.copy(), room(S=4000, T=6000)
    before = free.copy()
    allocate_room(table, kw, free)
    assert_frame_equal(table, THREE)
    assert_series_equal(kw, KW)
    assert_series_equal(free, before)
