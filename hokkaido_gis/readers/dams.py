"""Dams: 国土数値情報 W01, or any table or layer of named points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from hokkaido_gis.errors import LayerError
from hokkaido_gis.readers.features import feature_ids, texts
from hokkaido_gis.readers.points import (
    Word,
    codes,
    decode,
    finish_points,
    numbers,
    read_points,
    whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

# Our columns and the names that sources give them, preferred first. Source of W01: 国土数値情報
# ダムデータ 第1.1版, https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-W01.html
COLUMNS = {
    "dam_id": ("dam_id", "W01_002", "ダムコード", "id"),
    "name": ("name", "W01_001", "dam", "ダム名", "ダム", "名称"),
    "river_system": ("river_system", "W01_003", "水系名", "水系"),
    "river": ("river", "W01_004", "河川名", "河川"),
    "type": ("type", "W01_005", "形式", "型式"),
    "purposes": ("purposes", "W01_006", "目的"),
    "height_m": ("height_m", "W01_007", "堤高", "堤高(m)"),
    "crest_length_m": ("crest_length_m", "W01_008", "堤頂長", "堤頂長(m)"),
    "body_m3": ("body_m3",),
    "body_thousand_m3": ("W01_009", "堤体積(千m3)"),
    "storage_m3": ("storage_m3",),
    "storage_thousand_m3": ("W01_010", "総貯水量(千m3)"),
    "operator": ("operator", "W01_011", "事業者", "ダム事業者"),
    "completed": ("completed", "W01_012", "竣工年", "年"),
    "address": ("address", "W01_013", "所在地", "住所"),
}
_PER_THOUSAND = 1000.0

# Code lists of W01: DamTypeCd, DamPurposeCd and DamInstitutionCd beside the page named above.
TYPES = {
    "1": Word("アーチダム", "arch"),
    "2": Word("バットレスダム", "buttress"),
    "3": Word("アースダム", "earthfill"),
    "4": Word("アスファルトフェイシングダム", "asphalt facing"),
    "5": Word("アスファルトコアダム", "asphalt core"),
    "6": Word("フローティングゲートダム（可動堰）", "floating gate (movable weir)"),
    "7": Word("重力式コンクリートダム", "concrete gravity"),
    "8": Word("重力式アーチダム", "arch gravity"),
    "9": Word("重力式コンクリートダム・フィルダム複合ダム", "concrete gravity and fill"),
    "10": Word("中空重力式コンクリートダム", "hollow concrete gravity"),
    "11": Word("マルティプルアーチダム", "multiple arch"),
    "12": Word("ロックフィルダム", "rockfill"),
    "13": Word("台形CSGダム", "trapezoidal CSG"),
}
FLOOD_CONTROL, IRRIGATION = "1", "3"
PURPOSES = {
    FLOOD_CONTROL: Word("洪水調節、農地防災", "flood control"),
    "2": Word("不特定用水、河川維持用水", "river maintenance"),
    IRRIGATION: Word("灌漑、特定(新規)灌漑用水", "irrigation"),
    "4": Word("上水道用水", "water supply"),
    "5": Word("工業用水道用水", "industrial water"),
    "6": Word("発電", "power"),
    "7": Word("消流雪用水", "snow removal"),
    "8": Word("レクリエーション", "recreation"),
}
OPERATORS = {
    "1": Word("国土交通省（各地方整備局、北海道開発局含む）", "Ministry of Land (MLIT)"),
    "2": Word("沖縄開発庁", "Okinawa Development Agency"),
    "3": Word("農林水産省（各地方農政局含む）", "Ministry of Agriculture (MAFF)"),
    "4": Word("都道府県", "prefecture"),
    "5": Word("市区町村", "municipality"),
    "6": Word("水資源開発公団", "Water Resources Development Corporation"),
    "7": Word("その他の公共企業体", "other public corporation"),
    "8": Word("土地改良区", "land improvement district"),
    "9": Word("利水組合・用水組合", "water users' association"),
    "10": Word("電力会社・電源開発株式会社", "electric power company"),
    "11": Word("その他の企業", "other company"),
    "12": Word("個人", "individual"),
    "13": Word("その他", "other"),
}


def read_dams(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    columns: Mapping[str, str] | None = None,
    municipalities: gpd.GeoDataFrame | None = None,
    limit_m: float = 2000.0,
) -> gpd.GeoDataFrame:
    """Read dams as points.

    Rows without a place, rows written twice at one place, points outside of all municipalities and
    a change of datum are told as `LayerWarning`.

    Parameters
    ----------
    source
        Vector file of points (``FILE:LAYER`` picks a layer) such as W01 of 国土数値情報, or a table
        (.csv, .xlsx) with a name, longitude and latitude [degrees] a row.
    crs
        CRS of a vector file that states none, or of a table that is not in EPSG:6668.
    columns
        Names in the file for ours, where `COLUMNS` has not got them: ``{"name": "DAM_NM"}``.
    municipalities
        Boundaries as from `read_municipalities`; points farther than `limit_m` from all of them are
        set aside.
    limit_m
        Greatest distance [m] of a point outside of all municipalities.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``dam_id`` (text, unique, in the order of the file): the file's code, else its row
        number. Columns, missing where the file does not say:

        - ``name``, ``river_system``, ``river``, ``address``: text
        - ``type``, ``purposes``, ``operator``: words in Japanese, several joined by ``;``, and
          ``type_en``, ``purposes_en``, ``operator_en`` in English
        - ``irrigation``, ``flood_control``: whether the dam serves that purpose
        - ``height_m`` (堤高), ``crest_length_m`` (堤頂長) [m]
        - ``body_m3`` (堤体積), ``storage_m3`` (総貯水量) [m3]
        - ``completed``: year
        - ``municipality_code``, ``municipality`` and ``municipality_m`` (distance outside of it
          [m], 0 inside), where `municipalities` are given
        - ``geometry``: points, EPSG:6668 (JGD2011 longitude and latitude)

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw, found, faults = read_points(source, COLUMNS, columns=columns, crs=crs, what="dams")
    type_ja, type_en = decode(raw, found.get("type"), TYPES, faults)
    purposes_ja, purposes_en = decode(raw, found.get("purposes"), PURPOSES, faults)
    operator_ja, operator_en = decode(raw, found.get("operator"), OPERATORS, faults)
    values = {
        "name": texts(raw, found.get("name")),
        "river_system": texts(raw, found.get("river_system")),
        "river": texts(raw, found.get("river")),
        "type": type_ja,
        "type_en": type_en,
        "purposes": purposes_ja,
        "purposes_en": purposes_en,
        "irrigation": _serves(raw, found.get("purposes"), IRRIGATION),
        "flood_control": _serves(raw, found.get("purposes"), FLOOD_CONTROL),
        "height_m": numbers(raw, found.get("height_m"), faults),
        "crest_length_m": numbers(raw, found.get("crest_length_m"), faults),
        "body_m3": _volume(raw, found, "body", faults),
        "storage_m3": _volume(raw, found, "storage", faults),
        "operator": operator_ja,
        "operator_en": operator_en,
        "completed": whole_numbers(raw, found.get("completed"), faults),
        "address": texts(raw, found.get("address")),
    }
    if faults:
        raise LayerError(layer, faults)
    ids = feature_ids(raw, found.get("dam_id"), "dam_id", layer)
    dams = gpd.GeoDataFrame(values, geometry=raw.geometry, crs=raw.crs).set_axis(ids)
    return finish_points(dams, municipalities, limit_m=limit_m, layer=layer, what="dams")


def _serves(raw: pd.DataFrame, column: str | None, purpose: str) -> pd.Series:
    """Whether a dam serves a purpose; missing where none is stated."""
    names = {purpose, PURPOSES[purpose].ja, PURPOSES[purpose].en}
    serves = [bool(names & set(given)) if given else None for given in codes(raw, column)]
    return pd.Series(serves, index=raw.index, dtype="boolean")


def _volume(raw: pd.DataFrame, found: Mapping[str, str], what: str, faults: list[str]) -> pd.Series:
    """Volume [m3]; W01 states it in thousands."""
    thousands = numbers(raw, found.get(f"{what}_thousand_m3"), faults) * _PER_THOUSAND
    return numbers(raw, found.get(f"{what}_m3"), faults).fillna(thousands)
