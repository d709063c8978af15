"""Whether folders may be written, have room, and may bear Japanese and long names."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from hokkaido_gis.crs import STORAGE_CRS
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.errors import HokkaidoGisError
from hokkaido_gis.fetch.cache import VARIABLE, cache_folder
from hokkaido_gis.io.vector import read_vector, write_vector
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

# Room for the whole report, official data, and the temporary files of both.
_ROOM_GB = 1.0
_LONGEST_PATH = 260
_FOLDER, _FILE = "農地 データ（テスト）", "耕作放棄地 ①.gpkg"


def check_folders(subject: str, lang: Lang) -> list[Finding]:
    """Look at the folder of the cache and the one where results go unless told otherwise."""
    cache = Finding("ok", subject, say(lang, "取得データの置き場", "cache of official data"))
    results = Finding("ok", subject, say(lang, "作業フォルダ", "working folder"))
    move = say(
        lang,
        f"環境変数 {VARIABLE} で、書き込めるフォルダを指定してください。",
        f"Name another folder in the variable {VARIABLE}.",
    )
    leave = say(
        lang,
        '書き込めるフォルダへ移ってください: cd "$HOME\\Documents"',
        "Go to a folder that you may write: cd ~",
    )
    return [
        _look_at(cache, cache_folder(), move, lang),
        _look_at(results, Path.cwd(), leave, lang),
    ]


def check_paths(subject: str, lang: Lang) -> list[Finding]:
    """Write and read a layer in a folder with a Japanese name, and a file with a long path."""
    point = gpd.GeoDataFrame({"名称": ["石狩"]}, geometry=[shapely.Point(141, 43)], crs=STORAGE_CRS)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            path = write_vector(point, Path(temporary) / _FOLDER / _FILE)
            fault = "" if read_vector(path)["名称"].tolist() == ["石狩"] else str(path)
        except (HokkaidoGisError, OSError) as error:
            fault = str(error)
        long = _too_long(Path(temporary))
    shown = f"{_FOLDER}{os.sep}{_FILE}"
    if fault:
        advice = say(
            lang,
            "データと結果は C:\\hokkaido のような英数字だけのフォルダに置いてください。",
            "Keep data and results in a folder of plain letters, such as C:\\hokkaido.",
        )
        return [Finding("mend", subject, f"{shown}: {fault}", advice)]
    findings = [Finding("ok", subject, say(lang, f"{shown} を読み書きできます", f"{shown} works"))]
    if long:
        found = say(
            lang,
            f"{_LONGEST_PATH} 文字を超えるパスは使えません ({long})",
            f"paths of more than {_LONGEST_PATH} letters do not work ({long})",
        )
        advice = say(
            lang,
            "フォルダを C:\\hokkaido のような浅い場所に置いてください。",
            "Keep folders near the root of the drive, such as C:\\hokkaido.",
        )
        findings.append(Finding("note", subject, found, advice))
    return findings


def check_sample(subject: str, lang: Lang) -> list[Finding]:
    """Find the data that come with the package, without which no figure of the report is made."""
    folder = sample_data()
    absent = [name for name in ("municipalities.geojson", "layers.toml") if not
              (folder / name).is_file()]  # fmt: skip
    if absent:
        found = say(lang, f"{folder} に {absent[0]} がありません", f"{folder} lacks {absent[0]}")
        advice = say(
            lang,
            "ZIP をもう一度展開し、入れ直してください。",
            "Unpack the archive again and install it anew.",
        )
        return [Finding("mend", subject, found, advice)]
    return [Finding("ok", subject, str(folder))]


def _look_at(about: Finding, folder: Path, advice: str, lang: Lang) -> Finding:
    """Whether a folder, or the nearest above it that there is, takes files and has room."""
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    found = f"{about.found} {folder}"
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        told = say(lang, "書き込めません", "it cannot be written")
        return Finding("mend", about.subject, f"{found}: {told} ({error})", advice)
    free = shutil.disk_usage(there).free / 1e9
    found += say(lang, f": 空き {free:,.1f} GB", f": {free:,.1f} GB free")
    if free < _ROOM_GB:
        room = say(
            lang,
            f"空きを {_ROOM_GB:g} GB 以上にしてください。",
            f"Make room of at least {_ROOM_GB:g} GB.",
        )
        return Finding("note", about.subject, found, room)
    return Finding("ok", about.subject, found)


def _too_long(folder: Path) -> str:
    """Why a path longer than Windows takes without asking cannot be used; empty if it can."""
    deep = folder
    while len(str(deep)) <= _LONGEST_PATH:
        deep /= "a" * 40
    try:
        deep.mkdir(parents=True)
        (deep / "a.txt").write_text("", encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)
    return ""
