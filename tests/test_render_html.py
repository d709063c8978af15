"""The HTML file as text: what stands in it, what its data decode to, that it asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re

import folium
import folium.plugins
import geopandas as gpd
import lxml.html
import numpy as np
import pytest
from geopandas.testing import assert_geodataframe_equal
from html_pages import read_layers
from PIL import Image
from shapely.geometry import LineString, Point, Polygon, box

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.html import build_page, to_folium, write_html
from hokkaido_gis.render.html_payload import LARGE_LAYER
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

HOSTILE = "<script>alert(1)</script> ]]> </textarea> <!-- & \" ' \u2028"


def frame(*geometries, crs="EPSG:6668", **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=crs)


def squares(count, **columns):
    cells = [box(141 + i, 43, 142 + i, 44) for i in range(count)]
    columns.setdefault("name", [f"{i} 番町" for i in range(count)])
    return frame(*cells, **columns)


def page_of(*layers, **options):
    return lxml.html.document_fromstring(build_page(Scene("図", layers, **options)))


def data_of(*layers, **options):
    return read_layers(build_page(Scene("図", layers, **options)))


# --- Data -------------------------------------------------------------------------------------


def test_layers_move_to_wgs84():
    projected = frame(Point(141.35, 43.06), crs="EPSG:6668").to_crs("EPSG:6680")
    (layer,) = data_of(Layer(projected))
    assert layer["anchors"] == pytest.approx(np.array([[141.35, 43.06]]), abs=1e-6)


def test_values_are_written_for_the_reader():
    layer = Layer(
        squares(2, kw=[1234.5, np.nan], ok=[True, False]),
        popup={"kw": "出力 [kW]", "ok": "可否"},
        name="name",
    )
    (data,) = data_of(layer)
    assert data["names"] == ["0 番町", "1 番町"]
    assert data["fields"] == ["出力 [kW]", "可否"]
    assert data["values"] == [["1,234", "データなし"], ["はい", "いいえ"]]


def test_missing_label_is_left_out():
    (data,) = data_of(Layer(squares(2, tag=["甲", None]), label="tag"))
    assert data["labels"] == ["甲", ""]


def test_classes_and_symbols_are_those_of_resolve():
    layer = Layer(squares(6, kw=[1.0, 2, 3, 4, 5, np.nan]), Graduated("kw", classes=3))
    (data,) = data_of(layer)
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
    layer = Layer(missing, name="name", label="name", popup={"name": "名"})
    (data,) = data_of(layer)
    assert data["names"] == data["labels"] == data["values"][0] == ["い", "に"]
    assert data["anchors"].tolist() == [[141, 43], [142, 44]]
    assert page_of(layer).find_class("note")[0].text == "位置のない地物 2 件"


@pytest.mark.parametrize("shape", [None, Point()])
def test_layer_with_nothing_to_draw_is_listed(shape):
    layers = [Layer(squares(1)), Layer(frame(shape), title="空"), Layer(frame(), title="無")]
    empty, none = data_of(*layers)[1:]
    assert empty["classes"] == none["classes"] == empty["parts"] == []
    page = page_of(*layers)
    assert [node.text for node in page.find_class("title")][1:] == ["空", "無"]


def test_scene_without_any_place_is_refused():
    with pytest.raises(RenderError, match="every layer is empty"):
        build_page(Scene("無", [Layer(frame(None))]))


def test_view_is_the_scenes():
    page = page_of(Layer(squares(2)), view=(140, 42, 145, 46))
    head = json.loads(page.get_element_by_id("scene").text)
    assert head["bounds"] == [[42, 140], [46, 145]]


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
    (data,) = read_layers(text)
    assert data["names"] == data["labels"] == data["values"][0] == data["fields"] == [HOSTILE]
    assert [page.findtext(f".//{tag}") for tag in ("title", "h1")] == [HOSTILE, HOSTILE]
    assert page.find_class("title")[0].text == HOSTILE + "2"
    assert page.find_class("class")[0].text == HOSTILE
    assert len(page.findall(".//script")) == 6  # three of data, three that run
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
    assert len(page.findall(".//script")) == 6  # No script of ours ends early.


def test_page_names_no_other_file():
    page = page_of(Layer(squares(1), name="name"))
    sources = [v for e in page.iter() for k, v in e.attrib.items() if k in {"src", "href"}]
    assert sources == ["data:,"]
    urls = re.findall(r"url\(['\"]?([^)]*)\)", page.findtext(".//style"))
    assert [u[:40] for u in urls if not u.startswith(("data:image/png;base64,", "#default"))] == []
    assert "sourceMappingURL" not in build_page(Scene("t", [Layer(squares(1))]))


def test_page_itself_stays_small():
    assert len(build_page(Scene("t", [Layer(squares(1))])).encode()) < 250_000


def test_leaflet_keeps_its_licence():
    assert "Volodymyr Agafonkin" in build_page(Scene("t", [Layer(squares(1))]))


# --- Other kinds of layers --------------------------------------------------------------------


def wind(**options):
    speeds = [[4.0, 5.0, 6.0], [7.0, 8.0, np.nan]]
    transform = (0.5, 0, 141, 0, -0.5, 43)
    return RasterLayer(speeds, transform, "EPSG:4326", title="風速", breaks=(6.0,), **options)


def test_raster_lies_in_the_projection_of_the_map():
    layer = wind(opacity=0.4)
    (data,) = data_of(layer)
    assert data["opacity"] == 0.4
    picture = base64.b64decode(data["image"].partition(",")[2])
    image = Image.open(io.BytesIO(picture)).convert("RGBA")
    west, north, east, south = data["box"]
    colours = [entry.symbol.fill for entry in resolve(layer).classes]
    for row, column in np.ndindex(2, 3):
        longitude, latitude = 141.25 + 0.5 * column, 42.75 - 0.5 * row
        # By the formula of the projection, on a world of 256 pixels.
        x = (longitude + 180) / 360 * 256
        y = (0.5 - np.arctanh(np.sin(np.radians(latitude))) / (2 * np.pi)) * 256
        place = (
            int((x - west) / (east - west) * image.width),
            int((y - north) / (south - north) * image.height),
        )
        *colour, opacity = image.getpixel(place)
        speed = layer.values[row, column]
        assert opacity == (0 if np.isnan(speed) else 255)
        if opacity:
            assert bytes(colour).hex() == colours[int(speed > 6)][1:]


def test_legend_of_a_raster_has_its_classes_and_a_slider():
    layer = wind(opacity=0.4)
    page = page_of(Layer(squares(1)), layer)
    assert legend_of(page)[1] == [(c.label, c.symbol.fill) for c in resolve(layer).classes]
    (slider,) = page.findall(".//input[@type='range']")
    assert (slider.get("value"), slider.get("data-opacity-of")) == ("40", "1")


def test_proportional_discs_have_a_radius_each_and_examples_in_the_legend():
    layer = Layer(squares(3, kw=[100.0, 400.0, np.nan]), Proportional("kw", 20.0, unit="kW"))
    (data,) = data_of(layer)
    assert set(data["kinds"]) == {0}
    assert data["radii"][:2] == [10, 20]  # The area of a disc grows with its value.
    swatches = page_of(layer).findall(".//li/svg")
    radii = [float(svg.find("circle").get("r")) for svg in swatches]
    heights = [float(svg.get("height")) for svg in swatches]
    shown = [symbol.radius for _, symbol in resolve(layer).legend_lines("") if symbol]
    assert radii == shown
    assert all(2 * r <= height for r, height in zip(radii, heights, strict=True))


def test_labels_have_the_look_of_their_layer():
    look = LabelStyle(size=1.5, colour="#aa0000", halo="#ffffee")
    (data,) = data_of(Layer(squares(1), label="name", label_style=look))
    assert data["labelLook"] == {"size": 1.5, "colour": "#aa0000", "halo": "#ffffee"}


def test_columns_that_say_the_same_stand_once():
    page = page_of(Layer(squares(2), name="name", label="name"))
    head = json.loads(page.get_element_by_id("scene").text)["layers"][0]
    assert (head["name"], head["label"], head["values"]) == (0, 0, [0])


def test_page_tells_of_simplified_lines():
    angles = np.linspace(0, 2 * np.pi, LARGE_LAYER)
    ring = np.column_stack([142 + np.cos(angles), 43 + np.sin(angles)])
    page = page_of(Layer(frame(Polygon(ring))))
    assert page.find_class("note")[0].text == "線を約 6 m の精度に簡略化しています"


# --- folium -----------------------------------------------------------------------------------


def test_scene_is_a_folium_map_that_takes_further_pieces(tmp_path):
    scene = Scene("図", [Layer(squares(1), name="name")])
    made = to_folium(scene)
    assert isinstance(made, folium.Map)
    folium.Marker((43.5, 141.5), tooltip="役場").add_to(made)
    made.save(tmp_path / "with_marker.html")
    text = (tmp_path / "with_marker.html").read_text(encoding="utf-8")
    assert text.count("L.marker(") == build_page(scene).count("L.marker(") + 1
    assert "役場" in text
    assert read_layers(text)[0]["names"] == ["0 番町"]


def test_folium_page_without_further_pieces_is_that_of_the_writer(tmp_path):
    scene = Scene("図", [Layer(squares(1))])
    to_folium(scene).save(tmp_path / "folium.html")
    path = write_html(scene, tmp_path / "ours.html")
    assert (tmp_path / "folium.html").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (folium.plugins.MarkerCluster, "leaflet.markercluster"),
        (lambda: folium.Marker((43, 141), popup="役場"), "jQuery"),
    ],
)
def test_piece_of_folium_that_needs_a_network_is_refused(piece, said):
    made = to_folium(Scene("図", [Layer(squares(1))]))
    piece().add_to(made)
    with pytest.raises(RenderError, match=said):
        made.get_root().render()


def test_text_of_a_folium_piece_cannot_end_the_script():
    made = to_folium(Scene("図", [Layer(squares(1))]))
    folium.Marker((43, 141), tooltip="</script><script>alert(1)</script>").add_to(made)
    page = lxml.html.document_fromstring(made.get_root().render())
    assert len(page.findall(".//script")) == 6


def test_scene_joins_a_map_of_foliums_own():
    m = folium.Map(tiles=None)
    assert to_folium(Scene("図", [Layer(squares(1), name="name")]), m) is m
    text = m.get_root().render()
    assert f"showScene({m.get_name()});" in text
    assert read_layers(text)[0]["names"] == ["0 番町"]


def test_map_takes_one_scene():
    scene = Scene("図", [Layer(squares(1))])
    with pytest.raises(RenderError, match="holds a scene already"):
        to_folium(scene, to_folium(scene))


def test_braces_in_data_are_no_template():
    braces = "{{ 7 * 7 }} {% raise %}"
    page = page_of(Layer(squares(1, name=[braces]), name="name", title=braces), caption=braces)
    assert page.find_class("title")[0].text == page.find_class("caption")[0].text == braces


def test_tiles_open_the_policy_for_their_host_alone(tmp_path):
    scene = Scene("図", [Layer(squares(1))])
    one, other = (write_html(scene, tmp_path / n, tiles=True) for n in ("1.html", "2.html"))
    assert one.read_bytes() == other.read_bytes()
    page = lxml.html.document_fromstring(one.read_text(encoding="utf-8"))
    policy = page.find(".//meta[@http-equiv]").get("content")
    assert "img-src data: blob: https://cyberjapandata.gsi.go.jp;" in policy
    assert policy.count("http") == 1
    script = page.findall(".//script")[-1].text
    assert json.dumps("地理院タイル")[1:-1] in script


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
