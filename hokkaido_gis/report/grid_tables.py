"""Tables of the power grid by municipality (2-8, 4-3), and axis C-3 of the siting study."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.criteria import Comparison, Criterion
from hokkaido_gis.crs import GRS80
from hokkaido_gis.errors import LayerWarning, MissingInputError
from hokkaido_gis.grid.by_municipality import (
    MAIN_SUBSTATION_KV,
    SUFFIXES,
    grid_access,
    grid_by_municipality,
    has_line_up_to,
)
from hokkaido_gis.report import biomass_study as study
from hokkaido_gis.report.comparison import Check
from hokkaido_gis.report.credits import credit_in
from hokkaido_gis.report.elsewhere import note, report_says
from hokkaido_gis.report.kept import kept
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import MARKS, heading, say
from hokkaido_gis.siting import evaluate_siting
from hokkaido_gis.units import metres_to_kilometres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hokkaido_gis.criteria import Criteria
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

ACCESS = "transmission_line_or_main_substation"
"""Column of the indicator of C-3: 1 or 0, missing where it is not known."""
C_3 = Criterion(
    id="C-3",
    title="系統連系コスト (送電線・主要変電所)",
    title_en="Grid connection (line or main substation)",
    effect="negative",
    tests=(Comparison(column=ACCESS, op="<", threshold=1),),
)
"""The axis that table 2-1 calls 系統連系コスト: negative with neither line nor main substation."""

CONNECTABLE_KV = 66.0
# Chosen by the conditions of table 4-5, one of which is such a line in the municipality; the marks
# of table 4-3 itself are lost.
SURVEYED = {"01211": "網走市", "01663": "浜中町", "01668": "白糠町"}

_CLASSES: dict[str, Words] = {
    "275kv": ("275 kV", "275 kV"),
    "187kv": ("187 kV", "187 kV"),
    "110kv": ("100-110 kV", "100-110 kV"),
    "66kv": ("66 kV", "66 kV"),
    "33kv": ("33 kV以下", "33 kV and less"),
    "other": ("その他の電圧", "other voltages"),
    "hvdc": ("直流", "direct current"),
    "distribution": ("配電", "distribution"),
    "unknown": ("電圧不明", "unknown voltage"),
}
_OF_THE_REPORT = 5


@kept
def municipal_grid(inputs: Inputs) -> pd.DataFrame:
    """Lines and substations of a run by municipality, as `grid_by_municipality` gives them.

    What lies outside or has no voltage is said in the captions of the tables.
    """
    with warnings.catch_warnings(category=LayerWarning, action="ignore"):
        return grid_by_municipality(inputs.municipalities, inputs.lines, inputs.substations)


def lines_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 2-8: main substations and lines by voltage class; the report's marks are lost."""
    grid = municipal_grid(inputs)
    access = grid_access(grid).astype("boolean")
    judged = say(lang, "評価 (C-3)", "C-3")
    frame = _named(inputs, lang).join(_marks(grid, lang))
    frame[_main(lang)] = _marked(grid["main_substation"], lang)
    frame[judged] = access.map({False: say(lang, "×", "negative"), True: ""}).astype(object)
    frame[judged] = frame[judged].where(access.notna(), _unknown(lang))
    return Table(
        say(
            lang,
            f"表2-8 {inputs.place.name(lang)}市町村の主要変電所と送電線の有無",
            "Table 2-8 Main substations and transmission lines",
        ),
        frame.join(_lengths(grid, lang)).reset_index(drop=True),
        _caption(inputs, grid, lang),
    )


