"""The one operation that leads from each CRS to JGD2011, and coordinates moved by it.

Between datums the way leads over JGD2011, by one operation for each CRS, chosen for Japan among
those of known accuracy, with what is installed: the place of a single point, the network and
earlier moves have no say in it. Layers are moved by `hokkaido_gis.crs`, which tells of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS, Geod, Transformer, network
from pyproj.exceptions import ProjError
from pyproj.transformer import AreaOfInterest

from hokkaido_gis.errors import CRSError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

STORAGE_CRS = CRS.from_epsg(6668)
GRS80 = Geod(ellps="GRS80")
NOTABLE_MOVE_M = 0.5
"""Moves smaller than this are rounding or a datum taken as equal, and not worth a word."""
_STORAGE_WKT = STORAGE_CRS.to_wkt()
# Japan with its outlying islands; PROJ needs to know where, to choose among datum shifts.
_JAPAN = (122.0, 20.0, 154.0, 46.5)
# Where the operation of a CRS is chosen for all of its coordinates: 札幌.
_CHOSEN_AT = np.array([[141.35, 43.06]])


def is_same_crs(one: CRS, other: CRS) -> bool:
    """Whether two CRS are the same by EPSG code.

    Names are not compared: PROJ has renamed JGD2011 to JGD2024.
    """
    code = one.to_epsg()
    return code is not None and code == other.to_epsg()


@dataclass(frozen=True)
class Operation:
    """The one operation that leads from a CRS to JGD2011."""

    transformer: Transformer
    description: str
    accuracy: float
    moves_ground: bool

    def __str__(self) -> str:
        accuracy = f"{self.accuracy:g} m" if self.accuracy >= 0 else "not stated"
        return f"({self.description}; accuracy {accuracy})"


def move(xy: Floats, start: str, end: str, *, assumed: bool) -> Floats:
    """Move coordinates, shape (n, 2), between two CRS given as WKT.

    Raises
    ------
    ProjError
        If no operation of known accuracy leads there.
    """
    if start == end or len(xy) == 0:
        return xy
    if _have_one_datum(start, end):
        return run(_within_datum(start, end), xy)
    if start != _STORAGE_WKT:
        operation = operation_of(start, assumed=assumed)
        xy = run(operation.transformer, xy)
        if operation.moves_ground:
            _require_japan(xy, operation)
    if end == _STORAGE_WKT:
        return xy
    return run(operation_of(end, assumed=assumed).transformer, xy, "INVERSE")


def run(transformer: Transformer, xy: Floats, direction: str = "FORWARD") -> Floats:
    """Move coordinates, shape (n, 2), by an operation or back."""
    return np.column_stack(transformer.transform(*columns(xy), direction=direction))


@cache
def _have_one_datum(start: str, end: str) -> bool:
    one, other = CRS.from_wkt(start), CRS.from_wkt(end)
    if one.is_bound or other.is_bound:
        return False
    here, there = one.geodetic_crs, other.geodetic_crs
    return here is not None and there is not None and (is_same_crs(here, there) or here == there)


@cache
def _within_datum(start: str, end: str) -> Transformer:
    return Transformer.from_crs(CRS.from_wkt(start), CRS.from_wkt(end), always_xy=True)


@cache
def to_degrees(wkt: str) -> Transformer:
    """From a CRS to longitude and latitude of its own datum."""
    crs = CRS.from_wkt(wkt)
    return Transformer.from_crs(crs, crs.geodetic_crs or crs, always_xy=True)


@cache
def operation_of(wkt: str, *, assumed: bool = False) -> Operation:
    """Choose the operation from a CRS to JGD2011.

    Where a datum may be assumed and none is named, it is the projection alone.

    Raises
    ------
    ProjError
        If there is none of known accuracy.
    """
    source = CRS.from_wkt(wkt)
    if assumed and names_no_datum(source):
        return Operation(
            to_degrees(wkt), "no operation: JGD2011 is assumed", -1.0, moves_ground=False
        )
    chosen = _chosen(source)
    # By its text, since PROJ would choose anew for each point, and for each thread its own.
    transformer = Transformer.from_pipeline(chosen.definition)
    before = run(transformer, _CHOSEN_AT, "INVERSE")
    unmoved = before if source.is_geographic else run(to_degrees(wkt), before)
    moved = GRS80.inv(*unmoved[0], *_CHOSEN_AT[0])[2]
    return Operation(
        transformer, chosen.description, chosen.accuracy, bool(moved >= NOTABLE_MOVE_M)
    )


def _chosen(source: CRS, *, always_xy: bool = True) -> Transformer:
    """The operation of known accuracy to JGD2011 that PROJ takes at 札幌."""
    place = _CHOSEN_AT if always_xy else _CHOSEN_AT[:, ::-1]
    with _without_network():
        choice = Transformer.from_crs(
            source,
            STORAGE_CRS,
            always_xy=always_xy,
            area_of_interest=AreaOfInterest(*_JAPAN),
            allow_ballpark=False,
        )
        # On the way back, since the place is known in JGD2011 alone.
        choice.transform(*columns(place), errcheck=True, direction="INVERSE")
        try:
            return choice.get_last_used_operation()
        except ProjError:  # where there was nothing to choose, nothing is kept
            return choice


@contextmanager
def _without_network() -> Iterator[None]:
    """Leave PROJ to the grids that are installed: a run with a network gives the same bytes."""
    switch: Any = network  # whose functions pyproj's types do not export
    before = switch.is_network_enabled()
    switch.set_network_enabled(active=False)
    try:
        yield
    finally:
        switch.set_network_enabled(active=before)


def _require_japan(places: Floats, operation: Operation) -> None:
    inside = (places >= _JAPAN[:2]) & (places <= _JAPAN[2:])
    outside = places[~inside.all(axis=1) & np.isfinite(places).all(axis=1)]
    if len(outside):
        x, y = outside[0]
        raise ProjError(
            f"{len(outside)} of its {len(places)} coordinates, such as {x:.4f}, {y:.4f}, lie "
            f"outside Japan, where the accuracy of {operation.description} is not known"
        )


def names_no_datum(crs: CRS) -> bool:
    """Whether a CRS does not say which datum it is of, as those of weather models."""
    if crs.is_bound or crs.geodetic_crs is None or "bessel" in str(crs.ellipsoid).casefold():
        return False
    name = str(crs.geodetic_crs.datum).casefold().replace("_", " ")
    return any(word in name for word in ("unknown", "not specified", "unnamed", "undefined"))


def no_way(source: CRS, target: CRS, error: ProjError) -> str:
    """What is wrong where PROJ knows no operation, and how to mend it."""
    if is_same_crs(source, STORAGE_CRS):
        source = target
    return (
        f"no operation of known accuracy leads from its CRS ({source.name}) to JGD2011 "
        f"({error}). Is it right? Say the true one, e.g. crs='EPSG:4301' for the Tokyo datum."
    )


def gdal_operation(source: CRS, target: CRS, layer: str) -> dict[str, str]:
    """What makes GDAL move a raster by the operation that moves shapes.

    Parameters
    ----------
    source, target
        CRS of the raster, and CRS asked for.
    layer
        Its name, for messages.

    Returns
    -------
    dict
        Option of GDAL's warper and its value; empty where no datum moves the ground, which GDAL
        does alike.

    Raises
    ------
    CRSError
        If no operation of known accuracy leads there.
    """
    start, end = source.to_wkt(), target.to_wkt()
    if start == end or _have_one_datum(start, end):
        return {}
    try:
        if not any(operation_of(wkt, assumed=True).moves_ground for wkt in (start, end)):
            return {}
        # Axes in the order of their authority, which GDAL takes an operation to have.
        there, back = (_steps(_chosen(crs, always_xy=False)) for crs in (source, target))
    except ProjError as error:
        raise CRSError(layer, [no_way(source, target, error)]) from error
    inverse = [each[4:] if each.startswith("inv ") else f"inv {each}" for each in reversed(back)]
    steps = " ".join(f"step {each}" for each in (*there, *inverse))
    return {"COORDINATE_OPERATION": f"proj=pipeline {steps}"}


def _steps(operation: Transformer) -> list[str]:
    return operation.definition.removeprefix("proj=pipeline step ").split(" step ")


def columns(xy: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Coordinates by axis; of one point as lists: pyproj takes an array of one for a number."""
    x, y = xy[:, 0], xy[:, 1]
    return (x.tolist(), y.tolist()) if len(xy) == 1 else (x, y)
