"""Build the municipal boundaries of the sample from the areas of the JMA.

The Python package ``reversejp`` carries the areas for which the Japan
Meteorological Agency issues landslide alerts, as a GeoJSON archive inside its
compiled module. In Hokkaido these areas are the municipalities, a few of them
cut into parts. The script takes the polygons out of the archive, turns them
into a clean coverage (no overlap, no gap, every shared border with the same
vertices on both sides), dissolves it by municipality and writes GeoJSON.

Run it from anywhere::

    python sample_data/build/municipalities.py

See ``README.md`` beside this file for the source, its terms and what was
measured on the result.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import io
import json
import sys
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import LineString, Polygon, mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

BUILD_DIR = Path(__file__).resolve().parent
REGISTER = BUILD_DIR.parent / "report" / "adjacency.csv"
OUT = BUILD_DIR.parent / "municipalities.geojson"

SOURCE_MODULE = "reversejp.reversejp"
SOURCE_MEMBER = "landslides_0.json"
SOURCE_SHA256 = "897e628cf476d6cbeb545ba97507c9aed8a0f5bfe9c30d0ae23233ee86a115c6"
"""Digest of the one edition that was checked, the one in reversejp 0.1.1."""

DECIMALS = 4
"""Decimals of the source's coordinates: a grid of some 10 m, kept as it is."""

MAX_SLIVER_HA = 10.0
"""Largest face [ha] that counts as an artefact of the source's simplification."""

GRS80 = Geod(ellps="GRS80")

METADATA = {
    "title": "Municipalities of Hokkaido",
    "source": (
        "Japan Meteorological Agency (気象庁), areas of landslide alerts, "
        "as carried by the Python package reversejp 0.1.1 (MIT)"
    ),
    "credit": "気象庁ホームページの地図データを加工して作成",
    "datum": "JGD2011 by comparison; the source states none (sample_data/build/README.md)",
}


class BuildError(Exception):
    """The source or the register is not what this script was written for."""


@dataclass(frozen=True)
class Municipality:
    """One row of the register.

    Parameters
    ----------
    code
        Five-digit JIS code.
    name
        Japanese name.
    subprefecture
        Japanese name of the subprefecture.
    """

    code: str
    name: str
    subprefecture: str


@dataclass(frozen=True)
class AreaRing:
    """One ring of the source and the municipality that claims its inside.

    Parameters
    ----------
    code
        Five-digit JIS code.
    vertices
        Closed ring, longitude and latitude [degrees], shape (n, 2).
    """

    code: str
    vertices: NDArray[np.float64]


