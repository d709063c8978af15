"""Matching of segments and vertices, as plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from hokkaido_gis.analysis import contiguity, equal_rows
from hokkaido_gis.analysis.adjacency import find_adjacency
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.readers.municipalities import read_municipalities

if TYPE_CHECKING:
    from hokkaido_gis.analysis.pairs import Pairs


def as_degrees(xy: np.ndarray) -> np.ndarray:
    return xy


def segments_of(*polygons: shapely.Geometry | None) -> contiguity.Segments:
    return contiguity.ring_segments(np.array(polygons, dtype=object))


def pairs_of(pairs: Pairs) -> list[tuple[int, int]]:
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


LEFT, RIGHT = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
ABOVE_RIGHT = shapely.box(2, 1, 3, 2)


def test_segments_have_owner_ring_and_ascending_ends() -> None:
    ringed = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [LEFT.exterior])
    segments = segments_of(LEFT, shapely.MultiPolygon([ringed, shapely.box(5, 5, 6, 6)]))
    assert np.bincount(segments.owner).tolist() == [4, 12]
    assert np.bincount(segments.ring).tolist() == [4, 4, 4, 4]
    assert (segments.ends[:, :2].tolist() <= segments.ends[:, 2:].tolist()) is True
    assert not segments.is_corner().any()


@pytest.mark.parametrize("turned", [False, True])
def test_interior_is_on_the_left_whichever_way_a_ring_was_drawn(turned: bool) -> None:
    segments = segments_of(LEFT.reverse() if turned else LEFT)
    bottom = (segments.ends == [0, 0, 1, 0]).all(axis=1)
    top = (segments.ends == [0, 1, 1, 1]).all(axis=1)
    assert segments.forward[bottom].tolist() == [True]
    assert segments.forward[top].tolist() == [False]


def test_starts_follow_the_ring() -> None:
    starts = segments_of(LEFT).starts()
    assert sorted(map(tuple, starts)) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_missing_and_empty_polygons_have_no_segments() -> None:
    segments = segments_of(None, LEFT, shapely.Polygon())
    assert set(segments.owner.tolist()) == {1}


def test_mates_are_mutual_and_the_rest_has_none() -> None:
    segments = segments_of(LEFT, RIGHT)
    matches = contiguity.match_segments(segments, as_degrees)
    matched = np.flatnonzero(matches.mate >= 0)
    assert pairs_of(matches.borders) == [(0, 1)]
    assert matches.mate[matches.mate[matched]].tolist() == matched.tolist()
    assert segments.ends[matched].tolist() == [[1, 0, 1, 1]] * 2
    assert (matches.mate == -1).sum() == 6


def test_same_side_is_an_overlap_and_several_mates_are_told_apart() -> None:
    matches = contiguity.match_segments(segments_of(LEFT, RIGHT, RIGHT), as_degrees)
    assert pairs_of(matches.borders) == [(0, 1), (0, 2)]
    assert pairs_of(matches.overlaps) == [(1, 2)]
    assert (matches.mate == -2).sum() >= 1


def test_corners_of_a_checkerboard() -> None:
    """The two parts of the first polygon leave room for two others between them."""
    first = shapely.MultiPolygon([LEFT, shapely.box(1, 1, 2, 2)])
    segments = segments_of(first, RIGHT, shapely.box(0, 1, 1, 2))
    mate = contiguity.match_segments(segments, as_degrees).mate
    pairs, _ = contiguity.shared_corners(segments, mate)
    assert (1, 2) in pairs_of(pairs)


def test_corner_pairs_without_any_segment() -> None:
    segments = segments_of(LEFT, RIGHT, ABOVE_RIGHT)
    mate = contiguity.match_segments(segments, as_degrees).mate
    pairs, corners = contiguity.shared_corners(segments, mate)
    assert pairs_of(pairs) == [(0, 1), (1, 2)]
    assert len(corners.owner) == 0


@pytest.mark.parametrize("tolerance", [0.0, 50.0])
def test_collisions_of_the_hash_change_nothing(
    monkeypatch: pytest.MonkeyPatch, tolerance: float
) -> None:
    """With one hash for all rows, equal ones are found by sorting the values."""
    towns = read_municipalities(sample_data() / "municipalities.geojson")
    before = towns.copy(deep=True)
    expected = find_adjacency(towns, tolerance=tolerance).pairs
    monkeypatch.setattr(equal_rows, "_hash_rows", lambda rows: np.zeros(len(rows), dtype=np.uint64))
    assert_frame_equal(find_adjacency(towns, tolerance=tolerance).pairs, expected)
    assert_geodataframe_equal(towns, before)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=30),
    st.booleans(),
)
def test_equal_rows_agree_with_comparing_all(
    rows: list[tuple[int, int, int]], collide: bool
) -> None:
    values = np.array([row[:2] for row in rows], dtype=float).reshape(-1, 2)
    owner = np.array([row[2] for row in rows], dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(equal_rows, "_hash_rows", lambda r: np.zeros(len(r), dtype=np.uint64))
        one, other = equal_rows.equal_rows(values, owner)
    found = sorted(tuple(sorted(pair)) for pair in zip(one.tolist(), other.tolist(), strict=True))
    assert found == [
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if rows[i][:2] == rows[j][:2] and rows[i][2] != rows[j][2]
    ]


@given(st.lists(st.floats(-180, 180), min_size=4, max_size=80), st.integers(1, 5))
def test_boxes_leave_out_no_segment_that_meets_another(ends: list[float], owners: int) -> None:
    """Of any segments, those of other owners that intersect are both kept."""
    rows = np.array(ends[: len(ends) // 4 * 4]).reshape(-1, 4)
    owner = np.sort(np.arange(len(rows)) % owners)
    lines = shapely.linestrings(rows.reshape(-1, 2, 2))
    one, other = shapely.STRtree(lines).query(lines, predicate="intersects")
    meeting = set(one[owner[one] != owner[other]].tolist())
    assert meeting <= set(contiguity._near_others(rows, owner, 0.0).tolist())
