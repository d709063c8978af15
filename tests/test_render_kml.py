"""The KML writer: valid, repeatable, readable by other programs, and true to its scene."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import fastkml
import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastkml.validator import get_schema_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lxml import etree
from PIL import Image
from shapely.geometry import shape

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.render.classes import LegendClass, Resolved, resolve
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.kml_geometry import format_degrees
from hokkaido_gis.render.kml_rings import MOST_VERTICES
from hokkaido_gis.render.legend import LegendBlock, draw_legend_png
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
    Style,
    Symbol,
)

if TYPE_CHECKING:
    from pathlib import Path

NS = {"k": "http://www.opengis.net/kml/2.2"}

GEOMETRIES = {
    "point": "POINT (141.3543763 43.0620958)",
    "point_z": "POINT Z (141.3543763 43.0620958 12)",
    "line": "LINESTRING (141 43, 142.123456 44, 143 44)",
    "ring": "LINEARRING (141 43, 142 43, 142 44, 141 43)",
    "clockwise": "POLYGON ((141 43, 141 44, 142 44, 142 43, 141 43))",
    "hole": "POLYGON ((141 43, 142 43, 142 44, 141 44, 141 43),"
    " (141.2 43.2, 141.4 43.2, 141.4 43.4, 141.2 43.2))",
    "polygon_z": "POLYGON Z ((141 43 1, 142 43 2, 142 44 3, 141 43 1))",
    "points": "MULTIPOINT (141 43, 142 44)",
    "lines": "MULTILINESTRING ((141 43, 142 44), (141 44, 142 45))",
    "polygons": "MULTIPOLYGON (((141 43, 142 43, 142 44, 141 43)),"
    " ((143 43, 145 43, 145 45, 143 45, 143 43)))",
    "collection": "GEOMETRYCOLLECTION (POINT (141 42), LINESTRING (141 43, 142 44),"
    " POLYGON ((141 43, 142 44, 141 44, 141 43)))",
    "nested": "GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (141 42)),"
    " MULTIPOINT (141 43, 142 44))",
    "southern": "POINT (-0.0000001 -12.00005)",
    "bow_tie": "POLYGON ((141 43, 142 44, 142 43, 141 44, 141 43))",
}
NOTHING = {"missing": None, "empty": "POLYGON EMPTY", "empty_point": "POINT EMPTY"}
HOSTILE = [
    "<script>alert(1)</script>",
    "]]>",
    "a & b &amp; c",
    "</description></Placemark>",
    "bell \x07 null \x00 \ufffe \ud800",
    "$[description] $[l0/x]",
    "\"quoted\" 'text'",
    "line\nbreak\tand\rreturn",
    "長" * 100_000,
    "𠮷野家 😀 é",
]


def squares(count: int, /, **columns: object) -> gpd.GeoDataFrame:
    """A row of unit squares, each a tenth of a degree."""
    west = 141 + np.arange(count) / 10
    boxes = shapely.box(west, 43, west + 0.1, 43.1)
    return gpd.GeoDataFrame(columns, geometry=boxes, crs="EPSG:4326", index=range(count))


def from_wkt(*texts: str | None) -> gpd.GeoDataFrame:
    geometries = [None if text is None else shapely.from_wkt(text) for text in texts]
    names = [f"名{i}" for i in range(len(texts))]
    return gpd.GeoDataFrame({"名": names}, geometry=geometries, crs="EPSG:4326")


def scene(frame: gpd.GeoDataFrame, style: Style | None = None, **layer: object) -> Scene:
    return Scene("題", [Layer(frame, style or Single(), title="層", **layer)], "説明", "出所")


def read(path: Path) -> etree._Element:
    """Parse a .kml or .kmz, and show that the schema allows it."""
    text = zipfile.ZipFile(path).read("doc.kml") if path.suffix == ".kmz" else path.read_bytes()
    root = etree.fromstring(text, etree.XMLParser(huge_tree=True))
    get_schema_parser().assertValid(root)
    return root


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, NS)]


def features(root: etree._Element) -> list[etree._Element]:
    """Placemarks of features, without those of labels."""
    return root.findall(".//k:Folder/k:Document/k:Placemark", NS)


def read_with_gdal(path: Path, layer: str) -> gpd.GeoDataFrame:
    built_in = ["id", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude"]
    built_in += ["visibility", "drawOrder", "icon", "snippet"]
    return pyogrio.read_dataframe(path, layer=layer).drop(columns=built_in, errors="ignore")


@pytest.fixture(params=["out.kmz", "out.kml"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_geometry_is_read_back_by_gdal_and_fastkml(kind: str, path: Path) -> None:
    frame = from_wkt(GEOMETRIES[kind])
    write_kmz(scene(frame, name="名"), path)
    text = etree.tostring(read(path)).decode()

    expected = shapely.force_2d(frame.geometry.iloc[0])
    if kind == "ring":
        expected = shapely.LineString(expected)
    if kind == "nested":
        expected = shapely.MultiPoint([(141, 42), (141, 43), (142, 44)])
    by_gdal = read_with_gdal(path, "層 (#2)").geometry.iloc[0]
    parsed = fastkml.KML.from_string(text)
    by_fastkml = shape(parsed.features[0].features[0].features[0].features[0].geometry)
    for found in (by_gdal, by_fastkml):
        assert not found.has_z
        assert shapely.equals_exact(found, expected, tolerance=1e-6, normalize=True)


@pytest.mark.parametrize("kind", ["clockwise", "hole", "polygons", "collection"])
def test_outer_rings_run_counter_clockwise_and_holes_clockwise(kind: str, tmp_path: Path) -> None:
    root = read(write_kmz(scene(from_wkt(GEOMETRIES[kind])), tmp_path / "a.kml"))

    for boundary, counter_clockwise in (("outer", True), ("inner", False)):
        rings = texts(root, f".//k:{boundary}BoundaryIs/k:LinearRing/k:coordinates")
        for ring in rings:
            vertices = [tuple(map(float, pair.split(","))) for pair in ring.split()]
            assert shapely.LinearRing(vertices).is_ccw == counter_clockwise
    assert texts(root, ".//k:outerBoundaryIs/k:LinearRing/k:coordinates")


@pytest.mark.parametrize("kind", NOTHING)
def test_feature_without_geometry_keeps_its_attributes(kind: str, path: Path) -> None:
    frame = from_wkt(GEOMETRIES["clockwise"], NOTHING[kind])
    root = read(write_kmz(scene(frame, name="名", label="名"), path))

    lost = features(root)[1]
    assert [etree.QName(e).localname for e in lost][-1] == "ExtendedData"
    assert texts(lost, ".//k:SimpleData") == ["名1"]
    assert read_with_gdal(path, "層 (#2)")["名"].tolist() == ["名0", "名1"]
    labels = root.findall(".//k:Folder/k:Folder/k:Placemark", NS)
    assert texts(root, ".//k:Folder/k:Folder/k:Placemark/k:name") == ["名0"]
    assert len(labels) == 1


def test_points_at_nan_count_as_missing(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([141, np.nan], [43, np.nan]), crs="EPSG:4326"
    )
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    assert len(features(root)) == 2
    assert texts(root, ".//k:coordinates") == ["141.000000,43.000000"]


def test_no_geometry_at_all_is_an_error(path: Path) -> None:
    with pytest.raises(RenderError, match="no place to show"):
        write_kmz(scene(from_wkt(None, "POLYGON EMPTY")), path)
    assert not list(path.parent.iterdir())


def test_projected_layer_lands_where_it_belongs(tmp_path: Path) -> None:
    """Plane rectangular zone XII has its origin at 44 N, 142 deg 15 min E."""
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs="EPSG:6680")
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    assert texts(root, ".//k:Point/k:coordinates") == ["142.250000,44.000000"]


def test_coordinates_that_are_no_degrees_are_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(-20_000, 1_000)], crs="EPSG:4326")
    with pytest.raises(RenderError, match=r"'層' has coordinates .*EPSG:4326"):
        write_kmz(scene(frame), tmp_path / "a.kml")


STYLES = {
    "single": Single(label="ひとつ"),
    "categorical": Categorical(
        "種別",
        (
            Category("乳牛", "乳用牛", Symbol("#112233", 0.5)),
            Category("豚", "豚", Symbol("#445566")),
            Category("鶏", "使われない", Symbol("#778899")),
        ),
    ),
    "graduated": Graduated("値", breaks=(1.0, 2.0), unit="kW"),
    "no_outline": Single(Symbol(stroke_width=0)),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_class_folders_and_counts_match_the_legend(style: Style, path: Path) -> None:
    frame = squares(5, 種別=["乳牛", "豚", "豚", None, "馬"], 値=[0.5, 1.0, 1.5, np.nan, 7.0])
    drawn = scene(frame, style)
    root = read(write_kmz(drawn, path))

    resolved = resolve(drawn.layers[0])
    counts = Counter(resolved.index.tolist())
    folders = root.findall(".//k:Folder/k:Document", NS)
    assert [f.findtext("k:name", "", NS) for f in folders] == [c.label for c in resolved.classes]
    assert [len(f.findall("k:Placemark", NS)) for f in folders] == [
        counts[i] for i in range(len(resolved.classes))
    ]


def test_every_reference_resolves_and_ids_are_unique(tmp_path: Path) -> None:
    layers = [
        Layer(squares(5, 値=[1.0, 2.0, 3.0, 4.0, np.nan]), Graduated("値"), label="値"),
        Layer(from_wkt(GEOMETRIES["point"])),
    ]
    root = read(write_kmz(Scene("題", layers), tmp_path / "a.kml"))

    ids = [element.get("id") for element in root.iterfind(".//*[@id]")]
    wanted = set(texts(root, ".//k:styleUrl"))
    wanted |= {e.get("schemaUrl") for e in root.iterfind(".//k:SchemaData", NS)}
    assert len(ids) == len(set(ids))
    assert wanted <= {f"#{i}" for i in ids}


def test_styles_belong_to_classes_and_not_to_features(tmp_path: Path) -> None:
    symbol = Symbol("#112233", 0.5, "#445566", 2)
    root = read(write_kmz(scene(squares(50), Single(symbol)), tmp_path / "a.kml"))

    assert len(root.findall(".//k:StyleMap", NS)) == 1
    normal = root.find(".//k:Style[@id='l0c0n']", NS)
    assert normal.findtext("k:PolyStyle/k:color", "", NS) == "80332211"
    assert normal.findtext("k:LineStyle/k:color", "", NS) == "ff665544"
    assert normal.findtext("k:LineStyle/k:width", "", NS) == "2"


def attributes() -> gpd.GeoDataFrame:
    return squares(
        3,
        市町村名=["札幌市", "函館市", None],
        code=["01100", "01202", "01203"],
        count=[1, -2, 2**31 - 1],
        large=[2**40, 0, -(2**40)],
        area_km2=[0.1, 1e-300, np.nan],
        optional=pd.array([1, None, 3], dtype="Int64"),
        flag=[True, False, True],
        kind=pd.Categorical([3, 1, 3]),
        nothing=[None, None, None],
        **{"a & b\"<'>": ["x", "y", "z"]},
    )


def test_attributes_are_read_back_by_gdal(path: Path) -> None:
    frame = attributes()
    read(write_kmz(scene(frame), path))

    found = read_with_gdal(path, "層 (#2)")
    for column in frame.columns.drop("geometry"):
        known = frame[column].notna()
        assert found[column].notna().equals(known), column
        assert found[column][known].tolist() == frame[column][known].tolist(), column


def test_attributes_are_typed_and_missing_ones_left_out(tmp_path: Path) -> None:
    root = read(write_kmz(scene(attributes()), tmp_path / "a.kml"))

    types = [e.get("type") for e in root.iterfind(".//k:SimpleField", NS)]
    assert types == [
        *("string", "string", "int", "double", "double", "int", "bool", "int", "string", "string")
    ]
    last = features(root)[-1]
    assert [e.get("name") for e in last.iterfind(".//k:SimpleData", NS)] == [
        *("code", "count", "large", "optional", "flag", "kind", "a & b\"<'>")
    ]
    assert "データなし" in last.findtext("k:description", "", NS)
    assert "nan" not in etree.tostring(last).decode().lower()


@pytest.mark.parametrize("values", [[2**60, 1, None], [2**63, 0, 1]])
def test_whole_numbers_beyond_doubles_are_written_as_text(
    values: list[int | None], tmp_path: Path
) -> None:
    frame = squares(3, 数=pd.Series(values, dtype=object))
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    assert texts(root, ".//k:SimpleData") == [str(v) for v in values if v is not None]


def test_popup_chooses_columns_and_headings(tmp_path: Path) -> None:
    frame = squares(1, a=[1234.5], b=["<b>"], c=["隠す"])
    drawn = scene(frame, name="b", popup={"b": "見出し <1>", "a": "面積"})
    root = read(write_kmz(drawn, tmp_path / "a.kml"))

    (feature,) = features(root)
    assert feature.findtext("k:description", "", NS) == (
        "<h3>&lt;b&gt;</h3><table>"
        "<tr><th>見出し &lt;1&gt;<td>&lt;b&gt;<tr><th>面積<td>1,234</table>"
    )
    assert texts(root, ".//k:displayName") == ["見出し <1>", "面積"]
    assert "隠す" not in etree.tostring(root, encoding="unicode")


def test_column_names_need_not_be_text(tmp_path: Path) -> None:
    frame = squares(1, a=["x"]).rename(columns={"a": 5})
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    assert [e.get("name") for e in root.iterfind(".//k:SimpleData", NS)] == ["5"]


def test_names_of_numbers_take_no_commas_and_missing_ones_are_left_out(tmp_path: Path) -> None:
    frame = squares(3, code=[1202.0, np.nan, 0.5])
    root = read(write_kmz(scene(frame, name="code"), tmp_path / "a.kml"))
    assert [f.findtext("k:name", None, NS) for f in features(root)] == ["1202", None, "0.5"]


def test_hostile_text_stays_text(path: Path) -> None:
    frame = squares(len(HOSTILE), 文=pd.Series(HOSTILE, dtype=object))
    drawn = Scene(HOSTILE[0], [Layer(frame, title=HOSTILE[1], name="文", label="文")], HOSTILE[3])
    root = read(write_kmz(drawn, path))

    expected = [*HOSTILE]
    expected[4] = "bell \ufffd null \ufffd \ufffd \ufffd"
    assert [f.findtext("k:name", "", NS) for f in features(root)] == expected
    assert texts(root, ".//k:Folder/k:Document//k:SimpleData") == expected
    assert texts(root, ".//k:Folder/k:Folder/k:Placemark/k:name") == expected
    balloons = texts(root, ".//k:Document/k:Placemark/k:description")
    assert len(balloons) == len(HOSTILE)
    assert not [b for b in balloons if "<script" in b or "$[" in b or "</description" in b]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), min_size=1))
def test_any_text_survives_as_name_and_attribute(text: str, tmp_path: Path) -> None:
    frame = squares(1, 文=pd.Series([text], dtype=object))
    root = read(write_kmz(scene(frame, name="文", label="文"), tmp_path / "a.kml"))

    expected = "".join(c if is_xml(c) else "\ufffd" for c in text)
    (feature,) = features(root)
    assert feature.findtext("k:name", "", NS) == expected
    assert texts(feature, ".//k:SimpleData") == [expected]


def is_xml(character: str) -> bool:
    """Whether XML 1.0 can carry a character, by its production [2]."""
    code = ord(character)
    ranges = ((0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
    return code in {9, 10, 13} or any(low <= code <= high for low, high in ranges)


def test_area_labels_are_points_inside_the_largest_part(tmp_path: Path) -> None:
    crescent = shapely.box(141, 43, 143, 45) - shapely.box(141.5, 43.5, 143, 44.5)
    areas = [crescent, shapely.from_wkt(GEOMETRIES["polygons"])]
    frame = gpd.GeoDataFrame({"札": ["三日月", "ふたつ"]}, geometry=areas, crs="EPSG:4326")
    root = read(write_kmz(scene(frame, label="札"), tmp_path / "a.kml"))

    folder = root.find(".//k:Folder/k:Folder", NS)
    points = [
        shapely.Point(*map(float, text.split(","))) for text in texts(folder, ".//k:coordinates")
    ]
    assert folder.findtext("k:name", "", NS) == "ラベル"
    assert texts(folder, "k:Placemark/k:name") == ["三日月", "ふたつ"]
    assert crescent.contains(points[0])
    assert areas[1].geoms[1].contains(points[1])


def test_label_of_a_line_lies_half_way_along(tmp_path: Path) -> None:
    frame = from_wkt("MULTILINESTRING ((141 43, 142 43), (141 44, 143 44, 145 44))")
    root = read(write_kmz(scene(frame, label="名"), tmp_path / "a.kml"))
    assert texts(root, ".//k:Folder/k:Folder//k:coordinates") == ["143.000000,44.000000"]


def test_points_are_labelled_by_their_own_name(tmp_path: Path) -> None:
    frame = from_wkt(GEOMETRIES["point"]).assign(札=["短い"])
    root = read(write_kmz(scene(frame, name="名", label="札"), tmp_path / "a.kml"))

    (feature,) = features(root)
    assert feature.findtext("k:name", "", NS) == "短い"
    assert "<h3>名0</h3>" in feature.findtext("k:description", "", NS)
    assert root.find(".//k:Folder/k:Folder", NS) is None
    assert texts(root, ".//k:Style[@id='l0c0n']/k:LabelStyle/k:scale") == ["0.8"]


def test_hidden_layer_is_hidden_in_all_its_parts(tmp_path: Path) -> None:
    drawn = scene(squares(2, 名=["a", "b"]), label="名", visible=False)
    root = read(write_kmz(drawn, tmp_path / "a.kml"))
    tags = [f"{{{NS['k']}}}{tag}" for tag in ("Folder", "Document", "Placemark")]
    parts = list(root.find("k:Document/k:Folder", NS).iter(*tags))
    assert len(parts) == 3 + 4
    assert all(part.findtext("k:visibility", None, NS) == "0" for part in parts)


def test_document_says_what_it_is_and_looks_at_its_features(tmp_path: Path) -> None:
    root = read(write_kmz(scene(squares(10)), tmp_path / "a.kml"))
    document = root.find("k:Document", NS)
    assert document.findtext("k:name", "", NS) == "題"
    assert document.findtext("k:Snippet", "", NS) == "説明"
    assert "<p>説明</p><p>出典: 出所</p>" in document.findtext("k:description", "", NS)
    assert texts(document, "k:LookAt/k:longitude") == ["141.500000"]
    assert texts(document, "k:LookAt/k:latitude") == ["43.050000"]
    half = 111_320 / 2 * np.cos(np.radians(43.05))
    distance = float(document.findtext("k:LookAt/k:range", "", NS))
    assert half < distance * np.tan(np.radians(30)) < 1.3 * half


def test_kmz_carries_its_pictures(tmp_path: Path) -> None:
    path = write_kmz(scene(from_wkt(GEOMETRIES["point"])), tmp_path / "a.kmz")
    root = read(path)

    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            *("doc.kml", "files/dot.png", "files/legend.png", "files/caption.png")
        ]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in archive.namelist()[1:]:
            Image.open(io.BytesIO(archive.read(name))).verify()
    assert texts(root, ".//k:ScreenOverlay/k:Icon/k:href") == [
        *("files/legend.png", "files/caption.png")
    ]
    assert set(texts(root, ".//k:IconStyle/k:Icon/k:href")) == {"files/dot.png"}
    assert "凡例" not in root.findtext("k:Document/k:description", "", NS)


def test_kml_carries_its_legend_as_text(tmp_path: Path) -> None:
    drawn = scene(squares(3, 値=[1.0, 2.0, 3.0]), Graduated("値", breaks=(1.5,), unit="kW"))
    root = read(write_kmz(drawn, tmp_path / "a.kml"))
    about = root.findtext("k:Document/k:description", "", NS)
    assert "凡例" in about
    assert "1.5 kW 以下" in about
    assert root.find(".//k:ScreenOverlay", NS) is None
    assert root.find(".//k:Icon", NS) is None


def test_same_scene_gives_same_bytes_whatever_was_written_before(path: Path) -> None:
    def drawn() -> Scene:
        return scene(attributes(), Graduated("area_km2"), name="市町村名", label="code")

    first = write_kmz(drawn(), path).read_bytes()
    write_kmz(scene(squares(3), Single(Symbol("#000000"))), path.with_stem("other"))
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 300, "text.color": "red"}):
        second = write_kmz(drawn(), path.with_stem("again")).read_bytes()
    assert first == second


def test_writing_changes_neither_the_frame_nor_matplotlib(tmp_path: Path) -> None:
    frame = from_wkt(*GEOMETRIES.values())
    before, settings_before = frame.copy(), dict(mpl.rcParams)
    write_kmz(scene(frame, name="名"), tmp_path / "a.kmz")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))
    assert dict(mpl.rcParams) == settings_before


class Bomb:
    """A value that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("boom")


