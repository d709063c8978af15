"""Text from data never becomes a path: nothing is read or written outside the folders meant."""

from __future__ import annotations

import hashlib
import json
import ntpath
import posixpath
import sqlite3
import sys
import unicodedata
import zipfile
from contextlib import closing
from dataclasses import asdict
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from hokkaido_gis.criteria import read_criteria
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import HokkaidoGisError, LayerError, OutputError
from hokkaido_gis.fetch.cache import Record, read_record, record_path
from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.io.file_names import inner_path, is_file_name, one_spelling, stays_inside
from hokkaido_gis.io.journal import are_whole, note_line
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.io.vector import read_vector, write_vector
from hokkaido_gis.render.gpkg import write_gpkg
from hokkaido_gis.render.html import write_html
from hokkaido_gis.render.kml import write_kmz
from hokkaido_gis.render.png import write_png
from hokkaido_gis.render.scene import Categorical, Category, Layer, RasterLayer, Scene, Symbol
from hokkaido_gis.report.drawing import write_result
from hokkaido_gis.report.own_map import own_map, write_own_map
from hokkaido_gis.report.registry import select
from hokkaido_gis.report.rerun import JOURNAL, Fingerprints, Journal
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.run import run_figure, run_report
from hokkaido_gis.siting import evaluate_siting

if TYPE_CHECKING:
    from pathlib import Path

# Names that lead elsewhere on some system, or that some system does not take.
ELSEWHERE = [
    "../x", "..\\x", "../../x/y", "a/../../x", "/etc/x", "\\x", "C:\\x", "C:x", "c:/x",
    "\\\\server\\share\\x", "//server/share/x", "\\\\?\\C:\\x", "..", ".", "", "a\x00b", "a\nb",
    ".. /x", "... /x", "CON", "con.txt", "Nul", "nul.tar.gz", "AUX .png", "COM1", "lpt9.csv",
    "COM\u00b9", "CONIN$", "x.", "x ", "file:x", "x:stream", "a/NUL/b",
]  # fmt: skip
NO_NAMES = [*ELSEWHERE, "a/b", "a\\b", "x" * 300, "札" * 86, *(f"a{mark}b" for mark in '"<>|?*')]
NAMES = ["札幌市", "x", ".x", "a b", "ガ", unicodedata.normalize("NFD", "ガ"), "conx", "com10"]
TEXTS = [*NO_NAMES, *NAMES]
"""What stands in attributes, titles and names below."""


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_file_name_on_some_system(name: str) -> None:
    assert not is_file_name(name)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_every_system_takes(name: str) -> None:
    assert is_file_name(name)
    assert is_file_name(f"{name}.png")
    assert stays_inside(f"png/{name}.png")


@pytest.mark.parametrize("path", ELSEWHERE)
def test_paths_that_lead_elsewhere(path: str) -> None:
    assert not stays_inside(path)
    assert not stays_inside(PurePosixPath(path))


PIECES = st.sampled_from(["..", ".", "/", "\\", ":", "C:", "a", "x.png", " ", "CON", "札"])
PATHS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=12)


@given(PATHS)
def test_what_stays_inside_does_so_by_the_rules_of_each_system(path: str) -> None:
    if not stays_inside(path):
        return
    there = ntpath.normpath(ntpath.join("C:\\out", path))
    assert there.startswith("C:\\out\\")
    assert not PureWindowsPath(path).drive
    assert posixpath.normpath(posixpath.join("/out", path)).startswith("/out/")


