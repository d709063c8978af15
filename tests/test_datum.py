"""One operation for each datum, in all that is written: to the millimetre, told, and offline."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from html_pages import read_layers
from lxml import etree
from pyproj import CRS, Geod, Transformer, network
from pyproj.exceptions import ProjError
from pyproj.transformer import TransformerGroup
from rasterio.warp import transform as gdal_transform
from shapely.geometry import Point, box

import hokkaido_gis
from hokkaido_gis import datum
from hokkaido_gis.crs import (
    STORAGE_CRS,
    WGS84_CRS,
    move_bounds,
    move_shapes,
    move_xy,
    to_storage_crs,
    to_wgs84,
)
from hokkaido_gis.datum import gdal_operation
from hokkaido_gis.errors import CRSError, HokkaidoGisError, LayerWarning
from hokkaido_gis.grid.cost_surface import even_surface, multiply_by_class
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.raster_image import CLEAR, paint_raster
from hokkaido_gis.render.scene import Layer, RasterLayer, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(hokkaido_gis.__file__).parent
SAPPORO = (141.35, 43.06)
"""A place in JGD2011."""

TOKYO = [4301, *range(30161, 30180)]
JGD2000 = [4612, *range(2443, 2462)]
EQUAL = [6668, *range(6669, 6688), 4326, 3857, 32654]
_MILLIMETRE = 1e-8  # in degrees
_TOKYO_TO_JGD2000 = "EPSG:15483"
_JGD2000_TO_JGD2011 = "EPSG:6698"


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(Geod(ellps="GRS80").inv(*one, *other)[2])


def by_named_operation(code: int, xy: tuple[float, float]) -> tuple[float, float]:
    """JGD2011 of a place by the operations of EPSG, each asked for by its own code."""
    crs = CRS(code)
    lon, lat = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(*xy)
    if code in TOKYO:
        lon, lat = in_its_order(_TOKYO_TO_JGD2000, lon, lat)
    if code in TOKYO + JGD2000:
        lon, lat = in_its_order(_JGD2000_TO_JGD2011, lon, lat)
    return lon, lat


def in_its_order(operation: str, lon: float, lat: float) -> tuple[float, float]:
    """Run an operation of EPSG, which takes the latitude first."""
    lat, lon = Transformer.from_pipeline(operation).transform(lat, lon)
    return lon, lat


def placed_at(code: int) -> tuple[float, float]:
    """Coordinates near 札幌 in a CRS; taken as they are, no matter how they were found."""
    crs = CRS(code)
    to_plane = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    x, y = to_plane.transform(*SAPPORO)
    return float(x), float(y)


def layer_at(code: int) -> tuple[gpd.GeoDataFrame, tuple[float, float]]:
    """A layer of one point, and where it lies in JGD2011."""
    xy = placed_at(code)
    frame = gpd.GeoDataFrame({"n": ["庁舎"]}, geometry=[Point(xy)], crs=code)
    return frame, by_named_operation(code, xy)


def told_of(told: list[warnings.WarningMessage]) -> str:
    return "\n".join(str(each.message) for each in told)


def test_operations_of_epsg_are_those_meant() -> None:
    names = [Transformer.from_pipeline(o).description for o in (_TOKYO_TO_JGD2000,)]
    assert names == ["Tokyo to JGD2000 (1)"]
    assert Transformer.from_pipeline(_JGD2000_TO_JGD2011).description == "JGD2000 to JGD2011 (2)"


# --- What each writer writes ----------------------------------------------------------------------


@pytest.mark.parametrize("code", TOKYO + JGD2000 + EQUAL)
def test_one_operation_to_storage_and_to_wgs84(code: int) -> None:
    frame, expected = layer_at(code)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        stored = to_storage_crs(frame, "庁舎").geometry.iloc[0]
        drawn = to_wgs84(frame, "庁舎").geometry.iloc[0]
    assert metres((stored.x, stored.y), expected) < 0.001
    # JGD2011 is taken as WGS84 without a move: EPSG's own operation between them is null.
    assert metres((drawn.x, drawn.y), expected) < 0.001
    words = {
        code in TOKYO: r"庁舎: moved by 406\.\d m from .*Tokyo to JGD2000 \(1\).*accuracy 10 m\)",
        code in JGD2000: r"JGD2000 to JGD2011 without a move .*\(2\).*accuracy 1 m\)",
    }
    expected_words = words.get(True)
    assert len(told) == (2 if expected_words else 0)
    assert all(re.search(expected_words or "", str(each.message)) for each in told)


@pytest.mark.parametrize("code", TOKYO + JGD2000 + EQUAL)
def test_kml_and_html_hold_the_same_place(code: int, tmp_path: Path) -> None:
    frame, expected = layer_at(code)
    scene = Scene("図", [Layer(frame, title="層", name="n")])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        kml = write_kmz(scene, tmp_path / "a.kml").read_bytes()
    is_old = code in TOKYO + JGD2000
    assert len(told) == is_old
    assert not is_old or re.search(r"層: .* to JGD2011 .*accuracy \d+ m\)", told_of(told))
    (text,) = [e.text for e in etree.fromstring(kml).iter("{*}coordinates")]
    written = [float(number) for number in text.strip().split(",")[:2]]
    assert np.abs(np.subtract(written, expected)).max() <= 0.5e-6 + _MILLIMETRE  # six decimals
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        page = write_html(scene, tmp_path / "a.html").read_text(encoding="utf-8")
    assert len([each for each in told if each.category is LayerWarning]) == is_old
    (layer,) = read_layers(page)
    ((place,),) = layer["parts"][0][0][1]
    last = 10.0 ** -layer["digits"]
    assert np.abs(np.subtract(place, expected)).max() <= last / 2 + _MILLIMETRE


@pytest.mark.parametrize("code", [4301, 30172, 4612, 2454, 6668, 6680, 4326, 3857])
def test_geopackage_holds_the_layer_as_it_was(code: int, tmp_path: Path) -> None:
    frame, expected = layer_at(code)
    path = write_gpkg(Scene("図", [Layer(frame, title="層")]), tmp_path / "a.gpkg")
    back = pyogrio.read_dataframe(path, layer="層")
    assert back.crs.to_epsg() == code
    assert shapely.equals_exact(back.geometry.iloc[0], frame.geometry.iloc[0], 1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        stored = to_storage_crs(back, "層").geometry.iloc[0]
    assert metres((stored.x, stored.y), expected) < 0.001


@pytest.mark.parametrize("code", [4301, 30172])
def test_a_raster_is_moved_by_the_operation_of_shapes(code: int) -> None:
    (x, y), side = placed_at(code), (1e-4 if code == 4301 else 10.0)
    cells = np.zeros((101, 101))
    cells[50, 50] = 1.0
    grid = (side, 0.0, x - 50.5 * side, 0.0, -side, y + 50.5 * side)
    layer = RasterLayer(cells, grid, f"EPSG:{code}", title="風", breaks=(0.5,))
    with pytest.warns(LayerWarning, match=r"風: moved by 40\d\.\d m .*accuracy 10 m\)"):
        (placed,) = Scene("図", [layer]).placed().layers
    painted = paint_raster(placed)
    rows, columns = np.nonzero(painted.pixels == painted.pixels[painted.pixels != CLEAR].max())
    west, south, east, north = painted.bounds
    height, width = painted.pixels.shape
    found = (
        west + (columns.mean() + 0.5) * (east - west) / width,
        north - (rows.mean() + 0.5) * (north - south) / height,
    )
    pixel_m = 111_320 * (north - south) / height
    assert metres(found, by_named_operation(code, (x, y))) < pixel_m
    centre = np.array(layer.bounds).reshape(2, 2).mean(axis=0)
    assert metres(tuple(centre), by_named_operation(code, (x, y))) < 1


def test_gdal_is_given_the_operation_and_follows_it() -> None:
    options = gdal_operation(CRS(30172), WGS84_CRS, "風")
    assert "x=-146.414" in options["COORDINATE_OPERATION"]
    lat, lon = Transformer.from_pipeline(options["COORDINATE_OPERATION"]).transform(
        *placed_at(30172)[::-1]  # in the order of EPSG: north, then east
    )
    assert metres((lon, lat), by_named_operation(30172, placed_at(30172))) < 0.001


@pytest.mark.parametrize(("source", "target"), [(4301, 30172), (6668, 4326), (4612, 6668)])
def test_gdal_needs_no_operation_where_the_ground_stays(source: int, target: int) -> None:
    assert gdal_operation(CRS(source), CRS(target), "x") == {}
    (x,), (y,) = gdal_transform(f"EPSG:{source}", f"EPSG:{target}", [SAPPORO[0]], [SAPPORO[1]])
    assert (x, y) == pytest.approx(
        tuple(move_xy(np.array([SAPPORO]), CRS(source), CRS(target))[0]), abs=1e-8
    )


def test_costs_from_a_raster_in_the_old_datum_lie_where_its_cells_do() -> None:
    side = 0.001
    (x, y), cells = SAPPORO, np.ones((41, 41))
    cells[20, 20] = 50.0
    grid = rasterio.Affine(side, 0.0, x - 20.5 * side, 0.0, -side, y + 20.5 * side)
    raster = type("Cells", (), {"array": cells, "transform": grid, "crs": CRS(4301)})()
    stored = Point(by_named_operation(4301, SAPPORO))
    around = gpd.GeoDataFrame(geometry=[stored.buffer(0.008)], crs=STORAGE_CRS)
    surface = multiply_by_class(
        even_surface(around, cell_m=10.0, margin_km=0.1), raster, [(10, 1), (100, 7)]
    )
    rows, columns = np.nonzero(surface.factor == 7)
    x, y = rasterio.transform.xy(surface.transform, rows.mean(), columns.mean())
    (found,) = move_xy(np.array([[x, y]]), surface.crs, STORAGE_CRS)
    assert metres(tuple(found), (stored.x, stored.y)) < 10


# --- Never in silence -----------------------------------------------------------------------------


def test_every_point_of_a_layer_goes_by_the_one_operation() -> None:
    # PROJ would move what lies in Korea by another operation than the rest of the layer.
    seoul = (127.0, 37.5)
    frame = gpd.GeoDataFrame(geometry=[Point(seoul), Point(SAPPORO)], crs=4301)
    with pytest.warns(LayerWarning, match=r"Tokyo to JGD2000 \(1\)"):
        stored = to_storage_crs(frame, "x").geometry
    for found, place in zip(stored, (seoul, SAPPORO), strict=True):
        assert metres((found.x, found.y), by_named_operation(4301, place)) < 0.001


@pytest.mark.parametrize("move", [to_storage_crs, to_wgs84])
@pytest.mark.parametrize("place", [(0, 0), (-70, -20), (2.3, 48.9)])
def test_old_datum_outside_japan_is_refused(move: object, place: tuple[float, float]) -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(SAPPORO), Point(place)], crs=4301)
    expected = r"x: .*\(Tokyo\).*\(1 of its 2 coordinates, such as .* outside Japan"
    with pytest.raises(CRSError, match=expected):
        move(frame, "x")  # type: ignore[operator]


@pytest.mark.parametrize("write", [write_kmz, write_html], ids=["kmz", "html"])
@pytest.mark.parametrize(
    "crs",
    ["+proj=longlat +ellps=bessel +type=crs", "EPSG:27700", "EPSG:4019"],
    ids=["Bessel without a datum", "British grid", "no datum"],
)
def test_a_map_is_refused_where_no_operation_is_known(
    write: object, crs: str, tmp_path: Path
) -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(SAPPORO)], crs=crs)
    name = f"a.{'kmz' if write is write_kmz else 'html'}"
    with pytest.raises(HokkaidoGisError, match="no operation of known accuracy leads from its CRS"):
        write(Scene("図", [Layer(frame, title="層")]), tmp_path / name)  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def test_a_raster_without_a_datum_is_drawn_and_told() -> None:
    crs = "+proj=laea +lat_0=43 +lon_0=142 +R=6370000 +units=m"
    layer = RasterLayer([[1.0, 2.0]], (1000, 0, 0, 0, -1000, 0), crs, title="風")
    with pytest.warns(LayerWarning, match=r"風: the datum of .* not known; JGD2011 is assumed"):
        (placed,) = Scene("図", [layer]).placed().layers
    assert placed.bounds[0] == pytest.approx(142, abs=1e-4)
    assert placed.bounds[3] == pytest.approx(43, abs=1e-4)


def test_a_raster_on_bessels_ellipsoid_is_not_taken_for_jgd2011() -> None:
    layer = RasterLayer([[1.0]], (0.1, 0, 141, 0, -0.1, 43), "+proj=longlat +ellps=bessel")
    with pytest.raises(CRSError, match="no operation of known accuracy"):
        _ = layer.bounds


def test_nothing_is_moved_by_way_of_a_null_operation() -> None:
    tokyo = np.array([placed_at(30172)])
    there = move_xy(tokyo, CRS(30172), WGS84_CRS)
    back = move_xy(there, WGS84_CRS, CRS(30172))
    assert np.abs(back - tokyo).max() < 0.01
    assert metres(tuple(there[0]), SAPPORO) == pytest.approx(406.6, abs=1)


def test_boxes_and_shapes_move_alike() -> None:
    bounds = (-20_000.0, -110_000.0, -15_000.0, -100_000.0)
    moved = move_bounds(bounds, CRS(30172), STORAGE_CRS)
    edges = shapely.segmentize(box(*bounds), 10)
    (shape,) = move_shapes(np.array([edges], dtype=object), CRS(30172), STORAGE_CRS)
    assert moved == pytest.approx(shape.bounds, abs=1e-7)
    x, y = bounds[:2]
    there = move_bounds((x, y, x, y), CRS(6680), STORAGE_CRS)
    assert there[:2] == there[2:]


def test_missing_places_stay_missing() -> None:
    shapes = np.array([None, Point(), Point(np.nan, np.nan), Point(SAPPORO)], dtype=object)
    moved = move_shapes(shapes, CRS(4301), STORAGE_CRS)
    assert moved[0] is None
    assert [shape.is_empty for shape in moved[1:3]] == [True, True] or np.isnan(moved[2].x)
    assert metres((moved[3].x, moved[3].y), by_named_operation(4301, SAPPORO)) < 0.001


# --- Whatever the environment ---------------------------------------------------------------------

_SCRIPT = """
import json, sys, warnings
import geopandas as gpd
from shapely.geometry import Point
from hokkaido_gis.crs import to_storage_crs, to_wgs84
from hokkaido_gis.errors import CRSError
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Layer, Scene
warnings.simplefilter("ignore")
found = []
try:
    for code in (4301, 4612, 4326):
        frame = gpd.GeoDataFrame(geometry=[Point(141.35, 43.06)], crs=code)
        for move in (to_storage_crs, to_wgs84):
            found.append(move(frame, "x").geometry.iloc[0].wkb_hex)
    write_kmz(Scene("a", [Layer(frame)]), sys.argv[1])
