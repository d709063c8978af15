"""The same inputs give the same bytes under any locale, console, clock zone, hash seed and jobs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hokkaido_gis.datasets import sample_data

if TYPE_CHECKING:
    from collections.abc import Callable

# Enough figures of chapter 6 for `--jobs 2` to start another process.
CHAPTER = "6"
PLAIN = {"LANG": "C", "LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"}
JAPANESE = {
    # Where the system lacks the locale, C.UTF-8 stands for it; the console is cp932 all the same.
    "LANG": "ja_JP.UTF-8",
    "LC_ALL": "ja_JP.UTF-8",
    "TZ": "Asia/Tokyo",
    "PYTHONHASHSEED": "2",
    "PYTHONIOENCODING": "cp932",
}
UTF8 = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "America/New_York", "PYTHONHASHSEED": "3"}


def run(words: list[str], folder: Path, environment: dict[str, str]) -> bytes:
    """Run the command line in a folder under an environment, and give what it printed."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LC_", "LANG", "PYTHON", "TZ"))
    }
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "hokkaido_gis", *words],
        cwd=folder, env=kept | environment, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"Traceback" not in done.stderr
    return done.stdout


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Hashes of all files of a report made under an environment."""
    root = tmp_path_factory.mktemp("reports")

    @cache
    def make(name: str, jobs: int, environment: tuple[tuple[str, str], ...]) -> dict[str, str]:
        words = ["report", "--chapter", CHAPTER, "--jobs", str(jobs), "--out", "out"]
        run(words, root / name, dict(environment))
        return hashes(root / name / "out")

    return make


def test_a_report_under_a_japanese_console_with_two_processes(report):
    one = report("plain", 1, tuple(PLAIN.items()))
    other = report("japanese", 2, tuple(JAPANESE.items()))
    kinds = {Path(name).suffix for name in one}
    assert kinds >= {".kmz", ".html", ".png", ".csv", ".xlsx", ".gpkg", ".json", ".jsonl"}
    assert [name for name in one if one[name] != other.get(name)] == []
    assert other.keys() == one.keys()


@pytest.mark.parametrize(
    "words",
    [
        ["map", "SAMPLE/dams.geojson", "--lang", "en", "--out", "out/dams.html"],
        ["adjacency", "SAMPLE/municipalities.geojson", "--out", "out/pairs.xlsx"],
    ],
    ids=lambda words: words[0],
)
def test_commands_under_other_environments(words, tmp_path):
    here = [word.replace("SAMPLE", str(sample_data())) for word in words]
    printed, made = [], []
    for number, environment in enumerate((UTF8, JAPANESE)):
        printed.append(run(here, tmp_path / str(number), environment))
        made.append(hashes(tmp_path / str(number) / "out"))
    assert made[0]
    assert made[0] == made[1]
    assert printed[0] == printed[1]


@pytest.mark.parametrize("words", [["list"], ["list", "--lang", "en"]], ids=" ".join)
def test_tables_on_the_console_are_the_same_text_as_far_as_it_can_show_them(words, tmp_path):
    utf8 = run(words, tmp_path / "utf8", UTF8).decode("utf-8")
    cp932 = run(words, tmp_path / "cp932", JAPANESE)
    assert len(utf8.splitlines()) > 100
    expected = utf8.encode("cp932", errors="backslashreplace").decode("cp932")
    assert cp932.decode("cp932").splitlines() == expected.splitlines()
