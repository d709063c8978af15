"""What the readers of vector layers share: shapes, columns, tags, ids and text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.crs import no_crs_fault
from hokkaido_gis.errors import LayerWarning, name_some
from hokkaido_gis.normalise import find_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd


def own_columns(
    raw: pd.DataFrame, wanted: Mapping[str, Sequence[str]], chosen: Mapping[str, str] | None
) -> tuple[dict[str, str], list[str]]:
    """Find our columns, those that the caller names first.

    Parameters
    ----------
    raw
        Layer as read.
    wanted
        Our names, each with the source names in order of preference.
    chosen
        Our name to the name in this file.

    Returns
    -------
    found : dict
        Our name to the name in `raw`, for those found.
    faults : list of str
        Names chosen that are not ours or not in the file.
    """
    found, faults = find_columns(raw, wanted), []
    for ours, theirs in (chosen or {}).items():
        if ours not in wanted:
            faults.append(f"columns names {ours!r}; ours are {', '.join(wanted)}.")
        elif theirs not in raw.columns:
            there = [c for c in raw.columns if c != raw.geometry.name]
            faults.append(
                f"it has no column {theirs!r} for {ours}; it has {name_some(there, most=12)}."
            )
        else:
            found[ours] = theirs
    return found, faults


def tagged(
    raw: gpd.GeoDataFrame, column: str | None, tags: Sequence[str], layer: str
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Leave out what OpenStreetMap tags as something else; other layers are taken whole.

    Parameters
    ----------
    raw
        Layer as read.
    column
        Column of OpenStreetMap's tag `power`; one of numbers is another power.
    tags
        Tags meant.
    layer
        Name of the layer.

    Returns
    -------
    kept : geopandas.GeoDataFrame
        Features so tagged.
    faults : list of str
        That there are none, in which case all are kept.
    """
    if column is None or pd.api.types.is_numeric_dtype(raw[column]):
        return raw, []
    said = texts(raw, column)
    meant = said.isin(tags)
    others = said[~meant].fillna("blank").value_counts()
    told = name_some([f"{tag} ({count})" for tag, count in others.items()])
    if not meant.any():
        return raw, [f"its column {column!r} says {told}; expected {' or '.join(tags)}."]
    if len(others):
        warnings.warn(
            f"{layer}: {(~meant).sum()} of {len(raw)} features are not {' or '.join(tags)} and are "
            f"set aside: {told}.",
            LayerWarning,
            stacklevel=3,
        )
    return raw[meant], []


def geometry_faults(raw: gpd.GeoDataFrame, kinds: Collection[str], what: str) -> list[str]:
    """Say what is wrong with the CRS and the kinds of geometry; what is missing is no fault."""
    faults = [no_crs_fault(raw)] if raw.crs is None else []
    present = raw.geom_type[~(raw.geometry.isna() | raw.geometry.is_empty)]
    other = present[~present.isin(kinds)]
    if len(other):
        faults.append(
            f"{len(other)} features are {' and '.join(sorted(other.unique()))} (rows "
            f"{name_some(list(other.index))}); {what} must be {' or '.join(sorted(kinds))}."
        )
    return faults


def feature_ids(raw: pd.DataFrame, column: str | None, name: str, layer: str) -> pd.Index:
    """Text ids of features, each once.

    A second feature of the same id, as clipping or splitting leaves it, gets ``-2`` after it, and
    so on; one without an id becomes ``row-`` and its number. Both are told.

    Parameters
    ----------
    raw
        Layer as read.
    column
        Column of ids; without it, or when all of it is blank, the row numbers are the ids.
    name
        Name of the index.
    layer
        Name of the layer.

    Returns
    -------
    pandas.Index
        Unique text in the order of `raw`.
    """
    rows = [str(row) for row in raw.index]
    written = texts(raw, column)
    if column is not None and column.casefold() == "osm_id" and "osm_type" in raw.columns:
        # Ways and relations are numbered apart.
        written = texts(raw, "osm_type") + "/" + written
    if written.isna().all():
        return pd.Index(rows, name=name)
    given = [
        f"row-{row}" if pd.isna(each) else str(each)
        for row, each in zip(rows, written, strict=True)
    ]
    ids = pd.Index(_each_once(given), name=name)
    changed = [f"{old} as {new}" for old, new in zip(given, ids, strict=True) if old != new]
    unnamed = int(written.isna().sum())
    parts = []
    if changed:
        parts.append(f"{len(changed)} ids occur before and are numbered on ({name_some(changed)})")
    if unnamed:
        parts.append(f"{unnamed} features have no id and are named by their row")
    if parts:
        warnings.warn(f"{layer}: {'; '.join(parts)}.", LayerWarning, stacklevel=3)
    return ids


def texts(raw: pd.DataFrame, column: str | None) -> pd.Series:
    """Text of a column without blanks around it; missing where blank or where there is no column.

    Whole numbers lose the ``.0`` that missing values beside them give.
    """
    if column is None:
        return pd.Series(pd.NA, index=raw.index, dtype="str")
    values = raw[column]
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    written = values.astype("str").where(values.notna()).str.strip()
    return written.where(written != "").astype("str")


def _each_once(ids: Sequence[str]) -> list[str]:
    taken, counts, unique = set(ids), dict[str, int](), []
    for each in ids:
        number = counts.get(each, 0) + 1
        while number > 1 and f"{each}-{number}" in taken:
            number += 1
        counts[each] = number
        new = each if number == 1 else f"{each}-{number}"
        taken.add(new)
        unique.append(new)
    return unique
