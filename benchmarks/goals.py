"""What each way is to reach, and whether rows of measurements say that it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

UNITS = {"median_s": "s", "first_s": "s", "shown_s": "s", "peak_mb": "MB", "file_mb": "MB"}
WORDS = {
    "median_s": "time", "first_s": "first call", "shown_s": "first frame", "peak_mb": "memory",
    "file_mb": "file",
}  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What a way is to reach in a case.

    Attributes
    ----------
    case, way
        Row it is about.
    limit
        Greatest value; with peers, the least ratio of theirs (the best of them) to its own.
    peers
        Ways to compare with; none for a goal in seconds or megabytes.
    column
        Column of the rows: ``median_s``, ``first_s``, ``peak_mb``, ``file_mb``, ``shown_s``.
    over
        Way whose value is taken off.
    tried
        What was tried, or why it is not reached.
    """

    case: str
    way: str
    limit: float
    peers: tuple[str, ...] = ()
    column: str = "median_s"
    over: str = ""
    tried: str = ""

    @property
    def asked(self) -> str:
        """The goal in words."""
        if self.peers:
            better = "the better of " if len(self.peers) > 1 else ""
            named = " and ".join(f"`{peer}`" for peer in self.peers)
            return f"{WORDS[self.column]}: {better}{named} at least {self.limit:.2g} x"
        over = f" over `{self.over}`" if self.over else ""
        return f"{WORDS[self.column]}: at most {self.limit:g} {UNITS[self.column]}{over}"

    def measured(self, rows: Sequence[Row]) -> float | None:
        """Ratio or value; none where it was not measured."""
        found = {row["way"]: row.get(self.column) for row in rows if row["case"] == self.case}
        own = found.get(self.way)
        if own is None:
            return None
        if self.peers:
            others = [found[peer] for peer in self.peers if found.get(peer) is not None]
            return min(others) / own if others else None
        if not self.over:
            return float(own)
        base = found.get(self.over)
        return None if base is None else own - base

    def reached(self, value: float) -> bool:
        """Whether a ratio or value is what was asked for."""
        return round(value, 2) >= round(self.limit, 2) if self.peers else value <= self.limit

    def shown(self, value: float) -> str:
        """Give a ratio or value with its unit."""
        return f"{value:.2f} x" if self.peers else f"{value:,.2f} {UNITS[self.column]}"
