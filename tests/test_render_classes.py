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
    Proportional,
    RasterLayer,
    Single,
    Style,
    Symbol,
    colour_categories,
)

SHAPES = {
    "area": shapely.box(141, 43, 142, 44),
    "line": shapely.LineString([(141, 43), (142, 44)]),
    "point": shapely.Point(141, 43),
}
YLGNBU_3 = ["#edf8b1", "#7fcdbb", "#2c7fb8"]
YLGNBU_5 = ["#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"]


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


@pytest.mark.parametrize(
    ("values", "first"), [([0, 3], "0 ha"), ([1, 3], "0 ha"), ([-1, 3], "0 ha 以下")]
)
def test_class_up_to_zero_is_zero_where_nothing_lies_below(values: list[int], first: str) -> None:
    found = resolve(layer_of(values, Graduated("v", breaks=(0, 2), unit="ha")))
    assert labels(found) == [first, "0 – 2 ha", "2 ha 超"]


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
    # Lines go without the two lightest colours of five.
    colours = YLGNBU_5[2:] if kind == "line" else YLGNBU_3
    assert [s.fill for s in symbols] == colours
    assert [s.stroke for s in symbols] == (colours if kind == "line" else ["#123456"] * 3)
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


# --- Discs, widths of lines, rasters ------------------------------------------------------------


@given(values=st.lists(st.floats(1e-3, 1e9), min_size=1))
def test_area_of_discs_is_proportional_to_the_value(values: list[float]) -> None:
    resolved = resolve(layer_of(values, Proportional("v", radius=20.0)))
    assert resolved.radii is not None
    assert resolved.radii.max() == pytest.approx(20.0)
    np.testing.assert_allclose(resolved.radii**2 / 400, np.array(values) / max(values), rtol=1e-9)


def test_discs_of_several_maps_share_a_scale() -> None:
    resolved = resolve(layer_of([25.0, 400.0, 0.0], Proportional("v", radius=20.0, largest=100.0)))
    assert resolved.radii is not None
    assert resolved.radii.tolist() == [10.0, 40.0, 0.0]


def test_legend_of_discs_has_round_values_in_their_size() -> None:
    layer = layer_of([730.0, 12.0, np.nan], Proportional("v", radius=27.0, unit="kW"), title="層")
    resolved = resolve(layer)
    lines = resolved.legend_lines("層")
    assert [text for text, _ in lines] == ["層", "500 kW", "200 kW", "50 kW", "データなし"]
    radii = [symbol.radius for _, symbol in lines[1:4] if symbol]
    assert radii == pytest.approx([27 * (value / 730) ** 0.5 for value in (500, 200, 50)])
    assert resolved.index.tolist() == [0, 0, 1]
    assert resolved.kind == "point"


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, np.nan], []])
def test_discs_without_any_size_have_no_examples(values: list[float]) -> None:
    resolved = resolve(layer_of(pd.Series(values, dtype=float), Proportional("v")))
    assert resolved.examples == ()


def test_values_below_0_have_no_disc() -> None:
    with pytest.raises(RenderError, match=r"'v' has values below 0 in row 1"):
        resolve(layer_of([1.0, -1.0], Proportional("v")))


def test_widths_of_lines_grow_with_their_class() -> None:
    style = Graduated("v", breaks=(1.0, 2.0), widths=(1.0, 4.0))
    for kind, widths in (("line", [1.0, 2.5, 4.0]), ("area", [0.6] * 3)):
        classes = resolve(layer_of([0.5, 1.5, 2.5], style, kind)).classes
        assert [line.symbol.stroke_width for line in classes] == widths


def test_limits_are_told_to_those_who_classify_themselves() -> None:
    resolved = resolve(layer_of([0.5, 1.5, 2.5], Graduated("v", breaks=(1.0, 2.0))))
    assert resolved.limits == (1.0, 2.0)


def test_cells_are_classed_like_features_and_clear_ones_not_at_all() -> None:
    cells = np.array([[0.5, 1.0, np.nan], [1.5, -9.0, np.inf]])
    raster = RasterLayer(cells, (1, 0, 141, 0, -1, 44), "EPSG:4326", breaks=(1.0,), nodata=-9.0)
    resolved = resolve(raster)
    assert resolved.index.tolist() == [0, 0, -1, 1, -1, -1]
    features = resolve(layer_of([0.5, 1.0, 1.5], Graduated("v", breaks=(1.0,))))
    assert labels(resolved) == labels(features)


# --- Colours ------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of Color
# Vision Deficiency, for total loss, on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "none": np.eye(3),
}
# Of linear sRGB to XYZ (IEC 61966-2-1).
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def lab(colours: list[str], blindness: str = "none") -> np.ndarray:
    """CIE L*a*b* of colours as a reader sees them, shape (n, 3)."""
    rgb = np.array([list(bytes.fromhex(colour[1:])) for colour in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(BLINDNESS[blindness]).T, 0, 1)
    xyz = seen @ np.array(TO_XYZ).T / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = root.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("kind", ["area", "line"])
@pytest.mark.parametrize("palette", ["YlGnBu", "OrRd", "PuBuGn", "YlOrRd", "Greens", "Blues"])
def test_sequential_classes_darken_for_every_reader(
    palette: str, kind: str, blindness: str
) -> None:
    """So that they keep their order in greyscale and for the colour-blind."""
    values = list(range(5))
    classes = resolve(layer_of(values, Graduated("v", "equal", 5, palette=palette), kind)).classes
    lightness = lab([line.symbol.fill for line in classes], blindness)[:, 0]
    assert len(lightness) == 5
    assert (np.diff(lightness) < -5).all()


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_categories_are_told_apart_by_every_reader(blindness: str) -> None:
    categories = colour_categories({i: str(i) for i in range(8)})
    seen = lab([category.symbol.fill for category in categories], blindness)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert apart[~np.eye(8, dtype=bool)].min() > 10
    assert np.diagonal(apart, 1).min() > 25
    assert np.abs(np.diff(seen[:, 0])).min() > 5


def test_categories_beyond_the_colours_are_refused() -> None:
    with pytest.raises(RenderError, match="9 categories are more than"):
        colour_categories({i: str(i) for i in range(9)})
