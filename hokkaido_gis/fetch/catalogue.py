"""What can be fetched: one entry a data set, with its publisher, address, terms and credit.

No address was requested from where this table was written. `DataSet.basis` says on what each of
them rests, and is shown when the publisher answers that there is no such file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

import pandas as pd

from hokkaido_gis.errors import list_faults, name_some
from hokkaido_gis.fetch.errors import FetchError

Lang = Literal["ja", "en"]

_MB = 1_000_000
_SETTLEMENT_PAGE = "https://www.maff.go.jp/j/tokei/census/shuraku_data/index.html"


class Words(NamedTuple):
    """The same words in Japanese and English."""

    ja: str
    en: str

    def to(self, lang: Lang) -> str:
        """Words in one language."""
        return self.ja if lang == "ja" else self.en


_MLIT = Words("国土交通省", "Ministry of Land, Infrastructure, Transport and Tourism (MLIT)")
_MAFF = Words("農林水産省", "Ministry of Agriculture, Forestry and Fisheries (MAFF)")


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """One data set of one publisher.

    Parameters
    ----------
    name
        What a user types, and the name of its folder in the cache.
    title, publisher, terms
        Shown before a download.
    credit
        Line that the publisher asks for beside a map or table.
    page
        Where a person finds the data set.
    basis
        On what the address rests, and what could not be checked.
    reader
        Function of the package that reads the result.
    address
        Template with ``{year}`` and ``{prefecture}``; blank if it must be got by hand.
    hosts
        Hosts that may serve it; a redirect elsewhere is refused.
    kind
        What the first bytes must be.
    years
        Editions that the template is known for; the first is the default.
    by_prefecture
        Whether there is one file a prefecture.
    query
        Overpass query, sent by POST.
    layers
        Patterns of names of the files to open, preferred first.
    converter
        How the answer becomes files that readers understand.
    by_hand
        How to get what has no address, or needs registration.
    max_bytes
        Greatest size of the download.
    timeout
        Seconds to wait for a connection, and for each piece of the answer.
    """

    name: str
    title: Words
    publisher: Words
    terms: Words
    credit: str
    page: str
    basis: str
    reader: str
    address: str = ""
    hosts: tuple[str, ...] = ()
    kind: Literal["zip", "json"] = "zip"
    years: tuple[int, ...] = ()
    by_prefecture: bool = False
    query: str = ""
    layers: tuple[str, ...] = ()
    converter: Literal["unpack", "overpass", "amedas"] = "unpack"
    by_hand: Words | None = None
    max_bytes: int = 200 * _MB
    timeout: float = 30.0


class Edition(NamedTuple):
    """One file of a data set: an edition, and a prefecture where files are cut so."""

    data_set: DataSet
    url: str

    @property
    def file_name(self) -> str:
        """Name of the file in the cache: the publisher's own, where the address has one."""
        if self.data_set.query:
            return f"{self.data_set.name}.json"
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def url_by_hand(self) -> str:
        """Address that gives the same file in a browser."""
        query = self.data_set.query
        return f"{self.url}?{urlencode({'data': query})}" if query else self.url


OVERPASS_QUERY = """\
[out:json][timeout:180];
area["ISO3166-2"="JP-01"]["admin_level"="4"]->.hokkaido;
(
  way["power"~"^(line|cable|minor_line)$"](area.hokkaido);
  nwr["power"="substation"](area.hokkaido);
);
out geom;
"""

_NON_COMMERCIAL = Words(
    "国土数値情報の利用規約。非商用とされる指標なので、利用の前に配布ページの使用許諾条件を確かめること。"
    "出典を示し、加工したときはその旨を記す。",
    "Terms of the National Land Numerical Information; this layer is reported as non-commercial: "
    "read its page before use. Name the source, and say so if you edited the data.",
)

