"""How values are written for a reader: numbers, missing values, headings in two languages."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

MISSING_TEXT: dict[Lang, str] = {"ja": "データなし", "en": "no data"}
WORDS: dict[str, dict[Lang, str]] = {
    "legend": {"ja": "凡例", "en": "Legend"},
    "credit": {"ja": "出典", "en": "Source"},
    "labels": {"ja": "ラベル", "en": "Labels"},
    "map": {"ja": "地図", "en": "Map"},
    "layer": {"ja": "レイヤ", "en": "Layer"},
    "unplaced": {"ja": "位置のない地物 {count} 件", "en": "{count} without a position"},
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
}


def format_number(value: float, *, digits: int = 4) -> str:
    """Write a number as Japanese readers expect: commas, no needless decimals.

    Whole numbers and those of four figures or more are written without decimals, smaller ones with
    `digits` significant figures.

    Examples
    --------
    >>> format_number(1234.0), format_number(12.3456), format_number(0.5)
    ('1,234', '12.35', '0.5')
    """
    if float(value).is_integer() or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".")


def format_value(value: object, lang: Lang = "ja") -> str:
    """Write any attribute value; missing ones say so.

    Examples
    --------
    >>> format_value(float("nan")), format_value(True), format_value("札幌市")
    ('データなし', 'はい', '札幌市')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in _NULLS:
        return MISSING_TEXT[lang]
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return {"ja": ("いいえ", "はい"), "en": ("no", "yes")}[lang][bool(value)]
    if isinstance(value, numbers.Real):
        return format_number(float(value))
    return str(value)


_NULLS = frozenset({"<NA>", "NaT"})
