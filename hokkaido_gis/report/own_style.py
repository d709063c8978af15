"""Styles chosen by what is in a layer: names, units, classes of numbers, colours of words."""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import LayerWarning, TableError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.render.scene import Categorical, Category, Graduated, Single, Symbol
from hokkaido_gis.render.text import format_value
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.scene import Lang, Style

# Columns that name features, most telling first; compared after NFKC and without regard to case.
_NAMES = (
    "name", "名称", "名前", "label", "title", "rcom_name", "集落名", "農業集落名", "漁港名",
    "ダム名", "施設名", "変電所名", "送電線名", "路線名", "市町村名", "municipality", "市町村",
    "n03_004", "w01_001", "c09_002", "pref_name", "id",
)  # fmt: skip
_WORD_COLOURS = (
    "#08306b", "#e08214", "#80cdc1", "#8a1c6b", "#fee08b", "#35978f", "#f4a582", "#7f7f7f",
)  # fmt: skip
# Of a few numbers, such as voltages: light to dark, without what no eye finds on a light ground.
_NUMBER_COLOURS = ("#9fd8a4", "#66c2b5", "#3aa6c9", "#2a72b2", "#253494")
_SHARES = (0.2, 0.4, 0.6, 0.8)
_MOST_RASTER_CODES = 8
_MOST_STEPS = 7

_JAPANESE_UNIT = re.compile(r"[千万億百]*(円|人|戸|世帯|件|頭|本|棟|か所|箇所|トン)([/／].+)?")
_LATIN_UNIT = re.compile(r"[A-Za-zµ%％‰℃°][A-Za-z0-9²³µ%％/／·・*^ .年月日時人戸-]{0,11}")
_BRACKETS = re.compile(r"[(\[（](.+?)[)\]）]\s*$")
_ENDING = re.compile(
    r"(?:_|(?<=[^\x00-\x7f]))(kwh|mwh|kw|mw|kv|ha|a|km2|m2|km|cm|mm|ms|m|(?:[a-z]+_)?yen)$",
    re.IGNORECASE,
)
_WRITTEN = {
    "kwh": "kWh", "mwh": "MWh", "kw": "kW", "mw": "MW", "kv": "kV", "ms": "m/s", "m2": "m²",
    "km2": "km²",
}  # fmt: skip
_MONEY = {
    "yen": ("円", "yen"), "thousand_yen": ("千円", "thousand yen"),
    "man_yen": ("万円", "10,000 yen"), "million_yen": ("百万円", "million yen"),
    "billion_yen": ("十億円", "billion yen"),
}  # fmt: skip


def name_column(columns: Sequence[str]) -> str | None:
    """Find the column that names features by its own name.

    Examples
    --------
    >>> name_column(["code", "Ｎａｍｅ", "kw"])
    'Ｎａｍｅ'
    """
    plain = {unicodedata.normalize("NFKC", str(c)).casefold(): c for c in reversed(list(columns))}
    return next((plain[candidate] for candidate in _NAMES if candidate in plain), None)


def unit_of(column: str, lang: Lang = "ja") -> str:
    """Read the unit from the name of a column, in brackets or at its end; empty where none is.

    Examples
    --------
    >>> unit_of("面積(ha)"), unit_of("output_kw"), unit_of("出力kW"), unit_of("人口(推計)")
    ('ha', 'kW', 'kW', '')
    >>> unit_of("cost_million_yen"), unit_of("cost_million_yen", "en"), unit_of("annual_cost_yen")
    ('百万円', 'million yen', '円')
    """
    bracket = _BRACKETS.search(column)
    if bracket is not None:
        inside = bracket[1].strip()
        known = _JAPANESE_UNIT.fullmatch(inside) or _LATIN_UNIT.fullmatch(inside)
        return inside if known else ""
    ending = _ENDING.search(column)
    if ending is None:
        return ""
    short = ending[1].lower()
    if short.endswith("yen"):
        return say(lang, *_MONEY.get(short, _MONEY["yen"]))
    return _WRITTEN.get(short, short)