except CRSError as error:
    found = [str(error)]
print(json.dumps(found))
"""


def run_with(tmp_path: Path, **variables: str) -> tuple[list[str], bytes]:
    path = tmp_path / "a.kmz"
    command = [sys.executable, "-c", _SCRIPT, str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **variables}
    )
    return json.loads(done.stdout), path.read_bytes() if path.exists() else b""


def test_the_same_bytes_whether_or_not_proj_may_ask_a_server(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"  # where no one answers
    offline = run_with(tmp_path, PROJ_NETWORK="OFF")
    online = run_with(tmp_path, PROJ_NETWORK="ON", PROJ_NETWORK_ENDPOINT=nobody)
    assert offline == online
    assert zipfile.is_zipfile(tmp_path / "a.kmz")


def test_where_only_the_best_is_asked_for_it_is_the_same_or_an_error(tmp_path: Path) -> None:
    usual, _ = run_with(tmp_path)
    found, _ = run_with(tmp_path, PROJ_ONLY_BEST_DEFAULT="YES")
    assert found == usual or "no operation of known accuracy" in found[0]


def test_where_proj_knows_no_operation_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(SAPPORO)], crs=4301)

    def only_best(*args: object, **options: object) -> Transformer:
        group = TransformerGroup(*args, **options)  # type: ignore[arg-type]
        assert not group.best_available
        raise ProjError("the best is not installed")

    datum.operation_of.cache_clear()
    monkeypatch.setattr(Transformer, "from_crs", only_best)
    with (
        pytest.warns(UserWarning, match="Best transformation is not available"),
        pytest.raises(CRSError, match=r"\(Tokyo\) to JGD2011 \(the best is not installed\)"),
    ):
        to_storage_crs(frame, "x")


@pytest.fixture
def network_on() -> Iterator[None]:
    before = network.is_network_enabled()
    network.set_network_enabled(active=True)
    yield
    network.set_network_enabled(active=before)


@pytest.mark.usefixtures("network_on")
def test_the_network_of_others_is_left_as_it_was() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(SAPPORO)], crs="EPSG:3092")
    with pytest.raises(CRSError, match="outside Japan"):
        to_storage_crs(frame, "x")
    assert network.is_network_enabled()


# --- In one place ---------------------------------------------------------------------------------

MOVING = (PACKAGE / "crs.py", PACKAGE / "datum.py")
# What moves coordinates, or lets someone else choose how.
MOVERS = {
    "to_crs", "from_crs", "Transformer", "TransformerGroup", "transform_bounds", "transform_geom",
    "estimate_utm_crs", "itransform", "WarpedVRT",
}  # fmt: skip
# rasterio's, which must be given the operation of datum.py.
WARPERS = {"reproject", "calculate_default_transform"}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p not in MOVING]


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_coordinates_are_moved_in_one_place_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    sources = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not MOVERS & {alias.name for source in sources for alias in source.names}
    for name, call in calls(path):
        keywords = {keyword.arg for keyword in call.keywords}
        assert name not in MOVERS, f"line {call.lineno}: use hokkaido_gis.crs instead of {name}"
        assert "allow_override" not in keywords, f"line {call.lineno}: a CRS is replaced"
        if name in WARPERS:
            given = [ast.unparse(k.value) for k in call.keywords if k.arg is None]
            assert any("operation" in text for text in given), f"line {call.lineno}"


def test_the_search_sees_what_it_looks_for() -> None:
    found = {name for path in MOVING for name, _ in calls(path)}
    assert {"from_crs", "set_crs", "from_pipeline"} <= found
    assert {name for path in modules() for name, _ in calls(path)} >= WARPERS
