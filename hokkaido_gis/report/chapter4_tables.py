"""Chapter 4: tables of farmland, sun, snow and grid by municipality, and the choice of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.codes import find_code
from hokkaido_gis.criteria import read_criteria
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.grid.by_municipality import has_line_up_to
from hokkaido_gis.report import solar_study as study
from hokkaido_gis.report.elsewhere import note, report_says
from hokkaido_gis.report.grid_tables import municipal_grid
from hokkaido_gis.report.kept import kept
from hokkaido_gis.report.map_frame import origins
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import MARKS, heading, say
from hokkaido_gis.siting import evaluate_siting, explain_siting

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

# The towns of table 4-6 with what it prints: energy [kWh/yr] and capacity [kW].
SURVEYED = {"網走市": (27_384_944, 23_940), "白糠町": (19_188_988, 16_500)}
_LAYERS = ("census", "settlements", "irradiation", "normals")


@kept
def solar_conditions(inputs: Inputs) -> pd.DataFrame:
    """Conditions of solar power by municipality, as table 4-4 lists them.

    Columns of `towns_energy` and `town_climate`; ``kwh_per_kw`` is that of the municipality's
    settlements, and where it has none that of its stations; ``line_up_to_66kv`` is 1 or 0, missing
    without a layer of lines.
    """
    towns = inputs.municipalities[["name", "subprefecture"]]
    table = towns.join([study.towns_energy(inputs), study.town_climate(inputs)])
    table["kwh_per_kw"] = table["kwh_per_kw"].fillna(table["specific_yield"])
    try:
        line = has_line_up_to(municipal_grid(inputs))
    except MissingInputError:
        line = pd.Series(pd.NA, index=table.index)
    return table.assign(line_up_to_66kv=line.astype("Float64").astype(float))


@kept
def survey_sites(inputs: Inputs) -> pd.DataFrame:
    """Municipalities judged by tables 4-5 and 5-3 on the layers of the run."""
    study_criteria = read_criteria(sample_data() / "criteria" / "solar_survey.toml")
    return evaluate_siting(solar_conditions(inputs), study_criteria)


def conditions_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 4-4: energy, capacity, farmland, sun, snow and grid of every municipality."""
    table = solar_conditions(inputs)
    marks = survey_sites(inputs)
    line = table["line_up_to_66kv"].map(
        {1.0: say(lang, "あり", "yes"), 0.0: say(lang, "なし", "no")}
    )
    columns = ["annual_kwh", "capacity_kw", "kept_ha", "kwh_per_kw", "irradiation", "max_snow_cm"]
    frame = table[["name", *columns]].round(
        {"annual_kwh": 0, "capacity_kw": 0, "kept_ha": 2, "kwh_per_kw": 1, "irradiation": 2}
    )
    frame["line_up_to_66kv"] = line
    for criterion in ("S-1", "S-2", "S-3"):
        frame[criterion] = marks[criterion].map(lambda mark: MARKS[mark][lang])
    frame = frame.reset_index().rename(columns={c: heading(c, lang) for c in ["code", *frame]})
    return Table(
        say(
            lang,
            "表4-4 太陽光発電導入可能性に係るデータ一覧 (市町村別)",
            "Table 4-4 Conditions of solar power by municipality",
        ),
        frame,
        report_says(
            inputs,
            lang,
            "報告書の表4-4の数値は失われており、すべてこの実行のレイヤから計算した値。"
            "新エネルギービジョンの列は失われたため欠く。",
            "The figures of the report's table 4-4 are lost; all are computed from the layers of "
            "this run. Its column of new-energy plans is lost too. ",
        )
        + note(inputs, lang, "conditions")
        + origins(inputs, lang, *_LAYERS),
    )


def surveyed_table(inputs: Inputs, lang: Lang) -> Table:
    """Table 4-6: the towns surveyed, printed beside computed, with the margins of table 4-5."""
    criteria = read_criteria(sample_data() / "criteria" / "solar_survey.toml")
    conditions = solar_conditions(inputs)
    margins = explain_siting(conditions, criteria).pivot(  # noqa: PD010
        index="code", columns="criterion", values="margin"
    )
    answer = survey_sites(inputs)
    of_the_report, most = inputs.place.is_of_the_report, int(answer["positives"].max())
    chosen = answer.index[answer["positives"] == most]
    surveyed = [find_code(name) for name in (*SURVEYED, "浜中町") if of_the_report]
    codes = [*surveyed, *(code for code in chosen if code not in surveyed)]
    rows = conditions.loc[[code for code in codes if code in conditions.index]]
    printed = pd.DataFrame(
        [(*SURVEYED.get(name, (None, None)),) for name in rows["name"]],
        index=rows.index,
        columns=["printed_kwh", "printed_kw"],
    )
    frame = (
        rows[["name", "annual_kwh", "capacity_kw", "kept_ha", "kwh_per_kw", "max_snow_cm"]]
        .join(printed if of_the_report else [])
        .join(margins.add_suffix(say(lang, " の余裕", " margin")))
        .round({"annual_kwh": 0, "kwh_per_kw": 1, "kept_ha": 2})
        .join(answer[["positives"]])
        .reset_index()
    )
    frame = frame.rename(columns={c: heading(str(c), lang) for c in frame.columns})
    if not of_the_report:
        return Table(
            say(
                lang,
                "表4-6 条件を満たす市町村の導入可能性に係るデータ",
                "Table 4-6 Municipalities that meet the conditions",
            ),
            frame,
            say(
                lang,
                f"表4-5の3条件のうち最も多く ({most}つ) を満たす市町村。余裕は閾値からの差。",
                f"Municipalities that meet the most ({most}) of the three conditions of table 4-5. "
                "A margin is how far a value lies within its threshold, negative where it fails. ",
            )
            + note(inputs, lang, "conditions")
            + origins(inputs, lang, *_LAYERS),
        )
    return Table(
        say(lang, "表4-6 調査地の導入可能性に係るデータ", "Table 4-6 The places surveyed"),
        frame,
        say(
            lang,
            "はじめの3行は報告書の調査地、続く行は表4-5の3条件 (年間発電量/発電容量 1,010 以上、"
            "最大積雪深 60cm 以下、6万V以下の送電線) をこの実行のレイヤですべて満たす市町村。"
            "余裕は閾値からの差 (負は不足)。",
            "The first three rows are the places that the report surveyed; the others meet the "
            "three conditions of table 4-5 on the layers of this run. A margin is how far a value "
            "lies within its threshold, negative where it fails. ",
        )
        + origins(inputs, lang, *_LAYERS),
    )


TABLES: dict[str, Recipe] = {"table-4-4": conditions_table, "table-4-6": surveyed_table}
