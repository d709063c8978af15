"""Tests of a module run for each mutant, in processes forked after the tests were collected."""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.machinery
import importlib.util
import inspect
import multiprocessing
import os
import resource
import signal
import sys
import time
import warnings
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

import coverage
import psutil
import pytest
from hypothesis import Phase, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess
    from types import CodeType

    from mutants import Mutant

SLACK = 5, 20.0
"""A mutant's tests may take so many times what they take unchanged, and so many seconds [CPU]."""
IDLE = 60.0
"""Time without any work after which a mutant's process is ended, for those that wait [s]."""

_FORK = multiprocessing.get_context("fork")


@dataclass
class Task:
    """A mutant to be tried, and how it ended: ``killed``, ``survived`` or ``timed_out``."""

    mutant: Mutant
    source: str
    outcome: str = ""
    by: str = ""
    """The first test that failed."""


def try_mutants(module: str, files: list[str], tasks: list[Task], jobs: int) -> None:
    """Run the tests of a module on each mutant and note how it ended.

    Raises
    ------
    SystemExit
        If the tests fail on the module as it is.
    """
    results = _in_fork(_host, module, files, tasks, jobs)
    if not isinstance(results, list):
        raise SystemExit(f"The tests of {module} fail as it is, or cannot run ({results}): {files}")
    for task, (outcome, by) in zip(tasks, results, strict=True):
        task.outcome, task.by = outcome, by


@dataclass(eq=False)
class _Host:
    """Plugin of pytest: instead of running the tests once, runs them for each mutant."""

    module: str
    files: list[str]
    tasks: list[Task]
    jobs: int
    results: list[tuple[str, str]] | str = "not collected"

    def pytest_configure(self) -> None:
        # A failing example need not be made small, and none of an earlier mutant be tried first.
        usual = settings.get_profile("repeatable")
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", usual, phases=phases, database=None)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        baseline = _in_fork(_traced, self.module, session.items)
        if not isinstance(baseline, _Baseline):
            self.results = str(baseline)
            return True
        gc.collect()
        gc.freeze()  # what is there by now shall not be gone through again in each process
        ended: dict[int, tuple[str, str]] = {}
        live: dict[int, tuple[int, bool, BaseProcess, Connection, _Work]] = {}
        waiting = [(place, t.mutant.in_function) for place, t in enumerate(self.tasks)][::-1]
        while waiting or live:
            while waiting and len(live) < self.jobs:
                place, quick = waiting.pop()
                process, receiver = self._start(place, session.items, baseline, quick=quick)
                live[process.sentinel] = place, quick, process, receiver, _Work(process.pid)
            for sentinel in wait(list(live), timeout=1):
                place, quick, process, receiver, _ = live.pop(cast("int", sentinel))
                process.join()
                ended[place] = _outcome(process.exitcode, receiver)
                if quick and ended[place][0] == "survived":
                    waiting.append((place, False))  # it may be called when its module is imported
            for _, _, process, _, work in live.values():
                if work.idle() > IDLE:
                    process.kill()
        self.results = [ended[place] for place in range(len(self.tasks))]
        return True

    def _start(
        self, place: int, items: list[pytest.Item], baseline: _Baseline, *, quick: bool
    ) -> tuple[BaseProcess, Connection]:
        task = self.tasks[place]
        receiver, sender = _FORK.Pipe(duplex=False)
        limit = int(SLACK[0] * sum(baseline.seconds.values()) + SLACK[1])
        if quick:
            ordered = baseline.order(task.mutant, items)
            work = functools.partial(_tried, self.module, task.source, ordered)
        else:
            first = sorted(baseline.seconds, key=baseline.seconds.__getitem__)
            work = functools.partial(_tried_from_start, self.module, task.source, first, self.files)
        process = _FORK.Process(target=_limited, args=(work, limit, sender))
        process.start()
        sender.close()
        return process, receiver


@dataclass
class _Baseline:
    """The module as it is, under its own tests."""

    seconds: dict[str, float]
    """CPU time of each test."""
    lines: dict[int, set[str]]
    """Tests that pass through each line; the empty name stands for all of them."""

    def order(self, mutant: Mutant, items: list[pytest.Item]) -> list[pytest.Item]:
        """Tests that pass through a mutant's lines, the quickest first, then the others."""
        passing = set().union(*(self.lines.get(line, set()) for line in mutant.lines))
        if "" in passing or mutant.shared:
            passing = set(self.seconds)
        return sorted(items, key=lambda i: (i.nodeid not in passing, self.seconds[i.nodeid]))


@dataclass
class _Work:
    """What a process has done so far; on a busy machine it may be slow without waiting."""

    pid: int | None
    seconds: float = -1.0
    since: float = 0.0

    def idle(self) -> float:
        """Time for which it has not used the processor [s]."""
        try:
            now = sum(psutil.Process(self.pid).cpu_times()[:2])
        except psutil.Error:  # it has just ended
            return 0.0
        if now > self.seconds:
            self.seconds, self.since = now, time.monotonic()
        return time.monotonic() - self.since


