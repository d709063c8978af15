"""A whole run: parallel, repeatable, taken up again, robust to faults, and bundled."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import warnings
import zipfile
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import fastkml
import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from fastkml.validator import get_schema_parser
from lxml import etree

from hokkaido_gis.cli import run as run_cli
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import (
    HokkaidoGisError,
    LayerError,
    LayerWarning,
    MissingInputError,
    OutputError,
)
from hokkaido_gis.render.scene import Layer, Scene
from hokkaido_gis.report import making
from hokkaido_gis.report.inputs import Inputs
from hokkaido_gis.report.kept import kept
from hokkaido_gis.report.ledger import COLUMNS
from hokkaido_gis.report.package import Package, write_package
from hokkaido_gis.report.parallel import Workers
from hokkaido_gis.report.place import Place  # noqa: TC001
from hokkaido_gis.report.registry import Entry, select
from hokkaido_gis.report.rerun import JOURNAL, Fingerprints, Journal, Record, hash_file
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.run import (
    FiguresFailedError,
    InputsFailedError,
    run_figure,
    run_report,
)
from hokkaido_gis.report.workbook import Sheet, column_kinds, write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

# Three municipalities are not all of Hokkaido.
pytestmark = pytest.mark.filterwarnings("ignore::hokkaido_gis.errors.LayerWarning")

NS = {"k": "http://www.opengis.net/kml/2.2"}


def square(inputs: Inputs, lang: str, *, title: str = "図") -> Scene:
    towns = inputs.municipalities
    return Scene(title, [Layer(towns, title="市町村", name="name")], "説明", "出所")


def listing(inputs: Inputs, lang: str) -> Table:
    return Table(
        "表", pd.DataFrame({"町": ["=1+1", "@x"], "人": inputs.population[:2]}), "失われた"
    )


def lost(inputs: Inputs, lang: str) -> Table:
    raise MissingInputError("it is lost.", "失われた。")


def broken(inputs: Inputs, lang: str) -> Table:
    raise RuntimeError("no such luck")


RECIPES = {
    "fig-2-3": square,
    "fig-3-1": partial(square, title="図3-1"),
    "table-3-3": listing,
    "table-4-3": lost,
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Folder of three municipalities and their population."""
    folder = tmp_path / "data"
    folder.mkdir()
    boxes = [shapely.box(141 + x, 43, 142 + x, 44) for x in range(3)]
    codes = ["01202", "01203", "01204"]
    gpd.GeoDataFrame({"code": codes}, geometry=boxes, crs="EPSG:6668").to_file(
        folder / "municipalities.geojson"
    )
    pd.DataFrame({"code": codes, "population": [5, 6, 7]}).to_csv(
        folder / "population.csv", index=False
    )
    return folder


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., object]]:
    """Recipes of a small report, for a test to change."""
    known = dict(RECIPES)

    def chosen(*, chapter: int | None = None, only: str | None = None, place: Place) -> list[Entry]:
        return [
            Entry(name, "map", name, "", "", recipe)
            for name, recipe in known.items()
            if only in (None, name) and chapter in (None, int(name.split("-")[1]))
        ]

    monkeypatch.setattr("hokkaido_gis.report.run.select", chosen)
    row = dict.fromkeys(COLUMNS, "") | {"id": "fig-2-3", "verdict": "equal"}
    monkeypatch.setattr(making, "ledger", lambda *_, **__: pd.DataFrame([row]))
    return known


