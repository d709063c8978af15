"""Turn answers of the Overpass API and of JMA into files that the readers understand."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.errors import GEOSException

from hokkaido_gis.errors import LayerWarning, list_faults, name_some
from hokkaido_gis.fetch.errors import FetchError
from hokkaido_gis.io.tables import write_table
from hokkaido_gis.io.vector import write_vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

LINE_KINDS = ("line", "cable", "minor_line")
POWER_FIELDS = (
    "power", "voltage", "name", "operator", "circuits", "frequency", "cables", "ref",
    "substation",
)  # fmt: skip
# Names of JMA on the left, of our table on the right.
STATION_FIELDS = {
    "kjName": "kjName",
    "knName": "knName",
    "enName": "enName",
    "alt": "alt_m",
    "type": "type",
    "elems": "elems",
}
# The first two digits of a station's number name JMA's area: 11 宗谷 to 24 檜山.
_HOKKAIDO_AREAS = range(11, 25)


def convert_power(answer: Path, folder: Path) -> list[Path]:
    """Write the power lines and the substations of an Overpass answer as GeoJSON.

    Each feature has `POWER_FIELDS`, as text just as mapped, and ``id`` (``way/123``). Elements
    whose shape is incomplete are left out and told as `LayerWarning`.

    Raises
    ------
    FetchError
        If the answer is no JSON, says that it is incomplete, or holds no lines or no substations.
    """
    content = _read_json(answer)
    if not isinstance(content, dict) or not isinstance(content.get("elements"), list):
        raise FetchError(f"{answer.name} is no answer of the Overpass API: it has no 'elements'.")
    remark = str(content.get("remark", ""))
    if "error" in remark:
        raise FetchError(
            f"The Overpass API did not finish: {remark}. Its answer is incomplete: wait some "
            "minutes and try again."
        )
    try:
        features = _features(content["elements"], answer.name)
    except (AttributeError, KeyError, TypeError, ValueError, GEOSException) as error:
        raise FetchError(
            f"{answer.name} is no answer of the Overpass API as it is known: one of its elements "
            f"is not as expected ({type(error).__name__} {error})."
        ) from error
    is_line = features["power"].isin(LINE_KINDS)
    layers = {"hokkaido_power_lines": is_line, "hokkaido_substations": ~is_line}
    empty = [name for name, members in layers.items() if not members.any()]
    if empty:
        raise FetchError(
            f"{answer.name} holds nothing for {name_some(empty)}; Hokkaido has both. The server "
            "may lack its index of areas just now: try again later."
        )
    return [
        write_vector(features[members], folder / f"{name}.geojson")
        for name, members in layers.items()
    ]


def convert_stations(answer: Path, folder: Path) -> list[Path]:
    """Write JMA's table of AMeDAS stations in Hokkaido as CSV in decimal degrees.

    Raises
    ------
    FetchError
        If the answer is not JMA's table; all faults are listed at once.
    """
    content = _read_json(answer)
    if not isinstance(content, dict) or not all(isinstance(s, dict) for s in content.values()):
        raise FetchError(f"{answer.name} is not JMA's table of stations by their number.")
    rows, faults = [], []
    for number, station in content.items():
        try:
            if int(number[:2]) not in _HOKKAIDO_AREAS:
                continue
            row = {"id": number, "lat": _degrees(station["lat"]), "lon": _degrees(station["lon"])}
            row |= {ours: station[theirs] for theirs, ours in STATION_FIELDS.items()}
        except (KeyError, TypeError, ValueError) as error:
            faults.append(f"station {number}: {type(error).__name__} {error}.")
        else:
            rows.append(row)
    if not rows and not faults:
        faults.append("no station of Hokkaido (numbers 11000 to 24999).")
    if faults:
        raise FetchError(f"{answer.name}: {list_faults(faults[:10])}")
    columns = ["id", "kjName", "knName", "enName", "lat", "lon", "alt_m", "type", "elems"]
    table = pd.DataFrame(rows)[columns].sort_values("id")
    return [write_table(table, folder / "hokkaido_amedas_stations.csv")]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{path.name} is no complete JSON ({error}).") from error


def _degrees(pair: list[float]) -> float:
    """Degrees and minutes as decimal degrees, to five decimals (about a metre).

    Examples
    --------
    >>> _degrees([45, 31.2])
    45.52
    """
    degrees, minutes = pair
    if not (0 <= degrees <= 180 and 0 <= minutes < 60):
        raise ValueError(f"{pair} are no degrees and minutes")
    return round(degrees + minutes / 60, 5)


def _features(elements: list[dict[str, Any]], source: str) -> gpd.GeoDataFrame:
    rows, shapes, left_out = [], [], []
    for element in elements:
        tags = element.get("tags", {})
        name = f"{element.get('type')}/{element.get('id')}"
        if tags.get("power") not in {*LINE_KINDS, "substation"}:
            continue
        shape = _shape(element, is_line=tags["power"] in LINE_KINDS)
        if shape is None:
            left_out.append(name)
            continue
        rows.append({"id": name} | {tag: tags.get(tag) for tag in POWER_FIELDS})
        shapes.append(shape)
    if left_out:
        warnings.warn(
            f"{source}: {len(left_out)} elements have no complete shape and are left out: "
            f"{name_some(left_out)}.",
            LayerWarning,
            stacklevel=3,
        )
    frame = pd.DataFrame(rows, columns=["id", *POWER_FIELDS], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def _shape(element: dict[str, Any], *, is_line: bool) -> BaseGeometry | None:
    makers: dict[str, Callable[[dict[str, Any]], BaseGeometry | None]] = {
        "node": _point,
        "way": _line if is_line else _area,
        "relation": _areas,
    }
    maker = makers.get(str(element.get("type")))
    return maker(element) if maker else None


def _point(element: dict[str, Any]) -> BaseGeometry | None:
    return shapely.Point(element["lon"], element["lat"]) if "lat" in element else None


def _line(element: dict[str, Any]) -> BaseGeometry | None:
    points = element.get("geometry") or []
    if any(point is None for point in points):
        return None
    places = [(point["lon"], point["lat"]) for point in points]
    return shapely.LineString(places) if len(set(places)) > 1 else None


def _area(element: dict[str, Any]) -> BaseGeometry | None:
    line = _line(element)
    if line is None or not line.is_ring:
        return None
    return shapely.Polygon(line.coords)


def _areas(element: dict[str, Any]) -> BaseGeometry | None:
    """Area of a multipolygon, whose rings may be cut into several ways."""
    lines = [_line(m) for m in element.get("members", []) if m.get("type") == "way"]
    if not lines or any(line is None for line in lines):
        return None
    area: BaseGeometry = shapely.build_area(shapely.GeometryCollection(lines))
    return None if area.is_empty else area