def read_register(path: Path) -> dict[str, Municipality]:
    """Read which municipalities there are.

    Parameters
    ----------
    path
        CSV table with the columns ``jis_code``, ``name`` and ``subprefecture``.

    Returns
    -------
    register
        The municipalities by code, in the order of their codes.

    Raises
    ------
    BuildError
        If a code occurs twice.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [
            Municipality(row["jis_code"], row["name"], row["subprefecture"])
            for row in csv.DictReader(stream)
        ]
    register = {row.code: row for row in sorted(rows, key=lambda row: row.code)}
    if len(register) != len(rows):
        msg = f"{path}: {len(rows)} rows, but only {len(register)} distinct codes"
        raise BuildError(msg)
    return register


def find_source() -> Path:
    """Find the compiled module that carries the areas.

    Returns
    -------
    path
        The extension module of the installed package.

    Raises
    ------
    BuildError
        If the package is not installed.
    """
    try:
        spec = importlib.util.find_spec(SOURCE_MODULE)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        msg = f"{SOURCE_MODULE} is not installed; see the README for its version"
        raise BuildError(msg)
    return Path(spec.origin)


def extract_member(binary: bytes, member: str) -> bytes:
    """Take one file out of a ZIP archive embedded in a binary.

    The archives lie in the read-only data one after the other, each with a
    single member and without comment. ``zipfile`` looks for the directory at
    the end of a file, so the archive has to be cut out first.

    Parameters
    ----------
    binary
        Contents of the compiled module.
    member
        Name of the file in its archive.

    Returns
    -------
    contents
        The unpacked file; its checksum has been verified.

    Raises
    ------
    BuildError
        If no archive with that member is found.
    """
    local_header, end_record = b"PK\x03\x04", b"PK\x05\x06"
    header_size, end_size = 30, 22
    name = member.encode("ascii")
    at = binary.find(name)
    while at >= 0:
        start = at - header_size
        if start >= 0 and binary.startswith(local_header, start):
            stop = binary.find(end_record, at) + end_size
            with zipfile.ZipFile(io.BytesIO(binary[start:stop])) as archive:
                return archive.read(member)
        at = binary.find(name, at + 1)
    msg = f"no embedded archive with {member}: another version of the package?"
    raise BuildError(msg)


def read_source() -> bytes:
    """Read the areas from the installed package.

    Returns
    -------
    contents
        GeoJSON text of the one edition that was checked.

    Raises
    ------
    BuildError
        If the package carries another edition.
    """
    contents = extract_member(find_source().read_bytes(), SOURCE_MEMBER)
    digest = hashlib.sha256(contents).hexdigest()
    if digest != SOURCE_SHA256:
        msg = (
            f"{SOURCE_MEMBER} has SHA-256 {digest}, expected {SOURCE_SHA256}: "
            "install the version the README names, or check the new edition "
            "and change SOURCE_SHA256"
        )
        raise BuildError(msg)
    return contents


def parse_rings(contents: bytes, codes: Iterable[str]) -> list[AreaRing]:
    """Read the rings of the wanted municipalities.

    The source's codes have seven digits, of which the first five are the JIS
    code; the parts into which a municipality is cut share those. Areas outside
    the register (the northern islands, under a code of their own) are left out.

    Parameters
    ----------
    contents
        GeoJSON text of the source, all features multipolygons.
    codes
        Codes of the wanted municipalities.

    Returns
    -------
    rings
        All rings in the order of the source.

    Raises
    ------
    BuildError
        If a municipality has no area.
    """
    wanted = set(codes)
    rings = [
        AreaRing(code, np.asarray(ring, dtype=np.float64))
        for feature in json.loads(contents)["features"]
        if (code := feature["properties"]["code"][:5]) in wanted
        for polygon in feature["geometry"]["coordinates"]
        for ring in polygon
    ]
    missing = wanted - {ring.code for ring in rings}
    if missing:
        msg = f"no area for {', '.join(sorted(missing))}"
        raise BuildError(msg)
    return rings


def build_faces(rings: Sequence[AreaRing]) -> list[Polygon]:
    """Cut the plane along all rings.

    The source was simplified to a grid, and here and there its lines cross
    each other or run back on themselves. Noding them on that same grid
    (snap rounding) moves no vertex and puts one at every crossing, so that
    faces on both sides of a line share its vertices, which contiguity rests
    on. Lines that enclose nothing fall away.

    Parameters
    ----------
    rings
        Rings of all municipalities.

    Returns
    -------
    faces
        The faces that the lines enclose, a valid coverage.
    """
    lines = shapely.union_all(
        [LineString(ring.vertices) for ring in rings],
        grid_size=10.0**-DECIMALS,
    )
    polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    return [face for face in polygons if isinstance(face, Polygon)]


def is_inside(vertices: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points a ring encloses, by the even-odd rule.

    Where simplification twisted the end of a spit or of an inlet, the ring
    crosses itself and the end is run through the other way. The number of
    turns around a point changes with that; whether a ray to it crosses the
    ring an odd number of times does not, so a twisted spit stays land and a
    twisted inlet water. The package's own look-up follows the same rule.

    Parameters
    ----------
    vertices
        Closed ring, shape (n, 2).
    points
        Points, none of them on the ring, shape (m, 2).

    Returns
    -------
    inside
        One flag a point, shape (m,).
    """
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = vertices[:-1].T, vertices[1:].T
    straddles = (y0 <= y) != (y1 <= y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)  # level edges straddle nothing
    crossing = x0 + (y - y0) / rise * (x1 - x0)
    crossed = straddles & (crossing > x)
    inside: NDArray[np.bool_] = crossed.sum(axis=1) % 2 == 1
    return inside


def find_claims(faces: Sequence[Polygon], rings: Sequence[AreaRing]) -> list[frozenset[str]]:
    """Find the municipalities that claim each face.

    Parameters
    ----------
    faces
        Faces between the rings.
    rings
        The rings that the faces were built from.

    Returns
    -------
    claims
        Codes, one set a face: one code as a rule, none in water cut off from
        the sea, several where areas overlap.
    """
    points = shapely.get_coordinates([face.point_on_surface() for face in faces])
    claims: list[set[str]] = [set() for _ in faces]
    for ring in rings:
        for index in np.flatnonzero(is_inside(ring.vertices, points)):
            claims[index].add(ring.code)
    return [frozenset(codes) for codes in claims]


def area_ha(polygon: Polygon) -> float:
    """Measure a polygon.

    Parameters
    ----------
    polygon
        Longitude and latitude [degrees].

    Returns
    -------
    area
        Area on the GRS80 ellipsoid [ha].
    """
    area, _ = GRS80.geometry_area_perimeter(polygon)
    return abs(float(area)) / 1e4


def longest_border(face: Polygon, owned: Mapping[str, Sequence[Polygon]]) -> str | None:
    """Find the municipality with the longest border on a face.

    Parameters
    ----------
    face
        The face in question.
    owned
        Faces of the candidates by code.

    Returns
    -------
    code
        The lower code if two borders are equally long; None if nobody has one.
    """
    lengths = {
        code: sum(
            GRS80.geometry_length(face.boundary.intersection(other.boundary))
            for other in others
            if face.intersects(other)
        )
        for code, others in owned.items()
    }
    if max(lengths.values(), default=0.0) == 0.0:
        return None
    return min(lengths, key=lambda code: (-lengths[code], code))


