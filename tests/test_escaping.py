"""Text from attributes on its way out: as it was for a reader, and nothing else for a program."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sqlite3
import string
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import lxml.html
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from html_pages import read_layers
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry import box

from hokkaido_gis.errors import LayerWarning, RenderError
from hokkaido_gis.io.cells import guard_text, unguard_text
from hokkaido_gis.io.tables import read_table, write_table
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.html_page import source_hash
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import Categorical, Category, Layer, RasterLayer, Scene, Symbol
from hokkaido_gis.report.index_page import write_index
from hokkaido_gis.report.ledger import COLUMNS
from hokkaido_gis.report.outcome import Outcome
from hokkaido_gis.report.place import THE_REPORT
from hokkaido_gis.report.registry import select
from hokkaido_gis.report.rerun import Record
from hokkaido_gis.report.run import run_report
from hokkaido_gis.report.workbook import Sheet, column_kinds, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = [
    '<img src=x onerror="window.__pwned=1">',
    "</script><script>window.__pwned=1</script>",
    "</textarea></title></style><svg onload=window.__pwned=1>",
    "\" autofocus onfocus='window.__pwned=1' x=\"",
    "<a href='javascript:window.__pwned=1'>x</a>",
    "javascript:window.__pwned=1",
    "{{7*7}} {% include '/etc/passwd' %} ${7*7} #{7*7}",
    "--><script>window.__pwned=1</script><!--",
    "]]><script>window.__pwned=1</script><![CDATA[",
    "&lt;script&gt;window.__pwned=1&lt;/script&gt; &amp;#60;",
    "'; DROP TABLE gpkg_contents; --",
    "$\\frac{1}{0}$ $\\input{/etc/passwd}$",
    "%s %n {0.__class__} \\x3cscript\\x3e",
    "line\u2028separator\u2029paragraph",
    "\u202emoc.elgoog\u202c",
    '=HYPERLINK("http://example.org","x")',
    "../../../etc/passwd",
    "C:\\con\\nul:aux|<>?*",
]
UNWRITABLE = ["nul\x00byte", "half \ud800 pair", "escape \x1b[2J", "bell \x07", "not \uffff"]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1+1", "'=1"]
FORMULAS += ["-cmd|' /C calc'!A0", "+81 11 222 3333", "=", "@", "-a", "＠x"]
PLAIN = [
    "-",
    "--",
    "－",
    "-5",
    "-5.25",
    "+3",
    "-1e-05",
    "1-2",
    "a=b",
    "'",
    "O'Neil",
    "'-5",
    "札幌市",
    "",
]


# Spreadsheets


@pytest.mark.parametrize("text", FORMULAS)
def test_text_like_a_formula_is_guarded(text: str) -> None:
    assert guard_text(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_and_numbers_are_left_alone(text: str) -> None:
    assert guard_text(text) == unguard_text(text) == text


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r0123456789.,eE札＝－ a")) | st.text())
def test_guarded_text_comes_back(text: str) -> None:
    assert unguard_text(guard_text(text)) == text
    assert guard_text(text)[:1] not in {"=", "@"}


def all_texts() -> pd.DataFrame:
    texts = [*FORMULAS, *PLAIN[:-1], *HOSTILE]
    return pd.DataFrame({"=code": texts, "n": np.arange(len(texts)) - 3.5})


def test_csv_carries_no_formula_and_gives_the_text_back(tmp_path: Path) -> None:
    table = all_texts()
    path = write_table(table, tmp_path / "t.csv")
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    starts = tuple("=+-@\t\r\n＝＋－＠")
    number = re.compile(r"[-+]?[\d.]+(e-?\d+)?|[-－]+")
    assert not [c for row in rows for c in row if c.startswith(starts) and not number.fullmatch(c)]
    read = read_table(path)
    assert list(read.columns) == ["=code", "n"]
    assert read["=code"].tolist() == [t.replace("\r", "\n") for t in table["=code"]]
    assert read["n"].astype(float).tolist() == table["n"].tolist()


def test_numbers_stay_numbers_in_csv(tmp_path: Path) -> None:
    path = write_table(pd.DataFrame({"kw": [-1.5, 2.0], "n": [-3, 4]}), tmp_path / "t.csv")
    assert path.read_text(encoding="utf-8-sig").splitlines()[1:] == ["-1.5,-3", "2.0,4"]


def test_index_and_categories_are_guarded(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": pd.Categorical(["=1", "b"])}, index=pd.Index(["@x", "y"], name="=i"))
    path = write_table(table, tmp_path / "t.csv", index=True)
    assert path.read_text(encoding="utf-8-sig").splitlines() == ["'=i,a", "'@x,'=1", "y,b"]
    assert table.index.tolist() == ["@x", "y"]


def formulas_of(path: Path) -> list[Any]:
    book = openpyxl.load_workbook(path)
    return [
        cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def test_xlsx_holds_text_as_text(tmp_path: Path) -> None:
    table = all_texts()
    path = write_table(table, tmp_path / "t.xlsx")
    assert formulas_of(path) == []
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in b"".join(archive.read(name) for name in archive.namelist())
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet["A1"].value == "=code"
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].quotePrefix
    assert isinstance(sheet["B2"].value, float)
    assert read_table(path)["=code"].tolist() == [t.replace("\r", "\n") for t in table["=code"]]


def test_what_excel_cannot_hold_is_told(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [*UNWRITABLE, "x" * 40_000]}, dtype=object)
    told = (
        r"^t\.xlsx: column 'a' has 5 values with characters .* \(rows 2, 3, 4, 5, 6\); "
        r"column 'a' has 1 value of over 32,767 characters, cut off there \(row 7\)\. Write \.csv"
    )
    with pytest.warns(LayerWarning, match=told):
        path = write_table(table, tmp_path / "t.xlsx")
    assert read_table(path)["a"].tolist() == [
        "nul\ufffdbyte", "half \ufffd pair", "escape \ufffd[2J", "bell \ufffd", "not \ufffd",
        "x" * 32_767,
    ]  # fmt: skip


def test_broken_text_does_not_stop_a_csv(tmp_path: Path) -> None:
    texts = ["half \ud800 pair", "nul\x00byte", "two\r\nlines", "two\rlines"]
    with pytest.warns(LayerWarning, match=r"^2 texts have .*, now U\+FFFD: 'half .* is the first"):
        path = write_table(pd.DataFrame({"a": texts}, dtype=object), tmp_path / "t.csv")
    shown = ["half \ufffd pair", "nul\ufffdbyte", "two\nlines", "two\nlines"]
    assert read_table(path)["a"].tolist() == shown


def test_workbook_of_the_report_holds_text_as_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"=head": [*FORMULAS, *HOSTILE]})
    file = write_table(table, tmp_path / "t.csv")
    sheet = Sheet("table-1", "=title", "@caption", file, column_kinds(table))
    (path,) = write_workbook([sheet], tmp_path / "t.xlsx", "ja")
    assert formulas_of(path) == []
    cells = [cell.value for (cell,) in openpyxl.load_workbook(path)["table-1"].iter_rows()]
    assert cells == ["=head", *(t.replace("\r", "\n") for t in table["=head"])]


# Maps


def scene(texts: list[str], **options: Any) -> Scene:
    """Each text as name, label, class, heading and value of a feature."""
    column = pd.Series(texts, dtype=object)  # other types hold no half pairs
    frame = gpd.GeoDataFrame(
        {"n": column, "v": column},
        geometry=[box(141 + i, 43, 141.9 + i, 44) for i in range(len(texts))],
        crs="EPSG:6668",
    )
    classes = tuple(Category(text, text, Symbol()) for text in texts)
    layer = Layer(
        frame, Categorical("n", classes), title=texts[0], name="n", label="n", popup={"v": texts[0]}
    )
    return Scene(texts[0], [layer], caption=" ".join(texts), credit=texts[0], **options)


def documents(path: Path) -> Iterator[etree._Element]:
    with zipfile.ZipFile(path) as archive:
        assert all(re.fullmatch(r"[\w/.-]+", name) for name in archive.namelist())
        assert not [name for name in archive.namelist() if ".." in name or name.startswith("/")]
        for name in archive.namelist():
            if name.endswith(".kml"):
                yield etree.fromstring(archive.read(name), etree.XMLParser(huge_tree=True))


BALLOON = {"p", "h3", "table", "tr", "th", "td", "div", "font", "b", "br", "span", "html", "body",
           "tbody", "style"}  # fmt: skip


@pytest.mark.parametrize("texts", [HOSTILE, ["plain", *UNWRITABLE]], ids=["hostile", "unwritable"])
def test_kmz_shows_the_text_and_its_balloons_hold_no_code(tmp_path: Path, texts: list[str]) -> None:
    path = write_kmz(scene(texts), tmp_path / "a.kmz")
    names = set()
    for document in documents(path):
        names |= {element.text for element in document.iter("{*}name")}
        for element in document.iter("{*}description", "{*}text"):
            if not element.text:
                continue
            balloon = lxml.html.fragment_fromstring(element.text, create_parent="div")
            assert {e.tag for e in balloon.iter()} <= BALLOON
            assert not [a for e in balloon.iter() for a in e.attrib if a.startswith("on")]
            assert not [a for e in balloon.iter() for a in e.attrib if a in {"href", "src"}]
    unwritable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\uffff]")
    wanted = {" ".join(unwritable.sub("\ufffd", text).split()) for text in texts}
    assert wanted <= {" ".join((name or "").split()) for name in names}


@pytest.mark.parametrize("texts", [HOSTILE, ["plain", *UNWRITABLE]], ids=["hostile", "unwritable"])
def test_html_holds_the_text_as_data(tmp_path: Path, texts: list[str]) -> None:
    page = write_html(scene(texts), tmp_path / "a.html").read_text(encoding="utf-8")
    (layer,) = read_layers(page)
    assert layer["names"] == texts
    root = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(huge_tree=True))
    assert not [a for e in root.iter(etree.Element) for a in e.attrib if a.startswith("on")]
    assert {e.get("href") for e in root.iter("a")} <= {None}
    assert "unsafe" not in root.xpath("//meta[@http-equiv]/@content")[0]


@pytest.mark.parametrize("texts", [HOSTILE, ["plain", *UNWRITABLE]], ids=["hostile", "unwritable"])
def test_geopackage_holds_the_text(tmp_path: Path, texts: list[str]) -> None:
    path = write_gpkg(scene(texts), tmp_path / "a.gpkg")
    name = pyogrio.list_layers(path)[0][0]
    read = pyogrio.read_dataframe(path, layer=name)
    assert len(read) == len(texts)
    if texts is HOSTILE:
        assert read["n"].tolist() == texts


def test_style_for_qgis_holds_the_text_as_values(tmp_path: Path) -> None:
    path = write_gpkg(scene([*HOSTILE, *UNWRITABLE]), tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:
        ((style,),) = base.execute("select styleQML from layer_styles").fetchall()
    base.close()
    document = etree.fromstring(style.encode())
    assert set(HOSTILE) <= {element.get("value") for element in document.iter("category")}
    assert "[%" not in style


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_picture_takes_any_text(tmp_path: Path, ending: str) -> None:
    path = write_png(scene([*HOSTILE, *UNWRITABLE]), tmp_path / f"a{ending}")
    assert path.stat().st_size > 1000
    if ending == ".svg":
        document = etree.parse(path).getroot()
        assert not list(document.iter("{*}script", "{*}foreignObject"))
        assert not [a for e in document.iter(etree.Element) for a in e.attrib if a.startswith("on")]


# Rasters made by hand

GRID = (0.1, 0, 141, 0, -0.1, 44)
WRITERS = [(write_png, ".png"), (write_html, ".html"), (write_kmz, ".kmz"), (write_gpkg, ".gpkg")]


@pytest.mark.parametrize(("write", "ending"), WRITERS)
@pytest.mark.parametrize("cells", [[[np.nan] * 3] * 2, [[np.inf, -np.inf]]], ids=["nan", "inf"])
def test_raster_without_a_value_is_a_clear_picture(
    tmp_path: Path, write: Any, ending: str, cells: list[list[float]]
) -> None:
    layer = RasterLayer(cells, GRID, "EPSG:4326", title="風速")
    assert write(Scene("図", [layer]), tmp_path / f"a{ending}").stat().st_size > 0


@pytest.mark.parametrize("grid", [(0, 0, 141, 0, 0, 44), (0.1, 0, 141, 0, 0, 44)])
def test_raster_without_an_extent_is_told(grid: tuple[float, ...]) -> None:
    with pytest.raises(RenderError, match="cells without an area"):
        RasterLayer([[1.0]], grid, "EPSG:4326", title="風速")


@pytest.mark.parametrize(("write", "ending"), WRITERS[:3])
def test_raster_off_the_earth_is_told(tmp_path: Path, write: Any, ending: str) -> None:
    layer = RasterLayer([[1.0, 2.0]], (0.1, 0, 1e6, 0, -1, 44), "EPSG:4326")
    with pytest.raises(RenderError, match="Check that its CRS"):
        write(Scene("図", [layer]), tmp_path / f"a{ending}")


# In a browser

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def in_browser(test: Any) -> Any:
    """Mark a test that needs a browser; it skips where there is none."""
    without = "no chromium, chromium-browser or google-chrome"
    return pytest.mark.browser(pytest.mark.skipif(CHROMIUM is None, reason=without)(test))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """Open files as pages with the network off; none may ask for more, run or complain."""
    pages: list[Any] = []
    asked: list[str] = []

    def open_page(path: Path) -> Any:
        context = browser.new_context()
        context.set_offline(True)
        page = context.new_page()
        pages.append(page)
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        asked.remove(path.as_uri())
        return page

    yield open_page
    for page in pages:
        assert page.evaluate("window.__pwned") is None
        page.context.close()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == []


@in_browser
@pytest.mark.parametrize("first", range(3))
def test_map_page_runs_nothing(open_page: Any, tmp_path: Path, first: int) -> None:
    texts = [*HOSTILE, *UNWRITABLE]
    texts = texts[first:] + texts[:first]  # the first is the title, the credit and the headings too
    page = open_page(write_html(scene(texts), tmp_path / "a.html"))
    page.locator("#map[aria-busy=false]").wait_for()
    assert page.locator("h1").text_content() == texts[0]
    assert page.locator("#legend").text_content().count("pwned") >= 7
    for text in texts:
        page.locator("#search input").fill(re.split(r"[\x00\x07\x1b\ud800\uffff]", text)[0])
        page.locator("#matches button").first.click()
        shown = page.locator(".leaflet-popup .feature h2").last
        letters = set(string.ascii_letters + string.digits + "<>&{}$%")
        assert [c for c in shown.text_content() if c in letters] == [
            c for c in text if c in letters
        ]
        page.keyboard.press("Escape")
    assert page.locator("img[src=x], svg[onload], a[href^=javascript]").count() == 0


# Policies of pages


def policy_of(page: str) -> dict[str, list[str]]:
    """Directives of a page's policy, which must stand before anything that it governs."""
    root = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(huge_tree=True))
    (policy,) = root.xpath("//head/meta[@http-equiv='Content-Security-Policy']")
    assert not policy.xpath("preceding::script | preceding::style | preceding::link")
    parts = [directive.split() for directive in policy.get("content").split(";")]
    assert len({name for name, *_ in parts}) == len(parts)
    return {name: sources for name, *sources in parts}