_ENTRIES = (
    DataSet(
        name="n03",
        title=Words("国土数値情報 行政区域データ (N03)", "Administrative areas (N03)"),
        publisher=_MLIT,
        terms=Words(
            "国土数値情報の利用規約。2024年版以降は CC BY 4.0 と配布ページにあり、それより前の版は"
            "配布ページで確かめること。出典を示し、加工したときはその旨を記す。",
            "Terms of the National Land Numerical Information; CC BY 4.0 by its page from the 2024 "
            "edition on, earlier ones: read the page. Name the source, and say so if you edited "
            "the data.",
        ),
        credit="「国土数値情報（行政区域データ）」（国土交通省）を加工して作成",
        page="https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-N03-2025.html",
        basis="the same form of address is used by public programs for each of these years, for "
        "prefecture 01 in 2021, 2023 and 2025; not requested when this entry was written",
        reader="read_municipalities",
        address="https://nlftp.mlit.go.jp/ksj/gml/data/N03/N03-{year}/"
        "N03-{year}0101_{prefecture}_GML.zip",
        hosts=("nlftp.mlit.go.jp",),
        years=(2025, 2026, 2024, 2023, 2022, 2021, 2020),
        by_prefecture=True,
        # From 2024 on an archive may also hold outlines of whole prefectures, *_prefecture.*.
        layers=(r"N03-[\d_]+\.geojson", r"N03-[\d_]+\.shp"),
    ),
    DataSet(
        name="w01",
        title=Words("国土数値情報 ダムデータ (W01, 2014年版、全国)", "Dams (W01, 2014, all Japan)"),
        publisher=_MLIT,
        terms=_NON_COMMERCIAL,
        credit="「国土数値情報（ダムデータ）」（国土交通省）を加工して作成",
        page="https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-W01.html",
        basis="used by public programs; one file for all Japan, none by prefecture was seen; not "
        "requested when this entry was written",
        reader="read_dams",
        address="https://nlftp.mlit.go.jp/ksj/gml/data/W01/W01-14/W01-14_GML.zip",
        hosts=("nlftp.mlit.go.jp",),
        layers=(r"W01-14-g_Dam\.geojson", r"W01-14-g_Dam\.shp"),
    ),
    DataSet(
        name="c09",
        title=Words(
            "国土数値情報 漁港データ (C09, 2006年版、全国)", "Fishing ports (C09, 2006, all Japan)"
        ),
        publisher=_MLIT,
        terms=_NON_COMMERCIAL,
        credit="「国土数値情報（漁港データ）」（国土交通省）を加工して作成",
        page="https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-C09.html",
        basis="used by public programs; one file for all Japan, none by prefecture was seen; not "
        "requested when this entry was written",
        reader="read_ports",
        address="https://nlftp.mlit.go.jp/ksj/gml/data/C09/C09-06/C09-06_GML.zip",
        hosts=("nlftp.mlit.go.jp",),
        layers=(r"C09-06_FishingPort\.geojson", r"C09-06_FishingPort\.shp"),
    ),
    DataSet(
        name="settlements",
        title=Words(
            "2020年農林業センサス 農業集落境界データ", "Boundaries of farm settlements (2020)"
        ),
        publisher=_MAFF,
        terms=Words(
            "政府標準利用規約（第2.0版）に準じる農林水産省の規約。「地域の農業を見て・知って・活かすDB」の"
            "利用上の注意も読むこと。出典を示し、加工したときはその旨を記す。",
            "MAFF's terms after the Government of Japan Standard Terms of Use 2.0, and the notes "
            "for use on its page. Name the source, and say so if you edited the data.",
        ),
        credit="「2020年農林業センサスの農業集落境界データ」（農林水産省）を加工して作成",
        page=_SETTLEMENT_PAGE,
        basis="the address that the public R package fude downloads without registration; not "
        "requested when this entry was written",
        reader="read_settlements",
        address="https://www.machimura.maff.go.jp/shurakudata/2020/ma/"
        "MA0001_2020_2020_{prefecture}.zip",
        hosts=("www.machimura.maff.go.jp",),
        by_prefecture=True,
        layers=(r".+\.shp",),
    ),
    DataSet(
        name="settlement-census",
        title=Words("農林業センサス 農業集落別の集計", "Agricultural census by farm settlement"),
        publisher=_MAFF,
        terms=Words(
            "政府標準利用規約（第2.0版）に準じる農林水産省の規約。出典を示し、加工したときはその旨を記す。",
            "MAFF's terms after the Government of Japan Standard Terms of Use 2.0. Name the "
            "source, and say so if you edited the data.",
        ),
        credit="「農林業センサス 農業集落別集計」（農林水産省）を加工して作成",
        page=_SETTLEMENT_PAGE,
        basis="the tables are many, by year, subject and prefecture, and which is meant depends on "
        "the question; no address stands for all of them",
        reader="read_table",
        layers=(r"(?i).+\.(xlsx|csv)",),
        by_hand=Words(
            "配布ページで年次と項目（経営耕地、耕作放棄地など。耕作放棄地は2015年まで）を選び、北海道の"
            "Excel または CSV を保存する",
            "choose the year and the subject on the page (abandoned farmland: up to 2015), and "
            "save the Excel or CSV files of Hokkaido",
        ),
    ),
    DataSet(
        name="osm-power",
        title=Words(
            "OpenStreetMap 送電線と変電所（北海道）",
            "Power lines and substations of OpenStreetMap, Hokkaido",
        ),
        publisher=Words("OpenStreetMap 協力者 (Overpass API)", "OpenStreetMap contributors"),
        terms=Words(
            "ODbL 1.0。出典を示し、データを加工して公開するときは同じ条件で公開する。"
            "https://www.openstreetmap.org/copyright",
            "ODbL 1.0: name the source, and publish derived databases under the same licence. "
            "https://www.openstreetmap.org/copyright",
        ),
        credit="© OpenStreetMap contributors",
        page="https://wiki.openstreetmap.org/wiki/Overpass_API",
        basis="the public Overpass server; it refuses stock user agents since 2026; the query was "
        "not run when this entry was written",
        reader="read_lines, read_substations",
        address="https://overpass-api.de/api/interpreter",
        hosts=("overpass-api.de", "lz4.overpass-api.de", "z.overpass-api.de"),
        kind="json",
        query=OVERPASS_QUERY,
        layers=(r".+\.geojson",),
        converter="overpass",
        timeout=200.0,  # the query itself may take 180 s before the first byte
    ),
    DataSet(
        name="amedas",
        title=Words("アメダス観測所一覧（北海道）", "AMeDAS stations, Hokkaido"),
        publisher=Words("気象庁", "Japan Meteorological Agency (JMA)"),
        terms=Words(
            "気象庁ホームページ利用規約。出典を示し、加工したときはその旨を記す。"
            "https://www.jma.go.jp/jma/kishou/info/coment.html",
            "Terms of the JMA website: name the source, and say so if you edited the data. "
            "https://www.jma.go.jp/jma/kishou/info/coment.html",
        ),
        credit="気象庁ホームページのアメダス観測所一覧を加工して作成",
        page="https://www.jma.go.jp/bosai/map.html",
        basis="read by JMA's own map page and by public programs; JMA does not document it, so it "
        "may change; not requested when this entry was written",
        reader="read_stations",
        address="https://www.jma.go.jp/bosai/amedas/const/amedastable.json",
        hosts=("www.jma.go.jp",),
        kind="json",
        layers=(r".+\.csv",),
        converter="amedas",
        max_bytes=20 * _MB,
    ),
)  # fmt: skip

