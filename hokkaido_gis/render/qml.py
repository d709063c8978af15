"""Styles in QGIS's own language (QML): a layer looks in QGIS as it does in the figure.

A graduated style whose column has missing values becomes a set of rules, since QGIS draws nothing
that falls outside the classes of its graduated symbols; otherwise each style is the kind of QGIS
that has its name. Widths and sizes are points, which are the same on paper and near on a screen.
"""

from __future__ import annotations

import numbers
import re
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np

from hokkaido_gis.render.classes import LegendClass
from hokkaido_gis.render.scene import Categorical, Graduated, Proportional, Single
from hokkaido_gis.render.shapes import main_kind
from hokkaido_gis.render.text import MISSING_TEXT

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

    from hokkaido_gis.render.classes import Resolved
    from hokkaido_gis.render.scene import Lang, Layer, Symbol
    from hokkaido_gis.render.shapes import Kind

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_POINTS_PER_PIXEL = 0.75
_SYMBOL_TYPES: dict[Kind, str] = {"area": "fill", "line": "line", "point": "marker"}
_LABEL_SIZE, _INK = 8.0, "#222222"
_FAR = 1e300  # QGIS knows no infinite limits


def write_qml(
    layer: Layer, resolved: Resolved, fields: Mapping[Hashable, str], lang: Lang = "ja"
) -> str:
    """Write the style of a layer.

    Parameters
    ----------
    layer
        The layer, as it was described.
    resolved
        Its classes.
    fields
        Names that the columns of its table have in the file.
    lang
        Language of the missing class.

    Returns
    -------
    str
        An XML document, as QGIS stores it in ``layer_styles``.
    """
    root = ET.Element(
        "qgis",
        version="3.28.0",
        styleCategories="Symbology|Labeling|Fields|MapTips",
        labelsEnabled=str(int(layer.label is not None)),
        hasScaleBasedVisibilityFlag="0",
    )
    _write_renderer(root, layer, resolved, fields, lang)
    if layer.label is not None:
        _write_labels(root, layer, fields[layer.label])
    ET.SubElement(root, "layerOpacity").text = "1"
    aliases = ET.SubElement(root, "aliases")
    for column, heading in layer.fields.items():
        ET.SubElement(aliases, "alias", field=fields[column], name=clean(heading))
    if layer.name is not None:
        ET.SubElement(root, "previewExpression").text = _field(fields[layer.name])
    doctype = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
    ET.indent(root)
    return f"{doctype}\n{ET.tostring(root, encoding='unicode')}\n"


def clean(text: str) -> str:
    """Replace characters that XML cannot carry by U+FFFD."""
    return _ILLEGAL.sub("\ufffd", text)


def _write_renderer(
    root: ET.Element,
    layer: Layer,
    resolved: Resolved,
    fields: Mapping[Hashable, str],
    lang: Lang,
) -> None:
    style = layer.style
    classes = resolved.classes
    has_missing = not isinstance(style, Single) and (
        classes[-1:] == (LegendClass(MISSING_TEXT[lang], style.missing),)
    )
    renderer = ET.SubElement(
        root, "renderer-v2", forceraster="0", symbollevels="0", enableorderby="0"
    )
    disc: str | None = None
    if isinstance(style, Categorical):
        _write_categories(renderer, style, classes, fields[style.column])
    elif isinstance(style, Graduated):
        ranges = list(pairwise([-np.inf, *resolved.limits, np.inf]))[: len(classes) - has_missing]
        if has_missing:
            column = _field(fields[style.column])
            _write_rules(renderer, classes, [_range_filter(column, *ends) for ends in ranges])
        else:
            _write_ranges(renderer, classes, ranges, fields[style.column])
    elif isinstance(style, Proportional):
        column = _field(fields[style.column])
        disc = _disc_size(column, style, layer.table[style.column])
        if has_missing:
            _write_rules(renderer, classes, [f"{column} IS NOT NULL"])
        else:
            renderer.set("type", "singleSymbol")
    else:
        renderer.set("type", "singleSymbol")
    symbols = ET.SubElement(renderer, "symbols")
    kind = main_kind(layer.frame.geometry.to_numpy())
    for i, line in enumerate(classes):
        if isinstance(style, Proportional) and kind != "point":
            inner = _write_inside(symbols, str(i), kind)
            _write_symbol(inner, f"@{i}@0", line.symbol, "point", size=None if i else disc)
        else:
            _write_symbol(symbols, str(i), line.symbol, kind, size=None if i else disc)


def _write_categories(
    renderer: ET.Element, style: Categorical, classes: Sequence[LegendClass], column: str
) -> None:
    renderer.set("type", "categorizedSymbol")
    renderer.set("attr", column)
    categories = ET.SubElement(renderer, "categories")
    values: list[object] = [category.value for category in style.categories]
    # A category without value takes whatever no other does.
    values += [""] * (len(classes) - len(values))
    for i, (value, line) in enumerate(zip(values, classes, strict=True)):
        text, kind = _value(value)
        ET.SubElement(
            categories,
            "category",
            value=clean(text),
            type=kind,
            symbol=str(i),
            label=clean(line.label),
            render="true",
        )


