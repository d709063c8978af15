"""The headings of the report's chapters, as the index page and the Google Earth tree show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

_HEADINGS = {
    2: ("林地 (木質バイオマス)", "Forest (woody biomass)"),
    3: ("農業水利施設 (中小水力)", "Irrigation dams (small hydropower)"),
    4: ("耕作放棄地 (太陽光・風力)", "Abandoned farmland (solar and wind)"),
    5: ("漁港・漁場 (太陽光)", "Fishing ports (solar)"),
    6: ("まとめ", "Summary"),
    7: ("連携地域の計画", "Plan of a region"),
}


def chapter_heading(chapter: int, lang: Lang) -> str:
    """Number and heading of a chapter.

    Examples
    --------
    >>> chapter_heading(6, "en")
    '6 Summary'
    """
    return f"{chapter} {say(lang, *_HEADINGS[chapter])}" if chapter in _HEADINGS else str(chapter)
