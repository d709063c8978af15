"""Tiles of large layers: every feature once and whole, far views light, each file sound alone."""

from __future__ import annotations

import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import fastkml
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastkml.validator import get_schema_parser
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lxml import etree

from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.kml_layer import KmlLayer, _plain
from hokkaido_gis.render.kml_levels import COARSE, FINE, Features, coarsen
from hokkaido_gis.render.kml_tiles import (
    MOST_FEATURES,
    MOST_VERTICES,
    TiledLayer,
    tile_large,
)
from hokkaido_gis.render.scene import Graduated, Layer, Proportional, Scene, Single, Style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NS = {"k": "http://www.opengis.net/kml/2.2"}
CLASSES = Graduated("値", breaks=(0.3, 0.6))


def fields(side: int, *, west: float = 141.0, south: float = 42.0) -> gpd.GeoDataFrame:
    """A square of side x side touching fields in rows, each a hundredth of a degree."""
    column, row = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    x, y = west + column / 100, south + row / 100
    values = np.random.default_rng(7).random(side**2)
    values[::50] = np.nan
    return gpd.GeoDataFrame(
        {"番号": np.arange(side**2), "値": values, "名": [f"畑{i}" for i in range(side**2)]},
        geometry=shapely.box(x, y, x + 0.01, y + 0.01),
        crs="EPSG:4326",
    )


def scene(frame: gpd.GeoDataFrame, style: Style = CLASSES, **layer: object) -> Scene:
    return Scene("題", [Layer(frame, style, title="畑 <1>", name="名", **layer)])


def tiled(frame: gpd.GeoDataFrame, style: Style | None = None, tiles_from: int = 0) -> TiledLayer:
    layer = Layer(frame, style or Single())
    found = tile_large(KmlLayer("l0", layer, resolve(layer), "ja"), tiles_from)
    assert isinstance(found, TiledLayer)
    return found


def parse(text: bytes) -> etree._Element:
    """Parse a document, and show that the schema allows it."""
    root = etree.fromstring(text, etree.XMLParser(huge_tree=True))
    get_schema_parser().assertValid(root)
    return root


def documents(path: Path) -> dict[str, etree._Element]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name.endswith(".kml")]
        return {name: parse(archive.read(name)) for name in names}


def whole(names: Sequence[str]) -> list[str]:
    """Names of tiles that hold features whole."""
    kml = [name for name in names if name.startswith("files/") and name.endswith(".kml")]
    return [name for name in kml if not name.endswith("-far.kml")]


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return fields(100)


