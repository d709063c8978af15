"""Put the report's usable fishing ports on the coast, and work out their plot areas.

The report reckons kWh = area x 10/120 kW/m2 x yearly generation of 1 kW on a roof at the station.
Areas are lost but for the last three digits of three, which together with the generation leave one
area each. The others follow from the generation, most of which survives in whole thousands only.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np
from catalogue import PORTS
from ground import REPORT_DIR, SAMPLE_DIR, random_for, read_ground
from layer_files import read_rows, run_build, write_geojson
from places import place_on_coast
from shapely.geometry import Point
from stations import roof_yields

if TYPE_CHECKING:
    from pathlib import Path

    from ground import Floats

TOTAL_M2: Final = 590_686
"""Plot area of the 194 ports [m2], as published."""
SMALLEST_M2: Final = 121
"""Smallest plot [m2]: those of 120 m2 and less are left out."""

AREAS_M2: Final = {("網走市", "鱒浦"): 2933, ("網走市", "能取"): 6977, ("白糠町", "白糠"): 5141}
"""Plot areas [m2] from table 5-4, where 933, 977 and 141 survive."""

_KW_PER_M2: Final = 10.0 / 120.0


def plot_areas(rows: list[dict[str, str]], yields: Floats) -> tuple[list[int], list[str]]:
    """Work out the plot areas.

    Parameters
    ----------
    rows
        Ports of the report.
    yields
        Yearly generation on a roof [kWh/kW] at each.

    Returns
    -------
    areas
        One a port [m2], summing up to `TOTAL_M2`.
    kinds
        ``report`` where only one area is possible, ``estimate`` elsewhere.
    """
    fixed = np.array([AREAS_M2.get((row["municipality"], row["port"]), 0) for row in rows])
    energy = np.array(
        [
            float(row["annual_kwh"] or 1000.0 * float(row["annual_kwh_thousand_prefix"]) + 500.0)
            for row in rows
        ]
    )
    free = fixed == 0
    guess = energy / (yields * _KW_PER_M2)
    # The interpolated sun is a little off: the published total sets the level.
    scale = (TOTAL_M2 - fixed.sum()) / guess[free].sum()
    areas = np.where(free, np.maximum(np.round(guess * scale), SMALLEST_M2), fixed).astype(int)
    largest = int(np.argmax(np.where(free, areas, 0)))
    areas[largest] += TOTAL_M2 - int(areas.sum())
    return areas.tolist(), ["estimate" if each else "report" for each in free]


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the ports.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The file written.
    """
    ground, random = read_ground(), random_for("ports")
    rows = read_rows(REPORT_DIR / "ports.csv")
    numbers = [ground.codes.index(f"0{row['report_code']}") for row in rows]
    areas, kinds = plot_areas(rows, roof_yields(ground)[0][numbers])
    places = {
        number: iter(place_on_coast(ground, number, numbers.count(number), random))
        for number in sorted(set(numbers))
    }
    features = [
        (_properties(order, row, area, kind), Point(next(places[number])))
        for order, (row, number, area, kind) in enumerate(
            zip(rows, numbers, areas, kinds, strict=True), 1
        )
    ]
    path = folder / PORTS.file
    write_geojson(path, PORTS, features)
    return [path]


def _properties(order: int, row: dict[str, str], area: int, kind: str) -> dict[str, object]:
    """Values of the report, missing where they are lost."""
    prefix = row["annual_kwh_thousand_prefix"]
    return {
        "port_id": f"port-{order:03d}",
        "name": row["port"],
        "municipality_code": f"0{row['report_code']}",
        "municipality": row["municipality"],
        "annual_kwh": int(row["annual_kwh"]) if row["annual_kwh"] else None,
        "annual_kwh_thousand_prefix": int(prefix) if prefix else None,
        "plot_area_m2": area,
        "plot_area_kind": kind,
        "position_kind": "synthetic",
    }


if __name__ == "__main__":
    sys.exit(run_build(build))
