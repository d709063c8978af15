"""The HTML file as text: what stands in it, what its data decode to, that it asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import geopandas as gpd
import lxml.html
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
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

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.render import html
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.html import build_page, write_html
from hokkaido_gis.render.scene import Categorical, Category, Graduated, Layer, Scene, Single, Symbol
from hokkaido_gis.render.shapes import simple_parts

HOSTILE = "<script>alert(1)</script> ]]> </textarea> <!-- & \" ' \u2028"

HOLED = Polygon(box(141, 43, 142, 44).exterior.coords, [box(141.4, 43.4, 141.6, 43.6).boundary])
SHAPES = {
    "polygon": box(141, 43, 142, 44),
    "hole": HOLED,
    "multipolygon": MultiPolygon([HOLED, box(145, 43, 145.5, 43.5)]),
    "line": LineString([(141, 43), (141.5, 43.2), (143, 42)]),
    "closed line": LineString([(141, 43), (141.5, 43.2), (143, 42), (141, 43)]),
    "multiline": MultiLineString([[(141, 43), (142, 43)], [(141, 44), (142, 44), (142, 45)]]),
    "point": Point(141.35, 43.06),
    "multipoint": MultiPoint([(141, 43), (142, 44)]),
    "mixed": GeometryCollection([Point(141, 43), GeometryCollection([HOLED]), Point()]),
    "3d": Polygon([(141, 43, 5), (142, 43, 5), (142, 44, 5)]),
}


def frame(*geometries, crs="EPSG:6668", **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=crs)


def squares(count, **columns):
    cells = [box(141 + i, 43, 142 + i, 44) for i in range(count)]
    columns.setdefault("name", [f"{i} 番町" for i in range(count)])
    return frame(*cells, **columns)


def page_of(*layers, **options):
    return lxml.html.document_fromstring(build_page(Scene("図", layers, **options)))


def data_of(page):
    return json.loads(page.get_element_by_id("scene").text)


def decode(parts):
    """Read coded geometry as the page's script does: owner, dimension and rings of each part."""
    vertices = np.cumsum(np.reshape(parts["xy"], (-1, 2)), axis=0) / html.UNITS_PER_DEGREE
    rings = iter(np.split(vertices, np.cumsum(parts["sizes"])[:-1]))
    owners = np.cumsum(parts["owners"])
    return [
        (owner, kind, [next(rings) for _ in range(count)])
        for owner, kind, count in zip(owners, parts["kinds"], parts["rings"], strict=True)
    ]


def rebuild(rings, kind):
    return [lambda r: Point(r[0][0]), lambda r: LineString(r[0]), lambda r: Polygon(r[0], r[1:])][
        kind
    ](rings)


# --- Data -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_geometry_survives_coding(name):
    shape = SHAPES[name]
    parts, _ = simple_parts(np.array([shape]))
    decoded = decode(html._encode_parts(np.array([shape])))
    assert len(decoded) == len(parts)
    for (owner, kind, rings), part in zip(decoded, parts, strict=True):
        assert owner == 0
        assert shapely.equals_exact(
            rebuild(rings, kind).normalize(), shapely.force_2d(part).normalize(), tolerance=1e-5
        )


def test_parts_belong_to_their_features():
    shapes = np.array(list(SHAPES.values()))
    decoded = decode(html._encode_parts(shapes))
    for position, shape in enumerate(shapes):
        mine = [rebuild(rings, kind) for owner, kind, rings in decoded if owner == position]
        assert sum(part.length for part in mine) == pytest.approx(shape.length, abs=1e-3)


def test_neighbours_share_their_rounded_border():
    left = Polygon([(141, 43), (141.123456789, 43.1), (141.1, 43.987654321), (141, 44)])
    right = Polygon([(142, 44), (141.1, 43.987654321), (141.123456789, 43.1), (142, 43)])
    (_, _, (one,)), (_, _, (other,)) = decode(html._encode_parts(np.array([left, right])))
    assert set(map(tuple, one)) & set(map(tuple, other)) == {(141.12346, 43.1), (141.1, 43.98765)}


def test_layers_move_to_wgs84():
    projected = frame(Point(141.35, 43.06), crs="EPSG:6668").to_crs("EPSG:6680")
    (layer,) = data_of(page_of(Layer(projected)))["layers"]
    assert layer["anchors"] == pytest.approx([14135000, 4306000], abs=1)