@pytest.fixture(scope="module")
def archive(frame: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kmz") / "a.kmz"
    return write_kmz(scene(frame, label="番号"), path, tiles_from=1_000)


def test_every_feature_is_read_back_once_from_the_tiles(
    frame: gpd.GeoDataFrame, archive: Path
) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = whole(packed.namelist())
    parts = []
    for name in names:
        source = f"/vsizip/{archive}/{name}"
        (layer, _), *labels = pyogrio.list_layers(source)
        part = pyogrio.read_dataframe(source, layer=layer)
        assert 0 < len(part) <= MOST_FEATURES
        assert [label for label, _ in labels] == ["ラベル"]
        parts.append(part)
    found = pd.concat(parts).sort_values("番号", ignore_index=True)

    assert len(names) > 1
    assert found["番号"].tolist() == frame["番号"].tolist()
    assert found["名"].tolist() == frame["名"].tolist()
    pd.testing.assert_series_equal(found["値"], frame["値"])
    assert shapely.equals_exact(
        found.geometry.to_numpy(), frame.geometry.to_numpy(), tolerance=1e-6, normalize=True
    ).all()


def test_tiles_hold_what_the_untiled_file_holds(
    frame: gpd.GeoDataFrame, archive: Path, tmp_path: Path
) -> None:
    flat = write_kmz(scene(frame, label="番号"), tmp_path / "flat.kmz", tiles_from=10**9)
    (untiled,) = documents(flat).values()

    def contents(root: etree._Element) -> list[tuple[str, ...]]:
        tags = ("k:name", "k:description", "k:Point/k:coordinates", ".//k:coordinates")
        return [
            tuple(p.findtext(tag, "", NS) for tag in tags)
            for p in root.iterfind(".//k:Placemark", NS)
        ]

    roots = documents(archive)
    found = [feature for name in whole(list(roots)) for feature in contents(roots[name])]
    assert Counter(found) == Counter(contents(untiled))
    assert len(found) == 2 * len(frame)  # features and labels


def test_every_document_stands_alone(archive: Path) -> None:
    for name, root in documents(archive).items():
        ids = [element.get("id") for element in root.iterfind(".//*[@id]")]
        wanted = {e.text for e in root.iterfind(".//k:styleUrl", NS)}
        wanted |= {e.get("schemaUrl") for e in root.iterfind(".//k:SchemaData", NS)}
        assert len(ids) == len(set(ids))
        assert wanted <= {f"#{i}" for i in ids}
        if name != "doc.kml":
            used = {i for i in ids if f"#{i}" not in wanted}
            assert not used, "styles that nothing uses"
        assert fastkml.KML.from_string(etree.tostring(root).decode()).features


def test_features_have_the_style_of_their_class(frame: gpd.GeoDataFrame, archive: Path) -> None:
    classes = resolve(Layer(frame, CLASSES)).index
    roots = documents(archive)
    for name in whole(list(roots)):
        for feature in roots[name].iterfind("k:Document/k:Placemark", NS):
            number = int(feature.findtext(".//k:SimpleData[@name='番号']", "", NS))
            assert feature.findtext("k:styleUrl", "", NS) == f"#l0c{classes[number]}"


def test_main_document_links_to_every_tile_and_is_light(
    frame: gpd.GeoDataFrame, archive: Path
) -> None:
    roots = documents(archive)
    links = roots["doc.kml"].findall(".//k:Folder/k:NetworkLink", NS)
    assert [e.findtext("k:Link/k:href", "", NS) for e in links] == [n for n in roots if "/" in n]
    assert {e.findtext("k:Link/k:viewRefreshMode", "", NS) for e in links} == {"onRegion"}
    assert roots["doc.kml"].find(".//k:Placemark", NS) is None

    at_first = {e.findtext("k:name", "", NS) for e in links if _lod(e)[0] == 0}
    assert at_first == {"r-far"}
    far = roots["files/l0/r-far.kml"]
    vertices = sum(len(e.text.split()) for e in far.iterfind(".//k:coordinates", NS))
    assert vertices < 5 * len(frame)
    assert far.find(".//k:ExtendedData", NS) is None
    assert {e.text for e in far.iterfind(".//k:BalloonStyle/k:displayMode", NS)} == {"hide"}


def _lod(link: etree._Element) -> tuple[int, int]:
    lod = link.find("k:Region/k:Lod", NS)
    return int(lod.findtext("k:minLodPixels", "", NS)), int(lod.findtext("k:maxLodPixels", "", NS))


def test_regions_hold_their_features(frame: gpd.GeoDataFrame, archive: Path) -> None:
    roots = documents(archive)
    for link in roots["doc.kml"].iterfind(".//k:NetworkLink", NS):
        box = link.find("k:Region/k:LatLonAltBox", NS)
        north, south, east, west = (
            float(box.findtext(f"k:{side}", "", NS)) for side in ("north", "south", "east", "west")
        )
        root = roots[link.findtext("k:Link/k:href", "", NS)]
        text = " ".join(e.text for e in root.iterfind(".//k:coordinates", NS))
        x, y = np.array([pair.split(",") for pair in text.split()], dtype=float).T
        # A sampled cell reaches at most its own width beyond the areas it stands for.
        slack = 1e-6 if "-far" not in root.findtext("k:Document/k:name", "", NS) else 0.01
        assert west - slack <= x.min() <= x.max() <= east + slack
        assert south - slack <= y.min() <= y.max() <= north + slack


def test_a_tile_gives_way_to_tiles_of_the_same_features() -> None:
    found = tiled(fields(150)).tiles
    by_name = {tile.name: tile for tile in found}
    for tile in found:
        if not tile.is_coarse:
            continue
        stem = tile.name.removesuffix("-far")
        below = [
            part.rows
            for digit in "0123"
            for part in (by_name.get(f"{stem}{digit}-far"), by_name.get(f"{stem}{digit}"))
            if part is not None
        ]
        assert np.array_equal(np.sort(np.concatenate(below)), tile.rows)
        assert tile.most > 0
        # Quarters are half as wide, so that they stand before the tile is gone.
        assert all(by_name[n].least <= tile.most / 2 for n in by_name if n[:-1] == stem)
    assert sum(tile.is_coarse for tile in found) == 5


def test_legend_pictures_and_hidden_layers(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    shown = write_kmz(scene(frame), tmp_path / "a.kmz", tiles_from=1_000)
    hidden = write_kmz(scene(frame, visible=False), tmp_path / "b.kmz", tiles_from=1_000)
    flat = write_kmz(scene(frame), tmp_path / "c.kmz", tiles_from=10**9)
    with zipfile.ZipFile(shown) as one, zipfile.ZipFile(flat) as other:
        assert one.read("files/legend.png") == other.read("files/legend.png")
    roots = documents(hidden)
    folder = roots.pop("doc.kml").find(".//k:Folder", NS)
    flags = [e.text for e in folder.iterfind(".//k:visibility", NS)]
    assert flags == ["0"] * (1 + len(roots))
    # Who ticks the folder sees what the tiles hold.
    assert not [n for n, root in roots.items() if root.find(".//k:visibility", NS) is not None]


def test_same_scene_gives_same_bytes(frame: gpd.GeoDataFrame, archive: Path) -> None:
    again = archive.with_stem("again")
    write_kmz(scene(frame.copy(), label="番号"), again, tiles_from=1_000)
    assert again.read_bytes() == archive.read_bytes()


@pytest.mark.parametrize(("tiles_from", "is_tiled"), [(100, False), (99, True), (24, True)])
def test_layers_are_cut_by_features(tiles_from: int, is_tiled: bool) -> None:
    layer = Layer(fields(10))
    found = tile_large(KmlLayer("l0", layer, resolve(layer), "ja"), tiles_from)
    assert isinstance(found, TiledLayer) == is_tiled


def test_layers_are_cut_by_vertices() -> None:
    angles = np.linspace(0, 2 * np.pi, 1_000, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.004
    spots = np.array([(141 + i / 100, 42 + j / 100) for i in range(20) for j in range(20)])
    discs = shapely.polygons(spots[:, None] + ring)
    found = tiled(gpd.GeoDataFrame(geometry=discs, crs="EPSG:4326"), tiles_from=20_000)
    full = [tile.rows for tile in found.tiles if not tile.is_coarse]
    counts = shapely.get_num_coordinates(discs)
    assert len(full) > 1
    assert all(counts[rows].sum() <= MOST_VERTICES + counts.max() for rows in full)
    assert np.array_equal(np.sort(np.concatenate(full)), np.arange(len(discs)))


def test_kml_is_never_cut(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = write_kmz(scene(frame), tmp_path / "a.kml", tiles_from=0)
    assert len(parse(path.read_bytes()).findall(".//k:Placemark", NS)) == len(frame)


AWKWARD = {
    "across_the_antimeridian": [
        *(shapely.Point(179.9 - i / 1e5, 43) for i in range(2_000)),
        *(shapely.Point(-179.9 + i / 1e5, 43) for i in range(2_000)),
        shapely.MultiPolygon([shapely.box(179, 42, 180, 44), shapely.box(-180, 42, -179, 44)]),
    ],
    "one_place": [shapely.Point(141, 43)] * 6_000,
    "poles": [shapely.Point(i / 10, 90 - 180 * (i % 2)) for i in range(1_500)],
    "nothing_and_bow_ties": [
        *[None, shapely.Polygon()] * 1_500,
        *[shapely.from_wkt("POLYGON ((141 43, 142 44, 142 43, 141 44, 141 43))")] * 10,
    ],
    "collections_and_lines": [
        shapely.GeometryCollection(
            [shapely.Point(141, 43), shapely.LineString([(141, 43), (142, 44)])]
        ),
        shapely.from_wkt(
            "GEOMETRYCOLLECTION (POINT (141 42), POLYGON Z ((1 1 1, 2 1 2, 2 2 3, 1 1 1)))"
        ),
        *(
            shapely.LineString([(141 + i / 1e3, 43), (141.001 + i / 1e3, 43.001)])
            for i in range(5_000)
        ),
    ],
}


@pytest.mark.parametrize("kind", AWKWARD)
def test_awkward_layers_keep_every_feature(kind: str, tmp_path: Path) -> None:
    shapes = AWKWARD[kind]
    numbers = np.arange(len(shapes))
    frame = gpd.GeoDataFrame(
        {"番号": numbers, "名": numbers.astype(str)}, geometry=shapes, crs="EPSG:4326"
    )
    path = write_kmz(scene(frame, Single(), label="名"), tmp_path / "a.kmz", tiles_from=500)
    roots = documents(path)
    found = [
        int(e.text)
        for name in whole(list(roots))
        for e in roots[name].iterfind(".//k:SimpleData[@name='番号']", NS)
    ]
    assert sorted(found) == numbers.tolist()
    for box in roots["doc.kml"].iterfind(".//k:LatLonAltBox", NS):
        north, south, east, west = (float(e.text) for e in box)
        assert -90 <= south < north <= 90
        assert -180 <= west < east <= 180


def test_layer_without_any_place_is_not_cut(tmp_path: Path) -> None:
    nowhere = gpd.GeoDataFrame({"名": ["x"] * 50}, geometry=[None] * 50, crs="EPSG:4326")
    layers = [Layer(nowhere, title="無"), Layer(fields(2), title="有")]
    path = write_kmz(Scene("題", layers), tmp_path / "a.kmz", tiles_from=10)
    (root,) = documents(path).values()
    assert len(root.findall(".//k:Placemark", NS)) == 50 + 4


def test_discs_keep_their_size_and_tiles_their_dot(tmp_path: Path) -> None:
    frame = fields(60)
    drawn = scene(frame.assign(値=np.arange(len(frame)) % 7), Proportional("値", radius=14.0))
    path = write_kmz(drawn, tmp_path / "a.kmz", tiles_from=1_000)
    roots = documents(path)
    hrefs = {
        e.text for n, r in roots.items() if "/" in n for e in r.iterfind(".//k:Icon/k:href", NS)
    }
    assert hrefs == {"dot.png"}
    with zipfile.ZipFile(path) as archive:
        assert "files/l0/dot.png" in archive.namelist()
    # Of the discs in a cell the largest stays.
    keys = {e.text for e in roots["files/l0/r-far.kml"].iterfind(".//k:styleUrl", NS)}
    assert "#l0c0r56" in keys


# --- Far views ----------------------------------------------------------------------------------

BOX = (0.0, 0.0, float(COARSE), float(COARSE))


def features(shapes: Sequence[shapely.Geometry], classes: Sequence[int] | None = None) -> Features:
    array = np.array([*shapes, None], dtype=object)[:-1]
    kinds = np.zeros(len(array), np.intp) if classes is None else np.array(classes, np.intp)
    spots = shapely.get_coordinates(shapely.point_on_surface(array))
    return Features(array, kinds, spots, np.zeros(len(array)))


@settings(deadline=None)
@given(kinds=arrays(np.intp, (9, 7), elements=st.integers(0, 2)))
def test_sampling_areas_that_are_cells_changes_nothing(kinds: np.ndarray) -> None:
    row, column = (part.ravel() for part in np.indices(kinds.shape))
    cells = shapely.box(column, row, column + 1, row + 1)
    drawn, owners = coarsen(features(cells, kinds.ravel()), box=BOX, outlined=False)
    for kind in np.unique(kinds):
        found = drawn[kinds.ravel()[owners] == kind]
        assert shapely.area(found).sum() == (kinds == kind).sum()  # no cell twice
        assert shapely.union_all(found).equals(shapely.union_all(cells[kinds.ravel() == kind]))


def test_equal_neighbours_become_one_rectangle() -> None:
    cells = [shapely.box(x, y, x + 1, y + 1) for x in range(4) for y in range(3)]
    drawn, _ = coarsen(features(cells), box=BOX, outlined=False)
    assert [shape.bounds for shape in drawn] == [(0, 0, 4, 3)]


def test_areas_too_small_for_a_centre_are_not_lost() -> None:
    """Two specks in the corner of one cell: the larger gives it its class."""
    specks = [shapely.box(5.1, 5.1, 5.2, 5.2), shapely.box(5.1, 5.3, 5.3, 5.4)]
    drawn, owners = coarsen(features(specks, [0, 1]), box=BOX, outlined=False)
    assert [shape.bounds for shape in drawn] == [(5, 5, 6, 6)]
    assert owners.tolist() == [1]


def test_outlines_snap_alike_and_specks_leave_a_cell() -> None:
    step = COARSE / FINE
    wavy = np.array([(1 + 0.1 * np.sin(9 * y), y) for y in np.linspace(0, 3, 200)])
    left = shapely.Polygon([(0, 0), *wavy, (0, 3)])
    right = shapely.Polygon([(2, 0), *wavy, (2, 3)])
    speck = shapely.box(7.1, 7.1, 7.11, 7.11)
    drawn, owners = coarsen(features([left, right, speck]), box=BOX, outlined=True)
    assert owners.tolist() == [0, 1, 2]
    assert shapely.get_num_coordinates(drawn[:2]).max() < 40
    assert shapely.union(drawn[0], drawn[1]).equals(shapely.box(0, 0, 2, 3))
    assert drawn[0].intersection(drawn[1]).area == 0
    assert drawn[2].bounds == (7, 7, 7 + step, 7 + step)


def test_lines_that_coincide_far_off_are_drawn_once() -> None:
    lines = [shapely.LineString([(0, y), (10, y)]) for y in (3.0, 3.01, 3.02)]
    tiny = shapely.LineString([(5, 5), (5.01, 5)])
    drawn, owners = coarsen(features([*lines, tiny], [0, 0, 1, 0]), box=BOX, outlined=True)
    assert owners.tolist() == [0, 2]
    assert {shape.wkt for shape in drawn} == {"LINESTRING (0 3, 10 3)"}


def test_points_are_thinned_by_class() -> None:
    spots = [shapely.Point(x, 1) for x in (0.1, 0.2, 0.3, 90.0)]
    some = features(spots, [0, 1, 0, 0])
    some.sizes[:] = [1, 1, 2, 1]
    drawn, owners = coarsen(some, box=BOX, outlined=True)
    assert owners.tolist() == [1, 2, 3]
    assert [shape.x for shape in drawn] == [0.2, 0.3, 90.0]


def test_crowd_of_features_too_large_for_a_quarter_is_not_cut_into_places():
    """Lines across the whole layer: none fits into a quarter, and so there is no far view."""
    count = MOST_FEATURES + 1
    heights = 43 + np.arange(count) / count
    lines = [shapely.LineString([(141, y), (142, y)]) for y in heights]
    layer = tiled(gpd.GeoDataFrame({"値": 1.0}, index=range(count), geometry=lines, crs=4326))
    assert [(tile.name, tile.is_coarse) for tile in layer.tiles] == [("r", False), ("r-1", False)]
    assert [len(tile.rows) for tile in layer.tiles] == [MOST_FEATURES, 1]
    assert sorted(np.concatenate([tile.rows for tile in layer.tiles])) == list(range(count))


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ([1.5, 2.0], "double", ["1.5", "2.0"]),
        ([np.inf, -np.inf, 0.1], "double", ["INF", "-INF", "0.1"]),
        ([True, False], "bool", ["1", "0"]),
        ([7, -3], "int", ["7", "-3"]),
    ],
)
def test_values_are_written_as_the_schema_has_them(values, kind, texts):
    assert _plain(pd.Series(values), kind) == texts
