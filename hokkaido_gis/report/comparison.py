"""One published figure beside what was computed: how far they agree, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hokkaido_gis.report.words import say

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

Verdict = Literal["equal", "within rounding", "differs", "input lost"]
Value = float | str
Words = tuple[str, str]
"""Japanese, then English."""


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


def _tidy(value: Value) -> Value:
    """Write whole numbers without a point, others with three decimals."""
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else round(value, 3)
