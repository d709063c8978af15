"""What can be said of a file of a layer beside what its reader says."""

from __future__ import annotations

import filecmp
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyogrio
from pyproj import CRS

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.doctor.text_encoding import encoding_of_table
from hokkaido_gis.report.layer_files import LAYERS, origin_of
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.doctor.findings import Level
    from hokkaido_gis.render.scene import Lang

_FORMATS = {
    ".geojson": ("GeoJSON", "GeoJSON"),
    ".gpkg": ("GeoPackage", "GeoPackage"),
    ".shp": ("シェープファイル", "shapefile"),
    ".zip": ("ZIP 入りシェープファイル", "zipped shapefile"),
    ".fgb": ("FlatGeobuf", "FlatGeobuf"),
    ".gml": ("GML", "GML"),
    ".kml": ("KML", "KML"),
    ".kmz": ("KMZ", "KMZ"),
    ".parquet": ("Parquet", "Parquet"),
    ".csv": ("CSV", "CSV"),
    ".xlsx": ("Excel", "Excel"),
    ".tif": ("GeoTIFF", "GeoTIFF"),
    ".tiff": ("GeoTIFF", "GeoTIFF"),
}
_HAS_INFO = (".geojson", ".gpkg", ".shp", ".fgb", ".gml", ".kml")


def words_in_name(layer: str, lang: Lang) -> list[str]:
    """Words by which the file of a layer is told, those of the language first.

    Examples
    --------
    >>> words_in_name("ports", "ja")
    ['漁港', 'ports', 'C09']
    """
    wanted = LAYERS[layer]
    words = wanted.hint.split(" or ")
    if lang == "ja" and re.search(wanted.pattern, wanted.title_ja):
        return [wanted.title_ja, *words]
    return words


def tell_lacking_parts(level: Level, parts: list[str], subject: str, lang: Lang) -> list[Finding]:
    """A finding where a shapefile is not whole."""
    if not parts:
        return []
    found = say(
        lang,
        f"シェープファイルの {'、'.join(parts)} がありません",
        f"the shapefile lacks {', '.join(parts)}",
    )
    advice = say(
        lang,
        "シェープファイルは .shp .shx .dbf .prj で一組です。"
        "同じ名前のファイルをすべて同じフォルダに置いてください。",
        "A shapefile is .shp, .shx, .dbf and .prj together. Put all files of that name in one "
        "folder.",
    )
    if level == "note" and ".prj" in parts:
        advice += say(
            lang,
            "JGD2011 の経緯度とみなしました。違えば位置がずれます。",
            " It was taken as JGD2011 longitude and latitude; if it is not, it lies elsewhere.",
        )
    return [Finding(level, subject, found, advice)]


def describe_file(layer: str, path: Path, frame: Any, lang: Lang) -> str:
    """Format, rows, CRS and encoding of a file that was read; below, its credit and terms."""
    ending = path.suffix.lower()
    told = [say(lang, *_FORMATS.get(ending, (ending, ending)))]
    if layer == "wind":
        rows, columns = frame.shape
        told += [say(lang, f"{rows}×{columns} セル", f"{rows} x {columns} cells"), _name(frame.crs)]
    else:
        read = frame.settlements if layer == "census" else frame
        told.append(say(lang, f"{len(read):,} 件", f"{len(read):,} rows"))
    if ending in _HAS_INFO and len(pyogrio.list_layers(path)) == 1:
        # Names of columns may be in another encoding than stated; none is looked at.
        with suppress(UnicodeDecodeError):
            crs = pyogrio.read_info(path)["crs"]
            told += [_name(CRS.from_user_input(crs))] if crs else []
    encoding = encoding_of_table(path)
    told += [say(lang, f"文字コード {encoding}", f"text in {encoding}")] if encoding else []
    origin = origin_of(path)
    if origin.kind != "given":
        title = say(lang, LAYERS[layer].title_ja, LAYERS[layer].title)
        told.append(origin.caption(title, lang).partition(": ")[2])
    lines = [say(lang, "、", "; ").join(told)]
    if origin.credit != path.name:
        lines.append(say(lang, f"出典: {origin.credit}", f"credit: {origin.credit}"))
    if origin.terms:
        lines.append(say(lang, f"利用条件: {origin.terms}", f"terms: {origin.terms}"))
    return "\n".join(lines)


def _name(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"{crs.name} (EPSG:{code})" if code else str(crs.name)


def tell_copied_sample(path: Path, subject: str, lang: Lang) -> list[Finding]:
    """A note where a file of a folder of one's own is a copy of a made-up one of the sample."""
    original = sample_data() / path.name
    if path.resolve() == original.resolve() or not original.is_file():
        return []
    if not filecmp.cmp(path, original, shallow=False) or not origin_of(original).is_synthetic:
        return []
    found = say(
        lang,
        "サンプルの合成データの写しです (実在の地点ではありません)",
        "it is a copy of the sample's synthetic data (no real places)",
    )
    advice = say(
        lang,
        "結果を実際の検討に使うときは、実データに置き換えてください。",
        "Put real data in its place before results are used.",
    )
    return [Finding("note", subject, found, advice)]
