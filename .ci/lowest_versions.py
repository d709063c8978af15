"""Run the tests with the lowest declared version of every direct dependency, and record it.

::

    python .ci/lowest_versions.py               the whole suite, and docs/lowest_versions.md
    python .ci/lowest_versions.py tests/test_io_tables.py   some tests, nothing recorded

It needs uv (``pip install uv``), and Python 3.11, which uv finds or fetches. The environment is
made anew in a temporary folder. Warnings fail these tests as they do everywhere, with one
exception: an old release may warn that what *it* uses of another will be removed, which nobody can
mend any more. So DeprecationWarning, PendingDeprecationWarning and FutureWarning pass here, and
fail in the ordinary run, with the newest versions, where they can be heeded.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "lowest_versions.md"
PYTHON = "3.11"
PASSING_WARNINGS = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
WORDS = ("passed", "failed", "errors", "skipped")


def main() -> int:
    """Make the environment, run the tests, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="Tests to run; all, and recorded, if none.")
    chosen = parser.parse_args().tests
    with tempfile.TemporaryDirectory() as folder:
        python = make_environment(Path(folder))
        installed = installed_versions(python)
        bounds = declared_bounds()
        untrue = {name: installed.get(name) for name, low in bounds.items() if name in installed
                  and not is_release(installed[name], low)}  # fmt: skip
        if untrue:
            print("not at their lowest, since another dependency asks for more:", untrue)
        status, counts = run_tests(python, chosen)
    if not chosen:
        PAGE.write_text(page(installed, bounds, counts), encoding="utf-8", newline="\n")
        print(PAGE.relative_to(ROOT))
    return status


def make_environment(folder: Path) -> Path:
    """Install the lowest versions, and the package itself for editing; return its Python."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(["uv", "venv", "--quiet", "--python", PYTHON, folder], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", python]
    subprocess.run(
        [*install, "--resolution", "lowest-direct", "--editable", f"{ROOT}[test]"], check=True
    )
    return python


def installed_versions(python: Path) -> dict[str, str]:
    """Version of every package of an environment, by name."""
    listed = subprocess.run(
        ["uv", "pip", "list", "--quiet", "--python", python, "--format", "json"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    return {package["name"]: package["version"] for package in json.loads(listed)}


def declared_bounds() -> dict[str, str]:
    """Lowest version by package, of the dependencies and of what the tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return dict(sorted(read_bounds(project["dependencies"], extras["test"], extras).items()))


def read_bounds(
    core: Iterable[str], test: Iterable[str], extras: dict[str, list[str]]
) -> dict[str, str]:
    """Name and lowest version of requirements; extras of the project itself are followed."""
    bounds: dict[str, str] = {}
    for requirement in [*core, *test]:
        named = re.match(r"hokkaido-gis\[([\w,-]+)\]", requirement)
        if named:
            inner = [one for extra in named[1].split(",") for one in extras[extra]]
            bounds |= read_bounds(inner, (), extras)
            continue
        found = re.match(r"([\w.-]+)(?:\[[^\]]*\])?(?:>=|==)([\w.]+)", requirement)
        if found is None:
            raise SystemExit(f"{requirement!r} has no lowest version")
        bounds[found[1]] = found[2]
    return bounds


def is_release(installed: str, lowest: str) -> bool:
    """Whether a version is the first that a bound allows: 2.7.0 for 2.7, 1.9.4.1 for 1.9.4."""
    return installed == lowest or installed.startswith(f"{lowest}.")


def run_tests(python: Path, chosen: list[str]) -> tuple[int, dict[str, int]]:
    """Run the tests in one process, and count what came of them."""
    words = [word for name in PASSING_WARNINGS for word in ("-W", f"ignore::{name}")]
    command = [python, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", *words, *chosen]
    told = ""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as running:
        for line in running.stdout or ():
            sys.stdout.write(line)
            told = line if line.strip() else told
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (\w+)", told)}
    return running.returncode, {word: counts.get(word, 0) for word in WORDS}


def page(installed: dict[str, str], bounds: dict[str, str], counts: dict[str, int]) -> str:
    """The page of documentation; its first comment is for scripts."""
    result: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(), "python": PYTHON, **counts
    }  # fmt: skip
    rows = "\n".join(
        f"| {name} | {low} | {installed.get(name, 'not installed')} |"
        for name, low in bounds.items()
    )
    told = ", ".join(f"{counts[word]} {word}" for word in WORDS)
    return f"""<!-- {json.dumps(result)} -->

# Lowest versions

Made by `python .ci/lowest_versions.py`, which installs the lowest declared version of every direct
dependency under Python {PYTHON} and runs all tests. Last run: {result["date"]}: **{told}**.

Warnings of coming removal pass in this run only: old releases warn of what they use of each other.
With the newest versions, as everywhere else, they fail the tests.

| package | lowest declared | installed |
|---|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())
