"""Results kept as JSON, one file a part, so that parts can be measured again one by one."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
# What the tests and benchmarks have is used here as well.
sys.path += [str(ROOT / "benchmarks"), str(ROOT / "tests")]

from machine import machine  # noqa: E402  (found by the line above)

Result = dict[str, Any]


def keep(name: str, result: Result, folder: Path = RESULTS) -> Result:
    """Keep a result with its date and machine, and give it back so."""
    at = machine()
    told = {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "machine": f"{at['processor']}, {at['memory']}, load {at['load']} after; {at['system']}",
        "versions": at["versions"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**told, **result}, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return {**told, **result}


def read_kept(name: str, folder: Path = RESULTS) -> Result | None:
    """Give a kept result, if there is one."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    found: Result = json.loads(path.read_text(encoding="utf-8"))
    return found


def joined(kept: Result | None, rows: list[Result], key: Sequence[str]) -> list[Result]:
    """New rows, beside those kept of what was not measured this time."""
    earlier = {tuple(row[name] for name in key): row for row in (kept or {}).get("rows", [])}
    return list((earlier | {tuple(row[name] for name in key): row for row in rows}).values())


def be_kind() -> None:
    """Leave the processor to others that need it."""
    if platform.system() != "Windows":
        os.nice(10)
