"""Time until the command line answers, and what importing the package adds to geopandas.

    python benchmarks/startup.py [--rounds 3]

How it is measured is said in measure.py; run.py measures all subjects and writes the page.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from goals import Goal
from measure import Case, Row, Subject, Way, scripted

if TYPE_CHECKING:
    from pathlib import Path


def ours_help(_: Path) -> int:
    """`hokkaido-gis --help`."""
    return _python("-m", "hokkaido_gis", "--help")


def ours_help_of_report(_: Path) -> int:
    """`hokkaido-gis report --help`."""
    return _python("-m", "hokkaido_gis", "report", "--help")


def python_alone(_: Path) -> int:
    """The interpreter with nothing to do."""
    return _python("-c", "pass")


def ours_import(_: Path) -> int:
    """`import geopandas, hokkaido_gis`."""
    return _python("-c", "import geopandas, hokkaido_gis")


def ours_every_name(_: Path) -> int:
    """The same, and every public name loaded, which a user never needs at once."""
    return _python(
        "-c", "import geopandas, hokkaido_gis as hg; [getattr(hg, n) for n in hg.__all__]"
    )


def import_geopandas(_: Path) -> int:
    """`import geopandas`."""
    return _python("-c", "import geopandas")


def _python(*arguments: str) -> int:
    done = subprocess.run(  # noqa: S603  (our own commands)
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL
    )
    return done.returncode


def nothing(folder: Path) -> Path:
    """No layers."""
    return folder


def describe(_: int) -> Row:
    """No more to say."""
    return {}


COMMAND, IMPORT = "command line", "import"

SUBJECT = Subject(
    name="startup",
    title="Start of the command line and import",
    about=(
        "Whole processes, from their start to their end, with compiled Python files at hand. "
        "`ours_import` and `ours_every_name` import geopandas too."
    ),
    cases=(
        Case(
            COMMAND, "1x", 1, nothing,
            (Way(ours_help), Way(ours_help_of_report), Way(python_alone)),
            describe, fresh=False, repeat=3,
        ),
        Case(
            IMPORT, "1x", 1, nothing,
            (Way(ours_import), Way(ours_every_name), Way(import_geopandas)),
            describe, fresh=False, repeat=3,
        ),
    ),
    goals=(
        Goal(COMMAND, "ours_help", 0.5),
        Goal(IMPORT, "ours_import", 0.3, over="import_geopandas"),
    ),
)  # fmt: skip
main = scripted(SUBJECT)

if __name__ == "__main__":
    main()
