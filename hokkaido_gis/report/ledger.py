"""The ledger: each published figure beside what was computed, with a verdict and a cause."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd

from hokkaido_gis.errors import LayerWarning
from hokkaido_gis.report import (
    chapter2_checks,
    chapter3_checks,
    chapter4_checks,
    chapter5_checks,
    chapter6_checks,
)
from hokkaido_gis.report.registry import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.comparison import Check
    from hokkaido_gis.report.inputs import Inputs

COLUMNS = ("id", "quantity", "published", "computed", "difference", "verdict", "cause")

_CHAPTERS: dict[int, Callable[[Inputs], Iterator[Check]]] = {
    2: chapter2_checks.checks,
    3: chapter3_checks.checks,
    4: chapter4_checks.checks,
    5: chapter5_checks.checks,
    6: chapter6_checks.checks,
}


def ledger(inputs: Inputs, *, chapter: int | None = None, lang: Lang = "ja") -> pd.DataFrame:
    """Recompute every published figure that can be, and compare.

    Parameters
    ----------
    inputs
        Layers and tables of the run.
    chapter
        Only this chapter of the report.
    lang
        Language of quantities and causes.

    Returns
    -------
    pandas.DataFrame
        Columns ``id``, ``quantity``, ``published``, ``computed`` (a range where inputs are lost),
        ``difference``, ``verdict`` and ``cause``; in the order of the report. Outside Hokkaido,
        which the report is about, it is empty, and a `LayerWarning` says so.
    """
    chapters = {n: checks for n, checks in _CHAPTERS.items() if chapter in (None, n)}
    if not inputs.place.is_of_the_report:
        warnings.warn(
            f"the figures of the report are of Hokkaido; there is nothing to compare for "
            f"{inputs.place.name('en') or inputs.folder}.",
            LayerWarning,
            stacklevel=2,
        )
        chapters = {}
    rows = [check.row(lang) for checks in chapters.values() for check in checks(inputs)]
    place = {name: position for position, name in enumerate(registry())}
    # Whole numbers stay whole where fractions stand beside them.
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return table.sort_values("id", key=lambda ids: ids.map(place), kind="stable", ignore_index=True)
