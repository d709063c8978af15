"""Printed maps: what a reader sees is what the scene says, measured on the pictures themselves."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import shapely
from fontTools.ttLib import TTFont
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image
from pyproj import Geod, Transformer

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.render.classes import resolve, round_down
from hokkaido_gis.render.fonts import drawing_style, font_path, text_width
from hokkaido_gis.render.lettering import LABEL_GID
from hokkaido_gis.render.page import wrap_text
from hokkaido_gis.render.png import SEA, draw_scene, local_crs, write_png
from hokkaido_gis.render.scene import (
    MISSING,
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

KM = 1_000.0
ORIGIN = (-60 * KM, -110 * KM)  # inland, in the middle of the zone of EPSG:6680
ADJACENCY = Path(__file__).parents[1] / "sample_data" / "report" / "adjacency.csv"
DPI = 100


def square(column: int, row: int, size: float = 10 * KM) -> shapely.Polygon:
    west, south = ORIGIN[0] + column * size, ORIGIN[1] + row * size
    return shapely.box(west, south, west + size, south + size)


def frame_of(shapes: list[object], **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:6680")


@pytest.fixture
def three() -> gpd.GeoDataFrame:
    return frame_of(
        [square(0, 0), square(1, 0), square(2, 0)],
        name=["札幌市", "函館市", "小樽市"],
        kind=["a", "b", None],
        value=[1.0, 9.0, np.nan],
    )


def solid(fill: str) -> Symbol:
    return Symbol(fill, fill_opacity=1.0, stroke_width=0.0)


def categorical() -> Categorical:
    return Categorical(
        "kind", (Category("a", "甲", solid("#cc3311")), Category("b", "乙", solid("#0077bb")))
    )


def drawn(scene: Scene) -> Figure:
    with drawing_style():
        figure = draw_scene(scene)
        figure.set_dpi(DPI)
        figure.canvas.draw()
    return figure


def axes_of(figure: Figure):
    return next(axes for axes in figure.axes if axes.get_gid() == "map")


def pixels(figure: Figure) -> np.ndarray:
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def colour_at(figure: Figure, scene: Scene, x: float, y: float) -> np.ndarray:
    """Colour where the map shows a place of EPSG:6680."""
    there = Transformer.from_crs("EPSG:6680", local_crs(scene.bounds), always_xy=True)
    across, up = axes_of(figure).transData.transform(there.transform(x, y))
    image = pixels(figure)
    return image[round(image.shape[0] - up), round(across)]


def middle(column: int, row: int) -> tuple[float, float]:
    centre = square(column, row).centroid
    return centre.x, centre.y


def rgb(colour: str) -> np.ndarray:
    return np.array(to_rgb(colour)) * 255


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def labels_of(figure: Figure) -> list[mpl.text.Text]:
    found = figure.findobj(mpl.text.Text)
    return [text for text in found if text.get_gid() == LABEL_GID]


def assert_apart(labels: list[mpl.text.Text]) -> None:
    boxes = [label.get_window_extent() for label in labels]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
    assert not any(a.overlaps(b) for a, b in pairs)


def test_png_has_the_size_of_the_figure(three, tmp_path):
    scene = Scene("三つの市", [Layer(three)])
    path = write_png(scene, tmp_path / "new" / "map.png", dpi=DPI)
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        expected = drawn(scene).get_size_inches() * DPI
        assert image.size == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_same_scene_gives_same_bytes(three, tmp_path, ending):
    scene = Scene("同じ", [Layer(three, label="name")], caption="注", credit="出所")
    one = write_png(scene, tmp_path / f"one.{ending}").read_bytes()
    assert write_png(scene, tmp_path / f"two.{ending}").read_bytes() == one
    assert b"Software" not in one
    assert b"dc:date" not in one


def test_own_settings_neither_shape_a_picture_nor_are_changed(three, tmp_path):
    scene = Scene("設定", [Layer(three, label="name")])
    plain = write_png(scene, tmp_path / "a.png").read_bytes()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        before = dict(mpl.rcParams)
        assert write_png(scene, tmp_path / "b.png").read_bytes() == plain
        assert dict(mpl.rcParams) == before


def test_font_package_is_never_run():
    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from hokkaido_gis.render.png import write_png\n"
        "from hokkaido_gis.render.fonts import drawing_style\n"
        "with drawing_style(): pass\n"
        "assert 'matplotlib_fontja' not in sys.modules\n"
        "assert dict(matplotlib.rcParams) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_font_has_every_municipality_name():
    if not ADJACENCY.exists():
        pytest.skip("the sample's table of municipalities is not there")
    names = pd.read_csv(ADJACENCY, dtype=str)["name"]
    glyphs = TTFont(font_path()).getBestCmap()
    assert len(names) == 179
    assert {letter for name in names for letter in name if ord(letter) not in glyphs} == set()


def test_letters_outside_the_japanese_font_are_lent(three, tmp_path):
    scene = Scene("10 kW ≤ P, 5 µm, $5 と $6", [Layer(three)])
    write_png(scene, tmp_path / "map.png")  # a missing glyph would warn, and fail


def test_class_colours_stand_where_their_squares_are(three):
    scene = Scene("色", [Layer(three, categorical())])
    figure = drawn(scene)
    np.testing.assert_allclose(colour_at(figure, scene, *middle(0, 0)), rgb("#cc3311"), atol=1)
    np.testing.assert_allclose(colour_at(figure, scene, *middle(1, 0)), rgb("#0077bb"), atol=1)


def test_missing_value_has_the_missing_colour_over_the_sea(three):
    scene = Scene("欠測", [Layer(three, categorical())])
    expected = rgb(MISSING.fill) * MISSING.fill_opacity + rgb(SEA) * (1 - MISSING.fill_opacity)
    np.testing.assert_allclose(colour_at(drawn(scene), scene, *middle(2, 0)), expected, atol=1)


def test_hole_shows_what_is_below():
    ring = square(0, 0, 30 * KM) - square(1, 1)
    below = Layer(frame_of([square(0, 0, 30 * KM)]), Single(solid("#ffdd00")))
    scene = Scene("穴", [below, Layer(frame_of([ring]), Single(solid("#0077bb")))])
    figure = drawn(scene)
    np.testing.assert_allclose(colour_at(figure, scene, *middle(1, 1)), rgb("#ffdd00"), atol=1)
    np.testing.assert_allclose(colour_at(figure, scene, *middle(0, 1)), rgb("#0077bb"), atol=1)


@pytest.mark.parametrize("reverse", [False, True], ids=["as made", "rings reversed"])
def test_hole_does_not_depend_on_ring_direction(reverse):
    ring = square(0, 0, 30 * KM) - square(1, 1)
    ring = shapely.Polygon(
        ring.exterior.coords[::-1] if reverse else ring.exterior.coords,
        [ring.interiors[0].coords],
    )
    scene = Scene("穴", [Layer(frame_of([ring]), Single(solid("#0077bb")))])
    np.testing.assert_allclose(colour_at(drawn(scene), scene, *middle(1, 1)), rgb(SEA), atol=1)


def test_later_layers_lie_above(three):
    top = Layer(three.iloc[[0]], Single(solid("#009988")))
    scene = Scene("順", [Layer(three, categorical()), top])
    np.testing.assert_allclose(
        colour_at(drawn(scene), scene, *middle(0, 0)), rgb("#009988"), atol=1
    )


def test_lines_and_points_are_drawn(three):
    (x0, y0), (x1, y1) = middle(0, 0), middle(2, 0)
    line = frame_of([shapely.LineString([(x0, y0), (x1, y1)])])
    point = frame_of([shapely.MultiPoint([(x0, y0), (x1, y1)])])
    wide = Symbol(stroke="#009988", stroke_width=4)
    scene = Scene(
        "線と点",
        [
            Layer(three, Single(solid("#ffffff"))),
            Layer(line, Single(wide, "送電線")),
            Layer(point, Single(solid("#cc3311"), "港")),
        ],
    )
    figure = drawn(scene)
    np.testing.assert_allclose(colour_at(figure, scene, *middle(1, 0)), rgb("#009988"), atol=1)
    np.testing.assert_allclose(colour_at(figure, scene, x0, y0), rgb("#cc3311"), atol=1)
    assert {"送電線", "港"} <= set(texts(figure))


def test_one_collection_a_layer_and_kind_of_geometry():
    many = frame_of([square(i % 20, i // 20) for i in range(400)])
    assert len(axes_of(drawn(Scene("多", [Layer(many)]))).collections) == 1


def test_collections_and_empty_or_absent_geometries_are_taken():
    mixed = shapely.GeometryCollection(
        [shapely.MultiPolygon([square(0, 0), square(2, 0)]), shapely.Point(middle(1, 0))]
    )
    shapes = [mixed, None, shapely.Polygon(), shapely.Polygon([(0, 0), (1, 1), (0, 0)])]
    layer = Layer(frame_of(shapes, name=["甲", "乙", "丙", "丁"]), label="name")
    figure = drawn(Scene("混", [layer, Layer(frame_of([], name=[]), label="name")]))
    assert len(axes_of(figure).collections) == 2


@pytest.mark.parametrize(("lang", "heading", "absent"), [("ja", "凡例", "データなし"),
                                                         ("en", "Legend", "no data")])  # fmt: skip
def test_legend_names_all_classes(three, lang, heading, absent):
    figure = drawn(Scene("凡例", [Layer(three, categorical(), "区分")], lang=lang))
    assert {heading, "区分", "甲", "乙", absent} <= set(texts(figure))


def test_long_legend_enlarges_the_sheet(three):
    many = tuple(Category(i, f"区分{i}", solid("#cc3311")) for i in range(60))
    figure = drawn(Scene("長", [Layer(three, Categorical("kind", many))]))
    sheet = figure.bbox
    shown = [t for t in figure.findobj(mpl.text.Text) if t.get_text().startswith("区分")]
    assert len(shown) == 60
    assert_apart(shown)
    assert all(sheet.y0 < t.get_window_extent().y0 for t in shown)


def test_invisible_layer_is_left_out(three):
    hidden = Layer(three, Single(solid("#cc3311"), "隠"), visible=False)
    figure = drawn(Scene("可視", [Layer(three, Single(solid("#0077bb"), "見")), hidden]))
    assert "見" in texts(figure)
    assert "隠" not in texts(figure)
    with pytest.raises(RenderError, match="no visible layer"):
        drawn(Scene("可視", [hidden]))


@pytest.mark.parametrize("view", [None, (139.3, 41.3, 145.9, 45.6), (144.0, 43.0, 144.1, 43.4)])
def test_scale_bar_is_true_to_the_ellipsoid(three, view):
    scene = Scene("縮尺", [Layer(three)], view=view)
    figure = drawn(scene)
    halves = [p for p in figure.findobj(mpl.patches.Rectangle)
              if str(p.get_gid()).startswith("scale-bar")]  # fmt: skip
    box = mpl.transforms.Bbox.union([half.get_window_extent() for half in halves])
    edge = halves[0].get_linewidth() * DPI / 72
    axes = axes_of(figure)
    window = axes.get_window_extent()
    y = (window.y0 + window.y1) / 2
    x = (window.x0 + window.x1) / 2
    reach = (box.width - edge) / 2
    ends = axes.transData.inverted().transform([(x - reach, y), (x + reach, y)])
    back = Transformer.from_crs(local_crs(scene.bounds), "EPSG:4326", always_xy=True)
    (lon0, lon1), (lat0, lat1) = back.transform(ends[:, 0], ends[:, 1])
    length = Geod(ellps="GRS80").inv(lon0, lat0, lon1, lat1)[2]
    told = next(text for text in texts(figure) if text.endswith(" km"))
    assert length == pytest.approx(float(told.removesuffix(" km")) * KM, rel=0.01)


def test_island_is_not_squashed(three):
    """A square on the ground is a square on the sheet."""
    scene = Scene("比", [Layer(three)])
    axes = axes_of(drawn(scene))
    there = Transformer.from_crs("EPSG:6680", local_crs(scene.bounds), always_xy=True)
    corners = np.array(square(1, 0).exterior.coords)
    on_sheet = axes.transData.transform(np.column_stack(there.transform(*corners.T)))
    sides = np.hypot(*np.diff(on_sheet, axis=0).T)
    np.testing.assert_allclose(sides, sides[0], rtol=2e-3)


def test_round_lengths():
    assert [round_down(x) for x in (1e5, 99_999.0, 2_100.0, 700.0)] == [1e5, 5e4, 2e3, 500.0]


def test_labels_do_not_overlap_and_those_without_room_are_counted():
    count = 18
    shapes = [square(i % count, i // count, 2 * KM) for i in range(count * count)]
    frame = frame_of(shapes, name=[f"とても長い名前の町{i}" * 3 for i in range(len(shapes))])
    figure = drawn(Scene("密", [Layer(frame, label="name")]))
    labels = labels_of(figure)
    assert 50 < len(labels) < len(shapes)
    assert_apart(labels)
    unnamed = len(shapes) - len(labels)
    assert f"地図に名前が入らない地物: {unnamed}" in texts(figure)


def test_larger_features_are_named_first():
    frame = frame_of(
        [square(0, 0, 0.2 * KM), square(0, 0, 60 * KM)], name=["小さい村の名前", "大きい市"]
    )
    frame.geometry = [frame.geometry[0], frame.geometry[1] - frame.geometry[0]]
    assert "大きい市" in [label.get_text() for label in labels_of(drawn(Scene("大", [Layer(
        frame, label="name")])))]  # fmt: skip


def test_labels_keep_off_points_and_stay_on_the_map():
    rng = np.random.default_rng(0)
    spots = rng.uniform(0, 60 * KM, (60, 2)) + ORIGIN
    frame = frame_of(list(shapely.points(spots)), name=[f"漁港{i}" for i in range(60)])
    scene = Scene("港", [Layer(frame, Single(solid("#cc3311"), "港"), label="name")])
    figure = drawn(scene)
    axes = axes_of(figure)
    there = Transformer.from_crs("EPSG:6680", local_crs(scene.bounds), always_xy=True)
    marks = axes.transData.transform(np.column_stack(there.transform(*spots.T)))
    window = axes.get_window_extent()
    labels = labels_of(figure)
    assert len(labels) > 40
    assert_apart(labels)
    for label in labels:
        box = label.get_window_extent()
        assert not any(box.contains(*mark) for mark in marks)
        assert window.x0 <= box.x0
        assert box.x1 <= window.x1
        assert window.y0 <= box.y0
        assert box.y1 <= window.y1


def test_missing_labels_are_not_written(three):
    three["name"] = ["札幌市", None, ""]
    labels = labels_of(drawn(Scene("欠", [Layer(three, label="name")])))
    assert [label.get_text() for label in labels] == ["札幌市"]


def test_feature_cut_by_the_view_is_named_in_it():
    frame = frame_of([square(0, 0, 200 * KM)], name=["広い町"])
    west, south, east, north = Scene("窓", [Layer(frame)]).bounds
    corner = (west, south, west + (east - west) / 8, south + (north - south) / 8)
    figure = drawn(Scene("窓", [Layer(frame, label="name")], view=corner))
    (label,) = labels_of(figure)
    assert axes_of(figure).get_window_extent().contains(*label.get_window_extent().min)


def test_heading_caption_and_credit_are_written(three):
    scene = Scene("見出し", [Layer(three)], caption="説明。", credit="国土地理院", lang="en")
    assert {"見出し", "説明。", "Source: 国土地理院"} <= set(texts(drawn(scene)))


def test_wrapped_lines_fit_and_follow_japanese_rules():
    text = "市町村界は国土数値情報（行政区域、2021 年）を間引いた、Hokkaido の図。" * 4
    lines = wrap_text(text, 2.0, 9.0)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 9.0) <= 2.0 * 72 for line in lines)
    assert not any(line[0] in "、。）" or line[-1] == "（" for line in lines)
    assert wrap_text("", 2.0, 9.0) == []


def test_other_endings_are_refused(three, tmp_path):
    with pytest.raises(RenderError, match=r"\.png or \.svg; got the ending '\.jpg'"):
        write_png(Scene("x", [Layer(three)]), tmp_path / "map.jpg")


def test_older_file_survives_a_failure(three, tmp_path, monkeypatch):
    path = tmp_path / "map.png"
    path.write_bytes(b"older")
    wrong = Layer(three, Graduated("name"))
    with pytest.raises(RenderError, match="not numbers"):
        write_png(Scene("x", [wrong]), path)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(OutputError, match="No space left"):
        write_png(Scene("x", [Layer(three)]), path)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_empty_scene_is_refused():
    empty = Layer(frame_of([]))
    with pytest.raises(RenderError, match="empty"):
        drawn(Scene("空", [empty]))
    far = frame_of([square(0, 0)])
    with pytest.raises(RenderError, match="every visible layer is empty"):
        drawn(Scene("空", [empty, Layer(far, visible=False)]))


def test_input_is_not_changed(three):
    before = three.copy()
    drawn(Scene("x", [Layer(three, categorical(), label="name")]))
    pd.testing.assert_frame_equal(three, before)


# --- Rasters, discs, labels ---------------------------------------------------------------------


def test_raster_lies_where_its_cells_are_and_shows_what_is_below(three):
    cells = np.array([[1.0, np.nan], [np.nan, 3.0]])
    west, south = middle(0, 0)[0] - 5 * KM, middle(0, 0)[1] - 5 * KM
    raster = RasterLayer(
        cells,
        (10 * KM, 0, west, 0, -10 * KM, south + 20 * KM),
        "EPSG:6680",
        breaks=(2.0,),
        opacity=1.0,
    )
    ground = Layer(three, Single(solid("#00ff00")))
    scene = Scene("題", [ground, raster])
    figure = drawn(scene)
    fills = [line.symbol.fill for line in resolve(raster).classes]
    assert np.abs(colour_at(figure, scene, *middle(0, 1)) - rgb(fills[0])).max() <= 2
    assert np.abs(colour_at(figure, scene, *middle(1, 0)) - rgb(fills[1])).max() <= 2
    assert np.abs(colour_at(figure, scene, *middle(0, 0)) - rgb("#00ff00")).max() <= 2


def test_raster_alone_makes_a_map():
    raster = RasterLayer([[1.0, 2.0]], (0.5, 0, 141, 0, -0.5, 43), "EPSG:4326", title="風")
    assert "風" in texts(drawn(Scene("題", [raster])))


def test_large_discs_lie_below_small_ones_and_have_their_size():
    points = [shapely.Point(middle(0, 0)), shapely.Point(middle(3, 0))]
    frame = frame_of(points, v=[4.0, 100.0])
    figure = drawn(Scene("題", [Layer(frame, Proportional("v", radius=20.0))]))
    (discs,) = [c for c in axes_of(figure).collections if len(c.get_offsets()) == 2]
    # Areas of markers are squares of their diameter [pt].
    assert np.sqrt(discs.get_sizes()).tolist() == pytest.approx([30.0, 6.0])


def test_discs_of_the_legend_have_the_size_they_have_on_the_map():
    frame = frame_of([shapely.Point(middle(i, 0)) for i in range(2)], v=[100.0, 1.0])
    figure = drawn(Scene("題", [Layer(frame, Proportional("v", radius=40.0), title="層")]))
    discs = [a for axes in figure.axes for a in axes.patches if isinstance(a, Circle)]
    inches = 40 * 0.75 / 72
    expected = [inches * share**0.5 for share in (1.0, 0.2, 0.1)]
    assert [disc.radius for disc in discs] == pytest.approx(expected)
    boxes = [(disc.center[1] - disc.radius, disc.center[1] + disc.radius) for disc in discs]
    assert all(above[0] > below[1] for above, below in pairwise(boxes))


def test_labels_look_as_asked(three):
    look = LabelStyle(1.5, "#ff0000", "#00ff00")
    usual = labels_of(drawn(Scene("題", [Layer(three, label="name")])))
    labels = labels_of(drawn(Scene("題", [Layer(three, label="name", label_style=look)])))
    assert {label.get_color() for label in labels} == {"#ff0000"}
    assert labels[0].get_size() == 1.5 * usual[0].get_size()
