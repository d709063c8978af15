"""What became of one figure or table of a run, and how much of it is the report's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hokkaido_gis.report.layer_files import Kind
    from hokkaido_gis.report.parallel import Fault
    from hokkaido_gis.report.registry import Entry
    from hokkaido_gis.report.rerun import Record

State = Literal["made", "partly made", "not made", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry.

    Attributes
    ----------
    entry
        The figure or table.
    record
        What was made of what, or why nothing was; ``None`` after a fault.
    fault
        What went wrong, if anything.
    kinds
        Origins of the files it was made of.
    lost
        Figures of it in the ledger whose inputs are lost.
    is_older
        Whether it is of an earlier run, and what it was made of has changed since.
    """

    entry: Entry
    record: Record | None = None
    fault: Fault | None = None
    kinds: frozenset[Kind] = frozenset()
    lost: int = 0
    is_older: bool = False

    @property
    def state(self) -> State:
        """``partly made`` where some of the report's figure is lost, by `gap` or the ledger."""
        if self.record is None:
            return "failed"
        if self.record.why_not is not None:
            return "not made"
        return "partly made" if self.record.gap is not None or self.lost else "made"

    @property
    def share(self) -> float | None:
        """Share of the report's figure that is there [0-1]; ``None`` where it is not countable."""
        if self.record is None or self.record.why_not is not None:
            return 0.0
        if self.record.gap is not None:
            return self.record.gap.share
        return None if self.lost else 1.0

    @property
    def is_made(self) -> bool:
        """Whether there is something to show."""
        return self.state in ("made", "partly made")

    @property
    def title(self) -> str:
        """Title of the result; the report's where there is none."""
        return (self.record.title if self.record else "") or self.entry.title

    @property
    def is_synthetic(self) -> bool:
        """Whether any of the files it was made of is made up, if only in its places."""
        return bool(self.kinds & {"synthetic", "mixed"})
