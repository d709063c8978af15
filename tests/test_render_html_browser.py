"""The HTML map at work in Chromium, with the network off and every request recorded."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from hokkaido_gis.crs import GRS80
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.html import to_folium, write_html
from hokkaido_gis.render.scene import (
    Graduated,
    Layer,
    Proportional,
    RasterLayer,
    Scene,
    Single,
    Symbol,
)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome"),
]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
NAMES = ["札幌市", "函館市", "小樽市", "旭川市"]
HOSTILE = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> ]]> </textarea>'


def four_squares(**options):
    """Four municipalities in a row, the last with a hole, in two classes."""
    cells = [box(141 + i, 43, 142 + i, 44) for i in range(3)]
    cells.append(Polygon(box(144, 43, 145, 44).exterior, [box(144.1, 43.7, 144.4, 43.9).exterior]))
    frame = gpd.GeoDataFrame(
        {"name": NAMES, "kw": [1.0, 2.0, 30.0, 40.0]}, geometry=cells, crs="EPSG:6668"
    )
    options = {"name": "name", "label": "name", "popup": {"kw": "出力 [kW]"}, **options}
    return Layer(frame, Graduated("kw", breaks=(10.0,), unit="kW"), title="市町村", **options)


def ports(**options):
    frame = gpd.GeoDataFrame(
        {"name": ["石狩港", "岩内港"]},
        geometry=[Point(141.5, 43.2), Point(142.5, 43.2)],
        crs="EPSG:6668",
    )
    symbol = Symbol(fill="#ff0000", fill_opacity=1, stroke_width=0, radius=6)
    return Layer(frame, Single(symbol), title="港", name="name", **options)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_map(browser, tmp_path):
    """Open scenes as pages; at the end none may have asked the network or complained."""
    asked, complaints, contexts = [], [], []

    def guard(route):
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    def open_page(path, viewport=DESKTOP, script=""):
        context = browser.new_context(viewport=viewport, has_touch=viewport is PHONE)
        contexts.append(context)
        context.set_offline(True)
        context.route("**/*", guard)
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    def open_map(*layers, viewport=DESKTOP, **options):
        page = open_page(
            write_html(Scene("図", layers, **options), tmp_path / "map.html"), viewport
        )
        page.locator("#map[aria-busy=false]").wait_for()
        return page

    open_map.page = open_page
    yield open_map
    for context in contexts:
        context.close()
    assert asked == []
    assert complaints == []


def label_box(page, text):
    return page.locator(".map-label", has_text=text).bounding_box()


def centre(page, text):
    """Place on the screen where a label stands, which is the anchor of its feature."""
    place = label_box(page, text)
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def pixel(page, x, y):
    """Colour and opacity that the map's canvas has at a place on the screen."""
    *colour, alpha = page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector('#map canvas');
            const place = canvas.getBoundingClientRect();
            const scale = canvas.width / place.width;
            // Reading from the map's own canvas would make Chromium warn.
            const pen = new OffscreenCanvas(1, 1).getContext('2d');
            pen.drawImage(canvas, (place.x - x) * scale, (place.y - y) * scale);
            return [...pen.getImageData(0, 0, 1, 1).data];
        }""",
        [x, y],
    )
    return "#" + "".join(f"{part:02x}" for part in colour), alpha / 255


def is_colour(found, wanted):
    """Whether two colours agree but for the rounding of premultiplied opacity."""
    pairs = [(int(found[i : i + 2], 16), int(wanted[i : i + 2], 16)) for i in (1, 3, 5)]
    return all(abs(one - other) <= 2 for one, other in pairs)


def popup(page):
    return page.locator(".leaflet-popup .feature")


def search_for(page, text):
    page.locator("#search input").fill(text)
    return page.locator("#matches button")


def test_areas_are_drawn_in_the_colour_of_their_class(open_map):
    layer = four_squares()
    page = open_map(layer)
    resolved = resolve(layer)
    for name, number in zip(NAMES, resolved.index, strict=True):
        colour, opacity = pixel(page, *centre(page, name))
        symbol = resolved.classes[number].symbol
        assert is_colour(colour, symbol.fill)
        assert opacity == pytest.approx(symbol.fill_opacity, abs=0.01)


def test_whole_scene_is_in_view(open_map):
    page = open_map(four_squares())
    canvas = page.locator("#map").bounding_box()
    edges = [centre(page, name)[0] for name in NAMES]
    assert canvas["x"] < edges[0] < edges[-1] < page.locator("#legend").bounding_box()["x"]
    assert edges[1] - edges[0] > 200


@pytest.mark.parametrize("name", NAMES)
def test_click_opens_the_popup_of_the_area(open_map, name):
    page = open_map(four_squares())
    page.mouse.click(*centre(page, name))
    assert popup(page).locator("h2").inner_text() == name
    assert popup(page).locator("th, td").all_inner_texts() == [
        "出力 [kW]",
        {"札幌市": "1", "函館市": "2", "小樽市": "30", "旭川市": "40"}[name],
    ]


def test_click_a_pixel_from_the_border_opens_the_right_side(open_map):
    page = open_map(four_squares())
    (left, y), (right, _) = (centre(page, name) for name in NAMES[:2])
    border = (left + right) / 2
    for x, name in [(border - 2, "札幌市"), (border + 2, "函館市")]:
        page.mouse.click(x, y + 30)
        assert popup(page).locator("h2").inner_text() == name
        page.keyboard.press("Escape")
        popup(page).wait_for(state="detached")


def test_hole_is_empty(open_map):
    page = open_map(four_squares())
    (left, y), (right, _) = (centre(page, name) for name in NAMES[:2])
    degree = right - left
    x = (left + 3 * degree) - 0.25 * degree
    # 0.3 degrees of latitude are 0.41 of a degree of longitude at this latitude.
    assert pixel(page, x, y - 0.41 * degree)[1] == 0
    page.mouse.click(x, y - 0.41 * degree)
    assert popup(page).count() == 0


def test_hover_names_the_area(open_map):
    page = open_map(four_squares())
    page.mouse.move(*centre(page, "函館市"))
    assert page.locator(".leaflet-tooltip").inner_text() == "函館市"


@pytest.mark.parametrize("shift", [0, 6])
def test_lines_and_points_answer_a_little_beside_them(open_map, shift):
    line = gpd.GeoDataFrame(
        {"name": ["道央幹線"]}, geometry=[LineString([(141, 43), (143, 43)])], crs="EPSG:6668"
    )
    symbol = Symbol(stroke="#c0392b", stroke_width=3)
    page = open_map(Layer(line, Single(symbol), name="name", label="name"))
    x, y = centre(page, "道央幹線")
    colour, opacity = pixel(page, x, y)
    assert is_colour(colour, "#c0392b")
    assert opacity > 0.5  # The edge of a line is smoothed.
    page.mouse.click(x, y + shift)
    assert popup(page).locator("h2").inner_text() == "道央幹線"


def test_legend_shows_the_classes(open_map):
    layer = four_squares()
    page = open_map(layer)
    entries = resolve(layer).classes
    assert page.locator("#legend .class").all_inner_texts() == [e.label for e in entries]
    fills = page.locator("#legend li rect").evaluate_all(
        "all => all.map((r) => r.attributes.fill.value)"
    )
    assert fills == [entry.symbol.fill for entry in entries]


def test_layers_toggle_and_keep_their_order(open_map):
    page = open_map(four_squares(), ports(label="name"))
    x, top = centre(page, "石狩港")
    y = top + 6 + 10  # The label of a point stands above its circle.
    assert pixel(page, x, y)[0] == "#ff0000"
    lower = page.get_by_label("市町村")
    lower.uncheck()
    assert page.locator(".map-label").all_inner_texts() == ["石狩港", "岩内港"]
    lower.check()
    page.get_by_label("港", exact=True).uncheck()
    page.get_by_label("港", exact=True).check()
    lower.uncheck()
    lower.check()
    page.wait_for_timeout(100)  # The canvas is drawn in the next frame.
    assert pixel(page, x, y)[0] == "#ff0000"
    page.get_by_label("港", exact=True).uncheck()
    page.wait_for_timeout(100)
    assert pixel(page, x, y)[0] not in {"#ff0000", "#000000"}


def test_hidden_layer_waits_for_its_switch(open_map):
    page = open_map(four_squares(visible=False))
    assert page.locator(".map-label").count() == 0
    page.get_by_label("市町村").check()
    assert page.locator(".map-label").count() == 4


def test_switching_a_layer_off_closes_its_popup(open_map):
    page = open_map(four_squares(), ports())
    page.mouse.click(*centre(page, "函館市"))
    page.get_by_label("港", exact=True).uncheck()
    assert popup(page).count() == 1
    page.get_by_label("市町村").uncheck()
    popup(page).wait_for(state="detached")


@pytest.mark.parametrize("typed", ["札幌", "幌市", " 札幌市 "])
def test_search_lists_zooms_and_opens(open_map, typed):
    page = open_map(four_squares())
    before = label_box(page, "函館市")["x"] - label_box(page, "札幌市")["x"]
    matches = search_for(page, typed)
    assert matches.all_inner_texts() == ["札幌市"]
    matches.click()
    assert popup(page).locator("h2").inner_text() == "札幌市"
    x, _ = centre(page, "札幌市")
    assert 0 < x < page.locator("#legend").bounding_box()["x"]
    assert label_box(page, "函館市")["x"] - label_box(page, "札幌市")["x"] > before


def test_search_puts_beginnings_first_and_counts(open_map):
    page = open_map(four_squares(), ports())
    assert search_for(page, "小").all_inner_texts() == ["小樽市\n市町村"]
    assert search_for(page, "市").count() == 4
    assert page.get_by_role("status").inner_text() == "4 件"
    assert search_for(page, "東京").count() == 0
    assert page.get_by_role("status").inner_text() == "該当する地物がありません"


def test_search_folds_width_and_case(open_map):
    frame = gpd.GeoDataFrame({"name": ["Ａ－１ ﾀﾞﾑ"]}, geometry=[Point(141, 43)], crs="EPSG:6668")
    page = open_map(Layer(frame, name="name"))
    assert search_for(page, "a-1 ダム").count() == 1


def test_search_works_from_the_keyboard_and_shows_a_hidden_layer(open_map):
    page = open_map(four_squares(), ports(visible=False))
    page.locator("#search input").focus()
    page.keyboard.insert_text("港")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert popup(page).locator("h2").inner_text() == "岩内港"
    assert page.get_by_label("港", exact=True).is_checked()
    page.keyboard.press("Escape")
    popup(page).wait_for(state="detached")
    assert page.evaluate("document.activeElement.type") == "search"


def test_hostile_text_is_shown_as_written_and_runs_nothing(open_map):
    cells = gpd.GeoDataFrame({"n": [HOSTILE]}, geometry=[box(141, 43, 142, 44)], crs="EPSG:6668")
    layer = Layer(
        cells, Single(label=HOSTILE), title=HOSTILE, name="n", label="n", popup={"n": HOSTILE}
    )
    page = open_map(layer, ports(), caption=HOSTILE, credit=HOSTILE)
    assert page.locator(".map-label", has_text="onerror").inner_text() == HOSTILE
    page.mouse.move(*centre(page, "onerror"))
    assert page.locator(".leaflet-tooltip").inner_text() == HOSTILE
    page.mouse.click(*centre(page, "onerror"))
    assert popup(page).locator("h2, th, td").all_inner_texts() == [HOSTILE] * 3
    assert search_for(page, "onerror").locator("span").all_inner_texts() == [HOSTILE, HOSTILE]
    assert page.locator(".caption").inner_text() == HOSTILE
    assert page.evaluate("window.__pwned") is None


def test_policy_stops_what_is_not_the_pages_own(browser, tmp_path):
    path = write_html(Scene("図", [four_squares()]), tmp_path / "map.html")
    injected = "<script>window.__pwned = 1</script><p style='color: red' id='styled'>"
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", injected), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.__pwned") is None
    assert page.evaluate("getComputedStyle(styled).color") != "rgb(255, 0, 0)"
    assert page.evaluate("fetch('data:,x').then(() => 'fetched', () => 'refused')") == "refused"
    page.close()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_phone_shows_map_and_folded_legend_without_sideways_scroll(open_map, lang):
    text = "合成値であり実際の値ではない。" * 6
    page = open_map(four_squares(), ports(), viewport=PHONE, lang=lang, caption=text, credit=text)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator("#map").bounding_box()["height"] > PHONE["height"] / 2
    assert not page.locator("#legend .class").first.is_visible()
    page.locator("#legend summary").click()
    assert page.locator("#legend .class").first.is_visible()
    search_for(page, "札幌").click()
    box = page.locator(".leaflet-popup").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def overlapping(page):
    return page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll('.map-label')]
                .map((label) => label.getBoundingClientRect());
            return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
                a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
            )).length;
        }"""
    )


