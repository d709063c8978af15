"""Connections where the grid has room: the columns of `connect_to_grid`, granted in turn."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal
from shapely.geometry import LineString, Point

from hokkaido_gis.errors import JoinError, LayerWarning, ModelInputError, TableError
from hokkaido_gis.grid.connect import COLUMNS, NOTES, connect_to_grid, notes_in_japanese
from hokkaido_gis.grid.connect_with_room import (
    RoomConnections,
    connect_with_room,
    room_notes_in_japanese,
)

FARMS = gpd.GeoDataFrame(
    geometry=[Point(143.0, 43), Point(143.02, 43), Point(143.2, 43)],
    index=["a", "b", "c"],
    crs=6668,
)
KW = pd.Series({"a": 3000.0, "b": 3000.0, "c": 3000.0})


def lines(*longitudes: float, names: list[str] | None = None) -> gpd.GeoDataFrame:
    """Lines of 66 kV along meridians, named after their place."""
    names = names or [f"L{i}" for i in range(len(longitudes))]
    return gpd.GeoDataFrame(
        {"name": names, "kv": 66.0, "voltages": "66"},
        index=pd.Index([name.casefold() for name in names], dtype="str"),
        geometry=[LineString([(x, 42), (x, 44)]) for x in longitudes],
        crs=6668,
    )


def stations(*longitudes: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": [f"S{i}" for i in range(len(longitudes))], "kv": 66.0, "voltages": "66"},
        index=pd.Index([f"s{i}" for i in range(len(longitudes))], dtype="str"),
        geometry=[Point(x, 43) for x in longitudes],
        crs=6668,
    )


def table(kind: str, **free: float) -> pd.DataFrame:
    """A table of free capacity [kW] by name."""
    return pd.DataFrame(
        {"kind": kind, "name": list(free), "kv": 66.0, "voltages": "66", "free_kw": free.values()},
        index=pd.Index(list(free), name="facility"),
    )


def quietly(*layers: gpd.GeoDataFrame, **options: object) -> RoomConnections:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return connect_with_room(FARMS, *layers, capacity_kw=KW, **options)  # type: ignore[arg-type]


def test_a_full_line_sends_the_next_site_to_another() -> None:
    found = connect_with_room(
        FARMS, lines(143.03, 143.3), capacity_kw=KW, free_capacity=table("line", L0=4000, L1=6000)
    )
    # b is nearest to L0 and comes first, c is 0.1 degrees from L1, a 0.03 from L0.
    assert found.connections["served"].tolist() == [2, 1, 3]
    assert found.connections["line_id"].tolist() == ["l1", "l0", "l1"]
    assert found.connections["choice"].tolist() == [2, 1, 1]
    assert found.connections["note"].tolist() == ["turned away by line L0", "", ""]
    assert found.connections["connects_to"].tolist() == ["line"] * 3
    expected = pd.DataFrame(
        {"kind": "line", "target": ["L0", "L1"], "free_kw": [4000.0, 6000.0],
         "granted_kw": [3000.0, 6000.0], "left_kw": [1000.0, 0.0], "sites": [1, 2],
         "turned_away": [1, 0]}
    )  # fmt: skip
    assert_frame_equal(found.room.reset_index(), expected, check_dtype=False)
    assert found.audits["line"].counts["matched"] == 2


def test_with_room_for_all_it_is_the_cheapest_connection() -> None:
    near, far = lines(143.1, 143.3), stations(143.01, 143.4)
    room = pd.concat([table("line", L0=9e9, L1=9e9), table("substation", S0=9e9, S1=9e9)])
    found = quietly(near, far, free_capacity=room).connections
    cheapest = connect_to_grid(FARMS, near, far, capacity_kw=KW)
    same = ["required_kv", "cost_million_yen", "connects_to", "note"]
    assert_frame_equal(found[same], cheapest[same])
    assert set(cheapest["connects_to"]) == {"line", "substation"}
    for kind in ("line", "substation"):
        columns = [f"{kind}_id", f"{kind}_kv", f"{kind}_km"]
        is_taken = cheapest["connects_to"] == kind
        assert_frame_equal(found.loc[is_taken, columns], cheapest.loc[is_taken, columns])
        assert found.loc[~is_taken, columns].isna().all(axis=None)
    assert list(found.columns) == [*COLUMNS, "choice", "served"]


def test_a_site_without_room_has_no_connection_and_says_so() -> None:
    found = quietly(lines(143.03), free_capacity=table("line", L0=3000))
    lost = found.connections.loc["a"]
    assert lost["note"] == "no room: line L0"
    assert lost[["line_id", "line_kv", "line_km", "cost_million_yen", "connects_to"]].isna().all()
    assert pd.isna(lost["choice"])
    assert lost["required_kv"] == 33
    assert found.room["left_kw"].tolist() == [0]


def test_kinds_that_no_table_states_are_left_out_and_told() -> None:
    near, far = lines(143.03), stations(143.5)
    with pytest.warns(LayerWarning, match=r"has no lines, and none is taken to have room"):
        found = connect_with_room(
            FARMS, near, far, capacity_kw=KW, free_capacity=table("substation", S0=9000)
        )
    assert found.connections["substation_id"].tolist() == ["s0"] * 3
    assert found.connections["choice"].tolist() == [1, 1, 1]
    with pytest.warns(LayerWarning, match="room for all"):
        found = connect_with_room(
            FARMS, near, far, capacity_kw=KW, free_capacity=table("substation", S0=9000),
            unknown="unlimited",
        )  # fmt: skip
    assert found.connections["line_id"].tolist() == ["l0"] * 3
    assert found.room.loc[("line", "l0"), "granted_kw"] == 9000


def test_where_no_way_is_left_the_note_says_why() -> None:
    rules = pd.DataFrame(
        {"from_kw": [0], "to_kw": [None], "required_kv": [66], "classes": ["66 kV"]}
    )
    far = stations(143.5).assign(kv=187.0, voltages="187")
    room = table("substation", S0=9000).assign(kv=187.0, voltages="187")
    found = quietly(lines(143.03), far, free_capacity=room, rules=rules).connections
    assert found["note"].tolist() == ["no substation of an allowed class"] * 3
    found = quietly(lines(143.03), stations(143.5), free_capacity=room, rules=rules).connections
    assert found["note"].tolist() == ["no room: substation s0"] * 3


def test_the_distribution_network_has_room_for_all() -> None:
    near = gpd.GeoDataFrame(
        geometry=[LineString([(143.01, 42), (143.01, 44)])], index=[7], crs=6668
    )
    numbered = lines(143.03).set_axis([5])
    for layer, ids in ((0.5, [None] * 3), (near, [7] * 3)):
        found = connect_with_room(
            FARMS, numbered, capacity_kw=KW / 3, free_capacity=table("line", L0=0),
            distribution=layer,
        ).connections  # fmt: skip
        expected = connect_to_grid(FARMS, numbered, capacity_kw=KW / 3, distribution=layer)
        assert_frame_equal(found[list(COLUMNS)], expected)
        assert found["line_id"].astype(object).where(found["line_id"].notna(), None).tolist() == ids


def test_capacities_of_nothing() -> None:
    none = pd.Series({"a": 0.0, "b": np.nan, "c": 3000.0})
    found = connect_with_room(
        FARMS, lines(143.03), capacity_kw=none, free_capacity=table("line", L0=9000)
    )
    assert found.connections["note"].tolist() == ["capacity is 0", "no capacity", ""]
    assert found.connections["connects_to"].isna().tolist() == [True, True, False]


def test_how_many_are_tried() -> None:
    near = lines(143.03, 143.04, 143.05)
    room = table("line", L0=0, L1=0, L2=9000)
    assert quietly(near, free_capacity=room).connections["line_id"].tolist() == ["l2"] * 3
    found = quietly(near, free_capacity=room, k=2).connections
    assert found["note"].tolist() == ["no room: line L0, line L1"] * 2 + [""]


@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
    st.lists(st.integers(0, 15), min_size=3, max_size=3),
    st.sampled_from(["cost_per_kw", "capacity"]),
)
def test_what_is_granted_is_what_connects(mw: list[int], free: list[int], order: str) -> None:
    kw = pd.Series([1000.0 * each for each in mw], FARMS.index)
    room = pd.concat([
        table("line", L0=1000.0 * free[0], L1=1000.0 * free[1]),
        table("substation", S0=1000.0 * free[2]),
    ])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        found = connect_with_room(
            FARMS, lines(143.03, 143.3), stations(143.1), capacity_kw=kw, free_capacity=room,
            order=order, distribution=0.5,  # type: ignore[arg-type]
        )  # fmt: skip
    stated = found.room.dropna(subset="free_kw")
    assert (stated["granted_kw"] <= stated["free_kw"]).all()
    assert_series_equal(
        stated["left_kw"], stated["free_kw"] - stated["granted_kw"], check_names=False
    )
    connected = found.connections["connects_to"].notna()
    assert found.room["granted_kw"].sum() == kw[connected].sum()
    for kind in ("line", "substation"):
        mine = found.connections["connects_to"] == kind
        by_target = kw[mine].groupby(found.connections.loc[mine, f"{kind}_id"]).sum()
        for target, granted in by_target.items():
            assert found.room.loc[(kind, str(target).upper()), "granted_kw"] == granted


def test_bad_input() -> None:
    near, room = lines(143.03), table("line", L0=1)
    with pytest.raises(TableError, match=r"more than once: line L0\. Give each one row"):
        quietly(near, free_capacity=pd.concat([room, room]))
    with pytest.raises(TableError, match="rows of kind substation; there are layers of kind line"):
        quietly(near, free_capacity=table("substation", S0=1))
    with pytest.raises(JoinError, match="The layer has no column name"):
        quietly(near.drop(columns="name"), free_capacity=room)
    with pytest.raises(ModelInputError, match="order='first' is not known"):
        quietly(near, free_capacity=room, order="first")


def test_notes_in_japanese() -> None:
    notes = pd.Series([
        "", "no geometry", "capacity is 0", "no option",
        "no substation of an allowed class; turned away by substation S, line 北 and 3 more",
        "no room: substation substation-1",
    ])  # fmt: skip
    assert room_notes_in_japanese(notes).tolist() == [
        "", "位置不明", "設備容量が 0", "連系の選択肢なし",
        "接続可能な電圧の変電所なし；空容量不足で次点: 変電所 S、送電線 北、ほか 3 件",
        "空容量なし: 変電所 substation-1",
    ]  # fmt: skip
    plain = pd.Series(list(NOTES))
    assert_series_equal(room_notes_in_japanese(plain), notes_in_japanese(plain))


def test_input_is_left_alone() -> None:
    near, room = lines(143.03), table("line", L0=4000)
    farms, before = FARMS.copy(), (near.copy(), room.copy())
    quietly(near, free_capacity=room)
    assert_frame_equal(FARMS, farms)
    assert_frame_equal(near, before[0])
    assert_frame_equal(room, before[1])