def _value(value: object) -> tuple[str, str]:
    """Text and type of a category's value."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower(), "bool"
    if isinstance(value, numbers.Integral):
        return str(int(value)), "long"
    if isinstance(value, numbers.Real):
        return repr(float(value)), "double"
    return str(value), "string"


def _write_ranges(
    renderer: ET.Element,
    classes: Sequence[LegendClass],
    ranges: Sequence[tuple[float, float]],
    column: str,
) -> None:
    """Write classes of numbers; of two that share a limit the first, the lower one, takes it."""
    renderer.set("type", "graduatedSymbol")
    renderer.set("attr", column)
    renderer.set("graduatedMethod", "GraduatedColor")
    found = ET.SubElement(renderer, "ranges")
    for i, ((low, high), line) in enumerate(zip(ranges, classes, strict=True)):
        ET.SubElement(
            found,
            "range",
            lower=repr(max(low, -_FAR)),
            upper=repr(min(high, _FAR)),
            symbol=str(i),
            label=clean(line.label),
            render="true",
        )


def _write_rules(
    renderer: ET.Element, classes: Sequence[LegendClass], filters: Sequence[str]
) -> None:
    """Write a rule for each class; what no filter lets through goes to the last one."""
    renderer.set("type", "RuleRenderer")
    rules = ET.SubElement(renderer, "rules", key="rules")
    for i, (line, condition) in enumerate(zip(classes, [*filters, "ELSE"], strict=True)):
        ET.SubElement(
            rules,
            "rule",
            key=f"rule{i}",
            symbol=str(i),
            filter=condition,
            label=clean(line.label),
        )


def _range_filter(column: str, low: float, high: float) -> str:
    parts = [f"{column} > {low!r}"] if np.isfinite(low) else []
    parts += [f"{column} <= {high!r}"] if np.isfinite(high) else []
    return " AND ".join(parts) or f"{column} IS NOT NULL"


def _disc_size(column: str, style: Proportional, values: pd.Series) -> str:
    """Diameter of discs [pt] as an expression of QGIS."""
    known = values.to_numpy(dtype=float, na_value=np.nan)
    largest = style.largest or float(known[np.isfinite(known)].max(initial=0.0)) or 1.0
    diameter = 2 * style.radius * _POINTS_PER_PIXEL
    return f"coalesce({diameter!r} * sqrt({column} / {largest!r}), 0)"


def _field(name: str) -> str:
    """Quote a field for expressions."""
    return '"' + clean(name).replace('"', '""') + '"'


def _write_inside(symbols: ET.Element, name: str, kind: Kind) -> ET.Element:
    """Write a symbol of areas or lines that draws a marker at a point inside; return its place."""
    symbol = ET.SubElement(symbols, "symbol", type=_SYMBOL_TYPES[kind], name=name, alpha="1")
    return _symbol_layer(
        symbol,
        "GeometryGenerator",
        {
            "SymbolType": "Marker",
            "geometryModifier": "point_on_surface($geometry)",
            "units": "MapUnit",
        },
    )


def _write_symbol(
    parent: ET.Element, name: str, symbol: Symbol, kind: Kind, *, size: str | None = None
) -> None:
    """Write a symbol; `size` is an expression for the diameter of a marker [pt]."""
    element = ET.SubElement(parent, "symbol", type=_SYMBOL_TYPES[kind], name=name, alpha="1")
    width, solid = f"{symbol.stroke_width:g}", symbol.stroke_width > 0
    stroke = _rgba(symbol.stroke, 1)
    if kind == "line":
        options = {"line_color": stroke, "line_width": width, "line_width_unit": "Point"}
        options |= {"line_style": "solid" if solid else "no", "capstyle": "round"}
        _symbol_layer(element, "SimpleLine", {**options, "joinstyle": "round"})
        return
    options = {
        "color": _rgba(symbol.fill, symbol.fill_opacity),
        "outline_color": stroke,
        "outline_style": "solid" if solid else "no",
        "outline_width": width,
        "outline_width_unit": "Point",
    }
    if kind == "area":
        _symbol_layer(element, "SimpleFill", {**options, "style": "solid", "joinstyle": "round"})
        return
    diameter = f"{2 * symbol.radius * _POINTS_PER_PIXEL:g}"
    options |= {"name": "circle", "size": diameter, "size_unit": "Point", "scale_method": "area"}
    marker = _symbol_layer(element, "SimpleMarker", options)
    if size is not None:
        properties = ET.SubElement(marker, "data_defined_properties")
        whole = ET.SubElement(properties, "Option", type="Map")
        _option(whole, "name", "")
        inner = ET.SubElement(whole, "Option", type="Map", name="properties")
        defined = ET.SubElement(inner, "Option", type="Map", name="size")
        ET.SubElement(defined, "Option", type="bool", name="active", value="true")
        _option(defined, "expression", size)
        ET.SubElement(defined, "Option", type="int", name="type", value="3")
        _option(whole, "type", "collection")


def _symbol_layer(symbol: ET.Element, kind: str, options: Mapping[str, str]) -> ET.Element:
    layer = ET.SubElement(
        symbol, "layer", {"class": kind, "pass": "0", "locked": "0", "enabled": "1"}
    )
    found = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        _option(found, name, value)
    return layer


def _option(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, "Option", type="QString", name=name, value=value)


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"{red},{green},{blue},{round(opacity * 255)}"


def _write_labels(root: ET.Element, layer: Layer, column: str) -> None:
    look = layer.label_style
    labeling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labeling, "settings", calloutType="simple")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=clean(column),
        isExpression="0",
        fontSize=f"{_LABEL_SIZE * look.size:g}",
        fontSizeUnit="Point",
        textColor=_rgba(look.colour or _INK, 1),
        textOpacity="1",
    )
    ET.SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor=_rgba(look.halo, 1),
        bufferOpacity="1",
    )