@pytest.fixture
def formed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of what is formed, as it is formed."""
    names: list[str] = []
    form = making.form

    def noted(entry: Entry, *arguments: object) -> object:
        names.append(entry.id)
        return form(entry, *arguments)

    monkeypatch.setattr(making, "form", noted)
    return names


def report(data: Path, out: Path, **options: object) -> list[Path]:
    with pytest.warns(LayerWarning, match=r"of \d figures and tables were not made"):
        return run_report(data, out, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_rerun_forms_nothing_and_changes_no_byte(data, recipes, formed, tmp_path):
    out = tmp_path / "out"
    paths = report(data, out)
    first, times = contents(out), {path: path.stat().st_mtime_ns for path in paths}
    assert set(first) == {path.relative_to(out).as_posix() for path in paths} | {JOURNAL}
    assert formed == list(RECIPES)
    formed.clear()
    assert report(data, out) == paths
    assert formed == []
    assert contents(out) == first
    kept_as_they_were = [path for path in paths if path.stat().st_mtime_ns == times[path]]
    assert len(kept_as_they_were) >= len(paths) - 2  # all but index and manifest


def test_another_run_gives_the_same_bytes(data, recipes, tmp_path):
    report(data, tmp_path / "a")
    report(data, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_only_what_a_file_is_used_for_is_made_again(data, recipes, formed, tmp_path):
    out = tmp_path / "out"
    report(data, out)
    formed.clear()
    table = data / "population.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    report(data, out)
    assert formed == ["table-3-3"]
    formed.clear()
    (data / "population.csv").rename(data / "people.csv")
    with pytest.warns(LayerWarning, match="2 of 4 figures and tables were not made"):
        run_report(data, out)
    assert formed == ["table-3-3"]


@pytest.mark.parametrize("damage", ["output", "journal", "line"])
def test_what_is_damaged_is_made_again(data, recipes, formed, tmp_path, damage):
    out = tmp_path / "out"
    report(data, out)
    sound = contents(out)
    formed.clear()
    journal = out / JOURNAL
    if damage == "output":
        (out / "png" / "fig-3-1.png").write_bytes(b"half")
        wanted = ["fig-3-1"]
    elif damage == "journal":
        journal.write_bytes(b"\xff\0{")
        wanted = list(RECIPES)
    else:
        lines = journal.read_bytes().splitlines(keepends=True)
        spoilt = [line[:40] if b'"fig-2-3"' in line else line for line in lines]
        journal.write_bytes(b"".join(spoilt))
        wanted = ["fig-2-3"]
    report(data, out)
    assert [name for name in formed if name in wanted] == wanted
    assert contents(out) == sound


def test_another_version_of_the_code_makes_everything_again(
    data, recipes, formed, tmp_path, monkeypatch
):
    report(data, tmp_path / "out")
    monkeypatch.setattr("hokkaido_gis.report.rerun.code_version", lambda: "another")
    report(data, tmp_path / "out")
    assert formed == [*RECIPES, *RECIPES]


def test_an_interrupted_run_goes_on_where_it_stopped(data, recipes, formed, tmp_path):
    out = tmp_path / "out"

    def interrupted(inputs: Inputs, lang: str) -> Scene:
        raise KeyboardInterrupt

    recipes["fig-3-1"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        run_report(data, out)
    assert {path.name for path in out.rglob("*.png")} == {"fig-2-3.png"}
    assert not (out / "index.html").exists()
    recipes["fig-3-1"] = RECIPES["fig-3-1"]
    formed.clear()
    report(data, out)
    assert formed[:3] == ["fig-3-1", "table-3-3", "table-4-3"]
    assert contents(out) == contents_of_another(data, tmp_path)


def contents_of_another(data: Path, tmp_path: Path) -> dict[str, bytes]:
    report(data, tmp_path / "fresh")
    return contents(tmp_path / "fresh")


def test_a_part_joins_the_report_that_is_there(data, recipes, formed, tmp_path):
    out = tmp_path / "out"
    report(data, out)
    first = contents(out)
    formed.clear()
    run_report(data, out, only="fig-3-1")
    assert (formed, contents(out)) == ([], first)
    # One map has another look: it alone is formed, and all bundles hold the others as before.
    recipes["fig-3-1"] = partial(square, title="図3-1 新")
    (out / "html" / "fig-3-1.html").unlink()
    paths = run_report(data, out, only="fig-3-1")
    assert formed == ["fig-3-1"]
    assert out / "html" / "fig-3-1.html" in paths
    assert out / "html" / "fig-2-3.html" not in paths
    joined = contents(out)
    changed = {name for name in first if joined[name] != first[name]}
    assert changed == {
        "kmz/fig-3-1.kmz", "html/fig-3-1.html", "png/fig-3-1.png", "thumbs/fig-3-1.png",
        "hokkaido_gis.kmz", "index.html", "manifest.json", JOURNAL,
    } & changed  # fmt: skip
    assert {"hokkaido_gis.kmz", "index.html", "manifest.json"} <= changed
    page = (out / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in RECIPES)
    assert list(json.loads(joined["manifest.json"])["results"]) == list(RECIPES)
    assert joined == contents_of_another(data, tmp_path)


def test_parts_add_up_to_the_whole(data, recipes, tmp_path):
    out = tmp_path / "out"
    for name in RECIPES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LayerWarning)
            run_report(data, out, only=name)
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["results"]
    assert list(listed) == list(RECIPES)
    whole = tmp_path / "whole"
    report(data, whole)
    assert contents(out) == contents(whole)


def test_a_part_into_an_empty_folder_is_that_part(data, recipes, tmp_path):
    run_report(data, tmp_path / "out", only="fig-3-1")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["results"]) == ["fig-3-1"]
    assert manifest["options"]["only"] == "fig-3-1"


def test_what_a_part_leaves_as_it_was_is_told_when_its_inputs_have_changed(
    data, recipes, formed, tmp_path
):
    out = tmp_path / "out"
    report(data, out)
    table = data / "population.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    formed.clear()
    with pytest.warns(LayerWarning, match="1 others of the folder are as an earlier run"):
        run_report(data, out, only="fig-3-1")
    assert formed == []
    results = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["results"]
    assert [name for name, result in results.items() if result.get("older")] == ["table-3-3"]
    assert "前回のまま" in (out / "index.html").read_text(encoding="utf-8")


def test_a_part_is_not_mixed_into_another_report(data, recipes, tmp_path, capsys):
    out = tmp_path / "out"
    report(data, out)
    before = contents(out)
    with pytest.raises(OutputError, match="report in another language"):
        run_report(data, out, only="fig-3-1", lang="en")
    assert run_cli(["report", "--data", str(data), "--out", str(out), "--only", "fig-3-1",
                    "--lang", "en"]) == 2  # fmt: skip
    assert "--out" in capsys.readouterr().err
    assert contents(out) == before


def test_layers_of_maps_that_did_not_change_are_not_formed_for_the_package(
    data, recipes, formed, tmp_path
):
    def people(inputs: Inputs, lang: str) -> Scene:
        towns = inputs.municipalities.join(inputs.population)
        return Scene("人口", [Layer(towns, title="人口", name="name")])

    recipes["fig-4-1"] = people
    out = tmp_path / "out"
    report(data, out)
    formed.clear()
    table = data / "population.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    report(data, out)
    assert formed == ["table-3-3", "fig-4-1"]
    formed_anew = tmp_path / "fresh"
    report(data, formed_anew)
    name = "hokkaido_gis.gpkg"
    assert (out / name).read_bytes() == (formed_anew / name).read_bytes()
    read = gpd.read_file(out / name, layer="fig-4-1 人口")
    assert read["population"].tolist() == [5, 6, 8]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"only": "fig-99-1"}, "no figure or table 'fig-99-1'"),
        ({"chapter": 99}, "no chapter 99"),
        ({"lang": "fr"}, "lang must be one of ja, en; got 'fr'"),
        ({"data": "absent"}, "absent is no folder"),
    ],
)
@pytest.mark.parametrize("into", ["new/deep", "there"])
def test_a_run_that_is_refused_leaves_nothing_behind(data, tmp_path, wrong, told, into):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / into
    with pytest.raises(HokkaidoGisError, match=told):
        run_report(**{"data": data, "out": out} | wrong)
    if "chapter" not in wrong:
        figure = {"figure": wrong.get("only", "fig-2-3"), "data": data, "out": out}
        with pytest.raises(HokkaidoGisError, match=told):
            run_figure(**figure | {name: wrong[name] for name in wrong if name != "only"})
    words = ["--data", str(data), "--out", str(out), "-q"]
    words += [word for name, value in wrong.items() for word in (f"--{name}", str(value))]
    assert run_cli(["report", *words]) == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_a_part_refused_in_a_folder_of_another_report_leaves_no_lock(data, recipes, tmp_path):
    out = tmp_path / "out"
    report(data, out)
    before = contents(out)
    with pytest.raises(OutputError, match="report in another language"):
        run_report(data, out, only="fig-3-1", lang="en")
    assert contents(out) == before


def test_a_failing_figure_stops_nothing_else(data, recipes, tmp_path):
    out = tmp_path / "out"
    report(data, out)
    old = (out / "png" / "fig-3-1.png").read_bytes()
    recipes["fig-3-1"] = broken
    (out / "html" / "fig-3-1.html").unlink()
    with (
        pytest.warns(LayerWarning, match="not made"),
        pytest.raises(
            FiguresFailedError, match=r"1 could not be made.*fig-3-1: .*no such luck"
        ) as e,
    ):
        run_report(data, out)
    assert out / "png" / "fig-2-3.png" in e.value.paths
    assert "RuntimeError" in e.value.traces[0]
    assert (out / "png" / "fig-3-1.png").read_bytes() == old
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "no such luck" in page


def test_exit_status_and_message_of_a_failing_figure(data, recipes, tmp_path, capsys):
    recipes["fig-3-1"] = broken
    out = tmp_path / "out"
    arguments = ["report", "--data", str(data), "--out", str(out), "--jobs", "1"]
    assert run_cli(arguments) == 1
    told = capsys.readouterr()
    assert "fig-3-1: RuntimeError: no such luck" in told.err
    assert str(out / "index.html") in told.out.splitlines()
    del recipes["fig-3-1"]
    assert run_cli(arguments) == 0


def test_a_corrupt_input_is_the_users_and_older_results_stay(data, recipes, tmp_path, capsys):
    out = tmp_path / "out"
    report(data, out)
    before = contents(out)
    boundaries = data / "municipalities.geojson"
    boundaries.write_bytes(boundaries.read_bytes()[:200])
    with (
        pytest.warns(LayerWarning),
        pytest.raises(InputsFailedError, match=r"fig-2-3, .*municipalities.geojson"),
    ):
        run_report(data, out)
    after = contents(out)
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed <= {"index.html", "manifest.json", JOURNAL, "tables.xlsx"}
    assert run_cli(["report", "--data", str(data), "--out", str(out), "-q"]) == 2
    assert "municipalities.geojson" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told_before_any_work(data, recipes, formed, tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match=r"Cannot write in .*out"):
        run_report(data, tmp_path / "out")
    assert formed == []


def test_a_full_disk_ends_the_run_and_leaves_older_results(data, recipes, tmp_path, monkeypatch):
    out = tmp_path / "out"
    report(data, out)
    before = contents(out)

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    table = data / "population.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        run_report(data, out)
    assert contents(out) == before


def test_processes_give_what_one_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "_WORTH_A_PROCESS", 1)
    for jobs in (1, 2):
        run_report(out=tmp_path / str(jobs), chapter=7, jobs=jobs)
    assert (tmp_path / "1" / "kmz" / "fig-7-1.kmz").is_file()
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the results of chapter 6."""
    out = tmp_path_factory.mktemp("summary")
    run_report(out=out, chapter=6, jobs=2)
    return out