def test_failure_midway_leaves_the_older_file(path: Path) -> None:
    path.write_text("older")
    values = ["a"] * 5_000 + [Bomb()]
    frame = squares(len(values), 値=pd.Series(values, dtype=object))
    frame["geometry"] = frame.geometry.iloc[0]
    with pytest.raises(RuntimeError, match="boom"):
        write_kmz(scene(frame), path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "older"


def test_features_of_all_batches_are_written(tmp_path: Path) -> None:
    frame = squares(9_000, n=range(9_000))
    frame["geometry"] = frame.geometry.iloc[0]
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    assert texts(root, ".//k:SimpleData") == [str(n) for n in range(9_000)]


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'map\.html' must end in \.kmz or \.kml"):
        write_kmz(scene(squares(1)), tmp_path / "map.html")


def test_english_scene_speaks_english(tmp_path: Path) -> None:
    layer = Layer(squares(2, v=[1.0, np.nan]), Graduated("v"), title="L", label="v")
    root = read(write_kmz(Scene("T", [layer], credit="C", lang="en"), tmp_path / "a.kml"))
    assert root.findall(".//k:Folder/k:Folder/k:name", NS)[0].text == "Labels"
    assert "Source: C" in root.findtext("k:Document/k:description", "", NS)
    assert "no data" in features(root)[-1].findtext("k:description", "", NS)


@pytest.mark.parametrize("kind", ["area", "line", "point"])
def test_legend_shows_the_colours_of_its_classes(kind: str) -> None:
    symbol = Symbol(fill="#ff0000", fill_opacity=1, stroke="#0000ff", stroke_width=4)
    resolved = Resolved((LegendClass("札幌市 $x$ _", symbol),), np.zeros(1, dtype=np.intp), kind)
    picture = Image.open(io.BytesIO(draw_legend_png([LegendBlock("層", resolved)])))
    colours = {colour for _, colour in picture.convert("RGB").getcolors(maxcolors=100_000)}
    assert (0, 0, 255) in colours
    assert ((255, 0, 0) in colours) == (kind != "line")


def test_legend_has_japanese_glyphs() -> None:
    """Characters no font has would all look alike."""

    def drawn(label: str) -> bytes:
        resolved = Resolved((LegendClass(label, Symbol()),), np.zeros(1, dtype=np.intp))
        return draw_legend_png([LegendBlock("", resolved)])

    assert len({drawn(label) for label in ("札", "幌", "釧", "〓", "≤")}) == 5
    assert drawn("\x07\U000e0001") == drawn("〓〓")


def test_long_legend_goes_on_in_further_columns() -> None:
    classes = tuple(LegendClass(f"階級 {i}", Symbol()) for i in range(100))
    block = LegendBlock("層", Resolved(classes, np.zeros(1, dtype=np.intp)))
    width, height = Image.open(io.BytesIO(draw_legend_png([block], most_height=500))).size
    assert height <= 520
    assert width > 300


# --- Rasters, discs, widths, very long rings ----------------------------------------------------


def raster(**options: object) -> RasterLayer:
    cells = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, -9.0]])
    grid = (0.1, 0, 141, 0, -0.1, 43.2)
    return RasterLayer(
        cells, grid, "EPSG:4326", title="風 <速>", breaks=(1.5, 3.5), nodata=-9.0, **options
    )


