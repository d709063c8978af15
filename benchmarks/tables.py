"""Rows of measurements as tables in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

# Shown elsewhere, or of use to the program only.
HIDDEN = ("size", "amount", "date", "machine")
LAST = "note"
UNITS = {"_s": " s", "_mb": " MB", "_km": " km"}


def as_markdown(rows: Sequence[Row], columns: Sequence[str] | None = None) -> str:
    """Write rows as a table, with every column that any of them has."""
    if columns is None:
        seen = dict.fromkeys(key for row in rows for key in row if key not in HIDDEN)
        columns = [name for name in seen if name != LAST] + [LAST] * (LAST in seen)
    lines = [
        "| " + " | ".join(_heading(name) for name in columns) + " |",
        "|" + "|".join(_rule(rows, name) for name in columns) + "|",
    ]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _heading(name: str) -> str:
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ") + unit
    return name.replace("_", " ")


def _rule(rows: Sequence[Row], name: str) -> str:
    is_number = all(isinstance(row.get(name), int | float | None) for row in rows)
    return "---:" if is_number else "---"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)
