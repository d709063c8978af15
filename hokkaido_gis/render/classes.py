"""Which class each feature of a layer falls into, and how the legend names it.

All writers ask `resolve`, so a figure has the same classes, colours and legend in every format.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from branca.utilities import color_brewer

from hokkaido_gis.errors import RenderError, name_some
from hokkaido_gis.render.scene import Categorical, Graduated, Lang, Layer, Single, Symbol
from hokkaido_gis.render.shapes import Indices, Kind, main_kind
from hokkaido_gis.render.text import MISSING_TEXT, format_number

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
        For each feature in the layer's order, the position of its class in `classes`.
    kind
        What most features are, which the legend shows.
    """

    classes: Classes
    index: Indices
    kind: Kind = "area"

    def legend_lines(self, title: str) -> list[tuple[str, Symbol | None]]:
        """Lines of the layer's legend: its title as a heading without symbol, then its classes.

        Where the title says as much as the only class, it stands beside the symbol itself.
        """
        if len(self.classes) == 1 and self.classes[0].label in {title, ""}:
            return [(title, self.classes[0].symbol)]
        heading: list[tuple[str, Symbol | None]] = [(title, None)] if title else []
        return heading + [(line.label, line.symbol) for line in self.classes]


def resolve(layer: Layer, lang: Lang = "ja") -> Resolved:
    """Classify the features of a layer.

    Raises
    ------
    RenderError
        If a graduated column is not numeric, its breaks do not ascend or its palette is unknown.
    """
    style = layer.style
    kind = main_kind(layer.frame.geometry.to_numpy())
    if isinstance(style, Single):
        only = LegendClass(style.label or layer.title, style.symbol)
        return Resolved((only,), np.zeros(len(layer.frame), dtype=np.intp), kind)
    values = layer.table[style.column]
    if isinstance(style, Categorical):
        classes, index = _categorical(values, style)
    else:
        classes, index = _graduated(values, style, kind, lang)
    if (index < 0).any():
        index = np.where(index < 0, len(classes), index)
        classes = (*classes, LegendClass(MISSING_TEXT[lang], style.missing))
    return Resolved(classes, index, kind)


def _categorical(values: pd.Series, style: Categorical) -> tuple[Classes, Indices]:
    """Classes, and that of each value; -1 for values not listed."""
    position = {category.value: i for i, category in enumerate(style.categories)}
    index = np.array([position.get(value, -1) for value in values], dtype=np.intp)
    return tuple(LegendClass(c.label, c.symbol) for c in style.categories), index


def _graduated(
    values: pd.Series, style: Graduated, kind: Kind, lang: Lang
) -> tuple[Classes, Indices]:
    """Classes, and that of each value; -1 for values that are missing or infinite."""
    if not pd.api.types.is_numeric_dtype(values):
        raise RenderError(
            f"Column {style.column!r} holds {values.dtype}, not numbers, so it has no graduated "
            "classes. Use a categorical style, or convert the column."
        )
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    is_known = np.isfinite(numbers)
    known = numbers[is_known]
    limits = _limits(known, style)
    index = np.where(is_known, np.searchsorted(limits, numbers, side="left"), -1)
    labels = _range_labels(limits, known, style.unit, lang)
    colours = _colours(style.palette, len(labels))
    classes = tuple(
        LegendClass(label, _class_symbol(colour, style, kind))
        for label, colour in zip(labels, colours, strict=True)
    )
    return classes, index.astype(np.intp)


def _class_symbol(colour: str, style: Graduated, kind: Kind) -> Symbol:
    """Symbol of a class: areas and points are filled with its colour, lines are drawn in it."""
    stroke = colour if kind == "line" else style.stroke
    return Symbol(colour, style.opacity, stroke, style.stroke_width)


def _colours(palette: str, count: int) -> list[str]:
    """Colours of a ColorBrewer palette, which has three at least."""
    try:
        colours: list[str] = color_brewer(palette, n=max(count, 3))
    except ValueError as error:
        raise RenderError(
            f"The palette {palette!r} cannot give {count} colours: {error}"
        ) from error
    return [colour.lower() for colour in colours[:count]]


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
    if lang == "ja":
        return [f"{texts[0]}{tail} 以下", *within, f"{texts[-1]}{tail} 超"]
    return [f"up to {texts[0]}{tail}", *within, f"over {texts[-1]}{tail}"]