CATALOGUE: dict[str, DataSet] = {entry.name: entry for entry in _ENTRIES}


def find_data_set(name: str) -> DataSet:
    """Entry of the catalogue by its name, in capitals or not.

    Raises
    ------
    FetchError
        If there is none; the names that there are stand in the message.
    """
    try:
        return CATALOGUE[name.lower()]
    except KeyError:
        known = name_some(sorted(CATALOGUE), most=20)
        raise FetchError(f"No data set is called {name!r}. Choose from {known}.") from None


def list_data_sets(lang: Lang = "ja") -> pd.DataFrame:
    """Table of the catalogue: ``name``, ``title``, ``publisher``, ``terms``."""
    rows = [
        (entry.name, entry.title.to(lang), entry.publisher.to(lang), entry.terms.to(lang))
        for entry in CATALOGUE.values()
    ]
    return pd.DataFrame(rows, columns=["name", "title", "publisher", "terms"])


def choose_edition(
    data_set: DataSet, *, year: int | None = None, prefecture: str | None = None
) -> Edition:
    """Fill in the address of a data set.

    Parameters
    ----------
    year
        Edition; by default the entry's first.
    prefecture
        Number of the prefecture, 1 to 47; by default 01, Hokkaido.

    Raises
    ------
    FetchError
        If there is no such edition or prefecture, or nothing to choose in this data set; all
        faults are listed at once.
    """
    faults = [*_year_faults(data_set, year), *_prefecture_faults(data_set, prefecture)]
    if faults:
        raise FetchError(f"{data_set.name}: {list_faults(faults)}")
    chosen = year if year is not None else next(iter(data_set.years), "")
    number = f"{int(prefecture or 1):02d}"
    return Edition(data_set, data_set.address.format(year=chosen, prefecture=number))


def _year_faults(data_set: DataSet, year: int | None) -> list[str]:
    if year is None or year in data_set.years:
        return []
    if not data_set.years:
        return [f"it has one edition here; leave the year ({year}) out."]
    span = f"{min(data_set.years)} to {max(data_set.years)}"
    return [f"it is known for the years {span}, not for {year}; others are at {data_set.page}"]


def _prefecture_faults(data_set: DataSet, prefecture: str | None) -> list[str]:
    if prefecture is None:
        return []
    if not (prefecture.isdecimal() and 1 <= int(prefecture) <= 47):
        return [f"a prefecture is a number from 01 to 47 (Hokkaido 01), not {prefecture!r}."]
    if not data_set.by_prefecture:
        return [f"it is not cut by prefecture; leave the prefecture ({prefecture}) out."]
    return []
