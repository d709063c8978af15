"""Substations: OpenStreetMap, the buses of a network table, or any layer of points or polygons."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from hokkaido_gis.crs import to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, name_some
from hokkaido_gis.io.vector import read_vector
from hokkaido_gis.normalise import repair_polygons
from hokkaido_gis.readers.features import (
    feature_ids,
    geometry_faults,
    own_columns,
    tagged,
    texts,
)
from hokkaido_gis.readers.lines import voltages_of
from hokkaido_gis.voltage import classify_voltages, tell_voltages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

    from hokkaido_gis.voltage import Unit

# Our columns and the names that sources give them, preferred first.
COLUMNS = {
    "substation_id": ("substation_id", "@id", "id", "osm_id", "full_id"),
    "name": ("name", "name:ja", "_display_name", "名称", "変電所名", "name:en", "ref"),
    "kind": ("kind", "substation"),
    "power": ("power",),
    "voltage": (
        "voltages", "kv", "_voltage_kv", "voltage_kv", "vn_kv", "電圧(kV)", "voltage", "電圧",
    ),
    "operator": ("operator", "operator:ja", "事業者", "operator:en"),
}  # fmt: skip

SUBSTATION_TAGS = ("substation", "sub_station")
"""Values of OpenStreetMap's `power` that mean a substation; the second is an old spelling."""


def read_substations(
    source: str | Path,
    *,
    crs: str | CRS | None = None,
    columns: Mapping[str, str] | None = None,
    voltage_unit: Unit | None = None,
) -> gpd.GeoDataFrame:
    """Read substations, as points or as the polygons of their premises.

    Features of OpenStreetMap that are no substation, features without geometry, repaired polygons,
    ids given twice, voltages that are unknown or unreadable, and a change of datum are told as
    `LayerWarning`.

    Parameters
    ----------
    source
        Vector file (``FILE:LAYER`` picks a layer) of points or polygons: OpenStreetMap
        (``power=substation``), the buses of a network table, or any other.
    crs
        CRS of a file that states none.
    columns
        Names in the file for ours, where `COLUMNS` has not got them: ``{"voltage": "DENATSU"}``.
        Ours are substation_id, name, kind, power, voltage and operator.
    voltage_unit
        Unit of voltages written as bare numbers. Otherwise it follows from the column's name;
        ``voltage`` is in volts, as in OpenStreetMap, unless none of its numbers reaches 1,000.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``substation_id`` (text, unique, in the order of the file): the file's id, else its
        row number, which starts at 0. Columns, missing where the file does not say:

        - ``name``, ``operator``, and ``kind`` (``transmission``, ``distribution``, ...): text
        - ``kv``: highest voltage [kV]
        - ``voltages``: all voltages [kV], highest first, as text such as ``187;66``
        - ``voltage_class``: the report's class of the highest voltage, an ordered category
        - ``geometry``: as the file has it, without heights, EPSG:6668 (JGD2011 longitude and
          latitude); `substation_points` gives one point each

    Raises
    ------
    LayerError
        If the file cannot be read or the layer cannot be used; all its faults are listed at once.
    """
    layer = str(source)
    raw = read_vector(source, crs=crs, having=COLUMNS["voltage"])
    found, faults = own_columns(raw, COLUMNS, columns)
    raw, tag_faults = tagged(raw, found.get("power"), SUBSTATION_TAGS, layer)
    kinds = {"Point", "MultiPoint", "Polygon", "MultiPolygon"}
    faults += tag_faults + geometry_faults(raw, kinds, "substations")
    if faults:
        raise LayerError(layer, faults)
    raw = raw.set_axis(feature_ids(raw, found.get("substation_id"), "substation_id", layer))
    raw = _with_geometry(raw, layer)
    # Repairing leaves nothing of a polygon that covers no area.
    raw = _with_geometry(repair_polygons(raw, raw.index.to_series(), layer), layer)
    voltages = voltages_of(raw, found.get("voltage"), voltage_unit)
    tell_voltages(voltages, layer, "substations", column=found.get("voltage"))
    substations = gpd.GeoDataFrame(
        {
            "name": texts(raw, found.get("name")),
            "kind": texts(raw, found.get("kind")),
            "kv": voltages.table["kv"],
            "voltages": voltages.table["voltages"],
            "voltage_class": classify_voltages(voltages.table["kv"], voltages.table["direct"]),
            "operator": texts(raw, found.get("operator")),
        },
        geometry=shapely.force_2d(raw.geometry.to_numpy()),
        crs=raw.crs,
        index=raw.index,
    )
    return to_storage_crs(substations, layer)


def substation_points(substations: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """One point for each substation: the point itself, or one inside its polygon.

    Parameters
    ----------
    substations
        Points or polygons.

    Returns
    -------
    geopandas.GeoSeries
        Points on the index and in the CRS of `substations`.
    """
    inside = shapely.point_on_surface(substations.geometry.to_numpy())
    return gpd.GeoSeries(inside, index=substations.index, crs=substations.crs, name="point")


def _with_geometry(raw: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Drop substations that lie nowhere, and say so."""
    empty = raw.geometry.isna() | raw.geometry.is_empty
    if empty.all():
        raise LayerError(layer, ["no substation has a place: all geometry is empty."])
    if empty.any():
        warnings.warn(
            f"{layer}: {empty.sum()} of {len(raw)} substations have no geometry and are dropped: "
            f"{name_some(list(raw.index[empty]))}.",
            LayerWarning,
            stacklevel=3,
        )
    return raw[~empty]