@given(PATHS)
def test_a_file_name_is_one_part_of_a_path(name: str) -> None:
    if not is_file_name(name):
        return
    assert stays_inside(name)
    assert PureWindowsPath("C:/out") / name == PureWindowsPath("C:/out", name)
    assert PureWindowsPath("C:/out", name).name == PurePosixPath("/out", name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_spellings_that_a_disk_takes_for_one(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert one_spelling(unicodedata.normalize(form, name.upper())) == one_spelling(name)


def test_paths_are_parted_by_either_slash() -> None:
    assert inner_path("a\\b/c") == PurePosixPath("a/b/c")


def test_ids_of_the_report_are_names_of_files_that_no_system_mixes_up() -> None:
    names = [entry.id for entry in select()]
    assert len(names) > 100
    assert all(map(is_file_name, names))
    assert len({one_spelling(name) for name in names}) == len(names)


# --- Writing --------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for results deep inside one that is watched."""
    folder = tmp_path / "a" / "b" / "out"
    folder.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "a" / "x").write_text("older", encoding="utf-8")
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def hostile_frame() -> gpd.GeoDataFrame:
    shapes = [box(141 + n / 100, 43, 141.008 + n / 100, 43.01) for n in range(len(TEXTS))]
    columns = ["n", "icon", "href", "styleUrl", "../x", "C:\\x"]
    return gpd.GeoDataFrame(dict.fromkeys(columns, TEXTS), geometry=shapes, crs="EPSG:6668")


def hostile_scene() -> Scene:
    frame = hostile_frame()
    style = Categorical("n", tuple(Category(text, text, Symbol()) for text in TEXTS))
    titles = ["../../x", "..\\..\\x", "CON"]
    layers = [
        Layer(frame, style, title=title, name="n", label="n", popup={"n": text, "icon": text})
        for title, text in zip(titles, TEXTS, strict=False)
    ]
    raster = RasterLayer([[1.0, 2.0]], (0.1, 0, 141, 0, -0.1, 43), "EPSG:4326", title="../../x.png")
    return Scene("../../x", [*layers, raster], caption="/etc/x", credit="C:\\x")


@pytest.mark.parametrize(
    ("write", "name"),
    [(write_kmz, "a.kmz"), (write_html, "a.html"), (write_png, "a.png"), (write_gpkg, "a.gpkg")],
    ids=["kmz", "html", "png", "gpkg"],
)
def test_a_map_of_hostile_names_is_one_file(
    write: Any, name: str, place: Path, tmp_path: Path
) -> None:
    before = files_of(tmp_path)
    write(hostile_scene(), place / name)
    after = files_of(tmp_path)
    assert after.keys() - before.keys() == {f"a/b/out/{name}"}
    assert {path: after[path] for path in before} == before


def test_what_a_kmz_holds_is_named_by_us(place: Path) -> None:
    with zipfile.ZipFile(write_kmz(hostile_scene(), place / "a.kmz", tiles_from=1)) as archive:
        names = archive.namelist()
        links = [
            element.rpartition("<href>")[2]
            for name in names
            if name.endswith(".kml")
            for element in archive.read(name).decode().split("</href>")[:-1]
        ]
    assert len(names) > 4
    assert all(map(stays_inside, names))
    assert all(is_file_name(part) for name in names for part in name.split("/"))
    assert len({one_spelling(name) for name in names}) == len(names)
    assert links
    assert all(map(stays_inside, links)), links


@pytest.mark.parametrize("name", [name for name in NO_NAMES if name])
def test_a_result_whose_name_is_no_file_name_is_refused(
    name: str, place: Path, tmp_path: Path
) -> None:
    before = files_of(tmp_path)
    table = Table("表", pd.DataFrame({"n": TEXTS}), "")
    # As an ending follows, what is wrong with the end of a name is not so any more.
    if is_file_name(f"{name}.html"):
        assert name in {"x.", "x ", ".", ".."} or len(name.encode()) > 200
        return
    with pytest.raises(OutputError, match="cannot name a file on every system"):
        write_result(table, place, name)
    assert files_of(tmp_path) == before


def test_a_figure_of_a_hostile_municipality_writes_nothing(place: Path, tmp_path: Path) -> None:
    before = files_of(tmp_path)
    for text in ("../../x", "C:\\x", "CON", "\x00"):
        with pytest.raises(HokkaidoGisError):
            run_figure("fig-2-3", out=place / "new", municipality=text)
        with pytest.raises(HokkaidoGisError):
            run_figure(text, out=place / "new")
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_tables_of_hostile_names_are_one_file(ending: str, place: Path, tmp_path: Path) -> None:
    before = files_of(tmp_path)
    texts = [text for text in TEXTS if text.isprintable()]
    write_table(pd.DataFrame({"../x": texts, "C:\\x": texts}), place / f"a{ending}")
    assert files_of(tmp_path).keys() - before.keys() == {f"a/b/out/a{ending}"}


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../x", "..\\..\\x", "CON", "C:\\x", "a/b", "x" * 300, "ガ"])
def test_a_layer_of_a_hostile_name_is_drawn_by_its_name(
    name: str, place: Path, tmp_path: Path
) -> None:
    source = tmp_path / "in.gpkg"
    frame = gpd.GeoDataFrame({"n": ["a"]}, geometry=[Point(141.35, 43.06)], crs="EPSG:6668")
    options = {"SPATIAL_INDEX": "NO"}
    pyogrio.write_dataframe(frame, source, layer="plain", driver="GPKG", layer_options=options)
    with closing(sqlite3.connect(source)) as database, database:  # GDAL writes no such names
        database.execute(f'ALTER TABLE plain RENAME TO "{name}"')
        for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
            database.execute(f"UPDATE {table} SET table_name = ?", (name,))  # noqa: S608
        database.execute("UPDATE gpkg_contents SET identifier = ?", (name,))
    before = files_of(tmp_path)
    for ending in (".html", ".kmz", ".gpkg"):
        # The last colon of FILE:LAYER parts the two.
        scene = own_map([str(source) if ":" in name else f"{source}:{name}"])
        assert scene.layers[-1].title == ("in" if ":" in name else name)
        write_own_map(scene, place / f"a{ending}")
    written = {f"a/b/out/a{ending}" for ending in (".html", ".kmz", ".gpkg")}
    after = files_of(tmp_path)
    assert after.keys() - before.keys() == written
    assert {path: after[path] for path in before} == before


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Style id="s"><IconStyle><Icon><href>{path}</href></Icon></IconStyle></Style>
<Placemark><name>a</name><styleUrl>{path}#s</styleUrl><description>&lt;img src="{path}"&gt;
</description><ExtendedData><Data name="icon"><value>{path}</value></Data></ExtendedData>
<Point><coordinates>141.35,43.06</coordinates></Point></Placemark>
<NetworkLink><Link><href>{path}</href></Link></NetworkLink>
</Document></kml>"""


@pytest.mark.parametrize("path", ["../secret.txt", "file:///etc/hostname", "http://127.0.0.1:9/x"])
def test_pictures_named_in_a_kml_are_not_fetched(path: str, place: Path, tmp_path: Path) -> None:
    source = tmp_path / "a" / "in.kml"
    source.write_text(KML.format(path=path), encoding="utf-8")
    scene = own_map([str(source)])
    with zipfile.ZipFile(write_own_map(scene, place / "a.kmz")) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert all(b"secret\n" not in content for content in held.values())
    assert set(held) <= {"doc.kml", "files/dot.png", "files/legend.png", "files/caption.png"}
    links = held["doc.kml"].decode().split("<href>")[1:]
    assert all(link.startswith("files/") for link in links)


@pytest.mark.parametrize("name", [p for p in ELSEWHERE if p.strip("./\\") and "\x00" not in p])
def test_an_archive_that_leads_elsewhere_is_refused(name: str, place: Path, tmp_path: Path) -> None:
    layer = write_vector(hostile_frame().iloc[:1], tmp_path / "layer.geojson").read_bytes()
    path = place / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("layer.geojson", layer)
        entry = zipfile.ZipInfo()
        entry.filename = f"{name}"
        archive.writestr(entry, layer)
    before = files_of(tmp_path)
    with pytest.raises(LayerError, match="outside its folder"):
        read_vector(path)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("twin", ["ガ.GEOJSON", unicodedata.normalize("NFD", "ガ.geojson")])
def test_entries_that_a_disk_takes_for_one_are_refused(twin: str, place: Path) -> None:
    path = place / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("ガ.geojson", twin):
            archive.writestr(name, "{}")
    with pytest.raises(LayerError, match="names come twice"):
        read_vector(path)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_record_of_fetched_files_that_leads_elsewhere_is_told(name: str, place: Path) -> None:
    file = place / "a.zip"
    known = Record(
        url="x", sha256="0", bytes=1, retrieved="x", origin="by hand", terms="x", credit="x",
        files={name: "0"},
    )  # fmt: skip
    record_path(file).write_text(json.dumps(asdict(known)), encoding="utf-8")
    with pytest.raises(FetchError, match=r"outside its folder.*Delete both"):
        read_record(file)


# --- Criteria -------------------------------------------------------------------------------------


def test_criteria_name_columns_and_no_files(place: Path, tmp_path: Path) -> None:
    source = (sample_data() / "criteria" / "solar_survey.toml").read_text(encoding="utf-8")
    source = source.replace('"S-1"', '"../../x"').replace("kwh_per_kw", "/etc/hostname")
    path = place / "criteria.toml"
    path.write_text(source, encoding="utf-8")
    before = files_of(tmp_path)
    criteria = read_criteria(path)
    columns = sorted({test.column for each in criteria.criterion for test in each.tests})
    assert "/etc/hostname" in columns
    table = pd.DataFrame({c: [1.0, 2.0, 3.0] for c in [*columns, "capacity_kw"]}, ["a", "b", "c"])
    marks = evaluate_siting(table, criteria)
    assert "../../x" in marks.columns
    write_table(marks, place / "marks.csv")
    assert files_of(tmp_path).keys() - before.keys() == {"a/b/out/marks.csv"}


# --- Journals -------------------------------------------------------------------------------------


def note(folder: Path, **fields: Any) -> None:
    """Add a line to the journal of a folder, with the hash that makes it a true one."""
    known = {"name": "fig-3-1", "key": "0", "report": "0", **fields}
    with (folder / JOURNAL).open("ab") as file:
        file.write(note_line(json.dumps(known, ensure_ascii=False).encode()))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_journal_trusts_what_lies_in_its_folder(place: Path) -> None:
    (place / "html").mkdir()
    (place / "html" / "a.html").write_text("a", encoding="utf-8")
    note(place, outputs={"html/a.html": digest(place / "html" / "a.html")})
    assert Journal(place).find_whole("fig-3-1") is not None


def test_a_journal_trusts_nothing_outside_its_folder(place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    for path in ("../../../secret.txt", outside.as_posix(), "a/../../../../secret.txt"):
        assert not are_whole(place, {path: digest(outside)})
        note(place, outputs={path: digest(outside)})
        assert Journal(place).find_whole("fig-3-1") is None
    assert files_of(tmp_path)["secret.txt"] == b"secret"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_the_folder_leads_a_journal_nowhere_else(place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    (place / "html").symlink_to(tmp_path)
    (place / "a.html").symlink_to(outside)
    for path in ("html/secret.txt", "a.html"):
        assert (place / path).read_bytes() == b"secret"
        assert not are_whole(place, {path: digest(outside)})


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_record_that_leads_elsewhere_is_none(path: str, place: Path) -> None:
    note(place, name="one", outputs={path: "0"})
    note(place, name="two", files=[["municipalities", path]])
    note(place, name="three", needs=[f"report/{path}"])
    note(place, name="four")
    journal = Journal(place)
    assert [journal.find_whole(n) is None for n in ("one", "two", "three", "four")] == [
        True, True, True, False,
    ]  # fmt: skip
    journal.tidy()
    assert (place / JOURNAL).read_bytes().count(b"\n") == 1


def test_a_record_of_a_layer_that_is_not_known_is_none(place: Path) -> None:
    note(place, needs=["a layer of another version"])
    journal = Journal(place)
    assert journal.find("fig-3-1", Fingerprints(place, "ja")) is None


@pytest.mark.parametrize(
    "line",
    [b"{", b"\x00" * 99, b"[" * 100_000, b'["0",{}]', "['札']".encode("cp932"), b"null\n" * 9],
    ids=["cut", "zeros", "deep", "other hash", "cp932", "null"],
)
def test_a_damaged_journal_is_an_empty_one(line: bytes, place: Path) -> None:
    (place / JOURNAL).write_bytes(line + b"\n" + note_line(line))
    assert Journal(place).find_whole("fig-3-1") is None


def test_a_run_over_a_hostile_journal_leaves_the_rest_alone(place: Path, tmp_path: Path) -> None:
    run_report(out=place, only="fig-3-1")
    (first,) = place.glob("png/*.png")
    made, secret = first.read_bytes(), digest(tmp_path / "secret.txt")
    before = {path: text for path, text in files_of(tmp_path).items() if not path.startswith("a/b")}
    for name in ("fig-3-1", "fig-3-2", "hokkaido_gis.kmz", "ledger.csv"):
        for path in ("../../../secret.txt", "../../x", (tmp_path / "secret.txt").as_posix()):
            note(place, name=name, outputs={path: secret}, files=[["lines", path]])
    paths = run_report(out=place, only="fig-3-1")
    after = files_of(tmp_path)
    assert {path: after[path] for path in before} == before
    assert {path for path in after if not path.startswith("a/b")} == set(before)
    assert all(path.resolve().is_relative_to(place.resolve()) for path in paths)
    assert first.read_bytes() == made
    assert b"secret.txt" not in (place / "index.html").read_bytes()
    assert b"secret.txt" not in (place / "manifest.json").read_bytes()
