"""Keys of farm settlements (農業集落): every spelling in, text of 10 digits out.

A key is made of prefecture (2 digits), municipality (3), former municipality (旧市区町村, 2) and
settlement (3). Files carry it whole (``KEY``, ``rcom_key``) or in parts (``PREF``, ``CITY``,
``KCITY``, ``RCOM``), and spreadsheets drop its leading zero. Tables of the census have rows of
totals among the settlements, whose keys end in zeros or are shorter. A value that can be read in
two ways is settled by the rest of its column, or refused; it is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

import pandas as pd

from hokkaido_gis.codes import check_digit
from hokkaido_gis.errors import CodeError, list_faults, name_some
from hokkaido_gis.normalise import find_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

Level = Literal["settlement", "former municipality", "municipality", "prefecture", "outside"]

# Parts of a key with their digits, highest first.
PARTS = {"prefecture": 2, "municipality": 3, "former": 2, "settlement": 3}
# Columns that hold the key or its parts, as files of 農林水産省 name them, preferred first.
KEY_COLUMNS = {
    "key": ("key", "rcom_key", "KEY_CODE", "農業集落コード", "農業集落キー", "集落コード"),
    "prefecture": ("PREF", "PREF_CD", "都道府県コード", "都道府県番号"),
    "municipality": ("CITY", "CITY_CD", "市区町村コード", "市町村コード", "市区町村番号"),
    "former": ("KCITY", "KCITY_CD", "旧市区町村コード", "旧市町村コード", "旧市区町村番号"),
    "settlement": ("RCOM", "RCOM_CD", "農業集落番号", "集落番号"),
}
# Land outside all settlements: MAFF writes former municipality -9 and settlement -99.
_OUTSIDE = re.compile(r"[0-9]{5}-9-99")
_WIDTHS = {10: "settlement", 7: "former municipality", 5: "municipality", 2: "prefecture"}


def normalise_keys(values: pd.Series, *, totals: bool = False) -> pd.Series:
    """Turn keys in any spelling into text of 10 digits.

    Parameters
    ----------
    values
        Keys as text or numbers, with full-width digits, or without their leading zero. Land outside
        all settlements (``01211-9-99``) keeps its key.
    totals
        Take keys of totals too: ``0120602000`` or ``0120602`` for a former municipality,
        ``0120600000``, ``01206`` or ``012068`` (with check digit) for a municipality,
        ``0100000000`` or ``01`` for a prefecture. They are written with zeros to 10 digits.

    Returns
    -------
    pandas.Series
        Text on the index of `values`.

    Raises
    ------
    CodeError
        If a value is missing, no key, or can be read in two ways; every such value is named with
        its rows.

    Examples
    --------
    >>> normalise_keys(pd.Series([120602006, "０１２０６０２００７"])).tolist()
    ['0120602006', '0120602007']
    >>> normalise_keys(pd.Series(["0120602006", "01206"]), totals=True).tolist()
    ['0120602006', '0120600000']
    """
    texts = _aligned([digits_of(value) for value in values], values)
    readings = {text: _readings(text, totals=totals) for text in texts.unique()}
    sure = {found[0] for text, found in readings.items() if len(found) == 1 and text == found[0]}
    chosen, faults = {}, []
    for text, found in readings.items():
        settled = _settle(text, found, sure)
        if len(settled) == 1:
            chosen[text] = settled[0]
        else:
            faults.append(f"{_fault(text, found)} ({_rows_of(texts == text)}).")
    if faults:
        raise CodeError(f"Settlement keys in {_column(values)}: " + list_faults(faults))
    return _aligned([chosen[text] for text in texts], values)


def compose_keys(
    prefecture: pd.Series, municipality: pd.Series, former: pd.Series, settlement: pd.Series
) -> pd.Series:
    """Put keys together from their parts.

    Parameters
    ----------
    prefecture, municipality, former, settlement
        Parts as text or numbers, also without leading zeros, on one index. A municipality of 4 or 5
        digits includes its prefecture. Where `settlement`, or all from one part on, is blank, the
        key is that of a total, with zeros in their place. -9 and -99 are land outside settlements.

    Returns
    -------
    pandas.Series
        Text of 10 digits named ``key``.

    Raises
    ------
    CodeError
        Naming all parts that are wrong, with their rows.

    Examples
    --------
    >>> part = {"PREF": 1, "CITY": "206", "KCITY": "２", "RCOM": 6.0}
    >>> compose_keys(*(pd.Series([value]) for value in part.values())).tolist()
    ['0120602006']
    """
    columns = dict(zip(PARTS, (prefecture, municipality, former, settlement), strict=True))
    parts = pd.DataFrame(
        {name: [digits_of(value) for value in column] for name, column in columns.items()},
        index=prefecture.index,
        dtype="str",
    )
    parts["municipality"] = _without_prefecture(parts["municipality"], parts["prefecture"])
    faults = list(_part_faults(parts, columns))
    if faults:
        raise CodeError("Parts of settlement keys: " + list_faults(faults))
    outside = parts["settlement"] == "-99"
    whole = pd.Series("", index=parts.index, dtype="str")
    for name, width in PARTS.items():
        whole += parts[name].where(
            outside & parts[name].str.startswith("-"), parts[name].str.zfill(width)
        )
    return normalise_keys(whole.rename("key"), totals=True)


def find_keys(table: pd.DataFrame, *, totals: bool = False) -> pd.Series:
    """Read the keys of a table from its column of keys, or put them together from their parts.

    Parameters
    ----------
    table
        Rows with a column of keys, or columns of all four parts, under any name in `KEY_COLUMNS`.
    totals
        Take keys of totals too; see `normalise_keys`.

    Returns
    -------
    pandas.Series
        Text of 10 digits named ``key``, on the index of `table`.

    Raises
    ------
    CodeError
        If there are no such columns, keys are wrong, or the key and its parts disagree.
    """
    found = find_columns(table, KEY_COLUMNS)
    if "key" not in found and not set(PARTS) <= set(found):
        raise CodeError(
            f"There is no column of settlement keys (one of {', '.join(KEY_COLUMNS['key'])}, or "
            "PREF, CITY, KCITY and RCOM together); the columns are "
            f"{name_some(list(table.columns), most=12)}."
        )
    if "key" not in found:
        composed = compose_keys(*(table[found[part]] for part in PARTS))
        return composed if totals else normalise_keys(composed)
    keys = normalise_keys(table[found["key"]], totals=totals).rename("key")
    if set(PARTS) <= set(found):
        differ = keys != compose_keys(*(table[found[part]] for part in PARTS))
        if differ.any():
            raise CodeError(
                f"Settlement keys in {_column(table[found['key']])} are not what "
                f"{', '.join(found[part] for part in PARTS)} make up ({_rows_of(differ)})."
            )
    return keys


def key_parts(keys: pd.Series) -> pd.DataFrame:
    """Take keys of 10 digits apart.

    Returns
    -------
    pandas.DataFrame
        ``prefecture`` (2 digits), ``municipality_code`` (5-digit code, with the prefecture),
        ``former`` (2) and ``settlement`` (3) as text, on the index of `keys`. Land outside
        settlements has ``-9`` and ``-99``.

    Examples
    --------
    >>> key_parts(pd.Series(["0120602006"])).iloc[0].tolist()
    ['01', '01206', '02', '006']
    """
    text = keys.astype("str")
    return pd.DataFrame(
        {
            "prefecture": text.str[:2],
            "municipality_code": text.str[:5],
            "former": text.str[5:7],
            "settlement": text.str[7:],
        }
    )


def key_levels(keys: pd.Series) -> pd.Series:
    """Say what each key of 10 digits stands for.

    Returns
    -------
    pandas.Series
        ``"settlement"``, ``"former municipality"``, ``"municipality"`` or ``"prefecture"`` (totals)
        or ``"outside"`` (land outside all settlements), on the index of `keys`.

    Examples
    --------
    >>> key_levels(pd.Series(["0120602006", "0120602000", "0120600000"])).tolist()
    ['settlement', 'former municipality', 'municipality']
    """
    levels = {key: _level(key) for key in keys.unique()}
    return pd.Series([levels[key] for key in keys], index=keys.index, name="level", dtype="str")


def digits_of(value: object) -> str:
    """Write a key or a part of one as its owner would: half-width, no blanks, no ``.0``.

    Examples
    --------
    >>> digits_of("　０１２ "), digits_of(12.0), digits_of(None)
    ('012', '12', '')
    """
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    text = unicodedata.normalize("NFKC", str(value)).strip().lstrip("'")
    return re.sub(r"\.0+$", "", text)


def _level(key: str) -> Level:
    if _OUTSIDE.fullmatch(key):
        return "outside"
    if key[7:] != "000":
        return "settlement"
    if key[5:7] != "00":
        return "former municipality"
    return "municipality" if key[2:5] != "000" else "prefecture"


def _readings(text: str, *, totals: bool) -> list[str]:
    """Every key of 10 digits that a text can mean."""
    if _OUTSIDE.fullmatch(text):
        return [text]
    if not re.fullmatch(r"[0-9]{1,10}", text):
        return []
    found = set()
    for width in _WIDTHS if totals else (10,):
        if width - 1 <= len(text) <= width:
            found.add(text.zfill(width).ljust(10, "0"))
    if totals and 5 <= len(text) <= 6:
        checked = text.zfill(6)
        if check_digit(checked[:5]) == checked[5]:
            found.add(checked[:5].ljust(10, "0"))
    return sorted(key for key in found if _is_possible(key, totals=totals))


def _is_possible(key: str, *, totals: bool) -> bool:
    """Whether prefecture (01-47) and municipality (100-799) can be, and it is no total unasked."""
    if not 1 <= int(key[:2]) <= 47:
        return False
    level = _level(key)
    if level == "prefecture":
        return totals
    return 100 <= int(key[2:5]) < 800 and (totals or level == "settlement")


def _settle(text: str, found: list[str], sure: set[str]) -> list[str]:
    """Of several readings keep those whose municipality stands in the column in full.

    A single reading that restores a zero is kept, unless the column has kept its zeros and holds
    no other key of that prefecture: then another digit may be the one that was lost.
    """
    if len(found) > 1:
        known = {key[:5] for key in sure if _level(key) == "settlement"}
        return [key for key in found if key[:5] in known]
    if len(text) == 9 and found and any(key.startswith("0") for key in sure):
        return [key for key in found if key[:2] in {other[:2] for other in sure}]
    return found


def _fault(text: str, found: list[str]) -> str:
    if not text:
        return "a key is missing"
    if len(found) > 1:
        return f"{text!r} may be {' or '.join(found)}; write keys as text of 10 digits"
    if found:
        return (
            f"{text!r} has 9 digits in a column that keeps its leading zeros: it may be {found[0]} "
            "or have lost another digit"
        )
    return _fault_of_no_key(text)


def _fault_of_no_key(text: str) -> str:
    if re.fullmatch(r"[0-9.]+E\+?[0-9]+", text.upper()):
        return f"{text!r} has lost digits to a spreadsheet; save the column as text"
    total = _readings(text, totals=True)
    if total:
        return f"{text!r} is the total of a {_level(total[0])}, no settlement"
    if re.fullmatch(r"[0-9]{9,10}", text):
        return f"{text!r} is no key, since {text.zfill(10)[:5]} cannot be a municipality"
    return f"{text!r} is no key of 10 digits"


def _without_prefecture(municipality: pd.Series, prefecture: pd.Series) -> pd.Series:
    """Drop the prefecture from municipalities written with it, where it is the one stated."""
    whole = municipality.str.fullmatch(r"[0-9]{4,5}")
    same = municipality.str.zfill(5).str[:2] == prefecture.str.zfill(2)
    return municipality.where(~(whole & same), municipality.str[-3:])


def _part_faults(parts: pd.DataFrame, columns: dict[str, pd.Series]) -> Iterator[str]:
    outside = (parts["former"] == "-9") & (parts["settlement"] == "-99")
    blank_above = pd.Series(data=False, index=parts.index)
    for name, width in PARTS.items():
        blank = parts[name] == ""
        wrong = ~blank & ~parts[name].str.fullmatch(rf"[0-9]{{1,{width}}}")
        if name in {"former", "settlement"}:
            wrong &= ~outside
        else:
            wrong |= blank & (name == "prefecture")
        for value in parts.loc[wrong, name].unique():
            yield (
                f"{value!r} in {_column(columns[name])} is no {name} of {width} digits "
                f"({_rows_of(wrong & (parts[name] == value))})."
            )
        orphan = blank_above & ~blank
        if orphan.any():
            yield f"{_column(columns[name])} is filled below a blank part ({_rows_of(orphan)})."
        blank_above |= blank & (name != "prefecture")


def _aligned(texts: list[str], like: pd.Series) -> pd.Series:
    # Broken text may hold halves of characters, which a column of text cannot.
    whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return pd.Series(whole, index=like.index, name=like.name, dtype="str")


def _rows_of(hits: pd.Series) -> str:
    """Name the rows that are hit, for messages."""
    rows = list(hits.index[hits])
    return f"row{'s' if len(rows) > 1 else ''} {name_some(rows)}"


def _column(values: pd.Series) -> str:
    """Call a column by its name, for messages."""
    return f"column {values.name!r}" if values.name is not None else "the values given"
