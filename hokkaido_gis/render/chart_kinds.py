"""What a chart shows, in plain values: bars, columns, lines, points of two quantities.

A value may be known only to lie between two numbers, because digits of the source are lost. Such a
quantity comes as a frame with the columns ``low`` and ``high`` instead of a Series. NaN is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from hokkaido_gis.errors import RenderError, name_some

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

Values = pd.Series | pd.DataFrame


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across the bars, such as 1,000 kW, and the words that stand at it."""

    value: float
    label: str


@dataclass(frozen=True, eq=False)
class RankedBars:
    """Horizontal bars, one a row of the index, from the top in the order given.

    Parameters
    ----------
    series
        Values by the name the legend gives them, all on the same index of names. The later ones
        are drawn wider and behind, so that a part comes before the whole it belongs to.
    value_label
        Quantity and unit, such as ``出力ポテンシャル (kW)``.
    arrangement
        One bar upon the other, or side by side.
    threshold
        Line across the bars.
    show_values
        Whether the last of `series` is also written in figures.
    """

    series: Mapping[str, Values]
    value_label: str
    arrangement: Literal["overlaid", "side by side"] = "overlaid"
    threshold: Threshold | None = None
    show_values: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.series) <= 4:
            raise RenderError(
                f"Bars can show 1 to 4 series; got {len(self.series)} ({name_some(self.names)})."
            )
        for name, frame in self.ranges.items():
            _require_same_index(self.index, frame.index, name)

    @property
    def names(self) -> list[str]:
        """Names of the series."""
        return list(self.series)

    @property
    def ranges(self) -> dict[str, pd.DataFrame]:
        """Every series as a frame with the columns ``low`` and ``high``."""
        return {name: as_range(values, name) for name, values in self.series.items()}

    @property
    def index(self) -> pd.Index:
        """Names of the rows."""
        return next(iter(self.series.values())).index


@dataclass(frozen=True, eq=False)
class StackedBars:
    """Horizontal bars that add up from parts, from the top in the order given.

    Parameters
    ----------
    parts
        One column a part, drawn in this order from the left; the index names the rows.
    value_label
        Quantity and unit.
    total
        What the parts should add up to. What it exceeds them by is drawn as not attributable.
    remainder_label
        Legend text of that remainder; a general one where empty.
    threshold
        Line across the bars.
    tolerance
        Share of the total by which rounded parts may exceed it.
    """

    parts: pd.DataFrame
    value_label: str
    total: Values | None = None
    remainder_label: str = ""
    threshold: Threshold | None = None
    tolerance: float = 0.005

    def __post_init__(self) -> None:
        if not 1 <= self.parts.shape[1] <= 8:
            raise RenderError(
                f"Stacked bars can tell 1 to 8 parts apart; got {self.parts.shape[1]}."
            )
        for name, part in self.parts.items():
            as_range(part, str(name))
            if (part < 0).any():
                raise RenderError(
                    f"Part {name!r} is negative at {name_some(list(part.index[part < 0]))}; "
                    "only parts of 0 or more can be stacked."
                )
        if self.total is not None:
            _require_same_index(self.index, self.total.index, "total")
            self._require_parts_within_total()

    def _require_parts_within_total(self) -> None:
        total, known = self.totals["high"], self.parts.sum(axis=1)
        excess = known > total * (1 + self.tolerance) + 1e-9
        if excess.any():
            row = self.index[excess.to_numpy()][0]
            raise RenderError(
                f"The parts exceed the total at {name_some(list(self.index[excess.to_numpy()]))}: "
                f"at {row!r} they sum to {known[excess].iloc[0]:,.6g}, and the total is "
                f"{total[excess].iloc[0]:,.6g}."
            )

    @property
    def index(self) -> pd.Index:
        """Names of the rows."""
        return self.parts.index

    @property
    def totals(self) -> pd.DataFrame:
        """Total of each row as ``low`` and ``high``; the sum of its parts where none was given."""
        if self.total is not None:
            return as_range(self.total, "total")
        return as_range(self.parts.sum(axis=1, skipna=False), "total")


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points of two quantities, with their means and the quarter where both reach them.

    Parameters
    ----------
    x, y
        The quantities, on the same index of names.
    x_label, y_label
        Quantity and unit.
    means
        Mean of x and mean of y, which need not be those of the points shown; none are drawn where
        ``None``.
    mean_label
        Words at the mean lines; a general one where empty.
    labelled
        Points to be named: where ``None``, those that may reach both means, or all where there
        are no means.
    """

    x: Values
    y: Values
    x_label: str
    y_label: str
    means: tuple[float, float] | None = None
    mean_label: str = ""
    labelled: Sequence[Hashable] | None = None

    def __post_init__(self) -> None:
        as_range(self.x, self.x_label)
        as_range(self.y, self.y_label)
        _require_same_index(self.x.index, self.y.index, self.y_label)
        absent = [name for name in self.labelled or () if name not in self.x.index]
        if absent:
            raise RenderError(f"No point is called {name_some(absent)}; those cannot be labelled.")
        if self.means is not None and not np.isfinite(self.means).all():
            raise RenderError(f"The means must be two numbers; got {self.means}.")

    @property
    def ranges(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Low and high of x, and of y."""
        return as_range(self.x, self.x_label), as_range(self.y, self.y_label)

    @property
    def known(self) -> pd.Series:
        """Whether a point has both values."""
        x, y = self.ranges
        return x["low"].notna() & y["low"].notna()


