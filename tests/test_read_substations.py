"""The reader of substations, on real extracts and on everything that may be wrong."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from hokkaido_gis.errors import LayerError, LayerWarning
from hokkaido_gis.io.vector import write_vector
from hokkaido_gis.readers.substations import read_substations, substation_points

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

YARD = box(141, 43, 141.125, 43.125)
OURS = ["name", "kind", "kv", "voltages", "voltage_class", "operator", "geometry"]


def read_and_hear(source: Path, **options: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The substations, and what was told of them."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        substations = read_substations(source, **options)
    assert all(each.category is LayerWarning for each in told)
    return substations, [str(each.message).removeprefix(f"{source}: ") for each in told]


def faults_of(source: Path, **options: Any) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        read_substations(source, **options)
    return caught.value.faults


# --- real extracts --------------------------------------------------------------------------------


def test_openstreetmap_extract(real_data: Callable[[str], Path]) -> None:
    path = real_data("osm-power/hokkaido_substations.geojson")
    substations, told = read_and_hear(path)
    assert len(substations) == 459
    assert told == ["the voltage of 134 of 459 substations is unknown and stays missing."]
    assert substations["voltage_class"].isna().sum() == 134
    assert substations["voltage_class"].value_counts().to_dict() == {
        "66 kV": 213, "187 kV": 44, "33 kV and less": 44, "100-110 kV": 14, "275 kV": 9,
        "HVDC": 1, "other": 0,
    }  # fmt: skip
    assert substations.geom_type.value_counts().to_dict() == {"Polygon": 457, "Point": 2}
    assert substations["kind"].value_counts()["transmission"] == 167
    assert substations.crs.to_epsg() == 6668
    points = substation_points(substations)
    assert points.geom_type.eq("Point").all()
    assert points.intersects(substations).all()


def test_buses_of_the_network(real_data: Callable[[str], Path]) -> None:
    buses, told = read_and_hear(real_data("osm-power/hokkaido_network_buses.geojson"))
    assert len(buses) == 352
    assert told == []
    assert buses["voltage_class"].value_counts().to_dict() == {
        "66 kV": 229, "187 kV": 48, "33 kV and less": 44, "100-110 kV": 18, "275 kV": 11,
        "HVDC": 2, "other": 0,
    }  # fmt: skip


# --- what comes out -------------------------------------------------------------------------------


@pytest.fixture
def mapped(save: Callable[..., Path]) -> Path:
    return save(
        "s.geojson",
        [YARD, Point(142, 43)],
        id=["way/1", "node/2"],
        power=["substation", "substation"],
        substation=["transmission", None],
        name=["西変電所", "東変電所"],
        voltage=["187000;66000", "66 kV"],
        operator=["北海道電力ネットワーク", None],
    )


def test_polygons_and_points_as_given(mapped: Path) -> None:
    substations = read_substations(mapped)
    assert substations.columns.tolist() == OURS
    assert substations.index.tolist() == ["way/1", "node/2"]
    assert substations.index.name == "substation_id"
    assert substations["kind"].fillna("").tolist() == ["transmission", ""]
    assert substations["kv"].tolist() == [187, 66]
    assert substations["voltages"].tolist() == ["187;66", "66"]
    assert substations["voltage_class"].tolist() == ["187 kV", "66 kV"]
    assert substations.geom_type.tolist() == ["Polygon", "Point"]
    assert substations.geometry.iloc[0].equals(YARD)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_what_was_written_is_read_back(mapped: Path, tmp_path: Path, ending: str) -> None:
    substations = read_substations(mapped)
    again = read_substations(write_vector(substations.reset_index(), tmp_path / f"again{ending}"))
    assert again.index.tolist() == substations.index.tolist()
    for column in OURS[:-1]:
        assert again[column].astype(str).tolist() == substations[column].astype(str).tolist()


def test_one_point_each() -> None:
    horseshoe = Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    shapes = [Point(1, 2), horseshoe, MultiPolygon([box(0, 0, 1, 1), box(5, 5, 7, 7)])]
    substations = gpd.GeoDataFrame(geometry=shapes, index=["a", "b", "c"], crs="EPSG:6668")
    points = substation_points(substations)
    assert points.index.tolist() == ["a", "b", "c"]
    assert points.crs == substations.crs
    assert points.iloc[0] == Point(1, 2)
    assert points.within(substations).tolist() == [True, True, True]


def test_names_of_its_own(save: Callable[..., Path]) -> None:
    path = save("a.gpkg", [YARD], U=[66], N=["甲"])
    substations = read_substations(path, columns={"voltage": "U", "name": "N"}, voltage_unit="kV")
    assert substations[["kv", "name"]].to_numpy().tolist() == [[66.0, "甲"]]


# --- set aside, repaired, refused -----------------------------------------------------------------


def test_plants_are_set_aside(save: Callable[..., Path]) -> None:
    path = save(
        "a.geojson",
        [YARD, Point(142, 43), LineString([(141, 43), (142, 43)])],
        power=["substation", "plant", "line"],
        voltage=["66000", None, "66000"],
    )
    substations, told = read_and_hear(path)
    assert len(substations) == 1
    assert len(told) == 1
    assert told[0].startswith("2 of 3 features are not substation or sub_station")


def test_repaired_and_dropped_are_told(save: Callable[..., Path]) -> None:
    bow_tie = Polygon([(142, 44), (143, 45), (143, 44), (142, 45)])
    flat = Polygon([(141, 44), (142, 44), (141, 44)])
    path = save("a.gpkg", [YARD, bow_tie, None, flat], id=list("abcd"), kv=[66.0] * 4)
    substations, told = read_and_hear(path)
    assert substations.index.tolist() == ["a", "b"]
    assert substations.is_valid.all()
    assert [message.split(":")[0] for message in told] == [
        "1 of 4 substations have no geometry and are dropped",
        "2 invalid polygons were repaired",
        "1 of 3 substations have no geometry and are dropped",
    ]


def test_all_faults_are_listed_at_once(save: Callable[..., Path]) -> None:
    path = save("a.parquet", [LineString([(141, 43), (142, 43)])], crs=None, power=["line"])
    faults = faults_of(path, columns={"voltage": "U"})
    expected = ["no column 'U'", "says line (1)", "it has no CRS", "1 features are LineString"]
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))


def test_substations_that_lie_nowhere_are_refused(save: Callable[..., Path]) -> None:
    path = save("a.geojson", [Polygon(), Point()], kv=[66.0, 66.0])
    with pytest.raises(LayerError, match="geometry"):
        read_substations(path)