def style_by_values(
    values: pd.Series, symbol: Symbol, *, what: str, lang: Lang = "ja"
) -> tuple[pd.Series, Style]:
    """Choose a style by the values of a column.

    Parameters
    ----------
    values
        Column of any type; numbers written as text count as numbers, unless a leading zero shows
        them to be codes.
    symbol
        How a layer of one colour is drawn, whose form all classes share.
    what
        Name of the layer for notes.
    lang
        Language of the legend.

    Returns
    -------
    values
        The column as the style wants it: numbers, or the values as they came.
    style
        More than 5 different numbers in five classes with about as many features each, fewer by a
        shade each, up to 8 words by a colour each. Where there is nothing, or more words, the
        layer has one colour and this is told.
    """
    column = str(values.name)
    numbers = _as_numbers(values)
    values = _hashable(values) if numbers is None else numbers
    counts = values.value_counts(sort=False)
    distinct = list(counts[counts > 0].sort_values(ascending=False, kind="stable").index)
    unit = unit_of(column, lang)
    if numbers is not None and len(distinct) > len(_NUMBER_COLOURS):
        return values, Graduated(values.name, breaks=round_quantiles(values), unit=unit)
    if not 1 <= len(distinct) <= len(_WORD_COLOURS):
        reason = (
            f"has {len(distinct)} different values that are no numbers, more than the "
            f"{len(_WORD_COLOURS)} colours that readers can tell apart"
            if distinct
            else "is empty in every row"
        )
        warnings.warn(
            f"{what}: {column!r} {reason}; the layer is drawn in one colour.",
            LayerWarning,
            stacklevel=2,
        )
        return values, Single(symbol)
    colours, tail = list(_WORD_COLOURS), ""
    if numbers is not None:
        distinct.sort()
        places = np.linspace(0, len(_NUMBER_COLOURS) - 1, max(len(distinct), 2)).round()
        colours = [_NUMBER_COLOURS[int(place)] for place in places]
        tail = f" {unit}" if unit else ""
    return values, Categorical(
        values.name,
        tuple(
            Category(value, _word(value, lang) + tail, coloured(symbol, colour))
            for value, colour in zip(distinct, colours, strict=False)
        ),
    )


def coloured(symbol: Symbol, colour: str) -> Symbol:
    """Give a symbol of one colour another."""
    return Symbol(colour, symbol.fill_opacity, colour, symbol.stroke_width, symbol.radius)


def round_quantiles(numbers: pd.Series) -> tuple[float, ...] | None:
    """Limits of five classes of about as many features each, with as few figures as keep them so.

    Returns
    -------
    tuple of float
        Four limits; ``None`` where round ones would leave a class with less than half its share.

    Examples
    --------
    >>> round_quantiles(pd.Series(range(1, 101)) * 10.07)
    (210.0, 410.0, 610.0, 810.0)
    """
    known = numbers[np.isfinite(numbers)].to_numpy()
    for digits in (2, 3, 4):
        limits = [float(f"{limit:.{digits}g}") for limit in np.quantile(known, _SHARES)]
        if len(set(limits)) < len(limits):
            continue
        counts = np.bincount(np.searchsorted(limits, known, side="left"), minlength=5)
        if counts.min() * 10 >= len(known):
            return tuple(limits)
    return None


def even_breaks(cells: npt.NDArray[np.float64]) -> tuple[float, ...] | None:
    """Limits of classes of a raster, each as wide as the next, at round numbers.

    Returns
    -------
    tuple of float
        Multiples of 1, 2 or 5 times a power of ten; of a few codes all but the last. ``None`` where
        all cells are the same.

    Examples
    --------
    >>> even_breaks(np.array([[2.1, 7.9]]))
    (3.0, 4.0, 5.0, 6.0, 7.0)
    >>> even_breaks(np.array([[10.0, 20.0, 30.0]]))
    (10.0, 20.0)
    """
    known = cells[np.isfinite(cells)]
    low, high = float(known.min()), float(known.max())
    if low == high:
        return None
    codes = _few_codes(known, low, high)
    if codes is not None:
        return tuple(codes[:-1])
    least = (high - low) / _MOST_STEPS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))
    # Limits at the very ends would leave a class of one value or none.
    count = np.arange(math.floor(low / step) + 1, math.ceil(high / step))
    return tuple(float(f"{number * step:.10g}") for number in count)


def _few_codes(known: npt.NDArray[np.float64], low: float, high: float) -> list[float] | None:
    """Different whole numbers, such as classes of land use, where they are few."""
    if high - low > 255 or not (known == np.rint(known)).all():
        return None
    found = np.flatnonzero(np.bincount((known - low).astype(np.intp).ravel())) + low
    return found.tolist() if len(found) <= _MOST_RASTER_CODES else None


def _as_numbers(values: pd.Series) -> pd.Series | None:
    """Values as numbers, if all that are there are such and none is a code with its zero."""
    if pd.api.types.is_bool_dtype(values):
        return None
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    if values.astype("str").str.match(r"\s*[+-]?[0０][0-9０-９]").any():
        return None
    try:
        return to_numbers(values)
    except TableError:
        return None


def _hashable(values: pd.Series) -> pd.Series:
    """Values that can be told apart; lists, which some formats hold, as text."""
    if all(isinstance(value, Hashable) for value in values):
        return values
    return values.map(str, na_action="ignore")


def _word(value: object, lang: Lang) -> str:
    """A value for the legend; a day without the hour that a column of times gives it."""
    return format_value(value, lang).removesuffix(" 00:00:00")
