"""What README and the documentation say is what the code does."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import geopandas as gpd
import pytest

import hokkaido_gis as hg
from hokkaido_gis.cli import run
from hokkaido_gis.errors import LayerWarning

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.ja.md")
VERDICTS = ("equal", "within rounding", "input lost", "differs")
# Pages whose files, commands and scripts make one run from top to bottom.
PAGES_TO_RUN = (
    "google_earth.md", "grid.md", "qgis.md", "solar_and_money.md", "tutorial.md", "wind.md",
)  # fmt: skip


def fenced(text: str, marker: str) -> str:
    """The fenced block after a marker."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w*\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"no block after {marker!r}"
    return found.group(1)


@pytest.fixture(scope="module")
def whole():
    table = hg.ledger(hg.Inputs())
    return table.assign(chapter=table["id"].str.split("-").str[1].astype(int))


@pytest.fixture(scope="module")
def checked(whole):
    return whole[whole["chapter"] == 2]


@pytest.mark.parametrize("readme", READMES)
def test_counts_are_those_of_the_ledger(readme, checked):
    text = (ROOT / readme).read_text(encoding="utf-8")
    counts = checked["verdict"].value_counts()
    for verdict in VERDICTS:
        (row,) = re.findall(rf"^\|[^|\n]*\b{verdict}\b[^|\n]*\| *([\d,]+) *\|$", text, re.MULTILINE)
        assert int(row.replace(",", "")) == counts.get(verdict, 0), verdict
    assert re.search(rf"--chapter 2`.*\b{len(checked)} ", text)


@pytest.mark.parametrize("readme", READMES)
def test_counts_of_the_other_chapters_are_those_of_the_ledger(readme, whole):
    text = (ROOT / readme).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([3-6]) \S[^|\n]*\|((?: *\d+ *\|){5})$", text, re.MULTILINE)
    told = {int(chapter): [int(n) for n in re.findall(r"\d+", row)] for chapter, row in rows}
    counts = whole.groupby("chapter")["verdict"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=VERDICTS, fill_value=0).drop(index=2)
    counts.insert(0, "all", counts.sum(axis=1))
    assert told == {chapter: row.tolist() for chapter, row in counts.iterrows()}


@pytest.mark.parametrize("marker", ["command: report", "command: test"])
def test_both_readmes_give_the_same_single_line(marker):
    lines = {fenced((ROOT / name).read_text(encoding="utf-8"), marker) for name in READMES}
    assert len(lines) == 1
    assert lines.pop().count("\n") == 1


def test_the_python_example_prints_what_is_printed_below_it(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = fenced(text, "example: python")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    shown = text.split("It prints\n\n```text\n")[1].split("```")[0]
    assert done.stdout == shown
    assert {path.name for path in tmp_path.iterdir()} == {"output.kmz", "output.html"}


@pytest.mark.parametrize("page", PAGES_TO_RUN)
def test_scripts_of_a_page_print_what_is_printed_below_them(page, tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```(?:\n\n```text\n(.*?)```)?", text, re.DOTALL
    )
    assert any(shown for *_, shown in blocks)
    apart = {"--version", "figure", "report"}  # They have tests of their own.
    for name, kind, body, shown in blocks:
        if name:
            Path(name).write_text(body, encoding="utf-8")
        if kind == "bash":
            here = body.replace("sample_data/", f"{hg.sample_data()}/")
            lines = [shlex.split(line) for line in here.splitlines()]
            commands = [words[1:] for words in lines if words[0] == "hokkaido-gis"]
            assert all(run(words) == 0 for words in commands if words[0] not in apart)
        if kind == "python":
            capsys.readouterr()
            with warnings.catch_warnings(category=LayerWarning, action="ignore"):
                runpy.run_path(name)
            assert capsys.readouterr().out == shown, name


def test_pictures_and_links_of_the_pages_are_there():
    pages = [ROOT / name for name in READMES] + sorted((ROOT / "docs").glob("*.md"))
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_page_of_agreement_is_made_from_the_ledger(tmp_path, monkeypatch):
    script = runpy.run_path(str(ROOT / "docs" / "make_agreement.py"))
    page = tmp_path / "agreement.md"
    monkeypatch.setitem(script["main"].__globals__, "PAGE", page)
    script["main"]()
    committed = (ROOT / "docs" / "agreement.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == committed, "run docs/make_agreement.py again"


def test_distances_in_the_tutorial_are_those_of_its_fields(tmp_path):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    (tmp_path / "fields.geojson").write_text(fenced(text, "file: fields.geojson"), encoding="utf-8")
    fields = gpd.read_file(tmp_path / "fields.geojson")
    lines = hg.read_lines(hg.sample_data() / "lines.geojson")
    found = hg.connect_to_grid(fields, lines, capacity_kw=hg.solar_capacity(fields))
    told = text.split("| name | line_kv | line_km | cost_million_yen |\n|---|---:|---:|---:|\n")[1]
    assert told.split("\n\n")[0].splitlines() == [
        f"| {name} | {row['line_kv']:g} | {row['line_km']:.2f} | {row['cost_million_yen']:.1f} |"
        for name, (_, row) in zip(fields["name"], found.iterrows(), strict=True)
    ]
