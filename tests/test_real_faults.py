"""Disks that are truly full, read-only or in use, in small; ``reliability/faults.py`` tries all.

And consoles and systems set to cp932 or ASCII, with letters that these lack.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hokkaido_gis.cli import run as run_here
from hokkaido_gis.datasets import sample_data
from hokkaido_gis.errors import OutputError
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.io.vector import read_vector, write_vector

if TYPE_CHECKING:
    from collections.abc import Iterator

RELIABILITY = Path(__file__).resolve().parents[1] / "reliability"
WORKS = ("kml .kmz", "map .gpkg", "overlay .xlsx")
TOLD = {
    "full at half": r"No space left on device\. Check that the disk has room",
    "one file more": r"No space left on device\. .*more files",
    "read-only": r"Read-only file system\. Check the disk, .*another place",
    "file in use": r"busy\. Close the file if another program has it open",
    "limit on size": r"File too large\. .*files of that size",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What became of each work under each fault."""
    if not RELIABILITY.exists():
        pytest.skip("no reliability folder beside the tests")
    pytest.importorskip("psutil", reason="of the extra `reliability`")
    sys.path.append(str(RELIABILITY))
    try:
        from broken_disks import enter, why_not  # noqa: PLC0415  (a script of another folder)
    finally:
        sys.path.remove(str(RELIABILITY))
    if reason := why_not():
        pytest.skip(reason)
    kept = tmp_path_factory.mktemp("faults") / "rows.json"
    words = [sys.executable, str(RELIABILITY / "faults.py"), "--inside", str(kept)]
    words += ["--work", *WORKS, "--fault", *TOLD]
    run = subprocess.run([*enter(), *words], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    found = json.loads(kept.read_text(encoding="utf-8"))
    return {(row["work"], row["fault"]): row for row in found}


@pytest.mark.parametrize("fault", TOLD)
@pytest.mark.parametrize("work", WORKS)
def test_a_disk_that_takes_no_more_is_told_in_one_line(rows, work, fault):
    row = rows[work, fault]
    assert row["wrong"] == []
    assert row["status"] == 2
    assert row["kept"] == 1, "the older file is as it was"
    (line,) = row["told"].splitlines()
    assert line.startswith("error: Cannot write ")
    assert f"result{work[-5:].split()[-1]}: " in line
    assert re.search(TOLD[fault], line)


# --- Ends of files --------------------------------------------------------------------------------


@pytest.fixture
def limit() -> Iterator[Any]:
    """Let no file of this process grow beyond so many bytes."""
    resource = pytest.importorskip("resource", reason="file size limits exist on POSIX only")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def lines() -> gpd.GeoDataFrame:
    places = np.random.default_rng(0).random((60, 6, 2))
    shapes = [shapely.LineString(place) for place in places]
    return gpd.GeoDataFrame({"name": ["送電線" * 9] * 60}, geometry=shapes, crs="EPSG:6668")


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".geojson", ".parquet"])
def test_a_layer_whose_end_does_not_fit_is_not_written(lines, limit, tmp_path, ending):
    """GDAL says nothing of what it could not write when it closed the file."""
    path = tmp_path / f"layer{ending}"
    whole = write_vector(lines, path).read_bytes()
    for less in (1, 300, 2_000, 4_096, 20_000):
        if less >= len(whole):
            continue
        limit(len(whole) - less)
        with pytest.raises(OutputError, match=rf"Cannot write .*layer\{ending}: File too large"):
            write_vector(lines, path)
        assert path.read_bytes() == whole
    limit(len(whole))
    assert write_vector(lines, path).read_bytes() == whole
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".geojson", ".parquet"])
def test_a_layer_without_features_is_whole(lines, tmp_path, ending):
    path = write_vector(lines.head(0), tmp_path / f"layer{ending}")
    assert path.stat().st_size > 0


@pytest.mark.parametrize("shape", [None, shapely.LineString()], ids=["no geometry", "empty one"])
@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet"])
def test_a_layer_with_features_without_a_place_is_whole(lines, tmp_path, ending, shape):
    lines.loc[:2, "geometry"] = shape
    assert len(read_vector(write_vector(lines, tmp_path / f"layer{ending}"))) == len(lines)


