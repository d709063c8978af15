"""Make weather stations: irradiation on the optimal tilt, temperature and greatest snow depth.

What the report says of the sun survives in two forms, and both are kept:

- the yearly generation of 10 kW at a dam, which the report took from the station of the dam's
  municipality: the year's irradiation of that station is made to give it;
- the monthly generation of 30 kW in 網走市 and 白糠町: the months' irradiation of these two is made
  to give it.

Elsewhere the year is interpolated between those, and the course of the year is a blend of a sunny
winter in the east and a dark one by the Sea of Japan. Temperatures and snow are rough guides.
"""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from catalogue import NORMALS, STATIONS
from ground import FINE, REPORT_DIR, SAMPLE_DIR, noise, random_for, read_ground, to_plane
from layer_files import read_rows, run_build, write_csv, write_geojson
from places import find_town, place_apart
from shapely.geometry import Point

if TYPE_CHECKING:
    from pathlib import Path

    from ground import Floats, Ground

MONTHS: Final = tuple(f"m{month:02d}" for month in range(1, 13))
DAYS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
ROOF_OFFSET: Final = 21.5
"""How much warmer [deg C] than the air a module on a roof is; the dams' 10 kW are reckoned so."""

MODEL_SITES: Final = {"網走市": ("能取漁港", 38.7), "白糠町": ("白糠漁港", 42.1)}
"""Sites of the report's monthly generation by municipality, with the optimal tilt [degrees]."""

NO_STATION_BELOW_KM2: Final = 140.0
TWO_STATIONS_FROM_KM2: Final = 900.0

# Course of the year of the irradiation [kWh/m2 day]: sunny winters, and dark ones.
_SUNNY: Final = (3.4, 4.2, 5.0, 4.8, 4.7, 4.4, 4.0, 4.0, 4.0, 3.9, 3.3, 3.0)
_DARK: Final = (2.0, 2.9, 4.0, 4.7, 5.0, 4.9, 4.6, 4.5, 4.2, 3.4, 2.2, 1.7)

# Greatest snow depth [cm], what one would tell a visitor; interpolated in between.
_SNOW_GUIDE: Final = (
    (141.35, 43.06, 95), (141.77, 43.20, 125), (142.37, 43.77, 95), (141.68, 45.41, 80),
    (141.64, 43.94, 115), (140.76, 42.90, 185), (142.15, 44.00, 200), (142.46, 44.40, 140),
    (140.73, 41.77, 50), (140.13, 41.87, 40), (140.97, 42.32, 30), (141.61, 42.64, 40),
    (142.78, 42.16, 30), (143.20, 42.92, 70), (143.25, 42.30, 75), (144.40, 43.00, 40),
    (145.58, 43.33, 40), (144.28, 44.00, 48), (143.90, 43.80, 75), (143.35, 44.35, 75),
    (142.58, 44.93, 110), (142.40, 43.34, 85), (144.95, 43.55, 60), (145.20, 44.02, 110),
    (143.60, 43.30, 60), (144.05, 42.95, 35), (145.10, 43.10, 42), (142.90, 43.40, 110),
)  # fmt: skip


def roof_yields(ground: Ground) -> tuple[Floats, dict[int, str]]:
    """Yearly generation on a roof, from the report where it says so.

    Parameters
    ----------
    ground
        Municipalities and relief.

    Returns
    -------
    yields
        One value a municipality [kWh/kW].
    kinds
        How the report gives it, by number of municipality: ``year`` or ``months``.
    """
    known: dict[int, float] = {}
    kinds: dict[int, str] = {}
    for row in read_rows(REPORT_DIR / "dams.csv"):
        if row["solar_10kw_annual_kwh"]:
            number = ground.number_of(row["municipality"])
            known[number] = float(row["solar_10kw_annual_kwh"]) / 10.0
            kinds[number] = "year"
    for name, (site, _) in MODEL_SITES.items():
        known[ground.number_of(name)] = float(_monthly_kwh(site).sum()) / 30.0
        kinds[ground.number_of(name)] = "months"
    towns = to_plane(np.array([find_town(ground, number) for number in range(len(ground.codes))]))
    numbers = list(known)
    apart = np.hypot(*np.moveaxis(towns[:, None] - towns[numbers], -1, 0))
    weights = 1.0 / np.maximum(apart, 5.0) ** 2
    yields: Floats = weights @ np.array(list(known.values())) / weights.sum(axis=1)
    yields[numbers] = list(known.values())
    return yields, kinds


def design_factor(temperature: Floats, offset: float) -> Floats:
    """Share of the rated output that a module gives (JIS C 8907).

    Parameters
    ----------
    temperature
        Mean of the air [deg C].
    offset
        How much warmer a module is [deg C].

    Returns
    -------
    factor
        0.76 at 25 deg C, more when it is colder.
    """
    return 0.76 * (1.0 - 0.005 * (temperature + offset - 25.0))


