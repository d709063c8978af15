"""What holds in every output alike: the attributes shown, the colours, the refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import lxml.html
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import shapely
from html_pages import read_layers
from lxml import etree
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.fonts import drawing_style
from hokkaido_gis.render.html import build_page, write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.label_points import label_points
from hokkaido_gis.render.lettering import LABEL_GID
from hokkaido_gis.render.png import draw_scene, write_png
from hokkaido_gis.render.scene import Graduated, Layer, Scene, Single, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.figure import Figure

NS = {"k": "http://www.opengis.net/kml/2.2"}
WRITERS = {"kml": write_kmz, "kmz": write_kmz, "html": write_html, "png": write_png}


@pytest.fixture
def kml_of(tmp_path: Path) -> Callable[[Scene], etree._Element]:
    def write(scene: Scene) -> etree._Element:
        return etree.fromstring(write_kmz(scene, tmp_path / "scene.kml").read_bytes())

    return write


def data_of(scene: Scene) -> dict:
    """The first layer in the page's data."""
    return read_layers(build_page(scene))[0]


def figure_of(scene: Scene) -> Figure:
    with drawing_style():
        figure = draw_scene(scene)
        figure.canvas.draw()
    return figure


def labels_of(figure: Figure) -> list[str]:
    found = figure.findobj(mpl.text.Text)
    return [text.get_text() for text in found if text.get_gid() == LABEL_GID]


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, NS)]


def simple_data(root: etree._Element) -> list[tuple[str, str]]:
    """Attributes of the first feature."""
    found = root.find(".//k:Placemark", NS).iterfind(".//k:SimpleData", NS)
    return [(element.get("name"), element.text) for element in found]


# --- Attributes -------------------------------------------------------------------------------


def test_named_index_is_shown_as_an_attribute(squares: gpd.GeoDataFrame, kml_of) -> None:
    scene = Scene("図", [Layer(squares, name="code", label="code")])

    root = kml_of(scene)
    assert simple_data(root) == [("code", "01202"), ("name", "函館市")]
    assert texts(root, ".//k:Folder/k:Document/k:Placemark/k:name") == squares.index.tolist()
    data = data_of(scene)
    assert data["fields"] == ["code", "name"]
    assert data["names"] == data["labels"] == data["values"][0] == squares.index.tolist()
    assert sorted(labels_of(figure_of(scene))) == squares.index.tolist()


@pytest.mark.parametrize("index_name", [None, 0])
def test_columns_may_be_called_by_numbers(index_name: int | None, kml_of) -> None:
    shapes = shapely.box(141 + np.arange(3), 43, 142 + np.arange(3), 44)
    index = pd.Index([7, 8, 9], name=index_name)
    frame = gpd.GeoDataFrame(
        {1: ["甲", "乙", "丙"], 2: [1.0, 2.5, np.nan]},
        geometry=shapes,
        crs="EPSG:6668",
        index=index,
    )
    shown = [str(name) for name in (index_name, 1, 2) if name is not None]
    called = 1 if index_name is None else 0
    names = ["甲", "乙", "丙"] if index_name is None else ["7", "8", "9"]
    scene = Scene("図", [Layer(frame, Graduated(2, breaks=(1,)), name=called, label=called)])

    root = kml_of(scene)
    assert [name for name, _ in simple_data(root)] == shown
    assert texts(root, ".//k:Folder/k:Document/k:Placemark/k:name") == names
    assert texts(root, ".//k:Folder/k:Folder/k:Placemark/k:name") == names
    data = data_of(scene)
    assert data["fields"] == shown
    assert data["names"] == data["labels"] == names
    assert sorted(labels_of(figure_of(scene))) == sorted(names)


def test_only_the_active_geometry_is_drawn_and_none_is_text(
    squares: gpd.GeoDataFrame, kml_of
) -> None:
    frame = squares.assign(inside=squares.representative_point())
    for active, tag, dimension in (("geometry", "Polygon", 2), ("inside", "Point", 0)):
        scene = Scene("図", [Layer(frame.set_geometry(active))])
        root = kml_of(scene)
        assert len(root.findall(f".//k:Placemark/k:{tag}", NS)) == len(squares)
        assert len(texts(root, ".//k:coordinates")) == len(squares)
        assert [name for name, _ in simple_data(root)] == ["code", "name"]
        data = data_of(scene)
        assert set(data["kinds"]) == {dimension}
        assert data["fields"] == ["code", "name"]
        (drawn,) = figure_of(scene).axes[0].collections
        assert len(drawn.get_offsets() if tag == "Point" else drawn.get_paths()) == len(squares)


def test_numbers_are_commaed_as_values_and_labels_but_not_as_names(
    squares: gpd.GeoDataFrame, kml_of
) -> None:
    frame = squares.reset_index(drop=True).assign(id=[1202, 1203, 1204, 1205], kw=1234.5)
    scene = Scene("図", [Layer(frame, name="id", label="kw", popup={"kw": "出力"})])
    names = ["1202", "1203", "1204", "1205"]

    root = kml_of(scene)
    assert texts(root, ".//k:Folder/k:Document/k:Placemark/k:name") == names
    assert texts(root, ".//k:Folder/k:Folder/k:Placemark/k:name") == ["1,234"] * 4
    data = data_of(scene)
    assert data["names"] == names
    assert data["labels"] == data["values"][0] == ["1,234"] * 4
    assert set(labels_of(figure_of(scene))) == {"1,234"}


# --- Places -----------------------------------------------------------------------------------


