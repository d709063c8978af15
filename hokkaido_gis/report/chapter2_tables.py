"""Chapter 2, woody biomass: its tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.economics import BIOMASS_1000_KW, BIOMASS_2000_KW, Plant, cash_flow
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.report import biomass_study as study
from hokkaido_gis.report.grid_tables import access_marks, criteria_with_grid
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import MARKS, heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

_BOUNDS = (
    "報告書の数値。上限と下限が等しい値は印字のまま、異なる値は失われた桁の範囲。",
    (
        "Figures of the report. Where least and most are equal the print survives; else it is the "
        "range of the lost digits."
    ),
)
# The order in which tables 2-18 to 2-25, and again 2-27 to 2-34, take the resources.
TABLE_ORDER = (
    "林地残材", "切捨間伐材", "果樹剪定枝", "国産材製材廃材",
    "外材製材廃材", "建築廃材", "新増築廃材", "公園剪定枝",
)  # fmt: skip


def criteria_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-2: how the axes are judged."""
    criteria = criteria_with_grid(inputs.criteria)
    reach = {
        knock_out.criterion: say(
            lang,
            "当該・隣接市町村" if knock_out.reach == "neighbours" else "当該市町村",
            "own and neighbours" if knock_out.reach == "neighbours" else "own",
        )
        for knock_out in criteria.knock_out
    }
    rows = [
        {
            "criterion": criterion.id,
            "title": criterion.title if lang == "ja" else criterion.title_en,
            "indicator": test.column,
            "op": test.op,
            "threshold": test.threshold,
            "unit": test.unit,
            "effect": criterion.effect,
            "knock_out": reach.get(criterion.id, ""),
        }
        for criterion in criteria.criterion
        for test in criterion.tests
    ]
    return _table(
        say(lang, "表2-2 評価軸と閾値の考え方", "Table 2-2 Criteria and thresholds"),
        pd.DataFrame(rows),
        lang,
        say(
            lang,
            "報告書の記号による評価例 (市町村1~9) は失われた。C-3 は表2-9に参考として示し、"
            "評価には数えない。",
            "The marks of the report's example (municipalities 1 to 9) are lost. C-3 is shown "
            "beside table 2-9 and does not count.",
        ),
    )


def plants_table(inputs: Inputs, lang: Lang, *, source: str, title: tuple[str, str]) -> Table:
    """Tables 2-4, 2-6 and 2-7: plants as the report lists them."""
    table = inputs.report(source).rename(columns={"municipality": "name"})
    frame = table.drop(columns="report_code").rename_axis("code").reset_index().fillna("")
    return _table(
        say(lang, *title),
        frame,
        lang,
        say(
            lang,
            "報告書の記載。折り返しで社名と所在地を分けられない行は原文のみ示す。",
            "As the report lists them. Where wrapped cells cannot be told apart, only the text is "
            "given.",
        ),
    )


