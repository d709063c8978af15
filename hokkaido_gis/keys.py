"""Key columns: found by their names, and read as municipalities or as plain text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from hokkaido_gis.codes import Form, codes_from_names, normalise_codes, ward_to_city
from hokkaido_gis.errors import CodeError, JoinError, name_some
from hokkaido_gis.io.tables import require_columns
from hokkaido_gis.normalise import find_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Columns that may name the municipality of a row, in order of preference.
KEY_COLUMNS = {
    "code": (
        "code", "jis_code", "report_code", "市町村コード", "市区町村コード", "団体コード",
        "行政区域コード", "N03_007",
    ),
    "name": ("name", "市町村名", "市区町村名", "市町村", "municipality", "N03_004"),
}  # fmt: skip


KEY_NAMES = frozenset(name for names in KEY_COLUMNS.values() for name in names)


def find_key(table: pd.DataFrame, wanted: Mapping[str, tuple[str, ...]], what: str) -> str:
    """Find the key column of a table by its name.

    Raises
    ------
    JoinError
        If no column has a name that is known.
    """
    found = find_columns(table, wanted)
    if not found:
        raise JoinError(
            f"{what}: which column is the key of a row? It has "
            f"{name_some(list(table.columns), most=12)}. Say it with key (--key on the command "
            "line)."
        )
    return next(found[ours] for ours in wanted if ours in found)


def key_values(
    frame: pd.DataFrame,
    key: str | None,
    what: str,
    wanted: Mapping[str, tuple[str, ...]] = KEY_COLUMNS,
) -> pd.Series:
    """Take the key column of a side, or its index where that bears the name.

    Parameters
    ----------
    frame
        Layer or table.
    key
        Name of the column or index; found among `wanted` where None.
    what
        Name of the side, for messages.
    wanted
        Names of key columns, in order of preference.

    Returns
    -------
    pandas.Series
        Keys as they are written, on the index of `frame`.

    Raises
    ------
    TableError
        If there is no column `key`.
    JoinError
        If no column has a name that is known.
    """
    named = frame.reset_index() if frame.index.name and frame.index.name not in frame else frame
    key = key if key is not None else find_key(named, wanted, what)
    require_columns(named, [key], what=what)
    return pd.Series(named[key].array, index=frame.index, name=key)


class MunicipalityKeys(NamedTuple):
    """A key column read as municipalities."""

    written: pd.Series
    codes: pd.Series
    """Missing where the key is no municipality."""
    notes: list[str]
    by_code: bool


def read_municipality_keys(written: pd.Series, form: Form) -> MunicipalityKeys:
    """Read keys as municipalities, by code if most hold digits, else by name.

    Parameters
    ----------
    written
        Codes in any spelling, or names.
    form
        How 5-digit codes are meant; see `normalise_codes`.

    Returns
    -------
    MunicipalityKeys
        5-digit codes; a key that is no municipality, such as a row of totals, is noted.

    Raises
    ------
    CodeError
        If no key can be read, or codes can be read in two ways.
    """
    blank = written.isna() | (written.astype(str).str.strip() == "")
    by_code = bool(written[~blank].astype(str).str.contains(r"\d").mean() > 0.5)
    read = (lambda v: normalise_codes(v, form=form)) if by_code else codes_from_names
    # Row numbers keep keys apart where labels repeat.
    keys = pd.Series(written.array, index=range(len(written)), name=written.name)
    keys = keys[~blank.to_numpy()]
    notes: dict[object, str] = dict.fromkeys(set(range(len(written))) - set(keys.index), "no key")
    try:
        codes = read(keys)
    except CodeError:
        wrong = _unreadable(keys, by_code=by_code)
        if not wrong or len(wrong) == keys.nunique():
            raise
        notes |= {i: wrong[value] for i, value in keys.items() if value in wrong}
        codes = read(keys[~keys.isin(list(wrong))])
    aligned = pd.Series(codes.reindex(range(len(written))).array, index=written.index)
    return MunicipalityKeys(
        written, aligned, [notes.get(i, "") for i in range(len(written))], by_code
    )


def _unreadable(keys: pd.Series, *, by_code: bool) -> dict[object, str]:
    """Keys that are no municipality in whatever form, each with what is wrong with it."""
    forms: tuple[Form, ...] = ("auto", "jis", "checked")
    readers: list[Callable[[pd.Series], pd.Series]] = (
        [lambda v, form=form: normalise_codes(v, form=form) for form in forms]  # type: ignore[misc]
        if by_code
        else [codes_from_names]
    )
    wrong: dict[object, str] = {}
    for value in keys.unique():
        faults = [fault for read in readers if (fault := _fault_of(read, value))]
        if len(faults) == len(readers):
            wrong[value] = faults[0]
    return wrong


def _fault_of(read: Callable[[pd.Series], pd.Series], value: object) -> str:
    try:
        read(pd.Series([value]))
    except CodeError as error:
        said = str(error).partition(": ")[2]
        return re.sub(r" \(rows? [^()]*\)\.$", "", said)
    return ""


def city_where_known(codes: pd.Series, others: pd.Series) -> pd.Series:
    """Give wards the code of their city where the other side has the city but not the ward."""
    known = set(others.dropna())
    present = pd.Series(codes.dropna().unique(), dtype="str")
    cities = dict(zip(present, ward_to_city(present), strict=True))

    def unit(code: str) -> str:
        return cities[code] if code not in known and cities[code] in known else code

    return codes.map(unit, na_action="ignore")


def plain_key(value: object) -> str:
    """Text as its owner would write it: NFKC, no blanks around, no ``.0`` of a whole number."""
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return re.sub(r"(?<=\d)\.0+$", "", text)


def without_zeros(value: object) -> str:
    """Digits without their leading zeros, which spreadsheets drop; other text as it is."""
    text = plain_key(value)
    return text.lstrip("0") if text.isdecimal() else text