def temperatures(lonlat: Floats, height: float, coast_km: float) -> Floats:
    """Mean temperature of the months [deg C], from latitude, height, coast and the cold current."""
    east = float(np.clip((lonlat[0] - 143.3) / 1.5, 0.0, 1.0))
    south_east = east * float(np.clip((43.8 - lonlat[1]) / 0.5, 0.0, 1.0))
    inland = 1.0 - float(np.exp(-coast_km / 20.0))
    mean = 8.6 - 1.0 * (lonlat[1] - 42.0) - 0.0055 * height - 0.9 * east - 0.3 * inland
    swing = 12.2 + 2.3 * inland - 0.9 * south_east
    month = np.arange(12) + 0.5
    course: Floats = mean - swing * np.cos(2.0 * np.pi * (month - 0.75 - 0.25 * south_east) / 12.0)
    return np.round(course, 1)


def snow_depth(lonlat: Floats, height: float) -> int:
    """Greatest snow depth [cm], between the guide's places and deeper higher up."""
    guide = np.array(_SNOW_GUIDE)
    apart = np.hypot(*(to_plane(guide[:, :2]) - to_plane(lonlat)).T)
    weights = 1.0 / np.maximum(apart, 8.0) ** 2
    depth = float(weights @ guide[:, 2] / weights.sum())
    bumps = 1.0 + 0.08 * float(noise(to_plane(lonlat)[None], 15, "snow")[0])
    return round(depth * bumps * (1.0 + height / 2500.0))


def build(folder: Path = SAMPLE_DIR) -> list[Path]:
    """Write the stations and their normals of temperature.

    Parameters
    ----------
    folder
        Folder of the sample.

    Returns
    -------
    paths
        The files written.
    """
    ground = read_ground()
    yields, kinds = roof_yields(ground)
    features, normals = [], []
    for number, places in _places(ground, set(kinds)).items():
        for order, place in enumerate(places, 1):
            station = f"{ground.codes[number]}-{order}"
            height = float(ground.height_at(place))
            coast = float(ground.coast_km[FINE.cells_of(place)])
            course = temperatures(place, height, coast)
            snow = snow_depth(place, height)
            sun = _irradiation(ground.names[number], yields[number], course, snow)
            tilt = MODEL_SITES.get(ground.names[number], ("", round(0.9 * place[1], 1)))[1]
            properties = {
                "station_id": station,
                "name": f"{ground.names[number]}{'' if len(places) == 1 else order}",
                "kind": "synthetic",
                "municipality_code": ground.codes[number],
                "municipality": ground.names[number],
                "elevation_m": int(height),
                "tilt_deg": tilt,
                "irradiation": round(float(sun @ DAYS / DAYS.sum()), 4),
                **dict(zip(MONTHS, sun.tolist(), strict=True)),
                "max_snow_cm": snow,
                "irradiation_kind": f"report ({kinds[number]})" if number in kinds else "synthetic",
                "temperature_kind": "synthetic",
                "snow_kind": "synthetic",
            }
            features.append((properties, Point(place)))
            normals.append([station, "temperature", *course, round(float(course.mean()), 1)])
    paths = [folder / STATIONS.file, folder / NORMALS.file]
    write_geojson(paths[0], STATIONS, features)
    write_csv(paths[1], [["station_id", "element", *MONTHS, "year"], *normals])
    return paths


def _monthly_kwh(site: str) -> Floats:
    """Monthly generation [kWh] of the report's 30 kW at a site."""
    with (REPORT_DIR / "monthly_30kw.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["site"] == site]
    return np.array([float(row["kwh"]) for row in sorted(rows, key=lambda row: int(row["month"]))])


def _places(ground: Ground, with_report: set[int]) -> dict[int, Floats]:
    """Places of the stations by municipality: none in the smallest, two in the largest.

    A municipality for which the report gives the sun has one, whose value that is.
    """
    random = random_for("stations")
    places: dict[int, Floats] = {}
    for number in range(len(ground.codes)):
        plane = shapely.transform(ground.shapes[number], to_plane)
        town = find_town(ground, number)
        if number in with_report:
            places[number] = town[None]
        elif plane.area >= TWO_STATIONS_FROM_KM2:
            places[number] = np.vstack([town, place_apart(ground, number, 1, random)])
        elif plane.area >= NO_STATION_BELOW_KM2:
            places[number] = town[None]
    return places


def _irradiation(name: str, roof_yield: float, course: Floats, snow: int) -> Floats:
    """Irradiation of the months [kWh/m2 day] that gives the year's, or the months', generation."""
    factor = DAYS * design_factor(course, ROOF_OFFSET)
    if name in MODEL_SITES:
        return np.round(_monthly_kwh(MODEL_SITES[name][0]) / 30.0 / factor, 4)
    dark = float(np.clip((snow - 45) / 65.0, 0.0, 1.0))
    shape = dark * np.array(_DARK) + (1.0 - dark) * np.array(_SUNNY)
    return np.round(shape * roof_yield / float(shape @ factor), 4)


if __name__ == "__main__":
    sys.exit(run_build(build))
