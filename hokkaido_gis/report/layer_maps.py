"""Maps of the layers as they are: dams, fishing ports, farm settlements."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.matching import match_ports
from hokkaido_gis.potential.solar_sites import LEAST_FARMLAND_HA, LEAST_PLOT_M2
from hokkaido_gis.render.scene import (
    Categorical,
    Category,
    Graduated,
    Layer,
    Scene,
    Single,
    Symbol,
)
from hokkaido_gis.report.by_region import ByRegion
from hokkaido_gis.report.map_frame import (
    BUREAUS,
    credits_of,
    extent_of,
    figure_title,
    ground_layer,
    headings,
    in_bureaus,
    origins,
    place_title,
)
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    import numpy.typing as npt

    from hokkaido_gis.render.scene import Lang, Style
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.results import Recipe

_INLAND = ("上川総合振興局", "空知総合振興局")
# Map classes of abandoned farmland [a] (4.1.2).
_AREA_BREAKS = (1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0, 9000.0)


def port_map(
    inputs: Inputs, lang: Lang, *, figure: str, regions: tuple[str, ...] | None = None
) -> Scene:
    """Fishing ports, those with a plot for solar panels set off, of all or of some regions.

    Raises
    ------
    MissingInputError
        If the regions have no port.
    """
    ports, usable, told = inputs.ports, *_usable(inputs, lang)
    title = ("太陽光導入可能性のある漁港", "Fishing ports fit for solar panels")
    style: Style = Single(_dot("#ffffff"), say(lang, "漁港", "Fishing ports"))
    if usable is None:
        title = ("漁港", "Fishing ports")
    else:
        ports = ports.assign(usable=np.where(usable, "yes", "no"))
        fit = Category("yes", say(lang, "導入可能性あり", "with a plot"), _dot("#ffd92f"))
        others = Category("no", say(lang, "その他の漁港", "others"), _dot("#ffffff"))
        style = Categorical("usable", (fit,) if usable.all() else (fit, others))
    shown = None if regions is None else in_bureaus(inputs, regions)
    codes = None if shown is None else shown.index
    if shown is not None:
        ports = ports[ports["municipality_code"].isin(shown.index)]
        told += say(lang, f"この地域の漁港は {len(ports)} 港。", f"{len(ports)} ports lie here. ")
    if ports.empty:
        name = "・".join(regions or ())
        raise MissingInputError(f"{name} has no fishing port.", f"{name}に漁港がない。")
    return Scene(
        figure_title(figure, say(lang, *title), place_title(inputs, lang, regions), lang),
        [
            ground_layer(inputs, lang, label=shown is not None, here=codes),
            Layer(
                ports,
                style,
                title=say(lang, "漁港", "Fishing ports"),
                name="name",
                label=None if regions is None else "name",
                popup=headings(lang, "name", "class", "administrator", name="feature"),
            ),
        ],
        caption=told + origins(inputs, lang, "ports"),
        credit=credits_of(inputs, "ports", "municipalities"),
        lang=lang,
        view=None if shown is None else extent_of(shown),
    )


def example_ports_map(inputs: Inputs, lang: Lang) -> Scene:
    """Figure 6-7: the ports of one region; the report's, elsewhere that with the most ports."""
    if inputs.place.is_of_the_report:
        return port_map(inputs, lang, figure="fig-6-7", regions=("オホーツク総合振興局",))
    regions = inputs.municipalities["subprefecture"]
    counts = inputs.ports["municipality_code"].map(regions).value_counts()
    if counts.empty:
        raise MissingInputError(
            f"the ports in {inputs.folder} lie in none of its municipalities.",
            f"{inputs.folder.name} の漁港がどの市町村にも入らない。",
        )
    scene = port_map(inputs, lang, figure="fig-6-7", regions=(str(counts.index[0]),))
    told = say(lang, "漁港の最も多い地域を示す。", "This is the region with the most ports. ")
    return replace(scene, caption=told + scene.caption)


