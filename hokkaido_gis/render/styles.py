"""How features are drawn: symbols, and the styles that give them by a value of each feature."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def check_colours(*colours: str) -> None:
    """Refuse colours that are not written ``#rrggbb``."""
    for colour in colours:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise RenderError(f"A colour must be written #rrggbb; got {colour!r}.")


def check_opacity(opacity: float) -> None:
    """Refuse an opacity that is not between 0 (clear) and 1 (solid)."""
    if not 0 <= opacity <= 1:
        raise RenderError(f"An opacity lies between 0 and 1; got {opacity}.")


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one class is drawn.

    Parameters
    ----------
    fill
        Colour of areas and points, ``#rrggbb``.
    fill_opacity
        0 (clear) to 1 (solid).
    stroke
        Colour of outlines and lines, ``#rrggbb``.
    stroke_width
        Width of outlines and lines [px of a screen, pt on paper]; 0 draws none.
    radius
        Radius of points [px].
    """

    fill: str = "#4c9f70"
    fill_opacity: float = 0.7
    stroke: str = "#555555"
    stroke_width: float = 0.8
    radius: float = 5.0

    def __post_init__(self) -> None:
        check_colours(self.fill, self.stroke)
        check_opacity(self.fill_opacity)


MISSING = Symbol(fill="#d9d9d9", fill_opacity=0.55, stroke="#8c8c8c", stroke_width=0.5)
_MISSING_DISC = replace(MISSING, radius=3.0)


@dataclass(frozen=True, slots=True)
class Single:
    """One symbol for every feature."""

    symbol: Symbol = Symbol()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a categorical style, its legend text and its symbol."""

    value: Hashable
    label: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Categorical:
    """A symbol for each listed value of a column; other values fall into the missing class."""

    column: Hashable
    categories: tuple[Category, ...]
    missing: Symbol = MISSING


CATEGORY_COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#56b4e9", "#882255", "#bbbbbb"),
)
"""Colours that red- and green-blind readers tell apart, after Okabe and Ito (2008); neighbours also
differ in lightness."""


def colour_categories(labels: Mapping[Hashable, str]) -> tuple[Category, ...]:
    """Give each value of a column a colour that no reader takes for another.

    Parameters
    ----------
    labels
        Values mapped to their legend texts, in the order of the legend.

    Returns
    -------
    tuple of Category
        For `Categorical`; areas and points are filled with the colour, lines drawn in it.

    Raises
    ------
    RenderError
        If there are more values than colours.

    Examples
    --------
    >>> dairy, beef = colour_categories({"dairy": "乳用牛", "beef": "肉用牛"})
    >>> beef.label, beef.symbol.fill
    ('肉用牛', '#e69f00')
    """
    if len(labels) > len(CATEGORY_COLOURS):
        raise RenderError(
            f"{len(labels)} categories are more than readers can tell apart by colour; at most "
            f"{len(CATEGORY_COLOURS)}. Put the rarer ones together."
        )
    pairs = zip(labels.items(), CATEGORY_COLOURS, strict=False)
    return tuple(
        Category(value, label, Symbol(fill=colour, stroke=colour))
        for (value, label), colour in pairs
    )


@dataclass(frozen=True, slots=True)
class Graduated:
    """Colours by classes of a number.

    Parameters
    ----------
    column
        Column of numbers.
    method
        How breaks are found where `breaks` is not given (mapclassify's names in plain words).
    classes
        Number of classes.
    breaks
        Fixed upper limits of all classes but the last, ascending; a value equal to a limit belongs
        to the class below it.
    palette
        ColorBrewer name, light to dark.
    unit
        Unit shown in the legend, such as ``kW``.
    opacity
        Of areas and points, 0 (clear) to 1 (solid).
    stroke, stroke_width
        Outline of areas and points. Lines have this width, and the colour of their class.
    missing
        Symbol of features whose value is missing or infinite.
    widths
        Widths of lines [px of a screen, pt on paper] in the lowest and the highest class; those
        between grow evenly. ``None`` draws all lines `stroke_width` wide.
    """

    column: Hashable
    method: Literal["quantile", "equal", "natural"] = "quantile"
    classes: int = 5
    breaks: tuple[float, ...] | None = None
    palette: str = "YlGnBu"
    unit: str = ""
    opacity: float = 0.75
    stroke: str = "#555555"
    stroke_width: float = 0.6
    missing: Symbol = MISSING
    widths: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.widths is not None and not all(0 < width < math.inf for width in self.widths):
            raise RenderError(f"Widths of lines must be over 0; got {self.widths}.")


@dataclass(frozen=True, slots=True)
class Proportional:
    """Discs whose area is proportional to a number; areas and lines have theirs at a point inside.

    Parameters
    ----------
    column
        Column of numbers, none below 0. A value of 0 has a disc of no size.
    radius
        Radius of the largest disc [px].
    largest
        Value that has this radius, so that several maps can share one scale; the greatest value
        of the column where ``None``.
    unit
        Unit shown in the legend, such as ``kW``.
    fill, fill_opacity, stroke, stroke_width
        As of `Symbol`.
    missing
        Symbol of features whose value is missing or infinite.
    """

    column: Hashable
    radius: float = 24.0
    largest: float | None = None
    unit: str = ""
    fill: str = "#2171b5"
    fill_opacity: float = 0.6
    stroke: str = "#08306b"
    stroke_width: float = 0.8
    missing: Symbol = _MISSING_DISC

    def __post_init__(self) -> None:
        for what, number in (("radius", self.radius), ("largest value", self.largest)):
            if number is not None and not 0 < number < math.inf:
                raise RenderError(f"The {what} of discs must be over 0; got {number}.")

    def symbol(self, radius: float) -> Symbol:
        """Make the disc of a radius [px]."""
        return Symbol(self.fill, self.fill_opacity, self.stroke, self.stroke_width, radius)


Style = Single | Categorical | Graduated | Proportional


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How the texts on the map look.

    Parameters
    ----------
    size
        Times the usual size.
    colour
        Colour of the letters, ``#rrggbb``; where ``None`` they are dark on maps and white in
        Google Earth, whose ground is dark.
    halo
        Colour around the letters, ``#rrggbb``; Google Earth chooses its own.
    """

    size: float = 1.0
    colour: str | None = None
    halo: str = "#ffffff"

    def __post_init__(self) -> None:
        check_colours(self.halo, *filter(None, [self.colour]))
        if not 0 < self.size < math.inf:
            raise RenderError(f"The size of labels must be over 0; got {self.size}.")