def siting_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-9: the evaluation of all municipalities."""
    answer = study.siting_answer(inputs)
    indicators = study.siting_table(inputs)[
        ["output_with_neighbours_kw", "competing_plants", "distance_from_sapporo_km",
         "fuel_factories"]
    ]  # fmt: skip
    marks = [criterion.id for criterion in inputs.criteria.criterion]
    shown = answer.assign(
        **{m: answer[m].map(lambda mark: MARKS[mark][lang]) for m in marks},
        candidate=answer["candidate"].map(
            {
                "first": say(lang, "第1候補", "first"),
                "second": say(lang, "第2候補", "second"),
                "": "",
            }
        ),
    )
    frame = shown.join(indicators.round(1))
    told = say(
        lang,
        "D-4, C-2 は報告書の評価、D-3 は直線距離。C-3 は元の表が失われたため評価に含まない。",
        "D-4 and C-2 are the report's marks, D-3 is by straight line. C-3 does not count: its "
        "table is lost.",
    )
    try:
        access = access_marks(inputs, lang)
    except MissingInputError:
        told += say(
            lang,
            "送電線・変電所のレイヤがなく、参考にも示せない。",
            " There are no layers of lines and substations to show it from.",
        )
    else:
        frame = frame.join(access)
        told += say(
            lang,
            "参考に、送電線・変電所のレイヤから求めた C-3 を最後の列に示す。",
            " The last column shows it as computed from the layers of lines and substations.",
        )
    return _table(
        say(lang, "表2-9 木質バイオマス発電所立地評価", "Table 2-9 Siting of biomass plants"),
        frame.reset_index(),
        lang,
        told,
    )


def cash_flow_table(
    inputs: Inputs,  # noqa: ARG001
    lang: Lang,
    *,
    plant: Plant,
    years: tuple[int, int],
    title: tuple[str, str],
) -> Table:
    """Tables 2-12, 2-13, 2-15 and 2-16: a model case year by year."""
    flow = cash_flow(plant).loc[years[0] : years[1]]
    frame = flow.assign(recovery_percent=flow["recovery"] * 100).drop(columns="recovery")
    return _table(
        say(lang, *title),
        frame.round(1).reset_index(),
        lang,
        say(
            lang,
            "借入期間10年と収入は報告書に記載がなく、印字された回収率に合うよう推定した。",
            "The loan's term of 10 years and the income are not stated; they are fitted to the "
            "printed recovery.",
        ),
    )


def neighbours_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-17: which municipalities touch."""
    found = inputs.adjacency
    listed = inputs.listed_adjacency if inputs.place.is_of_the_report else None
    names = found.names
    rows = []
    for code, name in names.items():
        near = found.neighbours(str(code))
        row = {
            "code": code,
            "name": name,
            "neighbours": " ".join(names[near]),
            "count": len(near),
        }
        if listed is not None:
            known = set(listed.neighbours(str(code))) if code in listed.names.index else set()
            row["not_in_report"] = " ".join(names[[c for c in near if c not in known]])
        rows.append(row)
    return _table(
        say(lang, "表2-17 各市町村の隣接市町村", "Table 2-17 Neighbours of each municipality"),
        pd.DataFrame(rows),
        lang,
        say(
            lang,
            "境界データから求めた隣接 (点で接するものを含む)。",
            "Computed from the boundaries; contacts in a single point count.",
        ),
    )


def resource_table(
    inputs: Inputs, lang: Lang, *, number: int, resource: str, ranked: bool
) -> Table:
    """Tables 2-18 to 2-25 by municipality, and 2-27 to 2-34 in order of output."""

    def only(bounds: study.Bounds) -> study.Bounds:
        return study.Bounds(*(part.xs(resource, level="resource") for part in bounds))

    heat = only(study.resource_heat(inputs))
    output = study.output(heat)
    frame = pd.DataFrame(
        {
            "name": inputs.report("biomass")["name"],
            "output_low": output.low,
            "output_high": output.high,
        }
    )
    what = say(lang, resource, study.RESOURCES_EN[resource])
    if ranked:
        order = output.middle.sort_values(ascending=False, kind="stable").index
        frame = frame.loc[order]
        frame.insert(0, "rank", range(1, len(frame) + 1))
        title = say(
            lang, f"{what}の出力ポテンシャル (出力順)", f"{what}, in order of output potential"
        )
    else:
        amount = only(study.resource_amount(inputs))
        near = study.heat_with_neighbours(heat, inputs.listed_adjacency)
        frame = frame.assign(
            available_low=amount.low,
            available_high=amount.high,
            heat_low=heat.low,
            heat_high=heat.high,
            heat_near_low=near.low,
            heat_near_high=near.high,
            output_near_low=study.output(near).low,
            output_near_high=study.output(near).high,
        )
        title = say(lang, f"{what}の賦存量・有効利用可能量", f"{what}: arising and usable")
    return _table(
        f"{say(lang, '表', 'Table ')}2-{number} {title}",
        frame.round(1).rename_axis("code").reset_index(),
        lang,
        say(lang, *_BOUNDS),
    )


