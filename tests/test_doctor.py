"""Installations and folders of data with faults made by hand, and those that are well."""

from __future__ import annotations

import ast
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import click
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hokkaido_gis import errors
from hokkaido_gis.cli import cli, run
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.doctor import folders, interpreter, layers, packages, projections, unclaimed
from hokkaido_gis.doctor.data_folder import check_data_folder
from hokkaido_gis.doctor.examination import examine
from hokkaido_gis.doctor.file_facts import words_in_name
from hokkaido_gis.doctor.findings import Finding, findings_text, must_mend, write_findings
from hokkaido_gis.doctor.installation import CHECKS, check_installation
from hokkaido_gis.doctor.japanese import explain, gists
from hokkaido_gis.doctor.text_encoding import encoding_of_table, missing_parts
from hokkaido_gis.report.layer_files import LAYERS, find_files

PACKAGE = Path(layers.__file__).resolve().parents[1]
SAMPLE = sample_data()
SAPPORO = shapely.Point(141.35, 43.06)
LINE = shapely.LineString([(141.3, 43.0), (141.4, 43.1)])


def about(findings, *words):
    """Findings whose subject and text hold all words."""
    return [f for f in findings if all(w in f"{f.subject} {f.found} {f.advice}" for w in words)]


def the(findings, *words):
    """The only finding that holds all words."""
    found = about(findings, *words)
    assert len(found) == 1, [f"{f.level} {f.subject}: {f.found}" for f in findings]
    return found[0]


def outside(code, **environment):
    """Run a script in a Python of its own."""
    known = {k: v for k, v in os.environ.items() if k not in projections.VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", code], env=known | environment, capture_output=True, check=False
    )


@pytest.fixture
def boundaries(tmp_path, squares):
    """A folder with the boundaries of four municipalities."""
    squares.reset_index().to_file(tmp_path / "municipalities.gpkg", engine="pyogrio")
    return tmp_path


# --- findings as text ---------------------------------------------------------------------------

PARTS = {
    "installation": [Finding("mend", "甲", "壊れています", "直します:\npip install 甲")],
    "data": [
        Finding("note", "乙", "あります", "ご確認を"),
        Finding("ok", "丙", "180 件\n出典: 丁"),
    ],
}


def test_the_gravest_stands_last_and_the_summary_counts():
    assert findings_text(PARTS) == (
        "■ インストールの診断\n\n"
        "[要修正] 甲: 壊れています\n    → 直します:\n       pip install 甲\n\n"
        "■ データの診断\n\n"
        "[良] 丙: 180 件\n    出典: 丁\n[注意] 乙: あります\n    → ご確認を\n\n"
        "結果: 要修正 1、注意 1、良 1。"
        "[要修正] の項目を上から順に直して、もう一度実行してください。\n"
    )


def test_only_what_must_be_mended_on_request_and_in_english():
    text = findings_text(PARTS, lang="en", only_mend=True)
    assert text.startswith("■ Installation\n\n[mend] 甲")
    assert "Data" not in text
    assert text.endswith("1 to mend, 1 to note, 1 ok. Mend what is marked [mend], from the top, "
                         "and run this again.\n")  # fmt: skip


def test_must_mend():
    assert must_mend(PARTS["installation"])
    assert not must_mend(PARTS["data"])


