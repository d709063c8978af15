"""The HTML map of made-up islands, against folium and geopandas.explore.

    python benchmarks/html_map.py [--sizes goal 1x 10x 100x] [--rounds 3]

Each way writes the same polygons in five classes with a tooltip of four attributes. Then Chromium,
where there is one, opens each file without a network (Leaflet, which the others name on another
host, is handed to it) and tells when the drawing stands on the screen.
"""

from __future__ import annotations

import shutil
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

import mapclassify
import numpy as np
from goals import Goal
from islands import FARMS, kept_settlements, settlement_island
from measure import Case, Row, Subject, Way, scripted

from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.scene import Graduated, Layer, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from islands import Island
    from playwright.sync_api import Route

    Layers = tuple[gpd.GeoDataFrame, Path]

COLOURS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
VALUE, SHOWN = "出力_kW", ["Name", "町", "出力_kW", "面積_ha"]
PATIENCE = 60  # until Chromium is given up [s]
DRAWN = """() => {
    const drawn = document.querySelector('.leaflet-overlay-pane :is(canvas, path)');
    return drawn && performance.now();
}"""


def ours(layers: Layers) -> Path:
    """`write_html`: one closed file."""
    frame, folder = layers
    columns = {column: column for column in SHOWN}
    layer = Layer(frame, Graduated(VALUE, unit="kW"), "集落", "Name", popup=columns)
    return write_html(Scene("図", [layer]), folder / "ours.html")


def folium_geojson(layers: Layers) -> Path:
    """`folium.GeoJson` with a style for each feature, on a canvas."""
    import folium  # noqa: PLC0415

    frame, folder = layers
    breaks = mapclassify.Quantiles(frame[VALUE].dropna(), k=len(COLOURS)).bins
    west, south, east, north = frame.total_bounds
    m = folium.Map(tiles=None, prefer_canvas=True)
    folium.GeoJson(
        frame,
        style_function=lambda feature: {
            "fillColor": _colour(feature["properties"][VALUE], breaks),
            "weight": 0.6,
        },
        tooltip=folium.GeoJsonTooltip(SHOWN),
    ).add_to(m)
    m.fit_bounds([[south, west], [north, east]])
    path = folder / "folium.html"
    m.save(path)
    return path


def _colour(value: float | None, breaks: Sequence[float]) -> str:
    return "#cccccc" if value is None else COLOURS[np.searchsorted(breaks, value)]


def explore(layers: Layers) -> Path:
    """`GeoDataFrame.explore`, on a canvas."""
    frame, folder = layers
    m = frame.explore(
        VALUE, scheme="Quantiles", k=len(COLOURS), tooltip=SHOWN, tiles=None, prefer_canvas=True,
        legend=False,
    )  # fmt: skip
    path = folder / "explore.html"
    m.save(path)
    return path


WAYS = (Way(ours), Way(folium_geojson, ("folium",)), Way(explore, ("folium",)))


def layers_of(folder: Path, *, island: Island) -> Layers:
    """Polygons with attributes, and the folder to write to."""
    return kept_settlements(folder, island), folder


def size_of(path: Path) -> Row:
    """Size of the file."""
    return {"file_mb": round(path.stat().st_size / 1e6, 3)}


def describe(path: Path) -> Row:
    """Size of the file, and seconds until its drawing stands on the screen."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        return size_of(path)
    shown = first_frame(chromium, path)
    if shown is None:
        return {**size_of(path), "note": f"Chromium shows no map within {PATIENCE} s"}
    return {**size_of(path), "shown_s": round(shown, 2)}


def first_frame(chromium: str, path: Path) -> float | None:
    """Seconds from the start of loading to the first frame with a drawing; none if none comes."""
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.route("**/*", _answer)
        try:
            page.goto(path.as_uri(), wait_until="commit", timeout=PATIENCE * 1e3)
            drawn = page.wait_for_function(DRAWN, polling="raf", timeout=PATIENCE * 1e3)
            return float(drawn.json_value()) / 1e3
        except Error:
            return None
        finally:
            browser.close()


def _answer(route: Route) -> None:
    """Hand out Leaflet and nothing else."""
    name = route.request.url.rpartition("/")[2]
    if route.request.url.startswith("file:"):
        route.continue_()
    elif name in {"leaflet.js", "leaflet.css"}:
        leaflet = files("js_lib_leaflet").joinpath("static/js_lib_leaflet", name)
        route.fulfill(body=leaflet.read_bytes())
    else:
        route.abort()


def case(size: str, island: Island, ways: Sequence[Way] = WAYS) -> Case:
    """Map of one island; of a million polygons no browser is asked."""
    build = partial(layers_of, island=island)
    name = f"{island.polygons:,} polygons"
    look = size_of if size == "100x" else describe
    return Case(name, size, island.polygons, build, ways, look)


FEW, MANY = "7,000 polygons", "100,000 polygons"

SUBJECT = Subject(
    name="html_map",
    title="Offline HTML map",
    about=(
        "The islands with a table of made-up attributes, in five classes with a tooltip of four "
        "columns. `shown s` is the time from the start of loading in Chromium at 1280 x 800 "
        "until a drawing stands on the screen. folium and explore, which without a network show "
        "nothing, are handed Leaflet from a package."
    ),
    cases=(
        case("goal", FARMS),
        case("1x", settlement_island(10_000), WAYS[:2]),
        case("10x", settlement_island(100_000), WAYS[:2]),
        case("100x", settlement_island(1_000_000), WAYS[:1]),
    ),
    goals=tuple(
        goal
        for name in (FEW, MANY)
        for goal in (
            Goal(name, "ours", 10.0, ("folium_geojson",), column="file_mb"),
            Goal(name, "ours", 2.5, column="shown_s"),
        )
    ),
)
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
