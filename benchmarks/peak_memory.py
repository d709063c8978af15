"""Peak of the memory that a process has in use, from Linux."""

from __future__ import annotations

from pathlib import Path

CLEAR_REFS = Path("/proc/self/clear_refs")


def high_water_mb() -> float:
    """Greatest memory in use [MB] since the process began, or since 5 was written to CLEAR_REFS."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