def test_a_csv_has_a_row_a_finding(tmp_path):
    path = write_findings(PARTS, tmp_path / "診断.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["診断", "判定", "項目", "結果", "対処"]
    assert rows[3] == ["データの診断", "良", "丙", "180 件\n出典: 丁", ""]
    assert len(rows) == 4


def test_the_home_folder_is_not_handed_on(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    told = Finding("ok", "甲", f"{tmp_path}/データ と {tmp_path}2/データ")
    text = write_findings({"data": [told]}, tmp_path / "a.txt").read_text(encoding="utf-8-sig")
    assert f"甲: ~/データ と {tmp_path}2/データ" in text


def test_findings_go_to_text_or_csv_only(tmp_path):
    with pytest.raises(errors.OutputError, match=r"\.txt or \.csv"):
        write_findings(PARTS, tmp_path / "a.docx")


# --- the installation ---------------------------------------------------------------------------


def test_this_installation_is_examined_whole():
    findings = check_installation()
    subjects = {finding.subject for finding in findings}
    assert subjects == {check.japanese for check in CHECKS}
    assert the(findings, "測地系の変換").level == "ok"
    assert the(findings, "日本語フォント", "ipaexg.ttf").level == "ok"
    assert the(findings, "地図ファイルの形式", "FlatGeobuf").level == "ok"
    assert the(findings, "日本語の名前").level == "ok"


def test_english_findings_hold_no_japanese_but_names():
    findings = check_installation(lang="en")
    assert {finding.subject for finding in findings} == {check.english for check in CHECKS}
    assert not any(
        re.search("[ぁ-んー]", f"{f.found}{f.advice}".replace("データ", "")) for f in findings
    )


def test_missing_and_old_packages_are_named_with_the_command(monkeypatch):
    needed = ["click>=999", "no-such-package>=1.5", "numpy", "no-such-thing; python_version < '3'"]
    monkeypatch.setattr(packages, "requires", lambda _: needed)
    findings = packages.check_versions("版", "ja")
    assert [finding.level for finding in findings] == ["mend", "mend"]
    assert re.search(r"click が .+ です \(>=999 が必要\)", findings[0].found)
    assert "click>=999" in findings[0].advice
    assert findings[1].found == "no-such-package がありません"
    assert "pip install" in findings[1].advice


def test_a_clone_that_was_not_installed(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGE", "no-such-package")
    (finding,) = packages.check_versions("版", "ja")
    assert finding.level == "mend"
    assert "pip install ." in finding.advice


def test_optional_packages_are_no_fault(monkeypatch):
    told = Message()
    for extra in ("fast", "fuzzy", "graph", "docs"):
        told["Provides-Extra"] = extra
    needed = [
        "click>=8; extra == 'graph'",
        "no-such-package>=1; extra == 'fast'",
        "click>=999; extra == 'fuzzy'",
        "no-such-docs; extra == 'docs'",
    ]
    monkeypatch.setattr(packages, "metadata", lambda _: told)
    monkeypatch.setattr(packages, "requires", lambda _: needed)
    fast, fuzzy, graph = packages.check_extras("追加", "ja")
    assert (fast.level, fuzzy.level, graph.level) == ("ok", "note", "ok")
    assert "なくても動きます" in fast.found
    assert "no-such-package>=1" in fast.advice
    assert "古すぎます" in fuzzy.found
    assert graph.advice == ""


def test_a_package_that_does_not_load_is_named(monkeypatch):
    def load(name):
        if name == "skimage":
            raise ImportError("DLL load failed while importing _shared")

    monkeypatch.setattr(packages, "import_module", load)
    (finding,) = packages.check_loading("読み込み", "ja")
    assert finding.level == "mend"
    assert finding.found == "scikit-image: ImportError: DLL load failed while importing _shared"
    assert "Visual C++" in finding.advice


def test_the_command_is_one_for_powershell_on_windows(monkeypatch):
    monkeypatch.setattr(packages, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(packages, "sys", SimpleNamespace(executable="C:\\a b\\python.exe"))
    command = packages.pip_install("--force-reinstall", "numpy>=1.26")
    assert command == '& "C:\\a b\\python.exe" -m pip install --force-reinstall "numpy>=1.26"'


def test_a_broken_library_is_a_finding_and_not_the_end(tmp_path):
    code = (
        "import sys; sys.modules['rasterio'] = None\n"
        "from hokkaido_gis.cli import run\n"
        f"sys.exit(run(['doctor', '--data', {str(tmp_path)!r}]))"
    )
    done = outside(code, PYTHONIOENCODING="utf-8")
    text = done.stdout.decode("utf-8")
    assert done.returncode == 2, done.stderr
    assert "[要修正] パッケージの読み込み: rasterio: ModuleNotFoundError" in text
    assert "[要修正] 地図ファイルの形式 (GDAL): 調べられませんでした" in text
    assert "[良] 測地系の変換" not in text
    assert "[良] 日本語フォント" in text
    assert "[要修正] データフォルダ: データを調べられません" in text
    assert done.stderr == b""


def test_proj_of_another_program_is_named(tmp_path):
    alien = tmp_path / "PostgreSQL" / "proj"
    alien.mkdir(parents=True)
    code = "import sys; from hokkaido_gis.cli import run; sys.exit(run(['doctor', '-q']))"
    done = outside(code, PROJ_LIB=str(alien), PYTHONIOENCODING="utf-8")
    text = done.stdout.decode("utf-8")
    assert done.returncode == 2
    assert f"PROJ_LIB={alien} [PostgreSQL (PostGIS)]" in text
    assert "rasterio: " in text
    assert re.search("unset PROJ_LIB|Remove-Item Env:PROJ_LIB", text)


def test_variables_that_do_no_harm_are_noted(tmp_path, monkeypatch):
    for name in projections.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert [f.level for f in projections.check_proj("PROJ", "ja")] == ["ok"]
    monkeypatch.setenv("GDAL_DATA", str(tmp_path / "QGIS 3.40"))
    monkeypatch.setenv("PROJ_DATA", str(Path(sys.prefix) / "share" / "proj"))
    own, alien = projections.check_proj("PROJ", "ja")
    assert (own.level, alien.level) == ("ok", "note")
    assert "GDAL_DATA" in alien.found
    assert "[QGIS]" in alien.found
    assert "PROJ_DATA" not in alien.found


def test_a_library_without_its_own_proj_is_to_be_installed_again(monkeypatch):
    def ask():
        raise RuntimeError("no proj.db")

    for name in projections.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(projections._LIBRARIES, "rasterio", ask)
    (finding,) = projections.check_proj("PROJ", "ja")
    assert finding.level == "mend"
    assert "rasterio: no proj.db" in finding.found
    assert "--force-reinstall rasterio" in finding.advice


def test_a_datum_that_does_not_move_is_to_be_mended(monkeypatch):
    monkeypatch.setattr(projections, "to_storage_crs", lambda frame, _: frame)
    (finding,) = projections.check_datum("測地系", "ja")
    assert finding.level == "mend"
    assert "札幌で 0.0 m" in finding.found


def test_a_datum_without_an_operation_is_to_be_mended(monkeypatch):
    def refuse(frame, layer):
        raise errors.CRSError(layer, ["no operation of known accuracy leads to JGD2011"])

    monkeypatch.setattr(projections, "to_storage_crs", refuse)
    (finding,) = projections.check_datum("測地系", "ja")
    assert finding.level == "mend"
    assert "no operation" in finding.found


@pytest.mark.parametrize(
    ("encoding", "level", "advice"),
    [("utf-8", "ok", ""), ("cp932", "ok", "\\xb2"), ("ascii", "note", "chcp 65001")],
)
def test_consoles(encoding, level, advice, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    (finding,) = interpreter.check_console("画面", "ja")
    assert finding.level == level
    assert advice in finding.advice
    assert bool(advice) == bool(finding.advice)


@pytest.mark.parametrize(
    ("name", "value", "level", "word"),
    [
        ("version_info", (3, 10, 4), "mend", "64-bit"),
        ("base_prefix", "/Apps/WindowsApps/Python", "note", "Microsoft Store"),
        ("base_prefix", sys.prefix, "note", "venv"),
        ("base_prefix", "/elsewhere", "ok", ""),
    ],
)
def test_pythons(name, value, level, word, monkeypatch):
    given = {"version_info": sys.version_info, "prefix": sys.prefix, "executable": "python"}
    monkeypatch.setattr(
        interpreter, "sys", SimpleNamespace(**{"base_prefix": "/", **given, name: value})
    )
    (finding,) = interpreter.check_python("Python", "ja")
    assert finding.level == level
    assert word in finding.advice


def test_a_full_disk_is_noted(monkeypatch):
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _: SimpleNamespace(free=2e8))
    findings = folders.check_folders("フォルダ", "ja")
    assert [finding.level for finding in findings] == ["note", "note"]
    assert "空き 0.2 GB" in findings[0].found


def test_folders_that_cannot_be_written(monkeypatch, tmp_path):
    def refuse(*, dir):  # noqa: A002
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("HOKKAIDO_GIS_CACHE", str(tmp_path / "not" / "there"))
    monkeypatch.setattr(folders.tempfile, "NamedTemporaryFile", refuse)
    cache, results = folders.check_folders("フォルダ", "ja")
    assert (cache.level, results.level) == ("mend", "mend")
    assert str(tmp_path / "not" / "there") in cache.found
    assert "HOKKAIDO_GIS_CACHE" in cache.advice
    assert list(tmp_path.iterdir()) == []


def test_names_that_the_disk_does_not_take(monkeypatch):
    monkeypatch.setattr(folders, "_FILE", "あ" * 300 + ".gpkg")
    (finding,) = folders.check_paths("名前", "ja")
    assert finding.level == "mend"
    monkeypatch.setattr(folders, "_FILE", "甲.gpkg")
    monkeypatch.setattr(folders, "_LONGEST_PATH", 10_000)
    short, long = folders.check_paths("名前", "ja")
    assert (short.level, long.level) == ("ok", "note")


# --- folders of data ----------------------------------------------------------------------------


def test_the_sample_is_well():
    findings = check_data_folder(SAMPLE)
    assert not about([f for f in findings if f.level == "mend"], "")
    census = the(findings, "耕作放棄地: settlements_census.csv")
    assert "cp932" in census.found
    assert (
        the(findings, "送電線: lines.geojson")
        .found.splitlines()[0]
        .endswith("JGD2011 (EPSG:6668)、合成データ (実在の地点ではない)")
    )
    assert "気象庁" in the(findings, "市町村界: municipalities.geojson").found
    assert not about(findings, "使わないファイル")


def test_real_data_are_taken(real_data):
    folder = real_data("n03-soya/n03_soya.geojson").parents[1]
    findings = check_data_folder(folder)
    assert [f for f in findings if f.level == "mend"] == []
    assert "n03_hokkaido_2021.geojson" in the(findings, "最も多い").found
    assert the(findings, "日射量: ").level == "ok"
    assert the(findings, "風況: ", "単位の記載がなく").level == "note"
    assert {f.subject.rsplit("/", 1)[-1] for f in about(findings, "使わないファイル")} >= {
        "hokkaido_plants.geojson"
    }
    absent = about(findings, "ファイルがありません")
    assert {f.subject for f in absent} == {"農業集落", "耕作放棄地", "人口"}


def test_no_folder(tmp_path):
    assert the(check_data_folder(tmp_path / "x"), "がありません").level == "mend"
    (tmp_path / "f").touch()
    assert the(check_data_folder(tmp_path / "f"), "ファイルです").level == "mend"


def test_an_empty_folder_names_every_layer_that_it_lacks(tmp_path):
    findings = check_data_folder(tmp_path)
    assert [f.subject for f in findings] == [wanted.title_ja for wanted in LAYERS.values()]
    assert [f.subject for f in findings if f.level == "mend"] == ["市町村界"]


def test_a_folder_in_onedrive(tmp_path, monkeypatch):
    cloud = tmp_path / "OneDrive - 町役場"
    cloud.mkdir()
    assert the(check_data_folder(cloud), "OneDrive の中").level == "note"
    monkeypatch.setenv("OneDrive", str(tmp_path))
    assert the(check_data_folder(tmp_path), "OneDrive の中").level == "note"


def test_a_shapefile_without_prj(boundaries, save):
    path = save("送電線.shp", [LINE], voltage=["66000"])
    path.with_suffix(".prj").unlink()
    assert missing_parts(path) == [".prj"]
    findings = check_data_folder(boundaries)
    crs = the(findings, "送電線.shp", "座標系の情報がありません")
    assert crs.level == "mend"
    assert "it has no CRS" in crs.found
    assert "EPSG:6668" in crs.advice
    assert the(findings, "シェープファイルの .prj").level == "mend"


def test_stations_without_prj_are_taken_as_jgd2011_and_noted(boundaries, save):
    path = save("stations.shp", [SAPPORO], station_id=["14163"])
    path.with_suffix(".prj").unlink()
    findings = check_data_folder(boundaries)
    assert the(findings, "stations.shp", "1 件").level == "ok"
    assert the(findings, "シェープファイルの .prj").level == "note"


def test_a_shapefile_of_one_file(boundaries, save):
    path = save("lines.shp", [LINE], voltage=["66000"])
    for ending in (".dbf", ".shx", ".prj"):
        path.with_suffix(ending).unlink()
    lacking = the(check_data_folder(boundaries), "シェープファイルの")
    assert ".shx、.dbf、.prj" in lacking.found
    assert lacking.level == "mend"


def test_the_text_of_a_shapefile(boundaries, squares):
    path = boundaries / "substations.shp"
    frame = gpd.GeoDataFrame({"name": ["札幌"], "voltage": [66000]}, geometry=[SAPPORO], crs=6668)
    frame.to_file(path, engine="pyogrio", encoding="cp932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    assert "文字コード cp932" in the(check_data_folder(boundaries), "substations.shp").found
    path.with_suffix(".cpg").write_text("UTF-8")
    note = the(check_data_folder(boundaries), "文字コードは cp932")
    assert note.level == "note"
    assert ".cpg" in note.advice


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("a.csv", "札幌".encode(), "UTF-8"),
        ("a.csv", "札幌".encode("cp932"), "cp932 (Shift_JIS)"),
        ("a.csv", b"plain", None),
        ("a.csv", b"\x81\xff", None),
        ("a.shp", b"", None),
        ("a.gpkg", "札幌".encode(), None),
    ],
)
def test_encodings(name, content, encoding, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert encoding_of_table(tmp_path / name) == encoding


def test_a_shapefile_with_japanese_columns_in_shift_jis(boundaries):
    path = boundaries / "送電線.shp"
    frame = gpd.GeoDataFrame({"送電線名": ["甲"], "電圧": [66000]}, geometry=[LINE], crs=2454)
    frame.geometry = frame.geometry.set_crs(6668, allow_override=True).to_crs(2454)
    frame.to_file(path, engine="pyogrio", encoding="cp932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    finding = the(check_data_folder(boundaries), "送電線.shp", "1 件")
    assert "XII (EPSG:2454)、文字コード cp932" in finding.found


def test_every_fault_of_a_layer_is_a_finding(tmp_path, save):
    box = shapely.box(141, 43, 141.1, 43.1)
    save("n03.geojson", [box, shapely.box(142, 43, 142.1, 43.1)], N03_007=["1202X", "99"])
    findings = [f for f in check_data_folder(tmp_path) if f.level == "mend"]
    assert "市町村コードではない値があります" in the(findings, "'1202X'").found
    save("n03.geojson", [SAPPORO, None], name=["札幌市", "函館市"])
    findings = [f for f in check_data_folder(tmp_path) if f.level == "mend"]
    kinds = [f.found.split(" (原文")[0] for f in findings]
    assert "図形の種類 (点・線・面) が違います" in kinds
    assert "図形のない行があります" in kinds
    assert "市町村コードの列が見つかりません" in kinds


def test_a_damaged_file(boundaries):
    (boundaries / "dams.gpkg").write_bytes(b"no database")
    finding = the(check_data_folder(boundaries), "dams.gpkg")
    assert finding.level == "mend"
    assert finding.found.startswith("地図のファイルとして読めません")


def test_an_error_that_nobody_thought_of(boundaries, save, monkeypatch):
    def fail(path):
        raise ZeroDivisionError("division by zero")

    save("lines.geojson", [LINE], voltage=["66000"])
    monkeypatch.setitem(layers._READERS, "lines", fail)
    finding = the(check_data_folder(boundaries), "lines.geojson")
    assert finding.level == "mend"
    assert "ZeroDivisionError: division by zero" in finding.found


def test_layers_on_boundaries_that_cannot_be_read(tmp_path, save):
    (tmp_path / "n03.geojson").write_text("{")
    save("ports.geojson", [SAPPORO], name=["石狩"])
    (tmp_path / "population.csv").write_text("code,population\n01202,1\n")
    findings = check_data_folder(tmp_path)
    assert the(findings, "ports.geojson", "1 件").level == "ok"
    assert the(findings, "population.csv").level == "note"


def test_two_files_of_one_layer(boundaries, save):
    for name in ("ports.geojson", "漁港.geojson"):
        save(name, [shapely.Point(141.05, 43.05)], name=["石狩"])
    for name in ("lines_a.geojson", "lines_b.geojson"):
        save(name, [LINE], voltage=["66000"])
    findings = check_data_folder(boundaries)
    assert the(findings, "1つだけ残し").level == "mend"
    assert the(findings, "合わせて使います").level == "note"


def test_a_layer_apart_from_the_boundaries(boundaries, save):
    save("lines.geojson", [shapely.LineString([(130, 33), (130.1, 33)])], voltage=["66000"])
    finding = the(check_data_folder(boundaries), "まったく重なりません")
    assert finding.level == "mend"
    assert "送電線" in finding.found
    save("lines_near.geojson", [LINE], voltage=["66000"])
    assert not about(check_data_folder(boundaries), "まったく重なりません")


def test_population_of_other_municipalities(boundaries):
    (boundaries / "人口.csv").write_text("市町村コード,人口\n01202,9\n01100,5\n", encoding="cp932")
    findings = check_data_folder(boundaries)
    assert "cp932" in the(findings, "人口: 人口.csv").found
    note = the(findings, "市町村コード (人口)")
    assert note.level == "note"
    assert note.found.endswith("1 個: 01100")


def test_settlements_and_census(boundaries, save):
    box = shapely.box(141, 43, 141.1, 43.1)
    save("settlements.gpkg", [box], KEY=["0120201001"], RCOM_NAME=["甲"])
    lacking = the(check_data_folder(boundaries), "農業集落と耕作放棄地")
    assert lacking.level == "note"
    table = boundaries / "census.csv"
    for key, level in (("0120201001", "ok"), ("0120301001", "mend")):
        table.write_text(f"KEY,耕作放棄地面積(ha)\n{key},2\n", encoding="utf-8")
        assert the(check_data_folder(boundaries), "集落が一致").level == level
    table.write_text("KEY,耕作放棄地面積(ha)\n0120201001,2\n0120301001,1\n", encoding="utf-8")
    note = the(check_data_folder(boundaries), "集落が一致")
    assert (note.level, note.found) == ("note", "1 集落が一致。境界だけ 0、表だけ 1")


def test_stations_that_share_no_number(boundaries):
    months = [f"m{month:02d}" for month in range(1, 13)]
    normals = pd.DataFrame(
        {"station_id": ["1"], "element": ["temperature"]} | {m: [5] for m in months}
    )
    normals.to_csv(boundaries / "normals.csv", index=False)
    sun = pd.DataFrame({"station_id": ["2"], "lon": [141.05], "lat": [43.05], "irradiation": [3.5]})
    sun.to_csv(boundaries / "irradiation.csv", index=False)
    assert the(check_data_folder(boundaries), "両方そろう観測所は 0 か所").level == "mend"
    sun.assign(station_id="1").to_csv(boundaries / "irradiation.csv", index=False)
    assert the(check_data_folder(boundaries), "両方そろう観測所は 1 か所").level == "ok"


def test_a_copy_of_synthetic_data_is_told(boundaries):
    shutil.copy(SAMPLE / "lines.geojson", boundaries)
    note = the(check_data_folder(boundaries), "サンプルの合成データの写し")
    assert note.level == "note"
    assert "lines.geojson" in note.subject


def test_the_folder_is_only_read(boundaries, save):
    save("lines.shp", [LINE], voltage=["66000"])
    before = {path.name: path.read_bytes() for path in boundaries.iterdir()}
    check_data_folder(boundaries)
    assert {path.name: path.read_bytes() for path in boundaries.iterdir()} == before


# --- files of no layer --------------------------------------------------------------------------


def test_files_that_no_layer_claims(boundaries, save):
    save("ichi.gpkg", [SAPPORO], C09_001=["1"], C09_002=["石狩"])
    save("nazo.geojson", [SAPPORO], a=[1])
    save("lines.json.geojson", [LINE], voltage=["66000"]).rename(boundaries / "lines.json")
    (boundaries / "jinko.csv").write_text("code,人口\n01202,9\n", encoding="utf-8")
    (boundaries / "漁港.xls").write_bytes(b"")
    (boundaries / "ダム.tab").write_bytes(b"")
    (boundaries / "wind.asc").write_bytes(b"")
    (boundaries / "変電所.dbf").write_bytes(b"")
    with zipfile.ZipFile(boundaries / "N03-20240101_01_GML.zip", "w"):
        pass
    (boundaries / "report").mkdir()
    (boundaries / "report" / "dams.geojson").write_text("{}")
    for name in ("読んでください.txt", "~$jinko.xlsx", ".hidden.csv", "map.qgz"):
        (boundaries / name).touch()
    notes = unclaimed.check_unclaimed(boundaries, "ja")
    assert {note.level for note in notes} == {"note"}
    told = {note.subject.removeprefix("使わないファイル: "): note for note in notes}
    assert len(told) == len(notes) == 10
    assert "漁港のようです" in told["ichi.gpkg"].found
    assert "漁港_ichi.gpkg" in told["ichi.gpkg"].advice
    assert "どの層でもありません" in told["nazo.geojson"].found
    assert ".geojson" in told["lines.json"].advice
    assert "人口_jinko.csv" in told["jinko.csv"].advice
    assert ".xlsx" in told["漁港.xls"].advice
    assert "QGIS" in told["ダム.tab"].advice
    assert ".tif" in told["wind.asc"].advice
    assert ".shp" in told["変電所.dbf"].found
    assert "展開" in told["N03-20240101_01_GML.zip"].advice
    assert "中は見ない" in told[str(Path("report", "dams.geojson"))].found


def test_a_guess_from_columns_in_shift_jis(tmp_path):
    path = tmp_path / "ichi.shp"
    frame = gpd.GeoDataFrame({"漁港名": ["石狩"]}, geometry=[SAPPORO], crs=6668)
    frame.to_file(path, engine="pyogrio", encoding="cp932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    assert unclaimed.guess_layer(path) == "ports"


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_named_as_advised_is_found(layer, lang, tmp_path):
    for word in words_in_name(layer, lang):
        path = tmp_path / f"{word}_a{LAYERS[layer].endings[0]}"
        path.touch()
        assert path in find_files(tmp_path, layer)


@pytest.mark.parametrize("layer", unclaimed._TELLING)
def test_telling_columns_tell_one_layer_only(layer):
    others = set().union(*(names for name, names in unclaimed._TELLING.items() if name != layer))
    assert not unclaimed._TELLING[layer] & others
    assert all(name == name.casefold() for name in unclaimed._TELLING[layer])


# --- what readers say, in Japanese --------------------------------------------------------------


def messages():
    """Every text of the package that a message could be, with 1 for what stands in it."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = ast.iter_child_nodes(node)
                yield "".join(p.value if isinstance(p, ast.Constant) else "1" for p in parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_gist_is_of_a_message_that_there_is():
    texts = list(messages())
    idle = [g.pattern for g in gists() if not any(re.search(g.pattern, text) for text in texts)]
    assert idle == []


def test_an_unknown_message_is_left_as_it_is():
    assert explain("something else") == ("", "")


# --- the command --------------------------------------------------------------------------------


def test_the_command_on_the_sample(capsys):
    assert run(["doctor", "--data", str(SAMPLE)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("■ インストールの診断\n")
    assert text.rstrip().endswith("直すべきところはありません。")


def test_the_command_on_an_empty_folder_writes_a_file(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    path = tmp_path / "out.txt"
    assert (
        run(["doctor", "--data", str(tmp_path / "data"), "--out", str(path), "--lang", "en"]) == 2
    )
    assert capsys.readouterr().out == f"{path}\n"
    assert "[mend] municipal boundaries: there is no file" in path.read_text(encoding="utf-8-sig")


def test_without_data_only_the_installation_is_looked_at():
    assert list(examine()) == ["installation"]


def test_a_console_of_cp932(tmp_path):
    """What cp932 has not got is escaped, and Japanese comes out."""
    code = (
        "import sys; from hokkaido_gis.cli import run\n"
        f"sys.exit(run(['doctor', '--data', {str(tmp_path)!r}]))"
    )
    done = outside(code, PYTHONIOENCODING="cp932")
    text = done.stdout.decode("cp932")
    assert done.returncode == 2, done.stderr
    assert "[要修正] 市町村界: ファイルがありません" in text
    assert "画面の文字: cp932" in text


def test_every_line_for_windows_in_the_readme_is_a_command_that_there_is():
    text = (PACKAGE.parent / "README.ja.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ *\.\\\.venv\\Scripts\\hokkaido-gis\.exe (.+)$", text, re.MULTILINE)
    assert {line.split()[0] for line in lines} == {"doctor", "figure", "map", "report"}
    for line in lines:
        name, *words = line.split()
        command = cli.commands[name]
        whole = click.Context(cli, **cli.context_settings)
        command.make_parser(click.Context(command, parent=whole)).parse_args(words)


def test_the_example_of_the_page_runs(capsys):
    page = (PACKAGE.parent / "docs" / "doctor.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, {})  # noqa: S102
    assert capsys.readouterr().out.startswith("note | irradiation | there is no file")
