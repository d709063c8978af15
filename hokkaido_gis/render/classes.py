"""Which class each feature or cell of a layer falls into, and how the legend names it.

All writers ask `resolve`, so a figure has the same classes, colours and legend in every format.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from branca.utilities import color_brewer

from hokkaido_gis.errors import RenderError, name_some
from hokkaido_gis.render.scene import (
    AnyLayer,
    Categorical,
    Graduated,
    Lang,
    Proportional,
    RasterLayer,
    Single,
    Symbol,
)
from hokkaido_gis.render.shapes import Indices, Kind, main_kind
from hokkaido_gis.render.text import MISSING_TEXT, format_number

_MOST_COLOURS = 9  # of a sequential palette of ColorBrewer
_CLASSIFIERS = {"quantile": "Quantiles", "equal": "EqualInterval", "natural": "FisherJenks"}


@dataclass(frozen=True, slots=True)
class LegendClass:
    """One line of the legend."""

    label: str
    symbol: Symbol


Classes = tuple[LegendClass, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Resolved:
    """The classes of a layer and the class of each feature.

    Attributes
    ----------
    classes
        Legend lines in order; the class of missing values comes last and only where it is used.
    index
        For each feature in the layer's order, the position of its class in `classes`; of a raster,
        for each cell, row by row; -1 where it is clear.
    kind
        What most features are, which the legend shows.
    radii
        Of proportional discs, the radius of each feature [px]; the others have their symbol's.
    limits
        Of graduated classes, the upper limits of all but the last; a value equal to one belongs to
        the class below.
    examples
        Of proportional discs, the legend lines that stand for `classes` but the missing one.
    """

    classes: Classes
    index: Indices
    kind: Kind = "area"
    radii: npt.NDArray[np.float64] | None = None
    examples: Classes = ()
    limits: tuple[float, ...] = ()

    @property
    def legend_radius(self) -> float:
        """Radius of the largest disc of the legend [px]; 0 where discs show no size."""
        return max((line.symbol.radius for line in self.examples), default=0.0)

    def legend_lines(self, title: str) -> list[tuple[str, Symbol | None]]:
        """Lines of the layer's legend: its title as a heading without symbol, then its classes.

        Where the title says as much as the only class, it stands beside the symbol itself.
        """
        lines = self.classes if self.radii is None else (*self.examples, *self.classes[1:])
        if len(lines) == 1 and lines[0].label in {title, ""}:
            return [(title, lines[0].symbol)]
        heading: list[tuple[str, Symbol | None]] = [(title, None)] if title else []
        return heading + [(line.label, line.symbol) for line in lines]


def resolve(layer: AnyLayer, lang: Lang = "ja") -> Resolved:
    """Classify the features of a layer, or the cells of a raster.

    Raises
    ------
    RenderError
        If a graduated or proportional column is not numeric, the latter has a value below 0, breaks
        do not ascend or a palette is unknown.
    """
    if isinstance(layer, RasterLayer):
        return _raster(layer, lang)
    style = layer.style
    kind = main_kind(layer.frame.geometry.to_numpy())
    if isinstance(style, Single):
        only = LegendClass(style.label or layer.title, style.symbol)
        return Resolved((only,), np.zeros(len(layer.frame), dtype=np.intp), kind)
    values = layer.table[style.column]
    if isinstance(style, Proportional):
        return _proportional(values, style, layer.title, lang)
    limits: tuple[float, ...] = ()
    if isinstance(style, Categorical):
        classes, index = _categorical(values, style)
    else:
        classes, index, limits = _graduated(_numbers(values), style, kind, lang)
    if (index < 0).any():
        index = np.where(index < 0, len(classes), index)
        classes = (*classes, LegendClass(MISSING_TEXT[lang], style.missing))
    return Resolved(classes, index, kind, limits=limits)


def _categorical(values: pd.Series, style: Categorical) -> tuple[Classes, Indices]:
    """Classes, and that of each value; -1 for values not listed."""
    position = {category.value: i for i, category in enumerate(style.categories)}
    index = np.array([position.get(value, -1) for value in values], dtype=np.intp)
    return tuple(LegendClass(c.label, c.symbol) for c in style.categories), index


def _graduated(
    numbers: npt.NDArray[np.float64], style: Graduated, kind: Kind, lang: Lang
) -> tuple[Classes, Indices, tuple[float, ...]]:
    """Classes, that of each value, -1 for those missing or infinite, and the limits of classes."""
    is_known = np.isfinite(numbers)
    known = numbers[is_known]
    limits = _limits(known, style)
    index = np.where(is_known, np.searchsorted(limits, numbers, side="left"), -1)
    labels = _range_labels(limits, known, style.unit, lang)
    colours = _colours(style.palette, len(labels), kind)
    widths = _widths(style, kind, len(labels))
    classes = tuple(
        LegendClass(label, _class_symbol(colour, width, style, kind))
        for label, colour, width in zip(labels, colours, widths, strict=True)
    )
    return classes, index.astype(np.intp), tuple(limits.tolist())


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    """Numbers of a column, not a number where missing."""
    if not pd.api.types.is_numeric_dtype(values):
        raise RenderError(
            f"Column {values.name!r} holds {values.dtype}, not numbers, so it has no graduated "
            "classes and no proportional discs. Use a categorical style, or convert the column."
        )
    return values.to_numpy(dtype=float, na_value=np.nan)


def _widths(style: Graduated, kind: Kind, count: int) -> list[float]:
    """Width of the outlines or lines of each class."""
    if style.widths is None or kind != "line":
        return [style.stroke_width] * count
    widths: list[float] = np.linspace(*style.widths, max(count, 1)).tolist()
    return widths[:count]


def _class_symbol(colour: str, width: float, style: Graduated, kind: Kind) -> Symbol:
    """Symbol of a class: areas and points are filled with its colour, lines are drawn in it."""
    stroke = colour if kind == "line" else style.stroke
    return Symbol(colour, style.opacity, stroke, width)


def _raster(layer: RasterLayer, lang: Lang) -> Resolved:
    style = Graduated(
        layer.title,
        layer.method,
        layer.classes,
        layer.breaks,
        layer.palette,
        layer.unit,
        opacity=layer.opacity,
        stroke_width=0,
    )
    classes, index, limits = _graduated(layer.numbers.ravel(), style, "area", lang)
    return Resolved(classes, index, limits=limits)


def _proportional(values: pd.Series, style: Proportional, title: str, lang: Lang) -> Resolved:
    numbers = _numbers(values)
    known = np.isfinite(numbers)
    below = np.flatnonzero(known & (numbers < 0))
    if len(below):
        raise RenderError(
            f"Column {style.column!r} has values below 0 in row {name_some(below.tolist())}, and a "
            "disc cannot be smaller than nothing. Use a graduated style."
        )
    largest = style.largest or float(numbers[known].max(initial=0.0))
    scale = style.radius / math.sqrt(largest) if largest else 0.0
    radii = np.where(known, np.sqrt(numbers, where=known, out=np.zeros(len(numbers))) * scale, 0.0)
    classes: Classes = (LegendClass(title, style.symbol(style.radius)),)
    if not known.all():
        classes = (*classes, LegendClass(MISSING_TEXT[lang], style.missing))
        radii[~known] = style.missing.radius
    tail = f" {style.unit}" if style.unit else ""
    examples = tuple(
        LegendClass(format_number(value) + tail, style.symbol(math.sqrt(value) * scale))
        for value in _example_values(largest)
    )
    return Resolved(classes, np.where(known, 0, 1).astype(np.intp), "point", radii, examples)


def _example_values(largest: float) -> list[float]:
    """Three round values, the greatest first, whose discs are well apart in size."""
    if largest == 0:
        return []
    first = round_down(largest)
    return [first, round_down(first * 0.4), round_down(first * 0.1)]


def round_down(most: float) -> float:
    """Return the greatest of 1, 2 or 5 times a power of ten that is not over `most`.

    Examples
    --------
    >>> round_down(137_000), round_down(4_300), round_down(0.3)
    (100000.0, 2000.0, 0.2)
    """
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9))


def _colours(palette: str, count: int, kind: Kind) -> list[str]:
    """Colours of a ColorBrewer palette, which has three at least.

    Lines go without the two lightest, which as thin strokes no eye finds on a light ground.
    """
    spare = min(2, max(0, _MOST_COLOURS - count)) if kind == "line" else 0
    try:
        colours: list[str] = color_brewer(palette, n=max(count + spare, 3))
    except ValueError as error:
        raise RenderError(
            f"The palette {palette!r} cannot give {count} colours: {error}"
        ) from error
    return [colour.lower() for colour in colours[spare : spare + count]]


def _limits(known: npt.NDArray[np.float64], style: Graduated) -> npt.NDArray[np.float64]:
    """Upper limits of all classes but the last."""
    if style.breaks is not None:
        limits = np.asarray(style.breaks, dtype=float)
        if not (np.isfinite(limits).all() and (np.diff(limits) > 0).all()):
            raise RenderError(
                f"The breaks of {style.column!r} must be finite and ascend; "
                f"got {name_some(style.breaks, most=10)}."
            )
        return limits
    distinct = np.unique(known)
    count = min(style.classes, len(distinct))
    if count < 2:
        return np.array([], dtype=float)
    # It loads scikit-learn, which takes seconds, so only where breaks are to be found.
    import mapclassify  # noqa: PLC0415

    classifier = getattr(mapclassify, _CLASSIFIERS[style.method])
    with warnings.catch_warnings():
        # Fewer classes than asked for are seen in the legend; slow without numba is not an error.
        warnings.simplefilter("ignore", UserWarning)
        bins = classifier(known, k=count).bins
    return np.unique(np.asarray(bins, dtype=float))[:-1]


def _range_labels(
    limits: npt.NDArray[np.float64], known: npt.NDArray[np.float64], unit: str, lang: Lang
) -> list[str]:
    """Legend texts of all classes; none where there is neither a limit nor a value."""
    tail = f" {unit}" if unit else ""
    texts = [format_number(limit) for limit in limits.tolist()]
    if not texts:
        ends = [known.min(), known.max()] if len(known) else []
        both = dict.fromkeys(format_number(end) for end in ends)
        return [" – ".join(both) + tail] if both else []
    within = [f"{low} – {high}{tail}" for low, high in pairwise(texts)]
    least, most = texts[0] + tail, texts[-1] + tail
    first, last = (
        (f"{least} 以下", f"{most} 超") if lang == "ja" else (f"up to {least}", f"over {most}")
    )
    if limits[0] == 0 and not (known < 0).any():
        first = f"0{tail}"  # of a quantity that cannot be less, "0 or less" reads as an error
    return [first, *within, last]
