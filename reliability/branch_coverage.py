"""Branches of the package that its tests pass through.

    python reliability/branch_coverage.py                        # the whole suite: some minutes
    python reliability/branch_coverage.py tests/test_codes.py    # these tests alone, nothing kept
    python reliability/branch_coverage.py --module codes tests/test_codes.py -- -k digit

What is measured and left out stands in pyproject.toml under ``[tool.coverage]``. Code that numba
compiles is not seen by a tracer: the tests that reach it run once more with the compiler off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).parent / "results" / "coverage.json"
GOAL = 95.0
"""Branches passed through [%]."""
COMPILED = ("tests/test_nearest.py", "-k", "compiled and not real")
"""Tests of compiled code that are small enough to be run as Python."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show totals and the modules below the goal, and tell whether the goal is met."""
    chosen = _options(argv)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data" if chosen.data is None else chosen.data.resolve()
        failed = _run_tests(chosen.tests, data)
        result = _summary(_report(data), chosen.module)
    result["tests"] = "failed" if failed else "passed"
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    print(text)
    if chosen.keep:
        chosen.keep.parent.mkdir(exist_ok=True)
        chosen.keep.write_text(text, "utf-8")
    whole = not chosen.tests and not chosen.module
    return failed or int(whole and result["totals"]["branches_percent"] < GOAL)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tests",
        nargs="*",
        metavar="TEST",
        help="file of tests, or FILE::TEST; none is the whole suite. Options of pytest follow a --",
    )
    parser.add_argument(
        "--module",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="count these modules alone, as codes or fetch.cache or fetch; all they miss is shown",
    )
    parser.add_argument(
        "--keep",
        nargs="?",
        type=Path,
        const=KEPT,
        metavar="FILE",
        help="write the result to this file (results/coverage.json, where the page of reliability "
        "takes it from); the whole suite is always kept",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="add to what was measured into this file before, of the same sources, and keep it "
        "there: new tests are counted without a run of all the others",
    )
    chosen = parser.parse_args(argv)
    if not chosen.tests and not chosen.module:
        chosen.keep = chosen.keep or KEPT
    return chosen


def _run_tests(tests: Sequence[str], data: Path) -> int:
    """Run tests under measurement and give the exit status of those that failed, or 0."""
    environment = {"COVERAGE_FILE": str(data)}
    failed = _coverage("run", "-m", "pytest", "-q", *tests, **environment)
    if not tests or COMPILED[0] in tests:
        as_python = environment | {"NUMBA_DISABLE_JIT": "1"}
        failed |= _coverage("run", "-m", "pytest", "-q", *COMPILED, **as_python)
    _coverage("combine", "-q", *(["--append"] if data.exists() else []), **environment)
    return failed


def _report(data: Path) -> dict[str, Any]:
    """Report of `coverage json`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        _coverage("json", "-q", "-o", str(path), COVERAGE_FILE=str(data))
        if not path.exists():
            sys.exit(
                "Nothing to count: coverage gives no report, for the reason above. Did pytest find "
                "tests? With --data, were modules renamed since? Then measure into a new file."
            )
        report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def _coverage(*arguments: str, **environment: str) -> int:
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(  # noqa: S603  (our own commands)
        command, cwd=ROOT, env=os.environ | environment, check=False
    ).returncode


def _summary(report: dict[str, Any], only: Sequence[str] = ()) -> dict[str, Any]:
    """Totals, and the modules below the goal; or all of `only`, where some are named."""
    modules = {
        name: _counts([file["summary"]])
        | {"missing": [f"{a}->{b if b > 0 else 'end'}" for a, b in file["missing_branches"]]}
        for name, file in sorted(report.get("files", {}).items())
        if "num_branches" in file["summary"] and _is_among(name, only)
    }
    if not sum(counts["branches"] for counts in modules.values()):
        where = f"of {', '.join(only)} " if only else ""
        sys.exit(
            f"No branch {where}was measured, in {len(report.get('files', {}))} files. Did pytest "
            "run tests (see above), is a module of that name in hokkaido_gis/, with an if or a for "
            "in it, and has [tool.coverage.run] of pyproject.toml `branch = true`?"
        )
    shown = {n: m for n, m in modules.items() if only or m["branches_percent"] < GOAL}
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "coverage": version("coverage"),
        "goal_percent": GOAL,
        "totals": _counts(
            [file["summary"] for name, file in report["files"].items() if name in modules]
        ),
        "modules": len(modules),
        "below_goal": shown,
    }


def _is_among(path: str, only: Sequence[str]) -> bool:
    """Whether a file is one of the modules named, or within a package named; any, if none is."""
    dotted = path.removesuffix(".py").replace("\\", "/").replace("/", ".")
    inner = dotted.removeprefix("hokkaido_gis.").removesuffix(".__init__")
    return not only or any(
        inner == name or inner.startswith(f"{name}.")
        for name in (name.removeprefix("hokkaido_gis.") for name in only)
    )


def _counts(summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    branches, covered, lines, reached = (
        sum(summary[name] for summary in summaries)
        for name in ("num_branches", "covered_branches", "num_statements", "covered_lines")
    )
    return {
        "branches": branches,
        "branches_covered": covered,
        "branches_percent": round(100 * covered / branches, 2) if branches else 100.0,
        "lines": lines,
        "lines_covered": reached,
        "lines_percent": round(100 * reached / lines, 2) if lines else 100.0,
    }


if __name__ == "__main__":
    sys.exit(main())
