"""Look at what a vector file is before GDAL opens it, and refuse what would open other files.

GDAL goes by the content: a file named ``.geojson`` may tell it to read another file, run a pipeline
or ask a server. What is read here is named by its first bytes, and nothing else is handed on.
"""

from __future__ import annotations

import json
import mmap
import re
import struct
from typing import TYPE_CHECKING, Literal
from xml.parsers import expat

from hokkaido_gis.errors import HokkaidoGisError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Kind = Literal["shapefile", "GeoPackage", "FlatGeobuf", "GeoJSON", "XML", "KMZ"]

_BINARY: tuple[tuple[bytes, Kind], ...] = (
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"SQLite format 3\x00", "GeoPackage"),
    (b"fgb\x03", "FlatGeobuf"),
    (b"PK\x03\x04", "KMZ"),
)
_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 16
# Names that drivers of GDAL look for anywhere near the start of a text, whatever stands around.
_COMMANDS = (
    b"<OGRVRT", b"<OGRWFS", b"<OGRCSW", b"<VRTDataset", b"<GDAL_WM", b"<WMS_", b"<WMTS",
    b"gdal_streamed_alg", b"pds.nasa.gov/pds4",
)  # fmt: skip
_ROOTS = frozenset({"kml", "gpx", "document", "folder", "placemark", "featurecollection"})
_GML = "www.opengis.net/gml"
# Keys may be written with escapes, and the parser that GDAL uses takes comments and single quotes.
_CRS_KEY = re.compile(
    rb"""["'](?:(?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)|coordRefSys)["']"""
    rb"""(?:\s|/\*.*?\*/|//[^\n]*\n)*:(?:\s|/\*.*?\*/|//[^\n]*\n)*""",
    re.DOTALL,
)
_CRS_HINTS = (b'"crs"', b"'crs'", b"coordRefSys", b"\\u006", b"\\u007")
_CRS_TYPES = frozenset({"name", "epsg"})
_LONGEST_KEY = len(rb'"\u0063\u0072\u0073"')
_LONGEST_CRS = 100_000


class RefusedError(HokkaidoGisError):
    """A file is not what is read, or asks for what is not done; says which, and what to do."""


def vector_kind(path: Path) -> Kind:
    """Tell what a vector file is by its first bytes, and look for what it must not hold.

    Raises
    ------
    RefusedError
        If it is none of the kinds read, is shorter than it says, or asks to open other files or
        addresses.
    """
    with path.open("rb") as file:
        start = file.read(_CHUNK)
    for magic, kind in _BINARY:
        if start.startswith(magic):
            if kind == "shapefile":
                _require_whole_shapefile(path)
            if kind == "KMZ" and path.suffix.lower() != ".kmz":
                raise RefusedError("it is a zip archive; let its name end in .zip or .kmz")
            return kind
    text = start.removeprefix(_BOM).lstrip(b" \t\r\n\x1e")
    if text.startswith((b"{", b"[")):
        require_plain_json(path)
        return "GeoJSON"
    if text.startswith(b"<"):
        require_plain_xml(path)
        return "XML"
    if not start:
        raise RefusedError("it is empty")
    raise RefusedError(f"it is of no known kind; it begins with {start[:8]!r}")


def require_plain_json(path: Path) -> None:
    """Refuse JSON that is a pipeline of GDAL, or takes its CRS from an address.

    Raises
    ------
    RefusedError
        Naming what it asks for.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _refuse_commands(data)
        for end in _crs_values(data):
            value = data[end : end + _LONGEST_CRS]
            if value[:1] in {b"{", b"[", b'"', b"'"} and not _is_plain_crs(value):
                raise RefusedError(
                    f"its CRS is given by an address or in an unusual way ({value[:60]!r}), which "
                    "is not followed; remove that member and name the CRS with crs"
                )


def _crs_values(data: mmap.mmap) -> Iterator[int]:
    """Where the values of keys that mean a CRS begin; searched by parts of them, which is quick."""
    for hint in _CRS_HINTS:
        at = data.find(hint)
        while at >= 0:
            for start in range(max(at - _LONGEST_KEY, 0), at + 1):
                key = _CRS_KEY.match(data, start)
                if key:
                    yield key.end()
            at = data.find(hint, at + 1)


def _is_plain_crs(value: bytes) -> bool:
    try:
        crs, _ = json.JSONDecoder().raw_decode(value.decode("utf-8", "ignore"))
    except (ValueError, RecursionError):
        return False
    if isinstance(crs, dict) and str(crs.get("type")).casefold() not in _CRS_TYPES:
        return False
    return all("://" not in text or "://www.opengis.net/def/crs" in text for text in _texts(crs))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def require_plain_xml(path: Path) -> None:
    """Refuse XML with a document type, or that is neither KML, GPX nor GML.

    Raises
    ------
    RefusedError
        Naming what it holds.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _refuse_commands(data)
    root, attributes = read_root(path)
    name = root.rpartition(":")[2].casefold()
    if name not in _ROOTS and not any(_GML in text for text in attributes.values()):
        raise RefusedError(f"its root element <{root}> is neither KML, GPX nor GML")
    schema = path.with_suffix(".xsd")
    if schema.is_file():
        _refuse_includes(schema)


