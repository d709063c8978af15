"""The machine that was measured on, and the memory that processes have in use there."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import platform
from importlib import metadata
from pathlib import Path

import pyarrow as pa

CLEAR_REFS = Path("/proc/self/clear_refs")
LIBRARIES = (
    "geopandas", "shapely", "pyogrio", "pyarrow", "numba", "exactextract", "libpysal", "simplekml",
    "folium", "rasterstats",
)  # fmt: skip


def machine() -> dict[str, str]:
    """Size of the machine, how busy it is, and the versions of what was measured."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    versions = [f"{name} {_version(name)}" for name in LIBRARIES if _version(name)]
    return {
        "processor": f"{os.cpu_count()} cores ({_processor()})",
        "memory": f"{pages / 2**30:.0f} GB",
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": ", ".join(versions),
    }


def high_water_mb() -> float:
    """Greatest memory in use [MB] since the process began, or since 5 was written to CLEAR_REFS."""
    return _kilobytes(Path("/proc/self/status"), "VmHWM") / 1024


def release_memory() -> None:
    """Give back what is free, which would otherwise be used again unseen by the high water."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc only


def memory_of_tree_mb(process: int) -> float:
    """Memory [MB] of a process and all below it, what they share counted once (Linux only)."""
    found, waiting = 0.0, [process]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        try:
            found += _kilobytes(folder / "smaps_rollup", "Pss")
            tasks = [(task / "children").read_text() for task in (folder / "task").iterdir()]
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            continue  # it has just ended
        waiting += [int(child) for text in tasks for child in text.split()]
    return found / 1024


def _kilobytes(path: Path, name: str) -> int:
    lines = path.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
