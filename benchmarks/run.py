"""Measure the subjects, print their tables and write the page of results.

    python benchmarks/run.py [--only SUBJECT ...] [--sizes goal 1x 10x 100x] [--rounds N]
                             [--out docs/performance.md]

Results are kept in benchmarks/results, a file a subject, so that subjects can be measured one by
one; `--page` writes the page from them and measures nothing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import machine
from measure import Subject, add_options, measure_in, plan_of
from page import page
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measure import Plan, Row

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "performance.md"
SUBJECTS = (
    "adjacency", "nearest", "zonal", "kml", "html_map", "reading", "startup", "report",
    "profile_report", "parcels",
)  # fmt: skip
# Clusters are started for it, which takes longer than all others together.
NOT_BY_DEFAULT = ("parcels",)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    there = [name for name in SUBJECTS if (HERE / f"{name}.py").exists()]
    usual = [name for name in there if name not in NOT_BY_DEFAULT]
    parser.add_argument("--only", nargs="+", choices=there, default=usual, metavar="SUBJECT")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of kept results")
    add_options(parser)
    chosen = parser.parse_args(argv)
    failed: list[str] = []
    if not chosen.page:
        with tempfile.TemporaryDirectory() as folder:
            plan = plan_of(chosen)
            failed = [n for n in chosen.only if not _try(n, plan, Path(folder), chosen.results)]
    subjects = [_subject(name) for name in there]
    kept = {subject.name: _read(chosen.results, subject.name) for subject in subjects}
    chosen.out.write_text(
        page(subjects, {name: cases for name, cases in kept.items() if cases}), encoding="utf-8"
    )
    print(chosen.out)
    if failed:
        sys.exit(f"not measured for the errors above: {', '.join(failed)}")


def _try(name: str, plan: Plan, folder: Path, results: Path) -> bool:
    """Measure a subject; an error is told and leaves the others to be measured."""
    try:
        _measure(name, plan, folder, results)
    except Exception:  # noqa: BLE001  (minutes of measurements are not lost for one fault)
        traceback.print_exc()
        return False
    return True


def _measure(name: str, plan: Plan, folder: Path, results: Path) -> None:
    """Measure a subject, print its table and keep its rows."""
    module = importlib.import_module(name)
    began, at = time.perf_counter(), machine()
    if hasattr(module, "SUBJECT"):
        rows = measure_in(folder, module.SUBJECT, plan)
        print(as_markdown(rows))
    else:
        rows = _run(module)
    at["load"] += f" to {machine()['load']}"
    print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    _keep(results, name, rows, at)


def _run(module: Any) -> list[Row]:
    """Run a script that measures and prints in its own way; its rows may name no case."""
    arguments, sys.argv = sys.argv, [module.__file__]
    try:
        rows = module.main()
    finally:
        sys.argv = arguments
    return [{"case": module.__name__, **row} for row in rows]


def _subject(name: str) -> Subject:
    """A script's subject; of one without, what its docstring says."""
    module = importlib.import_module(name)
    title, *told = (module.__doc__ or name).strip().split("\n\n")
    about = "\n\n".join(text for text in told if not text.startswith("    "))
    return getattr(module, "SUBJECT", Subject(name, title.rstrip("."), about, ()))


def _keep(results: Path, name: str, rows: list[Row], at: dict[str, str]) -> None:
    """Keep rows by case, beside those of cases that were not measured this time."""
    kept = _read(results, name)
    date = datetime.now(tz=UTC).date().isoformat()
    for case in dict.fromkeys(row["case"] for row in rows):
        own = [row for row in rows if row["case"] == case]
        kept[case] = {"date": date, "machine": at, "rows": own}
    results.mkdir(parents=True, exist_ok=True)
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    (results / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _read(results: Path, name: str) -> dict[str, Any]:
    path = results / f"{name}.json"
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


if __name__ == "__main__":
    main()