def test_every_document_of_the_tree_is_valid_hidden_and_where_its_link_says(summary):
    path, folder = summary / "hokkaido_gis.kmz", summary / "kmz"
    names = zipfile.ZipFile(path).namelist()
    assert names[0] == "doc.kml"
    documents = {name for name in names if name.endswith(".kml")}
    for name in documents:
        text = zipfile.ZipFile(path).read(name)
        root = etree.fromstring(text, etree.XMLParser(huge_tree=True))
        get_schema_parser().assertValid(root)
        at = Path(name).parent
        for link in root.iterfind(".//k:href", NS):
            if link.text and "://" not in link.text:
                assert (at / link.text).as_posix() in names
    root = etree.fromstring(zipfile.ZipFile(path).read("doc.kml"))
    links = root.findall(".//k:NetworkLink", NS)
    assert {link.get("id") for link in links} == {kmz.stem for kmz in folder.iterdir()}
    shown = root.iterfind(".//k:visibility", NS)
    assert {element.text for element in shown} == {"0"}
    tree = fastkml.KML.from_string(etree.tostring(root, encoding="unicode"))
    (document,) = tree.features
    assert [chapter.name for chapter in document.features] == ["6 まとめ"]
    layers = pyogrio.list_layers(f"/vsizip/{path}/fig-6-6/doc.kml")
    assert "立地評価" in layers[:, 0]


