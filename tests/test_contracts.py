"""What every measure promises: the index of its input, the input left alone, few rows or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal, assert_series_equal

from hokkaido_gis.analysis.adjacency import Adjacency, find_adjacency
from hokkaido_gis.analysis.aggregate import explain_sums, with_neighbours
from hokkaido_gis.analysis.proximity import distance_to_point
from hokkaido_gis.criteria import parse_criteria
from hokkaido_gis.potential.biomass import output_from_heat
from hokkaido_gis.siting import evaluate_siting

if TYPE_CHECKING:
    from collections.abc import Callable

STUDY = parse_criteria(
    {
        "rank_by": "heat",
        "criterion": [
            {
                "id": "A",
                "effect": "positive",
                "tests": [{"column": "heat", "op": ">=", "threshold": "mean"}],
            }
        ],
        "knock_out": [{"criterion": "A", "reach": "neighbours"}],
    }
)


def units(rows: int) -> gpd.GeoDataFrame:
    """Unit squares in a row, the last one first, with an index that is named."""
    codes = [f"{1201 + i:05d}" for i in reversed(range(rows))]
    shapes = [shapely.box(141 + i, 43, 142 + i, 44) for i in reversed(range(rows))]
    return gpd.GeoDataFrame(
        {"name": [f"町{code}" for code in codes], "heat": [float(i + 1) for i in range(rows)]},
        geometry=shapes,
        index=pd.Index(codes, name="code", dtype=object),
        crs="EPSG:6668",
    )


def neighbours(frame: gpd.GeoDataFrame) -> Adjacency:
    return find_adjacency(frame)


class Measure(NamedTuple):
    """A public measure as a function of one layer."""

    call: Callable[[gpd.GeoDataFrame], Any]
    one_row: list[object]
    """What it gives for one unit, by column."""


MEASURES = {
    "find_adjacency": Measure(lambda f: find_adjacency(f).counts(), [0]),
    "find_adjacency, tolerance": Measure(lambda f: find_adjacency(f, tolerance=5).counts(), [0]),
    "with_neighbours": Measure(lambda f: with_neighbours(f["heat"], neighbours(f)), [1.0]),
    "explain_sums": Measure(
        lambda f: explain_sums(f["heat"], neighbours(f)), ["町01201", 1.0, 1.0, 0, "", 1.0, ""]
    ),
    "distance_to_point": Measure(lambda f: distance_to_point(f, (141.5, 43.5)), [0.0]),
    "output_from_heat": Measure(
        lambda f: output_from_heat(f["heat"]), [1000 * 0.27 / (3.6 * 8760)]
    ),
    "evaluate_siting": Measure(
        lambda f: evaluate_siting(f, STUDY, adjacency=neighbours(f)),
        ["町01201", "positive", 1, 0, "A", pd.NA, ""],
    ),
}
every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())


@every_measure
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_index_is_kept(measure: Measure, rows: int) -> None:
    frame = units(rows)
    result = measure.call(frame)
    assert result.index.tolist() == frame.index.tolist()
    assert result.index.name == "code"


@every_measure
def test_one_row(measure: Measure) -> None:
    result = measure.call(units(1))
    values = list(result) if isinstance(result, pd.Series) else list(result.iloc[0])
    for value, expected in zip(values, measure.one_row, strict=True):
        assert (value is expected) or value == pytest.approx(expected, abs=1e-9)


@every_measure
def test_empty_input_gives_what_a_full_one_gives_without_rows(measure: Measure) -> None:
    empty, full = measure.call(units(0)), measure.call(units(4))
    assert type(empty) is type(full)
    assert len(empty) == 0
    if isinstance(full, pd.DataFrame):
        assert empty.columns.tolist() == full.columns.tolist()
    else:
        assert empty.name == full.name


@every_measure
def test_input_is_unchanged(measure: Measure) -> None:
    frame = units(4)
    before = frame.copy(deep=True)
    measure.call(frame)
    assert_geodataframe_equal(frame, before)


@every_measure
def test_same_result_twice(measure: Measure) -> None:
    one, two = measure.call(units(4)), measure.call(units(4))
    same = assert_frame_equal if isinstance(one, pd.DataFrame) else assert_series_equal
    same(one, two)
    assert len(one) == 4
