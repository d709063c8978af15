"""Attribute tables onto municipalities: by code in any spelling, or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.codes import Form, codes_from_names, normalise_codes, ward_to_city
from hokkaido_gis.errors import JoinError, name_some
from hokkaido_gis.io.tables import require_columns
from hokkaido_gis.normalise import find_columns

if TYPE_CHECKING:
    from collections.abc import Collection

# Columns that may name the municipality of a row, in order of preference.
KEY_COLUMNS = {
    "code": (
        "code", "jis_code", "report_code", "市町村コード", "市区町村コード", "団体コード",
        "行政区域コード", "N03_007",
    ),
    "name": ("name", "市町村名", "市区町村名", "市町村", "municipality", "N03_004"),
}  # fmt: skip


def index_by_municipality(
    table: pd.DataFrame,
    *,
    key: str | None = None,
    form: Form = "auto",
    units: Collection[str] | None = None,
    what: str = "table",
) -> pd.DataFrame:
    """Give each row the 5-digit code of its municipality as index.

    Parameters
    ----------
    table
        Rows with a column of codes or names.
    key
        That column; found by its name where ``None``.
    form
        How 5-digit codes are meant; see `normalise_codes`.
    units
        Codes of the layer to join to. A ward that is not among them takes the code of its city.
    what
        Name of the table, for messages.

    Returns
    -------
    pandas.DataFrame
        The rows in their order, on an index ``code``.

    Raises
    ------
    TableError
        If the table has no column `key`.
    JoinError
        If no key column is found, or a municipality stands in several rows.
    CodeError
        If codes or names are wrong, unknown or ambiguous.
    """
    column = key if key is not None else _find_key(table, what)
    require_columns(table, [column], what=what)
    codes = _codes(table[column], form)
    if units is not None:
        codes = codes.where(codes.isin(list(units)), ward_to_city(codes))
    repeated = codes[codes.duplicated(keep=False)]
    if len(repeated):
        told = [f"{code} in rows {name_some(list(rows.index))}" for code, rows in
                repeated.groupby(repeated)]  # fmt: skip
        raise JoinError(
            f"{what}: municipalities stand in more than one row: {name_some(told)}. Sum or select "
            "the rows first, so that one is left for each."
        )
    return table.set_axis(pd.Index(codes, name="code"))


def _find_key(table: pd.DataFrame, what: str) -> str:
    found = find_columns(table, KEY_COLUMNS)
    if not found:
        raise JoinError(
            f"{what}: which column names the municipality? It has "
            f"{name_some(list(table.columns), most=12)}. Say it with key (--key on the command "
            "line)."
        )
    return found.get("code", found.get("name", ""))


def _codes(values: pd.Series, form: Form) -> pd.Series:
    """Read a key column as codes if it holds digits, else as names."""
    digits = values.astype(str).str.contains(r"\d").any()
    return normalise_codes(values, form=form) if digits else codes_from_names(values)
