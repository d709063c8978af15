"""What is fuzzed: readers and writers of the project, each a function of one input.

A target gives True for a result that holds what it must, False if the input was refused with an
error for people (`HokkaidoGisError`). Anything else it raises is a fault.
"""

from __future__ import annotations

import io
import math
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
from hypothesis import strategies as st
from keeping import ROOT  # first, for what lies beside it
from lxml import etree
from shapely.geometry import Point
from test_damaged_input import BOUNDARIES, damages

from hokkaido_gis import codes, names, settlement_keys, voltage
from hokkaido_gis.errors import HokkaidoGisError
from hokkaido_gis.io.cells import guard_text, storable, unguard_text
from hokkaido_gis.io.contents import vector_kind
from hokkaido_gis.io.tables import read_table, write_table
from hokkaido_gis.readers.sheets import heading_at, is_number, is_value, plain_text, read_sheet
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.scene import Layer, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

assert (ROOT / "tests").is_dir()  # noqa: S101
KML_NAME = "{http://www.opengis.net/kml/2.2}name"
TOWNS = pd.Series(["函館市", "小樽市", "泊村", "旭川市", "札幌市中央区"])
# Words that steer the parsers, for inputs that get beyond their first line.
WORDS = st.sampled_from(
    ["01", "012025", "1202", "275000", "66,000", "187kV", "6.6", ";", "/", "DC", "交流", "V",
     "札幌市", "中央区", "虻田郡", "ニセコ町", "(", ")", "・", "ヶ", "ケ", "國", "-", "=", "+", "x",
     "…", "０１", "１２", "１．５", "\u3000", "\n", "'", "NaN", "inf", "1e999", "\ud800", "\x00"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(max_size=8), max_size=8).map("".join) | st.text(max_size=60)


@dataclass(frozen=True)
class Target:
    """One reader or writer.

    Attributes
    ----------
    name
        As in the table of results.
    inputs
        Inputs that Hypothesis tries.
    run
        Reads or writes one of them.
    """

    name: str
    inputs: st.SearchStrategy[str] | st.SearchStrategy[bytes]
    run: Callable[..., bool]


def refused(work: Callable[[], object]) -> bool:
    """Whether the project refused, with an error for people."""
    try:
        work()
    except HokkaidoGisError:
        return True
    return False


def code(text: str) -> bool:
    """A code has five digits and a check digit of its own; a name may be unknown."""
    if refused(lambda: codes.find_code(text)):
        return False
    found = codes.find_code(text)
    require(len(found) == 5 and found.isdecimal() and found.isascii(), found)
    require(len(codes.check_digit(found)) == 1, found)
    return True


def code_column(text: str) -> bool:
    """A column of codes keeps its rows, and gives the same again for what it gave."""
    column = pd.Series(text.split("\n"), dtype=object)
    if refused(lambda: codes.normalise_codes(column)):
        return False
    found = codes.normalise_codes(column)
    require(found.index.equals(column.index), found)
    jis = found.dropna()
    require(codes.normalise_codes(jis, form="jis").equals(jis), found)
    return True


def name(text: str) -> bool:
    """A plain name is plain already, and a name is the same as itself."""
    plain = codes.normalise_name(text)
    require(codes.normalise_name(plain) == plain, plain)
    require(not plain or names.compare_names(text, text) is not None, text)
    table = names.match_names(pd.Series([text, "函館市"], dtype=object), TOWNS)
    require(len(table) == 2, table)
    return True


def volts(text: str) -> bool:
    """Voltages are finite and above zero, or told as unread."""
    found = voltage.parse_voltage(text)
    numbers = [value for value in found if isinstance(value, tuple)]
    flat = [number for values in numbers for number in values if isinstance(number, float)]
    require(all(math.isfinite(number) and number > 0 for number in flat), found)
    voltage.read_voltages(pd.Series([text, "66000"], dtype=object))
    return True


def settlement_key(text: str) -> bool:
    """A key has digits alone, and gives the same again."""
    column = pd.Series(text.split("\n"), dtype=object)
    if refused(lambda: settlement_keys.normalise_keys(column)):
        return False
    found = settlement_keys.normalise_keys(column)
    require(len(found) == len(column), found)
    again = settlement_keys.normalise_keys(found.dropna())
    require(again.equals(found.dropna()), found)
    return True


def cell_text(text: str) -> bool:
    """No spreadsheet takes guarded text for a formula, and it comes back."""
    require(unguard_text(guard_text(text)) == text, text)
    require(guard_text(text)[:1] not in {"=", "@", "\t", "\r"}, text)
    plain = plain_text(text)
    is_value(plain)
    if is_number(plain):
        float(plain.replace(",", ""))
    return True


def table_bytes(data: bytes) -> bool:
    """A CSV as it came is a table, and stays it when written and read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(data)
        if refused(lambda: read_table(path)):
            return False
        table = read_table(path)
        again = read_table(write_table(table, Path(folder, "b.csv")))
        require(len(again) <= len(table) and len(again.columns) == len(table.columns), again)
    return True


def sheet_bytes(data: bytes) -> bool:
    """A CSV as it came is a sheet with a heading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(data)
        if refused(lambda: read_sheet(path)):
            return False
        sheet = read_sheet(path)
        if len(sheet.written):
            heading_at(sheet, 0, 0)
    return True


def content_bytes(data: bytes) -> bool:
    """What a file is, and whether it asks for others, is found without reading it as a layer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.geojson")
        path.write_bytes(data)
        return not refused(lambda: vector_kind(path))


def kml_text(text: str) -> bool:
    """A name in a KMZ is the text, as far as XML can hold it, and the KML is well formed."""
    frame = gpd.GeoDataFrame({"name": [text]}, geometry=[Point(141, 43)], crs="EPSG:6668")
    scene = Scene(text or "t", [Layer(frame, title=text or "t", name="name")], text, text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.kmz")
        if refused(lambda: write_kmz(scene, path)):
            return False
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            found = etree.fromstring(archive.read("doc.kml"))
    told = {element.text or "" for element in found.iter(KML_NAME)}
    wanted = storable(text)
    if wanted == text and text.isprintable() and text == " ".join(text.split()) and text:
        require(text in told, sorted(told))
    return True


def require(holds: bool, found: object) -> None:
    """Raise where a result is not what it must be."""
    if not holds:
        raise AssertionError(f"wrong result: {found!r}"[:300])


def damaged(kind: str) -> Callable[[bytes], bool]:
    """Give the reader of a damaged file of a kind, beside its sound parts."""
    files, part, read = BOUNDARIES[kind]
    main = next((name for name in files if name.endswith(".shp")), part)

    def run(data: bytes) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                Path(folder, file).write_bytes(data if file == part else content)
            if refused(lambda: require(read(Path(folder, main)) is not None, None)):
                return False
        return True

    return run


CSV = b"code,name,kw\n01202,\xe5\x87\xbd\xe9\xa4\xa8\xe5\xb8\x82,1.5\n01203,=1+1,\n"
JSON = b'{"type":"FeatureCollection","crs":null,"features":[{"properties":{"a":"\\u0063"}}]}'
TEXT_TARGETS = [
    Target("code of a municipality", TEXTS, code),
    Target("column of codes", TEXTS, code_column),
    Target("name of a municipality", TEXTS, name),
    Target("voltage", TEXTS, volts),
    Target("key of a settlement", TEXTS, settlement_key),
    Target("cell of a spreadsheet", TEXTS, cell_text),
    Target("table from bytes", damages(CSV) | st.binary(max_size=200), table_bytes),
    Target("sheet from bytes", damages(CSV) | st.binary(max_size=200), sheet_bytes),
    Target("kind of a file", damages(JSON) | st.binary(max_size=200), content_bytes),
    Target("KMZ with any text", TEXTS, kml_text),
]
FILE_TARGETS = [
    Target(f"damaged {kind}", damages(files[part]), damaged(kind))
    for kind, (files, part, _) in BOUNDARIES.items()
]
TARGETS = {target.name: target for target in [*TEXT_TARGETS, *FILE_TARGETS]}
# Parsers in Python, of which Atheris sees which lines an input reaches.
GUIDED = {target.name for target in TEXT_TARGETS} - {"KMZ with any text"}