def test_values_are_written_for_the_reader():
    layer = Layer(
        squares(2, kw=[1234.5, np.nan], ok=[True, False]),
        popup={"kw": "出力 [kW]", "ok": "可否"},
        name="name",
    )
    (data,) = data_of(page_of(layer))["layers"]
    assert data["names"] == ["0 番町", "1 番町"]
    assert data["fields"] == ["出力 [kW]", "可否"]
    assert data["values"] == [["1,234", "データなし"], ["はい", "いいえ"]]


def test_missing_label_is_left_out():
    (data,) = data_of(page_of(Layer(squares(2, tag=["甲", None]), label="tag")))["layers"]
    assert data["labels"] == ["甲", ""]


def test_classes_and_symbols_are_those_of_resolve():
    layer = Layer(squares(6, kw=[1.0, 2, 3, 4, 5, np.nan]), Graduated("kw", classes=3))
    (data,) = data_of(page_of(layer))["layers"]
    resolved = resolve(layer)
    assert data["classes"] == resolved.index.tolist()
    assert [
        (s["fill"], s["opacity"], s["stroke"], s["width"], s["radius"]) for s in data["symbols"]
    ] == [
        (s.fill, s.fill_opacity, s.stroke, s.stroke_width, s.radius)
        for s in (entry.symbol for entry in resolved.classes)
    ]


def test_features_without_a_place_are_counted_and_keep_others_in_step():
    missing = frame(Point(141, 43), None, Point(), Point(142, 44), name=["い", "ろ", "は", "に"])
    page = page_of(Layer(missing, name="name", label="name", popup={"name": "名"}))
    (data,) = data_of(page)["layers"]
    assert data["names"] == data["labels"] == data["values"][0] == ["い", "に"]
    assert data["anchors"] == [14100000, 4300000, 14200000, 4400000]
    assert page.find_class("unplaced")[0].text == "位置のない地物 2 件"


@pytest.mark.parametrize("shape", [None, Point()])
def test_layer_with_nothing_to_draw_is_listed(shape):
    page = page_of(Layer(squares(1)), Layer(frame(shape), title="空"), Layer(frame(), title="無"))
    empty, none = data_of(page)["layers"][1:]
    assert empty["classes"] == none["classes"] == empty["parts"]["xy"] == []
    assert [node.text for node in page.find_class("title")][1:] == ["空", "無"]


def test_scene_without_any_place_is_refused():
    with pytest.raises(RenderError, match="every layer is empty"):
        build_page(Scene("無", [Layer(frame(None))]))


def test_view_is_the_scenes():
    page = page_of(Layer(squares(2)), view=(140, 42, 145, 46))
    assert data_of(page)["bounds"] == [[42, 140], [46, 145]]


# --- Page -------------------------------------------------------------------------------------


def legend_of(page):
    """Classes of each layer's legend: text and colour of the swatch."""
    return [
        [
            (item.find_class("class")[0].text, item.find(".//svg/*").get("fill"))
            for item in section.findall(".//li")
        ]
        for section in page.find_class("layer")
    ]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_legend_names_the_classes_of_every_layer(lang):
    graduated = Layer(squares(4, kw=[1.0, 5, 9, np.nan]), Graduated("kw", breaks=(2.0, 6.0)))
    kinds = (Category("a", "甲", Symbol("#112233")), Category("b", "乙", Symbol("#445566")))
    categorical = Layer(squares(2, kind=["a", "c"]), Categorical("kind", kinds))
    single = Layer(squares(1), Single(Symbol("#778899"), label="町"), title="境界")
    layers = (graduated, categorical, single)
    assert legend_of(page_of(*layers, lang=lang)) == [
        [(entry.label, entry.symbol.fill) for entry in resolve(layer, lang).classes]
        for layer in layers
    ]


def test_title_alone_stands_for_a_sole_class():
    page = page_of(Layer(squares(1), Single(Symbol("#778899")), title="境界", visible=False))
    (section,) = page.find_class("layer")
    assert section.findall(".//li") == []
    assert section.find(".//label/svg/rect").get("fill") == "#778899"
    assert "checked" not in section.find(".//input").attrib


@pytest.mark.parametrize(
    ("shape", "mark"), [(Point(1, 1), "circle"), (LineString([(0, 0), (1, 1)]), "line")]
)
def test_swatch_has_the_form_of_its_features(shape, mark):
    page = page_of(Layer(frame(shape), Single(Symbol(stroke="#123456", stroke_width=2))))
    swatch = page.find(f".//label/svg/{mark}")
    assert (swatch.get("stroke"), swatch.get("stroke-width")) == ("#123456", "2")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("ja", ["凡例", "名前で検索", "拡大"]), ("en", ["Legend", "Search by name", "Zoom in"])],
)
def test_page_speaks_the_scenes_language(lang, words):
    layer = Layer(squares(1), name="name")
    text = build_page(Scene("t", [layer], lang=lang, credit="N03"))
    assert f'<html lang="{lang}">' in text
    assert [word for word in words if word not in text] == []
    assert ("出典: N03" if lang == "ja" else "Source: N03") in text


