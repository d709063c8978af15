"""One run over figures and tables: what has changed is formed here and drawn by the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import MissingInputError, OutputError
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.render.scene import Scene
from hokkaido_gis.report.completeness import find_gap
from hokkaido_gis.report.credits import credit_in
from hokkaido_gis.report.drawing import write_result_and_thumb
from hokkaido_gis.report.ledger import ledger
from hokkaido_gis.report.package import Package, write_package
from hokkaido_gis.report.parallel import Answer, Fault, Workers
from hokkaido_gis.report.place import Place
from hokkaido_gis.report.rerun import Fingerprints, Journal, Record
from hokkaido_gis.report.results import Table
from hokkaido_gis.report.tree import Leaf, write_tree
from hokkaido_gis.report.workbook import Sheet, column_kinds, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hokkaido_gis.render.scene import Lang
    from hokkaido_gis.report.inputs import Inputs
    from hokkaido_gis.report.registry import Entry
    from hokkaido_gis.report.results import Result

LEDGER, WORKBOOK = "ledger.csv", "tables.xlsx"
TREE, PACKAGE = "hokkaido_gis.kmz", "hokkaido_gis.gpkg"
BUNDLES = (TREE, PACKAGE, WORKBOOK)
_PLACE = "place"

# Fewer figures than this are drawn sooner than another process has started.
_WORTH_A_PROCESS = 8

Work = Callable[..., list[Path]]


class Making:
    """Makes entries and bundles into a folder, and notes what it made of what.

    Parameters
    ----------
    inputs
        Layers and tables of the run.
    folder
        Folder of results.
    lang
        Language of the results.
    """

    def __init__(self, inputs: Inputs, folder: Path, lang: Lang) -> None:
        self.inputs, self.folder, self.lang = inputs, folder, lang
        self.journal = Journal(folder)
        self.place = self._find_place(Fingerprints(inputs.folder, lang))
        self.prints = Fingerprints(inputs.folder, lang, self.place)
        self.records: dict[str, Record] = {}
        self.faults: dict[str, Fault] = {}
        self.older: set[str] = set()
        self._begun: dict[str, Record] = {}
        self._package = Package()
        self._formed: set[str] = set()

    def take_over(self, others: Iterable[Entry]) -> list[Entry]:
        """Take in what the folder of results holds of the same report, as it is.

        Parameters
        ----------
        others
            Entries that this run does not make.

        Returns
        -------
        list of Entry
            Those that the folder holds. `older` has the ids of those that would come out otherwise
            now, since what they were made of has changed.

        Raises
        ------
        OutputError
            If the folder holds another report, of which this run would leave a part.
        """
        found = []
        for entry in others:
            record = self.journal.find_whole(entry.id)
            if record is None:
                continue
            if record.report != self.prints.report:
                raise OutputError(
                    f"{self.folder} holds a report in another language, or of another folder or "
                    "prefecture; a part of this one would be mixed with it. Name another folder "
                    "with --out, or make the whole report again."
                )
            if self.journal.find(entry.id, self.prints) is None:
                self.older.add(entry.id)
            self.records[entry.id] = record
            found.append(entry)
        return found

    def run(
        self,
        entries: Sequence[Entry],
        others: Sequence[Entry] = (),
        *,
        jobs: int,
        bar: bool,
    ) -> None:
        """Make what is not there or has changed; `records` and `faults` hold what became of each.

        Parameters
        ----------
        entries
            Figures and tables.
        others
            What `take_over` gave; ledger and bundles hold these too.
        jobs
            Most processes that draw.
        bar
            Show a progress bar on standard error, if it is a terminal.

        Raises
        ------
        OutputError
            If the folder cannot be written; what has been made by then is whole and noted.
        """
        stale = [entry for entry in entries if not self._is_there(entry.id)]
        listed = sorted([*entries, *others], key=lambda entry: entry.place)
        if stale:
            self.journal.begin()
            self._note_place()
        processes = min(jobs, 1 + len(stale) // _WORTH_A_PROCESS)
        total = len(stale) + len(BUNDLES) + 1
        with (
            tqdm(
                total=total, unit="figure", disable=None if bar else True, leave=False
            ) as progress,
            Workers[list[Path]](processes) as workers,
        ):

            def take(answers: Iterable[Answer[list[Path]]]) -> None:
                for answer in answers:
                    self._take(answer)
                    progress.update()

            for entry in stale:
                take(self._make(entry, workers))
            take(self._check(listed))
            take(self._bundle_maps(listed, workers))
            take(workers.rest())
            take(self._bundle_figures(listed, workers))
            take(self._bundle_tables(listed, workers))
            take(workers.rest())

    def files(self) -> list[tuple[str, Path]]:
        """Layer and path of each file that anything was made of, the report's tables last."""
        found = {file for record in self.records.values() for file in record.files}
        ordered = sorted(found, key=lambda file: (file[0] == "report", *file))
        return [(layer, self.path_of(layer, name)) for layer, name in ordered]

    def path_of(self, layer: str, name: str) -> Path:
        """Path of a file that a record names."""
        return (sample_data() / "report" if layer == "report" else self.inputs.folder) / name

    def _find_place(self, prints: Fingerprints) -> Place:
        """Prefecture of the boundaries, as it is noted while these are the same."""
        self._place: Record | None = None
        record = self.journal.find(_PLACE, prints)
        if record is not None:
            return Place(record.notes["prefectures"], record.notes["regions"])
        with self.inputs.watched() as needs:
            place = self.inputs.place
        notes = {"prefectures": place.prefectures, "regions": place.regions}
        key = prints.key(_PLACE, needs)
        self._place = Record(_PLACE, key, needs=tuple(sorted(needs)), notes=notes)
        return place

    def _note_place(self) -> None:
        if self._place is not None and self._place.needs:
            self.journal.add(self._place)

    def _is_there(self, name: str, *parts: str) -> bool:
        record = self.journal.find(name, self.prints, *parts)
        if record is not None:
            self.records[name] = record
        return record is not None

    def _make(self, entry: Entry, workers: Workers[list[Path]]) -> Iterable[Answer[list[Path]]]:
        """Form an entry, and hand it over to be drawn."""
        with self.inputs.watched() as needs:
            try:
                result = form(entry, self.inputs, self.lang)
                gap = find_gap(entry.id, self.inputs)
            except MissingInputError as error:
                record = self._record(entry.id, needs, why_not=(str(error), error.japanese))
                self._begun[entry.id] = record
                return [Answer(entry.id, [])]
            except Exception as error:  # noqa: BLE001  (one fault must not stop the rest)
                return [Answer(entry.id, None, Fault.of(error))]
        record = replace(self._record(entry.id, needs, result), gap=gap)
        if isinstance(result, Scene):
            record = replace(record, notes=self._pack(entry.id, result))
        self._begun[entry.id] = record
        return workers.put(entry.id, write_result_and_thumb, result, self.folder, entry.id)

    def _record(
        self,
        name: str,
        needs: set[str],
        result: Result | None = None,
        *,
        why_not: tuple[str, str] | None = None,
    ) -> Record:
        files = [
            (layer, path.relative_to(self.path_of(layer, "")).as_posix())
            for layer, path in self.inputs.used(needs)
        ]
        return Record(
            name,
            self.prints.key(name, needs),
            title=result.title if result is not None else "",
            caption=result.caption if result is not None else "",
            needs=tuple(sorted(needs)),
            files=tuple(files),
            columns=column_kinds(result.frame) if isinstance(result, Table) else (),
            why_not=why_not,
            report=self.prints.report,
        )

    def _take(self, answer: Answer[list[Path]]) -> None:
        """Note what was made, or what went wrong."""
        if answer.fault is not None and answer.fault.of_output:
            raise OutputError(answer.fault.message)
        begun = self._begun.pop(answer.name, None)
        if answer.fault is not None:
            self.faults[answer.name] = answer.fault
        elif begun is not None:
            self.records[answer.name] = self.journal.add(begun, answer.value or [])

    def _check(self, listed: Sequence[Entry]) -> list[Answer[list[Path]]]:
        """Compare published with computed figures; without the workers, as it needs the layers."""
        ids = [entry.id for entry in listed]
        chapters = {entry.chapter for entry in listed}
        if self._is_there(LEDGER, *ids):
            return [Answer(LEDGER, [])]
        path = self.folder / LEDGER
        with self.inputs.watched() as needs:
            try:
                chapter = chapters.pop() if len(chapters) == 1 else None
                checked = ledger(self.inputs, chapter=chapter, lang=self.lang)
                write_table(checked[checked["id"].isin(ids)], path)
            except Exception as error:  # noqa: BLE001  (one fault must not stop the rest)
                return [Answer(LEDGER, None, Fault.of(error))]
        record = self._record(LEDGER, needs)
        key = self.prints.key(LEDGER, needs, *ids)
        self._begun[LEDGER] = replace(record, key=key)
        return [Answer(LEDGER, [path])]

    def _pack(self, name: str, scene: Scene) -> dict[str, tuple[str, ...]]:
        """Take the layers of a map into the package, and give what tells them in a later run."""
        looks = self._package.add(name, scene)
        self._formed.add(name)
        return {"looks": tuple(look for look, _ in looks), "titles": tuple(t for _, t in looks)}

    def _bundle_maps(
        self, listed: Sequence[Entry], workers: Workers[list[Path]]
    ) -> Iterable[Answer[list[Path]]]:
        """Bundle the layers of all maps; tables of those that did not change are taken as they are.

        Only where the older package has not got them are maps formed once more.
        """
        known = {**self.records, **self._begun}
        maps = {
            entry.id: entry
            for entry in listed
            if entry.id in self._formed or (entry.id in known and known[entry.id].notes)
        }
        parts = [known[name].key for name in maps if name in known]
        if not maps or self._is_there(PACKAGE, *parts):
            return [Answer(PACKAGE, [])]
        for name in maps:
            if name not in self._formed:
                notes = known[name].notes
                looks = zip(notes["looks"], notes["titles"], strict=True)
                self._package.recall(name, tuple(looks))
        record = self.journal.find_whole(PACKAGE)
        notes = {} if record is None or not record.outputs else record.notes
        older = dict(zip(notes.get("looks", ()), notes.get("tables", ()), strict=True))
        tables = self._package.tables(list(maps))
        for name in self._package.maps_to_form(tables, older):
            result = form(maps[name], self.inputs, self.lang)
            if isinstance(result, Scene):
                self._pack(name, result)
        tables = self._package.tables(list(maps))
        self._begun[PACKAGE] = Record(
            PACKAGE,
            self.prints.key(PACKAGE, (), *parts),
            notes={"looks": tuple(tables), "tables": tuple(tables.values())},
        )
        scene = self._package.scene(tables, self.lang)
        path = self.folder / PACKAGE
        return workers.put(PACKAGE, write_package, scene, list(tables.values()), path)

    def _bundle_figures(
        self, listed: Sequence[Entry], workers: Workers[list[Path]]
    ) -> Iterable[Answer[list[Path]]]:
        """Bundle all maps and charts as one tree."""
        leaves, parts = [], []
        for entry in listed:
            record = self.records.get(entry.id)
            if record is None or record.columns or record.why_not:
                continue
            path = min(path for path in record.outputs if path.startswith(("kmz/", "png/")))
            file = self.folder / path  # the KMZ where there is one
            leaves.append(Leaf(entry.id, entry.chapter, record.title, record.caption, file))
            parts.append(f"{record.key} {record.outputs[path]}")
        return self._bundle(TREE, parts, workers, write_tree, leaves)

    def _bundle_tables(
        self, listed: Sequence[Entry], workers: Workers[list[Path]]
    ) -> Iterable[Answer[list[Path]]]:
        """Bundle all tables as one workbook."""
        sheets, parts = [], []
        for entry in listed:
            record = self.records.get(entry.id)
            if record is not None and record.columns:
                (path,) = record.outputs
                sheet = Sheet(
                    entry.id, record.title, record.caption, self.folder / path, record.columns
                )
                sheets.append(sheet)
                parts.append(f"{record.key} {record.outputs[path]}")
        return self._bundle(WORKBOOK, parts, workers, write_workbook, sheets)

    def _bundle(
        self,
        name: str,
        parts: list[str],
        workers: Workers[list[Path]],
        write: Work,
        members: Sequence[Leaf] | Sequence[Sheet],
    ) -> Iterable[Answer[list[Path]]]:
        if not members or self._is_there(name, *parts):
            return [Answer(name, [])]
        self._begun[name] = Record(name, self.prints.key(name, (), *parts))
        return workers.put(name, write, members, self.folder / name, self.lang)


def form(entry: Entry, inputs: Inputs, lang: Lang) -> Result:
    """Form an entry's scene, chart or table.

    Raises
    ------
    MissingInputError
        If its inputs are lost or not in the folder.
    """
    if entry.recipe is None:
        raise MissingInputError("there is no recipe for it yet.", "作成手順がまだない。")
    result = entry.recipe(inputs, lang)
    if isinstance(result, Table):
        return result
    return replace(result, credit=credit_in(lang, result.credit))
