"""GeoPackages: tables that hold all, and styles that draw them in QGIS as the figure is drawn."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from lxml import etree

from hokkaido_gis.errors import OutputError
from hokkaido_gis.render.classes import resolve
from hokkaido_gis.render.gpkg import write_gpkg
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

SHAPES = {
    "area": lambda i: shapely.box(141 + i / 10, 43, 141.1 + i / 10, 43.1),
    "line": lambda i: shapely.LineString([(141 + i / 10, 43), (141.1 + i / 10, 43.1)]),
    "point": lambda i: shapely.Point(141 + i / 10, 43),
}
STYLES = {
    "single": Single(Symbol("#112233", 0.5, "#445566", 2), "ひとつ"),
    "categorical": Categorical(
        "種", (Category("a", "甲", Symbol("#aa0000")), Category("b", "乙", Symbol("#0000aa")))
    ),
    "graduated": Graduated("値", breaks=(1.0, 2.0), unit="kW"),
    "proportional": Proportional("値", unit="kW"),
}


def frame_of(count: int, kind: str = "area", /, **columns: object) -> gpd.GeoDataFrame:
    shapes = [SHAPES[kind](i) for i in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:6668")


def values(kind: str = "area", *, gaps: bool = True) -> gpd.GeoDataFrame:
    last = np.nan if gaps else 0.5
    return frame_of(4, kind, 種=["a", "b", "c" if gaps else "a", "a"], 値=[1.0, 1.5, 7.0, last])


def styles_of(path: Path) -> dict[str, etree._Element]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall()
    return {table: etree.fromstring(qml.encode()) for table, qml in rows}


def style_of(layer: Layer, path: Path) -> etree._Element:
    (style,) = styles_of(write_gpkg(Scene("題", [layer]), path)).values()
    return style


def colours(style: etree._Element, option: str) -> list[str]:
    return [o.get("value") for o in style.iterfind(f".//symbols//Option[@name='{option}']")]


def rgba(colour: str, opacity: float) -> str:
    return ",".join(map(str, [*bytes.fromhex(colour[1:]), round(opacity * 255)]))


@pytest.mark.parametrize("gaps", [True, False], ids=["missing", "known"])
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_symbols_are_those_of_the_classes(
    style: Style, kind: str, gaps: bool, tmp_path: Path
) -> None:
    layer = Layer(values(kind, gaps=gaps), style, title="層")
    found = style_of(layer, tmp_path / "a.gpkg")

    symbols = [line.symbol for line in resolve(layer).classes]
    drawn = "point" if isinstance(style, Proportional) else kind
    if drawn == "line":
        assert colours(found, "line_color") == [rgba(s.stroke, 1) for s in symbols]
        assert colours(found, "line_width") == [f"{s.stroke_width:g}" for s in symbols]
    else:
        assert colours(found, "color") == [rgba(s.fill, s.fill_opacity) for s in symbols]
    outer = {symbol.get("type") for symbol in found.iterfind("./renderer-v2/symbols/symbol")}
    assert outer == {{"area": "fill", "line": "line", "point": "marker"}[kind]}


@pytest.mark.parametrize(
    ("style", "gaps", "renderer", "labels"),
    [
        (STYLES["categorical"], True, "categorizedSymbol", ["甲", "乙", "データなし"]),
        (STYLES["categorical"], False, "categorizedSymbol", ["甲", "乙"]),
        (STYLES["graduated"], False, "graduatedSymbol", ["1 kW 以下", "1 – 2 kW", "2 kW 超"]),
        (
            STYLES["graduated"],
            True,
            "RuleRenderer",
            ["1 kW 以下", "1 – 2 kW", "2 kW 超", "データなし"],
        ),
    ],
)
def test_legend_says_what_the_figure_says(
    style: Style, gaps: bool, renderer: str, labels: list[str], tmp_path: Path
) -> None:
    found = style_of(Layer(values(gaps=gaps), style), tmp_path / "a.gpkg").find("renderer-v2")
    assert found.get("type") == renderer
    entries = [e for tag in ("category", "range", "rule") for e in found.iter(tag)]
    assert [e.get("label") for e in entries] == labels


def test_rules_choose_the_rows_of_each_class(tmp_path: Path) -> None:
    """SQLite understands the rules too, so that it can say what they choose."""
    path = tmp_path / "a.gpkg"
    layer = Layer(values(), STYLES["graduated"], title="層")
    rules = [r.get("filter") for r in style_of(layer, path).iter("rule")]

    with closing(sqlite3.connect(path)) as database:
        chosen = [
            [fid for (fid,) in database.execute(f'SELECT fid - 1 FROM "層" WHERE {rule}')]  # noqa: S608
            for rule in rules[:-1]
        ]
    index = resolve(layer).index
    assert chosen == [np.flatnonzero(index == i).tolist() for i in range(3)]
    assert rules[-1] == "ELSE"


def test_ranges_meet_and_the_lower_one_comes_first(tmp_path: Path) -> None:
    layer = Layer(values(gaps=False), STYLES["graduated"])
    ranges = list(style_of(layer, tmp_path / "a.gpkg").iter("range"))
    assert [float(r.get("upper")) for r in ranges[:-1]] == [1.0, 2.0]
    assert [float(r.get("lower")) for r in ranges[1:]] == [1.0, 2.0]


def test_size_of_discs_is_an_expression_that_gives_their_radius(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    layer = Layer(values(gaps=False), STYLES["proportional"], title="層")
    (size,) = colours(style_of(layer, path), "expression")
    with closing(sqlite3.connect(path)) as database:
        database.create_function("sqrt", 1, np.sqrt)
        found = [d for (d,) in database.execute(f'SELECT {size} FROM "層"')]  # noqa: S608
    assert found == pytest.approx((2 * 0.75 * resolve(layer).radii).tolist())


def test_labels_and_headings_are_taken_over(tmp_path: Path) -> None:
    look = LabelStyle(2.0, "#ff0000", "#00ff00")
    layer = Layer(values(), label="種", popup={"値": "発電量 <kW>"}, name="種", label_style=look)
    style = style_of(layer, tmp_path / "a.gpkg")
    text = style.find("./labeling/settings/text-style")
    assert (text.get("fieldName"), text.get("textColor")) == ("種", "255,0,0,255")
    assert text.find("text-buffer").get("bufferColor") == "0,255,0,255"
    assert [(a.get("field"), a.get("name")) for a in style.iter("alias")] == [("値", "発電量 <kW>")]
    assert style.findtext("previewExpression") == '"種"'


def test_features_keep_their_crs_geometry_and_attributes(tmp_path: Path) -> None:
    frame = frame_of(
        2,
        code=["01100", "01202"],
        flag=[True, False],
        count=pd.array([1, None], dtype="Int64"),
        kind=pd.Categorical(["x", None]),
        mixed=[1, "b"],
    ).to_crs("EPSG:6680")
    frame = frame.set_index(pd.Index(["甲", "乙"], name="町"))
    before = frame.copy(deep=True)
    path = write_gpkg(Scene("題", [Layer(frame, title="層")]), tmp_path / "a.gpkg")

    found = gpd.read_file(path, layer="層")
    assert found.crs == frame.crs
    assert found.geometry.geom_equals_exact(frame.geometry.reset_index(drop=True), 0).all()
    assert found["町"].tolist() == ["甲", "乙"]
    assert found["code"].tolist() == ["01100", "01202"]
    assert found["flag"].tolist() == [True, False]
    assert found["count"].isna().tolist() == [False, True]
    assert found["kind"].isna().tolist() == [False, True]
    assert found["mixed"].tolist() == ["1", "b"]
    pd.testing.assert_frame_equal(frame, before)


def test_objects_of_one_kind_keep_it_and_gaps_stay_gaps(tmp_path: Path) -> None:
    columns = {
        "flag": pd.Series([True, None], dtype=object),
        "count": pd.Series([7, None], dtype=object),
        "share": pd.Series([0.5, None], dtype=object),
        "blank": pd.Series([None, None], dtype="str"),
        "text": pd.Series([" 7", None], dtype=object),
    }
    layer = Layer(frame_of(2).assign(**columns), title="層")
    found = gpd.read_file(write_gpkg(Scene("題", [layer]), tmp_path / "a.gpkg"), layer="層")
    first = found[list(columns)].iloc[0]
    assert first[["flag", "count", "share", "text"]].tolist() == [True, 7, 0.5, " 7"]
    assert pd.isna(first["blank"])
    assert found[list(columns)].iloc[1].isna().all()


HOSTILE = "a\"b'; DROP TABLE gpkg_contents; -- <script>]]>&\x07"


def test_hostile_names_are_only_names(tmp_path: Path) -> None:
    frame = frame_of(2, **{HOSTILE: [HOSTILE, "x"], "fid": [7, 7], "Geom": ["p", "q"]})
    category = Category(HOSTILE, HOSTILE, Symbol())
    layers = [
        Layer(frame, Categorical(HOSTILE, (category,)), title=HOSTILE, label=HOSTILE),
        Layer(frame, title=HOSTILE.upper()),
        Layer(frame, title="gpkg_contents"),
        Layer(frame, title="layer_styles"),
        Layer(frame),
    ]
    path = write_gpkg(Scene(HOSTILE, layers), tmp_path / "a.gpkg")

    tables = [str(name) for name, _ in pyogrio.list_layers(path)]
    safe = HOSTILE.replace("\x07", "\ufffd")
    assert tables == [
        *(safe, f"{safe.upper()} (2)", "_gpkg_contents", "_layer_styles", "レイヤ 5"),
        "layer_styles",
    ]
    found = gpd.read_file(path, layer=safe)
    assert found[safe].tolist() == [safe, "x"]
    assert found["fid (2)"].tolist() == [7, 7]
    assert list(styles_of(path)) == tables[:-1]
    assert styles_of(path)[safe].find(".//category").get("value") == safe


def test_styles_are_registered_as_qgis_does(tmp_path: Path) -> None:
    path = write_gpkg(Scene("題", [Layer(values(), title="層")]), tmp_path / "a.gpkg")
    with closing(sqlite3.connect(path)) as database:
        row = database.execute(
            "SELECT f_table_name, f_geometry_column, styleName, useAsDefault FROM layer_styles"
        ).fetchall()
        kinds = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
        geometry = database.execute("SELECT column_name FROM gpkg_geometry_columns").fetchall()
        sound = database.execute("PRAGMA integrity_check").fetchone()
    assert row == [("層", "geom", "層", 1)]
    assert kinds == {"層": "features", "layer_styles": "attributes"}
    assert geometry == [("geom",)]
    assert sound == ("ok",)


def test_raster_is_a_picture_in_its_own_place(tmp_path: Path) -> None:
    cells = np.array([[1.0, 2.0], [3.0, np.nan]])
    raster = RasterLayer(
        cells, (1000, 0, 0, 0, -1000, 2000), "EPSG:6680", "風", breaks=(1.5, 2.5), opacity=0.5
    )
    path = write_gpkg(Scene("題", [Layer(values(), title="層"), raster]), tmp_path / "a.gpkg")
    with rasterio.open(f"GPKG:{path}:風") as picture:
        assert picture.crs.to_epsg() == 6680
        assert picture.bounds == pytest.approx((0, 0, 2000, 2000))
        spots = [(500, 1500), (1500, 1500), (500, 500), (1500, 500)]
        found = [tuple(pixel) for pixel in picture.sample(spots)]
    fills = [line.symbol.fill for line in resolve(raster).classes]
    assert [p[:3] for p in found[:3]] == [tuple(bytes.fromhex(f[1:])) for f in fills]
    assert [p[3] for p in found] == [128, 128, 128, 0]


def test_same_scene_gives_same_bytes(tmp_path: Path) -> None:
    def written(name: str) -> bytes:
        raster = RasterLayer([[1.0, 2.0]], (1, 0, 141, 0, -1, 44), "EPSG:4326", "風")
        layers = [Layer(values(), STYLES["graduated"], title="層"), raster]
        return write_gpkg(Scene("題", layers), tmp_path / name).read_bytes()

    assert written("a.gpkg") == written("b.gpkg")


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in \.gpkg"):
        write_gpkg(Scene("題", [Layer(values())]), tmp_path / "a.shp")
    assert not list(tmp_path.iterdir())


QGIS_SCRIPT = """
import sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
for name in sys.argv[2:]:
    layer = QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr")
    assert layer.isValid(), name
    renderer = layer.renderer()
    print(renderer.type(), *[item.label() for item in renderer.legendSymbolItems()], sep="|")
    print(layer.labelsEnabled())