def assign_faces(
    faces: Sequence[Polygon], claims: Sequence[frozenset[str]]
) -> dict[str, list[Polygon]]:
    """Give each face to one municipality.

    A face with one claim goes to its claimant. Slivers, that is contested or
    unclaimed faces up to `MAX_SLIVER_HA`, go to the municipality (of the
    claimants, if any) with the longest border on them. A larger unclaimed
    face is water or foreign land and stays out.

    Parameters
    ----------
    faces
        Faces between the rings.
    claims
        Codes of the claimants, one set a face.

    Returns
    -------
    owned
        Faces by code.

    Raises
    ------
    BuildError
        If a contested face is too large for a sliver.
    """
    owned: defaultdict[str, list[Polygon]] = defaultdict(list)
    slivers: list[tuple[Polygon, frozenset[str]]] = []
    for face, codes in zip(faces, claims, strict=True):
        if len(codes) == 1:
            owned[min(codes)].append(face)
        elif area_ha(face) <= MAX_SLIVER_HA:
            slivers.append((face, codes))
        elif codes:
            msg = f"{', '.join(sorted(codes))} overlap by {area_ha(face):.0f} ha"
            raise BuildError(msg)
    # Settled against the undisputed faces only: the order cannot matter.
    settled = [
        (face, longest_border(face, {code: owned[code] for code in codes or owned}))
        for face, codes in slivers
    ]
    for face, code in settled:
        if code is not None:
            owned[code].append(face)
    return dict(owned)


def dissolve(owned: Mapping[str, Sequence[Polygon]]) -> dict[str, BaseGeometry]:
    """Merge the faces of each municipality.

    Parameters
    ----------
    owned
        Faces by code.

    Returns
    -------
    shapes
        One geometry a municipality, in the order of the codes; parts and
        starting points normalised, outer rings counterclockwise.

    Raises
    ------
    BuildError
        If the result is not a valid coverage.
    """
    shapes = {
        code: shapely.orient_polygons(shapely.normalize(shapely.coverage_union_all(owned[code])))
        for code in sorted(owned)
    }
    geometries = list(shapes.values())
    if not (shapely.is_valid(geometries).all() and shapely.coverage_is_valid(geometries)):
        msg = "the dissolved municipalities are not a valid coverage"
        raise BuildError(msg)
    return shapes


def round_coordinates(values: Any) -> Any:
    """Round nested coordinates to the grid of the source.

    Parameters
    ----------
    values
        A number or nested sequences of numbers.

    Returns
    -------
    rounded
        The same numbers in nested lists.
    """
    if isinstance(values, (list, tuple)):
        return [round_coordinates(value) for value in values]
    return round(values, DECIMALS)


def format_geojson(shapes: Mapping[str, BaseGeometry], register: Mapping[str, Municipality]) -> str:
    """Write the municipalities as GeoJSON, one feature a line.

    GDAL's own writer would do, but puts its version's habits into the file;
    this text depends on the coordinates alone.

    Parameters
    ----------
    shapes
        Geometries by code.
    register
        Names by code.

    Returns
    -------
    text
        A feature collection with the CRS member that GDAL understands.
    """

    def dump(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6668"}}
    features = []
    for code, shape in shapes.items():
        geometry = mapping(shape)
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "code": code,
                    "name": register[code].name,
                    "subprefecture": register[code].subprefecture,
                },
                "geometry": {
                    "type": geometry["type"],
                    "coordinates": round_coordinates(geometry["coordinates"]),
                },
            }
        )
    lines = ",\n".join(dump(feature) for feature in features)
    return (
        '{"type":"FeatureCollection","name":"municipalities",\n'
        f'"crs":{dump(crs)},\n"metadata":{dump(METADATA)},\n'
        f'"features":[\n{lines}\n]}}\n'
    )


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path
        File to write; an older one is replaced.
    text
        Its contents.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def build(register_path: Path = REGISTER) -> str:
    """Build the municipal boundaries.

    Parameters
    ----------
    register_path
        Table of the municipalities wanted.

    Returns
    -------
    text
        GeoJSON text.
    """
    register = read_register(register_path)
    rings = parse_rings(read_source(), register)
    faces = build_faces(rings)
    owned = assign_faces(faces, find_claims(faces, rings))
    return format_geojson(dissolve(owned), register)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Arguments without the name of the program; those of the process if None.

    Returns
    -------
    status
        0 when done, 1 when the source or the register is not as expected.
    """
    parser = argparse.ArgumentParser(description="Build the municipal boundaries of the sample.")
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="FILE", help="file to write (.geojson)"
    )
    options = parser.parse_args(arguments)
    try:
        write_text(options.out, build())
    except (BuildError, OSError, zipfile.BadZipFile) as error:
        print(f"municipalities.py: {error}", file=sys.stderr)
        return 1
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
