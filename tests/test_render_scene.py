"""A scene in plain values: what it shows, where, and what it says when it cannot."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hokkaido_gis.errors import LayerWarning, RenderError
from hokkaido_gis.render.scene import (
    Categorical,
    Category,
    Graduated,
    LabelStyle,
    Layer,
    Proportional,
    RasterLayer,
    Scene,
    Single,
    Symbol,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TOKYO = "EPSG:4301"
ZONE_12 = "EPSG:6680"


def frame_of(*shapes: object, crs: str | None = "EPSG:4326", **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


# --- Symbols ----------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "112233", "#11223g", ""])
def test_colours_must_be_written_in_full(colour: str) -> None:
    with pytest.raises(RenderError, match="#rrggbb; got"):
        Symbol(fill=colour)
    with pytest.raises(RenderError, match="#rrggbb; got"):
        Symbol(stroke=colour)


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_opacities_lie_between_0_and_1(opacity: float) -> None:
    with pytest.raises(RenderError, match="between 0 and 1"):
        Symbol(fill_opacity=opacity)


# --- Layers -----------------------------------------------------------------------------------


def test_table_without_geometry_is_refused() -> None:
    with pytest.raises(RenderError, match=r"needs a GeoDataFrame; got DataFrame\. Join"):
        Layer(pd.DataFrame({"a": [1]}))  # type: ignore[arg-type]


def test_layer_without_crs_is_refused() -> None:
    with pytest.raises(RenderError, match=r"'層' has no CRS.*set_crs"):
        Layer(frame_of(shapely.Point(1, 1), crs=None), title="層")


def test_layer_without_active_geometry_is_refused() -> None:
    with pytest.raises(RenderError, match=r"'層' has no active geometry.*set_geometry"):
        Layer(gpd.GeoDataFrame({"a": [1]}), title="層")


@pytest.mark.parametrize(
    "options",
    [
        {"name": "人口"},
        {"label": "人口"},
        {"popup": {"a": "A", "人口": "P"}},
        {"style": Graduated("人口")},
        {"style": Categorical("人口", ())},
    ],
    ids=lambda options: next(iter(options)),
)
def test_absent_columns_are_named(options: dict[str, object], squares: gpd.GeoDataFrame) -> None:
    frame = squares.assign(a=1)
    with pytest.raises(RenderError, match=r"'層' has no column 人口; it has code, name, a\.$"):
        Layer(frame, title="層", **options)  # type: ignore[arg-type]


def test_geometry_is_no_attribute(squares: gpd.GeoDataFrame) -> None:
    with pytest.raises(RenderError, match="has no column geometry"):
        Layer(squares, popup={"geometry": "形"})


def test_all_columns_are_shown_with_the_named_index_first(squares: gpd.GeoDataFrame) -> None:
    layer = Layer(squares)
    assert layer.fields == {"code": "code", "name": "name"}
    assert layer.table["code"].tolist() == ["01202", "01203", "01204", "01205"]
    assert layer.table.index.tolist() == [0, 1, 2, 3]
    assert type(layer.table) is pd.DataFrame


def test_index_may_name_and_label_features(squares: gpd.GeoDataFrame) -> None:
    layer = Layer(squares, name="code", label="code", popup={"code": "番号"})
    assert layer.fields == {"code": "番号"}


def test_index_without_name_or_with_that_of_a_column_is_not_shown(
    squares: gpd.GeoDataFrame,
) -> None:
    assert list(Layer(squares.rename_axis(None)).fields) == ["name"]
    assert list(Layer(squares.rename_axis("name")).fields) == ["name"]
    assert Layer(squares.rename_axis("name")).table["name"].iloc[0] == "函館市"


def test_named_levels_of_an_index_are_shown(squares: gpd.GeoDataFrame) -> None:
    frame = squares.assign(year=2020).set_index(["year"], append=True)
    assert list(Layer(frame).fields) == ["code", "year", "name"]
    assert list(Layer(frame.rename_axis([None, "year"])).fields) == ["year", "name"]
    assert list(Layer(frame.rename_axis(["year", "year"])).fields) == ["year", "name"]


def test_only_attributes_are_shown_of_several_geometry_columns(squares: gpd.GeoDataFrame) -> None:
    frame = squares.assign(inside=squares.representative_point())
    assert list(Layer(frame).fields) == ["code", "name"]
    assert list(Layer(frame.set_geometry("inside")).fields) == ["code", "name"]


def test_columns_may_have_any_name_and_share_it() -> None:
    frame = frame_of(shapely.Point(1, 1), a=["x"], b=["y"], c=["z"])
    frame.columns = pd.Index([0, 0, ("t", 1), "geometry"], dtype=object)
    layer = Layer(frame, name=0)
    assert layer.fields == {0: "0", ("t", 1): "('t', 1)"}
    assert layer.table[0].tolist() == ["x"]


def test_table_is_no_window_on_the_frame(squares: gpd.GeoDataFrame) -> None:
    table = Layer(squares).table
    table["name"] = "?"
    assert squares["name"].iloc[0] == "函館市"


# --- Scenes -----------------------------------------------------------------------------------


def test_scene_without_layers_is_refused() -> None:
    with pytest.raises(RenderError, match="'題' has no layer"):
        Scene("題", [])


def test_layers_are_kept_as_they_were_given(squares: gpd.GeoDataFrame) -> None:
    layers = [Layer(squares)]
    scene = Scene("題", layers)
    layers.clear()
    assert len(scene.layers) == 1


def test_descriptions_are_frozen(squares: gpd.GeoDataFrame) -> None:
    layer = Layer(squares)
    category = Category(1, "一", Symbol())
    for described in (Scene("題", [layer]), layer, Symbol(), Single(), category, Graduated("v")):
        first = next(iter(described.__dataclass_fields__))
        with pytest.raises(FrozenInstanceError):
            setattr(described, first, None)


def test_bounds_are_those_of_all_layers_in_degrees() -> None:
    # The origin of plane rectangular zone XII is at 44 N, 142 deg 15 min E.
    projected = Layer(frame_of(shapely.Point(0, 0), crs=ZONE_12))
    box = Layer(frame_of(shapely.box(141, 42, 141.5, 43), crs="EPSG:6668"))
    bounds = Scene("題", [projected, box]).bounds
    assert bounds == pytest.approx((141, 42, 142.25, 44), abs=1e-9)
    assert all(type(value) is float for value in bounds)


def test_view_goes_before_bounds() -> None:
    empty = Layer(frame_of(None))
    assert Scene("題", [empty], view=(140, 41, 146, 46)).bounds == (140, 41, 146, 46)


OUTSIDE = shapely.Point(1e12, 1e12)  # of any projection
with np.errstate(invalid="ignore"):
    HALF_A_LINE = shapely.LineString([(141, 43), (np.nan, 43)])
NOWHERE = {
    "missing": frame_of(None),
    "empty": frame_of(shapely.Polygon()),
    "no rows": frame_of(),
    "nan": gpd.GeoDataFrame(geometry=gpd.points_from_xy([np.nan], [np.nan]), crs="EPSG:4326"),
    "outside": frame_of(OUTSIDE, crs="EPSG:32654"),
}


@pytest.mark.parametrize("kind", NOWHERE)
def test_bounds_leave_out_what_has_no_place(kind: str) -> None:
    nowhere = Layer(NOWHERE[kind])
    somewhere = Layer(frame_of(shapely.box(141, 43, 142, 44)))
    assert Scene("題", [nowhere, somewhere]).bounds == (141, 43, 142, 44)
    with pytest.raises(RenderError, match="'題': every layer is empty; there is no place to show"):
        _ = Scene("題", [nowhere]).bounds


def test_placed_layers_are_in_wgs84(squares: gpd.GeoDataFrame) -> None:
    scene = Scene("題", [Layer(squares.to_crs(ZONE_12), name="name"), Layer(squares)])
    for layer in scene.placed().layers:
        assert layer.frame.crs == "EPSG:4326"
        found, expected = layer.frame.geometry.to_numpy(), squares.geometry.to_numpy()
        assert shapely.equals_exact(found, expected, tolerance=1e-8).all()
    assert scene.layers[0].frame.crs == ZONE_12


def test_old_datum_is_moved_by_hundreds_of_metres() -> None:
    scene = Scene("題", [Layer(frame_of(shapely.Point(141, 43), crs=TOKYO))])
    with pytest.warns(LayerWarning, match=r"layer: moved by 404\.3 m .*accuracy 10 m"):
        (layer,) = scene.placed().layers
    moved = layer.frame.geometry.iloc[0]
    assert 0.002 < abs(moved.x - 141) < 0.006
    assert 0.001 < abs(moved.y - 43) < 0.005


def test_points_at_nan_are_placed_nowhere() -> None:
    frame = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([141, np.nan], [43, np.nan]), crs="EPSG:4326"
    )
    (layer,) = Scene("題", [Layer(frame)]).placed().layers
    assert layer.frame.geometry.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("shape", "crs"),
    [
        (shapely.Point(-20_000, 1_000), "EPSG:4326"),
        (OUTSIDE, "EPSG:32654"),
        (HALF_A_LINE, "EPSG:4326"),
    ],
    ids=["metres as degrees", "outside the projection", "half a line"],
)
def test_coordinates_off_the_earth_are_refused(shape: shapely.Geometry, crs: str) -> None:
    scene = Scene("題", [Layer(frame_of(shape, crs=crs), title="層")])
    with pytest.raises(RenderError, match=rf"'層' has coordinates .* its CRS \({crs}\)"):
        scene.placed()


# --- Rasters and discs --------------------------------------------------------------------------


def raster_of(**options: object) -> RasterLayer:
    given = {"values": [[1.0, 2.0]], "transform": (0.5, 0, 141, 0, -0.5, 43), "crs": "EPSG:4326"}
    return RasterLayer(**{**given, "title": "風", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": [1.0, 2.0]}, r"rows and columns; got float64 of shape \(2,\)"),
        ({"values": [["a"]]}, "rows and columns"),
        ({"values": np.empty((0, 3))}, "rows and columns"),
        ({"transform": (1, 0, 141)}, "six numbers"),
        ({"transform": (1, 0, np.nan, 0, -1, 43)}, "six numbers"),
        ({"crs": None}, "'風' has no CRS"),
        ({"crs": "nowhere"}, "'nowhere' is no CRS"),
        ({"opacity": 1.5}, "opacity lies between"),
    ],
)
def test_rasters_that_cannot_be_drawn_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(RenderError, match=message):
        raster_of(**options)


def test_raster_off_the_earth_is_refused() -> None:
    scene = Scene("題", [raster_of(transform=(100, 0, 5000, 0, -100, 0))])
    with pytest.raises(RenderError, match="'風' has coordinates that are no longitude"):
        _ = scene.bounds


def test_bounds_hold_rasters_too(squares: gpd.GeoDataFrame) -> None:
    turned = raster_of(transform=(0, 0.5, 10, 0.5, 0, 20))
    assert turned.bounds == (10.0, 20.0, 10.5, 21.0)
    west, south, *_ = Scene("題", [Layer(squares), turned]).bounds
    assert west <= 10.0
    assert south <= 20.0


def test_projected_raster_has_bounds_in_degrees() -> None:
    """Plane rectangular zone XII has its origin at 44 N, 142 deg 15 min E."""
    west, south, east, north = raster_of(
        values=np.ones((2, 2)), transform=(1000, 0, -1000, 0, -1000, 1000), crs="EPSG:6680"
    ).bounds
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((142.25, 44.0), abs=1e-4)
    assert north - south == pytest.approx(2 / 111, rel=0.01)


def test_clear_cells_are_not_a_number() -> None:
    raster = raster_of(values=np.array([[1, -9], [3, 4]]), nodata=-9)
    np.testing.assert_array_equal(raster.numbers, [[1.0, np.nan], [3.0, 4.0]])
    assert np.asarray(raster.values).tolist() == [[1, -9], [3, 4]]


def test_discs_stand_at_a_point_inside(squares: gpd.GeoDataFrame) -> None:
    frame = squares.assign(v=1.0)
    scene = Scene("題", [Layer(frame, Proportional("v")), raster_of()])
    discs, raster = scene.placed().layers
    assert (discs.frame.geom_type == "Point").all()
    placed = Scene("題", [Layer(frame)]).placed().layers[0].frame
    assert placed.contains(discs.frame.geometry).all()
    assert raster is scene.layers[1]
    assert (frame.geom_type == "Polygon").all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Proportional("v", radius=0), "radius of discs must be over 0"),
        (lambda: Proportional("v", largest=-1.0), "largest value of discs must be over 0"),
        (lambda: Graduated("v", widths=(0, 2)), "Widths of lines must be over 0"),
        (lambda: LabelStyle(size=0), "size of labels must be over 0"),
        (lambda: LabelStyle(colour="red"), "#rrggbb"),
    ],
)
def test_impossible_sizes_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(RenderError, match=message):
        make()