def test_links_of_the_page_lead_to_files_and_its_counts_are_those_of_the_manifest(summary):
    out = summary
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, _tag, attrs):
            found.extend(value for key, value in attrs if key in ("href", "src"))

    page = (out / "index.html").read_text(encoding="utf-8")
    Links().feed(page)
    files = [link for link in found if not link.startswith("#")]
    assert [link for link in files if not (out / link).is_file()] == []
    assert "//" not in "".join(files)
    assert 'class="summary"' in page
    states = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["results"]
    for state, words in (("made", "作成"), ("partly made", "一部作成")):
        count = [result["state"] for result in states.values()].count(state)
        assert f"<b>{count}</b>{words}" in page


def test_the_manifest_names_what_each_result_was_made_of(summary):
    out = summary
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    results = manifest["results"]
    assert list(results) == [entry.id for entry in select(chapter=6)]
    assert results["fig-6-9"]["inputs"] == ["municipalities.geojson", "population.csv"]
    assert results["fig-6-9"]["synthetic"]
    assert not results["table-6-2"]["synthetic"]
    for result in results.values():
        for name, digest in result["files"].items():
            assert hash_file(out / name) == digest
    assert all(entry["terms"] for entry in manifest["inputs"])


def test_every_layer_of_the_package_has_its_style(summary):
    path = summary / "hokkaido_gis.gpkg"
    with closing(sqlite3.connect(path)) as database:
        styled = {row[0] for row in database.execute("SELECT f_table_name FROM layer_styles")}
    vectors = {name for name, kind in pyogrio.list_layers(path) if kind is not None}
    assert vectors <= styled | {"layer_styles"}
    assert "市町村" in styled
    assert any(name.startswith("fig-6-9 ") for name in styled)