@dataclass(frozen=True, eq=False)
class Columns:
    """Upright bars over a row of categories, such as months or classes of output.

    Parameters
    ----------
    series
        Values by the name the legend gives them, side by side, all on the same index of categories
        in the order of the axis; NaN is missing.
    value_label, category_label
        Quantity and unit of the values, and what the categories are.
    share
        Shares [0-1] on the same index, drawn as a line against a scale on the right, such as the
        cumulative frequency of a histogram.
    share_label
        Name of `share` in the legend and at its scale.
    show_values
        Whether each value is written above its bar.
    """

    series: Mapping[str, pd.Series]
    value_label: str
    category_label: str = ""
    share: pd.Series | None = None
    share_label: str = ""
    show_values: bool = False

    def __post_init__(self) -> None:
        _require_series(self.series)
        if self.share is not None:
            as_range(self.share, self.share_label)
            _require_same_index(self.index, self.share.index, self.share_label)
            outside = ~(self.share.isna() | self.share.between(0, 1 + 1e-9))
            if outside.any():
                raise RenderError(
                    f"Shares lie between 0 and 1; {self.share_label!r} does not at "
                    f"{name_some(list(self.index[outside]))}."
                )

    @property
    def index(self) -> pd.Index:
        """The categories."""
        return next(iter(self.series.values())).index


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of one or several series over an axis of numbers or categories.

    Parameters
    ----------
    series
        Values by the name the legend gives them, all on the same index: numbers in ascending order
        (days of a year), or categories (months). A line is interrupted where a value is missing.
    value_label, axis_label
        Quantity and unit of the values, and of the axis below.
    zero
        Whether the scale of values begins at zero at the latest.
    """

    series: Mapping[str, pd.Series]
    value_label: str
    axis_label: str = ""
    zero: bool = True

    def __post_init__(self) -> None:
        _require_series(self.series)
        if self.is_numeric and not self.index.is_monotonic_increasing:
            raise RenderError("The numbers below a line chart must be in ascending order.")

    @property
    def index(self) -> pd.Index:
        """Numbers or categories of the axis below."""
        return next(iter(self.series.values())).index

    @property
    def is_numeric(self) -> bool:
        """Whether the axis below is one of numbers."""
        return pd.api.types.is_numeric_dtype(self.index)


def as_range(values: Values, name: str) -> pd.DataFrame:
    """Write a quantity as its lowest and highest possible value.

    Parameters
    ----------
    values
        Numbers, or a frame with the columns ``low`` and ``high``; NaN is missing.
    name
        What they are, for messages.

    Returns
    -------
    pandas.DataFrame
        Columns ``low`` and ``high``, on the same index.

    Raises
    ------
    RenderError
        If there is nothing, a column is absent, values are no finite numbers, only one end of a
        range is known, or low is above high.
    """
    if isinstance(values, pd.DataFrame):
        absent = [column for column in ("low", "high") if column not in values.columns]
        if absent:
            raise RenderError(
                f"{name!r} needs the columns low and high; "
                f"it has {name_some(list(values.columns))}."
            )
        ends = values[["low", "high"]]
    else:
        ends = pd.DataFrame({"low": values, "high": values})
    if ends.empty:
        raise RenderError(f"{name!r} holds no value; nothing could be drawn.")
    for end, column in ends.items():
        if not pd.api.types.is_numeric_dtype(column):
            raise RenderError(f"{name!r} must be numbers; {end} holds {column.dtype}.")
    ends = ends.astype(float)
    low, high = ends["low"].to_numpy(), ends["high"].to_numpy()
    wrong = {
        "is not finite": np.isinf(low) | np.isinf(high),
        "has only one end of its range": np.isnan(low) != np.isnan(high),
        "has a low above its high": low > high,
    }
    for fault, rows in wrong.items():
        if rows.any():
            raise RenderError(f"{name!r} {fault} at {name_some(list(ends.index[rows]))}.")
    return ends


def _require_series(series: Mapping[str, pd.Series]) -> None:
    """Check that there are 1 to 4 series of numbers on one index."""
    if not 1 <= len(series) <= 4:
        raise RenderError(
            f"A chart can tell 1 to 4 series apart; got {len(series)} ({name_some(list(series))})."
        )
    first = next(iter(series.values()))
    for name, values in series.items():
        as_range(values, name)
        _require_same_index(first.index, values.index, name)


def _require_same_index(expected: pd.Index, got: pd.Index, name: str) -> None:
    if expected.equals(got):
        return
    foreign = list(expected.symmetric_difference(got, sort=False))
    cause = f"they differ in {name_some(foreign)}" if foreign else "their order differs"
    raise RenderError(f"{name!r} must have the same rows in the same order as the rest; {cause}.")
