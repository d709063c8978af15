"""Runs killed at random moments, in small; ``reliability/kill.py`` does a hundred."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hokkaido_gis.io.vector import write_vector

if TYPE_CHECKING:
    import geopandas as gpd

KILL = Path(__file__).resolve().parents[1] / "reliability" / "kill.py"
KILLS = 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are killed on POSIX only")
@pytest.mark.skipif(not KILL.exists(), reason="no reliability folder beside the tests")
def test_killed_runs_leave_files_old_or_new_and_reruns_are_right(tmp_path: Path) -> None:
    pytest.importorskip("psutil", reason="of the extra `reliability`")
    works = ["report", "kml", "join", "overlay"]
    command = [sys.executable, str(KILL), "--kills", str(KILLS), "--work", *works]
    run = subprocess.run([*command, "--results", str(tmp_path)], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    rows = json.loads((tmp_path / "kill.json").read_text(encoding="utf-8"))["rows"]
    assert [row["work"] for row in rows] == works
    assert sum(row["kills"] for row in rows) == KILLS
    for row in rows:
        counted = ("all old", "some new", "all new")
        assert sum(row[name] for name in counted) == row["kills"]
        assert row["neither old nor new"] == row["rerun wrong"] == 0
        assert row["that differ"] == row["files"] > 0
    (report,) = (row for row in rows if row["work"] == "report")
    assert report["left after rerun"] == 0


def test_one_layer_gives_the_same_geopackage_at_another_time(
    squares: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """Without this no rerun could be compared with another run."""
    found = {write_vector(squares, tmp_path / "a.gpkg").read_bytes() for _ in range(3)}
    assert len(found) == 1
