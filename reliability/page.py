"""The page of results: a section for each part, from what was kept; what is not there says so."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from hostile import as_expected
from module_texts import changed_since
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keeping import Result

HEAD = """\
# Reliability

<!-- Made by reliability/run.py from reliability/results; do not edit by hand. -->

    pip install -e ".[reliability]"
    python reliability/run.py [--kills 100] [--fuzz-seconds 20] [--only PART ...]

measures again and writes this page; what is not measured again stands with its own date.

"""
NOT_MEASURED = "Not measured.\n"
BAD = ("neither old nor new", "rerun wrong", "left after rerun")


def page(results: Mapping[str, Result | None]) -> str:
    """Write the page from the kept result of each part."""
    parts = [HEAD, "## Summary\n\n", as_markdown([_line(part, results) for part in SECTIONS]), "\n"]
    for name, (title, about, write, _) in SECTIONS.items():
        found = results.get(name)
        told = write(found) + _when(found) if found else NOT_MEASURED
        parts.append(f"## {title}\n\n{about}\n\n{told}\n")
    return "".join(parts).rstrip() + "\n"


def _line(name: str, results: Mapping[str, Result | None]) -> dict[str, Any]:
    title, _, _, sum_up = SECTIONS[name]
    found = results.get(name)
    date = (found or {}).get("date") or (found or {}).get("made") or ""
    return {"part": title, "result": sum_up(found) if found else "not measured", "measured": date}


def _when(found: Result) -> str:
    if "machine" in found:
        return f"\nMeasured on {found['date']}: {found['machine']}; {found['versions']}.\n"
    return f"\nMeasured on {found.get('made') or found.get('date') or 'an unknown date'}.\n"


def _hostile(found: Result) -> str:
    rows = [
        {
            "group": row.get("group"),
            "file": row.get("file"),
            "outcome": row["outcome"] if as_expected(row) else f"**{row['outcome']}**",
            "expected": row.get("expected"),
            "s": row.get("seconds"),
            "more MB": row.get("memory_mb"),
        }
        for row in found["rows"]
    ]
    return as_markdown(rows)


def _sum_hostile(found: Result) -> str:
    rows = found["rows"]
    outcomes = Counter(row["outcome"] for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    wrong = sum(not as_expected(row) for row in rows)
    asked = sum(row["asked"] for row in rows)
    return f"{len(rows)} files: {told}; {wrong} not as expected, {asked} requests to a server"


def _kill(found: Result) -> str:
    rows = found["rows"]
    total = {"work": "all"} | {
        name: sum(row[name] for row in rows)
        for name in rows[0]
        if name not in {"work", "files", "that differ"}
    }
    return as_markdown([*rows, total]) + f"\nSeed {found['seed']}.\n"


def _sum_kill(found: Result) -> str:
    rows = found["rows"]
    sums = {name: sum(row[name] for row in rows) for name in ("kills", *BAD[:2])}
    return (
        f"{sums['kills']} kills: {sums['neither old nor new']} left a file neither old nor new, "
        f"{sums['rerun wrong']} reruns wrong"
    )


def _faults(found: Result) -> str:
    by_work: dict[str, dict[str, Any]] = {}
    elsewhere: dict[str, dict[str, Any]] = {}
    for row in found["rows"]:
        if row["elsewhere"]:
            elsewhere.setdefault(row["fault"], {"at fault": row["fault"]})[row["work"]] = row
        else:
            by_work.setdefault(row["work"], {"work": row["work"]})[row["fault"]] = row
    tables = [
        [{name: _outcome(cell) for name, cell in line.items()} for line in table.values()]
        for table in (by_work, elsewhere)
    ]
    wrong = [
        f"- {row['work']}, {row['fault']}: {'; '.join(row['wrong'])}. Told: {_in_cell(row['told'])}"
        for row in found["rows"]
        if row["wrong"]
    ]
    parts = [as_markdown(tables[0])] if tables[0] else []
    if tables[1]:
        parts += ["Folders elsewhere; `done` means that the results are the same bytes:\n"]
        parts += [as_markdown(tables[1])]
    if wrong:
        parts += ["Wrong:\n", "\n".join(wrong) + "\n"]
    return "\n".join(parts)


def _outcome(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    return f"**{cell['outcome']}**" if cell["wrong"] else str(cell["outcome"])


def _sum_faults(found: Result) -> str:
    rows = found["rows"]
    outcomes = Counter(row["outcome"] for row in rows)
    told = ", ".join(f"{outcomes[name]} {name}" for name in ("done", "refused", "wrong"))
    return f"{len(rows)} pairs of work and fault: {told}"


def _fuzz(found: Result) -> str:
    rows = [{**row, "note": row["note"].replace("|", "\\|")} for row in found["rows"]]
    return as_markdown(rows) + f"\nSeed {found['seed']}.\n"


def _sum_fuzz(found: Result) -> str:
    rows = found["rows"]
    names = ("inputs", "results", "refused", "faults", "crashes", "hangs", "out_of_memory")
    sums = {name: sum(row[name] for row in rows) for name in names}
    told = ", ".join(f"{sums[name]:,} {name.replace('_', ' ')}" for name in names[1:])
    return f"{sums['inputs']:,} inputs: {told}"


def _memory(found: Result) -> str:
    goal = "reached" if found["ratio"] <= found["goal"] else "**not reached**"
    return (
        f"Ratio {found['ratio']:.2f}; at most {found['goal']:g} is the goal: {goal}. "
        f"`--jobs {found['jobs']}`.\n\n{as_markdown(found['rows'])}\n"
        f"Rows and cells of the layers:\n\n{as_markdown(found['layers'])}"
    )


def _sum_memory(found: Result) -> str:
    peaks = " and ".join(f"{row['peak_mb']:,.0f} MB" for row in found["rows"])
    return f"{found['ratio']:.2f} times ({peaks}); goal {found['goal']:g}"


def _coverage(found: Result) -> str:
    rows = [
        {
            "module": name.removeprefix("hokkaido_gis/"),
            "branches": counts["branches"],
            "passed through": counts["branches_covered"],
            "%": counts["branches_percent"],
            "lines %": counts["lines_percent"],
        }
        for name, counts in found.get("below_goal", {}).items()
    ]
    told = _sum_coverage(found) + ".\n"
    if rows:
        told += f"\nModules below {found['goal_percent']:g} %:\n\n{as_markdown(rows)}"
    return told


def _sum_coverage(found: Result) -> str:
    totals = found["totals"]
    if "branches_percent" in totals:
        share, lines = totals["branches_percent"], totals["lines_percent"]
        passed, all_of_them = totals["branches_covered"], totals["branches"]
    else:  # as `coverage json` writes it
        passed, all_of_them = totals["covered_branches"], totals["num_branches"]
        share = 100 * passed / (all_of_them or 1)
        lines = 100 * totals["covered_lines"] / (totals["num_statements"] or 1)
    return f"{share:.1f} % of {all_of_them:,} branches ({passed:,}), {lines:.1f} % of lines"


def _mutation(found: Result) -> str:
    rows = [
        {
            "module": name,
            "possible": counts["possible"],
            "tried": counts["sampled"],
            "killed": counts["killed"],
            "timed out": counts["timed_out"],
            "survived": counts["survived"],
            "equivalent": _equivalent(counts),
            "score": _percent(counts["score"]),
        }
        for name, counts in found["modules"].items()
    ]
    left = [
        {
            "module": name,
            "line": one["line"],
            "before": f"`{_in_cell(one['before'])}`",
            "after": f"`{_in_cell(one['after'])}`",
            "why it stays": _in_cell(f"{one['verdict']}: {one['why']}".strip(": ")),
        }
        for name, counts in found["modules"].items()
        for one in counts["survivors"]
    ]
    told = f"{found['operators']}, seed {found['seed']}.\n\n{as_markdown(rows)}"
    changed = changed_since(found["modules"])
    if changed:
        told += f"\nNot known to have been measured as they are now: {', '.join(changed)}.\n"
    return told + (f"\nWhat survived:\n\n{as_markdown(left)}" if left else "")


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")


def _equivalent(counts: Mapping[str, Any]) -> int:
    return sum(one["verdict"] == "equivalent" for one in counts["survivors"])


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _sum_mutation(found: Result) -> str:
    totals = found["totals"]
    changed = len(changed_since(found["modules"]))
    return (
        f"{_percent(totals['score'])} of {totals['sampled']:,} mutants noticed, "
        f"{_percent(totals['score_without_equivalent'])} without {totals['equivalent']} that "
        "change nothing"
    ) + (f"; {changed} of {len(found['modules'])} modules are others now" if changed else "")


def _lowest(found: Result) -> str:
    return f"{_sum_lowest(found)}. Versions: [Lowest versions](lowest_versions.md).\n"


def _sum_lowest(found: Result) -> str:
    told = ", ".join(f"{found[word]} {word}" for word in ("passed", "failed", "errors", "skipped"))
    return f"Python {found['python']}: {told}"


def read_lowest(text: str) -> dict[str, Any] | None:
    """Result of the run with the lowest versions, from the first comment of its page."""
    comment = re.match(r"<!-- (\{.*?\}) -->", text)
    if comment is None:
        return None
    found: dict[str, Any] = json.loads(comment[1])
    return found


Section = tuple[str, str, "Callable[[Result], str]", "Callable[[Result], str]"]
SECTIONS: dict[str, Section] = {
    "hostile": (
        "Hostile files",
        (
            "Files made to harm, each opened in the way a user would, in a process that is "
            "watched for time, memory, requests to a server and texts of other files. A limit "
            "that is named can be raised."
        ),
        _hostile,
        _sum_hostile,
    ),
    "kill": (
        "Killed runs",
        (
            "Work over the results of another version of its inputs, killed (SIGKILL, the "
            "whole process group) after a random share of the processor time that it takes, "
            "then done again; a moment that came too late is drawn anew. `all old`, `some new` "
            "and `all new` say what the files were after the kill, byte for byte; the "
            "rerun is compared with an undisturbed run into an empty folder. "
            "`left in the making` counts hidden temporary folders: a "
            "report clears them before it begins, a command that writes one file ignores them "
            "and clears them a day later."
        ),
        _kill,
        _sum_kill,
    ),
    "faults": (
        "Faults",
        (
            "Work over older files on a disk in memory that is truly full (of pages or of files), "
            "read-only, without the right to write, or whose files are in use (mounted, as the "
            "system lets nothing replace) or marked as not to be changed; or under a limit on the "
            "size of files. `refused` ended with status 2 and one line that says file, cause and "
            "mending, left each file old or new byte for byte and nothing in the making; `done` "
            "had room enough and wrote what an undisturbed run writes. Reports and fetches were "
            "done again when the fault was mended, and left what an undisturbed run leaves. A "
            "file that another program has open is no obstacle on Linux: what Windows says of it "
            "is put in place of the system's answer in `tests/test_io_output.py`, and not "
            "measured here; nor are a failing drive and a network folder that goes away."
        ),
        _faults,
        _sum_faults,
    ),
    "fuzz": (
        "Fuzzing",
        (
            "Inputs made at random (Hypothesis) and by following the lines that they reach "
            "(Atheris). `results` held what they must hold, `refused` ended with an error for "
            "people, `faults` with any other, `crashes` ended the process; `hangs` took more "
            "than 10 s and `out of memory` more than 2 GB for one input."
        ),
        _fuzz,
        _sum_fuzz,
    ),
    "memory": (
        "Memory",
        (
            "Greatest memory of the whole report on the sample and on twice its layers: all "
            "processes at one moment, shared pages once."
        ),
        _memory,
        _sum_memory,
    ),
    "coverage": (
        "Coverage",
        "Branches of the package that its tests pass through.",
        _coverage,
        _sum_coverage,
    ),
    "mutation": (
        "Mutation",
        ("Small faults put into modules whose figures matter, and how many the tests notice."),
        _mutation,
        _sum_mutation,
    ),
    "lowest": (
        "Lowest versions",
        "The tests with the lowest declared version of every direct dependency.",
        _lowest,
        _sum_lowest,
    ),
}
