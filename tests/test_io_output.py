"""Whole-or-nothing output: whatever goes wrong, an older file stays and nothing is left over."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from hokkaido_gis.errors import HokkaidoGisError, OutputError
from hokkaido_gis.io import output
from hokkaido_gis.io.output import replace_when_complete, temporary_folder
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.io.vector import write_vector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd

OLD = b"the older file"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "result.csv"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may grow beyond 4 kB, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource", reason="file size limits exist on POSIX only")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_only(path: Path, content: bytes) -> None:
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == content


def test_finished_file_takes_the_place_of_the_older(older: Path) -> None:
    with replace_when_complete(older) as temporary:
        temporary.write_bytes(b"new")
        assert older.read_bytes() == OLD
    assert_only(older, b"new")


def test_temporary_keeps_folder_and_ending(tmp_path: Path) -> None:
    with replace_when_complete(tmp_path / "map.shp.zip") as temporary:
        assert temporary.name == "map.shp.zip"
        assert tmp_path in temporary.parents
        temporary.write_bytes(b"new")
    assert (tmp_path / "map.shp.zip").read_bytes() == b"new"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "result.csv"
    with replace_when_complete(str(target)) as temporary:
        temporary.write_bytes(b"new")
    assert_only(target, b"new")


@pytest.mark.parametrize(
    "error", [KeyError("column"), RuntimeError("fault of ours"), KeyboardInterrupt()], ids=repr
)
def test_exception_in_the_block_passes_and_leaves_the_older_file(
    older: Path, error: BaseException
) -> None:
    def fail_half_way() -> None:
        with replace_when_complete(older) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)) as caught:
        fail_half_way()
    assert caught.value is error
    assert_only(older, OLD)


@pytest.mark.parametrize("extra", ["result.csv-journal", "other.tmp"])
def test_what_a_writer_leaves_beside_its_file_is_cleared(older: Path, extra: str) -> None:
    with replace_when_complete(older) as temporary:
        temporary.write_bytes(b"new")
        temporary.with_name(extra).write_bytes(b"left over")
    assert_only(older, b"new")


def test_block_that_writes_nothing(older: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"Cannot write .*result\.csv: No such file"),
        replace_when_complete(older),
    ):
        pass
    assert_only(older, OLD)


def test_full_disk_shows_when_the_file_is_flushed(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(output.os, "fsync", full)
    expected = r"Cannot write .*result\.csv: No space left on device\..*disk has room"
    with (
        pytest.raises(OutputError, match=expected),
        replace_when_complete(older) as temporary,
    ):
        temporary.write_bytes(b"half")
    assert_only(older, OLD)


def test_folder_that_may_not_be_written(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(output.tempfile, "mkdtemp", refuse)
    with (
        pytest.raises(OutputError, match=r"Permission denied\..*folder may be written"),
        replace_when_complete(older),
    ):
        pytest.fail("the block must not run")
    assert_only(older, OLD)


def test_file_that_is_open_elsewhere(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has it (error 32); elsewhere such a file can be replaced."""
    why = "The process cannot access the file because it is being used by another process"

    def locked(*_: object) -> None:
        raise PermissionError(errno.EACCES, why, str(older), 32, str(older))

    monkeypatch.setattr(type(older), "replace", locked)
    expected = rf"result\.csv: {why}\. Close the file if another program has it open"
    with (
        pytest.raises(OutputError, match=expected),
        replace_when_complete(older) as temporary,
    ):
        temporary.write_bytes(b"new")
    assert_only(older, OLD)


def test_target_that_is_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "result.csv"
    target.mkdir()
    with (
        pytest.raises(OutputError, match=r"Cannot write .*result\.csv"),
        replace_when_complete(target) as temporary,
    ):
        temporary.write_bytes(b"new")
    assert list(tmp_path.iterdir()) == [target]
    assert list(target.iterdir()) == []


def test_file_where_a_folder_is_needed(older: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"Cannot write .*choose another place"),
        replace_when_complete(older / "below.csv"),
    ):
        pytest.fail("the block must not run")
    assert_only(older, OLD)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.usefixtures("small_disk")
def test_table_that_does_not_fit_the_disk(tmp_path: Path, ending: str) -> None:
    older = tmp_path / f"table{ending}"
    older.write_bytes(OLD)
    table = pd.DataFrame({"value": np.random.default_rng(0).random(5_000)})
    with pytest.raises(OutputError, match=rf"Cannot write .*table\{ending}: .*disk has room"):
        write_table(table, older)
    assert_only(older, OLD)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".fgb", ".parquet"])
@pytest.mark.usefixtures("small_disk")
def test_layer_that_does_not_fit_the_disk(
    squares: gpd.GeoDataFrame, tmp_path: Path, ending: str
) -> None:
    older = tmp_path / f"layer{ending}"
    older.write_bytes(OLD)
    detailed = squares.set_geometry(squares.segmentize(0.0005))
    with pytest.raises(OutputError, match=rf"Cannot write .*layer\{ending}: .*disk has room"):
        write_vector(detailed, older)
    assert_only(older, OLD)


def test_disk_that_a_library_does_not_name(older: Path, small_disk: None) -> None:
    """Such as SQLite and GDAL, which tell of a failed transaction."""
    with (
        pytest.raises(OutputError, match=r"Cannot write .*result\.csv: File too large"),
        replace_when_complete(older),
    ):
        raise RuntimeError("Failed to commit transaction")
    assert_only(older, OLD)


def test_full_temporary_folder_is_told_as_such(small_disk: None) -> None:
    with (
        pytest.raises(OutputError, match=r"Cannot write temporary files in .*File too large"),
        temporary_folder() as folder,
    ):
        (folder / "a").write_bytes(bytes(9999))
    assert not folder.exists()


def test_other_errors_pass_through_a_temporary_folder() -> None:
    with pytest.raises(FileNotFoundError), temporary_folder() as folder:
        (folder / "a").read_bytes()
    assert not folder.exists()


def test_output_error_is_an_error_of_the_input() -> None:
    assert issubclass(OutputError, HokkaidoGisError)
