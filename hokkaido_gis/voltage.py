"""Voltages as sources write them, in kilovolts, and the voltage classes of the 2013 report.

A voltage is text in most sources (``187000;66000``, ``66 kV``, ``６.６ｋＶ``) and may hold several
values. Bare numbers are in the unit of their column; from 1,500 on they can only be volts.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, name_some
from hokkaido_gis.units import volts_to_kilovolts

if TYPE_CHECKING:
    from collections.abc import Iterator

Unit = Literal["V", "kV"]

HIGHEST_KV = 1500.0
"""No line anywhere reaches it [kV]: a larger bare number is in volts."""
HVDC_KV = 250.0
"""The direct-current links to Honshu [kV]; no alternating current of this voltage is in Japan."""

_MISSING = frozenset({"", "-", "―", "...", "nan", "none", "<na>", "null", "no", "unknown", "不明"})
# The last group ends in 00, or a list of kilovolts (275,187) would pass as one number.
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})*,\d00(?!\d)")
_MYRIADS = re.compile(r"(\d+(?:\.\d+)?)万(?:(\d)千)?")
_SEPARATOR = re.compile(r"[;/、,|+&・]|(?<=[\dv])\s*[-~〜]\s*(?=\d)")
_PIECE = re.compile(
    r"(?P<before>dc|ac|直流|交流)?\s*±?\s*(?P<number>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>kv|v|キロボルト|ボルト)?\s*(?P<after>dc|ac|直流|交流)?"
)
_UNITS: dict[str, Unit] = {"kv": "kV", "キロボルト": "kV", "v": "V", "ボルト": "V"}


class VoltageClass(StrEnum):
    """Voltage classes of the report (chapter 4, T4-3), in ascending order, and what it has not.

    `OTHER` is alternating current between the report's classes or above them: 44, 77, 154, 220 or
    500 kV, none of which the report has. `HVDC` is direct current, to which no plant of this size
    connects. Both stand last and outside the order of voltages; compare kilovolts, not classes,
    where they may occur.
    """

    UP_TO_33 = "33 kV and less"
    KV_66 = "66 kV"
    KV_100_110 = "100-110 kV"
    KV_187 = "187 kV"
    KV_275 = "275 kV"
    OTHER = "other"
    HVDC = "HVDC"


VOLTAGE_CLASSES = pd.CategoricalDtype([str(each) for each in VoltageClass], ordered=True)
"""Type of the column `voltage_class`: ordered, missing where the voltage is unknown."""

CLASS_LIMITS_KV = {
    VoltageClass.UP_TO_33: (0.0, 33.0),
    VoltageClass.KV_66: (66.0, 66.0),
    VoltageClass.KV_100_110: (100.0, 110.0),
    VoltageClass.KV_187: (187.0, 187.0),
    VoltageClass.KV_275: (275.0, 275.0),
}
"""Lowest and highest voltage of each class [kV], both within it."""


class Voltage(NamedTuple):
    """What one text says of a voltage.

    Attributes
    ----------
    kv
        Voltages [kV], highest first, each once.
    unread
        Pieces that are no voltage.
    direct
        Whether the text calls it direct (True) or alternating (False) current, if it does.
    """

    kv: tuple[float, ...]
    unread: tuple[str, ...] = ()
    direct: bool | None = None


class Voltages(NamedTuple):
    """Voltages of a layer.

    Attributes
    ----------
    table
        On the index of the source: ``kv`` (highest [kV], missing where unknown), ``voltages`` (all
        [kV], highest first, as text such as ``187;66``, missing where unknown), ``direct`` (direct
        current as far as the text says, nullable boolean).
    unread
        Texts that are no voltage, or only in part.
    low
        Texts read as less than 1 kV from bare numbers, although the column is in volts.
    unit
        Unit in which bare numbers were read.
    worked_out
        Whether that unit follows from the numbers, and was not stated.
    """

    table: pd.DataFrame
    unread: pd.Series
    low: pd.Series
    unit: Unit
    worked_out: bool


def parse_voltage(value: object, *, unit: Unit = "V") -> Voltage:
    """Read a voltage as a source writes it.

    Parameters
    ----------
    value
        Text or number; several voltages are separated by ``;``, ``/``, a comma or the like. Units,
        thousands commas, full-width digits, 万 and 千, and DC or 直流 are understood.
    unit
        Unit of bare numbers below 1,500, unless a unit follows in the same text (``66/6.6 kV``).

    Returns
    -------
    Voltage
        Empty where `value` is missing.

    Examples
    --------
    >>> parse_voltage("187000;66000").kv
    (187.0, 66.0)
    >>> parse_voltage("６６／６.６ｋＶ").kv
    (66.0, 6.6)
    >>> parse_voltage("main line").unread
    ('main line',)
    """
    text = _plain(value)
    if text in _MISSING:
        return Voltage(())
    kv: list[float] = []
    unread: list[str] = []
    currents: set[str] = set()
    stated: Unit = unit
    for piece in reversed(_pieces(text)):
        match = _PIECE.fullmatch(piece)
        if match is None:
            unread.append(piece)
            continue
        written = match["unit"]
        stated = _UNITS[written] if written else stated
        found = _kilovolts(float(match["number"]), stated, bare=written is None)
        if 0 < found < HIGHEST_KV:
            kv.append(found)
            currents |= {match["before"] or match["after"] or ""}
        else:
            unread.append(piece)
    return Voltage(tuple(sorted(set(kv), reverse=True)), tuple(reversed(unread)), _direct(currents))


def read_voltages(values: pd.Series, *, unit: Unit | None = None) -> Voltages:
    """Read the voltages of a layer.

    Parameters
    ----------
    values
        Text or numbers.
    unit
        Unit of bare numbers. Without it they are volts, as in OpenStreetMap, unless none reaches
        1,000: a grid has no line of 66 V.

    Returns
    -------
    Voltages
        Kilovolts on the index of `values`, with what could not be read.
    """
    texts = values.map(_plain)
    largest = max((n for text in texts for n in _bare_numbers(text)), default=np.inf)
    taken: Unit = unit or ("kV" if largest < 1000 else "V")
    parsed = [parse_voltage(text, unit=taken) for text in texts]
    table = pd.DataFrame(
        {
            "kv": pd.array([max(each.kv, default=np.nan) for each in parsed], dtype="float64"),
            "voltages": pd.array(
                [";".join(f"{kv:g}" for kv in each.kv) or None for each in parsed], dtype="str"
            ),
            "direct": pd.array([each.direct for each in parsed], dtype="boolean"),
        },
        index=values.index,
    )
    below = (table["kv"] < 1) & texts.map(lambda text: any(True for _ in _bare_numbers(text)))
    return Voltages(
        table=table,
        unread=values[[bool(each.unread) for each in parsed]],
        low=values[below if taken == "V" else below & False],
        unit=taken,
        worked_out=unit is None and taken == "kV",
    )


def classify_voltages(kv: pd.Series, direct: pd.Series | None = None) -> pd.Series:
    """Classes of the report for voltages.

    Parameters
    ----------
    kv
        Voltages [kV].
    direct
        Whether a line carries direct current; where missing, 250 kV does.

    Returns
    -------
    pandas.Series
        Ordered categories of `VOLTAGE_CLASSES` on the index of `kv`; missing where `kv` is, except
        for direct current.

    Examples
    --------
    >>> classify_voltages(pd.Series([275.0, 154.0, 250.0])).tolist()
    ['275 kV', 'other', 'HVDC']
    """
    known = pd.Series(pd.NA, index=kv.index) if direct is None else direct
    is_direct = known.astype("boolean").fillna(kv == HVDC_KV).astype(bool)
    classes = pd.Series(pd.NA, index=kv.index, dtype=object)
    classes[kv.notna()] = str(VoltageClass.OTHER)
    for each, (low, high) in CLASS_LIMITS_KV.items():
        classes[kv.between(low, high)] = str(each)
    classes[is_direct] = str(VoltageClass.HVDC)
    return classes.astype(VOLTAGE_CLASSES).rename("voltage_class")


def tell_voltages(voltages: Voltages, layer: str, what: str, *, column: str | None) -> None:
    """Warn of what is not known of a layer's voltages.

    Parameters
    ----------
    voltages
        As read.
    layer
        Name of the layer.
    what
        What its features are, in the plural.
    column
        Where the voltages stand in the source, if anywhere.
    """
    for message in _messages(voltages, what, column):
        warnings.warn(f"{layer}: {message}", LayerWarning, stacklevel=3)


def _messages(voltages: Voltages, what: str, column: str | None) -> Iterator[str]:
    if voltages.worked_out:
        yield (
            f"no bare number in {column!r} reaches 1,000, so that all are taken as kilovolts; "
            "voltage_unit='V' reads them as volts."
        )
    if len(voltages.low):
        yield (
            f"voltages of {len(voltages.low)} {what} are below 1,000 V beside others in volts "
            f"({_name_values(voltages.low)}). Write 66 kV as '66 kV' or 66000."
        )
    if len(voltages.unread):
        yield (
            f"voltages of {len(voltages.unread)} {what} cannot be read, or only in part "
            f"({_name_values(voltages.unread)}). Expected e.g. '66 kV' or '187000;66000'."
        )
    if column is None:
        yield (
            f"it has no column of voltages: all {len(voltages.table)} stay missing. If it has one "
            "of another name, say columns={'voltage': NAME}."
        )
    elif unknown := int(voltages.table["kv"].isna().sum()):
        yield (
            f"the voltage of {unknown} of {len(voltages.table)} {what} is unknown and stays "
            "missing."
        )


def _name_values(values: pd.Series) -> str:
    return name_some([f"{row}: {value!r}" for row, value in values.items()])


def _plain(value: object) -> str:
    """Text in one width and case, with thousands and 万 written as digits; empty where missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    # Broken text may hold halves of characters, which a column of text cannot.
    whole = str(value).encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", whole).strip().casefold()
    text = _MYRIADS.sub(lambda m: f"{float(m[1]) * 10_000 + int(m[2] or 0) * 1000:.0f}", text)
    return _THOUSANDS.sub(lambda m: m[0].replace(",", ""), text)


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in _SEPARATOR.split(text) if piece.strip()]


def _bare_numbers(text: str) -> Iterator[float]:
    """Numbers whose unit is that of their column."""
    if "v" in text or "ボルト" in text:
        return
    for piece in _pieces(text):
        match = _PIECE.fullmatch(piece)
        if match is not None:
            yield float(match["number"])


def _kilovolts(number: float, unit: Unit, *, bare: bool) -> float:
    in_volts = unit == "V" or (bare and number >= HIGHEST_KV)
    return volts_to_kilovolts(number) if in_volts else number


def _direct(currents: set[str]) -> bool | None:
    """Direct when all are, alternating when any is, unknown when nothing says so."""
    if currents & {"ac", "交流"}:
        return False
    return True if currents and currents <= {"dc", "直流"} else None