def total_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-26: heat and output of all resources."""
    own, near = study.own_heat(inputs), study.own_heat_with_neighbours(inputs)
    frame = pd.DataFrame(
        {
            "name": inputs.report("biomass")["name"],
            "heat_low": own.low,
            "heat_high": own.high,
            "heat_near_low": near.low,
            "heat_near_high": near.high,
            "output_low": study.output(own).low,
            "output_high": study.output(own).high,
            "output_near_low": study.output(near).low,
            "output_near_high": study.output(near).high,
        }
    )
    return _table(
        say(
            lang,
            "表2-26 有効利用可能熱量と出力ポテンシャル (合計)",
            "Table 2-26 Usable heat and output potential, all resources",
        ),
        frame.round(1).rename_axis("code").reset_index(),
        lang,
        say(lang, *_BOUNDS),
    )


def distance_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-36: distance from Sapporo City Hall."""
    distance = study.distance_from_sapporo(inputs)
    printed = to_numbers(inputs.report("siting")["distance_rank_from_sapporo"])
    frame = pd.DataFrame(
        {
            "name": inputs.municipalities["name"],
            "distance_from_sapporo_km": distance.round(1),
            "rank": distance.rank(method="min").astype(int),
            "printed_distance_rank": printed.reindex(distance.index).astype("Int64"),
        }
    )
    return _table(
        say(
            lang,
            "表2-36 札幌市役所からの距離",
            "Table 2-36 Distance from Sapporo City Hall",
        ),
        frame.rename_axis("code").reset_index(),
        lang,
        say(
            lang,
            "報告書の道路距離は失われた。ここでは直線距離。順位は図2-7に残る80市町村。",
            "The report's distances by road are lost; these are straight lines. Ranks survive for "
            "the 80 of figure 2-7.",
        ),
    )


def forest_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-37: area and stock of private forest."""
    columns = ["area_low", "area_high", "stock_low", "stock_high", "stock_per_ha_low",
               "stock_per_ha_high"]  # fmt: skip
    table = inputs.report("private_forest")
    frame = table[columns].apply(to_numbers)
    frame.insert(0, "name", table["name"])
    return _table(
        say(
            lang,
            "表2-37 市町村別民有林の森林面積および蓄積",
            "Table 2-37 Area and stock of private forest",
        ),
        frame.rename_axis("code").reset_index(),
        lang,
        say(lang, *_BOUNDS),
    )


def road_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-38: density of forest roads."""
    table, density = inputs.report("forest_roads"), study.road_density(inputs)
    frame = pd.DataFrame(
        {
            "name": table["name"],
            "road_m": to_numbers(table["road_m"]),
            "density_low": density.low.round(2),
            "density_high": density.high.round(2),
        }
    )
    return _table(
        say(lang, "表2-38 一般民有林林道密度", "Table 2-38 Density of forest roads"),
        frame.rename_axis("code").reset_index(),
        lang,
        say(lang, *_BOUNDS),
    )


def _table(title: str, frame: pd.DataFrame, lang: Lang, caption: str) -> Table:
    return Table(title, frame.rename(columns=lambda column: heading(column, lang)), caption)


def _case(number: int, plant: Plant, years: tuple[int, int]) -> partial[Table]:
    case = 1 if plant is BIOMASS_1000_KW else 2
    return partial(
        cash_flow_table,
        plant=plant,
        years=years,
        title=(
            f"表2-{number} モデルケース{case} 収支 ({years[0]}~{years[1]}年目)",
            f"Table 2-{number} Model case {case}, years {years[0]} to {years[1]}",
        ),
    )


TABLES: dict[str, Recipe] = {
    "table-2-2": criteria_table,
    "table-2-4": partial(
        plants_table,
        source="competing_plants",
        title=("表2-4 燃料調達面で競合する可能性のある施設", "Table 2-4 Competing plants"),
    ),
    "table-2-6": partial(
        plants_table,
        source="chip_factories",
        title=("表2-6 北海道内のチップ製造工場", "Table 2-6 Chip factories"),
    ),
    "table-2-7": partial(
        plants_table,
        source="pellet_factories",
        title=("表2-7 北海道内のペレット製造工場", "Table 2-7 Pellet factories"),
    ),
    "table-2-9": siting_table,
    "table-2-12": _case(12, BIOMASS_1000_KW, (1, 7)),
    "table-2-13": _case(13, BIOMASS_1000_KW, (8, 15)),
    "table-2-15": _case(15, BIOMASS_2000_KW, (1, 7)),
    "table-2-16": _case(16, BIOMASS_2000_KW, (8, 15)),
    "table-2-17": neighbours_table,
    **{
        f"table-2-{number}": partial(
            resource_table, number=number, resource=resource, ranked=number > 26
        )
        for first in (18, 27)
        for number, resource in enumerate(TABLE_ORDER, first)
    },
    "table-2-26": total_table,
    "table-2-36": distance_table,
    "table-2-37": forest_table,
    "table-2-38": road_table,
}
