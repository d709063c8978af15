"""The reader of power lines, on real extracts and on everything that may be wrong."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point, box

from hokkaido_gis.errors import LayerError, LayerWarning
from hokkaido_gis.io.vector import write_vector
from hokkaido_gis.readers.features import feature_ids
from hokkaido_gis.readers.lines import COLUMNS, read_lines
from hokkaido_gis.voltage import VOLTAGE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LINE = LineString([(141, 43), (142, 43)])
OTHER = LineString([(141, 44), (142, 44)])
THIRD = LineString([(141, 45), (142, 45)])
OURS = ["name", "kind", "kv", "voltages", "voltage_class", "circuits", "frequency_hz", "is_hvdc",
        "operator", "geometry"]  # fmt: skip


def faults_of(source: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        read_lines(source, **options)
    assert str(caught.value).startswith(f"{source}: ")
    return caught.value.faults


def read_and_hear(source: Path, **options: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The lines, and what was told of them."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        lines = read_lines(source, **options)
    assert all(each.category is LayerWarning for each in told)
    messages = [str(each.message) for each in told]
    assert all(message.startswith(f"{source}: ") for message in messages)
    return lines, [message.removeprefix(f"{source}: ") for message in messages]


# --- real extracts --------------------------------------------------------------------------------


def test_openstreetmap_extract(real_data: Callable[[str], Path]) -> None:
    lines, told = read_and_hear(real_data("osm-power/hokkaido_lines_154kv_and_up.geojson"))
    assert len(lines) == 892 - 10
    assert len(told) == 1
    assert told[0].startswith("10 of 892 lines have no length")
    assert lines["kv"].value_counts().to_dict() == {187: 720, 275: 151, 250: 11}
    assert lines["is_hvdc"].sum() == 11
    assert (lines["voltage_class"] == "HVDC").equals(lines["is_hvdc"])
    assert lines["name"].notna().all()
    assert lines.crs.to_epsg() == 6668


def test_network_extract_has_no_voltages(real_data: Callable[[str], Path]) -> None:
    lines, told = read_and_hear(real_data("osm-power/hokkaido_network_lines_detailed.geojson"))
    assert len(lines) == 316
    assert len(told) == 1
    assert told[0].startswith("it has no column of voltages: all 316 stay missing")
    assert lines["kv"].isna().all()
    assert lines["voltage_class"].isna().all()
    assert not lines["is_hvdc"].any()


# --- what comes out -------------------------------------------------------------------------------


@pytest.fixture
def overpass(save: Callable[..., Path]) -> Path:
    return save(
        "lines.geojson",
        [LINE, OTHER, THIRD],
        id=["way/1", "way/2", "way/3"],
        power=["line", "cable", "minor_line"],
        name=["道央幹線", None, "町線"],
        voltage=["187000;66000", "250000", "6600"],
        circuits=["2", None, "1"],
        frequency=["50", "0", None],
        operator=["北海道電力ネットワーク", "電源開発", None],
    )


def test_lines_of_openstreetmap(overpass: Path) -> None:
    lines = read_lines(overpass)
    assert lines.columns.tolist() == OURS
    assert lines.index.tolist() == ["way/1", "way/2", "way/3"]
    assert lines.index.name == "line_id"
    assert lines["name"].fillna("").tolist() == ["道央幹線", "", "町線"]
    assert lines["kind"].tolist() == ["line", "cable", "minor_line"]
    assert lines["kv"].tolist() == [187, 250, 6.6]
    assert lines["voltages"].tolist() == ["187;66", "250", "6.6"]
    assert lines["voltage_class"].tolist() == ["187 kV", "HVDC", "33 kV and less"]
    assert lines["voltage_class"].dtype == VOLTAGE_CLASSES
    assert lines["circuits"].fillna(-1).tolist() == [2, -1, 1]
    assert lines["frequency_hz"].fillna(-1).tolist() == [50, 0, -1]
    assert lines["is_hvdc"].tolist() == [False, True, False]
    assert lines.crs.to_epsg() == 6668


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet", ".fgb"])
def test_what_was_written_is_read_back(overpass: Path, tmp_path: Path, ending: str) -> None:
    lines = read_lines(overpass)
    again = read_lines(write_vector(lines.reset_index(), tmp_path / f"again{ending}"))
    assert again.index.sort_values().tolist() == lines.index.tolist()
    again = again.loc[lines.index]
    assert again.columns.tolist() == OURS
    for column in OURS[:-1]:
        assert again[column].astype(str).tolist() == lines[column].astype(str).tolist()
    assert again.geom_equals(lines).all()


def test_plain_file_with_names_of_its_own(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [LINE, OTHER], DENATSU=[66, 187], MEISHO=["甲", "乙"])
    lines = read_lines(path, columns={"voltage": "DENATSU", "name": "MEISHO"}, voltage_unit="kV")
    assert lines["kv"].tolist() == [66, 187]
    assert lines["name"].tolist() == ["甲", "乙"]
    assert lines.index.tolist() == ["0", "1"]


@pytest.mark.parametrize("column", ["kv", "KV", "voltage_kv", "電圧（ｋＶ）", "vn_kv"])
def test_column_that_states_kilovolts(save: Callable[..., Path], column: str) -> None:
    assert read_lines(save("a.gpkg", [LINE], **{column: [66.0]}))["kv"].tolist() == [66]


def test_unit_of_a_column_that_states_none_is_worked_out_and_told(
    save: Callable[..., Path],
) -> None:
    lines, told = read_and_hear(save("a.gpkg", [LINE, OTHER], voltage=["66", "187"]))
    assert lines["kv"].tolist() == [66, 187]
    assert len(told) == 1
    assert "taken as kilovolts; voltage_unit='V'" in told[0]


def test_multilines_are_kept_and_heights_dropped(save: Callable[..., Path]) -> None:
    parts = MultiLineString([[(141, 43, 5), (142, 43, 5)], [(141, 44, 5), (142, 44, 5)]])
    lines = read_lines(save("a.geojson", [parts], voltage=["66000"]))
    assert lines.geom_type.tolist() == ["MultiLineString"]
    assert not lines.has_z.any()


def test_direct_current_by_frequency_by_text_and_by_voltage(save: Callable[..., Path]) -> None:
    lines = read_lines(
        save(
            "a.geojson",
            [LINE, LINE, LINE, LINE],
            voltage=["187000", "DC 100 kV", "250000", "250000"],
            frequency=["0", None, None, "50"],
        )
    )
    assert lines["is_hvdc"].tolist() == [True, True, True, False]
    assert lines["voltage_class"].tolist() == ["HVDC", "HVDC", "HVDC", "other"]


def test_layer_in_another_crs_is_moved(save: Callable[..., Path]) -> None:
    frame = gpd.GeoSeries([LINE], crs="EPSG:6668").to_crs("EPSG:6680")
    lines = read_lines(save("a.gpkg", list(frame), crs="EPSG:6680", voltage=["66000"]))
    np.testing.assert_allclose(lines.total_bounds, LINE.bounds, atol=1e-9)


# --- ids ------------------------------------------------------------------------------------------


def test_ids_given_twice_are_numbered_on_and_told(save: Callable[..., Path]) -> None:
    path = save("a.geojson", [LINE] * 4, id=["a", "a", "a-2", "a"], voltage=["66000"] * 4)
    lines, told = read_and_hear(path)
    assert lines.index.tolist() == ["a", "a-3", "a-2", "a-4"]
    assert told == ["2 ids occur before and are numbered on (a as a-3, a as a-4)."]


def test_one_id_for_all_is_numbered_on_in_no_time() -> None:
    raw = pd.DataFrame({"id": [0] * 50_000})
    with pytest.warns(LayerWarning, match="49999 ids occur before"):
        ids = feature_ids(raw, "id", "line_id", "a")
    assert ids.is_unique
    assert (ids[0], ids[-1]) == ("0", "0-50000")


@given(st.lists(st.sampled_from(["a", "a-2", "a-2-2", "b", "row-1", None]), min_size=1))
def test_ids_are_unique_and_first_ones_kept(given_ids: list[str | None]) -> None:
    raw = pd.DataFrame({"id": given_ids}, dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        ids = feature_ids(raw, "id", "line_id", "a")
    assert ids.is_unique
    assert {each for each in given_ids if each} <= set(ids)


def test_missing_ids_are_named_by_row_and_told(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [LINE] * 3, osm_id=[7.0, None, 9.0], voltage=["66000"] * 3)
    lines, told = read_and_hear(path)
    assert lines.index.tolist() == ["7", "row-1", "9"]
    assert told == ["1 features have no id and are named by their row."]


def test_blank_ids_are_none(save: Callable[..., Path]) -> None:
    path = save("a.geojson", [LINE] * 2, osm_id=["", " "], voltage=["66000"] * 2)
    assert read_lines(path).index.tolist() == ["0", "1"]


def test_ways_and_relations_are_numbered_apart(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [LINE] * 2, osm_id=[5, 5], osm_type=["way", "relation"], kv=[66, 66])
    assert read_lines(path).index.tolist() == ["way/5", "relation/5"]


# --- set aside ------------------------------------------------------------------------------------


def test_lines_without_length_are_dropped_and_named(tmp_path: Path) -> None:
    shapes = [
        {"type": "LineString", "coordinates": [[141, 43], [142, 43]]},
        {"type": "LineString", "coordinates": [[141, 43], [141, 43]]},
        {"type": "LineString", "coordinates": []},
        None,
    ]
    features = [
        {"type": "Feature", "properties": {"id": f"w{i}", "voltage": "66000"}, "geometry": shape}
        for i, shape in enumerate(shapes)
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    lines, told = read_and_hear(path)
    assert lines.index.tolist() == ["w0"]
    assert told == [
        "3 of 4 lines have no length or fewer than two points and are dropped: w1, w2, w3."
    ]


def test_other_things_of_openstreetmap_are_set_aside(save: Callable[..., Path]) -> None:
    path = save(
        "a.geojson",
        [LINE, Point(141, 43), Point(142, 43), box(141, 43, 142, 44), OTHER],
        power=["line", "tower", "tower", "substation", "construction"],
        voltage=["66000", None, None, "66000", "66000"],
    )
    lines, told = read_and_hear(path)
    assert len(lines) == 1
    assert told[0].startswith("4 of 5 features are not line or cable or minor_line")
    assert "tower (2)" in told[0]


def test_power_that_is_a_number_is_another_power(save: Callable[..., Path]) -> None:
    assert len(read_lines(save("a.gpkg", [LINE], power=[30.0], kv=[66.0]))) == 1


def test_numbers_that_are_none_stay_missing_and_are_told(save: Callable[..., Path]) -> None:
    path = save(
        "a.geojson",
        [LINE, OTHER],
        id=["w1", "w2"],
        voltage=["66000", "66000"],
        frequency=["50`", "50"],
        circuits=["2", "2;1"],
    )
    lines, told = read_and_hear(path)
    assert lines["frequency_hz"].fillna(-1).tolist() == [-1, 50]
    assert lines["circuits"].fillna(-1).tolist() == [2, -1]
    assert told == [
        "1 values of 'frequency' are no whole number and stay missing (w1: '50`').",
        "1 values of 'circuits' are no whole number and stay missing (w2: '2;1').",
    ]


# --- refused --------------------------------------------------------------------------------------


def test_all_faults_are_listed_at_once(save: Callable[..., Path]) -> None:
    path = save("a.parquet", [Point(141, 43)], crs=None, power=["tower"])
    faults = faults_of(path, columns={"voltage": "U", "colour": "power"})
    expected = [
        "no column 'U' for voltage; it has power",
        "columns names 'colour'; ours are",
        "column 'power' says tower (1)",
        "it has no CRS",
        "1 features are Point",
    ]
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))


def test_crs_of_a_file_without_one_may_be_given(save: Callable[..., Path]) -> None:
    path = save("a.parquet", [LINE], crs=None, kv=[66.0])
    assert len(read_lines(path, crs="EPSG:6668")) == 1


def test_layer_without_any_length_is_refused(save: Callable[..., Path]) -> None:
    path = save("a.geojson", [LineString([(141, 43), (141, 43)])], kv=[66.0])
    assert faults_of(path) == ("no line has a length. Were the coordinates rounded too far?",)


def test_line_of_one_point_is_no_traceback(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"kv": 66},
            "geometry": {"type": "LineString", "coordinates": c},
        }
        for c in ([[141, 43], [142, 43]], [[141, 43]])
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert "a line of one point" in faults_of(path)[0]


def test_absent_file() -> None:
    with pytest.raises(LayerError, match="there is no such file"):
        read_lines("absent.geojson")


def test_columns_are_our_names() -> None:
    def names() -> Iterator[str]:
        for sources in COLUMNS.values():
            yield from sources

    assert {"_voltage_kv", "voltage", "osm_id"} <= set(names())
