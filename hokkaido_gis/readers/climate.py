"""Climate by weather station: monthly normals and irradiation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from hokkaido_gis.crs import STORAGE_CRS, to_storage_crs
from hokkaido_gis.errors import LayerError, LayerWarning, TableError, name_some
from hokkaido_gis.io.tables import read_table
from hokkaido_gis.normalise import find_columns
from hokkaido_gis.readers.stations import (
    ID_COLUMN,
    NAME_COLUMN,
    blanks,
    first_ten,
    missing_columns,
    numbers_of,
    place_faults,
    read_places,
    station_ids,
    texts_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyproj import CRS

MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))
"""Columns of monthly values, January to December."""

# Our columns and the names that sources give them, preferred first.
_MONTHLY = {month: (month, f"{number}月") for number, month in enumerate(MONTHS, 1)}
NORMAL_COLUMNS = {
    "station_id": ID_COLUMN,
    "element": ("element", "要素"),
    **_MONTHLY,
    "year": ("year", "年"),
}
IRRADIATION_COLUMNS = {
    "station_id": ID_COLUMN,
    "name": NAME_COLUMN,
    "irradiation": ("irradiation", "kWh_m2_day_avg", "kWh_m2_day", "年平均日射量"),
    **_MONTHLY,
}


@dataclass(frozen=True)
class Quantity:
    """A quantity of monthly tables.

    Attributes
    ----------
    names
        What sources call it.
    unit
        Unit of its values.
    lowest, highest
        Limits of what a month or a year's mean can be in Japan.
    unlike
        What values above `highest` look like, and how to mend them: the least such value, and the
        advice.
    """

    names: tuple[str, ...]
    unit: str
    lowest: float
    highest: float
    unlike: tuple[tuple[float, str], ...] = ()


ELEMENTS = {
    "temperature": Quantity(
        names=("temperature", "気温", "平均気温"),
        unit="deg C",
        lowest=-40.0,
        highest=40.0,
        unlike=((220.0, "It looks like kelvin: subtract 273.15."),),
    ),
    "precipitation": Quantity(("precipitation", "降水量"), "mm", 0.0, 3000.0),
    # The longest month of the north end of Japan has 472 hours of day.
    "sunshine": Quantity(("sunshine", "sunshine_duration", "日照時間"), "h", 0.0, 480.0),
}
"""Elements of the climate normals, by our name."""

IRRADIATION = Quantity(
    names=(),
    unit="kWh/m2 day",
    lowest=0.2,
    highest=9.0,
    unlike=(
        (9.0, "It looks like MJ/m2 day: divide by 3.6."),
        (300.0, "It looks like a year's sum: divide by 365."),
    ),
)


def read_normals(source: str | Path) -> pd.DataFrame:
    """Read monthly climate normals.

    Elements other than those of `ELEMENTS` and rows with missing months are told as `LayerWarning`.

    Parameters
    ----------
    source
        Table with a row for each station and element and columns ``m01`` to ``m12``: mean
        temperature [deg C], precipitation [mm], sunshine [h].

    Returns
    -------
    pandas.DataFrame
        Index ``station_id`` (text) and ``element`` (``temperature``, ``precipitation``,
        ``sunshine``), in the order of the file; columns ``m01`` to ``m12`` and ``year`` (mean
        temperature, sum of the others), missing where the file has no value. `monthly` gives one
        element.

    Raises
    ------
    TableError
        If the file cannot be read or used; all its faults are listed at once, by row.
    """
    layer = str(source)
    raw = read_table(source)
    found = find_columns(raw, NORMAL_COLUMNS)
    faults = missing_columns(raw, found, ("element", *MONTHS), NORMAL_COLUMNS)
    elements = texts_of(raw, found.get("element")).map(_element).astype("str")
    if "element" in found:
        raw, elements = _known_elements(raw, elements, found["element"], layer)
    ids, id_faults = station_ids(raw, found, elements)
    values, number_faults = _monthly_numbers(raw, found)
    faults += id_faults + number_faults
    for element, quantity in ELEMENTS.items():
        those = elements == element
        in_range = values.loc[those, list(MONTHS)]
        faults += _range_faults(in_range, quantity, ids + " " + element)
    if faults:
        raise TableError(layer, faults)
    _tell_missing_months(values, ids + " " + elements, layer)
    return values.set_axis(
        pd.MultiIndex.from_arrays([ids, elements], names=["station_id", "element"])
    )


def monthly(normals: pd.DataFrame, element: str) -> pd.DataFrame:
    """Monthly values of one element.

    Parameters
    ----------
    normals
        As `read_normals` gives them.
    element
        ``temperature`` [deg C], ``precipitation`` [mm] or ``sunshine`` [h].

    Returns
    -------
    pandas.DataFrame
        Index ``station_id``; columns ``m01`` to ``m12``.

    Raises
    ------
    TableError
        If there is no such element.
    """
    there = normals.index.get_level_values("element")
    if element not in there:
        fault = f"no element {element!r}; there are {', '.join(sorted(there.unique()))}."
        raise TableError("climate normals", [fault])
    return normals.loc[there == element, list(MONTHS)].droplevel("element")


def read_irradiation(source: str | Path, *, crs: str | CRS = STORAGE_CRS) -> gpd.GeoDataFrame:
    """Read mean daily irradiation.

    Which plane it was measured on (level, or tilted) the table must say elsewhere; the report's
    formula wants the tilted plane.

    Parameters
    ----------
    source
        Table (.csv, .xlsx) with columns of longitude and latitude [degrees], or a vector file of
        points, with the year's mean, monthly means ``m01`` to ``m12``, or both [kWh/m2 day].
    crs
        CRS of a table, and of a vector file that states none.

    Returns
    -------
    geopandas.GeoDataFrame
        Index ``station_id`` (text, in the order of the file); columns ``name``, ``irradiation``
        (year's mean [kWh/m2 day], missing where the file has only months), ``m01`` to ``m12``
        [kWh/m2 day] where the file has them, and ``geometry`` (points, EPSG:6668 JGD2011 longitude
        and latitude).

    Raises
    ------
    LayerError
        If the file cannot be read or used; all its faults are listed at once, by row.
    """
    layer = str(source)
    raw = read_places(source, crs)
    found = find_columns(raw, IRRADIATION_COLUMNS)
    ids, faults = station_ids(raw, found)
    faults += place_faults(raw)
    has_months = any(month in found for month in MONTHS)
    wanted = MONTHS if has_months else ("irradiation",)
    faults += missing_columns(raw, found, wanted, IRRADIATION_COLUMNS)
    columns = ["irradiation", *(MONTHS if has_months else ())]
    values, number_faults = _monthly_numbers(raw, found, columns)
    faults += number_faults + _range_faults(values, IRRADIATION, ids)
    given = [column for column in columns if column in found]
    faults += [
        f"{fault}." for column in given if (fault := blanks(values[column], column)) is not None
    ]
    if faults:
        raise LayerError(layer, faults)
    points = gpd.GeoDataFrame(
        {"name": texts_of(raw, found.get("name")), **values}, geometry=raw.geometry, crs=raw.crs
    )
    return to_storage_crs(points.set_axis(pd.Index(ids, name="station_id")), layer)


def _monthly_numbers(
    raw: pd.DataFrame, found: Mapping[str, str], columns: Sequence[str] = (*MONTHS, "year")
) -> tuple[pd.DataFrame, list[str]]:
    values, faults = {}, []
    for column in columns:
        values[column], column_faults = numbers_of(raw, found.get(column))
        faults += column_faults
    return pd.DataFrame(values, index=raw.index), faults


def _element(name: object) -> object:
    """Our name of an element; missing for one that is not ours."""
    for ours, quantity in ELEMENTS.items():
        if str(name).casefold() in quantity.names:
            return ours
    return np.nan


def _known_elements(
    raw: pd.DataFrame, elements: pd.Series, column: str, layer: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out elements that are not ours, and say so."""
    others = raw[column][elements.isna()].fillna("blank").value_counts()
    if len(others) == 0:
        return raw, elements
    told = name_some([f"{element} ({count})" for element, count in others.items()])
    if elements.isna().all():
        fault = f"its elements are {told}; expected {', '.join(ELEMENTS)}."
        raise TableError(layer, [fault])
    warnings.warn(
        f"{layer}: {others.sum()} rows of other elements are set aside: {told}.",
        LayerWarning,
        stacklevel=3,
    )
    return raw[elements.notna()], elements[elements.notna()]


def _range_faults(values: pd.DataFrame, quantity: Quantity, names: pd.Series) -> list[str]:
    """Name the rows whose values are out of range, the first ten, and what they look like."""
    numbers = values.to_numpy()
    wrong = (numbers < quantity.lowest) | (numbers > quantity.highest)
    faults = []
    for i in np.flatnonzero(wrong.any(axis=1)):
        first, largest = int(wrong[i].argmax()), numbers[i][wrong[i]].max()
        hints = [hint for least, hint in quantity.unlike if largest > least]
        row = values.index[int(i)]
        faults.append(
            f"row {row} ({names[row]}): {values.columns[first]} is {numbers[i, first]:g} "
            f"{quantity.unit}; expected {quantity.lowest:g} to {quantity.highest:g}."
            + (f" {hints[-1]}" if hints else "")
        )
    return first_ten(faults)


def _tell_missing_months(values: pd.DataFrame, names: pd.Series, layer: str) -> None:
    lacking = values[list(MONTHS)].isna().to_numpy()
    rows = np.flatnonzero(lacking.any(axis=1))
    if len(rows):
        told = [f"{names.iloc[i]} ({', '.join(np.array(MONTHS)[lacking[i]])})" for i in rows]
        warnings.warn(
            f"{layer}: {len(rows)} of {len(values)} rows lack months, which stay missing: "
            f"{name_some(told)}.",
            LayerWarning,
            stacklevel=3,
        )
