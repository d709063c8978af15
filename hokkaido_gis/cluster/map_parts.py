"""One function over all parts of a layer, to a folder of parts; interrupted, it goes on."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from hokkaido_gis.cluster.asked import hash_asked, hash_files
from hokkaido_gis.cluster.cut import part_name, write_parts
from hokkaido_gis.cluster.engine import Engine, require_dask
from hokkaido_gis.cluster.folder import cannot_write, put_in_place, require_replaceable, set_right
from hokkaido_gis.cluster.kept import find_kept, keep
from hokkaido_gis.cluster.parts import Part, find_parts, write_part
from hokkaido_gis.cluster.work import Task, WorkersLostError, over_parts
from hokkaido_gis.errors import HokkaidoGisError
from hokkaido_gis.io.alone import LOCK, RUNNING, one_run_in
from hokkaido_gis.io.journal import hash_of, package_version
from hokkaido_gis.io.vector import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hokkaido_gis.cluster.work import Work


class Worksite(NamedTuple):
    """A layer in parts, workers, and a hidden folder beside the one to be written.

    Attributes
    ----------
    parts
        Parts of the layer.
    home
        The hidden folder.
    target
        Folder to be written.
    engine
        As stated.
    client
        Connected `distributed.Client`.
    """

    parts: list[Part]
    home: Path
    target: Path
    engine: Engine
    client: Any

    @property
    def rows(self) -> int:
        """Rows of the whole layer."""
        return sum(part.rows for part in self.parts)

    def collect(self, function: Work, *shared: object, columns: list[str]) -> list[Any]:
        """Run a function over some columns of the parts and return what it returns."""
        tasks = [Task(part, columns=columns, rows=self.rows) for part in self.parts]
        return over_parts(self.client, tasks, function, shared, progress=self.engine.progress)

    def make(self, function: Work, *shared: object) -> Path:
        """Run a function over the parts and write what it returns as parts, at the target."""
        asked = hash_asked(function, shared)
        # Under a name of its own, so that no worker of a run that was lost writes into it.
        made = self.home / "made" / asked
        tasks = [
            Task(part, made / part_name(i), rows=self.rows, asked=asked)
            for i, part in enumerate(self.parts)
        ]
        made.mkdir(parents=True, exist_ok=True)
        _remove_others(made.parent, [made, *(task.notes_file for task in tasks)])
        over_parts(self.client, tasks, function, shared, progress=self.engine.progress)
        _remove_others(made, [task.target for task in tasks])
        _bring_to_one_kind(made)
        put_in_place(made, self.target)
        return self.target


@contextmanager
def open_worksite(
    layer: str | Path, *, out: str | Path, engine: Engine | None, crs: str | None
) -> Iterator[Worksite]:
    """Cut a layer into parts where it is a file, start workers, and clear up at the end.

    Parameters
    ----------
    layer
        Folder of parts, or a file.
    out
        Folder of parts to write.
    engine
        Workers; one a processor of this machine where None.
    crs
        CRS of a layer that states none.

    Yields
    ------
    Worksite
        Its hidden folder is kept when the work is interrupted or workers are lost.

    Raises
    ------
    LayerError, OutputError, HokkaidoGisError
        As by `map_parts`.
    """
    engine = engine or Engine()
    target = require_replaceable(out).resolve()
    require_dask()
    home = target.with_name(f".{target.name}.unfinished")
    try:
        with one_run_in(home, shown=target):
            set_right(home, target)
            try:
                parts = ready_parts(layer, home, engine=engine, crs=crs)
                with engine.client() as client:
                    yield Worksite(parts, home, target, engine, client)
            except WorkersLostError:
                raise
            except HokkaidoGisError:
                _clear(home)
                raise
            _clear(home)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with suppress(OSError):  # not empty: kept for the next run, or another one is at work
            home.rmdir()


def ready_parts(layer: str | Path, home: Path, *, engine: Engine, crs: str | None) -> list[Part]:
    """Find the parts of a layer, after cutting it into parts where it is a file.

    Parameters
    ----------
    layer
        Folder of parts, or file.
    home
        Folder to cut a file in; parts of the same file that stand there already are taken.
    engine
        States the rows of a part.
    crs
        CRS of a layer that states none.
    """
    if Path(layer).is_dir():
        return find_parts(Path(layer).resolve(), crs=crs)
    source, cut, notes_file = Source.parse(layer), home / "layer", home / "layer.notes"
    files = hash_files(source.path) if source.path.is_file() else []
    asked = (str(source.layer), str(engine.rows_per_part), str(crs))
    key = hash_of([package_version(), *asked, *files])
    kept = find_kept(notes_file, key, cut)
    if kept is None:
        write_parts(layer, cut, rows_per_part=engine.rows_per_part, crs=crs)
        kept = keep(notes_file, key, cut.iterdir())
    _remove_others(cut, [cut / name for name in kept.files])
    return find_parts(cut)


def map_parts(
    layer: str | Path,
    function: Work,
    *shared: object,
    out: str | Path,
    engine: Engine | None = None,
    crs: str | None = None,
) -> Path:
    """Apply a function to every part of a layer and write what it returns as parts.

    Parameters
    ----------
    layer
        Folder of parts, or a file that is cut into parts first.
    function
        Takes a part, a `geopandas.GeoDataFrame` on the row numbers of the whole layer, and
        `shared`; returns a frame on the same index. Of a module that the workers can import.
    *shared
        What every part needs, such as small layers; sent to each worker once, and not to be
        changed.
    out
        Folder of parts to write, whole or not at all.
    engine
        Workers; one a processor of this machine where None.
    crs
        CRS of a layer that states none.

    Returns
    -------
    Path
        The folder, with a part for each of `layer` and columns of one kind throughout.

    Raises
    ------
    LayerError
        If the layer cannot be read, or its parts do not fit together.
    OutputError
        If the folder cannot be written, holds other files, or another run is writing it.
    HokkaidoGisError
        If Dask is not installed, no scheduler answers, or a part ended every worker it was given
        to.

    Notes
    -----
    Work stands in a hidden folder beside `out` until it is whole. Interrupted, it goes on there
    when the same is asked again. A part that is done is taken if, by hashes, it is as it was
    written, and the part it was made of, the module of `function`, the values of `shared`, the
    files named there, this package and the libraries under it are the same. What `function` finds
    by itself, such as other modules of one's own, is not looked at.
    """
    with open_worksite(layer, out=out, engine=engine, crs=crs) as site:
        return site.make(function, *shared)


def _clear(home: Path) -> None:
    """Remove all but the lock."""
    _remove_others(home, [home / LOCK, home / RUNNING])


def _remove_others(folder: Path, wanted: Iterable[Path | None]) -> None:
    """Remove from a folder what else is there."""
    gone = folder / "gone"
    for path in set(folder.iterdir()) - {*wanted, gone}:
        if path.is_dir():
            # Workers that were called off may still be writing there; they end at a lost folder.
            shutil.rmtree(gone, ignore_errors=True)
            path.replace(gone)
        else:
            path.unlink()
    shutil.rmtree(gone, ignore_errors=True)


def _bring_to_one_kind(folder: Path) -> None:
    """Give a column the same kind in all parts: the one it would have in the whole layer."""
    kinds: dict[tuple[str, ...], list[Part]] = {}
    for part in find_parts(folder):
        kinds.setdefault(tuple(map(repr, part.schema.dtypes)), []).append(part)
    if len(kinds) == 1:
        return
    common = pd.concat([alike[0].schema for alike in kinds.values()]).dtypes
    for alike in kinds.values():
        other = common[alike[0].schema.dtypes != common]
        for part in alike if len(other) else ():
            write_part(part.read().astype(other.to_dict()), part.path)
