"""Which file of a folder holds which layer, and what is known of its origin."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from hokkaido_gis.render.scene import Lang

Kind = Literal["real", "report", "synthetic", "mixed", "given"]

_VECTOR = (".geojson", ".gpkg", ".shp", ".shp.zip", ".fgb", ".gml", ".kml", ".kmz", ".parquet")
_TABLE = (".csv", ".xlsx", ".parquet")
# Folders of the sample whose tables are no layers.
_NOT_LAYERS = {"report", "build", "criteria"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the file of a layer is told by its name, without regard to case."""

    title: str
    title_ja: str
    hint: str
    pattern: str
    endings: tuple[str, ...] = _VECTOR


LAYERS = {
    "municipalities": Wanted(
        "municipal boundaries", "市町村界", "municipalities or N03", r"^(municipalities|n03)"
    ),
    "settlements": Wanted(
        "farm settlements", "農業集落", "settlements", r"settlements?(?!.*census)|農業集落"
    ),
    "census": Wanted(
        "abandoned farmland by settlement", "耕作放棄地", "census", r"census|耕作放棄", _TABLE
    ),
    "lines": Wanted("transmission lines", "送電線", "lines", r"(?<!out)lines?(?![a-z])|送電線"),
    "substations": Wanted("substations", "変電所", "substations", r"substations?|変電所"),
    "dams": Wanted("dams", "ダム", "dams or W01", r"dams?(?![a-z])|w01|ダム"),
    "ports": Wanted("fishing ports", "漁港", "ports or C09", r"(?<![a-z])ports?(?![a-z])|c09|漁港"),
    "stations": Wanted(
        "weather stations",
        "気象観測所",
        "stations",
        r"(?<!sub)stations?(?!.*normal)|観測所(?!.*平年)",
        (*_VECTOR, ".csv"),
    ),
    "normals": Wanted(
        "monthly mean temperature", "月平均気温", "normals", r"normals?|平年値", (".csv", ".xlsx")
    ),
    "irradiation": Wanted(
        "irradiation", "日射量", "irradiation", r"irradiation|日射", (*_VECTOR, ".csv", ".xlsx")
    ),
    "population": Wanted("population", "人口", "population", r"population|人口", _TABLE),
    "wind": Wanted("wind map", "風況", "wind", r"wind|風況", (".tif", ".tiff")),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a layer comes from, as a caption and a credit line say it.

    Attributes
    ----------
    kind
        ``given`` is a file of the user's own.
    credit
        Credit line.
    terms
        On what terms it may be used, where they are known.
    """

    kind: Kind
    credit: str
    terms: str = ""

    @property
    def is_synthetic(self) -> bool:
        """Whether it is made up, if only in its places."""
        return self.kind in ("synthetic", "mixed")

    def caption(self, title: str, lang: Lang) -> str:
        """Say how much of a layer is real."""
        words = {
            "real": ("実データ", "real"),
            "report": ("報告書の数値", "the report's figures"),
            "synthetic": ("合成データ (実在の地点ではない)", "synthetic, no real places"),
            "mixed": (
                "報告書の数値、位置は合成 (実在の地点ではない)",
                "the report's figures on synthetic places",
            ),
            "given": ("指定されたデータ", "as given"),
        }[self.kind]
        return f"{title}: {say(lang, *words)}"


def find_files(folder: Path, layer: str) -> list[Path]:
    """Files of a folder, and of those within it, that may hold a layer; in order of their names.

    Raises
    ------
    MissingInputError
        If there is none.
    """
    wanted = LAYERS[layer]
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(wanted.endings)
        and re.search(wanted.pattern, path.name.lower())
        and not _NOT_LAYERS & set(path.relative_to(folder).parts[:-1])
    )
    if not found:
        raise MissingInputError(
            f"{folder} holds no {wanted.title}. Put a file there with {wanted.hint} in its name "
            f"({' '.join(wanted.endings)}).",
            f"{folder.name} に{wanted.title_ja}のファイルがない。",
        )
    return found


def origin_of(path: Path) -> Origin:
    """Say where a file comes from: by the sample's catalogue, or by a publisher's file name."""
    if path.resolve().is_relative_to(sample_data().resolve()):
        return _catalogue()[path.resolve().relative_to(sample_data().resolve()).as_posix()]
    publishers = {
        "n03": "国土数値情報（行政区域データ）（国土交通省）を加工して作成",
        "w01": "国土数値情報（ダムデータ）（国土交通省）を加工して作成",
        "c09": "国土数値情報（漁港データ）（国土交通省）を加工して作成",
        "osm": "© OpenStreetMap contributors",
    }
    named = f"{path.parent.name}/{path.name}".lower()
    known = [credit for name, credit in publishers.items() if name in named]
    return Origin("given", known[0] if known else path.name)


@cache
def _catalogue() -> dict[str, Origin]:
    text = (sample_data() / "layers.toml").read_text(encoding="utf-8")
    return {
        entry["file"]: Origin(entry["kind"], entry["credit"], entry["terms"])
        for entry in tomllib.loads(text)["layer"]
    }