def test_search_needs_names():
    assert page_of(Layer(squares(1), name="name")).find_class("search") is not None
    assert "search" not in {e.get("id") for e in page_of(Layer(squares(1))).iter()}


def test_hostile_text_stays_text():
    layer = Layer(
        squares(1, name=[HOSTILE], **{HOSTILE: [HOSTILE]}),
        Single(label=HOSTILE),
        title=HOSTILE + "2",
        name="name",
        label="name",
        popup={HOSTILE: HOSTILE},
    )
    text = build_page(Scene(HOSTILE, [layer], caption=HOSTILE, credit=HOSTILE))
    page = lxml.html.document_fromstring(text)
    (data,) = data_of(page)["layers"]
    assert data["names"] == data["labels"] == data["values"][0] == data["fields"] == [HOSTILE]
    assert [page.findtext(f".//{tag}") for tag in ("title", "h1")] == [HOSTILE, HOSTILE]
    assert page.find_class("title")[0].text == HOSTILE + "2"
    assert page.find_class("class")[0].text == HOSTILE
    assert len(page.findall(".//script")) == 3
    assert not [a for e in page.iter() for a in e.attrib if a.startswith("on")]
    assert "\u2028" not in page.get_element_by_id("scene").text


def test_half_of_a_surrogate_pair_does_not_stop_the_writer(tmp_path):
    path = write_html(Scene("\ud842 野", [Layer(squares(1))]), tmp_path / "a.html")
    assert "<h1>? 野</h1>" in path.read_text(encoding="utf-8")


def test_policy_holds_the_hash_of_every_script_and_style():
    page = page_of(Layer(squares(1)))
    policy = page.find(".//meta[@http-equiv]").get("content")
    inline = [e.text for e in page.findall(".//script") if e.get("type") is None]
    inline += [e.text for e in page.findall(".//style")]
    hashes = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in inline]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_page_names_no_other_file():
    page = page_of(Layer(squares(1), name="name"))
    sources = [v for e in page.iter() for k, v in e.attrib.items() if k in {"src", "href"}]
    assert sources == ["data:,"]
    urls = re.findall(r"url\(['\"]?([^)]*)\)", page.findtext(".//style"))
    assert [u[:40] for u in urls if not u.startswith(("data:image/png;base64,", "#default"))] == []
    assert "sourceMappingURL" not in build_page(Scene("t", [Layer(squares(1))]))


@pytest.mark.parametrize("end", ["</script", "<!--"])
def test_inlined_scripts_do_not_end_their_element(end):
    assert not any(end in script.lower() for script in html._scripts())


def test_page_itself_stays_small():
    assert len(build_page(Scene("t", [Layer(squares(1))])).encode()) < 250_000


def test_leaflet_keeps_its_licence():
    assert "Volodymyr Agafonkin" in build_page(Scene("t", [Layer(squares(1))]))


# --- File -------------------------------------------------------------------------------------


def test_same_scene_gives_the_same_bytes(tmp_path):
    scene = Scene("図", [Layer(squares(5, kw=[1.0, 2, 3, 4, 5]), Graduated("kw"), name="name")])
    one, other = (write_html(scene, tmp_path / name) for name in ("1.html", "2.html"))
    assert one.read_bytes() == other.read_bytes()
    assert b"\r" not in one.read_bytes()


def test_write_leaves_the_frame_as_it_was(tmp_path):
    frame_ = squares(2)
    before = frame_.copy()
    write_html(Scene("図", [Layer(frame_)]), str(tmp_path / "new" / "a.html"))
    assert_geodataframe_equal(frame_, before)


def test_older_file_survives_a_failure(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("older")
    with pytest.raises(RenderError, match="no graduated"):
        write_html(Scene("図", [Layer(squares(1), Graduated("name"))]), path)
    assert path.read_text() == "older"


def test_folder_in_the_place_of_the_file_is_named(tmp_path):
    with pytest.raises(OutputError, match="Cannot write"):
        write_html(Scene("図", [Layer(squares(1))]), tmp_path)
