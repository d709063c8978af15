"""Which class each feature of a layer falls into, and how the legend names it.

All writers ask `resolve`, so a figure has the same classes, colours and legend in every format.
"""

from __future__ import annotations

from dataclasses import dataclass

import mapclassify
import numpy as np
import numpy.typing as npt
import pandas as pd
from branca.utilities import color_brewer

from hokkaido_gis.errors import RenderError, name_some
from hokkaido_gis.render.scene import Categorical, Graduated, Lang, Layer, Single, Symbol
from hokkaido_gis.render.text import MISSING_TEXT, format_number

_CLASSIFIERS = {
    "quantile": mapclassify.Quantiles,
    "equal": mapclassify.EqualInterval,
    "natural": mapclassify.FisherJenks,
}


@dataclass(frozen=True, slots=True)
class LegendClass:
    """One line of the legend."""

    label: str
    symbol: Symbol


@dataclass(frozen=True, eq=False, slots=True)
class Resolved:
    """The classes of a layer and the class of each feature.

    Attributes
    ----------
    classes
        Legend lines in order; the class of missing values comes last and only where it is used.
    index
        For each feature in the layer's order, the position of its class in `classes`.
    """

    classes: tuple[LegendClass, ...]
    index: npt.NDArray[np.intp]


def resolve(layer: Layer, lang: Lang = "ja") -> Resolved:
    """Classify the features of a layer.

    Raises
    ------
    RenderError
        If a graduated column is not numeric or its breaks do not ascend.
    """
    style = layer.style
    if isinstance(style, Single):
        return Resolved(
            (LegendClass(style.label or layer.title, style.symbol),),
            np.zeros(len(layer.frame), dtype=np.intp),
        )
    if isinstance(style, Categorical):
        return _resolve_categorical(layer.frame[style.column], style, lang)
    return _resolve_graduated(layer.frame[style.column], style, lang)


def _resolve_categorical(values: pd.Series, style: Categorical, lang: Lang) -> Resolved:
    position = {category.value: i for i, category in enumerate(style.categories)}
    index = np.array([position.get(value, -1) for value in values], dtype=np.intp)
    classes = tuple(LegendClass(c.label, c.symbol) for c in style.categories)
    return _with_missing_class(classes, index, style.missing, lang)


def _resolve_graduated(values: pd.Series, style: Graduated, lang: Lang) -> Resolved:
    if not pd.api.types.is_numeric_dtype(values):
        raise RenderError(
            f"Column {style.column!r} holds {values.dtype}, not numbers, so it has no graduated "
            "classes. Use a categorical style, or convert the column."
        )
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = numbers[np.isfinite(numbers)]
    limits = _limits(known, style)
    index = np.where(np.isfinite(numbers), np.searchsorted(limits, numbers, side="left"), -1)
    colours = color_brewer(style.palette, n=max(len(limits) + 1, 3))
    classes = tuple(
        LegendClass(
            _range_label(limits, i, style.unit, lang),
            Symbol(colours[i].lower(), style.opacity, style.stroke, style.stroke_width),
        )
        for i in range(len(limits) + 1)
    )
    return _with_missing_class(classes, index.astype(np.intp), style.missing, lang)


def _limits(known: npt.NDArray[np.float64], style: Graduated) -> npt.NDArray[np.float64]:
    """Upper limits of all classes but the last."""
    if style.breaks is not None:
        limits = np.asarray(style.breaks, dtype=float)
        if (np.diff(limits) <= 0).any():
            raise RenderError(
                f"The breaks of {style.column!r} must ascend; "
                f"got {name_some(style.breaks, most=10)}."
            )
        return limits
    distinct = np.unique(known)
    count = min(style.classes, len(distinct))
    if count < 2:
        return np.array([], dtype=float)
    bins = _CLASSIFIERS[style.method](known, k=count).bins
    return np.unique(np.asarray(bins, dtype=float))[:-1]


def _range_label(limits: npt.NDArray[np.float64], i: int, unit: str, lang: Lang) -> str:
    tail = f" {unit}" if unit else ""
    if len(limits) == 0:
        return unit
    if i == 0:
        text = format_number(limits[0])
        return f"{text}{tail} 以下" if lang == "ja" else f"up to {text}{tail}"
    if i == len(limits):
        text = format_number(limits[-1])
        return f"{text}{tail} 超" if lang == "ja" else f"over {text}{tail}"
    return f"{format_number(limits[i - 1])} – {format_number(limits[i])}{tail}"


def _with_missing_class(
    classes: tuple[LegendClass, ...], index: npt.NDArray[np.intp], missing: Symbol, lang: Lang
) -> Resolved:
    if (index < 0).any():
        index = np.where(index < 0, len(classes), index).astype(np.intp)
        classes = (*classes, LegendClass(MISSING_TEXT[lang], missing))
    return Resolved(classes, index)
