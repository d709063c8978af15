"""One function over all parts of a layer, to a folder of parts; interrupted, it goes on."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from hokkaido_gis._version import __version__
from hokkaido_gis.cluster.cut import part_name, write_parts
from hokkaido_gis.cluster.engine import Engine, require_dask
from hokkaido_gis.cluster.folder import cannot_write, put_in_place, require_replaceable
from hokkaido_gis.cluster.parts import Part, find_parts, write_part
from hokkaido_gis.cluster.work import Task, WorkersLostError, over_parts
from hokkaido_gis.errors import HokkaidoGisError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        made = self._kept_folder(function, shared)
        tasks = [
            Task(part, made / part_name(i), rows=self.rows) for i, part in enumerate(self.parts)
        ]
        over_parts(self.client, tasks, function, shared, progress=self.engine.progress)
        _bring_to_one_kind(made)
        for notes in made.glob("*.notes"):
            notes.unlink()
        put_in_place(made, self.target)
        return self.target

    def _kept_folder(self, function: Work, shared: tuple[object, ...]) -> Path:
        """Folder of parts made by an earlier run that was asked the same, else an empty one."""
        made, mark = self.home / "made", self.home / "asked"
        layer = [(str(part.path), _stamp(part.path), part.crs) for part in self.parts]
        token = _token([__version__, function, shared, layer])
        if not mark.is_file() or mark.read_text(encoding="ascii") != token:
            shutil.rmtree(made, ignore_errors=True)
            mark.write_text(token, encoding="ascii")
        made.mkdir(exist_ok=True)
        return made


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
        home.mkdir(parents=True, exist_ok=True)
        parts = ready_parts(layer, home, engine=engine, crs=crs)
        with engine.client() as client:
            yield Worksite(parts, home, target, engine, client)
    except WorkersLostError:
        raise
    except HokkaidoGisError:
        _clear(home)
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
    _clear(home)


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
    mark = home / "cut"
    asked = _token([str(layer), _stamp(layer), engine.rows_per_part, crs])
    if not mark.is_file() or mark.read_text(encoding="ascii") != asked:
        write_parts(layer, home / "layer", rows_per_part=engine.rows_per_part, crs=crs)
        mark.write_text(asked, encoding="ascii")
    return find_parts(home / "layer")


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
        If the folder cannot be written, or holds other files.
    HokkaidoGisError
        If Dask is not installed, no scheduler answers, or a part ended every worker it was given
        to.

    Notes
    -----
    Work stands in a hidden folder beside `out` until it is whole. Interrupted, it goes on there
    when the same is asked again: of the same parts, with the same options.
    """
    with open_worksite(layer, out=out, engine=engine, crs=crs) as site:
        return site.make(function, *shared)


def _clear(home: Path) -> None:
    """Remove the hidden folder, though workers that were called off may still be writing in it."""
    away = home.with_name(f"{home.name}.gone")
    shutil.rmtree(away, ignore_errors=True)
    home.replace(away)
    shutil.rmtree(away)


def _token(asked: object) -> str:
    from dask.base import tokenize  # noqa: PLC0415

    return str(tokenize(asked))


def _stamp(path: str | Path) -> tuple[int, int] | None:
    file = Path(path)
    if not file.exists():
        return None
    told = file.stat()
    return told.st_size, told.st_mtime_ns


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
