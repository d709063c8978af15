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

from hokkaido_gis.analysis import adjacency, contiguity, equal_places
from hokkaido_gis.analysis.adjacency import find_adjacency
from hokkaido_gis.analysis.rings import Rings, Segments, cut_rings
from hokkaido_gis.analysis.short_lengths import segment_lengths
from hokkaido_gis.crs import geodesic_lengths
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.readers.municipalities import read_municipalities

if TYPE_CHECKING:
    from hokkaido_gis.analysis.pairs import Pairs


def as_degrees(xy: np.ndarray) -> np.ndarray:
    return xy


def rings_of(*polygons: shapely.Geometry | None) -> Rings:
    return cut_rings(np.array(polygons, dtype=object))


def segments_of(*polygons: shapely.Geometry | None) -> Segments:
    rings = rings_of(*polygons)
    return rings.segments(np.arange(len(rings.owner)))


def matches_of(rings: Rings) -> contiguity.Matches:
    return contiguity.match_segments(rings, equal_places.hash_places(rings.vertices), as_degrees)


def corners_of(rings: Rings) -> tuple[Pairs, Segments]:
    keys = equal_places.hash_places(rings.vertices)
    return contiguity.shared_corners(rings, keys, matches_of(rings).mate)


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
    rings = rings_of(LEFT, RIGHT)
    matches = matches_of(rings)
    matched = np.flatnonzero(matches.mate >= 0)
    assert pairs_of(matches.borders) == [(0, 1)]
    assert matches.mate[matches.mate[matched]].tolist() == matched.tolist()
    assert rings.segments(matched).ends.tolist() == [[1, 0, 1, 1]] * 2
    assert (matches.mate == -1).sum() == 6


def test_same_side_is_an_overlap_and_several_mates_are_told_apart() -> None:
    matches = matches_of(rings_of(LEFT, RIGHT, RIGHT))
    assert pairs_of(matches.borders) == [(0, 1), (0, 2)]
    assert pairs_of(matches.overlaps) == [(1, 2)]
    assert (matches.mate == -2).sum() >= 1


def test_corners_of_a_checkerboard() -> None:
    """The two parts of the first polygon leave room for two others between them."""
    first = shapely.MultiPolygon([LEFT, shapely.box(1, 1, 2, 2)])
    pairs, _ = corners_of(rings_of(first, RIGHT, shapely.box(0, 1, 1, 2)))
    assert (1, 2) in pairs_of(pairs)


def test_corner_pairs_without_any_segment() -> None:
    pairs, corners = corners_of(rings_of(LEFT, RIGHT, ABOVE_RIGHT))
    assert pairs_of(pairs) == [(0, 1), (1, 2)]
    assert len(corners.owner) == 0


def test_rings_without_length_and_repeated_vertices_leave_no_segment() -> None:
    flat = shapely.Polygon([(5, 5), (5, 5), (5, 5), (5, 5)])
    doubled = shapely.Polygon([(0, 0), (1, 0), (1, 0), (1, 1), (0, 1), (0, 1), (0, 0)])
    rings = rings_of(shapely.MultiPolygon([flat, doubled]), flat, LEFT)
    assert rings.owner.tolist() == [0] * 4 + [2] * 4
    assert sorted(map(tuple, rings.vertices[:4])) == sorted(map(tuple, rings.vertices[4:]))
    assert rings.before()[rings.next()].tolist() == list(range(8))


def test_a_corner_laid_over_a_closed_vertex_is_compared() -> None:
    """Three close around (1, 1); a fourth is laid over one of them from there."""
    left = [shapely.box(0, 0, 1, 1), shapely.box(0, 1, 1, 2)]
    right = shapely.Polygon([(1, 0), (2, 0), (2, 2), (1, 2), (1, 1)])
    over = shapely.Polygon([(1, 1), (1.8, 0.7), (1.8, 1.3)])
    pairs = pairs_of(corners_of(rings_of(*left, right, over))[0])
    assert {(0, 3), (1, 3), (2, 3)} <= set(pairs)


