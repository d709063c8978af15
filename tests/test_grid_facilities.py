"""Free capacities joined to lines and substations by id, name and voltage, and shared by them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from hokkaido_gis.errors import JoinError, LayerWarning
from hokkaido_gis.grid.facilities import join_free_capacity, share_room
from hokkaido_gis.grid.room import allocate_room
from hokkaido_gis.readers.lines import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def facilities(*rows: tuple[str, str, str | None, float]) -> pd.DataFrame:
    """Rows of a table of free capacity: kind, name, voltages, free capacity."""
    kinds, names, voltages, free = zip(*rows, strict=True)
    kv = [float(v.split(";")[0]) if v else np.nan for v in voltages]
    return pd.DataFrame(
        {"kind": kinds, "name": names, "kv": kv, "voltages": voltages, "free_kw": free},
        index=pd.Index([f"{name}#{i}" for i, name in enumerate(names)], name="facility"),
    )


def layer(*rows: tuple[str, str | None, str | None]) -> gpd.GeoDataFrame:
    """Features: id, name, voltages."""
    ids, names, voltages = zip(*rows, strict=True)
    kv = [float(v.split(";")[0]) if v else np.nan for v in voltages]
    return gpd.GeoDataFrame(
        {"name": names, "kv": kv, "voltages": voltages},
        index=pd.Index(ids, name="id"),
        geometry=[LineString([(141, 43), (142, 43 + i)]) for i in range(len(ids))],
        crs="EPSG:6668",
    )


def test_names_and_voltages_are_joined_and_audited() -> None:
    table = facilities(
        ("substation", "西野", "187;66", 1.0),
        ("substation", "西野", "66;6.6", 2.0),
        ("substation", "駒ケ岳", None, 3.0),
        ("substation", "北幌", "66", 4.0),
        ("substation", "南", "66", 5.0),
        ("line", "西野線", "66", 6.0),
    )
    features = layer(
        ("w1", "西野変電所", "187;66"),
        ("w2", "駒ヶ岳変電所", "66"),
        ("w3", "北幌", "187"),
        ("w4", None, "66"),
        ("南#4", "別名", "66"),
    )
    joined = join_free_capacity(features, table, kind="substation")
    assert joined.frame["free_kw"].tolist()[:2] == [1, 3]
    assert joined.frame["free_kw"].isna().tolist() == [False, False, True, True, False]
    audit = joined.audit.table
    assert joined.frame.index.equals(features.index)
    assert audit["rule"].tolist()[:5] == ["exact+kv", "variants", "", "", "id"]
    assert audit["note"].tolist()[1:4] == [
        "voltages 66 kV and unknown", "the name is there with 66 kV, not 187 kV", "no name",
    ]  # fmt: skip
    left_over = joined.audit.left_over(left="layer", right="table")
    assert set(left_over["row"]) == {"w3", "w4", "西野#1", "北幌#3"}


def test_a_name_of_several_rows_is_not_joined() -> None:
    table = facilities(("line", "豊富線", "66", 1.0), ("line", "豊富線", "66", 2.0))
    joined = join_free_capacity(layer(("w1", "豊富線", "66")), table, kind="line")
    assert joined.frame["facility"].isna().all()
    assert "several" in joined.audit.table["note"].iloc[0]


def test_sections_of_a_line_share_its_room() -> None:
    table = facilities(("line", "道北幹線", "187", 5.0))
    features = layer(("w1", "道北幹線 (Dohoku)", "187"), ("w2", "道北幹線", "187"))
    joined = join_free_capacity(features, table, kind="line")
    free, also_uses = share_room(joined.frame, "line")
    assert free.to_dict() == {("line", "道北幹線#0"): 5}
    assert also_uses == {("line", each): [("line", "道北幹線#0")] for each in ("w1", "w2")}
    rows = pd.DataFrame(
        [("a", "line", "w1", 1.0), ("b", "line", "w2", 2.0)],
        columns=["site", "kind", "target", "cost_million_yen"],
    )
    found = allocate_room(rows, pd.Series({"a": 3.0, "b": 3.0}), free, also_uses=also_uses)
    assert found.sites["target"].notna().tolist() == [True, False]
    assert found.room.loc[("line", "道北幹線#0"), "left_kw"] == 2


def test_tables_and_layers_that_lack_something_are_refused() -> None:
    table = facilities(("line", "西野線", "66", 1.0))
    with pytest.raises(JoinError, match="no row of kind 'substation'"):
        join_free_capacity(layer(("w1", "西野", "66")), table, kind="substation")
    with pytest.raises(JoinError, match="The layer has no column voltages"):
        join_free_capacity(layer(("w1", "西野", "66")).drop(columns="voltages"), table, kind="line")


def test_real_lines_take_their_trunk_lines(real_data: Callable[[str], Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        lines = read_lines(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
    table = facilities(
        ("line", "道北幹線", "187", 1.0), ("line", "狩勝幹線", "275;187", 2.0),
        ("line", "ない線", "66", 3.0),
    )  # fmt: skip
    joined = join_free_capacity(lines, table, kind="line")
    for name in ("道北幹線", "狩勝幹線"):
        sections = lines["name"].str.startswith(name) & (lines["kv"] == 187)
        assert sections.sum() > 1
        assert joined.frame.loc[sections, "facility"].str.startswith(name).all()
    assert joined.audit.counts["right only"] == 1
    free, _ = share_room(joined.frame, "line")
    assert len(free) == 2