def voltages_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 4-3: lines by voltage class, and whether 2,000 kW and more can be connected."""
    grid = municipal_grid(inputs)
    frame = _named(inputs, lang).join(_marks(grid, lang))
    frame[say(lang, "66 kV以下の送電線", "Line of 66 kV or less")] = _marked(
        has_line_up_to(grid, CONNECTABLE_KV), lang
    )
    frame[_main(lang)] = _marked(grid["main_substation"], lang)
    told = say(
        lang,
        "2,000 kW以上は66 kV以下の送電線に連系する (4.1.2)。",
        "From 2,000 kW on, plants connect to a line of 66 kV or less (4.1.2). ",
    )
    if inputs.place.is_of_the_report:
        frame[say(lang, "報告書 (表4-5の調査地)", "Report (sites by table 4-5)")] = [
            "○" if code in SURVEYED else "" for code in frame.index
        ]
        told += say(
            lang,
            f"報告書の印で残るのは、その条件で選ばれた調査地 {'・'.join(SURVEYED.values())} のみ。",
            "Of the report's marks only those of the sites chosen by it survive "
            f"({', '.join(SURVEYED.values())}). ",
        )
    return Table(
        say(lang, "表4-3 送電網規模別一覧 (市町村別)", "Table 4-3 Grid by voltage class"),
        frame.join(_lengths(grid, lang)).reset_index(drop=True),
        told + _caption(inputs, grid, lang),
    )


def criteria_with_grid(criteria: Criteria) -> Criteria:
    """Criteria of the study with axis C-3, which the report's reproduced answer does without."""
    return criteria.model_copy(update={"criterion": (*criteria.criterion, C_3)})


def siting_table_with_grid(inputs: Inputs) -> pd.DataFrame:
    """Indicators of the siting study with that of C-3, from the lines and substations of a run.

    Returns
    -------
    pandas.DataFrame
        As `biomass_study.siting_table`, and the column `ACCESS`.

    Raises
    ------
    MissingInputError
        If the folder holds no lines or no substations.
    """
    table = study.siting_table(inputs)
    access = grid_access(municipal_grid(inputs)).reindex(table.index)
    return table.assign(**{ACCESS: access.astype("Float64").to_numpy(float, na_value=math.nan)})


def access_marks(inputs: Inputs, lang: Lang) -> pd.Series:
    """Marks of C-3 for table 2-9, named for what they are computed from.

    They stand beside the evaluation and count neither as positive nor as negative.

    Raises
    ------
    MissingInputError
        If the folder holds no lines or no substations.
    """
    marks = evaluate_siting(
        siting_table_with_grid(inputs),
        criteria_with_grid(inputs.criteria),
        adjacency=inputs.listed_adjacency,
    )[C_3.id]
    source = {
        "synthetic": ("合成データの送電線から計算", "from synthetic lines"),
        "given": ("指定された送電線から計算", "from the lines given"),
    }.get(inputs.origin("lines").kind, ("送電線レイヤから計算", "from the layer of lines"))
    name = say(lang, f"C-3 (参考、{source[0]})", f"C-3 ({source[1]}, not counted)")
    return marks.map(lambda mark: MARKS[mark][lang]).rename(name)


def checks(inputs: Inputs) -> Iterator[Check]:
    """Check what survives of table 4-3: the survey sites have a line of 66 kV or less."""
    marks, cause = _line_marks(inputs)
    for code, name in SURVEYED.items():
        here = float(marks.get(code, math.nan))
        if here == 1:
            why: Words = ("", "")
        elif here == 0:
            why = (
                "データ: レイヤに66 kV以下の送電線がない",
                "data: the layer has no line of 66 kV or less there",
            )
        else:
            why = cause
        yield Check(
            "table-4-3",
            (
                f"{name} 6万V以下の送電線の有無 (表4-5の条件で選ばれた調査地、有 = 1)",
                f"{name} line of 66 kV or less (site chosen by table 4-5; 1: there is one)",
            ),
            1.0,
            here,
            unit_of_print=0,
            cause=why,
        )