def test_labels_never_overlap_and_all_come_with_zoom(open_map):
    spots = [(x / 10, y / 10) for x in range(1400, 1430) for y in range(430, 445)]
    frame = gpd.GeoDataFrame(
        {"name": [f"第 {i} 変電所\n{i:,} kV" for i in range(len(spots))]},
        geometry=[Point(spot) for spot in spots],
        crs="EPSG:6668",
    )
    page = open_map(Layer(frame, label="name"))
    few = page.locator(".map-label").count()
    assert 10 < few < len(spots)
    assert overlapping(page) == 0
    for _ in range(3):
        page.locator("#zoom-in").click()
        page.wait_for_timeout(400)  # the animation of the zoom
        assert overlapping(page) == 0
    assert page.locator(".map-label").first.inner_text().count("\n") == 1


def test_view_fits_again_after_resize_unless_the_reader_chose_one(open_map):
    page = open_map(four_squares())

    def gap():
        return centre(page, "旭川市")[0] - centre(page, "札幌市")[0]

    wide = gap()
    page.set_viewport_size({"width": 640, "height": 700})
    page.wait_for_timeout(200)
    narrow = gap()
    assert narrow < wide * 0.8
    page.locator("#zoom-out").click()
    page.wait_for_timeout(400)
    chosen = gap()
    page.set_viewport_size(DESKTOP)
    page.wait_for_timeout(200)
    assert gap() == pytest.approx(chosen, abs=2)
    page.get_by_label("全体を表示").click()
    page.wait_for_timeout(200)
    assert gap() == pytest.approx(wide, abs=2)


