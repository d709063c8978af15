"""Where labels stand: on their feature, in its largest part, off its holes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.shapes import main_kind, simple_parts, split_rings

C_SHAPE = Polygon([(0, 0), (9, 0), (9, 9), (0, 9), (0, 8), (8, 8), (8, 1), (0, 1)])
RING = box(0, 0, 9, 9) - box(1, 1, 8, 8)
SHAPES = {
    "point": "POINT (3 4)",
    "point_z": "POINT Z (3 4 5)",
    "points": "MULTIPOINT (3 4, 5 6)",
    "line": "LINESTRING (0 0, 4 0, 4 3)",
    "ring": "LINEARRING (0 0, 4 0, 4 3, 0 0)",
    "lines": "MULTILINESTRING ((0 0, 1 0), (0 5, 9 5))",
    "polygon": "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
    "c_shape": C_SHAPE.wkt,
    "hole": RING.wkt,
    "polygons": "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 9 5, 9 9, 5 9, 5 5)))",
    "nested": "GEOMETRYCOLLECTION (POINT EMPTY, GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1)))",
}


def point_of(shape: shapely.Geometry) -> Point:
    (point,) = label_points(np.array([shape]))
    return point


@pytest.mark.parametrize("name", SHAPES)
def test_point_lies_on_its_feature(name: str) -> None:
    shape = shapely.from_wkt(SHAPES[name])
    assert shapely.dwithin(shape, point_of(shape), 1e-9)


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        (SHAPES["point"], (3, 4)),
        (SHAPES["line"], (3.5, 0)),
        (SHAPES["lines"], (4.5, 5)),
        (SHAPES["polygon"], (1, 1)),
        (SHAPES["polygons"], (7, 7)),
        # The higher dimension counts before the size.
        ("GEOMETRYCOLLECTION (LINESTRING (0 50, 99 50), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)))",
         (1, 1)),
    ],
)  # fmt: skip
def test_point_is_the_middle_of_the_largest_part(wkt: str, expected: tuple[float, float]) -> None:
    assert point_of(shapely.from_wkt(wkt)).coords[0] == pytest.approx(expected)


@pytest.mark.parametrize("hollow", [C_SHAPE, RING], ids=["c", "ring"])
def test_point_is_inside_where_the_centroid_is_not(hollow: Polygon) -> None:
    islet = box(20, 20, 21, 21)
    assert not hollow.contains(hollow.centroid)
    for shape in (hollow, MultiPolygon([islet, hollow]), MultiPolygon([hollow, islet])):
        assert shapely.contains_properly(hollow, point_of(shape))


def test_missing_and_empty_geometries_have_none() -> None:
    shapes = np.array([None, Point(), Point(1, 2), Polygon(), MultiPolygon()], dtype=object)
    assert label_points(shapes).tolist() == [None, None, Point(1, 2), None, None]
    assert label_points(np.array([], dtype=object)).tolist() == []


@pytest.mark.parametrize(
    "shape",
    [Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), Polygon([(0, 0), (1, 1), (0, 0)])],
    ids=["crosses itself", "covers nothing"],
)
def test_invalid_areas_have_a_point_too(shape: Polygon) -> None:
    assert shapely.dwithin(shape.envelope, point_of(shape), 1e-9)


@given(
    corners=st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=9, unique=True
    )
)
def test_point_is_inside_any_area(corners: list[tuple[int, int]]) -> None:
    area = shapely.make_valid(Polygon(corners))
    area = shapely.union_all([p for p in shapely.get_parts(area) if p.geom_type == "Polygon"])
    if not area.is_empty:
        assert area.contains(point_of(area))


# --- Parts and kinds --------------------------------------------------------------------------


def test_parts_are_simple_and_know_their_owner() -> None:
    shapes = np.array([None, *map(shapely.from_wkt, SHAPES.values())], dtype=object)
    parts, owners = simple_parts(shapes)
    assert set(shapely.get_type_id(parts)) == {0, 1, 2, 3}
    assert not shapely.is_empty(parts).any()
    for position, shape in enumerate(shapes[1:], start=1):
        mine = parts[owners == position]
        assert sum(part.length for part in mine) == pytest.approx(shape.length)


def test_rings_stay_in_the_order_of_their_parts() -> None:
    parts = np.array([Point(1, 1), RING, shapely.LineString([(0, 0), (1, 1)])])
    rings, owners = split_rings(parts)
    assert owners.tolist() == [0, 1, 1, 2]
    assert rings[[0, 3]].tolist() == parts[[0, 2]].tolist()
    assert shapely.equals(rings[1], RING.exterior)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["point", "points", "polygon"], "point"),
        (["line", "lines", "polygon", "point"], "line"),
        (["polygon", "polygons", "line"], "area"),
        ([], "area"),
    ],
)
def test_kind_is_what_most_are(names: list[str], kind: str) -> None:
    shapes = [shapely.from_wkt(SHAPES[name]) for name in names]
    nothing = [None, Polygon(), shapely.LineString(), *[Point()] * 9]
    assert main_kind(np.array([*shapes, *nothing], dtype=object)) == kind
