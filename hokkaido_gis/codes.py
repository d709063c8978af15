"""Municipality codes and names: every spelling in, 5-digit JIS text out.

Three spellings are in use: 4-digit codes of the report (``1202``), 5-digit JIS X 0402 codes
(``01202``) and 6-digit local-government codes with a check digit (``012025``). Spreadsheets turn
them into numbers and lose the leading zero, after which ``012025`` 函館 reads ``12025`` and looks
like a code of Chiba. A value that can be read in two ways is settled by the rest of its column,
or refused; it is never guessed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd

from hokkaido_gis.datasets import register
from hokkaido_gis.errors import CodeError, list_faults, name_some

Form = Literal["auto", "jis", "checked"]

# Codes of designated cities; the wards of a city follow its code up to the next city or to 199.
# Source: JIS X 0402. The special wards of Tokyo (13101-13123) are municipalities of their own.
DESIGNATED_CITIES = (
    "01100", "04100", "11100", "12100", "14100", "14130", "14150", "15100", "22100", "22130",
    "23100", "26100", "27100", "27140", "28100", "33100", "34100", "40100", "40130", "43100",
)  # fmt: skip

_VARIANTS = str.maketrans({"ヶ": "ケ", "ヵ": "カ", "鎚": "槌", "鹽": "塩"})


def check_digit(code: str) -> str:
    """Check digit of a 5-digit code.

    The digits are weighted 6, 5, 4, 3, 2; the check digit is the last digit of 11 minus the
    remainder of their sum by 11. 01101 is the one code whose sum leaves exactly 11, hence 1.

    Parameters
    ----------
    code
        5-digit JIS code.

    Returns
    -------
    str
        One digit.

    References
    ----------
    .. [1] 総務省「全国地方公共団体コード」, 検査数字を算出する算式.

    Examples
    --------
    >>> check_digit("01202"), check_digit("01101"), check_digit("01100")
    ('5', '1', '2')
    """
    if not re.fullmatch(r"[0-9]{5}", code):
        raise CodeError(f"A check digit belongs to a 5-digit code; got {code!r}.")
    weighted = sum(w * int(d) for w, d in zip((6, 5, 4, 3, 2), code, strict=True))
    return str((11 - weighted % 11) % 10)


def normalise_codes(values: pd.Series, *, form: Form = "auto") -> pd.Series:
    """Turn codes in any spelling into 5-digit JIS text.

    Parameters
    ----------
    values
        Codes as text or numbers, of 4, 5 or 6 digits, also without their leading zero.
    form
        How 5-digit values without a leading zero are meant: ``"jis"`` (JIS codes of other
        prefectures), ``"checked"`` (6-digit codes that lost their zero), or ``"auto"``: found out
        from the column, and refused where the column does not settle it.

    Returns
    -------
    pandas.Series
        Text codes on the index of `values`. Wards stay wards; see `ward_to_city`.

    Raises
    ------
    CodeError
        If a value is missing, no code, has a wrong check digit, or can be read in two ways; every
        such value is named with its rows.

    Examples
    --------
    >>> normalise_codes(pd.Series([1100, "01202", "012033"])).tolist()
    ['01100', '01202', '01203']
    """
    texts = _aligned([_as_digits(value) for value in values], values)
    readings = {text: _read(text) for text in texts.unique()}
    chosen = _settle(readings, form)
    faults = [
        f"{reading.fault} ({_rows_of(texts == text)})."
        for text, reading in chosen.items()
        if reading.fault
    ]
    if faults:
        raise CodeError(f"Municipality codes in {_column(values)}: " + list_faults(faults))
    return _aligned([chosen[text].code for text in texts], values)


def ward_to_city(codes: pd.Series) -> pd.Series:
    """Give wards of designated cities the code of their city; other codes stay.

    Examples
    --------
    >>> ward_to_city(pd.Series(["01101", "01202", "14132"])).tolist()
    ['01100', '01202', '14130']
    """
    cities = {code: _city_of(code) for code in codes.unique()}
    return _aligned([cities[code] for code in codes], codes)


def normalise_name(name: str) -> str:
    """Bring a municipality's name to one spelling for comparison.

    Full-width and half-width forms are unified (NFKC), blanks, a leading prefecture and a leading
    district (郡) dropped, and the usual variants (ヶ/ケ, 鎚/槌) made one.

    Examples
    --------
    >>> normalise_name("北海道空知郡 奈井江町")
    '奈井江町'
    """
    unspaced = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    # What a blank kept apart, such as a letter and its accent, may be one letter now.
    text = unicodedata.normalize("NFKC", unspaced).translate(_VARIANTS)
    text = text.removeprefix("北海道")
    return re.sub(r"^.{1,4}?郡(?=.+[町村]$)", "", text)


def codes_from_names(names: pd.Series) -> pd.Series:
    """Find the codes of municipalities by their names within Hokkaido.

    Names such as 森町, 泊村 and 池田町 exist in other prefectures too, and 泊村 twice within
    Hokkaido: here they mean the municipality among the 179. Wards are found as 札幌市中央区.

    Parameters
    ----------
    names
        Names, with or without prefecture and district.

    Returns
    -------
    pandas.Series
        5-digit text codes on the index of `names`.

    Raises
    ------
    CodeError
        If a name is missing or no municipality of Hokkaido; names that come close are proposed.
    """
    known = _codes_by_name()
    present = names.dropna()
    found = {name: known.get(normalise_name(str(name))) for name in present.unique()}
    faults = [
        f"{name!r} is no municipality of Hokkaido{_proposal(name)} ({_rows_of(present == name)})."
        for name, code in found.items()
        if code is None
    ]
    if len(present) < len(names):
        faults.append(f"a name is missing ({_rows_of(names.isna())}).")
    if faults:
        raise CodeError(f"Municipality names in {_column(names)}: " + list_faults(faults))
    return _aligned([found[name] for name in names], names)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a written code can mean: as it stands, and as a checked code without its zero."""

    jis: str | None = None
    checked: str | None = None
    fault: str = ""

    @property
    def code(self) -> str | None:
        return self.jis or self.checked


