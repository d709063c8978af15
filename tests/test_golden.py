"""One output of each kind, made from a scene small enough to read, is the recorded one.

``pytest tests/test_golden.py --update-golden`` writes the records in `tests/golden` anew; read
their difference before it is committed. Text is compared whole, after unpacking. Pictures are
compared pixel by pixel with room for how versions of matplotlib and freetype smooth edges and
letters: the sizes must be equal, the mean difference at most `MEAN_STEP` of 255, and at most
`FAR_SHARE` of the pixels may differ by more than `FAR_STEP`. A missing symbol, another colour of
an area or a shifted legend is well beyond that.
"""

from __future__ import annotations

import csv
import difflib
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import lxml.html
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from html_pages import read_layers
from lxml import etree
from PIL import Image, ImageChops

from hokkaido_gis.io.tables import read_table, write_table
from hokkaido_gis.render.chart_kinds import RankedBars, Threshold
from hokkaido_gis.render.charts import Chart, write_chart
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import Categorical, Graduated, Layer, Scene, colour_categories
from hokkaido_gis.report.workbook import Sheet, column_kinds, write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOLDEN = Path(__file__).parent / "golden"
MEAN_STEP, FAR_STEP, FAR_SHARE = 1.5, 64, 0.01
DPI = 60  # small files; every element is drawn all the same


@pytest.fixture
def table() -> pd.DataFrame:
    """Numbers, text that a spreadsheet would take for a formula, a code with a zero, a gap."""
    return pd.DataFrame(
        {
            "コード": ["01202", "01203", "01204"],
            "名称": ["函館市", "=1+1", "旭川市 <b>&"],
            "熱量": [1234.5, np.nan, 0.1],
            "件数": [3, 0, 12],
        }
    )


@pytest.fixture
def scene(table: pd.DataFrame) -> Scene:
    """Areas by a number, one of them missing and one with a hole; lines by a word."""
    holed = shapely.box(141.5, 43.0, 141.75, 43.25) - shapely.box(
        141.5625, 43.0625, 141.625, 43.125
    )
    areas = [
        shapely.box(141.0, 43.0, 141.25, 43.25),
        shapely.box(141.25, 43.0, 141.5, 43.25),
        holed,
    ]
    towns = gpd.GeoDataFrame(table, geometry=areas, crs="EPSG:6668")
    ends = [[(141.0, 43.125), (141.5, 43.375)], [(141.5, 43.375), (141.75, 43.125)]]
    lines = gpd.GeoDataFrame(
        {"電圧": ["66kV", "187kV"]}, geometry=[shapely.LineString(e) for e in ends], crs="EPSG:6668"
    )
    voltages = colour_categories({"66kV": "66 kV", "187kV": "187 kV"})
    return Scene(
        "試験図",
        [
            Layer(
                towns,
                Graduated("熱量", breaks=(0, 100, 2000), unit="GJ"),
                title="市町村",
                name="名称",
                label="名称",
            ),
            Layer(lines, Categorical("電圧", voltages), title="送電線"),
        ],
        "説明 <&>",
        "出所",
    )


@pytest.fixture
def chart() -> Chart:
    """Bars with a range, a gap and a threshold."""
    low = pd.Series([3.0, np.nan, 1.5], index=["函館市", "小樽市", "旭川市"])
    bars = RankedBars({"潜在量": low}, value_label="出力 (kW)", threshold=Threshold(2.0, "目標"))
    return Chart("試験図", bars, credit="出所")


@pytest.fixture
def agree(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, str], None]:
    """Compare a text with its record, or write the record anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8", newline="\n")
        recorded = path.read_text(encoding="utf-8")
        difference = "\n".join(
            difflib.unified_diff(
                recorded.splitlines(), text.splitlines(), f"golden/{name}", "now", lineterm=""
            )
        )
        assert not difference, f"{name} changed (if that is meant: --update-golden)\n{difference}"

    return compare


@pytest.fixture
def look_alike(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, Path], None]:
    """Compare a picture with its record, or write the record anew."""

    def compare(name: str, picture: Path) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            Image.open(picture).convert("RGB").save(path, optimize=True)
        fault = picture_fault(path, picture, tmp_path / f"difference-{name}")
        assert not fault, f"{name} changed (if that is meant: --update-golden): {fault}"

    return compare


def picture_fault(recorded: Path, picture: Path, shown: Path) -> str:
    """What is wrong with a picture; the difference is saved as `shown`."""
    old, new = (Image.open(path).convert("RGB") for path in (recorded, picture))
    if old.size != new.size:
        return f"its size is {new.size}, of the record {old.size}"
    apart = ImageChops.difference(old, new)
    steps = np.asarray(apart).max(axis=2)
    mean, far = float(steps.mean()), float((steps > FAR_STEP).mean())
    if mean <= MEAN_STEP and far <= FAR_SHARE:
        return ""
    apart.point(lambda step: min(255, 4 * step)).save(shown)
    rows, columns = np.nonzero(steps > FAR_STEP)
    where = f"within x {columns.min()}-{columns.max()}, y {rows.min()}-{rows.max()}, " * (far > 0)
    return f"pixels differ by {mean:.2f} in the mean, {far:.2%} of them by far, {where}see {shown}"


def test_kmz(scene, agree, tmp_path):
    with zipfile.ZipFile(write_kmz(scene, tmp_path / "map.kmz")) as archive:
        agree("map.kml", lines_of_xml(archive.read("doc.kml")))
        agree("map.kmz.txt", "".join(f"{name}\n" for name in archive.namelist()))


def lines_of_xml(data: bytes) -> str:
    root = etree.fromstring(data, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, pretty_print=True, encoding="unicode")


def test_html(scene, agree, tmp_path):
    page = write_html(scene, tmp_path / "map.html").read_text(encoding="utf-8")
    root = lxml.html.document_fromstring(page)
    payload = json.loads(root.get_element_by_id("scene").text)
    payload["layers"] = read_layers(page)
    agree(
        "map.html.json",
        json.dumps(payload, ensure_ascii=False, indent=1, default=np.ndarray.tolist) + "\n",
    )


def test_gpkg(scene, agree, tmp_path):
    path = write_gpkg(scene, tmp_path / "map.gpkg")
    agree("map.gpkg.txt", "\n".join(dump_gpkg(path)) + "\n")


def dump_gpkg(path: Path) -> Iterator[str]:
    """Contents and rows of the layers, and their styles; not how GDAL keeps its books."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        query = "SELECT table_name, data_type, srs_id FROM gpkg_contents ORDER BY 1"
        tables = [tuple(row) for row in database.execute(query)]
        styles = database.execute("SELECT * FROM layer_styles ORDER BY f_table_name").fetchall()
    for name, kind, crs in tables:
        yield f"[{name}] {kind} EPSG:{crs}"
        if kind == "features":
            for row in gpd.read_file(path, layer=name).to_dict("records"):
                yield "  " + " | ".join(f"{key}: {value}" for key, value in row.items())
    for style in styles:
        yield f"[style of {style['f_table_name']}]"
        yield from (f"  {line}" for line in lines_of_xml(style["styleQML"].encode()).splitlines())


