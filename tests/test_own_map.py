"""Maps of a user's own files: the styles chosen, what lies below, and how small areas are drawn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio import Affine
from shapely.geometry import LineString, Point, box

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import LayerError, LayerWarning, OutputError, RenderError
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.scene import (
    Categorical,
    Graduated,
    Layer,
    RasterLayer,
    Scene,
    Single,
    Symbol,
)
from hokkaido_gis.report import own_map as module
from hokkaido_gis.report.own_map import own_map, write_own_map
from hokkaido_gis.report.own_style import (
    even_breaks,
    name_column,
    round_quantiles,
    style_by_values,
    unit_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SYMBOL = Symbol("#1b7837", 0.5, "#1b7837", 0.9, 4.0)
GRID = [box(143 + 0.01 * i, 43, 143.009 + 0.01 * i, 43.009) for i in range(10)]


def own(scene: Scene) -> list[Layer | RasterLayer]:
    """Layers of a map but those put below and between them."""
    return [layer for layer in scene.layers if layer.title not in {"市町村", "陸地"}]


def titles(scene: Scene) -> list[str]:
    return [layer.title for layer in scene.layers]


def write_raster(path: Path, values: np.ndarray, *, west: float = 143.0, bands: int = 1) -> Path:
    cells = np.asarray(values, dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=bands, height=cells.shape[0],
        width=cells.shape[1], crs="EPSG:6668", transform=Affine(0.1, 0, west, 0, -0.1, 43.4),
        nodata=-9999,
    ) as file:  # fmt: skip
        for band in range(1, bands + 1):
            file.write(cells * band, band)
    return path


# --- styles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("面積(ha)", "ha"),
        ("面積（ha）", "ha"),
        ("耕作放棄地面積[a]", "a"),
        ("output_kw", "kW"),
        ("出力kW", "kW"),
        ("電圧_kv", "kV"),
        ("AREA_KM2", "km²"),
        ("wind_ms", "m/s"),
        ("年間発電量 (kWh/年)", "kWh/年"),
        ("事業費(万円)", "万円"),
        ("cost_yen", "円"),
        ("人口(2015年)", ""),
        ("人口(推計)", ""),
        ("人口", ""),
        ("data", ""),
        ("alpha", ""),
    ],
)
def test_units_stand_in_the_names_of_columns(column, unit):
    assert unit_of(column) == unit


def test_yen_are_written_in_the_language_of_the_map():
    assert unit_of("cost_yen", "en") == "yen"


def test_names_are_found_by_how_telling_their_column_is():
    assert name_column(["code", "市町村名", "施設名"]) == "施設名"
    assert name_column(["ＮＡＭＥ"]) == "ＮＡＭＥ"
    assert name_column(["x", "y"]) is None


def test_numbers_as_text_are_classed_and_missing_ones_named():
    texts = pd.Series(
        ["1,200", "２４００", "x", None, "3,600", "4,800", "6,000", "7,200"], name="kw"
    )
    values, style = style_by_values(texts, SYMBOL, what="a")
    assert isinstance(style, Graduated)
    assert values.dropna().tolist() == [1200, 2400, 3600, 4800, 6000, 7200]
    assert values.isna().tolist() == [False, False, True, True, *[False] * 4]
    assert texts.iloc[0] == "1,200"


def test_a_few_numbers_have_a_shade_each_with_their_unit():
    values, style = style_by_values(
        pd.Series([187, 66, None, 275, 66], name="電圧_kv"), SYMBOL, what="a"
    )
    assert isinstance(style, Categorical)
    assert [each.label for each in style.categories] == ["66 kV", "187 kV", "275 kV"]
    assert values.isna().sum() == 1
    light = [sum(bytes.fromhex(c.symbol.fill[1:])) for c in style.categories]
    assert light == sorted(light, reverse=True)


def test_codes_with_their_zero_are_words():
    codes = pd.Series(["01202", "01203"], name="code")
    _, style = style_by_values(codes, SYMBOL, what="a")
    assert isinstance(style, Categorical)
    assert [each.value for each in style.categories] == ["01202", "01203"]


def test_words_come_in_the_order_of_their_number():
    words = pd.Series(["太陽光", "風力", None, "風力", "水力"], name="種別")
    values, style = style_by_values(words, SYMBOL, what="a")
    assert isinstance(style, Categorical)
    assert [each.label for each in style.categories] == ["風力", "太陽光", "水力"]
    assert {each.symbol.radius for each in style.categories} == {SYMBOL.radius}
    assert values.equals(words)


@pytest.mark.parametrize(("lang", "labels"), [("ja", {"はい", "いいえ"}), ("en", {"yes", "no"})])
def test_yes_and_no_are_words_of_the_map(lang, labels):
    flags = pd.Series([True, False, True], name="稼働")
    _, style = style_by_values(flags, SYMBOL, what="a", lang=lang)
    assert isinstance(style, Categorical)
    assert {each.label for each in style.categories} == labels


def test_days_have_no_hour():
    days = pd.Series(pd.to_datetime(["2012-07-01", "2013-03-31"]), name="運開日")
    _, style = style_by_values(days, SYMBOL, what="a")
    assert isinstance(style, Categorical)
    assert [each.label for each in style.categories] == ["2012-07-01", "2013-03-31"]


def test_lists_are_told_apart_as_text():
    lists = pd.Series([[1, 2], [3], [1, 2]], name="parts")
    values, style = style_by_values(lists, SYMBOL, what="a")
    assert isinstance(style, Categorical)
    assert [each.value for each in style.categories] == ["[1, 2]", "[3]"]
    assert values.tolist() == ["[1, 2]", "[3]", "[1, 2]"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([None, None], "'x' is empty in every row"),
        ([f"w{i}" for i in range(9)], "'x' has 9 different values that are no numbers"),
    ],
)
def test_what_cannot_be_coloured_is_told(values, told):
    with pytest.warns(LayerWarning, match=f"farms: {told}.*one colour"):
        _, style = style_by_values(pd.Series(values, name="x", dtype=object), SYMBOL, what="farms")
    assert style == Single(SYMBOL)


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=60))
def test_round_quantiles_leave_no_class_empty(numbers):
    limits = round_quantiles(pd.Series(numbers))
    if limits is not None:
        counts = np.bincount(np.searchsorted(limits, numbers, side="left"), minlength=5)
        assert len(limits) == 4
        assert counts.sum() == len(numbers)
        assert counts.min() * 10 >= len(numbers)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_even_breaks_are_evenly_spaced_within_the_values(low, width):
    breaks = even_breaks(np.array([[low, low + width, np.nan]]))
    assert breaks is not None
    assert 1 <= len(breaks) <= 8
    assert low < breaks[0] + 1e-6
    assert breaks[-1] < low + width + 1e-6
    if len(breaks) > 2:
        np.testing.assert_allclose(np.diff(breaks), breaks[1] - breaks[0], rtol=1e-3)


def test_cells_of_one_value_have_one_class():
    assert even_breaks(np.full((2, 2), 5.0)) is None


# --- files ----------------------------------------------------------------------------------------


def test_a_shapefile_in_shift_jis_is_read_named_and_labelled(save):
    path = save("森林.shp", [Point(141, 43), Point(142, 44)], N03_004=["函館市", "小樽市"])
    frame = gpd.read_file(path)
    frame.to_file(path, encoding="cp932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    (layer,) = own(own_map([str(path)]))
    assert isinstance(layer, Layer)
    assert layer.title == "森林"
    assert layer.frame["N03_004"].tolist() == ["函館市", "小樽市"]
    assert (layer.name, layer.label) == ("N03_004", "N03_004")


def test_the_layer_of_a_file_gives_the_title(tmp_path):
    path = tmp_path / "ver1.2.gpkg"
    for layer, place in (("dams", 141), ("ports", 142)):
        frame = gpd.GeoDataFrame({"name": ["x"]}, geometry=[Point(place, 43)], crs="EPSG:6668")
        frame.to_file(path, layer=layer)
    scene = own_map([f"{path}:ports"])
    assert scene.title == "ports"
    with pytest.raises(LayerError, match=r"2 layers \(dams, ports\)"):
        own_map([str(path)])


@pytest.mark.parametrize("file", ["ver1.2.geojson", "ver1.2.shp.zip"])
def test_a_title_keeps_the_points_within_a_name(file):
    assert module._title(f"somewhere/{file}") == "ver1.2"


def test_every_layer_with_the_column_is_coloured_by_it(save):
    rows = list(range(10))
    one = save("a.geojson", GRID, ha=rows)
    other = save("b.geojson", GRID, ha=rows, name=list("abcdefghij"))
    plain = save("c.geojson", GRID)
    scene = own_map([str(one), str(other), str(plain)], value="ha")
    assert scene.title == "a: ha・b: ha・c"
    kinds = [type(layer.style) for layer in own(scene) if isinstance(layer, Layer)]
    assert kinds == [Graduated, Graduated, Single]
    assert own(scene)[1].label == "name"


def test_a_column_that_no_layer_has_is_refused(save, tmp_path):
    path = save("a.geojson", GRID, ha=list(range(10)))
    with pytest.raises(RenderError, match="No layer has a column 面積; there are ha"):
        own_map([str(path)], value="面積")
    with pytest.raises(RenderError, match="No layer has a column 名前"):
        own_map([str(path)], name="名前")
    raster = write_raster(tmp_path / "a.tif", np.eye(3))
    with pytest.raises(RenderError, match="there are none"):
        own_map([str(raster)], value="ha")


def test_features_without_a_place_are_told(save):
    path = save("a.gpkg", [Point(141, 43), None, Point()], name=["a", "b", "c"])
    with pytest.warns(LayerWarning, match="2 of 3 features have no place"):
        scene = own_map([str(path)])
    assert len(own(scene)[0].frame) == 3


def test_nothing_with_a_place_is_refused(save):
    path = save("a.geojson", [Point(), Point()], name=["a", "b"])
    with pytest.raises(LayerError, match=r"none of its features has a place|without geometry"):
        own_map([str(path)])


def test_rasters_have_round_classes(tmp_path):
    path = write_raster(tmp_path / "wind.tif", np.linspace(2.1, 7.9, 16).reshape(4, 4))
    (layer,) = own(own_map([str(path)]))
    assert isinstance(layer, RasterLayer)
    assert layer.breaks == (3, 4, 5, 6, 7)
    assert resolve(layer).classes[0].label == "3 以下"


def test_one_of_several_bands_is_picked(tmp_path):
    path = write_raster(tmp_path / "three.tif", np.eye(3) + 1, bands=3)
    with pytest.raises(LayerError, match="3 bands"):
        own_map([str(path)])
    (layer,) = own(own_map([f"{path}:2"]))
    assert isinstance(layer, RasterLayer)
    assert layer.title == "three"
    np.testing.assert_allclose(layer.values, (np.eye(3) + 1) * 2)


def test_a_raster_without_a_value_is_refused(tmp_path):
    path = write_raster(tmp_path / "void.tif", np.full((2, 2), -9999))
    with pytest.raises(LayerError, match="none of its cells has a value"):
        own_map([str(path)])


def test_lines_are_drawn_by_voltage_above_all(save):
    place = save("a.geojson", [Point(141.5, 43.2)], name=["a"])
    lines = save(
        "送電線.geojson",
        [LineString([(141, 43), (142, 43)]), LineString([(141, 43), (141, 43.5)])],
        name=["幹線", "支線"],
        voltage=["187000", "66000"],
    )
    scene = own_map([str(place)], lines=str(lines))
    layer = scene.layers[-1]
    assert isinstance(layer, Layer)
    assert scene.title == "a"
    assert layer.title == "送電線"
    assert layer.frame["kv"].tolist() == [66, 187]
    assert {line.label for line in resolve(layer).classes} == {"66 kV", "187 kV"}


def test_publishers_whose_files_are_known_are_named(save):
    own_file = save("mine.geojson", [Point(130.7, 32.8)], name=["熊本"])
    publisher = save("N03_test.geojson", [Point(130.8, 32.8)], name=["熊本"])
    assert own_map([str(own_file)]).credit == ""
    assert "国土数値情報" in own_map([str(publisher), str(own_file)]).credit


# --- what lies below ------------------------------------------------------------------------------


def test_the_municipalities_lie_below_what_is_in_hokkaido(save):
    here = own_map([str(save("here.geojson", [Point(141.4, 43)], name=["a"]))])
    assert titles(here) == ["市町村", "here"]
    assert "気象庁" in here.credit
    away = own_map([str(save("away.geojson", [Point(130.7, 32.8)], name=["a"]))])
    assert titles(away) == ["away"]
    both = own_map([str(save("both.geojson", [Point(130.7, 32.8), Point(141.4, 43)]))])
    assert titles(both) == ["both"]


def test_words_of_the_map_are_english_on_request(save):
    path = str(save("here.geojson", [Point(141.4, 43)], name=["a"]))
    assert titles(own_map([path], lang="en")) == ["Municipalities", "here"]


def test_boundaries_need_no_others_below():
    scene = own_map([str(sample_data() / "municipalities.geojson")])
    assert titles(scene) == ["municipalities"]


def test_the_land_without_borders_lies_around_some_boundaries(tmp_path):
    towns = gpd.read_file(sample_data() / "municipalities.geojson")
    path = tmp_path / "kushiro.geojson"
    towns[towns["subprefecture"] == "釧路総合振興局"].to_file(path)
    assert titles(own_map([str(path)])) == ["陸地", "kushiro"]


def test_parcels_side_by_side_are_no_boundaries(save):
    scene = own_map([str(save("parcels.geojson", GRID))])
    assert titles(scene) == ["市町村", "parcels"]


def test_borders_stand_above_a_raster_and_the_land_below(tmp_path, save):
    raster = write_raster(tmp_path / "wind.tif", np.arange(16).reshape(4, 4))
    points = save("points.geojson", [Point(143.2, 43.2)], name=["a"])
    assert titles(own_map([str(raster), str(points)])) == ["陸地", "wind", "市町村", "points"]


def test_a_lone_point_has_surroundings(save, tmp_path):
    scene = own_map([str(save("one.geojson", [Point(141.354, 43.062)], name=["札幌市役所"]))])
    assert shapely.box(*scene.bounds).contains(box(141.3, 43.0, 141.4, 43.1))
    for name in ("one.png", "one.html", "one.kmz"):
        assert write_own_map(scene, tmp_path / name).stat().st_size > 1000


# --- small areas ----------------------------------------------------------------------------------


@pytest.fixture
def buildings(save: Callable[..., Path]) -> Scene:
    """Four buildings of some 60 m, 200 km apart."""
    places = [(141.4, 43), (143.2, 42.9), (144.4, 43.1), (142.4, 43.8)]
    shapes = [box(x, y, x + 0.0008, y + 0.0006) for x, y in places]
    return own_map([str(save("変電所.geojson", shapes, name=list("abcd")))])


def given_to(monkeypatch: pytest.MonkeyPatch, writer: str) -> list[Scene]:
    """Scenes that a writer is given."""
    scenes: list[Scene] = []

    def write(scene: Scene, path: Path, **_options: object) -> Path:
        scenes.append(scene)
        return path

    monkeypatch.setattr(module, writer, write)
    return scenes


def test_small_areas_are_points_in_a_picture(buildings, monkeypatch, tmp_path):
    scenes = given_to(monkeypatch, "write_png")
    write_own_map(buildings, tmp_path / "a.png")
    (layer,) = own(scenes[0])
    areas = own(buildings)[0].frame.geometry.to_crs("EPSG:4326")
    assert set(layer.frame.geom_type) == {"Point"}
    assert areas.contains(layer.frame.geometry).all()
    assert set(areas.geom_type) == {"Polygon"}


def test_small_areas_keep_their_outline_beside_a_point_in_html(buildings, monkeypatch, tmp_path):
    scenes = given_to(monkeypatch, "write_html")
    write_own_map(buildings, tmp_path / "a.html")
    (layer,) = own(scenes[0])
    parts = [shapely.get_parts(shape) for shape in layer.frame.geometry]
    assert [[part.geom_type for part in pair] for pair in parts] == [["Point", "Polygon"]] * 4
    areas = [areas for _, areas in parts]
    assert shapely.equals_exact(areas, own(buildings)[0].frame.geometry, 1e-9).all()


@pytest.mark.parametrize(("name", "writer"), [("a.kmz", "write_kmz"), ("a.gpkg", "write_gpkg")])
def test_small_areas_stay_where_a_reader_moves_close(
    buildings, monkeypatch, tmp_path, name, writer
):
    scenes = given_to(monkeypatch, writer)
    write_own_map(buildings, tmp_path / name)
    assert scenes == [buildings]


def test_areas_that_can_be_seen_stay_areas(save, monkeypatch, tmp_path):
    scenes = given_to(monkeypatch, "write_png")
    write_own_map(own_map([str(save("parcels.geojson", GRID))]), tmp_path / "a.png")
    assert set(own(scenes[0])[0].frame.geom_type) == {"Polygon"}


def test_a_small_area_without_a_place_stays_missing(save, monkeypatch, tmp_path):
    shapes = [box(141, 43, 141.0005, 43.0005), None, box(144, 43, 144.0005, 43.0005)]
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        scene = own_map([str(save("a.gpkg", shapes, name=["a", "b", "c"]))])
    for writer, name in (("write_png", "a.png"), ("write_html", "a.html")):
        scenes = given_to(monkeypatch, writer)
        write_own_map(scene, tmp_path / name)
        assert own(scenes[0])[0].frame.geometry.isna().tolist() == [False, True, False]


# --- writing --------------------------------------------------------------------------------------


def test_tiles_show_through_the_land(buildings, monkeypatch, tmp_path):
    scenes = given_to(monkeypatch, "write_html")
    write_own_map(buildings, tmp_path / "a.html", tiles=True)
    ground = scenes[0].layers[0]
    assert isinstance(ground, Layer)
    assert resolve(ground).classes[0].symbol.fill_opacity == 0
    raster = write_raster(tmp_path / "wind.tif", np.arange(16).reshape(4, 4))
    write_own_map(own_map([str(raster)]), tmp_path / "b.html", tiles=True)
    assert titles(scenes[1]) == ["wind", "市町村"]


@pytest.mark.parametrize(
    ("name", "tiles", "told"),
    [
        ("a.txt", False, r"\.html, \.kmz.*got \.txt"),
        ("a", False, "got no ending"),
        ("a.png", True, r"tiles \(--tiles\) are for \.html"),
    ],
)
def test_forms_that_are_none_leave_the_older_file(buildings, tmp_path, name, tiles, told):
    path = tmp_path / name
    path.write_text("older", encoding="utf-8")
    with pytest.raises(OutputError, match=told):
        write_own_map(buildings, path, tiles=tiles)
    assert path.read_text(encoding="utf-8") == "older"
