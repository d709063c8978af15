"""Which prefecture the boundaries of a run are of, and the regions that its maps go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.comparison import Words

HOKKAIDO = "01"
# Source of codes and names: JIS X 0401.
PREFECTURES: dict[str, Words] = {
    "01": ("北海道", "Hokkaido"), "02": ("青森県", "Aomori"), "03": ("岩手県", "Iwate"),
    "04": ("宮城県", "Miyagi"), "05": ("秋田県", "Akita"), "06": ("山形県", "Yamagata"),
    "07": ("福島県", "Fukushima"), "08": ("茨城県", "Ibaraki"),
    "09": ("栃木県", "Tochigi"), "10": ("群馬県", "Gunma"), "11": ("埼玉県", "Saitama"),
    "12": ("千葉県", "Chiba"), "13": ("東京都", "Tokyo"), "14": ("神奈川県", "Kanagawa"),
    "15": ("新潟県", "Niigata"), "16": ("富山県", "Toyama"), "17": ("石川県", "Ishikawa"),
    "18": ("福井県", "Fukui"), "19": ("山梨県", "Yamanashi"), "20": ("長野県", "Nagano"),
    "21": ("岐阜県", "Gifu"), "22": ("静岡県", "Shizuoka"), "23": ("愛知県", "Aichi"),
    "24": ("三重県", "Mie"), "25": ("滋賀県", "Shiga"), "26": ("京都府", "Kyoto"),
    "27": ("大阪府", "Osaka"), "28": ("兵庫県", "Hyogo"), "29": ("奈良県", "Nara"),
    "30": ("和歌山県", "Wakayama"), "31": ("鳥取県", "Tottori"),
    "32": ("島根県", "Shimane"), "33": ("岡山県", "Okayama"),
    "34": ("広島県", "Hiroshima"), "35": ("山口県", "Yamaguchi"),
    "36": ("徳島県", "Tokushima"), "37": ("香川県", "Kagawa"), "38": ("愛媛県", "Ehime"),
    "39": ("高知県", "Kochi"), "40": ("福岡県", "Fukuoka"), "41": ("佐賀県", "Saga"),
    "42": ("長崎県", "Nagasaki"), "43": ("熊本県", "Kumamoto"), "44": ("大分県", "Oita"),
    "45": ("宮崎県", "Miyazaki"), "46": ("鹿児島県", "Kagoshima"),
    "47": ("沖縄県", "Okinawa"),
}  # fmt: skip
# What official statistics call the municipalities that are in no 郡.
CITIES = "市部"
_REST = "その他"


@dataclass(frozen=True, slots=True)
class Place:
    """Prefectures and regions of a run.

    Attributes
    ----------
    prefectures
        2-digit codes, ascending.
    regions
        Names of the regions outside Hokkaido, in the order of their first municipality's code; the
        report's own maps name theirs.
    """

    prefectures: tuple[str, ...] = (HOKKAIDO,)
    regions: tuple[str, ...] = ()

    @property
    def is_of_the_report(self) -> bool:
        """Whether it holds any of Hokkaido, which the report is about."""
        return HOKKAIDO in self.prefectures

    @property
    def division(self) -> str:
        """Entry of `HEADINGS` for what a municipality is in."""
        return "subprefecture" if self.is_of_the_report else "region"

    def name(self, lang: Lang) -> str:
        """Names of the prefectures."""
        names = [say(lang, *PREFECTURES.get(code, ("", ""))) for code in self.prefectures]
        return say(lang, "・", ", ").join(name for name in names if name)

    def title(self, lang: Lang, region: str | None = None) -> str:
        """What a title says of the place: in Hokkaido the region alone, elsewhere all of it."""
        if self.is_of_the_report:
            return region or ""
        name = self.name(lang)
        return name if region in (None, name) else f"{name} {region}".strip()


THE_REPORT = Place()
"""Hokkaido, which is also taken where a folder has no boundaries that tell."""


def place_of(towns: gpd.GeoDataFrame) -> Place:
    """Place of municipalities, whose column ``subprefecture`` names a region for each.

    Parameters
    ----------
    towns
        As `with_regions` gives them.

    Returns
    -------
    Place
        Its prefectures and, outside Hokkaido, its regions.
    """
    codes = tuple(sorted({str(code)[:2] for code in towns.index}))
    if HOKKAIDO in codes:
        return Place(codes)
    return Place(codes, tuple(dict.fromkeys(towns["subprefecture"])))


def with_regions(towns: gpd.GeoDataFrame, districts: pd.Series | None) -> gpd.GeoDataFrame:
    """Name a region for each municipality outside Hokkaido, from what the data have.

    That is the subprefecture where the file has any, else the district (郡; cities together as
    市部), else all as one region that has the prefecture's name.

    Parameters
    ----------
    towns
        Municipalities as `read_municipalities` gives them.
    districts
        Districts by code, missing for cities, as `read_districts` gives them; ``None`` where the
        file has subprefectures.

    Returns
    -------
    geopandas.GeoDataFrame
        `towns` itself where it holds any of Hokkaido; else a copy with ``subprefecture`` filled.
    """
    if any(str(code).startswith(HOKKAIDO) for code in towns.index):
        return towns
    given = towns["subprefecture"].astype(object)
    if given.notna().any():
        return towns.assign(subprefecture=given.where(given.notna(), _REST))
    if districts is not None and districts.notna().any():
        found = districts.reindex(towns.index).astype(object)
        return towns.assign(subprefecture=found.where(found.notna(), CITIES))
    codes = tuple(sorted({str(code)[:2] for code in towns.index}))
    return towns.assign(subprefecture=Place(codes).name("ja") or _REST)
