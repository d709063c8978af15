"""Files of a folder that no layer claims: what they may be, and what name they would need."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.doctor.file_facts import words_in_name
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.text_encoding import encoding_of_table
from hokkaido_gis.errors import HokkaidoGisError, MissingInputError
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.report.layer_files import LAYERS, find_files
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang

_VECTORS = (".geojson", ".json", ".gpkg", ".shp", ".fgb", ".gml", ".kml")
_TABLES = (".csv", ".xlsx")
# What is data, so that it matters whether it is used; other files are none of ours.
_DATA = (
    *_VECTORS, *_TABLES, ".kmz", ".parquet", ".geoparquet", ".zip", ".xls", ".xlsm", ".tif",
    ".tiff", ".asc", ".nc", ".tab", ".mif", ".dxf", ".gdb", ".e00",
)  # fmt: skip
# Parts of a shapefile, which without their .shp are nothing.
_PARTS = (".dbf", ".shx")
# Names of columns that belong to one layer and no other, in small letters.
_TELLING = {
    "municipalities": {"n03_001", "n03_004", "n03_007", "行政区域コード"},
    "settlements": {"rcom_name", "rcom", "kcity", "農業集落名", "農業集落コード"},
    "census": {"耕作放棄地", "耕作放棄地面積", "abandoned_ha"},
    "lines": {"cables", "circuits", "回線数", "送電線名"},
    "substations": {"substation", "変電所名"},
    "dams": {"w01_001", "w01_007", "ダム名", "堤高"},
    "ports": {"c09_001", "c09_002", "漁港名", "漁港コード"},
    "normals": {"element", "要素"},
    "irradiation": {"irradiation", "kwh_m2_day_avg", "年平均日射量"},
    "stations": {"station_id", "elevation_m", "観測所番号", "観測所名"},
    "population": {"population", "人口", "人口総数", "総人口"},
}

_AS_XLSX = (" Excel で .xlsx として保存し直してください。", " Save it as .xlsx in Excel.")
_CONVERT = {
    ".zip": (
        " ZIP を展開し、中の .shp 一式か .geojson をこのフォルダに置いてください。",
        " Unpack it and put its .shp with all its parts, or its .geojson, into this folder.",
    ),
    ".xls": _AS_XLSX,
    ".xlsm": _AS_XLSX,
    ".json": (
        " GeoJSON なら、名前の終わりを .geojson にしてください。",
        " If it is GeoJSON, let its name end in .geojson.",
    ),
    ".geoparquet": (
        " 名前の終わりを .parquet にしてください。",
        " Let its name end in .parquet.",
    ),
}


def check_unclaimed(folder: Path, lang: Lang) -> list[Finding]:
    """Look at each data file of a folder that no layer takes.

    Parameters
    ----------
    folder
        Folder of layers. Of the sample itself nothing is said, since its other files are known.
    lang
        Language of the findings.

    Returns
    -------
    list of Finding
        A note for each such file.
    """
    if folder.resolve().is_relative_to(sample_data().resolve()):
        return []
    claimed = {path for layer in LAYERS for path in _files(folder, layer)}
    return [_finding(path, folder, lang) for path in _data_files(folder) if path not in claimed]


def _files(folder: Path, layer: str) -> list[Path]:
    try:
        return find_files(folder, layer)
    except MissingInputError:
        return []


def _data_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        ending = path.suffix.lower()
        # Excel keeps a file of such a name while a workbook is open; other programs hide theirs.
        if path.name.startswith(("~$", ".")):
            continue
        has_shp = any(path.with_suffix(shp).is_file() for shp in (".shp", ".SHP"))
        if ending in _DATA or (ending in _PARTS and not has_shp):
            yield path


def _finding(path: Path, folder: Path, lang: Lang) -> Finding:
    subject = say(
        lang,
        f"使わないファイル: {path.relative_to(folder)}",
        f"not used: {path.relative_to(folder)}",
    )
    ending = path.suffix.lower()
    if ending in _PARTS:
        found = say(lang, ".shp がありません", "its .shp is not there")
        advice = say(
            lang,
            "シェープファイルの一部です。同じ名前の .shp も同じフォルダに置いてください。",
            "It is a part of a shapefile. Put the .shp of that name beside it.",
        )
        return Finding("note", subject, found, advice)
    named = [
        layer for layer, wanted in LAYERS.items() if re.search(wanted.pattern, path.name.lower())
    ]
    if named:
        return _known_name(path, named[0], subject, lang)
    layer = guess_layer(path)
    if layer is None:
        found = say(lang, "どの層でもありません", "it is of no layer")
        advice = say(
            lang,
            "図表には使われません。使うつもりなら、docs/data.md "
            "の表のとおりに名前を付けてください。",
            "No figure uses it. If it should, name it as the table in docs/data.md says.",
        )
        return Finding("note", subject, found, advice)
    wanted = LAYERS[layer]
    word = words_in_name(layer, lang)[0]
    found = say(
        lang, f"列の名前から見て{wanted.title_ja}のようです", f"by its columns: {wanted.title}"
    )
    advice = say(
        lang,
        f"使うには、名前を {word}_{path.name} のように変えてください。",
        f"To use it, rename it, as {word}_{path.name}.",
    )
    return Finding("note", subject, found, advice + _convert(path, layer, lang))


def _known_name(path: Path, layer: str, subject: str, lang: Lang) -> Finding:
    """A file whose name is that of a layer, but whose ending or folder is not."""
    wanted = LAYERS[layer]
    convert = _convert(path, layer, lang)
    if convert:
        found = say(
            lang,
            f"名前は{wanted.title_ja}ですが、この形式は読みません",
            f"named as {wanted.title}, but this format is not read",
        )
        return Finding("note", subject, found, convert.strip())
    found = say(
        lang,
        f"フォルダ {path.parent.name} の中は見ないため、使われません",
        f"files within folders named {path.parent.name} are not looked at",
    )
    advice = say(lang, "使うには、一つ上のフォルダへ移してください。", "To use it, move it up.")
    return Finding("note", subject, found, advice)


def _convert(path: Path, layer: str, lang: Lang) -> str:
    """How a file comes into a format that its layer is read from; empty where it is in one."""
    if path.name.lower().endswith(LAYERS[layer].endings):
        return ""
    endings = " ".join(LAYERS[layer].endings)
    other = (
        f" QGIS や Excel で、読める形式 ({endings}) に書き出してください。",
        f" Export it from QGIS or Excel as one of {endings}.",
    )
    return say(lang, *_CONVERT.get(path.suffix.lower(), other))


def guess_layer(path: Path) -> str | None:
    """Layer that a file seems to be, by the names of its columns; None where they do not tell."""
    columns = {column.casefold() for column in _columns(path)}
    hits = {layer: len(columns & telling) for layer, telling in _TELLING.items()}
    best = max(hits, key=lambda layer: hits[layer])
    return best if hits[best] else None


def _columns(path: Path) -> list[str]:
    with suppress(HokkaidoGisError, DataSourceError, DataLayerError, UnicodeDecodeError, OSError):
        if path.suffix.lower() in _TABLES:
            return [str(column) for column in read_table(path).columns]
        if path.suffix.lower() in _VECTORS:
            first = pyogrio.list_layers(path)[0, 0]
            is_cp932 = (encoding_of_table(path) or "").startswith("cp932")
            encoding = "cp932" if is_cp932 else "utf-8"
            info = pyogrio.read_info(path, layer=first, encoding=encoding)
            return [str(field) for field in info["fields"]]
    return []
