"""One published figure beside what was computed: how far they agree, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.errors import MissingInputError
from hokkaido_gis.report.layer_files import LAYERS
from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs

Verdict = Literal["equal", "within rounding", "differs", "input lost"]
Value = float | str
Words = tuple[str, str]
"""Japanese, then English."""

_OTHER_EDITION = (
    "データ: 報告書のデータとは別の版または別の面のレイヤから計算した",
    "data: computed from layers of another edition, or of another plane, than the report's",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One published figure and its recomputation.

    Attributes
    ----------
    id
        Figure or table that prints it.
    quantity
        What it is, with its unit, in both languages.
    published
        As printed: a number or words.
    low, high
        Bounds of what was computed, equal where its inputs are whole; words in `low` where
        `published` is words.
    unit_of_print
        Step in which the figure is printed: 1 for rounded numbers, 1000 where only the thousands
        survive, 0 for counts and ranks, which must be the same.
    cause
        Why the two differ, or what was lost, in both languages.
    """

    id: str
    quantity: Words
    published: Value
    low: Value
    high: Value | None = None
    unit_of_print: float = 1.0
    cause: Words = ("", "")

    @property
    def verdict(self) -> Verdict:
        """How far the two agree.

        ``equal``: all that was computed is what is printed. ``within rounding``: as near as the
        step of print. ``input lost``: the print lies between bounds wider than that, so it is not
        contradicted, but not confirmed either. ``differs``: all else.
        """
        if isinstance(self.published, str) or isinstance(self.low, str):
            return "equal" if self.published == self.low else "differs"
        low, high = self._bounds
        if math.isnan(low) or math.isnan(high):
            return "input lost"
        least, most = self._printed
        if high < least or low > most:
            return "differs"
        if low == high == self.published or (self._is_prefix and least <= low <= high <= most):
            return "equal"
        return "within rounding" if high - low <= self.unit_of_print else "input lost"

    def row(self, lang: Lang) -> dict[str, Value]:
        """Give the check as a row of the ledger."""
        return {
            "id": self.id,
            "quantity": say(lang, *self.quantity),
            "published": _tidy(self.published),
            "computed": self._computed(),
            "difference": self._difference(),
            "verdict": self.verdict,
            "cause": say(lang, *self.cause),
        }

    @property
    def _is_prefix(self) -> bool:
        return self.unit_of_print > 1

    @property
    def _printed(self) -> tuple[float, float]:
        """What the print can stand for: a prefix for the thousand it begins, else what is near."""
        value, step = float(self.published), self.unit_of_print
        return (value, value + step - 1) if self._is_prefix else (value - step, value + step)

    @property
    def _bounds(self) -> tuple[float, float]:
        low = float(self.low)
        return low, low if self.high is None else float(self.high)

    def _computed(self) -> Value:
        if isinstance(self.low, str):
            return self.low
        low, high = self._bounds
        if math.isnan(low) or math.isnan(high):
            return ""
        return _tidy(low) if low == high else f"{_tidy(low):,}–{_tidy(high):,}"

    def _difference(self) -> Value:
        if isinstance(self.published, str) or isinstance(self.low, str):
            return ""
        low, high = self._bounds
        return "" if low != high or self._is_prefix else _tidy(low - self.published)


def known(compute: Callable[[], float]) -> float:
    """Give a number of the layers, missing where the folder lacks one that it needs."""
    try:
        return float(compute())
    except MissingInputError:
        return math.nan


def why(inputs: Inputs, value: float, layer: str, sample: Words) -> Words:
    """Say what a number of the layers rests on.

    Parameters
    ----------
    inputs
        Layers of the run.
    value
        The number, missing where a layer is.
    layer
        Layer that tells whether the run is on the sample.
    sample
        What to say of the sample, whose layers are synthetic in part.
    """
    if math.isnan(value):
        return (
            f"データ: 必要なレイヤ、地物または月別値がない ({LAYERS[layer].title_ja}など)",
            (
                "data: a layer, feature or month that is needed is not there "
                f"({LAYERS[layer].title}, for one)"
            ),
        )
    on_sample = inputs.origin(layer).kind in ("synthetic", "mixed")
    return sample if on_sample else _OTHER_EDITION


def of(name: object, words: Words) -> Words:
    """Put what a quantity belongs to before it."""
    return f"{name} {words[0]}", f"{name} {words[1]}"


def add(words: Words, more: Words) -> Words:
    """Put more words behind a quantity."""
    return f"{words[0]} {more[0]}", f"{words[1]} {more[1]}"


def numbered(values: pd.Series) -> Iterator[tuple[int, float]]:
    """Give the values of dams or months with their numbers."""
    return zip(values.index.astype(int).tolist(), values.astype(float).tolist(), strict=True)


def _tidy(value: Value) -> Value:
    """Write whole numbers without a point, others with three decimals."""
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else round(value, 3)
