"""What of the report holds in another prefecture, and what is about Hokkaido alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe, Result


def _ids(kind: str, chapter: int, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{kind}-{chapter}-{number}" for number in numbers)


_ALONE: dict[Words, tuple[str, ...]] = {
    (
        (
            "北海道の図表: 木質バイオマスの熱量、工場、林業、札幌からの距離と立地評価は、"
            "報告書にある北海道179市町村の数値による。"
        ),
        (
            "It is about Hokkaido: woody biomass, factories, forestry, distances from "
            "Sapporo and the choice of sites rest on the report's figures of 179 municipalities."
        ),
    ): (
        *_ids("fig", 2, 4, 5, 6, 7, 8, 9, 12, 13),
        "fig-6-6",
        *_ids("table", 2, 2, 4, 6, 7, 9, *range(18, 35), 36, 37, 38),
    ),
    (
        (
            "北海道の図表: 報告書が北海道で設定したモデルケースの収支で、この県のデータによらない"
            "(2012年度の買取価格は全国共通、発電量・費用・電力単価は北海道のもの)。"
        ),
        (
            "It is about Hokkaido: the money of model plants that the report set there, which no "
            "data of this prefecture enter (feed-in prices of 2012 are national; energy, costs and "
            "prices of electricity are those of Hokkaido)."
        ),
    ): (
        *_ids("table", 2, 12, 13, 15, 16),
        *_ids("fig", 3, 6, 7),
        "table-3-10",
        *_ids("table", 4, 16, 17, 21),
        *_ids("table", 5, 18, 23),
    ),
    (
        (
            "北海道の図表: 報告書の70ダムの出力。かんがい流量はダムのレイヤになく、他県では"
            "求められない。"
        ),
        (
            "It is about Hokkaido: outputs of the report's 70 dams. Layers of dams have no "
            "irrigation flows to work out others from."
        ),
    ): (*_ids("fig", 3, 1, 2, 3, 4, 5), "fig-6-4", *_ids("table", 3, 3, 4, 5)),
    (
        "北海道の図表: 報告書の現地調査地 (網走市、白糠町、浜中町、調査漁港) のもの。",
        (
            "It is about Hokkaido: the places that the report surveyed (Abashiri, Shiranuka, "
            "Hamanaka and their ports)."
        ),
    ): (
        *_ids("fig", 4, 37, 38, 39, 44, 45, 46, 47),
        *_ids("table", 4, 13, 18),
        *_ids("fig", 5, 18, 19, 20, 21),
        *_ids("table", 5, 4, 15, 20),
    ),
    (
        "北海道の図表: 報告書が挙げた北海道の194漁港の一覧。",
        "It is about Hokkaido: the report's list of 194 of its fishing ports.",
    ): ("table-5-2",),
    (
        "北海道の図表: 北海道の電力系統の送電能力による。",
        "It is about Hokkaido: it rests on the sending capacity of its power system.",
    ): ("table-6-2",),
    (
        "北海道の図表: 釧路・根室連携地域の計画。",
        "It is about Hokkaido: the plan for Kushiro and Nemuro.",
    ): ("fig-7-1", "table-7-1"),
}
ABOUT_HOKKAIDO: dict[str, Words] = {name: why for why, names in _ALONE.items() for name in names}
"""Why figures and tables cannot be made for another prefecture, by their ids."""

_NOTES: dict[str, Words] = {
    "voltage": (
        (
            "電圧階級は報告書のもの (北海道電力) で、154kVや500kVなど他の電圧は「その他の電圧」。"
            "主要変電所を187kV以上とするのも北海道の電圧による。"
        ),
        (
            "Voltage classes are the report's (Hokkaido Electric Power); others, such as 154 and "
            "500 kV, are shown as other voltages. Main substations of 187 kV and above follow from "
            "the voltages of Hokkaido too. "
        ),
    ),
    "connection": (
        (
            "66kV以下の送電線という連系の条件は北海道について定められたもので、他の電力会社には確認"
            "を要する。"
        ),
        (
            "That plants connect to lines of 66 kV and less was laid down for Hokkaido; ask the "
            "power company of this place. "
        ),
    ),
    "capacity_factor": (
        "設備利用率26.3%は北海道の実績の平均で、この県の値ではない。",
        "The capacity factor of 26.3 % is a mean of Hokkaido, not of this prefecture. ",
    ),
    "conditions": (
        "評価の閾値 (1,010kWh/kW、積雪60cm、6万V以下) は報告書が北海道について定めたもの。",
        (
            "The thresholds (1,010 kWh/kW, 60 cm of snow, 66 kV) are those that the report laid "
            "down for Hokkaido. "
        ),
    ),
}


def note(inputs: Inputs, lang: Lang, *topics: str) -> str:
    """Say which figures of Hokkaido a result stands on; nothing in Hokkaido.

    Parameters
    ----------
    inputs
        Layers of the run.
    lang
        Language of the words.
    *topics
        ``voltage``, ``connection``, ``capacity_factor`` or ``conditions``.
    """
    if inputs.place.is_of_the_report:
        return ""
    return "".join(say(lang, *_NOTES[topic]) for topic in topics)


def report_says(inputs: Inputs, lang: Lang, japanese: str, english: str) -> str:
    """Say what concerns the report's own figures, which only Hokkaido has."""
    return say(lang, japanese, english) if inputs.place.is_of_the_report else ""


def unavailable(why: Words) -> Recipe:
    """Recipe of what cannot be made here.

    Parameters
    ----------
    why
        The reason, in Japanese and English.
    """

    def recipe(inputs: Inputs, lang: Lang) -> Result:  # noqa: ARG001
        raise MissingInputError(why[1], why[0])

    return recipe
