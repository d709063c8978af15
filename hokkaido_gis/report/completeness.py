"""How much of a figure or table of the report there is to show, and what of it is lost.

The report reached this library as a text that lost many short numbers. What is gone is said here
once for each figure, as a number of things where they can be counted; captions tell it in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hokkaido_gis.io.tables import to_numbers
from hokkaido_gis.report import biomass_study, dam_study, summary_study
from hokkaido_gis.report.chapter2_tables import TABLE_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

    Finder = Callable[[Inputs], "Gap | None"]


@dataclass(frozen=True, slots=True)
class Gap:
    """What of the report's figure is not in what was made.

    Attributes
    ----------
    what_ja, what_en
        What is gone, or stands between bounds only.
    shown, whole
        Of how many such things how many are there; ``None`` where they cannot be counted.
    """

    what_ja: str
    what_en: str
    shown: int | None = None
    whole: int | None = None

    @property
    def share(self) -> float | None:
        """Share of the report's figure that is there [0-1]."""
        return self.shown / self.whole if self.shown is not None and self.whole else None


def find_gap(name: str, inputs: Inputs) -> Gap | None:
    """What of the report's figure is not in what is made of it; ``None`` where all of it is.

    Parameters
    ----------
    name
        Id of the figure or table.
    inputs
        Layers and tables of the run. Outside Hokkaido no figure is the report's, and what is gone
        is what the layers do not give.
    """
    found = _GAPS if inputs.place.is_of_the_report else _ELSEWHERE
    return found[name](inputs) if name in found else None


def _lost(what: Words, shown: int | None = None, whole: int | None = None) -> Gap:
    return Gap(*what, shown, whole)


def _fixed(what: Words, shown: int | None = None, whole: int | None = None) -> Finder:
    def find(_: Inputs) -> Gap | None:
        return _lost(what, shown, whole)

    return find


def _counted(what: Words, known: pd.Series) -> Gap | None:
    """Gap of a list of which some values survive; none if all do."""
    shown, whole = int(known.sum()), len(known)
    return None if shown == whole else _lost(what, shown, whole)


_HEAT: Words = ("熱量の桁", "digits of the heat")
_OUTPUT: Words = ("出力の桁", "digits of the output")


def _bars(inputs: Inputs) -> Gap | None:
    """Labels of figures 2-4 and 2-5."""
    heat = biomass_study.label_heat_with_neighbours(inputs)
    return _counted(_HEAT, heat.exact)


def _own_output(inputs: Inputs, *, most: int | None) -> Gap | None:
    """Outputs of municipalities alone: of the greatest, or of all."""
    heat = biomass_study.own_heat(inputs)
    order = heat.middle.sort_values(ascending=False, kind="stable").index[:most]
    return _counted(_OUTPUT, heat.exact[order])


def _resources(inputs: Inputs) -> Gap | None:
    """Parts of the bars of figure 2-13."""
    heat = biomass_study.own_heat(inputs).middle
    order = heat.sort_values(ascending=False, kind="stable").index[:80]
    known = biomass_study.resource_heat(inputs).exact
    shown = known[known.index.get_level_values("code").isin(order)]
    return _counted(("資源別の熱量の桁", "digits of the heat by resource"), shown)


def _of_resource(inputs: Inputs, *, resource: str) -> Gap | None:
    known = biomass_study.resource_heat(inputs).exact
    return _counted(_HEAT, known.xs(resource, level="resource"))


def _stock(inputs: Inputs, *, marked: bool) -> Gap | None:
    stock, density = biomass_study.forest_stock(inputs)
    known = stock.exact & density.exact
    if marked:
        known = known[_marked(inputs, "forest_stock_and_density_ge_mean")]
    return _counted(("民有林の蓄積の桁", "digits of the stock of private forest"), known)


def _roads(inputs: Inputs, *, marked: bool) -> Gap | None:
    known = biomass_study.road_density(inputs).exact
    if marked:
        known = known[_marked(inputs, "road_density_and_residue_ge_mean")]
    return _counted(("林道密度", "densities of forest roads"), known)


def _marked(inputs: Inputs, mark: str) -> pd.Index:
    table = inputs.report("siting")
    return table.index[table[mark] == "1"]


def _cells(inputs: Inputs, *, source: str) -> Gap | None:
    table = inputs.report(source)
    return _counted(
        ("社名と所在地の区切り", "where names and addresses part"), table["company"].notna()
    )