def test_every_page_of_a_report_lets_in_what_was_written_and_no_more(tmp_path: Path) -> None:
    run_report(out=tmp_path, only="fig-3-1")
    run_report(out=tmp_path, only="fig-2-3")
    pages = sorted(tmp_path.rglob("*.html"))
    assert {"index.html", "html"} <= {path.name for path in (*pages, *(p.parent for p in pages))}
    for path in pages:
        page = path.read_text(encoding="utf-8")
        policy = policy_of(page)
        assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
        assert "unsafe" not in str(policy)
        assert not [s for name in policy for s in policy[name] if s.startswith(("http", "*"))]
        root = lxml.html.document_fromstring(page, parser=lxml.html.HTMLParser(huge_tree=True))
        assert not root.xpath("//@style | //base | //form | //iframe")
        assert all(href.startswith("data:") for href in root.xpath("//link/@href"))
        for tag in ("style", "script"):
            allowed = policy.get(f"{tag}-src", [])
            # Scripts of another type are data, which no policy is asked for.
            inline = root.xpath(f"//{tag}[not(@type) or @type='text/javascript']")
            assert not root.xpath(f"//{tag}[@src]")
            assert {source_hash(element.text) for element in inline} == set(allowed), path


def test_a_style_that_is_not_ours_is_not_let_in(tmp_path: Path) -> None:
    policy = policy_of(index_page(tmp_path).read_text(encoding="utf-8"))
    assert policy["style-src"] != [source_hash("body { display: none }")]
    (only,) = policy["style-src"]
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", only)