def _line_marks(inputs: Inputs) -> tuple[pd.Series, Words]:
    """Whether each municipality has a line of 66 kV or less; why it is not known, where it is not.

    Synthetic lines say nothing of the report: a mark that agrees would be an accident.
    """
    nothing = pd.Series(dtype=float)
    try:
        if inputs.origin("lines").kind == "synthetic":
            return nothing, (
                "送電線が合成データのため照合できない",
                "the lines are synthetic, so that there is nothing to compare",
            )
        grid = municipal_grid(inputs)
    except MissingInputError:
        return nothing, (
            "送電線または変電所のレイヤがない",
            "there is no layer of lines or of substations",
        )
    marks = has_line_up_to(grid, CONNECTABLE_KV)
    known = marks.astype("Float64").to_numpy(float, na_value=math.nan)
    return pd.Series(known, index=grid.index), (
        "送電線の電圧が不明",
        "the voltage of the lines there is unknown",
    )


def _named(inputs: Inputs, lang: Lang) -> pd.DataFrame:
    towns = inputs.municipalities
    columns = {heading("code", lang): towns.index, heading("name", lang): towns["name"]}
    return pd.DataFrame(columns, index=towns.index)


def _shown(grid: pd.DataFrame) -> list[str]:
    """Classes with a column of their own: the report's five, and others that lines have."""
    suffixes = list(SUFFIXES.values())
    others = [suffix for suffix in suffixes[_OF_THE_REPORT:] if grid[f"km_{suffix}"].any()]
    return suffixes[:_OF_THE_REPORT] + others


def _marks(grid: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    return pd.DataFrame(
        {
            say(lang, *_CLASSES[suffix]): _marked(grid[f"passes_{suffix}"], lang)
            for suffix in _shown(grid)
        }
    )


def _lengths(grid: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    return pd.DataFrame(
        {f"{say(lang, *_CLASSES[s])} (km)": grid[f"km_{s}"].round(1) for s in _shown(grid)}
    )


def _main(lang: Lang) -> str:
    return say(
        lang,
        f"主要変電所 ({MAIN_SUBSTATION_KV:g} kV以上)",
        f"Main substation ({MAIN_SUBSTATION_KV:g} kV and above)",
    )


def _marked(values: pd.Series, lang: Lang) -> pd.Series:
    marks = values.astype("boolean").map({True: "○", False: ""}).astype(object)
    return marks.where(values.notna(), _unknown(lang))


def _unknown(lang: Lang) -> str:
    return say(lang, "不明", "unknown")


def _caption(inputs: Inputs, grid: pd.DataFrame, lang: Lang) -> str:
    """Where lines and substations come from, and what of them the table does not hold."""
    total = metres_to_kilometres(sum(GRS80.geometry_length(line) for line in inputs.lines.geometry))
    outside = total - grid.filter(like="km_").to_numpy().sum()
    origins = [
        inputs.origin("lines").caption(say(lang, "送電線", "lines"), lang),
        inputs.origin("substations").caption(say(lang, "変電所", "substations"), lang),
    ]
    credit = dict.fromkeys(
        credit_in(lang, inputs.origin(layer).credit) for layer in ("lines", "substations")
    )
    of_the_report = report_says(
        inputs, lang, "報告書の印は失われた。", "The report's marks are lost. "
    )
    told = of_the_report + note(inputs, lang, "connection", "voltage")
    return told + say(
        lang,
        "ここではレイヤから計算した "
        f"({'。'.join(origins)}。出典: {'; '.join(credit)})。"
        f"長さは亘長 (楕円体上)、計 {total:,.0f} km、うち {outside:,.0f} km は市町村界の外。"
        f"主要変電所の定義は報告書になく、{MAIN_SUBSTATION_KV:g} kV以上とした。",
        "These are computed from the layers "
        f"({'; '.join(origins)}; {'; '.join(credit)}). Lengths are those of the lines on the "
        f"ellipsoid, {total:,.0f} km in all, {outside:,.0f} km of them outside the boundaries (at "
        "sea, for one). The report does not define a main substation; taken are those of "
        f"{MAIN_SUBSTATION_KV:g} kV and above.",
    )


RECIPES: dict[str, Recipe] = {"table-2-8": lines_table, "table-4-3": voltages_table}
