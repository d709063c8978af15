"""Credit lines and terms of use in the language of a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

# Terms of the sample's catalogue, in Japanese.
_TERMS_JA = {
    "MIT, as the rest of the repository": "MITライセンス (リポジトリの他の部分と同じ)",
    "Published report; cite it with the figures": "公表された報告書。数値とともに出典を示すこと",
    "Figures: Published report; cite it with the figures. Places: MIT, as the rest of the "
    "repository": (
        "数値: 公表された報告書。数値とともに出典を示すこと。"
        "位置: MITライセンス (リポジトリの他の部分と同じ)"
    ),
    "JMA website terms: free use with credit, edits named as such": (
        "気象庁ホームページの利用規約: 出典を示せば自由に利用できる。加工した場合はその旨を示すこと"
    ),
}
# Credit lines of the sample's catalogue and of publishers' files, in English.
_CREDITS_EN = {
    "hokkaido_gis の合成データ (実在の地点ではない)": "synthetic data of hokkaido_gis",
    "農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013)": (
        "report of the survey of renewable energy in rural areas (Hokkaido, 2013)"
    ),
    "気象庁ホームページの地図データを加工して作成": (
        "made from map data of the website of the Japan Meteorological Agency"
    ),
    **{
        f"国土数値情報（{name}データ）（国土交通省）を加工して作成": (
            f"made from National Land Numerical Information ({english}), MLIT"
        )
        for name, english in (
            ("行政区域", "administrative areas"),
            ("ダム", "dams"),
            ("漁港", "fishing ports"),
        )
    },
}
_OF_WHAT = {"市町村界: ": "municipal boundaries: ", "位置: ": "places: "}


def terms_in(lang: Lang, terms: str) -> str:
    """Terms of use in a language, where they are those of the catalogue; others as they are."""
    return _TERMS_JA.get(terms, terms) if lang == "ja" else terms


def credit_in(lang: Lang, credit: str) -> str:
    """Credit line in a language, part by part; what a user's file says stays as it is.

    Examples
    --------
    >>> credit_in("en", "位置: 気象庁ホームページの地図データを加工して作成; lines.gpkg")
    'places: made from map data of the website of the Japan Meteorological Agency; lines.gpkg'
    """
    if lang == "ja":
        return credit
    return "; ".join(_english(part) for part in credit.split("; "))


def _english(part: str) -> str:
    for words, english in _OF_WHAT.items():
        if part.startswith(words):
            return english + _english(part.removeprefix(words))
    return _CREDITS_EN.get(part, part)
