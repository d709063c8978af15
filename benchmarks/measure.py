"""One way to measure every subject: in turn, from a fresh process, in seconds and megabytes."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import statistics
import sys
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import CLEAR_REFS, high_water_mb, release_memory
from tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from goals import Goal

Row = dict[str, Any]

SIZES = ("goal", "1x", "10x", "100x")
# The largest takes minutes a subject, and its layers alone a minute to make.
USUAL_SIZES = SIZES[:3]
ROUNDS = 3
# A way that takes longer than this [s] runs in the first round only, ...
SLOW = 5.0
# ... and one that takes longer than this is ended.
LIMIT = 90.0


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Attributes
    ----------
    run
        Called with the layers; its name is that of the way.
    needs
        Modules that are loaded before the clock starts; without them the way is left out.
    times
        How often the work is larger than what this way does of it; its seconds are multiplied.
    """

    run: Callable[[Any], Any]
    needs: tuple[str, ...] = ()
    times: int = 1

    @property
    def name(self) -> str:
        """Name in the tables."""
        return self.run.__name__

    @property
    def missing(self) -> list[str]:
        """Modules it needs that are not installed."""
        return [name for name in self.needs if find_spec(name.partition(".")[0]) is None]

    def load(self) -> None:
        """Load what it needs."""
        for name in self.needs:
            importlib.import_module(name)


@dataclass(frozen=True)
class Case:
    """Work of one size, and the ways to do it, this library's first.

    Attributes
    ----------
    name
        What is worked on.
    size
        One of `SIZES`: ``goal`` for the sizes that goals are stated for alone.
    amount
        Number of features, for the growth of times.
    build
        Makes the layers from a folder, in which it may leave files; the same on every call.
    ways
        Ways to do the work.
    describe
        Further columns of a row, from what a way gave.
    fresh
        Measure the first call in a new process too; not for ways that are processes themselves.
    repeat
        Calls for each round asked for; more than one where a call is short and its time uneven.
    """

    name: str
    size: str
    amount: int
    build: Callable[[Path], Any]
    ways: Sequence[Way]
    describe: Callable[[Any], Row]
    fresh: bool = True
    repeat: int = 1


@dataclass(frozen=True)
class Subject:
    """A script's work: what it is about, its cases and its goals."""

    name: str
    title: str
    about: str
    cases: Sequence[Case]
    goals: Sequence[Goal] = ()


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, sizes, and the seconds that a first call may take."""

    rounds: int = ROUNDS
    sizes: tuple[str, ...] = SIZES
    limit: float = LIMIT


def measure(subject: Subject, plan: Plan) -> list[Row]:
    """Measure every case of a subject; a row for each way."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_in(Path(folder), subject, plan)


def measure_in(folder: Path, subject: Subject, plan: Plan) -> list[Row]:
    """Measure a subject with files in a folder, where it finds the layers of an earlier one."""
    rows = []
    for case in subject.cases:
        if case.size in plan.sizes:
            print(f"{subject.name}: {case.name}", file=sys.stderr, flush=True)
            rows += measure_case(case, plan, folder)
    return rows


def measure_case(case: Case, plan: Plan, folder: Path) -> list[Row]:
    """Measure the ways of one case in turn (A B A B ...), after a first call of each afresh.

    Every way runs once within a round, so that a machine that slows down slows all of them.
    """
    layers = case.build(folder)
    rows, running = {}, []
    for way in case.ways:
        rows[way.name] = _row(case, way)
        if way.missing:
            rows[way.name]["note"] = f"not measured: {', '.join(way.missing)} is not installed"
            continue
        first = first_call(way, case.build, folder, plan.limit) if case.fresh else {}
        if first is None:
            rows[way.name]["note"] = f"cut off after {plan.limit:.0f} s"
            continue
        rows[way.name] |= first
        running.append(way)
    seconds: dict[str, list[float]] = {way.name: [] for way in running}
    for number in range(plan.rounds * case.repeat):
        for way in running:
            if number and seconds[way.name][0] > SLOW * way.times:
                continue
            took, answer = timed(way, layers)
            seconds[way.name].append(took)
            if number == 0:
                rows[way.name] |= case.describe(answer)
            del answer
    medians = {name: statistics.median(times) for name, times in seconds.items() if times}
    for name, median in medians.items():
        rows[name] |= {
            "median_s": round(median, 4),
            "rounds": len(seconds[name]),
            "ratio": round(median / medians[case.ways[0].name], 3),
        }
    return list(rows.values())


def answers(case: Case, folder: Path) -> dict[str, Any]:
    """What every installed way of a case gives, by its name, with no clock."""
    layers = case.build(folder)
    return {way.name: way.run(layers) for way in case.ways if not way.missing}


def timed(way: Way, layers: Any) -> tuple[float, Any]:
    """Seconds that a way takes, and what it gives."""
    way.load()
    gc.collect()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = way.run(layers)
    return (time.perf_counter() - start) * way.times, answer


def first_call(way: Way, build: Callable[[Path], Any], folder: Path, limit: float) -> Row | None:
    """Seconds of the first call in a new process with nothing compiled before, and its memory.

    The memory [MB] is what the call takes on top of the layers (Linux only). None if it was ended
    at `limit` seconds.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_first_call, args=(way, build, folder, there))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        process.start()
        there.close()
        del os.environ["NUMBA_CACHE_DIR"]
        try:
            here.recv()  # the layers are made
            row = here.recv() if here.poll(limit / way.times) else None
        finally:
            process.terminate()
            process.join()
    return row


def _first_call(way: Way, build: Callable[[Path], Any], folder: Path, there: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    layers = build(folder)
    way.load()
    release_memory()
    there.send("ready")
    before = None
    if CLEAR_REFS.exists():
        CLEAR_REFS.write_text("5")  # the peak begins anew from what is in use
        before = high_water_mb()
    took, _ = timed(way, layers)
    taken = None if before is None else round(high_water_mb() - before)
    there.send({"first_s": round(took, 4), "peak_mb": taken})


def _end_with_parent() -> None:
    """End where the run that asked has been ended, rather than go on for minutes unheard."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _row(case: Case, way: Way) -> Row:
    return {"case": case.name, "size": case.size, "amount": case.amount, "way": way.name}


def run_alone(subject: Subject, argv: Sequence[str] | None = None) -> list[Row]:
    """Measure one subject from the command line, print its table and give its rows."""
    parser = argparse.ArgumentParser(description=subject.title)
    add_options(parser)
    rows = measure(subject, plan_of(parser.parse_args(argv)))
    print(as_markdown(rows))
    return rows


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of every script."""
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=USUAL_SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a way may take")


def plan_of(chosen: argparse.Namespace) -> Plan:
    """Plan from the options of the command line."""
    return Plan(chosen.rounds, tuple(chosen.sizes), limit=chosen.limit)


def scripted(subject: Subject) -> Callable[..., list[Row]]:
    """Make the `main` of a script."""
    return partial(run_alone, subject)
