"""What frames the maps of the report: ground, extent, title, headings, origins and credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.render.scene import Categorical, Category, Layer, Single, Symbol
from hokkaido_gis.report.words import heading, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    import pandas as pd

    from hokkaido_gis.render.scene import Bounds, Lang, Style
    from hokkaido_gis.report.comparison import Words
    from hokkaido_gis.report.inputs import Inputs

# Figures 4-2 to 4-15 in their order, and 5-2 to 5-13, which leave out the two without a coast.
BUREAUS = (
    "宗谷総合振興局", "留萌振興局", "上川総合振興局", "空知総合振興局", "石狩振興局",
    "後志総合振興局", "檜山振興局", "渡島総合振興局", "胆振総合振興局", "日高振興局",
    "十勝総合振興局", "釧路総合振興局", "根室振興局", "オホーツク総合振興局",
)  # fmt: skip
GROUND: Style = Single(Symbol("#f1f1ec", 0.95, "#b4b1a8", 0.5))
_HERE = Symbol("#f8f8f4", 0.95, "#8f8c84", 0.7)
_AROUND = Symbol("#dddcd4", 0.95, "#c2bfb6", 0.5)
_LAYERS: dict[str, Words] = {
    "municipalities": ("市町村界", "boundaries"),
    "lines": ("送電線", "lines"),
    "substations": ("変電所", "substations"),
    "dams": ("ダム", "dams"),
    "ports": ("漁港", "ports"),
    "settlements": ("集落", "settlements"),
    "census": ("耕作放棄地", "areas"),
    "stations": ("観測所", "stations"),
    "irradiation": ("日射量", "irradiation"),
    "normals": ("気温", "temperature"),
    "population": ("人口", "population"),
    "wind": ("風況", "wind"),
}


def headings(lang: Lang, *columns: str, **meant: str) -> dict[str, str]:
    """Headings of columns in balloons, by their columns.

    Parameters
    ----------
    lang
        Language of the headings.
    *columns
        Columns of a layer.
    **meant
        Entries of `HEADINGS` for columns that hold another thing than their name says there, such
        as ``name="feature"``.
    """
    return {column: heading(meant.get(column, column), lang) for column in columns}


def town_headings(inputs: Inputs, lang: Lang, *columns: str, **meant: str) -> dict[str, str]:
    """Headings of columns of municipalities, with what each is in after its name.

    Parameters
    ----------
    inputs
        Layers of the run, which tell whether that is a subprefecture.
    lang
        Language of the headings.
    *columns, **meant
        As for `headings`.
    """
    name, *others = columns
    meant = {"subprefecture": inputs.place.division, **meant}
    return headings(lang, name, "subprefecture", *others, **meant)


def ground_layer(
    inputs: Inputs, lang: Lang, *, label: bool = False, here: pd.Index | None = None
) -> Layer:
    """Municipalities in plain colours, which lie below all else.

    Parameters
    ----------
    inputs
        Layers of the run.
    lang
        Language of the legend.
    label
        Whether their names are written on the map.
    here
        Codes of those that the map is about. They are set off from the others, which lose their
        names; all are alike where None.
    """
    towns, style = inputs.municipalities, GROUND
    names = towns["name"]
    if here is not None:
        inside = towns.index.isin(here)
        towns = towns.assign(part=np.where(inside, "here", "around"))
        names = names.where(inside)
        style = Categorical(
            "part",
            (
                Category("here", say(lang, "対象の市町村", "shown here"), _HERE),
                Category("around", say(lang, "周辺の市町村", "around them"), _AROUND),
            ),
        )
    return Layer(
        towns.assign(label=names) if label else towns,
        style,
        title=say(lang, "市町村", "Municipalities"),
        name="name",
        label="label" if label else None,
        popup=town_headings(inputs, lang, "name", name="municipality"),
    )


def in_bureaus(inputs: Inputs, bureaus: Sequence[str]) -> gpd.GeoDataFrame:
    """Municipalities of some subprefectures, or of other regions that the data have.

    Raises
    ------
    MissingInputError
        If the boundaries hold none of them.
    """
    towns = inputs.municipalities
    found = towns[towns["subprefecture"].isin(list(bureaus))]
    if found.empty:
        names = "・".join(bureaus)
        raise MissingInputError(
            f"the boundaries in {inputs.folder} hold no municipality of {names}.",
            f"{inputs.folder.name} の市町村界に{names}の市町村がない。",
        )
    return found


def extent_of(frame: gpd.GeoDataFrame) -> Bounds:
    """Extent of a layer with a margin: west, south, east, north [degrees]."""
    west, south, east, north = frame.total_bounds
    return with_margin((west, south, east, north))


def with_margin(bounds: Bounds) -> Bounds:
    """Widen a box by 4 % of its longer side: west, south, east, north [degrees]."""
    west, south, east, north = bounds
    margin = 0.04 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def figure_title(figure: str, title: str, place: str, lang: Lang) -> str:
    """Number, title and place of a figure."""
    number = figure.removeprefix("fig-")
    return f"{say(lang, '図', 'Figure ')}{number} {title}" + (f" {place}" if place else "")


def place_title(inputs: Inputs, lang: Lang, regions: Sequence[str] | None = None) -> str:
    """Place in a title: the regions shown; outside Hokkaido after the name of the prefecture."""
    return inputs.place.title(lang, None if regions is None else "・".join(regions))


def origins(inputs: Inputs, lang: Lang, *layers: str) -> str:
    """Say of some layers how much of each is real."""
    told = [inputs.origin(layer).caption(say(lang, *_LAYERS[layer]), lang) for layer in layers]
    return say(lang, "。", ". ").join(told) + say(lang, "。", ".")


def credits_of(inputs: Inputs, *layers: str) -> str:
    """Credit lines of several layers, each said once, whatever it stands for."""
    return join_credits(inputs.origin(layer).credit for layer in layers)


def join_credits(lines: Iterable[str]) -> str:
    """Credit lines in one, each publisher once, whatever it stands for."""
    parts = [part for line in lines for part in line.split("; ") if part]
    said = [part.removeprefix("市町村界: ").removeprefix("位置: ") for part in parts]
    return "; ".join(dict.fromkeys(said))