def test_a_workbook_that_does_not_fit_is_no_fault_of_the_program(limit, tmp_path):
    """It is laid out in temporary files, whose faults come as errors of the XML library."""
    table = pd.DataFrame({"name": ["耕作放棄地"] * 3000, "ha": np.arange(3000.0)})
    path = write_table(table.head(1), tmp_path / "table.xlsx")
    older = path.read_bytes()
    limit(20_000)
    with pytest.raises(OutputError, match=r"Cannot write .*table\.xlsx: File too large"):
        write_table(table, path)
    assert path.read_bytes() == older
    assert list(tmp_path.iterdir()) == [path]


# --- Folders elsewhere ----------------------------------------------------------------------------


def test_machine_code_that_cannot_be_kept_is_used_all_the_same(limit, tmp_path, monkeypatch):
    config = pytest.importorskip("numba.core.config", reason="of the extra `fast`")
    from hokkaido_gis.analysis.compiled_search import _kept  # noqa: PLC0415  (needs numba)

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    double = _kept(lambda number: number * 2)
    limit(10)
    assert (double(2), double(3)) == (4, 6)
    assert not [path for path in tmp_path.rglob("*.nb?") if path.stat().st_size > 10]


def test_no_temporary_folder_is_told(lines, tmp_path, monkeypatch):
    path = tmp_path / "lines.kmz"
    lines.to_file(path, driver="LIBKML")
    assert len(read_vector(path)) == len(lines)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(OutputError, match=r"Cannot write temporary files.*No such.*TMPDIR|TEMP"):
        read_vector(path)


def run(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a folder under an environment."""
    dropped = ("LC_", "LANG", "PYTHONUTF8", "PYTHONIO", "HOME", "XDG", "MPL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "hokkaido_gis", *words],
        cwd=folder, env=kept | environment, check=False, capture_output=True,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc takes no folders, on Linux only")
def test_a_home_that_cannot_be_written_costs_a_cache_only(tmp_path):
    words = ["map", str(sample_data() / "ports.geojson"), "-q", "--out"]
    nobody = "/proc/nobody"
    done = run([*words, "ports.png"], tmp_path / "out", HOME=nobody, MPLCONFIGDIR=nobody)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert run_here([*words, str(tmp_path / "ports.png")]) == 0
    assert (tmp_path / "out/ports.png").read_bytes() == (tmp_path / "ports.png").read_bytes()


# --- Letters that a console or the system lacks ---------------------------------------------------

RARE = "𠮷田町😀"
CONSOLES = {
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "cp932": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp932"},
}


def test_rare_letters_give_the_same_files_on_every_console(squares, tmp_path):
    layer = write_vector(squares.reset_index().assign(memo=f"髙橋{RARE}"), tmp_path / "a.gpkg")
    table = tmp_path / "table.csv"
    table.write_text(f"name,kw\n函館市,1\n{RARE},2\n", encoding="utf-8")
    made, told = {}, {}
    for name, environment in CONSOLES.items():
        done = run(["join", str(layer), str(table), "--out", "j.gpkg"], tmp_path / name,
                   **environment)  # fmt: skip
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        made[name] = (tmp_path / name / "j.gpkg").read_bytes()
        told[name] = done.stdout
    assert len(set(made.values())) == 1
    assert RARE in told["UTF-8"].decode("utf-8")
    assert RARE.encode("cp932", "backslashreplace") in told["cp932"]


@pytest.mark.skipif(os.name == "nt", reason="names of files are Unicode on Windows")
def test_a_name_that_the_system_cannot_spell_is_told(squares, tmp_path):
    layer = write_vector(squares.reset_index(), tmp_path / "a.gpkg")
    table = tmp_path / "table.csv"
    table.write_text("name,kw\n函館市,1\n", encoding="utf-8")
    done = run(["join", str(layer), str(table), "-q", "--out", f"{RARE}.gpkg"], tmp_path / "out",
               **CONSOLES["cp932"])  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.decode("cp932").splitlines()
    assert re.match(r"error: Cannot write .*ascii.* PYTHONUTF8 to 1, or choose another name", line)
    assert list((tmp_path / "out").iterdir()) == []
