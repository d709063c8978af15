"""Classes on numbers worked by hand: limits, colours, the missing, and the words of the legend."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.classes import LegendClass, Resolved, resolve
from hokkaido_gis.render.scene import (
    MISSING,
    Categorical,
    Category,
    Graduated,
    Layer,
    Single,
    Style,
    Symbol,
)

SHAPES = {
    "area": shapely.box(141, 43, 142, 44),
    "line": shapely.LineString([(141, 43), (142, 44)]),
    "point": shapely.Point(141, 43),
}
YLGNBU_3 = ["#edf8b1", "#7fcdbb", "#2c7fb8"]


def layer_of(values: Any, style: Style, kind: str = "area", title: str = "層") -> Layer:
    frame = gpd.GeoDataFrame({"v": values}, geometry=[SHAPES[kind]] * len(values), crs="EPSG:4326")
    return Layer(frame, style, title=title)


def labels(resolved: Resolved) -> list[str]:
    return [line.label for line in resolved.classes]


# --- Limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "count", "values", "index", "legend"),
    [
        # Thirds of nine values: up to the 3rd, up to the 6th, the rest.
        (
            "quantile", 3, [9, 1, 2, 3, 4, 5, 6, 7, 8], [2, 0, 0, 0, 1, 1, 1, 2, 2],
            ["3.667 以下", "3.667 – 6.333", "6.333 超"],
        ),
        # Halves of 0 to 10: 5 is a limit and belongs to the class below it.
        ("equal", 2, [0, 1, 5, 6, 10], [0, 0, 0, 1, 1], ["5 以下", "5 超"]),
        ("equal", 4, [0, 2, 2.5, 5, 7.5, 10], [0, 0, 0, 1, 2, 3],
         ["2.5 以下", "2.5 – 5", "5 – 7.5", "7.5 超"]),
        # Three heaps; every other division spreads further within its classes.
        (
            "natural", 3, [1, 2, 1, 50, 51, 99, 100], [0, 0, 0, 1, 1, 2, 2],
            ["2 以下", "2 – 51", "51 超"],
        ),
    ],
)  # fmt: skip
def test_breaks_are_those_worked_by_hand(
    method: Any, count: int, values: list[float], index: list[int], legend: list[str]
) -> None:
    found = resolve(layer_of(values, Graduated("v", method, count)))
    assert found.index.tolist() == index
    assert labels(found) == legend


def test_value_equal_to_a_limit_goes_to_the_class_below() -> None:
    values = [-5, 9.999, 10, 10.001, 20, 20.001]
    found = resolve(layer_of(values, Graduated("v", breaks=(10, 20), unit="kW")), "en")
    assert found.index.tolist() == [0, 0, 0, 1, 1, 2]
    assert labels(found) == ["up to 10 kW", "10 – 20 kW", "over 20 kW"]


def test_fixed_breaks_keep_classes_that_nothing_falls_into() -> None:
    found = resolve(layer_of([5], Graduated("v", breaks=(1, 2, 3))))
    assert labels(found) == ["1 以下", "1 – 2", "2 – 3", "3 超"]
    assert found.index.tolist() == [3]


@pytest.mark.parametrize("breaks", [(2, 1), (1, 1), (np.nan,), (1, np.inf), (1, np.nan, 2)])
def test_breaks_that_do_not_ascend_are_refused(breaks: tuple[float, ...]) -> None:
    with pytest.raises(RenderError, match="breaks of 'v' must be finite and ascend; got"):
        resolve(layer_of([1, 2], Graduated("v", breaks=breaks)))


@pytest.mark.parametrize("method", ["quantile", "equal", "natural"])
def test_fewer_values_than_classes_make_fewer_classes(method: Any) -> None:
    found = resolve(layer_of([1, 1, 7, 7], Graduated("v", method, 5)))
    assert found.index.tolist() == [0, 0, 1, 1]
    assert len(found.classes) == 2


@pytest.mark.parametrize("method", ["quantile", "equal", "natural"])
def test_one_value_only_is_one_class_that_names_it(method: Any) -> None:
    found = resolve(layer_of([1500.0, 1500.0], Graduated("v", method, unit="kW")))
    assert labels(found) == ["1,500 kW"]
    assert found.index.tolist() == [0, 0]


@pytest.mark.parametrize("options", [{"classes": 1}, {"breaks": ()}])
def test_one_class_names_its_ends(options: dict[str, Any]) -> None:
    found = resolve(layer_of([1, 9, 4], Graduated("v", **options)))
    assert labels(found) == ["1 – 9"]


@given(
    values=st.lists(st.integers(-50, 50), min_size=1, max_size=40),
    method=st.sampled_from(["quantile", "equal"]),
    count=st.integers(1, 12),
)
def test_classes_ascend_with_their_values(values: list[int], method: Any, count: int) -> None:
    found = resolve(layer_of(values, Graduated("v", method, count)))
    order = np.argsort(values, kind="stable")
    assert (np.diff(found.index[order]) >= 0).all()
    assert 0 <= found.index.min() <= found.index.max() < len(found.classes) <= count


# --- Missing values ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_missing_and_infinite_values_share_the_last_class(lang: Any) -> None:
    values = [1.0, np.nan, np.inf, 3.0, -np.inf]
    found = resolve(layer_of(values, Graduated("v", "equal", 2)), lang)
    assert found.index.tolist() == [0, 2, 2, 1, 2]
    assert found.classes[-1] == LegendClass({"ja": "データなし", "en": "no data"}[lang], MISSING)


def test_missing_class_is_absent_when_unused() -> None:
    assert "データなし" not in labels(resolve(layer_of([1.0, 2.0], Graduated("v"))))
    only = Categorical("v", (Category("a", "甲", Symbol()),))
    assert labels(resolve(layer_of(["a"], only))) == ["甲"]


@pytest.mark.parametrize("values", [[np.nan, np.inf], pd.array([None, None], dtype="Int64")])
def test_all_missing_leaves_the_missing_class_alone(values: Any) -> None:
    found = resolve(layer_of(values, Graduated("v", unit="kW")))
    assert labels(found) == ["データなし"]
    assert found.index.tolist() == [0, 0]


def test_missing_values_of_nullable_columns_are_missing() -> None:
    found = resolve(layer_of(pd.array([1, None, 2], dtype="Int64"), Graduated("v", breaks=(1,))))
    assert found.index.tolist() == [0, 2, 1]


def test_layer_without_rows_has_no_classes_to_show() -> None:
    assert resolve(layer_of(np.array([], dtype=float), Graduated("v"))).classes == ()


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(RenderError, match="'v' holds str, not numbers"):
        resolve(layer_of(["1", "2"], Graduated("v")))


# --- Other styles -----------------------------------------------------------------------------


def test_unknown_categories_fall_into_the_missing_class() -> None:
    grey = Symbol("#eeeeee")
    kinds = (Category("a", "甲", Symbol("#112233")), Category("b", "乙", Symbol("#445566")))
    found = resolve(layer_of(["b", "?", None, "a"], Categorical("v", kinds, grey)), "en")
    assert found.index.tolist() == [1, 2, 2, 0]
    assert labels(found) == ["甲", "乙", "no data"]
    assert [line.symbol for line in found.classes] == [kinds[0].symbol, kinds[1].symbol, grey]


def test_categories_keep_their_order_and_stay_where_unused() -> None:
    kinds = tuple(Category(i, f"区分{i}", Symbol()) for i in (3, 1, 2))
    found = resolve(layer_of([2, 2], Categorical("v", kinds)))
    assert labels(found) == ["区分3", "区分1", "区分2"]
    assert found.index.tolist() == [2, 2]


def test_single_style_is_named_by_itself_or_its_layer() -> None:
    assert labels(resolve(layer_of([1, 2], Single(label="港")))) == ["港"]
    assert labels(resolve(layer_of([1, 2], Single()))) == ["層"]


def test_index_may_be_classified(squares: gpd.GeoDataFrame) -> None:
    kinds = (Category("01203", "小樽", Symbol()),)
    found = resolve(Layer(squares, Categorical("code", kinds)))
    assert found.index.tolist() == [1, 0, 1, 1]


# --- Symbols ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHAPES)
def test_lines_are_drawn_in_their_colour_and_others_filled_with_it(kind: str) -> None:
    style = Graduated("v", breaks=(1, 2), opacity=0.5, stroke="#123456", stroke_width=3)
    found = resolve(layer_of([1, 2, 3], style, kind))
    symbols = [line.symbol for line in found.classes]
    assert found.kind == kind
    assert [s.fill for s in symbols] == YLGNBU_3
    assert [s.stroke for s in symbols] == (YLGNBU_3 if kind == "line" else ["#123456"] * 3)
    assert {(s.fill_opacity, s.stroke_width) for s in symbols} == {(0.5, 3)}


def test_unknown_palette_is_refused() -> None:
    with pytest.raises(RenderError, match="palette 'Rainbow' cannot give 2 colours"):
        resolve(layer_of([1, 2], Graduated("v", palette="Rainbow")))


# --- Legend -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "classes", "lines"),
    [
        ("層", ["層"], [("層", True)]),
        ("層", [""], [("層", True)]),
        ("", [""], [("", True)]),
        ("", ["甲", "乙"], [("甲", True), ("乙", True)]),
        ("層", ["甲"], [("層", False), ("甲", True)]),
        ("層", [], [("層", False)]),
    ],
)
def test_title_is_a_heading_where_it_says_more_than_the_classes(
    title: str, classes: list[str], lines: list[tuple[str, bool]]
) -> None:
    resolved = Resolved(
        tuple(LegendClass(c, Symbol()) for c in classes), np.zeros(1, dtype=np.intp)
    )
    found = resolved.legend_lines(title)
    assert [(text, symbol is not None) for text, symbol in found] == lines
