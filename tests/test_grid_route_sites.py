"""Routes of a layer of sites to lines of chosen classes, with the columns of the sites."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, Point, box

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerError, ModelInputError
from hokkaido_gis.grid.cost_surface import CostSurface, even_surface, multiply_within
from hokkaido_gis.grid.route import routes_to_lines
from hokkaido_gis.grid.route_sites import (
    NOTES,
    REPORT_CLASSES,
    lines_of_classes,
    route_notes_in_japanese,
    route_sites,
)
from hokkaido_gis.readers.lines import read_lines

LINES = gpd.GeoDataFrame(
    {"voltages": ["66"], "is_hvdc": [False]},
    index=["幹線"],
    geometry=[LineString([(143.1, 42.9), (143.1, 43.1)])],
    crs=6668,
)
SITES = gpd.GeoDataFrame(
    {"name": ["西", "上", "なし"]},
    index=[10, 20, 30],
    geometry=[Point(143.0, 43), Point(143.1, 43), None],
    crs=6668,
)


@pytest.fixture(scope="module")
def surface() -> CostSurface:
    return even_surface(LINES, cell_m=500, margin_km=15)


def test_the_report_allows_66_kv_and_less_from_2000_kw() -> None:
    assert REPORT_CLASSES == ("33 kV and less", "66 kV")


@pytest.mark.parametrize(
    ("classes", "chosen"),
    [
        (REPORT_CLASSES, ["both", "low"]),
        (["187 kV"], ["both", "high"]),
        (["275 kV", "33 kV and less"], ["low"]),
        (["other"], ["odd"]),
    ],
)
def test_a_line_of_several_voltages_stands_in_each_class(
    classes: list[str], chosen: list[str]
) -> None:
    lines = gpd.GeoDataFrame(
        {"voltages": ["187;66", "33", "187", "250", None, "66", "154"],
         "is_hvdc": [False, False, False, True, None, True, None]},
        index=["both", "low", "high", "direct", "unknown", "cable", "odd"],
    )  # fmt: skip
    assert lines_of_classes(lines, classes).index.tolist() == chosen


def test_labels_that_stand_twice_are_kept_apart() -> None:
    lines = gpd.GeoDataFrame({"voltages": ["66", "187"], "is_hvdc": False}, index=["x", "x"])
    assert lines_of_classes(lines)["voltages"].tolist() == ["66"]


def test_every_line_of_the_sample_is_in_its_class_by_the_highest_voltage() -> None:
    lines = read_lines(sample_data() / "lines.geojson")
    single = lines[~lines["voltages"].str.contains(";", na=True) & ~lines["is_hvdc"]]
    for name in single["voltage_class"].dropna().unique():
        expected = single.index[single["voltage_class"] == name]
        assert lines_of_classes(single, [name]).index.tolist() == expected.tolist()


def test_classes_that_are_not_there() -> None:
    with pytest.raises(ModelInputError, match=r"no voltage class '66kV'; .* 33 kV and less, 66 kV"):
        lines_of_classes(LINES, ["66kV"])
    with pytest.raises(ModelInputError, match="no voltage class 'HVDC'"):
        lines_of_classes(LINES, ["HVDC"])
    with pytest.raises(LayerError, match=r"none has a voltage of the classes 187 kV; they have 66"):
        lines_of_classes(LINES, ["187 kV"])
    with pytest.raises(LayerError, match="none is known"):
        lines_of_classes(LINES.assign(voltages=None))


def test_routes_carry_the_columns_of_their_sites(surface: CostSurface) -> None:
    found = route_sites(SITES, LINES, surface)
    plain = routes_to_lines(SITES, LINES, surface)
    assert list(found.columns) == [
        "name", "line_id", "line_km", "cost_million_yen", "note", "geometry",
    ]  # fmt: skip
    assert found["name"].tolist() == ["西", "上", "なし"]
    assert_frame_equal(
        pd.DataFrame(found[["line_id", "line_km", "cost_million_yen", "note"]]),
        pd.DataFrame(plain[["line_id", "length_km", "cost_million_yen", "reason"]]).set_axis(
            ["line_id", "line_km", "cost_million_yen", "note"], axis=1
        ),
    )
    # A degree of longitude is some 81.5 km there; 12 million yen/km.
    assert found.loc[10, "line_km"] == pytest.approx(8.15, abs=0.3)
    assert found.loc[10, "cost_million_yen"] == pytest.approx(12 * found.loc[10, "line_km"])
    assert found.loc[20, ["line_km", "cost_million_yen", "note"]].tolist() == [0, 0, ""]
    assert np.isnan(found.loc[30, "line_km"])
    assert found["geometry"].isna().tolist() == [False, True, True]
    assert found.crs == "EPSG:6668"


def test_every_reason_has_its_japanese(surface: CostSurface) -> None:
    ring = box(142.98, 42.98, 143.02, 43.02) - box(142.99, 42.99, 143.01, 43.01)
    fence = gpd.GeoDataFrame(geometry=[ring], crs=6668)
    fenced = multiply_within(surface, fence)
    sites = gpd.GeoDataFrame(
        geometry=[None, Point(140, 43), Point(143, 43), Point(142.985, 43)], crs=6668
    )
    far = LINES.set_geometry([LineString([(150, 43), (150, 44)])], crs=6668)
    notes = pd.concat(
        [route_sites(sites, LINES, fenced)["note"], route_sites(sites[2:3], far, surface)["note"]]
    )
    assert set(notes) == set(NOTES)
    assert route_notes_in_japanese(notes).tolist() == [NOTES[note] for note in notes]
    assert route_notes_in_japanese(pd.Series([""])).tolist() == [""]


def test_columns_of_the_same_names_are_refused(surface: CostSurface) -> None:
    with pytest.raises(LayerError, match="its columns Line_ID are named like those of the result"):
        route_sites(SITES.assign(Line_ID=1), LINES, surface)


def test_input_is_left_alone(surface: CostSurface) -> None:
    sites, lines = SITES.copy(), LINES.copy()
    route_sites(SITES, LINES, surface)
    lines_of_classes(LINES)
    assert_frame_equal(SITES, sites)
    assert_frame_equal(LINES, lines)