def test_kept_results_count_their_layers_each_time():
    inputs = Inputs()

    @kept
    def people(inputs: Inputs) -> float:
        return float(inputs.population.sum())

    for _ in range(2):
        with inputs.watched() as needs:
            people(inputs)
        assert needs == {"population", "municipalities"}
    with inputs.watched() as needs, pytest.raises(MissingInputError):
        Inputs(sample_data() / "criteria").lines  # noqa: B018
    assert needs == set()


def test_layers_are_not_to_be_set():
    with pytest.raises(AttributeError, match="lines is read from the folder"):
        Inputs().lines = None


def test_a_layer_of_several_maps_is_packed_once(squares):
    package = Package()
    towns, other = Layer(squares, title="町"), Layer(squares.iloc[:2], title="町")
    package.add("fig-2", Scene("b", [towns, other]))
    package.add("fig-1", Scene("a", [Layer(squares.copy(), title="町")]))
    tables = package.tables(["fig-1", "fig-2"])
    assert list(tables.values()) == ["町", "fig-2 町"]
    assert [layer.title for layer in package.scene(tables, "ja").layers] == ["町", "fig-2 町"]


def test_a_package_of_older_tables_is_the_one_that_is_formed_anew(squares, tmp_path):
    towns, lone = Layer(squares, title="町"), Layer(squares.iloc[:2], title="区")
    scenes = {"fig-1": Scene("a", [towns, lone]), "fig-2": Scene("b", [towns])}
    whole = Package()
    looks = {name: whole.add(name, scene) for name, scene in scenes.items()}
    tables = whole.tables(list(scenes))
    for name in ("whole", "again"):
        path = tmp_path / f"{name}.gpkg"
        write_package(whole.scene(tables, "ja"), list(tables.values()), path)
    again = Package()
    again.recall("fig-1", looks["fig-1"])
    again.add("fig-2", scenes["fig-2"])
    assert again.tables(list(scenes)) == tables
    assert again.maps_to_form(tables, tables) == []
    assert again.maps_to_form(tables, {}) == ["fig-1"]
    fresh = again.scene(tables, "ja")
    assert [layer.title for layer in fresh.layers] == ["町"]
    write_package(fresh, list(tables.values()), tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == (tmp_path / "whole.gpkg").read_bytes()
    frame = gpd.read_file(
        tmp_path / "again.gpkg", layer="fig-1 区", bbox=tuple(squares.total_bounds)
    )
    assert len(frame) == 2  # found by its spatial index
    with closing(sqlite3.connect(tmp_path / "again.gpkg")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        triggers = database.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '町'"
        )
        assert triggers.fetchone()[0] > 0


def test_a_journal_takes_a_record_only_while_key_and_files_agree(tmp_path):
    prints = Fingerprints(sample_data(), "ja")
    journal = Journal(tmp_path)
    file = tmp_path / "a.txt"
    file.write_text("a", encoding="utf-8")
    record = Record("x", prints.key("x", ["lines"], "part"), needs=("lines",))
    journal.add(record, [file])
    again = Journal(tmp_path)
    assert again.find("x", prints, "part").outputs == {"a.txt": hash_file(file)}
    assert again.find("x", prints, "other") is None
    assert again.find("x", Fingerprints(sample_data(), "en"), "part") is None
    file.unlink()
    assert again.find("x", prints, "part") is None


def test_the_parts_of_a_shapefile_count(squares, tmp_path):
    squares.to_file(tmp_path / "lines.shp")
    before = Fingerprints(tmp_path, "ja").key("x", ["lines"])
    (tmp_path / "lines.prj").write_text("another", encoding="utf-8")
    assert Fingerprints(tmp_path, "ja").key("x", ["lines"]) != before


def test_faults_and_warnings_come_back_from_processes():
    with Workers[list[Path]](2) as workers:
        answers = list(workers.put("good", shutil.which, "sh"))
        answers += workers.put("bad", LayerError, "layer")
        answers += workers.rest()
    by_name = {answer.name: answer for answer in answers}
    assert by_name["good"].fault is None
    assert by_name["bad"].value is None
    assert "TypeError" in by_name["bad"].fault.message


def test_a_lost_process_is_told():
    with Workers[None](2) as workers:
        list(workers.put("end", os._exit, 3))
        with pytest.raises(RuntimeError, match="--jobs 1"):
            list(workers.rest())


def test_cells_are_typed_and_text_is_never_a_formula(tmp_path):
    texts = ["=SUM(A1)", "+1", "-1", "@x", "01202", "bell\x07"]
    table = pd.DataFrame({"t": texts, "n": [1, 2.5, -3e-9, 4, 5, None]})
    table["m"] = ["x", 1, 2.5, True, "-", None]
    table.to_csv(tmp_path / "t.csv", index=False)
    sheet = Sheet("table-1-1", "表", "注", tmp_path / "t.csv", column_kinds(table))
    assert sheet.columns == ("text", "number", "mixed")
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook([sheet], tmp_path / name, "ja")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["目次", "table-1-1"]
    page = book["table-1-1"]
    head, *rows = page.iter_rows(values_only=True)
    assert head == ("t", "n", "m")
    assert [row[0] for row in rows] == [*texts[:-1], "bell\ufffd"]
    assert [row[1] for row in rows] == [1, 2.5, -3e-9, 4, 5, None]
    assert [row[2] for row in rows] == ["x", 1, 2.5, True, "-", None]
    assert {cell.data_type for cell in page["A"]} == {"s"}
    assert [cell.quotePrefix for cell in page["A"][1:]] == [True] * 4 + [False] * 2
    read = pd.read_excel(tmp_path / "a.xlsx", sheet_name="table-1-1")
    assert list(read.columns) == ["t", "n", "m"]
