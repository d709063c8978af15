"""Charts: bars and points stand where the numbers say, and the unknown is never shown as known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from hokkaido_gis.errors import OutputError, RenderError
from hokkaido_gis.render.chart_bars import PART_COLOURS, PART_HATCHES, SERIES_COLOURS
from hokkaido_gis.render.chart_scatter import reaches_means
from hokkaido_gis.render.charts import (
    Chart,
    RankedBars,
    Scatter,
    StackedBars,
    Threshold,
    draw_chart,
    write_chart,
)
from hokkaido_gis.render.fonts import drawing_style
from hokkaido_gis.render.lettering import LABEL_GID

if TYPE_CHECKING:
    from matplotlib.container import BarContainer

NAMES = ["上川町", "北見市", "津別町", "釧路市"]


def series(*values: float, names: list[str] = NAMES) -> pd.Series:
    return pd.Series(values, index=names[: len(values)], dtype=float)


def ranges(*pairs: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["low", "high"], index=NAMES[: len(pairs)], dtype=float)


def drawn(plot: object, **words: str) -> Figure:
    with drawing_style():
        figure = draw_chart(Chart("図", plot, **words))
        figure.canvas.draw()
    return figure


def axes_of(figure: Figure):
    return next(axes for axes in figure.axes if axes.get_gid() == "plot")


def bars_of(figure: Figure, label: str) -> BarContainer:
    return next(bars for bars in axes_of(figure).containers if bars.get_label() == label)


def spans(bars: BarContainer) -> list[tuple[float, float]]:
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]


def caps_of(figure: Figure) -> list[tuple[float, float]]:
    caps = [bars for bars in axes_of(figure).containers if bars.get_label() == "_caps"]
    return [span for bars in caps for span in spans(bars)]


def crosses_of(figure: Figure) -> list[tuple[float, float]]:
    lines = [line for line in axes_of(figure).lines if line.get_gid() == "missing"]
    return [tuple(point) for line in lines for point in line.get_xydata()]


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes if axes.get_legend()
            for text in axes.get_legend().get_texts()]  # fmt: skip


def lightness(colour: str) -> float:
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def test_lengths_and_order_are_those_of_the_data():
    figure = drawn(RankedBars({"熱量": series(97_957, 96_340, 12, 60_000)}, "熱量 (GJ/年)"))
    bars = bars_of(figure, "熱量")
    assert [bar.get_width() for bar in bars] == [97_957, 96_340, 12, 60_000]
    axes = axes_of(figure)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == NAMES
    tops = [bar.get_window_extent().y1 for bar in bars]
    assert tops == sorted(tops, reverse=True)
    assert axes.get_xlabel() == "熱量 (GJ/年)"


def test_axis_starts_at_zero_with_thousands_commas():
    axes = axes_of(drawn(RankedBars({"a": series(97_957, 90_000)}, "GJ")))
    assert axes.get_xlim()[0] == 0
    assert "20,000" in [tick.get_text() for tick in axes.get_xticklabels()]


@pytest.mark.parametrize("arrangement", ["overlaid", "side by side"])
def test_two_series_are_told_apart(arrangement):
    plot = RankedBars(
        {"単独": series(1, 2), "隣接込み": series(5, 4)}, "kW", arrangement=arrangement
    )
    figure = drawn(plot)
    own, total = bars_of(figure, "単独"), bars_of(figure, "隣接込み")
    assert [bar.get_width() for bar in own] == [1, 2]
    assert [bar.get_width() for bar in total] == [5, 4]
    if arrangement == "overlaid":
        assert own[0].get_height() < total[0].get_height()
        assert own[0].get_zorder() > total[0].get_zorder()
    else:
        assert own[0].get_window_extent().y0 >= total[0].get_window_extent().y1 - 0.01
    assert legend_of(figure) == ["単独", "隣接込み"]


def test_lost_digits_are_a_hatched_cap_told_in_the_legend():
    plot = RankedBars({"熱量": ranges((90_000, 90_999), (8_000, 8_000))}, "GJ")
    figure = drawn(plot)
    assert spans(bars_of(figure, "熱量")) == [(0, 90_000), (0, 8_000)]
    assert caps_of(figure) == [(90_000, 90_999)]
    assert legend_of(figure) == ["熱量", "値が失われた桁の幅"]
    assert "90,000–90,999" in [text.get_text() for text in axes_of(figure).texts]


def test_negative_values_are_solid_up_to_the_certain_end():
    figure = drawn(RankedBars({"収支": ranges((-5, -3), (-1, 2))}, "円"))
    assert spans(bars_of(figure, "収支")) == [(0, -3), (0, 0)]
    assert caps_of(figure) == [(-5, -3), (-1, 2)]
    assert axes_of(figure).get_xlim()[0] < -5


def test_missing_value_is_a_cross_and_no_bar():
    figure = drawn(RankedBars({"熱量": series(5, np.nan, 3)}, "GJ"))
    assert len(bars_of(figure, "熱量")) == 2
    assert crosses_of(figure) == [(0, 1)]
    assert legend_of(figure) == ["熱量", "データなし"]


def test_missing_whole_is_marked_behind_its_known_part():
    plot = RankedBars({"単独": series(2, 1), "隣接込み": series(np.nan, 4)}, "kW")
    figure = drawn(plot)
    assert crosses_of(figure) == [(2, 0)]
    assert "隣接込み: データなし" in legend_of(figure)


def test_nothing_but_missing_values():
    assert len(crosses_of(drawn(RankedBars({"a": series(np.nan, np.nan)}, "kW")))) == 2


def test_threshold_is_drawn_and_named():
    plot = RankedBars({"a": series(300, 200)}, "kW", threshold=Threshold(1_000, "1,000 kW"))
    figure = drawn(plot)
    axes = axes_of(figure)
    (line,) = [line for line in axes.lines if line.get_gid() == "threshold"]
    assert list(line.get_xdata()) == [1_000, 1_000]
    assert axes.get_xlim()[1] > 1_000
    assert "1,000 kW" in [text.get_text() for text in axes.texts]
    assert "1,000 kW" in legend_of(figure)


def test_values_are_written_behind_their_bars_only_when_asked():
    def written(**options: bool) -> list[str]:
        figure = drawn(RankedBars({"熱量": series(97_957, 12)}, "GJ", **options))
        return [text.get_text() for text in axes_of(figure).texts]

    assert written(show_values=True) == ["97,957", "12"]
    assert written(show_values=False) == []


def test_threshold_beyond_all_bars_widens_the_axis():
    limit = Threshold(50, "採算")
    near = axes_of(drawn(RankedBars({"a": series(100)}, "kW", threshold=limit)))
    far = axes_of(drawn(RankedBars({"a": series(10)}, "kW", threshold=limit)))
    assert near.get_xlim()[1] > 100
    assert far.get_xlim()[1] == pytest.approx(54)  # 8 % of room


def test_eighty_names_stay_apart_and_on_the_sheet():
    names = [f"東神楽町{i}" for i in range(80)]
    figure = drawn(RankedBars({"a": series(*range(80, 0, -1), names=names)}, "kW"))
    ticks = axes_of(figure).get_yticklabels()
    boxes = [tick.get_window_extent() for tick in ticks]
    assert [tick.get_text() for tick in ticks] == names
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    assert min(box.x0 for box in boxes) > 0
    assert ticks[0].get_fontsize() >= 6


@pytest.mark.parametrize(("values", "expected"), [
    ((97_957.0, 12.0), ["97,957", "12"]),
    ((838.71, 98.914), ["839", "99"]),
    ((5.5, 3.0), ["5.5", "3.0"]),
    ((0.1234, 0.05), ["0.123", "0.050"]),
])  # fmt: skip
def test_figures_share_their_decimals(values, expected):
    texts = axes_of(drawn(RankedBars({"a": series(*values)}, "kW"))).texts
    assert [text.get_text() for text in texts] == expected


def test_colours_differ_in_grey():
    steps = np.diff(sorted(lightness(colour) for colour in SERIES_COLOURS))
    assert steps.min() > 0.1


PARTS = pd.DataFrame({"林地残材": [1.0, 2.0], "切捨間伐材": [3.0, 0.0]}, index=NAMES[:2])


def test_parts_and_remainder_sum_to_the_total():
    figure = drawn(StackedBars(PARTS, "kW", total=series(10, 2)))
    assert spans(bars_of(figure, "林地残材")) == [(0, 1), (0, 2)]
    assert spans(bars_of(figure, "切捨間伐材")) == [(1, 4), (2, 2)]
    assert spans(bars_of(figure, "内訳不明")) == [(4, 10), (2, 2)]
    assert legend_of(figure) == ["林地残材", "切捨間伐材", "内訳不明"]


def test_no_remainder_no_legend_entry():
    figure = drawn(StackedBars(PARTS, "kW", total=PARTS.sum(axis=1)))
    assert legend_of(figure) == ["林地残材", "切捨間伐材"]


def test_total_of_lost_digits_has_a_cap():
    figure = drawn(StackedBars(PARTS, "kW", total=ranges((10, 12), (2, 2))))
    assert spans(bars_of(figure, "内訳不明"))[0] == (4, 10)
    assert caps_of(figure) == [(10, 12)]


def test_missing_part_is_within_the_remainder():
    parts = PARTS.copy()
    parts.iloc[0, 1] = np.nan
    figure = drawn(StackedBars(parts, "kW", total=series(10, 2)))
    assert spans(bars_of(figure, "内訳不明"))[0] == (1, 10)


def test_missing_total_is_marked_behind_its_parts():
    parts = PARTS.copy()
    parts.iloc[0, 1] = np.nan
    for total in (None, series(np.nan, 2)):
        figure = drawn(StackedBars(parts, "kW", total=total))
        assert crosses_of(figure) == [(1, 0)]
        assert "データなし" in legend_of(figure)


def test_rounded_parts_may_exceed_the_total_a_little():
    drawn(StackedBars(PARTS, "kW", total=series(3.99, 2)))
    with pytest.raises(RenderError, match=r"exceed the total at 上川町: .* sum to 4"):
        StackedBars(PARTS, "kW", total=series(3.5, 2))


def test_eight_parts_can_be_told_apart_in_grey():
    light = [lightness(colour) for colour in PART_COLOURS]
    assert len(PART_COLOURS) == len(PART_HATCHES) == 8
    assert np.abs(np.diff(light)).min() > 0.1
    alike = [
        (i, j)
        for i in range(8)
        for j in range(i)
        if abs(light[i] - light[j]) < 0.05 and PART_HATCHES[i] == PART_HATCHES[j]
    ]
    assert alike == []


def points(**options: object) -> Scatter:
    x = ranges((1, 1), (5, 5), (2.5, 3.5), (6, 6))
    return Scatter(x, series(1, 5, 6, np.nan), "x (m³/ha)", "y (千 m³)", **options)


def test_points_by_their_standing_to_the_means():
    plot = points(means=(3, 4))
    assert list(reaches_means(plot)) == ["no", "yes", "maybe", "no"]
    axes = axes_of(drawn(plot))
    drawn_points = {line.get_gid(): line.get_xydata().tolist() for line in axes.lines}
    assert drawn_points["yes"] == [[5, 5]]
    assert drawn_points["maybe"] == [[3, 6]]
    assert drawn_points["no"] == [[1, 1]]
    assert drawn_points["mean-x"][0][0] == 3
    assert drawn_points["mean-y"][0][1] == 4


def test_quarter_above_both_means_is_shaded():
    axes = axes_of(drawn(points(means=(3, 4))))
    (quarter,) = [patch for patch in axes.patches if patch.get_gid() == "quarter"]
    assert quarter.get_xy() == (3, 4)
    assert quarter.get_x() + quarter.get_width() == axes.get_xlim()[1]
    assert quarter.get_y() + quarter.get_height() == axes.get_ylim()[1]


def test_names_and_means_are_written():
    figure = drawn(points(means=(3, 4)))
    written = {text.get_text() for text in axes_of(figure).texts}
    assert {"北見市", "津別町", "市町村平均 3", "市町村平均 4"} <= written
    assert "上川町" not in written
    assert "データなし: 1" in legend_of(figure)
    assert "ともに平均以上かは失われた桁による" in legend_of(figure)


def test_only_wanted_points_are_named():
    texts = axes_of(drawn(points(labelled=["上川町"]))).texts
    assert [text.get_text() for text in texts] == ["上川町"]


def test_names_without_a_free_place_are_left_out():
    x = pd.Series([5.0] * 60, index=[f"市町村の名{i}" for i in range(60)])
    figure = drawn(Scatter(x, x, "x", "y"))
    names = [t for t in figure.findobj(mpl.text.Text) if t.get_gid() == LABEL_GID]
    assert 0 < len(names) < 60
    assert {name.get_text() for name in names} <= set(x.index)


def test_no_names_where_none_is_wanted():
    figure = drawn(points(labelled=[]))
    assert [t for t in figure.findobj(mpl.text.Text) if t.get_gid() == LABEL_GID] == []


def test_lost_digits_are_error_bars():
    axes = axes_of(drawn(points()))
    across = [segment.tolist() for segment in axes.collections[0].get_segments()]
    assert [[2.5, 6], [3.5, 6]] in across


def test_crowded_names_do_not_overlap():
    rng = np.random.default_rng(3)
    names = [f"市町村{i}" for i in range(60)]
    x, y = (pd.Series(rng.normal(50, 12, 60), index=names) for _ in range(2))
    figure = drawn(Scatter(x, y, "x", "y", means=(40.0, 40.0)))
    labels = [t for t in figure.findobj(mpl.text.Text) if t.get_gid() == LABEL_GID]
    boxes = [label.get_window_extent() for label in labels]
    assert len(labels) == 2 + ((x >= 40) & (y >= 40)).sum()  # every point, and both means
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_means_far_from_all_points_are_in_the_picture():
    axes = axes_of(drawn(points(means=(90, 80))))
    assert axes.get_xlim()[1] > 90
    assert axes.get_ylim()[1] > 80


CHART = Chart("図 2-4 有効利用熱量", RankedBars({"単独": ranges((90_000, 90_999))}, "GJ/年"),
              caption="説明。", credit="NEDO")  # fmt: skip


def test_png_has_the_size_of_the_figure(tmp_path):
    path = write_chart(CHART, tmp_path / "new" / "chart.png", dpi=100)
    with Image.open(path) as image:
        image.load()
        with drawing_style():
            expected = draw_chart(CHART).get_size_inches() * 100
        assert image.size == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_same_chart_gives_same_bytes(tmp_path, ending):
    one = write_chart(CHART, tmp_path / f"one.{ending}").read_bytes()
    assert write_chart(CHART, tmp_path / f"two.{ending}").read_bytes() == one
    assert b"Software" not in one
    assert b"dc:date" not in one


def test_settings_are_not_changed(tmp_path):
    before = dict(mpl.rcParams)
    write_chart(CHART, tmp_path / "chart.png")
    assert dict(mpl.rcParams) == before


def test_words_around_the_chart():
    figure = drawn(CHART.plot, caption="説明。", credit="NEDO", lang="en")
    assert {text.get_text() for text in figure.texts} == {"図", "説明。", "Source: NEDO"}
    assert "span of the digits lost" in legend_of(figure)


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(RenderError, match=r"got the ending '\.pdf'"):
        write_chart(CHART, tmp_path / "chart.pdf")


def test_older_file_survives_a_failure(tmp_path, monkeypatch):
    path = tmp_path / "chart.png"
    path.write_bytes(b"older")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(OutputError, match="No space left"):
        write_chart(CHART, path)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("values", "message"), [
    (pd.DataFrame({"lo": [1.0]}), "needs the columns low and high; it has lo"),
    (ranges((2, 1)), "low above its high at 上川町"),
    (ranges((1, np.nan)), "only one end of its range at 上川町"),
    (series(np.inf), "not finite at 上川町"),
    (series(), "holds no value"),
    (pd.Series(["1"], index=["上川町"]), "must be numbers"),
])  # fmt: skip
def test_values_that_cannot_be_drawn(values, message):
    with pytest.raises(RenderError, match=message):
        RankedBars({"熱量": values}, "GJ")


def test_rows_that_differ_are_refused():
    with pytest.raises(RenderError, match="differ in 北見市"):
        RankedBars({"a": series(1), "b": series(1, 2)}, "GJ")
    with pytest.raises(RenderError, match="their order differs"):
        RankedBars({"a": series(1, 2), "b": series(1, 2).iloc[::-1]}, "GJ")


def test_number_of_series_that_cannot_be_drawn():
    with pytest.raises(RenderError, match="1 to 4 series; got 0"):
        RankedBars({}, "GJ")


def test_stacks_that_cannot_be_drawn():
    with pytest.raises(RenderError, match="1 to 8 parts apart; got 9"):
        StackedBars(pd.DataFrame(np.ones((1, 9))), "kW")
    with pytest.raises(RenderError, match="negative at 上川町"):
        StackedBars(pd.DataFrame({"a": [-1.0]}, index=["上川町"]), "kW")


def test_scatters_that_cannot_be_drawn():
    with pytest.raises(RenderError, match="No point is called 夕張市"):
        Scatter(series(1), series(2), "x", "y", labelled=["夕張市"])
    with pytest.raises(RenderError, match="means must be two numbers"):
        Scatter(series(1), series(2), "x", "y", means=(np.nan, 1))


def test_a_plot_is_needed():
    kinds = "RankedBars, StackedBars, Scatter, Columns or Lines"
    with pytest.raises(RenderError, match=f"needs {kinds}; got dict"):
        Chart("図", {})
