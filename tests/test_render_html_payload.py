"""The packed data of the HTML map: what is encoded can be read back, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from html_pages import decode_columns, decode_shapes, rebuild, unpack, varints
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from hokkaido_gis.render.html_payload import (
    COARSE,
    FINE,
    LARGE_LAYER,
    TOLERANCE,
    encode_columns,
    encode_shapes,
    pack,
    thin_out,
    write_varints,
)
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.shapes import simple_parts

HOLED = Polygon(box(141, 43, 142, 44).exterior.coords, [box(141.4, 43.4, 141.6, 43.6).boundary])
SHAPES = {
    "polygon": box(141, 43, 142, 44),
    "hole": HOLED,
    "multipolygon": MultiPolygon([HOLED, box(145, 43, 145.5, 43.5)]),
    "antimeridian": MultiPolygon([box(179, 43, 180, 44), box(-180, 43, -179, 44)]),
    "line": LineString([(141, 43), (141.5, 43.2), (143, 42)]),
    "closed line": LineString([(141, 43), (141.5, 43.2), (143, 42), (141, 43)]),
    "multiline": MultiLineString([[(141, 43), (142, 43)], [(141, 44), (142, 44), (142, 45)]]),
    "point": Point(141.35, 43.06),
    "multipoint": MultiPoint([(141, 43), (142, 44)]),
    "mixed": GeometryCollection([Point(141, 43), GeometryCollection([HOLED]), Point()]),
    "3d": Polygon([(141, 43, 5), (142, 43, 5), (142, 44, 5)]),
    "world": box(-180, -90, 180, 90),
    "100,000 vertices": Point(141, 43).buffer(0.5, quad_segs=25_000),
}
FINENESS = 10**FINE
PLACES = st.tuples(  # on the grid that coordinates are rounded to
    st.integers(-180 * FINENESS, 180 * FINENESS).map(lambda units: units / FINENESS),
    st.integers(-90 * FINENESS, 90 * FINENESS).map(lambda units: units / FINENESS),
)
GEOMETRIES = st.one_of(
    PLACES.map(Point),
    st.lists(PLACES, min_size=1, max_size=5).map(MultiPoint),
    st.lists(PLACES, min_size=2, max_size=9).map(LineString),
    st.lists(PLACES, min_size=3, max_size=9).map(Polygon),
    st.lists(st.lists(PLACES, min_size=3, max_size=5).map(Polygon), min_size=1, max_size=3).map(
        GeometryCollection
    ),
)


def array_of(shapes):
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


def decoded(shapes):
    shapes = array_of(shapes)
    return decode_shapes(encode_shapes(shapes, np.zeros(len(shapes), int), label_points(shapes)))


# --- Geometry ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_geometry_survives_coding(name):
    shape = SHAPES[name]
    parts, _ = simple_parts(np.array([shape]))
    data = decoded([shape])
    (feature,) = data["parts"]
    assert len(feature) == len(parts)
    for (kind, rings), part in zip(feature, parts, strict=True):
        drawn, flat = rebuild(kind, rings), shapely.force_2d(part)
        if kind == 2:
            drawn, flat = shapely.orient_polygons([drawn, flat])
        assert shapely.equals_exact(drawn, flat, tolerance=1e-6)
    assert data["digits"] == FINE


@given(st.lists(GEOMETRIES, max_size=4))
def test_vertices_survive_coding(shapes):
    data = decoded(shapes)
    assert len(data["parts"]) == len(shapes)
    for feature, shape in zip(data["parts"], shapes, strict=True):
        parts, _ = simple_parts(array_of([shape]))
        for (kind, rings), part in zip(feature, parts, strict=True):
            assert kind == shapely.get_dimensions(part)
            wanted = shapely.get_coordinates(part)
            # The closing vertex of rings is left out, and rings may be turned round.
            wanted = wanted[:-1] if kind == 2 else wanted
            read, wanted = (
                np.rint(np.array(v) * FINENESS) for v in (np.concatenate(rings), wanted)
            )
            assert sorted(read.tolist()) == sorted(wanted.tolist())


def test_every_feature_keeps_its_place_class_and_anchor():
    shapes = array_of(list(SHAPES.values()))
    classes = np.arange(len(shapes))
    anchors = label_points(shapes)
    data = decode_shapes(encode_shapes(shapes, classes, anchors))
    assert data["classes"] == classes.tolist()
    assert data["anchors"] == pytest.approx(shapely.get_coordinates(anchors), abs=1e-6)
    for feature, shape in zip(data["parts"], shapes, strict=True):
        length = sum(rebuild(kind, rings).length for kind, rings in feature)
        assert length == pytest.approx(shape.length, abs=1e-3)


def test_holes_run_against_their_shells():
    for turned in (HOLED, HOLED.reverse(), HOLED.normalize()):
        (((_, (shell, hole)),),) = decoded([turned])["parts"]
        assert shapely.is_ccw(shapely.LinearRing(shell))
        assert not shapely.is_ccw(shapely.LinearRing(hole))


def test_neighbours_share_their_rounded_border():
    left = Polygon([(141, 43), (141.123456789, 43.1), (141.1, 43.987654321), (141, 44)])
    right = Polygon([(142, 44), (141.1, 43.987654321), (141.123456789, 43.1), (142, 43)])
    ((_, (one,)),), ((_, (other,)),) = decoded([left, right])["parts"]
    shared = set(map(tuple, one)) & set(map(tuple, other))
    assert shared == {(141.123457, 43.1), (141.1, 43.987654)}


def test_large_layers_are_kept_to_the_metre():
    line = LineString(
        np.column_stack([np.linspace(141, 145, LARGE_LAYER), np.full(LARGE_LAYER, 43)])
    )
    data = decoded([line])
    assert data["digits"] == COARSE
    (((_, (vertices,)),),) = data["parts"]
    assert np.array(vertices) == pytest.approx(shapely.get_coordinates(line), abs=0.6e-5)


def test_nothing_has_nothing_to_read():
    assert decoded([])["parts"] == []


@given(st.lists(st.integers(-(2**34) + 1, 2**34 - 1)))
def test_integers_survive_coding(values):
    assert list(varints(write_varints(np.array(values, dtype=np.int64)))) == values


# --- Simplification ---------------------------------------------------------------------------


def winding(x, y):
    """A border of many vertices from one place to another, always the same between the two."""
    share = np.linspace(0, 1, LARGE_LAYER // 2)[1:-1]
    wave = 0.01 * np.sin(300 * share)
    return np.column_stack([x[0] + share * (y[0] - x[0]) + wave, x[1] + share * (y[1] - x[1])])


def test_neighbours_share_their_simplified_border():
    border = winding((141, 43), (141, 44))
    left = Polygon([(141, 43), *border, (141, 44), (140, 44), (140, 43)])
    right = Polygon([(141, 43), *border, (141, 44), (142, 44), (142, 43)])
    thinned, is_thinned = thin_out(array_of([left, right]))
    assert is_thinned
    assert shapely.get_num_coordinates(thinned).sum() < LARGE_LAYER / 10
    assert shapely.coverage_is_valid(thinned)
    assert shapely.area(thinned).sum() == pytest.approx(2)
    assert shapely.hausdorff_distance(thinned[0].boundary, left.boundary) < 2 * TOLERANCE


def test_lines_are_simplified_too_and_none_is_lost():
    line = LineString(np.repeat(winding((141, 43), (141, 44)), 2, axis=0))
    dot = Point(141, 43).buffer(1e-6)
    thinned, is_thinned = thin_out(array_of([line, dot]))
    assert is_thinned
    assert not shapely.is_empty(thinned).any()
    assert shapely.hausdorff_distance(thinned[0], line) <= TOLERANCE


@pytest.mark.parametrize(
    "shapes",
    [
        [Point(141, 43).buffer(1, quad_segs=1000)],
        [LineString(np.random.default_rng(1).uniform(40, 44, (LARGE_LAYER, 2)))],
        [MultiPoint(np.random.default_rng(1).uniform(40, 44, (LARGE_LAYER, 2)))],
        [],
    ],
    ids=["small", "coarse", "points", "none"],
)
def test_layers_that_would_gain_nothing_stay_as_they_are(shapes):
    given_shapes = array_of(shapes)
    thinned, is_thinned = thin_out(given_shapes)
    assert thinned is given_shapes
    assert not is_thinned


# --- Text -------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=[]))), max_size=4))
def test_any_text_survives_coding(columns):
    """Halves of surrogate pairs too; two that meet become the character that they are."""
    read = decode_columns(unpack(pack(encode_columns(columns))))

    def units(texts):
        return [[text.encode("utf-16", "surrogatepass") for text in column] for column in texts]

    assert units(read) == units(columns)


def test_repeated_text_is_written_once():
    data = encode_columns([["札幌市", "函館市"] * 50])
    assert data.decode().count("札幌市") == 1
    assert decode_columns(data) == [["札幌市", "函館市"] * 50]