def test_labels_stand_at_the_same_points(squares: gpd.GeoDataFrame, kml_of) -> None:
    scene = Scene("図", [Layer(squares, label="name")])
    points = shapely.get_coordinates(label_points(squares.geometry.to_numpy()))

    found = texts(kml_of(scene), ".//k:Folder/k:Folder//k:coordinates")
    assert found == [f"{x:.6f},{y:.6f}" for x, y in points]
    anchors = data_of(scene)["anchors"]
    np.testing.assert_allclose(anchors, points, atol=1e-5)


@pytest.mark.parametrize("ending", WRITERS)
def test_coordinates_off_the_earth_are_refused(ending: str, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(-20_000, 1_000)], crs="EPSG:4326")
    scene = Scene("図", [Layer(frame, title="層")], view=(140, 41, 146, 46))
    with pytest.raises(RenderError, match=r"'層' has coordinates .*EPSG:4326"):
        WRITERS[ending](scene, tmp_path / f"map.{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", WRITERS)
def test_deeply_nested_collections_are_drawn(ending: str, tmp_path: Path) -> None:
    shape = shapely.MultiPolygon([shapely.box(141, 43, 142, 44)])
    for _ in range(4):
        shape = shapely.GeometryCollection([shape])
    frame = gpd.GeoDataFrame({"name": ["箱"]}, geometry=[shape], crs="EPSG:4326")
    scene = Scene("図", [Layer(frame, label="name")])
    WRITERS[ending](scene, tmp_path / f"map.{ending}")
    assert labels_of(figure_of(scene)) == ["箱"]


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("values", [[np.nan, np.nan], [5.0, 5.0]], ids=["all missing", "one value"])
def test_layers_with_nothing_to_classify_are_drawn(
    values: list[float], ending: str, tmp_path: Path
) -> None:
    shapes = shapely.box([141, 142], 43, [142, 143], 44)
    frame = gpd.GeoDataFrame({"v": values}, geometry=shapes, crs="EPSG:4326")
    nothing = Layer(frame.iloc[:0], Graduated("v"), title="空")
    path = WRITERS[ending](
        Scene("図", [Layer(frame, Graduated("v")), nothing]), tmp_path / f"map.{ending}"
    )
    assert path.stat().st_size > 1_000


# --- Colours ----------------------------------------------------------------------------------


GRADUATED = Graduated("v", breaks=(1.0, 2.0), palette="YlGnBu", stroke="#123456", stroke_width=2)
COLOURS = ["#edf8b1", "#7fcdbb", "#2c7fb8"]
LINE_COLOURS = ["#41b6c4", "#2c7fb8", "#253494"]  # without the two lightest of five


def graduated(kind: str) -> Scene:
    shapes = {
        "line": [shapely.LineString([(141 + i, 43), (142 + i, 44)]) for i in range(3)],
        "point": [shapely.Point(141 + i, 43) for i in range(3)],
        "area": [shapely.box(141 + i, 43, 142 + i, 44) for i in range(3)],
    }
    frame = gpd.GeoDataFrame({"v": [1.0, 2.0, 3.0]}, geometry=shapes[kind], crs="EPSG:4326")
    return Scene("図", [Layer(frame, GRADUATED, title="層")])


KINDS = pytest.mark.parametrize("kind", ["line", "point", "area"])


def strokes(kind: str) -> list[str]:
    """Colours that lines and outlines shall have."""
    return LINE_COLOURS if kind == "line" else ["#123456"] * 3


def fills(kind: str) -> list[str]:
    """Colours of the classes."""
    return LINE_COLOURS if kind == "line" else COLOURS


@KINDS
def test_kml_draws_lines_in_the_colour_of_their_class(kind: str, kml_of) -> None:
    root = kml_of(graduated(kind))
    for i, stroke in enumerate(strokes(kind)):
        style = root.find(f".//k:Style[@id='l0c{i}n']", NS)
        bgr = stroke[5:7] + stroke[3:5] + stroke[1:3]
        assert style.findtext("k:LineStyle/k:color", "", NS) == f"ff{bgr}"
    about = root.findtext("k:Document/k:description", "", NS)
    assert [colour in about for colour in fills(kind)] == [True] * 3


@KINDS
def test_html_draws_lines_in_the_colour_of_their_class(kind: str) -> None:
    scene = graduated(kind)
    assert [symbol["stroke"] for symbol in data_of(scene)["symbols"]] == strokes(kind)
    page = lxml.html.document_fromstring(build_page(scene))
    marks = [item.find(".//svg/*") for item in page.findall(".//li")]
    assert [mark.get("stroke") for mark in marks] == strokes(kind)


@KINDS
def test_png_draws_lines_in_the_colour_of_their_class(kind: str) -> None:
    figure = figure_of(graduated(kind))
    (drawn,) = next(axes for axes in figure.axes if axes.get_gid() == "map").collections
    assert isinstance(drawn, LineCollection if kind == "line" else PathCollection)
    edges = [to_hex(colour) for colour in drawn.get_edgecolor()]
    assert edges in (strokes(kind), strokes(kind)[:1])
    swatches = figure.axes[-1].get_children()
    shown = {
        to_hex(swatch.get_color() if kind == "line" else swatch.get_facecolor())
        for swatch in swatches
        if isinstance(swatch, mpl.lines.Line2D if kind == "line" else mpl.patches.Patch)
    }
    assert set(fills(kind)) <= shown


@pytest.mark.parametrize("ending", ["kmz", "png"])
def test_long_words_of_a_legend_stay_on_the_sheet(ending: str, tmp_path: Path) -> None:
    label = "W" * 3_000 + "長" * 3_000 + "\U000e0001"
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(141, 43)], crs="EPSG:4326")
    scene = Scene("題", [Layer(frame, Single(Symbol(), label))])
    assert WRITERS[ending](scene, tmp_path / f"map.{ending}", **OPTIONS[ending]).exists()


OPTIONS = {"kmz": {}, "png": {"dpi": 30}}
