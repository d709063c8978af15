"""Names that the package promises, all of them there, none loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hokkaido_gis as hg

PROMISED = {
    "Adjacency", "Layer", "Scene", "connect_parts", "connect_to_grid", "evaluate_siting",
    "find_adjacency", "read_dams", "read_lines", "read_municipalities", "read_ports",
    "read_settlements", "read_stations", "read_substations", "read_wind", "run_report",
    "sample_data", "with_neighbours", "write_gpkg", "write_html", "write_kmz", "write_parts",
    "write_png", "zonal_stats",
}  # fmt: skip


def test_promised_names_are_public():
    assert set(hg.__all__) >= PROMISED


@pytest.mark.parametrize("name", sorted(hg.__all__))
def test_every_public_name_loads_and_is_described(name):
    value = getattr(hg, name)
    if callable(value):
        assert (value.__doc__ or "").strip(), name


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, hokkaido_gis;"
        "sys.exit(', '.join({'geopandas', 'matplotlib', 'pandas'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