def find_code(municipality: str) -> str:
    """Find the code of one municipality of Hokkaido by its code or name.

    Raises
    ------
    CodeError
        If it is neither; names that come close are proposed.

    Examples
    --------
    >>> find_code("釧路市"), find_code("1206")
    ('01206', '01206')
    """
    text = unicodedata.normalize("NFKC", municipality).strip()
    code = _read(text).code if text.isdigit() else _codes_by_name().get(normalise_name(text))
    if code not in register():
        raise CodeError(
            f"{municipality!r} is no municipality of Hokkaido{_proposal(text)}. Give its name, "
            "such as 釧路市, or its code, such as 01206."
        )
    return str(code)


def _as_digits(value: object) -> str:
    """Write a value as text the way its owner would: NFKC, no blanks, no ``.0`` of a float."""
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    text = unicodedata.normalize("NFKC", str(value)).strip().lstrip("'")
    return re.sub(r"\.0+$", "", text)


def _read(text: str) -> _Reading:
    if not text:
        return _Reading(fault="a code is missing")
    if not re.fullmatch(r"[0-9]{4,6}", text):
        return _Reading(fault=f"{text!r} is no code of 4, 5 or 6 digits")
    if len(text) == 6:
        if check_digit(text[:5]) != text[5]:
            return _Reading(
                fault=f"{text!r} has check digit {text[5]} where {check_digit(text[:5])} belongs"
            )
        return _plausible(text, _Reading(checked=_possible(text[:5])))
    if len(text) == 4 or text.startswith("0"):
        return _plausible(text, _Reading(jis=_possible(text.zfill(5))))
    short = "0" + text[:4]
    checked = _possible(short) if check_digit(short) == text[4] else None
    return _plausible(text, _Reading(jis=_possible(text), checked=checked))


