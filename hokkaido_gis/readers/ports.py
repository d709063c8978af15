"""Fishing ports: 国土数値情報 C09, or any table or layer of named points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from hokkaido_gis.errors import LayerError
from hokkaido_gis.readers.features import feature_ids, texts
from hokkaido_gis.readers.points import Word, decode, finish_points, numbers, read_points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

# Our columns and the names that sources give them, preferred first. Source of C09: 国土数値情報
# 漁港データ 第3.1版 (2006), https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-C09.html
COLUMNS = {
    "port_id": ("port_id", "C09_001", "漁港コード", "漁港番号", "id"),
    "name": ("name", "C09_002", "port", "漁港名", "漁港", "名称"),
    "listed_code": ("listed_code", "C09_003", "行政区域コード"),
    "class": ("class", "C09_004", "種別", "漁港種別"),
    "administrator": ("administrator", "C09_006", "管理者名", "管理者"),
    "cooperative": ("cooperative", "C09_008", "関係漁業協同組合", "関係漁業共同組合"),
    "breakwaters_m": ("breakwaters_m", "C09_009", "外郭施設延長"),
    "moorings_m": ("moorings_m", "C09_010", "係留施設延長"),
    "plot_area_m2": ("plot_area_m2", "太陽光パネル設置可能用地面積", "用地面積(m2)", "用地面積"),
    "prefecture": ("prefecture", "都道府県", "ken"),
}
# Code list ClassFishPortCd beside the page named above; the classes are those of 漁港漁場整備法,
# article 5.
CLASSES = {
    "1": Word("第1種", "class 1: local use"),
    "2": Word("第2種", "class 2: use between classes 1 and 3"),
    "3": Word("第3種", "class 3: use from all over the country"),
    "4": Word("第4種", "class 4: remote, for shelter and fishing grounds"),
    "5": Word("特定第3種", "class 3, of special importance"),
}


def read_ports(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    columns: Mapping[str, str] | None = None,
    municipalities: gpd.GeoDataFrame | None = None,
    limit_m: float = 2000.0,
) -> gpd.GeoDataFrame:
    """Read fishing ports as points.

    Rows without a place, rows written twice at one place, points outside of all municipalities and
    a change of datum are told as `LayerWarning`.

    Parameters
    ----------
    source
        Vector file of points (``FILE:LAYER`` picks a layer) such as C09 of 国土数値情報, or a table
        (.csv, .xlsx) with a name, longitude and latitude [degrees] a row.
    crs
        CRS of a vector file that states none, or of a table that is not in EPSG:6668.
    columns
        Names in the file for ours, where `COLUMNS` has not got them: ``{"name": "PORT_NM"}``.
    municipalities
        Boundaries as from `read_municipalities`; points farther than `limit_m` from all of them are
        set aside, such as a port that is labelled 北海道 and lies in Kyushu.
    limit_m
        Greatest distance [m] of a point outside of all municipalities; ports lie on the water.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``port_id`` (text, unique, in the order of the file): the file's code, else its row
        number. Columns, missing where the file does not say:

        - ``name``, ``administrator``, ``cooperative``, ``prefecture``: text
        - ``listed_code``: municipality's code as the file has it, text; in C09 that of 2006, before
          some mergers
        - ``class`` in Japanese, ``class_en`` in English
        - ``breakwaters_m`` (外郭施設延長), ``moorings_m`` (係留施設延長) [m]: what is counted for
          the local allocation tax, not true lengths
        - ``plot_area_m2``: plots of buildings that could bear solar panels [m2]; not in C09
        - ``municipality_code``, ``municipality`` and ``municipality_m`` (distance outside of it
          [m], 0 inside), where `municipalities` are given
        - ``geometry``: points, EPSG:6668 (JGD2011 longitude and latitude)

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw, found, faults = read_points(source, COLUMNS, columns=columns, crs=crs, what="ports")
    class_ja, class_en = decode(raw, found.get("class"), CLASSES, faults)
    values = {
        "name": texts(raw, found.get("name")),
        "class": class_ja,
        "class_en": class_en,
        "administrator": texts(raw, found.get("administrator")),
        "cooperative": texts(raw, found.get("cooperative")),
        "breakwaters_m": numbers(raw, found.get("breakwaters_m"), faults),
        "moorings_m": numbers(raw, found.get("moorings_m"), faults),
        "plot_area_m2": numbers(raw, found.get("plot_area_m2"), faults),
        # Some files write the prefecture's number before its name.
        "prefecture": texts(raw, found.get("prefecture")).str.replace(r"^\d+,", "", regex=True),
        "listed_code": texts(raw, found.get("listed_code")),
    }
    if faults:
        raise LayerError(layer, faults)
    ids = feature_ids(raw, found.get("port_id"), "port_id", layer)
    ports = gpd.GeoDataFrame(values, geometry=raw.geometry, crs=raw.crs).set_axis(ids)
    return finish_points(ports, municipalities, limit_m=limit_m, layer=layer, what="ports")
