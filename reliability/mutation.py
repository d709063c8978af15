"""Mutation testing of the modules whose figures matter: which small faults do the tests notice.

    python reliability/mutation.py                          # all modules, a sample of each
    python reliability/mutation.py --only codes hydro       # some; the rest as kept
    python reliability/mutation.py --again                  # only what survived the last time
    python reliability/mutation.py --changed                # modules whose text has changed since

A mutant lives in memory; no file is changed. Each is tried in a process forked from one that has
the imported libraries at hand, first by the tests that pass through its lines, then by the rest
of the module's own tests. Only for systems that can fork. What is kept in results/mutation.json
holds a verdict for each survivor, written there by hand and carried over by later runs, and a hash
of each module's text: `--again` measures a module anew whose text is another.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from module_texts import changed_since, fingerprint, path_of
from mutant_runs import Task, try_mutants
from mutants import find_mutants, source_with

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).parent / "results" / "mutation.json"
SEED = 2013
MOST = 40
"""Mutants of one module that are tried."""
MODULES = {
    "codes": ("codes",),
    "analysis.adjacency": ("adjacency",),
    "analysis.contiguity": ("contiguity", "adjacency"),
    "analysis.aggregate": ("aggregate",),
    "analysis.proximity": ("proximity",),
    "analysis.nearest": ("nearest",),
    "potential.biomass": ("biomass",),
    "potential.clear_sky": ("clear_sky",),
    "potential.emissions": ("hydro",),
    "potential.flow_duration": ("flow_duration",),
    "potential.hydro": ("hydro",),
    "potential.jis_c8907": ("solar",),
    "potential.ranges": ("ranges", "biomass"),
    "potential.solar": ("solar",),
    "potential.solar_sites": ("solar_sites",),
    "potential.solar_yield": ("solar", "clear_sky"),
    "potential.targets": ("targets",),
    "potential.together": ("hydro", "ranges"),
    "potential.wind": ("wind_potential",),
    "potential.wind_energy": ("wind_potential",),
    "potential.wind_rating": ("wind_potential",),
    "economics.cases": ("economics", "economic_cases"),
    "economics.cash_flow": ("economics", "economic_cases"),
    "economics.effects": ("economic_cases",),
    "economics.feed_in": ("economic_cases",),
    "economics.hydro_business": ("economic_cases",),
    "economics.measures": ("economics",),
    "economics.self_use": ("economic_cases",),
    "economics.solar_business": ("economic_cases",),
}
"""Modules of the package, and the files of tests that are theirs."""

_AT_HAND = (
    "geopandas", "hypothesis.extra.numpy", "hypothesis.extra.pandas", "libpysal.graph",
    "lxml.etree", "matplotlib.pyplot", "numba", "numpy_financial", "openpyxl", "pandas", "pvlib",
    "pyarrow.parquet", "pydantic", "pyogrio", "pyproj", "rasterio", "scipy.optimize",
    "scipy.spatial", "windpowerlib",
)  # fmt: skip
"""Libraries that are imported once for all."""


def main() -> None:
    """Try the mutants asked for and keep what came of them."""
    options = _options()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {"modules": {}}
    for name in _AT_HAND:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for module in _chosen(options, kept["modules"]):
        begun = time.monotonic()
        earlier = kept["modules"].get(module, {})
        kept["modules"][module] = try_module(module, options, earlier)
        _say(module, kept["modules"][module], time.monotonic() - begun)
        kept["modules"] = {n: kept["modules"][n] for n in MODULES if n in kept["modules"]}
        _keep(kept)


def try_module(module: str, options: argparse.Namespace, earlier: dict[str, Any]) -> dict[str, Any]:
    """Score of one module, and its survivors with the verdicts of an earlier run."""
    source = path_of(module).read_text("utf-8")
    text = fingerprint(source)
    tree, mutants = find_mutants(source)
    again = options.again and earlier.get("sha256") == text
    most = earlier.get("sampled", options.most) if options.again else options.most
    drawn = sorted(mutants, key=lambda mutant: mutant.rank(SEED))[:most]
    before = {tuple(entry["key"]): entry for entry in earlier.get("survivors", [])}
    ended = {tuple(entry["key"]): entry for entry in earlier.get("killed_since", [])}
    if again:
        drawn = [mutant for mutant in mutants if mutant.key in before]
    files = [f"tests/test_{name}.py" for name in MODULES[module]]
    tasks = [Task(mutant, source_with(tree, mutant)) for mutant in drawn]
    try_mutants(f"hokkaido_gis.{module}", files, tasks, options.jobs)
    counts = Counter(task.outcome for task in tasks)
    if again:
        counts += Counter(killed=earlier["killed"], timed_out=earlier["timed_out"])
    survivors, since = [], list(ended.values())
    for task in sorted(tasks, key=lambda task: task.mutant.lines.start):
        entry = _entry(task)
        told = before.get(task.mutant.key, {})
        if task.outcome == "survived":
            survivors.append(entry | {k: told.get(k, "") for k in ("verdict", "why")})
            ended.pop(task.mutant.key, None)
        elif told:
            since.append(entry | {"by": task.by})
    sampled = sum(counts.values())
    return {
        "sha256": text,
        "tests": files,
        "possible": len(mutants),
        "sampled": sampled,
        "killed": counts["killed"],
        "timed_out": counts["timed_out"],
        "survived": counts["survived"],
        "score": round((counts["killed"] + counts["timed_out"]) / sampled, 4) if sampled else None,
        "killed_since": since,
        "survivors": survivors,
    }


def _chosen(options: argparse.Namespace, kept: dict[str, Any]) -> list[str]:
    chosen = options.only or list(MODULES)
    if options.changed:
        changed = changed_since({name: kept.get(name, {}) for name in chosen})
        return [name for name in chosen if name in changed]
    return chosen


def _entry(task: Task) -> dict[str, Any]:
    mutant = task.mutant
    return {
        "key": list(mutant.key),
        "function": mutant.function,
        "line": mutant.lines.start,
        **dict(zip(("before", "after"), _difference(mutant.before, mutant.after), strict=True)),
    }


def _difference(before: str, after: str, *, around: int = 24) -> tuple[str, str]:
    """The two texts where they differ, with some letters around."""
    same = _alike(before, after)
    rest = _alike(before[same:][::-1], after[same:][::-1])
    start, end = max(same - around, 0), max(rest - around, 0)
    shown = [text[start : len(text) - end] for text in (before, after)]
    return shown[0], shown[1]


def _alike(one: str, other: str) -> int:
    """How many letters two texts have in common from their start."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _keep(kept: dict[str, Any]) -> None:
    modules = kept["modules"].values()
    counts = ("possible", "sampled", "killed", "timed_out", "survived")
    totals = {name: sum(module[name] for module in modules) for name in counts}
    equivalent = sum(s["verdict"] == "equivalent" for m in modules for s in m["survivors"])
    noticed = totals["killed"] + totals["timed_out"]
    kept |= {
        "made": datetime.now(UTC).date().isoformat(),
        "operators": f"mutmut {version('mutmut')}",
        "python": platform.python_version(),
        "seed": SEED,
        "totals": totals
        | {
            "score": round(noticed / totals["sampled"], 4),
            "equivalent": equivalent,
            "score_without_equivalent": round(noticed / (totals["sampled"] - equivalent), 4),
        },
    }
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _say(module: str, result: dict[str, Any], seconds: float) -> None:
    tried = f"{result['sampled']} of {result['possible']} tried"
    print(f"{module}: {tried}, {result['survived']} survived, {seconds:.0f} s", flush=True)
    for each in result["survivors"]:
        told = f"{each['before']}  ->  {each['after']}  {each['verdict']}"
        print(f"  {each['line']} {each['function']}: {told}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(MODULES), metavar="MODULE")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    parser.add_argument("--changed", action="store_true", help="only modules with another text")
    parser.add_argument("--most", type=int, default=MOST, help="mutants of a module")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