def test_what_lies_within_another_is_told_and_not_what_lies_in_a_hole() -> None:
    """The first has an island in its hole; the second lies on the island, the third around it."""
    hole, island = shapely.box(1, 1, 7, 7), shapely.box(3, 3, 5, 5)
    around = shapely.Polygon(shapely.box(0, 0, 8, 8).exterior, [hole.exterior])
    beside = shapely.Polygon(shapely.box(2, 2, 6, 6).exterior, [island.buffer(0.5).exterior])
    polygons = [shapely.MultiPolygon([around, island]), shapely.box(3.5, 3.5, 4, 4), beside]
    found = contiguity.contained(segments_of(*polygons), np.array(polygons, dtype=object))
    assert pairs_of(found) == [(0, 1)]


@pytest.mark.parametrize("tolerance", [0.0, 50.0])
def test_collisions_of_the_hash_change_nothing(
    monkeypatch: pytest.MonkeyPatch, tolerance: float
) -> None:
    """With 256 hashes for all vertices, what is equal is told by its values."""
    towns = read_municipalities(sample_data() / "municipalities.geojson")
    before = towns.copy(deep=True)
    expected = find_adjacency(towns, tolerance=tolerance).pairs
    few = np.uint64(0xFF << 56)
    monkeypatch.setattr(adjacency, "hash_places", lambda xy: equal_places.hash_places(xy) & few)
    assert_frame_equal(find_adjacency(towns, tolerance=tolerance).pairs, expected)
    assert_geodataframe_equal(towns, before)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(1, 64))
def test_equal_keys_are_all_paired_once(keys: list[int], bits: int) -> None:
    values = np.array(keys, dtype=np.uint64) >> np.uint64(64 - bits) << np.uint64(64 - bits)
    one, other = equal_places.equal_keys(values)
    found = list(zip(one.tolist(), other.tolist(), strict=True))
    rows = range(len(keys))
    equal = {(i, j) for i in rows for j in rows[i + 1 :] if values[i] == values[j]}
    assert len(found) == len(set(found))
    assert equal <= set(found)
    # Few enough keys that those which differ also do in the bits that are compared.
    if bits <= 32:
        assert equal == set(found)


@given(
    st.floats(-89.9, 89.9),
    st.floats(-0.03, 0.03),
    st.floats(-0.03, 0.03),
    st.sampled_from([-180.0, 0.0, 141.0, 179.99]),
)
def test_lengths_of_short_segments_are_geodesic(
    latitude: float, east: float, north: float, longitude: float
) -> None:
    start = np.array([[longitude, latitude]])
    end = np.array([[longitude + east, np.clip(latitude + north, -90, 90)]])
    (metres,) = segment_lengths(start, end)
    assert metres == pytest.approx(geodesic_lengths(start, end)[0], rel=2e-10, abs=1e-8)


def test_lengths_over_the_date_line() -> None:
    start, end = np.array([[179.999, 43.0]]), np.array([[-179.999, 43.0]])
    assert segment_lengths(start, end) == pytest.approx(geodesic_lengths(start, end), rel=1e-12)


@given(st.lists(st.floats(-180, 180), min_size=4, max_size=80), st.integers(1, 5))
def test_boxes_leave_out_no_segment_that_meets_another(ends: list[float], owners: int) -> None:
    """Of any segments, those of other owners that intersect are both kept."""
    rows = np.array(ends[: len(ends) // 4 * 4]).reshape(-1, 4)
    owner = np.sort(np.arange(len(rows)) % owners)
    lines = shapely.linestrings(rows.reshape(-1, 2, 2))
    one, other = shapely.STRtree(lines).query(lines, predicate="intersects")
    meeting = set(one[owner[one] != owner[other]].tolist())
    assert meeting <= set(contiguity._near_others(rows, owner, 0.0).tolist())


@pytest.mark.parametrize(
    ("gap", "reach", "left"),
    [(0.0, 0.0, range(32, 41)), (1.0, 1.0, range(32, 41)), (1.0, 0.99, range(0))],
)
def test_of_a_coast_the_runs_beside_a_neighbour_are_left(
    gap: float, reach: float, left: range
) -> None:
    """Forty segments make runs of 32 and 8; one neighbour stands at the end, three far off."""
    coast = [[x, 0, x + 1, 0] for x in range(40)]
    others = [[40 + gap, -1, 40 + gap, 1], *([[80 + x, 0, 81 + x, 0] for x in range(3)])]
    owner = np.repeat([0, 1, 2], [40, 1, 3])
    kept = contiguity._near_others(np.array(coast + others, dtype=float), owner, reach)
    assert kept.tolist() == list(left)