def test_every_control_has_a_name_and_shows_its_focus(open_map):
    page = open_map(four_squares(), ports())
    stops = []
    for _ in range(10):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                    const {activeElement: it} = document;
                    const name = it.ariaLabel || it.title || it.closest('label, summary').innerText;
                    return [name.trim(), getComputedStyle(it).outlineStyle];
                }"""
            )
        )
    names = [name for name, _ in stops]
    tools = ["拡大", "縮小", "全体を表示", "距離・面積を測る", "印刷"]
    assert names == ["地図: 図", "名前で検索", *tools, "凡例", "市町村", "港"]
    assert {outline for _, outline in stops} == {"solid"}


def test_scale_is_metric_only(open_map):
    page = open_map(four_squares())
    assert re.fullmatch(r"\d+ k?m", page.locator(".leaflet-control-scale").inner_text())


# --- Rasters, discs, crowds -------------------------------------------------------------------


def test_raster_is_drawn_in_its_classes_and_fades(open_map):
    raster = RasterLayer(
        [[4.0, 8.0]],
        (1.5, 0, 141, 0, -1, 44),
        "EPSG:4326",
        title="風速",
        breaks=(6.0,),
        opacity=0.8,
    )
    page = open_map(four_squares(), raster)
    colours = [entry.symbol.fill for entry in resolve(raster).classes]
    (west, y), (east, _) = centre(page, "札幌市"), centre(page, "小樽市")
    assert pixel(page, east, y)[1] > 0.9
    page.get_by_label("市町村").uncheck()
    page.wait_for_timeout(100)
    for x, wanted in zip((west, east), colours, strict=True):
        colour, opacity = pixel(page, x, y)
        assert is_colour(colour, wanted)
        assert opacity == pytest.approx(0.8, abs=0.01)
    page.get_by_label("濃さ").fill("30")
    page.wait_for_timeout(100)
    assert pixel(page, east, y)[1] == pytest.approx(0.3, abs=0.01)
    page.get_by_label("風速").uncheck()
    page.wait_for_timeout(100)
    assert pixel(page, east, y)[1] == 0


def test_small_discs_stand_above_large_ones(open_map):
    frame = gpd.GeoDataFrame(
        {"name": ["小", "大"], "kw": [1.0, 400.0]},
        geometry=[Point(141.0, 43), Point(141.0, 43)],
        crs="EPSG:6668",
    )
    away = gpd.GeoDataFrame(geometry=[Point(140, 42), Point(142, 44)], crs="EPSG:6668")
    page = open_map(
        Layer(frame, Proportional("kw", 40.0), title="出力", name="name"),
        Layer(away, Single(Symbol(radius=1)), title="隅"),
    )
    middle = page.evaluate("map.latLngToContainerPoint([43, 141])")
    stage = page.locator("#map").bounding_box()
    x, y = stage["x"] + middle["x"], stage["y"] + middle["y"]
    for right, name in [(0, "小"), (25, "大")]:
        page.mouse.click(x + right, y)
        assert popup(page).locator("h2").inner_text() == name
        page.keyboard.press("Escape")
        popup(page).wait_for(state="detached")


def test_crowd_leaves_no_gap_and_answers_clicks(open_map):
    side = 110
    corner = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * 0.01
    cells = shapely.box(
        141 + corner[:, 0], 43 + corner[:, 1], 141.01 + corner[:, 0], 43.01 + corner[:, 1]
    )
    frame = gpd.GeoDataFrame(
        {"name": [f"集落 {i}" for i in range(side**2)]}, geometry=cells, crs="EPSG:6668"
    )
    symbol = Symbol(fill="#336699", fill_opacity=1, stroke_width=1, stroke="#ff0000")
    page = open_map(Layer(frame, Single(symbol), title="集落", name="name"))
    box = page.evaluate(
        "all => all.map((at) => map.latLngToContainerPoint(at))",
        [[43.02, 141.02], [44.08, 142.08]],
    )
    stage = page.locator("#map").bounding_box()
    (west, south), (east, north) = [(stage["x"] + p["x"], stage["y"] + p["y"]) for p in box]
    places = [
        (west + f * (east - west), north + f * (south - north)) for f in np.linspace(0, 1, 40)
    ]
    found = [pixel(page, *place)[1] for place in places]
    assert min(found) > 0.95
    search_for(page, "集落 6105").click()
    assert popup(page).locator("h2").inner_text() == "集落 6105"


def test_rings_that_reach_far_out_of_view_are_filled_where_they_are(open_map):
    """Vertices off the canvas are left out without a trace inside it."""
    angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    radius = 1 + 0.3 * np.cos(40 * angles)  # in and out of every view of its middle
    star = Polygon(np.column_stack([143 + radius * np.cos(angles), 43.5 + radius * np.sin(angles)]))
    frame = gpd.GeoDataFrame({"name": ["星"]}, geometry=[star], crs="EPSG:6668")
    symbol = Symbol(fill="#336699", fill_opacity=1, stroke_width=0)
    view = (143.6, 43.2, 144.2, 43.8)
    page = open_map(Layer(frame, Single(symbol), name="name"), view=view)
    stage = page.locator("#map").bounding_box()
    random = np.random.default_rng(7)
    for fraction in random.uniform(0.05, 0.95, size=(60, 2)):
        x, y = fraction * (stage["width"], stage["height"])
        lat, lng = page.evaluate(
            "(spot) => Object.values(map.containerPointToLatLng(spot))",
            [x, y],
        )
        if star.boundary.distance(Point(lng, lat)) < 0.01:
            continue
        inside = pixel(page, stage["x"] + x, stage["y"] + y)[1] > 0.5
        assert inside == star.contains(Point(lng, lat))


# --- Measuring and keys -----------------------------------------------------------------------


def measured(page):
    """Lengths and areas that the page tells [km, km2]."""
    text = page.locator("#measured").inner_text()
    return [float(number.replace(",", "")) for number in re.findall(r": ([\d.,]+) km", text)]


def test_measure_tells_distance_and_area_on_the_ellipsoid(open_map):
    page = open_map(four_squares())
    page.get_by_label("距離・面積を測る").click()
    assert "クリック" in page.locator("#measured").inner_text()
    places = [centre(page, name) for name in NAMES[:2]]
    for x, y in [*places, (places[1][0], places[1][1] + 120)]:
        page.mouse.click(x, y)
        page.wait_for_timeout(350)  # Two clicks shall not be one double click.
    assert popup(page).count() == 0
    stage = page.locator("#map").bounding_box()
    spots = page.evaluate(
        "(all) => all.map((at) => map.containerPointToLatLng(at)).map(({lat, lng}) => [lng, lat])",
        [
            [x - stage["x"], y - stage["y"]]
            for x, y in [*places, (places[1][0], places[1][1] + 120)]
        ],
    )
    # Borders are straight on the map, so that an area is the one seen there.
    area, _ = GRS80.geometry_area_perimeter(Polygon(spots).segmentize(0.01))
    length = GRS80.geometry_length(LineString(spots))
    assert measured(page) == pytest.approx([length / 1e3, abs(area) / 1e6], rel=2e-3)
    page.keyboard.press("Escape")
    assert page.locator("#measured").is_hidden()
    page.mouse.click(*places[0])
    assert popup(page).locator("h2").inner_text() == "札幌市"


def test_measure_works_from_the_keyboard(open_map):
    page = open_map(four_squares())
    page.get_by_label("距離・面積を測る").press("Enter")
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)  # the animation of the pan
    page.keyboard.press("Enter")
    (length,) = measured(page)
    assert length > 1
    page.keyboard.press("Backspace")
    assert measured(page) == []
    page.keyboard.press("Escape")
    assert page.locator("#measured").is_hidden()


def test_enter_opens_the_feature_in_the_middle_of_the_map(open_map):
    page = open_map(four_squares(), view=(142, 43, 143, 44))
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    assert popup(page).locator("h2").inner_text() == "函館市"
    page.keyboard.press("Escape")
    popup(page).wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "map"


# --- Browsers, folium, tiles ------------------------------------------------------------------


def test_too_old_a_browser_is_told_so(open_map, tmp_path):
    path = write_html(Scene("図", [four_squares()]), tmp_path / "map.html")
    page = open_map.page(
        path, script="delete window.DecompressionStream; delete Uint8Array.fromBase64"
    )
    assert "古い" in page.locator(".too-old").inner_text()


def test_browser_without_quick_base64_draws_all_the_same(open_map, tmp_path):
    path = write_html(Scene("図", [four_squares()]), tmp_path / "map.html")
    page = open_map.page(path, script="delete Uint8Array.fromBase64")
    page.locator("#map[aria-busy=false]").wait_for()
    assert page.locator(".map-label").count() == 4


def test_marker_of_folium_shows_its_pin_under_the_policy(open_map, tmp_path):
    made = to_folium(Scene("図", [four_squares()]))
    folium.Marker((43.5, 141.5)).add_to(made)
    made.save(tmp_path / "map.html")
    page = open_map.page(tmp_path / "map.html")
    page.locator("#map[aria-busy=false]").wait_for()
    pin = page.locator(".leaflet-marker-icon")
    assert pin.evaluate("(pin) => pin.complete && pin.naturalWidth") == 25


def test_scene_on_a_map_of_foliums_own(browser, tmp_path):
    """Folium's page takes Leaflet from the network, which stands here in a package."""
    m = to_folium(Scene("図", [four_squares()]), folium.Map(tiles=None))
    m.save(tmp_path / "map.html")
    package = files("js_lib_leaflet").joinpath("static/js_lib_leaflet")

    def answer(route):
        name = route.request.url.rpartition("/")[2]
        if name in {"leaflet.js", "leaflet.css"}:
            route.fulfill(body=package.joinpath(name).read_bytes())
        elif route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()

    context = browser.new_context(viewport=DESKTOP)
    context.route("**/*", answer)
    page = context.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    page.locator("[aria-busy=false]").wait_for(timeout=10_000)
    assert page.locator(".map-label").count() == 4
    search_for(page, "函館").click()
    assert popup(page).locator("h2").inner_text() == "函館市"
    context.close()


def test_tiles_are_asked_of_their_host_alone_and_missing_ones_do_no_harm(browser, tmp_path):
    path = write_html(Scene("図", [four_squares()]), tmp_path / "map.html", tiles=True)
    context = browser.new_context(viewport=DESKTOP)
    context.set_offline(True)
    asked = []

    def answer(route):
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("#map[aria-busy=false]").wait_for(timeout=10_000)
    assert {url.split("/")[2] for url in asked} == {"cyberjapandata.gsi.go.jp"}
    credit = page.locator(".leaflet-control-attribution")
    assert credit.inner_text() == "地理院タイル"
    assert pixel(page, *centre(page, "函館市"))[1] > 0.5
    page.get_by_label("背景地図").uncheck()
    assert credit.inner_text() == ""
    context.close()


def test_print_is_one_page_with_the_legend(open_map):
    page = open_map(four_squares(), viewport=PHONE)
    page.evaluate("addEventListener('beforeprint', () => { window.__legend = legend.open; })")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    assert page.evaluate("window.__legend") is True
    assert not page.evaluate("legend.open")
    assert page.evaluate("document.documentElement.className") == ""