app.exitQgis()
"""


def qgis_python() -> str | None:
    """The interpreter that has QGIS's own package: the system's, not that of the tests."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    probe = subprocess.run([python, "-c", "import qgis.core"], check=False, capture_output=True)
    return python if probe.returncode == 0 else None


def test_qgis_opens_it_as_the_figure_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = qgis_python()
    if python is None:
        pytest.skip("QGIS is not installed")
    layers = [Layer(values(), style, title=title, label="種") for title, style in STYLES.items()]
    path = write_gpkg(Scene("題", layers), tmp_path / "a.gpkg")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    said = subprocess.run(
        [python, "-c", QGIS_SCRIPT, str(path), *STYLES], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    renderers = [line.split("|") for line in said[::2]]
    assert [r[0] for r in renderers] == [
        *("singleSymbol", "categorizedSymbol", "RuleRenderer", "RuleRenderer")
    ]
    assert renderers[2][1:] == ["1 kW 以下", "1 – 2 kW", "2 kW 超", "データなし"]
    assert set(said[1::2]) == {"True"}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ([True, False], [("true", "bool"), ("false", "bool")]),
        ([1, 20], [("1", "long"), ("20", "long")]),
        ([0.5, 2.25], [("0.5", "double"), ("2.25", "double")]),
        (["1", "20"], [("1", "string"), ("20", "string")]),
    ],
)
def test_values_of_categories_keep_their_kind(
    given: list[object], written: list[tuple[str, str]], tmp_path: Path
) -> None:
    categories = tuple(Category(value, str(value), Symbol()) for value in given)
    layer = Layer(frame_of(2, 種=given), Categorical("種", categories))
    found = style_of(layer, tmp_path / "a.gpkg").iter("category")
    assert [(each.get("value"), each.get("type")) for each in found] == written
