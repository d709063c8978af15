"""How values are written for a reader: numbers, missing values, names, words in two languages."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from hokkaido_gis.render.scene import Lang

MISSING_TEXT: dict[Lang, str] = {"ja": "データなし", "en": "no data"}
WORDS: dict[str, dict[Lang, str]] = {
    "legend": {"ja": "凡例", "en": "Legend"},
    "credit": {"ja": "出典", "en": "Source"},
    "caption": {"ja": "題名と方位", "en": "Title and north"},
    "north_up": {"ja": "開いたときは北が上", "en": "North is up when opened"},
    "labels": {"ja": "ラベル", "en": "Labels"},
    "map": {"ja": "地図", "en": "Map"},
    "layer": {"ja": "レイヤ", "en": "Layer"},
    "unplaced": {"ja": "位置のない地物 {count} 件", "en": "{count} without a position"},
    "unnamed": {
        "ja": "地図に名前が入らない地物: {count}",
        "en": "Features with no room for a name: {count}",
    },
    "search": {"ja": "名前で検索", "en": "Search by name"},
    "no_match": {"ja": "該当する地物がありません", "en": "Nothing found"},
    "matches": {"ja": "{count} 件", "en": "{count} found"},
    "zoom_in": {"ja": "拡大", "en": "Zoom in"},
    "zoom_out": {"ja": "縮小", "en": "Zoom out"},
    "whole": {"ja": "全体を表示", "en": "Show all"},
    "close": {"ja": "閉じる", "en": "Close"},
    "no_script": {
        "ja": "この地図の表示には JavaScript が必要です。",
        "en": "This map needs JavaScript to be drawn.",
    },
    "too_old": {
        "ja": "このブラウザは古いため地図を表示できません。新しい版でお開きください。",
        "en": "This browser is too old to draw the map. Please open it in a newer one.",
    },
    "measure": {"ja": "距離・面積を測る", "en": "Measure distance and area"},
    "measure_how": {
        "ja": "地図をクリックして点を置いてください (Esc で終了)",
        "en": "Click on the map to put points (Esc ends)",
    },
    "distance": {"ja": "距離", "en": "Distance"},
    "area": {"ja": "面積", "en": "Area"},
    "print": {"ja": "印刷", "en": "Print"},
    "opacity": {"ja": "濃さ", "en": "Opacity"},
    "tiles": {"ja": "背景地図", "en": "Background map"},
    "thinned": {
        "ja": "線を約 {metres} m の精度に簡略化しています",
        "en": "Lines are simplified to about {metres} m",
    },
    "lost_digits": {"ja": "値が失われた桁の幅", "en": "span of the digits lost"},
    "remainder": {"ja": "内訳不明", "en": "not attributable"},
    "mean": {"ja": "市町村平均", "en": "mean of municipalities"},
    "both": {"ja": "ともに平均以上", "en": "both at or above the mean"},
    "maybe_both": {
        "ja": "ともに平均以上かは失われた桁による",
        "en": "both at or above the mean or not, by the digits lost",
    },
    "others": {"ja": "その他の市町村", "en": "other municipalities"},
}
_NO_YES: dict[Lang, tuple[str, str]] = {"ja": ("いいえ", "はい"), "en": ("no", "yes")}
# Beyond these nobody counts zeros, and doubles have no digits to fill the places.
_PLAIN_LEAST, _PLAIN_MOST = 1e-6, 1e15
_POWERS = np.array([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2])


def format_number(value: float, *, digits: int = 4) -> str:
    """Write a number as Japanese readers expect: commas, no needless decimals.

    Whole numbers and those of four figures or more are written without decimals, smaller ones with
    `digits` significant figures. Doubles of 10^15 or more and those nearer to zero than 10^-6 are
    written as powers of ten.

    Examples
    --------
    >>> format_number(1234.0), format_number(12.3456), format_number(-0.5)
    ('1,234', '12.35', '-0.5')
    >>> format_number(6.02214e23)
    '6.022e+23'
    """
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"  # through a double the last digits of long ones would be lost
    return _format_double(float(value), digits)


def _format_double(number: float, digits: int = 4) -> str:
    size = abs(number)
    if not math.isfinite(number):
        return str(number)
    if size >= _PLAIN_MOST or 0 < size < _PLAIN_LEAST:
        return f"{number:.{digits}g}"
    if number.is_integer() or size >= 10 ** (digits - 1):
        return f"{number + 0.0:,.0f}"  # no -0
    decimals = digits - 1 - math.floor(math.log10(size))
    return f"{number:,.{decimals}f}".rstrip("0").rstrip(".")


def _format_doubles(numbers: npt.NDArray[np.float64], digits: int = 4) -> list[str]:
    """Write many doubles as `_format_double` would, those of equal decimals together."""
    size = np.abs(numbers)
    with np.errstate(invalid="ignore"):
        whole = (np.trunc(numbers) == numbers) | (size >= 10 ** (digits - 1))
    plain = ((size >= _PLAIN_LEAST) & (size < _PLAIN_MOST)) | (size == 0)
    places = np.where(whole, 0, digits + 6 - np.searchsorted(_POWERS, size, side="right"))
    texts = np.full(len(numbers), "", dtype=object)
    for decimals in np.unique(places[plain]).tolist():
        rows = np.flatnonzero(plain & (places == decimals))
        written = map(f"{{:,.{decimals}f}}".format, (numbers[rows] + 0.0).tolist())
        bare = (text.rstrip("0").rstrip(".") for text in written) if decimals else written
        texts[rows] = list(bare)
    for row in np.flatnonzero(~plain).tolist():
        texts[row] = _format_double(float(numbers[row]), digits)
    found: list[str] = texts.tolist()
    return found


def format_value(value: object, lang: Lang = "ja") -> str:
    """Write any attribute value; missing ones say so.

    Examples
    --------
    >>> format_value(float("nan")), format_value(True), format_value("札幌市")
    ('データなし', 'はい', '札幌市')
    """
    if isinstance(value, str):
        return str(value)
    if pd.api.types.is_scalar(value) and pd.isna(value):  # type: ignore[call-overload]
        return MISSING_TEXT[lang]
    if isinstance(value, (bool, np.bool_)):
        return _NO_YES[lang][bool(value)]
    if isinstance(value, (int, np.integer)):
        return format_number(int(value))
    if isinstance(value, numbers.Real):
        return format_number(float(value))
    return str(value)


def format_column(values: pd.Series, lang: Lang = "ja", *, missing: str | None = None) -> list[str]:
    """Write the values of a column as `format_value` would, choosing how by its type once.

    Parameters
    ----------
    values
        Column of any type.
    lang
        Language of words.
    missing
        What stands for missing values; the usual words where ``None``.
    """
    known = values.notna()
    if known.all():
        return list(_format_known(values, lang))
    blank = MISSING_TEXT[lang] if missing is None else missing
    return _fill_gaps(values, _format_known(values[known], lang), blank)


def _format_known(values: pd.Series, lang: Lang) -> Sequence[str]:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        texts = format_column(pd.Series(dtype.categories), lang)
        return [texts[code] for code in values.cat.codes.tolist()]
    if pd.api.types.is_bool_dtype(dtype):
        return [_NO_YES[lang][value] for value in values.tolist()]
    if pd.api.types.is_integer_dtype(dtype):
        return [f"{value:,}" for value in values.tolist()]
    if pd.api.types.is_float_dtype(dtype):
        return _format_doubles(values.to_numpy(dtype=float))
    if isinstance(dtype, pd.StringDtype):
        return list(values.tolist())
    return [format_value(value, lang) for value in values.tolist()]


def format_names(values: pd.Series, missing: str = "") -> list[str]:
    """Write a column that names features: numbers used as names, such as codes, take no commas.

    Parameters
    ----------
    values
        Column of any type.
    missing
        What stands for missing names.

    Examples
    --------
    >>> format_names(pd.Series([1202.0, None]))
    ['1202', '']
    """
    if isinstance(values.dtype, pd.StringDtype):
        return list(values.fillna(missing).tolist())
    return _fill_gaps(values, [_name(value) for value in values[values.notna()].tolist()], missing)


def _name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _fill_gaps(values: pd.Series, known: Sequence[str], missing: str) -> list[str]:
    """Put the texts of the known values back into their places."""
    texts: Iterator[str] = iter(known)
    return [next(texts) if is_known else missing for is_known in values.notna().tolist()]


def credit_line(credit: str, lang: Lang) -> str:
    """Name the publishers of the data; nothing where there are none."""
    return f"{WORDS['credit'][lang]}: {credit}" if credit else ""