def _possible(code: str) -> str | None:
    """The code itself if a municipality can bear it: prefecture 01-47, number 100-799."""
    prefecture, number = int(code[:2]), int(code[2:])
    return code if 1 <= prefecture <= 47 and 100 <= number < 800 else None


def _plausible(text: str, reading: _Reading) -> _Reading:
    if reading.code is None:
        return _Reading(fault=f"{text!r} cannot be the code of a municipality")
    return reading


def _settle(readings: dict[str, _Reading], form: Form) -> dict[str, _Reading]:
    """Settle 5-digit values without a leading zero by `form`, or by what the column shows."""
    single = _single(readings)
    evidence = {"jis" for _, r in single if r.jis} | {"checked" for _, r in single if r.checked}
    if form == "auto" and len(evidence) == 1:
        (form,) = evidence  # type: ignore[assignment]
    # A short value that can only be a checked code shows that a program took the zeros; one that
    # can only be a JIS code of another prefecture is then most likely a mistyped one.
    elif form == "auto" and any(r.checked and _is_short(text) for text, r in single):
        form = "checked"
    return {
        text: _settle_short(text, reading, form) if _is_short(text) else reading
        for text, reading in readings.items()
    }


def _single(readings: dict[str, _Reading]) -> list[tuple[str, _Reading]]:
    """Values with one reading."""
    return [(text, r) for text, r in readings.items() if not (r.jis and r.checked)]


def _is_short(text: str) -> bool:
    """Whether a code has 5 digits and no leading zero, the only ones that `form` is about."""
    return re.fullmatch(r"[1-9][0-9]{4}", text) is not None


def _settle_short(text: str, reading: _Reading, form: Form) -> _Reading:
    if reading.fault:
        return reading
    if form == "jis":
        fault = f"{text!r} cannot be the JIS code of a municipality"
        return _Reading(jis=reading.jis) if reading.jis else _Reading(fault=fault)
    if form == "checked":
        fault = f"{text!r} has check digit {text[4]} where {check_digit('0' + text[:4])} belongs"
        return _Reading(checked=reading.checked) if reading.checked else _Reading(fault=fault)
    if not (reading.jis and reading.checked):
        return reading
    return _Reading(
        fault=f"{text!r} may be {_named(reading.jis)} or {_named(reading.checked)} with a check "
        "digit and no leading zero; write the codes as 5-digit text, or say which form they have "
        "(form='jis' or 'checked'; --code-form on the command line)"
    )


def _named(code: str | None) -> str:
    unit = register().get(code or "")
    return f"{code} {unit.name}" if unit else str(code)


def _city_of(code: str) -> str:
    if not 100 < int(code[2:]) < 200:
        return code
    cities = [c for c in DESIGNATED_CITIES if c[:2] == code[:2] and c <= code]
    return max(cities, default=code)


@cache
def _codes_by_name() -> dict[str, str]:
    names = {}
    for unit in register().values():
        if unit.kind == "ward":
            names[normalise_name("札幌市" + unit.name)] = unit.code
        elif unit.kind == "municipality":
            names[normalise_name(unit.name)] = unit.code
    for unit in register().values():
        if unit.kind == "northern village":
            names.setdefault(normalise_name(unit.name), unit.code)
    return names


def _proposal(name: object) -> str:
    close = difflib.get_close_matches(normalise_name(str(name)), _codes_by_name(), n=2)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _aligned(texts: list[str | None], like: pd.Series) -> pd.Series:
    """Text on the index and under the name of another column, also when there are no rows."""
    # Broken text may hold halves of characters, which a column of text cannot.
    whole = [text and text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return pd.Series(whole, index=like.index, name=like.name, dtype="str")


def _rows_of(hits: pd.Series) -> str:
    rows = list(hits.index[hits])
    return f"row{'s' if len(rows) > 1 else ''} {name_some(rows)}"


def _column(values: pd.Series) -> str:
    return f"column {values.name!r}" if values.name is not None else "the values given"
