"""Grades of wind over farmland, from stated wind speeds and the lines of a municipality."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hokkaido_gis.errors import ModelInputError, name_some
from hokkaido_gis.potential.ranges import require_range

if TYPE_CHECKING:
    from collections.abc import Sequence

GRADE_SPEEDS_MS = (7.5, 6.5, 5.5)
"""Mean speeds [m/s] from which a grade is given, best first; ours, not the report's."""


class Grade(StrEnum):
    """The four grades of 表 4-24, best first."""

    VERY_HIGH = "very high"
    HIGH = "high"
    SOME = "some"
    LOW = "low"


JAPANESE = {
    Grade.VERY_HIGH: "ポテンシャルが非常に高い",
    Grade.HIGH: "ポテンシャルが高い",
    Grade.SOME: "ポテンシャルがある",
    Grade.LOW: "ポテンシャルが低い",
}


def rate_wind(
    mean_speed_ms: pd.Series,
    *,
    line: pd.Series,
    thresholds: Sequence[float] = GRADE_SPEEDS_MS,
) -> pd.DataFrame:
    """Grade places by wind speed, and say whether a line is there to connect to.

    The report's two conditions: four grades, which it read off the wind map over each settlement
    by eye, and a power line of 66 kV or less within the municipality (printed as 6 万 V 以下).
    Grades follow from speeds here, so that they can be repeated; the speeds are ours, since the
    report states none.

    Parameters
    ----------
    mean_speed_ms
        Mean wind speed of settlements or municipalities, at one height [m/s], 0 to 25. The
        thresholds below are meant for some 80 m.
    line
        Whether the place's municipality has a line of 66 kV or less, on the same index; a missing
        one is not known.
    thresholds
        Least speeds [m/s] of the grades very high, high and some, falling.

    Returns
    -------
    pandas.DataFrame
        On the index of `mean_speed_ms`: ``grade`` (ordered; missing where the speed is),
        ``margin_very_high_ms``, ``margin_high_ms`` and ``margin_some_ms`` (speed above the least of
        that grade, negative below it [m/s]), ``line_66kv`` (the second condition, as given) and
        ``holds`` (a grade of some or better, and a line; missing where that hangs on what is
        missing).

    Raises
    ------
    ModelInputError
        If speeds are out of range, thresholds do not fall, or rows have no entry in `line`.

    References
    ----------
    .. [1] 農山漁村再生可能エネルギー導入可能性等調査 報告書 (2013), 表 4-24.

    Examples
    --------
    >>> speeds = pd.Series({"01206": 5.2, "01207": 6.9})
    >>> rate_wind(speeds, line=pd.Series(True, speeds.index))["grade"].tolist()
    ['low', 'high']
    """
    hint = "Is it in km/h? Divide by 3.6."
    require_range("mean wind speed [m/s]", mean_speed_ms, 0, 25, hint=hint)
    if len(thresholds) != 3 or any(high <= low for high, low in pairwise(thresholds)):
        raise ModelInputError(
            f"Wind grades need three falling speeds, such as {GRADE_SPEEDS_MS}; got "
            f"{tuple(thresholds)}."
        )
    if not mean_speed_ms.index.isin(line.index).all():
        absent = list(mean_speed_ms.index[~mean_speed_ms.index.isin(line.index)])
        raise ModelInputError(
            f"{len(absent)} places have no entry in line: {name_some(absent)}. Give True, False or "
            "a missing value for each."
        )
    speed = mean_speed_ms.astype(float)
    margins = {
        f"margin_{grade.name.lower()}_ms": speed - least
        for grade, least in zip(Grade, thresholds, strict=False)
    }
    grades = np.select([margin >= 0 for margin in margins.values()], list(Grade)[:3], Grade.LOW)
    kinds = pd.CategoricalDtype([str(grade) for grade in reversed(Grade)], ordered=True)
    grade = pd.Series(grades, index=speed.index).where(speed.notna()).astype(kinds)
    there = line.astype("boolean").reindex(speed.index)
    windy = pd.Series(speed >= thresholds[-1], dtype="boolean").mask(speed.isna())
    return pd.DataFrame({"grade": grade, **margins, "line_66kv": there, "holds": windy & there})
