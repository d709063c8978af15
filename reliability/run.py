"""Measure what the project withstands, and write the page of results.

    python reliability/run.py [--kills 100] [--fuzz-seconds 20] [--only PART ...]
                              [--coverage FILE] [--out docs/reliability.md]

Parts are hostile, kill, faults, fuzz and memory. Results are kept in reliability/results, a file a
part; `--page` writes the page from them and measures nothing. Coverage, mutation scores and the run
with the lowest versions come from their own scripts and are shown as they were last kept. POSIX
only, faults and memory Linux only.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import faults
import fuzz
import hostile
import kill
import memory
from keeping import RESULTS, ROOT, be_kind, keep, read_kept
from page import SECTIONS, page, read_lowest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keeping import Result

PAGE = ROOT / "docs" / "reliability.md"
LOWEST = ROOT / "docs" / "lowest_versions.md"
PARTS = ("hostile", "kill", "faults", "fuzz", "memory")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--fuzz-seconds", type=float, default=20, help="a target and engine")
    parser.add_argument("--jobs", type=int, default=2, help="processes of the measured report")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--coverage", type=Path, help="JSON of `coverage json`, not the kept one")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of kept results")
    parser.add_argument("--out", type=Path, default=PAGE)
    chosen = parser.parse_args(argv)
    failed = []
    if not chosen.page:
        be_kind()
        failed = [part for part in chosen.only if not _try(part, chosen)]
    results = {name: read_kept(name, chosen.results) for name in SECTIONS}
    if LOWEST.exists():
        results["lowest"] = read_lowest(LOWEST.read_text(encoding="utf-8"))
    if chosen.coverage:
        results["coverage"] = _read_coverage(chosen.coverage)
    chosen.out.write_text(page(results), encoding="utf-8", newline="\n")
    print(chosen.out)
    if failed:
        sys.exit(f"not measured for the errors above: {', '.join(failed)}")


def _try(part: str, chosen: argparse.Namespace) -> bool:
    """Measure a part; an error is told and leaves the others to be measured."""
    try:
        keep(part, _measure(part, chosen), chosen.results)
    except Exception:  # noqa: BLE001  (minutes of measurements are not lost for one fault)
        traceback.print_exc()
        return False
    return True


def _measure(part: str, chosen: argparse.Namespace) -> Result:
    match part:
        case "hostile":
            return hostile.measure()
        case "kill":
            return kill.measure(chosen.kills, chosen.seed)
        case "faults":
            return faults.measure()
        case "fuzz":
            found = chosen.results / "found"
            return fuzz.measure(chosen.fuzz_seconds, chosen.seed, found=found)
    return memory.measure(chosen.jobs)


def _read_coverage(path: Path) -> Result:
    told: Result = json.loads(path.read_text(encoding="utf-8"))
    date = told.get("meta", {}).get("timestamp", "")[:10]
    return {"totals": told["totals"], "made": told.get("made", date)}


if __name__ == "__main__":
    main()
