"""Branches of the package that its tests pass through.

    python reliability/branch_coverage.py                        # the whole suite: some minutes
    python reliability/branch_coverage.py tests/test_codes.py    # these tests alone, nothing kept

What is measured and left out stands in pyproject.toml under ``[tool.coverage]``. Code that numba
compiles is not seen by a tracer: the tests that reach it run once more with the compiler off.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).parent / "results" / "coverage.json"
GOAL = 95.0
"""Branches passed through [%]."""
COMPILED = ("tests/test_nearest.py", "-k", "compiled and not real")
"""Tests of compiled code that are small enough to be run as Python."""


def main() -> int:
    """Measure, keep the totals and the modules below the goal, and tell whether the goal is met."""
    tests = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        data = {"COVERAGE_FILE": str(Path(folder) / "data")}
        failed = _coverage("run", "-m", "pytest", "-q", *tests, **data)
        if not tests or COMPILED[0] in tests:
            as_python = data | {"NUMBA_DISABLE_JIT": "1"}
            failed |= _coverage("run", "-m", "pytest", "-q", *COMPILED, **as_python)
        _coverage("combine", "-q", **data)
        report = Path(folder) / "report.json"
        _coverage("json", "-q", "-o", str(report), **data)
        result = _summary(json.loads(report.read_text("utf-8")))
    result["tests"] = "failed" if failed else "passed"
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    print(text)
    if not tests:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(text, "utf-8")
    return failed or int(not tests and result["totals"]["branches_percent"] < GOAL)


def _coverage(*arguments: str, **environment: str) -> int:
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(  # noqa: S603  (our own commands)
        command, cwd=ROOT, env=os.environ | environment, check=False
    ).returncode


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    modules = {
        name: _counts(file["summary"])
        | {"missing": [f"{a}->{b if b > 0 else 'end'}" for a, b in file["missing_branches"]]}
        for name, file in sorted(report["files"].items())
    }
    below = {n: m for n, m in modules.items() if m["branches_percent"] < GOAL}
    return {
        "made": datetime.now(UTC).date().isoformat(),
        "coverage": version("coverage"),
        "goal_percent": GOAL,
        "totals": _counts(report["totals"]),
        "modules": len(modules),
        "below_goal": below,
    }


def _counts(summary: dict[str, Any]) -> dict[str, Any]:
    branches, lines = summary["num_branches"], summary["num_statements"]
    return {
        "branches": branches,
        "branches_covered": summary["covered_branches"],
        "branches_percent": round(100 * summary["covered_branches"] / (branches or 1), 2)
        if branches
        else 100.0,
        "lines": lines,
        "lines_covered": summary["covered_lines"],
        "lines_percent": round(100 * summary["covered_lines"] / lines, 2) if lines else 100.0,
    }


if __name__ == "__main__":
    sys.exit(main())
