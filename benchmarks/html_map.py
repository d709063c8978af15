"""Time the HTML map of two made-up islands against folium and geopandas.explore.

    python benchmarks/html_map.py [--only farms settlements] [--without folium explore]

Each way writes the same polygons in five classes with a tooltip of four attributes. Then Chromium
opens each file without a network (Leaflet, which the others name on another host, is handed to it)
and tells when the drawing stands on the screen.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import folium
import mapclassify
import numpy as np
from adjacency import ISLANDS, coverage
from playwright.sync_api import Error, sync_playwright

from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.scene import Graduated, Layer, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from playwright.sync_api import Browser, Route

COLOURS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
SHOWN = ["name", "town", "kw", "ha"]
PATIENCE = 120  # until Chromium is given up [s]
LEAFLET = files("js_lib_leaflet").joinpath("static/js_lib_leaflet")
DRAWN = """() => {
    const drawn = document.querySelector('.leaflet-overlay-pane :is(canvas, path)');
    return drawn && performance.now();
}"""


def settlements(frame: gpd.GeoDataFrame, *, seed: int = 2013) -> gpd.GeoDataFrame:
    """Give polygons the attributes of a table of settlements."""
    random = np.random.default_rng(seed)
    count = len(frame)
    return frame.assign(
        town=random.choice([f"第{i}町" for i in range(170)], count),
        kw=random.uniform(0, 5000, count).round(1),
        ha=random.uniform(0, 50, count).round(2),
    )


def ours(frame: gpd.GeoDataFrame, path: Path) -> None:
    """`write_html`: one closed file."""
    columns = {column: column for column in SHOWN}
    layer = Layer(frame, Graduated("kw", unit="kW"), "集落", "name", popup=columns)
    write_html(Scene("図", [layer]), path)


def by_folium(frame: gpd.GeoDataFrame, path: Path) -> None:
    """`folium.GeoJson` with a style for each feature, on a canvas."""
    breaks = mapclassify.Quantiles(frame["kw"], k=len(COLOURS)).bins
    west, south, east, north = frame.total_bounds
    m = folium.Map(tiles=None, prefer_canvas=True)
    folium.GeoJson(
        frame.reset_index(drop=True),
        style_function=lambda feature: {
            "fillColor": COLOURS[np.searchsorted(breaks, feature["properties"]["kw"])],
            "weight": 0.6,
        },
        tooltip=folium.GeoJsonTooltip(SHOWN),
    ).add_to(m)
    m.fit_bounds([[south, west], [north, east]])
    m.save(path)


def explore(frame: gpd.GeoDataFrame, path: Path) -> None:
    """`GeoDataFrame.explore`, on a canvas."""
    m = frame.reset_index(drop=True).explore(
        "kw", scheme="Quantiles", k=len(COLOURS), tooltip=SHOWN, tiles=None, prefer_canvas=True,
        legend=False,
    )  # fmt: skip
    m.save(path)


WAYS: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    "ours": ours,
    "folium": by_folium,
    "explore": explore,
}


def answer(route: Route) -> None:
    """Hand out Leaflet and nothing else."""
    name = route.request.url.rpartition("/")[2]
    if route.request.url.startswith("file:"):
        route.continue_()
    elif name in {"leaflet.js", "leaflet.css"}:
        route.fulfill(body=LEAFLET.joinpath(name).read_bytes())
    else:
        route.abort()


def first_frame(browser: Browser, path: Path) -> float:
    """Seconds from the start of loading to the first frame with a drawing; infinite if none."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.route("**/*", answer)
    try:
        page.goto(path.as_uri(), wait_until="commit", timeout=PATIENCE * 1e3)
        drawn = page.wait_for_function(DRAWN, polling="raf", timeout=PATIENCE * 1e3)
        return float(drawn.json_value()) / 1e3
    except Error:
        return float("inf")
    finally:
        page.close()


def main() -> None:
    """Print a table of build time, size and first frame."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [island.name for island in ISLANDS]
    parser.add_argument("--only", nargs="+", choices=names, default=["farms", "settlements"])
    parser.add_argument("--without", nargs="+", choices=list(WAYS), default=[])
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    print("| island | polygons | way | build s | MB | first frame s |")
    print("|---|---|---|---|---|---|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for island in (island for island in ISLANDS if island.name in options.only):
            frame = settlements(coverage(island))
            for way in (way for way in WAYS if way not in options.without):
                path = Path(folder) / f"{island.name}-{way}.html"
                start = time.perf_counter()
                WAYS[way](frame, path)
                built = time.perf_counter() - start
                size, shown = path.stat().st_size / 1e6, first_frame(browser, path)
                row = f"{island.name} | {len(frame):,} | {way} | {built:.2f} | {size:.1f}"
                print(f"| {row} | {shown:.2f} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