class _RootFoundError(Exception):
    """The root element was reached; what is above it was looked at."""


def read_root(path: Path) -> tuple[str, dict[str, str]]:
    """Name and attributes of the root element of an XML file, of which no more is read.

    Raises
    ------
    RefusedError
        If there is a document type above it, in which entities and references stand, or the
        beginning is no XML.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def on_root(name: str, attributes: dict[str, str]) -> None:
        found.append((name, attributes))
        raise _RootFoundError

    parser = plain_parser(on_root)
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except _RootFoundError:
        return found[0]
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise RefusedError(f"it is no well-formed XML ({error})") from error
    raise RefusedError("it is XML without an element")


def plain_parser(
    on_element: Callable[[str, dict[str, str]], None],
) -> expat.XMLParserType:
    """Give a parser that calls a function for each element and refuses a document type.

    It raises `RefusedError` for a document type, and what the function raises.
    """

    def on_document_type(*_: object) -> None:
        raise RefusedError(
            "it has a document type (<!DOCTYPE ...>), in which entities and references to other "
            "files are declared, and which it does not need. Save it again without"
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_document_type
    parser.StartElementHandler = on_element
    return parser


def _refuse_includes(schema: Path) -> None:
    """Refuse a schema beside a GML that has GDAL fetch another one."""
    wanted: list[str] = []

    def on_element(name: str, attributes: dict[str, str]) -> None:
        # Only what is included is opened; imports name the standard schemas and are not.
        if name.rpartition(":")[2] in {"include", "redefine"}:
            wanted.append(attributes.get("schemaLocation", ""))

    try:
        with schema.open("rb") as file:
            plain_parser(on_element).ParseFile(file)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise RefusedError(f"its schema {schema.name} is no well-formed XML ({error})") from error
    if wanted:
        raise RefusedError(
            f"its schema {schema.name} includes {wanted[0]!r}, which is not opened; remove the "
            "schema, or put what it includes into it"
        )


def _refuse_commands(data: mmap.mmap) -> None:
    found = next((command for command in _COMMANDS if data.find(command) >= 0), None)
    if found:
        raise RefusedError(
            f"it holds {found.decode()!r}, with which files tell GDAL to open other files or "
            "addresses. Ask its sender for the layer itself"
        )


def _require_whole_shapefile(path: Path) -> None:
    """Refuse a shapefile with a part that is shorter than its own beginning says."""
    faults = [
        fault
        for ending, told in ((".shp", _told_by_shp), (".shx", _told_by_shp), (".dbf", _told_by_dbf))
        for part in _part(path, ending)
        for fault in _cut_off(part, told(part))
    ]
    for part in _part(path, ".prj"):
        try:
            part.read_bytes()[:_LONGEST_CRS].decode("utf-8", "strict")
        except UnicodeDecodeError:
            faults.append("its .prj is no text")
    if faults:
        raise RefusedError("; ".join(faults) + ". Copy all its parts again")


def _part(path: Path, ending: str) -> Iterator[Path]:
    """The part of a shapefile with an ending, in whichever case it is written."""
    for spelt in (ending, ending.upper()):
        part = path.with_suffix(spelt)
        if part.is_file():
            yield part
            return


def _cut_off(part: Path, told: int | None) -> Iterator[str]:
    size = part.stat().st_size
    if told is None:
        yield f"its {part.suffix} is too short to be one ({size:,} bytes)"
    elif size < told:
        yield f"its {part.suffix} is cut off: it says {told:,} bytes and has {size:,}"


def _told_by_shp(part: Path) -> int | None:
    start = _head(part)
    return struct.unpack(">I", start[24:28])[0] * 2 if len(start) == 100 else None


def _told_by_dbf(part: Path) -> int | None:
    start = _head(part)
    if len(start) < 32:
        return None
    rows, heading, width = struct.unpack("<IHH", start[4:12])
    return int(heading + rows * width)


def _head(part: Path) -> bytes:
    with part.open("rb") as file:
        return file.read(100)
