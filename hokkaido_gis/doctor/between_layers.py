"""Whether the layers of a folder fit together: places, codes, keys, stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from hokkaido_gis.crs import STORAGE_CRS, move_bounds
from hokkaido_gis.doctor.findings import Finding
from hokkaido_gis.errors import HokkaidoGisError, name_some
from hokkaido_gis.join import join_by_settlement
from hokkaido_gis.report.layer_files import LAYERS
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely import Polygon

    from hokkaido_gis.doctor.findings import Level
    from hokkaido_gis.render.scene import Lang


def check_between(layers: Mapping[str, Any], lang: Lang) -> list[Finding]:
    """Compare the layers of a folder with one another.

    Parameters
    ----------
    layers
        What the readers gave, by layer; those that could not be read are absent.
    lang
        Language of the findings.

    Returns
    -------
    list of Finding
        One for each comparison that could be made.
    """
    findings = []
    if "municipalities" in layers:
        findings += _places(layers, lang)
        findings += _municipality_codes(layers, lang)
    return [*findings, *_census(layers, lang), *_stations(layers, lang)]


def _places(layers: Mapping[str, Any], lang: Lang) -> list[Finding]:
    """Layers that lie wholly apart from the boundaries."""
    frame = shapely.box(*layers["municipalities"].total_bounds)
    apart = [
        name
        for name, layer in layers.items()
        if (box := _box(name, layer)) is not None and not box.intersects(frame)
    ]
    subject = say(lang, "位置の重なり", "places")
    if not apart:
        found = say(lang, "どの層も市町村界と重なります", "every layer lies upon the boundaries")
        return [Finding("ok", subject, found)]
    names = say(lang, "、", ", ").join(_title(name, lang) for name in apart)
    return [
        Finding(
            "mend",
            subject,
            say(
                lang,
                f"市町村界とまったく重なりません: {names}",
                f"apart from the boundaries: {names}",
            ),
            say(
                lang,
                "座標系の取り違えか、別の地域のデータです。QGIS で重ねてご確認ください。",
                "Their CRS is wrong, or they are of another region. Lay them over in QGIS.",
            ),
        )
    ]


def _box(name: str, layer: Any) -> Polygon | None:
    """Box around a layer in the storage CRS, or none for a table."""
    if name == "wind":
        bounds = tuple(layer.raster.bounds)
        return shapely.box(*move_bounds(bounds, layer.crs, STORAGE_CRS, name, assume_datum=True))
    return shapely.box(*layer.total_bounds) if isinstance(layer, gpd.GeoDataFrame) else None


def _municipality_codes(layers: Mapping[str, Any], lang: Lang) -> list[Finding]:
    """Codes of settlements and of population that the boundaries have not got."""
    known = set(layers["municipalities"].index)
    codes = {}
    if "settlements" in layers:
        codes["settlements"] = layers["settlements"]["municipality_code"].dropna()
    if "population" in layers:
        codes["population"] = layers["population"].index
    findings = []
    for name, given in codes.items():
        strange = sorted(set(given) - known)
        subject = say(
            lang, f"市町村コード ({_title(name, lang)})", f"codes of {_title(name, lang)}"
        )
        if not strange:
            found = say(lang, "すべて市町村界にあります", "all are in the boundaries")
            findings.append(Finding("ok", subject, found))
            continue
        found = say(
            lang,
            f"市町村界にないコードが {len(strange)} 個: {name_some(strange)}",
            f"{len(strange)} are not in the boundaries: {name_some(strange)}",
        )
        advice = say(
            lang,
            "市町村界が一部の地域だけか、年次が違います。それらの値は使われません。",
            "The boundaries are of a part only, or of another year. Their values are not used.",
        )
        findings.append(Finding("note", subject, found, advice))
    return findings


def _census(layers: Mapping[str, Any], lang: Lang) -> list[Finding]:
    """How the census of abandoned farmland joins the settlements."""
    subject = say(lang, "農業集落と耕作放棄地", "settlements and their census")
    pair = [name in layers for name in ("settlements", "census")]
    if not any(pair):
        return []
    if not all(pair):
        lacking = _title("census" if pair[0] else "settlements", lang)
        found = say(
            lang,
            f"{lacking}が読めないため、耕作放棄地の図は作れません",
            f"without the {lacking} no figure of farmland is made",
        )
        return [Finding("note", subject, found)]
    try:
        joined = join_by_settlement(layers["settlements"], layers["census"].areas())
    except HokkaidoGisError as error:
        return [Finding("mend", subject, str(error))]
    counts = joined.audit.counts
    matched, left, right = (int(counts[k]) for k in ("matched", "left only", "right only"))
    found = say(
        lang,
        f"{matched:,} 集落が一致。境界だけ {left:,}、表だけ {right:,}",
        f"{matched:,} match; {left:,} in the boundaries alone, {right:,} in the table alone",
    )
    level: Level = "ok" if not left and not right else "note" if matched else "mend"
    advice = say(
        lang,
        "境界と表の調査年が同じか (農林業センサスの年)、コードの先頭の 0 "
        "が残っているかをご確認ください。",
        "Are both of the same census year, and have the keys kept their leading zeros?",
    )
    return [Finding(level, subject, found, "" if level == "ok" else advice)]


def _stations(layers: Mapping[str, Any], lang: Lang) -> list[Finding]:
    """Stations that have both temperature and irradiation, without which no energy is known."""
    if "normals" not in layers or "irradiation" not in layers:
        return []
    subject = say(lang, "観測所の番号 (気温と日射量)", "stations of temperature and irradiation")
    normals, sun = set(layers["normals"].index), set(layers["irradiation"].index)
    both = normals & sun
    found = say(
        lang,
        f"両方そろう観測所は {len(both)} か所 (気温 {len(normals)}、日射量 {len(sun)})",
        f"{len(both)} have both ({len(normals)} temperature, {len(sun)} irradiation)",
    )
    if both:
        return [Finding("ok", subject, found)]
    advice = say(
        lang,
        "station_id の書き方が2つのファイルで違います。同じ番号にそろえてください。",
        "The station_id is written otherwise in one of the files. Write the same in both.",
    )
    return [Finding("mend", subject, found, advice)]


def _title(name: str, lang: Lang) -> str:
    return say(lang, LAYERS[name].title_ja, LAYERS[name].title)
