"""What a worker does with a part, and what it sends back."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm import tqdm

from hokkaido_gis.analysis.segment_search import as_part_of
from hokkaido_gis.cluster.kept import find_kept, keep
from hokkaido_gis.cluster.parts import write_part
from hokkaido_gis.errors import HokkaidoGisError, LayerWarning
from hokkaido_gis.io.journal import hash_input, hash_of, package_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from hokkaido_gis.cluster.parts import Part

    Work = Callable[..., Any]

_MOST_NOTES = 5


class WorkersLostError(HokkaidoGisError):
    """A part ended every worker that it was given to; what is done is kept for the next run."""


class Made(NamedTuple):
    """What comes back of a part: its result unless that was written, and notes."""

    result: Any
    notes: tuple[str, ...]


class Task(NamedTuple):
    """A part to work on.

    Attributes
    ----------
    part
        The part.
    target
        Where to write what comes of it; None to send it back.
    columns
        Columns to read; all where None.
    rows
        Rows of all parts together.
    asked
        Hash of the function and what it is given.
    """

    part: Part
    target: Path | None = None
    columns: Sequence[str] | None = None
    rows: int = 0
    asked: str = ""

    @property
    def notes_file(self) -> Path | None:
        """File that says what it was made of; beside its folder, which holds only parts."""
        return self.target and self.target.parent.with_name(f"{self.target.stem}.notes")

    def run(self, function: Work, shared: tuple[object, ...]) -> Made:
        """Read the part, work on it, and write it, unless an earlier run has left it whole."""
        if self.target is None or self.notes_file is None:
            return self._work(function, shared)
        key = self._key(self.target.name)
        kept = find_kept(self.notes_file, key, self.target.parent)
        if kept is not None:
            return Made(None, kept.notes)
        result, notes = self._work(function, shared)
        if self.target.parent.is_dir():  # else the run was called off, and its folder cleared
            write_part(result, self.target)
            keep(self.notes_file, key, [self.target], notes)
        return Made(None, notes)

    def _key(self, name: str) -> str:
        """Hash of all that the part to be written stands on, in the process that makes it."""
        place = (name, str(self.part.crs), str(self.part.first_row), str(self.rows))
        return hash_of([package_version(), self.asked, hash_input(self.part.path), *place])

    def _work(self, function: Work, shared: tuple[object, ...]) -> Made:
        with warnings.catch_warnings(record=True) as caught, as_part_of(self.rows):
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", LayerWarning)
            result = function(self.part.read(columns=self.columns), *shared)
        return Made(result, tuple(dict.fromkeys(str(each.message) for each in caught)))


def over_parts(
    client: Any,
    tasks: Sequence[Task],
    function: Work,
    shared: tuple[object, ...],
    *,
    progress: bool = False,
) -> list[Any]:
    """Run a function over parts, each on whichever worker is free, and tell what they noted.

    Parameters
    ----------
    client
        Connected `distributed.Client`.
    tasks
        Parts of one layer.
    function
        Takes a part's frame and `shared`.
    shared
        What every part needs; sent to each worker once.
    progress
        Whether parts done are shown on standard error.

    Returns
    -------
    list
        What the function returned, in the order of `tasks`; None where it was written.

    Raises
    ------
    HokkaidoGisError
        What the function raised of that kind, with the name of the part.
    WorkersLostError
        If a part ended every worker it was given to.
    """
    from distributed import as_completed  # noqa: PLC0415

    # A task, unlike scattered data, is done again when all workers that hold it are lost.
    held = client.submit(_hold, shared, pure=False)
    futures = {
        client.submit(Task.run, task, function, held, pure=False): number
        for number, task in enumerate(tasks)
    }
    made: dict[int, Made] = {}
    with tqdm(total=len(tasks), unit="part", disable=None if progress else True) as bar:
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            number = futures[future]
            made[number] = _result(future, tasks[number].part)
            bar.update()
    done = [made[number] for number in range(len(tasks))]
    _tell_notes(tasks, done)
    return [one.result for one in done]


def _hold(shared: tuple[object, ...]) -> tuple[object, ...]:
    return shared


def _result(future: Any, part: Part) -> Made:
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        made: Made = future.result()
    except KilledWorker as error:
        raise WorkersLostError(
            f"{part.path.name} of {part.rows:,} rows ended every worker that it was given to, most "
            "likely for want of memory. Cut the layer into smaller parts (rows_per_part), or take "
            "fewer workers. Parts that are done are kept for the next run."
        ) from error
    except HokkaidoGisError as error:
        error.add_note(f"in {part.path.name}")
        raise
    return made


def _tell_notes(tasks: Sequence[Task], made: Iterable[Made]) -> None:
    """Tell what was noted of parts: once what is true of several, and by name what is of one."""
    notes = [(task.part, note) for task, one in zip(tasks, made, strict=True) for note in one.notes]
    times = Counter(note for _, note in notes)
    common = [note for note, count in times.items() if count > 1 or len(tasks) == 1]
    single = [f"{part.path.name}: {note}" for part, note in notes if note not in common]
    told = [*common, *single[:_MOST_NOTES]]
    if len(single) > _MOST_NOTES:
        told.append(f"{len(single) - _MOST_NOTES} more notes like these, of other parts.")
    for note in told:
        warnings.warn(note, LayerWarning, stacklevel=5)
