"""Notebooks run from top to bottom on the sample, show their maps, and keep no outputs."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import lxml.html
import pandas as pd
import pytest

import hokkaido_gis as hg

HERE = Path(__file__).parent
NOTEBOOKS = sorted((HERE.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What the cells of each notebook show, and the folder it wrote to; each is run once."""
    done: dict[str, tuple[list[dict[str, str]], Path]] = {}

    def run(notebook):
        if notebook.stem not in done:
            folder, beside = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("beside")
            finished = subprocess.run(
                [sys.executable, HERE / "notebook_cells.py", notebook, beside / "shown.json"],
                cwd=folder,
                env={**os.environ, "IPYTHONDIR": str(beside / "ipython")},
                capture_output=True,
                text=True,
                check=False,
            )
            assert finished.returncode == 0, finished.stdout + finished.stderr
            shown = json.loads((beside / "shown.json").read_text(encoding="utf-8"))
            done[notebook.stem] = shown, folder
        return done[notebook.stem]

    return lambda name: run(next(each for each in NOTEBOOKS if each.stem == name))


def test_the_five_notebooks_are_there():
    assert {path.stem for path in NOTEBOOKS} == {
        "grid_connection", "layers_and_joins", "neighbours_and_siting",
        "report_and_google_earth", "wind_over_farmland",
    }  # fmt: skip


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_stored(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_without_a_network_and_shows_a_map(notebook, runs):
    shown, folder = runs(notebook.stem)
    assert any("image/png" in cell["kinds"] for cell in shown)
    written = {path.name for path in folder.iterdir()}
    assert written in ({"out"}, {"output.png", "output.html", "output.kmz"})


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_files_that_the_text_names_are_there(notebook, runs):
    _, folder = runs(notebook.stem)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    named = set(re.findall(r"(?:out/\S+?|output)\.(?:html|kmz|png)", text))
    assert named
    assert [name for name in named if not (folder / name).is_file()] == []


def test_joins_are_audited_on_both_sides(runs):
    shown, folder = runs("layers_and_joins")
    told = [cell["printed"] for cell in shown]
    assert any("4 of 179 rows of the boundaries matched (code 4)" in text for text in told)
    assert any("22012" in text and "no such key in the boundaries" in text for text in told)
    assert any(re.search(r"七飯町 +NaN", text) for text in told)
    assert any(re.search(r"東郷ダム +generic", text) for text in told)
    assert any("no such name" in text and "まぼろし" in text for text in told)
    assert "函館市".encode("cp932") in (folder / "out" / "heat.csv").read_bytes()


def test_wards_are_dissolved(runs):
    _, folder = runs("layers_and_joins")
    with pytest.warns(hg.errors.LayerWarning, match="177 of the 179"):
        dissolved = hg.read_municipalities(folder / "out" / "n03.geojson")
    sample = hg.read_municipalities(hg.sample_data() / "municipalities.geojson")
    assert dissolved.index.tolist() == ["01100", "01235"]
    whole, parts = (frame.loc["01100"].geometry for frame in (sample, dissolved))
    assert parts.symmetric_difference(whole).area < 1e-9 * whole.area


def test_the_ledger_shown_is_that_of_the_report(runs):
    shown, folder = runs("report_and_google_earth")
    ledger = pd.read_csv(folder / "out" / "ledger.csv")
    (table,) = [cell["html"] for cell in shown if "<th>verdict</th>" in cell["html"]]
    assert table.count("<td>differs</td>") == (ledger["verdict"] == "differs").sum() > 0
    counts = ledger["verdict"].value_counts()
    assert any(
        all(re.search(rf"{verdict} +{count}\b", text) for verdict, count in counts.items())
        for text in (cell["printed"] for cell in shown)
    )


def test_pages_shown_inside_the_notebook_fetch_nothing(runs):
    shown, folder = runs("report_and_google_earth")
    frames = [cell["html"] for cell in shown if "<iframe" in cell["html"]]
    file, inline = frames
    assert (folder / re.search(r'src="([^"]+)"', file)[1]).is_file()
    page = lxml.html.document_fromstring(html.unescape(re.search(r'srcdoc="([^"]+)"', inline)[1]))
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")
    assert {link.split(":")[0] for link in page.xpath("//@src | //link/@href")} <= {"data"}