def test_csv(table, agree, tmp_path):
    path = write_table(table, tmp_path / "table.csv")
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    agree("table.csv", data.decode("utf-8-sig").replace("\r\n", "␍\n"))


def test_xlsx(table, agree, tmp_path):
    path = write_table(table, tmp_path / "table.xlsx")
    agree("table.xlsx.txt", "\n".join(dump_xlsx(path)) + "\n")


def test_workbook(table, agree, tmp_path):
    file = write_table(table, tmp_path / "table-1.csv")
    sheet = Sheet("table-1", "表", "注 @x", file, column_kinds(table))
    write_workbook([sheet], tmp_path / "tables.xlsx", "ja")
    agree("tables.xlsx.txt", "\n".join(dump_xlsx(tmp_path / "tables.xlsx")) + "\n")


def dump_xlsx(path: Path) -> Iterator[str]:
    """Cells with type, format and look, widths and frozen rows, sheet by sheet."""
    for sheet in openpyxl.load_workbook(path):
        widths = {key: round(column.width, 1) for key, column in sheet.column_dimensions.items()}
        frozen, chosen = sheet.freeze_panes, sheet.auto_filter.ref
        yield f"[{sheet.title}] frozen {frozen}, filter {chosen}, widths {widths}"
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
            look = " bold" * bool(cell.font.b) + " quoted" * bool(cell.quotePrefix)
            link = f" -> {cell.hyperlink.location}" if cell.hyperlink else ""
            form = f"{cell.data_type} {cell.number_format}{look}"
            yield f"  {cell.coordinate} {form}: {cell.value!r}{link}"


def test_png(scene, look_alike, tmp_path):
    look_alike("map.png", write_png(scene, tmp_path / "map.png", dpi=DPI))


def test_chart(chart, look_alike, tmp_path):
    look_alike("chart.png", write_chart(chart, tmp_path / "chart.png", dpi=DPI))


@pytest.mark.parametrize("fault", ["legend away", "another colour", "moved", "size"])
def test_a_picture_that_changed_is_told(tmp_path, fault):
    picture = Image.open(GOLDEN / "map.png").convert("RGB")
    width, height = picture.size
    if fault == "size":
        picture = picture.resize((width + 1, height))
    elif fault == "moved":
        picture = ImageChops.offset(picture, 3, 0)
    elif fault == "another colour":
        pixels = np.asarray(picture).copy()
        values, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
        commonest = values[counts.argsort()[-2]]
        pixels[(pixels == commonest).all(axis=2)] = 255 - commonest
        picture = Image.fromarray(pixels)
    else:
        picture.paste((255, 255, 255), (0, 0, width, height // 3))
    picture.save(tmp_path / "other.png")
    told = picture_fault(GOLDEN / "map.png", tmp_path / "other.png", tmp_path / "shown.png")
    assert told
    assert (tmp_path / "shown.png").is_file() == (fault != "size")


def test_the_csv_record_is_read_back_as_it_was(table, tmp_path):
    path = write_table(table, tmp_path / "table.csv")
    back = read_table(path)
    assert back["名称"].tolist() == table["名称"].tolist()
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert not any(text.startswith(("=", "+", "@")) for row in csv.reader(file) for text in row)


def test_records_are_small_and_all_in_use():
    source = Path(__file__).read_text(encoding="utf-8")
    files = sorted(path for path in GOLDEN.iterdir() if path.name != "command_line.txt")
    assert [path.name for path in files if f'"{path.name}"' not in source] == []
    assert sum(path.stat().st_size for path in files) < 300_000
