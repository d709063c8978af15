"""Columns and lines: heights are the values, shares have their own scale, gaps stay gaps."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from hokkaido_gis.errors import RenderError
from hokkaido_gis.render.charts import Chart, Columns, Lines, draw_chart, write_chart
from hokkaido_gis.render.fonts import drawing_style

MONTHS = pd.Index(["1月", "2月", "3月"])


def values(*numbers: float, index: pd.Index = MONTHS) -> pd.Series:
    return pd.Series(numbers, index=index, dtype=float)


def drawn(plot):
    with drawing_style():
        figure = draw_chart(Chart("図", plot))
        figure.canvas.draw()
    return figure


def plot_of(figure):
    return next(axes for axes in figure.axes if axes.get_gid() == "plot")


def legend_of(figure):
    return [t.get_text() for a in figure.axes if a.get_legend() for t in a.get_legend().get_texts()]


def test_columns_stand_side_by_side_and_reach_their_values():
    axes = plot_of(drawn(Columns({"大": values(1, 2, 3), "小": values(4, 0, 6)}, "kWh")))
    one, other = axes.containers
    assert [bar.get_height() for bar in one] == [1, 2, 3]
    assert [bar.get_height() for bar in other] == [4, 0, 6]
    for left, right in zip(one, other, strict=True):
        assert left.get_x() + left.get_width() == pytest.approx(right.get_x())
    assert axes.get_ylim()[0] == 0


def test_a_missing_value_is_a_cross_and_no_bar():
    figure = drawn(Columns({"発電量": values(1, np.nan, 3)}, "kWh"))
    axes = plot_of(figure)
    assert [bar.get_height() for bar in axes.containers[0]] == [1, 3]
    (crosses,) = [line for line in axes.lines if line.get_gid() == "missing"]
    assert crosses.get_xydata().tolist() == [[1, 0]]
    assert legend_of(figure) == ["発電量", "データなし"]


def test_shares_have_a_scale_of_their_own():
    counts = values(7, 2, 1)
    figure = drawn(
        Columns({"頻度": counts}, "箇所", share=counts.cumsum() / 10, share_label="累積")
    )
    (right,) = [axes for axes in figure.axes if axes.get_ylabel() == "累積"]
    (line,) = [line for line in right.lines if line.get_gid() == "share"]
    assert line.get_ydata().tolist() == [0.7, 0.9, 1.0]
    assert right.get_ylim()[0] == 0
    assert legend_of(figure) == ["頻度", "累積"]


def test_values_are_written_above_their_columns_when_asked():
    texts = {
        shown: [t.get_text() for t in plot_of(
            drawn(Columns({"発電量": values(1234, 50, 3)}, "kWh", show_values=shown))
        ).texts]
        for shown in (True, False)
    }  # fmt: skip
    assert texts == {True: ["1,234", "50", "3"], False: []}


def test_written_values_of_neighbours_do_not_meet():
    many = pd.Index([f"{i}月" for i in range(1, 13)])
    plot = Columns(
        {name: pd.Series(123_456.0, index=many) for name in "abc"}, "kWh", show_values=True
    )
    figure = drawn(plot)
    boxes = sorted(
        (text.get_window_extent() for text in plot_of(figure).texts), key=lambda box: box.x0
    )
    assert all(left.x1 <= right.x0 for left, right in itertools.pairwise(boxes))


def test_no_figure_is_written_for_a_missing_value():
    axes = plot_of(drawn(Columns({"発電量": values(7, np.nan, 3)}, "kWh", show_values=True)))
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("7", (0, 7)), ("3", (2, 3))]


def test_lines_break_where_a_value_is_missing_and_start_at_zero():
    figure = drawn(Lines({"I": values(5, np.nan, 7), "II": values(6, 6, 6)}, "千円"))
    axes = plot_of(figure)
    line = next(line for line in axes.lines if line.get_label() == "I")
    assert np.isnan(line.get_ydata()[1])
    assert axes.get_ylim()[0] == 0
    assert legend_of(figure) == ["I", "II"]


def test_lines_need_not_start_at_zero():
    axes = plot_of(drawn(Lines({"気温": values(15, 16, 17)}, "℃", zero=False)))
    low, high = axes.get_ylim()
    assert 14 < low < 15
    assert 17 < high < 18


def test_lines_below_zero_end_at_zero():
    axes = plot_of(drawn(Lines({"気温": values(-8, -7, -3)}, "℃")))
    low, high = axes.get_ylim()
    assert low < -8
    assert high == 0


def test_lines_over_numbers_keep_their_distances():
    days = pd.Index([1, 35, 365])
    axes = plot_of(drawn(Lines({"流量": values(3, 2, 1, index=days)}, "m³/s", "日")))
    line = next(line for line in axes.lines if line.get_label() == "流量")
    assert line.get_xdata().tolist() == [1, 35, 365]


def test_series_are_told_apart_in_grey_print():
    figure = drawn(Columns({name: values(1, 2, 3) for name in "abcd"}, "kWh"))
    colours = [bars[0].get_facecolor() for bars in plot_of(figure).containers]
    grey = sorted(float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722))) for colour in colours)
    assert min(np.diff(grey)) > 0.1
    lines = plot_of(drawn(Lines({name: values(1, 2, 3) for name in "abcd"}, "kWh"))).lines
    marks = [line.get_marker() for line in lines if line.get_label() in "abcd"]
    assert len(set(marks)) == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Columns({}, "kWh"), "1 to 4 series apart; got 0"),
        (lambda: Columns({"a": values(1, 2, np.inf)}, "kWh"), "'a' is not finite at 3月"),
        (
            lambda: Columns({"a": values(1, 2, 3), "b": values(1, 2, 3)[::-1]}, "kWh"),
            "'b' must have the same rows",
        ),
        (
            lambda: Columns({"a": values(1, 2, 3)}, "kWh", share=values(0.5, 1.2, 1.0)),
            "between 0 and 1; .* at 2月",
        ),
        (
            lambda: Lines({"a": values(1, 2, 3, index=pd.Index([3, 2, 1]))}, "kWh"),
            "ascending order",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((RenderError, ValueError), match=message):
        make()


def test_a_picture_is_the_same_twice(tmp_path):
    chart = Chart("図", Columns({"a": values(1, 2, 3)}, "kWh"), caption="説明")
    one, other = (write_chart(chart, tmp_path / f"{i}.png").read_bytes() for i in "ab")
    assert one == other