@in_browser
def test_index_page_is_styled_without_complaint(browser: Any, tmp_path: Path) -> None:
    path, told = index_page(tmp_path), []
    page = browser.new_page()
    page.context.set_offline(True)
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(path.as_uri())
    assert told == []
    header = "getComputedStyle(document.querySelector('header')).backgroundColor"
    assert page.evaluate(header) not in {"rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"}
    other = path.with_name("other.html")
    other.write_text(path.read_text(encoding="utf-8").replace("<style>", "<style> "), "utf-8")
    page.goto(other.as_uri())
    assert any("style-src" in text for text in told)
    page.close()


@in_browser
def test_index_page_runs_nothing(open_page: Any, tmp_path: Path) -> None:
    page = open_page(index_page(tmp_path))
    text = page.locator("body").inner_text()
    assert HOSTILE[0] in text
    assert "49" not in text
    assert page.locator("script, iframe, object, embed, form").count() == 0
    assert page.locator("[onerror], [onload], [onclick]").count() == 0
    hrefs = page.locator("a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert not [href for href in hrefs if re.match(r"\s*(javascript|data|https?):", href)]


def index_page(folder: Path) -> Path:
    """An index page on which every text that can come from a layer is hostile."""
    joined = " ".join(HOSTILE)
    entries = select(chapter=2)[: len(HOSTILE)]
    outcomes = [
        Outcome(
            entry,
            Record(entry.id, "key", text, joined, outputs={f"html/{entry.id}.html": "0"}),
        )
        for entry, text in zip(entries, HOSTILE, strict=False)
    ]
    checked = pd.DataFrame(
        [[entries[0].id, text, text, text, text, "differs", text] for text in HOSTILE],
        columns=list(COLUMNS),
    )
    records = {outcome.entry.id: outcome.record for outcome in outcomes}
    making = SimpleNamespace(
        lang="ja", folder=folder, faults={}, files=list, records=records, place=THE_REPORT
    )
    return write_index(making, outcomes, checked, folder / "index.html")