def _usable(inputs: Inputs, lang: Lang) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """Which ports have a plot for solar panels, and what tells it; ``None`` where nothing does."""
    ports = inputs.ports
    if inputs.place.is_of_the_report:
        listed = inputs.report("ports").reset_index()
        found = match_ports(ports, listed, inputs.municipalities).frame["port_id"]
        return ports.index.isin(found.dropna()), say(
            lang,
            f"報告書の194漁港のうち {int(found.notna().sum())} 港が位置と結びついた。",
            f"{int(found.notna().sum())} of the report's 194 ports are found among the points. ",
        )
    plots = ports["plot_area_m2"]
    if plots.isna().all():
        return None, say(
            lang,
            "報告書の導入可能性の一覧は北海道の漁港だけのもの。レイヤに用地面積 (列 plot_area_m2)"
            "がないため、すべての漁港を同じ印で示す。",
            "The report lists ports fit for solar panels in Hokkaido alone, and the layer has no "
            "areas of plots (plot_area_m2); all ports are shown alike. ",
        )
    usable = (plots > LEAST_PLOT_M2).to_numpy(bool)
    return usable, say(
        lang,
        f"用地面積が {LEAST_PLOT_M2:g}m² を超える {int(usable.sum())} 港を導入可能性ありとした。",
        f"{int(usable.sum())} ports with plots of more than {LEAST_PLOT_M2:g} m² are set off. ",
    )


def farmland_map(
    inputs: Inputs, lang: Lang, *, figure: str, regions: tuple[str, ...] | None = None
) -> Scene:
    """Abandoned farmland of settlements with 2 ha and more, of all or of some regions."""
    farms = inputs.settlements
    shown = None if regions is None else in_bureaus(inputs, regions)
    codes = None if shown is None else shown.index
    if shown is not None:
        farms = farms[farms["municipality_code"].isin(shown.index)]
    kept = farms[farms["abandoned_ha"] >= LEAST_FARMLAND_HA]
    kept = kept.assign(abandoned_a=kept["abandoned_ha"] * 100)
    withheld = int((farms["status"] == "withheld").sum())
    return Scene(
        figure_title(
            figure,
            say(lang, "2ha以上の耕作放棄地", "Abandoned farmland of 2 ha and more"),
            place_title(inputs, lang, regions),
            lang,
        ),
        [
            ground_layer(inputs, lang, label=shown is not None, here=codes),
            Layer(
                kept,
                farmland_style("abandoned_a"),
                title=say(lang, "耕作放棄地 (農業集落)", "Abandoned farmland by settlement"),
                name="name",
                popup=headings(lang, "name", "municipality", "abandoned_ha", name="feature"),
            ),
        ],
        caption=say(
            lang,
            f"{len(kept):,} 集落、計 {kept['abandoned_ha'].sum():,.0f} ha。"
            f"秘匿 {withheld:,} 集落は含まない (ゼロではない)。",
            f"{len(kept):,} settlements, {kept['abandoned_ha'].sum():,.0f} ha in all; "
            f"{withheld:,} withheld ones are left out (they are not zero). ",
        )
        + origins(inputs, lang, "settlements", "census"),
        credit=credits_of(inputs, "settlements", "census", "municipalities"),
        lang=lang,
        view=None if shown is None else extent_of(shown),
    )


def farmland_style(column: str) -> Graduated:
    """Colours of abandoned farmland in a column of areas [a], by the report's classes."""
    return Graduated(
        column,
        breaks=_AREA_BREAKS,
        palette="YlOrRd",
        unit="a",
        opacity=0.9,
        stroke="#8c6d31",
        stroke_width=0.3,
    )


RECIPES: dict[str, Recipe] = {
    "fig-4-1": partial(farmland_map, figure="fig-4-1"),
    "fig-6-1": partial(farmland_map, figure="fig-6-1"),
    "fig-5-1": partial(port_map, figure="fig-5-1"),
    "fig-6-7": example_ports_map,
}
BY_REGION = (
    ByRegion(
        farmland_map, {f"fig-4-{number}": (bureau,) for number, bureau in enumerate(BUREAUS, 2)}
    ),
    ByRegion(
        port_map,
        {
            f"fig-5-{number}": (bureau,)
            for number, bureau in enumerate((b for b in BUREAUS if b not in _INLAND), 2)
        },
    ),
)


def _dot(fill: str) -> Symbol:
    return Symbol(fill, 1.0, "#4d4d4d", 0.9, 4.0)
