"""Cheapest connections: hand-worked cases, rules and costs as tables, and input that is wrong."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import LineString, Point, box

from hokkaido_gis.errors import (
    CRSError,
    LayerError,
    LayerWarning,
    ModelInputError,
    TableError,
)
from hokkaido_gis.grid.connect import (
    COLUMNS,
    NOTES,
    connect_to_grid,
    connection_segments,
    notes_in_japanese,
    solar_capacity,
    with_connections,
)
from hokkaido_gis.grid.costs import REPORT_COSTS, ClassCost, ConnectionCosts
from hokkaido_gis.grid.options import COLUMNS as OPTION_COLUMNS
from hokkaido_gis.grid.options import connection_options
from hokkaido_gis.grid.rules import REPORT_RULES, WIND_FARM_RULES, CapacityRules
from hokkaido_gis.readers.lines import read_lines
from hokkaido_gis.readers.substations import read_substations
from hokkaido_gis.voltage import VOLTAGE_CLASSES

GRS80 = Geod(ellps="GRS80")
WIDE = ["required_kv", "line_id", "line_kv", "line_km", "substation_id", "substation_kv",
        "substation_km", "cost_million_yen"]  # fmt: skip


def layer(shapes, index=None, crs="EPSG:6668", **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs=crs)


def meridian(lon: float) -> LineString:
    return LineString([(lon, 42.5), (lon, 43.5)])


@pytest.fixture
def sites() -> gpd.GeoDataFrame:
    return layer([Point(143, 43), Point(143.5, 43)], ["a", "b"], kw=[3000.0, 1999.0])


@pytest.fixture
def lines() -> gpd.GeoDataFrame:
    return layer(
        [meridian(143.1), meridian(143.15), meridian(143.02)], ["l33", "l66", "l187"],
        kv=[33.0, 66.0, 187.0],
    )  # fmt: skip


@pytest.fixture
def substations() -> gpd.GeoDataFrame:
    return layer(
        [Point(143.2, 43), Point(143.01, 43)], ["s66", "s6"], kv=[66.0, 6.6], voltages=["66", "6.6"]
    )


def test_the_rule_of_the_report(sites, lines, substations):
    found = connect_to_grid(sites, lines, substations, capacity_kw="kw")
    assert found.columns.tolist() == [*WIDE, "connects_to", "note"] == list(COLUMNS)
    assert found.index.tolist() == ["a", "b"]
    km = {lon: GRS80.inv(143, 43, lon, 43)[2] / 1000 for lon in (143.1, 143.2)}
    a, b = found.loc["a"], found.loc["b"]
    assert a[["required_kv", "line_id", "line_kv"]].tolist() == [33, "l33", 33]
    # The foot of the geodesic on the meridian lies a few metres off the parallel.
    assert a["line_km"] == pytest.approx(km[143.1], rel=1e-5)
    assert a[["substation_id", "substation_kv"]].tolist() == ["s66", 66]
    assert a["substation_km"] == pytest.approx(km[143.2], rel=1e-12)
    assert a["cost_million_yen"] == pytest.approx(12 * a["line_km"])
    assert a[["connects_to", "note"]].tolist() == ["line", ""]
    # Below 2,000 kW the distribution network is taken as present, 500 m away.
    assert b[["required_kv", "line_kv", "line_km", "cost_million_yen"]].tolist() == [
        6.6,
        6.6,
        0.5,
        6,
    ]
    assert b[["line_id", "substation_id"]].isna().all()
    assert b["connects_to"] == "distribution"
    assert b["note"] == "distribution network taken as present"


@pytest.mark.parametrize(
    ("kw", "kv"), [(0, 6.6), (1999.99, 6.6), (2000, 33), (4 * 500, 33), (1e6, 33)]
)
def test_bands_hold_their_lower_end(sites, lines, kw, kv):
    assert connect_to_grid(sites, lines, capacity_kw=kw)["required_kv"].tolist() == [kv, kv]


def test_rules_without_a_band_are_refused():
    with pytest.raises(TableError, match="there is no band"):
        CapacityRules(())
    with pytest.raises(TableError, match="there is no band"):
        CapacityRules.from_table(
            pd.DataFrame(columns=["from_kw", "to_kw", "required_kv", "classes"])
        )


def test_the_cheapest_is_not_the_nearest(sites, lines):
    costs = pd.DataFrame(
        {"voltage_class": ["33 kV and less", "66 kV", "distribution"],
         "million_yen_per_km": [30, 12, 12]}
    )  # fmt: skip
    options = connection_options(sites, lines, capacity_kw=5000, costs=costs)
    of_a = options[options["site"] == "a"]
    assert of_a["target"].tolist() == ["l66", "l33"]
    assert of_a["km"].is_monotonic_decreasing
    found = connect_to_grid(sites, lines, capacity_kw=5000, costs=costs).loc["a"]
    assert found["line_id"] == "l66"
    assert found["cost_million_yen"] == pytest.approx(12 * found["line_km"])


def test_a_near_substation_with_a_dear_bay_yields_to_a_line(sites, lines, substations):
    substations = substations.set_geometry([Point(143.05, 43), Point(144, 43)], crs="EPSG:6668")
    near = connect_to_grid(sites, lines, substations, capacity_kw=5000).loc["a"]
    assert near["connects_to"] == "substation"
    assert near["cost_million_yen"] == pytest.approx(12 * near["substation_km"])
    table = REPORT_COSTS.to_table().assign(bay_million_yen=100, tap_million_yen=20)
    dear = connect_to_grid(sites, lines, substations, capacity_kw=5000, costs=table).loc["a"]
    assert dear["connects_to"] == "line"
    assert dear["cost_million_yen"] == pytest.approx(12 * dear["line_km"] + 20)
    assert dear["substation_id"] == "s66"


def test_options_keep_to_their_columns_and_order(sites, lines, substations):
    options = connection_options(sites, lines, substations, capacity_kw="kw", k=2)
    assert options.columns.tolist() == list(OPTION_COLUMNS)
    assert options["voltage_class"].dtype == VOLTAGE_CLASSES
    assert options[["site", "kind", "target"]].fillna("").to_numpy().tolist() == [
        ["a", "line", "l33"], ["a", "line", "l66"], ["a", "substation", "s66"],
        ["b", "distribution", ""],
    ]  # fmt: skip


def test_equal_ways_stand_in_the_order_of_their_labels(sites):
    lines = layer([meridian(143.1)] * 3, ["z", "x", "y"], kv=[66.0] * 3)
    options = connection_options(sites.iloc[:1], lines, capacity_kw=5000)
    assert options["target"].tolist() == ["x", "y", "z"]


def test_every_voltage_of_a_station_counts(sites, lines):
    stations = layer(
        [Point(143.01, 43), Point(143.02, 43)], ["two", "dc"], kv=[187.0, 250.0],
        voltages=["187;66", "250"],
    )  # fmt: skip
    found = connect_to_grid(sites, lines, stations, capacity_kw=5000).loc["a"]
    assert found[["substation_id", "substation_kv"]].tolist() == ["two", 66]
    wind = connect_to_grid(sites, lines, stations, capacity_kw=3e5, rules=WIND_FARM_RULES).loc["a"]
    assert wind[["line_id", "substation_id", "substation_kv"]].tolist() == ["l187", "two", 187]


def test_direct_current_is_never_allowed(sites):
    lines = layer(
        [meridian(143.01), meridian(143.02), meridian(143.2)], ["dc", "told", "ac"],
        kv=[250.0, 66.0, 66.0], is_hvdc=[True, True, False],
        voltage_class=pd.Categorical(["HVDC", "HVDC", "66 kV"], dtype=VOLTAGE_CLASSES),
    )  # fmt: skip
    assert connect_to_grid(sites, lines, capacity_kw=9000)["line_id"].tolist() == ["ac", "ac"]
    bare = lines.drop(columns="is_hvdc")
    assert connect_to_grid(sites, bare, capacity_kw=9000)["line_id"].tolist() == ["ac", "ac"]


def test_lines_without_voltage_are_kept_apart_and_counted(sites, lines):
    lines.loc["l33", "kv"] = np.nan
    with pytest.warns(LayerWarning, match=r"lines: 1 of 3 have no voltage .*l33"):
        found = connect_to_grid(sites, lines, capacity_kw=3000)
    assert found["line_id"].tolist() == ["l66", "l66"]


def test_no_line_of_an_allowed_class_is_said_site_by_site(sites, lines, substations):
    found = connect_to_grid(sites, lines.loc[["l187"]], substations.loc[["s6"]], capacity_kw=5000)
    assert found[WIDE[1:]].isna().all(axis=None)
    assert found["connects_to"].isna().all()
    note = "no line of an allowed class; no substation of an allowed class"
    assert found["note"].tolist() == [note, note]
    assert found["required_kv"].tolist() == [33, 33]


def test_another_island_has_no_line_within_the_limit(lines):
    sites = layer([Point(139.45, 42.15), Point(143, 43)], ["奥尻", "本島"])
    found = connect_to_grid(sites, lines, capacity_kw=5000, max_km=100)
    assert found["line_id"].isna().tolist() == [True, False]
    assert found["note"].tolist() == ["no line within max_km", ""]
    assert connect_to_grid(sites, lines, capacity_kw=5000)["line_km"]["奥尻"] > 250


def test_distribution_lines_are_measured_where_they_are_given(sites, lines):
    layer_of_network = layer([meridian(143.501), meridian(143.6)], [7, 8], kv=[6.6, 6.6])
    found = connect_to_grid(sites, lines, capacity_kw=100, distribution=layer_of_network, max_km=20)
    assert found["line_id"].fillna(-1).tolist() == [-1, 7]
    assert found["note"].tolist() == ["no distribution line within max_km", ""]
    expected = GRS80.inv(143.5, 43, 143.501, 43)[2] / 1000
    assert found["line_km"]["b"] == pytest.approx(expected, rel=1e-6)
    two = connect_to_grid(sites, lines, capacity_kw=100, distribution=2.0)
    assert two["line_km"].tolist() == [2, 2]


def test_missing_capacities_and_places_stay_missing(lines):
    sites = layer([Point(143, 43), None, Point(), Point(143, 43)], list("abcd"))
    capacity = pd.Series([np.nan, 5000, 100, 60_000], list("abcd"))
    rules = REPORT_RULES.to_table().assign(to_kw=[2000, 50_000])
    found = connect_to_grid(sites, lines, capacity_kw=capacity, rules=rules)
    assert found["cost_million_yen"].isna().all()
    assert found["note"].tolist() == [
        "no capacity", "no geometry", "no geometry", "no rule for this capacity",
    ]  # fmt: skip
    assert "" not in notes_in_japanese(found["note"]).tolist()


@pytest.mark.parametrize(
    ("capacity", "message"),
    [
        (-1, r"row a: -1 kW is negative. row b: -1 kW is negative"),
        (pd.Series([1, -5], ["a", "b"]), r"row b: -5 kW is negative"),
        (pd.Series(["x", "5"], ["a", "b"]), r"row a: 'x' is no number"),
    ],
)
def test_capacities_that_are_none_are_refused(sites, lines, capacity, message):
    with pytest.raises(ModelInputError, match=message):
        connect_to_grid(sites, lines, capacity_kw=capacity)


def test_layers_that_cannot_be_used_are_refused(sites, lines):
    with pytest.raises(LayerError, match="no column 'mw' of capacities; they have kw"):
        connect_to_grid(sites, lines, capacity_kw="mw")
    with pytest.raises(LayerError, match="on the index of the features"):
        connect_to_grid(sites, lines, capacity_kw=pd.Series([1.0, 2.0]))
    with pytest.raises(LayerError, match=r"lines: it has no column 'kv'.*read_lines"):
        connect_to_grid(sites, lines.drop(columns="kv"), capacity_kw=1)
    with pytest.raises(LayerError, match="features: labels are given twice in its index: a"):
        connect_to_grid(sites.set_axis(["a", "a"]), lines, capacity_kw=1)
    for wrong in ((sites.set_crs(None, allow_override=True), lines),
                  (sites, lines.set_crs(None, allow_override=True))):  # fmt: skip
        with pytest.raises(CRSError, match="it has no CRS"):
            connect_to_grid(*wrong, capacity_kw=1)
    with pytest.raises(CRSError, match="looks like metres"):
        connect_to_grid(sites.to_crs(6680).set_crs(6668, allow_override=True), lines,
                        capacity_kw=5000)  # fmt: skip
    with pytest.raises(ModelInputError, match=r"distribution must be 0 km .* max_km must be more"):
        connect_to_grid(sites, lines, capacity_kw=1, distribution=-1.0, max_km=0)
    costs = ConnectionCosts({"distribution": ClassCost()})
    with pytest.raises(ModelInputError, match="the rules allow 33 kV and less, 66 kV, which"):
        connect_to_grid(sites, lines, capacity_kw=1, costs=costs)


def test_projected_and_geographic_layers_mix(sites, lines, substations):
    plain = connect_to_grid(sites, lines, substations, capacity_kw=5000)
    mixed = connect_to_grid(
        sites.to_crs(6680), lines.to_crs(32654), substations.to_crs(3857), capacity_kw=5000
    )
    pd.testing.assert_frame_equal(mixed, plain, rtol=1e-6)


@pytest.mark.parametrize("empty", ["sites", "lines", "both"])
def test_empty_layers(sites, lines, empty):
    sites = sites.iloc[:0] if empty != "lines" else sites
    lines = lines.iloc[:0] if empty != "sites" else lines
    found = connect_to_grid(sites, lines, lines, capacity_kw=5000)
    assert found.index.tolist() == sites.index.tolist()
    assert found["line_km"].isna().all()
    assert set(found["note"]) <= {"no line of an allowed class; no substation of an allowed class"}
    assert len(connection_options(sites, lines, capacity_kw=5000)) == 0
    assert connection_segments(sites, lines, lines, found).empty


def test_input_is_left_alone(sites, lines, substations):
    before = [each.copy(deep=True) for each in (sites, lines, substations)]
    connect_to_grid(sites, lines, substations, capacity_kw="kw")
    for one, other in zip(before, (sites, lines, substations), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_whole_number_labels_stay_whole(sites, lines):
    found = connect_to_grid(sites, lines.set_axis([10, 20, 30]), capacity_kw="kw")
    assert str(found["line_id"].dtype) == "Int64"
    assert found["line_id"].fillna(-1).tolist() == [10, -1]


def test_segments_are_drawn_for_what_was_chosen(sites, lines, substations):
    found = connect_to_grid(sites, lines, substations, capacity_kw=5000)
    drawn = connection_segments(sites, lines, substations, found)
    assert drawn.index.tolist() == ["a", "b"]
    assert drawn["kind"].tolist() == ["line", "substation"]
    assert drawn["target"].tolist() == ["l33", "s66"]
    lengths = [GRS80.geometry_length(shape) / 1000 for shape in drawn.geometry]
    np.testing.assert_allclose(lengths, drawn["km"], rtol=1e-9)


def test_columns_of_the_layer_are_kept_and_none_is_overwritten(sites, lines):
    found = connect_to_grid(sites, lines, capacity_kw="kw")
    both = with_connections(sites, found)
    assert both.columns.tolist() == ["kw", "geometry", *COLUMNS]
    with pytest.raises(LayerError, match="columns LINE_ID are named like those of the result"):
        with_connections(sites.assign(LINE_ID=1), found)


def test_solar_on_four_hectares_needs_a_line():
    field = gpd.GeoSeries([box(0, 0, 200, 200)], crs=6680).to_crs(6668)
    capacity = solar_capacity(gpd.GeoDataFrame(geometry=field))
    # 500 kW/ha; a plane coordinate system's metre is the ellipsoid's within 0.01 % at its centre.
    assert capacity.item() == pytest.approx(2000, rel=1e-3)
    with pytest.raises(LayerError, match="rows p are no polygons"):
        solar_capacity(layer([Point(143, 43)], ["p"]))


def test_rules_as_tables_go_round():
    for rules in (REPORT_RULES, WIND_FARM_RULES):
        assert CapacityRules.from_table(rules.to_table()) == rules
        assert CapacityRules.from_table(rules.to_table().iloc[::-1].astype(str)) == rules
    assert ConnectionCosts.from_table(REPORT_COSTS.to_table()) == REPORT_COSTS


def test_all_faults_of_the_rules_are_told_at_once():
    table = pd.DataFrame(
        {"from_kw": [0, 100, 500, 900], "to_kw": [200, 400, 900, 800],
         "required_kv": [6.6, 0, 66, 66],
         "classes": ["distribution", "66 kV", "66kV;HVDC", ""]}
    )  # fmt: skip
    with pytest.raises(TableError) as told:
        CapacityRules.from_table(table)
    for fault in (
        "an overlap between band 1, which ends at 200 kW", "a gap between band 2",
        "band 2 (100 to 400 kW) requires 0 kV", "allows '66kV', 'HVDC'",
        "band 4 (900 to 800 kW) is empty", "band 4 (900 to 800 kW) allows no class",
    ):  # fmt: skip
        assert fault in str(told.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"from_kw": ["zero", "2000"]}, "row 0: from_kw is 'zero'; a number is expected"),
        ({"required_kv": [None, "x"]}, r"row 0: required_kv .*row 1: required_kv is 'x'"),
        ({"to_kw": ["2000", "all"]}, "row 1: to_kw is 'all'"),
    ],
)
def test_rules_that_are_no_numbers(change, message):
    with pytest.raises(TableError, match=message):
        CapacityRules.from_table(REPORT_RULES.to_table().assign(**change))
    with pytest.raises(TableError, match="no column classes"):
        CapacityRules.from_table(REPORT_RULES.to_table().drop(columns="classes"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"class": ["66 kV"]}, "no column 'voltage_class'.*columns class are none of"),
        ({"voltage_class": ["66 kV", "66 kV"]}, "given twice: 66 kV"),
        ({"voltage_class": ["HVDC"]}, "class 'HVDC' is none of"),
        ({"voltage_class": ["66 kV"], "circuits": [0]}, "circuits must be a finite number"),
        ({"voltage_class": ["66 kV"], "bay_million_yen": ["x"]}, "row 0: bay_million_yen is 'x'"),
        (
            {"voltage_class": ["66 kV"], "circuits": [-1], "tap_million_yen": [-2]},
            "circuits must be .* got -1.*tap_million_yen must be .* got -2",
        ),
    ],
)
def test_costs_that_are_wrong(table, message):
    with pytest.raises(TableError, match=message):
        ConnectionCosts.from_table(pd.DataFrame(table))


places = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda xy: Point(142 + xy[0] / 20, 42 + xy[1] / 20)
)
priced = st.tuples(st.sampled_from([33.0, 66.0]), places)


@settings(max_examples=25)
@given(
    st.lists(places, min_size=1, max_size=4), st.lists(priced, min_size=1, max_size=6),
    st.lists(priced, max_size=6), st.tuples(*[st.integers(1, 40)] * 4),
)  # fmt: skip
def test_the_cheapest_of_all_ways_is_chosen(points, ends, stations, prices):
    sites = layer(points)
    lines = layer([place for _, place in ends], kv=[kv for kv, _ in ends])
    subs = layer([place for _, place in stations], kv=[kv for kv, _ in stations])
    table = pd.DataFrame({
        "voltage_class": ["33 kV and less", "66 kV", "distribution"],
        "million_yen_per_km": [*prices[:2], 1], "bay_million_yen": [*prices[2:], 0],
    })  # fmt: skip
    found = connect_to_grid(sites, lines, subs, capacity_kw=9000, costs=table)
    options = connection_options(sites, lines, subs, capacity_kw=9000, costs=table, k=12)
    assert len(options) == len(points) * (len(ends) + len(stations))
    for site, point in enumerate(points):
        costs = []
        for is_station, targets in ((False, ends), (True, stations)):
            for kv, place in targets:
                km = GRS80.inv(point.x, point.y, place.x, place.y)[2] / 1000
                which = 0 if kv == 33 else 1
                costs.append(km * prices[which] + (prices[2 + which] if is_station else 0))
        assert found["cost_million_yen"][site] == pytest.approx(min(costs), abs=1e-9)
        listed = options.loc[options["site"] == site, "cost_million_yen"]
        np.testing.assert_allclose(listed, sorted(costs), rtol=1e-9, atol=1e-9)


def test_real_layers_connect_in_full(real_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        lines = read_lines(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
        stations = read_substations(real_data("osm-power/hokkaido_substations.geojson"))
        random = np.random.default_rng(4)
        corners = random.uniform([141, 42], [145, 45], (200, 2))
        fields = layer([box(x, y, x + 0.0025, y + 0.0018) for x, y in corners])
        found = connect_to_grid(fields, lines, stations, capacity_kw=3e5, rules=WIND_FARM_RULES)
        options = connection_options(
            fields, lines, stations, capacity_kw=3e5, rules=WIND_FARM_RULES
        )
    assert found["line_kv"].isin([187, 275]).all()
    assert found["substation_kv"].isin([187, 275]).all()
    first = options.drop_duplicates("site").set_index("site")
    np.testing.assert_array_equal(found["cost_million_yen"], first["cost_million_yen"])
    assert found["connects_to"].tolist() == first["kind"].tolist()
    assert set(found["note"]) <= {"", *NOTES}


def test_costs_of_no_class_and_of_impossible_ones_are_refused():
    with pytest.raises(TableError) as caught:
        ConnectionCosts({})
    assert caught.value.faults == ("there is no class.",)
    with pytest.raises(TableError) as caught:
        ConnectionCosts({"66 kV": ClassCost(12.0, 0.0, -1.0, np.inf), "50 kV": ClassCost()})
    impossible = "must be a finite number, not negative; got"
    assert [fault.removesuffix(".") for fault in caught.value.faults][:3] == [
        f"66 kV: circuits {impossible} 0",
        f"66 kV: bay_million_yen {impossible} -1",
        f"66 kV: tap_million_yen {impossible} inf",
    ]
    assert caught.value.faults[3].startswith("class '50 kV' is none of 33 kV and less, 66 kV")
