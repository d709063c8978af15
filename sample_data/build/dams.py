"""Put the report's irrigation dams on the higher ground of their municipalities."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from catalogue import DAMS
from ground import REPORT_DIR, SAMPLE_DIR, random_for, read_ground
from layer_files import read_rows, run_build, write_geojson
from places import place_apart
from shapely.geometry import Point

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS = ("output_kw", "annual_mwh_at_55pct", "annual_mwh_at_33pct", "solar_10kw_annual_kwh")


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the dams.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The file written.
    """
    ground, random = read_ground(), random_for("dams")
    rows = read_rows(REPORT_DIR / "dams.csv")
    points: dict[str, Point] = {}
    for number, name in enumerate(ground.names):
        own = [row["number"] for row in rows if row["municipality"] == name]
        if own:
            places = place_apart(ground, number, len(own), random)
            points |= {dam: Point(place) for dam, place in zip(own, places, strict=True)}
    path = folder / DAMS.file
    features = [(_properties(row), points[row["number"]]) for row in rows]
    write_geojson(path, DAMS, features)
    return [path]


def _properties(row: dict[str, str]) -> dict[str, object]:
    """Values of the report, missing where they are lost."""
    return {
        "dam_id": f"dam-{int(row['number']):02d}",
        "number": int(row["number"]),
        "name": row["dam"],
        "municipality_code": f"0{row['report_code']}",
        "municipality": row["municipality"],
        "purposes": "3",  # irrigation, in the list of purposes of W01
        **{name: int(row[name]) if row[name] else None for name in _NUMBERS},
        "position_kind": "synthetic",
    }


if __name__ == "__main__":
    sys.exit(run_build(build))
