"""Work spread over processes, whose faults come back as plain words and stop nothing else."""

from __future__ import annotations

import signal
import threading
import traceback
import warnings
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for_end
from os import _exit
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from hokkaido_gis.errors import LayerError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

T = TypeVar("T")

# Results that wait for a process: enough that none is idle, few enough for large layers.
_WAITING = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one piece of work; errors themselves do not all pass between processes.

    Attributes
    ----------
    message
        For people.
    of_output
        The folder cannot be written, so that nothing else could be either.
    of_input
        A layer or table cannot be used as it came.
    trace
        Traceback as text.
    """

    message: str
    of_output: bool
    of_input: bool
    trace: str

    @classmethod
    def of(cls, error: Exception) -> Fault:
        """Describe an error."""
        known = isinstance(error, LayerError | OutputError)
        return cls(
            str(error) if known else f"{type(error).__name__}: {error}",
            isinstance(error, OutputError),
            isinstance(error, LayerError),
            "".join(traceback.format_exception(error)),
        )


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a piece of work gave.

    Attributes
    ----------
    name
        Of the work.
    value
        Its result; ``None`` after a fault.
    fault
        What went wrong, if anything.
    """

    name: str
    value: T | None
    fault: Fault | None = None


class Workers(Generic[T]):
    """Processes that share pieces of work; with one, the work is done where it is asked for.

    Parameters
    ----------
    jobs
        Number of processes. More than one are started afresh (``spawn``), the same way on every
        system; a script that asks for them keeps its own work under ``if __name__ == "__main__"``.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._running: dict[Future[tuple[T | Fault, list[Warning]]], str] = {}

    def __enter__(self) -> Self:
        if self._jobs > 1:
            self._pool = ProcessPoolExecutor(
                self._jobs, mp_context=get_context("spawn"), initializer=_prepare
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # What a process has begun is brought to its end, so that no file is left half written.
            self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, name: str, work: Callable[..., T], *arguments: Any) -> Iterator[Answer[T]]:
        """Hand over a piece of work, and give the answers that have come meanwhile."""
        if self._pool is None:
            yield _answer(name, _try(work, *arguments))
            return
        self._running[self._pool.submit(_try, work, *arguments)] = name
        most = _WAITING * self._jobs
        yield from self._done(0 if len(self._running) < most else None)

    def rest(self) -> Iterator[Answer[T]]:
        """Wait for the answers that are still to come."""
        while self._running:
            yield from self._done(None)

    def _done(self, timeout: float | None) -> Iterator[Answer[T]]:
        done, _ = wait(self._running, timeout, return_when=FIRST_COMPLETED)
        for future in done:
            name = self._running.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool as error:
                raise RuntimeError(
                    "a drawing process ended before its work, perhaps for want of memory. Run "
                    "again with --jobs 1: what has been made is kept"
                ) from error
            yield _answer(name, outcome)


def _answer(name: str, outcome: tuple[T | Fault, list[Warning]]) -> Answer[T]:
    value, notes = outcome
    for note in notes:
        warnings.warn(note, stacklevel=4)
    if isinstance(value, Fault):
        return Answer(name, None, value)
    return Answer(name, value)


def _try(work: Callable[..., T], *arguments: Any) -> tuple[T | Fault, list[Warning]]:
    """Do a piece of work; its warnings and errors come back as values."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value: T | Fault = work(*arguments)
        except Exception as error:  # noqa: BLE001  (one fault must not stop the rest)
            value = Fault.of(error)
    return value, [note.category(str(note.message)) for note in caught]


def _prepare() -> None:
    """Leave Ctrl-C to the process that shares out the work, and end when that has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        _exit(1)
