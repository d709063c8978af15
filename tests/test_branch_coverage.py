"""The command that measures branches: what it counts, keeps, and says when nothing was measured."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[1] / "reliability" / "branch_coverage.py"
if not SCRIPT.is_file():
    pytest.skip("no reliability folder beside the tests", allow_module_level=True)
pytest.importorskip("coverage", reason="of the extra `reliability`")


def file(branches: int, covered: int, *missing: list[int]) -> dict[str, Any]:
    """What coverage reports of a file of ten lines, of which nine ran."""
    return {
        "summary": {
            "num_branches": branches,
            "covered_branches": covered,
            "num_statements": 10,
            "covered_lines": 9,
        },
        "missing_branches": list(missing),
    }


REPORT = {
    "files": {
        "hokkaido_gis/codes.py": file(100, 99, [7, -3]),
        "hokkaido_gis/fetch/__init__.py": file(0, 0),
        "hokkaido_gis/fetch/cache.py": file(20, 11, [4, 5], [8, 9]),
    }
}


class Coverage:
    """Stands for the command `coverage`: writes a report and notes what it was asked for."""

    def __init__(self, report: dict[str, Any] | None, failed: int) -> None:
        self.report, self.failed = report, failed
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *arguments: str, **environment: str) -> int:
        """Give the exit status of a command."""
        self.asked.append(arguments)
        if arguments[0] == "json" and self.report is not None:
            path = Path(arguments[arguments.index("-o") + 1])
            path.write_text(json.dumps(self.report), encoding="utf-8")
        if arguments[0] == "combine":
            Path(environment["COVERAGE_FILE"]).touch()
        return self.failed if arguments[0] == "run" else 0

    @property
    def runs(self) -> list[tuple[str, ...]]:
        """Options of each run of pytest."""
        return [asked[4:] for asked in self.asked if asked[:4] == ("run", "-m", "pytest", "-q")]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("branch_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KEPT", tmp_path / "results" / "coverage.json")
    return module


@pytest.fixture
def measure(script, monkeypatch):
    def run(*options: str, report: dict[str, Any] | None = REPORT, failed: int = 0):
        fake = Coverage(report, failed)
        monkeypatch.setattr(script, "_coverage", fake)
        return script.main(list(options)), fake

    return run


def test_whole_suite_is_counted_and_kept(script, measure, capsys):
    status, coverage = measure()
    shown = json.loads(capsys.readouterr().out)
    assert status == 1  # 110 of 120 are below the goal
    assert shown == json.loads(script.KEPT.read_text(encoding="utf-8"))
    assert shown["totals"] == {
        "branches": 120,
        "branches_covered": 110,
        "branches_percent": 91.67,
        "lines": 30,
        "lines_covered": 27,
        "lines_percent": 90.0,
    }
    assert (shown["modules"], shown["tests"]) == (3, "passed")
    ((name, counts),) = shown["below_goal"].items()
    assert name == "hokkaido_gis/fetch/cache.py"
    assert (counts["branches_percent"], counts["missing"]) == (55.0, ["4->5", "8->9"])
    assert coverage.runs == [(), script.COMPILED]


def test_goal_that_is_met_is_told_by_the_status(measure):
    assert measure(report={"files": {"hokkaido_gis/codes.py": file(100, 95)}})[0] == 0
    assert measure(report={"files": {"hokkaido_gis/codes.py": file(100, 94)}})[0] == 1


def test_chosen_tests_have_no_goal_and_are_not_kept(script, measure, capsys):
    status, coverage = measure("tests/test_codes.py", "--", "-k", "digit")
    assert status == 0
    assert coverage.runs == [("tests/test_codes.py", "-k", "digit")]
    assert json.loads(capsys.readouterr().out)["totals"]["branches"] == 120
    assert not script.KEPT.exists()


def test_tests_of_compiled_code_run_once_more_as_python(script, measure):
    _, coverage = measure("tests/test_nearest.py")
    assert coverage.runs == [("tests/test_nearest.py",), script.COMPILED]


def test_tests_that_fail_are_told(measure, capsys):
    status, _ = measure("tests/test_codes.py", failed=1)
    assert status == 1
    assert json.loads(capsys.readouterr().out)["tests"] == "failed"


@pytest.mark.parametrize(
    ("name", "branches", "modules"),
    [
        ("codes", 100, ["codes"]),
        ("hokkaido_gis.fetch.cache", 20, ["fetch/cache"]),
        ("fetch", 20, ["fetch/__init__", "fetch/cache"]),
    ],
)
def test_modules_that_are_named_are_shown_whole(script, measure, capsys, name, branches, modules):
    status, _ = measure("--module", name, "--", "tests/test_codes.py")
    shown = json.loads(capsys.readouterr().out)
    assert (status, shown["totals"]["branches"]) == (0, branches)
    assert list(shown["below_goal"]) == [f"hokkaido_gis/{module}.py" for module in modules]
    assert not script.KEPT.exists()


def test_missing_branches_lead_to_a_line_or_the_end(measure, capsys):
    measure("--module", "codes", "--", "tests/test_codes.py")
    (counts,) = json.loads(capsys.readouterr().out)["below_goal"].values()
    assert counts["missing"] == ["7->end"]


def test_result_is_kept_where_it_is_asked_for(script, measure, tmp_path):
    path = tmp_path / "mine.json"
    measure("tests/test_codes.py", "--keep", str(path))
    assert json.loads(path.read_text(encoding="utf-8"))["totals"]["branches_covered"] == 110
    assert not script.KEPT.exists()
    measure("tests/test_codes.py", "--keep")
    assert script.KEPT.exists()


def test_earlier_data_are_added_to(measure, tmp_path):
    data = tmp_path / "data"
    _, first = measure("tests/test_codes.py", "--data", str(data))
    _, second = measure("tests/test_units.py", "--data", str(data))
    assert ("combine", "-q") in first.asked
    assert ("combine", "-q", "--append") in second.asked


@pytest.mark.parametrize(
    ("report", "options", "message"),
    [
        (None, [], "Nothing to count: coverage gives no report"),
        ({"files": {}}, [], "No branch was measured, in 0 files"),
        ({"files": {"a.py": {"summary": {"num_statements": 3}}}}, [], "branch = true"),
        (REPORT, ["--module", "code"], "No branch of code was measured, in 3 files"),
        (REPORT, ["--module", "fetch.__init__"], "No branch of fetch.__init__ was measured"),
    ],
)
def test_measurement_without_branches_says_so(script, measure, report, options, message):
    with pytest.raises(SystemExit) as caught:
        measure(*options, report=report)
    assert message in str(caught.value)
    assert not script.KEPT.exists()


def test_help_is_of_the_command_and_measures_nothing(script, measure, capsys):
    with pytest.raises(SystemExit) as caught:
        measure("--help")
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "Branches of the package that its tests pass through" in text
    assert all(option in text for option in ("TEST", "--module", "--keep", "--data"))
    assert not script.KEPT.exists()