def test_raster_is_an_overlay_in_its_place(tmp_path: Path) -> None:
    layers = [Layer(squares(2), title="層"), raster(opacity=0.5, visible=False)]
    path = write_kmz(Scene("題", layers), tmp_path / "a.kmz")
    overlay = read(path).find(".//k:GroundOverlay", NS)

    assert overlay.findtext("k:name", "", NS) == "風 <速>"
    assert overlay.findtext("k:visibility", "", NS) == "0"
    assert overlay.findtext("k:color", "", NS) == "80ffffff"
    box = {e.tag.split("}")[1]: float(e.text) for e in overlay.find("k:LatLonBox", NS)}
    assert box == pytest.approx({"north": 43.2, "south": 43.0, "east": 141.3, "west": 141.0})
    with zipfile.ZipFile(path) as archive:
        picture = Image.open(io.BytesIO(archive.read(overlay.findtext("k:Icon/k:href", "", NS))))
        pixels = np.asarray(picture.convert("RGBA"))
    height, width = pixels.shape[:2]
    found = pixels[height // 4 :: height // 2, width // 6 :: width // 3]
    fills = [tuple(bytes.fromhex(c.symbol.fill[1:])) for c in resolve(layers[1]).classes]
    assert [tuple(p) for p in found[..., :3].reshape(-1, 3)[[0, 1, 3, 4]]] == [
        *(fills[0], fills[1], fills[1], fills[2])
    ]
    assert found[..., 3].tolist() == [[255, 255, 0], [255, 255, 0]]


def test_kml_refuses_rasters_that_it_cannot_carry(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"picture of a raster.*風.*\.kmz"):
        write_kmz(Scene("題", [raster()]), tmp_path / "a.kml")
    assert not list(tmp_path.iterdir())


def test_discs_are_icons_as_large_as_their_values(path: Path) -> None:
    frame = squares(4, 値=[0.0, 25.0, 100.0, np.nan])
    root = read(write_kmz(scene(frame, Proportional("値", radius=16.0)), path))

    scales = []
    for feature in features(root):
        key = feature.findtext("k:styleUrl", "", NS)
        normal = root.find(f".//k:StyleMap[@id='{key[1:]}']/k:Pair/k:styleUrl", NS).text
        style = root.find(f".//k:Style[@id='{normal[1:]}']", NS)
        scales.append(float(style.findtext("k:IconStyle/k:scale", "", NS)))
    # An icon of scale 1 is 32 pixels wide.
    assert scales == pytest.approx([0, 0.5, 1.0, 3 / 16])
    first = texts(root, ".//k:Placemark/k:Point/k:coordinates")[0]
    assert first == "141.050000,43.050000"


def test_lines_have_the_width_of_their_class(tmp_path: Path) -> None:
    lines = from_wkt(*["LINESTRING (141 43, 142 44)"] * 3).assign(kv=[66, 187, 275])
    style = Graduated("kv", breaks=(100, 200), widths=(1.0, 5.0))
    root = read(write_kmz(scene(lines, style), tmp_path / "a.kml"))
    widths = [
        root.findtext(f".//k:Style[@id='l0c{i}n']/k:LineStyle/k:width", "", NS) for i in range(3)
    ]
    assert widths == ["1", "3", "5"]


def test_labels_have_the_size_and_colour_asked_for(tmp_path: Path) -> None:
    drawn = scene(squares(1, a=["x"]), label="a", label_style=LabelStyle(2.0, "#112233"))
    root = read(write_kmz(drawn, tmp_path / "a.kml"))
    style = root.find(".//k:Style[@id='l0t']/k:LabelStyle", NS)
    assert style.findtext("k:color", "", NS) == "ff332211"
    assert style.findtext("k:scale", "", NS) == "1.6"


def star(vertices: int) -> shapely.Polygon:
    """A round area with a wavy border of many vertices, and a hole."""
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = 1 + 0.05 * np.sin(40 * turn)
    border = np.column_stack([142.5 + reach * np.cos(turn), 43 + 0.7 * reach * np.sin(turn)])
    return shapely.Polygon(border, [shapely.Point(142.5, 43).buffer(0.3).exterior.coords])


@pytest.mark.parametrize("stroke_width", [0, 1.5])
def test_very_long_rings_are_written_in_pieces_that_are_the_same_area(
    stroke_width: float, path: Path
) -> None:
    small, large = shapely.box(144, 43, 144.1, 43.1), star(3 * MOST_VERTICES)
    shapes = [large, shapely.MultiPolygon([large, small]), small]
    frame = gpd.GeoDataFrame({"名": ["a", "b", "c"]}, geometry=shapes, crs="EPSG:4326")
    root = read(write_kmz(scene(frame, Single(Symbol(stroke_width=stroke_width))), path))

    rings = [ring.split() for ring in texts(root, ".//k:coordinates")]
    assert max(map(len, rings)) <= MOST_VERTICES
    found = read_with_gdal(path, "層 (#2)")
    assert found["名"].tolist() == ["a", "b", "c"]
    for before, after in zip(shapes, found.geometry, strict=True):
        parts = shapely.get_parts(shapely.GeometryCollection([after]))
        parts = shapely.get_parts(parts[0]) if before is not small else parts
        areas = parts[shapely.get_dimensions(parts) == 2]
        lines = parts[shapely.get_dimensions(parts) == 1]
        whole = shapely.union_all(areas)
        assert shapely.symmetric_difference(whole, before).area < 1e-6 * before.length
        assert shapely.area(areas).sum() == pytest.approx(before.area, rel=1e-6)
        if before is not small:
            assert shapely.length(lines).sum() == pytest.approx(
                before.length if stroke_width else 0, rel=1e-5
            )
    styles = [feature.findtext("k:styleUrl", "", NS) for feature in features(root)]
    assert styles == ["#l0c0x", "#l0c0x", "#l0c0"]
    outline = root.findtext(".//k:Style[@id='l0c0xn']/k:PolyStyle/k:outline", "", NS)
    assert outline == "0"


def test_areas_that_cross_themselves_stay_whole(tmp_path: Path) -> None:
    """Cutting them would change them."""
    ring = shapely.get_coordinates(star(2 * MOST_VERTICES).exterior)
    ring[[5, 500]] = ring[[500, 5]]
    frame = gpd.GeoDataFrame(geometry=[shapely.Polygon(ring)], crs="EPSG:4326")
    root = read(write_kmz(scene(frame), tmp_path / "a.kml"))
    (written,) = texts(root, ".//k:coordinates")
    assert len(written.split()) == len(ring)


@given(
    degrees=arrays(
        float,
        st.tuples(st.integers(0, 20), st.just(2)),
        elements=st.floats(-180, 180) | st.floats(-1e-6, 1e-6),
    )
)
def test_degrees_are_written_as_python_writes_them(degrees: np.ndarray) -> None:
    text, lengths = format_degrees(degrees)
    pairs = [f"{x:.6f},{y:.6f} " for x, y in np.round(degrees, 6) + 0.0]
    assert text.decode() == "".join(pairs)
    assert lengths.tolist() == [len(pair) for pair in pairs]