@dataclass(eq=False)
class _Watch:
    """Plugin of pytest that times the tests, names the first to fail and says who runs what."""

    measured: coverage.Coverage | None = None
    order: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    _test: str = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.order.get(item.nodeid, 0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._now(item.nodeid)
        begun = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - begun
            self._now("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[Any]:
        # What a fixture of several tests passes through, it does for all of them.
        test = self._test
        if fixturedef.scope != "function":
            self._now("")
        try:
            return (yield)
        finally:
            self._now(test)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid} (when imported)"

    def _now(self, test: str) -> None:
        self._test = test
        if self.measured:
            self.measured.switch_context(test)


def _in_fork(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own, or a text that says how that ended."""
    receiver, sender = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=lambda: sender.send(work(*arguments)))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return f"exit {process.exitcode}"
    finally:
        process.join()


def _host(
    module: str, files: list[str], tasks: list[Task], jobs: int
) -> list[tuple[str, str]] | str:
    _be_quiet()
    host = _Host(module, files, tasks, jobs)
    _pytest(files, host)
    return host.results


def _traced(module: str, items: list[pytest.Item]) -> _Baseline | str:
    path = str(importlib.import_module(module).__file__)
    measured = coverage.Coverage(data_file=None, include=[path], config_file=False)
    watch = _Watch(measured)
    measured.start()
    _run(items, watch)
    measured.stop()
    if watch.failed:
        return watch.failed
    with warnings.catch_warnings(action="ignore"):  # that a module of constants runs no line
        contexts = measured.get_data().contexts_by_lineno(path)
    return _Baseline(watch.seconds, {line: set(names) for line, names in contexts.items()})


def _limited(work: Callable[[], str], limit: int, sender: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sender.send(work())
    sender.close()
    os._exit(0)  # libraries that a mutant left in disorder shall not hold the process up


def _outcome(exit_code: int | None, receiver: Connection) -> tuple[str, str]:
    try:
        failed = receiver.recv()
    except EOFError:
        stopped = exit_code in {-signal.SIGXCPU, -signal.SIGKILL}
        return ("timed_out", "") if stopped else ("killed", f"exit {exit_code}")
    return ("killed", failed) if failed else ("survived", "")


def _tried(module: str, source: str, items: list[pytest.Item]) -> str:
    """Name of the first test that fails with the functions of another source of a module."""
    try:
        _change(importlib.import_module(module), source)
    except Exception as fault:  # noqa: BLE001  (whatever a mutant brings about)
        return f"import: {fault!r}"
    watch = _Watch()
    _run(items, watch)
    return watch.failed


def _tried_from_start(module: str, source: str, first: list[str], files: list[str]) -> str:
    """The same with everything of the package imported anew, for what is worked out at import."""
    for name in [n for n in sys.modules if n.partition(".")[0] in {"hokkaido_gis", "conftest"}]:
        del sys.modules[name]
    for file in files:
        sys.modules.pop(file.removeprefix("tests/").removesuffix(".py"), None)
    _serve(module, source)
    watch = _Watch(order={name: place for place, name in enumerate(first)})
    status = _pytest(files, watch)
    return watch.failed or ("" if status == 0 else f"exit {status} of pytest")


def _run(items: list[pytest.Item], watch: _Watch) -> None:
    """Run collected tests in the order given until one fails."""
    manager = items[0].config.pluginmanager
    manager.register(watch)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if watch.failed:
            return


def _pytest(files: list[str], plugin: object) -> int:
    arguments = ["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist"]
    arguments += ["-p", "no:unraisableexception"]  # it collects garbage, which takes long here
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return pytest.main([*arguments, *files], plugins=[plugin])


def _change(module: ModuleType, source: str) -> None:
    """Give the functions of an imported module the code they have in another source of it."""
    other = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source, str(module.__file__), "exec", dont_inherit=True), other)  # noqa: S102
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(value):
            for member, function in vars(value).items():
                _swap(function, vars(other[name]).get(member))
        else:
            _swap(value, other[name])


def _swap(old: Any, new: Any) -> None:
    if hasattr(old, "cache_clear"):
        old.cache_clear()
    old, new = _function(old), _function(new)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        old.__code__ = new.__code__
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__


def _function(value: Any) -> Any:
    """The function inside a property, a class method or a function with a memory."""
    for holder in ("fget", "func", "__func__"):
        value = getattr(value, holder, value)
    return inspect.unwrap(value) if callable(value) else value


def _serve(module: str, source: str) -> None:
    """Have a module imported from a source given here instead of from its file."""

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType:
            return compile(source, self.get_filename(fullname), "exec", dont_inherit=True)

    class Finder(importlib.machinery.PathFinder):
        @classmethod
        def find_spec(
            cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> importlib.machinery.ModuleSpec | None:
            found = super().find_spec(name, path, target) if name == module else None
            if found:
                found.loader = Loader(name, str(found.origin))
            return found

    sys.meta_path.insert(0, Finder)


def _be_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
