"""Two runs into one folder: the second is told of the first; a killed one is in nobody's way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import filelock
import geopandas as gpd
import pytest
import shapely

from hokkaido_gis.cli import run as run_cli
from hokkaido_gis.errors import OutputError
from hokkaido_gis.io import output
from hokkaido_gis.io.alone import LOCK, RUNNING
from hokkaido_gis.io.output import clear_leftovers, replace_when_complete
from hokkaido_gis.report.alone import alone_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from hokkaido_gis.report.alone import alone_in
with alone_in(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at work in the folder ``out``."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


def test_the_second_run_is_told_which_process_is_at_work(other, tmp_path, capsys):
    out = tmp_path / "out"
    began = json.loads((out / RUNNING).read_text(encoding="utf-8"))["began"]
    expected = rf"into .*out: process {other.pid} on .*, begun {began[:16]}.*Wait .*--out"
    with pytest.raises(OutputError, match=expected.replace("+", r"\+")), alone_in(out):
        pytest.fail("two runs at once")
    before = sorted(path.name for path in out.iterdir())
    for command in (["report", "--only", "fig-3-6"], ["figure", "fig-3-6"]):
        assert run_cli([*command, "--out", str(out), "-q"]) == 2
        assert f"process {other.pid}" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == before == [LOCK, RUNNING]


def test_a_run_that_was_killed_keeps_nobody_out(other, tmp_path):
    out = tmp_path / "out"
    half = out / "kmz" / ".fig-2-3.kmz.a1b2c3d4"
    half.mkdir(parents=True)
    (half / "fig-2-3.kmz").write_bytes(b"half")
    other.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    other.wait()
    assert (out / RUNNING).exists()
    with alone_in(out):
        told = json.loads((out / RUNNING).read_text(encoding="utf-8"))
        assert told["process"] == os.getpid()
        assert not half.exists()
    assert {path.name for path in out.iterdir()} == {"kmz"}


def test_who_it_is_need_not_be_known(other, tmp_path):
    out = tmp_path / "out"
    for content in ("", "[]", "{}", "\udcff"):
        (out / RUNNING).write_text(content, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(OutputError, match=r"into \S*out\. Wait"), alone_in(out):
            pytest.fail("two runs at once")


def test_one_after_the_other_and_after_an_error(tmp_path):
    with alone_in(tmp_path / "out"):
        pass
    with pytest.raises(KeyError), alone_in(tmp_path / "out"):
        raise KeyError
    with alone_in(tmp_path / "out"):
        assert (tmp_path / "out" / RUNNING).exists()
    assert not (tmp_path / "out" / RUNNING).exists()


def test_folders_apart_are_written_at_once(tmp_path):
    with alone_in(tmp_path / "a"), alone_in(tmp_path / "b"):
        assert all((tmp_path / name / RUNNING).exists() for name in "ab")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied.*may be written"),
        (OSError(30, "Read-only file system"), "Read-only file system.*may be written"),
        (OSError(28, "No space left on device"), "No space left on device.*disk has room"),
    ],
)
def test_a_folder_that_cannot_be_locked_is_told(tmp_path, monkeypatch, error, said):
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    expected = f"Cannot write in .*out: {said}.*--out"
    with pytest.raises(OutputError, match=expected), alone_in(tmp_path / "out"):
        pytest.fail("not locked")


def test_files_of_commands_that_write_beside_the_report_stay(tmp_path):
    """In the folder itself only names that runs write are cleared, and nothing else hidden."""
    own = [".ledger.csv.a1b2c3d4", "png/.fig-2-3.png.a1b2c3d4"]
    others = [".own.kmz.a1b2c3d4", ".ledger.csv.a1b2c3", "maps/.a.kmz.a1b2c3d4"]
    for name in (*own, *others):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "formed.gpkg").write_bytes(b"half")
    foreign = tmp_path / "png" / ".config.settings"
    foreign.mkdir()
    (foreign / "mine.txt").write_text("mine", encoding="utf-8")
    with alone_in(tmp_path):
        pass
    assert [name for name in own if (tmp_path / name).exists()] == []
    assert [name for name in others if not (tmp_path / name).exists()] == []
    assert (foreign / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_what_a_killed_command_left_goes_a_day_later(tmp_path):
    target = tmp_path / "map[1].kmz"
    new, old, another = (
        tmp_path / name
        for name in (".map[1].kmz.aaaaaaaa", ".map[1].kmz.bbbbbbbb", ".map1.kmz.bbbbbbbb")
    )
    for folder in (new, old, another):
        folder.mkdir()
    (old / "map[1].kmz").write_bytes(b"half")
    for folder in (old, another):
        os.utime(folder, (0, 0))
    with replace_when_complete(target) as temporary:
        temporary.write_bytes(b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([new, another, target])


def test_what_vanishes_or_may_not_be_removed_stops_nobody(tmp_path, monkeypatch):
    (tmp_path / ".a.csv.aaaaaaaa").mkdir()

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(output.shutil, "rmtree", refuse)
    clear_leftovers(tmp_path)
    assert (tmp_path / ".a.csv.aaaaaaaa").exists()


def test_two_commands_that_write_one_file_leave_one_of_both(tmp_path):
    """Each writes under a name of its own; the last to end has the file."""
    layer = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(141, 43)], crs="EPSG:6668")
    sources = []
    for number in range(2):
        sources.append(tmp_path / f"{number}.geojson")
        layer.assign(name=f"town {number}").to_file(sources[-1])
    target = tmp_path / "both.kmz"
    alone = []
    for source in sources:
        assert run_cli(["kml", str(source), "--out", str(target), "-q"]) == 0
        alone.append(target.read_bytes())
    assert alone[0] != alone[1]
    command = [sys.executable, "-m", "hokkaido_gis", "kml", "-q", "--out", str(target)]
    running = [subprocess.Popen([*command, str(source)]) for source in sources]
    seen = set()
    while any(process.poll() is None for process in running):
        seen.add(target.read_bytes())
        time.sleep(0.01)
    assert [process.returncode for process in running] == [0, 0]
    assert seen | {target.read_bytes()} <= set(alone)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
