"""What starting costs: the package and the help of its commands load nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("folium", "geopandas", "matplotlib", "numba", "numpy", "openpyxl", "pandas", "pyarrow"),
    *("pydantic", "pyogrio", "pyproj", "rasterio", "scipy", "shapely", "skimage"),
}
# What only some work needs, and `import geopandas` does not bring.
DRAWING = {
    "folium",
    "jinja2",
    "matplotlib",
    "openpyxl",
    "PIL",
    "numba",
    "pvlib",
    "scipy",
    "skimage",
}


def loaded_by(code: str) -> set[str]:
    """First parts of the names of all modules that some code loads in a process of its own."""
    tail = "\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], check=True, capture_output=True, encoding="utf-8"
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def run_of(*words: str) -> str:
    return f"from hokkaido_gis.cli import run\nassert run({list(words)}) == 0"


@pytest.mark.parametrize(
    "code",
    [
        "import hokkaido_gis",
        "import hokkaido_gis; dir(hokkaido_gis); hokkaido_gis.__version__; hokkaido_gis.errors",
        run_of("--help"),
        run_of("--version"),
        run_of("report", "--help"),
        run_of("connect", "--help"),
    ],
    ids=["import", "names", "help", "version", "help of report", "help of connect"],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded_by(code) & HEAVY == set()


@pytest.mark.parametrize(
    "code",
    [
        "import hokkaido_gis as hg; hg.read_municipalities",
        "import hokkaido_gis as hg; hg.find_adjacency",
        "import hokkaido_gis as hg; hg.join_table",
    ],
    ids=["a reader", "adjacency", "a join"],
)
def test_reading_and_joining_load_nothing_that_draws(code):
    modules = loaded_by(code)
    assert "hokkaido_gis" in modules
    assert modules & DRAWING == set()


def test_a_name_that_is_used_loads_what_it_needs():
    assert "geopandas" in loaded_by("import hokkaido_gis as hg; hg.read_municipalities")
