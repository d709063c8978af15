"""Chapter 3: how the course of the flow bears on a year's generation, by the approximate method.

The flows of figures 3-9 to 3-12 are lost, and so is all but their head of 32 m and the method. Two
courses of flow of our own, with one mean and two falls, stand in their place and say so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.potential.flow_duration import (
    FLOW_CLASSES,
    REPORT_HEAD_M,
    generation_by_design_flow,
    generation_from_flow,
    straight_flow,
)
from hokkaido_gis.render.charts import Chart, Columns, Lines
from hokkaido_gis.report.map_frame import figure_title
from hokkaido_gis.report.results import Recipe, Table
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

MEAN_FLOW_M3_S = 0.3
# Greatest less least flow, as a share of the mean.
FALLS: dict[str, tuple[Words, float]] = {
    "large": (("流量差大", "large difference"), 1.6),
    "small": (("流量差小", "small difference"), 0.4),
}
_CREDIT = ("方法: 報告書 (2013年)", "Method: the report of 2013")


def course_chart(inputs: Inputs, lang: Lang) -> Chart:  # noqa: ARG001
    """Figure 3-9: two flow-duration lines with the same water in the year."""
    lines = {
        say(lang, *words): straight_flow(MEAN_FLOW_M3_S, fall=fall)
        for words, fall in FALLS.values()
    }
    return Chart(
        figure_title("fig-3-9", say(lang, "流況の整理例", "Two courses of flow"), "", lang),
        Lines(
            lines,
            say(lang, "流量 (m³/s)", "flow (m³/s)"),
            say(lang, "日数", "days on which it is reached"),
        ),
        caption=_caption(lang),
        credit=say(lang, *_CREDIT),
        lang=lang,
    )


def generation_chart(inputs: Inputs, lang: Lang) -> Chart:  # noqa: ARG001
    """Figure 3-10: generation of turbines laid out for each class of flow."""
    years = {
        say(lang, *words): generation_by_design_flow(
            straight_flow(MEAN_FLOW_M3_S, fall=fall), REPORT_HEAD_M
        )["generation_kwh"]
        for words, fall in FALLS.values()
    }
    order = sorted(FLOW_CLASSES, key=FLOW_CLASSES.__getitem__, reverse=True)
    names = pd.Index([say(lang, name, f"{FLOW_CLASSES[name]} days") for name in order])
    return Chart(
        figure_title(
            "fig-3-10",
            say(lang, "流況の違いによる年間発電量の比較", "Generation by course of flow"),
            "",
            lang,
        ),
        Columns(
            {name: values.loc[order].set_axis(names) for name, values in years.items()},
            say(lang, "年間発電量 (kWh/年)", "generation (kWh/yr)"),
            say(lang, "最大使用水量とする流量", "flow that the turbine is laid out for"),
            show_values=True,
        ),
        caption=_caption(lang),
        credit=say(lang, *_CREDIT),
        lang=lang,
    )


def method_table(inputs: Inputs, lang: Lang, *, figure: str, course: str) -> Table:  # noqa: ARG001
    """Figures 3-11 and 3-12: the approximate method step by step for each design flow."""
    words, fall = FALLS[course]
    flow = straight_flow(MEAN_FLOW_M3_S, fall=fall)
    parts = []
    for name, days in sorted(FLOW_CLASSES.items(), key=lambda item: -item[1]):
        design = float(flow.loc[days])
        steps = generation_from_flow(flow, REPORT_HEAD_M, design_flow_m3_s=design)
        parts.append(
            steps.drop(columns="days")
            .reset_index()
            .assign(design=say(lang, name, f"{days} days"), design_flow_m3_s=design)
        )
    frame = pd.concat(parts)[
        ["design", "design_flow_m3_s", "days", "flow_m3_s", "load", "efficiency", "output_kw",
         "mean_output_kw", "generation_kwh"]
    ].round(3)  # fmt: skip
    return Table(
        figure_title(
            figure,
            say(lang, "概算法推計結果", "The approximate method,"),
            say(lang, f"({words[0]})", words[1]),
            lang,
        ),
        frame.rename(columns={c: heading(c, lang) for c in frame.columns}),
        _caption(lang),
    )


def _caption(lang: Lang) -> str:
    return say(
        lang,
        f"報告書の流量は失われた。方法と有効落差 {REPORT_HEAD_M:g}m は報告書のもの、流量は"
        f"このライブラリの例 (平均 {MEAN_FLOW_M3_S} m³/s)。"
        "部分負荷効率はクロスフロー水車の一般式。",
        f"The report's flows are lost. The method and the head of {REPORT_HEAD_M:g} m are the "
        f"report's; the flows are an example of this library (mean {MEAN_FLOW_M3_S} m³/s), and the "
        "efficiency at part load is a general one of cross-flow turbines.",
    )


RECIPES: dict[str, Recipe] = {
    "fig-3-9": course_chart,
    "fig-3-10": generation_chart,
    "fig-3-11": partial(method_table, figure="fig-3-11", course="large"),
    "fig-3-12": partial(method_table, figure="fig-3-12", course="small"),
}
