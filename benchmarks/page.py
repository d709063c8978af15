"""The page of results: goals, growth, and a table for each subject, from what was kept."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from measure import SIZES
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from measure import Row, Subject

    Kept = Mapping[str, Mapping[str, Any]]

HEAD = """\
# Performance

<!-- Made by benchmarks/run.py from benchmarks/results; do not edit by hand. -->

    pip install -e ".[bench,test]"
    python benchmarks/run.py [--only SUBJECT ...] [--sizes goal 1x 10x 100x] [--rounds N]

measures again and writes this page; what is not measured again stands with its own date. Every way
of a subject runs in turn within a round, so that a machine that slows down slows all of them.
`median s` is over the rounds (one round where a call takes more than 5 s), and `ratio` is that of
the way to the first, which is this library. `first s` is the first call in a new process with the
layers in memory and nothing compiled before, `peak MB` what that call takes on top of the layers. A
goal of speed is reached when it holds for the medians, or for the first call where it says so.

"""
GOALS = """\
## Goals

Of a goal with a peer, `measured` says how many times as much the peer takes as the way does.

"""
GROWTH = """\
## Growth

The same work by this library with 10,000 (1x), 100,000 (10x) and 1,000,000 (100x) features, medians
in seconds, with memory beside them. An exponent of 1 is time in step with the number of features,
from the smallest to the largest size that was measured.

"""


def page(subjects: Sequence[Subject], kept: Mapping[str, Kept]) -> str:
    """Write the page from the kept results of each subject by case."""
    parts = [HEAD, _goals(subjects, kept), GROWTH, as_markdown(list(_growth(subjects, kept))), "\n"]
    parts += [_section(subject, kept[subject.name]) for subject in subjects if subject.name in kept]
    return "".join(parts).rstrip() + "\n"


def rows_of(kept: Kept) -> list[Row]:
    """Rows of all kept cases."""
    return [row for case in kept.values() for row in case["rows"]]


def _goals(subjects: Sequence[Subject], kept: Mapping[str, Kept]) -> str:
    rows, tried = [], {}
    for subject in subjects:
        found = rows_of(kept.get(subject.name, {}))
        for goal in subject.goals:
            value = goal.measured(found)
            reached = value is not None and goal.reached(value)
            rows.append(
                {
                    "subject": subject.title,
                    "work": goal.case,
                    "way": f"`{goal.way}`",
                    "goal": goal.asked,
                    "measured": "" if value is None else goal.shown(value),
                    "verdict": _verdict(measured=value is not None, reached=reached),
                }
            )
            if value is not None and not reached:
                tried[f"{goal.case}: {goal.asked}"] = goal.tried
    text = GOALS + as_markdown(rows) + "\n"
    if tried:
        text += "What was tried where a goal is not reached:\n\n"
        text += "".join(f"- {what}: {why or 'nothing yet.'}\n" for what, why in tried.items())
        text += "\n"
    return text


def _verdict(*, measured: bool, reached: bool) -> str:
    if not measured:
        return "not measured"
    return "reached" if reached else "**not reached**"


def _growth(subjects: Sequence[Subject], kept: Mapping[str, Kept]) -> Iterable[Row]:
    """One row for each kind of work that was measured at more than one size."""
    for subject in subjects:
        kinds: dict[str, list[Row]] = {}
        for case in kept.get(subject.name, {}).values():
            first = case["rows"][0]
            if first.get("size") in SIZES[1:] and first.get("median_s") is not None:
                kinds.setdefault(_kind(first["case"]), []).append(first)
        for kind, rows in kinds.items():
            if len(rows) > 1:
                yield {"subject": subject.title, "work": kind, **_grown(rows)}


def _kind(case: str) -> str:
    """Name of a case without its number of features."""
    return re.sub(r"[\d,]*\d", "n", case, count=1)


def _grown(rows: list[Row]) -> Row:
    by_size = {row["size"]: row for row in rows}
    found: Row = {}
    for size in SIZES[1:]:
        row = by_size.get(size)
        found[f"{size}_s"] = row and float(row["median_s"])
        found[f"{size}_mb"] = row and row.get("peak_mb")
    ordered = sorted(rows, key=lambda row: row["amount"])
    low, high = ordered[0], ordered[-1]
    times, amounts = high["median_s"] / low["median_s"], high["amount"] / low["amount"]
    return {**found, "exponent": math.log(times) / math.log(amounts)}


def _section(subject: Subject, kept: Kept) -> str:
    whens = dict.fromkeys(_when(case) for case in kept.values())
    return (
        f"## {subject.title}\n\n{subject.about}\n\n"
        f"{as_markdown(rows_of(kept))}\n" + "".join(f"Measured {when}.\n" for when in whens) + "\n"
    )


def _when(case: Mapping[str, Any]) -> str:
    at = case["machine"]
    return (
        f"on {case['date']}: {at['processor']}, {at['memory']}, load {at['load']}; "
        f"{at['system']}; {at['versions']}"
    )
