"""What a release consists of: one version, its metadata, and the pages that others rely on."""

from __future__ import annotations

import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest

import hokkaido_gis as hg

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "lowest_versions.py"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def citation() -> dict[str, str]:
    """Plain fields of the citation file."""
    return dict(re.findall(r"^([\w-]+): *([^>\s].*)$", text_of("CITATION.cff"), re.MULTILINE))


def test_the_version_is_semantic_and_stands_in_one_place():
    project = tomllib.loads(text_of("pyproject.toml"))
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?(?:\.dev\d+)?", hg.__version__)
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "hokkaido_gis/_version.py"
    named = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "hokkaido_gis").rglob("*.py"))
        if f'"{hg.__version__}"' in path.read_text(encoding="utf-8")
    ]
    assert named == ["hokkaido_gis/_version.py"]


def test_the_citation_is_of_this_version():
    fields = citation()
    assert fields["version"] == hg.__version__
    assert fields["cff-version"] == "1.2.0"
    assert fields["license"] == tomllib.loads(text_of("pyproject.toml"))["project"]["license"]
    assert {"title", "message", "type"} <= fields.keys()
    assert re.search(r"^authors:\n  - name: \S", text_of("CITATION.cff"), re.MULTILINE)
    assert ("dev" in hg.__version__) == ("date-released" not in fields)


def test_the_changelog_has_the_version_on_top():
    headings = re.findall(r"^## (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [re.fullmatch(r"(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)", one) for one in headings[1:]]
    assert all(released)
    if "dev" not in hg.__version__:
        assert released[0][1] == hg.__version__


def test_pages_for_others_are_there_and_promise_no_address():
    for name in ("SECURITY.md", "CONTRIBUTING.md", ".github/PULL_REQUEST_TEMPLATE.md"):
        assert len(text_of(name)) > 300
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", text_of("SECURITY.md"))
    assert "Report a vulnerability" in text_of("SECURITY.md")


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")))
def test_forms_are_in_two_languages_and_their_ids_differ(form):
    text = form.read_text(encoding="utf-8")
    assert all(re.search(rf"^{key}: \S", text, re.MULTILINE) for key in ("name", "description"))
    ids = re.findall(r"^    id: (\w+)$", text, re.MULTILINE)
    assert len(ids) == len(set(ids)) >= 4
    labels = re.findall(r"^      label: (.+)$", text, re.MULTILINE)
    words = [label for label in labels if "`" not in label]
    assert len(words) >= 4
    assert all(re.search(r"[ぁ-んァ-ヶ一-龠].* / [A-Z]", label) for label in words)


def test_every_dependency_has_a_lowest_version():
    script = runpy.run_path(str(SCRIPT))
    bounds = script["declared_bounds"]()
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    names = {re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]}
    assert names <= bounds.keys()
    assert all(re.fullmatch(r"\d+(\.\d+)*", low) for low in bounds.values())
    with pytest.raises(SystemExit, match="'numpy' has no lowest version"):
        script["read_bounds"](["numpy"], [], {})


@pytest.mark.parametrize(
    ("installed", "lowest", "is_it"),
    [("2.7.0", "2.7", True), ("1.9.4.1", "1.9.4", True), ("2.70", "2.7", False), ("3", "3", True)],
)
def test_a_release_is_told_from_the_ones_after_it(installed, lowest, is_it):
    assert runpy.run_path(str(SCRIPT))["is_release"](installed, lowest) is is_it


def test_the_script_of_ci_is_sound_bash():
    done = subprocess.run(["/bin/bash", "-n", ROOT / ".ci" / "run"], check=False)
    assert done.returncode == 0