def _dams(inputs: Inputs, *, sheet: tuple[int, int] = (1, 70)) -> Gap | None:
    known = dam_study.dam_outputs(inputs)["output_kw"].notna().loc[sheet[0] : sheet[1]]
    return _counted(("ダムの出力の桁", "digits of the output of dams"), known)


def _dam_solar(inputs: Inputs) -> Gap | None:
    printed = to_numbers(inputs.report("dams")["solar_10kw_annual_kwh"])
    return _counted(("ダムの太陽光発電量の桁", "digits of solar power of dams"), printed.notna())


def _ports(inputs: Inputs) -> Gap | None:
    whole = to_numbers(inputs.report("ports")["annual_kwh"])
    return _counted(
        ("漁港の発電量の桁、容量と用地面積", "digits of the energy of ports, capacities and plots"),
        whole.notna(),
    )


def _resources_elsewhere(inputs: Inputs) -> Gap | None:
    known = summary_study.totals(inputs)["kw_low"].notna()
    return _counted(("レイヤから求められる資源", "resources that the layers give"), known)


_MONTHS: Words = ("報告書の月別の日射量", "the report's irradiation by month")
_FLOWS: Words = ("報告書の流量", "the report's flows")
_CASES: Words = ("モデルケースの出力", "outputs of the model cases")
_CUT: Words = ("6分割の境", "where the six sheets are cut")
_GRID_MARKS: Words = ("報告書の印", "the report's marks")

_GAPS: dict[str, Finder] = {
    "fig-2-4": _bars,
    "fig-2-5": _bars,
    "fig-2-6": partial(_own_output, most=80),
    "fig-2-7": _fixed(("道路距離", "distances by road"), 0, 80),
    "fig-2-8": partial(_stock, marked=True),
    "fig-2-9": partial(_roads, marked=True),
    "fig-2-13": _resources,
    **{f"fig-2-{number}": _fixed(_CUT) for number in range(14, 20)},
    "table-2-2": _fixed(("評価例の記号 (市町村1~9)", "the marks of its example")),
    "table-2-4": partial(_cells, source="competing_plants"),
    "table-2-6": partial(_cells, source="chip_factories"),
    "table-2-7": partial(_cells, source="pellet_factories"),
    "table-2-8": _fixed(_GRID_MARKS, 0, 179),
    "table-2-9": _fixed(("評価軸 C-3", "criterion C-3"), 6, 7),
    **{
        f"table-2-{number}": partial(_of_resource, resource=resource)
        for first in (18, 27)
        for number, resource in enumerate(TABLE_ORDER, first)
    },
    "table-2-26": partial(_own_output, most=None),
    "table-2-36": _fixed(("道路距離", "distances by road"), 0, 179),
    "table-2-37": partial(_stock, marked=False),
    "table-2-38": partial(_roads, marked=False),
    "fig-3-1": _dams,
    "fig-3-2": _dams,
    "fig-3-5": _dams,
    "fig-3-6": _fixed(_CASES, 0, 3),
    "fig-3-7": _fixed(_CASES, 0, 3),
    **{f"fig-3-{number}": _fixed(_FLOWS) for number in range(9, 13)},
    "table-3-3": partial(_dams, sheet=(1, 24)),
    "table-3-4": partial(_dams, sheet=(25, 48)),
    "table-3-5": partial(_dams, sheet=(49, 70)),
    "table-3-10": _fixed(("費目の桁の一部", "digits of some items")),
    "table-3-11": _dam_solar,
    "fig-4-36": _fixed(("拡大例の場所", "the place of its example")),
    "fig-4-44": _fixed(_MONTHS, 0, 12),
    "fig-4-46": _fixed(_MONTHS, 0, 12),
    "table-4-3": _fixed(_GRID_MARKS, 3, 179),
    "table-4-4": _fixed(("報告書の数値", "the report's figures"), 0, 179),
    "table-4-17": _fixed(("地元請負率50%と25%の効果", "effects at 50 and 25 %"), 1, 3),
    "table-4-25": _fixed(("報告書の評価", "the report's marks")),
    "fig-5-18": _fixed(_MONTHS, 0, 12),
    "fig-5-20": _fixed(_MONTHS, 0, 12),
    "table-5-2": _ports,
    "fig-6-4": _dams,
    "fig-6-5": _dam_solar,
    "table-6-1": _fixed(("報告書の桁の一部", "some digits of the report")),
    "table-6-2": _fixed(("地域ごとの送電能力", "sending capacities of the regions"), 0, 14),
}
_ELSEWHERE: dict[str, Finder] = {"table-6-1": _resources_elsewhere}
